"""Enforcement: worked examples, and what each part promises beyond the laws."""

import datetime as dt
import json
import time

import attrs
import pytest

from enforcement_strategies import DAY, PLAIN, RULES, T0, decided, simple
from platgov._canonical import loads
from platgov.enforcement import (
    Actor,
    Appeal,
    AppealOutcome,
    AppealPolicy,
    Deviation,
    DeviationCode,
    History,
    Ladder,
    Modification,
    Overturn,
    Ruling,
    Sanction,
    Signature,
    Step,
    Strike,
)
from platgov.errors import DueProcessError, InputError
from platgov.measures import (
    Authority,
    Demonetise,
    Kind,
    LimitVisibility,
    Measure,
    Remove,
    SuspendAccount,
    SuspendFeature,
    Terminate,
    Warn,
)

SENIORS = [Actor(id=name, authority=Authority.SENIOR) for name in ("anna", "ben", "cho")]
ANNA, BEN, CHO = SENIORS
CHIEF = Actor(id="chief", authority=Authority.EDITOR_IN_CHIEF)
SPAM = decided("links")


def sanctioned(count=1, *, ladder=PLAIN, decision=SPAM, gap=DAY, history=None, **given):
    """Give a history of some equal sanctions, and these."""
    history, made = history or History("u1"), []
    for number in range(count):
        made.append(ladder.apply(decision, history, at=T0 + number * gap, case=f"c{number}", **given))
        history = history.add(made[-1])
    return history, made


def kinds(history, at):
    return {(one.measure.kind, one.measure.length_s) for one in history.in_force(at=at)}


def refused(code, act, error=DueProcessError):
    with pytest.raises(error) as caught:
        act()
    found = caught.value.code if error is DueProcessError else caught.value.problems[0].code
    assert found == code, caught.value
    assert len(str(caught.value)) > 10
    return str(caught.value)


# -- the ladder --------------------------------------------------------------------------------


def test_each_step_follows_from_its_number_of_strikes():
    history, made = sanctioned(4)
    assert [sanction.why.step for sanction in made] == [1, 2, 3, 3]
    assert [sanction.why.strikes for sanction in made] == [1, 2, 3, 4]
    assert SuspendAccount(days=7) in made[1].measures
    assert LimitVisibility(days=3) in made[0].measures  # the rule's own stays beside the ladder's
    assert history.strikes(at=T0 + 3 * DAY) == 4


def test_the_reason_says_why_not_less_and_why_not_more():
    _, (first, second, third) = sanctioned(3)
    assert (first.why.not_less, first.why.not_more) == (None, 2)
    assert (second.why.not_less, second.why.not_more) == (1, 3)
    assert (third.why.not_less, third.why.not_more) == (2, None)
    assert second.why.standing == tuple(sorted([(first.id, 1), (second.id, 1)]))
    assert "next step" not in " ".join(third.why.lines())
    text = " ".join(second.why.lines())
    assert "spam" in text
    assert "2 strikes" in text
    assert "next step needs 3" in text
    assert "The step from 1 strikes" in text


def test_below_the_first_step_the_rules_stand_alone():
    ladder = simple((3, [Terminate()]))
    _, (one,) = sanctioned(ladder=ladder)
    assert (one.why.step, one.why.not_more) == (None, 3)
    assert one.measures == SPAM.measures
    assert ladder.step(2) is None
    assert ladder.step(3).measures == (Terminate(),)
    assert len(one.why.lines()) == 3


def test_a_strike_is_looked_up_by_rule_then_category_then_default():
    ladder = simple(
        (1, [Warn()]), strikes={"spam": Strike(weight=2, days=5)}, weights={"scams": 3, "form": 0}, strike_days=30
    )
    assert ladder.strike("spam", "scams") == Strike(weight=2, days=5)
    assert ladder.strike("fraud", "scams") == Strike(weight=3, days=30)
    assert ladder.strike("other", "form") == Strike(weight=0, days=30)
    assert ladder.strike("other", "other") == Strike(weight=1, days=30)


def test_a_strike_stands_up_to_but_not_at_its_last_instant():
    ladder = simple((2, [Warn(), SuspendAccount(days=1)]), strike_days=10)
    history, (one,) = sanctioned(ladder=ladder)
    end = T0 + 10 * DAY
    assert [history.strikes(at=at) for at in (T0 - 1, T0, end - 1, end)] == [0, 1, 1, 0]
    assert ladder.apply(SPAM, history, at=end - 1, case="a").why.step == 2
    assert ladder.apply(SPAM, history, at=end, case="a").why.step is None
    assert one.strikes[0].expires_at == end


def test_strikes_of_one_instant_stand_together():
    history = History("u1")
    one = PLAIN.apply(SPAM, history, at=T0, case="a")
    two = PLAIN.apply(SPAM, history, at=T0, case="b")
    both = history.add(one).add(two)
    assert one.why.strikes == two.why.strikes == 1  # neither knew of the other
    assert both.strikes(at=T0) == 2
    assert SuspendAccount(days=7) in both.effective(one.id, at=T0)
    assert SuspendAccount(days=7) in both.effective(two.id, at=T0)
    assert {change.why for change in both.changes(at=T0)} == {"measured_again"}


def test_one_decision_counts_once_by_the_heaviest_strike_that_still_stands():
    ladder = simple((1, [Warn()]), strikes={"spam": Strike(weight=1, days=50), "rude": Strike(weight=3, days=10)})
    history, (one,) = sanctioned(ladder=ladder, decision=decided("links", "rude"))
    assert [history.strikes(at=T0 + day * DAY) for day in (0, 9, 10, 49, 50)] == [3, 3, 1, 1, 0]
    (record,) = history.strike_record(at=T0 + 20 * DAY)
    assert (record.weight, record.standing, record.status, record.rule_id) == (3, 1, "standing", "rude")
    # A lighter strike that ends no later never counts, and is not listed.
    shorter = simple((1, [Warn()]), strikes={"spam": Strike(weight=1, days=5), "rude": Strike(weight=3, days=10)})
    (only,) = shorter.apply(decided("links", "rude"), History("u1"), at=T0).strikes
    assert only.rule_id == "rude"
    assert len(one.strikes) == 2


