"""Everything that happened with one account, and what it amounts to at any instant."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._canonical import shown
from platgov._enforcement.actors import (
    Fields,
    conflict,
    identifier,
    instant,
    measure_reader,
    member,
    person,
    refuse,
)
from platgov._enforcement.appeals import Appeal, Matter, Ruling
from platgov._enforcement.events import Modification, Overturn, Signature, kind_of, read_event
from platgov._enforcement.fold import Fold, ladder_of
from platgov._enforcement.sanction import Restriction, Result, Sanction
from platgov._enforcement.states import (
    Change,
    Counters,
    State,
    StrikeRecord,
    in_force,
    matter_of,
    record_of,
    why_changed,
)
from platgov._time import LAST
from platgov.errors import DueProcessError
from platgov.measures import SHIPPED, Measure, join

if TYPE_CHECKING:
    import datetime as dt

    from platgov._enforcement.actors import Actor
    from platgov._enforcement.ladder import Ladder

__all__ = ["History"]

Happening = Sanction | Signature | Overturn | Modification | Appeal | Ruling

_KINDS: Final[dict[str, Any]] = {cls.kind: cls for cls in (Sanction, Signature, Modification, Appeal, Ruling, Overturn)}
_PLACES: Final = {kind: place for place, kind in enumerate(_KINDS)}


def _order(event: Happening) -> tuple[int, int, str]:
    return (event.at, _PLACES[event.kind], event.id)


def _sorted(value: Any) -> tuple[Happening, ...]:
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise refuse(f"events is {shown(value)}; give a list of events", path="$.events", subject="history")
    kept: dict[str, Happening] = {}
    for event in value:
        if type(event) not in _KINDS.values():
            raise refuse(f"{shown(event)} is no event of a history", path="$.events", subject="history")
        if kept.setdefault(event.id, event) != event:
            raise refuse(f"two different records have the id {event.id}", code="conflict", subject="history")
    return tuple(sorted(kept.values(), key=_order))


@attrs.frozen
class History:
    """The record of one account: every event, in order of time. Adding gives a new history.

    The order in which events arrive makes no difference, and one that arrives twice counts
    once. What a history amounts to at an instant follows from the events up to it.

    Attributes:
        subject: The account; empty where the host keeps that apart.
        events: Sanctions, signatures, modifications, appeals, rulings and overturnings.
    """

    subject: str = ""
    events: tuple[Happening, ...] = attrs.field(default=(), converter=_sorted)
    _ids: dict[str, Happening] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        identifier(self.subject, "subject", empty=True)
        for event in self.events:
            self._check(event)
        object.__setattr__(self, "_ids", {event.id: event for event in self.events})

    def _check(self, event: Happening) -> None:
        if event.subject != self.subject:
            message = f"{event.id} is about {event.subject!r}, this is the history of {self.subject!r}"
            raise refuse(message, code="other_subject", subject="history")
        if isinstance(event, Sanction):
            ladder_of(event)
        elif not isinstance(event, Appeal):
            conflict(event.by, self.subject, "", event.kind)

    # -- adding --------------------------------------------------------------------------------

    def add(self, event: Happening) -> History:
        """Give the history with one more event; the same one twice counts once.

        Raises:
            InputError: It is no event, of another account, without its ladder, or another
                event has its id (``conflict``).
            DueProcessError: The account concerned is the one who acts.
        """
        known = self._ids.get(getattr(event, "id", None) or "")
        if known is not None and known == event:
            return self
        return History(self.subject, (*self.events, event))

    def sign(self, sanction_id: str, *, by: str | Actor, at: int | dt.datetime) -> History:
        """Add that somebody stands for a sanction as it is now, or has looked at it again.

        Raises:
            DueProcessError: They lack the authority, signed already, are the account, or the
                sanction is overturned or later.
            InputError: There is no such sanction.
        """
        now, who = instant(at), person(by, "a signature")
        sanction, fold = self._open(sanction_id, who, now, "sign")
        event = Signature(
            subject=self.subject, sanction_id=sanction_id, at=now, by=who, measures=fold.called_for(sanction)
        )
        if event.id in self._ids:
            return self
        waiting = fold.waiting(sanction)
        needed = min((fold.least(sanction, measure) for measure in waiting), default=0)
        if not waiting:
            needed = max((measure.authority.rank for measure in event.measures), default=0)
        if who.authority.rank < needed:
            raise DueProcessError(
                "no_authority", f"{who.id!r} is {who.authority.value}, which is not enough to sign this"
            )
        if waiting and fold.waiting(sanction, event) == waiting and fold.stands(sanction, who):
            raise DueProcessError("same_person", f"{who.id!r} stands for this already; a second person has to sign")
        return self.add(event)

    def overturn(self, sanction_id: str, *, by: str | Actor, at: int | dt.datetime, reason: str = "") -> History:
        """Add that a sanction never happened. Overturning it again changes nothing.

        Whoever applied it may do this too: correcting one's own error needs no one else.

        Raises:
            DueProcessError: It is the account, an engine or somebody with an interest, or the sanction is later.
            InputError: There is no such sanction.
        """
        now, who = instant(at), person(by, "overturning")
        self._open(sanction_id, who, now, "overturn", again=True)
        return self.add(Overturn(subject=self.subject, sanction_id=sanction_id, at=now, by=who, reason=reason))

    def modify(
        self,
        sanction_id: str,
        *,
        measures: Iterable[Measure],
        by: str | Actor,
        at: int | dt.datetime,
        reason: str = "",
        weight: int | None = None,
    ) -> History:
        """Add that a sanction has other values, from its own instant on.

        Args:
            sanction_id: The sanction.
            measures: What stands instead; nowhere harsher than before.
            by: Who modifies it, with the authority for both.
            at: When.
            reason: Why.
            weight: The most that its strikes weigh from now on; None leaves them.

        Raises:
            DueProcessError: It is not for this person, harsher, or the sanction is overturned or later.
            InputError: There is no such sanction.
        """
        now, who = instant(at), person(by, "a modification")
        event = Modification(
            subject=self.subject,
            sanction_id=sanction_id,
            at=now,
            by=who,
            measures=measures,
            weight=weight,
            reason=reason,
        )
        if event.id in self._ids:
            return self
        self._open(sanction_id, who, now, "modify")
        self.check_change(sanction_id, who, now, "modify it", measures=event.measures, weight=weight)
        return self.add(event)

    def check_change(
        self,
        sanction_id: str,
        who: Actor,
        now: int,
        what: str,
        *,
        measures: tuple[Measure, ...] | None = None,
        weight: int | None = None,
    ) -> None:
        """Refuse who may not change a sanction, or a change for the worse.

        Raises:
            DueProcessError: ``subject``, ``interest``, ``no_authority`` or ``harsher``.
        """
        sanction = self.sanction(sanction_id)
        conflict(who, self.subject, sanction.case, what)
        fold = self.fold(max(now, sanction.at))
        before = fold.due(sanction) if sanction.id in fold.modified else join((*fold.due(sanction), *sanction.measures))
        for measure in (*before, *(measures or ())):
            if who.authority.rank < measure.authority.rank:
                message = (
                    f"{what} takes {measure.authority.value} because of {measure}; {who.id!r} is {who.authority.value}"
                )
                raise DueProcessError("no_authority", message)
        if measures is not None and _harsher(measures, fold.effective(sanction)):
            raise DueProcessError("harsher", "a change never makes it worse; what is harsher takes a new decision")
        if weight is not None and weight > max((strike.weight for strike in sanction.strikes), default=0):
            raise DueProcessError("harsher", f"its strikes weigh less than {weight}; a change never makes it worse")

    def _open(self, sanction_id: str, who: Actor, now: int, what: str, *, again: bool = False) -> tuple[Sanction, Fold]:
        sanction = self.sanction(sanction_id)
        conflict(who, self.subject, sanction.case, what)
        if now < sanction.at:
            raise DueProcessError(
                "before_sanction", f"nobody can {what} a sanction before it is applied; give a later `at`"
            )
        fold = self.fold(now)
        if sanction_id in fold.overturned and not again:
            raise DueProcessError(
                "overturned", f"sanction {sanction_id} is overturned; there is nothing left to {what}"
            )
        return sanction, fold

    # -- looking up ----------------------------------------------------------------------------

    def get(self, event_id: str) -> Happening | None:
        """Give an event by its id; None if there is none."""
        return self._ids.get(event_id)

    def sanction(self, sanction_id: str) -> Sanction:
        """Give a sanction by its id, as told.

        Raises:
            InputError: There is none.
        """
        identifier(sanction_id, "sanction_id")
        found = self._ids.get(sanction_id)
        if not isinstance(found, Sanction):
            raise refuse(f"no sanction {sanction_id!r} in this history", code="unknown_sanction", subject="history")
        return found

    def fold(self, now: int) -> Fold:
        """Give what is known at an instant."""
        return Fold(self.events, now)

    # -- what it amounts to --------------------------------------------------------------------

    def strikes(self, *, at: int | dt.datetime) -> int:
        """Give the weight of the strikes that stand at an instant; never negative."""
        now = instant(at)
        return self.fold(now).strikes(now)

    def strike_record(self, *, at: int | dt.datetime) -> tuple[StrikeRecord, ...]:
        """Give every strike there ever was, in order, the expired and the overturned ones included."""
        now = instant(at)
        fold = self.fold(now)
        return tuple(record_of(one, fold, now) for one in fold.sanctions.values() if one.strikes)

    def in_force(self, *, at: int | dt.datetime) -> tuple[Restriction, ...]:
        """Give the restrictions in force at an instant."""
        now = instant(at)
        return in_force(self.fold(now), now)

    def measures(self, *, at: int | dt.datetime) -> tuple[Measure, ...]:
        """Give what the restrictions in force amount to together."""
        return join(restriction.measure for restriction in self.in_force(at=at))

    def state(self, *, at: int | dt.datetime) -> State:
        """Give everything that the account is subject to at an instant."""
        now = instant(at)
        fold = self.fold(now)
        strikes = fold.strikes(now)
        live = list(fold.live())
        ladders = {one.policy: ladder_of(one) for one in live}
        steps = {policy: ladder.step(strikes) for policy, ladder in ladders.items()}
        return State(
            strikes=strikes,
            restrictions=in_force(fold, now),
            waiting=tuple(sorted(fold.all_waiting(), key=lambda pair: pair[0])),
            steps=tuple(sorted((key, 0 if step is None else step.min_strikes) for key, step in steps.items())),
        )

    def next_change(self, *, at: int | dt.datetime) -> int | None:
        """Give the first later instant at which strikes or restrictions differ; None for never.

        Events of this history that are later than ``at`` are taken in when their time comes;
        no other event is assumed.
        """
        now = instant(at)
        fold = self.fold(now)
        begun = (fold.strikes(now), in_force(fold, now))
        while True:
            place = bisect_right(self.events, fold.now, key=attrgetter("at"))
            following = self.events[place].at if place < len(self.events) else None
            moment = fold.next_moment()
            if moment is not None and (following is None or moment < following):
                return moment
            if following is None:
                return None
            fold = self.fold(following)
            if (fold.strikes(following), in_force(fold, following)) != begun:
                return following

    def effective(self, sanction_id: str, *, at: int | dt.datetime) -> tuple[Measure, ...]:
        """Give what a sanction imposes as known at an instant, measured again; nothing once overturned.

        Raises:
            InputError: There is no such sanction.
        """
        now, sanction = instant(at), self.sanction(sanction_id)
        return self.fold(now).effective(sanction) if now >= sanction.at else ()

    def waiting(self, sanction_id: str, *, at: int | dt.datetime) -> tuple[Measure, ...]:
        """Give the measures of a sanction that wait for a signature.

        Raises:
            InputError: There is no such sanction.
        """
        now, sanction = instant(at), self.sanction(sanction_id)
        return self.fold(now).waiting(sanction) if now >= sanction.at else ()

    def appeal_until(self, sanction_id: str, *, at: int | dt.datetime) -> int | None:
        """Give the last second for an appeal, as known at an instant; None if there is none.

        The window runs from when the latest measure took effect: who is suspended by a
        signature that came late still has all of it.

        Raises:
            InputError: There is no such sanction.
        """
        now, sanction = instant(at), self.sanction(sanction_id)
        if sanction.appeal_until is None:
            return None
        begun = [one.start for one in self.fold(now).restrictions_of(sanction) if one.start <= now]
        return min(sanction.appeal_until + max(begun, default=sanction.at) - sanction.at, LAST)

    def changes(self, *, at: int | dt.datetime) -> tuple[Change, ...]:
        """Give the sanctions that are now something else than what was told."""
        fold = self.fold(instant(at))
        found = ((one, fold.effective(one)) for one in fold.sanctions.values())
        return tuple(
            Change(sanction_id=one.id, told=one.measures, now=measures, why=why_changed(one, fold))
            for one, measures in found
            if measures != one.measures or (one.id in fold.overturned and one.status in ("imposed", "waiting"))
        )

    def appeals(self, *, at: int | dt.datetime) -> tuple[Matter, ...]:
        """Give every appeal filed by an instant, and what became of it."""
        now = instant(at)
        fold = self.fold(now)
        return tuple(matter_of(appeal, fold, now) for filed in fold.appeals.values() for appeal in filed)

    def overdue(self, *, at: int | dt.datetime) -> tuple[Appeal, ...]:
        """Give the appeals that are open past their deadline."""
        return tuple(matter.appeal for matter in self.appeals(at=at) if matter.overdue)

    def due_for_review(self, *, at: int | dt.datetime) -> tuple[Restriction, ...]:
        """Give the open-ended restrictions that should have been looked at again.

        They are neither lifted nor left alone: somebody signs them again, modifies or
        overturns them.
        """
        now = instant(at)
        return tuple(one for one in self.in_force(at=now) if one.review_at is not None and one.review_at <= now)

    def counters(self, *, at: int | dt.datetime) -> Counters:
        """Count what was called for by the sanctions applied up to an instant, as told."""
        fold = self.fold(instant(at))
        results = [one.result for sanction in fold.sanctions.values() for one in sanction.dispositions]
        return Counters(
            matched=len(results),
            applied=results.count(Result.APPLIED),
            absorbed=results.count(Result.ABSORBED),
            deviated=results.count(Result.DEVIATED),
        )

    # -- writing and reading -------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values; ladders are kept apart, each under its digest."""
        return {
            "kind": "history",
            "schema": 1,
            "subject": self.subject,
            "events": [event.to_dict() for event in self.events],
        }

    @staticmethod
    def from_dict(
        data: Any,
        *,
        ladders: Iterable[Ladder] | Mapping[str, Ladder] = (),
        measures: Iterable[type[Measure]] = SHIPPED,
    ) -> History:
        """Read what `to_dict` wrote.

        Args:
            data: The plain form.
            ladders: Every ladder that a sanction was applied under; which is which is told by the digest.
            measures: Classes of measures that may be named.

        Raises:
            InputError: What is wrong, with the place; ``no_ladder`` where a ladder is missing.
        """
        fields = Fields(data, "history")
        if fields.take("kind") != "history":
            raise refuse(f"kind is {shown(fields.take('kind'))}; expected 'history'", path="$.kind", subject="history")
        known = _by_digest(ladders)
        classes = tuple(measures)

        def event(item: Any) -> Any:
            cls = kind_of(item, _KINDS)
            if cls is not Sanction:
                return read_event(item, cls, measure_reader(classes))
            policy = Fields(item, "sanction").take("policy", str)
            if policy not in known:
                raise refuse(f"no ladder {policy}; give it in ladders=", code="no_ladder")
            return Sanction.from_dict(item, ladder=known[policy], measures=classes)

        strange = sorted(data.keys() - {"kind", "schema", "subject", "events"})
        if strange or fields.take("schema") != 1:
            raise refuse(
                f"has {', '.join(strange) or 'another schema'}; expected schema 1", code="schema", subject="history"
            )
        return History(fields.take("subject", str), fields.each("events", event))


def _by_digest(ladders: Any) -> dict[str, Ladder]:
    from platgov._enforcement.ladder import Ladder  # noqa: PLC0415 - a ladder is applied to a history, so it imports this

    given = ladders.values() if isinstance(ladders, Mapping) else (ladders,) if isinstance(ladders, Ladder) else ladders
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise refuse(f"ladders is {shown(ladders)}; give a list of Ladder", path="$.ladders")
    return {member(one, Ladder, "ladders").digest: one for one in given}


def _harsher(measures: tuple[Measure, ...], before: tuple[Measure, ...]) -> bool:
    """Say whether one is worse in some place, or takes nothing away and adds to it."""
    if join((*measures, *before)) == before:
        return False
    places = {(one.kind, one.target): one.severity for one in before}
    worse = any(places.get((one.kind, one.target), one.severity) < one.severity for one in measures)
    instead = {(one.kind, one.target): one.severity for one in measures}
    kept = all(instead.get(place, (0, 0.0)) >= severity for place, severity in places.items())
    return worse or (kept and instead.keys() != places.keys())
