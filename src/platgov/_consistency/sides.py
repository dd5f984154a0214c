"""What a question about rule sets is made of: sides that decide, clauses that say what is wanted, and what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from platgov._conditions.values import UNKNOWN
from platgov._rules.decision import Outcome
from platgov._rules.rule import ConditionRule
from platgov.measures import join

if TYPE_CHECKING:
    from collections.abc import Iterable

    from platgov._consistency.inquiry import Inquiry
    from platgov._rules.decision import Decision
    from platgov.measures import Measure

__all__ = [
    "FAILS",
    "HOLDS",
    "NOT_FAILS",
    "NOT_HOLDS",
    "Clause",
    "Found",
    "Literal",
    "Place",
    "Seen",
    "Side",
    "own",
    "places_of",
]

HOLDS, NOT_HOLDS, FAILS, NOT_FAILS = range(4)
"""What a literal says: the rule applies, does not (it fails or is open), fails, or does not."""

Literal = tuple[int, Any, int]
"""A side, a rule (after exceptions; see `own`), and one of the four."""
Clause = tuple[Literal, ...]
Place = tuple[str, str]


def own(rule_id: str) -> tuple[str, str]:
    """Name the condition of a rule, before exceptions."""
    return ("own", rule_id)


def places_of(measures: Iterable[Measure]) -> dict[Place, Measure]:
    """Give the joined measures by what they touch."""
    measures = tuple(measures)
    measures = join(measures) if len(measures) > 1 else measures
    return {(measure.kind.value, measure.target): measure for measure in measures}


@attrs.frozen
class Side:
    """One of the decisions that a question compares.

    Attributes:
        set: Number of the rule set.
        event: Number of the event: 0, or 1 for the second one of a pair.
        without: A rule that is thought away.
    """

    set: int = 0
    event: int = 0
    without: str | None = None


class Seen:
    """What the rule sets really say of some events."""

    def __init__(self, inquiry: Inquiry, sides: tuple[Side, ...], events: list[dict[str, Any]]) -> None:
        self.inquiry, self.sides, self.events = inquiry, sides, events
        self.decisions: list[Decision] = []
        self._answers: list[dict[str, Any]] = []
        self.measures: list[tuple[Measure, ...]] = []
        self.settled: list[bool] = []
        made: dict[tuple[int, int], Decision] = {}
        for side in sides:
            key = (side.set, side.event)
            if key not in made:
                made[key] = inquiry.sets[side.set].decide(events[side.event], at=inquiry.at[side.set])
            decision = made[key]
            answers: dict[str, Any] = {finding.rule_id: True for finding in decision.findings}
            answers.update((item.rule_id, UNKNOWN) for item in decision.undetermined)
            measures, settled = decision.measures, decision.outcome is not Outcome.UNDETERMINED
            if side.without in answers:
                del answers[side.without]
                measures = inquiry.joined(side.set, (rule for rule, answer in answers.items() if answer is True))
                settled = join((*measures, *inquiry.joined(side.set, answers))) == measures
            self.decisions.append(decision)
            self._answers.append(answers)
            self.measures.append(measures)
            self.settled.append(settled)

    def answer(self, side: int, key: Any) -> Any:
        """Give what a rule says on one side."""
        if type(key) is str:
            return self._answers[side].get(key, False)
        about = self.sides[side]
        rule_set, event = self.inquiry.sets[about.set], self.events[about.event]
        if key[0] == "own":
            rule = rule_set.rule(key[1])
            if isinstance(rule, ConditionRule):
                return rule.when.evaluate(event, rule_set.schema)
            return self.answer(side, rule.id)
        return self.inquiry.covers[key[1]].evaluate(event, rule_set.schema)

    def holds(self, literal: Literal) -> bool:
        side, key, says = literal
        answer = self.answer(side, key)
        if says in (HOLDS, NOT_HOLDS):
            return (answer is True) is (says == HOLDS)
        return (answer is False) is (says == FAILS)

    def fulfils(self, clauses: Iterable[Clause]) -> bool:
        """Tell whether every clause holds."""
        return all(any(self.holds(literal) for literal in clause) for clause in clauses)

    def open_rules(self, side: int) -> list[str]:
        return sorted(rule for rule, answer in self._answers[side].items() if answer is UNKNOWN)


class Found(NamedTuple):
    """The answer: there is such an event (True, with what was seen), there is none, or None."""

    there_is: bool | None
    seen: Seen | None = None
    why: str = ""
    against: tuple[str, ...] = ()
    """The rules that were in the way."""
