"""The two questions of the kit: does a rule set treat everyone alike, and does a function?"""

from __future__ import annotations

import functools
import inspect
import secrets
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from platgov._facts.schema import Schema, suggest
from platgov._rules.rule import Rule
from platgov._rules.ruleset import RuleSet
from platgov._testing import fairness, relations
from platgov._testing.constants import Constants, constants_of
from platgov._testing.findings import PROPERTIES, ConsistencyError, ConsistencyReport, Counterexample, Held, Property
from platgov._testing.outcomes import AT, Caller, Told, refusal
from platgov._testing.proving import Proofs
from platgov._testing.sampling import Sampler, overlaid
from platgov._testing.surroundings import Surroundings
from platgov._testing.trial import Heard, Trial
from platgov._time import to_epoch
from platgov.consistency import witness_suite
from platgov.facts import read

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection

__all__ = ["BUDGET", "SAMPLES", "assert_consistent", "check_rules"]

BUDGET: Final = 200_000
SAMPLES: Final = 200
_SUITE_BUDGET: Final = 20_000


def _seed(seed: int | None) -> int:
    """Give the seed that was named, else a fresh one."""
    if seed is None:
        return secrets.randbits(32)
    if type(seed) is not int or seed < 0:
        raise refusal(f"seed is {seed!r}; give a whole number from 0", "$.seed")
    return seed


def assert_consistent(
    rule_set: RuleSet,
    *,
    decide: Callable[..., Any] | None = None,
    decide_many: Callable[..., Any] | None = None,
    translate: Callable[..., Any] | None = None,
    monotone: Mapping[str, str] | None = None,
    identity: Iterable[str] = (),
    must_cover: Any = (),
    strict: bool = False,
    allow_unknown: bool = False,
    ignore: Iterable[str] = (),
    budget: int = BUDGET,
    samples: int = SAMPLES,
    seed: int | None = None,
    at: int | dt.datetime = AT,
    instances: bool = False,
    nothing: Any = None,
    processes: bool = True,
) -> ConsistencyReport:
    """Prove of a rule set what can be proved, and try the rest on the function that a host decides with.

    Proved are independence of identity and protected facts, the directions of trends, the
    absence of surely wrong rules, and what must be covered. With rules in Python or with
    ``decide``, the function is also tried: everything that `check_rules` tries, and whether it
    decides what the rule set decides, on every event of the witness suite among others.

    Args:
        rule_set: The rules.
        decide: How the host decides: a function of one event (a dict of plain values), which
            gets ``at=`` if it takes it. Its outcome is a `Decision`, measures, or plain values.
            None stands for the rule set itself.
        decide_many: The same for a list of events.
        translate: Turns a `Decision` into what ``decide`` gives for it, for comparing both.
        monotone: Trends besides those that the facts declare: ``{"strikes": "up"}``.
        identity: Facts that tell who somebody is, besides those declared so.
        must_cover: Conditions wherever some measure must follow.
        strict: Whether warnings of the analysis fail, too.
        allow_unknown: Whether a question that is not settled is let pass.
        ignore: Names of properties that are not asked about; see `PROPERTIES`.
        budget: Steps for each proof.
        samples: Events to try.
        seed: Seed of what is tried; None takes a fresh one, which the report tells. The fixtures
            of the pytest plugin give that of the run.
        at: The instant of the decisions.
        instances: Whether ``decide`` gets instances of the facts class instead of dicts.
        nothing: Outcome that means that nothing follows, or a function that tells; by default
            None, False, what is empty, ``"none"``, ``"allow"`` and a decision without measures.
        processes: Whether to ask in other processes as well, which takes about a second.

    Returns:
        What was proved, what was sampled and what was left open.

    Raises:
        ConsistencyError: Something is broken, or left open and ``allow_unknown`` is False.
        InputError: Arguments that make no sense.
    """
    if not isinstance(rule_set, RuleSet):
        raise refusal(f"{rule_set!r} is no rule set; give a RuleSet, or use check_rules for functions")
    skip, chosen, instant = _names(ignore), _seed(seed), to_epoch(at)
    trends = _trends(rule_set.schema, monotone)
    also = _facts(rule_set.schema, identity)
    proofs = Proofs(rule_set, budget=budget, seed=chosen, at=instant)
    pure = proofs.pure()
    proofs.people(also)
    proofs.monotone(trends)
    proofs.defects(must_cover=must_cover, strict=strict)
    properties, counterexamples, notes = proofs.properties, proofs.counterexamples, proofs.notes
    if decide is not None or not pure:
        if decide is not None:  # what is proved of the rule set is not proved of the function
            properties = [item for item in properties if not item.detail.startswith("by construction")]
        trial = _tried(
            rule_set.decide if decide is None else decide,
            rule_set.schema,
            _together(constants_of(rule_set), Constants() if decide is None else constants_of(decide)),
            seeds=_starts(rule_set),
            seed=chosen,
            samples=samples,
            at=instant,
            source=rule_set.schema.source if instances else None,
            nothing=nothing,
            decide_many=decide_many,
            identity=also,
            granted={grant.fact for grant in rule_set.grants},
            trends=trends,
            processes=processes,
            reads=rule_set.reads,
            rule_set=rule_set if decide is not None else None,
            translate=translate,
            skip=skip,
            notes=notes,
        )
        properties, counterexamples = [*properties, *trial.properties], [*counterexamples, *trial.counterexamples]
    subject = f"{rule_set.id} {rule_set.version}"
    return _judged(subject, chosen, properties, counterexamples, notes, skip, allow_unknown=allow_unknown)


