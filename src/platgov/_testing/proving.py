"""What can be proved of a rule set, with counterexamples cut down and repairs that were tried."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._conditions.condition import Condition
from platgov._facts.schema import Role
from platgov._rules.rule import ConditionRule
from platgov._rules.ruleset import RuleSet
from platgov._testing.constants import constants_of
from platgov._testing.domains import ABSENT, leaves, value_at, with_value
from platgov._testing.findings import PROPERTIES, Counterexample, Held, Property, Shown
from platgov._testing.mutants import without_one_part
from platgov._testing.outcomes import Caller, no_milder
from platgov._testing.sampling import Sampler
from platgov._testing.surroundings import Surroundings
from platgov._testing.trial import Heard, Trial
from platgov.consistency import Answer, Severity, Status, analyse, gap, independent_of, monotone
from platgov.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

__all__ = ["CONSTRUCTION", "Proofs"]

CONSTRUCTION: Final = (
    "chance", "clock", "time_zone", "environment", "locale", "network", "file", "program", "hash_order", "process",
    "counter", "quota", "mutation", "key_order", "object_identity", "batch", "undeclared_fact", "unread_fact",
)  # fmt: skip
"""What conditions cannot do: they read the facts that they name, and every rule is evaluated."""
_BY_CONSTRUCTION: Final = "by construction: every rule is a condition, which reads the facts that it names"
_REPAIRS: Final = 60
_ERRORS: Final = frozenset({"never_fires"})
"""Kinds of findings that are errors where they are settled."""


class Proofs:
    """Proves what can be proved of one rule set."""

    def __init__(self, rule_set: RuleSet, *, budget: int, seed: int, at: int) -> None:
        self.rule_set, self.budget, self.seed, self.at = rule_set, budget, seed, at
        self.properties: list[Property] = []
        self.counterexamples: list[Counterexample] = []
        self.notes: list[str] = []

    def pure(self) -> bool:
        """Tell whether every rule is a condition, and say what follows from that."""
        if not all(isinstance(rule, ConditionRule) for rule in self.rule_set.rules):
            return False
        self.properties += [Property(name=name, held=Held.PROVED, detail=_BY_CONSTRUCTION) for name in CONSTRUCTION]
        return True

    def settle(self, name: str, says: str, answers: Iterable[tuple[Answer, Counterexample | None]]) -> None:
        """Say of one property what several answers amount to."""
        held, unknown = 0, []
        broken = False
        for answer, counterexample in answers:
            if answer.status is Status.PROVED:
                held += 1
            elif answer.status is Status.UNKNOWN:
                unknown.append(answer.says)
            elif counterexample is not None:
                broken = True
                self.properties.append(Property(name=name, held=Held.BROKEN, detail=counterexample.says))
                self.counterexamples.append(counterexample)
        self.properties += [Property(name=name, held=Held.UNKNOWN, detail=text) for text in unknown]
        if held and not unknown and not broken:
            self.properties.append(Property(name=name, held=Held.PROVED, detail=says))

    # -- who somebody is -----------------------------------------------------------------------

    def people(self, also: Collection[str]) -> None:
        """Prove that identity and protected facts decide nothing, unless the rule set has leave to read them."""
        schema = self.rule_set.schema
        granted = {grant.fact for grant in self.rule_set.grants}
        for grant in self.rule_set.grants:
            self.notes.append(f"{grant.fact} may decide: {grant.reason} (approved by {grant.approved_by})")
        facts: dict[str, list[str]] = {"protected": [], "identity": []}
        for path, _ in leaves(schema):
            name = ".".join(path)
            around = {name[: len(fact)] for fact, _ in schema.roles(path)} | {name}
            roles = {role for fact, role in schema.roles(path) if fact in around and name.startswith(fact)}
            if any(name == fact or name.startswith(f"{fact}.") for fact in granted):
                continue
            if Role.PROTECTED in roles:
                facts["protected"].append(name)
            elif Role.IDENTITY in roles or name in also:
                facts["identity"].append(name)
        for name, names in facts.items():
            if names:
                answers = [independent_of(self.rule_set, fact, self.budget) for fact in names]
                says = f"{', '.join(names)} never change{'s' * (len(names) == 1)} what follows"
                pairs = [
                    (answer, self.dependent(name, fact, answer) if answer.status is Status.REFUTED else None)
                    for fact, answer in zip(names, answers, strict=True)
                ]
                self.settle(name, says, pairs)

    def dependent(self, name: str, fact: str, answer: Answer) -> Counterexample:
        path = tuple(fact.split("."))
        one, other = (value_at(example.event, path) for example in (*answer.examples, answer.examples[0])[:2])

        def breaks(trial: Trial, candidate: dict[str, Any]) -> list[Heard] | None:
            sides = []
            for value in (one, other):
                event = with_value(candidate, path, value)
                sides.append(Heard(_label(fact, value), event, trial.ask(event)))
            apart = [(side.told.says, side.told.measures) for side in sides]
            return (
                sides if apart[0] != apart[1] and (open_anyway or not any(side.told.open for side in sides)) else None
            )

        open_anyway = any(example.outcome == "undetermined" for example in answer.examples)
        repair = self.repaired(answer.rules[0], fact)
        return self.shown(name, answer, path, breaks, repair or PROPERTIES[name].repair)

    def repaired(self, rule_id: str, fact: str) -> str:
        """Look for the smallest part of the rule without which the fact decides nothing any more."""
        rule = self.rule_set.rule(rule_id)
        if not isinstance(rule, ConditionRule):
            return ""
        tried: list[tuple[int, Any, str]] = []
        for less, part in without_one_part(rule.when.node):
            piece = Condition(part)
            if any(name == fact or name.startswith(f"{fact}.") for name in piece.reads):
                tried.append((len(piece.text), less, piece.text))
        for _, less, text in sorted(tried, key=lambda item: item[0])[:_REPAIRS]:
            try:
                changed = self.with_rule(attrs.evolve(rule, when=Condition(less)))
            except InputError:
                continue
            if independent_of(changed, fact, self.budget).status is Status.PROVED:
                grant = f"Grant(fact={fact!r}, reason=..., approved_by=..., expires_at=...)"
                return f"write {rule_id} without `{text}`, or publish a {grant}"
        return ""

    def with_rule(self, rule: ConditionRule) -> RuleSet:
        parts = {field.name: getattr(self.rule_set, field.name) for field in attrs.fields(RuleSet) if field.init}
        return RuleSet(**{**parts, "rules": [rule if old.id == rule.id else old for old in self.rule_set.rules]})

    # -- more is harsher -----------------------------------------------------------------------

    def monotone(self, trends: Mapping[str, str]) -> None:
        """Prove that more of a fact only ever makes decisions harsher, or only milder."""
        if not trends:
            return
        pairs = [
            (answer, self.falling(answer, trends[answer.facts[0]]) if answer.status is Status.REFUTED else None)
            for answer in monotone(self.rule_set, trends, self.budget)
        ]
        words = ", ".join(f"{fact} {trend}" for fact, trend in sorted(trends.items()))
        self.settle("monotone", words, pairs)

    def falling(self, answer: Answer, trend: str) -> Counterexample:
        fact = answer.facts[0]
        path = tuple(fact.split("."))
        low, high = (value_at(example.event, path) for example in answer.examples)

        def breaks(trial: Trial, candidate: dict[str, Any]) -> list[Heard] | None:
            sides = []
            for value in (low, high):
                event = with_value(candidate, path, value)
                sides.append(Heard(_label(fact, value), event, trial.ask(event)))
            mild, harsh = (sides[0].told, sides[1].told) if trend == "up" else (sides[1].told, sides[0].told)
            return sides if no_milder(harsh, mild) is False else None

        return self.shown("monotone", answer, path, breaks, answer.repair)

    # -- the rules themselves ------------------------------------------------------------------

    def defects(self, *, must_cover: Iterable[Any], strict: bool) -> None:
        """Report what the analysis finds."""
        report = analyse(self.rule_set, self.budget, at=self.at)
        bad = [
            answer
            for answer in report.findings
            if answer.kind not in ("non_monotone", "identity_dependent") and answer.status is Status.PROVED
            and answer.severity in ((Severity.ERROR, Severity.WARNING) if strict else (Severity.ERROR,))
        ]  # fmt: skip
        for answer in bad:
            counterexample = Counterexample(
                property="defects",
                says=f"{answer.kind}: {answer.says}",
                sides=_sides(answer),
                cause=f"rule {', '.join(answer.rules)}" if answer.rules else "",
                repair=answer.repair,
                replay=f"platgov.consistency.analyse(rule_set, {self.budget})",
            )
            self.properties.append(Property(name="defects", held=Held.BROKEN, detail=counterexample.says))
            self.counterexamples.append(counterexample)
        open_ones = [answer for answer in report.unknown if answer.kind in _ERRORS]
        self.properties += [Property(name="defects", held=Held.UNKNOWN, detail=answer.says) for answer in open_ones]
        if not bad and not open_ones:
            says = "no warning, and no rule that is surely wrong" if strict else "no rule is surely wrong"
            self.properties.append(Property(name="defects", held=Held.PROVED, detail=says))
        self.notes += [
            f"{answer.kind}: {answer.says}"
            for answer in report.findings
            if answer.severity is Severity.WARNING and answer not in bad
        ]
        covers = (
            (must_cover,) if isinstance(must_cover, str) or not hasattr(must_cover, "__iter__") else tuple(must_cover)
        )
        for cover in covers:
            answer = gap(self.rule_set, cover, self.budget)
            counterexample = Counterexample(
                property="covered",
                says=answer.says,
                sides=_sides(answer),
                repair=answer.repair,
                replay=f"platgov.consistency.gap(rule_set, {str(cover)!r}, {self.budget})",
            )
            self.settle("covered", answer.says, [(answer, counterexample)])

    # -- showing -------------------------------------------------------------------------------

    def shown(self, name: str, answer: Answer, path: tuple[str, ...], breaks: Any, repair: str) -> Counterexample:
        """Cut the events of an answer down, and say what it takes."""
        sampler = Sampler(self.rule_set.schema, constants_of(self.rule_set))
        with Surroundings() as around:
            trial = Trial(Caller(self.rule_set.decide, at=self.at), around, sampler, seed=self.seed, samples=0)
            start = answer.examples[0].event
            event, sides = trial.shrunk(start, lambda candidate: breaks(trial, candidate), frozenset([path]))
            matters = trial.matters(event, lambda candidate: breaks(trial, candidate), frozenset([path]))
            told = [
                Shown(label=side.label, record=_json(side.event), outcome=f"{side.told.says}{self.because(side)}")
                for side in sides
            ]
        function = "independent_of" if name != "monotone" else "monotone"
        argument = repr(".".join(path)) if name != "monotone" else "{...}"
        return Counterexample(
            property=name,
            says=answer.says,
            matters=tuple((".".join(fact), _json(value_at(event, fact))) for fact in matters),
            sides=tuple(told) or _sides(answer),
            cause=f"rule {', '.join(answer.rules)}: {self.text_of(answer.rules[0])}",
            repair=repair,
            replay=f"platgov.consistency.{function}(rule_set, {argument}, {self.budget})",
        )

    def because(self, side: Heard) -> str:
        decision = self.rule_set.decide(side.event, at=self.at)
        rules = [finding.rule_id for finding in decision.findings]
        return f", because {', '.join(rules)} applies" if rules else ", because no rule applies"

    def text_of(self, rule_id: str) -> str:
        rule = self.rule_set.rule(rule_id)
        return rule.when.text if isinstance(rule, ConditionRule) else f"{type(rule).__name__} in Python"


def _sides(answer: Answer) -> tuple[Shown, ...]:
    def all_of() -> Iterator[Shown]:
        for place, example in enumerate(answer.examples):
            words = ", ".join(example.measures) or "no measure"
            yield Shown(label=f"event {place + 1}", record=example.record, outcome=f"{words} ({example.outcome})")

    return tuple(all_of())


def _label(fact: str, value: Any) -> str:
    return f"{fact} absent" if value is ABSENT else f"{fact}={_json(value)}"


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
