"""The values that a fact may have: those at the edges of rules, ordinary ones, and the simplest."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, Final

from platgov._conditions.instants import duration_text, read_duration, read_timestamp, timestamp_text
from platgov._conditions.values import Duration, Timestamp, make_duration, make_timestamp
from platgov._facts.schema import Role

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from platgov._facts.schema import FactType, Field, Schema
    from platgov._testing.constants import Constants, Path

__all__ = ["Domains", "leaves", "with_value"]

_WORDS: Final = ("hello", "buy now", "Spam", "\u00e9t\u00e9", "\u65e5\u672c", "x", "two words", "\U0001f600")
_MOST: Final = 60
_SECOND: Final = 10**9
_NOW: Final = 1_770_000_000
_BIG: Final = 10**6


class Domains:
    """The values of the facts of a schema, with the constants of some rules in mind."""

    def __init__(self, schema: Schema, constants: Constants) -> None:
        self.schema, self.constants = schema, constants
        self._edges: dict[Path, tuple[Any, ...]] = {}

    def edges(self, path: Path) -> tuple[Any, ...]:
        """Give usable values of a fact near the constants that rules compare it with; none for a struct."""
        if path not in self._edges:
            field = self.schema.at(path)
            found = () if field is None else dict.fromkeys(map(_key, self._near(field.type, field, path)))
            self._edges[path] = tuple(value for _, value in found)[:_MOST]
        return tuple(_copied(value) for value in self._edges[path])

    def _near(self, kind: FactType, field: Field | None, path: Path) -> Iterator[Any]:
        near = self.constants.of(path)
        match kind.kind:
            case "bool":
                yield from (False, True)
            case "enum":
                yield from kind.values
            case "int":
                low, high = _whole_range(field)
                for value in (*near, *_bounds(field), 0, 1):
                    if isinstance(value, int | float) and math.isfinite(value):
                        yield from (
                            number
                            for number in (math.floor(value) + step for step in (-1, 0, 1))
                            if low <= number <= high
                        )
            case "float":
                least, greatest = _range(field)
                for value in (*near, *_bounds(field), 0.0):
                    if isinstance(value, int | float) and math.isfinite(value) and abs(value) < 1e300:
                        point = float(value)
                        for number in (point, math.nextafter(point, -math.inf), math.nextafter(point, math.inf)):
                            if least <= number <= greatest:
                                yield number + 0.0
            case "text":
                for value in near:
                    if isinstance(value, str):
                        yield from (value, f"{value}x", f"a {value} b", value.upper())
                yield from ("", "~")
            case "timestamp":
                for value in near:
                    moment: Any = read_timestamp(value) if isinstance(value, str) else None
                    if type(value) is int and abs(value) < 4_000_000_000:
                        moment = Timestamp(value * _SECOND)
                    if isinstance(moment, Timestamp):
                        beside = (make_timestamp(moment.ns + step * _SECOND) for step in (-1, 0, 1))
                        yield from (timestamp_text(other) for other in beside if isinstance(other, Timestamp))
                yield timestamp_text(Timestamp(_NOW * _SECOND))
            case "duration":
                for value in near:
                    span = read_duration(value) if isinstance(value, str) else None
                    if isinstance(span, Duration):
                        around = (make_duration(span.ns + step * _SECOND) for step in (-1, 0, 1))
                        yield from (duration_text(other) for other in around if isinstance(other, Duration))
                yield from ("0s", "90s")
            case "list" if kind.item is not None:
                items = [item for _, item in dict.fromkeys(map(_key, self._near(kind.item, None, path)))][:12]
                yield []
                yield from ([item] for item in items)
                yield from ([one, other] for one, other in itertools.pairwise(items))
                if items:
                    yield items[:6]

    def plain(self, kind: FactType, field: Field | None, rng: random.Random, path: Path, depth: int = 4) -> Any:
        """Draw an ordinary value."""
        match kind.kind:
            case "bool":
                return rng.random() < 0.5
            case "enum":
                return rng.choice(kind.values)
            case "int":
                low, high = _whole_range(field)
                reach = rng.choice((3, 12, 1_000, _BIG))
                return rng.randint(max(low, -reach), min(high, reach)) if low <= reach and high >= -reach else low
            case "float":
                least, greatest = _range(field)
                return (
                    rng.uniform(max(least, -100.0), min(greatest, 100.0))
                    if least <= 100.0 and greatest >= -100.0
                    else least
                )
            case "text":
                return _identifier(rng, path) if _is_id(path) else " ".join(rng.choices(_WORDS, k=rng.randint(1, 3)))
            case "timestamp":
                return timestamp_text(Timestamp((_NOW + rng.randint(-(10**8), 10**7)) * _SECOND))
            case "duration":
                return duration_text(Duration(rng.randint(0, 10**5) * _SECOND))
            case "list":
                if kind.item is None or depth == 0:
                    return []
                edges = list(self._near(kind.item, None, path))[:20]
                items = [
                    rng.choice(edges)
                    if edges and rng.random() < 0.5
                    else self.plain(kind.item, None, rng, path, depth - 1)
                    for _ in range(rng.choice((0, 1, 1, 2, 3)))
                ]
                return [item for _, item in dict.fromkeys(map(_key, items))] if kind.distinct else items
        return {inner.name: self.plain(inner.type, inner, rng, (*path, inner.name), depth - 1) for inner in kind.fields}

    def simplest(self, kind: FactType, field: Field | None) -> Any:
        """Give the value that needs the least thought."""
        match kind.kind:
            case "bool":
                return False
            case "enum":
                return kind.values[0]
            case "int":
                low, high = _whole_range(field)
                return min(max(0, low), high)
            case "float":
                least, greatest = _range(field)
                return min(max(0.0, least), greatest)
            case "text":
                return ""
            case "timestamp":
                return "1970-01-01T00:00:00Z"
            case "duration":
                return "0s"
            case "list":
                return []
        return {inner.name: self.simplest(inner.type, inner) for inner in kind.fields}


def _identifier(rng: random.Random, path: Path) -> str:
    return f"{path[-1][0]}{rng.randrange(10**6)}"


def _is_id(path: Path) -> bool:
    return path[-1].lower().removesuffix("s") in ("id", "uuid") or path[-1].lower().endswith(("_id", "_uuid", "_key"))


def is_proxy(path: Path, field: Field) -> bool:
    """Tell whether a fact that is declared as conduct can only name somebody or something."""
    return field.role in (Role.CONDUCT, Role.OPAQUE) and field.type.kind in ("text", "int") and _is_id(path)


class _Pair(tuple[Any, ...]):
    """A value with its key; equal if the keys are."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Pair) and self[0] == other[0]

    def __hash__(self) -> int:
        return hash(self[0])


