"""Why money may not be spent, in the same form as every other denial: rule, layer, citation, way out, words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from platgov._canonical import shown
from platgov._minors.age import Level, born
from platgov._minors.charging import SpendVerdict
from platgov._minors.checks import refuse
from platgov._minors.policy import UnknownAge
from platgov._minors.verdict import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from platgov._minors.charging import SpendCap
    from platgov._minors.grants import Minor
    from platgov._minors.plan import Plan
    from platgov._minors.policy import YouthPolicy

__all__ = ["explain_spending", "spend_reason"]

_CAPS: Final = frozenset({"currency", "per_transaction", "per_day", "per_month"})


def spend_reason(verdict: SpendVerdict, *, plan: Plan, minor: Minor) -> Reason | None:
    """Give the limit of a plan that said no to spending; None where no cap did.

    Codes are ``spend_per_transaction``, ``spend_per_day``, ``spend_per_month``,
    ``spend_currency``, and ``age_unknown``. What is left of the cap is in the verdict, in minor
    units. Of two caps that say the same, the one of the stronger layer is named.

    Args:
        verdict: What `Spending` or `SpendStore` answered.
        plan: The plan whose `Plan.caps` were given to it.
        minor: Who wanted to spend.

    Raises:
        InputError: It is no verdict on spending.
    """
    if not isinstance(verdict, SpendVerdict):
        raise refuse("spend_reason", f"verdict is {shown(verdict)}; give a SpendVerdict", path="$.verdict", code="type")
    if verdict.cap is None or verdict.reason not in _CAPS:
        return None
    for policy, cap in _caps(plan):
        if cap.id == verdict.cap and getattr(cap, verdict.reason) == _limit(verdict, cap):
            return Reason(
                code=f"spend_{verdict.reason}",
                policy_id=policy.id,
                limit_id=cap.id,
                layer=policy.layer.value,
                citation=cap.citation or policy.citation,
                until=verdict.until,
                appealable=_contestable(policy, plan, minor, verdict.at),
            )
    for policy in plan.policies:
        known = born(minor.evidence, at=verdict.at, least=policy.evidence_level, tz=plan.tz)
        if verdict.cap == "age_unknown" and known.unknown and policy.unknown_age is UnknownAge.DENY:
            return Reason("age_unknown", policy.id, "", policy.layer.value, policy.citation, appealable=True)
    return Reason(code=f"spend_{verdict.reason}", limit_id=verdict.cap, until=verdict.until)


def explain_spending(
    verdict: SpendVerdict,
    audience: str = "guardian",
    *,
    plan: Plan,
    minor: Minor,
    language: str = "en",
    zone: str | None = None,
) -> tuple[str, ...]:
    """Say in words whether money may be spent, and why not; see `Verdict.explain`.

    Raises:
        InputError: There is no such audience, language or zone.
    """
    from platgov._minors.explain import explain_spend  # noqa: PLC0415 - texts are read when somebody asks

    reason = spend_reason(verdict, plan=plan, minor=minor)
    return explain_spend(verdict, reason, audience, language=language, zone=zone or plan.tz)


def _caps(plan: Plan) -> Iterator[tuple[YouthPolicy, SpendCap]]:
    for policy in plan.policies:
        for band in policy.bands:
            for cap in band.spend:
                yield policy, cap


def _limit(verdict: SpendVerdict, cap: SpendCap) -> object:
    """Give what the field of a cap has to be for it to be the one that failed."""
    return cap.currency if verdict.reason == "currency" else verdict.limit


def _contestable(policy: YouthPolicy, plan: Plan, minor: Minor, at: int) -> bool:
    known = born(minor.evidence, at=at, least=policy.evidence_level, tz=plan.tz)
    return known.level is not Level.VERIFIED or known.conflict
