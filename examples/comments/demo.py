"""Applies the rules of `rules.toml` to comments, and shows each decision with its reason.

Run it with ``make demo``. Where a labelled collection of real comments is present, it also
reports how well the rules find spam: they were written looking at three videos, and the
fourth was kept for this report.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from platgov.rules import Decision, Outcome, RuleSet

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from adapter import facts_of  # noqa: E402 - the adapter stands beside this file

REAL = HERE.parents[2] / "shared" / "data" / "youtube-spam" / "comments.jsonl"
HELD_OUT = "04-Eminem"
AT = 1_770_000_000  # 2026-02-02; an instant is an argument, so that the demo is the same every day


def main() -> None:
    """Decide on the sample, then on the real comments if they are there."""
    rules = RuleSet.load(HERE / "rules.toml")
    print(f"{len(rules.rules)} rules, {rules.digest}\n")
    for line in (HERE / "sample.jsonl").read_text(encoding="utf-8").splitlines():
        comment = json.loads(line)
        show(comment, rules.decide(facts_of(comment), at=AT))
    if REAL.exists():
        report(rules, [json.loads(line) for line in REAL.read_text(encoding="utf-8").splitlines()])
    else:
        print("The labelled collection of real comments is not here; the report on it is left out.")


def show(comment: dict[str, Any], decision: Decision) -> None:
    """Print one decision: what follows, why, and what would have made the difference."""
    print(f"{comment['id']}  {comment['text']!r}")
    follows = ", ".join(str(measure) for measure in decision.measures) or "nothing"
    print(f"     {decision.outcome.value}: {follows}")
    for reason in decision.explain():
        print(f"     - {reason.text}")
    for exception in decision.defeated:
        print(f"     - {exception.rule_id} is set aside by {', '.join(exception.by)}")
    for other in decision.counterfactual():
        print(f"     ~ {other.text}")
    if decision.undetermined:
        facts = sorted({f"{name} is {why}" for rule in decision.undetermined for name, why in rule.facts})
        print(f"     ? {len(decision.undetermined)} rules are open: {', '.join(facts)}")
    print()


def report(rules: RuleSet, comments: list[dict[str, Any]]) -> None:
    """Print precision and recall on the label, and the speed."""
    started = time.perf_counter()
    hits = [rules.decide(facts_of(comment), at=AT).outcome is not Outcome.NONE for comment in comments]
    passed = time.perf_counter() - started
    print(f"Real comments: {len(comments):,}, decided in {passed:.2f} s (facts derived, decided and recorded).")
    for name, wanted in (("videos the rules were written on", False), ("video kept for this report", True)):
        chosen = [
            (hit, comment["spam"])
            for hit, comment in zip(hits, comments, strict=True)
            if (comment["video"] == HELD_OUT) is wanted
        ]
        true = sum(hit and spam for hit, spam in chosen)
        found, spam = sum(hit for hit, _ in chosen), sum(spam for _, spam in chosen)
        print(f"  {name}: precision {true / found:.3f}, recall {true / spam:.3f} on {len(chosen)} comments")


if __name__ == "__main__":
    main()
