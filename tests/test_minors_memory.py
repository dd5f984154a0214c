"""What plans and values remember is memory of their answers: no answer depends on it."""

import copy
import datetime as dt
import pickle

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import minors_strategies as make
from minors_strategies import DAY, Oracle, bar, cases, minor_of, usage_of
from platgov._minors.eras import Era, View
from platgov._minors.regime import Regime
from platgov.minors import (
    Band,
    DobEvidence,
    Grant,
    Hours,
    Level,
    Minor,
    Plan,
    Quota,
    Usage,
    Verdict,
    Window,
    YouthPolicy,
)

AT = 1_780_315_200  # Monday 2026-06-01 20:00 in Shanghai
TZ = "Asia/Shanghai"
MINOR = Minor(id="m", evidence=DobEvidence.verified(dt.date(2014, 5, 5)), residency_tz=TZ)


def plan_of(case, days=12, **more):
    return Plan.of(case["policies"], tz=case["tz"], start=case["at"] - days * DAY, end=case["at"] + days * DAY, **more)


def law(*bands, **more):
    return YouthPolicy(**{"id": "law", "layer": "legal", "bands": bands, **more})


def plan_for(*bands, **more):
    return Plan.of([law(*bands)], **{"tz": TZ, "start": AT - 60 * DAY, "end": AT + 60 * DAY, **more})


def names(verdict):
    return {reason[:3] for reason in verdict.reasons}


@st.composite
def granted(draw):
    """Give a case whose limits a guardian may loosen, and a child to whom some of that was granted."""
    case = draw(cases(layers=2))

    def loosened(limit):
        return attrs.evolve(limit, loosenable_by=["guardian"]) if draw(st.booleans()) else limit

    case["policies"] = [
        attrs.evolve(
            policy,
            bands=[
                attrs.evolve(band, **{kind: [loosened(one) for one in getattr(band, kind)] for kind in KINDS})
                for band in policy.bands
            ],
        )
        for policy in case["policies"]
    ]
    minor = minor_of(case)
    for number in range(draw(st.integers(0, 2))):
        start = case["at"] + draw(st.integers(-5000, 5000))
        minor = minor.with_grant(
            Grant(
                id=f"g{number}", by="guardian", grantor="parent", reason="rain", starts_at=start,
                expires_at=draw(st.sampled_from([None, start + 60, start + 2000, start + DAY])),
                add_s=draw(st.sampled_from([0, 600, 3600])), set_s=draw(st.sampled_from([None, 0, 5400])),
                windows=draw(st.sampled_from([None, (), [Window(start=0, end=600)]])), access="allow",
            )
        )  # fmt: skip
    return case, minor


KINDS = ("hours", "quotas", "breaks")


@st.composite
def known(draw, case):
    """Give what was used, in one of the states that usage can be in."""
    usage = usage_of(case)
    match draw(st.integers(0, 4)):
        case 0:
            return Usage()
        case 1:
            return usage.trust(case["at"] + draw(st.integers(-3000, 3000)))
        case 2:
            seen = case["at"] - draw(st.integers(0, 200))
            return usage.heartbeat(event_id="s", at=seen, start=seen - 300, scope="video", device="pad")
    return usage


