"""How deductions heal with time: drained at a constant rate, or each fading by its own age.

Both are computed in whole numbers. A debt is counted in *units*, of which ``scale`` make one
point; ``scale`` is chosen so that one second changes a debt by a whole number of units.
"""

from __future__ import annotations

import abc
from itertools import chain, groupby
from math import gcd
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import attrs

from platgov._accounts.checks import DAY, MOST, refuse, whole
from platgov._canonical import shown
from platgov._time import FIRST

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LONGEST_DAYS", "Drain", "Fade", "Flow", "Recovery", "Remains"]

LONGEST_DAYS: Final = 3650
"""Longest lifetime of a violation: ten years. What lasts longer lasts for good."""

_ROW: Final = 16


class Remains(NamedTuple):
    """What is left of one violation.

    Attributes:
        units: What is left, in units.
        next_change: First second at which fewer whole points of it are left, if nothing else happens.
        heals_at: First second at which nothing of it is left.
    """

    units: int
    next_change: int
    heals_at: int


class Flow(abc.ABC):
    """A debt over time, as a state that is a plain immutable value, and functions of it.

    Between events a debt never grows.
    """

    scale: int
    start: Any = ()

    @abc.abstractmethod
    def charge(self, state: Any, at: int, points: int) -> Any:
        """Add a violation; ``at`` is no earlier than anything before it."""

    @abc.abstractmethod
    def repay(self, state: Any, at: int, most: int) -> tuple[Any, int]:
        """Take up to ``most`` units off, oldest first; give also how many were taken."""

    @abc.abstractmethod
    def debt(self, state: Any, at: int) -> int:
        """Give the units owed at an instant."""

    @abc.abstractmethod
    def when(self, state: Any, at: int, target: int) -> int:
        """Give the first second, from ``at`` on, at which no more than ``target`` >= 0 units are owed."""

    @abc.abstractmethod
    def remains(self, state: Any, at: int, charges: Sequence[tuple[int, int]]) -> list[Remains]:
        """Split the debt over the newest of ``charges`` (instant, points), in their order.

        The shares sum to the debt exactly. A charge of which nothing is left may be listed.
        """

    @abc.abstractmethod
    def is_state(self, value: Any, *, before: int, max_points: int) -> bool:
        """Tell whether whole numbers in nested tuples can be a state.

        Args:
            value: What was read.
            before: An instant later than everything in it.
            max_points: Most points of one charge.
        """


@attrs.frozen(kw_only=True)
class Recovery(abc.ABC):
    """How deductions heal: `Drain` or `Fade`."""

    @abc.abstractmethod
    def flow(self, lifetime_s: int) -> Flow:
        """Build the arithmetic for violations that expire at an age."""

    @abc.abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""


