"""The limits that bind somebody for a while, laid out over time: edges, cells, meters."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from platgov._minors.policy import TOTAL, BreakRule, Counting, Feature, Hours, Per, Quota
from platgov._minors.usage import CounterKey
from platgov._minors.verdict import Advice, Reason
from platgov.schedules import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from platgov._minors.policy import Limit, YouthPolicy
    from platgov.schedules import Periods, Schedule

__all__ = ["Cell", "Effective", "Gate", "Meter", "Metered", "Regime", "Rule", "counter_keys"]

CALENDAR: Final = 0
ROLLING: Final = 1
GAP: Final = 2

_KINDS: Final = {Per.DAY: CALENDAR, Per.WEEK: CALENDAR, Per.MONTH: CALENDAR, Per.ROLLING: ROLLING, Per.GAP: GAP}


class Rule(NamedTuple):
    """One limit of a plan, with what was compiled for it.

    Attributes:
        number: Its place in the plan.
        policy: Its policy.
        band: Place of its band.
        limit: Itself.
        hours: When it is open, for hours; when it binds, for a quota of some kinds of days.
        bound: The most open hours, where a bound is given.
        periods: The days it counts by.
    """

    number: int
    policy: YouthPolicy
    band: int
    limit: Limit
    hours: Schedule | None
    bound: Schedule | None
    periods: Periods


class Effective(NamedTuple):
    """A limit as it is for somebody: after grants.

    Attributes:
        rule: The limit.
        value: Seconds, access, or None for hours.
        opened: Schedules that are open too; None among them opens everything.
    """

    rule: Rule
    value: Any
    opened: tuple[Schedule | None, ...] = ()


class Gate:
    """Hours, with what grants open."""

    __slots__ = ("effective", "states")

    def __init__(self, effective: Effective) -> None:
        self.effective = effective

    def schedules(self) -> Iterable[Schedule]:
        rule = self.effective.rule
        for schedule in (rule.hours, rule.bound if self.effective.opened else None, *self.effective.opened):
            if schedule is not None:
                yield schedule

    def state(self, at: int) -> State:
        rule = self.effective.rule
        found = State.OPEN if rule.hours is None else rule.hours.state(at)
        if found is State.OPEN or not self.effective.opened:
            return found
        if rule.bound is not None and not rule.bound.is_open(at):
            return found
        return State.OPEN if any(one is None or one.is_open(at) for one in self.effective.opened) else found


class Meter:
    """A quota or a break, ready to be read."""

    __slots__ = ("code", "hard", "is_break", "key", "kind", "limit", "limit_s", "name", "per", "reason", "rule", "span")

    def __init__(self, effective: Effective, key: CounterKey, *, contestable: bool) -> None:
        self.rule = effective.rule
        limit = effective.rule.limit
        self.limit = limit
        self.limit_s: int = effective.value
        self.key = key
        self.is_break = isinstance(limit, BreakRule)
        if isinstance(limit, BreakRule):
            self.kind, self.per, self.span, self.hard, self.code = (
                GAP,
                Per.GAP,
                limit.rest_s,
                limit.enforce,
                "break_due",
            )
        elif isinstance(limit, Quota):
            self.kind, self.per, self.span = _KINDS[limit.per], limit.per, limit.span_s or 0
            self.hard, self.code = not limit.soft, f"quota_{limit.per.value}"
        self.name = (self.code, self.rule.policy.id, limit.id)
        self.reason = reason(self.code, effective.rule, contestable=contestable)._replace(
            remaining_s=0, limit_s=self.limit_s
        )


class Metered(NamedTuple):
    """A meter in a cell.

    Attributes:
        meter: The meter.
        spans: The period of a calendar quota.
        start: Its first instant.
        reason: What it says once reached.
    """

    meter: Meter
    spans: tuple[tuple[int, int], ...]
    start: int
    reason: Reason


class Cell:
    """A stretch of time in which only use can change anything."""

    __slots__ = (
        "advising",
        "hi",
        "idle",
        "lo",
        "metered",
        "names",
        "quick",
        "reasons",
        "rolling",
        "same",
        "sig",
    )

    def __init__(self, lo: int, hi: int, reasons: tuple[Reason, ...], metered: list[Metered]) -> None:
        self.lo, self.hi = lo, hi
        self.reasons = reasons
        self.names = frozenset((one.code, one.policy_id, one.limit_id) for one in reasons)
        self.metered = tuple(one for one in metered if one.meter.hard)
        self.advising = tuple(one for one in metered if not one.meter.hard)
        self.rolling = any(one.meter.kind == ROLLING for one in self.metered)
        self.sig = (self.names, tuple((one.meter.rule.number, one.meter.key) for one in self.metered))
        self.same = 0  # place of the first later cell with another signature, once it is looked for
        one = self.metered[0] if len(self.metered) == 1 and not self.advising else None
        self.quick = one is not None and one.meter.kind == CALENDAR and len(one.spans) == 1 and not one.meter.is_break
        self.idle = -1  # when it changes if nothing is used and no quota is reached; 0: not so simple


def reason(code: str, rule: Rule, *, contestable: bool, until: int | None = None) -> Reason:
    """Build the reason of a limit."""
    policy, limit = rule.policy, rule.limit
    return Reason(
        code,
        policy.id,
        limit.id,
        policy.layer.value,
        limit.citation or policy.citation,
        until,
        None,
        contestable,
        tuple(sorted(limit.loosenable_by)),
    )


class Regime:
    """Limits that bind together, over the range of a plan.

    Everyone of the same ages and grants shares it, so it is worked out once.
    """

    __slots__ = (
        "_contestable",
        "_facts",
        "_opens_at",
        "advice",
        "asked",
        "cells",
        "edges",
        "gates",
        "horizon",
        "max_rating",
        "meters",
        "plan_digest",
        "quick",
        "rating",
        "static",
        "tz",
        "warn_s",
    )

    def __init__(
        self,
        effective: Iterable[Effective],
        *,
        asked: frozenset[str],
        rating: int | None,
        contestable: bool,
        static: tuple[Reason, ...],
        advice: tuple[Advice, ...],
        tz: str,
        start: int,
        end: int,
        plan_digest: Callable[[], str],
    ) -> None:
        self.plan_digest, self.advice, self._contestable = plan_digest, advice, contestable
        self.tz, self.horizon, self.rating = tz, end, rating
        self.asked = tuple(sorted(asked))
        found = list(static)
        self.gates: list[Gate] = []
        self.meters: list[Meter] = []
        ratings: list[int] = []
        self._facts: list[dict[str, Any]] = []
        edges = {start, end}
        for one in effective:
            limit, rule = one.rule.limit, one.rule
            fact: dict[str, Any] = {"policy": rule.policy.id, "limit": limit.id}
            if isinstance(limit, Hours):
                gate = Gate(one)
                self.gates.append(gate)
                fact["opened"] = len(one.opened)
                for schedule in gate.schedules():
                    edges.update(_edges(schedule))
            elif isinstance(limit, Quota | BreakRule):
                fact["seconds"] = one.value
                for key in counter_keys(limit, asked):
                    meter = Meter(one, key, contestable=contestable)
                    self.meters.append(meter)
                    if meter.kind == CALENDAR:
                        edges.update(_period_edges(rule.periods, meter.per))
                if rule.hours is not None:
                    edges.update(_edges(rule.hours))
            elif isinstance(limit, Feature):
                fact["access"] = one.value.value
                if one.value.rank:
                    code = "feature_ask" if one.value.value == "ask" else "feature_denied"
                    found.append(reason(code, rule, contestable=contestable))
                if limit.max_rating is not None:
                    ratings.append(limit.max_rating)
                    if rating is not None and rating > limit.max_rating:
                        found.append(reason("rating_above", rule, contestable=contestable))
            self._facts.append(fact)
        self.static = tuple(found)
        self.warn_s = frozenset(
            mark for meter in self.meters if isinstance(meter.limit, Quota) for mark in meter.limit.warn_s
        )
        self.max_rating = min(ratings, default=None)
        self.edges = sorted(edge for edge in edges if start <= edge <= end)
        self.cells: list[Cell | None] = [None] * (len(self.edges) - 1)
        # For cells with one plain quota, all that the usual question needs.
        self.quick: list[Any] = [None] * (len(self.edges) - 1)
        self._opens_at: dict[int, list[int | None]] = {}

    def facts(self) -> list[dict[str, Any]]:
        """Give the limits as they are for this child, as plain values."""
        return [dict(fact) for fact in self._facts]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Regime):
            return NotImplemented
        return self is other or (self._facts == other._facts and self.plan_digest() == other.plan_digest())

    def __hash__(self) -> int:
        return hash(self.plan_digest())

    def __repr__(self) -> str:
        return f"<Regime of {len(self._facts)} limits>"

    def cell_at(self, at: int) -> Cell:
        """Give the cell of an instant inside the range."""
        place = bisect_right(self.edges, at) - 1
        return self.cells[place] or self._made(place)

    def idle(self, cell: Cell) -> int:
        """Give when a cell ends for who uses nothing and has reached no quota; 0 where that takes more than a look.

        The limits in between are the same, so no quota can become reached without use.
        """
        if cell.idle < 0:
            place = self._after(cell)
            other = self.cells[place] or self._made(place) if place < len(self.cells) else None
            cell.idle = 0 if other is None or other.names == cell.names else other.lo
            if cell.quick and cell.idle:
                one = cell.metered[0]
                self.quick[bisect_right(self.edges, cell.lo) - 1] = (
                    cell.hi,
                    cell.idle,
                    not cell.reasons,
                    cell.reasons,
                    one.meter.limit_s,
                    one.meter.key,
                    one.start,
                    self.advice,
                    self,
                )
        return cell.idle

    def next_other(self, cell: Cell) -> int:
        """Give the first instant after a cell at which reasons or quotas are others, or the end."""
        return self.edges[self._after(cell)]

    def _after(self, cell: Cell) -> int:
        if not cell.same:
            first = place = bisect_right(self.edges, cell.lo)
            while place < len(self.cells) and (self.cells[place] or self._made(place)).sig == cell.sig:
                place += 1
            for between in range(first - 1, place):
                (self.cells[between] or self._made(between)).same = place
        return cell.same

    def _made(self, place: int) -> Cell:
        lo = self.edges[place]
        found = list(self.static)
        for number, gate in enumerate(self.gates):
            state = gate.state(lo)
            if state is not State.OPEN:
                code = "hours_closed" if state is State.CLOSED else "calendar_unconfirmed"
                until = self._opens(number, gate)[place]
                found.append(reason(code, gate.effective.rule, contestable=self._contestable, until=until))
        metered = [
            _metered(meter, lo)
            for meter in self.meters
            if meter.rule.hours is None or meter.rule.hours.state(lo) is not State.CLOSED
        ]
        cell = self.cells[place] = Cell(lo, self.edges[place + 1], tuple(found), metered)
        return cell

    def _opens(self, number: int, gate: Gate) -> list[int | None]:
        """Give for each edge when a gate is open from there on."""
        found = self._opens_at.get(number)
        if found is None:
            found = []
            ahead: int | None = None
            for edge in reversed(self.edges[:-1]):
                ahead = edge if gate.state(edge) is State.OPEN else ahead
                found.append(ahead)
            found.reverse()
            self._opens_at[number] = found
        return found


def _metered(meter: Meter, at: int) -> Metered:
    if meter.kind != CALENDAR:
        return Metered(meter, (), 0, meter.reason)
    period = meter.rule.periods.period(meter.per.value, at)  # type: ignore[arg-type] # one of the three that it knows
    until = next(end for start, end in period.spans if start <= at < end)
    return Metered(meter, period.spans, period.start, meter.reason._replace(until=until))


def counter_keys(limit: Limit, asked: Iterable[str]) -> tuple[CounterKey, ...]:
    """Give what a quota counts for what was asked."""
    except_for = tuple(sorted(limit.except_for))
    if isinstance(limit, BreakRule):
        return (CounterKey(TOTAL, except_for),)
    if not isinstance(limit, Quota):
        return ()
    by_device = limit.counting is Counting.SUM
    if not limit.scope.endswith(":*"):
        return (CounterKey(limit.scope, except_for, by_device),)
    own = sorted({tag for tag in asked if tag.startswith(limit.scope[:-1])})
    # Whoever does not say which one is asked about has used them all.
    return tuple(CounterKey(tag, except_for, by_device) for tag in own or (TOTAL,))


def _edges(schedule: Schedule) -> tuple[int, ...]:
    return tuple(start for state in State for start, _ in schedule.intervals(state))


@lru_cache(maxsize=512)
def _period_edges(periods: Periods, per: Per) -> tuple[int, ...]:
    found = []
    at = periods.start
    while at < periods.end:
        spans = periods.period(per.value, at).spans  # type: ignore[arg-type] # one of the three that it knows
        at = next(end for start, end in spans if start <= at < end)
        found.append(at)
    return tuple(found)
