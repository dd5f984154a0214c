"""Grades and account kinds: worked examples, then what is refused."""

import copy
import json
import pickle

import attrs
import pytest

from platgov.accounts import (
    Account,
    AccountKind,
    AccountPolicies,
    Cause,
    CreditHistory,
    CreditPolicy,
    Drain,
    DwellFrom,
    GradePolicy,
    KindPolicy,
    Lock,
    LockKind,
    Mode,
    Observation,
    Rung,
)
from platgov.conditions import F, parse
from platgov.errors import InputError
from platgov.facts import Role, fact, facts
from platgov.measures import Procedure

DAY = 86_400
T0 = 1_700_000_000


def credit(**fields):
    made = {
        "context": "comments", "start": 120, "floor": 0, "ceiling": 120, "weights": {"spam": 5, "harass": 30},
        "recovery": Drain(points=1, per_days=1), "max_lifetime_days": 730, "max_single": 40,
    }  # fmt: skip
    return CreditPolicy(**{**made, **fields})


LADDER = GradePolicy(
    rungs=[
        Rung(name="limited", needs_human=True),
        Rung(name="basic", promote_at=68, demote_below=60, dwell_days=14, grants=("comments.reply",)),
        Rung(name="normal", promote_at=94, demote_below=88, grace_days=3, grants=("comments.post",)),
    ],
    context="comments",
)  # fmt: skip


def history(*days, rule="harass"):
    found = CreditHistory()
    for number, day in enumerate(days):
        found = found.violation(f"d{number}", rule=rule, at=T0 + int(day * DAY))
    return found


def grade(found, day, ladder=LADDER, **fields):
    return ladder.grade(found, credit(), at=T0 + int(day * DAY), **fields)


# -- worked examples ---------------------------------------------------------------------------


def test_who_did_nothing_stands_at_the_top():
    told = grade(CreditHistory(), 0)
    assert (told.name, told.since, told.next_change, told.next_name, told.transitions) == (
        "normal",
        None,
        None,
        None,
        (),
    )
    assert told.grants == ("comments.post", "comments.reply")
    assert not told.needs_human


def test_a_grade_is_lost_after_an_unbroken_grace_and_its_date_is_known():
    found = history(0, 0.5)  # 60 points off
    assert grade(found, 0.5).next_change == T0 + int(3.5 * DAY)  # 90 after the first violation, 60.5 after the second
    assert [grade(found, day).name for day in (0.5, 3.49, 3.5)] == ["normal", "normal", "basic"]
    told = grade(found, 4)
    assert (told.name, told.since, told.next_name) == ("basic", T0 + int(3.5 * DAY), "normal")
    assert told.next_change == T0 + 34 * DAY  # 94 is reached when 26 points are left
    (draft,) = told.reasons
    assert (draft.cause, draft.rules, draft.ends_at) == ("conduct", ("harass",), T0 + 34 * DAY)
    assert draft.to_dict()["change"] == "normal -> basic"


def test_a_stretch_that_is_broken_before_its_grace_has_passed_costs_nothing():
    found = history(0).violation("x", rule="spam", at=T0)  # 85, back at 88 after three days
    assert [grade(found, day).name for day in (0, 2, 3, 30)] == ["normal"] * 4
    worse = found.violation("y", rule="spam", at=T0 + 2 * DAY)
    assert [grade(worse, day).name for day in (2, 2.99, 3)] == ["normal", "normal", "basic"]
    broken = found.violation("y", rule="spam", at=T0 + 3 * DAY)  # events come before the look at the score
    assert grade(broken, 3).name == "basic"
    later = found.violation("y", rule="spam", at=T0 + 3 * DAY + 1)  # in that second it was 88
    assert [grade(later, day).name for day in (3.1, 6, 6.1)] == ["normal", "normal", "basic"]  # the grace began anew


