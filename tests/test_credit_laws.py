"""The laws of credit (P) and its lawful limits (L), against a second reading in fractions."""

import inspect
import json
import random
from fractions import Fraction

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from accounts_strategies import (
    CODES,
    DAY,
    MORE,
    RULES,
    T0,
    asked,
    draining,
    draining_evenly,
    effective,
    event_lists,
    fading,
    histories,
    instants,
    policies,
    read,
    score,
    seeds,
    waits,
    when_known,
)
from platgov import accounts
from platgov._accounts.recovery import DrainFlow, FadeFlow
from platgov.accounts import (
    Account,
    AccountKind,
    AccountPolicies,
    CreditHistory,
    CreditPolicy,
    Drain,
    Event,
    EventKind,
    Fade,
    GradePolicy,
    KindPolicy,
    Rung,
    Snapshot,
    Status,
)
from platgov.errors import InputError, NeedsReplayError
from platgov.measures import Procedure


def changed(policy, **fields):
    return attrs.evolve(policy, **fields)


def shown(verdict):
    """A verdict without what tells when and from what record it was told."""
    data = verdict.to_dict()
    del data["at"], data["fingerprint"]
    return data


# -- what a score is ---------------------------------------------------------------------------


@given(policies, event_lists(), asked)
def test_a_score_is_what_the_second_reading_finds(policy, events, at):
    found = policy.score(CreditHistory.of(events), at=at)
    reading = read(policy, events, at)
    assert found.value == score(policy, events, at)
    expected = [(item.id, item.rule, item.points, reading.left(item, at)) for item in reading.items]
    assert [(row.id, row.rule, row.points, row.remaining) for row in found.contributions] == [
        row for row in expected if row[3] > 0
    ]


@given(draining, event_lists(), asked)
def test_each_contribution_names_the_seconds_at_which_it_shrinks_and_heals(policy, events, at):
    for row in policy.score(CreditHistory.of(events), at=at).contributions:
        check_row(policy, events, at, row)


@given(fading, event_lists(), asked)
def test_each_fading_contribution_names_the_seconds_at_which_it_shrinks_and_heals(policy, events, at):
    for row in policy.score(CreditHistory.of(events), at=at).contributions:
        check_row(policy, events, at, row)


def check_row(policy, events, at, row):
    def left(moment):
        reading = read(policy, events, moment, at)
        return next(reading.left(item, moment) for item in reading.items if item.id == row.id)

    def points(moment):
        return -(-left(moment) // 1)

    events = [event for event in events if event.at <= at]
    assert at < row.next_change <= row.heals_at
    assert points(row.next_change - 1) == points(at) > points(row.next_change)
    assert left(row.heals_at - 1) > 0 == left(row.heals_at)


@given(policies, event_lists(), asked)
def test_next_change_is_the_first_second_with_another_score(policy, events, at):
    found = policy.score(CreditHistory.of(events), at=at)
    known = [event for event in events if event.at <= at]
    if found.next_change is None:
        gone = T0 + 400 * DAY
        assert score(policy, known, gone) == found.value
        return
    assert found.next_change > at
    assert score(policy, known, found.next_change - 1) == found.value != score(policy, known, found.next_change)


def test_next_change_is_the_first_second_with_another_score_among_all_seconds():
    policy = CreditPolicy(
        context="comments", start=20, floor=0, ceiling=20, weights={"spam": 7}, max_single=9, max_lifetime_days=1,
        recovery=Drain(points=1700, per_days=1),
    )  # fmt: skip
    history = CreditHistory().violation("a", rule="spam", at=T0).violation("b", rule="spam", at=T0 + 33)
    values = [policy.score(history, at=T0 + 33 + second).value for second in range(1000)]
    for second in range(0, 1000, 7):
        found = policy.score(history, at=T0 + 33 + second)
        later = [place for place in range(second + 1, 1000) if values[place] != values[second]]
        assert found.next_change == (T0 + 33 + later[0] if later else None)


def flow_from(seed):
    rng = random.Random(seed)
    lifetime = rng.randint(2, 12)
    if rng.random() < 0.4:
        return DrainFlow(rate=rng.randint(1, 7), scale=rng.randint(1, 7), lifetime=lifetime)
    return FadeFlow(linear=rng.random() < 0.8, lifetime=lifetime)


@given(
    seeds.map(flow_from),
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 9), st.booleans()), min_size=1, max_size=8),
    st.integers(0, 6),
)  # fmt: skip
def test_when_a_debt_has_fallen_so_far_is_found_second_by_second(flow, steps, later):
    # On tiny scales, where several things end within one second.
    state, now, charges = flow.start, 0, []
    for gap, amount, repays in steps:
        now += gap
        if repays:
            before = flow.debt(state, now)
            state, repaid = flow.repay(state, now, amount)
            assert repaid == min(amount, before) == before - flow.debt(state, now)
        else:
            charges.append((now, amount))
            state = flow.charge(state, now, amount)
    at = now + later
    debts = [flow.debt(state, at + second) for second in range(150)]
    assert debts == sorted(debts, reverse=True)
    assert debts[-1] == 0
    for target in {max(0, debt + beside) for debt in debts for beside in (0, -1, 1)}:
        first = next(second for second, debt in enumerate(debts) if debt <= target)
        assert flow.when(state, at, target) == at + first
    remains = flow.remains(state, at, charges)
    assert sum(row.units for row in remains) == debts[0]
    for place in range(len(remains)):
        if remains[place].units:
            assert remains[place].heals_at <= at + next(second for second, debt in enumerate(debts) if debt == 0)


