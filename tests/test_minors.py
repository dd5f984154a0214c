"""Youth mode by examples: who may loosen what, breaks, clocks, sessions, words, pictures, bad input."""

import datetime as dt
import pickle
import xml.etree.ElementTree as ET
import zoneinfo

import attrs
import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minors_strategies import minor_of, usage_of, with_quotas
from platgov import messages, minors, verdict
from platgov._minors.policy import Limit
from platgov.errors import DueProcessError, InputError
from platgov.minors import (
    Band,
    BreakRule,
    DobEvidence,
    Feature,
    Grant,
    Hours,
    Level,
    Minor,
    Plan,
    Quota,
    Request,
    SpendCap,
    Usage,
    Window,
    YouthPolicy,
    week_svg,
    week_text,
)
from platgov.schedules import DayCalendar

TZ = "Asia/Shanghai"
DAY = 86_400
NAIVE = dt.datetime(2026, 6, 1)  # noqa: DTZ001 - what is refused
AT = 1_780_315_200  # Monday 2026-06-01 20:00 in Shanghai
MIDNIGHT = AT + 4 * 3600
MINOR = Minor(id="m1", evidence=DobEvidence.verified(dt.date(2012, 3, 1)), residency_tz=TZ)


def policy(*bands, **more):
    return YouthPolicy(**{"id": "law", "layer": "legal", "citation": "Law 1", "bands": bands, **more})


def plan_of(*policies, **more):
    return Plan.of(policies, **{"tz": TZ, "start": AT - 60 * DAY, "end": AT + 60 * DAY, **more})


def only(**fields):
    return plan_of(policy(Band(**fields)))


def used(*spans, **more):
    usage = Usage(**more)
    for start, end in spans:
        usage = usage.add(event_id=f"{start}", start=start, end=end, scope="video", device="pad")
    return usage


def codes(found):
    return [reason.code for reason in found.reasons]


def grant(**more):
    return Grant(**{"id": "g1", "by": "guardian", "grantor": "parent", "reason": "rain", "starts_at": AT - 1, **more})


# -- who may loosen what -------------------------------------------------------------------------

LOOSENING = [
    # who may, bound, who asks, for how much, what it is then
    ({"guardian"}, None, "guardian", 7200, 7200),  # a law that lets parents raise or lower
    ({"guardian"}, 5400, "guardian", 7200, 5400),  # cut to the bound
    ({"guardian"}, 5400, "guardian", 1800, 3600),  # asking for less changes nothing
    (set(), None, "guardian", 7200, 3600),  # nobody may
    ({"guardian"}, None, "self", 7200, 3600),  # the child may not
    ({"self"}, None, "self", 7200, 7200),  # older ones may themselves
]


@pytest.mark.parametrize(("may", "bound", "by", "asked", "seconds"), LOOSENING)
def test_a_limit_is_loosened_by_whom_it_names_and_up_to_its_bound(may, bound, by, asked, seconds):
    plan = only(quotas=[Quota(seconds=3600, loosenable_by=may, bound=bound)])
    minor = MINOR.with_grant(grant(by=by, set_s=asked))
    found = plan.check(minor, Usage(), at=AT)
    assert found.remaining_s == seconds
    told = {advice.code for advice in found.advice}
    assert ("grant_refused" in told) is (by not in may)
    assert ("grant_cut" in told) is (by in may and bound is not None and asked > bound)


def test_a_bonus_adds_up_ends_when_it_expires_and_opens_nothing_else():
    plan = plan_of(
        policy(
            Band(
                quotas=[Quota(seconds=3600, loosenable_by=["guardian"])],
                hours=[Hours(windows=[Window(start="06:00", end="21:00")])],
            )
        )
    )
    minor = MINOR.with_grant(grant(add_s=900, expires_at=AT + 1800)).with_grant(grant(id="g2", add_s=60))
    assert plan.check(minor, Usage(), at=AT).remaining_s == 4560
    assert plan.check(minor, Usage(), at=AT + 1800).remaining_s == 3660
    assert codes(plan.check(minor, Usage(), at=AT + 3600)) == ["hours_closed"]
    # Exhausted until the bonus, which ends before it is used up.
    spent = used((AT - 3600, AT))
    assert plan.check(minor, spent, at=AT, active=True).next_change == AT + 960


