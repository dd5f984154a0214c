"""What follows at how many strikes, and how a decision is applied to an account."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from platgov._canonical import digest, shown
from platgov._enforcement.actors import (
    Actor,
    Fields,
    actor,
    after,
    conflict,
    flag,
    identifier,
    instant,
    listed,
    measure_reader,
    member,
    person,
    refuse,
    same,
    whole,
)
from platgov._enforcement.fold import Fold
from platgov._enforcement.history import History
from platgov._enforcement.sanction import Deviation, Sanction, StrikeGiven, Why, sanction_id
from platgov._rules.decision import Decision, Outcome
from platgov.errors import DueProcessError
from platgov.measures import SHIPPED, Authority, Measure, join

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from platgov._rules.rule import Finding

__all__ = ["AppealPolicy", "Ladder", "Step", "Strike"]


@attrs.frozen(kw_only=True)
class Strike:
    """What one decision adds to the record: ``weight`` for ``days``.

    Attributes:
        weight: How much it counts; 0 for no strike.
        days: How long it stands, from the sanction on.
    """

    weight: int = 1
    days: int = 90

    def __attrs_post_init__(self) -> None:
        whole(self.weight, "weight")
        whole(self.days, "days", least=1)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {"weight": self.weight, "days": self.days}


@attrs.frozen(kw_only=True)
class AppealPolicy:
    """How appeals go.

    Attributes:
        days: Days in which to appeal; None for what the measures themselves grant.
        decide_within_days: Days in which an appeal has to be decided.
        suspensive: Whether an appeal holds the measures up until the ruling; the time they
            were due to end does not move.
    """

    days: int | None = None
    decide_within_days: int = 14
    suspensive: bool = False

    def __attrs_post_init__(self) -> None:
        if self.days is not None:
            whole(self.days, "days")
        whole(self.decide_within_days, "decide_within_days")
        flag(self.suspensive, "suspensive")

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return attrs.asdict(self)


def _step_measures(value: Any) -> tuple[Measure, ...]:
    return join((value,) if isinstance(value, Measure) else listed(value, Measure, "measures"))


@attrs.frozen(kw_only=True)
class Step:
    """What follows from some number of strikes on, besides what the rules themselves provide for.

    Attributes:
        min_strikes: Weight from which it follows, from 1.
        measures: What follows; one measure may be given as ``measure``.
    """

    min_strikes: int
    measures: tuple[Measure, ...] = attrs.field(default=(), converter=_step_measures)
    measure: Measure | None = attrs.field(default=None, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        whole(self.min_strikes, "min_strikes", least=1)
        if self.measure is not None:
            member(self.measure, Measure, "measure")
            object.__setattr__(self, "measures", join((*self.measures, self.measure)))
            object.__setattr__(self, "measure", None)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {"min_strikes": self.min_strikes, "measures": [measure.to_dict() for measure in self.measures]}


def _version(value: Any) -> str:
    return identifier(str(value) if type(value) is int else value, "version")


def _steps(value: Any) -> tuple[Step, ...]:
    return listed(value, Step, "steps")


def _strikes(value: Any) -> tuple[tuple[str, Strike], ...]:
    pairs = _pairs(value, "strikes")
    for key, item in pairs:
        member(item, Strike, f"strikes[{key!r}]")
    return pairs


def _weights(value: Any) -> tuple[tuple[str, int], ...]:
    pairs = _pairs(value, "weights")
    for key, item in pairs:
        whole(item, f"weights[{key!r}]")
    return pairs


def _pairs(value: Any, name: str) -> tuple[tuple[str, Any], ...]:
    """Keep a mapping sorted by key; what was kept before is taken as it is."""
    if isinstance(value, tuple) and all(isinstance(pair, tuple) and len(pair) == 2 for pair in value):
        value = {identifier(key, name): item for key, item in value}
    if not isinstance(value, Mapping):
        raise refuse(f"{name} is {shown(value)}; give a mapping of rule ids or categories", path=f"$.{name}")
    return tuple(sorted(((identifier(key, name), item) for key, item in value.items()), key=lambda pair: pair[0]))


@attrs.frozen(kw_only=True)
class Ladder:
    """A published ladder of enforcement: how strikes count and what they lead to.

    Attributes:
        id: Which ladder: ``default``.
        version: Which edition.
        steps: The steps, strictly rising in ``min_strikes``. Each adds to those before it, and
            none is milder in what it touches: more strikes never lead to less.
        strikes: What a finding adds, by rule id or by category; the rule id goes first.
        weights: The same where only the weight differs.
        strike_days: How long a strike stands that `strikes` says nothing about.
        four_eyes: From which authority on a measure takes two persons: both at least of this
            authority, one at least of the measure's own. None for never.
        review_days: Days after which an open-ended measure has to be looked at again.
        appeal: How appeals go.
        digest: Content address of all of this.
    """

    id: str
    version: str = attrs.field(converter=_version)
    steps: tuple[Step, ...] = attrs.field(converter=_steps)
    strikes: tuple[tuple[str, Strike], ...] = attrs.field(default=(), converter=_strikes)
    weights: tuple[tuple[str, int], ...] = attrs.field(default=(), converter=_weights)
    strike_days: int = 90
    four_eyes: Authority | None = Authority.SENIOR
    review_days: int = 183
    appeal: AppealPolicy = AppealPolicy()
    digest: str = attrs.field(init=False, eq=False)
    _marks: tuple[int, ...] = attrs.field(init=False, eq=False, repr=False)
    _sums: tuple[tuple[Measure, ...], ...] = attrs.field(init=False, eq=False, repr=False)
    _given: dict[str, Strike] = attrs.field(init=False, eq=False, repr=False)
    _usual: Strike = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        identifier(self.id, "id")
        whole(self.strike_days, "strike_days", least=1)
        whole(self.review_days, "review_days", least=1)
        member(self.appeal, AppealPolicy, "appeal")
        if self.four_eyes is not None:
            member(self.four_eyes, Authority, "four_eyes")
        object.__setattr__(self, "_sums", _sums(self.steps))
        given = dict(self.strikes)
        if twice := sorted(given.keys() & dict(self.weights).keys()):
            raise refuse(f"{twice[0]!r} is in strikes and in weights; keep one", code="twice", path="$.weights")
        days = self.strike_days
        given.update({key: Strike(weight=weight, days=days) for key, weight in self.weights})
        object.__setattr__(self, "_given", given)
        object.__setattr__(self, "_usual", Strike(weight=1, days=days))
        object.__setattr__(self, "_marks", tuple(step.min_strikes for step in self.steps))
        object.__setattr__(self, "digest", digest(self.to_dict()))

    def reached(self, strikes: int) -> int:
        """Give how many steps are reached with some strikes."""
        return bisect_right(self._marks, strikes)

    def measures(self, reached: int) -> tuple[Measure, ...]:
        """Give what the first so many steps come to together."""
        return self._sums[reached - 1] if reached else ()

    def step(self, strikes: int) -> Step | None:
        """Give the step reached with some strikes; None below the first.

        Raises:
            InputError: It is no number of strikes.
        """
        if type(strikes) is not int or strikes < 0:
            raise refuse(f"strikes is {shown(strikes)}; give a whole number from 0")
        reached = self.reached(strikes)
        return self.steps[reached - 1] if reached else None

    def strike(self, rule_id: str, category: str = "") -> Strike:
        """Give the strike that a finding of a rule adds: by rule id, then category, then the usual one."""
        return self._given.get(rule_id) or self._given.get(category) or self._usual

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values; the digest is taken of this."""
        return {
            "kind": "ladder",
            "schema": 1,
            "id": self.id,
            "version": self.version,
            "steps": [step.to_dict() for step in self.steps],
            "strikes": {key: strike.to_dict() for key, strike in self.strikes},
            "weights": dict(self.weights),
            "strike_days": self.strike_days,
            "four_eyes": None if self.four_eyes is None else self.four_eyes.value,
            "review_days": self.review_days,
            "appeal": self.appeal.to_dict(),
        }

    @staticmethod
    def from_dict(data: Any, *, measures: Iterable[type[Measure]] = SHIPPED) -> Ladder:
        """Read what `to_dict` wrote.

        Args:
            data: The plain form.
            measures: Classes of measures that may be named.

        Raises:
            InputError: What is wrong, with the place.
        """
        read = measure_reader(measures)
        fields = Fields(data, "ladder")

        def step(item: Any) -> Step:
            inner = Fields(item, "step")
            return Step(min_strikes=inner.take("min_strikes"), measures=inner.each("measures", read))

        def strike(item: Any) -> Strike:
            inner = Fields(item, "strike")
            return Strike(weight=inner.take("weight"), days=inner.take("days"))

        def appeal(item: Any) -> AppealPolicy:
            inner = Fields(item, "appeal")
            return AppealPolicy(**{key: inner.take(key) for key in ("days", "decide_within_days", "suspensive")})

        strikes = fields.take("strikes", dict)
        each = Fields(strikes, "ladder", "$.strikes")
        ladder = Ladder(
            id=fields.take("id"),
            version=fields.take("version", str),
            steps=fields.each("steps", step),
            strikes={key: each.read(key, strike) for key in strikes},
            weights=fields.take("weights", dict),
            strike_days=fields.take("strike_days"),
            four_eyes=fields.read("four_eyes", lambda item: None if item is None else Authority(item)),
            review_days=fields.take("review_days"),
            appeal=fields.read("appeal", appeal),
        )
        same(ladder, data, "ladder")
        return ladder

    # -- applying ------------------------------------------------------------------------------

    def apply(
        self,
        decision: Decision,
        history: History,
        *,
        at: int | dt.datetime,
        by: str | Actor | None = None,
        deviation: Deviation | None = None,
        case: str | None = None,
    ) -> Sanction:
        """Give what follows from a decision for an account: what its rules and the step reached provide for.

        The history is not changed; add the sanction to it. Applying again what the history
        already holds gives the sanction that it holds.

        Args:
            decision: The decision, with its measures as its rules provide for them.
            history: What happened with the account before. What is later than ``at`` is not looked at.
            at: When it is applied, no earlier than the decision.
            by: Who applies it; a plain id is a reviewer, None is the engine. They count as
                the first who signed, for whatever they have the authority for.
            deviation: What to impose instead, and why.
            case: What it is about. One case has one sanction; without it, one decision has.

        Raises:
            DueProcessError: It is not for this person to apply or to deviate, or too early.
            InputError: Something given is of the wrong kind, or the history holds another
                sanction for this case (``conflict``).
        """
        member(decision, Decision, "decision")
        member(history, History, "history")
        now, who = instant(at), None if by is None else actor(by)
        case = "" if case is None else identifier(case, "case")
        if now < decision.at:
            raise DueProcessError(
                "before_decision", "a decision cannot be applied before it is made; give a later `at`"
            )
        open_ended = decision.outcome in (Outcome.HELD, Outcome.UNDETERMINED)
        findings = tuple(attrs.evolve(finding, evidence=()) for finding in decision.findings)
        own = join(measure for finding in findings for measure in finding.measures)
        if own != decision.measures and decision.outcome is Outcome.MEASURES:
            raise refuse("the measures of the decision are not those of its findings", code="inconsistent")
        if deviation is not None:
            member(deviation, Deviation, "deviation")
            who = who or deviation.by
        for one in (who, None if deviation is None else deviation.by):
            if one is not None:
                conflict(one, history.subject, case, "apply")
        settled = decision.outcome is Outcome.MEASURES
        strikes = self._strikes(findings, now) if settled else ()
        key = sanction_id(history.subject, case, decision.digest, is_open=open_ended)
        before = history.get(key)
        if isinstance(before, Sanction) and _again(before, decision, self, who, deviation):
            return before
        earlier = tuple(e for e in history.events if e.at <= now and getattr(e, "sanction_id", e.id) != key)
        why = self._why(findings, strikes, key, Fold(earlier, now), now) if settled else Why()
        due = join((*own, *why.measures)) if settled else ()
        if deviation is not None:
            _check_deviation(deviation, due, now, settled=settled)
        draft = Sanction(
            at=now,
            policy=self.digest,
            fingerprint=decision.digest,
            subject=history.subject,
            case=case,
            by=who,
            rule_set_id=decision.rule_set_id,
            rule_set_version=decision.rule_set_version,
            rule_set=decision.rule_set,
            findings=findings,
            due=due,
            measures=due if deviation is None else deviation.measures,
            strikes=strikes,
            why=why,
            deviation=deviation,
            appeal_until=self._appeal_until(due, deviation, now) if settled else None,
            decide_within_days=self.appeal.decide_within_days,
            suspensive=self.appeal.suspensive,
            status="imposed" if settled else "for_review" if open_ended else "none",
            ladder=self,
        )
        sanction = _told(draft, earlier) if settled else draft
        if before is not None and before != sanction:
            raise refuse(
                f"the history holds another sanction {key} for this case; what is decided anew takes a case of its own",
                code="conflict",
                path="$.case",
            )
        return sanction

    def _strikes(self, findings: tuple[Finding, ...], now: int) -> tuple[StrikeGiven, ...]:
        """Give the strikes of findings, the heaviest first, without those that never count."""
        given = sorted(
            (-strike.weight, -strike.days, finding.rule_id)
            for finding in findings
            if (strike := self.strike(finding.rule_id, finding.category)).weight
        )
        kept: list[StrikeGiven] = []
        longest = 0
        for weight, days, rule_id in given:
            if -days > longest:
                longest = -days
                kept.append(StrikeGiven(rule_id=rule_id, weight=-weight, expires_at=after(now, longest)))
        return tuple(kept)

    def _why(
        self, findings: tuple[Finding, ...], strikes: tuple[StrikeGiven, ...], key: str, fold: Fold, now: int
    ) -> Why:
        own = max((strike.weight for strike in strikes), default=0)
        standing = [(one.id, weight) for one in fold.live() if (weight := fold.weight(one, now))]
        total = fold.strikes(now) + own
        reached = self.reached(total) if own else 0
        return Why(
            strikes=total,
            standing=tuple(sorted([*standing, (key, own)] if own else standing)),
            step=self.steps[reached - 1].min_strikes if reached else None,
            not_less=self.steps[reached - 2].min_strikes if reached > 1 else None,
            not_more=self.steps[reached].min_strikes if reached < len(self.steps) else None,
            rules=tuple(sorted({finding.rule_id for finding in findings})),
            measures=self.measures(reached),
        )

    def _appeal_until(self, due: tuple[Measure, ...], deviation: Deviation | None, now: int) -> int | None:
        measures = due if deviation is None else (*due, *deviation.measures)
        days = self.appeal.days
        if days is None:
            days = max((measure.procedure.appeal_days for measure in measures), default=0)
        return after(now, days) if days else None


