"""Editions over time: conduct is judged by the rules of its own day, or by later ones only if they are milder."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov.errors import InputError, RuleSetError
from platgov.measures import LimitVisibility, Remove, SuspendAccount, Warn, join
from platgov.rules import Outcome, Rulebook
from rule_strategies import AT, DAY, POST, examples, measure_lists, rule_of, set_of

NAIVE = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - without a zone it is no instant


def edition(day, *measures, when="links > 3", milder=False, rule="r", **given_fields):
    at = AT + day * DAY
    return set_of(
        rule_of(rule, when, measures=measures),
        **{"version": f"day {day}", "announced_at": at, "effective_at": at, "milder_applies": milder, **given_fields},
    )


@st.composite
def timelines(draw, milder=st.booleans()):
    days = sorted(draw(st.sets(st.integers(0, 30), min_size=1, max_size=5)))
    return [
        edition(day, *draw(measure_lists(2)), when=f"links > {draw(st.integers(0, 6))}", milder=draw(milder))
        for day in days
    ]


def in_force(editions, instant):
    return max(
        (item for item in editions if item.effective_at <= instant), key=lambda item: item.effective_at, default=None
    )


instants = st.integers(-3 * DAY, 40 * DAY).map(lambda seconds: AT + seconds)


# -- laws --------------------------------------------------------------------------------------


@given(timelines(), instants, st.randoms())
def test_at_every_instant_the_last_edition_that_took_effect_is_in_force(editions, instant, rng):
    book = Rulebook(rng.sample(editions, len(editions)))
    assert book.editions == tuple(editions)
    assert book.at(instant) == in_force(editions, instant)
    for number, item in enumerate(editions):
        following = editions[number + 1].effective_at if number + 1 < len(editions) else None
        assert book.superseded_at(item) == following
        assert book.at(item.effective_at) == item
        assert book.at(item.effective_at - 1) == (editions[number - 1] if number else None)


@examples(100)
@given(timelines(milder=st.just(False)), instants, st.integers(0, 40 * DAY), st.integers(0, 8))
def test_conduct_is_judged_by_the_edition_of_its_day_however_late_the_decision(editions, conduct_at, later, links):
    book, own = Rulebook(editions), in_force(editions, conduct_at)
    if own is None:
        with pytest.raises(RuleSetError, match="no rules were in force"):
            book.decide({"links": links}, conduct_at=conduct_at, at=conduct_at + later)
        return
    decision = book.decide({"links": links}, conduct_at=conduct_at, at=conduct_at + later)
    assert decision == own.decide({"links": links}, at=conduct_at + later)
    assert decision.at == conduct_at + later


@examples(100)
@given(timelines(), instants, st.integers(0, 40 * DAY), st.none() | st.integers(0, 8))
def test_a_later_edition_is_used_only_if_it_opted_in_is_in_force_certain_and_milder(editions, conduct_at, later, links):
    book, own, now = Rulebook(editions), in_force(editions, conduct_at), conduct_at + later
    if own is None:
        return
    event = {} if links is None else {"links": links}
    decision = book.decide(event, conduct_at=conduct_at, at=now)
    first = own.decide(event, at=now)
    by = next(item for item in editions if item.digest == decision.rule_set)
    if by != own:
        assert by.milder_applies
        assert conduct_at < by.effective_at <= now
        assert {first.outcome, decision.outcome} <= {Outcome.NONE, Outcome.MEASURES}
        assert decision.measures != first.measures
    assert join([*decision.measures, *first.measures]) == first.measures
    for other in editions:
        if (
            other.milder_applies
            and conduct_at < other.effective_at <= now
            and first.outcome is not Outcome.UNDETERMINED
        ):
            milder = other.decide(event, at=now).measures
            covered = join([*milder, *decision.measures]) == decision.measures
            assert not covered or milder == decision.measures


# -- worked examples ---------------------------------------------------------------------------


def decided(*editions, event=POST, day=1, at=10, **given_fields):
    return Rulebook(editions).decide(event, conduct_at=AT + day * DAY, at=AT + at * DAY, **given_fields)


def test_a_harsher_edition_does_not_reach_back():
    assert decided(edition(0, Warn()), edition(5, Remove(), milder=True)).measures == (Warn(),)


def test_a_milder_edition_reaches_back_only_if_it_says_so():
    strict = edition(0, Remove())
    assert decided(strict, edition(5, LimitVisibility())).measures == (Remove(),)
    assert decided(strict, edition(5, LimitVisibility(), milder=True)).measures == (LimitVisibility(),)
    assert decided(strict, edition(5, when="links > 9", milder=True)).outcome is Outcome.NONE


def test_a_milder_edition_does_not_reach_back_before_it_is_in_force():
    assert decided(edition(0, Remove()), edition(5, milder=True), at=4).measures == (Remove(),)
    assert decided(edition(0, Remove()), edition(5, milder=True), at=5).measures == ()


def test_the_mildest_of_several_later_editions_is_used():
    editions = (edition(0, Remove()), edition(3, Remove(days=1), milder=True), edition(6, Remove(days=5), milder=True))
    assert decided(*editions).measures == (Remove(days=1),)


def test_measures_of_another_kind_are_not_milder():
    assert decided(edition(0, Remove()), edition(5, SuspendAccount(days=1), milder=True)).measures == (Remove(),)


def test_a_later_edition_that_is_not_certain_is_not_used():
    later = edition(5, Warn(), when="words < 7", milder=True)
    assert decided(edition(0, Remove(), Warn()), later, event={"links": 5}).measures == (Warn(), Remove())
    assert decided(edition(0, Remove(), Warn()), later, event={"links": 5, "words": 3}).measures == (Warn(),)


def test_an_uncertain_edition_of_the_day_is_not_replaced():
    decision = decided(edition(0, Remove(), when="words < 7"), edition(5, milder=True), event={"links": 1})
    assert decision.outcome is Outcome.UNDETERMINED


def test_a_hold_concerns_the_editions_that_have_its_rule():
    old, new = edition(0, Remove(), rule="old"), edition(5, Warn(), rule="new", milder=True)
    assert decided(old, new, holds={"old": "x"}).outcome is Outcome.HELD
    assert decided(old, new, holds={"new": "x"}).measures == (Remove(),)
    with pytest.raises(RuleSetError, match="unknown rule 'odl'; did you mean 'old'"):
        decided(old, new, holds={"odl": "x"})
    with pytest.raises(RuleSetError, match="holds is"):
        decided(old, new, holds=["old"])


def test_any_aware_datetime_will_do():
    book = Rulebook([edition(0, Remove())])
    at = dt.datetime.fromtimestamp(AT, dt.timezone(dt.timedelta(hours=9)))
    assert book.at(at) == book.editions[0]
    assert book.decide(POST, conduct_at=at, at=at).measures == (Remove(),)


def test_an_edition_may_be_in_force_before_1970():
    old = set_of(rule_of(), version="old", announced_at=-10 * DAY, effective_at=-9 * DAY)
    zero = set_of(rule_of(), version="zero", announced_at=0, effective_at=0)
    assert Rulebook([zero, old]).editions == (old, zero)
    assert Rulebook([zero, old]).at(-1) == old


# -- bad input ---------------------------------------------------------------------------------


def refused(*editions):
    with pytest.raises(RuleSetError) as caught:
        Rulebook(editions)
    return [problem.code for problem in caught.value.problems]


def test_a_book_has_editions():
    assert refused() == ["empty"]


def test_a_draft_has_no_place_in_a_book():
    assert refused(edition(0), set_of(rule_of(), version="draft")) == ["draft"]
    assert refused(set_of(rule_of(), announced_at=AT)) == ["draft"]


def test_editions_do_not_overlap():
    assert refused(edition(0), edition(0, Warn(), version="other")) == ["overlap"]
    assert refused(edition(0, version="x"), edition(1, version="x")) == ["overlap"]
    assert refused(edition(0), edition(0)) == ["overlap", "overlap"]


def test_a_book_is_of_one_rule_set():
    assert refused(edition(0), edition(1, id="other")) == ["mixed"]


def test_all_that_is_wrong_with_a_book_is_said_at_once():
    assert refused(edition(0), edition(0), edition(1, id="other"), set_of(rule_of())) == [
        "draft", "mixed", "overlap", "overlap",
    ]  # fmt: skip


@pytest.mark.parametrize("editions", [None, 3, ["2026.1"], [{}], [rule_of()]])
def test_editions_are_rule_sets(editions):
    with pytest.raises(RuleSetError):
        Rulebook(editions)


def test_conduct_comes_before_its_decision():
    with pytest.raises(RuleSetError, match="is later than the decision"):
        decided(edition(0), day=11)


def test_before_the_first_edition_nothing_was_forbidden():
    with pytest.raises(
        RuleSetError, match="no rules were in force at 2026-02-01T02:40:00Z; the first edition took effect at"
    ):
        decided(edition(0), day=-1)
    assert Rulebook([edition(0)]).at(AT - 1) is None


def test_an_edition_of_another_book_has_no_place_in_this_one():
    with pytest.raises(InputError, match="is no edition of this book"):
        Rulebook([edition(0)]).superseded_at(edition(1))


@pytest.mark.parametrize("at", [None, "2026-02-02", 1.5, NAIVE])
def test_instants_are_instants(at):
    book = Rulebook([edition(0)])
    for ask in (
        lambda: book.at(at), lambda: book.decide(POST, conduct_at=at, at=AT),
        lambda: book.decide(POST, conduct_at=AT, at=at),
    ):  # fmt: skip
        with pytest.raises(InputError):
            ask()