@given(granted(), st.data())
def test_a_plan_that_was_asked_a_lot_says_what_a_new_one_says_and_what_the_long_way_gives(granted, data):
    case, minor = granted
    warm, usages = plan_of(case), [data.draw(known(case)) for _ in range(2)]
    plain = minor_of(case)
    # Around the instant, on both sides of midnights, birthdays and grants, and at the edges of the plan.
    offsets = st.one_of(st.integers(-6000, 6000), st.integers(-12 * DAY, 12 * DAY - 1))
    instants = [case["at"], *(case["at"] + data.draw(offsets) for _ in range(2))]
    questions = [
        (who, usage, at, active)
        for at in instants
        for who in (minor, plain)
        for usage in usages
        for active in (None, True, False)
    ]
    for who, usage, at, active in data.draw(st.permutations(questions)) + questions:
        warm.check(who, usage, at=at, feature=case["asked"], active=active)
    for who, usage, at, active in questions[data.draw(st.integers(0, 6)) :: 7]:
        said = warm.check(who, usage, at=at, feature=case["asked"], active=active)
        fresh = plan_of(case)
        again = pickle.loads(pickle.dumps(who)), pickle.loads(pickle.dumps(usage))
        assert fresh.check(*again, at=at, feature=case["asked"], active=active) == said
        view = fresh.view(again[0], case["asked"])
        growing = again[1].live(at) if active is not False else ()
        long = fresh.ask(view, again[1], at, (view.tags, *growing) if active else growing)
        assert long == said
        assert long.to_bytes() == said.to_bytes()


@given(
    st.sampled_from(make.PLACES),
    st.integers(1, 7200),
    st.lists(make.windows(), max_size=2),
    st.sampled_from([("day", None), ("week", None), ("rolling", 7201), ("rolling", 1000)]),
    st.data(),
)
def test_where_a_quota_would_be_reached_right_before_or_after_an_edge_short_and_long_ways_agree(
    place, seconds, windows, per, data
):
    (tz, at), (kind, span) = place, per
    quota = Quota(seconds=seconds, per=kind, span_s=span)
    plan = Plan.of(
        [law(Band(quotas=[quota], hours=[Hours(windows=windows)] if windows else []))],
        tz=tz,
        start=at - 3 * DAY,
        end=at + 3 * DAY,
    )
    minor = Minor(id="m", evidence=DobEvidence.verified(dt.date(2000, 5, 5)), residency_tz=tz)
    view = plan.view(minor, "access")
    edges = [stretch.end for stretch in plan.timeline(at - 2 * DAY, at + 2 * DAY, minor=minor)]
    edges += [edge - seconds for edge in edges]
    before = Usage().add(event_id="e", start=at - 2 * DAY - 600, end=at - 2 * DAY)
    for edge in data.draw(st.permutations(edges))[:8]:
        for instant in range(edge - 2, edge + 2):
            for usage in (Usage(), before):
                for active in (True, False, None):
                    tags = (view.tags, *usage.live(instant)) if active else ()
                    long = plan.ask(view, usage, instant, tags)
                    plan.check(minor, usage, at=instant, active=active)
                    assert plan.check(minor, usage, at=instant, active=active) == long


@bar(10_000)
@given(granted(), st.randoms(use_true_random=False))
def test_with_grants_too_nothing_changes_before_the_next_change_and_something_does_then(granted, rng):
    case, minor = granted
    warm, at, asked = plan_of(case), case["at"], case["asked"]
    usage = usage_of(case)
    usage = attrs.evolve(
        usage,
        lanes=[attrs.evolve(one, spans=[(lo, min(hi, at)) for lo, hi in one.spans if lo < at]) for one in usage.lanes],
    )
    for before in range(-20, 20):
        warm.check(minor, usage, at=at + before * 3600, feature=asked, active=case["active"])
    verdict = warm.check(minor, usage, at=at, feature=asked, active=case["active"])
    for change, goes_on in ((verdict.next_change, case["active"] and verdict.allowed), (verdict.next_if_idle, False)):

        def told(when, goes_on=goes_on):
            then = usage.add(event_id="on", start=at, end=when, scope=asked) if goes_on else usage
            return names(
                plan_of(case).check(minor, attrs.evolve(then, max_interval_s=30 * DAY), at=when, feature=asked)
            )

        if goes_on:  # an interval of days is none that a device would report
            usage = attrs.evolve(usage, max_interval_s=30 * DAY)
        end = change if change is not None else warm.end
        edges = [edge for one in minor.grants for edge in (one.starts_at, one.expires_at) if edge is not None]
        points = [at + 1, end - 1, *edges, *(edge - 1 for edge in edges), *(rng.randrange(at, end) for _ in range(2))]
        for point in points:
            if at < point < end:
                assert told(point) == names(verdict), point
        if change is not None:
            assert told(change) != names(verdict)