def test_a_stretch_that_is_broken_between_two_looks_begins_anew():
    ladder = attrs.evolve(LADDER, rungs=[*LADDER.rungs[:2], attrs.evolve(LADDER.rungs[2], grace_days=5)])
    found = history(0).violation("x", rule="spam", at=T0).violation("y", rule="spam", at=T0 + 4 * DAY)
    # 85, back at 88 on day 3, 84 on day 4, and back at 88 on day 8: never five days in a row.
    assert [grade(found, day, ladder).name for day in (0, 4, 5, 8, 9, 30)] == ["normal"] * 6


def test_a_rise_just_before_the_next_event_is_not_missed():
    told = grade(history(0, 0, 34.5), 35)
    assert [(move.at - T0, move.after) for move in told.transitions] == [(3 * DAY, "basic"), (34 * DAY, "normal")]


def test_several_rungs_at_one_instant_are_one_transition_and_may_need_a_person():
    ladder = attrs.evolve(LADDER, rungs=[attrs.evolve(rung, grace_days=0) for rung in LADDER.rungs])
    told = grade(history(0, 0, 0), 0, ladder)
    (move,) = told.transitions
    assert (move.before, move.after, move.cause, move.adverse) == ("normal", "limited", Cause.CONDUCT, True)
    assert told.needs_human
    assert told.reasons[0].needs_human
    assert told.rank == 0
    up = grade(history(0, 0, 0), 100, ladder)
    assert [move.after for move in up.transitions] == ["limited", "basic", "normal"]
    assert not up.needs_human


def test_a_dwell_counts_from_the_last_change_or_from_registration():
    ladder = attrs.evolve(LADDER, entry="limited")
    assert [grade(CreditHistory(), day, ladder, registered_at=T0).name for day in (0, 13.9, 14)] == [
        "limited", "limited", "normal",
    ]  # fmt: skip
    assert grade(CreditHistory(), 0, ladder).name == "normal"  # always been there
    told = grade(CreditHistory(), 1, ladder, registered_at=T0)
    assert (told.since, told.next_change, told.next_name) == (T0, T0 + 14 * DAY, "normal")
    needs = {(row.grade, row.item): (row.have, row.need, row.met, row.met_at) for row in told.have_need}
    assert needs[("basic", "dwell")] == (DAY, 14 * DAY, False, T0 + 14 * DAY)
    assert needs[("basic", "score")] == (120, 68, True, T0 + DAY)
    assert needs[("normal", "keep")] == (120, 88, True, T0 + DAY)
    assert ("normal", "dwell") not in needs
    recovering = attrs.evolve(ladder, dwell_from=DwellFrom.RECOVERY)
    rows = {(row.grade, row.item): row for row in grade(history(0, 0), 0, recovering, registered_at=T0).have_need}
    assert (rows["basic", "dwell"].have, rows["basic", "dwell"].met_at) == (0, T0 + 22 * DAY)
    rows = {(row.grade, row.item): row for row in grade(history(0, 0), 10, recovering, registered_at=T0).have_need}
    assert (rows["basic", "dwell"].have, rows["basic", "dwell"].met_at) == (2 * DAY, T0 + 22 * DAY)
    assert grade(CreditHistory(), 0, recovering).name == "normal"
    # Where nothing is known about the time before, a dwell is no hurdle.
    waiting = attrs.evolve(
        ladder, rungs=[*ladder.rungs[:2], attrs.evolve(ladder.rungs[2], dwell_days=5, requires="posts > 3")]
    )
    for policy in (waiting, attrs.evolve(waiting, dwell_from=DwellFrom.RECOVERY)):
        told = grade(CreditHistory(), 0, policy)
        assert told.name == "basic"
        have = next(row for row in told.have_need if row.item == "dwell")
        assert have.to_dict()["met"] is (policy is waiting)


