"""Keyed tags of signals: all that a store holds of them.

Everything a store holds of a signal is made here. A tag is a keyed hash (BLAKE2b, RFC 7693) of
one form; its key belongs to one list and one signal, so tags of two lists, or of a phone and a
device, cannot be compared. What has to be compared by nearness, sketches of names and hashes of
avatars, is covered with a keyed pad that no two bans share: without the key it is noise.
"""

from __future__ import annotations

import struct
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import attrs

from platgov._blacklist.canonical import FORM_VERSION, KINDS, Canon, Form
from platgov._blacklist.checks import identifier
from platgov._blacklist.fuzzy import (
    SHORTEST,
    SKETCH_BYTES,
    may_be_near,
    pieces_of_entry,
    pieces_of_query,
    sketch,
)
from platgov._blacklist.manners import manner_of
from platgov._blacklist.nameforms import END_LETTERS, inner
from platgov._blacklist.pdq import PDQ_DISTANCE, chunks, near_chunks, number_of
from platgov._blacklist.signals import SIGNALS, Signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from platgov._blacklist.keys import KeyRing

__all__ = [
    "LABELS",
    "NAMES",
    "SKETCH_ROW",
    "TAG_BYTES",
    "Part",
    "Prepared",
    "Stored",
    "Tagger",
    "avatar_distance",
    "in_index",
    "kinds_of",
    "near_numbers",
    "pack",
    "shape_of",
    "split",
]

TAG_BYTES: Final = 9
_ROW: Final = struct.Struct(f"BB{TAG_BYTES}s")
"""One stored tag: place in ``KINDS``, version of the key, tag."""
SKETCH_ROW: Final = struct.Struct(f"BB{SKETCH_BYTES}s")
_AVATAR_ROW: Final = struct.Struct("B32s")
_INDEX_BITS: Final = 36
_PAD_BYTES: Final = 32

LABELS: Final = tuple(signal.encode() for signal in SIGNALS)
_CODES: Final = {kind: code for code, kind in enumerate(KINDS)}
_LOCAL: Final = ("email", "name")
NAMES: Final = ("handle", "display_name")
_MOST_BITS_KEPT: Final = 100_000


class Part(NamedTuple):
    """A stretch of a name of a newcomer: of which name, as which form of a ban, and the letters."""

    signal: str
    kind: str
    letters: str
    places: int


@attrs.frozen(kw_only=True, repr=False)
class Prepared:
    """Signals of a newcomer, ready to be looked up; lives in memory only.

    Attributes:
        forms: Every form, weightless ones included.
        tags: By version of the key: code of the kind and tag, of forms that have weight.
        sketches: By version: signal and sketch of each name.
        verified: As in the signals.
        created_at: As in the signals.
        manners: By signal, in what manner each name is written.
    """

    forms: tuple[Form, ...]
    tags: dict[int, tuple[tuple[int, bytes], ...]]
    sketches: dict[int, tuple[tuple[str, int], ...]]
    verified: bool | None
    created_at: int | None
    tagger: Tagger
    manners: tuple[tuple[str, str], ...] = ()
    _parts: dict[int, dict[bytes, tuple[Part, ...]]] = attrs.field(init=False, factory=dict, eq=False)

    @property
    def parts(self) -> dict[int, dict[bytes, tuple[Part, ...]]]:
        """By version, the tags of stretches of the names: what another name may be contained in."""
        if not self._parts:
            self._parts.update({version: self.tagger.parts(self.forms, version) for version in self.tags})
        return self._parts

    @property
    def weightless(self) -> tuple[Form, ...]:
        """The forms that say nothing."""
        return tuple(form for form in self.forms if form.weightless)

    def __repr__(self) -> str:
        return f"Prepared({', '.join(dict.fromkeys(form.signal for form in self.forms))})"


@attrs.frozen(kw_only=True)
class Stored:
    """One ban as it is stored.

    Attributes:
        ban_id: Its id, of the host or of the blacklist.
        list_id: The list it is on.
        number: Its place in the store, never used twice.
        starts_at: From when it holds.
        ends_at: Until when, that second not included; None if open-ended.
        lifted_at: From when it was lifted; None if it was not.
        account_created_at: When the banned account was made.
        verified: Whether the banned person was verified.
        note: Whatever the host keeps with it, sealed by the host where it is personal.
        exempt: For each pair that never links again: the packed tags of the person, and a note.
    """

    ban_id: str
    list_id: str
    number: int
    starts_at: int
    ends_at: int | None
    lifted_at: int | None
    account_created_at: int | None
    verified: bool | None
    note: bytes = attrs.field(repr=False)
    exempt: tuple[tuple[bytes, bytes], ...] = attrs.field(default=(), repr=False)
    nonce: bytes = attrs.field(repr=False)
    tags: bytes = attrs.field(repr=False)
    sketches: bytes = attrs.field(repr=False)
    avatar: bytes = attrs.field(repr=False)

    def in_force(self, at: int) -> bool:
        """Whether it holds at an instant."""
        ended = (self.ends_at is not None and at >= self.ends_at) or (
            self.lifted_at is not None and at >= self.lifted_at
        )
        return self.starts_at <= at and not ended