def test_a_grant_that_ends_in_the_middle_of_use_is_the_next_change():
    quota = Quota(seconds=3600, loosenable_by=["guardian"])
    plan = plan_for(Band(quotas=[quota], hours=[Hours(windows=[Window(start="06:00", end="22:00")])]))
    bonus = Grant(id="g", by="guardian", grantor="p", reason="r", starts_at=AT - 1, expires_at=AT + 300, add_s=900)
    usage = Usage().add(event_id="e", start=AT - 3500, end=AT)
    for _ in range(2):
        found = plan.check(MINOR.with_grant(bonus), usage, at=AT, active=True)
        assert (found.remaining_s, found.next_change) == (1000, AT + 300)
        assert not plan.check(MINOR, usage.add(event_id="f", start=AT, end=AT + 300), at=AT + 300).allowed


@example(("America/St_Johns", 1_289_097_060), 60, 600)
@given(st.sampled_from(make.PLACES), st.integers(1, 7200), st.sampled_from([600, 5400]))
def test_a_day_that_goes_on_after_the_clock_went_back_over_midnight_goes_on_with_what_was_used(place, ago, length):
    # St John's, 2010: a minute of the 7th, then the last hour of the 6th again, spent already.
    tz, odd = place
    case = {
        "tz": tz, "at": odd, "policies": [law(Band(quotas=[Quota(seconds=600)]))], "births": None,
        "events": [(odd - 7200, odd - 7200 + length, ("access",), "pad")], "asked": "access", "active": False,
    }  # fmt: skip
    plan, usage, oracle = plan_of(case), usage_of(case), Oracle(case)
    minor = Minor(id="x", residency_tz=tz)
    for at in (odd - ago, odd - 30):
        found = plan.check(minor, usage, at=at)
        grown = oracle.grown(at, at)
        assert names(found) == grown.names(at)
        end = plan.end if found.next_change is None else found.next_change
        for point in (at + 1, odd, odd + 1, odd + 3600, end - 1):
            if at < point < end:
                assert grown.names(point) == names(found), point
        if found.next_change is not None:
            assert grown.names(end) != names(found)


# -- how much is kept -------------------------------------------------------------------------------


def held(plan):
    """Count what a plan holds on to: cells, stretches, entries of tables."""
    count = 0
    for value in {id(value): value for value in plan._memory.values()}.values():  # a regime may have several keys
        if isinstance(value, View):
            count += 1 + len(value.eras)
            count += sum(len(era.table) for era in value.eras if era.table is not era.regime.table)
        else:
            count += len(value.edges) + len(value.table) if isinstance(value, Regime) else 1
    return count


def bonus(number, **more):
    return Grant(
        **{
            "id": f"g{number}",
            "by": "guardian",
            "grantor": f"parent{number}",
            "reason": "rain",
            "starts_at": AT,
            **more,
        }
    )


LOOSE_DAY = Band(
    max_age=14,
    quotas=[Quota(seconds=3600, loosenable_by=["guardian"])],
    hours=[Hours(windows=[Window(start="06:00", end="22:00")], loosenable_by=["guardian"])],
)


