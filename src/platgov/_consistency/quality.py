"""Is a rule right often enough? Bounds on its precision, and on how often it is overturned.

Precision needs a *random* sample of the rule's hits, judged by people: those who appeal choose
themselves, so what is overturned among appeals is not one minus precision. Both are reported.
"""

from __future__ import annotations

import enum
from typing import Any

import attrs

from platgov._consistency.numbers import plain, share, text, whole
from platgov._consistency.tests_exact import clopper_pearson, wilson

__all__ = ["Quality", "QualityStatus", "quality"]


class QualityStatus(enum.Enum):
    """What the bounds say about a rule."""

    MET = "met"
    """Precision is at least the floor, and no more than the cap is overturned."""
    OVER_INCLUSIVE = "over_inclusive"
    """Precision is below the floor, or more than the cap is overturned: the rule hits too much."""
    INSUFFICIENT = "insufficient_data"
    """Too few were judged or appealed to tell."""


@attrs.frozen(kw_only=True)
class Quality:
    """How right a rule is.

    Attributes:
        rule_id: The rule.
        status: What the bounds say.
        sampled: Hits judged at random.
        right: Those found right.
        precision: Their share, with Wilson's interval at ``confidence``; None without any.
        precision_low: Exact one-sided lower bound.
        precision_high: Exact one-sided upper bound.
        measures: Measures imposed.
        appealed: Those appealed.
        overturned: Those overturned.
        overturned_low: Exact one-sided lower bound of the share overturned among all measures.
        overturned_high: Exact one-sided upper bound.
        overturned_on_appeal: Share overturned among those appealed: for information only.
        floor: What precision has to reach.
        cap: What may be overturned.
        confidence: Of each bound.
    """

    rule_id: str
    status: QualityStatus
    sampled: int
    right: int
    precision: tuple[float, float, float] | None
    precision_low: float
    precision_high: float
    measures: int
    appealed: int
    overturned: int
    overturned_low: float
    overturned_high: float
    overturned_on_appeal: float | None
    floor: float
    cap: float
    confidence: float

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return dict(plain(self))


def quality(
    rule_id: str,
    *,
    sampled: int,
    right: int,
    measures: int = 0,
    appealed: int = 0,
    overturned: int = 0,
    floor: float = 0.9,
    cap: float = 0.05,
    confidence: float = 0.95,
) -> Quality:
    """Judge a rule by a random sample of its hits, and by its appeals.

    Args:
        rule_id: The rule.
        sampled: Hits drawn at random and judged.
        right: Those found right.
        measures: Measures that it led to; with none, appeals are not looked at.
        appealed: Those appealed.
        overturned: Those overturned.
        floor: Least precision.
        cap: Largest share of measures that may be overturned.
        confidence: Of each one-sided bound.

    Raises:
        InputError: Counts that do not fit each other, or shares outside 0 to 1.
    """
    text(rule_id, "rule_id")
    whole(sampled, "sampled")
    whole(right, "right", most=sampled)
    whole(measures, "measures")
    whole(appealed, "appealed", most=measures)
    whole(overturned, "overturned", most=appealed)
    share(floor, "floor")
    share(cap, "cap")
    both = max(1e-9, 2 * share(confidence, "confidence") - 1)
    low, high = clopper_pearson(right, sampled, both)
    least, most = clopper_pearson(overturned, measures, both)
    if high < floor or least > cap:
        status = QualityStatus.OVER_INCLUSIVE
    elif low >= floor and (most <= cap or not measures):
        status = QualityStatus.MET
    else:
        status = QualityStatus.INSUFFICIENT
    return Quality(
        rule_id=rule_id,
        status=status,
        sampled=sampled,
        right=right,
        precision=(right / sampled, *wilson(right, sampled, confidence)) if sampled else None,
        precision_low=low,
        precision_high=high,
        measures=measures,
        appealed=appealed,
        overturned=overturned,
        overturned_low=least,
        overturned_high=most,
        overturned_on_appeal=overturned / appealed if appealed else None,
        floor=floor,
        cap=cap,
        confidence=confidence,
    )
