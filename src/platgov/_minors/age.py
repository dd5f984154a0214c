"""How old is somebody, as far as is known? Claims are ranges of birth dates; ages follow from them.

Nobody's age is ever stored: an age changes by itself, a birth date does not. What platforms are
told (an age band, a document, a guardian's word) is kept as the range of birth dates that fits.
"""

from __future__ import annotations

import calendar
import datetime as dt
import enum
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import attrs

from platgov._canonical import shown
from platgov._time import to_epoch
from platgov.errors import InputError, Problem
from platgov.schedules import first_instant, local_date

__all__ = [
    "AgeRule",
    "Born",
    "DobEvidence",
    "Level",
    "age_at",
    "attained_at",
    "attained_on",
    "band_edges",
    "binding",
    "born",
]

OLDEST: Final = dt.date(1900, 1, 1)
"""Nobody is taken to be born earlier; zones are not known before it either."""
YOUNGEST: Final = dt.date(2199, 12, 31)
MOST_YEARS: Final = 150
ORDINAL_BITS: Final = 20
"""Enough for the number of any of these days."""
LEVEL_BITS: Final = 3
"""Enough for the rank of a level."""
_DAY: Final = dt.timedelta(days=1)


class Level(enum.Enum):
    """How well a claim about a birth date is backed; each level is stronger than those before it."""

    NONE = "none"
    """Nothing is claimed. Such evidence counts for nothing."""
    DECLARED = "declared"
    """The person said so."""
    ESTIMATED = "estimated"
    """Something indicates it: a face, a payment card, an unnamed check."""
    GUARDIAN = "guardian"
    """A parent or guardian said so."""
    VERIFIED = "verified"
    """A document or register says so."""

    @property
    def rank(self) -> int:
        """Place in the order, 0 for ``NONE``."""
        return _RANK[self]


_RANK: Final = {level: place for place, level in enumerate(Level)}


class AgeRule(enum.Enum):
    """On which date an age is attained: laws differ, so it is data of a policy.

    Who was born on 29 February has a birthday on 1 March in common years, except under
    ``anniversary_feb28``: protection lasts longer unless a law says otherwise.
    """

    ANNIVERSARY = "anniversary"
    """On the birthday."""
    ANNIVERSARY_FEB28 = "anniversary_feb28"
    """On the birthday; that of 29 February falls on 28 February in common years."""
    DAY_AFTER = "day_after"
    """On the day after the birthday (China's criminal law)."""
    DAY_BEFORE = "day_before"
    """On the day before the birthday, all of it (Japan's Age Calculation Act)."""
    JAN1 = "jan1"
    """On 1 January of the year of the birthday (Korea's Youth Protection Act)."""


@attrs.frozen(kw_only=True)
class DobEvidence:
    """One claim: somebody was born on one of the days from ``first`` through ``last``.

    Attributes:
        first: Earliest birth date that fits, 1900 or later.
        last: Latest birth date that fits.
        level: How well it is backed.
        observed_at: When it was learned, in UTC epoch seconds; before that it does not count.
            None for always.
        expires_on: The date at whose start, by the wall clock of the person, it no longer
            counts; None for never.
    """

    first: dt.date
    last: dt.date
    level: Level
    observed_at: int | None = attrs.field(default=None, converter=attrs.converters.optional(to_epoch))
    expires_on: dt.date | None = None
    # Everything that a claim without a time of its own says, as one number: cheap to compare. None with one.
    _key: int | None = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        problems = []
        for name in ("first", "last", "expires_on"):
            value = getattr(self, name)
            if not (_is_date(value) or (name == "expires_on" and value is None)):
                problems.append(_date_problem(value, name))
        if not isinstance(self.level, Level):
            names = ", ".join(level.value for level in Level)
            problems.append(
                Problem(f"level is {shown(self.level)}; give one of {names}, as a Level", "$.level", "type")
            )
        if not problems and self.first > self.last:
            message = f"first is {self.first}, after last, {self.last}; give the earlier date first"
            problems.append(Problem(message, "$.first", "order"))
        if problems:
            raise InputError("DobEvidence", tuple(problems))
        days = (self.first.toordinal() << ORDINAL_BITS) + self.last.toordinal()
        timeless = self.observed_at is None and self.expires_on is None
        object.__setattr__(self, "_key", (days << LEVEL_BITS) + self.level.rank if timeless else None)

    @property
    def key(self) -> int | None:
        """All that a claim says, as one number; None where it counts only for a time."""
        return self._key

    @staticmethod
    def verified(
        date: dt.date, *, observed_at: int | dt.datetime | None = None, expires_on: dt.date | None = None
    ) -> DobEvidence:
        """Take a birth date from a document or register."""
        return DobEvidence.between(date, date, level=Level.VERIFIED, observed_at=observed_at, expires_on=expires_on)

    @staticmethod
    def declared(
        date: dt.date, *, observed_at: int | dt.datetime | None = None, expires_on: dt.date | None = None
    ) -> DobEvidence:
        """Take a birth date on the person's word."""
        return DobEvidence.between(date, date, level=Level.DECLARED, observed_at=observed_at, expires_on=expires_on)

    @staticmethod
    def between(
        first: dt.date,
        last: dt.date,
        *,
        level: Level,
        observed_at: int | dt.datetime | None = None,
        expires_on: dt.date | None = None,
    ) -> DobEvidence:
        """Take a range of birth dates, both ends included."""
        given: Any = observed_at  # the converter takes datetimes, the field is an int
        return DobEvidence(first=first, last=last, level=level, observed_at=given, expires_on=expires_on)

    @staticmethod
    def of_age(
        least: int,
        most: int | None,
        *,
        at: int | dt.datetime,
        level: Level,
        stale_days: int = 0,
        expires_on: dt.date | None = None,
    ) -> DobEvidence:
        """Take an age in years, told by somebody else, at an instant.

        Whose wall clock was asked and what happens on 29 February is not known, so every birth
        date counts that fits anywhere on earth under either rule.

        Args:
            least: Completed years at least, 0 to 150.
            most: Completed years at most; None for no bound.
            at: When it was told.
            level: How well it is backed.
            stale_days: How long ago ``most`` may have been true the last time. ``least`` cannot
                be out of date: nobody grows younger.
            expires_on: See `DobEvidence`.

        Raises:
            InputError: Ages or days are not whole, out of range, or ``most`` is below ``least``.
        """
        instant = to_epoch(at)
        _whole("least", least, 0, MOST_YEARS)
        if most is not None:
            _whole("most", most, least, MOST_YEARS)
        _whole("stale_days", stale_days, 0, 3_660)
        today = local_date(instant, "UTC")
        first = OLDEST
        if most is not None:
            first = max(_years_before(today - (1 + stale_days) * _DAY, most + 1) + _DAY, OLDEST)
        last = max(_years_before(today + _DAY, least, feb28=True), first)
        return DobEvidence.between(first, last, level=level, observed_at=instant, expires_on=expires_on)


