"""How large must a difference be before a test would have found it?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from platgov._canonical import shown
from platgov._consistency.numbers import beta_cdf, normal_critical, normal_tail, refused, share
from platgov._consistency.tests_exact import Table, fisher, table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["POWER", "coarseness", "minimum_detectable"]

POWER: Final = 0.9
"""Chance with which a difference has to be found to count as detectable."""
_MANY: Final = 200
"""Outcomes from which on an exact test is as good as a score test."""
_POINTS: Final = 8
_MOST_TIMES: Final = 4.0
_STEPS: Final = 40


def minimum_detectable(
    tables: Iterable[Sequence[int]], *, alpha: float, power: float = POWER, inflation: float = 1.0
) -> float | None:
    """Give the smallest rise in risk, the same in all strata, that the stratified test would find.

    Args:
        tables: What was seen; the base risk of each stratum is taken from both sides together.
        alpha: Level of the two-sided test.
        power: Chance to find it.
        inflation: How many times the variance exceeds that of independent records.

    Returns:
        The risk difference; None if even the largest would not be found so often.
    """
    level = normal_critical(share(alpha, "alpha") / 2)
    share(power, "power")
    if type(inflation) not in (int, float) or not 0 < inflation < math.inf:
        raise refused(f"inflation is {shown(inflation)}; give how many times the variance is larger", "$.inflation")
    kept = [
        (n_a, n_b, (x_a + x_b + 0.5) / (n_a + n_b + 1))
        for x_a, n_a, x_b, n_b in map(table_of, tables)
        if n_a and n_b
    ]  # fmt: skip
    return _least(lambda rise: _chance(kept, rise, level, inflation), power) if kept else None


def _least(chance: Callable[[float], float], power: float) -> float | None:
    low, high = 0.0, 1.0
    if chance(high) < power:
        return None
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if chance(middle) >= power else (middle, high)
    return high


def _chance(tables: list[tuple[int, int, float]], rise: float, level: float, inflation: float) -> float:
    """Give the chance that the score test finds a rise of the risk in the group."""
    expected = under_null = variance = 0.0
    for n_a, n_b, base in tables:
        n = n_a + n_b
        risk = min(1.0, base + rise)
        both = (n_a * risk + n_b * base) / n
        expected += n_a * n_b / n * (risk - base)
        under_null += n_a * n_b / n * both * (1 - both)
        variance += (n_b * n_b * n_a * risk * (1 - risk) + n_a * n_a * n_b * base * (1 - base)) / (n * n)
    spread = math.sqrt(variance * inflation)
    distance = expected - level * math.sqrt(under_null * inflation)
    return normal_tail(-distance / spread) if spread else float(distance > 0)


# -- exact tests -------------------------------------------------------------------------------


def coarseness(table: Sequence[int], alpha: float) -> float:
    """Give how many times the rise must be larger for Fisher's test than for the score test; 1.0 for many outcomes.

    With few outcomes an exact test can only jump, and the normal curve promises too much.
    """
    x_a, n_a, x_b, n_b = table_of(table)
    base = (x_a + x_b + 0.5) / (n_a + n_b + 1)
    if not n_a or not n_b or base > 0.5 or base * (n_a + n_b) > _MANY:
        return 1.0
    usual = minimum_detectable([(x_a, n_a, x_b, n_b)], alpha=alpha)
    if usual is None:
        return 1.0
    needed: list[int] = []
    for others in _points(n_b, base):
        found = _needed(n_a, others, n_b, alpha, needed[-1] if needed else 1)
        if found is None:
            break  # nor is any enough for more outcomes of the others
        needed.append(found)

    def chance(times: float) -> float:
        risk = min(1.0, base + usual * times)
        return sum(beta_cdf(x, n_a - x + 1, risk) for x in needed) / _POINTS

    if chance(_MOST_TIMES) < POWER:
        return _MOST_TIMES if base + usual * _MOST_TIMES < 1 else 1 / usual
    low, high = 1.0, _MOST_TIMES
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (low, middle) if chance(middle) >= POWER else (middle, high)
    return high


def _points(n: int, p: float) -> list[int]:
    """Give equally likely values of a binomial count."""
    points: list[int] = []
    total = 0.0
    for x in range(n + 1):
        total += math.exp(
            math.lgamma(n + 1)
            - math.lgamma(x + 1)
            - math.lgamma(n - x + 1)
            + x * math.log(p)
            + (n - x) * math.log1p(-p)
        )
        while len(points) < _POINTS and total >= (len(points) + 0.5) / _POINTS:
            points.append(x)
        if len(points) == _POINTS:
            break
    return points


def _needed(n_a: int, x_b: int, n_b: int, alpha: float, least: int) -> int | None:
    """Give the fewest outcomes of the group, from ``least``, that Fisher's test tells from those of the others."""
    low = max(least, math.ceil(n_a * x_b / n_b)) - 1
    step = 1
    while fisher(Table(high := min(n_a, low + step), n_a, x_b, n_b)) > alpha:
        if high == n_a:
            return None
        low, step = high, step * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fisher(Table(middle, n_a, x_b, n_b)) <= alpha else (middle, high)
    return high
