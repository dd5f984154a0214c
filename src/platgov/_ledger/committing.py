"""Appending inside one transaction, and queueing so that many callers share one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from platgov._ledger import tables
from platgov._ledger.entry import Identity, Prepared, Receipt, commitment_of, leaf_of, subject_tag
from platgov._ledger.merkle import Frontier, leaf_hash
from platgov._ledger.tables import Row
from platgov.errors import ConflictError, HandleError, InputError, PlatgovError, StorageError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from platgov.stores import Session, Store

__all__ = ["Appending", "Queue", "Request"]

CHUNK: Final = 1_000
"""Most records that are staged before they are written, and that callers share a transaction for."""


class Appending:
    """The appending end of a ledger inside one transaction that holds the lock of the head.

    `add` stages records, `flush` writes what is staged. Nothing of a request that conflicts is staged.

    Attributes:
        first: The first entry that is new; None while there is none.
    """

    def __init__(self, session: Session, identity: Identity, entropy: Callable[[int], bytes]) -> None:
        self._session = session
        self._identity = identity
        self._entropy = entropy
        self._frontier = read_head(session.row(tables.LOCKED_HEAD[session.dialect]))
        self._known: dict[str, Row] = {}
        self._subjects: dict[str, _Subject] = {}
        self._streams: dict[str, int] = {}
        self._rows: list[Row] = []
        self._nodes: list[tuple[int, int, bytes]] = []
        self._new: list[tuple[bytes, str, str]] = []
        self._grown: set[str] = set()
        self.first: Row | None = None

    def load(self, items: Sequence[Prepared]) -> list[str]:
        """Read what the ledger has under the keys, subjects and streams of these records; return the key tags."""
        session, dialect = self._session, self._session.dialect
        tags = [self._identity.key_tag(item.key) for item in items]
        subjects = {item.subject for item in items if item.subject is not None} - self._subjects.keys()
        streams = {item.stream for item in items} - self._streams.keys()
        kinds = (
            (self._load_key, tables.BY_KEY, tables.BY_KEYS, set(tags) - self._known.keys()),
            (self._load_subject, tables.SUBJECT, tables.SUBJECTS, subjects),
            (self._load_stream, tables.STREAM, tables.STREAMS, streams),
        )
        wanted = [kind for kind in kinds if kind[3]]
        queries = [_query(session, one[dialect], several[dialect], values) for _, one, several, values in wanted]
        for kind, rows in zip(wanted, session.read_all(queries), strict=True):
            for row in rows:
                kind[0](*row)
        return tags

    def add(self, items: Sequence[Prepared], tags: Sequence[str]) -> tuple[Receipt, ...]:
        """Stage loaded records, all or none.

        Raises:
            ConflictError: A key is taken by something else.
        """
        first: dict[str, Prepared] = {}
        for item, tag in zip(items, tags, strict=True):
            known = self._known.get(tag)
            if known is not None:
                _check_repeats(item, known)
            elif (other := first.setdefault(tag, item)) is not item and _content(other) != _content(item):
                raise ConflictError(item.key, self._frontier.size, "the same call gives this key twice, for two things")
        return tuple(self._stage(item, tag) for item, tag in zip(items, tags, strict=True))

    def flush(self) -> None:
        """Write what is staged."""
        if not self._rows:
            return
        heads: list[tuple[str, int, bytes | None]] = [("", self._frontier.size, self._frontier.to_bytes())]
        heads += [(name, self._streams[name], None) for name in sorted(self._grown)]
        self._session.write_all(
            (
                (tables.INSERT_ENTRY, self._rows),
                (tables.INSERT_NODE, self._nodes),
                (tables.INSERT_SUBJECT, self._new),
                (tables.SET_HEAD, heads),
            )
        )
        self._rows, self._nodes, self._new = [], [], []
        self._grown.clear()
        if len(self._known) > 4 * CHUNK:  # what was written is found in the table again
            self._known.clear()
            self._subjects.clear()

    def _load_key(self, *row: Any) -> None:
        self._known[row[5]] = Row._make(row)

    def _load_subject(self, name: str, secret: bytes, tag: str, n: int | None) -> None:
        self._subjects[name] = _Subject(secret, tag, n or 0)

    def _load_stream(self, name: str, n: int) -> None:
        self._streams[name] = n

    def _stage(self, item: Prepared, tag: str) -> Receipt:
        known = self._known.get(tag)
        if known is not None:
            return self._receipt(known, item.key, self._hash(known), repeated=True)
        subject = None if item.subject is None else self._subject(item.subject)
        stream_n = self._streams[item.stream] = self._streams.get(item.stream, 0) + 1
        self._grown.add(item.stream)
        nonce = self._drawn(32)
        row = Row(
            self._frontier.size,
            item.at,
            item.kind,
            item.stream,
            stream_n,
            tag,
            None if subject is None else subject.tag,
            None if subject is None else subject.n,
            item.policy,
            item.protected,
            commitment_of(nonce, item.covered),
            nonce,
            item.key,
            item.subject,
            item.body,
        )
        leaf = self._hash(row)
        self._nodes.extend(self._frontier.append(leaf))
        self._known[tag] = row
        self._rows.append(row)
        self.first = self.first or row
        return self._receipt(row, item.key, leaf, repeated=False)

    def _subject(self, name: str) -> _Subject:
        subject = self._subjects.get(name)
        if subject is None:
            secret = self._drawn(32)
            subject = self._subjects[name] = _Subject(secret, subject_tag(secret, name), 0)
            self._new.append((secret, subject.tag, name))
        subject.n += 1
        return subject

    def _drawn(self, size: int) -> bytes:
        return drawn(self._entropy, size)

    def _hash(self, row: Row) -> bytes:
        return leaf_hash(leaf_of(self._identity.origin, *row[:11]))

    def _receipt(self, row: Row, key: str, leaf: bytes, *, repeated: bool) -> Receipt:
        return Receipt(
            seq=row.seq,
            origin=self._identity.origin,
            leaf_hash=leaf,
            key=key,
            subject=row.subject,
            subject_n=row.subject_n,
            stream=row.stream,
            stream_n=row.stream_n,
            repeated=repeated,
        )


class Request:
    """What one caller wants appended, all or nothing, and what came of it."""

    __slots__ = ("done", "error", "gate", "items", "leads", "receipts")

    def __init__(self, items: Sequence[Prepared]) -> None:
        self.items = items
        self.receipts: tuple[Receipt, ...] = ()
        self.error: PlatgovError | None = None
        self.done = False
        self.leads = False
        self.gate = threading.Lock()
        self.gate.acquire()

    def result(self) -> tuple[Receipt, ...]:
        """Return the receipts, or raise what went wrong."""
        if self.error is not None:
            raise self.error
        return self.receipts


class Queue:
    """Callers that append at once share one transaction; the first of them runs it.

    No thread of its own: whoever finds nobody at work commits what has queued, and then hands
    over to one of those who came meanwhile. One commit to disk so serves many callers.
    """

    def __init__(self, store: Store, identity: Identity, entropy: Callable[[int], bytes]) -> None:
        self._store = store
        self._identity = identity
        self._entropy = entropy
        self._lock = threading.Lock()
        self._waiting: list[Request] = []
        self._busy = False

    def append(self, items: Sequence[Prepared]) -> tuple[Receipt, ...]:
        """Append records in one transaction, all or none, shared with whoever else waits."""
        request = Request(items)
        with self._lock:
            self._waiting.append(request)
            request.leads = not self._busy
            self._busy = True
        if not request.leads:
            self._wait(request)
        if request.leads:
            try:
                self.commit(self._next(request))
            finally:
                self._hand_over()
        return request.result()

    def commit(self, requests: Sequence[Request]) -> None:
        """Commit requests in one transaction. Each gets its receipts or its own error."""
        written: Row | None = None
        try:
            try:
                with self._store.write() as session:
                    appending = Appending(session, self._identity, self._entropy)
                    if len(requests) == 1 and len(requests[0].items) > CHUNK:
                        requests[0].receipts = append_all(appending, requests[0].items)
                    else:
                        self._add_each(appending, requests)
                    written = appending.first
            except StorageError as bad:
                if bad.code != "unknown" or written is None or not self._is_there(written):
                    raise
        except BaseException as bad:
            for request in requests:
                if request.error is None:
                    request.error = _copy(bad)
            if not isinstance(bad, PlatgovError):
                raise
        finally:
            for request in requests:
                request.done = True
                request.gate.release()

    def _add_each(self, appending: Appending, requests: Sequence[Request]) -> None:
        tags = iter(appending.load([item for request in requests for item in request.items]))
        for request in requests:
            own = [next(tags) for _ in request.items]
            try:
                request.receipts = appending.add(request.items, own)
            except ConflictError as conflict:
                request.error = conflict
        appending.flush()

    def _is_there(self, row: Row) -> bool:
        """Tell whether a commit that was not answered happened: all of it, if its first entry is there."""
        with self._store.write() as session:  # waits until the server has let go of the old transaction
            session.row(tables.LOCKED_HEAD[session.dialect])
            found = session.row(tables.ENTRY, (row.seq,))
        return found is not None and Row._make(found).commitment == row.commitment

    def _next(self, leader: Request) -> list[Request]:
        """Take what has queued, up to a chunk of records and always the leader's own."""
        with self._lock:
            self._waiting.remove(leader)
            taken, room = [leader], CHUNK - len(leader.items)
            while self._waiting and len(self._waiting[0].items) <= room:
                room -= len(self._waiting[0].items)
                taken.append(self._waiting.pop(0))
        return taken

    def _hand_over(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting[0].leads = True
                self._waiting[0].gate.release()
            else:
                self._busy = False

    def _wait(self, request: Request) -> None:
        try:
            request.gate.acquire()
        except BaseException:  # Ctrl-C: leave the queue, or pass on what was handed over just now
            with self._lock:
                if request in self._waiting and not request.leads:
                    self._waiting.remove(request)
                    raise
            if request.leads and not request.done:
                with self._lock:
                    self._waiting.remove(request)
                self._hand_over()
            raise


def append_all(appending: Appending, items: Sequence[Prepared]) -> tuple[Receipt, ...]:
    """Append many records chunk by chunk; a conflict leaves the transaction to be undone."""
    receipts: list[Receipt] = []
    for at in range(0, len(items), CHUNK):
        chunk = items[at : at + CHUNK]
        receipts += appending.add(chunk, appending.load(chunk))
        appending.flush()
    return tuple(receipts)


def read_head(row: tuple[Any, ...] | None) -> Frontier:
    """Read the row of the head.

    Raises:
        VerificationError: It is missing or malformed.
    """
    if row is None:
        raise VerificationError("head", "the head of the ledger is missing")
    try:
        return Frontier.from_bytes(*row)
    except InputError as bad:
        raise VerificationError("head", f"the head of the ledger is malformed: {bad.problems[0].message}") from None


def drawn(entropy: Callable[[int], bytes], size: int) -> bytes:
    """Draw random bytes from the host's source, and see that they are some."""
    data = entropy(size)
    if type(data) is not bytes or len(data) != size:
        raise HandleError("entropy", f"entropy({size}) did not give {size} bytes")
    return data


class _Subject:
    __slots__ = ("n", "secret", "tag")

    def __init__(self, secret: bytes, tag: str, n: int) -> None:
        self.secret, self.tag, self.n = secret, tag, n


def _query(session: Session, one: str, several: str, values: set[str]) -> tuple[str, tuple[Any, ...]]:
    return (one, tuple(values)) if len(values) == 1 else (several, (session.listed(sorted(values)),))


def _content(item: Prepared) -> tuple[Any, ...]:
    return item.key, item.subject, item.stream, item.protected, item.body


def _check_repeats(item: Prepared, row: Row) -> None:
    if row.nonce is None:
        raise ConflictError(item.key, row.seq, "that entry was erased, so whether it was the same cannot be told")
    names = ("key", "subject", "stream", "protected", "body")
    stored = (row.key_text, row.subject_text, row.stream, row.protected, row.body)
    different = [name for name, new, old in zip(names, _content(item), stored, strict=True) if new != old]
    if different:
        raise ConflictError(item.key, row.seq, f"it has another {' and another '.join(different)}")


def _copy(bad: BaseException) -> PlatgovError:
    """Make an error for each caller: threads that raise the same one write into one traceback."""
    if isinstance(bad, PlatgovError):
        return type(bad)(*bad.args)
    return StorageError(
        "interrupted", f"the thread that committed for this one was stopped by {type(bad).__name__}; try again"
    )
