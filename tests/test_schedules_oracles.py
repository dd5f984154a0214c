"""Schedules against independent answers: stdlib wall clocks, zone files, opening-hours-py, whenever, portion."""

import datetime as dt
import importlib.resources
import itertools
import math
import pathlib
import random
import struct
import zoneinfo

import opening_hours
import portion
import pytest
import whenever
from hypothesis import settings

from platgov._schedules import zones
from platgov.schedules import Periods, Schedule, State, Window, china_calendar, first_instant, local_date

DAY = 86_400
LONG = settings.default.max_examples > 100  # the profile `soak`
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

ALL_ZONES = sorted(
    name for name in zoneinfo.available_timezones() if name not in ("localtime", "Factory", "posixrules")
)
ODD_ZONES = (
    "Asia/Shanghai", "Europe/London", "America/New_York", "America/Havana", "America/Sao_Paulo", "Africa/Cairo",
    "Asia/Beirut", "Australia/Lord_Howe", "Africa/Casablanca", "Antarctica/Troll", "Pacific/Apia", "America/St_Johns",
    "Asia/Tehran", "Asia/Gaza", "Pacific/Kwajalein", "Asia/Kathmandu", "America/Scoresbysund", "Asia/Pyongyang",
    "Antarctica/Casey", "America/Caracas",
)  # fmt: skip


def utc(*parts):
    return int(dt.datetime(*parts, tzinfo=dt.UTC).timestamp())


START, END = utc(2000, 1, 1), utc(2031, 1, 1)


# --- zones ---


def transitions(name):
    """Read the instants at which a zone's offset changes from the 64-bit part of its file (RFC 9636)."""
    folders = [pathlib.Path(folder) for folder in zoneinfo.TZPATH]
    file = next((folder / name for folder in folders if (folder / name).is_file()), None)
    data = (file or importlib.resources.files("tzdata") / "zoneinfo" / name).read_bytes()

    def counts(at):
        return struct.unpack(">6l", data[at + 20 : at + 44])  # isut, isstd, leap, time, type, char

    isut, isstd, leap, times, types, chars = counts(0)
    at = 44 + times * 5 + types * 6 + chars + leap * 8 + isstd + isut
    _, _, _, times, types, _ = counts(at)
    when = struct.unpack_from(f">{times}q", data, at + 44)
    which = data[at + 44 + 8 * times : at + 44 + 9 * times]
    offsets = [struct.unpack_from(">l", data, at + 44 + 9 * times + 6 * number)[0] for number in range(types)]
    found, before = [], offsets[0]
    for instant, number in zip(when, which):
        if offsets[number] != before:
            found.append((instant, before, offsets[number]))
            before = offsets[number]
    return found


def test_no_zone_changes_its_offset_and_back_within_a_step_of_the_search():
    gaps = []
    for name in ALL_ZONES:
        instants = [instant for instant, _, _ in transitions(name) if instant > utc(1900, 1, 1)]
        gaps += [(after - before, name) for before, after in itertools.pairwise(instants)]
    assert len(ALL_ZONES) > 500 and len(gaps) > 10_000
    assert min(gaps)[0] > 1.5 * zones._STEP


@pytest.mark.parametrize("part", range(4))
def test_the_runs_of_every_zone_are_those_of_its_file(part):
    for name in ALL_ZONES[part::4] if LONG else ALL_ZONES[part::16]:
        known = transitions(name)
        start = utc(1900, 1, 2) if LONG else utc(2005, 1, 1)
        end = utc(2037, 1, 1) if LONG else utc(2026, 1, 1)
        end = max(start + DAY, min(end, known[-1][0] + 1)) if known else end  # a file may end in a rule
        found = zones.runs.__wrapped__(name, start, end)
        edges = [(run.start, before.offset, run.offset) for before, run in itertools.pairwise(found)]
        assert edges == [change for change in known if start < change[0] < end], name
        assert found[0].start == start and found[-1].end == end


def test_a_change_at_the_very_end_of_a_range_makes_no_empty_run():
    change = utc(2026, 10, 25, 1)
    assert zones.runs("Europe/London", change - 10, change) == ((change - 10, change, 3600),)
    assert zones.runs("Europe/London", change - 10, change + 1)[1:] == ((change, change + 1, 0),)


# --- wall clocks, one instant at a time ---


def classes_of(day, calendar):
    """Read a calendar's lists without its help."""
    lists = {name for name, days in calendar.dates if day in days}
    if not calendar.known_from <= day <= calendar.known_through:
        return None
    rest = (day.weekday() >= 5 or "holiday" in lists) and "makeup_workday" not in lists
    return lists | {"rest_day" if rest else "workday"}