def test_a_bonus_for_one_feature_is_for_that_feature():
    plan = only(quotas=[Quota(seconds=0, loosenable_by=["guardian"])])
    minor = MINOR.with_grant(grant(add_s=600, feature="homework"))
    assert plan.check(minor, Usage(), at=AT, feature="homework").allowed
    assert not plan.check(minor, Usage(), at=AT, feature="video").allowed


def test_a_weaker_law_does_not_undo_a_stronger_one():
    strict = policy(Band(quotas=[Quota(seconds=1800)]), id="strict")
    lax = policy(Band(quotas=[Quota(seconds=3600, loosenable_by=["guardian"])]), id="lax")
    minor = MINOR.with_grant(grant(set_s=9000))
    assert plan_of(strict, lax).check(minor, Usage(), at=AT).remaining_s == 1800


def test_hours_open_by_grant_as_far_as_the_bound():
    hours = Hours(
        windows=[Window(start="22:00", end="06:00", deny=True)],
        loosenable_by=["guardian"],
        bound=[Window(start="05:00", end="23:00")],
    )
    plan = only(hours=[hours])
    for windows, opens in (((), MIDNIGHT - 3600), ([Window(start="22:00", end="22:30")], MIDNIGHT - 5400)):
        minor = MINOR.with_grant(grant(windows=windows))
        assert plan.check(MINOR, Usage(), at=AT).next_change == MIDNIGHT - 7200
        assert plan.check(minor, Usage(), at=AT).next_change == opens


def test_a_feature_that_needs_asking_opens_with_a_grant_and_only_so_far():
    plan = only(features=[
        Feature(name="live", access="ask", loosenable_by=["guardian"]),
        Feature(name="tips", access="deny", loosenable_by=["guardian"], bound="ask"),
        Feature(name="ads", access="deny"),
    ])  # fmt: skip
    allowed = MINOR.with_grant(grant(access="allow"))
    denied, ask = ["feature_denied"], ["feature_ask"]
    for feature, before, after in (("live", ask, []), ("tips", denied, ask), ("ads", denied, denied)):
        assert codes(plan.check(MINOR, Usage(), at=AT, feature=feature)) == before
        assert codes(plan.check(allowed, Usage(), at=AT, feature=feature)) == after


def test_content_above_the_ceiling_is_closed():
    plan = only(features=[Feature(name="video", max_rating=12), Feature(name="*", id="all", max_rating=16)])
    assert plan.check(MINOR, Usage(), at=AT, feature="video", rating=12).allowed
    assert codes(plan.check(MINOR, Usage(), at=AT, feature="video", rating=13)) == ["rating_above"]
    assert plan.check(MINOR, Usage(), at=AT, feature="video").max_rating == 12
    assert plan.check(MINOR, Usage(), at=AT, feature="games").max_rating == 16


def test_may_i_have_fifteen_minutes_more():
    plan = only(quotas=[Quota(seconds=3600, loosenable_by=["guardian"])])
    spent = used((AT - 3600, AT))
    assert codes(plan.check(MINOR, spent, at=AT)) == ["quota_day"]
    request = Request(id="r1", minor="m1", made_at=AT, lapses_at=AT + 600, seconds=900, says="please")
    yes = request.grant(by="guardian", grantor="parent", reason="done with homework", at=AT + 60, expires_at=MIDNIGHT)
    assert plan.check(MINOR.with_grant(yes), spent, at=AT + 60).remaining_s == 900
    no = request.refuse(by="guardian", grantor="parent", reason="bedtime", at=AT + 60)
    assert (no.request, no.reason) == ("r1", "bedtime")
    feature = Request(id="r2", minor="m1", made_at=AT, lapses_at=AT + 600, feature="live")
    assert (
        feature.grant(by="guardian", grantor="p", reason="ok", at=AT, expires_at=AT + 1).access is minors.Access.ALLOW
    )
    for wrong, code in (
        ({"at": AT + 600}, "lapsed"),
        ({"at": AT - 1}, "lapsed"),
        ({"grantor": "m1"}, "same_person"),
        ({"seconds": 901}, "beyond_request"),
    ):
        with pytest.raises(DueProcessError) as caught:
            request.grant(**{"by": "guardian", "grantor": "p", "reason": "r", "at": AT, "expires_at": AT + 9, **wrong})
        assert caught.value.code == code


# -- quotas and breaks ---------------------------------------------------------------------------


