"""What the commands about ledgers are given: instants, files, keys; and files that they write."""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from platgov._cli.report import RefusedError
from platgov._time import from_iso, to_epoch
from platgov.errors import InputError, VerificationError
from platgov.ledger import Checkpoint, CosignatureVerifier, Ed25519Signer, Ed25519Verifier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from platgov.ledger import Verifier

__all__ = [
    "checkpoint_of",
    "checkpoints_of",
    "instant_of",
    "signer_of",
    "text_of",
    "told",
    "verifiers_of",
    "write_new",
]

_LONGEST: Final = 1 << 20


def told(error: Exception) -> str:
    """Put an error into one line."""
    if isinstance(error, InputError):
        return "; ".join(problem.message for problem in error.problems)
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error)


def text_of(path: str) -> str:
    """Read a short text; ``-`` is standard input."""
    try:
        if path == "-":
            return sys.stdin.buffer.read(_LONGEST + 1).decode()
        with Path(path).open("rb") as file:
            return file.read(_LONGEST + 1).decode()
    except OSError as error:
        raise RefusedError(f"{path}: {told(error)}") from None
    except UnicodeDecodeError:
        raise RefusedError(f"{path}: is no text in UTF-8") from None


def signer_of(path: str) -> Ed25519Signer:
    """Read the file of a private key."""
    try:
        signer = Ed25519Signer.from_text(text_of(path).strip())
        _ = signer.key_id  # says now that the extra is missing
    except InputError as error:
        raise RefusedError(f"{path}: {told(error)}") from None
    return signer


def verifiers_of(texts: Iterable[str]) -> tuple[Verifier, ...]:
    """Read public keys of a log or of witnesses."""
    keys: list[Verifier] = []
    for text in texts:
        try:
            keys.append(_verifier(text))
        except InputError as error:
            # Its name alone: it may be a private key, given by mistake.
            raise RefusedError(f"--key {text.split('+')[0][:80]!r}: {told(error)}") from None
    return tuple(keys)


def _verifier(text: str) -> Verifier:
    with contextlib.suppress(InputError):
        return CosignatureVerifier.from_text(text)
    return Ed25519Verifier.from_text(text)  # says what is wrong, if it is neither


def checkpoints_of(paths: Iterable[str], verifiers: tuple[Verifier, ...]) -> list[Checkpoint]:
    """Read the files of checkpoints, each signed by one of the keys if there are any."""
    return [checkpoint_of(path, verifiers) for path in paths]


def checkpoint_of(path: str, verifiers: tuple[Verifier, ...] = ()) -> Checkpoint:
    """Read the file of a checkpoint."""
    try:
        return Checkpoint.parse(text_of(path), verifiers)
    except (InputError, VerificationError) as error:
        raise RefusedError(f"{path}: {told(error)}") from None


def instant_of(text: str | None, option: str) -> int:
    """Read the instant of an option; now where it was not given."""
    if text is None:
        return to_epoch(dt.datetime.now(dt.UTC))
    try:
        return from_iso(text)
    except InputError as error:
        raise RefusedError(f"{option}: {told(error)}") from None


def write_new(path: str | None, data: bytes) -> None:
    """Write a file that is not there yet, or to standard output."""
    if path in (None, "-"):
        sys.stdout.buffer.write(data)
        return
    try:
        with Path(str(path)).open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise RefusedError(f"{path}: exists and is not overwritten; give another name") from None
    except OSError as error:
        raise RefusedError(f"{path}: {told(error)}") from None
