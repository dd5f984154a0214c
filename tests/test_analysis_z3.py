"""Every answer of the analysis, against a solver that was told the rules in another way."""

import itertools

import pytest

from analysis_strategies import Solver, differ, random_defeats, random_rules, set_of, settled, sources, text_of
from platgov._consistency.differing import differences
from platgov._consistency.inquiry import Inquiry
from platgov._consistency.sides import FAILS, HOLDS, NOT_HOLDS, Side, own
from platgov.consistency import Status, diff, gap, independent_of, monotone
from rule_strategies import examples

z3 = pytest.importorskip("z3", reason="z3-solver is not installed; the analysis itself does not need it")

ROUNDS = examples(100).max_examples * 16 // 100
"""Rounds of a test: 16, and twenty times as many under the soak profile."""
BUDGET = 200_000


class Tally:
    """Counts answers, and lets none be wrong."""

    def __init__(self):
        self.asked = self.open = self.beyond = 0
        self.wrong = []

    def add(self, ours, theirs, about):
        """Compare: True (there is such an event), False, or None on either side."""
        self.asked += 1
        if theirs is None:
            self.beyond += 1
        elif ours is None:
            self.open += 1
        elif ours is not theirs:
            self.wrong.append((about, ours, theirs))

    def check(self, most_open):
        assert not self.wrong, self.wrong[:5]
        assert self.asked >= 40
        assert self.open <= most_open * self.asked, (self.open, self.asked)
        assert self.beyond <= 0.02 * self.asked, (self.beyond, self.asked)


def pairs_of_rules(seed, *, wide):
    rng = sources(seed)
    rules = random_rules(rng, 5, wide=wide)
    return rng, rules, set_of(rules)


@pytest.mark.parametrize("wide", [False, True], ids=["plain", "with sums"])
def test_whether_rules_fire_or_spare_anybody_and_which_lie_within_others(wide):
    tally = Tally()
    for seed in range(ROUNDS):
        _, rules, rule_set = pairs_of_rules(seed, wide=wide)
        inquiry, solver = Inquiry(rule_set, budget=BUDGET), Solver()
        rails = [solver.both(rule[0]) for rule in rules]
        for number, (true, false) in enumerate(rails):
            name = f"r{number:03}"
            for says, formula in ((HOLDS, true), (FAILS, false), (NOT_HOLDS, z3.Not(true))):
                found = inquiry.settle((Side(),), [((0, own(name), says),)])
                tally.add(found.there_is, solver.solve(formula), (seed, name, says))
        for one, other in itertools.permutations(range(len(rules)), 2):
            wanted = [((0, f"r{one:03}", HOLDS),), ((0, f"r{other:03}", NOT_HOLDS),)]
            found = inquiry.settle((Side(),), wanted)
            theirs = solver.solve(rails[one][0], z3.Not(rails[other][0]))
            tally.add(found.there_is, theirs, (seed, one, other))
    tally.check(0.01 if wide else 0.002)


@pytest.mark.parametrize("wide", [False, True], ids=["plain", "with sums"])
def test_whether_a_rule_makes_any_difference_among_the_others(wide):
    tally = Tally()
    for seed in range(ROUNDS):
        rng = sources(seed + 1_000)
        rules = random_rules(rng, 6, most=3, wide=wide)
        defeats = random_defeats(rng, len(rules)) if seed % 2 else {}
        inquiry, solver = Inquiry(set_of(rules, defeats), budget=BUDGET), Solver()
        standing = solver.standing(rules, defeats)
        whole = solver.levels(rules, standing)
        for number in range(len(rules)):
            if number in defeats:
                continue
            name = f"r{number:03}"
            answers = [found.there_is for found in differences(inquiry, (Side(), Side(without=name)), 0, 1, name)]
            ours = True if True in answers else None if None in answers else False
            theirs = solver.solve(differ(solver, whole, solver.levels(rules, standing, without=number)))
            tally.add(ours, theirs, (seed, name))
    tally.check(0.02 if wide else 0.002)


ORDERED = ("i0", "i1", "i2", "f0", "b0")


