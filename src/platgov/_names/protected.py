"""Names that belong to somebody, or to nobody, and the names that can be mistaken for them."""

from __future__ import annotations

import enum
import functools
import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

import attrs

from platgov._canonical import digest
from platgov._limits import DEFAULT
from platgov._names.chars import kinds, unassigned_in_14
from platgov._names.folding import fold, normal, skeleton
from platgov._names.hidden import is_blank
from platgov._names.spelling import (
    ALONE,
    DIGIT,
    KEYS_VERSION,
    LONG_RUN,
    SIGN,
    Spelling,
    Unit,
    is_settled,
    merged,
    rewritten,
    spell,
    squash,
)
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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
_PART = 4
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
            raise _refuse(f"owner of {self.name!r} is {self.owner!r}; give some text, or None for nobody")
        if not isinstance(self.within, Within):
            raise _refuse(f"within of {self.name!r} is {self.within!r}; give a member of Within")


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
            raise _refuse(f"a name is {name!r}; give text or a Protected")
        found[name if isinstance(name, Protected) else Protected(name=name)] = None
    # Sorted: the order in which a host's database lists them must not change findings or digest.
    return tuple(sorted(found, key=lambda entry: (entry.name, entry.owner or "", entry.within.value)))


def _words(words: Iterable[str]) -> tuple[str, ...]:
    if isinstance(words, str) or any(type(word) is not str or not word.strip() for word in words):
        raise _refuse(f"affixes is {words!r}; give a list of words")
    return tuple(sorted(set(words)))


class _Place(NamedTuple):
    """Where the letters of a protected name are: its number, and the first and last unit."""

    number: int
    start: int
    end: int
    glued: bool = False  # an affix is glued to it
    cut: bool = False  # long runs of one letter were cut


class _Firsts(dict[str, bool]):
    """Whether a character can be read as the first letter of a protected name, worked out once each."""

    def __init__(self, letters: frozenset[str]) -> None:
        super().__init__()
        self.letters = letters

    def __missing__(self, char: str) -> bool:
        readings = [reading for unit in spell(char).units for reading in unit.readings]
        known = self[char] = any(not reading or reading[0] in self.letters for reading in readings)
        return known


