"""Policies, children and usage for tests of youth mode, and an oracle that counts second by second.

The oracle knows nothing of edges, cells or counters: it looks at a wall clock through zoneinfo and
at sets of seconds.
"""

import datetime as dt
import functools
import zoneinfo

import attrs
from hypothesis import settings
from hypothesis import strategies as st

from platgov.minors import Band, BreakRule, DobEvidence, Hours, Level, Minor, Quota, Usage, Window, YouthPolicy

DAY = 86_400
SOAK = settings.default.max_examples > 100


def bar(examples, usual=100):
    """Try a law so often under the profile ``soak``, ``usual`` times elsewhere, and fail if it was tried less.

    Goes above ``@given``. It counts, because a law whose strategies run dry or reject most of what they
    draw passes all the same.
    """
    wanted = examples if SOAK else usual

    def decorate(law):
        tried, handle = 0, law.hypothesis
        inner = handle.inner_test

        @functools.wraps(inner)
        def counting(*args, **kwargs):
            nonlocal tried
            inner(*args, **kwargs)
            tried += 1

        handle.inner_test = counting
        run = settings(max_examples=wanted)(law)

        @functools.wraps(run)
        def counted(*args, **kwargs):
            nonlocal tried
            tried = 0
            run(*args, **kwargs)
            assert tried >= wanted, f"tried {tried} times of {wanted}"

        return counted

    return decorate


# A zone and an instant at or near something odd about its clock.
PLACES = [
    ("Asia/Shanghai", 1_780_315_200),
    ("Europe/London", 1_792_890_000),  # 2026-10-25 01:00Z, an hour again
    ("Europe/London", 1_774_746_000),  # 2026-03-29 01:00Z, an hour less
    ("America/St_Johns", 1_289_097_060),  # 2010-11-07 00:01 local: back over midnight
    ("Pacific/Apia", 1_325_239_200),  # 2011-12-30 never was
    ("Australia/Lord_Howe", 1_775_314_800),  # half an hour
    ("America/Havana", 1_793_509_200),  # midnight again
]
FEATURES = ("access", "video", "games", "service:acme")
DAYS = {}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@st.composite
def windows(draw, deny=st.booleans()):
    start = draw(st.integers(0, 1439))
    length = draw(st.integers(1, 1440))
    days = draw(st.one_of(st.just(("every_day",)), st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=4)))
    return Window(start=start, end=start + length, days=frozenset(days), deny=draw(deny))


@st.composite
def hours(draw, number=0):
    return Hours(
        id=f"hours{number}",
        windows=draw(st.lists(windows(), min_size=1, max_size=3)),
        features=draw(st.sampled_from([("*",), ("*",), ("video",), ("games", "video")])),
    )


@st.composite
def quotas(draw, number=0, kinds=("day", "week", "month", "rolling", "gap")):
    per = draw(st.sampled_from(kinds))
    return Quota(
        id=f"quota{number}",
        seconds=draw(st.sampled_from([0, 1, 600, 1800, 3600, 3601, 7200, 90_000])),
        per=per,
        span_s=draw(st.sampled_from([300, 3600, 7201, 40_000])) if per in ("rolling", "gap") else None,
        scope=draw(st.sampled_from(["total", "total", "video", "service:*"])),
        days=draw(st.sampled_from([("every_day",), ("every_day",), ("sat", "sun")])),
        except_for=draw(st.sampled_from([(), (), ("games",)])),
        soft=draw(st.sampled_from([False, False, False, True])),
        counting=draw(st.sampled_from(["union", "union", "sum"])) if per != "gap" else "union",
    )


@st.composite
def breaks(draw, number=0):
    return BreakRule(
        id=f"break{number}",
        after_s=draw(st.sampled_from([1, 900, 1800])),
        rest_s=draw(st.sampled_from([1, 300, 601])),
        enforce=draw(st.booleans()),
    )


@st.composite
def bands(draw, number=0):
    low, high = draw(st.sampled_from([(0, None), (0, None), (0, 14), (14, 16), (8, 14), (16, None)]))
    return Band(
        min_age=low,
        max_age=high,
        hours=[draw(hours(number=number))] if draw(st.booleans()) else [],
        quotas=[draw(quotas(number=10 * number + n)) for n in range(draw(st.integers(0, 2)))],
        breaks=[draw(breaks(number=number))] if draw(st.integers(0, 3)) == 0 else [],
    )


@st.composite
def policies(draw, name="p", layer="legal"):
    return YouthPolicy(
        id=name,
        layer=layer,
        bands=[draw(bands(number=n)) for n in range(draw(st.integers(1, 3)))],
        day_starts_at=draw(st.sampled_from([0, 0, 240, 1380])),
        unknown_age=draw(st.sampled_from(["restrict", "deny", "allow"])),
    )


