"""Scoring: evidence adds up, households and namesakes are safe, and every match can be worked out again."""

import json

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import blacklist_slow
from blacklist_strategies import KEYS, SECRET, ban, numbered, opened, signals
from platgov._blacklist.canonical import Canon, Weightless
from platgov._blacklist.evidence import judge, replay
from platgov._blacklist.keys import KeyRing
from platgov._blacklist.match import Band, Match
from platgov._blacklist.rarity import UNIT, NameModel, Population
from platgov._blacklist.signals import SIGNALS, Signals
from platgov._blacklist.store import NewBan, TagStore
from platgov._blacklist.weights import DAY, LEVELS, Weights, level_name
from platgov.errors import InputError, VerificationError

WEIGHTS = Weights.default()
PDQ = "0123456789abcdef" * 4
FULL = {
    "handle": "granite_wombat77",
    "display_name": "Velvet Narwhal",
    "email": "qv.harrow@gmail.com",
    "phone": "+8613800138000",
    "devices": ["device-1", "device-2"],
    "ip": "203.0.113.7",
    "payment": "fingerprint-1",
    "avatar_pdq": PDQ,
    "identity_tag": "ab" * 32,
    "behaviour": ["posts-at-night", "same-typo"],
}
PLACE = {"ip": FULL["ip"], "devices": FULL["devices"], "payment": FULL["payment"]}
NAMES = {"handle": FULL["handle"], "display_name": FULL["display_name"]}


def matched(store, given, *, at=1, weights=WEIGHTS, population=None):
    query = store.prepare(given if isinstance(given, Signals) else Signals(**given))
    return judge(query, store.candidates(query, at=at), weights=weights, population=population, at=at)


def of_ban(match, ban_id):
    """Give what was scored for one ban, listed or not."""
    listed = {scored.ban_id: scored for scored in (*match.candidates, *([match.best] if match.best else []))}
    return listed.get(ban_id)


def row(match, signal):
    return next(row for row in match.evidence if row.signal == signal)


@pytest.fixture(scope="module")
def full():
    with opened() as store:
        store.add(ban(**FULL))
        yield store


# -- worked examples -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "band"),
    [
        (FULL, Band.MATCH),
        ({"email": FULL["email"]}, Band.MATCH),
        ({"email": "QV.Harrow+new@googlemail.com"}, Band.MATCH),
        ({"phone": "+86 138-0013-8000"}, Band.MATCH),
        ({"identity_tag": FULL["identity_tag"]}, Band.MATCH),
        ({"devices": ["device-1"]}, Band.REVIEW),
        (PLACE, Band.REVIEW),
        ({"ip": FULL["ip"]}, Band.NONE),
        ({"ip": "203.0.113.99"}, Band.NONE),
        ({"avatar_pdq": PDQ}, Band.REVIEW),
        (NAMES, Band.REVIEW),
        (NAMES | {"avatar_pdq": PDQ}, Band.REVIEW),
        ({"handle": FULL["handle"], "devices": ["device-1"]}, Band.MATCH),
        ({"handle": "gr4nite.wombat77", "devices": ["device-1"]}, Band.MATCH),
        ({"devices": ["device-1"], "behaviour": ["posts-at-night"]}, Band.MATCH),
        ({"handle": "someone else", "email": "new@example.org"}, Band.NONE),
    ],
    ids=numbered,
)
def test_what_follows_from_what(full, given, band):
    assert matched(full, given).band is band


def test_a_spammer_a_sibling_and_a_namesake_get_three_answers():
    with opened() as store:
        store.add(ban(handle="kim", email="kim.spams@example.org", devices=["tablet-1"], ip="203.0.113.7"))
        spammer = matched(store, {"handle": "kimmy", "email": "kim.spams@example.org", "devices": ["tablet-1"]})
        sibling = matched(store, {"handle": "lee", "email": "lee@example.org", "devices": ["tablet-1"]})
        namesake = matched(store, {"handle": "kim", "email": "another.kim@example.com", "devices": ["phone-9"]})
        assert [match.band for match in (spammer, sibling, namesake)] == [Band.MATCH, Band.REVIEW, Band.NONE]
        assert sibling.evidence and namesake.evidence


