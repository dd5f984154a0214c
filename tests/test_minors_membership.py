"""Whether an instant lies in the hours of a plan, against a wall clock and opening-hours-py; points are counted."""

import datetime as dt
import functools
import random
import zoneinfo

import opening_hours
import pytest

from minors_strategies import DAY, SOAK, WEEKDAYS, Oracle
from platgov.minors import Band, Hours, Minor, Plan, Usage, Window, YouthPolicy

# What is odd about each, and a day close to it.
ZONES = {
    "Africa/Cairo": "2023-04-28",  # summer time again, at midnight
    "Africa/Casablanca": "2026-02-15",  # an hour less for Ramadan
    "America/Caracas": "2016-05-01",  # half an hour for good
    "America/Havana": "2026-11-01",  # midnight twice
    "America/Los_Angeles": "2026-03-08",
    "America/Santiago": "2026-09-06",  # no midnight
    "America/Scoresbysund": "2024-03-31",  # new zone and summer time at once
    "America/St_Johns": "2010-11-07",  # back over midnight, after a minute of the day
    "Antarctica/Casey": "2020-10-04",
    "Antarctica/Troll": "2026-03-29",  # two hours
    "Asia/Gaza": "2023-04-29",
    "Asia/Kathmandu": "2026-06-01",  # a quarter of an hour, and never a change
    "Asia/Pyongyang": "2018-05-04",
    "Asia/Shanghai": "2026-06-01",
    "Asia/Tehran": "2022-09-21",
    "Atlantic/Azores": "2026-10-25",
    "Australia/Lord_Howe": "2026-04-05",  # half an hour
    "Europe/London": "2026-10-25",
    "Pacific/Apia": "2011-12-30",  # the date that never was
    "Pacific/Kwajalein": "1993-08-21",  # another one
}
EACH = 7_500 if SOAK else 750
PEER = 1_000
NOBODY = functools.cache(lambda tz: Minor(id="m", residency_tz=tz))


def seconds_of(day):
    return int(dt.datetime.combine(dt.date.fromisoformat(day), dt.time(), dt.UTC).timestamp())


def instants(rng, tz, around, plan):
    """Give instants without end: at random, at changes of the clock, and at the edges of hours, by a second."""
    zone = zoneinfo.ZoneInfo(tz)
    hours = range(plan.start, plan.end - 3600, 3600)
    changes = [at for at in hours if utc_offset(at, zone) != utc_offset(at + 3600, zone)]
    edges = [stretch.end for stretch in plan.timeline(plan.start, plan.end, minor=NOBODY(tz))]
    while True:
        found = [rng.randrange(plan.start, plan.end), around + rng.randrange(-2 * DAY, 2 * DAY)]
        found += [at + rng.randrange(-3600, 7200) for at in changes[:1]]
        found += [rng.choice(edges) + rng.randrange(-1, 2)]
        yield from (at for at in found if plan.start <= at < plan.end)


def utc_offset(at, zone):
    return dt.datetime.fromtimestamp(at, zone).utcoffset()


def made(rng, tz, around, *, deny):
    """Give windows, and the plan in which they are the hours, over twenty days."""
    windows = []
    for _ in range(rng.randint(1, 3)):
        start = rng.randrange(1440)
        days = rng.choice([["every_day"], rng.sample(WEEKDAYS, rng.randint(1, 5))])
        end = rng.randint(start + 1, start + rng.choice([30, 600, 1440]))
        windows.append(Window(start=start, end=end, days=days, deny=deny and rng.random() < 0.4))
    policy = YouthPolicy(id="p", layer="legal", bands=[Band(hours=[Hours(windows=windows)])])
    return windows, Plan.of([policy], tz=tz, start=around - 10 * DAY, end=around + 10 * DAY)


def points(tz, count, *, deny):
    """Give so many different questions about ten sets of hours: (windows, plan, instant)."""
    rng, around = random.Random(tz), seconds_of(ZONES[tz])
    for _ in range(10):
        windows, plan = made(rng, tz, around, deny=deny)
        asked = set()
        for at in instants(rng, tz, around, plan):
            asked.add(at)
            if len(asked) == count // 10:
                break
        yield from ((windows, plan, at) for at in sorted(asked))


def test_enough_is_asked():
    assert len(ZONES) >= 16
    assert {"America/Havana", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe"} < set(ZONES)
    assert {"Antarctica/Troll", "Africa/Casablanca", "Africa/Cairo"} < set(ZONES)
    assert len(ZONES) * EACH >= (150_000 if SOAK else 15_000)
    assert len(ZONES) * PEER >= 20_000


@pytest.mark.parametrize("tz", ZONES)
def test_something_is_open_exactly_when_the_clock_on_the_wall_says_so(tz):
    oracle, count, opened = Oracle({"tz": tz, "asked": "access", "events": []}), 0, 0
    for windows, plan, at in points(tz, EACH, deny=True):
        allowed = plan.check(NOBODY(tz), Usage(), at=at).allowed
        assert allowed is oracle.is_open(windows, at), (windows, at)
        count, opened = count + 1, opened + allowed
    assert count >= EACH
    assert 0.1 < opened / count < 0.9  # or nothing was told apart


@pytest.mark.parametrize("tz", ZONES)
def test_something_is_open_exactly_when_opening_hours_says_so(tz):
    zone, count, last = zoneinfo.ZoneInfo(tz), 0, None
    for windows, plan, at in points(tz, PEER + 100, deny=False):
        if utc_offset(at, zone) > utc_offset(at + 60, zone):  # see the next test
            continue
        if windows is not last:
            peer, last = opening_hours.OpeningHours(written(windows), timezone=zone), windows
        allowed = plan.check(NOBODY(tz), Usage(), at=at).allowed
        assert allowed is peer.is_open(dt.datetime.fromtimestamp(at, zone)), (written(windows), at)
        count += 1
    assert count >= PEER


def test_opening_hours_is_closed_in_the_last_minute_before_a_clock_goes_back_whatever_it_was_told():
    """Why that minute is left out above: even what is always open is not open in it."""
    zone, back = zoneinfo.ZoneInfo("Europe/London"), seconds_of("2026-10-25") + 3600
    peer = opening_hours.OpeningHours("Mo-Su 00:00-24:00", timezone=zone)
    opened = [peer.is_open(dt.datetime.fromtimestamp(back + after, zone)) for after in (-61, -60, -1, 0)]
    assert opened == [True, False, False, True]


def written(windows):
    """Write windows in the language of opening_hours; rules add up because of the comma."""
    rules = []
    for window in windows:
        plain = window.to_plain()
        days = "Mo-Su" if "every_day" in window.days else ",".join(day[:2].title() for day in plain["days"])
        rules.append(f"{days} {plain['start']}-{plain['end']}")
    return ", ".join(rules)
