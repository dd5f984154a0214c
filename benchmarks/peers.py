"""How does each peer say the same rules, and what does it need to get missing data right?

Each function takes rules and the declared facts and gives a function from an event to the
numbers of the rules that hold. Encodings are the fastest correct ones we found; a peer that is
not installed is left out. What a host has to do per event to feed a peer is part of its time.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from workloads import All, Compare, Either, Not, OneOf, Pattern, Words, kinds, tests

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from workloads import Facts, Rule, Test

Match: TypeAlias = "Callable[[dict[str, Any]], Any]"

_PACKED: Final = 50
"""Rules that share one list expression, where a peer is called once for many rules."""
_OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


class Literal(NamedTuple):
    """A test, or its negation."""

    test: Test
    negated: bool


def normal(rule: Rule, *, negated: bool = False) -> Any:
    """Push negation down to the tests, where a guard against missing data can stand beside it."""
    if isinstance(rule, Not):
        return normal(rule.part, negated=not negated)
    if isinstance(rule, All | Either):
        join = All if isinstance(rule, All) is not negated else Either
        return join(tuple(normal(part, negated=negated) for part in rule.parts))
    if isinstance(rule, Compare) and negated:
        return Literal(rule._replace(op=_OPPOSITE[rule.op]), negated=False)
    return Literal(rule, negated)


class Dialect:
    """Writes rules with a guard against missing facts wherever the peer needs one."""

    and_, or_, not_ = " and ", " or ", "not "

    def rule(self, rule: Rule) -> str:
        return self.write(normal(rule), set())

    def write(self, part: Any, known: set[str]) -> str:
        """Write a tree; ``known`` holds the facts that the tests so far have shown to be there."""
        if isinstance(part, All):
            return "(" + self.and_.join([self.write(inner, known) for inner in part.parts]) + ")"
        if isinstance(part, Either):
            return "(" + self.or_.join([self.write(inner, set(known)) for inner in part.parts]) + ")"
        name = flat(part.test.fact)
        code = self.negated(part.test, name) if part.negated else self.test(part.test, name)
        guard = "" if name in known else self.guard(part, name)
        known.add(name)
        return f"{guard}{self.and_}{code}" if guard else code

    def guard(self, literal: Literal, name: str) -> str:
        raise NotImplementedError

    def test(self, test: Test, name: str) -> str:
        raise NotImplementedError

    def negated(self, test: Test, name: str) -> str:
        return f"{self.not_}({self.test(test, name)})"


def flat(fact: str) -> str:
    """Give the name of a fact where nested ones are brought to the top."""
    return fact.replace(".", "__")


def used(rules: Sequence[Rule]) -> list[str]:
    """Give the facts that rules read, by dotted name."""
    return sorted({test.fact for rule in rules for test in tests(rule)})


# -- hand-written ------------------------------------------------------------------------------


class _Python(Dialect):
    """Plain Python over local variables."""

    def __init__(self) -> None:
        self.searches: dict[str, str] = {}

    def guard(self, literal: Literal, name: str) -> str:
        test = literal.test
        passes_none = literal.negated or isinstance(test, Words | Pattern)
        if isinstance(test, Compare):
            passes_none = test.op == "!=" or (test.op != "==" and type(test.value) is not bool)
        return f"{name} is not None" if passes_none else ""

    def test(self, test: Test, name: str) -> str:
        match test:
            case Compare(op=op, value=bool() as value):
                return name if value is (op == "==") else f"{name} is False"
            case Compare(op=op, value=value):
                return f"{name} {op} {value!r}"
            case OneOf(values=values):
                return f"{name} in {values!r}"
            case Words(terms=terms):
                return "(" + " or ".join(f"{term!r} in {name}" for term in terms) + ")"
            case Pattern(source=source):
                return f"{self.searches.setdefault(source, f'rx{len(self.searches)}')}({name})"

    def scope(self) -> dict[str, Any]:
        return {name: re.compile(source, re.ASCII).search for source, name in self.searches.items()}


def _loading(facts: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Give the lines that open an event called ``e``, and an expression for each fact."""
    lines, read = ["get = e.get"], {}
    for fact in facts:
        around, _, name = fact.rpartition(".")
        opened = f"get_{around}" if around else "get"
        line = f"{opened} = (get({around!r}) or none).get"
        if around and line not in lines:
            lines.append(line)
        read[flat(fact)] = f"{opened}({name!r})"
    return lines, read


