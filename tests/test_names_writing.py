"""Scripts, digit systems and invisible characters of names."""

import importlib.util
import os
import pathlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._names import properties
from platgov._names.chars import _ranges, kinds, script_codes
from platgov._names.hidden import hidden, is_blank, mark_piles
from platgov._names.tables import unpacked
from platgov.names import RestrictionLevel, digit_systems, resolved_scripts, restriction_level

ROOT = pathlib.Path(__file__).parents[1]
DATA = pathlib.Path(__file__).parents[2] / "shared" / "data" / "unicode"
UCD = pathlib.Path(os.environ.get("UCD", "/usr/share/unicode"))
SCRIPTS = next(iter(sorted(UCD.rglob("Scripts.txt"))), None) if UCD.is_dir() else None
EVERYTHING = [chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]
LEVELS = list(RestrictionLevel)


def codes(name):
    return [(each.code, each.start, each.end) for each in hidden(name)]


# Scripts and levels


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("paypal", "ascii_only"),
        ("José", "single_script"),
        ("Анна 2000", "single_script"),
        ("漢字かなカナー", "single_script"),
        ("한국 漢字", "single_script"),
        ("ㄅ漢字", "single_script"),
        ("Toyotaトヨタ", "highly_restrictive"),
        ("Seoul 서울", "highly_restrictive"),
        ("Latin ไทย", "moderately_restrictive"),
        ("Delhi दिल्ली", "moderately_restrictive"),
        ("pаypal", "minimally_restrictive"),
        ("αlpha", "minimally_restrictive"),
        ("Ꭰbc", "minimally_restrictive"),
        ("漢字 ไทย", "minimally_restrictive"),
        ("123 😀", "single_script"),
    ],
)
def test_a_text_has_the_strictest_level_that_it_meets(text, level):
    assert restriction_level(text).value == level


def test_levels_are_ordered_from_strictest_to_freest():
    assert [level.rank for level in LEVELS] == list(range(6))


def test_an_identifier_has_only_characters_that_unicode_recommends():
    assert restriction_level("paypal", identifier=True) is RestrictionLevel.ASCII_ONLY
    assert restriction_level("pay pal", identifier=True) is RestrictionLevel.UNRESTRICTED
    assert restriction_level("ﬁne", identifier=True) is RestrictionLevel.UNRESTRICTED


def test_a_text_is_in_every_script_in_which_all_of_it_can_be_written():
    assert resolved_scripts("漢字") == {"Hani", "Hanb", "Jpan", "Kore"}
    assert resolved_scripts("漢字かな") == {"Jpan"}
    assert resolved_scripts("pаy") == frozenset()
    assert resolved_scripts("12 😀") is None
    assert "Latn" in script_codes()
    assert kinds["a"].script == "Latn"


@given(st.text(max_size=20))
def test_what_is_taken_away_from_a_text_never_mixes_it_more(text):
    for place in range(len(text)):
        assert restriction_level(text[:place]).rank <= max(restriction_level(text).rank, 1)


def test_digits_of_several_systems_are_told_apart():
    assert digit_systems("12 ab") == {"0"}
    assert digit_systems("1२") == {"0", "०"}
    assert digit_systems("ab") == frozenset()
    zeros = {each.zero for each in _ranges()[1]} - {None}
    assert len(zeros) > 70
    for zero in zeros:
        assert {kinds[chr(zero + value)].zero for value in range(10)} == {zero}


def test_scripts_are_those_of_icu_where_its_older_data_can_know():
    icu = pytest.importorskip("icu", reason="PyICU is not installed")
    defined = [char for char in EVERYTHING if icu.Char.isdefined(char)]
    other = []
    for char in defined:
        codes = {icu.Script(code).getShortName() for code in icu.Script.getScriptExtensions(ord(char))}
        if codes != {*kinds[char].script.split()}:
            other.append((char, codes))
    # Later versions say of more marks and signs in which scripts they are used.
    assert len(other) < 130
    letters = [char for char, _ in other if kinds[char].category in ("Lu", "Ll", "Lo")]
    assert len(letters) < 5


