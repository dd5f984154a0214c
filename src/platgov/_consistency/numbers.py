"""The distributions behind the statistics, from the standard library alone, and how results are written down."""

from __future__ import annotations

import enum
import math
from statistics import NormalDist
from typing import Any, Final

import attrs

from platgov._canonical import shown
from platgov.errors import InputError, Problem

__all__ = [
    "beta_cdf",
    "beta_quantile",
    "convolved",
    "hyper",
    "normal_critical",
    "normal_quantile",
    "normal_tail",
    "plain",
    "refused",
    "share",
    "t_two_sided",
    "text",
    "two_sided",
    "whole",
    "written",
]

_NORMAL: Final = NormalDist()
_TINY: Final = 1e-300
_LEAST: Final = 1e-300
"""The smallest share: it can still be divided among a million tests."""
_MOST: Final = 2**53 - 1


def refused(message: str, path: str = "$", code: str = "type") -> InputError:
    """Build the error for one bad value."""
    return InputError("audit", (Problem(message, path, code),))


def whole(value: Any, name: str, *, least: int = 0, most: int = _MOST) -> int:
    """Check a count."""
    if type(value) is not int or not least <= value <= most:
        raise refused(f"{name} is {shown(value)}; give a whole number from {least} to {most}", f"$.{name}")
    return value


def share(value: Any, name: str) -> float:
    """Check a number strictly between 0 and 1."""
    if type(value) is not float or not _LEAST <= value < 1:
        raise refused(f"{name} is {shown(value)}; give a number between 0 and 1, such as 0.01", f"$.{name}")
    return value


def text(value: Any, name: str) -> str:
    """Check a text that says something."""
    if type(value) is not str or not value.strip():
        raise refused(f"{name} is {shown(value)}; give some text", f"$.{name}")
    return written(value, name)


def written(value: str, name: str) -> str:
    """Refuse a text that cannot be written down: a lone surrogate is no character."""
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise refused(f"{name} is {shown(value)}, which holds half a character", f"$.{name}", "text") from None
    return value


def plain(value: Any) -> Any:
    """Write a result as plain values: what is no finite number as None, one too large for JSON readers as text."""
    if attrs.has(type(value)):
        fields = [field.name for field in attrs.fields(type(value)) if not field.name.startswith("_")]
        return {name: plain(getattr(value, name)) for name in fields}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [plain(item) for item in (sorted(value) if isinstance(value, frozenset) else value)]
    if isinstance(value, float) and not abs(value) <= _MOST:
        return repr(value) if math.isfinite(value) else None
    return value


# -- normal and t ------------------------------------------------------------------------------


def normal_quantile(p: float) -> float:
    """Give the point below which a standard normal falls with probability ``p``."""
    return _NORMAL.inv_cdf(p)


def normal_critical(tail: float) -> float:
    """Give the point above which a standard normal falls with probability ``tail``, however small that is."""
    return -_NORMAL.inv_cdf(tail)


def normal_tail(z: float) -> float:
    """Give the probability that a standard normal is above ``z``."""
    return math.erfc(z / math.sqrt(2)) / 2


def two_sided(z: float) -> float:
    """Give the two-sided p-value of a standard normal score."""
    return math.erfc(abs(z) / math.sqrt(2))


def t_two_sided(t: float, degrees: float) -> float:
    """Give the two-sided p-value of a score with Student's t distribution."""
    return beta_cdf(degrees / 2, 0.5, degrees / (degrees + t * t))


# -- beta --------------------------------------------------------------------------------------


def beta_cdf(a: float, b: float, x: float) -> float:
    """Give the regularised incomplete beta function, by its continued fraction (Lentz)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )  # fmt: skip
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, 1 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    above, below = 1.0, 1 / ((1 - (a + b) * x / (a + 1)) or _TINY)
    value = below
    for step in range(1, 100_000):
        for term in (
            step * (b - step) * x / ((a - 1 + 2 * step) * (a + 2 * step)),
            -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 1 + 2 * step)),
        ):
            below = 1 / ((1 + term * below) or _TINY)
            above = (1 + term / above) or _TINY
            value *= above * below
        if abs(above * below - 1) < 1e-15:
            break
    return value


def beta_quantile(p: float, a: float, b: float) -> float:
    """Give the point at which `beta_cdf` reaches ``p``, by bisection."""
    low, high = 0.0, 1.0
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if beta_cdf(a, b, middle) < p else (low, middle)
    return middle


# -- hypergeometric ----------------------------------------------------------------------------


def hyper(n_a: int, n_b: int, drawn: int, log_odds: float = 0.0) -> tuple[int, list[float]]:
    """Give the chances of how many of ``drawn`` outcomes fall to ``n_a`` cases out of ``n_a + n_b``.

    By recurrence from the mode, which keeps full precision for large counts, where log-gamma
    does not. Chances that are too small for a float are left out at both ends.

    Args:
        n_a: Cases of the group.
        n_b: All others.
        drawn: Outcomes in both together.
        log_odds: Of the group against the others; not 0 is Fisher's noncentral form.

    Returns:
        The first number, and the chances of it and the ones after it.
    """
    odds = math.exp(log_odds)
    low, high = max(0, drawn - n_b), min(n_a, drawn)
    scale, third = (n_a + drawn + 2) * odds + n_b - drawn, odds * (n_a + 1) * (drawn + 1)
    root = math.sqrt(max(0.0, scale * scale - 4 * (odds - 1) * third))
    mode = min(high, max(low, int(2 * third / (scale + root))))
    up, down = [1.0], []
    weight, x = 1.0, mode
    while x < high and weight > _TINY:
        weight *= (n_a - x) * (drawn - x) * odds / ((x + 1) * (n_b - drawn + x + 1))
        x += 1
        up.append(weight)
    weight, x = 1.0, mode
    while x > low and weight > _TINY:
        weight *= x * (n_b - drawn + x) / ((n_a - x + 1) * (drawn - x + 1) * odds)
        x -= 1
        down.append(weight)
    weights = down[::-1] + up
    total = math.fsum(weights)
    return x, [weight / total for weight in weights]


def convolved(one: list[float], other: list[float]) -> list[float]:
    """Give the chances of a sum of two independent counts, both counted from 0."""
    if len(one) < len(other):
        one, other = other, one
    result = [0.0] * (len(one) + len(other) - 1)
    for shift, chance in enumerate(other):
        for place, weight in enumerate(one, shift):
            result[place] += chance * weight
    return result
