"""What the tags of a newcomer and of a ban say of each other."""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import attrs

from platgov._blacklist.canonical import KINDS, Form
from platgov._blacklist.fuzzy import SKETCH_BYTES, may_be_cut_from, may_be_near, similarity, within_one
from platgov._blacklist.pdq import PDQ_DISTANCE
from platgov._blacklist.signals import SIGNALS
from platgov._blacklist.tags import LABELS, NAMES, SKETCH_ROW, avatar_distance, shape_of, split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from platgov._blacklist.tags import Part, Prepared, Stored

__all__ = ["Agreement", "Comparison", "compare"]

Level = Literal["exact", "close", "differs", "missing"]

_CLOSE: Final = frozenset({"core", "words", "turned", "untagged", "local", "net"})


@attrs.frozen(kw_only=True)
class Agreement:
    """What one signal of a newcomer and of a ban say of each other.

    Attributes:
        signal: Of the newcomer, a name in ``SIGNALS``.
        level: ``exact``; ``close``: of one origin, or within a bound; ``differs``; ``missing``:
            one side is not known or says nothing, which is evidence for nothing.
        detail: The kind of form that agrees (see ``KINDS``), or ``edits``, or ``distance:12``;
            of what is missing, why it says nothing.
        permille: How alike: 1000 for one form in common, shares for names by pairs of letters,
            for avatars by bits, for several devices or fingerprints by those in common.
        against: The signal of the ban, where it is another: a handle can equal a display name,
            and either can equal what stands before the ``@``.
        forms: The forms of the newcomer that agree.
        also: Other ways in which this signal agrees.
    """

    signal: str
    level: Level
    detail: str = ""
    permille: int = 0
    against: str = ""
    forms: tuple[Form, ...] = attrs.field(default=(), eq=False, repr=False)
    also: tuple[Agreement, ...] = attrs.field(default=(), eq=False, repr=False)


def compare(query: Prepared, record: Stored) -> tuple[Agreement, ...]:
    """Say of each signal how a newcomer agrees with a ban; see `Comparison`."""
    return Comparison(query)(record)


class _Alike(NamedTuple):
    """What all bans with the same kinds of tags, and the same tags in common, have for an answer."""

    held: dict[str, dict[str, list[bytes]]]
    inside: dict[tuple[str, str], dict[str, Part]]
    rows: dict[tuple[object, ...], tuple[Agreement, ...]]


