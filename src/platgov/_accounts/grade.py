"""The verdict on the grade of an account: where it stands, how it came there, what comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from platgov._accounts.checks import DAY, all_of, refuse
from platgov._accounts.credit import CreditPolicy
from platgov._accounts.due_process import ReasonsDraft, appeal_end
from platgov._accounts.grades import DwellFrom, GradePolicy, Lock, LockKind, Observation
from platgov._accounts.history import CreditHistory
from platgov._accounts.score import iso
from platgov._accounts.timeline import ALWAYS, Cause, Move, Walk
from platgov._canonical import digest, dumps, shown
from platgov._time import LAST, to_iso
from platgov.conditions import UNKNOWN
from platgov.verdict import Verdict

__all__ = ["Grade", "HaveNeed", "Transition"]


@attrs.frozen(kw_only=True)
class Transition:
    """One change of grade.

    Attributes:
        at: When, in UTC epoch seconds.
        before: The grade it left.
        after: The grade it reached; several rungs at one instant are one transition.
        cause: Why.
        adverse: Whether it went down.
        events: The decisions that stood against the account, for a fall.
    """

    at: int
    before: str
    after: str
    cause: Cause
    adverse: bool
    events: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "at": to_iso(self.at),
            "before": self.before,
            "after": self.after,
            "cause": self.cause.value,
            "adverse": self.adverse,
            "events": list(self.events),
        }


@attrs.frozen(kw_only=True)
class HaveNeed:
    """One thing that a grade asks, and how the account stands to it.

    Attributes:
        grade: The rung.
        item: ``score`` to reach it, ``keep`` to hold it, ``dwell`` (in seconds) or ``requirement``.
        have: What there is; None if unknown.
        need: What is asked.
        met: Whether it is enough; None if unknown.
        met_at: First second from now on at which it is met if nothing else happens; None if unknown or never.
    """

    grade: str
    item: str
    have: int | str | None
    need: int | str
    met: bool | None
    met_at: int | None

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {**attrs.asdict(self), "met_at": iso(self.met_at)}


@attrs.frozen(kw_only=True)
class Grade(Verdict):
    """Where an account stands on a ladder.

    Attributes:
        name: The grade.
        rank: Place of the grade, 0 for the lowest.
        context: The context of the score behind it.
        since: Since when; None if as long as anything is known.
        next_change: First later second with another grade if nothing else happens; None for never.
        next_name: That grade.
        have_need: What each grade asks, and what there is.
        transitions: How it came here, as known at ``at``.
        reasons: For each fall among them, the reasons.
        needs_human: The last fall must be confirmed by a person before it takes effect.
        grants: Features that the grade gives, with those of all grades below.
        held_by: Locks in force.
    """

    kind = "grade"
    name: str
    rank: int
    context: str
    since: int | None
    next_change: int | None
    next_name: str | None
    have_need: tuple[HaveNeed, ...]
    transitions: tuple[Transition, ...]
    reasons: tuple[ReasonsDraft, ...]
    needs_human: bool
    grants: tuple[str, ...]
    held_by: tuple[Lock, ...]

    def body(self) -> dict[str, Any]:
        """Give what is particular to a grade, as plain values."""
        return {
            "name": self.name,
            "rank": self.rank,
            "context": self.context,
            "since": iso(self.since),
            "next_change": iso(self.next_change),
            "next_name": self.next_name,
            "have_need": [row.to_dict() for row in self.have_need],
            "transitions": [move.to_dict() for move in self.transitions],
            "reasons": [draft.to_dict() for draft in self.reasons],
            "needs_human": self.needs_human,
            "grants": list(self.grants),
            "held_by": [lock.to_dict() for lock in self.held_by],
        }


def told(
    policy: GradePolicy,
    credit: CreditPolicy,
    history: CreditHistory,
    *,
    at: int,
    registered_at: int | None,
    facts: Any,
    locks: Any,
) -> Grade:
    """Tell the grade at an instant as it is known then; see `GradePolicy.grade`."""
    _check(policy, credit, history, at, registered_at)
    observations = _observations(facts, at)
    held = tuple(
        sorted(
            (lock for lock in all_of(Lock, locks, "GradePolicy", "locks") if lock.at <= at),
            key=lambda lock: dumps(lock.to_dict()),
        )
    )
    for lock in held:
        if lock.grade not in policy.names:
            raise refuse("GradePolicy", f"a lock names {lock.grade!r}; rungs are {', '.join(policy.names)}")
    record = {
        "history": history.fingerprint(at=at),
        "registered_at": iso(registered_at),
        "observations": [{"at": to_iso(item.at), "facts": _read_facts(policy, item)} for item in observations],
        "locks": [lock.to_dict() for lock in held],
    }
    walk = Walk(policy, credit, history.effective(at=at), observations, registered_at)
    start = walk.rung
    walk.run(at)
    story = _Story(policy, credit, walk, held, start)
    moves = story.moves(at)
    rank = moves[-1].after if moves else story.clamped(start, at)
    name = policy.names[rank]
    table = _have_need(walk, at)
    after = story.next(rank)
    fell = moves[-1] if moves and moves[-1].after < moves[-1].before else None
    return Grade(
        at=at,
        policy=digest({"credit": credit.digest, "grades": policy.digest}),
        fingerprint=digest(record),
        name=name,
        rank=rank,
        context=credit.context,
        since=moves[-1].at if moves else registered_at,
        next_change=None if after is None else after[0],
        next_name=None if after is None else policy.names[after[1]],
        have_need=table,
        transitions=tuple(story.transition(move) for move in moves),
        reasons=tuple(
            story.reasons(move, moves[place + 1].at if place + 1 < len(moves) else None if after is None else after[0])
            for place, move in enumerate(moves)
            if move.after < move.before
        ),
        needs_human=fell is not None and fell.cause is not Cause.LOCK and policy.rungs[rank].needs_human,
        grants=tuple(sorted({feature for rung in policy.rungs[: rank + 1] for feature in rung.grants})),
        held_by=tuple(lock for lock in held if at < lock.expires_at),
    )


class _Story:
    """The walk as the person sees it: with the locks laid over it.

    A lock can keep a warning from being seen. So a suspension for conduct waits until the warning
    has been seen for its grace. A lock at a grade that suspends is somebody's decision and waits for
    nothing.
    """

    def __init__(
        self, policy: GradePolicy, credit: CreditPolicy, walk: Walk, locks: tuple[Lock, ...], start: int
    ) -> None:
        self.policy, self.credit, self.walk, self.locks, self.start = policy, credit, walk, locks, start
        # What the person sees, since when, and when a suspension that waits is due.
        self.seen, self.seen_at = start, walk.begin
        self.due: int | None = None

    def clamped(self, rung: int, at: int) -> int:
        """Hold a rung within the locks in force; where they contradict, the lowest wins."""
        low, high = 0, len(self.policy.rungs) - 1
        for lock in self.locks:
            if lock.at <= at < lock.expires_at:
                place = self.policy.names.index(lock.grade)
                low = max(low, place) if lock.kind is not LockKind.AT_MOST else low
                high = min(high, place) if lock.kind is not LockKind.AT_LEAST else high
        return min(high, max(low, rung))

    def shown(self, rung: int, at: int) -> int:
        """Give what the person sees of a rung that conduct has led to, and note when more is due."""
        rungs, now = self.policy.rungs, self.clamped(rung, at)
        self.due = None
        if not rungs[now].suspends or rungs[self.seen].suspends or not rungs[rung].suspends or self._ordered(at):
            return now
        warning = sum(each.suspends for each in rungs)  # they are the lowest
        told = at if self.seen > warning else self.seen_at
        over = None if told is None else told + rungs[warning].grace_days * DAY
        if over is None or over <= at:
            return now
        self.due = over if over <= LAST else None
        return warning

    def _ordered(self, at: int) -> bool:
        """Whether somebody decided on a suspension that is in force."""
        return any(
            lock.at <= at < lock.expires_at
            and lock.kind is not LockKind.AT_LEAST
            and self.policy.rungs[self.policy.names.index(lock.grade)].suspends
            for lock in self.locks
        )

    def moves(self, until: int) -> list[Move]:
        """Give the changes that the person saw, up to an instant."""
        conduct = {move.at: move for move in self.walk.moves}
        edges = {edge for lock in self.locks for edge in (lock.at, lock.expires_at) if edge <= until}
        ahead = sorted(edges | set(conduct), reverse=True)
        found: list[Move] = []
        rung = self.start
        last = None
        while ahead or (self.due is not None and self.due <= until):
            at = ahead.pop() if self.due is None or (ahead and ahead[-1] <= self.due) else self.due
            last = conduct.get(at, last)
            rung = rung if last is None else last.after
            now, seen = self.shown(rung, at), self.seen
            if now != seen:
                # What conduct had led to, and a lock or a warning held back, is conduct's doing still.
                led = now == rung or self.due is not None
                down = last is not None and led and now < seen and last.after < last.before
                if last is not None and (down or (last.at == at and now == rung)):
                    found.append(last._replace(at=at, before=seen, after=now))
                else:
                    found.append(Move(at, seen, now, Cause.LOCK, (), None))
                self.seen, self.seen_at = now, at
        return found

    def next(self, rank: int) -> tuple[int, int] | None:
        """Give the next change if nothing else happens: when, and to which rung."""
        walk = self.walk
        while True:
            edges = [lock.expires_at for lock in self.locks if walk.now < lock.expires_at <= LAST]
            if self.due is not None and self.due > walk.now:
                edges.append(self.due)
            ahead = [*walk.computed(), *edges]
            if not ahead:
                return None
            walk.visit(min(ahead))
            now = self.shown(walk.rung, walk.now)
            if now != rank:
                return walk.now, now

    def transition(self, move: Move) -> Transition:
        names = self.policy.names
        return Transition(
            at=move.at,
            before=names[move.before],
            after=names[move.after],
            cause=move.cause,
            adverse=move.after < move.before,
            events=tuple(row.id for row in move.standing),
        )

    def reasons(self, move: Move, ends_at: int | None) -> ReasonsDraft:
        names = self.policy.names
        rules = tuple(sorted({row.rule for row in move.standing}))
        seen = ""
        if move.cause is Cause.REQUIREMENT:
            lost = self.policy.rungs[move.before].requires
            rules = () if lost is None else (lost.text,)
            seen = "" if move.observed is None else _read_facts(self.policy, move.observed)
        elif move.cause is Cause.LOCK:
            live = [lock for lock in self.locks if lock.at <= move.at <= lock.expires_at]
            rules = tuple(lock.by for lock in live)
            seen = "; ".join(lock.reason for lock in live)
        return ReasonsDraft(
            subject="grade",
            context=self.credit.context,
            change=f"{names[move.before]} -> {names[move.after]}",
            cause=move.cause.value,
            rules=rules,
            facts=move.standing,
            seen=seen,
            begins_at=move.at,
            ends_at=ends_at,
            appeal_until=appeal_end(move.at, self.policy.procedure.appeal_days),
            needs_human=move.cause is not Cause.LOCK and self.policy.rungs[move.after].needs_human,
            policy=self.policy.digest,
        )


def _have_need(walk: Walk, at: int) -> tuple[HaveNeed, ...]:
    rows: list[HaveNeed] = []
    score = walk.credit.value(walk.state, at)

    def row(
        grade: str, item: str, have: int | str | None, need: int | str, met: tuple[bool | None, int | None]
    ) -> None:
        rows.append(HaveNeed(grade=grade, item=item, have=have, need=need, met=met[0], met_at=at if met[0] else met[1]))

    for place in range(1, len(walk.rungs)):
        rung = walk.rungs[place]
        for item, mark in (("score", rung.up), ("keep", rung.demote_below)):
            if mark is not None:
                row(rung.name, item, score, mark, (score >= mark, walk.credit.reaches(walk.state, at, mark)))
        if rung.dwell_days and place > walk.rung:
            row(rung.name, "dwell", *_dwell(walk, place, at))
        if rung.requires is not None:
            met = walk.met[place]
            seen = None if walk.observed is None else _read_facts(walk.policy, walk.observed)
            row(rung.name, "requirement", seen, rung.requires.text, (None if met is UNKNOWN else met, None))
    return tuple(rows)


def _dwell(walk: Walk, place: int, at: int) -> tuple[int | None, int, tuple[bool, int | None]]:
    """Give the seconds that a dwell has lasted, those it must last, and whether and when it does."""
    need = walk.rungs[place].dwell_days * DAY
    if walk.policy.dwell_from is DwellFrom.RECOVERY:
        since, due = walk.ready[place], walk.promotion_due(place)
        if since is None:
            return 0, need, (False, due)
    else:
        since = walk.since
        due = None if since is None else since + need
    if since is None or since == ALWAYS:
        return None, need, (True, None)
    return at - since, need, (at - since >= need, due)


def _check(
    policy: GradePolicy, credit: CreditPolicy, history: CreditHistory, at: int, registered_at: int | None
) -> None:
    if not isinstance(history, CreditHistory):
        raise refuse("GradePolicy", f"{shown(history)} is no history; give a CreditHistory", code="type")
    if not isinstance(credit, CreditPolicy):
        raise refuse("GradePolicy", f"{shown(credit)} is no policy of a score; give a CreditPolicy", code="type")
    if policy.context is not None and policy.context != credit.context:
        message = f"grades are for {policy.context!r}, the score is of {credit.context!r}"
        raise refuse("GradePolicy", message, path="$.context", code="context")
    for place, rung in enumerate(policy.rungs):
        for mark in (rung.promote_at, rung.demote_below):
            if mark is not None and not credit.floor <= mark <= credit.start:
                message = f"{rung.name!r} has the threshold {mark}; scores run from {credit.floor} to {credit.start}"
                raise refuse("GradePolicy", message, path=f"$.rungs[{place}]", code="range")
    if registered_at is not None:
        first = min([at, *(event.at for event in history.events[:1])])
        if registered_at > first:
            message = f"registered at {to_iso(registered_at)}, after {to_iso(first)}"
            raise refuse("GradePolicy", message, path="$.registered_at", code="order")


def _observations(facts: Any, at: int) -> tuple[Observation, ...]:
    if facts is None:
        return ()
    if isinstance(facts, Mapping):
        return (Observation(at=at, facts=facts),)
    if not isinstance(facts, Sequence):
        raise refuse("GradePolicy", f"facts is {shown(facts)}; give values by name, or a list of Observation")
    found = all_of(Observation, facts, "GradePolicy", "facts")
    instants = [item.at for item in found]
    if len(set(instants)) < len(instants):
        raise refuse("GradePolicy", "two observations of one instant; give one", path="$.facts", code="duplicate")
    return tuple(sorted((item for item in found if item.at <= at), key=lambda item: item.at))


def _read_facts(policy: GradePolicy, observation: Observation) -> str:
    heads = sorted({fact.split(".")[0] for fact in policy.reads})
    return dumps({key: observation.facts.get(key) for key in heads}).decode()
