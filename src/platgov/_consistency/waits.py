"""Do groups wait equally long: for action, for an answer, for an appeal to be decided?

Two tests, both within strata: log-rank, which knows that some cases are still open, and van
Elteren's rank test over those that are not. An actor with many cases counts once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from platgov._canonical import shown
from platgov._consistency.gather import Tally, getter, label
from platgov._consistency.numbers import normal_critical, plain, refused, share, t_two_sided
from platgov._consistency.parity import ParityStatus
from platgov._consistency.tests_exact import adjusted
from platgov._consistency.wait_tests import Case, log_rank, log_rank_parts, rank_parts, rank_test

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
        robust_log_rank_p: The log-rank test with each actor counted once; None where every actor
            has one case.
        robust_rank_p: The rank test with each actor counted once.
        longer: Chance that a case of the group waits longer than one of the others in the same
            stratum, ties counting half; None where no stratum has both.
        q: Twice the smaller p-value of the two tests, adjusted for the number of groups; of each
            test the larger one of its p-values counts.
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
    robust_log_rank_p: float | None
    robust_rank_p: float | None
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
    cluster: str | Callable[[Any], Any] | None = "actor",
    alpha: float = 0.01,
    floor: float = 0.1,
) -> WaitParity:
    """Compare how long groups wait, stratum by stratum.

    Args:
        records: Mappings or values, such as `records` gives.
        group: Field with the label of the group, or a function that tells it.
        wait: Field with the seconds waited; None leaves the record out.
        ended: Field that says whether the wait has ended; by default all have.
        strata: Fields that make up a stratum.
        cluster: Field that tells who is behind a record; None if all records are independent.
        alpha: Chance of a false alarm.
        floor: How far the chance of waiting longer may be from one half unnoticed.

    Raises:
        InputError: A record cannot be read, or an argument is of the wrong kind.
    """
    share(alpha, "alpha")
    share(floor, "floor")
    cases, missing = _cases(records, group, wait, ended, strata, cluster)
    sizes = Counter(row.group for stratum in cases.values() for row in stratum)
    names = sorted(sizes)
    if len(names) == 2:
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


class _Row(NamedTuple):
    time: float
    done: bool
    group: str
    actor: Any


_Cases = dict[tuple[str, ...], list[_Row]]


def _cases(records: Any, group: Any, wait: Any, ended: Any, strata: Any, cluster: Any) -> tuple[_Cases, int]:  # noqa: PLR0917
    if isinstance(records, str | bytes | Mapping) or not isinstance(records, Iterable):
        raise refused(f"{shown(records)} is no list of records", "$.records")
    if isinstance(strata, str) or not isinstance(strata, Iterable):
        raise refused(f"strata is {shown(strata)}; give a list of fields, such as ('rule',)", "$.strata")
    of_group, of_wait = getter(group, "group"), getter(wait, "wait")
    of_ended = None if ended is None else getter(ended, "ended")
    of_actor = None if cluster is None else getter(cluster, "cluster")
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
        actor = None if of_actor is None else of_actor(record)
        try:
            hash(actor)
        except TypeError:
            raise refused(f"{shown(actor)} is no actor", "$.cluster", "label") from None
        cases.setdefault(tuple(map(label, values)), []).append(_Row(waited, done, label(member), actor))
    return cases, missing


def _compared(cases: _Cases, name: str, level: float) -> GroupWait:
    strata = [[Case(row.time, row.done, row.group == name) for row in rows] for rows in cases.values()]
    ended = [[(case.time, case.member) for case in one if case.done] for one in strata]
    log_z, log_p = log_rank(strata)
    rank_z, rank_p, longer = rank_test(ended)
    actors = [[row.actor for row in rows] for rows in cases.values()]
    still = [[row.actor for row in rows if row.done] for rows in cases.values()]
    log_tally = _tally([log_rank_parts(one) for one in strata], actors)
    rank_tally = _tally([rank_parts(one) for one in ended], still)
    robust_log, robust_rank = _robust(log_tally), _robust(rank_tally)
    own = sorted(time for one in ended for time, member in one if member)
    others = sorted(time for one in ended for time, member in one if not member)
    smaller = min(max(log_p, robust_log or 0.0), max(rank_p, robust_rank or 0.0))
    return GroupWait(
        group=name,
        status=ParityStatus.INSUFFICIENT,
        cases=sum(case.member for one in strata for case in one),
        ended=len(own),
        median_s=_median(own),
        others_median_s=_median(others),
        log_rank_z=log_z,
        log_rank_p=log_p,
        rank_z=rank_z,
        rank_p=rank_p,
        robust_log_rank_p=robust_log,
        robust_rank_p=robust_rank,
        longer=longer,
        q=min(1.0, 2 * smaller),
        detectable=_detectable(ended, level, None if rank_tally is None else rank_tally[1].variance),
    )


def _tally(parts: list[list[float]], actors: list[list[Any]]) -> tuple[float, Tally] | None:
    """Give a score and its spread among actors; None if no actor has two cases."""
    sums: dict[Any, float] = {}
    alone: list[float] = []
    count = 0
    for adds, who in zip(parts, actors, strict=True):
        for part, actor in zip(adds, who, strict=True):
            count += 1
            if actor is None:
                alone.append(part)
            else:
                sums[actor] = sums.get(actor, 0.0) + part
    if len(alone) + len(sums) == count:
        return None
    every = [*alone, *sums.values()]
    return math.fsum(every), Tally(every)


def _robust(found: tuple[float, Tally] | None) -> float | None:
    if found is None:
        return None
    score, tally = found
    if tally.variance <= 0:
        return 1.0
    return t_two_sided(score / math.sqrt(tally.variance), max(1.0, tally.effective))


def _median(values: list[float]) -> float | None:
    if not values:
        return None
    return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2


def _detectable(strata: list[list[tuple[float, bool]]], level: float, robust: float | None) -> float | None:
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
    variance = max(variance, robust or 0.0)
    return (normal_critical(level / 4) + normal_critical(0.1)) * math.sqrt(variance) / pairs
