"""Tests for waiting times: log-rank and ranks, each with what every case adds to the score.

With these parts the spread of a score can be told whatever the cases of one actor have in common.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from platgov._consistency.numbers import two_sided
from platgov._consistency.tests_exact import cmh

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Case", "log_rank", "log_rank_parts", "rank_parts", "rank_test"]


class Case(NamedTuple):
    """One case: how long it was watched, whether it ended then, whether it is of the group."""

    time: float
    done: bool
    member: bool


def log_rank(strata: Iterable[Iterable[tuple[float, bool, bool]]]) -> tuple[float, float]:
    """Give score and two-sided p-value of the stratified log-rank test.

    Args:
        strata: For each stratum, its cases as (time, whether it ended then, whether of the
            group); one that has not ended was watched until that time.
    """
    tables = []
    for cases in strata:
        ended: Counter[tuple[float, bool]] = Counter()
        left: Counter[tuple[float, bool]] = Counter()
        for time, done, member in cases:
            left[time, member] += 1
            ended[time, member] += done
        n_a = sum(count for (_, member), count in left.items() if member)
        n_b = sum(left.values()) - n_a
        for time in sorted({time for time, _ in left}):
            tables.append((ended[time, True], n_a, ended[time, False], n_b))
            n_a, n_b = n_a - left[time, True], n_b - left[time, False]
    return cmh(tables)


def rank_test(strata: Iterable[Iterable[tuple[float, bool]]]) -> tuple[float, float, float | None]:
    """Give score, two-sided p-value and effect of van Elteren's stratified rank test.

    One stratum is the test of Mann and Whitney. Ties share their ranks.

    Args:
        strata: For each stratum, its cases as (value, whether of the group).

    Returns:
        The score; the p-value; the chance that a case of the group has the larger value than
        one of the others, ties counting half, weighted over the strata (None where no stratum
        has both).
    """
    excess, variance, above, pairs = [], [], 0.0, 0.0
    for cases in strata:
        values: Counter[float] = Counter()
        own: Counter[float] = Counter()
        for value, member in cases:
            values[value] += 1
            own[value] += member
        n, n_a = sum(values.values()), sum(own.values())
        n_b = n - n_a
        if not n_a or not n_b:
            continue
        ranks, before, ties = 0.0, 0, 0.0
        for value in sorted(values):
            count = values[value]
            ranks += own[value] * (before + (count + 1) / 2)
            ties += count**3 - count
            before += count
        wins = ranks - n_a * (n_a + 1) / 2
        excess.append((wins - n_a * n_b / 2) / (n + 1))
        variance.append(n_a * n_b / 12 * (n + 1 - ties / (n * (n - 1))) / (n + 1) ** 2)
        above, pairs = above + wins / (n + 1), pairs + n_a * n_b / (n + 1)
    if not pairs:
        return 0.0, 1.0, None
    total = math.fsum(variance)
    z = math.fsum(excess) / math.sqrt(total) if total > 1e-12 else 0.0
    return z, two_sided(z), above / pairs


# -- what each case adds -----------------------------------------------------------------------


def log_rank_parts(cases: Sequence[Case]) -> list[float]:
    """Give what each case of a stratum adds to the score of `log_rank`; they sum to it.

    A case adds how much sooner it ended than those watched as long; cases of the group and of
    the others are weighed against the share of the group among those still watched.

    Source: Lin and Wei, J. Am. Stat. Assoc. 84 (1989), for the parts of the score.
    """
    ended: Counter[float] = Counter()
    own: Counter[float] = Counter()
    left: Counter[float] = Counter()
    for time, done, member in cases:
        left[time] += 1
        own[time] += member
        ended[time] += done
    n, n_a = len(cases), sum(own.values())
    share: dict[float, float] = {}
    hazard: dict[float, float] = {}
    weighed: dict[float, float] = {}
    total = both = 0.0
    for time in sorted(left):
        share[time] = n_a / n
        total += ended[time] / n
        both += ended[time] / n * share[time]
        hazard[time], weighed[time] = total, both
        n, n_a = n - left[time], n_a - own[time]
    return [done * (member - share[time]) - member * hazard[time] + weighed[time] for time, done, member in cases]


def rank_parts(cases: Sequence[tuple[float, bool]]) -> list[float]:
    """Give what each case of a stratum adds to the score of `rank_test`; they sum to it."""
    n, n_a = len(cases), sum(member for _, member in cases)
    if not 0 < n_a < n:
        return [0.0] * n
    counts = Counter(value for value, _ in cases)
    ranks, before = {}, 0
    for value in sorted(counts):
        ranks[value] = before + (counts[value] + 1) / 2
        before += counts[value]
    return [(member - n_a / n) * (ranks[value] - (n + 1) / 2) / (n + 1) for value, member in cases]