@attrs.frozen(kw_only=True)
class Born:
    """What all live claims together say about a birth date.

    Attributes:
        first: Earliest birth date.
        last: Latest birth date. Whoever decides takes the strictest outcome over the range.
        level: Strongest level among the claims; ``NONE`` without any.
        conflict: The claims exclude each other; the range then covers all of them.
        unknown: No claim has the level that is needed: the policy for unknown ages binds too.
        next_change: First instant at which any of this differs; None if it never does.
    """

    first: dt.date
    last: dt.date
    level: Level
    conflict: bool
    unknown: bool
    next_change: int | None = None


def born(
    evidence: Iterable[DobEvidence], *, at: int | dt.datetime, least: Level | None = None, tz: str = "UTC"
) -> Born:
    """Join the claims that are live at an instant.

    They are intersected whatever their level. If nothing is left of them, all of them count,
    with the days in between. Without a claim, anything through today is possible. A plan does not
    let weaker claims narrow what it needs a level for; see `binding`.

    Args:
        evidence: The claims, in any order.
        at: The instant.
        least: Level that one of them must have; None for any.
        tz: IANA name of the person's zone, for expiry.

    Raises:
        InputError: Something else than evidence, or an argument that cannot be read.
    """
    return _seen(evidence, at, least, tz, weak=True)


def binding(evidence: Iterable[DobEvidence], *, at: int | dt.datetime, least: Level | None, tz: str) -> Born:
    """Join the claims as `born`, for a limit that needs a level: claims below it narrow nothing.

    What somebody says of themselves must not turn a wide range that somebody else vouches for into
    a birthday. A weaker claim that contradicts the range widens it, as any conflict does.
    """
    return _seen(evidence, at, least, tz, weak=False)


def _seen(evidence: Iterable[DobEvidence], at: int | dt.datetime, least: Level | None, tz: str, *, weak: bool) -> Born:
    instant = to_epoch(at)
    claims = _claims(evidence)
    if not (least is None or isinstance(least, Level)):
        raise _refuse("Born", "type", f"least is {shown(least)}; give a Level or None", "$.least")
    today = local_date(instant, tz)
    lives = [
        (claim, claim.observed_at, None if claim.expires_on is None else _reached(claim.expires_on, tz))
        for claim in claims
        if claim.level is not Level.NONE
    ]

    def seen(when: int) -> Born:
        live = [
            claim for claim, start, end in lives if (start is None or start <= when) and (end is None or when < end)
        ]
        return _joined(live, least, today, weak=weak)

    now = seen(instant)
    later = sorted({edge for _, *edges in lives for edge in edges if edge is not None and edge > instant})
    return attrs.evolve(now, next_change=next((edge for edge in later if seen(edge) != now), None))


