"""Checking a whole ledger: every leaf, commitment, counter, tag and node, and kept checkpoints."""

from __future__ import annotations

import hmac
from hashlib import sha256
from operator import itemgetter, lt
from typing import TYPE_CHECKING, Any, Final, Protocol

import attrs

from platgov._canonical import shown
from platgov._ledger import tables
from platgov._ledger.checkpoint import Checkpoint
from platgov._ledger.committing import read_head
from platgov._ledger.entry import Identity, commitment_of, covered_by, leaf_of, read_body, subject_tag
from platgov._ledger.merkle import Frontier
from platgov.errors import InputError, Problem, VerificationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from platgov._ledger.merkle import Node
    from platgov.stores import Session

__all__ = ["Progress", "Rebuilding", "Verified", "verify_ledger"]

_KEY_AND_SEQ: Final = itemgetter(5, 0)
_REMEMBERED: Final = 120_000
"""Subjects whose tag is known to be right are remembered, this many at most."""


class Progress(Protocol):
    """Is told how far a long run is."""

    def __call__(self, done: int, total: int, /) -> object:
        """Take the number of entries done, and of all."""


@attrs.frozen(kw_only=True)
class Verified:
    """A ledger, or an export of one, in which everything fits.

    Attributes:
        origin: The ledger.
        size: How many entries it has.
        root: Merkle root over them.
        erased: Entries whose personal part is gone, as an entry of the ledger says.
        checkpoints: How many kept checkpoints were compared. Without one, whoever can write
            the store could have rewritten all of it.
        covered: Entries up to the largest of them: what cannot have been rewritten since.
    """

    origin: str
    size: int
    root: bytes
    erased: int
    checkpoints: int
    covered: int


class Rebuilding:
    """Rebuilds the tree from entries in order, and sees what must hold between them.

    What only a ledger itself knows, salt and secrets, is checked elsewhere.
    """

    def __init__(self, origin: str, checkpoints: Iterable[Checkpoint]) -> None:
        self.origin = origin
        self.frontier = Frontier()
        self.streams: dict[str, int] = {}
        self._erased: dict[str, int] = {}
        self._announced: dict[str, int] = {}
        self._checkpoints = _sorted(origin, checkpoints)
        self._due = list(self._checkpoints)
        self._meet()

    def fold(self, leaves: list[bytes]) -> list[Node]:
        """Add leaf hashes in order; compare the root wherever a checkpoint has one."""
        completed: list[Node] = []
        while self._due and self._due[0].size <= self.frontier.size + len(leaves):
            here = self._due[0].size - self.frontier.size
            completed += self.frontier.extend(leaves[:here])
            leaves = leaves[here:]
            self._meet()
        completed += self.frontier.extend(leaves)
        return completed

    def count(self, seq: int, stream: str, n: int) -> None:
        """See that an entry has the next number of its stream."""
        if n != self.streams.get(stream, 0) + 1:
            raise VerificationError("stream_n", f"has number {n} of stream {stream!r}, out of turn", seq)
        self.streams[stream] = n

    def emptied(self, seq: int, subject: str | None) -> None:
        """Count an erased entry."""
        if subject is None:
            raise VerificationError("erased", "is empty, but has no subject that could have been erased", seq)
        self._erased[subject] = self._erased.get(subject, 0) + 1

    def announced(self, seq: int, body: bytes) -> None:
        """Note what an entry of kind ``erasure`` says was erased."""
        said = read_body(body)
        if type(said) is not dict or type(said.get("subject")) is not str or type(said.get("count")) is not int:
            raise VerificationError("erased", "does not say what was erased", seq)
        self._announced[said["subject"]] = said["count"]

    def finish(self, size: int) -> Verified:
        """See that nothing is missing at the end."""
        if self._due:
            kept = self._due[0]
            raise VerificationError("truncated", f"a kept checkpoint covers {kept.size} entries; there are {size}")
        if self._erased != self._announced:
            wrong, _ = min(self._erased.items() ^ self._announced.items())
            raise VerificationError(
                "erased",
                f"of subject {wrong}, {self._erased.get(wrong, 0)} entries are empty; "
                f"the ledger says that {self._announced.get(wrong, 0)} were erased",
            )
        return Verified(
            origin=self.origin,
            size=self.frontier.size,
            root=self.frontier.root,
            erased=sum(self._erased.values()),
            checkpoints=len(self._checkpoints),
            covered=max((kept.size for kept in self._checkpoints), default=0),
        )

    def _meet(self) -> None:
        while self._due and self._due[0].size == self.frontier.size:
            kept = self._due.pop(0)
            if kept.root != self.frontier.root:
                raise VerificationError("root", f"the first {kept.size} entries are not those of a kept checkpoint")


