"""What app stores say about an age, read into ranges of birth dates.

Whatever cannot be read is no evidence, with a code that says why: never an exception, because the
payload comes from outside, and never an adult.

Sources, read 2026-11: developer.apple.com/documentation/declaredagerange (``AgeRange``,
``AgeRangeDeclaration``); developer.android.com/google/play/age-signals, versions 0.0.3 and 0.0.4
(response fields, "within 2 to 8 weeks following the user's birthday").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from platgov._minors.age import DobEvidence, Level
from platgov._time import to_epoch

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["Reading", "from_apple", "from_play"]

Approval = Literal["approved", "pending", "denied"]

ADULT: Final = 18
STALE_DAYS: Final = 56
"""Play may still tell the old age band eight weeks after the birthday."""
YEAR: Final = 366
"""Apple keeps an answer it has cached; how long is not documented, so a year is allowed for."""

# The weakest method that a name may stand for counts: a payment card shows that somebody has one.
_APPLE: Final = {
    "selfDeclared": Level.DECLARED,
    "guardianDeclared": Level.GUARDIAN,
    "checkedByOtherMethod": Level.ESTIMATED,
    "paymentChecked": Level.ESTIMATED,
    "confirmed": Level.ESTIMATED,
    "governmentIDChecked": Level.VERIFIED,
    "guardianCheckedByOtherMethod": Level.GUARDIAN,
    "guardianPaymentChecked": Level.GUARDIAN,
    "guardianGovernmentIDChecked": Level.GUARDIAN,
}
_PLAY_TIERS: Final = {
    "TIER_A": Level.DECLARED,
    "TIER_B": Level.GUARDIAN,
    "TIER_C": Level.ESTIMATED,
    "TIER_D": Level.VERIFIED,
}
_PLAY_STATUS: Final = {
    "VERIFIED": Level.ESTIMATED,
    "SUPERVISED": Level.GUARDIAN,
    "SUPERVISED_APPROVAL_PENDING": Level.GUARDIAN,
    "SUPERVISED_APPROVAL_DENIED": Level.GUARDIAN,
    "DECLARED": Level.DECLARED,
}
_PLAY_NUMBERS: Final = (
    "VERIFIED",
    "SUPERVISED",
    "SUPERVISED_APPROVAL_PENDING",
    "SUPERVISED_APPROVAL_DENIED",
    "UNKNOWN",
)
_NOT_TOLD: Final = {"UNKNOWN": "unknown", "NOT_SHARED": "not_shared", "VERIFICATION_REQUIRED": "verification_required"}
_APPROVALS: Final[dict[object, Approval]] = {
    "SUPERVISED_APPROVAL_PENDING": "pending",
    "SUPERVISED_APPROVAL_DENIED": "denied",
    "APPROVED": "approved",
    "PENDING": "pending",
    "DENIED": "denied",
}


@attrs.frozen(kw_only=True)
class Reading:
    """What a payload comes to.

    Attributes:
        code: ``range`` where it is evidence. Otherwise ``declined``, ``not_shared``,
            ``verification_required``, ``unknown``, ``no_range``, or what is wrong with it:
            ``payload``, ``status``, ``declaration``, ``bounds``.
        evidence: The claim; None unless the code is ``range``.
        approval: What a guardian said about a significant change of the app, where Play tells it.
    """

    code: str
    evidence: DobEvidence | None = None
    approval: Approval | None = None


def from_apple(payload: Any, *, at: int | dt.datetime) -> Reading:
    """Read what Apple's ``AgeRangeService`` answered.

    The host passes the Swift value on as ``{"lowerBound": 13, "upperBound": 16,
    "ageRangeDeclaration": "guardianDeclared"}``, and ``{"declinedSharing": true}`` where sharing
    was declined; further keys do not matter. The documents call ``upperBound`` the highest age
    and the next age gate, so it counts as an age that may still be true.

    Args:
        payload: The answer, as plain values.
        at: When it was received.
    """
    instant = to_epoch(at)
    if type(payload) is not dict:
        return Reading(code="payload")
    if payload.get("declinedSharing") is True:
        return Reading(code="declined")
    level = _level(_APPLE, payload.get("ageRangeDeclaration"))
    if level is None:
        return Reading(code="declaration")
    return _reading(payload.get("lowerBound"), payload.get("upperBound"), level, instant, stale_days=YEAR)


def from_play(payload: Any, *, at: int | dt.datetime) -> Reading:
    """Read what Google Play's Age Signals API answered.

    Both forms are read: ``userStatus`` (through version 0.0.3, as a name or its number), and
    ``ageSignalsStatus`` with ``ageRangeSource``; a payload with both goes by the newer one.
    ``ageUpper`` may be eight weeks out of date, and is taken so. Someone ``VERIFIED`` is over 18.

    Args:
        payload: The answer, as plain values.
        at: When it was received.
    """
    instant = to_epoch(at)
    if type(payload) is not dict:
        return Reading(code="payload")
    shared, source, status = (payload.get(key) for key in ("ageSignalsStatus", "ageRangeSource", "userStatus"))
    if type(status) is int and 0 <= status < len(_PLAY_NUMBERS):
        status = _PLAY_NUMBERS[status]
    approval = _approval(payload.get("significantChangeStatus")) or _approval(status)
    lower, upper = payload.get("ageLower"), payload.get("ageUpper")
    newer = shared is not None or source is not None
    told = shared if newer else status
    if type(told) is str and told in _NOT_TOLD:
        return Reading(code=_NOT_TOLD[told], approval=approval)
    if newer and shared not in (None, "SHARED"):
        return Reading(code="status", approval=approval)
    level = _level(_PLAY_TIERS, source) if newer else _level(_PLAY_STATUS, status)
    if level is None:
        return Reading(code="status", approval=approval)
    if not newer and status == "VERIFIED":
        lower = ADULT if lower is None else lower
        if type(lower) is not int or lower < ADULT or upper is not None:
            return Reading(code="bounds", approval=approval)
    return attrs.evolve(_reading(lower, upper, level, instant, stale_days=STALE_DAYS), approval=approval)


def _reading(lower: object, upper: object, level: Level, at: int, *, stale_days: int) -> Reading:
    if lower is None and upper is None:
        return Reading(code="no_range")
    lower = 0 if lower is None else lower
    # A bound above any age that stores tell is a slip; a slip is not somebody very old.
    if type(lower) is not int or not 0 <= lower <= 120:
        return Reading(code="bounds")
    if upper is not None and (type(upper) is not int or not lower <= upper <= 120):
        return Reading(code="bounds")
    evidence = DobEvidence.of_age(lower, upper, at=at, level=level, stale_days=stale_days)
    return Reading(code="range", evidence=evidence)


def _level(known: dict[str, Level], name: object) -> Level | None:
    return known.get(name) if type(name) is str else None


def _approval(name: object) -> Approval | None:
    return _APPROVALS.get(name) if type(name) is str else None
