"""What every outcome of a policy shares: what was decided, under what, on which facts."""

from __future__ import annotations

import abc
from typing import Any, ClassVar

import attrs

from platgov._canonical import digest_bytes, dumps
from platgov._time import to_iso

__all__ = ["Verdict"]


@attrs.frozen(kw_only=True)
class Verdict(abc.ABC):
    """A frozen outcome with canonical bytes.

    Attributes:
        kind: What kind of verdict it is; a stored literal.
        at: The instant it is for, in UTC epoch seconds.
        policy: Digest of the policy it follows from.
        fingerprint: Digest of the facts that the policy reads. Equal policy and equal
            fingerprint give equal verdicts, ``at`` apart.
    """

    kind: ClassVar[str]
    at: int
    policy: str
    fingerprint: str

    @abc.abstractmethod
    def body(self) -> dict[str, Any]:
        """Give what is particular to this kind of verdict, as plain values."""

    def to_dict(self) -> dict[str, Any]:
        """Give the whole verdict as plain values."""
        return {**self.head(), **self.body()}

    def head(self) -> dict[str, Any]:
        """Give what every verdict states, as plain values."""
        return {
            "kind": self.kind,
            "schema": 1,
            "at": to_iso(self.at),
            "policy": self.policy,
            "fingerprint": self.fingerprint,
        }

    def to_bytes(self) -> bytes:
        """Give the canonical bytes (RFC 8785): equal verdicts, equal bytes, on any machine."""
        return dumps(self.to_dict())

    @property
    def digest(self) -> str:
        """Content address of the canonical bytes."""
        return digest_bytes(self.to_bytes())
