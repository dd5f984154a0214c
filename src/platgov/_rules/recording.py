"""Writes down the facts that a rule set reads, quickly where nothing is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from platgov._conditions.engine import build
from platgov._conditions.loading import Loading
from platgov._facts.reading import observe_paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from platgov._facts.schema import FactType, Schema

__all__ = ["Recorder", "gaps"]

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
                # A number that JSON readers may round is written another way.
                number = f"(type(v{place}) is int or type(v{place}) is float)"
                lines.append(f"if {number} and not -{_EXACT} <= v{place} <= {_EXACT}: bad |= {1 << place}")
        entries = ", ".join(f"{name!r}: v{place}" for place, (_, name, _) in enumerate(self.names))
        self.load = build(loading, [*lines, f"return bad, {{{entries}}}"])

    def record(self, event: dict[str, Any]) -> dict[str, Any]:
        """Give the record of an event: the facts by dotted name, absent ones left out."""
        bad, record = self.load(event)
        closer = self.slow
        if bad:
            for bit, name, path in self.names:
                if bad & bit:
                    del record[name]
                    closer = (*closer, path)
        if closer:
            record.update(observe_paths(self.schema, event, closer).record(closer))
        return cast("dict[str, Any]", record)


def gaps(record: Mapping[str, Any], name: str, kind: FactType) -> Iterator[tuple[str, str]]:
    """Give the places of a recorded fact without a usable value, each with why: ``("tags[3]", "null")``.

    Told from the record alone: two events with one fingerprint lack the same facts.
    """
    if name not in record:
        yield name, "absent"
    else:
        yield from _gaps(record[name], name, kind)


def _gaps(value: Any, name: str, kind: FactType) -> Iterator[tuple[str, str]]:
    if value is None:
        yield name, "null"
    elif type(value) is dict and "$unusable" in value:
        yield name, value["$unusable"]
    elif type(value) is dict:
        for field in kind.fields:
            for place, why in gaps(value, field.name, field.type):
                yield f"{name}.{place}", why
    elif type(value) is list and kind.item is not None:
        for number, item in enumerate(value):
            yield from _gaps(item, f"{name}[{number}]", kind.item)
