"""Youth mode against the world: calendars that publishers printed, what laws let who loosen, what each denial says."""

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minors_strategies import bar
from platgov.errors import InputError
from platgov.minors import (
    Band,
    BreakRule,
    ContentPlan,
    DobEvidence,
    Feature,
    Grant,
    Hours,
    Item,
    Level,
    Minor,
    Plan,
    Quota,
    SpendCap,
    Spending,
    Usage,
    Window,
    YouthPolicy,
    explain_spending,
    presets,
    spend_reason,
)
from platgov.schedules import DayCalendar

TZ = "Asia/Shanghai"
HERE = zoneinfo.ZoneInfo(TZ)
DAY = 86_400
AT = 1_780_315_200  # Monday 2026-06-01 20:00 in Shanghai
CHILD = DobEvidence.verified(dt.date(2014, 5, 5))
MINOR = Minor(id="m1", evidence=CHILD, residency_tz=TZ)


def at(day, hour=0, minute=0):
    return int(dt.datetime.combine(day, dt.time(hour, minute), HERE).timestamp())


def days(first, last):
    return [first + dt.timedelta(number) for number in range((last - first).days + 1)]


def spans(year, *texts):
    """Read ``"1/21-1/23"``, with dates of one year."""
    found = set()
    for text in texts:
        ends = [dt.date(year, *map(int, part.split("/"))) for part in text.split("-")]
        found.update(days(ends[0], ends[-1]))
    return found


# -- what publishers printed -----------------------------------------------------------------------

# Dates on which minors could play from 20:00 to 21:00, as news copies of notices by Tencent give
# them: range, dates, hours in total where the notice states them, address.
CALENDARS = {
    "autumn 2021": (
        spans(2021, "9/24-10/10"),
        spans(2021, "9/24-9/25", "10/1-10/7", "10/8", "10/10"),
        None,
        "http://baike.office369.com/baike/98614.html",
    ),
    "winter 2022": (
        spans(2022, "1/21-2/13"),
        spans(2022, "1/21-1/23", "1/28", "1/31-2/6", "2/11-2/13"),
        14,
        "https://m.juxia.com/sjwy/zixun-35774.html",
    ),
    "autumn 2022": (
        spans(2022, "9/30-10/9"),
        spans(2022, "9/30-10/7"),
        None,
        "http://yzzsnet.com/youxi/297579.html",
    ),
    "winter 2023": (
        spans(2023, "1/13-2/5"),
        spans(2023, "1/13-1/15", "1/20-1/27", "2/3-2/5"),
        14,
        "https://www.qiwuyouxuan.com/2877.html",
    ),
    "May 2023": (
        spans(2023, "4/21-5/7"),
        spans(2023, "4/21-4/22", "4/28", "4/29-5/3", "5/5", "5/7"),
        None,
        "http://www.jitabbs.cn/article/32355.html",
    ),
    "winter 2025": (
        spans(2025, "1/17-2/9"),
        spans(2025, "1/17-1/19", "1/24-1/25", "1/28-2/4", "2/7", "2/9"),
        15,
        "http://m.jsbuxiugang.com/html/2025-01/674499.html",
    ),
}


@pytest.mark.parametrize("name", CALENDARS)
def test_games_are_open_on_exactly_the_days_that_a_publisher_printed(name):
    told, play, total, _ = CALENDARS[name]
    first, last = min(told), max(told)
    plan = Plan.of(
        [presets.load("cn-game-2021", as_of=first)],
        tz=TZ,
        calendar=presets.calendar("cn"),
        start=at(first),
        end=at(last + dt.timedelta(1)),
    )
    stretches = [
        (one.start, one.end) for one in plan.timeline(plan.start, plan.end, minor=MINOR, feature="game") if one.allowed
    ]
    assert stretches == [(at(day, 20), at(day, 21)) for day in sorted(play)]
    if total is not None:
        assert sum(end - start for start, end in stretches) == total * 3600