@st.composite
def events(draw, around):
    """Give intervals as (start, end, labels, device), mostly in the two days before an instant."""
    found = []
    for _ in range(draw(st.integers(0, 6))):
        start = around - draw(st.integers(0, 2 * DAY)) // draw(st.sampled_from([1, 8, 40]))
        length = draw(st.sampled_from([1, 299, 300, 301, 600, 1800, 3600, 5400]))
        labels = draw(st.sampled_from([("access",), ("video",), ("games",), ("video", "service:acme")]))
        found.append((start, start + length, labels, draw(st.sampled_from(["pad", "phone"]))))
    return found


@st.composite
def with_quotas(draw, kinds=("day", "week", "month")):
    """Give a case whose one policy has hard quotas for everybody."""
    case = draw(cases())
    made = [
        attrs.evolve(draw(quotas(number=n, kinds=kinds)), soft=False, scope="total")
        for n in range(draw(st.integers(1, 3)))
    ]
    band = Band(quotas=made, hours=[draw(hours())] if draw(st.booleans()) else [])
    return {**case, "policies": [attrs.evolve(case["policies"][0], bands=[band], unknown_age="restrict")]}


@st.composite
def cases(draw, layers=1):
    tz, odd = draw(st.sampled_from(PLACES))
    at = odd + draw(st.sampled_from([1, 60, 3600])) * draw(st.integers(-90, 90))
    made = [draw(policies(name=f"p{n}", layer=("legal", "platform", "guardian")[n % 3])) for n in range(layers)]
    born = dt.datetime.fromtimestamp(at - 100_000, dt.UTC).date().replace(day=1) - dt.timedelta(
        365 * draw(st.sampled_from([7, 13, 15, 20]))
    )
    birthday = draw(st.sampled_from([None, 13, 14, 16]))
    if birthday is not None:  # close to an edge of a band
        today = dt.datetime.fromtimestamp(at, zoneinfo.ZoneInfo(tz)).date()
        born = today.replace(year=today.year - birthday, day=min(today.day, 28))
    first = born - dt.timedelta(draw(st.sampled_from([0, 0, 2])))
    return {
        "tz": tz,
        "at": at,
        "policies": made,
        "births": None if draw(st.integers(0, 9)) == 0 else (first, born),
        "events": draw(events(at)),
        "asked": draw(st.sampled_from(FEATURES)),
        "active": draw(st.booleans()),
    }


def minor_of(case, **more):
    births = case["births"]
    evidence = () if births is None else (DobEvidence.between(*births, level=Level.VERIFIED),)
    return Minor(id="m", evidence=evidence, residency_tz=case["tz"], **more)


def usage_of(case, start=None):
    usage = Usage() if start is None else start
    for number, (begin, end, labels, device) in enumerate(case["events"]):
        usage = usage.add(event_id=f"e{number}", start=begin, end=end, scope=labels, device=device)
    return usage


