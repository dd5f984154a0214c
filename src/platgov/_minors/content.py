"""May this child be shown this: the ceiling of ratings, the pool of an age, what rules found.

A piece of content becomes labels and one number, and the limits of a plan decide about these as
about anything else: by ages, layers and grants, with reasons. Hours and quotas play no part, so the
answer holds for a pool that is filled in advance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

import attrs

from platgov import verdict as base
from platgov._canonical import digest, shown
from platgov._minors.checks import items_of, refuse
from platgov._minors.items import Item, RatingSystem, RulePack, about, outside, pool_of
from platgov._minors.plan import Plan
from platgov._minors.policy import Feature
from platgov._minors.usage import Usage
from platgov._minors.verdict import Reason
from platgov._time import to_iso

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from platgov._minors.grants import Minor
    from platgov._minors.verdict import Advice, Verdict

__all__ = ["ITEM", "UNRATED", "ContentPlan", "ContentVerdict", "Seen"]

UNRATED: Final = 1_000
"""What content counts as that nobody has rated: above any ceiling, and no matter where there is none."""
ITEM: Final = "item:"
"""Prefix of the label by which a grant names one piece of content."""
_RATING: Final = "rating"
_NOTHING: Final = Usage()


class Seen(NamedTuple):
    """What about a piece of content counted.

    Attributes:
        label: ``rating``, ``content:…`` or ``outside:…``.
        source: The rating system, the rule or the pool; ``host`` for what the host says.
        what: The label and its age (``12+ is 12``); ``found``, ``held``, ``undetermined``;
            ``not_examined`` where a pack has not looked; ``not_in_pool``; ``unknown_label`` and
            ``not_rated`` where there is no rating.
    """

    label: str
    source: str
    what: str

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return self._asdict()


@attrs.frozen(kw_only=True)
class ContentVerdict(base.Verdict):
    """Whether a child may be shown a piece of content, and why not.

    Attributes:
        item: The piece, by the host's id.
        allowed: Whether it may be shown.
        reasons: Every limit that says no. Codes are those of `Verdict`, and ``content_found``,
            ``outside_pool``, ``content_unrated``; ``bad_item`` for what is no `Item`.
        seen: What about it the limits decided on.
        rating: Its rating as an age; None where nobody has rated it.
        next_change: First instant at which other limits say no: a birthday, the end of a grant,
            a policy that begins or ends. Until then the verdict may be kept.
        advice: What to tell.
        horizon: How far the plan looks.
        tz: Zone of the plan.
    """

    kind: ClassVar[str] = "minor_content"
    item: str
    allowed: bool
    reasons: tuple[Reason, ...]
    seen: tuple[Seen, ...]
    rating: int | None
    next_change: int | None
    advice: tuple[Advice, ...]
    horizon: int
    tz: str

    def body(self) -> dict[str, Any]:
        """Give the verdict as plain values."""
        return {
            "item": self.item,
            "allowed": self.allowed,
            "reasons": [reason.to_dict() for reason in self.reasons],
            "seen": [one.to_dict() for one in self.seen],
            "rating": self.rating,
            "next_change": None if self.next_change is None else to_iso(self.next_change),
            "horizon": to_iso(self.horizon),
            "advice": [one.to_dict() for one in self.advice],
        }

    def explain(self, audience: str = "guardian", *, language: str = "en", zone: str | None = None) -> tuple[str, ...]:
        """Say it in words; see `Verdict.explain`."""
        from platgov._minors.explain import explain_content  # noqa: PLC0415 - texts are read when somebody asks

        return explain_content(self, audience, language=language, zone=zone)


def _plan(value: Plan) -> Plan:
    """Keep what limits content."""
    if type(value) is not Plan:
        raise refuse("ContentPlan", f"plan is {shown(value)}; give a Plan", path="$.plan", code="type")
    bare = [
        attrs.evolve(
            policy, bands=[attrs.evolve(band, hours=(), quotas=(), breaks=(), spend=()) for band in policy.bands]
        )
        for policy in value.policies
    ]
    return Plan.of(bare, tz=value.tz, start=value.start, end=value.end)


def _once(value: Iterable[Any], kind: type, field: str) -> tuple[Any, ...]:
    found: tuple[Any, ...] = items_of(kind, "ContentPlan", field)(
        tuple(value) if isinstance(value, list | tuple) else value
    )
    ids = [one.id for one in found]
    if len(set(ids)) < len(ids):
        raise refuse(
            "ContentPlan", f"an id of {field} is there twice: {', '.join(ids)}", path=f"$.{field}", code="conflict"
        )
    return tuple(sorted(found, key=lambda one: str(one.id)))


def _systems(value: Iterable[RatingSystem]) -> tuple[RatingSystem, ...]:
    return _once(value, RatingSystem, "systems")


def _packs(value: Iterable[RulePack]) -> tuple[RulePack, ...]:
    return _once(value, RulePack, "packs")


@attrs.frozen(kw_only=True, eq=False)
class ContentPlan:
    """A plan asked about content.

    Attributes:
        plan: The limits on features and ratings of the plan that was given.
        systems: Rating systems whose labels are read.
        packs: Rules that have to have looked at a piece before it counts as free of what they look for.
    """

    plan: Plan = attrs.field(converter=_plan)
    systems: tuple[RatingSystem, ...] = attrs.field(default=(), converter=_systems)
    packs: tuple[RulePack, ...] = attrs.field(default=(), converter=_packs)
    _pools: tuple[str, ...] = attrs.field(init=False, repr=False)
    _names: dict[tuple[str, str], str] = attrs.field(init=False, repr=False)
    _digest: str = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        limits = [(rule.policy.id, rule.limit) for rule in self.plan.rules if isinstance(rule.limit, Feature)]
        pools = {pool_of(limit.name) for _, limit in limits} - {None}
        object.__setattr__(self, "_pools", tuple(sorted(pool for pool in pools if pool)))
        object.__setattr__(self, "_names", {(policy, limit.id): limit.name for policy, limit in limits})
        stated = {
            "plan": self.plan.digest,
            "systems": [system.to_dict() for system in self.systems],
            "packs": [pack.digest for pack in self.packs],
        }
        object.__setattr__(self, "_digest", digest(stated))

    @property
    def digest(self) -> str:
        """Content address of everything that answers follow from."""
        return self._digest

    def rating(self, item: Item) -> int:
        """Give the rating of a piece as an age: the highest of all it has, and `UNRATED` without any.

        A label that no system has counts as not rated at all: it may mean anything.
        """
        return self._rating(item)[0]

    def labels(self, item: Item) -> frozenset[str]:
        """Give what limits may name about a piece: categories, and the pools it is not in.

        With these and `rating`, `Plan.check` decides about hours, quotas and content in one verdict,
        as ``scope`` and ``rating``.
        """
        return frozenset(one.label for one in self._about(item))

    def check(self, minor: Minor, item: Item, *, at: int | dt.datetime, feature: str = "access") -> ContentVerdict:
        """Say whether a child may be shown a piece of content. Never raises, as `Plan.check` never does.

        Args:
            minor: Who.
            item: What.
            at: The instant.
            feature: What it is shown in; limits on it bind too.
        """
        if type(item) is not Item:
            closed = self.plan.check(minor, _NOTHING, at=at, feature=feature)
            return self._verdict("", (), UNRATED, closed._replace(allowed=False, reasons=(Reason("bad_item"),)))
        rating, rated = self._rating(item)
        seen = self._about(item)
        scope = {one.label for one in seen}
        own = ITEM + item.id
        if any(grant.feature == own for grant in getattr(minor, "grants", ())):
            scope.add(own)  # only then: pieces that are alike share what was worked out
        told = self.plan.check(minor, _NOTHING, at=at, feature=feature, scope=scope, rating=rating)
        return self._verdict(item.id, (*rated, *seen), rating, told)

    def pool(
        self, minor: Minor, items: Iterable[Item], *, at: int | dt.datetime, feature: str = "access"
    ) -> tuple[Item, ...]:
        """Give the pieces that a child may be shown, in their order."""
        return tuple(item for item in items if self.check(minor, item, at=at, feature=feature).allowed)

    def _rating(self, item: Item) -> tuple[int, tuple[Seen, ...]]:
        systems = {system.id: system for system in self.systems}
        ages: list[int] = []
        seen: list[Seen] = []
        for system, label in item.ratings:
            age = systems[system].age(label) if system in systems else None
            ages.append(UNRATED if age is None else age)
            seen.append(Seen(_RATING, system, "unknown_label" if age is None else f"{label} is {age}"))
        if not ages:
            return UNRATED, (Seen(_RATING, "", "not_rated"),)
        return max(ages), tuple(seen)

    def _about(self, item: Item) -> tuple[Seen, ...]:
        seen = [Seen(about(category), "host", "found") for category in sorted(item.categories)]
        looked = {one.pack: one for one in item.examined}
        for pack in self.packs:
            if pack.digest in looked:
                seen += [Seen(about(one.category), one.rule, one.state) for one in looked[pack.digest].found]
            else:
                categories = sorted({category for _, category in pack.categories})
                seen += [Seen(about(category), pack.id, "not_examined") for category in categories]
        seen += [Seen(outside(pool), pool, "not_in_pool") for pool in self._pools if pool not in item.pools]
        return tuple(seen)

    def _verdict(self, item: str, seen: tuple[Seen, ...], rating: int, told: Verdict) -> ContentVerdict:
        unrated = rating >= UNRATED
        facts = {"item": item, "seen": [one.to_dict() for one in seen], "limits": told.fingerprint}
        return ContentVerdict(
            at=told.at,
            policy=self.digest,
            fingerprint=digest(facts),
            item=item,
            allowed=told.allowed,
            reasons=tuple(self._named(reason, unrated=unrated) for reason in told.reasons),
            seen=seen,
            rating=None if unrated else rating,
            next_change=told.next_change,
            advice=told.advice,
            horizon=told.horizon,
            tz=self.plan.tz,
        )

    def _named(self, reason: Reason, *, unrated: bool) -> Reason:
        """Say of a limit on a label what the label means."""
        if reason.code == "rating_above":
            return reason._replace(code="content_unrated") if unrated else reason
        if reason.code == "feature_denied":
            name = self._names.get((reason.policy_id, reason.limit_id), "")
            if pool_of(name):
                return reason._replace(code="outside_pool")
            if name.startswith("content:"):
                return reason._replace(code="content_found")
        return reason