# -- P1 to P18 ---------------------------------------------------------------------------------


@MORE
@given(policies, event_lists(later=False), asked, st.randoms())
def test_p01_adding_events_one_by_one_equals_replaying_them_all(policy, events, at, rng):
    at = when_known(events, at)
    known = sorted((event for event in events if event.at <= at), key=lambda event: (event.at, rng.random()))
    split = rng.randint(0, len(known))
    snapshot = policy.snapshot().advance(known[:split])
    snapshot = Snapshot.from_dict(json.loads(json.dumps(snapshot.to_dict())), policy).advance(known[split:])
    whole = policy.score(CreditHistory.of(known), at=at)
    assert (snapshot.value(at=at), snapshot.next_change(at=at)) == (whole.value, whole.next_change)
    later = at + rng.randint(0, 60 * DAY)
    assert snapshot.value(at=later) == policy.score(CreditHistory.of(known), at=later).value


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)], ids=str)
def test_p01_events_of_an_instant_may_be_added_in_any_order(order):
    policy = built(
        tasks={"quiz": accounts.RecoveryTask(points=3, max_points=9, per_days=1)},
        escalation=accounts.Escalation(window_days=9, factors=(1, 2)),
    )
    events = [
        Event.violation("d0", rule="spam.repeat", at=T0), Event.violation("d1", rule="spam.repeat", at=T0 + 9),
        Event.task("t0", code="quiz", at=T0 + 9), Event.violation("d2", rule="harass.direct", at=T0 + 9),
    ]  # fmt: skip
    later = [events[1 + place] for place in order]
    whole = policy.snapshot(CreditHistory.of(events), at=T0 + 9)
    assert whole.value(at=T0 + 9) == policy.score(CreditHistory.of(events), at=T0 + 9).value
    assert policy.snapshot().advance([events[0], *later]) == whole
    assert policy.snapshot().advance(events[:1]).advance(later[:1]).add(later[1]).advance(later[2:]) == whole
    assert policy.snapshot().advance([events[0], *later]).value(at=T0 + 9) == whole.value(at=T0 + 9)


@given(policies, event_lists(), asked, st.randoms())
def test_p02_the_order_in_which_events_come_in_changes_nothing(policy, events, at, rng):
    shuffled = events + rng.sample(events, rng.randint(0, len(events)))
    rng.shuffle(shuffled)
    assert CreditHistory.of(shuffled) == CreditHistory.of(events)
    assert policy.score(CreditHistory.of(shuffled), at=at) == policy.score(CreditHistory.of(events), at=at)
    told = [event for event in shuffled if event.kind in (EventKind.VIOLATION, EventKind.TASK)]
    told += [event for event in shuffled if event not in told]
    one_by_one = CreditHistory()
    for event in told:
        one_by_one = one_by_one.add(event)
    assert one_by_one == CreditHistory.of(events)


