"""Writes a tree as CEL text that reads back to the same tree."""

from __future__ import annotations

import re
from typing import Any, Final

from platgov._conditions.tree import (
    COMPARISONS,
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
from platgov._conditions.values import NULL, UInt

__all__ = ["quote", "to_text"]

_CHOICE, _OR, _AND, _RELATION, _SUM, _PRODUCT, _SIGN, _MEMBER = range(8)
_LEVEL: Final = {"||": _OR, "&&": _AND, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "%": _PRODUCT}
_LEVEL.update(dict.fromkeys(COMPARISONS, _RELATION))

_ESCAPED: Final = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Characters that cannot be seen are written as escapes: nothing may hide in a published rule.
# A list of our own, since Python's isprintable() answers differently from version to version.
_INVISIBLE: Final = re.compile(
    "[\\x00-\\x1f\\x7f-\\xa0\\xad\\u061c\\u115f\\u1160\\u1680\\u17b4\\u17b5\\u180b-\\u180f\\u2000-\\u200f\\u2028-\\u202f"
    "\\u205f-\\u206f\\u2800\\u3000\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\U0001d173-\\U0001d17a\\U000e0000-\\U000e0fff]"
)
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def quote(text: str) -> str:
    """Write text as a string literal in single quotes."""
    escaped = re.sub(r"[\\'\n\r\t]", lambda found: _ESCAPED[found[0]], text)
    return "'" + _INVISIBLE.sub(_code, escaped) + "'"


def _code(found: re.Match[str]) -> str:
    char = found[0]
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"


def to_text(node: Node) -> str:
    """Write a tree with no more brackets than it needs."""
    return _write(node)[0]


def _write(node: Node) -> tuple[str, int]:
    """Give the text and how tightly its outermost operator binds."""
    match node:
        case Literal(value=value):
            return _literal(value)
        case Name(name=name):
            return name, _MEMBER
        case Select(operand=operand, field=field):
            return f"{_inside(operand, _MEMBER)}.{_field(field)}", _MEMBER
        case Index(operand=operand, index=index):
            return f"{_inside(operand, _MEMBER)}[{to_text(index)}]", _MEMBER
        case Unary(op=op, operand=operand):
            return _unary(op, operand), _SIGN
        case Binary(op=op, left=left, right=right):
            level = _LEVEL[op]
            return f"{_inside(left, level)} {op} {_inside(right, level + 1)}", level
        case Logic(op=op, operands=operands):
            level = _LEVEL[op]
            return f" {op} ".join(_inside(operand, level + 1) for operand in operands), level
        case Choice(condition=condition, then=then, otherwise=otherwise):
            text = f"{_inside(condition, _OR)} ? {_inside(then, _OR)} : {_inside(otherwise, _CHOICE)}"
            return text, _CHOICE
        case Call(function=function, target=target, arguments=arguments):
            before = "" if target is None else f"{_inside(target, _MEMBER)}."
            return f"{before}{function}({_list(arguments)})", _MEMBER
        case ListOf(items=items):
            return f"[{_list(items)}]", _MEMBER
        case MapOf(entries=entries):
            return "{" + ", ".join(f"{to_text(key)}: {to_text(value)}" for key, value in entries) + "}", _MEMBER
        case Each(macro=macro, over=over, variable=variable, body=body, test=test):
            inner = (body,) if test is None else (test, body)
            return f"{_inside(over, _MEMBER)}.{macro}({variable}, {_list(inner)})", _MEMBER


def _inside(node: Node, level: int) -> str:
    text, own = _write(node)
    return text if own >= level else f"({text})"


def _unary(op: str, operand: Node) -> str:
    # A bare number after "-" would read back as one negative number.
    bare_number = isinstance(operand, Literal) and op == "-"
    return f"{op}({to_text(operand)})" if bare_number else op + _inside(operand, _SIGN)


def _list(nodes: tuple[Node, ...]) -> str:
    return ", ".join(to_text(node) for node in nodes)


def _field(name: str) -> str:
    return name if _PLAIN.match(name) else f"`{name}`"


def _literal(value: Any) -> tuple[str, int]:
    if value is NULL:
        return "null", _MEMBER
    if isinstance(value, bool):
        return ("true" if value else "false"), _MEMBER
    if isinstance(value, str):
        return quote(value), _MEMBER
    if isinstance(value, UInt):
        return f"{int(value)}u", _MEMBER
    text = repr(value)
    # repr writes 1e+16 for 1e16: a number with an exponent needs no point in CEL either.
    return text, (_SIGN if text.startswith("-") else _MEMBER)