def _sums(steps: tuple[Step, ...]) -> tuple[tuple[Measure, ...], ...]:
    """Give what each step comes to together with those before it; refuse a step that is milder."""
    sums: list[tuple[Measure, ...]] = []
    for number, step in enumerate(steps):
        before, path = steps[number - 1] if number else None, f"$.steps[{number}]"
        if before is not None and step.min_strikes <= before.min_strikes:
            message = f"min_strikes is {step.min_strikes} after {before.min_strikes}; list the steps by rising strikes"
            raise refuse(message, code="order", path=path, subject="ladder")
        held = {(measure.kind, measure.target): measure for measure in (sums[-1] if sums else ())}
        for measure in step.measures:
            other = held.get((measure.kind, measure.target), measure)
            if measure.severity < other.severity:
                message = (
                    f"the step from {step.min_strikes} strikes has {measure}, which is milder than {other} of a step "
                    "before it; more strikes never lead to less, so leave it out or make it as severe"
                )
                raise refuse(message, code="milder", path=path, subject="ladder")
        sums.append(join((*held.values(), *step.measures)))
    return tuple(sums)


def _check_deviation(deviation: Deviation, due: tuple[Measure, ...], now: int, *, settled: bool) -> None:
    if not settled:
        raise DueProcessError("nothing_to_depart_from", "the decision imposes nothing that could be departed from")
    person(deviation.by, "a deviation")
    for measure in (*due, *deviation.measures):
        if deviation.by.authority.rank < measure.authority.rank:
            message = (
                f"{deviation.by.id!r} may not depart from or impose {measure}: it takes {measure.authority.value}, "
                f"they are {deviation.by.authority.value}"
            )
            raise DueProcessError("no_authority", message)
    if deviation.expires_at <= now:
        raise DueProcessError("expired", "the deviation ends before it begins; give a later expires_at")


def _again(
    before: Sanction, decision: Decision, ladder: Ladder, who: Actor | None, deviation: Deviation | None
) -> bool:
    """Say whether a sanction is what is being applied once more, be it later."""
    asked = (decision.digest, ladder.digest, who, deviation)
    return asked == (before.fingerprint, before.policy, before.by, before.deviation)


def _told(draft: Sanction, earlier: tuple[Any, ...]) -> Sanction:
    """Fill in what is in force at once, and whether all of it waits."""
    fold = Fold((*earlier, draft), draft.at)
    found = tuple(one for one in fold.restrictions_of(draft) if one.start <= draft.at)
    status = "waiting" if draft.measures and not found else "imposed"
    return attrs.evolve(draft, restrictions=found, status=status)
