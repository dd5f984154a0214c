"""Values of accounts: equal whatever the order they were given in, and the same once they have been copied."""

import copy
import pickle

import pandas as pd
import pytest

from accounts_strategies import DAY, T0
from platgov import frames
from platgov.accounts import (
    Account,
    AccountKind,
    AccountPolicies,
    Activity,
    Clearing,
    CreditHistory,
    CreditPolicy,
    DormancyAction,
    DormancyPolicy,
    Drain,
    ExemptFor,
    Exemption,
    GradePolicy,
    Group,
    GroupPolicy,
    KindPolicy,
    LabelledRow,
    Lock,
    LockKind,
    Observation,
    RegistrationPolicy,
    Responsible,
    Rung,
    SizeStep,
    WatchList,
)
from platgov.errors import DueProcessError, InputError
from platgov.names import NamePolicy

PERSON = AccountKind(name="person")
CREDIT = CreditPolicy(
    context="forum", start=100, floor=0, ceiling=100, weights={"spam": 10}, max_single=20, max_lifetime_days=100,
    recovery=Drain(points=1, per_days=1),
)  # fmt: skip
LADDER = GradePolicy(
    rungs=[Rung(name="new"), Rung(name="member", promote_at=50, demote_below=40, requires="posts >= 10")]
)
POLICIES = AccountPolicies(policies={PERSON: KindPolicy(credit=CREDIT, grades=LADDER)})
ANNA, BOB = (Account(id=name, kind=PERSON, registered_at=T0) for name in ("anna", "bob"))


def test_accounts_are_sorted_by_the_grade_that_facts_and_locks_give_them():
    listed = [(ANNA, CreditHistory()), (BOB, CreditHistory())]
    lock = Lock(grade="new", kind=LockKind.AT_MOST, at=T0, expires_at=T0 + 9 * DAY, by="reviewer:7", reason="hacked")

    def names(**more):
        return [(one.account.id, one.grade.name) for one in POLICIES.sort(listed, at=T0 + DAY, **more)]

    assert names() == [("anna", "new"), ("bob", "new")]
    assert names(facts={"bob": {"posts": 50}}) == [("bob", "member"), ("anna", "new")]
    assert names(facts={"bob": {"posts": 50}}, locks={"bob": [lock]}) == [("anna", "new"), ("bob", "new")]
    for one in POLICIES.sort(listed, at=T0 + DAY, facts={"bob": {"posts": 50}}):
        facts = {"posts": 50} if one.account is BOB else None
        assert one.grade == POLICIES.grade(one.account, CreditHistory(), at=T0 + DAY, facts=facts)
    for bad in ({"facts": {"carl": {"posts": 1}}}, {"locks": {"carl": [lock]}}, {"facts": [1]}, {"locks": {1: []}}):
        with pytest.raises(InputError):
            names(**bad)


def test_policies_that_say_the_same_are_equal_and_copies_are_the_same():
    policy = RegistrationPolicy(names={"name": NamePolicy(protected=["PayPal"])})
    for value in (POLICIES, policy, Observation(at=T0, facts={"a": 1}), LabelledRow(values={"a": 1}, shell=True)):
        for again in (pickle.loads(pickle.dumps(value)), copy.deepcopy(value)):
            assert again == value
            assert hash(again) == hash(value)
    other = AccountPolicies(policies={PERSON: KindPolicy(credit=CREDIT, grades=GradePolicy(rungs=[Rung(name="new")]))})
    assert other != POLICIES != "policies"


def test_what_a_caller_does_with_their_table_later_is_no_matter():
    values = {"a": 1}
    row = LabelledRow(values=values, shell=False)
    values["a"] = "evil"
    assert row == LabelledRow(values={"a": 1}, shell=False)