@pytest.mark.parametrize("differ", ["birth dates", "bonuses", "hours", "instants", "features", "scopes"])
def test_a_plan_asked_about_many_children_keeps_no_more_than_its_bound(differ, monkeypatch):
    monkeypatch.setattr("platgov._minors.memory.MOST", 2_000)
    plan, most, forgot = plan_for(LOOSE_DAY), 0, 0
    for number in range(400):
        before = len(plan._memory.values())
        born, at, more = dt.date(2014, 5, 5), AT + 60, {}
        if differ == "birth dates":  # each of them is fourteen on another day of the plan
            born = dt.date(2012, 4, 10) + dt.timedelta(number % 100, 0)
        minor = Minor(
            id=f"m{number}", evidence=DobEvidence.verified(born, observed_at=AT - 9 * DAY - number), residency_tz=TZ
        )
        if differ == "bonuses":
            minor = minor.with_grant(bonus(number, add_s=number + 1, expires_at=AT + 600 + number))
        elif differ == "hours":
            opened = Window(start=number, end=number + 60)
            minor = minor.with_grant(bonus(number, windows=[opened], expires_at=AT + 600 + number))
        elif differ == "instants":
            minor = minor.with_grant(bonus(number % 9, add_s=600, expires_at=AT + 600 + number % 9))
            at = AT - 59 * DAY + number * DAY // 4
        elif differ == "features":
            more = {"feature": f"feature {number}"}
        elif differ == "scopes":
            more = {"scope": f"service:{number}"}
        for when in (at, at + 7 * DAY):
            said = plan.check(minor, Usage(), at=when, **more)
            if number % 40 == 0:
                assert said == plan_for(LOOSE_DAY).check(minor, Usage(), at=when, **more)
            assert held(plan) <= plan._memory.weight <= 2_000
        most, forgot = max(most, held(plan)), forgot + (len(plan._memory.values()) < before)
    assert most > 1_000  # it does keep something
    assert forgot  # and went up to its bound, or nothing was tested


def test_children_whose_grants_come_to_the_same_share_what_a_plan_keeps():
    plan = plan_for(LOOSE_DAY)
    for number in range(200):
        minor = attrs.evolve(MINOR, id=f"m{number}", grants=[bonus(number, add_s=600), bonus(f"{number}b", windows=())])
        assert plan.check(minor, Usage(), at=AT).remaining_s == 4200
    kept = {id(value) for value in plan._memory.values() if isinstance(value, Regime)}
    assert len(kept) == 2  # before the grants begin, and after
    own = attrs.evolve(MINOR, grants=[bonus(0, add_s=601, by="self"), bonus(1, add_s=600, by="self")])
    assert {one.limit_id for one in plan.check(own, Usage(), at=AT).advice} == {"g0", "g1"}  # advice names grants


def test_what_a_plan_keeps_of_one_is_no_answer_to_another_whose_limits_are_the_same():
    claims = {
        "adult": DobEvidence.verified(dt.date(1990, 5, 5)),
        "adult, as they say": DobEvidence.declared(dt.date(1990, 5, 5)),
        "adult, by a guardian": DobEvidence.between(dt.date(1990, 5, 5), dt.date(1990, 5, 6), level=Level.GUARDIAN),
        "child": DobEvidence.verified(dt.date(2014, 5, 5)),
        "child, by a guardian": DobEvidence.between(dt.date(2014, 5, 5), dt.date(2014, 5, 6), level=Level.GUARDIAN),
        "nobody knows": (),
    }
    people = [Minor(id=name, evidence=claim, residency_tz=TZ) for name, claim in claims.items()]
    strict = law(LOOSE_DAY, unknown_age="deny", evidence_level="guardian")

    def plan():
        return Plan.of([strict], tz=TZ, start=AT - DAY, end=AT + DAY)

    alone = {minor.id: plan().check(minor, Usage(), at=AT + 3 * 3600) for minor in people}
    assert len({verdict.reasons for verdict in alone.values()}) == 4  # who only says so is not known either
    assert not alone["nobody knows"].allowed
    for first in people:
        for second in people:
            warm = plan()
            warm.check(first, Usage(), at=AT + 3 * 3600)
            assert warm.check(second, Usage(), at=AT + 3 * 3600) == alone[second.id]


