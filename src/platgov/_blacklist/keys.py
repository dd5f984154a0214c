"""Secrets behind the tags: without one, no tag can be made and none can be tried out."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from platgov._blacklist.checks import each_of, refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["KeyRing"]

_SHORTEST: Final = 16
_MOST_VERSIONS: Final = 8
_DOMAIN: Final = b"platgov.blacklist/v1"


class KeyRing:
    """Secrets by version: tags are written under the current one and read under all of them.

    To rotate, add a version and make it current; bans move over when they are next touched
    (`Blacklist.rewrap`). A version that leaves the ring takes with it the tags that are still
    under it: they never match again.

    Neither ``repr`` nor an error shows a secret, and a ring does not pickle.
    """

    def __init__(self, fetch: Callable[[int], bytes], *, versions: Iterable[int], current: int | None = None) -> None:
        """Build a ring over a key service of the host.

        Args:
            fetch: Gives the secret of a version, 16 bytes or more; asked once per version.
            versions: Those in use, 8 at most.
            current: The one that writes; by default the highest.

        Raises:
            InputError: An argument is not what it should be.
        """
        if not callable(fetch):
            raise refuse("KeyRing", "fetch", "is not callable", "type")
        found = each_of(versions, "KeyRing", "versions", "whole numbers")
        if not found or len(found) > _MOST_VERSIONS or len(set(found)) != len(found):
            raise refuse("KeyRing", "versions", f"give 1 to {_MOST_VERSIONS} different versions", "versions")
        if any(type(version) is not int or not 1 <= version <= 255 for version in found):
            raise refuse("KeyRing", "versions", "a version is a whole number from 1 to 255", "versions")
        self.current: int = max(found) if current is None else current
        if self.current not in found:
            raise refuse("KeyRing", "current", "is none of the versions", "versions")
        self.versions: tuple[int, ...] = (self.current, *sorted(set(found) - {self.current}, reverse=True))
        self._fetch = fetch
        self._secrets: dict[int, bytes] = {}

    @classmethod
    def single(cls, secret: bytes) -> Self:
        """Build a ring of one secret, as version 1."""
        return cls.of({1: secret})

    @classmethod
    def of(cls, secrets: Mapping[int, bytes], *, current: int | None = None) -> Self:
        """Build a ring of secrets that the host holds in memory."""
        if not hasattr(secrets, "items"):
            raise refuse("KeyRing", "secrets", f"is a {type(secrets).__name__}; give secrets by version", "type")
        kept = {version: _checked(secret) for version, secret in secrets.items()}
        return cls(kept.__getitem__, versions=kept, current=current)

    def subkey(self, version: int, *domain: str) -> bytes:
        """Derive the key of one purpose, which tells nothing of the secret or of other purposes."""
        secret = self._secrets.get(version)
        if secret is None:
            secret = self._secrets[version] = _checked(self._fetch(version))
        parts = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in domain)
        return hmac.digest(secret, _DOMAIN + parts, "sha256")

    def __repr__(self) -> str:
        return f"KeyRing(versions={self.versions}, current={self.current})"

    def __reduce__(self) -> NoReturn:
        raise refuse("KeyRing", "", "holds secrets and is not pickled; build it where it is used", "secret")


def _checked(secret: Any) -> bytes:
    if type(secret) is not bytes or len(secret) < _SHORTEST:
        raise refuse("KeyRing", "secret", f"give {_SHORTEST} random bytes or more", "secret")
    if len(set(secret)) == 1:
        raise refuse("KeyRing", "secret", "is one byte over and over; give random bytes", "secret")
    return secret
