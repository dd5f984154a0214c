"""What a step of spending comes to: caps, charges, and the pure judgements that fold and store share.

Nothing here keeps anything: what caps have taken up is given by whoever keeps the charges.
"""

from __future__ import annotations

import enum
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final

import attrs

from platgov._canonical import digest, shown
from platgov._minors.checks import checked_name, name, refuse, whole
from platgov._schedules.zones import DAY, EARLIEST, LATEST, zone
from platgov._time import to_epoch, to_iso
from platgov.errors import ConflictError, InputError, Problem
from platgov.schedules import Period, Periods
from platgov.verdict import Verdict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable

__all__ = [
    "HOLD_S",
    "MOST",
    "Ask",
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

MOST: Final = 10**12
"""Largest amount of minor units; a million of them together stay exact in every store."""
HOLD_S: Final = 900
LONGEST_HOLD_S: Final = 31 * DAY
MOST_CAPS: Final = 32

_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)
_MONTH: Final = 30 * DAY


def _currency(instance: Any, _: attrs.Attribute[Any], value: object) -> None:
    _checked_currency(value, type(instance).__name__)


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


@attrs.frozen(kw_only=True)
class SpendVerdict(Verdict):
    """Whether a step was taken, and why.

    Attributes:
        step: ``authorise``, ``commit``, ``void`` or ``refund``.
        id: What it was about: the charge, or the refund.
        allowed: Whether the step stands, now or from before.
        reason: ``ok``, or the first that failed of ``currency``, ``per_transaction``,
            ``per_day``, ``per_month``; for other steps ``unknown``, ``expired``, ``voided``,
            ``committed``, ``not_committed``, ``too_much``.
        cap: The cap that failed.
        limit: What it allows, in minor units.
        until: First instant after the day or month that is full; room may come back earlier.
        uses: What each cap had taken up before.
        charge: The charge as it is now; None if there is none.
        repeated: The step had been taken before; nothing was changed.
    """

    kind: ClassVar[str] = "spend"
    step: str
    id: str
    allowed: bool
    reason: str = "ok"
    cap: str | None = None
    limit: int | None = None
    until: int | None = None
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
            "cap": self.cap,
            "limit": self.limit,
            "until": None if self.until is None else to_iso(self.until),
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
    """One checked request to spend."""

    id: str
    amount: int
    currency: str
    entity: str
    caps: tuple[SpendCap, ...]
    at: int
    hold_s: int

    @staticmethod
    def of(
        *,
        id: object,  # noqa: A002 - the word of the field
        amount: object,
        currency: object,
        entity: object,
        caps: Iterable[SpendCap],
        at: int | dt.datetime,
        hold_s: object,
    ) -> Ask:
        """Check what a host asks.

        Raises:
            InputError: An argument is not what it should be.
        """
        given = tuple(caps) if isinstance(caps, list | tuple) else None
        if given is None or len(given) > MOST_CAPS or not all(isinstance(cap, SpendCap) for cap in given):
            message = f"caps is {shown(caps)}; give a list of at most {MOST_CAPS} SpendCap"
            raise refuse("spending", message, path="$.caps", code="type")
        return Ask(
            id=checked_name(id, "spending", "id"),
            amount=checked_amount(amount, 0),
            currency=_checked_currency(currency, "spending"),
            entity=checked_name(entity, "spending", "entity"),
            caps=given,
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
        """Address of the caps."""
        return digest([cap.to_dict() for cap in self.caps])


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
    reason, cap, limit, until = _failing(ask, uses)
    charge = None
    if reason == "ok":
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
        allowed=reason == "ok",
        reason=reason,
        cap=cap,
        limit=limit,
        until=until,
        uses=uses,
        charge=charge,
    )


def _failing(ask: Ask, uses: tuple[Use, ...]) -> tuple[str, str | None, int | None, int | None]:
    """Give the first limit that fails: by kind, then in the order of the caps."""
    binding = ask.binding
    for cap in binding:
        if cap.currency != ask.currency:
            return "currency", cap.id, None, None
    for cap in binding:
        if cap.per_transaction is not None and ask.amount > cap.per_transaction:
            return "per_transaction", cap.id, cap.per_transaction, None
    for cap, use in zip(binding, uses, strict=True):
        if cap.per_day is not None and use.day + ask.amount > cap.per_day:
            return "per_day", cap.id, cap.per_day, use.day_ends
    for cap, use in zip(binding, uses, strict=True):
        if cap.per_month is not None and use.month + ask.amount > cap.per_month:
            return "per_month", cap.id, cap.per_month, use.month_ends
    return "ok", None, None, None


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


def _checked_currency(value: object, subject: str) -> str:
    if type(value) is not str or not _CURRENCY.fullmatch(value):
        message = f"currency is {shown(value)}; give an ISO 4217 code such as CNY"
        raise refuse(subject, message, path="$.currency", code="currency")
    return value
