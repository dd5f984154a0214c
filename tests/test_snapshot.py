"""Stored snapshots: what no history leaves behind is refused, and an id stands for one thing."""

import itertools
import json

import pytest

from platgov._time import to_iso
from platgov.accounts import (
    CreditHistory,
    CreditPolicy,
    Drain,
    Escalation,
    Event,
    Fade,
    RecoveryTask,
    Snapshot,
)
from platgov.errors import InputError

DAY = 86_400
T0 = 1_700_000_000
RECOVERIES = {"drain": Drain(points=1, per_days=7), "linear": Fade(), "step": Fade(shape="step")}


def policy(recovery, **fields):
    made = {
        "context": "c", "start": 120, "ceiling": 120, "weights": {"spam": 5, "harass": 20}, "max_lifetime_days": 60,
        "max_single": 40, "recovery": RECOVERIES[recovery], "escalation": Escalation(window_days=30, factors=(1, 2)),
        "tasks": {"quiz": RecoveryTask(points=3, max_points=6, per_days=90)},
    }  # fmt: skip
    return CreditPolicy(**{**made, **fields})


def events(count):
    for number in range(count):
        at = T0 + number * DAY
        if number % 5 == 4:
            yield Event.task(f"t{number}", code="quiz", at=at)
        else:
            yield Event.violation(f"v{number}", rule=("spam", "harass")[number % 2], at=at)


def stored(made, count=6):
    return json.loads(json.dumps(made.snapshot().advance(events(count)).to_dict()))


def with_base(plain, **parts):
    return {**plain, "base": {**plain["base"], **parts}}


def debts(recovery):
    """Debts that no policy of this recovery leaves before the sixth event, by what is wrong."""
    last = str(T0 + 5 * DAY)
    begin = str(T0)
    if recovery == "drain":
        scale = 7 * DAY
        some, more = str(100 * scale), str(200 * scale)
        return {
            "later than the latest": [last, some, some, []], "before all years": [str(-(2**61)), some, some, []],
            "below nothing": [begin, "-1", some, []], "more than was charged": [begin, more, some, []],
            "part of a point": [begin, "1", str(scale + 1), []],
            "an empty row": [begin, some, some, [[]]], "a bound of one": [begin, some, some, [[[begin]]]],
            "a bound below what drains": [begin, some, some, [[[begin, str(scale)]]]],
            "a bound within a point": [begin, some, some, [[[begin, str(9 * scale + 1)]]]],
            "a bound above the charge": [begin, some, some, [[[begin, more]]]],
            "a bound too late": [begin, some, some, [[[str(T0 + 61 * DAY), some]]]],
            "bounds out of order": [begin, some, more, [[[last, some], [begin, more]]]],
            "bounds that fall": [begin, some, more, [[[begin, more], [last, some]]]],
            "three parts": [begin, some, some], "a part for four": [begin, some, some, [["4"]]],
            "no bounds": [begin, some, some, "4"],
        }  # fmt: skip
    return {
        "later than the latest": [[[last, "5", "0"]]], "before all years": [[[str(-(2**61)), "5", "0"]]],
        "below nothing": [[[begin, "-5", "0"]]], "more than one violation": [[[begin, "41", "0"]]],
        "repaid below nothing": [[[begin, "5", "-1"]]], "more repaid": [[[begin, "5", str(5 * 60 * DAY + 1)]]],
        "out of order": [[[str(T0 + DAY), "5", "0"], [begin, "5", "0"]]], "an empty row": [[]],
        "a row too long": [[[begin, "5", "0"]] * 17], "two parts": [[[begin, "5"]]],
        "four parts": [[[begin, "5", "0", "0"]]],
    }  # fmt: skip


@pytest.mark.parametrize("recovery", RECOVERIES)
def test_what_was_stored_at_any_event_is_read_again(recovery):
    for fields in ({}, {"weights": {"spam": 0, "harass": 40}, "max_lifetime_days": 20}):
        made = policy(recovery, **fields)
        for count in range(60):
            plain = stored(made, count)
            assert Snapshot.from_dict(plain, made).to_dict() == plain


