"""Windows of a local day turned into instants: open, closed, or not known."""

from __future__ import annotations

import datetime as dt
import enum
import itertools
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

import attrs

from platgov._canonical import shown
from platgov._schedules.days import WEEKDAYS_ONLY, Calendar, is_set, names_of, unknown_names
from platgov._schedules.windows import Window
from platgov._schedules.zones import DAY, EPOCH_DAY, bounded, refuse, runs, zone
from platgov._time import to_epoch
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Interval", "Schedule", "State"]

_MOST_WORK = 1_000_000  # windows times days: about two seconds


class State(enum.Enum):
    """What a schedule says about an instant."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    """The calendar does not reach that far, or the instant lies outside the schedule."""


class Interval(NamedTuple):
    """A stretch of instants, [start, end), in which the state is one."""

    start: int
    end: int
    state: State


def _windows(value: Iterable[Window]) -> tuple[Window, ...]:
    found = tuple(value) if isinstance(value, list | tuple) else None
    if found is None:
        raise refuse("schedule", "type", f"windows is {shown(value)}; give a list", "$.windows")
    problems = [
        Problem(f"expected a Window, got {shown(item)}", f"$.windows[{number}]", "type")
        for number, item in enumerate(found)
        if not isinstance(item, Window)
    ]
    if problems:
        raise InputError("schedule", tuple(problems))
    return found


@attrs.frozen(kw_only=True)
class Schedule:
    """Windows in one time zone, compiled over a range of instants.

    Open is what an open window covers, everything if there is none, less what a closed
    (``deny``) window covers. Where an answer hangs on a date that the calendar does not know,
    the state is unknown, and `is_open` says no. Neither the order of windows nor a window
    split in two changes anything. Outside [start, end) every state is unknown.

    Building it costs some milliseconds per year; questions afterwards are O(log n).

    Attributes:
        windows: The windows, in any order.
        tz: IANA name of the zone whose wall clock counts.
        start: First instant.
        end: First instant after the range; at most 15,000 days later.
        calendar: Who knows what kind of day a date is. Needed where a window names more than
            weekdays, and decides which of them are made up for.
    """

    windows: tuple[Window, ...] = attrs.field(converter=_windows)
    tz: str
    start: int = attrs.field(converter=to_epoch)
    end: int = attrs.field(converter=to_epoch)
    calendar: Calendar | None = attrs.field(default=None, repr=False)
    _spans: tuple[Interval, ...] = attrs.field(init=False, eq=False, repr=False)
    # Starts of the spans and the end; the state before the first, between each two, after the last.
    _edges: tuple[int, ...] = attrs.field(init=False, eq=False, repr=False)
    _states: tuple[State, ...] = attrs.field(init=False, eq=False, repr=False)
    _opens: tuple[int, ...] = attrs.field(init=False, eq=False, repr=False)
    _open_before: tuple[int, ...] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        zone(self.tz)
        bounded(self.start, self.end, "schedule")
        self._check_names()
        if len(self.windows) * ((self.end - self.start) // DAY + 3) > _MOST_WORK:
            message = f"{len(self.windows)} windows over so many days are too much work; give fewer, or a shorter range"
            raise refuse("schedule", "range", message)
        spans = _spans(self._changes(), self.start, self.end, open_by_default=all(w.deny for w in self.windows))
        opened = [span for span in spans if span.state is State.OPEN]
        derived = {
            "_spans": spans,
            "_edges": (*(span.start for span in spans), self.end),
            "_states": (State.UNKNOWN, *(span.state for span in spans), State.UNKNOWN),
            "_opens": tuple(span.start for span in opened),
            "_open_before": tuple(itertools.accumulate((span.end - span.start for span in opened), initial=0)),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def _check_names(self) -> None:
        if self.calendar is not None and not _is_calendar(self.calendar):
            raise refuse("schedule", "type", f"calendar is {shown(self.calendar)}; give a Calendar", "$.calendar")
        who = "no calendar is given that" if self.calendar is None else f"calendar {self.calendar.id} is none that"
        problems = [
            Problem(
                f"{who} knows {name!r}; known are {names_of(self.calendar)}", f"$.windows[{number}].days", "unknown_day"
            )
            for number, window in enumerate(self.windows)
            for name in sorted(unknown_names(window.days, self.calendar))
        ]
        if problems:
            raise InputError("schedule", tuple(problems))

    def _changes(self) -> Iterator[tuple[int, int, int]]:
        """Give when windows of which kind begin to hold and cease to: (instant, kind, 1 or -1)."""
        # A zone is at most a day off, and a window of 48 hours began at most a day before.
        first, last = self.start // DAY - 2, self.end // DAY + 1
        dates = [dt.date.fromordinal(EPOCH_DAY + day) for day in range(first, last + 1)]
        calendar = WEEKDAYS_ONLY if self.calendar is None else self.calendar
        answers = {
            (window.days, window.months): [window.on(date, calendar) for date in dates] for window in self.windows
        }
        for run in runs(self.tz, self.start, self.end):
            days = range((run.start + run.offset) // DAY - 1, (run.end - 1 + run.offset) // DAY + 1)
            for window in self.windows:
                holds = answers[window.days, window.months]
                for day in days:
                    answer = holds[day - first]
                    midnight = day * DAY - run.offset
                    opens = max(midnight + window.start * 60, run.start)
                    closes = min(midnight + window.end * 60, run.end)
                    if answer is not False and opens < closes:
                        kind = 2 * window.deny + (answer is None)
                        yield opens, kind, 1
                        yield closes, kind, -1

    def state(self, at: int | dt.datetime) -> State:
        """Give the state at an instant."""
        return self._states[bisect_right(self._edges, at if type(at) is int else to_epoch(at))]

    def is_open(self, at: int | dt.datetime) -> bool:
        """Whether it is open at an instant, and known to be."""
        return self._states[bisect_right(self._edges, at if type(at) is int else to_epoch(at))] is State.OPEN

    def next_change(self, at: int | dt.datetime) -> int | None:
        """Give the first instant after ``at`` with another state; None if there is none before the end.

        The state is the same from ``at`` until then.
        """
        place = bisect_right(self._edges, at if type(at) is int else to_epoch(at))
        if place == 0 and self._states[1] is State.UNKNOWN:  # unknown before the range, and at its start
            place = 1
        return self._edges[place] if place < len(self._edges) - 1 else None

    def next_open(self, at: int | dt.datetime) -> int | None:
        """Give the first instant from ``at`` on that is open; None if there is none before the end."""
        instant = at if type(at) is int else to_epoch(at)
        if self.is_open(instant):
            return instant
        place = bisect_right(self._opens, instant)
        return self._opens[place] if place < len(self._opens) else None

    def interval_at(self, at: int | dt.datetime) -> Interval:
        """Give the longest stretch of one state around an instant, cut to the range.

        Raises:
            InputError: The instant lies outside the range.
        """
        instant = to_epoch(at)
        if not self.start <= instant < self.end:
            raise refuse("schedule", "range", f"{instant} lies outside the range [{self.start}, {self.end})")
        return self._spans[bisect_right(self._edges, instant) - 1]

    def intervals(self, state: State = State.OPEN) -> tuple[tuple[int, int], ...]:
        """Give every stretch of one state, as sorted disjoint [start, end), none touching the next."""
        return tuple((span.start, span.end) for span in self._spans if span.state is state)

    def seconds_between(self, start: int | dt.datetime, end: int | dt.datetime) -> int:
        """Count the open seconds of [start, end), which has to lie inside the range.

        Raises:
            InputError: It reaches outside the range, or ends before it starts.
        """
        begin, until = to_epoch(start), to_epoch(end)
        if not self.start <= begin <= until <= self.end:
            message = f"[{begin}, {until}) does not lie inside the range [{self.start}, {self.end})"
            raise refuse("schedule", "range", message)
        return self._opened_until(until) - self._opened_until(begin)

    def _opened_until(self, at: int) -> int:
        place = bisect_left(self._opens, at)  # intervals that began before
        if place == 0:
            return 0
        began, length = self._opens[place - 1], self._open_before[place] - self._open_before[place - 1]
        return self._open_before[place - 1] + min(at - began, length)


def _is_calendar(value: object) -> bool:
    return isinstance(value, Calendar) and is_set(value.names) and is_set(value.weekend)


def _spans(
    changes: Iterable[tuple[int, int, int]], start: int, end: int, *, open_by_default: bool
) -> tuple[Interval, ...]:
    """Run over the changes in order; a span ends where the state becomes another."""
    spans: list[Interval] = []
    holding = [0, 0, 0, 0]
    began, state = start, None
    ordered = sorted([*changes, (start, 0, 0)])  # without any window there is a first state all the same
    for at, group in itertools.groupby(ordered, key=lambda change: change[0]):
        for _, kind, by in group:
            holding[kind] += by
        now = _state(holding, open_by_default=open_by_default)
        if at < end and now is not state:
            if state is not None:
                spans.append(Interval(began, at, state))
            began, state = at, now
    return (*spans, Interval(began, end, state or State.UNKNOWN))


def _state(holding: list[int], *, open_by_default: bool) -> State:
    opened, perhaps_opened, closed, perhaps_closed = holding
    if closed or not (opened or perhaps_opened or open_by_default):
        return State.CLOSED
    return State.OPEN if (opened or open_by_default) and not perhaps_closed else State.UNKNOWN
