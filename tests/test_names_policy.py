"""Whole names against a policy: findings, their places and evidence, and suggestions that pass."""

# ruff: noqa: E501 - lists of names are easier to read in long lines

import json
import os
import subprocess
import sys
import unicodedata

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from platgov._names import contacts, folding, hidden, outline, units
from platgov._names import policy as policy_module
from platgov._names.chars import unassigned_in_14
from platgov.errors import InputError
from platgov.names import (
    ADVISORY,
    CODES,
    NamePolicy,
    Protected,
    ProtectedNames,
    RestrictionLevel,
    digit_systems,
    fold,
    grapheme_count,
    is_word,
    name_keys,
    resolved_scripts,
    restriction_level,
    skeleton,
)

BRANDS = ["PayPal", "WeChat", "支付宝", "Сбербанк", Protected(name="Example", owner="org:1")]
POLICY = NamePolicy(protected=BRANDS, reserved=["admin", "root"], max_graphemes=30)
PLAIN = NamePolicy()
CONTACT = {"link", "email", "phone", "handle"}

TRICKY = (
    "aApPyYlLI10@.-_ $!\u0430\u0440\u0443\u200b\u200d\u202e\u0301\u0316\u0915\u094d\u0e01\u0e33\u5f20\u4f1f\u652f\u4ed8\u5b9d"
    "\U0001f468\U0001f469\u2764\ufe0f\u20e3\n\x00\ue000\uffff\ud55c\u1112\u1161\u3164\u0661\u0967\uff11\U0001f1e9m"
)
names = st.one_of(st.text(max_size=40), st.text(alphabet=TRICKY, max_size=40))


def codes(policy, name, **more):
    return [finding.code for finding in policy.check(name, **more)]


def steps_in(act):
    """Count the instructions of the interpreter that something takes: as many on every machine."""
    count = 0

    def counted(frame, event, _):
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return counted

    before = sys.gettrace()
    # Once more for the count: Python 3.12 tells of instructions only after somebody has asked for them.
    for _ in range(2):
        count = 0
        sys.settrace(counted)
        try:
            act()
        finally:
            sys.settrace(before)
    return count


# Laws


@given(names)
@example("\u1112\u1161\u11abPayPal")
@example("e\u0301 e\u0301 p\u0430ypal")
@example("a" * 400)
def test_findings_are_in_order_inside_the_name_and_a_suggestion_passes(name):
    found = POLICY.check(name)
    assert [each.start for each in found] == sorted(each.start for each in found)
    for each in found:
        assert 0 <= each.start <= each.end <= len(name)
        assert each.code in CODES
        assert each.blocks == (each.code not in ADVISORY)
        assert each.suggestion is not None
        assert POLICY.check(each.suggestion) == ()
        assert str(each).startswith(f"{each.code} at {each.start}")


@given(names)
@example("\ufa2a")
@example("e\u0301\u212b\u0323")
def test_checking_twice_finds_the_same_and_what_passes_can_be_stored(name):
    found = POLICY.check(name)
    assert POLICY.check(name) == found
    if not any(each.blocks for each in found):
        stored = POLICY.accept(name)
        assert stored == unicodedata.normalize("NFC", name) or any(map(unassigned_in_14, name))
        assert not any(each.blocks for each in POLICY.check(stored))
    else:
        with pytest.raises(InputError) as refused:
            POLICY.accept(name)
        assert {problem.code for problem in refused.value.problems} == {each.code for each in found if each.blocks}


@given(names, names)
def test_more_protected_names_never_find_less(name, other):
    try:
        wider = attrs.evolve(POLICY, protected=ProtectedNames([*BRANDS, other]))
    except InputError:
        return
    assert {(each.code, each.protected) for each in POLICY.check(name)} <= {
        (each.code, each.protected) for each in wider.check(name)
    }


@given(st.text(alphabet=TRICKY, max_size=25))
def test_canonically_equivalent_names_have_the_same_kinds_of_findings(name):
    apart, composed = (unicodedata.normalize(form, name) for form in ("NFD", "NFC"))
    ours, theirs = (
        {(each.code, each.protected) for each in PLAIN.check(text) if each.code not in ("marks", "too_long")}
        for text in (apart, composed)
    )
    assert ours == theirs


