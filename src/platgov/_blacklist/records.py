"""What is on record of a ban: why, by whom, until when, and what became of it.

A record is a list of events that only grows. What holds at an instant follows from it, so a
reversal needs no clean-up and nobody can change what was written before.
"""

from __future__ import annotations

import base64
import enum
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._blacklist.checks import identifier, refuse
from platgov._canonical import dumps, loads
from platgov._time import LAST, from_iso, to_epoch, to_iso

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ENGINE",
    "MOST_APPEALS",
    "MOST_EVENTS",
    "Ban",
    "BanAppeal",
    "BanEvent",
    "BanOutcome",
    "BanProcedure",
    "BanStatus",
]

ENGINE: Final = "engine"
"""Stands for a decision that no person made; it cannot decide an appeal or sign."""
DAY: Final = 86_400
MOST_EVENTS: Final = 1_000
MOST_APPEALS: Final = 100
"""So that nobody fills the record of a ban until it can no longer be lifted."""
_SUBJECT: Final = "Ban"
_KINDS: Final = ("added", "reviewed", "lifted", "appealed", "ruled", "exonerated")


class BanStatus(enum.Enum):
    """How a ban stands at an instant."""

    WAITING = "waiting"
    """It has not begun to hold."""
    IN_FORCE = "in_force"
    EXPIRED = "expired"
    LIFTED = "lifted"
    OVERTURNED = "overturned"
    """It counts as never made."""


class BanOutcome(enum.Enum):
    """What an appeal against a ban leads to."""

    UPHELD = "upheld"
    """The ban stands."""
    MODIFIED = "modified"
    """It ends earlier."""
    OVERTURNED = "overturned"
    """It counts as never made."""


def _days(instance: Any, attribute: attrs.Attribute[Any], value: object) -> None:
    if type(value) is not int or not 0 <= value <= 36_500:
        raise refuse(type(instance).__name__, attribute.name, "give a whole number of days from 0 to 36500", "range")


@attrs.frozen(kw_only=True)
class BanProcedure:
    """How long people have.

    Attributes:
        appeal_days: Days from the start of a ban in which to appeal, the last second included.
        decide_within_days: Days in which an appeal has to be decided.
        review_within_days: Most days until the next review; None for no bound.

    Source: Regulation (EU) 2022/2065, Art. 20(1): six months at least to complain.
    """

    appeal_days: int = attrs.field(default=184, validator=_days)
    decide_within_days: int = attrs.field(default=14, validator=_days)
    review_within_days: int | None = attrs.field(default=None, validator=attrs.validators.optional(_days))


