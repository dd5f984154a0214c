"""Which names an account may bear, and why one may not."""

from __future__ import annotations

import collections
import functools
import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from platgov._canonical import digest
from platgov._limits import DEFAULT, Limits
from platgov._names import properties
from platgov._names.chars import (
    DIGIT,
    EVERY,
    HIDING,
    JOINING,
    MARK,
    OTHER,
    SPACE,
    VISIBLE,
    Kind,
    glance,
    kinds,
    script_codes,
)
from platgov._names.contacts import CONTACT_WORDS, TOP_LEVELS, ContactFinder
from platgov._names.folding import fold, normal, skeleton
from platgov._names.graphemes import grapheme_count, grapheme_starts
from platgov._names.hidden import hidden, is_blank, mark_piles
from platgov._names.protected import Hit, ProtectedNames
from platgov._names.scripts import RestrictionLevel, digit_systems, level_of
from platgov._names.tables import tables
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["ADVISORY", "CODES", "NameFinding", "NamePolicy"]

CODES = {
    "empty": "nothing of it can be seen",
    "too_long": "it is too long",
    "too_short": "it is too short",
    "surrogate": "it holds half of a surrogate pair, which is no character",
    "control": "it holds a control character",
    "line_break": "it holds a line break",
    "bidi_control": "it holds a character that changes the direction of what follows",
    "tag": "it holds an invisible tag character",
    "invisible": "it holds an invisible character where none belongs",
    "private_use": "it holds a private-use character, which others see as something else or nothing",
    "unassigned": "it holds a character that Unicode does not assign",
    "not_text": "it holds a character that stands for something lost or inserted",
    "marks": "it piles up marks on one letter",
    "spacing": "it has spaces at an end, or several in a row",
    "script": "it is written in a script that is not accepted here",
    "level": "it mixes scripts more freely than is accepted here",
    "mixed_scripts": "a word of it mixes scripts whose letters look alike",
    "mixed_digits": "it mixes digits of several systems",
    "identifier": "it holds a character that is not recommended for identifiers",
    "protected": "it is or holds a protected name",
    "lookalike": "it can be mistaken for a protected name",
    "reserved": "it is or holds a reserved word",
    "link": "it holds a link",
    "email": "it holds a mail address",
    "phone": "it holds a telephone number",
    "handle": "it holds the name of an account elsewhere",
}
# Worth a look, and no reason to refuse a name by themselves.
ADVISORY = frozenset({"invisible", "mixed_scripts", "mixed_digits", "spacing"})

_MOST_BYTES = 4096
# "m" folds to two letters, so a name of that length may fold to twice as much; no name to more.
_FOLDED = 2
# What a suggestion keeps, mended; all else that is found is left out of it.
_KEPT = frozenset({"marks", "mixed_digits", "mixed_scripts", "level", "spacing", "too_long", "too_short"})
_ROUNDS = 6
# Those whose letters look alike; the first of equals wins.
_ALPHABETS = ("Latn", "Cyrl", "Grek")
# What a glance at printable ASCII would tell, at the most.
_ASCII = (VISIBLE, EVERY)


class _Raw(NamedTuple):
    code: str
    start: int
    end: int
    evidence: tuple[str, ...] = ()
    protected: str | None = None


@attrs.frozen(kw_only=True)
class NameFinding:
    """One thing about a name.

    Attributes:
        code: What kind of thing; a key of ``CODES``.
        start: Offset in the name as given, in code points, of the first character concerned.
        end: Offset after the last one.
        evidence: What exactly: the character and what it reads as, the scripts, the number found.
        protected: The protected name or reserved word concerned; None for other kinds.
        blocks: The policy refuses names for this; otherwise it is worth a look.
        suggestion: A name near the given one about which there is no finding; None if there is none.
    """

    code: str
    start: int
    end: int
    evidence: tuple[str, ...] = ()
    protected: str | None = None
    blocks: bool = True
    suggestion: str | None = None

    def __str__(self) -> str:
        parts = [CODES[self.code], *([repr(self.protected)] if self.protected else []), *self.evidence]
        return f"{self.code} at {self.start}: {'; '.join(parts)}"


def _refuse(attribute: str, message: str) -> InputError:
    return InputError("name policy", (Problem(message, f"$.{attribute}", "name_policy"),))


def _whole(least: int) -> Any:
    def check(_: NamePolicy, attribute: attrs.Attribute[int], value: object) -> None:
        if type(value) is not int or not least <= value <= _MOST_BYTES:
            message = f"{attribute.name} is {value!r}; give a whole number from {least} to {_MOST_BYTES}"
            raise _refuse(attribute.name, message)

    return check


