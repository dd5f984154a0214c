"""The example policies of account credit, with cases worked by hand."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

from platgov.accounts import Cause, CreditHistory, Observation

ROOT = pathlib.Path(__file__).parents[1]
EXAMPLES = ROOT / "examples" / "accounts"
DAY = 86_400
T0 = 1_770_000_000


def load(name):
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def history(*rows):
    found = CreditHistory()
    for number, (day, rule) in enumerate(rows):
        found = found.violation(f"d{number}", rule=rule, at=T0 + day * DAY)
    return found


def test_weibo_heals_in_a_queue_of_seven_days_for_each_point():
    weibo = load("weibo")

    def value(found, day):
        return weibo.CREDIT.score(found, at=T0 + day * DAY).value

    # The published rule: a new deduction of n points takes 7n days plus the days that were still left.
    found = history((0, "personal_attack"), (7, "spam"))
    assert [value(found, day) for day in (0, 7, 34, 35, 48, 49)] == [115, 114, 117, 118, 119, 120]
    row = weibo.CREDIT.score(found, at=T0 + 7 * DAY).contributions[-1]
    assert row.heals_at - (T0 + 7 * DAY) == (7 * 2 + 28) * DAY


def test_weibo_counts_at_most_one_quiz_in_a_reward_cycle():
    weibo = load("weibo")
    found = history((0, "false_information")).task("a", code="quiz", at=T0).task("b", code="quiz", at=T0 + 6 * DAY)

    def value(found, day):
        return weibo.CREDIT.score(found, at=T0 + day * DAY).value

    assert [value(found, day) for day in (0, 6)] == [112, 112]
    assert value(found.task("c", code="quiz", at=T0 + 7 * DAY), 7) == 115


def test_weibo_thresholds_give_the_published_grades_and_a_warning_before_silence():
    weibo = load("weibo")

    def at(found, day):
        return weibo.GRADES.grade(found, weibo.CREDIT, at=T0 + day * DAY)

    for count, grade in [(0, "full"), (1, "full"), (2, "below_110"), (4, "below_90"), (5, "below_80"), (6, "below_70")]:
        assert at(history(*[(0, "false_information")] * count), 0).name == grade
    assert at(history(*[(0, "false_information")] * 7), 0).name == "low"
    sunk = history(*[(0, "false_information")] * 13)
    assert [at(sunk, day).name for day in (0, 1)] == ["low", "muted"]
    muted = at(sunk, 1)
    assert muted.needs_human
    assert muted.next_change == T0 + 77 * DAY  # eleven points must heal for the score to be one


def test_bilibili_takes_comments_away_under_sixty_and_gives_a_point_back_each_day():
    bilibili = load("bilibili")

    def at(found, day):
        return bilibili.GRADES.grade(found, bilibili.CREDIT, at=T0 + day * DAY)

    found = history((0, "duplicate"), (0, "advertising"))
    told = at(found, 0)
    assert (told.name, told.next_change, told.grants) == ("silent", T0 + 2 * DAY, ())
    assert told.transitions[0].cause is Cause.CONDUCT
    assert [at(found, day).name for day in (1, 2)] == ["silent", "full"]
    assert bilibili.CREDIT.score(found, at=T0 + 12 * DAY).value == 70
    worse = history((0, "attack"), (0, "spoiler"), (0, "flame"))
    assert [at(worse, day).name for day in (0, 1, 9, 10)] == ["silent", "half_suspended", "half_suspended", "silent"]


REGULAR = {
    "topics_entered": 400, "posts_read": 9000, "minutes_read": 4000, "days_visited": 90, "likes_given": 60,
    "likes_received": 40, "topics_replied_to": 30, "holds_tl3": False,
    "all_time": {"topics_viewed": 400, "posts_read": 9000},
    "period": {
        "days_visited": 60, "topics_replied_to": 12, "topics_viewed_percent": 30.0, "posts_read_percent": 28.0,
        "flagged_posts": 0, "flagged_by_users": 0, "likes_given": 35, "likes_received": 25,
        "likes_received_users": 9, "likes_received_days": 12,
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        ({}, "tl0"),
        ({"topics_entered": 5, "posts_read": 30, "minutes_read": 10}, "tl1"),
        ({"topics_entered": 5, "posts_read": 29, "minutes_read": 10}, "tl0"),
        ({**REGULAR, "period": {**REGULAR["period"], "days_visited": 49}}, "tl2"),
        ({**REGULAR, "days_visited": 14}, "tl1"),
        (REGULAR, "tl3"),
    ],
)
def test_discourse_gives_the_level_whose_figures_are_met(facts, level):
    discourse = load("discourse")
    assert discourse.TRUST.grade(CreditHistory(), discourse.PENALTIES, at=T0, facts=facts).name == level


def test_discourse_keeps_level_three_within_ten_percent_and_for_two_weeks():
    discourse = load("discourse")

    def seen(day, visited):
        return Observation(
            at=T0 + day * DAY,
            facts={**REGULAR, "holds_tl3": day > 0, "period": {**REGULAR["period"], "days_visited": visited}},
        )

    def at(day, *facts):
        return discourse.TRUST.grade(CreditHistory(), discourse.PENALTIES, at=T0 + day * DAY, facts=facts)

    assert at(60, seen(0, 60), seen(30, 45)).name == "tl3"
    lost = [seen(0, 60), seen(30, 44)]
    assert [at(day, *lost).name for day in (30, 43, 44)] == ["tl3", "tl3", "tl2"]
    assert at(44, *lost).transitions[-1].cause is Cause.REQUIREMENT
    assert at(44, *lost, seen(40, 46)).name == "tl3"


def test_discourse_loses_level_three_for_a_silence_and_gets_it_back_when_it_is_overturned():
    discourse = load("discourse")
    found = history((0, "silenced"))
    facts = [Observation(at=T0 - DAY, facts=REGULAR)]

    def at(found, day):
        return discourse.TRUST.grade(found, discourse.PENALTIES, at=T0 + day * DAY, facts=facts)

    assert [at(found, day).name for day in (0, 13, 14, 182, 183)] == ["tl3", "tl3", "tl2", "tl2", "tl3"]
    assert at(found.overturn("d0", at=T0 + 20 * DAY), 20).transitions == at(CreditHistory(), 20).transitions


def run_demo(*, zone, seed, directory="/"):
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / "demo.py")],
        cwd=directory, env={**environment, "TZ": zone, "PYTHONHASHSEED": seed},
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_demo_shows_a_grade_lost_and_regained_with_dates_the_same_everywhere(tmp_path):
    told = run_demo(zone="UTC", seed="0")
    by_time, by_appeal = told.split("\n\n")
    assert "2026-02-02  110 points, full\n" in by_time
    assert "2026-02-04  103 points, below_110; full again on 2026-03-23\n" in by_time
    assert "2026-02-03: full -> below_110, conduct (d-1, d-2)\n" in by_time
    assert by_time.endswith("2026-03-23: below_110 -> full, earned")
    assert "2026-02-04  103 points, below_110; full again on 2026-03-23\n" in by_appeal
    assert "2026-02-12  114 points, full\n" in by_appeal
    assert by_appeal.endswith("none: the grade was never lost\n")
    assert run_demo(zone="Asia/Kathmandu", seed="7", directory=tmp_path) == told


def test_the_demo_needs_nothing_but_the_runtime_dependencies():
    code = (
        f"import runpy, sys; runpy.run_path({str(EXAMPLES / 'demo.py')!r}, run_name='__main__'); "
        "print(sorted({name.split('.')[0] for name in sys.modules if '.' not in name} & "
        "{'polars', 'pandas', 'narwhals', 'duckdb', 'numpy', 'icu', 'hypothesis', 'pytest', 'psycopg'}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\n[]\n")
