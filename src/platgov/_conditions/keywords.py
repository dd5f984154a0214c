"""Which of thousands of literal terms occur in this text? Exact substrings, one pass.

Every term is filed under one of its *grams*, a few neighbouring characters, the rarest it
has. The grams of a text are read in C as machine integers and intersected with the filed
ones; the few terms that remain are confirmed with ``in``. The cost follows the length of
the text and hardly the number of terms.
"""

from __future__ import annotations

import importlib
import sys
from collections import Counter
from itertools import product
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Terms"]

_FEW: Final = 48
"""Terms up to which a plain loop is faster than reading grams (about 0.1 µs a term)."""

_MANY: Final = 10_000
"""Terms from which grams across two words would meet too many filed ones by chance."""

_CROWDED: Final = 16
"""Terms under one pair of characters from which a second reading, in fours, is cheaper."""

_PIECE: Final = 384
"""Characters of a long text looked at together; bounds what one false candidate costs."""

_LONG: Final = 128
"""Characters from which terms are looked for apart, lest they make the pieces longer."""

_REPORTED: Final = 16_384
"""Characters of a long text that the automaton reports on together; bounds the memory."""

_SPELT_OUT: Final = 32_768
"""Grams of four spent at most on filing terms of two and three characters."""

_NESTED: Final = 3
"""Terms ending at one place that the automaton reports by itself."""

_ASCII: Final = bytes(range(128))

_Search: TypeAlias = "Callable[[str], Sequence[int]]"
_Entry = tuple[str, tuple[int, ...]]
_Filing = tuple[bytes, _Entry]


class Terms:
    """A fixed set of terms, ready to be looked for in many texts.

    Overlapping and nested occurrences count, case and accents matter, word boundaries do
    not: the caller folds texts and checks boundaries. Equal terms give equal answers in
    every process, with and without the accelerator. Safe to share between threads.

    >>> terms = Terms({"cash": (7,), "free cash": (8, 9), "币": (7,)}, accelerate=False)
    >>> sorted(terms.hits("get free cash"))
    [7, 8, 9]
    >>> terms.hits("nothing to see")
    []

    Attributes:
        hits: Call it with a text of any length. Returns the payloads of all terms that
            occur in it, one after the other; order and repeats carry no meaning. Time is
            linear in the text, plus one substring search for each term whose gram is met,
            in a piece of a few hundred characters (or four times the longest term, for terms
            of 128 characters and more).
    """

    __slots__ = ("hits",)

    hits: _Search

    def __init__(self, payloads: Mapping[str, tuple[int, ...]], *, accelerate: bool | None = None) -> None:
        """Build the matcher: time and memory grow linearly with the characters of the terms.

        Args:
            payloads: What to report for each term; a term is not empty.
            accelerate: True uses the automaton of the ``fast`` extra, False does without
                it, None uses it when it is installed. The answers are the same.

        Raises:
            ValueError: A term is empty.
            ImportError: ``accelerate`` is True and the extra is not installed.
        """
        if "" in payloads:
            raise ValueError("a term is empty; give every term at least one character")
        build = None if accelerate is False else _automaton(required=accelerate is True)
        entries = list(payloads.items())
        if build is not None and entries:
            self.hits = _accelerated(entries, build)
        else:
            self.hits = _plain(entries)


def _automaton(*, required: bool) -> Callable[[list[bytes]], Any] | None:
    """Find the accelerator; without it None, or an error if it is required."""
    try:
        module = importlib.import_module("ahocorasick_rs")
    except ImportError as missing:
        if required:
            raise ImportError("accelerate=True needs ahocorasick_rs: install platgov[fast]") from missing
        return None
    build: Callable[[list[bytes]], Any] = module.BytesAhoCorasick
    return build


def _plain(entries: list[_Entry]) -> _Search:
    """Choose how to look for these terms without the automaton."""
    if len(entries) <= _FEW:
        return _loop(entries)
    short = [entry for entry in entries if len(entry[0]) < _LONG]
    if not 0 < len(short) < len(entries):
        return _sieve(entries)
    of_short, of_long = _plain(short), _plain([entry for entry in entries if len(entry[0]) >= _LONG])
    return lambda text: [*of_short(text), *of_long(text)]


