"""Finds conditions that name particular people: an identity fact held against something written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

import attrs

from platgov._conditions.tree import (
    ARITHMETIC,
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
from platgov._conditions.values import NULL
from platgov._facts.schema import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from platgov._facts.schema import Field, Schema

__all__ = ["facts_within", "named_people"]

_TESTS: Final = frozenset({"contains", "containsAny", "containsWord", "startsWith", "endsWith", "matches"})
_SAME: Final = frozenset({"folded", "string", "int", "uint", "double"})
"""What only changes how a value is spelt."""
_TELLING: Final = frozenset({"text", "int", "float"})
"""Kinds of facts that single somebody out; true or false and enums stand for whole groups."""


def facts_within(fields: Iterable[Field], around: str = "") -> Iterator[tuple[str, Field]]:
    """Give every declared fact by dotted name, those inside nested facts and lists of them included."""
    for field in fields:
        name = f"{around}.{field.name}" if around else field.name
        yield name, field
        inner = field.type
        while inner.item is not None:
            inner = inner.item
        yield from facts_within(inner.fields, name)


def named_people(node: Node, schema: Schema) -> tuple[tuple[str, int | None], ...]:
    """Give the identity facts that a condition holds against written values, and where it does."""
    search = _Search(schema)
    search.value(node)
    return tuple(dict.fromkeys(search.found))


@attrs.frozen
class _Value:
    """What a part of a condition may stand for.

    Attributes:
        fact: The fact it is, or is an element of; empty if it is none.
        people: Identity facts that its value tells.
        written: Whether its value is written in the condition.
    """

    fact: str = ""
    people: tuple[str, ...] = ()
    written: bool = False


_NOTHING: Final = _Value()


def _either(*values: _Value) -> _Value:
    return _Value("", tuple(name for value in values for name in value.people), any(value.written for value in values))


class _Search:
    def __init__(self, schema: Schema) -> None:
        self.facts = dict(facts_within(schema.fields))
        self.variables: dict[str, _Value] = {}
        self.found: list[tuple[str, int | None]] = []

    def test(self, node: Node, one: _Value, other: _Value) -> None:
        for side, beside in ((one, other), (other, one)):
            if beside.written:
                self.found += [(name, node.at) for name in side.people]

    def fact(self, name: str) -> _Value:
        field = self.facts.get(name)
        if field is None:
            return _NOTHING
        kind = field.type
        while kind.item is not None:
            kind = kind.item
        steps = name.split(".")
        around = [".".join(steps[:length]) for length in range(1, len(steps) + 1)]
        who = kind.kind in _TELLING and any(self.facts[step].role is Role.IDENTITY for step in around)
        return _Value(name, (name,) if who else ())

    def value(self, node: Node) -> _Value:
        """Look through a part, and tell what it may stand for."""
        match node:
            case Literal(value=value):
                return _Value(written=value is not NULL and type(value) is not bool)
            case Name(name=name):
                return self.variables[name] if name in self.variables else self.fact(name)
            case Select(operand=operand, field=field):
                inside = self.value(operand)
                return self.fact(f"{inside.fact}.{field}") if inside.fact else inside
            case Index(operand=operand, index=index):
                inside = self.value(operand)
                self.test(node, inside, self.value(index))
                return inside
            case Unary(op=op, operand=operand):
                inside = self.value(operand)
                return _NOTHING if op == "!" else _either(inside)
            case Binary():
                return self.binary(node)
            case Logic(operands=operands):
                for operand in operands:
                    self.value(operand)
                return _NOTHING
            case Choice(condition=condition, then=then, otherwise=otherwise):
                self.value(condition)
                return _either(self.value(then), self.value(otherwise))
            case Call():
                return self.call(node)
            case ListOf(items=items):
                return _either(*map(self.value, items))
            case MapOf(entries=entries):
                return _either(*(self.value(part) for entry in entries for part in entry))
            case Each():
                return self.each(node)
            case _:
                assert_never(node)

    def binary(self, node: Binary) -> _Value:
        one, other = self.value(node.left), self.value(node.right)
        self.test(node, one, other)
        if node.op not in ARITHMETIC:
            return _NOTHING
        return attrs.evolve(_either(one, other), written=one.written and other.written)

    def call(self, node: Call) -> _Value:
        given = [self.value(argument) for argument in node.arguments]
        if node.target is not None:
            target = self.value(node.target)
            if node.function in _TESTS:
                self.test(node, target, _either(*given))
            given.insert(0, target)
        return _either(*given) if node.function in _SAME else _NOTHING

    def each(self, node: Each) -> _Value:
        over, outer = self.value(node.over), self.variables
        self.variables = {**outer, node.variable: over}
        body = self.value(node.body)
        if node.test is not None:
            self.value(node.test)
        self.variables = outer
        return {"map": body, "filter": over}.get(node.macro, _NOTHING)