def _kind(kind: type) -> Any:
    def check(_: NamePolicy, attribute: attrs.Attribute[Any], value: object) -> None:
        if type(value) is not kind:
            raise _refuse(attribute.name, f"{attribute.name} is {value!r}; give a {kind.__name__}")

    return check


def _list(subject: str, value: object) -> frozenset[str]:
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise _refuse(subject, f"{subject} is {value!r}; give a list of texts")
    items = frozenset(value)
    if any(type(item) is not str or not item for item in items):
        raise _refuse(subject, f"{subject} holds {next(i for i in items if type(i) is not str or not i)!r}; give texts")
    return items


def _scripts(value: Iterable[str] | None) -> frozenset[str] | None:
    if value is None:
        return None
    found = _list("scripts", value)
    strange = sorted(found - script_codes())
    if strange or not found:
        raise _refuse(
            "scripts", f"no script {', '.join(strange)}; give codes such as Latn, Hani, Arab, or None for all"
        )
    return found


def _codes(value: Iterable[str]) -> frozenset[str]:
    found = _list("advisory", value)
    strange = sorted(found - CODES.keys())
    if strange:
        raise _refuse("advisory", f"no finding {', '.join(strange)}; there are {', '.join(CODES)}")
    return found


def _exceptions(value: Iterable[str]) -> frozenset[str]:
    return frozenset(map(fold, _list("exceptions", value)))


def _top_levels(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(_list("top_levels", value)))


def _contact_words(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(_list("contact_words", value)))


def _listed(value: ProtectedNames | Iterable[Any]) -> ProtectedNames:
    return value if isinstance(value, ProtectedNames) else ProtectedNames(value)


