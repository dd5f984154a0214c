"""Writes down the facts that a rule set reads, quickly where nothing is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from platgov._conditions.engine import build
from platgov._conditions.loading import Loading
from platgov._facts.reading import Observed, observe_paths

if TYPE_CHECKING:
    from platgov._facts.schema import Schema

__all__ = ["Recorder"]

_PLAIN: Final = frozenset({"text", "int", "float", "bool", "enum"})
_EXACT: Final = 2**53 - 1


class Recorder:
    """Reads the facts at some paths of an event.

    Facts of plain types that are in order are taken as they are; the others, and those that
    are missing or unusable, go through the full reader. Either way the record is the same.
    """

    def __init__(self, schema: Schema, paths: tuple[tuple[str, ...], ...]) -> None:
        self.schema = schema
        plain: list[tuple[str, ...]] = []
        slow: list[tuple[str, ...]] = []
        for path in paths:
            field = schema.at(path)
            (plain if field is not None and field.type.kind in _PLAIN else slow).append(path)
        self.names = [(1 << place, ".".join(path), path) for place, path in enumerate(plain)]
        self.slow = tuple(slow)
        loading = Loading(schema, tuple(plain), ())
        lines = loading.lines(instance=False)
        for place, path in enumerate(plain):
            field = schema.at(path)
            if field is not None and field.type.kind in ("int", "float"):
                # A whole number that JSON readers may round is written another way.
                lines.append(f"if type(v{place}) is int and not -{_EXACT} <= v{place} <= {_EXACT}: bad |= {1 << place}")
        entries = ", ".join(f"{name!r}: v{place}" for place, (_, name, _) in enumerate(self.names))
        self.load = build(loading, [*lines, f"return bad, {{{entries}}}"])

    def record(self, event: dict[str, Any]) -> tuple[dict[str, Any], Observed]:
        """Give the record of an event, and what was seen of the facts that needed a closer look."""
        bad, record = self.load(event)
        closer = self.slow
        if bad:
            for bit, name, path in self.names:
                if bad & bit:
                    del record[name]
                    closer = (*closer, path)
        seen = observe_paths(self.schema, event, closer)
        if closer:
            record.update(seen.record(closer))
        return record, seen
