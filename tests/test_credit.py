"""Credit: worked examples of every settled sentence, then what is refused."""

import datetime as dt
import decimal
import json
import pickle

import attrs
import pendulum
import pytest

from platgov import _canonical
from platgov._accounts import history as history_module
from platgov.accounts import (
    Account,
    CreditHistory,
    CreditPolicy,
    Drain,
    Escalation,
    Event,
    EventKind,
    Fade,
    GradePolicy,
    Lock,
    Observation,
    RecoveryTask,
    Rung,
    Snapshot,
    Status,
)
from platgov.errors import InputError, NeedsReplayError, PlatgovError
from platgov.measures import Procedure

DAY = 86_400
T0 = 1_700_000_000


def policy(**fields):
    made = {
        "context": "comments", "start": 120, "floor": 0, "ceiling": 120,
        "weights": {"spam.repeat": 5, "harass.direct": 20}, "recovery": Drain(points=1, per_days=7),
        "max_lifetime_days": 730, "max_single": 40,
    }  # fmt: skip
    return CreditPolicy(**{**made, **fields})


def history(*rows):
    found = CreditHistory()
    for number, (day, rule) in enumerate(rows):
        found = found.violation(f"d{number}", rule=rule, at=T0 + int(day * DAY))
    return found


def values(made, found, *days):
    return [made.score(found, at=T0 + int(day * DAY)).value for day in days]


# -- worked examples ---------------------------------------------------------------------------


def test_the_example_of_the_documentation():
    then = pendulum.datetime(2026, 1, 5, 12, tz="Asia/Shanghai")
    h = CreditHistory().violation("d-881", rule="harass.direct", at=then)
    s = policy().score(h, at=then)
    assert (s.value, s.context, s.next_change) == (100, "comments", then.int_timestamp + 7 * DAY)
    assert s.kind == "score"
    assert policy().score(h.overturn("d-881", at=then.add(days=3)), at=then.add(days=3)).value == 120


def test_a_drain_takes_the_oldest_first_and_leaves_nothing_below_zero():
    found = history((0, "spam.repeat"), (7, "harass.direct"))
    rows = policy().score(found, at=T0 + 14 * DAY).contributions
    assert [(row.id, row.remaining) for row in rows] == [("d0", 3), ("d1", 20)]
    assert [row.heals_at - T0 for row in rows] == [35 * DAY, 175 * DAY]
    assert values(policy(), history((0, "spam.repeat")), 0, 6.99, 7, 34.99, 35, 400) == [115, 115, 116, 119, 120, 120]


def test_a_later_violation_starts_to_heal_only_when_the_earlier_ones_are_healed():
    # Seven days for each point, those of the earlier violation first: a queue.
    found = history((0, "spam.repeat"), (1, "spam.repeat"))
    assert values(policy(), found, 35, 69.99, 70) == [115, 119, 120]


def test_what_expires_is_lost_and_what_it_drained_before_stays_drained():
    made = policy(max_lifetime_days=14, weights={"big": 20}, max_single=20)
    found = history((0, "big"), (13, "big"))
    # Day 13: 20 - 13/7 + 20. Day 14: the first expires with what it had left; the second is whole.
    assert values(made, found, 13, 13.999, 14, 21, 26.99, 27) == [81, 81, 100, 101, 101, 120]
    assert [row.remaining for row in made.score(found, at=T0 + 14 * DAY).contributions] == [20]


def test_a_task_repays_the_oldest_at_its_instant_and_the_rest_is_lost():
    made = policy(tasks={"quiz": RecoveryTask(points=8, max_points=10, per_days=7)})
    found = history((0, "spam.repeat"), (0, "spam.repeat")).task("q1", code="quiz", at=T0)
    assert [(row.id, row.remaining) for row in made.score(found, at=T0).contributions] == [("d1", 2)]
    found = found.task("q2", code="quiz", at=T0 + 1)  # room for two more points in these seven days
    assert made.score(found, at=T0 + 1).value == 120
    found = found.violation("d9", rule="spam.repeat", at=T0 + 2)
    assert made.score(found, at=T0 + 2).value == 115  # nothing was stored up
    # In seven days 10 points were repaid, but for the sliver that had drained by itself in one second.
    assert made.score(found.task("q3", code="quiz", at=T0 + 3), at=T0 + 3).value == 115
    assert made.score(found.task("q3", code="quiz", at=T0 + 7 * DAY), at=T0 + 7 * DAY).value == 120