def test_a_rule_of_weight_zero_gives_no_strike_and_climbs_no_step():
    ladder = simple((1, [Warn(), SuspendAccount(days=7)]), weights={"slight": 0})
    history, _ = sanctioned(3, ladder=ladder)
    slight = ladder.apply(decided("slight"), history, at=T0 + 3 * DAY)
    assert slight.strikes == ()
    assert slight.why.step is None
    assert slight.measures == decided("slight").measures
    assert history.add(slight).strikes(at=T0 + 3 * DAY) == 3
    assert len(history.add(slight).strike_record(at=T0 + 3 * DAY)) == 3


def test_a_ladder_without_steps_leaves_the_rules_alone():
    history, (one,) = sanctioned(ladder=simple())
    assert one.measures == SPAM.measures
    assert one.why.not_more is None
    assert history.strikes(at=T0) == 1


def test_each_step_adds_to_those_before_it():
    ladder = simple((1, [Warn()]), (2, [SuspendFeature(feature="posting", days=7)]), (3, [SuspendAccount(days=1)]))
    history, told = sanctioned(3, ladder=ladder, gap=0)
    assert [len(ladder.measures(reached)) for reached in range(4)] == [0, 1, 2, 3]
    assert {measure.name for measure in told[-1].measures} >= {"warn", "suspend_feature", "suspend_account"}
    assert told[-1].why.measures == ladder.measures(3)
    assert {one.measure.name for one in history.in_force(at=told[-1].at)} >= {"suspend_feature", "suspend_account"}


def test_steps_must_rise_and_never_be_milder():
    steps = [Step(min_strikes=2, measure=Warn()), Step(min_strikes=2, measure=Warn())]
    assert "rising" in refused("order", lambda: Ladder(id="x", version="1", steps=steps), InputError)
    milder = [(1, [SuspendAccount(days=7)]), (2, [SuspendAccount(days=3)])]
    assert "suspend account for 7 days" in refused("milder", lambda: simple(*milder), InputError)
    refused(
        "milder",
        lambda: simple((1, [SuspendAccount(days=7)]), (2, [Warn()]), (3, [SuspendAccount(days=3)])),
        InputError,
    )
    refused("milder", lambda: simple((1, [Terminate()]), (2, [SuspendAccount()])), InputError)
    steps = [Step(min_strikes=1, measure=Warn()), Step(min_strikes=2, measures=[Warn()], measure=Remove())]
    assert Ladder(id="x", version=3, steps=steps).version == "3"


def test_equal_ladders_have_equal_digests_and_any_change_another():
    ladders = {
        PLAIN.digest,
        attrs.evolve(PLAIN, four_eyes=None).digest,
        attrs.evolve(PLAIN, review_days=9).digest,
        attrs.evolve(PLAIN, strike_days=9).digest,
        attrs.evolve(PLAIN, weights={"spam": 2}).digest,
        attrs.evolve(PLAIN, strikes={"spam": Strike(weight=2)}).digest,
        attrs.evolve(PLAIN, appeal=AppealPolicy(days=3)).digest,
        attrs.evolve(PLAIN, steps=PLAIN.steps[:2]).digest,
        attrs.evolve(PLAIN, version="2").digest,
    }
    assert len(ladders) == 9
    one = attrs.evolve(PLAIN, weights={"a": 1, "b": 2})
    assert one == attrs.evolve(PLAIN, weights={"b": 2, "a": 1})
    assert one.digest == Ladder.from_dict(loads(json.dumps(one.to_dict()))).digest


# -- applying ----------------------------------------------------------------------------------


def test_what_is_held_or_open_leads_to_nothing_but_a_review():
    held = RULES.decide({"links": 5}, at=T0, holds={"spam": "breaker"})
    open_one = RULES.decide({}, at=T0)
    for decision in (held, open_one):
        sanction = PLAIN.apply(decision, History("u1"), at=T0, case="c")
        assert sanction.status == "for_review"
        assert (sanction.measures, sanction.strikes, sanction.restrictions, sanction.appeal_until) == ((), (), (), None)
        assert sanction.dispositions == ()
        history = History("u1").add(sanction)
        assert history.strikes(at=T0) == 0
        settled = PLAIN.apply(SPAM, history, at=T0 + 1, case="c")  # the case is still to be settled
        assert history.add(settled).strikes(at=T0 + 1) == 1
        assert history.effective(sanction.id, at=T0) == ()
        assert history.changes(at=T0) == ()


def test_where_no_rule_provides_for_a_measure_there_is_no_strike():
    decision = RULES.decide({"links": 2, "rude": False, "fraud": False, "slight": False, "grave": False}, at=T0)
    sanction = PLAIN.apply(decision, History("u1"), at=T0)
    assert sanction.status == "none"
    assert [finding.rule_id for finding in sanction.findings] == ["noted"]
    assert History("u1").add(sanction).state(at=T0) == attrs.evolve(
        History("u1").state(at=T0), steps=((PLAIN.digest, 0),)
    )


def test_the_id_is_made_of_the_account_and_the_case():
    history = History("u1")
    one = PLAIN.apply(SPAM, history, at=T0, case="c")
    assert one.id == PLAIN.apply(SPAM, history, at=T0 + 9, case="c").id
    assert one.id != PLAIN.apply(SPAM, history, at=T0, case="d").id
    assert one.id != PLAIN.apply(SPAM, History("u2"), at=T0, case="c").id
    assert PLAIN.apply(SPAM, history, at=T0).id == PLAIN.apply(SPAM, history, at=T0).id
    assert len(one.id) == 34
    assert one.id.startswith("s-")


def test_applying_again_gives_what_the_history_holds():
    history, (one,) = sanctioned()
    assert PLAIN.apply(SPAM, history, at=T0 + 50 * DAY, case="c0") is one
    refused("conflict", lambda: PLAIN.apply(decided("rude"), history, at=T0 + DAY, case="c0"), InputError)
    refused("conflict", lambda: PLAIN.apply(SPAM, history, at=T0 + DAY, case="c0", by="anna"), InputError)


def test_who_applies_it_is_a_reviewer_unless_said_otherwise():
    _, (one,) = sanctioned(by="reviewer:7")
    assert one.by == Actor(id="reviewer:7", authority=Authority.REVIEWER)
    _, (engine,) = sanctioned()
    assert engine.by is None


