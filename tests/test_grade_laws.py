"""The laws of grades, against a second reading that visits every instant at which anything could be due."""

import itertools
import json
import random

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from accounts_strategies import (
    DAY,
    MORE,
    RULES,
    T0,
    asked,
    event_lists,
    grade_path,
    instants,
    ladder_from,
    policies,
    policy_from,
    score,
    seeds,
    waits,
)
from platgov.accounts import (
    Cause,
    CreditHistory,
    CreditPolicy,
    Drain,
    DwellFrom,
    Event,
    EventKind,
    Fade,
    GradePolicy,
    Lock,
    LockKind,
    Mode,
    Observation,
    RecoveryTask,
    Rung,
)

registrations = st.none() | st.integers(0, 20 * DAY).map(lambda before: T0 - before) | st.just(T0)


def case_of(seed, events, **options):
    """A score, a ladder over it, and what happened."""
    credit = policy_from(seed)
    credit = attrs.evolve(credit, floor=min(0, credit.floor))
    return credit, ladder_from(seed + 1, credit, **options), events


def cases(**options):
    return st.builds(lambda seed, events: case_of(seed, events, **options), seeds, event_lists())


def told(grade):
    """A grade without what tells when and from what record it was told."""
    data = grade.to_dict()
    del data["at"], data["fingerprint"]
    return data


def path(grade, entry):
    """Every grade, in order."""
    return [(move.at, move.after) for move in grade.transitions]


@given(cases(), asked, registrations)
def test_a_timeline_is_what_the_second_reading_finds(case, at, registered_at):
    credit, ladder, events = case
    grade = ladder.grade(CreditHistory.of(events), credit, at=at, registered_at=registered_at)
    expected = grade_path(ladder, credit, events, at, registered_at)
    assert path(grade, ladder.entry) == expected[1:]
    assert grade.name == expected[-1][1]
    assert grade.since == (expected[-1][0] if len(expected) > 1 else registered_at)
    assert ladder.names[grade.rank] == grade.name


@given(cases(), asked, registrations)
def test_next_change_is_the_first_second_with_another_grade(case, at, registered_at):
    credit, ladder, events = case
    known = CreditHistory.of([event for event in events if event.at <= at])

    def ask(moment):
        return ladder.grade(known, credit, at=moment, registered_at=registered_at)

    grade = ask(at)
    if grade.next_change is None:
        assert ask(at + 400 * DAY).name == grade.name
        return
    assert grade.next_change > at
    assert ask(grade.next_change - 1).name == grade.name
    assert ask(grade.next_change).name == grade.next_name != grade.name


