"""What follows for one account from one decision: the sanction, its restrictions and its reasons."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._canonical import shown
from platgov._enforcement.actors import (
    Actor,
    Fields,
    actor,
    address,
    flag,
    identifier,
    instant,
    listed,
    measure_reader,
    member,
    read_actor,
    refuse,
    same,
    whole,
    words,
)
from platgov._rules.rule import Finding
from platgov._time import to_iso
from platgov.measures import SHIPPED, Measure, join
from platgov.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from platgov._enforcement.history import History
    from platgov._enforcement.ladder import Ladder

__all__ = [
    "Deviation",
    "DeviationCode",
    "Disposition",
    "Restriction",
    "Result",
    "Sanction",
    "StrikeGiven",
    "Why",
]

STATUSES: Final = ("imposed", "waiting", "for_review", "none")


def _measures(value: Any) -> tuple[Measure, ...]:
    return join(listed(value, Measure, "measures"))


def _texts(value: Any) -> tuple[str, ...]:
    return listed(value, str, "ids")


def _iso(at: int | None) -> str | None:
    return None if at is None else to_iso(at)


@attrs.frozen(kw_only=True)
class Restriction:
    """One measure over the time it lasts: in force from ``start`` up to but not at ``end``.

    Attributes:
        sanction_id: The sanction that it belongs to.
        measure: What is restricted.
        start: First second, in UTC epoch seconds.
        end: First second after it; None for open-ended.
        rule_ids: Every rule that led to it, sorted.
        clauses: Where these rules stand in the published rules, sorted.
        source: ``rule``, ``ladder``, ``deviation`` or ``modification``: what calls for it.
        review_at: Until when an open-ended one has to be looked at again; None for others.
    """

    sanction_id: str
    measure: Measure
    start: int
    end: int | None = None
    rule_ids: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    source: str = "rule"
    review_at: int | None = None

    def in_force(self, at: Any) -> bool:
        """Say whether it is in force at an instant."""
        now = instant(at)
        return self.start <= now and (self.end is None or now < self.end)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "sanction": self.sanction_id,
            "measure": self.measure.to_dict(),
            "start": to_iso(self.start),
            "end": _iso(self.end),
            "rules": list(self.rule_ids),
            "clauses": list(self.clauses),
            "source": self.source,
            "review_at": _iso(self.review_at),
        }


@attrs.frozen(kw_only=True)
class StrikeGiven:
    """A strike that a finding gives: it stands from the sanction up to but not at ``expires_at``."""

    rule_id: str
    weight: int
    expires_at: int

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {"rule": self.rule_id, "weight": self.weight, "expires_at": to_iso(self.expires_at)}


class DeviationCode(enum.Enum):
    """Why a person departs from what the rules and the ladder call for."""

    MITIGATING = "mitigating"
    """Circumstances that no fact records speak for the person concerned."""
    AGGRAVATING = "aggravating"
    """Circumstances that no fact records make it graver."""
    HARDSHIP = "hardship"
    """The measure would hit this person far harder than others."""
    REMEDIED = "remedied"
    """The person has made good what was done."""
    LEGAL_ORDER = "legal_order"
    """A court or authority has ordered otherwise."""
    SAFETY = "safety"
    """Somebody is in danger."""


@attrs.frozen(kw_only=True)
class Deviation:
    """A departure from what the rules and the ladder call for, by a person, with a reason and an end.

    Attributes:
        by: Who departs; has to have the authority for what is called for and for what is put
            in its place.
        code: Why, as one of a few kinds that can be counted.
        text: Why, in words.
        measures: What stands instead; nothing for none.
        expires_at: When the departure ends. From then on the measures called for stand, for
            what is left of their time.
    """

    by: Actor = attrs.field(converter=actor)
    code: DeviationCode
    text: str
    measures: tuple[Measure, ...] = attrs.field(default=(), converter=_measures)
    expires_at: int = attrs.field(converter=instant)

    def __attrs_post_init__(self) -> None:
        member(self.code, DeviationCode, "code")
        if not words(self.text, "text").strip():
            raise refuse("text is blank; say why the rules are departed from", path="$.text")

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "by": self.by.to_dict(),
            "code": self.code.value,
            "text": self.text,
            "measures": [measure.to_dict() for measure in self.measures],
            "expires_at": to_iso(self.expires_at),
        }


class Result(enum.Enum):
    """What became of a measure that a rule or the ladder calls for."""

    APPLIED = "applied"
    ABSORBED = "absorbed"
    """A stronger one of its kind covers it."""
    DEVIATED = "deviated"
    """A person departed from it."""


@attrs.frozen(kw_only=True)
class Disposition:
    """A measure called for, and what became of it.

    Attributes:
        rule_id: The rule; empty for a measure of the ladder.
        measure: The measure.
        result: What became of it.
    """

    rule_id: str
    measure: Measure
    result: Result


@attrs.frozen(kw_only=True)
class Why:
    """Why this step and neither a milder nor a harsher one.

    Attributes:
        strikes: Weight standing at the instant of the sanction, its own included.
        standing: The sanctions that it is the sum of, each with its weight, sorted by id.
        step: ``min_strikes`` of the step reached; None below the first, or without a strike.
        not_less: The step below ends where this one starts; its ``min_strikes``, None if there is none.
        not_more: Strikes from which the next step follows; None if this is the last.
        rules: The rules that led to this, sorted. A measure of the ladder cites all of them.
        measures: What the step provides for; the other measures come from the rules.
    """

    strikes: int = 0
    standing: tuple[tuple[str, int], ...] = ()
    step: int | None = None
    not_less: int | None = None
    not_more: int | None = None
    rules: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """Say it in plain English, one sentence each."""
        rules = ", ".join(self.rules) or "none"
        said = [f"Rules that apply: {rules}.", f"Strikes standing, this one included: {self.strikes}."]
        if self.step is not None:
            then = ", ".join(map(str, self.measures)) or "nothing further"
            said.append(f"From {self.step} strikes the ladder provides for: {then}.")
            below = "Below it the ladder provides for nothing" if self.not_less is None else (
                f"The step from {self.not_less} strikes ends before {self.step}"
            )  # fmt: skip
            said.append(f"{below}, so less would not be the same for all.")
        if self.not_more is not None:
            said.append(f"The next step needs {self.not_more} strikes.")
        return tuple(said)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "strikes": self.strikes,
            "standing": [list(pair) for pair in self.standing],
            "step": self.step,
            "not_less": self.not_less,
            "not_more": self.not_more,
            "rules": list(self.rules),
            "measures": [measure.to_dict() for measure in self.measures],
        }


@attrs.frozen(kw_only=True)
class Sanction(Verdict):
    """What follows for one account from one decision, as told when it was applied.

    What is in force later, after signatures, appeals and overturned strikes, is for the
    `History` to say. `policy` is the digest of the ladder, `fingerprint` that of the decision.

    Attributes:
        id: Made of the subject and the case, so that a retry is the same sanction.
        subject: The account.
        case: What it is about, in the host's terms; empty if it goes by the decision alone.
        by: Who applied it; None for the engine.
        rule_set_id: Id of the rule set that decided.
        rule_set_version: Its version.
        rule_set: Its digest.
        findings: The rules that apply, without the evidence.
        due: What the rules and the ladder call for, joined.
        measures: What was imposed: ``due``, or what a deviation puts in its place. Some of it
            may wait for a signature.
        restrictions: What is in force by it from the start, as far as signed.
        strikes: The strikes it gives. They do not add up: at any instant the heaviest one
            that still stands counts, so a further finding never gives less.
        why: Why this step.
        deviation: The departure from ``due``; None for none.
        appeal_until: Last second for an appeal as told; None if there is none.
        decide_within_days: Days in which an appeal has to be decided.
        suspensive: Whether an appeal holds the measures up.
        status: ``imposed``, ``waiting`` (all of it waits for a signature), ``for_review`` (the
            decision was held or undetermined: nothing follows before a person has looked) or
            ``none`` (no rule provides for a measure).
        ladder: The ladder, where it is at hand; neither compared nor stored.
    """

    kind = "sanction"
    id: str = attrs.field(init=False)
    subject: str
    case: str = ""
    by: Actor | None = None
    rule_set_id: str
    rule_set_version: str
    rule_set: str
    findings: tuple[Finding, ...] = ()
    due: tuple[Measure, ...] = attrs.field(default=(), converter=_measures)
    measures: tuple[Measure, ...] = attrs.field(default=(), converter=_measures)
    restrictions: tuple[Restriction, ...] = ()
    strikes: tuple[StrikeGiven, ...] = ()
    why: Why = Why()
    deviation: Deviation | None = None
    appeal_until: int | None = None
    decide_within_days: int = 14
    suspensive: bool = False
    status: str = "imposed"
    ladder: Ladder | None = attrs.field(default=None, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        identifier(self.subject, "subject", empty=True)
        identifier(self.case, "case", empty=True)
        for name in ("policy", "fingerprint", "rule_set"):
            identifier(getattr(self, name), name)
        object.__setattr__(self, "at", instant(self.at))
        if self.by is not None:
            member(self.by, Actor, "by")
        for name, cls in (("findings", Finding), ("restrictions", Restriction), ("strikes", StrikeGiven)):
            object.__setattr__(self, name, listed(getattr(self, name), cls, name))
        member(self.why, Why, "why")
        if self.deviation is not None:
            member(self.deviation, Deviation, "deviation")
        whole(self.decide_within_days, "decide_within_days")
        flag(self.suspensive, "suspensive")
        if self.status not in STATUSES:
            raise refuse(f"status is {shown(self.status)}; give one of {', '.join(STATUSES)}", path="$.status")
        key = sanction_id(self.subject, self.case, self.fingerprint, is_open=self.status == "for_review")
        object.__setattr__(self, "id", key)

    @property
    def decision_digest(self) -> str:
        """Digest of the decision that it follows from."""
        return self.fingerprint

    @property
    def dispositions(self) -> tuple[Disposition, ...]:
        """What became of each measure that a rule or the ladder calls for; none is left out."""
        called = [(finding.rule_id, measure) for finding in self.findings for measure in finding.measures]
        called += [("", measure) for measure in self.why.measures]
        if self.status in ("for_review", "none"):
            called = []
        winners = {(measure.kind, measure.target): measure.severity for measure in self.due}
        instead = {(measure.kind, measure.target): measure.severity for measure in self.measures}

        def result(measure: Measure) -> Result:
            place = (measure.kind, measure.target)
            if winners.get(place) != measure.severity:
                return Result.ABSORBED
            return Result.APPLIED if instead.get(place) == measure.severity else Result.DEVIATED

        return tuple(Disposition(rule_id=rule, measure=measure, result=result(measure)) for rule, measure in called)

    def waiting(self, at: Any, history: History) -> tuple[Measure, ...]:
        """Give the measures that wait for a signature at an instant."""
        return history.waiting(self.id, at=at)

    def body(self) -> dict[str, Any]:
        """Give what is particular to a sanction, as plain values."""
        return {
            "id": self.id,
            "subject": self.subject,
            "case": self.case,
            "by": None if self.by is None else self.by.to_dict(),
            "rule_set": {"id": self.rule_set_id, "version": self.rule_set_version, "digest": self.rule_set},
            "findings": [finding.to_dict() for finding in self.findings],
            "due": [measure.to_dict() for measure in self.due],
            "measures": [measure.to_dict() for measure in self.measures],
            "restrictions": [restriction.to_dict() for restriction in self.restrictions],
            "strikes": [strike.to_dict() for strike in self.strikes],
            "why": self.why.to_dict(),
            "deviation": None if self.deviation is None else self.deviation.to_dict(),
            "appeal_until": _iso(self.appeal_until),
            "decide_within_days": self.decide_within_days,
            "suspensive": self.suspensive,
            "status": self.status,
        }

    @staticmethod
    def from_dict(data: Any, *, ladder: Ladder | None = None, measures: Iterable[type[Measure]] = SHIPPED) -> Sanction:
        """Read what `to_dict` wrote.

        Args:
            data: The plain form.
            ladder: The ladder that it was applied under, if it is to go into a history.
            measures: Classes of measures that may be named; the host's own besides those shipped.

        Raises:
            InputError: It is no sanction, or does not fit its own id, or another ladder is given.
        """
        return _read(data, ladder, measure_reader(measures))


def sanction_id(subject: str, case: str, decision: str, *, is_open: bool = False) -> str:
    """Make the id of a sanction.

    An open outcome does not use the case up: the settled decision on it gets its own id.
    """
    parts = [subject, case or decision]
    return address("s", [*parts, "for_review", decision] if is_open else parts)


def _read(data: Any, ladder: Ladder | None, measure: Callable[[Any], Measure]) -> Sanction:
    fields = Fields(data, "sanction")
    if fields.take("kind") != Sanction.kind:
        raise refuse(f"kind is {shown(fields.take('kind'))}; expected 'sanction'", path="$.kind", subject="sanction")
    rules = fields.read("rule_set", lambda value: Fields(value, "rule set"))
    if ladder is not None and ladder.digest != fields.take("policy"):
        raise refuse(f"is of ladder {fields.take('policy')}, not of {ladder.digest}", code="other_ladder")

    def optional(reader: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda value: None if value is None else reader(value)

    sanction = Sanction(
        at=fields.instant("at"),
        policy=fields.take("policy", str),
        fingerprint=fields.take("fingerprint", str),
        subject=fields.take("subject", str),
        case=fields.take("case", str),
        by=fields.read("by", optional(read_actor)),
        rule_set_id=rules.take("id", str),
        rule_set_version=rules.take("version", str),
        rule_set=rules.take("digest", str),
        findings=fields.each("findings", lambda item: _read_finding(item, measure)),
        due=fields.each("due", measure),
        measures=fields.each("measures", measure),
        restrictions=fields.each("restrictions", lambda item: _read_restriction(item, measure)),
        strikes=fields.each("strikes", _read_strike),
        why=fields.read("why", lambda item: _read_why(item, measure)),
        deviation=fields.read("deviation", optional(lambda item: _read_deviation(item, measure))),
        appeal_until=fields.instant("appeal_until", optional=True),
        decide_within_days=fields.take("decide_within_days", int),
        suspensive=fields.take("suspensive", bool),
        status=fields.take("status", str),
        ladder=ladder,
    )
    same(sanction, data, "sanction")
    return sanction


def _read_finding(data: Any, measure: Callable[[Any], Measure]) -> Finding:
    fields = Fields(data, "finding")
    return Finding(
        evidence=fields.each("evidence", lambda item: words(item, "evidence", empty=True)),
        rule_id=fields.take("rule", str),
        version=fields.take("version", int),
        clause=fields.take("clause", str),
        category=fields.take("category", str),
        measures=fields.each("measures", measure),
    )


def _read_restriction(data: Any, measure: Callable[[Any], Measure]) -> Restriction:
    fields = Fields(data, "restriction")
    return Restriction(
        sanction_id=fields.take("sanction", str),
        measure=fields.read("measure", measure),
        start=fields.instant("start"),
        end=fields.instant("end", optional=True),
        rule_ids=_texts(fields.take("rules", list)),
        clauses=_texts(fields.take("clauses", list)),
        source=fields.take("source", str),
        review_at=fields.instant("review_at", optional=True),
    )


def _read_strike(data: Any) -> StrikeGiven:
    fields = Fields(data, "strike")
    return StrikeGiven(
        rule_id=fields.take("rule", str),
        weight=whole(fields.take("weight"), "weight", least=1),
        expires_at=fields.instant("expires_at"),
    )


def _read_why(data: Any, measure: Callable[[Any], Measure]) -> Why:
    fields = Fields(data, "why")
    return Why(
        strikes=fields.take("strikes", int),
        standing=fields.each("standing", _read_pair),
        step=fields.take("step", int, optional=True),
        not_less=fields.take("not_less", int, optional=True),
        not_more=fields.take("not_more", int, optional=True),
        rules=_texts(fields.take("rules", list)),
        measures=fields.each("measures", measure),
    )


def _read_pair(data: Any) -> tuple[str, int]:
    if type(data) is not list or [type(item) for item in data] != [str, int]:
        raise refuse(f"expected an id and a weight, got {shown(data)}")
    return (data[0], data[1])


def _read_deviation(data: Any, measure: Callable[[Any], Measure]) -> Deviation:
    fields = Fields(data, "deviation")
    return Deviation(
        by=fields.read("by", read_actor),
        code=fields.read("code", DeviationCode),
        text=fields.take("text", str),
        measures=fields.each("measures", measure),
        expires_at=fields.instant("expires_at"),
    )
