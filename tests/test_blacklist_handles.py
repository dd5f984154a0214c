"""Changed handles: in what manner they are written, of which words, with parts swapped, and cut short."""

from __future__ import annotations

import random
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._blacklist.canonical import FORM_VERSION, KINDS
from platgov._blacklist.evidence import judge, replay
from platgov._blacklist.fuzzy import MOST_CUT, may_be_cut_from, sketch
from platgov._blacklist.keys import KeyRing
from platgov._blacklist.manners import manner_of
from platgov._blacklist.match import Band
from platgov._blacklist.nameforms import squashed, turned, words_of
from platgov._blacklist.rarity import UNIT, NameModel, Population, lg
from platgov._blacklist.signals import Signals
from platgov._blacklist.store import NewBan, TagStore
from platgov._blacklist.weights import Weights

NOW = 1_767_225_600
KEYS = KeyRing.single(b"a secret that only the host has!")
WEIGHTS = Weights.default()
FIRST = "amber copper cosmic frost golden hazel ivory misty noble quartz silver velvet".split()
LAST = "badger canyon dragon falcon hunter lantern meadow otter panther raven timber willow".split()


def names(count, seed=1):
    """Give two words in many pairs, some with a number, in a few manners."""
    rng = random.Random(seed)
    joints, digits = ["", "", "_", "."], ["", "", str(rng.randint(1, 99))]
    return [f"{rng.choice(FIRST)}{rng.choice(joints)}{rng.choice(LAST)}{rng.choice(digits)}" for _ in range(count)]


MODEL = NameModel.fit(names(4_000))
POPULATION = Population(total=1_000_000, names=MODEL)


def matched(banned, given, *, population=POPULATION, **more):
    with TagStore.open(":memory:", keys=KEYS, list_id="accounts") as store:
        store.add(NewBan(ban_id="b", signals=Signals(handle=banned, **more), starts_at=NOW))
        query = store.prepare(Signals(handle=given, **more))
        candidates = store.candidates(query, at=NOW)
        return judge(query, candidates, weights=WEIGHTS, population=population, at=NOW), candidates


def ways(banned, given):
    _, candidates = matched(banned, given)
    return {
        way.detail
        for one in candidates.found
        for row in one.agreements
        if row.signal == "handle"
        for way in (row, *row.also)
    }


# -- manners ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["ivan", "иван", "ωμεγα", "张伟", "さくら", "สมชาย", "हिन्दी", "שלום", "may\u0301", "می\u200cخواهم", "कानू"],
    ids=ascii,
)
def test_a_name_in_letters_of_any_one_script_has_the_same_manner(name):
    assert manner_of(name) == "a"
    assert manner_of(f"{name}_1990") == "a_0"


@pytest.mark.parametrize(
    ("name", "manner"),
    [
        ("Anna_1990", "Aa_0"),
        ("4nn4", "0a0"),
        ("a\u200bnna", "aHa"),
        ("a_\u200dnna", "a_Ha"),
        ("аnna", "aX"),
        ("ａｎｎａ", "C"),
        ("a\u20ddn\u20ddna", "aMaMa"),
        ("🔥anna", "Sa"),
        ("❤\ufe0fanna", "Sa"),
        ("anna·b", "aPa"),
        ("anna\u3000b", "a a"),
        ("علي١٢", "a0"),
        ("anna①", "aC"),
        ("二\u3007", "aN"),
        ("АННА", "A"),
        ("soooo", "aR"),
        ("2000", "0"),
    ],
    ids=lambda value: ascii(value),
)
def test_a_manner_is_the_kinds_of_characters_that_follow_each_other(name, manner):
    assert manner_of(name) == manner


def test_a_manner_that_many_use_adds_nothing_and_none_adds_more_than_six_bits():
    assert MODEL.manner(manner_of("ambertimber")) == MODEL.manner(manner_of("amber.timber")) == 0
    assert MODEL.manner(manner_of("4mb\u200b3r")) == 6 * UNIT
    by_count = sorted((count, MODEL.manner(manner)) for manner, count in MODEL.manners)
    assert [bits for _, bits in by_count] == sorted((bits for _, bits in by_count), reverse=True)


def test_equally_common_manners_add_equally_and_a_rarer_one_more():
    model = NameModel(counts=MODEL.counts, names=1_000, manners=(("a", 900), ("a.a", 40), ("a_a", 40), ("a0", 10)))
    assert model.manner("a") == 0
    assert 0 < model.manner("a.a") == model.manner("a_a") < model.manner("a0") == model.manner("a0") < 6 * UNIT
    assert model.manner("a0") < model.manner("aXX")


def test_a_model_that_learned_no_manners_adds_nothing_for_one():
    assert NameModel(counts=MODEL.counts, names=MODEL.names).manner("aHa") == 0


def test_a_disguise_that_hardly_anybody_uses_adds_to_a_name_that_reads_as_a_banned_one():
    plain, _ = matched("noblemeadow", "noblemeadow")
    odd, _ = matched("noblemeadow", "nob\u200ble\u200bmeadow")
    assert odd.score_bits == plain.score_bits + 6
    assert odd.evidence[0].rarity == plain.evidence[0].rarity + 6 * UNIT
    assert replay(odd.to_bytes(), WEIGHTS).to_bytes() == odd.to_bytes()
    assert matched("noblemeadow", "nob\u200ble\u200bmeadow", population=None)[0].score_bits > 0
    assert matched("noblemeadow", "e\u200bntirelyother")[0].score_bits == 0


def test_a_disguised_name_alone_is_never_a_match():
    found, _ = matched("zqxjkvwpyfbhd", "zq\u200bxjkv\u200bwpyfbhd", display_name="zqxjkvwp\u200byfbhd")
    assert found.score_bits > WEIGHTS.match / UNIT
    assert found.band is Band.REVIEW


