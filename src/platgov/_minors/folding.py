"""Days that are over, as totals in place of intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from platgov._minors.meters import counter_keys
from platgov._minors.recorded import Cell

if TYPE_CHECKING:
    from platgov._minors.counting import CounterKey
    from platgov._minors.plan import Plan
    from platgov._minors.usage import Usage
    from platgov.schedules import Periods

__all__ = ["fold"]


def fold(plan: Plan, usage: Usage, edge: int) -> Usage:
    """Fold the days that were over at an instant; see `Plan.fold`."""
    if not plan.start <= edge < plan.end:
        return usage
    days = {rule.policy.day_starts_at: rule.periods for rule in plan.rules}
    if not days:
        return usage
    until = min(periods.period("day", edge).start for periods in days.values())
    cells: dict[Cell, None] = {}
    for rule in plan.rules:
        for key in counter_keys(rule.limit, (tag for lane in usage.lanes for tag in lane.tags)):
            cells.update(dict.fromkeys(_days(plan, usage, key, rule.periods, until)))
    return usage.without_before(until, tuple(cells))


def _days(plan: Plan, usage: Usage, key: CounterKey, periods: Periods, until: int) -> list[Cell]:
    """Give what a counter stood at for each day, by stretches: a date that comes twice has two."""
    counter = usage.counter(key)
    found = []
    day = max(min((start for start in counter.edges() if start < until), default=until), plan.start)
    while day < until:
        start, end = next(span for span in periods.period("day", day).spans if span[0] <= day < span[1])
        end = min(end, until)
        seconds = counter.used(max(start, usage.folded_until or start), end)
        if seconds:
            found.append(
                Cell(
                    scope=key.scope,
                    except_for=key.except_for,
                    by_device=key.by_device,
                    start=start,
                    end=end,
                    seconds=seconds,
                )
            )
        day = end
    return found