def test_a_rule_of_weekends_and_holidays_without_make_up_workdays_is_wrong_on_some_of_these_days():
    """The control: what tools do that know holidays and nothing of workdays that were moved."""
    china, wrong, every = presets.calendar("cn"), 0, 0
    for told, play, _, _ in CALENDARS.values():
        for day in told:
            every += 1
            wrong += (day.weekday() >= 4 or "holiday" in china.classes(day)) is not (day in play)
    assert (every, wrong) == (116, 12)


def test_a_holiday_that_nobody_announced_is_closed_and_says_so():
    plan = Plan.of(
        [presets.load("cn-game-2021")],
        tz=TZ,
        calendar=presets.calendar("cn"),
        start=at(dt.date(2027, 9, 1)),
        end=at(dt.date(2027, 11, 1)),
    )
    monday = plan.check(MINOR, Usage(), at=at(dt.date(2027, 10, 4), 20, 30), feature="game")
    assert [reason.code for reason in monday.reasons] == ["calendar_unconfirmed"]
    assert not plan.check(MINOR, Usage(), at=at(dt.date(2027, 10, 4), 19), feature="game").allowed


# -- who may loosen what ---------------------------------------------------------------------------

BIRTH = {"12": dt.date(2014, 5, 5), "17": dt.date(2009, 5, 5)}


def asked_of(preset, birth, by, feature, hour, usage, **asked):  # noqa: PLR0917 - a row of the table
    day = dt.date(2026, 10, 6)
    policy = presets.load(preset, responsible="the test of who may loosen")
    start, end = at(day) - 5 * DAY, at(day) + 5 * DAY
    plan = Plan.of([policy], tz=TZ, calendar=presets.calendar("cn"), start=start, end=end)
    grants = []
    if by is not None:
        grants = [Grant(id="g", by=by, grantor="x", reason="asked", starts_at=start, **asked)]
    minor = Minor(id="m", evidence=DobEvidence.verified(birth), residency_tz=TZ, grants=grants)
    return plan.check(minor, usage or Usage(), at=at(day, hour), feature=feature, scope=["service:acme"])


HOUR_USED = Usage().add(
    event_id="e", start=at(dt.date(2026, 10, 6), 8), end=at(dt.date(2026, 10, 6), 9), scope="service:acme"
)
LOOSENING = [
    # preset, age, feature, hour, what was used, what is asked, who succeeds
    ("us-va-sb854", "12", "video", 10, HOUR_USED, {"add_s": 1800}, {"guardian"}),
    ("us-ca-sb976", "12", "notifications", 3, None, {"windows": ()}, {"guardian"}),
    ("us-ca-sb976", "17", "addictive_feed", 10, None, {"access": "allow"}, {"guardian"}),
    ("cn-game-2021", "12", "game", 12, None, {"windows": ()}, set()),
    ("cn-game-2021", "17", "game", 12, None, {"windows": ()}, set()),
    ("instagram-teen", "12", "public_profile", 12, None, {"access": "allow"}, {"guardian"}),
    ("instagram-teen", "17", "public_profile", 12, None, {"access": "allow"}, {"self"}),
    ("instagram-teen", "12", "notifications", 23, None, {"windows": ()}, {"guardian"}),
    ("instagram-teen", "17", "notifications", 23, None, {"windows": ()}, {"self"}),
    ("cn-minor-mode-2024", "12", "video", 10, HOUR_USED, {"add_s": 1800}, {"guardian"}),
    ("eu-dsa28-2025", "12", "autoplay", 12, None, {"access": "allow"}, set()),
]


@pytest.mark.parametrize("row", LOOSENING, ids=[f"{row[0]}-{row[1]}-{row[2]}" for row in LOOSENING])
def test_a_limit_of_a_law_gives_way_to_whom_it_names_and_to_nobody_else(row):
    preset, age, feature, hour, usage, asked, who = row
    assert not asked_of(preset, BIRTH[age], None, feature, hour, usage).allowed
    for by in ("guardian", "self", "school"):
        verdict = asked_of(preset, BIRTH[age], by, feature, hour, usage, **asked)
        assert verdict.allowed is (by in who)
        assert ("grant_refused" in {advice.code for advice in verdict.advice}) is (by not in who)


