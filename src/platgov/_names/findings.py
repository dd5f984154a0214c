"""What can be said of a name: the kinds of findings, and one finding."""

from __future__ import annotations

from typing import NamedTuple

import attrs

__all__ = ["ADVISORY", "CODES", "NameFinding", "Raw", "codes_of"]

CODES = {
    "empty": "nothing of it can be seen",
    "too_long": "it is too long",
    "too_short": "it is too short",
    "surrogate": "it holds half of a surrogate pair, which is no character",
    "control": "it holds a control character",
    "line_break": "it holds a line break",
    "bidi_control": "it holds a character that changes the direction of what follows",
    "tag": "it holds an invisible tag character",
    "invisible": "it holds an invisible character where none belongs",
    "private_use": "it holds a private-use character, which others see as something else or nothing",
    "unassigned": "it holds a character that Unicode does not assign",
    "not_text": "it holds a character that stands for something lost or inserted",
    "marks": "it piles up marks on one letter",
    "spacing": "it has spaces at an end, or several in a row",
    "script": "it is written in a script that is not accepted here",
    "level": "it mixes scripts more freely than is accepted here",
    "mixed_scripts": "a word of it mixes scripts whose letters look alike",
    "mixed_digits": "it mixes digits of several systems",
    "identifier": "it holds a character that is not recommended for identifiers",
    "protected": "it is or holds a protected name",
    "lookalike": "it can be mistaken for a protected name",
    "reserved": "it is or holds a reserved word",
    "link": "it holds a link",
    "email": "it holds a mail address",
    "phone": "it holds a telephone number",
    "handle": "it holds the name of an account elsewhere",
}
# Worth a look, and no reason to refuse a name by themselves.
ADVISORY = frozenset({"invisible", "mixed_scripts", "mixed_digits", "spacing"})


class Raw(NamedTuple):
    """A finding before it is told: without a suggestion, and whether it blocks."""

    code: str
    start: int
    end: int
    evidence: tuple[str, ...] = ()
    protected: str | None = None


@attrs.frozen(kw_only=True)
class NameFinding:
    """One thing about a name.

    Attributes:
        code: What kind of thing; a key of ``CODES``.
        start: Offset in the name as given, in code points, of the first character concerned.
        end: Offset after the last one.
        evidence: What exactly: the character and what it reads as, the scripts, the number found.
        protected: The protected name or reserved word concerned; None for other kinds.
        blocks: The policy refuses names for this; otherwise it is worth a look.
        suggestion: A name near the given one about which there is no finding; None if there is none.
    """

    code: str
    start: int
    end: int
    evidence: tuple[str, ...] = ()
    protected: str | None = None
    blocks: bool = True
    suggestion: str | None = None

    def __str__(self) -> str:
        parts = [CODES[self.code], *([repr(self.protected)] if self.protected else []), *self.evidence]
        return f"{self.code} at {self.start}: {'; '.join(parts)}"


def codes_of(text: str) -> tuple[str, ...]:
    """Give the code points of a text as people write them, each once, at most eight."""
    return tuple(f"U+{ord(char):04X}" for char in dict.fromkeys(text))[:8]
