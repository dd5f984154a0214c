"""How long Python's own engine could take for a pattern, as an unanchored search.

That engine tries every start and, from each, one way after another. What it does is
therefore bounded by *visits*: the times that some way from some start reaches a place of the
pattern at a place of the text. Two numbers are followed from left to right:

``ways``
    The most visits at any one place of the text. A character or an assertion never raises
    it: all who stand before it move on together. A choice adds its branches up. A repeat of
    X that may end after any of k counts multiplies it by k: so many starts of the repeat
    can lead to one place. Unless the repeat is *guarded*: what precedes it cannot be an X.
    Then it starts where a run of X starts, and a place within a run has one such start only.
``visits``
    All visits, per character of the text. At most ``ways``, and less after a literal, as
    ``free`` can end at every fourth place at best.

An unguarded repeat without limit has no bound, and neither has a group that repeats without
limit; the automaton takes those. All else takes time linear in the text, with the factor
given by :func:`search_cost`. One unit is about ten nanoseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from platgov._patterns import sets
from platgov._patterns.tree import Alternation, Assertion, Chars, Concat, Node, Place, Repeat, items_of

if TYPE_CHECKING:
    from platgov._patterns.sets import Ranges

__all__ = ["search_cost"]

# Measured on CPython 3.11 to 3.13, rounded up.
_START: Final = 1.5
_VISIT: Final = 0.6
_SCAN: Final = 0.3
_BRANCH: Final = 0.3
_RANGE: Final = 0.2

# One place in a text of 64 KiB. A single start can still lead to very many visits.
_ONCE: Final = 1 / 65_536
_PREFIX: Final = 48
_OPTIONAL_MAX: Final = 20
_WORDS_MAX: Final = 1_000


class _UnboundedError(Exception):
    """The time grows faster than the text."""


@attrs.frozen
class _Flow:
    """What is known at one place of the pattern.

    Attributes:
        ways: See above.
        visits: See above.
        before: The characters that may precede; none at the start of the text.
        boundary: Whether a word boundary has just been asserted here.
    """

    ways: float
    visits: float
    before: Ranges
    boundary: bool = False


def search_cost(node: Node) -> float:
    """Bound the time of an unanchored search, in units per character; infinite if it is not linear."""
    try:
        _, cost = _walk(node, _Flow(1.0, 1.0, sets.ANY))
    except _UnboundedError:
        return float("inf")
    return _START + cost


def _walk(node: Node, flow: _Flow) -> tuple[_Flow, float]:
    match node:
        case Assertion(place):
            return _asserted(place, flow), _VISIT * flow.visits
        case Alternation(branches):
            return _choice(branches, flow)
        case Repeat(Chars(ranges), low, high):
            return _run(ranges, low, high, flow)
        case Repeat(item, low, high):
            return _copies(item, low, high, flow)
    return _sequence(items_of(node), flow)


def _sequence(items: tuple[Node, ...], flow: _Flow) -> tuple[_Flow, float]:
    cost = 0.0
    literal: list[Ranges] = []
    for item in items:
        if isinstance(item, Chars):
            literal.append(item.ranges)
            continue
        flow, spent = _literal(literal, flow)
        literal = []
        flow, more = _walk(item, flow)
        cost += spent + more
    flow, spent = _literal(literal, flow)
    return flow, cost + spent


def _asserted(place: Place, flow: _Flow) -> _Flow:
    match place:
        case Place.TEXT_START:
            return attrs.evolve(flow, visits=min(flow.visits, flow.ways * _ONCE), before=())
        case Place.LINE_START:
            return attrs.evolve(flow, before=sets.NEWLINE)
        case Place.TEXT_END:
            return attrs.evolve(flow, visits=min(flow.visits, flow.ways * _ONCE))
        case Place.BOUNDARY:
            return attrs.evolve(flow, boundary=True)
    return flow


def _literal(chars: list[Ranges], flow: _Flow) -> tuple[_Flow, float]:
    """Follow single characters. Those who have seen k of them stand at least a period of the k apart."""
    if not chars:
        return flow, 0.0
    # fits[p]: how many characters can agree with the same ones p places on.
    head = chars[:_PREFIX]
    fits = []
    for period in range(1, len(head) + 1):
        agreeing = 0
        while period + agreeing < len(head) and not sets.disjoint(head[agreeing], head[period + agreeing]):
            agreeing += 1
        fits.append(period + agreeing)
    cost, visits = 0.0, flow.visits
    for seen, ranges in enumerate(chars):
        cost += visits * (_VISIT + _ranged(ranges))
        period = next(p for p, fit in enumerate(fits, 1) if fit >= min(seen + 1, len(head)))
        visits = min(visits, flow.ways / period)
    return _Flow(flow.ways, visits, chars[-1]), cost


def _run(ranges: Ranges, low: int, high: int | None, flow: _Flow) -> tuple[_Flow, float]:
    """Follow the repeat of a set of characters."""
    weight = _SCAN + _ranged(ranges)
    before = ranges if low else sets.merge(ranges, flow.before)
    start = _VISIT * flow.visits
    most = float("inf") if high is None else high
    ends = most - low + 1
    # After \b, a run of word characters (or of others) starts here if it starts at all.
    sided = flow.boundary and (sets.within(ranges, sets.WORD) or sets.disjoint(ranges, sets.WORD))
    if sided or sets.disjoint(ranges, flow.before):
        return _Flow(flow.ways, min(flow.ways, flow.visits * ends), before), start + weight * flow.ways
    if high is None:
        raise _UnboundedError
    return _Flow(flow.ways * ends, flow.visits * ends, before), start + weight * flow.visits * most


def _copies(item: Node, low: int, high: int | None, flow: _Flow) -> tuple[_Flow, float]:
    """Follow a group as if its copies were written out, the optional ones inside each other."""
    if high is None or high - low > _OPTIONAL_MAX:
        raise _UnboundedError
    cost = 0.0
    for _ in range(low):
        flow, spent = _walk(item, flow)
        cost += spent
    inside = left = flow
    for _ in range(high - low):
        inside, spent = _walk(item, inside)
        left = _either([left, inside])
        cost += spent + inside.visits * (_VISIT + _BRANCH)
    return left, cost


def _choice(branches: tuple[Node, ...], flow: _Flow) -> tuple[_Flow, float]:
    walked = [_walk(branch, flow) for branch in branches]
    after = _either([left for left, _ in walked])
    cost = sum((spent for _, spent in walked), flow.visits * (_VISIT + _BRANCH * len(branches)))
    words = _words(Alternation(branches)) if _exclusive(branches) else None
    if words is None:
        return after, cost
    # Of several words that end at one place, each is the end of a longer one: the longest chain counts.
    ending = max(sum(word[at:] in words for at in range(len(word))) for word in words)
    starting = max(sum(word[:end] in words for end in range(1, len(word) + 1)) for word in words)
    ways, visits = min(after.ways, flow.ways * ending), min(after.visits, flow.visits * starting)
    cost = min(cost, flow.visits * _longest(Alternation(branches)))
    return attrs.evolve(after, ways=ways, visits=min(visits, ways)), cost


def _either(flows: list[_Flow]) -> _Flow:
    return _Flow(
        sum(flow.ways for flow in flows),
        sum(flow.visits for flow in flows),
        sets.merge(*(flow.before for flow in flows)),
        all(flow.boundary for flow in flows),
    )


def _exclusive(branches: tuple[Node, ...]) -> bool:
    """Tell whether the next character decides the branch."""
    seen: Ranges = ()
    for branch in branches:
        first = _first(branch)
        if first is None or not sets.disjoint(seen, first):
            return False
        seen = sets.merge(seen, first)
    return True


def _first(node: Node) -> Ranges | None:
    """Give what a match can start with; None if it can be empty."""
    match node:
        case Chars(ranges):
            return ranges
        case Concat(items):
            seen: Ranges = ()
            for item in items:
                if isinstance(item, Assertion):
                    continue
                first = _first(item)
                if first is not None:
                    return sets.merge(seen, first)
                if not isinstance(item, Repeat) or (first := _first(item.item)) is None:
                    return None
                seen = sets.merge(seen, first)
        case Alternation(branches):
            firsts = [_first(branch) for branch in branches]
            return None if None in firsts else sets.merge(*(first for first in firsts if first is not None))
        case Repeat(item, low, _) if low:
            return _first(item)
    return None


def _longest(node: Node, *, last: bool = True) -> float:
    """Bound what one visit can spend on a choice of words, where the next character mostly decides."""
    match node:
        case Chars(ranges):
            return _VISIT + _ranged(ranges)
        case Alternation(branches):
            inside = [_longest(branch, last=last) for branch in branches]
            trying = _VISIT + _BRANCH * len(branches)
            return trying + (max(inside) if _exclusive(branches) else sum(inside))
        case Repeat(item, low, high) if high is not None and (last or low == high):
            return high * (_BRANCH + _longest(item, last=False))
        case Concat(items):
            ends = [last and at == len(items) for at in range(1, len(items) + 1)]
            return sum(_longest(item, last=end) for item, end in zip(items, ends, strict=True))
    return float("inf")  # a part that may be left out comes first: what follows is tried more than once


def _words(node: Node) -> frozenset[str] | None:
    """Spell out a finite choice of words, one letter per set of characters; None if it is no such thing."""
    letters: dict[Ranges, str] = {}
    spelled = _spelled(node, letters)
    words = frozenset(spelled)
    # Letters stand for sets, so two words may be compared only if no two sets share a character.
    apart = sets.size(sets.merge(*letters)) == sum(map(sets.size, letters))
    return words if words and apart and len(words) == len(spelled) else None


def _spelled(node: Node, letters: dict[Ranges, str]) -> list[str]:
    match node:
        case Chars(ranges):
            return [letters.setdefault(ranges, chr(len(letters)))]
        case Repeat(item, low, high) if high is not None and high <= 4:
            once = _spelled(item, letters)
            counts = [_joined([once] * count) for count in range(low, high + 1)]
            return [word for words in counts for word in words] if all(counts) else []
        case Alternation(branches):
            choices = [_spelled(branch, letters) for branch in branches]
            return [word for words in choices for word in words] if all(choices) else []
        case Concat(items):
            return _joined([_spelled(item, letters) for item in items])
    return []


def _joined(parts: list[list[str]]) -> list[str]:
    words = [""]
    for part in parts:
        if len(words) * len(part) > _WORDS_MAX:
            return []
        words = [word + end for word in words for end in part]
    return words


def _ranged(ranges: Ranges) -> float:
    """What the test of a set costs beside: beyond the basic plane, the engine tries range after range."""
    shown = min(ranges, sets.invert(ranges), key=len)  # as it is spelled, plain or negated
    return _RANGE * sum(high > 0xFFFF for _, high in shown)
