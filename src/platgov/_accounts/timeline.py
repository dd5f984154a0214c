"""Walks an account up and down a ladder of grades, from one instant that matters to the next."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from platgov._accounts.checks import DAY
from platgov._accounts.grades import DwellFrom, Mode
from platgov._time import LAST
from platgov.conditions import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from platgov._accounts.credit import CreditPolicy
    from platgov._accounts.grades import GradePolicy, Observation, Rung
    from platgov._accounts.history import Event
    from platgov._accounts.score import Contribution

__all__ = ["ALWAYS", "Cause", "Move", "Walk"]


class Cause(enum.Enum):
    """Why a grade changed."""

    CONDUCT = "conduct"
    """The score stayed under the threshold."""
    REQUIREMENT = "requirement"
    """What the grade requires was no longer met."""
    EARNED = "earned"
    """Everything that the higher grade asks was met."""
    LOCK = "lock"
    """A person held the grade, or stopped holding it."""


class Move(NamedTuple):
    """One change of grade by conduct.

    Attributes:
        at: When.
        before: Place of the rung it left.
        after: Place of the rung it reached.
        cause: Why.
        standing: What took points off at that instant, for a fall; empty for a rise.
        observed: The observation in force; None if there was none.
    """

    at: int
    before: int
    after: int
    cause: Cause
    standing: tuple[Contribution, ...]
    observed: Observation | None


ALWAYS: Final = -(2**62)
"""Since before anything."""


class Walk:
    """An account on its way; built for one telling, then thrown away.

    Between events a score never falls. So the only instants that matter are those of events
    and observations, those at which the score reaches what a promotion asks, and those at
    which a dwell or a grace has passed; all are computed.
    """

    def __init__(
        self,
        policy: GradePolicy,
        credit: CreditPolicy,
        events: Sequence[Event],
        observations: Sequence[Observation],
        registered_at: int | None,
    ) -> None:
        self.policy, self.credit = policy, credit
        self.rungs = policy.rungs
        self.top = len(self.rungs) - 1
        self.events, self.observations = events, observations
        self.state = credit.empty
        self.charges: list[tuple[Event, int]] = []
        self.observed: Observation | None = None
        self.met: list[Any] = [True if rung.requires is None else UNKNOWN for rung in self.rungs]
        self.rung = policy.entry_place
        self.since = registered_at
        self.begin = registered_at
        self.now = ALWAYS
        self.moves: list[Move] = []
        # Since when, unbroken, each rung has been out of reach of its holder, and within reach of others.
        self.short: list[int | None] = [None] * len(self.rungs)
        self.ready: list[int | None] = [None] * len(self.rungs)
        self._event = self._observation = 0
        if registered_at is None:
            self._settle()

    def _settle(self) -> None:
        """Give who has always been there the grade that always would have led to."""
        score = self.credit.start
        for place, rung in enumerate(self.rungs):
            self.ready[place] = ALWAYS if self._within_reach(place, rung, score) else None
        while self.rung < self.top and self.ready[self.rung + 1] is not None:
            self.rung += 1

    # -- moving on -----------------------------------------------------------------------------

    def run(self, until: int) -> None:
        """Visit every instant that matters up to ``until``, and that one."""
        first = [self.begin] if self.begin is not None else self._given()
        self.visit(min([until, *first]))
        while self.now < until:
            limit = min([until, *self._given()])
            self.visit(min([limit, *self.computed(limit)]))

    def _given(self) -> list[int]:
        events, seen = self.events[self._event :][:1], self.observations[self._observation :][:1]
        return [event.at for event in events] + [item.at for item in seen]

    def computed(self, limit: int = LAST) -> list[int]:
        """Give the later instants, up to ``limit``, at which a move may be due if nothing else happens."""
        found = []
        due = self.demotion_due()
        if due is not None:
            found.append(due)
        if self.rung < self.top:
            up = self.rungs[self.rung + 1].up
            # To ask whether a score is reached before the next event is cheaper than to ask when.
            if up is None or limit == LAST or self.credit.value(self.state, limit - 1) >= up:
                due = self.promotion_due(self.rung + 1)
                if due is not None:
                    found.append(due)
        return [at for at in found if self.now < at <= limit]

    def demotion_due(self) -> int | None:
        """Give when the present rung is lost if it stays out of reach; None if it is not at risk."""
        since = self.short[self.rung]
        if since is None:
            return None
        grace = self.rungs[self.rung].grace_days * DAY
        if self._enters_suspension() and self.since is not None:
            since = max(since, self.since)
        return since + grace

    def promotion_due(self, place: int) -> int | None:
        """Give when a rung's own terms are met if nothing else happens; None if never."""
        rung = self.rungs[place]
        if self.met[place] is not True:
            return None
        reached = self.now if rung.up is None else self.credit.reaches(self.state, self.now, rung.up)
        if reached is None:
            return None
        dwell = rung.dwell_days * DAY
        if self.policy.dwell_from is DwellFrom.CHANGE:
            return reached if self.since is None else max(reached, self.since + dwell)
        ready = self.ready[place]
        return (reached if ready is None else ready) + dwell

    def visit(self, at: int) -> None:
        """Let the instant happen: what goes before it, its events, then the look at the score."""
        if self.now != ALWAYS:
            self._look_back(at)
        self._take_in(at)
        self.now = at
        score = self.credit.value(self.state, at)
        for place in range(1, len(self.rungs)):
            rung = self.rungs[place]
            if not self._out_of_reach(place, rung, score):
                self.short[place] = None
            elif self.short[place] is None:
                self.short[place] = at
            if not self._within_reach(place, rung, score):
                self.ready[place] = None
            elif self.ready[place] is None:
                self.ready[place] = at
        self._move(at, score)

    def _take_in(self, at: int) -> None:
        events, place = self.events, self._event
        while place < len(events) and events[place].at <= at:
            place += 1
        if place > self._event:
            self.state, charges = self.credit.replay_from(self.state, events[self._event : place])
            self.charges += charges
            self._event = place
        while self._observation < len(self.observations) and self.observations[self._observation].at <= at:
            self.observed = self.observations[self._observation]
            self._observation += 1
            for number, rung in enumerate(self.rungs):
                if rung.requires is not None:
                    self.met[number] = rung.requires.evaluate(self.observed.facts, self.policy.facts)

    def _look_back(self, at: int) -> None:
        """Note what happened to the stretches up to the second before ``at``."""
        score = self.credit.value(self.state, at - 1)
        for place in range(1, len(self.rungs)):
            rung = self.rungs[place]
            if self.short[place] is not None and not self._out_of_reach(place, rung, score):
                self.short[place] = None
            if self.ready[place] is None and self._within_reach(place, rung, score) and rung.up is not None:
                self.ready[place] = self.credit.reaches(self.state, self.now, rung.up)

    def _out_of_reach(self, place: int, rung: Rung, score: int) -> bool:
        if rung.demote_below is not None and score < rung.demote_below:
            return True
        return rung.mode is Mode.IMPLICIT and self.met[place] is False

    def _within_reach(self, place: int, rung: Rung, score: int) -> bool:
        return self.met[place] is True and (rung.up is None or score >= rung.up)

    # -- moving up and down --------------------------------------------------------------------

    def _move(self, at: int, score: int) -> None:
        before = self.rung
        while self.rung and self._falls(at, before):
            self.rung -= 1
        if self.rung == before:
            while self.rung < self.top and self._rises(self.rung + 1, at, score):
                self.rung += 1
        if self.rung == before:
            return
        standing: tuple[Contribution, ...] = ()
        cause = Cause.EARNED
        if self.rung < before:
            standing = self.credit.contributions(self.state, self.charges, at)
            mark = self.rungs[before].demote_below
            cause = Cause.CONDUCT if mark is not None and score < mark else Cause.REQUIREMENT
        self.moves.append(Move(at, before, self.rung, cause, standing, self.observed))
        self.since = at

    def _enters_suspension(self) -> bool:
        return self.rungs[self.rung - 1].suspends and not self.rungs[self.rung].suspends

    def _falls(self, at: int, before: int) -> bool:
        short, grace = self.short[self.rung], self.rungs[self.rung].grace_days * DAY
        if short is None or at - short < grace:
            return False
        if self._enters_suspension():
            # Whoever only now falls to the warning has not been warned yet.
            return self.rung == before and (self.since is None or at - self.since >= grace)
        return True

    def _rises(self, place: int, at: int, score: int) -> bool:
        rung = self.rungs[place]
        if not self._within_reach(place, rung, score):
            return False
        since = self.since if self.policy.dwell_from is DwellFrom.CHANGE else self.ready[place]
        return since is None or at - since >= rung.dwell_days * DAY
