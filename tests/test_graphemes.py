"""User-perceived characters, against Unicode's own test file and against ICU."""

import os
import pathlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._names.chars import kinds
from platgov._names.graphemes import grapheme_starts
from platgov.names import grapheme_count

# Where Debian's unicode-data puts it; UCD names another folder.
UCD = pathlib.Path(os.environ.get("UCD", "/usr/share/unicode"))
BREAK_TEST = next(iter(sorted(UCD.rglob("GraphemeBreakTest.txt"))), None) if UCD.is_dir() else None


def cases():
    for line in BREAK_TEST.read_text(encoding="utf-8").splitlines():
        marks = line.partition("#")[0].split()
        text, starts = "", []
        for mark in marks:
            if mark == "\u00f7":
                starts.append(len(text))
            elif mark != "\u00d7":
                text += chr(int(mark, 16))
        if text:
            yield text, starts[:-1]


@pytest.mark.skipif(BREAK_TEST is None, reason="GraphemeBreakTest.txt is not installed (Debian: unicode-data)")
def test_every_case_of_unicodes_test_file_breaks_as_it_says():
    wrong, right = [], 0
    for text, starts in cases():
        if list(grapheme_starts(text)) == starts:
            right += 1
        else:
            wrong.append(text)
    assert right > 600
    # Files before Unicode 17.0 use U+2701 as an emoji, which it has ceased to be; nothing else differs.
    assert all("\u2701" in text and not kinds["\u2701"].pictograph for text in wrong)
    assert len(wrong) <= 1


CLUSTERS = [
    "a", "\u00e9", "e\u0301", "\r\n", "\u1112\u1161\u11ab", "\ud55c", "\u0915\u094d\u0937\u093f", "\u0e01\u0e33",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", "\U0001f44d\U0001f3fd", "\U0001f1e9\U0001f1ea",
    "\u2764\ufe0f", "1\ufe0f\u20e3", "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "z" + "\u0301" * 20, "\u0600\u0661", "\u0b95\u0bbf",
]  # fmt: skip


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_what_readers_see_as_one_character_counts_as_one(cluster):
    assert grapheme_count(cluster) == 1
    assert grapheme_count(f"x{cluster}y") == 3 if cluster != "\u0600\u0661" else 2


def test_flags_pair_up_and_control_characters_stand_alone():
    assert grapheme_count("\U0001f1e9\U0001f1ea\U0001f1eb") == 2
    assert grapheme_count("\n\u0301") == 2
    assert grapheme_count("") == 0
    assert grapheme_count("a\r\nb") == 3


@given(st.text())
def test_clusters_put_together_are_the_text_and_are_not_more_than_its_characters(text):
    starts = list(grapheme_starts(text))
    assert starts == sorted({*starts})
    assert (starts[:1] == [0]) == bool(text)
    assert grapheme_count(text) == len(starts) <= len(text)


@given(st.text(alphabet=st.characters(max_codepoint=0x7F)))
def test_ascii_counts_its_characters_but_for_line_ends(text):
    assert grapheme_count(text) == len(text) - text.count("\r\n")


@given(
    st.lists(st.sampled_from([*CLUSTERS, "\u0915", "\u094d", "\u200d", "\U0001f1e9", "\u1161", "\u0600"]), max_size=8)
)
def test_clusters_are_those_of_icu(parts):
    icu = pytest.importorskip("icu", reason="PyICU is not installed")
    text = unicodedata.normalize("NFC", "".join(parts))
    found = icu.BreakIterator.createCharacterInstance(icu.Locale("en"))
    found.setText(text)
    ends = [text.encode("utf-16-le")[: 2 * end].decode("utf-16-le") for end in found]
    ours = list(grapheme_starts(text))
    theirs = [0, *map(len, ends)][:-1] if text else []
    # Unicode 15.1 joined Indic conjuncts across a virama, which this ICU, with 15.0, does not.
    conjunct = any(kinds[text[start]].conjunct == "Consonant" for start in {*theirs} - {*ours})
    assert ours == theirs or conjunct