def test_violations_of_an_instant_come_before_its_tasks():
    made = policy(tasks={"quiz": RecoveryTask(points=5, max_points=5, per_days=7)})
    found = CreditHistory().task("a", code="quiz", at=T0).violation("z", rule="spam.repeat", at=T0)
    assert made.score(found, at=T0).value == 120
    violation, task = found.events
    assert made.snapshot().add(task).add(violation).value(at=T0) == 120  # however they come in
    assert made.snapshot().add(task).add(violation) == made.snapshot().add(violation).add(task)


def test_a_fade_falls_evenly_or_in_one_step():
    linear = policy(recovery=Fade(lifetime_days=20), weights={"big": 20})
    step = policy(recovery=Fade(shape="step", lifetime_days=20), weights={"big": 20})
    found = history((0, "big"), (10, "big"))
    assert values(linear, found, 0, 1, 9.5, 10, 20, 29.99, 30) == [100, 101, 109, 90, 110, 119, 120]
    assert values(step, found, 0, 9, 10, 19.999, 20, 29.999, 30) == [100, 100, 80, 80, 100, 100, 120]
    assert step.score(found, at=T0).next_change == T0 + 20 * DAY
    assert linear.score(found, at=T0 + 10 * DAY).next_change == T0 + 10 * DAY + DAY // 2
    forever = policy(recovery=Fade(), weights={"big": 20}, max_lifetime_days=20)
    assert values(forever, found, 0, 1, 10) == [100, 101, 90]


def test_what_a_task_repaid_of_a_fading_violation_stays_repaid():
    made = policy(
        recovery=Fade(lifetime_days=20), weights={"big": 20},
        tasks={"quiz": RecoveryTask(points=5, max_points=5, per_days=7)},
    )  # fmt: skip
    found = history((0, "big")).task("q", code="quiz", at=T0 + 5 * DAY)
    assert values(made, found, 4, 5, 6, 14.9, 15) == [104, 110, 111, 119, 120]
    (row,) = made.score(found, at=T0 + 5 * DAY).contributions
    assert (row.points, row.remaining, row.heals_at) == (20, 10, T0 + 15 * DAY)


def test_repetition_weighs_more_inside_the_window_only():
    made = policy(escalation=Escalation(window_days=10, factors=(1, 2, 4)))

    def points(*rows):
        return [row.points for row in made.score(history(*rows), at=T0 + 60 * DAY).contributions]

    assert points((50, "spam.repeat"), (59, "spam.repeat"), (59.5, "spam.repeat"), (59.6, "spam.repeat")) == [
        5,
        10,
        20,
        20,
    ]
    assert points((50, "harass.direct"), (59, "spam.repeat")) == [20, 10]  # whatever the earlier rule
    assert points((50, "harass.direct"), (60, "spam.repeat")) == [20, 5]  # ten days old: outside
    assert points((50, "spam.repeat"), (50, "spam.repeat")) == [5, 5]  # one instant


def history_seconds(*rows):
    return CreditHistory.of([Event.violation(f"d{n}", rule=rule, at=T0 + at) for n, (at, rule) in enumerate(rows)])


def test_what_is_held_does_not_make_later_violations_weigh_more():
    made = policy(escalation=Escalation(window_days=10, factors=(1, 2)))
    found = history((0, "spam.repeat"), (1, "spam.repeat")).hold("d0", at=T0 + 2 * DAY)
    assert [row.points for row in made.score(found, at=T0 + 2 * DAY).contributions] == [5]
    back = found.release("d0", at=T0 + 3 * DAY)
    assert [row.points for row in made.score(back, at=T0 + 3 * DAY).contributions] == [5, 10]


def test_a_score_is_rounded_once_and_not_for_each_violation():
    found = history_seconds(*[(0, "spam.repeat")] * 3)
    made = policy(recovery=Fade(lifetime_days=10))
    # 15 points, a tenth of each healed: 13.5 left, 14 off. Three times 4.5 rounded apart would be 15.
    score = made.score(found, at=T0 + DAY)
    assert (score.value, str(score.rounding)) == (106, "1/2")


def test_the_floor_is_told_and_the_debt_underneath_goes_on():
    found = history(*[(0, "harass.direct")] * 7)
    score = policy().score(found, at=T0)
    assert (score.value, score.clamping, sum(row.remaining for row in score.contributions)) == (0, 20, 140)
    assert score.next_change == T0 + 21 * 7 * DAY
    high = policy(floor=100, start=110, ceiling=120)
    assert values(high, found, 0) == [100]
    assert values(high, CreditHistory(), 0) == [110]


