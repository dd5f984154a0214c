"""What a log claims to hold at one moment: origin, size and root, in text that anyone can keep.

Source: C2SP tlog-checkpoint v1.0.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import attrs

from platgov._canonical import shown
from platgov._ledger.lines import (
    check_line,
    check_text,
    decode64,
    encode64,
    read_count,
    refusal,
    valid_bytes,
    valid_size,
)
from platgov._ledger.notes import Signature, Signer, Verifier, check_distinct, check_signatures, sign, split_note
from platgov.errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Checkpoint"]

_SIGNATURE_LINE = "— "


def _line(_: Any, field: attrs.Attribute[Any], value: str) -> None:
    check_line(value, f"$.{field.name}")


def _lines(_: Any, field: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    for at, line in enumerate(value):
        check_line(line, f"$.{field.name}[{at}]")
        if line.startswith(_SIGNATURE_LINE):
            raise refusal("blank_line", "a signature line stands before the blank line", f"$.{field.name}[{at}]")


def _signatures(_: Any, field: attrs.Attribute[Any], value: tuple[Signature, ...]) -> None:
    for at, signature in enumerate(value):
        if type(signature) is not Signature:
            raise refusal("type", f"expected a signature, got {shown(signature)}", f"$.{field.name}[{at}]")
    check_distinct(value)


def _tuple(value: Iterable[Any]) -> tuple[Any, ...]:
    if type(value) not in (list, tuple):
        raise refusal("type", f"expected a list, got {shown(value)}")
    return tuple(value)


@attrs.frozen(kw_only=True)
class Checkpoint:
    """A log's state at one moment.

    Kept outside the log, it is what makes later changes to covered entries show.

    Attributes:
        origin: Which log; one line of text.
        size: How many entries it has.
        root: Merkle root over them, 32 bytes.
        extensions: Further lines of the log's own; this library gives them no meaning.
        signatures: At most 16, in the order they stand in the text; by whomever.
    """

    origin: str = attrs.field(validator=_line)
    size: int = attrs.field(validator=valid_size)
    root: bytes = attrs.field(validator=valid_bytes, metadata={"size": 32})
    extensions: tuple[str, ...] = attrs.field(default=(), converter=_tuple, validator=_lines)
    signatures: tuple[Signature, ...] = attrs.field(default=(), converter=_tuple, validator=_signatures)

    def __attrs_post_init__(self) -> None:
        check_text(self.text)  # what is made can be read back: the whole has a bound, not only its parts

    @property
    def body(self) -> str:
        """The lines that are signed, each with its newline."""
        return "\n".join((self.origin, str(self.size), encode64(self.root), *self.extensions, ""))

    @property
    def text(self) -> str:
        """The whole text; ``parse`` reads it back to an equal value."""
        if not self.signatures:
            return self.body
        return "\n".join((self.body, *(signature.line for signature in self.signatures), ""))

    @classmethod
    def parse(cls, text: str | bytes, verifiers: Iterable[Verifier] = (), *, origin: str | None = None) -> Self:
        """Read a checkpoint, signed or not.

        Args:
            text: The whole text, in UTF-8 if bytes.
            verifiers: Known keys. If there are any, one of them must have signed, and none
                of their signatures may be wrong; those by unknown keys are kept unverified.
            origin: The log that it must come from; None for any.

        Raises:
            InputError: The text is malformed.
            VerificationError: ``origin``, ``unsigned`` or ``signature``.
        """
        text = check_text(text)
        body, signatures = split_note(text) if "\n\n" in text else (text, ())
        *lines, end = body.split("\n")
        if end or len(lines) < 3:
            raise refusal("lines", "expected the lines origin, size and root, each with a newline at its end")
        checkpoint = cls(
            origin=lines[0],
            size=read_count(lines[1], "$.size"),
            root=decode64(lines[2], "$.root"),
            extensions=lines[3:],
            signatures=signatures,
        )
        if origin is not None and checkpoint.origin != origin:
            message = f"the checkpoint is of {shown(checkpoint.origin)}, not of {shown(origin)}"
            raise VerificationError("origin", message)
        if verifiers:
            checkpoint.verified_by(verifiers)
        return checkpoint

    def verified_by(self, verifiers: Iterable[Verifier]) -> tuple[Signature, ...]:
        """Return the signatures by these keys, every one verified, at least one.

        Raises:
            VerificationError: ``unsigned``: none is by these keys. ``signature``: one is wrong.
        """
        return check_signatures(self.body, self.signatures, verifiers)

    def signed(self, signer: Signer) -> Checkpoint:
        """Return it with one more signature, in place of any older one by the same key."""
        new = sign(self.body, signer)
        others = (old for old in self.signatures if (old.name, old.key_id) != (new.name, new.key_id))
        return attrs.evolve(self, signatures=(*others, new))