# Every limit of these presets: from which age, its id, and who may loosen it. Whoever edits the facts
# of one has to read its source again.
MAY_LOOSEN = {
    "us-va-sb854": {(0, "day.service"): "guardian"},
    "us-ca-sb976": {
        (0, "hours.notifications.night"): "guardian",
        (0, "hours.notifications.school"): "guardian",
        (0, "feature.addictive_feed"): "guardian",
    },
    "cn-game-2019": {},
    "cn-game-2021": {(0, "hours.game"): "", (0, "day.game"): ""},
    "instagram-teen": {
        (0, "hours.quiet.0to16"): "guardian",
        (0, "day.soft.0to16"): "guardian",
        (0, "feature.public_profile.0to16"): "guardian",
        (16, "hours.quiet.16to18"): "self",
        (16, "day.soft.16to18"): "self",
        (16, "feature.public_profile.16to18"): "self",
    },
}


@pytest.mark.parametrize("preset", MAY_LOOSEN)
def test_who_may_loosen_each_limit_of_these_laws_is_exactly_this(preset):
    policy = presets.load(preset, responsible="the test of who may loosen")
    found = {
        (band.min_age, limit.id): ",".join(sorted(limit.loosenable_by))
        for band in policy.bands
        for limit in band.limits
    }
    assert found == MAY_LOOSEN[preset]
    assert all(getattr(limit, "bound", None) is None for band in policy.bands for limit in band.limits)


# -- what every denial says ------------------------------------------------------------------------

USED = Usage().add(event_id="e", start=AT - 3600, end=AT, device="tablet", scope="video")
NIGHT = AT + 4 * 3600
UNKNOWN_DAYS = DayCalendar(id="c", dates={"holiday": {dt.date(2026, 1, 1)}}, known_through=dt.date(2026, 1, 2))
LOOSE = {"loosenable_by": ["guardian"], "citation": "Law 1, art. 2"}
DENIALS = {
    # limit, what is asked, code, seconds until it says yes again (None: not foreseen), seconds left
    "hours": (
        {"hours": [Hours(windows=[Window(start="05:00", end="06:00")], **LOOSE)]},
        {},
        "hours_closed",
        9 * 3600,
        None,
    ),
    "notification window": (
        {
            "hours": [
                Hours(windows=[Window(start="19:00", end="06:00", deny=True)], features=["notifications"], **LOOSE)
            ]
        },
        {"feature": "notifications"},
        "hours_closed",
        10 * 3600,
        None,
    ),
    "unconfirmed day": (
        {"hours": [Hours(windows=[Window(start="19:00", end="23:00", days=["holiday"])], **LOOSE)]},
        {},
        "calendar_unconfirmed",
        None,
        None,
    ),
    "day": ({"quotas": [Quota(seconds=3600, **LOOSE)]}, {}, "quota_day", NIGHT - AT, 0),
    "week": ({"quotas": [Quota(seconds=3600, per="week", **LOOSE)]}, {}, "quota_week", NIGHT - AT + 6 * DAY, 0),
    "month": ({"quotas": [Quota(seconds=3600, per="month", **LOOSE)]}, {}, "quota_month", NIGHT - AT + 29 * DAY, 0),
    "rolling": (
        {"quotas": [Quota(seconds=3600, per="rolling", span_s=7200, **LOOSE)]},
        {},
        "quota_rolling",
        3601,
        0,
    ),
    "gap": ({"quotas": [Quota(seconds=3600, per="gap", span_s=600, **LOOSE)]}, {}, "quota_gap", 600, 0),
    "break": ({"breaks": [BreakRule(after_s=1800, rest_s=300, enforce=True, **LOOSE)]}, {}, "break_due", 300, 0),
    "feature": ({"features": [Feature(name="video", access="deny", **LOOSE)]}, {}, "feature_denied", None, None),
    "asking": ({"features": [Feature(name="video", access="ask", **LOOSE)]}, {}, "feature_ask", None, None),
    "rating": ({"features": [Feature(name="*", max_rating=12, **LOOSE)]}, {"rating": 16}, "rating_above", None, None),
}


