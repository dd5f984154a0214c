"""Avatars within 31 bits are found, all of them, and no other."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from blacklist_strategies import ids, opened, row
from platgov._blacklist.pdq import chunks, near_chunks, number_of
from platgov._blacklist.signals import Signals
from platgov._blacklist.store import NewBan

MOST = 31  # as the authors of PDQ recommend
numbers = st.integers(1, 2**256 - 2)


def text(number):
    return f"{number:064x}"


@given(numbers, st.sets(st.integers(0, 255), max_size=MOST))
def test_hashes_within_the_distance_share_a_chunk_with_one_bit_turned_at_most(number, turned):
    other = number
    for bit in turned:
        other ^= 1 << bit
    assert set(chunks(number)) & set(near_chunks(other))


@given(numbers)
def test_chunks_are_the_hash(number):
    assert sum(chunk << place for place, chunk in chunks(number)) == number == number_of(text(number))
    near = list(near_chunks(number))
    assert len(near) == len(set(near)) == 272


@settings(max_examples=15)
@given(st.randoms(use_true_random=False), st.booleans())
def test_a_list_finds_what_a_scan_finds(rng, merged):
    held = [(rng.getrandbits(256) | 1 << 80) & ~(1 << 90) for _ in range(12)]  # one of all zeroes says nothing
    query = held[0]
    # Spread as evenly as it gets, which is the hardest to find.
    for place, distance in enumerate((31, 30, 32, 33, 16, 17)):
        turned = query
        bits = (
            [16 * (n % 16) + n // 16 for n in range(distance)]
            if rng.random() < 0.5
            else rng.sample(range(256), distance)
        )
        for bit in bits:
            turned ^= 1 << bit
        held[place + 1] = turned
    with opened() as store:
        store.add_many(
            [NewBan(ban_id=f"{n:02}", signals=Signals(avatar_pdq=text(h)), starts_at=0) for n, h in enumerate(held)]
        )
        if merged:
            store.compact()
        found = store.candidates(Signals(avatar_pdq=text(query)), at=1)
        expected = {n: (h ^ query).bit_count() for n, h in enumerate(held) if (h ^ query).bit_count() <= MOST}
        assert ids(found) == [f"{n:02}" for n in sorted(expected)]
        for place, n in enumerate(sorted(expected)):
            agreement = row(found, "avatar", place)
            assert agreement.detail == f"distance:{expected[n]}"
            assert agreement.level == ("close" if expected[n] else "exact")
            assert agreement.permille == 1_000 - expected[n] * 1_000 // 256


def test_an_avatar_that_differs_is_no_reason_and_is_told():
    rng = random.Random(1)
    one, other = rng.getrandbits(256), rng.getrandbits(256)
    with opened() as store:
        store.add(NewBan(ban_id="b", signals=Signals(avatar_pdq=text(one), devices=["dev-1"]), starts_at=0))
        assert ids(store.candidates(Signals(avatar_pdq=text(other)), at=1)) == []
        found = store.candidates(Signals(avatar_pdq=text(other), devices=["dev-1"]), at=1)
        assert row(found, "avatar").level == "differs"