def test_events_after_the_instant_are_not_known_yet():
    found = history((0, "spam.repeat"), (3, "spam.repeat")).overturn("d0", at=T0 + 5 * DAY)
    assert values(policy(), found, -1, 0, 3, 5) == [120, 115, 110, 115]
    known = history((0, "spam.repeat"))
    assert policy().score(found, at=T0).fingerprint == policy().score(known, at=T0).fingerprint
    assert found.known(at=T0) == known.events
    assert [found.status("d0", at=T0 + day * DAY) for day in (-1, 0, 5)] == [
        Status.UNKNOWN, Status.EFFECTIVE, Status.OVERTURNED,
    ]  # fmt: skip


def test_a_fingerprint_is_the_digest_of_what_was_known_in_canonical_json():
    found = history((0, "spam.repeat")).violation('Ж"\\', rule="harass.direct", at=T0).overturn("d0", at=T0)
    rows = [[e.at, e.kind.value, e.id, e.cites] for e in found.events]
    assert found.fingerprint(at=T0) == _canonical.digest(rows)
    assert CreditHistory().fingerprint(at=T0) == _canonical.digest([])


def test_verdicts_have_canonical_bytes_and_policies_digests():
    found = history((0, "spam.repeat"))
    score = policy().score(found, at=T0)
    assert json.loads(score.to_bytes()) == score.to_dict()
    assert score.to_dict() == {
        "kind": "score", "schema": 1, "at": "2023-11-14T22:13:20Z", "policy": policy().digest,
        "fingerprint": found.fingerprint(at=T0), "context": "comments", "value": 115, "start": 120,
        "contributions": [row.to_dict() for row in score.contributions], "rounding": "0", "clamping": 0,
        "needs_human": False, "next_change": "2023-11-21T22:13:20Z",
    }  # fmt: skip
    assert policy() == policy()
    assert hash(policy()) == hash(policy())
    assert policy() != policy(start=119)
    assert policy() != 7
    assert policy(weights={"b": 1, "a": 2}).digest == policy(weights={"a": 2, "b": 1}).digest
    assert policy().reproduces(score, found)
    assert not policy(version="2").reproduces(score, found)


def test_every_part_of_a_policy_is_in_its_digest():
    variants = [
        {}, {"context": "market"}, {"version": "2"}, {"start": 119}, {"floor": 1}, {"ceiling": 121},
        {"weights": {"spam.repeat": 6, "harass.direct": 20}}, {"recovery": Drain(points=2, per_days=7)},
        {"recovery": Fade()}, {"recovery": Fade(shape="step")}, {"recovery": Fade(lifetime_days=9)},
        {"max_lifetime_days": 729}, {"max_single": 41}, {"escalation": Escalation(window_days=1, factors=(1, 2))},
        {"escalation": Escalation(window_days=2, factors=(1, 2))},
        {"escalation": Escalation(window_days=1, factors=(2,))},
        {"tasks": {"quiz": RecoveryTask(points=1, max_points=2, per_days=3)}}, {"human_below": 3},
        {"procedure": Procedure(appeal_days=9)},
    ]  # fmt: skip
    made = [policy(**fields) for fields in variants]
    assert len({one.digest for one in made}) == len(variants)
    # The version of what a policy means is part of the address as well.
    assert made[0].digest == _canonical.digest({**made[0].to_dict(), "semantics": 1})
    for one in made:
        assert CreditPolicy.from_dict(json.loads(json.dumps(one.to_dict()))) == one


def test_ten_violations_at_the_end_of_time_have_no_dates_that_cannot_be_written():
    last = 253_402_300_799
    found = CreditHistory().violation("d", rule="spam.repeat", at=last)
    score = policy().score(found, at=last)
    assert (score.value, score.next_change, score.contributions[0].heals_at) == (115, None, None)
    assert score.to_bytes()
    first = CreditHistory().violation("d", rule="spam.repeat", at=-62_135_596_800)
    assert policy().score(first, at=-62_135_596_800).value == 115
    assert policy().score(first, at=last).value == 120


# -- bad input: rows 21 to 42 of the catalogue that concern scores and events -------------------

NO_WHOLE_NUMBERS = [
    float("nan"), float("inf"), -float("inf"), -0.0, 1.9, 5.0, 10**5000, decimal.Decimal("sNaN"),
    decimal.Decimal(5), "１２", "1_000", " 12 ", "12", "²", True, None, [], {}, b"5", 5j,
]  # fmt: skip


