"""Same facts, same outcome: in every process, hash seed, time zone, order, engine and Python version."""

# ruff: noqa: E501 - most of this file is a program that is kept short, as text

import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

SOURCE = pathlib.Path(__file__).parents[1] / "src"
EVENTS = 10_000
FEWER = 1_500
"""Events for each of the other Python versions."""

# Runs in interpreters that have neither pytest nor hypothesis: the library, and nothing else.
WORK = """
import datetime, hashlib, json, random, sys
import attrs
from platgov.conditions import ConditionSet, parse
from platgov.facts import Schema
from platgov.measures import Authority, Label, LimitVisibility, Procedure, Remove, SuspendAccount, SuspendFeature, Warn
from platgov.rules import ConditionRule, Finding, Rule, RuleSet

order, method, fast, count, part = json.loads(sys.argv[1])

WORDS = (
    "spam", "SPAM", "eggs", "buy now", "m\\u0435@home", "\\u00e9t\\u00e9", "stra\\u00dfe", "\\u0440\\u0430\\u0443pal", "sp\\u200bam", "e\\u0301", "x",
    "\\uff53\\uff50\\uff41\\uff4d", "\\u65e5\\u672c", "\\u0e44\\u0e17\\u0e22", "\\U0001f600", "\\U0001fae8", "\\U00010d50", "\\ua7cb", "\\u1c89", "\\u01c5", "\\u0130",
    "I\\u0307", "\\ufb03", "\\u3392", "two\\nlines", "\\ud800", "", "A" * 70_000,
)
SCHEMA = Schema.from_dict({
    "text": "text", "links": {"type": "int", "ge": 0}, "share": "float", "ok": "bool", "posted": "timestamp", "quiet": "duration",
    "surface": {"type": "enum", "values": ["post", "comment", "video"]}, "tags": {"type": "list", "items": "text"},
    "labels": {"type": "list", "items": "text", "distinct": True},
    "author": {"type": "struct", "fields": {"age": "int", "name": {"type": "text", "optional": True}}, "optional": True},
})

def chance(rng, share):
    return rng.random() < share

def pick(rng, values):
    return values[int(rng.random() * len(values))]

def event(rng):
    made = {
        "text": " ".join(pick(rng, WORDS[:-3]) for _ in range(int(rng.random() * 6))), "links": int(rng.random() * 9),
        "share": pick(rng, (0.0, -0.0, 0.5, 1, 0.1 + 0.2, 3.0, 3, 1e-7, 2.5e15, 123456789.123)), "ok": chance(rng, 0.5),
        "posted": pick(rng, (
            "2026-02-02T00:00:00Z", "2026-02-01T23:59:59.999999999-11:00", 1_770_000_000, "1969-12-31T23:59:59Z",
            datetime.datetime(2026, 3, 29, 2, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=1))),
        )),
        "quiet": pick(rng, ("90s", "1h", "-1.5h", 7, datetime.timedelta(minutes=3))),
        "surface": pick(rng, ("post", "comment", "video")), "tags": [pick(rng, WORDS[:9]) for _ in range(int(rng.random() * 4))],
        "labels": {pick(rng, WORDS[:9]) for _ in range(int(rng.random() * 4))},
        "author": {"age": int(rng.random() * 9), "name": pick(rng, WORDS[:-3])},
    }
    for name in list(made):
        draw = rng.random()
        if draw < 0.02:
            del made[name]
        elif draw < 0.05:
            made[name] = pick(rng, (
                None, 3, "3", [], {}, True, float("nan"), 10**30, -1, [None], {"age": "x"}, b"x", 2**53 + 1, 2.0**60,
                *WORDS[-3:], {"b", "a", "c"}, frozenset({1, True, "a"}), object(),
            ))
    return made

CONDITIONS = [
    "text.folded().contains('spam')", "text.folded().containsAny(['paypal', 'me@home', 'buy now'])", "text.containsWord('x')",
    "text.folded().containsWord(['strasse', 'ete'])", "text.matches('(?i)buy.{0,3}now')", "text.folded().matches('p[ay]+pal')",
    "text.startsWith('>') || text.endsWith('lines')", "links > 3 && share / 2 > 0.2", "links % 3 == 1 && !ok", "share * 3.0 < 1.0",
    "share == 0.0", "string(share) == '-0'", "posted > timestamp('2026-02-01T12:00:00Z')", "posted.getHours('+09:00') < 9",
    "quiet < duration('2m')", "surface in ['post', 'video'] && links < 5", "surface == 'comment'", "tags.exists(t, t == 'spam')",
    "tags.all(t, size(t) < 5)", "labels == ['SPAM', 'spam']", "'spam' in labels", "author.age < 3 || author.name == text",
    "has(author.name) && !has(author.age)", "author == null", "text.size() > 20 ? links > 2 : ok", "size(tags) + links > 6",
]

class Loud(Rule):
    kind = "loud"
    reads = frozenset({"text", "labels", "author.name"})

    def match(self, facts):
        loud = len(facts.text) % 3 == 1 or "SPAM" in facts.labels
        return Finding(evidence=(facts.text[:9], *facts.labels, str(facts.author.name))) if loud else None

def measures(number):
    made = [
        Warn(), Remove(days=1 + number % 3), LimitVisibility(hours=number + 1), Label(label=f"l{number % 4}"), SuspendAccount(),
        Remove(days=2, authority=Authority.SENIOR), Remove(days=2, procedure=Procedure(notice=False, appeal_days=number)),
        SuspendFeature(feature="post", days=number % 5 + 1),
    ]
    return [made[number % 8], made[number * 5 % 8], made[number * 3 % 7]]

rules = [
    ConditionRule(id=f"r{number}", when=when, measures=measures(number) if number % 5 == 0 else [], withhold=["links"] if number % 7 == 0 else [])
    for number, when in enumerate([*CONDITIONS, *(f"({one}) && !({other})" for one, other in zip(CONDITIONS, CONDITIONS[3:]))])
]
rules.append(Loud(measures=measures(3)))
defeats = {"r0": ["r5", "r7"], "r3": ["r0", "r9"], "loud": ["r2"], "r20": ["r3", "r21"]}
source = random.Random(7)
events = [event(source) for _ in range(count)]
shuffler = random.Random(order)
if order:
    shuffler.shuffle(rules)
    defeats = dict(reversed(defeats.items()))
rule_set = RuleSet(id="x", version="1", facts=SCHEMA, rules=rules, defeats=defeats)
if method is not None or fast is not None:
    engine = rule_set._engine
    engine.matcher = ConditionSet([rule.when for rule in engine.conditions], SCHEMA, method=method, fast=fast)
places = list(range(count))
if order:
    shuffler.shuffle(places)
whole, first, outcomes = [], [], {}
for place in places:
    given = events[place]
    if order:
        given = dict(reversed(given.items()))
    decision = rule_set.decide(given, at=order)
    said = [reason.text for reason in decision.explain()] + [other.text for other in decision.counterfactual()] if place % 20 == 0 else []
    data = attrs.evolve(decision, at=0).to_bytes()
    line = f"{decision.fingerprint} {data.decode()} {json.dumps(said)}"
    outcomes[decision.outcome.value] = outcomes.get(decision.outcome.value, 0) + 1
    whole.append(line)
    if place < part:
        first.append(line)

def digest(lines):
    return hashlib.sha256("\\n".join(sorted(lines)).encode()).hexdigest()

print(json.dumps({"rules": rule_set.digest, "whole": digest(whole), "part": digest(first), "outcomes": outcomes}))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give a folder with what the library needs that is plain Python, for interpreters that have it not."""
    folder = tmp_path_factory.mktemp("site")
    for name in ("attr", "attrs", "cattr", "cattrs", "typing_extensions"):
        found = importlib.util.find_spec(name)
        if found is not None:
            origin = pathlib.Path(found.origin)
            origin = origin.parent if origin.name == "__init__.py" else origin
            (folder / origin.name).symlink_to(origin)
    return folder


