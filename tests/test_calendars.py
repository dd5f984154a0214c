"""Calendars: China's table against two other collections, day by day, and what calendars may say."""

import datetime as dt
import pickle
import re
import warnings

import attrs
import chinese_calendar
import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov import codec
from platgov.errors import InputError
from platgov.schedules import WEEKDAYS_ONLY, Calendar, DayCalendar, china_calendar, falls_on, from_holidays

FIRST, LAST = dt.date(2010, 1, 1), dt.date(2026, 12, 31)
EVERY = [FIRST + dt.timedelta(number) for number in range((LAST - FIRST).days + 1)]
INSTANT = dt.datetime(2026, 11, 24)  # noqa: DTZ001 - whatever its zone, it is no date
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def listed(name, calendar=None):
    return dict((calendar or china_calendar()).dates)[name]


@pytest.fixture(scope="module")
def book():
    return holidays.country_holidays("CN", years=range(2010, 2027), language="en_US")


# --- China ---


def test_rest_days_are_those_of_two_other_collections_on_every_day(book):
    assert len(EVERY) == 6_209
    for day in EVERY:
        resting = "rest_day" in china_calendar().classes(day)
        assert resting == (not book.is_working_day(day)) == chinese_calendar.is_holiday(day), day
        assert resting != ("workday" in china_calendar().classes(day))


def test_make_up_workdays_are_those_of_two_other_collections(book):
    made_up = {day for day in book.weekend_workdays if FIRST <= day <= LAST}
    also = {day for day in chinese_calendar.constants.workdays if FIRST <= day <= LAST}
    assert listed("makeup_workday") == made_up == also
    assert len(made_up) == 112


def test_adjusted_rest_days_are_those_that_holidays_calls_substituted(book):
    swapped = {}
    for day, name in book.items():
        month_day_year = re.search(r"substituted from (\d\d)/(\d\d)/(\d{4})", name)
        if month_day_year:
            month, date, year = map(int, month_day_year.groups())
            swapped[dt.date(year, month, date)] = day
    assert listed("adjusted_rest_day") == set(swapped.values())
    assert listed("makeup_workday") == set(swapped)


def test_where_the_other_collection_names_another_exchanged_day_it_takes_new_years_eve_for_a_public_holiday():
    # From 2014 to 2024 the eve of the Spring Festival was an ordinary workday that the notices made free by an
    # exchange; chinesecalendar goes on counting it among the three public holidays, as until 2013 and since 2025,
    # and so calls another day of the same festival the exchanged one. In 2022 that is a public holiday by law.
    theirs = {day for day in chinese_calendar.constants.in_lieu_days if FIRST <= day <= LAST}
    ours = listed("adjusted_rest_day")
    assert sorted(map(str, ours - theirs)) == [
        "2015-02-18", "2017-01-27", "2018-02-15", "2020-01-24", "2021-02-11", "2022-01-31",
    ]  # fmt: skip
    assert sorted(map(str, theirs - ours)) == [
        "2015-02-23", "2017-02-01", "2018-02-19", "2018-02-20", "2020-01-29", "2021-02-16", "2022-02-03",
    ]  # fmt: skip


def test_holidays_are_those_of_the_other_collection_but_for_weekend_days():
    theirs = {day for day in chinese_calendar.constants.holidays if FIRST <= day <= LAST}
    ours = listed("holiday")
    # Ours: inside a period that the notice states from its first day to its last. Theirs: the weekend that the
    # notice of 2024 puts beside 1 January ("together with the weekend"). Rest days all of them, either way.
    assert sorted(map(str, ours - theirs)) == ["2011-06-05", "2012-06-23", "2015-09-05"]
    assert sorted(map(str, theirs - ours)) == ["2023-12-30", "2023-12-31"]
    assert all(day.weekday() >= 5 for day in ours ^ theirs)


def test_every_public_holiday_of_holidays_is_one_of_ours(book):
    assert {day for day in book if FIRST <= day <= LAST} <= listed("holiday")


def test_each_exchange_is_a_workday_off_for_a_weekend_day_at_work():
    assert len(listed("adjusted_rest_day")) == len(listed("makeup_workday"))
    assert listed("adjusted_rest_day") <= listed("holiday")
    assert all(day.weekday() < 5 for day in listed("adjusted_rest_day"))
    assert all(day.weekday() >= 5 for day in listed("makeup_workday"))


