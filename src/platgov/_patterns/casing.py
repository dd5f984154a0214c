"""Which letters are the same but for their case, and named character properties.

Both are pinned: they come from :mod:`platgov._patterns.tables`, never from the running
Python, whose Unicode version moves with every release. A pattern means the same for ever.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from platgov._patterns import sets
from platgov._patterns.tables import CASE_LINKS, PROPERTIES

if TYPE_CHECKING:
    from platgov._patterns.sets import Ranges

__all__ = ["PROPERTY_NAMES", "any_case", "property_named"]

PROPERTY_NAMES = tuple(PROPERTIES)


@functools.cache
def _orbits() -> dict[int, Ranges]:
    """For each letter with a case: itself and all its other cases."""
    orbits: dict[int, set[int]] = {}
    for link in CASE_LINKS.split():
        first, last, stride, step = (int(number, 36) for number in link.split(","))
        for code in range(first, last + 1, stride):
            # K links to k, and k to the Kelvin sign: an orbit may grow from either end.
            orbit = orbits.get(code, {code}) | orbits.get(code + step, {code + step})
            orbits.update(dict.fromkeys(orbit, orbit))
    return {code: sets.merge((other, other) for other in orbit) for code, orbit in orbits.items()}


def any_case(ranges: Ranges) -> Ranges:
    """Add the other cases of every letter in a set."""
    orbits = _orbits()
    if sets.size(ranges) <= len(orbits):
        found = (orbits[code] for code in sets.members(ranges) if code in orbits)
    else:
        found = (orbit for code, orbit in orbits.items() if not sets.disjoint(((code, code),), ranges))
    return sets.merge(ranges, *found)


@functools.cache
def property_named(name: str) -> Ranges:
    """Give the characters with a property of :data:`PROPERTY_NAMES`."""
    at, ranges = 0, []
    for run in PROPERTIES[name].split():
        # Each run is the distance from the last range and, for more than one character, its length less one.
        gap, _, length = run.partition(",")
        low = at + int(gap, 36)
        at = low + (int(length, 36) if length else 0)
        ranges.append((low, at))
    return tuple(ranges)
