"""Windows over the wall clock: laws, worked examples, and what is refused."""

import datetime as dt
import itertools
import pickle
import zoneinfo
from unittest import mock

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from platgov import codec
from platgov.errors import InputError
from platgov.schedules import (
    Calendar,
    DayCalendar,
    Period,
    Periods,
    Schedule,
    State,
    Window,
    china_calendar,
    falls_on,
    first_instant,
    local_date,
)

DAY = 86_400
NAIVE = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - naive on purpose: it is refused
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLASSES = ("every_day", "rest_day", "workday", "holiday", "adjusted_rest_day", "makeup_workday")
# Hours skipped and repeated, half an hour and two, at midnight, a whole date, and none of it.
ZONES = (
    "Asia/Shanghai", "Europe/London", "America/New_York", "America/Havana", "America/Sao_Paulo", "Africa/Cairo",
    "Asia/Beirut", "Australia/Lord_Howe", "Africa/Casablanca", "Antarctica/Troll", "Pacific/Apia", "America/St_Johns",
    "Asia/Tehran", "Asia/Gaza", "Pacific/Kwajalein", "Asia/Kathmandu", "America/Scoresbysund", "America/Santiago",
)  # fmt: skip
SAMOA_SKIP = 1325239200  # 2011-12-30T10:00Z: from Thursday the 29th to Saturday the 31st
ST_JOHNS_BACK = 1289097060  # 2010-11-07T02:31Z: one minute past midnight becomes 23:01 of the 6th
LONDON_BACK = 1792890000  # 2026-10-25T01:00Z: two o'clock becomes one


def utc(*parts):
    return int(dt.datetime(*parts, tzinfo=dt.UTC).timestamp())


def wall(*parts, tz, fold=0):
    return int(dt.datetime(*parts, tzinfo=zoneinfo.ZoneInfo(tz), fold=fold).timestamp())


@st.composite
def windows(draw, deny=st.booleans(), names=NAMES + CLASSES):
    start = draw(st.integers(0, 1439))
    end = draw(st.integers(start + 1, 2880))
    days = draw(st.frozensets(st.sampled_from(names), min_size=1, max_size=4))
    months = draw(st.just(frozenset(range(1, 13))) | st.frozensets(st.integers(1, 12), min_size=6))
    return Window(start=start, end=end, days=days, months=months, deny=draw(deny))


starts = st.one_of(
    st.integers(utc(2009, 6, 1), utc(2028, 1, 1)),
    st.sampled_from([SAMOA_SKIP, ST_JOHNS_BACK, LONDON_BACK]).flatmap(lambda at: st.integers(at - 6 * DAY, at)),
)


@st.composite
def schedules(draw, calendar=None, most=4):
    start = draw(starts)
    return Schedule(
        windows=draw(st.lists(windows(), max_size=most)),
        tz=draw(st.sampled_from(ZONES)),
        start=start,
        end=start + draw(st.integers(1, 12 * DAY)),
        calendar=calendar or draw(st.sampled_from([china_calendar(), attrs.evolve(china_calendar(), id="again")])),
    )


