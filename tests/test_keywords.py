"""Which terms occur in a text: every answer is compared with a plain ``in`` for each term."""

import os
import random
import subprocess
import sys
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from platgov._conditions import keywords
from platgov._conditions.keywords import Terms

ALPHABETS = (
    "ab",
    "ab c",
    "abcdefghij .",
    "a\0b",
    "aé",
    "éèüß",
    "aя币",
    "жзия",
    "一二三四 a",
    "😀😂a",
    "\ud83d\ude00😀é",
    "aAé币😀\0 \x7f\x80\xff\u0100\uffff\U0010ffff\ud800\udfff",
)


def payloads_of(terms):
    return {term: (index, index + 1_000) for index, term in enumerate(terms)}


def naive(payloads, text):
    return {number for term, numbers in payloads.items() if term in text for number in numbers}


@st.composite
def terms_and_texts(draw):
    letters = st.sampled_from(draw(st.sampled_from(ALPHABETS)))
    text = draw(st.text(letters, max_size=draw(st.sampled_from((3, 12, 40, 900)))))
    words = draw(st.lists(st.text(letters, min_size=1, max_size=draw(st.sampled_from((1, 3, 5, 9)))), max_size=30))
    cuts = draw(st.lists(st.tuples(st.integers(0, 900), st.integers(1, 300)), max_size=12))
    return [*words, *(text[at : at + size] for at, size in cuts if text[at : at + size])], text


@pytest.fixture(params=["loop for few", "grams for all", "nothing spelt out", "grams of four"])
def plain(request, monkeypatch):
    if request.param != "loop for few":
        monkeypatch.setattr(keywords, "_FEW", 0)
    if request.param == "nothing spelt out":
        monkeypatch.setattr(keywords, "_SPELT_OUT", 0)
    if request.param == "grams of four":
        monkeypatch.setattr(keywords, "_CROWDED", -1)
        monkeypatch.setattr(keywords, "_MANY", 0)


@pytest.mark.usefixtures("plain")
class TestWithoutTheAccelerator:
    @given(terms_and_texts())
    @example((["abc"], "zzabc"))
    @example((["ab", "abc", "abcd", "b", " ", "  "], "ab"))
    @example((["a" * 200, "a", "b" * 400], "a" * 900 + "b" * 400))
    @settings(max_examples=250, deadline=None)
    def test_exactly_the_terms_that_occur_are_reported(self, given_values):
        terms, text = given_values
        payloads = payloads_of(terms)
        assert set(Terms(payloads, accelerate=False).hits(text)) == naive(payloads, text)

    @given(terms_and_texts())
    @settings(max_examples=50, deadline=None)
    def test_every_term_is_found_alone_and_between_other_characters(self, given_values):
        terms, text = given_values
        payloads = payloads_of(terms)
        hits = Terms(payloads, accelerate=False).hits
        for term in terms:
            for around in (term, "x" + term, term + "x", "é" + term + "币", text + term + text):
                assert set(hits(around)) == naive(payloads, around)


@given(terms_and_texts())
@example((["a" * length for length in range(1, 30)], "a" * 20))
@example((["a"], "b" * 40_000 + "a"))
@settings(max_examples=400, deadline=None)
def test_the_accelerator_gives_the_same_answers(given_values):
    pytest.importorskip("ahocorasick_rs", exc_type=ImportError)
    terms, text = given_values
    payloads = payloads_of(terms)
    assert set(Terms(payloads, accelerate=True).hits(text)) == naive(payloads, text)


@pytest.mark.parametrize("accelerate", [False, None])
def test_no_terms_and_no_text_give_no_hits(accelerate):
    assert list(Terms({}, accelerate=accelerate).hits("anything")) == []
    many = payloads_of(f"word{index}" for index in range(100))
    assert list(Terms(many, accelerate=accelerate).hits("")) == []


@pytest.mark.parametrize("accelerate", [False, None])
def test_an_empty_term_is_refused(accelerate):
    with pytest.raises(ValueError, match="a term is empty"):
        Terms({"": (1,), "a": (2,)}, accelerate=accelerate)


def test_a_term_may_have_no_payload_or_repeat_that_of_another():
    assert sorted(Terms({"a": (), "b": (3, 3), "c": (3,)}, accelerate=False).hits("abc")) == [3, 3, 3]


def test_without_the_extra_the_accelerator_is_left_out_or_asked_for_by_name(monkeypatch):
    monkeypatch.setitem(sys.modules, "ahocorasick_rs", None)
    assert list(Terms({"cash": (1,)}).hits("free cash")) == [1]
    with pytest.raises(ImportError, match=r"install platgov\[fast\]"):
        Terms({"cash": (1,)}, accelerate=True)


def test_thousands_of_mixed_terms_agree_with_the_naive_search():
    rng = random.Random(7)
    letters = (
        "abcdefghijklmnopqrstuvwxyz",
        "абвгдежзийклмн",
        "一二三四五六七八九十",
        "😀😂🔥💰",
        "äöüß",
        "0123456789./- ",
    )
    terms = {"".join(rng.choices(rng.choice(letters), k=rng.randint(1, 9))) for _ in range(12_000)}
    terms |= {rng.choice(sorted(terms)[:500]) + word for word in sorted(terms)[:500]}
    payloads = payloads_of(sorted(terms))
    ways = [Terms(payloads, accelerate=accelerate).hits for accelerate in (False, None)]
    for size in (5, 100, 3_000):
        text = "".join(rng.choice(rng.choice(letters)) * rng.choice((1, 1, 2)) for _ in range(size))
        for term in rng.sample(sorted(terms), 5):
            text += term
        expected = naive(payloads, text)
        assert all(set(hits(text)) == expected for hits in ways)


def test_reports_are_the_same_in_every_process():
    script = (
        "from platgov._conditions.keywords import Terms;"
        "words = [chr(97 + i % 26) * (i % 7 + 1) + chr(0x4e00 + i % 50) * (i % 3) + 'xyz'[:i % 4] for i in range(500)];"
        "terms = Terms({word: (i,) for i, word in enumerate(words)}, accelerate=False);"
        "print(sorted(set(terms.hits(''.join(words)))))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "42")
    }
    assert len(outputs) == 1


HOSTILE = {
    "terms nested a thousand deep": (["a" * k for k in range(1, 1_001)], "a" * 65_536),
    "near misses": (
        ["a" * k + "b" for k in range(1, 61)] + ["b" + "a" * k for k in range(1, 61)],
        "a" * 65_535 + "b",
    ),
    "the same gram in every term": (["a" * k + "b" + "a" * k for k in range(1, 61)], ("a" * 30 + "b") * 2_114),
}


@pytest.mark.parametrize("accelerate", [False, None])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_long_hostile_text_is_answered_exactly_and_soon(name, accelerate):
    terms, text = HOSTILE[name]
    payloads = payloads_of(terms)
    hits = Terms(payloads, accelerate=accelerate).hits
    began = time.process_time()
    found = set(hits(text))
    # The slowest takes about 0.04 s; quadratic work would take minutes.
    assert time.process_time() - began < 1
    assert found == naive(payloads, text)
