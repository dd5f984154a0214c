"""Bans as tags: who of them could be behind a newcomer?"""

from __future__ import annotations

from array import array
from contextlib import contextmanager
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Final, Self

import attrs

from platgov._blacklist import schema
from platgov._blacklist.bans import Candidate, Candidates, NewBan, check_note, check_span
from platgov._blacklist.blocks import MOST_NUMBERS, Pieces, entry
from platgov._blacklist.canonical import KINDS, Canon
from platgov._blacklist.checks import identifier, refuse
from platgov._blacklist.comparing import Comparison
from platgov._blacklist.keys import KeyRing
from platgov._blacklist.lookups import Lookups
from platgov._blacklist.rewrapping import again, moved_to, row_of
from platgov._blacklist.tags import Prepared, Stored, Tagger, avatar_distance, in_index, pack, split
from platgov._time import to_epoch
from platgov.errors import ConflictError, StorageError, VerificationError
from platgov.stores import Session, Store, open_store

if TYPE_CHECKING:
    import datetime as dt
    import os
    from collections.abc import Iterable, Iterator

    from platgov._blacklist.signals import Signals

__all__ = ["Candidate", "Candidates", "NewBan", "TagStore"]

_MERGE_FROM: Final = 50_000
"""Pieces of one batch above which they go straight into the sorted array."""
_PAGE: Final = 1_000


