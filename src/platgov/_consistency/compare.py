"""What changes from one edition of a rule set to the next, each change with an event."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from platgov._consistency.answers import Answer, Diff, Severity, Status
from platgov._consistency.differing import opens, other_terms
from platgov._consistency.inquiry import Inquiry
from platgov._consistency.model import host_key
from platgov._consistency.questions import BUDGET, checked, examples_of, why
from platgov._consistency.sides import HOLDS, NOT_HOLDS, Found, Seen, Side
from platgov._rules.rule import ConditionRule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from platgov._consistency.sides import Clause
    from platgov._rules.ruleset import RuleSet

__all__ = ["diff"]

_SIDES: Final = (Side(set=0), Side(set=1))
_FEW: Final = 6
_SAYS: Final = {
    "newly_hit": "events without a measure now have one",
    "newly_spared": "events with a measure now have none",
    "harsher": "measures become more severe, or one is added",
    "milder": "measures become less severe, or one is taken away",
    "otherwise": "measures have other terms, or events become or are no longer undetermined",
}


def diff(old: RuleSet, new: RuleSet, budget: int = BUDGET) -> Diff:
    """Compare two editions by what they decide, not by how they are written.

    For every rule that was added, removed or changed (or whose exceptions were), each kind of
    change is shown by an event that both editions have decided, or excluded for all events.

    Args:
        old: The one edition.
        new: The other.
        budget: Steps for each rule and kind of change.

    Raises:
        InputError: One is no rule set.
    """
    checked(old, budget)
    inquiry = Inquiry(old, checked(new, budget), budget=budget, whole=False)
    changed = _changed(inquiry)
    parts: dict[str, list[Answer]] = {kind: [] for kind in (*_SAYS, "unknown")}
    for rule_id in changed:
        for kind in _SAYS:
            doubt: Found | None = None
            for found in _ways(inquiry, rule_id, kind):
                if found.there_is:
                    parts[kind].append(_answer(kind, rule_id, Status.PROVED, _SAYS[kind], found))
                    break
                doubt = doubt or (found if found.there_is is None else None)
            else:
                if doubt is not None:
                    says = f"whether {_SAYS[kind]}: {why(doubt)}"
                    parts["unknown"].append(_answer(kind, rule_id, Status.UNKNOWN, says, doubt))
    if not any(parts[kind] for kind in _SAYS):
        for answer in _undetermined_in_both(inquiry, changed):
            parts["otherwise" if answer.status is Status.PROVED else "unknown"].append(answer)
    return Diff(old=old.digest, new=new.digest, **parts)


def _undetermined_in_both(inquiry: Inquiry, changed: list[str]) -> Iterator[Answer]:
    """Find other measures in events that are undetermined in both editions; all else was excluded before."""
    for rule_id in changed:
        for high, low in ((1, 0), (0, 1)):
            for place in inquiry.touched[high].get(rule_id, {}):
                found = inquiry.falls(_SIDES, high, low, rule_id, place)
                if found.there_is is not False:
                    status = Status.PROVED if found.there_is else Status.UNKNOWN
                    says = "what follows in any case changes in events that stay undetermined"
                    yield _answer("otherwise", rule_id, status, says, found)
                    return


def _answer(kind: str, rule_id: str, status: Status, says: str, found: Found) -> Answer:
    severity = Severity.WARNING if status is Status.UNKNOWN else Severity.INFO
    return Answer(
        kind=kind,
        severity=severity,
        status=status,
        rules=(rule_id,),
        says=f"through {rule_id}, {says}" if status is Status.PROVED else says,
        examples=examples_of(found),
        because=found.why,
    )


def _changed(inquiry: Inquiry) -> list[str]:
    """Give the rules whose test, facts, measures or exceptions are not the same in both sets."""
    rules = [{rule.id: rule for rule in rule_set.rules} for rule_set in inquiry.sets]
    fields = inquiry.fields
    declared = {path for path in fields[0].keys() | fields[1].keys() if fields[0].get(path) != fields[1].get(path)}

    def tests(number: int, rule: Any) -> Any:
        return rule.when.node if isinstance(rule, ConditionRule) else host_key(rule, inquiry.sets[number].schema)

    def edited(rule_id: str) -> bool:
        one, other = (found.get(rule_id) for found in rules)
        if one is None or other is None or one.measures != other.measures:
            return True
        if sorted(inquiry.exceptions(0, rule_id)) != sorted(inquiry.exceptions(1, rule_id)):
            return True
        # What a condition reads follows from its text: where no declaration changed, the text says it all.
        if declared and any(tuple(name.split(".")) in declared for name in one.reads):
            return True
        return bool(tests(0, one) != tests(1, other))

    found = {rule_id for rule_id in rules[0].keys() | rules[1].keys() if edited(rule_id)}
    waiting = sorted(found)
    while waiting:  # whatever an edited exception sets aside changes with it
        rule_id = waiting.pop()
        for exceptions_to in (number_defeats.get(rule_id, ()) for number_defeats in inquiry.defeats):
            for other in exceptions_to:
                if other not in found:
                    found.add(other)
                    waiting.append(other)
    return sorted(found)


def _ways(inquiry: Inquiry, rule_id: str, kind: str) -> Iterator[Found]:
    """Search one kind of change through one rule, in every way in which it can come about."""
    for ask in _questions(inquiry, rule_id, kind):
        yield inquiry.first_hastily(ask)


def _questions(inquiry: Inquiry, rule_id: str, kind: str) -> Iterator[Callable[[], Found]]:
    if kind == "otherwise":
        places = [(one, 1 - one, place) for one in (1, 0) for place in inquiry.touched[one].get(rule_id, {})]
        for one, other, place in places:
            yield partial(other_terms, inquiry, _SIDES, one, other, rule_id, place, settled=True)
        for one, other, place in places:
            yield partial(opens, inquiry, _SIDES, one, other, rule_id, place)
        for other, one, place in places:  # another rule that is open, but outdone by this one in one edition
            rank = inquiry.ranks[other][place][rule_id]
            beside = [
                rule
                for rule, severity in inquiry.ranks[one].get(place, {}).items()
                if rule != rule_id and severity <= rank
            ]
            inquiry.look_into(one, beside)
            for rule in beside:
                outdone: Clause = ((other, rule_id, HOLDS),)
                yield partial(opens, inquiry, _SIDES, one, other, rule, place, extra=[outdone])
        return
    high, low = (1, 0) if kind in ("newly_hit", "harsher") else (0, 1)
    for place, measure in inquiry.touched[high].get(rule_id, {}).items():
        falls = partial(inquiry.falls, _SIDES, high, low, rule_id, place)
        if kind.startswith("newly"):
            yield partial(falls, refine=_nothing(inquiry, low, high))
            continue
        # Something else must follow on the side that is less severe: from one of a few rules,
        # and if none of them will do, of twice as many.
        acting, few = _likely(inquiry, low, place, measure.severity), _FEW
        while acting:
            some: Clause = tuple((low, rule, HOLDS) for rule in acting[:few])
            yield partial(falls, extra=[some], refine=_settled(inquiry))
            acting, few = acting[few:], few * 2


def _likely(inquiry: Inquiry, side: int, place: Any, rank: Any) -> list[str]:
    """Give the rules with measures that may apply without being as severe at a place."""
    touched, rivals = inquiry.touched[side], set(inquiry.rivals(_SIDES[side], place, rank))
    left = (rule for rule, measures in touched.items() if measures and rule not in rivals)
    return sorted(left, key=lambda rule: place not in touched[rule])


def _nothing(inquiry: Inquiry, low: int, high: int) -> Callable[[Seen], list[Clause]]:
    """Want both editions settled, and no measure at all in one of them."""

    def refine(seen: Seen) -> list[Clause]:
        acting = (rule.id for rule in inquiry.sets[low].rules if rule.measures)
        more: list[Clause] = [((low, rule_id, NOT_HOLDS),) for rule_id in acting if seen.answer(low, rule_id) is True]
        return more or inquiry.unsettled(_SIDES, low, seen) + inquiry.unsettled(_SIDES, high, seen)

    return refine


def _settled(inquiry: Inquiry) -> Callable[[Seen], list[Clause]]:
    """Want both editions settled."""

    def refine(seen: Seen) -> list[Clause]:
        return inquiry.unsettled(_SIDES, 0, seen) + inquiry.unsettled(_SIDES, 1, seen)

    return refine
