"""Turns a tree into a function of a frame: the meaning of every construct, in one place.

A frame is a list. ``frame[0]`` counts down the work left, ``frame[1]`` remembers folded
texts, and the slots after them hold the facts (and the variables of macros). The faster
engines of `platgov._conditions.engine` cover simple comparisons themselves and come here
for everything else.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from platgov import names
from platgov._conditions.functions import FUNCTIONS, TEXT_TESTS, fold, size
from platgov._conditions.instants import GETTERS, ZONED, zone
from platgov._conditions.macros import BUDGET, each_over, with_budget
from platgov._conditions.tree import (
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
    children,
    path_of,
)
from platgov._conditions.values import (
    NULL,
    UNKNOWN,
    UInt,
    add,
    divide,
    equal,
    from_key,
    member,
    multiply,
    negate,
    order,
    remainder,
    subtract,
    to_key,
)
from platgov._patterns import compile_pattern
from platgov.errors import ConditionError, PatternError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "BUDGET",
    "FIRST_SLOT",
    "Frame",
    "compile_node",
    "fact_paths",
    "is_folded",
    "literal_value",
    "new_frame",
    "slots_of",
    "to_python",
]

Frame = list[Any]

FIRST_SLOT: Final = 2
_UTC: dt.tzinfo = dt.UTC

_ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": remainder,
    "<": order("<"),
    "<=": order("<="),
    ">": order(">"),
    ">=": order(">="),
    "==": equal,
    "in": member,
}


def new_frame(values: Iterable[Any], variables: int = 0) -> Frame:
    """Lay out a frame: the facts in slot order, and room for the variables of macros."""
    return [BUDGET, {}, *values, *([None] * variables)]


def slots_of(paths: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], int]:
    """Give each fact its place in a frame."""
    return {path: place for place, path in enumerate(paths, FIRST_SLOT)}


def literal_value(node: Node) -> Any:
    """Give the value of a literal, or of a list of literals as a tuple; UNKNOWN for any other node."""
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, ListOf) and all(isinstance(item, Literal) for item in node.items):
        return tuple(literal_value(item) for item in node.items)
    return UNKNOWN


def fact_paths(node: Node) -> tuple[tuple[str, ...], ...]:
    """Give the facts that a tree reads, as paths, each once, sorted; macro variables are no facts."""
    found: set[tuple[str, ...]] = set()
    _collect(node, frozenset(), found)
    return tuple(sorted(found))


def _collect(node: Node, variables: frozenset[str], found: set[tuple[str, ...]]) -> None:
    path = path_of(node)
    if path is not None:
        if path[0] not in variables:
            found.add(path)
        return
    if isinstance(node, Each):
        _collect(node.over, variables, found)
        inside = variables | {node.variable}
        for part in (node.body, node.test):
            if part is not None:
                _collect(part, inside, found)
        return
    for below in children(node):
        _collect(below, variables, found)


def compile_node(node: Node, slots: dict[tuple[str, ...], int]) -> tuple[Callable[[Frame], Any], int]:
    """Compile a tree.

    Args:
        node: The tree.
        slots: Where in the frame each fact of `fact_paths` stands.

    Returns:
        The function, and how many slots for variables it needs after the last fact.

    Raises:
        ConditionError: A pattern, zone or argument list that can never work.
    """
    compiler = _Compiler(slots)
    return compiler.function(node), compiler.most_variables


class _Compiler:
    def __init__(self, slots: dict[tuple[str, ...], int]) -> None:
        self.slots = slots
        self.first_variable = FIRST_SLOT + len(slots)
        self.variables: dict[str, int] = {}
        self.depth = self.most_variables = 0  # macros inside each other

    def functions(self, nodes: Iterable[Node]) -> tuple[Callable[[Frame], Any], ...]:
        return tuple(self.function(node) for node in nodes)

    def function(self, node: Node) -> Callable[[Frame], Any]:
        path = path_of(node)
        if path is not None and path[0] not in self.variables:
            return _slot(self.slots[path])
        match node:
            case Literal(value=value):
                return lambda _: value
            case Name(name=name):
                return _slot(self.variables[name])
            case Select(operand=operand, field=field):
                return _select(self.function(operand), field)
            case Index(operand=operand, index=index):
                return _index(self.function(operand), self.function(index))
            case Unary(op="!", operand=operand):
                return _not(self.function(operand))
            case Unary(operand=operand):
                inner = self.function(operand)
                return lambda frame: negate(inner(frame))
            case Binary():
                return self.binary(node)
            case Logic(op=op, operands=operands):
                return _logic(self.functions(operands), decisive=op == "||")
            case Choice(condition=condition, then=then, otherwise=otherwise):
                return _choice(*self.functions((condition, then, otherwise)))
            case Call():
                return self.call(node)
            case ListOf(items=items):
                return _list(self.functions(items))
            case MapOf(entries=entries):
                return _map([(self.function(key), self.function(value)) for key, value in entries])
            case Each():
                return self.each(node)

    # -- comparisons ---------------------------------------------------------------------------

    def binary(self, node: Binary) -> Callable[[Frame], Any]:
        if node.op in ("==", "!="):
            return self.equality(node)
        left, right = self.sides(node) if node.op == "in" else self.functions((node.left, node.right))
        operation = _ARITHMETIC[node.op]
        if node.op != "+":
            return lambda frame: operation(left(frame), right(frame))

        def plus(frame: Frame) -> Any:
            value = operation(left(frame), right(frame))
            if type(value) is str or type(value) is tuple:
                frame[0] -= len(value) >> 6  # joining long values is work, too
            return value

        return plus

    def equality(self, node: Binary) -> Callable[[Frame], Any]:
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(other, Literal) and other.value is NULL and self.may_be_absent(side):
                inner, wanted = self.function(side), node.op == "=="
                return lambda frame: ((value := inner(frame)) is None or value is NULL) is wanted
        left, right = self.sides(node)
        if node.op == "==":
            return lambda frame: equal(left(frame), right(frame))

        def unequal(frame: Frame) -> Any:
            answer = equal(left(frame), right(frame))
            return answer if answer is UNKNOWN else not answer

        return unequal

    def may_be_absent(self, node: Node) -> bool:
        """Tell whether a node stands for something given, whose absence is a plain fact, not a failure."""
        while isinstance(node, Select | Index):
            node = node.operand
        return isinstance(node, Name)

    def sides(self, node: Binary) -> tuple[Callable[[Frame], Any], Callable[[Frame], Any]]:
        """Compile both sides; folded text is compared with the other side folded the same way."""
        left, right = self.function(node.left), self.function(node.right)
        if is_folded(node.left) and not is_folded(node.right):
            right = _folding(right)
        elif is_folded(node.right) and not is_folded(node.left):
            left = _folding(left)
        return left, right

    # -- calls ---------------------------------------------------------------------------------

    def call(self, node: Call) -> Callable[[Frame], Any]:
        name, target, arguments = node.function, node.target, node.arguments
        if target is None:
            if name == "has" and len(arguments) == 1:
                return self.has(node)
            if name in FUNCTIONS and len(arguments) == 1:
                apply, (argument,) = FUNCTIONS[name], self.functions(arguments)
                return lambda frame: apply(argument(frame))
            return lambda _: UNKNOWN  # no such function: `check` says so; alone it decides nothing
        if name == "matches" and len(arguments) == 1:
            return self.matches(node, target)
        if name in TEXT_TESTS and len(arguments) == 1:
            return self.text_test(TEXT_TESTS[name], target, arguments[0])
        inner = self.function(target)
        if name == "folded" and not arguments:
            return _fold(self.charged(inner, 3))
        if name == "size" and not arguments:
            return lambda frame: size(inner(frame))
        if name in ZONED and len(arguments) <= 1:
            return self.part_of_time(node, inner)
        return lambda _: UNKNOWN

    def has(self, node: Call) -> Callable[[Frame], Any]:
        (argument,) = node.arguments
        if not isinstance(argument, Name | Select | Index):
            raise _problem("has() asks for a fact or a field: has(author.age_days)", node)
        inner, given = self.function(argument), self.may_be_absent(argument)

        def present(frame: Frame) -> Any:
            value = inner(frame)
            return UNKNOWN if value is UNKNOWN and not given else value is not None

        return present

    def matches(self, node: Call, target: Node) -> Callable[[Frame], Any]:
        pattern = literal_value(node.arguments[0])
        if type(pattern) is not str:
            raise _problem("the pattern of matches() must be written out as text", node)
        try:
            search = compile_pattern(pattern, fold=names.fold if is_folded(target) else None).search
        except PatternError as error:
            problems = (
                Problem(f"pattern {pattern!r}: {problem.message}", code=problem.code, position=node.at)
                for problem in error.problems
            )
            raise ConditionError("condition", tuple(problems)) from error
        inner = self.charged(self.function(target), 1)

        def matched(frame: Frame) -> Any:
            value = inner(frame)
            return search(value) if type(value) is str else UNKNOWN

        return matched

    def text_test(self, test: Callable[[Any, Any], Any], target: Node, argument: Node) -> Callable[[Frame], Any]:
        text, other = self.charged(self.function(target), 8), self.function(argument)
        if is_folded(target) and not is_folded(argument):
            other = _folding(other)
        constant = literal_value(argument)
        if constant is UNKNOWN:
            return lambda frame: test(text(frame), other(frame))
        fixed = other(new_frame(()))
        return lambda frame: test(text(frame), fixed)

    def part_of_time(self, node: Call, inner: Callable[[Frame], Any]) -> Callable[[Frame], Any]:
        get, place = GETTERS[node.function], _UTC
        if node.arguments:
            name = literal_value(node.arguments[0])
            if type(name) is not str:
                raise _problem(f"the time zone of {node.function}() must be written out as text", node)
            found = zone(name)
            if found is None:
                raise _problem(f"no time zone {name!r}; use an IANA name or an offset such as +02:00", node)
            place = found
        return lambda frame: get(inner(frame), place)

    # -- macros --------------------------------------------------------------------------------

    def each(self, node: Each) -> Callable[[Frame], Any]:
        over = self.function(node.over)
        outer, slot = self.variables, self.first_variable + self.depth
        self.variables = {**outer, node.variable: slot}
        self.depth += 1
        self.most_variables = max(self.most_variables, self.depth)
        body = self.function(node.body)
        test = None if node.test is None else self.function(node.test)
        self.depth -= 1
        self.variables = outer
        run = each_over(node.macro, over, slot, body, test)
        return run if self.depth else with_budget(run)

    def charged(self, inner: Callable[[Frame], Any], shift: int) -> Callable[[Frame], Any]:
        """Inside a macro, let a step over a long text count for more than one."""
        if not self.depth:
            return inner

        def charge(frame: Frame) -> Any:
            value = inner(frame)
            if type(value) is str:
                frame[0] -= len(value) >> shift
            return value

        return charge


def _problem(message: str, node: Node) -> ConditionError:
    return ConditionError("condition", (Problem(message, code="argument", position=node.at),))


def is_folded(node: Node | None) -> bool:
    """Tell whether a node is a folded text; what it is compared with is folded, too."""
    return isinstance(node, Call) and node.function == "folded" and node.target is not None


def _slot(place: int) -> Callable[[Frame], Any]:
    return lambda frame: frame[place]


def _select(operand: Callable[[Frame], Any], field: str) -> Callable[[Frame], Any]:
    def select(frame: Frame) -> Any:
        value = operand(frame)
        if type(value) is dict:
            return value.get(field)
        return None if value is None else UNKNOWN

    return select


def _index(operand: Callable[[Frame], Any], index: Callable[[Frame], Any]) -> Callable[[Frame], Any]:
    def at(frame: Frame) -> Any:
        value, key = operand(frame), to_key(index(frame))
        if key is UNKNOWN:
            return UNKNOWN
        if type(value) is dict:
            return value.get(key)
        if type(value) is tuple and type(key) is int:
            return value[key] if 0 <= key < len(value) else None
        return None if value is None else UNKNOWN

    return at


def _not(operand: Callable[[Frame], Any]) -> Callable[[Frame], Any]:
    def negated(frame: Frame) -> Any:
        value = operand(frame)
        return False if value is True else True if value is False else UNKNOWN

    return negated


def _logic(operands: tuple[Callable[[Frame], Any], ...], *, decisive: bool) -> Callable[[Frame], Any]:
    """Join operands: one decisive answer settles it, wherever it stands; else any unknown does."""

    def joined(frame: Frame) -> Any:
        result: Any = not decisive
        for operand in operands:
            value = operand(frame)
            if value is decisive:
                return decisive
            if value is not result:
                result = UNKNOWN
        return result

    return joined


def _choice(
    condition: Callable[[Frame], Any], then: Callable[[Frame], Any], otherwise: Callable[[Frame], Any]
) -> Callable[[Frame], Any]:
    def chosen(frame: Frame) -> Any:
        value = condition(frame)
        return then(frame) if value is True else otherwise(frame) if value is False else UNKNOWN

    return chosen


def _list(items: tuple[Callable[[Frame], Any], ...]) -> Callable[[Frame], Any]:
    return lambda frame: tuple([item(frame) for item in items])


def _map(entries: list[tuple[Callable[[Frame], Any], Callable[[Frame], Any]]]) -> Callable[[Frame], Any]:
    def build(frame: Frame) -> Any:
        result: dict[Any, Any] = {}
        for key_of, value_of in entries:
            key = to_key(key_of(frame))
            if key is UNKNOWN or key in result:
                return UNKNOWN
            result[key] = value_of(frame)
        return result

    return build


def _fold(inner: Callable[[Frame], Any]) -> Callable[[Frame], Any]:
    def folded(frame: Frame) -> Any:
        value = inner(frame)
        if type(value) is not str:
            return UNKNOWN
        known = frame[1].get(value)
        if known is None:
            known = frame[1][value] = fold(value)
        return known

    return folded


def _folding(inner: Callable[[Frame], Any]) -> Callable[[Frame], Any]:
    """Fold a text, or each text of a list."""

    def folded(frame: Frame) -> Any:
        value = inner(frame)
        return tuple(map(fold, value)) if type(value) is tuple else fold(value)

    return folded


def to_python(value: Any) -> Any:
    """Give a result as plain Python: lists as ``list``, maps as ``dict``, written null as None."""
    if value is None:
        return UNKNOWN
    if value is NULL:
        return None
    if type(value) is tuple:
        return [to_python(item) for item in value]
    if type(value) is dict:
        return {from_key(key): to_python(item) for key, item in value.items()}
    return int(value) if type(value) is UInt else value
