"""A week at a glance: when it was open, when it was used, when the time was up, as text and as SVG."""

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
_WIDTH, _HEIGHT, _LEFT, _TOP = 720, 24, 96, 48
_CLOSED, _OPEN, _SPENT, _USED = "#d9d9d9", "#b7e1cd", "#f6c58f", "#2f5fb3"
_TIME_UP: Final = ("quota_", "break_")


def week_text(
    plan: Plan, minor: Minor, usage: Usage, *, at: int | dt.datetime, feature: str = "access", language: str = "en"
) -> str:
    """Draw seven local days from the one of an instant on, half an hour to a sign.

    A sign tells what held for most of its half hour; used beats open. What is open by its hours
    and closed because the time is used up has a sign of its own. A day of 25 hours is drawn as
    wide as the others.

    Raises:
        InputError: The week leaves the plan, or something cannot be read.
    """
    texts = messages.default()
    lines = [texts.text("minors.picture.legend", language, fallback="en")]
    counter = usage.counter(CounterKey(TOTAL))
    for day in _days(plan, at):
        stretches = _stretches(plan, minor, usage, day, feature)
        signs = []
        for slot in range(_SLOTS):
            lo, hi = (day.start + (day.end - day.start) * edge // _SLOTS for edge in (slot, slot + 1))
            half = (hi - lo) / 2
            shares = dict.fromkeys((_OPEN, _SPENT), 0)
            for start, end, colour in stretches:
                shares[colour] += max(0, min(hi, end) - max(lo, start))
            used = counter.used(lo, hi) >= half
            signs.append(
                "█" if used else "░" if shares[_OPEN] >= half else "─" if sum(shares.values()) >= half else "·"
            )
        used_s = sum(counter.used(start, end) for start, end in day.spans)
        total = texts.text("minors.picture.total", language, fallback="en", seconds=used_s)
        lines.append(f"{day.key} {''.join(signs)} {total}")
    return "\n".join(lines) + "\n"


def week_svg(
    plan: Plan, minor: Minor, usage: Usage, *, at: int | dt.datetime, feature: str = "access", language: str = "en"
) -> str:
    """Draw the week of `week_text` as a self-contained SVG image.

    Raises:
        InputError: The week leaves the plan, or something cannot be read.
    """
    texts = messages.default()

    def say(key: str) -> str:
        return escape(texts.text(f"minors.picture.{key}", language, fallback="en"))

    shapes = []
    lanes = usage.with_assumed()
    for row, day in enumerate(_days(plan, at)):
        top = _TOP + row * (_HEIGHT + 6)
        shapes.append(f'<text x="4" y="{top + 17}">{escape(day.key)}</text>')
        shapes.append(_bar(day, day.start, day.end, top, _CLOSED, _HEIGHT))
        stretches = _stretches(plan, minor, usage, day, feature)
        shapes += [_bar(day, lo, hi, top, colour, _HEIGHT) for lo, hi, colour in stretches]
        shapes += [
            _bar(day, max(lo, day.start), min(hi, day.end), top + 6, _USED, _HEIGHT - 12)
            for lane in lanes
            for lo, hi in lane.spans
            if lo < day.end and day.start < hi
        ]
    legend = "".join(
        f'<tspan dx="14" fill="{colour}" stroke="#777" stroke-width="0.5">■</tspan><tspan dx="4">{say(key)}</tspan>'
        for colour, key in ((_USED, "used"), (_OPEN, "open"), (_SPENT, "spent"), (_CLOSED, "closed"))
    )
    hours = "".join(
        f'<text x="{_LEFT + _WIDTH * hour // 24}" y="40" text-anchor="middle">{hour}</text>' for hour in range(0, 25, 3)
    )
    height = _TOP + 7 * (_HEIGHT + 6)
    lines = "".join(f"M{_LEFT + _WIDTH * hour // 24} {_TOP}V{height - 6}" for hour in range(0, 25, 3))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 12} {height}" role="img"'
        f' font-family="sans-serif" font-size="12"><title>{say("title")}</title>'
        f'<text x="{_LEFT - 14}" y="18">{legend}</text>{hours}{"".join(shapes)}'
        f'<path d="{lines}" stroke="#ffffff" stroke-width="1" fill="none"/></svg>\n'
    )


def _days(plan: Plan, at: int | dt.datetime) -> list[Period]:
    instant = to_epoch(at)
    periods = Periods(tz=plan.tz, start=instant, end=instant + 9 * DAY)
    found: list[Period] = []
    while len(found) < 7:
        found.append(periods.period("day", instant))
        instant = found[-1].end
    return found


def _stretches(plan: Plan, minor: Minor, usage: Usage, day: Period, feature: str) -> list[tuple[int, int, str]]:
    """Give when a day is open, or would be if time were left."""
    told = plan.timeline(day.start, day.end, minor=minor, usage=usage, feature=feature)
    return [
        (one.start, one.end, _OPEN if one.allowed else _SPENT)
        for one in told
        if all(reason.code.startswith(_TIME_UP) for reason in one.reasons)
    ]


def _bar(day: Period, lo: int, hi: int, top: int, colour: str, height: int) -> str:  # noqa: PLR0917 - a rectangle
    length = day.end - day.start
    left = _LEFT + _WIDTH * (lo - day.start) / length
    width = _WIDTH * (hi - lo) / length
    return f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{height}" fill="{colour}"/>'
