"""Hypothesis strategies for the values that hosts give to platgov.

A strategy of a class draws each field by its type and name (``*_at`` is an instant, ``*_days`` a
number of days) and keeps what the class accepts. `value` gives that for any class; the
functions before it know more about what goes together.
"""

from __future__ import annotations

import collections.abc
import datetime as dt
import enum
import fractions
import functools
import importlib
import types
import typing
from typing import TYPE_CHECKING, Any, Final, Literal, Union, get_args, get_origin

import attrs
from hypothesis import assume
from hypothesis import strategies as st

from platgov._conditions.tree import Binary, Call, ListOf, Name, Select, Unary, combine
from platgov._conditions.tree import Literal as Written
from platgov._facts.schema import FactType, Field, Role, Schema
from platgov._testing.constants import Constants
from platgov._testing.domains import Domains, leaves
from platgov._testing.generating import events
from platgov.conditions import Condition, Duration, Timestamp, UInt
from platgov.errors import InputError
from platgov.measures import SHIPPED, Measure
from platgov.rules import ConditionRule, Decision, Rule, RuleSet

if TYPE_CHECKING:
    from platgov._conditions.tree import Node
    from platgov._facts.schema import Kind

__all__ = [
    "COVERED",
    "conditions",
    "decisions",
    "fields",
    "instants",
    "measures",
    "rule_sets",
    "rules",
    "schemas",
    "value",
]

_YEAR: Final = 31_557_600
_NOW: Final = 1_770_000_000
_WORDS: Final = ("a", "b", "c1", "spam.links", "u1", "post", "north")
_ZONES: Final = ("UTC", "Asia/Shanghai", "America/New_York")

COVERED: Final[dict[str, tuple[str, ...]]] = {
    "facts": ("FactType", "Field", "Schema"),
    "conditions": ("Condition", "Duration", "Timestamp", "UInt"),
    "measures": (
        "Demonetise", "Label", "LimitVisibility", "Measure", "Procedure", "Remove", "SuspendAccount",
        "SuspendFeature", "Terminate", "Warn",
    ),
    "rules": ("ConditionRule", "Decision", "Finding", "Grant", "Rule", "RuleSet"),
    "accounts": (
        "Account", "AccountKind", "Activity", "Attestation", "CheckResult", "Clearing", "Credential",
        "CreditHistory", "Escalation", "Event", "Drain", "Fade", "Group", "Responsible", "RecoveryTask",
    ),
    "minors": ("DobEvidence", "Feature", "Minor", "Move", "Quota", "Request", "Usage", "Window"),
    "enforcement": ("Actor", "AppealPolicy", "LegalGround", "Step", "Strike"),
    "names": ("NamePolicy", "Protected", "ProtectedNames"),
    "schedules": ("Window",),
}  # fmt: skip
"""By public module, the classes for which ``hypothesis.strategies.from_type`` works once the module is imported."""


def instants() -> st.SearchStrategy[int]:
    """Give UTC epoch seconds, mostly within some years of today."""
    return st.one_of(st.integers(_NOW - 3 * _YEAR, _NOW + 3 * _YEAR), st.integers(0, 4_000_000_000))


def measures(*kinds: type[Measure]) -> st.SearchStrategy[Measure]:
    """Give measures of some classes; without any, of all that come with platgov."""
    return st.one_of([value(kind) for kind in kinds or SHIPPED])


# -- facts and conditions ----------------------------------------------------------------------


@st.composite
def fields(draw: st.DrawFn, name: str | None = None, depth: int = 1) -> Field:
    """Give one declared fact."""
    kind = draw(_fact_types(depth))
    given: dict[str, Any] = {"role": draw(st.sampled_from(Role))}
    if kind.kind in ("int", "float") and draw(st.booleans()):
        given["ge"] = draw(st.integers(-5, 5))
        given["le"] = given["ge"] + draw(st.integers(0, 100))
    if kind.kind in ("int", "bool") and draw(st.booleans()):
        given["trend"] = draw(st.sampled_from(("aggravating", "mitigating")))
    if given["role"] is Role.OPAQUE:
        given["source"] = "model@1"
    return Field(name=name or draw(_names), type=kind, optional=draw(st.booleans()), **given)


_names: Final = st.text("abcdefgh", min_size=1, max_size=4).map(lambda text: f"{text}_")


