"""A community rule: what hosts extend, what they write as a condition, and what it finds."""

from __future__ import annotations

import abc
import inspect
import json
import re
import typing
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

import attrs

from platgov import codec
from platgov._conditions.condition import Condition, parse
from platgov._time import to_epoch, to_iso
from platgov.errors import ConditionError, InputError, Problem, RuleSetError
from platgov.measures import Measure

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["ConditionRule", "Finding", "Grant", "Rule"]

Facts = TypeVar("Facts")
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")


_FIELDS: Final = ("id", "version", "clause", "category", "measures", "says", "why", "withhold")


def refuse(message: str, *, rule: str | None = None, code: str = "rule", path: str = "$") -> RuleSetError:
    """Build the error for one problem of a rule or rule set."""
    return RuleSetError("rule set", (Problem(message, path, code, rule=rule),))


def measures_of(measures: Any) -> tuple[Measure, ...]:
    """Keep measures as a sorted tuple: their order carries no meaning."""
    if not isinstance(measures, Iterable) or isinstance(measures, str):
        raise refuse(f"{measures!r} is no list of measures; give values such as [Remove(), LimitVisibility(days=3)]")
    kept = tuple(measures)
    for measure in kept:
        if not isinstance(measure, Measure):
            raise refuse(f"{measure!r} is no measure; give values such as Remove() or LimitVisibility(days=3)")
    return tuple(sorted(set(kept), key=_place))


def _place(measure: Measure) -> tuple[str, str, tuple[int, float], str]:
    # Total: measures that differ at all must not stand in the order in which a set happens to give them.
    written = json.dumps(measure.to_dict(), sort_keys=True, default=repr)
    return (measure.kind.value, measure.target, measure.severity, written)


def names_of(names: Any) -> frozenset[str]:
    """Keep names as a set; a lone text would silently become a set of letters."""
    if isinstance(names, str):
        raise refuse(f"{names!r} is one text; give a list of names")
    kept = tuple(names) if isinstance(names, Iterable) else (names,)
    if not all(type(name) is str for name in kept):
        raise refuse(f"{names!r} is no list of names; give texts")
    return frozenset(kept)


def _class_default(name: str, fallback: Any) -> Any:
    """Let a subclass set a field for all its rules by a plain class attribute."""
    return attrs.Factory(lambda self: type(self)._class_values.get(name, fallback), takes_self=True)  # noqa: SLF001


@attrs.frozen(kw_only=True)
class Finding:
    """That a rule applies, and what it saw.

    A host rule fills in ``evidence``; the rule set adds the rest.

    Attributes:
        evidence: What was seen, in the rule's own words.
        rule_id: The rule.
        version: Its version.
        clause: Where it stands in the published rules.
        category: Its category, for reports.
        measures: What it provides for, before joining with other rules.
    """

    evidence: tuple[str, ...] = ()
    rule_id: str = ""
    version: int = 0
    clause: str = ""
    category: str = ""
    measures: tuple[Measure, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "rule": self.rule_id,
            "version": self.version,
            "clause": self.clause,
            "category": self.category,
            "evidence": list(self.evidence),
            "measures": [measure.to_dict() for measure in self.measures],
        }


