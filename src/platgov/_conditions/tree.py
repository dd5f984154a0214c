"""The one form in which a condition is kept: an immutable tree, as JSON and with a digest.

Python operators, CEL text and JSON are three ways to write the same tree, so they meet
here: the small functions (`all_of`, `negative`, ...) that build nodes settle every choice
that two ways of writing could make differently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs

from platgov._canonical import digest
from platgov._conditions.values import INT_MAX, INT_MIN, NULL, UINT_MAX, Null, UInt
from platgov.errors import ConditionError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "COMPARISONS",
    "MACROS",
    "MAX_DEPTH",
    "Binary",
    "Call",
    "Choice",
    "Each",
    "Index",
    "ListOf",
    "Literal",
    "Logic",
    "MapOf",
    "Name",
    "Node",
    "Select",
    "Unary",
    "children",
    "combine",
    "from_json",
    "negative",
    "path_of",
    "rewrite",
    "to_json",
    "tree_digest",
    "walk",
]

MAX_DEPTH: Final = 128
"""Levels of one tree. Brackets may nest 32 deep; chains such as ``a + b + c`` add one level each."""

COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
ARITHMETIC: Final = frozenset({"+", "-", "*", "/", "%"})
MACROS: Final = frozenset({"exists", "all", "exists_one", "map", "filter"})


def _position() -> Any:
    """Offset in the text it was written in; no part of what the node means."""
    return attrs.field(default=None, eq=False, repr=False, kw_only=True)


@attrs.frozen
class Literal:
    """A value written out: true, 3, 3u, 0.5, 'text' or null."""

    value: bool | int | float | str | Null
    at: int | None = _position()

    def __eq__(self, other: object) -> bool:
        if type(other) is not Literal:
            return NotImplemented
        return type(self.value) is type(other.value) and self.value == other.value  # 1, 1.0 and true are three

    def __hash__(self) -> int:
        return hash((type(self.value).__name__, self.value if self.value is not NULL else None))


@attrs.frozen
class Name:
    """A fact, or the variable of an enclosing `Each`."""

    name: str
    at: int | None = _position()


@attrs.frozen
class Select:
    """A field of a nested fact or a text key of a map: ``author.age_days``."""

    operand: Node
    field: str
    at: int | None = _position()


@attrs.frozen
class Index:
    """An element of a list by position or of a map by key: ``tags[0]``."""

    operand: Node
    index: Node
    at: int | None = _position()


@attrs.frozen
class Unary:
    """``!x`` or ``-x``."""

    op: str
    operand: Node
    at: int | None = _position()


@attrs.frozen
class Binary:
    """A comparison, membership test or arithmetic on two operands."""

    op: str
    left: Node
    right: Node
    at: int | None = _position()


@attrs.frozen
class Logic:
    """``&&`` or ``||`` over two or more operands, whose order has no meaning."""

    op: str
    operands: tuple[Node, ...]
    at: int | None = _position()


@attrs.frozen
class Choice:
    """``condition ? then : otherwise``."""

    condition: Node
    then: Node
    otherwise: Node
    at: int | None = _position()


@attrs.frozen
class Call:
    """A function or, with a target, a method: ``size(x)``, ``text.contains('x')``."""

    function: str
    target: Node | None
    arguments: tuple[Node, ...]
    at: int | None = _position()


@attrs.frozen
class ListOf:
    """A list written out."""

    items: tuple[Node, ...]
    at: int | None = _position()


@attrs.frozen
class MapOf:
    """A map written out, as pairs."""

    entries: tuple[tuple[Node, Node], ...]
    at: int | None = _position()


@attrs.frozen
class Each:
    """A macro over the elements of a list (or the keys of a map): ``tags.exists(t, t == 'x')``.

    Attributes:
        macro: One of `MACROS`.
        over: What is walked.
        variable: The name an element has inside ``body``.
        body: The test, or for ``map`` the result.
        test: Only for ``map`` with three arguments: which elements take part.
    """

    macro: str
    over: Node
    variable: str
    body: Node
    test: Node | None = None
    at: int | None = _position()


Node: TypeAlias = Literal | Name | Select | Index | Unary | Binary | Logic | Choice | Call | ListOf | MapOf | Each


# -- building ----------------------------------------------------------------------------------


def combine(op: str, *operands: Node, at: int | None = None) -> Node:
    """Join with ``&&`` or ``||``; joins of the same kind melt into one, so grouping has no meaning."""
    flat: list[Node] = []
    for operand in operands:
        flat.extend(operand.operands if isinstance(operand, Logic) and operand.op == op else (operand,))
    return Logic(op, tuple(flat), at=at)


def negative(operand: Node, *, at: int | None = None) -> Node:
    """Give ``-operand``; a written number becomes the negative number itself."""
    if isinstance(operand, Literal) and type(operand.value) in (int, float) and not _has_sign(operand.value):
        return Literal(-operand.value or 0 * operand.value, at=at)  # type: ignore[operator]
    return Unary("-", operand, at=at)


def _has_sign(value: Any) -> bool:
    return bool(value < 0)


# -- walking -----------------------------------------------------------------------------------


def children(node: Node) -> tuple[Node, ...]:
    """Give the operands of a node, left to right."""
    match node:
        case Literal() | Name():
            return ()
        case Select(operand=operand) | Unary(operand=operand):
            return (operand,)
        case Index(operand=operand, index=index):
            return (operand, index)
        case Binary(left=left, right=right):
            return (left, right)
        case Logic(operands=operands):
            return operands
        case Choice(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case Call(target=target, arguments=arguments):
            return arguments if target is None else (target, *arguments)
        case ListOf(items=items):
            return items
        case MapOf(entries=entries):
            return tuple(node for pair in entries for node in pair)
        case Each(over=over, body=body, test=test):
            return (over, body) if test is None else (over, test, body)


def walk(node: Node) -> Iterator[Node]:
    """Give the node and everything below it."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(children(current)))


