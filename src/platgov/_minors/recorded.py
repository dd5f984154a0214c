"""What a usage is made of: time by labels, sessions, flags, days that were folded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._canonical import shown
from platgov._minors.checks import checked_name, flag, items_of, name, names, refuse, whole
from platgov._minors.counting import CounterKey, Span, counter_key, merged_spans
from platgov._time import FIRST, LAST, to_epoch

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "DEVICE",
    "Cell",
    "Flag",
    "Lane",
    "Session",
    "as_cells",
    "as_flags",
    "as_lanes",
    "as_sessions",
    "devices_in",
    "labels",
    "optional_instant",
]

DEVICE: Final = "device:"


def _instant(value: Any) -> int:
    return to_epoch(value)


def optional_instant(value: Any) -> int | None:
    """Read an instant, or None."""
    return None if value is None else to_epoch(value)


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
        return counter_key(self.scope, tuple(self.except_for), by_device=self.by_device)


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


def devices_in(tags: Iterable[str]) -> tuple[str, ...]:
    """Give the labels that name devices, sorted."""
    return tuple(sorted(tag for tag in tags if tag.startswith(DEVICE)))


def as_lanes(value: Iterable[Lane]) -> tuple[Lane, ...]:
    """Keep one lane for each set of labels, sorted; what is equal is stored equally."""
    by_tags: dict[frozenset[str], list[Lane]] = {}
    for lane in items_of(Lane, "Usage", "lanes")(value):
        by_tags.setdefault(lane.tags, []).append(lane)
    joined = (
        lanes[0] if len(lanes) == 1 else Lane(tags=tags, spans=[span for lane in lanes for span in lane.spans])
        for tags, lanes in by_tags.items()
    )
    return tuple(sorted((lane for lane in joined if lane.spans), key=lambda lane: sorted(lane.tags)))


def as_sessions(value: Iterable[Session]) -> tuple[Session, ...]:
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


def as_flags(value: Iterable[Flag]) -> tuple[Flag, ...]:
    most: dict[tuple[str, str], Flag] = {}
    for item in items_of(Flag, "Usage", "flags")(value):
        key = (item.event_id, item.code)
        most[key] = max(item, most.get(key, item))
    return tuple(sorted(most.values()))


def as_cells(value: Iterable[Cell]) -> tuple[Cell, ...]:
    most: dict[tuple[Any, ...], Cell] = {}
    for cell in items_of(Cell, "Usage", "cells")(value):
        key = (cell.key, cell.start, cell.end)
        most[key] = max(cell, most.get(key, cell))
    return tuple(sorted(most.values()))
