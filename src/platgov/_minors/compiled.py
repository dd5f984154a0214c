"""What a plan makes of its policies before anybody asks: rules with their schedules and periods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from platgov import codec
from platgov._minors.limits import Hours, Quota
from platgov._minors.meters import Rule
from platgov.schedules import DayCalendar, Periods, Schedule, Window

if TYPE_CHECKING:
    from platgov._minors.plan import Plan
    from platgov.schedules import Calendar

__all__ = ["calendar_as_plain", "rules_of"]


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
