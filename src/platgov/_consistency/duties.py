"""Who may look at a case, and how two people look at it without seeing each other's answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._canonical import shown
from platgov._consistency.numbers import plain, refused, text
from platgov._time import to_epoch, to_iso
from platgov.errors import DueProcessError

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["FourEyes", "Parties", "Reading", "conflicts", "recusal"]

_READERS: Final = 3


def _people(values: Any) -> frozenset[str]:
    if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
        raise refused(f"{shown(values)} is no list of people; give their ids", "$.people")
    return frozenset(text(value, "people") for value in values)


@attrs.frozen(kw_only=True)
class Parties:
    """Everyone who has a part in a case.

    Attributes:
        concerned: Those it is about.
        reporters: Those who reported it.
        deciders: Those who decided on it before.
        teams: Teams of the ones concerned and of the reporters.
    """

    concerned: frozenset[str] = attrs.field(default=frozenset(), converter=_people)
    reporters: frozenset[str] = attrs.field(default=frozenset(), converter=_people)
    deciders: frozenset[str] = attrs.field(default=frozenset(), converter=_people)
    teams: frozenset[str] = attrs.field(default=frozenset(), converter=_people)


def conflicts(
    person: str, parties: Parties, *, teams: Iterable[str] = (), interests: Iterable[str] = ()
) -> tuple[str, ...]:
    """Say why somebody may not look at a case; nothing if they may.

    Args:
        person: Who would look at it.
        parties: Who has a part in it.
        teams: Their teams.
        interests: People in whose cases they have an interest of their own.

    Returns:
        Any of ``concerned``, ``reporter``, ``earlier_decider``, ``same_team`` and ``interest``.
    """
    if not isinstance(parties, Parties):
        raise refused(f"parties is {shown(parties)}; give Parties(...)", "$.parties")
    who, own, about = text(person, "person"), _people(teams), _people(interests)
    found = {
        "concerned": who in parties.concerned,
        "reporter": who in parties.reporters,
        "earlier_decider": who in parties.deciders,
        "same_team": bool(own & parties.teams),
        "interest": bool(about & (parties.concerned | parties.reporters)),
    }
    return tuple(code for code, holds in found.items() if holds)


def recusal(
    case: str,
    person: str,
    parties: Parties,
    *,
    at: int | dt.datetime,
    teams: Iterable[str] = (),
    interests: Iterable[str] = (),
) -> dict[str, Any] | None:
    """Write for the ledger that somebody may not look at a case, and why; None if they may.

    Args:
        case: The case.
        person: Who would look at it.
        parties: Who has a part in it.
        at: When that was found.
        teams: Their teams.
        interests: People in whose cases they have an interest of their own.
    """
    found = conflicts(person, parties, teams=teams, interests=interests)
    record = {"kind": "recusal", "schema": 1, "at": to_iso(to_epoch(at)), "case": text(case, "case"), "by": person}
    return {**record, "because": list(found)} if found else None


@attrs.frozen(kw_only=True)
class Reading:
    """What one person answered.

    Attributes:
        by: Who.
        answer: What.
        at: When, in UTC epoch seconds.
    """

    by: str
    answer: str
    at: int


@attrs.frozen(kw_only=True)
class FourEyes:
    """A case that at least two people read, each without knowing the other's answer or name.

    Two equal answers settle it. Where the first two differ, a third person reads; where all
    three differ, it stays open, for whoever stands above them.

    Attributes:
        case: The case.
        parties: Who has a part in it, and may not read it.
        readings: What was answered, in order.
    """

    case: str
    parties: Parties = Parties()
    readings: tuple[Reading, ...] = attrs.field(default=(), init=False)

    def __attrs_post_init__(self) -> None:
        text(self.case, "case")
        if not isinstance(self.parties, Parties):
            raise refused(f"parties is {shown(self.parties)}; give Parties(...)", "$.parties")

    def read(
        self,
        *,
        by: str,
        answer: str,
        at: int | dt.datetime,
        teams: Iterable[str] = (),
        interests: Iterable[str] = (),
    ) -> FourEyes:
        """Add an answer.

        Raises:
            DueProcessError: The person has read it before (``same_person``), has a part in it
                (``conflict``), or it needs no further reading (``settled``).
            InputError: An argument is of the wrong kind.
        """
        now = to_epoch(at)
        reading = Reading(by=text(by, "by"), answer=text(answer, "answer"), at=now)
        found = conflicts(by, self.parties, teams=teams, interests=interests)
        if found:
            raise DueProcessError("conflict", f"{by!r} may not read {self.case!r}: {', '.join(found)}")
        if any(one.by == by for one in self.readings):
            raise DueProcessError("same_person", f"{by!r} has read {self.case!r}; another person has to")
        if not self.needs:
            raise DueProcessError("settled", f"{self.case!r} needs no further reading")
        following = FourEyes(case=self.case, parties=self.parties)
        object.__setattr__(following, "readings", (*self.readings, reading))
        return following

    @property
    def answer(self) -> str | None:
        """The answer that two people gave; None while there is none."""
        answers = [one.answer for one in self.readings]
        return next((one for one in answers if answers.count(one) > 1), None)

    @property
    def needs(self) -> int:
        """How many more people have to read it."""
        if self.answer is not None or len(self.readings) >= _READERS:
            return 0
        return 2 - len(self.readings) if len(self.readings) < 2 else 1

    @property
    def is_open(self) -> bool:
        """Whether three people gave three answers."""
        return self.answer is None and len(self.readings) >= _READERS

    def for_reader(self) -> dict[str, Any]:
        """Give what the next reader may see: that a reading is due, and nothing about earlier ones.

        Not even how many there were: a third reader would know that two had differed.
        """
        return {"case": self.case, "due": self.needs > 0}

    @property
    def judgements(self) -> tuple[str, ...]:
        """The first two answers, as a case for `agreement`: a third was only asked where they differed."""
        return tuple(one.answer for one in self.readings[:2])

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values, for the ledger."""
        return {
            "kind": "four_eyes",
            "schema": 1,
            "case": self.case,
            "answer": self.answer,
            "readings": [{**plain(one), "at": to_iso(one.at)} for one in self.readings],
        }
