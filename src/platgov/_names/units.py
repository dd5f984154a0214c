"""What one character is read as: the letters behind look-alikes, digits and signs, and what it does to its word."""

from __future__ import annotations

import functools
import unicodedata
from typing import NamedTuple

from platgov._names import properties
from platgov._names.chars import kinds, unassigned_in_14
from platgov._names.folding import fold, skeleton
from platgov._names.tables import contains, tables, unpacked

__all__ = [
    "ALONE",
    "CAPITAL",
    "DIGIT",
    "DROPPED",
    "GAP",
    "MORE",
    "OPEN",
    "SIGN",
    "SMALL",
    "Unit",
    "has_shape_of_its_own",
    "letters_of",
    "read",
    "units",
]

_DIGIT_LETTERS = str.maketrans("0123456789", "olzeasgtbg")
# Written inside words of many languages; what follows is the same word.
_APOSTROPHES = frozenset("'\u2019\u02bc\u02bb\u2018\u00b4`\uff07")
# In a composed name these are part of a kana wherever they spell; elsewhere they decorate.
_VOICING = frozenset("\u3099\u309a")
# It makes a word longer and nothing else.
_TATWEEL = "\u0640"
# Scripts without spaces: a word may begin at any letter.
_UNSPACED = frozenset({"Hani", "Thai", "Laoo", "Khmr", "Mymr", "Tibt", "Lana", "Talu"})
_SYLLABLES = range(0xAC00, 0xD7A4)

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


units = _Units()
OPEN = "\0"  # no letter is read so


class _Letters(dict[int, "str | None"]):
    """What each character is most likely read as, by code point; ``OPEN`` where that does not tell enough."""

    def __missing__(self, code: int) -> str | None:
        # None and not "" for no letter, with which ASCII is translated several times slower.
        letters = self[code] = _letters_in(chr(code)) or None
        return letters


_letters = _Letters()


def letters_of(name: str) -> str:
    """Write each character as the letters it is most likely read as, or as ``OPEN``.

    Composed names that fold equally, and in which nothing is open, have the same letters once
    `merged`; so have those of one skeleton, if no character `has_shape_of_its_own`.
    """
    return name.translate(_letters)


def read(text: str) -> str:
    """Write text as the letters of what it folds to, character by character."""
    return "".join(map(_read_one, text))


@functools.cache  # not more entries than characters exist
def _read_one(char: str) -> str:
    return _read(char, fold(char))


def has_shape_of_its_own(char: str) -> bool:
    """Whether what a character looks like (its skeleton) is not read as what it folds to."""
    if kinds[char].category == "Cs":
        return True
    shape = skeleton(char)
    return _merged(read(shape)) != _merged(read(char)) or "vv" in shape  # "vvv" may be "vw" as well as "wv"


def _letters_in(char: str) -> str:
    readings = units[char].readings
    likeliest = readings[0] if readings else ""
    if kinds[char].category == "Cs":
        return likeliest
    return OPEN if likeliest != read(char) or "vv" in fold(char) or _moves(char, likeliest) else likeliest


def _moves(char: str, letters: str) -> bool:
    """Whether, folded, a character may join its neighbour or change places with it."""
    if kinds[char].script == "Hang":
        return ord(char) not in _SYLLABLES
    return kinds[char].category[0] == "M" and any(_rank(letter) != _rank(char) for letter in letters)


def _rank(char: str) -> int:
    return 0 if unassigned_in_14(char) else unicodedata.combining(char)


def _merged(letters: str) -> str:
    return letters.replace("rn", "m").replace("vv", "w")


@functools.cache
def _tables() -> tuple[str, dict[str, list[str]]]:
    packed = unpacked(properties.READINGS)
    return packed["light"], packed["rows"]


# Canonical combining classes of marks that stand over, under or across any letter. Below are the
# vowel signs and viramas of single scripts, which spell.
_ACROSS, _ANYWHERE = 1, 200


def _decorates(char: str) -> bool:
    """Whether a mark is put on letters of any script: an accent, a ring, a small letter above."""
    kind = kinds[char]
    if contains(_tables()[0], char):
        return True
    if kind.category not in ("Mn", "Me"):
        return False
    rank = _rank(char)
    return kind.category == "Me" or rank == _ACROSS or rank >= _ANYWHERE or kind.script == "Zinh"


def _bare(text: str) -> str:
    """Leave decorating marks out, and write letters that cannot be told apart as one."""
    parts = "".join(c if unassigned_in_14(c) else unicodedata.normalize("NFD", c) for c in text)
    letters = "".join(part for part in parts if not _decorates(part)).translate(_DIGIT_LETTERS)
    return letters.replace("rn", "m").replace("vv", "w").replace("i", "l")


def _read(char: str, folded: str) -> str:
    # A Hangul syllable stays whole: its letters are not read one by one.
    bare = folded if kinds[char].script == "Hang" else _bare(folded)
    return "".join(part for part in bare if kinds[part].category[0] in "LNM")


def _unit(char: str) -> Unit:
    kind = kinds[char]
    _, rows = _tables()
    if (
        char in _APOSTROPHES
        or char in _VOICING
        or char == _TATWEEL
        or _decorates(char)
        or tables().skeleton.rows.get(ord(char)) == ""
    ):
        return Unit(DROPPED, ())
    folded = fold(char) if kind.category != "Cs" else ""
    letters = _read(char, folded)
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
