r"""A whole ledger as lines of JSON, which can be checked with nothing else in hand.

The first line says whose export it is, each further one holds an entry, the last a checkpoint::

    {"export":"platgov.ledger","origin":"example.org/decisions","schema":1,"size":2}
    {"leaf":{"at":…},"state":"whole","nonce":"…","key":"post-991","subject":"u1","body":{…}}
    {"leaf":{"at":…},"state":"erased","nonce":null,"key":null,"subject":null,"body":null}
    {"checkpoint":"example.org/decisions\n2\n…\n"}

``state`` is ``whole``, ``erased``, or ``withheld`` for a protected entry. Leaf, key, subject and
body are the very bytes that were hashed, so a reader need not know how to spell JSON canonically.
"""

from __future__ import annotations

import os
import pathlib
import re
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from platgov._canonical import dumps, loads, shown
from platgov._ledger import tables
from platgov._ledger.checkpoint import Checkpoint
from platgov._ledger.entry import MAX_BODY, checked_origin, commitment_of, leaf_of
from platgov._ledger.reading import head_of
from platgov._ledger.tables import Row
from platgov._ledger.verifying import Progress, Rebuilding, Verified
from platgov.errors import InputError, Problem, StorageError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from platgov._ledger.keys import Signer, Verifier
    from platgov.stores import Session

__all__ = ["export_to", "verify_export"]

_LINE: Final = re.compile(
    rb'\{"leaf":(\{[^{}]*+\}),"state":"(whole|withheld|erased)","nonce":(?:null|"([0-9a-f]{64})"),'
    rb'"key":(null|"(?:[^"\\]|\\.)*+"),"subject":(null|"(?:[^"\\]|\\.)*+"),"body":(null|\{.*\})\}\n',
    re.DOTALL,
)
_LONGEST: Final = MAX_BODY + 16_384
_LEAF: Final[dict[str, set[type]]] = {
    "seq": {int},
    "at": {int, type(None)},
    "kind": {str},
    "stream": {str},
    "stream_n": {int},
    "key": {str},
    "subject": {str, type(None)},
    "subject_n": {int, type(None)},
    "policy": {str, type(None)},
    "protected": {bool},
    "commitment": {str},
}
"""The members of a leaf in the order of the columns, and the types they may have."""


def export_to(
    file: str | os.PathLike[str] | BinaryIO,
    session: Session,
    origin: str,
    signer: Signer | None,
    progress: Progress | None,
) -> Checkpoint:
    """Write what a snapshot holds; see `platgov._ledger.ledger.Ledger.export`."""
    head = head_of(session)
    checkpoint = Checkpoint(origin=origin, size=head.size, root=head.root)
    if signer is not None:
        checkpoint = checkpoint.signed(signer)
    done = 0
    with _writing(file) as out:
        out.write(dumps({"export": "platgov.ledger", "schema": 1, "origin": origin, "size": head.size}) + b"\n")
        for batch in session.stream(tables.RANGE, (0, head.size)):
            out.write(b"".join(_line(origin, Row._make(row)) for row in batch))
            done += len(batch)
            if progress is not None:
                progress(done, head.size)
        out.write(dumps({"checkpoint": checkpoint.text}) + b"\n")
    return checkpoint


def verify_export(
    path: str | os.PathLike[str],
    checkpoints: Iterable[Checkpoint] = (),
    *,
    verifiers: Iterable[Verifier] = (),
    progress: Progress | None = None,
) -> Verified:
    """Check an export with nothing but the file, and checkpoints kept elsewhere.

    The same is checked as by `Ledger.verify`, but for the tags of keys and subjects, whose
    secrets stay in the ledger. Memory grows with the number of subjects.

    Args:
        path: The file.
        checkpoints: Kept elsewhere. Without any, the file could have been made up as a whole.
        verifiers: Keys of the ledger: one of them must have signed the checkpoint at the end.
        progress: Called with the number of entries done and of all.

    Raises:
        InputError: The file is no export.
        VerificationError: The first thing found that does not hold.
        StorageError: The file cannot be read.
    """
    with _reading(path) as file:
        origin, size = _header(_next(file, 1))
        rebuilding = Rebuilding(origin, checkpoints)
        subjects: dict[str, int] = {}
        leaves: list[bytes] = []
        for seq in range(size):
            leaves.append(_checked(rebuilding, subjects, seq, _next(file, seq + 2)))
            if len(leaves) == 1024 or seq + 1 == size:
                rebuilding.fold(leaves)
                leaves = []
                if progress is not None:
                    progress(seq + 1, size)
        stated = _checkpoint(_next(file, size + 2), size + 2, verifiers)
        if file.read(1):
            raise _refused(size + 3, "goes on after its checkpoint")
    if (stated.origin, stated.size, stated.root) != (origin, size, rebuilding.frontier.root):
        raise VerificationError("root", "the entries are not those of the checkpoint at the end of the export")
    return rebuilding.finish(size)