def test_a_dwell_that_ends_at_the_last_instant_is_a_change_like_any_other():
    last = 253_402_300_799
    fall = CreditHistory().violation("d", rule="harass", at=last - 30 * DAY)
    ladder = GradePolicy(rungs=[Rung(name="low"), Rung(name="high", promote_at=91, demote_below=91, dwell_days=30)])
    told = ladder.grade(fall, credit(), at=last - DAY)
    assert (told.name, told.next_change, told.next_name) == ("low", last, "high")


def test_a_table_says_what_each_grade_asks_and_when_it_will_be_met():
    told = grade(history(0, 0), 5)
    rows = [(row.grade, row.item, row.have, row.need, row.met, row.met_at) for row in told.have_need]
    assert rows == [
        ("basic", "score", 65, 68, False, T0 + 8 * DAY),
        ("basic", "keep", 65, 60, True, T0 + 5 * DAY),
        ("normal", "score", 65, 94, False, T0 + 34 * DAY),
        ("normal", "keep", 65, 88, False, T0 + 28 * DAY),
    ]
    assert json.loads(told.to_bytes()) == told.to_dict()


def test_requirements_are_conditions_over_what_the_host_observed():
    ladder = GradePolicy(
        rungs=[
            Rung(name="new"),
            Rung(name="member", requires=(F.days_visited >= 15) & (F.likes.given >= 1), mode=Mode.ONCE),
            Rung(name="regular", promote_at=100, demote_below=90, requires="days_visited >= 50", grace_days=2),
        ]
    )
    assert ladder.reads == {"days_visited", "likes.given"}
    assert ladder.entry_place == 0

    def seen(day, visited, given=1):
        return Observation(at=T0 + day * DAY, facts={"days_visited": visited, "likes": {"given": given}})

    assert grade(CreditHistory(), 0, ladder).name == "new"
    assert grade(CreditHistory(), 0, ladder, facts={"days_visited": 20, "likes": {"given": 1}}).name == "member"
    told = grade(CreditHistory(), 30, ladder, facts=[seen(10, 60), seen(20, 3, 0)])
    assert [(move.at, move.after, move.cause) for move in told.transitions] == [
        (T0 + 10 * DAY, "regular", Cause.EARNED), (T0 + 22 * DAY, "member", Cause.REQUIREMENT),
    ]  # fmt: skip
    (draft,) = told.reasons
    assert (draft.rules, draft.seen) == (("days_visited >= 50",), '{"days_visited":3,"likes":{"given":0}}')
    row = next(row for row in told.have_need if row.grade == "regular" and row.item == "requirement")
    assert (row.have, row.need, row.met) == ('{"days_visited":3,"likes":{"given":0}}', "days_visited >= 50", False)
    unknown = grade(CreditHistory(), 30, ladder, facts=[seen(10, 60), Observation(at=T0 + 20 * DAY, facts={})])
    assert unknown.name == "regular"
    rows = {(row.grade, row.item): row.met for row in unknown.have_need}
    assert rows["regular", "requirement"] is None
    early = grade(CreditHistory(), 1, ladder, facts=[seen(-9, 60)], registered_at=T0)
    assert [move.at for move in early.transitions] == [T0]
    # An observation of a later day is not known yet, and one of unreadable things says nothing.
    assert grade(CreditHistory(), 5, ladder, facts=[seen(10, 60)]).name == "new"
    strange = Observation(at=T0, facts={"days_visited": object(), "likes": float("nan")})
    assert grade(CreditHistory(), 5, ladder, facts=[strange]).name == "new"


