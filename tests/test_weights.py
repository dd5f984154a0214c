"""Weights and rarity: whole numbers throughout, learned from pairs, refused where there is too little to learn from."""

import random

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blacklist_strategies import numbered
from platgov._blacklist.canonical import Form
from platgov._blacklist.fitting import observed
from platgov._blacklist.nameforms import squashed
from platgov._blacklist.rarity import UNIT, NameModel, Population, lg, plain_surprisal, share_ppb
from platgov._blacklist.signals import SIGNALS, Signals
from platgov._blacklist.weights import LEVELS, ORDERS, Level, Weights
from platgov.errors import InputError

WEIGHTS = Weights.default()


# -- logarithms in whole numbers ---------------------------------------------------------------


@given(st.integers(1, 10**15))
def test_the_logarithm_is_exact(value):
    # 2**(units/1024) <= value < 2**((units+1)/1024), both raised to the power of 1024.
    assert lg(value) == (value**1024).bit_length() - 1


@given(st.integers(1, 10**18), st.integers(0, 10**18))
def test_the_logarithm_never_falls(value, more):
    assert lg(value) <= lg(value + more)
    assert lg(2 * value) == lg(value) + UNIT


@pytest.mark.parametrize(("units", "ppb"), [(0, 10**9), (UNIT, 500_000_000), (10 * UNIT, 976_563), (40 * UNIT, 0)])
def test_shares_for_people(units, ppb):
    assert share_ppb(units) == ppb


# -- names -------------------------------------------------------------------------------------


def handles(count, seed=1):
    rng = random.Random(seed)
    words = ["dragon", "silver", "wolf", "queen", "night", "star"]
    syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
    return [
        rng.choice(words) + rng.choice(words) if rng.random() < 0.5 else "".join(rng.choices(syllables, k=4))
        for _ in range(count)
    ]


MODEL = NameModel.fit(handles(1_000))


@pytest.fixture(scope="module")
def model():
    return NameModel.fit(handles(5_000))


def test_common_names_are_less_surprising_than_made_up_ones(model):
    assert model.surprisal(squashed("silverwolf", {})) < 12 * UNIT < 20 * UNIT < model.surprisal("bezoknu")
    assert model.surprisal("sllver", whole=False) < model.surprisal("zquxvj", whole=False)


def test_a_model_is_about_right_on_how_often_a_name_occurs(model):
    # Half of the names are two of six words: each is one in 72.
    found = [model.surprisal(squashed(name, {})) / UNIT for name in ("dragonqueen", "nightstar", "wolfsilver")]
    assert all(5 < bits < 8.5 for bits in found), found


def test_a_model_does_not_depend_on_the_order_of_names_and_holds_none(model):
    again = NameModel.fit(reversed(handles(5_000)))
    assert (again.counts, again.digest) == (model.counts, model.digest)
    assert NameModel.fit(handles(5_000, seed=2)).digest != model.digest
    unique = NameModel.fit([*handles(2_000), "zyxwvutsrq"])
    assert not any(len(run) > 3 and run in "zyxwvutsrq" for run, _ in unique.counts)
    assert "zyx" not in repr(unique)


@given(st.text("abcdefz", max_size=12), st.text("abcdefz", max_size=5))
def test_more_letters_are_never_less_surprising(one, more):
    for surprisal in (plain_surprisal, lambda text: MODEL.surprisal(text, whole=False)):
        assert 0 <= surprisal(one) <= surprisal(one + more)


def test_ideographs_say_more_than_letters_where_nothing_was_learned():
    assert plain_surprisal("张伟") == 4 * plain_surprisal("a") == 10 * UNIT


@pytest.mark.parametrize("names", [[], ["a"] * 999, ["---"] * 5_000], ids=["none", "few", "blank"])
def test_too_few_names_are_refused(names):
    with pytest.raises(InputError):
        NameModel.fit(names)


