"""The Unicode tables at work: unpacked on first use and put in the forms that lookups need.

Python 3.11 knows Unicode 14.0, later Pythons know more, and equal text must fold equally on all
of them. So ``unicodedata`` is only ever shown characters that were assigned in 14.0: their
decompositions, classes and compositions can no longer change (Unicode's stability policy). Later
characters pass through as if nothing could attach to them, unless a table names them.
"""

from __future__ import annotations

import base64
import functools
import itertools
import json
import zlib
from bisect import bisect_right
from typing import Any, TypedDict

from platgov._names import unidata
from platgov.errors import InputError, Problem

__all__ = [
    "WORD_CLASS",
    "Rows",
    "Tables",
    "char_class",
    "contains",
    "require_text",
    "tables",
    "unpacked",
    "word_ranges",
]


class _Steps(TypedDict):
    steps: list[int]
    to: str


class _Packed(TypedDict):
    fold: _Steps
    ignorable: str
    joining: str
    marks: str
    skeleton: _Steps
    unassigned: str


class Rows:
    """A replacement for each of some characters; the others stay.

    ASCII text, the most common by far, is replaced as bytes: five to ten times faster.
    """

    def __init__(self, rows: dict[int, str]) -> None:
        self.rows = rows
        near = {code: to for code, to in rows.items() if code < 0x80}
        self._single = bytes(ord(near[c]) if len(near.get(c, "")) == 1 and near[c].isascii() else c for c in range(256))
        self._gone = bytes(code for code, to in near.items() if to == "")
        # Safe one after the other: no replacement has another's source in it, as rows come to rest.
        self._wide = tuple((chr(code), to) for code, to in near.items() if self._single[code] == code and to)

    def in_ascii(self, text: str) -> str:
        replaced = text.encode("ascii").translate(self._single, self._gone).decode("ascii")
        for char, to in self._wide:
            replaced = replaced.replace(char, to)
        return replaced

    def replace(self, text: str) -> str:
        return text.translate(self.rows)


class Tables:
    """Everything that folding looks up.

    Attributes:
        attached: Characters that may reorder with, or join, what stands before them, by form.
        unassigned: First and last of each range that Unicode 14.0 had not assigned.
        skeleton: UTS #39 prototypes by character, decomposition included.
        fold: What each character folds to; folding a replacement changes nothing.
    """

    def __init__(self, packed: _Packed) -> None:
        marks = _members(packed["marks"])
        self.attached = {"NFC": marks | _members(packed["joining"]), "NFD": marks}
        self.unassigned = packed["unassigned"]
        gone = {ord(char): "" for char in _members(packed["ignorable"])}
        self.skeleton = Rows(gone | _rows(packed["skeleton"]))
        self.fold = Rows(gone | _rows(packed["fold"]))


@functools.cache
def tables() -> Tables:
    """Unpack the tables, once per process (some milliseconds)."""
    return Tables(unpacked(unidata.TABLES))


@functools.cache
def word_ranges() -> str:
    """First and last of each range of word characters, one after the other."""
    ranges: str = unpacked(unidata.WORD)
    return ranges


def char_class(ranges: str) -> str:
    """Write ranges as the body of a regex character class, for ``re`` and RE2 alike."""
    ends = zip(ranges[::2], ranges[1::2], strict=True)
    return "".join(first if first == last else f"{first}-{last}" for first, last in ends)


def contains(ranges: str, char: str) -> bool:
    """Whether a character is in one of the ranges. O(log n)."""
    index = bisect_right(ranges, char)
    return index % 2 == 1 or (index > 0 and ranges[index - 1] == char)


def require_text(value: object) -> None:
    """Refuse what is no text, before a loop over it fails in a way that says less.

    Raises:
        InputError: It is no str.
    """
    if not isinstance(value, str):
        raise InputError("text", (Problem(f"is {type(value).__name__}; give a str", code="type"),))


def unpacked(packed: str) -> Any:
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def _members(ranges: str) -> frozenset[str]:
    ends = zip(ranges[::2], ranges[1::2], strict=True)
    return frozenset(chr(code) for first, last in ends for code in range(ord(first), ord(last) + 1))


def _rows(packed: _Steps) -> dict[int, str]:
    return dict(zip(itertools.accumulate(packed["steps"]), packed["to"].split("\n"), strict=True))


WORD_CLASS: str = char_class(word_ranges())
