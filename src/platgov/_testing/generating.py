"""Hypothesis strategies for events: complete ones, near the limits of rules, and in pairs."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from platgov._conditions.instants import duration_text, timestamp_text
from platgov._conditions.values import Duration, Timestamp
from platgov._facts.schema import Role, Schema
from platgov._rules.ruleset import RuleSet
from platgov._testing.constants import Constants, constants_of
from platgov._testing.domains import Domains, leaves, with_value
from platgov._testing.outcomes import refusal
from platgov._testing.sampling import overlaid
from platgov.consistency import witness_suite
from platgov.facts import read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from platgov._facts.schema import FactType, Field
    from platgov._testing.constants import Path

__all__ = ["event_pairs", "events", "instances"]

_BUDGET: Final = 20_000
_WHOLE: Final = (-(2**63), 2**63 - 1)
_SECONDS: Final = (-62_135_596_800, 253_402_300_799)
_SPAN: Final = 2**63 // 10**9 - 1
_NEAR: Final = ("mixed", "thresholds", "plain")


def events(
    source: Any, *, near: str = "mixed", complete: bool = False, witnesses: bool = True
) -> st.SearchStrategy[dict[str, Any]]:
    """Give events of a schema as dicts of plain values; every fact that is given can be used.

    Args:
        source: A facts class, a schema, or a rule set, near whose limits values then lie.
        near: ``thresholds`` keeps to values beside those that rules compare with, ``plain``
            takes no notice of them, ``mixed`` does both: where several tests have to hold at
            once, values at the limits alone meet too few of them.
        complete: Whether optional facts are always given.
        witnesses: Whether to start some events from the witness suite of a rule set.
    """
    schema, constants, starts = _read(source)
    if near not in _NEAR:
        raise refusal(f"near is {near!r}; accepted are {', '.join(_NEAR)}", "$.near")
    domains = Domains(schema, constants)
    drawn = _struct(domains, schema.fields, (), near, complete=complete)
    if not starts or not witnesses or near == "plain":
        return drawn
    reads = frozenset(tuple(name.split(".")) for name in source.reads)
    begun = st.builds(lambda event, start: overlaid(event, start, reads), drawn, st.sampled_from(starts))
    return st.one_of(drawn, begun)


def event_pairs(
    source: Any, *, differ: Iterable[str] | None = None, near: str = "mixed"
) -> st.SearchStrategy[tuple[dict[str, Any], dict[str, Any]]]:
    """Give pairs of events that agree in everything but some facts.

    Args:
        source: A facts class, a schema, or a rule set.
        differ: Facts that may differ; None takes identity and protected facts and, of a rule
            set, those that no rule reads.
        near: As for `events`.

    Raises:
        InputError: There is no such fact, or none that may differ.
    """
    schema, constants, _ = _read(source)
    every = dict(leaves(schema))
    if differ is None:
        paths = [path for path in every if _may_differ(source, schema, path)]
    else:
        names = [differ] if isinstance(differ, str) else sorted(differ)
        paths = [
            path
            for path in every
            if any(".".join(path) == name or ".".join(path).startswith(f"{name}.") for name in names)
        ]
        known = {".".join(path[:length]) for path in every for length in range(1, len(path) + 1)}
        unknown = [name for name in names if name not in known]
        if unknown:
            raise refusal(f"unknown fact {unknown[0]!r}", "$.differ")
    if not paths:
        raise refusal("no fact may differ; name some: differ=['account_id']", "$.differ")
    domains = Domains(schema, constants)
    values = st.tuples(*(_leaf(domains, path, every[path], near) for path in paths))

    def pair(event: dict[str, Any], other: tuple[Any, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
        second = event
        for path, value in zip(paths, other, strict=True):
            second = with_value(second, path, value)
        return event, second

    return st.builds(pair, events(source, near=near), values)


def instances(cls: type, *, near: str = "mixed", rules: RuleSet | None = None) -> st.SearchStrategy[Any]:
    """Give instances of a facts class, as code that builds them would.

    Args:
        cls: A class decorated with `platgov.facts.facts`.
        near: As for `events`.
        rules: A rule set over the class, near whose limits values then lie.
    """
    Schema.from_class(cls)
    return events(cls if rules is None else rules, near=near, witnesses=False).map(functools.partial(read, cls))


def _read(source: Any) -> tuple[Schema, Constants, list[dict[str, Any]]]:
    if isinstance(source, RuleSet):
        return source.schema, constants_of(source), _starts(source)
    schema = source if isinstance(source, Schema) else Schema.from_class(source)
    return schema, Constants(), []


@functools.lru_cache(maxsize=32)
def _starts(rule_set: RuleSet) -> list[dict[str, Any]]:
    return [case.example.event for case in witness_suite(rule_set, _BUDGET)]


def _may_differ(source: Any, schema: Schema, path: Path) -> bool:
    name = ".".join(path)
    roles = {role for fact, role in schema.roles(path) if name == fact or name.startswith(f"{fact}.")}
    if roles & {Role.IDENTITY, Role.PROTECTED}:
        return not (isinstance(source, RuleSet) and any(_meets(name, grant.fact) for grant in source.grants))
    return isinstance(source, RuleSet) and not any(_meets(name, read) for read in source.reads)


def _meets(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


# -- values ------------------------------------------------------------------------------------


def _struct(
    domains: Domains, fields: tuple[Field, ...], path: Path, near: str, *, complete: bool
) -> st.SearchStrategy[dict[str, Any]]:
    given: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for field in fields:
        below = (*path, field.name)
        if field.type.kind == "struct":
            value = _struct(domains, field.type.fields, below, near, complete=complete)
        else:
            value = _leaf(domains, below, field, near)
        (optional if field.optional and not complete else given)[field.name] = value
    return st.fixed_dictionaries(given, optional=optional)


def _leaf(domains: Domains, path: Path, field: Field, near: str) -> st.SearchStrategy[Any]:
    edges = domains.edges(path) if near != "plain" else ()
    plain = _plain(field.type, field)
    if not edges:
        return plain
    at_edges = st.sampled_from(edges).map(lambda value: list(value) if type(value) is list else value)
    return at_edges if near == "thresholds" else st.one_of(at_edges, plain)


def _plain(kind: FactType, field: Field | None) -> st.SearchStrategy[Any]:
    low = None if field is None else field.ge
    high = None if field is None else field.le
    match kind.kind:
        case "bool":
            return st.booleans()
        case "enum":
            return st.sampled_from(kind.values)
        case "int":
            return st.integers(
                _WHOLE[0] if low is None else -int(-low // 1), _WHOLE[1] if high is None else int(high // 1)
            )
        case "float":
            return st.floats(
                -1e300 if low is None else float(low), 1e300 if high is None else float(high), allow_nan=False
            )
        case "text":
            return st.text(st.characters(codec="utf-8"), max_size=40)
        case "timestamp":
            return st.integers(*_SECONDS).map(lambda second: timestamp_text(Timestamp(second * 10**9)))
        case "duration":
            return st.integers(-_SPAN, _SPAN).map(lambda second: duration_text(Duration(second * 10**9)))
        case "list" if kind.item is not None:
            items = _plain(kind.item, None)
            return st.lists(items, max_size=5, unique_by=repr if kind.distinct else None)
    return st.fixed_dictionaries({inner.name: _plain(inner.type, inner) for inner in kind.fields})
