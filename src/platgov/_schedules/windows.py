"""One stretch of the local day, on some kinds of days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import attrs

from platgov._canonical import shown, step
from platgov._schedules.days import EVERY_DAY, WEEKDAYS, as_set, falls_on, is_name
from platgov._schedules.zones import minute_of_day
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from platgov._schedules.days import Calendar

__all__ = ["Window"]

_ORDER = {name: number for number, name in enumerate(WEEKDAYS)}


# Converters hand on what they cannot read: one error then names every problem of the window.
def _minute(value: int | str) -> int:
    return cast("int", minute_of_day(value))


def _names(value: Iterable[str]) -> frozenset[str]:
    return cast("frozenset[str]", as_set(value))


def _numbers(value: Iterable[int]) -> frozenset[int]:
    return cast("frozenset[int]", as_set(value))


@attrs.frozen(kw_only=True)
class Window:
    """A stretch of wall-clock time that is open, or closed, on the days it names.

    It belongs to the local date on which it starts, reaches up to but not including its end,
    and holds exactly while a wall clock shows one of its minutes: an hour that the clock
    repeats counts twice, one that it skips never.

    Attributes:
        start: When it starts, in minutes since midnight, below 24:00; also given as ``"22:00"``.
        end: When it ends, in minutes since the midnight before ``start``, at most 48:00. An end
            below the start is on the next day: ``22:00`` to ``06:00`` is kept as 22:00 to 30:00.
        days: ``mon`` to ``sun``, ``every_day``, and classes that the calendar knows, such as
            ``rest_day``. A weekday does not include its make-up workdays.
        months: Months of the starting date, 1 to 12.
        deny: Closed instead of open; closed wins over open.
    """

    start: int = attrs.field(converter=_minute)
    end: int = attrs.field(converter=_minute)
    days: frozenset[str] = attrs.field(default=frozenset({EVERY_DAY}), converter=_names)
    months: frozenset[int] = attrs.field(default=frozenset(range(1, 13)), converter=_numbers)
    deny: bool = False

    def __attrs_post_init__(self) -> None:
        problems = tuple(self._problems())
        if problems:
            raise InputError("window", problems)
        if self.end < self.start:
            object.__setattr__(self, "end", self.end + 1440)

    def _problems(self) -> Iterator[Problem]:
        for name, last, bound in (("start", 1439, "23:59"), ("end", 2880, "48:00")):
            value = getattr(self, name)
            if type(value) is not int or not 0 <= value <= last:
                message = f"{name} is {shown(value)}; give a time such as 22:30, or minutes, up to {bound}"
                yield Problem(message, f"$.{name}", "time")
        if self.start == self.end:
            message = "start and end are equal; for the whole day say 00:00 to 24:00, for never leave the window out"
            yield Problem(message, "$.end", "empty")
        for name, wanted, good in (("days", "names of days", is_name), ("months", "months from 1 to 12", _is_month)):
            value = getattr(self, name)
            if type(value) is not frozenset or not value or len(value) > 64:
                yield Problem(f"{name} is {shown(value)}; give a list of {wanted}", f"$.{name}", "type")
            else:
                for bad in (item for item in value if not good(item)):
                    yield Problem(f"{shown(bad)} is not among {wanted}", f"$.{name}", "value")
        if type(self.deny) is not bool:
            yield Problem(f"deny is {shown(self.deny)}; give true or false", "$.deny", "type")

    def on(self, day: dt.date, calendar: Calendar) -> bool | None:
        """Whether a window starts on a date; None where the calendar does not know."""
        return day.month in self.months and falls_on(self.days, day, calendar)

    @classmethod
    def from_plain(cls, plain: Any) -> Window:
        """Read what `to_plain` wrote, or a policy file states: times as text or minutes.

        Raises:
            InputError: With every problem found.
        """
        if type(plain) is not dict:
            raise InputError("window", (Problem(f"expected an object, got {shown(plain)}", code="type"),))
        names = {field.name for field in attrs.fields(cls)}
        strange = sorted(plain.keys() - names, key=repr)
        problems = [Problem("a window has no such field", f"${step(key)}", "unknown_field") for key in strange]
        problems += [Problem("is missing", f"$.{name}", "missing") for name in ("start", "end") if name not in plain]
        if problems:
            raise InputError("window", tuple(problems))
        return cls(**plain)

    def to_plain(self) -> dict[str, Any]:
        """Write as plain values, defaults written out: a later default must change no history."""
        return {
            "start": _clock(self.start),
            "end": _clock(self.end),
            "days": sorted(self.days, key=lambda name: (_ORDER.get(name, 7), name)),
            "months": sorted(self.months),
            "deny": self.deny,
        }


def _is_month(value: object) -> bool:
    return type(value) is int and 1 <= value <= 12


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