@attrs.frozen(kw_only=True)
class NamePolicy:
    r"""Which names accounts may bear. Nobody's alphabet is refused unless the host asks for it.

    >>> policy = NamePolicy(protected=["PayPal"], reserved=["admin"], max_graphemes=30)
    >>> policy.check("\u5f20\u4f1f"), policy.check("Jos\u00e9 Garc\u00eda")
    ((), ())
    >>> finding, = policy.check("Pay-P4l")
    >>> finding.code, finding.protected, finding.evidence
    ('lookalike', 'PayPal', ("U+0034 reads as 'a'",))

    Attributes:
        min_graphemes: Least number of user-perceived characters.
        max_graphemes: Most of them.
        max_bytes: Most bytes in UTF-8, before anything else is looked at; folding may double them.
        max_marks: Most combining marks in a row; no spelling needs more than four.
        scripts: Codes (ISO 15924) of scripts that are accepted; None for all.
        level: Restriction level of the whole name.
        word_level: Restriction level of each word.
        identifier: Accept only characters that Unicode recommends for identifiers: no spaces.
        mixed_digits: Accept digits of several systems in one name.
        protected: Names that others must not bear or seem to bear.
        reserved: Words that nobody may bear, found in the same ways.
        exceptions: Names that are never held to be protected or reserved, however they are cased.
        contacts: Look for links, mail addresses, telephone numbers and accounts elsewhere.
        top_levels: Endings that make a link of two words with a dot between.
        contact_words: Words before an account name or number elsewhere.
        advisory: Codes of findings that do not refuse a name.
        fallback: Start of a suggestion where nothing of the name can be kept; None for none.
    """

    min_graphemes: int = attrs.field(default=1, validator=_whole(1))
    max_graphemes: int = attrs.field(default=DEFAULT.name_graphemes, validator=_whole(1))
    max_bytes: int = attrs.field(default=DEFAULT.name_bytes, validator=_whole(1))
    max_marks: int = attrs.field(default=4, validator=_whole(0))
    scripts: frozenset[str] | None = attrs.field(default=None, converter=_scripts)
    level: RestrictionLevel = attrs.field(default=RestrictionLevel.UNRESTRICTED, validator=_kind(RestrictionLevel))
    word_level: RestrictionLevel = attrs.field(
        default=RestrictionLevel.MODERATELY_RESTRICTIVE, validator=_kind(RestrictionLevel)
    )
    identifier: bool = attrs.field(default=False, validator=_kind(bool))
    mixed_digits: bool = attrs.field(default=False, validator=_kind(bool))
    protected: ProtectedNames = attrs.field(default=ProtectedNames(), converter=_listed)
    reserved: ProtectedNames = attrs.field(default=ProtectedNames(), converter=_listed)
    exceptions: frozenset[str] = attrs.field(default=frozenset(), converter=_exceptions)
    contacts: bool = attrs.field(default=True, validator=_kind(bool))
    top_levels: tuple[str, ...] = attrs.field(default=TOP_LEVELS, converter=_top_levels)
    contact_words: tuple[str, ...] = attrs.field(default=CONTACT_WORDS, converter=_contact_words)
    advisory: frozenset[str] = attrs.field(default=ADVISORY, converter=_codes)
    fallback: str | None = "user"

    def __attrs_post_init__(self) -> None:
        if self.min_graphemes > self.max_graphemes:
            message = f"min_graphemes is {self.min_graphemes}, above max_graphemes, {self.max_graphemes}"
            raise _refuse("min_graphemes", message)
        if self.fallback is not None and (type(self.fallback) is not str or not self.fallback):
            raise _refuse("fallback", f"fallback is {self.fallback!r}; give some text, or None")

    @functools.cached_property
    def digest(self) -> str:
        """Content address of the policy, its lists and the version of its data."""
        values: dict[str, Any] = {"unicode": properties.UNICODE}
        for field in attrs.fields(type(self)):
            value = getattr(self, field.name)
            if isinstance(value, ProtectedNames):
                value = value.digest
            elif isinstance(value, RestrictionLevel):
                value = value.value
            elif isinstance(value, frozenset | tuple):
                value = sorted(value)
            values[field.name] = value
        return digest(values)

    def check(self, name: str, *, holder: str | None = None) -> tuple[NameFinding, ...]:
        """Give every finding about a name, in the order of their places; empty if there is none.

        Equal policies and equal names give equal findings, on every Python version. What is too
        long or holds half of a surrogate pair is not looked at further. O(n) in the length of
        the name, whatever the number of protected names.

        Args:
            name: As the person gave it.
            holder: Who bears it: names that this owner has protected are not found.

        Raises:
            InputError: ``name`` is no str.
        """
        found = self._findings(name, holder)
        if not found:
            return ()
        suggestion = self._suggestion(name, found, holder)
        return tuple(
            NameFinding(
                code=raw.code,
                start=raw.start,
                end=raw.end,
                evidence=raw.evidence,
                protected=raw.protected,
                blocks=raw.code not in self.advisory,
                suggestion=suggestion,
            )
            for raw in found
        )

    def accept(self, name: str, *, holder: str | None = None) -> str:
        """Give the name to store, composed (NFC), or refuse it.

        Raises:
            InputError: There are findings that block, or ``name`` is no str; carries them all.
        """
        blocking = [finding for finding in self.check(name, holder=holder) if finding.blocks]
        if blocking:
            problems = tuple(Problem(str(each), code=each.code, position=each.start) for each in blocking)
            raise InputError("name", problems)
        return normal(name, "NFC")

    @functools.cached_property
    def _contact_finder(self) -> ContactFinder:
        return ContactFinder(self.top_levels, self.contact_words)

    @functools.cached_property
    def _room(self) -> Limits:
        return Limits(text_bytes=_FOLDED * self.max_bytes)

    def _findings(self, name: str, holder: str | None) -> list[_Raw]:
        if not isinstance(name, str):
            raise InputError("name", (Problem(f"is {type(name).__name__}; give a str", code="type"),))
        plain = name.isascii()
        size = len(name) if plain or len(name) > self.max_bytes else len(name.encode(errors="replace"))
        if size > self.max_bytes:
            return [_Raw("too_long", 0, len(name), (f"{size} bytes or more; at most {self.max_bytes}",))]
        bits, mask = _ASCII if plain and name.isprintable() else glance(name)
        if not name or not bits & VISIBLE or name.isspace():
            return [_Raw("empty", 0, len(name))]
        found: list[_Raw] = []
        if bits & HIDING:
            found += [
                _Raw(each.code, each.start, each.end, _codes_of(name[each.start : each.end])) for each in hidden(name)
            ]
            if any(raw.code == "surrogate" for raw in found):
                return found
        if bits & MARK:
            piles = mark_piles(name, self.max_marks)
            found += [
                _Raw("marks", start, end, (f"{end - start} marks; at most {self.max_marks}",)) for start, end in piles
            ]
        if (
            len(name) > self.max_graphemes
            or len(name) < self.min_graphemes
            or (self.min_graphemes > 1 and bits & JOINING)
        ):
            found += self._length(name)
        if bits & (SPACE | HIDING) or "  " in name or name[0] == " " or name[-1] == " ":
            found += _spacing(name)
        if self._minds_writing or (not plain and (mask == 0 or bits & DIGIT)):
            found += self._writing(name, plain=plain)
        try:
            folded = fold(name, limits=self._room)
        except InputError:
            return [
                *found,
                _Raw("too_long", 0, len(name), (f"more than {_FOLDED * self.max_bytes} bytes when folded",)),
            ]
        if self._minds_names and folded not in self.exceptions:
            found += self._borne(name, folded, holder)
        if self.contacts:
            letters_only = name.replace(" ", "").isalpha() if plain else not bits & OTHER
            contacts = self._contact_finder.find(name, letters=folded if letters_only else None)
            found += [_Raw(each.code, each.start, each.end, (each.text,)) for each in contacts]
        return sorted(found, key=lambda raw: (raw.start, raw.end, raw.code)) if len(found) > 1 else found

    @functools.cached_property
    def _minds_writing(self) -> bool:
        """Whether a name of one script and no digits can be found fault with for its writing."""
        strict = min(self.level.rank, self.word_level.rank) < RestrictionLevel.SINGLE_SCRIPT.rank
        return strict or self.scripts is not None or self.identifier

    @functools.cached_property
    def _minds_names(self) -> bool:
        return bool(self.protected.entries or self.reserved.entries)

    def _length(self, name: str) -> Iterator[_Raw]:
        count = grapheme_count(name)
        if count > self.max_graphemes:
            evidence = f"{count} characters; at most {self.max_graphemes}"
            yield _Raw("too_long", _end_of(name, self.max_graphemes), len(name), (evidence,))
        if count < self.min_graphemes:
            yield _Raw("too_short", 0, len(name), (f"{count} characters; at least {self.min_graphemes}",))

    def _writing(self, name: str, *, plain: bool) -> Iterator[_Raw]:
        if plain and self.scripts is None and not self.identifier:
            return
        found = [kinds[char] for char in name]
        if self.scripts is not None:
            yield from _strange(found, self.scripts)
        if self.identifier:
            places = [place for place, kind in enumerate(found) if not kind.allowed]
            yield from (_Raw("identifier", start, end, _codes_of(name[start:end])) for start, end in _stretches(places))
        if plain:
            return
        level = level_of(found)
        if level.rank > self.level.rank:
            evidence = f"{level.value}; at most {self.level.value}"
            yield _Raw("level", 0, len(name), (evidence, *_scripts_of(found)))
        if level.rank > self.word_level.rank:
            yield from self._words(name, found)
        if not self.mixed_digits and len(digit_systems(name)) > 1:
            places = [place for place, kind in enumerate(found) if kind.zero is not None]
            yield _Raw("mixed_digits", places[0], places[-1] + 1, tuple(sorted(digit_systems(name))))

    def _words(self, name: str, found: list[Kind]) -> Iterator[_Raw]:
        invisible = tables().skeleton.rows
        places = [
            place
            for place, kind in enumerate(found)
            if kind.category[0] in "LMN" or invisible.get(ord(name[place])) == ""
        ]
        for start, end in _stretches(places):
            if not name[start:end].isascii() and level_of(found[start:end]).rank > self.word_level.rank:
                yield _Raw("mixed_scripts", start, end, _scripts_of(found[start:end]))

    def _borne(self, name: str, folded: str, holder: str | None) -> Iterator[_Raw]:
        offsets = _offsets(name) if self._is_recomposed(name) else None
        for names, plainly, disguised in (
            (self.protected, "protected", "lookalike"),
            (self.reserved, "reserved", "reserved"),
        ):
            if names.entries:
                for hit in names.search(name, folded, holder):
                    yield _borne(hit, plainly if hit.plain else disguised, offsets)

    @staticmethod
    def _is_recomposed(name: str) -> bool:
        return not name.isascii() and normal(name, "NFC") != name

    def _suggestion(self, name: str, found: list[_Raw], holder: str | None) -> str | None:
        near = name
        if any(raw.code == "too_long" for raw in found):
            near = name[: self.max_bytes].encode(errors="replace")[: self.max_bytes].decode(errors="ignore")
            found = self._findings(near, holder)
        for _ in range(_ROUNDS):
            if not found:
                return near
            near = self._mended(near, found)
            if is_blank(near):
                break
            found = self._findings(near, holder)
        if self.fallback is None:
            return None
        # Told apart by the name it replaces; hosts add what makes it unique.
        number = int(hashlib.sha256(name.encode(errors="replace")).hexdigest()[:8], 16) % 10_000
        near = f"{self.fallback}{number:04d}"
        return None if self._findings(near, holder) else near

    def _mended(self, name: str, found: list[_Raw]) -> str:
        chars: list[str] = list(name)
        for raw in found:
            span = range(raw.start, raw.end)
            if raw.code == "line_break":
                chars[raw.start : raw.end] = [" ", *[""] * (len(span) - 1)]
            elif raw.code not in _KEPT:
                chars[raw.start : raw.end] = [""] * len(span)
            elif raw.code == "marks":
                chars[raw.start + self.max_marks : raw.end] = [""] * (len(span) - self.max_marks)
            elif raw.code in ("mixed_scripts", "level"):
                for place, char in zip(span, _one_script(name[raw.start : raw.end]), strict=True):
                    chars[place] = chars[place] and char
            elif raw.code == "mixed_digits":
                for place in span:
                    zero = kinds[name[place]].zero
                    chars[place] = chars[place] and (name[place] if zero is None else str(ord(name[place]) - zero))
        near = normal(" ".join("".join(chars).split()), "NFC")
        return near[: _end_of(near, self.max_graphemes)].rstrip()


