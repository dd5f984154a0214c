"""The values at which rules may change their mind: what conditions compare with, and what code mentions."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._conditions.evaluate import fact_paths
from platgov._conditions.tree import Binary, Call, Each, Literal, Node, children, walk
from platgov._rules.rule import ConditionRule, Rule
from platgov._rules.ruleset import RuleSet

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Constants", "constants_of"]

Path = tuple[str, ...]
_DEPTH: Final = 4
_MOST: Final = 400


@attrs.frozen
class Constants:
    """Constants of rules.

    Attributes:
        by_path: What conditions compare each fact with.
        anywhere: What code mentions; which fact it is about is not known.
    """

    by_path: dict[Path, frozenset[Any]] = attrs.field(factory=dict)
    anywhere: tuple[Any, ...] = ()

    def of(self, path: Path) -> tuple[Any, ...]:
        """Give what may matter for a fact, in an order that does not depend on chance."""
        own = sorted(self.by_path.get(path, ()), key=lambda value: (type(value).__name__, repr(value)))
        return tuple(dict.fromkeys([*own, *self.anywhere]))

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text among them."""
        found = [value for values in self.by_path.values() for value in values]
        return tuple(sorted({value for value in (*found, *self.anywhere) if isinstance(value, str)}))


def constants_of(target: Any) -> Constants:
    """Collect the constants of a rule set, a rule, or a function."""
    if isinstance(target, RuleSet):
        by_path: dict[Path, set[Any]] = {}
        anywhere: dict[Any, None] = {}
        for rule in target.rules:
            if isinstance(rule, ConditionRule):
                for path, value in _compared(rule.when.node):
                    by_path.setdefault(path, set()).add(value)
            else:
                anywhere.update(dict.fromkeys(_of_rule(rule)))
        return Constants({path: frozenset(values) for path, values in by_path.items()}, tuple(anywhere)[:_MOST])
    return Constants({}, tuple(dict.fromkeys(_of_code(target)))[:_MOST])


def _compared(node: Node) -> Iterator[tuple[Path, Any]]:
    """Give the literals of each test with the facts that it reads."""
    for part in walk(node):
        if isinstance(part, Binary | Call | Each):
            literals = [
                inner.value for inner in walk(part) if isinstance(inner, Literal) and type(inner.value) in _PLAIN
            ]
            if literals and not any(isinstance(child, Binary) and child.op in ("&&", "||") for child in children(part)):
                for path in fact_paths(part):
                    for value in literals:
                        yield path, value


_PLAIN: Final = (int, float, str)


def _of_rule(rule: Rule[Any]) -> Iterator[Any]:
    yield from _of_code(rule.match)
    for field in attrs.fields(type(rule)):
        if field.name not in ("id", "clause", "category", "says", "why", "version", "measures", "withhold"):
            yield from _plain(getattr(rule, field.name))


def _of_code(target: Any, depth: int = _DEPTH, seen: set[int] | None = None) -> Iterator[Any]:
    """Give constants of a function: its own, and those of what it names in its module."""
    seen = set() if seen is None else seen
    function = getattr(target, "__func__", getattr(target, "__wrapped__", target))
    if isinstance(target, types.MethodType):
        yield from _state(target.__self__)
    if not isinstance(function, types.FunctionType):
        function = getattr(type(target), "__call__", None)  # noqa: B004 - the code behind it is wanted
        yield from _state(target)
    if not isinstance(function, types.FunctionType) or id(function) in seen or depth == 0:
        return
    seen.add(id(function))
    yield from _of_code_object(function.__code__)
    for cell in function.__closure__ or ():
        try:
            inside = cell.cell_contents
        except ValueError:  # not filled yet
            continue
        yield from _plain(inside)
        if isinstance(inside, types.FunctionType):
            yield from _of_code(inside, depth - 1, seen)
    for value in [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]:
        yield from _plain(value)
    for name in _names(function.__code__):
        value = function.__globals__.get(name)
        if isinstance(value, types.FunctionType) and value.__module__ == function.__module__:
            yield from _of_code(value, depth - 1, seen)
        else:
            yield from _plain(value)


def _state(target: Any) -> Iterator[Any]:
    for value in getattr(target, "__dict__", {}).values():
        yield from _plain(value)


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _names(inner)


def _of_code_object(code: types.CodeType) -> Iterator[Any]:
    for place, value in enumerate(code.co_consts):
        if isinstance(value, types.CodeType):
            yield from _of_code_object(value)
        elif place or " " not in str(value):  # the first one may be the docstring
            yield from _plain(value)


def _plain(value: Any, depth: int = 3) -> Iterator[Any]:
    if type(value) in _PLAIN:
        if not isinstance(value, str) or len(value) <= 80:
            yield value
    elif depth and isinstance(value, Mapping):
        for key, item in value.items():
            yield from _plain(key, depth - 1)
            yield from _plain(item, depth - 1)
    elif depth and isinstance(value, list | tuple | set | frozenset):
        # Sets last in a fixed order: their own depends on the hash seed.
        items = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
        for item in items:
            yield from _plain(item, depth - 1)
