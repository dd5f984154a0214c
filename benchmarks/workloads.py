"""Which rules and events are the engines compared on? Two made-up policies, seeded.

`comments` has public comments as texts, keyword lists from their vocabulary, a few dozen
patterns, and facts about an author; `signals` has many numbers, enums and flags and one short
title. Rules are small trees of neutral tests, so that each engine gets them in its own idiom.
In both, facts are missing at random, some absent and some null, nested ones too.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

COMMENTS: Final = Path(__file__).parents[2] / "shared" / "data" / "youtube-spam" / "comments.jsonl"
MISSING: Final = 0.05
"""Share of facts that an event lacks, each by itself; half absent, half null."""
STRUCT_MISSING: Final = 0.01
"""Share of events in which a nested fact is missing whole, on top of that."""


class Compare(NamedTuple):
    """A fact against a constant: ``op`` is <, <=, >, >=, == or !=."""

    fact: str
    op: str
    value: float | str | bool


class OneOf(NamedTuple):
    """A fact that is one of some values."""

    fact: str
    values: tuple[str, ...]


class Words(NamedTuple):
    """A text in which one of some terms occurs, anywhere."""

    fact: str
    terms: tuple[str, ...]


class Pattern(NamedTuple):
    """A text in which a pattern is found."""

    fact: str
    source: str


class Not(NamedTuple):
    part: Rule


class All(NamedTuple):
    parts: tuple[Rule, ...]


class Either(NamedTuple):
    parts: tuple[Rule, ...]


Test: TypeAlias = "Compare | OneOf | Words | Pattern"
Rule: TypeAlias = "Test | Not | All | Either"
Facts: TypeAlias = dict[str, Any]


class Workload(NamedTuple):
    """Facts, rules and events that belong together.

    Attributes:
        facts: The declaration, in the form of a rule file.
        rules: Gives so many rules for a seed; fewer rules are a prefix of more.
        events: Gives so many events, always the same ones; their texts repeat only when the
            corpus is spent.
        source: Where the texts come from.
    """

    name: str
    facts: Facts
    rules: Callable[[int, int], list[Rule]]
    events: Callable[[int], list[dict[str, Any]]]
    source: str


def tests(rule: Rule) -> Iterator[Test]:
    """Give all tests of a rule."""
    if isinstance(rule, Not):
        yield from tests(rule.part)
    elif isinstance(rule, All | Either):
        for part in rule.parts:
            yield from tests(part)
    else:
        yield rule


def kinds(facts: Facts) -> dict[str, str]:
    """Give the type of each fact by its dotted name, structs opened."""
    found = {}
    for name, body in facts.items():
        if body["type"] == "struct":
            found.update({f"{name}.{inner}": kind for inner, kind in kinds(body["fields"]).items()})
        else:
            found[name] = body["type"]
    return found


def both(*parts: Rule) -> Rule:
    """Join with "and", in the order in which an author says it: what was written, then by whom."""
    return All(parts)


def cheapest_first(rule: Rule) -> Rule:
    """Reorder the tests of a rule: comparisons, then terms, then patterns."""
    if isinstance(rule, Not):
        return Not(cheapest_first(rule.part))
    if isinstance(rule, All | Either):
        return type(rule)(tuple(sorted(map(cheapest_first, rule.parts), key=_cost)))
    return rule


def _cost(rule: Rule) -> int:
    return max((Compare, OneOf, Words, Pattern).index(type(test)) for test in tests(rule))


def _with_gaps(rng: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    """Drop some facts and make others null."""
    kept: dict[str, Any] = {}
    for name, value in event.items():
        inside = type(value) is dict
        if rng.random() >= (STRUCT_MISSING if inside else MISSING):
            kept[name] = _with_gaps(rng, value) if inside else value
        elif rng.random() < 0.5:
            kept[name] = None
    return kept


# -- comments ----------------------------------------------------------------------------------

_COUNT: Final = {"type": "int", "ge": 0}
_SHARE: Final = {"type": "float", "ge": 0, "le": 1}
_LANGUAGES, _KINDS = ("en", "es", "zh", "pt", "ru", "ar"), ("comment", "post", "dm", "profile", "live")
_CHANNELS, _GRADES = ("general", "games", "news", "kids", "market", "music"), ("A", "B", "C", "D", "E")

_COMMENT_FACTS: Final[Facts] = {
    "text": {"type": "text"},
    "lower": {"type": "text"},
    "length": _COUNT,
    "links": _COUNT,
    "mentions": _COUNT,
    "digits": _COUNT,
    "caps": _SHARE,
    "language": {"type": "enum", "values": _LANGUAGES},
    "kind": {"type": "enum", "values": _KINDS},
    "channel": {"type": "enum", "values": _CHANNELS},
    "hour": {"type": "int", "ge": 0, "le": 23},
    "reports": _COUNT,
    "similarity": _SHARE,
    "toxicity": _SHARE,
    "author": {
        "type": "struct",
        "fields": {
            "age_days": _COUNT,
            "credit": {"type": "int", "ge": 0, "le": 100},
            "grade": {"type": "enum", "values": _GRADES},
            "verified": {"type": "bool"},
            "strikes": _COUNT,
            "followers": _COUNT,
            "posts_24h": _COUNT,
        },
    },
}

# Character classes are spelt out: engines disagree on what \w, \d and \s mean beyond ASCII.
_PATTERNS: Final = (
    ("lower", r"https?://[^ ]+"),
    ("lower", r"\b[0-9]{6,}\b"),
    ("lower", r"\b(free|win|cash) +[0-9a-z_]+"),
    ("lower", r"\b(check|look) +(out|at) +my\b"),
    ("lower", r"[0-9a-z_.]+@[0-9a-z_.]+\.[a-z]{2,}"),
    ("lower", r"\b(sub|subscribe|follow) +(to +)?(me|my|back)\b"),
    ("lower", r"!{3,}"),
    ("lower", r"\$ ?[0-9]+"),
    ("lower", r"\b(buy|get|watch)\b.*\b(now|today|here)\b"),
    ("lower", r"&#[0-9]+;"),
    ("lower", r"\b(kill|hurt|hate) +(you|him|her|them|this)\b"),
    ("lower", r"\bwhats? ?app\b"),
    ("lower", r"\b[a-z] [a-z] [a-z] [a-z]\b"),
    ("lower", r"\byoutu\.?be[./]"),
    ("lower", r"\?{2,}"),
    ("lower", r"#[0-9a-z_]+ +#[0-9a-z_]+"),
    ("lower", r"\bmy +(new +)?(channel|page|video|song|music)\b"),
    ("lower", r"\b(click|link) +(here|below|in +bio)\b"),
    ("lower", r"\b(please|plz|pls)\b.*\b(subscribe|like|share|help)\b"),
    ("lower", r"\b(best|worst) +[a-z]+ +(ever|of +all)\b"),
    ("lower", r"\b20(0[0-9]|1[0-9])\b"),
    ("lower", r"\b[a-z0-9-]+\.(com|net|org|info)\b"),
    ("lower", r"\bl+o+l+\b"),
    ("lower", r"\b(make|earn) +(easy +)?(money|cash)\b"),
    ("lower", r"\b[0-9]+ *(k|million|billion) +(views?|likes?)\b"),
    ("lower", r"^(first|hey|hi|hello)\b"),
    ("text", r"[A-Z]{8,}"),
    ("text", r"\b[A-Z][a-z]+ [A-Z][a-z]+ [A-Z][a-z]+\b"),
    ("text", r"[A-Z]{3,}[ !]+[A-Z]{3,}"),
    ("text", r"<[a-z]+( [^>]*)?>"),
)

_COMPARISONS: Final = (
    ("author.age_days", "<", (1, 3, 7, 14, 30, 90)),
    ("author.credit", "<", (20, 30, 40, 50, 60)),
    ("author.strikes", ">=", (1, 2, 3, 5)),
    ("author.followers", "<=", (0, 2, 5, 10)),
    ("author.posts_24h", ">", (10, 20, 30, 50)),
    ("links", ">", (0, 1, 2)),
    ("mentions", ">", (0, 1, 2, 3)),
    ("digits", ">", (4, 8, 12)),
    ("reports", ">=", (1, 2, 3, 5)),
    ("similarity", ">=", (0.3, 0.5, 0.7, 0.8)),
    ("toxicity", ">=", (0.2, 0.4, 0.6, 0.8)),
    ("hour", ">=", (20, 22, 23)),
    ("hour", "<", (4, 6)),
    ("length", ">", (120, 200, 300)),
    ("length", "<", (12, 20, 30)),
    ("caps", ">", (0.3, 0.5, 0.7)),
)


def _comment_rule(rng: random.Random, vocabulary: Sequence[str]) -> Rule:
    def number() -> Rule:
        fact, op, values = rng.choice(_COMPARISONS)
        return Compare(fact, op, rng.choice(values))

    def category() -> Rule:
        match rng.randrange(7):
            case 0:
                return Compare("language", "==", rng.choice(_LANGUAGES))
            case 1:
                return OneOf("language", tuple(sorted(rng.sample(_LANGUAGES[1:], 2))))
            case 2:
                return Compare("kind", "==", rng.choice(_KINDS))
            case 3:
                return OneOf("author.grade", ("D", "E"))
            case 4:
                return Compare("author.verified", "==", value=False)
            case 5:
                return Compare("channel", "==", rng.choice(_CHANNELS))
        return Compare("channel", "!=", rng.choice(_CHANNELS))

    def words() -> Rule:
        return Words("lower", tuple(sorted(rng.sample(vocabulary, rng.choice((3, 5, 8, 8, 12, 20))))))

    def pattern() -> Rule:
        return Pattern(*rng.choice(_PATTERNS))

    def context() -> Rule:
        return rng.choice((number, category))()

    def any_test() -> Rule:
        return rng.choices((number, category, words, pattern), (50, 25, 15, 10))[0]()

    more = rng.choice((1, 2, 2, 3, 4))
    match rng.choices(range(6), (45, 15, 20, 10, 5, 5))[0]:
        case 0:
            return both(words(), *(context() for _ in range(more)))
        case 1:
            return both(number(), pattern(), *(context() for _ in range(more - 1)))
        case 2:
            return both(number(), number(), *(context() for _ in range(more - 1)))
        case 3:
            return both(context(), context(), Either((any_test(), any_test())))
        case 4:
            return Either((both(number(), number(), category()), words()))
    return both(context(), context(), Not(Either((number(), words()))) if more > 2 else Not(number()))


def _vocabulary(texts: Sequence[str]) -> list[str]:
    """Give words and pairs of words that occur, but not everywhere: what keyword lists hold."""
    counts = Counter()
    for text in texts:
        found = re.findall(r"(?=\b([a-z]{4,})\b)|(?=\b([a-z]+ [a-z]+)\b)", text)
        counts.update({word or pair for word, pair in found})
    most = max(3, len(texts) // 100)
    return [term for term, count in sorted(counts.items()) if count <= most]


def _comment_event(rng: random.Random, text: str) -> dict[str, Any]:
    letters = [char for char in text if char.isalpha()]
    return {
        "text": text,
        "lower": text.lower(),
        "length": len(text),
        "links": len(re.findall("https?://", text)),
        "mentions": text.count("@"),
        "digits": sum(char.isdigit() for char in text),
        "caps": round(sum(char.isupper() for char in letters) / max(1, len(letters)), 3),
        "language": rng.choices(_LANGUAGES, (70, 10, 8, 5, 4, 3))[0],
        "kind": rng.choices(_KINDS, (55, 25, 12, 3, 5))[0],
        "channel": rng.choices(_CHANNELS, (40, 20, 15, 5, 10, 10))[0],
        "hour": rng.randrange(24),
        "reports": min(40, int(rng.expovariate(1.4))),
        "similarity": round(rng.betavariate(1, 5), 3),
        "toxicity": round(rng.betavariate(0.5, 6), 3),
        "author": {
            "age_days": int(rng.expovariate(1 / 400)),
            "credit": max(0, min(100, int(rng.gauss(72, 18)))),
            "grade": rng.choices(_GRADES, (20, 40, 25, 10, 5))[0],
            "verified": rng.random() < 0.2,
            "strikes": min(20, int(rng.expovariate(1.7))),
            "followers": int(rng.paretovariate(0.6)) - 1,
            "posts_24h": int(rng.expovariate(1 / 6)),
        },
    }


def _invented(rng: random.Random, count: int) -> list[str]:
    """Give texts of made-up words, some words far more common than others."""
    syllables = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]
    words = ["".join(rng.choices(syllables, k=rng.choice((1, 2, 2, 3)))) for _ in range(4_000)]
    extras = ("http://x.example/a", "!!!", "@someone", "FREE STUFF NOW", "123456", "check out my channel")
    texts = []
    for _ in range(count):
        length = 3 + int(rng.expovariate(1 / 14))
        chosen = [words[min(3_999, int(rng.paretovariate(0.7)) - 1)] for _ in range(length)]
        texts.append(" ".join([*chosen, *rng.choices(("", *extras), k=1)]).strip())
    return texts


def comments() -> Workload:
    """Build the workload on public comments; on made-up ones where the data is absent."""
    rng = random.Random(1)
    if COMMENTS.exists():
        lines = COMMENTS.read_text(encoding="utf-8").splitlines()
        texts, source = [json.loads(line)["text"] for line in lines], "public comments"
    else:
        texts, source = _invented(rng, 1_600), "made-up texts"
    texts = sorted(set(texts))
    rng.shuffle(texts)
    vocabulary = _vocabulary([text.lower() for text in texts])

    def rules(count: int, seed: int) -> list[Rule]:
        rng = random.Random(f"comments {seed}")
        return [_comment_rule(rng, vocabulary) for _ in range(count)]

    def events(count: int) -> list[dict[str, Any]]:
        rng = random.Random(2)
        return [_with_gaps(rng, _comment_event(rng, texts[place % len(texts)])) for place in range(count)]

    return Workload("comments", _COMMENT_FACTS, rules, events, f"{source}, {len(texts)} distinct")


# -- signals -----------------------------------------------------------------------------------


class _Signal(NamedTuple):
    name: str
    body: dict[str, Any]
    draw: Callable[[random.Random], Any]


_STATES: Final = tuple(f"state_{letter}" for letter in "abcdefghij")


def _signals(rng: random.Random) -> list[_Signal]:
    """Declare 46 numbers, enums and flags, a quarter of them nested."""
    found = []
    for place in range(46):
        prefix = "device." if place % 4 == 3 else ""
        if place < 18:
            mean = rng.choice((2, 20, 300, 5_000))
            if place % 6 == 5:
                signal = _Signal(f"balance_{place}", {"type": "int"}, lambda r, m=mean: int(r.gauss(0, m)))
            else:
                signal = _Signal(f"count_{place}", _COUNT, lambda r, m=mean: int(r.expovariate(1 / m)))
        elif place < 30:
            shape = rng.choice((1, 2, 5))
            signal = _Signal(f"score_{place}", _SHARE, lambda r, s=shape: round(r.betavariate(1, s), 4))
        elif place < 40:
            values = _STATES[: rng.randrange(3, 11)]
            body = {"type": "enum", "values": values}
            signal = _Signal(f"state_{place}", body, lambda r, v=values: v[int(len(v) * r.random() ** 2)])
        else:
            share = rng.uniform(0.1, 0.6)
            signal = _Signal(f"flag_{place}", {"type": "bool"}, lambda r, p=share: r.random() < p)
        found.append(signal._replace(name=prefix + signal.name))
    return found


def _rounded(value: float) -> float:
    """Round as people do who write thresholds: two digits."""
    if type(value) is float:
        return round(value, 2)
    size = 10 ** max(0, len(str(abs(value))) - 2)
    return value // size * size


def _signal_rule(rng: random.Random, signals: Sequence[_Signal], vocabulary: Sequence[str]) -> Rule:
    def test() -> Rule:
        signal = rng.choice(signals)
        kind = signal.body["type"]
        if kind == "bool":
            return Compare(signal.name, "==", value=rng.random() < 0.5)
        if kind == "enum":
            values = signal.body["values"]
            if rng.random() < 0.4:
                return OneOf(signal.name, tuple(sorted(rng.sample(values, 2))))
            return Compare(signal.name, rng.choice(("==", "==", "!=")), rng.choice(values))
        if kind == "int" and rng.random() < 0.1:
            return Compare(signal.name, rng.choice(("==", "!=")), _rounded(signal.draw(rng)))
        op = rng.choice(("<", "<=", ">", ">="))
        pick = min if op in ("<", "<=") else max  # rules look for what is rare
        return Compare(signal.name, op, _rounded(pick(signal.draw(rng) for _ in range(3))))

    def some(count: int) -> list[Rule]:
        return [test() for _ in range(count)]

    if rng.random() < 0.04:
        return both(*some(3), Words("title", tuple(sorted(rng.sample(vocabulary, rng.choice((2, 4, 6)))))))
    match rng.choices(range(4), (60, 20, 12, 8))[0]:
        case 0:
            return both(*some(rng.choice((4, 5, 6))))
        case 1:
            return both(*some(4), Either(tuple(some(2))))
        case 2:
            return both(*some(4), Not(rng.choice((All, Either))(tuple(some(2)))))
    return Either((both(*some(5)), both(*some(5))))


def signals() -> Workload:
    """Build the workload of many numbers, enums and flags."""
    rng = random.Random(3)
    declared = _signals(rng)
    device = {signal.name[7:]: signal.body for signal in declared if signal.name.startswith("device.")}
    facts: Facts = {signal.name: signal.body for signal in declared if not signal.name.startswith("device.")}
    facts |= {"device": {"type": "struct", "fields": device}, "title": {"type": "text"}}
    vocabulary = sorted(
        {word for text in _invented(rng, 500) for word in text.split() if len(word) > 4 and word.islower()}
    )

    def rules(count: int, seed: int) -> list[Rule]:
        rng = random.Random(f"signals {seed}")
        return [_signal_rule(rng, declared, vocabulary) for _ in range(count)]

    def events(count: int) -> list[dict[str, Any]]:
        rng, made = random.Random(4), []
        for _ in range(count):
            event: dict[str, Any] = {"device": {}, "title": " ".join(rng.choices(vocabulary, k=rng.randrange(3, 9)))}
            for signal in declared:
                inside = event["device"] if signal.name.startswith("device.") else event
                inside[signal.name.removeprefix("device.")] = signal.draw(rng)
            made.append(_with_gaps(rng, event))
        return made

    return Workload("signals", facts, rules, events, "made up")


WORKLOADS: Final = {"comments": comments, "signals": signals}