def test_a_lock_is_shown_with_its_reason_and_its_end():
    lock = Lock(
        grade="limited", kind=LockKind.AT_MOST, at=T0, expires_at=T0 + DAY, by="reviewer:7", reason="account taken over"
    )
    told = grade(CreditHistory(), 0.5, locks=[lock])
    assert (told.name, told.next_change, told.next_name, told.held_by) == ("limited", T0 + DAY, "normal", (lock,))
    (draft,) = told.reasons
    assert (draft.cause, draft.rules, draft.seen, draft.needs_human) == (
        "lock",
        ("reviewer:7",),
        "account taken over",
        False,
    )
    assert not told.needs_human
    after = grade(CreditHistory(), 1, locks=[lock])
    assert [(move.after, move.cause) for move in after.transitions] == [("limited", Cause.LOCK), ("normal", Cause.LOCK)]
    assert after.held_by == ()
    # What conduct had led to meanwhile shows when a lock that held it back ends, with the reasons of conduct.
    shield = Lock(
        grade="normal", kind=LockKind.AT_LEAST, at=T0, expires_at=T0 + 9 * DAY, by="reviewer:7", reason="pilot"
    )
    found = history(0, 0)
    assert grade(found, 8, locks=[shield]).name == "normal"
    told = grade(found, 9, locks=[shield])
    (move,) = told.transitions
    assert (move.at, move.after, move.cause, move.events) == (T0 + 9 * DAY, "basic", Cause.CONDUCT, ("d0", "d1"))
    assert told.reasons[0].rules == ("harass",)
    falls = Lock(grade="limited", kind=LockKind.EXACT, at=T0, expires_at=T0 + 5 * DAY, by="reviewer:7", reason="x")
    raised = grade(found, 5, locks=[falls])
    assert [(move.after, move.cause) for move in raised.transitions] == [("limited", Cause.LOCK), ("basic", Cause.LOCK)]


def test_a_warning_comes_before_a_suspension_and_stands_for_its_grace():
    ladder = GradePolicy(
        rungs=[
            Rung(name="suspended", suspends=True, needs_human=True),
            Rung(name="warned", promote_at=70, demote_below=60, warns=True, grace_days=7),
            Rung(name="normal", promote_at=94, demote_below=88),
        ]
    )
    told = grade(history(0, 0, 0), 0, ladder)  # 30 left, far under both thresholds
    assert (told.name, told.next_change, told.next_name) == ("warned", T0 + 7 * DAY, "suspended")
    assert [grade(history(0, 0, 0), day, ladder).name for day in (6.99, 7)] == ["warned", "suspended"]
    assert grade(history(0, 0, 0), 7, ladder).needs_human
    slow = attrs.evolve(ladder, rungs=[*ladder.rungs[:2], attrs.evolve(ladder.rungs[2], grace_days=3)])
    assert [grade(history(0, 0, 0), day, slow).name for day in (3, 9.99, 10)] == ["warned", "warned", "suspended"]
    assert grade(history(0, 0, 0), 3, slow).next_change == T0 + 10 * DAY  # from the warning, not the fall
    assert grade(history(0, 0, 0), 12, slow).since == T0 + 10 * DAY


def test_l11_whoever_falls_to_the_warning_late_is_warned_before_the_suspension_all_the_same():
    # The score has been below all marks for ten days when the long grace of the top ends.
    ladder = GradePolicy(
        rungs=[
            Rung(name="suspended", suspends=True),
            Rung(name="warned", promote_at=60, demote_below=40, warns=True, grace_days=3),
            Rung(name="normal", promote_at=90, demote_below=80, grace_days=10),
        ]
    )
    found = CreditHistory()
    for number in range(4):
        found = found.violation(f"d{number}", rule="harass", at=T0)
    slow = credit(recovery=Drain(points=1, per_days=90))
    names = [ladder.grade(found, slow, at=T0 + day * DAY).name for day in (0, 9, 10, 12, 13)]
    assert names == ["normal", "normal", "warned", "warned", "suspended"]


