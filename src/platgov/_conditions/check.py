"""Holds a condition against the facts it is meant for, before any event is seen.

Finds what could never be decided, or never means what it seems to: unknown facts,
comparisons of text with numbers, enum values that were not declared, patterns that do not
compile. Every finding has a position and, where one is close, the name that was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from platgov._conditions.evaluate import compile_node, fact_paths, is_folded, literal_value, slots_of
from platgov._conditions.functions import FUNCTIONS, TEXT_TESTS, fold
from platgov._conditions.instants import ZONED, read_duration, read_timestamp
from platgov._conditions.printer import to_text
from platgov._conditions.tree import (
    MACROS,
    Binary,
    Call,
    Choice,
    Each,
    Index,
    ListOf,
    Literal,
    Logic,
    MapOf,
    Name,
    Node,
    Select,
    Unary,
)
from platgov._conditions.values import NULL, UNKNOWN, UInt
from platgov._facts.schema import FactType, Schema, suggest
from platgov.errors import ConditionError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ANY", "check_node"]

ANY: Final = FactType(kind="struct")
"""A value of which nothing is known before it is seen."""

_BOOL, _TEXT, _INT, _FLOAT = (FactType(kind=kind) for kind in ("bool", "text", "int", "float"))
_TIMESTAMP, _DURATION = FactType(kind="timestamp"), FactType(kind="duration")
_NUMBERS: Final = frozenset({"int", "float"})
_RESULTS: Final = {
    "size": _INT, "int": _INT, "uint": _INT, "double": _FLOAT, "string": _TEXT, "bool": _BOOL,
    "timestamp": _TIMESTAMP, "duration": _DURATION,
}  # fmt: skip
_METHODS: Final = {*TEXT_TESTS, "matches", "folded", "size", *ZONED, *MACROS}


def check_node(node: Node, schema: Schema) -> FactType:
    """Check a tree against a schema.

    Returns:
        The type of its result; `ANY` where only an event can tell.

    Raises:
        ConditionError: Everything that is wrong with it.
    """
    checker = _Checker(schema)
    result = checker.type(node)
    if not checker.problems:
        checker.problems.extend(_uncompilable(node))
    if checker.problems:
        raise ConditionError("condition", tuple(checker.problems))
    return result


def _uncompilable(node: Node) -> Iterator[Problem]:
    try:
        compile_node(node, slots_of(fact_paths(node)))
    except ConditionError as error:
        yield from error.problems


def _is_any(kind: FactType) -> bool:
    return kind.kind == "struct" and not kind.fields


def _family(kind: FactType) -> str:
    """Give the kinds that compare with each other one name."""
    if kind.kind in _NUMBERS:
        return "number"
    return "text" if kind.kind == "enum" else kind.kind


def _called(kind: FactType) -> str:
    return {"int": "a whole number", "float": "a number", "bool": "true or false", "enum": "text"}.get(
        kind.kind, f"a {kind.kind}" if kind.kind != "text" else "text"
    )


class _Checker:
    """Walks a tree once; ``variables`` are those of the macros around the current node."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.problems: list[Problem] = []
        self.variables: dict[str, FactType] = {}

    def report(self, node: Node, message: str, code: str = "type") -> FactType:
        self.problems.append(Problem(message, code=code, position=node.at))
        return ANY

    def type(self, node: Node) -> FactType:
        match node:
            case Literal(value=value):
                return self.literal(node, value)
            case Name(name=name):
                return self.name(node, name)
            case Select(operand=operand, field=field):
                return self.select(node, self.type(operand), field)
            case Index(operand=operand, index=index):
                return self.index(node, self.type(operand), self.type(index))
            case Unary(op="!", operand=operand):
                return self.wants(operand, _BOOL, "'!'")
            case Unary(operand=operand):
                return self.number(operand, "'-'")
            case Binary():
                return self.binary(node)
            case Logic(op=op, operands=operands):
                for operand in operands:
                    self.wants(operand, _BOOL, f"'{op}'")
                return _BOOL
            case Choice(condition=condition, then=then, otherwise=otherwise):
                self.wants(condition, _BOOL, "'?'")
                first, second = self.type(then), self.type(otherwise)
                return first if first == second else ANY
            case Call():
                return self.call(node)
            case ListOf(items=items):
                return self.list_of(items)
            case MapOf(entries=entries):
                for pair in entries:
                    self.type(pair[0])
                    self.type(pair[1])
                return ANY
            case Each():
                return self.each(node)

    def literal(self, node: Node, value: object) -> FactType:
        if value is NULL:
            return self.report(node, "null has one use: x == null and x != null ask whether x was given", "null")
        kinds: dict[type, FactType] = {bool: _BOOL, str: _TEXT, float: _FLOAT, int: _INT, UInt: _INT}
        return kinds[type(value)]

    def name(self, node: Node, name: str) -> FactType:
        if name in self.variables:
            return self.variables[name]
        field = self.schema.at((name,))
        if field is None:
            known = [*self.variables, *(field.name for field in self.schema.fields)]
            return self.report(node, f"unknown fact {name!r}{suggest(name, known)}", "unknown_field")
        return field.type

    def select(self, node: Node, inside: FactType, field: str) -> FactType:
        if _is_any(inside):
            return ANY
        if inside.kind != "struct":
            return self.report(node, f"{_called(inside)} has no field {field!r}")
        found = inside.field(field)
        if found is None:
            names = [known.name for known in inside.fields]
            return self.report(node, f"unknown fact {field!r}{suggest(field, names)}", "unknown_field")
        return found.type

    def index(self, node: Node, inside: FactType, index: FactType) -> FactType:
        if inside.kind == "list":
            if index.kind not in _NUMBERS and not _is_any(index):
                self.report(node, f"a list is indexed by a whole number, not by {_called(index)}")
            return inside.item or ANY
        return ANY if _is_any(inside) else self.report(node, f"{_called(inside)} cannot be indexed")

    def wants(self, node: Node, wanted: FactType, who: str) -> FactType:
        found = self.type(node)
        if found.kind != wanted.kind and not _is_any(found):
            self.report(node, f"{who} works on {_called(wanted)}; {to_text(node)} is {_called(found)}")
        return wanted

    def number(self, node: Node, who: str) -> FactType:
        found = self.type(node)
        if found.kind not in _NUMBERS and not _is_any(found):
            return self.report(node, f"{who} works on numbers; {to_text(node)} is {_called(found)}")
        return found

    # -- operators -----------------------------------------------------------------------------

    def binary(self, node: Binary) -> FactType:
        if node.op in ("==", "!="):
            return self.equality(node)
        if node.op == "in":
            return self.membership(node)
        if node.op in ("<", "<=", ">", ">="):
            return self.ordering(node)
        return self.arithmetic(node)

    def equality(self, node: Binary) -> FactType:
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(other, Literal) and other.value is NULL:
                if not isinstance(side, Literal):
                    self.type(side)
                return _BOOL
        left, right = self.type(node.left), self.type(node.right)
        self.comparable(node, left, right)
        self.declared(left, node.right)
        self.declared(right, node.left)
        return _BOOL

    def comparable(self, node: Binary, left: FactType, right: FactType) -> None:
        if _is_any(left) or _is_any(right) or _family(left) == _family(right):
            return
        self.report(node, f"{_called(left)} and {_called(right)} never compare: {to_text(node)} could never be decided")

    def declared(self, kind: FactType, other: Node) -> None:
        """Refuse a literal that an enum fact, or an element of a list of them, can never equal."""
        if kind.kind == "list" and kind.item is not None:
            kind = kind.item
        if kind.kind != "enum":
            return
        values = literal_value(other)
        for value in values if type(values) is tuple else (values,):
            if type(value) is str and value not in kind.values:
                self.report(
                    other,
                    f"{value!r} is not declared{suggest(value, kind.values)}; declared are {', '.join(kind.values)}",
                    "undeclared",
                )

    def membership(self, node: Binary) -> FactType:
        left, right = self.type(node.left), self.type(node.right)
        if right.kind == "list":
            for item in self.listed(node.right, right):
                self.comparable(node, left, item)
            self.declared(left, node.right)
            if right.item is not None:
                self.declared(right.item, node.left)
        elif not _is_any(right):
            hint = "; for a part of a text write text.contains('x')" if right.kind == "text" else ""
            self.report(node, f"'in' looks into a list, and {to_text(node.right)} is {_called(right)}{hint}")
        return _BOOL

    def listed(self, node: Node, kind: FactType) -> list[FactType]:
        """Give the types of the elements of a list, one by one where it is written out."""
        if isinstance(node, ListOf):
            return [self.type(item) for item in node.items if not isinstance(item, Literal) or item.value is not NULL]
        return [] if kind.item is None else [kind.item]

    def ordering(self, node: Binary) -> FactType:
        left, right = self.type(node.left), self.type(node.right)
        for side, kind in ((node.left, left), (node.right, right)):
            if kind.kind in ("enum", "list") or (kind.kind == "struct" and kind.fields):
                self.report(node, f"{to_text(side)} has no order; use == or in")
                return _BOOL
        self.comparable(node, left, right)
        return _BOOL

    def arithmetic(self, node: Binary) -> FactType:
        left, right = self.type(node.left), self.type(node.right)
        unsigned = [isinstance(side, Literal) and type(side.value) is UInt for side in (node.left, node.right)]
        if unsigned[0] is not unsigned[1] and not _is_any(left) and not _is_any(right):
            return self.report(node, "an unsigned number is added to unsigned numbers only; leave out the u")
        if _is_any(left) or _is_any(right):
            return ANY
        kinds = (_family(left), _family(right))
        if kinds == ("number", "number"):
            whole = left.kind == right.kind == "int"
            if node.op == "%" and not whole:
                return self.report(node, "% works on whole numbers")
            return _INT if whole else _FLOAT
        if node.op == "+" and kinds[0] == kinds[1] and kinds[0] in ("text", "list", "duration"):
            return _TEXT if kinds[0] == "text" else left
        if node.op in "+-" and kinds == ("timestamp", "duration"):
            return _TIMESTAMP
        if node.op == "+" and kinds == ("duration", "timestamp"):
            return _TIMESTAMP
        if node.op == "-" and kinds[0] == kinds[1] and kinds[0] in ("timestamp", "duration"):
            return _DURATION
        return self.report(node, f"'{node.op}' does not work on {_called(left)} and {_called(right)}")

    def list_of(self, items: tuple[Node, ...]) -> FactType:
        kinds = [self.type(item) for item in items]
        families = {_family(kind) for kind in kinds}
        if len(families) == 1 and kinds and not _is_any(kinds[0]):
            item = kinds[0] if families != {"number"} or all(kind == kinds[0] for kind in kinds) else _FLOAT
            return FactType(kind="list", item=item)
        return FactType(kind="list", item=ANY)

    # -- calls ---------------------------------------------------------------------------------

    def call(self, node: Call) -> FactType:
        if node.target is None:
            return self.function(node)
        method, count = node.function, len(node.arguments)
        if method not in _METHODS:
            self.type(node.target)
            return self.report(node, f"no method {method}(){suggest(method, _METHODS)}", "unknown_function")
        expected = 0 if method in ("folded", "size") else 1
        if count != expected and not (method in ZONED and count <= 1):
            return self.report(
                node, f"{method}() takes {expected or 'no'} argument{'s' * (expected != 1)}, not {count}"
            )
        if method in ZONED:
            return self.part_of_time(node, node.target)
        target = self.type(node.target)
        if method == "size":
            return self.sized(node, target)
        if _family(target) != "text" and not _is_any(target):
            return self.report(node, f"{method}() works on text; {to_text(node.target)} is {_called(target)}")
        if method == "folded":
            return _TEXT
        return self.text_argument(node)

    def text_argument(self, node: Call) -> FactType:
        (argument,) = node.arguments
        found, listed = self.type(argument), node.function in ("containsAny", "containsWord")
        item = found.item if listed and found.kind == "list" and found.item is not None else found
        if _family(item) != "text" and not _is_any(item):
            wanted = "a list of texts" if node.function == "containsAny" else "text"
            self.report(node, f"{node.function}() takes {wanted}, not {_called(found)}")
            return _BOOL
        values = literal_value(argument)
        if is_folded(node.target):
            values = tuple(map(fold, values)) if type(values) is tuple else fold(values)
        if values == "" or (type(values) is tuple and ("" in values or not values)):
            self.report(argument, f"{node.function}() with an empty text would match every text", "empty")
        return _BOOL

    def function(self, node: Call) -> FactType:
        name = node.function
        if name == "has":
            if len(node.arguments) != 1 or not isinstance(node.arguments[0], Name | Select | Index):
                self.report(node, "has() asks for one fact or field: has(author.age_days)")
                return _BOOL
            self.type(node.arguments[0])
            return _BOOL
        if name not in FUNCTIONS:
            for argument in node.arguments:
                self.type(argument)
            known = (*FUNCTIONS, "has")
            return self.report(node, f"no function {name}(){suggest(name, known)}", "unknown_function")
        if len(node.arguments) != 1:
            return self.report(node, f"{name}() takes 1 argument, not {len(node.arguments)}")
        (argument,) = node.arguments
        found = self.type(argument)
        if name == "size":
            return self.sized(node, found)
        written = literal_value(argument)
        reads = {"timestamp": read_timestamp, "duration": read_duration}.get(name)
        if reads is not None and type(written) is str and reads(written) is UNKNOWN:
            example = "2026-01-31T08:00:00Z" if name == "timestamp" else "90s, 1h30m"
            self.report(argument, f"{written!r} is no {name}; write it like {example}")
        return _RESULTS[name]

    def sized(self, node: Call, found: FactType) -> FactType:
        if found.kind not in ("text", "list") and not _is_any(found):
            self.report(node, f"size() works on text and lists, not on {_called(found)}")
        return _INT

    def part_of_time(self, node: Call, target: Node) -> FactType:
        found = self.type(target)
        if found.kind not in ("timestamp", "duration") and not _is_any(found):
            self.report(node, f"{node.function}() works on an instant or a span, not on {_called(found)}")
        for argument in node.arguments:
            self.type(argument)
        return _INT

    def each(self, node: Each) -> FactType:
        found = self.type(node.over)
        if found.kind != "list" and not _is_any(found):
            return self.report(node, f"{node.macro}() walks a list; {to_text(node.over)} is {_called(found)}")
        if self.schema.at((node.variable,)) is not None or node.variable in self.variables:
            self.report(node, f"the variable {node.variable!r} hides a fact or variable of that name", "shadow")
        outer = self.variables
        self.variables = {**outer, node.variable: found.item or ANY}
        if node.test is not None:
            self.wants(node.test, _BOOL, f"{node.macro}()")
        if node.macro == "map":
            result = FactType(kind="list", item=self.type(node.body))
        else:
            self.wants(node.body, _BOOL, f"{node.macro}()")
            result = FactType(kind="list", item=found.item) if node.macro == "filter" else _BOOL
        self.variables = outer
        return result
