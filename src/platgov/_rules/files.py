"""Rule files: TOML that policy staff write, read strictly, with the line of every problem."""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from platgov._conditions.condition import Condition
from platgov._conditions.tree import ListOf, Literal, Name, Node, Select, rewrite
from platgov._facts.schema import Schema, suggest
from platgov._limits import DEFAULT
from platgov._rules.rule import ConditionRule, Grant, condition_of, names_of, refuse
from platgov._rules.ruleset import RuleSet
from platgov._time import from_iso, to_epoch, to_iso
from platgov.errors import InputError, Problem, RuleSetError
from platgov.measures import SHIPPED, Measure
from platgov.measures import from_dict as measure_from_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["dump", "load", "loads"]

_TOP: Final = frozenset(
    {"id", "version", "announced_at", "effective_at", "milder_applies", "facts", "rules", "grants", "defeats", "lists"}
)
_RULE: Final = frozenset({"id", "version", "clause", "category", "when", "measures", "says", "why", "withhold"})
_NO_FACTS: Final = Schema.from_dict({"nothing": "bool"})
_TABLE: Final = re.compile(r"[\w\s.-]+", re.ASCII)
_GRANT: Final = frozenset({"fact", "reason", "approved_by", "expires_at"})


def load(path: str | Path, *, facts: Any = None, measures: Iterable[type[Measure]] = ()) -> RuleSet:
    """Read a rule file; see `RuleSet.load`."""
    source = Path(path)
    with source.open("rb") as file:
        data = file.read(DEFAULT.file_bytes + 1)  # not by the size it claims: a pipe or device claims none
    return loads(data, facts=facts, measures=measures, name=source.name)


def loads(
    text: str | bytes, *, facts: Any = None, measures: Iterable[type[Measure]] = (), name: str = "rule file"
) -> RuleSet:
    """Read the text of a rule file.

    Raises:
        RuleSetError: Every problem, with line and rule id.
    """
    accepted = (*SHIPPED, *measures)
    twice = sorted(word for word, count in Counter(measure.name for measure in accepted).items() if count > 1)
    if twice:
        raise refuse(f"two measures are called {', '.join(twice)}; a name stands for one measure", code="measure")
    return _File(_decoded(text, name), facts, accepted, name).rule_set()


def _decoded(text: str | bytes, name: str) -> str:
    if len(text) > DEFAULT.file_bytes:
        problem = Problem(f"has more than {DEFAULT.file_bytes} bytes; split the rules", code="too_long")
        raise RuleSetError(name, (problem,))
    if isinstance(text, str):
        return text
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        problem = Problem("is not UTF-8 text; save the file as UTF-8", code="encoding", line=line)
        raise RuleSetError(name, (problem,)) from None
    if decoded.startswith("\ufeff"):
        problem = Problem("starts with a byte order mark; save the file as UTF-8 without one", code="encoding", line=1)
        raise RuleSetError(name, (problem,))
    return decoded