def check_rules(
    rules: Any,
    *,
    facts: Any = None,
    identity: Iterable[str] = (),
    granted: Iterable[str] = (),
    monotone: Mapping[str, str] | None = None,
    decide_many: Callable[..., Any] | None = None,
    allow_unknown: bool = False,
    ignore: Iterable[str] = (),
    samples: int = SAMPLES,
    seed: int | None = None,
    at: int | dt.datetime = AT,
    instances: bool = False,
    nothing: Any = None,
    processes: bool = True,
) -> ConsistencyReport:
    """Try whether rules that cannot be seen into treat everyone alike.

    Each event is asked about repeatedly, in other orders, with other seeds, at other instants,
    in another time zone, environment and locale, out of reach of the network, in other
    processes with other hash seeds, with another person in it, with facts missing, and with
    the last digit of numbers changed. What held is reported as sampled, never as proved.

    Args:
        rules: A function of one event (a dict of plain values, with ``at=`` if it takes it), a
            rule, several rules, or a rule set.
        facts: A facts class or schema; rule sets have their own.
        identity: Facts that tell who somebody is, besides those declared so.
        granted: Identity or protected facts that may decide; the grants of a rule set are added.
        monotone: Trends besides those that the facts declare: ``{"strikes": "up"}``.
        decide_many: The same function for a list of events.
        allow_unknown: Whether a question that could not be asked is let pass.
        ignore: Names of properties that are not asked about; see `PROPERTIES`.
        samples: Events to try.
        seed: Seed of what is tried; None takes a fresh one, which the report tells. The fixtures
            of the pytest plugin give that of the run.
        at: The instant of the decisions.
        instances: Whether the function gets instances of the facts class instead of dicts.
        nothing: Outcome that means that nothing follows, or a function that tells.
        processes: Whether to ask in other processes as well.

    Returns:
        What was sampled and what was left open.

    Raises:
        ConsistencyError: Something is broken, or left open and ``allow_unknown`` is False.
        InputError: Arguments that make no sense.
    """
    chosen, skip = _seed(seed), _names(ignore)
    rule_set = _as_set(rules, facts)
    if rule_set is None and not callable(rules):
        raise refusal(f"{rules!r} is neither a function nor rules; give what decides")
    schema = _schema(facts) if rule_set is None else rule_set.schema
    decide = rules if rule_set is None else rule_set.decide
    trial = _tried(
        decide,
        schema,
        constants_of(decide if rule_set is None else rule_set),
        seeds=(),
        seed=chosen,
        samples=samples,
        at=to_epoch(at),
        source=schema.source if instances else None,
        nothing=nothing,
        decide_many=decide_many,
        identity=_facts(schema, identity),
        granted={*_facts(schema, granted), *(grant.fact for grant in (() if rule_set is None else rule_set.grants))},
        trends=_trends(schema, monotone),
        processes=processes,
        reads=None if rule_set is None else rule_set.reads,
        rule_set=None,
        translate=None,
        skip=skip,
        notes=[],
    )
    subject = _name(rules) if rule_set is None else f"{rule_set.id} {rule_set.version}"
    return _judged(subject, chosen, trial.properties, trial.counterexamples, [], skip, allow_unknown=allow_unknown)