def test_a_break_is_due_after_use_and_over_after_one_unbroken_pause():
    plan = only(breaks=[BreakRule(after_s=1800, rest_s=300, enforce=True)])
    usage = used((AT, AT + 1000), (AT + 1200, AT + 2000))  # a pause of 200 seconds is none
    due = plan.check(MINOR, usage, at=AT + 2000)
    assert codes(due) == ["break_due"]
    assert due.next_change == due.reasons[0].until == AT + 2300
    assert plan.check(MINOR, usage, at=AT + 2300).allowed
    reminder = only(breaks=[BreakRule(after_s=1800, rest_s=300)]).check(MINOR, usage, at=AT + 2000)
    assert reminder.allowed
    assert [advice.code for advice in reminder.advice] == ["break_due"]


def test_who_goes_on_at_the_very_end_of_a_pause_starts_anew():
    plan = only(breaks=[BreakRule(after_s=1800, rest_s=300, enforce=True)])
    usage = used((AT, AT + 1000))
    assert plan.check(MINOR, usage, at=AT + 1299, active=True).next_change == AT + 1299 + 800
    assert plan.check(MINOR, usage, at=AT + 1300, active=True).next_change == AT + 1300 + 1800


def test_use_over_midnight_meets_the_new_quota_and_not_the_old_one():
    plan = only(hours=[Hours(windows=[Window(start="06:00", end="26:00")])], quotas=[Quota(seconds=3600)])
    for _ in range(2):  # the second time from memory
        found = plan.check(MINOR, Usage(), at=MIDNIGHT - 1800, active=True)
        assert (found.remaining_s, found.next_change, found.next_if_idle) == (3600, MIDNIGHT + 3600, MIDNIGHT + 7200)


def test_one_quota_for_each_service_and_one_for_all_of_a_provider():
    plan = only(quotas=[Quota(seconds=3600, scope="service:*"), Quota(seconds=5400)])
    usage = Usage()
    for number, service in enumerate(["service:a", "service:b"]):
        usage = usage.add(
            event_id=service, start=AT + number * 3000, end=AT + number * 3000 + 3000 - number * 600, scope=service
        )
    now = AT + 6000
    assert plan.check(MINOR, usage, at=now, scope="service:a").used == (3000, 5400)
    assert codes(plan.check(MINOR, usage, at=now, scope="service:a")) == ["quota_day"]
    alone = only(quotas=[Quota(seconds=3600, scope="service:*")])
    assert alone.check(MINOR, usage, at=now, scope="service:b").remaining_s == 1200
    assert not alone.check(MINOR, usage, at=now).allowed  # who does not say which has used them all


def test_devices_add_up_only_where_a_quota_says_so():
    usage = Usage()
    for device in ("pad", "phone"):
        usage = usage.add(event_id=device, start=AT, end=AT + 600, device=device)
    both = only(
        quotas=[
            Quota(seconds=3600),
            Quota(id="sum", seconds=3600, counting="sum"),
            Quota(seconds=900, scope="device:*"),
        ]
    )
    found = both.check(MINOR, usage, at=AT + 600, device="pad")
    assert found.used == (600, 1200, 600)
    growing = usage.heartbeat(event_id="s1", at=AT + 600, device="pad").heartbeat(
        event_id="s2", at=AT + 600, device="phone"
    )
    assert only(quotas=[Quota(seconds=1800, counting="sum")]).check(MINOR, growing, at=AT + 600).next_change == AT + 900


def test_a_quota_counts_the_night_to_the_day_before_where_the_day_starts_at_four():
    plan = plan_of(policy(Band(quotas=[Quota(seconds=3600)]), day_starts_at="04:00"))
    usage = used((MIDNIGHT - 3600, MIDNIGHT))
    assert plan.check(MINOR, usage, at=MIDNIGHT + 60).next_change == MIDNIGHT + 4 * 3600


def test_a_birthday_is_a_change():
    plan = plan_of(policy(Band(min_age=0, max_age=14, quotas=[Quota(seconds=60)])))
    minor = Minor(id="m", evidence=DobEvidence.verified(dt.date(2012, 6, 3)), residency_tz=TZ)
    found = plan.check(minor, used((AT - 60, AT)), at=AT)
    assert found.next_change == MIDNIGHT  # tomorrow there is a minute again
    assert plan.check(minor, Usage(), at=MIDNIGHT + DAY).remaining_s is None