def _line(origin: str, row: Row) -> bytes:
    leaf = leaf_of(origin, *row[:11])
    if row.nonce is None:
        return b'{"leaf":%b,"state":"erased","nonce":null,"key":null,"subject":null,"body":null}\n' % leaf
    if row.protected:
        return b'{"leaf":%b,"state":"withheld","nonce":null,"key":null,"subject":null,"body":null}\n' % leaf
    return b'{"leaf":%b,"state":"whole","nonce":"%b","key":%b,"subject":%b,"body":%b}\n' % (
        leaf,
        row.nonce.hex().encode(),
        dumps(row.key_text),
        dumps(row.subject_text),
        row.body or b"null",
    )


def _checked(rebuilding: Rebuilding, subjects: dict[str, int], seq: int, line: bytes) -> bytes:
    parts = _LINE.fullmatch(line)
    if parts is None:
        raise _refused(seq + 2, "is no entry of an export")
    raw, state, nonce, key, subject, body = parts.groups()
    leaf = _leaf(raw, seq + 2)
    if leaf_of(rebuilding.origin, *(leaf[name] for name in _LEAF)) != raw:
        raise VerificationError("leaf", "the leaf is not spelled canonically, or is of another ledger", seq)
    if leaf["seq"] != seq:
        raise VerificationError("gap", f"entry {seq} is missing; the next one is {leaf['seq']}", seq)
    rebuilding.count(seq, leaf["stream"], leaf["stream_n"])
    tag = leaf["subject"]
    if tag is not None:
        if leaf["subject_n"] != subjects.get(tag, 0) + 1:
            raise VerificationError("subject_n", f"has number {leaf['subject_n']} of subject {tag}, out of turn", seq)
        subjects[tag] = leaf["subject_n"]
    if state == b"whole":
        if nonce is None or key == b"null" or body == b"null" or (tag is None) != (subject == b"null"):
            raise VerificationError("erased", "is given only in part", seq)
        covered = b"[%b,%b,%b]" % (key, subject, body)
        if commitment_of(bytes.fromhex(nonce.decode()), covered) != leaf["commitment"]:
            raise VerificationError("commitment", "key, subject or body is not what was committed to", seq)
        if leaf["kind"] == "erasure":
            rebuilding.announced(seq, body)
    elif nonce is not None or {key, subject, body} != {b"null"}:
        raise VerificationError("erased", "is given in part, although it says otherwise", seq)
    elif state == b"erased":
        rebuilding.emptied(seq, tag)
    elif leaf["protected"] is not True:
        raise VerificationError("withheld", "is left out, but is not protected", seq)
    return sha256(b"\0" + raw).digest()


def _header(line: bytes) -> tuple[str, int]:
    head = _object(line, 1)
    if set(head) != {"export", "schema", "origin", "size"} or (head["export"], head["schema"]) != ("platgov.ledger", 1):
        raise _refused(1, "is not the head of a ledger export of schema 1")
    if type(head["size"]) is not int or head["size"] < 0:
        raise _refused(1, "does not say how many entries follow")
    return checked_origin(head["origin"]), head["size"]


def _checkpoint(line: bytes, number: int, verifiers: Iterable[Verifier]) -> Checkpoint:
    last = _object(line, number)
    if set(last) != {"checkpoint"}:
        raise _refused(number, "is not the checkpoint that ends an export")
    return Checkpoint.parse(last["checkpoint"], verifiers)


def _leaf(raw: bytes, number: int) -> dict[str, Any]:
    leaf = _object(raw, number)
    for name, kinds in _LEAF.items():
        if name not in leaf or type(leaf[name]) not in kinds:
            raise _refused(number, f"has a leaf without a proper {name}")
    return leaf


def _object(line: bytes, number: int) -> dict[str, Any]:
    try:
        found = loads(line, subject="export", max_bytes=_LONGEST)
    except InputError as bad:
        raise _refused(number, bad.problems[0].message) from None
    if type(found) is not dict:
        raise _refused(number, "is no object")
    return found


def _next(file: BinaryIO, number: int) -> bytes:
    line = file.readline(_LONGEST)
    if not line:
        raise VerificationError("truncated", f"the export ends before line {number}")
    if not line.endswith(b"\n"):
        raise _refused(number, "does not end, or is too long")
    return line


def _refused(number: int, message: str) -> InputError:
    return InputError("export", (Problem(f"the line {message}", code="line", line=number),))


@contextmanager
def _reading(path: object) -> Iterator[BinaryIO]:
    if not isinstance(path, str | os.PathLike) or "\0" in str(path):
        message = f"expected the path of a file, got {shown(path)}"
        raise InputError("export", (Problem(message, "$.path", "path"),))
    try:
        with pathlib.Path(path).open("rb") as file:
            yield file
    except OSError as bad:
        raise StorageError("io", f"cannot read the export: {bad}") from bad


@contextmanager
def _writing(file: object) -> Iterator[BinaryIO]:
    try:
        if isinstance(file, str | os.PathLike) and "\0" not in str(file):
            with pathlib.Path(file).open("xb") as out:
                yield out
                out.flush()
                os.fsync(out.fileno())
        elif hasattr(file, "write"):
            yield cast("BinaryIO", file)
        else:
            message = f"expected a path or a binary file, got {shown(file)}"
            raise InputError("export", (Problem(message, "$.file", "type"),))
    except FileExistsError:
        raise StorageError("exists", f"{file!r} exists; an export never overwrites") from None
    except (OSError, TypeError) as bad:
        raise StorageError("io", f"cannot write the export: {bad}") from bad