def test_nobody_sanctions_themself_or_where_they_have_an_interest():
    refused("subject", lambda: sanctioned(by="u1"))
    refused("interest", lambda: sanctioned(by=Actor(id="anna", interests={"u1"})))
    refused("interest", lambda: sanctioned(by=Actor(id="anna", interests={"c0"})))
    refused("before_decision", lambda: PLAIN.apply(SPAM, History("u1"), at=T0 - 1))


def test_the_measures_of_a_decision_are_those_of_its_findings():
    forged = attrs.evolve(SPAM, measures=(Terminate(),))
    refused("inconsistent", lambda: PLAIN.apply(forged, History("u1"), at=T0), InputError)


def test_a_measure_lives_from_its_start_up_to_but_not_at_its_end():
    history, (one,) = sanctioned(ladder=simple())
    end = T0 + 3 * DAY
    (limit,) = [r for r in one.restrictions if r.measure.kind is Kind.VISIBILITY]
    assert (limit.start, limit.end, limit.rule_ids, limit.clauses, limit.source) == (
        T0,
        end,
        ("spam",),
        ("4.2",),
        "rule",
    )
    assert [limit.in_force(at) for at in (T0 - 1, T0, end - 1, end)] == [False, True, True, False]
    at = dt.datetime.fromtimestamp(end - 1, dt.UTC)
    assert limit in history.in_force(at=at)
    assert history.next_change(at=T0) == end
    assert [one.measure for one in history.in_force(at=end)] == [Warn()]


def test_a_measure_of_the_ladder_cites_every_rule_that_led_to_it():
    _, (one,) = sanctioned(ladder=simple((1, [Demonetise(days=3)])), decision=decided("links", "rude"))
    (money,) = [r for r in one.restrictions if r.measure.kind is Kind.MONETARY]
    assert (money.source, money.rule_ids, money.clauses) == ("ladder", ("rude", "spam"), ("4.2", "5"))


def test_equally_severe_measures_cite_all_who_call_for_them():
    _, (one,) = sanctioned(ladder=simple((1, [SuspendAccount(days=2)])), decision=decided("links", "rude"))
    (suspension,) = [r for r in one.restrictions if r.measure.kind is Kind.ACCOUNT]
    assert (suspension.source, suspension.rule_ids) == ("rule", ("rude", "spam"))


# -- signatures --------------------------------------------------------------------------------

GRAVE = decided("grave")
SOLO = simple(four_eyes=None)
PAIR = simple()


def test_a_measure_waits_until_somebody_may_impose_it():
    history, (one,) = sanctioned(ladder=SOLO, decision=GRAVE)
    assert (one.status, one.restrictions, one.measures) == ("waiting", (), (Terminate(),))
    assert one.waiting(T0, history) == (Terminate(),)
    refused("no_authority", lambda: history.sign(one.id, by="reviewer:1", at=T0 + 5))
    signed = history.sign(one.id, by=ANNA, at=T0 + 5)
    assert signed.measures(at=T0 + 4) == ()
    assert signed.measures(at=T0 + 5) == (Terminate(),)
    assert signed.waiting(one.id, at=T0 + 5) == ()
    assert signed.waiting(one.id, at=T0 - 1) == ()


def test_applying_it_is_the_first_signature_of_who_has_the_authority():
    assert sanctioned(ladder=SOLO, decision=GRAVE, by=ANNA)[1][0].status == "imposed"
    assert sanctioned(ladder=SOLO, decision=GRAVE, by="reviewer:1")[1][0].status == "waiting"
    engine = Actor(id="bot", authority=Authority.AUTOMATIC)
    assert sanctioned(ladder=SOLO, decision=GRAVE, by=engine)[1][0].status == "waiting"
    assert sanctioned(ladder=PAIR, decision=GRAVE, by=ANNA)[1][0].status == "waiting"


def test_four_eyes_take_two_persons_and_start_at_the_second():
    history, (one,) = sanctioned(ladder=PAIR, decision=GRAVE, by=ANNA)
    refused("same_person", lambda: history.sign(one.id, by=ANNA, at=T0 + 5))
    raw = history.add(Signature(subject="u1", sanction_id=one.id, at=T0 + 5, by=ANNA, measures=[Terminate()]))
    assert raw.measures(at=T0 + 9) == ()
    both = raw.sign(one.id, by=BEN, at=T0 + 7)
    (closed,) = both.in_force(at=T0 + 7)
    assert (closed.start, closed.end) == (T0 + 7, None)
    assert both.measures(at=T0 + 6) == ()


def test_four_eyes_without_a_person_who_applied_takes_two_signatures():
    history, (one,) = sanctioned(ladder=PAIR, decision=GRAVE)
    first = history.sign(one.id, by=ANNA, at=T0 + 5)
    assert first.measures(at=T0 + 5) == ()
    refused("same_person", lambda: first.sign(one.id, by=ANNA, at=T0 + 6))
    assert first.sign(one.id, by=BEN, at=T0 + 6).measures(at=T0 + 6) == (Terminate(),)
    assert first.sign(one.id, by=ANNA, at=T0 + 5) is first


def test_a_measure_of_the_editor_in_chief_takes_them_and_a_senior():
    measure = SuspendAccount(days=9, authority=Authority.EDITOR_IN_CHIEF)
    history, (one,) = sanctioned(ladder=simple((1, [measure])))
    seniors = history.sign(one.id, by=ANNA, at=T0 + 1).sign(one.id, by=BEN, at=T0 + 2)
    assert seniors.waiting(one.id, at=T0 + 2) == (measure,)
    assert seniors.sign(one.id, by=CHIEF, at=T0 + 3).in_force(at=T0 + 3)[-1].start == T0 + 3
    assert history.sign(one.id, by=CHIEF, at=T0 + 1).waiting(one.id, at=T0 + 1) == (measure,)


