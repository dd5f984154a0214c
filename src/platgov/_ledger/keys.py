"""Ed25519 keys for signed notes: a log's own, and those of witnesses, which also state a time.

Signing and verifying need the extra ``platgov[sign]``; reading public keys does not.

Source: C2SP signed-note v1.0.0 and tlog-cosignature v1.0.0; RFC 8032.
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, runtime_checkable

import attrs

from platgov._ledger.lines import decode64, encode64, refusal, valid_bytes, valid_name
from platgov._time import to_epoch
from platgov.errors import InputError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

__all__ = [
    "CosignatureSigner",
    "CosignatureVerifier",
    "Cosigner",
    "Ed25519Signer",
    "Ed25519Verifier",
    "Signer",
    "Verifier",
]

_KEY_ID = re.compile("[0-9a-f]{8}")
_PRIVATE = "PRIVATE+KEY+"


@runtime_checkable
class Verifier(Protocol):
    """A public key. Hosts may bring their own algorithm."""

    @property
    def name(self) -> str: ...
    @property
    def key_id(self) -> bytes: ...
    def verify(self, message: bytes, blob: bytes, /) -> bool:
        """Say whether ``blob`` is this key's signature of ``message``."""
        ...


@runtime_checkable
class Signer(Protocol):
    """A private key, or a key service that holds one."""

    @property
    def name(self) -> str: ...
    @property
    def key_id(self) -> bytes: ...
    def sign(self, message: bytes, /) -> bytes:
        """Return the signature of ``message``, without name and key id."""
        ...


@runtime_checkable
class Cosigner(Protocol):
    """A witness's private key."""

    def at(self, at: int | dt.datetime, /) -> Signer:
        """Return the signer whose signatures state this instant."""
        ...


@attrs.frozen(kw_only=True)
class Ed25519Verifier:
    """A log's public key. Its text form is ``name+id+base64``."""

    name: str = attrs.field(validator=valid_name)
    public_key: bytes = attrs.field(validator=valid_bytes, metadata={"size": 32})

    algorithm: ClassVar[int] = 0x01

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of a hash over name, algorithm and key: a label, not a proof of identity."""
        return sha256(f"{self.name}\n".encode() + bytes([self.algorithm]) + self.public_key).digest()[:4]

    def verify(self, message: bytes, blob: bytes, /) -> bool:
        """Say whether ``blob`` is this key's signature of ``message``."""
        return _verifies(self.public_key, message, blob)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read ``name+id+base64``; the id must be the one that name and key give."""
        name, key_id, data = _split(text, cls.algorithm)
        key = cls(name=name, public_key=data)
        _check_id(key.key_id, key_id)
        return key

    def to_text(self) -> str:
        """Write what ``from_text`` reads."""
        return f"{self.name}+{self.key_id.hex()}+{encode64(bytes([self.algorithm]) + self.public_key)}"


@attrs.frozen(kw_only=True)
class CosignatureVerifier(Ed25519Verifier):
    """A witness's public key; each of its signatures states when the witness made it."""

    algorithm: ClassVar[int] = 0x04

    def verify(self, message: bytes, blob: bytes, /) -> bool:
        """Say whether ``blob`` is this witness's cosignature of a checkpoint body."""
        time = self.time_of(blob)
        return time < 2**63 and _verifies(self.public_key, _timed(message, time), blob[8:])

    @staticmethod
    def time_of(blob: bytes) -> int:
        """Return the epoch seconds that a cosignature states: a mere claim until it verifies."""
        return int.from_bytes(blob[:8])


