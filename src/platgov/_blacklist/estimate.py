"""How much evidence is an agreement, and where is the line? Learned from pairs, with or without labels.

All of it runs when a host fits weights, never when somebody is matched: what is fitted is rounded
into whole units before it decides anything.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import attrs

from platgov._blacklist.checks import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["MISSING", "Calibration", "Estimate", "em", "logistic", "threshold", "wilson"]

MISSING: Final = -1
"""Stands in a pattern where one of the two does not have the field: it says nothing."""

_SMOOTH: Final = 1e-3
"""Added to each count, so that a level that was never seen is unlikely and not impossible."""
_Z95: Final = 1.959963984540054


@attrs.frozen(kw_only=True)
class Estimate:
    """What expectation maximisation made of patterns (Fellegi and Sunter, 1969).

    Attributes:
        m: For each field, the probability of each level among pairs of one person.
        u: The same among pairs of two persons.
        prevalence: Share of pairs that are of one person.
        rounds: How often it went over the patterns.
        converged: Whether it came to rest before the last round that was allowed.
    """

    m: tuple[tuple[float, ...], ...]
    u: tuple[tuple[float, ...], ...]
    prevalence: float
    rounds: int
    converged: bool

    def bits(self, field: int, level: int) -> float:
        """Give log2(m/u) of a level of a field, 0 where it is missing."""
        return 0.0 if level == MISSING else math.log2(self.m[field][level] / self.u[field][level])


def em(
    counts: Mapping[tuple[int, ...], int],
    levels: Sequence[int],
    *,
    u: Sequence[Sequence[float] | None] | None = None,
    unseen: int = 0,
    prevalence: float = 0.1,
    rounds: int = 200,
    tolerance: float = 1e-7,
) -> Estimate:
    """Estimate from unlabelled pairs how agreement differs between one person and two.

    Fields are taken as independent given who the pair is.

    Args:
        counts: How many pairs show each pattern. A pattern has a level per field: 0 where they
            differ, the more the better they agree, -1 where one of them lacks it.
        levels: How many levels each field has, at least two.
        u: Probabilities among pairs of two persons where they are known, such as from random
            pairs; these stay as they are.
        unseen: How many pairs were not compared because they share nothing; they are taken to be
            of two persons. Only where ``u`` is given for every field, of which they then say nothing.
        prevalence: Where to begin.
        rounds: How often to go over the patterns at most.
        tolerance: It rests when no probability moves by more than this.

    Raises:
        InputError: There are no pairs, or a pattern does not fit the levels.
    """
    patterns = _patterns(counts, levels)
    total = unseen + sum(count for _, count in patterns)
    fixed = tuple(u) if u is not None else (None,) * len(levels)
    if len(fixed) != len(levels) or any(
        given is not None and (len(given) != size or not all(0 < share < 1 for share in given))
        for given, size in zip(fixed, levels, strict=False)
    ):
        raise refuse("em", "u", "give, for each field, a probability per level between 0 and 1, or None")
    if type(unseen) is not int or unseen < 0 or (unseen and None in fixed):
        raise refuse("em", "unseen", "give a whole number from 0, and u for every field", "range")
    if not 0 < prevalence < 1:
        raise refuse("em", "prevalence", "give a share between 0 and 1, such as 0.01")
    among_same = [_first(size) for size in levels]
    among_other = [
        list(given) if given is not None else list(reversed(_first(size)))
        for given, size in zip(fixed, levels, strict=True)
    ]
    done, moved = 0, math.inf
    while done < rounds and moved > tolerance:
        done += 1
        same = [[_SMOOTH] * size for size in levels]
        other = [[_SMOOTH] * size for size in levels]
        found = 0.0
        for pattern, count in patterns:
            one, two = prevalence, 1 - prevalence
            for field, level in pattern:
                one *= among_same[field][level]
                two *= among_other[field][level]
            weight = count * (one / (one + two))
            found += weight
            for field, level in pattern:
                same[field][level] += weight
                other[field][level] += count - weight
        new_same = [_shares(row) for row in same]
        new_other = [
            list(given) if given is not None else _shares(row) for given, row in zip(fixed, other, strict=True)
        ]
        new_prevalence = min(max(found / total, 1e-12), 1 - 1e-12)
        moved = max(
            abs(new_prevalence - prevalence),
            *(abs(a - b) for old, new in ((among_same, new_same), (among_other, new_other))
              for before, after in zip(old, new, strict=True) for a, b in zip(before, after, strict=True)),
        )  # fmt: skip
        among_same, among_other, prevalence = new_same, new_other, new_prevalence
    return Estimate(
        m=tuple(map(tuple, among_same)),
        u=tuple(map(tuple, among_other)),
        prevalence=prevalence,
        rounds=done,
        converged=moved <= tolerance,
    )


def _patterns(
    counts: Mapping[tuple[int, ...], int], levels: Sequence[int]
) -> list[tuple[tuple[tuple[int, int], ...], int]]:
    """Check patterns, and keep of each only what is not missing, in one order whatever the mapping's."""
    if not levels or any(type(size) is not int or size < 2 for size in levels):
        raise refuse("em", "levels", "give for each field how many levels it has, two or more")
    kept = []
    for pattern, count in sorted(counts.items()):
        if len(pattern) != len(levels) or any(
            type(level) is not int or not MISSING <= level < size for level, size in zip(pattern, levels, strict=False)
        ):
            raise refuse("em", "counts", f"pattern {pattern!r} does not fit the levels {tuple(levels)!r}")
        if type(count) is not int or count < 0:
            raise refuse("em", "counts", f"pattern {pattern!r} has the count {count!r}; give a whole number from 0")
        if count:
            kept.append((tuple((f, level) for f, level in enumerate(pattern) if level != MISSING), count))
    if not kept:
        raise refuse("em", "counts", "there are no pairs; give patterns with their counts", "empty")
    return kept


