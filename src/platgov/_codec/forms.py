"""JSON forms of single values: what they accept, and how they are read and written."""

from __future__ import annotations

import datetime as dt
import itertools
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Literal

import attrs

from platgov._canonical import MAX_INT, refusal, shown, step, under
from platgov._codec.kinds import name_of
from platgov._codec.problems import reasons
from platgov._limits import DEFAULT
from platgov._time import date_from_iso, instant_from_iso, instant_to_iso, whole_seconds
from platgov.errors import InputError, Problem

__all__ = [
    "COLLECTIONS",
    "PLAIN",
    "SCALARS",
    "TOO_DEEP",
    "Part",
    "Shape",
    "by_type",
    "check_keys",
    "check_length",
    "check_nesting",
    "chosen",
    "convert_all",
    "expected",
    "form",
    "own_reader",
    "time_shape",
    "unsupported",
]


@attrs.frozen(eq=False)
class Shape:
    """How one annotation is read and written.

    Attributes:
        wants: What it accepts, in words.
        takes: The plain types it reads.
        holds: The types it writes.
    """

    wants: str
    takes: frozenset[type]
    holds: frozenset[type]
    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


Part = tuple[object, Callable[[Any], Any], Any]
"""Where a part stands, how to convert it, and the part."""

TOO_DEEP = Problem(f"nested more than {DEFAULT.nesting} levels deep", code="nesting")
_LONGEST = 10_000 * 366 * 86_400  # seconds
PLAIN = {str, int, float, bool, list, dict}
COLLECTIONS: dict[Any, Any] = {
    tuple: tuple,
    Sequence: tuple,
    list: list,
    frozenset: frozenset,
    AbstractSet: frozenset,
    set: set,
}


def form(
    wants: str,
    takes: AbstractSet[type],
    holds: AbstractSet[type],
    read: Callable[[Any], Any],
    write: Callable[[Any], Any],
) -> Shape:
    """Make a shape whose functions see only the types they are for."""

    def read_form(data: Any) -> Any:
        if type(data) not in takes:
            raise expected(wants, data)
        return read(data)

    def write_form(value: Any) -> Any:
        if type(value) not in holds:
            raise expected(wants, value)
        return write(value)

    return Shape(wants, frozenset(takes), frozenset(holds), read_form, write_form)


def convert_all(parts: Iterable[Part]) -> list[Any]:
    """Convert every part and only then fail, with the problems of all of them."""
    done: list[Any] = []
    problems: list[Problem] = []
    for place, convert, part in parts:
        try:
            done.append(convert(part))
        except InputError as bad:
            problems.extend(under(step(place), bad.problems))
    if problems:
        raise InputError("value", tuple(problems))
    return done


def _text(data: str) -> str:
    try:
        data.encode()
    except UnicodeEncodeError as bad:
        raise refusal("surrogate", "holds a lone surrogate, which is no character", position=bad.start) from None
    return data


def _int(data: int) -> int:
    if -MAX_INT <= data <= MAX_INT:
        return data
    raise refusal("range", f"{shown(data)} is past ±{MAX_INT}, where readers differ; carry it as text")


def _float(data: float) -> float:
    # Past this bound canonical JSON spells a float as whole digits that are not quite its value.
    if -MAX_INT <= data <= MAX_INT:
        return data + 0.0  # a whole number becomes a float, minus zero becomes zero
    raise refusal("range", f"expected a finite number within ±{MAX_INT}, got {shown(data)}")


SCALARS: dict[Any, Shape] = {
    str: form("text", {str}, {str}, _text, _text),
    int: form("a whole number", {int}, {int}, _int, _int),
    float: form("a number", {float, int}, {float, int}, _float, _float),
    bool: form("true or false", {bool}, {bool}, bool, bool),
    types.NoneType: form("null", {types.NoneType}, {types.NoneType}, lambda data: data, lambda value: value),
}