def test_a_policy_holds_between_its_dates():
    plan = plan_of(
        policy(Band(quotas=[Quota(seconds=0)]), valid_from=dt.date(2026, 6, 3), valid_until=dt.date(2026, 6, 5))
    )
    allowed = [plan.check(MINOR, Usage(), at=MIDNIGHT + days * DAY).allowed for days in range(5)]
    assert allowed == [True, False, False, True, True]
    assert plan.check(MINOR, Usage(), at=AT).next_change == MIDNIGHT + DAY


# -- usage and clocks ----------------------------------------------------------------------------


def test_a_session_counts_until_it_goes_stale_and_a_reported_end_corrects_that():
    usage = Usage().heartbeat(event_id="s", start=AT, at=AT + 60, scope="video")
    assert usage.seconds(AT, AT + 600) == 180
    assert usage.heartbeat(event_id="s", start=AT, at=AT + 300, scope="video").seconds(AT, AT + 600) == 420
    ended = usage.end(event_id="s", start=AT, at=AT + 90, scope="video")
    assert ended.seconds(AT, AT + 600) == 90
    assert ended.merge(usage) == usage.merge(ended) == ended
    plan = only(quotas=[Quota(seconds=600)])
    assert plan.check(MINOR, usage, at=AT + 60).next_change == AT + 600  # it goes on
    assert plan.check(MINOR, ended, at=AT + 90).next_change is None


def test_what_comes_late_too_long_or_from_the_future_is_cut_and_flagged():
    usage = Usage()
    week = 7 * DAY
    usage = usage.add(event_id="late", start=AT - week - 100, end=AT - week + 50, received_at=AT)
    usage = usage.add(event_id="long", start=AT - 7 * 3600, end=AT, received_at=AT)
    usage = usage.add(event_id="future", start=AT - 100, end=AT + 5000, received_at=AT)
    usage = usage.add(event_id="ahead", start=AT + 500, end=AT + 600, received_at=AT)
    assert [(flag.event_id, flag.code, flag.seconds) for flag in usage.flags] == [
        ("ahead", "future", 100), ("future", "future", 5000), ("late", "late", 100), ("long", "oversized", 3600),
    ]  # fmt: skip
    assert usage.trusted_at == AT
    assert usage.seconds(AT - 8 * DAY, AT + DAY) == 50 + 6 * 3600 + 100


def test_nobody_gets_a_new_day_from_a_clock_that_nobody_vouches_for():
    plan = plan_of(policy(Band(quotas=[Quota(seconds=3600)])), max_offline_s=3600)
    usage = used((AT - 3600, AT)).trust(AT)
    tomorrow = AT + DAY
    found = plan.check(MINOR, usage, at=tomorrow)
    assert codes(found) == ["quota_day"]
    assert [advice.code for advice in found.advice] == ["clock_unconfirmed"]
    assert found.next_change is None
    assert plan.check(MINOR, usage.trust(tomorrow), at=tomorrow).remaining_s == 3600
    assert not plan.check(MINOR, used((AT - 3600, AT)), at=tomorrow).allowed
    near = plan_of(policy(Band(quotas=[Quota(seconds=3600)])), max_offline_s=5 * 3600)
    assert near.check(MINOR, usage, at=AT).next_change == MIDNIGHT
    assert plan.timeline(AT, tomorrow, minor=MINOR, usage=usage)[0].allowed is False


