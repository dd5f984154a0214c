"""One column of two tables: its tags, its sketches, and how its values agree."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from typing import TYPE_CHECKING, Final

from platgov._blacklist.estimate import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from platgov._blacklist.linkage import Encoded

__all__ = ["UNIT", "Column", "Tag", "Tagger"]

Tag = str | bytes

UNIT: Final = 1_024
"""Scores are whole multiples of 1/1024 bit, so that sums are exact."""

_WIDTH: Final = 256
"""Bits of a sketch: a field of 30 characters sets about a tenth of them."""
_SAMPLE: Final = 5_000
"""Pairs at random by which it is learned how often strangers are alike."""


class Tagger:
    """Tags and sketches of the values of one column, each value once."""

    def __init__(self, domain: str, key: bytes) -> None:
        self._key = key
        self._begun = hashlib.blake2b(domain.encode() + b"\0", digest_size=16, key=key[:64])
        self._tags: dict[str, Tag] = {}
        self._bits: dict[str, int] = {}

    def tag(self, value: str) -> Tag:
        """Give the value itself, or with a key its tag."""
        tag = self._tags.get(value)
        if tag is None:
            tag = self._tags[value] = self._digest(f"={value}") if self._key else value
        return tag

    def sketches(self) -> dict[Tag, int]:
        """Sketch each value by the (keyed) pairs of neighbouring characters in it."""
        return {tag: self._sketch(value) for value, tag in self._tags.items()}

    def _sketch(self, value: str) -> int:
        framed, sketch, bits = f"\x02{value}\x03", 0, self._bits
        for place in range(len(framed) - 1):
            pair = framed[place : place + 2]
            bit = bits.get(pair)
            if bit is None:
                bit = bits[pair] = 1 << int.from_bytes(self._digest(pair)[:4]) % _WIDTH
            sketch |= bit
        return sketch

    def _digest(self, text: str) -> bytes:
        hashed = self._begun.copy()
        hashed.update(text.encode("utf-8", "surrogatepass"))
        return hashed.digest()


class Column:
    """One column of both tables, with a number for each of its values."""

    def __init__(self, near: tuple[int, ...], place: int, tables: Sequence[Encoded]) -> None:
        numbers: dict[Tag, int] = {b"": 0}
        self.place, self.near, self.numbers = place, near, numbers
        self.sides = [[numbers.setdefault(tag, len(numbers)) for tag in table.tags[place]] for table in tables]
        sketches = {**tables[0].sketches[place], **tables[1].sketches[place], b"": 0}
        self.sketches = [sketches[tag] for tag in numbers] if near else []
        self.counts = Counter(self.sides[0])
        self.counts.update(self.sides[1])
        self.total = sum(self.counts.values()) - self.counts[0]

    def levels(self, pairs: list[tuple[int, int]]) -> list[int]:
        """Give for each pair how well its values agree: 0 if they differ, and so on; -1 if one is missing."""
        left, right = self.sides
        return self._compared((left[i], right[j]) for i, j in pairs)

    def _compared(self, values: Iterable[tuple[int, int]]) -> list[int]:
        sketches, equal = self.sketches, len(self.near) + 1
        sizes = [sketch.bit_count() for sketch in sketches]
        steps = tuple(zip(self.near, range(equal - 1, 0, -1), strict=True))
        found = []
        for one, two in values:
            if not one or not two:
                found.append(MISSING)
                continue
            if one == two:
                found.append(equal)
                continue
            level = 0
            if steps:
                common = 2_000 * (sketches[one] & sketches[two]).bit_count()
                size = sizes[one] + sizes[two]
                for least, reached in steps:
                    if common >= least * size:
                        level = reached
                        break
            found.append(level)
        return found

    def among_strangers(self) -> list[float]:
        """Give how often each level comes up between two rows at random, which are of two persons.

        How often values are equal is counted in full, how often they are near on pairs that are
        spread evenly over both tables.
        """
        # In the order of tags, which is that of no table.
        rank = {number: tag for tag, number in self.numbers.items()}
        left, right = (sorted((n for n in side if n), key=rank.__getitem__) for side in self.sides)
        levels = len(self.near) + 2
        if not left or not right:
            return [1 / levels] * levels
        steps = min(_SAMPLE, len(left) * len(right))
        pairs = [
            (left[k * 7_919 % len(left)], right[(k * 104_729 + k // len(left)) % len(right)]) for k in range(steps)
        ]
        seen = Counter(level for level in self._compared(pairs) if level < levels - 1)
        theirs = Counter(right)
        equal = sum(count * theirs[value] for value, count in Counter(left).items()) / (len(left) * len(right))
        equal = min(max(equal, 1 / (len(left) * len(right))), 0.999)
        # Half a pair is added to each, so that what the sample did not show is rare, not impossible.
        total = sum(seen.values()) + 0.5 * (levels - 1)
        return [(seen[level] + 0.5) / total * (1 - equal) for level in range(levels - 1)] + [equal]

    def add_rarity(
        self, scores: list[int], pairs: list[tuple[int, int]], found: list[int], swaps: set[tuple[int, int]]
    ) -> None:
        """Weigh equal values by how rare they are, against how rare values are on average."""
        if not self.total:
            return
        usual = math.log2(sum(n * n for value, n in self.counts.items() if value) / self.total)
        extra = [0] * (max(self.counts) + 1)
        for value, count in self.counts.items():
            extra[value] = round((usual - math.log2(count)) * UNIT) if value and count else 0
        left, equal = self.sides[0], len(self.near) + 1
        for number, (i, _) in enumerate(pairs):
            if found[number] == equal and (number, self.place) not in swaps:
                scores[number] += extra[left[i]]