class Comparison:
    """Holds one newcomer against many bans, and works out what many bans have in common once.

    Which tags of a ban are those of the newcomer is asked of a set first, which takes as long as
    it takes. That shows no more than the index did, which was asked for the same tags, and less
    than the number of candidates does; and as tags are keyed, nobody without the key can choose
    how far one agrees with another. What then counts as equal is still compared in constant time.
    """

    def __init__(self, query: Prepared) -> None:
        """Take down what is the same for every ban."""
        self._query = query
        heavy = [form for form in query.forms if not form.weightless]
        self._mine: dict[str, dict[str, list[tuple[bytes, Form]]]] = {}
        for version, tags in query.tags.items():
            for (_, tag), form in zip(tags, heavy, strict=True):
                self._mine.setdefault(form.signal, {}).setdefault(f"{version}.{form.kind}", []).append((tag, form))
        self._why = {form.signal: form.weightless for form in query.forms}
        self._shown = {tag for tags in query.tags.values() for _, tag in tags}
        self._shown.update(*query.parts.values())
        self._pads = {version: query.tagger.pad(version) for version, held in query.sketches.items() if held}
        self._alike: dict[tuple[object, ...], _Alike] = {}
        self._avatars: dict[int | None, Agreement] = {}

    def __call__(self, record: Stored) -> tuple[Agreement, ...]:
        """Say of each signal how the newcomer agrees with a ban, from tags alone; one row per signal.

        A name is held against both names of the ban, and against what stands before the ``@``.
        Missing is never equal.
        """
        shown = self._shown
        # Kinds and versions of all tags, and the tags in common: no other part of them is looked at below.
        key = (*shape_of(record.tags), *[row for row in split(record.tags) if row[2] in shown])
        alike = self._alike.get(key)
        if alike is None:
            alike = self._alike[key] = _Alike(self._held(record), _inside(self._query, record), {})
        near = self._near(record, alike.inside)
        distance = avatar_distance(self._query, record.nonce, record.avatar)
        found = (distance, *near.items())
        rows = alike.rows.get(found)
        if rows is None:
            rows = alike.rows[found] = tuple(self._row(signal, alike, near, distance) for signal in SIGNALS)
        return rows

    def _held(self, record: Stored) -> dict[str, dict[str, list[bytes]]]:
        held: dict[str, dict[str, list[bytes]]] = {}
        for code, version, tag in split(record.tags):
            if version in self._query.tags:
                signal, kind = KINDS[code]
                held.setdefault(signal, {}).setdefault(f"{version}.{kind}", []).append(tag)
        return held

    def _near(
        self, record: Stored, inside: dict[tuple[str, str], dict[str, Part]]
    ) -> dict[tuple[str, str], tuple[str, int, bool]]:
        """Give for each two names whether they may be near, how alike they are where that counts, and whether cut.

        The first is ``edit`` where one edit may be enough, ``edits`` where a few may, else empty.
        The last is whether the name of the newcomer may be that of the ban, cut short.
        """
        found: dict[tuple[str, str], tuple[str, int, bool]] = {}
        for code, version, covered in SKETCH_ROW.iter_unpack(record.sketches):
            base = self._pads.get(version)
            if base is None:
                continue
            hashed = base.copy()
            hashed.update(record.nonce + LABELS[code])
            plain = int.from_bytes(covered) ^ int.from_bytes(hashed.digest()[:SKETCH_BYTES])
            for signal, sketched in self._query.sketches[version]:
                pair = signal, SIGNALS[code]
                if pair not in found:
                    near = "edit" if within_one(sketched, plain) else "edits" if may_be_near(sketched, plain) else ""
                    alike = similarity(sketched, plain) if near or pair in inside else 0
                    found[pair] = near, alike, pair in inside and may_be_cut_from(sketched, plain)
        return found

    def _row(
        self, signal: str, alike: _Alike, near: dict[tuple[str, str], tuple[str, int, bool]], distance: int | None
    ) -> Agreement:
        if signal == "avatar":
            if distance not in self._avatars:
                self._avatars[distance] = _avatar(self._query, distance, self._why)
            return self._avatars[distance]
        mine = self._mine.get(signal)
        if mine is None:
            return Agreement(signal=signal, level="missing", detail=self._why.get(signal, ""))
        if signal in NAMES:
            return _first(_names(signal, mine, alike.held, near, alike.inside))
        return _first(_plain(signal, mine, alike.held))


def _first(ways: Iterator[Agreement]) -> Agreement:
    """Give the best of several ways to agree, with the others."""
    best, *others = ways
    return attrs.evolve(best, also=tuple(others)) if others else best


def _shared(
    mine: dict[str, list[tuple[bytes, Form]]], theirs: dict[str, list[bytes]], kind: str = "", other: str = ""
) -> dict[str, list[Form]]:
    """Give the forms of each kind that are in both; every pair is looked at, in constant time."""
    found: dict[str, list[Form]] = {}
    for key, tags in mine.items():
        version, _, name = key.partition(".")
        if name != kind if kind else name == "name":
            continue
        against = theirs.get(f"{version}.{other or name}", ())
        forms = [form for tag, form in tags if sum(compare_digest(tag, one) for one in against)]
        if len(forms) > len(found.get(name, ())):
            found[name] = forms
    return found


def _plain(
    signal: str, mine: dict[str, list[tuple[bytes, Form]]], held: dict[str, dict[str, list[bytes]]]
) -> Iterator[Agreement]:
    theirs = held.get(signal)
    shared = _shared(mine, theirs) if theirs is not None else {}
    found = False
    # Exact before close; otherwise as in KINDS, the likeliest first.
    for kind in sorted(shared, key=_CLOSE.__contains__):
        forms, found = shared[kind], True
        if kind in _CLOSE:
            yield Agreement(signal=signal, level="close", detail=kind, permille=1_000, forms=tuple(forms))
        else:
            smaller = min(max(map(len, mine.values())), max(map(len, theirs.values())) if theirs else 1)
            permille = 1_000 * len(forms) // smaller
            yield Agreement(signal=signal, level="exact", detail=kind, permille=permille, forms=tuple(forms))
    if signal == "email":
        for name in NAMES:
            for forms in _shared(mine, held.get(name, {}), "name", "squashed").values():
                found = True
                yield Agreement(
                    signal=signal, level="close", detail="name", permille=1_000, against=name, forms=tuple(forms)
                )
    if not found:
        yield Agreement(signal=signal, level="missing" if theirs is None else "differs")


