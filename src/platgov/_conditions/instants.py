"""Instants and spans of the condition language: reading, writing and taking apart."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from typing import TYPE_CHECKING, Any, Final

from platgov._conditions.values import UNKNOWN, Duration, Timestamp, Unknown, make_duration, make_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["GETTERS", "ZONED", "duration_text", "read_duration", "read_timestamp", "timestamp_text", "zone"]

_SECOND: Final = 10**9
_EPOCH_DAY: Final = dt.date(1970, 1, 1).toordinal()
_INSTANT: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_SPAN: Final = re.compile(r"[+-]?(?:(?:\d{1,20}(?:\.\d{1,20})?|\.\d{1,20})(?:h|ms|m|s|us|µs|ns))+", re.ASCII)
_SPAN_PART: Final = re.compile(r"(\d*)(?:\.(\d*))?(h|ms|m|s|us|µs|ns)", re.ASCII)
_UNITS: Final = {
    "h": 3600 * _SECOND, "m": 60 * _SECOND, "s": _SECOND, "ms": 10**6, "us": 1000, "µs": 1000, "ns": 1,
}  # fmt: skip
_OFFSET: Final = re.compile(r"([+-]?)(\d\d):(\d\d)", re.ASCII)


def read_timestamp(text: str) -> Timestamp | Unknown:
    """Read RFC 3339 text with an offset; UNKNOWN if it is not exactly that."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        return UNKNOWN
    year, month, day, hour, minute, second = map(int, found.group(1, 2, 3, 4, 5, 6))
    try:
        date = dt.date(year, month, day)
    except ValueError:
        return UNKNOWN
    offset = int(found[9] or 0) * 60 + int(found[10] or 0)
    if hour > 23 or minute > 59 or second > 59 or offset >= 24 * 60 or int(found[10] or 0) > 59:
        return UNKNOWN
    seconds = (date.toordinal() - _EPOCH_DAY) * 86_400 + hour * 3600 + minute * 60 + second
    seconds -= (-offset if found[8] == "-" else offset) * 60
    return make_timestamp(seconds * _SECOND + int((found[7] or "0").ljust(9, "0")))


def _split(at: Timestamp) -> tuple[dt.datetime, int]:
    seconds, ns = divmod(at.ns, _SECOND)
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds), ns


def _fraction(ns: int) -> str:
    return f".{ns:09d}".rstrip("0") if ns else ""


def timestamp_text(at: Timestamp) -> str:
    """Write an instant as RFC 3339 text in UTC, to the nanosecond where there are any."""
    moment, ns = _split(at)
    return f"{moment.replace(tzinfo=None).isoformat()}{_fraction(ns)}Z"


def read_duration(text: str) -> Duration | Unknown:
    """Read a span such as ``90s``, ``1h30m`` or ``-1.5h``; UNKNOWN if it is not exactly that."""
    if not _SPAN.fullmatch(text):
        return UNKNOWN
    total = 0
    for whole, fraction, unit in _SPAN_PART.findall(text):
        total += int(whole or 0) * _UNITS[unit]
        if fraction:
            total += int(fraction) * _UNITS[unit] // 10 ** len(fraction)
    return make_duration(-total if text.startswith("-") else total)


def duration_text(span: Duration) -> str:
    """Write a span in seconds: ``90s``, ``-0.5s``."""
    seconds, ns = divmod(abs(span.ns), _SECOND)
    return f"{'-' if span.ns < 0 else ''}{seconds}{_fraction(ns)}s"


def zone(name: str) -> dt.tzinfo | None:
    """Give the zone of an IANA name or an offset (``+02:00``); None if there is no such zone."""
    offset = _OFFSET.fullmatch(name)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3])
        if minutes >= 24 * 60:
            return None
        return dt.timezone(dt.timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    try:
        return zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # malformed, not a file, not found
        return None


_PARTS: Final[dict[str, Callable[[dt.datetime, int], int]]] = {
    "getFullYear": lambda at, _: at.year,
    "getMonth": lambda at, _: at.month - 1,
    "getDate": lambda at, _: at.day,
    "getDayOfMonth": lambda at, _: at.day - 1,
    "getDayOfWeek": lambda at, _: at.isoweekday() % 7,
    "getDayOfYear": lambda at, _: at.timetuple().tm_yday - 1,
    "getHours": lambda at, _: at.hour,
    "getMinutes": lambda at, _: at.minute,
    "getSeconds": lambda at, _: at.second,
    "getMilliseconds": lambda _, ns: ns // 10**6,
}
_WHOLE: Final = {"getHours": 3600 * _SECOND, "getMinutes": 60 * _SECOND, "getSeconds": _SECOND}
ZONED: Final = frozenset(_PARTS)
"""Methods of instants; each takes a zone as an optional argument."""


def _getter(method: str) -> Callable[[Any, dt.tzinfo], Any]:
    part, unit = _PARTS[method], _WHOLE.get(method)

    def get(value: Any, where: dt.tzinfo) -> Any:
        if type(value) is Timestamp:
            moment, ns = _split(value)
            try:
                return part(moment.astimezone(where), ns)
            except OverflowError:  # the local date falls outside years 1 to 9999
                return UNKNOWN
        if type(value) is Duration and (unit is not None or method == "getMilliseconds"):
            size = abs(value.ns) // unit if unit else abs(value.ns) % _SECOND // 10**6
            return -size if value.ns < 0 else size
        return UNKNOWN

    return get


GETTERS: Final = {method: _getter(method) for method in _PARTS}