def plan_of(band, **more):
    law = YouthPolicy(id="law", layer="legal", citation="Law 1", bands=[band], **more)
    return Plan.of([law], tz=TZ, calendar=UNKNOWN_DAYS, start=AT - 40 * DAY, end=AT + 40 * DAY)


@pytest.mark.parametrize("level", ["verified", "declared"])
@pytest.mark.parametrize("name", DENIALS)
def test_every_kind_of_limit_names_rule_layer_citation_end_what_is_left_and_the_way_out(name, level):
    fields, asked, code, after, left = DENIALS[name]
    asked = {"feature": "video", **asked}
    evidence = CHILD if level == "verified" else DobEvidence.declared(dt.date(2014, 5, 5))
    minor = Minor(id="m1", evidence=evidence, residency_tz=TZ)
    plan = plan_of(Band(**fields))
    verdict = plan.check(minor, USED, at=AT, **asked)
    assert not verdict.allowed
    (reason,) = verdict.reasons
    (limit,) = plan.policies[0].bands[0].limits
    assert (reason.code, reason.policy_id, reason.limit_id, reason.layer) == (code, "law", limit.id, "legal")
    assert (reason.citation, reason.loosenable_by) == ("Law 1, art. 2", ("guardian",))
    assert reason.appealable is (level == "declared")
    assert (reason.until, reason.remaining_s) == (None if after is None else AT + after, left)
    if after is not None:  # and it is true
        assert not plan.check(minor, USED, at=AT + after - 1, **asked).allowed
        assert plan.check(minor, USED, at=AT + after, **asked).allowed
    said = " ".join(verdict.explain("auditor"))
    assert all(word in said for word in ("law", limit.id, "legal", code, "Law 1, art. 2", "guardian"))


def test_a_policy_that_wants_to_know_the_age_says_so_and_how_to_answer():
    plan = plan_of(Band(max_age=18), unknown_age="deny", evidence_level="verified")
    (reason,) = plan.check(Minor(id="n", residency_tz=TZ), Usage(), at=AT).reasons
    assert (reason.code, reason.policy_id, reason.layer, reason.citation) == ("age_unknown", "law", "legal", "Law 1")
    assert reason.appealable


@pytest.mark.parametrize(
    ("asked", "spent", "code", "left", "until"),
    [
        ((5_001, "CNY"), [], "spend_per_transaction", 5_000, None),
        ((3_000, "CNY"), [(3_000, AT)], "spend_per_day", 2_000, dt.date(2026, 6, 2)),
        ((1_500, "CNY"), [(3_000, AT - DAY), (5_000, AT - 2 * DAY)], "spend_per_month", 1_000, dt.date(2026, 7, 1)),
        ((99_000, "USD"), [], "spend_currency", None, None),
    ],
    ids=["transaction", "day", "month", "currency"],
)
def test_every_kind_of_spending_cap_names_rule_layer_citation_end_and_what_is_left(asked, spent, code, left, until):
    cap = SpendCap(
        id="purse",
        currency="CNY",
        tz=TZ,
        per_transaction=5_000,
        per_day=5_000,
        per_month=9_000,
        citation="Law 1, art. 7",
    )
    plan = plan_of(Band(max_age=18, spend=[cap]))
    guess = Minor(id="m2", evidence=DobEvidence.declared(dt.date(2014, 5, 5)), residency_tz=TZ)
    when = AT + (2 * DAY if code == "spend_per_month" else 0)
    for minor in (MINOR, guess):
        spending = Spending()
        for number, (amount, day) in enumerate(sorted(spent, key=lambda one: one[1])):
            spending, told = spending.authorise(
                id=f"b{number}",
                amount=amount,
                currency="CNY",
                entity="e",
                caps=(),
                at=day + when - AT,
                hold_s=9 * DAY,
            )
            assert told.allowed
        _, verdict = spending.authorise(
            id="new", amount=asked[0], currency=asked[1], entity="e", caps=plan.caps(minor, at=when), at=when
        )
        reason = verdict.reasons[0]
        assert len(verdict.reasons) == 1 + (code == "spend_per_transaction")  # which is too much for the day as well
        assert (reason.code, reason.policy_id, reason.limit_id, reason.layer) == (code, "law", "purse", "legal")
        assert (reason.citation, reason.appealable) == ("Law 1, art. 7", minor is guess)
        assert (verdict.remaining, reason.until) == (left, None if until is None else at(until))
        assert verdict.to_dict()["reasons"] == [one.to_dict() for one in verdict.reasons]
        assert (code, reason.until) == (f"spend_{verdict.reason}", verdict.until)
        assert spend_reason(verdict, plan=plan, minor=minor) == reason
        for language in ("en", "zh"):
            said = " ".join(explain_spending(verdict, "auditor", plan=plan, minor=minor, language=language))
            assert all(word in said for word in ("law", "purse", "legal", code, "Law 1, art. 7"))
        child = explain_spending(verdict, "child", plan=plan, minor=minor)
        assert child[0] == "This may not be bought."
        assert len(child) == 1 + len(verdict.reasons) + (until is not None) + (minor is guess)


