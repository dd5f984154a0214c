"""The character classes that have a name or an escape; all ASCII, as in RE2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from platgov._patterns import sets

if TYPE_CHECKING:
    from platgov._patterns.sets import Ranges

__all__ = ["ESCAPED_CLASSES", "NAMED_CLASSES"]

_UPPER: Final = (65, 90)
_LOWER: Final = (97, 122)
_DIGIT: Final = (48, 57)

ESCAPED_CLASSES: Final[dict[str, Ranges]] = {"d": sets.DIGITS, "w": sets.WORD, "s": sets.SPACES}
"""By the small letter of the escape; the capital means the opposite."""

NAMED_CLASSES: Final[dict[str, Ranges]] = {
    "alnum": (_DIGIT, _UPPER, _LOWER),
    "alpha": (_UPPER, _LOWER),
    "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 31), (127, 127)),
    "digit": (_DIGIT,),
    "graph": ((33, 126),),
    "lower": (_LOWER,),
    "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "upper": (_UPPER,),
    "word": sets.WORD,
    "xdigit": (_DIGIT, (65, 70), (97, 102)),
}
"""By the name between ``[:`` and ``:]``."""
