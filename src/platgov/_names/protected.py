"""Names that belong to somebody, or to nobody, and the names that can be mistaken for them."""

from __future__ import annotations

import enum
import functools
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from platgov._canonical import digest, shown
from platgov._limits import DEFAULT
from platgov._names.chars import kinds, unassigned_in_14
from platgov._names.folding import fold, folds, normal, skeleton
from platgov._names.hidden import is_blank
from platgov._names.index import MOST_BY_SHAPE, Index, Place, key_of, shape_of
from platgov._names.outline import Outline, outline
from platgov._names.spelling import KEYS_VERSION, LONG_RUN, Spelling, spell
from platgov._names.units import ALONE, DIGIT, SIGN, Unit, letters_of
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["AFFIXES", "Hit", "Protected", "ProtectedNames", "Within"]

# Words that claim to speak for the name they are glued to. None is the end of an everyday word
# that starts with a likely name; hosts give their own.
AFFIXES = (
    "account", "admin", "care", "channel", "customer", "desk", "global", "help", "helpdesk", "helpline", "news",
    "office", "official", "online", "real", "security", "service", "services", "staff", "store", "support", "team",
    "verified", "verify", "soporte", "oficial", "officiel", "offiziell", "ufficiale", "поддержка", "официальный",
    "官方", "客服", "中心", "认证", "認證", "服务", "服務", "公式", "サポート", "공식", "고객센터", "رسمي", "الرسمي",
)  # fmt: skip

# A squashed key this short is another word's as often as not: such names are compared folded.
_SHORT = 3
_RATHER_SHORT = 4
# Letters of a script without spaces that a name must have to be looked for inside of another.
_ALONE_HAN, _ALONE_ELSEWHERE = 3, 5
_MOST_EVIDENCE = 8


class Within(enum.Enum):
    """Where a protected name is looked for."""

    NAME = "name"  # only as the whole of a name
    WORD = "word"  # also as one word or more of it, or glued to a word such as "support"
    PART = "part"  # also inside its words


@attrs.frozen(kw_only=True)
class Protected:
    """A name that others must not bear or seem to bear.

    Attributes:
        name: As it is written; capitals do not matter.
        owner: Who may bear it; None for nobody.
        within: Where it is looked for.
    """

    name: str
    owner: str | None = None
    within: Within = Within.WORD

    def __attrs_post_init__(self) -> None:
        if type(self.name) is not str or not self.name.isascii():
            fold(self.name)  # refuses what is no text
        if is_blank(self.name) or len(self.name.encode()) > DEFAULT.name_bytes:
            raise _refuse(f"name is {self.name[:20]!r}; give 1 to {DEFAULT.name_bytes} bytes that can be seen")
        if self.owner is not None and (type(self.owner) is not str or not self.owner):
            raise _refuse(f"owner of {self.name!r} is {shown(self.owner)}; give some text, or None for nobody")
        if not isinstance(self.within, Within):
            raise _refuse(f"within of {self.name!r} is {shown(self.within)}; give a member of Within")


class Hit(NamedTuple):
    """A protected name, found.

    Attributes:
        entry: The protected name.
        key: By which key: ``skeleton``, ``folded`` or ``squashed``.
        plain: The name is there as it is, letter case apart, and not in disguise.
        start: Offset in the name, composed, of the first character.
        end: Offset after the last one.
        evidence: What reads as what.
    """

    entry: Protected
    key: str
    plain: bool
    start: int
    end: int
    evidence: tuple[str, ...]


def _refuse(message: str) -> InputError:
    return InputError("protected name", (Problem(message, code="protected"),))


def _entries(names: Iterable[str | Protected]) -> tuple[Protected, ...]:
    if isinstance(names, str | Protected) or not hasattr(names, "__iter__"):
        raise _refuse(f"names is one {type(names).__name__}; give a list of names")
    found: dict[Protected, None] = {}
    for name in names:
        if not isinstance(name, str | Protected):
            raise _refuse(f"a name is {shown(name)}; give text or a Protected")
        found[name if isinstance(name, Protected) else Protected(name=name)] = None
    # Sorted: the order in which a host's database lists them must not change findings or digest.
    return tuple(sorted(found, key=lambda entry: (entry.name, entry.owner or "", entry.within.value)))