def test_a_late_second_signature_gives_the_whole_time_and_the_whole_appeal_window():
    measure = SuspendAccount(days=2, authority=Authority.SENIOR)
    ladder = simple((1, [measure]), appeal=AppealPolicy(days=14))
    history, (one,) = sanctioned(ladder=ladder, decision=SPAM)
    late = T0 + 100 * DAY
    signed = history.sign(one.id, by=ANNA, at=T0 + DAY).sign(one.id, by=BEN, at=late)
    (suspension,) = [r for r in signed.in_force(at=late) if r.measure.kind is Kind.ACCOUNT]
    assert (suspension.start, suspension.end) == (late, late + 2 * DAY)
    assert one.appeal_until == T0 + 14 * DAY
    assert signed.appeal_until(one.id, at=late) == late + 14 * DAY
    assert Appeal.file(signed, one.id, at=late + 14 * DAY, by="u1", text="late?").admissible
    assert not Appeal.file(signed, one.id, at=late + 14 * DAY + 1, by="u1", text="late").admissible


def test_while_the_harsher_measure_waits_the_milder_one_stands():
    steps = [(1, [SuspendAccount(days=3)]), (2, [SuspendAccount(days=30, authority=Authority.SENIOR)])]
    history, (_, two) = sanctioned(2, ladder=simple(*steps, four_eyes=None))
    at = T0 + DAY
    assert (Kind.ACCOUNT, 3 * DAY) in kinds(history, at)
    assert two.status == "imposed"
    assert two.waiting(at, history) == (SuspendAccount(days=30, authority=Authority.SENIOR),)
    signed = history.sign(two.id, by=ANNA, at=at + DAY)
    ends = {one.end for one in signed.in_force(at=at + DAY) if one.sanction_id == two.id and one.end}
    assert at + DAY + 30 * DAY in ends
    (interim,) = [r for r in signed.in_force(at=at) if r.sanction_id == two.id and r.measure.kind is Kind.ACCOUNT]
    assert interim.measure.length_s == 3 * DAY


def test_a_milder_measure_that_is_signed_later_brings_nothing_back():
    steps = [
        (1, [SuspendAccount(days=2)]),
        (2, [SuspendAccount(days=5, authority=Authority.SENIOR)]),
        (3, [SuspendAccount(days=9, authority=Authority.REVIEWER)]),
    ]
    history, (*_, one) = sanctioned(3, ladder=simple(*steps, four_eyes=None), gap=0)

    def lengths(record, at):
        mine = [r for r in record.in_force(at=at) if r.sanction_id == one.id and r.measure.kind is Kind.ACCOUNT]
        return [r.measure.days for r in mine]

    reviewed = history.sign(one.id, by="dora", at=T0 + 10)
    both = reviewed.sign(one.id, by=ANNA, at=T0 + 20)
    assert [lengths(both, T0 + at) for at in (9, 10, 15, 20)] == [[2], [9], [9], [9]]


def test_an_engine_is_not_one_of_four_eyes():
    ladder = simple((1, [SuspendAccount(days=2)]), four_eyes=Authority.AUTOMATIC)
    engine = Actor(id="bot", authority=Authority.AUTOMATIC)
    history, (one,) = sanctioned(ladder=ladder, by=engine)
    assert one.status == "waiting"
    first = history.sign(one.id, by="dora", at=T0 + 1)
    assert first.in_force(at=T0 + 1) == ()
    assert len(first.sign(one.id, by="ben", at=T0 + 2).in_force(at=T0 + 2)) == 3


def test_who_signed_for_less_did_not_sign_for_more():
    steps = [
        (1, [SuspendAccount(days=3, authority=Authority.REVIEWER)]),
        (2, [SuspendAccount(days=30, authority=Authority.REVIEWER)]),
    ]
    ladder = simple(*steps)
    history, (one,) = sanctioned(ladder=ladder, by="anna")
    earlier = ladder.apply(SPAM, History("u1"), at=T0 - 0, case="late arrival")
    more = history.add(earlier)
    assert more.effective(one.id, at=T0)[0].length_s == 30 * DAY
    assert more.waiting(one.id, at=T0) == (SuspendAccount(days=30, authority=Authority.REVIEWER),)
    assert (Kind.ACCOUNT, 3 * DAY) in kinds(more, T0)
    signed = more.sign(one.id, by="anna", at=T0 + 1)  # the same person may stand for more
    assert signed.waiting(one.id, at=T0 + 1) == ()


def test_a_signature_before_the_sanction_counts_for_nothing():
    history, (one,) = sanctioned(ladder=SOLO, decision=GRAVE)
    refused("before_sanction", lambda: history.sign(one.id, by=ANNA, at=T0 - 1))
    early = Signature(subject="u1", sanction_id=one.id, at=T0 - 1, by=ANNA, measures=[Terminate()])
    assert history.add(early).in_force(at=T0 + DAY) == ()


def test_engines_accounts_and_the_interested_do_not_sign():
    history, (one,) = sanctioned(ladder=SOLO, decision=GRAVE)
    engine = Actor(id="bot", authority=Authority.AUTOMATIC)
    refused("not_a_person", lambda: history.sign(one.id, by=engine, at=T0))
    refused("subject", lambda: history.sign(one.id, by=Actor(id="u1", authority=Authority.SENIOR), at=T0))
    refused("interest", lambda: history.sign(one.id, by=attrs.evolve(ANNA, interests={"c0"}), at=T0))
    refused("not_a_person", lambda: Overturn(subject="u1", sanction_id=one.id, at=T0, by=engine))
    own = Signature(
        subject="u1", sanction_id=one.id, at=T0, by=Actor(id="u1", authority=Authority.SENIOR), measures=[Terminate()]
    )
    refused("subject", lambda: history.add(own))


def test_what_has_no_end_is_looked_at_again():
    ladder = simple((1, [Demonetise(), Warn()]), review_days=30)
    history, (one,) = sanctioned(ladder=ladder)
    due = T0 + 30 * DAY
    assert history.due_for_review(at=due - 1) == ()
    (overdue,) = history.due_for_review(at=due)
    assert (overdue.measure, overdue.review_at) == (Demonetise(), due)
    assert overdue in history.in_force(at=due + 1000 * DAY)  # never lifted by itself
    looked = history.sign(one.id, by="anna", at=due)
    assert looked.due_for_review(at=due + 30 * DAY - 1) == ()
    assert len(looked.due_for_review(at=due + 30 * DAY)) == 1


