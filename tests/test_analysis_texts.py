"""What tests of one text are said to have to do with each other, against the texts themselves."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis_strategies import sources
from platgov._consistency.texts import Need, excludes, implies, need_of, texts
from platgov.conditions import parse
from platgov.consistency import analyse, diff, witness_suite
from platgov.facts import Schema
from platgov.measures import Remove, Warn
from platgov.rules import ConditionRule, RuleSet
from rule_strategies import examples

SCHEMA = Schema.from_dict({"text": "text", "n": "int", "b": "bool", "tags": {"type": "list", "items": "text"}})
LETTERS = "ab ."
HOW = {
    "contains": "{text}.contains({term!r})",
    "starts": "{text}.startsWith({term!r})",
    "ends": "{text}.endsWith({term!r})",
    "word": "{text}.containsWord({term!r})",
    "equals": "{text} == {term!r}",
}
terms = st.text(LETTERS, min_size=1, max_size=4)


def condition(kind, term, *, folded=False):
    return parse(HOW[kind].format(text="text.folded()" if folded else "text", term=term))


def need(kind, term, *, folded=False):
    """Read a test; ``==`` is a test of this kind only on folded text, and is written down by hand otherwise."""
    if kind == "equals" and not folded:
        return Need("equals", (term,), folded=False)
    return need_of(condition(kind, term, folded=folded).node)


def passes(kind, term, text, *, folded=False):
    return condition(kind, term, folded=folded).evaluate({"text": text}, SCHEMA) is True


def every_text(longest=5):
    for length in range(longest + 1):
        yield from map("".join, itertools.product(LETTERS, repeat=length))


TEXTS = tuple(every_text())


@given(st.sampled_from([*HOW]), terms, st.sampled_from([*HOW]), terms, st.booleans())
@examples(60)
def test_what_one_test_says_of_another_is_so_of_every_short_text(kind, term, other_kind, other, folded):
    one, two = need(kind, term, folded=folded), need(other_kind, other, folded=folded)
    here, there = (condition(k, t, folded=folded) for k, t in ((kind, term), (other_kind, other)))
    first, second = (one.terms[0], two.terms[0]) if folded else (term, other)
    inside = [text for text in (*TEXTS[:400], *_around(first, second)) if here.evaluate({"text": text}, SCHEMA) is True]
    held = [there.evaluate({"text": text}, SCHEMA) is True for text in inside]
    if implies(one, two):
        assert all(held)
    if excludes(one, two):
        assert not any(held)
    assert not (implies(one, two) and excludes(one, two))


def _around(*parts):
    for order in (parts, parts[::-1]):
        for joint in ("", " ", "a", "."):
            for before, after in itertools.product(("", "a", " "), repeat=2):
                yield before + joint.join(order) + after
    for part in parts:
        yield from (part, part + "a", "a" + part, part + " ", " " + part)


def test_relations_between_tests_are_known_where_they_matter():
    known = [
        (("contains", "whole word"), ("contains", "word")),
        (("starts", "https"), ("starts", "http")),
        (("ends", ".png"), ("ends", "png")),
        (("starts", "buy"), ("contains", "uy")),
        (("word", "sale"), ("contains", "sale")),
        (("word", "sale"), ("word", "sale")),
        (("equals", "buy now"), ("word", "now")),
        (("equals", "buy now"), ("starts", "buy")),
        (("equals", "buy now"), ("ends", "now")),
        (("equals", "buy now"), ("contains", "y n")),
        (("equals", "a"), ("equals", "a")),
    ]
    assert all(implies(need(*one), need(*other)) for one, other in known)
    assert not any(implies(need(*other), need(*one)) for one, other in known if one != other)
    apart = [
        (("starts", "http"), ("starts", "ftp")),
        (("ends", ".png"), ("ends", ".gif")),
        (("equals", "a"), ("contains", "b")),
        (("equals", "a"), ("equals", "b")),
    ]
    assert all(excludes(need(*a), need(*b)) and excludes(need(*b), need(*a)) for a, b in apart)
    assert not excludes(need("starts", "a"), need("ends", "b"))
    pattern, other = (need_of(parse(f"text.matches('{p}')").node) for p in ("a+", "b"))
    assert implies(pattern, pattern) and not implies(pattern, other) and not excludes(pattern, other)
    assert (pattern.length, need("contains", "abc").length) == (0, 3)
    for nothing in ("n > 3", "text.contains(text)", "'a'.contains('b')", "text.folded() == text", "size(text) > 2"):
        assert need_of(parse(nothing).node) is None


@given(st.lists(st.tuples(st.sampled_from([*HOW]), terms), min_size=1, max_size=3), st.integers(0, 12))
@examples(60)
def test_texts_that_are_made_have_the_length_that_was_asked_for(pairs, least):
    made = list(texts([need(kind, term) for kind, term in pairs], least, 40))
    assert all(least <= len(text) <= 40 for text in made)
    if len(pairs) == 1 and len(pairs[0][1]) >= least:
        assert any(passes(*pairs[0], text) for text in made) or pairs[0][0] == "word"


@pytest.mark.parametrize(
    "when",
    [
        "text.matches('^a{2,}b?$')",
        "text.matches('(cat|dog)s') && !text.contains('cats')",
        "text.matches('[^a-z]x') && text.startsWith('q')",
        r"text.matches('\\bword\\b') && size(text) > 9",
        "text.containsAny(['aa', 'bb']) && text.endsWith('c') && text.startsWith('d')",
        "text.containsWord('one') && text.containsWord('two')",
        "text.folded().startsWith('Ä') && size(text) > 20",
        "text.contains('a b') && text.contains('b a')",
        "text.matches('[\u4e00-\u9fff]{2}')",
        "text != '' && size(text) < 2 && !text.contains('~') && !text.contains('x')",
        "size(text) == 0",
    ],
)
def test_a_text_is_found_for_tests_that_can_be_passed_together(when):
    rule_set = RuleSet(
        id="s", version="1", facts=SCHEMA, rules=[ConditionRule(id="r", when=when, measures=[Warn()])]
    )  # fmt: skip
    case = witness_suite(rule_set)[0]
    assert case.applies and [f.rule_id for f in rule_set.decide(case.example.event, at=0).findings] == ["r"]


def test_what_looks_possible_and_is_not_is_said_to_be_open_and_why():
    never = "text.matches('a') && text.matches('^b+$')"
    report = analyse(set_of(r=(never, Warn()), s=("n > 3", Remove())))
    (answer,) = [one for one in report.findings if one.kind == "never_fires"]
    assert (answer.status.value, answer.because, answer.rules) == ("unknown", "not_realised", ("r",))
    assert "never_fires (unknown: not_realised)" in str(answer) and answer.to_dict()["because"] == "not_realised"
    assert answer.examples == () and not report.errors
    spent = analyse(set_of(r=("(n > 3 || text.contains('a')) && (n < 9 || b)", Warn())), budget=1)
    assert {one.because for one in spent.unknown} == {"budget"}
    assert all(one.because == "" for one in report.findings if one.status.value != "unknown")


def set_of(version="1", defeats=None, **rules):
    made = [ConditionRule(id=name, when=when, measures=[measure]) for name, (when, measure) in rules.items()]
    return RuleSet(id="s", version=version, facts=SCHEMA, rules=made, defeats=defeats or {})


def test_parts_are_looked_for_between_tests_and_not_inside_them():
    inside = "tags.exists(t, t == 'a' || t == 'a' || t == 'b') && (b ? n > 3 || n > 3 && b : !(n > 1 && n > 0))"
    found = [one for one in analyse(set_of(r=(inside, Warn()))).findings if one.kind == "redundant_test"]
    assert sorted(one.says for one in found) == [f"r says the same without {part}" for part in ("b", "n > 0", "n > 3")]
    assert all("t == 'a' || t == 'a'" in one.repair for one in found)


def test_an_edited_exception_changes_what_it_sets_aside_however_far_down():
    chain = {"a": ["b"], "b": ["c"]}
    old = set_of(a=("n > 9", Warn()), b=("n > 5", Warn()), c=("n > 1", Remove()), defeats=chain)
    new = set_of("2", a=("n > 7", Warn()), b=("n > 5", Warn()), c=("n > 1", Remove()), defeats=chain)
    told = diff(old, new)
    assert {answer.rules[0] for answer in told.changes} >= {"c"} and not told.unknown
    (harsher,) = [answer for answer in told.harsher if answer.rules == ("c",)]
    assert harsher.witness["n"] in (8, 9)
    same = set_of("3", a=("n > 9", Warn()), b=("n > 5", Warn()), c=("n > 1", Remove()), defeats=chain)
    assert diff(old, same).same.value == "proved"
    for_all = diff(old, set_of("4", a=("n > 9", Warn()), b=("n > 5", Warn()), c=("n > 1", Remove())))
    assert {answer.rules[0] for answer in for_all.changes} == {"c"}  # b warns again where a has warned


@given(st.integers(0, 10**6))
@examples(20)
def test_searches_for_terms_are_compared_as_the_texts_are(seed):
    rng = sources(seed)
    whens = []
    for _ in range(3):
        some = rng.sample(["buy", "buy now", "now", "w", "ow b"], rng.randint(1, 3))
        how = rng.choice(["containsAny({})", "contains({[0]!r})", "startsWith({[0]!r})", "endsWith({[0]!r})"])
        whens.append(("!" if rng.random() < 0.3 else "") + "text." + how.format(some))
    rule_set = set_of(r=(" && ".join(whens), Warn()))
    (rule,) = rule_set.rules
    never = any(one.kind == "never_fires" and one.status.value == "proved" for one in analyse(rule_set).findings)
    tried = [*_around("buy now", "ow b"), "now", "buy", "w", "x", "", "ow buy now", "buy now buy", "now ow b", "w buy"]
    assert not (never and any(rule.when.evaluate({"text": text}, SCHEMA) is True for text in tried))
