"""Which limits bind somebody, and how strictly: bands by age, layers, grants, moves.

Nothing here weighs layers against each other: every limit binds, so the strictest wins. Being
less strict takes a grant by somebody whom the limit itself names, and goes as far as its bound.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from platgov._minors.age import Born, Level, attained_on, binding
from platgov._minors.eras import View
from platgov._minors.limits import ANY, TOTAL, Access, BreakRule, Feature, Hours, Limit, Quota
from platgov._minors.meters import Effective, Rule
from platgov._minors.policy import EMERGENCY, UnknownAge
from platgov._minors.regime import Regime
from platgov._minors.verdict import Advice, Reason
from platgov._time import FIRST
from platgov.schedules import Schedule, first_instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from platgov._minors.grants import Grant, Minor
    from platgov._minors.plan import Plan
    from platgov._minors.policy import YouthPolicy

__all__ = ["bands_of", "stretches", "validity", "view_of"]


def view_of(plan: Plan, minor: Minor, feature: str, tags: frozenset[str], rating: int | None) -> View:
    """Work out the eras of somebody."""
    known: dict[Level, list[tuple[int, int, Born]]] = {}
    edges = {plan.start, plan.end}
    for policy in plan.policies:
        edges.update(validity(policy, plan))
        if policy.evidence_level not in known:
            known[policy.evidence_level] = stretches(plan, minor, policy.evidence_level)
            edges.update(lo for lo, _, _ in known[policy.evidence_level])
        for _, _, state in known[policy.evidence_level]:
            for band in policy.bands:
                edges.update(_touched(policy, band.min_age, band.max_age, state, plan))
    for grant in minor.grants:
        edges.update(edge for edge in (grant.starts_at, grant.expires_at) if edge is not None)
    ordered = sorted(edge for edge in edges if plan.start <= edge <= plan.end)
    spans: list[tuple[int, int, Regime]] = []
    for lo, hi in pairwise(ordered):
        regime = _regime(plan, minor, tags, rating, known, lo)
        if spans and spans[-1][2] is regime:
            spans[-1] = (spans[-1][0], hi, regime)
        else:
            spans.append((lo, hi, regime))
    return View(spans, tags, plan, minor, feature)


def validity(policy: YouthPolicy, plan: Plan) -> tuple[int, int]:
    """Give from when until when a policy holds: [start, end)."""
    start = plan.start if policy.valid_from is None else first_instant(policy.valid_from, plan.tz)
    end = plan.end if policy.valid_until is None else first_instant(policy.valid_until, plan.tz)
    return start, end


def stretches(plan: Plan, minor: Minor, least: Level) -> list[tuple[int, int, Born]]:
    """Give what is known of the birth date over the plan: [lo, hi) and the state in it."""
    if len(minor.evidence) == 1 and minor.evidence[0].key is not None and minor.evidence[0].level is not Level.NONE:
        (claim,) = minor.evidence  # one claim that holds for ever: what `born` says about it, in short
        unknown = claim.level.rank < least.rank
        state = Born(first=claim.first, last=claim.last, level=claim.level, conflict=False, unknown=unknown)
        return [(plan.start, plan.end, state)]
    found = []
    at = plan.start
    while at < plan.end:
        state = binding(minor.evidence, at=at, least=least, tz=plan.tz)
        hi = plan.end if state.next_change is None else min(state.next_change, plan.end)
        found.append((at, hi, state))
        at = hi
    return found


def _touched(policy: YouthPolicy, min_age: int, max_age: int | None, known: Born, plan: Plan) -> tuple[int, int]:
    """Give from when until when somebody who was born in a range may be in a band: [start, end).

    What lies before the plan or after it is not told apart further.
    """
    start = FIRST if min_age == 0 else plan.reached(attained_on(known.first, min_age, policy.age_rule))
    end = plan.end if max_age is None else plan.reached(attained_on(known.last, max_age, policy.age_rule))
    return start, end


def bands_of(policy: YouthPolicy, known: Born, at: int, plan: Plan) -> frozenset[int] | None:
    """Give the places of the bands that bind at an instant; None where nobody may, for want of an age."""
    nothing = known.level is Level.NONE
    touched = frozenset(
        place
        for place, band in enumerate(policy.bands)
        if not nothing and _within(_touched(policy, band.min_age, band.max_age, known, plan), at)
    )
    if not known.unknown:
        return touched
    match policy.unknown_age:
        case UnknownAge.DENY:
            return None
        case UnknownAge.RESTRICT:
            return frozenset(range(len(policy.bands)))
        case UnknownAge.ALLOW:
            return touched


def _within(span: tuple[int, int], at: int) -> bool:
    return span[0] <= at < span[1]


def _regime(  # noqa: PLR0917 - called once
    plan: Plan,
    minor: Minor,
    tags: frozenset[str],
    rating: int | None,
    known: dict[Level, list[tuple[int, int, Born]]],
    at: int,
) -> Regime:
    live = tuple(grant for grant in minor.grants if grant.live(at))
    always = bool(tags & EMERGENCY)
    bands: list[frozenset[int] | None] = []
    contestable = conflict = False
    for policy in plan.policies:
        state = next(state for lo, hi, state in known[policy.evidence_level] if lo <= at < hi)
        contestable = contestable or state.level is not Level.VERIFIED or state.conflict
        conflict = conflict or state.conflict
        exempt = always or any(
            tags & other.emergency for other in plan.policies if other is policy or other.layer.rank < policy.layer.rank
        )
        start, end = validity(policy, plan)
        bands.append(frozenset() if exempt or not start <= at < end else bands_of(policy, state, at, plan))
    key = (tags, rating, tuple(bands), live, contestable, conflict)
    found: Regime | None = plan.remembered(key)
    if found is None:
        found = _built(plan, tags, rating, bands, live, contestable=contestable, conflict=conflict)
        plan.remember(key, found)
    return found


def _built(
    plan: Plan,
    tags: frozenset[str],
    rating: int | None,
    bands: list[frozenset[int] | None],
    live: tuple[Grant, ...],
    *,
    contestable: bool,
    conflict: bool,
) -> Regime:
    static: list[Reason] = []
    advice = [Advice("age_conflict")] if conflict else []
    by_policy = {policy.id: band for policy, band in zip(plan.policies, bands, strict=True)}
    for policy, band in zip(plan.policies, bands, strict=True):
        if band is None:
            static.append(
                Reason("age_unknown", policy.id, "", policy.layer.value, policy.citation, None, None, appealable=True)
            )
    effective = []
    for rule in plan.rules:
        band = by_policy[rule.policy.id]
        if band is not None and rule.band in band and _binds(rule.limit, tags):
            one, told = _loosened(rule, live, tags, plan)
            effective.append(one)
            advice.extend(told)
    # Children whose grants come to the same share a regime: that is most of what a plan keeps.
    limits = tuple((one.rule.number, one.value, tuple(map(_windows_of, one.opened))) for one in effective)
    key = ("regime", tags, rating, limits, tuple(static), tuple(advice), contestable)
    found: Regime | None = plan.remembered(key)
    if found is None:
        found = Regime(
            effective,
            asked=tags,
            rating=rating,
            contestable=contestable,
            static=tuple(static),
            advice=tuple(advice),
            tz=plan.tz,
            start=plan.start,
            end=plan.end,
            plan_digest=plan.own_digest,
        )
        plan.remember(key, found, len(found.edges))
    return found


def _windows_of(opened: Schedule | None) -> tuple[Any, ...]:
    return () if opened is None else opened.windows


def _binds(limit: Limit, tags: frozenset[str]) -> bool:
    if not tags.isdisjoint(limit.except_for):
        return False
    if isinstance(limit, Hours):
        return ANY in limit.features or not tags.isdisjoint(limit.features)
    if isinstance(limit, Quota):
        return limit.scope == TOTAL or limit.scope.endswith(":*") or limit.scope in tags
    if isinstance(limit, Feature):
        return limit.name == ANY or limit.name in tags
    return True


def _loosened(rule: Rule, live: tuple[Grant, ...], tags: frozenset[str], plan: Plan) -> tuple[Effective, list[Advice]]:
    """Give a limit after grants, and what became of those that did not count in full."""
    limit, told = rule.limit, []
    counted: list[Grant] = []
    for grant in live:
        if not _is_about(grant, rule, tags):
            continue
        if grant.by in limit.loosenable_by:
            counted.append(grant)
        else:
            told.append(Advice("grant_refused", rule.policy.id, grant.id))
    if isinstance(limit, Hours):
        opened = tuple(_opening(grant.windows or (), plan) for grant in counted)
        return Effective(rule, None, opened), told
    wanted: Any
    value: Any
    if isinstance(limit, Feature):
        wanted = min([limit.access, *(grant.access for grant in counted if grant.access)], key=_strictness)
        value = wanted if limit.bound is None else max(wanted, limit.bound, key=_strictness)
    else:
        seconds = limit.after_s if isinstance(limit, BreakRule) else limit.seconds  # type: ignore[attr-defined] # a quota then
        wanted = max([seconds, *(grant.set_s for grant in counted if grant.set_s is not None)])
        wanted += sum(grant.add_s for grant in counted)
        bound: int | None = limit.bound  # type: ignore[attr-defined] # a quota or a break
        value = wanted if bound is None else min(wanted, bound)
    if value != wanted:
        told.extend(Advice("grant_cut", rule.policy.id, grant.id) for grant in counted)
    return Effective(rule, value), told


def _strictness(access: Access) -> int:
    return access.rank


def _is_about(grant: Grant, rule: Rule, tags: frozenset[str]) -> bool:
    """Whether a grant asks something of a limit."""
    limit = rule.limit
    if grant.policy not in (ANY, rule.policy.id) or grant.limit not in (ANY, limit.id):
        return False
    if grant.feature != ANY and grant.feature not in tags:
        return False
    if isinstance(limit, Hours):
        return grant.windows is not None
    if isinstance(limit, Feature):
        return grant.access is not None and grant.access.rank < limit.access.rank
    return bool(grant.add_s) or grant.set_s is not None


def _opening(windows: Iterable[Any], plan: Plan) -> Schedule | None:
    """Give when a grant opens; None for always."""
    key = ("opening", tuple(windows))
    if not key[1]:
        return None
    found: Schedule | None = plan.remembered(key)
    if found is None:
        found = Schedule(windows=key[1], tz=plan.tz, start=plan.start, end=plan.end, calendar=plan.calendar)
        plan.remember(key, found, 1 + len(found.intervals()))
    return found