def _words(words: Iterable[str]) -> tuple[str, ...]:
    listed: list[Any] = list(words) if hasattr(words, "__iter__") and not isinstance(words, str) else [None]
    if any(type(word) is not str or not word.strip() for word in listed):
        raise _refuse(f"affixes is {shown(words)}; give a list of words")
    return tuple(sorted(set(listed)))


@attrs.frozen
class ProtectedNames:
    r"""Names that others must not bear or seem to bear: brands, staff, institutions.

    >>> names = ProtectedNames(["PayPal", Protected(name="WeChat", owner="org:1")])
    >>> [hit.entry.name for hit in names.find("P\u0430yPa1 Support")], names.find("wechat", holder="org:1")
    (['PayPal'], ())

    Equal lists are equal values with equal digests, in whatever order they are given. Building
    takes some microseconds per name, on first use; finding does not grow with their number.

    Attributes:
        entries: The names, sorted, each once.
        affixes: Words that do not hide a name they are glued to, such as ``support``.
    """

    entries: tuple[Protected, ...] = attrs.field(default=(), converter=_entries)
    affixes: tuple[str, ...] = attrs.field(default=AFFIXES, converter=_words, kw_only=True)

    def __len__(self) -> int:
        return len(self.entries)

    @functools.cached_property
    def digest(self) -> str:
        """Content address of the list and of the way in which names are compared."""
        rows = [[entry.name, entry.owner, entry.within.value] for entry in self.entries]
        return digest({"keys": KEYS_VERSION, "names": rows, "affixes": list(self.affixes)})

    def find(self, name: str, *, holder: str | None = None) -> tuple[Hit, ...]:
        """Give the protected names that a name is, seems to be, or holds; O(1) in their number.

        Args:
            name: At most 64 KiB; offsets of hits are in its composed form (NFC).
            holder: Who bears it: names of this owner are not found.

        Raises:
            InputError: ``name`` is no text.
        """
        folds(name)
        composed = name if name.isascii() else normal(name, "NFC")
        return self.search(composed, outline(composed), letters_of(composed), holder)

    def search(self, name: str, seen: Outline, letters: str, holder: str | None) -> tuple[Hit, ...]:
        """Do what ``find`` does for a composed name (NFC) that folds, and whose outline and letters are known."""
        index = self._index
        if not index.may_hold(name, seen, letters):
            return ()
        spelling = spell(name)
        found: dict[int, Hit] = {}
        entries = self.entries
        for key, kind in ((fold(name), "folded"), (skeleton(spelling.name), "skeleton")):
            for number in index.whole.get(key, ()):
                if number not in found and self._concerns(entries[number], holder):
                    found[number] = _hit(entries[number], kind, spelling, 0, len(spelling.units))
        if index.shapes and len(spelling.units) > MOST_BY_SHAPE:
            for number in index.shapes.get(shape_of(name), ()):
                if number not in found and self._concerns(entries[number], holder):
                    found[number] = _hit(entries[number], "skeleton", spelling, 0, len(spelling.units))
        if spelling.units:
            for place in index.places(spelling):
                number, start, end = place.number, place.start, place.end
                entry = entries[number]
                if number not in found and self._concerns(entry, holder) and self._convinces(entry, spelling, place):
                    found[number] = _hit(entry, "squashed", spelling, start, end)
        return tuple(found[number] for number in sorted(found)) if found else ()

    @staticmethod
    def _concerns(entry: Protected, holder: str | None) -> bool:
        return entry.owner is None or entry.owner != holder

    @functools.cached_property
    def _index(self) -> Index:
        inside = frozenset(number for number, entry in enumerate(self.entries) if entry.within is Within.PART)
        return Index([entry.name for entry in self.entries], inside, self.affixes)

    def _convinces(self, entry: Protected, spelling: Spelling, place: Place) -> bool:
        """Whether a place whose letters are those of a protected name would be taken for it.

        Short names are everyday words of some language, so less of a disguise is believed of them.
        """
        start, end = place.start, place.end
        units, words = spelling.units[start:end], spelling.words
        if place.glued and entry.within is Within.NAME:
            return False
        length = len(key_of(entry.name))
        text = spelling.name[spelling.offsets[start] : spelling.offsets[end - 1] + 1]
        if length <= _SHORT and not _same_letters(entry.name, text) and not _is_han(entry.name):
            return False
        if length <= _RATHER_SHORT and _is_number(units) and any(kinds[char].category[0] == "L" for char in entry.name):
            return False
        if place.cut and LONG_RUN.search(_lowered(text)) is None:
            return False  # several letters that are read as one, as in Phillips
        if length <= _RATHER_SHORT and _told_apart_by_i(entry.name, text):
            return False
        if start == 0 and end == len(spelling.units):
            return True
        if entry.within is not Within.WORD:
            return entry.within is Within.PART
        if all(unit.sort == ALONE for unit in units):
            han = all("Hani" in kinds[spelling.name[place]].script for place in spelling.offsets[start:end])
            enough = end - start >= (_ALONE_HAN if han else _ALONE_ELSEWHERE)
            return enough or (start in words and end in words) or self._only_affixes(spelling, start, end)
        if place.glued:
            return length > _RATHER_SHORT or not fold(text).isascii()
        if length <= _RATHER_SHORT:
            between = [word for word in words if start < word < end]
            # A number that follows a word ends it.
            ended = end in words or (spelling.units[end].sort == DIGIT and units[-1].sort != DIGIT)
            bounded = start in words and ended and len(between) in (0, end - start - 1)
            return bounded and (text.isascii() or not entry.name.isascii())
        return True

    def _only_affixes(self, spelling: Spelling, start: int, end: int) -> bool:
        """Whether the name is a short name in a script without spaces, and words such as "support"."""
        rest = ["".join(u.readings[0] for u in part) for part in (spelling.units[:start], spelling.units[end:])]
        pattern = self._affix_pattern
        return all(pattern.fullmatch(text) is not None for text in rest)

    @functools.cached_property
    def _affix_pattern(self) -> re.Pattern[str]:
        words = sorted(self._index.affixes, key=len, reverse=True)
        return re.compile(f"(?:{'|'.join(map(re.escape, words)) or '(?!)'})*+")


