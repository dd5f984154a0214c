"""Which names an account may bear, and why one may not."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import attrs

from platgov._canonical import digest, shown
from platgov._limits import DEFAULT, Limits
from platgov._names import properties
from platgov._names.chars import kinds, script_codes
from platgov._names.contacts import CONTACT_WORDS, TOP_LEVELS, Contact, ContactFinder
from platgov._names.findings import ADVISORY, CODES, NameFinding, Raw, codes_of
from platgov._names.folding import composed, fold, normal
from platgov._names.graphemes import grapheme_count
from platgov._names.hidden import hidden, is_blank, mark_piles
from platgov._names.mending import cut_to, end_of, mended, numbered
from platgov._names.outline import ATTACHED, GROWING, HIDING, JOINING, NUMERAL, OTHER, SPACE, VISIBLE, Outline, outline
from platgov._names.protected import Hit, ProtectedNames
from platgov._names.scripts import RestrictionLevel
from platgov._names.tables import tables
from platgov._names.units import letters_of
from platgov._names.writing import digits, levels, spacing, strange, unadvised
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["NamePolicy"]

_MOST_BYTES = 4096
# "m" folds to two letters, so a name of that length may fold to twice as much; no name to more.
_FOLDED = 2
_ROUNDS = 6


def _refuse(attribute: str, message: str) -> InputError:
    return InputError("name policy", (Problem(message, f"$.{attribute}", "name_policy"),))


def _whole(least: int) -> Any:
    def check(_: NamePolicy, attribute: attrs.Attribute[int], value: object) -> None:
        if type(value) is not int or not least <= value <= _MOST_BYTES:
            message = f"{attribute.name} is {shown(value)}; give a whole number from {least} to {_MOST_BYTES}"
            raise _refuse(attribute.name, message)

    return check


def _kind(kind: type) -> Any:
    def check(_: NamePolicy, attribute: attrs.Attribute[Any], value: object) -> None:
        if type(value) is not kind:
            raise _refuse(attribute.name, f"{attribute.name} is {shown(value)}; give a {kind.__name__}")

    return check


def _list(subject: str, value: object) -> frozenset[str]:
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise _refuse(subject, f"{subject} is {shown(value)}; give a list of texts")
    items = list(value)
    for item in items:
        if type(item) is not str or not item:
            raise _refuse(subject, f"{subject} holds {shown(item)}; give texts")
    return frozenset(items)


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
            raise _refuse("fallback", f"fallback is {shown(self.fallback)}; give some text, or None")

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
        return composed(name)

    @functools.cached_property
    def _contact_finder(self) -> ContactFinder:
        return ContactFinder(self.top_levels, self.contact_words)

    def _findings(self, name: str, holder: str | None) -> list[Raw]:
        if not isinstance(name, str):
            raise InputError("name", (Problem(f"is {type(name).__name__}; give a str", code="type"),))
        plain = name.isascii()
        size = len(name) if plain or len(name) > self.max_bytes else len(name.encode(errors="replace"))
        if size > self.max_bytes:
            return [Raw("too_long", 0, len(name), (f"{size} bytes or more; at most {self.max_bytes}",))]
        seen = outline(name)
        bits = seen.bits
        if not bits & VISIBLE:
            return [Raw("empty", 0, len(name))]
        found: list[Raw] = []
        if bits & HIDING:
            found += [
                Raw(each.code, each.start, each.end, codes_of(name[each.start : each.end])) for each in hidden(name)
            ]
            if any(raw.code == "surrogate" for raw in found):
                return found
        if seen.pile > self.max_marks:
            piles = mark_piles(name, self.max_marks)
            found += [
                Raw("marks", start, end, (f"{end - start} marks; at most {self.max_marks}",)) for start, end in piles
            ]
        if (
            len(name) > self.max_graphemes
            or len(name) < self.min_graphemes
            or (self.min_graphemes > 1 and bits & JOINING)
        ):
            found += self._length(name)
        if bits & (SPACE | HIDING) or "  " in name or name[0] == " " or name[-1] == " ":
            found += spacing(name)
        if self._minds_writing or (seen.mixed and not plain):
            found += self._writing(name, plain=plain)
        if bits & NUMERAL and not plain and not self.mixed_digits:
            found += digits(name)
        if bits & GROWING and self._grows(name):
            evidence = f"more than {_FOLDED * self.max_bytes} bytes when folded"
            return [*found, Raw("too_long", 0, len(name), (evidence,))]
        # Ways to write one letter make no difference to what follows; only places are those of the name as given.
        joined, offsets = name, None
        if bits & ATTACHED:
            joined = normal(name, "NFC")
            if joined != name:
                seen, offsets = outline(joined), _offsets(name)
        letters = letters_of(joined)
        if self._minds_names:
            found += self._borne(name, joined, seen, letters, holder, offsets)
        if self.contacts:
            contacts = self._contact_finder.find(joined, letters=None if seen.bits & OTHER else letters)
            found += [_reached(each, offsets) for each in contacts]
        return sorted(found, key=lambda raw: (raw.start, raw.end, raw.code)) if len(found) > 1 else found

    def _grows(self, name: str) -> bool:
        """Whether a name is too long when folded."""
        try:
            fold(name, limits=Limits(text_bytes=_FOLDED * self.max_bytes))
        except InputError:
            return True
        return False

    @functools.cached_property
    def _minds_writing(self) -> bool:
        """Whether a name of one script and no digits can be found fault with for its writing."""
        strict = min(self.level.rank, self.word_level.rank) < RestrictionLevel.SINGLE_SCRIPT.rank
        return strict or self.scripts is not None or self.identifier

    @functools.cached_property
    def _minds_names(self) -> bool:
        return bool(self.protected.entries or self.reserved.entries)

    def _length(self, name: str) -> Iterator[Raw]:
        count = grapheme_count(name)
        if count > self.max_graphemes:
            evidence = f"{count} characters; at most {self.max_graphemes}"
            yield Raw("too_long", end_of(name, self.max_graphemes), len(name), (evidence,))
        if count < self.min_graphemes:
            yield Raw("too_short", 0, len(name), (f"{count} characters; at least {self.min_graphemes}",))

    def _writing(self, name: str, *, plain: bool) -> Iterator[Raw]:
        if plain and self.scripts is None and not self.identifier:
            return
        found = [kinds[char] for char in name]
        if self.scripts is not None:
            yield from strange(found, self.scripts)
        if self.identifier:
            yield from unadvised(name, found)
        if not plain:
            yield from levels(name, found, self.level, self.word_level)

    def _borne(  # noqa: PLR0917 - what is known of the name, worked out once
        self, name: str, joined: str, seen: Outline, letters: str, holder: str | None, offsets: list[int] | None
    ) -> list[Raw]:
        found = []
        for names, plainly, disguised in (
            (self.protected, "protected", "lookalike"),
            (self.reserved, "reserved", "reserved"),
        ):
            if names.entries:
                hits = names.search(joined, seen, letters, holder)
                found += [_borne(hit, plainly if hit.plain else disguised, offsets) for hit in hits]
        # Who has exceptions pays for them only where something was found.
        return [] if found and self.exceptions and fold(name) in self.exceptions else found

    def _suggestion(self, name: str, found: list[Raw], holder: str | None) -> str | None:
        near = name
        if any(raw.code == "too_long" for raw in found):
            near = cut_to(name, self.max_bytes)
            found = self._findings(near, holder)
        for _ in range(_ROUNDS):
            if not found:
                return near
            near = mended(near, found, max_marks=self.max_marks, max_graphemes=self.max_graphemes)
            if is_blank(near):
                break
            found = self._findings(near, holder)
        if self.fallback is None:
            return None
        near = numbered(self.fallback, name)
        return None if self._findings(near, holder) else near


def _offsets(name: str) -> list[int]:
    """Give for each offset in the composed name (NFC), the end included, the offset in the name as given."""
    attached = tables().attached["NFC"]
    starts = [place for place, char in enumerate(name) if place == 0 or char not in attached]
    offsets: list[int] = []
    for start, end in zip(starts, [*starts[1:], len(name)], strict=True):
        length = len(normal(name[start:end], "NFC"))
        offsets += [start] * min(length, 1) + [min(start + 1, end - 1)] * (length - 1)
    return [*offsets, len(name)]


def _reached(contact: Contact, offsets: list[int] | None) -> Raw:
    start, end = contact.start, contact.end
    if offsets is not None:
        start, end = offsets[start], offsets[end]
    return Raw(contact.code, start, end, (contact.text,))


def _borne(hit: Hit, code: str, offsets: list[int] | None) -> Raw:
    start, end = (hit.start, hit.end) if offsets is None else (offsets[hit.start], offsets[hit.end])
    return Raw(code, start, end, hit.evidence, hit.entry.name)
