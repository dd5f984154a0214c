"""Faults known from other systems, each of which must not happen here.

Source: what moderation systems in use do, by their own code and issue trackers.
"""

import attrs
import pytest

from enforcement_strategies import DAY, PLAIN, RULES, T0, decided, simple
from platgov.enforcement import Appeal, AppealOutcome, History, Overturn
from platgov.errors import InputError
from platgov.measures import Remove, SuspendAccount, Warn

SPAM = decided("links")


def sanctioned(count, ladder=PLAIN):
    history = History("u1")
    for number in range(count):
        history = history.add(ladder.apply(SPAM, history, at=T0 + number * DAY, case=f"c{number}"))
    return history, [event.id for event in history.events]


def test_the_balance_never_falls_below_zero_once_a_reversed_strike_has_expired():
    """A hand-typed negative strike outlives the strike that it cancels; an overturning cancels nothing twice."""
    ladder = simple((1, [Warn()]), weights={"spam": 2}, strike_days=10)
    history, (one,) = sanctioned(1, ladder)
    history = history.overturn(one, by="anna", at=T0 + DAY)
    assert [history.strikes(at=T0 + day * DAY) for day in (0, 1, 9, 10, 11, 500)] == [2, 0, 0, 0, 0, 0]


def test_an_accepted_appeal_takes_its_strike_away():
    history, (one,) = sanctioned(1)
    appeal = Appeal.file(history, one, at=T0 + 5, by="u1", text="no")
    history = history.add(appeal)
    history = history.add(appeal.decide(history, AppealOutcome.OVERTURNED, by="ben", at=T0 + 9, reason="right"))
    assert history.strikes(at=T0 + 9) == 0
    following = PLAIN.apply(SPAM, history, at=T0 + DAY, case="next")
    assert following.why.strikes == 1


def test_a_sanction_of_the_ladder_states_the_rules_and_the_strikes_that_led_to_it():
    history, ids = sanctioned(3)
    last = history.sanction(ids[-1])
    assert last.why.rules == ("spam",)
    assert {key for key, _ in last.why.standing} == set(ids)
    for restriction in history.in_force(at=T0 + 2 * DAY):
        assert restriction.rule_ids == ("spam",)
        assert restriction.clauses == ("4.2",)
    assert any(restriction.source == "ladder" for restriction in last.restrictions)


def test_a_tripped_breaker_holds_every_later_equal_case_with_a_record():
    """A daily quota that lets case N+1 go unpunished treats equal cases unequally."""
    facts = {"links": 5, "rude": False, "fraud": False, "slight": False, "grave": False}
    history, outcomes = History("u1"), []
    for number in range(6):
        holds = {"spam": "200 a day"} if number >= 3 else None
        decision = RULES.decide(facts, at=T0 + number, holds=holds)
        sanction = PLAIN.apply(decision, history, at=T0 + number, case=f"c{number}")
        history = history.add(sanction)
        outcomes.append(sanction.status)
    assert outcomes == ["imposed"] * 3 + ["for_review"] * 3
    assert len(history.events) == 6  # nothing passed without a record
    assert history.strikes(at=T0 + 9) == 3


def test_a_sanction_without_an_end_is_brought_up_again():
    ladder = simple((1, [SuspendAccount()]), review_days=90)
    history, (one,) = sanctioned(1, ladder)
    for after in (90, 91, 10_000):
        assert [due.sanction_id for due in history.due_for_review(at=T0 + after * DAY)] == [one]


def test_undoing_undoes_what_later_sanctions_owe_to_it():
    history, (one, _, three) = sanctioned(3)
    at = T0 + 2 * DAY
    undone = history.overturn(one, by="anna", at=at)
    never = History("u1", [event for event in history.events if event.id != one])
    assert undone.state(at=at) == never.state(at=at)
    assert SuspendAccount(days=30) in history.effective(three, at=at)
    assert SuspendAccount(days=30) not in undone.effective(three, at=at)
    assert three in {change.sanction_id for change in undone.changes(at=at)}


def test_undoing_a_removal_gives_the_content_back():
    ladder = simple((1, [Remove()]))
    history, (one,) = sanctioned(1, ladder)
    assert Remove() in history.measures(at=T0)
    assert history.overturn(one, by="anna", at=T0 + 1).measures(at=T0 + 1) == ()


def test_an_expired_strike_stays_in_the_record():
    ladder = simple((1, [Warn()]), strike_days=1)
    history, _ = sanctioned(2, ladder)
    record = history.strike_record(at=T0 + 50 * DAY)
    assert [(one.status, one.weight, one.standing) for one in record] == [("expired", 1, 0)] * 2


def test_strikes_are_counted_here_and_not_by_the_caller():
    history, _ = sanctioned(1)
    with pytest.raises(TypeError):
        PLAIN.apply(SPAM, history, at=T0 + DAY, strikes=-5)
    with pytest.raises(InputError):
        attrs.evolve(PLAIN, weights={"spam": -1})


def test_overturning_twice_takes_away_once():
    history, (one, _) = sanctioned(2)
    at = T0 + 2 * DAY
    once = history.overturn(one, by="anna", at=at)
    twice = once.overturn(one, by="ben", at=at + 5)
    assert once.overturn(one, by="anna", at=at) is once
    assert once.strikes(at=at + 5) == twice.strikes(at=at + 5) == 1
    assert twice.state(at=at + 5) == once.state(at=at + 5)
    assert len(twice.events) == len(once.events) + 1  # both acts are on record


def test_two_servers_that_apply_one_decision_at_once_give_one_strike():
    history, _ = sanctioned(1)
    one = PLAIN.apply(SPAM, history, at=T0 + DAY, case="raced")
    two = PLAIN.apply(SPAM, history, at=T0 + DAY, case="raced")
    assert one == two
    assert history.add(one).add(two).strikes(at=T0 + DAY) == 2
    assert History("u1", [*history.add(one).events, *history.add(two).events]).strikes(at=T0 + DAY) == 2


def test_two_servers_that_overturn_at_once_lose_nothing():
    history, (one, two) = sanctioned(2)
    at = T0 + 2 * DAY
    acts = [Overturn(subject="u1", sanction_id=key, at=at, by="anna") for key in (one, two)]
    assert history.add(acts[0]).add(acts[1]) == history.add(acts[1]).add(acts[0])
    assert history.add(acts[0]).add(acts[1]).strikes(at=at) == 0
