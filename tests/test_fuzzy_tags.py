"""Names within one or two edits are found, every one of them, by equal pieces alone."""

import itertools
import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blacklist_strategies import LETTERS, edited, ids, opened, osa, words
from platgov._blacklist import schema
from platgov._blacklist.blocks import MOST_NUMBERS, Pieces, entry
from platgov._blacklist.fuzzy import (
    SHORTEST,
    allowed,
    may_be_near,
    pieces_of_entry,
    pieces_of_query,
    similarity,
    sketch,
    within_one,
)
from platgov._blacklist.signals import Signals
from platgov._blacklist.store import NewBan

SMALL = st.text("abc", max_size=16)


def bit_of(piece):
    return zlib.crc32(piece.encode()) % 64


def met(filed, query):
    return not pieces_of_entry(filed).isdisjoint(pieces_of_query(query))


def near(one, other):
    edits = allowed(len(one), len(other))
    return edits > 0 and osa(one, other) <= edits


@settings(max_examples=400)
@given(SMALL, st.integers(0, 3), st.randoms())
def test_every_string_within_the_allowed_edits_is_met_and_passes_the_sketch(text, edits, rng):
    other = edited(text, edits, rng)
    if near(text, other):
        assert met(text, other)
        assert may_be_near(sketch(text, bit_of), sketch(other, bit_of))


@settings(max_examples=200)
@given(SMALL, SMALL)
def test_two_strings_of_any_kind_that_are_near_are_met(one, other):
    if near(one, other):
        assert met(one, other) and met(other, one)
        assert may_be_near(sketch(one, bit_of), sketch(other, bit_of))


def test_every_string_of_two_letters_up_to_nine_that_is_near_is_met():
    rng = random.Random(5)
    held = {"".join(rng.choice("ab") for _ in range(n)) for n in range(3, 11) for _ in range(14)}
    pairs = [(one, other) for one in held for other in held if near(one, other)]
    assert len(pairs) > 400
    assert all(met(one, other) for one, other in pairs)


def once(text):
    """Give every way to edit a text once, with one letter that it does not have."""
    for place in range(len(text) + 1):
        yield text[:place] + "z" + text[place:]
        yield text[:place] + text[place + 1 :]
        yield text[:place] + "z" + text[place + 1 :]
        yield text[:place] + text[place : place + 2][::-1] + text[place + 2 :]


@pytest.mark.parametrize("text", ["abcd", "abcdefg", "abcdefgh", "abcdefghi", "abcdefghijkl"])
def test_every_way_to_edit_once_or_twice_is_met(text):
    filed, drawn = pieces_of_entry(text), sketch(text, bit_of)
    for other in {twice for one in once(text) for twice in (one, *once(one))}:
        if near(text, other):
            assert not filed.isdisjoint(pieces_of_query(other)), other
            assert may_be_near(drawn, sketch(other, bit_of)), other


@given(words, words)
def test_sketches_are_symmetric_and_bounded(one, other):
    first, second = sketch(one, bit_of), sketch(other, bit_of)
    assert may_be_near(first, second) == may_be_near(second, first)
    assert within_one(first, second) == within_one(second, first)
    assert within_one(first, first)
    assert 0 <= similarity(first, second) <= 1_000
    assert similarity(first, first) == 1_000
    assert first < 2**136


@given(words, st.randoms(use_true_random=False))
def test_one_edit_is_never_taken_for_more(text, rng):
    other = edited(text, 1, rng)
    if other and osa(text, other) <= 1:
        assert within_one(sketch(text, bit_of), sketch(other, bit_of))


def test_of_what_is_contained_all_pairs_are_shared_and_of_strangers_few():
    whole, part, stranger = (sketch(text, bit_of) for text in ("granitewombat", "granitewom", "sqxyzkjvhu"))
    # The end of the part is the one pair that the whole does not have.
    assert similarity(part, whole) > 850 > similarity(whole, part) > 500
    assert similarity(stranger, whole) < 300
    full = (1 << 136) - 1
    assert similarity(part, full) == 0 == similarity(0, whole)  # nothing can be told


def test_allowed_edits_grow_with_the_shorter_length():
    assert [allowed(n, 20) for n in range(10)] == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]
    assert pieces_of_entry("abc") == set() == pieces_of_query("abc")
    assert SHORTEST == 4


def test_a_name_has_few_pieces():
    assert len(pieces_of_entry("abcdefghijklm")) == 15
    assert len(pieces_of_query("abcdefghijklm")) < 110


def test_far_strings_do_not_pass_the_sketch():
    rng = random.Random(3)
    held = ["".join(rng.choice("abcdefghijklmnop") for _ in range(12)) for _ in range(200)]
    # One half in common, the other not: such are met, and told apart by the sketch.
    passed = sum(may_be_near(sketch(a, bit_of), sketch(a[:6] + b[6:], bit_of)) for a, b in itertools.pairwise(held))
    assert passed <= 20
    assert not may_be_near(sketch("spamking", bit_of), sketch("dragonfly", bit_of))


# -- through the store -----------------------------------------------------------------------


