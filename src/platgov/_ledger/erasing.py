"""Taking what is personal out of entries while their hashes stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from platgov._ledger import tables
from platgov._ledger.entry import prepared

if TYPE_CHECKING:
    from platgov._ledger.committing import Appending
    from platgov._ledger.entry import Receipt
    from platgov.stores import Session

__all__ = ["Erasure", "erase_in"]


@attrs.frozen(kw_only=True)
class Erasure:
    """What an erasure did.

    Attributes:
        count: How many entries lost key, subject and body.
        receipt: Of the entry that says so; None if there was nothing to erase.
    """

    count: int
    receipt: Receipt | None


def erase_in(appending: Appending, session: Session, subject: str, who: dict[str, Any]) -> Erasure:
    """Erase a subject inside a transaction that holds the lock of the head."""
    found = session.row(tables.TAG_OF, (subject,))
    if found is None:
        return Erasure(count=0, receipt=None)
    (tag,) = found
    count, first, last = session.row(tables.SPAN_OF_SUBJECT, (tag,)) or (0, None, None)
    session.run(tables.ERASE_ENTRIES, (tag,))
    session.run(tables.ERASE_SUBJECT, (subject,))
    value = {"kind": "erasure", "subject": tag, "count": count, "first": first, "last": last, **who}
    item = prepared(value, f"erasure/{tag}", stream="erasure", own=True)
    (receipt,) = appending.add((item,), appending.load((item,)))
    appending.flush()
    return Erasure(count=count, receipt=receipt)
