"""The Merkle tree of RFC 6962: one hash for a list, short proofs about it, and no secrets.

A *node* is a complete subtree, named by level and index: it covers the leaves from
``index << level`` up to ``(index + 1) << level``. Levels 4, 8, 12 … are worth storing, because
any other node follows from at most 8 of those (or, below level 4, of leaves).

Every hash is 32 bytes, every size at most 2**63 - 1. What is malformed raises ``InputError``;
what is well formed and does not hold raises ``VerificationError``.

Source: RFC 6962, section 2.1 (same tree: RFC 9162, section 2.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from platgov._ledger.frontier import STORED_LEVELS, Frontier, Node
from platgov._ledger.tree import (
    EMPTY_ROOT,
    MAX_PROOF,
    MAX_SIZE,
    check_hash,
    check_hashes,
    check_size,
    fold,
    join,
    leaf_hash,
    node_hash,
    refusal,
    root_of,
    subtree_root,
)
from platgov.errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = [
    "EMPTY_ROOT",
    "MAX_PROOF",
    "MAX_SIZE",
    "STORED_LEVELS",
    "Frontier",
    "Node",
    "check_hash",
    "check_hashes",
    "check_size",
    "consistency_plan",
    "inclusion_plan",
    "leaf_hash",
    "node_hash",
    "range_hash",
    "root_of",
    "subtree_root",
    "verify_consistency",
    "verify_inclusion",
]


def inclusion_plan(index: int, size: int) -> tuple[tuple[int, int], ...]:
    """List the ranges ``(begin, end)`` of leaves whose subtree hashes prove leaf ``index``, in RFC order."""
    _check_index(index, size)
    plan = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            plan.append((middle, end))
            end = middle
        else:
            plan.append((begin, middle))
            begin = middle
    return tuple(reversed(plan))


def consistency_plan(size1: int, size2: int) -> tuple[tuple[int, int], ...]:
    """List the ranges ``(begin, end)`` whose subtree hashes prove that the first tree begins the second.

    Nothing is needed from an empty tree, or between equal sizes.
    """
    _check_growth(size1, size2)
    if size1 == 0:
        return ()
    plan = []
    begin, end = 0, size2
    while size1 != end:
        middle = begin + _split(end - begin)
        if size1 <= middle:
            plan.append((middle, end))
            end = middle
        else:
            plan.append((begin, middle))
            begin = middle
    if begin:  # the old tree ends in this subtree; from 0 on it would be the old root itself
        plan.append((begin, end))
    return tuple(reversed(plan))


def range_hash(begin: int, end: int, node: Callable[[int, int], bytes]) -> bytes:
    """Return the Merkle tree hash of the leaves ``begin`` to ``end`` (not included) of a plan.

    Args:
        begin: First leaf; a range of a plan begins where a subtree that could hold it does.
        end: One past the last.
        node: Called with (level, index) of complete subtrees, at most 63 times, largest first.
    """
    check_size(begin, "$.begin")
    if check_size(end, "$.end") <= begin or begin % (1 << (end - begin - 1).bit_length()):
        raise refusal("range", f"leaves {begin} to {end} are no subtree of a plan")
    return fold([node(level, index) for level, index in _subtrees(begin, end)])


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf hash stands at ``index`` of the tree of this size and root.

    Raises:
        InputError: A number, hash or list is malformed, or the index is outside the tree.
        VerificationError: ``length`` or ``root``: the proof does not lead from the leaf to the root.

    Source: RFC 9162, section 2.1.3.
    """
    _check_index(index, size)
    proof = check_hashes(proof, "$.proof", MAX_PROOF)
    check_hash(root, "$.root")
    found = check_hash(leaf, "$.leaf")
    # Below this level the leaf's path has siblings on either side; above it only to the left.
    inner = (index ^ (size - 1)).bit_length()
    _check_length(proof, inner + (index >> inner).bit_count())
    for level, sibling in enumerate(proof):
        left = level >= inner or index >> level & 1
        found = join(sibling, found) if left else join(found, sibling)
    if found != root:
        raise VerificationError("root", f"the proof of leaf {index} does not lead to the root of {size} leaves")


def verify_consistency(size1: int, size2: int, proof: Sequence[bytes], root1: bytes, root2: bytes) -> None:
    """Check that the first tree is the beginning of the second.

    Raises:
        InputError: A number, hash or list is malformed, the second tree is smaller, or the first is
            empty (every tree begins with it, so there is nothing to prove).
        VerificationError: ``length`` or ``root``: the proof does not lead to both roots.

    Source: RFC 9162, section 2.1.4.
    """
    _check_growth(size1, size2)
    if size1 == 0:
        raise refusal("range", "the first tree is empty; there is nothing to prove", "$.size1")
    proof = check_hashes(proof, "$.proof", MAX_PROOF)
    check_hash(root1, "$.root1")
    check_hash(root2, "$.root2")
    if size1 == size2:
        _check_length(proof, 0)
        old = new = root1
    else:
        # The walk starts at the last complete subtree of the old tree: `skip` levels up.
        skip = (size1 & -size1).bit_length() - 1
        last = (size1 - 1) >> skip
        inner = (last ^ ((size2 - 1) >> skip)).bit_length()
        start = 1 if last else 0  # if that subtree is the whole old tree, its root is known
        _check_length(proof, start + inner + (last >> inner).bit_count())
        old = new = proof[0] if start else root1
        for level, sibling in enumerate(proof[start:]):
            if level >= inner or last >> level & 1:
                old, new = join(sibling, old), join(sibling, new)
            else:
                new = join(new, sibling)
    if old != root1 or new != root2:
        raise VerificationError("root", f"the tree of {size1} leaves does not begin that of {size2} leaves")


def _check_index(index: int, size: int) -> None:
    if check_size(size) == 0:
        raise refusal("range", "an empty tree has no leaves", "$.size")
    check_size(index, "$.index", size - 1)


def _check_growth(size1: int, size2: int) -> None:
    check_size(size2, "$.size2")
    check_size(size1, "$.size1", size2)


def _check_length(proof: Sequence[bytes], expected: int) -> None:
    if len(proof) != expected:
        raise VerificationError("length", f"the proof has {len(proof)} hashes, and needs {expected}")


def _subtrees(begin: int, end: int) -> Iterator[tuple[int, int]]:
    while begin < end:
        level = (end - begin).bit_length() - 1
        yield level, begin >> level
        begin += 1 << level


def _split(size: int) -> int:
    """Return the largest power of two below ``size``, where RFC 6962 splits a tree."""
    return 1 << ((size - 1).bit_length() - 1)
