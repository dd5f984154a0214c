"""Reads the tests of conditions: which fact a test compares with which constants, or that nothing sees into it.

What a test makes of a value is not worked out here a second time: the evaluator is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import attrs

from platgov._conditions.evaluate import compile_node, fact_paths, new_frame, slots_of
from platgov._conditions.tree import Binary, Call, Choice, Literal, Logic, Name, Node, Select, Unary, path_of, walk
from platgov._conditions.values import NULL, Duration, Timestamp
from platgov._consistency.cells import seen
from platgov._consistency.texts import Need, need_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from platgov._consistency.cells import Path, Variable
    from platgov._facts.schema import Field, Schema

__all__ = ["Atom", "Reader", "Reading", "is_membership", "is_strict"]

_EXACT: Final = 2**53
_SPELT_OUT: Final = 8
"""Terms up to which ``containsAny`` is looked at term by term."""
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
_NUMBERS: Final = frozenset({"int", "float", "timestamp", "duration"})


class Reading(NamedTuple):
    """What is known of one test without knowing the others; the same for all worlds that have it."""

    number: int
    node: Node
    paths: tuple[Path, ...]
    fields: tuple[Field | None, ...]
    run: Callable[[list[Any]], Any]
    variables: int
    constants: tuple[Any, ...] | None
    """What a single fact is compared with; None if it is no such test."""
    sized: tuple[Node, Any] | None
    """The same test of the size of a fact as a test of a number, and the constant in it."""
    need: Need | None
    answers: dict[Any, Any]
    """What it says of each cell that was asked about so far."""


@attrs.define(eq=False)
class Atom:
    """One test of a condition in some worlds.

    Attributes:
        reading: The test.
        node: The same as it is asked: of a size, a test of a number.
        variable: Number of the variable that settles it.
        true: The cells in which it is true.
        false: The cells in which it is false.
        need: What it needs of a text, if it is a test that nothing sees into.
    """

    reading: Reading
    node: Node
    variable: int = -1
    true: int = 0
    false: int = 0
    need: Need | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """The facts that it reads."""
        return self.reading.paths

    def ask(self, get: Callable[[Path], Any]) -> Any:
        """Evaluate on what ``get`` gives for each fact."""
        return self.reading.run(new_frame(map(get, self.reading.paths), self.reading.variables))

    def on(self, value: Any) -> Any:
        """Evaluate a test of one fact on a value of it."""
        return self.reading.run(new_frame((value,), self.reading.variables))

    def of(self, variable: Variable, cell: Any) -> Any:
        """Evaluate on a cell of its only fact: what it says of one value there, it says of all."""
        answers = self.reading.answers
        found = answers.get(cell, answers)
        if found is answers:
            found = answers[cell] = self.on(seen(variable, cell, self.reading.fields[0]))
        return found


class Reader:
    """Reads tests, each once: many worlds are made of the same conditions."""

    def __init__(self) -> None:
        self._tests: dict[tuple[int, int], tuple[Node, Schema, tuple[Reading, ...]]] = {}
        self._readings: dict[tuple[Node, tuple[Field | None, ...]], Reading] = {}
        self._known: dict[tuple[int, int], tuple[Node, Schema, Reading]] = {}
        self._spelt: dict[int, tuple[Node, Node | None]] = {}

    def tests(self, node: Node, schema: Schema) -> tuple[Reading, ...]:
        """Give the tests of a condition."""
        key = (id(node), id(schema))
        found = self._tests.get(key)
        if found is None:
            tests = tuple(self.reading(test, schema) for test in self._within(node))
            # Node and schema are kept as well, lest their ids be used again.
            found = self._tests[key] = (node, schema, tests)
        return found[2]

    def reading(self, node: Node, schema: Schema) -> Reading:
        """Read one test; equal ones of facts that are declared alike are one."""
        place = (id(node), id(schema))
        known = self._known.get(place)
        if known is None:
            paths = fact_paths(node)
            fields = tuple(schema.at(path) for path in paths)
            key = (node, fields)
            found = self._readings.get(key)
            if found is None:
                found = self._readings[key] = _read(len(self._readings), node, paths, fields)
            known = self._known[place] = (node, schema, found)
        return known[2]

    def spelt(self, node: Node) -> Node | None:
        """Give a search for one of a few terms as one search per term; None for anything else."""
        known = self._spelt.get(id(node))
        if known is None:
            known = self._spelt[id(node)] = (node, _spelt_out(node))
        return known[1]

    def _within(self, node: Node) -> Iterable[Node]:
        match node:
            case Unary(op="!", operand=operand):
                yield from self._within(operand)
            case Logic(operands=parts):
                for part in parts:
                    yield from self._within(part)
            case Choice(condition=condition, then=then, otherwise=otherwise):
                for part in (condition, then, otherwise):
                    yield from self._within(part)
            case _:
                spelt = self.spelt(node)
                if spelt is None:
                    yield node
                else:
                    yield from self._within(spelt)


def _read(number: int, node: Node, paths: tuple[Path, ...], fields: tuple[Field | None, ...]) -> Reading:
    run, variables = compile_node(node, slots_of(paths))
    only = fields[0] if len(fields) == 1 else None
    constants = sized = need = None
    if only is not None:
        constants = _compared(node, paths[0], only)
        sized = None if constants is not None else _sized(node, paths[0], only)
        need = need_of(node) if only.type.kind == "text" else None
    if sized is not None:
        run, variables = compile_node(sized[0], {("size",): 2})
    return Reading(number, node, paths, fields, run, variables, constants, sized, need, {})


def _spelt_out(node: Node) -> Node | None:
    if not isinstance(node, Call) or node.function not in ("containsAny", "containsWord") or len(node.arguments) != 1:
        return None
    items = getattr(node.arguments[0], "items", ())
    if not 1 < len(items) <= _SPELT_OUT or not all(
        isinstance(item, Literal) and type(item.value) is str for item in items
    ):
        return None
    name = "contains" if node.function == "containsAny" else node.function
    return Logic("||", tuple(Call(name, node.target, (item,)) for item in items))


def _compared(node: Node, path: Path, field: Field) -> tuple[Any, ...] | None:
    """Give the constants between which a test of one fact does not change; None if there are no such."""
    kind = field.type.kind
    if isinstance(node, Call) and node.function == "has" and node.target is None:
        return () if path_of(node.arguments[0]) == path else None
    if kind in ("bool", "enum"):
        return ()
    if not isinstance(node, Binary) or node.op not in _COMPARISONS:
        return None
    for side, other in ((node.left, node.right), (node.right, node.left)):
        if path_of(side) != path or fact_paths(other):
            continue
        if node.op == "in" and side is node.right:
            return None
        value = compile_node(other, {})[0](new_frame((), 0))
        constants = value if type(value) is tuple and node.op == "in" else (value,)
        if value is NULL:
            return () if node.op in ("==", "!=") else None
        if kind == "text":
            return None if node.op not in ("==", "!=", "in") else tuple(item for item in constants if type(item) is str)
        if kind in _NUMBERS and all(map(_is_exact, constants)):
            return tuple(_plain(item) for item in constants if _fits(item, kind))
    return None


def _is_exact(value: Any) -> bool:
    return type(value) is not float or abs(value) < _EXACT


def _fits(value: Any, kind: str) -> bool:
    if kind == "timestamp":
        return type(value) is Timestamp
    if kind == "duration":
        return type(value) is Duration
    return isinstance(value, int | float) and type(value) is not bool


def _plain(value: Any) -> int | float:
    return value.ns if isinstance(value, Timestamp | Duration) else float(value) if type(value) is float else int(value)


def _sized(node: Node, path: Path, field: Field) -> tuple[Node, Any] | None:
    if not isinstance(node, Binary) or node.op not in _COMPARISONS - {"in"} or field.type.kind not in ("text", "list"):
        return None
    for side, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(side, Call) and side.function == "size" and isinstance(other, Literal):
            of = side.arguments[0] if side.target is None and side.arguments else side.target
            if of is not None and path_of(of) == path and type(other.value) in (int, float) and _is_exact(other.value):
                number = Name("size")
                left, right = (number, other) if side is node.left else (other, number)
                return Binary(node.op, left, right), other.value
    return None


def is_membership(atom: Atom) -> bool:
    """Tell whether a test asks for a written element of a list."""
    node = atom.node
    return (
        isinstance(node, Binary) and node.op == "in" and path_of(node.right) is not None and not fact_paths(node.left)
    )


def is_strict(node: Node) -> bool:
    """Tell whether a test is unknown as soon as one of its facts is of no use."""
    for part in walk(node):
        if isinstance(part, Literal | Name | Select) or (isinstance(part, Unary) and part.op == "-"):
            if isinstance(part, Literal) and part.value is NULL:
                return False
            continue
        if not (isinstance(part, Binary) and part.op != "in"):
            return False
    return True
