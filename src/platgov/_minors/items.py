"""What is known of a piece of content: its ratings, the pools it was put in, what rules found in it.

Rating systems and rule packs are data of the host. Nothing here imports the rules: a pack reads
whatever has the shape of a decision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import attrs

from platgov._canonical import digest, shown
from platgov._limits import DEFAULT
from platgov._minors.checks import checked_name, is_name, items_of, name, names, refuse, text
from platgov._minors.policy import Band, Feature

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "STATES",
    "Decided",
    "Examined",
    "Found",
    "Item",
    "RatingSystem",
    "RulePack",
    "about",
    "age_pools",
    "outside",
]

_ABOUT: Final = "content:"
_OUTSIDE: Final = "outside:"
STATES: Final = ("found", "held", "undetermined")
"""What a rule may say: it applies; it does and waits for review; nobody knows. All three count."""


def about(category: str) -> str:
    """Give the label of content of a category, as limits name it: ``content:gambling``."""
    return _ABOUT + checked_name(category, "about", "category")


def outside(pool: str) -> str:
    """Give the label of content that is not in a pool, as limits name it: ``outside:8-12``."""
    return _OUTSIDE + checked_name(pool, "outside", "pool")


def pool_of(label: str) -> str | None:
    """Give the pool that a label is about; None if it is about none."""
    return label[len(_OUTSIDE) :] if label.startswith(_OUTSIDE) else None


def age_pools(
    edges: Sequence[int], *, citation: str = "", loosenable_by: Iterable[str] = (), access: str = "deny"
) -> tuple[Band, ...]:
    """Make a band for each range of ages, in which only what is in its pool may be shown.

    ``(3, 8, 12)`` gives the pools ``0-3``, ``3-8`` and ``8-12``.

    Args:
        edges: First ages of the next range, rising.
        citation: Where it is written.
        loosenable_by: Roles that may let in more.
        access: ``deny``, or ``ask`` for what a guardian may let in piece by piece.

    Raises:
        InputError: Edges that do not rise, or limits that cannot be meant.
    """
    good = isinstance(edges, list | tuple) and len(edges) <= 32 and all(type(edge) is int for edge in edges)
    if not good or not edges or any(one >= other for one, other in zip((0, *edges), edges, strict=False)):
        raise refuse("age_pools", f"{shown(edges)} are no rising ages; give them from 1", path="$.edges", code="type")
    roles = names(tuple(loosenable_by))
    return tuple(
        Band(
            min_age=low,
            max_age=high,
            features=[
                Feature(
                    id=f"pool.{low}-{high}",
                    name=outside(f"{low}-{high}"),
                    access=access,
                    citation=citation,
                    loosenable_by=roles,
                )
            ],
        )
        for low, high in zip((0, *edges), edges, strict=False)
    )


def _ages(value: Mapping[str, int] | Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    pairs = value.items() if isinstance(value, dict) else value
    found = tuple(tuple(pair) for pair in pairs) if isinstance(value, dict | list | tuple) else ()
    good = all(len(pair) == 2 and is_name(pair[0]) and type(pair[1]) is int and 0 <= pair[1] <= 100 for pair in found)
    if not found or len(found) > DEFAULT.keys or not good or len({pair[0] for pair in found}) < len(found):
        message = f"ages is {shown(value)}; give each label once, with an age from 0 to 100"
        raise refuse("RatingSystem", message, path="$.ages", code="type")
    return tuple(sorted(found))


@attrs.frozen(kw_only=True)
class RatingSystem:
    """What the labels of a rating system mean, as ages.

    Attributes:
        id: Which system.
        ages: First age that each label is for, by label.
        source: Where that was read.
    """

    id: str = attrs.field(validator=name)
    ages: tuple[tuple[str, int], ...] = attrs.field(converter=_ages)
    source: str = attrs.field(default="", validator=text)

    def age(self, label: str) -> int | None:
        """Give the age of a label; None for one that the system does not have."""
        return dict(self.ages).get(label)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {"id": self.id, "ages": dict(self.ages), "source": self.source}


def _state(_: Any, __: attrs.Attribute[Any], value: object) -> None:
    if value not in STATES:
        raise refuse("Found", f"state is {shown(value)}; give {', '.join(STATES)}", path="$.state", code="choice")


@attrs.frozen(kw_only=True)
class Found:
    """What one rule says about a piece of content.

    Attributes:
        category: What it is about.
        rule: The rule.
        state: ``found``, ``held`` or ``undetermined``. What could not be decided counts as found.
    """

    category: str = attrs.field(validator=name)
    rule: str = attrs.field(validator=name)
    state: str = attrs.field(default="found", validator=_state)


def _found(value: Iterable[Found]) -> tuple[Found, ...]:
    kept = items_of(Found, "Examined", "found")(value)
    # Sorted: rules have no order, and equal content has one digest.
    return tuple(sorted(set(kept), key=lambda one: (one.category, one.rule, one.state)))


@attrs.frozen(kw_only=True)
class Examined:
    """That a pack of rules was applied to a piece of content, and what came of it.

    Attributes:
        pack: Digest of the pack; another version of it has not looked.
        found: What its rules say; empty if nothing is wrong.
    """

    pack: str = attrs.field(validator=name)
    found: tuple[Found, ...] = attrs.field(default=(), converter=_found)


class _Ruled(Protocol):
    @property
    def rule_id(self) -> str: ...


class Decided(Protocol):
    """What a pack reads of a decision: that of `platgov.rules` has it, a host's own may."""

    @property
    def policy(self) -> str:
        """Digest of the rules."""

    @property
    def findings(self) -> Sequence[_Ruled]:
        """Rules that apply."""

    @property
    def undetermined(self) -> Sequence[_Ruled]:
        """Rules that the facts leave open."""

    @property
    def held(self) -> Sequence[tuple[str, str]]:
        """Rules that apply and wait for review, each with why."""