@attrs.frozen(kw_only=True)
class Drain(Recovery):
    """All deductions together fall at a constant rate, the oldest violation first.

    Attributes:
        points: Points that heal ...
        per_days: ... in so many days, evenly.
    """

    points: int = attrs.field(validator=whole(1, MOST))
    per_days: int = attrs.field(validator=whole(1, LONGEST_DAYS))

    def flow(self, lifetime_s: int) -> Flow:
        """Build the arithmetic."""
        common = gcd(self.points, self.per_days * DAY)
        return DrainFlow(rate=self.points // common, scale=self.per_days * DAY // common, lifetime=lifetime_s)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {"kind": "drain", "points": self.points, "per_days": self.per_days}


@attrs.frozen(kw_only=True)
class Fade(Recovery):
    """Each violation heals by its own age, whatever the others do.

    Attributes:
        shape: ``linear`` falls evenly to nothing at the lifetime; ``step`` weighs in full
            until its age reaches the lifetime, then nothing.
        lifetime_days: The lifetime; None for the longest that the policy allows.
    """

    shape: str = "linear"
    lifetime_days: int | None = attrs.field(default=None, validator=whole(1, LONGEST_DAYS, optional=True))

    def __attrs_post_init__(self) -> None:
        if type(self.shape) is not str or self.shape not in ("linear", "step"):
            raise refuse("Fade", f"shape is {shown(self.shape)}; give 'linear' or 'step'", path="$.shape")

    def flow(self, lifetime_s: int) -> Flow:
        """Build the arithmetic."""
        lifetime = lifetime_s if self.lifetime_days is None else min(lifetime_s, self.lifetime_days * DAY)
        return FadeFlow(linear=self.shape == "linear", lifetime=lifetime)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {"kind": "fade", "shape": self.shape, "lifetime_days": self.lifetime_days}


def _up(number: int, by: int) -> int:
    """Divide, rounded up."""
    return -(-number // by)


def _put(rows: tuple[tuple[Any, ...], ...], item: Any) -> tuple[tuple[Any, ...], ...]:
    """Append to an immutable list that is kept in short rows, so that little is copied."""
    if rows and len(rows[-1]) < _ROW:
        return (*rows[:-1], (*rows[-1], item))
    return (*rows, (item,))


def _is_listed(value: Any, width: int) -> bool:
    """Tell whether a value is what `_put` makes, of items with so many whole numbers each."""
    return type(value) is tuple and all(
        type(row) is tuple
        and 1 <= len(row) <= _ROW
        and all(type(item) is tuple and [type(part) for part in item] == [int] * width for item in row)
        for row in value
    )


class DrainFlow(Flow):
    """A leaky bucket whose content also expires.

    The state is ``(at, debt, total, bounds)``: the debt at an instant, all that was ever
    charged, and what expiry may still cut. Since the oldest goes first, what is left of a debt
    is always its newest part; so when the i-th violation expires, the debt is at most what was
    charged after it. That can only bite where the debt just after the charge exceeded what
    drains in one lifetime; only then is ``(expires_at, total then)`` kept in ``bounds`` (see
    `_put`), which is empty for almost everybody. So a step takes O(1).
    """

    start = (-(2**62), 0, 0, ())

    def __init__(self, *, rate: int, scale: int, lifetime: int) -> None:
        self.rate, self.scale, self.lifetime = rate, scale, lifetime
        self._whole_life = rate * lifetime

    def debt(self, state: Any, at: int) -> int:
        since, left, total, bounds = state
        left -= self.rate * (at - since)
        if bounds:
            left = min(left, self._bound(total, bounds, since, at))
        return left if left > 0 else 0  # noqa: FURB136 - max() takes three times as long, and this is every step

    def _bound(self, total: int, bounds: Any, since: int, at: int) -> int:
        """Give the most that can be left at an instant; what expired up to ``since`` is done with."""
        most = total
        for row in bounds:
            if row[0][0] > at:
                break
            for expires_at, before in row:
                if since < expires_at <= at:
                    most = min(most, total - before - self.rate * (at - expires_at))
        return most

    def charge(self, state: Any, at: int, points: int) -> Any:
        since, debt, total, bounds = state
        units = points * self.scale
        debt -= self.rate * (at - since)
        if bounds:
            debt = min(debt, self._bound(total, bounds, since, at))
            while bounds and bounds[0][-1][0] <= at:
                bounds = bounds[1:]
        debt = units if debt < 0 else debt + units
        total += units
        if debt > self._whole_life:
            bounds = _put(bounds, (at + self.lifetime, total))
        return (at, debt, total, bounds)

    def repay(self, state: Any, at: int, most: int) -> tuple[Any, int]:
        debt = self.debt(state, at)
        repaid = min(most, debt)
        return (at, debt - repaid, state[2], state[3]), repaid

    def when(self, state: Any, at: int, target: int) -> int:
        left, rate = self.debt(state, at), self.rate
        if left <= target:
            return at
        first = at + _up(left - target, rate)
        for expires_at, before in chain.from_iterable(state[3]):
            if expires_at > at:
                over = state[2] - before - target
                first = min(first, expires_at + (_up(over, rate) if over > 0 else 0))
        return first

    def remains(self, state: Any, at: int, charges: Sequence[tuple[int, int]]) -> list[Remains]:
        left, scale, rate = self.debt(state, at), self.scale, self.rate
        shares = []
        for charged_at, points in reversed(charges):
            if left == 0:
                break
            units = min(left, points * scale)
            left -= units
            shares.append((charged_at, units))
        found = []
        done = at * rate  # instants times rate: those within a second stay whole numbers
        for charged_at, units in reversed(shares):
            expiry = (charged_at + self.lifetime) * rate
            falls = min(expiry, done + (units - 1) % scale + 1)
            done = min(expiry, done + units)
            found.append(Remains(units, _up(falls, rate), _up(done, rate)))
        return found

    def is_state(self, value: Any, *, before: int, max_points: int) -> bool:
        del max_points  # only sums are kept
        if value == self.start:
            return True
        if type(value) is not tuple or [type(part) for part in value] != [int, int, int, tuple]:
            return False
        since, debt, total, bounds = value
        if not (FIRST <= since < before and 0 <= debt <= total and total % self.scale == 0):
            return False
        if not _is_listed(bounds, 2):
            return False
        kept = list(chain.from_iterable(bounds))
        sums = [charged for _, charged in kept]
        return (
            kept == sorted(kept)
            and sums == sorted(sums)
            and all(expires_at <= since + self.lifetime for expires_at, _ in kept)
            and all(self._whole_life < charged <= total and charged % self.scale == 0 for charged in sums)
        )


class FadeFlow(Flow):
    """Violations that age apart.

    The state has a ``(at, points, repaid)`` for each, oldest first, in rows (see `_put`). Rows
    in which all had expired at the last charge are dropped. ``repaid`` units stay repaid while
    the rest ages.
    """

    def __init__(self, *, linear: bool, lifetime: int) -> None:
        self.linear, self.lifetime = linear, lifetime
        self.scale = lifetime if linear else 1

    def left(self, item: tuple[int, int, int], at: int) -> int:
        """Give what one violation still weighs."""
        charged_at, points, repaid = item
        age = at - charged_at
        if age >= self.lifetime:
            return 0
        units = points * (self.lifetime - age) - repaid if self.linear else points - repaid
        return units if units > 0 else 0  # noqa: FURB136 - max() takes three times as long, and this is every step

    def debt(self, state: Any, at: int) -> int:
        oldest = at - self.lifetime
        if self.linear:
            parts = [
                points * (since - oldest) - repaid for row in state for since, points, repaid in row if since > oldest
            ]
        else:
            parts = [points - repaid for row in state for since, points, repaid in row if since > oldest]
        return sum([part for part in parts if part > 0])

    def charge(self, state: Any, at: int, points: int) -> Any:
        while state and at - state[0][-1][0] >= self.lifetime:
            state = state[1:]
        return _put(state, (at, points, 0))

    def repay(self, state: Any, at: int, most: int) -> tuple[Any, int]:
        room, kept = most, []
        for row in state:
            if room:
                changed = []
                for charged_at, points, repaid in row:
                    taken = min(room, self.left((charged_at, points, repaid), at))
                    room -= taken
                    changed.append((charged_at, points, repaid + taken))
                kept.append(tuple(changed))
            else:
                kept.append(row)
        return tuple(kept), most - room

    def gone_at(self, item: tuple[int, int, int]) -> int:
        """Give the first second at which nothing of one violation is left."""
        return self.down_to(item, 0)

    def down_to(self, item: tuple[int, int, int], target: int) -> int:
        """Give the first second at which one violation weighs no more than ``target`` units."""
        charged_at, points, repaid = item
        if points == 0:
            return charged_at
        if self.linear:
            return charged_at + min(self.lifetime, max(0, _up(points * self.lifetime - repaid - target, points)))
        return charged_at if points - repaid <= target else charged_at + self.lifetime

    def when(self, state: Any, at: int, target: int) -> int:
        owed = self.debt(state, at)
        if owed <= target:
            return at
        live = sorted([(self.gone_at(item), item) for row in state for item in row if self.left(item, at)])
        slope = sum([item[1] for _, item in live]) if self.linear else 0
        now = at
        for gone_at, ending in groupby(live, key=itemgetter(0)):
            # Up to the second before something ends, the debt is a straight line.
            if slope and owed - slope * (gone_at - 1 - now) <= target:
                return now + _up(owed - target, slope)
            owed -= slope * (gone_at - now)
            for _, (charged_at, points, repaid) in ending:
                if self.linear:  # take back what the line went below nothing
                    owed -= points * (self.lifetime - (gone_at - charged_at)) - repaid
                    slope -= points
                else:
                    owed -= points - repaid
            now = gone_at
            if owed <= target:
                break
        return now

    def remains(self, state: Any, at: int, charges: Sequence[tuple[int, int]]) -> list[Remains]:
        del charges  # the state has them
        found = []
        for item in chain.from_iterable(state):
            units = self.left(item, at)
            lower = (units - 1) // self.scale * self.scale if units else 0
            falls = max(at, self.down_to(item, lower))
            found.append(Remains(units, falls, max(at, self.gone_at(item))))
        return found

    def is_state(self, value: Any, *, before: int, max_points: int) -> bool:
        if not _is_listed(value, 3):
            return False
        items = list(chain.from_iterable(value))
        return [item[0] for item in items] == sorted(item[0] for item in items) and all(
            FIRST <= charged_at < before and 0 <= points <= max_points and 0 <= repaid <= points * self.scale
            for charged_at, points, repaid in items
        )
