"""Do groups wait equally long: for action, for an answer, for an appeal to be decided?

Two tests, both within strata: log-rank, which knows that some cases are still open, and van
Elteren's rank test over those that are not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from platgov._canonical import shown
from platgov._consistency.gather import getter, label
from platgov._consistency.numbers import normal_quantile, plain, refused, share
from platgov._consistency.parity import ParityStatus
from platgov._consistency.tests_exact import adjusted, log_rank, rank_test

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["GroupWait", "WaitParity", "wait_parity"]


@attrs.frozen(kw_only=True)
class GroupWait:
    """How long one group waits, against all others.

    Attributes:
        group: The group.
        status: What it showed.
        cases: Its cases.
        ended: Those that have ended.
        median_s: Median wait of those that have ended, in seconds; None without any.
        others_median_s: The same for all others.
        log_rank_z: Above zero, its cases end sooner.
        log_rank_p: P-value of the log-rank test.
        rank_z: Above zero, it waits longer.
        rank_p: P-value of the rank test.
        longer: Chance that a case of the group waits longer than one of the others in the same
            stratum, ties counting half; None where no stratum has both.
        q: Twice the smaller p-value, adjusted for the number of groups.
        detectable: How far from one half that chance would have to be to be found with a chance
            of 90 %; None where no stratum has both.
    """

    group: str
    status: ParityStatus
    cases: int
    ended: int
    median_s: float | None
    others_median_s: float | None
    log_rank_z: float
    log_rank_p: float
    rank_z: float
    rank_p: float
    longer: float | None
    q: float
    detectable: float | None

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return dict(plain(self))


@attrs.frozen(kw_only=True)
class WaitParity:
    """How long groups wait.

    Attributes:
        status: DISPARITY if any group waits longer or shorter; else INSUFFICIENT if one might
            without its being found; else NONE_FOUND.
        alpha: Chance of a false alarm.
        floor: Distance from one half that has to be detectable.
        missing: Records left out: without a group, a wait or a stratum.
        by_group: Each group against all others; with two groups, the smaller one alone.
    """

    status: ParityStatus
    alpha: float
    floor: float
    missing: int
    by_group: tuple[GroupWait, ...]

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return dict(plain(self))


def wait_parity(
    records: Iterable[Any],
    *,
    group: str | Callable[[Any], Any],
    wait: str | Callable[[Any], Any] = "waited_s",
    ended: str | Callable[[Any], Any] | None = None,
    strata: Sequence[str | Callable[[Any], Any]] = ("rule",),
    alpha: float = 0.01,
    floor: float = 0.1,
) -> WaitParity:
    """Compare how long groups wait, stratum by stratum. Records count as independent.

    Args:
        records: Mappings or values, such as `records` gives.
        group: Field with the label of the group, or a function that tells it.
        wait: Field with the seconds waited; None leaves the record out.
        ended: Field that says whether the wait has ended; by default all have.
        strata: Fields that make up a stratum.
        alpha: Chance of a false alarm.
        floor: How far the chance of waiting longer may be from one half unnoticed.

    Raises:
        InputError: A record cannot be read, or an argument is of the wrong kind.
    """
    share(alpha, "alpha")
    share(floor, "floor")
    cases, missing = _cases(records, group, wait, ended, strata)
    names = sorted({member for stratum in cases.values() for _, _, member in stratum})
    if len(names) == 2:
        sizes = {name: sum(member == name for stratum in cases.values() for _, _, member in stratum) for name in names}
        names = [min(reversed(names), key=lambda name: sizes[name])]
    elif len(names) < 2:
        names = []
    found = [_compared(cases, name, alpha / max(1, len(names))) for name in names]
    judged = []
    for one, q in zip(found, adjusted([row.q for row in found]), strict=True):
        enough = one.detectable is not None and one.detectable <= floor
        status = ParityStatus.NONE_FOUND if enough else ParityStatus.INSUFFICIENT
        judged.append(attrs.evolve(one, q=q, status=ParityStatus.DISPARITY if q <= alpha else status))
    statuses = {row.status for row in judged}
    if ParityStatus.DISPARITY in statuses:
        status = ParityStatus.DISPARITY
    else:
        status = ParityStatus.NONE_FOUND if statuses == {ParityStatus.NONE_FOUND} else ParityStatus.INSUFFICIENT
    return WaitParity(status=status, alpha=alpha, floor=floor, missing=missing, by_group=tuple(judged))


_Cases = dict[tuple[str, ...], list[tuple[float, bool, str]]]


def _cases(records: Any, group: Any, wait: Any, ended: Any, strata: Any) -> tuple[_Cases, int]:
    if isinstance(records, str | bytes | Mapping) or not isinstance(records, Iterable):
        raise refused(f"{shown(records)} is no list of records", "$.records")
    if isinstance(strata, str) or not isinstance(strata, Iterable):
        raise refused(f"strata is {shown(strata)}; give a list of fields, such as ('rule',)", "$.strata")
    of_group, of_wait = getter(group, "group"), getter(wait, "wait")
    of_ended = None if ended is None else getter(ended, "ended")
    parts = [getter(part, "strata") for part in strata]
    cases: _Cases = {}
    missing = 0
    for record in records:
        member, waited = of_group(record), of_wait(record)
        values = [part(record) for part in parts]
        if member is None or waited is None or None in values:
            missing += 1
            continue
        if type(waited) not in (int, float) or not 0 <= waited < math.inf:
            raise refused(f"a wait is {shown(waited)}; give seconds from 0", "$.wait")
        done = True if of_ended is None else of_ended(record)
        if type(done) is not bool:
            raise refused(f"whether it ended is {shown(done)}; give True or False", "$.ended")
        cases.setdefault(tuple(map(label, values)), []).append((waited, done, label(member)))
    return cases, missing


def _compared(cases: _Cases, name: str, level: float) -> GroupWait:
    log_z, log_p = log_rank([[(t, done, member == name) for t, done, member in one] for one in cases.values()])
    ended = [[(t, member == name) for t, done, member in one if done] for one in cases.values()]
    rank_z, rank_p, longer = rank_test(ended)
    own = sorted(t for one in ended for t, member in one if member)
    others = sorted(t for one in ended for t, member in one if not member)
    return GroupWait(
        group=name,
        status=ParityStatus.INSUFFICIENT,
        cases=sum(member == name for one in cases.values() for _, _, member in one),
        ended=len(own),
        median_s=_median(own),
        others_median_s=_median(others),
        log_rank_z=log_z,
        log_rank_p=log_p,
        rank_z=rank_z,
        rank_p=rank_p,
        longer=longer,
        q=min(1.0, 2 * min(log_p, rank_p)),
        detectable=_detectable(ended, level),
    )


def _median(values: list[float]) -> float | None:
    if not values:
        return None
    return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2


def _detectable(strata: list[list[tuple[float, bool]]], level: float) -> float | None:
    """Give the distance from one half at which the rank test at half the level finds it, near enough."""
    variance = pairs = 0.0
    for cases in strata:
        n_a = sum(member for _, member in cases)
        n, n_b = len(cases), len(cases) - n_a
        if n_a and n_b:
            pairs += n_a * n_b / (n + 1)
            variance += n_a * n_b / 12 / (n + 1)
    if not pairs:
        return None
    return (normal_quantile(1 - level / 4) + normal_quantile(0.9)) * math.sqrt(variance) / pairs
