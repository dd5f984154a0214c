"""Who of staff looked for whom, and why: kept before they see the answer, as keyed tags only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from platgov._blacklist import lifetables as tables
from platgov._blacklist import schema
from platgov._blacklist.checks import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from platgov._blacklist.life import Life
    from platgov._blacklist.match import Match
    from platgov._blacklist.signals import Signals

__all__ = ["Search", "add_search", "searches_of"]

_PURPOSE: Final = "search"
_SIZE: Final = 9
_PAGE: Final = 1_000


@attrs.frozen(kw_only=True)
class Search:
    """One search by a person of staff.

    Attributes:
        number: Its place among the searches of the list, from 1, without gaps.
        at: When.
        by: Who.
        case: The case that made it necessary.
        found: How many bans it showed.
    """

    number: int
    at: int
    by: str
    case: str
    found: int


def add_search(life: Life, signals: Signals, found: Match, *, at: int, case: str, by: str) -> None:
    """Keep one search on record."""
    tags = b"".join(sorted(set(life.traces(life.prepare(signals), _PURPOSE))))
    with life.changing() as session:
        session.run(schema.NEXT, (0,))  # the lock, so that no two searches take one number
        (number,) = session.rows(tables.NEXT_SEARCH, (life.number,))[0]
        session.run(tables.ADD_SEARCH, (life.number, number, at, by, case, tags, len(found.candidates)))


def searches_of(life: Life, about: Signals | None, after: int) -> Iterator[Search]:
    """Give searches in order; see `Blacklist.searches`."""
    if type(after) is not int or after < 0:
        raise refuse("Search", "after", "give a whole number from 0", "range")
    wanted: set[bytes] | None = None
    if about is not None:
        query = life.prepare(about)
        wanted = {trace for version in query.tags for trace in life.traces(query, _PURPOSE, version)}
    return _read(life, wanted, after)


def _read(life: Life, wanted: set[bytes] | None, after: int) -> Iterator[Search]:
    while True:
        with life.store.read() as session:
            rows = session.rows(tables.SEARCHES, (life.number, after, _PAGE))
        for number, at, by, case, tags, found in rows:
            held = bytes(tags)
            parts = {held[start : start + _SIZE] for start in range(0, len(held), _SIZE)}
            if wanted is None or wanted & parts:
                yield Search(number=number, at=at, by=by, case=case, found=found)
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]