def refused(act, *arguments, **fields):
    with pytest.raises(PlatgovError) as caught:
        act(*arguments, **fields)
    assert isinstance(caught.value, InputError)
    assert len(str(caught.value)) < 2000
    return caught.value


@pytest.mark.parametrize(
    "bad", [7, True, None, b"u1", "", "x" * 10_240, "é" * 200, "a\nb", "\ud800", "a\x00b", "\u202e", 1.5], ids=range(12)
)
def test_rows_21_to_23_an_id_is_printable_text_of_at_most_256_bytes(bad):
    refused(CreditHistory().violation, bad, rule="spam.repeat", at=T0)
    refused(CreditHistory().violation, "d", rule=bad, at=T0)
    refused(CreditHistory().task, bad, code="quiz", at=T0)
    refused(CreditHistory().task, "t", code=bad, at=T0)
    for act in (CreditHistory().overturn, CreditHistory().hold, CreditHistory().release):
        refused(act, bad, at=T0)
    refused(Account, id=bad)
    refused(policy, context=bad)
    refused(policy, weights={bad: 5})
    refused(policy, tasks={bad: RecoveryTask(points=1, max_points=1, per_days=1)})


@pytest.mark.parametrize("bad", NO_WHOLE_NUMBERS, ids=lambda bad: repr(bad)[:20] if type(bad) is not int else "long")
def test_rows_24_to_32_and_42_points_and_days_are_whole_numbers(bad):
    for field in ("start", "floor", "ceiling", "max_single", "max_lifetime_days"):
        refused(policy, **{field: bad})
    refused(policy, weights={"spam.repeat": bad})
    refused(Drain, points=bad, per_days=7)
    refused(Drain, points=1, per_days=bad)
    refused(RecoveryTask, points=bad, max_points=1, per_days=1)
    refused(RecoveryTask, points=1, max_points=bad, per_days=1)
    refused(RecoveryTask, points=1, max_points=1, per_days=bad)
    refused(Escalation, window_days=bad, factors=(1,))
    refused(Escalation, window_days=1, factors=(1, bad))
    refused(Rung, name="r", dwell_days=bad)
    refused(Rung, name="r", grace_days=bad)
    if bad is not None:
        refused(Fade, lifetime_days=bad)
        refused(policy, human_below=bad)
        refused(Rung, name="r", promote_at=bad, demote_below=1)
        refused(Rung, name="r", promote_at=1, demote_below=bad)


@pytest.mark.parametrize("mark", [121, -1])
def test_row_30_a_threshold_outside_the_scores_is_refused(mark):
    ladder = GradePolicy(rungs=[Rung(name="low"), Rung(name="high", promote_at=mark, demote_below=mark)])
    error = refused(ladder.grade, CreditHistory(), policy(), at=T0)
    assert error.problems[0].code == "range"
    refused(policy, start=10**7)
    refused(policy, start=121)
    refused(policy, floor=121)


def test_row_34_an_account_from_the_future_is_refused():
    ladder = GradePolicy(rungs=[Rung(name="low")])
    refused(ladder.grade, CreditHistory(), policy(), at=T0, registered_at=T0 + 1)
    refused(ladder.grade, history((0, "spam.repeat")), policy(), at=T0 + DAY, registered_at=T0 + 1)
    assert ladder.grade(history((0, "spam.repeat")), policy(), at=T0, registered_at=T0).since == T0


@pytest.mark.parametrize(
    "bad",
    [253_402_300_800, -62_135_596_801, 10**18, 10**5000, float("nan"), 1e9, True, None, "2026-01-01",
     dt.date(2026, 1, 1), dt.datetime.fromisoformat("2026-01-01T00:00:00"), pendulum.naive(2026, 1, 1)],
    ids=["after", "before", "milliseconds", "long", "nan", "float", "bool", "none", "text", "day", "naive", "pendulum"],
)  # fmt: skip
def test_rows_35_and_36_an_instant_has_a_zone_and_lies_in_the_years_1_to_9999(bad):
    refused(CreditHistory().violation, "d", rule="spam.repeat", at=bad)
    refused(policy().score, CreditHistory(), at=bad)
    refused(policy().snapshot().value, at=bad)
    refused(policy().misuse_facts, CreditHistory(), window_days=1, at=bad)
    refused(CreditHistory().known, at=bad)
    refused(Observation, at=bad, facts={})
    refused(Lock, grade="r", at=bad, expires_at=T0, by="p", reason="r")
    ladder = GradePolicy(rungs=[Rung(name="low")])
    refused(ladder.grade, CreditHistory(), policy(), at=bad)
    if bad is not None:
        refused(ladder.grade, CreditHistory(), policy(), at=T0, registered_at=bad)
        refused(Account, id="a", registered_at=bad)