def test_the_order_of_what_is_known_of_an_account_changes_nothing():
    policy = DormancyPolicy(
        dormant_days=10, grace_days=5, restore_days=5, action=DormancyAction.FREEZE,
        exemptions=[Exemption(code="memorial", says="A memorial."), Exemption(code="navy", says="At sea.")],
    )  # fmt: skip
    exempt = [ExemptFor(code="navy", from_at=T0), ExemptFor(code="memorial", from_at=T0)]
    done = [Clearing(acted_at=T0 + 30 * DAY), Clearing(acted_at=T0 + 20 * DAY, restored_at=T0 + 21 * DAY)]
    both = [Activity(registered_at=T0, exemptions=exempt[::step], clearings=done[::step]) for step in (1, -1)]
    looks = {policy.look(one, at=T0 + 40 * DAY).digest for one in both}
    assert len(looks) == 1
    people = [Responsible(person="b", duties=["rules"], groups=1), Responsible(person="a", duties=["rules"], groups=9)]
    rules = GroupPolicy(sizes=[SizeStep(members=0, responsible=3)], max_groups=2, repair_days=5)
    told = {rules.check(Group(id="g", members=5, responsible=people[::step]), at=T0).digest for step in (1, -1)}
    assert len(told) == 1


def test_a_size_that_is_none_is_refused():
    rules = GroupPolicy(sizes=[SizeStep(members=0, responsible=1)], max_groups=2, repair_days=5)
    assert rules.wanted(0) == 1
    for bad in (-5, "x", None, True, 1.5):
        with pytest.raises(InputError):
            rules.wanted(bad)


def test_another_spelling_of_an_id_is_no_second_person_and_nobody_closes_their_own_entry():
    opened = {"subject": "u1", "reason": "Odd.", "at": T0, "review_at": T0 + DAY}
    listed = WatchList().open("w", evidence=["r1"], by="anna", **opened)
    for by in ("Anna", " anna", "U1"):
        with pytest.raises(DueProcessError):
            listed.renew("w", by=by, at=T0 + 9, reason="Still.", evidence=["r2"], review_at=T0 + 2 * DAY)
    for by in ("u1", "U1 "):
        with pytest.raises(DueProcessError):
            listed.close("w", by=by, at=T0 + 9, outcome="nothing")
    for bad in ({"by": " "}, {"by": "bob", "evidence": [" "]}):
        with pytest.raises(InputError):
            listed.renew(
                "w", **{"at": T0 + 9, "reason": "Still.", "evidence": ["r2"], "review_at": T0 + 2 * DAY, **bad}
            )
    with pytest.raises(InputError):
        listed.close("w", by=" ", at=T0 + 9, outcome="nothing")
    twice = [WatchList().open("w", evidence=given, by="anna", **opened) for given in (["r1", "r0"], ["r0", "r1"])]
    assert twice[0] == twice[1]
    assert twice[0].digest == twice[1].digest
    assert listed.close("w", by="anna", at=T0 + 9, outcome="nothing").entries[0].closed_by == "anna"
    for bad in ({"evidence": [" "], "by": "anna"}, {"evidence": ["r1"], "by": " "}):
        with pytest.raises(InputError):
            WatchList().open("w", **opened, **bad)
    policy = listed.policy
    for question in (policy.unfit, policy.expires_at, lambda entry: policy.state(entry, T0)):
        with pytest.raises(InputError):
            question(None)
    with pytest.raises(InputError):
        policy.state(listed.entries[0], "x")


@pytest.mark.parametrize(
    "fact", ["shell_score", "bot_score", "is_muslim", "hiv", "mosque_visits", "home_country", "income"]
)
def test_a_grade_reads_neither_who_somebody_is_nor_what_is_suspected_of_them(fact):
    with pytest.raises(InputError):
        GradePolicy(
            rungs=[Rung(name="new"), Rung(name="member", promote_at=50, demote_below=40, requires=f"{fact} >= 1")]
        )


@pytest.mark.parametrize(
    "fact", ["posts", "account_age_days", "robots_reported", "shelled_posts", "countries_read_about"]
)
def test_neighbours_of_such_facts_may_be_read(fact):
    assert GradePolicy(
        rungs=[Rung(name="new"), Rung(name="member", promote_at=50, demote_below=40, requires=f"{fact} >= 1")]
    )


def test_a_table_in_which_nothing_was_overturned_yet_is_read():
    rows = pd.DataFrame([{"account": 1, "at": T0, "rule": "spam", "overturned_at": None}])
    (value,) = frames.scores(rows, CREDIT, at=T0)["value"]
    assert value == 90
