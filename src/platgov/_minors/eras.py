"""What a plan has worked out for somebody: stretches of the same ages and grants, and short answers in them."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Final

from platgov._minors.counting import counter_key
from platgov._minors.limits import TOTAL
from platgov._minors.verdict import Verdict
from platgov.schedules import Periods

if TYPE_CHECKING:
    from platgov._minors.grants import Minor
    from platgov._minors.meters import Meter
    from platgov._minors.plan import Plan
    from platgov._minors.regime import Cell, Regime
    from platgov._minors.usage import Usage

__all__ = ["ALL", "Era", "View"]

ALL: Final = counter_key(TOTAL, (), by_device=False)
"""The key of a quota of all time."""
_DAY: Final = 86_400
_make = tuple.__new__  # a verdict is a tuple; its own constructor takes several times as long


class Era:
    """A stretch of time, [lo, hi), in which ages, grants and policies in force are the same.

    Attributes:
        regime: What binds in it.
        view: Whose it is.
        plan: The plan it belongs to.
        feature: What is asked about.
        table: Bucket to its first cell, for buckets that lie in the era and whose cells last, unused,
            no longer than the era does. It fills with what is asked about.
        shift: What an instant is shifted by to find its bucket.
    """

    __slots__ = ("feature", "hi", "lo", "plan", "regime", "shift", "table", "view")

    def __init__(self, lo: int, hi: int, regime: Regime, view: View) -> None:
        self.lo, self.hi, self.regime, self.view = lo, hi, regime, view
        self.plan, self.feature, self.shift = view.plan, view.feature, regime.shift
        self.table: dict[int, Cell] = {}
        if view.simple and (lo, hi) == (self.plan.start, self.plan.end):
            self.table = regime.table  # who is in a regime all along shares it

    def lasts(self, idle: int | None) -> bool:
        """Whether a change is one that the era lives to see; None for no change at all."""
        return self.hi == self.plan.end if idle is None else idle < self.hi

    def learn(self, at: int) -> None:
        """Take the bucket of an instant inside the era into the table, if it can be."""
        number = at >> self.shift
        if number in self.table or not self.view.simple:
            return
        if self.lo <= number << self.shift and (number + 1) << self.shift <= self.hi:
            first = last = self.regime.bucket(number)
            while last.hi < (number + 1) << self.shift and last.following is not None:
                last = last.following
            if self.lasts(last.idle):  # those before it change no later
                self.table[number] = first

    def told(self, usage: Usage, at: int, active: object) -> Verdict | None:
        """Give the verdict about an instant where it takes hardly more than a look; None elsewhere.

        Raises:
            KeyError: The bucket has not been learned, or cannot be.
        """
        cell = self.table[at >> self.shift]
        while at >= cell.hi:
            cell = cell.following  # type: ignore[assignment] # a bucket ends in a cell that reaches over its end
        if usage._plain_from > at:  # noqa: SLF001 - worked out once for the value
            return None
        if usage._last <= cell.since:  # noqa: SLF001 - as before
            left, least, used = cell.left, cell.least, cell.zeros
        elif cell.key is not None:
            if cell.key is ALL and cell.start <= usage._first and usage._last <= at:  # noqa: SLF001 - as before
                spent = usage._seconds  # noqa: SLF001 - as before
            else:
                counter = usage._recent  # noqa: SLF001 - as before
                if counter.key is not cell.key:
                    counter = usage.counter(cell.key)
                spent = counter.used(cell.start, at)
            left = least = cell.limit_s - spent
            if left <= 0:
                return None
            used = (spent,)
        else:
            return None
        change = cell.idle
        if active is True:
            if cell.open_ended:
                if at + least < cell.hi:
                    if cell.rolling:
                        return None
                    change = at + least
                elif change != cell.hi:
                    return None
        elif active is not None and active is not False:
            return None
        regime = self.regime
        return _make(Verdict, (cell.allowed, cell.reasons, left, change, cell.idle, regime.advice, at, used, regime))

    def counted(self, cell: Cell, at: int, spent: int) -> Verdict | None:
        """Give the verdict of who is idle and has used so many seconds of the quota; None once it is reached."""
        left = cell.limit_s - spent
        if left <= 0:
            return None
        regime = self.regime
        return _make(
            Verdict, (cell.allowed, cell.reasons, left, cell.idle, cell.idle, regime.advice, at, (spent,), regime)
        )


class View:
    """What a plan has worked out for somebody and something: which limits bind, and when others do.

    Whoever has the same evidence, grants and moves, and asks about the same, shares it.

    Attributes:
        asked: The feature and labels, sorted.
        eras: In order; they make up the range of the plan.
        simple: Whether quotas go by the periods of one zone and a clock that somebody vouches for.
        tags: The feature and labels.
    """

    __slots__ = ("_carried", "_los", "_moves", "asked", "eras", "feature", "plan", "simple", "tags")

    def __init__(
        self, spans: list[tuple[int, int, Regime]], tags: frozenset[str], plan: Plan, minor: Minor, feature: str
    ) -> None:
        self.plan, self.feature = plan, feature
        self.tags = tags
        self.asked = tuple(sorted(tags))
        self._moves = tuple((move.at, move.from_tz) for move in minor.moves)
        self._carried: dict[tuple[str, int], tuple[tuple[int, int, int], ...]] = {}
        self.simple = not self._moves and plan.max_offline_s is None
        self.eras = tuple(Era(lo, hi, regime, self) for lo, hi, regime in spans)
        self._los = [era.lo for era in self.eras]

    def era_at(self, at: int) -> Era:
        """Give the era of an instant inside the plan."""
        return self.eras[bisect_right(self._los, at) - 1]

    def period(self, meter: Meter, spans: tuple[tuple[int, int], ...], at: int) -> tuple[tuple[int, int], ...]:
        """Give the period of a calendar quota; after a move, the one that was carried over."""
        if not self._moves:
            return spans
        key = (meter.per.value, meter.rule.policy.day_starts_at)
        if key not in self._carried:
            self._carried[key] = _carried(self._moves, meter)
        for begin, end, start in self._carried[key]:
            if begin <= at < end:
                return ((start, end),)
        return spans


def _carried(moves: tuple[tuple[int, str], ...], meter: Meter) -> tuple[tuple[int, int, int], ...]:
    """Give the stretches in which a move decides what the period is: (from, until, start of the period).

    A new period counts from when it begins or, if it is under way at a move, from the move; and only
    a day or more after the last one did. So no two quotas become new within 24 hours because
    somebody moves, there and back included.
    """
    shift = meter.rule.policy.day_starts_at
    kind: Any = meter.per.value
    zones = (*(tz for _, tz in moves), meter.rule.periods.tz)
    edges = (*(at for at, _ in moves), meter.rule.periods.end)
    start = Periods(tz=zones[0], start=edges[0] - 1, end=edges[0], day_starts_at=shift).period(kind, edges[0] - 1).start
    found: list[tuple[int, int, int]] = []
    begin = renewed = start
    for number, tz in enumerate(zones[1:]):
        moved, leaves = edges[number], edges[number + 1]
        at, stop = moved, max(moved + 1, min(leaves, moved + 80 * _DAY))
        periods = Periods(tz=tz, start=moved, end=stop, day_starts_at=shift)
        carrying = True
        while carrying and at < stop:
            period = periods.period(kind, at)
            at = period.end
            if max(period.start, moved) >= renewed + _DAY and period.start > start:
                found.append((begin, max(period.start, moved), start))
                carrying = period.start < moved
                start, begin = period.start, max(period.start, moved)
                renewed = begin
        if not carrying and leaves < edges[-1]:  # periods go on as usual there until the next move
            before = Periods(tz=tz, start=leaves - 1, end=leaves, day_starts_at=shift)
            begin = renewed = start = before.period(kind, leaves - 1).start
        elif carrying and number == len(zones) - 2:
            found.append((begin, stop, start))
    return tuple(found)
