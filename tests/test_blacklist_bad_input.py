"""Bad and hostile input of a list of bans: each has one stated outcome."""

import pytest

from blacklist_life import DAY, STRONG, T0, YEAR, banned, opened
from blacklist_strategies import KEYS, OTHER, SECRET
from platgov.blacklist import Band, Canon, KeyRing, ProbeGuard, ProbePolicy, Signals, Weightless
from platgov.errors import InputError, VerificationError


def refused(code, call):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.problems[0].code == code, caught.value
    return str(caught.value)


def test_no_signal_at_all_is_refused_for_it_would_match_everyone():
    for given in ({}, {"devices": [], "behaviour": []}, {"verified": True}, {"created_at": T0}):
        refused("empty", lambda given=given: Signals(**given))


@pytest.mark.parametrize(
    "shared",
    [
        {"ip": "10.0.0.1"},
        {"ip": "100.64.0.1"},
        {"devices": ["00000000-0000-0000-0000-000000000000"]},
        {"devices": ["000000000000000"]},
        {"devices": ["unknown"]},
        {"avatar_pdq": "f" * 64},
        {"phone": "+8610000000000"},
    ],
    ids=["private net", "carrier net", "zero id", "zero IMEI", "unknown", "flat avatar", "one digit"],
)
def test_a_value_that_many_share_is_accepted_has_no_weight_and_is_flagged(shared):
    with opened() as bans:
        ban = banned(bans, Signals(**shared))
        assert ban.kinds == ()
        match = bans.match(Signals(**shared), at=T0)
        assert (match.band, match.best, match.score_bits) == (Band.NONE, None, 0)
        assert match.weightless
        # Beside others it is flagged in the evidence and adds nothing.
        alone = bans.match(Signals(handle="velvet_otter_77"), at=T0)
        banned(bans, Signals(handle="velvet_otter_77", **shared), decision="d-2")
        both = bans.match(Signals(handle="velvet_otter_77", **shared), at=T0)
        assert alone.best is None
        assert both.score_bits == bans.match(Signals(handle="velvet_otter_77"), at=T0).score_bits
        assert any(row.cap in ("blank", "reserved") for row in both.evidence)


def test_a_value_that_the_host_lists_or_that_many_hold_has_no_weight():
    canon = Canon(weightless=Weightless(listed={"ip": ["203.0.113.0/24"]}, holders=lambda form: 5_000))
    with opened(canon=canon) as bans:
        banned(bans)
        match = bans.match(Signals(**STRONG), at=T0)
        assert match.best is None
        assert {why for _, _, why in match.weightless} == {"listed", "many_holders"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a.b+spam@gmail.com", "AB@googlemail.com", True),
        ("kurt@ü.de", "Kurt@XN--TDA.de", True),
        ("ｋｕｒｔ＠example.org", "kurt@example.org", True),
        ("a.b@example.org", "ab@example.org", False),
        ("name+tag@example.org", "name@example.org", False),
    ],
    ids=["known provider", "international domain", "full width", "dots elsewhere", "tag elsewhere"],
)
def test_spellings_of_a_mailbox_are_one_by_the_rule_of_its_provider(one, other, same):
    with opened() as bans:
        banned(bans, Signals(email=one))
        match = bans.match(Signals(email=other), at=T0)
        row = next((row for row in match.evidence if row.signal == "email"), None)
        assert (row is not None and row.agreement == "exact") is same


@pytest.mark.parametrize(
    "text", ["\u202a+8613912345678\u202c", "＋８６ １３９ １２３４ ５６７８", "0086-139-1234-5678", "13912345678"]
)
def test_a_phone_number_is_read_whatever_its_spelling(text):
    with opened(canon=Canon(region="CN")) as bans:
        banned(bans, Signals(phone="+8613912345678"))
        assert bans.match(Signals(phone=text), at=T0).evidence[3].agreement == "exact"


def test_an_address_is_one_in_both_versions_and_with_a_zone():
    with opened() as bans:
        banned(bans, Signals(ip="203.1.113.7"))
        for spelt in ("::ffff:203.1.113.7", "::ffff:cb01:7107", "64:ff9b::203.1.113.7", "[::ffff:203.1.113.7%eth0]"):
            match = bans.match(Signals(ip=spelt), at=T0)
            assert next(row for row in match.evidence if row.signal == "ip").agreement == "exact", spelt


@pytest.mark.parametrize("net", ["0.0.0.0/0", "::/0", "203.0.0.0/8", "2001:db8::/32"])
def test_a_network_too_wide_to_tell_people_apart_is_refused(net):
    with opened() as bans:
        refused("too_wide", lambda: bans.match(Signals(ip=net), at=T0))
        refused("too_wide", lambda: banned(bans, Signals(ip=net)))
        assert list(bans.bans()) == []


