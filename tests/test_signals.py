"""Signals and their canonical forms: two spellings of one thing share one, two things do not."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from blacklist_strategies import emails, names, numbered, phones, signals
from platgov._blacklist.canonical import KINDS, Canon, Form, Weightless
from platgov._blacklist.nameforms import name_forms, squashed
from platgov._blacklist.signals import SIGNALS, Signals
from platgov._blacklist.tables import NumberPlan, Provider
from platgov.errors import InputError

CANON = Canon(region="CN")


def forms(canon=CANON, **given):
    return {(form.signal, form.kind): form.value for form in canon.forms(Signals(**given)) if not form.weightless}


def form(signal, kind, canon=CANON, **given):
    return forms(canon, **given).get((signal, kind))


def why(canon=CANON, **given):
    return {form.weightless for form in canon.forms(Signals(**given))}


def refused(code, **given):
    with pytest.raises(InputError) as caught:
        CANON.forms(Signals(**given))
    assert caught.value.problems[0].code == code
    return str(caught.value)


# -- laws ------------------------------------------------------------------------------------


@given(signals())
def test_forms_are_never_empty_known_kinds_and_the_same_each_time(given):
    found = CANON.forms(given)
    assert all(form.value and (form.signal, form.kind) in KINDS for form in found)
    assert found == Canon(region="CN").forms(given)
    assert len(found) == len(set(found))


@given(signals())
def test_nothing_of_a_signal_shows_in_a_repr(given):
    for value in (repr(given), *(repr(form) for form in CANON.forms(given))):
        assert not any(len(text) > 12 and text in value for _, text in given.given())


@given(names, st.sampled_from("._-~ "), st.integers(0, 30))
def test_separators_never_change_the_squashed_form_of_ascii_names(name, separator, place):
    assume(name.isascii() and squashed(name, {}) and name.isalnum())
    assert squashed(name[:place] + separator + name[place:], {}) == squashed(name, {})


@given(st.text("abcdefghijkmopqrstuvxyz", min_size=1, max_size=20))
def test_width_case_and_invisible_characters_never_change_the_forms_of_a_name(name):
    wide = "".join(chr(ord(char) + 0xFEE0) for char in name)
    expected = dict(name_forms(name, affixes=frozenset(), readings=None, simplified={}))
    for other in (name.upper(), wide, f"\u200b{name}\u2060", "\u00ad".join(name)):
        assert dict(name_forms(other, affixes=frozenset(), readings=None, simplified={})) == expected


@given(phones, st.sampled_from([" ", "-", ".", "\u00a0", "\u202c"]), st.integers(1, 12))
def test_separators_and_invisible_characters_never_change_a_number(number, separator, place):
    assume(len(set(number[-7:])) > 1)
    assert form("phone", "number", phone=number[:place] + separator + number[place:]) == number


@given(emails)
def test_an_address_is_its_own_canonical_form(address):
    assume(not address.startswith(("+", ".")) and address.split("@")[0].strip(".+"))
    value = form("email", "address", email=address)
    assert form("email", "address", email=value) == value
    assert form("email", "address", email=address.upper()) == value


# -- names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        "SPAM_KING",
        "sp4m.k1ng",
        "ѕраm king",
        "ｓｐａｍｋｉｎｇ",
        "spaaaam king",
        "s-p-a-m-k-i-n-g",
        "spam\u200bking",
        "$pam k!ng",
        "𝓼𝓹𝓪𝓶𝓴𝓲𝓷𝓰",
    ],
)
def test_disguises_of_a_name_share_its_squashed_form(other):
    assert form("handle", "squashed", handle=other) == form("handle", "squashed", handle="spamking")


@pytest.mark.parametrize(
    "other", ["spamking99", "xx_spamking_xx", "the real spamking", "SpamKingOfficial", "1spamking", "spamking２"]
)
def test_decorations_of_a_name_share_its_core(other):
    assert form("handle", "core", handle=other) == form("handle", "core", handle="spamking")


def test_the_order_of_words_does_not_matter_to_one_form():
    assert form("handle", "words", handle="king.spam") == form("handle", "words", handle="SpamKing")
    assert form("handle", "words", handle="spamking") is None


def test_traditional_and_simplified_chinese_are_one_by_the_table_of_the_host():
    canon = Canon(simplified={"張": "张", "偉": "伟"})
    for kind in ("folded", "squashed", "core"):
        assert form("display_name", kind, canon, display_name="張偉") == "张伟"
        assert form("display_name", kind, canon, display_name="张伟") == "张伟"
        assert form("display_name", kind, display_name="張偉") == "張偉"


@pytest.mark.parametrize("table", [{"張": "zhang"}, {"張": 1}, {1: "张"}, ["張"], "張", None], ids=str)
def test_a_table_of_anything_but_characters_is_refused(table):
    with pytest.raises(InputError) as caught:
        Canon(simplified=table)
    assert (caught.value.problems[0].code, caught.value.problems[0].path) == ("type", "$.simplified")


def test_different_names_stay_apart():
    assert form("handle", "squashed", handle="christian1969") != form("handle", "squashed", handle="christian1970")
    assert form("handle", "core", handle="dragon") != form("handle", "core", handle="wagon")


def test_a_name_without_letters_has_only_what_it_looks_like():
    assert set(forms(handle="___")) == {("handle", "folded")}
    assert ("handle", "core") not in forms(handle="1234")


def test_affixes_never_eat_a_whole_name():
    assert form("handle", "core", handle="therealold") is not None
    assert form("handle", "core", handle="the") == squashed("the", {})


def test_readings_of_the_host_are_forms_of_their_own_kind():
    canon = Canon(readings=lambda name: ["wei xin", ""] if name in ("微信", "威信") else ())
    assert form("handle", "reading", canon, handle="微信") == form("handle", "reading", canon, handle="威信")
    assert form("handle", "squashed", canon, handle="微信") != form("handle", "squashed", canon, handle="威信")


# -- e-mail ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.b.c+news@GMail.com", "abc@googlemail.com"),
        ("Joe+x@Outlook.com", "joe@outlook.com"),
        ("j.o-e@pm.me", "joe@proton.me"),
        ("joe@ü.de", "joe@xn--tda.de"),
        ("ｊｏｅ＠example.org", "joe@example.org"),
        ("joe@example.org.", "JOE@EXAMPLE.ORG"),
    ],
)
def test_spellings_of_one_mailbox_are_one(one, other):
    assert form("email", "address", email=one) == form("email", "address", email=other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.bc@example.org", "abc@example.org"),
        ("a.bc@outlook.com", "abc@outlook.com"),
        ("a+b@example.org", "a@example.org"),
    ],
)
def test_dots_and_tags_count_where_the_provider_is_not_known_to_ignore_them(one, other):
    assert form("email", "address", email=one) != form("email", "address", email=other)


def test_a_tag_of_an_unknown_provider_is_close_only():
    assert form("email", "untagged", email="joey+b@example.org") == form("email", "untagged", email="joey@example.org")
    assert form("email", "untagged", email="joey+b@163.com") != form("email", "untagged", email="joey@163.com")


def test_a_host_can_bring_its_own_providers():
    canon = Canon(providers=(Provider(domains=("corp.example",), tag="-"),))
    assert form("email", "address", canon, email="joe-x@corp.example") == "joe@corp.example"
    assert form("email", "address", canon, email="j.oe@gmail.com") == "j.oe@gmail.com"


def test_the_name_of_the_platform_before_the_sign_says_nothing_if_the_host_says_so():
    own = Canon(roles=[*CANON.roles, "Acme"])
    for canon, weightless in ((CANON, {""}), (own, {"role"})):
        forms = canon.forms(Signals(email="acme@smith.example"))
        assert {form.weightless for form in forms if form.kind in ("local", "name")} == weightless
    assert {form.weightless for form in own.forms(Signals(email="sales@smith.example")) if form.kind == "local"} == {
        "role"
    }
    for bad in ("acme", [1], None):
        with pytest.raises(InputError):
            Canon(roles=bad)


def test_roles_and_very_short_local_parts_say_nothing():
    assert ("email", "local") not in forms(email="info@example.org")
    assert ("email", "local") not in forms(email="joe@example.org")
    assert form("email", "local", email="joe.smith@example.org") == "joe.smith"


@pytest.mark.parametrize(
    "bad", ["x", "@example.org", "a@", "a@b", "a b@example.org", "a@ex..org", "a\x00@example.org", "a@\u200b.org"]
)
def test_what_is_no_address_is_refused(bad):
    refused("email", email=bad)


# -- phones ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "+86 138 0013 8000",
        "0086-13800138000",
        "(+86)13800138000",
        "\uff0b\uff18\uff16 １３８００１３８０００",
        "tel:+86-138-0013-8000",
        "٠٠٨٦١٣٨٠٠١٣٨٠٠٠",
        "13800138000 ext. 12",
        "013800138000",
    ],
)
def test_spellings_of_one_number_are_one(text):
    assert form("phone", "number", phone=text) == "+8613800138000"


@pytest.mark.parametrize(
    ("region", "text", "expected"),
    [
        ("GB", "+44 (0)20 7946 0958", "+442079460958"),
        ("GB", "020 7946 0958", "+442079460958"),
        ("US", "1 (202) 555-0143", "+12025550143"),
        ("US", "011 44 20 7946 0958", "+442079460958"),
        ("IT", "06 6982 0000", "+390669820000"),
        ("RU", "8 (495) 123-45-67", "+74951234567"),
        ("HU", "06 1 234 5678", "+3612345678"),
        ("DE", "+39 06 6982 0000", "+390669820000"),
        (None, "00 49 30 1234567", "+49301234567"),
        ("PT", "+351 (0) 912 345 678", "+351912345678"),
        ("PT", "00351 (0)912 345 678", "+351912345678"),
        ("IT", "+39 (0)6 6982 0000", "+390669820000"),
        ("SJ", "79 02 12 34", "+4779021234"),
    ],
)
def test_each_region_has_its_prefixes(region, text, expected):
    assert form("phone", "number", Canon(region=region), phone=text) == expected


def test_no_country_code_begins_with_another():
    codes = {plan.code for plan in dict(CANON.plans).values()}
    assert not any(one != other and one.startswith(other) for one in codes for other in codes)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("phone", "call me"),
        ("phone", "+86 12"),
        ("phone", "+8612345678901234"),
        ("code", "+999 1234567"),
        ("phone", "12+345678"),
    ],
)
def test_what_is_no_number_is_refused(code, text):
    refused(code, phone=text)


def test_a_number_without_a_country_needs_a_region():
    with pytest.raises(InputError) as caught:
        Canon().forms(Signals(phone="13800138000"))
    assert caught.value.problems[0].code == "region"
    plan = (("XX", NumberPlan(code="999", trunk="")),)
    assert form("phone", "number", Canon(region="XX", plans=plan), phone="1234567") == "+9991234567"


# -- addresses of machines -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address", "net"),
    [
        ("203.0.113.7", "203.0.113.7", "203.0.113.0"),
        ("::ffff:203.0.113.7", "203.0.113.7", "203.0.113.0"),
        ("64:ff9b::203.0.113.7", "203.0.113.7", "203.0.113.0"),
        ("[2001:db8:1:2:3::4]", "2001:db8:1:2::", "2001:db8:1::"),
        ("2001:db8:1:2::9%eth0", "2001:db8:1:2::", "2001:db8:1::"),
        ("203.0.113.0/24", None, "203.0.113.0"),
        ("2001:db8:1::/48", None, "2001:db8:1::"),
        ("２０３．0.113.7", "203.0.113.7", "203.0.113.0"),
    ],
)
def test_an_address_stands_for_itself_and_for_its_network(text, address, net):
    assert form("ip", "address", ip=text) == address
    assert form("ip", "net", ip=text) == net


@pytest.mark.parametrize("text", ["0.0.0.0/0", "203.0.0.0/16", "::/0", "2001:db8::/32", "::ffff:0:0/96"])
def test_a_network_too_wide_to_tell_people_apart_is_refused(text):
    refused("too_wide", ip=text)


@pytest.mark.parametrize("text", ["1.2.3", "256.1.1.1", "fe80", "1.2.3.4/99", "::1::2"])
def test_what_is_no_address_of_a_machine_is_refused(text):
    refused("ip", ip=text)


@pytest.mark.parametrize(
    "text", ["10.1.2.3", "100.64.1.1", "127.0.0.1", "192.168.0.9", "fe80::1%wlan0", "::1", "fd00::1"]
)
def test_addresses_that_many_hold_say_nothing(text):
    assert why(ip=text) == {"reserved"}


# -- weightless ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "device",
    [
        "00000000-0000-0000-0000-000000000000",
        "unknown",
        "NULL",
        "02:00:00:00:00:00",
        "000000000000000",
        "ffffffffffffffff",
        "9774d56d682e549c",
    ],
)
def test_ids_that_broken_devices_share_say_nothing(device):
    assert why(devices=[device]) == {"blank"}


def test_spellings_of_one_device_id_are_one_and_others_keep_their_case():
    assert form("device", "id", devices=["{A1B2C3D4-e5f6-1718}"]) == form("device", "id", devices=["a1b2c3d4e5f61718"])
    assert form("device", "id", devices=["Ab_Cz"]) != form("device", "id", devices=["ab_cz"])


def test_numbers_of_one_digit_and_flat_avatars_say_nothing():
    assert why(phone="+861380000000") == {"blank"}
    assert why(avatar_pdq="0" * 64) == {"blank"} == why(avatar_pdq="f" * 64)


def test_what_the_host_lists_says_nothing():
    stock = "0123456789abcdef" * 4
    listed = {
        "ip": ["198.51.100.0/22"],
        "avatar": [stock],
        "handle": ["Admin"],
        "device": ["tablet-7"],
        "payment": ["gift"],
        "phone": ["+8613800138000"],
        "email": ["shop@example.org"],
    }
    canon = Canon(weightless=Weightless(listed=listed))
    assert why(canon, ip="198.51.103.9") == {"listed"} == why(canon, avatar_pdq=stock[:-1] + "e")
    assert why(canon, handle="4dm1n") == {"listed", ""}  # looks another way, reads the same
    assert (
        why(canon, devices=["tablet-7"])
        == {"listed"}
        == why(canon, payment="gift")
        == why(canon, phone="+8613800138000")
    )
    assert why(canon, ip="198.51.104.9") == {""} == why(canon, devices=["tablet-8"]) == why(canon, avatar_pdq="7" * 64)
    assert Weightless(listed=canon.weightless.listed) == canon.weightless


def test_what_many_accounts_hold_says_nothing():
    canon = Canon(
        simplified={"張": "张", "偉": "伟"},
        weightless=Weightless(holders=lambda form: {"张伟": 1001, "dev-1": 1000}.get(form.value), most_holders=1000),
    )
    assert why(canon, display_name="張偉") == {"many_holders"}
    assert why(canon, devices=["dev-1"]) == {""} == why(canon, handle="someone")


# -- bad input -------------------------------------------------------------------------------


def test_nothing_at_all_is_refused():  # it would match everyone
    refused("empty")


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("type", {"handle": 7}),
        ("type", {"email": b"a@b.org"}),
        ("type", {"phone": 13800138000}),
        ("type", {"ip": True}),
        ("type", {"devices": "abc"}),
        ("type", {"devices": [None]}),
        ("type", {"behaviour": {"a": 1}}),
        ("type", {"handle": "a", "verified": 1}),
        ("type", {"handle": "a", "created_at": True}),
        ("naive", {"handle": "a", "created_at": __import__("datetime").datetime(2026, 1, 1)}),
        ("blank", {"handle": ""}),
        ("blank", {"display_name": "\u3000 "}),
        ("blank", {"devices": [" "]}),
        ("surrogate", {"handle": "a\ud800"}),
        ("too_long", {"handle": "a" * 257}),
        ("too_long", {"handle": "\ufdfa" * 86}),
        ("too_long", {"email": "a" * 1025}),
        ("too_many", {"devices": ["d"] * 10_000}),
        ("too_many", {"behaviour": ["d"] * 65}),
        ("raw", {"payment": "4111 1111 1111 1111"}),
        ("digest", {"identity_tag": "110101199003070000"}),
        ("digest", {"identity_tag": "A" * 64}),
        ("digest", {"identity_tag": "a" * 33}),
        ("digest", {"identity_tag": "a" * 130}),
        ("pdq", {"avatar_pdq": "a" * 63}),
        ("pdq", {"avatar_pdq": "g" * 64}),
    ],
)
def test_bad_signals_are_refused_without_being_shown(code, given):
    text = refused(code, **given)
    assert "4111" not in text and "110101" not in text


def test_what_only_looks_like_a_card_passes():
    assert form("payment", "id", payment="4111111111111112") == "4111111111111112"
    assert form("payment", "id", payment="1-2-3-4-5-6-7-8") is not None


def test_text_of_hosts_is_data_whatever_it_contains():
    assert form("payment", "id", payment="'; DROP TABLE platgov_bans;--{0.__class__}%n") is not None


@pytest.mark.parametrize(
    "make",
    [
        lambda: Canon(region="cn"),
        lambda: Canon(region="China"),
        lambda: Canon(region=7),
        lambda: CANON.forms("spam"),
        lambda: Weightless(listed=["ip"]),
        lambda: Weightless(listed={"shoe": ["x"]}),
        lambda: Weightless(listed={"ip": "10.0.0.0/8"}),
        lambda: Weightless(most_holders=0),
        lambda: Weightless(most_holders=True),
        lambda: Canon(weightless=Weightless(listed={"ip": ["everywhere"]})),
    ],
    ids=numbered,
)
def test_bad_settings_are_refused(make):
    with pytest.raises(InputError):
        make()


def test_signals_and_kinds_are_appended_to_and_never_reordered():
    # The place of a name in these lists is stored with each tag.
    assert SIGNALS == tuple("handle display_name email phone device ip payment avatar identity behaviour".split())
    assert [f"{signal}.{kind}" for signal, kind in KINDS] == (
        "handle.folded handle.squashed handle.core handle.words handle.reading "
        "display_name.folded display_name.squashed display_name.core display_name.words display_name.reading "
        "email.address email.untagged email.local phone.number device.id ip.address ip.net payment.id "
        "identity.digest behaviour.token avatar.pdq email.name "
        "handle.head handle.tail display_name.head display_name.tail "
        "handle.turned display_name.turned"
    ).split()
    assert repr(Form(signal="ip", kind="net", value="secret", weightless="listed")) == "Form(ip.net listed)"
