"""Tests, intervals and effect sizes, held against scipy and statsmodels on random tables, empty margins included."""

import itertools
import math
import random
import warnings
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platgov._consistency.numbers import beta_cdf, convolved, hyper, plain, t_two_sided, two_sided
from platgov._consistency.quality import QualityStatus, quality
from platgov._consistency.tests_exact import (
    Table,
    adjusted,
    clopper_pearson,
    cmh,
    exact,
    fisher,
    mantel_haenszel_difference,
    mantel_haenszel_odds,
    newcombe,
    odds_ratio,
    rate_ratio,
    wilson,
)
from platgov._consistency.wait_tests import Case, log_rank, log_rank_parts, rank_parts, rank_test
from platgov._consistency.waits import wait_parity
from platgov.errors import InputError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    np = pytest.importorskip("numpy", reason="the oracle is not installed")
    scipy_stats = pytest.importorskip("scipy.stats", reason="the oracle is not installed")
    statsmodels = pytest.importorskip("statsmodels.api", reason="the oracle is not installed")
    from statsmodels.duration.survfunc import survdiff
    from statsmodels.stats.multitest import multipletests
    from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

NEAR = 1e-9
SOAK = settings.default.max_examples > 100
EDGES = (0, 0, 1, 2, 3)


def random_tables(count, seed=1, most=80):
    """Random tables, many with an empty margin or cell."""
    lots = random.Random(seed)
    for _ in range(count):
        n_a, n_b = (lots.choice(EDGES) if lots.random() < 0.2 else lots.randint(1, most) for _ in "ab")
        x_a, x_b = (
            lots.choice((0, n)) if lots.random() < 0.25 else lots.randint(0, n) for n in (n_a, n_b)
        )  # fmt: skip
        yield Table(x_a, n_a, x_b, n_b)


def cells(table):
    x_a, n_a, x_b, n_b = table
    return [[x_a, n_a - x_a], [x_b, n_b - x_b]]


def close(one, other):
    return math.isclose(one, other, rel_tol=NEAR, abs_tol=NEAR)


# -- one table ---------------------------------------------------------------------------------


def test_fishers_test_is_that_of_scipy():
    for table in random_tables(1000):
        assert close(fisher(table), scipy_stats.fisher_exact(cells(table))[1]), table


def test_fishers_test_is_the_sum_over_all_tables_with_the_same_margins():
    for table in random_tables(200, seed=2, most=12):
        x_a, n_a, x_b, n_b = table
        drawn = x_a + x_b
        chances = {x: math.comb(n_a, x) * math.comb(n_b, drawn - x) for x in range(drawn + 1)}
        expected = Fraction(sum(c for c in chances.values() if c <= chances[x_a]), math.comb(n_a + n_b, drawn))
        assert close(fisher(table), float(expected)), table


def test_large_tables_lose_no_precision():
    for table in ((1200, 100_000, 1100, 100_000), (10, 900, 20_000, 999_100), (5_000, 500_000, 5_000, 500_000)):
        assert fisher(table) == pytest.approx(scipy_stats.fisher_exact(cells(table))[1], rel=1e-6)
    assert fisher((400, 400, 0, 400_000)) == 0.0


def test_intervals_of_one_share_are_those_of_statsmodels():
    for _, _, x, n in random_tables(1000):
        if n:
            for ours, name in ((clopper_pearson, "beta"), (wilson, "wilson")):
                low, high = proportion_confint(x, n, 0.05, name)
                assert close(ours(x, n)[0], low) and close(ours(x, n)[1], high), (x, n, name)
    assert wilson(0, 0) == clopper_pearson(0, 0) == (0.0, 1.0)


def test_differences_and_ratios_are_those_of_statsmodels():
    for table in random_tables(1000):
        x_a, n_a, x_b, n_b = table
        if n_a and n_b:
            low, high = confint_proportions_2indep(*table, method="newcomb", compare="diff")
            assert close(newcombe(table).low, low) and close(newcombe(table).high, high)
        if 0 < x_a < n_a and 0 < x_b < n_b:
            other = statsmodels.stats.Table2x2(cells(table))
            for ours, name in ((odds_ratio, "oddsratio"), (rate_ratio, "riskratio")):
                found, (low, high) = ours(table), getattr(other, f"{name}_confint")()
                assert close(found.value, getattr(other, name))
                assert close(found.low, low) and close(found.high, high)


