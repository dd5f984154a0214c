"""What binds spending, and why money may not be spent: in the form and the words of every other denial."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from platgov._canonical import shown
from platgov._minors.age import Level
from platgov._minors.charging import BindingCap, SpendCap, SpendVerdict
from platgov._minors.checks import refuse
from platgov._minors.grants import Minor
from platgov._minors.layers import bands_of, stretches, validity
from platgov._minors.verdict import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from platgov._minors.age import Born
    from platgov._minors.plan import Plan
    from platgov._minors.policy import YouthPolicy

__all__ = ["caps_of", "explain_spending", "spend_reason"]


def caps_of(plan: Plan, minor: Minor, at: int) -> tuple[SpendCap | Reason, ...]:
    """Give what binds somebody's spending; see `Plan.caps`."""
    if type(minor) is not Minor:
        return (Reason("bad_minor"),)
    if minor.residency_tz != plan.tz:
        return (Reason("zone_mismatch"),)
    if not plan.start <= at < plan.end:
        return (Reason("outside_plan"),)
    found: dict[SpendCap | Reason, None] = {}
    for policy in plan.policies:
        start, end = validity(policy, plan)
        if not start <= at < end:
            continue
        state = _state(plan, minor, policy, at)
        bands = bands_of(policy, state, at, plan)
        if bands is None:
            code = "age_unknown"
            found[Reason(code, policy.id, "", policy.layer.value, policy.citation, appealable=True)] = None
            continue
        for band in sorted(bands):
            for cap in policy.bands[band].spend:
                found[_bound(cap, policy, state)] = None
    return tuple(found)


def spend_reason(verdict: SpendVerdict, *, plan: Plan, minor: Minor) -> Reason | None:
    """Give the first limit that said no to spending; None where no cap had to decide.

    It is the first of `SpendVerdict.reasons`. Where a cap did not come from `Plan.caps`, policy
    and layer are looked up: of two caps that say the same, the one of the stronger layer is named.

    Args:
        verdict: What `Spending` or `SpendStore` answered.
        plan: The plan that the caps are from.
        minor: Who wanted to spend.

    Raises:
        InputError: It is no verdict on spending.
    """
    if not isinstance(verdict, SpendVerdict):
        raise refuse("spend_reason", f"verdict is {shown(verdict)}; give a SpendVerdict", path="$.verdict", code="type")
    if not verdict.reasons:
        return None
    first = verdict.reasons[0]
    if first.policy_id or verdict.cap is None or not plan.start <= verdict.at < plan.end:
        return first
    for policy, cap in _caps(plan):
        if cap.id == verdict.cap and getattr(cap, verdict.reason) == _limit(verdict, cap):
            known = _bound(cap, policy, _state(plan, minor, policy, verdict.at))
            return first._replace(
                policy_id=policy.id, layer=known.layer, citation=known.citation, appealable=known.appealable
            )
    return first


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

    first = spend_reason(verdict, plan=plan, minor=minor)
    reasons = () if first is None else (first, *verdict.reasons[1:])
    return explain_spend(verdict, reasons, audience, language=language, zone=zone or plan.tz)


def _caps(plan: Plan) -> Iterator[tuple[YouthPolicy, SpendCap]]:
    for policy in plan.policies:
        for band in policy.bands:
            for cap in band.spend:
                yield policy, cap


def _limit(verdict: SpendVerdict, cap: SpendCap) -> object:
    """Give what the field of a cap has to be for it to be the one that failed."""
    return cap.currency if verdict.reason == "currency" else verdict.limit


def _bound(cap: SpendCap, policy: YouthPolicy, state: Born) -> BindingCap:
    """Give a cap together with whose it is."""
    plain = {field.name: getattr(cap, field.name) for field in attrs.fields(SpendCap)}
    plain["citation"] = cap.citation or policy.citation
    contestable = state.level is not Level.VERIFIED or state.conflict
    return BindingCap(**plain, policy_id=policy.id, layer=policy.layer.value, appealable=contestable)


def _state(plan: Plan, minor: Minor, policy: YouthPolicy, at: int) -> Born:
    """Give what is known of somebody's birth date, for a policy, at an instant of the plan."""
    return next(state for lo, hi, state in stretches(plan, minor, policy.evidence_level) if lo <= at < hi)