def test_too_many_signals_of_one_sign_up_are_refused():
    refused("too_many", lambda: Signals(devices=[f"device-{n}" for n in range(10_000)]))
    refused("too_many", lambda: Signals(behaviour=[f"token-{n}" for n in range(10_000)]))
    refused("too_long", lambda: Signals(email="a" * 10_000 + "@example.org"))


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("digest", {"identity_tag": "110101199003074219"}),
        ("digest", {"identity_tag": "A123456(7)"}),
        ("raw", {"payment": "4111 1111 1111 1111"}),
        ("type", {"identity_tag": b"\x00" * 32}),
        ("pdq", {"avatar_pdq": "not a hash"}),
    ],
    ids=["identity number", "identity card", "card number", "bytes", "no hash"],
)
def test_raw_data_where_a_digest_belongs_is_refused_and_not_repeated(code, given):
    told = refused(code, lambda: Signals(**given))
    assert not any(str(value) in told for value in given.values())


@pytest.mark.parametrize("tag", ["ab" * 15, "ab" * 65, "AB" * 32, "ab" * 32 + "a", "zz" * 32, " " + "ab" * 32])
def test_a_digest_of_another_form_is_refused(tag):
    refused("digest", lambda: Signals(identity_tag=tag))


def test_another_secret_under_a_known_version_is_refused_before_anything_is_written(tmp_path):
    path = tmp_path / "bans.db"
    with opened(path) as bans:
        ban = banned(bans)
    with pytest.raises(VerificationError) as caught:
        opened(path, keys=KeyRing.single(OTHER))
    assert caught.value.code == "key"
    for bad in (b"short", b"x" * 32, "text" * 8, None):
        refused("secret", lambda bad=bad: KeyRing.single(bad))
    with opened(path) as bans:
        assert list(bans.bans()) == [ban]


def test_several_bans_that_match_are_all_reported_in_one_order():
    with opened() as bans:
        made = [banned(bans, decision=f"d-{n}") for n in range(4)]
        other = banned(bans, Signals(email=STRONG["email"], handle="another_name_here"), decision="d-9")
        match = bans.match(Signals(**STRONG), at=T0)
        assert [one.ban_id for one in match.candidates] == [*sorted(ban.id for ban in made), other.id]
        assert match.best == match.candidates[0]
        assert all(sum(row.units for row in one.evidence) == one.score_units for one in match.candidates)
    with opened() as bans:
        banned(bans, Signals(email=STRONG["email"], handle="another_name_here"), decision="d-9")
        for n in (2, 0, 3, 1):
            banned(bans, decision=f"d-{n}")
        assert bans.match(Signals(**STRONG), at=T0).to_bytes() == match.to_bytes()


def test_a_ban_that_is_over_or_erased_does_not_match():
    with opened() as bans:
        over = banned(bans, ends_at=T0 + DAY)
        erased = banned(bans, decision="d-2")
        bans.erase(erased.id, by="privacy:1", reason="request", at=T0)
        match = bans.match(Signals(**STRONG), at=T0 + DAY)
        assert (match.band, match.best, match.candidates) == (Band.NONE, None, ())
        assert bans.match(Signals(**STRONG), at=T0 + DAY - 1).best.ban_id == over.id


def test_a_flood_of_near_duplicates_has_a_bound_says_so_and_is_counted():
    with opened(most=20) as bans:
        for n in range(60):
            banned(bans, Signals(handle=f"velvet_otter_{n:02}", devices=["flooding-device"]), decision=f"d-{n}")
        guard = ProbeGuard(bans, ProbePolicy(steps=(50,)))
        for n in range(60):
            asked = Signals(handle=f"velvet_ottre_{n:02}", devices=["flooding-device"])
            match = bans.match(asked, at=T0)
            assert match.truncated
            found = guard.saw(asked, match, at=T0)
        assert (found.misses, found.level) == (60, 1)


@pytest.mark.parametrize("ends", [T0, T0 - 1])
def test_a_ban_that_ends_before_it_begins_is_refused(ends):
    with opened() as bans:
        refused("range", lambda: banned(bans, ends_at=ends))
        refused("range", lambda: banned(bans, review_by=T0 - 1))
        assert list(bans.bans()) == []


def test_there_is_no_ban_without_a_date_on_which_it_is_looked_at_again():
    with opened() as bans:
        with pytest.raises(TypeError):
            bans.add(Signals(**STRONG), reason="x", decision="d", starts_at=T0)
        with pytest.raises(InputError):
            banned(bans, review_by=None)
        assert list(bans.bans()) == []


@pytest.mark.parametrize(
    "hostile", ["'; DROP TABLE platgov_bans;--", "%_%", "{0.__class__}", "${jndi:x}", "<script>", "\\", '"quoted"']
)
def test_hostile_text_is_data_wherever_it_stands(hostile):
    with opened() as bans:
        ban = banned(bans, Signals(handle=f"abc{hostile}"), reason=hostile, decision=hostile, by=hostile)
        assert (ban.reason, ban.decision, ban.by) == (hostile, hostile, hostile)
        assert bans.match(Signals(handle=f"abc{hostile}"), at=T0).best.ban_id == ban.id
        assert hostile in bans.notice(ban.id, at=T0)
        assert bans.overdue(at=T0 + 2 * YEAR) == (ban,)
        assert SECRET and KEYS
