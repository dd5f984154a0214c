"""Existing accounts held against the bans: who should be looked at by a person?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from platgov._blacklist.checks import identifier, refuse
from platgov._blacklist.match import Band, Match
from platgov._blacklist.signals import Signals
from platgov._time import to_epoch

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator

    from platgov._blacklist.bans import Candidates
    from platgov._blacklist.life import Life
    from platgov._blacklist.tags import Prepared

__all__ = ["Screened", "screened"]


@attrs.frozen(kw_only=True)
class Screened:
    """An existing account that people should look at.

    Attributes:
        account_id: The account.
        match: REVIEW or MATCH, with the evidence.
    """

    account_id: str
    match: Match


def screened(
    life: Life,
    accounts: Iterable[tuple[str, Signals]],
    judged: Callable[[Prepared, Candidates, int], Match],
    *,
    at: int | dt.datetime,
    since: int | dt.datetime | None,
) -> Iterator[Screened]:
    """Give those accounts that are at review or above; see `Blacklist.screen`."""
    now = to_epoch(at)
    if not hasattr(accounts, "__iter__"):
        raise refuse("Blacklist", "accounts", "give pairs of an account id and its Signals", "type")
    return _screened(life, accounts, judged, now, None if since is None else to_epoch(since))


def _screened(
    life: Life,
    accounts: Iterable[Any],
    judged: Callable[[Prepared, Candidates, int], Match],
    now: int,
    since: int | None,
) -> Iterator[Screened]:
    for given in accounts:
        if type(given) is not tuple or len(given) != 2 or not isinstance(given[1], Signals):
            raise refuse("Blacklist", "accounts", "give pairs of an account id and its Signals", "type")
        account_id = identifier(given[0], "Blacklist", "accounts")
        query = life.prepare(given[1])
        found = life.candidates(query, at=now)
        if since is not None:
            fresh = tuple(one for one in found.found if one.record.starts_at >= since)
            found = attrs.evolve(found, found=fresh)
        match = judged(query, found, now)
        if match.band is not Band.NONE:
            yield Screened(account_id=account_id, match=match)