@given(
    st.datetimes(
        NAIVE - dt.timedelta(57),
        NAIVE + dt.timedelta(30),
        timezones=st.sampled_from(
            [
                zoneinfo.ZoneInfo("Europe/London"),
                dt.UTC,
                pendulum.UTC,
                pendulum.timezone("America/Havana"),
                dt.timezone(dt.timedelta(hours=5, minutes=45)),
            ]
        ),
    )
)
def test_every_aware_datetime_is_taken_for_the_instant_it_is(at):
    plan = only(quotas=[Quota(seconds=3600)], hours=[Hours(windows=[Window(start="06:00", end="22:00")])])
    instant = (at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(seconds=1)
    assert plan.check(MINOR, Usage(), at=at) == plan.check(MINOR, Usage(), at=instant)
    assert plan.check(MINOR, Usage(), at=pendulum.instance(at)) == plan.check(MINOR, Usage(), at=instant)


def test_a_bonus_of_ten_minutes_warns_at_five_and_one_and_never_at_fifteen():
    plan = only(quotas=[Quota(seconds=600, warn_s=[900, 300, 60])])
    usage = used((AT, AT + 900))
    found = plan.warnings_between(AT - 10, AT + 1000, minor=MINOR, usage=usage)
    assert [(one.at - AT, one.seconds) for one in found] == [(300, 300), (540, 60)]
    assert {reason.code for one in found for reason in one.reasons} == {"quota_day"}
    assert plan.warnings_between(AT + 300, AT + 539, minor=MINOR, usage=usage) == ()


@given(with_quotas(), st.booleans(), st.lists(st.integers(-3 * DAY, 3 * DAY), min_size=1, max_size=6))
def test_the_short_way_and_the_long_way_agree(case, active, offsets):
    case["policies"] = [
        attrs.evolve(
            case["policies"][0],
            bands=[attrs.evolve(band, quotas=band.quotas[:1]) for band in case["policies"][0].bands],
        )
    ]
    plan = Plan.of(case["policies"], tz=case["tz"], start=case["at"] - 9 * DAY, end=case["at"] + 9 * DAY)
    minor, usage = minor_of(case), usage_of(case)
    view = plan.view(minor, case["asked"])
    for at in [case["at"] + offset for offset in offsets] * 2:
        long = plan.ask(view, usage, at, (view.tags,) if active else ())
        assert plan.check(minor, usage, at=at, feature=case["asked"], active=active) == long
        assert plan.check(minor, usage, at=at, feature=case["asked"], active="yes").reasons[0].code == "bad_option"


def test_what_comes_after_days_were_folded_is_flagged():
    plan = only(quotas=[Quota(seconds=3600, per="month", scope="service:*")])
    usage = Usage().add(event_id="e", start=AT - 20 * DAY, end=AT - 20 * DAY + 600, scope="service:a")
    folded = plan.fold(usage, at=AT, keep_s=0)
    assert folded.lanes == ()
    late = folded.add(event_id="l", start=AT - 20 * DAY, end=AT - 20 * DAY + 900, scope="service:a")
    assert [(flag.code, flag.seconds) for flag in late.flags] == [("folded", 900)]
    assert plan.check(MINOR, late, at=AT - 15 * DAY, scope="service:a").used == (600,)
    assert folded.merge(usage).merge(folded) == folded.merge(usage)
    assert plan.fold(usage, at=AT - 200 * DAY) is usage
    assert only().fold(usage, at=AT) is usage


def test_a_device_cannot_keep_a_session_alive_in_the_future():
    usage = Usage().heartbeat(event_id="s", at=AT + DAY, received_at=AT)
    assert usage.sessions[0].seen == AT + 120


def test_many_at_an_instant_that_is_none_are_all_refused():
    found = only().check_many([(MINOR, Usage())] * 2, at="now")
    assert [codes(one) for one in found] == [["bad_instant"]] * 2
    assert only().check_many([], at=AT) == []


def test_the_digest_of_a_plan_tells_calendars_apart():
    class Own:
        id, names, weekend = "own", frozenset({"rest_day"}), frozenset({"sat"})
        known_from, known_through = None, dt.date(2030, 1, 1)

        def classes(self, day):
            return frozenset()

    first = DayCalendar(id="c", dates={"holiday": {dt.date(2026, 6, 2)}}, known_through=dt.date(2026, 12, 31))
    second = attrs.evolve(first, dates={"holiday": {dt.date(2026, 6, 3)}})
    digests = {plan_of(policy(Band()), calendar=calendar).digest for calendar in (None, first, second, Own())}
    assert len(digests) == 4


def test_memory_is_bounded_and_answers_do_not_depend_on_it(monkeypatch):
    plan = only(hours=[Hours(windows=[Window(start=0, end=60)], loosenable_by=["guardian"])])
    opened = [grant(id=str(n), windows=[Window(start="20:00", end="21:00")], starts_at=AT + n) for n in range(3)]
    minor = attrs.evolve(MINOR, grants=opened)
    before = plan.check(minor, Usage(), at=AT + 5)
    assert before.allowed
    monkeypatch.setattr("platgov._minors.memory.MOST", 2)
    assert plan.check(attrs.evolve(minor), Usage(), at=AT + 5, feature="access") == before
    for feature in "abcdef":
        assert plan.check(minor, Usage(), at=AT + 5, feature=feature).allowed
        assert len(plan._memory.values()) <= 2


# -- spending caps, words, pictures --------------------------------------------------------------


def test_the_caps_of_all_layers_and_bands_bind_together():
    cap, other = (
        SpendCap(currency="CNY", tz=TZ, per_transaction=5000),
        SpendCap(id="house", currency="CNY", tz=TZ, per_month=9000),
    )
    law = policy(Band(max_age=18, spend=[cap]), unknown_age="deny")
    house = YouthPolicy(id="house", layer="guardian", bands=[Band(spend=[other])])
    later = YouthPolicy(id="later", layer="legal", bands=[Band(spend=[cap])], valid_from=dt.date(2026, 6, 2))
    plan = plan_of(house, law, later)

    def named(minor, at=AT):
        return [(one.id, one.per_transaction, one.policy_id, one.layer) for one in plan.caps(minor, at=at)]

    assert named(MINOR) == [("spend", 5000, "law", "legal"), ("house", None, "house", "guardian")]
    assert [(one.citation, one.appealable) for one in plan.caps(MINOR, at=AT)] == [("Law 1", False), ("", False)]
    assert [one[2] for one in named(MINOR, MIDNIGHT)] == ["later", "law", "house"]
    adult = Minor(id="a", evidence=DobEvidence.declared(dt.date(1990, 1, 1)), residency_tz=TZ)
    assert named(adult) == [("house", None, "house", "guardian")]
    assert plan.caps(adult, at=AT)[0].appealable


def test_the_caps_of_every_age_that_somebody_may_have_bind_and_a_doubt_about_it_can_be_objected_to():
    def cap(id):  # noqa: A002 - the word of the field
        return SpendCap(id=id, currency="CNY", tz=TZ, per_day=100)

    plan = plan_of(policy(Band(max_age=16, spend=[cap("younger")]), Band(min_age=16, max_age=18, spend=[cap("older")])))
    either = DobEvidence.between(dt.date(2010, 1, 1), dt.date(2010, 12, 31), level=Level.GUARDIAN)
    found = plan.caps(Minor(id="m", evidence=either, residency_tz=TZ), at=AT)
    assert [(one.id, one.appealable) for one in found] == [("younger", True), ("older", True)]
    sure = DobEvidence.verified(dt.date(2010, 1, 1))
    assert [one.appealable for one in plan.caps(Minor(id="m", evidence=sure, residency_tz=TZ), at=AT)] == [False]
    other = (sure, DobEvidence.verified(dt.date(2011, 12, 31)))  # two proofs that contradict each other
    found = plan.caps(Minor(id="m", evidence=other, residency_tz=TZ), at=AT)
    assert [(one.id, one.appealable) for one in found] == [("younger", True), ("older", True)]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("audience", ["child", "guardian", "auditor"])
def test_every_reason_and_advice_has_words_for_everyone(audience, language):
    band = Band(
        hours=[Hours(windows=[Window(start="05:00", end="06:00")], citation="Art. 5")],
        quotas=[
            Quota(seconds=0, per=per, span_s=span, loosenable_by=["guardian"])
            for per, span in (("day", None), ("week", None), ("month", None), ("rolling", 60), ("gap", 60))
        ]
        + [Quota(id="soft", seconds=0, soft=True)],
        breaks=[BreakRule(after_s=1, rest_s=900, enforce=True), BreakRule(id="b2", after_s=1, rest_s=900)],
        features=[
            Feature(name="*", access="deny"),
            Feature(name="live", access="ask", loosenable_by=["guardian"], max_rating=3),
        ],
    )
    plan = plan_of(policy(band, unknown_age="deny", evidence_level="verified"), max_offline_s=0)
    usage = used((AT - 600, AT)).trust(AT + 600)
    known = attrs.evolve(MINOR, grants=(grant(by="self", set_s=9),))
    found = plan_of(policy(band)).check(known, usage, at=AT, feature="live", rating=9)
    assert len(found.reasons) == 10
    lines = found.explain(audience, language=language)
    assert len(lines) >= 11
    assert any("Art. 5" in line for line in lines) is (audience == "auditor")
    assert any("guardian" in line for line in lines) is (audience != "child")
    nobody = plan.check(Minor(id="n", residency_tz=TZ), usage, at=AT).explain(audience, language=language)
    assert len(nobody) >= 2
    conflict = attrs.evolve(MINOR, evidence=(*MINOR.evidence, DobEvidence.declared(dt.date(1990, 1, 1))))
    assert plan.check(conflict, usage, at=AT + 9000).explain(audience, language=language)
    assert (
        only(quotas=[Quota(seconds=60)]).check(MINOR, Usage(), at=AT, active=True).explain(audience, language=language)
    )


def test_english_and_chinese_have_the_same_texts():
    keys = {c.language: {key for key in c.keys if key.startswith("minors.")} for c in messages.default().catalogues}
    assert keys["en"] == keys["zh"]
    assert len(keys["en"]) > 30


def test_a_denial_names_rule_layer_citation_end_and_way_out():
    plan = only(quotas=[Quota(seconds=60, loosenable_by=["guardian"])])
    found = plan.check(MINOR, used((AT - 60, AT)), at=AT)
    (reason,) = found.reasons
    assert reason == ("quota_day", "law", "day.total", "legal", "Law 1", MIDNIGHT, 0, False, ("guardian",), 60)
    assert isinstance(found, verdict.Verdict)
    assert found.to_dict()["kind"] == "minor_verdict"
    assert found.digest.startswith("sha256:")
    assert "2012" not in found.to_bytes().decode()
    assert found.policy == plan.digest
    again = only(quotas=[Quota(seconds=60, loosenable_by=["guardian"])]).check(MINOR, used((AT - 60, AT)), at=AT)
    assert found == again
    assert hash(found) == hash(again)
    assert found != only(quotas=[Quota(seconds=60)]).check(MINOR, used((AT - 60, AT)), at=AT)


def test_a_week_is_drawn_as_text_and_as_an_image():
    plan = only(hours=[Hours(windows=[Window(start="06:00", end="22:00")])])
    usage = used((AT, AT + 5400))
    rows = week_text(plan, MINOR, usage, at=AT).splitlines()
    assert len(rows) == 8
    assert rows[1] == f"2026-06-01 {'·' * 12}{'░' * 28}███{'░'}{'·' * 4} used 1 hour 30 minutes"
    assert "已使用" in week_text(plan, MINOR, usage, at=AT, language="zh")
    image = ET.fromstring(week_svg(plan, MINOR, usage, at=AT))
    assert len(image.findall("{*}rect")) == 7 * 2 + 1
    with pytest.raises(InputError):
        week_text(plan, MINOR, usage, at=AT + 58 * DAY)


# -- bad input -----------------------------------------------------------------------------------

BAD = {
    "zone with a path": lambda: plan_of(policy(Band()), tz="../../etc/passwd"),
    "zone on Mars": lambda: plan_of(policy(Band()), tz="Mars/Phobos"),
    "long zone": lambda: Minor(id="m", residency_tz="A" * 10_000),
    "zone with NUL": lambda: Minor(id="m", residency_tz="Asia/\0"),
    "equal start and end": lambda: Window(start="22:00", end="22:00"),
    "leap second": lambda: Window(start="22:00", end="23:59:60"),
    "naive start": lambda: Usage().add(event_id="e", start=NAIVE, end=AT),
    "naive end of plan": lambda: plan_of(policy(Band()), end=NAIVE),
    "end before start": lambda: Usage().add(event_id="e", start=AT, end=AT - 1),
    "number as id": lambda: Usage().add(event_id=7, start=AT, end=AT + 1),
    "scope of numbers": lambda: Usage().add(event_id="e", start=AT, end=AT + 1, scope=[1]),
    "no scope": lambda: Usage().add(event_id="e", start=AT, end=AT + 1, scope=7),
    "birth date in text": lambda: Minor(id="m", residency_tz=TZ, evidence="2012-03-01"),
    "negative quota": lambda: Quota(seconds=-1),
    "float quota": lambda: Quota(seconds=0.5),
    "boolean quota": lambda: Quota(seconds=True),
    "huge quota": lambda: Quota(seconds=10**30),
    "rolling without span": lambda: Quota(seconds=1, per="rolling"),
    "day with span": lambda: Quota(seconds=1, span_s=60),
    "unknown period": lambda: Quota(seconds=1, per="year"),
    "quota on no day": lambda: Quota(seconds=1, days=[]),
    "bound below limit": lambda: Quota(seconds=10, bound=5, loosenable_by=["guardian"]),
    "bound for nobody": lambda: Quota(seconds=1, bound=5),
    "gap by devices": lambda: Quota(seconds=1, per="gap", span_s=5, counting="sum"),
    "warning of no time": lambda: Quota(seconds=1, warn_s=[0]),
    "break bound below": lambda: BreakRule(after_s=10, rest_s=1, bound=5, loosenable_by=["guardian"]),
    "break in text": lambda: BreakRule(after_s=10, rest_s=1, enforce="no"),
    "asking nobody": lambda: Feature(name="x", access="ask"),
    "feature bound stricter": lambda: Feature(name="x", access="ask", bound="deny", loosenable_by=["guardian"]),
    "hours of nothing": lambda: Hours(windows=[]),
    "hours of text": lambda: Hours(windows=["22:00"]),
    "names as text": lambda: Hours(windows=[Window(start=0, end=1)], features="video"),
    "limit of nothing": Limit,
    "empty band": lambda: Band(min_age=18, max_age=18),
    "quotas that are none": lambda: Band(quotas=[1]),
    "text with a line break": lambda: policy(Band(), citation="a\nb"),
    "policy without days": lambda: policy(Band(), valid_from=dt.date(2026, 1, 2), valid_until=dt.date(2026, 1, 2)),
    "date as text": lambda: policy(Band(), valid_from="2026-01-02"),
    "id twice": lambda: policy(Band(quotas=[Quota(seconds=1)]), Band(quotas=[Quota(seconds=2)])),
    "unknown layer": lambda: policy(Band(), layer="school"),
    "no policy": plan_of,
    "policy twice": lambda: plan_of(policy(Band()), policy(Band())),
    "policy not enabled": lambda: plan_of(policy(Band(), enabled=False)),
    "plan of text": lambda: plan_of("law"),
    "features as text": lambda: plan_of(policy(Band()), features="video"),
    "offline in text": lambda: plan_of(policy(Band()), max_offline_s="1"),
    "day nobody knows": lambda: only(quotas=[Quota(seconds=1, days=["holiday"])]),
    "grant of nothing": grant,
    "grant that is over": lambda: grant(add_s=1, expires_at=AT - 1),
    "request that lapsed": lambda: Request(id="r", minor="m", made_at=AT, lapses_at=AT),
    "usage of spans backwards": lambda: Usage.from_dict({"lanes": [{"tags": [], "spans": [[2, 1]]}]}),
    "usage with more": lambda: Usage.from_dict({"line": []}),
    "other settings": lambda: Usage().merge(Usage(stale_s=5)),
    "merge with text": lambda: Usage().merge("x"),
    "timeline of nothing": lambda: only().timeline(AT, AT),
    "timeline of nobody": lambda: only().timeline(AT, AT + 1, minor="m"),
    "timeline of no usage": lambda: only().timeline(AT, AT + 1, usage="m"),
    "unknown audience": lambda: only().check(MINOR, Usage(), at=AT).explain("teacher"),
    "policy from text": lambda: YouthPolicy.from_dict("law"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gives_one_clear_error(name):
    with pytest.raises(InputError) as caught:
        BAD[name]()
    assert caught.value.problems
    assert len(str(caught.value)) < 600
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_second_move_needs_time():
    moved = MINOR.moved(to="Europe/London", at=AT)
    assert (moved.residency_tz, moved.moves[0].from_tz) == ("Europe/London", TZ)
    with pytest.raises(DueProcessError) as caught:
        moved.moved(to=TZ, at=AT + DAY)
    assert caught.value.code == "cooldown"


def test_an_end_at_midnight_and_a_leap_day_birthday_are_fine():
    assert Window(start="22:00", end="24:00").end == 1440
    assert DobEvidence.verified(dt.date(2012, 2, 29)).first == dt.date(2012, 2, 29)


def test_choices_are_stored_as_words_that_never_change():
    stored = {
        kind.__name__: [member.value for member in kind]
        for kind in (minors.Layer, minors.Access, minors.Per, minors.Counting, minors.UnknownAge)
    }
    assert stored == {
        "Layer": ["legal", "platform", "guardian"],
        "Access": ["allow", "ask", "deny"],
        "Per": ["day", "week", "month", "rolling", "gap"],
        "Counting": ["union", "sum"],
        "UnknownAge": ["deny", "restrict", "allow"],
    }