def _key(value: Any) -> _Pair:
    return _Pair(((type(value).__name__, repr(value)), value))


def _copied(value: Any) -> Any:
    return list(value) if type(value) is list else value


def _bounds(field: Field | None) -> list[float]:
    return [] if field is None else [bound for bound in (field.ge, field.le) if bound is not None]


def _range(field: Field | None) -> tuple[float, float]:
    low = -math.inf if field is None or field.ge is None else float(field.ge)
    return low, math.inf if field is None or field.le is None else float(field.le)


def _whole_range(field: Field | None) -> tuple[int, int]:
    low, high = _range(field)
    return (
        -(2**63) if low == -math.inf else math.ceil(low),
        2**63 - 1 if high == math.inf else math.floor(high),
    )


def leaves(schema: Schema) -> Iterator[tuple[Path, Field]]:
    """Give every fact that is no struct, with its path."""

    def below(fields: tuple[Field, ...], path: Path) -> Iterator[tuple[Path, Field]]:
        for field in fields:
            if field.type.kind == "struct":
                yield from below(field.type.fields, (*path, field.name))
            else:
                yield (*path, field.name), field

    return below(schema.fields, ())


ABSENT: Final = object()
"""Stands for a fact that is left out."""


def with_value(event: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """Give an event with one fact set or left out; structs around it are made where they are needed."""
    first, *rest = path
    changed = dict(event)
    if rest:
        inner = event.get(first)
        if type(inner) is not dict:
            if value is ABSENT:
                return changed
            inner = {}
        changed[first] = with_value(inner, tuple(rest), value)
    elif value is ABSENT:
        changed.pop(first, None)
    else:
        changed[first] = value
    return changed


def value_at(event: dict[str, Any], path: Path) -> Any:
    """Give a fact of an event; `ABSENT` if it is not there."""
    inside: Any = event
    for name in path:
        if type(inside) is not dict or name not in inside:
            return ABSENT
        inside = inside[name]
    return inside
