"""PDQ hashes of images: which ones lie within 31 of 256 bits of each other.

Sixteen chunks of sixteen bits: two hashes that differ in 31 bits at most differ in one bit at
most in one chunk at least, so looking up every chunk with up to one bit turned finds them all.

Source: Norouzi, Punjani and Fleet, Fast Search in Hamming Space with Multi-Index Hashing (2012);
Meta, The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm (2019).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PDQ_DISTANCE", "chunks", "near_chunks", "number_of"]

PDQ_DISTANCE: Final = 31
"""Most bits in which two hashes of one image differ."""

_CHUNKS: Final = range(0, 256, 16)
_TURNED: Final = (0, *(1 << bit for bit in range(16)))


def number_of(text: str) -> int:
    """Read 64 hex digits."""
    return int(text, 16)


def chunks(number: int) -> Iterator[tuple[int, int]]:
    """Give place and value of each chunk."""
    for place in _CHUNKS:
        yield place, (number >> place) & 0xFFFF


def near_chunks(number: int) -> Iterator[tuple[int, int]]:
    """Give every chunk, as it is and with one bit turned: 272."""
    for place in _CHUNKS:
        chunk = (number >> place) & 0xFFFF
        for turned in _TURNED:
            yield place, chunk ^ turned
