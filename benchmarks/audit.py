"""Measures the audit: replay, pairs, impact and parity, and the false alarms that pooled rates would raise.

Times are CPU seconds of one run each; the bars are absolute. ``python benchmarks/audit.py [--small]``
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from _timing import Bar, cpu_seconds

from platgov._consistency.counting import completeness
from platgov._consistency.impact import impact
from platgov._consistency.pairs import matched_pairs
from platgov._consistency.parity import ParityStatus, parity
from platgov._consistency.replaying import replay
from platgov._consistency.tests_exact import cmh
from platgov.facts import fact, facts
from platgov.ledger import Ledger, Record
from platgov.measures import LimitVisibility, Remove, Warn
from platgov.rules import ConditionRule, RuleSet
from simulated import world

T0 = 1_770_000_000
WORDS = ("hello", "buy now", "thanks", "free money", "see you", "photo", "match", "news")


@facts
class Post:
    """A post."""

    text: str
    links: int = fact(ge=0)
    age_days: int = fact(ge=0)
    spam_score: float = 0.0


def edition(version: str, links: int) -> RuleSet:
    rules = [
        ConditionRule(id=f"links.{n}", when=f"links > {links + n} && age_days < {60 - 9 * n}", measures=[Warn()])
        for n in range(5)
    ]
    rules += [
        ConditionRule(id=f"score.{n}", when=f"spam_score > 0.{5 + n}", measures=[LimitVisibility(days=1 + n)])
        for n in range(5)
    ]
    rules.append(ConditionRule(id="term", when="text.containsAny(['buy now', 'free money'])", measures=[Remove()]))
    return RuleSet(id="posts", version=version, facts=Post, rules=rules)


def event(lots: random.Random, number: int) -> dict:
    text = f"{' '.join(lots.choices(WORDS, k=6))} {number}"
    return {"text": text, "links": lots.randrange(8), "age_days": lots.randrange(90), "spam_score": lots.random()}


def ledger_of(rules: RuleSet, count: int) -> Ledger:
    lots = random.Random(1)
    ledger = Ledger.open(":memory:", origin="example.org/bench")
    for start in range(0, count, 1000):
        ledger.append_many(
            Record(
                value=rules.decide(event(lots, n), at=T0 + n), key=f"k{n}", subject=f"u{lots.randrange(count // 10)}"
            )
            for n in range(start, min(count, start + 1000))
        )
    return ledger


def main() -> int:
    small = "--small" in sys.argv
    scale = 10 if small else 1
    old, new = edition("1", 3), edition("2", 2)
    decisions = 100_000 // scale
    ledger = ledger_of(old, decisions)
    bars = []

    def timed(what: str, limit: float, run):
        seconds, result = cpu_seconds(run)
        bars.append(Bar("audit", f"{what}, {decisions:,} decisions, s", seconds, limit / scale))
        return result

    found = timed("replay", 10, lambda: replay(ledger, [old], verify=False))
    if not found.is_clean or found.reproduced != decisions:
        raise SystemExit(f"a clean ledger is not reproduced: {found}")
    timed("replay with verification of the ledger", 15, lambda: replay(ledger, [old]))
    timed("matched pairs", 10, lambda: matched_pairs(ledger))
    timed("completeness", 10, lambda: completeness(ledger))
    timed("impact of a new edition", 10, lambda: impact(old, new, ledger))

    lots = random.Random(2)
    records = [
        {"rule": f"r{lots.randrange(50)}", "group": "abc"[lots.randrange(3)], "deviated": lots.random() < 0.03,
         "actor": lots.randrange(200_000)}
        for _ in range(1_000_000 // scale)
    ]  # fmt: skip
    seconds, report = cpu_seconds(lambda: parity(records, group="group"))
    bars.append(Bar("audit", f"parity, {len(records):,} decisions, s", seconds, 30 / scale))
    if report.status is ParityStatus.DISPARITY:
        raise SystemExit("a fair world is accused")

    runs = 300 // scale
    fair = [world(lots) for _ in range(runs)]
    pooled = sum(cmh([tuple(map(sum, zip(*tables.values(), strict=True)))])[1] <= 0.01 for tables in fair)
    stratified = sum(cmh(tables.values())[1] <= 0.01 for tables in fair)
    bars.append(Bar("audit", "false alarms in fair worlds, by rule", stratified / runs, 0.03))
    for bar in bars:
        print(bar)
    print(f"rates over all rules together, as others report them: {pooled / runs:.0%} of fair worlds accused")
    return 0 if all(bar.met for bar in bars) else 1


if __name__ == "__main__":
    raise SystemExit(main())
