"""What tests of one text say of each other, and a text that passes some of them and fails others."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import attrs

from platgov._conditions.evaluate import is_folded, literal_value
from platgov._conditions.functions import fold, has_word
from platgov._conditions.tree import Binary, Call, Node, path_of
from platgov._patterns import parse
from platgov._patterns.tree import Alternation, Assertion, Chars, Concat, Place, Repeat
from platgov._patterns.tree import Node as PatternNode
from platgov.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Need", "excludes", "implies", "need_of", "texts"]


@attrs.frozen
class Need:
    """What a test needs of a text.

    Attributes:
        kind: ``contains``, ``starts``, ``ends``, ``word``, ``equals`` or ``matches``.
        terms: One of these; of a pattern, the pattern.
        folded: Whether the text is folded first.
    """

    kind: str
    terms: tuple[str, ...]
    folded: bool

    @property
    def length(self) -> int:
        """Characters that a text has at least, if it passes; 0 where nothing is known."""
        return 0 if self.kind == "matches" else min(map(len, self.terms))


_KINDS: Final = {
    "contains": "contains", "containsAny": "contains", "startsWith": "starts", "endsWith": "ends",
    "containsWord": "word", "matches": "matches",
}  # fmt: skip


def need_of(node: Node) -> Need | None:
    """Read a test of one text against written terms; None for anything else."""
    if isinstance(node, Call) and node.function in _KINDS and node.target is not None and len(node.arguments) == 1:
        target, other, kind = node.target, node.arguments[0], _KINDS[node.function]
    elif isinstance(node, Binary) and node.op == "==" and is_folded(node.left):
        target, other, kind = node.left, node.right, "equals"
    else:
        return None
    folded = is_folded(target)
    inside = target.target if folded and isinstance(target, Call) else target
    value = literal_value(other)
    terms = value if type(value) is tuple else (value,)
    if inside is None or path_of(inside) is None or not terms or not all(type(term) is str for term in terms):
        return None
    if folded and kind != "matches":
        terms = tuple(map(fold, terms))
        if not all(type(term) is str for term in terms):
            return None
    return Need(kind, tuple(sorted(set(terms))), folded)


def implies(one: Need, other: Need) -> bool:
    """Tell whether a text that passes one test is sure to pass the other."""
    if "matches" in (one.kind, other.kind):
        return one == other
    return all(any(_gives(one.kind, term, other.kind, wanted) for wanted in other.terms) for term in one.terms)


def _gives(kind: str, term: str, wanted_kind: str, wanted: str) -> bool:
    if kind == "equals":
        return _passes(wanted_kind, term, wanted)
    if wanted_kind == "contains":
        return wanted in term
    if kind != wanted_kind:
        return False
    if kind == "starts":
        return term.startswith(wanted)
    return term.endswith(wanted) if kind == "ends" else term == wanted


def _passes(kind: str, text: str, term: str) -> bool:
    match kind:
        case "contains":
            return term in text
        case "starts":
            return text.startswith(term)
        case "ends":
            return text.endswith(term)
        case "word":
            return has_word(text, term)
    return text == term


def excludes(one: Need, other: Need) -> bool:
    """Tell whether no text can pass both tests."""
    if "matches" in (one.kind, other.kind):
        return False
    return all(_clash(one.kind, term, other.kind, wanted) for term in one.terms for wanted in other.terms)


def _clash(kind: str, term: str, other: str, wanted: str) -> bool:
    if kind == "equals":
        return not _passes(other, term, wanted)
    if other == "equals":
        return not _passes(kind, wanted, term)
    if kind == other == "starts":
        return not (term.startswith(wanted) or wanted.startswith(term))
    if kind == other == "ends":
        return not (term.endswith(wanted) or wanted.endswith(term))
    return False


# -- making texts ------------------------------------------------------------------------------

_FILLERS: Final = ("~", "x", "q7", " ", "\N{SNOWMAN}")
_MOST: Final = 60


def texts(passed: list[Need], least: int, most: int) -> Iterator[str]:
    """Give texts that may well pass some tests: their terms put together in several ways.

    Args:
        passed: The tests.
        least: Characters that the text has at least; it is filled up.
        most: Characters that it has at most; longer ones are left out.
    """
    parts: dict[str, list[tuple[str, ...]]] = {"starts": [], "ends": [], "middle": [], "word": [], "equals": []}
    for need in passed:
        terms = _samples(need.terms[0]) if need.kind == "matches" else need.terms[:3]
        parts[need.kind if need.kind in parts else "middle"].append(terms)
    for chosen in itertools.islice(itertools.product(*itertools.chain(*parts.values())), _MOST):
        given = iter(chosen)
        starts, ends, middle, words, equals = ([next(given) for _ in group] for group in parts.values())
        start, end = max(starts, key=len, default=""), max(ends, key=len, default="")
        for body in dict.fromkeys(
            [*equals] or _bodies(start, [*dict.fromkeys([*_without_parts(middle), *words])], end)
        ):
            for filler in _FILLERS:
                text = body
                if len(text) < least:
                    text = body[: len(body) - len(end)] + (" " + filler * least)[: least - len(body)] + end
                if least <= len(text) <= most:
                    yield text
                if len(body) >= least and body:
                    break
        if not chosen:
            yield from (text for text in _FILLERS if least <= len(text) <= most)


def _bodies(start: str, middle: list[str], end: str) -> Iterator[str]:
    """Put terms together: side by side, apart, and with something before or after them."""
    for order in (middle, middle[::-1]) if len(middle) > 1 else (middle,):
        for joint in (" ", "", "\n"):
            inside = joint.join(order)
            yield start + inside + end if not (start and inside) else start + joint + inside + end
            yield joint.join(part for part in (start, inside, end) if part)
            for before, after in (("", "~"), ("~", ""), ("~", "~"), ("q", "q")):
                first, last = start or before, end or after
                yield joint.join(part for part in (first, inside, last) if part)
                yield joint.join(part for part in (start, before, inside, after, end) if part)


def _without_parts(terms: list[str]) -> list[str]:
    kept: list[str] = []
    for term in sorted(set(terms), key=lambda term: (-len(term), term)):
        if not any(term in other for other in kept):
            kept.append(term)
    return kept


def _samples(pattern: str) -> tuple[str, ...]:
    """Give two texts that should match a pattern: a short one and a longer one."""
    try:
        tree = parse(pattern)
    except InputError:
        return ("",)
    return tuple(dict.fromkeys(_sample(tree, more) for more in (0, 1)))


def _sample(node: PatternNode, more: int) -> str:
    match node:
        case Chars(ranges):
            return _char(ranges)
        case Assertion(place):
            return " " if place is Place.BOUNDARY else ""
        case Concat(items):
            return "".join(_sample(item, more) for item in items)
        case Alternation(branches):
            return _sample(branches[-1 if more else 0], more)
        case Repeat(item, low, high):
            count = low + more if high is None else min(low + more, high)
            return _sample(item, more) * min(count, 1_000)


def _char(ranges: tuple[tuple[int, int], ...]) -> str:
    for wanted in "a0 ":
        if any(low <= ord(wanted) <= high for low, high in ranges):
            return wanted
    return chr(ranges[0][0]) if ranges else ""