@pytest.mark.parametrize(
    ("given_as", "stored"),
    [("e\u0301", "\u00e9"), ("\u212b", "\u00c5"), ("\u212a", "K"), ("\ufa2a", "\u98ef"), ("\u0958", "\u0915\u093c"),
     ("\u212b\u0323", "\u1ea0\u030a"), ("\u1112\u1161\u11ab", "\ud55c")],
    ids=ascii,
)  # fmt: skip
def test_the_name_to_store_is_composed(given_as, stored):
    assert PLAIN.accept(given_as) == stored
    assert PLAIN.accept(stored) == stored


def test_policies_are_values_with_digests():
    again = NamePolicy(protected=list(reversed(BRANDS)), reserved=["root", "admin"], max_graphemes=30)
    assert (again, hash(again), again.digest) == (POLICY, hash(POLICY), POLICY.digest)
    changed = [
        attrs.evolve(POLICY, max_graphemes=31), attrs.evolve(POLICY, reserved=["admin"]), attrs.evolve(POLICY, contacts=False),
        attrs.evolve(POLICY, protected=[]), attrs.evolve(POLICY, scripts={"Latn"}), attrs.evolve(POLICY, exceptions=["x"]),
        attrs.evolve(POLICY, word_level=RestrictionLevel.SINGLE_SCRIPT), attrs.evolve(POLICY, advisory=[]),
    ]  # fmt: skip
    assert len({POLICY.digest, *(policy.digest for policy in changed)}) == 9
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        POLICY.max_graphemes = 3


def test_every_process_finds_the_same():
    name = "P\u0430ypal\u202e admin foo.com \u0967\u06f1"
    code = (
        "import json,sys; from platgov.names import NamePolicy\n"
        "policy = NamePolicy(protected=['PayPal','WeChat'], reserved=['admin','root'], scripts=['Latn','Cyrl','Deva'])\n"
        f"print(json.dumps([policy.digest, *map(repr, policy.check({name!r}))]))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "7")
    }
    assert len(outputs) == 1
    assert len(json.loads(outputs.pop())) >= 5


@pytest.mark.parametrize(
    "text", ["caf\u00e9.com", "jos\u00e9@gmail.com", "P\u00e1ypal", "wechat: jos\u00e9_99", "\u0451\u0436.com/\u0439"]
)
def test_ways_to_compose_a_letter_do_not_matter_to_any_finding(text):
    codes = {
        form: {finding.code for finding in POLICY.check(unicodedata.normalize(form, text))} for form in ("NFC", "NFD")
    }
    assert codes["NFC"] == codes["NFD"] != set()
    taken = unicodedata.normalize("NFD", text)
    assert all(0 <= one.start < one.end <= len(taken) for one in POLICY.check(taken))


def test_unicodedata_is_never_shown_a_character_that_unicode_14_did_not_have(monkeypatch):
    shown = set()

    class Watched:
        @staticmethod
        def combining(char):
            shown.add(char)
            return unicodedata.combining(char)

        @staticmethod
        def normalize(form, text):
            shown.update(text)
            return unicodedata.normalize(form, text)

        @staticmethod
        def is_normalized(form, text):
            return False  # whatever it says of them changes nothing, as a test of folding shows

    for module in (folding, units, hidden, contacts):
        monkeypatch.setattr(module, "unicodedata", Watched)
    for memo in (units.units, units._letters, outline._alike, contacts._wides, contacts._plains):
        memo.clear()
    outline._outline.cache_clear()
    later = [char for char in map(chr, range(0x1FC00)) if not 0xD800 <= ord(char) <= 0xDFFF and unassigned_in_14(char)]
    for start in range(0, len(later), 160):
        POLICY._findings("a\u200d" + "\u200d.\u0301".join(later[start : start + 160 : 8])[:60], None)
    assert shown
    assert [char for char in shown if unassigned_in_14(char)] == []


