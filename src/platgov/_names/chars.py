"""What Unicode 17.0 says about one character: category, scripts, digit system, how it clusters."""

from __future__ import annotations

import functools
import itertools
from bisect import bisect_right
from typing import TYPE_CHECKING

import attrs

from platgov._names import properties
from platgov._names.tables import contains, tables, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["BLANK_CELL", "EVERY_SCRIPT", "Kind", "common_scripts", "kinds", "script_codes", "unassigned_in_14"]

# UTS #39, section 5.1: writing systems that use several scripts count as one more script of each.
_SYSTEMS = {
    "Hani": ("Hanb", "Jpan", "Kore"),
    "Hira": ("Jpan",),
    "Kana": ("Jpan",),
    "Hang": ("Kore",),
    "Bopo": ("Hanb",),
}
_HANGUL_STEP = 28


@attrs.frozen(kw_only=True)
class Kind:
    """What characters of one kind have in common.

    Attributes:
        category: General category, two letters; ``Cn`` where Unicode 17.0 assigns nothing.
        script: Short code of the script, or several with a space between (Script_Extensions);
            ``Zyyy`` for what all scripts share.
        scripts: The augmented script set of UTS #39, section 5.1; None for every script.
        joins: Grapheme_Cluster_Break; empty for most characters.
        conjunct: Indic_Conjunct_Break; empty for most characters.
        pictograph: Extended_Pictographic: emoji and what may become one.
        allowed: Identifier_Status is Allowed (UTS #39, section 3.1).
        zero: Code point of the zero of this decimal digit's system; None for all else.
    """

    category: str
    script: str
    scripts: frozenset[str] | None
    joins: str
    conjunct: str
    pictograph: bool
    allowed: bool
    zero: int | None


EVERY_SCRIPT = None
BLANK_CELL = "\u2800"  # the braille cell without a dot


@functools.cache
def _ranges() -> tuple[list[int], list[Kind]]:
    packed = unpacked(properties.KINDS)
    each = [_kind(row) for row in packed["kinds"]]
    starts = list(itertools.accumulate(packed["lengths"], initial=0))[:-1]
    return starts, [each[number] for number in packed["numbers"]]


def _kind(row: list[str]) -> Kind:
    category, script, joins, conjunct, flags, zero = row
    codes = script.split()
    scripts = None if {"Zyyy", "Zinh"} & {*codes} else frozenset(codes).union(*(_SYSTEMS.get(c, ()) for c in codes))
    return Kind(
        category=category,
        script=script,
        scripts=scripts,
        joins=joins,
        conjunct=conjunct,
        pictograph="P" in flags,
        allowed="A" in flags,
        zero=int(zero, 16) if zero else None,
    )


class _Kinds(dict[str, Kind]):
    """Kinds by character, looked up once each. Not more entries than characters exist."""

    def __missing__(self, char: str) -> Kind:
        starts, each = _ranges()
        code = ord(char)
        found = each[bisect_right(starts, code) - 1]
        if found.joins == "Hangul":
            found = attrs.evolve(found, joins="LVT" if (code - 0xAC00) % _HANGUL_STEP else "LV")
        self[char] = found
        return found


kinds = _Kinds()


def common_scripts(sets: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    """Intersect script sets; None where each of them is every script."""
    found: frozenset[str] | None = EVERY_SCRIPT
    for scripts in sets:
        if scripts is not None:
            found = scripts if found is None else found & scripts
    return found


def unassigned_in_14(char: str) -> bool:
    """Whether ``unicodedata`` must not be asked about a character, as later Pythons know more of it."""
    return contains(tables().unassigned, char)


@functools.cache
def script_codes() -> frozenset[str]:
    """Give the codes of all scripts (ISO 15924), and of the writing systems that join several."""
    return frozenset({code for found in _ranges()[1] for code in (found.scripts or ())} - {"Zzzz"})
