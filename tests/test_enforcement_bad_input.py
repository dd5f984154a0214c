"""Bad input to enforcement ends in one clear error of ours, whatever it is."""

import datetime as dt
import json

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enforcement_strategies import DAY, PLAIN, T0, decided, histories, simple
from platgov.enforcement import (
    Actor,
    Appeal,
    AppealOutcome,
    AppealPolicy,
    Deviation,
    DeviationCode,
    History,
    Ladder,
    Modification,
    Overturn,
    Restriction,
    Ruling,
    Sanction,
    Signature,
    Step,
    Strike,
)
from platgov.errors import InputError, PlatgovError
from platgov.measures import Authority, Remove, SuspendAccount, Warn
from rule_strategies import examples

SPAM = decided("links")
ONE = PLAIN.apply(SPAM, History("u1"), at=T0, case="c")
HISTORY = History("u1").add(ONE)
APPEAL = Appeal.file(HISTORY, ONE.id, at=T0 + 1, by="u1", text="no")

INSTANTS = [None, True, 1.5, "2026-01-01T00:00:00Z", 10**30, -(10**30), dt.datetime(2026, 1, 1), dt.date(2026, 1, 1)]  # noqa: DTZ001 - naive on purpose
PEOPLE = ["", 7, b"anna", True, ["anna"], {"id": "anna"}, "x" * 300, "\ud800"]
COUNTS = [-1, True, 1.0, "1", None, 10**30, [1]]


def refused(act, *words):
    with pytest.raises(PlatgovError) as caught:
        act()
    assert isinstance(caught.value, ValueError)
    text = str(caught.value)
    assert 10 < len(text) < 2000
    assert all(word in text for word in words), text


@pytest.mark.parametrize("at", INSTANTS)
def test_what_is_no_instant_is_refused_everywhere(at):
    late = PLAIN
    refused(lambda: late.apply(SPAM, HISTORY, at=at))
    for name in ("strikes", "in_force", "measures", "state", "strike_record", "changes", "counters"):
        refused(lambda name=name: getattr(HISTORY, name)(at=at))
    for name in ("appeals", "overdue", "due_for_review", "next_change"):
        refused(lambda name=name: getattr(HISTORY, name)(at=at))
    for name in ("effective", "waiting", "appeal_until"):
        refused(lambda name=name: getattr(HISTORY, name)(ONE.id, at=at))
    refused(lambda: HISTORY.sign(ONE.id, by="anna", at=at))
    refused(lambda: HISTORY.overturn(ONE.id, by="anna", at=at))
    refused(lambda: HISTORY.modify(ONE.id, measures=[], by="anna", at=at))
    refused(lambda: Appeal.file(HISTORY, ONE.id, by="u1", at=at, text="x"))
    refused(lambda: APPEAL.decide(HISTORY, AppealOutcome.UPHELD, by="ben", at=at, reason="x"))
    refused(lambda: ONE.restrictions[0].in_force(at))
    refused(lambda: Deviation(by="anna", code=DeviationCode.SAFETY, text="x", expires_at=at))


@pytest.mark.parametrize("by", PEOPLE)
def test_who_acts_is_text_or_an_actor(by):
    refused(lambda: PLAIN.apply(SPAM, History("u1"), at=T0, by=by))
    refused(lambda: HISTORY.sign(ONE.id, by=by, at=T0))
    refused(lambda: HISTORY.overturn(ONE.id, by=by, at=T0))
    refused(lambda: HISTORY.modify(ONE.id, measures=[], by=by, at=T0))
    refused(lambda: Appeal.file(HISTORY, ONE.id, by=by, at=T0, text="x"))
    refused(lambda: APPEAL.decide(HISTORY, AppealOutcome.UPHELD, by=by, at=T0 + 9, reason="x"))
    refused(lambda: Actor(id=by))
    refused(lambda: Deviation(by=by, code=DeviationCode.SAFETY, text="x", expires_at=T0))


def test_whoever_overturns_signs_or_appeals_is_named():
    refused(lambda: HISTORY.overturn(ONE.id, by=None, at=T0), "by is nothing")
    refused(lambda: HISTORY.sign(ONE.id, by=None, at=T0), "by is nothing")
    refused(lambda: Appeal.file(HISTORY, ONE.id, by=None, at=T0, text="x"), "by is nothing")