def _spacing(name: str) -> Iterator[_Raw]:
    if " ".join(name.split()) == name.replace("\u00a0", " ").replace("\u3000", " "):
        return
    before = True
    start = 0
    for place, char in enumerate(f"{name} "):
        blank = kinds[char].category == "Zs"
        if blank and not before:
            start, before = place, True
        elif not blank:
            if before and place - start > (1 if start else 0):
                yield _Raw("spacing", start, place)
            before = False
    if before and len(name) > start > 0:
        yield _Raw("spacing", start, len(name))


def _strange(found: list[Kind], scripts: frozenset[str]) -> Iterator[_Raw]:
    places = [place for place, kind in enumerate(found) if kind.scripts is not None and not kind.scripts & scripts]
    for start, end in _stretches(places):
        yield _Raw("script", start, end, _scripts_of(found[start:end]))


def _stretches(places: list[int]) -> Iterator[tuple[int, int]]:
    """Start and end of each run of consecutive places."""
    starts = [place for place in places if place - 1 not in {*places}]
    ends = [place + 1 for place in places if place + 1 not in {*places}]
    return zip(starts, ends, strict=True)


def _scripts_of(found: list[Kind]) -> tuple[str, ...]:
    return tuple(sorted({kind.script for kind in found if kind.scripts is not None}))


