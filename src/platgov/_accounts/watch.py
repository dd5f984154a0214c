"""Accounts that people look at more closely, for a stated reason and a stated time. It changes no outcome."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

import attrs

from platgov._accounts.checks import DAY, checked_name, name, optional_instant, refuse, whole
from platgov._accounts.plain import Plain, Reason, checked, each, first_change, free_text, in_tuple, plain, sorted_by
from platgov._accounts.score import iso
from platgov._canonical import digest, shown
from platgov._time import LAST, to_epoch, to_iso
from platgov.errors import DueProcessError
from platgov.verdict import Verdict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

__all__ = ["Renewal", "WatchEntry", "WatchList", "WatchPolicy", "WatchState", "WatchVerdict"]


class WatchState(enum.Enum):
    """Where an entry stands."""

    OPEN = "open"
    OVERDUE = "overdue"
    """Its review date has passed. It still applies for the grace of the policy."""
    EXPIRED = "expired"
    """Nobody reviewed it in time: it applies no longer, and stays listed until somebody closes it."""
    CLOSED = "closed"


def _evidence(values: Any) -> Any:
    return sorted_by(values, str, str)


def _visible(subject: str, *texts: str) -> None:
    """Refuse ids that nobody can see."""
    for text in texts:
        if not text.strip():
            raise refuse(subject, f"{shown(text)} cannot be seen; give an id", path="$", code="empty")


@attrs.frozen(kw_only=True)
class Renewal:
    """A second person looked and found that the entry is still needed.

    Attributes:
        by: Who.
        at: When, in UTC epoch seconds.
        reason: Why, again.
        evidence: What it rests on; ids of records.
        review_at: The next review.
    """

    by: str = attrs.field(validator=name)
    at: int = attrs.field(converter=to_epoch)
    reason: str = attrs.field(validator=free_text())
    evidence: tuple[str, ...] = attrs.field(converter=_evidence, validator=each(str, least=1))
    review_at: int = attrs.field(converter=to_epoch)

    def __attrs_post_init__(self) -> None:
        _visible("Renewal", self.by, *self.evidence)


def _person(text: str) -> str:
    """Give what two spellings of one id have in common: another case or a blank is no other person."""
    return text.strip().casefold()


@attrs.frozen(kw_only=True)
class WatchEntry(Plain):
    """One account on the list. Reason, evidence, opener and review date are part of it or it does not exist.

    Attributes:
        id: Of the entry.
        subject: The account.
        reason: Why, in one sentence.
        evidence: What it rests on; ids of records.
        opened_by: Who opened it.
        opened_at: When, in UTC epoch seconds.
        review_at: When it has to be reviewed first.
        renewals: Reviews that found it still needed, in order.
        closed_at: When it was closed; None if it was not.
        closed_by: By whom.
        outcome: What came of it.
    """

    kind = "watch_entry"
    id: str = attrs.field(validator=name)
    subject: str = attrs.field(validator=name)
    reason: str = attrs.field(validator=free_text())
    evidence: tuple[str, ...] = attrs.field(converter=_evidence, validator=each(str, least=1))
    opened_by: str = attrs.field(validator=name)
    opened_at: int = attrs.field(converter=to_epoch)
    review_at: int = attrs.field(converter=to_epoch)
    renewals: tuple[Renewal, ...] = attrs.field(
        default=(), converter=in_tuple, validator=each(Renewal), metadata={"of": Renewal}
    )
    closed_at: int | None = attrs.field(default=None, converter=optional_instant)
    closed_by: str | None = None
    outcome: str | None = None

    def __attrs_post_init__(self) -> None:
        self._ordered(self.opened_at, self.review_at)
        _visible("WatchEntry", self.opened_by, self.subject, *self.evidence)
        at, who = self.opened_at, {_person(self.opened_by), _person(self.subject)}
        for one in self.renewals:
            if one.at < at:
                raise refuse("WatchEntry", f"renewed at {to_iso(one.at)}, before {to_iso(at)}", path="$.renewals")
            self._ordered(one.at, one.review_at)
            # The one who looked last never finds again that it was right to.
            if _person(one.by) in who:
                message = f"{one.by!r} opened, renewed last, or is concerned; somebody else has to look"
                raise DueProcessError("same_person", message)
            at, who = one.at, {_person(one.by), _person(self.subject)}
        if _person(self.opened_by) == _person(self.subject):
            raise DueProcessError("same_person", "nobody opens an entry about themselves")
        ends = (self.closed_at, self.closed_by, self.outcome)
        if any(end is None for end in ends) and any(end is not None for end in ends):
            raise refuse("WatchEntry", "a closed entry has closed_at, closed_by and outcome; give all three or none")
        if self.closed_at is not None:
            if self.closed_at < at:
                raise refuse(
                    "WatchEntry", f"closed at {to_iso(self.closed_at)}, before {to_iso(at)}", path="$.closed_at"
                )
            closed_by = checked_name(self.closed_by, "WatchEntry", "closed_by")
            _visible("WatchEntry", closed_by)
            if _person(closed_by) == _person(self.subject):
                raise DueProcessError("same_person", "nobody closes an entry about themselves")
            checked_name(self.outcome, "WatchEntry", "outcome")

    @staticmethod
    def _ordered(at: int, review_at: int) -> None:
        if review_at <= at:
            message = f"review at {to_iso(review_at)} is not after {to_iso(at)}; give a later date"
            raise refuse("WatchEntry", message, path="$.review_at", code="range")

    def known_at(self, at: int) -> WatchEntry | None:
        """Give the entry as it was known at an instant; None if it was not yet opened."""
        if self.opened_at > at:
            return None
        closed = self.closed_at is not None and self.closed_at <= at
        return attrs.evolve(
            self,
            renewals=tuple(one for one in self.renewals if one.at <= at),
            closed_at=self.closed_at if closed else None,
            closed_by=self.closed_by if closed else None,
            outcome=self.outcome if closed else None,
        )

    @property
    def due_at(self) -> int:
        """The review date that counts: that of the last renewal, or the first one."""
        return self.renewals[-1].review_at if self.renewals else self.review_at


@attrs.frozen(kw_only=True)
class WatchPolicy(Plain):
    """How long an entry may stand.

    Attributes:
        version: Which edition of the policy.
        review_days: Most days from opening or renewal to the next review.
        grace_days: Days past the review date after which an entry expires.
        max_renewals: Most renewals; after them it takes a new entry with new evidence.
    """

    kind = "watch_policy"
    version: str = attrs.field(default="1", validator=name)
    review_days: int = attrs.field(default=90, validator=whole(1, 3650))
    grace_days: int = attrs.field(default=14, validator=whole(0, 365))
    max_renewals: int = attrs.field(default=3, validator=whole(0, 100))

    def state(self, entry: WatchEntry, at: int) -> WatchState:
        """Tell where an entry stands, by what is in it."""
        checked(WatchEntry, entry, "WatchPolicy", "entry")
        at = to_epoch(at)
        if entry.closed_at is not None and entry.closed_at <= at:
            return WatchState.CLOSED
        if at < entry.due_at:
            return WatchState.OPEN
        return WatchState.OVERDUE if at < self.expires_at(entry) else WatchState.EXPIRED

    def expires_at(self, entry: WatchEntry) -> int:
        """Give the instant from which an entry no longer applies unless somebody renews it."""
        checked(WatchEntry, entry, "WatchPolicy", "entry")
        return min(LAST, entry.due_at + self.grace_days * DAY)

    def unfit(self, entry: WatchEntry) -> str | None:
        """Tell what in an entry this policy does not allow; None if nothing is."""
        checked(WatchEntry, entry, "WatchPolicy", "entry")
        previous = entry.review_at
        for begin, end in [(entry.opened_at, entry.review_at), *((one.at, one.review_at) for one in entry.renewals)]:
            if end - begin > self.review_days * DAY:
                return f"review at {to_iso(end)} is more than {self.review_days} days after {to_iso(begin)}"
        for one in entry.renewals:
            if one.at >= previous + self.grace_days * DAY:
                return f"renewed at {to_iso(one.at)}, after it had expired; open a new entry"
            previous = one.review_at
        if len(entry.renewals) > self.max_renewals:
            return f"has more than {self.max_renewals} renewals; open a new entry with new evidence"
        return None


@attrs.frozen(kw_only=True)
class WatchVerdict(Verdict):
    """What the list says about one account: whom to ask and why. No policy reads it.

    Attributes:
        subject: The account.
        entries: Ids of entries that apply.
        reasons: One per entry that applies.
        overdue: Ids of entries whose review is late.
        next_change: First later second with another answer if nothing else happens; None for never.
    """

    kind = "watch"
    subject: str
    entries: tuple[str, ...]
    reasons: tuple[Reason, ...]
    overdue: tuple[str, ...]
    next_change: int | None

    def body(self) -> dict[str, Any]:
        """Give what is particular to a look at the list, as plain values."""
        return {
            "subject": self.subject,
            "entries": list(self.entries),
            "reasons": [plain(reason) for reason in self.reasons],
            "overdue": list(self.overdue),
            "next_change": iso(self.next_change),
        }


def _entries(values: Any) -> Any:
    if isinstance(values, list | tuple) and all(isinstance(one, WatchEntry) for one in values):
        return tuple(sorted(values, key=lambda one: one.id))
    return values


@attrs.frozen(kw_only=True)
class WatchList(Plain):
    """Entries under one policy: a value; every step gives a new list.

    An entry says where to look, never what to find: rules, ladders and scores have no
    argument that takes one.

    Attributes:
        policy: How long entries stand.
        entries: By id.

    Source: CAC Opinions (2021), III(3): directory of accounts needing attention.
    """

    kind = "watch_list"
    policy: WatchPolicy = attrs.field(factory=WatchPolicy, metadata={"of": WatchPolicy, "many": False})
    entries: tuple[WatchEntry, ...] = attrs.field(
        default=(), converter=_entries, validator=each(WatchEntry, most=10**7), metadata={"of": WatchEntry}
    )

    def __attrs_post_init__(self) -> None:
        checked(WatchPolicy, self.policy, "WatchList", "policy")
        ids = [one.id for one in self.entries]
        if len(set(ids)) != len(ids):
            raise refuse("WatchList", "an id stands twice", path="$.entries", code="duplicate")
        for one in self.entries:
            problem = self.policy.unfit(one)
            if problem is not None:
                raise DueProcessError("review", f"entry {one.id!r}: {problem}")

    def open(
        self,
        id: str,  # noqa: A002 - the name of the field
        *,
        subject: str,
        reason: str,
        evidence: Iterable[str],
        by: str,
        at: int | dt.datetime,
        review_at: int | dt.datetime,
    ) -> WatchList:
        """Put an account on the list.

        Raises:
            InputError: Something is missing or malformed, or the id is taken.
            DueProcessError: The review is too far off.
        """
        entry = WatchEntry(
            id=id,
            subject=subject,
            reason=reason,
            evidence=_listed(evidence),
            opened_by=by,
            opened_at=to_epoch(at),
            review_at=to_epoch(review_at),
        )
        return attrs.evolve(self, entries=(*self.entries, entry))

    def renew(
        self,
        id: str,  # noqa: A002 - the name of the field
        *,
        by: str,
        at: int | dt.datetime,
        reason: str,
        evidence: Iterable[str],
        review_at: int | dt.datetime,
    ) -> WatchList:
        """Keep an entry, after a look by somebody else than the person who looked last.

        Raises:
            InputError: There is no such entry, or something is missing.
            DueProcessError: The same person, too late, too often, or the entry is closed.
        """
        entry = self._open(id, "renewed")
        renewal = Renewal(
            by=by, at=to_epoch(at), reason=reason, evidence=_listed(evidence), review_at=to_epoch(review_at)
        )
        return self._with(attrs.evolve(entry, renewals=(*entry.renewals, renewal)))

    def close(
        self,
        id: str,  # noqa: A002 - the name of the field
        *,
        by: str,
        at: int | dt.datetime,
        outcome: str,
    ) -> WatchList:
        """Take an account off the list; the entry stays in the record.

        Raises:
            InputError: There is no such entry, or something is malformed.
            DueProcessError: It is closed already.
        """
        entry = self._open(id, "closed")
        return self._with(attrs.evolve(entry, closed_at=to_epoch(at), closed_by=by, outcome=outcome))

    def look(self, subject: str, *, at: int | dt.datetime) -> WatchVerdict:
        """Tell which entries apply to an account."""
        instant = to_epoch(at)
        checked_name(subject, "WatchList", "subject")
        known = tuple(
            found for one in self.entries if one.subject == subject and (found := one.known_at(instant)) is not None
        )

        def states(then: int) -> list[WatchState]:
            return [self.policy.state(one, then) for one in known]

        live = [
            (one, state)
            for one, state in zip(known, states(instant), strict=True)
            if state in (WatchState.OPEN, WatchState.OVERDUE)
        ]
        return WatchVerdict(
            at=instant,
            policy=self.policy.digest,
            fingerprint=digest([subject, *(one.digest for one in known)]),
            subject=subject,
            entries=tuple(one.id for one, _ in live),
            reasons=tuple(_why(one) for one, _ in live),
            overdue=tuple(one.id for one in self.overdue(at=instant) if one.subject == subject),
            next_change=first_change(
                states, instant, [end for one in known for end in (one.due_at, self.policy.expires_at(one))]
            ),
        )

    def live(self, *, at: int | dt.datetime) -> tuple[WatchEntry, ...]:
        """Give the entries that apply at an instant."""
        return self._in({WatchState.OPEN, WatchState.OVERDUE}, to_epoch(at))

    def overdue(self, *, at: int | dt.datetime) -> tuple[WatchEntry, ...]:
        """Give the entries that somebody has to look at: past their review date, expired ones included."""
        return self._in({WatchState.OVERDUE, WatchState.EXPIRED}, to_epoch(at))

    def _in(self, states: set[WatchState], at: int) -> tuple[WatchEntry, ...]:
        known = (one.known_at(at) for one in self.entries)
        return tuple(one for one in known if one is not None and self.policy.state(one, at) in states)

    def _open(self, id_: object, step: str) -> WatchEntry:
        checked_name(id_, "WatchList", "id")
        found = next((one for one in self.entries if one.id == id_), None)
        if found is None:
            raise refuse("WatchList", f"there is no entry {shown(id_)}", code="unknown")
        if found.closed_at is not None:
            raise DueProcessError("closed", f"entry {found.id!r} is closed and cannot be {step}; open a new one")
        return found

    def _with(self, entry: WatchEntry) -> WatchList:
        return attrs.evolve(self, entries=tuple(entry if one.id == entry.id else one for one in self.entries))


def _listed(values: Any) -> Any:
    return values if isinstance(values, str) or not hasattr(values, "__iter__") else tuple(values)


def _why(entry: WatchEntry) -> Reason:
    last = entry.renewals[-1] if entry.renewals else entry
    return Reason(code="watched", rule=entry.id, says=last.reason, evidence=last.evidence)
