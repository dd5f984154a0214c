"""Why a condition holds on these facts, and what small change would end that.

A reason is a smallest set of facts that suffices: with them alone, everything else unknown,
the condition still holds; without any one of them it no longer does.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._conditions.atoms import Has, Open, View, atom_of
from platgov._conditions.evaluate import compile_node, fact_paths, literal_value
from platgov._conditions.functions import fold
from platgov._conditions.instants import duration_text, timestamp_text
from platgov._conditions.printer import quote, to_text
from platgov._conditions.tree import Binary, Call, ListOf, Logic, Name, Node, Unary, path_of, rewrite
from platgov._conditions.values import INT_MAX, INT_MIN, UNKNOWN, Duration, Timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from platgov._facts.schema import Field, Schema

__all__ = ["Change", "Explainer", "Proof"]

_SHOWN: Final = 8
"""Items up to which a list is shown whole in a reason."""

_WAYS: Final = 256
"""Ways in which a condition can hold, up to which all are listed beforehand."""

_TRIES: Final = 4_000
"""Evaluations that one search for a counterfactual may spend."""


@attrs.frozen
class Proof:
    """A smallest sufficient reason.

    Attributes:
        tests: The tests of the condition that settle it, as text; negated ones as ``!(...)``.
        facts: The facts that suffice, as paths, sorted.
        found: Terms that were found in a text, in the order of the tests.
        reads: The facts that each of the tests reads.
    """

    tests: tuple[str, ...]
    facts: tuple[tuple[str, ...], ...]
    found: tuple[str, ...]
    reads: tuple[frozenset[tuple[str, ...]], ...]


@attrs.frozen
class Change:
    """One fact that would have to be different.

    Attributes:
        fact: Its path.
        value: What it is.
        instead: What it would have to be.
        without: For a text, the terms that it would have to lack.
    """

    fact: tuple[str, ...]
    value: Any
    instead: Any
    without: tuple[str, ...] = ()


class _Leaf:
    """One test of a condition."""

    __slots__ = ("atom", "negated_text", "paths", "run", "spelt", "text", "view")

    def __init__(self, node: Node, schema: Schema, slots: dict[tuple[str, ...], int]) -> None:
        self.run, _ = compile_node(node, slots)
        self.paths = frozenset(fact_paths(node))
        self.atom, _ = atom_of(node, schema)
        short = rewrite(node, _shortened)
        self.text = to_text(short)
        self.negated_text = to_text(Unary("!", short))
        self.view: View | None = None
        self.spelt: dict[str, str] = {}  # terms as they are looked for, and as they are written
        if isinstance(self.atom, Has | Open) and isinstance(node, Call) and self.atom.terms:
            self.view = self.atom.view
            written = literal_value(node.arguments[0])
            for word in written if type(written) is tuple else (written,):
                self.spelt.setdefault(fold(word) if self.view is not None and self.view.folded else word, word)

    @property
    def path(self) -> tuple[str, ...]:
        """The text in which terms are looked for."""
        return () if self.view is None else self.view.path

    def found(self, text: Any, folded: dict[str, Any]) -> list[str]:
        """Give the terms found in a text, as the condition writes them; ``folded`` remembers foldings."""
        looked_in = text
        if self.view is not None and self.view.folded and type(text) is str:
            looked_in = folded.get(text)
            if looked_in is None:
                looked_in = folded[text] = fold(text)
        return [word for term, word in self.spelt.items() if term in looked_in] if type(looked_in) is str else []


def _shortened(node: Node) -> Node | None:
    """Show only the beginning of a long list; a reason is read, not parsed."""
    if not isinstance(node, ListOf) or len(node.items) <= _SHOWN:
        return None
    return ListOf((*node.items[: _SHOWN // 2], Name(f"… {len(node.items) - _SHOWN // 2} more")))


# A condition over its leaves, negation pushed down to them: (None, literal number), or (True for
# "and", False for "or"; parts). A literal is a leaf with its sign.
_Shape = Any


@attrs.frozen
class _Way:
    """One way in which a condition can hold: literals that suffice together.

    Attributes:
        literals: Their numbers.
        proof: The reason, without the terms that are found in a particular text.
        searched: The leaves whose terms are reported.
    """

    literals: tuple[int, ...]
    proof: Proof
    searched: tuple[_Leaf, ...]


class Explainer:
    """Explains one condition, over frames laid out by ``slots``."""

    def __init__(self, node: Node, schema: Schema, slots: dict[tuple[str, ...], int]) -> None:
        self.node, self.schema, self.slots = node, schema, slots
        self.literals: list[tuple[_Leaf, bool]] = []
        self.shape = self._shape(node, negated=False)
        self.run, self.variables = compile_node(node, slots)
        ways = _ways(self.shape)
        # The first way that holds has the fewest facts, and of those the fewest tests: nothing
        # can be left out of it. Past the limit, see `_smallest`.
        self.ways = None if ways is None else sorted(map(self._way, ways), key=_length)
        self.only = self.ways[0] if self.ways is not None and len(self.ways) == 1 else None
        searched = () if self.only is None else tuple(leaf.path for leaf in self.only.searched)
        self.reads = tuple(slots[path] for path in (fact_paths(node) if self.only is None else searched))

    @property
    def leaves(self) -> list[_Leaf]:
        """The tests of the condition."""
        return [leaf for leaf, _ in self.literals]

    def _shape(self, node: Node, *, negated: bool) -> _Shape:
        if isinstance(node, Unary) and node.op == "!":
            return self._shape(node.operand, negated=not negated)
        if isinstance(node, Logic):
            conjunction = (node.op == "&&") != negated
            return (conjunction, tuple(self._shape(operand, negated=negated) for operand in node.operands))
        self.literals.append((_Leaf(node, self.schema, self.slots), negated))
        return (None, len(self.literals) - 1)

    def _way(self, numbers: Iterable[int]) -> _Way:
        used = [self.literals[number] for number in sorted(set(numbers))]
        tests = tuple(leaf.negated_text if negated else leaf.text for leaf, negated in used)
        facts = frozenset(path for leaf, _ in used for path in leaf.paths)
        proof = Proof(tests, tuple(sorted(facts)), (), tuple(leaf.paths for leaf, _ in used))
        searched = tuple(leaf for leaf, negated in used if leaf.view is not None and not negated)
        return _Way(tuple(sorted(set(numbers))), proof, searched)

    # -- reasons -------------------------------------------------------------------------------

    def proof(self, frame: list[Any], *, held: bool = False) -> Proof | None:
        """Give a smallest sufficient reason; None if the condition does not hold.

        Where it is known to hold (``held``) and can do so in one way only, nothing is evaluated.
        """
        if held and self.only is not None:
            return self._told(self.only, frame)
        known: dict[int, bool] = {}
        if self.ways is None:
            return self._smallest(frame, known)
        for way in self.ways:
            for number in way.literals:
                if not (known[number] if number in known else self._holds(number, frame, known)):
                    break
            else:
                return self._told(way, frame)
        return None

    def _holds(self, number: int, frame: list[Any], known: dict[int, bool]) -> bool:
        leaf, negated = self.literals[number]
        known[number] = answer = leaf.run(frame) is (not negated)
        return answer

    def _told(self, way: _Way, frame: list[Any]) -> Proof:
        if not way.searched:
            return way.proof
        found = [term for leaf in way.searched for term in leaf.found(frame[self.slots[leaf.path]], frame[1])]
        proof = way.proof
        return Proof(proof.tests, proof.facts, tuple(found), proof.reads)

    def _smallest(self, frame: list[Any], known: dict[int, bool]) -> Proof | None:
        """Drop facts, then tests, as long as the condition still follows: for conditions of many ways."""
        kept = {number for number in range(len(self.literals)) if self._holds(number, frame, known)}
        if not _follows(self.shape, kept):
            return None
        for fact in sorted({path for number in kept for path in self.literals[number][0].paths}):
            fewer = {number for number in kept if fact not in self.literals[number][0].paths}
            if _follows(self.shape, fewer):
                kept = fewer
        for number in sorted(kept):
            if _follows(self.shape, kept - {number}):
                kept -= {number}
        return self._told(self._way(kept), frame)

    # -- counterfactuals -----------------------------------------------------------------------

    def counterfactual(
        self, frame: list[Any], may_change: Callable[[tuple[str, ...]], bool], most: int = 3
    ) -> tuple[Change, ...] | None:
        """Give a smallest change of facts under which the condition does not hold.

        Tries one fact, then two, up to ``most``; of equally many the nearest values. Whatever
        is given was evaluated to false. None if nothing was found, or nothing may change.
        """
        options: dict[tuple[str, ...], list[tuple[float, Change]]] = {}
        for path in sorted(self.slots):
            if may_change(path) and any(path in leaf.paths for leaf in self.leaves):
                found = sorted(self._options(path, frame), key=lambda option: option[0])
                if found:
                    options[path] = found
        tries = 0
        for count in range(1, most + 1):
            best: tuple[float, tuple[Change, ...]] | None = None
            for paths in itertools.combinations(options, count):
                for choice in itertools.product(*(options[path] for path in paths)):
                    tries += 1
                    if tries > _TRIES:
                        return None if best is None else best[1]
                    distance = sum(cost for cost, _ in choice)
                    if (best is None or distance < best[0]) and self._ends(frame, choice):
                        best = (distance, tuple(change for _, change in choice))
            if best is not None:
                return best[1]
        return None

    def _ends(self, frame: list[Any], choice: Iterable[tuple[float, Change]]) -> bool:
        changed = [*frame]
        changed[1] = {}
        for _, change in choice:
            changed[self.slots[change.fact]] = change.instead
            for length in range(1, len(change.fact)):
                around = self.slots.get(change.fact[:length])
                if around is not None:  # the condition reads the fact around it as well
                    changed[around] = _with(changed[around], change.fact[length:], change.instead)
        return self.run(changed) is False

    def _options(self, path: tuple[str, ...], frame: list[Any]) -> Iterator[tuple[float, Change]]:
        field, value = self.schema.at(path), frame[self.slots[path]]
        if field is None or value is None or value is UNKNOWN:
            return
        match field.type.kind:
            case "bool":
                yield 1.0, Change(path, value, not value)
            case "enum":
                for other in field.type.values:
                    if other != value:
                        yield 1.0, Change(path, value, other)
            case "int" | "float":
                yield from self._numbers(path, field, value)
            case "text":
                yield from self._texts(path, value)
            case "list":
                if value:
                    yield 1.0, Change(path, value, ())

    def _numbers(self, path: tuple[str, ...], field: Field, value: float) -> Iterator[tuple[float, Change]]:
        """Offer the constants that the fact is compared with, and their neighbours."""
        for constant in sorted(set(self._constants(path))):
            whole = field.type.kind == "int"
            near = (
                (math.floor(constant) - 1, math.floor(constant), math.ceil(constant), math.ceil(constant) + 1)
                if whole
                else (math.nextafter(constant, -math.inf), constant, math.nextafter(constant, math.inf))
            )
            for number in near:
                low = INT_MIN if field.ge is None and whole else field.ge
                high = INT_MAX if field.le is None and whole else field.le
                allowed = (low is None or number >= low) and (high is None or number <= high) and math.isfinite(number)
                if allowed and number != value:
                    distance = abs(number - value) / (1 + abs(value))
                    yield distance / (1 + distance) if math.isfinite(distance) else 1.0, Change(path, value, number)

    def _constants(self, path: tuple[str, ...]) -> Iterator[float]:
        for leaf in self.leaves:
            if path in leaf.paths:
                yield from _numbers_beside(leaf.atom, path)

    def _texts(self, path: tuple[str, ...], value: str) -> Iterator[tuple[float, Change]]:
        """Offer the text without the words in which terms were found; then no text at all.

        Nothing is offered against patterns: what a text would have to be like to miss one is
        no advice to anybody.
        """
        leaves = [leaf for leaf in self.leaves if leaf.view is not None and leaf.view.path == path]
        terms = tuple(dict.fromkeys(term for leaf in leaves for term in leaf.found(value, {})))
        if terms:
            kept = [word for word in value.split() if not any(leaf.found(word, {}) for leaf in leaves)]
            yield 1.0, Change(path, value, " ".join(kept), terms)
            yield 1.5, Change(path, value, "", terms)


def _with(value: Any, path: tuple[str, ...], instead: Any) -> Any:
    """Give a nested fact with one of the facts inside it changed."""
    if not path:
        return instead
    return {**value, path[0]: _with(value[path[0]], path[1:], instead)}


def _numbers_beside(atom: Any, path: tuple[str, ...]) -> Iterator[float]:
    constants = getattr(atom, "constants", None)
    if constants is not None:
        yield from constants
        return
    node = getattr(atom, "node", None)
    if isinstance(node, Binary):
        for side in (node.left, node.right):
            value = literal_value(side)
            if type(value) in (int, float) and path_of(side) != path:
                yield value


def _length(way: _Way) -> tuple[int, int, tuple[int, ...]]:
    return (len(way.proof.facts), len(way.literals), way.literals)


def _ways(shape: _Shape) -> list[tuple[int, ...]] | None:
    """Give the sets of literals that make a shape true; None if there are too many."""
    conjunction, inner = shape
    if conjunction is None:
        return [(inner,)]
    parts = [_ways(part) for part in inner]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    if not conjunction:
        found = [way for part in known for way in part]
    else:
        found = [()]
        for part in known:
            found = [(*way, *other) for way in found for other in part] if len(found) * len(part) <= _WAYS else []
            if not found:
                return None
    return found if len(found) <= _WAYS else None


def _follows(shape: _Shape, kept: set[int]) -> bool:
    """Tell whether some literals alone make a shape true."""
    conjunction, inner = shape
    if conjunction is None:
        return inner in kept
    return (all if conjunction else any)(_follows(part, kept) for part in inner)


def spoken(value: Any) -> str:
    """Write a value as people read it in a condition."""
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is str:
        return quote(value if len(value) <= 80 else value[:79] + "…")
    if type(value) is Timestamp:
        return timestamp_text(value)
    if type(value) is Duration:
        return duration_text(value)
    if value is None:
        return "null"
    if type(value) is dict:
        # Not Python's own text of it, which differs with the version of Unicode that it knows.
        return "{" + ", ".join(f"{name}: {spoken(item)}" for name, item in value.items()) + "}"
    if type(value) is tuple:
        return "[" + ", ".join(spoken(item) for item in value) + "]"
    return str(value)