def _names(
    signal: str,
    mine: dict[str, list[tuple[bytes, Form]]],
    held: dict[str, dict[str, list[bytes]]],
    near: dict[tuple[str, str], tuple[str, int, bool]],
    inside: dict[tuple[str, str], dict[str, Part]],
) -> Iterator[Agreement]:
    both = (signal, *(name for name in NAMES if name != signal))
    shared = {name: _shared(mine, held[name]) for name in both if name in held}
    any_way = False
    for kinds in (("folded", "squashed"), ("core", "words", "turned")):
        for against, found in shared.items():
            for kind in kinds:
                if kind in found:
                    any_way = True
                    level: Level = "close" if kind in _CLOSE else "exact"
                    other = "" if against == signal else against
                    yield Agreement(
                        signal=signal, level=level, detail=kind, permille=1_000, against=other, forms=tuple(found[kind])
                    )
    for forms in _shared(mine, held.get("email", {}), "squashed", "name").values():
        any_way = True
        yield Agreement(
            signal=signal, level="close", detail="local", permille=1_000, against="email", forms=tuple(forms)
        )
    plain = tuple(form for tags in mine.values() for _, form in tags if form.kind == "squashed")[:1]
    for against in both:
        if "squashed" in shared.get(against, {}):
            continue  # the whole is in common, which says more than its parts
        other = "" if against == signal else against
        alike, permille, cut = near.get((signal, against), ("", 0, False))
        if alike:
            any_way = True
            yield Agreement(signal=signal, level="close", detail=alike, permille=permille, against=other, forms=plain)
        parts = inside.get((signal, against), {})
        if cut and _at_an_end(plain, parts):
            any_way = True
            yield Agreement(signal=signal, level="close", detail="cut", permille=permille, against=other, forms=plain)
        stretches = [_stretch(signal, parts[kind]) for kind in ("head", "tail") if kind in parts]
        found_parts = [("ends" if len(stretches) > 1 else "end", stretches)]
        if "core" in parts:
            found_parts.insert(0, ("inside", [_stretch(signal, parts["core"])]))
        for detail, held_parts in found_parts:
            if held_parts:
                any_way = True
                yield Agreement(
                    signal=signal,
                    level="close",
                    detail=detail,
                    permille=permille,
                    against=other,
                    forms=(*held_parts, *plain),
                )
    if any_way:
        return
    # Sounding alike brings a ban up for comparison, and is evidence for nothing.
    said = "reading" if any("reading" in found for found in shared.values()) else ""
    if signal in held:
        yield Agreement(signal=signal, level="differs", detail=said)
    else:
        yield Agreement(signal=signal, level="missing")


def _at_an_end(plain: tuple[Form, ...], parts: dict[str, Part]) -> bool:
    """Whether a name begins with the first letters of a ban, or ends with its last ones."""
    letters = plain[0].value if plain else ""
    return ("head" in parts and letters.startswith(parts["head"].letters)) or (
        "tail" in parts and letters.endswith(parts["tail"].letters)
    )


def _stretch(signal: str, part: Part) -> Form:
    return Form(signal=signal, kind=f"{part.kind}:{part.places}", value=part.letters)


def _inside(query: Prepared, record: Stored) -> dict[tuple[str, str], dict[str, Part]]:
    """Give, for each name of the newcomer and of the ban, the stretches of the one that are of the other."""
    found: dict[tuple[str, str], dict[str, Part]] = {}
    for code, version, tag in split(record.tags):
        against, kind = KINDS[code]
        if against in NAMES and kind in ("core", "head", "tail"):
            for part in query.parts.get(version, {}).get(tag, ()):
                found.setdefault((part.signal, against), {})[kind] = part
    return found


def _avatar(query: Prepared, distance: int | None, why: dict[str, str]) -> Agreement:
    if distance is None:
        return Agreement(signal="avatar", level="missing", detail=why.get("avatar", ""))
    level: Level = "exact" if distance == 0 else "close" if distance <= PDQ_DISTANCE else "differs"
    return Agreement(
        signal="avatar",
        level=level,
        detail=f"distance:{distance}",
        permille=1_000 - distance * 1_000 // 256,
        forms=tuple(form for form in query.forms if form.kind == "pdq"),
    )
