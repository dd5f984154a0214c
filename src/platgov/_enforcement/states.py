"""What a history amounts to: the values it gives, and how they are read from what is known at an instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from platgov._enforcement.appeals import Matter

if TYPE_CHECKING:
    from platgov._enforcement.appeals import Appeal
    from platgov._enforcement.fold import Fold
    from platgov._enforcement.sanction import Restriction, Sanction
    from platgov.measures import Measure

__all__ = ["Change", "Counters", "State", "StrikeRecord"]


@attrs.frozen(kw_only=True)
class StrikeRecord:
    """What one sanction adds to the strikes; kept for good, whatever became of it.

    Attributes:
        sanction_id: The sanction.
        rule_id: The rule that gives the heaviest strike.
        at: From when it stands.
        expires_at: From when none of it stands any more.
        weight: How much it weighs from the start.
        standing: How much of it stands now.
        status: ``standing``, ``expired`` or ``overturned``.
    """

    sanction_id: str
    rule_id: str
    at: int
    expires_at: int
    weight: int
    standing: int
    status: str


@attrs.frozen(kw_only=True)
class State:
    """What a history amounts to at an instant. Equal states leave the account in the same place.

    Attributes:
        strikes: Weight that stands.
        restrictions: What is in force, sorted by sanction and measure.
        waiting: What waits for a signature, by sanction id.
        steps: Where the account stands on each ladder that a sanction is of: the digest of
            the ladder and the ``min_strikes`` of the step, 0 below the first.
    """

    strikes: int
    restrictions: tuple[Restriction, ...] = ()
    waiting: tuple[tuple[str, tuple[Measure, ...]], ...] = ()
    steps: tuple[tuple[str, int], ...] = ()


@attrs.frozen(kw_only=True)
class Change:
    """A sanction that is now something else than what was told; the person has to be told.

    Attributes:
        sanction_id: The sanction.
        told: What was imposed when it was applied.
        now: What it amounts to.
        why: ``overturned``, ``modified``, ``deviation_ended`` or ``measured_again``.
    """

    sanction_id: str
    told: tuple[Measure, ...]
    now: tuple[Measure, ...]
    why: str


@attrs.frozen(kw_only=True)
class Counters:
    """How many measures were called for, and what became of them: ``matched`` is the sum of the rest."""

    matched: int = 0
    applied: int = 0
    absorbed: int = 0
    deviated: int = 0


def in_force(fold: Fold, now: int) -> tuple[Restriction, ...]:
    """Give what is in force, in an order of its own."""
    return tuple(sorted(fold.restrictions(now), key=_place))


def _place(one: Restriction) -> tuple[int, str, str, str]:
    return (one.start, one.sanction_id, one.measure.kind.value, one.measure.target)


def record_of(sanction: Sanction, fold: Fold, now: int) -> StrikeRecord:
    """Give the strike of a sanction, whatever became of it."""
    standing = fold.weight(sanction, now)
    heaviest = max(sanction.strikes, key=lambda strike: strike.weight)
    gone = sanction.id in fold.overturned
    return StrikeRecord(
        sanction_id=sanction.id,
        rule_id=heaviest.rule_id,
        at=sanction.at,
        expires_at=max(strike.expires_at for strike in sanction.strikes),
        weight=heaviest.weight,
        standing=standing,
        status="overturned" if gone else "standing" if standing else "expired",
    )


def matter_of(appeal: Appeal, fold: Fold, now: int) -> Matter:
    """Give an appeal and what became of it."""
    ruling = fold.rulings.get(appeal.id)
    if not appeal.admissible:
        status = "inadmissible"
    elif ruling is not None:
        status = "decided"
    else:
        status = "moot" if appeal.sanction_id in fold.overturned else "open"
    overdue = status == "open" and appeal.deadline is not None and now > appeal.deadline
    return Matter(appeal=appeal, ruling=ruling, status=status, overdue=overdue)


def why_changed(sanction: Sanction, fold: Fold) -> str:
    """Give why a sanction is not what was told any more."""
    if sanction.id in fold.overturned:
        return "overturned"
    if sanction.id in fold.modified:
        return "modified"
    ended = sanction.deviation is not None and fold.now >= sanction.deviation.expires_at
    return "deviation_ended" if ended else "measured_again"