def test_a_grade_is_replayed_from_its_record():
    found = history(0, 0.5)
    one, other = (grade(found, 9, registered_at=T0) for _ in range(2))
    assert one.to_bytes() == other.to_bytes()
    variants = [
        one, grade(found.overturn("d1", at=T0 + 9 * DAY), 9, registered_at=T0), grade(found, 9, registered_at=T0 - 1),
        grade(found, 9, registered_at=T0, locks=[Lock(grade="basic", at=T0, expires_at=T0 + 1, by="a", reason="b")]),
    ]  # fmt: skip
    assert len({told.fingerprint for told in variants}) == len(variants)
    reading = attrs.evolve(LADDER, rungs=[*LADDER.rungs[:2], attrs.evolve(LADDER.rungs[2], requires="posts > 1")])
    seen = [
        grade(found, 9, reading, facts={"posts": posts, "other": other}).fingerprint
        for posts, other in ((1, 1), (2, 1), (2, 2))
    ]
    assert len(set(seen)) == 2  # facts that nothing reads do not count
    assert (
        attrs.evolve(LADDER, version="2").grade(found, credit(), at=T0).policy
        != LADDER.grade(found, credit(), at=T0).policy
    )
    assert LADDER.grade(found, credit(version="2"), at=T0).policy != LADDER.grade(found, credit(), at=T0).policy


def test_every_part_of_a_ladder_is_in_its_digest():
    low, high = Rung(name="low"), Rung(name="high", promote_at=5, demote_below=4)
    variants = [
        GradePolicy(rungs=[low, high]), GradePolicy(rungs=[low, high], entry="low"),
        GradePolicy(rungs=[low, high], version="2"),
        GradePolicy(rungs=[low, high], context="comments"),
        GradePolicy(rungs=[low, high], dwell_from=DwellFrom.RECOVERY),
        GradePolicy(rungs=[low, high], procedure=Procedure(appeal_days=9)), GradePolicy(rungs=[low, high], facts=Seen),
    ] + [
        GradePolicy(rungs=[low, attrs.evolve(high, **fields)], context="comments")
        for fields in (
            {"name": "top"}, {"promote_at": 6}, {"demote_below": 3}, {"dwell_days": 1}, {"grace_days": 1},
            {"requires": "posts > 1"},
            {"mode": Mode.ONCE}, {"warns": True}, {"needs_human": True}, {"grants": ("comments.post",)},
        )
    ]  # fmt: skip
    assert len({one.digest for one in variants}) == len(variants)
    for one in variants:
        assert GradePolicy.from_dict(json.loads(json.dumps(one.to_dict()))) == one
    assert variants[0] != 7


# -- kinds -------------------------------------------------------------------------------------

STRICT = GradePolicy(rungs=[Rung(name="limited"), Rung(name="open", promote_at=110, demote_below=100)])
KINDS = AccountPolicies(
    policies={
        AccountKind.MEDIA: KindPolicy(credit=credit(), grades=STRICT),
        AccountKind.PERSONAL: KindPolicy(credit=credit(), grades=LADDER),
        AccountKind(name="brand"): KindPolicy(credit=credit(weights={"spam": 10, "harass": 40}), grades=STRICT),
    }
)


def test_accounts_are_sorted_by_type_and_grade_as_they_stand_at_the_instant():
    bad, good = history(0, 0), CreditHistory()
    accounts = [
        (Account(id="b"), good), (Account(id="a"), bad), (Account(id="c", kind=AccountKind(name="brand")), bad),
        (Account(id="n", kind=AccountKind.MEDIA), bad), (Account(id="m", kind=AccountKind.MEDIA), good),
        (Account(id="a2"), good),
    ]  # fmt: skip

    def listed(day):
        return [(row.account.id, row.grade.name) for row in KINDS.sort(accounts, at=T0 + day * DAY)]

    assert listed(4) == [
        ("m", "open"), ("n", "limited"), ("a2", "normal"), ("b", "normal"), ("a", "basic"), ("c", "limited"),
    ]  # fmt: skip
    assert listed(500) == [
        ("m", "open"),
        ("n", "open"),
        ("a", "normal"),
        ("a2", "normal"),
        ("b", "normal"),
        ("c", "open"),
    ]


