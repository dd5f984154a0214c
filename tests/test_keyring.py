"""The secrets behind the tags: nothing leaks, nothing can be made without one, rotation loses nothing."""

import copy
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blacklist_strategies import KEYS, OTHER, SECRET, ban, ids, numbered, opened, row, signals
from platgov._blacklist.canonical import Canon
from platgov._blacklist.keys import KeyRing
from platgov._blacklist.signals import Signals
from platgov._blacklist.store import NewBan
from platgov._blacklist.tags import Tagger, split
from platgov.errors import InputError, VerificationError

CANON = Canon()


def tags(given, keys=KEYS, list_id="accounts"):
    prepared = Tagger(keys, list_id, CANON).prepare(given)
    return {tag for version in prepared.tags.values() for _, tag in version}


def filed(given, keys=KEYS, list_id="accounts"):
    tagger = Tagger(keys, list_id, CANON)
    return tagger.filed(tagger.prepare(given), keys.current)


@given(signals())
def test_tags_depend_on_the_secret_and_on_the_list_and_on_nothing_else(given):
    made = tags(given)
    assert made == tags(given, KeyRing.single(SECRET))
    assert not made & tags(given, KeyRing.single(OTHER))
    assert not made & tags(given, list_id="staff")


def test_pieces_of_two_lists_or_secrets_do_not_meet():
    given = Signals(handle="spam king of the hill", avatar_pdq="0123456789abcdef" * 4)
    made = filed(given)
    assert len(made) > 30
    assert not made & filed(given, KeyRing.single(OTHER))
    assert not made & filed(given, list_id="staff")


def test_one_value_as_two_signals_has_two_tags():
    same = "a1b2c3d4"
    assert len(tags(Signals(devices=[same], payment=same, behaviour=[same]))) == 3


@given(st.binary(min_size=16, max_size=40).filter(lambda secret: len(set(secret)) > 1))
def test_a_ring_shows_nothing_of_its_secrets(secret):
    ring = KeyRing.of({3: secret, 9: OTHER}, current=3)
    ring.subkey(3, "accounts")
    assert repr(ring) == "KeyRing(versions=(3, 9), current=3)" == str(ring)
    for escape in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(InputError):
            escape(ring)


def test_a_derived_key_depends_on_where_parts_begin():
    assert KEYS.subkey(1, "ab", "c") != KEYS.subkey(1, "a", "bc") != KEYS.subkey(1, "abc")


def test_a_key_service_is_asked_once_per_version():
    asked = []

    def fetch(version):
        asked.append(version)
        return SECRET if version == 1 else OTHER

    ring = KeyRing(fetch, versions=[1, 2])
    assert ring.versions == (2, 1)
    assert asked == []
    given = Signals(handle="spam king", email="a@example.org")
    assert tags(given, ring) == tags(given, KeyRing.of({1: SECRET, 2: OTHER}))
    assert sorted(asked) == [1, 2]


@settings(max_examples=40)
@given(st.lists(signals(), min_size=1, max_size=6))
def test_rotation_keeps_every_match(given):
    old, both = KeyRing.of({1: SECRET}), KeyRing.of({1: SECRET, 2: OTHER})
    bans = [NewBan(ban_id=f"b{n}", signals=one, starts_at=0) for n, one in enumerate(given)]
    with opened(keys=old) as store:
        store.add_many(bans)
        expected = [store.candidates(one, at=1) for one in given]
        rotated = type(store)(store._store, both, "accounts")
        assert [agreements(rotated.candidates(one, at=1)) for one in given] == [agreements(c) for c in expected]
        for one in bans:
            rotated.rewrap(one.ban_id, one.signals)
        assert set(rotated.versions()) <= {2}
        assert [agreements(rotated.candidates(one, at=1)) for one in given] == [agreements(c) for c in expected]
        # And now the old secret is not needed any more; in the array as well as before it.
        after = type(store)(store._store, KeyRing.of({2: OTHER}), "accounts")
        assert [agreements(after.candidates(one, at=1)) for one in given] == [agreements(c) for c in expected]
        after.compact()
        assert [agreements(after.candidates(one, at=1)) for one in given] == [agreements(c) for c in expected]
        assert all(after.rewrap(one.ban_id, one.signals) == 0 for one in bans)


