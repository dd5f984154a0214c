"""What a plan keeps of its work, so as not to do it twice: bounded as a whole, and no part of any answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MOST", "Memory"]

MOST: Final = 250_000
"""Largest weight of all that one plan keeps: some 200 megabytes, if every cell has been asked about."""


class Memory:
    """Values by key. Past `MOST` all of them are forgotten, and worked out again when somebody asks.

    What is kept differs in size a thousand times: the limits of a year have a cell for each day or
    more, a birthday is one entry. So what counts is their weight, about a kilobyte to one.

    Attributes:
        get: Gives what is kept under a key, None if nothing is.
        weight: Of all that is kept.
    """

    __slots__ = ("_kept", "get", "weight")

    def __init__(self) -> None:
        self._kept: dict[Any, Any] = {}
        self.get: Callable[[object], Any] = self._kept.get  # the dict's own: it is asked with every question
        self.weight = 0

    def values(self) -> tuple[Any, ...]:
        """Give all that is kept."""
        return tuple(self._kept.values())

    def keep(self, key: object, value: object, weight: int = 1) -> None:
        """Keep a value; it may be the only one then."""
        self.grew(weight)
        self._kept[key] = value

    def grew(self, by: int) -> None:
        """Take note that what is kept became heavier."""
        if self.weight + by > MOST:
            self._kept.clear()
            self.weight = 0
        self.weight += by

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave everything behind: a plan that is copied or sent to another process works it out anew."""
        return Memory, ()
