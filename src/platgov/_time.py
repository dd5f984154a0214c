"""Instants as whole UTC epoch seconds inside, as ``pendulum.DateTime`` at the edge."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    import pendulum

__all__ = [
    "FIRST",
    "LAST",
    "date_from_iso",
    "from_iso",
    "instant_from_iso",
    "instant_to_iso",
    "to_datetime",
    "to_epoch",
    "to_iso",
    "whole_seconds",
]

FIRST = -62_135_596_800
"""0001-01-01T00:00:00Z, the first instant that a datetime can name."""
LAST = 253_402_300_799
"""9999-12-31T23:59:59Z, the last one."""

_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - naive on purpose: plain arithmetic, no zone rules
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII)


def to_epoch(at: int | dt.datetime) -> int:
    """Return an instant as whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted.

    A part of a second is dropped towards the past, before 1970 as after it.
    In the hour that a zone repeats in autumn, ``fold`` decides (PEP 495); a wall time that a
    zone skips in spring takes the offset that the datetime itself reports.

    Args:
        at: Epoch seconds, or a datetime of any kind that knows its offset.

    Raises:
        InputError: A naive datetime, a date, text, a float or a boolean; years outside 1 to 9999.
    """
    if isinstance(at, int) and type(at) is int:  # a bool is no instant
        return _in_range(at)
    return _in_range(_microseconds(at) // 1_000_000)


def to_datetime(epoch: int) -> pendulum.DateTime:
    """Return epoch seconds as a datetime in UTC."""
    return _utc(to_epoch(epoch), 0)


def to_iso(epoch: int) -> str:
    """Spell epoch seconds as ``2026-11-24T15:00:00Z``."""
    return f"{(_EPOCH + dt.timedelta(seconds=to_epoch(epoch))).isoformat()}Z"


def from_iso(text: str) -> int:
    """Read an RFC 3339 instant as epoch seconds, a part of a second dropped.

    Date, time with seconds, and offset (``Z`` or ``+08:00``) are all required, in upper
    case with a ``T``. Nothing is filled in: no zone, no date of today, no midnight. The hour
    24 and the leap second 60 are refused.

    Raises:
        InputError: The text is anything else, or names no real instant.
    """
    return _parsed(text)[0]


def instant_from_iso(text: str) -> pendulum.DateTime:
    """Read an RFC 3339 instant in UTC, as ``from_iso`` but kept to the microsecond."""
    epoch, fraction = _parsed(text)
    if fraction.rstrip("0")[6:]:
        raise _refusal("value", f"{text!r} is finer than a microsecond; give at most 6 digits")
    return _utc(epoch, int(fraction[:6].ljust(6, "0")))


def instant_to_iso(at: dt.datetime) -> str:
    """Spell a datetime in UTC; microseconds are written only where there are any."""
    seconds, micros = divmod(_microseconds(at), 1_000_000)
    return f"{(_EPOCH + dt.timedelta(seconds=_in_range(seconds), microseconds=micros)).isoformat()}Z"


def date_from_iso(text: str) -> dt.date:
    """Read ``2026-11-24``; no week dates, no short forms, no time behind it."""
    try:
        if _DATE.fullmatch(text):
            return dt.date.fromisoformat(text)
    except ValueError as bad:
        raise _refusal("value", f"{text!r} names no date: {bad}") from None
    raise _refusal("value", f"expected a date such as 2026-11-24, got {text[:40]!r}")


def whole_seconds(span: dt.timedelta) -> int:
    """Return the length of a span in seconds; months, years and parts of a second are refused."""
    if getattr(span, "years", 0) or getattr(span, "months", 0):
        raise _refusal("value", f"{span} has months or years, which have no fixed length; give days")
    seconds, rest = dt.timedelta.__divmod__(span, dt.timedelta(seconds=1))  # pendulum's own rounds
    if rest:
        raise _refusal("value", f"{span!r} has a part of a second; give whole seconds")
    return seconds


def _microseconds(at: object) -> int:
    if not isinstance(at, dt.datetime):
        raise _refusal("type", f"expected a datetime with an offset or whole epoch seconds, got a {type(at).__name__}")
    try:
        offset = at.utcoffset()
    except (ValueError, TypeError, AttributeError, OverflowError) as bad:
        raise _refusal("value", f"its time zone tells no offset: {bad}") from None
    if offset is None:
        raise _refusal("naive", f"{at.isoformat()} has no time zone; say which one it is in")
    # By hand: subtraction of aware datetimes is wall time inside one zone, and pendulum overrides it.
    minutes = ((at.toordinal() - _EPOCH.toordinal()) * 24 + at.hour) * 60 + at.minute
    return (minutes * 60 + at.second) * 1_000_000 + at.microsecond - offset // dt.timedelta(microseconds=1)


def _in_range(epoch: int) -> int:
    if FIRST <= epoch <= LAST:
        return epoch
    size = str(epoch) if abs(epoch) < 10**20 else "a number of more than 20 digits"
    raise _refusal("range", f"{size} is outside the years 1 to 9999; give seconds since 1970, not milliseconds")


def _utc(epoch: int, micros: int) -> pendulum.DateTime:
    import pendulum  # noqa: PLC0415 - 30 ms; who only counts seconds does not pay

    at = _EPOCH + dt.timedelta(seconds=epoch)
    return pendulum.DateTime(at.year, at.month, at.day, at.hour, at.minute, at.second, micros, tzinfo=pendulum.UTC)


def _parsed(text: str) -> tuple[int, str]:
    """Return epoch seconds, and the digits of the fraction."""
    found = _RFC_3339.fullmatch(text) if type(text) is str else None
    if found is None:
        given = repr(text[:40]) if type(text) is str else f"a {type(text).__name__}"
        raise _refusal("instant", f"expected an instant such as 2026-11-24T15:00:00Z or …+08:00, got {given}")
    wall, fraction, sign, hours, minutes = found.groups(default="0")
    try:
        at = dt.datetime.fromisoformat(wall)
    except ValueError as bad:
        raise _refusal("instant", f"{text!r} names no instant: {bad}") from None
    if int(hours) > 23 or int(minutes) > 59:
        raise _refusal("instant", f"{text!r} has an offset past 23:59")
    offset = (int(hours) * 60 + int(minutes)) * 60
    epoch = (at - _EPOCH) // dt.timedelta(seconds=1) + (offset if sign == "-" else -offset)
    return _in_range(epoch), fraction


def _refusal(code: str, message: str) -> InputError:
    return InputError("instant", (Problem(message, code=code),))