def test_the_household_cap_counts_place_once_and_says_so(full):
    match = matched(full, PLACE)
    best = max(row(match, signal).of_units for signal in ("ip", "device", "payment"))
    others = [row(match, signal) for signal in ("ip", "device", "payment") if row(match, signal).of_units != best]
    assert match.best.score_units == best + sum(other.of_units * 250 // 1_000 for other in others)
    assert {other.cap for other in others} == {"place"}
    assert match.best.limits == ("place_only",)
    heavy = attrs.evolve(WEIGHTS, match=20 * UNIT)
    capped = matched(full, PLACE, weights=heavy)
    assert (capped.band, capped.best.limits) == (Band.REVIEW, ("place_only",))


def test_names_alone_are_capped_and_a_device_that_fits_lifts_the_cap(full):
    heavy = attrs.evolve(WEIGHTS, match=21 * UNIT)
    capped = matched(full, NAMES, weights=heavy)
    assert (capped.band, capped.best.limits) == (Band.REVIEW, ("names_only",))
    assert matched(full, NAMES | {"devices": ["device-1"]}, weights=heavy).band is Band.MATCH


def test_a_handle_that_is_the_local_part_of_the_address_is_evidence_and_is_no_more_than_a_name():
    with opened() as store:
        store.add(ban(email="granite.wombat77@example.org"))
        store.add(ban("b2", handle="velvetnarwhal"))
        handle = row(matched(store, {"handle": "granite_wombat77"}), "handle")
        assert (handle.agreement, handle.detail, handle.against) == ("close", "local", "email")
        local = row(matched(store, {"email": "velvet.narwhal@example.com"}), "email")
        assert (local.agreement, local.detail, local.against) == ("close", "name", "handle")
        assert matched(store, {"handle": "granite_wombat77"}).band is Band.REVIEW


@pytest.mark.parametrize(
    ("guard", "given"), [("older_account", {"created_at": 5}), ("verified", {"verified": True, "created_at": 50})]
)
def test_older_and_verified_accounts_are_never_matched_by_name_or_avatar(guard, given):
    with opened() as store:
        store.add(ban(**FULL, created_at=10))
        copied = matched(store, NAMES | {"avatar_pdq": PDQ} | given)
        assert (copied.band, copied.score_bits, copied.best.guard) == (Band.NONE, 0.0, guard)
        assert {row(copied, signal).cap for signal in ("handle", "display_name", "avatar")} == {guard}
        assert matched(store, {"email": FULL["email"]} | given).band is Band.MATCH
        assert matched(store, NAMES | {"created_at": 10}).band is Band.REVIEW


def test_what_was_true_wears_off_and_a_phone_is_given_to_somebody_else(full):
    fresh, old = (matched(full, PLACE, at=at) for at in (1, 500 * DAY))
    assert row(old, "device").units < row(fresh, "device").units
    assert "age" in row(old, "device").cap
    assert row(old, "ip").units == 0
    phone = {"phone": FULL["phone"]}
    late = matched(full, phone, at=WEIGHTS.recycled_days * DAY)
    assert (late.band, row(late, "phone").cap) == (Band.NONE, "recycled")
    assert matched(full, phone, at=WEIGHTS.recycled_days * DAY - 1).band is Band.MATCH
    # A number that somebody else may have now shows nobody on a tablet of the family.
    assert matched(full, phone | PLACE, at=WEIGHTS.recycled_days * DAY).band is not Band.MATCH


def test_another_identity_is_never_a_match_not_even_where_it_says_nothing():
    canon = Canon(weightless=Weightless(listed={"identity": ["cd" * 32]}))
    with opened() as plain, opened(canon=canon) as flagged:
        for store in (plain, flagged):
            store.add(ban(**FULL))
            match = matched(store, FULL | {"identity_tag": "cd" * 32})
            assert (match.band, match.best.limits) == (Band.REVIEW, ("other_identity",))


def test_a_value_that_many_hold_says_less(full):
    def holders(form):
        return {"device": 5_001, "email": 1}.get(form.signal)

    common = Population(total=1_000_000, holders=holders)
    rare = matched(full, {"devices": ["device-1"]})
    less = matched(full, {"devices": ["device-1"]}, population=common)
    # 5,000 others of a million: a little over seven and a half bits.
    assert (
        less.best.score_units == row(rare, "device").of_units - row(rare, "device").rarity + row(less, "device").rarity
    )
    assert row(less, "device").share_ppb == pytest.approx(5_000_000, rel=0.01)
    assert less.band is Band.NONE
    # One holder is the banned account itself.
    assert matched(full, {"email": FULL["email"]}, population=common).band is Band.MATCH
    with pytest.raises(InputError):
        matched(full, FULL, population=Population(total=10, holders=lambda _: -1))


def test_what_says_nothing_is_shown_with_its_reason():
    canon = Canon(weightless=Weightless(listed={"ip": ["203.0.113.0/24"]}))
    with opened(canon=canon) as store:
        store.add(ban(handle="granite wombat", ip="203.0.113.7"))
        match = matched(store, {"handle": "granite wombat", "ip": "203.0.113.7"})
        assert (row(match, "ip").units, row(match, "ip").cap) == (0, "listed")
        assert ("ip", "address", "listed") in match.weightless
        assert "says nothing: ip (listed)" in match.explain()


def test_both_of_two_bans_are_reported_in_one_order():
    with opened() as store:
        store.add_many([ban(f"b{n}", devices=["device-1"], email="same@example.org") for n in (3, 1, 2)])
        store.add(ban("a9", devices=["device-1"]))
        match = matched(store, {"devices": ["device-1"], "email": "same@example.org"})
        assert [scored.ban_id for scored in match.candidates] == ["b1", "b2", "b3", "a9"]
        assert match.best == match.candidates[0]
        assert [scored.band for scored in match.candidates] == [Band.MATCH] * 3 + [Band.REVIEW]


def test_truncation_is_shown():
    with opened(most=2) as store:
        store.add_many([ban(f"b{n}", devices=["device-1"]) for n in range(4)])
        match = matched(store, {"devices": ["device-1"]})
        assert match.truncated and match.to_dict()["truncated"]
        assert "more bans share a value" in match.explain()


def test_an_empty_list_and_a_stranger_give_nothing(full):
    with opened() as store:
        match = matched(store, FULL)
        assert (match.band, match.score_bits, match.evidence, match.best) == (Band.NONE, 0.0, (), None)
        assert replay(match.to_bytes(), WEIGHTS) == match
    assert matched(full, {"phone": "+8613900000000"}).candidates == ()


def test_a_match_explains_itself_to_staff_and_tells_the_public_nothing(full):
    match = matched(full, {"email": FULL["email"], "devices": ["device-1"]})
    assert "b1: match" in match.explain()
    assert "email exact (address): +31.2 bits" in match.explain()
    none = matched(full, {"phone": "+8613900000000"})
    assert match.public_text() == none.public_text()
    assert FULL["email"] not in match.explain() and b"harrow" not in match.to_bytes()


# -- persons who were cleared ------------------------------------------------------------------

SIBLING = {"email": "sib@example.org", "phone": "+8613800138001", "devices": ["device-1", "phone-2"], "ip": FULL["ip"]}


@pytest.fixture
def cleared():
    with opened() as store:
        store.add(ban(**FULL))
        store.exempt("b1", Signals(**SIBLING), note=b"appeal 7")
        yield store


@pytest.mark.parametrize(
    "given",
    [
        SIBLING,
        SIBLING | {"email": "new.sib@example.org"},
        SIBLING | {"phone": "+8613800138002"},
        SIBLING | {"devices": ["device-1"]},
        SIBLING | {"devices": ["device-1", "device-2"], "payment": FULL["payment"]},
        SIBLING | {"handle": FULL["handle"]},
        {"email": "sib@example.org", "devices": ["device-1"]},
    ],
    ids=numbered,
)
def test_a_cleared_person_is_known_again_when_something_changes(cleared, given):
    match = matched(cleared, given)
    assert (match.band, match.candidates, match.exempted) == (Band.NONE, (), ("b1",))
    assert "cleared of: b1" in match.explain()


@pytest.mark.parametrize(
    "given",
    [
        FULL,
        {"email": FULL["email"], "devices": ["device-1"]},
        {"devices": ["device-1"], "ip": FULL["ip"]},
        {"devices": ["phone-2", "device-2"]},
        {"email": "sib@example.org", "phone": FULL["phone"]},
    ],
    ids=numbered,
)
def test_the_banned_person_is_not_cleared_with_the_sibling(cleared, given):
    match = matched(cleared, given)
    assert match.exempted == ()
    assert match.band is not Band.NONE


def test_whoever_was_cleared_by_what_both_share_is_cleared_of_exactly_that():
    with opened() as store:
        store.add(ban(**FULL))
        store.exempt("b1", Signals(devices=["device-1"]))
        assert matched(store, {"devices": ["device-1"]}).exempted == ("b1",)
        assert matched(store, {"devices": ["device-1"], "email": FULL["email"]}).band is Band.MATCH


@settings(max_examples=60)
@given(signals(), signals())
def test_a_pair_that_was_cleared_never_links(banned, person):
    with opened() as store:
        store.add(NewBan(ban_id="b1", signals=banned, starts_at=0))
        try:
            store.exempt("b1", person)
        except InputError:
            return  # nothing of it has weight
        match = matched(store, person)
        assert match.best is None
        # The avatar is no part of what is kept of a person.
        assert matched(store, attrs.evolve(person, avatar_pdq=None) if _more(person) else person).best is None


def _more(person):
    return any(signal != "avatar" for signal, _ in person.given())


# -- laws ------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(st.lists(signals(), min_size=1, max_size=4), signals(), st.integers(0, 10**8))
def test_evidence_adds_up_and_can_be_worked_out_again(banned, person, at):
    with opened() as store:
        store.add_many([NewBan(ban_id=f"b{n}", signals=one, starts_at=0) for n, one in enumerate(banned)])
        for asked in (person, *banned):
            match = matched(store, asked, at=at)
            for scored in (*match.candidates, *([match.best] if match.best else [])):
                assert sum(row.bits for row in scored.evidence) == scored.score_bits
                assert sum(row.units for row in scored.evidence) == scored.score_units
                assert [row.signal for row in scored.evidence] == list(SIGNALS)
                assert all(row.units <= max(row.of_units, 0) for row in scored.evidence)
                assert all(row.units == row.of_units or row.cap for row in scored.evidence)
            data = match.to_bytes()
            again = replay(data, WEIGHTS)
            assert (again, again.to_bytes(), again.digest) == (match, data, match.digest)
            assert replay(json.loads(data), WEIGHTS) == match


@settings(max_examples=80)
@given(signals(), signals(), st.sampled_from(SIGNALS), st.booleans(), st.integers(0, 10**8))
def test_more_agreement_never_lowers_score_or_band(banned, person, signal, cross, at):
    field = {"device": "devices", "avatar": "avatar_pdq", "identity": "identity_tag"}.get(signal, signal)
    name = {"handle": "display_name", "display_name": "handle"}.get(field, field) if cross else field
    value = getattr(banned, name)
    if not value:
        return
    before = getattr(person, field)
    if before and not isinstance(before, tuple):
        return  # something would be taken away
    more = attrs.evolve(person, **{field: (*before, *value)[:32] if isinstance(value, tuple) else value})
    with opened() as store:
        store.add(NewBan(ban_id="b1", signals=banned, starts_at=0))
        one, two = matched(store, person, at=at), matched(store, more, at=at)
        assert two.score_bits >= one.score_bits
        assert two.band.rank >= one.band.rank


@settings(max_examples=80)
@given(signals(), signals(), st.sampled_from(SIGNALS), st.booleans())
def test_a_flag_of_shared_values_never_raises_anything(banned, person, signal, as_counts):
    values = [value for name, value in person.given() if name == signal]
    if as_counts:
        weightless = Weightless(holders=lambda form: 2_000 if form.signal == signal else None)
    else:
        weightless = Weightless(listed={signal: values})
    strict = attrs.evolve(WEIGHTS, differs=dict.fromkeys(SIGNALS, -2 * UNIT))
    # Of a ban from before the flag everything is kept.
    with opened() as store:
        record = store.add(NewBan(ban_id="b1", signals=banned, starts_at=0))
        plain = store.prepare(person)
        flagging = type(store.tagger)(KEYS, "accounts", Canon(weightless=weightless))
        flagged = flagging.prepare(person)
        for weights in (WEIGHTS, strict):
            one = judged(plain, record, weights)
            two = judged(flagged, record, weights)
            assert two.score_bits <= one.score_bits
            assert two.band.rank <= one.band.rank


def judged(query, record, weights):
    from platgov._blacklist.bans import Candidate, Candidates
    from platgov._blacklist.comparing import compare

    found = Candidates(
        found=(Candidate(record=record, agreements=compare(query, record)),),
        truncated=False,
        weightless=query.weightless,
    )
    return judge(query, found, weights=weights, at=1)


@settings(max_examples=60)
@given(signals(), st.sampled_from(["place", "names"]), st.integers(1, 60 * UNIT))
def test_place_alone_and_names_alone_are_never_a_match(banned, which, line):
    fields = {"place": ("devices", "ip", "payment"), "names": ("handle", "display_name")}[which]
    given = {name: getattr(banned, name) for name in fields if getattr(banned, name)}
    if not given:
        return
    weights = attrs.evolve(WEIGHTS, review=1, match=line)  # however low the line is
    with opened() as store:
        store.add(NewBan(ban_id="b1", signals=banned, starts_at=0))
        assert matched(store, given, weights=weights).band is not Band.MATCH
        if which == "names" and banned.email and "handle" in given:
            crossed = given | {"email": f"{banned.email.rpartition('@')[0]}@elsewhere.example"}
            assert matched(store, crossed, weights=weights).band is not Band.MATCH


@settings(max_examples=40)
@given(signals(), st.integers(0, 100), st.integers(1, 100), st.integers(0, 100), st.integers(0, 250))
def test_only_bans_in_force_ever_match(banned, starts, lasts, lifted, at):
    with opened() as store:
        store.add(NewBan(ban_id="b1", signals=banned, starts_at=starts, ends_at=starts + lasts))
        store.update("b1", lifted_at=starts + lifted)
        in_force = starts <= at < starts + min(lasts, lifted)
        assert (matched(store, banned, at=at).best is not None) <= in_force
        # A list of candidates that is older than the instant does not help.
        query = store.prepare(banned)
        early = store.candidates(query, at=starts)
        if not in_force:
            assert judge(query, early, weights=WEIGHTS, at=at).best is None


@settings(max_examples=40)
@given(st.lists(signals(), min_size=2, max_size=5), signals(), st.randoms(use_true_random=False))
def test_the_order_bans_came_in_changes_nothing(banned, person, rng):
    bans = [NewBan(ban_id=f"b{n}", signals=one, starts_at=0) for n, one in enumerate(banned)]
    with opened() as one, opened() as other:
        one.add_many(bans)
        other.add_many(rng.sample(bans, len(bans)))
        for asked in (person, banned[0]):
            assert matched(one, asked).to_bytes() == matched(other, asked).to_bytes()


# -- records of matches ------------------------------------------------------------------------


def test_a_record_that_was_changed_is_refused(full):
    match = matched(full, FULL)
    data = json.loads(match.to_bytes())
    for change in (
        lambda d: d["candidates"][0].update(score_units=1),
        lambda d: d["candidates"][0]["evidence"][0].update(units=1),
        lambda d: d["candidates"][0].update(age_s=DAY * 500),
        lambda d: d.update(band="none"),
        lambda d: d.update(extra=1),
    ):
        changed = json.loads(json.dumps(data))
        change(changed)
        with pytest.raises(VerificationError):
            replay(changed, WEIGHTS)
    with pytest.raises(VerificationError):
        replay(match.to_bytes(), attrs.evolve(WEIGHTS, review=15 * UNIT))


@pytest.mark.parametrize(
    "bad", [b"{}", b"[]", b"{", "7", b'{"policy":"x"}', {}, {"policy": 7, "candidates": [1]}], ids=numbered
)
def test_what_is_no_record_of_a_match_is_refused(bad):
    with pytest.raises((InputError, VerificationError)):
        replay(bad, WEIGHTS)
    broken = {"policy": WEIGHTS.digest, "candidates": [{"evidence": 7}], "best": None}
    with pytest.raises(InputError):
        replay(broken, WEIGHTS)


def test_every_way_to_agree_has_a_weight():
    names = {
        level_name(signal, agreement, detail, permille)
        for signal, agreement, detail, permille in (
            *(
                ("handle", "close", d, 900)
                for d in ("core", "turned", "words", "inside", "ends", "end", "edit", "edits", "cut", "local")
            ),
            ("handle", "exact", "folded", 1000),
            ("display_name", "exact", "squashed", 1000),
            ("handle", "close", "end", 100),
            *(("email", "close", d, 1000) for d in ("untagged", "local", "name")),
            ("email", "exact", "address", 1000),
            ("phone", "exact", "number", 1000),
            ("device", "exact", "id", 1000),
            ("ip", "exact", "address", 1000),
            ("ip", "close", "net", 1000),
            ("payment", "exact", "id", 1000),
            ("avatar", "exact", "distance:0", 1000),
            ("avatar", "close", "distance:9", 960),
            ("identity", "exact", "digest", 1000),
            ("behaviour", "exact", "token", 500),
            ("behaviour", "exact", "token", 499),
        )
    }
    assert names == set(LEVELS)
    assert level_name("handle", "differs", "reading", 0) is None


def test_a_match_is_a_verdict(full):
    match = matched(full, FULL)
    assert isinstance(match, Match)
    assert match.weights == WEIGHTS.digest == match.policy
    assert match.to_dict()["kind"] == "blacklist_match"
    assert match.fingerprint == matched(full, FULL, at=9).fingerprint
    assert match.fingerprint != matched(full, NAMES).fingerprint
    model = NameModel.fit([f"name{n}" for n in range(1_000)])
    assert matched(full, FULL, population=Population(total=10, names=model)).population


# -- many bans at once -----------------------------------------------------------------------


def shown(agreement):
    """Give all of an agreement: its equality leaves out forms and other ways."""
    forms = tuple((form.signal, form.kind, form.value) for form in agreement.forms)
    return (
        *(getattr(agreement, name) for name in ("signal", "level", "detail", "permille", "against")),
        forms,
        tuple(shown(other) for other in agreement.also),
    )


def assert_as_one_by_one(store, given, *, at, weights=WEIGHTS, population=None):
    query = store.prepare(given)
    found = store.candidates(query, at=at)
    for candidate in found.found:
        slow = [shown(row) for row in blacklist_slow.compare(query, candidate.record)]
        assert [shown(row) for row in candidate.agreements] == slow
    options = {"weights": weights, "population": population, "at": at}
    fast = judge(query, found, **options)
    assert fast.to_bytes() == blacklist_slow.judge(query, found, **options).to_bytes()
    return fast


few_names = st.sampled_from(
    ["granite_wombat", "granite wombat 77", "GraniteWombat", "gran1te_wombats", "wombat granite", "velvet narwhal"]
)
few = st.fixed_dictionaries(
    {"handle": few_names},
    optional={
        "display_name": few_names,
        "email": st.sampled_from(["granite.wombat@gmail.com", "granitewombat+x@gmail.com", "kim@x.org"]),
        "phone": st.sampled_from(["+8613800138000", "+8613800138001"]),
        "devices": st.lists(st.sampled_from(["device-1", "device-2", "device-3"]), max_size=3),
        "ip": st.sampled_from(["203.0.113.7", "203.0.113.8", "198.51.100.1"]),
        "payment": st.sampled_from(["fingerprint-1", "fingerprint-2"]),
        "avatar_pdq": st.sampled_from([PDQ, PDQ[:-1] + "e", PDQ[::-1], "0" * 64]),
        "identity_tag": st.sampled_from(["ab" * 32, "cd" * 32]),
        "behaviour": st.lists(st.sampled_from(["posts-at-night", "same-typo", "emoji-run"]), max_size=3),
        "verified": st.booleans(),
        "created_at": st.sampled_from([5, 50, 500]),
    },
)


@settings(deadline=None)
@given(
    held=st.lists(st.tuples(few, st.integers(0, 3 * 365 * DAY), st.booleans()), min_size=1, max_size=12),
    given_=few,
    rotated=st.booleans(),
    cleared=st.booleans(),
    known=st.booleans(),
    harsh=st.booleans(),
)
def test_many_bans_at_once_come_to_the_same_bytes_as_one_by_one(*, held, given_, rotated, cleared, known, harsh):
    options = {}
    if known:
        options["population"] = Population(total=10_000, holders=lambda form: len(form.value) * 7)
    if harsh:
        differs = tuple((signal, -2 * UNIT) for signal in SIGNALS)
        options["weights"] = attrs.evolve(WEIGHTS, differs=differs, review=9 * UNIT, recycled=UNIT)
    with opened() as old:
        bans = [NewBan(ban_id=f"b{n}", signals=Signals(**one), starts_at=at) for n, (one, at, _) in enumerate(held)]
        old.add_many(bans)
        if cleared:
            old.exempt("b0", Signals(**given_))
        keys = KeyRing.of({1: SECRET, 2: bytes(range(2, 34))}, current=2)
        store = TagStore(old._store, keys, "accounts") if rotated else old
        if rotated:
            for one, (_, _, again) in zip(bans, held, strict=True):
                if again:
                    store.rewrap(one.ban_id, one.signals)
        assert_as_one_by_one(store, Signals(**given_), at=4 * 365 * DAY, **options)


@pytest.mark.parametrize(
    "newcomer",
    [
        {"handle": "granite_wombat", "display_name": "Velvet Narwhal 7", "ip": "203.0.113.77", "devices": ["d77"]},
        {"handle": "granite wombat 7712", "ip": "203.0.113.9", "behaviour": ["same-typo", "habit-3"]},
        {"handle": "someone else", "ip": "203.0.113.254", "phone": "+8613800130042"},
    ],
    ids=["family", "number", "network"],
)
def test_a_family_of_names_in_one_network_comes_to_the_same_bytes_as_one_by_one(newcomer):
    with opened(most=64) as store:
        store.add_many(
            NewBan(
                ban_id=f"b{n}",
                signals=Signals(
                    handle=f"granite_wombat{n:03d}",
                    display_name=f"Velvet Narwhal{'e' * (n % 3)} {n}",
                    phone=f"+861380013{n:04d}",
                    devices=[f"d{n}", f"e{n}"][: 1 + n % 2],
                    ip=f"203.0.113.{n % 250}",
                    behaviour=[f"habit-{n % 40}", "same-typo"][: 1 + n % 2],
                ),
                starts_at=n * DAY,
            )
            for n in range(200)
        )
        match = assert_as_one_by_one(store, Signals(**newcomer), at=400 * DAY)
        assert match.best is not None and match.truncated
