"""Asks whether there is an event on which rule sets decide in a certain way, and gives it.

A question is a list of clauses over what rules say: "this rule applies to the first event, or
that one is open on the second". A world that fulfils them is made into events, the rule sets
decide on these, and only what they really decide counts. Rules that turn out to be in the way
(a more severe one that applies as well) are excluded one by one, as they are met: of hundreds
of rules few matter to any one question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from platgov._consistency.atoms import Reader
from platgov._consistency.formulas import FALSE, TRUE, either, renamed
from platgov._consistency.model import Model, touches
from platgov._consistency.search import Search, SpentError
from platgov._consistency.sides import FAILS, HOLDS, NOT_FAILS, NOT_HOLDS, Clause, Found, Place, Seen, Side, places_of
from platgov.measures import join

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from platgov._conditions.condition import Condition
    from platgov._consistency.cells import Path
    from platgov._consistency.formulas import Formula
    from platgov._facts.schema import Field
    from platgov._rules.rule import Rule
    from platgov._rules.ruleset import RuleSet
    from platgov.measures import Measure

__all__ = ["Inquiry"]

_ROUNDS: Final = 400
_UNREALISED: Final = 12
"""Worlds that could not be made into events, after which a question is given up."""


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
        self.defeats = [dict(rule_set.defeats) for rule_set in sets]
        """For each rule set, the rules that an exception sets aside."""
        self._exceptions = [_exceptions_of(rule_set) for rule_set in sets]
        self.touched = [{rule.id: places_of(rule.measures) for rule in rule_set.rules} for rule_set in sets]
        self.ranks: list[dict[Place, dict[str, Any]]] = []
        """For each rule set and place, the rules that touch it, and how severely."""
        for touched in self.touched:
            ranks: dict[Place, dict[str, Any]] = {}
            for rule_id, measures in touched.items():
                for place, measure in measures.items():
                    ranks.setdefault(place, {})[rule_id] = measure.severity
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
        self.reader = Reader()
        self.hasty = False
        """Whether a rule that is open must itself be settled, not outdone: finds most events with
        few rules looked into, but excludes none."""
        self.scope: list[set[str]] = [set(by_id) if whole else set() for by_id in self._by_id]
        self._model: Model | None = None

    @property
    def model(self) -> Model:
        """The worlds of the rules looked into so far."""
        if self._model is None:
            self._model = Model(self, self.scope)
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
        for rule_id, severity in self.ranks[side.set].get(place, {}).items():
            if severity >= rank and rule_id != side.without:
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
        pins: Callable[[Model, Mapping[int, int]], tuple[list[Formula], dict[int, int]]] | None = None,
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
                    return Found(None, None, "not_realised") if missed else Found(there_is=False, against=against)
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
                return Found(None, None, "not_realised")
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

    def _formula(self, model: Model, sides: tuple[Side, ...], pairs: Mapping[int, int], clause: Clause) -> Formula:
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
        rank = self.ranks[sides[high].set][place][rule_id]

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