@MORE
@given(policies, event_lists(), instants, st.sampled_from(RULES), waits)
def test_p03_a_violation_never_raises_a_score_now_or_later(policy, events, moment, rule, wait):
    before = CreditHistory.of(events)
    after = before.violation("extra", rule=rule, at=moment)
    at = moment + wait
    assert policy.score(after, at=at).value <= policy.score(before, at=at).value


@MORE
@given(policies, event_lists(later=False), asked, waits)
def test_p04_time_alone_never_lowers_a_score(policy, events, early, wait):
    early = when_known(events, early)
    history = CreditHistory.of([event for event in events if event.at <= early])
    assert policy.score(history, at=early).value <= policy.score(history, at=early + wait).value


@given(policies, event_lists(), instants, st.sampled_from(CODES))
def test_p04_a_task_never_lowers_the_score_at_its_instant(policy, events, moment, code):
    before = CreditHistory.of(events)
    assert policy.score(before.task("extra", code=code, at=moment), at=moment).value >= (
        policy.score(before, at=moment).value
    )


@given(policies, event_lists(), asked)
def test_p05_a_score_stays_between_floor_and_ceiling(policy, events, at):
    assert policy.floor <= policy.score(CreditHistory.of(events), at=at).value <= policy.start <= policy.ceiling


@given(policies, event_lists(), asked, asked, st.data())
def test_p06_what_is_overturned_never_happened(policy, events, moment, at, data):
    made = [event for event in events if event.kind in (EventKind.VIOLATION, EventKind.TASK)]
    assume(made)
    target = data.draw(st.sampled_from(made))
    moment = max(moment, target.at)
    at = max(at, moment)
    without = CreditHistory.of([event for event in events if event.id != target.id])
    overturned = CreditHistory.of(events).overturn(target.id, at=moment)
    assert shown(policy.score(overturned, at=at)) == shown(policy.score(without, at=at))
    assert overturned.status(target.id, at=at) is Status.OVERTURNED
    # Before the overturn was known, the score was another.
    if moment > target.at:
        before = CreditHistory.of(events)
        assert policy.score(overturned, at=moment - 1) == policy.score(before, at=moment - 1)


@given(policies, event_lists(), asked)
def test_p07_contributions_add_up_to_the_score_exactly(policy, events, at):
    found = policy.score(CreditHistory.of(events), at=at)
    owed = sum(row.remaining for row in found.contributions)
    assert found.value == found.start - owed - found.rounding + found.clamping
    assert 0 <= found.rounding < 1
    assert found.clamping >= 0
    assert found.clamping == 0 or found.value == policy.floor


@given(policies, event_lists(), asked, st.lists(asked, max_size=4))
def test_p09_asking_in_between_changes_nothing(policy, events, at, between):
    history = CreditHistory.of(events)
    first = policy.score(history, at=at)
    for moment in between:
        policy.score(history, at=moment)
        policy.snapshot(history, at=moment)
    assert policy.score(history, at=at).to_bytes() == first.to_bytes()
    assert policy.reproduces(first, history)


