"""Looks for a world in which some formulas hold together, within a budget.

A store has for each variable the cells that are left. Literals cut it down, implications cut
it further, an "or" of which one part is left counts as that part; where nothing more follows,
one "or" is split, each branch excluding those before it. Exact and complete; the problem is
NP-hard, so the work is counted, and where it runs out there is no answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from platgov._consistency.formulas import AND, opposite

if TYPE_CHECKING:
    from collections.abc import Iterable

    from platgov._consistency.formulas import Formula
    from platgov._consistency.worlds import Worlds

__all__ = ["Search", "SpentError", "Store"]

Store = dict[int, int]
"""For each variable that matters, the cells that are left."""


_EXCLUDED = 12


class SpentError(Exception):
    """The budget ran out before there was an answer."""


class Search:
    """Searches the worlds of some conditions; ``left`` is the budget, in formulas looked at."""

    def __init__(self, worlds: Worlds, budget: int) -> None:
        self.worlds, self.left = worlds, budget

    def find(self, formulas: Iterable[Formula]) -> Store | None:
        """Give a store all of whose worlds fulfil the formulas; None if no world does.

        Raises:
            SpentError: The budget ran out.
        """
        start = self.narrow({}, [*formulas], [])
        if start is None:
            return None
        # Each entry is a state, the "or" that was split there, and the branch that comes next.
        waiting: list[tuple[Store, list[tuple[Formula, ...]], tuple[Formula, ...], int]] = []
        store, ors = start
        while ors:
            parts = min(ors, key=len)
            waiting.append((store, [others for others in ors if others is not parts], parts, 0))
            found = None
            while found is None:
                if not waiting:
                    return None
                store, rest, parts, place = waiting.pop()
                if place + 1 < len(parts):
                    waiting.append((store, rest, parts, place + 1))
                # What was tried before is excluded, lest it be searched again; of many, that costs more than it saves.
                tried = parts[:place] if len(parts) <= _EXCLUDED else ()
                branch = [opposite(part, self.worlds.full) for part in tried]
                found = self.narrow(dict(store), [*branch, parts[place]], rest)
            store, ors = found
        return store

    def narrow(
        self, store: Store, todo: list[Formula], ors: list[tuple[Formula, ...]]
    ) -> tuple[Store, list[tuple[Formula, ...]]] | None:
        """Draw every conclusion; give the store and what is left to split, or None on a contradiction."""
        full, implied = self.worlds.full, self.worlds.implied
        ors = [*ors]
        while True:
            while todo:
                tag, body = todo.pop()
                if tag >= 0:
                    old = store.get(tag)
                    if old is None:
                        old = full[tag]
                    new = old & body
                    if not new:
                        return None
                    if new != old:
                        store[tag] = new
                        for cells, other, allowed in implied.get(tag, ()):
                            if not new & ~cells:
                                todo.append((other, allowed))
                elif tag == AND:
                    todo.extend(body)
                else:
                    ors.append(body)
            kept = []
            self.left -= 1 + len(ors)
            if self.left < 0:
                raise SpentError
            for parts in ors:
                left = []
                for part in parts:
                    answer = _answer(part, store, full)
                    if answer is True:
                        break
                    if answer is None:
                        left.append(part)
                else:
                    if not left:
                        return None
                    if len(left) == 1:
                        todo.append(left[0])
                    else:
                        kept.append(tuple(left))
            ors = kept
            if not todo:
                return store, ors

    def complete(self, store: Store, order: Iterable[int]) -> Store | None:
        """Settle variables on one cell each, in order, by preference; None where a choice leads nowhere."""
        store = dict(store)
        implied, preferred = self.worlds.implied, self.worlds.preferred
        for number in order:
            left = store.get(number, self.worlds.full[number])
            if number not in implied:
                store[number] = next(cell for cell in preferred(number) if cell & left)
                continue
            for cell in preferred(number):
                if cell == left:
                    break
                if not cell & left:
                    continue
                found = self.narrow(dict(store), [(number, cell)], [])
                if found is not None:
                    store = found[0]
                    break
            else:
                return None
            store[number] = cell
        return store


def _answer(formula: Formula, store: Store, full: list[int]) -> bool | None:
    """Tell what a store says of a formula; None if both are possible."""
    tag, body = formula
    if tag >= 0:
        left = store.get(tag)
        if left is None:
            left = full[tag]
        common = left & body
        return False if not common else True if common == left else None
    decisive, result = tag != AND, tag == AND
    settled: bool | None = result
    for part in body:
        answer = _answer(part, store, full)
        if answer is decisive:
            return decisive
        if answer is None:
            settled = None
    return settled
