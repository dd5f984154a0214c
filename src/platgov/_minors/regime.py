"""The limits that bind somebody for a while, laid out over time: edges, and the cells between them."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from platgov._minors.limits import BreakRule, Feature, Hours, Per, Quota
from platgov._minors.meters import CALENDAR, ROLLING, Gate, Meter, Metered, counter_keys, reason
from platgov._minors.verdict import Advice, Basis, Reason
from platgov._time import FIRST, LAST
from platgov.schedules import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from platgov._minors.counting import CounterKey
    from platgov._minors.meters import Effective
    from platgov.schedules import Periods, Schedule

__all__ = ["Cell", "Regime"]

_NEVER: Final = FIRST - 1
_LONGEST_BUCKET: Final = 16  # as a power of two: 18 hours


class Cell:
    """A stretch of time, [lo, hi), in which only use can change anything.

    The first few attributes are there at once, the others once `Regime.laid_out` has been asked.

    Attributes:
        reasons: What says no, whatever was used.
        names: The same as names.
        still: Names of what says no without any use: with quotas of nothing.
        metered: What use can reach.
        advising: The same that only advises.
        rolling: Whether some of it looks back over a stretch that goes along.
        sig: What is equal in cells that differ by nothing but time.
        following: The next cell, where the two have been tied together.
        allowed: Whether nothing says no, use apart.
        since: Whoever used nothing after that has used nothing that counts, now or later.
        unspent: The same, where ``reached`` and ``idle`` say all about whoever goes on using; no time elsewhere.
        reached: Before this instant, whoever goes on reaches a quota inside the cell.
        zeros: The counts then.
        left: The seconds that remain then; None without a quota.
        least: Seconds of use until the first thing is reached then; more than there are without any.
        open_ended: Whether going on could change anything, in this cell or another one.
        idle: When other limits say no, if none is reached and nothing is used; None for never.
        steady: Whether ``idle`` also holds for whoever has used something and has reached nothing.
        key: What is counted, where that is one quota of a plain period and ``steady``; None elsewhere.
        start: First instant of its period.
        limit_s: Its seconds.
    """

    __slots__ = (
        "advising",
        "allowed",
        "following",
        "hi",
        "idle",
        "key",
        "least",
        "left",
        "limit_s",
        "lo",
        "metered",
        "names",
        "open_ended",
        "reached",
        "reasons",
        "rolling",
        "sig",
        "since",
        "start",
        "steady",
        "still",
        "unspent",
        "zeros",
    )

    def __init__(self, lo: int, hi: int, reasons: tuple[Reason, ...], metered: list[Metered]) -> None:
        self.lo, self.hi = lo, hi
        self.reasons, self.allowed = reasons, not reasons
        self.names = frozenset((one.code, one.policy_id, one.limit_id) for one in reasons)
        self.metered = tuple(one for one in metered if one.meter.hard)
        self.advising = tuple(one for one in metered if not one.meter.hard)
        self.rolling = any(one.meter.kind == ROLLING for one in self.metered)
        nothing = [one.meter.name for one in self.metered if one.meter.limit_s == 0]
        self.still = self.names.union(nothing) if nothing else self.names
        # The period of a date that comes twice goes on after a break, and is one of its own until then.
        self.sig = (
            self.names,
            tuple(
                (one.meter.rule.number, one.meter.key, one.start if len(one.spans) > 1 else 0) for one in self.metered
            ),
        )
        self.zeros: tuple[int, ...] | None = None
        self.following: Cell | None = None
        self.since = self.unspent = self.reached = _NEVER
        self.left: int | None = None
        self.least = LAST
        self.open_ended = False
        self.idle: int | None = None
        self.steady = False
        self.key: CounterKey | None = None
        self.start = self.limit_s = 0


class Regime(Basis):
    """Limits that bind together, over the range of a plan.

    Everyone of the same ages and grants shares it, so it is worked out once.

    Attributes:
        edges: Where cells begin, and the end.
        meters: The quotas and breaks, bound or not.
        advice: What to tell whatever was used.
        warn_s: Marks of all quotas.
        shift: What an instant is shifted by to find its bucket: some hours, a power of two.
        table: Bucket to its first cell, for those who are in this regime all along; see `Era`.
    """

    __slots__ = (
        "_cells",
        "_contestable",
        "_ends",
        "_facts",
        "_gates",
        "_opens_at",
        "_plan_digest",
        "_static",
        "advice",
        "asked",
        "edges",
        "horizon",
        "max_rating",
        "meters",
        "rating",
        "shift",
        "table",
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
        self._plan_digest, self.advice, self._contestable = plan_digest, advice, contestable
        self.tz, self.horizon, self.rating = tz, end, rating
        self.asked = tuple(sorted(asked))
        found = list(static)
        self._gates: list[Gate] = []
        self.meters: list[Meter] = []
        ratings: list[int] = []
        self._facts: list[dict[str, Any]] = []
        edges = {start, end}
        for one in effective:
            limit, rule = one.rule.limit, one.rule
            fact: dict[str, Any] = {"policy": rule.policy.id, "limit": limit.id}
            schedules: tuple[Schedule, ...] = () if rule.hours is None else (rule.hours,)
            if isinstance(limit, Hours):
                gates = [Gate(one, hours) for hours in schedules]
                self._gates += gates
                fact["opened"] = len(one.opened)
                schedules = tuple(schedule for gate in gates for schedule in gate.schedules())
            elif isinstance(limit, Quota | BreakRule):
                fact["seconds"] = one.value
                meters = [Meter(one, limit, key, contestable=contestable) for key in counter_keys(limit, asked)]
                self.meters += meters
                for meter in meters:
                    edges.update(_period_edges(rule.periods, meter.per) if meter.kind == CALENDAR else ())
            elif isinstance(limit, Feature):
                fact["access"] = one.value.value
                if one.value.rank:
                    code = "feature_ask" if one.value.value == "ask" else "feature_denied"
                    found.append(reason(code, rule, contestable=contestable))
                if limit.max_rating is not None:
                    ratings.append(limit.max_rating)
                    if rating is not None and rating > limit.max_rating:
                        found.append(reason("rating_above", rule, contestable=contestable))
            for schedule in schedules:
                edges.update(_edges(schedule))
            self._facts.append(fact)
        self._static = tuple(found)
        self.warn_s = frozenset(mark for meter in self.meters for mark in meter.warn_s)
        self.max_rating = min(ratings, default=None)
        self.edges = sorted(edge for edge in edges if start <= edge <= end)
        size = len(self.edges) - 1
        self._cells: list[Cell | None] = [None] * size
        self._ends: tuple[list[int], list[int]] = ([0] * size, [0] * size)
        self._opens_at: dict[int, list[int | None]] = {}
        # About one edge to a bucket, so that hardly anybody has to look further than its first cell.
        self.shift = min(max((end - start) // size, 2).bit_length() - 1, _LONGEST_BUCKET)
        self.table: dict[int, Cell] = {}

    def plan_digest(self) -> str:
        """Content address of the plan."""
        return self._plan_digest()

    def facts(self) -> list[dict[str, Any]]:
        """Give the limits as they are for this child, as plain values."""
        return [dict(fact) for fact in self._facts]

    def __repr__(self) -> str:
        return f"<Regime of {len(self._facts)} limits>"

    def place(self, at: int) -> int:
        """Give which cell an instant inside the range is in."""
        return bisect_right(self.edges, at) - 1

    def cell_at(self, at: int) -> Cell:
        """Give the cell of an instant inside the range."""
        return self._cell(bisect_right(self.edges, at) - 1)

    def next_other(self, cell: Cell) -> int:
        """Give the first instant after a cell at which reasons or quotas are others, or the end."""
        return self.edges[self._end(self.place(cell.lo), still=False)]

    def laid_out(self, place: int) -> Cell:
        """Give a cell with all that the usual questions need."""
        cell = self._cell(place)
        if cell.zeros is None:
            end = self._end(place, still=True)
            cell.idle = self.edges[end] if end < len(self._cells) else None
            cell.steady = end == self._end(place, still=False)
            quotas = [one.meter.limit_s for one in cell.metered if not one.meter.is_break]
            cell.left = min(quotas, default=None)
            cell.least = min((one.meter.limit_s for one in cell.metered), default=LAST)
            cell.open_ended = cell.allowed and bool(self.meters)
            if all(one.meter.limit_s for one in (*cell.metered, *cell.advising)):
                cell.since = min((meter.since(cell.lo) for meter in self.meters), default=LAST)
            if not cell.open_ended:
                cell.unspent = cell.since
            elif cell.idle == cell.hi and not cell.rolling:
                cell.unspent, cell.reached = cell.since, cell.hi - cell.least
            if len(cell.metered) == 1 and not cell.advising and cell.steady:
                (one,) = cell.metered
                if len(one.spans) == 1:
                    cell.key, cell.start, cell.limit_s = one.meter.key, one.start, one.meter.limit_s
            cell.zeros = (0,) * len(cell.metered)  # last: who sees it finds the rest there
        return cell

    def bucket(self, number: int) -> Cell:
        """Give the first cell of a bucket, tied to the others that reach into it; it lies inside the range."""
        place = self.place(number << self.shift)
        first = cell = self.laid_out(place)
        while cell.hi < (number + 1) << self.shift:
            place += 1
            cell.following = cell = self.laid_out(place)
        return first

    def _cell(self, place: int) -> Cell:
        return self._cells[place] or self._made(place)

    def _end(self, place: int, *, still: bool) -> int:
        """Give the place of the first later cell that differs, the number of cells if none does.

        With ``still``, in what says no without any use; otherwise in reasons or quotas.
        """
        ends = self._ends[still]
        if not ends[place]:
            cell = self._cell(place)
            end = place + 1
            while end < len(self._cells):
                other = self._cell(end)
                if (other.still != cell.still) if still else (other.sig != cell.sig):
                    break
                end += 1
            ends[place:end] = [end] * (end - place)
        return ends[place]

    def _made(self, place: int) -> Cell:
        lo = self.edges[place]
        found = list(self._static)
        for number, gate in enumerate(self._gates):
            state = gate.state(lo)
            if state is not State.OPEN:
                code = "hours_closed" if state is State.CLOSED else "calendar_unconfirmed"
                until = self._opens(number, gate)[place]
                found.append(reason(code, gate.rule, contestable=self._contestable, until=until))
        metered = [
            Metered.at(meter, lo)
            for meter in self.meters
            if meter.rule.hours is None or meter.rule.hours.state(lo) is not State.CLOSED
        ]
        cell = self._cells[place] = Cell(lo, self.edges[place + 1], tuple(found), metered)
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
