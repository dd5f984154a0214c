"""Reduce text to what it looks like or reads as."""

from __future__ import annotations

import itertools
import re
import unicodedata
from typing import TYPE_CHECKING, Literal

from platgov._limits import DEFAULT, Limits
from platgov._names.tables import WORD_CLASS, contains, require_text, tables, word_ranges
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MOST_GROWTH", "WORD_CLASS", "composed", "fold", "folds", "is_word", "normal", "skeleton"]

# Unicode's Stream-Safe limit (UAX #15): no language stacks more marks on one letter.
_MARKS = 30
# A cluster this short cannot hold more: its base decomposes to three marks at most, each other to two.
_SURELY_FEWER = 14
# No character folds to more times its bytes; "m" is the one in ASCII that folds to two.
MOST_GROWTH = 10
_HANGUL = re.compile("[\uac00-\ud7a3]+")

_Form = Literal["NFC", "NFD"]


def fold(text: str, *, limits: Limits = DEFAULT) -> str:
    """Reduce running text to what it reads as, so that a disguised word equals the plain one.

    Compatibility forms, letter case, invisible characters and look-alike letters are folded
    together; accents stay, words stay whole, and words of one script stay apart. Fold the terms
    as well as the text, and never show the result to people.

    >>> fold("\u0440\u0430\u0443\uff30\u200b\U0001d41al") == fold("PayPal")
    True
    >>> fold("caf\u00e9") == fold("cafe")
    False

    Folding twice changes nothing, canonically equivalent texts fold equally, and the result is
    the same on every Python version: normalisation and case are those of Unicode 14.0,
    look-alikes those of UTS #39 17.0. What it does, in order, until nothing changes:

    * NFKC and full case folding; later characters than 14.0 are left alone by these.
    * Out with default-ignorable characters (zero width, soft hyphen, bidi controls, variation
      selectors, tags) and with controls other than tabs and line ends.
    * Look-alikes to their prototype, as in :func:`skeleton`, with these exceptions. A word
      character never becomes a sign (Hebrew yod stays a letter), a modifier apostrophe excepted.
      A sign becomes a letter only where a symbol looks like one ASCII letter (``|`` as ``l``):
      a dash cannot glue two words. Within a script other than Latin no letter becomes another;
      two can still meet in a letter of another script (Greek sigma and omicron in ``o``).
      Hangul stays as it is. A small letter like no ASCII letter whose capital is like one
      follows its capital (Cyrillic Ve, a ``B``).
    * At most 30 combining marks in a row, in canonical order; the rest are dropped. Refusing
      the text instead would let a few marks shield all of it.

    So ``0`` and ``o`` fold equally, and ``1`` and ``l``, ``m`` and ``rn``. ``I`` and ``l`` do not:
    letter case wins. O(n) in the length of the text, whatever it contains.

    Args:
        text: At most ``limits.text_bytes`` bytes in UTF-8, before folding and after.
        limits: Bounds on input; past one the text is refused, never cut.

    Raises:
        InputError: ``text`` is no str, holds half of a surrogate pair, or is too long, as it is
            or folded (one character can fold to 18).
    """
    _check(text, "text", limits.text_bytes)
    rows = tables().fold
    folded = rows.in_ascii(text) if text.isascii() else normal(rows.replace(normal(text, "NFC")), "NFC", marks=_MARKS)
    _check(folded, "folded text", limits.text_bytes)
    return folded


def folds(text: str, *, limits: Limits = DEFAULT) -> None:
    """Refuse what `fold` refuses, and fold only where that is in doubt.

    Raises:
        InputError: As for `fold`.
    """
    _check(text, "text", limits.text_bytes)
    size = 2 * len(text) if text.isascii() else MOST_GROWTH * len(text.encode())
    if size > limits.text_bytes:
        fold(text, limits=limits)


