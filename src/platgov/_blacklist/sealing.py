"""Words that are personal: only the host's sealer makes them storable.

platgov has no cipher of its own. A host gives two functions over its key service; what they
give back is stored as it is. A key that is deleted makes everything sealed with it unreadable,
in every backup too.
"""

from __future__ import annotations

from typing import Final, Protocol, runtime_checkable

from platgov._blacklist.checks import refuse, text_of
from platgov._canonical import dumps

__all__ = ["Sealer", "sealed", "unsealed"]

_MOST_BYTES: Final = 16_384
_MOST_SEALED: Final = 65_536


@runtime_checkable
class Sealer(Protocol):
    """Encrypts and decrypts for a host, with authentication."""

    def seal(self, data: bytes, context: bytes) -> bytes:
        """Encrypt; ``context`` is to be authenticated with it, so that nothing can change places."""

    def open(self, data: bytes, context: bytes) -> bytes | None:
        """Decrypt; None where the key is gone. A context that does not fit is an error of the host's."""


def sealed(sealer: Sealer | None, text: str | None, context: tuple[str, ...]) -> bytes:
    """Give the sealed form of a text; nothing for no text.

    Raises:
        InputError: There is no sealer, or what it gives back can be read.
    """
    if text is None:
        return b""
    data = text_of(text, "Sealer", "text", _MOST_BYTES).encode()
    if sealer is None:
        message = "what people wrote is personal and never stored as it is; open the list with sealer=..."
        raise refuse("Sealer", "text", message, "sealer")
    found = sealer.seal(data, dumps(list(context)))
    if type(found) is not bytes or not found or len(found) > _MOST_SEALED:
        raise refuse("Sealer", "seal", f"gave back a {type(found).__name__}; give 1 to {_MOST_SEALED} bytes", "sealer")
    # Short words can be in what is encrypted by chance.
    pieces = {data} if len(data) < 8 else {data[start : start + 8] for start in range(len(data) - 7)}
    if found == data or (len(data) >= 4 and any(piece in found for piece in pieces)):
        raise refuse("Sealer", "seal", "gave back what can be read; encrypt it", "sealer")
    return found


def unsealed(sealer: Sealer | None, data: bytes, context: tuple[str, ...]) -> str | None:
    """Give the text back; None where there is none, no sealer, or its key is gone."""
    if not data or sealer is None:
        return None
    found = sealer.open(data, dumps(list(context)))
    return None if found is None else found.decode()