@pytest.mark.parametrize("recovery", RECOVERIES)
def test_a_debt_that_no_history_leaves_is_refused(recovery):
    made = policy(recovery)
    shapes = {
        "nothing": [],
        "a number": "5",
        "numbers": ["1", "2", "3"],
        "a list": ["1", "2", "3", ["4"]],
        "none": None,
    }
    if recovery != "drain":
        del shapes["nothing"]  # of a fade, that is the debt of somebody without violations
    for says, debt in {**shapes, **debts(recovery)}.items():
        with pytest.raises(InputError, match="Snapshot"):
            pytest.fail(f"{says}: {Snapshot.from_dict(with_base(stored(made), debt=debt), made)}")
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InputError, match="too deeply"):
        Snapshot.from_dict(with_base(stored(made), debt=deep), made)


@pytest.mark.parametrize("recovery", RECOVERIES)
def test_without_events_there_is_no_base(recovery):
    made = policy(recovery)
    empty = made.snapshot().to_dict()
    for base in (
        {"debt": stored(made)["base"]["debt"]}, {"debt": "5"}, {"debt": ["1", "2", "3"]},
        {"debt": ["1", "2", "3", ["4"]]}, {"recent": [to_iso(T0)]}, {"repaid": [[to_iso(T0), "quiz", "1"]]},
        *([{"debt": []}] if recovery == "drain" else []),
    ):  # fmt: skip
        with pytest.raises(InputError, match="no latest event"):
            Snapshot.from_dict(with_base(empty, **base), made)


@pytest.mark.parametrize("recovery", RECOVERIES)
def test_what_was_recently_done_lies_before_the_latest_and_is_published(recovery):
    made = policy(recovery)
    plain = stored(made)
    early, late, latest = to_iso(T0), to_iso(T0 + DAY), to_iso(T0 + 5 * DAY)
    most = 6 * {"drain": 7 * DAY, "linear": 60 * DAY, "step": 1}[recovery]
    assert Snapshot.from_dict(with_base(plain, repaid=[[early, "quiz", str(most)]]), made)
    for recent in ([latest], [to_iso(T0 + 900 * DAY)], [late, early]):
        with pytest.raises(InputError, match="recent"):
            Snapshot.from_dict(with_base(plain, recent=recent), made)
    for repaid in (
        [[early, "nap", "1"]], [[latest, "quiz", "1"]], [[late, "quiz", "1"], [early, "quiz", "1"]],
        [[early, "quiz", "0"]], [[early, "quiz", "-1"]], [[early, "quiz", str(most + 1)]],
        [[early, "quiz", str(most)], [late, "quiz", "1"]],
    ):  # fmt: skip
        with pytest.raises(InputError, match="repaid"):
            Snapshot.from_dict(with_base(plain, repaid=repaid), made)
    calm = policy(recovery, escalation=None)
    with pytest.raises(InputError, match="recent"):
        Snapshot.from_dict(with_base(stored(calm), recent=[early]), calm)
    with pytest.raises(InputError, match="no base"):
        Snapshot.from_dict(with_base(plain, more=1), made)


def test_a_schema_is_a_number_and_latest_events_are_what_a_snapshot_adds():
    made = policy("drain")
    plain = stored(made)
    with pytest.raises(InputError, match="schema 1"):
        Snapshot.from_dict({**plain, "schema": True}, made)
    held = Event.hold("v5", at=T0 + 5 * DAY).to_dict()
    with pytest.raises(InputError, match="not all violations and tasks"):
        Snapshot.from_dict({**plain, "latest": [*plain["latest"], held]}, made)


@pytest.mark.parametrize("recovery", RECOVERIES)
def test_an_id_of_the_newest_instant_does_not_come_again_later(recovery):
    made = policy(recovery)
    first = [Event.violation(id_, rule="harass", at=T0) for id_ in ("a", "b")]
    for latest, again in itertools.product((first[:1], first), ("violation", "task")):
        cites = {"rule": "spam"} if again == "violation" else {"code": "quiz"}
        for id_ in (event.id for event in latest):
            other = getattr(Event, again)(id_, at=T0 + DAY, **cites)
            for add in (
                made.snapshot().advance(latest).add,
                lambda one, sofar=latest: made.snapshot().advance([*sofar, one]),
            ):
                with pytest.raises(InputError, match="two things") as refused:
                    add(other)
                assert refused.value.problems[0].code == "conflict"
            with pytest.raises(InputError):
                CreditHistory.of([*latest, other])
