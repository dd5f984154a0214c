"""What is missing or cannot be read ends in no, with a code, and never in an exception."""

import datetime as dt
import itertools

import pytest

from platgov.minors import (
    Band,
    DobEvidence,
    Feature,
    Hours,
    Level,
    Minor,
    Plan,
    Quota,
    Usage,
    Window,
    YouthPolicy,
)
from platgov.schedules import DayCalendar

TZ = "Asia/Shanghai"
AT = 1_780_315_200  # 2026-06-01 20:00 in Shanghai, a Monday
DAY = 86_400
CHILD = DobEvidence.verified(dt.date(2014, 5, 5))
ADULT = DobEvidence.verified(dt.date(1990, 5, 5))


def policy(**more):
    bands = [
        Band(max_age=18, quotas=[Quota(seconds=3600)], hours=[Hours(windows=[Window(start="06:00", end="22:00")])])
    ]
    return YouthPolicy(**{"id": "law", "layer": "legal", "citation": "Law 1", "bands": bands, **more})


PLAN = Plan.of([policy()], tz=TZ, start=AT - 30 * DAY, end=AT + 30 * DAY, features=["access", "video"])
MINORS = {
    "bad_minor": [None, "m1", 7],
    "zone_mismatch": [Minor(id="m", evidence=CHILD, residency_tz="Europe/London")],
    "": [Minor(id="m", evidence=CHILD, residency_tz=TZ)],
}
USAGES = {"bad_usage": [None, {}, 3600], "": [Usage()]}
INSTANTS = {
    "bad_instant": [
        None,
        "20:00",
        1.5,
        True,
        dt.datetime.fromtimestamp(AT, dt.UTC).replace(tzinfo=None),
        dt.date(2026, 6, 1),
        10**30,
    ],
    "outside_plan": [AT - 31 * DAY, AT + 30 * DAY, 0],
    "": [AT, dt.datetime.fromtimestamp(AT, dt.UTC)],
}
ASKS = {
    "bad_feature": [{"feature": None}, {"feature": ""}, {"feature": ["video"]}, {"scope": 7}, {"device": ""}],
    "unknown_feature": [{"feature": "vidoe"}],
    "bad_rating": [{"rating": "12"}, {"rating": -1}, {"rating": True}],
    "bad_option": [{"active": "yes"}],
    "": [{}, {"feature": "video"}, {"active": True}],
}


def flat(table):
    return [(code, value) for code, values in table.items() for value in values]


MATRIX = list(itertools.product(flat(MINORS), flat(USAGES), flat(INSTANTS), flat(ASKS)))


def test_the_matrix_of_missing_and_invalid_input_is_large():
    assert len(MATRIX) >= 64


def test_every_combination_of_missing_and_invalid_input_ends_in_no_with_its_code():
    for (who, minor), (what, usage), (when, at), (how, ask) in MATRIX:
        codes = {who, what, when, how} - {""}
        verdict = PLAN.check(minor, usage, at=at, **ask)
        if codes:
            assert not verdict.allowed, codes
            assert {reason.code for reason in verdict.reasons} <= codes
            assert len(verdict.reasons) == 1
            assert verdict.explain("child")
            assert verdict.explain("auditor", language="zh")
            assert verdict.to_bytes()
        else:
            assert verdict.allowed