def skeleton(text: str) -> str:
    """Map text to its UTS #39 skeleton: two texts with one skeleton can be mistaken for each other.

    NFD, default-ignorable characters out, look-alikes to their prototypes, NFD again; data of
    Unicode 17.0, decompositions of 14.0, the same on every Python version. Letter case matters
    and marks are all kept; :func:`fold` is for running text. Not for display. O(n log n) in
    the longest run of marks, otherwise O(n); ``text`` may have any length.

    >>> skeleton("\u0440ayp\u0430l") == skeleton("paypal") == skeleton("paypaI")
    True

    Raises:
        InputError: ``text`` is no str or holds half of a surrogate pair.

    Source: Unicode Technical Standard #39, section 4, Confusable Detection.
    """
    _check(text, "text")
    rows = tables().skeleton
    if text.isascii():
        return rows.in_ascii(text)
    decomposed = _HANGUL.sub(lambda syllables: unicodedata.normalize("NFD", syllables[0]), text)
    return normal(rows.replace(normal(decomposed, "NFD")), "NFD")


def is_word(char: str) -> bool:
    """Whether one character is part of words: a letter, number or mark of Unicode 14.0, or ``_``.

    The same set as ``[{WORD_CLASS}]`` in a regular expression of ``re`` or RE2.

    >>> is_word("\u0e33"), is_word("-")
    (True, False)
    """
    require_text(char)
    if len(char) != 1:
        raise InputError("character", (Problem(f"has length {len(char)}; give one character", code="length"),))
    return contains(word_ranges(), char)


def _check(text: str, subject: str, most: int | None = None) -> None:
    if not isinstance(text, str):
        raise InputError(subject, (Problem(f"is {type(text).__name__}; give a str", code="type"),))
    try:
        # A character is at least one byte: hopeless lengths are not encoded first.
        size = len(text) if text.isascii() or (most is not None and len(text) > most) else len(text.encode())
    except UnicodeEncodeError as error:
        message = (
            f"holds U+{ord(text[error.start]):04X}, half of a surrogate pair; decode the source as UTF-8 or UTF-16"
        )
        raise InputError(subject, (Problem(message, code="surrogate", position=error.start),)) from None
    if most is not None and size > most:
        message = f"has {size} bytes or more in UTF-8; at most {most} are read, and nothing is cut. Give it in parts"
        raise InputError(subject, (Problem(message, code="too_long"),))


def normal(text: str, form: _Form, *, marks: int | None = None) -> str:
    """Normalise each mark or joining letter with what stands before it; all else is left as it is."""
    attached = tables().attached[form]
    # What is normal as a whole is normal in each of its parts, whatever a later Python knows besides.
    if attached.isdisjoint(text) or (marks is None and unicodedata.is_normalized(form, text)):
        return text
    pieces: list[str] = []
    done = 0
    for start, end in _runs([place for place, char in enumerate(text) if char in attached]):
        # A later Python may know how to compose a base that 14.0 did not have.
        base = start - 1 if start > 0 and not contains(tables().unassigned, text[start - 1]) else start
        pieces += text[done:base], _cluster(text[base:end], form, marks)
        done = end
    return "".join(pieces) + text[done:]


def composed(text: str) -> str:
    """Give the NFC of a text: also of characters that are one but for history, such as the Kelvin sign."""
    if text.isascii():
        return text
    unassigned = tables().unassigned
    # One by one: what Unicode 14.0 did not have is left alone, as by `normal`.
    each = [char if contains(unassigned, char) else unicodedata.normalize("NFC", char) for char in text]
    return normal("".join(each), "NFC")


def _runs(places: list[int]) -> Iterator[tuple[int, int]]:
    """Start and end of each run of consecutive places."""
    start = end = places[0]
    for place in places:
        if place != end:
            yield start, end
            start = place
        end = place + 1
    yield start, end


def _cluster(cluster: str, form: _Form, marks: int | None) -> str:
    if len(cluster) > _SURELY_FEWER:
        # Sorted beforehand: normalize() takes quadratic time to order a long run of marks.
        parts = cluster.translate({ord(char): unicodedata.normalize("NFD", char) for char in set(cluster)})
        ranks = {char: unicodedata.combining(char) for char in set(parts)}
        runs = itertools.groupby(parts, key=lambda char: ranks[char] > 0)
        kept = (sorted(run, key=ranks.__getitem__)[:marks] if are_marks else run for are_marks, run in runs)
        cluster = "".join(itertools.chain.from_iterable(kept))
    return unicodedata.normalize(form, cluster)
