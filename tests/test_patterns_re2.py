"""RE2 is the judge: what it reads we read alike, and what it finds we find."""

from __future__ import annotations

import random

import pytest

from platgov._patterns import compile_pattern, engine, sets
from platgov._patterns.casing import PROPERTY_NAMES, any_case, property_named
from platgov.errors import PatternError
from test_patterns import EVIL, FOUND, HOSTILE, ORDINARY, REFUSED, WORKLOAD

re2 = pytest.importorskip("re2", reason="google-re2 comes with the fast extra")

OPTIONS = re2.Options()
OPTIONS.log_errors = False

# Accepted by RE2 and refused here, each on purpose: other engines read them otherwise, or
# what they mean would move with the version of Unicode.
STRICTER = (
    r"\12",
    r"\C",
    "a{,5}",
    "a{1, 2}",
    "a{01}",
    "[:alpha:]",
    "a(?i)*",
    r"a\Q\E*",
    "(?P<é>a)",
    "(?P<n>a)(?<n>b)",
    r"\pC",
    r"\p{Nko}",
    "(" * 33 + ")" * 33,
)


def read(source):
    try:
        return re2.compile(source, options=OPTIONS)
    except re2.error:
        return None


def compiled(source):
    try:
        return compile_pattern(source, fast=False), compile_pattern(source, fast=True)
    except PatternError:
        return None


def judged(source, text):
    r"""Whether RE2 is a judge here: it finds \B between the bytes of one character."""
    return r"\B" not in source or text.isascii()


