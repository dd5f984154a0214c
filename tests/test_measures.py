"""What follows from findings: measures, their order, and how they add up."""

import itertools
import json

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov.errors import InputError
from platgov.measures import (
    SHIPPED,
    Authority,
    Demonetise,
    Kind,
    Label,
    LimitVisibility,
    Measure,
    Procedure,
    Remove,
    SuspendAccount,
    SuspendFeature,
    Terminate,
    Warn,
    from_dict,
    join,
)
from rule_strategies import OWN, Blur, Interstitial, Mute, measure_lists, procedures, some_measures

ALL = (*SHIPPED, *OWN)
SENIOR, REVIEWER = Authority.SENIOR, Authority.REVIEWER


# -- laws --------------------------------------------------------------------------------------


@given(measure_lists(), measure_lists())
def test_it_does_not_matter_which_measures_are_joined_first(one, other):
    assert join([*one, *other]) == join([*other, *one])


@given(measure_lists(3), measure_lists(3), measure_lists(3))
def test_it_does_not_matter_how_measures_are_grouped_when_they_are_joined(one, two, three):
    assert join([*join([*one, *two]), *three]) == join([*one, *join([*two, *three])]) == join([*one, *two, *three])


@given(measure_lists())
def test_joining_again_with_what_went_in_changes_nothing(given_measures):
    joined = join(given_measures)
    assert join(joined) == joined
    assert join([*joined, *given_measures]) == joined
    assert join([*given_measures, *given_measures]) == joined


@given(measure_lists(5), st.randoms())
def test_the_order_of_rules_cannot_change_what_follows(given_measures, rng):
    shuffled = rng.sample(given_measures, len(given_measures))
    assert join(shuffled) == join(given_measures)


@given(measure_lists(5))
def test_one_measure_stands_for_each_kind_and_target_and_it_is_the_most_severe(given_measures):
    joined = join(given_measures)
    places = [(measure.kind, measure.target) for measure in joined]
    assert len(set(places)) == len(places)
    assert set(places) == {(measure.kind, measure.target) for measure in given_measures}
    for measure in given_measures:
        (winner,) = (other for other in joined if (other.kind, other.target) == (measure.kind, measure.target))
        assert winner.severity >= measure.severity
        if winner.severity == measure.severity:
            assert winner.authority.rank >= measure.authority.rank
            assert winner.procedure == winner.procedure | measure.procedure


@given(procedures, procedures, procedures)
def test_procedures_grant_together_what_any_of_them_grants(one, two, three):
    assert one | two == two | one
    assert (one | two) | three == one | (two | three)
    assert one | one == one
    assert (one | two).appeal_days == max(one.appeal_days, two.appeal_days)
    assert (one | two).notice is (one.notice or two.notice)
    assert (one | two).right_of_reply is (one.right_of_reply or two.right_of_reply)


@given(some_measures())
def test_a_measure_that_is_written_and_read_again_is_the_same(measure):
    data = json.loads(json.dumps(measure.to_dict()))
    assert from_dict(data, ALL) == measure
    assert from_dict(data, ALL).to_dict() == measure.to_dict()


@given(st.integers(0, 50), st.integers(0, 50))
def test_days_and_hours_that_last_equally_long_are_one_length(days, hours):
    if days + hours == 0:
        return
    one, other = Remove(days=days, hours=hours), Remove(hours=days * 24 + hours)
    assert one == other
    assert one.hours < 24
    assert one.length_s == (days * 24 + hours) * 3600
    assert one.to_dict() == other.to_dict()


# -- worked examples ---------------------------------------------------------------------------


def test_open_ended_is_longer_than_any_length():
    assert join([Remove(days=10**6), Remove()]) == (Remove(),)


def test_the_level_weighs_more_than_the_length():
    assert join([LimitVisibility(), Remove(hours=1)]) == (Remove(hours=1),)
    assert join([SuspendAccount(), Terminate()]) == (Terminate(),)