# -- deviations --------------------------------------------------------------------------------


def departing(measures=(), *, by=ANNA, days=2, text="first offence, apologised"):
    return Deviation(by=by, code=DeviationCode.MITIGATING, text=text, measures=measures, expires_at=T0 + days * DAY)


def test_a_deviation_stands_until_it_ends_and_then_what_is_left():
    deviation = departing([Warn()])
    history, (one,) = sanctioned(
        decision=decided("rude"), ladder=simple(), deviation=attrs.evolve(deviation, expires_at=T0 + DAY)
    )
    assert one.by == ANNA
    assert (one.measures, one.due) == ((Warn(),), (SuspendAccount(days=2),))
    assert [(r.measure, r.source, r.end) for r in one.restrictions] == [(Warn(), "deviation", T0 + DAY)]
    assert history.next_change(at=T0) == T0 + DAY
    (left,) = history.in_force(at=T0 + DAY)
    assert (left.measure, left.start, left.end) == (SuspendAccount(days=2), T0 + DAY, T0 + 2 * DAY)
    assert history.in_force(at=T0 + 2 * DAY) == ()
    assert history.strikes(at=T0) == 1  # it departs from the measures, not from the record
    assert [change.why for change in history.changes(at=T0 + DAY)] == ["deviation_ended"]
    assert [one.result.value for one in one.dispositions] == ["deviated"]
    counters = history.counters(at=T0)
    assert (counters.matched, counters.applied, counters.absorbed, counters.deviated) == (1, 0, 0, 1)


def test_a_deviation_needs_the_authority_for_both_sides():
    refused("no_authority", lambda: sanctioned(decision=GRAVE, deviation=departing(by="reviewer:1")))
    refused("no_authority", lambda: sanctioned(deviation=departing([Terminate()], by="reviewer:1")))
    engine = Actor(id="bot", authority=Authority.AUTOMATIC)
    refused("not_a_person", lambda: sanctioned(deviation=departing(by=engine)))
    refused("subject", lambda: sanctioned(deviation=departing(by=Actor(id="u1", authority=Authority.SENIOR))))
    refused("interest", lambda: sanctioned(deviation=departing(by=attrs.evolve(ANNA, interests={"u1"})), by="ben"))


def test_a_deviation_needs_a_text_an_end_and_something_to_depart_from():
    refused("expired", lambda: sanctioned(deviation=departing(days=0)))
    with pytest.raises(InputError, match="blank"):
        departing(text="  ")
    held = RULES.decide({"links": 5}, at=T0, holds={"spam": "breaker"})
    refused("nothing_to_depart_from", lambda: sanctioned(decision=held, deviation=departing()))


def test_a_harsher_deviation_still_takes_two_persons():
    history, (one,) = sanctioned(deviation=departing([Terminate()], days=30), ladder=simple())
    assert one.status == "waiting"
    signed = history.sign(one.id, by=BEN, at=T0 + 5)
    assert signed.measures(at=T0 + 5) == (Terminate(),)
    assert Terminate() not in signed.measures(at=T0 + 30 * DAY)


def test_a_second_signature_after_the_deviation_comes_too_late():
    history, (one,) = sanctioned(deviation=departing([Terminate()], days=2), ladder=simple())
    late = T0 + 2 * DAY
    refusal = Signature(subject="u1", sanction_id=one.id, at=late, by=BEN, measures=[Terminate()])
    assert Terminate() not in history.add(refusal).measures(at=late)


def test_a_measure_that_a_stronger_one_covers_is_absorbed_and_not_lost():
    ladder = simple((1, [SuspendAccount(days=7)]))
    history, (one,) = sanctioned(ladder=ladder, decision=decided("links", "rude"))
    results = {(item.rule_id, str(item.measure)): item.result.value for item in one.dispositions}
    assert results == {
        ("", "suspend account for 7 days"): "applied",
        ("rude", "suspend account for 2 days"): "absorbed",
        ("spam", "limit visibility for 3 days"): "applied",
        ("spam", "warn"): "applied",
    }
    counts = history.counters(at=T0)
    assert (counts.matched, counts.applied, counts.absorbed, counts.deviated) == (4, 3, 1, 0)


# -- undoing -----------------------------------------------------------------------------------


def test_overturning_one_measures_the_later_ones_again_and_says_so():
    history, (one, two, three) = sanctioned(3)
    at = T0 + 3 * DAY
    after = history.overturn(one.id, by="reviewer:7", at=at, reason="no link at all")
    assert SuspendAccount(days=7) not in after.effective(two.id, at=at)
    assert SuspendAccount(days=7) in after.effective(three.id, at=at)
    assert [(change.sanction_id, change.why) for change in after.changes(at=at)] == [
        (one.id, "overturned"),
        (two.id, "measured_again"),
        (three.id, "measured_again"),
    ]
    assert [record.status for record in after.strike_record(at=at)] == ["overturned", "standing", "standing"]
    assert after.effective(one.id, at=at) == ()
    assert after.state(at=at - 1) == history.state(at=at - 1)
    assert after.sanction(one.id) is one  # the record stays


def test_a_person_may_correct_their_own_error_but_nobody_pardons_themself():
    history, (one,) = sanctioned(by="anna")
    assert history.overturn(one.id, by="anna", at=T0).strikes(at=T0) == 0
    refused("subject", lambda: history.overturn(one.id, by="u1", at=T0))
    refused("interest", lambda: history.overturn(one.id, by=Actor(id="x", interests=["u1"]), at=T0))
    refused("before_sanction", lambda: history.overturn(one.id, by="ben", at=T0 - 1))
    refused("subject", lambda: history.add(Overturn(subject="u1", sanction_id=one.id, at=T0, by="u1")))


def test_a_modification_counts_from_the_instant_of_the_sanction():
    history, (one,) = sanctioned(decision=decided("rude"), ladder=simple())
    after = history.modify(one.id, measures=[SuspendAccount(days=1)], by="ben", at=T0 + 3600, reason="too long")
    (shorter,) = after.in_force(at=T0 + 3600)
    assert (shorter.start, shorter.end, shorter.source) == (T0, T0 + DAY, "modification")
    assert after.in_force(at=T0 + 3599) == history.in_force(at=T0 + 3599)
    assert after.strikes(at=T0 + 3600) == 1
    assert [change.why for change in after.changes(at=T0 + 3600)] == ["modified"]
    assert after.modify(one.id, measures=[SuspendAccount(days=1)], by="ben", at=T0 + 3600, reason="too long") is after


