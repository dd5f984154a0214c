"""Handles as people choose them, and how they are changed by those who come back.

Everything is made from a seed and from the lists below; no name of anybody is in it. Handles come
in several manners of writing, so that nothing can be tuned to one of them. Near collisions between
innocent handles happen as they do among people, and stay in.
"""

from __future__ import annotations

import random
import re
import string
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FLOOR", "MANNERS", "TACTICS", "evaded", "handles", "replaced"]

_ONSETS: Final = {
    "latin": ["b", "br", "c", "d", "f", "g", "j", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v", "w", "z", "h", ""],
    "slavic": ["b", "vl", "d", "g", "zh", "k", "kr", "l", "m", "n", "p", "s", "sv", "t", "v", "z", "y", "dr", "ch"],
    "romance": ["b", "c", "d", "f", "g", "j", "l", "m", "n", "p", "qu", "r", "s", "t", "v", "gl", "pr", ""],
    "east": ["b", "ch", "d", "f", "g", "h", "j", "k", "l", "m", "n", "q", "s", "sh", "t", "w", "x", "y", "z", "zh"],
}  # fmt: skip
_CODES: Final = {
    "latin": ["an", "er", "in", "on", "ell", "am", "ick", "o", "y", "en", "ard", "ie", "us", "ock", "ey", "is"],
    "slavic": ["ov", "ski", "an", "ko", "ina", "ev", "islav", "a", "imir", "enko", "ka", "il", "or", "ana"],
    "romance": ["a", "o", "ez", "ella", "ino", "ares", "io", "an", "eira", "otti", "es", "ina", "al", "oso"],
    "east": ["a", "ai", "an", "ang", "ao", "ei", "en", "eng", "i", "ia", "ian", "in", "ing", "o", "ong", "u"],
}  # fmt: skip
MANNERS: Final = tuple(_ONSETS)
_WORDS: Final = """
    amber anchor apple arrow autumn badger bamboo banjo beacon berry birch blaze blue bolt breeze brick
    cactus candle canyon cedar chess cinder cloud cobalt comet copper coral cosmic crow crystal dawn delta
    desert dragon drift dusk echo ember falcon fern fever flint fox frost galaxy ghost ginger glacier gold
    hawk hazel hollow honey indigo iron island ivory jade jaguar jungle karma kiwi lemon lion lotus lucky
    lunar lynx mango maple marble meadow mellow mint misty moon moss mystic neon night ninja noble north
    nova oak ocean olive onyx orbit otter owl panda pearl pepper phantom pine pixel plum polar prism quartz
    quiet raven rebel river robin rocket rose ruby rusty sable sage salty scarlet shadow silent silver sky
    sleepy snow solar sonic spark spice storm sugar summer sunny swift tango thunder tiger timber topaz
    turbo velvet vintage violet viper walnut wander whale wild willow winter wolf wonder zebra zen zephyr
""".split()  # noqa: SIM905 - easier to read
_JOBS: Final = ["art", "photo", "games", "music", "dev", "cooks", "reads", "travels", "fit", "live", "studio", "lab"]
_ENDINGS: Final = ["", "", "", "s", "y", "er", "ish", "ling", "less", "like"]
_JOINTS: Final = ["", "", "", "_", ".", "-"]


def _syllables(rng: random.Random, manner: str, few: int, many: int) -> str:
    onsets, codes = _ONSETS[manner], _CODES[manner]
    return "".join(rng.choice(onsets) + rng.choice(codes) for _ in range(rng.randint(few, many)))


def _word(rng: random.Random) -> str:
    return rng.choice(_WORDS) + rng.choice(_ENDINGS)


def handles(count: int, *, seed: int, manners: tuple[str, ...] = MANNERS) -> list[str]:
    """Give so many different handles of 4 to 24 characters, in no order."""
    rng = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        manner = rng.choice(manners)
        kind, joint = rng.random(), rng.choice(_JOINTS)
        first, last = _syllables(rng, manner, 1, 2), _syllables(rng, manner, 1, 3)
        if kind < 0.35:
            text = f"{first}{joint}{last}"
        elif kind < 0.5:
            text = f"{first[0]}{joint}{last}"
        elif kind < 0.7:
            text = f"{_word(rng)}{joint}{_word(rng)}"
        elif kind < 0.82:
            text = f"{_word(rng)}{joint}{first}"
        elif kind < 0.9:
            text = f"{first}{joint}{rng.choice(_JOBS)}"
        else:
            text = last
        if rng.random() < 0.4:
            text += rng.choice([str(rng.randint(1, 99)), str(rng.randint(1960, 2012)), f"{rng.randint(0, 999):03}"])
        if rng.random() < 0.1:
            text = text.title()
        if 4 <= len(text) <= 24:
            found[text] = None
    names = list(found)
    rng.shuffle(names)
    return names


# -- what is done to them ----------------------------------------------------------------------

_LEET: Final = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7", "b": "8", "g": "9"}
_LOOKALIKE: Final = {
    "a": "а", "c": "с", "e": "е", "i": "іı", "j": "ј", "o": "оο", "p": "рρ", "s": "ѕ", "x": "хχ", "y": "у", "v": "ν",
    "h": "һ", "d": "ԁ", "l": "ӏ", "n": "ո", "u": "ս", "w": "ԝ", "g": "ց", "k": "κ", "r": "г", "t": "τ", "b": "Ь",
    "m": "м",
}  # fmt: skip
_UNSEEN: Final = "\u200b\u200d\u2060\ufeff\u00ad"


def replaced(text: str, rng: random.Random, table: dict[str, str], share: float) -> str:
    """Replace a share of the letters that the table has, one at least."""
    places = [place for place, char in enumerate(text) if char.lower() in table]
    rng.shuffle(places)
    letters = list(text)
    for place in places[: max(1, round(len(places) * share))]:
        letters[place] = rng.choice(table[letters[place].lower()])
    return "".join(letters)


def _put(text: str, rng: random.Random, chars: str, times: int) -> str:
    for _ in range(times):
        place = rng.randrange(1, len(text))
        text = text[:place] + rng.choice(chars) + text[place:]
    return text


def _edit(text: str, rng: random.Random) -> str:
    place, kind = rng.randrange(len(text)), rng.randrange(4)
    letter = rng.choice(string.ascii_lowercase)
    if kind == 0:
        return text[:place] + letter + text[place:]
    if kind == 1 and len(text) > 4:
        return text[:place] + text[place + 1 :]
    if kind == 2 and place + 1 < len(text):
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text[:place] + letter + text[place + 1 :]


def _leet(text: str, rng: random.Random) -> str:
    return replaced(text, rng, _LEET, 0.66)


def _homoglyph(text: str, rng: random.Random) -> str:
    return replaced(text, rng, _LOOKALIKE, 0.4)


def _separators(text: str, rng: random.Random) -> str:
    return _put(re.sub(r"[._-]", "", text), rng, "._-", rng.randint(1, 3))


def _digits(text: str, rng: random.Random) -> str:
    return re.sub(r"\d+$", "", text) + str(rng.randint(1, 9999))


def _transposed(text: str, rng: random.Random) -> str:
    place = rng.randrange(len(text) - 1)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def _case(text: str, rng: random.Random) -> str:
    return "".join(char.upper() if rng.random() < 0.5 else char.lower() for char in text)


def _zero_width(text: str, rng: random.Random) -> str:
    return _put(text, rng, _UNSEEN, rng.randint(1, 3))


def _full_width(text: str, rng: random.Random) -> str:
    if rng.random() < 0.5:
        return "".join(chr(ord(char) + 0xFEE0) if 33 <= ord(char) <= 126 else char for char in text)
    return "".join(chr(0x1D41A + ord(char) - 97) if "a" <= char <= "z" else char for char in text.lower())


def _repeats(text: str, rng: random.Random) -> str:
    for _ in range(rng.randint(1, 2)):
        place = rng.randrange(len(text))
        text = text[:place] + text[place] * rng.randint(2, 3) + text[place + 1 :]
    return text


def _affix(text: str, rng: random.Random) -> str:
    shape = rng.choice(
        ["xx_{}_xx", "the{}", "real_{}", "{}_official", "{}_alt", "its{}", "{}_back", "{}_new", "not_{}"]
    )
    return shape.format(text)


def _token_swap(text: str, rng: random.Random) -> str:
    parts = re.split(r"[._-]", text)
    if len(parts) == 2 and all(parts):
        return rng.choice("._-").join(reversed(parts))
    middle = len(text) // 2
    return text[middle:] + text[:middle]


def _truncated(text: str, rng: random.Random) -> str:
    keep = max(4, len(text) - rng.randint(2, 4))
    return text[:keep] if rng.random() < 0.7 else text[-keep:]


def _emoji(text: str, rng: random.Random) -> str:
    marks = "🔥😈💀✨🌸⚡"
    return rng.choice(marks) + text + rng.choice(marks)


def _typo1(text: str, rng: random.Random) -> str:
    return _edit(text, rng)


def _typo2(text: str, rng: random.Random) -> str:
    return _edit(_edit(text, rng), rng)


def _combo_leet(text: str, rng: random.Random) -> str:
    return _digits(_separators(_leet(text, rng), rng), rng)


def _combo_affix(text: str, rng: random.Random) -> str:
    return _affix(_homoglyph(_typo1(text, rng), rng), rng)


TACTICS: Final[dict[str, Callable[[str, random.Random], str]]] = {
    "leet": _leet,
    "homoglyph": _homoglyph,
    "separators": _separators,
    "digits": _digits,
    "transposed": _transposed,
    "case": _case,
    "zero_width": _zero_width,
    "full_width": _full_width,
    "repeats": _repeats,
    "affix": _affix,
    "token_swap": _token_swap,
    "truncated": _truncated,
    "emoji": _emoji,
    "typo1": _typo1,
    "typo2": _typo2,
    "combo_leet": _combo_leet,
    "combo_affix": _combo_affix,
}
"""The half that was open while weights were set; the other is in `evasion_sealed`."""

FLOOR: Final = ("leet", "homoglyph", "separators", "zero_width", "full_width", "case", "repeats", "emoji")
"""Of these 85 in a hundred are to be found, whatever the rest."""


def evaded(
    names: list[str], each: int, *, seed: int, tactics: dict[str, Callable[[str, random.Random], str]] | None = None
) -> list[tuple[str, str, int]]:
    """Give, for each tactic, so many handles: its name, the changed handle, the place of the one it was."""
    rng = random.Random(seed)
    found = []
    for tactic, change in (TACTICS if tactics is None else tactics).items():
        made = 0
        while made < each:
            place = rng.randrange(len(names))
            text = change(names[place], rng)
            if text != names[place] and unicodedata.normalize("NFC", text).strip():
                found.append((tactic, text, place))
                made += 1
    return found
