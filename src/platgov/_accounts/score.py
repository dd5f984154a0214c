"""The verdict on conduct: a score, what makes it up, and when it changes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import attrs

from platgov._accounts.checks import refuse
from platgov._time import to_iso
from platgov.verdict import Verdict

__all__ = ["Contribution", "Score"]


@attrs.frozen(kw_only=True)
class Contribution:
    """What one violation still takes off.

    Attributes:
        id: The decision.
        rule: The rule it cites.
        at: When, in UTC epoch seconds.
        points: What it took off at first, escalation included.
        units: What is left, in units of which ``scale`` make a point.
        scale: Units in a point.
        next_change: First second with fewer whole points left of it, if nothing else happens.
        heals_at: First second with nothing left of it, if nothing else happens; None past the
            year 9999, as for ``next_change``.
    """

    id: str
    rule: str
    at: int
    points: int
    units: int
    scale: int
    next_change: int | None
    heals_at: int | None

    @property
    def remaining(self) -> Fraction:
        """Points left, exactly."""
        return Fraction(self.units, self.scale)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values; a fraction is text, ``3/7``."""
        return {
            "id": self.id,
            "rule": self.rule,
            "at": to_iso(self.at),
            "points": self.points,
            "remaining": str(self.remaining),
            "next_change": iso(self.next_change),
            "heals_at": iso(self.heals_at),
        }


@attrs.frozen(kw_only=True)
class Score(Verdict):
    """A score in one context. It adds up exactly::

        value == start - sum(c.remaining for c in contributions) - rounding + clamping

    Scores are compared and subtracted inside one context only; across contexts both raise.

    Attributes:
        context: Where it applies.
        value: The score.
        start: Score without deductions.
        contributions: What each violation still takes off, oldest first.
        rounding: Part of a point taken off so that the score is whole; 0 <= rounding < 1.
        clamping: Points given back at the floor.
        needs_human: A person must confirm before anything follows from the score alone.
        next_change: First later second with another score if nothing else happens; None for never.
    """

    kind = "score"
    context: str
    value: int
    start: int
    contributions: tuple[Contribution, ...]
    rounding: Fraction
    clamping: int
    needs_human: bool
    next_change: int | None

    def body(self) -> dict[str, Any]:
        """Give what is particular to a score, as plain values."""
        return {
            "context": self.context,
            "value": self.value,
            "start": self.start,
            "contributions": [row.to_dict() for row in self.contributions],
            "rounding": str(self.rounding),
            "clamping": self.clamping,
            "needs_human": self.needs_human,
            "next_change": iso(self.next_change),
        }

    def __lt__(self, other: object) -> bool:
        return self.value < self._alike(other)

    def __le__(self, other: object) -> bool:
        return self.value <= self._alike(other)

    def __gt__(self, other: object) -> bool:
        return self.value > self._alike(other)

    def __ge__(self, other: object) -> bool:
        return self.value >= self._alike(other)

    def __sub__(self, other: object) -> int:
        return self.value - self._alike(other)

    def __add__(self, other: object) -> int:
        raise refuse("Score", "scores are never added up; a score is no currency", code="context")

    def _alike(self, other: object) -> int:
        if not isinstance(other, Score):
            raise refuse("Score", "is compared with something that is no score; use its value", code="context")
        if other.context != self.context:
            message = f"a score in {self.context!r} and one in {other.context!r} are not comparable"
            raise refuse("Score", message, code="context")
        return other.value


def iso(at: int | None) -> str | None:
    """Spell an instant; None stays None."""
    return None if at is None else to_iso(at)
