"""Laws of enforcement, held against a second reading that answers every question from scratch."""

import pickle

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from enforcement_strategies import (
    DAY,
    HORIZON,
    T0,
    Plain,
    allowed,
    covers,
    days,
    decided,
    events,
    histories,
    ladders,
    offences,
    people,
    shown,
    some_measures,
    without,
)
from platgov.enforcement import Appeal, AppealOutcome, History, Ladder, Result, Sanction
from platgov.errors import DueProcessError
from platgov.measures import Authority
from rule_strategies import examples

LOOKS = st.integers(0, HORIZON).map(lambda day: T0 + day * DAY)


def sanctions_of(history):
    return [event for event in history.events if isinstance(event, Sanction)]


@examples(150)
@given(histories(), LOOKS)
def test_strikes_and_restrictions_are_those_of_the_plain_reading(drawn, at):
    _, history = drawn
    plain = Plain(list(history.events), at)
    assert history.strikes(at=at) == plain.strikes(at)
    assert shown(history.in_force(at=at)) == plain.in_force()
    for sanction in sanctions_of(history):
        if sanction.at <= at:
            assert history.effective(sanction.id, at=at) == plain.effective(sanction)
            waiting = {one for one in plain.effective(sanction) if plain.start(sanction, one) is None}
            assert set(history.waiting(sanction.id, at=at)) == waiting


