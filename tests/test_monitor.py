"""Watching while decisions come in: evidence that may be looked at any time, and breakers that stop a rule for all."""

import math
import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enforcement_strategies import RULES, T0
from platgov._canonical import dumps
from platgov._consistency.breaker import Breaker, holds
from platgov._consistency.monitor import Monitor, first_of
from platgov._consistency.numbers import hyper
from platgov.errors import DueProcessError, InputError
from platgov.rules import Outcome
from simulated import BASES, blocks_of

SOAK = settings.default.max_examples > 100
RUNS = 2000 if SOAK else 30
NAMES = tuple(f"r{number}" for number in range(len(BASES)))

tables = st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6), st.integers(0, 6)).map(
    lambda t: (min(t[0], t[1]), t[1], min(t[2], t[3]), t[3])
)


# -- the monitor -------------------------------------------------------------------------------


@given(st.integers(0, 30), st.integers(0, 30), st.data())
def test_under_equal_treatment_a_block_is_worth_its_stake_on_average(n_a, n_b, data):
    drawn = data.draw(st.integers(0, n_a + n_b))
    low, chances = hyper(n_a, n_b, drawn)
    worth = 0.0
    for x_a, chance in enumerate(chances, low):
        monitor = Monitor(strata=["r", "s"]).update({"r": (x_a, n_a, drawn - x_a, n_b)})
        worth += chance * monitor.e
    assert math.isclose(worth, 1, rel_tol=1e-9)


@given(st.lists(st.dictionaries(st.sampled_from("ab"), tables, max_size=2), max_size=4))
def test_the_evidence_can_be_computed_again_from_what_is_written(blocks):
    monitor = Monitor(strata=["a", "b"])
    peaks = [1.0]
    for block in blocks:
        monitor = monitor.update(block)
        peaks.append(monitor.e)
    written = monitor.to_dict()
    assert dumps(written)

    def wealth(logs):
        return sum(map(math.exp, logs)) / len(logs)

    again = (
        wealth(written["overall"]) + (wealth(written["by_stratum"]["a"]) + wealth(written["by_stratum"]["b"])) / 2
    ) / 2
    assert math.isclose(again, monitor.e)
    assert monitor.peak == max(peaks) and monitor.p == min(1, 1 / monitor.peak)
    assert monitor.blocks == len(blocks)


def test_a_difference_raises_the_alarm_and_it_stays():
    monitor = Monitor(strata=["r"])
    for _ in range(3):
        monitor = monitor.update({"r": (20, 50, 10, 200)})
    assert monitor.alarmed and monitor.alarmed_after <= 750
    first = monitor.alarmed_after
    for _ in range(20):
        monitor = monitor.update({"r": (2, 50, 8, 200)})
    assert monitor.alarmed_after == first and monitor.e < monitor.peak
    assert dict(monitor.by_stratum)["r"] < monitor.peak


def test_the_strata_behind_an_alarm_are_named_and_no_others():
    monitor = Monitor(strata=["a", "b", "c"])
    assert monitor.standing_out == ()
    for _ in range(8):
        monitor = monitor.update({"a": (12, 50, 8, 200), "b": (2, 50, 8, 200), "c": (11, 50, 8, 200)})
    assert monitor.standing_out == ("a", "c") and monitor.to_dict()["standing_out"] == ["a", "c"]
    by = dict(monitor.by_stratum)
    assert min(by["a"], by["c"]) >= 3 / (2 * 0.01) and by["b"] < 1
    # What is enough for the second of two is not enough for one alone.
    for blocks in range(12):
        alone = Monitor(strata=["a", "b", "c"])
        for _ in range(blocks):
            alone = alone.update({"c": (4, 50, 8, 200)})
        assert bool(alone.standing_out) is (dict(alone.by_stratum)["c"] >= 300)


def test_a_block_of_impossible_size_overflows_nothing():
    monitor = Monitor(strata=["r"])
    for _ in range(3):
        monitor = monitor.update({"r": (40_000, 40_000, 0, 400_000)})
    assert monitor.alarmed and math.isfinite(monitor.e)
    assert Monitor(strata=["r"]).update({"r": (0, 0, 5, 9)}).e == 1.0


def test_null_worlds_raise_no_alarm_however_often_one_looks():
    lots = random.Random(1)
    alarms = 0
    for _ in range(RUNS):
        monitor = Monitor(strata=NAMES)
        for block in blocks_of(lots, group_share=0.2, rise=0.0, confounded=True, blocks=20 if SOAK else 6):
            monitor = monitor.update(block)
        alarms += monitor.alarmed
    assert alarms <= 0.01 * RUNS + (0 if SOAK else 1)


def test_three_points_more_everywhere_are_alarmed_before_eight_thousand_decisions():
    lots = random.Random(2)
    seen = []
    for _ in range(100 if SOAK else 5):
        monitor = Monitor(strata=NAMES)
        for block in blocks_of(lots, group_share=0.2, rise=0.03, confounded=True):
            monitor = monitor.update(block)
            if monitor.alarmed:
                break
        seen.append(monitor.alarmed_after or 10**9)
    assert statistics.median(seen) < 8000


def test_only_the_first_record_of_each_actor_and_rule_counts_where_asked():
    rows = [{"actor": actor, "rule": rule} for actor in ("u1", "u1", None, None, "u2") for rule in "ab"]
    assert len(first_of(rows)) == 2 + 4 + 2