# -- words -----------------------------------------------------------------------------------


def test_a_name_falls_into_words_at_signs_capitals_and_digits():
    assert list(words_of("GoldenOtter_77.x")) == [squashed(word, {}) for word in ("golden", "otter", "77", "x")]


def test_common_words_side_by_side_are_no_rare_name_even_where_nobody_has_that_pair():
    seen = [name for name in names(4_000) if not ("frost" in name and "willow" in name)]
    model = NameModel.fit(seen)
    letters = NameModel(counts=model.counts, names=model.names)
    new, known = squashed("frostwillow", {}), squashed("frosttimber", {})
    assert letters.surprisal(new) > letters.surprisal(known) + 3 * UNIT
    assert model.surprisal(new) < letters.surprisal(new) - UNIT
    for name in seen[:200]:
        assert model.surprisal(squashed(name, {})) <= letters.surprisal(squashed(name, {}))
    # A part begins inside a word and ends inside one, neither of which is any wonder.
    part = squashed("rostwill", {})
    assert part in new
    assert model.surprisal(part, whole=False) < letters.surprisal(part, whole=False) - UNIT


def test_a_model_holds_neither_words_nor_manners_of_few():
    model = NameModel.fit([*names(4_000), "zyxwvutsrq_zyx", "!+zyx+!"])
    assert not any(len(run) > 3 and run in "zyxwvutsrq" for run, _ in model.words)
    assert all(count >= 5 for _, count in model.manners)
    assert NameModel.fit(reversed([*names(4_000), "zyxwvutsrq_zyx", "!+zyx+!"])).digest == model.digest
    assert NameModel(counts=model.counts, names=model.names, words=model.words).digest != model.digest


# -- parts swapped, and names cut short --------------------------------------------------------


@given(st.text("abcdef", min_size=1, max_size=12), st.integers(0, 12))
def test_a_name_turned_anywhere_has_one_form(text, place):
    letters = squashed(text, {})
    place %= len(letters)
    other = squashed(letters[place:] + letters[:place], {})
    assert turned(other) == turned(letters)
    assert turned(turned(letters)) == turned(letters)


@pytest.mark.parametrize(
    ("banned", "given"),
    [("pearlfern", "fernpearl"), ("zakrivov77", "vov77zakri"), ("zakrivov77", "vov_zakri"), ("abc.zak", "c_zakab")],
)
def test_a_name_with_its_parts_swapped_is_found(banned, given):
    assert "turned" in ways(banned, given)


def test_a_turned_name_says_less_than_the_name_itself():
    same, _ = matched("zakrivovmel", "zakrivovmel")
    swapped, _ = matched("zakrivovmel", "vovmelzakri")
    assert 0 < swapped.score_bits < same.score_bits
    assert not ways("zak", "kza")  # too short to mean anything
    # Without a model a letter is 2.5 bits; chance had eleven places at which to begin.
    plain, _ = matched("zakrivovmel", "vovmelzakri", population=None)
    assert plain.evidence[0].detail == "turned"
    assert plain.evidence[0].rarity == 11 * 2_560 - lg(11)


def bit_of(piece):
    return blake2b(piece.encode(), digest_size=1).digest()[0] & 63


@given(st.text("abcdefghij", min_size=5, max_size=25), st.integers(1, MOST_CUT), st.booleans())
def test_a_name_cut_short_at_either_end_is_always_seen(text, missing, at_the_start):
    missing = min(missing, len(text) - 4) or 1
    cut = text[missing:] if at_the_start else text[:-missing]
    assert may_be_cut_from(sketch(cut, bit_of), sketch(text, bit_of))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("abcdefgh", "abcdefgh"),
        ("abcdefghi", "abcdefgh"),
        ("abcdefgh", "abcdefghijklmn"),  # one more than may be missing
        ("abcdefgx", "abcdefghij"),
        ("hgfedcba", "abcdefghij"),  # its letters, and not its pairs
        ("ababababa", "ababcbcbcbc"),  # its pairs, and more of its letters
        ("aabbab", "abababababa"),  # pairs that it does not have
        ("ababab", "acbabdabea"),  # more pairs are missing than were at the end
    ],
)
def test_what_is_not_cut_from_a_name_is_not_taken_for_it(one, other):
    assert not may_be_cut_from(sketch(one, bit_of), sketch(other, bit_of))


def test_a_name_cut_short_is_found_by_the_end_that_is_left():
    assert "cut" in ways("zakrivovmelkun", "zakrivovme")
    assert "cut" in ways("zakrivovmelkun", "rivovmelkun")
    cut, _ = matched("zakrivovmelkun", "zakrivovme")
    assert 0 < cut.score_bits < matched("zakrivovmelkun", "zakrivovmelkun")[0].score_bits


def test_a_name_is_only_taken_for_one_cut_short_if_the_end_is_where_it_was():
    # Sketches are short, so some that begin otherwise look as if they were cut; found by trying.
    rng, tried = random.Random(3), 0
    with TagStore.open(":memory:", keys=KEYS, list_id="accounts") as store:

        def sketched(name):
            ((_, found),) = store.prepare(Signals(handle=name)).sketches[1]
            return found

        while tried < 5:
            banned = "".join(rng.sample("abcdefghjkmpqrtuwxyz", 18))
            given = banned[-1] + banned[:13]
            if may_be_cut_from(sketched(given), sketched(banned)):
                tried += 1
                assert "cut" not in ways(banned, given)


def test_tags_of_another_set_of_kinds_never_meet_these():
    assert (FORM_VERSION, KINDS[-1]) == (2, ("display_name", "turned"))