class _File:
    """Reads one file, collecting problems as it goes."""

    def __init__(self, text: str, facts: Any, measures: tuple[type[Measure], ...], name: str) -> None:
        self.name, self.measures = name, measures
        self.lines = _Lines(text)
        self.problems: list[Problem] = []
        try:
            self.data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            at = re.search(r"line (\d+)", str(error))
            line = int(at[1]) if at else text.rstrip().count("\n") + 1
            raise RuleSetError(name, (Problem(f"is no TOML: {error}", code="toml", line=line),)) from None
        except RecursionError:
            raise RuleSetError(name, (Problem("is nested too deeply", code="depth"),)) from None
        self.facts = facts
        self.failed: set[str] = set()
        self.starts: dict[str, int | None] = {}  # rule id -> line of its table
        self.undated = False  # a date was given that cannot be read

    def report(self, message: str, path: str, code: str = "rule_file", line: int | None = None) -> None:
        self.problems.append(Problem(message, path, code, line=line))

    def rule_set(self) -> RuleSet:
        for key in sorted(self.data.keys() - _TOP):
            self.report(f"unknown key {key!r}{suggest(key, _TOP)}", f"$.{key}", "unknown_key", self.lines.key(key))
        if self.data.get("rules", []) == []:
            self.report("has no rules; write at least one [[rules]] table", "$.rules", "empty")
        schema, lists = self.schema(), self.lists()
        rules = [self.rule(body, place, lists) for place, body in enumerate(self.tables("rules"))]
        grants = [self.grant(body, place) for place, body in enumerate(self.tables("grants"))]
        parts = {
            "rules": [rule for rule in rules if rule is not None],
            "grants": [grant for grant in grants if grant is not None],
            "defeats": self.defeats(),
            "announced_at": self.date("announced_at"),
            "effective_at": self.date("effective_at"),
            "milder_applies": self.flag("milder_applies"),
        }
        made = self.build(schema, parts)
        if self.problems or made is None:
            raise RuleSetError(self.name, tuple(sorted(self.problems, key=lambda problem: problem.line or 0)))
        return made

    def build(self, schema: Schema | type | None, parts: dict[str, Any]) -> RuleSet | None:
        known = schema is not None
        if not known:  # without facts nothing is right about rules and grants; the rest may still be wrong
            schema, parts["grants"] = _NO_FACTS, []
        try:
            return RuleSet(id=self.data.get("id", ""), version=self.data.get("version", ""), facts=schema, **parts)
        except InputError as error:
            # What only follows from a problem above is not worth a line of its own.
            said = {"$.rules", "$.effective_at"} if self.undated else {"$.rules"}
            self.problems += [
                problem._replace(line=self.line_of(problem))
                for problem in error.problems
                if problem.path not in said and (known or problem.rule is None)
            ]
            return None

    def line_of(self, problem: Problem) -> int | None:
        """Give the line of a problem that the rule set itself found."""
        if problem.rule in self.starts:
            return self.lines.near(self.starts[problem.rule], problem.path.rpartition(".")[2])
        key, *inner = re.split(r"[.\[]", problem.path.removeprefix("$."), maxsplit=1)
        return self.lines.near(self.lines.key(key), inner[0] if inner else "")

    # -- parts ---------------------------------------------------------------------------------

    def schema(self) -> Any:
        if self.facts is not None:
            if "facts" in self.data:
                self.report("declares [facts], but the host gave its own", "$.facts", "facts", self.lines.key("facts"))
            return self.facts
        if "facts" not in self.data:
            self.report("declares no facts; write a [facts] table, or give a facts class", "$.facts", "facts")
            return None
        try:
            return Schema.from_dict(self.data["facts"], name=str(self.data.get("id", "facts")))
        except InputError as error:
            self.problems += [
                problem._replace(line=self.lines.fact(problem.path.removeprefix("$.facts.")))
                for problem in error.problems
            ]
            return None

    def tables(self, key: str) -> list[Any]:
        """Give the tables of an array."""
        found = self.data.get(key, [])
        if not isinstance(found, list):
            self.report(f"{key} is no array of tables; write [[{key}]]", f"$.{key}", "type", self.lines.key(key))
            return []
        return found

    def lists(self) -> dict[str, tuple[str, ...]]:
        """Give the named lists; one that is refused holds a stand-in, so that it is not missed as well."""
        result = {}
        given = self.data.get("lists", {})
        if not isinstance(given, dict):
            self.report(
                "is no table of lists: name = ['term', 'other term']", "$.lists", "type", self.lines.key("lists")
            )
            return {}
        for name, values in given.items():
            fit = isinstance(values, list) and values and all(type(value) is str and value for value in values)
            if not fit:
                line = self.lines.near(self.lines.key("lists"), name)
                self.report("is no list of texts, none of them empty", f"$.lists.{name}", "type", line)
            result[name] = tuple(values) if fit else ("stand-in",)
        return result

    def keys(self, body: dict[str, Any], accepted: frozenset[str], where: str, line: int | None) -> dict[str, Any]:
        for key in sorted(body.keys() - accepted):
            self.report(
                f"unknown key {key!r}{suggest(key, accepted)}", where, "unknown_key", self.lines.near(line, key)
            )
        return {key: value for key, value in body.items() if key in accepted}

    def rule(self, body: Any, place: int, lists: dict[str, tuple[str, ...]]) -> ConditionRule | None:
        line, path = self.lines.table("rules", place), f"$.rules[{place}]"
        if not isinstance(body, dict):
            self.report("is no table", path, "type", line)
            return None
        before = len(self.problems)
        known = self.keys(body, _RULE, path, line)
        rule_id = str(known.get("id", ""))
        self.problems[before:] = [problem._replace(rule=rule_id or None) for problem in self.problems[before:]]
        problems: list[Problem] = []
        if "id" in known and rule_id in self.starts:
            message = f"this id is used twice, first on line {self.starts[rule_id]}"
            problems.append(Problem(message, f"{path}.id", "duplicate_id", line=self.lines.near(line, "id")))
        first = self.starts.setdefault(rule_id, line) == line
        for key in ("id", "when"):
            if key not in known:
                why = ": a rule without a condition would apply to everything" if key == "when" else ""
                problems.append(Problem(f"has no {key!r}{why}", path, "missing", line=line))

        def part(key: str, read: Callable[[Any], Any], instead: Any) -> Any:
            """Read one key; on failure go on with something that is in order, to find what else is wrong."""
            if key not in known:
                return instead
            try:
                return read(known[key])
            except InputError as error:
                near = self.lines.near(line, key)
                for problem in error.problems:
                    place = problem.path[1:] if problem.path.startswith("$[") else ""
                    problems.append(_at(problem, f"{path}.{key}{place}", near))
                return instead

        fields = {
            "id": "unnamed",
            **known,
            "when": part("when", lambda value: _with_lists(condition_of(value), lists), Condition(Literal(value=True))),
            "measures": part("measures", self.measures_of, ()),
            "withhold": part("withhold", names_of, ()),
        }
        rule = None
        try:
            rule = ConditionRule(**fields)
        except InputError as error:
            for problem in error.problems:
                near = self.lines.near(line, problem.path.removeprefix("$."))
                problems.append(_at(problem, f"{path}{problem.path[1:]}", near))
        self.problems += [problem._replace(rule=rule_id or None) for problem in problems]
        return rule if not problems else self.stand_in(rule_id, fields) if first else None

    def stand_in(self, rule_id: str, fields: dict[str, Any]) -> ConditionRule | None:
        """Give what is in order of a rule that is refused, to find what else is wrong with it."""
        try:
            return ConditionRule(id=rule_id, when=fields["when"], withhold=fields["withhold"])
        except InputError:
            self.failed.add(rule_id)
            return None

    def measures_of(self, value: Any) -> list[Measure]:
        measures: list[Measure] = []
        problems: list[Problem] = []
        for place, item in enumerate(value if isinstance(value, list) else [value]):
            try:
                measures.append(measure_from_dict(item, self.measures, f"$[{place}]"))
            except InputError as error:
                problems += error.problems
        if problems:
            raise RuleSetError("measures", tuple(problems))
        return measures

    def grant(self, body: Any, place: int) -> Grant | None:
        line, path = self.lines.table("grants", place), f"$.grants[{place}]"
        if not isinstance(body, dict):
            self.report("is no table", path, "type", line)
            return None
        known = self.keys(body, _GRANT, path, line)
        missing = sorted(_GRANT - known.keys())
        if missing:
            self.report(f"lacks {', '.join(missing)}", path, "missing", line)
            return None
        expires_at = self.instant(f"{path}.expires_at", known["expires_at"], self.lines.near(line, "expires_at"))
        try:
            grant = Grant(**{**known, "expires_at": expires_at or 0})
        except InputError as error:
            for problem in error.problems:
                near = self.lines.near(line, problem.path.removeprefix("$."))
                self.problems.append(_at(problem, f"{path}{problem.path[1:]}", near))
            return None
        return None if expires_at is None else grant

    def defeats(self) -> dict[str, Any]:
        found = self.data.get("defeats", {})
        if not isinstance(found, dict) or not all(
            isinstance(value, list) and all(type(item) is str for item in value) for value in found.values()
        ):
            line = self.lines.key("defeats")
            self.report("is no table of lists: exception = ['rule it sets aside']", "$.defeats", "type", line)
            return {}
        # An id whose rule was refused is not unknown.
        return {
            name: [item for item in value if item not in self.failed]
            for name, value in found.items()
            if name not in self.failed
        }

    def flag(self, key: str) -> bool:
        value = self.data.get(key, False)
        if type(value) is not bool:
            self.report(f"is {value!r}; expected true or false", f"$.{key}", "type", self.lines.key(key))
        return value is True

    def date(self, key: str) -> int | None:
        value = self.instant(f"$.{key}", self.data.get(key), self.lines.key(key))
        self.undated = self.undated or (value is None and key in self.data)
        return value

    def instant(self, path: str, value: Any, line: int | None) -> int | None:
        if value is None:
            return None
        if isinstance(value, str) or (isinstance(value, dt.datetime) and value.utcoffset() is not None):
            try:
                return from_iso(value) if isinstance(value, str) else to_epoch(value)
            except InputError as error:
                self.problems += [_at(problem, path, line) for problem in error.problems]
                return None
        self.report(f"is {value}; give an instant with its offset: 2026-02-01T00:00:00Z", path, "type", line)
        return None


