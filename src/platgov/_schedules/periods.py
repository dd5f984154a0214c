"""Days, weeks and months of a wall clock, as instants.

A date that the clock shows twice is one day with a gap in it; a date that it never shows has no
instants. Nothing is added or subtracted in days of 24 hours.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from typing import TYPE_CHECKING, Literal

import attrs

from platgov._canonical import shown
from platgov._schedules.zones import DAY, EPOCH_DAY, bounded, day_shift, refuse, runs, zone
from platgov._time import to_epoch

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Period", "PeriodKind", "Periods"]

PeriodKind = Literal["day", "week", "month"]

_PAD = 33 * DAY  # the longest period, and a day for the zone


@attrs.frozen(kw_only=True)
class Period:
    """One local day, week or month.

    Attributes:
        kind: ``day``, ``week`` (from Monday, ISO 8601) or ``month``.
        key: Which one: ``2026-11-24``, ``2026-W48`` or ``2026-11``.
        spans: Its instants, as sorted disjoint [start, end). More than one where the clock
            went back over its edge.
    """

    kind: PeriodKind
    key: str
    spans: tuple[tuple[int, int], ...]

    @property
    def start(self) -> int:
        """Its first instant."""
        return self.spans[0][0]

    @property
    def end(self) -> int:
        """The first instant after all of it."""
        return self.spans[-1][1]

    @property
    def seconds(self) -> int:
        """How long it is: 25 hours where an hour was repeated."""
        return sum(end - start for start, end in self.spans)


@attrs.frozen(kw_only=True)
class Periods:
    """The local days, weeks and months of one zone over a range of instants.

    Building it costs about a millisecond per year; questions afterwards are O(log n). Periods
    that reach over the edges of the range are whole.

    Attributes:
        tz: IANA name of the zone.
        start: First instant that can be asked about.
        end: First instant after them; at most 15,000 days later.
        day_starts_at: When a new day, and with it a week or month, begins: minutes since
            midnight, also given as ``"04:00"``.
    """

    tz: str
    start: int = attrs.field(converter=to_epoch)
    end: int = attrs.field(converter=to_epoch)
    day_starts_at: int = attrs.field(default=0, converter=day_shift)
    _edges: tuple[int, ...] = attrs.field(init=False, eq=False, repr=False)
    _dates: tuple[dt.date, ...] = attrs.field(init=False, eq=False, repr=False)
    _periods: dict[str, tuple[Period, ...]] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        zone(self.tz)
        bounded(self.start, self.end, "periods")
        edges: list[int] = []
        days: list[int] = []
        for run in runs(self.tz, self.start - _PAD, self.end + _PAD):
            to_wall = run.offset - self.day_starts_at * 60
            day, at = (run.start + to_wall) // DAY, run.start
            while at < run.end:
                edges.append(at)
                days.append(day)
                day += 1
                at = day * DAY - to_wall
        dates = tuple(dt.date.fromordinal(EPOCH_DAY + day) for day in days)
        ends = (*edges[1:], self.end + _PAD)
        object.__setattr__(self, "_edges", tuple(edges))
        object.__setattr__(self, "_dates", dates)
        periods = {kind: _periods(kind, dates, tuple(edges), ends) for kind in _KEYS}
        object.__setattr__(self, "_periods", periods)

    def local_date(self, at: int | dt.datetime) -> dt.date:
        """Give the local date of an instant.

        Raises:
            InputError: The instant lies outside the range.
        """
        return self._dates[self._place(at)]

    def period(self, kind: PeriodKind, at: int | dt.datetime) -> Period:
        """Give the day, week or month that an instant belongs to.

        Raises:
            InputError: The instant lies outside the range, or there is no such kind.
        """
        known = self._periods.get(_text(kind))
        if known is None:
            raise refuse("periods", "value", f"no kind of period is {shown(kind)}; there are {', '.join(_KEYS)}")
        return known[self._place(at)]

    def _place(self, at: int | dt.datetime) -> int:
        instant = at if type(at) is int else to_epoch(at)
        if not self.start <= instant < self.end:
            raise refuse("periods", "range", f"{shown(instant)} lies outside the range [{self.start}, {self.end})")
        return bisect_right(self._edges, instant) - 1


def _text(kind: object) -> str:
    return kind if type(kind) is str else ""


def _week(day: dt.date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


_KEYS: dict[PeriodKind, Callable[[dt.date], str]] = {
    "day": dt.date.isoformat,
    "week": _week,
    "month": lambda day: day.isoformat()[:7],
}


def _periods(
    kind: PeriodKind, dates: tuple[dt.date, ...], edges: tuple[int, ...], ends: tuple[int, ...]
) -> tuple[Period, ...]:
    """Give the period of each stretch of one date."""
    keys = [_KEYS[kind](date) for date in dates]
    spans: dict[str, list[tuple[int, int]]] = {}
    for key, start, end in zip(keys, edges, ends, strict=True):
        own = spans.setdefault(key, [])
        if own and own[-1][1] == start:
            own[-1] = (own[-1][0], end)
        else:
            own.append((start, end))
    made = {key: Period(kind=kind, key=key, spans=tuple(own)) for key, own in spans.items()}
    return tuple(made[key] for key in keys)
