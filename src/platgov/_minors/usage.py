"""What was used, and for how long: a value that events can be added to in any order, any number of times.

Time is kept as unions of intervals, one for each set of labels. A union does not change when an
event comes twice, late, in parts or from two devices, so states of several devices or servers
merge to the same whatever the order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from platgov import codec
from platgov._minors.checks import DAY, checked_name, items_of, refuse, whole
from platgov._minors.counting import NOTHING, Counter, CounterKey, Span, counter_key, merged_spans
from platgov._minors.limits import TOTAL
from platgov._minors.recorded import (
    Cell,
    Flag,
    Lane,
    Session,
    as_cells,
    as_flags,
    as_lanes,
    as_sessions,
    devices_in,
    labels,
    optional_instant,
)
from platgov._time import FIRST, LAST, to_epoch

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

__all__ = ["Cell", "Counter", "CounterKey", "Flag", "Lane", "Session", "Usage"]


@attrs.frozen(kw_only=True)
class Usage:
    """What one child used.

    ``Usage()`` is nothing. `add`, `heartbeat`, `end` and `trust` give a new value; `merge` joins
    two. None of them depends on order, and none of them ever makes time that was reported less:
    only a session that turns out to have ended gives back what had been assumed.

    Attributes:
        lanes: Time by labels.
        sessions: Use that goes on or went on without a reported end.
        flags: What was reported and not counted, with why.
        trusted_at: Latest instant that the host vouches for; no check looks back before it.
        cells: Closed days, folded by `Plan.fold`.
        folded_until: Time before this is in ``cells``; later reports about it are only flagged.
        stale_s: A session that is not heard of for so long has ended then.
        max_interval_s: Longest interval that one event may report.
        late_s: How long after it an event may come.
        skew_s: How far ahead of its receipt an event may end: clocks differ.
    """

    lanes: tuple[Lane, ...] = attrs.field(default=(), converter=as_lanes)
    sessions: tuple[Session, ...] = attrs.field(default=(), converter=as_sessions)
    flags: tuple[Flag, ...] = attrs.field(default=(), converter=as_flags)
    trusted_at: int | None = attrs.field(default=None, converter=optional_instant)
    cells: tuple[Cell, ...] = attrs.field(default=(), converter=as_cells)
    folded_until: int | None = attrs.field(default=None, converter=optional_instant)
    stale_s: int = attrs.field(default=120, validator=whole(1, DAY))
    max_interval_s: int = attrs.field(default=6 * 3600, validator=whole(1, 30 * DAY))
    late_s: int = attrs.field(default=7 * DAY, validator=whole(0, 400 * DAY))
    skew_s: int = attrs.field(default=120, validator=whole(0, DAY))
    # What follows from the rest, kept because it is asked for often; no part of what the value is.
    _counters: dict[CounterKey, Counter] = attrs.field(init=False, factory=dict, eq=False, repr=False)
    _recent: Counter = attrs.field(init=False, default=NOTHING, eq=False, repr=False)
    _plain_from: int = attrs.field(init=False, eq=False, repr=False)
    _last: int = attrs.field(init=False, eq=False, repr=False)
    _first: int = attrs.field(init=False, eq=False, repr=False)
    _seconds: int = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        # From when on nothing but recorded time matters: before it clocks and sessions do, and for
        # what only looks like a usage they always do.
        plain = FIRST if self.trusted_at is None else self.trusted_at
        given = LAST + 1 if self.sessions or type(self) is not Usage else plain
        object.__setattr__(self, "_plain_from", given)
        # From when on nothing that is recorded was used.
        ends = [lane.spans[-1][1] for lane in self.lanes]
        object.__setattr__(self, "_last", max((*ends, *(cell.end for cell in self.cells)), default=FIRST))
        # Where all of it is in one lane, when that begins and how long it is; otherwise a counter has to say.
        spans = self.lanes[0].spans if len(ends) == 1 and not self.cells else ()
        object.__setattr__(self, "_first", spans[0][0] if spans else FIRST - 1)
        object.__setattr__(self, "_seconds", sum(end - start for start, end in spans))

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what was kept for speed."""
        return {field.name: getattr(self, field.name) for field in attrs.fields(Usage) if field.init}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Build what was left out anew."""
        self.__init__(**state)  # type: ignore[misc] # a frozen value is made once, here

    def add(
        self,
        *,
        event_id: str,
        start: int | dt.datetime,
        end: int | dt.datetime,
        scope: str | Iterable[str] = (),
        device: str | None = None,
        received_at: int | dt.datetime | None = None,
    ) -> Usage:
        """Add an interval of use.

        Args:
            event_id: Which report; what is not counted is flagged under it.
            start: When use began.
            end: When it ended, as the device says.
            scope: What was used: a feature such as ``video``, or several labels.
            device: On which device.
            received_at: When the host heard of it. With it, what comes too late or ends in the
                future is cut off and flagged; the instant counts as one the host vouches for.

        Raises:
            InputError: Something cannot be read, or the interval ends before it starts.
        """
        tags = labels(scope, device)
        checked_name(event_id, "Usage", "event_id")
        begin, finish = to_epoch(start), to_epoch(end)
        if finish < begin:
            message = f"the event ends at {finish}, before it starts at {begin}"
            raise refuse("Usage", message, path="$.end", code="range")
        heard = optional_instant(received_at)
        kept, flags = self._cut(event_id, begin, finish, heard)
        return attrs.evolve(
            self,
            lanes=self._with_span(tags, *kept) if kept else self.lanes,
            flags=(*self.flags, *flags) if flags else self.flags,
            trusted_at=self.trusted_at
            if heard is None
            else max(heard, heard if self.trusted_at is None else self.trusted_at),
        )

    def _cut(self, event_id: str, start: int, end: int, heard: int | None) -> tuple[Span | None, list[Flag]]:
        """Cut off what does not count; each event by itself, so that order cannot matter."""
        flags: list[Flag] = []

        def note(code: str, seconds: int) -> None:
            if seconds > 0:
                flags.append(Flag(event_id=event_id, code=code, seconds=seconds))

        if end - start > self.max_interval_s:
            note("oversized", end - start - self.max_interval_s)
            end = start + self.max_interval_s
        if heard is not None and end > heard + self.skew_s:
            note("future", end - max(start, heard))
            end = max(start, heard)
        if heard is not None and start < heard - self.late_s:
            note("late", min(end, heard - self.late_s) - start)
            start = min(end, heard - self.late_s)
        if self.folded_until is not None and start < self.folded_until:
            note("folded", min(end, self.folded_until) - start)
            start = min(end, self.folded_until)
        return ((start, end) if start < end else None), flags

    def _with_span(self, tags: frozenset[str], start: int, end: int) -> tuple[Lane, ...]:
        return (*self.lanes, Lane(tags=tags, spans=((start, end),)))

    def heartbeat(
        self,
        *,
        event_id: str,
        at: int | dt.datetime,
        start: int | dt.datetime | None = None,
        scope: str | Iterable[str] = (),
        device: str | None = None,
        received_at: int | dt.datetime | None = None,
    ) -> Usage:
        """Say that a session goes on at an instant; it counts until ``stale_s`` after the last one.

        Args:
            event_id: The session.
            at: When it was seen.
            start: When it began. Say it every time: heartbeats get lost.
            scope: What is used.
            device: On which device.
            received_at: When the host heard of it; see `add`.
        """
        return self._session(event_id, at, start, scope, device, received_at, ended=False)

    def end(
        self,
        *,
        event_id: str,
        at: int | dt.datetime,
        start: int | dt.datetime | None = None,
        scope: str | Iterable[str] = (),
        device: str | None = None,
        received_at: int | dt.datetime | None = None,
    ) -> Usage:
        """Say that a session ended at an instant; see `heartbeat`."""
        return self._session(event_id, at, start, scope, device, received_at, ended=True)

    def _session(  # noqa: PLR0917 - what its two callers were given
        self, event_id: str, at: Any, start: Any, scope: Any, device: Any, received_at: Any, *, ended: bool
    ) -> Usage:
        seen = to_epoch(at)
        began = seen if start is None else to_epoch(start)
        counted = self.add(
            event_id=event_id, start=began, end=seen, scope=scope, device=device, received_at=received_at
        )
        if received_at is not None:
            seen = min(seen, to_epoch(received_at) + self.skew_s)
        session = Session(id=event_id, tags=labels(scope, device), seen=seen, ended=ended)
        return attrs.evolve(counted, sessions=(*counted.sessions, session))

    def trust(self, at: int | dt.datetime) -> Usage:
        """Say that it is at least so late: a clock that goes back afterwards gives no time."""
        instant = to_epoch(at)
        return attrs.evolve(self, trusted_at=max(instant, instant if self.trusted_at is None else self.trusted_at))

    def merge(self, *others: Usage) -> Usage:
        """Join what several devices or servers know; order, repeats and grouping make no difference.

        Raises:
            InputError: One of them is no usage, or was kept under other settings.
        """
        all_of = (self, *items_of(Usage, "Usage", "others")(others))
        settings = ("stale_s", "max_interval_s", "late_s", "skew_s")
        if len({tuple(getattr(usage, field) for field in settings) for usage in all_of}) > 1:
            message = f"usages with other settings cannot be merged; give all the same {', '.join(settings)}"
            raise refuse("Usage", message, code="conflict")
        trusted = [usage.trusted_at for usage in all_of if usage.trusted_at is not None]
        folded = [usage.folded_until for usage in all_of if usage.folded_until is not None]
        joined = attrs.evolve(
            self,
            lanes=tuple(lane for usage in all_of for lane in usage.lanes),
            sessions=tuple(session for usage in all_of for session in usage.sessions),
            flags=tuple(item for usage in all_of for item in usage.flags),
            trusted_at=max(trusted, default=None),
            cells=tuple(cell for usage in all_of for cell in usage.cells),
        )
        return joined.without_before(max(folded)) if folded else joined

    def without_before(self, instant: int, cells: tuple[Cell, ...] = ()) -> Usage:
        """Drop intervals before an instant, which ``cells`` stand for from now on."""
        return attrs.evolve(
            self,
            lanes=tuple(
                Lane(
                    tags=lane.tags,
                    spans=tuple((max(start, instant), end) for start, end in lane.spans if end > instant),
                )
                for lane in self.lanes
            ),
            sessions=tuple(session for session in self.sessions if session.seen + self.stale_s > instant),
            cells=(*self.cells, *cells),
            folded_until=instant,
        )

    def live(self, at: int) -> tuple[frozenset[str], ...]:
        """Give the labels of each session that goes on at an instant."""
        return tuple(
            session.tags
            for session in self.sessions
            if not session.ended and session.seen <= at < session.seen + self.stale_s
        )

    def with_assumed(self) -> tuple[Lane, ...]:
        """Give the lanes; a session without an end goes on for a while after it was last heard of."""
        assumed = (
            Lane(tags=session.tags, spans=((session.seen, session.seen + self.stale_s),))
            for session in self.sessions
            if not session.ended
        )
        return (*self.lanes, *assumed)

    def counter(self, key: CounterKey) -> Counter:
        """Give the counter of some time; made once for each value."""
        found = self._counters.get(key)
        if found is None:
            found = self._counters[key] = self._count(key)
        object.__setattr__(self, "_recent", found)  # it knows its key: no other thread can mistake it
        return found

    def _count(self, key: CounterKey) -> Counter:
        lanes = [lane for lane in self.with_assumed() if key.counts(lane.tags)]
        cells = tuple((cell.start, cell.end, cell.seconds) for cell in self.cells if cell.key == key)
        if not key.by_device:
            if len(lanes) == 1:
                return Counter(key, lanes[0].spans, cells=cells)
            return Counter(key, merged_spans(span for lane in lanes for span in lane.spans), cells=cells)
        by_device: dict[tuple[str, ...], list[Span]] = {}
        for lane in lanes:
            by_device.setdefault(devices_in(lane.tags), []).extend(lane.spans)
        parts = tuple(Counter(key, merged_spans(spans)) for spans in by_device.values())
        return Counter(key, (), parts, cells)

    def seconds(
        self,
        start: int | dt.datetime,
        end: int | dt.datetime,
        *,
        scope: str = TOTAL,
        counting: str = "union",
    ) -> int:
        """Count the seconds used in [start, end); sessions that go on count as far as they are assumed to."""
        return self.counter(counter_key(scope, (), by_device=counting == "sum")).used(to_epoch(start), to_epoch(end))

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        plain: dict[str, Any] = codec.write(self)
        return plain

    @classmethod
    def from_dict(cls, data: object) -> Usage:
        """Read what `to_dict` wrote.

        Raises:
            InputError: With every problem and its place.
        """
        return codec.read(cls, data)