def test_who_modifies_stands_for_the_new_measures_from_the_start():
    history, (one,) = sanctioned(decision=decided("rude"), ladder=simple())
    chat = SuspendFeature(feature="chat", days=2, authority=Authority.REVIEWER)
    (only,) = history.modify(one.id, measures=[chat], by="ben", at=T0 + 9).in_force(at=T0 + 9)
    assert (only.measure, only.start, only.end) == (chat, T0, T0 + 2 * DAY)


def test_a_modification_may_take_the_strike_away():
    history, (one, two) = sanctioned(2)
    at = T0 + DAY
    after = history.modify(one.id, measures=[Warn()], by="ben", at=at, weight=0)
    assert after.strikes(at=at) == 1
    assert SuspendAccount(days=7) not in after.effective(two.id, at=at)
    refused("harsher", lambda: history.modify(one.id, measures=[Warn()], by="ben", at=at, weight=2))


def test_a_modification_never_makes_it_worse():
    history, (one,) = sanctioned(decision=decided("rude"), ladder=simple())

    def change(*measures, by=CHIEF):
        return lambda: history.modify(one.id, measures=measures, by=by, at=T0)

    refused("harsher", change(SuspendAccount(days=3)))
    refused("harsher", change(SuspendAccount(days=2), Remove()))
    refused("no_authority", change(SuspendAccount(days=1, authority=Authority.SENIOR), by="ben"))
    assert change(SuspendFeature(feature="chat", days=2))().measures(at=T0) == (SuspendFeature(feature="chat", days=2),)
    assert change()().in_force(at=T0) == ()
    assert change(SuspendAccount(days=2))().measures(at=T0) == (SuspendAccount(days=2),)
    graver, (closed,) = sanctioned(decision=GRAVE, ladder=simple())
    refused("no_authority", lambda: graver.modify(closed.id, measures=[Warn()], by="ben", at=T0))


def test_the_last_modification_counts_and_overturning_beats_it():
    history, (one,) = sanctioned(decision=decided("fraud"), ladder=simple(), by="anna")
    first = history.modify(one.id, measures=[SuspendAccount(days=3)], by="ben", at=T0 + 10)
    second = first.modify(one.id, measures=[SuspendAccount(days=1)], by="cho", at=T0 + 20)
    assert kinds(second, T0 + 15) == {(Kind.ACCOUNT, 3 * DAY)}
    assert kinds(second, T0 + 20) == {(Kind.ACCOUNT, DAY)}
    gone = second.overturn(one.id, by="dora", at=T0 + 20)
    assert gone.in_force(at=T0 + 20) == ()
    refused("overturned", lambda: gone.modify(one.id, measures=[], by="ben", at=T0 + 30))
    refused("overturned", lambda: gone.sign(one.id, by="ben", at=T0 + 30))
    late = Modification(subject="u1", sanction_id=one.id, at=T0 + 99, by=BEN, measures=[SuspendAccount(days=1)])
    assert gone.add(late).in_force(at=T0 + 99) == ()


def test_a_sanction_and_its_overturning_in_one_second_leave_nothing():
    history, (one,) = sanctioned()
    gone = history.overturn(one.id, by="anna", at=T0)
    assert gone.strikes(at=T0) == 0
    assert gone.in_force(at=T0) == ()
    two = PLAIN.apply(SPAM, gone, at=T0, case="again")
    assert two.why.strikes == 1
    assert gone.add(two).strikes(at=T0) == 1


# -- appeals -----------------------------------------------------------------------------------


def appealed(at=T0 + 5, *, ladder=PLAIN, decision=SPAM, by="u1", **given):
    history, (one,) = sanctioned(ladder=ladder, decision=decision, **given)
    appeal = Appeal.file(history, one.id, at=at, by=by, text="I did not")
    return history.add(appeal), one, appeal


@pytest.mark.parametrize(("late", "admissible"), [(-1, True), (0, True), (1, False)])
def test_an_appeal_is_admissible_up_to_and_including_the_last_second(late, admissible):
    history, (one,) = sanctioned()
    assert one.appeal_until == T0 + 183 * DAY
    appeal = Appeal.file(history, one.id, at=one.appeal_until + late, by="u1", text="no")
    assert appeal.admissible is admissible
    assert appeal.refusal == (None if admissible else "late")
    assert (appeal.deadline is not None) is admissible
    assert history.add(appeal).appeals(at=appeal.at)[0].status == ("open" if admissible else "inadmissible")


def test_a_sanction_is_appealed_once():
    history, one, appeal = appealed()
    assert Appeal.file(history, one.id, at=T0 + 5, by="u1", text="I did not") == appeal  # the same one once more
    again = Appeal.file(history, one.id, at=T0 + 6, by="u1", text="really not")
    assert again.refusal == "second"
    assert [matter.status for matter in history.add(again).appeals(at=T0 + 6)] == ["open", "inadmissible"]
    refused("inadmissible", lambda: again.decide(history, AppealOutcome.UPHELD, by=ANNA, at=T0 + 9, reason="x"))


def test_an_appeal_that_came_too_early_does_not_use_the_appeal_up():
    history, (one,) = sanctioned()
    early = Appeal.file(history, one.id, at=T0 - 1, by="u1", text="I hear I am to be sanctioned")
    assert Appeal.file(history.add(early), one.id, at=T0 + 1, by="u1", text="no").admissible


def test_there_must_be_something_to_appeal():
    history, (one,) = sanctioned()
    assert Appeal.file(history, "s-none", at=T0, by="u1", text="x").refusal == "unknown"
    assert Appeal.file(history, one.id, at=T0 - 1, by="u1", text="x").refusal == "unknown"
    gone = history.overturn(one.id, by="anna", at=T0 + 1)
    assert Appeal.file(gone, one.id, at=T0 + 2, by="u1", text="x").refusal == "nothing_to_appeal"
    none, (free,) = sanctioned(ladder=attrs.evolve(PLAIN, appeal=AppealPolicy(days=0)))
    assert free.appeal_until is None
    assert Appeal.file(none, free.id, at=T0, by="u1", text="x").refusal == "nothing_to_appeal"


