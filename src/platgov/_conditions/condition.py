"""A condition as a value: text, JSON, digest, check and evaluation."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from platgov._conditions.check import check_node
from platgov._conditions.evaluate import compile_node, fact_paths, new_frame, slots_of, to_python
from platgov._conditions.parser import parse_text
from platgov._conditions.printer import to_text
from platgov._conditions.tree import Node, Unary, combine, from_json, to_json, tree_digest
from platgov._conditions.values import UNKNOWN, UInt, to_key
from platgov._conditions.wellformed import check_tree
from platgov._facts.reading import Observed, Reader, observe
from platgov._facts.schema import FactType, Schema
from platgov._limits import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Condition", "parse"]


class Condition:
    """An immutable condition (or any expression) over facts.

    Two conditions are equal when their trees are, however they were written. ``&``, ``|`` and
    ``~`` combine conditions; ``and``, ``or`` and ``not`` cannot be overloaded and are refused.
    """

    __slots__ = ("_digest", "_run", "node")
    node: Node
    _digest: str | None
    _run: Callable[[Callable[[tuple[str, ...]], Any]], Any] | None

    def __init__(self, node: Node) -> None:
        object.__setattr__(self, "node", check_tree(node))
        object.__setattr__(self, "_digest", None)
        object.__setattr__(self, "_run", None)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a condition is immutable; {name} cannot be set")

    def __reduce__(self) -> tuple[Any, ...]:
        return (Condition, (self.node,))

    def __repr__(self) -> str:
        return f"parse({self.text!r})"

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return self.node == other.node if isinstance(other, Condition) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.node)

    def __bool__(self) -> bool:
        raise TypeError("a condition has no truth value until facts are given; combine with & | ~, use evaluate()")

    def __and__(self, other: Any) -> Condition:
        return Condition(combine("&&", self.node, _node(other)))

    def __rand__(self, other: Any) -> Condition:
        return Condition(combine("&&", _node(other), self.node))

    def __or__(self, other: Any) -> Condition:
        return Condition(combine("||", self.node, _node(other)))

    def __ror__(self, other: Any) -> Condition:
        return Condition(combine("||", _node(other), self.node))

    def __invert__(self) -> Condition:
        return Condition(Unary("!", self.node))

    @property
    def text(self) -> str:
        """CEL text that parses back to this condition."""
        return to_text(self.node)

    @property
    def digest(self) -> str:
        """Content address: equal for equal conditions."""
        found = self._digest
        if found is None:
            found = tree_digest(self.node)
            object.__setattr__(self, "_digest", found)
        return found

    @property
    def paths(self) -> tuple[tuple[str, ...], ...]:
        """The facts it reads, as paths, sorted."""
        return fact_paths(self.node)

    @property
    def reads(self) -> frozenset[str]:
        """The facts it reads, as dotted names."""
        return frozenset(".".join(path) for path in self.paths)

    def to_json(self) -> dict[str, Any]:
        """Give the canonical JSON form."""
        return to_json(self.node)

    @staticmethod
    def from_json(data: Any) -> Condition:
        """Read the canonical JSON form.

        Raises:
            ConditionError: The data is no condition; names the place.
        """
        return Condition(from_json(data))

    def check(self, schema: Schema) -> FactType:
        """Hold the condition against declared facts.

        Returns:
            The type of its result.

        Raises:
            ConditionError: Everything that is wrong, each with position and suggestion.
        """
        return check_node(self.node, schema)

    def evaluate(self, facts: Any, schema: Schema | None = None) -> Any:
        """Evaluate on one event.

        Args:
            facts: A mapping from names to plain values, or an instance of a facts class.
            schema: Reads the facts by their declared types; without one, each value is
                taken as what it is.

        Returns:
            True, False or `UNKNOWN` for a condition; the value for another expression.
            Lists come back as ``list``, instants as `Timestamp`, spans as `Duration`.

        Raises:
            ConditionError: A pattern or an argument that can never work.
            InputError: ``facts`` is no event at all. Its contents never raise.
        """
        run = self._run
        if run is None:
            run = self._compiled()
            object.__setattr__(self, "_run", run)
        if schema is None and isinstance(facts, Mapping):
            return run(lambda path: _loose(facts, path))
        seen = facts if isinstance(facts, Observed) else observe(schema or Schema.from_class(type(facts)), facts)
        return run(seen.get)

    def _compiled(self) -> Callable[[Callable[[tuple[str, ...]], Any]], Any]:
        paths = self.paths
        function, variables = compile_node(self.node, slots_of(paths))
        return lambda get: to_python(function(new_frame(map(get, paths), variables)))


def parse(text: str) -> Condition:
    """Read a condition, or any expression, from CEL text.

    Raises:
        ConditionError: The text is no condition; gives the offset and what was expected.
    """
    return Condition(parse_text(text))


def _node(value: Any) -> Node:
    from platgov._conditions.build import node_of  # noqa: PLC0415 - the two modules build each other's values

    return node_of(value)


def _loose(facts: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """Give the value at a path of facts whose types nobody declared."""
    value: Any = facts
    for name in path:
        if value is None:
            return None
        if not isinstance(value, Mapping):
            return UNKNOWN
        value = value.get(name)
    return loose_value(value)


def loose_value(value: Any, depth: int = 32) -> Any:
    """Read a plain value as what it is; what the language has no type for is UNKNOWN."""
    if isinstance(value, enum.Enum):
        value = value.value
    if value is None or type(value) is UInt:
        return value
    if depth == 0:
        return UNKNOWN
    if isinstance(value, Mapping):
        return {to_key(key): loose_value(item, depth - 1) for key, item in value.items() if to_key(key) is not UNKNOWN}
    if isinstance(value, list | tuple):
        return tuple([loose_value(item, depth - 1) for item in value])
    for accepted, kind in _LOOSE.items():
        if type(value) is accepted or (accepted in (dt.datetime, dt.timedelta) and isinstance(value, accepted)):
            return Reader(DEFAULT).value(kind, value, "$")
    return UNKNOWN


_LOOSE = {
    bool: FactType(kind="bool"),
    int: FactType(kind="int"),
    float: FactType(kind="float"),
    str: FactType(kind="text"),
    dt.datetime: FactType(kind="timestamp"),
    dt.timedelta: FactType(kind="duration"),
}