# No slots: subclasses may set `version` or `clause` as class attributes, which a slot would forbid.
@attrs.frozen(kw_only=True, slots=False)
class Rule(abc.ABC, Generic[Facts]):
    """One community rule. Subclass it, decorate with ``@attrs.frozen(kw_only=True)``, write `match`.

    >>> @attrs.frozen(kw_only=True)
    ... class LinkLimit(Rule[Any]):
    ...     kind = "link_limit"
    ...     reads = frozenset({"links"})
    ...     limit: int
    ...
    ...     def match(self, post):
    ...         return Finding(evidence=(f"{post.links} links",)) if post.links > self.limit else None
    >>> LinkLimit(limit=3).id
    'link_limit'

    Equal fields must mean equal behaviour: whoever changes `match` raises ``version``.

    Attributes:
        kind: What kind of rule it is; a literal that is stored, never a class name.
        reads: Facts that `match` may read, as dotted names. Reading others makes the rule
            undecided. A nested fact is read whole (``author``) or in part (``author.age_days``).
        id: Identity inside the rule set; the kind if there is one rule of it.
        version: Raised whenever the outcome for equal facts may change.
        clause: Where the rule stands in the published rules.
        category: For reports, such as ``scams_and_fraud``.
        measures: What it provides for.
        says: The rule in one sentence, for the people it applies to.
        why: The reason for the rule, for the same people.
        withhold: Facts whose values and limits are not told, lest they teach evasion.
    """

    kind: ClassVar[str]
    reads: ClassVar[Any] = frozenset()
    _class_values: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Keep fields that a class sets as plain attributes: attrs drops them from a slotted class."""
        super().__init_subclass__(**arguments)
        if "_class_values" not in cls.__dict__:  # attrs builds a second class from the first one's dict
            own = {name: cls.__dict__[name] for name in _FIELDS if name in cls.__dict__}
            cls._class_values = {**cls._class_values, **own}

    id: str = attrs.field(default=_class_default("id", None))
    version: int = attrs.field(default=_class_default("version", 1))
    clause: str = attrs.field(default=_class_default("clause", ""))
    category: str = attrs.field(default=_class_default("category", ""))
    measures: tuple[Measure, ...] = attrs.field(default=_class_default("measures", ()), converter=measures_of)
    says: str = attrs.field(default=_class_default("says", ""))
    why: str = attrs.field(default=_class_default("why", ""))
    withhold: frozenset[str] = attrs.field(default=_class_default("withhold", frozenset()), converter=names_of)

    def __attrs_post_init__(self) -> None:
        kind = getattr(type(self), "kind", None)
        if type(kind) is not str or not kind:
            raise refuse(f"{type(self).__name__} has no kind; give the class a literal: kind = 'link_limit'")
        if self.id is None:
            object.__setattr__(self, "id", kind)
        problems = tuple(self._problems())
        if problems:
            raise RuleSetError("rule set", problems)

    def _problems(self) -> Iterator[Problem]:
        named = type(self.id) is str and _ID.match(self.id) is not None
        rule = self.id if named else None
        if not named:
            yield Problem(f"{self.id!r} is no rule id; use up to 100 letters, digits, '.', '_' and '-'", "$.id", "rule")
        if type(self.version) is not int or self.version < 1:
            yield Problem(f"version is {self.version!r}; count from 1", "$.version", "rule", rule=rule)
        for name in ("clause", "category", "says", "why"):
            value = getattr(self, name)
            if type(value) is not str:
                yield Problem(f"{name} is {value!r}; give text", f"$.{name}", "rule", rule=rule)
        dropped = sorted(_dropped(type(self)))
        if dropped:
            # Such a field would be the same for all rules of the class, and no part of the digest.
            fix = "put @attrs.frozen(kw_only=True) on the class"
            message = f"{type(self).__name__} declares {', '.join(dropped)}, which is no field of it; {fix}"
            yield Problem(message, "$", "undecorated", rule=rule)

    @abc.abstractmethod
    def match(self, facts: Facts) -> Finding | None:
        """Say whether the rule applies; None if it does not.

        Pure: reads nothing but ``facts``, changes nothing. What it raises is recorded, and
        leaves the rule undecided.
        """

    def to_dict(self) -> dict[str, Any]:
        """Write every field as plain values; the digest of a rule set is taken of this."""
        data: dict[str, Any] = {"kind": self.kind, "reads": sorted(self.reads)}
        hints = self._hints()
        for field in attrs.fields(type(self)):
            value = getattr(self, field.name)
            if field.name == "measures":
                data["measures"] = [measure.to_dict() for measure in value]
            elif field.name == "withhold":
                data["withhold"] = sorted(value)
            else:
                data[field.name] = codec.write(value, hints[field.name])
        return data

    def _hints(self) -> dict[str, Any]:
        try:
            return typing.get_type_hints(type(self))
        except NameError as error:
            name = type(self).__name__
            message = f"the annotations of {name} name {error.name!r}, which its module does not have; move it there"
            raise refuse(message, rule=self.id) from None


def _dropped(cls: type) -> Iterator[str]:
    """Give the fields that classes below `Rule` declare without attrs having seen them."""
    for part in cls.__mro__[: cls.__mro__.index(Rule)]:
        if "__attrs_attrs__" not in part.__dict__:
            for name, hint in inspect.get_annotations(part).items():
                if name not in _FIELDS and "ClassVar" not in str(hint):
                    yield name


def condition_of(value: Any) -> Condition:
    """Read the condition of a rule from text, a term or a condition."""
    if isinstance(value, Condition):
        return value
    if isinstance(value, str):
        if not value.strip():
            problem = Problem("is empty: a rule without a condition would apply to everything", "$.when", "empty")
            raise ConditionError("condition", (problem,))
        return parse(value)
    node = getattr(value, "node", None)
    if node is None:
        problem = Problem(f"{value!r} is no condition; give CEL text or an expression over F", "$.when", "type")
        raise ConditionError("condition", (problem,))
    return Condition(node)


@attrs.frozen(kw_only=True, slots=False)
class ConditionRule(Rule[Any]):
    """A rule whose test is a condition.

    Attributes:
        when: The condition: CEL text, or built from `platgov.conditions.F`.
    """

    kind = "condition"
    when: Condition = attrs.field(converter=condition_of)

    @property
    def reads(self) -> frozenset[str]:
        """The facts that the condition reads."""
        return self.when.reads

    def match(self, facts: Any) -> Finding | None:
        """Say whether the condition holds for a mapping or an instance of a facts class."""
        return Finding() if self.when.evaluate(facts) is True else None

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values; the condition as its JSON tree."""
        data = {
            field.name: getattr(self, field.name)
            for field in attrs.fields(type(self))
            if field.name not in ("when", "measures", "withhold")
        }
        return {
            "kind": self.kind,
            **data,
            "when": self.when.to_json(),
            "measures": [measure.to_dict() for measure in self.measures],
            "withhold": sorted(self.withhold),
        }


def _instant(value: int | dt.datetime) -> int:
    return to_epoch(value)


@attrs.frozen(kw_only=True)
class Grant:
    """Leave for a rule set to read an identity or protected fact. Published with the rules.

    Attributes:
        fact: The fact, as a dotted name.
        reason: Why it is needed.
        approved_by: Who answers for it.
        expires_at: When it ends, in UTC epoch seconds (any aware datetime is accepted). From
            then on the rules that need it are held for people.
    """

    fact: str
    reason: str
    approved_by: str
    expires_at: int = attrs.field(converter=_instant)

    def __attrs_post_init__(self) -> None:
        given = {name: getattr(self, name) for name in ("fact", "reason", "approved_by")}
        problems = tuple(
            Problem(f"a grant's {name} is {value!r}; a grant names its fact, reason and approver", f"$.{name}", "grant")
            for name, value in given.items()
            if type(value) is not str or not value.strip()
        )
        if problems:
            raise RuleSetError("grant", problems)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "fact": self.fact,
            "reason": self.reason,
            "approved_by": self.approved_by,
            "expires_at": to_iso(self.expires_at),
        }


def relabelled(error: InputError, rule: str, path: str) -> tuple[Problem, ...]:
    """Give the problems of an error as problems of a rule."""
    return tuple(problem._replace(rule=rule, path=path) for problem in error.problems)
