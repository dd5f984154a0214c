"""The limits that a policy is made of: hours, quotas, breaks, features, each with who may loosen it and how far."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

import attrs

from platgov._canonical import shown
from platgov._minors.checks import (
    DAY,
    LONGEST,
    choice,
    flag,
    name,
    names,
    optional_windows,
    refuse,
    text,
    whole,
    windows,
)
from platgov.schedules import Window  # noqa: TC001 - the codec reads annotations when it runs

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ANY", "TOTAL", "Access", "BreakRule", "Counting", "Feature", "Hours", "Limit", "Per", "Quota"]

ANY: Final = "*"
TOTAL: Final = "total"


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