def test_how_many_hold_a_value():
    form = Form(signal="device", kind="id", value="x")
    for held, expected in ((None, None), (0, None), (1, None), (2, lg(1_000)), (501, lg(1_000) - lg(500)), (9_999, 0)):
        assert Population(total=1_000, holders=lambda _, held=held: held).rarity(form) == expected
    assert Population(total=1_000).rarity(form) is None
    for bad in (0, -1, True, 1.5, "many"):
        with pytest.raises(InputError):
            Population(total=bad)
    with pytest.raises(InputError):
        Population(total=10, holders=lambda _: "two").rarity(form)


# -- weights -----------------------------------------------------------------------------------


def test_the_defaults_are_what_they_were():
    assert WEIGHTS.digest == Weights.default().digest
    assert Weights.from_dict(WEIGHTS.to_dict()) == WEIGHTS
    assert [level.name for level in WEIGHTS.levels] == list(LEVELS)
    for more, less in ORDERS:
        one, other = WEIGHTS.level(more), WEIGHTS.level(less)
        assert one.worth(one.rarity) >= other.worth(other.rarity)


@given(st.sampled_from(LEVELS), st.integers(0, 100 * UNIT), st.integers(0, UNIT))
def test_a_rarer_value_never_says_less_and_nothing_that_agrees_speaks_against(name, rarity, more):
    level = WEIGHTS.level(name)
    assert 0 <= level.worth(rarity) <= level.worth(rarity + more)


@pytest.mark.parametrize(
    "change",
    [
        {"levels": ()},
        {"levels": WEIGHTS.levels[1:]},
        {"levels": (*WEIGHTS.levels, WEIGHTS.levels[0])},
        {"levels": [*WEIGHTS.levels[1:], "email"]},
        {"levels": (attrs.evolve(WEIGHTS.level("email.address"), units=0), *WEIGHTS.levels[1:])},
        {"differs": {"handle": 0}},
        {"differs": dict.fromkeys(SIGNALS, 1)},
        {"differs": 7},
        {"half_lives": dict.fromkeys(SIGNALS, -1)},
        {"half_lives": dict.fromkeys(SIGNALS, 1.5)},
        {"review": 31 * UNIT},
        {"match": 0},
        {"place_permille": 1_001},
        {"support": 0},
    ],
    ids=numbered,
)
def test_weights_that_make_no_sense_are_refused(change):
    with pytest.raises(InputError):
        attrs.evolve(WEIGHTS, **change)


@pytest.mark.parametrize(
    "data", [{}, {"schema": 2}, 7, {"schema": 1, "levels": 3}, {"schema": 1, "levels": [{"x": 1}]}]
)
def test_what_are_no_weights_are_refused(data):
    with pytest.raises(InputError):
        Weights.from_dict(data)


def test_levels_are_named():
    with pytest.raises((InputError, ValueError)):
        Level(name="shoe.size", units=1, rarity=1)


# -- learning ----------------------------------------------------------------------------------


def pairs(count, *, seed=1, mail=0.7, device=0.5, net=0.6):
    """Pairs as a look-up brings them up: half of one person, half of a family or of one café."""
    rng = random.Random(seed)
    made, labels = [], []
    for number in range(count):
        same = rng.random() < 0.5
        banned = Signals(
            handle=f"granite{number}wombat", email=f"mail{number}@example.org", devices=[f"d{number}"], ip="203.0.113.7"
        )
        chances = (mail, device, net) if same else (0.02, 0.3, 0.6)
        newcomer = Signals(
            handle=f"granite_{number}_wombat" if rng.random() < (0.5 if same else 0.02) else f"other{number * 7}name",
            email=f"mail{number}@example.org" if rng.random() < chances[0] else f"new{number}@example.com",
            devices=[f"d{number}" if rng.random() < chances[1] else f"e{number}"],
            ip="203.0.113.7" if rng.random() < chances[2] else "198.51.100.9",
        )
        made.append((banned, newcomer))
        labels.append(same)
    return made, labels