def test_levels_and_mixed_digits_are_those_of_icu():
    icu = pytest.importorskip("icu", reason="PyICU is not installed")
    rng = random.Random(20)
    # Where both know the same scripts of a character.
    known = [
        char
        for char in EVERYTHING
        if icu.Char.isdefined(char)
        and {icu.Script(code).getShortName() for code in icu.Script.getScriptExtensions(ord(char))}
        == {*kinds[char].script.split()}
    ]
    names = dict(
        zip(
            ("ASCII", "SINGLE_SCRIPT_RESTRICTIVE", "HIGHLY_RESTRICTIVE", "MODERATELY_RESTRICTIVE",
             "MINIMALLY_RESTRICTIVE", "UNRESTRICTIVE"),
            LEVELS,
            strict=True,
        )
    )  # fmt: skip
    levels = {getattr(icu.URestrictionLevel, name): level for name, level in names.items()}
    pools = [
        "abcXYZ",
        "áñ",
        "абв",
        "αβγ",
        "漢字",
        "かな",
        "カナ",
        "한국",
        "عرب",
        "देव",
        "ไทย",
        "Ꭰ",
        "Հ",
        "אב",
        "0१٣९",
        " -_",
        "々",
        "😀",
    ]
    pools = [[char for char in pool if char in {*known}] for pool in pools]
    recommended = icu.UnicodeSet()
    for char in EVERYTHING:
        if kinds[char].allowed:
            recommended.add(char)
    checker = icu.SpoofChecker()
    checker.setChecks(icu.USpoofChecks.RESTRICTION_LEVEL | icu.USpoofChecks.AUX_INFO | icu.USpoofChecks.MIXED_NUMBERS)
    checker.setRestrictionLevel(icu.URestrictionLevel.UNRESTRICTIVE)
    for identifier in (False, True):
        allowed = recommended if identifier else icu.UnicodeSet("[\\u0000-\\U0010FFFF]")
        checker.setAllowedUnicodeSet(allowed)
        for _ in range(6_000):
            chosen = [rng.choice(rng.choice(pools) if rng.random() < 0.7 else known) for _ in range(rng.randint(1, 4))]
            text = "".join(chosen)
            answer = checker.check(text)
            level = levels[answer & icu.URestrictionLevel.RESTRICTION_LEVEL_MASK]
            assert (text, restriction_level(text, identifier=identifier)) == (text, level)
            mixed = bool(answer & icu.USpoofChecks.MIXED_NUMBERS)
            assert (text, len(digit_systems(text)) > 1) == (text, mixed)


@pytest.mark.skipif(SCRIPTS is None or not DATA.is_dir(), reason="the Unicode Character Database is not installed")
def test_the_checked_in_properties_are_what_the_data_gives():
    spec = importlib.util.spec_from_file_location("build_unicode_tables", ROOT / "tools" / "build_unicode_tables.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    version = SCRIPTS.read_text(encoding="utf-8").partition("\n")[0]
    if properties.UNICODE not in version:
        pytest.skip(f"the installed data is {version}, the tables are {properties.UNICODE}")
    built = tool.properties(DATA, UCD)
    assert built == {
        "UNICODE": properties.UNICODE,
        "KINDS": unpacked(properties.KINDS),
        "READINGS": unpacked(properties.READINGS),
    }


# Invisible characters


@pytest.mark.parametrize(
    "name",
    [
        "👨\u200d👩\u200d👧",
        "🏳\ufe0f\u200d🌈",
        "👩🏽\u200d💻",
        "❤\ufe0f Anna",
        "1\ufe0f\u20e3",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "نامه\u200cای",
        "می\u200cخواهم",
        "क्\u200dष",
        "क्\u200cष",
        "ක්\u200dර",
        "ක\u200d්ෂ",
        "葛\U000e0100城",
        "葛\ufe00",
        "ᠠ\u180b",
        "ന്\u200dറ",
    ],
)
def test_invisible_characters_that_spell_are_no_finding(name):
    assert codes(name) == []


@pytest.mark.parametrize(
    ("name", "code", "place"),
    [
        ("a\u200db", "invisible", 1),
        ("a\u200cb", "invisible", 1),
        ("नमस्ते\u200d", "invisible", 6),
        ("\u200dab", "invisible", 0),
        ("क\u200dख", "invisible", 1),
        ("a\u200bb", "invisible", 1),
        ("\ufeffab", "invisible", 0),
        ("a\u00adb", "invisible", 1),
        ("a\ufe0fb", "invisible", 1),
        ("a\U000e0100", "invisible", 1),
        ("a\u3164b", "invisible", 1),
        ("ab\u200e", "invisible", 2),
        ("a\u180bb", "invisible", 1),
        ("a\u202eb", "bidi_control", 1),
        ("a\u2066b", "bidi_control", 1),
        ("a\U000e0041b", "tag", 1),
        ("🏴\U000e0067\U000e0062", "tag", 1),
        ("🏴\U000e007f", "tag", 1),
        ("a\x00b", "control", 1),
        ("a\x1b[2J", "control", 1),
        ("a\u009bb", "control", 1),
        ("a\nb", "line_break", 1),
        ("a\u2028b", "line_break", 1),
        ("a\ue000b", "private_use", 1),
        ("a\uffffb", "unassigned", 1),
        ("a\u0378b", "unassigned", 1),
        ("a\ufffdb", "not_text", 1),
        ("a\ud800b", "surrogate", 1),
    ],
)
def test_what_a_reader_cannot_see_is_found_where_it_is(name, code, place):
    assert [each[:2] for each in codes(name)] == [(code, place)]


def test_one_stretch_of_one_kind_is_one_finding():
    assert codes("a\u200b\u200bb\u202e\x00") == [("invisible", 1, 3), ("bidi_control", 4, 5), ("control", 5, 6)]


def test_marks_pile_up_only_past_the_most_that_is_accepted():
    assert list(mark_piles("a" + "\u0301" * 4 + "b", 4)) == []
    assert list(mark_piles("a" + "\u0301" * 5, 4)) == [(1, 6)]
    assert list(mark_piles("\u0915\u093f\u093e\u093f\u093e\u093f", 2)) == []


def test_a_name_of_fillers_and_spaces_is_blank():
    assert is_blank("")
    assert is_blank(" \u3000\u3164\u2800\u200b\u0301\x00")
    assert not is_blank(" a")
