"""Entries on their way to somebody who has the same key: keyed tags, signed with it."""

from __future__ import annotations

from hashlib import blake2b, sha256
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Final, Self

import attrs

from platgov._blacklist.canonical import FORM_VERSION, KINDS
from platgov._blacklist.checks import refuse
from platgov._blacklist.fuzzy import SKETCH_BYTES
from platgov._blacklist.signals import SIGNALS, Signals
from platgov._blacklist.source import ListSource
from platgov._blacklist.tags import TAG_BYTES, Stored, pack
from platgov._canonical import dumps, loads
from platgov.errors import VerificationError

if TYPE_CHECKING:
    from platgov._blacklist.life import Life

__all__ = ["Bundle", "BundleEntry", "stored_of"]

_KIND: Final = "platgov_ban_bundle"
_MOST_BYTES: Final = 2**28
_MOST_ENTRIES: Final = 100_000
_TAG_ROW: Final = 2 + TAG_BYTES
_SKETCH_ROW: Final = 2 + SKETCH_BYTES
_AVATAR_ROW: Final = 33
_NONCE: Final = 8
_PIECE_BITS: Final = 36
_KEYS: Final = frozenset({"kind", "schema", "list", "forms", "version", "check", "source", "entries", "mac"})


@attrs.frozen(kw_only=True)
class BundleEntry:
    """One entry as it travels."""

    nonce: bytes
    tags: bytes
    sketches: bytes
    avatar: bytes
    pieces: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        plain: dict[str, Any] = {name: getattr(self, name).hex() for name in ("nonce", "tags", "sketches", "avatar")}
        return {**plain, "pieces": list(self.pieces)}

    @property
    def id(self) -> str:
        """Its id wherever it arrives."""
        return f"s-{sha256(dumps(self.to_dict())).hexdigest()[:32]}"


@attrs.frozen(kw_only=True)
class Bundle:
    """Entries of one source under one version of one key."""

    list_id: str
    version: int
    check: bytes
    source: ListSource
    entries: tuple[BundleEntry, ...]
    mac: bytes

    @classmethod
    def made(cls, life: Life, entries: list[Signals], source: ListSource) -> Self:
        """Make a bundle under the current version of a key."""
        version = life.keys.current
        made = {}
        for signals in entries:
            query = life.prepare(signals)
            # The same content, the same nonce: an edition that is made twice is the same twice.
            nonce = life.tagger.nonce(source.key, query)
            tags, sketches, avatar = pack(query, version, nonce)
            pieces = tuple(sorted(life.tagger.filed(query, version)))
            entry = BundleEntry(nonce=nonce, tags=tags, sketches=sketches, avatar=avatar, pieces=pieces)
            made[entry.id] = entry
        # By id: the order in which entries were given tells nothing.
        bundle = cls(
            list_id=life.list_id,
            version=version,
            check=life.tagger.check(version),
            source=source,
            entries=tuple(made[key] for key in sorted(made)),
            mac=b"",
        )
        return attrs.evolve(bundle, mac=bundle._mac(life))

    def _body(self) -> dict[str, Any]:
        return {
            "kind": _KIND,
            "schema": 1,
            "list": self.list_id,
            "forms": FORM_VERSION,
            "version": self.version,
            "check": self.check.hex(),
            "source": self.source.to_dict(),
            "entries": [entry.to_dict() for entry in self.entries],
        }

    def _mac(self, life: Life) -> bytes:
        key = life.keys.subkey(self.version, self.list_id, "bundle", str(FORM_VERSION))
        return blake2b(dumps(self._body()), digest_size=32, key=key).digest()

    def to_bytes(self) -> bytes:
        """Write it for the way."""
        return dumps({**self._body(), "mac": self.mac.hex()})

    @classmethod
    def from_bytes(cls, life: Life, data: bytes) -> Self:
        """Read a bundle for a list, all of it or nothing."""
        plain = loads(data, subject="bundle", max_bytes=_MOST_BYTES)
        if type(plain) is not dict or plain.keys() != _KEYS or (plain["kind"], plain["schema"]) != (_KIND, 1):
            raise refuse("bundle", "", "is no bundle of entries that this version of platgov reads", "kind")
        if plain["list"] != life.list_id or plain["forms"] != FORM_VERSION:
            raise VerificationError("list", "the bundle is of another list, or of another way to read signals")
        if type(plain["entries"]) is not list or len(plain["entries"]) > _MOST_ENTRIES:
            raise refuse("bundle", "entries", f"give a list of at most {_MOST_ENTRIES}", "too_many")
        bundle = cls(
            list_id=life.list_id,
            version=plain["version"],
            check=_bytes(plain["check"], "check"),
            source=ListSource.from_dict(plain["source"]),
            entries=tuple(_entry(entry, plain["version"]) for entry in plain["entries"]),
            mac=_bytes(plain["mac"], "mac"),
        )
        if bundle.version not in life.keys.versions:
            raise VerificationError("key", "the bundle is under a version of the key that is not in the ring")
        if not compare_digest(bundle.check, life.tagger.check(bundle.version)):
            raise VerificationError("key", "the bundle is under another key")
        if not compare_digest(bundle.mac, bundle._mac(life)):
            raise VerificationError("bundle", "the bundle was altered on its way")
        return bundle


def stored_of(entry: BundleEntry, life: Life, starts_at: int, ends_at: int) -> Stored:
    """Give the row of an entry; the number is given when it is stored."""
    return Stored(
        ban_id=entry.id,
        list_id=life.list_id,
        number=0,
        starts_at=starts_at,
        ends_at=ends_at,
        lifted_at=None,
        account_created_at=None,
        verified=None,
        note=b"",
        nonce=entry.nonce,
        tags=entry.tags,
        sketches=entry.sketches,
        avatar=entry.avatar,
    )


def _bytes(value: object, name: str) -> bytes:
    try:
        if type(value) is str and value == value.lower():
            return bytes.fromhex(value)
    except ValueError:
        pass
    raise refuse("bundle", name, "is no lower-case hex", "hex")


def _entry(plain: Any, version: object) -> BundleEntry:
    names = {field.name for field in attrs.fields(BundleEntry)}
    if type(plain) is not dict or plain.keys() != names:
        raise refuse("bundle", "entries", f"give objects with exactly {', '.join(sorted(names))}", "entry")
    pieces = plain["pieces"]
    if type(pieces) is not list or any(type(one) is not int or not 0 <= one < 1 << _PIECE_BITS for one in pieces):
        raise refuse("bundle", "pieces", f"give whole numbers of {_PIECE_BITS} bits", "entry")
    entry = BundleEntry(pieces=tuple(pieces), **{name: _bytes(plain[name], name) for name in names if name != "pieces"})
    rows = [entry.tags[start : start + _TAG_ROW] for start in range(0, len(entry.tags), _TAG_ROW)]
    sketches = [entry.sketches[start : start + _SKETCH_ROW] for start in range(0, len(entry.sketches), _SKETCH_ROW)]
    fits = (
        len(entry.nonce) == _NONCE
        and all(len(row) == _TAG_ROW and row[0] < len(KINDS) and row[1] == version for row in rows)
        and all(len(row) == _SKETCH_ROW and row[0] < len(SIGNALS) and row[1] == version for row in sketches)
        and (not entry.avatar or (len(entry.avatar) == _AVATAR_ROW and entry.avatar[0] == version))
    )
    if not fits:
        raise refuse("bundle", "entries", "has tags of another form", "entry")
    return entry