@st.composite
def _fact_types(draw: st.DrawFn, depth: int = 1) -> FactType:
    plain: tuple[Kind, ...] = ("int", "float", "bool", "text", "enum", "timestamp", "duration")
    more: tuple[Kind, ...] = (*plain, "list", "struct")
    kind: Kind = draw(st.sampled_from(more if depth else plain))
    if kind == "list":
        return FactType(kind="list", item=draw(_fact_types(0)), distinct=draw(st.booleans()))
    if kind == "struct":
        return FactType(kind="struct", fields=draw(schemas(depth - 1)).fields)
    values = tuple(sorted(draw(st.sets(st.sampled_from(_WORDS), min_size=1)))) if kind == "enum" else ()
    return FactType(kind=kind, values=values)


def schemas(depth: int = 1) -> st.SearchStrategy[Schema]:
    """Give declared facts: one to six of them, structs nested as deep as ``depth``."""
    drawn = st.lists(fields(depth=depth), min_size=1, max_size=6, unique_by=lambda field: field.name)
    return drawn.map(lambda found: Schema(fields=tuple(found)))


@st.composite
def conditions(draw: st.DrawFn, schema: Schema | None = None, *, guarded: bool = False, tests: int = 4) -> Condition:
    """Give a condition that fits some facts.

    Args:
        draw: Given by Hypothesis.
        schema: The facts; None draws some, too.
        guarded: Whether it may read identity and protected facts.
        tests: Most tests in it.
    """
    facts = draw(schemas()) if schema is None else schema
    usable = [
        (path, field)
        for path, field in leaves(facts)
        if guarded or not ({role for _, role in facts.roles(path)} & {Role.IDENTITY, Role.PROTECTED})
    ]
    assume(usable)
    parts = [_test(draw, *draw(st.sampled_from(usable)), facts) for _ in range(draw(st.integers(1, tests)))]
    while len(parts) > 1:
        one, other = parts.pop(), parts.pop()
        parts.append(combine(draw(st.sampled_from(("&&", "||"))), one, other))
    condition = Condition(parts[0])
    condition.check(facts)
    return condition


def _test(draw: st.DrawFn, path: tuple[str, ...], field: Field, schema: Schema) -> Node:
    name: Node = Name(path[0])
    for step in path[1:]:
        name = Select(name, step)
    edges = Domains(schema, Constants()).edges(path)
    test: Node
    match field.type.kind:
        case "int":
            constant = draw(st.one_of(st.sampled_from(edges), st.integers(-10, 100)))
            test = Binary(draw(_comparisons), name, Written(constant))
        case "float":
            constant = draw(st.one_of(st.sampled_from(edges), st.integers(-10, 100).map(lambda whole: whole / 4)))
            test = Binary(draw(st.sampled_from(("<", "<=", ">", ">="))), name, Written(float(constant)))
        case "bool":
            test = name
        case "enum":
            chosen = draw(st.lists(st.sampled_from(field.type.values), min_size=1, unique=True))
            test = Binary("in", name, ListOf(tuple(Written(item) for item in chosen)))
        case "text":
            function = draw(st.sampled_from(("contains", "startsWith", "endsWith")))
            test = Call(function, name, (Written(draw(st.sampled_from(("buy", "http", "x y")))),))
        case "timestamp":
            moment = Call("timestamp", None, (Written("2026-02-02T02:40:00Z"),))
            test = Binary(draw(st.sampled_from(("<", ">="))), name, moment)
        case "duration":
            test = Binary(draw(st.sampled_from(("<", ">="))), name, Call("duration", None, (Written("90s"),)))
        case _:
            test = Binary(draw(_comparisons), Call("size", None, (name,)), Written(draw(st.integers(0, 3))))
    return Unary("!", test) if draw(st.integers(0, 3)) == 0 else test


_comparisons: Final = st.sampled_from(("<", "<=", ">", ">=", "==", "!="))


# -- rules -------------------------------------------------------------------------------------


def rules(schema: Schema | None = None, *, rule_id: str | None = None) -> st.SearchStrategy[ConditionRule]:
    """Give rules with a condition that fits some facts."""
    ids = st.sampled_from(_WORDS) if rule_id is None else st.just(rule_id)
    return st.builds(
        ConditionRule,
        id=ids,
        version=st.integers(1, 9),
        when=conditions(schema),
        measures=st.lists(measures(), max_size=2),
        clause=st.sampled_from(("", "4.2")),
    )


