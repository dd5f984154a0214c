"""Time zones as runs of one offset: inside a run, wall clock is plain addition.

Runs are found by asking `zoneinfo` for the offset and halving the distance; nothing private is
read. Skipped and repeated hours need no cases of their own: they are what lies between two runs.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import zoneinfo
from typing import NamedTuple, TypeGuard

from platgov._canonical import shown
from platgov._time import to_epoch
from platgov.errors import InputError, Problem

__all__ = [
    "DAY",
    "Run",
    "bounded",
    "dates_reached",
    "day_number",
    "first_instant",
    "local_date",
    "minute_of_day",
    "refuse",
    "runs",
    "zone",
]

DAY = 86_400
EPOCH_DAY = dt.date(1970, 1, 1).toordinal()

# Beyond these, zones are local mean time on the one side and a guess about politics on the other.
EARLIEST = -2_208_988_800  # 1900-01-01T00:00:00Z
LATEST = 7_258_118_400  # 2200-01-01T00:00:00Z
MOST_DAYS = 15_000

# No zone of the tz database changes its offset and back within this: the shortest stay since 1900
# is four days, Freetown 1939 (a test reads all files).
_STEP = 2 * DAY
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - naive on purpose: plain arithmetic, no zone rules
_SECOND = dt.timedelta(seconds=1)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}", re.ASCII)
# Files beside the zones: this machine's own setting, and copies that count leap seconds.
_NO_ZONES = frozenset({"localtime", "posixrules", "posix", "right", "Factory"})
_CLOCK = re.compile(r"(\d\d):([0-5]\d)", re.ASCII)


class Run(NamedTuple):
    """A stretch of time in which a zone keeps one offset: [start, end), all in seconds."""

    start: int
    end: int
    offset: int


def refuse(subject: str, code: str, message: str, path: str = "$") -> InputError:
    """Build the error for one bad value."""
    return InputError(subject, (Problem(message, path, code),))


def zone(name: object) -> zoneinfo.ZoneInfo:
    """Give the zone of an IANA name.

    Raises:
        InputError: It is no name of a zone, or this machine does not know it.
    """
    if type(name) is not str:
        raise refuse("time zone", "zone", f"expected a name such as Europe/London, got {shown(name)}")
    if len(name) <= 64 and _NAME.fullmatch(name) and name.partition("/")[0] not in _NO_ZONES:
        try:
            return zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "Europe" is a folder
            pass
    raise refuse("time zone", "zone", f"no time zone {shown(name)}; give an IANA name such as Europe/London")


def bounded(start: int, end: int, subject: str) -> None:
    """Check a range of instants.

    Raises:
        InputError: It is empty, too long, or reaches past the years 1900 to 2199.
    """
    if not EARLIEST <= start < end <= LATEST:
        message = f"the range [{start}, {end}) is empty or leaves the years 1900 to 2199; give start before end"
        raise refuse(subject, "range", message)
    if end - start > MOST_DAYS * DAY:
        raise refuse(subject, "range", f"{(end - start) // DAY} days are too many; give at most {MOST_DAYS}")


@functools.lru_cache(maxsize=256)
def runs(name: str, start: int, end: int) -> tuple[Run, ...]:
    """Give the runs of one offset that make up [start, end), in order."""
    rules = zone(name)
    found: list[Run] = []
    run_start, offset = start, _offset(rules, start)
    seen = start
    while seen < end:
        ahead = min(seen + _STEP, end)
        if _offset(rules, ahead) == offset:
            seen = ahead
            continue
        while ahead - seen > 1:  # `seen` keeps the offset of the run, `ahead` has another
            middle = (seen + ahead) // 2
            if _offset(rules, middle) == offset:
                seen = middle
            else:
                ahead = middle
        if ahead == end:  # the change falls on the end of the range, outside it
            break
        found.append(Run(run_start, ahead, offset))
        run_start, offset = ahead, _offset(rules, ahead)
        seen = ahead
    found.append(Run(run_start, end, offset))
    return tuple(found)


@functools.lru_cache(maxsize=64)
def dates_reached(name: str, start: int, end: int) -> tuple[tuple[dt.date, ...], tuple[int, ...]]:
    """Give the local dates of a range, in order, and for each the first instant at which it has been reached.

    A date that is skipped is left out: it is reached with the next one. One that comes twice was
    reached the first time.
    """
    dates: list[dt.date] = []
    instants: list[int] = []
    latest = (start + _offset(zone(name), start)) // DAY - 1
    for run in runs(name, start, end):
        for day in range(max((run.start + run.offset) // DAY, latest + 1), (run.end - 1 + run.offset) // DAY + 1):
            dates.append(dt.date.fromordinal(EPOCH_DAY + day))
            instants.append(max(day * DAY - run.offset, run.start))
            latest = day
    return tuple(dates), tuple(instants)


def minute_of_day(value: object) -> object:
    """Read ``22:30`` as minutes since midnight; whatever is no such text comes back as it is."""
    found = _CLOCK.fullmatch(value) if type(value) is str else None
    return value if found is None else int(found[1]) * 60 + int(found[2])


def day_shift(value: int | str) -> int:
    """Read the minute of the day at which a day begins, 00:00 to 23:59."""
    minute = minute_of_day(value)
    if type(minute) is not int or not 0 <= minute < 1440:
        message = f"a day starts at {shown(value)}; give a time from 00:00 to 23:59, or minutes since midnight"
        raise refuse("local date", "time", message, "$.day_starts_at")
    return minute


def local_date(at: int | dt.datetime, tz: str, *, day_starts_at: int | str = 0) -> dt.date:
    """Give the date that a wall clock in a zone shows.

    Args:
        at: The instant.
        tz: IANA name of the zone.
        day_starts_at: When a new day begins: ``"04:00"`` counts one o'clock at night to the day
            before. Text, or minutes since midnight.

    Raises:
        InputError: An argument cannot be read; instants outside the years 1900 to 2199.
    """
    instant = to_epoch(at)
    bounded(instant, instant + 1, "local date")
    wall = instant + _offset(zone(tz), instant) - day_shift(day_starts_at) * 60
    return dt.date.fromordinal(wall // DAY + EPOCH_DAY)


def first_instant(day: dt.date, tz: str, *, day_starts_at: int | str = 0) -> int:
    """Give the first instant at which a local date has been reached.

    That is local midnight, or where the clock jumps over midnight or over the whole date, the
    first instant after the jump. A clock that goes back over midnight afterwards changes nothing.

    Raises:
        InputError: An argument cannot be read; dates outside the years 1900 to 2199.
    """
    wall = day_number(day) * DAY + day_shift(day_starts_at) * 60
    bounded(wall - 2 * DAY, wall + 2 * DAY, "local date")
    zone(tz)  # names are checked before they become keys of the cache
    reached = (
        max(run.start, wall - run.offset)
        for run in runs(tz, wall - 2 * DAY, wall + 2 * DAY)
        if run.end + run.offset > wall
    )
    return next(reached)


def day_number(day: dt.date) -> int:
    """Count the days since 1970-01-01."""
    if not is_date(day):
        raise refuse("local date", "type", f"expected a date, got {shown(day)}")
    return day.toordinal() - EPOCH_DAY


def is_date(value: object) -> TypeGuard[dt.date]:
    """Whether a value is a date and no instant; a datetime is a date too, to Python."""
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)


def _offset(rules: zoneinfo.ZoneInfo, at: int) -> int:
    # `fromtimestamp` would ask the platform, which on Windows knows nothing before 1970.
    wall = rules.fromutc((_EPOCH + dt.timedelta(seconds=at)).replace(tzinfo=rules))
    offset = wall.utcoffset() or dt.timedelta()
    return offset // _SECOND
