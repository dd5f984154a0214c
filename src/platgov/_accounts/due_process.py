"""What is owed to the person: reasons for every adverse change, and the facts to weigh before a suspension."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import attrs

from platgov._accounts.checks import DAY, MOST, checked_name, refuse
from platgov._accounts.history import VIOLATION, CreditHistory
from platgov._accounts.recovery import LONGEST_DAYS
from platgov._accounts.score import Contribution, Score, iso
from platgov._canonical import shown
from platgov._time import LAST, to_epoch, to_iso

if TYPE_CHECKING:
    import datetime as dt

    from platgov._accounts.credit import CreditPolicy

__all__ = ["MisuseFacts", "ReasonsDraft"]


@attrs.frozen(kw_only=True)
class ReasonsDraft:
    """The reasons for one adverse change, ready for a statement to the person.

    Attributes:
        subject: ``score`` or ``grade``.
        context: Where it applies.
        change: What changed: ``-20 points``, ``normal -> basic``.
        cause: Why: ``conduct``, ``requirement`` or ``lock``.
        rules: The rules that were broken, or the requirement or person behind the change.
        facts: The decisions behind it, and what each took off.
        seen: What the host observed, for a requirement; the reason given, for a lock.
        begins_at: From when it applies.
        ends_at: Until when if nothing else happens; None if no end is known.
        appeal_until: Last second for an appeal, counted from the beginning.
        needs_human: A person must confirm the change before it takes effect.
        policy: Digest of the policy.

    Source: DSA Art. 17(3); Regulation (EU) 2019/1150 Art. 4; GDPR Art. 22.
    """

    subject: str
    context: str
    change: str
    cause: str
    rules: tuple[str, ...]
    facts: tuple[Contribution, ...] = ()
    seen: str = ""
    begins_at: int
    ends_at: int | None
    appeal_until: int
    needs_human: bool
    policy: str

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "subject": self.subject,
            "context": self.context,
            "change": self.change,
            "cause": self.cause,
            "rules": list(self.rules),
            "facts": [fact.to_dict() for fact in self.facts],
            "seen": self.seen,
            "begins_at": to_iso(self.begins_at),
            "ends_at": iso(self.ends_at),
            "appeal_until": to_iso(self.appeal_until),
            "needs_human": self.needs_human,
            "policy": self.policy,
        }


def appeal_end(at: int, appeal_days: int) -> int:
    """Give the last second at which an appeal is in time."""
    return min(LAST, at + appeal_days * DAY)


def score_reasons(policy: CreditPolicy, score: Score) -> tuple[ReasonsDraft, ...]:
    """Draft the reasons for every deduction that a score still shows."""
    return tuple(
        ReasonsDraft(
            subject="score",
            context=policy.context,
            change=f"-{row.points} points",
            cause="conduct",
            rules=(row.rule,),
            facts=(row,),
            begins_at=row.at,
            ends_at=row.heals_at,
            appeal_until=appeal_end(row.at, policy.procedure.appeal_days),
            needs_human=score.needs_human,
            policy=policy.digest,
        )
        for row in score.contributions
    )


@attrs.frozen(kw_only=True)
class MisuseFacts:
    """What must be weighed, case by case, before a suspension for misuse.

    Attributes:
        begins_at: Start of the time frame, not included.
        ends_at: End of it, included.
        number: (a) Violations in absolute numbers.
        items: Everything the person posted or reported in the time frame; None if unknown.
        share: (b) Violations as a part of all items; None if unknown.
        gravity: (c) By rule: how many, and the points that the policy gives to one.
        intent: (d) What is known of the intention; None if nothing is.
        unknown: Which of these are not known, for the person who weighs them.

    Source: DSA Art. 23(3).
    """

    begins_at: int
    ends_at: int
    number: int
    items: int | None
    share: Fraction | None
    gravity: tuple[tuple[str, int, int], ...]
    intent: str | None
    unknown: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "begins_at": to_iso(self.begins_at),
            "ends_at": to_iso(self.ends_at),
            "number": self.number,
            "items": self.items,
            "share": None if self.share is None else str(self.share),
            "gravity": [{"rule": rule, "number": number, "points": points} for rule, number, points in self.gravity],
            "intent": self.intent,
            "unknown": list(self.unknown),
        }


def misuse_facts(
    policy: CreditPolicy,
    history: CreditHistory,
    *,
    window_days: int,
    at: int | dt.datetime,
    items: int | None,
    intent: str | None,
) -> MisuseFacts:
    """Count what `MisuseFacts` states; overturned and held violations count for nothing."""
    if type(window_days) is not int or not 1 <= window_days <= LONGEST_DAYS:
        message = f"window_days is {shown(window_days)}; give a whole number from 1 to {LONGEST_DAYS}"
        raise refuse("MisuseFacts", message, path="$.window_days")
    end = to_epoch(at)
    begin = end - window_days * DAY
    cited = [e.cites for e in history.effective(at=end) if e.kind is VIOLATION and e.at > begin]
    if items is not None and (type(items) is not int or not len(cited) <= items <= MOST**2):
        message = f"items is {shown(items)}; give a whole number, at least the {len(cited)} violations among them"
        raise refuse("MisuseFacts", message, path="$.items")
    if intent is not None:
        checked_name(intent, "MisuseFacts", "intent")
    return MisuseFacts(
        begins_at=begin,
        ends_at=end,
        number=len(cited),
        items=items,
        share=Fraction(len(cited), items) if items else None,
        gravity=tuple((rule, cited.count(rule), policy.points_of(rule)) for rule in sorted(set(cited))),
        intent=intent,
        unknown=tuple(
            word for word, known in (("share", items is not None), ("intent", intent is not None)) if not known
        ),
    )
