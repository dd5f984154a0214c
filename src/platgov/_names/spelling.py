"""How a name can be read: letters behind look-alikes, digits and signs, and where words begin.

A name becomes units, one per character that shows, each with the letters that it can be read
as; and marks where a word or a part of one may begin. Names that are spelt of the same letters
have the same squashed key, whatever separates, decorates or replaces them.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

import attrs

from platgov._names import properties
from platgov._names.chars import kinds, unassigned_in_14
from platgov._names.folding import fold, normal, skeleton
from platgov._names.tables import contains, tables, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = [
    "KEYS_VERSION",
    "LONG_RUN",
    "NameKeys",
    "Spelling",
    "Unit",
    "is_settled",
    "merged",
    "name_keys",
    "spell",
    "squash",
]

KEYS_VERSION = 1

_DIGIT_LETTERS = str.maketrans("0123456789", "olzeasgtbg")
# Written inside words of many languages; what follows is the same word.
_APOSTROPHES = frozenset("'\u2019\u02bc\u02bb\u2018\u00b4`\uff07")
# Scripts without spaces: a word may begin at any letter.
_UNSPACED = frozenset({"Hani", "Thai", "Laoo", "Khmr", "Mymr", "Tibt", "Lana", "Talu"})
_MOST_READINGS = 64
# Fewer for long names: units times readings, so that hostile names take no longer than others.
_MOST_WORK = 512
LONG_RUN = re.compile(r"(.)\1\1+")
_PAIR = re.compile("rn|vv")


# What a character does to the word around it. Plain numbers: comparing members of an enum costs
# more than all else that is done per character.
DROPPED = 0  # decoration, or invisible
GAP = 1  # not read; a word ends
ALONE = 2  # a letter of a script without spaces
SIGN = 3  # a symbol that can be read as a letter
DIGIT = 4  # may be read as a letter, or start a number
MORE = 5  # belongs to the letter before it
SMALL = 6
CAPITAL = 7
# Letters without case, told apart where scripts meet.
HANGUL, HIRAGANA, KATAKANA, CASELESS = 8, 9, 10, 11

_SORTS = {"Hang": HANGUL, "Hira": HIRAGANA, "Kana": KATAKANA}


class Unit(NamedTuple):
    """What one character is read as, first what it most likely is; and what it does to its word."""

    sort: int
    readings: tuple[str, ...]


class _Units(dict[str, Unit]):
    """Units by character, worked out once each. Not more entries than characters exist."""

    def __missing__(self, char: str) -> Unit:
        unit = self[char] = _unit(char)
        return unit


_units = _Units()


@functools.cache
def _tables() -> tuple[str, dict[str, list[str]]]:
    packed = unpacked(properties.READINGS)
    return packed["light"], packed["rows"]


def _bare(text: str) -> str:
    """Leave decorating marks out, and write letters that cannot be told apart as one."""
    light, _ = _tables()
    parts = "".join(c if unassigned_in_14(c) else unicodedata.normalize("NFD", c) for c in text)
    letters = "".join(part for part in parts if not contains(light, part)).translate(_DIGIT_LETTERS)
    return letters.replace("rn", "m").replace("vv", "w").replace("i", "l")


def _unit(char: str) -> Unit:
    kind = kinds[char]
    light, rows = _tables()
    if char in _APOSTROPHES or contains(light, char) or tables().skeleton.rows.get(ord(char)) == "":
        return Unit(DROPPED, ())
    folded = fold(char) if kind.category != "Cs" else ""
    # A Hangul syllable stays whole: its letters are not read one by one.
    read = folded if kind.script == "Hang" else _bare(folded)
    letters = "".join(part for part in read if kinds[part].category[0] in "LNM")
    others = tuple(rows.get(char, ()))
    if kind.category[0] == "M":
        return Unit(MORE, (letters,)) if letters else Unit(DROPPED, ())
    if kind.category[0] not in "LN":
        if others and char not in "!|+":
            return Unit(SIGN, (*others, ""))
        if letters and kind.category[0] in "SP":
            return Unit(SIGN, (letters, *(other for other in others if other != letters), ""))
        return Unit(SIGN, ("", *others)) if others else Unit(GAP, ())
    if others and (letters not in others or len(others) > 1):
        letters_first = () if not letters or letters in others else (letters,)
        return Unit(_sort(char, folded), (*letters_first, *others))
    return Unit(_sort(char, folded), (letters,)) if letters else Unit(GAP, ())


def _sort(char: str, folded: str) -> int:
    kind = kinds[char]
    if kind.category[0] == "N":
        return DIGIT
    if kind.category in ("Lu", "Lt"):
        return CAPITAL
    if _UNSPACED & {*kind.script.split()}:
        return ALONE
    if kind.script in _SORTS:
        return _SORTS[kind.script]
    if folded.isascii() or kind.category == "Ll":
        return SMALL
    return MORE if kind.category == "Lm" else CASELESS


class Spelling(NamedTuple):
    """A name taken apart for reading.

    Attributes:
        name: The name, composed (NFC).
        offsets: Of each unit, in ``name``.
        units: What shows and can be read, in order.
        parts: Indices of units at which a part of a word begins, and the number of units last.
        words: Those of them that follow a gap, and the number of units last.
        certain: Each unit has one reading.
    """

    name: str
    offsets: list[int]
    units: list[Unit]
    parts: list[int]
    words: list[int]
    certain: bool

    def readings(self) -> Iterator[list[str]]:
        """Give the letters of each unit for each way to read the name, the likeliest first; about 64 ways at most."""
        first = [unit[1][0] for unit in self.units]
        yield first
        if self.certain:
            return
        places = list(self._open())
        # After the likeliest way, the ASCII ones: what is disguised as another script is not read as it.
        choices = [tuple(filter(str.isascii, self.units[place].readings)) for place in places]
        most = max(2, min(_MOST_READINGS, _MOST_WORK // len(first)))
        many = math.prod(map(len, choices)) > most
        for way in itertools.islice(_few_ways(choices) if many else itertools.product(*choices), most):
            letters = first.copy()
            for place, letter in zip(places, way, strict=True):
                letters[place] = letter
            if letters != first:
                yield letters

    def _open(self) -> Iterator[int]:
        """Give the units that have several readings, of words that can be read in ASCII throughout.

        Other words have one reading: the letters of an ordinary Russian word are not all tried
        as what they resemble.
        """
        for start, end in itertools.pairwise(self.words):
            word = self.units[start:end]
            if all(any(map(str.isascii, unit.readings)) for unit in word):
                yield from (start + place for place, unit in enumerate(word) if len(unit.readings) > 1)


def _few_ways(choices: list[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Give the ways in which all characters but one are read by their first reading, or by their last."""
    pairs = [(options[0], options[-1]) for options in choices]
    for odd in range(-1, len(pairs)):
        yield tuple(pair[place == odd] for place, pair in enumerate(pairs))
        yield tuple(pair[place != odd] for place, pair in enumerate(pairs))