class Oracle:
    """Which limits say no, worked out from scratch for each instant."""

    def __init__(self, case):
        self.case = case
        self.zone = zoneinfo.ZoneInfo(case["tz"])
        self.tags = {case["asked"]}
        self.known = {}
        self.used = [
            ({*labels, f"device:{device}"}, range(start, end)) for start, end, labels, device in case["events"]
        ]

    def grown(self, since, until):
        """Give the oracle of who goes on with what was asked about."""
        other = Oracle(self.case)
        other.used = [(tags, range(span.start, min(span.stop, since))) for tags, span in self.used]
        if until > since:
            other.used.append((self.tags, range(since, until)))
        return other

    def wall(self, at):
        return dt.datetime.fromtimestamp(at, self.zone).replace(tzinfo=None)

    def names(self, at):
        found = set()
        for policy in self.case["policies"]:
            bands = self.bands(policy, at)
            if bands is None:
                found.add(("age_unknown", policy.id, ""))
            for band in bands or ():
                found |= self.of_band(policy, band, at)
        return found

    def bands(self, policy, at):
        if self.case["births"] is None:
            return {"deny": None, "allow": [], "restrict": policy.bands}[policy.unknown_age.value]
        first, last = self.case["births"]
        days = [first + dt.timedelta(n) for n in range((last - first).days + 1)]
        ages = {self.age(day, at) for day in days}
        return [
            band
            for band in policy.bands
            if any(band.min_age <= age and (band.max_age is None or age < band.max_age) for age in ages)
        ]

    def age(self, born, at):
        # A date counts as reached from its first instant on, also where the clock goes back over midnight:
        # after as little as a minute of it, as in St. John's.
        now, earlier = self.wall(at), self.wall(at - 7200)
        steps = () if now - earlier == dt.timedelta(0, 7200) else range(60, 7201, 60)
        reached = max([now.date(), *(self.wall(at - back).date() for back in steps)])
        return reached.year - born.year - ((reached.month, reached.day) < (born.month, born.day))

    def of_band(self, policy, band, at):
        found = set()
        for limit in band.hours:
            if ("*" in limit.features or limit.features & self.tags) and not self.is_open(limit.windows, at):
                found.add(("hours_closed", policy.id, limit.id))
        for limit in (*band.quotas, *band.breaks):
            if limit.except_for & self.tags:
                continue
            if isinstance(limit, BreakRule):
                if limit.enforce and self.since_pause("total", limit, at, limit.rest_s) >= limit.after_s:
                    found.add(("break_due", policy.id, limit.id))
                continue
            for scope in self.scopes(limit):
                if (
                    not limit.soft
                    and self.binds(limit, policy, at)
                    and self.count(limit, scope, policy, at) >= limit.seconds
                ):
                    found.add((f"quota_{limit.per.value}", policy.id, limit.id))
        return found

    def scopes(self, limit):
        if limit.scope == "service:*":
            return sorted(tag for tag in self.tags if tag.startswith("service:")) or ["total"]
        return [limit.scope] if limit.scope == "total" or limit.scope in self.tags else []

    def is_open(self, windows, at):
        wall = self.wall(at)
        minute = wall.hour * 60 + wall.minute

        def holds(window):
            for back in (0, 1):
                day = wall.date() - dt.timedelta(back)
                named = "every_day" in window.days or WEEKDAYS[day.weekday()] in window.days
                if named and window.start <= minute + back * 1440 < window.end:
                    return True
            return False

        if any(holds(window) for window in windows if window.deny):
            return False
        opening = [window for window in windows if not window.deny]
        return not opening or any(map(holds, opening))

    def binds(self, limit, policy, at):
        return "every_day" in limit.days or WEEKDAYS[self.day(policy, at).weekday()] in limit.days

    def day(self, policy, at):
        return (self.wall(at) - dt.timedelta(minutes=policy.day_starts_at)).date()

    def groups(self, limit, scope):
        """Give the seconds of all, or one for each device: minute to its seconds, a bit each."""
        counting = getattr(limit, "counting", None)
        union = counting is None or counting.value == "union"
        key = (scope, limit.except_for, union)
        if key not in self.known:
            found = {}
            for tags, span in self.used:
                if (scope == "total" or scope in tags) and not (tags & limit.except_for):
                    device = "" if union else tuple(sorted(tag for tag in tags if tag.startswith("device:")))
                    mark(found.setdefault(device, {}), span)
            self.known[key] = list(found.values())
        return self.known[key]

    def count(self, limit, scope, policy, at):
        if limit.per.value == "gap":
            return self.since_pause(scope, limit, at, limit.span_s)
        if limit.per.value == "rolling":
            span = range(at - limit.span_s, at)
            return sum(
                seconds_in(bits, minute, span) for group in self.groups(limit, scope) for minute, bits in group.items()
            )
        key = {"day": str, "week": lambda day: day.isocalendar()[:2], "month": lambda day: (day.year, day.month)}[
            limit.per.value
        ]
        now = key(self.day(policy, at))
        # Local days begin at whole minutes: a minute lies in one.
        return sum(
            seconds_in(bits, minute, range(minute * 60, at))
            for group in self.groups(limit, scope)
            for minute, bits in group.items()
            if minute * 60 < at and key(self.day_of_minute(policy, minute)) == now
        )

    def day_of_minute(self, policy, minute):
        key = (self.case["tz"], policy.day_starts_at, minute)
        if key not in DAYS:
            DAYS[key] = self.day(policy, minute * 60)
        return DAYS[key]

    def since_pause(self, scope, limit, at, pause):
        count, after = 0, at
        for group in self.groups(limit, scope):  # there is one: a pause is of the child
            for minute in sorted(group, reverse=True):
                if group[minute] == FULL and minute * 60 + 60 <= after < minute * 60 + 60 + pause:
                    count, after = count + 60, minute * 60
                    continue
                for second in range(minute * 60 + 59, minute * 60 - 1, -1):
                    if second < at and group[minute] >> second % 60 & 1:
                        if after - second - 1 >= pause:
                            return count
                        count, after = count + 1, second
        return count


FULL = (1 << 60) - 1


def mark(minutes, span):
    """Set the bits of the seconds of a span."""
    if not span:
        return
    first, last = span.start // 60, (span.stop - 1) // 60
    minutes.update(dict.fromkeys(range(first + 1, last), FULL))
    for minute in {first, last}:
        inside = range(max(span.start, minute * 60), min(span.stop, minute * 60 + 60))
        minutes[minute] = minutes.get(minute, 0) | sum(1 << second % 60 for second in inside)


def seconds_in(bits, minute, span):
    """Count the seconds of a minute that lie in a span."""
    if span.start <= minute * 60 and minute * 60 + 60 <= span.stop:
        return bits.bit_count()
    return sum(bits >> second % 60 & 1 for second in range(minute * 60, minute * 60 + 60) if second in span)
