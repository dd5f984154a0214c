"""Rule sets that are nearly the same, and how many of them a suite of events tells apart."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._conditions.condition import Condition
from platgov._conditions.tree import Binary, Call, Choice, ListOf, Literal, Logic, Node, Unary, children, rewrite
from platgov._facts.reading import observe
from platgov._rules.rule import ConditionRule
from platgov._rules.ruleset import RuleSet
from platgov._testing.outcomes import refusal
from platgov.consistency import Case, Status, diff, witness_suite
from platgov.errors import ConditionError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from platgov._facts.reading import Observed
    from platgov.measures import Measure

__all__ = ["Mutant", "MutationScore", "mutants", "mutation_score", "without_one_part"]

_FLIPS: Final = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
_JOINS: Final = {"&&": "||", "||": "&&"}


@attrs.frozen(kw_only=True)
class Mutant:
    """A rule that differs from the published one in one thing.

    Attributes:
        kind: What was done: ``comparison``, ``boundary``, ``negated``, ``dropped``, ``joined``,
            ``listed``, ``constant``, ``measure`` or ``removed``.
        rule_id: The rule.
        says: What was done, in words.
        rule: The rule as changed; None if it was taken out.
    """

    kind: str
    rule_id: str
    says: str
    rule: ConditionRule | None

    def applied(self, rule_set: RuleSet) -> RuleSet:
        """Give the whole rule set with the change."""
        rules = [self.rule if rule.id == self.rule_id else rule for rule in rule_set.rules]
        return _of(rule_set, [rule for rule in rules if rule is not None])


@attrs.frozen(kw_only=True)
class MutationScore:
    """How many changes of a rule set a suite of events notices.

    Attributes:
        mutants: Changes that were tried.
        equivalent: Those that are proved to change nothing; no event could notice them.
        killed: Those that the suite notices.
        survived: Those that it does not, including any whose difference is not settled.
    """

    mutants: int
    equivalent: int
    killed: int
    survived: tuple[Mutant, ...]

    @property
    def share(self) -> Fraction:
        """Killed among those that could be; 1 if there are none."""
        return Fraction(self.killed, self.mutants - self.equivalent) if self.mutants > self.equivalent else Fraction(1)

    def __str__(self) -> str:
        could = self.mutants - self.equivalent
        return (
            f"{self.killed} of {could} changes noticed ({float(self.share):.1%}); {self.equivalent} more change nothing"
        )


def mutants(rule_set: RuleSet) -> Iterator[Mutant]:
    """Give every single change of one rule that the kit knows, in a fixed order.

    Only rules with a condition are changed.
    """
    for rule in rule_set.rules:
        if not isinstance(rule, ConditionRule):
            continue
        for kind, says, node in _changed(rule.when.node):
            try:
                condition = Condition(node)
                condition.check(rule_set.schema)
            except ConditionError:  # the change does not fit the facts
                continue
            if condition != rule.when:
                yield Mutant(kind=kind, rule_id=rule.id, says=says, rule=attrs.evolve(rule, when=condition))
        for says, measures in _other_measures(rule.measures):
            yield Mutant(kind="measure", rule_id=rule.id, says=says, rule=attrs.evolve(rule, measures=measures))
        yield Mutant(kind="removed", rule_id=rule.id, says="the rule is taken out", rule=None)


def mutation_score(
    rule_set: RuleSet, suite: Iterable[Case] | None = None, *, most: int | None = None, seed: int = 0
) -> MutationScore:
    """Count how many changes of a rule set a suite of events notices.

    A change is noticed if one of the events is decided otherwise: another outcome or other
    measures. Changes that no event notices are held against the rule set by
    `platgov.consistency.diff`: those proved to change nothing do not count.

    Args:
        rule_set: The rules.
        suite: The events; None takes `platgov.consistency.witness_suite`.
        most: Changes to draw at random; None tries all of them.
        seed: Seed of the draw.

    Raises:
        InputError: No rule set.
    """
    if not isinstance(rule_set, RuleSet):
        raise refusal(f"{rule_set!r} is no rule set; give a RuleSet")
    tried = list(mutants(rule_set))
    if most is not None and len(tried) > most:
        tried = random.Random(seed).sample(tried, most)  # noqa: S311 - a draw of cases
    judge = _Judge(rule_set, witness_suite(rule_set) if suite is None else tuple(suite))
    left = [mutant for mutant in tried if not judge.notices(mutant)]
    survived = [mutant for mutant in left if diff(rule_set, mutant.applied(rule_set)).same is not Status.PROVED]
    return MutationScore(
        mutants=len(tried),
        equivalent=len(left) - len(survived),
        killed=len(tried) - len(left),
        survived=tuple(survived),
    )


# -- noticing ----------------------------------------------------------------------------------


class _Judge:
    """Decides events by changed rules, looking only at rules that have a say."""

    def __init__(self, rule_set: RuleSet, suite: tuple[Case, ...]) -> None:
        self.rule_set, self.at = rule_set, _instant(rule_set)
        events = {case.example.record: case.example.event for case in suite}
        self.events = [*events.values()]
        self.own: dict[str, list[int]] = {}
        places = {record: place for place, record in enumerate(events)}
        for case in suite:
            self.own.setdefault(case.rule, []).append(places[case.example.record])
        self.seen: list[Observed] = [observe(rule_set.schema, event) for event in self.events]
        self._decided: dict[int, tuple[Any, list[str]]] = {}

    def notices(self, mutant: Mutant) -> bool:
        first = self.own.get(mutant.rule_id, [])
        known = set(first)
        order = [*first, *(place for place in range(len(self.events)) if place not in known)]
        old = self.rule_set.rule(mutant.rule_id)
        before = old.when if isinstance(old, ConditionRule) else None
        for place in order:
            if mutant.kind in ("measure", "removed"):
                changed = before is None or before.evaluate(self.seen[place]) is not False
            else:
                rule = mutant.rule
                changed = (
                    before is None
                    or rule is None
                    or (before.evaluate(self.seen[place]) is not rule.when.evaluate(self.seen[place]))
                )
            if changed and self.otherwise(place, mutant):
                return True
        return False

    def otherwise(self, place: int, mutant: Mutant) -> bool:
        """Tell whether an event is decided otherwise; rules that do not apply and are not open have no say."""
        told, acting = self.decided(place)
        rules = [self.rule_set.rule(rule_id) for rule_id in acting if rule_id != mutant.rule_id]
        if mutant.rule is not None:
            rules.append(mutant.rule)
        again = _of(self.rule_set, rules).decide(self.events[place], at=self.at) if rules else None
        return (
            (again.outcome, again.measures) != told if again is not None else bool(told[1]) or told[0].value != "none"
        )

    def decided(self, place: int) -> tuple[Any, list[str]]:
        if place not in self._decided:
            event = self.events[place]
            decision = self.rule_set.decide(event, at=self.at)
            acting = {
                *(finding.rule_id for finding in decision.findings),
                *(rule.rule_id for rule in decision.undetermined),
                *(rule.rule_id for rule in decision.defeated),
            }
            # An exception that sets a rule aside may itself be set aside without being listed as open.
            for exception, others in self.rule_set.defeats:
                acting |= {exception, *others}
            self._decided[place] = ((decision.outcome, decision.measures), sorted(acting))
        return self._decided[place]


def _of(rule_set: RuleSet, rules: list[Any]) -> RuleSet:
    ids = {rule.id for rule in rules}
    defeats = {
        exception: [other for other in others if other in ids]
        for exception, others in rule_set.defeats
        if exception in ids and ids.intersection(others)
    }
    parts: dict[str, Any] = {field.name: getattr(rule_set, field.name) for field in attrs.fields(RuleSet) if field.init}
    return RuleSet(**{**parts, "rules": rules, "defeats": defeats})


def _instant(rule_set: RuleSet) -> int:
    """Give an instant at which every grant stands."""
    return min([0, *(grant.expires_at - 1 for grant in rule_set.grants)])


# -- changing ----------------------------------------------------------------------------------


def _changed(root: Node) -> Iterator[tuple[str, str, Node]]:
    """Give trees that differ in one thing, with its kind and what it is in words."""
    for node in _parts(root):
        for kind, says, other in _others(node):
            yield kind, says, _with(root, node, other)
    for less, part in without_one_part(root):
        yield "dropped", f"without {_text(part)}", less


def _parts(root: Node) -> list[Node]:
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting.extend(reversed(children(node)))
    return found


def _others(node: Node) -> Iterator[tuple[str, str, Node]]:
    match node:
        case Logic(op=op):
            yield "joined", f"{_JOINS[op]} instead of {op}", attrs.evolve(node, op=_JOINS[op])
        case Binary(op=op) if op in _FLIPS:
            yield "comparison", f"{_FLIPS[op]} instead of {op} in {_text(node)}", attrs.evolve(node, op=_FLIPS[op])
            for side in ("left", "right"):
                literal = getattr(node, side)
                if isinstance(literal, Literal):
                    for value in _beside(literal.value):
                        says = f"{value!r} instead of {literal.value!r} in {_text(node)}"
                        yield "boundary", says, _with(node, literal, Literal(value))
        case Binary(op="in", right=ListOf(items=items)) if len(items) > 1:
            for place, item in enumerate(items):
                shorter = ListOf(items[:place] + items[place + 1 :])
                yield "listed", f"{_text(item)} is left out of the list", attrs.evolve(node, right=shorter)
        case Call(arguments=(Literal(value=str() as value),)) if node.function in (
            "contains",
            "startsWith",
            "endsWith",
        ):
            yield (
                "constant",
                f"{value + 'x'!r} instead of {value!r}",
                attrs.evolve(node, arguments=(Literal(value + "x"),)),
            )
    if _is_test(node):
        yield "negated", f"not {_text(node)}", Unary("!", node)


def _is_test(node: Node) -> bool:
    if isinstance(node, Binary):
        return node.op in _FLIPS or node.op == "in"
    return isinstance(node, Call) and node.target is not None


def _beside(value: Any) -> tuple[Any, ...]:
    if type(value) is int:
        return (value - 1, value + 1)
    return (math.nextafter(value, -math.inf), math.nextafter(value, math.inf)) if type(value) is float else ()


def _with(root: Node, node: Node, other: Node) -> Node:
    return rewrite(root, lambda inner: other if inner is node else None)


def without_one_part(node: Node) -> Iterator[tuple[Node, Node]]:
    """Give a condition without one operand of an "and" or "or", and that operand, in every way."""
    if isinstance(node, Logic):
        for place, part in enumerate(node.operands):
            left = node.operands[:place] + node.operands[place + 1 :]
            yield (left[0] if len(left) == 1 else Logic(node.op, left)), part
    if isinstance(node, Logic | Choice) or (isinstance(node, Unary) and node.op == "!"):
        for child in children(node):
            for less, part in without_one_part(child):
                yield _with(node, child, less), part


def _text(node: Node) -> str:
    return Condition(node).text


def _other_measures(measures: tuple[Measure, ...]) -> Iterator[tuple[str, tuple[Measure, ...]]]:
    for place, measure in enumerate(measures):
        rest = measures[:place] + measures[place + 1 :]
        yield f"without {measure}", rest
        if type(measure).has_length:
            for days in {1, (measure.days or 0) + 1}:
                try:
                    other = attrs.evolve(measure, days=days, hours=None)
                except InputError:
                    continue
                if other != measure:
                    yield f"{other} instead of {measure}", (*rest, other)