def _at(problem: Problem, path: str, line: int | None) -> Problem:
    return problem._replace(path=path, line=line)


def _with_lists(condition: Condition, lists: dict[str, tuple[str, ...]]) -> Condition:
    """Put the named lists of the file into a condition: ``lists.abuse`` becomes the terms themselves."""
    unknown: list[Problem] = []

    def change(node: Node) -> Node | None:
        if not (isinstance(node, Select) and isinstance(node.operand, Name) and node.operand.name == "lists"):
            return None
        if node.field not in lists:
            message = f"no list {node.field!r}{suggest(node.field, lists)}"
            unknown.append(Problem(message, code="unknown_list", position=node.at))
            return node
        return ListOf(tuple(Literal(term) for term in lists[node.field]), at=node.at)

    changed = rewrite(condition.node, change)
    if unknown:
        raise RuleSetError("condition", tuple(unknown))
    return Condition(changed)


class _Lines:
    """Finds the line on which something is written, as well as plain text search can."""

    def __init__(self, text: str) -> None:
        self.headers: dict[str, list[int]] = {}  # array of tables -> lines of its tables
        self.opened: dict[str, int] = {}  # name of a table, or of one around it -> first line that opens it
        self.first: dict[str, int] = {}  # key -> first line that sets it, anywhere
        self.inside: dict[int, dict[str, int]] = {0: {}}  # line of a table -> the lines of its keys
        start = 0
        for number, line in enumerate(text.split("\n"), 1):
            words = _header(line)
            if words:
                start = number
                self.inside[start] = {}
                if line.lstrip().startswith("[["):
                    self.headers.setdefault(words, []).append(number)
                for word in words.split("."):
                    self.opened.setdefault(word.strip(), number)
            elif "=" in line:
                for word in line.partition("=")[0].split("."):
                    key = word.strip().strip("\"'")
                    self.first.setdefault(key, number)
                    self.inside[start].setdefault(key, number)

    def table(self, key: str, place: int) -> int | None:
        """Give the line of the n-th table of an array; of the array if it is written on one."""
        found = self.headers.get(key, [])
        return found[place] if place < len(found) else self.key(key)

    def key(self, key: str) -> int | None:
        """Give the line that sets a key of the file itself, or opens its table."""
        return self.inside[0].get(key) or self.opened.get(key)

    def near(self, start: int | None, key: str) -> int | None:
        """Give the line of a key inside the table that starts on a line; the start if it is not there."""
        return None if start is None else self.inside.get(start, {}).get(key, start)

    def fact(self, name: str) -> int | None:
        """Give the line that declares a fact."""
        last = name.rpartition(".")[2]
        return self.first.get(last) or self.opened.get(last) or self.key("facts")


