"""Bulk sign-ups: more alike than chance, said with counts, in any order, and never acting on anybody."""

import datetime as dt
import importlib.util
import math
import pathlib
import random
import sys
from collections import Counter

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platgov._accounts import clusters as module
from platgov._accounts.clusters import ClusterPolicy, Registration, registration_clusters
from platgov.errors import InputError

HOUR = 3600
T0 = 1_790_000_000 // (12 * HOUR) * 12 * HOUR
BENCHMARKS = pathlib.Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def bulk():
    """The generator of made-up sign-ups, with the truth about them."""
    if not BENCHMARKS.exists():
        pytest.skip("the benchmarks are not part of the source distribution")
    sys.path.insert(0, str(BENCHMARKS))
    try:
        spec = importlib.util.spec_from_file_location("bulk", BENCHMARKS / "bulk.py")
        found = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found)
        return found
    finally:
        sys.path.remove(str(BENCHMARKS))
        sys.modules.pop("_timing", None)


def crowd(count=400, seed=1):
    """People one by one, none like another."""
    rng = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [
        Registration(
            f"p{n:05}", T0 + rng.randrange(14 * 12) * HOUR, f"n{rng.randrange(60)}",
            "".join(rng.choices(letters, k=rng.randint(5, 12))) + str(rng.randrange(100)) * rng.randrange(2),
            rng.choice(["a.example", "b.example", "c.example", None]),
        )
        for n in range(count)
    ]  # fmt: skip


def campaign(count=12, net="own", stem="winxyz"):
    return [
        Registration(f"c{n:03}", T0 + 5 * HOUR + n, net, f"{stem}{1000 + 7 * n}", "a.example") for n in range(count)
    ]


def test_a_burst_of_like_names_is_found_and_nobody_else():
    report = registration_clusters([*crowd(), *campaign()])
    assert [cluster.members for cluster in report.clusters] == [tuple(f"c{n:03}" for n in range(12))]
    first = next(each for each in report.clusters[0].evidence if (each.feature, each.net) == ("name_stem", "own"))
    assert (first.value, first.observed) == ("winxyz", 12)
    assert first.of >= 12
    assert first.expected_milli < 100
    assert "12 of 12 sign-ups from net own" in str(first)
    assert any("from all nets" in str(each) for each in report.clusters[0].evidence)
    assert report.needs_human is True
    assert report.size == 412


def test_people_who_come_one_by_one_are_in_no_cluster():
    assert registration_clusters(crowd(2000)).clusters == ()


def oracle(rows, policy):
    """Likenesses and members by definition: loops over all groups, a sum of Poisson terms."""
    span = policy.window_hours * HOUR
    table = []
    for row in rows:
        shape = "".join(
            "9" if c in "0123456789" else "a" if "a" <= c <= "z" else "A" if "A" <= c <= "Z" else c for c in row.name
        )
        stem = "".join(c for c in row.name.lower() if c not in "0123456789")[: policy.stem_chars]
        table.append(
            (row.id, row.net, row.at // span, {"name_stem": stem, "name_shape": shape, "mail_domain": row.mail_domain})
        )
    tests = []
    for everywhere, features in (
        (False, ("name_stem", "name_shape", "mail_domain")),
        (True, ("name_stem", "mail_domain")),
    ):
        places = {(None if everywhere else net, window) for _, net, window, _ in table}
        for net, window in places:
            if not everywhere and net is None:
                continue
            inside = [row for row in table if row[2] == window and (everywhere or row[1] == net)]
            if len(inside) < policy.min_size:
                continue
            for feature in features:
                for value, observed in Counter(row[3][feature] for row in inside).items():
                    elsewhere = len(table) - len(inside)
                    if observed < policy.min_size or not value or not elsewhere:
                        continue
                    common = sum(row[3][feature] == value for row in table)
                    expected = len(inside) * (common - observed + 1) / (elsewhere + 1)
                    head = sum(math.exp(-expected) * expected**k / math.factorial(k) for k in range(observed))
                    tail = sum(
                        math.exp(-expected + k * math.log(expected) - math.lgamma(k + 1))
                        for k in range(observed, observed + 200)
                    )
                    assert abs(head + tail - 1) < 1e-6
                    surprise = -1000 * math.log10(tail) if observed > expected else 0
                    members = [row[0] for row in inside if row[3][feature] == value]
                    tests.append(
                        (feature, value, net, window * span, observed, len(inside), expected, surprise, members)
                    )
    return tests


rows = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.sampled_from(["n1", "n2", None]),
        st.sampled_from(["bob1", "bob22", "Bob3", "eve", "zoë9", "12", "bobby"]),
        st.sampled_from(["a", "b", None]),
    ),
    max_size=40,
).map(
    lambda found: [
        Registration(f"r{n:02}", T0 + at * HOUR, net, name, mail) for n, (at, net, name, mail) in enumerate(found)
    ]
)
EASY = ClusterPolicy(min_size=3, total_milli=0, excess_percent=1)


