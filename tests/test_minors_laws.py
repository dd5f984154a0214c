"""Laws of youth mode: what plans say equals what counting second by second says, and never more."""

import datetime as dt
import functools
from itertools import pairwise

import attrs
import portion
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import minors_strategies as make
from minors_strategies import DAY, Oracle, bar, cases, minor_of, usage_of
from platgov import codec
from platgov.errors import InputError
from platgov.minors import (
    Band,
    DobEvidence,
    Grant,
    Minor,
    Plan,
    Quota,
    Usage,
    YouthPolicy,
)
from platgov.schedules import Periods


def plan_of(case, days=12, **more):
    return Plan.of(case["policies"], tz=case["tz"], start=case["at"] - days * DAY, end=case["at"] + days * DAY, **more)


def names(verdict):
    return {reason[:3] for reason in verdict.reasons}


def ask(plan, case, usage, at, active=False):
    return plan.check(minor_of(case), usage, at=at, feature=case["asked"], active=active)


def test_a_law_that_is_tried_less_often_than_it_has_to_be_fails():
    @bar(50, usual=50)
    @given(st.booleans())
    def law(_):
        pass

    with pytest.raises(AssertionError, match="tried 2 times of 50"):
        law()


@given(cases(layers=2))
def test_a_plan_says_what_counting_second_by_second_says(case):
    verdict = ask(plan_of(case), case, usage_of(case), case["at"])
    assert names(verdict) == Oracle(case).names(case["at"])
    assert verdict.allowed is not bool(verdict.reasons)


@bar(10_000)
@given(cases(layers=2), st.randoms(use_true_random=False))
def test_nothing_changes_before_the_next_change_and_something_does_then(case, rng):
    plan, at, oracle = plan_of(case), case["at"], Oracle(case)
    verdict = ask(plan, case, usage_of(case), at, case["active"])
    now = names(verdict)
    for change, goes_on in ((verdict.next_change, case["active"] and verdict.allowed), (verdict.next_if_idle, False)):

        def told(when, goes_on=goes_on):
            return oracle.grown(at, when if goes_on else at).names(when)

        end = change if change is not None else plan.end
        points = [at + 1, end - 1, *(rng.randrange(at, end) for _ in range(2))]
        points += [at + offset for offset in (600, 3601) if at + offset < end]
        for point in points:
            if at < point < end:
                assert told(point) == now, point
        if change is not None:
            assert told(change) != now
    assert verdict.horizon == plan.end


@bar(10_000)
@given(cases(layers=1), st.data())
def test_another_layer_only_makes_things_stricter(case, data):
    plan = plan_of(case)
    more = data.draw(make.policies(name="q", layer=data.draw(st.sampled_from(["legal", "platform", "guardian"]))))
    more = attrs.evolve(more, emergency=data.draw(st.sampled_from([(), ("access",), ("video",), ("games", "chat")])))
    try:
        stricter = plan.with_policies(more)
    except InputError as refused:  # it says that something is open which the law limits by name
        assert [problem.code for problem in refused.problems] == ["loosens"] * len(refused.problems)
        stricter = plan.with_policies(attrs.evolve(more, emergency=()))
    usage = usage_of(case)
    before, after = (ask(one, case, usage, case["at"]) for one in (plan, stricter))
    assert before.allowed or not after.allowed
    assert names(before) <= names(after)
    if before.remaining_s is not None:
        assert after.remaining_s is not None
        assert after.remaining_s <= before.remaining_s
    if not before.allowed:  # the next yes comes no earlier
        assert _next_yes(stricter, case, usage) >= _next_yes(plan, case, usage)


def _next_yes(plan, case, usage):
    at = case["at"]
    for stretch in plan.timeline(at, plan.end, minor=minor_of(case), usage=_known(usage, at), feature=case["asked"]):
        if stretch.allowed:
            return stretch.start
    return plan.end


def _known(usage, at):
    """What is known at an instant."""
    lanes = [attrs.evolve(lane, spans=[(lo, min(hi, at)) for lo, hi in lane.spans if lo < at]) for lane in usage.lanes]
    return attrs.evolve(usage, lanes=lanes)


