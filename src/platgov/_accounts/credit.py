"""The conduct score of an account in one context, computed from its history alone."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

import attrs

from platgov._accounts.checks import DAY, MOST, checked_name, instance, name, read_fields, refuse, same_version, whole
from platgov._accounts.history import VIOLATION, CreditHistory, Event
from platgov._accounts.recovery import LONGEST_DAYS, Drain, Fade, Flow, Recovery
from platgov._accounts.score import Contribution, Score
from platgov._canonical import digest, shown, step
from platgov._limits import DEFAULT
from platgov._time import LAST, to_epoch
from platgov.errors import InputError, Problem
from platgov.measures import Procedure

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from platgov._accounts.due_process import MisuseFacts, ReasonsDraft
    from platgov._accounts.snapshot import Snapshot

__all__ = ["CreditPolicy", "Escalation", "RecoveryTask"]

SEMANTICS: Final = 1
"""Version of what a policy means; part of every digest."""


def _factors(factors: Any) -> tuple[int, ...]:
    good = isinstance(factors, list | tuple) and factors and all(type(n) is int and 1 <= n <= 1000 for n in factors)
    if not good or list(factors) != sorted(factors):
        message = f"factors is {shown(factors)}; give whole numbers from 1 to 1000, never falling, such as (1, 2, 4)"
        raise refuse("Escalation", message, path="$.factors")
    return tuple(factors)


def _weights(value: Any) -> Mapping[str, int]:
    """Keep points by rule, sorted and read-only."""
    for rule, points in _named(value, "weights", "points by rule, such as {'spam.repeat': 5}"):
        if type(points) is not int or not 0 <= points <= MOST:
            message = f"{rule!r} has {shown(points)}; give whole points from 0 to {MOST}"
            raise refuse("CreditPolicy", message, path=f"$.weights{step(rule)}")
    return MappingProxyType({rule: value[rule] for rule in sorted(value)})


def _named(value: Any, field: str, wanted: str) -> Iterable[tuple[str, Any]]:
    if not isinstance(value, Mapping) or len(value) > DEFAULT.rules:
        message = f"{field} is {shown(value)}; give {wanted}, at most {DEFAULT.rules}"
        raise refuse("CreditPolicy", message, path=f"$.{field}", code="type")
    for key in value:
        checked_name(key, "CreditPolicy", field)
    return value.items()


@attrs.frozen(kw_only=True)
class Escalation:
    """Repetition weighs more.

    A violation counts ``factors[n]`` times, where n is how many effective violations, at
    strictly earlier instants, are less than ``window_days`` old; the last factor stands for
    all greater n. Violations of one instant do not escalate each other.

    Attributes:
        window_days: How long a violation makes later ones weigh more.
        factors: Whole numbers from 1, never falling. Who wants halves doubles all points.
    """

    window_days: int = attrs.field(validator=whole(1, LONGEST_DAYS))
    factors: tuple[int, ...] = attrs.field(converter=_factors)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {"window_days": self.window_days, "factors": list(self.factors)}


@attrs.frozen(kw_only=True)
class RecoveryTask:
    """A way to repay a deduction sooner: a quiz, a course, a service.

    It repays at the instant it is done, the oldest violation first; what finds no deduction is
    lost, so that good deeds are never stored up against later violations.

    Attributes:
        points: Points that one task repays at most.
        max_points: Points that all tasks of this code together repay at most ...
        per_days: ... in any so many days. Only what was repaid counts.
    """

    points: int = attrs.field(validator=whole(1, MOST))
    max_points: int = attrs.field(validator=whole(1, MOST))
    per_days: int = attrs.field(validator=whole(1, LONGEST_DAYS))

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {"points": self.points, "max_points": self.max_points, "per_days": self.per_days}


def _tasks(value: Any) -> Mapping[str, RecoveryTask]:
    """Keep tasks by code, sorted and read-only."""
    for code, task in _named(value, "tasks", "a RecoveryTask by code"):
        if not isinstance(task, RecoveryTask):
            message = f"{code!r} is {shown(task)}; give a RecoveryTask"
            raise refuse("CreditPolicy", message, path=f"$.tasks{step(code)}", code="type")
    return MappingProxyType({code: value[code] for code in sorted(value)})


@attrs.frozen(kw_only=True, eq=False)
class CreditPolicy:
    """How conduct in one context is scored. Lawful by construction, or it cannot be built.

    A score reads violations of published rules and recovery tasks, nothing else: no attribute
    of a person, nobody they know, nothing they did elsewhere. Every violation expires. With
    ``debt`` the points not yet healed, the score at an instant is

        ``min(ceiling, max(floor, start - ceil(debt)))``

    computed exactly and rounded once. Time never lowers it, a violation never raises it.

    Attributes:
        context: Where it applies: ``comments``. Scores of different contexts never meet.
        version: Which edition of the policy.
        start: Score without deductions.
        floor: Lowest score told.
        ceiling: Highest score told.
        weights: Points for each published rule. Zero: recorded, and counted for escalation.
        recovery: `Drain` or `Fade`.
        max_lifetime_days: Age at which any violation is gone; at most ten years.
        max_single: Most points for one violation, escalation included.
        escalation: Whether repetition weighs more.
        tasks: Ways to repay sooner, by code.
        human_below: Scores below this must be confirmed by a person before anything follows
            from them alone; None if nothing does.
        procedure: What is owed to the person; an appeal there must be.
        digest: Content address of all of this.

    Source: AI Act Art. 5(1)(c) (unrelated contexts, disproportion); GDPR Art. 22; DSA Art. 17.
    """

    context: str = attrs.field(default="", validator=name)
    version: str = attrs.field(default="1", validator=name)
    start: int = attrs.field(validator=whole(-MOST, MOST))
    floor: int = attrs.field(default=0, validator=whole(-MOST, MOST))
    ceiling: int = attrs.field(validator=whole(-MOST, MOST))
    weights: Mapping[str, int] = attrs.field(converter=_weights)
    recovery: Recovery = attrs.field(validator=instance(Drain, Fade))
    max_lifetime_days: int = attrs.field(default=cast("int", None), validator=whole(1, LONGEST_DAYS))
    max_single: int = attrs.field(validator=whole(1, MOST))
    escalation: Escalation | None = attrs.field(default=None, validator=instance(Escalation, optional=True))
    tasks: Mapping[str, RecoveryTask] = attrs.field(factory=dict, converter=_tasks)
    human_below: int | None = attrs.field(default=None, validator=whole(-MOST, MOST, optional=True))
    procedure: Procedure = attrs.field(factory=Procedure, validator=instance(Procedure))
    digest: str = attrs.field(init=False, repr=False)
    _flow: Flow = attrs.field(init=False, repr=False)
    _points: dict[str, int] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        problems = tuple(_unfit(self))
        if problems:
            raise InputError("CreditPolicy", problems)
        object.__setattr__(self, "digest", digest(self.to_dict()))
        object.__setattr__(self, "_flow", self.recovery.flow(self.max_lifetime_days * DAY))
        object.__setattr__(self, "_points", {rule: min(most, self.max_single) for rule, most in self.weights.items()})

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, CreditPolicy) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[Any, ...]:
        return (CreditPolicy.from_dict, (self.to_dict(),))  # read-only tables do not pickle

    # -- reading -------------------------------------------------------------------------------

    def score(self, history: CreditHistory, *, at: int | dt.datetime) -> Score:
        """Score an account.

        Args:
            history: What happened in this context; events after ``at`` are not known yet.
            at: The instant the score is for.

        Raises:
            InputError: An effective event cites a rule or task that the policy does not publish.
        """
        instant = to_epoch(at)
        state, charges = self.replay(_history(history).effective(at=instant))
        flow = self._flow
        debt = flow.debt(state[0], instant)
        whole_debt = -(-debt // flow.scale)
        unclamped = self.start - whole_debt
        value = min(self.ceiling, max(self.floor, unclamped))
        return Score(
            at=instant,
            policy=self.digest,
            fingerprint=history.fingerprint(at=instant),
            context=self.context,
            value=value,
            start=self.start,
            contributions=self.contributions(state, charges, instant),
            rounding=Fraction(whole_debt * flow.scale - debt, flow.scale),
            clamping=value - unclamped,
            needs_human=self.human_below is not None and value < self.human_below,
            next_change=self.next_change(state, instant),
        )

    def reproduces(self, score: Score, history: CreditHistory) -> bool:
        """Tell whether this policy gives exactly these bytes for this history."""
        if not isinstance(score, Score):
            raise refuse("CreditPolicy", f"{shown(score)} is no score; give a Score", code="type")
        return self.score(history, at=score.at).to_bytes() == score.to_bytes()

    def snapshot(self, history: CreditHistory | None = None, *, at: int | dt.datetime | None = None) -> Snapshot:
        """Give a state to which later events are added one by one, O(1) each.

        Args:
            history: What happened so far; None for an empty one.
            at: As of when; needed with a history.
        """
        from platgov._accounts.snapshot import Snapshot  # noqa: PLC0415 - it holds a policy, as a value

        snapshot = Snapshot(policy=self, base=self.empty, latest=(), state=self.empty)
        if history is None:
            return snapshot
        if at is None:
            raise refuse("Snapshot", "a snapshot of a history needs an instant; give at=")
        return snapshot.advance(_history(history).effective(at=at))

    def reasons(self, history: CreditHistory, *, at: int | dt.datetime) -> tuple[ReasonsDraft, ...]:
        """Draft the reasons for every deduction that still stands, oldest first."""
        from platgov._accounts.due_process import score_reasons  # noqa: PLC0415 - texts are a layer on top

        return score_reasons(self, self.score(history, at=at))

    def misuse_facts(
        self,
        history: CreditHistory,
        *,
        window_days: int,
        at: int | dt.datetime,
        items: int | None = None,
        intent: str | None = None,
    ) -> MisuseFacts:
        """Give the four facts that must be weighed before a suspension for misuse.

        Args:
            history: What happened.
            window_days: The time frame, ending at ``at``.
            at: The instant.
            items: Everything the person posted or reported in the time frame; None if unknown.
            intent: What is known of the intention, in words; None if nothing is.

        Source: DSA Art. 23(3).
        """
        from platgov._accounts.due_process import misuse_facts  # noqa: PLC0415 - texts are a layer on top

        return misuse_facts(self, _history(history), window_days=window_days, at=at, items=items, intent=intent)

    # -- arithmetic ----------------------------------------------------------------------------

    @property
    def empty(self) -> Any:
        """The state before anything happened: ``(debt, recent violations, recent repayments)``."""
        return (self._flow.start, (), ())

    def step(self, state: Any, event: Event) -> Any:
        """Give the state after one effective event, no earlier in order than those before it."""
        debt, recent, repaid = state
        if event.kind is not VIOLATION:
            return self._repay(state, event)
        points, recent = self._weigh(recent, event)
        return (self._flow.charge(debt, event.at, points), recent, repaid)

    def replay(self, events: Iterable[Event]) -> tuple[Any, list[tuple[Event, int]]]:
        """Give the state after effective events in order, and each violation with its points."""
        return self.replay_from(self.empty, events)

    def replay_from(self, state: Any, events: Iterable[Event]) -> tuple[Any, list[tuple[Event, int]]]:
        """Give the state after further events, and each violation among them with its points."""
        charges = []
        (debt, recent, repaid), charge = state, self._flow.charge
        for event in events:
            if event.kind is VIOLATION:
                points, recent = self._weigh(recent, event)
                charges.append((event, points))
                debt = charge(debt, event.at, points)
            else:
                debt, recent, repaid = self._repay((debt, recent, repaid), event)
        return (debt, recent, repaid), charges

    def points_of(self, rule: str) -> int:
        """Give the points of one violation of a rule, without escalation.

        Raises:
            InputError: The policy does not publish the rule.
        """
        checked_name(rule, "CreditPolicy", "rule")
        if rule not in self._points:
            raise self._unknown("rule", rule, self.weights)
        return self._points[rule]

    def _weigh(self, recent: tuple[int, ...], event: Event) -> tuple[int, tuple[int, ...]]:
        points = self._points.get(event.cites)
        if points is None:
            raise self._unknown("rule", event.cites, self.weights)
        escalation = self.escalation
        if escalation is None:
            return points, recent
        recent = recent[bisect_right(recent, event.at - escalation.window_days * DAY) :]
        earlier = bisect_left(recent, event.at)
        points = self.weights[event.cites] * escalation.factors[min(earlier, len(escalation.factors) - 1)]
        return min(points, self.max_single), (*recent, event.at)

    def _repay(self, state: Any, event: Event) -> Any:
        debt, recent, repaid = state
        task = self.tasks.get(event.cites)
        if task is None:
            raise self._unknown("task", event.cites, self.tasks)
        repaid = tuple([row for row in repaid if row[0] > event.at - self.tasks[row[1]].per_days * DAY])
        room = task.max_points * self._flow.scale - sum([units for _, code, units in repaid if code == event.cites])
        debt, units = self._flow.repay(debt, event.at, min(task.points * self._flow.scale, room))
        return (debt, recent, (*repaid, (event.at, event.cites, units)) if units else repaid)

    def value(self, state: Any, at: int) -> int:
        """Give the score of a state at an instant no earlier than its last event."""
        flow = self._flow
        return min(self.ceiling, max(self.floor, self.start - -(-flow.debt(state[0], at) // flow.scale)))

    def reaches(self, state: Any, at: int, score: int) -> int | None:
        """Give the first second, from ``at`` on, with at least this score if nothing else happens.

        None if there is none, or only past the last instant that can be written.
        """
        if score <= self.floor:
            return at
        if score > self.start:
            return None
        second = self._flow.when(state[0], at, (self.start - score) * self._flow.scale)
        return second if second <= LAST else None

    def next_change(self, state: Any, at: int) -> int | None:
        """Give the first later second with another score if nothing else happens; None for never."""
        return self.reaches(state, at, self.value(state, at) + 1)

    def contributions(self, state: Any, charges: list[tuple[Event, int]], at: int) -> tuple[Contribution, ...]:
        """Split what is owed over the violations, oldest first; what is healed is left out."""
        remains = self._flow.remains(state[0], at, [(event.at, points) for event, points in charges])
        newest = charges[len(charges) - len(remains) :]
        scale = self._flow.scale
        return tuple(
            [
                Contribution(
                    id=event.id,
                    rule=event.cites,
                    at=event.at,
                    points=points,
                    units=units,
                    scale=scale,
                    next_change=falls if falls <= LAST else None,
                    heals_at=heals if heals <= LAST else None,
                )
                for (event, points), (units, falls, heals) in zip(newest, remains, strict=True)
                if units
            ]
        )

    @staticmethod
    def _unknown(word: str, cited: str, known: Mapping[str, Any]) -> InputError:
        message = f"there is no {word} {cited!r}; this policy has {', '.join(sorted(known)) or 'none'}"
        return refuse("CreditPolicy", message, path=f"$.{'weights' if word == 'rule' else 'tasks'}", code="unknown")

    # -- writing -------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Write everything that can change an outcome, as plain values; the digest is taken of this."""
        return {
            "semantics": SEMANTICS,
            "context": self.context,
            "version": self.version,
            "start": self.start,
            "floor": self.floor,
            "ceiling": self.ceiling,
            "weights": dict(self.weights),
            "recovery": self.recovery.to_dict(),
            "max_lifetime_days": self.max_lifetime_days,
            "max_single": self.max_single,
            "escalation": None if self.escalation is None else self.escalation.to_dict(),
            "tasks": {code: task.to_dict() for code, task in self.tasks.items()},
            "human_below": self.human_below,
            "procedure": attrs.asdict(self.procedure),
        }

    @staticmethod
    def from_dict(data: object) -> CreditPolicy:
        """Read what `to_dict` wrote, as strictly as the constructor and with no key more.

        Raises:
            InputError: What is wrong.
        """
        if type(data) is not dict or not same_version(data.get("semantics", SEMANTICS), SEMANTICS):
            raise refuse("CreditPolicy", f"expected an object of semantics {SEMANTICS}, got {shown(data)}")
        found = read_fields(CreditPolicy, {key: data[key] for key in data if key != "semantics"}, "CreditPolicy")
        found["recovery"] = _recovery(found["recovery"])
        if found.get("escalation") is not None:
            found["escalation"] = Escalation(**read_fields(Escalation, found["escalation"], "Escalation"))
        if "tasks" in found:
            found["tasks"] = {
                code: RecoveryTask(**read_fields(RecoveryTask, task, "RecoveryTask"))
                for code, task in _named(found["tasks"], "tasks", "tasks by code")
            }
        if "procedure" in found:
            found["procedure"] = Procedure(**read_fields(Procedure, found["procedure"], "Procedure"))
        return CreditPolicy(**found)