class TagStore:
    """One list of bans, of which only keyed tags are kept.

    Any thread may use it. Bans that others add are found at once.
    """

    def __init__(
        self, store: Store, keys: KeyRing, list_id: str, canon: Canon | None = None, *, most: int = 256
    ) -> None:
        """Use a store that is already open.

        Args:
            store: Where the tables are.
            keys: Secrets.
            list_id: Which list; those of other ids share the tables and nothing else.
            canon: How signals are read; the same at all times.
            most: How many bans of one shared value are looked at, the newest first.

        Raises:
            InputError: An argument is not what it should be.
            VerificationError: A secret is another than the one that the list was made with.
        """
        if not isinstance(keys, KeyRing):
            raise refuse("TagStore", "keys", f"is a {type(keys).__name__}; give a KeyRing", "type")
        if type(most) is not int or not 1 <= most <= 10_000:
            raise refuse("TagStore", "most", "give a whole number from 1 to 10000", "range")
        self.tagger = Tagger(keys, list_id, Canon() if canon is None else canon)
        self.keys, self.list_id = keys, list_id
        self._store = store
        self._pieces = Pieces()
        store.prepare(schema.BANS, _created)
        self._list = self._registered()
        self.lookups = Lookups(self.tagger, self._pieces, self._list, most)

    @classmethod
    def open(
        cls,
        target: str | os.PathLike[str],
        *,
        keys: KeyRing,
        list_id: str,
        canon: Canon | None = None,
        most: int = 256,
        timeout_s: float = 30,
        read_only: bool = False,
        schema: str = "platgov",
    ) -> Self:
        """Open a list in a file, in memory or in PostgreSQL; see `platgov.stores.open_store`."""
        store = open_store(target, timeout_s=timeout_s, read_only=read_only, schema=schema)
        try:
            return cls(store, keys, list_id, canon, most=most)
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- looking up --------------------------------------------------------------------------

    def prepare(self, signals: Signals) -> Prepared:
        """Bring signals into tags, once for several uses."""
        return self.tagger.prepare(signals)

    def candidates(self, signals: Signals | Prepared, *, at: int | dt.datetime) -> Candidates:
        """Find the bans in force that share a form with a newcomer, or are near to one.

        Args:
            signals: What is known of the newcomer.
            at: The instant.
        """
        now = to_epoch(at)
        query = signals if isinstance(signals, Prepared) else self.prepare(signals)
        with self._store.read() as session:
            exact, truncated = self.lookups.exact(session, query)
            near, more = self.lookups.near(session, query, now, besides=exact)
            around, others = self.lookups.containing(session, query, besides=exact | near)
            picked = [self._record(row) for row in self._rows(session, exact | near | around) if row[1] == self._list]
            picked = [record for record in picked if record.in_force(now)]
            exempt = self._exempt(session, picked)
        compared = Comparison(query)
        picked.sort(key=lambda record: record.ban_id)
        return Candidates(
            found=tuple(Candidate(record=_with(record, exempt), agreements=compared(record)) for record in picked),
            truncated=truncated or more or others,
            weightless=query.weightless,
        )

    def get(self, ban_id: str) -> Stored | None:
        """Give one ban, in force or not."""
        with self._store.read() as session:
            return self._get(session, ban_id)

    def records(self) -> Iterator[Stored]:
        """Give every ban by id; those added or erased meanwhile may be missed."""
        after = ""
        while True:
            with self._store.read() as session:
                rows = session.rows(schema.PAGE, (self._list, after, _PAGE))
                page = [self._record(row) for row in rows]
                exempt = self._exempt(session, page)
            for record in page:
                yield _with(record, exempt)
            if len(page) < _PAGE:
                return
            after = page[-1].ban_id

    # -- changing ----------------------------------------------------------------------------

    def add(self, ban: NewBan, *, connection: Any = None) -> Stored:
        """Store a ban; found from the next look-up on.

        Args:
            ban: The ban.
            connection: A connection of the host, in whose transaction it is stored; by default
                one of its own.

        Raises:
            ConflictError: The id is taken by another ban.
            InputError: A signal cannot be read.
            StorageError: It could not be stored.
        """
        return self.add_many((ban,), connection=connection)[0]

    def add_many(self, bans: Iterable[NewBan], *, connection: Any = None) -> tuple[Stored, ...]:
        """Store several bans, all or none."""
        prepared = [(ban, self.prepare(_new(ban).signals)) for ban in bans]
        with self._writing(connection) as session:
            session.run(schema.NEXT, (len(prepared),))
            (following,) = session.rows(schema.READ_NEXT)[0]
            if following > MOST_NUMBERS:
                raise StorageError("full", f"this store has numbered {MOST_NUMBERS} bans; begin another")
            stored: list[Stored] = []
            rows: list[tuple[Any, ...]] = []
            tags: list[tuple[int, int]] = []
            pieces: array[int] = array("Q")
            known: dict[str, tuple[NewBan, Stored]] = {}
            for number, (ban, query) in enumerate(prepared, following - len(prepared)):
                before = known[ban.ban_id][1] if ban.ban_id in known else self._get(session, ban.ban_id)
                if before is not None:
                    stored.append(self._same(before, ban, query))
                    continue
                record = self._made(number, ban, query)
                known[ban.ban_id] = ban, record
                stored.append(record)
                rows.append(row_of(record, self._list))
                tags += [(in_index(tag), number) for _, _, tag in split(record.tags)]
                pieces.extend([entry(piece, number) for piece in self.tagger.filed(query, self.keys.current)])
            statements: list[tuple[str, list[tuple[Any, ...]]]] = [
                (schema.INSERT, rows),
                (schema.ADD_TAG, sorted(tags)),
            ]
            large = len(pieces) >= _MERGE_FROM
            if not large:
                statements.append((schema.ADD_PIECE, [(item // MOST_NUMBERS, item % MOST_NUMBERS) for item in pieces]))
            session.write_all(statements)
            if large:
                self._pieces.merge(session, pieces)
        return tuple(stored)

    def update(
        self,
        ban_id: str,
        *,
        lifted_at: int | dt.datetime | None = None,
        ends_at: int | dt.datetime | None = None,
        note: bytes | None = None,
        connection: Any = None,
    ) -> Stored:
        """Change what is given of a ban: when it ends, that it was lifted, or its note.

        Raises:
            InputError: There is no such ban, or it would end before it starts.
        """
        with self._writing(connection) as session:
            record = self._known(session, ban_id)
            changed = attrs.evolve(
                record,
                lifted_at=record.lifted_at if lifted_at is None else to_epoch(lifted_at),
                ends_at=record.ends_at if ends_at is None else to_epoch(ends_at),
                note=record.note if note is None else check_note(note),
            )
            check_span(changed.starts_at, changed.ends_at)
            session.run(schema.CHANGE, (changed.ends_at, changed.lifted_at, changed.note, record.number))
        return changed

    def exempt(self, ban_id: str, signals: Signals, *, note: bytes = b"", connection: Any = None) -> Stored:
        """Keep with a ban the tags of a person who is not the banned one.

        Raises:
            InputError: There is no such ban.
        """
        query = self.prepare(signals)
        check_note(note)
        tags, _, _ = pack(query, self.keys.current, b"\0" * 8)
        if not tags:
            raise refuse("Signals", "", "nothing of it has weight: such a person cannot be known again", "weightless")
        with self._writing(connection) as session:
            record = self._known(session, ban_id)
            session.run(schema.EXEMPT, (record.number, tags, note))
            return self._known(session, ban_id)

    def rewrap(self, ban_id: str, signals: Signals, *, connection: Any = None) -> int:
        """Bring the tags of a ban that these signals share under the current key.

        Call it when a banned account is touched, or when a newcomer was confirmed to be one.
        Tags that the signals do not show again stay as they are.

        Returns:
            How many tags, sketches and avatars moved.
        """
        query = self.prepare(signals)
        current = self.keys.current
        with self._writing(connection) as session:
            record = self._known(session, ban_id)
            fresh = dict(zip(((c, v, t) for v in query.tags for c, t in query.tags[v]), again(query), strict=True))
            kept: set[tuple[int, int, bytes]] = set()
            gone: list[tuple[int, int]] = []
            for code, version, tag in split(record.tags):
                if version != current and (code, version, tag) in fresh:
                    gone.append((in_index(tag), record.number))
                    kept.add((code, current, fresh[code, version, tag]))
                else:
                    kept.add((code, version, tag))
            shown = moved_to(query, record, current)
            moved = len(gone) + shown[2]
            if not moved:
                return 0
            packed = b"".join(bytes([code, version]) + tag for code, version, tag in sorted(kept))
            session.run(schema.RETAG, (packed, shown[0], shown[1], record.number))
            session.write_all([(schema.DROP_TAG, gone)])
            session.many(schema.ADD_TAG, sorted((in_index(tag), record.number) for _, _, tag in kept))
            # Only names and an avatar that are the same as those of the ban are filed anew.
            if shown[2]:
                pieces = sorted(self.tagger.filed(shown[3], current))
                session.many(schema.ADD_PIECE, [(piece, record.number) for piece in pieces])
        return moved

    def erase(self, ban_id: str, *, connection: Any = None) -> bool:
        """Remove a ban and all of its tags; say whether there was one.

        Its pieces in the sorted array, which then point nowhere, go with the next `compact`.
        """
        with self._writing(connection) as session:
            record = self._get(session, ban_id)
            if record is None:
                return False
            session.many(
                schema.DROP_TAG, [(in_index(tag), record.number) for _, _, tag in split(record.tags)] or [(0, 0)]
            )
            session.run(schema.DROP_EXEMPT, (record.number,))
            session.run(schema.DELETE, (record.number,))
        return True

    def compact(self) -> int:
        """Merge what came in since the last time into the sorted array; no answer changes.

        Others wait meanwhile: a minute at a million bans. To be run when few come in.

        Returns:
            How many entries the array has.
        """
        with self._store.write() as session:
            return self._pieces.merge(session)

    def versions(self) -> dict[int, int]:
        """Give how many tags of the list are under each version of the key."""
        counts: dict[int, int] = {}
        with self._store.snapshot() as session:
            for rows in session.stream(schema.STORED_TAGS, (self._list,)):
                for (tags,) in rows:
                    for _, version, _ in split(bytes(tags)):
                        counts[version] = counts.get(version, 0) + 1
        return dict(sorted(counts.items()))

    # -- inside ------------------------------------------------------------------------------

    def _registered(self) -> int:
        """Find the list, or make it; and see that every secret is the one it was."""
        marks = {version: self.tagger.check(version) for version in self.keys.versions}
        with self._store.read() as session:
            number, known = self._marks(session)
        missing = marks.keys() - known.keys()
        if (number is None or missing) and not self._store.read_only:
            with self._store.write() as session:
                number, known = self._marks(session)
                if number is None:
                    session.run(schema.NEW_LIST, (self.list_id,))
                    number, known = self._marks(session)
                for version in sorted(marks.keys() - known.keys()):
                    session.run(schema.NEW_KEY, (number, version, marks[version]))
        for version, mark in marks.items():
            if version in known and not compare_digest(mark, known[version]):
                raise VerificationError(
                    "key",
                    f"version {version} of the key is another secret than the list {self.list_id!r} was made with",
                )
        if number is None:
            raise StorageError("missing", f"there is no list {self.list_id!r} here, and read_only=True makes none")
        return number

    def _marks(self, session: Session) -> tuple[int | None, dict[int, bytes]]:
        found = session.row(schema.LIST, (self.list_id,))
        if found is None:
            return None, {}
        return found[0], {version: bytes(mark) for version, mark in session.rows(schema.KEYS, (found[0],))}

    @contextmanager
    def _writing(self, connection: Any) -> Iterator[Session]:
        with self._store.write() if connection is None else self._store.joined(connection) as session:
            yield session

    def _rows(self, session: Session, numbers: set[int]) -> list[tuple[Any, ...]]:
        if not numbers:
            return []
        listed = session.listed([str(number) for number in sorted(numbers)])
        return session.rows(schema.BY_NUMBERS[session.dialect], (listed,))

    def _get(self, session: Session, ban_id: str) -> Stored | None:
        identifier(ban_id, "TagStore", "ban_id")
        row = session.row(schema.BY_ID, (self._list, ban_id))
        if row is None:
            return None
        record = self._record(row)
        return _with(record, self._exempt(session, [record]))

    def _known(self, session: Session, ban_id: str) -> Stored:
        record = self._get(session, ban_id)
        if record is None:
            raise refuse("TagStore", "ban_id", "there is no such ban on this list", "unknown")
        return record

    def _exempt(self, session: Session, records: list[Stored]) -> dict[int, tuple[tuple[bytes, bytes], ...]]:
        if not records:
            return {}
        listed = session.listed([str(record.number) for record in records])
        found: dict[int, tuple[tuple[bytes, bytes], ...]] = {}
        for number, tags, note in session.rows(schema.EXEMPT_OF[session.dialect], (listed,)):
            found[number] = (*found.get(number, ()), (bytes(tags), bytes(note)))
        return found

    def _record(self, row: tuple[Any, ...]) -> Stored:
        number, _, ban_id, starts_at, ends_at, lifted_at, created_at, verified, note, nonce, tags, sketches, avatar = (
            row
        )
        return Stored(
            ban_id=ban_id,
            list_id=self.list_id,
            number=number,
            starts_at=starts_at,
            ends_at=ends_at,
            lifted_at=lifted_at,
            account_created_at=created_at,
            verified=None if verified is None else bool(verified),
            note=bytes(note),
            nonce=bytes(nonce),
            tags=bytes(tags),
            sketches=bytes(sketches),
            avatar=bytes(avatar),
        )

    def _made(self, number: int, ban: NewBan, query: Prepared) -> Stored:
        nonce = self.tagger.nonce(ban.ban_id, query)
        tags, sketches, avatar = pack(query, self.keys.current, nonce)
        return Stored(
            ban_id=ban.ban_id,
            list_id=self.list_id,
            number=number,
            starts_at=ban.starts_at,
            ends_at=ban.ends_at,
            lifted_at=None,
            account_created_at=query.created_at,
            verified=query.verified,
            note=ban.note,
            nonce=nonce,
            tags=tags,
            sketches=sketches,
            avatar=avatar,
        )

    def _same(self, before: Stored, ban: NewBan, query: Prepared) -> Stored:
        """Give back what is stored if it is the same ban."""
        ours = {(code, version, tag) for version, tags in query.tags.items() for code, tag in tags}
        held = set(split(before.tags))
        distance = avatar_distance(query, before.nonce, before.avatar)
        no_avatar = (
            distance is None
            and not before.avatar
            and not any(f.kind == "pdq" and not f.weightless for f in query.forms)
        )
        same = (
            held <= ours
            and len(held) == len({tag for tag in query.tags[self.keys.current] if KINDS[tag[0]][0] != "avatar"})
            and (distance == 0 or no_avatar)
            and (before.starts_at, before.ends_at, before.note) == (ban.starts_at, ban.ends_at, ban.note)
            and (before.account_created_at, before.verified) == (query.created_at, query.verified)
        )
        if not same:
            raise ConflictError(
                ban.ban_id, before.number, "a ban of this id with other content is stored; give another id"
            )
        return before


def _created(session: Session) -> None:
    session.run(schema.CREATE_STATE, (b"",))


def _with(record: Stored, exempt: dict[int, tuple[tuple[bytes, bytes], ...]]) -> Stored:
    pairs = exempt.get(record.number)
    return attrs.evolve(record, exempt=pairs) if pairs else record


def _new(ban: Any) -> NewBan:
    if not isinstance(ban, NewBan):
        raise refuse("TagStore", "ban", f"is a {type(ban).__name__}; give a NewBan", "type")
    return ban
