"""Tests, intervals and effect sizes for two-by-two tables and rates.

A table is ``(x_a, n_a, x_b, n_b)``: outcomes and cases of a group, and of the others.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import attrs

from platgov._canonical import shown
from platgov._consistency.numbers import (
    beta_quantile,
    convolved,
    hyper,
    normal_critical,
    plain,
    refused,
    share,
    two_sided,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "Interval",
    "Table",
    "adjusted",
    "clopper_pearson",
    "cmh",
    "exact",
    "fisher",
    "mantel_haenszel_difference",
    "mantel_haenszel_odds",
    "newcombe",
    "odds_ratio",
    "rate_ratio",
    "wilson",
]

_TIE: Final = 1e-9  # chances nearer than this are taken for one: they come from sums of floats
_MOST_WORK: Final = 20_000_000


class Table(NamedTuple):
    """Outcomes and cases of a group, and of the others."""

    x_a: int
    n_a: int
    x_b: int
    n_b: int


@attrs.frozen(kw_only=True)
class Interval:
    """An estimate with the interval around it; None where a side has no finite value."""

    value: float | None
    low: float | None
    high: float | None

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return dict(plain(self))


def table_of(value: Any, path: str = "$") -> Table:
    """Check a table.

    Raises:
        InputError: It is not four counts, or has more outcomes than cases.
    """
    if type(value) not in (Table, tuple, list) or len(value) != 4:
        raise refused(f"{shown(value)} is no table; give (x_a, n_a, x_b, n_b)", path)
    for item in value:
        whole(item, "count")
    table = Table(*value)
    if table.x_a > table.n_a or table.x_b > table.n_b:
        raise refused(f"{tuple(table)} has more outcomes than cases", path, "range")
    return table


def _tables(values: Iterable[Any]) -> list[Table]:
    if type(values) is str or not hasattr(values, "__iter__"):
        raise refused(f"{shown(values)} is no list of tables")
    return [table_of(value, f"$[{number}]") for number, value in enumerate(values)]


# -- tests -------------------------------------------------------------------------------------


def fisher(table: Sequence[int]) -> float:
    """Give the two-sided p-value of Fisher's exact test; 1.0 where a margin is empty."""
    return _two_sided(*_chances(table_of(table)))


def exact(tables: Iterable[Sequence[int]]) -> float | None:
    """Give the exact two-sided p-value of several strata together, given all their margins.

    The number of outcomes in the group is a sum of independent hypergeometric counts. One
    stratum is Fisher's test.

    Returns:
        The p-value; None where the sum would take too long and `cmh` is as good.
    """
    low, chances, seen, work = 0, [1.0], 0, 0
    for table in _tables(tables):
        if not table.n_a or not table.n_b:
            continue
        first, more, x_a = _chances(table)
        work += len(more) * len(chances)
        if work > _MOST_WORK:
            return None
        low, seen = low + first, seen + x_a
        chances = convolved(chances, more)
    return _two_sided(low, chances, seen)


def _chances(table: Table) -> tuple[int, list[float], int]:
    low, chances = hyper(table.n_a, table.n_b, table.x_a + table.x_b)
    return low, chances, table.x_a


def _two_sided(low: int, chances: list[float], seen: int) -> float:
    place = seen - low
    own = chances[place] if 0 <= place < len(chances) else 0.0
    return min(1.0, math.fsum(chance for chance in chances if chance <= own * (1 + _TIE)))


def cmh(tables: Iterable[Sequence[int]], *, corrected: bool = False) -> tuple[float, float]:
    """Give score and two-sided p-value of the Cochran-Mantel-Haenszel test.

    The score is signed: above zero, the group has more outcomes than its share. Strata that
    say nothing (an empty margin) add nothing; where all are like that, the result is (0.0, 1.0).

    Args:
        tables: One per stratum.
        corrected: Apply the continuity correction, never past zero.
    """
    excess, variance = _score(_tables(tables))
    if variance <= 0:
        return 0.0, 1.0
    size = max(0.0, abs(excess) - 0.5) if corrected else abs(excess)
    z = math.copysign(size / math.sqrt(variance), excess)
    return z, two_sided(z)


def _score(tables: Iterable[Table]) -> tuple[float, float]:
    excess, variance = [], []
    for x_a, n_a, x_b, n_b in tables:
        n, m = n_a + n_b, x_a + x_b
        if n > 1:
            excess.append((x_a * n_b - x_b * n_a) / n)
            variance.append(n_a * n_b * m * (n - m) / (n * n * (n - 1)))
    return math.fsum(excess), math.fsum(variance)


