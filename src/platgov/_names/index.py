"""Finds the places in a name whose letters are those of a listed one, without walking the list."""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, NamedTuple

from platgov._names.folding import fold, skeleton
from platgov._names.outline import MARK, SHAPED, Outline
from platgov._names.spelling import Spelling, is_settled, merged, rewritten, spell, squash
from platgov._names.tables import tables
from platgov._names.units import OPEN, letters_of, read, units

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["MOST_BY_SHAPE", "Index", "Place", "key_of", "shape_of"]

MOST_BY_SHAPE = 4
"""Names of no more letters are compared by their skeleton as well; a longer one's squashed key says it all."""

_PART = 4
_MOST_READ = 8
_NAMES_AT_ONCE = 4096


class Place(NamedTuple):
    """Where the letters of a listed name are: its number, and the first and last unit."""

    number: int
    start: int
    end: int
    glued: bool = False  # an affix is glued to it
    cut: bool = False  # long runs of one letter were cut


class Index:
    """Listed names by their keys.

    Attributes:
        whole: Numbers of names by skeleton and by folded name.
        squashed: Numbers of names by squashed key.
        affixes: Keys of words that do not hide a name they are glued to.
    """

    def __init__(self, names: Sequence[str], inside: frozenset[int], affixes: Iterable[str]) -> None:
        """Build the index; some microseconds per name.

        Args:
            names: The names.
            inside: Numbers of those that are looked for inside of words.
            affixes: Words that do not hide a name they are glued to.
        """
        self.whole: dict[str, tuple[int, ...]] = {}
        # Letters of names that are equal to a key of `whole`, where no squashed key says so.
        self._rest: set[str] = set()
        # Numbers of names by what they look like: letters of their skeleton.
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.squashed: dict[str, tuple[int, ...]] = {}
        self.inside = inside
        self._longest = 0
        self._grams: set[str] = set()
        self._lengths: set[int] = set()
        plain = [number for number, name in enumerate(names) if name.isascii() and name.isprintable()]
        done: set[int] = set()
        for start in range(0, len(plain), _NAMES_AT_ONCE):
            done.update(self._add_plain(plain[start : start + _NAMES_AT_ONCE], names))
        for number, name in enumerate(names):
            if number not in done:
                self._add(number, name)
        self.affixes = frozenset(map(key_of, affixes))
        self._heads = _grouped(self.affixes, slice(2))
        self._tails = _grouped(self.affixes, slice(-2, None))
        self._starts = frozenset([key[:2] for key in self.squashed])
        # A part has a letter, or is a sign between two: further ends are beyond the longest name.
        self._reach = 2 * self._longest + 2
        self._part_lengths = sorted(self._lengths)

    def _add(self, number: int, name: str) -> None:
        for key in {skeleton(name), fold(name)}:
            self._add_whole(number, key)
            self._rest.add(merged(read(key)))
        for letters in itertools.islice(spell(name).readings(), _MOST_READ):
            key = merged("".join(letters))
            if len(key) > 1:
                for each in {key, squash(key), squash(key, run=1)}:
                    self._add_squashed(number, each)
        shape = shape_of(name)
        if len(shape) > MOST_BY_SHAPE:
            self.shapes[shape] = (*self.shapes.get(shape, ()), number)

    def _add_plain(self, numbers: list[int], names: Sequence[str]) -> Iterator[int]:
        """Add names of printable ASCII many at once; give those that were added, which read in one way only."""
        listed = [names[number] for number in numbers]
        together = "\n".join(listed)
        each = [together, tables().fold.in_ascii(together), tables().skeleton.in_ascii(together)]
        letters = [text.translate(_lines()).split("\n") for text in each]
        keys = [text.split("\n") for text in each[1:]]
        for number, folded, shape, own, *others in zip(numbers, *keys, *letters, strict=True):
            if is_settled(own) and len(own) > 1 and not any(OPEN in text for text in (own, *others)):
                self._add_whole(number, folded)
                if shape != folded:
                    self._add_whole(number, shape)
                self._add_squashed(number, folded if own == folded else own)
                self._rest.update([merged(other) for other in others if other != own])
                yield number

    def _add_whole(self, number: int, key: str) -> None:
        found = self.whole.get(key)
        self.whole[key] = (number,) if found is None else (*found, number)

    def _add_squashed(self, number: int, key: str) -> None:
        found = self.squashed.get(key, ())
        if number not in found:
            self.squashed[key] = (*found, number)
        self._longest = max(self._longest, len(key))
        if number in self.inside and len(key) >= _PART:
            self._grams.add(key[:_PART])
            self._lengths.add(len(key))

    # -- looking -------------------------------------------------------------------------------

    def may_hold(self, name: str, seen: Outline, text: str) -> bool:
        """Whether a name is worth the search: ``places`` once more, short, for the names that are the rule.

        In those each character is read as one letter, in one way, and no two letters look like
        one; it is False only where `places` finds nothing and no key of `whole` is the name's.

        Args:
            name: The name, composed (NFC).
            seen: Its outline.
            text: What `letters_of` gives for it.
        """
        if not text or seen.ambiguous or OPEN in text or (seen.mixed and seen.bits & MARK):
            return True
        if text in self.shapes:
            return True
        if seen.bits & SHAPED:
            looks = skeleton(name)
            if looks in self.whole or (self.shapes and _shape_in(looks) in self.shapes):
                return True
        cuts = seen.part_cuts
        if self._affixed(text, seen.word_cuts):
            return True
        if is_settled(text):
            return text in self._rest or self._reads(text, cuts) or self._is_inside(text)
        return merged(text) in self._rest or any(
            self._reads(other, places) or self._is_inside(other) for other, places, _ in rewritten(text, cuts)
        )

    def _reads(self, text: str, cuts: Sequence[int]) -> bool:
        starts, squashed, reach = self._starts, self.squashed, self._reach
        for number, start in enumerate(cuts, 1):
            if text[start : start + 2] in starts:
                for end in cuts[number : number + reach]:
                    if text[start:end] in squashed:
                        return True
        return False

    def _affixed(self, text: str, cuts: Sequence[int]) -> bool:
        for place in cuts:
            for affix in self._heads.get(text[place : place + 2], ()):
                if text.startswith(affix, place):
                    return True
            for affix in self._tails.get(text[place - 2 : place], ()):
                if text.endswith(affix, 0, place):
                    return True
        return False

    def _is_inside(self, text: str) -> bool:
        grams = self._grams
        return bool(grams) and any(text[start : start + _PART] in grams for start in range(len(text) - _PART + 1))

    def places(self, spelling: Spelling) -> Iterator[Place]:
        """Give the places of a name that read like a listed one."""
        _, _, units, parts, words, certain = spelling
        squashed, starts, reach = self.squashed, self._starts, self._reach
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
                        for end in parts[number + 1 : number + 1 + reach]:
                            key = other[first : places[end]]
                            if key in squashed:
                                yield from (Place(entry, start, end, cut=cut) for entry in squashed[key])
            spans = [*itertools.pairwise(words), (0, words[-1])] if len(words) > 2 else [(0, words[-1])]
            for start, end in spans:
                first, last = ends[start], ends[end]
                if text[first : first + 2] in self._heads or text[last - 2 : last] in self._tails:
                    for first, last in self._bared(text, first, last):  # noqa: B020 - spans inside the span
                        at_first, at_last = _unit_from(ends, first), _unit_at(ends, last)
                        for number in squashed[merged(text[first:last])]:
                            yield Place(number, at_first, at_last, glued=True)
            if self._grams:
                yield from self._in_words(text, ends)

    def _bared(self, text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Give first and last offset of listed names that affixes are glued to, at most two at each side."""
        todo = [(start, end)]
        for _ in range(3):
            found = []
            for first, last in todo:
                heads = self._heads.get(text[first : first + 2], ())
                tails = self._tails.get(text[last - 2 : last], ())
                room = last - first - 2
                found += [(first + len(a), last) for a in heads if len(a) <= room and text.startswith(a, first)]
                found += [(first, last - len(a)) for a in tails if len(a) <= room and text.endswith(a, first, last)]
            for first, last in found:
                if merged(text[first:last]) in self.squashed:
                    yield first, last
            todo = found
            if not todo:
                return

    def _in_words(self, text: str, ends: Sequence[int]) -> Iterator[Place]:
        squashed = merged(text)
        for first in range(len(squashed) - _PART + 1):
            if squashed[first : first + _PART] in self._grams:
                for length in self._part_lengths:
                    last = first + length
                    for number in self.squashed.get(squashed[first:last], ()) if last <= len(squashed) else ():
                        if number not in self.inside:
                            continue
                        if squashed == text:
                            yield Place(number, _unit_from(ends, first), _unit_at(ends, last))
                        else:  # offsets are those of another text: it is somewhere in this one
                            yield Place(number, 0, len(ends) - 1)


@functools.cache
def _lines() -> dict[int, str]:
    """Give the letters of ASCII, ``OPEN`` for what can be read in several ways, and line ends as they are."""
    several = {code: OPEN for code in range(0x80) if len(units[chr(code)].readings) > 1}
    return {code: letters_of(chr(code)) for code in range(0x80)} | several | {ord("\n"): "\n"}


def key_of(name: str) -> str:
    """Give the squashed key of a name in its likeliest reading."""
    return merged("".join(next(spell(name).readings())))


def shape_of(name: str) -> str:
    """Give the letters of what a name looks like, whatever separates them."""
    return _shape_in(skeleton(name))


def _shape_in(looks: str) -> str:
    return merged(read(looks))


def _grouped(words: Iterable[str], part: slice) -> dict[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = {}
    for word in sorted(words):
        groups.setdefault(word[part], []).append(word)
    return {key: tuple(group) for key, group in groups.items()}


def _unit_from(ends: Sequence[int], offset: int) -> int:
    """Give the unit that holds the letter at an offset."""
    return next(number for number, end in enumerate(ends[1:]) if end > offset)


def _unit_at(ends: Sequence[int], offset: int) -> int:
    """Give the unit after the one that holds the letter before an offset."""
    return next(number for number, end in enumerate(ends) if end >= offset)
