"""Formulas over variables with finitely many values: where a condition is true, where false, and the rest.

A set of values of a variable is one whole number whose bits are the values. A formula is in
negation normal form: "not" is nowhere, because the opposite of a set of values is a set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["AND", "FALSE", "OR", "TRUE", "Formula", "Rails", "both", "either", "opposite", "renamed"]

Formula = tuple[int, Any]
"""``(variable, cells)``: the variable is in one of the cells; or (AND, parts), or (OR, parts)."""

AND: Final = -1
OR: Final = -2
TRUE: Final[Formula] = (AND, ())
FALSE: Final[Formula] = (OR, ())


def both(parts: Iterable[Formula]) -> Formula:
    """Join with "and"."""
    return _joined(AND, OR, parts)


def either(parts: Iterable[Formula]) -> Formula:
    """Join with "or"."""
    return _joined(OR, AND, parts)


def _joined(tag: int, other: int, parts: Iterable[Formula]) -> Formula:
    kept: dict[Formula, None] = {}
    for part in parts:
        if part[0] == tag:
            kept.update(dict.fromkeys(part[1]))
        elif part == (other, ()):  # an empty "or" is false, and so is an "and" with it
            return part
        else:
            kept[part] = None
    return next(iter(kept)) if len(kept) == 1 else (tag, tuple(kept))


def opposite(formula: Formula, full: list[int]) -> Formula:
    """Give the formula that holds in all other worlds; ``full`` has all cells of each variable."""
    tag, body = formula
    if tag >= 0:
        left = full[tag] & ~body
        return (tag, left) if left else FALSE
    parts = (opposite(part, full) for part in body)
    return either(parts) if tag == AND else both(parts)


def renamed(formula: Formula, pairs: Mapping[int, int]) -> Formula:
    """Say of the second event what a formula says of the first."""
    tag, body = formula
    if tag >= 0:
        return (pairs.get(tag, tag), body)
    return (tag, tuple(renamed(part, pairs) for part in body))


class Rails(NamedTuple):
    """Where a condition is true, where it is false, and the opposites of the two."""

    true: Formula
    untrue: Formula
    false: Formula
    unfalse: Formula

    @staticmethod
    def of(true: Formula, false: Formula, full: list[int]) -> Rails:
        return Rails(true, opposite(true, full), false, opposite(false, full))
