"""Words and numbers as an audit writes them, in text and on the page alike."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["COUNTS", "REVIEWERS", "STATUSES", "duration", "interval", "number", "share", "signed"]

STATUSES: Final = {
    "disparity": "a difference was found",
    "none_found": "no difference found; one that matters would have shown",
    "insufficient_data": "too few cases to tell",
    "reliable": "reliable",
    "tentative": "tentative",
    "too_vague": "too vague: make the rule clearer",
    "met": "within its limit",
    "over_inclusive": "hits too much",
    "reproduced": "reproduced",
    "deviation_recorded": "departure on record",
    "unexplained": "unexplained",
    "tampered": "tampered",
    "unchecked": "not checked",
}
REVIEWERS: Final = {
    "disparity": "somebody stands out",
    "none_found": "nobody stands out",
    "insufficient_data": "too few to tell",
}
COUNTS: Final = (
    ("applied", "applied"),
    ("absorbed", "covered by a stronger one"),
    ("deviated", "departed from, on record"),
    ("waiting", "waiting for a person"),
    ("missing", "not carried out on record"),
)
_HOUR: Final = 3600


def number(value: float | None) -> str:
    """Write a number that may be very large or small."""
    if value is None:
        return "-"
    if value == 0 or 0.001 <= abs(value) < 10_000:
        return f"{value:.3g}"
    return f"{value:.1e}"


def share(value: float | None) -> str:
    """Write a share in percent."""
    return "-" if value is None else f"{100 * value:.1f} %"


def interval(value: float | None, low: float | None, high: float | None) -> str:
    """Write an estimate with its interval."""
    if value is None:
        return "-"
    return f"{value:.2f}" if low is None or high is None else f"{value:.2f} ({low:.2f} to {high:.2f})"


def signed(difference: Any) -> str:
    """Write a risk difference with its interval, in percentage points."""
    value, low, high = difference.value, difference.low, difference.high
    if value is None:
        return "-"
    inside = "" if low is None or high is None else f" ({100 * low:+.1f} to {100 * high:+.1f})"
    return f"{100 * value:+.1f} pp{inside}"


def duration(seconds: float | None) -> str:
    """Write a wait."""
    if seconds is None:
        return "-"
    if seconds < _HOUR:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / _HOUR:.1f} h" if seconds < 48 * _HOUR else f"{seconds / (24 * _HOUR):.1f} days"
