"""The store of bans: finds who is meant, keeps nothing of what it was told, and survives what happens."""

import contextlib
import multiprocessing
import os
import pathlib
import signal
import threading

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blacklist_strategies import KEYS, OTHER, SECRET, ban, ids, numbered, opened, row, signals
from platgov._blacklist import schema
from platgov._blacklist.canonical import Canon, Weightless
from platgov._blacklist.comparing import compare
from platgov._blacklist.keys import KeyRing
from platgov._blacklist.signals import SIGNALS, Signals
from platgov._blacklist.store import NewBan, TagStore
from platgov._blacklist.tags import in_index, split
from platgov.errors import ConflictError, InputError, SchemaError, StorageError
from stores_support import place_of

FORK = multiprocessing.get_context("fork")
PDQ = "0123456789abcdef" * 4
LETTERS_OF = "abdefghjkmopqstu"
FULL = {
    "handle": "spam_king",
    "display_name": "King of Spam",
    "email": "king.spam@gmail.com",
    "phone": "+8613800138000",
    "devices": ["device-1", "device-2"],
    "ip": "203.0.113.7",
    "payment": "fingerprint-1",
    "avatar_pdq": PDQ,
    "identity_tag": "ab" * 32,
    "behaviour": ["posts-at-night", "same-typo"],
}


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def place(request, tmp_path):
    with place_of(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def store(place):
    with opened(place.target, schema=place.schema) as made:
        yield made


def look(store, at=1, **given):
    return store.candidates(Signals(**given), at=at)


# -- on every kind of store ------------------------------------------------------------------


def test_a_ban_is_found_by_each_signal_alone_as_soon_as_it_is_added_and_never_after(store):
    assert ids(look(store, handle="spam_king")) == []
    store.add(ban(**FULL))
    for name, value in FULL.items():
        found = look(store, **{name: value})
        assert ids(found) == ["b1"], name
        known = [agreement for agreement in found.found[0].agreements if agreement.level != "missing"]
        assert [agreement.level for agreement in known] == ["exact"], name
    everything = look(store, **FULL)
    assert [agreement.signal for agreement in everything.found[0].agreements] == list(SIGNALS)
    assert {agreement.level for agreement in everything.found[0].agreements} == {"exact"}
    store.compact()
    assert look(store, **FULL).found == everything.found
    assert store.erase("b1")
    assert not store.erase("b1")
    assert ids(look(store, **FULL)) == [] == ids(look(store, handle="spam_kinq"))
    assert store.compact() == 0
    assert store.get("b1") is None


def test_near_and_derived_values_are_close(store):
    store.add(ban(**FULL))
    for expected, asked in {
        ("handle", "edit"): {"handle": "spammer kingg"[:4] + "kinjg"},
        ("handle", "core"): {"handle": "spam_king_2024"},
        ("handle", "words"): {"handle": "king.spam"},
        ("email", "local"): {"email": "kingspam@example.org"},
        ("ip", "net"): {"ip": "203.0.113.99"},
        ("avatar", "distance:1"): {"avatar_pdq": PDQ[:-1] + "e"},
    }.items():
        agreement = row(look(store, **asked), expected[0])
        assert (agreement.level, agreement.detail) == ("close", expected[1])


@pytest.mark.parametrize(
    ("asked", "detail"),
    [
        ({"handle": "zz.granitewombat.prime"}, "inside"),
        ({"handle": "GraniteWombatSquad"}, "inside"),
        ({"handle": "wombat.granite"}, "ends"),
        ({"handle": "granitewo"}, "end"),
        ({"handle": "xnitewombat"}, "end"),
        ({"display_name": "qqgranitewombatqq"}, "inside"),
    ],
    ids=numbered,
)
def test_a_name_inside_another_and_its_ends_are_found(store, asked, detail):
    store.add(ban(handle="granitewombat"))
    store.add(ban("b2", handle="something else"))
    found = look(store, **asked)
    assert ids(found) == ["b1"]
    agreement = row(found, next(iter(asked)))
    assert (agreement.level, detail in {agreement.detail, *(way.detail for way in agreement.also)}) == ("close", True)
    assert ids(look(store, handle="granwom")) == []


def test_parts_that_very_many_names_have_are_passed_over():
    with opened() as store:
        store.add_many(
            [ban(f"b{n:03}", handle=f"granite{LETTERS_OF[n // 16]}{LETTERS_OF[n % 16]}wwombat") for n in range(70)]
        )
        assert ids(look(store, handle="granitexyz")) == []
        few = [ban(f"c{n:03}", handle=f"velvetx{LETTERS_OF[n]}narwhal") for n in range(16)]
        store.add_many(few)
        assert len(ids(look(store, handle="velvetqqq"))) == 16


def test_long_names_make_no_more_work_than_forty_letters_do():
    with opened() as store:
        letters = "".join(LETTERS_OF[n % 16] for n in range(240))
        query = store.prepare(Signals(handle=letters))
        assert sum(map(len, query.parts.values())) < 700
        assert ids(store.candidates(query, at=1)) == []


def test_a_handle_can_equal_a_display_name(store):
    store.add(ban(handle="someone", display_name="Spam King"))
    found = row(look(store, handle="spamking"), "handle")
    assert (found.level, found.detail, found.against) == ("exact", "squashed", "display_name")
    near = row(look(store, handle="spamkink"), "handle")
    assert (near.level, near.against) == ("close", "display_name")
    assert row(look(store, handle="nobody", display_name="Spam King"), "handle").level == "differs"


def test_missing_is_never_equal_and_the_other_name_is_no_difference(store):
    store.add(ban(display_name="Spam King", devices=["device-1"]))
    found = look(store, handle="entirely other", devices=["device-1"], phone="+8613800138000")
    levels = {agreement.signal: agreement.level for agreement in found.found[0].agreements}
    assert levels.pop("device") == "exact"
    assert set(levels.values()) == {"missing"}


def test_shares_of_several_values_are_told(store):
    store.add(ban(behaviour=["a-1", "b-2", "c-3"], devices=["d-1"]))
    assert row(look(store, behaviour=["a-1", "x-9"], devices=["d-1", "d-2"]), "behaviour").permille == 500
    assert row(look(store, behaviour=["a-1", "x-9"], devices=["d-1", "d-2"]), "device").permille == 1000
    assert row(look(store, behaviour=["z-1"], devices=["d-1"]), "behaviour").level == "differs"


def test_only_bans_in_force_are_found(store):
    store.add(NewBan(ban_id="b1", signals=Signals(handle="spam_king"), starts_at=10, ends_at=20))
    assert [at for at in (9, 10, 19, 20) if ids(look(store, at=at, handle="spamking"))] == [10, 19]
    assert [at for at in (9, 10, 19, 20) if ids(look(store, at=at, handle="spamkink"))] == [10, 19]
    store.update("b1", ends_at=30, note=b"longer")
    assert ids(look(store, at=25, handle="spamking")) == ["b1"]
    changed = store.update("b1", lifted_at=22)
    assert changed == store.get("b1")
    assert (changed.ends_at, changed.lifted_at, changed.note) == (30, 22, b"longer")
    assert [at for at in (21, 22, 25) if ids(look(store, at=at, handle="spamkink"))] == [21]


def test_the_same_ban_twice_is_one_and_another_under_its_id_is_refused(store):
    first = store.add(ban(**FULL))
    assert store.add(ban(**FULL)) == first
    assert store.add_many([ban(**FULL), ban(**FULL)]) == (first, first)
    for change in (
        {"phone": None},
        {"avatar_pdq": None},
        {"avatar_pdq": "f0" * 32},
        {"verified": True},
        {"handle": "x"},
    ):
        with pytest.raises(ConflictError):
            store.add(ban(**FULL | change))
    with pytest.raises(ConflictError):
        store.add(ban(note=b"other", **FULL))
    with pytest.raises(ConflictError):
        store.add_many([ban("b2", handle="new one"), ban("b2", handle="other one")])
    assert store.get("b2") is None


def test_bans_that_match_together_are_all_reported_in_order(store):
    store.add_many([ban(f"b{n}", devices=["device-1"], handle=f"person {n}") for n in (3, 1, 2)])
    assert ids(look(store, devices=["device-1"])) == ["b1", "b2", "b3"]
    assert [record.ban_id for record in store.records()] == ["b1", "b2", "b3"]


def test_lists_share_tables_and_nothing_else(store):
    store.add(ban(**FULL))
    staff = TagStore(store._store, KEYS, "staff")
    assert ids(staff.candidates(Signals(**FULL), at=1)) == []
    assert staff.get("b1") is None
    there = staff.add(ban(**FULL))
    here = store.get("b1")
    assert not {tag for _, _, tag in split(here.tags)} & {tag for _, _, tag in split(there.tags)}
    assert here.avatar != there.avatar and here.sketches != there.sketches and here.nonce != there.nonce
    assert here.number != there.number
    assert len(staff.candidates(Signals(**FULL), at=1).found) == 1 == len(look(store, **FULL).found)
    assert staff.erase("b1") and ids(look(store, **FULL)) == ["b1"]
    # One secret and one number of a list: a second handle finds the same list.
    assert TagStore(store._store, KEYS, "staff")._list == staff._list != store._list


def test_a_ban_of_another_list_is_never_reported_even_if_a_number_of_a_tag_meets():
    with opened() as store:
        number = TagStore(store._store, KEYS, "staff").add(ban(handle="someone else")).number
        ((_, _, tag), *_) = split(store.add(ban(devices=["device-1"])).tags)
        with store._store.write() as session:
            session.run(schema.ADD_TAG, (in_index(tag), number))
        assert ids(look(store, devices=["device-1"])) == ["b1"]


def test_exempt_persons_stay_with_the_ban(store):
    store.add(ban(**FULL))
    changed = store.exempt("b1", Signals(email="victim@example.org", devices=["device-1"]), note=b"appeal 7")
    assert store.exempt("b1", Signals(email="victim@example.org", devices=["device-1"]), note=b"again") == changed
    ((tags, note),) = look(store, devices=["device-1"]).found[0].record.exempt
    assert note == b"appeal 7"
    held = set(split(tags))
    query = store.prepare(Signals(email="victim@example.org"))
    assert any((code, version, tag) in held for version in query.tags for code, tag in query.tags[version])
    assert next(store.records()).exempt == changed.exempt
    assert store.erase("b1")
    store.add(ban("b2", handle="another"))
    assert store.get("b2").exempt == ()


def test_others_see_a_ban_and_a_merge_at_once(place):
    if place.kind == "memory":
        pytest.skip("a store in memory has one handle")
    with opened(place.target, schema=place.schema) as one, opened(place.target, schema=place.schema) as other:
        one.add_many(
            [ban(f"a{n:04}", handle=f"spamking{'abcdefgh'[n % 8]}{'abcdefgh'[n // 8 % 8]}") for n in range(60)]
        )
        assert "a0001" in ids(look(other, handle="spamkingbx"))
        expected = look(other, handle="spamkingbx")
        one.compact()
        assert look(other, handle="spamkingbx") == expected
        other.erase("a0001")
        assert "a0001" not in ids(look(one, handle="spamkingbx"))
        with opened(place.target, schema=place.schema, read_only=True) as reader:
            assert look(reader, handle="spamkingbx").found
            with pytest.raises(StorageError):
                reader.add(ban(handle="new"))
        with pytest.raises(StorageError):  # not a list without bans
            opened(place.target, schema=place.schema, read_only=True, list_id="mistyped")


def test_a_ban_is_stored_in_the_transaction_of_the_host_or_not_at_all(place):
    if place.kind == "memory":
        pytest.skip("a store in memory has one connection")
    with opened(place.target, schema=place.schema) as store, place.connection() as connection:
        connection.execute("BEGIN")
        store.add(ban(**FULL), connection=connection)
        connection.execute("ROLLBACK")
        assert store.get("b1") is None
        connection.execute("BEGIN")
        store.add(ban(**FULL), connection=connection)
        store.update("b1", lifted_at=50, connection=connection)
        connection.execute("COMMIT")
        assert store.get("b1").lifted_at == 50


def test_a_large_batch_goes_straight_into_the_array(store, monkeypatch):
    monkeypatch.setattr("platgov._blacklist.store._MERGE_FROM", 100)
    store.add(ban("b0", handle="dragonslayer"))
    store.add_many([ban(f"a{n}", handle=f"spamking{n % 10}{n}") for n in range(30)])
    with store._store.read() as session:
        assert session.row(schema.COUNT_PIECES) == (0,)
    assert ids(look(store, handle="dragonslayre")) == ["b0"]
    assert store.versions().keys() == {1}


# -- laws ------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(st.lists(signals(), min_size=1, max_size=6), signals(), st.randoms(use_true_random=False))
def test_order_of_adding_merging_and_unrelated_erasures_change_no_answer(given, query, rng):
    bans = [NewBan(ban_id=f"b{n}", signals=one, starts_at=0) for n, one in enumerate(given)]
    with opened() as one, opened() as other:
        one.add_many(bans)
        shuffled = rng.sample(bans, len(bans))
        for place, item in enumerate(shuffled):
            other.add(ban(f"x{place}", handle="someone else entirely"))
            other.add(item)
            if rng.random() < 0.3:
                other.compact()
            other.erase(f"x{place}")
        for asked in (query, *given):
            first, second = (store.candidates(asked, at=1) for store in (one, other))
            assert [(c.record.ban_id, c.agreements) for c in first.found] == [
                (c.record.ban_id, c.agreements) for c in second.found
            ]
            assert first.weightless == second.weightless


@given(signals(), signals())
def test_comparing_is_a_function_of_tags_and_symmetric_in_its_levels(one, other):
    with opened() as store:
        first = store.add(NewBan(ban_id="a", signals=one, starts_at=0))
        second = store.add(NewBan(ban_id="b", signals=other, starts_at=0))
        there, back = compare(store.prepare(other), first), compare(store.prepare(one), second)
        names = {"handle", "display_name"}
        assert [r.level for r in there if r.signal not in names] == [r.level for r in back if r.signal not in names]
        assert there == compare(store.prepare(other), attrs.evolve(first, ban_id="z"))
        assert all(
            0 <= r.permille <= 1000 and (r.permille > 0) == (r.level in ("exact", "close"))
            for r in there
            if r.signal != "avatar"
        )


@given(signals())
def test_everyone_agrees_with_themselves_where_anything_is_known(given):
    with opened() as store:
        record = store.add(NewBan(ban_id="a", signals=given, starts_at=0))
        assert {r.level for r in compare(store.prepare(given), record)} <= {"exact", "missing"}


def test_what_says_nothing_is_accepted_told_and_never_matches():
    canon = Canon(weightless=Weightless(listed={"ip": ["203.0.113.0/24"], "device": ["tablet"]}))
    with opened(canon=canon) as store:
        store.add(ban(ip="203.0.113.7", devices=["tablet", "unknown"]))
        found = look(store, ip="203.0.113.7", devices=["tablet", "unknown"])
        assert ids(found) == []
        assert {(form.signal, form.weightless) for form in found.weightless} == {
            ("ip", "listed"),
            ("device", "listed"),
            ("device", "blank"),
        }
        store.add(ban("b2", handle="spam king", ip="203.0.113.7"))
        agreement = row(look(store, handle="spam king", ip="203.0.113.7"), "ip")
        assert (agreement.level, agreement.detail) == ("missing", "listed")
        with pytest.raises(InputError):
            store.exempt("b2", Signals(ip="203.0.113.7"))


def test_names_that_only_sound_alike_are_brought_up_and_count_for_nothing():
    canon = Canon(readings=lambda name: ["weixin"] if name in ("微信", "威信") else [])
    with opened(canon=canon) as store:
        store.add(ban(handle="微信"))
        agreement = row(look(store, handle="威信"), "handle")
        assert (agreement.level, agreement.detail) == ("differs", "reading")


def test_many_bans_of_one_value_are_bounded_the_newest_first_and_it_says_so():
    with opened(most=5) as store:
        store.add_many([ban(f"b{n}", devices=["shared-1"], phone="+8613800138000") for n in range(8)])
        found = look(store, devices=["shared-1"])
        assert ids(found) == ["b3", "b4", "b5", "b6", "b7"]
        assert found.truncated
        assert not look(store, devices=["device-9"]).truncated


# -- what the files hold ---------------------------------------------------------------------


def grams(text):
    """Give every piece of four characters, as it was and in lower case, in two encodings."""
    for spelt in {text, text.lower()}:
        for start in range(len(spelt) - 3):
            piece = spelt[start : start + 4]
            yield piece.encode()
            yield piece.encode("utf-16-le")


@settings(max_examples=15)
@given(st.lists(signals(handle=st.text("qwzxvkj", min_size=8, max_size=16)), min_size=1, max_size=5), st.booleans())
def test_files_hold_no_four_characters_of_any_signal(tmp_path_factory, given, merged):
    folder = tmp_path_factory.mktemp("bans")
    path = folder / "bans.db"
    with opened(path) as store:
        empty = b"".join(file.read_bytes() for file in folder.iterdir())
        store.add_many([NewBan(ban_id=f"B{n}", signals=one, starts_at=0) for n, one in enumerate(given)])
        with contextlib.suppress(InputError):  # where nothing of it has weight
            store.exempt("B0", given[-1])
        if merged:
            store.compact()
        held = [file.read_bytes() for file in sorted(folder.iterdir())]
        assert len(held) >= 2  # the log of SQLite is still there
        for one in given:
            for signal_name, value in one.given():
                for piece in grams(value):
                    if piece not in empty:
                        assert not any(piece in data for data in held), (signal_name, piece)
            if one.avatar_pdq:
                raw = bytes.fromhex(one.avatar_pdq)
                windows = [raw[start : start + 6] for start in range(27)]
                assert not any(window in data for window in windows if len(set(window)) > 4 for data in held)


def test_equal_names_and_avatars_look_unlike_in_two_bans():
    with opened() as store:
        one, two = store.add(ban("b1", **FULL)), store.add(ban("b2", **FULL))
        assert one.avatar[1:] != two.avatar[1:]
        assert one.sketches != two.sketches
        # Tags are equal, or nothing could be looked up.
        assert one.tags == two.tags


def test_an_erased_ban_leaves_no_row_behind():
    with opened() as store:
        store.add(ban(**FULL))
        store.exempt("b1", Signals(email="victim@example.org"))
        store.erase("b1")
        store.compact()
        with store._store.read() as session:
            for table in ("bans", "ban_tags", "ban_pieces", "ban_blocks", "ban_exempt"):
                assert session.rows(f"SELECT * FROM platgov_{table}") == [], table


def test_what_a_host_erases_from_its_own_list_stays_countable_for_others():
    with opened() as store:
        numbers = [store.add(ban(f"b{n}", handle=f"person {n}")).number for n in range(3)]
        store.erase("b2")
        assert store.add(ban("b3", handle="person 3")).number > max(numbers)


# -- what happens to processes and files -----------------------------------------------------


@pytest.mark.parametrize("moment", ["between", "inside"])
def test_a_process_killed_around_a_merge_leaves_a_readable_index(tmp_path, moment):
    path = tmp_path / "bans.db"
    with opened(path) as store:
        store.add_many([ban(f"a{n}", handle=f"spamking{'abcdefgh'[n % 8]}") for n in range(40)])
        store.compact()
        store.add_many([ban(f"b{n}", handle=f"dragonfly{'abcdefgh'[n % 8]}") for n in range(40)])
        expected = [ids(look(store, handle=name)) for name in ("spamkinga", "dragonflya", "dragonflyzz")]
    child = FORK.Process(target=killed, args=(path, moment))
    child.start()
    child.join(20)
    assert child.exitcode == -signal.SIGKILL
    with opened(path) as store:
        assert [ids(look(store, handle=name)) for name in ("spamkinga", "dragonflya", "dragonflyzz")] == expected
        store.compact()
        assert [ids(look(store, handle=name)) for name in ("spamkinga", "dragonflya", "dragonflyzz")] == expected


def killed(path, moment):
    store = opened(path)
    if moment == "between":
        store.compact()
        os.kill(os.getpid(), signal.SIGKILL)
    with store._store.write() as session:
        store._pieces.merge(session)
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_merge_that_is_undone_changes_nothing():
    with opened() as store:
        store.add_many([ban(f"a{n}", handle=f"spamking{'abcdefgh'[n % 8]}") for n in range(16)])
        store.compact()
        store.add(ban("b", handle="dragonfly"))
        expected = look(store, handle="spamkingz").found, look(store, handle="dragonflz").found
        with contextlib.suppress(KeyError), store._store.write() as session:
            store._pieces.merge(session)
            raise KeyError
        assert (look(store, handle="spamkingz").found, look(store, handle="dragonflz").found) == expected


def test_many_threads_add_and_look_up_at_once(tmp_path):
    with opened(tmp_path / "bans.db") as store:
        errors = []

        def work(number):
            try:
                for n in range(5):
                    store.add(ban(f"t{number}-{n}", handle=f"thread {number} number {n}", devices=[f"device-{number}"]))
                    assert len(look(store, devices=[f"device-{number}"]).found) == n + 1
                    if n == 2:
                        store.compact()
            except BaseException as bad:
                errors.append(bad)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert len(list(store.records())) == 20


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM platgov_ban_state",
        "DELETE FROM platgov_ban_blocks",
        "UPDATE platgov_ban_blocks SET data = x'0102'",
        "UPDATE platgov_ban_state SET merges = 9, fences = x'0102'",
    ],
)
def test_a_damaged_index_is_refused_and_never_a_silent_no(damage):
    with opened() as store:
        store.add(ban(handle="spamking"))
        store.compact()
        with store._store.write() as session:
            session.run(damage)
        with pytest.raises(SchemaError):
            look(store, handle="spamkink")


