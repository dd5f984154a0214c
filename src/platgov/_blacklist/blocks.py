"""Pieces of names and avatars in one sorted array, kept as blocks in the store.

The array is written whole, in the transaction that also empties the table of what came in since
the last time, so a reader sees either all of the old or all of the new. One entry is a number of
64 bits: 36 of the piece, 28 of the ban. A block fills one page of SQLite. In memory, per process,
is only the first entry of each block.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, Final

from platgov._blacklist import schema
from platgov.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from platgov.stores import Session

__all__ = ["MOST_NUMBERS", "Pieces", "entry"]

_NUMBER_BITS: Final = 28
MOST_NUMBERS: Final = 1 << _NUMBER_BITS
_MASK: Final = MOST_NUMBERS - 1
_PER_BLOCK: Final = 500
_MOST_SPILLED: Final = 6
"""Blocks besides the last that are read for one piece."""
_AT_ONCE: Final = 256
_PART_BITS: Final = 8


def entry(piece: int, number: int) -> int:
    """Give the entry of one piece of one ban."""
    return piece << _NUMBER_BITS | number


class Pieces:
    """Looks pieces up, in the array and among those that are not in it yet."""

    def __init__(self) -> None:
        self._merges = -1
        self._first = 0
        self._fences: array[int] = array("Q")

    def find(self, session: Session, wanted: Iterable[int], most: int) -> tuple[set[int], bool]:
        """Give the bans that are filed under some pieces.

        Args:
            session: A transaction.
            wanted: Pieces.
            most: How many bans of one piece, the newest first.

        Returns:
            Numbers of bans, and whether there were more.
        """
        pieces = list(wanted)
        if not pieces:
            return set(), False
        found: set[int] = set()
        truncated = False
        if self._refresh(session):
            fresh = session.rows(schema.PIECES[session.dialect], (session.listed([*map(str, pieces)]), most * 16 + 1))
            truncated = len(fresh) > most * 16
            found.update(number for _, number in fresh[: most * 16])
        if self._fences:
            truncated |= self._find_merged(session, pieces, most, found)
        return found, truncated

    def _find_merged(self, session: Session, pieces: list[int], most: int, found: set[int]) -> bool:
        """Add what the array has; say whether there was more."""
        fences, last = self._fences, len(self._fences) - 1
        truncated = False
        # By block, where a piece begins; the newest bans of a popular one are in the block where it ends.
        begins: dict[int, list[int]] = {}
        spilled: dict[int, range] = {}
        for piece in pieces:
            low = piece << _NUMBER_BITS
            place = max(bisect_right(fences, low) - 1, 0)
            if place < last and fences[place + 1] <= low | _MASK:
                end = bisect_right(fences, low | _MASK, place) - 1
                truncated |= end - place > _MOST_SPILLED
                spilled[low] = range(max(place, end - _MOST_SPILLED), end + 1)
            else:
                begins.setdefault(place, []).append(low)
        blocks = self._read(session, begins.keys() | {place for places in spilled.values() for place in places})
        for place, lows in begins.items():
            block = blocks[place]
            for low in lows:
                start = bisect_left(block, low)
                if start < len(block) and block[start] <= low | _MASK:
                    held = block[start : bisect_right(block, low | _MASK, start)]
                    truncated |= len(held) > most
                    found.update([item & _MASK for item in held[-most:]])
        for low, places in spilled.items():
            items = [item for place in places for item in blocks[place] if low <= item <= low | _MASK]
            truncated |= len(items) > most
            found.update([item & _MASK for item in items[-most:]])
        return truncated

    def merge(self, session: Session, more: Sequence[int] = ()) -> int:
        """Write the array anew: with what came in since, with ``more``, and without bans that are gone.

        Returns:
            How many entries it has now.
        """
        self._refresh(session)
        alive = bytearray()
        for rows in session.stream(schema.ALIVE):
            for (number,) in rows:
                if number >= len(alive):
                    alive.extend(bytes(number + 65_536 - len(alive)))
                alive[number] = 1
        shift = 64 - (_PART_BITS if len(self._fences) > _AT_ONCE or len(more) > _AT_ONCE * _PER_BLOCK else 0)
        fresh: dict[int, array[int]] = {}
        for items in (more, *(_entries(rows) for rows in session.stream(schema.ALL_PIECES))):
            for item in items:
                fresh.setdefault(item >> shift, array("Q")).append(item)
        first = self._first + len(self._fences)
        writer = _Writer(session, first)
        # Part by part, so that no more than a small part is ever in memory as numbers of Python.
        for part in range(1 << (64 - shift)):
            # Two sorted runs: the sort merges them in one pass. An entry can be in both.
            both = sorted((*self._old(session, part << shift, (part + 1) << shift), *sorted(fresh.pop(part, ()))))
            last = -1
            kept = []
            for item in both:
                number = item & _MASK
                if item != last and number < len(alive) and alive[number]:
                    kept.append(item)
                last = item
            writer.add(kept)
        fences = writer.finish()
        session.run(schema.DROP_BLOCKS, (first,))
        session.run(schema.DROP_PIECES)
        session.run(schema.SET_FENCES, (first, _bytes(fences)))
        return writer.count

    def _old(self, session: Session, low: int, high: int) -> array[int]:
        """Give the entries of the array from ``low`` to below ``high``."""
        old = array("Q")
        if self._fences:
            start = max(bisect_right(self._fences, low) - 1, 0)
            end = bisect_left(self._fences, high)
            for _, data in session.rows(schema.SOME_BLOCKS, (self._first + start, self._first + end)):
                old.extend(_numbers(data))
        return old[bisect_left(old, low) : bisect_left(old, high)]

    def _refresh(self, session: Session) -> bool:
        """Read the fences if the array was written anew; say whether some pieces are not in it."""
        found = session.row(schema.MERGES)
        if found is None:
            raise SchemaError("damaged", "the tables of the blacklist have lost their state")
        if found[0] != self._merges:
            self._merges, self._first, data = session.rows(schema.FENCES)[0]
            self._fences = _numbers(data)
        return bool(found[1])

    def _read(self, session: Session, places: AbstractSet[int]) -> dict[int, Sequence[int]]:
        rows = session.rows(
            schema.BLOCKS[session.dialect], (session.listed([str(self._first + place) for place in sorted(places)]),)
        )
        if len(rows) != len(places):
            raise SchemaError("damaged", "the index of the blacklist has lost blocks; restore the store from a backup")
        return {block - self._first: _view(data) for block, data in rows}


class _Writer:
    """Cuts a sorted run into blocks."""

    def __init__(self, session: Session, first: int) -> None:
        self._session = session
        self._next = first
        self._left: list[int] = []
        self._fences: array[int] = array("Q")
        self.count = 0

    def add(self, items: list[int]) -> None:
        left = self._left + items
        whole = len(left) - len(left) % _PER_BLOCK
        self._write(left[:whole])
        self._left = left[whole:]

    def finish(self) -> array[int]:
        self._write(self._left)
        return self._fences

    def _write(self, items: list[int]) -> None:
        rows: list[tuple[int, bytes]] = []
        for start in range(0, len(items), _PER_BLOCK):
            block = array("Q", items[start : start + _PER_BLOCK])
            rows.append((self._next, _bytes(block)))
            self._fences.append(block[0])
            self._next += 1
        self.count += len(items)
        if rows:
            self._session.many(schema.ADD_BLOCK, rows)


def _entries(rows: list[tuple[Any, ...]]) -> list[int]:
    return [entry(piece, number) for piece, number in rows]


def _bytes(numbers: array[int]) -> bytes:
    if sys.byteorder == "big":  # pragma: no cover - files are read on other machines than they were written on
        numbers = array("Q", numbers)
        numbers.byteswap()
    return numbers.tobytes()


def _view(data: Any) -> Sequence[int]:
    """Give the numbers of a block, without a copy where that goes."""
    if sys.byteorder == "big":  # pragma: no cover - see above
        return _numbers(data)
    if len(data) % 8:
        raise _cut_off()
    return memoryview(data).cast("B").cast("Q")


def _numbers(data: Any) -> array[int]:
    numbers = array("Q")
    if len(data) % 8:
        raise _cut_off()
    numbers.frombytes(data)
    if sys.byteorder == "big":  # pragma: no cover - see above
        numbers.byteswap()
    return numbers


def _cut_off() -> SchemaError:
    return SchemaError("damaged", "the index of the blacklist is cut off; restore the store from a backup")
