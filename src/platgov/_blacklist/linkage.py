"""Which rows of two tables are of one person? For labels to calibrate with, and for old accounts.

Probabilistic linkage of Fellegi and Sunter (1969): pairs that share a block are compared field by
field, expectation maximisation learns from all of them what agreement is worth, and equal values
weigh the more the rarer they are. It needs no labels. With a key, rows are compared by keyed tags
alone.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._blacklist.checks import refuse, text_of
from platgov._blacklist.columns import UNIT, Column, Tag, Tagger
from platgov._blacklist.estimate import Estimate, em

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Encoded", "Link", "LinkField", "Linkage", "Links"]

_MOST_PAIRS: Final = 5_000_000


def _levels(value: Iterable[int]) -> tuple[int, ...]:
    return tuple(value)


@attrs.frozen(kw_only=True)
class LinkField:
    """One column that both tables have.

    Attributes:
        name: Its name in the rows.
        near: How alike two values have to be for each level of nearness, the nearest first: the
            share of pairs of neighbouring characters that they have in common, in permille (Dice,
            1945). Empty where only equal values agree.
        swapped_with: A column whose value may have been entered in this one's place, such as the
            surname for the given name; both then count as near.
    """

    name: str = attrs.field()
    near: tuple[int, ...] = attrs.field(default=(800, 600, 400), converter=_levels)
    swapped_with: str | None = None

    @name.validator
    def _named(self, _: Any, value: object) -> None:
        text_of(value, "LinkField", "name")

    @near.validator
    def _falling(self, _: Any, value: tuple[int, ...]) -> None:
        good = all(type(one) is int and 1 <= one <= 1_000 for one in value)
        if not good or list(value) != sorted(set(value), reverse=True):
            raise refuse("LinkField", "near", "give falling whole numbers from 1000 to 1, or none", "range")


@attrs.frozen(kw_only=True)
class Link:
    """One pair of rows.

    Attributes:
        left: Place of the row in the first table, from 0.
        right: Place of the row in the second table.
        bits: Evidence that they are of one person, as log2 of how much likelier the pair looks
            if they are; a multiple of 1/1024.
    """

    left: int
    right: int
    bits: float


@attrs.frozen(kw_only=True)
class Links:
    """What two tables gave.

    Attributes:
        pairs: Every pair that was compared, the likeliest first.
        estimate: What was learned.
        skipped: Blocks that were too large to compare, by the columns they are made of.
    """

    pairs: tuple[Link, ...] = attrs.field(repr=False)
    estimate: Estimate
    skipped: tuple[tuple[str, int], ...] = ()

    def above(self, bits: float) -> tuple[Link, ...]:
        """Give the pairs with at least so much evidence."""
        return tuple(pair for pair in self.pairs if pair.bits >= bits)

    def likely(self) -> tuple[Link, ...]:
        """Give the pairs that are likelier of one person than of two, with how rare such pairs are."""
        return self.above(-math.log2(self.estimate.prevalence / (1 - self.estimate.prevalence)))


@attrs.frozen(kw_only=True)
class Encoded:
    """A table as tags. With a key nothing in it can be read, but see the limits of such tags.

    Equal values have equal tags, and sketches of like values are alike: who holds many of them and
    knows how often names occur can guess common ones without the key. It is for one linkage, and
    nothing to publish.

    Attributes:
        linkage: How it was made, with a digest in place of the key.
        tags: For each field, the tag of each row; empty where it is missing.
        blocks: The same for each block.
        sketches: For each field, the sketch of each of its values.
    """

    linkage: Linkage
    tags: tuple[tuple[str | bytes, ...], ...] = attrs.field(repr=False)
    blocks: tuple[tuple[str | bytes, ...], ...] = attrs.field(repr=False)
    sketches: tuple[dict[str | bytes, int], ...] = attrs.field(repr=False, eq=False)


def _fields(value: Iterable[LinkField]) -> tuple[LinkField, ...]:
    return tuple(value)


def _blocks(value: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple((block,) if isinstance(block, str) else tuple(block) for block in value)


@attrs.frozen(kw_only=True)
class Linkage:
    """How to link tables.

    Attributes:
        fields: The columns to compare.
        blocks: Only rows that are equal in all columns of one of these are compared. ``surname:3``
            stands for the first three characters. More blocks find more and take longer.
        key: A secret of 16 bytes or more. With it, values are replaced by keyed tags before
            anything is compared, so that the result can be had from tags alone.
        most: A block of more pairs than this is skipped, and said to be.
    """

    fields: tuple[LinkField, ...] = attrs.field(converter=_fields)
    blocks: tuple[tuple[str, ...], ...] = attrs.field(converter=_blocks)
    key: bytes = attrs.field(default=b"", repr=False)
    most: int = attrs.field(default=100_000)

    def __attrs_post_init__(self) -> None:
        names = [getattr(field, "name", None) for field in self.fields]
        if not names or None in names or len(set(names)) != len(names):
            raise refuse("Linkage", "fields", "give LinkField values, at least one, each name once")
        for field in self.fields:
            if field.swapped_with is not None and field.swapped_with not in names:
                raise refuse("Linkage", "fields", f"{field.swapped_with!r} is no field to swap with", "unknown")
        if not self.blocks or not all(self.blocks):
            raise refuse("Linkage", "blocks", "give at least one block; comparing all with all does not end", "empty")
        for block in self.blocks:
            for part in block:
                name, colon, size = part.partition(":")
                if name not in names or (colon and not (size.isascii() and size.isdigit() and int(size))):
                    raise refuse("Linkage", "blocks", f"{part!r} is no field, nor its first characters", "unknown")
        if type(self.key) is not bytes or (self.key and len(self.key) < 16):
            raise refuse("Linkage", "key", "give 16 bytes or more, or none", "key")
        if type(self.most) is not int or not 1 <= self.most <= _MOST_PAIRS:
            raise refuse("Linkage", "most", f"give a whole number from 1 to {_MOST_PAIRS}", "range")

    def encode(self, rows: Iterable[Mapping[str, str | None]]) -> Encoded:
        """Bring rows into tags; with a key, nothing else is needed to link them.

        Args:
            rows: Rows; a value that is None, blank or not there is missing.

        Raises:
            InputError: A value is no text.
        """
        columns = self._columns(rows)
        domains = self._domains()
        taggers = [Tagger(domain, self.key) for domain in domains]
        tags = [
            tuple([tag(value) if value else b"" for value in column])
            for tag, column in zip((tagger.tag for tagger in taggers), columns, strict=True)
        ]
        places = {field.name: place for place, field in enumerate(self.fields)}
        blocks = []
        for block in self.blocks:
            parts = [(places[name], int(size) if size else None) for name, _, size in (p.partition(":") for p in block)]
            held = [
                columns[place] if size is None else [value[:size] for value in columns[place]] for place, size in parts
            ]
            # Fields that may be swapped, and are a block together, meet in either order.
            loose = len({(domains[place], size) for place, size in parts}) < len(parts)
            tag = Tagger("+".join(block), self.key).tag
            blocks.append(
                tuple(
                    [
                        tag("\x1f".join(sorted(values) if loose else values)) if all(values) else b""
                        for values in zip(*held, strict=True)
                    ]
                )
            )
        return Encoded(
            linkage=attrs.evolve(self, key=hashlib.sha256(self.key).digest()[:16] if self.key else b""),
            tags=tuple(tags),
            blocks=tuple(blocks),
            sketches=tuple(
                tagger.sketches() if field.near else {} for field, tagger in zip(self.fields, taggers, strict=True)
            ),
        )

    def link(
        self,
        left: Encoded | Iterable[Mapping[str, str | None]],
        right: Encoded | Iterable[Mapping[str, str | None]] | None = None,
    ) -> Links:
        """Compare the rows of two tables, or those of one among themselves.

        Args:
            left: Rows, or what `encode` made of them.
            right: Rows of the other table; None to find doubles in the first, where ``left`` is
                the smaller place of each pair.

        Returns:
            The pairs that share a block, with their evidence. Time grows with the rows, about
            30 µs each, and with the pairs, about 15 µs each.

        Raises:
            InputError: A value is no text, no two rows share a block, or a table was encoded
                with another key or other fields.
        """
        given = (left,) if right is None else (left, right)
        tables = [table if isinstance(table, Encoded) else self.encode(table) for table in given]
        tables += tables[: 2 - len(tables)]
        if tables[0].linkage != tables[1].linkage:
            raise refuse("Linkage", "right", "was encoded with another key or other fields; encode both alike", "key")
        pairs, skipped = self._paired(*tables)
        if right is None:
            pairs = [(i, j) for i, j in pairs if i < j]
        if not pairs:
            raise refuse("Linkage", "blocks", "no two rows share a block; give wider ones", "empty")
        columns = [Column(field.near, place, tables) for place, field in enumerate(self.fields)]
        found = [column.levels(pairs) for column in columns]
        swaps = self._swapped(tables, pairs, found)
        patterns = list(zip(*found, strict=True))
        counts = Counter(patterns)
        left_rows, right_rows = (len(table.tags[0]) for table in tables)
        every = left_rows * right_rows if right is not None else left_rows * (left_rows - 1) // 2
        estimate = em(
            counts,
            [len(field.near) + 2 for field in self.fields],
            u=[column.among_strangers() for column in columns],
            # Pairs that share no block count as those of two persons: what is learned does not
            # depend on how the blocks were chosen.
            unseen=every - len(pairs),
            prevalence=min(0.5, min(left_rows, right_rows) / (2 * every)),
        )
        worth = [
            [round(estimate.bits(place, level) * UNIT) for level in range(len(field.near) + 2)] + [0]
            for place, field in enumerate(self.fields)
        ]
        base = {pattern: sum(worth[place][level] for place, level in enumerate(pattern)) for pattern in counts}
        scores = [base[pattern] for pattern in patterns]
        for place, column in enumerate(columns):
            column.add_rarity(scores, pairs, found[place], swaps)
        ranked = sorted(zip(scores, pairs, strict=True), key=lambda item: (-item[0], item[1]))
        return Links(
            pairs=tuple(Link(left=i, right=j, bits=score / UNIT) for score, (i, j) in ranked),
            estimate=estimate,
            skipped=skipped,
        )

    def _domains(self) -> list[str]:
        """Give what the tags of each field are apart from others by; fields that are swapped share it."""
        domains = {field.name: field.name for field in self.fields}
        for field in self.fields:
            if field.swapped_with is not None:
                one, two = domains[field.name], domains[field.swapped_with]
                domains = {name: min(one, two) if held in (one, two) else held for name, held in domains.items()}
        return [domains[field.name] for field in self.fields]

    def _columns(self, rows: Iterable[Mapping[str, str | None]]) -> list[list[str]]:
        """Give the values of each field, without blanks around them and in one case."""
        held = list(rows)
        columns = []
        for field in self.fields:
            clean: dict[str | None, str] = {None: ""}
            column = []
            for row in held:
                value = row.get(field.name)
                found = clean.get(value) if value is None or type(value) is str else None
                if found is None:
                    if type(value) is not str:
                        raise refuse("Linkage", field.name, f"is a {type(value).__name__}; give text, or None", "type")
                    found = clean[value] = value.strip().casefold()
                column.append(found)
            columns.append(column)
        return columns

    def _paired(self, left: Encoded, right: Encoded) -> tuple[list[tuple[int, int]], tuple[tuple[str, int], ...]]:
        """Give the pairs of rows that share a block, and what was skipped."""
        pairs: set[tuple[int, int]] = set()
        skipped: Counter[str] = Counter()
        for block, mine, theirs in zip(self.blocks, left.blocks, right.blocks, strict=True):
            held: dict[Tag, tuple[list[int], list[int]]] = {}
            for number, tag in enumerate(mine):
                if tag:
                    held.setdefault(tag, ([], []))[0].append(number)
            for number, tag in enumerate(theirs):
                if tag and tag in held:
                    held[tag][1].append(number)
            for ours, others in held.values():
                if len(ours) * len(others) > self.most:
                    skipped["+".join(block)] += 1
                elif others:
                    pairs.update((i, j) for i in ours for j in others)
        return sorted(pairs), tuple(sorted(skipped.items()))

    def _swapped(
        self, tables: list[Encoded], pairs: list[tuple[int, int]], found: list[list[int]]
    ) -> set[tuple[int, int]]:
        """Raise two fields that were entered in each other's place; say which pairs and fields."""
        left, right = (table.tags for table in tables)
        places = {field.name: place for place, field in enumerate(self.fields)}
        swaps = set()
        for one, field in enumerate(self.fields):
            if field.swapped_with is None:
                continue
            two = places[field.swapped_with]
            best = [len(self.fields[place].near) for place in (one, two)]
            for number, (i, j) in enumerate(pairs):
                mine = left[one][i], left[two][i]
                if (
                    all(mine)
                    and mine == (right[two][j], right[one][j])
                    and found[one][number] <= best[0]
                    and found[two][number] <= best[1]
                ):
                    found[one][number], found[two][number] = best
                    swaps |= {(number, one), (number, two)}
        return swaps