def verify_ledger(
    session: Session, identity: Identity, checkpoints: Iterable[Checkpoint], progress: Progress | None
) -> Verified:
    """Check everything that a ledger holds against everything else, and against kept checkpoints.

    O(n) time; memory does not grow with the number of entries.

    Raises:
        VerificationError: The first thing found that does not hold.
    """
    head = read_head(session.row(tables.HEAD))
    rebuilding = Rebuilding(identity.origin, checkpoints)
    _check_ends(session, head.size)
    subjects = _Subjects(session)
    check_row = _row_checker(identity, rebuilding, subjects.named)
    nodes = keys = 0
    for batch in session.stream(tables.RANGE, (0, head.size)):
        completed = rebuilding.fold([check_row(row) for row in batch])
        keys += sum(map(hash, map(_KEY_AND_SEQ, batch)))
        subjects.check()
        _check_nodes(session, completed)
        nodes += len(completed)
        if progress is not None:
            progress(rebuilding.frontier.size, head.size)
    if rebuilding.frontier != head:
        raise VerificationError("head", f"the head ({head.size} entries) is not that of the entries there are")
    if session.row(tables.COUNT_NODES) != (nodes,):
        raise VerificationError("node", "there are stored hashes of parts that do not exist")
    if dict(session.rows(tables.ALL_STREAMS)) != rebuilding.streams:
        raise VerificationError("stream_n", "the counters of the streams are not those of the entries")
    _check_index(session, tables.KEYS, keys)
    _check_names(session)
    _check_subjects(session)
    return rebuilding.finish(head.size)


