"""Runs an automaton over a text in one pass, whatever the text.

Sets of positions that have come up are kept, with where each class of character leads: a
deterministic automaton that grows as texts need it, at some 30 ns a step. A text that makes
it grow without end is finished by moving all positions at once instead, which costs more a
step, but the same for every text. So time is linear, and both ways give the same answer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from platgov._patterns import sets
from platgov._patterns.automaton import EDGE, LINE, OTHER, WORD, Automaton, Moves, context
from platgov._patterns.tree import Place

if TYPE_CHECKING:
    from platgov._patterns.sets import Ranges

__all__ = ["Machine"]

_KNOWN_CHARS_MAX: Final = 20_000
_ROOM: Final = 1_500
_RANKS_MAX: Final = 32


class _DecidedError(Exception):
    """The answer is known before the end of the text."""

    def __init__(self, answer: bool) -> None:  # noqa: FBT001
        super().__init__(answer)
        self.answer = answer


class _FullError(Exception):
    """The text has made the machine grow as much as one text may."""


# What one step of a simulation needs, by the class of the next character; "" is the end of the text.
_Table: TypeAlias = dict[str, tuple[int, int, int, int, Any, Any, int, "_Table"]]


class _State(dict[str, "_State"]):
    """Where each class of character leads from here; filled in when first asked."""

    __slots__ = ("before", "ends", "machine", "positions")

    def __init__(self, machine: Machine, positions: int, before: int, *, ends: bool) -> None:
        super().__init__()
        self.machine, self.positions, self.before, self.ends = machine, positions, before, ends

    def __missing__(self, char: str) -> _State:
        return self.machine.grow(self, char)


class _Decided(_State):
    """No further character can change the answer."""

    __slots__ = ()

    def __missing__(self, char: str) -> _State:
        raise _DecidedError(self.ends)


class _Classes(dict[int, str]):
    """The class of each character, by code point, as a character itself: what ``str.translate`` takes."""

    def __init__(self, bounds: list[int], numbers: list[int]) -> None:
        super().__init__()
        self._bounds, self._numbers = bounds, numbers

    def __missing__(self, code: int) -> str:
        if len(self) >= _KNOWN_CHARS_MAX:
            self.clear()
        name = self[code] = chr(self._numbers[bisect_right(self._bounds, code) - 1])
        return name


class Machine:
    """A pattern that is ready to search.

    Attributes:
        step_ns: About how long it takes to move all positions at once.
    """

    def __init__(self, automaton: Automaton, *, ranked: bool = True) -> None:
        boundaries = bool({Place.BOUNDARY, Place.NOT_BOUNDARY} & automaton.places)
        lines = bool({Place.LINE_START, Place.LINE_END} & automaton.places)
        # Without assertions nobody asks what stands beside: every place is alike.
        self._edge = EDGE if automaton.places else OTHER
        extra = [sets.WORD] * boundaries + [sets.NEWLINE] * lines
        distinct = list(dict.fromkeys([*automaton.chars, *extra]))
        bounds, numbers, signatures = _partition(distinct)
        self._classes = _Classes(bounds, numbers)
        matched = dict.fromkeys(distinct, 0)
        for position, ranges in enumerate(automaton.chars):
            matched[ranges] |= 1 << position
        self._masks: dict[str, int] = {}
        self._kinds: dict[str, int] = {}
        for number, signature in enumerate(signatures):
            within = [ranges for bit, ranges in enumerate(distinct) if signature >> bit & 1]
            self._masks[chr(number)] = sum(matched[ranges] for ranges in within)
            word, line = boundaries and sets.WORD in within, lines and sets.NEWLINE in within
            self._kinds[chr(number)] = WORD if word else LINE if line else OTHER
        kinds = {self._edge, *self._kinds.values()}
        self._moves = {context(a, b): automaton.moves(context(a, b)) for a in kinds for b in kinds}
        self.step_ns = max(map(_step_ns, self._moves.values())) * (1 + len(automaton.chars) / 1500)
        self._surely_last = automaton.surely_last()
        self._descending = automaton.descending[:_RANKS_MAX] if ranked else []
        self._ascending = automaton.ascending[:_RANKS_MAX] if ranked else []
        inside = [self._moves[context(a, b)] for a in kinds - {EDGE} for b in kinds]
        self._anchored = not any(moves.first or moves.empty for moves in inside)
        self._found = _Decided(self, 0, self._edge, ends=True)
        self._lost = _Decided(self, 0, self._edge, ends=False)
        self._fresh = 1 << len(automaton.chars)
        self._tables: dict[int, _Table] | None = None
        self._reset()

    def search(self, text: str) -> bool:
        """Tell whether the pattern matches somewhere in the text."""
        classes = text.translate(self._classes)
        state = self._start
        try:
            for char in classes:
                state = state[char]
        except _DecidedError as decided:
            return decided.answer
        except _FullError:
            self._reset()
            return self._simulate(classes)
        return state.ends

    def explore(self, limit: int) -> bool:
        """Grow in full and tell whether that took at most ``limit`` moves; if so, searching never grows it."""
        self._room = limit
        try:
            waiting = [self._start]
            for state in waiting:
                for char in self._masks:
                    known = len(self._states)
                    reached = state[char]
                    if len(self._states) > known:
                        waiting.append(reached)
        except _FullError:
            self._reset()
            return False
        return True

    def grow(self, state: _State, char: str) -> _State:
        """Find where a class of character leads from a state, and remember it.

        Raises:
            _FullError: There is no more room.
        """
        if self._room <= 0:
            raise _FullError
        self._room -= 1
        after = self._kinds[char]
        moves = self._moves[context(state.before, after)]
        reached: _State
        if moves.empty or state.positions & moves.last:
            reached = self._found
        else:
            positions = self._best(_moved(state.positions, moves) & self._masks[char])
            if positions & self._surely_last:
                reached = self._found
            elif self._anchored and not positions:
                reached = self._lost
            else:
                reached = self._state(positions, after)
        state[char] = reached
        return reached

    def _reset(self) -> None:
        self._room = _ROOM
        self._states: dict[tuple[int, int], _State] = {}
        self._start = self._state(0, self._edge)

    def _state(self, positions: int, before: int) -> _State:
        state = self._states.get((positions, before))
        if state is None:
            at_end = self._moves[context(before, self._edge)]
            state = _State(self, positions, before, ends=at_end.empty or bool(positions & at_end.last))
            self._states[positions, before] = state
        return state

    def _best(self, positions: int) -> int:
        """Leave out positions that can match nothing that another one cannot: far fewer states come up."""
        for rank in self._descending:
            ranked = positions & rank
            positions ^= ranked ^ (ranked & -ranked)
        for rank in self._ascending:
            ranked = positions & rank
            if ranked:
                positions ^= ranked ^ (1 << ranked.bit_length() - 1)
        return positions

    def _simulate(self, classes: str) -> bool:
        """Search without growing: a fixed number of operations per character."""
        if self._tables is None:
            self._tables = self._tabulated()
        # One bit beyond all positions stands for a match that is about to begin.
        positions, table = self._fresh, self._tables[self._edge]
        for char in classes:
            last, stays, nexts, reached, groups, shifts, mask, table = table[char]  # one lookup a step
            if positions & last:
                return True
            # As in _moved; a call for each character would double the time.
            reached |= positions & stays | (positions & nexts) << 1
            for sources, targets in groups:
                if positions & sources:
                    reached |= targets
            if shifts:
                for sources, up, down in shifts:
                    moving = positions & sources
                    reached |= moving << up if up else moving >> down
            positions = reached & mask
        return bool(positions & table[""][0])

    def _tabulated(self) -> dict[int, _Table]:
        """Lay out, for what stood before and the class of the next character, all that one step needs."""
        tables: dict[int, _Table] = {before: {} for before in (self._edge, *self._kinds.values())}
        for before, table in tables.items():
            for char, after in (*self._kinds.items(), ("", self._edge)):
                moves = self._moves[context(before, after)]
                by_distance = {up - down: sources for sources, up, down in moves.shifts}
                stays, nexts = by_distance.pop(0, 0), by_distance.pop(1, 0)
                others = tuple((sources, max(far, 0), max(-far, 0)) for far, sources in by_distance.items())
                last, reached = moves.last | self._fresh * moves.empty, moves.first | self._fresh
                mask = self._masks.get(char, 0) | self._fresh
                table[char] = (last, stays, nexts, reached, moves.groups, others, mask, tables[after])
        return tables


def _moved(positions: int, moves: Moves) -> int:
    """Move all positions at once, and start afresh: a match may begin anywhere."""
    reached = moves.first
    for sources, up, down in moves.shifts:
        reached |= (positions & sources) << up >> down
    for sources, targets in moves.groups:
        if positions & sources:
            reached |= targets
    return reached


def _step_ns(moves: Moves) -> float:
    """Estimate one step of a simulation of few positions; measured on CPython 3.11 to 3.13."""
    return 190 + 45 * len(moves.groups) + 95 * sum(up - down not in (0, 1) for _, up, down in moves.shifts)


def _partition(distinct: list[Ranges]) -> tuple[list[int], list[int], list[int]]:
    """Divide all characters into classes of which no set tells two members apart.

    Returns:
        Where ranges of one class start, the number of the class of each, and for each class,
        in bits, the sets it is within.
    """
    bounds = sorted({0, *(edge for ranges in distinct for low, high in ranges for edge in (low, high + 1))})
    signatures = [0] * len(bounds)
    for bit, ranges in enumerate(distinct):
        for low, high in ranges:
            for at in range(bisect_left(bounds, low), bisect_left(bounds, high + 1)):
                signatures[at] |= 1 << bit
    numbers: dict[int, int] = {}
    return bounds, [numbers.setdefault(signature, len(numbers)) for signature in signatures], list(numbers)
