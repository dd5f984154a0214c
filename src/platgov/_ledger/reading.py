"""Reading a ledger inside one transaction: nodes, proofs, the tail, pages of entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from platgov._ledger import tables
from platgov._ledger.committing import read_head
from platgov._ledger.entry import leaf_of
from platgov._ledger.merkle import STORED_LEVELS, Frontier, leaf_hash, range_hash, subtree_root
from platgov.errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from platgov.stores import Session

__all__ = ["check_tail", "head_of", "node_reader", "range_hashes"]

_STORED: Final = range(60, 0, -STORED_LEVELS)


def head_of(session: Session) -> Frontier:
    """Read the committed head."""
    return read_head(session.row(tables.HEAD))


def leaf_hashes(session: Session, origin: str, begin: int, end: int) -> list[bytes]:
    """Hash the leaves of a short range of entries."""
    return [leaf_hash(leaf_of(origin, *row)) for row in session.rows(tables.LEAF_RANGE, (begin, end))]


def node_reader(session: Session, origin: str) -> Callable[[int, int], bytes]:
    """Give the hash of any complete subtree, from stored nodes and, below level 4, from leaves."""

    def node(level: int, idx: int) -> bytes:
        above = level % STORED_LEVELS
        stored = level - above
        begin, end = idx << above, (idx + 1) << above
        if stored:
            hashes = [row[0] for row in session.rows(tables.NODES, (stored, begin, end))]
        else:
            hashes = leaf_hashes(session, origin, begin, end)
        if len(hashes) != end - begin:
            raise VerificationError("node", f"hashes of level {stored} from {begin} to {end} are missing")
        return subtree_root(hashes)

    return node


def range_hashes(session: Session, origin: str, plan: tuple[tuple[int, int], ...]) -> tuple[bytes, ...]:
    """Give the hashes that a proof is made of."""
    node = node_reader(session, origin)
    return tuple(range_hash(begin, end, node) for begin, end in plan)


def check_tail(session: Session, origin: str) -> Frontier:
    """Check that the head is that of the entries: their number, and a frontier that follows from them.

    Reads at most 15 entries and as many nodes of each stored level, however long the ledger is.

    Raises:
        VerificationError: ``head``: it is not.
    """
    head = head_of(session)
    found = session.row(tables.LAST_SEQ)
    last = -1 if found is None or found[0] is None else found[0]
    if last + 1 != head.size:
        raise VerificationError("head", f"the head counts {head.size} entries, the last one is number {last}")
    node = node_reader(session, origin)
    rebuilt = Frontier()
    for level in _STORED:
        for idx in range(rebuilt.size >> level, head.size >> level):
            rebuilt.append_subtree(level, node(level, idx))
    for leaf in leaf_hashes(session, origin, rebuilt.size, head.size):
        rebuilt.append(leaf)
    if rebuilt != head:
        raise VerificationError("head", f"the hashes of the head are not those of the {head.size} entries")
    return head