@pytest.mark.parametrize(
    ("first", "last", "at_work"),
    [  # Source: State Council notices for 2021, 2023 and 2025, as remembered, not from the two collections
        ((2021, 10, 1), (2021, 10, 7), [(2021, 9, 26), (2021, 10, 9)]),
        ((2023, 9, 29), (2023, 10, 6), [(2023, 10, 7), (2023, 10, 8)]),
        ((2025, 1, 28), (2025, 2, 4), [(2025, 1, 26), (2025, 2, 8)]),
        ((2020, 1, 24), (2020, 2, 2), [(2020, 1, 19)]),
    ],
)
def test_a_notice_is_found_again(first, last, at_work):
    begin, end = dt.date(*first), dt.date(*last)
    for number in range((end - begin).days + 1):
        assert {"holiday", "rest_day"} <= china_calendar().classes(begin + dt.timedelta(number))
    for day in (begin - dt.timedelta(1), end + dt.timedelta(1)):
        assert "holiday" not in china_calendar().classes(day)
    for day in at_work:
        assert china_calendar().classes(dt.date(*day)) == {"makeup_workday", "workday"}


def test_china_is_known_from_2010_through_2026_and_not_a_day_further():
    china = china_calendar()
    assert (china.known_from, china.known_through) == (FIRST, LAST)
    assert china.classes(FIRST) == {"holiday", "rest_day"}
    assert china.classes(LAST) == {"workday"}
    assert china.classes(FIRST - dt.timedelta(1)) is china.classes(LAST + dt.timedelta(1)) is None
    assert china is china_calendar()


# --- day classes ---


def expected(days, day, calendar):
    """Say it in other words: every way the open question could be settled, asked one by one."""
    weekday = NAMES[day.weekday()]
    known = calendar.classes(day)
    if known is not None:
        worlds = [known]
    else:
        off, at_work = {"holiday", "rest_day"}, {"makeup_workday", "workday"}
        worlds = [off, {*off, "adjusted_rest_day"}, {"workday"}, {"rest_day"}, set()]
        worlds += [at_work] if weekday in calendar.weekend else []
    answers = set()
    for world in worlds:
        named = set(world) | {"every_day"} | ({weekday} if "makeup_workday" not in world else set())
        answers.add(bool(named & days))
    return answers.pop() if len(answers) == 1 else None


ANY_NAMES = st.frozensets(
    st.sampled_from([*NAMES, "every_day", "rest_day", "holiday", "adjusted_rest_day", "makeup_workday"]), min_size=1
)


@given(ANY_NAMES, st.dates(dt.date(2009, 1, 1), dt.date(2028, 1, 1)))
def test_a_date_falls_on_named_days_only_if_it_does_whatever_is_decided_later(days, day):
    assert falls_on(days, day, china_calendar()) is expected(days, day, china_calendar())


@given(ANY_NAMES, st.dates())
def test_without_make_up_workdays_a_weekday_is_always_known(days, day):
    plain = days & {*NAMES, "every_day"}
    assert falls_on(plain, day, WEEKDAYS_ONLY) is (NAMES[day.weekday()] in plain or "every_day" in plain)


def test_a_calendar_without_make_up_workdays_knows_weekdays_past_its_end():
    calendar = DayCalendar(id="x", dates={"holiday": [dt.date(2026, 12, 25)]}, known_through=dt.date(2026, 12, 31))
    saturday = dt.date(2027, 1, 2)
    assert falls_on(frozenset({"sat"}), saturday, calendar) is True
    assert falls_on(frozenset({"sun"}), saturday, calendar) is False
    assert falls_on(frozenset({"rest_day"}), saturday, calendar) is None
    assert falls_on(frozenset({"sun", "holiday"}), saturday, calendar) is None


def test_a_calendar_of_weekdays_only_is_known_for_ever():
    assert isinstance(WEEKDAYS_ONLY, Calendar)
    assert WEEKDAYS_ONLY.names == {"rest_day", "workday"}
    assert WEEKDAYS_ONLY.classes(dt.date(1, 1, 1)) == {"workday"}
    assert WEEKDAYS_ONLY.classes(dt.date(9999, 12, 31)) == {"workday"}
    assert WEEKDAYS_ONLY.classes(dt.date(2026, 11, 28)) == {"rest_day"}
    gulf = DayCalendar(id="gulf", weekend=["fri", "sat"])
    assert [day for day in range(22, 29) if gulf.classes(dt.date(2026, 11, day)) == {"rest_day"}] == [27, 28]
    never = DayCalendar(id="never", weekend=[])
    assert never.classes(dt.date(2026, 11, 28)) == {"workday"}


