"""Finds single values that two rules leave out between them: ``x < 5`` and ``x > 5``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from platgov._consistency.answers import Answer, Severity, Status
from platgov._consistency.questions import TWO, examples_of
from platgov._consistency.sides import HOLDS, NOT_HOLDS, Found, Side, own

if TYPE_CHECKING:
    from collections.abc import Iterator

    from platgov._consistency.formulas import Formula
    from platgov._consistency.inquiry import Inquiry

__all__ = ["holes"]

_ONE: Final = (Side(),)


def holes(inquiry: Inquiry) -> Iterator[Answer]:
    """Find single whole numbers that two rules leave out between them: ``x < 5`` and ``x > 5``."""
    worlds = inquiry.model.worlds
    for number in inquiry.model.realiser.facts:
        variable = worlds.variables[number]
        if variable.kind != "int":
            continue
        for place in range(3, len(variable.cells) - 1):
            low, high = variable.cells[place]
            if low == high:
                yield from _hole(inquiry, number, place, low)


def _hole(inquiry: Inquiry, number: int, place: int, value: int) -> Iterator[Answer]:
    below, here, above = (1 << step for step in (place - 1, place, place + 1))
    variable = inquiry.model.worlds.variables[number]
    name, rules = ".".join(variable.path), [rule.id for rule in inquiry.sets[0].rules]
    ending: list[str] = []
    starting: list[str] = []
    for rule_id in rules:
        for atom_cells in _cells_of(inquiry.model.rails(0, own(rule_id)).true, number):
            if atom_cells & below and not atom_cells & (here | above):
                ending.append(rule_id)
            elif atom_cells & above and not atom_cells & (here | below):
                starting.append(rule_id)
    for one in dict.fromkeys(ending):
        for other in dict.fromkeys(starting):
            if one == other or not inquiry.touched[0][one].keys() & inquiry.touched[0][other].keys():
                continue

            def pins(_: Any, pairs: Any) -> Any:
                return [(number, below), (pairs[number], above)], {number: 1, pairs[number]: 0}

            wanted = [((0, one, HOLDS),), ((1, other, HOLDS),), ((0, other, NOT_HOLDS),), ((1, one, NOT_HOLDS),)]
            found = inquiry.settle(TWO, wanted, twin=variable.path, pins=pins)
            if found.seen is None:
                continue
            between = _with(found.seen.events[0], variable.path, value)
            middle = inquiry.settle_on(_ONE, [between])
            if middle.decisions[0].outcome.value != "none":
                continue
            yield Answer(
                kind="threshold_hole",
                severity=Severity.WARNING,
                status=Status.PROVED,
                rules=(one, other),
                facts=(name,),
                says=f"{one} ends below {name} = {value} and {other} starts above it; no rule applies at {value}",
                examples=examples_of(Found(there_is=True, seen=middle)),
                repair=f"let one of {one} and {other} include {value}",
            )


def _with(event: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    if len(path) == 1:
        return {**event, path[0]: value}
    return {**event, path[0]: _with(event.get(path[0], {}), path[1:], value)}


def _cells_of(formula: Formula, number: int) -> Iterator[int]:
    tag, body = formula
    if tag == number:
        yield body
    elif tag < 0:
        for part in body:
            yield from _cells_of(part, number)
