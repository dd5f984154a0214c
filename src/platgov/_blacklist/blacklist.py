"""Bans that end, can be appealed, and find who comes back: the list as a host uses it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from platgov._blacklist.banlist import BanList
from platgov._blacklist.bans import NewBan
from platgov._blacklist.checks import identifier
from platgov._blacklist.records import ENGINE, Ban, BanEvent, person
from platgov._blacklist.screening import Screened, screened
from platgov._blacklist.sharing import Imported, ImportedList
from platgov._time import to_epoch

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from platgov._blacklist.keys import KeyRing
    from platgov._blacklist.signals import Signals
    from platgov._blacklist.source import ListSource

__all__ = ["Blacklist"]


class Blacklist(BanList):
    """A list of banned accounts, of which only keyed tags and records are kept.

    Any thread may use it. It decides nothing: `match` says how much speaks for it that a
    newcomer was banned, and people decide.
    """

    def add(
        self,
        signals: Signals,
        *,
        reason: str,
        decision: str,
        starts_at: int | dt.datetime,
        review_by: int | dt.datetime,
        ends_at: int | dt.datetime | None = None,
        by: str = ENGINE,
        ban_id: str | None = None,
        note: str | None = None,
        connection: Any = None,
    ) -> Ban:
        """Put a banned account on the list; found from the next look-up on. Adding twice is adding once.

        Args:
            signals: What is known of the account. Only keyed tags of it are kept.
            reason: Why, as the code of a rule, say. Kept as it is: nothing personal.
            decision: Id of the decision it follows from; kept as it is, too.
            starts_at: From when it holds.
            review_by: Until when a person has to look at it again. There is no ban without.
            ends_at: Until when it holds, that second not included; None for no set end.
            by: Who decided; ``engine`` if no person did.
            ban_id: Its id; by default made of the decision and the signals with the key.
            note: Words of staff, sealed by the sealer of the host.
            connection: A connection of the host, in whose transaction it is stored.

        Raises:
            ConflictError: The id is taken by another ban.
            InputError: Something given cannot be read, or the dates are out of order.
        """
        start = to_epoch(starts_at)
        event = BanEvent(
            kind="added",
            at=start,
            by=identifier(by, "Ban", "by"),
            reason=identifier(reason, "Ban", "reason"),
            decision=identifier(decision, "Ban", "decision"),
            ends_at=None if ends_at is None else to_epoch(ends_at),
            review_by=to_epoch(review_by),
        )
        with self._life.changing(connection) as session:
            if ban_id is None:
                ban_id = self._life.id_for(session, event.decision, self._life.prepare(signals))
            new = NewBan(ban_id=ban_id, signals=signals, starts_at=start, ends_at=ends_at)
            return self._add(new, event, note, session)

    def lift(
        self,
        ban_id: str,
        *,
        by: str,
        reason: str,
        at: int | dt.datetime,
        note: str | None = None,
        connection: Any = None,
    ) -> Ban:
        """End a ban from an instant on. Lifting what is lifted by then changes nothing.

        Raises:
            InputError: There is no such ban, or a part is missing.
        """
        now = to_epoch(at)
        event = BanEvent(
            kind="lifted", at=now, by=identifier(by, "Ban", "by"), reason=identifier(reason, "Ban", "reason")
        )
        return self._lift(ban_id, event, note, connection)

    def screen(
        self,
        accounts: Iterable[tuple[str, Signals]],
        *,
        at: int | dt.datetime,
        since: int | dt.datetime | None = None,
    ) -> Iterator[Screened]:
        """Hold existing accounts against the list; give those that people should look at.

        Nothing follows from it by itself. One account is in memory at a time.

        Args:
            accounts: Id and signals of each, in the order in which answers are wanted. Give
                ``created_at`` with them: names do not speak against accounts older than a ban.
            at: The instant.
            since: Only against bans that began then or later.
        """
        return screened(self._life, accounts, self._judged, at=at, since=since)

    # -- lists of others ---------------------------------------------------------------------

    @functools.cached_property
    def imported(self) -> ImportedList:
        """Entries of public lists, under the key of this list."""
        return self._others(f"imported/{self.list_id}", self._life.keys)

    def shared(self, list_id: str, *, keys: KeyRing) -> ImportedList:
        """Give a list that several platforms share, in the same store.

        Args:
            list_id: The id that they agreed on.
            keys: The key that they share; none of their own.
        """
        return self._others(f"shared/{identifier(list_id, 'ImportedList', 'list_id')}", keys)

    def import_candidates(
        self, entries: Iterable[Signals], *, source: ListSource, by: str, at: int | dt.datetime
    ) -> Imported:
        """Keep entries of a public list as candidates for a review. None of them is a ban.

        They are looked up with ``imported.match``, which says REVIEW at most.

        Args:
            entries: What the list says of each.
            source: Where it is from, under which licence, as of when, and until when it counts.
            by: Who imports it: a person.
            at: When.
        """
        return self.imported.add(entries, source=source, by=by, at=at)

    def confirm(
        self,
        entry_id: str,
        signals: Signals,
        *,
        reason: str,
        decision: str,
        by: str,
        starts_at: int | dt.datetime,
        review_by: int | dt.datetime,
        ends_at: int | dt.datetime | None = None,
        note: str | None = None,
        among: ImportedList | None = None,
    ) -> Ban:
        """Ban an account that an entry of others brought up, after a person looked at it.

        The ban is one's own, of one's own account, and does not end with the entry.

        Args:
            entry_id: The entry.
            signals: What is known of the account: something of it is exactly what the entry says.
            reason: Why, in the words of one's own rules.
            decision: Id of one's own decision.
            by: Who looked: a person.
            starts_at: From when it holds; the entry has to count then.
            review_by: Until when it has to be looked at again.
            ends_at: Until when it holds.
            note: Words of staff, sealed.
            among: The list of the entry; by default ``imported``.

        Raises:
            DueProcessError: The entry does not count any more, or does not fit the account.
        """
        who = person(by)
        (self.imported if among is None else among).confirmed(entry_id, signals, to_epoch(starts_at))
        return self.add(
            signals,
            reason=reason,
            decision=decision,
            starts_at=starts_at,
            review_by=review_by,
            ends_at=ends_at,
            by=who,
            note=note,
        )

    def _others(self, list_id: str, keys: KeyRing) -> ImportedList:
        return ImportedList(
            self._life.store,
            keys=keys,
            list_id=list_id,
            canon=self._life.tagger.canon,
            weights=self.weights,
            population=self.population,
        )