def _function(lines: Sequence[str], scope: dict[str, Any]) -> Match:
    source = "def match(e):\n" + "".join(f" {line}\n" for line in lines)
    exec(compile(source, "<generated>", "exec"), scope)
    return scope["match"]


def handwritten(rules: Sequence[Rule], facts: Facts) -> Match:
    """One function, one ``if`` per rule: what a careful engineer would write, and the limit without an index."""
    dialect = _Python()
    opening, read = _loading(used(rules))
    return _function(
        [
            *opening,
            *(f"{name} = {code}" for name, code in read.items()),
            "found = []",
            "add = found.append",
            *(f"if {dialect.rule(rule)}: add({number})" for number, rule in enumerate(rules)),
            "return found",
        ],
        {"none": {}, **dialect.scope()},
    )


class _PythonMaybe(_Python):
    """Plain Python again: may a rule hold, whatever the missing facts turn out to be?"""

    def write(self, part: Any, known: set[str]) -> str:
        if isinstance(part, All | Either):
            join = self.and_ if isinstance(part, All) else self.or_
            return "(" + join.join([self.write(inner, known) for inner in part.parts]) + ")"
        name = flat(part.test.fact)
        code = self.negated(part.test, name) if part.negated else self.test(part.test, name)
        return f"({name} is None or {code})"


def handwritten_both(rules: Sequence[Rule], facts: Facts) -> Match:
    """The same with the rules that the facts leave open: what platgov answers, written out by hand."""
    surely, maybe = _Python(), _PythonMaybe()
    maybe.searches = surely.searches
    opening, read = _loading(used(rules))
    lines = [
        line
        for number, rule in enumerate(rules)
        for line in (
            f"if {maybe.rule(rule)}:",
            f"    if {surely.rule(rule)}: add({number})",
            f"    else: leave({number})",
        )
    ]
    return _function(
        [
            *opening,
            *(f"{name} = {code}" for name, code in read.items()),
            "found = []",
            "left_open = []",
            "add = found.append",
            "leave = left_open.append",
            *lines,
            "return found, left_open",
        ],
        {"none": {}, **surely.scope()},
    )


# -- evalidate ---------------------------------------------------------------------------------


def _flattening(facts: Sequence[str], absent: Mapping[str, Any], extra: Mapping[str, str]) -> Match:
    """Give the host's function that flattens an event and puts something in place of what is missing."""
    opening, read = _loading(facts)
    items = []
    for name, code in read.items():
        default = absent.get(name)
        items.append(f"{name!r}: {code if default is None else f'd_{name} if (v := {code}) is None else v'}")
    items += [f"{name!r}: {code}" for name, code in extra.items()]
    scope = {"none": {}, **{f"d_{name}": default for name, default in absent.items()}}
    return _function([*opening, f"return {{{', '.join(items)}}}"], scope)


def evalidate(rules: Sequence[Rule], facts: Facts) -> Match:
    """One checked and compiled expression per rule, evaluated as its documentation does for speed."""
    from evalidate import Expr, base_eval_model

    dialect = _Python()
    sources = [dialect.rule(rule) for rule in rules]
    scope = dialect.scope()
    model = base_eval_model.clone()
    model.nodes += ["Call", "Tuple"]
    model.allowed_functions += list(scope)
    codes = [(number, Expr(source, model=model).code) for number, source in enumerate(sources)]
    flatten = _flattening(used(rules), {}, {})

    def match(event: dict[str, Any]) -> list[int]:
        context = flatten(event)
        return [number for number, code in codes if eval(code, scope, context)]

    return match


# -- Common Expression Language, Google's C++ --------------------------------------------------


