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
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from platgov._conditions.atoms import Path, View
    from platgov._facts.schema import Field, Schema

__all__ = ["Loading", "Steps"]

_SMALL: Final = 2**30 - 1
"""Whole numbers up to this, both ways, fit one machine word inside Python and compare faster."""

_EXACT: Final = 2**53
"""Whole numbers up to this, both ways, are floats without rounding."""

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


@attrs.frozen
class Steps:
    """What an engine does with a fact as soon as it is loaded: lines of code.

    Attributes:
        usable: Run if the fact is usable.
        lacking: Run if it is absent, null or unusable.
        after: Run in any case.
    """

    usable: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


_NO_STEPS: Final = Steps()


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

    def lines(
        self,
        *,
        instance: bool,
        order: Sequence[Path] | None = None,
        steps: Mapping[Path | View, Steps] | None = None,
    ) -> list[str]:
        """Give the lines that load an event called ``e``.

        Args:
            instance: Whether it is an instance of the facts class instead of a dict.
            order: The facts in the order in which to load them; None is that of their slots.
            steps: What to do with each fact, or folded text.
        """
        self.scope.update(UNKNOWN=UNKNOWN, fold=fold, inside=_inside)
        steps = steps or {}
        lines = ["bad = 0"] if instance else ["bad = 0", "g = e.get"]
        for path in self.paths if order is None else order:
            place, field = self.paths.index(path), self.schema.at(path)
            if field is None:
                raise KeyError(path)
            self.scope[f"slow{place}"] = _slow(field)
            lines += self._fact(place, path, field, steps.get(path, _NO_STEPS), instance=instance)
        for place, view in enumerate(self.views):
            step = steps.get(view, _NO_STEPS)
            lacking = (f"bad |= {self.bit(view)}", *step.lacking)
            lines += [f"t{place} = fold({self.variable(view.path)})", f"if t{place} is UNKNOWN:", *_indented(lacking)]
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

    def _fact(self, place: int, path: Path, field: Field, step: Steps, *, instance: bool) -> list[str]:
        name = f"v{place}"
        usable, lacking = step.usable, _indented((f"bad |= {1 << place}", *step.lacking))
        lines = [f"{name} = {self._raw(path, instance=instance)}"]
        if instance and field.type.kind in ("int", "float", "bool", "text"):  # checked when it was made
            lines += [f"if {name} is None:", *lacking, *(("else:", *_indented(usable)) if usable else ())]
            return [*lines, *step.after]
        if field.type.kind == "float":  # JSON writes 1.0 as 1
            lines += [f"if type({name}) is int and {-_EXACT} <= {name} <= {_EXACT}: {name} = float({name})"]
        quick = self._usable(place, name, field)
        lines += [f"if {quick}:", *_indented(usable or ("pass",))] if quick else []
        # Most facts that fail the quick test are just missing, and need no reader to say so.
        lines += [f"{'elif' if quick else 'if'} {name} is None:", *lacking]
        careful = [f"{name} = slow{place}({name})", f"if {name} is None or {name} is UNKNOWN:", *lacking]
        careful += ["else:", *_indented(usable)] if usable else []
        return [*lines, "else:", *_indented(careful), *step.after]

    def _usable(self, place: int, name: str, field: Field) -> str:
        """Give the quick test that a value needs no closer look; empty if there is none."""
        match field.type.kind:
            case "int":
                low = INT_MIN if field.ge is None else field.ge
                high = INT_MAX if field.le is None else field.le
                small = f"{name} >= {max(low, -_SMALL)!r} and {name} <= {min(high, _SMALL)!r}"
                if low >= -_SMALL and high <= _SMALL:
                    return f"type({name}) is int and {small}"
                return f"type({name}) is int and ({small} or {low!r} <= {name} <= {high!r})"
            case "float":
                low = _as_float(-_LARGEST if field.ge is None else max(field.ge, -_LARGEST))
                high = _as_float(_LARGEST if field.le is None else min(field.le, _LARGEST))
                return f"type({name}) is float and {name} >= {low!r} and {name} <= {high!r}"
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


def _as_float(value: float) -> float:
    """Write a whole number as a float, which Python compares with floats faster, if that is exact."""
    return float(value) if float(value) == value else value


def _indented(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple([f" {line}" for line in lines])