def test_labels_teach_what_counts():
    made, labels = pairs(700)
    learned = Weights.fit(made, labels)
    scale = {name: learned.level(name).permille for name in ("email.address", "device.id", "ip.address")}
    assert scale["email.address"] > scale["ip.address"]
    assert scale["device.id"] > scale["ip.address"]
    assert learned == Weights.fit(made, labels)
    fresh, truth = pairs(400, seed=2)
    scores = [scored.score_units for scored in observed(fresh, weights=learned)]
    above = [label for score, label in zip(scores, truth, strict=True) if score >= learned.match]
    assert len(above) >= 40
    assert sum(above) >= 0.95 * len(above)
    for more, less in ORDERS:
        one, other = learned.level(more), learned.level(less)
        assert one.worth(one.rarity) >= other.worth(other.rarity)


def test_without_labels_how_often_people_keep_things_is_learned():
    often, _ = pairs(700, mail=0.9, device=0.8)
    seldom, _ = pairs(700, mail=0.3, device=0.8)
    more, less = Weights.fit(often), Weights.fit(seldom)
    assert more.level("email.address").units > less.level("email.address").units
    assert more.level("phone.number") == WEIGHTS.level("phone.number")  # never seen, so left alone
    assert (more.review, more.match) == (WEIGHTS.review, WEIGHTS.match)
    assert more == Weights.fit(often)


def test_too_little_to_learn_from_is_refused():
    made, labels = pairs(120)
    for refused in (
        lambda: Weights.fit(made),
        lambda: Weights.fit(made[:40], labels[:40]),
        lambda: Weights.fit(made, labels[1:]),
        lambda: Weights.fit(made, [True] * 120),
        lambda: Weights.fit(made, [1] * 120),
        lambda: Weights.fit([("a", "b")] * 600),
        lambda: Weights.fit([3] * 600),
        lambda: Weights.fit(made, labels, base="default"),
        lambda: Weights.fit([(Signals(email="a.b@x.org"), Signals(email="a.b@x.org"))] * 600),
    ):
        with pytest.raises(InputError):
            refused()


def test_labels_that_have_nothing_to_do_with_it_are_refused():
    made, labels = pairs(400)
    with pytest.raises(InputError):
        Weights.fit(made, [not label for label in labels])


# -- bands -------------------------------------------------------------------------------------


def scores(count, seed=1):
    rng = random.Random(seed)
    labels = [rng.random() < 0.5 for _ in range(count)]
    return [round(rng.gauss(32 if label else 10, 5) * UNIT) / UNIT for label in labels], labels


@settings(max_examples=10)
@given(st.integers(1, 50))
def test_bands_reach_their_target_on_other_pairs(seed):
    learned = WEIGHTS.calibrated(*scores(1_500, seed), precision_permille=990, review_permille=500)
    found, labels = scores(1_500, seed + 1_000)
    above = [label for score, label in zip(found, labels, strict=True) if score * UNIT >= learned.match]
    assert sum(above) >= 0.98 * len(above)
    assert learned.review <= learned.match
    assert learned.levels == WEIGHTS.levels


def test_more_innocents_than_in_the_sample_raise_the_line():
    found, labels = scores(4_000)
    few = WEIGHTS.calibrated(found, labels, precision_permille=900)
    many = WEIGHTS.calibrated(found, labels, precision_permille=900, innocents_per_pair=20)
    assert many.review > few.review
    assert many.match >= few.match


def test_bands_are_not_set_from_too_little():
    found, labels = scores(400)
    for refused in (
        lambda: WEIGHTS.calibrated(found[:60], labels[:60]),
        lambda: WEIGHTS.calibrated(found, labels[1:]),
        lambda: WEIGHTS.calibrated(found, [not label for label in labels], precision_permille=999),
        lambda: WEIGHTS.calibrated([0.3] * 400, labels),
        lambda: WEIGHTS.calibrated(["1"] * 400, labels),
        lambda: WEIGHTS.calibrated([float("nan")] * 400, labels),
        lambda: WEIGHTS.calibrated(found, labels, precision_permille=0),
        # 150 of one person, all of them right, do not assure 999 in 1000.
        lambda: WEIGHTS.calibrated(found[:300], labels[:300], precision_permille=999),
    ):
        with pytest.raises(InputError):
            refused()