def test_row_37_events_unsorted_or_twice_are_one_history():
    first, second = Event.violation("a", rule="spam.repeat", at=T0), Event.violation("b", rule="spam.repeat", at=T0 - 5)
    assert CreditHistory.of([first, second, first]) == CreditHistory.of([second, first])
    twice = CreditHistory().add(first)
    assert twice.add(first) is twice
    assert twice.add(second).events == (second, first)
    clash = Event.violation("a", rule="harass.direct", at=T0)
    assert refused(twice.add, clash).problems[0].code == "conflict"
    assert refused(CreditHistory.of, [first, clash]).problems[0].code == "conflict"
    assert refused(twice.add, Event.task("a", code="quiz", at=T0)).problems[0].code == "conflict"


def test_row_38_a_stream_of_many_events_needs_no_memory():
    import tracemalloc

    made, count = policy(recovery=Drain(points=50, per_days=1)), 20_000
    stream = (Event.violation(f"d{number}", rule="spam.repeat", at=T0 + 9000 * number) for number in range(count))
    tracemalloc.start()
    try:
        snapshot = made.snapshot().advance(stream)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000
    # 5 points every 9000 seconds, of which 50 a day drain: all but nothing is left of each by the next.
    assert snapshot.value(at=T0 + 9000 * (count - 1)) == 115
    assert len(json.dumps(snapshot.to_dict())) < 1000


@pytest.mark.parametrize("bad", [-1, -(10**9)])
def test_row_39_nothing_is_negative(bad):
    refused(policy, weights={"spam.repeat": bad})
    refused(policy, max_single=bad)
    refused(policy, max_lifetime_days=bad)
    refused(Drain, points=bad, per_days=1)
    refused(Drain, points=1, per_days=bad)
    refused(Fade, lifetime_days=bad)
    refused(RecoveryTask, points=bad, max_points=1, per_days=1)
    refused(Escalation, window_days=1, factors=(bad,))
    refused(Rung, name="r", dwell_days=bad)


def test_row_41_unknown_keys_are_refused_and_named():
    plain = {
        CreditPolicy: policy(tasks={"quiz": RecoveryTask(points=1, max_points=1, per_days=1)}).to_dict(),
        GradePolicy: GradePolicy(rungs=[Rung(name="low")]).to_dict(),
        CreditHistory: history((0, "spam.repeat")).to_dict(),
        Event: Event.overturn("a", at=T0).to_dict(),
    }
    for cls, data in plain.items():
        assert cls.from_dict(data).to_dict() == data
        refused(cls.from_dict, {**data, "colour": 3})
        refused(cls.from_dict, {**data, 7: 3})
        for key in data:
            if key not in (
                "semantics",
                "version",
                "floor",
                "escalation",
                "tasks",
                "human_below",
                "procedure",
                "entry",
                "context",
                "dwell_from",
                "facts",
            ):
                refused(cls.from_dict, {k: value for k, value in data.items() if k != key})
        for stray in (None, [], "x", 7, [data]):
            refused(cls.from_dict, stray)
    made = plain[CreditPolicy]
    for nested in (
        {"recovery": {"kind": "drain", "points": 1, "per_days": 7, "more": 1}},
        {"recovery": {"kind": "drain", "points": 1}},
        {"recovery": {"kind": "heal"}}, {"recovery": None}, {"recovery": []}, {"recovery": {"kind": ["drain"]}},
        {"escalation": {"window_days": 1}}, {"escalation": 5}, {"tasks": {"quiz": {"points": 1}}}, {"tasks": []},
        {"tasks": {"quiz": None}}, {"weights": []}, {"weights": None}, {"weights": {}}, {"procedure": {"appeal": 1}},
        {"procedure": None}, {"semantics": 2}, {"semantics": None}, {"escalation": {"window_days": 1, "factors": None}},
        {"escalation": {"window_days": 1, "factors": [2, 1]}}, {"escalation": {"window_days": 1, "factors": []}},
    ):  # fmt: skip
        refused(CreditPolicy.from_dict, {**made, **nested})
    for wrong in (
        {"schema": 2, "events": []},
        {"schema": True, "events": []},
        {"schema": 1, "events": {}},
        {"schema": 1, "events": [3, {}]},
    ):
        refused(CreditHistory.from_dict, wrong)
    error = refused(CreditHistory.from_dict, {"schema": 1, "events": [3, {}]})
    assert {problem.path[:11] for problem in error.problems} == {"$.events[0]", "$.events[1]"}
    event = plain[Event]
    for wrong in (
        {"kind": "ban"},
        {"kind": 3},
        {"at": T0},
        {"at": None},
        {"cites": "spam.repeat"},
        {"id": None},
        {"at": "2026-01-01"},
    ):
        refused(Event.from_dict, {**event, **wrong})


