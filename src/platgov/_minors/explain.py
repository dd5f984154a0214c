"""Verdicts in words, for a child, a guardian, or an auditor: about features, and about content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from platgov import messages
from platgov._canonical import shown
from platgov._minors.checks import refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from platgov._minors.charging import SpendVerdict
    from platgov._minors.content import ContentVerdict
    from platgov._minors.verdict import Advice, Reason, Verdict

    _Say = Callable[..., str]

__all__ = ["AUDIENCES", "explain", "explain_content", "explain_spend"]

AUDIENCES: Final = ("child", "guardian", "auditor")

_WITH_LIMIT: Final = frozenset({"quota_day", "quota_week", "quota_month", "quota_rolling", "quota_gap", "break_due"})
_DECIDED: Final = _WITH_LIMIT | {
    "hours_closed",
    "calendar_unconfirmed",
    "feature_denied",
    "feature_ask",
    "rating_above",
    "age_unknown",
    "content_found",
    "content_unrated",
    "outside_pool",
    "spend_currency",
    "spend_per_day",
    "spend_per_month",
    "spend_per_transaction",
}


def explain(verdict: Verdict, audience: str, *, language: str, zone: str | None) -> tuple[str, ...]:
    """See `Verdict.explain`."""
    say = _saying(audience, language, zone or verdict.basis.tz)
    lines = [say("allowed" if verdict.allowed else "denied")]
    lines += _reasons(verdict.reasons, audience, say)
    if verdict.remaining_s is not None and verdict.allowed:
        lines.append(say("remaining", seconds=verdict.remaining_s))
    if verdict.next_change is not None:
        lines.append(say("until" if verdict.allowed else "again", at=verdict.next_change))
    return (*lines, *_closing(verdict, audience, say))


def explain_content(verdict: ContentVerdict, audience: str, *, language: str, zone: str | None) -> tuple[str, ...]:
    """See `ContentVerdict.explain`."""
    say = _saying(audience, language, zone or verdict.tz)
    lines = [say("content_allowed" if verdict.allowed else "content_denied")]
    lines += _reasons(verdict.reasons, audience, say)
    if verdict.next_change is not None and not verdict.allowed:
        lines.append(say("again", at=verdict.next_change))
    if audience == "auditor":
        lines += [say("seen", label=one.label, source=one.source or "-", what=one.what) for one in verdict.seen]
    return (*lines, *_closing(verdict, audience, say))


def explain_spend(
    verdict: SpendVerdict, reasons: tuple[Reason, ...], audience: str, *, language: str, zone: str
) -> tuple[str, ...]:
    """See `explain_spending`."""
    say = _saying(audience, language, zone)
    lines = [say("spend_allowed" if verdict.allowed else "spend_denied")]
    if not reasons and not verdict.allowed:
        lines.append(say(f"step.{verdict.reason}"))
    lines += _reasons(reasons, audience, say)
    ends = [reason.until for reason in reasons]
    known = [end for end in ends if end is not None]
    if known and len(known) == len(ends) and audience != "auditor":  # to whom each reason says it
        lines.append(say("spend_again", at=max(known)))
    if audience == "child" and any(reason.appealable for reason in reasons):
        lines.append(say("child_age"))
    if audience == "auditor":
        lines.append(say("record", at=verdict.at, plan=verdict.policy, facts=verdict.fingerprint))
    return tuple(lines)


def _saying(audience: str, language: str, tz: str) -> _Say:
    if audience not in AUDIENCES:
        raise refuse("explain", f"{shown(audience)} is none of {', '.join(AUDIENCES)}", path="$.audience", code="value")
    texts = messages.default()

    def say(key: str, **values: object) -> str:
        return texts.text(f"minors.{key}", language, fallback="en", zone=tz, **values)

    return say


def _reasons(reasons: tuple[Reason, ...], audience: str, say: _Say) -> list[str]:
    lines = []
    for reason in reasons:
        lines.append(_reason(reason, say))
        if audience != "child":
            lines += _way_out(reason, say)
        if audience == "auditor":
            lines += _record(reason, say)
    return lines


def _closing(verdict: Any, audience: str, say: _Say) -> list[str]:
    lines = []
    if audience == "child":
        if any(reason.loosenable_by for reason in verdict.reasons):
            lines.append(say("child_ask"))
        if any(reason.appealable for reason in verdict.reasons):
            lines.append(say("child_age"))
    lines += [_advice(advice, say) for advice in verdict.advice if audience != "child" or advice.code == "break_due"]
    if audience == "auditor":
        lines.append(say("record", at=verdict.at, plan=verdict.policy, facts=verdict.fingerprint))
    return lines


def _reason(reason: Reason, say: _Say) -> str:
    if reason.code in _WITH_LIMIT:
        return say(f"reason.{reason.code}", limit=reason.limit_s or 0)
    return say(f"reason.{reason.code}" if reason.code in _DECIDED else "reason.undecided")


def _way_out(reason: Reason, say: _Say) -> list[str]:
    found = []
    if reason.loosenable_by:
        found.append(say("loosenable", roles=list(reason.loosenable_by)))
    if reason.appealable:
        found.append(say("appealable"))
    return found


def _record(reason: Reason, say: _Say) -> list[str]:
    if not reason.policy_id:
        return [say("code", code=reason.code)]
    found = [say("limit", policy=reason.policy_id, limit=reason.limit_id or "-", layer=reason.layer, code=reason.code)]
    if reason.citation:
        found.append(say("citation", text=reason.citation))
    if reason.until is not None:
        found.append(say("limit_until", at=reason.until))
    return found


def _advice(advice: Advice, say: _Say) -> str:
    return say(f"advice.{advice.code}")