@given(rows)
def test_counts_expectations_and_surprises_are_those_of_the_definition(found):
    report = registration_clusters(found, EASY)
    tests = oracle(found, EASY)
    assert report.groups == len(tests)
    bound = round(1000 * math.log10(max(len(tests), 1)))
    wanted = {
        (feature, value, net, begin): (observed, of, expected, surprise, members)
        for feature, value, net, begin, observed, of, expected, surprise, members in tests
        if surprise >= bound + 1 and expected < 0.98 * observed
    }
    given = {(e.feature, e.value, e.net, e.begins_at): e for cluster in report.clusters for e in cluster.evidence}
    assert wanted.keys() <= given.keys()
    for key, (observed, of, expected, surprise, members) in wanted.items():
        evidence = given[key]
        assert (evidence.observed, evidence.of) == (observed, of)
        assert abs(evidence.expected_milli - 1000 * expected) <= 1
        assert abs(evidence.surprise_milli - surprise) <= 2
        assert any(set(members) <= set(cluster.members) for cluster in report.clusters)


@given(rows, st.randoms())
def test_the_order_of_rows_changes_nothing(found, rng):
    first = registration_clusters(found, EASY)
    mixed = [tuple(row) if rng.random() < 0.5 else list(row) for row in found]
    rng.shuffle(mixed)
    assert registration_clusters(mixed, EASY).to_bytes() == first.to_bytes()


@given(rows)
def test_an_account_is_in_one_cluster_at_most_and_clusters_are_large_enough(found):
    members = [member for cluster in registration_clusters(found, EASY).clusters for member in cluster.members]
    assert len(set(members)) == len(members)
    assert all(len(cluster.members) >= 3 for cluster in registration_clusters(found, EASY).clusters)


@given(rows, st.integers(0, 3000), st.integers(1, 99))
def test_a_stricter_policy_finds_no_more(found, more, excess):
    def members(policy):
        return {member for cluster in registration_clusters(found, policy).clusters for member in cluster.members}

    assert members(attrs.evolve(EASY, total_milli=more)) <= members(EASY)
    strict = registration_clusters(found, attrs.evolve(EASY, total_milli=more)).clusters
    assert all(len(cluster.members) >= 3 for cluster in strict)
    assert members(attrs.evolve(EASY, chance_milli=more)) <= members(EASY)
    assert members(attrs.evolve(EASY, excess_percent=excess)) <= members(EASY)


