"""What happened: violations, recovery tasks, and what was later overturned or put on hold."""

from __future__ import annotations

import enum
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from json.encoder import encode_basestring
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._accounts.checks import checked_name, instance, name, read_fields, refuse
from platgov._canonical import digest_bytes, shown
from platgov._time import from_iso, to_epoch, to_iso
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["CreditHistory", "Event", "EventKind", "Status"]


class EventKind(enum.Enum):
    """What happened; inside one instant, events stand in this order."""

    VIOLATION = "violation"
    """A decision found that a rule was broken."""
    TASK = "task"
    """A recovery task was done: a quiz, a course, a service."""
    OVERTURN = "overturn"
    """A violation or task never happened."""
    HOLD = "hold"
    """A violation counts for nothing until it is released, as while an appeal is open."""
    RELEASE = "release"
    """A violation counts again, as if it had never been on hold."""


class Status(enum.Enum):
    """How a violation or task stands at an instant."""

    UNKNOWN = "unknown"
    """Not known yet."""
    EFFECTIVE = "effective"
    HELD = "held"
    OVERTURNED = "overturned"


VIOLATION, TASK, OVERTURN, HOLD, RELEASE = EventKind
_ORDER: Final = {kind: place for place, kind in enumerate(EventKind)}
_WRITTEN: Final = {kind: f'"{kind.value}"' for kind in EventKind}
_AT: Final = attrgetter("at")


@attrs.frozen(kw_only=True)
class Event:
    """One entry of a history. Nobody can state points: a violation cites a rule, a task its code.

    Attributes:
        kind: What happened.
        id: The decision or task; for the other kinds, the one they are about.
        at: When, in UTC epoch seconds. What falls into one second is simultaneous.
        cites: The rule that was broken, or the code of the task; empty for the other kinds.
    """

    kind: EventKind = attrs.field(validator=instance(EventKind))
    id: str = attrs.field(validator=name)
    at: int = attrs.field(converter=to_epoch)
    cites: str = ""

    def __attrs_post_init__(self) -> None:
        if self.kind is VIOLATION or self.kind is TASK:
            checked_name(self.cites, "Event", "cites")
        elif self.cites != "":
            raise refuse("Event", f"a {self.kind.value} cites {shown(self.cites)}; it names only its target, by id")

    @staticmethod
    def violation(id: str, *, rule: str, at: int | dt.datetime) -> Event:  # noqa: A002 - the word of the field
        """Say that decision ``id`` found rule ``rule`` broken."""
        return Event(kind=VIOLATION, id=id, at=at, cites=rule)

    @staticmethod
    def task(id: str, *, code: str, at: int | dt.datetime) -> Event:  # noqa: A002 - the word of the field
        """Say that a recovery task of a kind the policy knows was done."""
        return Event(kind=TASK, id=id, at=at, cites=code)

    @staticmethod
    def overturn(id: str, *, at: int | dt.datetime) -> Event:  # noqa: A002 - the word of the field
        """Say that violation or task ``id`` never happened."""
        return Event(kind=OVERTURN, id=id, at=at)

    @staticmethod
    def hold(id: str, *, at: int | dt.datetime) -> Event:  # noqa: A002 - the word of the field
        """Say that violation ``id`` waits, as for an appeal."""
        return Event(kind=HOLD, id=id, at=at)

    @staticmethod
    def release(id: str, *, at: int | dt.datetime) -> Event:  # noqa: A002 - the word of the field
        """Say that violation ``id`` counts again."""
        return Event(kind=RELEASE, id=id, at=at)

    @property
    def key(self) -> tuple[int, int, str, str]:
        """Place in the history: by instant, kind, id."""
        return (self.at, _ORDER[self.kind], self.id, self.cites)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        data = {"kind": self.kind.value, "id": self.id, "at": to_iso(self.at)}
        return {**data, "cites": self.cites} if self.cites else data

    @staticmethod
    def from_dict(data: object) -> Event:
        """Read what `to_dict` wrote.

        Raises:
            InputError: What is wrong.
        """
        found = read_fields(Event, data, "Event")
        kinds = {kind.value: kind for kind in EventKind}
        kind = found["kind"]
        if type(kind) is not str or kind not in kinds:
            raise refuse("Event", f"no kind {shown(kind)}; accepted are {', '.join(kinds)}", path="$.kind")
        return Event(**{**found, "kind": kinds[kind], "at": from_iso(found["at"])})


