"""What becomes of a ban, by the procedure, and what the persons concerned can ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from platgov._blacklist import appeals
from platgov._blacklist import lifetables as tables
from platgov._blacklist.checks import identifier, refuse
from platgov._blacklist.exporting import Erased, Holdings, erase_in, erasures_of, held_on
from platgov._blacklist.notices import notice_of
from platgov._blacklist.records import DAY, MOST_APPEALS, Ban, BanAppeal, BanEvent, BanOutcome, BanProcedure, person
from platgov._blacklist.sealing import Sealer, sealed, unsealed
from platgov._canonical import dumps
from platgov._time import to_epoch, to_iso
from platgov.errors import DueProcessError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from platgov._blacklist.bans import NewBan
    from platgov._blacklist.life import Life
    from platgov._blacklist.match import Match
    from platgov._blacklist.signals import Signals
    from platgov.messages import Messages

__all__ = ["Process"]


class Process:
    """The records of a list: what a ban is, and how it is kept, ended, appealed and told.

    Attributes:
        procedure: How long people have.
    """

    procedure: BanProcedure
    _life: Life
    _sealer: Sealer | None

    @property
    def list_id(self) -> str:
        """The id of the list."""
        return self._life.list_id

    # -- bans --------------------------------------------------------------------------------

    def get(self, ban_id: str) -> Ban | None:
        """Give one ban, in force or not."""
        identifier(ban_id, "Blacklist", "ban_id")
        with self._life.store.read() as session:
            found = self._life.recorded(session, ban_id)
        return None if found is None else found[1]

    def bans(self) -> Iterator[Ban]:
        """Give every ban by id, in force or not; those added or erased meanwhile may be missed."""
        for record in self._life.records():
            ban = self.get(record.ban_id)
            if ban is not None:
                yield ban

    def note(self, ban_id: str, event: int = 0) -> str | None:
        """Give the words that were sealed with an event of a ban; None if there are none, or their key is gone."""
        ban = self._known(ban_id)
        if type(event) is not int or not 0 <= event < len(ban.events):
            raise refuse("Blacklist", "event", f"the ban has {len(ban.events)} events, from 0", "range")
        chosen = ban.events[event]
        return unsealed(self._sealer, chosen.sealed, self._context(ban_id, chosen.kind, event))

    # -- what becomes of a ban ---------------------------------------------------------------

    def review(
        self,
        ban_id: str,
        *,
        by: str,
        at: int | dt.datetime,
        review_by: int | dt.datetime,
        reason: str,
        connection: Any = None,
    ) -> Ban:
        """Record that a person looked at a ban again and keeps it, until the next review.

        Raises:
            DueProcessError: There is nothing to keep: it is lifted, overturned or over.
            InputError: ``by`` is the engine, or the next review is not later.
        """
        now, following = to_epoch(at), to_epoch(review_by)
        self._check_review(now, following)
        event = BanEvent(
            kind="reviewed",
            at=now,
            by=person(by),
            reason=identifier(reason, "Ban", "reason"),
            review_by=following,
        )
        with self._life.changing(connection) as session:
            record, ban = self._life.held(session, ban_id)
            if event in ban.events:
                return ban
            if ban.status(max(now, ban.starts_at)).value != "in_force":
                status = ban.status(max(now, ban.starts_at)).value
                raise DueProcessError("nothing_to_review", f"the ban is {status}; there is nothing to keep")
            return self._life.happened(session, record, ban, event)

    def overdue(self, *, at: int | dt.datetime) -> tuple[Ban, ...]:
        """Give the bans in force whose review date has passed, by id."""
        now = to_epoch(at)
        return tuple(ban for ban in self._listed(tables.REVIEWS, now) if ban.overdue(now))

    def appeal(
        self,
        ban_id: str,
        *,
        at: int | dt.datetime,
        by: str = "",
        text: str | None = None,
        connection: Any = None,
    ) -> BanAppeal:
        """File an appeal; one that is not admissible is recorded all the same, with why.

        It does not suspend the ban.

        Args:
            ban_id: The ban.
            at: When it was filed: up to and including the last second of the window.
            by: Reference of the appellant; kept as it is: nothing personal.
            text: What they say, sealed by the sealer of the host.
            connection: A connection of the host.

        Raises:
            DueProcessError: A hundred were filed already.
            InputError: There is no such ban, or there are words and no sealer.
        """
        who = identifier(by, "Ban", "by") if by else ""
        with self._life.changing(connection) as session:
            record, ban = self._life.held(session, ban_id)
            filed = [event for event in ban.events if event.kind == "appealed"]
            for number, event in enumerate(filed):
                if (event.at, event.by) == (to_epoch(at), who):  # sent twice is filed once
                    return ban.appeals[number]
            if len(filed) >= MOST_APPEALS:
                raise DueProcessError("too_many", f"{MOST_APPEALS} appeals were filed; one of them counts, if any does")
            place = len(ban.events)
            words = sealed(self._sealer, text, self._context(ban_id, "appealed", place))
            event = appeals.filed(ban, self.procedure, at=at, by=who, sealed=words)
            return self._life.happened(session, record, ban, event).appeals[-1]

    def decide(
        self,
        ban_id: str,
        outcome: BanOutcome,
        *,
        by: str,
        at: int | dt.datetime,
        reason: str,
        ends_at: int | dt.datetime | None = None,
        note: str | None = None,
        connection: Any = None,
    ) -> Ban:
        """Decide the open appeal against a ban, once and for all.

        Args:
            ban_id: The ban.
            outcome: UPHELD, MODIFIED (it ends earlier) or OVERTURNED (it counts as never made).
            by: Who decides: a person who took no part in making or keeping the ban.
            at: When, no earlier than it was filed.
            reason: Why, for the appellant; kept as it is.
            ends_at: With MODIFIED, the earlier end.
            note: Words of staff, sealed.
            connection: A connection of the host.

        Raises:
            DueProcessError: No appeal is open, it is decided, or not for this person.
            InputError: Something given is not what it should be.
        """
        with self._life.changing(connection) as session:
            record, ban = self._life.held(session, ban_id)
            words = sealed(self._sealer, note, self._context(ban_id, "ruled", len(ban.events)))
            event = appeals.ruled(ban, outcome, by=by, at=at, reason=reason, ends_at=ends_at, sealed=words)
            if event.outcome is BanOutcome.OVERTURNED:
                record = self._life.update(ban_id, lifted_at=ban.starts_at, connection=session)
            elif event.outcome is BanOutcome.MODIFIED:
                record = self._life.update(ban_id, ends_at=event.ends_at, connection=session)
            return self._life.happened(session, record, ban, event)

    def open_appeals(self) -> tuple[Ban, ...]:
        """Give the bans with an appeal that has to be decided, the most urgent first."""
        return self._listed(tables.APPEALS)

    def exonerate(
        self,
        ban_id: str,
        signals: Signals,
        *,
        by: str,
        reason: str,
        at: int | dt.datetime | None = None,
        connection: Any = None,
    ) -> Ban:
        """Record that a person is not the banned one: this pair never links again.

        The ban itself stays. Only tags of the person are kept.

        Args:
            ban_id: The ban.
            signals: What is known of the person; the more, the surer they are known again.
            by: Who found so: a person.
            reason: Why; kept as it is.
            at: When.
            connection: A connection of the host.

        Raises:
            InputError: There is no such ban, or nothing of the signals has weight.
        """
        event = BanEvent(
            kind="exonerated",
            at=None if at is None else to_epoch(at),
            by=person(by),
            reason=identifier(reason, "Ban", "reason"),
        )
        note = dumps({"by": event.by, "reason": event.reason, "at": None if event.at is None else to_iso(event.at)})
        with self._life.changing(connection) as session:
            record, ban = self._life.held(session, ban_id)
            exempt = self._life.exempt(ban_id, signals, note=note, connection=session)
            if exempt.exempt == record.exempt:
                return ban
            return self._life.happened(session, exempt, ban, event)

    # -- the rights of the persons concerned -------------------------------------------------

    def export(self, who: Signals | str, *, at: int | dt.datetime) -> Holdings:
        """Give what is held on a person, for the person: no tags, no scores, nobody else.

        The host has to be sure first that the person is who they say they are.

        Args:
            who: The id of a ban, or the signals of the person: then bans of accounts with the
                same mailbox, phone or identity document are meant, over or not, and what is
                kept so that the person is not taken for somebody else.
            at: The instant.
        """
        return held_on(self._life, who, to_epoch(at), self.procedure, self._opened)

    def erase(self, ban_id: str, *, by: str, reason: str, at: int | dt.datetime, wipe: bool = True) -> Erased:
        """Remove a ban, its record and its tags. That something was erased stays on record, but not of whom.

        Pieces in the sorted array, which then point nowhere, go with the next `compact`.

        Args:
            ban_id: The ban.
            by: Who erases.
            reason: Why, such as the number of a request.
            at: When.
            wipe: Remove what was deleted from the files as well, which takes a moment.
        """
        return erase_in(self._life, ban_id, by=by, reason=reason, at=to_epoch(at), wipe=wipe)

    def erasures(self) -> tuple[Erased, ...]:
        """Give the record of erasures."""
        return erasures_of(self._life)

    def notice(
        self,
        ban_id: str,
        *,
        at: int | dt.datetime,
        language: str = "en",
        zone: str = "UTC",
        messages: Messages | None = None,
        match: Match | None = None,
    ) -> str:
        """Write for a person why they were stopped, until when, and what they can do.

        Only for somebody who has shown that the ban is theirs, or whose account was held by a
        person because of it. It names kinds of details, never a value, an account or a score.

        Args:
            ban_id: The ban.
            at: The instant.
            language: Of the text, as a BCP 47 tag.
            zone: In which instants are written.
            messages: Catalogues; by default those that come with platgov.
            match: What a new account was held for; which kinds of its details fit is told.
        """
        return notice_of(
            self._known(ban_id),
            self.procedure,
            to_epoch(at),
            language=language,
            zone=zone,
            messages=messages,
            match=match,
        )

    # -- inside ------------------------------------------------------------------------------

    def _known(self, ban_id: str) -> Ban:
        ban = self.get(ban_id)
        if ban is None:
            raise refuse("Blacklist", "ban_id", "there is no such ban on this list", "unknown")
        return ban

    def _listed(self, sql: str, *more: int) -> tuple[Ban, ...]:
        with self._life.store.read() as session:
            ids = [ban_id for (ban_id,) in session.rows(sql, (self._life.number, *more))]
            found = [self._life.recorded(session, ban_id) for ban_id in ids]
        return tuple(pair[1] for pair in found if pair is not None)

    def _context(self, ban_id: str, kind: str, place: int) -> tuple[str, ...]:
        return (self.list_id, ban_id, kind, str(place))

    def _opened(self, ban: Ban, place: int) -> str | None:
        event = ban.events[place]
        return unsealed(self._sealer, event.sealed, self._context(ban.id, event.kind, place))

    def _check_review(self, start: int, review: int) -> None:
        if review <= start:
            raise refuse("Ban", "review_by", "a ban is looked at again after it starts; give a later instant", "range")
        within = self.procedure.review_within_days
        if within is not None and review > start + within * DAY:
            raise refuse("Ban", "review_by", f"is more than {within} days away; give an earlier instant", "range")

    def _add(self, new: NewBan, event: BanEvent, note: str | None, connection: Any) -> Ban:
        """Store a ban with its first event, once."""
        self._check_review(new.starts_at, event.review_by or new.starts_at)
        with self._life.changing(connection) as session:
            words = sealed(self._sealer, note, self._context(new.ban_id, "added", 0))
            return self._life.first(session, new, attrs.evolve(event, sealed=words))

    def _lift(self, ban_id: str, event: BanEvent, note: str | None, connection: Any) -> Ban:
        """End a ban from an instant on."""
        with self._life.changing(connection) as session:
            record, ban = self._life.held(session, ban_id)
            if ban.overturned or (ban.lifted_at is not None and event.at is not None and ban.lifted_at <= event.at):
                return ban
            words = sealed(self._sealer, note, self._context(ban_id, "lifted", len(ban.events)))
            record = self._life.update(ban_id, lifted_at=event.at, connection=session)
            return self._life.happened(session, record, ban, attrs.evolve(event, sealed=words))