def _loop(entries: list[_Entry]) -> _Search:
    """Try each term in turn."""
    return lambda text: [number for term, numbers in entries if term in text for number in numbers]


def _accelerated(entries: list[_Entry], build: Callable[[list[bytes]], Any]) -> _Search:
    """Let the automaton find all terms.

    It reports every occurrence, so "a", "aa", "aaa" and so on would cost text times terms.
    Of such a chain it is given the shortest ``_NESTED``; the longer ones contain the last of
    these and are looked for only when that one is there.
    """
    lengths = sorted({len(term) for term, _ in entries}, reverse=True)
    depth: dict[str, int] = {}
    longer: dict[str, list[_Entry]] = {}
    for term, numbers in sorted(entries, key=lambda entry: len(entry[0])):
        endings = (term[-length:] for length in lengths if length < len(term))
        ending = next((ending for ending in endings if ending in depth), None)
        level = 0 if ending is None else depth[ending]
        if ending is not None and level == _NESTED:
            longer[ending].append((term, numbers))
        else:
            depth[term], longer[term] = level + 1, []
    payloads = dict(entries)
    found = [(payloads[term], tuple(more)) for term, more in longer.items()]
    search = build([_bytes(term) for term in longer]).find_matches_as_indexes

    def hits(text: str) -> Sequence[int]:
        if len(text) > limit:
            return in_pieces(text)
        out: list[int] = []
        for index in {match[0] for match in search(_bytes(text), overlapping=True)}:
            numbers, more = found[index]
            out += numbers
            for term, others in more:
                if term in text:
                    out += others
        return out

    limit, in_pieces = _pieces(hits, _REPORTED, lengths[0])
    return hits


class _Pass(NamedTuple):
    """One reading of a stream in grams of one width.

    Attributes:
        filed: The terms filed under each gram.
        width: Characters of a gram.
        least: Characters a stream needs for this reading to find anything.
        code: How ``memoryview`` calls an unsigned integer of a gram's size.
        padding: What to append to a stream, by its length modulo ``width``.
    """

    filed: dict[int, tuple[_Entry, ...]]
    width: int
    least: int
    code: Literal["B", "H", "I", "Q"]
    padding: tuple[bytes, ...]


