"""Are groups treated alike, rule by rule? Tests that cannot be fooled by who broke which rule how often.

Rates over all rules together mislead: a group that breaks lightly enforced rules more often
looks favoured where nobody is. So everything is compared within strata, one per rule. An actor
with many decisions counts once, not as many times. Where the data could not have shown a
difference that matters, the answer is ``insufficient_data`` and never "no disparity".
"""

from __future__ import annotations

import enum
import math
from typing import TYPE_CHECKING, Any

import attrs

from platgov._consistency.gather import Counts, Tally, counted
from platgov._consistency.numbers import plain, share, t_two_sided
from platgov._consistency.power import coarseness, minimum_detectable
from platgov._consistency.tests_exact import (
    Interval,
    Table,
    adjusted,
    cmh,
    exact,
    mantel_haenszel_difference,
    mantel_haenszel_odds,
    newcombe,
    odds_ratio,
    rate_ratio,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["GroupParity", "Parity", "ParityStatus", "RuleParity", "parity"]


class ParityStatus(enum.Enum):
    """What a comparison showed."""

    DISPARITY = "disparity"
    """Groups are treated differently, beyond what chance explains."""
    NONE_FOUND = "none_found"
    """None was found, and one of the size asked for would have been."""
    INSUFFICIENT = "insufficient_data"
    """None was found, and one of the size asked for could easily have been missed."""


@attrs.frozen(kw_only=True)
class RuleParity:
    """One group against all others, under one rule.

    Attributes:
        group: The group.
        rule: The rule: the first part of the stratum.
        status: What it showed.
        tables: For each stratum of the rule: its parts, then outcomes and cases of the group
            and of the others. Everything here can be computed again from these, but for
            ``robust_p``.
        p: The larger of ``exact_p`` and ``robust_p``.
        q: ``p`` adjusted for the number of groups and rules (Benjamini and Hochberg).
        exact_p: Exact test given the margins; Fisher's where the rule has one stratum. The score
            test where an exact one would take too long.
        robust_p: Score test with each actor counted once; None where every actor has one record.
        difference: Risk difference, group minus others: Newcombe, or Mantel-Haenszel for
            several strata.
        odds: Odds ratio: Woolf, or Mantel-Haenszel.
        rate: Ratio of the rates, over the strata together.
        detectable: Smallest risk difference that would be found with a chance of 90 %; None
            if none would.
    """

    group: str
    rule: str
    status: ParityStatus
    tables: tuple[tuple[tuple[str, ...], Table], ...]
    p: float
    q: float
    exact_p: float
    robust_p: float | None
    difference: Interval
    odds: Interval
    rate: Interval
    detectable: float | None

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return dict(plain(self))


@attrs.frozen(kw_only=True)
class GroupParity:
    """One group against all others, over all strata.

    Attributes:
        group: The group.
        status: What it showed.
        cases: Its cases.
        outcomes: Its outcomes.
        z: Score of the stratified test; above zero, the group has more outcomes.
        p: The larger of ``score_p`` and ``robust_p``.
        q: ``p`` adjusted for the number of groups.
        score_p: Cochran-Mantel-Haenszel.
        robust_p: The same with each actor counted once; None where every actor has one record.
        robust_variance: Variance of the score behind ``robust_p``.
        effective_actors: Degrees of freedom behind it.
        difference: Common risk difference, with Sato's interval.
        odds: Common odds ratio, with the interval of Robins, Breslow and Greenland.
        detectable: Smallest risk difference, the same under all rules, that would be found with
            a chance of 90 %; None if none would.
    """

    group: str
    status: ParityStatus
    cases: int
    outcomes: int
    z: float
    p: float
    q: float
    score_p: float
    robust_p: float | None
    robust_variance: float | None
    effective_actors: float | None
    difference: Interval
    odds: Interval
    detectable: float | None

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return dict(plain(self))


@attrs.frozen(kw_only=True)
class Parity:
    """How groups compare.

    Attributes:
        status: DISPARITY if any group or rule shows one; else INSUFFICIENT if any group could
            not have; else NONE_FOUND.
        alpha: Chance of a false alarm anywhere: half of it is spent on groups, half on rules.
        floor: The risk difference that has to be detectable.
        total: Records that were compared.
        actors: Actors behind them; None if not asked for.
        missing: Records left out, by why.
        by_group: Each group against all others; with two groups, the smaller one alone.
        by_rule: The same under each rule.
    """

    status: ParityStatus
    alpha: float
    floor: float
    total: int
    actors: int | None
    missing: tuple[tuple[str, int], ...]
    by_group: tuple[GroupParity, ...]
    by_rule: tuple[RuleParity, ...]

    @property
    def disparities(self) -> tuple[GroupParity | RuleParity, ...]:
        """The groups and rules that show a disparity."""
        rows: list[GroupParity | RuleParity] = [*self.by_group, *self.by_rule]
        return tuple(row for row in rows if row.status is ParityStatus.DISPARITY)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {**plain(self), "missing": dict(self.missing)}


def parity(
    records: Iterable[Any],
    *,
    group: str | Callable[[Any], Any],
    outcome: str | Callable[[Any], Any] = "deviated",
    strata: Sequence[str | Callable[[Any], Any]] = ("rule",),
    cluster: str | Callable[[Any], Any] | None = "actor",
    alpha: float = 0.01,
    floor: float = 0.03,
) -> Parity:
    """Compare how often an outcome falls to groups, stratum by stratum.

    Overall by the test of Cochran, Mantel and Haenszel; under each rule exactly, given all
    margins; where actors have several records, by a score test that counts each actor once as
    well, and the larger p-value counts.

    It says nothing about the rules themselves: a rule that hits one group more often than
    another shows nowhere here.

    Args:
        records: Mappings or values, such as `records` gives; gone through once.
        group: Field with the label of the group, or a function that tells it.
        outcome: Field with True, False or None (left out), or a function.
        strata: Fields that make up a stratum, the rule first.
        cluster: Field that tells who is behind a record; None if all records are independent.
        alpha: Chance of a false alarm.
        floor: Risk difference that matters: if it could not have been found, the status says so.

    Raises:
        InputError: A record cannot be read, or an argument is of the wrong kind.
    """
    share(alpha, "alpha")
    share(floor, "floor")
    counts = counted(records, group, outcome, strata, cluster)
    compared = _compared(counts)
    half = alpha / 2
    whole: list[GroupParity] = []
    local: list[RuleParity] = []
    for name in compared:
        tables = counts.tables(name)
        tallies = counts.spread(name, tables) if counts.is_clustered else {}
        whole.append(_group(name, tables, tallies.get(""), half / len(compared)))
        local += _rules(name, tables, tallies)
    tests = len(local)
    by_group = tuple(_judged(one, q, half, floor) for one, q in zip(whole, _adjusted(whole), strict=True))
    by_rule = tuple(
        _judged(attrs.evolve(one, detectable=_local_detectable(one, half / tests)), q, half, floor)
        for one, q in zip(local, _adjusted(local), strict=True)
    )
    return Parity(
        status=_overall(by_group, by_rule),
        alpha=alpha,
        floor=floor,
        total=counts.total,
        actors=None if cluster is None else counts.actors,
        missing=tuple(sorted(counts.missing.items())),
        by_group=by_group,
        by_rule=by_rule,
    )


def _compared(counts: Counts) -> list[str]:
    """Two groups mirror each other: the smaller one is compared, the later by name of equal ones."""
    if len(counts.groups) != 2:
        return counts.groups if len(counts.groups) > 2 else []
    sizes = {name: sum(n for (_, member), n in counts.cases.items() if member == name) for name in counts.groups}
    return [min(reversed(counts.groups), key=lambda name: sizes[name])]


def _group(name: str, tables: dict[tuple[str, ...], Table], tally: Tally | None, level: float) -> GroupParity:
    kept = list(tables.values())
    z, score_p = cmh(kept)
    robust_p = None if tally is None else _robust(kept, tally)
    return GroupParity(
        group=name,
        status=ParityStatus.INSUFFICIENT,
        cases=sum(table.n_a for table in kept),
        outcomes=sum(table.x_a for table in kept),
        z=z,
        p=score_p if robust_p is None else max(score_p, robust_p),
        q=1.0,
        score_p=score_p,
        robust_p=robust_p,
        robust_variance=None if tally is None else tally.variance,
        effective_actors=None if tally is None else tally.effective,
        difference=mantel_haenszel_difference(kept),
        odds=mantel_haenszel_odds(kept),
        detectable=minimum_detectable(kept, alpha=level, inflation=_inflation(kept, tally)),
    )


def _rules(name: str, tables: dict[tuple[str, ...], Table], tallies: dict[str, Tally]) -> list[RuleParity]:
    by_rule: dict[str, list[tuple[str, ...]]] = {}
    for stratum in tables:
        by_rule.setdefault(stratum[0], []).append(stratum)
    rows = []
    for rule, strata in by_rule.items():
        kept = [tables[stratum] for stratum in strata]
        if not any(n_a and n_b and 0 < x_a + x_b < n_a + n_b for x_a, n_a, x_b, n_b in kept):
            continue  # whatever was done, this could not show it, and it would only dull the other tests
        together = Table(*map(sum, zip(*kept, strict=True)))
        exactly = exact(kept)
        exact_p = cmh(kept)[1] if exactly is None else exactly
        tally = tallies.get(f"={rule}")
        robust_p = None if tally is None else _robust(kept, tally)
        rows.append(
            RuleParity(
                group=name,
                rule=rule,
                status=ParityStatus.INSUFFICIENT,
                tables=tuple((stratum, tables[stratum]) for stratum in strata),
                p=exact_p if robust_p is None else max(exact_p, robust_p),
                q=1.0,
                exact_p=exact_p,
                robust_p=robust_p,
                difference=newcombe(kept[0]) if len(kept) == 1 else mantel_haenszel_difference(kept),
                odds=odds_ratio(kept[0]) if len(kept) == 1 else mantel_haenszel_odds(kept),
                rate=rate_ratio(together),
                detectable=_inflation(kept, tally),  # for `_local_detectable`, once the number of tests is known
            )
        )
    return rows


def _robust(tables: list[Table], tally: Tally) -> float:
    excess = math.fsum((x_a * n_b - x_b * n_a) / (n_a + n_b) for x_a, n_a, x_b, n_b in tables if n_a + n_b)
    if tally.variance <= 0:
        return 1.0
    return t_two_sided(excess / math.sqrt(tally.variance), max(1.0, tally.effective))


def _inflation(tables: list[Table], tally: Tally | None) -> float:
    if tally is None:
        return 1.0
    variance = sum(
        n_a * n_b * (x_a + x_b) * (n_a + n_b - x_a - x_b) / ((n_a + n_b) ** 2 * (n_a + n_b - 1))
        for x_a, n_a, x_b, n_b in tables
        if n_a + n_b > 1
    )
    return max(1.0, tally.variance / variance) if variance else 1.0


def _local_detectable(row: RuleParity, level: float) -> float | None:
    tables = [table for _, table in row.tables]
    rise = minimum_detectable(tables, alpha=level, inflation=row.detectable or 1.0)
    if rise is None:
        return None
    rise *= coarseness(Table(*map(sum, zip(*tables, strict=True))), level)
    return rise if rise < 1 else None


def _adjusted(rows: Sequence[GroupParity | RuleParity]) -> tuple[float, ...]:
    return adjusted([row.p for row in rows])


def _judged(row: Any, q: float, level: float, floor: float) -> Any:
    if q <= level:
        status = ParityStatus.DISPARITY
    elif row.detectable is not None and row.detectable <= floor:
        status = ParityStatus.NONE_FOUND
    else:
        status = ParityStatus.INSUFFICIENT
    return attrs.evolve(row, q=q, status=status)


def _overall(by_group: Sequence[GroupParity], by_rule: Sequence[RuleParity]) -> ParityStatus:
    found = {row.status for row in by_group}
    if ParityStatus.DISPARITY in found or any(row.status is ParityStatus.DISPARITY for row in by_rule):
        return ParityStatus.DISPARITY
    return ParityStatus.NONE_FOUND if found == {ParityStatus.NONE_FOUND} else ParityStatus.INSUFFICIENT
