"""The commands about ledgers: each takes parsed arguments and gives an exit code."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from platgov._canonical import digest_bytes, dumps, loads
from platgov._cli.given import (
    checkpoint_of,
    checkpoints_of,
    instant_of,
    signer_of,
    text_of,
    told,
    verifiers_of,
    write_new,
)
from platgov._cli.recording import named
from platgov._cli.report import Progress, RefusedError
from platgov._ledger.lines import encode64
from platgov._time import to_iso
from platgov.errors import ConflictError, InputError, PlatgovError, VerificationError
from platgov.ledger import InclusionProof, Ledger, leaf_hash, verify_export

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable

    from platgov.ledger import Entry

__all__ = ["COMMANDS"]

OK, BAD, INTERRUPTED = 0, 1, 130


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def _guarded(command: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """Turn errors into a line that names the ledger or file, and exit code 1."""

    @functools.wraps(command)
    def guarded(arguments: argparse.Namespace) -> int:
        name = named(getattr(arguments, "ledger", None) or arguments.proof)
        try:
            return command(arguments)
        except BrokenPipeError:
            raise  # the reader has seen enough; `main` ends quietly
        except KeyboardInterrupt:
            _say("interrupted")
            return INTERRUPTED
        except RefusedError as refusal:
            _say(str(refusal))
        except VerificationError as error:
            _say(f"{name}: does not hold: {error} ({error.code})")
        except (PlatgovError, OSError) as error:
            _say(f"{name}: {told(error)}")
        return BAD

    return guarded


# -- what several of them need -----------------------------------------------------------------


def _open(arguments: argparse.Namespace, *, write: bool = False) -> Ledger:
    """Open a ledger that is there; none is ever created."""
    key_file = getattr(arguments, "key_file", None)
    signer = None if key_file is None else signer_of(key_file)
    ledger = Ledger.open(arguments.ledger, schema=arguments.schema, read_only=True, signer=signer)
    if not write:
        return ledger
    ledger.close()
    return Ledger.open(arguments.ledger, schema=arguments.schema)


class _Shown:
    """Progress by entries, on a terminal."""

    def __init__(self) -> None:
        self.bar = Progress(sys.stderr, None, unit="entries")

    def __call__(self, done: int, total: int) -> None:
        self.bar.reach(done, total)


# -- verify, checkpoint, export ----------------------------------------------------------------


@_guarded
def verify(arguments: argparse.Namespace) -> int:
    """Check a ledger or an export, and kept checkpoints against it."""
    verifiers = verifiers_of(arguments.key)
    kept = checkpoints_of(arguments.checkpoint, verifiers)
    shown, exported = _Shown(), _is_export(arguments.ledger)
    if verifiers and not kept and not exported:
        raise RefusedError("--key checks who signed checkpoints; give --checkpoint FILE as well")
    try:
        if exported:
            # With a kept checkpoint, the one inside the file need not be signed as well.
            own = () if kept else verifiers
            found = verify_export(arguments.ledger, kept, verifiers=own, progress=shown)
        else:
            with _open(arguments) as ledger:
                found = ledger.verify(kept, progress=shown)
    finally:
        shown.bar.done()
    erased = f", {found.erased:,} erased" if found.erased else ""
    sys.stdout.write(f"{named(arguments.ledger)}: ok, {found.size:,} entries of {found.origin}{erased}\n")
    sys.stdout.write(f"root {encode64(found.root)}\n")
    signed = verifiers and not kept
    sys.stdout.write(_covered(found.covered, found.size, bool(kept), signed=bool(signed)) + "\n")
    return OK


def _covered(covered: int, size: int, kept: bool, *, signed: bool) -> str:  # noqa: FBT001 - both say one thing each
    if signed:
        return "the checkpoint at the end is signed by a given key: these are the entries that it was made over"
    if not kept:
        return (
            "no kept checkpoint was given: everything fits together, but whoever can write all of it "
            "could have written it anew; keep what `platgov checkpoint` prints elsewhere, and give it with --checkpoint"
        )
    if covered == size:
        return "every entry is covered by a kept checkpoint"
    return f"the first {covered:,} entries are covered by a kept checkpoint, the {size - covered:,} after them by none"


def _is_export(target: str) -> bool:
    """Tell an export by its first bytes; what cannot be read is left to whoever opens it."""
    if target.startswith(("postgresql://", "postgres://")):
        return False
    try:
        with Path(target).open("rb") as file:
            return file.read(9) == b'{"export"'
    except (OSError, ValueError):
        return False


@_guarded
def checkpoint(arguments: argparse.Namespace) -> int:
    """Print what is to be kept elsewhere."""
    with _open(arguments) as ledger:
        text = ledger.checkpoint().text
    write_new(arguments.output, text.encode())
    return OK


@_guarded
def export(arguments: argparse.Namespace) -> int:
    """Write a ledger as lines of JSON."""
    shown = _Shown()
    with _open(arguments) as ledger:
        if arguments.output == "-":
            ledger.export(sys.stdout.buffer)
            return OK
        path = Path(arguments.output)
        try:
            file = path.open("xb")
        except FileExistsError:
            raise RefusedError(f"{path}: exists and is not overwritten; give another name") from None
        except OSError as error:
            raise RefusedError(f"{path}: {told(error)}") from None
        try:
            with file:
                made = ledger.export(file, progress=shown)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)  # half an export is none
            raise
        finally:
            shown.bar.done()
    _say(f"{path}: {made.size:,} entries of {made.origin}")
    return OK


# -- prove -------------------------------------------------------------------------------------


@_guarded
def prove(arguments: argparse.Namespace) -> int:
    """Print a proof that an entry is in a ledger, with all that is needed to check it."""
    if arguments.checkpoint is not None and arguments.key_file is not None:
        raise RefusedError("--key-file signs a checkpoint of now; leave out --checkpoint")
    with _open(arguments) as ledger:
        kept = ledger.checkpoint() if arguments.checkpoint is None else checkpoint_of(arguments.checkpoint)
        entry = ledger.entry(arguments.seq)
        text = ledger.prove_inclusion(entry.seq, kept).to_text(kept, extra=entry.leaf)
    write_new(arguments.output, text.encode())
    return OK


@_guarded
def verify_proof(arguments: argparse.Namespace) -> int:
    """Check a proof without the ledger."""
    verifiers = verifiers_of(arguments.key)
    kept = checkpoints_of(arguments.checkpoint, verifiers)
    proof, stated, leaf = InclusionProof.from_text(text_of(arguments.proof), () if kept else verifiers)
    entry = _leaf(leaf)
    if (entry["seq"], entry["ledger"]) != (proof.index, stated.origin):
        raise VerificationError("leaf", "the entry is of another place than the proof")
    proof.verify(leaf_hash(leaf), stated)
    for path, one in zip(arguments.checkpoint, kept, strict=True):
        if (one.origin, one.size) != (stated.origin, stated.size):
            message = f"covers {one.size} entries of {one.origin}, the proof is for {stated.size} of {stated.origin}"
            raise RefusedError(f"{path}: {message}; ask for a proof with this checkpoint")
        if one.root != stated.root:
            raise VerificationError("root", f"the proof is not for the ledger of {path}")
    sys.stdout.write(f"{named(arguments.proof)}: ok, entry {proof.index} of {stated.size} of {stated.origin}\n")
    sys.stdout.write(leaf.decode() + "\n")
    if not kept and not verifiers:
        sys.stdout.write(
            "the checkpoint is the one inside the proof, which is worth no more than who gave it; "
            "compare it with one that you kept (--checkpoint) or by the key of the ledger (--key)\n"
        )
    return OK


def _leaf(data: bytes) -> dict[str, Any]:
    leaf = loads(data, subject="proof") if data else None
    if type(leaf) is not dict or not {"seq", "ledger"} <= leaf.keys() or dumps(leaf) != data:
        raise RefusedError("the proof does not say what entry it is for; make it with `platgov prove`")
    return leaf


# -- overturn, erase, statement ----------------------------------------------------------------


@_guarded
def overturn(arguments: argparse.Namespace) -> int:
    """Record, once, that a decision or sanction counts as never made."""
    from platgov._cli.overturning import (  # noqa: PLC0415 - brings all of enforcement
        find,
        overturned_already,
        overturned_by,
        record_of,
    )
    from platgov.enforcement import Actor  # noqa: PLC0415
    from platgov.measures import Authority  # noqa: PLC0415

    at = instant_of(arguments.at, "--at")
    for option, text in (("--by", arguments.by), ("--reason", arguments.reason)):
        if not text.strip():
            raise RefusedError(f"{option}: is blank")
    with _open(arguments, write=True) as ledger:
        entry = find(ledger, arguments.id)
        before = overturned_by(ledger, entry)
        if before is not None:
            raise overturned_already(entry, before)
        who = Actor(id=arguments.by, authority=Authority(arguments.authority))
        record, following = record_of(ledger, entry, by=who, reason=arguments.reason, at=at)
        try:
            (receipt,) = ledger.append_many((record,))
        except ConflictError as conflict:  # somebody else was quicker
            raise overturned_already(entry, conflict.seq) from None
        if receipt.repeated:
            raise overturned_already(entry, receipt.seq)
    sys.stdout.write(f"entry {entry.seq}: {entry.kind} overturned, by entry {receipt.seq}\n")
    for one in following:
        _say(f"entry {one.seq}: a sanction that follows from it still stands; overturn it as well if it should not")
    return OK


@_guarded
def erase(arguments: argparse.Namespace) -> int:
    """Erase what a ledger holds about somebody."""
    at = instant_of(arguments.at, "--at")
    with _open(arguments, write=True) as ledger:
        done = ledger.erase(subject=arguments.subject, by=arguments.by, reason=arguments.reason, at=at)
    if done.receipt is None:
        raise RefusedError(f"{named(arguments.ledger)}: there is nothing about {arguments.subject!r}")
    sys.stdout.write(f"{done.count:,} entries erased, as entry {done.receipt.seq} says\n")
    _say("copies made before, exports and backups are not reached")
    return OK


@_guarded
def statement(arguments: argparse.Namespace) -> int:
    """Write the reasons for a sanction, for the person or for the DSA Transparency Database."""
    from platgov._cli.overturning import find, overturned_by  # noqa: PLC0415 - brings all of enforcement
    from platgov.enforcement import Sanction, StatementOfReasons  # noqa: PLC0415
    from platgov.rules import RuleSet  # noqa: PLC0415

    try:
        rules = RuleSet.load(arguments.rules)
    except (InputError, OSError) as error:
        raise RefusedError(f"{arguments.rules}: {told(error)}") from None
    with _open(arguments) as ledger:
        entry = find(ledger, arguments.id)
        if entry.kind != "sanction" or entry.body is None:
            raise RefusedError(f"entry {entry.seq}: is no sanction that can be read; it is of kind {entry.kind}")
        sanction = Sanction.from_dict(entry.body)
        decided = ledger.entries(kind="decision", subject=entry.subject)
        recorded = (one.bytes for one in decided if one.bytes is not None)
        found = next((data for data in recorded if digest_bytes(data) == sanction.decision_digest), None)
        before = overturned_by(ledger, entry)
    if found is None:
        raise RefusedError(f"entry {entry.seq}: its decision {sanction.decision_digest} is not in the ledger")
    decision = rules.replay(found)
    if decision.digest != sanction.decision_digest:
        raise RefusedError(f"{arguments.rules}: are not the rules that decided; those are {sanction.rule_set}")
    made = StatementOfReasons.of(decision, sanction, language=arguments.language)
    if arguments.format == "dsa":
        sys.stdout.write(json.dumps(made.to_dsa(), ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(made.to_notice().rstrip("\n") + "\n")
    if before is not None:
        _say(f"entry {entry.seq}: is overturned by entry {before}; this says what was told at first")
    return OK


# -- log ---------------------------------------------------------------------------------------


@_guarded
def log(arguments: argparse.Namespace) -> int:
    """List entries."""
    from platgov._cli.overturning import about, overturned_by  # noqa: PLC0415

    since = None if arguments.since is None else instant_of(arguments.since, "--since")
    until = None if arguments.until is None else instant_of(arguments.until, "--until")
    with _open(arguments) as ledger:
        entries: Iterable[Entry] = ledger.entries(
            subject=arguments.subject,
            rule=arguments.rule,
            kind=arguments.kind,
            stream=arguments.stream,
            since=since,
            until=until,
        )
        if arguments.limit is not None:
            entries = deque(entries, arguments.limit)
        for entry in entries:
            by = overturned_by(ledger, entry)
            if arguments.json:
                sys.stdout.buffer.write(dumps({**_plain(entry), "overturned_by": by}) + b"\n")
            else:
                at = "-" if entry.at is None else to_iso(entry.at)
                sys.stdout.write(f"{entry.seq}  {at}  {entry.kind}  {about(entry, by)}\n")
    return OK


def _plain(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": None if entry.at is None else to_iso(entry.at),
        "kind": entry.kind,
        "stream": entry.stream,
        "stream_n": entry.stream_n,
        "key": entry.key,
        "subject": entry.subject,
        "subject_n": entry.subject_n,
        "policy": entry.policy,
        "protected": entry.protected,
        "erased": entry.erased,
        "leaf_hash": entry.leaf_hash.hex(),
        "body": entry.body,
    }


COMMANDS: Final[dict[str, Callable[[Any], int]]] = {
    "verify": verify,
    "checkpoint": checkpoint,
    "export": export,
    "log": log,
    "prove": prove,
    "verify-proof": verify_proof,
    "overturn": overturn,
    "statement": statement,
    "erase": erase,
}
