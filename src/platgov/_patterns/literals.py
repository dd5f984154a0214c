"""Plain texts that a match cannot do without."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final, NamedTuple

from platgov._patterns import sets, tree
from platgov._patterns.tree import Alternation, Assertion, Chars, Concat, Repeat

if TYPE_CHECKING:
    from platgov._patterns.tree import Node

__all__ = ["plain", "required"]

_SPELLINGS_MAX: Final = 16
_WORDS_MAX: Final = 256
_LENGTH_MAX: Final = 64
_TEXTS: Final = 12**8
_RARE: Final = frozenset('!"#$%&()*+-/:;<=>?@[\\]^_`{|}~')

_Words = frozenset[str]
_BLANK: Final[_Words] = frozenset(("",))
_UNKNOWN: Final[_Words] = frozenset()


class _Found(NamedTuple):
    """What is known of one node.

    Attributes:
        exact: All the texts it matches; empty when they are too many or without end.
        needed: Texts of which every match holds at least one; empty when unknown.
    """

    exact: _Words
    needed: _Words


def plain(node: Node) -> str | None:
    """Give the text when a pattern is a plain text, and None when it is anything else."""
    parts: list[str] = []
    for item in tree.items_of(node):
        match item:
            case Chars(ranges) if sets.single(ranges):
                parts.append(sets.single(ranges))
            case Repeat(Chars(ranges), low, high) if low == high and sets.single(ranges):
                parts.append(sets.single(ranges) * low)
            case _:
                return None
    return "".join(parts)


def required(node: Node) -> tuple[str, ...]:
    """Give texts of which at least one is in every text that matches, sorted; empty when none are known.

    Of the sets that would do, it is the one that should be in the fewest texts.
    """
    found = _known(node)
    best = _better(found.exact, found.needed)
    # A text that holds another of the set adds nothing.
    return tuple(sorted(word for word in best if not any(other != word and other in word for other in best)))


def _known(node: Node) -> _Found:
    match node:
        case Chars(ranges) if 0 < sets.size(ranges) <= _SPELLINGS_MAX:
            return _Found(frozenset(map(chr, sets.members(ranges))), _UNKNOWN)
        case Assertion():
            return _Found(_BLANK, _UNKNOWN)
        case Concat(items):
            return _sequence([part for item in items for part in _parts(item)])
        case Alternation(branches):
            return _choice([_known(branch) for branch in branches])
        case Repeat(item, 0, 1):
            exact = _known(item).exact
            return _Found(exact | _BLANK if exact else _UNKNOWN, _UNKNOWN)
        case Repeat():
            return _sequence(_parts(node))
    return _Found(_UNKNOWN, _UNKNOWN)


def _parts(node: Node) -> list[_Found]:
    """Write a repeat out as far as it is sure: of x{2,} are sure an x, an x and something unknown."""
    if not isinstance(node, Repeat) or (node.low, node.high) == (0, 1):
        return [_known(node)]
    copies = [_known(node.item)] * min(node.low, _LENGTH_MAX)
    return copies if node.low == node.high == len(copies) else [*copies, _Found(_UNKNOWN, _UNKNOWN)]


def _sequence(parts: list[_Found]) -> _Found:
    """Spell out neighbours together for as long as there are few spellings."""
    run, needed, whole = _BLANK, _UNKNOWN, True
    for part in parts:
        needed = _better(needed, part.needed)
        joined = _joined(run, part.exact)
        whole = whole and bool(joined)
        run = joined or part.exact or _BLANK
        needed = _better(needed, run)
    return _Found(run if whole else _UNKNOWN, needed)


def _joined(left: _Words, right: _Words) -> _Words:
    if len(left) * len(right) > max(_SPELLINGS_MAX, len(left), len(right)):
        return _UNKNOWN
    joined = frozenset(a + b for a, b in itertools.product(left, right))
    return joined if max(map(len, joined), default=0) <= _LENGTH_MAX else _UNKNOWN


def _choice(parts: list[_Found]) -> _Found:
    exact = _UNKNOWN
    if all(part.exact for part in parts):
        exact = frozenset().union(*(part.exact for part in parts))
    needed = [_better(part.exact, part.needed) for part in parts]
    union: _Words = frozenset().union(*needed) if all(needed) else _UNKNOWN
    return _Found(exact if len(exact) <= _WORDS_MAX else _UNKNOWN, union if len(union) <= _WORDS_MAX else _UNKNOWN)


def _better(one: _Words, other: _Words) -> _Words:
    """Choose the set that should be in fewer texts."""
    return min(one, other, key=_frequency)


def _frequency(words: _Words) -> tuple[int, int]:
    """Guess in how many of 12**8 texts one of the words is, and add what looking for each costs; long words first."""
    if not words:
        return _TEXTS, 0
    return sum(_TEXTS // 12 ** min(_rarity(word), 8) + _TEXTS // 100 for word in words), -min(map(len, words))


def _rarity(word: str) -> int:
    """Count letters; a sign is as rare as three, except full stop, comma and apostrophe."""
    return len(word) + 2 * sum(char in _RARE for char in word)