def test_an_appeal_is_decided_by_somebody_else():
    engine = Actor(id="bot", authority=Authority.AUTOMATIC)
    history, one, appeal = appealed(decision=GRAVE, by="lawyer", at=T0 + 50)
    history = history.sign(one.id, by=ANNA, at=T0 + 1).sign(one.id, by=BEN, at=T0 + 2)

    def decide(by, at=T0 + 60):
        return lambda: appeal.decide(history, AppealOutcome.UPHELD, by=by, at=at, reason="so it is")

    def senior(name, **given):
        return Actor(id=name, authority=Authority.SENIOR, **given)

    refused("same_person", decide(ANNA))
    refused("same_person", decide(BEN))
    refused("appellant", decide(senior("lawyer")))
    refused("subject", decide(senior("u1")))
    refused("interest", decide(senior("cho", interests={"u1"})))
    refused("interest", decide(senior("cho", interests={"c0"})))
    refused("no_authority", decide("cho"))
    refused("not_a_person", decide(engine))
    refused("before_filing", decide(CHO, at=T0 + 49))
    ruling = decide(CHO)()
    after = history.add(ruling)
    refused("already_decided", lambda: appeal.decide(after, AppealOutcome.UPHELD, by=CHIEF, at=T0 + 70, reason="x"))
    assert appeal.decide(after, AppealOutcome.UPHELD, by=CHO, at=T0 + 60, reason="so it is") == ruling
    assert Terminate() in after.measures(at=T0 + 70)
    assert after.appeals(at=T0 + 70)[0].status == "decided"


def test_the_decider_and_who_departed_or_modified_do_not_rule():
    history, one, appeal = appealed(by="u1", decision=decided("rude"), ladder=simple())
    history = history.modify(one.id, measures=[SuspendAccount(days=1)], by="ben", at=T0 + 6)
    refused("same_person", lambda: appeal.decide(history, AppealOutcome.UPHELD, by="ben", at=T0 + 9, reason="x"))
    history, (one,) = sanctioned(deviation=departing([Warn()]), by="dora")
    appeal = Appeal.file(history, one.id, at=T0 + 1, by="u1", text="x")
    for name in ("dora", "anna"):
        refused(
            "same_person",
            lambda name=name: appeal.decide(history, AppealOutcome.UPHELD, by=name, at=T0 + 9, reason="x"),
        )


def test_a_ruling_overturns_or_modifies():
    history, _, appeal = appealed(decision=decided("rude"), ladder=simple())
    given = {"by": "ben", "at": T0 + 9, "reason": "right"}
    gone = history.add(appeal.decide(history, AppealOutcome.OVERTURNED, feedback="look twice", **given))
    assert (gone.strikes(at=T0 + 9), gone.in_force(at=T0 + 9)) == (0, ())
    assert gone.appeals(at=T0 + 9)[0].ruling.feedback == "look twice"
    changed = history.add(
        appeal.decide(history, AppealOutcome.MODIFIED, measures=[SuspendAccount(days=1)], weight=0, **given)
    )
    assert changed.measures(at=T0 + 9) == (SuspendAccount(days=1),)
    assert changed.strikes(at=T0 + 9) == 0
    assert changed.strikes(at=T0 + 8) == 1
    upheld = history.add(appeal.decide(history, AppealOutcome.UPHELD, **given))
    assert upheld.state(at=T0 + 9) == history.state(at=T0 + 9)
    refused(
        "harsher",
        lambda: appeal.decide(history, AppealOutcome.MODIFIED, measures=[SuspendAccount(days=9)], **given),
    )


def test_of_two_rulings_the_first_counts():
    history, one, appeal = appealed()
    given = {"subject": "u1", "sanction_id": one.id, "appeal_id": appeal.id, "reason": "x"}
    first = Ruling(**given, at=T0 + 9, by="ben", outcome="upheld")
    second = Ruling(**given, at=T0 + 10, by="cho", outcome="overturned")
    both = history.add(second).add(first)
    assert both.strikes(at=T0 + 10) == 1
    assert history.add(second).strikes(at=T0 + 10) == 0


def test_an_appeal_holds_measures_up_only_where_the_policy_says_so():
    history, *_ = appealed(decision=decided("rude"), ladder=simple())
    assert history.measures(at=T0 + 5) == (SuspendAccount(days=2),)
    ladder = simple(appeal=AppealPolicy(suspensive=True))
    history, _, appeal = appealed(decision=decided("rude"), ladder=ladder)
    assert history.measures(at=T0 + 4) == (SuspendAccount(days=2),)
    assert history.measures(at=T0 + 5) == ()
    assert history.strikes(at=T0 + 5) == 1
    ruled = history.add(appeal.decide(history, AppealOutcome.UPHELD, by="ben", at=T0 + 50, reason="x"))
    assert ruled.measures(at=T0 + 49) == ()
    (rest,) = ruled.in_force(at=T0 + 50)
    assert (rest.start, rest.end) == (T0 + 50, T0 + 2 * DAY)  # the end does not move
    assert ruled.next_change(at=T0) == T0 + 5


def test_an_appeal_that_is_not_admissible_holds_nothing_up():
    history, (one,) = sanctioned(decision=decided("rude"), ladder=simple(appeal=AppealPolicy(suspensive=True)))
    late = Appeal(subject="u1", sanction_id=one.id, at=T0 + 5, by="u1", text="x", refusal="late", suspensive=True)
    assert history.add(late).measures(at=T0 + 5) == (SuspendAccount(days=2),)


def test_appeals_past_their_deadline_are_listed():
    history, one, appeal = appealed(ladder=attrs.evolve(PLAIN, appeal=AppealPolicy(decide_within_days=7)))
    assert appeal.deadline == T0 + 5 + 7 * DAY
    assert history.overdue(at=appeal.deadline) == ()
    assert history.overdue(at=appeal.deadline + 1) == (appeal,)
    gone = history.overturn(one.id, by="anna", at=T0 + 9)
    assert gone.overdue(at=appeal.deadline + 1) == ()
    assert gone.appeals(at=T0 + 9)[0].status == "moot"


