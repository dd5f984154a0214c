"""How long does it take to find which of many rules hold for an event?

::

    python benchmarks/rules.py            # everything, some minutes
    python benchmarks/rules.py --quick    # under a minute
    python benchmarks/rules.py --json times.json

Compares `platgov.conditions.ConditionSet` with hand-written Python and with peers, on the
workloads of `workloads`, as `_timing` describes. ``platgov`` is the pure Python that everyone
gets; ``platgov[fast]`` has the extra. It answers more than the others, which rules the facts
leave open, and that is part of its time; ``hand-written, open rules too`` is the same job by
hand. ``hand-written, reordered`` has the cheapest test of each rule first, where the others
keep the order of the author. Up to 100 rules, every round has another rule set, so that no
single lucky or unlucky rule decides.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import platform
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import peers
from _timing import Bar, Engine, Times, WrongAnswerError, cpu_seconds, fresh, resident_bytes
from workloads import WORKLOADS, cheapest_first

from platgov.conditions import UNKNOWN, Condition, ConditionSet, parse
from platgov.facts import Schema, observe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workloads import Rule, Workload

SIZES: Final = (10, 30, 60, 100, 1_000, 10_000)
WITH_PEERS: Final = frozenset({10, 100, 1_000})
LARGE: Final = 1_000
GROWN: Final = 10_000
OURS, BY_HAND = "platgov", "hand-written"
SMALLER: Final = f"platgov, {LARGE:,} rules"

Answer = "tuple[list[int], list[int]]"


def conditions(rules: Sequence[Rule]) -> list[Condition]:
    """Read the rules as a host would: from text."""
    return [parse(peers.cel_text(rule)) for rule in rules]


def oracle(rules: Sequence[Condition], schema: Schema, events: Sequence[Any]) -> list[Answer]:
    """Give the rules that hold and those left open, by walking every tree."""
    right = []
    for event in events:
        seen = observe(schema, event)
        answers = [rule.evaluate(seen, schema) for rule in rules]
        right.append(
            (
                [number for number, answer in enumerate(answers) if answer is True],
                [number for number, answer in enumerate(answers) if answer is UNKNOWN],
            )
        )
    return right


def engines(rules: Sequence[Rule], made: Sequence[Condition], schema: Schema, workload: Workload) -> dict[str, Engine]:
    """Build everything that is compared at one size."""
    size = len(rules)

    def ours(**options: Any) -> Engine:
        return Engine(ConditionSet(made, schema, **options).match, _both_lists, _whole)

    def other(build: Callable[..., peers.Match], written: Sequence[Rule] = rules) -> Engine:
        return Engine(build(written, workload.facts), sorted, _held)

    found = {
        BY_HAND: other(peers.handwritten),
        "hand-written, reordered": other(peers.handwritten, [cheapest_first(rule) for rule in rules]),
        "hand-written, open rules too": Engine(peers.handwritten_both(rules, workload.facts), _both_lists, _whole),
        OURS: ours(fast=False),
    }
    if importlib.util.find_spec("ahocorasick_rs"):
        found["platgov[fast]"] = ours(fast=True)
    if size <= LARGE:
        found |= {
            "platgov, plain": ours(fast=False, method="plain"),
            "platgov, indexed": ours(fast=False, method="indexed"),
        }
    if size == GROWN:
        smaller = ConditionSet(made[:LARGE], schema, fast=False).match
        found[SMALLER] = Engine(smaller, _both_lists, _within(LARGE))
    if size in WITH_PEERS:
        found |= {
            name: other(build) for name, (module, build) in peers.PEERS.items() if importlib.util.find_spec(module)
        }
    return found


def _both_lists(answer: Answer) -> Answer:
    return list(answer[0]), list(answer[1])


def _whole(right: Answer) -> Answer:
    return right


def _held(right: Answer) -> list[int]:
    return right[0]


def _within(size: int) -> Callable[[Answer], Answer]:
    def first(right: Answer) -> Answer:
        held, left_open = right
        return [number for number in held if number < size], [number for number in left_open if number < size]

    return first


class Plan(NamedTuple):
    """How many rounds at one size, and how many events in each: unheeded ones to warm up, then timed ones."""

    rounds: int
    warm: int
    timed: int

    @staticmethod
    def of(size: int, *, quick: bool) -> Plan:
        if size < LARGE:  # together, at most as many events as there are texts
            return Plan(5, 20, 40) if quick else Plan(15, 20, 75)
        if size < GROWN:
            return Plan(5, 40, 60) if quick else Plan(7, 40, 150)
        return Plan(5, 20, 40)


def measure(workload: Workload, size: int, plan: Plan) -> Times:
    """Time all engines at one size."""
    rounds, warm, timed = plan
    schema, times = Schema.from_dict(workload.facts), Times()
    supply = workload.events(rounds * (warm + timed))
    built: dict[str, Engine] = {}
    made: list[Condition] = []
    for turn in range(rounds):
        if turn == 0 or size < LARGE:
            rules = workload.rules(size, turn)
            made = conditions(rules)
            built = engines(rules, made, schema, workload)
        events = supply[turn::rounds]
        times.add(built, events, oracle(made, schema, events), warm=warm)
    return times


def footprint(name: str, size: int) -> dict[str, float]:
    """Measure what compiling costs, in a process of its own: CPU seconds, and bytes that stay."""
    workload = WORKLOADS[name]()
    schema = Schema.from_dict(workload.facts)
    reading, made = cpu_seconds(lambda: conditions(workload.rules(size, 0)))
    before = resident_bytes()
    compiling, kept = cpu_seconds(lambda: ConditionSet(made, schema, fast=False))
    return {
        "parse_seconds": reading,
        "compile_seconds": compiling,
        "grown_bytes": resident_bytes() - before,
        "rules": len(kept.conditions),
    }


def apart(name: str, size: int) -> dict[str, float]:
    """Run `footprint` in a new process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(footprint, name, size).result()


