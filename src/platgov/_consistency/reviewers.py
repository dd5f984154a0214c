"""Does one reviewer decide otherwise than the others do on the same rules?

People differ a little, and nobody is to be accused of that. So each reviewer is compared with
the spread that reviewers naturally have, estimated from the data with its extremes reined in,
and is named only if the difference is both beyond that spread and large.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._consistency.gather import counted
from platgov._consistency.numbers import normal_quantile, plain, refused, share, t_two_sided
from platgov._consistency.parity import ParityStatus
from platgov._consistency.tests_exact import Table, adjusted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["Reviewer", "Reviewers", "reviewers"]

_REINED: Final = 0.1
_FEWEST: Final = 5


@attrs.frozen(kw_only=True)
class Reviewer:
    """One reviewer against all others.

    Attributes:
        reviewer: Who.
        status: DISPARITY if they stand out; INSUFFICIENT if they have too few outcomes to expect
            any difference to show; else NONE_FOUND.
        cases: Decisions.
        outcomes: Outcomes among them.
        expected: Outcomes if they decided like all reviewers together, rule by rule.
        variance: Of the outcomes, if they do.
        log_odds: (outcomes - expected) / variance: Peto's log odds ratio.
        shrunk_odds: Odds ratio drawn towards 1 by as much as the data leave open.
        z: Score against the natural spread.
        p: Its p-value.
        q: The same, adjusted for the number of reviewers.
    """

    reviewer: str
    status: ParityStatus
    cases: int
    outcomes: int
    expected: float
    variance: float
    log_odds: float | None
    shrunk_odds: float | None
    z: float
    p: float
    q: float

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return dict(plain(self))


@attrs.frozen(kw_only=True)
class Reviewers:
    """How reviewers compare.

    Attributes:
        status: DISPARITY if anyone stands out; INSUFFICIENT if fewer than five can be compared;
            else NONE_FOUND.
        alpha: Share of false alarms among those who stand out.
        margin: Odds ratio that is small enough to be nobody's business.
        spread: Standard deviation of the log odds ratios among reviewers: the natural spread.
        missing: Records left out, by why.
        reviewers: Each one, by name.
    """

    status: ParityStatus
    alpha: float
    margin: float
    spread: float
    missing: tuple[tuple[str, int], ...]
    reviewers: tuple[Reviewer, ...]

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {**plain(self), "missing": dict(self.missing)}


def reviewers(
    records: Iterable[Any],
    *,
    reviewer: str | Callable[[Any], Any] = "by",
    outcome: str | Callable[[Any], Any] = "deviated",
    strata: Sequence[str | Callable[[Any], Any]] = ("rule",),
    alpha: float = 0.01,
    margin: float = 1.25,
) -> Reviewers:
    """Compare reviewers, stratum by stratum, with the natural spread among them.

    Args:
        records: Mappings or values, such as `records` gives.
        reviewer: Field with who decided, or a function; None leaves the record out.
        outcome: Field with True, False or None (left out), or a function.
        strata: Fields that make up a stratum.
        alpha: Share of false alarms among those who stand out.
        margin: Odds ratio above 1 up to which, and down to whose inverse, nobody stands out.

    Raises:
        InputError: A record cannot be read, or an argument is of the wrong kind.

    Source: Spiegelhalter, Statist. Med. 24 (2005), for reining in the extremes.
    """
    share(alpha, "alpha")
    if type(margin) is not float or not 1 < margin < math.inf:
        raise refused(f"margin is {margin!r}; give an odds ratio above 1, such as 1.25", "$.margin")
    counts = counted(records, reviewer, outcome, strata, None)
    rows = [_row(name, list(counts.tables(name).values())) for name in counts.groups]
    usable = [row for row in rows if row.log_odds is not None]
    natural, whole = _spread(usable, reined=True), _spread(usable, reined=False)
    scored = [_scored(row, natural, whole, max(1, len(usable) - 1)) for row in rows]
    tested = [row for row in scored if row.log_odds is not None]
    q_values = dict(zip([row.reviewer for row in tested], adjusted([row.p for row in tested]), strict=True))
    judged = tuple(
        _judged(row, q_values.get(row.reviewer, 1.0), alpha, math.log(margin), enough=len(usable) >= _FEWEST)
        for row in scored
    )
    if any(row.status is ParityStatus.DISPARITY for row in judged):
        status = ParityStatus.DISPARITY
    else:
        status = ParityStatus.NONE_FOUND if len(usable) >= _FEWEST else ParityStatus.INSUFFICIENT
    return Reviewers(
        status=status,
        alpha=alpha,
        margin=margin,
        spread=math.sqrt(natural),
        missing=tuple(sorted(counts.missing.items())),
        reviewers=judged,
    )


def _row(name: str, tables: list[Table]) -> Reviewer:
    expected = variance = 0.0
    for x_a, n_a, x_b, n_b in tables:
        n, m = n_a + n_b, x_a + x_b
        expected += n_a * m / n
        variance += n_a * n_b * m * (n - m) / (n * n * (n - 1)) if n > 1 else 0.0
    outcomes = sum(table.x_a for table in tables)
    return Reviewer(
        reviewer=name,
        status=ParityStatus.INSUFFICIENT,
        cases=sum(table.n_a for table in tables),
        outcomes=outcomes,
        expected=expected,
        variance=variance,
        log_odds=(outcomes - expected) / variance if variance >= 1 else None,
        shrunk_odds=None,
        z=0.0,
        p=1.0,
        q=1.0,
    )


def _spread(rows: list[Reviewer], *, reined: bool) -> float:
    """Estimate the variance among reviewers, beyond chance."""
    if len(rows) < _FEWEST:
        return 0.0
    scores = sorted((row.log_odds or 0.0) * math.sqrt(row.variance) for row in rows)
    if reined:
        cut = min(max(1, math.ceil(_REINED * len(scores))), (len(scores) - 1) // 2)
        low, high = scores[cut], scores[-1 - cut]
        # Reining in makes even pure chance look narrower than it is; this undoes it.
        widest = normal_quantile(1 - cut / len(scores))
        scores = [min(high, max(low, score)) for score in scores]
        inside = 1 - 2 * cut / len(scores)
        density = math.exp(-widest * widest / 2) / math.sqrt(2 * math.pi)
        usual = inside - 2 * widest * density + (1 - inside) * widest * widest
    else:
        usual = 1.0
    weights = [row.variance for row in rows]
    excess = sum(score * score for score in scores) / usual - (len(rows) - 1)
    total = sum(weights)
    return max(0.0, excess / (total - sum(weight * weight for weight in weights) / total))


def _scored(row: Reviewer, natural: float, whole: float, degrees: int) -> Reviewer:
    if row.log_odds is None:
        return row
    z = row.log_odds / math.sqrt(1 / row.variance + natural)
    kept = whole / (whole + 1 / row.variance)
    # Student's t where the spread itself is estimated, from few reviewers.
    p = t_two_sided(z, degrees) if natural else math.erfc(abs(z) / math.sqrt(2))
    return attrs.evolve(row, z=z, p=p, shrunk_odds=math.exp(max(-700.0, min(700.0, kept * row.log_odds))))


def _judged(row: Reviewer, q: float, alpha: float, margin: float, *, enough: bool) -> Reviewer:
    if row.log_odds is None or not enough:
        return attrs.evolve(row, q=q)
    is_large = row.shrunk_odds is not None and abs(math.log(row.shrunk_odds)) > margin
    status = ParityStatus.DISPARITY if q <= alpha and is_large else ParityStatus.NONE_FOUND
    return attrs.evolve(row, q=q, status=status)
