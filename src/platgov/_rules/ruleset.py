"""A set of community rules: checked whole when it is built, then applied to everyone alike."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._canonical import digest, digest_bytes, dumps, loads
from platgov._conditions.engine import ConditionSet
from platgov._facts.reading import as_dict, observe_paths, revive
from platgov._facts.schema import Role, Schema, suggest
from platgov._limits import DEFAULT
from platgov._rules.decision import Absorbed, Decision, Defeated, Outcome, Undetermined
from platgov._rules.explain import Counterfactual, Reason, counterfactual_of, reason_of
from platgov._rules.people import facts_within, named_people
from platgov._rules.recording import Recorder, gaps
from platgov._rules.rule import ConditionRule, Finding, Grant, Rule, names_of, refuse, relabelled
from platgov._rules.view import FactsView, MissingFact, UndeclaredRead, by_name
from platgov._time import from_iso, to_epoch, to_iso
from platgov.errors import ConditionError, Problem, RuleSetError
from platgov.measures import Measure, join

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    from platgov._conditions.reasons import Explainer

__all__ = ["SEMANTICS", "RuleSet"]

SEMANTICS: Final = 1
"""Version of what conditions and decisions mean; part of every digest."""

_LARGEST_DECISION: Final = 1 << 26
"""Bytes of one decision that are read back."""

_GUARDED: Final = (Role.IDENTITY, Role.PROTECTED)


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
    _engine: _Engine = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "schema", _schema(self.facts))
        problems = tuple(_Check(self).problems())
        if problems:
            raise RuleSetError(f"rule set {self.id!r}", problems)
        reads = frozenset(name for rule in self.rules for name in rule.reads)
        object.__setattr__(self, "reads", reads)
        object.__setattr__(self, "digest", digest(self.to_dict()))
        object.__setattr__(self, "_engine", _Engine(self))

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


class _Check:
    """Everything that makes a rule set unfit, found before the first event."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.set, self.schema = rule_set, rule_set.schema
        self.granted = {grant.fact for grant in rule_set.grants}
        self.uses = Counter(rule.id for rule in rule_set.rules)

    def problems(self) -> Iterator[Problem]:
        yield from self.whole()
        for rule in self.set.rules:
            yield from self.rule(rule)
        yield from self.grants()
        yield from self.defeats()

    def whole(self) -> Iterator[Problem]:
        for name in ("id", "version"):
            value = getattr(self.set, name)
            if type(value) is not str or not value or len(value) > 100:
                yield Problem(f"{name} is {value!r}; give a text of up to 100 characters", f"$.{name}", name)
        if not self.set.rules:
            yield Problem("has no rules", "$.rules", "empty")
        if type(self.set.milder_applies) is not bool:
            message = f"milder_applies is {self.set.milder_applies!r}; give True or False"
            yield Problem(message, "$.milder_applies", "type")
        if len(self.set.rules) > DEFAULT.rules:
            yield Problem(
                f"has {len(self.set.rules)} rules; at most {DEFAULT.rules} are accepted", "$.rules", "too_many"
            )
        announced, effective = self.set.announced_at, self.set.effective_at
        if effective is not None and (announced is None or effective < announced):
            said = "was never announced" if announced is None else f"was announced at {to_iso(announced)}"
            message = f"takes effect at {to_iso(effective)} but {said}; rules are never retroactive"
            yield Problem(message, "$.effective_at", "retroactive")

    def rule(self, rule: Rule[Any]) -> Iterator[Problem]:
        if self.uses[rule.id] > 1:
            yield Problem("this id is used twice", "$.id", "duplicate_id", rule=rule.id)
        if isinstance(rule, ConditionRule):
            try:
                kind = rule.when.check(self.schema)
            except ConditionError as error:
                yield from relabelled(error, rule.id, "$.when")
            else:
                if kind.kind != "bool" and not (kind.kind == "struct" and not kind.fields):
                    yield Problem(f"{rule.when.text} gives {kind}, not true or false", "$.when", "type", rule=rule.id)
            yield from self.exemptions(rule)
        elif not isinstance(rule.reads, frozenset) or not all(type(name) is str and name for name in rule.reads):
            message = f"reads is {rule.reads!r}; give the class a frozenset of fact names"
            yield Problem(message, "$.reads", "reads", rule=rule.id)
            return
        else:
            if not rule.reads:
                message = "declares no facts that it reads; a rule that reads nothing applies to all or to none"
                yield Problem(message, "$.reads", "reads", rule=rule.id)
            yield from self.unknown(rule, rule.reads, "reads")
        yield from self.unknown(rule, rule.withhold, "withhold")
        yield from self.guarded(rule)

    def unknown(self, rule: Rule[Any], names: frozenset[str], key: str) -> Iterator[Problem]:
        for name in sorted(names):
            if self.schema.at(tuple(name.split("."))) is None:
                known = [field.name for field in self.schema.fields]
                yield Problem(f"unknown fact {name!r}{suggest(name, known)}", f"$.{key}", "unknown_field", rule=rule.id)

    def guarded(self, rule: Rule[Any]) -> Iterator[Problem]:
        touched = {fact for name in rule.reads for fact in self.schema.roles(tuple(name.split(".")))}
        for fact, role in sorted(touched, key=lambda item: item[0]):
            if role in _GUARDED and fact not in self.granted:
                message = f"reads {fact!r}, which is {role.value}; the rule set needs a Grant for it, with a reason"
                yield Problem(message, "$.when", "no_grant", rule=rule.id)

    def exemptions(self, rule: ConditionRule) -> Iterator[Problem]:
        """Refuse written lists of particular people, whether they are to be spared or to be hit."""
        for fact, position in named_people(rule.when.node, self.schema):
            why = "a rule is for everyone, so no one is named in it"
            message = f"compares the identity fact {fact!r} with written values; {why}"
            yield Problem(message, "$.when", "exemption_list", position, rule=rule.id)

    def grants(self) -> Iterator[Problem]:
        seen: set[str] = set()
        known = {name for name, _ in facts_within(self.schema.fields)}
        for grant in self.set.grants:
            path = f"$.grants[{grant.fact}]"
            if grant.fact not in known:
                yield Problem(f"grants the unknown fact {grant.fact!r}", path, "unknown_field")
            if grant.fact in seen:
                yield Problem("this fact is granted twice", path, "duplicate_grant")
            if self.set.effective_at is not None and grant.expires_at <= self.set.effective_at:
                yield Problem("ends before the rules take effect", path, "expired_grant")
            seen.add(grant.fact)

    def defeats(self) -> Iterator[Problem]:
        ids = {rule.id for rule in self.set.rules}
        edges = dict(self.set.defeats)
        for exception, defeated in self.set.defeats:
            for rule_id in (exception, *defeated):
                if rule_id not in ids:
                    message = f"defeats names the unknown rule {rule_id!r}{suggest(rule_id, ids)}"
                    yield Problem(message, f"$.defeats.{exception}", "unknown_rule")
        if order_of(edges) is None:
            yield Problem("the exceptions set each other aside in a circle", "$.defeats", "cycle")


