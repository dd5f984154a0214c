"""What youth mode limits: policies as data, each limit with who may loosen it and how far."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - the codec reads annotations when it runs
import enum
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov import codec
from platgov._canonical import digest, shown
from platgov._minors.age import AgeRule, Level
from platgov._minors.charging import SpendCap
from platgov._minors.checks import (
    DAY,
    LONGEST,
    choice,
    flag,
    items_of,
    name,
    names,
    optional_windows,
    refuse,
    text,
    whole,
    windows,
)
from platgov._schedules.zones import day_shift, is_date
from platgov.errors import InputError, Problem
from platgov.schedules import Window  # noqa: TC001 - the codec reads annotations when it runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from platgov._minors.plan import Plan
    from platgov.schedules import Calendar

__all__ = [
    "ANY",
    "EMERGENCY",
    "GUARDIAN",
    "SELF",
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

ANY: Final = "*"
TOTAL: Final = "total"
GUARDIAN: Final = "guardian"
SELF: Final = "self"

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


class Access(enum.Enum):
    """Whether a feature may be used, least strict first."""

    ALLOW = "allow"
    ASK = "ask"
    """Only with a grant."""
    DENY = "deny"

    @property
    def rank(self) -> int:
        """0 for the least strict."""
        return _STRICTNESS[self]


_STRICTNESS: Final = {access: rank for rank, access in enumerate(Access)}


class Per(enum.Enum):
    """The stretch of time that a quota is for."""

    DAY = "day"
    WEEK = "week"
    """From Monday."""
    MONTH = "month"
    ROLLING = "rolling"
    """The last ``span_s`` seconds."""
    GAP = "gap"
    """Since the last pause of at least ``span_s`` seconds."""


class Counting(enum.Enum):
    """What two devices in use at once amount to."""

    UNION = "union"
    """One second of the child's time. The default: laws limit the child's time."""
    SUM = "sum"
    """Two seconds: each device counts for itself."""


class UnknownAge(enum.Enum):
    """What a policy does about someone whose age it does not know well enough."""

    DENY = "deny"
    RESTRICT = "restrict"
    """Every band binds, whatever its ages."""
    ALLOW = "allow"
    """The policy does not bind: it asks for actual knowledge."""


_PERIODS: Final = frozenset({Per.DAY, Per.WEEK, Per.MONTH})


# Named and typed: what a field is given, and what it keeps.
def _per(value: Per | str) -> Per:
    return choice(Per)(value)


def _counting(value: Counting | str) -> Counting:
    return choice(Counting)(value)


def _access(value: Access | str) -> Access:
    return choice(Access)(value)


def _optional_access(value: Access | str | None) -> Access | None:
    return None if value is None else choice(Access)(value)


def _layer(value: Layer | str) -> Layer:
    return choice(Layer)(value)


def _agerule(value: AgeRule | str) -> AgeRule:
    return choice(AgeRule)(value)


def _level(value: Level | str) -> Level:
    return choice(Level)(value)


def _unknownage(value: UnknownAge | str) -> UnknownAge:
    return choice(UnknownAge)(value)


def _seconds(value: Iterable[int]) -> frozenset[int]:
    good = isinstance(value, frozenset | set | list | tuple) and len(value) <= 32
    if not good or not all(type(item) is int and 0 < item <= DAY for item in value):
        message = f"warn_s is {shown(value)}; give a list of seconds that remain, from 1 to {DAY}"
        raise refuse("Quota", message, path="$.warn_s", code="type")
    return frozenset(value)


@attrs.frozen(kw_only=True)
class Limit:
    """What every limit says.

    A request to be less strict counts for a limit only if its author is in ``loosenable_by``;
    what goes beyond ``bound`` is cut to it. A limit that says neither is as strict for everyone.

    Attributes:
        id: Which one, in its policy; by default named after what it limits.
        citation: Where it is written; by default as the policy says.
        loosenable_by: Roles that may ask for less: ``guardian``, ``self``, or the host's own.
        except_for: Features it does not bind, and whose time it does not count.
    """

    id: str = attrs.field(default="")
    citation: str = attrs.field(default="", validator=text)
    loosenable_by: frozenset[str] = attrs.field(default=frozenset(), converter=names)
    except_for: frozenset[str] = attrs.field(default=frozenset(), converter=names)

    def __attrs_post_init__(self) -> None:
        if self.id == "":
            object.__setattr__(self, "id", self._named())
        name(self, attrs.fields(type(self)).id, self.id)
        if getattr(self, "bound", None) is not None and not self.loosenable_by:
            message = "a bound is how far the limit may be loosened; say who may, in loosenable_by"
            raise refuse(type(self).__name__, message, path="$.bound", code="conflict")
        self._check()

    def _named(self) -> str:
        return ""

    def _check(self) -> None:
        """Refuse fields that contradict each other."""


@attrs.frozen(kw_only=True)
class Hours(Limit):
    """When features are open: the windows of one limit are one schedule.

    Attributes:
        windows: Open ones add up, closed ones win. Only closed ones: open at all other times.
        features: What it binds; ``*`` is everything.
        bound: The most open hours that a request may reach; None for no bound.
    """

    windows: tuple[Window, ...] = attrs.field(converter=windows)
    features: frozenset[str] = attrs.field(default=frozenset({ANY}), converter=names)
    bound: tuple[Window, ...] | None = attrs.field(default=None, converter=optional_windows)

    def _named(self) -> str:
        return "hours" if ANY in self.features else f"hours.{'.'.join(sorted(self.features))}"

    def _check(self) -> None:
        for field in ("windows", "features", "bound"):
            if getattr(self, field) is not None and not getattr(self, field):
                raise refuse("Hours", f"{field} is empty, which limits nothing", path=f"$.{field}", code="empty")


@attrs.frozen(kw_only=True)
class Quota(Limit):
    """How long something may be used in a stretch of time.

    Denied once the seconds used before, in the period, have reached the limit; zero is never.

    Attributes:
        seconds: The limit.
        per: ``day``, ``week``, ``month``, ``rolling`` or ``gap``.
        span_s: Length of the rolling stretch, or of the pause; only for these two.
        scope: What counts: ``total``; one feature or label, such as ``video`` or
            ``service:acme``; ``service:*`` limits each service for itself.
        days: Kinds of days on which it binds. Where the calendar does not know, it does.
        soft: Advises only.
        counting: What two devices at once amount to.
        warn_s: Warn when so many seconds remain.
        bound: The most seconds that a request may reach; None for no bound.
    """

    seconds: int = attrs.field(validator=whole(0, LONGEST))
    per: Per = attrs.field(default=Per.DAY, converter=_per)
    span_s: int | None = attrs.field(default=None, validator=whole(1, LONGEST, optional=True))
    scope: str = attrs.field(default=TOTAL, validator=name)
    days: frozenset[str] = attrs.field(default=frozenset({"every_day"}), converter=names)
    soft: bool = attrs.field(default=False, validator=flag)
    counting: Counting = attrs.field(default=Counting.UNION, converter=_counting)
    warn_s: frozenset[int] = attrs.field(default=frozenset(), converter=_seconds)
    bound: int | None = attrs.field(default=None, validator=whole(0, LONGEST, optional=True))

    def _named(self) -> str:
        return f"{self.per.value}.{self.scope}"

    def _check(self) -> None:
        if (self.span_s is None) is not (self.per in _PERIODS):
            message = "span_s goes with a rolling stretch or a gap, and with nothing else"
            raise refuse("Quota", message, path="$.span_s", code="conflict")
        if not self.days:
            raise refuse("Quota", "days is empty, which limits nothing", path="$.days", code="empty")
        if self.bound is not None and self.bound < self.seconds:
            message = f"the bound of {self.bound} seconds is stricter than the limit of {self.seconds}"
            raise refuse("Quota", message, path="$.bound", code="conflict")
        if self.counting is Counting.SUM and self.per is Per.GAP:
            raise refuse("Quota", "a pause is one of the child, not of devices", path="$.counting", code="conflict")


@attrs.frozen(kw_only=True)
class BreakRule(Limit):
    """A rest after some time of use: one unbroken pause.

    Attributes:
        after_s: Seconds of use since the last rest at which the next one is due.
        rest_s: How long a pause has to be to count as a rest.
        enforce: Denied until rested; otherwise a reminder.
        bound: The most seconds of use that a request may reach; None for no bound.
    """

    after_s: int = attrs.field(validator=whole(1, LONGEST))
    rest_s: int = attrs.field(validator=whole(1, LONGEST))
    enforce: bool = attrs.field(default=False, validator=flag)
    bound: int | None = attrs.field(default=None, validator=whole(1, LONGEST, optional=True))

    def _named(self) -> str:
        return "break"

    def _check(self) -> None:
        if self.bound is not None and self.bound < self.after_s:
            message = f"the bound of {self.bound} seconds is stricter than the limit of {self.after_s}"
            raise refuse("BreakRule", message, path="$.bound", code="conflict")


@attrs.frozen(kw_only=True)
class Feature(Limit):
    """Whether a feature may be used, and up to which content rating.

    Attributes:
        name: The feature or label; ``*`` is everything.
        access: ``allow``, ``ask`` or ``deny``.
        max_rating: Highest content rating, as an age (12 for "12 and over"); None for any.
        bound: The most that a request may reach; None for no bound.
    """

    name: str = attrs.field(validator=name)
    access: Access = attrs.field(default=Access.ALLOW, converter=_access)
    max_rating: int | None = attrs.field(default=None, validator=whole(0, 100, optional=True))
    bound: Access | None = attrs.field(default=None, converter=_optional_access)

    def _named(self) -> str:
        return f"feature.{self.name}"

    def _check(self) -> None:
        if self.access is Access.ASK and not self.loosenable_by:
            message = "asking needs somebody who may answer; say who, in loosenable_by"
            raise refuse("Feature", message, path="$.loosenable_by", code="missing")
        if self.bound is not None and self.bound.rank > self.access.rank:
            message = f"the bound {self.bound.value!r} is stricter than the access {self.access.value!r}"
            raise refuse("Feature", message, path="$.bound", code="conflict")


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
        emergency: Features that neither this policy nor one of a weaker layer closes.
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
