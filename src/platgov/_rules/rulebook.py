"""Editions of one rule set over time: conduct is judged by the rules of its own day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from platgov._facts.schema import suggest
from platgov._rules.decision import Decision, Outcome
from platgov._rules.rule import refuse
from platgov._rules.ruleset import RuleSet
from platgov._time import to_epoch, to_iso
from platgov.errors import Problem, RuleSetError
from platgov.measures import join

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["Rulebook"]


def _editions(editions: Any) -> tuple[RuleSet, ...]:
    kept = tuple(editions) if isinstance(editions, Iterable) else (editions,)
    for edition in kept:
        if not isinstance(edition, RuleSet):
            raise refuse(f"{edition!r} is no edition; give rule sets", code="type")
    problems = [
        Problem(f"edition {edition.version!r} has no date of effect", code="draft")
        for edition in kept
        if edition.effective_at is None
    ]
    if not kept:
        problems.append(Problem("has no editions", code="empty"))
    if len({edition.id for edition in kept}) > 1:
        problems.append(Problem(f"mixes rule sets {', '.join(sorted({e.id for e in kept}))}", code="mixed"))
    for what in ("effective_at", "version"):
        values = [getattr(edition, what) for edition in kept if edition.effective_at is not None]
        if len(set(values)) < len(values):
            problems.append(Problem(f"two editions have one {what}; only one can be in force", code="overlap"))
    if problems:
        raise RuleSetError("rulebook", tuple(problems))
    return tuple(sorted(kept, key=lambda edition: edition.effective_at or 0))


@attrs.frozen
class Rulebook:
    """The editions of a rule set; each is in force until the next takes effect.

    Attributes:
        editions: The editions, sorted by the date they take effect.
    """

    editions: tuple[RuleSet, ...] = attrs.field(converter=_editions)

    def at(self, instant: int | dt.datetime) -> RuleSet | None:
        """Give the edition in force at an instant; None before the first."""
        place = bisect_right(self._starts(), to_epoch(instant))
        return self.editions[place - 1] if place else None

    def superseded_at(self, edition: RuleSet) -> int | None:
        """Give when the next edition took over, in UTC epoch seconds; None for the last.

        Raises:
            RuleSetError: The book has no such edition.
        """
        if edition not in self.editions:
            raise refuse(f"{edition.version!r} is no edition of this book", code="unknown_edition")
        place = self.editions.index(edition) + 1
        return self.editions[place].effective_at if place < len(self.editions) else None

    def decide(
        self,
        facts: Any,
        *,
        conduct_at: int | dt.datetime,
        at: int | dt.datetime,
        holds: Mapping[str, str] | None = None,
    ) -> Decision:
        """Decide by the edition that was in force when the conduct happened.

        A later edition, in force by ``at``, decides instead if it says ``milder_applies`` and
        its decision is milder: all its measures are covered by those of the earlier edition,
        and both are certain.

        Raises:
            RuleSetError: No edition was in force at the time of the conduct: what no rule
                forbade has no consequence.
            InputError: As `RuleSet.decide`; also if ``conduct_at`` is after ``at``.
        """
        happened, now = to_epoch(conduct_at), to_epoch(at)
        if happened > now:
            raise refuse(f"the conduct at {to_iso(happened)} is later than the decision at {to_iso(now)}", code="time")
        own = self.at(happened)
        if own is None:
            first = to_iso(self._starts()[0])
            raise refuse(f"no rules were in force at {to_iso(happened)}; the first edition took effect at {first}")
        _check_holds(self.editions, holds or {})
        decision = own.decide(facts, at=now, holds=_holds_of(own, holds or {}))
        for edition, start in zip(self.editions, self._starts(), strict=True):
            if happened < start <= now and edition.milder_applies:
                later = edition.decide(facts, at=now, holds=_holds_of(edition, holds or {}))
                decision = later if _is_milder(later, decision) else decision
        return decision

    def _starts(self) -> list[int]:
        return [edition.effective_at or 0 for edition in self.editions]


def _check_holds(editions: tuple[RuleSet, ...], holds: Mapping[str, str]) -> None:
    if not isinstance(holds, Mapping):
        raise refuse(f"holds is {holds!r}; give the reason for each rule: {{'spam.links': 'precision fell'}}")
    known = {rule.id for edition in editions for rule in edition.rules}
    for rule_id in holds:
        if rule_id not in known:
            raise refuse(f"holds names the unknown rule {rule_id!r}{suggest(str(rule_id), known)}")


def _holds_of(edition: RuleSet, holds: Mapping[str, str]) -> dict[str, str]:
    """Give the holds that concern an edition: a rule may be newer, or gone."""
    ids = {rule.id for rule in edition.rules}
    return {rule_id: reason for rule_id, reason in holds.items() if rule_id in ids}


def _is_milder(one: Decision, other: Decision) -> bool:
    certain = {Outcome.NONE, Outcome.MEASURES}
    if one.outcome not in certain or other.outcome not in certain or one.measures == other.measures:
        return False
    return join((*one.measures, *other.measures)) == other.measures
