"""Signed notes: text that anyone who holds a public key can check.

A note is lines of text, a blank line, and one line for each signature. A key is known by its
name and a key id of 4 bytes; which key is trusted for what, the reader decides.

Source: C2SP signed-note v1.0.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from platgov._canonical import shown
from platgov._ledger.keys import (
    CosignatureSigner,
    CosignatureVerifier,
    Cosigner,
    Ed25519Signer,
    Ed25519Verifier,
    Signer,
    Verifier,
)
from platgov._ledger.lines import check_text, decode64, encode64, refusal, valid_bytes, valid_name
from platgov.errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "MAX_SIGNATURES",
    "CosignatureSigner",
    "CosignatureVerifier",
    "Cosigner",
    "Ed25519Signer",
    "Ed25519Verifier",
    "Signature",
    "Signer",
    "Verifier",
    "check_distinct",
    "check_signatures",
    "known_keys",
    "sign",
    "split_note",
]

MAX_SIGNATURES = 16
"""Most signature lines of one note: as many as the standard asks every reader to accept."""


@attrs.frozen(kw_only=True)
class Signature:
    """One signature line.

    Attributes:
        name: Name of the key.
        key_id: Its id, 4 bytes; tells keys and algorithms of one name apart.
        blob: The signature itself, in whatever form the key's algorithm has.
    """

    name: str = attrs.field(validator=valid_name)
    key_id: bytes = attrs.field(validator=valid_bytes, metadata={"size": 4})
    blob: bytes = attrs.field(validator=valid_bytes)

    @property
    def line(self) -> str:
        """The line, without its newline."""
        return f"— {self.name} {encode64(self.key_id + self.blob)}"

    @classmethod
    def parse(cls, line: str) -> Signature:
        """Read one line, given without its newline."""
        parts = check_text(line).split(" ")
        if len(parts) != 3 or parts[0] != "—":
            raise refusal("signature", f"{shown(line)} is no signature line: dash, key name, base64")
        data = decode64(parts[2])
        return cls(name=parts[1], key_id=data[:4], blob=data[4:])


def split_note(text: str | bytes) -> tuple[str, tuple[Signature, ...]]:
    """Split a note into its text, final newline included, and its signatures.

    Raises:
        InputError: Not UTF-8, a control character other than newline, no blank line, no final
            newline, no signature or more than 16, a malformed line, or the same line twice.
    """
    body, blank, lines = check_text(text).rpartition("\n\n")
    if not blank or not body or not lines.endswith("\n"):
        raise refusal("note", "expected text, a blank line, and signature lines, each with a newline at its end")
    if lines.count("\n") > MAX_SIGNATURES:
        raise refusal("size", f"more than {MAX_SIGNATURES} signature lines")
    return f"{body}\n", check_distinct(tuple(Signature.parse(line) for line in lines[:-1].split("\n")))


def check_distinct(signatures: tuple[Signature, ...]) -> tuple[Signature, ...]:
    """Return at most 16 signatures if no two are the same, so that none can count twice."""
    if len(signatures) > MAX_SIGNATURES:
        raise refusal("size", f"{len(signatures)} signatures; a note has at most {MAX_SIGNATURES}")
    if len(set(signatures)) < len(signatures):
        raise refusal("duplicate", "the same signature stands there twice")
    return signatures


def sign(body: str, signer: Signer) -> Signature:
    """Sign the text of a note."""
    if not isinstance(signer, Signer):
        hint = "; a witness signs with key.at(instant)" if isinstance(signer, Cosigner) else ""
        raise refusal("type", f"expected a signer, got {shown(signer)}{hint}")
    return Signature(name=signer.name, key_id=signer.key_id, blob=signer.sign(body.encode()))


def check_signatures(
    body: str, signatures: Iterable[Signature], verifiers: Iterable[Verifier]
) -> tuple[Signature, ...]:
    """Return the signatures by known keys, all of them verified, at least one.

    One by an unknown key is ignored, even if its name or its id (not both) is known.

    Raises:
        InputError: Something is no verifier, or two different ones share a name and id.
        VerificationError: ``signature``: one by a known key is wrong. ``unsigned``: there is none.
    """
    keys = {(key.name, key.key_id): key for key in known_keys(verifiers)}
    message = body.encode()
    verified = []
    for signature in signatures:
        key = keys.get((signature.name, signature.key_id))
        if key is None:
            continue
        if key.verify(message, signature.blob) is not True:  # anything truthy, such as a coroutine, is no yes
            raise VerificationError("signature", f"the signature by {shown(signature.name)} is wrong")
        verified.append(signature)
    if not verified:
        names = ", ".join(sorted({shown(name) for name, _ in keys})) or "none"
        raise VerificationError("unsigned", f"no signature by a known key; known: {names}")
    return tuple(verified)


def known_keys(verifiers: Iterable[Verifier]) -> tuple[Verifier, ...]:
    """Return keys, each once, if their names and ids tell them apart."""
    if not hasattr(verifiers, "__iter__"):
        raise refusal("type", f"expected a list of verifiers, got {shown(verifiers)}", "$.verifiers")
    keys: dict[tuple[str, bytes], Verifier] = {}
    for key in verifiers:
        if not isinstance(key, Verifier):
            raise refusal("type", f"expected a verifier, got {shown(key)}", "$.verifiers")
        if keys.setdefault((key.name, key.key_id), key) != key:
            raise refusal("ambiguous", f"two different keys are {key.name} {key.key_id.hex()}", "$.verifiers")
    return tuple(keys.values())