def adjusted(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjust p-values by Benjamini and Hochberg: the share of false alarms among those at or below each."""
    order = sorted(range(len(p_values)), key=lambda place: -p_values[place])
    result, least = [0.0] * len(p_values), 1.0
    for done, place in enumerate(order):
        least = min(least, p_values[place] * len(p_values) / (len(p_values) - done))
        result[place] = least
    return tuple(result)


# -- effect sizes ------------------------------------------------------------------------------


def wilson(x: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Give Wilson's interval for a share; (0.0, 1.0) for no cases at all."""
    _shares(x, n)
    z = normal_critical((1 - share(confidence, "confidence")) / 2)
    if n == 0:
        return 0.0, 1.0
    p, square = x / n, z * z
    middle = (p + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * math.sqrt(p * (1 - p) / n + square / (4 * n * n))
    return (0.0 if x == 0 else max(0.0, middle - half)), (1.0 if x == n else min(1.0, middle + half))


def clopper_pearson(x: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Give the exact interval for a share; (0.0, 1.0) for no cases at all.

    A one-sided bound at level c is that side of the interval with ``confidence`` 2c - 1.
    """
    _shares(x, n)
    tail = (1 - share(confidence, "confidence")) / 2
    low = 0.0 if x == 0 else beta_quantile(tail, x, n - x + 1)
    high = 1.0 if x == n else beta_quantile(1 - tail, x + 1, n - x)
    return low, high


def _shares(x: int, n: int) -> None:
    whole(n, "n")
    whole(x, "x", most=n)


def newcombe(table: Sequence[int], confidence: float = 0.95) -> Interval:
    """Give the difference of two shares with Newcombe's hybrid score interval; None without cases."""
    x_a, n_a, x_b, n_b = table_of(table)
    if not n_a or not n_b:
        return Interval(value=None, low=None, high=None)
    a, b = x_a / n_a, x_b / n_b
    (low_a, high_a), (low_b, high_b) = wilson(x_a, n_a, confidence), wilson(x_b, n_b, confidence)
    return Interval(
        value=a - b,
        low=a - b - math.hypot(a - low_a, high_b - b),
        high=a - b + math.hypot(high_a - a, b - low_b),
    )


def odds_ratio(table: Sequence[int], confidence: float = 0.95) -> Interval:
    """Give the odds ratio with Woolf's interval; an empty cell adds a half to each cell of the interval."""
    x_a, n_a, x_b, n_b = table_of(table)
    a, b, c, d = x_a, n_a - x_a, x_b, n_b - x_b
    value = a * d / (b * c) if b * c else None
    if not n_a or not n_b or not a + c or not b + d:
        return Interval(value=None, low=None, high=None)
    cells = [cell + 0.5 for cell in (a, b, c, d)] if 0 in (a, b, c, d) else [float(cell) for cell in (a, b, c, d)]
    middle = math.log(cells[0] * cells[3] / (cells[1] * cells[2]))
    return _exponentiated(value, middle, math.fsum(1 / cell for cell in cells), confidence)


def rate_ratio(table: Sequence[int], confidence: float = 0.95) -> Interval:
    """Give the ratio of two shares with Katz's interval; no outcome on a side adds a half there."""
    x_a, n_a, x_b, n_b = table_of(table)
    if not n_a or not n_b or not x_a + x_b:
        return Interval(value=None, low=None, high=None)
    value = x_a * n_b / (x_b * n_a) if x_b else None
    half = 0.0 if x_a and x_b else 0.5
    a, n, c, m = x_a + half, n_a + half, x_b + half, n_b + half
    return _exponentiated(value, math.log(a * m / (c * n)), 1 / a - 1 / n + 1 / c - 1 / m, confidence)


def _exponentiated(value: float | None, middle: float, variance: float, confidence: float) -> Interval:
    half = normal_critical((1 - share(confidence, "confidence")) / 2) * math.sqrt(max(0.0, variance))
    return Interval(value=value, low=_exp(middle - half), high=_exp(middle + half))


def _exp(power: float) -> float | None:
    return math.exp(power) if power < 700 else None


def mantel_haenszel_odds(tables: Iterable[Sequence[int]], confidence: float = 0.95) -> Interval:
    """Give the common odds ratio of strata with the interval of Robins, Breslow and Greenland."""
    r = s = pr = psqr = qs = 0.0
    for x_a, n_a, x_b, n_b in _tables(tables):
        n = n_a + n_b
        if n:
            one, other = x_a * (n_b - x_b) / n, (n_a - x_a) * x_b / n
            p, q = (x_a + n_b - x_b) / n, (n_a - x_a + x_b) / n
            r, s = r + one, s + other
            pr, psqr, qs = pr + p * one, psqr + p * other + q * one, qs + q * other
    if not r or not s:
        return Interval(value=0.0 if s else None, low=None, high=None)
    variance = pr / (2 * r * r) + psqr / (2 * r * s) + qs / (2 * s * s)
    return _exponentiated(r / s, math.log(r / s), variance, confidence)


def mantel_haenszel_difference(tables: Iterable[Sequence[int]], confidence: float = 0.95) -> Interval:
    """Give the common risk difference of strata with Sato's interval; None where none has both sides."""
    excess = weight = p = q = 0.0
    for x_a, n_a, x_b, n_b in _tables(tables):
        n = n_a + n_b
        if n:
            excess += (x_a * n_b - x_b * n_a) / n
            weight += n_a * n_b / n
            p += (n_a**2 * x_b - n_b**2 * x_a + n_a * n_b * (n_b - n_a) / 2) / n**2
            q += (x_a * (n_b - x_b) + x_b * (n_a - x_a)) / (2 * n)
    if not weight:
        return Interval(value=None, low=None, high=None)
    value = excess / weight
    half = normal_critical((1 - share(confidence, "confidence")) / 2) * math.sqrt(
        max(0.0, value * p + q) / weight**2
    )  # fmt: skip
    return Interval(value=value, low=value - half, high=value + half)
