"""What is learned from pairs: expectation maximisation, logistic regression, and where the line is."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._blacklist.estimate import MISSING, em, logistic, threshold, wilson
from platgov.errors import InputError


def drawn(seed: int, pairs: int, m: list[list[float]], u: list[list[float]], prevalence: float) -> Counter[tuple]:
    """Draw patterns from known probabilities."""
    rng = random.Random(seed)
    counts: Counter[tuple] = Counter()
    for _ in range(pairs):
        table = m if rng.random() < prevalence else u
        counts[tuple(MISSING if rng.random() < 0.05 else rng.choices(range(len(row)), row)[0] for row in table)] += 1
    return counts


M = [[0.1, 0.2, 0.7], [0.2, 0.8], [0.05, 0.15, 0.8], [0.3, 0.7]]
U = [[0.9, 0.07, 0.03], [0.95, 0.05], [0.97, 0.02, 0.01], [0.8, 0.2]]


def test_finds_the_probabilities_that_pairs_were_drawn_from():
    found = em(drawn(1, 60_000, M, U, 0.1), [3, 2, 3, 2])
    assert found.converged
    assert found.prevalence == pytest.approx(0.1, abs=0.01)
    for table, got in ((M, found.m), (U, found.u)):
        for row, other in zip(table, got, strict=True):
            assert other == pytest.approx(row, abs=0.03)
    assert found.bits(0, 2) > 3
    assert found.bits(0, 0) < 0
    assert found.bits(0, MISSING) == 0


def test_a_step_never_makes_the_patterns_less_likely():
    counts = drawn(2, 5_000, M, U, 0.2)

    def likelihood(found):
        total = 0.0
        for pattern, count in counts.items():
            sides = []
            for share, table in ((found.prevalence, found.m), (1 - found.prevalence, found.u)):
                sides.append(share * math.prod(table[f][level] for f, level in enumerate(pattern) if level >= 0))
            total += count * math.log(sum(sides))
        return total

    values = [likelihood(em(counts, [3, 2, 3, 2], rounds=rounds)) for rounds in range(1, 40)]
    # Counts are smoothed a little, so it may lose that little at the very end.
    assert all(after >= before - 1e-3 for before, after in itertools.pairwise(values))
    assert values[-1] > values[0]


def test_what_is_known_of_strangers_stays():
    found = em(drawn(3, 20_000, M, U, 0.1), [3, 2, 3, 2], u=[U[0], None, U[2], None])
    assert found.u[0] == tuple(U[0])
    assert found.u[2] == tuple(U[2])
    assert found.u[1] == pytest.approx(U[1], abs=0.03)


def test_missing_says_nothing():
    counts = {(2, 1): 40, (0, 0): 400, (2, 0): 20, (0, 1): 30}
    padded = {(*pattern, MISSING): count for pattern, count in counts.items()}
    one, two = em(counts, [3, 2]), em(padded, [3, 2, 2])
    assert two.m[:2] == one.m
    assert two.u[:2] == one.u
    assert two.prevalence == one.prevalence


@given(st.randoms(use_true_random=False))
def test_the_order_of_patterns_does_not_matter(rng):
    items = list({(2, 1): 40, (0, 0): 400, (2, 0): 20, (0, 1): 30, (1, MISSING): 9}.items())
    rng.shuffle(items)
    assert em(dict(items), [3, 2]) == em(dict(sorted(items)), [3, 2])


@pytest.mark.parametrize(
    ("counts", "levels", "more"),
    [
        ({}, [2], {}),
        ({(0,): 0}, [2], {}),
        ({(0,): 1}, [], {}),
        ({(0,): 1}, [1], {}),
        ({(2,): 1}, [2], {}),
        ({(-2,): 1}, [2], {}),
        ({(0, 1): 1}, [2], {}),
        ({(0,): -1}, [2], {}),
        ({(0,): 1.5}, [2], {}),
        ({(0,): 1}, [2], {"u": [[0.5]]}),
        ({(0,): 1}, [2], {"u": [[0.0, 1.0]]}),
        ({(0,): 1}, [2], {"u": []}),
        ({(0,): 1}, [2], {"prevalence": 0}),
    ],
)
def test_bad_patterns_are_refused(counts, levels, more):
    with pytest.raises(InputError):
        em(counts, levels, **more)


# -- logistic regression ---------------------------------------------------------------------


def observations(seed: int, count: int) -> tuple[list[list[float]], list[bool]]:
    rng = random.Random(seed)
    rows = [[rng.gauss(0, 1), float(rng.random() < 0.3), rng.uniform(-2, 2)] for _ in range(count)]
    chance = [1 / (1 + math.exp(-(-1 + 2 * a - 1.5 * b + 0.5 * c))) for a, b, c in rows]
    return rows, [rng.random() < p for p in chance]


@pytest.mark.parametrize("ridge", [0.001, 1.0, 25.0])
def test_logistic_equals_a_general_optimiser(ridge):
    optimize = pytest.importorskip("scipy.optimize")
    numpy = pytest.importorskip("numpy")
    rows, labels = observations(5, 800)
    x = numpy.column_stack([numpy.ones(len(rows)), numpy.array(rows)])
    y = numpy.array(labels, dtype=float)

    def loss(beta):
        score = x @ beta
        return numpy.sum(numpy.logaddexp(0, score) - y * score) + ridge * numpy.sum(beta[1:] ** 2) / 2

    best = optimize.minimize(loss, numpy.zeros(4), method="BFGS", options={"gtol": 1e-9})
    assert logistic(rows, labels, ridge=ridge) == pytest.approx(list(best.x), abs=1e-4)


def test_separable_pairs_stay_finite():
    beta = logistic([[float(i)] for i in range(-20, 20)], [i >= 0 for i in range(-20, 20)], ridge=0.01)
    assert all(math.isfinite(value) for value in beta)
    assert beta[1] > 0


def test_a_feature_without_variance_gets_nothing():
    rows, labels = observations(6, 300)
    plain = logistic(rows, labels)
    wide = logistic([[*row, 0.0] for row in rows], labels)
    assert wide[:4] == pytest.approx(plain, abs=1e-9)
    assert wide[4] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("rows", "labels", "ridge"),
    [
        ([], [], 1.0),
        ([[1.0]], [True], 1.0),
        ([[1.0], [2.0]], [True], 1.0),
        ([[1.0], [2.0, 3.0]], [True, False], 1.0),
        ([[1.0], [2.0]], [1, 0], 1.0),
        ([[1.0], [2.0]], [True, False], 0),
    ],
)
def test_bad_rows_are_refused(rows, labels, ridge):
    with pytest.raises(InputError):
        logistic(rows, labels, ridge=ridge)


# -- the line ----------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.integers(-50, 50), st.booleans()), min_size=1, max_size=80),
    st.integers(1, 1_000),
    st.integers(1, 20),
    st.booleans(),
)
def test_the_line_is_the_lowest_that_is_right_often_enough(pairs, precision, innocents, assured):
    scores, labels = [score for score, _ in pairs], [label for _, label in pairs]
    found = threshold(scores, labels, precision_permille=precision, innocents_per_pair=innocents, assured=assured)

    def above(line):
        right = sum(label for score, label in pairs if score >= line)
        return right, sum(score >= line for score in scores) - right

    good = []
    for line in set(scores):
        right, wrong = above(line)
        share = right / (right + wrong * innocents)
        if assured:
            low = wilson(right, right + wrong)[0]
            share = low / (low + (1 - low) * innocents) if low else 0.0
        if right and share * 1_000 >= precision:
            good.append(line)
    if not good:
        assert found.threshold is None
        assert found.count == 0
        return
    assert found.threshold == min(good)
    right, wrong = above(found.threshold)
    assert found.count == right + wrong
    assert found.precision_permille == right * 1_000 // (right + wrong * innocents)
    assert found.recall_permille == right * 1_000 // sum(labels)
    assert found.low <= found.precision_permille + 1 <= found.high + 2


def test_interval_equals_another_library():
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    for right, count in ((0, 5), (5, 5), (3, 10), (995, 1_000), (1, 3_000)):
        assert wilson(right, count) == pytest.approx(
            proportion.proportion_confint(right, count, method="wilson"), abs=1e-12
        )
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("scores", "labels", "more"),
    [
        ([], [], {}),
        ([1], [], {}),
        ([1.5], [True], {}),
        ([1], [1], {}),
        ([1], [True], {"precision_permille": 0}),
        ([1], [True], {"precision_permille": 1_001}),
        ([1], [True], {"innocents_per_pair": 0}),
    ],
)
def test_bad_scores_are_refused(scores, labels, more):
    with pytest.raises(InputError):
        threshold(scores, labels, **({"precision_permille": 990} | more))