def purse(id, **caps):  # noqa: A002 - the word of the field
    return SpendCap(id=id, currency="CNY", tz=TZ, **caps)


def spent(amount, caps, spending=None, when=AT):
    """Ask once more; give the verdict."""
    asked = {"id": f"a{amount}", "amount": amount, "currency": "CNY", "entity": "e", "caps": caps, "at": when}
    return (spending or Spending()).authorise(**asked)[1]


@pytest.mark.parametrize("bare", [False, True], ids=["as the plan gives them", "taken out of the policies"])
def test_of_two_caps_that_say_the_same_the_one_of_the_stronger_layer_is_named(bare):
    law = YouthPolicy(
        id="law",
        layer="legal",
        bands=[Band(spend=[purse("other", per_transaction=9), purse("spend", per_transaction=5)])],
    )
    home = YouthPolicy(
        id="home", layer="guardian", citation="we said so", bands=[Band(spend=[purse("spend", per_transaction=5)])]
    )
    looser = YouthPolicy(id="app", layer="platform", bands=[Band(spend=[purse("spend", per_transaction=7)])])
    guess = Minor(id="m2", evidence=DobEvidence.declared(dt.date(2014, 5, 5)), residency_tz=TZ)

    def named(*policies):
        plan = Plan.of(policies, tz=TZ, start=AT - DAY, end=AT + DAY)
        caps = [cap for policy in plan.policies for cap in policy.bands[0].spend] if bare else plan.caps(guess, at=AT)
        verdict = spent(6, caps)
        assert bool(verdict.reasons[0].policy_id) is not bare
        reason = spend_reason(verdict, plan=plan, minor=guess)
        said = explain_spending(verdict, "auditor", plan=plan, minor=guess)
        assert reason.policy_id in said[3]
        assert ("Written in" in said[4]) is bool(reason.citation)
        assert reason.appealable
        return reason.policy_id, reason.layer, reason.citation

    assert named(home, looser, law) == ("law", "legal", "")
    assert named(looser, home) == ("home", "guardian", "we said so")


def test_a_cap_of_no_policy_is_named_by_its_id_alone():
    verdict = spent(6, [purse("mine", per_transaction=5, citation="our shop")])
    (reason,) = verdict.reasons
    assert (reason.policy_id, reason.limit_id, reason.citation) == ("", "mine", "our shop")
    for plan in (plan_of(Band()), Plan.of([YouthPolicy(id="p", layer="legal", bands=[])], tz=TZ, start=0, end=DAY)):
        assert spend_reason(verdict, plan=plan, minor=MINOR) == reason