def test_a_popular_name_does_not_draw_in_all_who_bear_it():
    def sign_up(n, at, name):
        return Registration(f"{name}{at}-{n}", T0 + at * 12 * HOUR, f"n{n}-{at}", f"{name}{n}", None)

    people = [sign_up(n, n % 14, "annasm") for n in range(2800)]
    burst = [sign_up(n, 0, "annasm") for n in range(3000, 3150)]
    others = [sign_up(n, n % 14, chr(97 + n % 26) * 3 + chr(97 + n // 26 % 26) * 3) for n in range(2800)]
    batch = [*people, *burst, *others]
    assert registration_clusters(batch, ClusterPolicy(excess_percent=20)).clusters
    assert not registration_clusters(batch, ClusterPolicy(excess_percent=50)).clusters


@pytest.mark.parametrize("seed", [2, 3], ids=["tuned", "untuned"])
def test_the_bars_hold_on_a_world_with_a_carriers_gateway(bulk, seed):
    sample = bulk.world(seed, people=12_000, campaigns=29)
    found = bulk.quality(bulk.members(sample.rows, ClusterPolicy()), sample)
    limit = bulk.quality(bulk.by_net(sample.rows), sample)
    assert found.precision >= 0.95
    assert found.recall >= 0.6
    assert found.false_positives <= 0.003
    assert limit.false_positives > 0.5


def test_a_school_class_looks_like_a_campaign_which_is_why_nothing_follows(bulk):
    sample = bulk.world(1, people=6000, campaigns=5, classes=4)
    found = set(bulk.members(sample.rows, ClusterPolicy()))
    assert len(found & sample.classes) > 0.5 * len(sample.classes)


def test_the_generator_gives_equal_worlds_for_equal_seeds(bulk):
    assert bulk.world(5, people=300, campaigns=2) == bulk.world(5, people=300, campaigns=2)
    assert bulk.world(5, people=300, campaigns=2) != bulk.world(6, people=300, campaigns=2)


@settings(max_examples=30)
@given(st.integers(2, 60), st.floats(0.001, 50))
def test_surprise_is_the_poisson_tail(observed, expected):
    tail = sum(
        math.exp(-expected + k * math.log(expected) - math.lgamma(k + 1)) for k in range(observed, observed + 400)
    )
    if observed > expected:
        assert abs(module._surprise(observed, expected) + 1000 * math.log10(tail)) <= 1
    else:
        assert module._surprise(observed, expected) == 0


def test_the_part_that_chance_must_leave_unexplained_is_met_exactly():
    # Ten of ten share a stem that two of five bear elsewhere: four are expected, which leaves 60 % of them.
    alike = [Registration(f"c{n}", T0 + n, "own", "winner" + "1" * n) for n in range(10)]
    others = ["winner", "albert", "berta", "carola"]
    rows = alike + [Registration(f"p{n}", T0 + 12 * HOUR * (n + 1), f"n{n}", name) for n, name in enumerate(others)]
    (found,) = registration_clusters(rows, ClusterPolicy(excess_percent=60)).clusters
    assert {(row.expected_milli, row.observed, row.feature) for row in found.evidence} == {(4000, 10, "name_stem")}
    assert registration_clusters(rows, ClusterPolicy(excess_percent=61)).clusters == ()
    # So is the surprise: two likenesses were tested, which asks for 301 thousandths more.
    enough = found.evidence[0].surprise_milli - 301
    assert registration_clusters(rows, ClusterPolicy(chance_milli=enough)).groups == 2
    assert registration_clusters(rows, ClusterPolicy(chance_milli=enough)).clusters == (found,)
    assert registration_clusters(rows, ClusterPolicy(chance_milli=enough + 1)).clusters == ()


def test_a_shape_tells_digits_small_and_capital_letters_and_keeps_the_rest():
    assert "azAZ09-\u00e9".translate(module._SHAPES) == "aaAA99-\u00e9"
    assert "a0b9c".translate(module._DIGITS) == "abc"


def test_an_empty_batch_and_a_single_window_have_no_clusters():
    for batch in ([], campaign()):
        report = registration_clusters(batch)
        assert (report.clusters, report.groups, report.size) == ((), 0, len(batch))
        assert report.to_bytes()


def test_instants_may_be_datetimes_and_missing_nets_and_mail_are_no_likeness():
    zone = dt.timezone(dt.timedelta(hours=8))
    rows = [*crowd(), *campaign()]
    other = [row._replace(at=dt.datetime.fromtimestamp(row.at, zone)) for row in rows]
    assert registration_clusters(other).to_bytes() == registration_clusters(rows).to_bytes()
    blind = [row._replace(net=None, name=row.name[::-1], mail_domain=None) for row in crowd()]
    assert registration_clusters(blind).clusters == ()


def test_early_instants_have_a_window_too():
    rows = [Registration(f"c{n}", -62_135_596_800 + n, "n", f"winxyz{n}", "a") for n in range(8)]
    report = registration_clusters([*crowd(), *rows])
    assert report.clusters[0].evidence[0].begins_at == -62_135_596_800
    assert report.to_bytes()


def test_the_facts_and_the_policy_are_named():
    report = registration_clusters([*crowd(), *campaign()])
    assert report.policy == ClusterPolicy().digest
    assert report.at == max(row.at for row in [*crowd(), *campaign()])
    assert ClusterPolicy.from_dict(ClusterPolicy().to_dict()) == ClusterPolicy()
    other = [*crowd(), *campaign()[:-1], campaign()[-1]._replace(net="n8")]
    assert registration_clusters(other).fingerprint != report.fingerprint
    swapped = [row._replace(name=row.net or "", net=row.name) for row in crowd()]
    assert registration_clusters(swapped).fingerprint != registration_clusters(crowd()).fingerprint
    assert report.to_dict()["needs_human"] is True


GOOD = ("a", T0, "n", "bob", "x")


@pytest.mark.parametrize(
    "bad",
    [
        [3], ["abcde"], 3, None, [GOOD[:4]], [(*GOOD, 1)], [(3, *GOOD[1:])], [("a", "now", "n", "b", "x")],
        [("a", True, "n", "b", "x")], [("a", 10**15, "n", "b", "x")], [("a", T0, 7, "b", "x")],
        [("a", T0, "", "b", "x")],
        [("a", T0, "n", None, "x")], [("a", T0, "n", "", "x")], [("a", T0, "n", "b", 3)], [GOOD, GOOD],
        [("a", T0, "n", "b\nc", "x")], [("a", T0, "n", "b\ud800", "x")], [{"id": "a"}], [("", *GOOD[1:])],
    ],
    ids=range(20),
)  # fmt: skip
def test_what_is_no_sign_up_is_refused_with_one_clear_error(bad):
    with pytest.raises(InputError):
        registration_clusters(bad)


def test_what_is_no_policy_is_refused():
    for wrong in (
        lambda: registration_clusters([], 3),
        lambda: ClusterPolicy(window_hours=0),
        lambda: ClusterPolicy(min_size=2),
        lambda: ClusterPolicy(stem_chars=True),
        lambda: ClusterPolicy(excess_percent=100),
        lambda: ClusterPolicy(total_milli=-1),
    ):
        with pytest.raises(InputError):
            wrong()
