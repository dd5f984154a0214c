"""Ways in which what one side decides can differ from what another side decides, because of one rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from platgov._consistency.sides import HOLDS, NOT_FAILS, NOT_HOLDS, Clause, Found, Seen, Side, places_of
from platgov.measures import join

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from platgov._consistency.inquiry import Inquiry
    from platgov._consistency.sides import Place
    from platgov.measures import Measure

__all__ = ["differences", "opens", "other_terms"]


def differences(
    inquiry: Inquiry, sides: tuple[Side, ...], one: int, other: int, rule_id: str, **about: Any
) -> Iterator[Found]:
    """Look for events on which one side differs from another because of what a rule says on the one.

    More severe measures come first, then other terms of equally severe ones, then what is
    undetermined. Where none of them is possible for any rule, either way round, both sides
    always agree in measures and outcome.
    """
    places = inquiry.touched[sides[one].set].get(rule_id, {})
    for place in places:
        yield inquiry.falls(sides, one, other, rule_id, place, **about)
    for place in places:
        yield other_terms(inquiry, sides, one, other, rule_id, place, **about)
    for place in places:
        yield opens(inquiry, sides, one, other, rule_id, place, **about)


def _has_ties(inquiry: Inquiry, sides: tuple[Side, ...], place: Place, measure: Measure) -> bool:
    rank = measure.severity
    return any(
        severity == rank and rule != side.without and inquiry.touched[side.set][rule][place] != measure
        for side in sides
        for rule, severity in inquiry.ranks[side.set].get(place, {}).items()
    )


def other_terms(  # noqa: PLR0917 - the same places as in `falls`
    inquiry: Inquiry,
    sides: tuple[Side, ...],
    one: int,
    other: int,
    rule_id: str,
    place: Place,
    *,
    settled: bool = False,
    **about: Any,
) -> Found:
    """Look for events with equally severe measures on both sides, but other terms."""
    touched = [inquiry.touched[side.set] for side in sides]
    measure = touched[one][rule_id][place]
    if not _has_ties(inquiry, sides, place, measure):
        return Found(there_is=False)

    def refine(seen: Seen) -> list[Clause]:
        # What this rule adds must be covered by nothing on the other side, nor outdone on this one.
        rivals = [
            (side, rival) for side in (one, other) for rival in inquiry.rivals(sides[side], place, measure.severity)
        ]
        above = [
            (side, rival)
            for side, rival in rivals
            if seen.answer(side, rival) is True
            and (
                touched[side][rival][place].severity > measure.severity
                or (side == other and _absorbs(touched[side][rival][place], measure))
            )
        ]
        if above:
            return [((side, rival, NOT_HOLDS),) for side, rival in above]
        given = [places_of(seen.measures[side]).get(place) for side in (one, other)]
        if given[0] is None or given[1] is None or given[0] == given[1] or given[0].severity != given[1].severity:
            return [inquiry.otherwise(sides, one, seen, [place]) + inquiry.otherwise(sides, other, seen, [place])]
        if not settled:
            return []
        return inquiry.unsettled(sides, one, seen) + inquiry.unsettled(sides, other, seen)

    return inquiry.settle(sides, [((one, rule_id, HOLDS),)], refine, **about)


def opens(  # noqa: PLR0917 - the same places as in `falls`
    inquiry: Inquiry,
    sides: tuple[Side, ...],
    one: int,
    other: int,
    rule_id: str,
    place: Place,
    *,
    extra: Iterable[Clause] = (),
    **about: Any,
) -> Found:
    """Look for events that a rule leaves undetermined on one side, and that are determined on the other."""
    measure = inquiry.touched[sides[one].set][rule_id][place]

    def refine(seen: Seen) -> list[Clause]:
        if not seen.settled[one]:
            return inquiry.unsettled(sides, other, seen)
        above = [
            rival
            for rival in inquiry.rivals(sides[one], place, measure.severity)
            if seen.answer(one, rival) is True and _absorbs(inquiry.touched[sides[one].set][rival][place], measure)
        ]
        return [((one, rival, NOT_HOLDS),) for rival in above] or [inquiry.otherwise(sides, one, seen)]

    wanted: list[Clause] = [((one, rule_id, NOT_HOLDS),), ((one, rule_id, NOT_FAILS),)]
    return inquiry.settle(sides, [*wanted, *extra], refine, **about)


def _absorbs(one: Measure, other: Measure) -> bool:
    return one.severity > other.severity or join((one, other)) == (one,)