@pytest.mark.parametrize(
    "bad",
    [
        lambda: Monitor(strata="ab"),
        lambda: Monitor(strata=[]),
        lambda: Monitor(strata=[1.0]),
        lambda: Monitor(strata=["a"], alpha=1),
        lambda: Monitor(strata=["a"]).update([("a", (1, 2, 3, 4))]),
        lambda: Monitor(strata=["a"]).update({"b": (1, 2, 3, 4)}),
        lambda: Monitor(strata=["a"]).update({"a": (3, 2, 3, 4)}),
    ],
    ids=lambda bad: f"line {bad.__code__.co_firstlineno}",
)
def test_a_monitor_refuses_what_it_cannot_count(bad):
    with pytest.raises(InputError):
        bad()


def conduct(**given):
    return {"links": 0, "rude": False, "fraud": False, "slight": False, "grave": False, **given}


# -- breakers ----------------------------------------------------------------------------------


def run(breaker, share, lots, events):
    for number in range(events):
        breaker = breaker.observe(hits=int(lots.random() < share), of=1, at=T0 + number)
        if breaker.tripped_at is not None:
            return number + 1
    return None


def test_twenty_times_the_cap_trips_within_forty_events():
    lots = random.Random(3)
    seen = [run(Breaker(rule_id="r", cap=0.01), 0.2, lots, 2000) for _ in range(400 if SOAK else 60)]
    assert statistics.median(seen) <= 40


def test_a_share_at_its_cap_hardly_ever_trips():
    lots = random.Random(4)
    runs = 40 if SOAK else 3
    for cap in (0.01, 0.001, 0.5, 0.95):
        trips = sum(
            run(Breaker(rule_id="r", cap=cap), cap, lots, 20_000 if SOAK else 2000) is not None for _ in range(runs)
        )
        assert trips == 0


@given(st.floats(0.001, 0.99), st.integers(0, 40))
def test_one_event_is_worth_its_stake_on_average_at_the_cap(cap, hits):
    before = Breaker(rule_id="r", cap=cap, alpha=1e-300).observe(hits=hits, of=40, at=T0)
    hit, miss = (before.observe(hits=n, of=1, at=T0).e for n in (1, 0))
    assert math.isclose(cap * hit + (1 - cap) * miss, before.e, rel_tol=1e-9)


def test_a_tripped_breaker_holds_the_rule_for_everybody_alike():
    breaker = Breaker(rule_id="spam", cap=0.01).observe(hits=5, of=10, at=T0)
    assert breaker.tripped_at == T0
    assert breaker.observe(hits=0, of=10**6, at=T0 + 1) is breaker
    decisions = [RULES.decide(conduct(links=links), at=T0 + links, holds=breaker.holds) for links in (5, 6, 5)]
    assert {one.outcome for one in decisions} == {Outcome.HELD}
    assert RULES.decide(conduct(rude=True), at=T0, holds=breaker.holds).outcome is Outcome.MEASURES
    assert Breaker(rule_id="spam", cap=0.01).holds == {}
    other = Breaker(rule_id="spam", watches="overturned", cap=0.05).observe(hits=20, of=40, at=T0)
    both = holds([breaker, other, Breaker(rule_id="rude", cap=0.5)])
    assert list(both) == ["spam"] and "overturned" in both["spam"] and "5 of 10" in both["spam"]


def test_a_reset_takes_a_named_person_and_a_reason_and_is_recorded():
    breaker = Breaker(rule_id="spam", cap=0.01).observe(hits=5, of=10, at=T0)
    again, record = breaker.reset(by="ops:1", reason="a spike of real spam", at=T0 + 60)
    assert (again.of, again.tripped_at, again.e) == (0, None, 1.0)
    assert record["held"] is False and dumps(record) and dumps(breaker.to_dict()) and dumps(again.to_dict())
    assert breaker.record(by="ops:1")["held"] is True
    for code, step in (
        ("too_early", lambda: breaker.reset(by="ops:1", reason="r", at=T0 - 1)),
        ("not_tripped", lambda: again.reset(by="ops:1", reason="r", at=T0)),
        ("not_tripped", lambda: again.record(by="ops:1")),
    ):
        with pytest.raises(DueProcessError) as refused:
            step()
        assert refused.value.code == code
    for bad in ({"by": " "}, {"reason": ""}):
        with pytest.raises(InputError):
            breaker.reset(**{"by": "ops:1", "reason": "r", "at": T0, **bad})


@pytest.mark.parametrize(
    "bad",
    [
        lambda: Breaker(rule_id="", cap=0.1),
        lambda: Breaker(rule_id="r", cap=1),
        lambda: Breaker(rule_id="r", cap=0.1, alpha=0.0),
        lambda: Breaker(rule_id="r", cap=0.1, watches="people"),
        lambda: Breaker(rule_id="r", cap=0.1).observe(hits=2, of=1, at=T0),
        lambda: Breaker(rule_id="r", cap=0.1).observe(hits=True, of=1, at=T0),
        lambda: Breaker(rule_id="r", cap=0.1).observe(hits=0, of=1, at="now"),
        lambda: holds("r"),
        lambda: holds(["r"]),
    ],
    ids=lambda bad: f"line {bad.__code__.co_firstlineno}",
)
def test_a_breaker_refuses_what_it_cannot_count(bad):
    with pytest.raises(InputError):
        bad()
