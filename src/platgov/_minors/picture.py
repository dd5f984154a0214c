"""A week at a glance: when it was open, when it was used, as text and as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from platgov import messages
from platgov._minors.checks import DAY
from platgov._minors.policy import TOTAL
from platgov._minors.usage import CounterKey, Usage
from platgov._time import to_epoch
from platgov.schedules import Periods

if TYPE_CHECKING:
    import datetime as dt

    from platgov._minors.grants import Minor
    from platgov._minors.plan import Plan
    from platgov.schedules import Period

__all__ = ["week_svg", "week_text"]

_SLOTS: Final = 48
_WIDTH, _HEIGHT, _LEFT, _TOP = 720, 24, 110, 24


def week_text(
    plan: Plan, minor: Minor, usage: Usage, *, at: int | dt.datetime, feature: str = "access", language: str = "en"
) -> str:
    """Draw seven local days from the one of an instant on, half an hour to a sign.

    A sign tells what held for most of its half hour; used beats open. A day of 25 hours is drawn
    as wide as the others.

    Raises:
        InputError: The week leaves the plan, or something cannot be read.
    """
    texts = messages.default()
    lines = [texts.text("minors.picture.legend", language, fallback="en")]
    counter = usage.counter(CounterKey(TOTAL))
    for day in _days(plan, at):
        is_open = _open(plan, minor, usage, day, feature)
        signs = []
        for slot in range(_SLOTS):
            lo, hi = (day.start + (day.end - day.start) * edge // _SLOTS for edge in (slot, slot + 1))
            half = (hi - lo) / 2
            opened = sum(max(0, min(hi, end) - max(lo, start)) for start, end in is_open)
            signs.append("█" if counter.used(lo, hi) >= half else "░" if opened >= half else "·")
        used = sum(counter.used(start, end) for start, end in day.spans)
        total = texts.text("minors.picture.total", language, fallback="en", seconds=used)
        lines.append(f"{day.key} {''.join(signs)} {total}")
    return "\n".join(lines) + "\n"


def week_svg(plan: Plan, minor: Minor, usage: Usage, *, at: int | dt.datetime, feature: str = "access") -> str:
    """Draw the week of `week_text` as a self-contained SVG image.

    Raises:
        InputError: The week leaves the plan, or something cannot be read.
    """
    shapes = []
    lanes = usage.with_assumed()
    for row, day in enumerate(_days(plan, at)):
        top = _TOP + row * (_HEIGHT + 6)
        shapes.append(f'<text x="4" y="{top + 17}">{escape(day.key)}</text>')
        shapes.append(_bar(day, day.start, day.end, top, "#d9d9d9", _HEIGHT))
        shapes += [_bar(day, lo, hi, top, "#b7e1cd", _HEIGHT) for lo, hi in _open(plan, minor, usage, day, feature)]
        shapes += [
            _bar(day, max(lo, day.start), min(hi, day.end), top + 6, "#3366cc", _HEIGHT - 12)
            for lane in lanes
            for lo, hi in lane.spans
            if lo < day.end and day.start < hi
        ]
    hours = "".join(
        f'<text x="{_LEFT + _WIDTH * hour // 24}" y="14" text-anchor="middle">{hour}</text>' for hour in range(0, 25, 3)
    )
    height = _TOP + 7 * (_HEIGHT + 6)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 12} {height}"'
        f' font-family="sans-serif" font-size="12">{hours}{"".join(shapes)}</svg>\n'
    )


def _days(plan: Plan, at: int | dt.datetime) -> list[Period]:
    instant = to_epoch(at)
    periods = Periods(tz=plan.tz, start=instant, end=instant + 9 * DAY)
    found: list[Period] = []
    while len(found) < 7:
        found.append(periods.period("day", instant))
        instant = found[-1].end
    return found


def _open(plan: Plan, minor: Minor, usage: Usage, day: Period, feature: str) -> list[tuple[int, int]]:
    stretches = plan.timeline(day.start, day.end, minor=minor, usage=usage, feature=feature)
    return [(one.start, one.end) for one in stretches if one.allowed]


def _bar(day: Period, lo: int, hi: int, top: int, colour: str, height: int) -> str:  # noqa: PLR0917 - a rectangle
    length = day.end - day.start
    left = _LEFT + _WIDTH * (lo - day.start) / length
    width = _WIDTH * (hi - lo) / length
    return f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{height}" fill="{colour}"/>'