class Tagger:
    """Makes the tags of one list."""

    def __init__(self, keys: KeyRing, list_id: str, canon: Canon) -> None:
        self.keys = keys
        self.list_id = identifier(list_id, "TagStore", "list_id")
        self.canon = canon
        self._derived: dict[tuple[int, str], bytes] = {}
        self._bits: dict[int, dict[str, int]] = {}
        self._pads: dict[int, Any] = {}

    def __repr__(self) -> str:
        return f"Tagger({self.list_id!r})"

    def prepare(self, signals: Signals, versions: tuple[int, ...] | None = None) -> Prepared:
        """Bring signals into forms and tags under every version of the key."""
        forms = self.canon.forms(signals)
        heavy = [form for form in forms if not form.weightless]
        versions = self.keys.versions if versions is None else versions
        names = [form for form in heavy if form.kind == "squashed" and len(form.value) >= SHORTEST]
        return Prepared(
            forms=forms,
            tags={version: tuple(self._tag(form, version) for form in heavy) for version in versions},
            sketches={
                version: tuple((form.signal, sketch(form.value, self._bit_of(version))) for form in names)
                for version in versions
            },
            verified=signals.verified,
            created_at=signals.created_at,
            tagger=self,
            manners=tuple((signal, manner_of(name)) for signal, name in signals.given() if signal in NAMES),
        )

    def check(self, version: int) -> bytes:
        """Give what shows whether a version has the same secret as when the list was made."""
        return blake2b(b"check", digest_size=8, key=self._key(version, "check")).digest()

    def nonce(self, ban_id: str, prepared: Prepared) -> bytes:
        """Give what makes the pads of a ban its own; made of all it holds, so no pad covers two things."""
        content = "\0".join((ban_id, *(form.value for form in prepared.forms)))
        return blake2b(content.encode(), digest_size=8, key=self._key(self.keys.current, "nonce")).digest()

    def cover(self, data: bytes, nonce: bytes, label: str, version: int) -> bytes:
        """Cover data with a pad, or uncover it."""
        hashed = self.pad(version).copy()
        hashed.update(nonce + label.encode())
        return (int.from_bytes(data) ^ int.from_bytes(hashed.digest()[: len(data)])).to_bytes(len(data))

    def pad(self, version: int) -> Any:
        """Give the hash of which a copy makes a pad: the key is taken in once, which saves half of the time."""
        base = self._pads.get(version)
        if base is None:
            base = self._pads[version] = blake2b(digest_size=_PAD_BYTES, key=self._key(version, "pad"))
        return base

    def filed(self, prepared: Prepared, version: int) -> set[int]:
        """Give the pieces, as numbers of 36 bits, under which names and avatar of a ban are filed."""
        names, avatar = self._searched(prepared)
        pieces = {piece for name in names for piece in pieces_of_entry(name)}
        if avatar is not None:
            pieces |= {f"{place}#{chunk}" for place, chunk in chunks(avatar)}
        return self._numbers(pieces, version)

    def wanted(self, prepared: Prepared, version: int) -> set[int]:
        """Give the pieces to look up."""
        names, avatar = self._searched(prepared)
        pieces = {piece for name in names for piece in pieces_of_query(name)}
        if avatar is not None:
            pieces |= {f"{place}#{chunk}" for place, chunk in near_chunks(avatar)}
        return self._numbers(pieces, version)

    def parts(self, forms: tuple[Form, ...], version: int) -> dict[bytes, tuple[Part, ...]]:
        """Give the tags under which stretches of names would be stored, were they names of their own."""
        key = self._key(version, "name")
        found: dict[bytes, tuple[Part, ...]] = {}
        for form in forms:
            if form.kind != "squashed" or form.weightless:
                continue
            letters = form.value
            for part in dict.fromkeys(inner(letters)):
                kinds = ("core", "head", "tail") if len(part) == END_LETTERS else ("core",)
                for kind in kinds:
                    tag = blake2b(f"{kind}\0{part}".encode(), digest_size=TAG_BYTES, key=key).digest()
                    one = Part(form.signal, kind, part, len(letters) - len(part) + 1)
                    found[tag] = (*found.get(tag, ()), one)
        return found

    def _searched(self, prepared: Prepared) -> tuple[set[str], int | None]:
        heavy = [form for form in prepared.forms if not form.weightless]
        names = {form.value for form in heavy if form.kind == "squashed"}
        return names, next((number_of(form.value) for form in heavy if form.kind == "pdq"), None)

    def _numbers(self, pieces: set[str], version: int) -> set[int]:
        key = self._key(version, "pieces")
        shift = 40 - _INDEX_BITS
        return {int.from_bytes(blake2b(p.encode(), digest_size=5, key=key).digest()) >> shift for p in pieces}

    def _tag(self, form: Form, version: int) -> tuple[int, bytes]:
        crossed = (form.signal, form.kind) == _LOCAL
        key = self._key(version, "name" if crossed or form.signal in NAMES else form.signal)
        value = f"{'squashed' if crossed else form.kind}\0{form.value}".encode()
        return _CODES[form.signal, form.kind], blake2b(value, digest_size=TAG_BYTES, key=key).digest()

    def _key(self, version: int, purpose: str) -> bytes:
        key = self._derived.get((version, purpose))
        if key is None:
            key = self.keys.subkey(version, self.list_id, purpose, str(FORM_VERSION))
            self._derived[version, purpose] = key
        return key

    def _bit_of(self, version: int) -> Callable[[str], int]:
        known = self._bits.setdefault(version, {})
        key = self._key(version, "sketch")

        def bit_of(piece: str) -> int:
            bit = known.get(piece)
            if bit is None:
                bit = blake2b(piece.encode(), digest_size=1, key=key).digest()[0] & 63
                if len(known) < _MOST_BITS_KEPT:
                    known[piece] = bit
            return bit

        return bit_of


