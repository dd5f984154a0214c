"""Which bans could be behind a newcomer: by equal tags, by near names and avatars, by names inside others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from platgov._blacklist import schema
from platgov._blacklist.canonical import KINDS
from platgov._blacklist.tags import in_index, near_numbers

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from platgov._blacklist.blocks import Pieces
    from platgov._blacklist.tags import Prepared, Tagger
    from platgov.stores import Session

__all__ = ["Lookups"]

_ENDS: Final = frozenset(code for code, (_, kind) in enumerate(KINDS) if kind in ("head", "tail"))
_MOST_OF_PART: Final = 64
_MOST_CONTAINED: Final = 32
_PIECES_FACTOR: Final = 8
"""Pieces are less telling than tags, so more bans of one are looked at."""


class Lookups:
    """Finds numbers of bans, each way by itself.

    Args:
        tagger: Of the list.
        pieces: Of the store.
        number: Of the list.
        most: How many bans of one shared value are looked at, the newest first.
    """

    def __init__(self, tagger: Tagger, pieces: Pieces, number: int, most: int) -> None:
        self._tagger, self._pieces, self._list, self._most = tagger, pieces, number, most

    def exact(self, session: Session, query: Prepared) -> tuple[set[int], bool]:
        """Give the numbers of bans that share a tag, and whether a tag has more than are looked at."""
        limit = self._most + 1
        tags = {in_index(tag) for version in query.tags.values() for code, tag in version if code not in _ENDS}
        if not tags:
            return set(), False
        params = [number for tag in sorted(tags) for number in (tag, limit)]
        rows = []
        for start in range(0, len(params), 400):  # SQLite joins 500 statements at most
            part = params[start : start + 400]
            rows += session.rows(schema.exact_lookup(len(part) // 2), part)
        if len(rows) < limit:
            return {number for _, number in rows}, False
        counts: dict[int, int] = {}
        found = set()
        for tag, number in rows:
            counts[tag] = counts.get(tag, 0) + 1
            if counts[tag] < limit:
                found.add(number)
        return found, max(counts.values()) >= limit

    def near(
        self, session: Session, query: Prepared, now: int, *, besides: AbstractSet[int] = frozenset()
    ) -> tuple[set[int], bool]:
        """Give the numbers of bans in force with a near name or avatar, and whether there may be more."""
        wanted = [piece for version in query.tags for piece in self._tagger.wanted(query, version)]
        numbers, truncated = self._pieces.find(session, wanted, self._most * _PIECES_FACTOR)
        numbers -= besides
        if not numbers:
            return set(), truncated
        listed = session.listed([str(number) for number in sorted(numbers)])
        rows = session.rows(schema.NEAR[session.dialect], (listed, self._list, now, now, now))
        return near_numbers(query, rows), truncated

    def containing(
        self, session: Session, query: Prepared, *, besides: AbstractSet[int] = frozenset()
    ) -> tuple[set[int], bool]:
        """Give bans whose name, or an end of it, is contained in a name of the newcomer, and whether there may be more.

        Parts that more than 64 bans share say too little, and are passed over. Of the others,
        the bans with most letters in common are given, 32 at most. Either way there may be more,
        but for bans that were found otherwise.
        """
        parts = {str(in_index(tag)): held for tags in query.parts.values() for tag, held in tags.items()}
        if not parts:
            return set(), False
        bans: dict[str, list[int]] = {}
        for tag, number in session.rows(schema.SOME_TAGS[session.dialect], (session.listed([*parts]), _MOST_OF_PART)):
            bans.setdefault(str(tag), []).append(number)
        shared: dict[int, dict[str, int]] = {}
        truncated = False
        for index, numbers in bans.items():
            if len(numbers) > _MOST_OF_PART:
                truncated = True
            else:
                for number in numbers:
                    held = shared.setdefault(number, {"core": 0, "head": 0, "tail": 0})
                    for part in parts[index]:
                        held[part.kind] = max(held[part.kind], len(part.letters))
        most = {number: max(held["core"], held["head"] + held["tail"]) for number, held in shared.items()}
        ordered = sorted(most, key=lambda number: (-most[number], -number))
        return set(ordered[:_MOST_CONTAINED]), truncated or not besides >= set(ordered[_MOST_CONTAINED:])
