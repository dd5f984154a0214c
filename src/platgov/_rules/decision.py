"""What a rule set decided on one event: a frozen value that can be explained and replayed."""

from __future__ import annotations

import enum
import json
from typing import TYPE_CHECKING, Any, cast

import attrs

from platgov._canonical import dumps
from platgov.verdict import Verdict

if TYPE_CHECKING:
    from platgov._rules.explain import Counterfactual, Reason
    from platgov._rules.rule import Finding
    from platgov._rules.ruleset import RuleSet
    from platgov.measures import Measure

__all__ = ["Absorbed", "Decision", "Defeated", "Outcome", "Undetermined"]


class Outcome(enum.Enum):
    """What a decision amounts to."""

    NONE = "none"
    """No rule provides for a measure."""
    MEASURES = "measures"
    """The measures of the decision follow."""
    UNDETERMINED = "undetermined"
    """The facts do not decide; a person has to. Measures that follow in any case are listed."""
    HELD = "held"
    """A rule that applies is held for review: its measure waits, for all equal cases alike."""


@attrs.frozen(kw_only=True)
class Absorbed:
    """A measure that a rule provides for and a stronger one of its kind covers."""

    rule_id: str
    measure: Measure
    by: Measure

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {"rule": self.rule_id, "measure": self.measure.to_dict(), "by": self.by.to_dict()}


@attrs.frozen(kw_only=True)
class Defeated:
    """A rule that applies, and the exceptions that set it aside."""

    rule_id: str
    by: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {"rule": self.rule_id, "by": list(self.by)}


@attrs.frozen(kw_only=True)
class Undetermined:
    """A rule that the facts leave open.

    Attributes:
        rule_id: The rule.
        code: ``missing_facts``, ``no_value`` (a computation without a result),
            ``open_exception`` (whether an exception applies is open), or for host rules
            ``raised``, ``undeclared_read`` and ``bad_answer``.
        facts: Facts that are missing or unusable, each with why: ``(("links", "absent"),)``.
        detail: For a host rule, the type of what it raised.
    """

    rule_id: str
    code: str
    facts: tuple[tuple[str, str], ...] = ()
    detail: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {"rule": self.rule_id, "code": self.code, "facts": dict(self.facts), "detail": self.detail}


@attrs.frozen(kw_only=True)
class Decision(Verdict):
    """The outcome of a rule set on one event.

    Attributes:
        rule_set_id: Id of the rule set; `rule_set` is its digest.
        rule_set_version: Version of the rule set.
        outcome: What it amounts to.
        findings: Every rule that applies and is not set aside, by id; none is left out
            because another weighs more.
        measures: What follows, joined.
        absorbed: Measures that a stronger one of ``measures`` covers.
        undetermined: Rules that the facts leave open, by id.
        defeated: Rules set aside by exceptions, by id.
        held: Rules that apply but are held for review, with the reason, by id.
        record: The facts that the rule set reads, as canonical JSON: what `fingerprint` is
            the digest of. `facts` gives them as plain values.
    """

    kind = "decision"
    rule_set_id: str
    rule_set_version: str
    outcome: Outcome
    findings: tuple[Finding, ...]
    measures: tuple[Measure, ...]
    absorbed: tuple[Absorbed, ...]
    undetermined: tuple[Undetermined, ...]
    defeated: tuple[Defeated, ...]
    held: tuple[tuple[str, str], ...]
    record: bytes = attrs.field(repr=False)
    _rules: RuleSet | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def rule_set(self) -> str:
        """Digest of the rule set that decided."""
        return self.policy

    @property
    def facts(self) -> dict[str, Any]:
        """The facts that were read, by dotted name.

        Absent ones are left out, unusable ones are ``{"$unusable": why}``.
        """
        return cast("dict[str, Any]", json.loads(self.record))

    def to_bytes(self) -> bytes:
        """Give the canonical bytes; the record of facts is canonical already and goes in as it is."""
        written = {key: dumps(value) for key, value in {**self.head(), **self._stated()}.items()}
        written["facts"] = self.record
        return b"{" + b",".join(b'"%s":%s' % (key.encode(), written[key]) for key in sorted(written)) + b"}"

    def body(self) -> dict[str, Any]:
        """Give what is particular to a decision, as plain values."""
        return {**self._stated(), "facts": self.facts}

    def _stated(self) -> dict[str, Any]:
        return {
            "rule_set": {"id": self.rule_set_id, "version": self.rule_set_version},
            "outcome": self.outcome.value,
            "findings": [finding.to_dict() for finding in self.findings],
            "measures": [measure.to_dict() for measure in self.measures],
            "absorbed": [item.to_dict() for item in self.absorbed],
            "undetermined": [item.to_dict() for item in self.undetermined],
            "defeated": [item.to_dict() for item in self.defeated],
            "held": dict(self.held),
        }

    def explain(self) -> tuple[Reason, ...]:
        """Give, for each finding, a smallest set of facts that suffices for it.

        Leaving any of them out would leave the rule open. Costs nothing until it is called.
        """
        return self._source().reasons(self)

    def counterfactual(self) -> tuple[Counterfactual, ...]:
        """Give, for each finding where one is found, a small change of conduct without it.

        Every one is checked by deciding again. Only facts about conduct are ever changed.
        """
        return self._source().counterfactuals(self)

    def _source(self) -> RuleSet:
        if self._rules is None:
            raise LookupError("this decision was read without its rules; use rule_set.reasons(decision)")
        return self._rules
