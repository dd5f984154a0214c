"""The few kinds of values of a fact that conditions can tell apart.

``links > 3`` and ``links < 10`` leave "up to 3", "4 to 9" and "10 and more", and beside them
"absent" and "unusable": no condition sees into any of these *cells*.
"""

from __future__ import annotations

import enum
import math
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._conditions.values import (
    INT_MAX,
    INT_MIN,
    TIMESTAMP_MAX,
    TIMESTAMP_MIN,
    UNKNOWN,
    Duration,
    Timestamp,
)
from platgov._limits import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from platgov._consistency.atoms import Atom
    from platgov._facts.schema import Field

__all__ = ["Cell", "Path", "Variable", "bounds", "cells_of", "rank", "seen"]

Path = tuple[str, ...]

_LARGEST: Final = math.nextafter(math.inf, 0)


class Cell(enum.Enum):
    """A cell that is no value, or no particular one."""

    ABSENT = "absent"
    UNUSABLE = "unusable"
    OTHER = "other"
    """All texts but those written out in a condition; any list; any struct."""


@attrs.define(eq=False)
class Variable:
    """One fact, the size of one, or one test that nothing sees into.

    Attributes:
        sort: ``fact``, ``size`` or ``test``.
        path: The fact; of a test, its only fact, or empty.
        kind: The kind of the fact, as its schema declares it.
        field: The declaration.
        cells: What it may be: words for no value, (low, high) for numbers, else the value.
        atom: The test.
    """

    sort: str
    path: Path
    kind: str
    field: Field | None
    cells: list[Any] = attrs.field(factory=list)
    atom: Atom | None = None


def bounds(field: Field) -> list[Any]:
    """Give the constants in the declaration of a fact."""
    return [*field.type.values] + [bound for bound in (field.ge, field.le) if bound is not None]


def cells_of(variable: Variable, constants: Iterable[Any]) -> list[Any]:
    """Cut what a fact may be at the constants that it is compared with."""
    if variable.sort == "size":
        return [Cell.UNUSABLE, *_spans(variable, constants)]
    special: list[Any] = [Cell.ABSENT, Cell.UNUSABLE]
    match variable.kind:
        case "bool":
            return [*special, False, True]
        case "enum":
            return [*special, *sorted(set(constants))]
        case "text":
            return [*special, Cell.OTHER, *sorted({text for text in constants if type(text) is str})]
        case "list" | "struct":
            return [*special, Cell.OTHER]
    return [*special, *_spans(variable, constants)]


def _range(variable: Variable) -> tuple[Any, Any]:
    if variable.sort == "size":
        return 0, DEFAULT.text_bytes if variable.kind == "text" else DEFAULT.items
    if variable.kind == "float":
        return -_LARGEST, _LARGEST
    return (TIMESTAMP_MIN, TIMESTAMP_MAX) if variable.kind == "timestamp" else (INT_MIN, INT_MAX)


def _spans(variable: Variable, constants: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Cut the numbers of a fact at its constants: each constant is alone, and so is what lies between."""
    low, high = _range(variable)
    whole = variable.kind != "float" or variable.sort == "size"
    points: set[Any] = set()
    for constant in constants:
        for point in (math.floor(constant), math.ceil(constant)) if whole else (float(constant) + 0.0,):
            if low <= point <= high:
                points.add(point)
    spans = []
    start = low
    for point in sorted(points):
        before = point - 1 if whole else math.nextafter(point, -math.inf)
        if start <= before:
            spans.append((start, before))
        spans.append((point, point))
        start = point + 1 if whole else math.nextafter(point, math.inf)
    if start <= high:
        spans.append((start, high))
    return spans


def rank(variable: Variable, place: int) -> int:
    """Say how little a cell is wanted in an example: a value in range, then none at all, then one of no use."""
    cell, field = variable.cells[place], variable.field
    if cell is Cell.ABSENT:
        return 1
    if cell is Cell.UNUSABLE:
        return 2
    if variable.sort != "fact" or type(cell) is not tuple or field is None:
        return 0
    return 2 if (field.ge is not None and cell[0] < field.ge) or (field.le is not None and cell[1] > field.le) else 0


def seen(variable: Variable, cell: Any, field: Field | None) -> Any:
    """Give a value out of a cell, as conditions see it where the fact is declared like this."""
    if cell is Cell.ABSENT:
        return None
    if cell is Cell.UNUSABLE:
        return UNKNOWN
    if variable.sort == "size":
        return cell[0]
    if cell is Cell.OTHER:
        return _other_text(variable) if variable.kind == "text" else () if variable.kind == "list" else {}
    value = cell[0] if type(cell) is tuple else cell
    if field is None or (field.type.kind == "enum" and value not in field.type.values):
        return UNKNOWN
    if (field.ge is not None and value < field.ge) or (field.le is not None and value > field.le):
        return UNKNOWN
    wrap = {"timestamp": Timestamp, "duration": Duration}.get(variable.kind)
    return value if wrap is None else wrap(value)


def _other_text(variable: Variable) -> str:
    text = "~"
    while text in variable.cells:
        text += "~"
    return text
