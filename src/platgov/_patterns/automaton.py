"""A pattern as an automaton without empty moves: one position per character it spells out.

A state is the set of positions that some way through the pattern has just matched, held in
the bits of an integer. What makes this fast is that the moves of all positions at once are
few operations on such integers: most positions move to the next one (a shift), and most
others share their targets with many (a group).

Assertions sit on the moves. A move, a start or an end holds under *conditions*: a set, again
in the bits of an integer, of what may stand before and after.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import attrs

from platgov._patterns.tree import Alternation, Assertion, Chars, Concat, Node, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from platgov._patterns.sets import Ranges

__all__ = ["EDGE", "LINE", "OTHER", "WORD", "Automaton", "Moves", "build", "context"]

# What may stand on one side of a place in the text: the end of the text, a line break, a
# word character, or anything else. A condition has one bit for each of the 16 pairs.
EDGE: Final = 0
OTHER: Final = 1
WORD: Final = 2
LINE: Final = 3
_ALWAYS: Final = 0xFFFF

_Pairs = tuple[tuple[int, int], ...]

_Conditional = dict[int, int]
"""Sets of positions by the condition under which they count."""


def context(before: int, after: int) -> int:
    """Number the pair of what stands before and after."""
    return before * 4 + after


def _when(holds: Callable[[int, int], bool]) -> int:
    return sum(1 << context(a, b) for a in range(4) for b in range(4) if holds(a, b))


_CONDITIONS: Final = {
    Place.TEXT_START: _when(lambda before, _: before == EDGE),
    Place.TEXT_END: _when(lambda _, after: after == EDGE),
    Place.LINE_START: _when(lambda before, _: before in (EDGE, LINE)),
    Place.LINE_END: _when(lambda _, after: after in (EDGE, LINE)),
    Place.BOUNDARY: _when(lambda before, after: (before == WORD) != (after == WORD)),
    Place.NOT_BOUNDARY: _when(lambda before, after: (before == WORD) == (after == WORD)),
}


class _Part(NamedTuple):
    """A piece of the pattern: the conditions under which it is empty, its first and its last positions."""

    empty: int
    first: _Conditional
    last: _Conditional


class Moves(NamedTuple):
    """All that can happen in one context.

    Attributes:
        shifts: Positions, and how far up or down a target of each is.
        groups: Positions and the targets they share.
        first: Positions that a match can start with here.
        last: Positions that a match can end with here.
        empty: Whether the empty text matches here.
    """

    shifts: tuple[tuple[int, int, int], ...]
    groups: _Pairs
    first: int
    last: int
    empty: bool


_NONE: Final = _Part(_ALWAYS, {}, {})


@attrs.define
class Automaton:
    """What :func:`build` finds.

    Attributes:
        chars: For each position, the characters it matches.
        follow: For each position, where a match can go from it.
        whole: The whole pattern as one piece.
        places: The kinds of assertion in the pattern.
        descending: Sets of positions of which the lowest can match all that the others can.
        ascending: Likewise, with the highest.
    """

    chars: list[Ranges] = attrs.field(factory=list)
    follow: list[_Conditional] = attrs.field(factory=list)
    whole: _Part = _NONE
    places: set[Place] = attrs.field(factory=set)
    descending: list[int] = attrs.field(factory=list)
    ascending: list[int] = attrs.field(factory=list)

    def moves(self, now: int) -> Moves:
        """Collect what holds in one context."""
        follow = [_holding(targets, now) for targets in self.follow]
        shifts, groups = _arranged(follow)
        first, last = _holding(self.whole.first, now), _holding(self.whole.last, now)
        distances = tuple((sources, max(distance, 0), max(-distance, 0)) for sources, distance in shifts)
        return Moves(distances, groups, first, last, bool(self.whole.empty >> now & 1))

    def surely_last(self) -> int:
        """Give the positions that end a match whatever comes next."""
        return self.whole.last.get(_ALWAYS, 0)


def build(node: Node) -> Automaton:
    """Make the automaton of a pattern. Its size is that of the pattern with all counts written out."""
    automaton = Automaton()
    automaton.whole = _Builder(automaton).part(node)
    return automaton


class _Builder:
    def __init__(self, automaton: Automaton) -> None:
        self._automaton = automaton

    def part(self, node: Node) -> _Part:
        match node:
            case Chars(ranges):
                position = {_ALWAYS: 1 << len(self._automaton.chars)}
                self._automaton.chars.append(ranges)
                self._automaton.follow.append({})
                return _Part(0, position, position)
            case Assertion(place):
                self._automaton.places.add(place)
                return _Part(_CONDITIONS[place], {}, {})
            case Concat(items):
                return self._chain(map(self.part, items))
            case Alternation(branches):
                parts = [self.part(branch) for branch in branches]
                empty = 0
                for part in parts:
                    empty |= part.empty
                return _Part(empty, _union(*(part.first for part in parts)), _union(*(part.last for part in parts)))
        return self._repeat(node.item, node.low, node.high)

    def _repeat(self, item: Node, low: int, high: int | None) -> _Part:
        starts = [len(self._automaton.chars)]
        copies = []
        for _ in range(max(1, low) if high is None else high):
            copies.append(self.part(item))
            starts.append(len(self._automaton.chars))
        length = starts[1] - starts[0]
        if high is None:
            last = copies[-1]
            self._link(last.last, last.first)
            if low == 0:
                copies[-1] = last._replace(empty=_ALWAYS)
            # Further on in x{5,} is never worse: what is still owed is less.
            self._ranked(self._automaton.ascending, starts[:-1], length)
            return self._chain(copies)
        # x{2,5} is xx(x(x(x)?)?)?. Fewer spent in the optional part is never worse.
        tail = _NONE
        for copy in reversed(copies[low:]):
            tail = self._chain([copy, tail])._replace(empty=_ALWAYS)
        self._ranked(self._automaton.descending, starts[max(0, low - 1) : -1], length)
        return self._chain([*copies[:low], tail])

    @staticmethod
    def _ranked(ranks: list[int], starts: list[int], length: int) -> None:
        if len(starts) > 1:
            ranks += [sum(1 << start + offset for start in starts) for offset in range(length)]

    def _chain(self, parts: Iterable[_Part]) -> _Part:
        whole = _NONE
        for part in parts:
            self._link(whole.last, part.first)
            first = _union(whole.first, _only(part.first, whole.empty))
            whole = _Part(whole.empty & part.empty, first, _union(part.last, _only(whole.last, part.empty)))
        return whole

    def _link(self, sources: _Conditional, targets: _Conditional) -> None:
        for needed, positions in sources.items():
            reached = _only(targets, needed)
            for position in _bits(positions):
                self._automaton.follow[position] = _union(self._automaton.follow[position], reached)


def _only(positions: _Conditional, needed: int) -> _Conditional:
    """Add a condition to each set."""
    if needed == _ALWAYS:
        return positions
    return _merged((condition & needed, mask) for condition, mask in positions.items())


def _union(*several: _Conditional) -> _Conditional:
    filled = [positions for positions in several if positions]
    if len(filled) == 1:
        return filled[0]
    return _merged(pair for positions in filled for pair in positions.items())


def _merged(pairs: Iterable[tuple[int, int]]) -> _Conditional:
    merged: _Conditional = {}
    for condition, mask in pairs:
        if condition:
            merged[condition] = merged.get(condition, 0) | mask
    return merged


def _holding(positions: _Conditional, now: int) -> int:
    held = 0
    for condition, mask in positions.items():
        if condition >> now & 1:
            held |= mask
    return held


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


_DISTANCES_MAX: Final = 6
_EDGES_MAX: Final = 20_000


def _arranged(follow: list[int]) -> tuple[_Pairs, _Pairs]:
    """Find few shifts and groups that together make all the moves."""
    distances: Counter[int] = Counter()
    if sum(mask.bit_count() for mask in follow) <= _EDGES_MAX:
        for position, mask in enumerate(follow):
            distances.update(target - position for target in _bits(mask))
    # Sorted by number, then by distance: equal patterns must be arranged alike.
    common = [distance for distance, _ in sorted(distances.items(), key=lambda pair: (-pair[1], pair[0]))]
    choices = [(1,), (0, 1), *(tuple(common[:count]) for count in range(_DISTANCES_MAX + 1))]
    return min((_arrange(follow, chosen) for chosen in choices), key=_expense)


def _arrange(follow: list[int], distances: tuple[int, ...]) -> tuple[_Pairs, _Pairs]:
    shared = Counter(follow)
    shifted = dict.fromkeys(distances, 0)
    groups: dict[int, int] = {}
    for position, mask in enumerate(follow):
        rest = mask
        for distance in distances:
            target = position + distance
            if target >= 0 and mask >> target & 1:
                shifted[distance] |= 1 << position
                rest &= ~(1 << target)
        if rest:
            # Targets that several positions share in full stay one group.
            targets = mask if shared[mask] > 1 else rest
            groups[targets] = groups.get(targets, 0) | 1 << position
    shifts = tuple((sources, distance) for distance, sources in shifted.items() if sources)
    return shifts, tuple((sources, targets) for targets, sources in groups.items())


def _expense(arranged: tuple[_Pairs, _Pairs]) -> int:
    """Compare arrangements: staying and moving to the next position cost next to nothing, other shifts most."""
    shifts, groups = arranged
    return len(groups) + sum(2 * (distance not in (0, 1)) for _, distance in shifts)
