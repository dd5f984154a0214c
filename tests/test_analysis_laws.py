"""Laws of the analysis on random rule sets: whatever it says is held against decisions on events."""

from hypothesis import given
from hypothesis import strategies as st

from analysis_strategies import random_defeats, random_rules, set_of, sources
from platgov.consistency import Status, analyse, diff, independent_of, monotone, witness_suite
from platgov.facts import observe
from platgov.measures import join
from platgov.rules import RuleSet
from rule_strategies import AT, examples, rule_sets

BUDGET = 20_000
seeds = st.integers(0, 10**6)


def effect(rule_set, event):
    decision = rule_set.decide(event, at=0)
    return decision.outcome, decision.measures


def held(rule_set, event):
    decision = rule_set.decide(event, at=0)
    return {finding.rule_id for finding in decision.findings}


def without(rule_set, rule_id):
    return RuleSet(
        id=rule_set.id, version="2", facts=rule_set.facts, grants=rule_set.grants,
        rules=[rule for rule in rule_set.rules if rule.id != rule_id],
        defeats={one: [o for o in others if o != rule_id] for one, others in rule_set.defeats if one != rule_id},
    )  # fmt: skip


@given(rule_sets(most=5))
@examples(30)
def test_no_event_contradicts_what_was_proved_of_rules(case):
    rule_set, world, rng = case
    report = analyse(rule_set, BUDGET)
    events = [world.event(rng) for _ in range(40)]
    events += [case.example.event for case in witness_suite(rule_set, BUDGET)]
    conditions = {rule.id: rule.when for rule in rule_set.rules if hasattr(rule, "when")}
    for answer in report.findings:
        if answer.status is not Status.PROVED or not answer.rules or answer.rules[0] not in conditions:
            continue
        first = answer.rules[0]
        for event in events:
            own = conditions[first].evaluate(observe(rule_set.schema, event), rule_set.schema)
            if answer.kind == "never_fires":
                assert own is not True, (answer, event)
            elif answer.kind == "always_fires":
                assert own is not False, (answer, event)
            elif answer.kind == "subsumed":
                standing = held(rule_set, event)
                assert first not in standing or answer.rules[1] in standing
            elif answer.kind == "duplicate":
                standing = held(rule_set, event)
                assert (first in standing) is (answer.rules[1] in standing)
    for answer in report.findings:
        if answer.kind == "dead" and answer.status is Status.PROVED:
            fewer = without(rule_set, answer.rules[0])
            assert all(effect(rule_set, event) == effect(fewer, event) for event in events)


@given(rule_sets(most=5))
@examples(30)
def test_every_example_is_decided_as_it_says(case):
    rule_set, _, _ = case
    for answer in analyse(rule_set, BUDGET).findings:
        for example in answer.examples:
            decision = rule_set.decide(example.event, at=0)
            assert (decision.outcome.value, tuple(map(str, decision.measures))) == (example.outcome, example.measures)
    for told in witness_suite(rule_set, BUDGET):
        decision = rule_set.decide(told.example.event, at=0)
        assert tuple(map(str, decision.measures)) == told.example.measures
        assert (told.rule in held(rule_set, told.example.event)) is told.applies


@given(rule_sets(most=4), seeds)
@examples(30)
def test_a_fact_that_was_proved_to_be_of_no_consequence_is_none(case, seed):
    rule_set, world, rng = case
    fact = sources(seed).choice(rule_set.schema.fields).name
    answer = independent_of(rule_set, fact, BUDGET)
    if answer.status is Status.REFUTED:
        one, other = (example.event for example in answer.examples)
        assert effect(rule_set, one) != effect(rule_set, other)
        assert {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)} == {fact}
    if answer.status is Status.PROVED:
        for _ in range(30):
            one, other = world.event(rng), world.event(rng)
            mixed = {**one, fact: other.get(fact)}
            assert effect(rule_set, one) == effect(rule_set, mixed)


