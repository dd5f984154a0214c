"""Dormant accounts: nothing without a notice, everything can be taken back, and the next change is exact."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._accounts.dormancy import (
    Activity,
    Clearing,
    DormancyAction,
    DormancyPolicy,
    DormancyStage,
    ExemptFor,
    Exemption,
)
from platgov.errors import InputError
from platgov.measures import Procedure

DAY = 86_400
T0 = 1_700_000_000
POLICY = DormancyPolicy(
    dormant_days=10,
    never_used_days=4,
    grace_days=5,
    restore_days=6,
    exemptions=[
        Exemption(code="memorial", says="Kept in memory."),
        Exemption(code="appeal", says="An appeal is open."),
    ],
)
S = DormancyStage


def days(low, high):
    return st.one_of(st.integers(low, high).map(lambda n: T0 + n * DAY), st.integers(T0 + low * DAY, T0 + high * DAY))


@st.composite
def activities(draw):
    clearings = []
    for _ in range(draw(st.integers(0, 2))):
        acted = draw(days(0, 40))
        clearings.append(Clearing(acted_at=acted, restored_at=draw(st.none() | st.integers(acted, acted + 20 * DAY))))
    exemptions = []
    for code in draw(st.lists(st.sampled_from(["memorial", "appeal"]), max_size=2)):
        begin = draw(days(0, 40))
        exemptions.append(
            ExemptFor(code=code, from_at=begin, ends_at=draw(st.none() | st.integers(begin, begin + 9 * DAY)))
        )
    return Activity(
        registered_at=T0,
        last_active_at=draw(st.none() | days(0, 30)),
        known=draw(st.sampled_from([True, True, True, False])),
        notices_at=draw(st.lists(days(0, 45), max_size=3)),
        clearings=clearings,
        exemptions=exemptions,
    )


def look(activity, at):
    return POLICY.look(activity, at=at)


@given(activities(), days(0, 60))
def test_nothing_may_be_done_without_a_notice_sent_after_the_account_became_dormant_and_a_full_grace(activity, at):
    verdict = look(activity, at)
    if verdict.stage is S.ACTION_DUE:
        used = [each for each in (activity.last_active_at,) if each is not None]
        used += [
            each.restored_at for each in activity.clearings if each.restored_at is not None and each.restored_at <= at
        ]
        due = max([T0, *used]) + (10 if used else 4) * DAY
        assert any(due <= sent <= at - 5 * DAY for sent in activity.notices_at)
        assert verdict.action is DormancyAction.FREEZE
    else:
        assert verdict.action is None
    without = look(attrs.evolve(activity, notices_at=()), at)
    assert without.stage not in (S.GRACE, S.ACTION_DUE, S.RESTORABLE, S.CLEARED)


@given(activities(), days(0, 60), st.integers(0, 70 * DAY))
def test_the_stage_holds_until_the_next_change_and_differs_at_it(activity, at, later):
    verdict = look(activity, at)
    known = activity.known_at(at)

    def stage(then):
        return look(known, then).stage

    if verdict.next_change is None:
        assert stage(at + later) is verdict.stage
    else:
        assert verdict.next_change > at
        assert stage(verdict.next_change - 1) is verdict.stage
        assert stage(verdict.next_change) is not verdict.stage
        assert stage(min(at + later, verdict.next_change - 1)) is verdict.stage


@given(activities(), days(0, 60))
def test_what_is_dated_later_changes_nothing_now(activity, at):
    assert look(activity, at).to_bytes() == look(activity.known_at(at), at).to_bytes()


@pytest.mark.parametrize("later", [1, 12 * DAY])
def test_what_is_given_back_later_is_not_yet_given_back(later):
    acted = {"registered_at": T0, "last_active_at": T0, "notices_at": [T0 + 12 * DAY]}
    now = T0 + 20 * DAY
    taken = look(Activity(**acted, clearings=[Clearing(acted_at=T0 + 18 * DAY)]), now)
    to_come = Activity(**acted, clearings=[Clearing(acted_at=T0 + 18 * DAY, restored_at=now + later)])
    assert taken.stage is S.RESTORABLE
    assert look(to_come, now).to_bytes() == taken.to_bytes()
    assert look(to_come, now + later).stage is S.ACTIVE


@given(activities(), days(0, 60))
def test_coming_back_always_ends_dormancy(activity, at):
    now = attrs.evolve(activity.known_at(at), known=True, last_active_at=at, exemptions=(), clearings=())
    assert look(now, at).stage is S.ACTIVE


@given(activities(), days(0, 60))
def test_giving_back_leaves_an_account_in_use(activity, at):
    known = activity.known_at(at)
    back = attrs.evolve(
        known, known=True, exemptions=(), clearings=[attrs.evolve(each, restored_at=at) for each in known.clearings]
    )
    if back.clearings:
        assert look(back, at).stage is S.ACTIVE


@given(activities())
def test_an_activity_survives_its_plain_form(activity):
    assert Activity.from_dict(activity.to_dict()) == activity
    assert Activity.from_dict(activity.to_dict()).digest == activity.digest


@given(st.lists(activities(), max_size=6), days(0, 60))
def test_a_dry_run_counts_each_account_once_and_lists_what_is_due(rows, at):
    named = [(f"a{place}", row) for place, row in enumerate(rows)]
    plan = POLICY.plan(named, at=at)
    stages = [look(row, at).stage for row in rows]
    assert dict(plan.counts) == {stage.value: stages.count(stage) for stage in S}
    assert plan.notices == tuple(name for (name, _), stage in zip(named, stages) if stage is S.NOTICE_DUE)
    assert plan.actions == tuple(name for (name, _), stage in zip(named, stages) if stage is S.ACTION_DUE)
    assert plan.restores == tuple(name for (name, _), stage in zip(named, stages) if stage is S.RESTORE_DUE)
    assert sum(dict(plan.exempt).values()) == stages.count(S.EXEMPT)
    assert plan.to_bytes() == POLICY.plan(named[::-1], at=at).to_bytes()


def test_the_whole_way_step_by_step():
    used = Activity(registered_at=T0, last_active_at=T0)
    assert look(used, T0 + 10 * DAY - 1).stage is S.ACTIVE
    assert look(used, T0).next_change == T0 + 10 * DAY
    due = look(used, T0 + 10 * DAY)
    assert (due.stage, due.next_change, due.notice_due) == (S.NOTICE_DUE, None, True)
    assert look(used, T0 + 500 * DAY).stage is S.NOTICE_DUE
    told = attrs.evolve(used, notices_at=[T0 + 12 * DAY])
    grace = look(told, T0 + 12 * DAY)
    assert (grace.stage, grace.next_change) == (S.GRACE, T0 + 17 * DAY)
    assert look(told, T0 + 17 * DAY).stage is S.ACTION_DUE
    at_once = attrs.evolve(told, clearings=[Clearing(acted_at=T0 + 17 * DAY)])
    assert look(at_once, T0 + 17 * DAY).stage is S.RESTORABLE
    done = attrs.evolve(told, clearings=[Clearing(acted_at=T0 + 18 * DAY)])
    acted = look(done, T0 + 18 * DAY)
    assert (acted.stage, acted.next_change) == (S.RESTORABLE, T0 + 24 * DAY)
    assert acted.appeal_until == T0 + 18 * DAY + 183 * DAY
    assert look(done, T0 + 24 * DAY).stage is S.CLEARED
    assert [reason.code for reason in look(done, T0 + 24 * DAY).reasons] == ["restore_over"]


def test_an_account_never_used_has_its_own_time():
    assert look(Activity(registered_at=T0), T0 + 4 * DAY).stage is S.NOTICE_DUE
    plain = attrs.evolve(POLICY, never_used_days=None)
    assert plain.look(Activity(registered_at=T0), at=T0 + 4 * DAY).stage is S.ACTIVE


@pytest.mark.parametrize("sent", [T0, T0 + 9 * DAY, T0 + 10 * DAY - 1])
def test_a_notice_from_before_does_not_count(sent):
    early = Activity(registered_at=T0, last_active_at=T0, notices_at=[sent])
    assert look(early, T0 + 40 * DAY).stage is S.NOTICE_DUE


@pytest.mark.parametrize(
    ("notices", "acted", "code"),
    [((), 30, "no_notice"), ((12,), 16, "within_grace"), ((12,), 11, "within_grace"), ((5,), 30, "no_notice")],
)
def test_who_was_acted_on_too_early_gets_everything_back(notices, acted, code):
    wrong = Activity(
        registered_at=T0,
        last_active_at=T0,
        notices_at=[T0 + n * DAY for n in notices],
        clearings=[Clearing(acted_at=T0 + acted * DAY)],
    )
    verdict = look(wrong, T0 + 90 * DAY)
    assert (verdict.stage, verdict.reasons[0].code) == (S.RESTORE_DUE, code)


def test_who_comes_back_in_time_gets_everything_back_and_not_after_it():
    told = {"registered_at": T0, "notices_at": [T0 + 12 * DAY], "clearings": [Clearing(acted_at=T0 + 18 * DAY)]}
    verdict = look(Activity(**told, last_active_at=T0 + 24 * DAY - 1), T0 + 30 * DAY)
    assert (verdict.stage, verdict.reasons[0].code) == (S.RESTORE_DUE, "came_back")
    assert look(Activity(**told, last_active_at=T0 + 24 * DAY), T0 + 30 * DAY).stage is S.CLEARED
    in_the_same_second = look(Activity(**told, last_active_at=T0 + 18 * DAY), T0 + 30 * DAY)
    assert (in_the_same_second.stage, in_the_same_second.reasons[0].code) == (S.RESTORE_DUE, "no_notice")
    told["notices_at"] = []
    assert look(Activity(**told, last_active_at=T0 + 20 * DAY), T0 + 30 * DAY).reasons[0].code == "no_notice"


def test_an_exemption_stands_in_the_way_and_a_notice_sent_under_it_is_void():
    exempt = Activity(
        registered_at=T0,
        last_active_at=T0,
        notices_at=[T0 + 12 * DAY],
        exemptions=[ExemptFor(code="memorial", from_at=T0 + 11 * DAY, ends_at=T0 + 30 * DAY)],
    )
    verdict = look(exempt, T0 + 20 * DAY)
    assert (verdict.stage, verdict.next_change) == (S.EXEMPT, T0 + 30 * DAY)
    assert (verdict.reasons[0].rule, verdict.reasons[0].says) == ("memorial", "Kept in memory.")
    appealing = attrs.evolve(exempt, exemptions=[ExemptFor(code="appeal", from_at=T0)])
    assert look(appealing, T0 + 20 * DAY).reasons[0].says == "An appeal is open."
    assert look(exempt, T0 + 30 * DAY).stage is S.NOTICE_DUE
    acted = attrs.evolve(exempt, clearings=[Clearing(acted_at=T0 + 20 * DAY)])
    assert look(acted, T0 + 40 * DAY).reasons[0].code == "exempt"
    after = attrs.evolve(exempt, clearings=[Clearing(acted_at=T0 + 40 * DAY)])
    assert look(after, T0 + 41 * DAY).reasons[0].code == "no_notice"
    told_again = attrs.evolve(after, notices_at=[T0 + 12 * DAY, T0 + 30 * DAY])
    assert look(told_again, T0 + 41 * DAY).stage is S.RESTORABLE


def test_whoever_is_given_back_starts_anew_even_within_the_same_second():
    again = Activity(
        registered_at=T0,
        last_active_at=T0,
        notices_at=[T0 + 12 * DAY],
        clearings=[
            Clearing(acted_at=T0 + 18 * DAY, restored_at=T0 + 30 * DAY),
            Clearing(acted_at=T0 + 30 * DAY),
        ],
    )
    verdict = look(again, T0 + 31 * DAY)
    assert (verdict.stage, verdict.reasons[0].code) == (S.RESTORE_DUE, "no_notice")


def test_of_two_actions_that_stand_the_later_is_judged():
    twice = Activity(
        registered_at=T0,
        last_active_at=T0,
        notices_at=[T0 + 12 * DAY],
        clearings=[Clearing(acted_at=T0 + 18 * DAY), Clearing(acted_at=T0 + 30 * DAY)],
    )
    verdict = look(twice, T0 + 31 * DAY)
    assert (verdict.stage, verdict.next_change) == (S.RESTORABLE, T0 + 36 * DAY)
    assert verdict.appeal_until == T0 + (30 + 183) * DAY
    # The first was given back only after the second: that is no use before the second.
    late = attrs.evolve(
        twice, clearings=[attrs.evolve(twice.clearings[0], restored_at=T0 + 40 * DAY), twice.clearings[1]]
    )
    assert look(late, T0 + 41 * DAY).stage is S.CLEARED


def test_what_is_not_known_never_leads_to_a_notice():
    gap = Activity(registered_at=T0, known=False)
    assert look(gap, T0 + 900 * DAY).stage is S.UNDETERMINED
    later = Activity(registered_at=T0, last_active_at=T0 + 900 * DAY)
    assert look(later, T0 + 800 * DAY).stage is S.UNDETERMINED


def test_equal_facts_give_equal_bytes_whoever_it_is():
    row = Activity(registered_at=T0, last_active_at=T0 + 5)
    assert look(row, T0 + 30 * DAY).to_bytes() == look(attrs.evolve(row), T0 + 30 * DAY).to_bytes()
    assert look(row, T0 + 30 * DAY).to_dict()["stage"] == "notice_due"


def test_a_policy_survives_its_plain_form_and_each_change_changes_its_digest():
    assert DormancyPolicy.from_dict(POLICY.to_dict()) == POLICY
    digests = {POLICY.digest}
    for change in (
        {"dormant_days": 11}, {"never_used_days": None}, {"grace_days": 6}, {"restore_days": 7}, {"version": "2"},
        {"action": "close"}, {"exemptions": ()}, {"procedure": Procedure(appeal_days=1)},
    ):  # fmt: skip
        digests.add(attrs.evolve(POLICY, **change).digest)
    assert len(digests) == 9


GOOD = {"dormant_days": 1, "grace_days": 1, "restore_days": 1}


@pytest.mark.parametrize(
    "bad",
    [
        {"dormant_days": 0}, {"dormant_days": True}, {"grace_days": 0}, {"grace_days": 1.0}, {"restore_days": 0},
        {"action": "delete"}, {"action": 3}, {"exemptions": "memorial"}, {"exemptions": ["memorial"]},
        {"exemptions": [Exemption(code="a", says="x"), Exemption(code="a", says="y")]},
        {"procedure": Procedure(appeal_days=0)}, {"procedure": Procedure(notice=False)}, {"procedure": None},
        {"version": ""},
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_is_refused(bad):
    with pytest.raises(InputError):
        DormancyPolicy(**{**GOOD, **bad})


@pytest.mark.parametrize(
    "bad",
    [
        {"registered_at": T0, "last_active_at": T0 - 1}, {"registered_at": "now"}, {"registered_at": T0, "known": 1},
        {"registered_at": T0, "notices_at": T0}, {"registered_at": T0, "notices_at": ["x"]},
        {"registered_at": T0, "clearings": [T0]},
        {"registered_at": T0, "clearings": [Clearing(acted_at=T0 - 5)]},
        {"registered_at": T0, "exemptions": "x"},
    ],
)  # fmt: skip
def test_an_activity_that_cannot_be_is_refused(bad):
    with pytest.raises(InputError):
        Activity(**bad)


def test_questions_that_make_no_sense_are_refused():
    row = Activity(registered_at=T0)
    with pytest.raises(InputError, match="there are appeal, memorial"):
        look(attrs.evolve(row, exemptions=[ExemptFor(code="friend", from_at=T0)]), T0)
    for wrong in (
        lambda: look(row, T0 - 1),
        lambda: look("row", T0),
        lambda: look(row, "now"),
        lambda: look(attrs.evolve(row, exemptions=[ExemptFor(code="friend", from_at=T0)]), T0),
        lambda: POLICY.plan([("a", row), ("a", row)], at=T0),
        lambda: POLICY.plan([(3, row)], at=T0),
        lambda: Clearing(acted_at=T0, restored_at=T0 - 1),
        lambda: ExemptFor(code="memorial", from_at=T0, ends_at=T0 - 1),
        lambda: Exemption(code="x", says=" "),
    ):
        with pytest.raises(InputError):
            wrong()


@pytest.mark.parametrize(
    "data",
    [
        None, [], {}, {"kind": "group_policy"}, {**POLICY.to_dict(), "schema": True}, {**POLICY.to_dict(), "schema": 2},
        {**POLICY.to_dict(), "more": 1}, {**POLICY.to_dict(), "exemptions": "x"},
        {**POLICY.to_dict(), "exemptions": [3]},
        {**POLICY.to_dict(), "procedure": {"notice": True, "secret": 1}}, {**POLICY.to_dict(), 3: 1},
    ],
)  # fmt: skip
def test_a_plain_form_that_is_none_is_refused(data):
    with pytest.raises(InputError):
        DormancyPolicy.from_dict(data)