def test_a_timeline_holds_second_by_second():
    credit = CreditPolicy(
        context="comments", start=100, floor=0, ceiling=100, weights={"spam": 60, "ads": 30}, max_single=90,
        recovery=Drain(points=43, per_days=2), max_lifetime_days=9,
    )  # fmt: skip
    ladder = GradePolicy(
        rungs=[
            Rung(name="low"), Rung(name="middle", promote_at=60, demote_below=50, dwell_days=1, grace_days=1),
            Rung(name="high", promote_at=85, demote_below=80, dwell_days=2),
        ],
    )  # fmt: skip
    events = [
        Event.violation("a", rule="spam", at=T0 + 10), Event.violation("b", rule="ads", at=T0 + 10),
        Event.violation("c", rule="ads", at=T0 + 3 * DAY + 1),
    ]  # fmt: skip
    history = CreditHistory.of(events)
    place, since, below = 2, T0, [None] * 3
    rungs = ladder.rungs
    found = []
    debt = 0  # in units of which 172,800 make a point; 43 drain in a second
    for now in range(T0, T0 + 7 * DAY):
        debt = max(0, debt - 43)
        debt += sum(credit.weights[event.cites] * 172_800 for event in events if event.at == now)
        value = 100 - -(-debt // 172_800)
        old = place
        for number in (1, 2):
            if value >= rungs[number].demote_below:
                below[number] = None
            elif below[number] is None:
                below[number] = now
        while place and below[place] is not None and now - below[place] >= rungs[place].grace_days * DAY:
            place -= 1
        while place == old and place < 2 and value >= rungs[place + 1].promote_at:
            if now - since < rungs[place + 1].dwell_days * DAY:
                break
            place += 1
            old = place if place == 2 else old
        if found == [] and place == 2:
            continue
        if not found or found[-1][1] != rungs[place].name:
            found.append((now, rungs[place].name))
            since = now
    told_path = path(ladder.grade(history, credit, at=T0 + 7 * DAY - 1, registered_at=T0), None)
    assert told_path == found
    assert len(found) > 3


# -- the laws of the research list -------------------------------------------------------------


@given(cases(), asked, st.randoms())
def test_p02_the_order_in_which_events_come_in_changes_no_grade(case, at, rng):
    credit, ladder, events = case
    shuffled = list(events)
    rng.shuffle(shuffled)

    def grade(found):
        return ladder.grade(CreditHistory.of(found), credit, at=at, registered_at=T0).to_bytes()

    assert grade(shuffled) == grade(events)


@MORE
@given(cases(dwell_from=DwellFrom.RECOVERY), waits, instants, st.sampled_from(RULES), registrations)
def test_p03_a_violation_never_raises_a_grade_now_or_later(case, wait, moment, rule, registered_at):
    credit, ladder, events = case
    at = moment + wait
    before = CreditHistory.of(events)
    after = before.violation("extra", rule=rule, at=moment)

    def rank(history):
        return ladder.grade(history, credit, at=at, registered_at=registered_at).rank

    assert rank(after) <= rank(before)


@MORE
@given(cases(dwell_from=DwellFrom.CHANGE, dwell=0), waits, instants, st.sampled_from(RULES), registrations)
def test_p03_without_a_dwell_neither_does_it_where_dwells_count_from_the_last_change(
    case, wait, moment, rule, registered_at
):
    credit, ladder, events = case
    at = moment + wait
    before = CreditHistory.of(events)
    after = before.violation("extra", rule=rule, at=moment)

    def rank(history):
        return ladder.grade(history, credit, at=at, registered_at=registered_at).rank

    assert rank(after) <= rank(before)


def test_p03_has_one_known_exception_where_dwells_count_from_the_last_change():
    # One violation more brings the fall forward, and with it the end of the dwell.
    credit = CreditPolicy(
        context="comments", start=20, floor=0, ceiling=20, weights={"spam": 10}, max_single=10, max_lifetime_days=90,
        recovery=Fade(shape="step", lifetime_days=5),
    )  # fmt: skip
    rungs = [Rung(name="low"), Rung(name="high", promote_at=15, demote_below=15, dwell_days=9)]
    one = CreditHistory().violation("b", rule="spam", at=T0 + 4 * DAY)
    two = one.violation("a", rule="spam", at=T0)
    at = T0 + 10 * DAY
    by_change = GradePolicy(rungs=rungs)
    assert [by_change.grade(history, credit, at=at).name for history in (one, two)] == ["low", "high"]
    by_recovery = GradePolicy(rungs=rungs, dwell_from=DwellFrom.RECOVERY)
    assert [by_recovery.grade(history, credit, at=at).name for history in (one, two)] == ["low", "low"]
    assert by_recovery.grade(one, credit, at=T0 + 18 * DAY).since == T0 + 18 * DAY


@MORE
@given(cases(), waits)
def test_p04_once_every_grace_has_passed_time_alone_never_lowers_a_grade(case, wait):
    credit, ladder, events = case
    early = max([T0, *(event.at for event in events)]) + 6 * DAY  # the longest grace of these ladders
    late = early + wait

    def rank(at):
        return ladder.grade(CreditHistory.of(events), credit, at=at, registered_at=T0).rank

    assert rank(early) <= rank(late)


@given(cases(), asked, asked, registrations, st.data())
def test_p06_what_is_overturned_never_happened_to_the_whole_timeline(case, moment, at, registered_at, data):
    credit, ladder, events = case
    made = [event for event in events if event.kind in (EventKind.VIOLATION, EventKind.TASK)]
    assume(made)
    target = data.draw(st.sampled_from(made))
    moment = max(moment, target.at)
    at = max(at, moment)
    overturned = CreditHistory.of(events).overturn(target.id, at=moment)
    without = CreditHistory.of([event for event in events if event.id != target.id])

    def grade(history, at):
        return ladder.grade(history, credit, at=at, registered_at=registered_at)

    assert told(grade(overturned, at)) == told(grade(without, at))
    if moment > target.at:  # the timeline told before knows nothing of it
        assert grade(overturned, moment - 1) == grade(CreditHistory.of(events), moment - 1)


@given(cases(), asked, registrations)
def test_p08_no_grade_changes_while_the_score_stays_within_the_band(case, at, registered_at):
    credit, ladder, events = case
    grade = ladder.grade(CreditHistory.of(events), credit, at=at, registered_at=registered_at)
    for move in grade.transitions:
        value = score(credit, events, move.at, at)
        before, after = ladder.names.index(move.before), ladder.names.index(move.after)
        if move.adverse:
            assert after < before
            assert value < ladder.rungs[after + 1].demote_below
            assert move.cause is Cause.CONDUCT
        else:
            assert value >= ladder.rungs[after].promote_at
            assert move.cause is Cause.EARNED


@given(cases(dwell_from=DwellFrom.CHANGE), asked, registrations)
def test_p08_there_is_at_most_one_promotion_in_a_dwell(case, at, registered_at):
    credit, ladder, events = case
    grade = ladder.grade(CreditHistory.of(events), credit, at=at, registered_at=registered_at)
    moments = [registered_at, *(move.at for move in grade.transitions)]
    for place, move in enumerate(grade.transitions):
        if not move.adverse and moments[place] is not None:
            dwells = [rung.dwell_days for rung in ladder.rungs if rung.name == move.after]
            assert move.at - moments[place] >= dwells[0] * DAY


def test_p08_a_band_and_a_dwell_keep_a_noisy_score_from_flapping():
    rng = random.Random(2)
    credit = CreditPolicy(
        context="comments", start=120, floor=0, ceiling=120, weights={"spam": 3}, max_single=9, max_lifetime_days=90,
        recovery=Drain(points=1, per_days=1),
    )  # fmt: skip
    counts = {}
    events = [Event.violation(f"s{number}", rule="spam", at=T0) for number in range(7)]
    events += [Event.violation(f"d{day}", rule="spam", at=T0 + day * DAY) for day in range(365) if rng.random() < 0.33]
    for name, low, dwell in (("none", 100, 0), ("band", 90, 0), ("both", 90, 14)):
        rungs = [Rung(name="low"), Rung(name="high", promote_at=100, demote_below=low, dwell_days=dwell)]
        grade = GradePolicy(rungs=rungs).grade(CreditHistory.of(events), credit, at=T0 + 365 * DAY)
        counts[name] = len(grade.transitions)
    assert counts["none"] >= 2 * counts["band"] >= 2 * counts["both"]
    assert counts["none"] > 8


@MORE
@given(cases(), asked, st.lists(asked, min_size=1, max_size=3), registrations)
def test_p09_when_and_how_often_one_asks_changes_no_grade(case, at, between, registered_at):
    credit, ladder, events = case
    history = CreditHistory.of([event for event in events if event.kind in (EventKind.VIOLATION, EventKind.TASK)])

    def ask(moment):
        return ladder.grade(history, credit, at=moment, registered_at=registered_at)

    last = ask(at)
    for moment in between:
        earlier = ask(moment)
        if moment <= at:  # nothing was overturned: what was told once is told again
            assert last.transitions[: len(earlier.transitions)] == earlier.transitions
    assert ask(at).to_bytes() == last.to_bytes()


@given(cases(), asked)
def test_p11_a_ladder_reads_back_as_it_was_written(case, at):
    credit, ladder, events = case
    again = GradePolicy.from_dict(json.loads(json.dumps(ladder.to_dict())))
    assert (again, again.digest, hash(again)) == (ladder, ladder.digest, hash(ladder))
    history = CreditHistory.of(events)
    assert again.grade(history, credit, at=at).to_bytes() == ladder.grade(history, credit, at=at).to_bytes()


@given(cases(), asked, st.data())
def test_p18_a_violation_on_hold_is_told_as_if_it_had_not_happened(case, at, data):
    credit, ladder, events = case
    made = [event for event in events if event.kind is EventKind.VIOLATION]
    assume(made)
    target = data.draw(st.sampled_from(made))
    at = max(at, target.at)
    others = [event for event in events if event.id != target.id]
    held = CreditHistory.of([*others, target]).hold(target.id, at=at)

    def grade(history):
        return told(ladder.grade(history, credit, at=at))

    assert grade(held) == grade(CreditHistory.of(others))


@given(cases(), asked, registrations)
def test_l09_every_fall_has_reasons_with_rules_facts_period_and_redress(case, at, registered_at):
    credit, ladder, events = case
    grade = ladder.grade(CreditHistory.of(events), credit, at=at, registered_at=registered_at)
    falls = [move for move in grade.transitions if move.adverse]
    assert len(grade.reasons) == len(falls)
    later = [move.at for move in grade.transitions]
    for move, draft in zip(falls, grade.reasons, strict=True):
        assert draft.change == f"{move.before} -> {move.after}"
        assert draft.rules == tuple(sorted({fact.rule for fact in draft.facts})) != ()
        assert tuple(fact.id for fact in draft.facts) == move.events
        assert draft.begins_at == move.at
        following = [moment for moment in later if moment > move.at]
        assert draft.ends_at == (following[0] if following else grade.next_change)
        assert draft.appeal_until == move.at + 183 * DAY
        assert draft.policy == ladder.digest


# -- warning before suspension -----------------------------------------------------------------


@st.composite
def suspending(draw):
    credit, _, events = draw(cases())
    marks = sorted(draw(st.lists(st.integers(1, credit.start), min_size=2, max_size=2)))
    graces = draw(st.tuples(st.integers(1, 5), st.integers(0, 5)))
    ladder = GradePolicy(
        rungs=[
            Rung(name="suspended", suspends=True),
            Rung(name="warned", promote_at=marks[0], demote_below=marks[0], warns=True, grace_days=graces[0]),
            Rung(name="normal", promote_at=marks[1], demote_below=marks[1], grace_days=graces[1]),
        ],
        dwell_from=DwellFrom.RECOVERY,
    )
    return credit, ladder, events


@given(suspending(), asked, registrations)
def test_l11_nobody_is_suspended_before_a_warning_has_stood_for_its_grace(case, at, registered_at):
    credit, ladder, events = case
    grade = ladder.grade(CreditHistory.of(events), credit, at=at, registered_at=registered_at)
    warned_at = None
    for move in grade.transitions:
        if move.after == "suspended":
            assert move.before == "warned"
            assert move.at - warned_at >= ladder.rungs[1].grace_days * DAY
        warned_at = move.at


@given(suspending(), asked, instants, st.sampled_from(RULES), registrations)
def test_l11_the_warning_keeps_to_the_law_that_no_violation_raises_a_grade(case, at, moment, rule, registered_at):
    credit, ladder, events = case
    before = CreditHistory.of(events)

    def rank(history):
        return ladder.grade(history, credit, at=at, registered_at=registered_at).rank

    assert rank(before.violation("extra", rule=rule, at=moment)) <= rank(before)


@given(suspending(), asked, registrations)
def test_l11_the_next_change_knows_of_the_warning(case, at, registered_at):
    credit, ladder, events = case
    known = CreditHistory.of([event for event in events if event.at <= at])

    def ask(moment):
        return ladder.grade(known, credit, at=moment, registered_at=registered_at)

    grade = ask(at)
    if grade.next_change is not None:
        assert ask(grade.next_change - 1).name == grade.name
        assert ask(grade.next_change).name == grade.next_name != grade.name


@st.composite
def locks_at(draw, grades):
    start = draw(instants)
    return Lock(
        grade=draw(st.sampled_from(grades)), kind=draw(st.sampled_from([LockKind.AT_LEAST, *LockKind])), at=start,
        expires_at=start + draw(st.integers(1, 40)) * DAY // 4, by="reviewer:7", reason="r",
    )  # fmt: skip


def test_l11_a_warning_that_a_lock_hid_is_given_once_the_lock_is_over():
    credit = CreditPolicy(
        context="c", start=100, floor=0, ceiling=100, weights={"spam": 90}, max_single=90,
        max_lifetime_days=3650, recovery=Drain(points=1, per_days=10),
    )  # fmt: skip
    ladder = GradePolicy(
        rungs=[
            Rung(name="suspended", suspends=True),
            Rung(name="warned", promote_at=40, demote_below=30, warns=True, grace_days=7),
            Rung(name="member", promote_at=60, demote_below=50),
        ]
    )
    history = CreditHistory().violation("d1", rule="spam", at=T0 + DAY)
    shield = Lock(
        grade="member", kind=LockKind.AT_LEAST, at=T0, expires_at=T0 + 30 * DAY, by="reviewer:7", reason="pilot"
    )

    def ask(day, *locks):
        return ladder.grade(history, credit, at=T0 + day * DAY, registered_at=T0, locks=locks)

    assert [(ask(day).name, ask(day, shield).name) for day in (0, 1, 8, 29, 30, 36, 37)] == [
        ("member", "member"), ("warned", "member"), ("suspended", "member"), ("suspended", "member"),
        ("suspended", "warned"), ("suspended", "warned"), ("suspended", "suspended"),
    ]  # fmt: skip
    told = ask(37, shield)
    assert [(move.after, move.cause, move.events) for move in told.transitions] == [
        ("warned", Cause.CONDUCT, ("d1",)), ("suspended", Cause.CONDUCT, ("d1",)),
    ]  # fmt: skip
    assert [draft.rules for draft in told.reasons] == [("spam",), ("spam",)]
    assert (ask(30, shield).next_change, ask(30, shield).next_name) == (T0 + 37 * DAY, "suspended")
    # What somebody decides does not wait.
    ban = Lock(grade="suspended", kind=LockKind.EXACT, at=T0, expires_at=T0 + DAY, by="reviewer:7", reason="hacked")
    assert ask(0, ban).name == "suspended"


@MORE
@given(suspending(), asked, registrations, st.lists(locks_at(["suspended", "warned", "normal"]), max_size=2))
def test_l11_a_lock_that_hid_the_warning_puts_the_suspension_off(case, at, registered_at, locks):
    credit, ladder, events = case
    known = CreditHistory.of([event for event in events if event.at <= at])

    def ask(moment):
        return ladder.grade(known, credit, at=moment, registered_at=registered_at, locks=locks)

    grade = ask(at)
    decided = [lock for lock in locks if lock.grade == "suspended" and lock.kind is not LockKind.AT_LEAST]
    warned_at = None
    for move in grade.transitions:
        if move.after == "suspended" and not any(lock.at <= move.at < lock.expires_at for lock in decided):
            assert move.before == "warned"
            assert warned_at is None or move.at - warned_at >= ladder.rungs[1].grace_days * DAY
        warned_at = move.at
    later = [lock for lock in locks if lock.at > at]
    if grade.next_change is not None and not later:
        assert ask(grade.next_change - 1).name == grade.name
        assert ask(grade.next_change).name == grade.next_name != grade.name


# -- requirements and locks --------------------------------------------------------------------

OBSERVED = st.lists(
    st.tuples(instants, st.sampled_from([{"posts": 1}, {"posts": 9}, {}, {"posts": "many"}, {"posts": None}])),
    max_size=5, unique_by=lambda row: row[0],
)  # fmt: skip


@given(policies, event_lists(max_size=4), OBSERVED, asked, st.tuples(st.sampled_from(list(Mode)), st.integers(0, 3)))
def test_requirements_move_a_grade_only_when_they_are_decided(credit, events, observed, at, terms):
    mode, grace = terms
    credit = attrs.evolve(credit, floor=0)
    ladder = GradePolicy(rungs=[Rung(name="low"), Rung(name="high", requires="posts > 5", mode=mode, grace_days=grace)])
    facts = [Observation(at=moment, facts=found) for moment, found in observed]
    grade = ladder.grade(CreditHistory.of(events), credit, at=at, facts=facts)
    answers = {1: False, 9: True}
    rung, short, expected = "low", None, []
    rows = sorted((moment, answers.get(found.get("posts"))) for moment, found in observed if moment <= at)
    for place, (moment, answer) in enumerate(rows):
        end = rows[place + 1][0] - 1 if place + 1 < len(rows) else at
        if answer is True and rung == "low":
            rung = "high"
            expected.append((moment, "high"))
        if mode is Mode.ONCE or answer is not False:
            short = None
        elif short is None:
            short = moment
        if short is not None and rung == "high" and short + grace * DAY <= end:
            rung = "low"
            expected.append((max(moment, short + grace * DAY), "low"))
    assert path(grade, None) == expected
    assert all(move.cause is (Cause.REQUIREMENT if move.adverse else Cause.EARNED) for move in grade.transitions)
    assert all(draft.rules == ("posts > 5",) and draft.seen == '{"posts":1}' for draft in grade.reasons)


locks = st.builds(
    lambda grade, kind, at, length: Lock(
        grade=grade, kind=kind, at=at, expires_at=at + length, by="reviewer:7", reason="manual review"
    ),
    st.sampled_from(["r0", "r1"]), st.sampled_from(list(LockKind)), instants, st.integers(1, 20 * DAY),
)  # fmt: skip


@given(cases(), st.lists(locks, max_size=3), asked)
def test_a_lock_holds_the_grade_and_leaves_conduct_to_go_on_underneath(case, held, at):
    credit, ladder, events = case
    history = CreditHistory.of(events)

    def ask(locks):
        return ladder.grade(history, credit, at=at, registered_at=T0, locks=locks)

    free, locked = ask(()), ask(held)
    live = [lock for lock in held if lock.at <= at < lock.expires_at]
    low = max([ladder.names.index(lock.grade) for lock in live if lock.kind is not LockKind.AT_MOST], default=0)
    high = min([ladder.names.index(lock.grade) for lock in live if lock.kind is not LockKind.AT_LEAST], default=9)
    assert locked.rank == min(high, max(low, free.rank))
    assert set(locked.held_by) == set(live)
    names = [locked.transitions[0].before, *(move.after for move in locked.transitions)] if locked.transitions else []
    assert all(one != other for one, other in itertools.pairwise(names))
    assert names == [] or names[-1] == locked.name
    assert all(draft.rules for draft in locked.reasons)
    if not live and not held:
        assert locked == free
    if locked.next_change is not None:
        known = CreditHistory.of([event for event in events if event.at <= at])
        begun = [lock for lock in held if lock.at <= at]

        def later(moment):
            return ladder.grade(known, credit, at=moment, registered_at=T0, locks=begun)

        assert later(locked.next_change - 1).name == locked.name
        assert later(locked.next_change).name == locked.next_name


def test_tasks_bring_a_promotion_forward_and_say_when():
    credit = CreditPolicy(
        context="comments", start=20, floor=0, ceiling=20, weights={"spam": 10}, max_single=10, max_lifetime_days=90,
        recovery=Drain(points=1, per_days=7), tasks={"quiz": RecoveryTask(points=3, max_points=3, per_days=7)},
    )  # fmt: skip
    ladder = GradePolicy(rungs=[Rung(name="low"), Rung(name="high", promote_at=16, demote_below=12)])
    history = CreditHistory().violation("a", rule="spam", at=T0)
    assert ladder.grade(history, credit, at=T0).next_change == T0 + 42 * DAY
    helped = history.task("q", code="quiz", at=T0 + DAY)
    assert ladder.grade(helped, credit, at=T0 + DAY).next_change == T0 + 21 * DAY
    twice = helped.task("q2", code="quiz", at=T0 + 2 * DAY)
    assert ladder.grade(twice, credit, at=T0 + 2 * DAY).next_change == T0 + 21 * DAY  # at most three points a week
    later = ladder.grade(helped.task("q2", code="quiz", at=T0 + 8 * DAY), credit, at=T0 + 8 * DAY)
    assert (later.name, later.since) == ("high", T0 + 8 * DAY)


@pytest.mark.parametrize("kind", list(LockKind))
def test_a_lock_always_ends(kind):
    from platgov.errors import InputError

    for end in (T0, T0 - 1, None, 10**18):
        with pytest.raises(InputError):
            Lock(grade="r0", kind=kind, at=T0, expires_at=end, by="reviewer:7", reason="x")
