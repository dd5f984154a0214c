"""Which limits bind somebody, and how strictly: bands by age, layers, grants, moves.

Nothing here weighs layers against each other: every limit binds, so the strictest wins. Being
less strict takes a grant by somebody whom the limit itself names, and goes as far as its bound.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from platgov._minors.age import Born, Level, attained_at, born
from platgov._minors.policy import ANY, EMERGENCY, TOTAL, Access, BreakRule, Feature, Hours, Limit, Quota, UnknownAge
from platgov._minors.regime import Effective, Meter, Regime, Rule
from platgov._minors.verdict import Advice, Reason
from platgov._time import FIRST
from platgov.schedules import Periods, Schedule, first_instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from platgov._minors.grants import Grant, Minor
    from platgov._minors.plan import Plan
    from platgov._minors.policy import YouthPolicy

__all__ = ["Era", "View", "bands_of", "stretches", "validity", "view_of"]

_DAY: Final = 86_400


class Era:
    """A stretch in which ages, grants and policies in force are the same."""

    __slots__ = ("hi", "lo", "regime")

    def __init__(self, lo: int, hi: int, regime: Regime) -> None:
        self.lo, self.hi, self.regime = lo, hi, regime


class View:
    """What a plan has worked out for somebody and something: which limits bind, and when others do.

    Whoever has the same evidence, grants and moves, and asks about the same, shares it.
    """

    __slots__ = (
        "_moves",
        "asked",
        "carried",
        "edges",
        "eras",
        "feature",
        "hi",
        "lo",
        "los",
        "plan",
        "quick",
        "regime",
        "simple",
        "tags",
    )

    def __init__(self, eras: list[Era], tags: frozenset[str], plan: Plan, minor: Minor, feature: str) -> None:
        self.plan, self.feature = plan, feature
        self.eras = eras
        self.los = [era.lo for era in eras]
        self.lo, self.hi, self.regime = eras[0].lo, eras[0].hi, eras[0].regime
        self.tags = tags
        self.asked = tuple(sorted(tags))
        self._moves = tuple((move.at, move.from_tz) for move in minor.moves)
        self.carried: dict[tuple[str, int], tuple[tuple[int, int, int], ...]] = {}
        self.edges = self.regime.edges
        self.simple = not self._moves and plan.max_offline_s is None
        self.quick: list[Any] = self.regime.quick if self.simple else [None] * len(self.edges)

    def era_at(self, at: int) -> Era:
        """Give the era of an instant inside the plan."""
        return self.eras[bisect_right(self.los, at) - 1]

    def period(self, meter: Meter, spans: tuple[tuple[int, int], ...], at: int) -> tuple[tuple[int, int], ...]:
        """Give the period of a calendar quota; after a move, the one that was carried over."""
        if not self._moves:
            return spans
        key = (meter.per.value, meter.rule.policy.day_starts_at)
        if key not in self.carried:
            self.carried[key] = _carried(self._moves, meter)
        for begin, end, start in self.carried[key]:
            if begin <= at < end:
                return ((start, end),)
        return spans


def _carried(moves: tuple[tuple[int, str], ...], meter: Meter) -> tuple[tuple[int, int, int], ...]:
    """Give the stretches in which a move decides what the period is: (from, until, start of the period).

    A new period counts from when it begins or, if it is under way at a move, from the move; and only
    a day or more after the last one did. So no two quotas become new within 24 hours because
    somebody moves, there and back included.
    """
    shift = meter.rule.policy.day_starts_at
    kind: Any = meter.per.value
    zones = (*(tz for _, tz in moves), meter.rule.periods.tz)
    edges = (*(at for at, _ in moves), meter.rule.periods.end)
    start = Periods(tz=zones[0], start=edges[0] - 1, end=edges[0], day_starts_at=shift).period(kind, edges[0] - 1).start
    found: list[tuple[int, int, int]] = []
    begin = renewed = start
    for number, tz in enumerate(zones[1:]):
        moved, leaves = edges[number], edges[number + 1]
        at, stop = moved, max(moved + 1, min(leaves, moved + 80 * _DAY))
        periods = Periods(tz=tz, start=moved, end=stop, day_starts_at=shift)
        carrying = True
        while carrying and at < stop:
            period = periods.period(kind, at)
            at = period.end
            if max(period.start, moved) >= renewed + _DAY and period.start > start:
                found.append((begin, max(period.start, moved), start))
                carrying = period.start < moved
                start, begin = period.start, max(period.start, moved)
                renewed = begin
        if not carrying and leaves < edges[-1]:  # periods go on as usual there until the next move
            before = Periods(tz=tz, start=leaves - 1, end=leaves, day_starts_at=shift)
            begin = renewed = start = before.period(kind, leaves - 1).start
        elif carrying and number == len(zones) - 2:
            found.append((begin, stop, start))
    return tuple(found)


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
                edges.update(_touched(policy, band.min_age, band.max_age, state, plan.tz))
    for grant in minor.grants:
        edges.update(edge for edge in (grant.starts_at, grant.expires_at) if edge is not None)
    ordered = sorted(edge for edge in edges if plan.start <= edge <= plan.end)
    eras: list[Era] = []
    for lo, hi in pairwise(ordered):
        regime = _regime(plan, minor, tags, rating, known, lo)
        if eras and eras[-1].regime is regime:
            eras[-1].hi = hi
        else:
            eras.append(Era(lo, hi, regime))
    return View(eras, tags, plan, minor, feature)


def validity(policy: YouthPolicy, plan: Plan) -> tuple[int, int]:
    """Give from when until when a policy holds: [start, end)."""
    start = plan.start if policy.valid_from is None else first_instant(policy.valid_from, plan.tz)
    end = plan.end if policy.valid_until is None else first_instant(policy.valid_until, plan.tz)
    return start, end


def stretches(plan: Plan, minor: Minor, least: Level) -> list[tuple[int, int, Born]]:
    """Give what is known of the birth date over the plan: [lo, hi) and the state in it."""
    found = []
    at = plan.start
    while at < plan.end:
        state = born(minor.evidence, at=at, least=least, tz=plan.tz)
        hi = plan.end if state.next_change is None else min(state.next_change, plan.end)
        found.append((at, hi, state))
        at = hi
    return found


def _touched(policy: YouthPolicy, min_age: int, max_age: int | None, known: Born, tz: str) -> tuple[int, int]:
    """Give from when until when somebody who was born in a range may be in a band: [start, end)."""
    start = FIRST if min_age == 0 else attained_at(known.first, min_age, policy.age_rule, tz)
    end = _NEVER if max_age is None else attained_at(known.last, max_age, policy.age_rule, tz)
    return start, end


_NEVER: Final = 1 << 62


def bands_of(policy: YouthPolicy, known: Born, at: int, tz: str) -> frozenset[int] | None:
    """Give the places of the bands that bind at an instant; None where nobody may, for want of an age."""
    nothing = known.level is Level.NONE
    touched = frozenset(
        place
        for place, band in enumerate(policy.bands)
        if not nothing and _within(_touched(policy, band.min_age, band.max_age, known, tz), at)
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
        bands.append(frozenset() if exempt or not start <= at < end else bands_of(policy, state, at, plan.tz))
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
    return Regime(
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
        plan.remember(key, found)
    return found
