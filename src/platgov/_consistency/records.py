"""What a ledger says about decisions: each one, with what was recorded because of it, as rows to count."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._canonical import digest_bytes, dumps, shown
from platgov._consistency.numbers import refused
from platgov._time import from_iso, to_iso
from platgov.errors import InputError
from platgov.ledger import Entry, Ledger
from platgov.measures import SHIPPED, Measure, join
from platgov.measures import from_dict as read_measure
from platgov.rules import RuleSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Dealt", "Dossier", "Fate", "decided", "records"]

Fate: Final = ("applied", "absorbed", "deviated")
_SETTLED: Final = "measures"


@attrs.frozen(kw_only=True)
class Dealt:
    """One rule that applied in one decision, and what became of it.

    Attributes:
        seq: Entry of the decision.
        rule: The rule.
        policy: Digest of the rule set.
        at: Instant of the decision, in UTC epoch seconds.
        month: The month of it, as ``2026-11``.
        actor: Whom the decision is about, as the ledger names them; None if it does not.
        outcome: ``measures``, ``held`` or ``undetermined``.
        sanctioned: Whether the ledger has a sanction for the decision.
        deviated: Whether a person departed from a measure of the rule; None while open.
        absorbed: Whether a stronger measure covers all that the rule provides for; None while open.
        overturned: Whether the sanction was overturned; None without one.
        appealed: Whether somebody appealed; None without a sanction.
        by: Who applied the sanction; None for the engine, or without one.
        waited_s: Seconds from the decision to the sanction; None without one.
    """

    seq: int
    rule: str
    policy: str
    at: int
    month: str
    actor: str | None
    outcome: str
    sanctioned: bool
    deviated: bool | None
    absorbed: bool | None
    overturned: bool | None
    appealed: bool | None
    by: str | None
    waited_s: int | None

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {**attrs.asdict(self), "at": to_iso(self.at)}


class Dossier:
    """Everything in a ledger that bears on decisions already made: sanctions, departures, appeals, holds.

    Attributes:
        sanctions: Recorded sanctions by digest of the decision, as (entry, body).
        departures: Digests and numbers of decisions that a plain record departs from, with a reason.
        overturned: Ids of sanctions and digests of decisions that were overturned.
        appealed: Ids of sanctions that were appealed.
        holds: For each rule, when a hold began or was lifted: (instant, whether held, reason), sorted.
    """

    def __init__(self, source: Any, measures: Iterable[type[Measure]] = ()) -> None:
        self.accepted = (*SHIPPED, *(cls for cls in measures if cls not in SHIPPED))
        self.known: dict[str, Measure] = {}
        self.sanctions: dict[str, list[tuple[Entry, dict[str, Any]]]] = {}
        self.departures: set[str | int] = set()
        self.overturned: set[str] = set()
        self.appealed: set[str] = set()
        self.holds: dict[str, list[tuple[int, bool, str]]] = {}
        self.closed = 0
        readers: dict[str, Callable[[Entry, dict[str, Any]], None]] = {
            "sanction": self._sanction,
            "deviation": self._departure,
            "overturn": self._overturn,
            "ruling": self._ruling,
            "appeal": self._appeal,
            "hold": self._hold,
        }
        for entry in entries_of(source, *readers):
            if entry.bytes is None:
                self.closed += 1
                continue
            body = read(entry.bytes)
            if body is not None:
                readers[entry.kind](entry, body)
        for changes in self.holds.values():
            changes.sort()

    def measure(self, data: Any) -> Measure:
        """Read a measure.

        Raises:
            InputError: It is of a class that was not given.
        """
        key = json.dumps(data, sort_keys=True)
        if key not in self.known:
            self.known[key] = read_measure(data, self.accepted)
        return self.known[key]

    def joined(self, data: Any) -> tuple[Measure, ...]:
        """Read measures and join them."""
        return join(self.measure(item) for item in data)

    def sanctions_of(self, decision: str, subject: str | None) -> list[tuple[Entry, dict[str, Any]]]:
        """Give the settled sanctions for a decision about a subject."""
        return [
            pair
            for pair in self.sanctions.get(decision, ())
            if pair[1].get("status") not in ("for_review", "none") and subject in (None, pair[1].get("subject"))
        ]

    def departs(self, entry: Entry) -> bool:
        """Say whether a plain record departs from a decision."""
        if not self.departures or entry.bytes is None:
            return False
        return entry.seq in self.departures or digest_bytes(entry.bytes) in self.departures

    def held_at(self, rule_id: str, at: int) -> tuple[bool, bool]:
        """Say whether a rule may have been held at an instant, and whether it must have been."""
        before = [held for since, held, _ in self.holds.get(rule_id, ()) if since < at]
        now = [held for since, held, _ in self.holds.get(rule_id, ()) if since == at]
        was = bool(before and before[-1])
        return was or True in now, was and False not in now

    def _sanction(self, entry: Entry, body: dict[str, Any]) -> None:
        self.sanctions.setdefault(str(body.get("fingerprint")), []).append((entry, body))

    def _departure(self, _: Entry, body: dict[str, Any]) -> None:
        if not is_departure(body):
            return
        named = body.get("decision", body.get("entry"))
        if type(named) is str or type(named) is int:
            self.departures.add(named)

    def _overturn(self, _: Entry, body: dict[str, Any]) -> None:
        self.overturned.update(str(body[name]) for name in ("sanction", "decision") if name in body)

    def _ruling(self, _: Entry, body: dict[str, Any]) -> None:
        if body.get("outcome") == "overturned":
            self.overturned.add(str(body.get("sanction")))

    def _appeal(self, _: Entry, body: dict[str, Any]) -> None:
        self.appealed.add(str(body.get("sanction")))

    def _hold(self, _: Entry, body: dict[str, Any]) -> None:
        rule, at, held = body.get("rule"), body.get("at"), body.get("held")
        if type(rule) is str and type(at) is str and type(held) is bool and is_departure({**body, "code": "hold"}):
            # One that cannot be read holds nothing: what relied on it is then without a record.
            with contextlib.suppress(InputError):
                self.holds.setdefault(rule, []).append((from_iso(at), held, body["text"]))


def is_departure(body: Any) -> bool:
    """Say whether a record of a departure names a person, a kind of reason and the reason itself."""
    if type(body) is not dict:
        return False
    by = body.get("by")
    who = by.get("id") if type(by) is dict else by
    is_engine = type(by) is dict and by.get("authority") == "automatic"
    said = (who, body.get("code"), body.get("text"))
    return not is_engine and all(type(part) is str and part.strip() for part in said)


def entries_of(source: Any, *kinds: str) -> Iterator[Entry]:
    """Give the entries of some kinds, each in order, from a ledger or from entries that were read before.

    Raises:
        InputError: ``source`` is neither.
    """
    if isinstance(source, Ledger):
        for kind in kinds:
            yield from source.entries(kind=kind)
        return
    if isinstance(source, str | bytes | Mapping) or not isinstance(source, Iterable):
        raise refused(f"{shown(source)} is no ledger; give a Ledger, or a list of its entries")
    for entry in source:
        if not isinstance(entry, Entry):
            raise refused(f"{shown(entry)} is no entry of a ledger")
        if entry.kind in kinds:
            yield entry


def kept_entries(source: Any) -> Any:
    """Keep entries that can be read only once: they are gone through several times."""
    if isinstance(source, Ledger | str | bytes | Mapping) or not isinstance(source, Iterable):
        return source
    return tuple(source)


def read(data: bytes) -> dict[str, Any] | None:
    """Read recorded bytes; None if they are no object."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return body if type(body) is dict else None