@attrs.frozen(kw_only=True)
class BanEvent:
    """One thing that happened with a ban.

    Attributes:
        kind: ``added``, ``reviewed``, ``lifted``, ``appealed``, ``ruled`` or ``exonerated``.
        at: When; None where it was not said.
        by: Who; for an appeal the reference that the host gave, or nothing.
        second: Who signed it second, where two persons have to.
        reason: Why; not personal.
        decision: Of ``added``: the decision it follows from.
        ends_at: When the ban ends from this event on.
        review_by: When somebody has to look at it again, from this event on.
        refusal: Of ``appealed``: why it is not admissible, or nothing.
        due: Of ``appealed``: until when it has to be decided.
        outcome: Of ``ruled``.
        sealed: What is personal, as the sealer of the host gave it back.
    """

    kind: str
    at: int | None = None
    by: str = ""
    second: str = ""
    reason: str = ""
    decision: str = ""
    ends_at: int | None = None
    review_by: int | None = None
    refusal: str = ""
    due: int | None = None
    outcome: BanOutcome | None = None
    sealed: bytes = attrs.field(default=b"", repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values; what does not apply is left out."""
        plain: dict[str, Any] = {"kind": self.kind}
        for name in ("by", "second", "reason", "decision", "refusal"):
            if getattr(self, name):
                plain[name] = getattr(self, name)
        for name in ("at", "ends_at", "review_by", "due"):
            if getattr(self, name) is not None:
                plain[name] = to_iso(getattr(self, name))
        if self.outcome is not None:
            plain["outcome"] = self.outcome.value
        if self.sealed:
            plain["sealed"] = base64.b64encode(self.sealed).decode()
        return plain

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> BanEvent:
        """Read what `to_dict` wrote."""
        given = dict(plain)
        for name in ("at", "ends_at", "review_by", "due"):
            if name in given:
                given[name] = from_iso(given[name])
        if "outcome" in given:
            given["outcome"] = BanOutcome(given["outcome"])
        if "sealed" in given:
            given["sealed"] = base64.b64decode(given["sealed"])
        event = cls(**given)
        if event.kind not in _KINDS:
            raise refuse(_SUBJECT, "kind", "is no kind of event", "unknown")
        return event


@attrs.frozen(kw_only=True)
class BanAppeal:
    """An appeal and what became of it.

    Attributes:
        ban_id: The ban.
        number: Its place among the appeals against that ban, from 0.
        filed_at: When.
        refusal: Why it is not admissible: ``late``, ``second`` or ``nothing_to_appeal``; else nothing.
        due: Until when it has to be decided; None if it is not admissible.
        outcome: How it was decided; None for not yet.
        decided_at: When.
        decided_by: By whom.
        reason: Why, for the appellant.
    """

    ban_id: str
    number: int
    filed_at: int
    refusal: str = ""
    due: int | None = None
    outcome: BanOutcome | None = None
    decided_at: int | None = None
    decided_by: str = ""
    reason: str = ""

    @property
    def admissible(self) -> bool:
        """Whether it has to be decided."""
        return not self.refusal

    @property
    def open(self) -> bool:
        """Whether it still has to be decided."""
        return self.admissible and self.outcome is None

    def overdue(self, at: int) -> bool:
        """Whether it is open past its time."""
        return self.open and self.due is not None and to_epoch(at) > self.due


@attrs.frozen(kw_only=True)
class Ban:
    """A ban as it is on record; nothing of the banned account is in it.

    Attributes:
        id: Its id.
        list_id: The list it is on.
        reason: Why; the code of a rule, say.
        decision: Id of the decision it follows from.
        by: Who decided; ``engine`` if no person did.
        starts_at: From when it holds.
        ends_at: Until when, that second not included; None if no end is set.
        review_by: Until when somebody has to look at it again, that second included.
        lifted_at: From when it was lifted; None if it was not.
        overturned: Whether it counts as never made.
        kinds: Which signals of the account are kept, as keyed tags: names, not values.
        events: Everything that happened with it, in the order it was recorded.
    """

    id: str
    list_id: str
    reason: str
    decision: str
    by: str
    starts_at: int
    ends_at: int | None
    review_by: int
    lifted_at: int | None
    overturned: bool
    kinds: tuple[str, ...]
    events: tuple[BanEvent, ...]

    def status(self, at: int) -> BanStatus:
        """Tell how it stands at an instant."""
        now = to_epoch(at)
        if self.overturned:
            return BanStatus.OVERTURNED
        if now < self.starts_at:
            return BanStatus.WAITING
        if self.lifted_at is not None and now >= self.lifted_at:
            return BanStatus.LIFTED
        if self.ends_at is not None and now >= self.ends_at:
            return BanStatus.EXPIRED
        return BanStatus.IN_FORCE

    def in_force(self, at: int) -> bool:
        """Whether it holds at an instant."""
        return self.status(at) is BanStatus.IN_FORCE

    def overdue(self, at: int) -> bool:
        """Whether it holds and nobody looked at it again in time."""
        return self.in_force(at) and to_epoch(at) > self.review_by

    @property
    def appeals(self) -> tuple[BanAppeal, ...]:
        """Every appeal, admissible or not, in the order they were filed."""
        found: list[BanAppeal] = []
        for event in self.events:
            if event.kind == "appealed":
                filed = BanAppeal(ban_id=self.id, number=len(found), filed_at=event.at or 0, refusal=event.refusal)
                found.append(attrs.evolve(filed, due=event.due))
            elif event.kind == "ruled":
                place = next(appeal.number for appeal in found if appeal.open)
                found[place] = attrs.evolve(
                    found[place], outcome=event.outcome, decided_at=event.at, decided_by=event.by, reason=event.reason
                )
        return tuple(found)

    @property
    def open_appeal(self) -> BanAppeal | None:
        """The appeal that has to be decided, if there is one."""
        return next((appeal for appeal in self.appeals if appeal.open), None)

    @property
    def involved(self) -> frozenset[str]:
        """Who took part in making and keeping the ban; none of them decides an appeal against it."""
        kept = [event for event in self.events if event.kind in ("added", "reviewed")]
        return frozenset(name for event in kept for name in (event.by, event.second) if name)

    def appeal_until(self, procedure: BanProcedure) -> int:
        """Give the last second in which to appeal."""
        return min(self.starts_at + procedure.appeal_days * DAY, LAST)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values, for a ledger; nothing personal but who acted."""
        return {
            "kind": "ban",
            "id": self.id,
            "list": self.list_id,
            "starts_at": to_iso(self.starts_at),
            "kinds": list(self.kinds),
            "events": [event.to_dict() for event in self.events],
        }


def ban_of(list_id: str, ban_id: str, starts_at: int, kinds: Iterable[str], events: tuple[BanEvent, ...]) -> Ban:
    """Give the ban that events amount to; the first one is ``added``."""
    first = events[0]
    ends_at, review_by, lifted_at, overturned = first.ends_at, first.review_by or starts_at, None, False
    for event in events[1:]:
        if event.kind == "reviewed":
            review_by = event.review_by or review_by
        elif event.kind == "lifted":
            lifted_at = event.at
        elif event.kind == "ruled":
            ends_at = event.ends_at if event.outcome is BanOutcome.MODIFIED else ends_at
            overturned = overturned or event.outcome is BanOutcome.OVERTURNED
    return Ban(
        id=ban_id,
        list_id=list_id,
        reason=first.reason,
        decision=first.decision,
        by=first.by,
        starts_at=starts_at,
        ends_at=ends_at,
        review_by=review_by,
        lifted_at=lifted_at,
        overturned=overturned,
        kinds=tuple(kinds),
        events=events,
    )


def write_events(events: tuple[BanEvent, ...]) -> bytes:
    """Write events as they are stored."""
    if len(events) > MOST_EVENTS:
        raise refuse(_SUBJECT, "events", f"a ban has at most {MOST_EVENTS} events", "too_many")
    return dumps([event.to_dict() for event in events])


def read_events(data: bytes) -> tuple[BanEvent, ...]:
    """Read what `write_events` wrote."""
    return tuple(BanEvent.from_dict(plain) for plain in loads(data, subject=_SUBJECT, max_bytes=2**26))


def person(by: object, subject: str = _SUBJECT) -> str:
    """Give back the id of a person: of the engine it is refused."""
    name = identifier(by, subject, "by")
    if name == ENGINE:
        raise refuse(subject, "by", "is the engine; this takes a person", "not_a_person")
    return name