@pytest.mark.parametrize("wide", [False, True], ids=["plain", "with sums"])
def test_whether_a_fact_alone_changes_what_follows_and_in_which_direction(wide):
    tally = Tally()
    for seed in range(ROUNDS):
        rng = sources(seed + 2_000)
        rules = random_rules(rng, 5, most=3, wide=wide)
        defeats = random_defeats(rng, len(rules)) if seed % 2 else {}
        rule_set = set_of(rules, defeats)
        one, other = Solver("'"), Solver('"')
        levels = [solver.levels(rules, solver.standing(rules, defeats)) for solver in (one, other)]
        for fact in (rng.choice(ORDERED), rng.choice(("t0", "tags", "e0"))):
            same = [one.state[name] == other.state[name] for name in one.state if name != fact]
            same += [one.value[name] == other.value[name] for name in one.value if name != fact]
            if fact != "tags":
                same += [one.tags[tag] == other.tags[tag] for tag in one.tags]
            one_background = one.background + other.background
            plain = Solver.solve(_with(one, one_background), *same, differ(one, *levels))
            tally.add(_refuted(independent_of(rule_set, fact)), plain, (seed, fact))
            if fact not in ORDERED:
                continue
            values = [one.value[fact], other.value[fact]]
            if fact in ("b0",):
                values = [z3.If(value, 1, 0) for value in values]
            given = [one.state[fact] == 2, other.state[fact] == 2, values[0] <= values[1]]
            certain = [[place[0] for place in side] for side in levels]
            falls = z3.Or([a > b for a, b in zip(*certain, strict=True)])
            rises = z3.Or([a < b for a, b in zip(*certain, strict=True)])
            for trend, formula in (("up", falls), ("down", rises)):
                theirs = Solver.solve(_with(one, one_background), *same, *given, formula)
                tally.add(_refuted(monotone(rule_set, {fact: trend})[0]), theirs, (seed, fact, trend))
    tally.check(0.03 if wide else 0.003)


def _with(solver, background):
    solver.background = background
    return solver


def _refuted(answer):
    return {Status.PROVED: False, Status.REFUTED: True, Status.UNKNOWN: None}[answer.status]


@pytest.mark.parametrize("wide", [False, True], ids=["plain", "with sums"])
def test_whether_what_must_be_covered_is(wide):
    tally = Tally()
    for seed in range(ROUNDS * 3):
        rng = sources(seed + 3_000)
        rules = random_rules(rng, 4, most=2, wide=wide)
        cover = random_rules(rng, 1, most=3)[0][0]
        solver = Solver()
        levels = solver.levels(rules, solver.standing(rules))
        nothing = [z3.And(certain == 0, possible == 0) for certain, possible in levels]
        theirs = solver.solve(solver.both(cover)[0], *nothing)
        tally.add(_refuted(gap(set_of(rules), text_of(cover))), theirs, seed)
    tally.check(0.02 if wide else 0.003)


@pytest.mark.parametrize("wide", [False, True], ids=["plain", "with sums"])
def test_what_an_edit_changes(wide):
    tally = Tally()
    for seed in range(ROUNDS * 2):
        rng = sources(seed + 4_000)
        old = random_rules(rng, 5, most=3, wide=wide)
        new = [*old]
        for _ in range(rng.randint(1, 2)):
            number = rng.randrange(len(new))
            if rng.random() < 0.2:
                new[number] = (new[number][0], rng.randint(1, 5), new[number][2])
            else:
                new[number] = random_rules(rng, 1, most=3, wide=wide)[0]
        defeats = random_defeats(rng, len(old)) if seed % 2 else {}
        solver = Solver()
        before = solver.levels(old, solver.standing(old, defeats))
        after = solver.levels(new, solver.standing(new, defeats))
        told = diff(set_of(old, defeats), set_of(new, defeats, version="2"))
        both = z3.And(settled(solver, before), settled(solver, after))
        some = [z3.Or([certain > 0 for certain, _ in levels]) for levels in (before, after)]
        rises = z3.Or([a[0] < b[0] for a, b in zip(before, after, strict=True)])
        falls = z3.Or([a[0] > b[0] for a, b in zip(before, after, strict=True)])
        opened = z3.And(
            z3.Or(settled(solver, before), settled(solver, after)), settled(solver, before) != settled(solver, after)
        )
        formulas = {
            "newly_hit": z3.And(both, z3.Not(some[0]), rises),
            "newly_spared": z3.And(both, z3.Not(some[1]), falls),
            "harsher": z3.And(both, some[0], rises),
            "milder": z3.And(both, some[1], falls),
            "otherwise": opened,
        }
        for kind, formula in formulas.items():
            # Other measures in events that stay undetermined are not asked for here, but under "same".
            found = [
                answer
                for answer in getattr(told, kind)
                if {example.outcome for example in answer.examples} != {"undetermined"}
            ]
            ours = True if found else None if any(item.kind == kind for item in told.unknown) else False
            tally.add(ours, solver.solve(formula), (seed, kind))
        ours = {Status.PROVED: False, Status.REFUTED: True, Status.UNKNOWN: None}[told.same]
        tally.add(ours, solver.solve(differ(solver, before, after)), (seed, "same"))
    tally.check(0.04 if wide else 0.004)
