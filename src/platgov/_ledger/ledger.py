"""The ledger: an append-only log that anyone can check, on SQLite, PostgreSQL or in memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, Self, cast

from platgov._canonical import shown
from platgov._ledger import tables
from platgov._ledger.checkpoint import Checkpoint
from platgov._ledger.committing import Appending, Queue, drawn
from platgov._ledger.entry import Entry, Identity, Receipt, check_text, checked_origin, prepared, prepared_record
from platgov._ledger.erasing import Erasure, erase_in
from platgov._ledger.exporting import export_to
from platgov._ledger.merkle import check_size, consistency_plan, inclusion_plan
from platgov._ledger.proofs import ConsistencyProof, InclusionProof
from platgov._ledger.reading import check_tail, head_of, leaf_hashes, range_hashes
from platgov._ledger.tables import LEDGER, Row
from platgov._ledger.verifying import Progress, Verified, verify_ledger
from platgov._time import to_epoch, to_iso
from platgov.errors import InputError, Problem, SchemaError, VerificationError
from platgov.stores import Session, Store, open_store

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType
    from typing import BinaryIO

    from platgov._ledger.entry import Record
    from platgov._ledger.keys import Signer
    from platgov.verdict import Verdict

__all__ = ["Ledger"]

_PAGE: Final = 128


class Ledger:
    """An append-only log of verdicts with proofs, exactly-once appends and erasure.

    It detects any change, removal, reordering or back-dating of entries covered by a checkpoint
    that is kept elsewhere. It cannot see what it was never given, and does not stop whoever
    controls the process from recording untruths.

    One handle may be used by any number of threads; appends of threads that wait are committed
    together. Each process opens its own. Reads no clock: ``at`` is what the recorded value
    claims. When an entry was written is bounded by two checkpoints, one before it and one after.

    ::

        with Ledger.open("governance.db") as ledger:
            receipt = ledger.append(decision, key="post-991", subject="u1")
            kept = ledger.checkpoint()          # give its text to someone else to keep
            ledger.prove_inclusion(receipt.seq, kept).verify(receipt.leaf_hash, kept)
            ledger.verify([kept])
    """

    def __init__(
        self, store: Store, identity: Identity, *, signer: Signer | None, entropy: Callable[[int], bytes]
    ) -> None:
        """Use `Ledger.open`."""
        self._store = store
        self._identity = identity
        self._signer = signer
        self._entropy = entropy
        self.queue = Queue(store, identity, entropy)

    @classmethod
    def open(
        cls,
        target: str | os.PathLike[str],
        *,
        origin: str | None = None,
        signer: Signer | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
        timeout_s: float = 30,
        read_only: bool = False,
        schema: str = "platgov",
    ) -> Self:
        """Open a ledger, or create it where there is none.

        The tail is checked: the head must be that of the last entries.

        Args:
            target: Path of an SQLite file, ``:memory:``, or ``postgresql://…`` (extra ``postgres``).
            origin: Name of the ledger, such as ``example.org/decisions``; it is fixed when the
                ledger is created, by default to a random one.
            signer: Signs checkpoints: an `Ed25519Signer`, or the host's own.
            entropy: Where random bytes come from. Whoever can guess them can guess what was erased.
            timeout_s: Seconds to wait for others before `BusyError`.
            read_only: Refuse every write; nothing is created.
            schema: PostgreSQL schema that holds the tables.

        Raises:
            InputError: An argument is not what it should be.
            SchemaError: The store is another application's, newer than this version, damaged,
                or of another origin.
            VerificationError: The head does not fit the entries.
            StorageError: The store cannot be opened.
        """
        if origin is not None:
            checked_origin(origin)
        if not callable(entropy):
            raise InputError("ledger", (Problem(f"entropy is {shown(entropy)}; give a function", "$.entropy", "type"),))
        store = open_store(target, timeout_s=timeout_s, read_only=read_only, schema=schema)
        try:
            store.prepare(LEDGER, lambda session: _create(session, origin, entropy))
            with store.read() as session:
                identity = _identity(session, origin)
                check_tail(session, identity.origin)
        except BaseException:
            store.close()
            raise

        def recheck(session: Session) -> None:
            session.row(tables.LOCKED_HEAD[session.dialect])  # so that nobody commits between what is read below
            check_tail(session, identity.origin)

        store.recheck = recheck
        return cls(store, identity, signer=signer, entropy=entropy)

    @property
    def origin(self) -> str:
        """Name of the ledger, which every leaf and checkpoint carries."""
        return self._identity.origin

    @property
    def size(self) -> int:
        """How many entries are committed."""
        with self._store.read() as session:
            return head_of(session).size

    def append(
        self,
        value: Verdict | dict[str, Any],
        *,
        key: str,
        subject: str | None = None,
        stream: str = "main",
        at: int | dt.datetime | None = None,
        protected: bool = False,
    ) -> Receipt:
        """Record a value exactly once; it is on disk when this returns.

        The same key again, with the same value, subject, stream and protection, gives the same
        receipt and writes nothing: after any error the call can be made again as it was.

        Args:
            value: Any verdict, or a plain dict. Its kind is that of the verdict, or what a dict
                has under ``kind`` if that fits a name, else ``record``.
            key: Names what happened, in 1 to 256 bytes: the host's id of the event.
            subject: Whom it is about, as the host names them; what `erase` goes by.
            stream: Name of a series that is numbered on its own, to see from outside that none is missing.
            at: The instant, if the value has none of its own under ``at``.
            protected: Readable only through `reveal`, which leaves an entry.

        Raises:
            InputError: An argument cannot be recorded.
            ConflictError: The key has something else, or was erased.
            BusyError: Others held the store for too long.
            StorageError: Nothing was acknowledged; trying again is safe.
        """
        return self.queue.append((prepared(value, key, subject, stream=stream, at=at, protected=protected),))[0]

    def append_many(self, records: Iterable[Record]) -> tuple[Receipt, ...]:
        """Record many in one transaction: all, or on any error none.

        Raises:
            InputError: One cannot be recorded; the path says which.
            ConflictError: One key has something else.
            StorageError: Nothing was acknowledged; trying again is safe.
        """
        items = []
        for at, record in enumerate(records):
            try:
                items.append(prepared_record(record))
            except InputError as bad:
                raise InputError(
                    bad.subject, tuple(problem._replace(path=f"$[{at}]{problem.path[1:]}") for problem in bad.problems)
                ) from None
        return self.queue.append(tuple(items)) if items else ()

    def append_in(
        self,
        connection: Any,
        value: Verdict | dict[str, Any],
        *,
        key: str,
        subject: str | None = None,
        stream: str = "main",
        at: int | dt.datetime | None = None,
        protected: bool = False,
    ) -> Receipt:
        """Record a value in the host's own transaction: both are committed, or neither.

        The receipt counts once the host has committed. From this call until then, the
        transaction holds the lock of the ledger: call it last, and commit at once. Durability
        is that of the host's connection (SQLite: ``PRAGMA synchronous = FULL`` or more).

        If the connection has no transaction open, one is opened, for the host to commit.
        On SQLite with the WAL-reset bug (before 3.51.3, 3.50.7 or 3.44.6), automatic checkpoints
        of the connection are turned off; the ledger makes them in a way that the bug does not
        reach. Connections that the ledger never sees keep theirs.

        Args:
            connection: A ``sqlite3.Connection`` to the same file, or a ``psycopg.Connection``
                to the same database.
            value: As for `append`, like the rest.
            key: As there.
            subject: As there.
            stream: As there.
            at: As there.
            protected: As there.

        Raises:
            HandleError: The connection is to something else.
            BusyError: The transaction began as a reader and cannot write any more: begin it with
                ``BEGIN IMMEDIATE``. On PostgreSQL: it must be run again from its start.
            ConflictError: As for `append`; the transaction of the host goes on.
        """
        item = prepared(value, key, subject, stream=stream, at=at, protected=protected)
        with self._store.joined(connection) as session:
            appending = Appending(session, self._identity, self._entropy)
            (receipt,) = appending.add((item,), appending.load((item,)))
            appending.flush()
        return receipt

    def checkpoint(self) -> Checkpoint:
        """State the committed entries in three lines of text, signed if there is a signer.

        Only a checkpoint kept where the writers of the ledger cannot reach proves anything.
        """
        with self._store.read() as session:
            head = head_of(session)
        checkpoint = Checkpoint(origin=self.origin, size=head.size, root=head.root)
        return checkpoint if self._signer is None else checkpoint.signed(self._signer)

    def prove_inclusion(self, seq: int, checkpoint: Checkpoint) -> InclusionProof:
        """Prove that an entry is in the ledger of a checkpoint.

        Raises:
            InputError: The checkpoint does not cover that entry.
            VerificationError: The checkpoint is not one of this ledger, or the ledger was changed.
        """
        self._check_own(checkpoint)
        plan = inclusion_plan(seq, checkpoint.size)
        with self._store.read() as session:
            self._check_covers(session, checkpoint)
            hashes = range_hashes(session, self.origin, plan)
            (leaf,) = leaf_hashes(session, self.origin, seq, seq + 1) or (b"",)
        proof = InclusionProof(index=seq, size=checkpoint.size, hashes=hashes)
        proof.verify(leaf, checkpoint)
        return proof

    def prove_consistency(self, old: Checkpoint, new: Checkpoint) -> ConsistencyProof:
        """Prove that the ledger of one checkpoint is the beginning of that of another.

        Raises:
            InputError: The first covers more entries than the second.
            VerificationError: A checkpoint is not one of this ledger, or the ledger was changed.
        """
        self._check_own(old)
        self._check_own(new)
        plan = consistency_plan(old.size, new.size)
        with self._store.read() as session:
            self._check_covers(session, new)
            hashes = range_hashes(session, self.origin, plan)
        proof = ConsistencyProof(old_size=old.size, new_size=new.size, hashes=hashes)
        proof.verify(old, new)
        return proof

    def verify(self, checkpoints: Iterable[Checkpoint] = (), *, progress: Progress | None = None) -> Verified:
        """Check every entry, hash, commitment, counter and tag, and kept checkpoints of this ledger.

        One pass over all entries, beside which appends go on. Who signed the checkpoints is for
        the caller to check, with `Checkpoint.parse` or `Checkpoint.verified_by`.

        Args:
            checkpoints: Kept elsewhere. Without any, whoever can write the store could have
                rewritten all of it consistently.
            progress: Called with the number of entries done and of all.

        Raises:
            VerificationError: The first thing found that does not hold.
        """
        with self._store.snapshot() as session:
            return verify_ledger(session, self._identity, checkpoints, progress)

    def entry(self, seq: int) -> Entry:
        """Read one entry.

        Raises:
            InputError: There is no entry of that number.
        """
        return Entry.of(self.origin, self._row(seq))

    def find(self, key: str) -> Entry | None:
        """Read the entry of a key; None if there is none. An erased one is found, too."""
        if type(key) is not str:
            raise InputError("ledger", (Problem(f"key is {shown(key)}; give text", "$.key", "type"),))
        try:
            tag = self._identity.key_tag(key)
        except UnicodeEncodeError:
            return None  # such a key cannot have been recorded
        with self._store.read() as session:
            row = session.row(tables.BY_KEY[session.dialect], (tag,))
        return None if row is None else Entry.of(self.origin, Row._make(row))

    def entries(
        self,
        *,
        subject: str | None = None,
        stream: str | None = None,
        kind: str | None = None,
        rule: str | None = None,
        policy: str | None = None,
        since: int | dt.datetime | None = None,
        until: int | dt.datetime | None = None,
        start: int = 0,
        stop: int | None = None,
    ) -> Iterator[Entry]:
        """Read entries in order, page by page, those committed when the first is asked for.

        No lock is held while the caller works. Those of a subject, or of a range, are found by an
        index; the other conditions look at each entry of the range.

        Args:
            subject: Only those about this subject, since it was last erased.
            stream: Only those of this stream.
            kind: Only those of this kind.
            rule: Only decisions with a finding by this rule. Bodies that are erased or protected do not count.
            policy: Only those under the policy of this digest.
            since: Only those for this instant or later; those without an instant do not count.
            until: Only those for an earlier instant than this one.
            start: First number.
            stop: One past the last number.
        """
        wanted = (
            *_twice(_text(stream, "stream")),
            *_twice(_text(kind, "kind")),
            *_twice(_text(policy, "policy")),
            *_twice(None if since is None else to_epoch(since)),
            *_twice(None if until is None else to_epoch(until)),
        )
        check_size(start, "$.start")
        if stop is not None:
            check_size(stop, "$.stop")
        return self._pages(_text(subject, "subject"), _text(rule, "rule"), wanted, start, stop)

    def reveal(self, seq: int, *, by: str, reason: str, at: int | dt.datetime | None = None) -> Entry:
        """Read a protected entry with its body, and record who did and why, before it is given.

        Raises:
            InputError: There is no such entry, or ``by`` or ``reason`` is empty.
        """
        row = self._row(seq)
        value = {"kind": "access", "seq": seq, **_who(by, reason, at, needed=True)}
        key = f"access/{seq}/{drawn(self._entropy, 8).hex()}"
        self.queue.append((prepared(value, key, stream="access", own=True),))
        return Entry.of(self.origin, row, revealed=True)

    def erase(
        self, *, subject: str, by: str | None = None, reason: str | None = None, at: int | dt.datetime | None = None
    ) -> Erasure:
        """Remove key, subject and body of every entry about a subject, and all that links them to it.

        The entries keep their place and hash, so every proof still holds; an entry of kind
        ``erasure`` says how many there are. The storage itself is wiped as far as it can be
        reached: SQLite overwrites what it frees and empties its write-ahead log; PostgreSQL
        vacuums, and keeps old row versions in its own log and in backups for as long as it is set
        up to. Copies made before, exports and backups, are not reached.

        Args:
            subject: As it was given to `append`.
            by: Who decided to erase.
            reason: Why.
            at: When.

        Raises:
            BusyError: Others held the store for too long. If a reader held the write-ahead log,
                the erasure itself is done: call again to wipe.
        """
        item = prepared({}, "erase", subject)  # for its checks
        who = _who(by, reason, at, needed=False)
        with self._store.write() as session:
            erasure = erase_in(
                Appending(session, self._identity, self._entropy), session, cast("str", item.subject), who
            )
        self._store.wipe()
        return erasure

    def export(self, file: str | os.PathLike[str] | BinaryIO, *, progress: Progress | None = None) -> Checkpoint:
        """Write the whole ledger as lines of JSON, which `verify_export` checks without the ledger.

        Bodies of protected entries are left out, with the nonce that would let them be guessed.

        Args:
            file: Path of a file to create, or a binary file to write to.
            progress: Called with the number of entries done and of all.

        Returns:
            The checkpoint at the end of the export, signed if there is a signer.
        """
        with self._store.snapshot() as session:
            return export_to(file, session, self.origin, self._signer, progress)

    def close(self) -> None:
        """Let go of the store. Closing twice is fine; any other use afterwards is a `HandleError`."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Ledger {self.origin}>"

    def _row(self, seq: int) -> Row:
        check_size(seq, "$.seq")
        with self._store.read() as session:
            row = session.row(tables.ENTRY, (seq,))
        if row is None:
            raise InputError("ledger", (Problem(f"there is no entry {seq}", "$.seq", "range"),))
        return Row._make(row)

    def _pages(
        self, subject: str | None, rule: str | None, wanted: tuple[Any, ...], start: int, stop: int | None
    ) -> Iterator[Entry]:
        tag = None
        with self._store.read() as session:
            size = head_of(session).size
            if subject is not None:
                found = session.row(tables.TAG_OF, (subject,))
                if found is None:
                    return
                tag = found[0]
        stop = size if stop is None else min(stop, size)
        after = 0
        while start < stop:
            with self._store.read() as session:
                if tag is None:
                    rows = session.rows(tables.PAGE, (start, stop, *wanted, _PAGE))
                else:
                    rows = session.rows(tables.PAGE_OF_SUBJECT, (tag, after, start, stop, *wanted, _PAGE))
            for found in rows:
                row = Row._make(found)
                start, after = row.seq + 1, row.subject_n or 0
                entry = Entry.of(self.origin, row)
                if rule is None or _cites(entry, rule):
                    yield entry
            if len(rows) < _PAGE:
                return

    def _check_own(self, checkpoint: Checkpoint) -> None:
        if type(checkpoint) is not Checkpoint:
            message = f"expected a checkpoint, got {shown(checkpoint)}"
            raise InputError("ledger", (Problem(message, "$.checkpoint", "type"),))
        if checkpoint.origin != self.origin:
            raise VerificationError("origin", f"the checkpoint is of {checkpoint.origin!r}, not of {self.origin!r}")

    def _check_covers(self, session: Session, checkpoint: Checkpoint) -> None:
        size = head_of(session).size
        if checkpoint.size > size:
            raise VerificationError("truncated", f"the checkpoint covers {checkpoint.size} entries; there are {size}")