def agreements(candidates):
    return [(found.record.ban_id, found.agreements) for found in candidates.found]


def test_only_what_the_signals_show_again_moves_to_the_new_key():
    with opened(keys=KeyRing.of({1: SECRET})) as store:
        store.add(ban(handle="spam king", email="king@example.org", devices=["dev-77"]))
        rotated = type(store)(store._store, KeyRing.of({1: SECRET, 2: OTHER}), "accounts")
        moved = rotated.rewrap("b1", Signals(handle="another", devices=["dev-77"]))
        assert moved == 1
        assert {version for _, version, _ in split(rotated.get("b1").tags)} == {1, 2}
        assert row(rotated.candidates(Signals(devices=["dev-77"]), at=1), "device").level == "exact"
        assert row(rotated.candidates(Signals(handle="Spam.King"), at=1), "handle").level == "exact"


def test_tags_under_a_version_that_left_the_ring_never_match():
    with opened(keys=KeyRing.of({1: SECRET})) as store:
        store.add(ban(handle="spam king", email="king@example.org", avatar_pdq="0123456789abcdef" * 4))
        later = type(store)(store._store, KeyRing.of({2: OTHER}), "accounts")
        assert ids(later.candidates(Signals(handle="spam king", avatar_pdq="0123456789abcdef" * 4), at=1)) == []


def test_what_is_left_under_an_old_version_is_missing_and_no_difference():
    with opened(keys=KeyRing.of({1: SECRET})) as store:
        store.add(ban(handle="spam king", devices=["dev-77"], avatar_pdq="0123456789abcdef" * 4))
        type(store)(store._store, KeyRing.of({1: SECRET, 2: OTHER}), "accounts").rewrap(
            "b1", Signals(devices=["dev-77"])
        )
        later = type(store)(store._store, KeyRing.of({2: OTHER}), "accounts")
        found = later.candidates(Signals(handle="x", devices=["dev-77"], avatar_pdq="f0" * 32), at=1)
        assert row(found, "device").level == "exact"
        assert row(found, "avatar").level == "missing" == row(found, "handle").level


def test_what_is_kept_of_a_key_in_memory_is_bounded_and_changes_nothing(monkeypatch):
    given = Signals(handle="spam king")
    expected = Tagger(KEYS, "accounts", CANON).prepare(given).sketches
    monkeypatch.setattr("platgov._blacklist.tags._MOST_BITS_KEPT", 2)
    assert Tagger(KEYS, "accounts", CANON).prepare(given).sketches == expected


def test_another_secret_under_the_same_version_is_noticed():
    with opened() as store, pytest.raises(VerificationError) as caught:
        type(store)(store._store, KeyRing.single(OTHER), "accounts")
    assert caught.value.code == "key"


@pytest.mark.parametrize(
    "make",
    [
        lambda: KeyRing.single("x" * 32),
        lambda: KeyRing.single(b"short"),
        lambda: KeyRing.single(bytes(32)),
        lambda: KeyRing.of({}),
        lambda: KeyRing.of([SECRET]),
        lambda: KeyRing.of({0: SECRET}),
        lambda: KeyRing.of({256: SECRET}),
        lambda: KeyRing.of({True: SECRET}),
        lambda: KeyRing.of({"1": SECRET}),
        lambda: KeyRing.of({1: SECRET}, current=2),
        lambda: KeyRing.of(dict.fromkeys(range(1, 10), SECRET)),
        lambda: KeyRing("fetch", versions=[1]),
        lambda: KeyRing(lambda version: SECRET, versions=[1, 1]),
        lambda: KeyRing(lambda version: "no bytes", versions=[1]).subkey(1, "a"),
    ],
    ids=numbered,
)
def test_bad_rings_are_refused_without_showing_a_secret(make):
    with pytest.raises(InputError) as caught:
        make()
    assert "xxxx" not in str(caught.value) and "\\x01" not in str(caught.value)