def starts_on(window, day, calendar):
    if day.month not in window.months:
        return False
    if "every_day" in window.days:
        return True
    classes = classes_of(day, calendar)
    weekday = NAMES[day.weekday()]
    if classes is not None:
        return bool(window.days & classes) or (weekday in window.days and "makeup_workday" not in classes)
    if weekday in window.days and weekday not in ("sat", "sun"):
        return True
    if weekday in window.days and "makeup_workday" in window.days:
        return True
    maybe = window.days - set(NAMES) - ({"makeup_workday"} if weekday not in ("sat", "sun") else set())
    return None if maybe or weekday in window.days else False


def naive_state(at, windows, tz, calendar):
    wall = dt.datetime.fromtimestamp(at, tz).replace(tzinfo=None)
    opened = closed = False
    if all(window.deny for window in windows):
        opened = True
    for window in windows:
        for back in (0, 1):
            day = wall.date() - dt.timedelta(back)
            since = wall - dt.datetime.combine(day, dt.time())
            if dt.timedelta(minutes=window.start) <= since < dt.timedelta(minutes=window.end):
                answer = starts_on(window, day, calendar)
                if window.deny:
                    closed = True if True in (closed, answer) else None if None in (closed, answer) else False
                else:
                    opened = True if True in (opened, answer) else None if None in (opened, answer) else False
    if closed is True or opened is False:
        return State.CLOSED
    return State.UNKNOWN if None in (opened, closed) else State.OPEN


def random_windows(rng, *, classes=True, deny=None):
    found = []
    for _ in range(rng.randint(1, 3)):
        start = rng.randrange(1440)
        names = [*NAMES, *(["rest_day", "makeup_workday", "holiday", "every_day"] if classes else [])]
        found.append(
            Window(
                start=start,
                end=rng.randint(start + 1, min(2880, start + rng.choice([30, 600, 1440, 2880]))),
                days=rng.sample(names, rng.randint(1, 5)),
                months=rng.sample(range(1, 13), rng.randint(6, 12)),
                deny=rng.random() < 0.4 if deny is None else deny,
            )
        )
    return found


@pytest.mark.parametrize("name", ALL_ZONES if LONG else ODD_ZONES)
def test_around_every_change_of_a_zone_the_state_is_what_a_wall_clock_says(name):
    rng = random.Random(name)
    tz = zoneinfo.ZoneInfo(name)
    changes = [run.start for run in zones.runs.__wrapped__(name, START, END)[1:]]
    picked = changes if LONG else rng.sample(changes, min(3, len(changes)))
    for change in picked or [rng.randrange(START, END)]:
        windows = random_windows(rng)
        span = {"start": change - 3 * DAY, "end": change + 3 * DAY}
        schedule = Schedule(windows=windows, tz=name, calendar=china_calendar(), **span)
        days = Periods(tz=name, **span)
        edges = [
            edge + by for state in State for pair in schedule.intervals(state) for edge in pair for by in (-1, 0, 1)
        ]
        near = [change + by for by in (-1, 0, 1)] + [change + by for by in range(-7300, 7300, 1217 if LONG else 607)]
        for at in {*edges, *near, *(rng.randrange(span["start"], span["end"]) for _ in range(10))}:
            if span["start"] <= at < span["end"]:
                assert schedule.state(at) is naive_state(at, windows, tz, china_calendar()), (name, at, windows)
                assert days.local_date(at) == dt.datetime.fromtimestamp(at, tz).date()


def test_one_whole_year_is_what_a_wall_clock_says():
    rng = random.Random(7)
    for name in ODD_ZONES if LONG else ("Europe/London", "Asia/Shanghai", "Africa/Casablanca", "Australia/Lord_Howe"):
        tz, start = zoneinfo.ZoneInfo(name), utc(2026, 5, 1)
        windows = random_windows(rng)
        schedule = Schedule(windows=windows, tz=name, start=start, end=start + 400 * DAY, calendar=china_calendar())
        for _ in range(5000 if LONG else 1000):
            at = rng.randrange(start, start + 400 * DAY)
            assert schedule.state(at) is naive_state(at, windows, tz, china_calendar()), (name, at, windows)


def test_every_second_of_a_night_in_which_the_clock_goes_back_over_midnight():
    start, end = utc(2010, 11, 7, 1, 30), utc(2010, 11, 7, 4, 30)  # St. John's: 00:01 becomes 23:01
    tz = zoneinfo.ZoneInfo("America/St_Johns")
    windows = [Window(start="23:30", end="24:10", days=["sat"]), Window(start="00:05", end="00:40", days=["sun"])]
    schedule = Schedule(windows=windows, tz="America/St_Johns", start=start, end=end, calendar=china_calendar())
    for at in range(start, end):
        assert schedule.state(at) is naive_state(at, windows, tz, china_calendar())


# --- opening-hours-py ---


def osm(windows):
    """Write open windows in the language of opening_hours; rules add up because of the comma."""
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    rules = []
    for window in windows:
        named = window.to_plain()
        days = ",".join(name[:2].title() for name in named["days"])
        when = ",".join(months[number - 1] for number in named["months"])
        rules.append(f"{when} {days} {named['start']}-{named['end']}")
    return ", ".join(rules)


