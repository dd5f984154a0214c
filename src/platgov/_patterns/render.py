r"""Spells a tree as a pattern, for RE2 or for Python's ``re``.

What a host wrote is never handed on. Both get every class spelled out, so no flag, no
Unicode table and no reading of ``$`` or ``\s`` of theirs can make a difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from platgov._patterns import sets
from platgov._patterns.tree import Alternation, Assertion, Chars, Concat, Node, Place, Repeat

if TYPE_CHECKING:
    from collections.abc import Callable

    from platgov._patterns.sets import Ranges

__all__ = ["for_re", "for_re2"]

_RE2_PLACES: Final = {
    Place.TEXT_START: r"\A",
    Place.TEXT_END: r"\z",
    Place.LINE_START: "(?m:^)",
    Place.LINE_END: "(?m:$)",
    Place.BOUNDARY: r"\b",
    Place.NOT_BOUNDARY: r"\B",
}
_RE_PLACES: Final = {
    **_RE2_PLACES,
    Place.TEXT_END: r"\Z",
    # \B itself fails on the empty text before Python 3.14, and holds from then on.
    Place.NOT_BOUNDARY: r"(?!\b)",
}


def for_re2(node: Node) -> str:
    """Spell a tree in RE2's syntax, which is also the one that is read here."""
    return _spell(node, _RE2_PLACES, _re2_chars, _counted)


def for_re(node: Node) -> str:
    """Spell a tree for ``re.compile`` with the flag ``re.ASCII``; no group may repeat without limit.

    Groups are written out copy by copy. That leaves literals, sets, repeats of one set and
    choices: the part of the engine that is the same and sound in every Python.
    """
    return _spell(node, _RE_PLACES, _re_chars, _written_out)


def _spell(
    node: Node,
    places: dict[Place, str],
    chars: Callable[[Ranges], str],
    repeated: Callable[[Repeat, Callable[[Node], str]], str],
) -> str:
    def spell(part: Node) -> str:
        match part:
            case Chars(ranges):
                return chars(ranges)
            case Assertion(place):
                return places[place]
            case Concat(items):
                return "".join(map(inner, items))
            case Alternation(branches):
                return "|".join(map(spell, branches))
        return repeated(part, inner)

    def inner(part: Node) -> str:
        return f"(?:{spell(part)})" if isinstance(part, Alternation | Concat) else spell(part)

    return spell(node)


def _quantifier(low: int, high: int | None) -> str:
    short = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((low, high))
    if short is not None:
        return short
    return f"{{{low}}}" if low == high else f"{{{low},{'' if high is None else high}}}"


def _counted(part: Repeat, inner: Callable[[Node], str]) -> str:
    item = inner(part.item)
    if isinstance(part.item, Repeat):
        item = f"(?:{item})"
    return item + _quantifier(part.low, part.high)


def _written_out(part: Repeat, inner: Callable[[Node], str]) -> str:
    if isinstance(part.item, Chars):
        return _counted(part, inner)
    copy = inner(part.item)
    optional = (part.high or 0) - part.low
    return copy * part.low + f"(?:{copy}" * optional + "|)" * optional


def _re2_chars(ranges: Ranges) -> str:
    return _set(ranges, _re2_code) if ranges else r"[^\x{0}-\x{10FFFF}]"


def _re_chars(ranges: Ranges) -> str:
    if ranges == sets.ANY:
        return "(?s:.)"
    return "." if ranges == sets.NOT_NEWLINE else _set(ranges, _re_code)


def _set(ranges: Ranges, code: Callable[[int], str]) -> str:
    if sets.single(ranges):
        return code(ranges[0][0])
    others = sets.invert(ranges)
    negated = len(others) < len(ranges) and bool(others)
    shown = others if negated else ranges
    spans = (code(low) if low == high else f"{code(low)}-{code(high)}" for low, high in shown)
    return f"[{'^' * negated}{''.join(spans)}]"


def _re2_code(code: int) -> str:
    return chr(code) if code < 128 and chr(code).isalnum() else f"\\x{{{code:x}}}"


def _re_code(code: int) -> str:
    if code < 128 and chr(code).isalnum():
        return chr(code)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