@settings(max_examples=30)
@given(st.lists(st.text(LETTERS, min_size=4, max_size=13), min_size=1, max_size=12, unique=True), st.data())
def test_a_list_finds_every_near_name_whatever_the_order_of_adding_and_merging(held, data):
    query = edited(data.draw(st.sampled_from(held)), data.draw(st.integers(0, 2)), data.draw(st.randoms()))
    order = data.draw(st.permutations(held))
    merge_after = data.draw(st.integers(0, len(held)))
    with opened() as store:
        forms = {name: store.tagger.canon.forms(Signals(handle=name)) for name in {*held, query or "aaaa"}}
        read = {name: next((f.value for f in found if f.kind == "squashed"), "") for name, found in forms.items()}
        query = query or "aaaa"
        for place, name in enumerate(order):
            if place == merge_after:
                store.compact()
            store.add(NewBan(ban_id=name, signals=Signals(handle=name), starts_at=0))
        found = store.candidates(Signals(handle=query), at=1)
        assert {name for name in held if near(read[name], read[query])} <= set(ids(found))
        before = found.found
        store.compact()
        after = store.candidates(Signals(handle=query), at=1)
        assert after.found == before
        assert not after.truncated
        # And the other order gives the same rows.
        with opened() as other:
            other.add_many([NewBan(ban_id=name, signals=Signals(handle=name), starts_at=0) for name in held])
            assert [(c.record.ban_id, c.agreements) for c in other.candidates(Signals(handle=query), at=1).found] == [
                (c.record.ban_id, c.agreements) for c in before
            ]


def test_many_pieces_are_kept_in_many_blocks_and_found_as_in_a_set():
    rng = random.Random(11)
    with opened() as store:
        pieces = Pieces()
        oracle = {(rng.randrange(2**36), rng.randrange(1, 500)) for _ in range(20_000)}
        oracle |= {(7, number) for number in range(1, 500)}  # more than a block has, and over its edge
        oracle |= {(number, 3) for number in range(200)}
        oracle |= {(2**35, number) for number in range(1, 51)}
        with store._store.write() as session:
            for number in range(1, 500):
                row = (number, 1, f"b{number}", 0, None, None, None, None, b"", b"", b"", b"", b"")
                session.run(schema.INSERT, row)
            assert pieces.merge(session, [entry(*item) for item in sorted(oracle)]) == len(oracle)
        with store._store.read() as session:
            for piece in (7, *rng.sample(sorted(p for p, _ in oracle), 200), 5, 2**36 - 1):
                assert pieces.find(session, [piece], 10_000) == ({n for p, n in oracle if p == piece}, False)
            # The newest, and a word that there were more.
            assert pieces.find(session, [7], 10) == (set(range(490, 500)), True)
            assert pieces.find(session, [2**35], 10) == (set(range(41, 51)), True)
        more = {(rng.randrange(2**36), rng.randrange(1, 500)) for _ in range(50)}
        with store._store.write() as session:
            session.many(schema.ADD_PIECE, sorted(more))
            session.run(schema.DELETE, (499,))
            left = {(p, n) for p, n in oracle | more if n < 499}
            assert pieces.merge(session) == len(left)
        with store._store.read() as session:
            assert pieces.find(session, [7], 10_000)[0] == set(range(1, 499))
            for piece in {p for p, _ in more}:
                assert pieces.find(session, [piece], 10_000) == ({n for p, n in left if p == piece}, False)
            assert pieces.find(session, [], 9) == (set(), False)
    assert MOST_NUMBERS == 2**28


def test_a_flood_of_near_names_is_bounded_and_says_so():
    with opened(most=2) as store:
        store.add_many(
            [
                NewBan(ban_id=f"b{n:03}", signals=Signals(handle="spamking" + "abcdefgh"[n % 8]), starts_at=0)
                for n in range(400)
            ]
        )
        for _ in range(2):
            found = store.candidates(Signals(handle="spamkingz"), at=1)
            assert found.truncated
            assert len(found.found) <= 2 * 8 * 16 + 32  # by pieces, and those contained
            assert "b399" in ids(found)
            store.compact()


def begun(numbers):
    """Give bans of names that begin alike and end in their own way."""
    return [
        NewBan(
            ban_id=f"b{n:03}",
            signals=Signals(handle=f"wombat{LETTERS[n // 64]}q{LETTERS[n // 8 % 8]}q{LETTERS[n % 8]}", ip=SHARED),
            starts_at=0,
        )
        for n in numbers
    ]


SHARED = "203.0.113.7"
AROUND = "xyxyxyxywombatzyzyzyzy"


@pytest.mark.parametrize(
    ("bans", "looked_at", "truncated"), [(1, 1, False), (32, 32, False), (33, 32, True), (64, 32, True), (65, 0, True)]
)
def test_bans_that_share_a_part_of_a_name_are_bounded_and_it_says_so(bans, looked_at, truncated):
    with opened() as store:
        store.add_many(begun(range(bans)))
        found = store.candidates(Signals(handle=AROUND), at=1)
        assert ids(found) == [f"b{n:03}" for n in range(bans)][bans - looked_at :]
        assert found.truncated is truncated


@pytest.mark.parametrize(("bans", "truncated"), [(64, False), (65, True)])
def test_bans_that_were_found_otherwise_are_not_missing(bans, truncated):
    with opened() as store:
        store.add_many(begun(range(bans)))
        found = store.candidates(Signals(handle=AROUND, ip=SHARED), at=1)
        assert len(ids(found)) == bans
        # Of a part that more than 64 share it is not known which they are.
        assert found.truncated is truncated