@pytest.mark.parametrize("taken", [copy.deepcopy, copy.copy, lambda plan: pickle.loads(pickle.dumps(plan))])
def test_a_plan_that_was_asked_can_be_copied_and_sent_to_another_process(taken):
    plan = plan_for(LOOSE_DAY)
    usage = Usage().add(event_id="e", start=AT - 600, end=AT)
    said = [plan.check(MINOR, usage, at=AT + after, active=True) for after in (0, 3 * 3600)]
    other = taken(plan)
    for minor in (MINOR, pickle.loads(pickle.dumps(MINOR))):
        assert [other.check(minor, usage, at=AT + after, active=True) for after in (0, 3 * 3600)] == said
    assert (other.digest, other.policies) == (plan.digest, plan.policies)
    assert len(pickle.dumps(plan)) == len(pickle.dumps(plan_for(LOOSE_DAY)))  # nothing of the work goes along


# -- many at once --------------------------------------------------------------------------------

NEAR = [dt.date(2026, 6, 1) - dt.timedelta(days) for days in (*range(-2, 3), 40)]


@given(
    st.sampled_from(["anniversary", "anniversary_feb28", "day_after", "day_before", "jan1"]),
    st.sampled_from([(0, 8), (8, 14), (14, 16), (16, 18), (18, None)]),
    st.sampled_from(["none", "guardian"]),
    st.lists(
        st.tuples(
            st.sampled_from(NEAR), st.sampled_from([8, 14, 16, 18, 30]), st.integers(0, 3), st.sampled_from(list(Level))
        ),
        min_size=1,
        max_size=12,
    ),
    st.integers(-4 * 3600, 3 * 3600),
)
def test_many_in_groups_by_birth_date_get_what_each_would_get_alone(rule, ages, level, births, offset):
    bands = [
        Band(
            min_age=ages[0], max_age=ages[1], quotas=[Quota(seconds=3600)],
            hours=[Hours(windows=[Window(start="06:00", end="22:00")])],
        ),
        Band(min_age=14, quotas=[Quota(id="week", seconds=7200, per="week")]),
    ]  # fmt: skip
    policy = law(*bands, age_rule=rule, evidence_level=level, valid_until=dt.date(2026, 6, 3))
    pairs = []
    for number, (day, years, width, backed) in enumerate(births):
        last = day.replace(year=day.year - years)
        claim = DobEvidence.between(last - dt.timedelta(width), last, level=backed)
        usage = Usage().add(event_id="e", start=AT - 7200, end=AT - 7200 + 600 * (number % 8))
        for zone in (TZ, TZ, "Europe/London"):
            pairs.append((Minor(id=f"m{number}", evidence=claim, residency_tz=zone), usage))
    for at in (AT + offset, AT + offset + 1):
        together = Plan.of([policy], tz=TZ, start=AT - 9 * DAY, end=AT + 9 * DAY).check_many(pairs, at=at)
        plan = Plan.of([policy], tz=TZ, start=AT - 9 * DAY, end=AT + 9 * DAY)
        assert together == [plan.check(minor, usage, at=at) for minor, usage in pairs]


def test_many_outside_the_plan_or_about_an_unknown_feature_are_all_refused_alike():
    plan = plan_for(Band(quotas=[Quota(seconds=3600)]), features=None)
    strict = attrs.evolve(plan, features=["video"])
    for asked, at, feature in ((plan, AT + 60 * DAY, "access"), (strict, AT, "vidoe"), (plan, AT, "")):
        found = asked.check_many([(MINOR, Usage())] * 2, at=at, feature=feature)
        assert found == [asked.check(MINOR, Usage(), at=at, feature=feature)] * 2
        assert not found[0].allowed


