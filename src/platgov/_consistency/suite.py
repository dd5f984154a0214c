"""Events that tell a rule set from one that is nearly the same.

For each test of each rule a pair of events: one on which the rule applies and decides, and one
that differs in one fact, lies just across the border of the test, and on which it does not.
Whoever keeps the decisions on them notices a limit that moved by one, a test that was dropped,
or one that was turned round.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._conditions.values import UNKNOWN
from platgov._consistency.answers import Example
from platgov._consistency.cells import Cell, seen
from platgov._consistency.inquiry import Inquiry
from platgov._consistency.questions import BUDGET, TWO, checked
from platgov._consistency.sides import FAILS, HOLDS, NOT_HOLDS, Seen, Side

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from platgov._consistency.cells import Variable
    from platgov._consistency.formulas import Formula
    from platgov._consistency.sides import Clause, Found
    from platgov._rules.ruleset import RuleSet

__all__ = ["Case", "witness_suite"]

_PAIRS: Final = 40
"""Borders of one test of an enum that are tried."""


@attrs.frozen(kw_only=True)
class Case:
    """One event of a suite.

    Attributes:
        rule: The rule that it is about.
        fact: The fact whose border it lies at; empty for an event that shows the rule at work.
        applies: Whether the rule applies to it.
        example: The event, and what the rule set decides.
    """

    rule: str
    fact: str
    applies: bool
    example: Example

    def __str__(self) -> str:
        where = f" at the border of {self.fact}" if self.fact else ""
        return f"{self.rule} {'applies' if self.applies else 'does not apply'}{where}: {self.example}"

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {"rule": self.rule, "fact": self.fact, "applies": self.applies, **self.example.to_dict()}


def witness_suite(rule_set: RuleSet, budget: int = BUDGET) -> tuple[Case, ...]:
    """Give events that pin down what a rule set decides, at the border of every test.

    Borders that no event can show, because other rules are at least as severe there, have no
    case. Every case was decided by the rule set; hosts hold their own engine against it, or
    the next edition.

    Args:
        rule_set: The rules.
        budget: Steps for each border.

    Returns:
        The cases, by rule and fact; each event once for a rule.

    Raises:
        InputError: No rule set, or no budget.
    """
    inquiry = Inquiry(checked(rule_set, budget), budget=budget)
    cases: dict[tuple[str, str, str], Case] = {}
    for rule in rule_set.rules:
        for case in _Borders(inquiry, rule.id).cases():
            cases.setdefault((case.rule, case.fact, case.example.record), case)
    return tuple(cases.values())


class _Borders:
    """The borders of one rule."""

    def __init__(self, inquiry: Inquiry, rule_id: str) -> None:
        self.inquiry, self.rule_id = inquiry, rule_id
        self.places = [*inquiry.touched[0][rule_id]]
        self.model = inquiry.model

    def cases(self) -> Iterator[Case]:
        found = self.at_work()
        if found.seen is not None:
            yield self.case(found.seen, 0, "", applies=True)
        for number, cells in self.tests():
            variable = self.model.worlds.variables[number]
            for one, other, ends in _borders(variable, cells, self.inquiry):
                found = self.across(number, variable, one, other, ends)
                if found.seen is not None:
                    name = ".".join(variable.path)
                    yield self.case(found.seen, 0, name, applies=True)
                    yield self.case(found.seen, 1, name, applies=False)

    def case(self, told: Seen, side: int, fact: str, *, applies: bool) -> Case:
        event = told.events[told.sides[side].event]
        return Case(rule=self.rule_id, fact=fact, applies=applies, example=Example.of(event, told.decisions[side]))

    def tests(self) -> Iterator[tuple[int, int]]:
        """Give the variables that the rule tests, each with cells that a test of it sets apart."""
        rails = self.model.rails(0, self.rule_id)
        for number, cells in dict.fromkeys(_literals(rails.true)):
            if self.model.worlds.variables[number].path:
                yield number, cells

    def at_work(self) -> Found:
        return self.inquiry.settle((Side(),), [((0, self.rule_id, HOLDS),)], self.decisive((0,)))

    def decisive(self, sides: tuple[int, ...]) -> Any:
        """Want no other rule to be as severe, on any of these sides, at one place of this rule at least."""
        touched = self.inquiry.touched[0]

        def refine(told: Seen) -> list[Clause]:
            worst: list[Clause] = []
            for place in self.places:
                rank = touched[self.rule_id][place].severity
                more: list[Clause] = [
                    ((side, rival, NOT_HOLDS),)
                    for side in sides
                    for rival in self.inquiry.rivals(TWO[side], place, rank)
                    if rival != self.rule_id and told.answer(side, rival) is True
                ]
                if not more:
                    return []
                worst = worst or more
            return worst

        return refine

    def across(self, number: int, variable: Variable, one: int, other: int, ends: tuple[int, int]) -> Found:
        def pins(_: Any, pairs: Mapping[int, int]) -> tuple[list[Formula], dict[int, int]]:
            return [(number, one), (pairs[number], other)], {number: ends[0], pairs[number]: ends[1]}

        wanted: list[Clause] = [((0, self.rule_id, HOLDS),), ((1, self.rule_id, FAILS),)]
        return self.inquiry.settle(TWO, wanted, self.decisive((0, 1)), twin=variable.path, pins=pins)


def _literals(formula: Formula) -> Iterator[tuple[int, int]]:
    tag, body = formula
    if tag >= 0:
        yield tag, body
    else:
        for part in body:
            yield from _literals(part)


def _borders(variable: Variable, cells: int, inquiry: Inquiry) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Give pairs of cells, inside a test and outside, and the ends of them that meet."""
    count = len(variable.cells)
    if variable.sort == "test":
        yield cells, 3 & ~cells, (0, 0)
        return
    field = inquiry.sets[0].schema.at(variable.path)
    usable = [place for place in range(count) if seen(variable, variable.cells[place], field) not in (None, UNKNOWN)]
    if variable.sort == "size":
        usable = [place for place in range(count) if variable.cells[place] is not Cell.UNUSABLE]
    inside = [place for place in usable if cells >> place & 1]
    outside = [place for place in usable if not cells >> place & 1]
    if not inside or not outside:  # a test of presence
        absent = 1 if cells & 1 else 0
        if variable.sort == "fact" and usable and bool(absent) is not bool(inside):
            value = 1 << usable[0]
            yield (1, value, (0, 0)) if absent else (value, 1, (0, 0))
        return
    if variable.sort == "size" or type(variable.cells[-1]) is tuple:
        for left, right in itertools.pairwise(usable):
            if (left in inside) != (right in inside):
                if left in inside:
                    yield 1 << left, 1 << right, (1, 0)
                else:
                    yield 1 << right, 1 << left, (0, 1)
        return
    pairs = [(one, outside[n % len(outside)]) for n, one in enumerate(inside)]
    pairs += [(inside[n % len(inside)], other) for n, other in enumerate(outside)]
    for one, other in list(dict.fromkeys(pairs))[:_PAIRS]:
        yield 1 << one, 1 << other, (0, 0)