@given(make.with_quotas(("day", "week", "month", "rolling", "gap")), st.integers(0, 5), st.integers(1, 200_000))
def test_a_tighter_quota_never_allows_more(case, which, less):
    (policy,) = case["policies"]
    plain = policy.to_dict()
    limits = [quota for band in plain["bands"] for quota in band["quotas"]]
    chosen = limits[which % len(limits)]
    chosen["seconds"] = max(0, chosen["seconds"] - less)
    tight = {**case, "policies": [YouthPolicy.from_dict(plain)]}
    usage = usage_of(case)
    before, after = ask(plan_of(case), case, usage, case["at"]), ask(plan_of(tight), tight, usage, case["at"])
    assert before.allowed or not after.allowed
    assert before.remaining_s is None or after.remaining_s <= before.remaining_s


@given(cases(layers=1), st.randoms(use_true_random=False))
def test_order_repeats_parts_and_devices_make_no_difference_to_usage(case, rng):
    whole = usage_of(case)
    parts = []
    for number, (start, end, labels, device) in enumerate(case["events"]):
        cut = rng.randrange(start, end + 1)
        parts += [(start, cut, labels, device), (cut, end, labels, device)]
        parts += [(start, end, labels, device)] * rng.randrange(2)
    rng.shuffle(parts)
    shards = [Usage(), Usage(), Usage()]
    for number, (start, end, labels, device) in enumerate(parts):
        place = rng.randrange(3)
        shards[place] = shards[place].add(event_id=f"{number}", start=start, end=end, scope=labels, device=device)
    rng.shuffle(shards)
    one, two, three = shards
    merged = one.merge(two, three)
    assert merged == whole == one.merge(two.merge(three)) == one.merge(two).merge(three) == whole.merge(merged)
    lo, hi = case["at"] - 3 * DAY, case["at"] + DAY
    union, total = whole.seconds(lo, hi), whole.seconds(lo, hi, counting="sum")
    assert union <= total <= 2 * union
    assert union <= sum(whole.seconds(lo, hi, scope=scope) for scope in ("access", "video", "games"))


@given(cases(layers=1))
def test_unions_are_those_of_another_library(case):
    theirs = portion.empty()
    for start, end, _, _ in case["events"]:
        theirs |= portion.closedopen(start, end)
    usage = usage_of(case)
    lo, hi = case["at"] - DAY, case["at"] + 600
    assert usage.seconds(lo, hi) == sum(
        one.upper - one.lower for one in theirs & portion.closedopen(lo, hi) if not one.empty
    )


@given(make.with_quotas(), st.integers(1, 5000))
def test_what_remains_falls_by_a_second_a_second_in_use_and_stays_when_idle(case, later):
    plan, at = plan_of(case), case["at"]
    usage = _known(usage_of(case), at)
    now = ask(plan, case, usage, at, active=True)
    limits = [quota.seconds for quota in case["policies"][0].bands[0].quotas]
    if now.remaining_s is None:  # excepted, or another kind of day
        return
    assert 0 <= now.remaining_s <= max(limits)
    edge = plan.view(minor_of(case), case["asked"]).era_at(at).regime.cell_at(at).hi
    step = min(later, now.remaining_s, edge - 1 - at)
    if step <= 0:
        return
    assert ask(plan, case, usage, at + step).remaining_s == now.remaining_s
    used = usage.add(event_id="on", start=at, end=at + step, scope=case["asked"], device="pad")
    assert ask(plan, case, used, at + step).remaining_s == now.remaining_s - step


@given(st.sampled_from(make.PLACES), st.data())
def test_the_days_of_a_range_add_up_to_all_of_it(place, data):
    tz, odd = place
    lo, hi = odd - 3 * DAY, odd + 3 * DAY
    usage = usage_of({"events": data.draw(make.events(odd))})
    periods = Periods(tz=tz, start=lo, end=hi)
    days, at = {}, lo
    while at < hi:
        period = periods.period("day", at)
        days[period.key] = sum(usage.seconds(start, end) for start, end in period.spans)
        at = next(end for start, end in period.spans if start <= at < end)
    assert sum(days.values()) == usage.seconds(lo - 2 * DAY, hi + 2 * DAY)