def test_many_who_used_as_much_get_the_very_same_verdict():
    band = Band(
        quotas=[Quota(seconds=3600, except_for=["games"])], hours=[Hours(windows=[Window(start="06:00", end="22:00")])]
    )
    plan = plan_for(band)
    pairs = []
    for number, length in enumerate((600, 600, 3600, 3600)):
        usage = Usage().add(event_id="e", start=AT - 7200 - number, end=AT - 7200 - number + length, scope="video")
        usage = usage.add(event_id="g", start=AT - 900, end=AT - number, scope="games")
        pairs.append((attrs.evolve(MINOR, id=f"m{number}"), usage))
    some, same, none, nothing = plan.check_many(pairs, at=AT)
    assert (some.remaining_s, none.remaining_s) == (3000, 0)
    assert some is same
    assert none is nothing
    assert [some, same, none, nothing] == [plan_for(band).check(*pair, at=AT) for pair in pairs]


def test_a_plan_with_a_list_of_features_reads_labels_in_any_form():
    plan = plan_for(Band(), features=["access", "video"])
    for scope, allowed in ((["video"], True), ("video", True), (["vidoe"], False), (("device:pad",), True)):
        for _ in range(2):
            assert plan.check(MINOR, Usage(), at=AT, scope=scope).allowed is allowed
    assert "Regime of 0 limits" in repr(plan.check(MINOR, Usage(), at=AT))


def test_children_who_moved_are_asked_one_by_one():
    plan = plan_for(Band(quotas=[Quota(seconds=3600)]), max_offline_s=60)
    moved = MINOR.moved(to="Europe/London", at=AT - DAY).moved(to=TZ, at=AT - 5, cooldown_s=0)
    pairs = [(MINOR, Usage().trust(AT)), (moved, Usage().trust(AT))]
    assert plan.check_many(pairs, at=AT) == [plan.check(*pair, at=AT) for pair in pairs]


def test_who_only_looks_like_a_child_or_a_usage_is_refused_by_a_plan_that_knows_the_real_one():
    class Child(Minor):
        pass

    class Used(Usage):
        pass

    class Text(str):
        __slots__ = ()

    plan = plan_for(Band(quotas=[Quota(seconds=3600)]))
    assert plan.check(MINOR, Usage(), at=AT).allowed
    child = Child(id="m", evidence=MINOR.evidence, residency_tz=TZ)
    for minor, usage, more, code in (
        (child, Usage(), {}, "bad_minor"),
        (MINOR, Used(), {}, "bad_usage"),
        (MINOR, Usage(), {"feature": Text("access")}, "bad_feature"),
        (MINOR, Usage(), {"at": True}, "bad_instant"),
        (MINOR, Usage(), {"active": 1}, "bad_option"),
        (MINOR, Usage(), {"rating": True}, "bad_rating"),
        (MINOR, Usage(), {"scope": [1]}, "bad_feature"),
    ):
        found = plan.check(minor, usage, **{"at": AT, **more})
        assert [reason.code for reason in found.reasons] == [code]
        if not more:
            assert plan.check_many([(MINOR, Usage()), (minor, usage)], at=AT)[1] == found


# -- verdicts as values --------------------------------------------------------------------------


@given(granted(), st.data())
def test_verdicts_are_equal_exactly_if_their_bytes_are(granted, data):
    case, minor = granted
    plan = plan_of(case)
    verdicts = [
        plan.check(who, data.draw(known(case)), at=case["at"], feature=feature, rating=rating)
        for who in (minor, minor_of(case))
        for feature, rating in ((case["asked"], None), ("video", None), ("games", 12))
    ]
    for one in verdicts:
        for other in verdicts:
            assert (one == other) is (one.to_bytes() == other.to_bytes())
            assert one != other or hash(one) == hash(other)
    for one in verdicts[:1]:
        for taken in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one)):
            assert type(taken) is Verdict
            assert taken == one
            assert hash(taken) == hash(one)
            assert taken.to_bytes() == one.to_bytes()
            assert taken.explain("auditor") == one.explain("auditor")