# -- trying ------------------------------------------------------------------------------------


def _tried(
    decide: Callable[..., Any],
    schema: Schema,
    constants: Constants,
    *,
    seeds: Any,
    seed: int,
    samples: int,
    at: int,
    source: type | None,
    nothing: Any,
    decide_many: Callable[..., Any] | None,
    identity: Collection[str],
    granted: Collection[str],
    trends: Mapping[str, str],
    processes: bool,
    reads: Collection[str] | None,
    rule_set: RuleSet | None,
    translate: Callable[..., Any] | None,
    skip: Collection[str],
    notes: list[str],
) -> Trial:
    if type(samples) is not int or samples < 1:
        raise refusal(f"samples is {samples!r}; give a number of events from 1", "$.samples")
    caller = Caller(decide, at=at, make=None if source is None else functools.partial(read, source), nothing=nothing)
    sampler = Sampler(schema, constants, seeds)
    with Surroundings() as around:
        trial = Trial(caller, around, sampler, seed=seed, samples=samples)
        relations.stability(trial)
        if trial.stable:
            relations.looked_at(trial)
            relations.surroundings(trial)
            if source is None:
                relations.told_again(trial)
                fairness.undeclared(trial)
            fairness.usable(trial)
            fairness.people(trial, also=identity, granted=granted)
            if reads is not None:
                fairness.unread(trial, reads)
            fairness.harsher(trial, trends)
            fairness.last_digit(trial)
            if source is None:
                fairness.missing(trial)
                fairness.bare(trial)
            if decide_many is not None:
                relations.in_a_batch(trial, decide_many)
            if rule_set is not None:
                _agree(trial, rule_set, translate, notes)
        relations.left_alone(trial)
    if trial.stable and processes and not {"process", "hash_order"} <= set(skip):
        relations.elsewhere(trial)
    return trial


def _agree(trial: Trial, rule_set: RuleSet, translate: Callable[..., Any] | None, notes: list[str]) -> None:
    """Hold what a function decides against what the rule set decides."""
    library = Caller(rule_set.decide, at=trial.caller.at)
    events = [overlaid(trial.events[0], start, reads) for start, reads in trial.sampler.seeds]
    events = [*trial.events, *events]

    def wanted(event: dict[str, Any]) -> Told:
        if translate is None:
            return library(event)
        return trial.caller.told(translate(rule_set.decide(event, at=trial.caller.at)))

    def breaks(event: dict[str, Any]) -> list[Heard] | None:
        expected, told = wanted(event), trial.ask(event)
        if expected.key == told.key or (translate is None and _same_measures(expected, told)):
            return None
        return [Heard("the rule set", event, expected), Heard("the function", event, told)]

    whole = [(event, trial.ask(event)) for event in events]
    if translate is None and not any(told.measures is not None for _, told in whole):
        notes.append(
            "what decide returns is neither a Decision nor measures: pass translate= to compare it with the rules"
        )
        return
    for event, _ in whole:
        if breaks(event) is not None:
            trial.broken("agreement", "the function decides otherwise than the rule set", event, breaks)
            return
    trial.holds("agreement", len(events))