@given(cases(layers=2), st.integers(0, 400), st.integers(0, 400))
def test_knowing_less_of_an_age_never_allows_more(case, before, after):
    assume(case["births"] is not None)
    first, last = case["births"]
    wide = {**case, "births": (first - dt.timedelta(before), last + dt.timedelta(after))}
    plan, usage = plan_of(case), usage_of(case)
    sure, unsure = (ask(plan, one, usage, case["at"]) for one in (case, wide))
    assert names(sure) <= names(unsure)


@given(cases(layers=2), st.integers(0, 2 * DAY))
def test_a_clock_that_goes_back_gives_no_time(case, back):
    plan, at = plan_of(case), case["at"]
    usage = usage_of(case).trust(at)
    now, earlier = ask(plan, case, usage, at), ask(plan, case, usage, at - back)
    assert earlier[:3] == now[:3]
    assert earlier.next_change == now.next_change
    assert ("clock_rollback" in {advice.code for advice in earlier.advice}) is (back > 120)


@given(cases(layers=2))
def test_everything_reads_back_as_it_was_written(case):
    for policy in case["policies"]:
        assert YouthPolicy.from_dict(policy.to_dict()) == policy
        assert codec.from_json(YouthPolicy, codec.to_json(policy)) == policy
    usage = usage_of(case).heartbeat(event_id="s", at=case["at"], scope="video").trust(case["at"])
    assert Usage.from_dict(usage.to_dict()) == usage
    minor = minor_of(case)
    assert codec.from_json(Minor, codec.to_json(minor)) == minor
    one, two = (ask(plan_of(case), case, usage_of(case), case["at"]) for _ in range(2))
    assert one == two
    assert one.to_bytes() == two.to_bytes()
    assert str(case["births"]) not in one.to_bytes().decode()


@given(cases(layers=2), st.integers(1, DAY))
def test_an_expired_grant_is_no_grant(case, ago):
    plan, at, usage = plan_of(case), case["at"], usage_of(case)
    grant = Grant(
        id="g", by="guardian", grantor="parent", reason="sports day", starts_at=at - ago - 10, expires_at=at - ago,
        add_s=600, windows=(), access="allow",
    )  # fmt: skip
    minor = minor_of(case)
    plain = plan.check(minor, usage, at=at, feature=case["asked"])
    assert plan.check(minor.with_grant(grant), usage, at=at, feature=case["asked"]) == plain


@given(cases(layers=1), st.integers(0, 9000))
def test_a_grant_nobody_may_give_changes_nothing_but_advice(case, seconds):
    plan, at, usage = plan_of(case), case["at"], usage_of(case)
    grant = Grant(id="g", by="guardian", grantor="p", reason="r", starts_at=at - 1, add_s=seconds, windows=())
    plain, granted = (
        plan.check(m, usage, at=at, feature=case["asked"]) for m in (minor_of(case), minor_of(case).with_grant(grant))
    )
    assert (plain.reasons, plain.remaining_s, plain.next_change) == (
        granted.reasons,
        granted.remaining_s,
        granted.next_change,
    )


@given(cases(layers=1))
def test_a_timeline_says_at_every_instant_what_counting_says(case):
    plan, at, oracle = plan_of(case), case["at"], Oracle(case)
    found = plan.timeline(at - DAY, at + DAY, minor=minor_of(case), usage=usage_of(case), feature=case["asked"])
    assert [found[0].start, found[-1].end] == [at - DAY, at + DAY]
    for before, after in pairwise(found):
        assert before.end == after.start
    for stretch in found[:12]:
        for point in (stretch.start, stretch.end - 1):
            assert {reason[:3] for reason in stretch.reasons} == oracle.names(point), point
    for before, after in pairwise(found):
        assert {reason[:3] for reason in before.reasons} != {reason[:3] for reason in after.reasons}


