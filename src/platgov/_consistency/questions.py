"""Single questions about one rule set: does a fact matter, which way, and is something left out?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from platgov._conditions.values import UNKNOWN
from platgov._consistency.answers import Answer, Example, Severity, Status
from platgov._consistency.cells import seen
from platgov._consistency.differing import differences
from platgov._consistency.formulas import both, either
from platgov._consistency.inquiry import Inquiry
from platgov._consistency.sides import FAILS, HOLDS, Found, Seen, Side
from platgov._facts.reading import observe
from platgov._facts.schema import ORDERED, Field, Role, suggest
from platgov._rules.rule import condition_of
from platgov._rules.ruleset import RuleSet
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from platgov._consistency.sides import Clause
    from platgov._facts.schema import Schema

__all__ = [
    "BUDGET",
    "checked",
    "covered",
    "doubt_of",
    "examples_of",
    "gap",
    "independent",
    "independent_of",
    "monotone",
    "rising",
]

BUDGET: Final = 200_000
"""Steps for one question; the search looks at one formula in each."""

TWO: Final = (Side(), Side(event=1))
_WHY: Final = {
    "budget": "the budget ran out before this was settled",
    "not_realised": "it looks possible, but no event was found that shows it",
}


def refusal(message: str, path: str = "$") -> InputError:
    """Build the error for a question that makes no sense."""
    return InputError("analysis", (Problem(message, path, "question"),))


def checked(rule_set: Any, budget: Any) -> RuleSet:
    """Give a rule set back, or refuse what is none, and what is no budget."""
    if not isinstance(rule_set, RuleSet):
        raise refusal(f"{rule_set!r} is no rule set; give a RuleSet")
    if type(budget) is not int or budget < 1:
        raise refusal(f"budget is {budget!r}; give a number of steps from 1, such as {BUDGET}")
    return rule_set


def _field(rule_set: RuleSet, fact: Any) -> Field:
    field = rule_set.schema.at(tuple(fact.split("."))) if type(fact) is str else None
    if field is None:
        known = [field.name for field in rule_set.schema.fields]
        raise refusal(f"unknown fact {fact!r}{suggest(str(fact), known)}")
    return field


def examples_of(found: Found) -> tuple[Example, ...]:
    """Keep the events that were found, each with the decision on it; equal ones once."""
    told = found.seen
    if told is None:
        return ()
    pairs = zip(told.sides, told.decisions, strict=True)
    return tuple(dict.fromkeys(Example.of(told.events[side.event], decision) for side, decision in pairs))


def why(found: Found) -> str:
    """Say why there is no answer."""
    return _WHY[found.why]


def doubt_of(kind: str, rules: tuple[str, ...], question: str, found: Found) -> Answer:
    """Say that a question is open, and why."""
    says = f"{question}: {why(found)}"
    return Answer(kind=kind, severity=Severity.INFO, status=Status.UNKNOWN, rules=rules, says=says, because=found.why)


# -- one fact ----------------------------------------------------------------------------------


def independent_of(rule_set: RuleSet, fact: str, budget: int = BUDGET) -> Answer:
    """Tell whether a fact can make any difference to measures or outcome.

    Two events that differ in nothing else are compared; missing and unusable count as values.

    Args:
        rule_set: The rules.
        fact: Dotted name of a fact; a nested one is taken with everything inside it.
        budget: Steps for each rule that reads the fact.

    Returns:
        ``independent``: proved, refuted by two events, or unknown.

    Raises:
        InputError: There is no such fact.
    """
    _field(checked(rule_set, budget), fact)
    return independent(Inquiry(rule_set, budget=budget, whole=False), fact)


def independent(inquiry: Inquiry, fact: str) -> Answer:
    """Answer the same with what an inquiry has prepared."""
    path, rule_set = tuple(fact.split(".")), inquiry.sets[0]
    rules = tuple(rule.id for rule in rule_set.rules if inquiry.reads(0, rule.id, path))
    guarded = any(role in (Role.IDENTITY, Role.PROTECTED) for _, role in rule_set.schema.roles(path))
    severity = Severity.WARNING if guarded else Severity.INFO
    doubt: Found | None = None
    for rule_id in rules:
        for found in differences(inquiry, TWO, 0, 1, rule_id, twin=path):
            if found.there_is:
                return Answer(
                    kind="independent",
                    severity=severity,
                    status=Status.REFUTED,
                    rules=(rule_id,),
                    facts=(fact,),
                    says=f"{fact} alone changes what follows, through {rule_id}",
                    examples=examples_of(found),
                    repair=f"take {fact} out of {rule_id}, or be ready to give the reason in public" if guarded else "",
                )
            doubt = doubt or (found if found.there_is is None else None)
    if doubt is not None:
        return Answer(
            kind="independent",
            severity=severity,
            status=Status.UNKNOWN,
            rules=rules,
            facts=(fact,),
            says=f"whether {fact} alone can change what follows: {why(doubt)}",
            because=doubt.why,
        )
    says = f"{fact} alone never changes what follows" + (", although it is read" if rules else "; no rule reads it")
    return Answer(
        kind="independent", severity=Severity.INFO, status=Status.PROVED, rules=rules, facts=(fact,), says=says
    )


def monotone(rule_set: RuleSet, trends: Mapping[str, str], budget: int = BUDGET) -> tuple[Answer, ...]:
    """Tell whether more of a fact only ever makes decisions harsher, or only milder.

    Two events that differ in nothing else are compared, both with a usable value of the fact;
    what follows in any case must not become less severe (or for ``down``, more severe).

    Args:
        rule_set: The rules.
        trends: By dotted name, ``up`` (more of it is harsher) or ``down``.
        budget: Steps for each rule that reads the fact.

    Returns:
        ``monotone`` for each fact, sorted: proved, refuted by two events, or unknown.

    Raises:
        InputError: An unknown fact, one without an order, or another word for a trend.
    """
    checked(rule_set, budget)
    for fact, trend in trends.items():
        kind = _field(rule_set, fact).type
        if kind.kind not in ORDERED and kind.kind != "bool":
            raise refusal(f"{fact} is {kind}, which has no order")
        if trend not in ("up", "down"):
            raise refusal(f"the trend of {fact} is {trend!r}; accepted are 'up' and 'down'")
    inquiry = Inquiry(rule_set, budget=budget, whole=False)
    return tuple(rising(inquiry, fact, trends[fact]) for fact in sorted(trends))


def rising(inquiry: Inquiry, fact: str, trend: str) -> Answer:
    """Answer the same for one fact with what an inquiry has prepared."""
    path, schema = tuple(fact.split(".")), inquiry.sets[0].schema
    rules = tuple(rule.id for rule in inquiry.sets[0].rules if inquiry.reads(0, rule.id, path))
    high, low = (0, 1) if trend == "up" else (1, 0)
    milder = "milder" if trend == "up" else "harsher"
    doubt: Found | None = None
    for rule_id in rules:
        for place in inquiry.touched[0][rule_id]:
            found = inquiry.falls(
                TWO,
                high,
                low,
                rule_id,
                place,
                twin=path,
                pins=_smaller(path, schema.at(path)),
                accept=_is_smaller(path, schema),
            )
            if found.there_is:
                return Answer(
                    kind="monotone",
                    severity=Severity.ERROR,
                    status=Status.REFUTED,
                    rules=(rule_id,),
                    facts=(fact,),
                    says=f"more {fact} makes a decision {milder}, through {rule_id}",
                    examples=examples_of(found),
                    repair=f"let {rule_id} hold for all larger values of {fact} as well"
                    if trend == "up"
                    else f"let {rule_id} hold for all smaller values of {fact} as well",
                )
            doubt = doubt or (found if found.there_is is None else None)
    common: dict[str, Any] = {"kind": "monotone", "rules": rules, "facts": (fact,)}
    if doubt is not None:
        says = f"whether more {fact} can make a decision {milder}: {why(doubt)}"
        return Answer(**common, severity=Severity.WARNING, status=Status.UNKNOWN, says=says, because=doubt.why)
    says = f"more {fact} never makes a decision {milder}"
    return Answer(**common, severity=Severity.INFO, status=Status.PROVED, says=says)


def _smaller(path: tuple[str, ...], field: Field | None) -> Any:
    """Pin the fact: usable on both events, and no larger on the first."""

    def pins(model: Any, pairs: Mapping[int, int]) -> Any:
        number = model.fact(path)
        variable, below, ways = model.worlds.variables[number], 0, []
        for place, cell in enumerate(variable.cells):  # numbers are in order
            if seen(variable, cell, field) not in (None, UNKNOWN):
                below |= 1 << place
                ways.append(both(((number, below), (pairs[number], 1 << place))))
        return [either(ways)], {}

    return pins


def _is_smaller(path: tuple[str, ...], schema: Schema) -> Any:
    def accept(told: Seen) -> bool:
        one, other = (observe(schema, event).get(path) for event in told.events)
        return type(one) is type(other) and bool(one <= other)

    return accept


# -- what must be covered ----------------------------------------------------------------------


def gap(rule_set: RuleSet, must_cover: Any, budget: int = BUDGET) -> Answer:
    """Tell whether some measure follows wherever a condition holds.

    An event that is left undetermined is no gap: it goes to people.

    Args:
        rule_set: The rules.
        must_cover: A condition: CEL text, or built from `platgov.conditions.F`.
        budget: Steps for the question.

    Returns:
        ``covered``: proved, refuted by an event without any measure, or unknown.

    Raises:
        ConditionError: The condition does not parse, or does not fit the facts.
    """
    condition = condition_of(must_cover)
    condition.check(checked(rule_set, budget).schema)
    return covered(Inquiry(rule_set, budget=budget, covers=[condition], whole=False), condition.text)


def covered(inquiry: Inquiry, text: str, number: int = 0) -> Answer:
    """Answer the same for one of the conditions that an inquiry knows."""

    def nothing_follows(told: Seen) -> list[Clause]:
        acting = (rule.id for rule in inquiry.sets[0].rules if rule.measures)
        return [((0, rule_id, FAILS),) for rule_id in acting if told.answer(0, rule_id) is not False]

    found = inquiry.settle((Side(),), [((0, ("cover", number), HOLDS),)], nothing_follows)
    if found.there_is:
        return Answer(
            kind="covered",
            severity=Severity.WARNING,
            status=Status.REFUTED,
            says=f"no measure follows although {text}",
            examples=examples_of(found),
            repair="add a rule for it, or narrow what must be covered",
        )
    if found.there_is is None:
        says = f"whether a measure follows wherever {text}: {why(found)}"
        return Answer(kind="covered", severity=Severity.WARNING, status=Status.UNKNOWN, says=says, because=found.why)
    says = f"wherever {text}, a measure follows or people decide"
    return Answer(kind="covered", severity=Severity.INFO, status=Status.PROVED, says=says)


def all_of(values: Iterable[Any]) -> tuple[Any, ...]:
    """Give one condition or several as a tuple."""
    return (values,) if isinstance(values, str) or not hasattr(values, "__iter__") else tuple(values)