@pytest.mark.parametrize("unknown", ["deny", "restrict", "allow"])
@pytest.mark.parametrize("level", ["none", "declared", "guardian", "verified"])
@pytest.mark.parametrize(
    "evidence", ["nothing", "declared_adult", "verified_adult", "verified_child", "conflict", "expired"]
)
def test_an_unknown_age_is_treated_as_the_policy_says(unknown, level, evidence):
    claims = {
        "nothing": (),
        "declared_adult": (DobEvidence.declared(dt.date(1990, 5, 5)),),
        "verified_adult": (ADULT,),
        "verified_child": (CHILD,),
        "conflict": (ADULT, DobEvidence.declared(dt.date(2014, 5, 5))),
        "expired": (DobEvidence.verified(dt.date(1990, 5, 5), expires_on=dt.date(2026, 5, 1)),),
    }[evidence]
    plan = policy(unknown_age=unknown, evidence_level=level).compile(tz=TZ, start=AT - 40 * DAY, end=AT + 9 * DAY)
    verdict = plan.check(Minor(id="m", evidence=claims, residency_tz=TZ), Usage(), at=AT + 3 * 3600)  # 23:00
    known = evidence not in ("nothing", "expired")
    enough = known and not (evidence == "declared_adult" and level in ("guardian", "verified"))
    codes = {reason.code for reason in verdict.reasons}
    if not enough and unknown == "deny":
        assert "age_unknown" in codes
    elif not enough and unknown == "restrict":
        assert codes == {"hours_closed"}
    else:
        child = evidence in ("verified_child", "conflict")
        assert codes == ({"hours_closed"} if child else set())
    if codes and evidence != "verified_child":
        assert all(reason.appealable for reason in verdict.reasons)
    assert ("age_conflict" in {advice.code for advice in verdict.advice}) is (evidence == "conflict")


def test_a_day_that_the_calendar_does_not_know_is_closed_and_says_so():
    calendar = DayCalendar(
        id="c",
        dates={"holiday": {dt.date(2026, 6, 2)}},
        known_from=dt.date(2026, 1, 1),
        known_through=dt.date(2026, 6, 3),
    )
    bands = [
        Band(
            hours=[Hours(windows=[Window(start=0, end=1440, days=["holiday"])])],
            quotas=[Quota(seconds=60, days=["workday"])],
        )
    ]
    plan = policy(bands=bands).compile(tz=TZ, calendar=calendar, start=AT - 9 * DAY, end=AT + 9 * DAY)
    minor = Minor(id="m", evidence=CHILD, residency_tz=TZ)
    assert plan.check(minor, Usage(), at=AT + DAY).allowed
    known, unknown = (plan.check(minor, Usage(), at=AT + days * DAY) for days in (2, 3))
    assert [reason.code for reason in known.reasons] == ["hours_closed"]
    assert [reason.code for reason in unknown.reasons] == ["calendar_unconfirmed"]
    assert unknown.remaining_s == 60  # it may be a workday


def test_emergency_features_are_open_whatever_else_is_closed():
    shut = policy(
        bands=[Band(features=[Feature(name="*", access="deny")])], unknown_age="deny", emergency=["school_line"]
    )
    plan = shut.compile(tz=TZ, start=AT - DAY, end=AT + DAY)
    for evidence in ((), CHILD):
        minor = Minor(id="m", evidence=evidence, residency_tz=TZ)
        for feature in ("emergency", "helpline", "appeal", "school_line"):
            assert plan.check(minor, Usage(), at=AT, feature=feature).allowed
        assert not plan.check(minor, Usage(), at=AT, feature="video").allowed


def test_a_weaker_layer_cannot_declare_away_what_a_stronger_one_closes():
    law = policy(bands=[Band(features=[Feature(name="games", access="deny")])])
    house = YouthPolicy(
        id="house", layer="platform", emergency=["games"], bands=[Band(features=[Feature(name="*", access="deny")])]
    )
    plan = Plan.of([house, law], tz=TZ, start=AT - DAY, end=AT + DAY)
    verdict = plan.check(Minor(id="m", evidence=CHILD, residency_tz=TZ), Usage(), at=AT, feature="games")
    assert [reason.policy_id for reason in verdict.reasons] == ["law"]


def test_evidence_below_the_needed_level_never_frees_a_child():
    plan = policy(evidence_level=Level.VERIFIED).compile(tz=TZ, start=AT - DAY, end=AT + DAY)
    claim = DobEvidence.between(dt.date(1980, 1, 1), dt.date(1990, 1, 1), level=Level.ESTIMATED)
    assert plan.check(Minor(id="m", evidence=claim, residency_tz=TZ), Usage(), at=AT).remaining_s == 3600
    verified = Minor(id="m", evidence=(claim, DobEvidence.verified(dt.date(1985, 1, 1))), residency_tz=TZ)
    assert plan.check(verified, Usage(), at=AT).remaining_s is None  # the route of who was taken for a child
