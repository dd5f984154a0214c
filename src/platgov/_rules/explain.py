"""Explanations of findings, in words and with the values that were seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from platgov._conditions.evaluate import to_python
from platgov._conditions.reasons import spoken
from platgov._facts.schema import Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from platgov._conditions.reasons import Change, Explainer
    from platgov._facts.schema import Schema
    from platgov._rules.rule import Finding, Rule

__all__ = ["Counterfactual", "Reason", "counterfactual_of", "reason_of"]


@attrs.frozen(kw_only=True)
class Reason:
    """Why a rule applies.

    Attributes:
        rule_id: The rule.
        version: Its version.
        clause: Where it stands in the published rules.
        says: The rule in one sentence.
        tests: The parts of its condition that settle it, as text.
        facts: A smallest set of facts that suffices, with the values seen, by dotted name.
        found: Terms that were found in a text.
        evidence: What a host rule said it saw.
        withheld: Facts whose values and limits are kept back, lest they teach evasion; the
            decision itself holds them, for an appeal.
    """

    rule_id: str
    version: int
    clause: str
    says: str
    tests: tuple[str, ...] = ()
    facts: tuple[tuple[str, Any], ...] = ()
    found: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The reason in one line."""
        head = f"{self.rule_id} v{self.version}" + (f", clause {self.clause}" if self.clause else "")
        because = [*self.evidence, *self.tests]
        because += [f"{name} = {spoken(value)}" for name, value in self.facts]
        because += [f"found {spoken(term)}" for term in self.found]
        because += [f"{name} over a limit that is not told" for name in self.withheld]
        return head + (f": {self.says}" if self.says else "") + (f" Because {'; '.join(because)}." if because else "")

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "rule": self.rule_id,
            "version": self.version,
            "clause": self.clause,
            "says": self.says,
            "tests": list(self.tests),
            "facts": {name: _plain(value) for name, value in self.facts},
            "found": list(self.found),
            "evidence": list(self.evidence),
            "withheld": list(self.withheld),
        }


@attrs.frozen(kw_only=True)
class Counterfactual:
    """A small change of conduct under which a rule would not have applied; checked by deciding again.

    Attributes:
        rule_id: The rule.
        changes: The facts that would have to be different.
    """

    rule_id: str
    changes: tuple[Change, ...]

    @property
    def text(self) -> str:
        """The counterfactual in one sentence."""
        return f"{self.rule_id} would not apply if " + " and ".join(_if(change) for change in self.changes) + "."


def _if(change: Change) -> str:
    name = ".".join(change.fact)
    if change.without:
        return f"{name} did not contain {' or '.join(spoken(term) for term in change.without)}"
    return f"{name} were {spoken(change.instead)} instead of {spoken(change.value)}"


def _plain(value: Any) -> Any:
    plain = to_python(value)
    return plain if isinstance(plain, str | int | float | list | dict) else spoken(value)


def reason_of(rule: Rule[Any], finding: Finding, explainer: Explainer | None, frame: list[Any]) -> Reason:
    """Explain a finding; ``explainer`` is None for a host rule, which brings its own evidence."""
    about = {"rule_id": rule.id, "version": rule.version, "clause": rule.clause, "says": rule.says}
    proof = None if explainer is None else explainer.proof(frame)
    if proof is None or explainer is None:
        # What a host rule says it saw may hold the very values that are not to be told.
        hidden = tuple(sorted(rule.withhold))
        return Reason(**about, evidence=() if hidden else finding.evidence, withheld=hidden)  # type: ignore[arg-type]
    named = tuple((".".join(path), frame[explainer.slots[path]]) for path in proof.facts)
    if not rule.withhold:
        return Reason(**about, tests=proof.tests, facts=named, found=proof.found)  # type: ignore[arg-type]
    hidden = tuple(name for name, _ in named if is_withheld(rule, name))
    told = [
        (test, names)
        for test, names in zip(proof.tests, map(_dotted, proof.reads), strict=True)
        if not names.intersection(hidden)
    ]
    open_tests = tuple(test for test, _ in told)
    # What is only held against a withheld fact may be its limit.
    facts = tuple(item for item in named if any(item[0] in names for _, names in told))
    found = () if hidden else proof.found
    return Reason(**about, tests=open_tests, facts=facts, found=found, withheld=hidden)  # type: ignore[arg-type]


def _dotted(paths: Iterable[tuple[str, ...]]) -> frozenset[str]:
    return frozenset(map(".".join, paths))


def is_withheld(rule: Rule[Any], name: str) -> bool:
    """Tell whether a fact, one around it, or one inside it is withheld by a rule."""
    return any(f"{name}.".startswith(f"{hidden}.") or hidden.startswith(f"{name}.") for hidden in rule.withhold)


def counterfactual_of(rule: Rule[Any], explainer: Explainer, frame: list[Any], schema: Schema) -> Counterfactual | None:
    """Search a counterfactual among the facts about conduct that the rule does not withhold."""

    def may_change(path: tuple[str, ...]) -> bool:
        name = ".".join(path)
        roles = {role for _, role in schema.roles(path)}
        return roles == {Role.CONDUCT} and not is_withheld(rule, name)

    changes = explainer.counterfactual(frame, may_change)
    return None if changes is None else Counterfactual(rule_id=rule.id, changes=changes)