@given(st.tuples(*[st.integers(0, 40)] * 4))
def test_every_table_gives_values_or_none_and_never_infinity(counts):
    x_a, more_a, x_b, more_b = counts
    table = (x_a, x_a + more_a, x_b, x_b + more_b)
    for ours in (newcombe, odds_ratio, rate_ratio):
        written = ours(table).to_dict()
        assert all(value is None or math.isfinite(value) for value in written.values())
        if None not in written.values():
            assert written["low"] - 1e-9 <= written["value"] <= written["high"] + 1e-9
    assert 0 <= fisher(table) <= 1
    assert 0 <= cmh([table])[1] <= 1


def test_an_empty_cell_leaves_an_open_ratio_and_a_usable_interval():
    assert odds_ratio((3, 10, 0, 10)).value is None
    assert odds_ratio((3, 10, 0, 10)).low > 0.2
    assert odds_ratio((0, 10, 3, 10)).value == 0.0
    assert rate_ratio((3, 10, 0, 10)).value is None
    assert rate_ratio((0, 10, 0, 10)).low is odds_ratio((0, 0, 1, 2)).low is newcombe((0, 0, 1, 2)).low is None


# -- strata ------------------------------------------------------------------------------------


def stratified(count, seed, usable=False):
    tables = iter(random_tables(count * 4 * 20, seed))
    while count:
        strata = list(itertools.islice(tables, 4))
        if usable and not all(n_a and n_b for _, n_a, _, n_b in strata):
            continue
        count -= 1
        yield strata


