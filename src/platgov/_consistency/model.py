"""The worlds of some rules of one or two rule sets, and where each of these rules applies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from platgov._canonical import dumps
from platgov._consistency.formulas import Rails, both, either
from platgov._consistency.realise import Realiser
from platgov._consistency.sides import own
from platgov._consistency.worlds import Worlds
from platgov._rules.rule import ConditionRule

if TYPE_CHECKING:
    from platgov._consistency.cells import Path
    from platgov._consistency.inquiry import Inquiry
    from platgov._facts.schema import Schema
    from platgov._rules.rule import Rule

__all__ = ["Model", "host_key", "touches"]


class Model:
    """The worlds of some of the rules, and where each of them applies."""

    def __init__(self, inquiry: Inquiry, scope: list[set[str]]) -> None:
        self.inquiry, self.worlds = inquiry, Worlds(inquiry.reader)
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
