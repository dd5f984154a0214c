"""Sets of code points, as sorted ranges that neither touch nor overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "ANY",
    "DIGITS",
    "NEWLINE",
    "NOT_NEWLINE",
    "SPACES",
    "WORD",
    "Ranges",
    "disjoint",
    "invert",
    "members",
    "merge",
    "single",
    "size",
    "within",
]

Ranges = tuple[tuple[int, int], ...]
"""First and last code point of each range, both included. Equal sets are equal tuples."""

_LAST: Final = 0x10FFFF


def merge(*sets: Iterable[tuple[int, int]]) -> Ranges:
    """Unite sets, or bring loose ranges into order."""
    united: list[tuple[int, int]] = []
    for low, high in sorted(pair for ranges in sets for pair in ranges):
        if united and low <= united[-1][1] + 1:
            united[-1] = (united[-1][0], max(high, united[-1][1]))
        else:
            united.append((low, high))
    return tuple(united)


def invert(ranges: Ranges) -> Ranges:
    """Give every code point that is not in the set."""
    gaps: list[tuple[int, int]] = []
    at = 0
    for low, high in ranges:
        if at < low:
            gaps.append((at, low - 1))
        at = high + 1
    if at <= _LAST:
        gaps.append((at, _LAST))
    return tuple(gaps)


def disjoint(one: Ranges, other: Ranges) -> bool:
    """Tell whether no code point is in both."""
    at, to = 0, 0
    while at < len(one) and to < len(other):
        if one[at][1] < other[to][0]:
            at += 1
        elif other[to][1] < one[at][0]:
            to += 1
        else:
            return False
    return True


def within(one: Ranges, other: Ranges) -> bool:
    """Tell whether every code point of the first is in the second."""
    return disjoint(one, invert(other))


def size(ranges: Ranges) -> int:
    """Count the code points."""
    return sum(high - low + 1 for low, high in ranges)


def members(ranges: Ranges) -> Iterator[int]:
    """Give the code points in order."""
    for low, high in ranges:
        yield from range(low, high + 1)


def single(ranges: Ranges) -> str:
    """Give the only character of a set of one; an empty text for any other set."""
    return chr(ranges[0][0]) if len(ranges) == 1 and ranges[0][0] == ranges[0][1] else ""


# The classes of RE2's syntax: ASCII only, and \s without the vertical tab.
ANY: Final[Ranges] = ((0, _LAST),)
DIGITS: Final[Ranges] = ((48, 57),)
WORD: Final[Ranges] = ((48, 57), (65, 90), (95, 95), (97, 122))
SPACES: Final[Ranges] = ((9, 10), (12, 13), (32, 32))
NEWLINE: Final[Ranges] = ((10, 10),)
NOT_NEWLINE: Final = invert(NEWLINE)
