"""What youth mode limits: policies as data, limits by age from one source."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - the codec reads annotations when it runs
import enum
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov import codec
from platgov._canonical import digest, shown
from platgov._minors.age import AgeRule, Level
from platgov._minors.charging import SpendCap
from platgov._minors.checks import choice, flag, items_of, name, names, refuse, text, whole
from platgov._minors.limits import ANY, TOTAL, Access, BreakRule, Counting, Feature, Hours, Limit, Per, Quota
from platgov._schedules.zones import day_shift, is_date
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from platgov._minors.plan import Plan
    from platgov.schedules import Calendar

__all__ = [
    "ANY",
    "EMERGENCY",
    "TOTAL",
    "Access",
    "Band",
    "BreakRule",
    "Counting",
    "Feature",
    "Hours",
    "Layer",
    "Limit",
    "Per",
    "Quota",
    "UnknownAge",
    "YouthPolicy",
]

SEMANTICS: Final = 1
"""Version of what a policy means; part of every digest."""

EMERGENCY: Final = frozenset({"emergency", "helpline", "appeal"})
"""Features that nothing ever closes. A policy may name more, against its own layer and weaker ones."""


class Layer(enum.Enum):
    """Whose policy it is, strongest first. The strictest wins whatever its layer."""

    LEGAL = "legal"
    PLATFORM = "platform"
    GUARDIAN = "guardian"

    @property
    def rank(self) -> int:
        """0 for the strongest layer."""
        return _RANKS[self]


_RANKS: Final = {layer: rank for rank, layer in enumerate(Layer)}


class UnknownAge(enum.Enum):
    """What a policy does about someone whose age it does not know well enough."""

    DENY = "deny"
    RESTRICT = "restrict"
    """Every band binds, whatever its ages."""
    ALLOW = "allow"
    """The policy does not bind: it asks for actual knowledge."""


# Named and typed: what a field is given, and what it keeps.
def _layer(value: Layer | str) -> Layer:
    return choice(Layer)(value)


def _agerule(value: AgeRule | str) -> AgeRule:
    return choice(AgeRule)(value)


def _level(value: Level | str) -> Level:
    return choice(Level)(value)


def _unknownage(value: UnknownAge | str) -> UnknownAge:
    return choice(UnknownAge)(value)


def _list_hours(value: Iterable[Hours]) -> tuple[Hours, ...]:
    return items_of(Hours, "Band", "hours")(value)


def _list_quota(value: Iterable[Quota]) -> tuple[Quota, ...]:
    return items_of(Quota, "Band", "quotas")(value)


def _list_breakrule(value: Iterable[BreakRule]) -> tuple[BreakRule, ...]:
    return items_of(BreakRule, "Band", "breaks")(value)


def _list_feature(value: Iterable[Feature]) -> tuple[Feature, ...]:
    return items_of(Feature, "Band", "features")(value)


def _list_spendcap(value: Iterable[SpendCap]) -> tuple[SpendCap, ...]:
    return items_of(SpendCap, "Band", "spend")(value)


@attrs.frozen(kw_only=True)
class Band:
    """What holds for some ages. All bands that an age, or what is known of it, touches bind together.

    Attributes:
        min_age: First age, in years attained.
        max_age: First age after the band; None for no end.
        hours: When things are open.
        quotas: How long.
        breaks: Rests.
        features: What may be used.
        spend: Spending caps.
    """

    min_age: int = attrs.field(default=0, validator=whole(0, 150))
    max_age: int | None = attrs.field(default=None, validator=whole(1, 150, optional=True))
    hours: tuple[Hours, ...] = attrs.field(default=(), converter=_list_hours)
    quotas: tuple[Quota, ...] = attrs.field(default=(), converter=_list_quota)
    breaks: tuple[BreakRule, ...] = attrs.field(default=(), converter=_list_breakrule)
    features: tuple[Feature, ...] = attrs.field(default=(), converter=_list_feature)
    spend: tuple[SpendCap, ...] = attrs.field(default=(), converter=_list_spendcap)

    def __attrs_post_init__(self) -> None:
        if self.max_age is not None and self.max_age <= self.min_age:
            message = f"ages from {self.min_age} to below {self.max_age} are none"
            raise refuse("Band", message, path="$.max_age", code="empty")

    @property
    def limits(self) -> tuple[Limit, ...]:
        """All but the spending caps, in a fixed order."""
        return (*self.hours, *self.quotas, *self.breaks, *self.features)


def _list_band(value: Iterable[Band]) -> tuple[Band, ...]:
    return items_of(Band, "YouthPolicy", "bands")(value)


def _list_sources(value: Iterable[str]) -> tuple[str, ...]:
    return items_of(str, "YouthPolicy", "sources")(value)


@attrs.frozen(kw_only=True)
class YouthPolicy:
    """Limits for minors from one source, as data.

    Attributes:
        id: Which policy.
        layer: Whose it is.
        bands: Limits by age.
        jurisdiction: Where it comes from: ``CN``, ``US-VA``; empty for everywhere.
        citation: Where it is written, as reasons quote it.
        sources: Addresses or titles of what was read.
        status: ``in_force``, ``guideline``, ``litigated``, ``superseded``, ``practice`` …
        as_of: When the sources were read.
        enabled: A policy that is not is never compiled: somebody has to decide first.
        valid_from: First local date on which it holds; None for always.
        valid_until: First local date on which it no longer holds.
        age_rule: When an age is attained.
        evidence_level: What a claim of age has to be worth; below it ``unknown_age`` binds too.
        unknown_age: What is done where the age is not known well enough.
        day_starts_at: When the day of its quotas begins.
        emergency: Features that neither this policy nor one of a weaker layer closes. `Plan.of`
            refuses one that a stronger layer limits by name; what limits everything there, such
            as a curfew, binds them.
        note: For readers.
    """

    id: str = attrs.field(validator=name)
    layer: Layer = attrs.field(converter=_layer)
    bands: tuple[Band, ...] = attrs.field(converter=_list_band)
    jurisdiction: str = attrs.field(default="", validator=text)
    citation: str = attrs.field(default="", validator=text)
    sources: tuple[str, ...] = attrs.field(default=(), converter=_list_sources)
    status: str = attrs.field(default="in_force", validator=name)
    as_of: dt.date | None = None
    enabled: bool = attrs.field(default=True, validator=flag)
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    age_rule: AgeRule = attrs.field(default=AgeRule.ANNIVERSARY, converter=_agerule)
    evidence_level: Level = attrs.field(default=Level.NONE, converter=_level)
    unknown_age: UnknownAge = attrs.field(default=UnknownAge.RESTRICT, converter=_unknownage)
    day_starts_at: int = attrs.field(default=0, converter=day_shift)
    emergency: frozenset[str] = attrs.field(default=frozenset(), converter=names)
    note: str = attrs.field(default="", validator=text)

    def __attrs_post_init__(self) -> None:
        problems = tuple(self._problems())
        if problems:
            raise InputError("YouthPolicy", problems)

    def _problems(self) -> Iterator[Problem]:
        for field in ("as_of", "valid_from", "valid_until"):
            value = getattr(self, field)
            if value is not None and not is_date(value):
                yield Problem(f"{field} is {shown(value)}; give a date or None", f"$.{field}", "type")
                return
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            message = f"valid from {self.valid_from} until before {self.valid_until} is no day at all"
            yield Problem(message, "$.valid_until", "empty")
        seen: set[str] = set()
        for place, band in enumerate(self.bands):
            for limit in band.limits:
                if limit.id in seen:
                    message = f"the id {limit.id!r} is taken; reasons name limits by id, so give each its own"
                    yield Problem(message, f"$.bands[{place}]", "conflict")
                seen.add(limit.id)

    @property
    def digest(self) -> str:
        """Content address: everything it says, and the version of what that means."""
        return digest({"semantics": SEMANTICS, "policy": self.to_dict()})

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        plain: dict[str, Any] = codec.write(self)
        return plain

    @classmethod
    def from_dict(cls, data: object) -> YouthPolicy:
        """Read what `to_dict` wrote, or a file states.

        Raises:
            InputError: With every problem and its place.
        """
        return codec.read(cls, data)

    def compile(
        self,
        *,
        tz: str,
        start: int | dt.datetime,
        end: int | dt.datetime,
        calendar: Calendar | None = None,
    ) -> Plan:
        """Make a plan of this policy alone; see `Plan.of` for several layers."""
        from platgov._minors.plan import Plan  # noqa: PLC0415 - the plan is made of policies

        return Plan.of((self,), tz=tz, start=start, end=end, calendar=calendar)
