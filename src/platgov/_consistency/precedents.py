"""How were cases like this one decided before? And who departs from that has to say why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._canonical import shown
from platgov._consistency.numbers import plain, refused, text, whole
from platgov._time import to_epoch, to_iso
from platgov.errors import DueProcessError

if TYPE_CHECKING:
    import datetime as dt

    from platgov.rules import Reason

__all__ = ["Guidance", "Precedent", "Ruled", "atoms_of", "nearest", "rule_on"]

_OUTCOMES: Final = ("upheld", "overturned")
_MOST: Final = 2 / 3


def _atoms(values: Any) -> frozenset[str]:
    if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
        raise refused(f"atoms is {shown(values)}; give a list of texts", "$.atoms")
    return frozenset(text(value, "atoms") for value in values)


def _instant(value: int | dt.datetime) -> int:
    return to_epoch(value)


@attrs.frozen(kw_only=True)
class Precedent:
    """A case that was decided on review. Holds no names: what it turned on, and how it ended.

    Attributes:
        id: The case.
        rule_id: The rule.
        atoms: What it turned on: the tests that settle it; see `atoms_of`.
        outcome: ``upheld`` or ``overturned``.
        at: When, in UTC epoch seconds.
        because: Why, in words.
    """

    id: str
    rule_id: str
    atoms: frozenset[str] = attrs.field(converter=_atoms)
    outcome: str
    at: int = attrs.field(converter=_instant)
    because: str = ""

    def __attrs_post_init__(self) -> None:
        text(self.id, "id")
        text(self.rule_id, "rule_id")
        if self.outcome not in _OUTCOMES:
            raise refused(f"outcome is {shown(self.outcome)}; give upheld or overturned", "$.outcome", "value")
        if type(self.because) is not str:
            raise refused(f"because is {shown(self.because)}; give text", "$.because")

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {**plain(self), "at": to_iso(self.at)}


@attrs.frozen(kw_only=True)
class Guidance:
    """What earlier cases say about one.

    Attributes:
        rule_id: The rule.
        atoms: What the case turns on.
        upheld: The nearest that were upheld, nearest first.
        overturned: The nearest that were overturned.
        equal_upheld: How many with the very same atoms were upheld.
        equal_overturned: How many of these were overturned.
        expected: The outcome of at least two thirds of these; None if they are divided, or none.
    """

    rule_id: str
    atoms: frozenset[str]
    upheld: tuple[Precedent, ...]
    overturned: tuple[Precedent, ...]
    equal_upheld: int
    equal_overturned: int
    expected: str | None

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            **plain(self),
            "upheld": [one.to_dict() for one in self.upheld],
            "overturned": [one.to_dict() for one in self.overturned],
        }


@attrs.frozen(kw_only=True)
class Ruled:
    """An outcome, held against earlier cases.

    Attributes:
        precedent: The case as it will guide later ones.
        by: Who decided.
        expected: What earlier cases led to expect; None for nothing.
        distinguish: Why it is unlike them; empty where it follows them.
    """

    precedent: Precedent
    by: str
    expected: str | None
    distinguish: str = ""

    @property
    def departs(self) -> bool:
        """Whether it departs from earlier cases."""
        return self.expected not in (None, self.precedent.outcome)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "kind": "precedent",
            "schema": 1,
            "at": to_iso(self.precedent.at),
            "by": self.by,
            "expected": self.expected,
            "distinguish": self.distinguish,
            "case": self.precedent.to_dict(),
        }


def atoms_of(reason: Reason) -> frozenset[str]:
    """Give what a finding turns on: the tests of its condition that settle it, or its evidence."""
    return frozenset((*reason.tests, *(f"found {term}" for term in reason.found), *reason.evidence))


def nearest(
    precedents: Iterable[Precedent],
    *,
    rule_id: str,
    atoms: Iterable[str],
    k: int = 3,
    weights: Mapping[str, int] | None = None,
) -> Guidance:
    """Give the earlier cases under a rule that turned on most nearly the same.

    Distance is the weight of the atoms that only one of the two has; ties go to the later case,
    then by id. Both outcomes are shown, so that nobody sees one side only.

    Args:
        precedents: Earlier cases, in any order.
        rule_id: The rule.
        atoms: What the case turns on.
        k: How many of each outcome.
        weights: Weight of an atom where it is not 1.

    Raises:
        InputError: An argument is of the wrong kind.
    """
    own, whole_k = _atoms(atoms), whole(k, "k", least=1)
    weighed = {} if weights is None else {name: whole(weight, "weights") for name, weight in weights.items()}
    cases = [one for one in _checked(precedents) if one.rule_id == rule_id]

    def distance(one: Precedent) -> tuple[int, int, str]:
        return (sum(weighed.get(atom, 1) for atom in own ^ one.atoms), -one.at, one.id)

    order = sorted(cases, key=distance)
    equal = [one.outcome for one in cases if one.atoms == own]
    counts = {outcome: equal.count(outcome) for outcome in _OUTCOMES}
    return Guidance(
        rule_id=text(rule_id, "rule_id"),
        atoms=own,
        upheld=tuple(one for one in order if one.outcome == "upheld")[:whole_k],
        overturned=tuple(one for one in order if one.outcome == "overturned")[:whole_k],
        equal_upheld=counts["upheld"],
        equal_overturned=counts["overturned"],
        expected=next((name for name in _OUTCOMES if equal and counts[name] >= _MOST * len(equal)), None),
    )


def _checked(precedents: Any) -> list[Precedent]:
    if isinstance(precedents, str | Mapping) or not isinstance(precedents, Iterable):
        raise refused(f"{shown(precedents)} is no list of precedents", "$.precedents")
    kept: dict[str, Precedent] = {}
    for one in precedents:
        if not isinstance(one, Precedent):
            raise refused(f"{shown(one)} is no precedent", "$.precedents")
        if kept.setdefault(one.id, one) != one:
            raise refused(f"two different precedents have the id {one.id!r}", "$.precedents", "conflict")
    return list(kept.values())


def rule_on(
    precedents: Iterable[Precedent],
    case: Precedent,
    *,
    by: str,
    distinguish: str = "",
) -> Ruled:
    """Decide a case in the light of earlier ones.

    Args:
        precedents: Earlier cases.
        case: The case, with the outcome that it is to have.
        by: Who decides.
        distinguish: Why it is unlike the earlier ones.

    Raises:
        DueProcessError: It departs from at least two thirds of the cases with the very same
            atoms, and ``distinguish`` is blank.
        InputError: An argument is of the wrong kind.
    """
    if not isinstance(case, Precedent):
        raise refused(f"case is {shown(case)}; give a Precedent", "$.case")
    if type(distinguish) is not str:
        raise refused(f"distinguish is {shown(distinguish)}; give text", "$.distinguish")
    earlier = [one for one in _checked(precedents) if one.id != case.id and one.at <= case.at]
    expected = nearest(earlier, rule_id=case.rule_id, atoms=case.atoms).expected
    ruled = Ruled(precedent=case, by=text(by, "by"), expected=expected, distinguish=distinguish)
    if ruled.departs and not distinguish.strip():
        message = f"cases with the same reasons were {expected}; say in `distinguish` why this one is unlike them"
        raise DueProcessError("distinguish", message)
    return ruled
