"""How a name can be read: letters behind look-alikes, digits and signs, and where words begin.

A name becomes units, one per character that shows, each with the letters that it can be read
as; and marks where a word or a part of one may begin. Names that are spelt of the same letters
have the same squashed key, whatever separates, decorates or replaces them.
"""

from __future__ import annotations

import itertools
import math
import re
from typing import TYPE_CHECKING, NamedTuple

import attrs

from platgov._names.chars import EVERY_SCRIPT, kinds
from platgov._names.folding import fold, normal, skeleton
from platgov._names.outline import MARK, outline
from platgov._names.units import GAP, SIGN, Unit, units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = [
    "KEYS_VERSION",
    "LONG_RUN",
    "NameKeys",
    "Spelling",
    "is_settled",
    "merged",
    "name_keys",
    "rewritten",
    "spell",
    "squash",
]

KEYS_VERSION = 3

_MOST_READINGS = 64
# Fewer for long names: units times readings, so that hostile names take no longer than others.
_MOST_WORK = 512
# Second halves of letters that are read in two: voicing of kana, and vowel signs on both sides of a letter.
_HALVES = "\u3099\u309a\u09be\u09d7\u0b3e\u0b56\u0b57\u0bbe\u0bd7\u0c56\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u0dcf\u0ddf"
LONG_RUN = re.compile(rf"(.[{_HALVES}]?)\1\1+")
_PAIR = re.compile("rn|vv")


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
    parts: tuple[int, ...]
    words: tuple[int, ...]
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
        as what they resemble. But a sign may be a letter or nothing in any word.
        """
        for start, end in itertools.pairwise(self.words):
            word = self.units[start:end]
            throughout = all(any(map(str.isascii, unit.readings)) for unit in word)
            for place, unit in enumerate(word, start):
                if len(unit.readings) > 1 and (throughout or unit.sort == SIGN):
                    yield place


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
    seen = outline(name)
    stray = frozenset(stray_marks(name)) if seen.mixed and seen.bits & MARK else frozenset()
    if stray:
        seen = outline("".join(char for offset, char in enumerate(name) if offset not in stray))
    offsets: list[int] = []
    found: list[Unit] = []
    for offset, char in enumerate(name):
        unit = units[char]
        if unit[0] > GAP and offset not in stray:
            offsets.append(offset)
            found.append(unit)
    certain = all(len(unit[1]) == 1 for unit in found)
    return Spelling(name, offsets, found, seen.parts, seen.words, certain)


def stray_marks(name: str) -> Iterator[int]:
    """Give the places of marks on letters of another script, where they spell nothing: Telugu ones on Latin letters."""
    base = EVERY_SCRIPT
    for place, char in enumerate(name):
        kind = kinds[char]
        if kind.category[0] in "LN":
            base = kind.scripts
        elif kind.category[0] == "M" and kind.scripts is not None and base is not None and not kind.scripts & base:
            yield place


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
    return match[1]


def _twice(match: re.Match[str]) -> str:
    return match[1] * 2


def _written(
    letters: str, ends: Sequence[int], pattern: re.Pattern[str], write: Callable[[re.Match[str]], str]
) -> tuple[str, list[int]]:
    """Write each match anew; an end inside a match moves to the start of what it has become."""
    where: list[int] = []
    shift = done = 0
    for match in pattern.finditer(letters):
        start, end = match.span()
        where += range(done - shift, start - shift)
        where += [start - shift] * (end - start)
        shift += end - start - len(write(match))
        done = end
    where += range(done - shift, len(letters) + 1 - shift)
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
