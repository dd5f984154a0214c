"""A stretch of time told from end to end: what was allowed when, which warnings came due, a picture of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from platgov._canonical import shown
from platgov._minors.checks import refuse
from platgov._minors.grants import Minor
from platgov._minors.projection import Projection
from platgov._minors.usage import Lane, Usage
from platgov._time import to_epoch

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from platgov._minors.eras import View
    from platgov._minors.plan import Plan
    from platgov._minors.verdict import Reason, Verdict

__all__ = ["Notice", "Stretch", "timeline", "warnings_between"]


class Stretch(NamedTuple):
    """A stretch of time, [start, end), in which the same limits say no."""

    start: int
    end: int
    allowed: bool
    reasons: tuple[Reason, ...]


class Notice(NamedTuple):
    """A warning that time is running out.

    Attributes:
        at: When it came due: use went on until exactly so many seconds were left.
        seconds: How many were left; never more than really were.
        reasons: What says no after them, if use goes on.
    """

    at: int
    seconds: int
    reasons: tuple[Reason, ...]


def timeline(
    plan: Plan,
    start: int | dt.datetime,
    end: int | dt.datetime,
    *,
    minor: Minor | None,
    usage: Usage | None,
    feature: str,
    scope: str | Iterable[str],
) -> tuple[Stretch, ...]:
    """See `Plan.timeline`."""
    who = Minor(id="anyone", residency_tz=plan.tz) if minor is None else minor
    found: list[Stretch] = []
    names: Any = None
    for lo, hi, verdict, _ in _pieces(plan, start, end, who, Usage() if usage is None else usage, feature, scope):
        now = frozenset(reason[:3] for reason in verdict.reasons)
        if found and now == names:
            found[-1] = found[-1]._replace(end=hi)
        else:
            found.append(Stretch(lo, hi, verdict.allowed, verdict.reasons))
        names = now
    return tuple(found)


def warnings_between(
    plan: Plan,
    start: int | dt.datetime,
    end: int | dt.datetime,
    *,
    minor: Minor,
    usage: Usage,
    feature: str,
    scope: str | Iterable[str],
    warn_s: Iterable[int] | None,
) -> tuple[Notice, ...]:
    """See `Plan.warnings_between`."""
    found: list[Notice] = []
    view = plan.view(minor, feature, scope)
    given = None if warn_s is None else frozenset(warn_s)
    for lo, hi, verdict, growing in _pieces(plan, start, end, minor, usage, feature, scope):
        if not (growing and verdict.allowed) or verdict.next_change is None:
            continue
        closes = verdict.next_change
        marks = given if given is not None else view.era_at(lo).regime.warn_s
        due = sorted((closes - mark, mark) for mark in marks if lo < closes - mark <= hi)
        if due:
            reasons = _denial(plan, view, usage, lo, closes, growing)
            found += [Notice(at, mark, reasons) for at, mark in due]
    return tuple(found)


def _denial(  # noqa: PLR0917 - called once
    plan: Plan, view: View, usage: Usage, now: int, at: int, growing: tuple[frozenset[str], ...]
) -> tuple[Reason, ...]:
    """Give the reasons at an instant if use goes on until then."""
    going = tuple(Lane(tags=tags, spans=((now, at),)) for tags in growing)
    return plan.ask(view, attrs.evolve(usage, lanes=(*usage.lanes, *going)), at).reasons


def _pieces(  # noqa: PLR0917 - what its two callers were given
    plan: Plan,
    start: int | dt.datetime,
    end: int | dt.datetime,
    minor: Minor,
    usage: Usage,
    feature: str,
    scope: str | Iterable[str],
) -> Iterator[tuple[int, int, Verdict, tuple[frozenset[str], ...]]]:
    """Give stretches [lo, hi) in which nothing begins or ends, with the verdict and what is used in them."""
    at, last = to_epoch(start), to_epoch(end)
    if not plan.start <= at < last <= plan.end:
        message = f"[{at}, {last}) is empty or leaves the plan, [{plan.start}, {plan.end})"
        raise refuse("timeline", message, code="range")
    if type(usage) is not Usage:
        raise refuse("timeline", f"usage is {shown(usage)}; give a Usage", path="$.usage", code="type")
    view = plan.view(minor, feature, scope)
    usage = attrs.evolve(usage, trusted_at=None)  # the past is told as it was, not as of the latest instant known
    lanes = usage.with_assumed()
    edges = sorted({edge for lane in lanes for span in lane.spans for edge in span if at < edge < last} | {last})
    for edge in edges:
        growing = tuple(lane.tags for lane in lanes if any(lo <= at < hi for lo, hi in lane.spans))
        while at < edge:
            known = usage if plan.max_offline_s is None else usage.trust(at)
            verdict = plan.ask(view, known, at, growing)
            change = verdict.next_change
            if growing and not verdict.allowed:  # what is recorded went on, allowed or not
                names = frozenset(reason[:3] for reason in verdict.reasons)
                change = Projection(plan, view, known, at, growing).next_change(names)
            hi = edge if change is None else min(edge, change)
            yield at, hi, verdict, growing
            at = hi
