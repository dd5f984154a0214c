"""How far people agree: held against krippendorff and statsmodels, with intervals and a verdict on the rule."""

import math
import random
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platgov._canonical import dumps
from platgov._consistency.agreement import AgreementStatus, agreement, cohen, fleiss, krippendorff
from platgov.errors import InputError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    numpy = pytest.importorskip("numpy", reason="the oracle is not installed")
    reference = pytest.importorskip("krippendorff", reason="the oracle is not installed")
    from statsmodels.stats.inter_rater import aggregate_raters, cohens_kappa, fleiss_kappa

SOAK = settings.default.max_examples > 100


def close(one, other):
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def cases(lots, *, labels=4, people=4, agree=0.6, missing=0.2, count=None):
    result = []
    for _ in range(count or lots.randint(2, 40)):
        truth = lots.randrange(labels)
        judged = [truth if lots.random() < agree else lots.randrange(labels) for _ in range(people)]
        result.append([None if lots.random() < missing else one for one in judged])
    return result


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_alpha_is_that_of_krippendorff(level):
    lots = random.Random(1)
    compared = 0
    for _ in range(350):
        units = cases(lots, labels=lots.randint(2, 5), agree=lots.random())
        table = numpy.array([[math.nan if one is None else float(one) for one in unit] for unit in units]).T
        found = krippendorff(units, level=level)
        try:
            expected = reference.alpha(reliability_data=table, level_of_measurement=level)
        except ValueError:  # all judgements are the same
            assert found is None
            continue
        if found is not None:
            assert close(found, expected)
            compared += 1
    assert compared > 300


def test_kappa_of_two_is_that_of_statsmodels():
    lots = random.Random(2)
    for _ in range(200):
        pairs = cases(lots, people=2, missing=0)
        table = numpy.zeros((4, 4))
        for one, other in pairs:
            table[one, other] += 1
        found = cohen(pairs)
        if found is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # theirs divides by the spread, which may be zero
                expected = cohens_kappa(table).kappa
            assert close(found, expected)
    assert cohen([("a", "a")] * 3) is None
    assert cohen([("a", "b"), ("b", "a")]) == -1.0


def test_kappa_of_many_is_that_of_statsmodels():
    lots = random.Random(3)
    for _ in range(200):
        units = cases(lots, missing=0)
        found = fleiss(units)
        if found is not None:
            assert close(found, fleiss_kappa(aggregate_raters(numpy.array(units))[0]))
    assert fleiss([["a", "a"]] * 3) is None


@given(st.lists(st.lists(st.sampled_from("abc") | st.none(), max_size=4), max_size=15), st.randoms())
def test_neither_the_order_of_cases_nor_that_of_people_matters(units, lots):
    one = agreement(units)
    shuffled = [lots.sample(unit, len(unit)) for unit in units]
    lots.shuffle(shuffled)
    other = agreement(shuffled)
    assert (one.status, one.cases, one.judgements, one.left_out) == (
        other.status,
        other.cases,
        other.judgements,
        other.left_out,
    )
    assert (one.alpha is None) == (other.alpha is None)
    if one.alpha is not None:
        assert close(one.alpha, other.alpha) and one.alpha <= 1 + 1e-12
    assert one.cases + one.left_out == len(units)
    assert dumps(one.to_dict())


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=2, max_size=4), min_size=1, max_size=12))
def test_nominal_alpha_can_be_computed_again_from_the_coincidences(units):
    found = agreement(units)
    pairs = {(a, b): weight for a, b, weight in found.coincidences}
    margins = {}
    for (a, _), weight in pairs.items():
        margins[a] = margins.get(a, 0) + weight
    n = sum(margins.values())
    assert math.isclose(n, found.judgements)
    chance = sum(margins[a] * margins[b] for a in margins for b in margins if a != b) / (n - 1)
    if chance:
        assert close(found.alpha, 1 - sum(weight for (a, b), weight in pairs.items() if a != b) / chance)
    else:
        assert found.alpha is None


def test_a_vague_rule_is_told_from_a_clear_one_and_both_from_too_few_cases():
    lots = random.Random(4)
    clear = agreement(cases(lots, agree=0.97, count=200))
    vague = agreement(cases(lots, agree=0.5, count=200))
    between = agreement(cases(lots, agree=0.89, count=30))
    assert (clear.status, vague.status) == (AgreementStatus.RELIABLE, AgreementStatus.TOO_VAGUE)
    assert between.status is AgreementStatus.TENTATIVE
    assert clear.low < clear.alpha < clear.high
    assert agreement(cases(lots, agree=1.0, count=5)).status is AgreementStatus.INSUFFICIENT
    assert agreement([["a", "a"]] * 50).status is AgreementStatus.INSUFFICIENT
    assert agreement([]).alpha is None


def test_the_interval_covers_what_it_should():
    lots = random.Random(5)
    truth = krippendorff(cases(lots, agree=0.8, missing=0, count=20_000))
    runs = 500 if SOAK else 60
    covered = 0
    for _ in range(runs):
        found = agreement(cases(lots, agree=0.8, missing=0, count=80))
        covered += found.low <= truth <= found.high
    assert covered / runs > (0.92 if SOAK else 0.85)


def test_judgements_may_be_named_yes_or_no_or_missing():
    named = agreement([{"anna": True, "ben": True}, {"anna": False, "ben": None}, {"anna": False, "ben": True}])
    assert (named.cases, named.left_out) == (2, 1)
    assert {label for label, _, _ in named.coincidences} == {"true", "false"}
    assert krippendorff([["b", "a"], ["a", "a"]], level="ordinal") == pytest.approx(0.0)


@pytest.mark.parametrize(
    "bad",
    [
        lambda: agreement("ab"),
        lambda: agreement({"a": 1}),
        lambda: agreement(["ab"]),
        lambda: agreement([5]),
        lambda: agreement([[1.0, math.nan]]),
        lambda: agreement([[(), ()]]),
        lambda: agreement([["a", "b"]], level="ratio"),
        lambda: agreement([["a", "b"]], level="interval"),
        lambda: agreement([["a", 1]], level="ordinal"),
        lambda: agreement([], confidence=95),
        lambda: cohen([]),
        lambda: cohen([("a",)]),
        lambda: fleiss([]),
        lambda: fleiss([["a"]]),
        lambda: fleiss([["a", "b"], ["a", "b", "c"]]),
    ],
    ids=lambda bad: f"line {bad.__code__.co_firstlineno}",
)
def test_what_is_no_judgement_is_refused(bad):
    with pytest.raises(InputError):
        bad()
