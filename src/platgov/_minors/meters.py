"""One limit as it is for somebody: hours with what grants open, quotas and breaks ready to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from platgov._minors.counting import CounterKey, counter_key
from platgov._minors.limits import TOTAL, BreakRule, Counting, Per, Quota
from platgov._minors.verdict import Reason
from platgov._time import FIRST
from platgov.schedules import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from platgov._minors.limits import Limit
    from platgov._minors.policy import YouthPolicy
    from platgov.schedules import Periods, Schedule

__all__ = ["CALENDAR", "GAP", "ROLLING", "Effective", "Gate", "Meter", "Metered", "Rule", "counter_keys", "reason"]

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

    __slots__ = ("_bound", "_hours", "_opened", "rule")

    def __init__(self, effective: Effective, hours: Schedule) -> None:
        self.rule, self._hours, self._opened = effective.rule, hours, effective.opened
        self._bound = effective.rule.bound if effective.opened else None

    def schedules(self) -> Iterable[Schedule]:
        """Give every schedule that has a part in its state."""
        for schedule in (self._hours, self._bound, *self._opened):
            if schedule is not None:
                yield schedule

    def state(self, at: int) -> State:
        """Say whether it is open at an instant."""
        found = self._hours.state(at)
        if found is State.OPEN or not self._opened or (self._bound is not None and not self._bound.is_open(at)):
            return found
        return State.OPEN if any(one is None or one.is_open(at) for one in self._opened) else found


class Meter:
    """A quota or a break, ready to be read."""

    __slots__ = (
        "code",
        "hard",
        "is_break",
        "key",
        "kind",
        "limit_s",
        "name",
        "per",
        "reason",
        "rule",
        "span",
        "warn_s",
    )

    def __init__(self, effective: Effective, limit: Quota | BreakRule, key: CounterKey, *, contestable: bool) -> None:
        self.rule, self.key = effective.rule, key
        self.limit_s: int = effective.value
        self.is_break = isinstance(limit, BreakRule)
        if isinstance(limit, BreakRule):
            self.per, self.span, self.hard, self.code = Per.GAP, limit.rest_s, limit.enforce, "break_due"
            self.warn_s: frozenset[int] = frozenset()
        else:
            self.per, self.span, self.hard, self.code = (
                limit.per,
                limit.span_s or 0,
                not limit.soft,
                f"quota_{limit.per.value}",
            )
            self.warn_s = limit.warn_s
        self.kind = _KINDS[self.per]
        self.name = (self.code, self.rule.policy.id, limit.id)
        self.reason = reason(self.code, effective.rule, contestable=contestable)._replace(
            remaining_s=0, limit_s=self.limit_s
        )

    def since(self, at: int) -> int:
        """Give an instant: use that ended by then counts no more, at ``at`` and for ever after.

        Before all time, where that cannot be said: a date that comes twice lets an older period go on.
        """
        if self.kind != CALENDAR:
            return at - self.span
        period = self.rule.periods.period(self.per.value, at)  # type: ignore[arg-type] # one of the three that it knows
        return period.start if len(period.spans) == 1 else FIRST - 1


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

    @classmethod
    def at(cls, meter: Meter, at: int) -> Metered:
        """Lay out a meter at an instant."""
        if meter.kind != CALENDAR:
            return cls(meter, (), 0, meter.reason)
        period = meter.rule.periods.period(meter.per.value, at)  # type: ignore[arg-type] # one of the three that it knows
        until = next(end for start, end in period.spans if start <= at < end)
        return cls(meter, period.spans, period.start, meter.reason._replace(until=until))


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


def counter_keys(limit: Limit, asked: Iterable[str]) -> tuple[CounterKey, ...]:
    """Give what a quota counts for what was asked."""
    except_for = tuple(sorted(limit.except_for))
    if isinstance(limit, BreakRule):
        return (counter_key(TOTAL, except_for, by_device=False),)
    if not isinstance(limit, Quota):
        return ()
    by_device = limit.counting is Counting.SUM
    if not limit.scope.endswith(":*"):
        return (counter_key(limit.scope, except_for, by_device=by_device),)
    own = sorted({tag for tag in asked if tag.startswith(limit.scope[:-1])})
    # Whoever does not say which one is asked about has used them all.
    return tuple(counter_key(tag, except_for, by_device=by_device) for tag in own or (TOTAL,))
