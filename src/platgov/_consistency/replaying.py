"""Was every recorded decision the one that its rules and facts give? Exact, without statistics.

`replay` decides again on what each entry recorded. An outcome that differs is a departure: with
a record of who departed and why, or unexplained. What no ledger can show is what was never given
to it; see `completeness` and `control_sample`.
"""

from __future__ import annotations

import enum
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from platgov._canonical import digest_bytes, dumps
from platgov._consistency.numbers import plain
from platgov._consistency.records import (
    Dossier,
    decided,
    entries_of,
    fingerprint_of,
    is_departure,
    kept_entries,
    measure_classes,
    read,
    readable,
    rule_sets_of,
)
from platgov._consistency.rewriting import Rewriter
from platgov._time import to_epoch
from platgov.errors import InputError, VerificationError
from platgov.ledger import Ledger

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from platgov.ledger import Checkpoint, Entry
    from platgov.measures import Measure
    from platgov.rules import RuleSet

__all__ = ["Replay", "ReplayStatus", "Replayed", "replay"]


class ReplayStatus(enum.Enum):
    """What replaying an entry showed."""

    REPRODUCED = "reproduced"
    """Rules and facts give what was recorded."""
    DEVIATED = "deviation_recorded"
    """They give something else, and the ledger says who departed from it and why."""
    UNEXPLAINED = "unexplained"
    """They give something else, and nothing says why."""
    TAMPERED = "tampered"
    """The entry contradicts itself, or the ledger it stands in."""
    UNCHECKED = "unchecked"
    """It could not be replayed: erased, protected, or made under rules that were not given."""


@attrs.frozen(kw_only=True)
class Replayed:
    """What replaying one entry showed.

    Attributes:
        seq: The entry.
        kind: ``decision`` or ``sanction``.
        status: What it showed.
        code: Why, as a stable word: ``same``, ``departure``, ``other_outcome``, ``hold_without_record``,
            ``hold_ignored``, ``no_sanction``, ``other_measures``, ``other_due``, ``other_findings``,
            ``no_decision``, ``facts``, ``not_canonical``, ``columns``, ``ledger``, ``unknown_rules``,
            ``unknown_measure``, ``no_body``.
        says: The same in a sentence.
        rules: Rules concerned.
    """

    seq: int
    kind: str
    status: ReplayStatus
    code: str
    says: str = ""
    rules: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return dict(plain(self))


@attrs.frozen(kw_only=True)
class Replay:
    """What replaying a ledger showed.

    Attributes:
        counts: How many entries have each status; every decision and sanction is in one.
        entries: Those that were not simply reproduced, in order.
        verified: Entries whose place in the ledger was verified; None if that was not asked for
            or did not hold.
        fault: What does not hold about the ledger itself; empty if it does.
    """

    counts: tuple[tuple[ReplayStatus, int], ...]
    entries: tuple[Replayed, ...]
    verified: int | None = None
    fault: str = ""

    def of(self, status: ReplayStatus) -> tuple[Replayed, ...]:
        """Give the entries of a status other than REPRODUCED."""
        return tuple(entry for entry in self.entries if entry.status is status)

    @property
    def reproduced(self) -> int:
        """How many entries were reproduced."""
        return dict(self.counts)[ReplayStatus.REPRODUCED]

    @property
    def deviations(self) -> tuple[Replayed, ...]:
        """Entries with a recorded departure."""
        return self.of(ReplayStatus.DEVIATED)

    @property
    def unexplained(self) -> tuple[Replayed, ...]:
        """Entries that differ without a record of why: each one is an alarm."""
        return self.of(ReplayStatus.UNEXPLAINED)

    @property
    def tampered(self) -> tuple[Replayed, ...]:
        """Entries that contradict themselves or their ledger."""
        return self.of(ReplayStatus.TAMPERED)

    @property
    def unchecked(self) -> tuple[Replayed, ...]:
        """Entries about which nothing can be said."""
        return self.of(ReplayStatus.UNCHECKED)

    @property
    def is_clean(self) -> bool:
        """Whether everything that could be checked holds; look at `unchecked` for the rest."""
        return not self.unexplained and not self.tampered and not self.fault

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "counts": {status.value: count for status, count in self.counts},
            "entries": [entry.to_dict() for entry in self.entries],
            "verified": self.verified,
            "fault": self.fault,
        }