PIECES = (
    ["a", "b", "c", "k", "s", "é", "ß", "σ", "İ", "ſ", "\u212a", "-", "_", " ", "1"] * 2
    + [".", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\b", r"\B", "^", "$", r"\A", r"\z", r"\n", "(?s:.)", "()"]
    + ["[ab]", "[^a]", "[^ab\\n]", "[a-c\\d]", "[[:alpha:]]", "[[:^space:]]", "[^[:word:]]", "[ſ-ƀ]", "[]a]", "[^]]"]
    + ["(?i:k)", "(?i:s)", "(?i:ß)", "(?i:σ)", "(?i:İ)", "(?i:[^k])", r"(?i:\w)", r"(?i:\W)", "(?i:[a-s])", "(?i:ǆ)"]
    + ["(?m:^)", "(?m:$)", "(?i)", "(?s)", "(?m)", "(?-i)", "(?U)", r"\pL", r"\PN", r"\p{^Greek}", r"(?i:\p{Lu})"]
    + [
        r"\x41",
        r"\x{df}",
        r"\Qa*\E",
        r"\0",
        r"\.",
        "{",
        "a{",
        "{x}",
        "]",
        "}",
        "[a-",
        "(",
        ")",
        "|",
        "*",
        "[z-a]",
        r"\q",
    ]
)
LETTERS = "aabbckKsSſ\u212aßẞσςΣİiǅ\n1 _é-\0\U0001f600"
COUNTS = ("*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "{0,}", "{3}", "*?", "+?", "{2,3}?", "{2,1}", "{1001}")


def pattern(rng, depth):
    """Make a pattern; about one in five is malformed."""
    choice = rng.random()
    if depth == 0 or choice < 0.3:
        return rng.choice(PIECES)
    if choice < 0.6:
        return pattern(rng, depth - 1) + pattern(rng, depth - 1)
    if choice < 0.72:
        return f"({pattern(rng, depth - 1)}|{pattern(rng, depth - 1)})"
    if choice < 0.78:
        return f"(?:{pattern(rng, depth - 1)}|)"
    if choice < 0.82:
        return f"{pattern(rng, depth - 1)}|{pattern(rng, depth - 1)}"
    return f"(?:{pattern(rng, depth - 1)}){rng.choice(COUNTS)}"


def texts(rng, count):
    return ["".join(rng.choices(LETTERS, k=rng.choice((0, 1, 2, 3, 5, 8, 14)))) for _ in range(count)]


@pytest.mark.parametrize("seed", range(4))
def test_random_patterns_are_read_and_answered_alike(seed):
    rng = random.Random(seed)
    pairs = 0
    while pairs < 8_000:
        source = pattern(rng, rng.randrange(1, 6))
        judge, ours = read(source), compiled(source)
        assert (judge is None) == (ours is None), source
        if judge is None or ours is None:
            continue
        plain, fast = ours
        for text in texts(rng, 8):
            answer = plain.search(text)
            assert fast.search(text) == answer, (source, text)
            if judged(source, text):
                assert (judge.search(text) is not None) == answer, (source, text)
            pairs += 1


def test_the_fixed_patterns_are_read_and_answered_alike():
    rng = random.Random(9)
    words = [word for source in (*ORDINARY, *WORKLOAD) for word in compile_pattern(source).required]
    words += ["free", "now", "me", "https://", "a.b", "$12", "2024-01-31", "@x", "#y", "你好", "1" * 11, "AAAA", "!"]
    examples = ["".join(rng.choice(words) + rng.choice((" ", "", "\n")) for _ in range(8)) for _ in range(60)]
    for source in (*ORDINARY, *WORKLOAD, *EVIL, *(row[0] for row in FOUND)):
        judge, ours = read(source), compiled(source)
        assert judge is not None, source
        assert ours is not None, source
        for text in (*examples, *(text[:500] for text in HOSTILE)):
            answers = {search(text) for search in (ours[0].search, ours[1].search)}
            if judged(source, text):
                answers.add(judge.search(text) is not None)
            assert len(answers) == 1, (source, text)


@pytest.mark.parametrize("row", REFUSED, ids=[row[0][:20] for row in REFUSED])
def test_what_is_refused_here_and_not_by_re2_is_refused_on_purpose(row):
    source, _, code, _ = row
    assert read(source) is None or source in STRICTER or code == "too_large"


@pytest.mark.parametrize("source", STRICTER)
def test_spellings_that_could_be_misread_are_refused_though_re2_reads_them(source):
    assert read(source) is not None
    assert compiled(source) is None


def test_letters_have_the_cases_that_re2_gives_them():
    cased = [code for code in range(0x1E950) if any_case(((code, code),)) != ((code, code),)]
    # Beside those: every letter that could have a case in RE2's eyes.
    letters = re2.compile(r"[\p{Lu}\p{Ll}\p{Lt}\p{Nl}\p{Mn}]", options=OPTIONS)
    every = "".join(chr(code) for code in range(0x30000) if not 0xD800 <= code < 0xE000).encode()
    others = {ord(match.group().decode()) for match in letters.finditer(every)} - set(cased)
    assert len(cased) == 2884
    alone = "".join(map(chr, sorted(others))).encode()
    text = "".join(map(chr, cased)).encode()
    for code in cased:
        same = re2.compile(f"(?i)\\x{{{code:x}}}", options=OPTIONS)
        assert {ord(match.group().decode()) for match in same.finditer(text)} == set(
            sets.members(any_case(((code, code),)))
        )
    assert not re2.compile("(?i:[" + "".join(f"\\x{{{code:x}}}" for code in cased) + "])", options=OPTIONS).search(
        alone
    )


@pytest.mark.parametrize("name", PROPERTY_NAMES)
def test_properties_are_those_of_re2(name):
    every = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    runs = re2.compile(f"\\p{{{name}}}+", options=OPTIONS).findall(every.encode())
    assert sorted("".join(run.decode() for run in runs)) == [chr(code) for code in sets.members(property_named(name))]


# -- when RE2 is left alone ------------------------------------------------------------------------


def test_re2_runs_what_python_cannot_and_it_does_well():
    assert compile_pattern("x.*y", fast=True).engine == "re2"
    assert compile_pattern("x.*y").engine == "re2"
    assert compile_pattern("xy", fast=True).engine == "literal"
    assert compile_pattern("x+y", fast=True).engine == "literal"


def test_re2_is_left_alone_where_it_would_be_slow_or_wrong():
    assert compile_pattern("[ab]c[abc]*a[abc]{60}y", fast=True).engine == "dfa"
    assert compile_pattern(r"(?:<[^>]+>|\B)", fast=True).engine == "dfa"


def test_re2_is_left_alone_where_it_has_no_room(monkeypatch):
    monkeypatch.setattr(engine, "_RE2_MOVES_MAX", 10**6)
    assert compile_pattern(r"[\p{L}\p{S}]{900}(?:.*x)?\n.*y", fast=True).engine in {"dfa", "re2"}