def test_the_stratified_tests_are_those_of_statsmodels():
    for tables in stratified(250, seed=3, usable=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other = statsmodels.stats.StratifiedTable([[[float(v) for v in row] for row in cells(t)] for t in tables])
            plainly, corrected = other.test_null_odds(correction=False), other.test_null_odds(correction=True)
        z, p = cmh(tables)
        if math.isfinite(plainly.pvalue):
            assert close(z * z, plainly.statistic) and close(p, plainly.pvalue)
            excess = sum(x_a - n_a * (x_a + x_b) / (n_a + n_b) for x_a, n_a, x_b, n_b in tables)
            if abs(excess) >= 0.5:  # below, theirs turns the correction around
                assert close(cmh(tables, corrected=True)[1], corrected.pvalue)
            else:
                assert cmh(tables, corrected=True)[1] == 1.0
        found = mantel_haenszel_odds(tables)
        if found.low is not None:
            assert close(found.value, other.oddsratio_pooled)
            assert all(map(close, (found.low, found.high), other.oddsratio_pooled_confint()))


def test_the_common_difference_is_sato_s_in_exact_arithmetic():
    for tables in stratified(200, seed=4):
        num = den = p = q = Fraction()
        for x_a, n_a, x_b, n_b in tables:
            n = n_a + n_b
            if n:
                num += Fraction(x_a * n_b - x_b * n_a, n)
                den += Fraction(n_a * n_b, n)
                p += Fraction(2 * n_a**2 * x_b - 2 * n_b**2 * x_a + n_a * n_b * (n_b - n_a), 2 * n * n)
                q += Fraction(x_a * (n_b - x_b) + x_b * (n_a - x_a), 2 * n)
        found = mantel_haenszel_difference(tables)
        if not den:
            assert found.value is None
            continue
        assert close(found.value, num / den)
        half = 1.959963984540054 * math.sqrt(max(0, num / den * p + q)) / den
        assert close(found.high - found.value, half) and close(found.value - found.low, half)


def test_the_exact_stratified_test_adds_up_every_way_the_outcomes_can_fall():
    for tables in stratified(60, seed=5):
        tables = [Table(*(min(v, 8) for v in (t.x_a, t.n_a, t.x_b, t.n_b))) for t in tables]
        tables = [Table(min(a, n), n, min(b, m), m) for a, n, b, m in tables]
        chances = {0: Fraction(1)}
        for x_a, n_a, x_b, n_b in tables:
            drawn = x_a + x_b
            more = {
                x: Fraction(math.comb(n_a, x) * math.comb(n_b, drawn - x), math.comb(n_a + n_b, drawn))
                for x in range(max(0, drawn - n_b), min(drawn, n_a) + 1)
            }
            sums = {}
            for (one, p), (other, q) in itertools.product(chances.items(), more.items()):
                sums[one + other] = sums.get(one + other, 0) + p * q
            chances = sums
        own = chances[sum(t.x_a for t in tables)]
        assert close(exact(tables), sum(p for p in chances.values() if p <= own))


def test_one_stratum_is_fishers_test_and_too_many_counts_are_left_to_the_score_test():
    assert exact([(3, 10, 1, 12)]) == fisher((3, 10, 1, 12))
    assert exact([(50_000, 200_000, 50_000, 200_000)] * 40) is None
    assert cmh([]) == (0.0, 1.0)
    assert exact([]) == 1.0


def test_adjusted_p_values_are_those_of_benjamini_and_hochberg():
    lots = random.Random(6)
    for _ in range(300):
        p = [lots.random() ** 3 for _ in range(lots.randint(1, 15))]
        assert all(map(close, adjusted(p), multipletests(p, method="fdr_bh")[1]))
    assert adjusted(()) == ()


# -- waiting times -----------------------------------------------------------------------------


def waits(lots, strata=3):
    return [
        [(float(lots.randint(1, 9)), lots.random() < 0.8, lots.random() < 0.4) for _ in range(lots.randint(2, 30))]
        for _ in range(strata)
    ]


def test_the_log_rank_test_is_that_of_statsmodels():
    lots = random.Random(7)
    for _ in range(150):
        cases = waits(lots)
        flat = [(t, done, member, k) for k, stratum in enumerate(cases) for t, done, member in stratum]
        if len({member for _, _, member, _ in flat}) < 2 or not any(done for _, done, _, _ in flat):
            continue
        if not all({m for _, _, m in stratum} == {True, False} for stratum in cases):
            continue
        t, done, member, stratum = (np.array(values) for values in zip(*flat, strict=True))
        chi2, p = survdiff(t, done.astype(int), member.astype(int), strata=stratum)
        z, own = log_rank(cases)
        assert close(z * z, chi2) and close(own, p)


def test_the_rank_test_is_that_of_mann_and_whitney_in_one_stratum():
    lots = random.Random(8)
    for _ in range(300):
        (cases,) = waits(lots, 1)
        one, other = ([t for t, _, member in cases if member is side] for side in (True, False))
        if one and other and len({t for t, _, _ in cases}) > 1:
            expected = scipy_stats.mannwhitneyu(one, other, use_continuity=False, method="asymptotic")
            _, p, above = rank_test([[(t, member) for t, _, member in cases]])
            assert close(p, expected.pvalue)
            assert close(above, expected.statistic / (len(one) * len(other)))
    assert rank_test([[(1.0, True), (1.0, False)]]) == (0.0, 1.0, 0.5)
    assert rank_test([[(1.0, True)]]) == (0.0, 1.0, None)


def rows_of_waits(longer, n=400):
    lots = random.Random(9)
    for number in range(n):
        group = "ab"[number % 2]
        yield {
            "rule": f"r{number % 3}",
            "group": group,
            "waited_s": lots.expovariate(1 / 100) * (longer if group == "a" else 1),
            "done": lots.random() < 0.9,
        }


def test_a_group_that_waits_longer_is_found_and_one_that_does_not_is_not_accused():
    found = wait_parity(rows_of_waits(2), group="group", ended="done", cluster=None)
    assert found.status.value == "disparity"
    (row,) = found.by_group
    assert row.group == "b" and row.longer < 0.5 and row.log_rank_z > 0 > row.rank_z
    assert row.median_s < row.others_median_s
    assert wait_parity(rows_of_waits(1, 2000), group="group", cluster=None).status.value == "none_found"
    few = wait_parity(rows_of_waits(1, 30), group="group", cluster=None)
    assert few.status.value == "insufficient_data" and few.by_group[0].detectable > 0.1
    assert few.to_dict()["by_group"] == [few.by_group[0].to_dict()]
    assert few.by_group[0].to_dict()["status"] == "insufficient_data"


def test_what_each_case_adds_sums_to_the_score_of_the_tests():
    lots = random.Random(12)
    for _ in range(200):
        (cases,) = waits(lots, 1)
        cases = [Case(*case) for case in cases]
        expected = 0.0
        for time in {case.time for case in cases if case.done}:
            at_risk = [case for case in cases if case.time >= time]
            ended = [case for case in at_risk if case.done and case.time == time]
            members = sum(case.member for case in at_risk) / len(at_risk)
            expected += sum(case.member for case in ended) - len(ended) * members
        assert close(sum(log_rank_parts(cases)), expected)
        flat = [(case.time, case.member) for case in cases]
        n, n_a = len(flat), sum(member for _, member in flat)
        wins = sum((a > b) + (a == b) / 2 for a, of in flat if of for b, other in flat if not other)
        assert close(sum(rank_parts(flat)), (wins - n_a * (n - n_a) / 2) / (n + 1))


def actors_who_wait(lots, *, actors=120, each=12, spread=1.2, longer=1.0):
    """Actors differ in how long they wait, whatever their group; each has many cases."""
    for actor in range(actors):
        mean = 100 * math.exp(lots.gauss(0, spread)) * (longer if actor % 4 == 0 else 1.0)
        for number in range(each):
            yield {
                "rule": f"r{number % 3}", "group": "b" if actor % 4 == 0 else "a", "actor": actor,
                "waited_s": lots.expovariate(1 / mean),
            }  # fmt: skip


def test_an_actor_who_waits_often_counts_once():
    lots = random.Random(13)
    runs = 400 if SOAK else 25
    worlds = [list(actors_who_wait(lots)) for _ in range(runs)]
    alone = sum(wait_parity(one, group="group", cluster=None).status.value == "disparity" for one in worlds)
    robust = sum(wait_parity(one, group="group").status.value == "disparity" for one in worlds)
    assert alone > 0.2 * runs  # what counting every case for itself would say of fair worlds
    assert robust <= (0.025 * runs if SOAK else 2)
    found = wait_parity(actors_who_wait(lots, actors=400, longer=4.0), group="group")
    assert found.status.value == "disparity" and found.by_group[0].robust_rank_p < 0.001
    single = [{**row, "actor": number} for number, row in enumerate(worlds[0])]
    assert wait_parity(single, group="group") == wait_parity(worlds[0], group="group", cluster=None)
    assert wait_parity([*single, single[0]], group="group").by_group[0].robust_log_rank_p is not None
    with pytest.raises(InputError):
        wait_parity([{**worlds[0][0], "actor": []}], group="group")


def test_waits_that_cannot_be_compared_say_so():
    row = {"rule": "r", "group": "a", "waited_s": 1, "actor": None}
    assert wait_parity([row], group="group").status.value == "insufficient_data"
    alone = wait_parity([row, {**row, "group": "b", "rule": "s"}, {**row, "waited_s": None}], group="group")
    assert (alone.missing, alone.by_group[0].longer, alone.by_group[0].detectable) == (1, None, None)
    three = wait_parity([{**row, "group": name, "done": False} for name in "abc"], group="group", ended="done")
    assert [one.median_s for one in three.by_group] == [None] * 3
    for bad in ({"waited_s": -1}, {"waited_s": "1"}, {"waited_s": math.nan}, {"done": 1}):
        with pytest.raises(InputError):
            wait_parity([{**row, "done": True, **bad}], group="group", ended="done")
    for arguments in ({"records": "x"}, {"strata": "rule"}, {"alpha": 2.0}, {"floor": 1}):
        with pytest.raises(InputError):
            wait_parity(**{"records": [row], "group": "group", **arguments})


# -- whether a rule is right often enough ------------------------------------------------------


def test_a_rule_is_judged_by_bounds_and_not_by_estimates():
    assert quality("r", sampled=200, right=196).status is QualityStatus.MET
    assert quality("r", sampled=200, right=140).status is QualityStatus.OVER_INCLUSIVE
    few = quality("r", sampled=10, right=10)
    assert few.status is QualityStatus.INSUFFICIENT and few.precision[0] == 1.0
    assert few.precision_low == pytest.approx(0.05 ** (1 / 10))
    assert quality("r", sampled=0, right=0).precision is None


def test_what_is_overturned_counts_against_all_measures_and_not_against_appeals_alone():
    good = {"sampled": 200, "right": 196}
    overturned = quality("r", **good, measures=300, appealed=60, overturned=50)
    assert overturned.status is QualityStatus.OVER_INCLUSIVE
    assert overturned.overturned_on_appeal == pytest.approx(5 / 6)
    assert quality("r", **good, measures=300, appealed=4, overturned=3).status is QualityStatus.MET
    assert quality("r", **good, measures=20, appealed=1, overturned=0).status is QualityStatus.INSUFFICIENT
    assert overturned.to_dict()["status"] == "over_inclusive"
    for bad in ({"right": 201}, {"measures": 1, "appealed": 2}, {"measures": -1}, {"floor": 1}):
        with pytest.raises(InputError):
            quality("r", **{**good, **bad})


# -- distributions -----------------------------------------------------------------------------


def test_the_distributions_are_those_of_scipy():
    lots = random.Random(10)
    for _ in range(500):
        a, b, x, t, df = lots.uniform(0.3, 400), lots.uniform(0.3, 400), lots.random(), lots.gauss(0, 4), lots.random()
        assert close(beta_cdf(a, b, x), scipy_stats.beta.cdf(x, a, b))
        assert close(t_two_sided(t, 60 * df + 0.5), 2 * scipy_stats.t.sf(abs(t), 60 * df + 0.5))
        assert close(two_sided(t), 2 * scipy_stats.norm.sf(abs(t)))
    assert (beta_cdf(2, 3, 0), beta_cdf(2, 3, 1)) == (0.0, 1.0)


def test_the_noncentral_hypergeometric_is_that_of_scipy():
    lots = random.Random(11)
    for _ in range(150):
        n_a, n_b = lots.randint(0, 60), lots.randint(0, 60)
        drawn, log_odds = lots.randint(0, n_a + n_b), lots.uniform(-2, 2)
        low, chances = hyper(n_a, n_b, drawn, log_odds)
        for x, chance in enumerate(chances, low):
            other = scipy_stats.nchypergeom_fisher.pmf(x, n_a + n_b, n_a, drawn, math.exp(log_odds))
            assert close(chance, other)
    assert sum(convolved([0.5, 0.5], [0.25, 0.5, 0.25])) == 1.0


def test_what_is_no_number_is_written_as_none():
    assert plain({"a": (math.inf, frozenset({"b", "a"}), QualityStatus.MET)}) == {"a": [None, ["a", "b"], "met"]}


@pytest.mark.parametrize("table", [(2, 1, 0, 0), (1, 2, 3), "1234", (True, 1, 0, 0), (-1, 1, 0, 0), (0.0, 1, 0, 0), 5])
def test_what_is_no_table_is_refused(table):
    for ours in (fisher, newcombe, odds_ratio, rate_ratio, lambda one: cmh([one])):
        with pytest.raises(InputError):
            ours(table)


def test_bad_counts_and_confidences_are_refused():
    for bad in ((2, 1, 0.95), (0, True, 0.95), (0, 1, 1.0), (0, 1, 95)):
        with pytest.raises(InputError):
            wilson(*bad)
        with pytest.raises(InputError):
            clopper_pearson(*bad)
    for bad in ("ab", 5):
        with pytest.raises(InputError):
            cmh(bad)
