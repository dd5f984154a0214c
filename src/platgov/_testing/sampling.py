"""Events to try rules on: at the edges of what they compare, and otherwise ordinary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from platgov._testing.domains import ABSENT, Domains, leaves, with_value

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from platgov._facts.schema import Schema
    from platgov._testing.constants import Constants, Path

__all__ = ["Sampler"]

_EDGES: Final = 0.5
_LEFT_OUT: Final = 0.15


class Sampler:
    """Draws events of a schema.

    Attributes:
        seeds: Events to start from, such as those of a witness suite: what they state is kept,
            the rest is drawn. Each is an event and the facts that it speaks of.
    """

    def __init__(
        self, schema: Schema, constants: Constants, seeds: Sequence[tuple[dict[str, Any], frozenset[Path]]] = ()
    ) -> None:
        self.schema, self.domains, self.seeds = schema, Domains(schema, constants), tuple(seeds)
        self.leaves = tuple(leaves(schema))

    def event(self, rng: random.Random, *, place: int | None = None) -> dict[str, Any]:
        """Draw one complete event; with ``place``, from the start that has this number."""
        bias = rng.choice((0.0, _EDGES, _EDGES, 0.9))
        event: dict[str, Any] = {}
        for path, field in self.leaves:
            edges = self.domains.edges(path)
            if field.optional and rng.random() < _LEFT_OUT:
                continue
            if edges and rng.random() < bias:
                value = rng.choice(edges)
            else:
                value = self.domains.plain(field.type, field, rng, path)
            event = with_value(event, path, value)
        if place is not None and self.seeds:
            start, reads = self.seeds[place % len(self.seeds)]
            event = overlaid(event, start, reads)
        return event

    def events(self, rng: random.Random, count: int) -> list[dict[str, Any]]:
        """Draw events: half of them from the starts, if there are any."""
        starts = rng.sample(range(len(self.seeds)), len(self.seeds)) if self.seeds else []
        return [
            self.event(rng, place=starts[number // 2 % len(starts)] if starts and number % 2 == 0 else None)
            for number in range(count)
        ]

    def others(self, path: Path, value: Any, rng: random.Random, count: int) -> list[Any]:
        """Give other values of a fact than one: those at the edges first, then ordinary ones."""
        field = self.schema.at(path)
        if field is None:
            return []
        edges = list(self.domains.edges(path))
        rng.shuffle(edges)
        found = [other for other in edges if _differs(other, value)][: count // 2 or 1]
        for _ in range(4 * count):
            if len(found) >= count:
                break
            other = self.domains.plain(field.type, field, rng, path)
            if _differs(other, value) and all(_differs(other, known) for known in found):
                found.append(other)
        return found


def _differs(one: Any, other: Any) -> bool:
    return type(one) is not type(other) or bool(one != other)


def overlaid(event: dict[str, Any], start: dict[str, Any], reads: frozenset[Path]) -> dict[str, Any]:
    """Set the facts that are read as another event has them, absent ones included."""
    for path in sorted(reads):
        inside: Any = start
        for name in path:
            inside = inside.get(name, ABSENT) if type(inside) is dict else inside
            if inside is ABSENT or inside is None:
                break
        event = with_value(event, path, inside)
    return event
