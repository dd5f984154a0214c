"""How far do people agree who judge the same cases? Where they do not, the rule is too vague, not they."""

from __future__ import annotations

import enum
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._canonical import shown
from platgov._consistency.numbers import normal_critical, plain, refused, share, written

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["Agreement", "AgreementStatus", "agreement", "cohen", "fleiss", "krippendorff"]

_RELIABLE: Final = 0.8
_TENTATIVE: Final = 2 / 3
_FEWEST: Final = 10
_LARGEST: Final = 1e100  # the square of it is a float still; NaN is not below it


class AgreementStatus(enum.Enum):
    """What a rate of agreement is good for.

    Source: Krippendorff, Content Analysis, ch. 12, for the marks of 0.8 and 0.667.
    """

    RELIABLE = "reliable"
    """The interval is above 0.8."""
    TENTATIVE = "tentative"
    """The interval is above 2/3, or between the marks nothing more can be said."""
    TOO_VAGUE = "too_vague"
    """The estimate is below 2/3: revise the text of the rule, not the people."""
    INSUFFICIENT = "insufficient_data"
    """Too few cases were judged twice, or all judgements are the same."""


@attrs.frozen(kw_only=True)
class Agreement:
    """How far people agree.

    Attributes:
        status: What that is good for.
        alpha: Krippendorff's alpha: 1 for full agreement, 0 for chance; None where all
            judgements are the same, of which nothing follows.
        low: Lower end of its interval, by leaving out one case at a time.
        high: Upper end.
        level: How labels are compared.
        cases: Cases judged at least twice.
        judgements: Judgements of these.
        left_out: Cases judged once or not at all.
        coincidences: How often two judgements of one case were (label, label), each pair weighted
            by one over the judgements less one: what alpha is computed from.
    """

    status: AgreementStatus
    alpha: float | None
    low: float | None
    high: float | None
    level: str
    cases: int
    judgements: int
    left_out: int
    coincidences: tuple[tuple[str, str, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return dict(plain(self))


def _units(cases: Any) -> list[list[Any]]:
    if isinstance(cases, str | Mapping) or not isinstance(cases, Iterable):
        raise refused(f"{shown(cases)} is no list of cases; give the judgements of each", "$.cases")
    units = []
    for number, case in enumerate(cases):
        values = case.values() if isinstance(case, Mapping) else case
        if isinstance(values, str) or not isinstance(values, Iterable):
            raise refused(f"{shown(case)} is no list of judgements", f"$.cases[{number}]")
        given = [value for value in values if value is not None]
        unit: list[Any] = [str(value).lower() if type(value) is bool else value for value in given]
        for value in unit:
            if type(value) is str:
                written(value, "judgement")
            elif type(value) not in (int, float) or not abs(value) < _LARGEST:
                raise refused(f"{shown(value)} is no judgement; give text or a number", f"$.cases[{number}]")
        units.append(unit)
    return units


# -- measures of agreement ---------------------------------------------------------------------


def cohen(pairs: Iterable[tuple[Hashable, Hashable]]) -> float | None:
    """Give Cohen's kappa of two people; None where both always gave one and the same label."""
    units = _units(pairs)
    if not units or any(len(unit) != 2 for unit in units):
        raise refused("give a pair of judgements for every case", "$.pairs", "pairs")
    first, second = Counter(unit[0] for unit in units), Counter(unit[1] for unit in units)
    n = len(units)
    agreed = sum(unit[0] == unit[1] for unit in units)
    chance = sum(count * second[value] for value, count in first.items())
    return (n * agreed - chance) / (n * n - chance) if n * n != chance else None


def fleiss(cases: Iterable[Any]) -> float | None:
    """Give Fleiss' kappa of cases that were all judged equally often; None where all judgements are the same."""
    units = _units(cases)
    sizes = {len(unit) for unit in units}
    if len(sizes) != 1 or min(sizes) < 2:
        raise refused("give the same number of judgements, at least two, for every case", "$.cases", "sizes")
    (m,) = sizes
    total: Counter[Any] = Counter()
    agreed = 0
    for unit in units:
        counts = Counter(unit)
        total.update(counts)
        agreed += sum(count * (count - 1) for count in counts.values())
    n = len(units) * m
    seen = agreed / (n * (m - 1))
    chance = sum(count * count for count in total.values()) / (n * n)
    return (seen - chance) / (1 - chance) if len(total) > 1 else None


def krippendorff(cases: Iterable[Any], *, level: str = "nominal") -> float | None:
    """Give Krippendorff's alpha; None where fewer than two cases count, or all judgements are the same.

    Args:
        cases: The judgements of each; None for a missing one.
        level: ``nominal``, ``ordinal`` (labels are numbers, or sort as they should) or ``interval``.
    """
    return _Coincidences(_units(cases), level).alpha()


class _Coincidences:
    """Pairs of judgements of one case, from which cases can be taken out again."""

    def __init__(self, units: list[list[Any]], level: str) -> None:
        if level not in ("nominal", "ordinal", "interval"):
            raise refused(f"level is {shown(level)}; give nominal, ordinal or interval", "$.level", "value")
        self.level = level
        self.units = [unit for unit in units if len(unit) > 1]
        labels = {value for unit in self.units for value in unit}
        numbers = all(type(value) in (int, float) for value in labels)
        if level == "interval" and not numbers:
            raise refused("interval needs numbers", "$.level", "value")
        if not numbers and not all(type(value) is str for value in labels) and level == "ordinal":
            raise refused("ordinal needs labels of one kind: numbers, or texts that sort as they should", "$.level")
        self.labels = sorted(labels, key=(lambda v: v) if numbers else str)
        self.places = {value: place for place, value in enumerate(self.labels)}
        self.parts = [self._part(unit) for unit in self.units]
        size = range(len(self.labels))
        self.pairs = {(a, b): 0.0 for a in size for b in size}
        for part in self.parts:
            for pair, weight in part.items():
                self.pairs[pair] += weight

    def _part(self, unit: list[Any]) -> dict[tuple[int, int], float]:
        counts = Counter(self.places[value] for value in unit)
        return {
            (a, b): counts[a] * (counts[b] - (a == b)) / (len(unit) - 1)
            for a in counts
            for b in counts
            if a != b or counts[a] > 1
        }

    def alpha(self, without: dict[tuple[int, int], float] | None = None) -> float | None:
        size = range(len(self.labels))
        pairs = self.pairs
        if without:
            pairs = dict(pairs)
            for pair, weight in without.items():
                pairs[pair] -= weight
        margins = [math.fsum(pairs[a, b] for b in size) for a in size]
        distance = self._distance(margins)
        n = math.fsum(margins)
        if n < 2:
            return None
        seen = math.fsum(weight * distance(a, b) for (a, b), weight in pairs.items() if a != b)
        chance = math.fsum(margins[a] * margins[b] * distance(a, b) for a in size for b in size if a != b) / (n - 1)
        return 1 - seen / chance if chance > 1e-12 else None

    def _distance(self, margins: list[float]) -> Callable[[int, int], float]:
        if self.level == "nominal":
            return lambda a, b: float(a != b)
        if self.level == "interval":
            return lambda a, b: float((self.labels[a] - self.labels[b]) ** 2)
        sums = [0.0]
        for margin in margins:
            sums.append(sums[-1] + margin)

        def apart(a: int, b: int) -> float:
            low, high = min(a, b), max(a, b)
            between: float = sums[high + 1] - sums[low] - (margins[low] + margins[high]) / 2
            return between * between

        return apart


def agreement(cases: Iterable[Any], *, level: str = "nominal", confidence: float = 0.95) -> Agreement:
    """Tell how far people agree, and what that is good for.

    Args:
        cases: The judgements of each case: a list, or a mapping from who to what; None for none.
        level: ``nominal``, ``ordinal`` or ``interval``; see `krippendorff`.
        confidence: Of the interval.

    Raises:
        InputError: A judgement is neither text nor number, or does not fit the level.
    """
    z = normal_critical((1 - share(confidence, "confidence")) / 2)
    units = _units(cases)
    found = _Coincidences(units, level)
    alpha = found.alpha()
    low = high = None
    if alpha is not None:
        # Leaving one out at a time needs no drawing of lots: the same cases, the same interval.
        others = [value for part in found.parts if (value := found.alpha(part)) is not None]
        if len(others) > 1:
            mean = math.fsum(others) / len(others)
            variance = math.fsum((value - mean) ** 2 for value in others) * (len(others) - 1) / len(others)
            low, high = max(-1.0, alpha - z * math.sqrt(variance)), min(1.0, alpha + z * math.sqrt(variance))
    return Agreement(
        status=_status(alpha, low, len(found.units)),
        alpha=alpha,
        low=low,
        high=high,
        level=level,
        cases=len(found.units),
        judgements=sum(map(len, found.units)),
        left_out=len(units) - len(found.units),
        coincidences=tuple(
            (str(found.labels[a]), str(found.labels[b]), weight) for (a, b), weight in found.pairs.items() if weight
        ),
    )


def _status(alpha: float | None, low: float | None, cases: int) -> AgreementStatus:
    if alpha is None or low is None or cases < _FEWEST:
        return AgreementStatus.INSUFFICIENT
    if alpha < _TENTATIVE:
        return AgreementStatus.TOO_VAGUE
    return AgreementStatus.RELIABLE if low >= _RELIABLE else AgreementStatus.TENTATIVE
