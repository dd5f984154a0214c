"""Seconds of use, counted: unions of intervals that are asked how much of a stretch they cover."""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from platgov._minors.limits import TOTAL
from platgov._time import FIRST

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["NOTHING", "Counter", "CounterKey", "Span", "counter_key", "merged_spans"]

Span = tuple[int, int]


class CounterKey(NamedTuple):
    """Which time a quota counts.

    Attributes:
        scope: ``total`` or one label.
        except_for: Labels whose time does not count.
        by_device: Each device for itself, added up; None for a union.
    """

    scope: str
    except_for: tuple[str, ...] = ()
    by_device: bool = False

    def counts(self, tags: frozenset[str]) -> bool:
        """Whether time with these labels counts."""
        return (self.scope == TOTAL or self.scope in tags) and tags.isdisjoint(self.except_for)


@lru_cache(maxsize=4096)
def counter_key(scope: str, except_for: tuple[str, ...], *, by_device: bool) -> CounterKey:
    """Give a key, the same object for the same fields: then whoever compares keys need not look inside."""
    return CounterKey(scope, except_for, by_device)


def merged_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Give the union of intervals as sorted disjoint ones, none touching the next."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            if end > found[-1][1]:
                found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(found)


class Counter:
    """Seconds of a union of intervals, asked by instants; with ``parts``, of several added up.

    Attributes:
        key: Which time it counts.
    """

    __slots__ = ("_cells", "_ends", "_parts", "_starts", "_sums", "first", "key", "last", "total")

    def __init__(
        self,
        key: CounterKey | None,
        spans: tuple[Span, ...],
        parts: tuple[Counter, ...] = (),
        cells: tuple[tuple[int, int, int], ...] = (),
    ) -> None:
        """Take intervals, and of days that were folded (start, end, seconds)."""
        self.key = key
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]
        self._sums = [0, *accumulate(end - start for start, end in spans)]
        self._parts = parts
        self._cells = cells
        # Whoever asks about a stretch after this one need not look.
        self.last: int = max(
            (*self._ends[-1:], *(part.last for part in parts), *(end for _, end, _ in cells)), default=FIRST
        )
        # And about all of it, need not search; with parts or folded days there is no such stretch.
        self.first: int = self._starts[0] if spans and not parts and not cells else FIRST - 1
        self.total = self._sums[-1]

    def until(self, at: int) -> int:
        """Count the seconds before an instant, folded days and parts apart."""
        place = bisect_left(self._starts, at)  # intervals that began before
        if place == 0:
            return 0
        end = self._ends[place - 1]
        return self._sums[place] - (end - at if at < end else 0)

    def used(self, start: int, end: int) -> int:
        """Count the seconds in [start, end)."""
        if end <= start or self.last <= start:
            return 0
        if start <= self.first and self.last <= end:
            return self.total
        if self._parts:
            found = sum(part.used(start, end) for part in self._parts)
        else:
            found = self.until(end) - self.until(start)
        if self._cells:  # a day that only touches the stretch counts whole: what it held is not known any more
            found += sum(seconds for lo, hi, seconds in self._cells if lo < end and start < hi)
        return found

    def edges(self) -> list[int]:
        """Give every instant at which counting begins or ends."""
        found = [*self._starts, *self._ends]
        for part in self._parts:
            found += part.edges()
        for lo, hi, _ in self._cells:
            found += (lo, hi)
        return found

    def since_pause(self, at: int, pause: int) -> tuple[int, int]:
        """Give the seconds used before ``at`` since the last pause of at least ``pause``, and when use last ended.

        The pause may be going on at ``at``: then nothing was used since.
        """
        place = bisect_left(self._starts, at) - 1
        if place < 0:
            return 0, FIRST
        last_end = min(self._ends[place], at)
        if at - last_end >= pause:
            return 0, last_end
        first = place
        while first > 0 and self._starts[first] - self._ends[first - 1] < pause:
            first -= 1
        return self.until(at) - self._sums[first], last_end


NOTHING = Counter(None, ())
"""The counter of no time at all."""