def test_an_adjusted_rest_day_and_a_holiday_are_rest_days_each_by_itself():
    monday, tuesday = dt.date(2026, 11, 23), dt.date(2026, 11, 24)
    dates = {"adjusted_rest_day": [monday], "holiday": [tuesday]}
    calendar = DayCalendar(id="x", dates=dates, known_through=LAST)
    assert calendar.classes(monday) == {"adjusted_rest_day", "rest_day"}
    assert calendar.classes(tuesday) == {"holiday", "rest_day"}


def test_school_days_are_the_workdays_of_a_term_and_known_no_longer_than_the_terms_are():
    china = china_calendar().with_terms(
        (dt.date(2025, 9, 1), dt.date(2026, 1, 23)), (dt.date(2026, 3, 2), dt.date(2026, 7, 3))
    )
    school = {day for day in EVERY if "school_day" in (china.classes(day) or ())}
    assert {
        dt.date(2025, 9, 28),
        dt.date(2025, 9, 30),
        dt.date(2026, 5, 9),
    } <= school  # two Sundays and a Saturday at work
    assert not {dt.date(2025, 10, 1), dt.date(2025, 9, 7), dt.date(2026, 2, 11)} & school
    assert (china.known_from, china.known_through) == (dt.date(2025, 9, 1), dt.date(2026, 7, 3))
    assert china.classes(dt.date(2025, 8, 31)) is china.classes(dt.date(2026, 7, 4)) is None
    assert "rest_day" in china.classes(dt.date(2026, 2, 1))
    assert falls_on(frozenset({"school_day"}), dt.date(2026, 7, 4), china) is None
    assert "school_day" in WEEKDAYS_ONLY.with_terms((FIRST, FIRST)).names


def test_a_term_past_the_known_range_ends_with_it():
    china = china_calendar().with_terms((dt.date(2026, 9, 1), dt.date(2027, 1, 20)))
    assert china.known_through == LAST


def test_a_calendar_survives_the_codec_and_pickling():
    for calendar in (china_calendar(), WEEKDAYS_ONLY):
        assert codec.from_json(DayCalendar, codec.to_json(calendar)) == calendar
        assert pickle.loads(pickle.dumps(calendar)).classes(FIRST) == calendar.classes(FIRST)
    assert hash(china_calendar()) == hash(attrs.evolve(china_calendar()))
    assert "2010" not in repr(china_calendar()).replace("known_from=datetime.date(2010, 1, 1)", "")


# --- the package `holidays` ---


@pytest.mark.parametrize("country", ["CN", "VN", "KR", "JP", "US", "DE", "HU", "IR"])
def test_a_calendar_from_holidays_rests_when_holidays_does(country):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns that dates by the moon are estimates
        book = holidays.country_holidays(country, years=range(2023, 2026))
        first, last = dt.date(2023, 1, 1), dt.date(2025, 12, 31)
        calendar = from_holidays(book, id=country.lower(), known_from=first, known_through=last)
        for number in range((last - first).days + 1):
            day = first + dt.timedelta(number)
            assert ("workday" in calendar.classes(day)) == book.is_working_day(day)
            assert ("holiday" in calendar.classes(day)) == (day in book)
    assert calendar.classes(last + dt.timedelta(1)) is None
    assert ("makeup_workday" in calendar.names) == bool(book.weekend_workdays)


def test_the_package_answers_for_years_that_nobody_has_decided_yet_and_the_calendar_does_not():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = holidays.country_holidays("CN", years=range(2026, 2028))
        assert dt.date(2027, 10, 1) in book and not any(day.year == 2027 for day in book.weekend_workdays)
        calendar = from_holidays(book, id="cn", known_from=dt.date(2026, 1, 1), known_through=LAST)
    assert calendar.classes(dt.date(2027, 10, 1)) is None


def test_any_mapping_with_dates_as_keys_will_do():
    calendar = from_holidays({dt.date(2026, 12, 25): "x"}, id="x", known_from=FIRST, known_through=LAST)
    assert calendar.classes(dt.date(2026, 12, 25)) == {"holiday", "rest_day"}
    assert calendar.names == {"holiday", "rest_day", "workday"}