@pytest.mark.parametrize("count", COUNTS)
def test_what_is_no_count_is_refused(count):
    refused(lambda: Strike(weight=count), "weight")
    refused(lambda: Strike(days=count), "days")
    refused(lambda: Step(min_strikes=count, measure=Warn()), "min_strikes")
    refused(lambda: simple(strike_days=count), "strike_days")
    refused(lambda: simple(review_days=count), "review_days")
    refused(lambda: simple(weights={"spam": count}), "weights")
    refused(lambda: AppealPolicy(decide_within_days=count), "decide_within_days")
    refused(lambda: PLAIN.step(count if count != 10**30 else -count), "strikes")
    if count is not None:
        refused(lambda: AppealPolicy(days=count), "days")
        refused(lambda: HISTORY.modify(ONE.id, measures=[], by="anna", at=T0, weight=count), "weight")
        given = {"subject": "u1", "sanction_id": "s", "at": T0, "by": "x", "appeal_id": "a", "reason": "x"}
        refused(lambda: Ruling(**given, outcome="modified", measures=[], weight=count), "weight")


@pytest.mark.parametrize("days", [0, -3])
def test_a_strike_stands_for_a_day_at_least(days):
    refused(lambda: Strike(days=days))
    refused(lambda: simple(strike_days=days))


@pytest.mark.parametrize("measures", [None, 5, "warn", [1], ["warn"], {"a": Warn()}, Warn])
def test_measures_are_a_list_of_measures(measures):
    refused(lambda: Step(min_strikes=1, measures=measures), "measures")
    refused(lambda: HISTORY.modify(ONE.id, measures=measures, by="anna", at=T0), "measures")
    refused(lambda: Deviation(by="a", code=DeviationCode.SAFETY, text="x", expires_at=T0, measures=measures))
    refused(lambda: Signature(subject="u1", sanction_id="s", at=T0, by="a", measures=measures))
    if measures is not None:
        refused(lambda: Step(min_strikes=1, measure=measures), "measure")
        refused(
            lambda: APPEAL.decide(HISTORY, AppealOutcome.MODIFIED, by="b", at=T0 + 9, reason="x", measures=measures)
        )


def test_a_ladder_is_made_of_the_right_things():
    given = {"id": "x", "version": "1", "steps": []}
    for wrong in (
        {"id": ""},
        {"id": 5},
        {"version": None},
        {"version": ""},
        {"version": True},
        {"steps": None},
        {"steps": [5]},
        {"steps": "abc"},
        {"steps": {1: Warn()}},
        {"strikes": [1]},
        {"strikes": {"spam": 1}},
        {"strikes": {5: Strike()}},
        {"strikes": 7},
        {"weights": "abc"},
        {"weights": {"": 1}},
        {"weights": {"spam": Strike()}},
        {"weights": (("a", 1, 2),)},
        {"four_eyes": "senior"},
        {"appeal": 14},
    ):
        refused(lambda wrong=wrong: Ladder(**(given | wrong)))
    refused(lambda: Ladder(**given, strikes={"a": Strike()}, weights={"a": 1}), "'a'")
    refused(lambda: AppealPolicy(suspensive=1), "suspensive")


def test_an_actor_and_a_deviation_are_made_of_the_right_things():
    refused(lambda: Actor(id="a", authority="senior"), "authority")
    refused(lambda: Actor(id="a", interests="u1"), "interests")
    refused(lambda: Actor(id="a", interests=[5]), "interests")
    given = {"by": "a", "code": DeviationCode.SAFETY, "text": "x", "expires_at": T0}
    for wrong in ({"code": "safety"}, {"text": ""}, {"text": 5}, {"text": " \n"}, {"text": "x" * 70_000}):
        refused(lambda wrong=wrong: Deviation(**(given | wrong)))


def test_apply_takes_a_decision_and_a_history():
    refused(lambda: PLAIN.apply(None, History("u1"), at=T0), "Decision")
    refused(lambda: PLAIN.apply(SPAM.to_dict(), History("u1"), at=T0), "Decision")
    refused(lambda: PLAIN.apply(SPAM, None, at=T0), "History")
    refused(lambda: PLAIN.apply(SPAM, [], at=T0), "History")
    refused(lambda: PLAIN.apply(SPAM, History("u1"), at=T0, deviation="less"), "Deviation")
    for case in (5, "", "x" * 300, b"c", True):
        refused(lambda case=case: PLAIN.apply(SPAM, History("u1"), at=T0, case=case), "case")


