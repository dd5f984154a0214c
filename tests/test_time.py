"""Instants: whole UTC seconds inside, datetimes with an offset at the edge."""

import datetime as dt
import itertools
import subprocess
import sys
import zoneinfo

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._time import (
    FIRST,
    LAST,
    date_from_iso,
    from_iso,
    instant_from_iso,
    instant_to_iso,
    to_datetime,
    to_epoch,
    to_iso,
    whole_seconds,
)
from platgov.errors import InputError

ZONES = ["UTC", "America/New_York", "Europe/London", "Asia/Shanghai", "Australia/Lord_Howe", "Africa/Monrovia"]
NAIVE = dt.datetime(2026, 11, 24)  # noqa: DTZ001 - the mistake that is tested
epochs = st.integers(FIRST, LAST)
modern = st.integers(-(2**31), 2**32)


def code(call, *args):
    with pytest.raises(InputError) as caught:
        call(*args)
    return caught.value.problems[0].code


# Laws


@given(epochs)
def test_an_instant_survives_every_form(epoch):
    assert to_epoch(epoch) == epoch
    assert to_epoch(to_datetime(epoch)) == epoch
    assert from_iso(to_iso(epoch)) == epoch
    assert instant_from_iso(to_iso(epoch)) == to_datetime(epoch)


@given(modern, st.sampled_from(ZONES))
def test_the_zone_an_instant_is_told_in_never_changes_it(epoch, zone):
    assert to_epoch(dt.datetime.fromtimestamp(epoch, zoneinfo.ZoneInfo(zone))) == epoch
    assert to_epoch(to_datetime(epoch).in_timezone(zone)) == epoch


@given(modern, st.integers(-1439, 1439))
def test_the_offset_an_instant_is_told_with_never_changes_it(epoch, minutes):
    at = dt.datetime.fromtimestamp(epoch, dt.timezone(dt.timedelta(minutes=minutes)))
    assert to_epoch(at) == from_iso(at.isoformat()) == epoch


@given(st.datetimes(timezones=st.sampled_from([dt.UTC, pendulum.UTC])))
def test_microseconds_survive_the_precise_form(at):
    read = instant_from_iso(instant_to_iso(at))
    assert (read, read.microsecond) == (at, at.microsecond)


@given(epochs)
def test_text_order_is_time_order(epoch):
    later = min(epoch + 86_400 * 40, LAST)
    assert to_iso(epoch) <= to_iso(later)


@given(st.text(max_size=30))
def test_reading_any_text_gives_an_instant_or_an_input_error(text):
    for read in (from_iso, instant_from_iso, date_from_iso):
        try:
            read(text)
        except InputError as bad:
            assert bad.problems


# Worked examples


def test_the_repeated_hour_is_two_different_hours_in_either_library():
    new_york = zoneinfo.ZoneInfo("America/New_York")
    first = dt.datetime(2021, 11, 7, 1, 30, tzinfo=new_york, fold=0)
    second = dt.datetime(2021, 11, 7, 1, 30, tzinfo=new_york, fold=1)
    assert to_iso(to_epoch(first)) == "2021-11-07T05:30:00Z"
    assert to_iso(to_epoch(second)) == "2021-11-07T06:30:00Z"
    assert to_epoch(pendulum.datetime(2021, 11, 7, 1, 30, tz="America/New_York", fold=0)) == to_epoch(first)
    assert to_epoch(pendulum.datetime(2021, 11, 7, 1, 30, tz="America/New_York", fold=1)) == to_epoch(second)


def test_a_part_of_a_second_is_dropped_towards_the_past():
    assert to_epoch(dt.datetime(1970, 1, 1, 0, 0, 1, 999_999, tzinfo=dt.UTC)) == 1
    assert to_epoch(dt.datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=dt.UTC)) == -1
    assert from_iso("1969-12-31T23:59:59.9Z") == -1


def test_offsets_with_seconds_are_kept():
    odd = dt.timezone(dt.timedelta(seconds=-1, microseconds=500_000))
    assert to_epoch(dt.datetime(1970, 1, 1, tzinfo=odd)) == 0
    assert to_epoch(dt.datetime(1970, 1, 1, tzinfo=dt.timezone(dt.timedelta(seconds=7)))) == -7


