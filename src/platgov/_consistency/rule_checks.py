"""Checks of rules against themselves and each other: which of them could be left out, or cannot be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from platgov._consistency.answers import Answer, Severity, Status
from platgov._consistency.differing import differences
from platgov._consistency.questions import doubt_of, examples_of
from platgov._consistency.shortening import excluded, shorter
from platgov._consistency.sides import FAILS, HOLDS, Found, Side, own
from platgov.measures import join

if TYPE_CHECKING:
    from collections.abc import Iterator

    from platgov._consistency.inquiry import Inquiry

__all__ = ["RuleChecks"]

_ONE: Final = (Side(),)


class RuleChecks:
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
            if rule_id not in self.silent:
                yield from shorter(self.inquiry, rule_id)
        yield from self.ties()

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
            yield doubt_of("never_fires", (rule_id,), f"whether {rule_id} ever applies", fires)
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
            yield doubt_of("always_fires", (rule_id,), f"whether {rule_id} ever spares anybody", spares)

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
                inside = excluded(self.inquiry, rails[one].true, rails[other].untrue)
                if inside:
                    within.setdefault(one, []).append(other)
                elif inside is None:
                    question = f"whether {one} applies only where {other} does"
                    yield doubt_of("subsumed", (one, other), question, Found(None, None, "budget"))
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
        for place, ranked in self.inquiry.ranks[0].items():
            rules = [*ranked]
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
            yield doubt_of("dead", (rule_id,), f"whether {rule_id} ever makes a difference", doubt)
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