def _listed(events: Any) -> tuple[Event, ...]:
    if not isinstance(events, tuple | list) or not all(isinstance(event, Event) for event in events):
        raise refuse("CreditHistory", f"events is {shown(events)}; give a list of Event", path="$.events", code="type")
    return tuple(sorted(set(events), key=lambda event: event.key))


@attrs.frozen(kw_only=True)
class CreditHistory:
    """Everything that bears on the credit of one account, in one order whatever order it came in.

    An event given twice counts once. Adding is O(n); give many at once with `of`.

    Attributes:
        events: Sorted by instant, kind and id.
    """

    events: tuple[Event, ...] = attrs.field(default=(), converter=_listed)
    _known: dict[str, Event] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        known: dict[str, Event] = {}
        for event in self.events:
            if event.kind is VIOLATION or event.kind is TASK:
                known.setdefault(event.id, event)
        problems = [
            problem
            for place, event in enumerate(self.events)
            for problem in _conflicts(event, known, f"$.events[{place}]")
        ]
        if problems:
            raise InputError("CreditHistory", tuple(problems))
        object.__setattr__(self, "_known", known)

    @staticmethod
    def of(events: Iterable[Event]) -> CreditHistory:
        """Build a history from events in any order. O(n log n).

        Raises:
            InputError: An id stands for two things, or an overturn, hold or release is about
                nothing that is there, or precedes it.
        """
        if not isinstance(events, Iterable):
            raise refuse("CreditHistory", f"{shown(events)} is no list of events", code="type")
        return CreditHistory(events=tuple(events))

    def add(self, event: Event) -> CreditHistory:
        """Give the history with one event more; the same one again changes nothing.

        Raises:
            InputError: As for `of`.
        """
        if not isinstance(event, Event):
            raise refuse("CreditHistory", f"{shown(event)} is no event; give an Event", code="type")
        place = bisect_left(self.events, event.key, key=lambda other: other.key)
        if place < len(self.events) and self.events[place] == event:
            return self
        problems = _conflicts(event, self._known, "$")
        if problems:
            raise InputError("CreditHistory", tuple(problems))
        # Past the checks of the whole, which would make adding n events one by one cost n * n of them.
        history: CreditHistory = object.__new__(CreditHistory)
        known = self._known
        if event.kind is VIOLATION or event.kind is TASK:
            known = {**known, event.id: event}
        object.__setattr__(history, "events", (*self.events[:place], event, *self.events[place:]))
        object.__setattr__(history, "_known", known)
        return history

    def violation(self, id: str, *, rule: str, at: int | dt.datetime) -> CreditHistory:  # noqa: A002 - as in Event
        """Add that decision ``id`` found a rule broken.

        Args:
            id: The decision. The same one twice counts once.
            rule: The published rule that it cites.
            at: When the conduct was decided on.
        """
        return self.add(Event.violation(id, rule=rule, at=at))

    def task(self, id: str, *, code: str, at: int | dt.datetime) -> CreditHistory:  # noqa: A002 - as in Event
        """Add that a recovery task was done."""
        return self.add(Event.task(id, code=code, at=at))

    def overturn(self, id: str, *, at: int | dt.datetime) -> CreditHistory:  # noqa: A002 - as in Event
        """Add that a violation or task never happened; from ``at`` on, everything is told without it."""
        return self.add(Event.overturn(id, at=at))

    def hold(self, id: str, *, at: int | dt.datetime) -> CreditHistory:  # noqa: A002 - as in Event
        """Add that a violation counts for nothing until it is released or overturned."""
        return self.add(Event.hold(id, at=at))

    def release(self, id: str, *, at: int | dt.datetime) -> CreditHistory:  # noqa: A002 - as in Event
        """Add that a violation counts again, as if never held. In the second of a hold, the release wins."""
        return self.add(Event.release(id, at=at))

    def known(self, *, at: int | dt.datetime) -> tuple[Event, ...]:
        """Give what had happened by an instant, that instant included."""
        return self.events[: bisect_right(self.events, to_epoch(at), key=_AT)]

    def effective(self, *, at: int | dt.datetime) -> tuple[Event, ...]:
        """Give the violations and tasks that count at an instant, in order."""
        known = self.known(at=at)
        aside: set[str] = set()
        held: set[str] = set()
        for event in known:
            kind = event.kind
            if kind is OVERTURN:
                aside.add(event.id)
            elif kind is HOLD:
                held.add(event.id)
            elif kind is RELEASE:
                held.discard(event.id)
        aside |= held
        return tuple(
            [event for event in known if (event.kind is VIOLATION or event.kind is TASK) and event.id not in aside]
        )

    def status(self, id: str, *, at: int | dt.datetime) -> Status:  # noqa: A002 - as in Event
        """Tell how a violation or task stands at an instant."""
        checked_name(id, "CreditHistory", "id")
        about = [event.kind for event in self.known(at=at) if event.id == id]
        if not about:
            return Status.UNKNOWN
        if OVERTURN in about:
            return Status.OVERTURNED
        marks = [kind for kind in about if kind in (HOLD, RELEASE)]
        return Status.HELD if marks and marks[-1] is HOLD else Status.EFFECTIVE

    def fingerprint(self, *, at: int | dt.datetime) -> str:
        """Give the digest of what was known at an instant: equal for equal knowledge, whenever it came in."""
        return digest_bytes(rows(self.known(at=at)).encode())

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {"schema": 1, "events": [event.to_dict() for event in self.events]}

    @staticmethod
    def from_dict(data: object) -> CreditHistory:
        """Read what `to_dict` wrote.

        Raises:
            InputError: Lists every event that cannot be read, with its place.
        """
        if type(data) is not dict or set(data) != {"schema", "events"} or type(data["events"]) is not list:
            raise refuse("CreditHistory", f"expected an object with schema and events, got {shown(data)}")
        if type(data["schema"]) is not int or data["schema"] != 1:
            raise refuse("CreditHistory", f"schema {shown(data['schema'])} is not known; this is 1", path="$.schema")
        events, problems = [], []
        for place, item in enumerate(data["events"]):
            try:
                events.append(Event.from_dict(item))
            except InputError as bad:
                path = f"$.events[{place}]"
                problems += [problem._replace(path=path + problem.path[1:]) for problem in bad.problems]
        if problems:
            raise InputError("CreditHistory", tuple(problems))
        return CreditHistory.of(events)


def rows(events: Iterable[Event]) -> str:
    """Write events as canonical JSON, one list each, by hand: the general writer is ten times slower."""
    text = encode_basestring
    return f"[{','.join([f'[{e.at},{_WRITTEN[e.kind]},{text(e.id)},{text(e.cites)}]' for e in events])}]"


def _conflicts(event: Event, known: dict[str, Event], path: str) -> list[Problem]:
    other = known.get(event.id)
    if event.kind is VIOLATION or event.kind is TASK:
        if other is None or other == event:
            return []
        message = f"{event.id!r} stands for two events, {other.to_dict()} and {event.to_dict()}; give each its own id"
        return [Problem(message, path, "conflict")]
    if other is None:
        return [Problem(f"{event.kind.value} of {event.id!r}, which is not in the history", path, "unknown_id")]
    if event.at < other.at:
        message = f"{event.kind.value} of {event.id!r} at {to_iso(event.at)}, before it happened at {to_iso(other.at)}"
        return [Problem(message, path, "order")]
    if event.kind is not OVERTURN and other.kind is TASK:
        return [Problem(f"{event.kind.value} of task {event.id!r}; only violations can be held", path, "kind")]
    return []
