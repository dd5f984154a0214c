"""What is missing or cannot be read ends in no, with a code, and never in an exception."""

import datetime as dt
import itertools

import attrs
import pytest

from platgov.errors import InputError
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


def layers(opens, layer="platform", **law):
    """Give a plan of a law and of somebody who closes everything but what they call an emergency."""
    above = policy(bands=[Band(**{key: law.pop(key) for key in ("hours", "quotas", "features") if key in law})], **law)
    band = Band(features=[Feature(name="*", access="deny")])
    below = YouthPolicy(id="house", layer=layer, emergency=opens, bands=[band])
    return Plan.of([below, above], tz=TZ, start=AT - DAY, end=AT + DAY)


NIGHT = [Window(start="22:00", end="06:00", deny=True)]
NAMED = {
    "feature": {"features": [Feature(name="games", access="deny")]},
    "asking": {"features": [Feature(name="games", access="ask", loosenable_by=["guardian"])]},
    "rating": {"features": [Feature(name="games", max_rating=12)]},
    "hours": {"hours": [Hours(features=["video", "games"], windows=NIGHT)]},
    "quota": {"quotas": [Quota(seconds=3600, scope="games", loosenable_by=["guardian"])]},
}


@pytest.mark.parametrize("layer", ["platform", "guardian"])
@pytest.mark.parametrize("limit", NAMED)
def test_a_weaker_layer_that_declares_open_what_a_stronger_one_limits_by_name_is_refused(limit, layer):
    with pytest.raises(InputError) as caught:
        layers(["games", "chat"], layer, **NAMED[limit])
    (problem,) = caught.value.problems
    assert (problem.code, problem.path) == ("loosens", "$.policies[0].emergency")
    assert all(word in str(caught.value) for word in ("house", "games", "law"))
    # Compiled later, as further layers are, it is the same.
    law = policy(bands=[Band(**NAMED[limit])]).compile(tz=TZ, start=AT - DAY, end=AT + DAY)
    with pytest.raises(InputError, match="keeps 'games' open"):
        law.with_policies(YouthPolicy(id="house", layer=layer, emergency=["games"], bands=[]))


def test_a_weaker_layer_may_declare_open_what_no_stronger_one_limits_by_name():
    child = Minor(id="m", evidence=CHILD, residency_tz=TZ)
    night, rule = AT + 3 * 3600, Feature(name="games", access="deny")
    for law, closed in (
        ({"features": [Feature(name="video", access="deny")]}, False),
        ({"features": [Feature(name="games", access="allow")]}, False),
        ({"quotas": [Quota(seconds=0, scope="games", soft=True)]}, False),
        ({"features": [rule], "emergency": ["games"]}, False),  # the law itself has it that way
        ({"features": [attrs.evolve(rule, name="*", except_for=["games"])]}, False),
        ({"hours": [Hours(features=["games", "video"], windows=NIGHT, except_for=["games"])]}, False),
        ({"hours": [Hours(windows=NIGHT)]}, True),  # a curfew on everything stands, and says so
    ):
        verdict = layers(["games"], **law).check(child, Usage(), at=night, feature="games")
        assert [reason.policy_id for reason in verdict.reasons] == ["law"] * closed
    # The other way round it is what a law is for.
    strict = YouthPolicy(id="house", layer="guardian", bands=[Band(features=[rule])])
    plan = Plan.of([strict, policy(emergency=["games"])], tz=TZ, start=AT - DAY, end=AT + DAY)
    assert plan.check(child, Usage(), at=night, feature="games").allowed


def test_two_laws_do_not_loosen_each_other_and_the_stricter_one_wins():
    other = policy(id="other", emergency=["games"], bands=[])
    plan = Plan.of(
        [policy(bands=[Band(features=[Feature(name="games", access="deny")])]), other],
        tz=TZ,
        start=AT - DAY,
        end=AT + DAY,
    )
    verdict = plan.check(Minor(id="m", evidence=CHILD, residency_tz=TZ), Usage(), at=AT, feature="games")
    assert [reason.policy_id for reason in verdict.reasons] == ["law"]


def test_evidence_below_the_needed_level_never_frees_a_child():
    plan = policy(evidence_level=Level.VERIFIED).compile(tz=TZ, start=AT - DAY, end=AT + DAY)
    claim = DobEvidence.between(dt.date(1980, 1, 1), dt.date(1990, 1, 1), level=Level.ESTIMATED)
    assert plan.check(Minor(id="m", evidence=claim, residency_tz=TZ), Usage(), at=AT).remaining_s == 3600
    verified = Minor(id="m", evidence=(claim, DobEvidence.verified(dt.date(1985, 1, 1))), residency_tz=TZ)
    assert plan.check(verified, Usage(), at=AT).remaining_s is None  # the route of who was taken for a child
