"""Appeals against a ban: filed in time, decided once, by somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from platgov._blacklist.checks import identifier, refuse
from platgov._blacklist.records import DAY, Ban, BanEvent, BanOutcome, BanProcedure, BanStatus, person
from platgov._time import LAST, to_epoch, to_iso
from platgov.errors import DueProcessError

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["filed", "ruled"]


def filed(ban: Ban, procedure: BanProcedure, *, at: int | dt.datetime, by: str, sealed: bytes) -> BanEvent:
    """Give the event of an appeal, admissible or not."""
    now = to_epoch(at)
    refusal = ""
    # A ban that has not begun yet can be appealed; one that is over has nothing left to take back.
    if ban.status(max(now, ban.starts_at)) is not BanStatus.IN_FORCE:
        refusal = "nothing_to_appeal"
    elif any(appeal.admissible for appeal in ban.appeals):
        refusal = "second"
    elif now > ban.appeal_until(procedure):
        refusal = "late"
    due = None if refusal else min(now + procedure.decide_within_days * DAY, LAST)
    return BanEvent(kind="appealed", at=now, by=by, refusal=refusal, due=due, sealed=sealed)


def ruled(
    ban: Ban,
    outcome: BanOutcome,
    *,
    by: str,
    at: int | dt.datetime,
    reason: str,
    ends_at: int | dt.datetime | None,
    sealed: bytes,
) -> BanEvent:
    """Give the event that decides the open appeal.

    Raises:
        DueProcessError: There is none, it is decided already, not yet filed, or not for this person.
        InputError: MODIFIED without an earlier end, or an end without MODIFIED.
    """
    now = to_epoch(at)
    who = person(by)
    if not isinstance(outcome, BanOutcome):
        known = ", ".join(str(one) for one in BanOutcome)
        raise refuse("Ban", "outcome", f"is a {type(outcome).__name__}; give one of {known}", "type")
    appeal = ban.open_appeal
    if appeal is None:
        if any(one.outcome is not None for one in ban.appeals):
            raise DueProcessError("already_decided", "the appeal is decided; a ruling is final")
        raise DueProcessError("nothing_to_decide", "no admissible appeal against this ban is open")
    if now < appeal.filed_at:
        raise DueProcessError("before_filing", "an appeal cannot be decided before it is filed; give a later `at`")
    if who in ban.involved:
        raise DueProcessError("same_person", f"{who!r} took part in the ban; somebody else decides the appeal")
    if any(event.kind == "appealed" and event.by == who for event in ban.events):
        raise DueProcessError("appellant", f"{who!r} filed the appeal and may not decide it")
    ends = None if ends_at is None else to_epoch(ends_at)
    if (ends is not None) is not (outcome is BanOutcome.MODIFIED):
        raise refuse("Ban", "ends_at", "goes with MODIFIED, and only with it", "ends_at")
    if ends is not None and (ends <= ban.starts_at or (ban.ends_at is not None and ends >= ban.ends_at)):
        until = "" if ban.ends_at is None else f" and before {to_iso(ban.ends_at)}"
        raise refuse("Ban", "ends_at", f"an appeal only ever shortens: give an end after the start{until}", "harsher")
    return BanEvent(
        kind="ruled",
        at=now,
        by=who,
        reason=identifier(reason, "Ban", "reason"),
        ends_at=ends,
        outcome=outcome,
        sealed=sealed,
    )
