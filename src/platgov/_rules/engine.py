"""How a rule set decides: findings, exceptions, holds, and what follows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from platgov._canonical import digest_bytes, dumps
from platgov._conditions.engine import ConditionSet
from platgov._facts.reading import as_dict, observe_paths, revive
from platgov._facts.schema import suggest
from platgov._rules.decision import Absorbed, Decision, Defeated, Outcome, Undetermined
from platgov._rules.explain import Counterfactual, Reason, counterfactual_of, reason_of
from platgov._rules.fitness import order_of
from platgov._rules.recording import Recorder, gaps
from platgov._rules.rule import ConditionRule, Finding, Rule, refuse
from platgov._rules.view import FactsView, MissingFact, UndeclaredRead, by_name
from platgov._time import to_iso
from platgov.measures import Measure, join

if TYPE_CHECKING:
    from platgov._conditions.reasons import Explainer
    from platgov._rules.ruleset import RuleSet

__all__ = ["Engine"]


class Engine:
    """The compiled form of a rule set."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.set, self.schema = rule_set, rule_set.schema
        self.by_id = {rule.id: rule for rule in rule_set.rules}
        self.conditions = [rule for rule in rule_set.rules if isinstance(rule, ConditionRule)]
        self.hosts = [rule for rule in rule_set.rules if not isinstance(rule, ConditionRule)]
        self.matcher = ConditionSet([rule.when for rule in self.conditions], self.schema, checked=True)
        self.names_of = {rule.id: sorted(rule.reads) for rule in rule_set.rules}
        self.numbers = {rule.id: number for number, rule in enumerate(self.conditions)}
        self.paths = tuple(sorted(tuple(name.split(".")) for name in rule_set.reads))
        fields = {".".join(path): self.schema.at(path) for path in self.paths}
        self.kinds = {name: field.type for name, field in fields.items() if field is not None}
        self.recorder = Recorder(self.schema, self.paths)
        self.order = order_of(dict(rule_set.defeats)) or ()
        self.defeaters: dict[str, list[str]] = {}
        for exception, defeated in rule_set.defeats:
            for rule_id in defeated:
                self.defeaters.setdefault(rule_id, []).append(exception)
        self.findings = {
            rule.id: Finding(
                rule_id=rule.id,
                version=rule.version,
                clause=rule.clause,
                category=rule.category,
                measures=rule.measures,
            )
            for rule in rule_set.rules
        }
        self.expiries = [
            (grant.expires_at, f"the grant for {grant.fact} ended at {to_iso(grant.expires_at)}", rule.id)
            for grant in rule_set.grants
            for rule in rule_set.rules
            if any(fact == grant.fact for name in rule.reads for fact, _ in self.schema.roles(tuple(name.split("."))))
        ]

    def decide(self, event: Any, at: int, holds: Mapping[str, str]) -> Decision:
        self.check_holds(holds)
        held_rules = {rule_id: reason for expires_at, reason, rule_id in self.expiries if at >= expires_at}
        held_rules.update(holds)
        plain = as_dict(event)  # once: a mapping of a host's own may give other values the second time
        matched, undecided = self.matcher.match(event if plain is None or type(event) is self.schema.source else plain)
        facts = self.recorder.record(plain or {})
        record = dumps(facts)
        findings = {self.conditions[number].id: self.findings[self.conditions[number].id] for number in matched}
        open_rules = {rule.id: self.why_open(rule, facts) for rule in (self.conditions[number] for number in undecided)}
        for rule in self.hosts:
            self.ask(rule, plain or {}, facts, findings, open_rules)
        defeated = self.set_aside(findings, open_rules)
        held = tuple((rule_id, held_rules[rule_id]) for rule_id in sorted(held_rules) if rule_id in findings)
        free = [finding for rule_id, finding in findings.items() if rule_id not in held_rules]
        measures = join(measure for finding in free for measure in finding.measures)
        return Decision(
            at=at,
            policy=self.set.digest,
            fingerprint=digest_bytes(record),
            rule_set_id=self.set.id,
            rule_set_version=self.set.version,
            outcome=self.outcome(measures, open_rules, held),
            findings=tuple(findings[rule_id] for rule_id in sorted(findings)),
            measures=measures,
            absorbed=_absorbed(free, measures),
            undetermined=tuple(open_rules[rule_id] for rule_id in sorted(open_rules)),
            defeated=defeated,
            held=held,
            record=record,
            rules=self.set,
        )

    def outcome(
        self, measures: tuple[Measure, ...], open_rules: dict[str, Undetermined], held: tuple[tuple[str, str], ...]
    ) -> Outcome:
        """Open rules matter only if their measures would change what follows."""
        possible = join((*measures, *(m for rule_id in open_rules for m in self.by_id[rule_id].measures)))
        if possible != measures:
            return Outcome.UNDETERMINED
        if held:
            return Outcome.HELD
        return Outcome.MEASURES if measures else Outcome.NONE

    def reasons(self, decision: Decision) -> tuple[Reason, ...]:
        frame = self.matcher.frame(revive(decision.facts))
        return tuple(
            reason_of(self.by_id[finding.rule_id], finding, self.explainer(finding.rule_id), frame)
            for finding in decision.findings
        )

    def counterfactuals(self, decision: Decision) -> tuple[Counterfactual, ...]:
        frame = self.matcher.frame(revive(decision.facts))
        found = []
        for finding in decision.findings:
            explainer = self.explainer(finding.rule_id)
            if explainer is not None:
                found.append(counterfactual_of(self.by_id[finding.rule_id], explainer, frame, self.schema))
        return tuple(item for item in found if item is not None)

    def explainer(self, rule_id: str) -> Explainer | None:
        """Give what explains a rule; None for a host rule."""
        number = self.numbers.get(rule_id)
        return None if number is None else self.matcher.explainer(number)

    def check_holds(self, holds: Mapping[str, str]) -> None:
        if not isinstance(holds, Mapping):
            raise refuse(f"holds is {holds!r}; give the reason for each rule: {{'spam.links': 'precision fell'}}")
        for rule_id, reason in holds.items():
            if rule_id not in self.by_id:
                raise refuse(f"holds names the unknown rule {rule_id!r}{suggest(str(rule_id), self.by_id)}")
            if type(reason) is not str or not reason.strip():
                raise refuse(f"the reason to hold it is {reason!r}; give text", rule=rule_id)

    def why_open(self, rule: ConditionRule, facts: Mapping[str, Any]) -> Undetermined:
        """Name the facts without which a rule stays open."""
        missing = tuple(sorted({gap for name in self.names_of[rule.id] for gap in gaps(facts, name, self.kinds[name])}))
        return Undetermined(rule_id=rule.id, code="missing_facts" if missing else "no_value", facts=missing)

    def ask(
        self,
        rule: Rule[Any],
        event: Mapping[str, Any],
        facts: Mapping[str, Any],
        findings: dict[str, Finding],
        open_rules: dict[str, Undetermined],
    ) -> None:
        """Ask a host rule. Whatever goes wrong inside it leaves it open, and says so."""
        hints = getattr(self.schema.source, "__platgov_hints__", None)
        paths = [tuple(name.split(".")) for name in sorted(rule.reads)]
        values = observe_paths(self.schema, event, paths).values
        view = FactsView(by_name(self.schema.type), values, path="", reads=rule.reads, hints=hints)
        try:
            found: Any = rule.match(view)
        except MissingFact as missing:
            found_gaps = {gap for name in self.names_of[rule.id] for gap in gaps(facts, name, self.kinds[name])}
            missed = [gap for gap in found_gaps if gap[0] == missing.args[0]]
            open_rules[rule.id] = Undetermined(rule_id=rule.id, code="missing_facts", facts=tuple(sorted(missed)))
            return
        except UndeclaredRead as read:
            open_rules[rule.id] = Undetermined(rule_id=rule.id, code="undeclared_read", detail=str(read.args[0]))
            return
        except Exception as error:  # noqa: BLE001 - host code may raise anything; it is recorded, not hidden
            open_rules[rule.id] = Undetermined(rule_id=rule.id, code="raised", detail=type(error).__name__)
            return
        if found is None:
            return
        if not isinstance(found, Finding) or not _is_evidence(found.evidence) or found.rule_id not in ("", rule.id):
            open_rules[rule.id] = Undetermined(rule_id=rule.id, code="bad_answer", detail=type(found).__name__)
            return
        findings[rule.id] = attrs.evolve(self.findings[rule.id], evidence=tuple(found.evidence))

    def set_aside(self, findings: dict[str, Finding], open_rules: dict[str, Undetermined]) -> tuple[Defeated, ...]:
        """Apply the exceptions, each after those that may set it aside itself."""
        defeated = []
        for rule_id in self.order:
            by = tuple(sorted(other for other in self.defeaters.get(rule_id, ()) if other in findings))
            possible = any(other in open_rules for other in self.defeaters.get(rule_id, ()))
            if by:
                if rule_id in findings:
                    defeated.append(Defeated(rule_id=rule_id, by=by))
                findings.pop(rule_id, None)
                open_rules.pop(rule_id, None)
            elif possible and rule_id in findings:
                del findings[rule_id]
                open_rules[rule_id] = Undetermined(rule_id=rule_id, code="open_exception")
        return tuple(sorted(defeated, key=lambda item: item.rule_id))


def _is_evidence(evidence: object) -> bool:
    """Tell whether evidence can be written down: texts without lone surrogates."""
    if not isinstance(evidence, tuple | list) or not all(type(item) is str for item in evidence):
        return False
    return not any("\ud800" <= char <= "\udfff" for item in evidence for char in item)


def _absorbed(findings: Iterable[Finding], measures: tuple[Measure, ...]) -> tuple[Absorbed, ...]:
    """Give every measure of a finding that did not come through as it stands."""
    result = []
    for finding in findings:
        for measure in finding.measures:
            if measure not in measures:
                by = next(other for other in measures if (other.kind, other.target) == (measure.kind, measure.target))
                result.append(Absorbed(rule_id=finding.rule_id, measure=measure, by=by))
    return tuple(sorted(result, key=lambda item: (item.rule_id, json.dumps(item.measure.to_dict(), sort_keys=True))))