def test_each_type_has_its_own_policies_and_a_type_without_any_is_not_graded():
    found = history(0)
    account = Account(id="a", registered_at=T0)
    assert KINDS.score(account, found, at=T0).value == 90
    brand = account.as_kind(AccountKind(name="brand"))
    assert KINDS.score(brand, found, at=T0).value == 80
    assert (KINDS.grade(account, found, at=T0).name, KINDS.grade(brand, found, at=T0).name) == ("normal", "limited")
    assert KINDS.grade(account, found, at=T0).since == T0
    with pytest.raises(InputError, match="no policies for text 'bot'"):
        KINDS.score(account.as_kind(AccountKind.BOT), found, at=T0)
    assert AccountPolicies.from_dict(json.loads(json.dumps(KINDS.to_dict()))).digest == KINDS.digest
    names = {kind.name for kind in vars(AccountKind).values() if isinstance(kind, AccountKind)}
    assert names == {"personal", "organisation", "media", "government", "public_figure", "bot", "minor"}


def test_a_threshold_at_the_floor_is_reached_by_everybody():
    high = Rung(name="high", promote_at=0, demote_below=0, dwell_days=1)
    ladder = GradePolicy(rungs=[Rung(name="low"), high], entry="low")
    sunk = history(*[0] * 7)  # 210 points off, told as 0
    assert grade(sunk, 0, ladder, registered_at=T0).next_change == T0 + DAY
    assert grade(sunk, 1, ladder, registered_at=T0).name == "high"


def test_everything_can_be_copied_and_sent_to_another_process():
    told = grade(history(0, 0.5), 9)
    seen = Observation(at=T0, facts={"posts": 3})
    found = history(0)
    scored = credit().snapshot(found, at=T0), credit().score(found, at=T0)
    for value in (credit(), LADDER, KINDS, seen, found, told, *scored):
        again = pickle.loads(pickle.dumps(copy.deepcopy(value)))
        assert again.digest == value.digest if value is KINDS else again == value


# -- what is refused ---------------------------------------------------------------------------


@facts
class Home:
    floor: int


@facts
class Seen:
    posts: int
    name: str = fact(role=Role.IDENTITY)
    village: str = fact(role=Role.PROTECTED)
    home: Home | None = fact(role=Role.PROTECTED, default=None)


@pytest.mark.parametrize(
    ("rungs", "code"),
    [
        ([], "missing"),
        ([Rung(name="a"), Rung(name="a", promote_at=1, demote_below=1)], "duplicate"),
        ([Rung(name="a", promote_at=1, demote_below=1)], "range"),
        ([Rung(name="a", demote_below=1)], "range"),
        ([Rung(name="a", requires="posts > 1")], "range"),
        (
            [
                Rung(name="a"),
                Rung(name="b", promote_at=5, demote_below=5),
                Rung(name="c", promote_at=4, demote_below=4),
            ],
            "range",
        ),
        (
            [
                Rung(name="a"),
                Rung(name="b", promote_at=9, demote_below=5),
                Rung(name="c", promote_at=9, demote_below=4),
            ],
            "range",
        ),
    ],
)
def test_a_ladder_that_makes_no_sense_is_refused(rungs, code):
    with pytest.raises(InputError) as refused:
        GradePolicy(rungs=rungs)
    assert code in {problem.code for problem in refused.value.problems}


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("name == 'x'", "protected"), ("village == 'x'", "protected"),
        ("home.floor > 3", "protected"), ("votes > 3", "unknown_field"),
        ("posts", "type"),
        ("posts > 'x'", "type"),
    ],
)  # fmt: skip
def test_a_requirement_over_declared_facts_fits_them_and_reads_nothing_personal(condition, code):
    with pytest.raises(InputError) as refused:
        GradePolicy(rungs=[Rung(name="a"), Rung(name="b", requires=condition)], facts=Seen)
    assert code in {problem.code for problem in refused.value.problems} or code == "type"
    ladder = GradePolicy(rungs=[Rung(name="a"), Rung(name="b", requires=parse("posts > 1"))], facts=Seen)
    assert grade(CreditHistory(), 0, ladder, facts={"posts": 2}).name == "b"
    assert grade(CreditHistory(), 0, ladder, facts={"posts": "2"}).name == "a"