class _Index(NamedTuple):
    first: _Firsts
    whole: dict[str, list[int]]  # by skeleton and by folded name
    squashed: dict[str, list[int]]
    affixes: frozenset[str]
    starts: frozenset[str]  # first two letters of squashed keys
    heads: dict[str, tuple[str, ...]]  # affixes by their first two letters
    tails: dict[str, tuple[str, ...]]  # affixes by their last two
    longest: int
    grams: frozenset[str]  # first letters of names that are looked for inside of words
    part_lengths: tuple[int, ...]


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
        folded = fold(name)
        return self.search(name, folded, holder)

    def search(self, name: str, folded: str, holder: str | None) -> tuple[Hit, ...]:
        """Do what ``find`` does for a name that is already folded."""
        index = self._index
        if not name.isascii():
            name = normal(name, "NFC")
        # A name of letters with which no protected name starts, as of another script, is done with here.
        if folded not in index.whole and not any(map(index.first.__getitem__, name)):
            return ()
        spelling = spell(name)
        found: dict[int, Hit] = {}
        entries = self.entries
        keys = [(folded, "folded")]
        # The skeleton is asked for where the squashed key is too short to be trusted alone: beyond,
        # whatever has the same skeleton has the same squashed key, as a test says of every character.
        if len(spelling.units) <= _SHORT + 1:
            keys.append((skeleton(spelling.name), "skeleton"))
        for key, kind in keys:
            for number in index.whole.get(key, ()):
                if number not in found and self._concerns(entries[number], holder):
                    found[number] = _hit(entries[number], kind, spelling, 0, len(spelling.units))
        if _may_hold(spelling, index):
            for place in self._candidates(spelling, index):
                number, start, end = place.number, place.start, place.end
                entry = entries[number]
                if number not in found and self._concerns(entry, holder) and self._convinces(entry, spelling, place):
                    found[number] = _hit(entry, "squashed", spelling, start, end)
        return tuple(found[number] for number in sorted(found)) if found else ()

    @staticmethod
    def _concerns(entry: Protected, holder: str | None) -> bool:
        return entry.owner is None or entry.owner != holder

    @functools.cached_property
    def _index(self) -> _Index:
        whole: dict[str, list[int]] = {}
        squashed: dict[str, list[int]] = {}
        lengths: set[int] = set()
        grams: set[str] = set()
        firsts: list[Unit] = []
        longest = 0
        for number, entry in enumerate(self.entries):
            for key in {skeleton(entry.name), fold(entry.name)}:
                whole.setdefault(key, []).append(number)
            spelling = spell(entry.name)
            firsts += spelling.units[:3]
            for letters in itertools.islice(spelling.readings(), 8):
                key = merged("".join(letters))
                if len(key) < 2:
                    continue
                for each in {key, squash(key)}:
                    if number not in squashed.get(each, ()):
                        squashed.setdefault(each, []).append(number)
                longest = max(longest, len(key))
                if entry.within is Within.PART and len(key) >= _PART:
                    grams.add(key[:_PART])
                    lengths.add(len(key))
        affixes = set(map(_key, self.affixes))
        # Of the first units, as the first of all may be a sign that is not read.
        heads = {reading[:1] for unit in set(firsts) for reading in unit.readings}
        heads |= {alike for letter, alike in (("m", "r"), ("w", "v")) if letter in heads}
        return _Index(
            first=_Firsts(frozenset(heads)),
            whole=whole,
            squashed=squashed,
            affixes=frozenset(affixes),
            starts=frozenset(key[:2] for key in squashed),
            heads=_grouped(affixes, slice(2)),
            tails=_grouped(affixes, slice(-2, None)),
            longest=longest,
            grams=frozenset(grams),
            part_lengths=tuple(sorted(lengths)),
        )

    def _candidates(self, spelling: Spelling, index: _Index) -> Iterator[_Place]:
        """Give number of entry, first and last unit, and whether an affix is glued on, of places that read alike."""
        _, _, units, parts, words, certain = spelling
        squashed, starts, longest = index.squashed, index.starts, 2 * index.longest + 2
        for letters in ([unit[1][0] for unit in units],) if certain else spelling.readings():
            text = "".join(letters)
            # Almost always each unit is one letter, and the places in both are the same.
            ends: Sequence[int] = range(len(text) + 1)
            if len(text) != len(letters):
                ends = list(itertools.accumulate(map(len, letters), initial=0))
            # Almost always the text is settled: no pair of letters in it looks like one letter.
            for other, places, cut in ((text, ends, False),) if is_settled(text) else rewritten(text, ends):
                for number, start in enumerate(parts):
                    first = places[start]
                    if other[first : first + 2] in starts:
                        # A part has a letter, or is a sign between two: further ends are beyond the longest name.
                        for end in parts[number + 1 : number + 1 + longest]:
                            key = other[first : places[end]]
                            if key in squashed:
                                yield from (_Place(entry, start, end, cut=cut) for entry in squashed[key])
            spans = [*itertools.pairwise(words), (0, words[-1])] if len(words) > 2 else [(0, words[-1])]
            for start, end in spans:
                first, last = ends[start], ends[end]
                if text[first : first + 2] in index.heads or text[last - 2 : last] in index.tails:
                    for first, last in _glued(text, first, last, index):  # noqa: B020 - spans inside the span
                        at_first, at_last = _unit_from(ends, first), _unit_at(ends, last)
                        for number in squashed[merged(text[first:last])]:
                            if self.entries[number].within is not Within.NAME:
                                yield _Place(number, at_first, at_last, glued=True)
            if index.grams:
                yield from self._inside(text, ends, index)

    def _inside(self, text: str, ends: Sequence[int], index: _Index) -> Iterator[_Place]:
        squashed = merged(text)
        for first in range(len(squashed) - _PART + 1):
            if squashed[first : first + _PART] in index.grams:
                for length in index.part_lengths:
                    last = first + length
                    for number in index.squashed.get(squashed[first:last], ()) if last <= len(squashed) else ():
                        if self.entries[number].within is not Within.PART:
                            continue
                        if squashed == text:
                            yield _Place(number, _unit_from(ends, first), _unit_at(ends, last))
                        else:  # offsets are those of another text: it is somewhere in this one
                            yield _Place(number, 0, len(ends) - 1)

    def _convinces(self, entry: Protected, spelling: Spelling, place: _Place) -> bool:
        """Whether a place whose letters are those of a protected name would be taken for it.

        Short names are everyday words of some language, so less of a disguise is believed of them.
        """
        start, end = place.start, place.end
        units, words = spelling.units[start:end], spelling.words
        length = len(_key(entry.name))
        text = spelling.name[spelling.offsets[start] : spelling.offsets[end - 1] + 1]
        if length <= _SHORT and not _same_letters(entry.name, text):
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
            bounded = start in words and end in words and len(between) in (0, end - start - 1)
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


