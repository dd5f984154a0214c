"""Finding entries by number, digest or id; overturning them; saying what they are about."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any, Final

from platgov._canonical import digest_bytes
from platgov._cli.report import RefusedError
from platgov._time import to_iso
from platgov.enforcement import Overturn, Sanction
from platgov.errors import InputError
from platgov.ledger import Record
from platgov.messages import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from platgov.enforcement import Actor
    from platgov.ledger import Entry, Ledger

__all__ = ["about", "find", "overturned_already", "overturned_by", "record_of"]

_NUMBER: Final = re.compile("[0-9]{1,19}", re.ASCII)
_PREFIX: Final = re.compile("(?:sha256:|s-)[0-9a-f]{1,64}", re.ASCII)
_MOST_SHOWN: Final = 5


def find(ledger: Ledger, name: str) -> Entry:
    """Give the entry of a number, or the one decision or sanction of an id or the beginning of one."""
    if _NUMBER.fullmatch(name):
        return _numbered(ledger, int(name))
    if not _PREFIX.fullmatch(name):
        raise RefusedError(f"{name!r}: give the number of an entry, or the beginning of sha256:... or s-...")
    kind = "sanction" if name.startswith("s-") else "decision"
    found = [entry for entry in ledger.entries(kind=kind) if (_name(entry) or "").startswith(name)]
    if not found:
        raise RefusedError(f"{name}: no {kind} in the ledger has an id that begins so")
    if len(found) > 1:
        numbers = ", ".join(str(entry.seq) for entry in found[:_MOST_SHOWN])
        more = ", ..." if len(found) > _MOST_SHOWN else ""
        raise RefusedError(f"{name}: is the beginning of {len(found)} ids, of entries {numbers}{more}; give the number")
    return found[0]


def _numbered(ledger: Ledger, seq: int) -> Entry:
    try:
        return ledger.entry(seq)
    except InputError:
        raise RefusedError(f"{seq}: there is no such entry") from None


def _name(entry: Entry) -> str | None:
    if entry.bytes is None:
        return None
    if entry.kind == "decision":
        return digest_bytes(entry.bytes)
    found = (entry.body or {}).get("id")
    return found if type(found) is str else None


def overturned_by(ledger: Ledger, entry: Entry) -> int | None:
    """Give the number of the entry that overturned this one; None if none did.

    Those by this command are found by their key, also after erasure; those that a host
    recorded, rulings on appeals included, by the id of the sanction.
    """
    found = ledger.find(_key(entry))
    if found is not None:
        return found.seq
    name = _name(entry) if entry.kind == "sanction" else None
    if name is None:
        return None
    return next((seq for seq, sanction in _overturnings(ledger, entry.subject) if sanction == name), None)


def _key(entry: Entry) -> str:
    return f"overturn/{entry.seq}"


def _overturnings(ledger: Ledger, subject: str | None) -> Iterator[tuple[int, Any]]:
    for kind in ("overturn", "ruling"):
        for entry in ledger.entries(kind=kind, subject=subject):
            body = entry.body or {}
            if kind == "overturn" or body.get("outcome") == "overturned":
                yield entry.seq, body.get("sanction")


def overturned_already(entry: Entry, before: int) -> RefusedError:
    """Refuse to overturn what is overturned already."""
    return RefusedError(f"entry {entry.seq}: is overturned already, by entry {before}")


def record_of(ledger: Ledger, entry: Entry, *, by: Actor, reason: str, at: int) -> tuple[Record, list[Entry]]:
    """Give the record that overturns an entry, and the sanctions that follow from it and still stand.

    That of a sanction is an `Overturn`, so that a history can be read back with it.
    """
    if entry.kind not in ("decision", "sanction"):
        raise RefusedError(f"entry {entry.seq}: is of kind {entry.kind}; only decisions and sanctions are overturned")
    if entry.bytes is None:
        what = "erased" if entry.erased else "protected, and not read by this command"
        raise RefusedError(f"entry {entry.seq}: is {what}")
    if entry.at is not None and at < entry.at:
        raise RefusedError(f"entry {entry.seq}: is of {to_iso(entry.at)}; give a later --at")
    if by.id == entry.subject:
        raise RefusedError(f"entry {entry.seq}: {by.id!r} is the one concerned and may not overturn it")
    following: list[Entry] = []
    if entry.kind == "sanction":
        value = _event(entry, by, reason, at).to_dict()
    else:
        following = [one for one in _following(ledger, entry) if overturned_by(ledger, one) is None]
        value = {
            "kind": "overturn",
            "schema": 1,
            "entry": entry.seq,
            "decision": _name(entry),
            "at": to_iso(at),
            "by": by.to_dict(),
            "reason": reason,
        }
    return Record(value=value, key=_key(entry), subject=entry.subject, stream=entry.stream), following


def _event(entry: Entry, by: Actor, reason: str, at: int) -> Overturn:
    try:
        sanction = Sanction.from_dict(entry.body)
        if by.id == sanction.subject:
            raise RefusedError(f"entry {entry.seq}: {by.id!r} is the one concerned and may not overturn it")
        return Overturn(subject=sanction.subject, sanction_id=sanction.id, at=at, by=by, reason=reason)
    except InputError as error:
        raise RefusedError(f"entry {entry.seq}: cannot be overturned: {error.problems[0].message}") from None


def _following(ledger: Ledger, entry: Entry) -> Iterator[Entry]:
    for one in ledger.entries(kind="sanction", subject=entry.subject):
        if (one.body or {}).get("fingerprint") == _name(entry):
            yield one


# -- saying what an entry is about -------------------------------------------------------------


def about(entry: Entry, overturned: int | None) -> str:
    """Say in one line whom and what an entry is about."""
    parts = [] if entry.subject is None else [entry.subject]
    if entry.erased:
        parts.append("erased")
    elif entry.body is None:
        parts.append("protected")
    else:
        # A record of the host's own may have one of our kinds, and none of the fields.
        with contextlib.suppress(KeyError, TypeError, AttributeError):
            parts += _ABOUT.get(entry.kind, _nothing)(entry.body)
    if overturned is not None:
        parts.append(f"overturned by {overturned}")
    # What others wrote must not be able to move the cursor, or look like a line of its own.
    return "  ".join(clean(str(part)) for part in parts)


def _nothing(_: dict[str, Any]) -> list[str]:
    return []


def _decision(body: dict[str, Any]) -> list[str]:
    rules = ", ".join(finding["rule"] for finding in body["findings"])
    measures = ", ".join(measure["measure"] for measure in body["measures"])
    return [body["outcome"], *([f"{rules}: {measures or 'nothing follows'}"] if rules else [])]


def _sanction(body: dict[str, Any]) -> list[str]:
    return [body["status"], body["id"], ", ".join(measure["measure"] for measure in body["measures"])]


def _overturn(body: dict[str, Any]) -> list[str]:
    target = body["sanction"] if "sanction" in body else f"entry {body['entry']}"
    return [f"of {target}", f"by {body['by']['id']}: {body['reason']}"]


def _ruling(body: dict[str, Any]) -> list[str]:
    return [f"of {body['sanction']}", f"{body['outcome']}, by {body['by']['id']}: {body['reason']}"]


def _appeal(body: dict[str, Any]) -> list[str]:
    return [f"of {body['sanction']}", f"by {body['by']['id']}: {body['text']}"]


def _erasure(body: dict[str, Any]) -> list[str]:
    return [f"of {body['count']} entries", *([f"by {body['by']}: {body['reason']}"] if body.get("by") else [])]


def _access(body: dict[str, Any]) -> list[str]:
    return [f"to entry {body['seq']}", f"by {body['by']}: {body['reason']}"]


_ABOUT: Final = {
    "decision": _decision,
    "sanction": _sanction,
    "overturn": _overturn,
    "ruling": _ruling,
    "appeal": _appeal,
    "erasure": _erasure,
    "access": _access,
}
