"""In what manner a name is written: which kinds of characters follow each other, whatever letters they are.

Whoever comes back under a name that has to read the same is left with writing it in a manner that
few use: signs among letters, look-alikes of other scripts, what cannot be seen. How few use it is
learned from the names of the host. A manner is blind to scripts: a name in Cyrillic, Thai or Han
letters has the manner of the same name in Latin ones, or people would be suspected for their language.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from platgov._names.chars import kinds, unassigned_in_14
from platgov._names.folding import normal
from platgov._names.outline import outline
from platgov._names.units import DROPPED, units

__all__ = ["manner_of"]

_REPEATS: Final = re.compile(r"(.)\1+", re.DOTALL)
_STRETCHED: Final = re.compile(r"([a-z])\1\1")
_SMALL, _CAPITAL, _DIGIT = "a", "A", "0"
_COMPATIBLE, _MARK, _HIDDEN, _SIGN, _POINT, _NUMBER = "C", "M", "H", "S", "P", "N"
_MIXED, _LONG = "X", "R"


def manner_of(name: str) -> str:
    """Give the manner of a name, as one character for each run of characters of a kind. O(n).

    >>> manner_of("Anna_1990"), manner_of("\u0410\u043d\u043d\u0430_1990"), manner_of("4nn4")
    ('Aa_0', 'Aa_0', '0a0')
    """
    if name.isascii():
        found = "".join(map(_kind, name))
    else:
        name = normal(name, "NFC")
        found = "".join(
            kind
            for place, char in enumerate(name)
            if (kind := _kind(char)) and not _belongs(char, name[place - 1 : place])
        )
    manner = _REPEATS.sub(r"\1", found)
    if not name.isascii() and outline(name).mixed:
        manner += _MIXED
    return manner + _LONG if _is_stretched(name) else manner


def _is_stretched(name: str) -> bool:
    """Whether some letter stands there three times in a row, in whatever case."""
    if name.isascii():
        return _STRETCHED.search(name.lower()) is not None
    # Letter case as Unicode 14.0 has it, so that every Python gives the same.
    low = [char if unassigned_in_14(char) else char.casefold() for char in name]
    return any(
        low[place - 2] == low[place - 1] == low[place] and kinds[name[place]].category[0] == "L"
        for place in range(2, len(name))
    )


def _kind(char: str) -> str:
    if char.isascii():
        return _DIGIT if char.isdigit() else _CAPITAL if char.isupper() else _SMALL if char.isalpha() else char
    category = kinds[char].category
    if category == "Zs":
        return " "
    if category[0] in "CZ":
        return _HIDDEN
    if category[0] == "M":
        # Vowel signs of a script are spelling; a mark that goes with any letter is decoration.
        return _MARK if units[char].sort == DROPPED else ""
    if category[0] in "SP":
        return _SIGN if category[0] == "S" else _POINT
    if not unassigned_in_14(char) and not unicodedata.is_normalized("NFKC", char):
        return _COMPATIBLE
    if category[0] == "N":
        return _DIGIT if kinds[char].zero is not None else _NUMBER
    return _CAPITAL if category in ("Lu", "Lt") else _SMALL


def _belongs(char: str, before: str) -> bool:
    """Whether an invisible character is how what stands before it is written: joiners of Persian or of emoji."""
    joining = char in "\u200c\u200d" or "\ufe00" <= char <= "\ufe0f"
    return joining and bool(before) and not before.isascii() and kinds[before].category not in ("Lu", "Ll", "Lt")
