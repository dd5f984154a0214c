"""A set of community rules: checked whole when it is built, then applied to everyone alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._canonical import digest, loads
from platgov._facts.reading import revive
from platgov._facts.schema import Schema, suggest
from platgov._rules.decision import Decision
from platgov._rules.engine import Engine
from platgov._rules.fitness import Fitness
from platgov._rules.rule import Grant, Rule, names_of, refuse
from platgov._time import from_iso, to_epoch, to_iso
from platgov.errors import RuleSetError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    from platgov._rules.explain import Counterfactual, Reason
    from platgov.measures import Measure


__all__ = ["SEMANTICS", "RuleSet"]

SEMANTICS: Final = 1
"""Version of what conditions and decisions mean; part of every digest."""

_LARGEST_DECISION: Final = 1 << 26
"""Bytes of one decision that are read back."""


def _schema(value: Any) -> Schema:
    return value if isinstance(value, Schema) else Schema.from_class(value)


def _rules(rules: Iterable[Rule[Any]]) -> tuple[Rule[Any], ...]:
    """Keep rules sorted by id: their order carries no meaning, and the digest must not see it."""
    kept = tuple(_listed(rules, "rules"))
    for rule in kept:
        if not isinstance(rule, Rule):
            raise refuse(f"{rule!r} is no rule; give instances of Rule, such as ConditionRule(...)")
    return tuple(sorted(kept, key=lambda rule: rule.id))


def _listed(values: Any, name: str) -> Iterable[Any]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise refuse(f"{name} is {values!r}; give a list")
    return values


def _grants(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    kept = tuple(_listed(grants, "grants"))
    for grant in kept:
        if not isinstance(grant, Grant):
            raise refuse(f"{grant!r} is no grant; give values such as Grant(fact=..., reason=..., ...)")
    return tuple(sorted(kept, key=lambda grant: grant.fact))


def _defeats(defeats: Mapping[str, Iterable[str]] | Iterable[tuple[str, Iterable[str]]]) -> Any:
    if not isinstance(defeats, Mapping | tuple):
        raise refuse(
            f"defeats is {defeats!r}; give the rules that each exception sets aside: {{'quotation': ['slurs']}}"
        )
    pairs = [(exception, names_of(defeated)) for exception, defeated in dict(defeats).items()]
    names_of([exception for exception, _ in pairs])
    return tuple(sorted((exception, tuple(sorted(defeated))) for exception, defeated in pairs))


def _instant(value: int | dt.datetime | None) -> int | None:
    return None if value is None else to_epoch(value)


@attrs.frozen(kw_only=True, eq=False)
class RuleSet:
    """Rules over declared facts. Every rule is evaluated, none has priority.

    Attributes:
        id: Which rules these are: ``community``.
        version: Which edition: ``2026.2``.
        facts: A facts class, or a `Schema`.
        rules: The rules, sorted by id.
        grants: Leave to read identity and protected facts.
        defeats: For each rule that is an exception, the rules it sets aside when it applies.
        announced_at: When the edition was published, in UTC epoch seconds; None for a draft.
        effective_at: When it takes effect, no earlier than it was announced; None for a draft.
        digest: Content address of all of this.
        milder_applies: Whether earlier conduct is judged by this edition where that is milder
            (see `Rulebook`).
        schema: The declared facts.
        reads: The facts that any rule reads, as dotted names.
    """

    id: str
    version: str
    facts: Any
    rules: tuple[Rule[Any], ...] = attrs.field(converter=_rules)
    grants: tuple[Grant, ...] = attrs.field(default=(), converter=_grants)
    defeats: tuple[tuple[str, tuple[str, ...]], ...] = attrs.field(default=(), converter=_defeats)
    announced_at: int | None = attrs.field(default=None, converter=_instant)
    effective_at: int | None = attrs.field(default=None, converter=_instant)
    milder_applies: bool = False
    schema: Schema = attrs.field(init=False, repr=False)
    digest: str = attrs.field(init=False)
    reads: frozenset[str] = attrs.field(init=False, repr=False)
    _engine: Engine = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "schema", _schema(self.facts))
        problems = tuple(Fitness(self).problems())
        if problems:
            raise RuleSetError(f"rule set {self.id!r}", problems)
        reads = frozenset(name for rule in self.rules for name in rule.reads)
        object.__setattr__(self, "reads", reads)
        object.__setattr__(self, "digest", digest(self.to_dict()))
        object.__setattr__(self, "_engine", Engine(self))

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, RuleSet) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)

    def rule(self, rule_id: str) -> Rule[Any]:
        """Give a rule by its id.

        Raises:
            RuleSetError: There is none.
        """
        rule = self._engine.by_id.get(rule_id)
        if rule is None:
            raise refuse(f"no rule {rule_id!r}{suggest(rule_id, self._engine.by_id)}", code="unknown_rule")
        return rule

    def to_dict(self) -> dict[str, Any]:
        """Write everything that can change an outcome, as plain values; the digest is taken of this."""
        return {
            "semantics": SEMANTICS,
            "id": self.id,
            "version": self.version,
            "facts": self.schema.to_dict(),
            "rules": [rule.to_dict() for rule in self.rules],
            "grants": [grant.to_dict() for grant in self.grants],
            "milder_applies": self.milder_applies,
            "defeats": {exception: list(defeated) for exception, defeated in self.defeats},
            "announced_at": None if self.announced_at is None else to_iso(self.announced_at),
            "effective_at": None if self.effective_at is None else to_iso(self.effective_at),
        }

    # -- deciding ------------------------------------------------------------------------------

    def decide(self, facts: Any, *, at: int | dt.datetime, holds: Mapping[str, str] | None = None) -> Decision:
        """Decide on one event.

        Args:
            facts: An instance of the facts class, or a mapping of plain values. Nothing in
                it raises: what is missing or unusable leaves the rules that need it open.
            at: The instant the decision is for. Recorded; no rule can see it.
            holds: Rules that are held for review (by a circuit breaker, say), each with the
                reason. Where one of them applies, its measures wait and the outcome is HELD.

        Returns:
            The decision. Equal digest, equal fingerprint and equal holds give equal bytes,
            ``at`` apart.

        Raises:
            InputError: ``facts`` is no event at all, ``at`` no instant, or ``holds`` names
                a rule that does not exist.
        """
        return self._engine.decide(facts, to_epoch(at), holds or {})

    def decide_many(
        self, events: Iterable[Any], *, at: int | dt.datetime, holds: Mapping[str, str] | None = None
    ) -> Iterator[Decision]:
        """Decide on many events, one after the other; nothing is kept between them."""
        instant, held = to_epoch(at), holds or {}
        decide = self._engine.decide
        for event in events:
            yield decide(event, instant, held)

    def replay(self, decision: Decision | Mapping[str, Any] | bytes) -> Decision:
        """Decide again on what a decision recorded: its facts, its instant, and the holds that applied.

        Where the decision was made by this rule set, the result has the same bytes. So anyone
        who has the rules and a decision can check it.

        Args:
            decision: A decision, its plain form, or its canonical bytes.

        Raises:
            InputError: The bytes are no JSON.
            RuleSetError: The plain form is not that of a decision.
        """
        data = decision.to_dict() if isinstance(decision, Decision) else decision
        if isinstance(data, bytes):
            data = loads(data, subject="decision", max_bytes=_LARGEST_DECISION)
        try:
            facts, at, held = data["facts"], from_iso(data["at"]), data["held"]
            holds = {rule_id: reason for rule_id, reason in held.items() if rule_id in self._engine.by_id}
            event = revive(facts)
        except (KeyError, TypeError, AttributeError):
            raise refuse("is no decision; give what decide() returned, or its bytes", code="no_decision") from None
        return self.decide(event, at=at, holds=holds)

    def reasons(self, decision: Decision) -> tuple[Reason, ...]:
        """Explain the findings of a decision of this rule set; see `Decision.explain`.

        Raises:
            RuleSetError: Another rule set decided.
        """
        self._own(decision)
        return self._engine.reasons(decision)

    def counterfactuals(self, decision: Decision) -> tuple[Counterfactual, ...]:
        """Give the counterfactuals of a decision of this rule set; see `Decision.counterfactual`.

        Raises:
            RuleSetError: Another rule set decided.
        """
        self._own(decision)
        return self._engine.counterfactuals(decision)

    def _own(self, decision: Decision) -> None:
        if decision.policy != self.digest:
            raise refuse(
                f"the decision is of rule set {decision.policy}, this one is {self.digest}", code="other_rules"
            )

    # -- files ---------------------------------------------------------------------------------

    @staticmethod
    def load(path: str | Path, *, facts: Any = None, measures: Iterable[type[Measure]] = ()) -> RuleSet:
        """Read a rule file (TOML); see the rule file reference.

        Args:
            path: The file.
            facts: A facts class or schema; None reads the ``[facts]`` table of the file.
            measures: The host's own measures, besides those that come with platgov.

        Raises:
            RuleSetError: Every problem, with line and rule id.
            OSError: The file cannot be opened.
        """
        from platgov._rules.files import load  # noqa: PLC0415 - reading files is a layer on top

        return load(path, facts=facts, measures=measures)

    def dump(self) -> str:
        """Write as the text of a rule file that loads to the same digest.

        Raises:
            RuleSetError: A rule is the host's own class, which a file cannot hold.
        """
        from platgov._rules.files import dump  # noqa: PLC0415

        return dump(self)

    def publish(self, *, title: str = "Community rules") -> str:
        """Write the rules as a page for the people they apply to (Markdown)."""
        from platgov._rules.publish import publish  # noqa: PLC0415

        return publish(self, title=title)