@pytest.mark.parametrize("key", [None, 5, "", "s-unknown", [], True, APPEAL.id])
def test_an_unknown_sanction_is_refused(key):
    refused(lambda: HISTORY.sanction(key))
    refused(lambda: HISTORY.sign(key, by="anna", at=T0))
    refused(lambda: HISTORY.overturn(key, by="anna", at=T0))
    refused(lambda: HISTORY.add(APPEAL).modify(key, measures=[], by="anna", at=T0))
    refused(lambda: HISTORY.effective(key, at=T0))
    refused(lambda: HISTORY.waiting(key, at=T0))
    if type(key) is not str or not key:
        refused(lambda: Appeal.file(HISTORY, key, at=T0, by="u1", text="x"))


def test_a_history_is_made_of_events():
    for wrong in (None, 5, "abc", [5], [None], {"a": ONE}, [ONE, "x"]):
        refused(lambda wrong=wrong: History("u1", wrong))
    for wrong in (None, 5, True, "x" * 300):
        refused(lambda wrong=wrong: History(wrong))
    for wrong in (None, 5, "s-1", HISTORY, SPAM, {}, []):
        refused(lambda wrong=wrong: HISTORY.add(wrong), "no event")


def test_one_id_stands_for_one_record():
    other = attrs.evolve(ONE, status="waiting")
    assert other.id == ONE.id
    refused(lambda: HISTORY.add(other), "two different records", ONE.id)
    refused(lambda: History("u1", [ONE, other]))


def test_rulings_and_appeals_are_made_of_the_right_things():
    given = {"by": "ben", "at": T0 + 9, "reason": "x"}
    for outcome in (None, "", "accept", 5, True):
        refused(lambda outcome=outcome: APPEAL.decide(HISTORY, outcome, **given), "outcome")
    refused(lambda: APPEAL.decide(HISTORY, AppealOutcome.MODIFIED, **given), "measures")
    refused(lambda: APPEAL.decide(HISTORY, AppealOutcome.UPHELD, measures=[], **given), "measures")
    refused(lambda: APPEAL.decide(HISTORY, AppealOutcome.UPHELD, weight=1, **given), "weight")
    refused(lambda: APPEAL.decide(HISTORY, AppealOutcome.UPHELD, feedback=5, **given), "feedback")
    for reason in (None, "", "  ", 5):
        refused(lambda reason=reason: APPEAL.decide(HISTORY, AppealOutcome.UPHELD, by="b", at=T0 + 9, reason=reason))
    refused(lambda: APPEAL.decide(History("u1"), AppealOutcome.UPHELD, **given), "no sanction")
    for text in (None, "", 5, "x" * 70_000, "\ud800"):
        refused(lambda text=text: Appeal.file(HISTORY, ONE.id, at=T0, by="u1", text=text), "text")
    refused(lambda: attrs.evolve(APPEAL, refusal="because"), "refusal")
    refused(lambda: attrs.evolve(APPEAL, deadline="soon"))
    refused(lambda: HISTORY.overturn(ONE.id, by="anna", at=T0, reason=5), "reason")
    refused(lambda: HISTORY.modify(ONE.id, by="anna", at=T0, measures=[], reason=None), "reason")


def test_a_sanction_is_checked_when_it_is_made():
    for wrong in (
        {"subject": 5},
        {"case": None},
        {"policy": ""},
        {"at": 1.5},
        {"by": "anna"},
        {"findings": [1]},
        {"restrictions": "abc"},
        {"strikes": [5]},
        {"why": "because"},
        {"deviation": 5},
        {"decide_within_days": -1},
        {"suspensive": None},
        {"status": "sanctioned"},
        {"status": ["imposed"]},
        {"due": [5]},
    ):
        refused(lambda wrong=wrong: attrs.evolve(ONE, **wrong))


# -- reading -----------------------------------------------------------------------------------

FULL = (
    History("u1", [ONE])
    .add(PLAIN.apply(decided("rude"), HISTORY, at=T0 + DAY, case="d", by="anna", deviation=Deviation(
        by=Actor(id="chief", authority=Authority.EDITOR_IN_CHIEF), code=DeviationCode.HARDSHIP, text="ill",
        measures=[Warn()], expires_at=T0 + 3 * DAY)))
    .add(APPEAL)
    .sign(ONE.id, by="anna", at=T0 + 2)
    .modify(ONE.id, measures=[Warn()], by="cho", at=T0 + 3)
    .overturn(ONE.id, by="cho", at=T0 + 4)
)  # fmt: skip
FULL = FULL.add(APPEAL.decide(FULL, AppealOutcome.UPHELD, by="dora", at=T0 + 9, reason="so"))


