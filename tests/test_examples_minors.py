"""The demo of youth mode: what it prints, from anywhere, on any day, with only what the library needs."""

import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

ROOT = pathlib.Path(__file__).parents[1]
DEMO = ROOT / "examples" / "minors" / "demo.py"


def run(*arguments, cwd="/", **environment):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8", **environment}
    return subprocess.run(
        [sys.executable, "-W", "error", str(DEMO), *map(str, arguments)],
        cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def lines():
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    return [line.strip() for line in done.stdout.splitlines()]


def after(lines, heading):
    return lines[lines.index(heading) + 1 :]


def test_on_friday_evening_the_game_opens_for_an_hour_and_time_on_two_devices_counts_once(lines):
    friday = after(lines, "A Friday evening")
    assert friday[0].startswith("Fri 18 Sep 19:59 game: no: hours_closed (cn-game-2021 until Fri 18 Sep 20:00)")
    assert friday[1] == "Fri 18 Sep 20:00 game: yes, 60 min left, next change Fri 18 Sep 21:00"
    assert "Fri 18 Sep 20:40 game: yes, 20 min left, next change Fri 18 Sep 21:00" in friday
    assert "advice: break_due (home)" in friday
    assert "Fri 18 Sep 21:00 video: yes, 20 min left, next change Fri 18 Sep 22:00" in friday
    assert any(line.startswith("Fri 18 Sep 21:20 video: no: quota_day (cn-minor-mode-2024") for line in friday)


def test_ten_minutes_more_open_the_video_and_not_the_game(lines):
    friday = after(lines, "asks for 15 minutes more, and gets 10")
    assert friday[0] == "Fri 18 Sep 21:25 video: yes, 10 min left, next change Fri 18 Sep 22:00"
    assert friday[1].startswith("Fri 18 Sep 21:25 game: no: hours_closed (cn-game-2021 until Sat 19 Sep 20:00)")


def test_no_single_purchase_is_above_fifty_yuan_before_the_birthday(lines):
    assert "buys for 60 yuan: no: per_transaction of spend.8to16" in lines
    assert "buys for 50 yuan: yes" in lines


def test_a_make_up_workday_has_no_games_until_the_festival(lines):
    sunday = after(lines, "A Sunday that is a workday")
    assert sunday[0].startswith("Sun 20 Sep 20:15 game: no: hours_closed (cn-game-2021 until Fri 25 Sep 20:00)")
    assert sunday[1].startswith("Sun 20 Sep 20:15 video: yes, 60 min left")


def test_the_birthday_brings_two_hours_other_caps_and_another_pool(lines):
    birthday = after(lines, "A birthday")
    assert "Mon 21 Sep 06:00 video: yes, 120 min left, next change Mon 21 Sep 22:00" in birthday
    assert "may spend 50 yuan at once on Sun 20 Sep 12:00" in birthday
    assert "may spend 100 yuan at once on Mon 21 Sep 12:00" in birthday
    assert "is recommended on Sun 20 Sep 12:00: the crossing" in birthday
    assert "deep water: outside_pool, rating_above until Mon 21 Sep 00:00" in birthday
    assert any(line.startswith("is recommended on Mon 21 Sep 12:00: the crossing, deep water") for line in birthday)


def test_the_picture_is_of_seven_days_from_friday(lines):
    rows = [line for line in lines if re.match(r"2026-09-\d\d [█░─·]{48} used ", line)]
    assert [row[8:10] for row in rows] == [str(day) for day in range(18, 25)]
    assert rows[0].endswith("used 1 hour")


def test_the_output_is_the_same_in_every_zone_and_process_and_the_image_is_xml(lines, tmp_path):
    again = run(tmp_path / "week.svg", TZ="America/St_Johns", PYTHONHASHSEED="77")
    assert [line.strip() for line in again.stdout.splitlines()] == lines
    assert ET.parse(tmp_path / "week.svg").getroot().tag.endswith("svg")