@given(draining_evenly, event_lists(task=False, max_size=12), asked)
def test_p10_the_closed_form_for_columns_equals_the_engine(policy, events, at):
    rate = Fraction(policy.recovery.points, policy.recovery.per_days * DAY)
    rows = [(moment, min(policy.weights[rule], policy.max_single)) for moment, _, _, rule in effective(events, at)]
    total, lowest, crosses = Fraction(0), Fraction(10**18), False
    for moment, points in rows:  # a running sum and a running minimum: what a column engine has
        lowest = min(lowest, total - rate * moment)
        total += points
        crosses |= total - rate * moment - lowest > rate * policy.max_lifetime_days * DAY
    assume(not crosses)  # such accounts go to the engine
    debt = max(Fraction(0), total - rate * at - lowest) if rows else Fraction(0)
    value = max(policy.floor, policy.start - -(-debt.numerator // debt.denominator))
    assert value == policy.score(CreditHistory.of(events), at=at).value


@given(policies, event_lists(), asked)
def test_p11_everything_reads_back_as_it_was_written(policy, events, at):
    history = CreditHistory.of(events)

    def through(value):
        return json.loads(json.dumps(value.to_dict()))

    again = CreditPolicy.from_dict(through(policy))
    assert (again, again.digest) == (policy, policy.digest)
    assert CreditHistory.from_dict(through(history)) == history
    snapshot = policy.snapshot(history, at=at)
    assert Snapshot.from_dict(through(snapshot), again) == snapshot
    assert again.score(CreditHistory.from_dict(through(history)), at=at).to_bytes() == (
        policy.score(history, at=at).to_bytes()
    )


LADDER = GradePolicy(rungs=[Rung(name="low"), Rung(name="high", promote_at=3, demote_below=2)])
KINDS = [AccountKind.PERSONAL, AccountKind.MEDIA, AccountKind.BOT, AccountKind(name="brand")]


@given(policies, histories, asked, st.sampled_from(["b", "张三", "paid.customer", "x" * 256]), st.sampled_from(KINDS))
def test_p12_equal_conduct_has_equal_scores_whoever_it_is(policy, history, at, name, kind):
    own = KindPolicy(credit=changed(policy, floor=0), grades=LADDER)
    everyone = AccountPolicies(policies=dict.fromkeys(KINDS, own))
    plain = everyone.score(Account(id="a"), history, at=at)
    assert everyone.score(Account(id=name, kind=kind), history, at=at).to_bytes() == plain.to_bytes()
    graded = [
        everyone.grade(Account(id=each, kind=of, registered_at=T0 - DAY), history, at=max(at, T0)).to_bytes()
        for each, of in (("a", KINDS[0]), (name, kind), ("zoe", kind))
    ]
    assert len(set(graded)) == 1
    given_to = set(inspect.signature(CreditPolicy.score).parameters)
    assert given_to == {"self", "history", "at"}  # nothing of the person could even be handed over


@MORE
@given(policies, histories, asked, st.sampled_from(RULES), st.integers(0, 10))
def test_p13_a_graver_rule_never_gives_a_better_score(policy, history, at, rule, more):
    at = when_known(history.events, at)
    graver = changed(policy, weights={**policy.weights, rule: policy.weights[rule] + more})
    assert graver.score(history, at=at).value <= policy.score(history, at=at).value


@given(policies, event_lists())
def test_p14_after_the_longest_lifetime_without_events_all_is_healed(policy, events):
    history = CreditHistory.of(events)
    last = max((event.at for event in events if event.kind is EventKind.VIOLATION), default=T0)
    found = policy.score(history, at=last + 200 * DAY)
    whole = policy.score(history, at=last + policy.max_lifetime_days * DAY)
    assert found.value == policy.start
    assert whole.value == policy.start
    assert whole.contributions == ()
    assert whole.next_change is None


@given(policies, histories, asked)
def test_p15_scores_of_different_contexts_never_meet(policy, history, at):
    here = policy.score(history, at=at)
    there = changed(policy, context="market").score(history, at=at)
    for act in (
        lambda: here < there, lambda: here <= there, lambda: here > there, lambda: here >= there,
        lambda: here - there, lambda: here + there, lambda: here + here, lambda: here < 5, lambda: here - 5,
    ):  # fmt: skip
        with pytest.raises(InputError) as refused:
            act()
        assert refused.value.problems[0].code == "context"
    assert here != there
    same = policy.score(history, at=at)
    assert (here <= same, here >= same, here < same, here > same, here - same) == (True, True, False, False, 0)


@MORE
@given(policies, histories, asked, st.sampled_from(RULES), st.integers(1, 10))
def test_p16_a_looser_weight_never_lowers_a_score(policy, history, at, rule, less):
    at = when_known(history.events, at)
    looser = changed(policy, weights={**policy.weights, rule: max(0, policy.weights[rule] - less)})
    assert looser.score(history, at=at).value >= policy.score(history, at=at).value


@given(policies, event_lists(), asked)
def test_p17_another_policy_takes_a_snapshot_over_only_when_asked(policy, events, at):
    history = CreditHistory.of(events)
    new = changed(policy, version="2", weights={**policy.weights, "spam": 1})
    stored = policy.snapshot(history, at=at).to_dict()
    with pytest.raises(InputError) as refused:
        Snapshot.from_dict(stored, new)
    assert refused.value.problems[0].code == "policy"
    moved = Snapshot.from_dict(stored, new, migrate=CreditHistory.of(history.effective(at=at)))
    assert moved.value(at=at) == new.score(history, at=at).value
    later = history.violation("later", rule="spam", at=at + DAY)
    assert Snapshot.from_dict(stored, new, migrate=later) == Snapshot.from_dict(stored, new, migrate=history)
    old_and_new = policy.score(history, at=at), new.score(history, at=at)
    assert {one.policy for one in old_and_new} == {policy.digest, new.digest}


@given(policies, event_lists(task=False), asked, asked, st.data())
def test_p18_a_violation_on_hold_never_makes_a_score_worse(policy, events, moment, at, data):
    made = [event for event in events if event.kind is EventKind.VIOLATION]
    assume(made)
    target = data.draw(st.sampled_from(made))
    moment = max(moment, target.at)
    at = max(at, moment)
    history = CreditHistory.of(events)
    held = CreditHistory.of([e for e in events if e.id != target.id] + [target]).hold(target.id, at=moment)
    without = CreditHistory.of([event for event in events if event.id != target.id])
    plain = CreditHistory.of([e for e in events if e.id != target.id] + [target])
    assert policy.score(held, at=at).value >= policy.score(plain, at=at).value
    assert shown(policy.score(held, at=at)) == shown(policy.score(without, at=at))
    released = held.release(target.id, at=at)
    assert shown(policy.score(released, at=at)) == shown(policy.score(plain, at=at))
    assert history.status(target.id, at=T0 - 1) is Status.UNKNOWN


# -- L1 to L13 ---------------------------------------------------------------------------------


def built(**fields):
    made = {
        "context": "comments", "start": 120, "floor": 0, "ceiling": 120,
        "weights": {"spam.repeat": 5, "harass.direct": 20}, "recovery": Drain(points=1, per_days=7),
        "max_lifetime_days": 730, "max_single": 40,
    }  # fmt: skip
    return CreditPolicy(**{**made, **fields})


def codes(refused):
    return {problem.code for problem in refused.value.problems}


def test_l01_only_published_rules_count_and_nobody_can_state_points():
    history = CreditHistory().violation("d-1", rule="not.published", at=T0)
    with pytest.raises(InputError, match=r"no rule .not\.published.") as refused:
        built().score(history, at=T0)
    assert codes(refused) == {"unknown"}
    with pytest.raises(InputError):
        built().snapshot().add(history.events[0])
    with pytest.raises(InputError, match="no task 'quiz'"):
        built().score(CreditHistory().task("t-1", code="quiz", at=T0), at=T0)
    assert built().score(history.overturn("d-1", at=T0), at=T0).value == 120  # what never happened cites nothing
    assert {field.name for field in attrs.fields(Event)} == {"kind", "id", "at", "cites"}
    assert set(inspect.signature(CreditHistory.violation).parameters) == {"self", "id", "rule", "at"}


def test_l02_a_policy_without_a_context_cannot_be_built():
    for context in ("", None, 7, "com\nments"):
        with pytest.raises(InputError):
            built(context=context)
    made = {key: value for key, value in built().to_dict().items() if key not in ("context", "semantics")}
    with pytest.raises(InputError):
        CreditPolicy.from_dict(made)
    fields = {field.name: getattr(built(), field.name) for field in attrs.fields(CreditPolicy) if field.init}
    del fields["context"]
    with pytest.raises(InputError):
        CreditPolicy(**fields)
    assert built().score(CreditHistory(), at=T0).context == "comments"
    grades = GradePolicy(rungs=[Rung(name="all")], context="market")
    with pytest.raises(InputError) as refused:
        grades.grade(CreditHistory(), built(), at=T0)
    assert codes(refused) == {"context"}
    for feature in ("market.sell", "commentsx.post", "post"):
        with pytest.raises(InputError) as refused:
            GradePolicy(rungs=[Rung(name="all", grants=(feature,))], context="comments")
        assert codes(refused) == {"context"}
    with pytest.raises(InputError):
        GradePolicy(rungs=[Rung(name="all", grants=("comments.post",))])
    granting = GradePolicy(rungs=[Rung(name="all", grants=("comments.post",))], context="comments")
    assert granting.grade(CreditHistory(), built(), at=T0).grants == ("comments.post",)


@pytest.mark.parametrize(
    "fact",
    [
        "religion",
        "user.gender",
        "isDisabled",
        "home_nationality",
        "political_party",
        "skinColour",
        "birth.year",
        "GENDER",
        "user.RACE",
        "userSEX",
    ],
)
def test_l03_no_attribute_of_a_person_can_be_read(fact):
    with pytest.raises(InputError) as refused:
        GradePolicy(rungs=[Rung(name="low"), Rung(name="high", requires=f"{fact} == 'x'")])
    assert codes(refused) == {"protected"}
    for method in (CreditPolicy.score, Snapshot.add, Snapshot.value):
        assert not set(inspect.signature(method).parameters) & {"account", "person", "facts", "attributes"}


def test_l03_what_only_sounds_alike_is_allowed():
    GradePolicy(
        rungs=[Rung(name="low"), Rung(name="high", requires="posts_read > 3 && traced_bugs > 1 && account_age > 3")]
    )


@pytest.mark.parametrize("lifetime", [None, 0, -1, 3651, 10**9, float("inf"), 10**400])
def test_l04_a_violation_that_never_expires_cannot_be_built(lifetime):
    with pytest.raises(InputError):
        built(max_lifetime_days=lifetime)
    fields = {field.name: getattr(built(), field.name) for field in attrs.fields(CreditPolicy) if field.init}
    del fields["max_lifetime_days"]
    with pytest.raises(InputError):
        CreditPolicy(**fields)
    with pytest.raises(InputError, match="longer than the 730 a"):
        built(recovery=Fade(lifetime_days=731))
    assert built(recovery=Fade(lifetime_days=730)).max_lifetime_days == 730
    assert built(max_lifetime_days=3650).max_lifetime_days == 3650


def test_l05_every_contribution_names_its_decision_rule_points_rest_and_dates():
    score = built().score(CreditHistory().violation("d-881", rule="harass.direct", at=T0), at=T0 + DAY)
    (row,) = score.contributions
    assert row.to_dict() == {
        "id": "d-881", "rule": "harass.direct", "at": "2023-11-14T22:13:20Z", "points": 20, "remaining": "139/7",
        "next_change": "2023-11-21T22:13:20Z", "heals_at": "2024-04-02T22:13:20Z",
    }  # fmt: skip
    assert score.value == 100
    assert score.rounding == Fraction(1, 7)


def test_l06_an_overturn_takes_back_the_effect_on_every_later_violation():
    policy = built(escalation=accounts.Escalation(window_days=90, factors=(1, 2, 3)))
    history = CreditHistory()
    for number in range(3):
        history = history.violation(f"d{number}", rule="spam.repeat", at=T0 + number)
    assert [row.points for row in policy.score(history, at=T0 + 9).contributions] == [5, 10, 15]
    assert [row.points for row in policy.score(history.overturn("d0", at=T0 + 5), at=T0 + 9).contributions] == [5, 10]


def test_l07_an_open_appeal_can_put_a_violation_on_hold():
    policy = built()
    history = CreditHistory().violation("d", rule="spam.repeat", at=T0).hold("d", at=T0 + 10)
    assert [policy.score(history, at=T0 + second).value for second in (9, 10)] == [115, 120]
    assert history.status("d", at=T0 + 10) is Status.HELD
    released = history.release("d", at=T0 + 20)
    assert [policy.score(released, at=T0 + second).value for second in (19, 20)] == [120, 115]
    assert released.status("d", at=T0 + 20) is Status.EFFECTIVE
    assert policy.score(history.release("d", at=T0 + 10), at=T0 + 10).value == 115  # in one second: released


def test_l08_no_single_violation_weighs_more_than_the_cap():
    policy = built(weights={"grave": 100}, escalation=accounts.Escalation(window_days=9, factors=(2, 5)))
    history = CreditHistory().violation("a", rule="grave", at=T0).violation("b", rule="grave", at=T0 + 1)
    assert [row.points for row in policy.score(history, at=T0 + 1).contributions] == [40, 40]
    with pytest.raises(InputError):
        built(max_single=0)


def test_l09_every_deduction_has_reasons_with_a_way_to_contest_it():
    policy = built(human_below=90)
    history = CreditHistory().violation("d", rule="harass.direct", at=T0)
    (draft,) = policy.reasons(history, at=T0)
    assert (draft.rules, [fact.id for fact in draft.facts], draft.begins_at) == (("harass.direct",), ["d"], T0)
    assert (draft.ends_at, draft.appeal_until, draft.needs_human) == (T0 + 140 * DAY, T0 + 183 * DAY, False)
    worse = history.violation("e", rule="harass.direct", at=T0)
    assert policy.score(worse, at=T0).needs_human
    assert all(draft.needs_human for draft in policy.reasons(worse, at=T0))
    assert [built(human_below=mark).score(history, at=T0).needs_human for mark in (100, 101)] == [False, True]
    assert draft.to_dict()["change"] == "-20 points"
    with pytest.raises(InputError) as refused:
        built(procedure=Procedure(appeal_days=0))
    assert codes(refused) == {"redress"}


def test_l10_the_four_facts_to_weigh_before_a_suspension():
    policy = built()
    history = CreditHistory()
    for number, (rule, day) in enumerate(
        [("spam.repeat", 0), ("spam.repeat", 10), ("harass.direct", 11), ("spam.repeat", 12)]
    ):
        history = history.violation(f"d{number}", rule=rule, at=T0 + day * DAY)
    history = history.overturn("d3", at=T0 + 13 * DAY)
    facts = policy.misuse_facts(history, window_days=10, at=T0 + 20 * DAY, items=40, intent="says so in messages")
    assert (facts.number, facts.share, facts.gravity) == (1, Fraction(1, 40), (("harass.direct", 1, 20),))
    assert (facts.intent, facts.unknown) == ("says so in messages", ())
    taught = built(tasks={"quiz": accounts.RecoveryTask(points=1, max_points=9, per_days=1)})
    learnt = history.task("t", code="quiz", at=T0 + 14 * DAY)
    all_of_it = taught.misuse_facts(learnt, window_days=30, at=T0 + 20 * DAY, items=40)
    assert (all_of_it.number, all_of_it.share) == (3, Fraction(3, 40))  # each violation, and no task
    unknown = policy.misuse_facts(history, window_days=30, at=T0 + 20 * DAY)
    assert (unknown.number, unknown.share, unknown.intent, unknown.unknown) == (3, None, None, ("share", "intent"))
    assert unknown.to_dict()["gravity"] == [
        {"rule": "harass.direct", "number": 1, "points": 20}, {"rule": "spam.repeat", "number": 2, "points": 5},
    ]  # fmt: skip
    assert policy.misuse_facts(CreditHistory(), window_days=1, at=T0, items=0).to_dict()["share"] is None
    for wrong in (
        {"items": 2},
        {"items": -1},
        {"items": True},
        {"window_days": 0},
        {"window_days": 3651},
        {"intent": ""},
        {"intent": 3},
    ):
        with pytest.raises(InputError):
            policy.misuse_facts(history, **{"window_days": 30, "at": T0 + 20 * DAY, **wrong})


def test_l11_a_suspension_without_a_warning_before_it_cannot_be_built():
    top = Rung(name="normal", promote_at=90, demote_below=80)
    warned = Rung(name="warned", promote_at=60, demote_below=40, warns=True, grace_days=3)
    gone = Rung(name="suspended", suspends=True)
    assert GradePolicy(rungs=[gone, warned, top]).names == ("suspended", "warned", "normal")
    for rungs in (
        [gone, top],
        [gone],
        [gone, attrs.evolve(warned, warns=False), top],
        [gone, attrs.evolve(warned, grace_days=0), top],
        [
            Rung(name="lower"),
            attrs.evolve(warned, name="s", suspends=True, warns=False),
            attrs.evolve(warned, promote_at=60),
            top,
        ],
    ):
        with pytest.raises(InputError) as refused:
            GradePolicy(rungs=rungs)
        assert codes(refused) == {"warning"}
    with pytest.raises(InputError) as refused:
        GradePolicy(rungs=[gone, warned, top], entry="suspended")
    assert codes(refused) == {"warning"}


@pytest.mark.parametrize(
    "fact", ["followers", "friendCount", "banned_associates", "contacts.banned", "follower_quality"]
)
def test_l12_nothing_about_people_one_knows_can_be_read(fact):
    with pytest.raises(InputError, match="whom a person knows") as refused:
        GradePolicy(rungs=[Rung(name="low"), Rung(name="high", requires=f"{fact} > 3")])
    assert codes(refused) == {"protected"}


def test_l13_nothing_but_decisions_and_tasks_can_enter_a_score():
    assert {kind.value for kind in EventKind} == {"violation", "task", "overturn", "hold", "release"}
    for stray in ({"shell_score": 0.9}, "zombie", 3, None):
        with pytest.raises(InputError):
            CreditHistory().add(stray)
        with pytest.raises(InputError):
            CreditHistory.of([stray])
        with pytest.raises(InputError):
            built().score(stray, at=T0)
        with pytest.raises(InputError):
            built().snapshot().add(stray)
        with pytest.raises(InputError):
            built().misuse_facts(stray, window_days=1, at=T0)
        with pytest.raises(InputError):
            built().reproduces(stray, CreditHistory())
        with pytest.raises(InputError):
            CreditHistory.of(7)


# -- snapshots ---------------------------------------------------------------------------------


def test_a_snapshot_refuses_what_would_change_the_past():
    snapshot = built().snapshot().add(Event.violation("a", rule="spam.repeat", at=T0))
    assert snapshot.at == T0
    for late in (
        Event.violation("b", rule="spam.repeat", at=T0 - 1),
        Event.overturn("a", at=T0 + 5),
        Event.hold("a", at=T0 + 5),
        Event.release("a", at=T0 + 5),
    ):
        with pytest.raises(NeedsReplayError, match="replay the history") as refused:
            snapshot.add(late)
        assert refused.value.event_id == late.id
    with pytest.raises(NeedsReplayError):
        snapshot.value(at=T0 - 1)
    with pytest.raises(NeedsReplayError):
        snapshot.next_change(at=T0 - 1)
    assert snapshot.add(Event.violation("a", rule="spam.repeat", at=T0)) is snapshot  # came twice
    with pytest.raises(InputError) as clash:
        snapshot.add(Event.violation("a", rule="harass.direct", at=T0))
    assert codes(clash) == {"conflict"}
    with pytest.raises(InputError):
        built().snapshot(CreditHistory())
    assert built().snapshot().value(at=T0) == 120
    assert built().snapshot().next_change(at=T0) is None


def test_a_stored_snapshot_is_read_strictly():
    policy = built()
    stored = policy.snapshot().add(Event.violation("a", rule="spam.repeat", at=T0)).to_dict()
    two = [*stored["latest"], Event.violation("b", rule="spam.repeat", at=T0 + 1).to_dict()]
    for wrong in (
        None, [], {}, 7, {**stored, "more": 1}, {**stored, "schema": 2}, {**stored, "latest": two},
        {**stored, "latest": None}, {**stored, "base": {}}, {**stored, "base": {**stored["base"], "debt": ["1.5"]}},
        {**stored, "base": {**stored["base"], "debt": [1.5]}}, {**stored, "base": {**stored["base"], "debt": "٣"}},
        {**stored, "base": {**stored["base"], "recent": [5]}},
        {**stored, "base": {**stored["base"], "debt": ["9" * 5000]}},
    ):  # fmt: skip
        with pytest.raises(InputError):
            Snapshot.from_dict(wrong, policy)
    empty = policy.snapshot().to_dict()
    assert Snapshot.from_dict(empty, policy) == policy.snapshot()
    newer = built(version="2")
    assert Snapshot.from_dict(empty, newer, migrate=CreditHistory()) == newer.snapshot()


def test_hundreds_of_live_violations_do_not_change_what_a_snapshot_says():
    for recovery in (Drain(points=1, per_days=9), Fade(), Fade(shape="step")):
        policy = built(start=100_000, ceiling=100_000, recovery=recovery, max_lifetime_days=10)
        events = [
            Event.violation(f"d{number}", rule=("spam.repeat", "harass.direct")[number % 2], at=T0 + number * 5000)
            for number in range(300)
        ]
        history = CreditHistory.of(events)
        snapshot = policy.snapshot().advance(events)
        for at in (events[-1].at, events[-1].at + 6 * DAY + 17, events[-1].at + 9 * DAY):
            whole = policy.score(history, at=at)
            assert (snapshot.value(at=at), snapshot.next_change(at=at)) == (whole.value, whole.next_change)
            assert whole.value == score(policy, events[-180:], at)
