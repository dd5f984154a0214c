"""What a reader of a name cannot see: controls, invisible characters, piles of marks.

Some invisible characters spell. A joiner or non-joiner shapes Arabic and Indic letters, joins
emoji, and variation selectors choose a form of an ideograph; where they do that they are no
finding.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from platgov._names.chars import BLANK_CELL, Kind, kinds, unassigned_in_14
from platgov._names.tables import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Hidden", "hidden", "is_blank", "mark_piles"]

_ZWNJ, _ZWJ = "\u200c", "\u200d"
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINES = frozenset("\n\v\f\r\x85\u2028\u2029")
_TAGS = range(0xE0020, 0xE0080)
_TAG_END = "\U000e007f"
_BLACK_FLAG = "\U0001f3f4"
_NOT_TEXT = frozenset("\ufffc\ufffd\ufff9\ufffa\ufffb")
# Letters of these scripts join: a non-joiner between two of them changes their shape.
_JOINING = frozenset(
    {"Adlm", "Arab", "Chrs", "Mand", "Mani", "Mong", "Nkoo", "Ougr", "Phag", "Phlp", "Rohg", "Sogd", "Syrc"}
)
_KEYCAPS = frozenset("0123456789#*")
_VIRAMA = 9  # canonical combining class


class Hidden(NamedTuple):
    """A stretch that cannot be seen, or is no text.

    Attributes:
        code: What kind of finding it is.
        start: Offset of the first character.
        end: Offset after the last one.
    """

    code: str
    start: int
    end: int


def hidden(name: str) -> Iterator[Hidden]:
    """Give stretches of one kind each, in order, as long as they go. O(n)."""
    code, start = "", 0
    for place, char in enumerate(name):
        now = _code(name, place, char)
        if now != code:
            if code:
                yield Hidden(code, start, place)
            code, start = now, place
    if code:
        yield Hidden(code, start, len(name))


def is_blank(name: str) -> bool:
    """Whether nothing of a name can be seen: spaces, fillers, controls and lone marks only."""
    gone = tables().skeleton.rows
    return all(kinds[char].category[0] in "ZCM" or gone.get(ord(char)) == "" or char == BLANK_CELL for char in name)


def mark_piles(name: str, most: int) -> Iterator[tuple[int, int]]:
    """Give start and end of each run of more than ``most`` combining marks.

    Marks that take up room of their own, as the vowel signs of Indic scripts, do not pile up.
    """
    start = 0
    for place, char in enumerate(f"{name} "):
        if kinds[char].category not in ("Mn", "Me"):
            if place - start > most:
                yield start, place
            start = place + 1


def _code(name: str, place: int, char: str) -> str:
    kind = kinds[char]
    category = kind.category
    if category == "Cs":
        return "surrogate"
    if char in _LINES:
        return "line_break"
    if category == "Cc":
        return "control"
    if category == "Co":
        return "private_use"
    if char in _BIDI:
        return "bidi_control"
    if ord(char) in _TAGS:
        return "" if _in_flag(name, place) else "tag"
    if tables().skeleton.rows.get(ord(char)) == "":  # default-ignorable, reserved ones included
        return "" if _spells(name, place, char) else "invisible"
    if category == "Cn":
        return "unassigned"
    return "not_text" if char in _NOT_TEXT else ""


def _in_flag(name: str, place: int) -> bool:
    """Whether a tag is part of the flag of a region: a black flag, tags, and the end tag."""
    start = end = place
    while start > 0 and ord(name[start]) in _TAGS:
        start -= 1
    while end < len(name) and ord(name[end]) in _TAGS and name[end] != _TAG_END:
        end += 1
    inside = name[start + 1 : end]
    return (
        name[start] == _BLACK_FLAG
        and _TAG_END not in inside
        and 3 <= len(inside) <= 6
        and end < len(name)
        and name[end] == _TAG_END
    )


def _spells(name: str, place: int, char: str) -> bool:
    if place == 0:
        return False
    before, after = name[place - 1], name[place + 1 : place + 2]
    script = kinds[before].script
    if char in (_ZWJ, _ZWNJ):
        return _joins(name, place, char, after)
    if char in "\ufe0e\ufe0f":
        return kinds[before].pictograph or (before in _KEYCAPS and after == "\u20e3")
    if "\ufe00" <= char <= "\ufe02" or "\U000e0100" <= char <= "\U000e01ef":
        return "Hani" in script
    return char in "\u180b\u180c\u180d\u180f" and "Mong" in script


def _joins(name: str, place: int, char: str, after: str) -> bool:
    """The contexts of RFC 5892, appendices A.1 and A.2, and those of emoji and of an Indic half form."""
    if not after:
        return False
    before = name[place - 1]
    if _rank(before) == _VIRAMA:
        return kinds[after].category[0] in "LM"
    if char == _ZWJ and _rank(after) == _VIRAMA:  # as in Sinhala and Bengali, before the virama
        return kinds[before].category[0] == "L"
    if char == _ZWJ and kinds[after].pictograph:
        return _base(name, place).pictograph
    sides = _base(name, place), kinds[after]
    return all(side.category[0] == "L" and not _JOINING.isdisjoint(side.script.split()) for side in sides)


def _base(name: str, place: int) -> Kind:
    """Give the kind of the nearest character before ``place`` that is no mark, selector or skin tone."""
    place -= 1
    while place > 0 and kinds[name[place]].joins == "Extend":
        place -= 1
    return kinds[name[place]]


def _rank(char: str) -> int:
    return 0 if unassigned_in_14(char) else unicodedata.combining(char)
