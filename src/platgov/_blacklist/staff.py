"""A list of staff who may not come back: another list and key, and two persons for every step."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final, Self

import attrs

from platgov._blacklist import lifetables as tables
from platgov._blacklist import schema
from platgov._blacklist.banlist import BanList
from platgov._blacklist.bans import NewBan
from platgov._blacklist.checks import identifier, refuse
from platgov._blacklist.records import Ban, BanEvent, person
from platgov._blacklist.sealing import sealed
from platgov._canonical import dumps, loads
from platgov._time import from_iso, to_epoch, to_iso
from platgov.errors import ConflictError, DueProcessError

if TYPE_CHECKING:
    import datetime as dt

    from platgov._blacklist.signals import Signals
    from platgov.stores import Session

__all__ = ["Proposal", "StaffList"]

_ADD: Final = "add"
_LIFT: Final = "lift"


@attrs.frozen(kw_only=True)
class Proposal:
    """A step that waits for a second person. Nothing of the person concerned is kept with it.

    Attributes:
        ban_id: The ban that would be, or is to be lifted.
        kind: ``add`` or ``lift``.
        at: When it was proposed; the start that was proposed, for a ban.
        by: Who proposed.
        reason: Why.
        decision: The decision a ban would follow from.
        ends_at: When it would end.
        review_by: Until when it would be looked at again.
        sealed: Words of staff, sealed.
    """

    ban_id: str
    kind: str
    at: int
    by: str
    reason: str
    decision: str = ""
    ends_at: int | None = None
    review_by: int | None = None
    sealed: bytes = attrs.field(default=b"", repr=False)

    def to_bytes(self) -> bytes:
        """Write it as it is stored."""
        plain = attrs.asdict(self, filter=lambda field, _: field.name not in ("ban_id", "kind"))
        for name in ("at", "ends_at", "review_by"):
            plain[name] = None if plain[name] is None else to_iso(plain[name])
        plain["sealed"] = base64.b64encode(self.sealed).decode()
        return dumps(plain)

    @classmethod
    def from_bytes(cls, ban_id: str, kind: str, data: bytes) -> Self:
        """Read what `to_bytes` wrote."""
        plain = loads(data, subject="Proposal")
        for name in ("at", "ends_at", "review_by"):
            plain[name] = None if plain[name] is None else from_iso(plain[name])
        plain["sealed"] = base64.b64decode(plain["sealed"])
        return cls(ban_id=ban_id, kind=kind, **plain)


class StaffList(BanList):
    """A list on which two persons together put somebody, and from which two persons together take them.

    Its tags never meet those of a `Blacklist`, even under one secret and one name. Give it a
    secret of its own all the same, which those who run the other list do not have.
    """

    _prefix = "staff/"

    def propose(
        self,
        signals: Signals,
        *,
        reason: str,
        decision: str,
        starts_at: int | dt.datetime,
        review_by: int | dt.datetime,
        by: str,
        ends_at: int | dt.datetime | None = None,
        note: str | None = None,
        connection: Any = None,
    ) -> Proposal:
        """Propose a ban; nothing follows until somebody else confirms it.

        Args:
            signals: What is known of the person; nothing of it is kept before the second signature.
            reason: Why; kept as it is.
            decision: Id of the decision; kept as it is.
            starts_at: From when; a later signature makes it later.
            review_by: Until when it has to be looked at again.
            by: Who proposes: a person.
            ends_at: Until when it holds.
            note: Words of staff, sealed.
            connection: A connection of the host.
        """
        start, review = to_epoch(starts_at), to_epoch(review_by)
        self._check_review(start, review)
        made = Proposal(
            ban_id="",
            kind=_ADD,
            at=start,
            by=person(by),
            reason=identifier(reason, "Ban", "reason"),
            decision=identifier(decision, "Ban", "decision"),
            ends_at=None if ends_at is None else to_epoch(ends_at),
            review_by=review,
        )
        query = self._life.prepare(signals)
        with self._life.changing(connection) as session:
            ban_id = self._life.id_for(session, made.decision, query)
            NewBan(ban_id=ban_id, signals=signals, starts_at=start, ends_at=made.ends_at)  # refused now, not later
            if self._life.recorded(session, ban_id) is not None:
                raise DueProcessError("already_banned", "this decision already put this person on the list")
            words = sealed(self._sealer, note, self._context(ban_id, "added", 0))
            return self._put(session, attrs.evolve(made, ban_id=ban_id, sealed=words))

    def confirm(
        self, proposal: str, signals: Signals, *, by: str, at: int | dt.datetime, connection: Any = None
    ) -> Ban:
        """Sign a proposed ban: from now on it holds.

        Args:
            proposal: The id of the proposed ban.
            signals: The same as proposed: whoever signs has seen them.
            by: Who signs: another person.
            at: When.
            connection: A connection of the host.

        Raises:
            DueProcessError: It is the same person.
            InputError: There is no such proposal, or these are other signals.
        """
        who, now = person(by), to_epoch(at)
        query = self._life.prepare(signals)
        with self._life.changing(connection) as session:
            known = self._life.recorded(session, proposal)
            if known is not None and known[1].events[0].second == who:
                return known[1]  # sent twice is signed once
            found = self._waiting(session, proposal, _ADD, who)
            if proposal not in self._life.ids_for(found.decision, query):
                raise refuse("StaffList", "signals", "are not those that were proposed", "other_signals")
            start = max(found.at, now)
            event = BanEvent(
                kind="added",
                at=start,
                by=found.by,
                second=who,
                reason=found.reason,
                decision=found.decision,
                ends_at=found.ends_at,
                review_by=found.review_by,
                sealed=found.sealed,
            )
            new = NewBan(ban_id=proposal, signals=signals, starts_at=start, ends_at=found.ends_at)
            self._check_review(start, found.review_by or start)
            session.run(tables.DROP_PROPOSAL, (self._life.number, proposal, _ADD))
            return self._life.first(session, new, event)

    def propose_lift(
        self, ban_id: str, *, by: str, reason: str, at: int | dt.datetime, connection: Any = None
    ) -> Proposal:
        """Propose to lift a ban; it holds until somebody else confirms that."""
        made = Proposal(
            ban_id=ban_id, kind=_LIFT, at=to_epoch(at), by=person(by), reason=identifier(reason, "Ban", "reason")
        )
        with self._life.changing(connection) as session:
            _, ban = self._life.held(session, ban_id)
            if ban.overturned or ban.lifted_at is not None:
                raise DueProcessError("nothing_to_lift", "the ban is lifted or overturned already")
            return self._put(session, made)

    def confirm_lift(self, ban_id: str, *, by: str, at: int | dt.datetime, connection: Any = None) -> Ban:
        """Sign a proposed lift: from this instant on the ban does not hold.

        Raises:
            DueProcessError: It is the same person.
            InputError: Nobody proposed it.
        """
        who, now = person(by), to_epoch(at)
        with self._life.changing(connection) as session:
            _, ban = self._life.held(session, ban_id)
            if any(event.kind == "lifted" and event.second == who for event in ban.events):
                return ban
            found = self._waiting(session, ban_id, _LIFT, who)
            event = BanEvent(kind="lifted", at=max(now, found.at), by=found.by, second=who, reason=found.reason)
            session.run(tables.DROP_PROPOSAL, (self._life.number, ban_id, _LIFT))
            return self._lift(ban_id, event, None, session)

    def proposals(self) -> tuple[Proposal, ...]:
        """Give what waits for a second person."""
        with self._life.store.read() as session:
            rows = session.rows(tables.PROPOSALS, (self._life.number,))
        return tuple(Proposal.from_bytes(ban_id, kind, bytes(data)) for ban_id, kind, data in rows)

    def withdraw(self, proposal: Proposal, *, connection: Any = None) -> bool:
        """Take a proposal back; say whether it was still waiting."""
        if not isinstance(proposal, Proposal):
            raise refuse("StaffList", "proposal", f"is a {type(proposal).__name__}; give a Proposal", "type")
        with self._life.changing(connection) as session:
            row = (self._life.number, proposal.ban_id, proposal.kind)
            return session.run(tables.DROP_PROPOSAL, row) > 0

    # -- inside ------------------------------------------------------------------------------

    def _put(self, session: Session, made: Proposal) -> Proposal:
        session.run(schema.NEXT, (0,))  # the lock: two at once do not overwrite each other
        known = session.row(tables.PROPOSAL, (self._life.number, made.ban_id, made.kind))
        if known is not None:
            before = Proposal.from_bytes(made.ban_id, made.kind, bytes(known[0]))
            if attrs.evolve(before, sealed=b"") != attrs.evolve(made, sealed=b""):
                raise ConflictError(made.ban_id, 0, "another proposal of this waits; withdraw it first")
            return before
        session.run(tables.PUT_PROPOSAL, (self._life.number, made.ban_id, made.kind, made.to_bytes()))
        return made

    def _waiting(self, session: Session, ban_id: str, kind: str, who: str) -> Proposal:
        session.run(schema.NEXT, (0,))
        row = session.row(tables.PROPOSAL, (self._life.number, ban_id, kind))
        if row is None:
            raise refuse("StaffList", "proposal", "nothing of this waits for a second person", "unknown")
        found = Proposal.from_bytes(ban_id, kind, bytes(row[0]))
        if found.by == who:
            raise DueProcessError("same_person", f"{who!r} proposed it; somebody else has to sign")
        return found