@given(seeds)
@examples(30)
def test_a_trend_that_was_proved_or_refuted_is_so_on_events(seed):
    rng = sources(seed)
    rule_set = set_of(random_rules(rng, 4, most=2, wide=True), random_defeats(rng, 4) if seed % 2 else None)
    answer = monotone(rule_set, {"i0": "up"})[0]
    if answer.status is Status.REFUTED:
        low, high = (example.event for example in answer.examples)
        assert low["i0"] <= high["i0"]
        assert join((*effect(rule_set, low)[1], *effect(rule_set, high)[1])) != effect(rule_set, high)[1]
    if answer.status is Status.PROVED:
        for told in witness_suite(rule_set):
            event, last = told.example.event, ()
            for value in (0, 1, 2, 3, 5, 10, 11, 30, 60, 100, 365, 1_000):
                now = effect(rule_set, {**event, "i0": value})[1]
                assert join((*last, *now)) == now
                last = now


@given(seeds)
@examples(30)
def test_a_diff_holds_on_both_editions_and_turns_round_with_them(seed):
    rng = sources(seed)
    old = random_rules(rng, 5, most=3, wide=seed % 3 == 0)
    new = [*old[:-1], *random_rules(rng, 1, most=3)]
    one, other = set_of(old), set_of(new, version="2")
    there, back = diff(one, other), diff(other, one)
    assert diff(one, one).same is Status.PROVED
    if not there.unknown and not back.unknown:
        for kind, opposite in (("newly_hit", "newly_spared"), ("harsher", "milder"), ("otherwise", "otherwise")):
            assert bool(getattr(there, kind)) is bool(getattr(back, opposite))
    for answer in there.newly_hit:
        assert (effect(one, answer.witness)[1], bool(effect(other, answer.witness)[1])) == ((), True)
    for answer in there.harsher:
        before, after = effect(one, answer.witness)[1], effect(other, answer.witness)[1]
        assert before
        assert join((*before, *after)) != before
    if there.same is Status.PROVED:
        for told in (*witness_suite(one), *witness_suite(other)):
            assert effect(one, told.example.event) == effect(other, told.example.event)


@given(rule_sets(most=4), st.randoms(use_true_random=False))
@examples(15)
def test_the_order_of_rules_changes_no_report(case, rng):
    rule_set, _, _ = case
    shuffled = [*rule_set.rules]
    rng.shuffle(shuffled)
    again = RuleSet(id="random", version="1", facts=rule_set.facts, rules=shuffled, defeats=dict(rule_set.defeats))
    assert analyse(again, BUDGET).to_bytes() == analyse(rule_set, BUDGET).to_bytes()
    assert AT


MUTATIONS = ("+1", "-1", "negated", "dropped")


def mutants(spec):
    """Give a specification with one test changed, in every way."""
    head, *rest = spec
    if head in ("and", "or", "not"):
        for place, part in enumerate(rest):
            for other in mutants(part):
                yield (head, *rest[:place], other, *rest[place + 1 :])
        return
    if head == "cmp" and isinstance(spec[3], int):
        yield (*spec[:3], spec[3] + 1)
        yield (*spec[:3], spec[3] - 1)
    yield ("not", spec)


@given(seeds)
@examples(4)
def test_a_suite_notices_nearly_every_rule_that_is_nearly_the_same(seed):
    rng = sources(seed)
    specs = random_rules(rng, 6, most=3, texts=False)
    suite = [case.example for case in witness_suite(set_of(specs))]
    noticed = alive = 0
    for number, (spec, *rest) in enumerate(specs):
        for mutant in mutants(spec):
            changed = set_of([*specs[:number], (mutant, *rest), *specs[number + 1 :]], version="2")
            told = diff(set_of(specs), changed)
            if not (told.newly_hit or told.newly_spared or told.harsher or told.milder):
                continue
            alive += 1
            noticed += any(
                tuple(map(str, changed.decide(example.event, at=0).measures)) != example.measures for example in suite
            )
    assert noticed >= 0.9 * alive
