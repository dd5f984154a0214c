"""Hashes of the Merkle tree of RFC 6962: of leaves, of nodes, of whole lists.

Source: RFC 6962, section 2.1 (same tree: RFC 9162, section 2.1).
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from platgov._canonical import shown
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "EMPTY_ROOT",
    "MAX_PROOF",
    "MAX_SIZE",
    "check_hash",
    "check_hashes",
    "check_size",
    "fold",
    "join",
    "leaf_hash",
    "node_hash",
    "refusal",
    "root_of",
    "subtree_root",
]

EMPTY_ROOT = sha256(b"").digest()
"""Root of a tree without leaves."""
MAX_SIZE = 2**63 - 1
"""Most leaves of a tree; sizes fit a signed 64-bit column."""
MAX_PROOF = 64
"""Most hashes that a proof about a tree of ``MAX_SIZE`` leaves can need."""


def leaf_hash(data: bytes) -> bytes:
    """Hash the bytes of one leaf. The prefix 0x00 keeps a leaf from passing as two child hashes."""
    if type(data) is not bytes:
        raise refusal("type", f"expected the bytes of a leaf, got {shown(data)}")
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two child hashes into that of their parent."""
    return join(check_hash(left, "$.left"), check_hash(right, "$.right"))


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes, or over equally high nodes, in order. Hashes n - 1 times."""
    level = list(hashes)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        odd = level[-1:] if len(level) & 1 else []  # has no partner: goes up as it is
        level = [join(left, right) for left, right in zip(level[::2], level[1::2], strict=False)] + odd
    return level[0]


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """Return the hash of one complete subtree from its leaf hashes (or equally high nodes).

    Raises:
        InputError: Their number is no power of two.
    """
    if not hashes or len(hashes) & (len(hashes) - 1):
        raise refusal("range", f"a complete subtree has 1, 2, 4, 8 … hashes, not {len(hashes)}")
    return root_of(hashes)


def join(left: bytes, right: bytes) -> bytes:
    """Hash two child hashes that are known to be hashes."""
    return sha256(b"\1" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over neighbouring complete subtrees, the largest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in hashes[-2::-1]:
        root = join(left, root)
    return root


def check_size(value: int, path: str = "$.size", most: int = MAX_SIZE) -> int:
    """Return a count of leaves (or a level) if it is one: a whole number from 0 to ``most``."""
    if type(value) is not int or not 0 <= value <= most:
        raise refusal("range", f"expected a whole number from 0 to {most}, got {shown(value)}", path)
    return value


def check_hash(value: bytes, path: str = "$") -> bytes:
    """Return a hash if it is one: 32 bytes."""
    if type(value) is not bytes or len(value) != 32:
        given = f"{len(value)} bytes" if type(value) is bytes else shown(value)
        raise refusal("hash", f"expected a hash of 32 bytes, got {given}", path)
    return value


def check_hashes(values: Sequence[bytes], path: str = "$.hashes", most: int = MAX_SIZE) -> tuple[bytes, ...]:
    """Return a list or tuple of at most ``most`` hashes as a tuple; its length is looked at first."""
    if type(values) not in (list, tuple):
        raise refusal("type", f"expected a list of hashes, got {shown(values)}", path)
    if len(values) > most:
        raise refusal("size", f"{len(values)} hashes; no proof has more than {most}", path)
    for at, value in enumerate(values):
        if type(value) is not bytes or len(value) != 32:
            check_hash(value, f"{path}[{at}]")
    return tuple(values)


def refusal(code: str, message: str, path: str = "$") -> InputError:
    """Build the error for one malformed number, hash or list."""
    return InputError("Merkle tree", (Problem(message, path, code),))
