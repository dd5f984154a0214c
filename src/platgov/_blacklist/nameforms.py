"""The forms of a name: what stays the same when it is disguised, decorated or reordered."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final

from platgov.names import fold, is_word, name_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

__all__ = ["END_LETTERS", "SHORTEST_INSIDE", "ends_of", "inner", "name_forms", "squashed", "turned", "words_of"]

END_LETTERS: Final = 6
"""Letters at either end of a name by which it is found when the rest is changed."""
SHORTEST_INSIDE: Final = 5
_LONGEST_INSIDE: Final = 20
_MOST_LETTERS: Final = 40

_REPEATS: Final = re.compile(r"(.)\1+", re.DOTALL)
_INSIDE: Final = re.compile(r"(?<=\w)!(?=\w)")
_DIGITS: Final = frozenset("0123456789" + "".join(map(chr, (*range(0xFF10, 0xFF1A), *range(0x1D7CE, 0x1D800)))))
_SHORTEST_CORE: Final = 4
_MOST_READINGS: Final = 8


def squashed(name: str, simplified: Mapping[int, str]) -> str:
    """Give the letters of a name: leet read as letters, separators out, repeats once, Chinese simplified."""
    return _REPEATS.sub(r"\1", name_keys(_plain(name, simplified)).squashed.translate(simplified))


def name_forms(
    name: str,
    *,
    affixes: AbstractSet[str],
    readings: Callable[[str], Iterable[str]] | None,
    simplified: Mapping[int, str],
) -> Iterator[tuple[str, str]]:
    """Give kind and value of each form of a name.

    Args:
        name: As it is shown.
        affixes: Squashed words that are put around names.
        readings: Ways to say it, of the host.
        simplified: What traditional characters are written as, by code point.
    """
    plain = _plain(name, simplified)
    folded = " ".join(fold(plain).translate(simplified).split())
    if folded:
        yield "folded", folded
    if letters := squashed(name, simplified):
        yield "squashed", letters
    words = [word for part in _words(_trimmed(plain)) if (word := squashed(part, simplified))]
    kept = [word for word in words if word not in affixes] or words
    core = _bared(words[0], affixes) if len(words) == 1 else squashed("".join(kept), simplified)
    if core:
        yield "core", core
        yield from ends_of(core)
    if len(kept) > 1:
        yield "words", "\x1f".join(sorted(kept))
    for turn in dict.fromkeys(map(turned, (letters, core))):
        if len(turn) >= SHORTEST_INSIDE:
            yield "turned", turn
    if readings is not None:
        said = {letters for text in list(readings(name))[:_MOST_READINGS] if (letters := squashed(text, simplified))}
        for letters in sorted(said):
            yield "reading", letters


def turned(letters: str) -> str:
    """Write letters from that place of theirs on, the start again after the end, that comes first in order.

    Two names whose parts were swapped are turned into one.
    """
    while len(letters) > 1 and letters[0] == letters[-1]:  # side by side they would count once
        letters = letters[:-1]
    return min((letters[place:] + letters[:place] for place in range(len(letters))), default="")


def words_of(name: str) -> Iterator[str]:
    """Give the squashed words of a name, digits apart from letters."""
    for word in _words(_plain(name, {})):
        for _, run in itertools.groupby(word, _DIGITS.__contains__):
            if letters := squashed("".join(run), {}):
                yield letters


def ends_of(core: str) -> Iterator[tuple[str, str]]:
    """Give the first and the last letters of a name that is clearly longer than these."""
    if len(core) >= END_LETTERS + 2:
        yield "head", core[:END_LETTERS]
        yield "tail", core[-END_LETTERS:]


def inner(letters: str) -> Iterator[str]:
    """Give every stretch of a squashed name in which another name could be contained.

    Of names of more than 40 letters, those in the first 40; none is longer than 20.
    """
    letters = letters[:_MOST_LETTERS]
    for start in range(len(letters) - SHORTEST_INSIDE + 1):
        for end in range(start + SHORTEST_INSIDE, min(len(letters), start + _LONGEST_INSIDE) + 1):
            yield letters[start:end]


def _plain(name: str, simplified: Mapping[int, str]) -> str:
    """Write simplified characters, leave out what cannot be seen, and read ``!`` inside a word as a letter."""
    name = _INSIDE.sub("i", name.translate(simplified))
    if name.isascii():
        return name
    return "".join(char for char in name if char.isascii() or is_word(char) or fold(char))


def _trimmed(name: str) -> str:
    """Cut off what is no letter before and after: counting up is the commonest way to a free name."""
    start, end = 0, len(name)
    while start < end and _trivial(name[start]):
        start += 1
    while start < end and _trivial(name[end - 1]):
        end -= 1
    return name[start:end]


def _trivial(char: str) -> bool:
    return char in _DIGITS or char == "_" or not is_word(char)


def _words(name: str) -> Iterator[str]:
    """Cut a name where a separator stands, and where a capital follows a small letter."""
    start = 0
    for place, char in enumerate(name):
        if char == "_" or not is_word(char):
            yield name[start:place]
            start = place + 1
        elif place > start and char.isascii() and char.isupper() and name[place - 1].islower():
            yield name[start:place]
            start = place
    yield name[start:]


def _bared(word: str, affixes: AbstractSet[str]) -> str:
    """Take affixes off both ends of a name that is written in one word, as long as four letters stay."""
    lengths = sorted({len(affix) for affix in affixes if len(affix) > 2}, reverse=True)
    changed = True
    while changed:
        changed = False
        for length in lengths:
            if len(word) - length < _SHORTEST_CORE:
                continue
            if word[:length] in affixes:
                word, changed = word[length:], True
            elif word[-length:] in affixes:
                word, changed = word[:-length], True
    return word