class _Rule(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def category(self) -> str: ...


class _Rules(Protocol):
    @property
    def digest(self) -> str: ...
    @property
    def rules(self) -> Sequence[_Rule]: ...


def _categories(value: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    pairs = value.items() if isinstance(value, dict) else value
    found = tuple(tuple(pair) for pair in pairs) if isinstance(value, dict | list | tuple) else ()
    good = all(len(pair) == 2 and all(map(is_name, pair)) for pair in found)
    if not found or not good or len({pair[0] for pair in found}) < len(found):
        message = f"categories is {shown(value)}; give a category for each rule id"
        raise refuse("RulePack", message, path="$.categories", code="type")
    return tuple(sorted(found))


@attrs.frozen(kw_only=True)
class RulePack:
    """Rules that say what is not for minors: which rule is about which category of content.

    Attributes:
        id: Which pack.
        rules: Digest of the rule set that decides.
        categories: Category by rule id. Its other rules say nothing about minors.
    """

    id: str = attrs.field(validator=name)
    rules: str = attrs.field(validator=name)
    categories: tuple[tuple[str, str], ...] = attrs.field(converter=_categories)

    @classmethod
    def of(cls, rule_set: _Rules, *, id: str, categories: Iterable[str] | None = None) -> RulePack:  # noqa: A002 - the word of the field
        """Make a pack of the rules of a `platgov.rules.RuleSet` that have a category.

        Args:
            rule_set: The rules.
            id: Name of the pack.
            categories: Only these; by default every category that a rule has.

        Raises:
            InputError: No rule has one of the categories, or one of them is of no rule.
        """
        wanted = None if categories is None else names(tuple(categories))
        pairs = {
            rule.id: rule.category
            for rule in rule_set.rules
            if rule.category and (wanted is None or rule.category in wanted)
        }
        missing = (wanted or frozenset()) - set(pairs.values())
        if missing or not pairs:
            what = ", ".join(sorted(missing)) or "any category"
            raise refuse("RulePack", f"no rule is of {what}; name it in the rules", path="$.categories", code="unknown")
        return cls(id=id, rules=rule_set.digest, categories=pairs)

    @property
    def digest(self) -> str:
        """Content address of the pack."""
        return digest(self.to_dict())

    def read(self, decision: Decided) -> Examined:
        """Read what a decision on a piece of content says about it.

        A rule that the facts leave open, or that waits for review, counts as one that applies: a
        child is not shown what nobody could decide about.

        Raises:
            InputError: Other rules decided.
        """
        if decision.policy != self.rules:
            message = f"the decision is by {shown(decision.policy)}, and the pack is of {self.rules}"
            raise refuse("RulePack", message, path="$.decision", code="other_rules")
        known = dict(self.categories)
        said = [(one.rule_id, "found") for one in decision.findings]
        said += [(rule_id, "held") for rule_id, _ in decision.held]
        said += [(one.rule_id, "undetermined") for one in decision.undetermined]
        found = [Found(category=known[rule], rule=rule, state=state) for rule, state in said if rule in known]
        return Examined(pack=self.digest, found=found)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {"id": self.id, "rules": self.rules, "categories": dict(self.categories)}


def _ratings(value: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    pairs = value.items() if isinstance(value, dict) else value
    found = tuple(tuple(pair) for pair in pairs) if isinstance(value, dict | list | tuple) else None
    if found is None or not all(len(pair) == 2 and all(map(is_name, pair)) for pair in found):
        message = f"ratings is {shown(value)}; give the label of each system, such as {{'stars': '12'}}"
        raise refuse("Item", message, path="$.ratings", code="type")
    return tuple(sorted(set(found)))


def _examined(value: Iterable[Examined]) -> tuple[Examined, ...]:
    return items_of(Examined, "Item", "examined")(value)


@attrs.frozen(kw_only=True)
class Item:
    """A piece of content, as far as youth mode cares.

    Attributes:
        id: The host's id.
        ratings: Label by rating system. Several count as the highest.
        pools: Pools that somebody put it in.
        categories: What the host itself says it is about, beside what rules find.
        examined: What packs of rules said.
    """

    id: str = attrs.field(validator=name)
    ratings: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_ratings)
    pools: frozenset[str] = attrs.field(default=frozenset(), converter=names)
    categories: frozenset[str] = attrs.field(default=frozenset(), converter=names)
    examined: tuple[Examined, ...] = attrs.field(default=(), converter=_examined)

    def with_findings(self, examined: Examined) -> Item:
        """Add what a pack said; what the same pack said before is replaced."""
        items_of(Examined, "Item", "examined")((examined,))
        others = tuple(one for one in self.examined if one.pack != examined.pack)
        return attrs.evolve(self, examined=(*others, examined))
