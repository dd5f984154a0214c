"""Breaks a condition into clauses of simple tests that an index can look up.

A rule holds when one of its clauses does, a clause when all its literals do (disjunctive
normal form). Kleene's logic keeps De Morgan's laws and distribution, so the clauses say the
same as the tree, unknown answers included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs

from platgov._conditions.evaluate import literal_value
from platgov._conditions.functions import fold
from platgov._conditions.tree import Binary, Call, Logic, Node, Unary, path_of
from platgov._conditions.values import NULL, UNKNOWN
from platgov._patterns import compile_pattern

if TYPE_CHECKING:
    from platgov._facts.schema import FactType, Schema

__all__ = ["Among", "Atom", "Clause", "Given", "Has", "Number", "Open", "Signed", "View", "atom_of", "clauses"]

Path: TypeAlias = "tuple[str, ...]"

MAX_CLAUSES: Final = 64
"""A rule with more clauses than this is looked at whole instead."""

_EXACT: Final = 2**53
"""Beyond this, whole numbers and floats compare by rounding; the index leaves that alone."""

_MIRROR: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


@attrs.frozen
class View:
    """A text fact as it is, or folded."""

    path: Path
    folded: bool = False


@attrs.frozen
class Number:
    """A number fact against constants: ``op`` is <, <=, >, >=, == or in."""

    path: Path
    op: str
    constants: tuple[float, ...]


@attrs.frozen
class Among:
    """A text, enum or yes/no fact that is one of some values."""

    path: Path
    values: frozenset[str | bool]


@attrs.frozen
class Given:
    """A fact that is there, usable or not."""

    path: Path


@attrs.frozen
class Has:
    """A text in which one of some terms occurs."""

    view: View
    terms: tuple[str, ...]


@attrs.frozen
class Open:
    """Any other test; the general evaluator answers it.

    Attributes:
        node: What to evaluate.
        view: The text that a pattern, a word, a beginning or an end is looked for in; None for
            other tests.
        terms: The words, beginnings or ends, folded like the text; empty for a pattern.
        required: Terms of which one must occur for the answer to be true; empty if none are known.
    """

    node: Node
    view: View | None = attrs.field(default=None, eq=False)
    terms: tuple[str, ...] = attrs.field(default=(), eq=False)
    required: tuple[str, ...] = attrs.field(default=(), eq=False)


Atom: TypeAlias = Number | Among | Given | Has | Open
Signed: TypeAlias = "tuple[Atom, bool]"
"""An atom, and whether it is negated."""
Clause: TypeAlias = "tuple[Signed, ...]"


def clauses(node: Node, schema: Schema) -> tuple[Clause, ...]:
    """Give the clauses of a checked condition."""
    found = _Normal(schema).any_of(node, negated=False)
    if found is None:
        return (((Open(node), False),),)
    return tuple(tuple(clause) for clause in found)


def atom_of(node: Node, schema: Schema) -> tuple[Atom, bool]:
    """Give the atom of one test, and whether the test is its negation."""
    return _Normal(schema).atom(node)


class _Normal:
    """Pushes negation down to the atoms and distributes; gives up (None) past `MAX_CLAUSES`."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def any_of(self, node: Node, *, negated: bool) -> list[list[Signed]] | None:
        if isinstance(node, Unary) and node.op == "!":
            return self.any_of(node.operand, negated=not negated)
        if isinstance(node, Logic):
            parts = [self.any_of(operand, negated=negated) for operand in node.operands]
            known = [part for part in parts if part is not None]
            if len(known) < len(parts):
                return None
            return _conjunction(known) if (node.op == "&&") != negated else _disjunction(known)
        atom, flipped = self.atom(node)
        return [[(atom, negated != flipped)]]

    def kind(self, path: Path | None) -> FactType | None:
        field = None if path is None else self.schema.at(path)
        return None if field is None else field.type

    def atom(self, node: Node) -> tuple[Atom, bool]:
        """Give the atom of a test, and whether it stands negated."""
        path = path_of(node)
        kind = self.kind(path)
        if path is not None and kind is not None and kind.kind == "bool":
            return Among(path, frozenset({True})), False
        if isinstance(node, Binary):
            found = self.comparison(node)
            if found is not None:
                return found
        if isinstance(node, Call):
            if node.function == "has" and self.kind(path_of(node.arguments[0])) is not None:
                return Given(path_of(node.arguments[0]) or ()), False
            if node.target is not None:
                return self.text_test(node, node.target), False
        return Open(node), False

    def comparison(self, node: Binary) -> tuple[Atom, bool] | None:
        sides = ((node.left, node.right, node.op), (node.right, node.left, _MIRROR.get(node.op, "")))
        for side, other, op in sides:
            path, value = path_of(side), literal_value(other)
            kind = self.kind(path)
            if path is None or kind is None or value is UNKNOWN or not op:
                continue
            if value is NULL:
                return Given(path), op == "=="
            if kind.kind in ("int", "float"):
                return _number(path, op, value, whole=kind.kind == "int")
            if kind.kind in ("text", "enum", "bool"):
                return _among(path, op, value, bool if kind.kind == "bool" else str)
        return None

    def text_test(self, node: Call, target: Node) -> Atom:
        view = self.view(target)
        if view is None or not node.arguments:
            return Open(node)
        value = literal_value(node.arguments[0])
        terms = (value,) if type(value) is str else value if type(value) is tuple else ()
        if not all(type(term) is str for term in terms):
            return Open(node)
        if node.function == "matches":
            pattern = compile_pattern(terms[0], fold=_plain_fold if view.folded else None)
            return Open(node, view, (), pattern.required)
        if view.folded:
            folded = [fold(term) for term in terms]
            if not all(folded) or any(term is UNKNOWN for term in folded):
                return Open(node)
            terms = tuple(folded)
        if not terms or not all(terms):
            return Open(node)
        if node.function in ("contains", "containsAny"):
            return Has(view, tuple(sorted(set(terms))))
        if node.function in ("startsWith", "endsWith", "containsWord"):
            return Open(node, view, tuple(terms), tuple(terms))
        return Open(node)

    def view(self, node: Node) -> View | None:
        folded = isinstance(node, Call) and node.function == "folded" and node.target is not None
        path = path_of(node.target) if folded else path_of(node)  # type: ignore[union-attr, arg-type]
        kind = self.kind(path)
        if path is None or kind is None or kind.kind != "text":
            return None
        return View(path, folded)