class _Cel(Dialect):
    """CEL; a missing fact makes an error, which ``&&`` and ``||`` absorb, so nothing needs a guard."""

    and_, or_, not_ = " && ", " || ", "!"

    def guard(self, literal: Literal, name: str) -> str:
        return ""

    def test(self, test: Test, name: str) -> str:
        match test:
            case Compare(op=op, value=bool() as value):
                return name if value is (op == "==") else f"!{name}"
            case Compare(op=op, value=value):
                return f"{name} {op} {json.dumps(value)}"
            case OneOf(values=values):
                return f"{name} in {json.dumps(values)}"
            case Words(terms=terms):
                return "(" + " || ".join(f"{name}.contains({json.dumps(term)})" for term in terms) + ")"
            case Pattern(source=source):
                return f"{name}.matches({json.dumps(source)})"


def cel_text(rule: Rule) -> str:
    """Write a rule as platgov reads it: CEL as it stands, ``containsAny`` for a list of terms."""
    return _Ours().write_plain(rule)


class _Ours(_Cel):
    def write_plain(self, rule: Rule) -> str:
        if isinstance(rule, Not):
            return f"!({self.write_plain(rule.part)})"
        if isinstance(rule, All | Either):
            return "(" + (" && " if isinstance(rule, All) else " || ").join(map(self.write_plain, rule.parts)) + ")"
        return self.test(rule, rule.fact)

    def test(self, test: Test, name: str) -> str:
        if isinstance(test, Words):
            return f"{name}.containsAny({json.dumps(test.terms)})"
        return super().test(test, name)


class _CelPacked(_Cel):
    """CEL for lists, where one error would spoil the answers of all rules in the list.

    The host gives NaN for a missing number (false in every comparison but ``!=``), an empty
    text for a missing text, and two flags for each yes/no fact.
    """

    def guard(self, literal: Literal, name: str) -> str:
        test = literal.test
        if isinstance(test, Compare) and test.op == "!=" and type(test.value) is not bool:
            return f'{name} != ""' if type(test.value) is str else f"{name} == {name}"
        return f'{name} != ""' if literal.negated else ""

    def test(self, test: Test, name: str) -> str:
        if isinstance(test, Compare) and type(test.value) is bool:
            return name if test.value is (test.op == "==") else f"{name}__not"
        if isinstance(test, Compare) and type(test.value) is not str:
            return f"{name} {test.op} {float(test.value)!r}"
        return super().test(test, name)


def _cel_types(names: Sequence[str], facts: Facts, *, numbers: str | None = None) -> dict[str, Any]:
    from cel_expr_python import cel

    of_kind = {"int": "INT", "float": "DOUBLE", "bool": "BOOL", "text": "STRING", "enum": "STRING"}
    if numbers is not None:
        of_kind |= {"int": numbers, "float": numbers}
    kind_of = kinds(facts)
    return {flat(name): getattr(cel.Type, of_kind[kind_of[name]]) for name in names}


def cel(rules: Sequence[Rule], facts: Facts) -> Match:
    """One expression per rule; a rule whose answer is an error does not hold."""
    from cel_expr_python import cel as google

    names = used(rules)
    env = google.NewEnv(variables=_cel_types(names, facts))
    dialect = _Cel()
    programs = [(number, env.compile(dialect.rule(rule)).eval) for number, rule in enumerate(rules)]
    flatten, activation = _flattening(names, {}, {}), env.Activation

    def match(event: dict[str, Any]) -> list[int]:
        given = activation({name: value for name, value in flatten(event).items() if value is not None})
        return [number for number, run in programs if run(given).value() is True]

    return match


def cel_packed(rules: Sequence[Rule], facts: Facts) -> Match:
    """Fifty rules in one list expression: no documented practice, but several times faster."""
    from cel_expr_python import cel as google

    names, kind_of = used(rules), kinds(facts)
    types = _cel_types(names, facts, numbers="DOUBLE")
    absent = {"int": float("nan"), "float": float("nan"), "text": "", "enum": "", "bool": False}
    flags = [name for name in names if kind_of[name] == "bool"]
    env = google.NewEnv(variables=types | {f"{flat(name)}__not": google.Type.BOOL for name in flags})
    dialect = _CelPacked()
    texts = [dialect.rule(rule) for rule in rules]
    programs = [
        (start, env.compile(f"[{', '.join(texts[start : start + _PACKED])}]").eval)
        for start in range(0, len(texts), _PACKED)
    ]
    _, read = _loading(names)
    flatten = _flattening(
        names,
        {flat(name): absent[kind_of[name]] for name in names},
        {f"{flat(name)}__not": f"{read[flat(name)]} is False" for name in flags},
    )
    activation = env.Activation

    def match(event: dict[str, Any]) -> list[int]:
        given, found = activation(flatten(event)), []
        for start, run in programs:
            found += [number for number, holds in enumerate(run(given).plain_value(), start) if holds]
        return found

    return match


