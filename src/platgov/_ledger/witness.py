"""A second pair of eyes: someone outside the log who remembers its last state.

A log that answers to nobody can rewrite its past and stay consistent with itself. A witness
keeps the last checkpoint it saw, and accepts only one that provably grew from it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from platgov._canonical import dumps, loads, shown
from platgov._ledger.checkpoint import Checkpoint
from platgov._ledger.lines import check_line, refusal
from platgov._ledger.merkle import EMPTY_ROOT
from platgov._ledger.notes import Cosigner, known_keys
from platgov._ledger.proofs import ConsistencyProof
from platgov.errors import BusyError, InputError, SchemaError, StorageError, VerificationError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from platgov._ledger.notes import Signer, Verifier

__all__ = ["FileWitness", "Witness", "check_growth"]

_FORMAT = "platgov witness"
_SCHEMA = 1
_MAX_BYTES = 16 * 1_048_576
_PAUSE_S = 0.005


class Witness(Protocol):
    """Whoever remembers a log's last checkpoint; a host may put a service behind it."""

    def last(self, origin: str) -> Checkpoint | None:
        """Return the last accepted checkpoint of a log."""
        ...

    def observe(
        self, checkpoint: Checkpoint, proof: ConsistencyProof | None, *, at: int | dt.datetime | None = None
    ) -> Checkpoint:
        """Accept a checkpoint that grew from the last one, or raise."""
        ...


def check_growth(last: Checkpoint | None, new: Checkpoint, proof: ConsistencyProof | None) -> None:
    """Check that a checkpoint may follow the last one that was accepted, or is that one again.

    Raises:
        VerificationError: ``rollback``: it is smaller. ``fork``: same size and another root, or
            the proof does not lead from the one root to the other. ``stale``: the proof is for
            other sizes. ``proof``: it grew and there is no proof, or one of a wrong length.
            ``root``: an empty log with another root than ``EMPTY_ROOT``.
    """
    if not new.size and new.root != EMPTY_ROOT:
        raise VerificationError("root", "the root of an empty log is the hash of nothing")
    old_size = last.size if last else 0
    if new.size < old_size:
        raise VerificationError("rollback", f"{new.origin} shrank from {old_size} to {new.size} entries")
    if last is not None and new.size == old_size:
        if new.root != last.root:
            raise VerificationError("fork", f"{new.origin} has two roots at {old_size} entries")
        return  # told again, perhaps because the answer was lost: nothing to prove
    if proof is not None and (proof.old_size, proof.new_size) != (old_size, new.size):
        message = f"the proof leads from {proof.old_size} to {proof.new_size}; needed is {old_size} to {new.size}"
        raise VerificationError("stale", message)
    if last is None or not old_size:
        if proof is not None and proof.hashes:
            raise VerificationError("proof", "from an empty log on, a proof has no hashes")
    elif proof is None:
        raise VerificationError("proof", f"{new.origin} grew from {old_size} to {new.size}; give the proof")
    else:
        try:
            proof.verify(last, new)
        except VerificationError as bad:
            message = f"{new.origin} at {new.size} does not continue what was seen at {old_size}: {bad.message}"
            raise VerificationError("fork" if bad.code == "root" else "proof", message) from None


