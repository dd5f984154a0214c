"""Shell scorecards: whole points, one way only, and never a fit without the figure on other data."""

import copy
import inspect
import itertools
import pickle
import random

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platgov._accounts import scorecard as module
from platgov._accounts.scorecard import Direction, LabelledRow, PointsOf, Scorecard, fit_scorecard
from platgov.errors import InputError

FEATURES = {"posts": "less", "following": "more", "age_days": "less", "bio": "less", "noise": "more"}


def people(seed, count=300, *, older=0, shells=0.3):
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        shell = rng.random() < shells
        values = {
            "posts": int(rng.expovariate(1 / (3 if shell else 40))),
            "following": int(rng.expovariate(1 / (400 if shell else 150))),
            "age_days": rng.randint(1, 200 if shell else 2000) + older,
            "bio": int(rng.random() < (0.3 if shell else 0.8)),
            "noise": rng.randint(0, 100),
        }
        found.append(LabelledRow(values=values, shell=shell))
    return found


DATA = {"one": people(1), "two": people(2, older=300)}
FITTED = fit_scorecard(DATA, FEATURES)

small = st.lists(
    st.builds(
        LabelledRow,
        values=st.fixed_dictionaries({}, optional={"a": st.none() | st.integers(-5, 5), "b": st.integers(0, 1)}),
        shell=st.booleans(),
    ),
    min_size=2,
    max_size=12,
).filter(lambda rows: len({row.shell for row in rows}) == 2)


@settings(max_examples=50)
@given(small, small, st.integers(-9, 9), st.integers(0, 9), st.sampled_from(["more", "less"]))
def test_points_are_whole_and_count_one_way_whatever_the_data_say(one, two, low, step, way):
    card = fit_scorecard({"x": one, "y": two}, {"a": way, "b": "more"}).card
    first, second = card.points({"a": low}), card.points({"a": low + step})
    assert first <= second if way == "more" else first >= second
    assert all(type(points) is int and points >= 0 for each in card.features for points in each.points)
    assert sum(max(each.points) for each in card.features) <= 100


@settings(max_examples=30)
@given(small, small, st.randoms())
def test_the_order_of_rows_and_sets_changes_nothing(one, two, rng):
    first = fit_scorecard({"x": one, "y": two}, {"a": "more", "b": "less"})
    rng.shuffle(one)
    again = fit_scorecard({"y": two, "x": one}, {"b": Direction.LESS, "a": Direction.MORE})
    assert again == first
    assert again.card.digest == first.card.digest


@given(st.dictionaries(st.sampled_from([*FEATURES, "other"]), st.none() | st.integers(-10, 3000)))
def test_a_score_is_the_sum_of_its_reasons_and_unknown_counts_for_nothing(values):
    found = FITTED.card.score(values)
    assert found.points == FITTED.card.points(values)
    assert found.points == sum(int(reason.says.split()[1]) for reason in found.reasons)
    assert set(found.unknown) == {feature for feature in FEATURES if values.get(feature) is None}
    assert 0 <= found.points <= found.out_of <= 100
    assert found.needs_human is True
    assert all(reason.code.startswith("shell.") and reason.evidence for reason in found.reasons)
    assert found.digest == FITTED.card.score(dict(reversed(values.items()))).digest


def test_every_data_set_is_tested_on_cards_that_never_saw_it():
    pairs = {(one.fitted_on, one.tested_on, one.seen) for one in FITTED.figures}
    assert pairs == {
        (("one",), "one", True), (("one",), "two", False), (("two",), "one", False), (("two",), "two", True),
    }  # fmt: skip
    three = fit_scorecard({**DATA, "three": people(3, 100)}, FEATURES)
    assert (("one", "two"), "three", False) in {(one.fitted_on, one.tested_on, one.seen) for one in three.figures}
    assert len(three.figures) == 12
    assert three.unseen_milli == min(one.auc_milli for one in three.figures if not one.seen)