def replay(
    ledger: Any,
    rule_sets: Iterable[RuleSet] | RuleSet,
    *,
    checkpoints: Iterable[Checkpoint] = (),
    verify: bool = True,
    enforced_until: int | dt.datetime | None = None,
    measures: Iterable[type[Measure]] = (),
) -> Replay:
    """Decide again on every recorded decision, and compare with what was recorded.

    A sanction is held against its decision: it must be about the same findings, call for what
    they and its ladder provide for, and impose that or say who departed from it and why. What
    the ladder itself provides for, and strikes, are for `platgov.enforcement`.

    Args:
        ledger: A ledger, or a list of its entries.
        rule_sets: The rules that were in use; those of other digests are left ``unchecked``.
        checkpoints: Kept elsewhere; without any, the ledger could have been rewritten whole.
        verify: Check the ledger itself first; a list of entries is not checked.
        enforced_until: Where given, a decision with measures up to this instant is unexplained
            if the ledger has neither a sanction nor a departure for it.
        measures: The host's own classes of measures that ladders impose.

    Raises:
        InputError: An argument is of the wrong kind.
    """
    given = rule_sets_of(rule_sets)
    known = {digest: Rewriter(rule_set) for digest, rule_set in given.items()}
    until = None if enforced_until is None else to_epoch(enforced_until)
    source = kept_entries(ledger)
    verified, fault, broken = _verified(source, checkpoints) if verify else (None, "", None)
    dossier = Dossier(source, measure_classes(given.values(), measures))
    counts: Counter[ReplayStatus] = Counter()
    kept = []
    recorded: dict[str, list[Any]] = {}
    erased = dossier.closed
    for entry in entries_of(source, "decision"):
        found = _one(entry, known, dossier, until, broken)
        counts[found.status] += 1
        if found.status is not ReplayStatus.REPRODUCED:
            kept.append(found)
        if entry.bytes is None:
            erased += 1
            continue
        if dossier.sanctions and (name := digest_bytes(entry.bytes)) in dossier.sanctions:
            recorded[name] = [found, decided(entry)]
    for name, pairs in dossier.sanctions.items():
        for entry, body in pairs:
            found = _sanction(entry, body, recorded.get(name), dossier, erased=erased)
            if entry.seq == broken:
                found = _tampered(entry, "ledger", fault)
            counts[found.status] += 1
            if found.status is not ReplayStatus.REPRODUCED:
                kept.append(found)
    return Replay(
        counts=tuple((status, counts[status]) for status in ReplayStatus),
        entries=tuple(sorted(kept, key=lambda found: found.seq)),
        verified=verified,
        fault=fault,
    )


def _verified(source: Any, checkpoints: Iterable[Checkpoint]) -> tuple[int | None, str, int | None]:
    if not isinstance(source, Ledger):
        return None, "", None
    try:
        return source.verify(checkpoints).size, "", None
    except VerificationError as error:
        return None, f"{error} ({error.code})", error.seq


def _found(entry: Entry, status: ReplayStatus, code: str, says: str, rules: Iterable[str] = ()) -> Replayed:
    return Replayed(seq=entry.seq, kind=entry.kind, status=status, code=code, says=says, rules=tuple(sorted(rules)))


def _tampered(entry: Entry, code: str, says: str) -> Replayed:
    return _found(entry, ReplayStatus.TAMPERED, code, says)


def _unexplained(entry: Entry, code: str, says: str, rules: Iterable[str] = ()) -> Replayed:
    return _found(entry, ReplayStatus.UNEXPLAINED, code, says, rules)


def _one(entry: Entry, known: dict[str, Rewriter], dossier: Dossier, until: int | None, broken: int | None) -> Replayed:
    if entry.seq == broken:
        return _tampered(entry, "ledger", "the ledger does not verify at this entry")
    if entry.bytes is None:
        return _found(entry, ReplayStatus.UNCHECKED, "no_body", "erased or protected")
    body = read(entry.bytes)
    rewriter = known.get(entry.policy or "")
    if rewriter is not None and body is not None and rewriter.gives(body, entry.bytes):
        return _same(entry, body, rewriter.rule_set, dossier, until)
    return _other(entry, None if rewriter is None else rewriter.rule_set, dossier, until)


def _same(entry: Entry, body: dict[str, Any], rule_set: RuleSet, dossier: Dossier, until: int | None) -> Replayed:
    """Look at a decision that its rules and facts give: were its holds meant for all, was it carried out?"""
    problem = _holds_problem(entry, body, rule_set, dossier)
    departed = dossier.departs(entry)
    due = until is not None and body["outcome"] == "measures" and (entry.at or 0) <= until and not departed
    if problem is None and due and not dossier.sanctions_of(digest_bytes(entry.bytes or b""), entry.subject):
        rules = [finding["rule"] for finding in body["findings"]]
        problem = _unexplained(entry, "no_sanction", "measures follow, and no sanction is recorded", rules)
    if problem is not None:
        return _departed(entry, problem) if departed else problem
    if departed:
        return _found(entry, ReplayStatus.DEVIATED, "departure", "a departure is recorded")
    return _found(entry, ReplayStatus.REPRODUCED, "same", "")


