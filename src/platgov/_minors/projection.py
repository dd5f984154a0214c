"""How much of a quota is used at an instant, now or if things go on, and when that crosses its limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from platgov._minors.meters import CALENDAR, GAP, ROLLING, Metered
from platgov._minors.recorded import devices_in
from platgov._time import FIRST

if TYPE_CHECKING:
    from platgov._minors.counting import CounterKey
    from platgov._minors.eras import View
    from platgov._minors.plan import Plan
    from platgov._minors.regime import Cell
    from platgov._minors.usage import Usage
    from platgov._minors.verdict import Reason

__all__ = ["Projection"]


class Projection:
    """Usage up to ``now``, and from then on whatever goes on.

    What is recorded after ``now`` does not count: it is not known yet at ``now``.

    Attributes:
        plan: The plan.
        view: Whose.
        usage: What was used.
        now: Until when it is taken from ``usage``.
        growing: Labels of what is used from ``now`` on; none if nothing is.
    """

    __slots__ = ("growing", "now", "plan", "usage", "view")

    def __init__(
        self, plan: Plan, view: View, usage: Usage, now: int, growing: tuple[frozenset[str], ...] = ()
    ) -> None:
        self.plan, self.view, self.usage, self.now, self.growing = plan, view, usage, now, growing

    def spent(self, one: Metered, at: int) -> int:
        """Give the seconds that count at an instant from ``now`` on."""
        meter, now = one.meter, self.now
        counter = self.usage.counter(meter.key)
        if at == now and self.view.simple and meter.kind == CALENDAR and len(one.spans) == 1:
            return counter.used(one.start, now)
        rate = self._rate(meter.key)
        if meter.kind == ROLLING:
            first = at - meter.span
            return counter.used(first, now) + rate * (at - max(first, now))
        if meter.kind == GAP:
            seconds, last_end = counter.since_pause(now, meter.span)
            if rate:
                return seconds + at - now
            return 0 if at - last_end >= meter.span else seconds
        return sum(
            counter.used(start, min(end, now)) + rate * max(0, min(end, at) - max(start, now))
            for start, end in self.period(one, at)
            if start < at
        )

    def period(self, one: Metered, at: int) -> tuple[tuple[int, int], ...]:
        """Give the period of a calendar quota, carried over a move or a clock that nobody vouches for."""
        spans = self.view.period(one.meter, one.spans, at)
        if not self.plan.unconfirmed(self.usage, at):
            return spans
        trusted = self.usage.trusted_at
        periods = one.meter.rule.periods
        if trusted is None or not periods.start <= trusted < periods.end:
            return ((FIRST, spans[-1][1]),)
        old = self.view.period(one.meter, periods.period(one.meter.per.value, trusted).spans, trusted)  # type: ignore[arg-type] # a calendar quota has one of three
        return ((min(old[0][0], spans[0][0]), spans[-1][1]),)

    def until(self, one: Metered) -> int | None:
        """Give when a quota that is reached says yes again if nothing is used; None where that is not foreseen."""
        meter = one.meter
        if meter.limit_s == 0:
            return None
        if meter.kind == CALENDAR:
            if self.plan.unconfirmed(self.usage, self.now):
                return None
            spans = self.period(one, self.now)
            return next(end for start, end in spans if start <= self.now < end)
        return self._crossing(one, self.now, None)

    def reached(self, one: Metered) -> Reason:
        """Give the reason of a quota that is reached."""
        return one.reason._replace(until=self.until(one))

    def names(self, cell: Cell, at: int) -> frozenset[tuple[str, str, str]]:
        """Give the limits that say no at an instant."""
        reached = [one.meter.name for one in cell.metered if self.spent(one, at) >= one.meter.limit_s]
        return cell.names.union(reached) if reached else cell.names

    def next_change(self, names: frozenset[tuple[str, str, str]]) -> int | None:
        """Give the first instant after ``now`` at which other limits say no; None up to the horizon."""
        at = self.now
        doubtful = self.plan.doubtful_from(self.usage)
        while True:
            era = self.view.era_at(at)
            cell = era.regime.cell_at(at)
            reached = any(self.spent(one, at) >= one.meter.limit_s for one in cell.metered)
            if self.view.simple and not self.growing and not reached:
                # Without use nothing becomes reached as long as the quotas are the same.
                best = min(era.regime.next_other(cell), era.hi)
            else:
                best = min(cell.hi, era.hi)
                for one in cell.metered:
                    crossing = self._crossing(one, at, best)
                    if crossing is not None and crossing < best:
                        best = crossing
            if doubtful is not None and at < doubtful < best:
                best = doubtful
            if best >= self.plan.end:
                return None
            at = best
            if self.names(self.view.era_at(at).regime.cell_at(at), at) != names:
                return at

    def _rate(self, key: CounterKey) -> int:
        """Give how many seconds of a counter a second brings."""
        growing = [tags for tags in self.growing if key.counts(tags)]
        if not growing or not key.by_device:
            return len(growing[:1])
        return len({devices_in(tags) for tags in growing})

    def _crossing(self, one: Metered, at: int, most: int | None) -> int | None:
        """Give the first instant after ``at`` at which a quota becomes reached, or stops being so."""
        meter = one.meter
        rate = self._rate(meter.key)
        spent = self.spent(one, at)
        over = spent >= meter.limit_s
        if meter.limit_s == 0:  # reached for ever
            return None
        if meter.kind == CALENDAR:
            if over or not rate:
                return None
            return at + -(-(meter.limit_s - spent) // rate)
        if meter.kind == GAP:
            counter = self.usage.counter(meter.key)
            if rate:
                return None if over else at + meter.limit_s - spent
            return counter.since_pause(self.now, meter.span)[1] + meter.span if over else None
        return self._rolling(one, at, most, over=over)

    def _rolling(self, one: Metered, at: int, most: int | None, *, over: bool) -> int | None:
        """Between two of the edges that pass the far end of the stretch, what is used changes evenly."""
        limit, span = one.meter.limit_s, one.meter.span
        edges = {edge + span for edge in self.usage.counter(one.meter.key).edges() if edge <= self.now}
        edges |= {edge - 1 for edge in edges} | {self.now + span}
        before, level = at, self.spent(one, at)
        for edge in sorted(edge for edge in edges if edge > at):
            here = self.spent(one, edge)
            if (here < limit) is over:
                if over:
                    return before + -(-(level - limit + 1) * (edge - before) // (level - here))
                return before + -(-(limit - level) * (edge - before) // (here - level))
            if most is not None and edge >= most:
                return None
            before, level = edge, here
        return None