def test_what_is_no_rung_lock_or_policy_is_refused():
    for act in (
        lambda: Rung(name="a", promote_at=5),
        lambda: Rung(name="a", promote_at=5, demote_below=6),
        lambda: Rung(name="a", requires=5),
        lambda: Rung(name="a", requires="posts >"),
        lambda: Rung(name="a", mode="once"),
        lambda: Rung(name="a", warns=1),
        lambda: Rung(name="a", grants="comments.post"),
        lambda: Rung(name="a", grants=[3]),
        lambda: GradePolicy(rungs="abc"),
        lambda: GradePolicy(rungs=[3]),
        lambda: GradePolicy(rungs=[Rung(name="a")], entry="b"),
        lambda: GradePolicy(rungs=[Rung(name="a")], entry=3),
        lambda: GradePolicy(rungs=[Rung(name="a")], facts=3),
        lambda: GradePolicy(rungs=[Rung(name="a")], procedure=Procedure(appeal_days=0)),
        lambda: GradePolicy.from_dict({"rungs": [{"name": "a", "mode": "now"}]}),
        lambda: GradePolicy.from_dict({"rungs": [{"name": "a", "colour": 1}]}),
        lambda: GradePolicy.from_dict({"rungs": None}),
        lambda: GradePolicy.from_dict({"rungs": [{"name": "a"}], "dwell_from": None}),
        lambda: GradePolicy.from_dict({"rungs": [{"name": "a"}], "semantics": 9}),
        lambda: Lock(grade="a", kind="exact", at=1, expires_at=2, by="x", reason="y"),
        lambda: Lock(grade="a", at=1, expires_at=2, by="", reason="y"),
        lambda: Lock(grade="a", at=1, expires_at=2, by="x", reason=""),
        lambda: Observation(at=1, facts=[3]),
        lambda: Observation(at=1, facts={3: 1}),
        lambda: AccountPolicies(policies={}),
        lambda: AccountPolicies(policies=None),
        lambda: AccountPolicies(policies={"personal": KindPolicy(credit=credit(), grades=LADDER)}),
        lambda: AccountPolicies.from_dict({"kinds": {}}),
        lambda: AccountPolicies.from_dict(None),
        lambda: AccountPolicies.from_dict({"kinds": [3]}),
        lambda: AccountPolicies.from_dict({"kinds": [{"kind": 3, "credit": {}, "grades": {}}]}),
        lambda: AccountPolicies.from_dict({"kinds": KINDS.to_dict()["kinds"][:1] * 2}),
        lambda: KindPolicy(credit=LADDER, grades=LADDER),
        lambda: KindPolicy(credit=credit(), grades=credit()),
        lambda: Account(id="a", kind="personal"),
        lambda: AccountKind(name=""),
        lambda: KINDS.of("personal"),
        lambda: KINDS.score("a", CreditHistory(), at=T0),
        lambda: KINDS.grade(None, CreditHistory(), at=T0),
        lambda: KINDS.sort([(None, CreditHistory())], at=T0),
        lambda: LADDER.grade(CreditHistory(), None, at=T0),
        lambda: GradePolicy.from_dict({"rungs": [{"name": "a"}], "semantics": True}),
        lambda: grade(None, 0),
        lambda: grade(CreditHistory(), 0, facts=3),
        lambda: grade(CreditHistory(), 0, facts=[3]),
        lambda: grade(CreditHistory(), 0, facts=[Observation(at=T0, facts={}), Observation(at=T0, facts={"a": 1})]),
        lambda: grade(CreditHistory(), 0, locks=[3]),
        lambda: grade(CreditHistory(), 0, locks=[Lock(grade="none", at=T0, expires_at=T0 + 1, by="x", reason="y")]),
    ):
        with pytest.raises(InputError):
            act()
