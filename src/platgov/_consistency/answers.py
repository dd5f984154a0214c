"""What an analysis says: one answer per question, with events that anybody can try out."""

from __future__ import annotations

import enum
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

import platgov
from platgov._canonical import dumps

if TYPE_CHECKING:
    from collections.abc import Iterable

    from platgov._rules.decision import Decision

__all__ = ["Answer", "Diff", "Example", "Report", "Severity", "Status", "sorted_answers"]


class Status(enum.Enum):
    """Whether what an answer says is so."""

    PROVED = "proved"
    """It holds: for every event, or as the examples show."""
    REFUTED = "refuted"
    """It does not hold; the examples show why."""
    UNKNOWN = "unknown"
    """Not settled: the budget ran out, or no event was found for what looks possible."""


class Severity(enum.Enum):
    """How much an answer should worry whoever publishes the rules."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_EXACT: Final = 2**53 - 1


@attrs.frozen(kw_only=True)
class Example:
    """An event, and what a rule set decides on it.

    Attributes:
        record: The event as JSON text with sorted keys.
        policy: Digest of the rule set that decided.
        outcome: The outcome of the decision.
        measures: What follows in any case, in words.
    """

    record: str
    policy: str
    outcome: str
    measures: tuple[str, ...]

    @staticmethod
    def of(event: dict[str, Any], decision: Decision) -> Example:
        """Keep an event with the decision on it."""
        return Example(
            record=json.dumps(event, sort_keys=True, ensure_ascii=False),
            policy=decision.policy,
            outcome=decision.outcome.value,
            measures=tuple(map(str, decision.measures)),
        )

    @property
    def event(self) -> dict[str, Any]:
        """The event, ready for `RuleSet.decide`."""
        event: dict[str, Any] = json.loads(self.record)
        return event

    def __str__(self) -> str:
        return f"{self.record} gives {', '.join(self.measures) or 'no measure'} ({self.outcome})"

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values; whole numbers that JSON readers would round are written as text."""
        return {
            "event": _readable(self.event),
            "policy": self.policy,
            "outcome": self.outcome,
            "measures": list(self.measures),
        }


def _readable(value: Any) -> Any:
    if type(value) is dict:
        return {key: _readable(item) for key, item in value.items()}
    if type(value) is list:
        return [_readable(item) for item in value]
    return {"$int": str(value)} if type(value) is int and abs(value) > _EXACT else value


@attrs.frozen(kw_only=True)
class Answer:
    """The answer to one question about a rule set.

    Attributes:
        kind: What is said, as a stable word: ``never_fires``, ``subsumed``, ``independent``.
        severity: How much it should worry.
        status: Whether it is so.
        rules: The rules concerned, the one to look at first.
        facts: The facts concerned, as dotted names.
        says: The same in a sentence.
        examples: Events that show it, each decided by the rule set itself; empty where it is
            said of all events.
        repair: What to do about it; empty if nothing.
        because: Why it is unknown: ``budget`` where that ran out, ``not_realised`` where it looks
            possible but no event was found that shows it; empty where it is settled.
    """

    kind: str
    severity: Severity
    status: Status
    rules: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    says: str
    examples: tuple[Example, ...] = ()
    repair: str = ""
    because: str = ""

    @property
    def witness(self) -> dict[str, Any] | None:
        """The event of the first example; None if there is none."""
        return self.examples[0].event if self.examples else None

    def __str__(self) -> str:
        status = f"{self.status.value}: {self.because}" if self.because else self.status.value
        lines = [f"{self.severity.value}: {self.kind} ({status}): {self.says}"]
        lines += [f"  for example {example}" for example in self.examples]
        return "\n".join([*lines, f"  repair: {self.repair}"] if self.repair else lines)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "kind": self.kind,
            "severity": self.severity.value,
            "status": self.status.value,
            "rules": list(self.rules),
            "facts": list(self.facts),
            "says": self.says,
            "examples": [example.to_dict() for example in self.examples],
            "repair": self.repair,
            "because": self.because,
        }


def sorted_answers(answers: Iterable[Answer]) -> tuple[Answer, ...]:
    """Bring answers into the one order in which they are reported: the worst first."""
    severities = list(Severity)
    return tuple(
        sorted(answers, key=lambda a: (severities.index(a.severity), a.kind, a.rules, a.facts, a.status.value, a.says))
    )