def rewrite(node: Node, change: Callable[[Node], Node | None]) -> Node:
    """Give the tree with some nodes replaced, from the root down; ``change`` gives None to keep one."""
    changed = change(node)
    if changed is not None:
        return changed

    def below(inner: Node) -> Node:
        return rewrite(inner, change)

    match node:
        case Literal() | Name():
            return node
        case Select() | Unary():
            return attrs.evolve(node, operand=below(node.operand))
        case Index():
            return attrs.evolve(node, operand=below(node.operand), index=below(node.index))
        case Binary():
            return attrs.evolve(node, left=below(node.left), right=below(node.right))
        case Logic():
            return attrs.evolve(node, operands=tuple(map(below, node.operands)))
        case Choice():
            return Choice(below(node.condition), below(node.then), below(node.otherwise), at=node.at)
        case Call():
            target = None if node.target is None else below(node.target)
            return attrs.evolve(node, target=target, arguments=tuple(map(below, node.arguments)))
        case ListOf():
            return attrs.evolve(node, items=tuple(map(below, node.items)))
        case MapOf():
            return attrs.evolve(node, entries=tuple((below(key), below(value)) for key, value in node.entries))
        case Each():
            test = None if node.test is None else below(node.test)
            return attrs.evolve(node, over=below(node.over), body=below(node.body), test=test)


def check_depth(node: Node) -> Node:
    """Give the node back, or refuse a tree deeper than `MAX_DEPTH`, before anything recurses into it."""
    level, layer = 0, [node]
    while layer:
        level += 1
        if level > MAX_DEPTH:
            raise ConditionError(
                "condition", (Problem(f"more than {MAX_DEPTH} levels deep; split it into several rules", code="depth"),)
            )
        layer = [below for above in layer for below in children(above)]
    return node


def path_of(node: Node) -> tuple[str, ...] | None:
    """Give ``('author', 'age_days')`` for ``author.age_days``; None if the node is no plain path."""
    parts: list[str] = []
    while isinstance(node, Select):
        parts.append(node.field)
        node = node.operand
    if not isinstance(node, Name):
        return None
    return (node.name, *reversed(parts))


# -- JSON --------------------------------------------------------------------------------------

_LITERALS: Final = {"bool": bool, "int": int, "uint": UInt, "float": float, "text": str}
_LITERAL_TAGS: Final = {kind: tag for tag, kind in _LITERALS.items()}
_LARGEST: Final = 1.7976931348623157e308
_EXACT: Final = 2**53 - 1
"""Whole numbers past this are written as text in JSON, where many readers would round them."""


def to_json(node: Node) -> dict[str, Any]:
    """Write a tree as JSON: every node is an object with exactly one key."""
    match node:
        case Literal(value=value):
            return _literal_to_json(value)
        case Name(name=name):
            return {"name": name}
        case Select(operand=operand, field=field):
            return {"select": [to_json(operand), field]}
        case Index(operand=operand, index=index):
            return {"index": [to_json(operand), to_json(index)]}
        case Unary(op=op, operand=operand):
            return {"not" if op == "!" else "negate": to_json(operand)}
        case Binary(op=op, left=left, right=right):
            return {op: [to_json(left), to_json(right)]}
        case Logic(op=op, operands=operands):
            return {op: [to_json(operand) for operand in operands]}
        case Choice(condition=condition, then=then, otherwise=otherwise):
            return {"if": [to_json(condition), to_json(then), to_json(otherwise)]}
        case Call(function=function, target=target, arguments=arguments):
            inside = [to_json(argument) for argument in arguments]
            if target is None:
                return {"call": [function, *inside]}
            return {"method": [function, to_json(target), *inside]}
        case ListOf(items=items):
            return {"list": [to_json(item) for item in items]}
        case MapOf(entries=entries):
            return {"entries": [[to_json(key), to_json(value)] for key, value in entries]}
        case Each(macro=macro, over=over, variable=variable, body=body, test=test):
            inner = [to_json(body)] if test is None else [to_json(test), to_json(body)]
            return {macro: [to_json(over), variable, *inner]}


