"""Writes the code that takes the facts of one event into local variables.

An engine is one generated Python function. Its first lines, written here, read each fact
once, check it against its declared type, and set a bit in ``bad`` for every fact that is
absent, null or unusable. Only trusted parts enter the text of the code: fact names (checked
to be identifiers) and numbers; everything else is reached through names in ``scope``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._conditions.functions import fold
from platgov._conditions.values import INT_MAX, INT_MIN, UNKNOWN
from platgov._facts.reading import Reader, as_dict
from platgov._limits import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from platgov._conditions.atoms import View
    from platgov._facts.schema import Field, Schema

__all__ = ["Loading"]

_LARGEST: Final = 9.2e18
"""Numbers beyond this take the slow road, where the exact bound of 64 bits is checked."""


class _Unusable:
    """Stands for a fact whose surroundings are unusable; no type check lets it through."""


_UNUSABLE: Final = _Unusable()


def _nothing(_: str) -> None:
    """Give no field: the fact around it is absent or null."""


def _unusable(_: str) -> _Unusable:
    """Give an unusable field: the fact around it is not an object."""
    return _UNUSABLE


def _inside(value: Any) -> Callable[[str], Any]:
    """Give what reads the fields of a nested fact that is no plain dict."""
    if value is None:
        return _nothing
    found = as_dict(value)
    return _unusable if found is None else found.get


def _slow(field: Field) -> Callable[[Any], Any]:
    """Give the full reader of one fact: a usable value, None or UNKNOWN."""

    def read(value: Any) -> Any:
        reader = Reader(DEFAULT)
        return reader.in_range(field, reader.value(field.type, value, ""), "")

    return read


@attrs.define
class Loading:
    """The facts an engine needs, and the lines that load them.

    Attributes:
        schema: Where types come from.
        paths: The facts, in the order of their slots.
        views: Folded texts, computed after the facts.
        scope: Names that the generated code uses.
    """

    schema: Schema
    paths: tuple[tuple[str, ...], ...]
    views: tuple[View, ...]
    scope: dict[str, Any] = attrs.field(factory=dict)

    def variable(self, path: tuple[str, ...]) -> str:
        """Give the local variable of a fact."""
        return f"v{self.paths.index(path)}"

    def text(self, view: View) -> str:
        """Give the local variable of a text, folded or not."""
        return f"t{self.views.index(view)}" if view.folded else self.variable(view.path)

    def bit(self, item: tuple[str, ...] | View) -> int:
        """Give the bit of ``bad`` that says a fact or folded text is of no use."""
        if isinstance(item, tuple):
            return 1 << self.paths.index(item)
        return 1 << (len(self.paths) + self.views.index(item)) if item.folded else self.bit(item.path)

    def frame(self, variables: int) -> str:
        """Give the expression that lays out a frame for the general evaluator."""
        folded = ", ".join(f"{self.variable(view.path)}: {self.text(view)}" for view in self.views)
        facts = "".join(f", {self.variable(path)}" for path in self.paths)
        return f"[0, {{{folded}}}{facts}{', None' * variables}]"

    def lines(self, *, instance: bool) -> list[str]:
        """Give the lines that load an event called ``e``: a dict, or an instance of the facts class."""
        self.scope.update(UNKNOWN=UNKNOWN, fold=fold, inside=_inside)
        lines = ["bad = 0"] if instance else ["bad = 0", "g = e.get"]
        for place, path in enumerate(self.paths):
            field = self.schema.at(path)
            if field is None:
                raise KeyError(path)
            self.scope[f"slow{place}"] = _slow(field)
            lines += self._fact(place, path, field, instance=instance)
        for place, view in enumerate(self.views):
            source, bit = self.variable(view.path), self.bit(view)
            lines += [f"t{place} = fold({source})", f"if t{place} is UNKNOWN: bad |= {bit}"]
        nested = {path[:length] for path in self.paths for length in range(1, len(path))}
        return self._surroundings(sorted(nested), lines, instance=instance)

    def _surroundings(self, nested: Iterable[tuple[str, ...]], lines: list[str], *, instance: bool) -> list[str]:
        """Put the lines that open nested facts in front of those that read their fields."""
        opening = []
        for prefix in nested:
            value = self._raw(prefix, instance=instance)
            if instance:
                opening.append(f"{_opened(prefix)} = {value}")
            else:
                name = _opened(prefix)
                opening.append(f"{name} = {value}")
                opening.append(f"{name} = {name}.get if type({name}) is dict else inside({name})")
        head = 1 if instance else 2
        return [*lines[:head], *opening, *lines[head:]]

    def _raw(self, path: tuple[str, ...], *, instance: bool) -> str:
        """Give the expression of a value as the event has it."""
        *around, name = path
        if not around:
            return f"e.{name}" if instance else f"g({name!r})"
        opened = _opened(tuple(around))
        return f"(None if {opened} is None else {opened}.{name})" if instance else f"{opened}({name!r})"

    def _fact(self, place: int, path: tuple[str, ...], field: Field, *, instance: bool) -> list[str]:
        name, raw = f"v{place}", self._raw(path, instance=instance)
        if instance and field.type.kind in ("int", "float", "bool", "text"):
            return [f"{name} = {raw}", f"if {name} is None: bad |= {1 << place}"]  # checked when it was made
        usable = self._usable(place, name, field)
        check = f"if not ({usable}):" if usable else "if True:"
        return [
            f"{name} = {raw}",
            check,
            f" {name} = slow{place}({name})",
            f" if {name} is None or {name} is UNKNOWN: bad |= {1 << place}",
        ]

    def _usable(self, place: int, name: str, field: Field) -> str:
        """Give the quick test that a value needs no closer look; empty if there is none."""
        match field.type.kind:
            case "int":
                low = INT_MIN if field.ge is None else field.ge
                high = INT_MAX if field.le is None else field.le
                return f"type({name}) is int and {low!r} <= {name} <= {high!r}"
            case "float":
                low = -_LARGEST if field.ge is None else max(field.ge, -_LARGEST)
                high = _LARGEST if field.le is None else min(field.le, _LARGEST)
                return f"type({name}) is float and {low!r} <= {name} <= {high!r}"
            case "bool":
                return f"{name} is True or {name} is False"
            case "text":
                return f"type({name}) is str and {name}.isascii() and len({name}) <= {DEFAULT.text_bytes}"
            case "enum":
                self.scope[f"declared{place}"] = frozenset(field.type.values)
                return f"type({name}) is str and {name} in declared{place}"
        return ""


def _opened(prefix: tuple[str, ...]) -> str:
    return "o_" + "__".join(prefix)