def test_the_figure_on_other_data_stands_first_wherever_the_fit_is_shown():
    text = str(FITTED).splitlines()
    assert text[0] == f"on data never seen, at worst: AUC {FITTED.unseen_milli / 1000:.3f}"
    assert sum("never seen" in line for line in text) == 3
    assert FITTED.to_dict()["figures"][0]["rows"] == 300
    assert FITTED.to_dict()["card"] == FITTED.card.to_dict()


def test_it_tells_shells_from_others_also_on_other_data_and_leaves_noise_out():
    assert FITTED.unseen_milli >= 930
    assert all(one.auc_milli >= 950 for one in FITTED.figures if one.seen)
    most = {each.feature: max(each.points) for each in FITTED.card.features}
    assert most["noise"] <= 3
    assert min(most["posts"], most["age_days"]) >= 15


def test_a_feature_that_holds_on_one_set_only_shows_in_the_figure():
    def leak(rows, way):
        return [attrs.evolve(row, values={"leak": int(row.shell is way), "bio": row.values["bio"]}) for row in rows]

    fitted = fit_scorecard(
        {"one": leak(DATA["one"], True), "two": leak(DATA["two"], False)}, {"leak": "more", "bio": "less"}
    )
    own = next(one for one in fitted.figures if one.fitted_on == ("one",) and one.tested_on == "one")
    other = next(one for one in fitted.figures if one.fitted_on == ("one",) and one.tested_on == "two")
    assert own.auc_milli > 980
    assert other.auc_milli < 300
    assert fitted.unseen_milli < 300


def test_the_curve_is_that_of_all_pairs():
    rng = random.Random(4)
    for _ in range(20):
        scored = [(rng.randrange(6), rng.random() < 0.5) for _ in range(30)]
        shells = [points for points, shell in scored if shell]
        others = [points for points, shell in scored if not shell]
        twice = sum(2 * (a > b) + (a == b) for a, b in itertools.product(shells, others))
        assert module._auc(scored) == 1000 * twice // (2 * len(shells) * len(others))


def test_a_card_survives_its_plain_form():
    assert Scorecard.from_dict(FITTED.card.to_dict()) == FITTED.card
    assert fit_scorecard(DATA, FEATURES, version="2").card.digest != FITTED.card.digest
    assert FITTED.card.score({"posts": 0}).to_dict()["card"] == FITTED.card.digest


def test_no_feature_at_all_gives_no_points():
    rows = [LabelledRow(values={}, shell=True), LabelledRow(values={"a": None}, shell=False)]
    fitted = fit_scorecard({"x": rows, "y": rows}, {"a": "more"})
    assert fitted.card.features[0].points == (0,)
    assert fitted.unseen_milli == 500


@pytest.mark.parametrize("way", ["more", "less"])
def test_that_a_value_is_known_at_all_gives_no_points(way):
    rows = [LabelledRow(values={"a": 5}, shell=True)] * 9 + [LabelledRow(values={}, shell=False)] * 9
    fitted = fit_scorecard({"x": rows, "y": rows}, {"a": way})
    assert (fitted.card.features[0].cuts, fitted.card.features[0].points) == ((), (0,))


@pytest.mark.parametrize("most", [2**53 - 1, 1 - 2**53])
def test_whole_numbers_are_those_that_json_keeps(most):
    assert LabelledRow(values={"a": most}, shell=True).values["a"] == most
    assert FITTED.card.points({"posts": most}) >= 0
    with pytest.raises(InputError):
        LabelledRow(values={"a": most + (1 if most > 0 else -1)}, shell=True)


def test_steps_hold_about_equal_numbers_and_what_many_share_has_one_of_its_own():
    assert module._cuts([*[0] * 50, *range(1, 51)], 5) == (1, 11, 31)
    assert module._cuts([*[0] * 10, *range(1, 91)], 5) == (11, 31, 51, 71)  # a tenth is not yet many
    assert module._cuts([*range(20), *[20] * 10, *range(21, 91)], 5) == (20, 31, 51, 71)
    assert module._cuts([*range(100)], 5) == (20, 40, 60, 80)
    assert module._cuts([None, *range(10), None], 2) == (5,)
    assert [module._cuts(values, 5) for values in ([], [None], [7, 7, 7])] == [(), (), ()]
    left_out = inspect.signature(fit_scorecard).parameters
    assert (left_out["steps"].default, left_out["max_points"].default) == (5, 100)
    rows = [LabelledRow(values={"a": n}, shell=n > 30) for n in range(60)]
    finest = fit_scorecard({"x": rows, "y": rows}, {"a": "more"}, steps=20, max_points=10**5).card.features[0]
    assert max(finest.points) <= 10**5 < 2 * max(finest.points)
    assert len(finest.points) > 5