def inside(schedule):
    """Give instants all over a range, most of them next to where something happens."""
    edges = [edge + by for state in State for span in schedule.intervals(state) for edge in span for by in (-1, 0, 1)]
    spread = range(schedule.start, schedule.end, max(1, (schedule.end - schedule.start) // 50))
    return sorted({at for at in (*edges, *spread) if schedule.start <= at < schedule.end})


# --- laws ---


@given(schedules(), st.randoms())
def test_neither_order_nor_repetition_of_windows_changes_anything(schedule, rng):
    mixed = [*schedule.windows, *rng.choices(schedule.windows, k=2)] if schedule.windows else []
    rng.shuffle(mixed)
    again = attrs.evolve(schedule, windows=mixed)
    assert [again.intervals(state) for state in State] == [schedule.intervals(state) for state in State]


@given(schedules(), st.data())
def test_a_window_split_in_two_changes_nothing(schedule, data):
    assume(schedule.windows and schedule.windows[0].end - schedule.windows[0].start > 1)
    first, *others = schedule.windows
    assume(first.start < 1439)
    cut = data.draw(st.integers(first.start + 1, min(first.end - 1, 1439)))
    parts = [attrs.evolve(first, end=cut), attrs.evolve(first, start=cut)]
    again = attrs.evolve(schedule, windows=[*others, *parts])
    assert [again.intervals(state) for state in State] == [schedule.intervals(state) for state in State]


@given(schedules())
def test_the_stretches_of_the_three_states_make_up_the_range_and_no_two_of_one_touch(schedule):
    spans = sorted((*span, state.value) for state in State for span in schedule.intervals(state))
    assert spans[0][0] == schedule.start and spans[-1][1] == schedule.end
    for (start, end, state), (next_start, _, next_state) in itertools.pairwise(spans):
        assert start < end == next_start and state != next_state


@given(schedules())
def test_the_state_stays_until_next_change_and_is_another_one_then(schedule):
    for at in [schedule.start - 5 * DAY, schedule.start - 1, *inside(schedule)]:
        change = schedule.next_change(at)
        until = schedule.end if change is None else change
        assert at < until <= schedule.end
        state = schedule.state(at)
        assert all(schedule.state(there) is state for there in range(at, until, max(1, (until - at) // 20)))
        assert schedule.state(until - 1) is state
        assert change is None or schedule.state(change) is not state


@given(schedules())
def test_every_question_gives_the_same_answer(schedule):
    for at in inside(schedule):
        span = schedule.interval_at(at)
        assert span.start <= at < span.end
        assert schedule.state(at) is span.state
        assert schedule.is_open(at) == (span.state is State.OPEN)
        assert (span.start, span.end) in schedule.intervals(span.state)
        assert schedule.next_change(at) == (span.end if span.end < schedule.end else None)
        opens = [max(start, at) for start, end in schedule.intervals() if end > at]
        assert schedule.next_open(at) == min(opens, default=None)


@given(schedules(), st.data())
def test_open_seconds_are_those_of_the_open_stretches_and_add_up(schedule, data):
    points = st.integers(schedule.start, schedule.end)
    first, middle, last = sorted(data.draw(st.tuples(points, points, points)))
    counted = sum(max(0, min(end, last) - max(start, first)) for start, end in schedule.intervals())
    assert schedule.seconds_between(first, last) == counted
    assert schedule.seconds_between(first, middle) + schedule.seconds_between(middle, last) == counted


@given(schedules(), st.data())
def test_a_shorter_range_gives_the_same_answers_inside_it(schedule, data):
    assume(schedule.end - schedule.start > 1)
    start = data.draw(st.integers(schedule.start, schedule.end - 1))
    end = data.draw(st.integers(start + 1, schedule.end))
    part = attrs.evolve(schedule, start=start, end=end)
    assert all(part.state(at) is schedule.state(at) for at in inside(part))


@given(schedules(), windows(deny=st.just(True)))
def test_one_more_closed_window_never_opens_anything(schedule, window):
    stricter = attrs.evolve(schedule, windows=[*schedule.windows, window])
    assert all(schedule.is_open(at) for at in inside(stricter) if stricter.is_open(at))


@given(schedules(), windows(deny=st.just(False)))
def test_one_more_open_window_beside_another_never_closes_anything(schedule, window):
    assume(not all(window.deny for window in schedule.windows))
    wider = attrs.evolve(schedule, windows=[*schedule.windows, window])
    assert all(wider.is_open(at) for at in inside(schedule) if schedule.is_open(at))


@given(schedules(calendar=china_calendar()), st.data())
def test_what_is_known_with_less_of_the_calendar_stays_true_with_more_of_it(schedule, data):
    assume(utc(2010, 1, 5) <= schedule.start and schedule.end <= utc(2026, 12, 28))
    first = dt.date.fromordinal(719_163 + schedule.start // DAY + data.draw(st.integers(-3, 10)))
    last = first + dt.timedelta(data.draw(st.integers(0, 8)))
    full, less = schedule, attrs.evolve(schedule, calendar=cut(china_calendar(), first, last))
    assert full.intervals(State.UNKNOWN) == ()
    assert all(full.state(at) is less.state(at) for at in inside(less) if less.state(at) is not State.UNKNOWN)


def cut(calendar, first, last):
    dates = {name: {day for day in days if first <= day <= last} for name, days in calendar.dates}
    return attrs.evolve(calendar, dates=dates, known_from=first, known_through=last)


@given(windows())
def test_a_window_reads_back_from_its_plain_form(window):
    assert Window.from_plain(window.to_plain()) == window
    assert codec.from_json(Window, codec.to_json(window)) == window


@given(schedules(most=2), st.integers(0, 11 * DAY))
def test_datetimes_of_any_zone_are_answered_as_epoch_seconds_are(schedule, after):
    at = schedule.start + after
    for tz in ("UTC", schedule.tz):
        moment = dt.datetime.fromtimestamp(at, zoneinfo.ZoneInfo(tz))
        for ask in (schedule.state, schedule.is_open, schedule.next_change, schedule.next_open):
            assert ask(moment) == ask(at)


def test_a_schedule_survives_pickling_and_equals_its_copy():
    schedule = london(Window(start="22:00", end="06:00", deny=True))
    again = pickle.loads(pickle.dumps(schedule))
    assert again == schedule and again.intervals() == schedule.intervals()


# --- days, weeks and months ---


@st.composite
def periods(draw):
    start = draw(starts)
    return Periods(
        tz=draw(st.sampled_from(ZONES)),
        start=start,
        end=start + draw(st.integers(1, 40 * DAY)),
        day_starts_at=draw(st.just(0) | st.integers(0, 1439)),
    )


def shown_date(at, tz, day_starts_at=0):
    shown = dt.datetime.fromtimestamp(at, zoneinfo.ZoneInfo(tz)).replace(tzinfo=None)
    return (shown - dt.timedelta(minutes=day_starts_at)).date()


def key(kind, day):
    return {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}[kind], day


@given(periods(), st.data())
def test_an_instant_is_in_the_periods_of_the_date_that_its_clock_shows(calendar, data):
    at = data.draw(st.integers(calendar.start, calendar.end - 1))
    day = shown_date(at, calendar.tz, calendar.day_starts_at)
    assert calendar.local_date(at) == local_date(at, calendar.tz, day_starts_at=calendar.day_starts_at) == day
    for kind in ("day", "week", "month"):
        form, _ = key(kind, day)
        period = calendar.period(kind, at)
        assert (period.kind, period.key) == (kind, day.strftime(form))
        assert any(start <= at < end for start, end in period.spans)
        for start, end in period.spans:
            inner = [start, (start + end) // 2, end - 1]
            assert all(shown_date(x, calendar.tz, calendar.day_starts_at).strftime(form) == period.key for x in inner)
            outer = [start - 1, end]
            assert all(shown_date(x, calendar.tz, calendar.day_starts_at).strftime(form) != period.key for x in outer)


@given(periods(), st.data())
def test_a_period_is_whole_whatever_range_was_asked_for(calendar, data):
    at = data.draw(st.integers(calendar.start, calendar.end - 1))
    small = attrs.evolve(calendar, start=at, end=at + 1)
    large = attrs.evolve(calendar, start=calendar.start - 50 * DAY, end=calendar.end + 50 * DAY)
    for kind in ("day", "week", "month"):
        assert small.period(kind, at) == calendar.period(kind, at) == large.period(kind, at)


@given(st.sampled_from(ZONES), starts, st.just(0) | st.integers(0, 1439))
def test_no_earlier_instant_has_reached_a_date(tz, at, day_starts_at):
    day = shown_date(at, tz, day_starts_at)
    first = first_instant(day, tz, day_starts_at=day_starts_at)
    assert first <= at
    assert shown_date(first, tz, day_starts_at) >= day
    assert all(shown_date(first - by, tz, day_starts_at) < day for by in (1, 60, 1800, 3600, 7200, DAY, 3 * DAY))


def test_a_date_that_comes_twice_is_one_day_and_one_minute_of_the_next_lies_in_between():
    calendar = Periods(tz="America/St_Johns", start=ST_JOHNS_BACK - 3 * DAY, end=ST_JOHNS_BACK + 3 * DAY)
    sixth, seventh = (calendar.period("day", at) for at in (ST_JOHNS_BACK, ST_JOHNS_BACK - 30))
    midnight = ST_JOHNS_BACK - 60
    assert sixth.spans == ((midnight - DAY, midnight), (ST_JOHNS_BACK, ST_JOHNS_BACK + 3540))
    assert seventh.spans == ((midnight, ST_JOHNS_BACK), (ST_JOHNS_BACK + 3540, ST_JOHNS_BACK + 3540 + DAY))
    assert (sixth.key, sixth.seconds, sixth.start, sixth.end) == (
        "2010-11-06", DAY + 3540, midnight - DAY, ST_JOHNS_BACK + 3540,
    )  # fmt: skip
    assert first_instant(dt.date(2010, 11, 7), "America/St_Johns") == midnight  # reached once is reached


def test_a_date_that_never_comes_has_no_instants():
    calendar = Periods(tz="Pacific/Apia", start=SAMOA_SKIP - 3 * DAY, end=SAMOA_SKIP + 3 * DAY)
    keys = [calendar.period("day", at).key for at in range(calendar.start, calendar.end, 1800)]
    assert "2011-12-30" not in keys and {"2011-12-29", "2011-12-31"} <= set(keys)
    assert calendar.period("day", SAMOA_SKIP - 1).end == calendar.period("day", SAMOA_SKIP).start == SAMOA_SKIP
    assert calendar.period("week", SAMOA_SKIP).seconds == 6 * DAY
    assert first_instant(dt.date(2011, 12, 30), "Pacific/Apia") == SAMOA_SKIP


def test_days_have_23_or_25_hours_and_months_run_from_midnight_to_midnight():
    calendar = Periods(tz="Europe/London", start=utc(2026, 1, 1), end=utc(2027, 1, 1))
    lengths = {calendar.period("day", at).seconds for at in range(calendar.start, calendar.end, DAY // 2)}
    assert lengths == {23 * 3600, 24 * 3600, 25 * 3600}
    assert calendar.period("month", LONDON_BACK).spans == ((utc(2026, 9, 30, 23), utc(2026, 11, 1)),)
    assert calendar.period("week", utc(2026, 11, 24)).key == "2026-W48"
    assert calendar.period("week", utc(2026, 12, 31)).key == "2026-W53"


def test_a_day_that_starts_at_four_counts_the_night_to_the_day_before():
    calendar = Periods(tz="Asia/Shanghai", start=utc(2026, 2, 1), end=utc(2026, 4, 1), day_starts_at="04:00")
    night = wall(2026, 3, 1, 3, 59, tz="Asia/Shanghai")
    assert calendar.local_date(night) == dt.date(2026, 2, 28)
    assert calendar.period("month", night).key == "2026-02"
    assert (
        calendar.period("month", night).end
        == wall(2026, 3, 1, 4, tz="Asia/Shanghai")
        == first_instant(dt.date(2026, 3, 1), "Asia/Shanghai", day_starts_at="04:00")
    )


def test_a_period_is_a_plain_value():
    period = Period(kind="day", key="2026-11-24", spans=((0, 10), (20, 25)))
    assert (period.start, period.end, period.seconds) == (0, 25, 15)


# --- worked examples ---


def london(*windows, calendar=None, start=utc(2026, 1, 1), end=utc(2027, 1, 1)):
    return Schedule(windows=windows, tz="Europe/London", start=start, end=end, calendar=calendar)


def test_no_window_is_always_open_and_a_range_says_nothing_about_what_lies_outside():
    schedule = london()
    assert schedule.intervals() == ((schedule.start, schedule.end),)
    assert schedule.next_change(schedule.start) is None
    assert schedule.seconds_between(schedule.start, schedule.end) == schedule.end - schedule.start
    for at in (schedule.start - 1, schedule.end, -(10**30), 10**30):
        assert schedule.state(at) is State.UNKNOWN and not schedule.is_open(at)
    assert schedule.next_change(schedule.start - 1) == schedule.next_open(schedule.start - 1) == schedule.start
    assert schedule.next_change(schedule.end) is schedule.next_open(schedule.end) is None


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_starts():
    schedule = london(Window(start="22:00", end="02:00", days=["fri"]))
    friday = utc(2026, 1, 9)
    assert schedule.intervals()[1] == (friday + 22 * 3600, friday + 26 * 3600)  # the first began on 2 January
    assert schedule.intervals()[0] == (utc(2026, 1, 2, 22), utc(2026, 1, 3, 2))
    assert not schedule.is_open(friday + 3600)  # Friday at one is still Thursday's night


def test_a_window_may_reach_through_the_whole_next_day():
    schedule = london(Window(start="12:00", end="48:00", days=["mon"]))
    assert schedule.intervals()[0] == (utc(2026, 1, 5, 12), utc(2026, 1, 7))


@pytest.mark.parametrize("tz", ["Europe/London", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York"])
@pytest.mark.parametrize("hour", [0, 1, 5, 12, 19, 23])
def test_a_window_that_began_before_the_range_still_holds_in_it(tz, hour):
    start, until = wall(2026, 1, 6, hour, tz=tz), wall(2026, 1, 7, tz=tz)
    two_days = Window(start="00:00", end="48:00", days=["mon"])
    for days in (1, 2, 3, 8, 9):
        schedule = Schedule(windows=[two_days], tz=tz, start=start, end=start + days * DAY)
        assert schedule.intervals()[0] == (start, min(until, schedule.end))
        assert not schedule.is_open(until)


def test_a_repeated_hour_counts_twice_and_a_skipped_one_never():
    schedule = london(Window(start="01:00", end="02:00"))
    by_day = {start // DAY: end - start for start, end in schedule.intervals()}
    assert by_day[LONDON_BACK // DAY] == 7200
    assert utc(2026, 3, 29) // DAY not in by_day
    assert len(by_day) == 364 and set(by_day.values()) == {3600, 7200}


def test_an_end_inside_the_repeated_hour_opens_twice():
    schedule = london(Window(start="00:00", end="01:30"))
    day = [span for span in schedule.intervals() if utc(2026, 10, 24, 20) < span[0] < utc(2026, 10, 25, 20)]
    assert day == [(utc(2026, 10, 24, 23), utc(2026, 10, 25, 0, 30)), (LONDON_BACK, LONDON_BACK + 1800)]


def test_the_night_after_a_date_that_never_came_is_its_window_by_the_clock():
    night = Window(start="22:00", end="02:00", days=["fri"])
    schedule = Schedule(windows=[night], tz="Pacific/Apia", start=SAMOA_SKIP - DAY, end=SAMOA_SKIP + 2 * DAY)
    assert schedule.intervals() == ((SAMOA_SKIP, SAMOA_SKIP + 7200),)


def test_a_closed_window_beats_an_open_one():
    schedule = london(Window(start="08:00", end="20:00"), Window(start="12:00", end="13:00", deny=True))
    noon = utc(2026, 1, 5, 12)
    assert [schedule.is_open(noon + by) for by in (-1, 0, 3599, 3600)] == [True, False, False, True]


def test_school_hours_hold_on_weekdays_from_september_to_may():
    school = Window(
        start="08:00", end="15:00", days=NAMES[:5], months=[9, 10, 11, 12, 1, 2, 3, 4, 5], deny=True
    )  # Source: California HSC 27002, notifications to minors
    tz = "America/Los_Angeles"
    schedule = Schedule(windows=[school], tz=tz, start=utc(2026, 1, 1), end=utc(2027, 1, 1))
    closed = [wall(2026, month, day, 9, tz=tz) for month, day in ((5, 29), (9, 1), (12, 31))]
    opened = [wall(2026, month, day, 9, tz=tz) for month, day in ((6, 1), (8, 31), (9, 5))]
    assert not any(map(schedule.is_open, closed)) and all(map(schedule.is_open, opened))


def test_a_message_in_quiet_hours_waits_for_their_end():
    quiet = london(Window(start="22:00", end="07:00", deny=True))
    late = utc(2026, 1, 5, 23)
    assert quiet.next_open(late) == utc(2026, 1, 6, 7)
    assert quiet.next_open(utc(2026, 1, 6, 7)) == utc(2026, 1, 6, 7)


GAMES = Window(start="20:00", end="21:00", days=["fri", "sat", "sun", "rest_day"])


def china(first, last, *windows):
    start, end = (wall(*day, tz="Asia/Shanghai") for day in (first, last))
    return Schedule(windows=windows, tz="Asia/Shanghai", start=start, end=end, calendar=china_calendar())


@pytest.mark.parametrize(
    ("first", "after", "hours"),
    [((2026, 2, 5), (2026, 3, 6), 15), ((2024, 9, 13), (2024, 10, 14), 18)],
)
def test_the_hours_of_play_that_publishers_announced_for_holidays(first, after, hours):
    # Source: notices of Tencent and NetEase for winter 2026 and autumn 2024, totals as printed in the press.
    schedule = china(first, after, GAMES)
    assert schedule.seconds_between(schedule.start, schedule.end) == hours * 3600


def test_a_make_up_saturday_is_no_saturday_and_an_adjusted_rest_day_is_a_rest_day():
    schedule = china((2021, 2, 1), (2021, 3, 1), GAMES)
    evenings = {day: schedule.is_open(wall(2021, 2, day, 20, 30, tz="Asia/Shanghai")) for day in range(1, 29)}
    assert [day for day, opened in evenings.items() if opened] == [5, 6, 11, 12, 13, 14, 15, 16, 17, 19, 21, 26, 27, 28]
    at_work = china((2021, 2, 1), (2021, 3, 1), attrs.evolve(GAMES, days=["sat", "makeup_workday"]))
    assert at_work.is_open(wall(2021, 2, 20, 20, tz="Asia/Shanghai"))
    assert at_work.is_open(wall(2021, 2, 7, 20, tz="Asia/Shanghai"))


def test_past_the_known_calendar_only_what_cannot_depend_on_it_is_answered():
    schedule = china((2027, 9, 27), (2027, 10, 11), GAMES)
    states = [schedule.state(wall(2027, 10, day, 20, tz="Asia/Shanghai")) for day in range(1, 8)]
    # Friday is open whatever the State Council decides; no other evening is certain.
    assert states == [State.OPEN, *[State.UNKNOWN] * 6]
    assert schedule.state(wall(2027, 10, 4, 12, tz="Asia/Shanghai")) is State.CLOSED
    assert schedule.next_open(wall(2027, 10, 2, 0, tz="Asia/Shanghai")) == wall(2027, 10, 8, 20, tz="Asia/Shanghai")
    night = china((2027, 9, 27), (2027, 10, 11), Window(start="22:00", end="06:00", deny=True))
    assert night.intervals(State.UNKNOWN) == ()
    rest = china((2027, 9, 27), (2027, 10, 11), Window(start=0, end=1440, days=["rest_day"], deny=True))
    assert rest.intervals() == () and rest.intervals(State.CLOSED) == ()


def test_a_schedule_that_starts_unknown_changes_first_where_something_is_known():
    schedule = china((2027, 10, 4), (2027, 10, 9), Window(start=0, end=1440, days=["rest_day", "fri"]))
    friday = wall(2027, 10, 8, tz="Asia/Shanghai")
    assert schedule.next_change(0) == schedule.next_change(schedule.start) == friday


# --- what is refused ---


def refusal(make):
    with pytest.raises(InputError) as caught:
        make()
    return caught.value.problems


def window(**parts):
    return Window(**{"start": "08:00", "end": "10:00", **parts})


@pytest.mark.parametrize(
    ("parts", "path", "code"),
    [
        ({"end": "08:00"}, "$.end", "empty"),
        ({"start": 480, "end": 480}, "$.end", "empty"),
        ({"start": "24:00", "end": "25:00"}, "$.start", "time"),
        ({"start": "23:59:60"}, "$.start", "time"),
        ({"start": "8:00"}, "$.start", "time"),
        ({"start": "08:60"}, "$.start", "time"),
        ({"start": "\u0660\u0668:00"}, "$.start", "time"),
        ({"start": " 08:00"}, "$.start", "time"),
        ({"start": "08:00\n"}, "$.start", "time"),
        ({"start": ""}, "$.start", "time"),
        ({"start": -1}, "$.start", "time"),
        ({"start": True}, "$.start", "time"),
        ({"start": 480.0}, "$.start", "time"),
        ({"start": None}, "$.start", "time"),
        ({"start": float("nan")}, "$.start", "time"),
        ({"end": "48:01"}, "$.end", "time"),
        ({"end": 10**30}, "$.end", "time"),
        ({"end": dt.time(10)}, "$.end", "time"),
        ({"days": "mon"}, "$.days", "type"),
        ({"days": []}, "$.days", "type"),
        ({"days": [["mon"]]}, "$.days", "type"),
        ({"days": 5}, "$.days", "type"),
        ({"days": [f"d{n}" for n in range(65)]}, "$.days", "type"),
        ({"days": ["Mon"]}, "$.days", "value"),
        ({"days": [1]}, "$.days", "value"),
        ({"days": ["mon\n"]}, "$.days", "value"),
        ({"days": ["x" * 10_000]}, "$.days", "value"),
        ({"months": []}, "$.months", "type"),
        ({"months": 5}, "$.months", "type"),
        ({"months": [0]}, "$.months", "value"),
        ({"months": [13]}, "$.months", "value"),
        ({"months": [True]}, "$.months", "value"),
        ({"months": ["5"]}, "$.months", "value"),
        ({"deny": 1}, "$.deny", "type"),
        ({"deny": None}, "$.deny", "type"),
    ],
)
def test_a_window_that_cannot_be_meant_is_refused(parts, path, code):
    (problem,) = refusal(lambda: window(**parts))
    assert (problem.path, problem.code) == (path, code)
    assert len(problem.message) < 250


def test_all_problems_of_a_window_are_named_at_once():
    problems = refusal(lambda: Window(start="25:00", end=None, days="mon", months=[13], deny="no"))
    assert [problem.path for problem in problems] == ["$.start", "$.end", "$.days", "$.months", "$.deny"]


def test_an_end_below_the_start_is_on_the_next_day():
    night = window(start="22:00", end="06:00")
    assert (night.start, night.end) == (1320, 1800)
    assert night == window(start=1320, end=360) == window(start="22:00", end="30:00")
    assert window(start="22:00", end="00:00").end == 1440
    assert night.to_plain()["end"] == "30:00"


@given(st.integers(0, 1439), st.integers(0, 1439))
def test_every_end_below_its_start_is_kept_as_of_the_next_day(start, end):
    assume(end != start)
    assert window(start=start, end=end).end == (end if end > start else end + 1440)


def test_a_plain_form_lists_weekdays_from_monday_and_then_the_classes():
    plain = window(days=["sun", "workday", "every_day", "fri", "mon"]).to_plain()
    assert plain["days"] == ["mon", "fri", "sun", "every_day", "workday"]


@pytest.mark.parametrize(
    ("plain", "path", "code"),
    [
        ([], "$", "type"),
        ({"start": "08:00"}, "$.end", "missing"),
        ({"start": "08:00", "end": "09:00", "day": ["mon"]}, "$.day", "unknown_field"),
        ({"start": "08:00", "end": "09:00", 5: 5}, "$[5]", "unknown_field"),
        ({"start": "08:00", "end": "09:00", "days": ["?"]}, "$.days", "value"),
    ],
)
def test_a_plain_form_that_is_no_window_is_refused(plain, path, code):
    (problem,) = refusal(lambda: Window.from_plain(plain))
    assert (problem.path, problem.code) == (path, code)


BAD_ZONES = [
    "../../etc/passwd", "/etc/passwd", "/usr/share/zoneinfo/Europe/London", "Europe/../Europe/London", "Mars/Phobos",
    "Europe/London\0", "\0", "A" * 10_000, "Europe", "", " ", "Europe/London ", "europe//london", "tzdata.zi",
    "zone.tab", "localtime", "posix/Europe/London", "right/Europe/London", "posixrules", "Factory",
    "UTC+8", "\u2215", "a\ud800", "https://x/y", None, 8, True, b"UTC", dt.UTC, zoneinfo.ZoneInfo("UTC"), ["UTC"],
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_ZONES, ids=lambda name: ascii(name)[:30])
def test_a_name_of_no_zone_is_refused_in_one_way_everywhere(name):
    start, end = utc(2026, 1, 1), utc(2026, 1, 2)
    for make in (
        lambda: Schedule(windows=[], tz=name, start=start, end=end),
        lambda: Periods(tz=name, start=start, end=end),
        lambda: local_date(start, name),
        lambda: first_instant(dt.date(2026, 1, 1), name),
    ):
        (problem,) = refusal(make)
        assert (problem.code, len(problem.message) < 250) == ("zone", True)


@pytest.mark.parametrize(
    "name", ["UTC", "Etc/GMT+8", "America/Argentina/Buenos_Aires", "America/Port-au-Prince", "EST5EDT"]
)
def test_every_kind_of_zone_name_is_read(name):
    assert local_date(utc(2026, 1, 1, 12), name) == dt.date(2026, 1, 1)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (utc(2026, 1, 2), utc(2026, 1, 1)),
        (utc(2026, 1, 1), utc(2026, 1, 1)),
        (utc(1899, 12, 31), utc(1900, 1, 2)),
        (utc(2199, 12, 31), utc(2200, 1, 2)),
        (0, 0 + 15_001 * DAY),
        (True, 5),
        (0, 5.0),
        (0, "2026-01-01"),
        (0, 10**30),
        (NAIVE, utc(2027, 1, 1)),
        (dt.date(2026, 1, 1), utc(2027, 1, 1)),
        (None, 5),
    ],
)
def test_a_range_that_cannot_be_meant_is_refused(start, end):
    refusal(lambda: Schedule(windows=[], tz="UTC", start=start, end=end))
    refusal(lambda: Periods(tz="UTC", start=start, end=end))


def test_the_longest_and_the_outermost_ranges_are_accepted():
    for start, end in ((utc(1900, 1, 1), utc(1900, 1, 2)), (utc(2199, 12, 31), utc(2200, 1, 1)), (0, 15_000 * DAY)):
        assert Schedule(windows=[], tz="Europe/London", start=start, end=end).is_open(end - 1)
        assert Periods(tz="Europe/London", start=start, end=end).local_date(start) == local_date(start, "Europe/London")


@pytest.mark.parametrize(
    "bad", [None, "x", Window(start=0, end=1), {}, [None], ["22:00-06:00"], [{"start": 0, "end": 1}]]
)
def test_windows_are_a_list_of_windows(bad):
    problems = refusal(lambda: Schedule(windows=bad, tz="UTC", start=0, end=5))
    assert [problem.code for problem in problems] == ["type"]


def test_more_work_than_a_second_or_two_is_refused():
    many = [Window(start=n, end=n + 1) for n in range(1001)]
    (problem,) = refusal(lambda: Schedule(windows=many, tz="UTC", start=0, end=1000 * DAY))
    assert problem.code == "range"
    (problem,) = refusal(lambda: Schedule(windows=many * 400, tz="UTC", start=0, end=1))
    assert problem.code == "range"
    assert Schedule(windows=many[:10], tz="UTC", start=0, end=1000 * DAY).is_open(0)


def test_without_a_calendar_only_weekdays_can_be_named():
    assert london(Window(start=0, end=1440, days=["sat", "every_day"])).is_open(utc(2026, 1, 1))
    (problem,) = refusal(lambda: london(Window(start=0, end=1440, days=["sat", "rest_day"])))
    assert (problem.path, problem.code) == ("$.windows[0].days", "unknown_day")


def test_a_day_that_the_calendar_does_not_know_is_refused_and_not_taken_for_never():
    school = Window(start="08:00", end="15:00", days=["mon", "school_day"])
    (problem,) = refusal(lambda: london(Window(start=0, end=1), school, calendar=china_calendar()))
    assert (problem.path, problem.code) == ("$.windows[1].days", "unknown_day")
    assert "'school_day'" in problem.message and "makeup_workday" in problem.message


class Strange:
    """A host's calendar, as far as it was written."""

    id, weekend, known_from, known_through = "strange", frozenset(), None, None
    names = frozenset({"odd_day"})

    def __init__(self, answer):
        self.answer = answer

    def classes(self, day):
        return self.answer


@pytest.mark.parametrize("bad", [False, "cn", {}, china_calendar, mock.Mock(spec=["id", "names"])])
def test_what_is_no_calendar_is_refused(bad):
    (problem,) = refusal(lambda: london(calendar=bad))
    assert (problem.path, problem.code) == ("$.calendar", "type")


def test_a_calendar_whose_names_are_no_set_is_refused():
    strange = Strange(None)
    strange.names = ["odd_day"]
    (problem,) = refusal(lambda: london(calendar=strange))
    assert problem.path == "$.calendar"


@pytest.mark.parametrize("answer", [True, "odd_day", ["odd_day"], frozenset({"holiday"})])
def test_a_calendar_that_answers_something_else_than_its_classes_is_refused(answer):
    odd = Window(start=0, end=1440, days=["odd_day"])
    (problem,) = refusal(lambda: london(odd, calendar=Strange(answer)))
    assert problem.code == "answer"


def test_a_calendar_of_the_hosts_own_is_asked():
    odd = Window(start=0, end=1440, days=["odd_day"])
    assert isinstance(Strange(None), Calendar)
    assert len(london(odd, calendar=Strange(frozenset({"odd_day"}))).intervals()) == 1
    assert london(odd, calendar=Strange(frozenset())).intervals() == ()
    assert london(odd, calendar=Strange(None)).intervals(State.UNKNOWN) == ((utc(2026, 1, 1), utc(2027, 1, 1)),)


def test_questions_outside_the_range_that_have_no_answer_are_refused():
    schedule = london()
    calendar = Periods(tz="Europe/London", start=schedule.start, end=schedule.end)
    for at in (schedule.start - 1, schedule.end, 10**30):
        refusal(lambda: schedule.interval_at(at))
        refusal(lambda: calendar.local_date(at))
        refusal(lambda: calendar.period("day", at))
    for first, last in (
        (schedule.start - 1, schedule.end), (schedule.start, schedule.end + 1), (schedule.end, schedule.start),
    ):  # fmt: skip
        refusal(lambda: schedule.seconds_between(first, last))


@pytest.mark.parametrize("at", [True, 1.0, "now", None, NAIVE, dt.date(2026, 1, 1)])
def test_what_is_no_instant_is_refused(at):
    schedule = london()
    calendar = Periods(tz="Europe/London", start=schedule.start, end=schedule.end)
    for ask in (
        schedule.state, schedule.is_open, schedule.next_change, schedule.next_open, schedule.interval_at,
        calendar.local_date, lambda at: calendar.period("day", at), lambda at: local_date(at, "UTC"),
    ):  # fmt: skip
        refusal(lambda: ask(at))


@pytest.mark.parametrize("kind", ["year", "Day", "", None, 1, ["day"]])
def test_no_other_kind_of_period_is_known(kind):
    calendar = Periods(tz="UTC", start=0, end=5)
    (problem,) = refusal(lambda: calendar.period(kind, 0))
    assert problem.code == "value"


@pytest.mark.parametrize("minute", [-1, 1440, True, 4.0, "24:00", "4", None])
def test_a_day_starts_within_a_day(minute):
    for make in (
        lambda: Periods(tz="UTC", start=0, end=5, day_starts_at=minute),
        lambda: local_date(0, "UTC", day_starts_at=minute),
    ):
        (problem,) = refusal(make)
        assert (problem.path, problem.code) == ("$.day_starts_at", "time")


@pytest.mark.parametrize(
    "day", [None, "2026-01-01", 20_000, NAIVE, dt.date(1899, 1, 1), dt.date(2200, 1, 5), dt.date.max]
)
def test_first_instants_are_of_dates_in_the_range_of_zones(day):
    refusal(lambda: first_instant(day, "UTC"))


def test_local_dates_are_of_instants_in_the_range_of_zones():
    refusal(lambda: local_date(utc(1899, 12, 31), "UTC"))
    refusal(lambda: local_date(utc(2200, 1, 1), "UTC"))


def test_falls_on_needs_no_schedule():
    saturday = dt.date(2021, 2, 20)
    assert falls_on(frozenset({"sat"}), saturday, china_calendar()) is False
    assert falls_on(frozenset({"sat"}), saturday, DayCalendar(id="plain")) is True
    for days, day, code in (
        ("sat", saturday, "type"),
        (["sat"], saturday, "type"),
        (frozenset({"sat"}), "2021-02-20", "type"),
        (frozenset({"sat"}), dt.datetime(2021, 2, 20, tzinfo=dt.UTC), "type"),
        (frozenset({"sat", "school_day"}), saturday, "unknown_day"),
    ):
        (problem,) = refusal(lambda: falls_on(days, day, china_calendar()))
        assert problem.code == code
