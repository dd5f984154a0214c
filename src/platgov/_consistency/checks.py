"""Everything that is worth knowing about a rule set before it is published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._conditions.printer import to_text
from platgov._conditions.tree import Logic, Node, children, rewrite, walk
from platgov._consistency.answers import Answer, Report, Severity, Status
from platgov._consistency.inquiry import (
    FAILS,
    HOLDS,
    NOT_HOLDS,
    Found,
    Inquiry,
    Side,
    differences,
    own,
    touches,
)
from platgov._consistency.questions import (
    BUDGET,
    TWO,
    all_of,
    checked,
    covered,
    examples_of,
    independent,
    rising,
    why,
)
from platgov._consistency.search import Search, SpentError
from platgov._rules.rule import ConditionRule, condition_of
from platgov._time import to_epoch, to_iso
from platgov.measures import join

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from platgov._consistency.worlds import Formula
    from platgov._rules.ruleset import RuleSet

__all__ = ["analyse"]

_ONE: Final = (Side(),)
_LONGEST: Final = 200
"""Nodes of a condition up to which every part of it is looked at."""


def analyse(
    rule_set: RuleSet,
    budget: int = BUDGET,
    *,
    must_cover: Iterable[Any] | Any = (),
    at: int | dt.datetime | None = None,
) -> Report:
    """Look for everything in a rule set that is surely or probably not meant.

    Reported are: rules that never or always fire, that say the same as another or add nothing
    to it, or that never make a difference among all the others; parts of conditions that could
    be left out; measures that tie; identity and protected facts that decide something, and
    grants that are not needed; declared trends that are broken; one value left out between two
    rules; facts that no rule reads; grants that have ended; and what must be covered but is not.

    Args:
        rule_set: The rules.
        budget: Steps for each single question. What is not settled within it is reported as
            unknown, never as proved.
        must_cover: Conditions under which some measure must follow.
        at: The instant for which grants are looked at; None leaves them out.

    Returns:
        The findings, the worst first. Equal rule sets give equal reports.

    Raises:
        InputError: No rule set, no budget, no instant, or a condition that does not fit.
    """
    schema = checked(rule_set, budget).schema
    covers = [condition_of(cover) for cover in all_of(must_cover)]
    for cover in covers:
        cover.check(schema)
    instant = None if at is None else to_epoch(at)
    inquiry = Inquiry(rule_set, budget=budget, covers=covers)
    findings = [*_Checks(inquiry).all(), *_facts(inquiry)]
    findings += [
        _defect(answer, "gap")
        for number, cover in enumerate(covers)
        if (answer := covered(inquiry, cover.text, number)).status is not Status.PROVED
    ]
    findings += [] if instant is None else _ended(rule_set, instant)
    return Report(rule_set_id=rule_set.id, version=rule_set.version, policy=rule_set.digest, findings=tuple(findings))


def _doubt(kind: str, rules: tuple[str, ...], question: str, found: Found) -> Answer:
    says = f"{question}: {why(found)}"
    return Answer(kind=kind, severity=Severity.INFO, status=Status.UNKNOWN, rules=rules, says=says)


def _defect(answer: Answer, kind: str) -> Answer:
    """Say of a question that was refuted that the defect is there."""
    return attrs.evolve(answer, kind=kind, status=Status.PROVED if answer.status is Status.REFUTED else answer.status)


class _Checks:
    """The checks of rules against themselves and each other."""

    def __init__(self, inquiry: Inquiry) -> None:
        self.inquiry, self.set = inquiry, inquiry.sets[0]
        self.model = inquiry.model
        self.rules = [rule.id for rule in self.set.rules]
        self.exceptions = dict(self.set.defeats)
        self.silent: set[str] = set()  # said to be of no effect already
        self.pool: list[int] = [0] * len(self.rules)
        """For each rule, the events seen so far to which it applies, as bits."""
        self._events = 0

    def all(self) -> Iterator[Answer]:
        for rule_id in self.rules:
            yield from self.extremes(rule_id)
        yield from self.pairs()
        for rule_id in self.rules:
            yield from self.dead(rule_id)
            yield from self.redundant(rule_id)
        yield from self.ties()
        yield from self.holes()

    def remember(self, found: Found) -> None:
        """Keep which rules apply to an event; it tells many rules apart without a search."""
        if found.seen is not None:
            bit = 1 << self._events
            self._events += 1
            for number, rule_id in enumerate(self.rules):
                if found.seen.answer(0, rule_id) is True:
                    self.pool[number] |= bit

    # -- one rule ------------------------------------------------------------------------------

    def extremes(self, rule_id: str) -> Iterator[Answer]:
        fires = self.inquiry.settle(_ONE, [((0, own(rule_id), HOLDS),)])
        self.remember(fires)
        if fires.there_is is False:
            self.silent.add(rule_id)
            yield Answer(
                kind="never_fires",
                severity=Severity.ERROR,
                status=Status.PROVED,
                rules=(rule_id,),
                says=f"{rule_id} applies to no event at all: its tests exclude each other",
                repair=f"correct the condition of {rule_id}, or remove the rule",
            )
            return
        if fires.there_is is None:
            yield _doubt("never_fires", (rule_id,), f"whether {rule_id} ever applies", fires)
        if self.inquiry.exceptions(0, rule_id):
            stands = self.inquiry.settle(_ONE, [((0, rule_id, HOLDS),)])
            if stands.there_is is False:
                self.silent.add(rule_id)
                yield Answer(
                    kind="always_set_aside",
                    severity=Severity.WARNING,
                    status=Status.PROVED,
                    rules=(rule_id, *sorted(self.inquiry.exceptions(0, rule_id))),
                    says=f"wherever {rule_id} applies, an exception sets it aside",
                    examples=examples_of(fires),
                    repair=f"narrow the exceptions to {rule_id}, or remove the rule",
                )
        spares = self.inquiry.settle(_ONE, [((0, own(rule_id), FAILS),)])
        self.remember(spares)
        if spares.there_is is False:
            yield Answer(
                kind="always_fires",
                severity=Severity.WARNING,
                status=Status.PROVED,
                rules=(rule_id,),
                says=f"{rule_id} spares no event: it applies to all that have the facts it needs",
                examples=examples_of(fires),
                repair=f"correct the condition of {rule_id}; a measure for everyone needs no rule",
            )
        elif spares.there_is is None:
            yield _doubt("always_fires", (rule_id,), f"whether {rule_id} ever spares anybody", spares)

    def redundant(self, rule_id: str) -> Iterator[Answer]:
        """Find parts of a condition without which it says the same, unknown answers included."""
        rule = self.inquiry.rule(0, rule_id)
        if rule_id in self.silent or not isinstance(rule, ConditionRule):
            return
        node, place = rule.when.node, 0
        shorter = [*_without_one_part(node)] if _size(node) <= _LONGEST else []
        while place < len(shorter):
            less, part = shorter[place]
            same = self.same(node, less)
            if same is None:
                question = f"whether {rule_id} says the same without {to_text(part)}"
                yield _doubt("redundant_test", (rule_id,), question, Found(None, None, "budget"))
                return
            if not same:
                place += 1
                continue
            node, shorter = less, [*_without_one_part(less)]
            yield Answer(
                kind="redundant_test",
                severity=Severity.INFO,
                status=Status.PROVED,
                rules=(rule_id,),
                says=f"{rule_id} says the same without {to_text(part)}",
                repair=f"write {to_text(less)}",
            )

    def same(self, one: Node, other: Node) -> bool | None:
        """Tell whether two conditions say the same of every event; None past the budget."""
        schema = self.set.schema
        here, there = self.model.worlds.rails(one, schema), self.model.worlds.rails(other, schema)
        pairs = (
            (here.true, there.untrue),
            (there.true, here.untrue),
            (here.false, there.unfalse),
            (there.false, here.unfalse),
        )
        answers = [self.excluded(*pair) for pair in pairs]
        return False if False in answers else None if None in answers else True

    def excluded(self, *formulas: Formula) -> bool | None:
        """Tell whether no world fulfils some formulas; None past the budget."""
        try:
            return Search(self.model.worlds, self.inquiry.budget).find(formulas) is None
        except SpentError:
            return None

    # -- two rules -----------------------------------------------------------------------------

    def pairs(self) -> Iterator[Answer]:
        rails = {rule_id: self.model.rails(0, rule_id) for rule_id in self.rules}
        within: dict[str, list[str]] = {}
        for number, one in enumerate(self.rules):
            if one in self.silent:
                continue
            for other_number, other in enumerate(self.rules):
                if one == other or other in self.silent or self.pool[number] & ~self.pool[other_number]:
                    continue
                inside = self.excluded(rails[one].true, rails[other].untrue)
                if inside:
                    within.setdefault(one, []).append(other)
                elif inside is None:
                    question = f"whether {one} applies only where {other} does"
                    yield _doubt("subsumed", (one, other), question, Found(None, None, "budget"))
        for one, others in within.items():
            twins = [other for other in others if one in within.get(other, ())]
            for other in twins:
                if one < other:
                    yield self.duplicate(one, other)
            wider = [other for other in others if other not in twins and self.adds_nothing(one, other)]
            if wider:
                self.silent.add(one)
                yield Answer(
                    kind="subsumed",
                    severity=Severity.WARNING,
                    status=Status.PROVED,
                    rules=(one, *wider),
                    says=f"{one} applies only where {wider[0]} applies as well, and adds nothing to it",
                    repair=f"remove {one}, or give it a more severe measure than {wider[0]}",
                )

    def adds_nothing(self, one: str, other: str) -> bool:
        """Tell whether a rule has no effect where another one applies."""
        mine, theirs = (self.inquiry.rule(0, rule_id).measures for rule_id in (one, other))
        if not mine and one not in self.exceptions:
            return False
        covered_by = join((*mine, *theirs)) == join(theirs)
        return covered_by and set(self.exceptions.get(one, ())) <= set(self.exceptions.get(other, ()))

    def duplicate(self, one: str, other: str) -> Answer:
        equal = self.adds_nothing(one, other) or self.adds_nothing(other, one)
        if equal:
            self.silent.add(other if self.adds_nothing(other, one) else one)
        return Answer(
            kind="duplicate",
            severity=Severity.WARNING,
            status=Status.PROVED,
            rules=(one, other),
            says=f"{one} and {other} apply to exactly the same events",
            repair=f"keep one of {one} and {other}"
            if equal
            else f"put the measures of {one} and {other} into one rule",
        )

    def ties(self) -> Iterator[Answer]:
        """Find rules whose measures are equally severe but not equal: what follows stands in neither."""
        for place, rules in self.inquiry.ranks[0].items():
            touched = {rule_id: self.inquiry.touched[0][rule_id][place] for rule_id in rules}
            for number, one in enumerate(rules):
                for other in rules[number + 1 :]:
                    mine, theirs = touched[one], touched[other]
                    if mine.severity != theirs.severity or join((mine, theirs)) in ((mine,), (theirs,)):
                        continue
                    found = self.inquiry.settle(_ONE, [((0, one, HOLDS),), ((0, other, HOLDS),)])
                    if found.there_is:
                        yield Answer(
                            kind="conflict",
                            severity=Severity.WARNING,
                            status=Status.PROVED,
                            rules=(one, other),
                            says=f"{one} and {other} can apply together, with equally severe measures on other terms",
                            examples=examples_of(found),
                            repair=f"give the measures of {one} and {other} the same terms",
                        )

    # -- one rule among all --------------------------------------------------------------------

    def dead(self, rule_id: str) -> Iterator[Answer]:
        """Find rules without which every event is decided alike, though no single other rule is to blame."""
        if rule_id in self.silent or not self.inquiry.touched[0][rule_id] or rule_id in self.exceptions:
            return  # an exception changes other rules; without measures there is nothing to lose
        sides = (Side(), Side(without=rule_id))
        doubt: Found | None = None
        against: set[str] = set()
        for found in differences(self.inquiry, sides, 0, 1, rule_id):
            if found.there_is:
                self.remember(found)
                return
            doubt = doubt or (found if found.there_is is None else None)
            against.update(found.against)
        if doubt is not None:
            yield _doubt("dead", (rule_id,), f"whether {rule_id} ever makes a difference", doubt)
            return
        others = tuple(sorted(against - {rule_id}))
        yield Answer(
            kind="dead",
            severity=Severity.WARNING,
            status=Status.PROVED,
            rules=(rule_id, *others),
            says=f"{rule_id} never changes what follows: other rules are at least as severe wherever it applies",
            repair=f"remove {rule_id}, or narrow {' or '.join(others[:3])}" if others else f"remove {rule_id}",
        )

    # -- one value left out --------------------------------------------------------------------

    def holes(self) -> Iterator[Answer]:
        """Find single whole numbers that two rules leave out between them: ``x < 5`` and ``x > 5``."""
        worlds = self.model.worlds
        for number in self.model.realiser.facts:
            variable = worlds.variables[number]
            if variable.kind != "int":
                continue
            for place in range(3, len(variable.cells) - 1):
                low, high = variable.cells[place]
                if low == high:
                    yield from self.hole(number, place, low)

    def hole(self, number: int, place: int, value: int) -> Iterator[Answer]:
        below, here, above = (1 << step for step in (place - 1, place, place + 1))
        variable = self.model.worlds.variables[number]
        name = ".".join(variable.path)
        ending: list[str] = []
        starting: list[str] = []
        for rule_id in self.rules:
            for atom_cells in _cells_of(self.model.rails(0, own(rule_id)).true, number):
                if atom_cells & below and not atom_cells & (here | above):
                    ending.append(rule_id)
                elif atom_cells & above and not atom_cells & (here | below):
                    starting.append(rule_id)
        for one in dict.fromkeys(ending):
            for other in dict.fromkeys(starting):
                if one == other or not self.inquiry.touched[0][one].keys() & self.inquiry.touched[0][other].keys():
                    continue

                def pins(_: Any, pairs: Any) -> Any:
                    return [(number, below), (pairs[number], above)], {number: 1, pairs[number]: 0}

                wanted = [((0, one, HOLDS),), ((1, other, HOLDS),), ((0, other, NOT_HOLDS),), ((1, one, NOT_HOLDS),)]
                found = self.inquiry.settle(TWO, wanted, twin=variable.path, pins=pins)
                if found.seen is None:
                    continue
                between = _with(found.seen.events[0], variable.path, value)
                middle = self.inquiry.settle_on(_ONE, [between])
                if middle.decisions[0].outcome.value != "none":
                    continue
                yield Answer(
                    kind="threshold_hole",
                    severity=Severity.WARNING,
                    status=Status.PROVED,
                    rules=(one, other),
                    facts=(name,),
                    says=f"{one} ends below {name} = {value} and {other} starts above it; no rule applies at {value}",
                    examples=examples_of(Found(there_is=True, seen=middle)),
                    repair=f"let one of {one} and {other} include {value}",
                )


def _with(event: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    if len(path) == 1:
        return {**event, path[0]: value}
    return {**event, path[0]: _with(event.get(path[0], {}), path[1:], value)}


def _cells_of(formula: Formula, number: int) -> Iterator[int]:
    tag, body = formula
    if tag == number:
        yield body
    elif tag < 0:
        for part in body:
            yield from _cells_of(part, number)


def _size(node: Node) -> int:
    return sum(1 for _ in walk(node))


def _without_one_part(node: Node) -> Iterator[tuple[Node, Node]]:
    """Give a condition without one operand of an "and" or "or", and that operand, in every way."""
    if isinstance(node, Logic):
        for place, part in enumerate(node.operands):
            left = node.operands[:place] + node.operands[place + 1 :]
            yield (left[0] if len(left) == 1 else Logic(node.op, left)), part
    for child in children(node):
        for less, part in _without_one_part(child):
            yield _replaced(node, child, less), part


def _replaced(node: Node, child: Node, less: Node) -> Node:
    return rewrite(node, lambda inner: less if inner is child else None)


# -- facts and grants --------------------------------------------------------------------------


def _facts(inquiry: Inquiry) -> Iterator[Answer]:
    rule_set = inquiry.sets[0]
    read = {name.split(".")[0] for name in rule_set.reads}
    for field in rule_set.schema.fields:
        if field.name not in read:
            yield Answer(
                kind="unused_fact",
                severity=Severity.INFO,
                status=Status.PROVED,
                facts=(field.name,),
                says=f"no rule reads {field.name}",
                repair=f"take {field.name} out of the facts: what is not needed should not be collected",
            )
    for name in sorted(rule_set.reads):
        path = tuple(name.split("."))
        declared = rule_set.schema.at(path)
        if declared is not None and declared.trend is not None:
            answer = rising(inquiry, name, "up" if declared.trend == "aggravating" else "down")
            if answer.status is not Status.PROVED:
                yield _defect(answer, "non_monotone")
    for grant in rule_set.grants:
        answer = independent(inquiry, grant.fact)
        if answer.status is Status.PROVED:
            yield attrs.evolve(
                answer, kind="needless_grant", severity=Severity.WARNING, repair=f"withdraw the grant for {grant.fact}"
            )
        else:
            yield _defect(answer, "depends_on_identity")


def _ended(rule_set: RuleSet, instant: int) -> Iterator[Answer]:
    for grant in rule_set.grants:
        if grant.expires_at <= instant:
            rules = tuple(
                rule.id for rule in rule_set.rules if any(touches(tuple(grant.fact.split(".")), n) for n in rule.reads)
            )
            yield Answer(
                kind="expired_grant",
                severity=Severity.ERROR,
                status=Status.PROVED,
                rules=rules,
                facts=(grant.fact,),
                says=f"the grant for {grant.fact} ended at {to_iso(grant.expires_at)}; the rules that need it are held",
                repair="renew the grant with a reason, or take the fact out of the rules",
            )
