"""What kind of day a date is: weekdays, and the classes that only a calendar knows.

A calendar says how far it is known. Past that it answers None, and nothing here turns that
into a guess: in China nobody knows next year's make-up workdays before the State Council's
notice of autumn.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import attrs

from platgov._canonical import shown, step
from platgov._codec.kinds import Pairs  # noqa: TC001 - the codec reads annotations when it runs
from platgov._schedules.zones import day_number, is_date, refuse
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["EVERY_DAY", "WEEKDAYS", "WEEKDAYS_ONLY", "Calendar", "DayCalendar", "falls_on", "from_holidays"]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = "every_day"
REST, WORK = "rest_day", "workday"
HOLIDAY, ADJUSTED, MAKEUP, SCHOOL = "holiday", "adjusted_rest_day", "makeup_workday", "school_day"

_FIXED = frozenset({*WEEKDAYS, EVERY_DAY})
_DERIVED = _FIXED | {REST, WORK}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)


@runtime_checkable
class Calendar(Protocol):
    """What a host's own calendar has to offer.

    Attributes:
        id: Which calendar it is, for records.
        names: The day classes it can tell. A window that names another one is refused: "does
            not know" must not read as "never".
        weekend: Weekdays that are rest days unless something else holds; only they can become
            make-up workdays.
        known_from: First date it can tell; None for no limit.
        known_through: Last date it can tell; None for no limit.
    """

    @property
    def id(self) -> str: ...
    @property
    def names(self) -> frozenset[str]: ...
    @property
    def weekend(self) -> frozenset[str]: ...
    @property
    def known_from(self) -> dt.date | None: ...
    @property
    def known_through(self) -> dt.date | None: ...

    def classes(self, day: dt.date) -> frozenset[str] | None:
        """Give the classes of a date, out of ``names``; None where they are not known."""


def _term(value: object) -> tuple[dt.date, dt.date]:
    match value:
        case (first, last) if is_date(first) and is_date(last) and dt.timedelta() <= last - first <= dt.timedelta(400):
            return first, last
    raise refuse("calendar", "range", f"{shown(value)} is no term; give its first and its last date", "$.terms")


def is_set(value: object) -> bool:
    """Whether a value is a set, of whatever."""
    return isinstance(value, frozenset | set)


def as_set(value: object) -> object:
    """Freeze a collection of names or numbers; whatever is none comes back as it is."""
    try:
        return frozenset(value) if isinstance(value, frozenset | set | list | tuple) else value
    except TypeError:  # something inside it has no hash
        return value


def is_name(value: object) -> bool:
    """Whether a value can name a class of days."""
    return type(value) is str and _NAME.fullmatch(value) is not None


def _dates(
    value: Mapping[str, Iterable[dt.date]] | Iterable[tuple[str, Iterable[dt.date]]],
) -> Pairs[frozenset[dt.date]]:
    try:
        return tuple(sorted((name, frozenset(days)) for name, days in dict(value).items()))
    except (TypeError, ValueError):
        message = "dates are no mapping of class names to sets of dates"
        raise refuse("calendar", "type", message, "$.dates") from None


def _weekend(value: Iterable[str]) -> frozenset[str]:
    days = as_set(value)
    if not isinstance(days, frozenset) or not days <= set(WEEKDAYS):
        raise refuse("calendar", "value", f"weekend is {shown(value)}; give some of {', '.join(WEEKDAYS)}", "$.weekend")
    return days


@attrs.frozen(kw_only=True)
class DayCalendar:
    """A calendar that lists its special dates.

    ``rest_day`` and ``workday`` follow for every date: a rest day is a holiday, an adjusted
    rest day, or a day of the weekend that is no make-up workday.

    Attributes:
        id: Which calendar it is.
        weekend: Weekdays that are rest days unless they are made up for.
        dates: Class name to dates. ``holiday``, ``adjusted_rest_day`` (a workday off in exchange
            for a make-up workday), ``makeup_workday`` and ``school_day`` have a meaning here; a
            host may add classes of its own. A class without dates is known, and never holds.
        known_from: First date it can tell; None for no limit.
        known_through: Last date it can tell; None for no limit, which only a calendar without
            ``dates`` may say.
        names: The day classes it can tell; follows from the rest.
    """

    id: str
    weekend: frozenset[str] = attrs.field(default=frozenset({"sat", "sun"}), converter=_weekend)
    dates: Pairs[frozenset[dt.date]] = attrs.field(default=(), converter=_dates, repr=False)
    known_from: dt.date | None = None
    known_through: dt.date | None = None
    names: frozenset[str] = attrs.field(init=False, eq=False, repr=False)
    _by_day: dict[dt.date, frozenset[str]] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        problems = [*self._problems()]
        if problems:
            raise InputError("calendar", tuple(problems))
        by_day: dict[dt.date, set[str]] = {}
        for name, days in self.dates:
            for day in days:
                by_day.setdefault(day, set()).add(name)
        object.__setattr__(self, "names", frozenset({REST, WORK, *(name for name, _ in self.dates)}))
        object.__setattr__(self, "_by_day", {day: frozenset(names) for day, names in by_day.items()})

    def _problems(self) -> Iterable[Problem]:
        if type(self.id) is not str or not 0 < len(self.id) <= 64 or not self.id.isprintable():
            yield Problem(f"id is {shown(self.id)}; give a name of at most 64 characters", "$.id", "value")
        ends = (self.known_from, self.known_through)
        if not all(end is None or is_date(end) for end in ends):
            yield Problem("known_from and known_through are dates or None", code="type")
            return
        if self.dates and self.known_through is None:
            yield Problem("a calendar with dates says through which day they are known", "$.known_through", "missing")
        if None not in ends and ends[0] > ends[1]:  # type: ignore[operator] # neither is None here
            yield Problem(f"known from {ends[0]} through {ends[1]} is no day at all", "$.known_through", "range")
        for name, days in self.dates:
            place = f"$.dates{step(name)}"
            if not is_name(name) or name in _DERIVED:
                yield Problem(
                    f"no class can be named {shown(name)}; it is no plain name, or has a meaning", place, "name"
                )
            if not all(map(is_date, days)):
                yield Problem("holds something else than dates", place, "type")
            elif not all(map(self._knows, days)):
                yield Problem("holds dates outside the known range", place, "range")
            elif name == MAKEUP and not all(WEEKDAYS[day.weekday()] in self.weekend for day in days):
                yield Problem("a make-up workday is a day of the weekend", place, "value")
        listed = dict(self.dates)
        both = listed.get(MAKEUP, frozenset()) & (listed.get(HOLIDAY, frozenset()) | listed.get(ADJUSTED, frozenset()))
        if both:
            yield Problem(f"{min(both)} is listed as a make-up workday and as a day off", "$.dates", "conflict")

    def classes(self, day: dt.date) -> frozenset[str] | None:
        """Give the classes of a date; None outside the known range."""
        if not self._knows(day):
            return None
        listed = self._by_day.get(day, frozenset())
        off = HOLIDAY in listed or ADJUSTED in listed or WEEKDAYS[day.weekday()] in self.weekend
        return listed | {REST if off and MAKEUP not in listed else WORK}

    def with_terms(self, *terms: tuple[dt.date, dt.date]) -> DayCalendar:
        """Give this calendar with school days: the workdays inside terms, both ends included.

        The result is known from the start of the first term through the end of the last, as far
        as this calendar is: what comes after the last term is not known to be a holiday.

        Raises:
            InputError: A term ends before it starts, or no term lies in the known range.
        """
        inside: set[dt.date] = set()
        for first, last in map(_term, terms):
            inside.update(first + dt.timedelta(days) for days in range((last - first).days + 1))
        inside = {day for day in inside if self._knows(day)}
        if not inside:
            raise refuse("calendar", "range", f"no term has a day that {self.id} knows", "$.terms")
        known = (min(inside), max(inside))
        school = frozenset(day for day in inside if WORK in (self.classes(day) or ()))
        dates = {name: {day for day in days if known[0] <= day <= known[1]} for name, days in self.dates}
        return attrs.evolve(self, dates={**dates, SCHOOL: school}, known_from=known[0], known_through=known[1])

    def _knows(self, day: dt.date) -> bool:
        return (self.known_from is None or self.known_from <= day) and (
            self.known_through is None or day <= self.known_through
        )


WEEKDAYS_ONLY = DayCalendar(id="weekdays")
"""No holidays anywhere: Saturday and Sunday are rest days, the other five workdays, for ever."""


def unknown_names(days: frozenset[str], calendar: Calendar | None) -> frozenset[str]:
    """Give the names that are neither weekdays nor classes that a calendar knows."""
    strange = days - _FIXED
    return strange if calendar is None else strange - calendar.names


def names_of(calendar: Calendar | None) -> str:
    """Name what a calendar knows, for people."""
    return "weekdays only" if calendar is None else ", ".join(sorted(calendar.names))


def falls_on(days: frozenset[str], day: dt.date, calendar: Calendar) -> bool | None:
    """Say whether a date is one of the named days; None where the calendar does not know.

    A weekday does not include its make-up workdays: ``{"sat"}`` leaves out a Saturday on which
    people work, ``{"sat", "makeup_workday"}`` does not.

    Args:
        days: Weekdays, ``every_day``, and classes of the calendar; any of them suffices.
        day: The date.
        calendar: Who knows about classes.

    Raises:
        InputError: A name that the calendar does not know, for that must not read as "never"; or
            the calendar answers with something else than its classes.
    """
    if not is_set(days) or not is_date(day):
        raise refuse("date", "type", f"expected a set of names and a date, got {shown(days)} and {shown(day)}")
    for name in sorted(unknown_names(days, calendar)):
        raise refuse("date", "unknown_day", f"{calendar.id} does not know {name!r}; it knows {names_of(calendar)}")
    if EVERY_DAY in days:
        return True
    weekday = WEEKDAYS[day.weekday()]
    classes = calendar.classes(day)
    if classes is None:
        may_be_made_up = MAKEUP in calendar.names and weekday in calendar.weekend
        if weekday in days and (MAKEUP in days or not may_be_made_up):
            return True
        open_names = days - set(WEEKDAYS) - (set() if may_be_made_up else {MAKEUP})
        return None if weekday in days or open_names else False
    if not is_set(classes) or not classes <= calendar.names:
        message = f"{calendar.id} answers {shown(classes)} for {day}; a set out of its names, or None, is wanted"
        raise refuse("calendar", "answer", message)
    return not days.isdisjoint(classes) or (weekday in days and MAKEUP not in classes)


def from_holidays(
    book: Mapping[dt.date, object],
    *,
    id: str,  # noqa: A002 - the name of the field
    known_from: dt.date,
    known_through: dt.date,
) -> DayCalendar:
    """Build a calendar from what the package ``holidays`` gives, or from any mapping with dates as keys.

    Its ``weekend`` and ``weekend_workdays`` are used where it has them. How far it is known
    has to be said: the package answers for any year, also where nothing has been decided yet.
    It does not tell which days off are exchanged for make-up workdays, so the calendar does not
    know ``adjusted_rest_day``. A book without any workday on a weekend is taken for one of a
    country that has none, ever: its weekdays need no calendar.

    Args:
        book: ``holidays.country_holidays("CN", years=range(2010, 2027))``.
        id: Which calendar it is.
        known_from: First date to take.
        known_through: Last date to take.

    Raises:
        InputError: The book was built for other years, or its weekend changes in the range.
    """
    if day_number(known_from) > day_number(known_through):
        raise refuse("calendar", "range", f"known from {known_from} through {known_through} is no day at all")
    own: Any = book  # what a plain mapping does not have is read with a default
    wanted = range(known_from.year, known_through.year + 1)
    missing = set(wanted) - set(getattr(own, "years", wanted))
    if missing:
        raise refuse("calendar", "years", f"the book was built without {min(missing)}; name that year in years=")

    def known(days: Iterable[dt.date]) -> frozenset[dt.date]:
        return frozenset(day for day in days if known_from <= day <= known_through)

    made_up = getattr(own, "weekend_workdays", ())
    try:
        dates = {HOLIDAY: known(book), **({MAKEUP: known(made_up)} if made_up else {})}
        weekend = frozenset(WEEKDAYS[number] for number in getattr(own, "weekend", (5, 6)))
    except (TypeError, IndexError):
        raise refuse("calendar", "type", f"{shown(book)} is no mapping with dates as keys") from None
    calendar = DayCalendar(id=id, weekend=weekend, dates=dates, known_from=known_from, known_through=known_through)
    works: Any = getattr(own, "is_working_day", None)
    for number in range((known_through - known_from).days + 1) if works else ():
        day = known_from + dt.timedelta(number)
        if works(day) is not (WORK in (calendar.classes(day) or ())):
            raise refuse("calendar", "weekend", f"the book's weekend is another one around {day}; take a shorter range")
    return calendar
