"""Decides again on recorded facts, many times over, and writes the result as the ledger has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from platgov._canonical import dumps
from platgov._facts.reading import revive
from platgov._time import from_iso, to_iso
from platgov.errors import InputError

if TYPE_CHECKING:
    from platgov._rules.decision import Absorbed
    from platgov.measures import Measure
    from platgov.rules import Decision, Finding, RuleSet

__all__ = ["Rewriter"]


class Rewriter:
    """Says whether a rule set decides again what was recorded, byte for byte.

    Keeps the written form of findings and measures, of which a rule set has few: writing them
    anew takes most of the time of a replay. What is not equal this way is for
    `RuleSet.replay` to say; so nothing rests on this being complete.
    """

    def __init__(self, rule_set: RuleSet) -> None:
        self.rule_set = rule_set
        self.ids = {rule.id for rule in rule_set.rules}
        self.named = dumps({"id": rule_set.id, "version": rule_set.version})
        self.findings: dict[str, tuple[Finding, bytes]] = {}
        self.measures: dict[int, tuple[Measure, bytes]] = {}
        self.absorbed: dict[tuple[str, int, int], tuple[Absorbed, bytes]] = {}

    def gives(self, body: dict[str, Any], data: bytes) -> bool:
        """Say whether deciding again on a recorded decision gives the same bytes."""
        try:
            held = {rule: reason for rule, reason in body["held"].items() if rule in self.ids}
            decision = self.rule_set.decide(revive(body["facts"]), at=from_iso(body["at"]), holds=held)
        except (InputError, KeyError, TypeError, AttributeError):
            return False
        return self.written(decision) == data

    def written(self, decision: Decision) -> bytes:
        """Write a decision, as `Decision.to_bytes` does."""
        return (
            b'{"absorbed":[%b],"at":"%b","defeated":%b,"facts":%b,"findings":[%b],"fingerprint":"%b","held":%b,'
            b'"kind":"decision","measures":[%b],"outcome":"%b","policy":"%b","rule_set":%b,"schema":1,"undetermined":%b}'
        ) % (
            b",".join(map(self._absorbed, decision.absorbed)),
            to_iso(decision.at).encode(),
            dumps([item.to_dict() for item in decision.defeated]) if decision.defeated else b"[]",
            decision.record,
            b",".join(map(self._finding, decision.findings)),
            decision.fingerprint.encode(),
            dumps(dict(decision.held)) if decision.held else b"{}",
            b",".join(map(self._measure, decision.measures)),
            decision.outcome.value.encode(),
            decision.policy.encode(),
            self.named,
            dumps([item.to_dict() for item in decision.undetermined]) if decision.undetermined else b"[]",
        )

    def _finding(self, finding: Finding) -> bytes:
        kept = self.findings.get(finding.rule_id)
        if kept is not None and kept[0] is finding:
            return kept[1]
        data = dumps(finding.to_dict())
        self.findings[finding.rule_id] = (finding, data)
        return data

    def _measure(self, measure: Measure) -> bytes:
        kept = self.measures.get(id(measure))
        if kept is not None:
            return kept[1]
        data = dumps(measure.to_dict())
        if len(self.measures) < 10_000:
            self.measures[id(measure)] = (measure, data)  # kept alive, so that its id stays its own
        return data

    def _absorbed(self, item: Absorbed) -> bytes:
        key = (item.rule_id, id(item.measure), id(item.by))
        kept = self.absorbed.get(key)
        if kept is not None:
            return kept[1]
        data = dumps(item.to_dict())
        if len(self.absorbed) < 10_000:
            self.absorbed[key] = (item, data)
        return data