def _header(line: str) -> str | None:
    """Give the name of the table that a line opens."""
    text = line.strip()
    name, closed, _ = text.lstrip("[").partition("]")
    return name.strip() if closed and text.startswith("[") and _TABLE.fullmatch(name) else None


# -- writing -----------------------------------------------------------------------------------


def dump(rule_set: RuleSet) -> str:
    """Write a rule set as the text of a rule file; see `RuleSet.dump`."""
    for rule in rule_set.rules:
        if type(rule) is not ConditionRule:
            raise refuse(f"is a {type(rule).__name__}; only condition rules fit in a file", rule=rule.id)
    lines = [f"id = {_toml(rule_set.id)}", f"version = {_toml(rule_set.version)}"]
    for key in ("announced_at", "effective_at"):
        value = getattr(rule_set, key)
        lines += [] if value is None else [f"{key} = {to_iso(value)}"]
    lines += ["milder_applies = true"] if rule_set.milder_applies else []
    lines += ["", "[facts]", *(f"{name} = {_toml(body)}" for name, body in rule_set.schema.to_dict().items())]
    for rule in rule_set.rules:
        lines += ["", "[[rules]]", *_rule_lines(rule)]
    for grant in rule_set.grants:
        body = {**grant.to_dict(), "expires_at": grant.expires_at}
        lines += ["", "[[grants]]"]
        lines += [f"{key} = {to_iso(value) if key == 'expires_at' else _toml(value)}" for key, value in body.items()]
    if rule_set.defeats:
        lines += ["", "[defeats]", *(f"{_toml(name)} = {_toml(list(items))}" for name, items in rule_set.defeats)]
    return "\n".join(lines) + "\n"


def _rule_lines(rule: Any) -> list[str]:
    body = {
        "id": rule.id,
        "version": rule.version,
        "clause": rule.clause,
        "category": rule.category,
        "says": rule.says,
        "why": rule.why,
        "when": rule.when.text,
        "measures": [measure.to_dict() for measure in rule.measures],
        "withhold": sorted(rule.withhold),
    }
    return [f"{key} = {_toml(value)}" for key, value in body.items() if value not in ("", [])]


def _toml(value: Any) -> str:
    """Write a plain value in TOML on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return repr(value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)