def _same_measures(expected: Told, told: Told) -> bool:
    """Tell whether a function that gives only measures gives the right ones; what is open it need not express."""
    if told.raised or told.key.startswith('{"measures"'):
        return False
    return (
        expected.open
        or (told.nothing and expected.nothing)
        or (told.measures is not None and told.measures == expected.measures)
    )


@functools.lru_cache(maxsize=32)
def _starts(rule_set: RuleSet) -> tuple[tuple[dict[str, Any], frozenset[tuple[str, ...]]], ...]:
    """Give the events of the witness suite, each with the facts that it speaks of."""
    reads = frozenset(tuple(name.split(".")) for name in rule_set.reads)
    return tuple((case.example.event, reads) for case in witness_suite(rule_set, _SUITE_BUDGET))


# -- saying ------------------------------------------------------------------------------------


def _judged(  # noqa: PLR0917 - the parts of the report, in its order
    subject: str,
    seed: int,
    properties: list[Property],
    counterexamples: list[Counterexample],
    notes: list[str],
    skip: Collection[str],
    *,
    allow_unknown: bool,
) -> ConsistencyReport:
    report = ConsistencyReport(
        subject=subject,
        seed=seed,
        properties=tuple(item for item in properties if item.name not in skip),
        counterexamples=tuple(found for found in counterexamples if found.property not in skip),
        notes=tuple(notes),
    )
    unknown = any(item.held is Held.UNKNOWN for item in report.properties)
    if report.counterexamples or (unknown and not allow_unknown):
        raise ConsistencyError(report)
    return report


def _name(target: Any) -> str:
    target = inspect.unwrap(target) if callable(target) else target
    return str(getattr(target, "__qualname__", type(target).__qualname__))


# -- reading arguments -------------------------------------------------------------------------


def _as_set(rules: Any, facts: Any) -> RuleSet | None:
    if isinstance(rules, RuleSet):
        return rules
    if isinstance(rules, Rule):
        rules = [rules]
    if callable(rules) or isinstance(rules, str) or not isinstance(rules, Iterable):
        return None
    kept = list(rules)
    if not kept or not all(isinstance(rule, Rule) for rule in kept):
        raise refusal(f"{rules!r} holds no rules; give instances of Rule")
    return RuleSet(id="rules", version="under test", facts=_schema_or_class(facts), rules=kept)


def _schema_or_class(facts: Any) -> Any:
    if facts is None:
        raise refusal("facts are missing; give the facts class or schema that the rules read", "$.facts")
    return facts


def _schema(facts: Any) -> Schema:
    facts = _schema_or_class(facts)
    return facts if isinstance(facts, Schema) else Schema.from_class(facts)


def _names(names: Iterable[str]) -> frozenset[str]:
    kept = frozenset([names] if isinstance(names, str) else names)
    for name in sorted(map(str, kept)):
        if name not in PROPERTIES:
            raise refusal(f"unknown property {name!r}{suggest(name, PROPERTIES)}", "$.ignore")
    return kept


def _facts(schema: Schema, names: Iterable[str]) -> frozenset[str]:
    kept = frozenset([names] if isinstance(names, str) else names)
    for name in sorted(map(str, kept)):
        if schema.at(tuple(name.split("."))) is None:
            raise refusal(f"unknown fact {name!r}{suggest(name, [field.name for field in schema.fields])}")
    return kept


def _trends(schema: Schema, given: Mapping[str, str] | None) -> dict[str, str]:
    """Give the declared trends with those of a test."""
    declared = {
        ".".join(path): "up" if field.trend == "aggravating" else "down"
        for path, field in Sampler(schema, Constants()).leaves
        if field.trend is not None
    }
    given = dict(given or {})
    _facts(schema, given)
    for fact, trend in given.items():
        if trend not in ("up", "down"):
            raise refusal(f"the trend of {fact} is {trend!r}; accepted are 'up' and 'down'", "$.monotone")
    return {**declared, **given}


def _together(one: Constants, other: Constants) -> Constants:
    return Constants(one.by_path, tuple(dict.fromkeys((*one.anywhere, *other.anywhere))))
