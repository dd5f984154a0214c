"""The verdict about any question, worked out in full; what is remembered of such answers is elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from platgov._minors.projection import Projection
from platgov._minors.verdict import Advice, Reason, Stated, Verdict
from platgov._time import FIRST, LAST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from platgov._minors.eras import View
    from platgov._minors.plan import Plan
    from platgov._minors.regime import Cell
    from platgov._minors.usage import Usage

__all__ = ["closed", "decide"]

ROLLBACK_TOLERANCE_S: Final = 120


def decide(plan: Plan, view: View, usage: Usage, at: int, growing: tuple[frozenset[str], ...]) -> Verdict:
    """Say what binds at an instant, what remains, and when that changes.

    Args:
        plan: The plan.
        view: Whose ages and grants, and what is asked about.
        usage: What was used.
        at: The instant.
        growing: Labels of each thing that is in use from then on.
    """
    trusted = usage.trusted_at
    now = at if trusted is None or trusted <= at else trusted
    if not plan.start <= now < plan.end:
        return closed(plan, "outside_plan", at, view.asked)
    era = view.era_at(now)
    regime = era.regime
    cell = regime.laid_out(regime.place(now))
    projection = Projection(plan, view, usage, now)
    reasons = cell.reasons
    remaining: int | None = None
    least: int | None = None  # seconds until the first quota or break is reached by use
    used: list[int] = []
    for one in cell.metered:
        meter = one.meter
        spent = projection.spent(one, now)
        used.append(spent)
        left = meter.limit_s - spent
        if left <= 0:
            left = 0
            reasons = (*reasons, projection.reached(one))
        if not meter.is_break and (remaining is None or left < remaining):
            remaining = left
        if least is None or left < least:
            least = left
    allowed = not reasons
    if view.simple and cell.steady and len(reasons) == len(cell.reasons) and era.lasts(cell.idle):
        idle = cell.idle
    else:
        names = cell.names.union((one.code, one.policy_id, one.limit_id) for one in reasons)
        idle = projection.next_change(names)
    change = idle
    if allowed and growing and regime.meters:
        reached = plan.end if least is None else now + least
        same = min(cell.hi, era.hi)  # until then the limits are these
        if view.simple and growing == (view.tags,) and reached < same and not cell.rolling:
            change = reached
        elif not (view.simple and reached >= same == idle):
            change = Projection(plan, view, usage, now, growing).next_change(cell.names)
    advice = regime.advice
    if cell.advising or now != at or plan.max_offline_s is not None:
        advice = (*advice, *_advice(projection, cell, at))
    return Verdict(allowed, reasons, remaining, change, idle, advice, at, tuple(used), regime)


def _advice(projection: Projection, cell: Cell, at: int) -> Iterator[Advice]:
    """Give what is to be told about clocks, and about limits that only advise."""
    usage, now = projection.usage, projection.now
    if now - at > ROLLBACK_TOLERANCE_S:
        yield Advice("clock_rollback", seconds=now - at)
    if projection.plan.unconfirmed(usage, now):
        yield Advice("clock_unconfirmed", seconds=0 if usage.trusted_at is None else now - usage.trusted_at)
    for one in cell.advising:
        over = projection.spent(one, now) - one.meter.limit_s
        if over >= 0:
            code = "break_due" if one.meter.is_break else "soft_quota"
            yield Advice(code, one.reason.policy_id, one.reason.limit_id, over)


def closed(plan: Plan, code: str, at: int, asked: tuple[str, ...] = ()) -> Verdict:
    """Say no, because nothing could be decided."""
    if not FIRST <= at <= LAST:
        code, at = "bad_instant", 0
    return Verdict(
        allowed=False,
        reasons=(Reason(code),),
        remaining_s=None,
        next_change=None,
        next_if_idle=None,
        advice=(),
        at=at,
        used=(),
        basis=Stated(horizon=plan.end, asked=asked, digest=plan.digest, tz=plan.tz),
    )
