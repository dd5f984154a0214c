"""What a plan makes of its policies before anybody asks: rules with their schedules and periods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from platgov import codec
from platgov._minors.checks import items_of
from platgov._minors.limits import Access, Feature, Hours, Limit, Quota
from platgov._minors.meters import Rule
from platgov._minors.policy import YouthPolicy
from platgov.errors import InputError, Problem
from platgov.schedules import DayCalendar, Periods, Schedule, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from platgov._minors.plan import Plan
    from platgov.schedules import Calendar

__all__ = ["calendar_as_plain", "policies_of", "rules_of"]


def policies_of(value: Iterable[YouthPolicy]) -> tuple[YouthPolicy, ...]:
    """Check the policies of a plan, and put the strongest layer first.

    Raises:
        InputError: With every problem and its place in what was given.
    """
    found = items_of(YouthPolicy, "Plan", "policies")(value)
    problems = []
    if not found:
        problems.append(Problem("there is no policy; give at least one", "$.policies", "empty"))
    ids = [policy.id for policy in found]
    for place, policy in enumerate(found):
        if policy.id in ids[:place]:
            problems.append(Problem(f"the id {policy.id!r} is taken", f"$.policies[{place}]", "conflict"))
        if not policy.enabled:
            message = f"{policy.id} is not enabled (status: {policy.status}); whoever is responsible has to enable it"
            problems.append(Problem(message, f"$.policies[{place}]", "disabled"))
        path = f"$.policies[{place}].emergency"
        problems += [Problem(message, path, "loosens") for message in _loosening(policy, found)]
    if problems:
        raise InputError("Plan", tuple(problems))
    return tuple(sorted(found, key=lambda policy: (policy.layer.rank, policy.id)))


def _loosening(policy: YouthPolicy, among: tuple[YouthPolicy, ...]) -> Iterator[str]:
    """Say where a policy would open what a stronger layer limits by name.

    `YouthPolicy.emergency` is the only thing in a policy that reaches past its own limits: a limit
    that is less strict than another one just does not bind. It would have no effect here, and
    whoever wrote it believes that it has.
    """
    for other in among:
        if other.layer.rank >= policy.layer.rank:
            continue
        for limit in (limit for band in other.bands for limit in band.limits):
            for feature in sorted(policy.emergency - other.emergency - limit.except_for):
                if _names(limit, feature):
                    yield (
                        f"{policy.id} keeps {feature!r} open whatever happens, which {limit.id} of {other.id} "
                        f"limits; leave it out: only whom {limit.id} itself names may loosen it, by a grant"
                    )


def _names(limit: Limit, feature: str) -> bool:
    """Whether a limit restricts a feature by its very name."""
    match limit:
        case Hours():
            return feature in limit.features
        case Quota():
            return limit.scope == feature and not limit.soft
        case Feature():
            return limit.name == feature and (limit.access is not Access.ALLOW or limit.max_rating is not None)
        case _:
            return False


def rules_of(plan: Plan) -> tuple[Rule, ...]:
    """Compile the limits of a plan, in the order of its policies; equal windows share a schedule."""
    periods: dict[int, Periods] = {}
    schedules: dict[tuple[Window, ...], Schedule] = {}

    def scheduled(windows: tuple[Window, ...] | None) -> Schedule | None:
        if windows is None:
            return None
        if windows not in schedules:
            schedules[windows] = Schedule(
                windows=windows, tz=plan.tz, start=plan.start, end=plan.end, calendar=plan.calendar
            )
        return schedules[windows]

    found: list[Rule] = []
    for policy in plan.policies:
        shift = policy.day_starts_at
        if shift not in periods:
            periods[shift] = Periods(tz=plan.tz, start=plan.start, end=plan.end, day_starts_at=shift)
        for band, content in enumerate(policy.bands):
            for limit in content.limits:
                hours = bound = None
                if isinstance(limit, Hours):
                    hours, bound = limit.windows, limit.bound
                elif isinstance(limit, Quota) and "every_day" not in limit.days:
                    hours = (Window(start=shift, end=shift + 1440, days=limit.days),)
                found.append(Rule(len(found), policy, band, limit, scheduled(hours), scheduled(bound), periods[shift]))
    return tuple(found)


def calendar_as_plain(calendar: Calendar | None) -> Any:
    """Write what answers follow from in a calendar; of a host's own, what it says about itself."""
    if calendar is None:
        return None
    if isinstance(calendar, DayCalendar):
        return codec.write(calendar)
    known = [None if day is None else day.isoformat() for day in (calendar.known_from, calendar.known_through)]
    return {"id": calendar.id, "names": sorted(calendar.names), "weekend": sorted(calendar.weekend), "known": known}
