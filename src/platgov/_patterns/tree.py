"""What a pattern says, in five kinds of node.

Every node is built by the functions here, which keep trees small and alike: equal
spellings of one pattern mostly become equal trees. Groups, captures and lazy quantifiers
are gone, as they change where a match lies but never whether there is one.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from platgov._patterns import sets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from platgov._patterns.sets import Ranges

__all__ = [
    "EMPTY",
    "NOTHING",
    "Alternation",
    "Assertion",
    "Chars",
    "Concat",
    "Node",
    "Place",
    "Repeat",
    "absorbed",
    "alternation",
    "concat",
    "items_of",
    "nullable",
    "positions",
    "repeat",
    "text",
]


class Place(enum.Enum):
    """Where an assertion holds."""

    TEXT_START = "text_start"
    TEXT_END = "text_end"
    LINE_START = "line_start"
    LINE_END = "line_end"
    BOUNDARY = "boundary"
    NOT_BOUNDARY = "not_boundary"


@attrs.frozen
class Chars:
    """One character out of a set; no character at all when the set is empty."""

    ranges: Ranges


@attrs.frozen
class Assertion:
    """A place between two characters."""

    place: Place


@attrs.frozen
class Concat:
    """One thing after another; the empty text when there are none."""

    items: tuple[Node, ...]


@attrs.frozen
class Alternation:
    """One thing or another, two at least, in no particular order."""

    branches: tuple[Node, ...]


@attrs.frozen
class Repeat:
    """A thing ``low`` to ``high`` times; without limit when ``high`` is None."""

    item: Node
    low: int
    high: int | None


Node: TypeAlias = Chars | Assertion | Concat | Alternation | Repeat

EMPTY: Final = Concat(())
NOTHING: Final = Chars(())


def text(chars: str) -> Node:
    """Give the node for a plain text."""
    return concat(Chars(((ord(char), ord(char)),)) for char in chars)


def items_of(node: Node) -> tuple[Node, ...]:
    """Give what stands one after another in a node."""
    return node.items if isinstance(node, Concat) else (node,)


def concat(nodes: Iterable[Node]) -> Node:
    """Put nodes one after another."""
    items: list[Node] = []
    for node in nodes:
        for item in items_of(node):
            if item == NOTHING:
                return NOTHING
            joined = item
            while items and (merged := _join(items[-1], joined)) is not None:
                items.pop()
                joined = merged
            items.append(joined)
    return items[0] if len(items) == 1 else Concat(tuple(items))


def _join(left: Node, right: Node) -> Node | None:
    """Count two neighbours as one repeat: x+x+ is x{2,}. Two plain characters stay two."""
    if isinstance(left, Chars) and isinstance(right, Chars):
        return None
    one, low, high = (left.item, left.low, left.high) if isinstance(left, Repeat) else (left, 1, 1)
    other, more_low, more_high = (right.item, right.low, right.high) if isinstance(right, Repeat) else (right, 1, 1)
    if not isinstance(one, Chars) or one != other:
        return None
    return Repeat(one, low + more_low, None if high is None or more_high is None else high + more_high)


def alternation(nodes: Iterable[Node]) -> Node:
    """Offer nodes side by side."""
    branches: dict[Node, None] = {}
    optional = False
    for node in nodes:
        for branch in node.branches if isinstance(node, Alternation) else (node,):
            if branch == EMPTY:
                optional = True
            elif branch != NOTHING:
                branches[branch] = None
    chars = [branch.ranges for branch in branches if isinstance(branch, Chars)]
    if chars:  # one set, and in front
        united = Chars(sets.merge(*chars))
        branches = dict.fromkeys([united, *(branch for branch in branches if not isinstance(branch, Chars))])
    if not branches:
        return EMPTY if optional else NOTHING
    offered = Alternation(tuple(branches)) if len(branches) > 1 else next(iter(branches))
    return repeat(offered, 0, 1) if optional else offered


def repeat(item: Node, low: int, high: int | None) -> Node:
    """Repeat a node. Nested repeats become one where they can mean the same."""
    if item == NOTHING:
        return NOTHING if low else EMPTY
    if high == 0 or item == EMPTY:
        return EMPTY
    if positions(item) == 0:  # nothing but assertions: once is as good as often
        return item if low else EMPTY
    if high is None:
        item = absorbed(item)
    if nullable(item):
        low = 0
    if (low, high) == (1, 1):
        return item
    if isinstance(item, Repeat) and _gapless(item, low, high):
        most = None if item.high is None or high is None else item.high * high
        return Repeat(item.item, item.low * low, most)
    return Repeat(item, low, high)


def absorbed(item: Node) -> Node:
    """Leave out of a choice what its set of characters spells as well: (?:[a-z]|rn)+ is [a-z]+.

    Only for a choice that is repeated without limit, where such a branch is no more than
    several rounds of the set. Folding makes these, where one letter folds to two.
    """
    if not isinstance(item, Alternation):
        return item
    first, *others = item.branches
    if not isinstance(first, Chars):
        return item
    covered = first.ranges
    return alternation([first, *(branch for branch in others if not _spelled_with(branch, covered))])


def _spelled_with(branch: Node, covered: Ranges) -> bool:
    return all(isinstance(part, Chars) and sets.within(part.ranges, covered) for part in items_of(branch))


def _gapless(inner: Repeat, low: int, high: int | None) -> bool:
    """Tell whether the counts that two nested repeats can reach have no gap: (x{2,3}){2} but not (x{5}){2,3}."""
    if low == high:
        return True
    if inner.high is None:
        return low > 0 or inner.low <= 1
    # k rounds reach k*inner.low to k*inner.high; the next must start no later than one above.
    return (low + 1) * inner.low <= low * inner.high + 1


def nullable(node: Node) -> bool:
    """Tell whether the empty text always matches, wherever it stands."""
    match node:
        case Concat(items):
            return all(nullable(item) for item in items)
        case Alternation(branches):
            return any(nullable(branch) for branch in branches)
        case Repeat(item, low, _):
            return low == 0 or nullable(item)
    return False


def positions(node: Node) -> int:
    """Count the characters a node spells out when every count is written in full."""
    match node:
        case Chars():
            return 1
        case Concat(items):
            return sum(positions(item) for item in items)
        case Alternation(branches):
            return sum(positions(branch) for branch in branches)
        case Repeat(item, low, high):
            return positions(item) * max(1, low if high is None else high)
    return 0
