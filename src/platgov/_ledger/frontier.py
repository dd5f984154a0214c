"""What a writer keeps of a growing Merkle tree: O(log n) hashes, instead of all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from platgov._canonical import shown
from platgov._ledger.tree import check_hash, check_hashes, check_size, fold, join, refusal, root_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["STORED_LEVELS", "Frontier", "Node"]

STORED_LEVELS = 4
"""Completed nodes are reported at every multiple of this level."""

_BLOCK = 1 << STORED_LEVELS


class Node(NamedTuple):
    """A complete subtree of ``2 ** level`` leaves, the ``idx``-th of its level (from 0)."""

    level: int
    idx: int
    hash: bytes


class Frontier:  # noqa: PLW1641 - it changes, so it has no hash
    """All that a writer needs to keep of a tree: its size, and the hashes of its largest complete subtrees.

    Mutable, O(log n) in memory. Two frontiers are equal if size and hashes are.

    Attributes:
        size: Number of leaves.
        hashes: One hash for each set bit of ``size``, the largest subtree first.
    """

    __slots__ = ("_hashes", "_size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        self._size = check_size(size)
        self._hashes = list(check_hashes(hashes))
        if len(self._hashes) != size.bit_count():
            message = f"a tree of {size} leaves has {size.bit_count()} frontier hashes, not {len(self._hashes)}"
            raise refusal("length", message, "$.hashes")

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Frontier:
        """Restore what ``to_bytes`` wrote for a tree of this size."""
        if type(data) is not bytes or len(data) != 32 * check_size(size).bit_count():
            given = f"{len(data)} bytes" if type(data) is bytes else shown(data)
            raise refusal(
                "length", f"a tree of {size} leaves has {32 * size.bit_count()} bytes of frontier, not {given}"
            )
        restored = cls()
        restored._size, restored._hashes = size, [data[at : at + 32] for at in range(0, len(data), 32)]
        return restored

    def to_bytes(self) -> bytes:
        """Write the hashes one after another; the size is kept beside them."""
        return b"".join(self._hashes)

    @property
    def size(self) -> int:
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        return tuple(self._hashes)

    @property
    def root(self) -> bytes:
        """Root of the tree as it is now. O(log n)."""
        return fold(self._hashes)

    def copy(self) -> Frontier:
        """Return an equal one that grows on its own."""
        twin = Frontier()
        twin._size, twin._hashes = self._size, self._hashes.copy()
        return twin

    def append(self, leaf: bytes) -> tuple[Node, ...]:
        """Add one leaf hash; return the nodes of levels 4, 8, 12 … that it completes, lowest first."""
        size = self._size
        if size & (_BLOCK - 1) == _BLOCK - 1:  # the largest size of all, too
            return self.append_subtree(0, leaf)
        if type(leaf) is not bytes or len(leaf) != 32:
            check_hash(leaf, "$.leaf")
        self._size = size + 1
        while size & 1:
            leaf = join(self._hashes.pop(), leaf)
            size >>= 1
        self._hashes.append(leaf)
        return ()

    def append_subtree(self, level: int, root: bytes) -> tuple[Node, ...]:
        """Add ``2 ** level`` leaves at once, given the hash of their complete subtree.

        Returns:
            The nodes of levels 4, 8, 12 … completed, lowest first; among them the one given,
            if it is of such a level, but none inside it.

        Raises:
            InputError: The size is no multiple of ``2 ** level``, or would pass ``MAX_SIZE``.
        """
        check_hash(root, "$.root")
        index, rest = divmod(self._size, 1 << check_size(level, "$.level", 62))
        if rest:
            raise refusal("range", f"a subtree of level {level} cannot follow {self._size} leaves", "$.level")
        self._size = check_size(self._size + (1 << level), "$.size")
        completed = []
        while True:
            if level and level % STORED_LEVELS == 0:
                completed.append(Node(level, index, root))
            if not index & 1:
                break
            root = join(self._hashes.pop(), root)
            level, index = level + 1, index >> 1
        self._hashes.append(root)
        return tuple(completed)

    def extend(self, leaves: Sequence[bytes]) -> tuple[Node, ...]:
        """Add leaf hashes in order, whole blocks of 16 at once; all or, if one is malformed, none."""
        leaves = check_hashes(leaves)
        check_size(self._size + len(leaves), "$.size")
        completed: list[Node] = []
        at = 0
        while at < len(leaves):
            if self._size % _BLOCK == 0 and len(leaves) - at >= _BLOCK:
                completed += self.append_subtree(STORED_LEVELS, root_of(leaves[at : at + _BLOCK]))
                at += _BLOCK
            else:
                completed += self.append(leaves[at])
                at += 1
        return tuple(completed)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Frontier):
            return NotImplemented
        return (self._size, self._hashes) == (other._size, other._hashes)

    def __repr__(self) -> str:
        return f"Frontier(size={self._size}, root={self.root.hex()})"
