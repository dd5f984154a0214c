"""What the kinds of its characters tell of a name: which checks have anything to look at, and where words begin.

Many names have one outline: "Anna Smith" and "Emma Jones". So each is worked out once and kept
for a while, and what an ordinary name costs is done in a few passes of the interpreter's own.
"""

from __future__ import annotations

import functools
import itertools
from typing import NamedTuple

from platgov._names.chars import BLANK_CELL, EVERY_SCRIPT, kinds
from platgov._names.folding import fold
from platgov._names.tables import tables
from platgov._names.units import CAPITAL, DIGIT, GAP, MORE, SIGN, SMALL, has_shape_of_its_own, units

__all__ = [
    "ATTACHED",
    "GROWING",
    "HIDING",
    "JOINING",
    "MARK",
    "NUMERAL",
    "OTHER",
    "SHAPED",
    "SPACE",
    "VISIBLE",
    "Outline",
    "outline",
]

VISIBLE = 1  # something of it can be seen
HIDING = 2  # a control, an invisible character, or none at all
MARK = 4  # a mark that may pile up
JOINING = 8  # a character that may be one user-perceived character with its neighbours
NUMERAL = 16  # a decimal digit
OTHER = 32  # neither letter, mark nor space
SPACE = 64  # a space other than U+0020
ATTACHED = 128  # a character that may compose with the one before it
GROWING = 256  # a character that folds to more than twice its size
SHAPED = 512  # a character that looks like other letters than those it folds to

_NOT_TEXT = frozenset("\ufffc\ufffd")
_KEPT = 8192
_ASCII = range(0x80)


class Outline(NamedTuple):
    """What names of one outline have in common.

    Attributes:
        bits: What they have anything of: the names above.
        mixed: There is no script in which all of it can be written.
        pile: Most marks in a row.
        parts: Numbers of units at which a part of a word begins, and the number of units last.
        words: Those of them that follow a gap, and the number of units last.
        part_cuts: The places of the parts in what `letters_of` gives.
        word_cuts: Those of the words.
        ambiguous: There is a sign that may be a letter, or a word that can be read in ASCII in several ways.
    """

    bits: int
    mixed: bool
    pile: int
    parts: tuple[int, ...]
    words: tuple[int, ...]
    part_cuts: tuple[int, ...]
    word_cuts: tuple[int, ...]
    ambiguous: bool


class _Class(NamedTuple):
    """What outlines are made of, of one character."""

    bits: int
    scripts: frozenset[str] | None
    sort: int
    length: int  # of the likeliest reading
    several: bool  # readings
    ascii: bool  # is one of them
    odd: bool  # not one letter, read in one way


class _Alike(dict[int, str]):
    """For each character one that is like it in all that outlines are made of. Not more than characters exist.

    Attributes:
        classes: What is known of each of those, by the character.
        sorts: What each of those does to its word.
    """

    def __init__(self) -> None:
        super().__init__()
        self._first: dict[_Class, str] = {}
        self.classes: dict[str, _Class] = {}
        self.sorts: dict[str, int] = {}

    def __missing__(self, code: int) -> str:
        if not self._first:
            # ASCII stands for itself: only then it is translated at once, and not one by one.
            for near in _ASCII:
                super().__setitem__(near, self._like(near))
        found = self[code] = self._like(code)
        return found

    def _like(self, code: int) -> str:
        found = _class(chr(code))
        first = self._first.setdefault(found, chr(code))
        self.classes[first], self.sorts[first] = found, found.sort
        return first


_scripts: dict[frozenset[str], frozenset[str]] = {}
_alike = _Alike()


def outline(name: str) -> Outline:
    """Give the outline of a name. O(n)."""
    return _outline(name.translate(_alike))


@functools.lru_cache(maxsize=_KEPT)
def _outline(name: str) -> Outline:
    classes = _alike.classes
    bits = pile = 0
    odd = False
    scripts: frozenset[str] | None = EVERY_SCRIPT
    for char in {*name}:
        each = classes[char]
        bits |= each.bits
        odd |= each.odd
        if each.scripts is not None and each.scripts is not scripts:
            scripts = each.scripts if scripts is None else scripts & each.scripts
    if bits & MARK:
        marks = 0
        for char in name:
            marks = marks + 1 if classes[char].bits & MARK else 0
            pile = max(pile, marks)
    parts, words = _parts(list(map(_alike.sorts.__getitem__, name)))
    part_cuts, word_cuts, ambiguous = parts, words, False
    if odd:
        shown = [each for each in map(classes.__getitem__, name) if each.sort > GAP]
        ends = list(itertools.accumulate([each.length for each in shown], initial=0))
        part_cuts, word_cuts = tuple([ends[place] for place in parts]), tuple([ends[place] for place in words])
        spans = [shown[start:end] for start, end in itertools.pairwise(words)]
        ambiguous = any(each.several and each.sort == SIGN for each in shown) or any(
            any(each.several for each in word) and all(each.ascii for each in word) for word in spans
        )
    mixed = scripts is not None and not scripts
    return Outline(bits, mixed, pile, parts, words, part_cuts, word_cuts, ambiguous)


def _class(char: str) -> _Class:
    sort, readings = units[char]
    length, several = len(readings[0]) if readings else 0, len(readings) > 1
    # One object for one set of scripts, so that those of a name are told apart at a glance.
    scripts = kinds[char].scripts
    scripts = scripts if scripts is None else _scripts.setdefault(scripts, scripts)
    odd = sort > GAP and (several or length != 1)
    return _Class(_bits(char), scripts, sort, length, several, any(map(str.isascii, readings)), odd)


def _bits(char: str) -> int:
    kind = kinds[char]
    category = kind.category
    ignorable = tables().skeleton.rows.get(ord(char)) == ""
    bits = 0
    if category[0] == "C" or category in ("Zl", "Zp") or ignorable or char in _NOT_TEXT:
        bits |= HIDING
    if category[0] not in "CZM" and not ignorable and char != BLANK_CELL:
        bits |= VISIBLE
    if category in ("Mn", "Me"):
        bits |= MARK
    if kind.joins not in ("", "LV", "LVT"):
        bits |= JOINING
    if kind.zero is not None:
        bits |= NUMERAL
    if category[0] not in "LM" and char != " ":
        bits |= OTHER
    if category == "Zs" and char != " ":
        bits |= SPACE
    if char in tables().attached["NFC"]:
        bits |= ATTACHED
    if category != "Cs" and len(fold(char).encode()) > 2 * len(char.encode()):
        bits |= GROWING
    if has_shape_of_its_own(char):
        bits |= SHAPED
    return bits


def _parts(sorts: list[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    parts: list[int] = []
    words: list[int] = []
    before = GAP
    capitals = place = 0
    for sort in sorts:
        now = sort
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
            now = before
        elif sort != before or sort <= DIGIT:
            parts.append(place)
            capitals = 0
        if now == CAPITAL:
            capitals += 1
        before = now
        place += 1
    return (*parts, place), (*words, place)