@attrs.frozen(kw_only=True)
class _PrivateKey:
    """An Ed25519 private key. Its text form is a secret: ``PRIVATE+KEY+name+id+base64``."""

    name: str = attrs.field(validator=valid_name)
    seed: bytes = attrs.field(validator=valid_bytes, metadata={"size": 32}, repr=False)

    public: ClassVar[type[Ed25519Verifier]] = Ed25519Verifier

    @classmethod
    def generate(cls, name: str, *, entropy: Callable[[int], bytes] = os.urandom) -> Self:
        """Make a new key."""
        return cls(name=name, seed=entropy(32))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what ``to_text`` wrote; the id must be the one that name and key give."""
        if type(text) is not str or not text.startswith(_PRIVATE):
            raise refusal("key", f"expected a private key, which starts with {_PRIVATE}")
        name, key_id, data = _split(text.removeprefix(_PRIVATE), cls.public.algorithm)
        key = cls(name=name, seed=data)
        _check_id(key.key_id, key_id)
        return key

    def to_text(self) -> str:
        """Write the secret for keeping."""
        return f"{_PRIVATE}{self.name}+{self.key_id.hex()}+{encode64(bytes([self.public.algorithm]) + self.seed)}"

    @property
    def verifier(self) -> Ed25519Verifier:
        """The public key."""
        public_key = _ed25519().Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return self.public(name=self.name, public_key=public_key)

    @property
    def key_id(self) -> bytes:
        """The id of the public key."""
        return self.verifier.key_id


@attrs.frozen(kw_only=True)
class Ed25519Signer(_PrivateKey):
    """A log's private key. Its text form is a secret: ``PRIVATE+KEY+name+id+base64``."""

    def sign(self, message: bytes, /) -> bytes:
        """Sign a message; the same message always gives the same 64 bytes."""
        return _signed(self.seed, message)


@attrs.frozen(kw_only=True)
class CosignatureSigner(_PrivateKey):
    """A witness's private key. ``key.at(instant)`` is what signs: a cosignature states its time."""

    public: ClassVar[type[Ed25519Verifier]] = CosignatureVerifier

    def at(self, at: int | dt.datetime, /) -> Signer:
        """Return the signer whose signatures state this instant, from 1970 on."""
        if (time := to_epoch(at)) < 0:
            raise refusal("range", "a cosignature cannot state a time before 1970", "$.at")
        return _TimedSigner(self, time)


@attrs.frozen
class _TimedSigner:
    _key: CosignatureSigner
    _time: int

    @property
    def name(self) -> str:
        return self._key.name

    @property
    def key_id(self) -> bytes:
        return self._key.key_id

    def sign(self, message: bytes, /) -> bytes:
        return self._time.to_bytes(8) + _signed(self._key.seed, _timed(message, self._time))


def _timed(message: bytes, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n".encode() + message


def _split(text: str, algorithm: int) -> tuple[str, str, bytes]:
    """Return name, id in hex, and the 32 bytes of a key. Errors show none of it: it may be a secret."""
    name, key_id, encoded = text.split("+", 2) if type(text) is str and text.count("+") >= 2 else ("", "", "")
    if not _KEY_ID.fullmatch(key_id):
        raise refusal("key", "expected name+id+base64, the id in 8 lower-case hex digits")
    try:
        data = decode64(encoded)
    except InputError:
        raise refusal("key", "the key is not standard base64") from None
    if len(data) != 33 or data[0] != algorithm:
        raise refusal("key", f"expected the algorithm byte 0x{algorithm:02x} and 32 bytes of key")
    return name, key_id, data[1:]


def _check_id(found: bytes, stated: str) -> None:
    if found.hex() != stated:
        raise refusal("key", f"the id is {stated}, but name and key give {found.hex()}")


def _signed(seed: bytes, message: bytes) -> bytes:
    return bytes(_ed25519().Ed25519PrivateKey.from_private_bytes(seed).sign(message))


def _verifies(public_key: bytes, message: bytes, blob: bytes) -> bool:
    ed25519 = _ed25519()
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - extra

    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public_key).verify(blob, message)
    except InvalidSignature:  # of a wrong length, too
        return False
    return True


def _ed25519() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - extra
    except ImportError:
        raise refusal("extra", "Ed25519 needs the extra: pip install 'platgov[sign]'") from None
    return ed25519
