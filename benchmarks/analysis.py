"""How long does it take to look through many rules, and how does that compare with a solver?

::

    python benchmarks/analysis.py            # 500 rules; z3 beside it where it is installed
    python benchmarks/analysis.py --quick    # 150 rules

Questions that both can answer (does a rule ever fire, is it within another, do two meet) are
put to both, turn by turn, and an answer that differs stops the run. z3 keeps one solver with
all facts declared, and takes each question as an assumption, which is its fastest way; building
the formulas is not part of its time, while building ours is part of the whole check. All times
are CPU time.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
import time
from pathlib import Path

from _timing import Bar, WrongAnswerError, cpu_seconds

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from analysis_strategies import LARGE, SEVERITIES, Solver, narrow_spec, set_of, sources
from platgov._consistency.inquiry import Inquiry
from platgov._consistency.search import Search
from platgov._consistency.sides import own
from platgov.consistency import analyse, diff, independent_of, witness_suite

BUDGET = 200_000


def workload(count: int, seed: int):
    """Give rules as platforms have them: a scope, a topic, some limits, a few alternatives."""
    rng = sources(seed)
    specs = [(narrow_spec(rng, world=LARGE), rng.choice(SEVERITIES), place(rng)) for _ in range(count)]
    return rng, specs, set_of(specs, world=LARGE)


def place(rng) -> str:
    return "visibility" if rng.random() < 0.8 else "notice"


def against_solver(specs, rule_set, questions: int, rng) -> list[Bar]:
    """Ask both the same, one after the other; give how many times as long the solver takes."""
    solver = Solver(world=LARGE)
    z3 = solver.z3
    rails = [solver.both(spec[0]) for spec in specs]
    peer = z3.Solver()
    peer.add(*solver.background)
    ours = Inquiry(rule_set, budget=BUDGET)
    mine = [ours.model.rails(0, own(rule.id)) for rule in rule_set.rules]
    asked = {"ever fires": [], "within another": [], "two meet": []}
    for _ in range(questions):
        one, other = rng.sample(range(len(specs)), 2)
        asked["ever fires"].append(((mine[one].true,), (rails[one][0],)))
        pair = (mine[one].true, mine[other].untrue), (rails[one][0], z3.Not(rails[other][0]))
        asked["within another"].append(pair)
        asked["two meet"].append(((mine[one].true, mine[other].true), (rails[one][0], rails[other][0])))
    bars = []
    for what, pairs in asked.items():
        ratios, spent = [], []
        for formulas, theirs in pairs:
            marks = [z3.Bool(f"q{number}") for number in range(len(theirs))]
            peer.push()
            peer.add(*(z3.Implies(mark, formula) for mark, formula in zip(marks, theirs, strict=True)))
            start = time.process_time()
            found = Search(ours.model.worlds, BUDGET).find(formulas) is not None
            middle = time.process_time()
            right = peer.check(*marks) == z3.sat
            end = time.process_time()
            peer.pop()
            if found is not right:
                raise WrongAnswerError(f"{what}: {found} instead of {right}: {theirs}")
            spent.append(middle - start)
            ratios.append((end - middle) / max(middle - start, 1e-7))
        print(f"    {what:20}{statistics.median(spent) * 1e6:10.1f} µs   z3 takes {statistics.median(ratios):6.1f} x")
        bars.append(Bar("z3", f"{what}: z3 / platgov", statistics.median(ratios), 5, at_least=True))
    return bars


def edits(rng, specs, rule_set, count: int) -> list[float]:
    """Time semantic diffs, each of one rule that was rewritten."""
    taken = []
    for _ in range(count):
        changed = [*specs]
        changed[rng.randrange(len(specs))] = (narrow_spec(rng, world=LARGE), rng.choice(SEVERITIES), place(rng))
        edited = set_of(changed, version="2", world=LARGE)
        seconds, told = cpu_seconds(lambda edited=edited: diff(rule_set, edited))
        for answer in told.changes:
            one, other = (each.decide(answer.witness, at=0) for each in (rule_set, edited))
            if (one.outcome, one.measures) == (other.outcome, other.measures):
                raise WrongAnswerError(f"both editions decide alike on {answer.witness}")
        taken.append(seconds)
    return taken


def main() -> int:
    """Measure, print, and return how many bars were missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="150 rules instead of 500")
    count = 150 if parser.parse_args().quick else 500
    rng, specs, rule_set = workload(count, 7)
    print(f"{count} rules", flush=True)
    whole, report = cpu_seconds(lambda: analyse(rule_set))
    print(f"    full check {whole:.2f} s, {len(report.findings)} findings, {len(report.unknown)} unknown", flush=True)
    taken = edits(rng, specs, rule_set, 25)
    identity, _ = cpu_seconds(lambda: independent_of(rule_set, "i0"))
    _, _, smaller = workload(150, 8)
    suite, cases = cpu_seconds(lambda: witness_suite(smaller))
    print(f"    one fact {identity * 1e3:.1f} ms; {len(cases)} cases for 150 rules in {suite:.2f} s", flush=True)
    bars = [
        Bar("analysis", f"full check of {count} rules, s", whole, 30),
        Bar("analysis", "semantic diff, ms (median)", statistics.median(taken) * 1e3, 50),
        Bar("analysis", "witness suite of 150 rules, s", suite, 2),
    ]
    if importlib.util.find_spec("z3"):
        bars += against_solver(specs, rule_set, 100, rng)
    print("", *bars, sep="\n  ")
    return sum(not bar.met for bar in bars)


if __name__ == "__main__":
    sys.exit(main())