# -- bars --------------------------------------------------------------------------------------


def bars(name: str, measured: dict[int, Times], compiled: dict[str, float]) -> list[Bar]:
    """Hold what was measured against what was aimed for."""
    found = []
    for size, limit in ((10, 1.3), (100, 0.5), (LARGE, 0.1)):
        if size in measured:
            ratio = measured[size].ratio(OURS, BY_HAND)
            found.append(Bar(name, f"{size:,} rules: platgov / hand-written", ratio, limit))
    if LARGE in measured:
        times = measured[LARGE]
        for peer, limit in (("evalidate", 15), ("CEL C++ packed", 40), ("zen table", 150)):
            if peer in times.rounds[0]:
                found.append(
                    Bar(name, f"{LARGE:,} rules: {peer} / platgov", times.ratio(peer, OURS), limit, at_least=True)
                )
    if GROWN in measured:
        growth = measured[GROWN].ratio(OURS, SMALLER)
        found.append(Bar(name, f"growth: {GROWN:,} rules / {LARGE:,} rules", growth, 5))
    if compiled:
        found.append(Bar(name, f"compiling {GROWN:,} rules, s", compiled["compile_seconds"], 5))
    return found + reasons(name)


def reasons(name: str) -> list[Bar]:
    """Time the reasons of the rules that hold, which come on top of matching.

    Every reason is held against the oracle: its facts alone must make the rule hold.
    """
    workload = WORKLOADS[name]()
    schema = Schema.from_dict(workload.facts)
    made = conditions(workload.rules(LARGE, 0))
    matcher = ConditionSet(made, schema, fast=False)
    for number in range(LARGE):
        matcher.explainer(number)  # built once, when a rule is first explained
    supply = workload.events(7 * 200)
    per_rule = []
    for turn in range(7):
        events = fresh(supply[turn::7])
        found = [matcher.match(event)[0] for event in events]
        matched = list(zip(events, found, strict=True))
        taken, proofs = cpu_seconds(lambda: [matcher.proofs(event, held) for event, held in matched])  # noqa: B023
        per_rule.append(taken / sum(map(len, found)) * 1e6)
        check_reasons(made, schema, events, found, proofs)
    return [Bar(name, f"{LARGE:,} rules: reasons, µs per rule that holds", statistics.median(per_rule), 5)]