class FileWitness:
    """A witness that keeps the last checkpoint of each log in one small file.

    Safe for any number of threads and processes on one machine. The file is replaced as a whole
    and reaches the disk before ``observe`` returns. Beside it stand ``<name>.lock`` and, after a
    crash, ``<name>.tmp``, which means nothing. Keep the file where the log's operator cannot
    reach it: who deletes it makes the witness forget.

    Args:
        path: The file; made by the first ``observe``.
        verifiers: Keys that may speak for a log: of each log's origin its keys, or simply keys
            whose name is the origin. With none at all, unsigned checkpoints of any origin are
            accepted, and the first one seen is trusted.
        signer: Key of this witness; with one, ``observe`` returns the checkpoint cosigned.
        timeout_s: How long to wait for other processes.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        verifiers: Mapping[str, Iterable[Verifier]] | Iterable[Verifier] = (),
        signer: Cosigner | None = None,
        *,
        timeout_s: float = 30,
    ) -> None:
        self._path = os.path.realpath(_file_path(path))  # two names of one file have one lock
        self._keys = _by_origin(verifiers)
        if signer is not None and not isinstance(signer, Cosigner):
            raise refusal("type", f"expected a cosigner, got {shown(signer)}", "$.signer")
        if type(timeout_s) not in (int, float) or not timeout_s >= 0:
            raise refusal("range", f"expected seconds, 0 or more, got {shown(timeout_s)}", "$.timeout_s")
        self._signer = signer
        self._timeout_s = timeout_s

    def last(self, origin: str) -> Checkpoint | None:
        """Return the last accepted checkpoint of a log, None if none was.

        Raises:
            SchemaError: The file is damaged, or not a witness's.
            StorageError: It cannot be read.
        """
        return self._read().get(check_line(origin, "$.origin"))

    def observe(
        self, checkpoint: Checkpoint, proof: ConsistencyProof | None = None, *, at: int | dt.datetime | None = None
    ) -> Checkpoint:
        """Accept a checkpoint if it grew from the last one of its log, and remember it.

        The first one of a log needs no proof; later ones do unless the size is the same.

        Args:
            checkpoint: What the log claims now.
            proof: From the last accepted checkpoint to this one.
            at: The instant that a cosignature states; needed if this witness signs.

        Returns:
            The checkpoint as it was stored, with the cosignature of this witness if it signs.

        Raises:
            VerificationError: As of ``check_growth``; ``unknown_origin``: no key is known for
                this log; ``unsigned`` or ``signature``: no known key signed it, or wrongly.
            StorageError: It may not be on the disk; the same call again is safe.
        """
        if type(checkpoint) is not Checkpoint:
            raise refusal("type", f"expected a checkpoint, got {shown(checkpoint)}", "$.checkpoint")
        signer = self._signer_at(at)
        if proof is not None and type(proof) is not ConsistencyProof:
            raise refusal("type", f"expected a consistency proof, got {shown(proof)}", "$.proof")
        self._authenticate(checkpoint)
        with self._lock():
            known = self._read()
            check_growth(known.get(checkpoint.origin), checkpoint, proof)
            if signer is not None:
                checkpoint = checkpoint.signed(signer)
            known[checkpoint.origin] = checkpoint
            # Written even if nothing is new: what is returned has reached the disk.
            with _storage_errors(self._path):
                self._write(known)
        return checkpoint

    def _authenticate(self, checkpoint: Checkpoint) -> None:
        if self._keys is None:
            return
        keys = self._keys.get(checkpoint.origin)
        if not keys:
            message = f"no key is known for the log {shown(checkpoint.origin)}; give a mapping from origin to keys"
            raise VerificationError("unknown_origin", message)
        checkpoint.verified_by(keys)

    def _signer_at(self, at: int | dt.datetime | None) -> Signer | None:
        if self._signer is None:
            return None
        if at is None:
            raise refusal("time", "this witness signs, and a cosignature states a time; give at=", "$.at")
        return self._signer.at(at)

    def _read(self) -> dict[str, Checkpoint]:
        with _storage_errors(self._path):
            try:
                with open(self._path, "rb") as file:  # noqa: PTH123 - plain text paths throughout
                    data = file.read(_MAX_BYTES + 1)
            except FileNotFoundError:
                return {}
        try:
            content = loads(data, subject="witness file", max_bytes=_MAX_BYTES)
            if type(content) is not dict or content.get("format") != _FORMAT:
                raise SchemaError("foreign", f"{self._path} is not a witness file; it was left as it is")
            if type(schema := content.get("schema")) is not int or schema != _SCHEMA:
                raise SchemaError("schema", f"{self._path} has schema {shown(schema)}, not {_SCHEMA}")
            if set(content) != {"format", "schema", "checkpoints"}:
                raise SchemaError("damaged", f"{self._path} has fields that would be lost")
            known = [Checkpoint.parse(text) for text in content["checkpoints"]]
        except (InputError, KeyError, TypeError) as bad:
            raise SchemaError("damaged", f"{self._path} is damaged or not a witness file: {bad}") from None
        by_origin = {checkpoint.origin: checkpoint for checkpoint in known}
        if len(by_origin) < len(known):
            raise SchemaError("damaged", f"{self._path} has two checkpoints of one log")
        return by_origin

    def _write(self, known: dict[str, Checkpoint]) -> None:
        texts = [known[origin].text for origin in sorted(known)]
        data = dumps({"format": _FORMAT, "schema": _SCHEMA, "checkpoints": texts})
        if len(data) > _MAX_BYTES:
            raise StorageError("full", f"a witness file holds at most {_MAX_BYTES} bytes; use another for more logs")
        temporary = f"{self._path}.tmp"  # one name, under the lock: a crash leaves at most one behind
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o644)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):  # the first one has no predecessor
            shutil.copymode(self._path, temporary)
        os.replace(temporary, self._path)  # noqa: PTH105 - plain text paths throughout
        _sync_directory(os.path.dirname(self._path))  # noqa: PTH120 - as above

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        with _storage_errors(self._path):
            descriptor = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            with _storage_errors(self._path):
                self._wait(descriptor)
            yield
        finally:
            os.close(descriptor)  # gives the lock back

    def _wait(self, descriptor: int) -> None:
        tries = 1
        while not _try_lock(descriptor):
            if tries * _PAUSE_S >= self._timeout_s:  # counted, for no clock is read
                raise BusyError("busy", f"others held {self._path} for {self._timeout_s} s; try again")
            time.sleep(_PAUSE_S)
            tries += 1


def _by_origin(
    verifiers: Mapping[str, Iterable[Verifier]] | Iterable[Verifier],
) -> dict[str, tuple[Verifier, ...]] | None:
    """Sort keys by the log they may speak for: a key of one log must not vouch for another. None: any log."""
    if isinstance(verifiers, Mapping):
        return {origin: known_keys(keys) for origin, keys in verifiers.items()}
    keys = known_keys(verifiers)
    origins = {key.name for key in keys}
    return {origin: tuple(key for key in keys if key.name == origin) for origin in origins} or None


def _file_path(path: object) -> str:
    name = os.fspath(path) if isinstance(path, str | os.PathLike) else None
    if type(name) is not str or not name or "\0" in name:
        raise refusal("path", f"expected the path of a file, got {shown(path)}", "$.path")
    return name


@contextlib.contextmanager
def _storage_errors(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as bad:
        code = "full" if bad.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else "io"
        raise StorageError(code, f"{path}: {bad.strerror or bad}; mend that and repeat, which is safe") from bad


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":  # pragma: no cover - tested where it exists
            import msvcrt  # noqa: PLC0415 - exists only there

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - exists only there

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _sync_directory(path: str) -> None:
    if sys.platform == "win32":  # pragma: no cover - has no such call; renames are journalled
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
