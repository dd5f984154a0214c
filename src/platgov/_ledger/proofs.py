"""Proofs that anyone can check with a checkpoint in hand and no access to the log.

Source: RFC 9162, sections 2.1.3 and 2.1.4; C2SP tlog-proof for the text form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import attrs

from platgov._canonical import shown
from platgov._ledger.checkpoint import Checkpoint
from platgov._ledger.lines import check_text, decode64, encode64, read_count, refusal, valid_size
from platgov._ledger.merkle import EMPTY_ROOT, MAX_PROOF, check_hashes, verify_consistency, verify_inclusion
from platgov.errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from platgov._ledger.notes import Verifier

__all__ = ["ConsistencyProof", "InclusionProof"]

_HEADER = "c2sp.org/tlog-proof@v1"


def _hashes(value: Sequence[bytes]) -> tuple[bytes, ...]:
    return check_hashes(value, most=MAX_PROOF)


@attrs.frozen(kw_only=True)
class _Proof:
    hashes: tuple[bytes, ...] = attrs.field(converter=_hashes)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values, the hashes in base64."""
        numbers = {name: getattr(self, name) for name in _numbers(type(self))}
        return {**numbers, "hashes": [encode64(value) for value in self.hashes]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read what ``to_dict`` wrote; another key, or one missing, is refused."""
        names = (*_numbers(cls), "hashes")
        if type(data) is not dict or set(data) != set(names):
            raise refusal("fields", f"a proof has exactly the fields {', '.join(names)}")
        texts = data["hashes"]
        if type(texts) not in (list, tuple) or len(texts) > MAX_PROOF:  # before any of them is read
            raise refusal("size", f"expected a list of at most {MAX_PROOF} hashes, got {shown(texts)}", "$.hashes")
        hashes = tuple(decode64(text, f"$.hashes[{at}]") for at, text in enumerate(texts))
        return cls(**{**data, "hashes": hashes})


def _numbers(kind: type[_Proof]) -> list[str]:
    return [field.name for field in attrs.fields(kind) if field.name != "hashes"]


@attrs.frozen(kw_only=True)
class InclusionProof(_Proof):
    """That one entry stands in a log at its place.

    Attributes:
        index: Place of the entry, from 0.
        size: Size of the log that the proof is for.
        hashes: From the entry's sibling up to a child of the root.
    """

    index: int = attrs.field(validator=valid_size)
    size: int = attrs.field(validator=valid_size)

    def __attrs_post_init__(self) -> None:
        if self.index >= self.size:
            raise refusal("range", f"a log of {self.size} has no entry {self.index}", "$.index")

    def verify(self, leaf_hash: bytes, checkpoint: Checkpoint) -> None:
        """Check that the entry of this hash is in the log that the checkpoint describes.

        Who signed the checkpoint is for the caller to check first.

        Raises:
            VerificationError: ``size``: the proof is for another size. ``length``, ``root``: it
                does not lead from the entry to the root.
        """
        _check_same("size", self.size, _checkpoint(checkpoint).size)
        verify_inclusion(self.index, self.size, leaf_hash, self.hashes, checkpoint.root)

    def to_text(self, checkpoint: Checkpoint, *, extra: bytes = b"") -> str:
        """Write proof and checkpoint as one text that needs nothing else; ``extra`` is proven by nothing."""
        _check_same("size", self.size, _checkpoint(checkpoint).size)
        lines = [_HEADER, f"index {self.index}", *map(encode64, self.hashes), "", checkpoint.text]
        if extra:
            lines.insert(1, f"extra {encode64(extra)}")
        return "\n".join(lines)

    @classmethod
    def from_text(cls, text: str, verifiers: Iterable[Verifier] = ()) -> tuple[Self, Checkpoint, bytes]:
        """Read what ``to_text`` wrote.

        Returns:
            The proof, not yet verified; the checkpoint, as read by ``Checkpoint.parse``; the extra data.
        """
        head, _, note = check_text(text).partition("\n\n")
        header, *lines = head.split("\n")
        if header != _HEADER:
            raise refusal("header", f"expected {_HEADER}, got {shown(header)}")
        extra = decode64(lines.pop(0)[6:], "$.extra") if lines and lines[0].startswith("extra ") else b""
        if not lines or not lines[0].startswith("index "):
            raise refusal("index", "expected a line with the index")
        index = read_count(lines[0][6:], "$.index")
        hashes = [decode64(line, f"$.hashes[{at}]") for at, line in enumerate(lines[1:])]
        checkpoint = Checkpoint.parse(note, verifiers)
        return cls(index=index, size=checkpoint.size, hashes=hashes), checkpoint, extra


@attrs.frozen(kw_only=True)
class ConsistencyProof(_Proof):
    """That a log only grew: all entries of the older state are in the newer one, in their places.

    Attributes:
        old_size: Size of the older state; 0 needs no hashes.
        new_size: Size of the newer one, no smaller.
        hashes: In the order of the RFC.
    """

    old_size: int = attrs.field(validator=valid_size)
    new_size: int = attrs.field(validator=valid_size)

    def __attrs_post_init__(self) -> None:
        if self.old_size > self.new_size:
            raise refusal("range", f"a log of {self.old_size} cannot grow to {self.new_size}", "$.old_size")

    def verify(self, old: Checkpoint, new: Checkpoint) -> None:
        """Check that the older checkpoint is a beginning of the newer one.

        Who signed them is for the caller to check first.

        Raises:
            VerificationError: ``origin``: they are of two logs. ``size``: the proof is for other
                sizes. ``length``, ``root``: it does not lead to both roots.
        """
        _check_same("origin", _checkpoint(old).origin, _checkpoint(new).origin)
        _check_same("size", self.old_size, old.size)
        _check_same("size", self.new_size, new.size)
        if old.size:
            verify_consistency(old.size, new.size, self.hashes, old.root, new.root)
        elif self.hashes:
            raise VerificationError("length", "from an empty log on, a proof has no hashes")
        elif old.root != EMPTY_ROOT or (not new.size and new.root != EMPTY_ROOT):
            raise VerificationError("root", "the root of an empty log is the hash of nothing")


def _checkpoint(value: Checkpoint) -> Checkpoint:
    if type(value) is not Checkpoint:
        raise refusal("type", f"expected a checkpoint, got {shown(value)}")
    return value


def _check_same(code: str, one: object, other: object) -> None:
    if one != other:
        raise VerificationError(code, f"{code} differs: {shown(one)} and {shown(other)}")
