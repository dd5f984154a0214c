"""User-perceived characters: where one ends and the next begins (UAX #29, Unicode 17.0)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from platgov._names.chars import kinds
from platgov._names.tables import require_text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["grapheme_count", "grapheme_starts"]

_HARD = frozenset({"Control", "CR", "LF"})
_AFTER = {
    "L": frozenset({"L", "V", "LV", "LVT"}),
    "LV": frozenset({"V", "T"}),
    "V": frozenset({"V", "T"}),
} | dict.fromkeys(("LVT", "T"), frozenset({"T"}))


def grapheme_count(text: str) -> int:
    r"""Count what readers perceive as characters: a letter with its marks, a whole emoji, a syllable.

    >>> grapheme_count("e\u0301"), grapheme_count("\U0001f468\u200d\U0001f469\u200d\U0001f467")
    (1, 1)

    O(n). Source: UAX #29, extended grapheme clusters.

    Raises:
        InputError: ``text`` is no str.
    """
    require_text(text)
    if text.isascii() and "\r\n" not in text:
        return len(text)
    return sum(1 for _ in grapheme_starts(text))


def grapheme_starts(text: str) -> Iterator[int]:
    """Give the offset at which each extended grapheme cluster starts. O(n)."""
    before = ""  # break property of the character before; the rules below are those of UAX #29
    conjunct = emoji = linked = False
    flags = 0  # regional indicators before this one
    for place, char in enumerate(text):
        kind = kinds[char]
        now = kind.joins
        if place == 0:
            joined = False  # GB1
        elif before == "CR" and now == "LF":
            joined = True  # GB3
        elif before in _HARD or now in _HARD:
            joined = False  # GB4, GB5
        else:
            joined = (
                now in ("Extend", "ZWJ", "SpacingMark")  # GB9, GB9a
                or now in _AFTER.get(before, ())  # GB6 to GB8
                or before == "Prepend"  # GB9b
                or (linked and kind.conjunct == "Consonant")  # GB9c
                or (emoji and before == "ZWJ" and kind.pictograph)  # GB11
                or (now == "Regional_Indicator" and flags % 2 == 1)  # GB12, GB13
            )
        if not joined:
            yield place
        flags = flags + 1 if now == "Regional_Indicator" else 0
        # GB9c: a consonant, then linkers and extenders with at least one linker among them.
        if kind.conjunct == "Consonant":
            conjunct, linked = True, False
        elif kind.conjunct == "Linker":
            linked = conjunct
        elif kind.conjunct != "Extend":
            conjunct = linked = False
        # GB11: a pictograph, extenders, and a joiner.
        emoji = kind.pictograph or (emoji and now in ("Extend", "ZWJ"))
        before = now
