"""What is held on a person, told to the person; and taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from platgov._blacklist import lifetables as tables
from platgov._blacklist.canonical import KINDS
from platgov._blacklist.checks import identifier, refuse
from platgov._blacklist.records import Ban, BanOutcome, BanProcedure, BanStatus, person
from platgov._blacklist.searching import searches_of
from platgov._blacklist.signals import Signals
from platgov._blacklist.tags import split
from platgov._canonical import dumps, loads
from platgov._time import from_iso, to_iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from platgov._blacklist.life import Life

__all__ = ["Cleared", "Erased", "HeldAppeal", "HeldBan", "Holdings"]

_EXACT = frozenset({("email", "address"), ("phone", "number"), ("identity", "digest")})


def _iso(at: int | None) -> str | None:
    return None if at is None else to_iso(at)


@attrs.frozen(kw_only=True)
class HeldAppeal:
    """What a person is told of an appeal of theirs.

    Attributes:
        filed_at: When it was filed.
        text: What they wrote; None if it was not kept or its key is gone.
        outcome: How it was decided; None for not yet, or not admissible.
        decided_at: When.
        reason: Why; where it was not admissible, the code of that.
    """

    filed_at: int
    text: str | None
    outcome: BanOutcome | None
    decided_at: int | None
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "filed_at": to_iso(self.filed_at),
            "text": self.text,
            "outcome": None if self.outcome is None else self.outcome.value,
            "decided_at": _iso(self.decided_at),
            "reason": self.reason,
        }


@attrs.frozen(kw_only=True)
class HeldBan:
    """What a person is told of a ban of theirs.

    Attributes:
        ban_id: Its id, for the appeal.
        reason: Why.
        decision: The decision it follows from.
        starts_at: From when it holds.
        ends_at: Until when; None if no end is set.
        review_by: Until when a person looks at it again.
        status: How it stands.
        kinds: Categories of data that are kept as keyed tags; the data itself is not.
        appeal_until: The last second in which to appeal.
        appeals: Appeals, in the order they were filed.
    """

    ban_id: str
    reason: str
    decision: str
    starts_at: int
    ends_at: int | None
    review_by: int
    status: BanStatus
    kinds: tuple[str, ...]
    appeal_until: int
    appeals: tuple[HeldAppeal, ...]

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "ban_id": self.ban_id,
            "reason": self.reason,
            "decision": self.decision,
            "starts_at": to_iso(self.starts_at),
            "ends_at": _iso(self.ends_at),
            "review_by": to_iso(self.review_by),
            "status": self.status.value,
            "kinds": list(self.kinds),
            "appeal_until": to_iso(self.appeal_until),
            "appeals": [appeal.to_dict() for appeal in self.appeals],
        }


@attrs.frozen(kw_only=True)
class Cleared:
    """What is kept so that a person is not taken for a banned one; of whom is not told.

    Attributes:
        at: When it was found; None where it was not said.
        reason: Why.
        kinds: Categories of data that are kept as keyed tags.
    """

    at: int | None
    reason: str
    kinds: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {"at": _iso(self.at), "reason": self.reason, "kinds": list(self.kinds)}


@attrs.frozen(kw_only=True)
class Holdings:
    """What is held on a person on one list.

    Attributes:
        list_id: The list.
        at: The instant.
        bans: Bans of theirs, in force or not, by id.
        cleared: Records that they are not somebody else.
        searches: When staff searched for them; empty where the id of a ban was asked for.
    """

    list_id: str
    at: int
    bans: tuple[HeldBan, ...]
    cleared: tuple[Cleared, ...] = ()
    searches: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "list": self.list_id,
            "at": to_iso(self.at),
            "bans": [ban.to_dict() for ban in self.bans],
            "cleared": [row.to_dict() for row in self.cleared],
            "searches": [to_iso(at) for at in self.searches],
        }


@attrs.frozen(kw_only=True)
class Erased:
    """What an erasure did.

    Attributes:
        count: How many bans were removed: one, or none.
        at: When.
        by: By whom.
        reason: Why.
    """

    count: int
    at: int
    by: str
    reason: str


def erasures_of(life: Life) -> tuple[Erased, ...]:
    """Read the record of erasures."""
    with life.store.read() as session:
        rows = [loads(bytes(data)) for (data,) in session.rows(tables.ERASURES, (life.number,))]
    return tuple(Erased(**{**row, "at": from_iso(row["at"])}) for row in rows)


def held_on(
    life: Life, who: Signals | str, at: int, procedure: BanProcedure, opened: Callable[[Ban, int], str | None]
) -> Holdings:
    """Give what is held; see `Blacklist.export`."""
    cleared: tuple[Cleared, ...] = ()
    searches: tuple[int, ...] = ()
    if isinstance(who, str):
        ids = [identifier(who, "Blacklist", "ban_id")]
    elif isinstance(who, Signals):
        query = life.prepare(who)
        ids = [record.ban_id for record in life.about(query)]
        mine = {tag for tags in query.tags.values() for code, tag in tags if KINDS[code] in _EXACT}
        cleared = _cleared(life, mine)
        searches = tuple(search.at for search in searches_of(life, who, 0))
    else:
        raise refuse("Blacklist", "who", f"is a {type(who).__name__}; give Signals or the id of a ban", "type")
    with life.store.read() as session:
        found = [life.recorded(session, ban_id) for ban_id in ids]
    bans = tuple(_told(pair[1], at, procedure, opened) for pair in found if pair is not None)
    return Holdings(list_id=life.list_id, at=at, bans=bans, cleared=cleared, searches=searches)


def _told(ban: Ban, at: int, procedure: BanProcedure, opened: Callable[[Ban, int], str | None]) -> HeldBan:
    places = [place for place, event in enumerate(ban.events) if event.kind == "appealed"]
    appeals = tuple(
        HeldAppeal(
            filed_at=appeal.filed_at,
            text=opened(ban, place),
            outcome=appeal.outcome,
            decided_at=appeal.decided_at,
            reason=appeal.reason or appeal.refusal,
        )
        for appeal, place in zip(ban.appeals, places, strict=True)
    )
    return HeldBan(
        ban_id=ban.id,
        reason=ban.reason,
        decision=ban.decision,
        starts_at=ban.starts_at,
        ends_at=ban.ends_at,
        review_by=ban.review_by,
        status=ban.status(at),
        kinds=ban.kinds,
        appeal_until=ban.appeal_until(procedure),
        appeals=appeals,
    )


def _cleared(life: Life, mine: set[bytes]) -> tuple[Cleared, ...]:
    found = []
    with life.store.snapshot() as session:
        for rows in session.stream(tables.EXEMPT_ON, (life.number,)):
            for _, tags, note in rows:
                held = list(split(bytes(tags)))
                if any(tag in mine for code, _, tag in held if KINDS[code] in _EXACT):
                    told = loads(bytes(note)) if note else {}
                    at = told.get("at")
                    kinds = dict.fromkeys(KINDS[code][0] for code, _, _ in held)
                    found.append(
                        Cleared(
                            at=None if at is None else from_iso(at), reason=told.get("reason", ""), kinds=tuple(kinds)
                        )
                    )
    return tuple(found)


def erase_in(life: Life, ban_id: str, *, by: str, reason: str, at: int, wipe: bool) -> Erased:
    """Remove a ban with its record; see `Blacklist.erase`."""
    erased = Erased(count=1, at=at, by=person(by, "Blacklist"), reason=identifier(reason, "Blacklist", "reason"))
    with life.changing() as session:
        gone = life.erase(ban_id, connection=session)
        session.run(tables.DROP_RECORD, (life.number, ban_id))
        for kind in ("add", "lift"):
            session.run(tables.DROP_PROPOSAL, (life.number, ban_id, kind))
        if not gone:
            return attrs.evolve(erased, count=0)
        (number,) = session.rows(tables.NEXT_ERASURE, (life.number,))[0]
        data = dumps({"count": 1, "at": to_iso(at), "by": erased.by, "reason": erased.reason})
        session.run(tables.ADD_ERASURE, (life.number, number, data))
    if wipe:
        life.store.wipe()
    return erased
