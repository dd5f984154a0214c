"""What was used, and for how long: a value that events can be added to in any order, any number of times.

Time is kept as unions of intervals, one for each set of labels. A union does not change when an
event comes twice, late, in parts or from two devices, so states of several devices or servers
merge to the same whatever the order.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import attrs

from platgov import codec
from platgov._canonical import shown
from platgov._minors.checks import DAY, checked_name, flag, items_of, name, names, refuse, whole
from platgov._minors.policy import TOTAL
from platgov._time import FIRST, LAST, to_epoch

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

__all__ = ["Cell", "Counter", "CounterKey", "Flag", "Lane", "Session", "Usage", "labels", "merged_spans"]

Span = tuple[int, int]

DEVICE: Final = "device:"


class CounterKey(NamedTuple):
    """Which time a quota counts.

    Attributes:
        scope: ``total`` or one label.
        except_for: Labels whose time does not count.
        by_device: Each device for itself, added up; None for a union.
    """

    scope: str
    except_for: tuple[str, ...] = ()
    by_device: bool = False

    def counts(self, tags: frozenset[str]) -> bool:
        """Whether time with these labels counts."""
        return (self.scope == TOTAL or self.scope in tags) and tags.isdisjoint(self.except_for)


def _instant(value: Any) -> int:
    return to_epoch(value)


def _optional_instant(value: Any) -> int | None:
    return None if value is None else to_epoch(value)


def merged_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Give the union of intervals as sorted disjoint ones, none touching the next."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            if end > found[-1][1]:
                found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(found)


def _spans(value: Iterable[Span]) -> tuple[Span, ...]:
    if isinstance(value, list | tuple):
        pairs = [tuple(span) if isinstance(span, list | tuple) else () for span in value]
        if all(len(pair) == 2 and _is_span(*pair) for pair in pairs):
            return merged_spans(pairs)
    raise refuse("Usage", f"{shown(value)} is no list of intervals; give [start, end] in epoch seconds", code="type")


def _is_span(start: object, end: object) -> bool:
    return type(start) is int and type(end) is int and FIRST <= start < end <= LAST


@attrs.frozen(kw_only=True)
class Lane:
    """The time that was used with one set of labels.

    Attributes:
        tags: Features, other labels such as ``service:acme``, and the device as ``device:pad``.
        spans: Sorted disjoint [start, end).
    """

    tags: frozenset[str] = attrs.field(converter=names)
    spans: tuple[tuple[int, int], ...] = attrs.field(converter=_spans)


@attrs.frozen(kw_only=True)
class Session:
    """Use that goes on until it is said to have ended, or nothing is heard of it.

    Attributes:
        id: Which one.
        tags: Its labels.
        seen: When it was last heard of.
        ended: It ended then.
    """

    id: str = attrs.field(validator=name)
    tags: frozenset[str] = attrs.field(converter=names)
    seen: int = attrs.field(converter=_instant)
    ended: bool = attrs.field(validator=flag)


@attrs.frozen(kw_only=True, order=True)
class Flag:
    """Time that was reported and not counted.

    Attributes:
        event_id: The event.
        code: ``late``, ``oversized``, ``future`` or ``folded``.
        seconds: How much of it.
    """

    event_id: str = attrs.field(validator=name)
    code: str = attrs.field(validator=name)
    seconds: int = attrs.field(validator=whole(0, LAST - FIRST))


@attrs.frozen(kw_only=True, order=True)
class Cell:
    """The seconds that a counter stood at over a closed day, in place of its intervals.

    Attributes:
        scope: What was counted; with the next two, a `CounterKey`.
        except_for: What was not.
        by_device: Devices added up.
        start: First instant of the day.
        end: First instant after it.
        seconds: The count.
    """

    scope: str = attrs.field(validator=name)
    except_for: tuple[str, ...] = ()
    by_device: bool = attrs.field(default=False, validator=flag)
    start: int = attrs.field(converter=_instant)
    end: int = attrs.field(converter=_instant)
    seconds: int = attrs.field(validator=whole(0, LAST))

    @property
    def key(self) -> CounterKey:
        """Which counter."""
        return CounterKey(self.scope, tuple(self.except_for), self.by_device)


class Counter:
    """Seconds of a union of intervals, asked by instants; with ``parts``, of several added up."""

    __slots__ = ("before", "cells", "ends", "first", "last", "parts", "starts", "total")

    def __init__(self, spans: tuple[Span, ...], parts: tuple[Counter, ...] = (), cells: tuple[Cell, ...] = ()) -> None:
        self.starts = [start for start, _ in spans]
        self.ends = [end for _, end in spans]
        self.before = [0, *accumulate(end - start for start, end in spans)]
        self.parts = parts
        self.cells = cells
        # Whoever asks about a stretch after this one need not look.
        self.last: int = max(
            (*self.ends[-1:], *(part.last for part in parts), *(cell.end for cell in cells)), default=FIRST
        )
        # And about all of it, need not search; with parts or folded days there is no such stretch.
        self.first: int = self.starts[0] if self.starts and not parts and not cells else FIRST - 1
        self.total = self.before[-1]

    def until(self, at: int) -> int:
        """Count the seconds before an instant, folded days and parts apart."""
        place = bisect_left(self.starts, at)  # intervals that began before
        if place == 0:
            return 0
        end = self.ends[place - 1]
        return self.before[place] - (end - at if at < end else 0)

    def used(self, start: int, end: int) -> int:
        """Count the seconds in [start, end)."""
        if end <= start or self.last <= start:
            return 0
        if start <= self.first and self.last <= end:
            return self.total
        found = sum(part.used(start, end) for part in self.parts) if self.parts else self.until(end) - self.until(start)
        if self.cells:  # a day that only touches the stretch counts whole: what it held is not known any more
            found += sum(cell.seconds for cell in self.cells if cell.start < end and start < cell.end)
        return found

    def edges(self) -> list[int]:
        """Give every instant at which counting begins or ends."""
        found = [*self.starts, *self.ends]
        for part in self.parts:
            found += part.edges()
        for cell in self.cells:
            found += (cell.start, cell.end)
        return found

    def since_pause(self, at: int, pause: int) -> tuple[int, int]:
        """Give the seconds used before ``at`` since the last pause of at least ``pause``, and when use last ended.

        The pause may be going on at ``at``: then nothing was used since.
        """
        place = bisect_left(self.starts, at) - 1
        if place < 0:
            return 0, FIRST
        last_end = min(self.ends[place], at)
        if at - last_end >= pause:
            return 0, last_end
        first = place
        while first > 0 and self.starts[first] - self.ends[first - 1] < pause:
            first -= 1
        return self.until(at) - self.before[first], last_end


def labels(scope: str | Iterable[str], device: str | None, subject: str = "Usage") -> frozenset[str]:
    """Give the labels of a piece of use."""
    given = (
        (scope,)
        if isinstance(scope, str)
        else tuple(scope)
        if isinstance(scope, list | tuple | set | frozenset)
        else None
    )
    if given is None:
        raise refuse(subject, f"scope is {shown(scope)}; give a label or a list of labels", path="$.scope", code="type")
    found = {checked_name(label, subject, "scope") for label in given}
    if device is not None:
        found.add(DEVICE + checked_name(device, subject, "device"))
    return frozenset(found)


def _lanes(value: Iterable[Lane]) -> tuple[Lane, ...]:
    """Keep one lane for each set of labels, sorted; what is equal is stored equally."""
    by_tags: dict[frozenset[str], list[Lane]] = {}
    for lane in items_of(Lane, "Usage", "lanes")(value):
        by_tags.setdefault(lane.tags, []).append(lane)
    joined = (
        lanes[0] if len(lanes) == 1 else Lane(tags=tags, spans=[span for lane in lanes for span in lane.spans])
        for tags, lanes in by_tags.items()
    )
    return tuple(sorted((lane for lane in joined if lane.spans), key=lambda lane: sorted(lane.tags)))


def _sessions(value: Iterable[Session]) -> tuple[Session, ...]:
    by_id: dict[str, Session] = {}
    for session in items_of(Session, "Usage", "sessions")(value):
        other = by_id.get(session.id)
        if other is not None:
            session = Session(  # noqa: PLW2901 - the same session, as both have it
                id=session.id,
                tags=session.tags | other.tags,
                seen=max(session.seen, other.seen),
                ended=session.ended or other.ended,
            )
        by_id[session.id] = session
    return tuple(by_id[key] for key in sorted(by_id))


def _flags(value: Iterable[Flag]) -> tuple[Flag, ...]:
    most: dict[tuple[str, str], Flag] = {}
    for item in items_of(Flag, "Usage", "flags")(value):
        key = (item.event_id, item.code)
        most[key] = max(item, most.get(key, item))
    return tuple(sorted(most.values()))


def _cells(value: Iterable[Cell]) -> tuple[Cell, ...]:
    most: dict[tuple[Any, ...], Cell] = {}
    for cell in items_of(Cell, "Usage", "cells")(value):
        key = (cell.key, cell.start, cell.end)
        most[key] = max(cell, most.get(key, cell))
    return tuple(sorted(most.values()))


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

    lanes: tuple[Lane, ...] = attrs.field(default=(), converter=_lanes)
    sessions: tuple[Session, ...] = attrs.field(default=(), converter=_sessions)
    flags: tuple[Flag, ...] = attrs.field(default=(), converter=_flags)
    trusted_at: int | None = attrs.field(default=None, converter=_optional_instant)
    cells: tuple[Cell, ...] = attrs.field(default=(), converter=_cells)
    folded_until: int | None = attrs.field(default=None, converter=_optional_instant)
    stale_s: int = attrs.field(default=120, validator=whole(1, DAY))
    max_interval_s: int = attrs.field(default=6 * 3600, validator=whole(1, 30 * DAY))
    late_s: int = attrs.field(default=7 * DAY, validator=whole(0, 400 * DAY))
    skew_s: int = attrs.field(default=120, validator=whole(0, DAY))
    _counters: dict[CounterKey, Counter] = attrs.field(init=False, factory=dict, eq=False, repr=False)
    _recent_key: CounterKey | None = attrs.field(init=False, default=None, eq=False, repr=False)
    _recent: Any = attrs.field(init=False, default=None, eq=False, repr=False)
    # From when on nothing but the lanes matters: before it, clocks and sessions do.
    _plain_from: int = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        trusted = FIRST if self.trusted_at is None else self.trusted_at
        object.__setattr__(self, "_plain_from", LAST + 1 if self.sessions else trusted)

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
        heard = _optional_instant(received_at)
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
        object.__setattr__(self, "_recent_key", key)
        object.__setattr__(self, "_recent", found)
        return found

    def _count(self, key: CounterKey) -> Counter:
        lanes = [lane for lane in self.with_assumed() if key.counts(lane.tags)]
        cells = tuple(cell for cell in self.cells if cell.key == key)
        if not key.by_device:
            return Counter(merged_spans(span for lane in lanes for span in lane.spans), cells=cells)
        by_device: dict[tuple[str, ...], list[Span]] = {}
        for lane in lanes:
            device = tuple(sorted(tag for tag in lane.tags if tag.startswith(DEVICE)))
            by_device.setdefault(device, []).extend(lane.spans)
        parts = tuple(Counter(merged_spans(spans)) for spans in by_device.values())
        return Counter((), parts, cells)

    def seconds(
        self,
        start: int | dt.datetime,
        end: int | dt.datetime,
        *,
        scope: str = TOTAL,
        counting: str = "union",
    ) -> int:
        """Count the seconds used in [start, end); sessions that go on count as far as they are assumed to."""
        return self.counter(CounterKey(scope, (), counting == "sum")).used(to_epoch(start), to_epoch(end))

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