def _holds_problem(entry: Entry, body: dict[str, Any], rule_set: RuleSet, dossier: Dossier) -> Replayed | None:
    held, at = body["held"], entry.at or 0
    if held:
        # Grants that ended hold a rule by themselves; all other holds need a record.
        by_rules = dict(rule_set.replay({**body, "held": {}}).held)
        alone = [rule for rule, why in held.items() if by_rules.get(rule) != why and not dossier.held_at(rule, at)[0]]
        if alone:
            return _unexplained(entry, "hold_without_record", "held, and no record holds it for everybody", alone)
    if dossier.holds:
        found = [finding["rule"] for finding in body["findings"]]
        spared = [rule for rule in found if rule not in held and dossier.held_at(rule, at)[1]]
        if spared:
            return _unexplained(entry, "hold_ignored", "not held, while the rule was held for everybody", spared)
    return None


def _departed(entry: Entry, problem: Replayed) -> Replayed:
    return _found(entry, ReplayStatus.DEVIATED, problem.code, f"{problem.says}; a departure is recorded", problem.rules)


def _other(entry: Entry, rule_set: RuleSet | None, dossier: Dossier, until: int | None) -> Replayed:
    """Look at a decision that was not reproduced, or whose rules are not at hand."""
    data = entry.bytes or b""
    body = decided(entry)
    if body is None:
        return _unexplained(entry, "no_decision", "has the kind of a decision, and is none")
    try:
        canonical = dumps(body) == data
    except InputError:
        canonical = False
    if not canonical:
        return _tampered(entry, "not_canonical", "the bytes are not the canonical form of what they say")
    if body["policy"] != entry.policy:
        return _tampered(entry, "columns", f"says policy {body['policy']}, stands under {entry.policy}")
    if fingerprint_of(body) != body["fingerprint"]:
        return _tampered(entry, "facts", "the facts are not those of the fingerprint")
    if rule_set is None:
        return _found(entry, ReplayStatus.UNCHECKED, "unknown_rules", f"no rule set of digest {entry.policy} was given")
    try:
        decision = rule_set.replay(body)
    except InputError as error:
        return _unexplained(entry, "no_decision", f"cannot be replayed: {readable(error)}")
    if decision.to_bytes() == data:
        return _same(entry, body, rule_set, dossier, until)
    again = decision.to_dict()
    parts = sorted(name for name in again.keys() | body.keys() if again.get(name) != body.get(name))
    said = f"rules and facts give {again['outcome']}, recorded is {body['outcome']}; different: {', '.join(parts)}"
    rules = {item["rule"] for item in again["findings"]} ^ {_named(item) for item in body["findings"]}
    problem = _unexplained(entry, "other_outcome", said, rules)
    return _departed(entry, problem) if dossier.departs(entry) else problem


def _named(finding: Any) -> str:
    return str(finding.get("rule", "")) if type(finding) is dict else ""


def _sanction(
    entry: Entry, body: dict[str, Any], recorded: list[Any] | None, dossier: Dossier, *, erased: int
) -> Replayed:
    try:
        return _against(entry, body, recorded, dossier, erased=erased)
    except InputError as error:
        return _found(entry, ReplayStatus.UNCHECKED, "unknown_measure", readable(error))
    except (KeyError, TypeError, AttributeError):
        return _unexplained(entry, "no_sanction", "has the kind of a sanction, and is none")


def _against(
    entry: Entry, body: dict[str, Any], recorded: list[Any] | None, dossier: Dossier, *, erased: int
) -> Replayed:
    """Hold a sanction against its decision."""
    if dumps(body) != entry.bytes:
        return _tampered(entry, "not_canonical", "the bytes are not the canonical form of what they say")
    if recorded is None or recorded[1] is None:
        if erased:
            return _found(entry, ReplayStatus.UNCHECKED, "no_body", "its decision may be among those erased")
        return _unexplained(entry, "no_decision", "the ledger has no decision that it follows from")
    _, decision = recorded
    rules = [finding["rule"] for finding in decision["findings"]]
    status = {"measures": "", "none": "none"}.get(decision["outcome"], "for_review")
    open_ended = body["status"] in ("none", "for_review")
    if (body["status"] if open_ended else "") != status:
        said = f"the decision is {decision['outcome']}, the sanction {body['status']}"
        return _unexplained(entry, "other_outcome", said, rules)
    own = [{**finding, "evidence": []} for finding in decision["findings"]]
    if body["findings"] != own or body["rule_set"]["digest"] != decision["policy"]:
        return _unexplained(entry, "other_findings", "the findings are not those of the decision", rules)
    provided = [measure for finding in own for measure in finding["measures"]]
    due = dossier.joined([*provided, *body["why"]["measures"]]) if not open_ended else ()
    if dossier.joined(body["due"]) != due:
        return _unexplained(entry, "other_due", "calls for something else than rules and ladder provide for", rules)
    deviation = body["deviation"]
    if deviation is None:
        if body["measures"] != body["due"]:
            return _unexplained(entry, "other_measures", "imposes something else than it calls for", rules)
        return _found(entry, ReplayStatus.REPRODUCED, "same", "")
    if not is_departure(deviation):
        return _unexplained(entry, "other_measures", "departs without naming a person and a reason", rules)
    return _found(entry, ReplayStatus.DEVIATED, "departure", f"{deviation['code']}: {deviation['text']}", rules)