@pytest.mark.parametrize("name", ODD_ZONES)
def test_opening_hours_agrees_on_what_is_open(name):
    rng = random.Random(f"osm {name}")
    tz = zoneinfo.ZoneInfo(name)
    for _ in range(20 if LONG else 3):
        windows = random_windows(rng, classes=False, deny=False)
        peer = opening_hours.OpeningHours(osm(windows), timezone=tz)
        start = rng.randrange(utc(2009, 1, 1), utc(2028, 1, 1))
        end = start + 300 * DAY
        schedule = Schedule(windows=windows, tz=name, start=start, end=end)
        denied = [Window(**{**window.to_plain(), "deny": True}) for window in windows]
        reverse = Schedule(windows=denied, tz=name, start=start, end=end)
        changes = [run.start for run in zones.runs(name, start, end)[1:]]
        near = [change + rng.randrange(-2 * DAY, 2 * DAY) for change in changes for _ in range(15)]
        for at in [*near, *(rng.randrange(start, end) for _ in range(40))]:
            if start <= at < end:
                there = dt.datetime.fromtimestamp(at, tz)
                assert schedule.is_open(at) == peer.is_open(there) != reverse.is_open(at), (osm(windows), at)


def test_in_the_repeated_hour_opening_hours_contradicts_itself_and_the_schedule_does_not():
    # London, 25 October 2026: two o'clock becomes one at 01:00Z. The window ends at 01:30, twice.
    tz = zoneinfo.ZoneInfo("Europe/London")
    peer = opening_hours.OpeningHours("Mo-Su 06:00-25:30", timezone=tz)
    start, again = utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1)
    at = dt.datetime.fromtimestamp(start, tz)
    told = math.floor(peer.next_change(at).timestamp())
    assert not peer.is_open(at)  # half past one, for the first time
    assert peer.is_open(dt.datetime.fromtimestamp(again, tz))  # one, for the second time: open again ...
    assert told > again  # ... which is before what it calls the next change
    schedule = Schedule(
        windows=[Window(start="06:00", end="25:30")], tz="Europe/London", start=start - DAY, end=start + DAY
    )
    assert not schedule.is_open(start) and schedule.is_open(again) and not schedule.is_open(again + 1800)
    assert schedule.next_change(start) == again and schedule.next_change(again) == again + 1800


def test_opening_hours_agrees_on_the_night_after_the_friday_that_samoa_never_had():
    skip = 1325239200  # 2011-12-30T10:00Z: Thursday the 29th ends, Saturday the 31st begins
    tz = zoneinfo.ZoneInfo("Pacific/Apia")
    peer = opening_hours.OpeningHours("Fr 22:00-26:00", timezone=tz)
    night = Window(start="22:00", end="26:00", days=["fri"])
    schedule = Schedule(windows=[night], tz="Pacific/Apia", start=skip - DAY, end=skip + DAY)
    for at in range(skip - DAY, skip + DAY, 600):
        assert schedule.is_open(at) == peer.is_open(dt.datetime.fromtimestamp(at, tz)) == (skip <= at < skip + 7200)


# --- whenever ---


@pytest.mark.parametrize("name", ODD_ZONES)
def test_local_dates_and_their_first_instants_are_those_of_whenever(name):
    rng = random.Random(f"whenever {name}")
    changes = [run.start for run in zones.runs(name, START, END)[1:]]
    near = [change + rng.randrange(-2 * DAY, 2 * DAY) for change in (changes if LONG else changes[:12])]
    for at in [*near, *(rng.randrange(START, END) for _ in range(2000 if LONG else 60))]:
        there = whenever.Instant.from_timestamp(at).to_tz(name)
        day = local_date(at, name)
        assert str(there.date()) == str(day)
        noon = whenever.PlainDateTime(day.year, day.month, day.day, 12).assume_tz(name)
        assert first_instant(day, name) == noon.start_of("day").timestamp(), (name, day)


# --- portion ---


def as_sets(pairs):
    return portion.Interval(*(portion.closedopen(start, end) for start, end in pairs))


def test_several_windows_are_the_union_of_the_open_less_the_union_of_the_closed():
    rng = random.Random(11)
    for _ in range(400 if LONG else 40):
        name, start = rng.choice(ODD_ZONES), rng.randrange(utc(2010, 2, 1), utc(2026, 10, 1))
        common = {"tz": name, "start": start, "end": start + 20 * DAY, "calendar": china_calendar()}
        windows = random_windows(rng) + random_windows(rng)
        opened, closed = portion.empty(), portion.empty()
        for window in windows:
            alone = as_sets(Schedule(windows=[Window(**{**window.to_plain(), "deny": False})], **common).intervals())
            if window.deny:
                closed |= alone
            else:
                opened |= alone
        if all(window.deny for window in windows):
            opened = portion.closedopen(start, start + 20 * DAY)
        assert as_sets(Schedule(windows=windows, **common).intervals()) == opened - closed