def decided(entry: Entry) -> dict[str, Any] | None:
    """Give the plain form of a recorded decision, if it has the parts that are looked at here."""
    body = None if entry.bytes is None else read(entry.bytes)
    if body is None:
        return None
    texts = all(type(body.get(name)) is str for name in ("at", "policy", "fingerprint", "outcome"))
    lists = all(type(body.get(name)) is list for name in ("findings", "measures", "absorbed", "undetermined"))
    objects = all(type(body.get(name)) is dict for name in ("facts", "held"))
    return body if texts and lists and objects else None


def fingerprint_of(body: dict[str, Any]) -> str:
    """Digest the recorded facts, as the rule set does."""
    return digest_bytes(dumps(body["facts"]))


def fates(dossier: Dossier, sanction: dict[str, Any]) -> list[tuple[str, str]]:
    """Give what became of each measure that a rule provides for, as (rule, fate)."""
    due = {(m.kind, m.target): m.severity for m in dossier.joined(sanction["due"])}
    imposed = {(m.kind, m.target): m.severity for m in dossier.joined(sanction["measures"])}
    result = []
    for finding in sanction["findings"]:
        for item in finding["measures"]:
            measure = dossier.measure(item)
            place = (measure.kind, measure.target)
            if due.get(place) != measure.severity:
                fate = "absorbed"
            else:
                fate = "applied" if imposed.get(place) == measure.severity else "deviated"
            result.append((finding["rule"], fate))
    return result