def _history(history: object) -> CreditHistory:
    if not isinstance(history, CreditHistory):
        raise refuse("CreditPolicy", f"{shown(history)} is no history; give a CreditHistory", code="type")
    return history


def _recovery(data: Any) -> Recovery:
    kinds: dict[str, type[Drain | Fade]] = {"drain": Drain, "fade": Fade}
    body = dict(data) if type(data) is dict else {}
    kind = body.pop("kind", None)
    if type(kind) is not str or kind not in kinds:
        message = f"recovery is {shown(data)}; give an object whose kind is drain or fade"
        raise refuse("CreditPolicy", message, path="$.recovery")
    cls = kinds[kind]
    return cls(**read_fields(cls, body, cls.__name__))


def _unfit(policy: CreditPolicy) -> Iterable[Problem]:
    if not policy.floor <= policy.start <= policy.ceiling:
        yield Problem(f"start {policy.start} is not between {policy.floor} and {policy.ceiling}", "$.start", "range")
    if not policy.weights:
        yield Problem("has no rules; give the points of at least one published rule", "$.weights", "missing")
    fade = policy.recovery
    if isinstance(fade, Fade) and fade.lifetime_days is not None and fade.lifetime_days > policy.max_lifetime_days:
        message = f"fades over {fade.lifetime_days} days, longer than the {policy.max_lifetime_days} a violation lasts"
        yield Problem(message, "$.recovery", "range")
    if policy.procedure.appeal_days < 1:
        yield Problem("gives no appeal; a deduction needs a way to contest it", "$.procedure", "redress")