def order_of(edges: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    """Give the rules of a defeat graph, each after all that defeat it; None if there is a circle."""
    waiting = {rule for defeated in edges.values() for rule in defeated} | set(edges)
    done: list[str] = []
    while waiting:
        free = sorted(rule for rule in waiting if not any(rule in edges.get(other, ()) for other in waiting))
        if not free:
            return None
        done += free
        waiting -= set(free)
    return tuple(done)


class _Engine:
    """The compiled form of a rule set."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.set, self.schema = rule_set, rule_set.schema
        self.by_id = {rule.id: rule for rule in rule_set.rules}
        self.conditions = [rule for rule in rule_set.rules if isinstance(rule, ConditionRule)]
        self.hosts = [rule for rule in rule_set.rules if not isinstance(rule, ConditionRule)]
        self.matcher = ConditionSet([rule.when for rule in self.conditions], self.schema, checked=True)
        self.names_of = {rule.id: sorted(rule.reads) for rule in rule_set.rules}
        self.numbers = {rule.id: number for number, rule in enumerate(self.conditions)}
        self.paths = tuple(sorted(tuple(name.split(".")) for name in rule_set.reads))
        fields = {".".join(path): self.schema.at(path) for path in self.paths}
        self.kinds = {name: field.type for name, field in fields.items() if field is not None}
        self.recorder = Recorder(self.schema, self.paths)
        self.order = order_of(dict(rule_set.defeats)) or ()
        self.defeaters: dict[str, list[str]] = {}
        for exception, defeated in rule_set.defeats:
            for rule_id in defeated:
                self.defeaters.setdefault(rule_id, []).append(exception)
        self.findings = {
            rule.id: Finding(
                rule_id=rule.id,
                version=rule.version,
                clause=rule.clause,
                category=rule.category,
                measures=rule.measures,
            )
            for rule in rule_set.rules
        }
        self.expiries = [
            (grant.expires_at, f"the grant for {grant.fact} ended at {to_iso(grant.expires_at)}", rule.id)
            for grant in rule_set.grants
            for rule in rule_set.rules
            if any(fact == grant.fact for name in rule.reads for fact, _ in self.schema.roles(tuple(name.split("."))))
        ]

    def decide(self, event: Any, at: int, holds: Mapping[str, str]) -> Decision:
        self.check_holds(holds)
        held_rules = {rule_id: reason for expires_at, reason, rule_id in self.expiries if at >= expires_at}
        held_rules.update(holds)
        plain = as_dict(event)  # once: a mapping of a host's own may give other values the second time
        matched, undecided = self.matcher.match(event if plain is None or type(event) is self.schema.source else plain)
        facts = self.recorder.record(plain or {})
        record = dumps(facts)
        findings = {self.conditions[number].id: self.findings[self.conditions[number].id] for number in matched}
        open_rules = {rule.id: self.why_open(rule, facts) for rule in (self.conditions[number] for number in undecided)}
        for rule in self.hosts:
            self.ask(rule, plain or {}, facts, findings, open_rules)
        defeated = self.set_aside(findings, open_rules)
        held = tuple((rule_id, held_rules[rule_id]) for rule_id in sorted(held_rules) if rule_id in findings)
        free = [finding for rule_id, finding in findings.items() if rule_id not in held_rules]
        measures = join(measure for finding in free for measure in finding.measures)
        return Decision(
            at=at,
            policy=self.set.digest,
            fingerprint=digest_bytes(record),
            rule_set_id=self.set.id,
            rule_set_version=self.set.version,
            outcome=self.outcome(measures, open_rules, held),
            findings=tuple(findings[rule_id] for rule_id in sorted(findings)),
            measures=measures,
            absorbed=_absorbed(free, measures),
            undetermined=tuple(open_rules[rule_id] for rule_id in sorted(open_rules)),
            defeated=defeated,
            held=held,
            record=record,
            rules=self.set,
        )

    def outcome(
        self, measures: tuple[Measure, ...], open_rules: dict[str, Undetermined], held: tuple[tuple[str, str], ...]
    ) -> Outcome:
        """Open rules matter only if their measures would change what follows."""
        possible = join((*measures, *(m for rule_id in open_rules for m in self.by_id[rule_id].measures)))
        if possible != measures:
            return Outcome.UNDETERMINED
        if held:
            return Outcome.HELD
        return Outcome.MEASURES if measures else Outcome.NONE

    def reasons(self, decision: Decision) -> tuple[Reason, ...]:
        frame = self.matcher.frame(revive(decision.facts))
        return tuple(
            reason_of(self.by_id[finding.rule_id], finding, self.explainer(finding.rule_id), frame)
            for finding in decision.findings
        )

    def counterfactuals(self, decision: Decision) -> tuple[Counterfactual, ...]:
        frame = self.matcher.frame(revive(decision.facts))
        found = []
        for finding in decision.findings:
            explainer = self.explainer(finding.rule_id)
            if explainer is not None:
                found.append(counterfactual_of(self.by_id[finding.rule_id], explainer, frame, self.schema))
        return tuple(item for item in found if item is not None)

    def explainer(self, rule_id: str) -> Explainer | None:
        """Give what explains a rule; None for a host rule."""
        number = self.numbers.get(rule_id)
        return None if number is None else self.matcher.explainer(number)

    def check_holds(self, holds: Mapping[str, str]) -> None:
        if not isinstance(holds, Mapping):
            raise refuse(f"holds is {holds!r}; give the reason for each rule: {{'spam.links': 'precision fell'}}")
        for rule_id, reason in holds.items():
            if rule_id not in self.by_id:
                raise refuse(f"holds names the unknown rule {rule_id!r}{suggest(str(rule_id), self.by_id)}")
            if type(reason) is not str or not reason.strip():
                raise refuse(f"the reason to hold it is {reason!r}; give text", rule=rule_id)

    def why_open(self, rule: ConditionRule, facts: Mapping[str, Any]) -> Undetermined:
        """Name the facts without which a rule stays open."""
        missing = tuple(sorted({gap for name in self.names_of[rule.id] for gap in gaps(facts, name, self.kinds[name])}))
        return Undetermined(rule_id=rule.id, code="missing_facts" if missing else "no_value", facts=missing)

    def ask(
        self,
        rule: Rule[Any],
        event: Mapping[str, Any],
        facts: Mapping[str, Any],
        findings: dict[str, Finding],
        open_rules: dict[str, Undetermined],
    ) -> None:
        """Ask a host rule. Whatever goes wrong inside it leaves it open, and says so."""
        hints = getattr(self.schema.source, "__platgov_hints__", None)
        paths = [tuple(name.split(".")) for name in sorted(rule.reads)]
        values = observe_paths(self.schema, event, paths).values
        view = FactsView(by_name(self.schema.type), values, path="", reads=rule.reads, hints=hints)
        try:
            found: Any = rule.match(view)
        except MissingFact as missing:
            found_gaps = {gap for name in self.names_of[rule.id] for gap in gaps(facts, name, self.kinds[name])}
            missed = [gap for gap in found_gaps if gap[0] == missing.args[0]]
            open_rules[rule.id] = Undetermined(rule_id=rule.id, code="missing_facts", facts=tuple(sorted(missed)))
            return
        except UndeclaredRead as read:
            open_rules[rule.id] = Undetermined(rule_id=rule.id, code="undeclared_read", detail=str(read.args[0]))
            return
        except Exception as error:  # noqa: BLE001 - host code may raise anything; it is recorded, not hidden
            open_rules[rule.id] = Undetermined(rule_id=rule.id, code="raised", detail=type(error).__name__)
            return
        if found is None:
            return
        if not isinstance(found, Finding) or not _is_evidence(found.evidence) or found.rule_id not in ("", rule.id):
            open_rules[rule.id] = Undetermined(rule_id=rule.id, code="bad_answer", detail=type(found).__name__)
            return
        findings[rule.id] = attrs.evolve(self.findings[rule.id], evidence=tuple(found.evidence))

    def set_aside(self, findings: dict[str, Finding], open_rules: dict[str, Undetermined]) -> tuple[Defeated, ...]:
        """Apply the exceptions, each after those that may set it aside itself."""
        defeated = []
        for rule_id in self.order:
            by = tuple(sorted(other for other in self.defeaters.get(rule_id, ()) if other in findings))
            possible = any(other in open_rules for other in self.defeaters.get(rule_id, ()))
            if by:
                if rule_id in findings:
                    defeated.append(Defeated(rule_id=rule_id, by=by))
                findings.pop(rule_id, None)
                open_rules.pop(rule_id, None)
            elif possible and rule_id in findings:
                del findings[rule_id]
                open_rules[rule_id] = Undetermined(rule_id=rule_id, code="open_exception")
        return tuple(sorted(defeated, key=lambda item: item.rule_id))


def _is_evidence(evidence: object) -> bool:
    """Tell whether evidence can be written down: texts without lone surrogates."""
    if not isinstance(evidence, tuple | list) or not all(type(item) is str for item in evidence):
        return False
    return not any("\ud800" <= char <= "\udfff" for item in evidence for char in item)


def _absorbed(findings: Iterable[Finding], measures: tuple[Measure, ...]) -> tuple[Absorbed, ...]:
    """Give every measure of a finding that did not come through as it stands."""
    result = []
    for finding in findings:
        for measure in finding.measures:
            if measure not in measures:
                by = next(other for other in measures if (other.kind, other.target) == (measure.kind, measure.target))
                result.append(Absorbed(rule_id=finding.rule_id, measure=measure, by=by))
    return tuple(sorted(result, key=lambda item: (item.rule_id, json.dumps(item.measure.to_dict(), sort_keys=True))))