def test_kinds_labels_and_features_add_up():
    given_measures = [
        Warn(), Label(label="a"), Label(label="b"), SuspendFeature(feature="post"), SuspendFeature(feature="dm"),
        Remove(), Demonetise(), SuspendAccount(days=1),
    ]  # fmt: skip
    assert len(join(given_measures)) == len(given_measures)


def test_equally_severe_measures_take_the_higher_authority_and_grant_what_any_grants():
    one = Remove(days=3, authority=REVIEWER, procedure=Procedure(notice=False, right_of_reply=True, appeal_days=7))
    other = Remove(hours=72, authority=SENIOR, procedure=Procedure(notice=True, appeal_days=14))
    both = Remove(days=3, authority=SENIOR, procedure=Procedure(right_of_reply=True, appeal_days=14))
    assert join([one, other]) == join([other, one]) == (both,)


def test_a_less_severe_measure_lends_neither_authority_nor_procedure():
    assert join([Remove(), LimitVisibility(authority=SENIOR)]) == (Remove(),)


@pytest.mark.parametrize("order", list(itertools.permutations((Blur(strength=1), Blur(strength=3), Interstitial()))))
def test_ties_between_classes_and_fields_of_a_host_have_one_winner_in_any_order(order):
    (winner,) = join(order)
    assert winner == Interstitial()
    (winner,) = join(measure for measure in order if isinstance(measure, Blur))
    assert winner == Blur(strength=3)


def test_a_tie_between_two_classes_still_takes_the_higher_authority():
    assert join([Blur(authority=SENIOR), Interstitial()]) == (Interstitial(authority=SENIOR),)


def test_two_classes_of_one_name_have_one_winner_in_any_order():
    @attrs.frozen(kw_only=True)
    class Namesake(Blur):
        pass

    assert join([Blur(), Namesake()]) == join([Namesake(), Blur()])


def test_an_undecorated_subclass_is_a_measure_of_its_own():
    assert join([Mute(feature="post"), SuspendFeature(feature="post")]) == (Mute(feature="post"),)
    assert from_dict({"measure": "mute", "feature": "post"}, ALL) == Mute(feature="post")


def test_nothing_follows_from_no_measures():
    assert join([]) == ()


def test_a_closed_account_asks_for_a_senior_reviewer_unless_the_host_says_otherwise():
    assert Terminate().authority is SENIOR
    assert from_dict("terminate") == Terminate()
    assert from_dict({"measure": "terminate", "authority": "reviewer"}).authority is REVIEWER


def test_authorities_are_ranked_from_automatic_to_the_editor_in_chief():
    assert [authority.rank for authority in Authority] == [0, 1, 2, 3]


def test_defaults_are_written_out_so_that_a_later_default_changes_no_history():
    assert Warn().to_dict() == {
        "measure": "warn",
        "authority": "automatic",
        "procedure": {"notice": True, "right_of_reply": False, "appeal_days": 183},
    }
    assert Remove(days=1).to_dict()["hours"] == 0
    assert "days" not in Remove().to_dict()


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        (Remove(), "remove"),
        (LimitVisibility(days=1), "limit visibility for 1 day"),
        (SuspendAccount(days=2, hours=1), "suspend account for 2 days 1 hour"),
        (SuspendFeature(feature="post", hours=5), "suspend feature (post) for 5 hours"),
        (Label(label="ad"), "label (label:ad)"),
        (Terminate(), "terminate"),
    ],
)
def test_a_measure_reads_as_words(measure, words):
    assert str(measure) == words


def test_open_ended_has_no_length():
    assert Remove().length_s is None


def test_the_names_of_shipped_measures_are_literals_that_stay():
    assert [measure.name for measure in SHIPPED] == [
        "warn", "label", "limit_visibility", "remove", "suspend_feature", "suspend_account", "terminate", "demonetise",
    ]  # fmt: skip


