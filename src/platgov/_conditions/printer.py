"""Writes a tree as CEL text that reads back to the same tree."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

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

__all__ = ["quote", "text_nesting", "to_text"]

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
    return _write(node).text


def text_nesting(node: Node) -> int:
    """Count the brackets inside each other, or the signs in a row, that the text of a tree has."""
    written = _write(node)
    return max(written.depth, written.most_signs)


class _Written(NamedTuple):
    """Text of a node, how tightly its outermost operator binds, and how deep its brackets go."""

    text: str
    level: int
    depth: int = 0
    signs: int = 0  # that the text begins with
    most_signs: int = 0  # in a row, anywhere


def _write(node: Node) -> _Written:
    match node:
        case Literal(value=value):
            return _literal(value)
        case Name(name=name):
            return _Written(name, _MEMBER)
        case Select(operand=operand, field=field):
            inner = _inside(operand, _MEMBER)
            return _joined(f"{inner.text}.{_field(field)}", _MEMBER, inner)
        case Index(operand=operand, index=index):
            inner, at = _inside(operand, _MEMBER), _enclosed(index)
            return _joined(f"{inner.text}[{at.text}]", _MEMBER, inner, at)
        case Unary(op=op, operand=operand):
            return _unary(op, operand)
        case Binary(op=op, left=left, right=right):
            level = _LEVEL[op]
            one, other = _inside(left, level), _inside(right, level + 1)
            return _joined(f"{one.text} {op} {other.text}", level, one, other)
        case Logic(op=op, operands=operands):
            level = _LEVEL[op]
            parts = [_inside(operand, level + 1) for operand in operands]
            return _joined(f" {op} ".join(part.text for part in parts), level, *parts)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            parts = [_inside(condition, _OR), _inside(then, _OR), _inside(otherwise, _CHOICE)]
            parts[2] = parts[2]._replace(depth=parts[2].depth + 1)  # the parser reads it as nested
            return _joined(f"{parts[0].text} ? {parts[1].text} : {parts[2].text}", _CHOICE, *parts)
        case Call(function=function, target=target, arguments=arguments):
            return _call(function, target, arguments)
        case ListOf(items=items):
            parts = [_enclosed(item) for item in items]
            return _joined(f"[{_list(parts)}]", _MEMBER, *parts)
        case MapOf(entries=entries):
            parts = [_enclosed(part) for entry in entries for part in entry]
            pairs = (f"{key.text}: {value.text}" for key, value in zip(parts[::2], parts[1::2], strict=True))
            return _joined("{" + ", ".join(pairs) + "}", _MEMBER, *parts)
        case Each(macro=macro, over=over, variable=variable, body=body, test=test):
            arguments = (Name(variable), body) if test is None else (Name(variable), test, body)
            return _call(macro, over, arguments)


def _joined(text: str, level: int, *parts: _Written) -> _Written:
    """Put parts together; the first one begins the text."""
    return _Written(
        text,
        level,
        max((part.depth for part in parts), default=0),
        parts[0].signs if parts else 0,
        max((part.most_signs for part in parts), default=0),
    )


def _enclosed(node: Node) -> _Written:
    """Write a node that stands inside brackets of its own."""
    written = _write(node)
    return written._replace(depth=written.depth + 1)


def _inside(node: Node, level: int) -> _Written:
    """Write an operand, in brackets if it binds less tightly than what is around it."""
    written = _write(node)
    if written.level >= level:
        return written
    return _Written(f"({written.text})", _MEMBER, written.depth + 1, 0, written.most_signs)


def _unary(op: str, operand: Node) -> _Written:
    if isinstance(operand, Literal) and op == "-":
        # A bare number after "-" would read back as one negative number.
        inner = _enclosed(operand)._replace(text=f"({to_text(operand)})", signs=0)
    else:
        inner = _inside(operand, _SIGN)
    signs = inner.signs + 1
    return _Written(op + inner.text, _SIGN, inner.depth, signs, max(signs, inner.most_signs))


def _call(function: str, target: Node | None, arguments: tuple[Node, ...]) -> _Written:
    parts = [_enclosed(argument) for argument in arguments]
    if target is None:
        return _joined(f"{function}({_list(parts)})", _MEMBER, *(part._replace(signs=0) for part in parts))
    inner = _inside(target, _MEMBER)
    return _joined(f"{inner.text}.{function}({_list(parts)})", _MEMBER, inner, *parts)


def _list(parts: list[_Written]) -> str:
    return ", ".join(part.text for part in parts)


def _field(name: str) -> str:
    return name if _PLAIN.match(name) else f"`{name}`"


def _literal(value: Any) -> _Written:
    if value is NULL:
        return _Written("null", _MEMBER)
    if isinstance(value, bool):
        return _Written("true" if value else "false", _MEMBER)
    if isinstance(value, str):
        return _Written(quote(value), _MEMBER)
    if isinstance(value, UInt):
        return _Written(f"{int(value)}u", _MEMBER)
    text = repr(value)
    # repr writes 1e+16 for 1e16: a number with an exponent needs no point in CEL either.
    return _Written(text, _SIGN, 0, 1, 1) if text.startswith("-") else _Written(text, _MEMBER)