def test_a_datetime_comes_out_in_utc():
    at = to_datetime(1_795_532_400)
    assert (type(at), at.timezone_name, at.isoformat()) == (pendulum.DateTime, "UTC", "2026-11-24T15:00:00+00:00")


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-11-24T15:00:00Z", "2026-11-24T15:00:00Z"),
        ("2026-11-24T23:00:00+08:00", "2026-11-24T15:00:00Z"),
        ("2026-11-24T09:30:00.123456789-05:30", "2026-11-24T15:00:00Z"),
        ("2026-11-24T15:00:00-00:00", "2026-11-24T15:00:00Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_rfc_3339_text_names_one_instant(text, iso):
    assert to_iso(from_iso(text)) == iso


def test_the_precise_form_writes_only_the_digits_there_are():
    assert instant_to_iso(dt.datetime(2026, 11, 24, 23, tzinfo=zoneinfo.ZoneInfo("Asia/Shanghai"))) == (
        "2026-11-24T15:00:00Z"
    )
    assert instant_to_iso(dt.datetime(2026, 11, 24, 15, 0, 0, 500_000, tzinfo=dt.UTC)) == "2026-11-24T15:00:00.500000Z"
    assert instant_from_iso("2026-11-24T15:00:00.120000000Z").microsecond == 120_000


def test_spans_are_whole_seconds():
    assert whole_seconds(dt.timedelta(days=1, seconds=-1)) == 86_399
    assert whole_seconds(pendulum.duration(days=-3, hours=5)) == -241_200


def test_counting_seconds_does_not_load_pendulum():
    source = (
        "import sys, platgov._time as t; t.to_iso(t.from_iso('2026-11-24T15:00:00Z')); print('pendulum' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


# Bad input


@pytest.mark.parametrize(
    ("at", "kind"),
    [
        (True, "type"),
        (1.0, "type"),
        (float("nan"), "type"),
        ("2026-11-24T15:00:00Z", "type"),
        (None, "type"),
        (dt.date(2026, 11, 24), "type"),
        (NAIVE, "naive"),
        (pendulum.naive(2026, 11, 24), "naive"),
        (LAST + 1, "range"),
        (-62_135_596_801, "range"),
        (10**18, "range"),
        (-(10**5000), "range"),
        (dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))), "range"),
        (dt.datetime(9999, 12, 31, 23, tzinfo=dt.timezone(dt.timedelta(hours=-1))), "range"),
    ],
    ids=itertools.count(),
)
def test_what_names_no_instant_is_refused(at, kind):
    assert code(to_epoch, at) == kind
    for call in (to_iso, to_datetime):
        assert code(call, at) == kind


def test_the_precise_form_is_as_strict():
    assert code(instant_to_iso, NAIVE) == "naive"
    assert code(instant_to_iso, 5) == "type"
    assert code(instant_to_iso, dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1)))) == "range"
    assert code(instant_from_iso, "2026-11-24T15:00:00.1234567Z") == "value"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12:00",
        "2026",
        "2026-11-24",
        "2026-11-24T15:00Z",
        "2026-11-24T15:00:00",
        "2026-11-24 15:00:00Z",
        "2026-11-24t15:00:00z",
        "2026-11-24T15:00:00z",
        "2026-11-24T15:00:00+0800",
        "2026-11-24T15:00:00+24:00",
        "2026-11-24T15:00:00+08:60",
        "2026-11-24T15:00:00.Z",
        "2026-11-24T15:00:00,5Z",
        "2026-11-24T15:00:00.1234567890Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T23:59:60Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "2026-W48-2T15:00:00Z",
        "２０２６-11-24T15:00:00Z",
        " 2026-11-24T15:00:00Z",
        "2026-11-24T15:00:00Z\n",
        "2026-11-24T15:00:00+08:00[Asia/Shanghai]",
        "P1Y",
        "now",
    ],
)
def test_partial_or_loose_text_is_refused(text):
    assert code(from_iso, text) == "instant"
    assert code(instant_from_iso, text) == "instant"


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"])
def test_text_outside_the_years_is_refused(text):
    assert code(from_iso, text) == "range"


@pytest.mark.parametrize("text", [None, 5, b"2026-11-24T15:00:00Z"])
def test_only_text_is_read_as_text(text):
    assert code(from_iso, text) == "instant"


@pytest.mark.parametrize(
    "text", ["", "2026", "20261124", "2026-W48-2", "2026-02-29", "0000-00-00", "2026-11-24T00:00:00Z"]
)
def test_only_a_whole_date_is_a_date(text):
    assert code(date_from_iso, text) == "value"
    assert date_from_iso("2024-02-29") == dt.date(2024, 2, 29)


@pytest.mark.parametrize(
    "span",
    [dt.timedelta(microseconds=1), pendulum.duration(months=1), pendulum.duration(years=1)],
)
def test_spans_without_a_fixed_whole_length_are_refused(span):
    assert code(whole_seconds, span) == "value"