def _first(size: int) -> list[float]:
    """Begin with one person agreeing nine times in ten, mostly at the best level."""
    rest = 0.1 / (size - 1)
    return [rest] * (size - 1) + [0.9]


def _shares(row: list[float]) -> list[float]:
    total = sum(row)
    return [value / total for value in row]


# -- with labels -------------------------------------------------------------------------------


def logistic(
    rows: Sequence[Sequence[float]],
    labels: Sequence[bool],
    *,
    ridge: float = 1.0,
    rounds: int = 50,
    tolerance: float = 1e-9,
) -> tuple[float, ...]:
    """Fit a logistic regression by Newton's method; the ridge does not pull on the intercept.

    Args:
        rows: Features of each pair.
        labels: Whether the pair is of one person.
        ridge: How strongly coefficients are kept small; also what keeps separable data finite.
        rounds: Steps at most.
        tolerance: It rests when no coefficient moves by more than this.

    Returns:
        The intercept, then a coefficient for each feature, in nats.

    Raises:
        InputError: Rows and labels do not fit, or only one label occurs.
    """
    if len(rows) != len(labels) or not rows or any(len(row) != len(rows[0]) for row in rows):
        raise refuse("logistic", "rows", "give as many labels as rows, and as many features in each")
    if any(type(label) is not bool for label in labels) or len(set(labels)) < 2:
        raise refuse("logistic", "labels", "give True and False, each at least once")
    if not ridge > 0:
        raise refuse("logistic", "ridge", "give a number above 0")
    # Equal rows are added up: patterns of agreement repeat a lot.
    grouped: dict[tuple[float, ...], list[int]] = {}
    for row, label in zip(rows, labels, strict=True):
        grouped.setdefault((1.0, *map(float, row)), [0, 0])[label] += 1
    groups = sorted(grouped.items())
    size = len(groups[0][0])
    beta = [0.0] * size
    before = _loss(groups, beta, ridge)
    for _ in range(rounds):
        slope = [0.0] + [-ridge * value for value in beta[1:]]
        curve = [[0.0] * size for _ in range(size)]
        for place in range(size):
            curve[place][place] = ridge if place else 1e-12
        for row, (no, yes) in groups:
            p = _expit(sum(map(float.__mul__, row, beta)))
            off, weight = yes - (no + yes) * p, (no + yes) * p * (1 - p)
            for place, value in enumerate(row):
                if value:
                    slope[place] += off * value
                    scaled, line = weight * value, curve[place]
                    for other in range(place + 1):
                        line[other] += scaled * row[other]
        step = _solved(curve, slope)
        # Halved until it is no step back: far from the goal a whole step can overshoot.
        tried, after, scale = beta, math.inf, 1.0
        while scale > 1e-6:
            tried = [old + scale * move for old, move in zip(beta, step, strict=True)]
            after = _loss(groups, tried, ridge)
            if after <= before + 1e-12:
                break
            scale /= 2
        moved = max(abs(scale * move) for move in step)
        if after > before + 1e-12:
            break
        beta, before = tried, after
        if moved < tolerance:
            break
    return tuple(beta)