def _create(session: Session, origin: str | None, entropy: Callable[[int], bytes]) -> None:
    if origin is None:
        origin = f"platgov.ledger/{drawn(entropy, 8).hex()}"
    session.run(tables.CREATE_LEDGER, (origin, drawn(entropy, 32)))
    session.run(tables.CREATE_HEAD, (b"",))


def _identity(session: Session, origin: str | None) -> Identity:
    row = session.row(tables.IDENTITY)
    if row is None or len(row[1]) != 32:
        raise VerificationError("head", "the head of the ledger is missing or malformed")
    if origin is not None and origin != row[0]:
        raise SchemaError("origin", f"this is the ledger {row[0]!r}, not {origin!r}")
    return Identity(*row)


def _text(value: str | None, name: str) -> str | None:
    problems: list[Problem] = []
    if value is not None:
        check_text(value, f"$.{name}", problems)
    if problems:
        raise InputError("ledger", tuple(problems))
    return value


def _twice(value: Any) -> tuple[Any, Any]:
    return value, value


def _who(by: object, reason: object, at: int | dt.datetime | None, *, needed: bool) -> dict[str, Any]:
    said: dict[str, Any] = {"by": by, "reason": reason}
    problems = [
        Problem(f"{name} is {shown(text)}; give text of at most 4096 characters", f"$.{name}", "type")
        for name, text in said.items()
        if (needed or text is not None) and (type(text) is not str or not 1 <= len(text) <= 4096)
    ]
    if problems:
        raise InputError("ledger", tuple(problems))
    return said if at is None else {**said, "at": to_iso(to_epoch(at))}


def _cites(entry: Entry, rule: str) -> bool:
    body = entry.body
    if type(body) is not dict:
        return False
    findings = body.get("findings")
    return type(findings) is list and any(type(each) is dict and each.get("rule") == rule for each in findings)