def _may_hold(spelling: Spelling, index: _Index) -> bool:
    """Whether a name is worth the search: ``_candidates`` once more, short, for the names that are the rule.

    In those each character is read as one letter, in one way, and no two letters look like one.
    """
    _, _, units, parts, words, certain = spelling
    if not certain or index.grams:
        return bool(units)
    text = "".join([unit[1][0] for unit in units])
    if len(text) != len(units) or not is_settled(text):
        return True
    for place in words:
        for affix in index.heads.get(text[place : place + 2], ()):
            if text.startswith(affix, place):
                return True
        for affix in index.tails.get(text[place - 2 : place], ()):
            if text.endswith(affix, 0, place):
                return True
    starts, squashed, longest = index.starts, index.squashed, 2 * index.longest + 2
    for number, start in enumerate(parts, 1):
        if text[start : start + 2] in starts:
            for end in parts[number : number + longest]:
                if text[start:end] in squashed:
                    return True
    return False


def _is_number(units: list[Unit]) -> bool:
    return all(unit.sort in (DIGIT, SIGN) for unit in units)


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


def _key(name: str) -> str:
    return merged("".join(next(spell(name).readings())))


def _grouped(words: Iterable[str], part: slice) -> dict[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = {}
    for word in sorted(words):
        groups.setdefault(word[part], []).append(word)
    return {key: tuple(group) for key, group in groups.items()}


def _glued(text: str, start: int, end: int, index: _Index) -> Iterator[tuple[int, int]]:
    """Give first and last offset of protected names that affixes are glued to, at most two at each side."""
    todo = [(start, end)]
    for _ in range(3):
        found = []
        for first, last in todo:
            heads, tails = index.heads.get(text[first : first + 2], ()), index.tails.get(text[last - 2 : last], ())
            room = last - first - 2
            found += [(first + len(a), last) for a in heads if len(a) <= room and text.startswith(a, first)]
            found += [(first, last - len(a)) for a in tails if len(a) <= room and text.endswith(a, first, last)]
        for first, last in found:
            if merged(text[first:last]) in index.squashed:
                yield first, last
        todo = found
        if not todo:
            return


def _unit_from(ends: Sequence[int], offset: int) -> int:
    """Give the unit that holds the letter at an offset."""
    return next(number for number, end in enumerate(ends[1:]) if end > offset)


def _unit_at(ends: Sequence[int], offset: int) -> int:
    """Give the unit after the one that holds the letter before an offset."""
    return next(number for number, end in enumerate(ends) if end >= offset)


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
