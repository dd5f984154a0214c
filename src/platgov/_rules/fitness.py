"""Whether a rule set is fit to be used: everything that is wrong with it, before the first event."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from platgov._facts.schema import Role, suggest
from platgov._limits import DEFAULT
from platgov._rules.people import facts_within, named_people
from platgov._rules.rule import ConditionRule, Rule, relabelled
from platgov._time import to_iso
from platgov.errors import ConditionError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from platgov._rules.ruleset import RuleSet

__all__ = ["Fitness", "order_of"]

_GUARDED: Final = (Role.IDENTITY, Role.PROTECTED)


class Fitness:
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
