"""How a name is written: its spaces, scripts and digits, one finding for each stretch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from platgov._names.chars import Kind, kinds
from platgov._names.findings import Raw, codes_of
from platgov._names.scripts import RestrictionLevel, digit_systems, level_of
from platgov._names.tables import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["digits", "levels", "spacing", "strange", "unadvised"]


def spacing(name: str) -> Iterator[Raw]:
    """Find spaces at an end, and several in a row."""
    if " ".join(name.split()) == name.replace("\u00a0", " ").replace("\u3000", " "):
        return
    before = True
    start = 0
    for place, char in enumerate(f"{name} "):
        blank = kinds[char].category == "Zs"
        if blank and not before:
            start, before = place, True
        elif not blank:
            if before and place - start > (1 if start else 0):
                yield Raw("spacing", start, place)
            before = False
    if before and len(name) > start > 0:
        yield Raw("spacing", start, len(name))


def strange(found: list[Kind], scripts: frozenset[str]) -> Iterator[Raw]:
    """Find characters of other scripts than these."""
    places = [place for place, kind in enumerate(found) if kind.scripts is not None and not kind.scripts & scripts]
    for start, end in _stretches(places):
        yield Raw("script", start, end, _scripts_of(found[start:end]))


def unadvised(name: str, found: list[Kind]) -> Iterator[Raw]:
    """Find characters that Unicode does not recommend for identifiers."""
    places = [place for place, kind in enumerate(found) if not kind.allowed]
    for start, end in _stretches(places):
        yield Raw("identifier", start, end, codes_of(name[start:end]))


def levels(name: str, found: list[Kind], whole: RestrictionLevel, word: RestrictionLevel) -> Iterator[Raw]:
    """Find scripts mixed more freely than is accepted, in the name and in each word."""
    level = level_of(found)
    if level.rank > whole.rank:
        yield Raw("level", 0, len(name), (f"{level.value}; at most {whole.value}", *_scripts_of(found)))
    if level.rank <= word.rank:
        return
    invisible = tables().skeleton.rows
    places = [
        place for place, kind in enumerate(found) if kind.category[0] in "LMN" or invisible.get(ord(name[place])) == ""
    ]
    for start, end in _stretches(places):
        if not name[start:end].isascii() and level_of(found[start:end]).rank > word.rank:
            yield Raw("mixed_scripts", start, end, _scripts_of(found[start:end]))


def digits(name: str) -> Iterator[Raw]:
    """Find digits of several systems."""
    systems = digit_systems(name)
    if len(systems) > 1:
        places = [place for place, char in enumerate(name) if kinds[char].zero is not None]
        yield Raw("mixed_digits", places[0], places[-1] + 1, tuple(sorted(systems)))


def _stretches(places: list[int]) -> Iterator[tuple[int, int]]:
    """Start and end of each run of consecutive places."""
    known = {*places}
    starts = [place for place in places if place - 1 not in known]
    ends = [place + 1 for place in places if place + 1 not in known]
    return zip(starts, ends, strict=True)


def _scripts_of(found: list[Kind]) -> tuple[str, ...]:
    return tuple(sorted({kind.script for kind in found if kind.scripts is not None}))