def check_reasons(
    made: Sequence[Condition], schema: Schema, events: Sequence[Any], found: Sequence[Any], proofs: Sequence[Any]
) -> None:
    """Raise unless the facts of each reason suffice: without all the others, the rule still holds."""
    for event, numbers, given in zip(events, found, proofs, strict=True):
        for number, proof in zip(numbers, given, strict=True):
            alone: dict[str, Any] = {}
            for path in proof.facts:
                inside, value = alone, event
                for step in path[:-1]:
                    inside, value = inside.setdefault(step, {}), value[step]
                if path[-1] in value:
                    inside[path[-1]] = value[path[-1]]
            if made[number].evaluate(alone, schema) is not True:
                raise WrongAnswerError(f"{made[number].text} does not follow from {alone}")


# -- report ------------------------------------------------------------------------------------


def show(size: int, times: Times) -> None:
    print(f"\n  {size:,} rules{'':19} µs/event   x hand-written (range over rounds)")
    for name in times.rounds[0]:
        low, high = times.spread(name, BY_HAND)
        ratio = times.ratio(name, BY_HAND)
        print(f"    {name:27}{times.microseconds(name):10.1f}{ratio:12.3f}     ({low:.3f} to {high:.3f})")


def as_json(measured: dict[int, Times]) -> dict[str, Any]:
    return {
        str(size): {
            name: {
                "microseconds": times.microseconds(name),
                "ratio": times.ratio(name, BY_HAND),
                "rounds": [taken[name] * 1e6 for taken in times.rounds],
            }
            for name in times.rounds[0]
        }
        for size, times in measured.items()
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and events, nothing beyond 1,000 rules")
    parser.add_argument("--rounds", type=int, help="rounds at each size; at least 5 for numbers to be quoted")
    parser.add_argument("--sizes", type=int, nargs="+", help=f"numbers of rules; {SIZES}")
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--json", type=Path, help="write all times there as well")
    return parser.parse_args()


def main() -> int:
    """Measure, print, and return how many bars were missed."""
    asked = arguments()
    sizes = asked.sizes or [size for size in SIZES if size <= LARGE or not asked.quick]
    started, report, missed = time.perf_counter(), {}, 0
    for name in asked.workloads:
        workload = WORKLOADS[name]()
        print(f"\n{name} ({workload.source})", flush=True)
        measured, compiled = {}, {}
        for size in sizes:
            plan = Plan.of(size, quick=asked.quick)
            measured[size] = measure(workload, size, plan._replace(rounds=asked.rounds or plan.rounds))
            show(size, measured[size])
            sys.stdout.flush()
        if GROWN in sizes:
            compiled = apart(name, GROWN)
            print(
                f"\n  {GROWN:,} rules: parsed in {compiled['parse_seconds']:.2f} s, compiled in "
                f"{compiled['compile_seconds']:.2f} s, {compiled['grown_bytes'] / 2**20:.0f} MiB more"
            )
        held = bars(name, measured, compiled)
        missed += sum(not bar.met for bar in held)
        print("", *held, sep="\n  ")
        report[name] = {
            "source": workload.source,
            "sizes": as_json(measured),
            "compiled": compiled,
            "bars": [bar._asdict() | {"met": bar.met} for bar in held],
        }
    print(f"\nCPython {platform.python_version()}, {time.perf_counter() - started:.0f} s in all, {missed} bars short")
    if asked.json is not None:
        asked.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return missed


if __name__ == "__main__":
    main()
