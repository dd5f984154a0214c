"""When is something open, by the wall clock of a place and its calendar?

A `Schedule` turns `Window` values ("22:00 to 06:00 on Fridays and rest days") into instants;
`Periods` gives the local day, week and month of an instant. Calendars know how far they are
known: past that the answer is ``State.UNKNOWN``, and never a guess.
"""

from platgov._schedules.china import china_calendar
from platgov._schedules.days import WEEKDAYS_ONLY, Calendar, DayCalendar, falls_on, from_holidays
from platgov._schedules.periods import Period, PeriodKind, Periods
from platgov._schedules.schedule import Interval, Schedule, State
from platgov._schedules.windows import Window
from platgov._schedules.zones import first_instant, local_date

__all__ = [
    "WEEKDAYS_ONLY",
    "Calendar",
    "DayCalendar",
    "Interval",
    "Period",
    "PeriodKind",
    "Periods",
    "Schedule",
    "State",
    "Window",
    "china_calendar",
    "falls_on",
    "first_instant",
    "from_holidays",
    "local_date",
]