def test_row_42_nothing_required_may_be_none():
    for field in (
        "context",
        "version",
        "start",
        "floor",
        "ceiling",
        "weights",
        "recovery",
        "max_lifetime_days",
        "max_single",
        "procedure",
        "tasks",
    ):
        refused(policy, **{field: None})
    refused(CreditHistory, events=None)
    refused(CreditHistory, events="abc")
    refused(Event, kind=None, id="a", at=T0)
    refused(Event, kind="violation", id="a", at=T0, cites="x")
    refused(Event, kind=EventKind.OVERTURN, id="a", at=T0, cites="x")
    refused(Event, kind=EventKind.OVERTURN, id="a", at=T0, cites=None)
    refused(Fade, shape=None)
    refused(Fade, shape="cliff")
    refused(policy, recovery="drain")


def test_an_overturn_is_of_something_that_is_there_and_happened_before():
    found = history((0, "spam.repeat")).task("t", code="quiz", at=T0)
    assert refused(found.overturn, "other", at=T0).problems[0].code == "unknown_id"
    assert refused(found.hold, "other", at=T0).problems[0].code == "unknown_id"
    assert refused(found.overturn, "d0", at=T0 - 1).problems[0].code == "order"
    assert refused(found.hold, "t", at=T0).problems[0].code == "kind"
    assert refused(found.release, "t", at=T0).problems[0].code == "kind"
    late = [Event.overturn("a", at=T0), Event.violation("a", rule="spam.repeat", at=T0 + 1), Event.overturn("b", at=T0)]
    assert [problem.code for problem in refused(CreditHistory.of, late).problems] == ["order", "unknown_id"]
    assert found.overturn("t", at=T0).effective(at=T0) == history((0, "spam.repeat")).events


def test_values_are_frozen_and_the_error_pickles():
    for value, field in ((policy(), "start"), (history((0, "spam.repeat")), "events"), (policy().snapshot(), "state")):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, field, 3)
    with pytest.raises(TypeError):
        policy().weights["spam.repeat"] = 0
    error = NeedsReplayError("d-1", "too late")
    again = pickle.loads(pickle.dumps(error))
    assert (again.event_id, str(again)) == ("d-1", "too late; replay the history")


def test_adding_an_event_checks_that_one_and_none_of_those_before(monkeypatch):
    looked = []

    def conflicts(event, known, path):
        looked.append(event.id)
        return told(event, known, path)

    told = history_module._conflicts
    monkeypatch.setattr(history_module, "_conflicts", conflicts)
    found = CreditHistory()
    for number in range(300):
        found = found.violation(f"d{number}", rule="spam.repeat", at=T0 + number)
    assert looked == [f"d{number}" for number in range(300)]
    assert len(found.events) == 300
    assert isinstance(policy().snapshot(found, at=T0), Snapshot)


def test_what_a_file_leaves_out_takes_its_default():
    least = {key: value for key, value in policy().to_dict().items() if key not in ("tasks", "procedure", "semantics")}
    assert CreditPolicy.from_dict({**least, "escalation": None}) == policy()
    refused(policy, tasks={"quiz": 5})
    refused(policy, weights={f"r{number}": 1 for number in range(10_001)})
    stray = CreditHistory().violation("d", rule="not.published", at=T0)
    assert refused(policy().misuse_facts, stray, window_days=1, at=T0).problems[0].code == "unknown"


def test_a_grade_at_the_end_of_time_has_no_date_that_cannot_be_written():
    last = 253_402_300_799
    ladder = GradePolicy.from_dict(
        {"rungs": [{"name": "low"}, {"name": "high", "promote_at": 120, "demote_below": 120}]}
    )
    told = ladder.grade(CreditHistory().violation("d", rule="spam.repeat", at=last), policy(), at=last)
    assert (told.name, told.next_change) == ("low", None)
    assert told.to_bytes()
