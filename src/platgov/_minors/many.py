"""The same question about many at one instant: whoever is in the same situation is asked about once.

Ages are told apart by a few cuts through all birth dates: between two of them everybody is in the
same bands. So work goes by groups, and a child costs a look for its group and one at its usage.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from platgov._minors.age import LEVEL_BITS, OLDEST, ORDINAL_BITS, YOUNGEST, AgeRule, attained_on
from platgov._minors.eras import ALL, Era
from platgov._minors.layers import validity
from platgov._minors.usage import Usage
from platgov.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from platgov._minors.grants import Minor
    from platgov._minors.plan import Plan
    from platgov._minors.regime import Cell
    from platgov._minors.verdict import Verdict

__all__ = ["check_many"]

_BIRTHS: Final = range(OLDEST.toordinal(), YOUNGEST.toordinal() + 1)


class _Lot(NamedTuple):
    """What those of a group are asked by.

    Attributes:
        since: Whoever used nothing after that has used nothing that counts.
        unused: The verdict then.
        cell: The cell of the instant, with one quota or none.
        known: Verdicts by seconds of the quota.
        era: The group's limits, for as long as they have to be the same.
    """

    since: int
    unused: Verdict | None
    cell: Cell
    known: dict[int, Verdict]
    era: Era


def check_many(plan: Plan, pairs: Iterable[tuple[Minor, Usage]], at: int, feature: str) -> list[Verdict]:
    """Give the verdicts in order; see `Plan.check_many`."""
    groups = _Groups(plan, at, feature) if plan.start <= at < plan.end else None
    lots: dict[int | None, _Lot | tuple[()]] = {None: ()}
    tz = plan.tz
    found: list[Verdict] = []
    append = found.append
    minor: Any
    usage: Any
    for pair in pairs:
        verdict: Verdict | None = None
        minor = usage = None
        try:
            minor, usage = pair
            lot = lots.get(minor._key)  # noqa: SLF001 - worked out once for the value, as those below
            if lot is None and groups and minor.residency_tz == tz:
                lot = lots[minor._key] = groups.lot(minor)  # noqa: SLF001 - as before
            if lot and minor.residency_tz == tz and usage._plain_from <= at:  # noqa: SLF001 - as before
                since, verdict, cell, known, era = lot
                if usage._last > since:  # noqa: SLF001 - as before
                    verdict = None
                    if cell.key is not None:
                        if cell.key is ALL and cell.start <= usage._first and usage._last <= at:  # noqa: SLF001 - as before
                            spent = usage._seconds  # noqa: SLF001 - as before
                        else:
                            spent = usage.counter(cell.key).used(cell.start, at)
                        verdict = known.get(spent)
                        if verdict is None:
                            verdict = era.counted(cell, at, spent) or plan.check(minor, usage, at=at, feature=feature)
                            if era.lasts(verdict.next_if_idle):  # nobody's birthday had a part in it
                                known[spent] = verdict
        except (AttributeError, TypeError, ValueError):  # no pair, no minor, or no usage
            verdict = None
        append(plan.check(minor, usage, at=at, feature=feature) if verdict is None else verdict)
    return found


class _Groups:
    """The groups of one question."""

    def __init__(self, plan: Plan, at: int, feature: str) -> None:
        self.plan, self.at, self.feature = plan, at, feature
        self.known: dict[tuple[int, int, int], tuple[_Lot | tuple[()], int]] = {}
        self.cuts: dict[int, list[int]] = {}
        self.ages = {
            (policy.age_rule, age)
            for policy in plan.policies
            for band in policy.bands
            for age in (band.min_age, band.max_age)
            if age
        }

    def lot(self, minor: Minor) -> _Lot | tuple[()]:
        """Give what somebody's group is asked by; nothing for who has to be asked alone."""
        key: Any = minor._key  # noqa: SLF001 - the caller has looked
        group = self.group(key, self.at)
        if group not in self.known:
            self.known[group] = self.made(minor)
        lot, until = self.known[group]
        # Who has a birthday before anything else changes is in the group, but not until then.
        return lot if lot and self.group(key, until) == group else ()

    def group(self, key: int, at: int) -> tuple[int, int, int]:
        """Give in which group somebody is at an instant, by birth dates and level of evidence."""
        cuts = self.cuts.get(at)
        if cuts is None:
            today = self.plan.latest_date(at)
            cuts = self.cuts[at] = sorted(_latest_of(age, rule, today) for rule, age in self.ages)
        first, last = key >> ORDINAL_BITS + LEVEL_BITS, (key >> LEVEL_BITS) % (1 << ORDINAL_BITS)
        return bisect_left(cuts, first), bisect_left(cuts, last), key % (1 << LEVEL_BITS)

    def made(self, minor: Minor) -> tuple[_Lot | tuple[()], int]:
        """Work out what a group is asked by, from one of its members, and until when its limits have to be the same."""
        plan, at = self.plan, self.at
        try:
            view = plan.view(minor, self.feature)
        except InputError:
            return (), at
        regime = view.era_at(at).regime
        cell = regime.laid_out(regime.place(at))
        until = plan.end - 1 if cell.idle is None else cell.idle
        changes = any(at < edge <= until for policy in plan.policies for edge in validity(policy, plan))
        if changes or not view.simple:
            return (), until
        era = Era(at, until + 1, regime, view)
        era.table = {at >> era.shift: cell}
        return _Lot(cell.since, era.told(Usage(), at, None), cell, {}, era), until


def _latest_of(age: int, rule: AgeRule, today: dt.date) -> int:
    """Give the number of the latest birth date whose bearer has attained an age on a date."""
    around = range(
        max(dt.date(max(today.year - age - 1, 1), 1, 1).toordinal(), _BIRTHS.start),
        min(dt.date(max(today.year - age + 1, 1), 12, 31).toordinal() + 1, _BIRTHS.stop),
    )
    attained = bisect_right(around, today, key=lambda day: attained_on(dt.date.fromordinal(day), age, rule))
    return around.start + attained - 1