# -- zen ---------------------------------------------------------------------------------------


class _Zen(Dialect):
    """The expression language of zen: tests of what is missing raise, ``and`` stops early."""

    def guard(self, literal: Literal, name: str) -> str:
        test = literal.test
        passes_none = literal.negated or isinstance(test, Words | Pattern)
        if isinstance(test, Compare):
            passes_none = test.op != "==" and type(test.value) is not bool
        return f"{name} != null" if passes_none else ""

    def test(self, test: Test, name: str) -> str:
        match test:
            case Compare(op=op, value=bool() as value):
                return f"{name} == {'true' if value is (op == '==') else 'false'}"
            case Compare(op=op, value=value):
                return f"{name} {op} {json.dumps(value)}"
            case OneOf(values=values):
                return f"{name} in {json.dumps(values)}"
            case Words(terms=terms):
                return "(" + " or ".join(f"contains({name}, {json.dumps(term)})" for term in terms) + ")"
            case Pattern(source=source):
                ascii_only = source.replace(r"\b", r"(?-u:\b)")
                return f"matches({name}, '{ascii_only}')"


def zen_table(rules: Sequence[Rule], facts: Facts) -> Match:
    """A decision table that collects every hit, one row per rule: its idiom."""
    import zen

    dialect = _Zen()
    table = {
        "hitPolicy": "collect",
        "passThrough": False,
        "inputs": [{"id": "when", "name": "when", "type": "expression"}],
        "outputs": [{"id": "rule", "field": "rule", "name": "rule", "type": "expression"}],
        "rules": [
            {"_id": str(number), "when": dialect.rule(rule), "rule": str(number)} for number, rule in enumerate(rules)
        ],
        "inputField": None,
        "outputPath": None,
        "executionMode": "single",
    }
    place = {"x": 0, "y": 0}
    graph = {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in", "position": place},
            {"id": "table", "type": "decisionTableNode", "name": "table", "position": place, "content": table},
            {"id": "out", "type": "outputNode", "name": "out", "position": place},
        ],
        "edges": [
            {"id": "1", "sourceId": "in", "type": "edge", "targetId": "table"},
            {"id": "2", "sourceId": "table", "type": "edge", "targetId": "out"},
        ],
    }
    decide = zen.ZenEngine().create_decision(json.dumps(graph)).evaluate
    flatten = _flattening(used(rules), {}, {})

    def match(event: dict[str, Any]) -> list[int]:
        return [row["rule"] for row in decide(flatten(event))["result"]]

    return match


def zen_packed(rules: Sequence[Rule], facts: Facts) -> Match:
    """Fifty rules in one list expression."""
    import zen

    dialect = _Zen()
    texts = [dialect.rule(rule) for rule in rules]
    programs = [
        (start, zen.compile_expression(f"[{', '.join(texts[start : start + _PACKED])}]").evaluate)
        for start in range(0, len(texts), _PACKED)
    ]
    flatten = _flattening(used(rules), {}, {})

    def match(event: dict[str, Any]) -> list[int]:
        context, found = flatten(event), []
        for start, run in programs:
            found += [number for number, holds in enumerate(run(context), start) if holds]
        return found

    return match


PEERS: Final[dict[str, tuple[str, Callable[[Sequence[Rule], Facts], Match]]]] = {
    "evalidate": ("evalidate", evalidate),
    "CEL C++": ("cel_expr_python", cel),
    "CEL C++ packed": ("cel_expr_python", cel_packed),
    "zen table": ("zen", zen_table),
    "zen packed": ("zen", zen_packed),
}
"""The module each peer needs, and how to build it."""
