"""A name near a refused one, about which there may be no finding."""

from __future__ import annotations

import collections
import functools
import hashlib
from typing import TYPE_CHECKING

from platgov._names.chars import kinds
from platgov._names.folding import normal, skeleton
from platgov._names.graphemes import grapheme_starts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from platgov._names.findings import Raw

__all__ = ["cut_to", "end_of", "mended", "numbered"]

# What is kept, mended; all else that is found is left out.
_KEPT = frozenset({"marks", "mixed_digits", "mixed_scripts", "level", "spacing", "too_long", "too_short"})
# Those whose letters look alike; the first of equals wins.
_ALPHABETS = ("Latn", "Cyrl", "Grek")


def mended(name: str, found: Iterable[Raw], *, max_marks: int, max_graphemes: int) -> str:
    """Leave out of a name what was found, or mend it."""
    chars: list[str] = list(name)
    for raw in found:
        span = range(raw.start, raw.end)
        if raw.code == "line_break":
            chars[raw.start : raw.end] = [" ", *[""] * (len(span) - 1)]
        elif raw.code not in _KEPT:
            chars[raw.start : raw.end] = [""] * len(span)
        elif raw.code == "marks":
            chars[raw.start + max_marks : raw.end] = [""] * (len(span) - max_marks)
        elif raw.code in ("mixed_scripts", "level"):
            for place, char in zip(span, _one_script(name[raw.start : raw.end]), strict=True):
                chars[place] = chars[place] and char
        elif raw.code == "mixed_digits":
            for place in span:
                zero = kinds[name[place]].zero
                chars[place] = chars[place] and (name[place] if zero is None else str(ord(name[place]) - zero))
    near = normal(" ".join("".join(chars).split()), "NFC")
    return near[: end_of(near, max_graphemes)].rstrip()


def cut_to(name: str, size: int) -> str:
    """Cut a name to so many bytes of UTF-8, between characters."""
    return name[:size].encode(errors="replace")[:size].decode(errors="ignore")


def numbered(start: str, name: str) -> str:
    """Give a start and a number, told apart by the name it replaces; hosts add what makes it unique."""
    number = int(hashlib.sha256(name.encode(errors="replace")).hexdigest()[:8], 16) % 10_000
    return f"{start}{number:04d}"


def end_of(name: str, graphemes: int) -> int:
    """Give the offset at which so many user-perceived characters end."""
    for number, start in enumerate(grapheme_starts(name)):
        if number == graphemes:
            return start
    return len(name)


def _one_script(text: str) -> list[str]:
    """Write look-alikes in the alphabet that most of a text is in, if they have a twin there."""
    counts = collections.Counter(
        script for char in text for script in kinds[char].script.split() if script in _ALPHABETS
    )
    most = max(_ALPHABETS, key=lambda script: counts[script])
    twins = _twins(most)
    return [char if most in kinds[char].script.split() else twins.get(skeleton(char), char) for char in text]


@functools.cache
def _twins(script: str) -> dict[str, str]:
    """Give the everyday letters of an alphabet by their skeletons."""
    letters = [char for char in map(chr, range(0x41, 0x530)) if kinds[char].script == script and kinds[char].allowed]
    return {skeleton(char): char for char in reversed(letters) if kinds[char].category[0] == "L"}