def pack(prepared: Prepared, version: int, nonce: bytes) -> tuple[bytes, bytes, bytes]:
    """Give tags, covered sketches and covered avatar, as they are stored."""
    tagger = prepared.tagger
    rows = sorted({_ROW.pack(code, version, tag) for code, tag in prepared.tags[version] if KINDS[code][0] != "avatar"})
    sketches = b"".join(
        SKETCH_ROW.pack(
            SIGNALS.index(signal), version, tagger.cover(plain.to_bytes(SKETCH_BYTES), nonce, signal, version)
        )
        for signal, plain in prepared.sketches[version]
    )
    avatar = next((f.value for f in prepared.forms if f.kind == "pdq" and not f.weightless), None)
    covered = b""
    if avatar is not None:
        covered = _AVATAR_ROW.pack(version, tagger.cover(bytes.fromhex(avatar), nonce, "avatar", version))
    return b"".join(rows), sketches, covered


def split(rows: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Give kind, version and tag of each packed tag."""
    return _ROW.iter_unpack(rows)


def shape_of(rows: bytes) -> tuple[bytes, bytes]:
    """Give the kind and the version of each packed tag."""
    return rows[:: _ROW.size], rows[1 :: _ROW.size]


def kinds_of(rows: bytes) -> bytes:
    """Give the kind of each packed tag, as its place in ``KINDS``."""
    return rows[:: _ROW.size]


def in_index(tag: bytes) -> int:
    """Give the signed 64-bit number by which a tag is indexed."""
    return int.from_bytes(tag[:8], signed=True)


def near_numbers(query: Prepared, rows: Iterable[tuple[Any, ...]]) -> set[int]:
    """Give those bans that may have a near name, or have a near avatar.

    The same test as in `Comparison`, written out: it is made of every ban that shares a piece.

    Args:
        query: A newcomer.
        rows: Number, nonce, sketches and avatar of bans.
    """
    pads: dict[int, tuple[Any, list[int]]] = {
        version: (query.tagger.pad(version), [plain for _, plain in held]) for version, held in query.sketches.items()
    }
    nothing: tuple[Any, list[int]] = (None, [])
    size, read = SKETCH_ROW.size, int.from_bytes
    found = set()
    for number, nonce, sketches, avatar in rows:
        for start in range(0, len(sketches), size):
            base, held = pads.get(sketches[start + 1], nothing)
            if held:
                hashed = base.copy()
                hashed.update(nonce + LABELS[sketches[start]])
                plain = read(sketches[start + 2 : start + size]) ^ read(hashed.digest()[:SKETCH_BYTES])
                for mine in held:
                    if may_be_near(mine, plain):
                        found.add(number)
        if avatar:
            distance = avatar_distance(query, nonce, avatar)
            if distance is not None and distance <= PDQ_DISTANCE:
                found.add(number)
    return found


def avatar_distance(query: Prepared, nonce: bytes, avatar: bytes) -> int | None:
    """Give in how many bits two avatars differ; None where one is missing."""
    if not avatar:
        return None
    value = next((form.value for form in query.forms if form.kind == "pdq" and not form.weightless), None)
    if value is None:
        return None
    version, covered = _AVATAR_ROW.unpack(avatar)
    if version not in query.tags:
        return None
    return (int.from_bytes(query.tagger.cover(covered, nonce, "avatar", version)) ^ number_of(value)).bit_count()
