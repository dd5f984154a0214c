"""Who tries out how far they get is slowed down, and learns nothing from it."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blacklist_life import DAY, STRONG, T0, banned, opened
from blacklist_strategies import KEYS, OTHER, SECRET
from platgov.blacklist import Friction, KeyRing, ProbeGuard, ProbePolicy, Signals, Tally
from platgov.errors import InputError
from stores_support import place_of

POLICY = ProbePolicy(window_s=1_200, steps=(3, 6))  # buckets of 100 seconds
START = 1_200_000


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def bans(request, tmp_path):
    with place_of(request.param, tmp_path) as place, opened(place.target, schema=place.schema) as made:
        banned(made, starts_at=0)
        yield made


def probe(number, **given):
    return Signals(**{"handle": f"velvet_otter_7{number}", "devices": ["attacker-1"], "ip": "198.51.7.9", **given})


def test_near_misses_of_a_device_or_net_raise_friction_and_wear_off(bans):
    guard = ProbeGuard(bans, POLICY)
    levels = []
    for number in range(7):
        one = probe(number)
        levels.append(guard.saw(one, bans.match(one, at=START + number), at=START + number).level)
    assert levels == [0, 0, 1, 1, 1, 2, 2]
    # The same device from elsewhere, and another device from the same net.
    assert guard.friction(Signals(devices=["attacker-1"]), at=START + 9) == Friction(
        level=2, misses=7, until=START + 1_200
    )
    assert guard.friction(Signals(ip="198.51.7.200"), at=START + 9).level == 2
    assert guard.friction(Signals(devices=["attacker-2"], ip="198.51.8.1"), at=START + 9) == Friction(level=0, misses=0)
    assert guard.friction(Signals(handle="velvet_otter_7"), at=START + 9).level == 0
    assert guard.friction(probe(0), at=START + 1_199).level == 2
    assert guard.friction(probe(0), at=START + 1_200).level == 0
    assert guard.forget(at=START + 9) == 0
    assert guard.forget(at=START + 1_200) == 2


def test_sign_ups_that_come_near_nothing_are_not_counted(bans):
    guard = ProbeGuard(bans, POLICY)
    for number in range(10):
        one = Signals(handle=f"harmless {number} person", devices=["attacker-1"])
        assert guard.saw(one, bans.match(one, at=START), at=START) == Friction(level=0, misses=0)


def test_answers_are_byte_for_byte_the_same_with_and_without_a_guard(bans):
    asked = [probe(number) for number in range(8)] + [Signals(**STRONG), Signals(handle="harmless")]
    before = [bans.match(one, at=START).to_bytes() for one in asked]
    guard = ProbeGuard(bans, POLICY)
    for one in asked * 3:
        guard.saw(one, bans.match(one, at=START), at=START)
    assert guard.friction(probe(0), at=START).level == 2
    assert [bans.match(one, at=START).to_bytes() for one in asked] == before


def test_what_many_share_is_not_counted_against_anybody(bans):
    guard = ProbeGuard(bans, POLICY)
    for number in range(8):
        one = Signals(handle=f"velvet_otter_7{number}", devices=["unknown"], ip="10.0.0.1")
        assert guard.saw(one, bans.match(one, at=START), at=START).level == 0
    with bans._life.store.read() as session:
        assert session.rows("SELECT * FROM platgov_ban_probes") == []


def test_memory_is_bounded_and_who_tries_most_is_kept(bans):
    guard = ProbeGuard(bans, ProbePolicy(window_s=1_200, steps=(3,), most_rows=40))
    for number in range(120):
        one = probe(number, devices=[f"throwaway-{number}"] if number % 3 else ["attacker-1"], ip=None)
        guard.saw(one, bans.match(one, at=START + number // 3), at=START + number // 3)
        with bans._life.store.read() as session:
            assert session.row("SELECT count(*) FROM platgov_ban_probes")[0] <= 41
    assert guard.friction(Signals(devices=["attacker-1"]), at=START + 40).misses == 40


def test_counts_go_on_through_a_rotation_of_the_key(tmp_path):
    path = tmp_path / "bans.db"
    with opened(path) as old:
        banned(old, starts_at=0)
        guard = ProbeGuard(old, POLICY)
        for number in range(2):
            guard.saw(probe(number), old.match(probe(number), at=START), at=START)
    with opened(path, keys=KeyRing.of({1: SECRET, 2: OTHER})) as new:
        found = ProbeGuard(new, POLICY).saw(probe(2), new.match(probe(2), at=START), at=START)
        assert (found.level, found.misses) == (1, 3)


def test_lists_count_apart(tmp_path):
    path = tmp_path / "bans.db"
    with opened(path) as one, opened(path, list_id="other") as other:
        banned(one, starts_at=0)
        for number in range(4):
            ProbeGuard(one, POLICY).saw(probe(number), one.match(probe(number), at=START), at=START)
        assert ProbeGuard(one, POLICY).friction(probe(0), at=START).level == 1
        assert ProbeGuard(other, POLICY).friction(probe(0), at=START).level == 0


def test_a_flood_of_variants_is_counted_to_the_last():
    with opened() as bans:
        banned(bans, starts_at=0)
        guard = ProbeGuard(bans, ProbePolicy(steps=(1_000,)))
        one = probe(7)
        near = bans.match(one, at=START)
        for number in range(1_500):
            variant = probe(number)
            guard.saw(variant, near, at=START + number)
        assert guard.friction(one, at=START + 1_500) == Friction(
            level=1, misses=1_500, until=(START // 7_200 + 12) * 7_200
        )


@given(st.lists(st.integers(0, 3_000), max_size=30), st.integers(0, 3_000))
def test_a_tally_counts_what_a_window_of_whole_buckets_holds(times, at):
    tally = Tally()
    for time in sorted(times):
        tally = tally.add(POLICY, time)
    assert len(tally.buckets) <= 12
    seen = [time for time in times if time <= at or time // 100 == at // 100]
    if all(time // 100 <= at // 100 for time in times):
        held = sum(at // 100 - 12 < time // 100 for time in seen)
        found = tally.friction(POLICY, at)
        assert found.misses == held
        assert found.level == (held >= 3) + (held >= 6)
        if found.level:
            assert tally.friction(POLICY, found.until - 1).level == found.level
            assert tally.friction(POLICY, found.until).level < found.level
        else:
            assert found.until is None


@given(st.lists(st.integers(0, 3_000), max_size=20), st.lists(st.integers(0, 3_000), max_size=20))
def test_tallies_add_up_in_any_order(one, other):
    first, second = Tally(), Tally()
    for time in sorted(one):
        first = attrs.evolve(first, buckets=(first + Tally(buckets=((time // 100, 1),))).buckets)
    for time in sorted(other):
        second += Tally(buckets=((time // 100, 1),))
    assert first + second == second + first
    assert sum(count for _, count in (first + second).buckets) == len(one) + len(other)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ProbePolicy(window_s=5),
        lambda: ProbePolicy(window_s=True),
        lambda: ProbePolicy(steps=()),
        lambda: ProbePolicy(steps=(5, 3)),
        lambda: ProbePolicy(steps=(0,)),
        lambda: ProbePolicy(steps=3),
        lambda: ProbePolicy(near_bits=-1),
        lambda: ProbePolicy(most_rows=3),
        lambda: ProbeGuard("bans"),
        lambda: ProbeGuard(opened(), policy=5),
        lambda: ProbeGuard(opened()).saw(probe(1), "none", at=0),
        lambda: ProbeGuard(opened()).friction(probe(1), at="now"),
    ],
    ids=[str(n) for n in range(12)],
)
def test_bad_guards_are_refused(make):
    with pytest.raises(InputError):
        make()


def test_the_default_looks_back_a_day():
    assert (ProbePolicy().window_s, ProbePolicy().bucket_s) == (DAY, 7_200)
    assert KEYS.current == 1 and T0