def test_one_data_set_is_refused():
    with pytest.raises(InputError, match="two data sets"):
        fit_scorecard({"one": DATA["one"]}, FEATURES)


def test_what_cannot_be_is_refused_with_one_clear_error():
    for wrong in (
        lambda: fit_scorecard(DATA, {}),
        lambda: fit_scorecard(DATA, ["posts"]),
        lambda: fit_scorecard(DATA, {3: "more"}),
        lambda: fit_scorecard(DATA, {"posts": "up"}),
        lambda: fit_scorecard([DATA["one"]], FEATURES),
        lambda: fit_scorecard({"x": 3, "y": 4}, FEATURES),
        lambda: fit_scorecard({3: DATA["one"], "y": DATA["two"]}, FEATURES),
        lambda: fit_scorecard({"x": [3], "y": DATA["two"]}, FEATURES),
        lambda: fit_scorecard({"x": [row for row in DATA["one"] if row.shell], "y": DATA["two"]}, FEATURES),
        lambda: fit_scorecard(DATA, FEATURES, steps=1),
        lambda: fit_scorecard(DATA, FEATURES, steps=True),
        lambda: fit_scorecard(DATA, FEATURES, steps=21),
        lambda: fit_scorecard(DATA, FEATURES, max_points=10**5 + 1),
        lambda: fit_scorecard(DATA, FEATURES, max_points=4),
        lambda: LabelledRow(values={"a": 1.5}, shell=True),
        lambda: LabelledRow(values={"a": True}, shell=True),
        lambda: LabelledRow(values={"a": 2**60}, shell=True),
        lambda: LabelledRow(values=[1], shell=True),
        lambda: LabelledRow(values={}, shell=1),
        lambda: FITTED.card.score([1]),
        lambda: FITTED.card.score({"posts": "3"}),
        lambda: Scorecard(features=[]),
        lambda: Scorecard(features=[FITTED.card.features[0]] * 2),
        lambda: PointsOf(feature="a", direction="more", cuts=[1], points=[0]),
        lambda: PointsOf(feature="a", direction="more", cuts=[2, 1], points=[0, 1, 2]),
        lambda: PointsOf(feature="a", direction="more", cuts=[1], points=[1, 0]),
        lambda: PointsOf(feature="a", direction="less", cuts=[1], points=[0, 1]),
        lambda: PointsOf(feature="a", direction="more", cuts=[1], points=[1, 2]),
        lambda: PointsOf(feature="a", direction="more", cuts=[1.5], points=[0, 2]),
        lambda: PointsOf(feature="a", direction="more", cuts=[1], points=[0, 10**7]),
        lambda: PointsOf(feature="a", direction="sideways", cuts=[], points=[0]),
    ):
        with pytest.raises(InputError):
            wrong()


def test_a_row_is_its_own_whatever_becomes_of_the_table_it_was_made_from():
    table = {"a": 1, "b": None}
    row = LabelledRow(values=table, shell=True)
    table["a"] = "evil"
    assert dict(row.values) == {"a": 1, "b": None}
    with pytest.raises(TypeError):
        row.values["a"] = "evil"
    rows = [row, LabelledRow(values={"a": 0}, shell=False)]
    assert fit_scorecard({"one": rows, "two": rows}, {"a": "more"}).card.version == "1"
    for again in (pickle.loads(pickle.dumps(row)), copy.deepcopy(row), copy.copy(row), attrs.evolve(row)):
        assert (again, hash(again)) == (row, hash(row))
    assert row != attrs.evolve(row, values={"a": 2})