def test_a_stored_verdict_takes_neither_the_plan_nor_the_child_along():
    plan = plan_for(Band(quotas=[Quota(seconds=3600)]))
    usage = Usage().add(event_id="e", start=AT - 600, end=AT)
    verdict = plan.check(MINOR, usage, at=AT)
    assert b"2014" not in pickle.dumps(verdict)
    for value in (verdict, MINOR, usage):
        assert len(pickle.dumps(value)) < 800
        assert pickle.loads(pickle.dumps(value)) == value
        assert copy.copy(value) == value
    assert verdict.basis != "basis"
    with pytest.raises(AttributeError):
        verdict.allowed = True


def test_the_bytes_of_a_verdict_are_what_they_were():
    plan = plan_for(Band(quotas=[Quota(seconds=3600)], hours=[Hours(windows=[Window(start="06:00", end="22:00")])]))
    usage = Usage().add(event_id="e", start=AT - 600, end=AT, scope="video", device="pad")
    open_, shut = (plan.check(MINOR, usage, at=at, feature="video") for at in (AT, AT + 3 * 3600))
    assert open_.digest == "sha256:a114ed763101e03a78d82211ff583bb19ee5d5e3ae7438b52606944a602ee586"
    assert shut.digest == "sha256:68fc69eba2598115fe80e4f8b440cbccbbd4294a92305a46883dba0b70a06043"


# -- policies that change ------------------------------------------------------------------------


@given(cases(layers=3), st.lists(st.integers(-6, 6), min_size=2, max_size=2, unique=True), st.data())
def test_at_any_instant_only_the_policies_of_that_day_count(case, dates, data):
    start = dt.datetime.fromtimestamp(case["at"], dt.UTC).date()
    first, last = (start + dt.timedelta(days) for days in sorted(dates))
    old, between, new = case["policies"]
    dated = [
        attrs.evolve(old, valid_until=first),
        attrs.evolve(between, valid_from=first, valid_until=last),
        attrs.evolve(new, valid_from=last),
    ]
    plan = plan_of({**case, "policies": dated})
    # Later rules, known or not, make no difference to what was said before them.
    unaware = plan_of({**case, "policies": dated[:2]})
    minor, usage = minor_of(case), usage_of(case)
    edges = [plan.reached(day) for day in (first, last)]
    for at in [*edges, *(edge - 1 for edge in edges), case["at"] + data.draw(st.integers(-9 * DAY, 9 * DAY))]:
        which = sum(at >= edge for edge in edges)
        alone = plan_of({**case, "policies": [case["policies"][which]]})
        said, wanted = (one.check(minor, usage, at=at, feature=case["asked"]) for one in (plan, alone))
        assert said.reasons == wanted.reasons
        assert (said.remaining_s, said.used) == (wanted.remaining_s, wanted.used)
        if which < 2:
            assert unaware.check(minor, usage, at=at, feature=case["asked"]).reasons == said.reasons


def test_an_answer_is_kept_for_a_stretch_only_where_ages_and_grants_last_through_it():
    plan = plan_for(
        Band(hours=[Hours(windows=[Window(start="06:00", end="22:00")])]),
        Band(max_age=14, quotas=[Quota(seconds=3600)]),
        Band(min_age=14, quotas=[Quota(id="b", seconds=7200)]),
    )
    child = Minor(id="m", evidence=DobEvidence.verified(dt.date(2012, 6, 3)), residency_tz=TZ)
    birthday = AT + 4 * 3600 + DAY
    for _ in range(2):
        for at, left in ((birthday - 1, 3600), (birthday, 7200), (birthday + 9 * DAY, 7200), (AT - 9 * DAY, 3600)):
            assert plan.check(child, Usage(), at=at).remaining_s == left
    memo = child._memo
    assert type(memo) is Era
    assert memo.table
    assert all(memo.lo <= number << memo.shift for number in memo.table)
    assert all((number + 1) << memo.shift <= memo.hi for number in memo.table)