def rule_sets_of(rule_sets: Any) -> dict[str, RuleSet]:
    """Check rule sets, and give them by digest."""
    given = (rule_sets,) if isinstance(rule_sets, RuleSet) else rule_sets
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        raise refused(f"{shown(rule_sets)} is no list of rule sets", "$.rule_sets")
    kept = tuple(given)
    for rule_set in kept:
        if not isinstance(rule_set, RuleSet):
            raise refused(f"{shown(rule_set)} is no rule set", "$.rule_sets")
    return {rule_set.digest: rule_set for rule_set in kept}


def measure_classes(rule_sets: Iterable[RuleSet], more: Iterable[type[Measure]]) -> tuple[type[Measure], ...]:
    """Give the classes of measures that rule sets provide for, and those given besides."""
    own = {type(m): None for rule_set in rule_sets for rule in rule_set.rules for m in rule.measures}
    return (*own, *more)


def records(ledger: Any, *, measures: Iterable[type[Measure]] = ()) -> Iterator[Dealt]:
    """Give a row for every rule that applied in every decision of a ledger, to compare groups with.

    Groups are for the caller to tell, from ``actor``; they are no part of rules or records.

    Args:
        ledger: A ledger, or a list of its entries.
        measures: The host's own classes of measures.

    Raises:
        InputError: ``ledger`` is neither, or a sanction has a measure of an unknown class.
    """
    source = kept_entries(ledger)
    dossier = Dossier(source, measures)
    for entry in entries_of(source, "decision"):
        body = decided(entry)
        if body is not None and body["findings"] and entry.bytes is not None:
            yield from _rows(entry, body, digest_bytes(entry.bytes), dossier)


def _rows(entry: Entry, body: dict[str, Any], name: str, dossier: Dossier) -> Iterator[Dealt]:
    pairs = dossier.sanctions_of(name, entry.subject)
    done, sanction = pairs[-1] if pairs else (None, None)
    by_rule: dict[str, set[str]] = {}
    if sanction is not None:
        try:
            found = fates(dossier, sanction)
        except (KeyError, TypeError, AttributeError):
            raise refused(f"entry {done.seq if done else entry.seq} is no sanction", code="no_sanction") from None
        for rule, fate in found:
            by_rule.setdefault(rule, set()).add(fate)
    departed = dossier.departs(entry)
    by = None if sanction is None else sanction.get("by")
    at = from_iso(body["at"])
    for finding in body["findings"]:
        became = by_rule.get(finding["rule"], set())
        settled = sanction is not None or departed
        yield Dealt(
            seq=entry.seq,
            rule=finding["rule"],
            policy=body["policy"],
            at=at,
            month=body["at"][:7],
            actor=entry.subject,
            outcome=body["outcome"],
            sanctioned=sanction is not None,
            deviated=("deviated" in became or departed) if settled else None,
            absorbed=became == {"absorbed"} if sanction is not None else None,
            overturned=None
            if sanction is None
            else sanction.get("id") in dossier.overturned or name in dossier.overturned,
            appealed=None if sanction is None else sanction.get("id") in dossier.appealed,
            by=by.get("id") if type(by) is dict else None,
            waited_s=None if sanction is None else from_iso(sanction["at"]) - at,
        )


def readable(error: InputError) -> str:
    """Give the first problem of an error in one line."""
    return error.problems[0].message
