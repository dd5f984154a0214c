"""What a step of spending comes to: the pure judgements that the fold and the store share.

Nothing here keeps anything: what caps have taken up is given by whoever keeps the charges.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

import attrs

from platgov._canonical import digest, shown
from platgov._minors.charges import MOST, BindingCap, Charge, ChargeState, Refund, SpendCap, Use, checked_currency
from platgov._minors.checks import checked_name, refuse
from platgov._minors.verdict import Reason
from platgov._schedules.zones import DAY, EARLIEST, LATEST
from platgov._time import to_epoch, to_iso
from platgov.errors import ConflictError, InputError, Problem
from platgov.schedules import Period, Periods
from platgov.verdict import Verdict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator

__all__ = [
    "HOLD_S",
    "MOST",
    "Ask",
    "BindingCap",
    "Charge",
    "ChargeState",
    "Refund",
    "SpendCap",
    "SpendVerdict",
    "Use",
    "again",
    "checked_instant",
    "checked_refund",
    "committing",
    "judged",
    "refunding",
    "step_verdict",
    "use_of",
    "voiding",
]

HOLD_S: Final = 900
LONGEST_HOLD_S: Final = 31 * DAY
MOST_CAPS: Final = 32

_MONTH: Final = 30 * DAY


@attrs.frozen(kw_only=True)
class SpendVerdict(Verdict):
    """Whether a step was taken, and why.

    Attributes:
        step: ``authorise``, ``commit``, ``void`` or ``refund``.
        id: What it was about: the charge, or the refund.
        allowed: Whether the step stands, now or from before.
        reason: ``ok``; the code of the first refusal among the caps, such as ``age_unknown``; or
            the first that failed of ``currency``, ``per_transaction``, ``per_day``,
            ``per_month``; for other steps ``unknown``, ``expired``, ``voided``, ``committed``,
            ``not_committed``, ``too_much``.
        reasons: Every refusal and every cap that says no, that of ``reason`` first, in the form
            that all denials have. Empty where no cap had to decide. Codes of caps are
            ``spend_currency``, ``spend_per_transaction``, ``spend_per_day``, ``spend_per_month``;
            policy and layer are empty for a cap that is not from `Plan.caps`.
        cap: The cap that failed first.
        limit: What it allows, in minor units.
        until: First instant after the day or month that is full; room may come back earlier.
        remaining: Minor units that it had left.
        uses: What each cap had taken up before.
        charge: The charge as it is now; None if there is none.
        repeated: The step had been taken before; nothing was changed.
    """

    kind: ClassVar[str] = "spend"
    step: str
    id: str
    allowed: bool
    reason: str = "ok"
    reasons: tuple[Reason, ...] = ()
    cap: str | None = None
    limit: int | None = None
    until: int | None = None
    remaining: int | None = None
    uses: tuple[Use, ...] = ()
    charge: Charge | None = None
    repeated: bool = False

    def body(self) -> dict[str, Any]:
        """Give the verdict as plain values."""
        charge = self.charge
        return {
            "step": self.step,
            "id": self.id,
            "allowed": self.allowed,
            "reason": self.reason,
            "reasons": [reason.to_dict() for reason in self.reasons],
            "cap": self.cap,
            "limit": self.limit,
            "until": None if self.until is None else to_iso(self.until),
            "remaining": self.remaining,
            "uses": [{"cap": use.cap, "day": use.day, "month": use.month} for use in self.uses],
            "charge": None
            if charge is None
            else {
                "id": charge.id,
                "entity": charge.entity,
                "currency": charge.currency,
                "amount": charge.amount,
                "at": to_iso(charge.at),
                "expires_at": to_iso(charge.expires_at),
                "state": charge.state.value,
                "refunded": charge.refunded,
            },
            "repeated": self.repeated,
        }


@attrs.frozen(kw_only=True)
class Ask:
    """One checked request to spend.

    Attributes:
        refusals: Why nothing may be spent at all, whatever the caps have room for.
    """

    id: str
    amount: int
    currency: str
    entity: str
    caps: tuple[SpendCap, ...]
    refusals: tuple[Reason, ...]
    at: int
    hold_s: int

    @staticmethod
    def of(
        *,
        id: object,  # noqa: A002 - the word of the field
        amount: object,
        currency: object,
        entity: object,
        caps: Iterable[SpendCap | Reason],
        at: int | dt.datetime,
        hold_s: object,
    ) -> Ask:
        """Check what a host asks.

        Raises:
            InputError: An argument is not what it should be.
        """
        given = tuple(caps) if isinstance(caps, list | tuple) else None
        if given is None or len(given) > MOST_CAPS or not all(isinstance(one, SpendCap | Reason) for one in given):
            message = f"caps is {shown(caps)}; give a list of at most {MOST_CAPS} SpendCap, or what Plan.caps gave"
            raise refuse("spending", message, path="$.caps", code="type")
        return Ask(
            id=checked_name(id, "spending", "id"),
            amount=checked_amount(amount, 0),
            currency=checked_currency(currency, "spending"),
            entity=checked_name(entity, "spending", "entity"),
            caps=tuple(one for one in given if isinstance(one, SpendCap)),
            refusals=tuple(one for one in given if isinstance(one, Reason)),
            at=checked_instant(at),
            hold_s=_checked_whole(hold_s, "hold_s", 1, LONGEST_HOLD_S),
        )

    @property
    def binding(self) -> tuple[SpendCap, ...]:
        """The caps that bind this enterprise."""
        return tuple(cap for cap in self.caps if cap.entity is None or cap.entity == self.entity)

    @property
    def digest(self) -> str:
        """Address of what was asked: the instant may differ when it is asked again."""
        return digest({"amount": self.amount, "currency": self.currency, "entity": self.entity})

    @property
    def policy(self) -> str:
        """Address of the caps, and of what refuses beside them."""
        return digest([*(cap.to_dict() for cap in self.caps), *(one.to_dict() for one in self.refusals)])


def day_and_month(tz: str, at: int) -> tuple[Period, Period]:
    """Give the local day and month of an instant."""
    periods = _periods(tz, at // _MONTH)
    return periods.period("day", at), periods.period("month", at)


@lru_cache(maxsize=512)
def _periods(tz: str, bucket: int) -> Periods:
    start = max(bucket * _MONTH, EARLIEST + 40 * DAY)
    return Periods(tz=tz, start=start, end=min((bucket + 1) * _MONTH, LATEST - 40 * DAY))


def judged(ask: Ask, at: int, uses: tuple[Use, ...], n: int) -> SpendVerdict:
    """Decide on a request whose id is new, given what its caps have taken up."""
    failing = list(_failing(ask, uses))
    first = None if ask.refusals or not failing else failing[0]
    reasons = (*ask.refusals, *(one.reason() for one in failing))
    charge = None
    if not reasons:
        charge = Charge(
            id=ask.id,
            n=n,
            entity=ask.entity,
            currency=ask.currency,
            amount=ask.amount,
            at=at,
            expires_at=at + ask.hold_s,
            asked=ask.digest,
            policy=ask.policy,
        )
    facts = {
        "step": "authorise",
        "id": ask.id,
        "asked": ask.digest,
        "hold_s": ask.hold_s,
        "n": n,
        "uses": [[use.cap, use.day, use.month, use.day_key, use.month_key] for use in uses],
    }
    return SpendVerdict(
        at=at,
        policy=ask.policy,
        fingerprint=digest(facts),
        step="authorise",
        id=ask.id,
        allowed=not reasons,
        reason=first.kind if first else ask.refusals[0].code if ask.refusals else "ok",
        reasons=reasons,
        cap=first and first.cap.id,
        limit=first and first.limit,
        until=first and first.until,
        remaining=first and first.remaining,
        uses=uses,
        charge=charge,
    )


class _Failing(NamedTuple):
    """One limit of a cap that an amount does not fit in."""

    kind: str
    cap: SpendCap
    limit: int | None = None
    until: int | None = None
    remaining: int | None = None

    def reason(self) -> Reason:
        cap = self.cap
        found = Reason(code=f"spend_{self.kind}", limit_id=cap.id, citation=cap.citation, until=self.until)
        if isinstance(cap, BindingCap):
            found = found._replace(policy_id=cap.policy_id, layer=cap.layer, appealable=cap.appealable)
        return found


def _failing(ask: Ask, uses: tuple[Use, ...]) -> Iterator[_Failing]:
    """Give every limit that fails, when its time is over, what is left: by kind, then in the order of the caps."""
    amount = ask.amount
    for cap in ask.binding:
        if cap.currency != ask.currency:
            yield _Failing("currency", cap)
    own = [(cap, use) for cap, use in zip(ask.binding, uses, strict=True) if cap.currency == ask.currency]
    for cap, _ in own:
        if cap.per_transaction is not None and amount > cap.per_transaction:
            yield _Failing("per_transaction", cap, cap.per_transaction, None, cap.per_transaction)
    for cap, use in own:
        if cap.per_day is not None and use.day + amount > cap.per_day:
            yield _Failing("per_day", cap, cap.per_day, use.day_ends, max(cap.per_day - use.day, 0))
    for cap, use in own:
        if cap.per_month is not None and use.month + amount > cap.per_month:
            yield _Failing("per_month", cap, cap.per_month, use.month_ends, max(cap.per_month - use.month, 0))


def again(ask: Ask, at: int, charge: Charge) -> SpendVerdict:
    """Answer a request whose id is taken.

    Raises:
        ConflictError: By something else.
    """
    if charge.asked != ask.digest:
        raise ConflictError(ask.id, charge.n, "another amount, currency or enterprise was asked under this id")
    gone = charge.state is ChargeState.VOIDED or (charge.state is ChargeState.HELD and at >= charge.expires_at)
    reason = "ok" if not gone else "voided" if charge.state is ChargeState.VOIDED else "expired"
    return step_verdict("authorise", ask.id, at, charge, reason, repeated=True)


def committing(charge: Charge | None, at: int) -> tuple[str, bool]:
    """Tell the reason, and whether the step was taken before."""
    if charge is None:
        return "unknown", False
    if charge.state is ChargeState.COMMITTED:
        return "ok", True
    if charge.state is ChargeState.VOIDED:
        return "voided", False
    return ("ok" if at < charge.expires_at else "expired"), False


def voiding(charge: Charge | None) -> tuple[str, bool]:
    """Tell the reason, and whether the step was taken before."""
    if charge is None:
        return "unknown", False
    if charge.state is ChargeState.COMMITTED:
        return "committed", False
    return "ok", charge.state is ChargeState.VOIDED


def refunding(charge: Charge | None, asked: Refund, known: Refund | None) -> tuple[str, bool]:
    """Tell the reason, and whether the step was taken before.

    Raises:
        ConflictError: The id is taken by another refund.
    """
    if known is not None:
        if (known.of, known.amount) != (asked.of, asked.amount):
            raise ConflictError(asked.id, 0, f"it refunded {known.amount} of charge {known.of!r}")
        return "ok", True
    if charge is None:
        return "unknown", False
    if charge.state is not ChargeState.COMMITTED:
        return "not_committed", False
    return ("ok" if asked.amount <= charge.amount - charge.refunded else "too_much"), False


def step_verdict(
    step: str,
    id: str,  # noqa: A002 - the word of the field
    at: int,
    charge: Charge | None,
    reason: str,
    *,
    repeated: bool,
    amount: int | None = None,
) -> SpendVerdict:
    """Build the verdict on a step that no cap decides."""
    policy = digest([]) if charge is None else charge.policy
    facts = {"step": step, "id": id, "amount": amount, "reason": reason, "repeated": repeated}
    if charge is not None:
        facts |= {"charge": charge.id, "state": charge.state.value, "refunded": charge.refunded, "asked": charge.asked}
    return SpendVerdict(
        at=at,
        policy=policy,
        fingerprint=digest(facts),
        step=step,
        id=id,
        allowed=reason == "ok",
        reason=reason,
        charge=charge,
        repeated=repeated,
    )


def use_of(cap: SpendCap, at: int, used: Callable[[Period], int]) -> Use:
    """Ask what a cap has taken up; ``used`` gives the minor units of a period."""
    day, month = day_and_month(cap.tz, at)
    return Use(
        cap=cap.id,
        day=used(day),
        month=used(month),
        day_key=day.key,
        month_key=month.key,
        day_ends=day.end,
        month_ends=month.end,
    )


def checked_refund(id: object, of: object, amount: object, at: int | dt.datetime) -> Refund:  # noqa: A002 - the word of the field
    """Check a refund; nothing cannot be given back."""
    return Refund(
        id=checked_name(id, "spending", "id"),
        of=checked_name(of, "spending", "of"),
        amount=checked_amount(amount, 1),
        at=checked_instant(at),
    )


def checked_amount(value: object, least: int) -> int:
    """Check an amount of minor units."""
    return _checked_whole(value, "amount", least, MOST)


def checked_instant(at: int | dt.datetime) -> int:
    """Check an instant for which days and months are known: 1901 to 2199."""
    instant = to_epoch(at)
    if not EARLIEST + 40 * DAY <= instant < LATEST - 40 * DAY:
        message = f"{to_iso(instant)} lies outside the years 1901 to 2199"
        raise refuse("spending", message, path="$.at", code="range")
    return instant


def _checked_whole(value: object, field: str, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        message = f"{field} is {shown(value)}; give a whole number from {low} to {high}"
        code = "range" if type(value) is int else "type"
        raise InputError("spending", (Problem(message, f"$.{field}", code),))
    return value