# The catalogue of bad input: what a name may hold, and what becomes of it


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("", {"empty"}, id="1 nothing"),
        pytest.param("  \u3000", {"empty"}, id="2 only spaces"),
        pytest.param("a" * 1_000_000, {"too_long"}, id="3 a megabyte"),
        pytest.param("\ufdfa" * 60, {"too_long"}, id="4 longer when normalised"),
        pytest.param("a" + "\u0301" * 16_000, {"too_long"}, id="5 sixteen thousand marks"),
        pytest.param("a" + "\u0301" * 31, {"marks"}, id="6 a pile of marks"),
        pytest.param("\u202eabc", {"bidi_control"}, id="7 an override of direction"),
        pytest.param("ab\u2066c", {"bidi_control"}, id="8 an isolate without an end"),
        pytest.param("a\u200bb", {"invisible"}, id="9 a space of no width"),
        pytest.param("a\u200db", {"invisible"}, id="9 a joiner that joins nothing"),
        pytest.param("ab\ud800", {"surrogate"}, id="10 half a surrogate pair"),
        pytest.param("ab\x00", {"control"}, id="11 a null"),
        pytest.param("ab\x1b[2Jc", {"control"}, id="12 an escape to the terminal"),
        pytest.param("a\u0085b", {"line_break"}, id="12 a next line"),
        pytest.param("ab\nroot: x", {"line_break", "reserved"}, id="13 a line break"),
        pytest.param("\u0430dmin", {"reserved", "mixed_scripts"}, id="14 a Cyrillic a"),
        pytest.param("\uff41\uff44\uff4d\uff49\uff4e", {"reserved"}, id="15 full width"),
        pytest.param("\u0130\u00df\u017f", set(), id="16 letters that fold to several"),
        pytest.param("\u1112\u1161\u11ab", set(), id="17 jamo of a syllable"),
        pytest.param("\U0001f468\u200d\U0001f469\u200d\U0001f467 family", set(), id="18 joined emoji"),
        pytest.param("ab\ue000", {"private_use"}, id="19 private use"),
        pytest.param("ab\u0378", {"unassigned"}, id="19 unassigned"),
        pytest.param("ab\uffff", {"unassigned"}, id="19 a noncharacter"),
        pytest.param("ab\U000e0041", {"tag"}, id="20 a tag"),
    ],
)
def test_bad_input_is_found_and_a_suggestion_passes(name, expected):
    found = POLICY.check(name)
    assert {each.code for each in found} == expected
    assert all(POLICY.check(each.suggestion) == () for each in found)
    refused = {code for code in expected if code not in ADVISORY}
    if refused:
        with pytest.raises(InputError) as error:
            POLICY.accept(name)
        assert {problem.code for problem in error.value.problems} == refused
        assert all(problem.position is not None for problem in error.value.problems)


@pytest.mark.parametrize("name", [None, 7, True, b"abc", ["a"]], ids=repr)
def test_what_is_no_text_is_an_error(name):
    with pytest.raises(InputError):
        POLICY.check(name)


