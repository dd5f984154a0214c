"""What a history amounts to, as far as it is known at one instant: one pass over the events.

Nothing is stored between two folds and no event is ever undone. A decision that was
overturned is left out, all others are measured again by the strikes that then stood; so the
result is that of a history in which it was never made.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from platgov._enforcement.actors import after, ends, refuse
from platgov._enforcement.sanction import Restriction
from platgov.measures import Kind, join

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from platgov._enforcement.actors import Actor
    from platgov._enforcement.appeals import Appeal, Ruling
    from platgov._enforcement.events import Modification, Signature
    from platgov._enforcement.ladder import Ladder
    from platgov._enforcement.sanction import Sanction
    from platgov.measures import Measure

__all__ = ["Fold"]


class Called(NamedTuple):
    """A measure that something calls for, and what does."""

    measure: Measure
    rule_ids: tuple[str, ...]
    clauses: tuple[str, ...]
    source: str


class Signed(NamedTuple):
    """That somebody stands for some measures from an instant on."""

    at: int
    by: Actor
    measures: tuple[Measure, ...]


Chains = tuple[tuple[Called, ...], ...]
"""For each kind and target what is called for, the strongest first."""


def called(sanction: Sanction, measures: Iterable[tuple[Measure, ...]]) -> Chains:
    """Put what the rules and the steps up to the one reached call for into chains.

    A measure of the ladder cites every rule of the sanction: each of them led to it.
    """
    own = [(m, (f.rule_id,), (f.clause,), "rule") for f in sanction.findings for m in f.measures]
    rule_ids = tuple(sorted({finding.rule_id for finding in sanction.findings}))
    clauses = tuple(sorted({finding.clause for finding in sanction.findings}))
    return _chains([*own, *((m, rule_ids, clauses, "ladder") for step in measures for m in step)])


def instead(sanction: Sanction, measures: tuple[Measure, ...], source: str) -> Chains:
    """Put what a person put in place of it into chains."""
    rule_ids = tuple(sorted({finding.rule_id for finding in sanction.findings}))
    clauses = tuple(sorted({finding.clause for finding in sanction.findings}))
    return tuple((Called(measure, rule_ids, clauses, source),) for measure in measures)


def _chains(items: list[tuple[Measure, tuple[str, ...], tuple[str, ...], str]]) -> Chains:
    places: dict[tuple[str, str], list[Called]] = {}
    for measure, rule_ids, clauses, source in items:
        places.setdefault((measure.kind.value, measure.target), []).append(Called(measure, rule_ids, clauses, source))
    return tuple(_chain(places[place]) for place in sorted(places))


def _chain(items: list[Called]) -> tuple[Called, ...]:
    """Sort by strength and cite, for each strength, all that call for it.

    The strongest is the join of all, whatever authority that takes; the weaker ones matter
    while it waits for a signature.
    """
    groups: dict[tuple[tuple[int, float], int], list[Called]] = {}
    for item in items:
        groups.setdefault((item.measure.severity, item.measure.authority.rank), []).append(item)
    (top,) = join(item.measure for item in items)
    chain: list[Called] = []
    for strength in sorted(groups, reverse=True):
        group = groups[strength]
        (measure,) = join(item.measure for item in group)
        if not chain:
            measure = top
            group = [item for item in items if item.measure.severity == top.severity]
        chain.append(
            Called(
                measure,
                tuple(sorted({rule for item in group for rule in item.rule_ids})),
                tuple(sorted({clause for item in group for clause in item.clauses if clause})),
                min((item.source for item in group), key=("rule", "ladder").index),
            )
        )
    return tuple(chain)


def starts(measure: Measure, sanction: Sanction, ladder: Ladder, signed: Iterable[Signed]) -> int | None:
    """Give from when enough people stand for a measure; None if they do not yet."""
    rank, least = measure.authority.rank, _least(measure, ladder)
    both = ladder.four_eyes is not None and rank >= ladder.four_eyes.rank
    if rank == 0 and not both:
        return sanction.at
    people: set[str] = set()
    highest = 0
    for at, by, measures in signed:
        if by.is_person and by.authority.rank >= least and _covers(measures, measure):
            people.add(by.id)
            highest = max(highest, by.authority.rank)
            if highest >= rank and len(people) >= 1 + both:
                return at
    return None


def _least(measure: Measure, ladder: Ladder) -> int:
    rank = measure.authority.rank
    return rank if ladder.four_eyes is None else min(rank, ladder.four_eyes.rank)


def _covers(signed: tuple[Measure, ...], measure: Measure) -> bool:
    # Who signed for three days did not sign for a year: a harsher measure takes a new signature.
    return any(
        one.kind is measure.kind and one.target == measure.target and one.severity >= measure.severity for one in signed
    )


def restrict(
    sanction: Sanction,
    ladder: Ladder,
    chains: Chains,
    signed: list[Signed],
    *,
    window: tuple[int, int | None],
    looked_at: int,
) -> Iterator[Restriction]:
    """Give the restrictions of a sanction, those that begin later included.

    While the strongest measure of a chain waits, the strongest one that needs nobody else
    stands, so that a graver case never leads to less in the meantime.

    Args:
        sanction: The sanction.
        ladder: Its ladder.
        chains: What is called for.
        signed: Who stands for what, by time.
        window: Outside of it nothing holds: where a deviation begins or ends.
        looked_at: When a person last looked at it.
    """
    opens, closes = window
    for chain in chains:
        cut = closes
        for measure, rule_ids, clauses, source in chain:
            start = starts(measure, sanction, ladder, signed)
            if start is None or (cut is not None and start >= cut):
                continue
            end = ends(start, measure.length_s)
            end = cut if end is None else end if cut is None else min(end, cut)
            cut, start = start, max(start, opens)
            if end is None or start < end:
                yield Restriction(
                    sanction_id=sanction.id,
                    measure=measure,
                    start=start,
                    end=end,
                    rule_ids=rule_ids,
                    clauses=clauses,
                    source=source,
                    review_at=after(max(start, looked_at), ladder.review_days)
                    if end is None and _lasts(measure)
                    else None,
                )


def _lasts(measure: Measure) -> bool:
    # A warning is said once; there is nothing in it to look at again.
    return measure.has_length or measure.kind is not Kind.NOTICE


def staircase(sanction: Sanction, most: int | None = None) -> list[tuple[int, int]]:
    """Give the changes of the weight that a sanction has: up when it is imposed, down as its strikes end."""
    if len(sanction.strikes) == 1:
        strike = sanction.strikes[0]
        weight = strike.weight if most is None else min(strike.weight, most)
        return [(sanction.at, weight), (strike.expires_at, -weight)]
    points: list[tuple[int, int]] = []
    level = 0
    for strike in sorted(sanction.strikes, key=lambda strike: -strike.expires_at):
        weight = strike.weight if most is None else min(strike.weight, most)
        if weight > level:
            points.append((strike.expires_at, level - weight))
            level = weight
    return [(sanction.at, level), *points] if points else []


class Fold:
    """A history as known at one instant.

    Attributes:
        sanctions: Known sanctions by id, the overturned ones included.
        overturned: Ids of those that were overturned.
        modified: The last modification or modifying ruling of a sanction.
        signatures: Signatures by sanction.
        appeals: Appeals by sanction, in order.
        rulings: The ruling on each appeal; the first counts.
    """

    def __init__(self, events: tuple[Any, ...], now: int) -> None:
        self.now = now
        self.sanctions: dict[str, Sanction] = {}
        self.overturned: set[str] = set()
        self.modified: dict[str, Modification | Ruling] = {}
        self.signatures: dict[str, list[Signature]] = {}
        self.appeals: dict[str, list[Appeal]] = {}
        self.rulings: dict[str, Ruling] = {}
        for event in events:
            if event.at > now:
                break
            kind = event.kind
            if kind == "sanction":
                self.sanctions[event.id] = event
            elif kind == "signature":
                self.signatures.setdefault(event.sanction_id, []).append(event)
            elif kind == "overturn":
                self.overturned.add(event.sanction_id)
            elif kind == "modification":
                self.modified[event.sanction_id] = event
            elif kind == "appeal":
                self.appeals.setdefault(event.sanction_id, []).append(event)
            elif event.appeal_id not in self.rulings:
                self.rulings[event.appeal_id] = event
                if event.outcome.value == "overturned":
                    self.overturned.add(event.sanction_id)
                elif event.outcome.value == "modified":
                    self.modified[event.sanction_id] = event
        self._timeline()

    def _timeline(self) -> None:
        changes: dict[int, int] = {}
        for sanction in self.live():
            for at, change in self.staircase(sanction):
                changes[at] = changes.get(at, 0) + change
        self.moments = sorted(changes)
        total = 0
        self.totals = [0]
        for at in self.moments:
            total += changes[at]
            self.totals.append(total)

    def live(self) -> Iterator[Sanction]:
        """Give the sanctions that stand."""
        overturned = self.overturned
        if not overturned:
            return iter(self.sanctions.values())
        return (sanction for key, sanction in self.sanctions.items() if key not in overturned)

    def staircase(self, sanction: Sanction) -> list[tuple[int, int]]:
        """Give the changes of the weight of a sanction, a modification taken in."""
        change = self.modified.get(sanction.id)
        return staircase(sanction, None if change is None else change.weight)

    def strikes(self, at: int) -> int:
        """Give the weight that stands at an instant, as far as is known now."""
        return self.totals[bisect_right(self.moments, at)]

    def weight(self, sanction: Sanction, at: int) -> int:
        """Give what one sanction adds to it."""
        if sanction.id in self.overturned:
            return 0
        return sum(change for moment, change in self.staircase(sanction) if moment <= at)

    def reached(self, sanction: Sanction) -> int:
        """Give how many steps of its ladder a sanction reaches; none if it gives no strike."""
        if not sanction.strikes:
            return 0
        return ladder_of(sanction).reached(self.strikes(sanction.at))

    def due(self, sanction: Sanction) -> tuple[Measure, ...]:
        """Give what a sanction calls for, measured again; nothing if it was overturned."""
        if sanction.id in self.overturned or sanction.status in ("for_review", "none"):
            return ()
        change = self.modified.get(sanction.id)
        if change is not None:
            return change.measures or ()
        own = tuple(measure for finding in sanction.findings for measure in finding.measures)
        reached = self.reached(sanction)
        return join((*own, *ladder_of(sanction).measures(reached)))

    def effective(self, sanction: Sanction) -> tuple[Measure, ...]:
        """Give what a sanction imposes now: what is due, or what a deviation puts in its place."""
        deviation = sanction.deviation
        if deviation is None or self.now >= deviation.expires_at or sanction.id in self.overturned:
            return self.due(sanction)
        return self.due(sanction) if sanction.id in self.modified else deviation.measures

    def called_for(self, sanction: Sanction) -> tuple[Measure, ...]:
        """Give all that a signature stands for: what is imposed, and what a deviation puts off."""
        return join((*self.due(sanction), *self.effective(sanction)))

    def stands(self, sanction: Sanction, who: Actor) -> bool:
        """Say whether somebody is among those who applied or signed a sanction."""
        return any(one.by.id == who.id for one in self.signed(sanction))

    def waiting(self, sanction: Sanction, *more: Signature) -> tuple[Measure, ...]:
        """Give what a sanction imposes that too few people stand for, with some more signatures."""
        signed = [*self.signed(sanction), *(Signed(one.at, one.by, one.measures) for one in more)]
        ladder = ladder_of(sanction)
        return tuple(one for one in self.effective(sanction) if starts(one, sanction, ladder, signed) is None)

    def least(self, sanction: Sanction, measure: Measure) -> int:
        """Give the rank from which a signature counts for a measure."""
        return _least(measure, ladder_of(sanction))

    def next_moment(self) -> int | None:
        """Give the next instant at which anything differs, as far as is known now."""
        now, standing = self.now, self.strikes(self.now)
        place = bisect_right(self.moments, now)
        found = [
            at for at, total in zip(self.moments[place:], self.totals[place + 1 :], strict=True) if total != standing
        ]
        for one in self.restrictions():
            found += [at for at in (one.start, one.end) if at is not None and at > now]
        return min(found, default=None)

    def signed(self, sanction: Sanction) -> list[Signed]:
        """Give who stands for what, by time: who applied it, then the signatures.

        Whoever modified it stands for the new values from the start, since these count from
        the instant of the sanction.
        """
        told = join((*sanction.due, *sanction.measures))
        signed = [
            Signed(sanction.at, who, told)
            for who in (sanction.by, sanction.deviation.by if sanction.deviation is not None else None)
            if who is not None
        ]
        change = self.modified.get(sanction.id)
        if change is not None:
            signed.append(Signed(sanction.at, change.by, change.measures or ()))
        return [
            *signed,
            *(
                Signed(signature.at, signature.by, signature.measures)
                for signature in self.signatures.get(sanction.id, ())
                if signature.at >= sanction.at  # nobody signs what does not exist yet
            ),
        ]

    def pauses(self, sanction: Sanction) -> list[tuple[int, int | None]]:
        """Give the times in which an appeal holds a sanction up."""
        found = []
        for appeal in self.appeals.get(sanction.id, ()):
            if appeal.suspensive and appeal.admissible:
                ruling = self.rulings.get(appeal.id)
                found.append((appeal.at, None if ruling is None else ruling.at))
        return found

    def restrictions_of(self, sanction: Sanction) -> tuple[Restriction, ...]:
        """Give the restrictions of one sanction, those that begin later included."""
        if sanction.id in self.overturned or sanction.status in ("for_review", "none"):
            return ()
        ladder, signed = ladder_of(sanction), self.signed(sanction)
        looked_at = max((one.at for one in self.signatures.get(sanction.id, ())), default=sanction.at)
        change, deviation = self.modified.get(sanction.id), sanction.deviation
        parts: list[tuple[Chains, tuple[int, int | None]]]
        if change is not None:
            parts = [(instead(sanction, change.measures or (), "modification"), (sanction.at, None))]
        else:
            own = called(sanction, (step.measures for step in ladder.steps[: self.reached(sanction)]))
            if deviation is None:
                parts = [(own, (sanction.at, None))]
            else:
                other = instead(sanction, deviation.measures, "deviation")
                parts = [(other, (sanction.at, deviation.expires_at)), (own, (deviation.expires_at, None))]
        found = [
            piece
            for chains, window in parts
            for piece in restrict(sanction, ladder, chains, signed, window=window, looked_at=looked_at)
        ]
        for pause in self.pauses(sanction):
            found = [piece for restriction in found for piece in _without(restriction, *pause)]
        return tuple(found)

    def restrictions(self, at: int | None = None) -> Iterator[Restriction]:
        """Give the restrictions in force at an instant; without one, also those that ended or begin later."""
        shared: dict[Any, tuple[Any, tuple[Restriction, ...]]] = {}
        for sanction, alike in self._alike():
            if alike is None:
                for one in self.restrictions_of(sanction):
                    if at is None or (one.start <= at and (one.end is None or at < one.end)):
                        yield one
                continue
            known, found = shared.get(alike, (None, ()))
            if known != sanction.findings:
                found = self.restrictions_of(sanction)
                shared[alike] = (sanction.findings, found)
            days, start = ladder_of(sanction).review_days, sanction.at
            for one in found:
                # All begin at once: there is nobody whose signature could have come later.
                end = ends(start, one.measure.length_s)
                if at is None or ((end is None or at < end) and start <= at):
                    yield Restriction(
                        sanction_id=sanction.id,
                        measure=one.measure,
                        start=start,
                        end=end,
                        rule_ids=one.rule_ids,
                        clauses=one.clauses,
                        source=one.source,
                        review_at=None if one.review_at is None else after(start, days),
                    )

    def all_waiting(self) -> Iterator[tuple[str, tuple[Measure, ...]]]:
        """Give what waits for signatures, with the id of its sanction."""
        shared: dict[Any, tuple[Any, tuple[Measure, ...]]] = {}
        for sanction, alike in self._alike():
            known, waiting = shared.get(alike, (None, ()))
            if alike is None or known != sanction.findings:
                waiting = self.waiting(sanction)
                shared[alike] = (sanction.findings, waiting)
            if waiting:
                yield sanction.id, waiting

    def _alike(self) -> Iterator[tuple[Sanction, Any]]:
        """Give the sanctions that stand, each with a key that those with equal consequences share.

        Equal are those that the engine applied and nobody touched, with equal findings on one
        step. None for all others.
        """
        moved = self.overturned | self.modified.keys() | self.signatures.keys() | self.appeals.keys()
        for sanction in self.live():
            if sanction.by is not None or sanction.id in moved:
                yield sanction, None
            else:
                names = tuple([finding.rule_id for finding in sanction.findings])
                yield sanction, (id(sanction.ladder), self.reached(sanction), sanction.rule_set, names, sanction.status)


def _without(one: Restriction, begins: int, stops: int | None) -> Iterator[Restriction]:
    """Take a time out of a restriction; its end does not move."""
    if one.start < begins:
        yield one if one.end is not None and one.end <= begins else attrs.evolve(one, end=begins, review_at=None)
    if stops is not None and (one.end is None or stops < one.end):
        yield one if stops <= one.start else attrs.evolve(one, start=stops)


def ladder_of(sanction: Sanction) -> Ladder:
    """Give the ladder of a sanction in a history, which always has one."""
    if sanction.ladder is None:
        raise refuse(f"sanction {sanction.id} has no ladder; read it with ladder=", code="no_ladder")
    return sanction.ladder