@st.composite
def rule_sets(draw: st.DrawFn, schema: Schema | None = None, *, most: int = 6) -> RuleSet:
    """Give rule sets over some facts, exceptions among the rules included."""
    facts = draw(schemas()) if schema is None else schema
    drawn = [draw(rules(facts, rule_id=f"r{number}")) for number in range(draw(st.integers(1, most)))]
    defeats = {}
    if len(drawn) > 1 and draw(st.booleans()):
        defeats = {"r0": [draw(st.sampled_from([rule.id for rule in drawn[1:]]))]}
    return RuleSet(id="drawn", version="1", facts=facts, rules=drawn, defeats=defeats)


@st.composite
def decisions(draw: st.DrawFn, rule_set: RuleSet | None = None) -> Decision:
    """Give decisions, made by a rule set on an event."""
    chosen = draw(rule_sets()) if rule_set is None else rule_set
    return chosen.decide(draw(events(chosen, witnesses=False)), at=draw(instants()))


# -- any class ---------------------------------------------------------------------------------


def value(cls: type) -> st.SearchStrategy[Any]:
    """Give values of a class of platgov, each field drawn by its type and name."""
    special = _special()
    return special[cls]() if cls in special else _value(cls)


@st.composite
def _value(draw: st.DrawFn, cls: Any) -> Any:
    hints = _hints(cls)
    given = {}
    for field in attrs.fields(cls):
        if not field.init or field.name.startswith("_") or (field.default is not attrs.NOTHING and draw(st.booleans())):
            continue
        if not getattr(cls, "has_length", True) and field.name in ("days", "hours"):
            continue
        given[field.alias or field.name] = draw(_by_type(hints[field.name], field.name))
    try:
        return cls(**given)
    except (InputError, ValueError):
        assume(False)  # noqa: FBT003 - these values do not go together
        raise


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _special() -> dict[type, Any]:
    return {
        Field: fields,
        FactType: _fact_types,
        Schema: schemas,
        Condition: conditions,
        ConditionRule: rules,
        Rule: rules,
        RuleSet: rule_sets,
        Decision: decisions,
        Measure: measures,
        Timestamp: lambda: instants().map(lambda second: Timestamp(second * 10**9)),
        Duration: lambda: st.integers(0, 10**6).map(lambda second: Duration(second * 10**9)),
        UInt: lambda: st.integers(0, 2**64 - 1).map(UInt),
    }


def _by_type(hint: Any, name: str) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return st.one_of([_by_type(part, name) for part in arguments])
    if hint is types.NoneType:
        return st.none()
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (tuple, frozenset):
        if origin is tuple and arguments[1:] != (...,):
            return st.tuples(*(_by_type(part, name) for part in arguments))
        items = st.lists(_by_type(arguments[0], name), max_size=3)
        return items.map(tuple if origin is tuple else frozenset)
    if origin is collections.abc.Mapping:
        return st.dictionaries(_by_type(arguments[0], name), _by_type(arguments[1], name), max_size=3)
    if isinstance(hint, type):
        return _by_class(hint, name)
    return st.none()


def _by_class(hint: type, name: str) -> st.SearchStrategy[Any]:
    if issubclass(hint, enum.Enum):
        return st.sampled_from(hint)
    if hint is bool:
        return st.booleans()
    if hint is int:
        return _whole(name)
    if hint is str:
        return st.sampled_from(_ZONES) if name.endswith("tz") else st.sampled_from(_WORDS)
    if hint is dt.date:
        return st.dates(dt.date(1990, 1, 1), dt.date(2026, 12, 31))
    if hint is fractions.Fraction:
        return st.fractions(0, 1, max_denominator=100)
    return value(hint) if attrs.has(hint) or hint in _special() else st.none()


def _whole(name: str) -> st.SearchStrategy[int]:
    if name == "at" or name.endswith("_at"):
        return instants()
    if name.endswith("_s") or name == "seconds":
        return st.integers(0, 86_400)
    if name in ("start", "end"):
        return st.integers(0, 1_440)
    return st.integers(1, 12) if name in ("version", "months", "factors") else st.integers(0, 100)


def classes() -> dict[str, type]:
    """Give every class of `COVERED` by its full name; imports the modules that they are in."""
    return {
        f"platgov.{module}.{name}": getattr(importlib.import_module(f"platgov.{module}"), name)
        for module, names in COVERED.items()
        for name in names
    }