def _codes_of(text: str) -> tuple[str, ...]:
    return tuple(f"U+{ord(char):04X}" for char in dict.fromkeys(text))[:8]


def _end_of(name: str, graphemes: int) -> int:
    """Give the offset at which so many user-perceived characters end."""
    for number, start in enumerate(grapheme_starts(name)):
        if number == graphemes:
            return start
    return len(name)


def _one_script(text: str) -> list[str]:
    """Write look-alikes in the alphabet that most of a text is in, if they have a twin there."""
    counts = collections.Counter(
        script for char in text for script in kinds[char].script.split() if script in _ALPHABETS
    )
    most = max(_ALPHABETS, key=lambda script: counts[script])
    twins = _twins(most)
    return [char if most in kinds[char].script.split() else twins.get(skeleton(char), char) for char in text]


@functools.cache
def _twins(script: str) -> dict[str, str]:
    """Give the everyday letters of an alphabet by their skeletons."""
    letters = [char for char in map(chr, range(0x41, 0x530)) if kinds[char].script == script and kinds[char].allowed]
    return {skeleton(char): char for char in reversed(letters) if kinds[char].category[0] == "L"}


def _offsets(name: str) -> list[int]:
    """Give for each offset in the composed name (NFC), the end included, the offset in the name as given."""
    attached = tables().attached["NFC"]
    starts = [place for place, char in enumerate(name) if place == 0 or char not in attached]
    offsets: list[int] = []
    for start, end in zip(starts, [*starts[1:], len(name)], strict=True):
        composed = len(normal(name[start:end], "NFC"))
        offsets += [start] * min(composed, 1) + [min(start + 1, end - 1)] * (composed - 1)
    return [*offsets, len(name)]


def _borne(hit: Hit, code: str, offsets: list[int] | None) -> _Raw:
    start, end = (hit.start, hit.end) if offsets is None else (offsets[hit.start], offsets[hit.end])
    return _Raw(code, start, end, hit.evidence, hit.entry.name)
