"""Lists of others: kept apart from bans, looked up for a review at most, and confirmed by people.

A list from elsewhere says that somebody else had a reason. So an entry of one is never a ban. It
can bring a person of staff to look at an account; what they then decide about that account is a
ban of one's own, with a reason of one's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._blacklist import lifetables as tables
from platgov._blacklist import schema
from platgov._blacklist.bans import NewBan
from platgov._blacklist.bundles import Bundle, stored_of
from platgov._blacklist.checks import identifier, refuse
from platgov._blacklist.comparing import compare
from platgov._blacklist.evidence import judge
from platgov._blacklist.life import Life, kinds_of
from platgov._blacklist.match import Band, Match, Scored
from platgov._blacklist.rarity import UNIT
from platgov._blacklist.records import Ban, BanEvent, person
from platgov._blacklist.signals import Signals
from platgov._blacklist.source import ListSource
from platgov._canonical import dumps, loads
from platgov._time import to_epoch
from platgov.errors import DueProcessError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from platgov._blacklist.canonical import Canon
    from platgov._blacklist.keys import KeyRing
    from platgov._blacklist.rarity import Population
    from platgov._blacklist.weights import Weights
    from platgov.stores import Session, Store

__all__ = ["Imported", "ImportedEntry", "ImportedList"]

_NEVER: Final = 1_000 * UNIT
"""The highest line there is: a thousand bits."""
_MOST_ENTRIES: Final = 1_000_000


@attrs.frozen(kw_only=True)
class ImportedEntry:
    """One entry of a list of others.

    Attributes:
        id: Its id here.
        source: Name of the list it came with.
        edition: The edition.
        starts_at: From when it counts.
        ends_at: Until when: the source's own end.
        by: Who imported it.
        discarded_at: From when it was discarded; None if it was not.
        kinds: Which signals are kept, as keyed tags.
    """

    id: str
    source: str
    edition: str
    starts_at: int
    ends_at: int
    by: str
    discarded_at: int | None
    kinds: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Imported:
    """What an import did.

    Attributes:
        source: Where it came from.
        new: How many entries were new.
        known: How many were there already.
    """

    source: ListSource
    new: int
    known: int


class ImportedList:
    """Entries of others, under a key of one's own or one shared with others. Nothing in it is a ban."""

    def __init__(
        self,
        store: Store,
        *,
        keys: KeyRing,
        list_id: str,
        canon: Canon | None,
        weights: Weights,
        population: Population | None,
        most: int = 256,
    ) -> None:
        """Use a store that is already open; `Blacklist.imported` and `Blacklist.shared` do."""
        # Whatever speaks for it, it stays a reason to look: the band of a match cannot be reached.
        self.weights = attrs.evolve(weights, match=_NEVER)
        self.population = population
        self._life = Life(store, keys, list_id, canon, most=most)

    @property
    def list_id(self) -> str:
        """The id of the list."""
        return self._life.list_id

    def add(self, entries: Iterable[Signals], *, source: ListSource, by: str, at: int | dt.datetime) -> Imported:
        """Keep tags of entries. One edition twice is kept once.

        Args:
            entries: What the list says of each.
            source: Where it is from, under which licence, as of when, and until when it counts.
            by: Who imports it: a person.
            at: When; from then on entries count.
        """
        _checked(source)
        if not hasattr(entries, "__iter__"):
            raise refuse("ImportedList", "entries", f"give Signals, {_MOST_ENTRIES} at most", "type")
        event = self._event(source, person(by, "ImportedList"), to_epoch(at))
        with self._life.changing() as session:
            start = self._since(session, source, to_epoch(at))
            new = known = 0
            for number, signals in enumerate[Any](entries):
                if not isinstance(signals, Signals) or number >= _MOST_ENTRIES:
                    raise refuse("ImportedList", "entries", f"give Signals, {_MOST_ENTRIES} at most", "type")
                ban_id = self._life.id_for(session, source.key, self._life.prepare(signals))
                if self._life.recorded(session, ban_id) is not None:
                    known += 1
                    continue
                made = NewBan(ban_id=ban_id, signals=signals, starts_at=start, ends_at=source.expires_at)
                self._life.first(session, made, attrs.evolve(event, at=start))
                new += 1
        return Imported(source=source, new=new, known=known)

    def bundle(self, entries: Iterable[Signals], *, source: ListSource) -> bytes:
        """Write entries as others can read them who have the same key: keyed tags only.

        Whoever has the key can try out guesses on it: all phone numbers of a country take
        minutes. Give the key to none to whom you could not give the data.
        """
        return Bundle.made(self._life, list(entries), _checked(source)).to_bytes()

    def read(self, data: bytes, *, by: str, at: int | dt.datetime) -> Imported:
        """Keep the entries of a bundle that somebody with the same key wrote.

        Raises:
            InputError: It is no bundle.
            VerificationError: It is of another list or key, or was altered.
        """
        bundle = Bundle.from_bytes(self._life, data)
        event = self._event(bundle.source, person(by, "ImportedList"), to_epoch(at))
        with self._life.changing() as session:
            start = self._since(session, bundle.source, to_epoch(at))
            new = 0
            for entry in bundle.entries:
                if self._life.recorded(session, entry.id) is None:
                    record = stored_of(entry, self._life, start, bundle.source.expires_at)
                    record = self._life.adopt(session, record, entry.pieces)
                    self._life.put(session, self._life.ban(record, (attrs.evolve(event, at=start),)))
                    new += 1
        return Imported(source=bundle.source, new=new, known=len(bundle.entries) - new)

    def match(self, signals: Signals, *, at: int | dt.datetime) -> Match:
        """Say how much speaks for it that somebody is on the list: REVIEW at most, whatever it is."""
        now = to_epoch(at)
        query = self._life.prepare(signals)
        found = self._life.candidates(query, at=now)
        match = judge(query, found, weights=self.weights, population=self.population, at=now)
        if match.band is not Band.MATCH:
            return match
        # Only weights that are out of all proportion get here; the promise holds for them as well.
        lower = tuple(_at_review(one) for one in match.candidates)
        return attrs.evolve(match, best=lower[0], candidates=lower)

    def get(self, entry_id: str) -> ImportedEntry | None:
        """Give one entry."""
        with self._life.store.read() as session:
            found = self._life.recorded(session, entry_id)
        if found is None:
            return None
        return _entry(found[1], kinds_of(found[0]))

    def entries(self) -> Iterator[ImportedEntry]:
        """Give every entry by id, expired and discarded ones too."""
        for record in self._life.records():
            entry = self.get(record.ban_id)
            if entry is not None:
                yield entry

    def discard(self, entry_id: str, *, by: str, reason: str, at: int | dt.datetime) -> ImportedEntry:
        """Record that an entry is not to count here."""
        now = to_epoch(at)
        event = BanEvent(
            kind="lifted", at=now, by=person(by, "ImportedList"), reason=identifier(reason, "ImportedList", "reason")
        )
        with self._life.changing() as session:
            record, ban = self._life.held(session, entry_id)
            if ban.lifted_at is None:
                record = self._life.update(entry_id, lifted_at=now, connection=session)
                ban = self._life.happened(session, record, ban, event)
        return _entry(ban, ban.kinds)

    def sources(self) -> tuple[ListSource, ...]:
        """Give every edition that was imported."""
        with self._life.store.read() as session:
            rows = session.rows(tables.SOURCES, (self._life.number,))
        return tuple(ListSource.from_dict(loads(bytes(data))["source"]) for _, data in rows)

    def confirmed(self, entry_id: str, signals: Signals, at: int) -> ImportedEntry:
        """Give an entry that counts and that fits an account exactly in something; see `Blacklist.confirm`."""
        with self._life.store.read() as session:
            found = self._life.recorded(session, entry_id)
        if found is None:
            raise refuse("ImportedList", "entry_id", "there is no such entry", "unknown")
        record, ban = found
        if not record.in_force(at):
            raise DueProcessError("not_in_force", "the entry has expired, was discarded, or does not count yet")
        rows = compare(self._life.prepare(signals), record)
        if not any(row.level == "exact" for row in rows):
            raise DueProcessError("no_link", "nothing of the account is exactly what the entry says")
        return _entry(ban, ban.kinds)

    # -- inside ------------------------------------------------------------------------------

    def _event(self, source: ListSource, by: str, at: int) -> BanEvent:
        if source.expires_at <= at:
            raise refuse("ListSource", "expires_at", "has passed; ask for a newer edition", "expired")
        return BanEvent(
            kind="added",
            at=at,
            by=by,
            reason=source.name,
            decision=source.key,
            ends_at=source.expires_at,
            review_by=source.expires_at,
        )

    def _since(self, session: Session, source: ListSource, at: int) -> int:
        """Keep where entries are from; give since when this edition counts."""
        session.run(schema.NEXT, (0,))  # the lock: two at once do not begin one edition twice
        for key, data in session.rows(tables.SOURCES, (self._life.number,)):
            if key == source.key:
                known = loads(bytes(data))
                if ListSource.from_dict(known["source"]) != source:
                    message = "is there with another licence, date or end; one edition has one of each"
                    raise refuse("ListSource", "edition", message, "other_edition")
                return int(known["since"])
        data = dumps({"source": source.to_dict(), "since": at})
        session.run(tables.PUT_SOURCE, (self._life.number, source.key, data))
        return at


def _at_review(one: Scored) -> Scored:
    if one.band is not Band.MATCH:
        return one
    return attrs.evolve(one, band=Band.REVIEW, limits=(*one.limits, "imported"))


def _entry(ban: Ban, kinds: tuple[str, ...]) -> ImportedEntry:
    return ImportedEntry(
        id=ban.id,
        source=ban.reason,
        edition=ban.decision,
        starts_at=ban.starts_at,
        ends_at=ban.review_by if ban.ends_at is None else ban.ends_at,
        by=ban.by,
        discarded_at=ban.lifted_at,
        kinds=kinds,
    )


def _checked(source: Any) -> ListSource:
    if not isinstance(source, ListSource):
        raise refuse("ImportedList", "source", f"is a {type(source).__name__}; give a ListSource", "type")
    return source