def test_every_cap_that_says_no_is_named_and_a_child_is_told_when_the_last_of_them_has_room_again():
    law = YouthPolicy(id="law", layer="legal", bands=[Band(spend=[purse("month", per_month=100)])])
    home = YouthPolicy(id="home", layer="guardian", bands=[Band(spend=[purse("day", per_day=100, per_month=900)])])
    plan = Plan.of([home, law], tz=TZ, start=AT - DAY, end=AT + DAY)
    caps = plan.caps(MINOR, at=AT)
    full, _ = Spending().authorise(id="b", amount=100, currency="CNY", entity="e", caps=caps, at=AT)
    verdict = spent(1, caps, full)
    tomorrow, july = at(dt.date(2026, 6, 2)), at(dt.date(2026, 7, 1))
    assert [(one.code, one.policy_id, one.layer, one.until) for one in verdict.reasons] == [
        ("spend_per_day", "home", "guardian", tomorrow),
        ("spend_per_month", "law", "legal", july),
    ]
    assert (verdict.reason, verdict.cap, verdict.until) == ("per_day", "day", tomorrow)
    child = explain_spending(verdict, "child", plan=plan, minor=MINOR)
    assert len(child) == 4
    assert "2026-07-01" in child[-1]
    assert len(spent(101, [purse("once", per_transaction=9), *caps], full).reasons) == 3
    # Waiting does not help with what is too much at once.
    once = explain_spending(
        spent(101, [purse("once", per_transaction=9), *caps], full), "child", plan=plan, minor=MINOR
    )
    assert not any("room again" in line for line in once)


def test_where_the_age_has_to_be_known_and_is_not_nothing_may_be_spent_and_the_reason_is_the_age():
    plan = plan_of(Band(max_age=18, spend=[purse("purse", per_day=100)]), unknown_age="deny", evidence_level="verified")
    nobody = Minor(id="n", residency_tz=TZ)
    caps = plan.caps(nobody, at=AT)
    for currency, caps_given in (("CNY", caps), ("USD", caps), ("XXX", caps), ("CNY", (purse("more"), *caps))):
        _, verdict = Spending().authorise(id="a", amount=0, currency=currency, entity="e", caps=caps_given, at=AT)
        assert (verdict.allowed, verdict.reason, verdict.cap, verdict.charge) == (False, "age_unknown", None, None)
        (reason,) = verdict.reasons
        assert reason == ("age_unknown", "law", "", "legal", "Law 1", None, None, True, (), None)
        assert spend_reason(verdict, plan=plan, minor=nobody) == reason
        assert Spending().room(currency=currency, entity="e", caps=caps_given, at=AT) == 0
    assert verdict.policy != spent(1, [purse("more")]).policy  # which names what it was judged by
    assert explain_spending(verdict, "child", plan=plan, minor=nobody)[-1].startswith("If we have your age wrong")
    assert spent(1, plan.caps(MINOR, at=AT)).allowed


def test_where_nothing_can_be_said_about_somebody_nothing_may_be_spent():
    plan = plan_of(Band(max_age=18))
    elsewhere = Minor(id="m", evidence=CHILD, residency_tz="Europe/London")
    for minor, when, code in (
        (MINOR, AT + 40 * DAY, "outside_plan"),
        (MINOR, AT - 40 * DAY - 1, "outside_plan"),
        (elsewhere, AT, "zone_mismatch"),
        ("m1", AT, "bad_minor"),
    ):
        verdict = spent(1, plan.caps(minor, at=when))
        assert (verdict.allowed, [reason.code for reason in verdict.reasons]) == (False, [code])
        assert spend_reason(verdict, plan=plan, minor=minor).code == code
        for audience in ("child", "guardian", "auditor"):
            assert len(explain_spending(verdict, audience, plan=plan, minor=minor)) >= 2
    assert spent(1, plan.caps(MINOR, at=AT + 40 * DAY - 1)).allowed