def _plain_fold(text: str) -> str:
    folded = fold(text)
    return text if folded is UNKNOWN else str(folded)


def _number(path: Path, op: str, value: Any, *, whole: bool) -> tuple[Atom, bool] | None:
    constants = value if op == "in" and type(value) is tuple else (value,)
    if not constants:
        return None  # nothing is in an empty list, whatever the fact: no test of the fact
    for constant in constants:
        kind = type(constant)
        exact = kind is int and whole
        if kind not in (int, float) or not (exact or -_EXACT < constant < _EXACT):
            return None
    return Number(path, "==" if op == "!=" else op, tuple(constants)), op == "!="


def _among(path: Path, op: str, value: Any, kind: type) -> tuple[Atom, bool] | None:
    values = value if op == "in" and type(value) is tuple else (value,)
    if op not in ("==", "!=", "in") or not values or not all(type(item) is kind for item in values):
        return None
    return Among(path, frozenset(values)), op == "!="


def _conjunction(parts: list[list[list[Signed]]]) -> list[list[Signed]] | None:
    result: list[list[Signed]] = [[]]
    for part in parts:
        if len(result) * len(part) > MAX_CLAUSES:
            return None
        result = [left + right for left in result for right in part]
    return result


def _disjunction(parts: list[list[list[Signed]]]) -> list[list[Signed]] | None:
    """List the clauses of all parts; lone tests of one text or one fact melt into one test."""
    result: list[list[Signed]] = []
    terms: dict[View, set[str]] = {}
    values: dict[Path, set[str | bool]] = {}
    for clause in (clause for part in parts for clause in part):
        atom, negated = clause[0]
        if len(clause) == 1 and not negated and isinstance(atom, Has):
            terms.setdefault(atom.view, set()).update(atom.terms)
        elif len(clause) == 1 and not negated and isinstance(atom, Among):
            values.setdefault(atom.path, set()).update(atom.values)
        else:
            result.append(clause)
    result.extend([(Has(view, tuple(sorted(found))), False)] for view, found in terms.items())
    result.extend([(Among(path, frozenset(found)), False)] for path, found in values.items())
    return result if len(result) <= MAX_CLAUSES else None
