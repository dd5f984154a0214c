"""The other half of the tactics: other words, other blocks of Unicode, other ways to combine them.

It was written after the weights and forms were settled, and neither has been changed to suit it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from evasion import replaced

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

__all__ = ["SEALED", "SEALED_FLOOR"]

_LEET: Final = {
    "a": "4^",
    "e": "3€",
    "i": "!|",
    "o": "0",
    "s": "$5",
    "t": "+7",
    "b": "8",
    "l": "1|",
    "z": "2",
    "g": "6",
}
_ABROAD: Final = {
    "a": "ɑα", "b": "Ꮟ", "c": "ⅽϲ", "d": "ⅾᏧ", "e": "ҽ℮", "g": "ɡ", "h": "Ꮒ", "i": "ⅰɩ", "j": "ϳ", "k": "ⲕ",
    "l": "ⅼ", "m": "ⅿ", "n": "ո", "o": "օᴏ", "p": "ⲣ", "r": "ᴦⲅ", "s": "ꜱ", "t": "ᴛ", "u": "ʋᴜ", "v": "ⅴᴠ",
    "w": "ᴡ", "x": "ⅹ", "y": "γʏ", "z": "ᴢ",
}  # fmt: skip
_NEIGHBOUR: Final = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl",
    "p": "o", "a": "qsz", "s": "adw", "d": "sfe", "f": "dgr", "g": "fht", "h": "gjy", "j": "hku", "k": "jli",
    "l": "ko", "z": "ax", "x": "zcs", "c": "xvd", "v": "cbf", "b": "vng", "n": "bmh", "m": "nj",
}  # fmt: skip
_AFFIXES: Final = [
    "mr{}", "{}tv", "{}_returns", "dj.{}", "{}fanpage", "team{}", "{}_hq", "{}2go", "ask{}", "el_{}",
    "{}mk2", "iam{}now", "{}_offiziell", "oh{}", "{}reborn",
]  # fmt: skip


def _leet(text: str, rng: random.Random) -> str:
    return replaced(text, rng, _LEET, 0.6)


def _homoglyph(text: str, rng: random.Random) -> str:
    return replaced(text, rng, _ABROAD, 0.5)


def _alphabet(text: str, rng: random.Random) -> str:
    """Write it in one of the alphabets that exist for mathematics and enclosures."""
    start = rng.choice([0x1D4B6, 0x1D5BA, 0x1D622, 0x1D68A, 0x24D0, 0x1D51E])
    made = "".join(chr(start + ord(char) - 97) if "a" <= char <= "z" else char for char in text.lower())
    return "".join(char if unicodedata.category(char) != "Cn" else "o" for char in made)


def _separators(text: str, rng: random.Random) -> str:
    text = re.sub(r"[._-]", "", text)
    mark = rng.choice("~·*+|'")
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(1, len(text))
        text = text[:place] + mark + text[place:]
    return text


def _hidden(text: str, rng: random.Random) -> str:
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(1, len(text))
        text = text[:place] + rng.choice("\u200c\u2063\u2062\u180e\u034f\ufe0f\u2064") + text[place:]
    return text


def _marks(text: str, rng: random.Random) -> str:
    return "".join(char + (rng.choice("\u0301\u0323\u0336\u0308\u0330") if rng.random() < 0.4 else "") for char in text)


def _case(text: str, rng: random.Random) -> str:
    return text.upper() if rng.random() < 0.5 else text.swapcase().title()


def _stretched(text: str, rng: random.Random) -> str:
    place = rng.randrange(len(text))
    return text[:place] + text[place] * rng.randint(3, 5) + text[place + 1 :]


def _year(text: str, rng: random.Random) -> str:
    return re.sub(r"\d+$", "", text) + rng.choice(["", "_"]) + str(rng.choice([2024, 2025, 2026, 420, 1337, 88]))


def _counted(text: str, rng: random.Random) -> str:
    found = re.search(r"\d+$", text)
    return f"{text[: found.start()]}{int(found[0]) + rng.randint(1, 9)}" if found else f"{text}{rng.choice('23')}"


def _affix(text: str, rng: random.Random) -> str:
    return rng.choice(_AFFIXES).format(text)


def _rotated(text: str, rng: random.Random) -> str:
    parts = re.split(r"[._-]", text)
    if len(parts) == 2 and all(parts):
        return "".join(reversed(parts))
    place = rng.randrange(2, len(text) - 1)
    return text[place:] + text[:place]


def _vowel(text: str, rng: random.Random) -> str:
    places = [place for place, char in enumerate(text) if char in "aeiou"]
    if not places:
        return text
    place = rng.choice(places)
    return text[:place] + (rng.choice("aeiou") if rng.random() < 0.5 else "") + text[place + 1 :]


def _fat_finger(text: str, rng: random.Random) -> str:
    return replaced(text, rng, _NEIGHBOUR, 0.01)


def _two_slips(text: str, rng: random.Random) -> str:
    return _vowel(_fat_finger(text, rng), rng)


def _cut(text: str, rng: random.Random) -> str:
    return text[: max(4, len(text) - rng.randint(1, 3))] + rng.choice(["", "_", "."])


def _decorated(text: str, rng: random.Random) -> str:
    left, right = rng.choice(["꧁ ꧂", "★ ★", "🦋 🦋", "【 】", "♡ ♡", "彡 彡"]).split()
    return f"{left}{text}{right}"


def _combo_alphabet(text: str, rng: random.Random) -> str:
    return _year(_homoglyph(text, rng), rng)


def _combo_hidden(text: str, rng: random.Random) -> str:
    return _affix(_hidden(_leet(text, rng), rng), rng)


SEALED: Final[dict[str, Callable[[str, random.Random], str]]] = {
    "leet": _leet,
    "homoglyph": _homoglyph,
    "alphabet": _alphabet,
    "separators": _separators,
    "hidden": _hidden,
    "marks": _marks,
    "case": _case,
    "stretched": _stretched,
    "year": _year,
    "counted": _counted,
    "affix": _affix,
    "rotated": _rotated,
    "vowel": _vowel,
    "fat_finger": _fat_finger,
    "two_slips": _two_slips,
    "cut": _cut,
    "decorated": _decorated,
    "combo_alphabet": _combo_alphabet,
    "combo_hidden": _combo_hidden,
}
SEALED_FLOOR: Final = ("leet", "homoglyph", "alphabet", "separators", "hidden", "case", "stretched", "decorated")
