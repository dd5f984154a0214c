"""Which scripts a name is written in, and how far it mixes them (UTS #39, section 5)."""

from __future__ import annotations

import enum

from platgov._names.chars import Kind, common_scripts, kinds
from platgov._names.tables import require_text

__all__ = ["RestrictionLevel", "digit_systems", "resolved_scripts", "restriction_level"]

_LATIN_MIXES_WITH = frozenset({"Hanb", "Jpan", "Kore"})
# Whole alphabets of look-alikes of Latin.
_LATIN_LIKE = frozenset({"Cyrl", "Grek", "Cher"})


class RestrictionLevel(enum.Enum):
    """How freely a name mixes scripts, from strictest to freest (UTS #39, section 5.2)."""

    ASCII_ONLY = "ascii_only"
    SINGLE_SCRIPT = "single_script"
    HIGHLY_RESTRICTIVE = "highly_restrictive"
    MODERATELY_RESTRICTIVE = "moderately_restrictive"
    MINIMALLY_RESTRICTIVE = "minimally_restrictive"
    UNRESTRICTED = "unrestricted"

    @property
    def rank(self) -> int:
        """Position in the order: 0 for the strictest."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(RestrictionLevel)}


def restriction_level(text: str, *, identifier: bool = False) -> RestrictionLevel:
    r"""Give the strictest restriction level that a text meets.

    >>> restriction_level("Toyota\u30c8\u30e8\u30bf").value, restriction_level("p\u0430ypal").value
    ('highly_restrictive', 'minimally_restrictive')

    Args:
        text: Any text; what all scripts share (digits, spaces, emoji) counts for none.
        identifier: Hold the text to be an identifier: characters that Unicode does not recommend
            for identifiers (spaces and emoji among them) make it ``UNRESTRICTED``.

    Raises:
        InputError: ``text`` is no str.

    Source: UTS #39, section 5.2; Unicode 17.0.
    """
    require_text(text)
    found = [kinds[char] for char in text]
    if identifier and not all(kind.allowed for kind in found):
        return RestrictionLevel.UNRESTRICTED
    return RestrictionLevel.ASCII_ONLY if text.isascii() else level_of(found)


def level_of(found: list[Kind]) -> RestrictionLevel:
    """Give the level of characters that are not all ASCII."""
    scripts = common_scripts(kind.scripts for kind in found)
    if scripts is None or scripts:
        return RestrictionLevel.SINGLE_SCRIPT
    rest = common_scripts(kind.scripts for kind in found if kind.scripts is not None and "Latn" not in kind.scripts)
    if not rest:  # not None either: without any other script, Latin alone would be common
        return RestrictionLevel.MINIMALLY_RESTRICTIVE
    if rest & _LATIN_MIXES_WITH:
        return RestrictionLevel.HIGHLY_RESTRICTIVE
    if rest & _LATIN_LIKE:
        return RestrictionLevel.MINIMALLY_RESTRICTIVE
    return RestrictionLevel.MODERATELY_RESTRICTIVE


def resolved_scripts(text: str) -> frozenset[str] | None:
    r"""Give the scripts in which the whole text can be written, augmented by writing systems.

    >>> sorted(resolved_scripts("\u30c8\u30e8\u30bf")), resolved_scripts("p\u0430y") == frozenset()
    (['Jpan', 'Kana'], True)

    Returns:
        Short codes of ISO 15924; empty for a text of mixed scripts; None for a text that is in no
        script at all, such as digits.

    Raises:
        InputError: ``text`` is no str.

    Source: UTS #39, section 5.1; Unicode 17.0.
    """
    require_text(text)
    return common_scripts(kinds[char].scripts for char in text)


def digit_systems(text: str) -> frozenset[str]:
    r"""Give the zero of each system of decimal digits in a text; two of them are mixed numbers.

    >>> sorted(digit_systems("1\u0968")) == ["0", "\u0966"]
    True

    Raises:
        InputError: ``text`` is no str.

    Source: UTS #39, section 5.3; Unicode 17.0.
    """
    require_text(text)
    zeros = {kinds[char].zero for char in text}
    return frozenset(chr(zero) for zero in zeros if zero is not None)