class _Subjects:
    """Checks that tags are those of their subjects, many at a time, and remembers some that are."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._right: dict[str, str] = {}
        self._open: dict[str, tuple[int, str]] = {}

    def named(self, seq: int, tag: str, subject: str) -> None:
        """Note that an entry names a subject with a tag."""
        known = self._right.get(tag) or self._open.setdefault(tag, (seq, subject))[1]
        if known != subject:
            raise VerificationError("subject", "the tag of the subject is that of another", seq)

    def check(self) -> None:
        """Check what was noted since."""
        if not self._open:
            return
        listed = self._session.listed(list(self._open))
        for tag, subject, secret in self._session.rows(tables.BY_TAGS[self._session.dialect], (listed,)):
            seq, named = self._open.pop(tag)
            if subject != named or not hmac.compare_digest(subject_tag(secret, subject), tag):
                raise VerificationError("subject", "the tag of the subject is not that of the subject", seq)
            if len(self._right) >= _REMEMBERED:
                self._right.clear()
            self._right[tag] = subject
        for seq, _ in self._open.values():
            raise VerificationError("subject", "the subject of its tag is not known", seq)


def _row_checker(
    identity: Identity, rebuilding: Rebuilding, named: Callable[[int, str, str], None]
) -> Callable[[tuple[Any, ...]], bytes]:
    origin, key_tag = identity.origin, identity.key_tag
    expected = 0

    def check(row: tuple[Any, ...]) -> bytes:
        nonlocal expected
        (
            seq, at, kind, stream, stream_n, key, subject, subject_n, policy, protected, commitment,
            nonce, key_text, subject_text, body,
        ) = row  # fmt: skip
        if seq != expected:
            raise VerificationError("gap", f"entry {expected} is missing; the next one is {seq}", expected)
        expected += 1
        rebuilding.count(seq, stream, stream_n)
        if nonce is None:
            if (key_text, subject_text, body) != (None, None, None):
                raise VerificationError("erased", "is erased only in part", seq)
            rebuilding.emptied(seq, subject)
        else:
            if key_text is None or body is None or (subject is None) != (subject_text is None):
                raise VerificationError("erased", "is erased only in part", seq)
            if commitment_of(nonce, covered_by(key_text, subject_text, body)) != commitment:
                raise VerificationError("commitment", "key, subject or body is not what was committed to", seq)
            if key_tag(key_text) != key:
                raise VerificationError("key", "the tag of the key is not that of the key", seq)
            if subject is not None:
                named(seq, subject, subject_text)
            if kind == "erasure":
                rebuilding.announced(seq, body)
        leaf = leaf_of(origin, seq, at, kind, stream, stream_n, key, subject, subject_n, policy, protected, commitment)
        return sha256(b"\0" + leaf).digest()

    return check


def _check_ends(session: Session, size: int) -> None:
    first, last = session.row(tables.ENDS) or (None, None)
    if (first, last) != ((None, None) if size == 0 else (0, size - 1)):
        raise VerificationError("head", f"the head counts {size} entries; they go from {first} to {last}")


def _check_index(session: Session, sql: dict[str, str], expected: int) -> None:
    """Check that an index has what its table has, in order: a sum of hashes stands for all of it."""
    last = ""
    for batch in session.stream(sql[session.dialect]):
        expected -= sum(map(hash, batch))
        texts = [last, *(row[0] for row in batch)]
        if not all(map(lt, texts, texts[1:])):
            raise VerificationError("index", "an index of the storage is out of order")
        last = texts[-1]
    if expected:
        raise VerificationError("index", "an index of the storage does not have what its table has")


def _check_names(session: Session) -> None:
    names = tags = 0
    for batch in session.stream(tables.SUBJECT_ROWS[session.dialect]):
        names += sum(map(hash, batch))
        tags += sum(hash((tag, subject)) for subject, tag in batch)
    _check_index(session, tables.NAMES, names)
    _check_index(session, tables.TAGS, tags)


def _check_nodes(session: Session, completed: list[Node]) -> None:
    by_level: dict[int, list[Node]] = {}
    for node in completed:
        by_level.setdefault(node.level, []).append(node)
    for level, nodes in by_level.items():
        begin = nodes[0].idx
        stored = session.rows(tables.NODES, (level, begin, begin + len(nodes)))
        if [row[0] for row in stored] != [node.hash for node in nodes]:
            first = begin << level
            raise VerificationError("node", f"the stored hash over the entries from {first} on is wrong", first)


def _check_subjects(session: Session) -> None:
    """Check that the entries of each subject are numbered 1, 2, 3 … in the order of the ledger."""
    # Both come in the order of tags, so one pass over each is enough, and little memory.
    counted = _counts(session)
    for (tag,) in (row for batch in session.stream(tables.ALL_TAGS) for row in batch):
        if next((found for found in counted if found >= tag), None) != tag:
            raise VerificationError("subject", f"subject {tag} has no entries")
    for _ in counted:
        pass  # those left were erased: their numbers still have to follow each other


def _counts(session: Session) -> Iterator[str]:
    """Give each tag once, after its numbers were found in order."""
    tag, n, last = "", 0, -1
    for found, found_n, seq in (row for batch in session.stream(tables.COUNTED) for row in batch):
        if found != tag:
            yield found
            tag, n, last = found, 0, -1
        if found_n != n + 1 or seq <= last:
            raise VerificationError("subject_n", f"has number {found_n} of subject {found}, out of turn", seq)
        n, last = found_n, seq


def _sorted(origin: str, checkpoints: Iterable[Checkpoint]) -> list[Checkpoint]:
    kept = list(checkpoints)
    for at, checkpoint in enumerate(kept):
        if type(checkpoint) is not Checkpoint:
            message = f"expected a checkpoint, got {shown(checkpoint)}"
            raise InputError("checkpoints", (Problem(message, f"$[{at}]", "type"),))
        if checkpoint.origin != origin:
            raise VerificationError("origin", f"a kept checkpoint is of {checkpoint.origin!r}, not of {origin!r}")
    return sorted(kept, key=lambda checkpoint: checkpoint.size)