@examples(60)
@given(histories(), st.data())
def test_an_overturned_decision_leaves_what_there_would_be_had_it_never_been_made(drawn, data):
    _, history = drawn
    if not sanctions_of(history):
        return
    gone = data.draw(st.sampled_from(sanctions_of(history)))
    when = T0 + data.draw(st.integers((gone.at - T0) // DAY, HORIZON)) * DAY
    after = history.overturn(gone.id, by="zoe", at=when)
    never = History("u1", without(history.events, gone.id))
    for at in range(when, T0 + (HORIZON + 2) * DAY, DAY):
        assert after.state(at=at) == never.state(at=at)
    assert after.state(at=when - 1) == history.state(at=when - 1)
    assert {one.sanction_id for one in after.strike_record(at=when)} == {
        one.sanction_id for one in history.strike_record(at=when)
    }


@examples(50)
@given(ladders(), st.data())
def test_a_ruling_that_overturns_leaves_the_same_as_never_having_been_sanctioned(ladder, data):
    history = History("u1", data.draw(events(ladder, engine_only=True)))
    if not sanctions_of(history):
        return
    gone = data.draw(st.sampled_from(sanctions_of(history)))
    appeal = Appeal.file(history, gone.id, at=gone.at, by="u1", text="I did not do that")
    if not appeal.admissible:
        return
    ruling = appeal.decide(
        history,
        AppealOutcome.OVERTURNED,
        by=attrs.evolve(data.draw(people), authority=Authority.EDITOR_IN_CHIEF),
        at=gone.at + DAY,
        reason="right",
    )
    after = history.add(appeal).add(ruling)
    never = History("u1", without(history.events, gone.id))
    for at in range(gone.at + DAY, T0 + HORIZON * DAY, DAY):
        assert after.state(at=at) == never.state(at=at)


@examples(50)
@given(histories(), st.randoms(use_true_random=False), LOOKS)
def test_the_order_in_which_events_arrive_makes_no_difference(drawn, rng, at):
    _, history = drawn
    arriving = list(history.events)
    rng.shuffle(arriving)
    again = History("u1")
    for event in arriving:
        again = again.add(event)
        again.state(at=at)  # looking in between changes nothing
    assert again == history
    assert again.state(at=at) == history.state(at=at)
    assert again.to_dict() == history.to_dict()


@examples(50)
@given(histories(), LOOKS)
def test_an_event_that_arrives_twice_counts_once(drawn, at):
    _, history = drawn
    assert History("u1", [*history.events, *history.events]) == history
    for event in history.events:
        assert history.add(event) is history


@examples(50)
@given(histories(), LOOKS)
def test_what_comes_later_is_not_known_yet(drawn, at):
    _, history = drawn
    earlier = History("u1", [event for event in history.events if event.at <= at])
    assert earlier.state(at=at) == history.state(at=at)


@examples(150)
@given(histories(), LOOKS)
def test_nothing_is_in_force_that_nobody_with_the_authority_signed(drawn, at):
    ladder, history = drawn
    for one in history.in_force(at=at):
        sanction = history.sanction(one.sanction_id)
        signers = [sanction.by, sanction.deviation and sanction.deviation.by]
        signers += [
            event.by
            for event in history.events
            if event.at <= at and event.kind != "appeal" and getattr(event, "sanction_id", "") == sanction.id
        ]
        ranks = [who.authority.rank for who in signers if who]
        needed = one.measure.authority.rank
        assert needed == 0 or max(ranks) >= needed
        if ladder.four_eyes is not None and needed >= ladder.four_eyes.rank:
            assert len({who.id for who in signers if who and who.authority.rank >= ladder.four_eyes.rank}) >= 2


@examples(50)
@given(ladders(), st.data())
def test_a_graver_decision_never_leads_to_less(ladder, data):
    history = History("u1", data.draw(events(ladder)))
    less = data.draw(offences)
    more = tuple(sorted({*less, *data.draw(offences)}))
    at = T0 + data.draw(days) * DAY
    after = data.draw(events(ladder, count=2))
    mild, grave = (ladder.apply(decided(*names), history, at=at, case="this") for names in (less, more))
    one, two = (History("u1", {e.id: e for e in [*after, *history.events, s]}.values()) for s in (mild, grave))
    assert covers(grave.measures, mild.measures)
    for day in range(HORIZON + 10):
        look = T0 + day * DAY
        assert two.strikes(at=look) >= one.strikes(at=look)
        for sanction in sanctions_of(one):
            calls = one.effective(sanction.id, at=look)
            assert covers(two.effective(sanction.id, at=look), calls)
    assert covers(two.measures(at=at), [r.measure for r in one.in_force(at=at) if r.start == at and _whole(r, one)])


def _whole(restriction, history):
    # Measures that a person departed from or changed do not follow the ladder.
    sanction = history.sanction(restriction.sanction_id)
    return sanction.by is None and restriction.source in ("rule", "ladder")


@examples(50)
@given(ladders(), st.data())
def test_one_more_strike_never_leads_to_less(ladder, data):
    history = History("u1", data.draw(events(ladder)))
    extra = ladder.apply(decided(*data.draw(offences)), History("u1"), at=T0 + data.draw(days) * DAY, case="extra")
    more = history.add(extra)
    for day in range(HORIZON):
        look = T0 + day * DAY
        assert more.strikes(at=look) >= history.strikes(at=look) >= 0
        for sanction in sanctions_of(history):
            assert covers(more.effective(sanction.id, at=look), history.effective(sanction.id, at=look))


@examples(50)
@given(ladders(), st.data())
def test_what_is_in_force_at_once_grows_with_gravity_and_with_strikes(ladder, data):
    """A graver case may need a signature; what less would have led to stands in the meantime."""
    history = History("u1", data.draw(events(ladder, engine_only=True)))
    less = data.draw(offences)
    more = tuple(sorted({*less, *data.draw(offences)}))
    at = T0 + data.draw(days) * DAY
    mild = ladder.apply(decided(*less), History("u1"), at=at, case="this")
    grave = ladder.apply(decided(*more), history, at=at, case="this")
    assert covers([r.measure for r in grave.restrictions], [r.measure for r in mild.restrictions])


@examples(50)
@given(histories())
def test_once_everything_has_ended_nothing_is_left_but_what_has_no_end(drawn):
    _, history = drawn
    at = T0 + 400 * DAY
    assert history.strikes(at=at) == 0
    assert all(one.end is None for one in history.in_force(at=at))
    assert len(history.strike_record(at=at)) == len([one for one in sanctions_of(history) if one.strikes])
    assert not [one for one in history.strike_record(at=at) if one.status == "standing" or one.standing]
    kept = [one for one in sanctions_of(history) if not one.strikes]
    assert History("u1", kept).strikes(at=at) == 0


@examples(50)
@given(histories(), LOOKS)
def test_the_next_change_is_the_first_and_there_is_none_before_it(drawn, at):
    _, history = drawn

    def look(moment):
        return history.strikes(at=moment), history.in_force(at=moment)

    begun, told = look(at), history.next_change(at=at)
    last = T0 + (HORIZON + 400) * DAY
    days_after = range(at + DAY, T0 + (HORIZON + 30) * DAY, DAY)
    first = next((moment for moment in days_after if look(moment) != begun), None)
    if first is None:
        assert told is None or told >= days_after[-1]
        assert told is not None or look(last) == begun
    else:
        assert told == first
        assert look(told - 1) == begun


@examples(50)
@given(histories())
def test_a_history_reads_back_as_what_was_written(drawn):
    ladder, history = drawn
    again = History.from_dict(history.to_dict(), ladders=[ladder])
    assert again == history
    assert again.state(at=T0 + 9 * DAY) == history.state(at=T0 + 9 * DAY)
    assert pickle.loads(pickle.dumps(history)) == history
    for event in history.events:
        if isinstance(event, Sanction):
            read = Sanction.from_dict(event.to_dict(), ladder=ladder)
            assert (read, read.digest, read.to_bytes()) == (event, event.digest, event.to_bytes())


@examples(50)
@given(ladders())
def test_a_ladder_reads_back_with_its_digest(ladder):
    again = Ladder.from_dict(ladder.to_dict())
    assert (again, again.digest) == (ladder, ladder.digest)


@examples(50)
@given(histories(), LOOKS)
def test_every_measure_called_for_is_applied_absorbed_or_departed_from(drawn, at):
    _, history = drawn
    counts = history.counters(at=at)
    assert counts.matched == counts.applied + counts.absorbed + counts.deviated
    called = 0
    for sanction in sanctions_of(history):
        own = [measure for finding in sanction.findings for measure in finding.measures]
        assert len(sanction.dispositions) == len(own) + len(sanction.why.measures)
        for item in sanction.dispositions:
            beaten = any(
                one != item.measure and not covers([item.measure], [one]) for one in same_place(sanction, item)
            )
            assert (item.result is Result.ABSORBED) is beaten
        called += len(sanction.dispositions) * (sanction.at <= at)
        applied = [one.measure for one in sanction.dispositions if one.result is Result.APPLIED]
        if sanction.deviation is None:
            assert covers(applied, sanction.measures)
            assert covers(sanction.measures, own)
    assert counts.matched == called


def same_place(sanction, item):
    place = (item.measure.kind, item.measure.target)
    return [one for one in sanction.due if (one.kind, one.target) == place]


@examples(50)
@given(histories())
def test_a_sanction_tells_the_state_at_its_own_instant(drawn):
    """What was told is what the history says, as long as nothing else came in."""
    ladder, history = drawn
    seen = History("u1")
    for sanction in sanctions_of(history):
        again = ladder.apply(_decision(sanction), seen, at=sanction.at, case=sanction.case)
        seen = seen.add(again)
        assert again.due == seen.effective(again.id, at=again.at) == again.measures
        assert set(again.restrictions) == {one for one in seen.in_force(at=again.at) if one.sanction_id == again.id}
        assert again.why.strikes == seen.strikes(at=again.at)
        assert sum(weight for _, weight in again.why.standing) == again.why.strikes
        assert ladder.apply(_decision(sanction), seen, at=again.at + 5, case=again.case) is again


def _decision(sanction):
    names = {"spam": "links"}
    return decided(*sorted(names.get(finding.rule_id, finding.rule_id) for finding in sanction.findings))


@examples(50)
@given(ladders(), st.data())
def test_equal_people_get_equal_sanctions(ladder, data):
    """Nothing but the record and the decision goes in: neither the account nor the case."""
    decision, at = decided(*data.draw(offences)), T0 + DAY
    one, two = (
        ladder.apply(decision, History(name), at=at, case=case) for name, case in (("u1", "a"), ("somebody else", "b"))
    )
    assert (one.measures, one.strikes, one.appeal_until, one.status) == (
        two.measures,
        two.strikes,
        two.appeal_until,
        two.status,
    )
    assert [attrs.evolve(r, sanction_id="") for r in one.restrictions] == [
        attrs.evolve(r, sanction_id="") for r in two.restrictions
    ]


class Life(RuleBasedStateMachine):
    """One account over time: whatever happens, the history agrees with the plain reading."""

    @initialize(ladder=ladders())
    def begin(self, ladder):
        self.ladder, self.history, self.now = ladder, History("u1"), T0
        self.happened, self.records = [], 0

    def take(self, history):
        self.happened += [event for event in history.events if event not in self.happened]
        self.history = history

    def some_sanction(self, data):
        return data.draw(st.sampled_from(sanctions_of(self.history)))

    @rule(names=offences, by=st.none() | people)
    def sanctioned(self, names, by):
        case = f"c{len(self.history.events)}"
        sanction = self.ladder.apply(decided(*names), self.history, at=self.now, by=by, case=case)
        assert sanction.status in ("imposed", "waiting")
        self.take(self.history.add(sanction))

    @rule(count=st.integers(1, 3))
    def time_passes(self, count):
        self.now += count * DAY

    @precondition(lambda self: sanctions_of(self.history))
    @rule(data=st.data(), by=people)
    def signed(self, data, by):
        one = self.some_sanction(data)
        self.take(allowed(lambda: self.history.sign(one.id, by=by, at=self.now), self.history))

    @precondition(lambda self: sanctions_of(self.history))
    @rule(data=st.data(), by=people)
    def overturned(self, data, by):
        one = self.some_sanction(data)
        before = self.history.strikes(at=self.now)
        self.take(self.history.overturn(one.id, by=by, at=self.now))
        assert self.history.strikes(at=self.now) <= before

    @precondition(lambda self: sanctions_of(self.history))
    @rule(data=st.data(), by=people, measures=some_measures)
    def modified(self, data, by, measures):
        one = self.some_sanction(data)

        def act():
            return self.history.modify(one.id, measures=measures, by=by, at=self.now)

        self.take(allowed(act, self.history))

    @precondition(lambda self: sanctions_of(self.history))
    @rule(data=st.data())
    def appealed(self, data):
        one = self.some_sanction(data)
        self.take(self.history.add(Appeal.file(self.history, one.id, at=self.now, by="u1", text="no")))

    @precondition(lambda self: any(event.kind == "appeal" for event in self.history.events))
    @rule(data=st.data(), by=people, outcome=st.sampled_from(AppealOutcome), measures=some_measures)
    def ruled(self, data, by, outcome, measures):
        appeal = data.draw(st.sampled_from([event for event in self.history.events if event.kind == "appeal"]))
        changed = measures if outcome is AppealOutcome.MODIFIED else None
        try:
            ruling = appeal.decide(self.history, outcome, by=by, at=self.now, reason="so", measures=changed)
        except DueProcessError:
            return
        self.take(self.history.add(ruling))
        assert appeal.admissible
        assert by.id not in {
            event.by.id
            for event in self.history.events
            if event.by
            and appeal.sanction_id in (event.id, getattr(event, "sanction_id", ""))
            and event != ruling
            and event.kind in ("sanction", "signature", "modification")
        }

    @invariant()
    def agrees_with_the_plain_reading(self):
        plain = Plain(self.happened, self.now)
        assert self.history.strikes(at=self.now) == plain.strikes(self.now) >= 0
        assert shown(self.history.in_force(at=self.now)) == plain.in_force()

    @invariant()
    def forgets_nothing(self):
        record = self.history.strike_record(at=self.now)
        assert len(record) >= self.records
        assert sum(one.standing for one in record) == self.history.strikes(at=self.now)
        self.records = len(record)

    def teardown(self):
        assert History.from_dict(self.history.to_dict(), ladders={self.ladder.digest: self.ladder}) == self.history


LifeOfAnAccount = Life.TestCase
LifeOfAnAccount.settings = settings(examples(12), stateful_step_count=25)