def _literal_to_json(value: Any) -> dict[str, Any]:
    if value is NULL:
        return {"null": None}
    if isinstance(value, int) and not isinstance(value, bool):
        tag = "uint" if isinstance(value, UInt) else "int"
        return {tag: int(value) if abs(value) <= _EXACT else str(int(value))}
    return {_LITERAL_TAGS[type(value)]: value}


def from_json(data: Any) -> Node:
    """Read a tree that `to_json` wrote.

    Raises:
        ConditionError: The data is no such tree; names the place.
    """
    return check_depth(_Reader().node(data, "$", 0))


class _Reader:
    """Reads nodes; every failure names its JSON path."""

    def refuse(self, path: str, message: str) -> ConditionError:
        return ConditionError("condition as JSON", (Problem(message, path),))

    def node(self, data: Any, path: str, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self.refuse(path, f"more than {MAX_DEPTH} levels deep")
        if type(data) is not dict or len(data) != 1:
            raise self.refuse(path, "a node is an object with exactly one key, such as {'name': 'links'}")
        tag, body = next(iter(data.items()))
        inside = f"{path}.{tag}"
        if tag in _LITERALS or tag == "null":
            return self.literal(tag, body, inside)
        if tag == "name":
            return Name(self.word(body, inside))
        if tag in ("not", "negate"):
            operand = self.node(body, inside, depth + 1)
            return Unary("!", operand) if tag == "not" else negative(operand)
        if type(body) is not list:
            raise self.refuse(inside, "expected a list of operands")
        return self.operation(tag, body, inside, depth + 1)

    def literal(self, tag: str, body: Any, path: str) -> Literal:
        if tag == "null":
            if body is not None:
                raise self.refuse(path, "expected null")
            return Literal(NULL)
        if tag in ("int", "uint"):
            return Literal(self.whole(tag, body, path))
        if tag == "float" and type(body) in (int, float) and -_LARGEST <= body <= _LARGEST:
            return Literal(float(body) + 0.0)
        if (tag == "text" and type(body) is str) or (tag == "bool" and type(body) is bool):
            return Literal(body)
        raise self.refuse(path, f"expected {tag}, got {body!r}")

    def whole(self, tag: str, body: Any, path: str) -> int:
        number = body
        if type(body) is str and len(body) <= 20 and body.removeprefix("-").isdecimal() and body.isascii():
            number = int(body)
        low, high = (INT_MIN, INT_MAX) if tag == "int" else (0, UINT_MAX)
        if type(number) is not int or not low <= number <= high:
            raise self.refuse(path, f"expected a whole number from {low} to {high}, got {body!r}")
        return UInt(number) if tag == "uint" else number

    def word(self, data: Any, path: str) -> str:
        if type(data) is not str or not data:
            raise self.refuse(path, f"expected a name, got {data!r}")
        return data

    def many(self, data: list[Any], path: str, depth: int) -> tuple[Node, ...]:
        return tuple(self.node(item, f"{path}[{place}]", depth) for place, item in enumerate(data))

    def operation(self, tag: str, body: list[Any], path: str, depth: int) -> Node:
        if tag in ("&&", "||"):
            if len(body) < 2:
                raise self.refuse(path, "expected two or more operands")
            return combine(tag, *self.many(body, path, depth))
        if tag == "list":
            return ListOf(self.many(body, path, depth))
        if tag == "entries":
            return MapOf(tuple(self.entry(pair, f"{path}[{place}]", depth) for place, pair in enumerate(body)))
        if tag in ("call", "method") and body:
            operands = self.many(body[1:], path, depth)
            if tag == "call":
                return Call(self.word(body[0], path), None, operands)
            if operands:
                return Call(self.word(body[0], path), operands[0], operands[1:])
        if tag in MACROS and len(body) in (3, 4):
            over, *inner = self.many([body[0], *body[2:]], path, depth)
            if tag == "map" or len(inner) == 1:
                return Each(tag, over, self.word(body[1], path), inner[-1], inner[0] if len(inner) == 2 else None)
        if tag == "select" and len(body) == 2:
            return Select(self.node(body[0], path, depth), self.word(body[1], path))
        if tag == "if" and len(body) == 3:
            condition, then, otherwise = self.many(body, path, depth)
            return Choice(condition, then, otherwise)
        if (tag in COMPARISONS or tag in ARITHMETIC) and len(body) == 2:
            left, right = self.many(body, path, depth)
            return Binary(tag, left, right)
        if tag == "index" and len(body) == 2:
            operand, index = self.many(body, path, depth)
            return Index(operand, index)
        raise self.refuse(path, f"no node {tag!r} with {len(body)} parts")

    def entry(self, data: Any, path: str, depth: int) -> tuple[Node, Node]:
        if type(data) is not list or len(data) != 2:
            raise self.refuse(path, "expected a pair of key and value")
        return self.node(data[0], path, depth), self.node(data[1], path, depth)


def tree_digest(node: Node) -> str:
    """Give the content address of a tree: equal trees, equal digests."""
    return digest(to_json(node))
