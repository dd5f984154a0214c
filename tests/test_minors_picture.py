"""The picture of a week: every sign is what the plan says at that time, and the image says the same."""

import datetime as dt
import importlib.util
import pathlib
import re
import xml.etree.ElementTree as ET
import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platgov.errors import InputError
from platgov.minors import Band, DobEvidence, Hours, Minor, Plan, Quota, Usage, Window, YouthPolicy, week_svg, week_text

DAY, HALF = 86_400, 1_800
SIGNS = {"used": "█", "open": "░", "spent": "─", "closed": "·"}
COLOURS = {"#d9d9d9": "closed", "#b7e1cd": "open", "#f6c58f": "spent", "#2f5fb3": "used"}


def midnight(day, tz):
    return int(dt.datetime.combine(day, dt.time(), zoneinfo.ZoneInfo(tz)).timestamp())


def plan_of(tz, at, **fields):
    law = YouthPolicy(id="law", layer="legal", bands=[Band(**fields)])
    return Plan.of([law], tz=tz, start=at - 2 * DAY, end=at + 12 * DAY)


def minor_of(tz):
    return Minor(id="m1", evidence=DobEvidence.verified(dt.date(2014, 3, 1)), residency_tz=tz)


def used(*spans):
    usage = Usage()
    for number, (start, end) in enumerate(spans):
        usage = usage.add(event_id=f"e{number}", start=start, end=end, scope="video")
    return usage


def said(plan, minor, usage, spans, at):
    """Say it by asking the plan about one instant."""
    if any(start <= at < end for start, end in spans):
        return "used"
    codes = [reason.code for reason in plan.check(minor, usage, at=at).reasons]
    if not codes:
        return "open"
    return "spent" if all(code.startswith("quota_") for code in codes) else "closed"


@settings(max_examples=25)
@given(
    st.sampled_from(["Asia/Shanghai", "Europe/London", "Asia/Kathmandu"]),
    st.dates(dt.date(2026, 1, 5), dt.date(2026, 12, 1)),
    st.integers(0, 40),
    st.integers(1, 8),
    st.lists(st.tuples(st.integers(0, 13 * 24 - 2), st.integers(1, 4)), max_size=6),
)
def test_every_half_hour_shows_what_the_plan_says_of_all_of_it(tz, day, opens, quota, starts):
    at = midnight(day, tz)
    # Whole half hours only, so that each sign is about one thing.
    hours = [Hours(windows=[Window(start=opens * 30, end=opens * 30 + 600)])]
    plan = plan_of(tz, at, hours=hours, quotas=[Quota(seconds=quota * HALF)])
    spans = [(at + start * HALF, at + (start + length) * HALF) for start, length in starts]
    minor, usage = minor_of(tz), used(*spans)
    rows = week_text(plan, minor, usage, at=at).splitlines()[1:]
    assert len(rows) == 7
    for number, row in enumerate(rows):
        date = day + dt.timedelta(number)
        first, last = midnight(date, tz), midnight(date + dt.timedelta(1), tz)
        assert row.startswith(f"{date} ")
        if last - first != DAY:
            continue  # 23 or 25 hours on 48 signs: the next test
        signs = row[11:59]
        for slot, sign in enumerate(signs):
            assert sign == SIGNS[said(plan, minor, usage, spans, first + slot * HALF)], (date, slot)


def test_a_day_of_25_hours_is_drawn_as_wide_as_the_others():
    at = midnight(dt.date(2026, 10, 25), "Europe/London")
    plan = plan_of("Europe/London", at, hours=[Hours(windows=[Window(start="12:00", end="24:00")])])
    row = week_text(plan, minor_of("Europe/London"), Usage(), at=at).splitlines()[1]
    # Noon is 13 of 25 hours into the day.
    assert row == f"2026-10-25 {'·' * 25}{'░' * 23} used 0 seconds"


def test_the_image_has_the_stretches_of_the_plan_to_scale():
    tz = "Asia/Shanghai"
    at = midnight(dt.date(2026, 6, 1), tz)
    plan = plan_of(tz, at, hours=[Hours(windows=[Window(start="06:00", end="22:00")])], quotas=[Quota(seconds=3600)])
    usage = used((at + 18 * 3600, at + 19 * 3600))
    image = ET.fromstring(week_svg(plan, minor_of(tz), usage, at=at))
    first = [
        (COLOURS[bar.get("fill")], round((float(bar.get("x")) - 96) / 30, 2), round(float(bar.get("width")) / 30, 2))
        for bar in image.findall("{*}rect")
        if 48 <= float(bar.get("y")) < 78
    ]
    assert first == [("closed", 0, 24), ("open", 6, 13), ("spent", 19, 3), ("used", 18, 1)]
    width = float(image.get("viewBox").split()[2])
    assert all(float(bar.get("x")) + float(bar.get("width")) <= width for bar in image.findall("{*}rect"))
    assert image.find("{*}title").text == "The hours and the use of a week"


def test_the_image_speaks_the_language_asked_for_and_needs_nothing_from_outside():
    tz = "Asia/Shanghai"
    at = midnight(dt.date(2026, 6, 1), tz)
    plan = plan_of(tz, at)
    text = week_svg(plan, minor_of(tz), Usage(), at=at, language="zh")
    assert "时间已用完" in text
    assert re.findall(r"https?://[^\"]*", text) == ["http://www.w3.org/2000/svg"]
    with pytest.raises(InputError):
        week_svg(plan, minor_of(tz), Usage(), at=at + 11 * DAY)


TOOL = pathlib.Path(__file__).parents[1] / "tools" / "build_week_picture.py"


@pytest.mark.skipif(not TOOL.exists(), reason="the tool that writes the picture is only in the repository")
def test_the_picture_of_the_tutorial_is_the_one_that_it_makes():
    spec = importlib.util.spec_from_file_location("build_week_picture", TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.PICTURE.read_text(encoding="utf-8") == tool.picture(), "run: python tools/build_week_picture.py"