def decided(python, path, *, seed="0", zone="UTC", order=0, method=None, fast=None, count=EVENTS):
    environment = {
        "PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": os.pathsep.join(map(str, path)),
        "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C" if order else "C.UTF-8",
    }  # fmt: skip
    work = json.dumps([order, method, fast, count, FEWER])
    done = subprocess.run(
        [python, "-W", "error", "-c", WORK, work], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def wanted():
    return decided(sys.executable, [SOURCE])


def test_the_events_are_of_every_kind(wanted):
    assert set(wanted["outcomes"]) == {"none", "measures", "undetermined"}
    assert min(wanted["outcomes"].values()) > EVENTS / 100


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_neither_hash_seed_nor_time_zone_nor_order_changes_a_decision(wanted, seed, zone):
    order = int(seed) * 2 + len(zone)
    assert decided(sys.executable, [SOURCE], seed=seed, zone=zone, order=order) == wanted


EXTRAS = all(importlib.util.find_spec(name) for name in ("ahocorasick_rs", "re2"))


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("method", ["plain", "indexed"])
def test_neither_engine_nor_extra_changes_a_decision(wanted, method, fast):
    if fast and not EXTRAS:
        pytest.skip("the fast extra is not installed")
    found = decided(sys.executable, [SOURCE], order=11, method=method, fast=fast, count=FEWER)
    assert (found["rules"], found["part"]) == (wanted["rules"], wanted["part"])


def interpreters():
    """Give the other Pythons of this machine that are new enough, by name; some may turn out not to run."""
    folders = [name for name in os.environ.get("PATH", "").split(os.pathsep) if not name.endswith("shims")]
    path = os.pathsep.join(folders)
    found = {f"python3.{minor}": shutil.which(f"python3.{minor}", path=path) for minor in range(11, 16)}
    for path in sorted((pathlib.Path.home() / ".pyenv" / "versions").glob("3.*/bin/python3")):
        minor = path.parts[-3].split(".")[1]
        if minor.isdecimal() and int(minor) >= 11:
            found[path.parts[-3]] = str(path)
    return {name: path for name, path in found.items() if path is not None}


OTHERS = interpreters()


@pytest.mark.parametrize("name", OTHERS)
def test_no_python_version_changes_a_decision(wanted, folder, name):
    ask = "import sys; sys.path.append(sys.argv[1]); import attrs, cattrs; print(sys.implementation.name)"
    done = subprocess.run([OTHERS[name], "-c", ask, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{name} does not run, or cannot load attrs and cattrs: {done.stderr.strip()[-200:]}")
    for seed, order in (("1", 4), ("2", 5)):
        found = decided(OTHERS[name], [SOURCE, folder], seed=seed, order=order, count=FEWER)
        assert (found["rules"], found["part"]) == (wanted["rules"], wanted["part"])