@given(cases(layers=1), st.integers(0, 2 * DAY))
def test_warnings_come_once_are_true_and_do_not_depend_on_how_often_one_looks(case, cut):
    plan, at, usage = plan_of(case), case["at"], usage_of(case)

    def told(lo, hi):
        return plan.warnings_between(
            lo, hi, minor=minor_of(case), usage=usage, feature=case["asked"], warn_s=(30, 60, 300, 900)
        )

    lo, hi = at - DAY, at + DAY
    whole = told(lo, hi)
    assert len({(one.at, one.seconds) for one in whole}) == len(whole)
    if 0 < cut < 2 * DAY:
        assert told(lo, lo + cut) + told(lo + cut, hi) == whole
    for one in whole[:6]:
        # Going on from then, it is allowed for exactly so long.
        known = _known(usage, one.at)
        tags = [lane.tags for lane in usage.lanes if any(a < one.at <= b for a, b in lane.spans)]
        assert tags
        if any(case["asked"] in labels for labels in tags) and len(set(tags)) == 1:
            then = plan.ask(plan.view(minor_of(case), case["asked"]), known, one.at, tuple(tags))
            assert then.allowed
            assert then.next_change == one.at + one.seconds


@functools.cache
def _compiled(policy, tz, start):
    return policy.compile(tz=tz, start=start - 40 * DAY, end=start + 20 * DAY)


HOPS = ["Pacific/Auckland", "Pacific/Honolulu", "Asia/Shanghai", "Europe/London", "America/St_Johns"]


@given(
    st.sampled_from(HOPS),
    st.lists(st.tuples(st.integers(1, 60 * 3600), st.sampled_from(HOPS)), min_size=1, max_size=3),
    st.sampled_from(["day", "week"]),
)
def test_moving_house_never_gives_two_quotas_within_a_day(home, hops, per):
    start = 1_780_315_200
    limit = 3600
    policy = YouthPolicy(id="law", layer="legal", bands=[Band(quotas=[Quota(seconds=limit, per=per)])])
    minor = Minor(id="m", residency_tz=home, evidence=DobEvidence.verified(dt.date(2014, 1, 1)))
    usage = Usage()
    resets, at = [], start
    moves = iter(hops)
    pending = next(moves, None)
    moved_at = start
    previous = None
    while at < start + 9 * DAY:
        if pending is not None and at >= moved_at + pending[0]:
            minor = minor.moved(to=pending[1], at=at, cooldown_s=0)
            moved_at, pending = at, next(moves, None)
        plan = _compiled(policy, minor.residency_tz, start)
        remaining = plan.check(minor, usage, at=at).remaining_s
        if previous is not None and remaining > previous:
            resets.append(at)
        if remaining:  # greedy: all of it at once
            usage = usage.add(event_id=f"{at}", start=at, end=at + remaining)
        previous = plan.check(minor, usage, at=at + max(remaining, 1)).remaining_s
        at += 3600
    gaps = [after - before for before, after in pairwise(resets)]
    assert all(gap >= DAY - 3600 for gap in gaps), (resets, gaps)
    for reset in resets:
        assert usage.seconds(reset, reset + DAY - 3600) <= limit


@given(cases(layers=2))
def test_many_at_once_get_what_each_would_get_alone(case):
    plan, at = plan_of(case), case["at"]
    minor, empty = minor_of(case), Minor(id="x", residency_tz=case["tz"])
    usage = usage_of(case)
    pairs = [
        (minor, usage),
        (empty, usage),
        (minor, Usage()),
        (minor, usage.trust(at + 5)),
        (None, usage),
        (minor, None),
    ] * 2
    one_by_one = [plan.check(who, what, at=at, feature=case["asked"]) for who, what in pairs]
    assert plan.check_many(pairs, at=at, feature=case["asked"]) == one_by_one
    assert plan.check_many(pairs, at=at, feature=case["asked"]) == one_by_one


@given(make.with_quotas(), st.integers(1, 3))
def test_folding_closed_days_changes_no_answer(case, weeks):
    plan, usage = plan_of(case, days=60), usage_of(case)
    later = case["at"] + weeks * 7 * DAY
    folded = plan.fold(usage, at=later, keep_s=0)
    for at in (later, case["at"] + DAY):
        assert ask(plan, case, folded, at)[:3] == ask(plan, case, usage, at)[:3]
    assert plan.fold(folded, at=later, keep_s=0) == folded
    assert Usage.from_dict(folded.to_dict()) == folded