def code(make):
    with pytest.raises(InputError) as caught:
        make()
    (problem,) = caught.value.problems
    return problem.code


def test_a_range_without_make_up_workdays_is_not_a_country_without_them(book):
    summer = from_holidays(book, id="cn", known_from=dt.date(2026, 7, 1), known_through=dt.date(2026, 7, 31))
    assert falls_on(frozenset({"sat"}), dt.date(2026, 8, 1), summer) is None


@pytest.mark.parametrize("bad", [None, 5, {"2026-12-25": 1}, {INSTANT: 1}, {None: 1}])
def test_what_has_no_dates_as_keys_is_refused(bad):
    assert code(lambda: from_holidays(bad, id="x", known_from=FIRST, known_through=LAST)) == "type"


def test_a_book_for_other_years_or_with_a_changing_weekend_is_refused(book):
    early = dt.date(2009, 6, 1)
    assert code(lambda: from_holidays(book, id="cn", known_from=early, known_through=LAST)) == "years"
    assert code(lambda: from_holidays(book, id="cn", known_from=LAST, known_through=FIRST)) == "range"
    assert code(lambda: from_holidays(book, id="cn", known_from=2010, known_through=LAST)) == "type"
    gulf = holidays.country_holidays("AE", years=range(2021, 2023))  # from Friday to Saturday and Sunday, in 2022
    ends = {"known_from": dt.date(2021, 1, 1), "known_through": dt.date(2022, 12, 31)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert code(lambda: from_holidays(gulf, id="ae", **ends)) == "weekend"


# --- what is refused ---

DAYS = {"id": "x", "known_through": LAST}
SATURDAY, MONDAY = dt.date(2026, 11, 28), dt.date(2026, 11, 23)


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        ({"id": ""}, "value"),
        ({"id": 5}, "value"),
        ({"id": "x" * 65}, "value"),
        ({"id": "a\nb"}, "value"),
        ({"weekend": "sat"}, "value"),
        ({"weekend": ["Sat"]}, "value"),
        ({"weekend": [6]}, "value"),
        ({"weekend": [[]]}, "value"),
        ({"weekend": None}, "value"),
        ({"dates": 5}, "type"),
        ({"dates": "holiday"}, "type"),
        ({"dates": {"holiday": 5}}, "type"),
        ({"dates": {"holiday": [[]]}}, "type"),
        ({"dates": {1: [], "a": []}}, "type"),
        ({"dates": {"holiday": "2026-11-24"}}, "type"),
        ({"dates": {"holiday": [INSTANT]}}, "type"),
        ({"dates": {"holiday": [dt.date(2027, 1, 1)]}}, "range"),
        ({"dates": {"holiday": [SATURDAY]}, "known_through": None}, "missing"),
        ({"dates": {"holiday": [FIRST]}, "known_from": SATURDAY}, "range"),
        ({"dates": {"rest_day": [SATURDAY]}}, "name"),
        ({"dates": {"sat": [SATURDAY]}}, "name"),
        ({"dates": {"every_day": []}}, "name"),
        ({"dates": {"Holiday": []}}, "name"),
        ({"dates": {7: []}}, "name"),
        ({"dates": {"makeup_workday": [MONDAY]}}, "value"),
        ({"dates": {"makeup_workday": [SATURDAY], "holiday": [SATURDAY]}}, "conflict"),
        ({"dates": {"makeup_workday": [SATURDAY], "adjusted_rest_day": [SATURDAY]}}, "conflict"),
        ({"known_from": "2010-01-01"}, "type"),
        ({"known_through": 2026}, "type"),
        ({"known_from": INSTANT}, "type"),
        ({"known_from": LAST, "known_through": FIRST}, "range"),
    ],
)
def test_a_calendar_that_cannot_be_meant_is_refused(parts, wanted):
    assert code(lambda: DayCalendar(**{**DAYS, **parts})) == wanted


@pytest.mark.parametrize(
    "terms",
    [
        [],
        [(SATURDAY, MONDAY)],
        [(FIRST, FIRST + dt.timedelta(401))],
        [(SATURDAY,)],
        [5],
        [("2026-09-01", "2026-12-31")],
        [(dt.date(2030, 1, 1), dt.date(2030, 2, 1))],
        [SATURDAY],
    ],
)
def test_terms_that_cannot_be_meant_are_refused(terms):
    assert code(lambda: china_calendar().with_terms(*terms)) == "range"