def chosen(holds: AbstractSet[type], table: dict[tuple[type, Any], Any], plain: Callable[[Any], Any]) -> Shape:
    """Make the shape of an enum or a literal from (type, plain value) to value."""
    takes = {kind for kind, _ in table}
    if not takes or not takes <= {str, int, bool, types.NoneType}:
        raise refusal("unsupported", "an enum or literal needs values, each of them text or a whole number")
    wants = f"one of {', '.join(repr(value) for _, value in itertools.islice(table, 12))}{', …' * (len(table) > 12)}"

    def read(data: Any) -> Any:
        if (type(data), data) not in table:
            raise refusal("value", f"expected {wants}, got {shown(data)}")
        return table[type(data), data]

    def write(value: Any) -> Any:
        read(plain(value))
        return plain(value)

    return form(wants, takes, holds, read, write)


def time_shape(cls: Any) -> Shape:
    import pendulum  # noqa: PLC0415 - 30 ms; classes without times do not pay

    instants, days, spans = (
        {dt.datetime, pendulum.DateTime},
        {dt.date, pendulum.Date},
        {dt.timedelta, pendulum.Duration},
    )

    def read_instant(data: str | dt.datetime) -> pendulum.DateTime:
        return instant_from_iso(data if isinstance(data, str) else instant_to_iso(data))

    def read_day(data: str | dt.date) -> Any:
        day = date_from_iso(data) if isinstance(data, str) else data
        return cls(day.year, day.month, day.day)

    def read_span(data: int) -> Any:
        if abs(data) > _LONGEST:
            raise refusal("range", f"{shown(data)} is more seconds than 10,000 years have")
        return cls(seconds=data)

    if cls in instants:
        return form("an instant such as 2026-11-24T15:00:00Z", {str, *instants}, instants, read_instant, instant_to_iso)
    if cls in days:
        return form("a date such as 2026-11-24", {str, *days}, days, read_day, dt.date.isoformat)
    if cls in spans:
        return form("whole seconds", {int}, spans, read_span, whole_seconds)
    raise unsupported(cls)


def own_reader(cls: Any) -> Callable[[Any], Any]:
    def read(data: Any) -> Any:
        try:
            return cls.from_plain(data)
        except Exception as bad:  # noqa: BLE001 - a host's reader may fail in any way
            raise InputError("value", reasons(bad)) from None

    return read


def by_type(members: list[Shape], side: Literal["takes", "holds"]) -> dict[type, Shape]:
    table: dict[type, Shape] = {}
    for member in members:
        for kind in getattr(member, side):
            other = table.setdefault(kind, member)
            if other is member:
                continue
            if {other, member} != {SCALARS[int], SCALARS[float]}:
                raise refusal("unsupported", f"{other.wants} and {member.wants} look alike; tell them apart with Kinds")
            table[kind] = SCALARS[kind]  # a whole number stays whole
    return table


def check_keys(data: dict[Any, Any]) -> None:
    if len(data) > DEFAULT.keys:
        raise refusal("size", f"{len(data)} keys; at most {DEFAULT.keys} are read")
    for key in data:
        if type(key) is not str:
            raise refusal("type", f"a key is {shown(key)}; keys are text")


def check_length(data: Any) -> None:
    if len(data) > DEFAULT.items:
        raise refusal("size", f"{len(data)} items; at most {DEFAULT.items} are read")


def check_nesting(data: object) -> None:
    # Level by level, each container once: a value inside itself or shared a million times ends too.
    level = {id(data): data}
    for _ in range(DEFAULT.nesting + 1):
        level = {id(part): part for whole in level.values() for part in _containers(whole)}
        if not level:
            return
    raise InputError("value", (TOO_DEEP,))


def _containers(whole: object) -> Iterator[object]:
    parts: Iterable[object] = ()
    if type(whole) is dict:
        parts = whole.values()
    elif type(whole) is list or type(whole) is tuple:
        parts = whole
    return (part for part in parts if type(part) in (dict, list, tuple))


def expected(wants: str, value: object) -> InputError:
    return refusal("type", f"expected {wants}, got {shown(value)}")


def unsupported(annotation: Any) -> InputError:
    return refusal("unsupported", f"no JSON form is known for {name_of(annotation)}; see the table in platgov.codec")
