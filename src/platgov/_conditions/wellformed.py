"""Refuses trees that no text could write: conditions come from Python and JSON, too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from platgov._conditions.lexer import RESERVED
from platgov._conditions.printer import text_nesting
from platgov._conditions.tree import MACROS, Call, Each, Literal, Name, Node, Select, check_depth, walk
from platgov._conditions.values import INT_MAX, INT_MIN, NULL, UINT_MAX, UInt
from platgov._limits import DEFAULT
from platgov.errors import ConditionError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["check_tree"]

_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FIELD: Final = re.compile(r"[A-Za-z0-9_.\-/ ]+")
_TAKEN: Final = RESERVED | {"in", "true", "false", "null"}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_LARGEST: Final = 1.7976931348623157e308


def check_tree(node: Node) -> Node:
    """Give the tree back, or refuse it.

    Raises:
        ConditionError: A name, number or text that cannot be written, or too much inside each
            other.
    """
    check_depth(node)
    problems = tuple(problem for part in walk(node) for problem in _problems(part))
    if not problems and text_nesting(node) > DEFAULT.nesting:
        message = f"more than {DEFAULT.nesting} levels inside each other; split it into several rules"
        problems = (Problem(message, code="depth"),)
    if problems:
        raise ConditionError("condition", problems)
    return node


def _problems(node: Node) -> Iterator[Problem]:
    match node:
        case Literal(value=value):
            yield from _literal(value)
        case Name(name=name):
            yield from _word(name, "a fact")
        case Select(field=field):
            if not _FIELD.fullmatch(field):
                yield Problem(f"{field!a} cannot name a field", code="name")
        case Each(variable=variable):
            yield from _word(variable, "a variable")
        case Call(function=function, target=None, arguments=arguments):
            yield from _word(function, "a function")
            if function == "dyn" and len(arguments) == 1:
                yield Problem("dyn(x) is x; leave it out", code="name")
        case Call(function=function):
            if not _WORD.fullmatch(function) or function in MACROS or function == "existsOne":
                yield Problem(f"{function!a} cannot name a method", code="name")


def _word(name: str, what: str) -> Iterator[Problem]:
    if not _WORD.fullmatch(name) or name in _TAKEN:
        yield Problem(f"{name!a} cannot name {what}", code="name")


def _literal(value: Any) -> Iterator[Problem]:
    kind = type(value)
    if kind is str:
        if _SURROGATE.search(value):
            yield Problem("a lone surrogate is no Unicode character", code="text")
    elif kind is int or kind is UInt:
        low, high = (0, UINT_MAX) if kind is UInt else (INT_MIN, INT_MAX)
        if not low <= value <= high:
            yield Problem(f"a number past 64 bits; accepted are {low} to {high}", code="number")
    elif kind is float:
        if not -_LARGEST <= value <= _LARGEST:
            yield Problem(f"{value} is no finite number", code="number")
    elif kind is not bool and value is not NULL:
        yield Problem(f"a {kind.__name__} is no literal", code="type")