def spell(name: str) -> Spelling:
    """Take a name apart. O(n)."""
    if not name.isascii():
        name = normal(name, "NFC")
    offsets: list[int] = []
    found: list[Unit] = []
    parts: list[int] = []
    words: list[int] = []
    certain = True
    before = GAP
    capitals = place = 0
    for offset, char in enumerate(name):
        unit = _units[char]
        sort, readings = unit
        if sort == before and sort > CAPITAL:
            pass
        elif sort == SMALL:
            if before == SMALL:
                pass
            elif before == GAP:
                words.append(place)
                parts.append(place)
            elif before != CAPITAL:
                parts.append(place)
            elif capitals > 1:  # after several capitals, the last may belong to either side
                parts += [place - 1, place]
        elif sort <= GAP:
            if sort == GAP:
                before = GAP
            continue
        elif before == GAP:
            words.append(place)
            parts.append(place)
            capitals = 0
        elif sort == MORE:
            sort = before
        elif sort != before or sort <= DIGIT:
            parts.append(place)
            capitals = 0
        if sort == CAPITAL:
            capitals += 1
        if len(readings) > 1:
            certain = False
        before = sort
        place += 1
        offsets.append(offset)
        found.append(unit)
    parts.append(place)
    words.append(place)
    return Spelling(name, offsets, found, parts, words, certain)


def is_settled(letters: str) -> bool:
    """Whether ``squash`` changes nothing in letters, nor in a part of them."""
    return "rn" not in letters and "vv" not in letters and LONG_RUN.search(letters) is None


def merged(letters: str) -> str:
    """Write pairs of letters that look like one as that one."""
    return letters.replace("rn", "m").replace("vv", "w")


def rewritten(letters: str, ends: Sequence[int]) -> Iterator[tuple[str, Sequence[int], bool]]:
    """Give the letters as they are, and as ``merged`` and ``squash`` write them.

    Yields:
        The letters, where each unit ends in them, and whether runs were cut. Where two units
        have become one letter, the first of them ends before it and takes no room.
    """
    yield letters, ends, False
    yield *_written(letters, ends, _PAIR, _one_letter), False
    if LONG_RUN.search(letters):
        for run in (2, 1):
            cut = _written(letters, ends, LONG_RUN, _twice if run == 2 else _once)
            yield *_written(*cut, _PAIR, _one_letter), True


def _one_letter(match: re.Match[str]) -> str:
    return "m" if match[0] == "rn" else "w"


def _once(match: re.Match[str]) -> str:
    return match[0][:1]


def _twice(match: re.Match[str]) -> str:
    return match[0][:2]


def _written(
    letters: str, ends: Sequence[int], pattern: re.Pattern[str], write: Callable[[re.Match[str]], str]
) -> tuple[str, list[int]]:
    """Write each match anew; an end inside a match moves to the start of what it has become."""
    where = list(range(len(letters) + 1))
    shift = 0
    for match in pattern.finditer(letters):
        start, end = match.span()
        where[start:end] = [start - shift] * (end - start)
        shift += end - start - len(write(match))
        where[end:] = range(end - shift, len(letters) + 1 - shift)
    return pattern.sub(write, letters), [where[end] for end in ends]


def squash(letters: str, *, run: int = 2) -> str:
    """Do that, and cut runs of one letter that are longer than any word has to ``run``."""
    return merged(LONG_RUN.sub(lambda match: match[1] * run, letters) if LONG_RUN.search(letters) else letters)


@attrs.frozen(kw_only=True)
class NameKeys:
    """Three keys of a name; two names that share one can be mistaken for each other.

    Keep them in columns of their own to find a new name's doubles, with ``KEYS_VERSION`` beside
    them, and work them out again when that changes. Not for display.

    Attributes:
        skeleton: UTS #39 skeleton, in which case and separators count.
        folded: As :func:`platgov.names.fold`: case, width and look-alikes do not count.
        squashed: Letters only: neither do separators, accents, and digits and signs for letters.
    """

    skeleton: str
    folded: str
    squashed: str


def name_keys(name: str) -> NameKeys:
    r"""Give the three keys of a name.

    >>> name_keys("P\u0430y.P4l").squashed == name_keys("paypal").squashed
    True

    Raises:
        InputError: ``name`` is no str, holds half of a surrogate pair, or is too long to fold.
    """
    folded = fold(name)
    return NameKeys(skeleton=skeleton(name), folded=folded, squashed=merged("".join(next(spell(name).readings()))))
