"""Conditions written in Python: ``(F.links > 3) & ~F.text.contains("x")``."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING, Any, TypeAlias

from platgov._conditions.condition import Condition
from platgov._conditions.tree import (
    Binary,
    Call,
    Each,
    Index,
    ListOf,
    Literal,
    MapOf,
    Name,
    Node,
    Select,
    Unary,
    combine,
    negative,
)
from platgov._conditions.values import NULL, UInt
from platgov.errors import ConditionError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["F", "Facts", "Term"]

Value: TypeAlias = "Term | Condition | bool | int | float | str | list[Any] | tuple[Any, ...] | dict[Any, Any] | None"


def node_of(value: Any) -> Node:
    """Give the tree of a term, a condition or a plain Python value.

    Raises:
        ConditionError: The value has no form in the language.
    """
    if isinstance(value, Term | Condition):
        return value.node
    if value is None:
        return Literal(NULL)
    if isinstance(value, enum.Enum):
        return node_of(value.value)
    kind = type(value)
    if kind is int or kind is float:
        # Through `negative`, so that -5 is the same tree here as in text.
        return Literal(value) if value >= 0 else negative(Literal(-value))
    if kind in (bool, str, UInt):
        return Literal(value)
    if kind in (list, tuple):
        return ListOf(tuple(node_of(item) for item in value))
    if kind in (set, frozenset):
        return ListOf(tuple(node_of(item) for item in sorted(value, key=lambda item: (type(item).__name__, item))))
    if kind is dict:
        return MapOf(tuple((node_of(key), node_of(item)) for key, item in value.items()))
    if isinstance(value, dt.datetime) and value.utcoffset() is not None:
        text = value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
        return Call("timestamp", None, (Literal(text),))
    if isinstance(value, dt.timedelta):
        microseconds = value // dt.timedelta(microseconds=1)
        return Call("duration", None, (Literal(f"{microseconds}us"),))
    message = (
        f"{value!r} cannot stand in a condition; accepted are true/false, numbers, text, aware datetimes and lists"
    )
    raise ConditionError("condition", (Problem(message, code="type"),))


class Term:
    """A fact, or something computed from facts, on which Python's operators build conditions.

    Comparisons and arithmetic are written as usual; ``&``, ``|`` and ``~`` are and, or and not
    (Python's own ``and``, ``or`` and ``not`` cannot be overloaded and are refused).
    A nested fact is an attribute, ``F.author.age_days``; one that is called like a method
    here is reached as ``F.author["size"]``.
    """

    __slots__ = ("node",)
    node: Node
    __hash__ = None  # type: ignore[assignment]  # == builds a condition, so a term cannot be a key

    def __init__(self, node: Node) -> None:
        self.node = node

    def __repr__(self) -> str:
        return f"<term {Condition(self.node).text}>"

    def __getattr__(self, name: str) -> Term:
        if name.startswith("__"):
            raise AttributeError(name)
        return Term(Select(self.node, name))

    def __getitem__(self, key: Any) -> Term:
        return Term(Select(self.node, key) if type(key) is str else Index(self.node, node_of(key)))

    def __bool__(self) -> bool:
        raise TypeError("a term has no truth value here; combine with & | ~, and compare one step at a time")

    # -- comparisons ---------------------------------------------------------------------------

    def _compare(self, op: str, other: Any) -> Condition:
        return Condition(Binary(op, self.node, node_of(other)))

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]
        return self._compare("==", other)

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]
        return self._compare("!=", other)

    def __lt__(self, other: Value) -> Condition:
        return self._compare("<", other)

    def __le__(self, other: Value) -> Condition:
        return self._compare("<=", other)

    def __gt__(self, other: Value) -> Condition:
        return self._compare(">", other)

    def __ge__(self, other: Value) -> Condition:
        return self._compare(">=", other)

    def is_in(self, values: Any) -> Condition:
        """Test for being one of the listed values, or an element of a list fact."""
        return self._compare("in", values)

    def is_given(self) -> Condition:
        """Test for presence; ``has(x)`` in text."""
        return Condition(Call("has", None, (self.node,)))

    # -- logic ---------------------------------------------------------------------------------

    def __and__(self, other: Any) -> Condition:
        return Condition(combine("&&", self.node, node_of(other)))

    def __rand__(self, other: Any) -> Condition:
        return Condition(combine("&&", node_of(other), self.node))

    def __or__(self, other: Any) -> Condition:
        return Condition(combine("||", self.node, node_of(other)))

    def __ror__(self, other: Any) -> Condition:
        return Condition(combine("||", node_of(other), self.node))

    def __invert__(self) -> Condition:
        return Condition(Unary("!", self.node))

    # -- arithmetic ----------------------------------------------------------------------------

    def _compute(self, op: str, other: Any, *, swap: bool = False) -> Term:
        operands = (node_of(other), self.node) if swap else (self.node, node_of(other))
        return Term(Binary(op, *operands))

    def __add__(self, other: Value) -> Term:
        return self._compute("+", other)

    def __radd__(self, other: Value) -> Term:
        return self._compute("+", other, swap=True)

    def __sub__(self, other: Value) -> Term:
        return self._compute("-", other)

    def __rsub__(self, other: Value) -> Term:
        return self._compute("-", other, swap=True)

    def __mul__(self, other: Value) -> Term:
        return self._compute("*", other)

    def __rmul__(self, other: Value) -> Term:
        return self._compute("*", other, swap=True)

    def __truediv__(self, other: Value) -> Term:
        return self._compute("/", other)

    def __rtruediv__(self, other: Value) -> Term:
        return self._compute("/", other, swap=True)

    def __mod__(self, other: Value) -> Term:
        return self._compute("%", other)

    def __rmod__(self, other: Value) -> Term:
        return self._compute("%", other, swap=True)

    def __neg__(self) -> Term:
        return Term(negative(self.node))

    # -- text ----------------------------------------------------------------------------------

    def _test(self, method: str, argument: Any) -> Condition:
        return Condition(Call(method, self.node, (node_of(argument),)))

    def folded(self) -> Term:
        """Give the text folded for matching: case, width, look-alikes and hidden characters removed."""
        return Term(Call("folded", self.node, ()))

    def contains(self, other: Value) -> Condition:
        """Test for a part of the text."""
        return self._test("contains", other)

    def contains_any(self, terms: Any) -> Condition:
        """Test for any of several terms."""
        return self._test("containsAny", terms)

    def contains_word(self, terms: Any) -> Condition:
        """Test for a term, or any of several, standing as a word of its own."""
        return self._test("containsWord", terms)

    def starts_with(self, other: Value) -> Condition:
        """Test for how the text begins."""
        return self._test("startsWith", other)

    def ends_with(self, other: Value) -> Condition:
        """Test for how the text ends."""
        return self._test("endsWith", other)

    def matches(self, pattern: str) -> Condition:
        """Test for a pattern anywhere in the text."""
        return self._test("matches", pattern)

    def size(self) -> Term:
        """Give the number of characters of a text or elements of a list."""
        return Term(Call("size", None, (self.node,)))

    # -- lists ---------------------------------------------------------------------------------

    def _each(self, macro: str, test: Callable[[Term], Any]) -> Node:
        code = getattr(test, "__code__", None)
        if code is None or code.co_argcount != 1:
            problem = Problem(f"{macro}() takes a function of one element: lambda tag: tag == 'x'", code="argument")
            raise ConditionError("condition", (problem,))
        variable = code.co_varnames[0]
        return Each(macro, self.node, variable, node_of(test(Term(Name(variable)))))

    def exists(self, test: Callable[[Term], Any]) -> Condition:
        """Test for an element that passes; the parameter names the variable in the text."""
        return Condition(self._each("exists", test))

    def all(self, test: Callable[[Term], Any]) -> Condition:
        """Test that every element passes; true of an empty list."""
        return Condition(self._each("all", test))

    def exists_one(self, test: Callable[[Term], Any]) -> Condition:
        """Test that exactly one element passes."""
        return Condition(self._each("exists_one", test))

    def filter(self, test: Callable[[Term], Any]) -> Term:
        """Give the elements that pass."""
        return Term(self._each("filter", test))

    def map(self, function: Callable[[Term], Any]) -> Term:
        """Give what the function makes of each element."""
        return Term(self._each("map", function))


class Facts:
    """The facts of an event, by name: ``F.links``, ``F["links"]``."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Term:
        if name.startswith("__"):
            raise AttributeError(name)
        return Term(Name(name))

    def __getitem__(self, name: str) -> Term:
        return Term(Name(name))

    def __repr__(self) -> str:
        return "F"


F = Facts()