def _sieve(entries: list[_Entry]) -> _Search:
    """File each term under a gram; read texts in grams.

    A text is read as two streams: its ASCII characters as bytes, and its other characters
    as UTF-16 units. Leaving characters out keeps neighbours together, so the streams of a
    term lie within those of every text it occurs in. They may lie in others, too: each
    candidate is confirmed. ASCII characters that occur in no term are left out as well.
    """
    kept = set(b"".join(_bytes(term) for term, _ in entries)).intersection(_ASCII)
    if len(entries) < _MANY:
        kept.discard(ord(" "))
    dropped = bytes(set(range(256)) - kept)

    narrow: dict[int, list[_Filing]] = {4: [], 3: [], 2: [], 1: [], 0: []}
    wide: dict[int, list[_Filing]] = {4: [], 2: [], 1: []}
    for entry in entries:
        encoded = _bytes(entry[0])
        plain, units = encoded.translate(None, dropped), _utf16(encoded.translate(None, _ASCII))
        if len(units) >= 2 * 4:
            wide[4].append((units, entry))
        elif len(plain) >= 4:
            narrow[4].append((plain, entry))
        elif units:
            wide[2 if len(units) >= 2 * 2 else 1].append((units, entry))
        else:
            narrow[len(plain)].append((plain, entry))

    fours = _file(narrow[4], 4)
    rest = _spell_out(narrow[3] + narrow[2], fours, sorted(kept | {0}))
    loose = [entry for _, entry in narrow[1] + narrow[0]]
    if len(rest) <= _FEW:
        loose, rest = loose + [entry for _, entry in rest], []
    narrow_passes = [_pass(filed, width, unit=1) for width, filed in ((4, fours), (2, _file(rest, 2))) if filed]
    pairs = _file(wide[4] + wide[2], 2 * 2, step=2)
    if max(map(len, pairs.values()), default=0) <= _CROWDED:  # as in Chinese, unlike in alphabets
        wide[4], wide[2] = [], wide[4] + wide[2]
    wide_passes = [
        _pass(_file(filings, 2 * width, step=2), width, unit=2) for width, filings in wide.items() if filings
    ]
    shortest = 2 * min((reading.width for reading in wide_passes), default=0)

    def hits(text: str) -> Sequence[int]:
        if len(text) > limit:
            return in_pieces(text)
        out: list[int] = []
        encoded = text.encode("utf-8", "surrogatepass")
        if narrow_passes:
            stream = encoded.translate(None, dropped)
            _scan(narrow_passes, stream, len(stream), text, out)
        if wide_passes and not text.isascii():
            # Most texts that are not ASCII have one emoji or mark; a glance at the size spares the rest.
            others = encoded.translate(None, _ASCII)
            if len(others) >= shortest:
                stream = _utf16(others)
                _scan(wide_passes, stream, len(stream) // 2, text, out)
        for term, numbers in loose:
            if term in text:
                out += numbers
        return out

    limit, in_pieces = _pieces(hits, _PIECE, max(len(term) for term, _ in entries))
    return hits


def _scan(passes: list[_Pass], stream: bytes, size: int, text: str, out: list[int]) -> None:
    """Add to ``out`` the payloads of terms whose gram is in the stream and that are in the text.

    The stream is padded to one more than a multiple of the width and repeated width times:
    read in steps of the width, its grams then begin at every character once. Those across
    the seam are no grams of the text, and harmless.
    """
    for filed, width, least, code, padding in passes:
        if size >= least:
            grams = memoryview((stream + padding[size % width]) * width).cast(code)
            for gram in filed.keys() & grams:
                for term, numbers in filed[gram]:
                    if term in text:
                        out += numbers


def _pass(filed: dict[bytes, list[_Entry]], width: int, *, unit: int) -> _Pass:
    """Turn grams into integers; ``unit`` is the bytes of one character."""
    codes: dict[int, Literal["B", "H", "I", "Q"]] = {1: "B", 2: "H", 4: "I", 8: "Q"}
    return _Pass(
        filed={int.from_bytes(gram, sys.byteorder): tuple(bucket) for gram, bucket in filed.items()},
        width=width,
        least=1 if unit == 1 else width,
        code=codes[width * unit],
        padding=tuple(bytes(unit * ((1 - size) % width)) for size in range(width)),
    )


def _file(filings: list[_Filing], size: int, *, step: int = 1) -> dict[bytes, list[_Entry]]:
    """File each entry under the gram of ``size`` bytes that is rarest among all of them."""
    count = Counter(gram for stream, _ in filings for gram in _grams(stream, size, step))
    filed: dict[bytes, list[_Entry]] = {}
    for stream, entry in filings:
        filed.setdefault(min(_grams(stream, size, step), key=count.__getitem__), []).append(entry)
    return filed


def _grams(stream: bytes, size: int, step: int) -> list[bytes]:
    return [stream[at : at + size] for at in range(0, len(stream) - size + 1, step)]


def _spell_out(filings: list[_Filing], filed: dict[bytes, list[_Entry]], kept: list[int]) -> list[_Filing]:
    """File short streams under every gram of four that begins with them; return what is too many.

    After them may come any character that is kept, or the padding: a few dozen grams for
    three characters, and no second reading of the text.
    """
    budget, rest = _SPELT_OUT, []
    for stream, entry in filings:
        missing = 4 - len(stream)
        if len(kept) ** missing > budget:
            rest.append((stream, entry))
            continue
        budget -= len(kept) ** missing
        for tail in product(kept, repeat=missing):
            filed.setdefault(stream + bytes(tail), []).append(entry)
    return rest


def _pieces(hits: _Search, size: int, longest: int) -> tuple[int, _Search]:
    """Look at a long text in pieces that overlap by the longest term less one.

    Returns:
        The characters up to which a text is one piece, and how to search a longer one.
    """
    overlap = longest - 1
    step = max(size, 3 * overlap)

    def in_pieces(text: str) -> Sequence[int]:
        starts = range(0, len(text) - overlap, step)
        return [number for at in starts for number in hits(text[at : at + step + overlap])]

    return step + overlap, in_pieces


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _utf16(encoded: bytes) -> bytes:
    return encoded.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")
