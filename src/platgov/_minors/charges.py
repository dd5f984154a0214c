"""The values of spending: caps, charges, refunds, and what a cap has of room."""

from __future__ import annotations

import enum
import re
from typing import Any, Final

import attrs

from platgov._canonical import shown
from platgov._minors.checks import flag, name, refuse, whole
from platgov._schedules.zones import zone

__all__ = ["MOST", "BindingCap", "Charge", "ChargeState", "Refund", "SpendCap", "Use", "checked_currency"]

MOST: Final = 10**12
"""Largest amount of minor units; a million of them together stay exact in every store."""
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)


def checked_currency(value: object, subject: str) -> str:
    """Check the code of a currency."""
    if type(value) is not str or not _CURRENCY.fullmatch(value):
        message = f"currency is {shown(value)}; give an ISO 4217 code such as CNY"
        raise refuse(subject, message, path="$.currency", code="currency")
    return value


def _currency(instance: Any, _: attrs.Attribute[Any], value: object) -> None:
    checked_currency(value, type(instance).__name__)


def _zone(_: Any, __: attrs.Attribute[Any], value: object) -> None:
    zone(value)


@attrs.frozen(kw_only=True)
class SpendCap:
    """How much may be spent, in one currency.

    What is held, plus what was charged, less what was refunded, plus the new amount may reach a
    cap and not pass it. None is no cap. Zero per transaction is no spending at all.

    Attributes:
        id: Which cap, as reasons name it.
        currency: ISO 4217 code. Spending in another one is denied: nothing is converted here.
        tz: IANA name of the zone whose days and months count.
        per_transaction: Minor units at once.
        per_day: Minor units in a local day.
        per_month: Minor units in a local month.
        entity: The enterprise it binds; None for each enterprise, counted by itself.
        citation: Where it is written.
    """

    id: str = attrs.field(default="spend", validator=name)
    currency: str = attrs.field(validator=_currency)
    tz: str = attrs.field(validator=_zone)
    per_transaction: int | None = attrs.field(default=None, validator=whole(0, MOST, optional=True))
    per_day: int | None = attrs.field(default=None, validator=whole(0, MOST, optional=True))
    per_month: int | None = attrs.field(default=None, validator=whole(0, MOST, optional=True))
    entity: str | None = attrs.field(default=None, validator=attrs.validators.optional(name))
    citation: str = ""

    def __attrs_post_init__(self) -> None:
        if type(self.citation) is not str:
            raise refuse("SpendCap", f"citation is {shown(self.citation)}; give text", path="$.citation", code="type")

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return attrs.asdict(self)


@attrs.frozen(kw_only=True)
class BindingCap(SpendCap):
    """A cap of a policy as it binds somebody: so that a denial can say whose cap it is.

    `Plan.caps` makes it. It is no part of a policy and is not stored.

    Attributes:
        policy_id: The policy it is from.
        layer: The layer of that policy.
        appealable: Whether it hangs on an age that nobody has verified.
    """

    policy_id: str = attrs.field(validator=name)
    layer: str = attrs.field(validator=name)
    appealable: bool = attrs.field(default=False, validator=flag)


class ChargeState(enum.Enum):
    """Where the money of one authorisation is."""

    HELD = "held"
    COMMITTED = "committed"
    VOIDED = "voided"


@attrs.frozen(kw_only=True)
class Charge:
    """One authorisation and what became of it.

    Attributes:
        id: Which one, as the host named it.
        n: Its number among the charges of one minor, from 1.
        entity: The enterprise that is paid.
        currency: ISO 4217 code.
        amount: Minor units.
        at: When it was authorised; its day and month are those of this instant.
        expires_at: First instant at which the reservation is gone unless it was committed.
        asked: Digest of what was asked, so that a repetition is told from another charge.
        policy: Digest of the caps it was judged by.
        state: Held, committed or voided.
        refunded: Minor units that went back.
    """

    id: str
    n: int
    entity: str
    currency: str
    amount: int
    at: int
    expires_at: int
    asked: str
    policy: str
    state: ChargeState = ChargeState.HELD
    refunded: int = 0

    def counts(self, at: int) -> int:
        """Give the minor units it takes up at an instant."""
        if self.state is ChargeState.COMMITTED:
            return self.amount - self.refunded
        return self.amount if self.state is ChargeState.HELD and at < self.expires_at else 0


@attrs.frozen(kw_only=True)
class Refund:
    """Money that went back.

    Attributes:
        id: Which refund, as the host named it.
        of: The charge.
        amount: Minor units.
        at: When.
    """

    id: str
    of: str
    amount: int
    at: int


@attrs.frozen(kw_only=True)
class Use:
    """What one cap has of room.

    Attributes:
        cap: Its id.
        day: Minor units taken up in the day; of all charges that the cap counts.
        month: The same in the month.
        day_key: Which day, ``2026-11-24``.
        month_key: Which month, ``2026-11``.
        day_ends: First instant after the day.
        month_ends: First instant after the month.
    """

    cap: str
    day: int
    month: int
    day_key: str
    month_key: str
    day_ends: int
    month_ends: int