@pytest.mark.parametrize(
    "unit",
    ["a.", "a-", "a b ", ".", "1 ", "1", "o1", "@a", "www.", "a dot ", "(", "\u0430", "\u03b7", "!", "a$", "A", "aA", "\u5f20",
     "\u200d", "\u0301", "rn", "aaa", "\U0001f1e9", "support", "\u4e00", "com.", "a\u3002", "x@x.", "vx", "http://",
     "pa ", "ad-", "we.", "P4", "paypal "],
)  # fmt: skip
def test_twice_the_name_of_anything_is_about_twice_the_work(unit):
    longest = attrs.evolve(POLICY, max_graphemes=4096, max_bytes=4096)
    names = [unit * (size // len(unit.encode())) for size in (512, 1024, 4096)]
    for name in names:  # what is worked out once per character is, before counting
        longest._findings(name, None)
    once, twice = (steps_in(lambda name=name: longest._findings(name, None)) for name in names[:2])
    # Twice if linear, four times if quadratic.
    assert twice < 2.3 * once


@pytest.mark.parametrize(
    "name", ["a" * 1_000_000, "a" + "\u0301" * 16_000, "\u5f20" * 86, "a" * 257, "a" * 256, "\ud800" * 300]
)
def test_of_a_name_past_its_bytes_no_more_than_those_is_ever_read(monkeypatch, name):
    read = []

    def watched(function):
        def watch(text, *more, **options):
            read.append(text)
            return function(text, *more, **options)

        return watch

    for function in ("outline", "letters_of", "fold", "hidden", "normal", "grapheme_count", "mended", "is_blank"):
        monkeypatch.setattr(policy_module, function, watched(getattr(policy_module, function)))
    POLICY.check(name)
    assert read
    assert max(len(text.encode(errors="replace")) for text in read) <= POLICY.max_bytes


def test_a_name_that_is_refused_whole_does_not_show_up_in_its_findings():
    (finding,) = POLICY.check("x" * 1_000_000)
    assert len(str(finding)) < 200


# Length and spaces


def test_length_counts_what_readers_see():
    policy = NamePolicy(min_graphemes=2, max_graphemes=3)
    assert codes(policy, "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 3) == []
    assert codes(policy, "e\u0301") == ["too_short"]
    assert codes(policy, "x") == ["too_short"]
    assert codes(policy, "\u0915\u094d\u0937\u093f\u0915") == []
    (long,) = policy.check("abcde")
    assert (long.code, long.start, long.end, long.suggestion) == ("too_long", 3, 5, "abc")
    assert codes(NamePolicy(max_bytes=3), "\u5f20\u4f1f") == ["too_long"]
    assert NamePolicy(max_bytes=9).check("\u5f20\u4f1f\u5f20\u4f1f")[0].suggestion == "\u5f20\u4f1f\u5f20"


@pytest.mark.parametrize(
    "name",
    [
        "Anna {gbeng}",
        "{gbeng}{gbsct}",
        "Anna \U0001f468\u200d\U0001f469\u200d\U0001f467",
        "x\u2764\ufe0f\u200d\U0001f525",
    ],
    ids=ascii,
)
def test_flags_and_joined_emoji_may_follow_other_characters(name):
    flags = {
        code: "\U0001f3f4" + "".join(chr(0xE0000 + ord(char)) for char in code) + "\U000e007f"
        for code in ("gbeng", "gbsct")
    }
    assert codes(PLAIN, name.format(**flags)) == []


def test_a_selector_belongs_to_a_key_or_an_emoji_and_to_no_letter():
    assert [codes(PLAIN, name) for name in ("1\ufe0f\u20e3", "x\ufe0f\u20e3", "x\ufe0f")] == [
        [],
        ["invisible"],
        ["invisible"],
    ]


def test_tags_before_a_flag_or_after_its_end_are_no_part_of_it():
    tags = {char: chr(0xE0000 + ord(char)) for char in "gbe"} | {"|": "\U000e007f", "F": "\U0001f3f4", "x": "x"}
    names = ["".join(tags[char] for char in spelt) for spelt in ("gbe|F", "xgbe|F", "Fgbe|g|", "Fgbe|")]
    assert [codes(PLAIN, name) for name in names] == [["tag"], ["tag"], ["tag"], []]


def test_what_is_mended_leaves_the_places_after_it_as_they_are():
    assert {finding.suggestion for finding in PLAIN.check("ab\n\ncd\u202eef")} == {"ab cdef"}


def test_lists_keep_an_order_of_their_own():
    one, other = (
        NamePolicy(top_levels=ends, contact_words=ends) for ends in (["org", "com", "net"], ["net", "org", "com"])
    )
    assert (one, one.top_levels, one.contact_words) == (other, ("com", "net", "org"), ("com", "net", "org"))
    for field, what in (("advisory", "finding"), ("scripts", "script")):
        with pytest.raises(InputError, match=f"no {what} a, b, c, d, e, f, g, h;"):
            NamePolicy(**{field: list("hgfedcba")})


@pytest.mark.parametrize("tags", ["gbeng", "gb", "gbengla"], ids=str)
def test_a_flag_of_a_region_that_does_not_end_is_a_run_of_tags(tags):
    name = "\U0001f3f4" + "".join(chr(0xE0000 + ord(char)) for char in tags)
    assert codes(PLAIN, name) == ["tag"]
    assert codes(PLAIN, f"{name}\U000e007f") == ([] if tags == "gbeng" else ["tag"])


def test_what_is_many_times_longer_when_normalised_is_too_long():
    (finding,) = PLAIN.check("\ufdfa" * 60)
    assert (finding.code, finding.evidence) == ("too_long", ("more than 512 bytes when folded",))


def test_as_many_m_as_bytes_are_no_longer_when_folded():
    assert codes(NamePolicy(max_graphemes=256), "m" * 256) == []


@pytest.mark.parametrize("name", [" a", "a ", "a  b", "\u3000a", "a\u00a0\u3000b", "a \u00a0"])
def test_spaces_at_an_end_or_in_a_row_are_found_and_mended(name):
    (finding,) = PLAIN.check(name)
    assert finding.code == "spacing"
    assert not finding.blocks
    assert finding.suggestion in ("a", "a b")
    assert name[finding.start : finding.end].isspace()


@pytest.mark.parametrize("name", ["a b", "\u7530\u4e2d\u3000\u592a\u90ce", "a\u00a0b"])
def test_one_space_between_words_is_no_finding(name):
    assert codes(PLAIN, name) == []


def test_marks_are_cut_to_what_is_accepted():
    (finding,) = PLAIN.check("Zo\u0316\u0301\u0302\u0303\u0304\u0305e")
    assert (finding.code, finding.evidence) == ("marks", ("6 marks; at most 4",))
    assert unicodedata.normalize("NFD", finding.suggestion).count("\u0302") == 1
    assert codes(NamePolicy(max_marks=30), "a" + "\u0301" * 20) == []


# Writing


def test_no_alphabet_is_refused_unless_the_host_asks_for_it():
    for name in [
        "张伟",
        "محمد",
        "नीता",
        "ไทย",
        "José",
        "Анна",
        "Ελένη",
        "שרה",
        "김철수",
        "さくら",
        "አበበ",
        "Ꭰ",
        "12",
        "😀",
    ]:
        assert codes(PLAIN, name) == []
    latin = NamePolicy(scripts=["Latn"])
    assert codes(latin, "José 12 😀") == []
    (finding,) = latin.check("Anna 张伟")
    assert (finding.code, finding.start, finding.end, finding.evidence) == ("script", 5, 7, ("Hani",))
    assert finding.suggestion == "Anna"
    assert codes(NamePolicy(scripts=["Jpan"]), "漢字かな") == []
    assert codes(NamePolicy(scripts=["Arab"]), "anna") == ["script"]


def test_a_word_may_not_mix_alphabets_that_look_alike_and_a_name_may():
    assert codes(PLAIN, "Анна Smith") == []
    assert codes(PLAIN, "Toyotaトヨタ") == []
    (finding,) = PLAIN.check("x Гaвана")
    assert (finding.code, finding.start, finding.end, finding.evidence) == ("mixed_scripts", 2, 8, ("Cyrl", "Latn"))
    assert (finding.suggestion, finding.blocks) == ("x Гавана", False)
    assert PLAIN.check("M\u0430ria")[0].suggestion == "Maria"
    assert PLAIN.check("жabcdж")[0].suggestion.startswith("user")
    strict = NamePolicy(level=RestrictionLevel.SINGLE_SCRIPT, advisory=[])
    (finding,) = strict.check("Анна Smith")
    assert (finding.code, finding.blocks) == ("level", True)
    assert codes(NamePolicy(word_level=RestrictionLevel.ASCII_ONLY), "é a") == ["mixed_scripts"]


def test_digits_are_of_one_system():
    (finding,) = PLAIN.check("a1\u0967")
    assert (finding.code, finding.start, finding.end, finding.suggestion) == ("mixed_digits", 1, 3, "a11")
    assert codes(NamePolicy(mixed_digits=True), "a1\u0967") == []
    assert codes(PLAIN, "\u0661\u0662") == []


def test_an_identifier_has_no_spaces():
    policy = NamePolicy(identifier=True)
    assert codes(policy, "anna_1") == []
    (finding,) = policy.check("an na")
    assert (finding.code, finding.start, finding.suggestion) == ("identifier", 2, "anna")


# Protected names and reserved words


def test_a_protected_name_a_double_of_it_and_a_reserved_word_are_three_findings():
    assert codes(POLICY, "paypal") == ["protected"]
    (finding,) = POLICY.check("my P4yPal")
    assert (finding.code, finding.protected, finding.start, finding.end) == ("lookalike", "PayPal", 3, 9)
    assert finding.suggestion == "my"
    assert codes(POLICY, "adm1n") == ["reserved"]
    assert codes(POLICY, "Administrator") == []
    assert codes(POLICY, "example") == ["protected"]
    assert codes(POLICY, "example", holder="org:1") == []
    assert codes(attrs.evolve(POLICY, exceptions=["Anna Admin"]), "ANNA admin") == []


def test_places_are_those_of_the_name_as_it_was_given():
    name = "e\u0301e\u0301 P\u0430yPal"
    finding = next(each for each in POLICY.check(name) if each.code == "lookalike")
    assert name[finding.start : finding.end] == "P\u0430yPal"
    name = "\u1112\u1161\u11ab \u1112\u1161\u11ab paypal"
    (finding,) = POLICY.check(name)
    assert name[finding.start : finding.end] == "paypal"


def test_nothing_is_suggested_where_the_host_wants_nothing_or_nothing_passes():
    assert NamePolicy(protected=["PayPal"], fallback=None).check("paypal")[0].suggestion is None
    # Told apart by the name it replaces, and the same for the same name for ever.
    assert NamePolicy(protected=["PayPal"]).check("paypal")[0].suggestion == "user8623"
    assert NamePolicy(protected=["PayPal"]).check("PayPal")[0].suggestion == "user8235"
    assert (
        NamePolicy(protected=["PayPal"], scripts=["Hani", "Latn"], fallback="用户").check("paypal")[0].suggestion[:2]
        == "用户"
    )
    assert NamePolicy(protected=["PayPal"], scripts=["Hani"]).check("paypal")[0].suggestion is None


# Contact details


FOUND = """
link: example.com|www.example.de|http://x.io|https://bit.ly/abc|foo dot com|foo (dot) com|foo[.]com|foo . com|foo。com|foo点com
link: ｆｏｏ．ｃｏｍ|t.me/abc|example.co.uk|f o o o . c o m|ex\u0430mple.c\u043em|visit shop.xyz now|FOO.COM|foo{dot}org|f00.c0m|mail.ru
link: пример.рф|foo·com|foo\u2024com|Анна foo dot com|пишите на mail.ru|a-b.net|x1.example.org/path
email: bob@example.com|bob at example dot com|bob(at)example(dot)com|bob [at] mail [dot] ru|bob＠example。com|b o b @ m a i l . c o m
phone: 13800138000|138 0013 8000|1 3 8 0 0 1 3 8 0 0 0|138-0013-8000|+44 20 7946 0958|(555) 123-4567|555-123-4567|١٣٨٠٠١٣٨٠٠٠
phone: １３８００１３８０００|①③⑧⑧⑧⑧⑧⑧⑧⑧⑧|一三八零零一三八零零零|壹叁捌零零壹叁捌零零零|I38OO138OOO|l3800l38000|𝟏𝟑𝟖𝟎𝟎𝟏𝟑𝟖𝟎𝟎𝟎|tel 5551234
phone: 電話 12345678|call me 555 1234567|1.3.8.0.0.1.3.8.0.0.0|тел: 89161234567|+1 555 123 4567|Anna 555-1234
handle: @spammer99|微信号：zhangsan99|加微信abc12345|WeChat: zhang_san|ig: hotgirl|vx zhang123456|telegram @spammer
"""


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (line.partition(": ")[0], name)
        for line in FOUND.strip().splitlines()
        for name in line.partition(": ")[2].split("|")
    ],
)
def test_contact_details_are_found_plain_and_obfuscated(code, name):
    found = [each for each in PLAIN.check(name) if each.code in CONTACT]
    assert [each.code for each in found][:1] == [code]
    assert all(PLAIN.check(each.suggestion) == () for each in found)
    assert [each for each in attrs.evolve(PLAIN, contacts=False).check(name) if each.code in CONTACT] == []


INNOCENT = """
J.R.R. Tolkien|St. John|Mr.Smith|Dr.Who|Ph.D|M.Sc.|anna.smith|john.doe|jose.m.garcia|coolguy1987|user12345678|Anna 1990|15.03.1990
1990-03-15|2001/02/03|Kim Dotcom|Polka Dot Comet|Mary at home|Route 66|Area 51|R2-D2|3.14159|100% real|C++|AC/DC|and/or|Jean-Luc
O'Brien|L'Oréal|Dr. No|No. 1 fan|Louis XIV|李一一|王一二|三三|五十铃|七七八八|blink-182|Sum 41|50 Cent|deadmau5|2Pac|will.i.am
t.A.T.u.|M.I.A.|R.E.M.|k.d. lang|S.H.I.E.L.D|P!nk|Ke$ha|A$AP Rocky|@|a@b|me@home|#blessed|<3 Anna|:) Bob|Anna (NL)|Team [A]|12345
1234567|123456789|007|24601|Line Hansen|Callum|Mailer|Text Boy|Signal Fire|Ines Tel|Mr. Live Wire|Chris Work|St.Pierre|Ms.Info
山本一二三|零零七|一二三四五六|Line 2|11 lil oil loo|Tel Aviv 2020|Mail Order|Discord Dan|1990 2020|19 88 07|Müllerstein|Анна Смирнова|नीता
Sun. Moon and Sea. net|anna555-1234
"""


@pytest.mark.parametrize("name", INNOCENT.strip().replace("\n", "|").split("|"))
def test_names_with_dots_digits_and_signs_are_no_contact_details(name):
    assert [each for each in PLAIN.check(name) if each.code in CONTACT] == []


def test_which_endings_and_words_count_is_the_hosts_choice():
    policy = NamePolicy(top_levels=["example"], contact_words=["fax"])
    assert codes(policy, "foo.example") == ["link"]
    assert codes(policy, "foo.xyz") == []
    assert codes(policy, "fax: 1234567") == ["phone"]
    assert codes(policy, "fax: annabel") == ["handle"]
    nothing = NamePolicy(top_levels=[], contact_words=[])
    assert [codes(nothing, name) for name in ("ig: annabel", "Anna : annabel", "Anna 1234567")] == [[], [], []]


def test_letters_that_stand_alone_are_drawn_together_from_four_on():
    assert codes(PLAIN, "@ a b c") == ["handle"]
    assert codes(PLAIN, "@ a b") == []


def test_a_contact_detail_is_found_where_it_stands_with_what_it_was_read_as():
    (finding,) = PLAIN.check("call ①③⑧ 0013 8000 x")
    assert (finding.start, finding.end, finding.evidence) == (5, 18, ("13800138000",))
    (finding,) = PLAIN.check("x @spammer99")
    assert (finding.code, finding.start, finding.end) == ("handle", 2, 12)
    (finding,) = PLAIN.check("lil 13800138000 lil")
    assert (finding.code, finding.start, finding.end) == ("phone", 4, 15)


# Names of many scripts


def test_real_names_of_many_scripts_pass():
    babel = pytest.importorskip("babel", reason="babel is not installed")
    found = {}
    listed = {name for code in babel.localedata.locale_identifiers() if "_" not in code
              for name in babel.Locale.parse(code).languages.values()}  # fmt: skip
    listed = sorted(name for name in listed if "(" not in name)
    assert len(listed) > 15_000
    step = len(listed) // 6_000
    roomy = attrs.evolve(POLICY, max_graphemes=100)  # how long these names are is no question of their writing
    for name in listed[::step]:
        blocking = [each.code for each in roomy.check(name) if each.blocks]
        if blocking:
            found[name] = blocking
    assert len(found) / len(listed[::step]) <= 0.001, found


# Bad policies


@pytest.mark.parametrize(
    "bad",
    [
        {"min_graphemes": 0}, {"min_graphemes": True}, {"max_graphemes": 1.5}, {"max_bytes": 10**9}, {"max_marks": -1},
        {"min_graphemes": 9, "max_graphemes": 8}, {"scripts": "Latn"}, {"scripts": ["Xxxx"]}, {"scripts": []}, {"scripts": 7},
        {"level": "ascii_only"}, {"word_level": None}, {"identifier": 1}, {"contacts": "yes"}, {"protected": "PayPal"},
        {"reserved": [7]}, {"exceptions": "x"}, {"exceptions": [7]}, {"top_levels": "com"}, {"contact_words": [""]},
        {"advisory": ["nothing"]}, {"advisory": "marks"}, {"fallback": ""}, {"fallback": 7}, {"mixed_digits": 0},
        {"scripts": [[]]}, {"exceptions": [{}]}, {"top_levels": [set()]}, {"advisory": [["marks"]]}, {"max_bytes": 4097},
    ],
    ids=str,
)  # fmt: skip
def test_a_bad_policy_is_refused_with_a_reason(bad):
    with pytest.raises(InputError) as error:
        NamePolicy(**bad)
    assert error.value.problems[0].message


@pytest.mark.parametrize("field", [field.name for field in attrs.fields(NamePolicy)])
def test_a_number_too_long_to_write_out_is_refused_like_any_other(field):
    for bad in (10**5000, [10**5000]):
        with pytest.raises(InputError) as error:
            NamePolicy(**{field: bad})
        assert len(str(error.value)) < 1000


@pytest.mark.parametrize("junk", [None, 7, True, 1.5, b"abc", ["a"], [[]], {"a": 1}, object(), 10**5000], ids=range(10))
@pytest.mark.parametrize(
    "ask", [grapheme_count, restriction_level, resolved_scripts, digit_systems, is_word, fold, skeleton, name_keys]
)
def test_only_text_can_be_asked_about(ask, junk):
    with pytest.raises(InputError) as error:
        ask(junk)
    assert error.value.problems[0].code == "type"