def _loss(groups: list[tuple[tuple[float, ...], list[int]]], beta: list[float], ridge: float) -> float:
    total = ridge * sum(value * value for value in beta[1:]) / 2
    for row, (no, yes) in groups:
        score = sum(map(float.__mul__, row, beta))
        total += no * _softplus(score) + yes * _softplus(-score)
    return total


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else (e := math.exp(x)) / (1 + e)


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def _solved(lower: list[list[float]], right: list[float]) -> list[float]:
    """Solve a symmetric positive definite system, of which the lower half is given (Cholesky)."""
    size = len(right)
    half = [[0.0] * size for _ in range(size)]
    for row in range(size):
        for column in range(row + 1):
            rest = lower[row][column] - sum(half[row][k] * half[column][k] for k in range(column))
            half[row][column] = math.sqrt(max(rest, 1e-12)) if row == column else rest / half[column][column]
    middle = [0.0] * size
    for row in range(size):
        middle[row] = (right[row] - sum(half[row][k] * middle[k] for k in range(row))) / half[row][row]
    found = [0.0] * size
    for row in reversed(range(size)):
        found[row] = (middle[row] - sum(half[k][row] * found[k] for k in range(row + 1, size))) / half[row][row]
    return found


# -- where the line is -------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Calibration:
    """Where to draw a line so that what lies above it is right often enough.

    Attributes:
        threshold: Scores from here on are above the line; None if no line is good enough.
        precision_permille: How many of those above the line are of one person.
        recall_permille: How many of those of one person are above the line.
        low: Lower end of the 95 % interval of the precision (Wilson, 1927), in permille.
        high: Its upper end.
        count: How many pairs are above the line.
    """

    threshold: int | None
    precision_permille: int
    recall_permille: int
    low: int
    high: int
    count: int


def threshold(
    scores: Sequence[int],
    labels: Sequence[bool],
    *,
    precision_permille: int,
    innocents_per_pair: int = 1,
    assured: bool = False,
) -> Calibration:
    """Find the lowest score above which pairs are right often enough.

    Args:
        scores: Score of each pair.
        labels: Whether it is of one person.
        precision_permille: How many of a thousand above the line have to be.
        innocents_per_pair: How many innocents each innocent of the sample stands for, if they
            are rarer in it than among those who sign up.
        assured: Whether the lower end of the interval has to reach it, not just the middle.

    Raises:
        InputError: Scores and labels do not fit, or a number is out of range.
    """
    if len(scores) != len(labels) or not scores:
        raise refuse("threshold", "scores", "give as many labels as scores, and at least one", "empty")
    if any(type(score) is not int for score in scores) or any(type(label) is not bool for label in labels):
        raise refuse("threshold", "scores", "give whole numbers as scores, and True or False as labels", "type")
    if type(precision_permille) is not int or not 1 <= precision_permille <= 1_000:
        raise refuse("threshold", "precision_permille", "give a whole number from 1 to 1000", "range")
    if type(innocents_per_pair) is not int or innocents_per_pair < 1:
        raise refuse("threshold", "innocents_per_pair", "give a whole number from 1", "range")
    ranked = sorted(zip(scores, labels, strict=True), key=lambda pair: -pair[0])
    right = wrong = 0
    best = Calibration(threshold=None, precision_permille=0, recall_permille=0, low=0, high=1_000, count=0)
    whole = sum(labels)
    for (score, label), (following, _) in pairwise([*ranked, (None, False)]):
        right, wrong = right + label, wrong + (not label)
        if following == score:  # those with one score are above the line together
            continue
        scaled = wrong * innocents_per_pair
        low, high = wilson(right, right + wrong)
        if innocents_per_pair > 1:
            low, high = (_scaled(share, innocents_per_pair) for share in (low, high))
        reached = (
            low * 1_000 >= precision_permille if assured else right * 1_000 >= precision_permille * (right + scaled)
        )
        if right and reached:
            best = Calibration(
                threshold=score,
                precision_permille=right * 1_000 // (right + scaled),
                recall_permille=right * 1_000 // whole,
                low=math.floor(low * 1_000),
                high=math.ceil(high * 1_000),
                count=right + wrong,
            )
    return best


def wilson(right: int, count: int) -> tuple[float, float]:
    """Give the 95 % interval of a share (Wilson, 1927)."""
    if not count:
        return 0.0, 1.0
    share, square = right / count, _Z95 * _Z95
    middle = share + square / (2 * count)
    wide = _Z95 * math.sqrt(share * (1 - share) / count + square / (4 * count * count))
    below = 1 + square / count
    return max(0.0, (middle - wide) / below), min(1.0, (middle + wide) / below)


def _scaled(share: float, innocents: int) -> float:
    """Give a precision as it would be with more innocents around."""
    return share / (share + (1 - share) * innocents)