# -- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        {"days": 0}, {"hours": 0}, {"days": 0, "hours": 0}, {"days": -1}, {"days": 1.0}, {"days": "3"}, {"days": True},
        {"hours": 10**6 + 1}, {"authority": "senior"}, {"authority": None}, {"procedure": None}, {"procedure": {}},
    ],
)  # fmt: skip
def test_a_measure_without_sense_is_refused_when_it_is_made(arguments):
    with pytest.raises(InputError, match="Remove"):
        Remove(**arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"notice": "yes"}, {"right_of_reply": 1}, {"appeal_days": None}, {"appeal_days": -1}, {"appeal_days": True},
        {"appeal_days": 1.5}, {"notice": None},
    ],
)  # fmt: skip
def test_a_procedure_without_sense_is_refused_when_it_is_made(arguments):
    with pytest.raises(InputError, match="Procedure"):
        Procedure(**arguments)


@pytest.mark.parametrize("cls", [Warn, Terminate])
@pytest.mark.parametrize("length", [{"days": 1}, {"hours": 1}])
def test_what_has_no_length_takes_none(cls, length):
    with pytest.raises(InputError, match="has no length"):
        cls(**length)


@pytest.mark.parametrize("value", ["", None, 3, b"x"])
def test_labels_and_features_are_named_with_text(value):
    with pytest.raises(InputError, match="give some text"):
        Label(label=value)
    with pytest.raises(InputError, match="give some text"):
        SuspendFeature(feature=value)


@pytest.mark.parametrize(
    "body",
    [
        {}, {"name": "x"}, {"name": "", "kind": Kind.NOTICE, "level": 1}, {"name": "x", "kind": "notice", "level": 1},
        {"name": "x", "kind": Kind.NOTICE, "level": 0}, {"name": "x", "kind": Kind.NOTICE, "level": 1.5},
        {"name": "x", "kind": Kind.NOTICE}, {"name": 3, "kind": Kind.NOTICE, "level": 1},
    ],
)  # fmt: skip
def test_a_measure_class_that_lacks_name_kind_or_level_makes_no_measures(body):
    with pytest.raises(InputError, match="a measure sets a name, a Kind and a level from 1"):
        type("Odd", (Measure,), body)()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("removal", "no measure 'removal'"),
        ({}, "no measure None"),
        ({"measure": []}, "no measure"),
        ({"measure": {}}, "no measure"),
        (3, "no measure"),
        (None, "no measure"),
        ([], "no measure"),
        ({"measure": "blur"}, "no measure 'blur'"),
        ({"measure": "remove", "day": 3, "b": 1}, "remove has no 'b', 'day'"),
        ({"measure": "remove", 3: 4}, "remove has no 3"),
        ({"measure": "remove", "days": 0}, "lasts no time"),
        ({"measure": "remove", "days": 2.5}, "days is 2.5"),
        ({"measure": "remove", "authority": "boss"}, "no authority 'boss'"),
        ({"measure": "remove", "authority": []}, "no authority"),
        ({"measure": "remove", "procedure": []}, "procedure is"),
        ({"measure": "remove", "procedure": {"notice": 1}}, "procedure is"),
        ({"measure": "remove", "procedure": {"appeal": 1}}, "procedure is"),
        ({"measure": "remove", "procedure": {"appeal_days": -1}}, "appeal_days is -1"),
        ({"measure": "label"}, "label"),
        ({"measure": "label", "label": ""}, "give some text"),
    ],
)
def test_data_that_is_no_measure_is_refused_with_its_place(data, said):
    with pytest.raises(InputError) as caught:
        from_dict(data, path="$.rules[2].measures[0]")
    (problem,) = caught.value.problems
    assert said in problem.message
    assert problem.path.startswith("$.rules[2].measures[0]")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_data_is_either_a_measure_or_refused(data):
    for given_data in (data, {"measure": "remove", "days": data}, {"measure": "warn", "procedure": data}):
        try:
            assert isinstance(from_dict(given_data), Measure)
        except InputError:
            pass