def attained_on(birth: dt.date, years: int, rule: AgeRule) -> dt.date:
    """Give the local date on which somebody attains an age.

    Args:
        birth: The birth date, 1900 to 2199.
        years: The age, 0 to 150.
        rule: What the law says.

    Raises:
        InputError: An argument is not what it should be.
    """
    if not _is_date(birth):
        raise InputError("age", (_date_problem(birth, "birth"),))
    _whole("years", years, 0, MOST_YEARS)
    match rule:
        case AgeRule.ANNIVERSARY:
            return _birthday(birth, years)
        case AgeRule.ANNIVERSARY_FEB28:
            return _birthday(birth, years, feb28=True)
        case AgeRule.DAY_AFTER:
            return _birthday(birth, years) + _DAY
        case AgeRule.DAY_BEFORE:
            return _birthday(birth, years) - _DAY
        case AgeRule.JAN1:
            return dt.date(birth.year + years, 1, 1)
    raise _refuse("age", "type", f"rule is {shown(rule)}; give an AgeRule", "$.rule")


def attained_at(birth: dt.date, years: int, rule: AgeRule, tz: str) -> int:
    """Give the instant at which somebody attains an age: the start of that date in a zone.

    It is the first instant that the wall clock shows the date; should the clock then go back,
    the age stays. Dates before 1900 and after 2199 give the first and last instant of these years.

    Raises:
        InputError: An argument is not what it should be.
    """
    return _reached(attained_on(birth, years, rule), tz)


def age_at(birth: dt.date, *, at: int | dt.datetime, rule: AgeRule, tz: str) -> int:
    """Give somebody's age in completed years; 0 also before the birth."""
    instant = to_epoch(at)
    years = min(max(local_date(instant, tz).year - birth.year + 1, 0), MOST_YEARS)
    while years and attained_at(birth, years, rule, tz) > instant:
        years -= 1
    return years


def band_edges(known: Born | DobEvidence, ages: Iterable[int], rule: AgeRule, tz: str) -> tuple[int, ...]:
    """Give the instants at which the earliest or the latest birth date attains one of some ages.

    Between two of them the bands that the range touches stay the same. Sorted, without repeats.
    """
    return tuple(sorted({attained_at(birth, years, rule, tz) for years in ages for birth in (known.first, known.last)}))


def _joined(live: list[DobEvidence], least: Level | None, today: dt.date, *, weak: bool) -> Born:
    if not live:
        return Born(first=OLDEST, last=max(today, OLDEST), level=Level.NONE, conflict=False, unknown=True)
    level = max((claim.level for claim in live), key=_RANK.__getitem__)
    unknown = least is not None and level.rank < least.rank
    counted = live
    if least is not None and not unknown and not weak:
        counted = [claim for claim in live if claim.level.rank >= least.rank]
    first, last = max(claim.first for claim in counted), min(claim.last for claim in counted)
    conflict = first > last or any(claim.last < first or claim.first > last for claim in live)
    if conflict:
        first, last = min(claim.first for claim in live), max(claim.last for claim in live)
    return Born(first=first, last=last, level=level, conflict=conflict, unknown=unknown)


def _claims(evidence: object) -> tuple[DobEvidence, ...]:
    if isinstance(evidence, DobEvidence):
        return (evidence,)
    claims = tuple(evidence) if isinstance(evidence, Iterable) else None
    if claims is None or not all(isinstance(claim, DobEvidence) for claim in claims):
        raise _refuse("Born", "type", f"{shown(evidence)} is no list of DobEvidence", "$.evidence")
    return claims


@lru_cache(maxsize=4096)
def _reached(day: dt.date, tz: str) -> int:
    inside = dt.date(1900, 1, 4), dt.date(2199, 12, 28)  # a zone needs two days around a date
    if inside[0] <= day <= inside[1]:
        return first_instant(day, tz)
    local_date(0, tz)  # refuses what is no zone
    return first_instant(min(max(day, inside[0]), inside[1]), "UTC")


def _birthday(birth: dt.date, years: int, *, feb28: bool = False) -> dt.date:
    year = birth.year + years
    if (birth.month, birth.day) == (2, 29) and not calendar.isleap(year):
        return dt.date(year, 2, 28) if feb28 else dt.date(year, 3, 1)
    return birth.replace(year=year)


def _years_before(day: dt.date, years: int, *, feb28: bool = False) -> dt.date:
    """Give the latest birth date whose bearer has had so many birthdays on a day."""
    year = day.year - years
    if year < OLDEST.year:
        return OLDEST - _DAY
    leap = calendar.isleap(year)
    if (day.month, day.day) == (2, 29) and not leap:
        return dt.date(year, 2, 28)
    if feb28 and (day.month, day.day) == (2, 28) and leap and not calendar.isleap(day.year):
        return dt.date(year, 2, 29)
    return day.replace(year=year)


def _is_date(value: object) -> bool:
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime) and OLDEST <= value <= YOUNGEST


def _date_problem(value: object, name: str) -> Problem:
    return Problem(f"{name} is {shown(value)}; give a date from {OLDEST} to {YOUNGEST}", f"$.{name}", "date")


def _whole(name: str, value: object, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        message = f"{name} is {shown(value)}; give a whole number from {low} to {high}"
        raise _refuse("age", "range" if type(value) is int else "type", message, f"$.{name}")


def _refuse(subject: str, code: str, message: str, path: str) -> InputError:
    return InputError(subject, (Problem(message, path, code),))