@attrs.frozen(kw_only=True)
class Report:
    """What `analyse` found.

    Attributes:
        rule_set_id: The rule set.
        version: Its edition.
        policy: Its digest.
        findings: Everything found, the worst first.
    """

    rule_set_id: str
    version: str
    policy: str
    findings: tuple[Answer, ...] = attrs.field(converter=sorted_answers)

    @property
    def errors(self) -> tuple[Answer, ...]:
        """The findings that should stop a publication."""
        return tuple(answer for answer in self.findings if answer.severity is Severity.ERROR)

    @property
    def unknown(self) -> tuple[Answer, ...]:
        """The questions that were left open."""
        return tuple(answer for answer in self.findings if answer.status is Status.UNKNOWN)

    def __str__(self) -> str:
        return _listed(f"{self.rule_set_id} {self.version}", self.findings, "nothing found")

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "rule_set": self.rule_set_id,
            "version": self.version,
            "policy": self.policy,
            "findings": [answer.to_dict() for answer in self.findings],
        }

    def to_bytes(self) -> bytes:
        """Write as canonical JSON."""
        return dumps(self.to_dict(), subject="report")

    def to_sarif(self, path: str | Path) -> None:
        """Write a SARIF 2.1.0 file, which code hosts show beside the rules.

        Raises:
            OSError: The file cannot be written.
        """
        _write_sarif(path, self.findings)


@attrs.frozen(kw_only=True)
class Diff:
    """What changes from one edition to another, each with an event that both have decided.

    An event that is harsher in one respect and milder in another may stand under both. Events
    that an edition leaves undetermined are compared under ``otherwise`` only.

    Attributes:
        old: Digest of the one edition.
        new: Digest of the other.
        newly_hit: Rules because of which events without any measure now have one.
        newly_spared: The reverse.
        harsher: Rules because of which measures become more severe, or one is added.
        milder: The reverse.
        otherwise: Rules because of which equally severe measures have other terms (appeal,
            authority), or an event becomes, or is no longer, undetermined.
        unknown: What could not be settled.
    """

    old: str
    new: str
    newly_hit: tuple[Answer, ...] = attrs.field(default=(), converter=sorted_answers)
    newly_spared: tuple[Answer, ...] = attrs.field(default=(), converter=sorted_answers)
    harsher: tuple[Answer, ...] = attrs.field(default=(), converter=sorted_answers)
    milder: tuple[Answer, ...] = attrs.field(default=(), converter=sorted_answers)
    otherwise: tuple[Answer, ...] = attrs.field(default=(), converter=sorted_answers)
    unknown: tuple[Answer, ...] = attrs.field(default=(), converter=sorted_answers)

    @property
    def changes(self) -> tuple[Answer, ...]:
        """Everything that changes."""
        return self.newly_hit + self.newly_spared + self.harsher + self.milder + self.otherwise

    @property
    def same(self) -> Status:
        """Whether both editions decide every event alike: outcome and measures."""
        if self.changes:
            return Status.REFUTED
        return Status.UNKNOWN if self.unknown else Status.PROVED

    def __str__(self) -> str:
        return _listed("changes", (*self.changes, *self.unknown), "both editions decide every event alike")

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        parts = ("newly_hit", "newly_spared", "harsher", "milder", "otherwise", "unknown")
        return {
            "old": self.old,
            "new": self.new,
            "same": self.same.value,
            **{part: [answer.to_dict() for answer in getattr(self, part)] for part in parts},
        }

    def to_bytes(self) -> bytes:
        """Write as canonical JSON."""
        return dumps(self.to_dict(), subject="diff")

    def to_sarif(self, path: str | Path) -> None:
        """Write a SARIF 2.1.0 file.

        Raises:
            OSError: The file cannot be written.
        """
        _write_sarif(path, (*self.changes, *self.unknown))


def _listed(title: str, answers: tuple[Answer, ...], nothing: str) -> str:
    return "\n".join([f"{title}:", *map(str, answers)]) if answers else f"{title}: {nothing}"


def _write_sarif(path: str | Path, answers: tuple[Answer, ...]) -> None:
    """Name rules as logical places: a rule set need not come from a file."""
    driver = {
        "name": "platgov",
        "version": platgov.__version__,
        "rules": [{"id": kind} for kind in sorted({answer.kind for answer in answers})],
    }
    results = [
        {
            "ruleId": answer.kind,
            "level": _LEVELS[answer.severity],
            "message": {"text": str(answer)},
            "locations": [
                {"logicalLocations": [{"name": rule, "kind": "rule"} for rule in answer.rules]}
                for _ in answer.rules[:1]
            ],
            "properties": answer.to_dict(),
        }
        for answer in answers
    ]
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
    Path(path).write_bytes(dumps(log, subject="SARIF") + b"\n")