def test_many_pages_of_records_are_read(monkeypatch):
    monkeypatch.setattr("platgov._blacklist.store._PAGE", 3)
    with opened() as store:
        store.add_many([ban(f"b{n}", handle=f"person {n}") for n in range(7)])
        assert [record.ban_id for record in store.records()] == [f"b{n}" for n in range(7)]


def test_a_full_store_says_so(monkeypatch):
    monkeypatch.setattr("platgov._blacklist.store.MOST_NUMBERS", 3)
    with opened() as store:
        store.add_many([ban("b1", handle="one"), ban("b2", handle="two")])
        with pytest.raises(StorageError) as caught:
            store.add(ban("b3", handle="three"))
        assert caught.value.code == "full"


def test_many_forms_are_looked_up_in_several_statements():
    keys = KeyRing.of({n: bytes([n]) + SECRET for n in range(1, 9)})
    with opened(keys=keys) as store:
        store.add(ban(devices=[f"device-{n}" for n in range(32)], behaviour=[f"token-{n}" for n in range(64)]))
        assert ids(look(store, behaviour=[f"token-{n}" for n in range(64)])) == ["b1"]
        assert len(ids(look(store, devices=[f"device-{n}" for n in range(1, 33)]))) == 1


# -- bad input -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: ban("", handle="a"),
        lambda: ban("a\nb", handle="a"),
        lambda: ban("a" * 257, handle="a"),
        lambda: ban(7, handle="a"),
        lambda: ban(handle="a", ends_at=0),
        lambda: ban(handle="a", ends_at=-1),
        lambda: ban(handle="a", ends_at=1.5),
        lambda: ban(handle="a", note="text"),
        lambda: ban(handle="a", note=bytes(65_537)),
        lambda: NewBan(ban_id="b", signals={"handle": "a"}, starts_at=0),
        lambda: NewBan(ban_id="b", signals=Signals(handle="a"), starts_at=True),
        lambda: opened(keys=SECRET),
        lambda: opened(list_id=""),
        lambda: opened(list_id=7),
        lambda: opened(most=0),
        lambda: opened(most=True),
        lambda: opened(7),
    ],
    ids=numbered,
)
def test_bad_bans_and_bad_stores_are_refused(make):
    with pytest.raises(InputError):
        make()


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.add({"handle": "a"}),
        lambda store: store.candidates({"handle": "a"}, at=1),
        lambda store: store.candidates(Signals(handle="a"), at="now"),
        lambda store: store.candidates(Signals(handle="a"), at=True),
        lambda store: store.get(7),
        lambda store: store.get("a\ud800"),
        lambda store: store.update("b1", ends_at=0),
        lambda store: store.update("b1", note="text"),
        lambda store: store.update("b9", lifted_at=1),
        lambda store: store.exempt("b9", Signals(handle="a")),
        lambda store: store.exempt("b1", Signals(handle="a"), note=7),
        lambda store: store.rewrap("b9", Signals(handle="a")),
    ],
    ids=numbered,
)
def test_bad_calls_are_refused_and_change_nothing(call):
    with opened() as store:
        before = store.add(ban(**FULL))
        with pytest.raises(InputError):
            call(store)
        assert store.get("b1") == before


def test_reprs_hold_nothing_of_a_signal():
    with opened() as store:
        store.add(ban(**FULL))
        found = look(store, **FULL)
        text = repr((store, store.tagger, store.prepare(Signals(**FULL)), found, store.get("b1")))
        assert not any(
            piece in text for piece in ("spam_king", "king.spam", "138001", "203.0.113", "device-1", PDQ[:8])
        )
        assert repr(SECRET)[2:10] not in text and repr(OTHER)[2:10] not in text


def test_a_closed_store_says_so(tmp_path):
    store = opened(tmp_path / "bans.db")
    store.close()
    with pytest.raises(StorageError):
        look(store, handle="a")
    assert pathlib.Path(tmp_path / "bans.db").exists()