def test_a_history_with_every_kind_of_event_reads_back():
    assert {event.kind for event in FULL.events} == {
        "sanction", "signature", "modification", "appeal", "ruling", "overturn"
    }  # fmt: skip
    assert History.from_dict(json.loads(json.dumps(FULL.to_dict())), ladders=[PLAIN]) == FULL


@pytest.mark.parametrize("data", [None, 5, "x", [], {}, {"kind": "history"}, {"kind": "decision", "schema": 1}])
def test_what_is_no_record_is_not_read(data):
    refused(lambda: History.from_dict(data))
    refused(lambda: Sanction.from_dict(data))
    refused(lambda: Ladder.from_dict(data))


def test_reading_needs_the_ladders():
    refused(lambda: History.from_dict(FULL.to_dict()), PLAIN.digest, "ladders=")
    refused(lambda: History.from_dict(FULL.to_dict(), ladders=[simple()]), PLAIN.digest)
    for wrong in (5, "x", [5], None):
        refused(lambda wrong=wrong: History.from_dict(FULL.to_dict(), ladders=wrong), "Ladder")


def places(data, path=()):
    """Give the path of every value inside plain data."""
    yield path
    for key, item in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from places(item, (*path, key))


def changed(data, path, change):
    copy = json.loads(json.dumps(data))
    holder = copy
    for key in path[:-1]:
        holder = holder[key]
    change(holder, path[-1])
    return copy


def put(value):
    return lambda holder, key: holder.__setitem__(key, value)


JUNK = [None, 5, -1, 1.5, True, "", "junk", "s-00000000000000000000000000000000", [], {}, [[]], 2**70, "\ud800"]


@examples(300)
@given(st.data())
def test_a_record_with_anything_changed_is_refused_or_reads_as_it_says(data):
    source, read = data.draw(
        st.sampled_from(
            [
                (FULL.to_dict(), lambda plain: History.from_dict(plain, ladders=[PLAIN])),
                (FULL.events[0].to_dict(), Sanction.from_dict),
                (PLAIN.to_dict(), Ladder.from_dict),
            ]
        )
    )
    path = data.draw(st.sampled_from([path for path in places(source) if path]))
    act = data.draw(st.sampled_from([put(value) for value in JUNK] + [lambda holder, key: holder.pop(key)]))
    plain = changed(source, path, act)
    try:
        value = read(plain)
    except PlatgovError as error:
        assert isinstance(error, ValueError)
        assert 5 < len(str(error)) < 5000
    else:
        assert json.dumps(value.to_dict(), sort_keys=True) == json.dumps(plain, sort_keys=True)


@pytest.mark.parametrize(
    "path", [("events", 0), ("events", 2), (), ("events", 0, "why"), ("events", 0, "restrictions", 0)]
)
def test_a_key_too_many_is_refused(path):
    plain = changed(FULL.to_dict(), (*path, "extra"), put(1))
    refused(lambda: History.from_dict(plain, ladders=[PLAIN]))


def test_a_sanction_whose_id_is_of_another_case_is_refused():
    plain = changed(ONE.to_dict(), ("case",), put("other"))
    refused(lambda: Sanction.from_dict(plain), "id")


def test_records_inside_each_other_without_end_are_refused():
    plain = ONE.to_dict()
    plain["why"] = plain
    refused(lambda: Sanction.from_dict(plain))
    deep = []
    for _ in range(100_000):
        deep = [deep]
    refused(lambda: Sanction.from_dict(ONE.to_dict() | {"case": deep}))
    refused(lambda: Ladder.from_dict(PLAIN.to_dict() | {"appeal": {"days": deep}}))


@examples(30)
@given(histories())
def test_a_history_read_under_another_ladder_is_refused(drawn):
    ladder, history = drawn
    other = attrs.evolve(ladder, id="other")
    if any(event.kind == "sanction" for event in history.events):
        with pytest.raises(InputError, match="no ladder"):
            History.from_dict(history.to_dict(), ladders=[other])


def test_a_restriction_says_when_it_is_in_force_and_nothing_else():
    one = Restriction(sanction_id="s", measure=Remove(), start=T0)
    assert one.in_force(T0)
    assert not one.in_force(T0 - 1)
    assert one.to_dict()["end"] is None
    refused(lambda: Overturn(subject=5, sanction_id="s", at=T0, by="a"))
    refused(lambda: Modification(subject="u", sanction_id="", at=T0, by="a", measures=[SuspendAccount()]))
