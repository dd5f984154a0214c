"""Trees into other trees that find the same texts, cheaper.

All of it holds for one question only: is there a match *somewhere* in the text?
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from platgov._patterns import sets, tree
from platgov._patterns.tree import Alternation, Assertion, Chars, Concat, Node, Place, Repeat

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["factor", "folded", "reverse", "trim"]

_FOLDED_CLASS_MAX: Final = 256
_FACTOR_DEPTH: Final = 16

_MIRRORED: Final = {
    Place.TEXT_START: Place.TEXT_END,
    Place.TEXT_END: Place.TEXT_START,
    Place.LINE_START: Place.LINE_END,
    Place.LINE_END: Place.LINE_START,
    Place.BOUNDARY: Place.BOUNDARY,
    Place.NOT_BOUNDARY: Place.NOT_BOUNDARY,
}


def folded(node: Node, fold: Callable[[str], str]) -> Node:
    """Put every character through the folding that texts have been through.

    A small class becomes the choice of what its members fold to. A class of more than 256
    characters, and with it every negated one, stays: it says what is *not* looked for.

    Args:
        node: The pattern as written.
        fold: Folds one character, to any number of characters.
    """
    match node:
        case Chars(ranges) if sets.size(ranges) <= _FOLDED_CLASS_MAX:
            return tree.alternation(tree.text(fold(chr(code))) for code in sets.members(ranges))
        case Concat(items):
            return tree.concat(folded(item, fold) for item in items)
        case Alternation(branches):
            return tree.alternation(folded(branch, fold) for branch in branches)
        case Repeat(item, low, high):
            return tree.repeat(folded(item, fold), low, high)
    return node


def reverse(node: Node) -> Node:
    """Give the pattern of the texts read backwards."""
    match node:
        case Concat(items):
            return tree.concat(reverse(item) for item in reversed(items))
        case Alternation(branches):
            return tree.alternation(reverse(branch) for branch in branches)
        case Repeat(item, low, high):
            return tree.repeat(reverse(item), low, high)
        case Assertion(place):
            return Assertion(_MIRRORED[place])
    return node


def trim(node: Node) -> Node:
    r"""Drop what no match needs at either end: of ``\s*https?://\S+`` is left ``https?://\S``.

    A match that ends with an optional part is a match without it; one that starts with more
    repeats than needed holds a shorter one that starts later. Assertions stop the trimming.
    """
    return reverse(_trim_end(reverse(_trim_end(node))))


def _trim_end(node: Node) -> Node:
    if tree.nullable(node):
        return tree.EMPTY
    match node:
        case Concat(items):
            kept = list(items)
            while tree.nullable(kept[-1]):
                kept.pop()
            return tree.concat([*kept[:-1], _trim_end(kept[-1])])
        case Alternation(branches):
            return tree.alternation(_trim_end(branch) for branch in branches if not _has_start_in(branches[0], branch))
        case Repeat(item, low, _):
            few = tree.absorbed(item)
            if isinstance(few, Chars):
                return tree.repeat(few, low, low)
            return tree.concat([tree.repeat(few, low - 1, low - 1), _trim_end(few)])
    return node


def _has_start_in(chars: Node, branch: Node) -> bool:
    """Tell whether a branch of several parts starts with what another branch matches alone."""
    first, *rest = tree.items_of(branch)
    return (
        isinstance(chars, Chars) and isinstance(first, Chars) and bool(rest) and sets.within(first.ranges, chars.ranges)
    )


def factor(node: Node, depth: int = 0) -> Node:
    """Pull out what branches start with, so that mostly one branch is left to try: ca(?:[rt]|ble)."""
    match node:
        case Concat(items):
            return tree.concat(factor(item, depth) for item in items)
        case Repeat(item, low, high):
            return tree.repeat(factor(item, depth), low, high)
        case Alternation(branches):
            rests: dict[Node, list[Node]] = {}
            for branch in branches:
                first, *rest = tree.items_of(branch)
                rests.setdefault(first, []).append(tree.concat(rest))
            return tree.alternation(_factored(first, rest, depth) for first, rest in rests.items())
    return node


def _factored(first: Node, rests: list[Node], depth: int) -> Node:
    if depth >= _FACTOR_DEPTH:  # words may share very long beginnings; the tree must stay shallow
        return tree.alternation(tree.concat([first, rest]) for rest in rests)
    rest = rests[0] if len(rests) == 1 else tree.alternation(rests)
    return tree.concat([factor(first, depth + 1), factor(rest, depth + 1)])
