"""Tags of a list and the records beside them, changed together or not at all."""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import attrs

from platgov._blacklist import lifetables as tables
from platgov._blacklist import schema
from platgov._blacklist.canonical import FORM_VERSION, KINDS
from platgov._blacklist.checks import refuse
from platgov._blacklist.comparing import compare
from platgov._blacklist.fuzzy import SKETCH_BYTES
from platgov._blacklist.records import Ban, BanEvent, ban_of, read_events, write_events
from platgov._blacklist.rewrapping import row_of
from platgov._blacklist.signals import SIGNALS
from platgov._blacklist.store import TagStore
from platgov._blacklist.tags import Prepared, Stored, in_index, pack, split
from platgov._canonical import dumps
from platgov.errors import ConflictError, SchemaError
from platgov.stores import Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from platgov._blacklist.bans import NewBan
    from platgov._blacklist.canonical import Canon
    from platgov._blacklist.keys import KeyRing
    from platgov._blacklist.signals import Signals
    from platgov.stores import Store

__all__ = ["Life", "kinds_of"]

_IDENTIFYING = ("email", "phone", "identity")


class Life(TagStore):
    """A `TagStore` that keeps a record with every ban. Not public: `Blacklist` is over it."""

    def __init__(self, store: Store, keys: KeyRing, list_id: str, canon: Canon | None = None, *, most: int) -> None:
        super().__init__(store, keys, list_id, canon, most=most)
        store.prepare(tables.LIFE, _nothing)
        self.store = store

    @property
    def number(self) -> int:
        """The number of the list in this store."""
        return self._list

    @contextmanager
    def _writing(self, connection: Any) -> Iterator[Session]:
        # Tags and record of a ban belong into one transaction: what has one already joins it.
        if isinstance(connection, Session):
            yield connection
        else:
            with super()._writing(connection) as session:
                yield session

    @contextmanager
    def changing(self, connection: Any = None) -> Iterator[Session]:
        """Open a transaction, the host's own if it gave a connection."""
        with self._writing(connection) as session:
            yield session

    # -- records -----------------------------------------------------------------------------

    def recorded(self, session: Session, ban_id: str) -> tuple[Stored, Ban] | None:
        """Give a ban with its record."""
        record = self._get(session, ban_id)
        if record is None:
            return None
        found = session.row(tables.RECORD, (self._list, ban_id))
        if found is None:
            raise SchemaError("damaged", f"the ban {ban_id!r} has lost its record; restore the store from a backup")
        return record, self.ban(record, read_events(bytes(found[0])))

    def held(self, session: Session, ban_id: str) -> tuple[Stored, Ban]:
        """Give a ban that nobody else changes until the transaction ends."""
        session.run(tables.HOLD, (self._list, ban_id))
        found = self.recorded(session, ban_id)
        if found is None:
            raise refuse("Blacklist", "ban_id", "there is no such ban on this list", "unknown")
        return found

    def ban(self, record: Stored, events: tuple[BanEvent, ...]) -> Ban:
        """Give the ban that a row and its events amount to."""
        return ban_of(self.list_id, record.ban_id, record.starts_at, kinds_of(record), events)

    def put(self, session: Session, ban: Ban) -> Ban:
        """Write the record of a ban."""
        due = None if ban.open_appeal is None else ban.open_appeal.due
        over = ban.overturned or ban.lifted_at is not None
        row = (self._list, ban.id, None if over else ban.review_by, due, write_events(ban.events))
        session.run(tables.PUT_RECORD, row)
        return ban

    def happened(self, session: Session, record: Stored, ban: Ban, event: BanEvent) -> Ban:
        """Add an event to a record."""
        return self.put(session, self.ban(record, (*ban.events, event)))

    def first(self, session: Session, new: NewBan, event: BanEvent) -> Ban:
        """Store a ban with its first event, once."""
        query = self.prepare(new.signals)
        session.run(schema.NEXT, (0,))  # takes no number, but the lock that `add` takes: no two store it at once
        known = self.recorded(session, new.ban_id)
        if known is None:
            return self.put(session, self.ban(self.add(new, connection=session), (event,)))
        record, ban = known
        # An appeal may have shortened it meanwhile: it is still the same ban.
        self._same(attrs.evolve(record, ends_at=ban.events[0].ends_at), new, query)
        if attrs.evolve(ban.events[0], sealed=b"") != attrs.evolve(event, sealed=b""):
            message = "a ban of this id with another reason, decision, date or author is stored; give another id"
            raise ConflictError(ban.id, record.number, message)
        return ban

    def exempt(self, ban_id: str, signals: Signals, *, note: bytes = b"", connection: Any = None) -> Stored:
        """Keep the tags of a person who is not the banned one; those under older versions of the key go."""
        query = self.prepare(signals)
        with self._writing(connection) as session:
            record = super().exempt(ban_id, signals, note=note, connection=session)
            old = {pack(query, version, bytes(8))[0] for version in query.tags if version != self.keys.current}
            stale = [(record.number, tags) for tags, _ in record.exempt if tags in old]
            session.write_all([(tables.DROP_EXEMPT, stale)])
            return self._known(session, ban_id)

    def adopt(self, session: Session, record: Stored, pieces: Iterable[int]) -> Stored:
        """Store a row that somebody else with the same key made."""
        session.run(schema.NEXT, (1,))
        (following,) = session.rows(schema.READ_NEXT)[0]
        record = attrs.evolve(record, number=following - 1)
        session.run(schema.INSERT, row_of(record, self._list))
        tags = sorted({(in_index(tag), record.number) for _, _, tag in split(record.tags)})
        filed = [(piece, record.number) for piece in sorted(set(pieces))]
        session.write_all([(schema.ADD_TAG, tags), (schema.ADD_PIECE, filed)])
        return record

    # -- ids ---------------------------------------------------------------------------------

    def id_for(self, session: Session, decision: str, query: Prepared) -> str:
        """Give the id of the ban that a decision makes of some signals: always the same one.

        The id it already has, under whatever version of the key it was given.
        """
        ids = self.ids_for(decision, query)
        return next((ban_id for ban_id in ids if self._get(session, ban_id) is not None), ids[0])

    def ids_for(self, decision: str, query: Prepared) -> list[str]:
        """Give the ids that a ban could have, the one under the current key first."""
        forms = [[form.signal, form.kind, form.value] for form in query.forms]
        content = dumps([decision, forms, query.verified, query.created_at])
        found = []
        for version in self.keys.versions:
            key = self.keys.subkey(version, self.list_id, "ban_id", str(FORM_VERSION))
            found.append(f"b-{blake2b(content, digest_size=16, key=key).hexdigest()}")
        return found

    def traces(self, query: Prepared, purpose: str, version: int | None = None) -> tuple[bytes, ...]:
        """Give tags for one purpose, which cannot be joined to those of the bans."""
        version = self.keys.current if version is None else version
        kept = [tag for code, tag in query.tags[version] if KINDS[code][0] != "avatar"]
        return tuple(self.trace(tag, purpose, version) for tag in kept)

    def trace(self, tag: bytes, purpose: str, version: int) -> bytes:
        """Give the tag of a tag for one purpose."""
        key = self.keys.subkey(version, self.list_id, purpose, str(FORM_VERSION))
        return blake2b(tag, digest_size=9, key=key).digest()

    def versions_of_bans(self, current: int) -> tuple[dict[int, int], int, int]:
        """Count tags by version, bans with something under another one than the current, and such exemptions."""
        counts: dict[int, int] = {}
        left = exempt = 0
        with self._store.snapshot() as session:
            for rows in session.stream(tables.HELD, (self._list,)):
                for tags, sketches, avatar in rows:
                    held = [version for _, version, _ in split(bytes(tags))]
                    for version in held:
                        counts[version] = counts.get(version, 0) + 1
                    covered = {bytes(sketches)[start + 1] for start in range(0, len(sketches), SKETCH_BYTES + 2)}
                    covered |= {bytes(avatar)[0]} if avatar else set()
                    left += bool((covered | set(held)) - {current})
            for rows in session.stream(tables.EXEMPT_ON, (self._list,)):
                exempt += sum(any(version != current for _, version, _ in split(bytes(tags))) for _, tags, _ in rows)
        return counts, left, exempt

    # -- whose ban is it ---------------------------------------------------------------------

    def about(self, query: Prepared) -> list[Stored]:
        """Give the bans, in force or not, of accounts with the same mailbox, phone or identity document."""
        with self._store.read() as session:
            numbers, _ = self.lookups.exact(session, query)
            rows = self._rows(session, numbers)
            records = [self._record(row) for row in rows if row[1] == self._list]
        same = [
            record
            for record in records
            if any(row.signal in _IDENTIFYING and row.level == "exact" for row in compare(query, record))
        ]
        return sorted(same, key=lambda record: record.ban_id)


def kinds_of(record: Stored) -> tuple[str, ...]:
    """Give the signals of which a ban keeps something, in the order of ``SIGNALS``."""
    held = {KINDS[code][0] for code, _, _ in split(record.tags)}
    if record.avatar:
        held.add("avatar")
    return tuple(signal for signal in SIGNALS if signal in held)


def _nothing(_: Session) -> None:
    """There is nothing to fill the tables with."""