# -- the history -------------------------------------------------------------------------------


def test_a_history_is_of_one_account():
    _, (one,) = sanctioned()
    refused("other_subject", lambda: History("u2").add(one), InputError)
    assert History().subject == ""
    assert PLAIN.apply(SPAM, History(), at=T0).subject == ""


def test_sanctions_are_told_apart_by_what_was_found_and_not_by_rule_names_alone():
    history, (one,) = sanctioned(ladder=simple())
    (spam,) = one.findings
    other = attrs.evolve(one, case="other", findings=(attrs.evolve(spam, measures=(Remove(),)),), due=(Remove(),))
    assert {r.measure for r in history.add(other).in_force(at=T0)} == {LimitVisibility(days=3), Warn(), Remove()}


def test_the_next_change_takes_in_what_is_known_to_come():
    history, (one,) = sanctioned(ladder=simple(), decision=decided("rude"))
    assert history.next_change(at=T0 - 5) == T0
    assert history.next_change(at=T0) == T0 + 2 * DAY
    gone = history.overturn(one.id, by="anna", at=T0 + 50)
    assert gone.next_change(at=T0) == T0 + 50
    assert gone.next_change(at=T0 + 50) is None
    appeal = Appeal.file(history, one.id, at=T0 + 7, by="u1", text="x")
    assert history.add(appeal).next_change(at=T0) == T0 + 2 * DAY  # an appeal by itself changes nothing
    assert History("u1").next_change(at=T0) is None


def test_the_end_of_a_strike_that_weighs_nothing_any_more_is_no_change():
    history, (one,) = sanctioned(ladder=simple(strike_days=30), decision=decided("rude"))
    weightless = history.modify(one.id, measures=[SuspendAccount(days=2)], by="ben", at=T0 + 5, weight=0)
    assert weightless.next_change(at=T0 + 2 * DAY) is None
    assert history.next_change(at=T0 + 2 * DAY) == T0 + 30 * DAY


def test_what_ends_as_its_like_begins_is_no_change():
    ladder = simple(strike_days=10)
    history = History("u1")
    for day in (0, 10):
        history = history.add(ladder.apply(GRAVE, history, at=T0 + day * DAY, case=f"c{day}"))
    assert history.in_force(at=T0 + 10 * DAY) == ()  # both wait for signatures
    assert history.next_change(at=T0) == T0 + 20 * DAY


def test_the_state_says_where_the_account_stands_on_each_ladder():
    other = simple((1, [Warn()]), review_days=9)
    history, _ = sanctioned(2)
    history = history.add(other.apply(SPAM, history, at=T0 + 2 * DAY, case="other"))
    steps = dict(history.state(at=T0 + 2 * DAY).steps)
    assert steps == {PLAIN.digest: 3, other.digest: 1}


def test_every_record_has_canonical_bytes_for_the_ledger():
    history, (one,) = sanctioned()
    assert (one.kind, one.policy, one.fingerprint) == ("sanction", PLAIN.digest, SPAM.digest)
    assert one.decision_digest == SPAM.digest
    assert one.rule_set == RULES.digest
    signed = history.sign(one.id, by="anna", at=T0)
    for event in signed.events:
        assert loads(event.to_bytes()) == event.to_dict()
        assert event.digest.startswith("sha256:")
    (spam,) = SPAM.findings
    seen = attrs.evolve(SPAM, findings=(attrs.evolve(spam, evidence=("what was said",)),))
    assert b"what was said" not in PLAIN.apply(seen, History("u1"), at=T0).to_bytes()  # it stays with the decision


def test_hosts_bring_measures_of_their_own():
    ladder = simple((1, [Slow(days=2)]))
    history, (one,) = sanctioned(ladder=ladder)
    again = Ladder.from_dict(ladder.to_dict(), measures=(Slow, Warn))
    assert again.digest == ladder.digest
    classes = (Slow, Warn, LimitVisibility)
    assert History.from_dict(history.to_dict(), ladders=again, measures=classes) == history
    assert Sanction.from_dict(one.to_dict(), measures=classes) == one


@attrs.frozen(kw_only=True)
class Slow(Measure):
    """Serve the account last."""

    name = "slow"
    kind = Kind.FEATURE
    level = 1


def test_a_sanction_read_without_its_ladder_stays_outside_histories():
    _, (one,) = sanctioned()
    alone = Sanction.from_dict(one.to_dict())
    assert alone == one
    assert alone.ladder is None
    refused("no_ladder", lambda: History("u1").add(alone), InputError)
    refused("other_ladder", lambda: Sanction.from_dict(one.to_dict(), ladder=simple()), InputError)


def test_times_past_the_year_9999_stand_for_never_ending():
    last = 253_402_300_799
    decision = RULES.decide({"links": 5, "rude": True, "fraud": False, "slight": False, "grave": False}, at=last - 9)
    history = History("u1")
    one = PLAIN.apply(decision, history, at=last - 9)
    history = history.add(one)
    assert history.strikes(at=last - 1) == 1
    assert {r.end for r in one.restrictions} <= {None, last}
    assert one.appeal_until == last
    assert history.appeal_until(one.id, at=last) == last
    assert History.from_dict(history.to_dict(), ladders=[PLAIN]) == history


@pytest.mark.parametrize("touched", [0, 10])
def test_ten_thousand_events_are_folded_in_a_moment(touched):
    """The bar is 50 ms on a quiet machine; the test allows for a busy one."""
    one = PLAIN.apply(SPAM, History("u1"), at=T0)
    made = [attrs.evolve(one, at=T0 + hour * 3600, case=f"c{hour}", restrictions=()) for hour in range(10_000)]
    made = made[: 9_000 if touched else None]
    undone = (
        [Overturn(subject="u1", sanction_id=event.id, at=event.at + 9, by="anna") for event in made[::9]]
        if touched
        else []
    )
    history = History("u1", [*made, *undone])
    at = T0 + 10_000 * 3600
    began = time.process_time()
    history.strikes(at=at)
    history.in_force(at=at)
    assert time.process_time() - began < 0.5