def _is_number(units: list[Unit]) -> bool:
    return all(unit.sort in (DIGIT, SIGN) for unit in units)


def _is_han(name: str) -> bool:
    """Whether a name has three ideographs or more and nothing else: that is not an everyday word's stem."""
    return len(name) >= _ALONE_HAN and all("Hani" in kinds[char].script for char in name)


def _same_letters(one: str, other: str) -> bool:
    """Whether two texts fold alike but for what stands between letters."""
    ones, others = ("".join(char for char in fold(text) if kinds[char].category[0] in "LNM") for text in (one, other))
    return ones == others


def _told_apart_by_i(one: str, other: str) -> bool:
    """Whether the only difference is a small "i" for a small "l", or the reverse: readers see the dot."""
    both = one[1:] + other[1:]
    if len(one) != len(other) or not both.isascii() or not both.islower():
        return False
    pairs = {pair for pair in zip(fold(one), fold(other), strict=False) if pair[0] != pair[1]}
    return bool(pairs) and pairs <= {("i", "l"), ("l", "i")} and not {*other} & {*"1|I"}


def _hit(entry: Protected, key: str, spelling: Spelling, start: int, end: int) -> Hit:
    name = spelling.name
    first, last = 0, len(name)
    if start < end:  # otherwise no letter is in it: emoji
        first = spelling.offsets[start]
        last = spelling.offsets[end] if end < len(spelling.units) else len(name)
        # Marks belong to the last letter, what stands between words does not.
        while last - 1 > spelling.offsets[end - 1] and kinds[name[last - 1]].category[0] in "ZPSC":
            last -= 1
    plain = _lowered(name[first:last]) == _lowered(normal(entry.name, "NFC"))
    return Hit(entry, key, plain, first, last, () if plain else tuple(_disguises(spelling, start, end, entry.name)))


def _disguises(spelling: Spelling, start: int, end: int, protected: str) -> Iterator[str]:
    usual = {*_lowered(protected)}
    told = 0
    for offset, unit in zip(spelling.offsets[start:end], spelling.units[start:end], strict=True):
        char = spelling.name[offset]
        if {*_lowered(char)} <= usual or told == _MOST_EVIDENCE:
            continue
        told += 1
        read = next((reading for reading in unit.readings if reading.isascii() and reading), unit.readings[0])
        yield f"U+{ord(char):04X} reads as {read!r}"


def _lowered(text: str) -> str:
    """Fold letter case as Unicode 14.0 does, so that every Python gives the same."""
    return "".join(char if unassigned_in_14(char) else char.casefold() for char in text)
