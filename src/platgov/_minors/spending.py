"""How much was spent: reservations against caps, as a value.

Money is reserved before it is charged (`Spending.authorise`), then charged (`Spending.commit`)
or let go (`Spending.void`); what was charged can be given back (`Spending.refund`). Amounts are
whole minor units (fen, cents). A reservation that expires is gone as of its instant, without a
job that removes it. `platgov._minors.spend_store` keeps the same in a database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from platgov._minors.charging import (
    HOLD_S,
    Ask,
    Charge,
    ChargeState,
    Refund,
    SpendCap,
    SpendVerdict,
    Use,
    again,
    checked_instant,
    checked_refund,
    committing,
    judged,
    refunding,
    step_verdict,
    use_of,
    voiding,
)
from platgov._minors.checks import checked_name
from platgov._schedules.zones import EARLIEST

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from platgov._minors.verdict import Reason
    from platgov.schedules import Period

__all__ = ["Charge", "ChargeState", "Refund", "SpendCap", "SpendVerdict", "Spending", "Use"]


@attrs.frozen(kw_only=True)
class Spending:
    """All that one minor spent, as a value; each step gives the next value and a verdict.

    Time never runs backwards: a step that claims an earlier instant than one before it is taken
    at that one, so that a clock that was put back opens no month that is over.

    Attributes:
        charges: In the order they were authorised.
        refunds: In the order they were made.
        seen_at: Latest instant of a step that was taken.
    """

    charges: tuple[Charge, ...] = ()
    refunds: tuple[Refund, ...] = ()
    seen_at: int = EARLIEST

    def charge(self, id: str) -> Charge | None:  # noqa: A002 - the word of the field
        """Give the charge of an id."""
        return next((charge for charge in self.charges if charge.id == id), None)

    def authorise(
        self,
        *,
        id: str,  # noqa: A002 - the word of the field
        amount: int,
        currency: str,
        entity: str,
        caps: Iterable[SpendCap | Reason],
        at: int | dt.datetime,
        hold_s: int = HOLD_S,
    ) -> tuple[Spending, SpendVerdict]:
        """Reserve an amount if every cap has room for it.

        The same id again changes nothing. A denial leaves no trace: the id may be tried again.

        Args:
            id: Which charge; unique for the minor.
            amount: Minor units, 0 to 10**12.
            currency: ISO 4217 code.
            entity: The enterprise that is paid.
            caps: All that bind the minor at this instant, as `Plan.caps` gives them.
            at: The instant.
            hold_s: Seconds after which the reservation is gone, at most 31 days.

        Raises:
            InputError: An argument is not what it should be.
            ConflictError: The id is taken by a charge of another amount, currency or enterprise.
        """
        ask = Ask.of(id=id, amount=amount, currency=currency, entity=entity, caps=caps, at=at, hold_s=hold_s)
        now = max(ask.at, self.seen_at)
        known = self.charge(ask.id)
        if known is not None:
            return self, again(ask, now, known)
        verdict = judged(ask, now, self._uses(ask, now), len(self.charges) + 1)
        if verdict.charge is None:
            return self, verdict
        return attrs.evolve(self, charges=(*self.charges, verdict.charge), seen_at=now), verdict

    def commit(self, *, id: str, at: int | dt.datetime) -> tuple[Spending, SpendVerdict]:  # noqa: A002 - the word of the field
        """Charge what was reserved, unless the reservation is gone."""
        now, charge = self._at(id, at)
        return self._stepped("commit", id, now, charge, committing(charge, now), state=ChargeState.COMMITTED)

    def void(self, *, id: str, at: int | dt.datetime) -> tuple[Spending, SpendVerdict]:  # noqa: A002 - the word of the field
        """Let a reservation go."""
        now, charge = self._at(id, at)
        return self._stepped("void", id, now, charge, voiding(charge), state=ChargeState.VOIDED)

    def refund(
        self,
        *,
        id: str,  # noqa: A002 - the word of the field
        of: str,
        amount: int,
        at: int | dt.datetime,
    ) -> tuple[Spending, SpendVerdict]:
        """Give back part or all of a charge; room comes back in the day and month of the charge.

        Raises:
            InputError: An argument is not what it should be.
            ConflictError: The id is taken by another refund.
        """
        asked = checked_refund(id, of, amount, at)
        now, charge = self._at(of, at)
        known = next((refund for refund in self.refunds if refund.id == id), None)
        told = refunding(charge, asked, known)
        refunded = 0 if charge is None else charge.refunded + amount
        after, verdict = self._stepped("refund", id, now, charge, told, refunded=refunded, amount=amount)
        if after is not self:
            after = attrs.evolve(after, refunds=(*after.refunds, attrs.evolve(asked, at=now)))
        return after, verdict

    def room(
        self, *, currency: str, entity: str, caps: Iterable[SpendCap | Reason], at: int | dt.datetime
    ) -> int | None:
        """Give the largest amount that `authorise` would grant now; None without any cap.

        Zero also where nothing would be granted at all.
        """
        ask = Ask.of(id="room", amount=0, currency=currency, entity=entity, caps=caps, at=at, hold_s=HOLD_S)
        uses = self._uses(ask, max(ask.at, self.seen_at))
        if ask.refusals or any(cap.currency != ask.currency for cap in ask.binding):
            return 0
        rooms = [cap.per_transaction for cap in ask.binding]
        for cap, use in zip(ask.binding, uses, strict=True):
            rooms.append(None if cap.per_day is None else cap.per_day - use.day)
            rooms.append(None if cap.per_month is None else cap.per_month - use.month)
        given = [room for room in rooms if room is not None]
        return max(min(given), 0) if given else None

    def _uses(self, ask: Ask, at: int) -> tuple[Use, ...]:
        return tuple(use_of(cap, at, lambda period: self._used(ask, period, at)) for cap in ask.binding)

    def _used(self, ask: Ask, period: Period, at: int) -> int:
        return sum(
            charge.counts(at)
            for charge in self.charges
            if charge.entity == ask.entity
            and charge.currency == ask.currency
            and any(start <= charge.at < end for start, end in period.spans)
        )

    def _at(self, id: object, at: int | dt.datetime) -> tuple[int, Charge | None]:  # noqa: A002 - the word of the field
        return max(checked_instant(at), self.seen_at), self.charge(checked_name(id, "spending", "id"))

    def _stepped(
        self,
        step: str,
        id: str,  # noqa: A002 - the word of the field
        at: int,
        charge: Charge | None,
        told: tuple[str, bool],
        *,
        amount: int | None = None,
        **change: Any,
    ) -> tuple[Spending, SpendVerdict]:
        reason, repeated = told
        if charge is None or reason != "ok" or repeated:
            return self, step_verdict(step, id, at, charge, reason, repeated=repeated, amount=amount)
        after = attrs.evolve(charge, **change)
        charges = tuple(after if one is charge else one for one in self.charges)
        verdict = step_verdict(step, id, at, after, reason, repeated=False, amount=amount)
        return attrs.evolve(self, charges=charges, seen_at=at), verdict