def test_steps_that_no_cap_decides_have_words_and_no_rule():
    plan = plan_of(Band())
    spending, yes = Spending().authorise(id="a", amount=9, currency="CNY", entity="e", caps=(), at=AT)
    assert explain_spending(yes, "guardian", plan=plan, minor=MINOR) == ("This may be bought.",)
    steps = [
        ("commit", {"id": "x", "at": AT}, "Nobody has reserved this."),
        ("commit", {"id": "a", "at": AT + DAY}, "The reservation is over."),
        ("refund", {"id": "r", "of": "a", "amount": 1, "at": AT}, "It was never paid."),
    ]
    for step, arguments, words in steps:
        _, verdict = getattr(spending, step)(**arguments)
        assert spend_reason(verdict, plan=plan, minor=MINOR) is None
        assert explain_spending(verdict, "child", plan=plan, minor=MINOR)[1] == words
        assert len(explain_spending(verdict, "auditor", plan=plan, minor=MINOR, language="zh")) == 3
    paid, _ = spending.commit(id="a", at=AT)
    for step, arguments, words in (
        ("void", {"id": "a", "at": AT}, "It is paid already."),
        ("refund", {"id": "r", "of": "a", "amount": 10, "at": AT}, "That is more than was paid."),
    ):
        assert explain_spending(getattr(paid, step)(**arguments)[1], "child", plan=plan, minor=MINOR)[1] == words
    gone, _ = spending.void(id="a", at=AT)
    assert explain_spending(gone.commit(id="a", at=AT)[1], "child", plan=plan, minor=MINOR)[1] == (
        "The reservation was let go."
    )
    with pytest.raises(InputError):
        spend_reason("no", plan=plan, minor=MINOR)
    with pytest.raises(InputError):
        explain_spending(yes, "teacher", plan=plan, minor=MINOR)


# -- usage, against counting seconds, and against a kit that adds up ------------------------------


@bar(5_000, usual=200)
@given(
    st.lists(st.tuples(st.integers(0, 7200), st.integers(1, 3600), st.integers(0, 4)), min_size=2, max_size=8),
    st.randoms(use_true_random=False),
)
def test_five_devices_over_midnight_count_each_second_once_whatever_the_order(events, rng):
    before = NIGHT - 5400
    parts = []
    for number, (start, length, device) in enumerate(events):
        cut = rng.randint(0, length)
        for half, (lo, hi) in enumerate(((start, start + cut), (start + cut, start + length))):
            parts += [(f"{number}.{half}", before + lo, before + hi, f"d{device}")] * rng.choice((1, 2))
    rng.shuffle(parts)
    shards = [Usage(), Usage()]
    for name, start, end, device in parts:
        place = rng.randrange(2)
        shards[place] = shards[place].add(event_id=name, start=start, end=end, device=device, scope="game")
    usage = shards[0].merge(shards[1])
    seconds = {second for start, length, _ in events for second in range(before + start, before + start + length)}
    plan = plan_of(Band(quotas=[Quota(seconds=300 * 3600)]))
    used = [
        300 * 3600 - plan.check(MINOR, usage, at=when, feature="game").remaining_s
        for when in (NIGHT - 1, NIGHT + 14_400)
    ]
    assert used == [
        sum(second < NIGHT - 1 for second in seconds),
        sum(second >= NIGHT for second in seconds),
    ]
    # The control: a kit that adds up what it is sent, and drops what crosses midnight.
    kit = sum(end - start for _, start, end, _ in parts if end <= NIGHT)
    assert kit >= len({second for _, start, end, _ in parts if end <= NIGHT for second in range(start, end)})


def test_a_kit_that_adds_up_charges_twice_for_an_upload_that_is_repeated_and_nothing_over_midnight():
    uploads = [(NIGHT - 3600, NIGHT - 1800)] * 2 + [(NIGHT - 600, NIGHT + 600)]
    kit = sum(end - start for start, end in uploads if end <= NIGHT)
    usage = Usage()
    for start, end in uploads:
        usage = usage.add(event_id=f"e{start}", start=start, end=end, scope="game")
    plan = plan_of(Band(quotas=[Quota(seconds=7200)]))
    ours = [7200 - plan.check(MINOR, usage, at=when, feature="game").remaining_s for when in (NIGHT - 1, NIGHT + 601)]
    assert (kit, ours) == (3600, [1800 + 599, 600])


# -- somebody who is taken for younger than they are ------------------------------------------------


