"""Asks whether there is an event on which rule sets decide in a certain way, and gives it.

A question is a list of clauses over what rules say: "this rule applies to the first event, or
that one is open on the second". A world that fulfils them is made into events, the rule sets
decide on these, and only what they really decide counts. Rules that turn out to be in the way
(a more severe one that applies as well) are excluded one by one, as they are met: of hundreds
of rules few matter to any one question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import attrs

from platgov._canonical import dumps
from platgov._conditions.values import UNKNOWN
from platgov._consistency.realise import Realiser
from platgov._consistency.search import Search, SpentError
from platgov._consistency.worlds import FALSE, TRUE, Rails, Worlds, both, either, renamed
from platgov._rules.decision import Outcome
from platgov._rules.rule import ConditionRule
from platgov.measures import join

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from platgov._conditions.condition import Condition
    from platgov._consistency.worlds import Formula, Path
    from platgov._facts.schema import Field, Schema
    from platgov._rules.decision import Decision
    from platgov._rules.rule import Rule
    from platgov._rules.ruleset import RuleSet
    from platgov.measures import Measure

__all__ = [
    "FAILS",
    "HOLDS",
    "NOT_FAILS",
    "NOT_HOLDS",
    "Clause",
    "Found",
    "Inquiry",
    "Seen",
    "Side",
    "differences",
    "host_key",
    "opens",
    "other_terms",
    "own",
    "places_of",
    "touches",
]

HOLDS, NOT_HOLDS, FAILS, NOT_FAILS = range(4)
"""What a literal says: the rule applies, does not (it fails or is open), fails, or does not."""

Literal = tuple[int, Any, int]
"""A side, a rule (after exceptions; see `own`), and one of the four."""
Clause = tuple[Literal, ...]
Place = tuple[str, str]

_ROUNDS: Final = 400
_UNREALISED: Final = 12
"""Worlds that could not be made into events, after which a question is given up."""


def own(rule_id: str) -> tuple[str, str]:
    """Name the condition of a rule, before exceptions."""
    return ("own", rule_id)


def places_of(measures: Iterable[Measure]) -> dict[Place, Measure]:
    """Give the joined measures by what they touch."""
    measures = tuple(measures)
    measures = join(measures) if len(measures) > 1 else measures
    return {(measure.kind.value, measure.target): measure for measure in measures}


@attrs.frozen
class Side:
    """One of the decisions that a question compares.

    Attributes:
        set: Number of the rule set.
        event: Number of the event: 0, or 1 for the second one of a pair.
        without: A rule that is thought away.
    """

    set: int = 0
    event: int = 0
    without: str | None = None


class Seen:
    """What the rule sets really say of some events."""

    def __init__(self, inquiry: Inquiry, sides: tuple[Side, ...], events: list[dict[str, Any]]) -> None:
        self.inquiry, self.sides, self.events = inquiry, sides, events
        self.decisions: list[Decision] = []
        self._answers: list[dict[str, Any]] = []
        self.measures: list[tuple[Measure, ...]] = []
        self.settled: list[bool] = []
        made: dict[tuple[int, int], Decision] = {}
        for side in sides:
            key = (side.set, side.event)
            if key not in made:
                made[key] = inquiry.sets[side.set].decide(events[side.event], at=inquiry.at[side.set])
            decision = made[key]
            answers: dict[str, Any] = {finding.rule_id: True for finding in decision.findings}
            answers.update((item.rule_id, UNKNOWN) for item in decision.undetermined)
            measures, settled = decision.measures, decision.outcome is not Outcome.UNDETERMINED
            if side.without in answers:
                del answers[side.without]
                measures = inquiry.joined(side.set, (rule for rule, answer in answers.items() if answer is True))
                settled = join((*measures, *inquiry.joined(side.set, answers))) == measures
            self.decisions.append(decision)
            self._answers.append(answers)
            self.measures.append(measures)
            self.settled.append(settled)

    def answer(self, side: int, key: Any) -> Any:
        """Give what a rule says on one side."""
        if type(key) is str:
            return self._answers[side].get(key, False)
        about = self.sides[side]
        rule_set, event = self.inquiry.sets[about.set], self.events[about.event]
        if key[0] == "own":
            rule = rule_set.rule(key[1])
            if isinstance(rule, ConditionRule):
                return rule.when.evaluate(event, rule_set.schema)
            return self.answer(side, rule.id)
        return self.inquiry.covers[key[1]].evaluate(event, rule_set.schema)

    def holds(self, literal: Literal) -> bool:
        side, key, says = literal
        answer = self.answer(side, key)
        if says in (HOLDS, NOT_HOLDS):
            return (answer is True) is (says == HOLDS)
        return (answer is False) is (says == FAILS)

    def fulfils(self, clauses: Iterable[Clause]) -> bool:
        """Tell whether every clause holds."""
        return all(any(self.holds(literal) for literal in clause) for clause in clauses)

    def open_rules(self, side: int) -> list[str]:
        return sorted(rule for rule, answer in self._answers[side].items() if answer is UNKNOWN)


class Found(NamedTuple):
    """The answer: there is such an event (True, with what was seen), there is none, or None."""

    there_is: bool | None
    seen: Seen | None = None
    why: str = ""
    against: tuple[str, ...] = ()
    """The rules that were in the way."""


class _Model:
    """The worlds of some of the rules, and where each of them applies."""

    def __init__(self, inquiry: Inquiry, scope: list[set[str]]) -> None:
        self.inquiry, self.worlds = inquiry, Worlds(inquiry.compiled)
        self._rails: dict[Any, Rails] = {}
        self._twins: dict[Path, dict[int, int]] = {}
        for number, (rule_set, ids) in enumerate(zip(inquiry.sets, scope, strict=True)):
            schema = rule_set.schema
            for rule_id in sorted(ids):
                rule = rule_set.rule(rule_id)
                if isinstance(rule, ConditionRule):
                    self.worlds.add(rule.when.node, schema)
                else:
                    self.worlds.host(host_key(rule, rule_set.schema))
            for path, field in inquiry.fields[number].items():
                self.worlds.fact(path, field)
            for cover in inquiry.covers:
                self.worlds.add(cover.node, schema)
        self.worlds.close()
        self.realiser = Realiser(self.worlds)

    def fact(self, path: Path) -> int:
        """Give the variable of a fact that the rules read."""
        return next(number for number in self.realiser.facts if self.worlds.variables[number].path == path)

    def rails(self, number: int, key: Any) -> Rails:
        found = self._rails.get((number, key))
        if found is None:
            found = self._rails[number, key] = self._made(number, key)
        return found

    def _made(self, number: int, key: Any) -> Rails:
        rule_set = self.inquiry.sets[number]
        if type(key) is not str:
            if key[0] == "cover":
                return self.worlds.rails(self.inquiry.covers[key[1]].node, rule_set.schema)
            rule = rule_set.rule(key[1])
            if isinstance(rule, ConditionRule):
                return self.worlds.rails(rule.when.node, rule_set.schema)
            return self.worlds.host_rails(host_key(rule, rule_set.schema))
        exceptions = [self.rails(number, other) for other in self.inquiry.exceptions(number, key)]
        plain = self.rails(number, own(key))
        if not exceptions:
            return plain
        true = both([plain.true, *(other.false for other in exceptions)])
        false = either([plain.false, *(other.true for other in exceptions)])
        return Rails.of(true, false, self.worlds.full)

    def twin(self, path: Path) -> dict[int, int]:
        """Give the variables of a second event that differs in one fact."""
        if path not in self._twins:
            hosts = [
                self.worlds.host(host_key(rule, rule_set.schema))
                for rule_set in self.inquiry.sets
                for rule in rule_set.rules
                if not isinstance(rule, ConditionRule) and any(touches(path, name) for name in rule.reads)
            ]
            self._twins[path] = self.worlds.twin(path, hosts)
        return self._twins[path]


def host_key(rule: Rule[Any], schema: Schema) -> Any:
    """Name what decides the answer of a rule in Python: its class, its fields and how its facts are declared."""
    fields = tuple(schema.at(tuple(name.split("."))) for name in sorted(rule.reads))
    return ("host", type(rule), dumps(rule.to_dict()), fields)


def touches(path: Path, name: str) -> bool:
    """Tell whether a dotted name is a fact, inside it, or around it."""
    read = tuple(name.split("."))
    length = min(len(path), len(read))
    return path[:length] == read[:length]


class Inquiry:
    """Questions about one or two rule sets."""

    def __init__(self, *sets: RuleSet, budget: int, covers: Iterable[Condition] = (), whole: bool = True) -> None:
        """Prepare.

        Args:
            sets: The rule sets.
            budget: Steps that the search may take for one question.
            covers: Conditions that questions may name as ``("cover", number)``.
            whole: Whether to look into all rules at once, or only into those that turn out
                to matter: faster for a single question.
        """
        self.sets, self.budget, self.covers = sets, budget, tuple(covers)
        self.at = [_instant(rule_set) for rule_set in sets]
        self._by_id = [{rule.id: rule for rule in rule_set.rules} for rule_set in sets]
        self._exceptions = [_exceptions_of(rule_set) for rule_set in sets]
        self.touched = [{rule.id: places_of(rule.measures) for rule in rule_set.rules} for rule_set in sets]
        self.ranks: list[dict[Place, list[str]]] = []
        for touched in self.touched:
            ranks: dict[Place, list[str]] = {}
            for rule_id, measures in touched.items():
                for place in measures:
                    ranks.setdefault(place, []).append(rule_id)
            self.ranks.append(ranks)
        self.fields: list[dict[Path, Field]] = [
            {
                path: field
                for path in sorted(tuple(name.split(".")) for name in rule_set.reads)
                if (field := rule_set.schema.at(path)) is not None
            }
            for rule_set in sets
        ]
        """The facts that each rule set reads."""
        self.compiled: dict[Any, Any] = {}
        self.hasty = False
        """Whether a rule that is open must itself be settled, not outdone: finds most events with
        few rules looked into, but excludes none."""
        self.scope: list[set[str]] = [set(by_id) if whole else set() for by_id in self._by_id]
        self._model: _Model | None = None

    @property
    def model(self) -> _Model:
        """The worlds of the rules looked into so far."""
        if self._model is None:
            self._model = _Model(self, self.scope)
        return self._model

    def rule(self, number: int, rule_id: str) -> Rule[Any]:
        return self._by_id[number][rule_id]

    def exceptions(self, number: int, rule_id: str) -> list[str]:
        """Give the rules that set a rule aside."""
        return self._exceptions[number].get(rule_id, [])

    def joined(self, number: int, rules: Iterable[str]) -> tuple[Measure, ...]:
        """Give what some rules amount to."""
        return join({measure for rule in rules for measure in self._by_id[number][rule].measures})

    def rivals(self, side: Side, place: Place, rank: Any) -> Iterator[str]:
        """Give the rules of one side that touch a place at least as severely."""
        touched = self.touched[side.set]
        for rule_id in self.ranks[side.set].get(place, ()):
            if rule_id != side.without and touched[rule_id][place].severity >= rank:
                yield rule_id

    def first_hastily(self, ask: Callable[[], Found]) -> Found:
        """Ask in haste, and again with care if that finds nothing."""
        self.hasty = True
        found = ask()
        self.hasty = False
        return found if found.there_is else ask()

    def look_into(self, number: int, rules: Iterable[str]) -> None:
        """Take rules into the worlds, with the exceptions to them."""
        waiting = [rule for rule in rules if rule not in self.scope[number]]
        if not waiting:
            return
        while waiting:
            rule = waiting.pop()
            if rule not in self.scope[number]:
                self.scope[number].add(rule)
                waiting.extend(self.exceptions(number, rule))
        self._model = None

    # -- questions -----------------------------------------------------------------------------

    def settle(
        self,
        sides: tuple[Side, ...],
        clauses: Iterable[Clause],
        refine: Callable[[Seen], list[Clause]] | None = None,
        *,
        twin: Path | None = None,
        pins: Callable[[_Model, Mapping[int, int]], tuple[list[Formula], dict[int, int]]] | None = None,
        accept: Callable[[Seen], bool] | None = None,
    ) -> Found:
        """Look for events that fulfil some clauses.

        Args:
            sides: The decisions that the clauses are about.
            clauses: What is wanted.
            refine: Gives more clauses that a good answer fulfils and what was seen does not;
                none if it is good.
            twin: The fact in which the second event differs.
            pins: Gives formulas about facts, and the ends of cells to take.
            accept: Whether the events are in order apart from the clauses.
        """
        wanted = [*clauses]
        self._include(sides, wanted)
        model, missed = self.model, 0
        search, blocks, asked = Search(model.worlds, self.budget), [FALSE][:0], [TRUE][:0]
        for _ in range(_ROUNDS):
            pairs = {} if twin is None else model.twin(twin)
            formulas, ends = ([], {}) if pins is None else pins(model, pairs)
            asked += [self._formula(model, sides, pairs, clause) for clause in wanted[len(asked) :]]
            try:
                store = search.find([*asked, *formulas, *blocks])
                if store is None:
                    against = tuple(
                        sorted(
                            {
                                key
                                for clause in wanted
                                for _, key, says in clause
                                if says == NOT_HOLDS and type(key) is str
                            }
                        )
                    )
                    return Found(None, None, "unrealised") if missed else Found(there_is=False, against=against)
                events = model.realiser.events(search, store, pairs if twin is not None else None, ends)
            except SpentError:
                return Found(None, None, "budget")
            if events is not None:
                seen = Seen(self, sides, events)
                if seen.fulfils(wanted) and (accept is None or accept(seen)):
                    more = [] if refine is None else refine(seen)
                    if not more:
                        return Found(there_is=True, seen=seen)
                    wanted += more
                    self._include(sides, more)
                    if self.model is not model:
                        model, blocks, asked = self.model, [], []
                        left, search = search.left, Search(model.worlds, self.budget)
                        search.left = left
                    continue
            missed += 1
            tests = [number for number in store if model.worlds.variables[number].sort == "test"]
            if missed > _UNREALISED or not tests:
                return Found(None, None, "unrealised")
            full = model.worlds.full
            blocks.append(
                either((number, full[number] & ~store[number]) for number in tests if store[number] != full[number])
            )
        return Found(None, None, "budget")

    def settle_on(self, sides: tuple[Side, ...], events: list[dict[str, Any]]) -> Seen:
        """Have the rule sets decide on given events."""
        return Seen(self, sides, events)

    def _include(self, sides: tuple[Side, ...], clauses: Iterable[Clause]) -> None:
        for clause in clauses:
            for side, key, _ in clause:
                if type(key) is str or key[0] == "own":
                    rule = key if type(key) is str else key[1]
                    self.look_into(sides[side].set, [rule])

    def _formula(self, model: _Model, sides: tuple[Side, ...], pairs: Mapping[int, int], clause: Clause) -> Formula:
        parts = []
        for side, key, says in clause:
            rails = model.rails(sides[side].set, key)
            part = rails[says]
            parts.append(renamed(part, pairs) if sides[side].event else part)
        return parts[0] if len(parts) == 1 else either(parts)

    def reads(self, number: int, key: str, path: Path) -> bool:
        """Tell whether a rule, or an exception to it, reads a fact or something inside or around it."""
        rule = self.rule(number, key)
        if any(touches(path, name) for name in rule.reads):
            return True
        return any(self.reads(number, other, path) for other in self.exceptions(number, key))

    # -- what follows --------------------------------------------------------------------------

    def falls(
        self,
        sides: tuple[Side, ...],
        high: int,
        low: int,
        rule_id: str,
        place: Place,
        *,
        extra: Iterable[Clause] = (),
        refine: Callable[[Seen], list[Clause]] | None = None,
        **about: Any,
    ) -> Found:
        """Look for events where a rule makes one side more severe, at one place, than the other side is."""
        rank = self.touched[sides[high].set][rule_id][place].severity

        def stronger(seen: Seen) -> list[Clause]:
            rivals = self.rivals(sides[low], place, rank)
            more: list[Clause] = [((low, rival, NOT_HOLDS),) for rival in rivals if seen.answer(low, rival) is True]
            return more or ([] if refine is None else refine(seen))

        first: list[Clause] = [((high, rule_id, HOLDS),)]
        if rule_id in self.touched[sides[low].set] and rule_id in self.rivals(sides[low], place, rank):
            first.append(((low, rule_id, NOT_HOLDS),))
        return self.settle(sides, [*first, *extra], stronger, **about)

    def unsettled(self, sides: tuple[Side, ...], side: int, seen: Seen) -> list[Clause]:
        """Give what is missing for one side to be determined; nothing if it is."""
        if seen.settled[side]:
            return []
        more: list[Clause] = []
        about = sides[side]
        given = places_of(seen.measures[side])
        open_rules = [rule for rule in seen.open_rules(side) if rule != about.without]
        for rule in open_rules:
            for place, measure in self.touched[about.set][rule].items():
                have = given.get(place)
                if have is not None and have.severity >= measure.severity:
                    continue
                stronger = [] if self.hasty else [o for o in self.rivals(about, place, measure.severity) if o != rule]
                more.append(((side, rule, HOLDS), (side, rule, FAILS), *((side, other, HOLDS) for other in stronger)))
        return more or [self.otherwise(sides, side, seen)]

    def otherwise(
        self, sides: tuple[Side, ...], side: int, seen: Seen, places: Iterable[Place] | None = None
    ) -> Clause:
        """Give the clause that some rule of one side says something else than was seen."""
        about = sides[side]
        wanted = self.ranks[about.set] if places is None else places
        rules = dict.fromkeys(rule for place in wanted for rule in self.ranks[about.set].get(place, ()))
        opposites = {True: (NOT_HOLDS,), False: (NOT_FAILS,)}
        return tuple(
            (side, rule, says)
            for rule in rules
            if rule != about.without
            for says in opposites.get(seen.answer(side, rule), (HOLDS, FAILS))
        )


def differences(
    inquiry: Inquiry, sides: tuple[Side, ...], one: int, other: int, rule_id: str, **about: Any
) -> Iterator[Found]:
    """Look for events on which one side differs from another because of what a rule says on the one.

    More severe measures come first, then other terms of equally severe ones, then what is
    undetermined. Where none of them is possible for any rule, either way round, both sides
    always agree in measures and outcome.
    """
    places = inquiry.touched[sides[one].set].get(rule_id, {})
    for place in places:
        yield inquiry.falls(sides, one, other, rule_id, place, **about)
    for place in places:
        yield other_terms(inquiry, sides, one, other, rule_id, place, **about)
    for place in places:
        yield opens(inquiry, sides, one, other, rule_id, place, **about)


def _has_ties(inquiry: Inquiry, sides: tuple[Side, ...], place: Place, measure: Measure) -> bool:
    return any(
        (rival := inquiry.touched[side.set][rule][place]).severity == measure.severity and rival != measure
        for side in sides
        for rule in inquiry.rivals(side, place, measure.severity)
    )


def other_terms(  # noqa: PLR0917 - the same places as in `falls`
    inquiry: Inquiry,
    sides: tuple[Side, ...],
    one: int,
    other: int,
    rule_id: str,
    place: Place,
    *,
    settled: bool = False,
    **about: Any,
) -> Found:
    """Look for events with equally severe measures on both sides, but other terms."""
    touched = [inquiry.touched[side.set] for side in sides]
    measure = touched[one][rule_id][place]
    if not _has_ties(inquiry, sides, place, measure):
        return Found(there_is=False)

    def refine(seen: Seen) -> list[Clause]:
        # What this rule adds must be covered by nothing on the other side, nor outdone on this one.
        rivals = [
            (side, rival) for side in (one, other) for rival in inquiry.rivals(sides[side], place, measure.severity)
        ]
        above = [
            (side, rival)
            for side, rival in rivals
            if seen.answer(side, rival) is True
            and (
                touched[side][rival][place].severity > measure.severity
                or (side == other and _absorbs(touched[side][rival][place], measure))
            )
        ]
        if above:
            return [((side, rival, NOT_HOLDS),) for side, rival in above]
        given = [places_of(seen.measures[side]).get(place) for side in (one, other)]
        if given[0] is None or given[1] is None or given[0] == given[1] or given[0].severity != given[1].severity:
            return [inquiry.otherwise(sides, one, seen, [place]) + inquiry.otherwise(sides, other, seen, [place])]
        if not settled:
            return []
        return inquiry.unsettled(sides, one, seen) + inquiry.unsettled(sides, other, seen)

    return inquiry.settle(sides, [((one, rule_id, HOLDS),)], refine, **about)


def opens(  # noqa: PLR0917 - the same places as in `falls`
    inquiry: Inquiry,
    sides: tuple[Side, ...],
    one: int,
    other: int,
    rule_id: str,
    place: Place,
    *,
    extra: Iterable[Clause] = (),
    **about: Any,
) -> Found:
    """Look for events that a rule leaves undetermined on one side, and that are determined on the other."""
    measure = inquiry.touched[sides[one].set][rule_id][place]

    def refine(seen: Seen) -> list[Clause]:
        if not seen.settled[one]:
            return inquiry.unsettled(sides, other, seen)
        above = [
            rival
            for rival in inquiry.rivals(sides[one], place, measure.severity)
            if seen.answer(one, rival) is True and _absorbs(inquiry.touched[sides[one].set][rival][place], measure)
        ]
        return [((one, rival, NOT_HOLDS),) for rival in above] or [inquiry.otherwise(sides, one, seen)]

    wanted: list[Clause] = [((one, rule_id, NOT_HOLDS),), ((one, rule_id, NOT_FAILS),)]
    return inquiry.settle(sides, [*wanted, *extra], refine, **about)


def _absorbs(one: Measure, other: Measure) -> bool:
    return one.severity > other.severity or join((one, other)) == (one,)


def _instant(rule_set: RuleSet) -> int:
    """Give an instant at which no grant has ended: an ended one would hold the rules that need it."""
    wanted = rule_set.effective_at or 0
    return min([wanted, *(grant.expires_at - 1 for grant in rule_set.grants)])


def _exceptions_of(rule_set: RuleSet) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for exception, defeated in rule_set.defeats:
        for rule_id in defeated:
            found.setdefault(rule_id, []).append(exception)
    return found