def test_an_adult_who_is_taken_for_a_child_is_told_how_to_object_and_free_at_once_with_proof():
    plan = plan_of(Band(max_age=18, quotas=[Quota(seconds=0)]), evidence_level="estimated")
    guess = DobEvidence.between(dt.date(2006, 1, 1), dt.date(2012, 1, 1), level=Level.ESTIMATED)
    taken = Minor(id="m", evidence=guess, residency_tz=TZ)
    verdict = plan.check(taken, Usage(), at=AT)
    assert [reason.appealable for reason in verdict.reasons] == [True]
    assert "If we have your age wrong, you can show it." in verdict.explain("child")
    assert plan.check(taken, Usage(), at=AT, feature="appeal").allowed  # the way to object is never closed
    proof = DobEvidence.verified(dt.date(2006, 6, 1), observed_at=AT + 60)
    shown = Minor(id="m", evidence=[guess, proof], residency_tz=TZ)
    assert not plan.check(shown, Usage(), at=AT + 59).allowed
    assert plan.check(shown, Usage(), at=AT + 60).allowed


# -- birth dates that cannot be meant --------------------------------------------------------------


def test_somebody_who_is_not_born_yet_is_as_young_as_anybody():
    plan = plan_of(Band(max_age=3, features=[Feature(name="video", access="deny")]))
    tomorrow = Minor(id="m", evidence=DobEvidence.verified(dt.date(2026, 6, 2)), residency_tz=TZ)
    assert not plan.check(tomorrow, Usage(), at=AT, feature="video").allowed
    for text in ("0000-00-00", "2026-02-30"):
        with pytest.raises(InputError):
            DobEvidence.verified(text)


# -- one digest on every machine -------------------------------------------------------------------


def test_equal_verdicts_have_the_bytes_that_they_had_when_this_was_written():
    verdict = plan_of(Band(quotas=[Quota(seconds=3600, **LOOSE)])).check(MINOR, USED, at=AT, feature="video")
    stated = {**verdict.to_dict(), "policy": "", "fingerprint": ""}
    assert stated == {
        "kind": "minor_verdict", "schema": 1, "at": "2026-06-01T12:00:00Z", "policy": "", "fingerprint": "",
        "allowed": False,
        "reasons": [
            {
                "code": "quota_day", "policy_id": "law", "limit_id": "day.total", "layer": "legal",
                "citation": "Law 1, art. 2", "until": "2026-06-01T16:00:00Z", "remaining_s": 0,
                "appealable": False, "loosenable_by": ["guardian"], "limit_s": 3600,
            }
        ],
        "remaining_s": 0, "next_change": "2026-06-01T16:00:00Z", "next_if_idle": "2026-06-01T16:00:00Z",
        "horizon": "2026-07-11T12:00:00Z", "advice": [], "max_rating": None,
        "facts": {
            "asked": ["video"], "rating": None, "used": [3600],
            "limits": [{"policy": "law", "limit": "day.total", "seconds": 3600}],
        },
    }  # fmt: skip


def test_verdicts_and_plans_have_the_digests_that_they_had_when_this_was_written():
    # Literals, so that every version of Python and every machine that runs this says the same.
    plan = plan_of(Band(max_age=18, quotas=[Quota(seconds=3600, **LOOSE)], spend=[SpendCap(currency="CNY", tz=TZ)]))
    verdict = plan.check(MINOR, USED, at=AT, feature="video")
    content = ContentPlan(plan=plan).check(MINOR, Item(id="v", categories=["b", "a"], pools=["p"]), at=AT)
    _, spent = Spending().authorise(id="a", amount=5, currency="CNY", entity="e", caps=plan.caps(MINOR, at=AT), at=AT)
    assert [one.digest for one in (plan, verdict, content, spent)] == [
        "sha256:329ec5c587d48456ad9a90056c1b0a5bd481fc9dfe05e2d630c03b3846cb6ab5",
        "sha256:ced9434114f52d04154ccff98d23acc71f0899df200e3e9a49e91b4c433bbd79",
        "sha256:9a9892740a874b91e1624217b6782a68f4cdaeca0bd7b0810c307156c40cd84b",
        "sha256:34c05ac46dba1d4cd417547abe6db233ba83b38109953f4955c98b75cf1387ca",
    ]
