"""Watches groups while decisions come in, with a guarantee that holds however often one looks.

The evidence is a wager against chance: given how many outcomes a block has, who they fall to is
hypergeometric if groups are treated alike, whatever the rules' own rates are. The wealth of the
wager then passes 1/alpha with a chance of at most alpha, ever (Ville's inequality).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._canonical import shown
from platgov._consistency.gather import getter, label
from platgov._consistency.numbers import hyper, plain, refused, share
from platgov._consistency.tests_exact import Table, table_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Monitor", "first_of"]

_WAGERS: Final = (-2.0, -1.4, -1.0, -0.7, -0.45, -0.25, 0.25, 0.45, 0.7, 1.0, 1.4, 2.0)
"""Log odds ratios that are bet on, each with an equal stake."""
_MOST: Final = 700.0  # logarithm of the most that a float holds


def _names(values: Any) -> tuple[str, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise refused(f"strata is {shown(values)}; give a list of names", "$.strata")
    kept = tuple(dict.fromkeys(map(label, values)))
    if not kept:
        raise refused("strata is empty; name the rules that are watched", "$.strata", "empty")
    return kept


@attrs.frozen(kw_only=True)
class Monitor:
    """Evidence that a group is treated differently from the others, so far.

    Half the stake is on a difference under all strata alike, half on one under some stratum.
    Each decision counts as independent: for actors with many decisions, feed it the first one
    of each actor and stratum (`first_of`), or confirm an alarm with `parity`.

    ::

        monitor = Monitor(strata=("spam.links", "slurs"), alpha=0.01)
        monitor = monitor.update({"spam.links": (3, 40, 11, 160)})     # outcomes, cases: the group; the others
        monitor.alarmed, monitor.e

    Attributes:
        strata: The rules that are watched.
        alpha: Chance of a false alarm, ever.
        blocks: How many blocks were seen.
        decisions: How many decisions they held.
        e: Evidence now: how many times the stake has been won.
        peak: The largest it has been.
        alarmed_after: Decisions seen when it passed 1/alpha; None if it never did.
    """

    strata: tuple[str, ...] = attrs.field(converter=_names)
    alpha: float = 0.01
    blocks: int = attrs.field(default=0, init=False)
    decisions: int = attrs.field(default=0, init=False)
    e: float = attrs.field(default=1.0, init=False)
    peak: float = attrs.field(default=1.0, init=False)
    alarmed_after: int | None = attrs.field(default=None, init=False)
    _overall: tuple[float, ...] = attrs.field(default=(0.0,) * len(_WAGERS), init=False, repr=False)
    _local: tuple[tuple[float, ...], ...] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        share(self.alpha, "alpha")
        object.__setattr__(self, "_local", ((0.0,) * len(_WAGERS),) * len(self.strata))

    @property
    def alarmed(self) -> bool:
        """Whether the evidence has ever passed 1/alpha; it stays so."""
        return self.alarmed_after is not None

    @property
    def p(self) -> float:
        """A p-value that may be looked at any time."""
        return min(1.0, 1 / self.peak)

    def update(self, block: dict[str, Sequence[int]]) -> Monitor:
        """Take in a block of decisions, all of them later than those before.

        When a block ends may depend on how many decisions there are, but not on their outcomes.

        Args:
            block: For each stratum that has any, (outcomes, cases) of the group and of the others.

        Raises:
            InputError: A stratum is not watched, or a table is none.
        """
        if type(block) is not dict:
            raise refused(f"block is {shown(block)}; give a table for each stratum", "$.block")
        tables = {self._known(name): table_of(table, f"$[{shown(name)}]") for name, table in block.items()}
        overall, local = list(self._overall), list(self._local)
        for place, table in sorted(tables.items()):
            gains = _gains(table)
            overall = [one + gain for one, gain in zip(overall, gains, strict=True)]
            local[place] = tuple(one + gain for one, gain in zip(local[place], gains, strict=True))
        e = _mean([_wealth(overall), _mean([_wealth(one) for one in local])])
        decisions = self.decisions + sum(table.n_a + table.n_b for table in tables.values())
        following = Monitor(strata=self.strata, alpha=self.alpha)
        alarmed = self.alarmed_after
        values = {
            "blocks": self.blocks + 1,
            "decisions": decisions,
            "e": e,
            "peak": max(self.peak, e),
            "alarmed_after": decisions if alarmed is None and e >= 1 / self.alpha else alarmed,
            "_overall": tuple(overall),
            "_local": tuple(local),
        }
        for name, value in values.items():
            object.__setattr__(following, name, value)
        return following

    def _known(self, name: object) -> int:
        if name not in self.strata:
            raise refused(f"stratum {shown(name)} is not watched; watched are {', '.join(self.strata)}", code="unknown")
        return self.strata.index(str(name))

    @property
    def by_stratum(self) -> tuple[tuple[str, float], ...]:
        """The evidence of each stratum alone."""
        return tuple((name, _wealth(one)) for name, one in zip(self.strata, self._local, strict=True))

    @property
    def standing_out(self) -> tuple[str, ...]:
        """The strata behind the evidence, now: among those named, a share of at most ``alpha`` is named by chance.

        Source: Wang and Ramdas, J. R. Stat. Soc. B 84 (2022): the procedure of Benjamini and
        Hochberg for evidence instead of p-values; it holds however the strata depend on each other.
        """
        order = sorted(self.by_stratum, key=lambda pair: -pair[1])
        enough = [n for n, (_, e) in enumerate(order, 1) if e >= len(order) / (n * self.alpha)]
        return tuple(sorted(name for name, _ in order[: max(enough, default=0)]))

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values, with the logarithms of every wager, from which ``e`` can be computed again."""
        return {
            **plain(self),
            "alarmed": self.alarmed,
            "standing_out": list(self.standing_out),
            "wagers": list(_WAGERS),
            "overall": list(self._overall),
            "by_stratum": {name: list(one) for name, one in zip(self.strata, self._local, strict=True)},
        }


def _gains(table: Table) -> list[float]:
    """Give what each wager wins: the logarithm of how much likelier it makes the block than chance does."""
    n_a, n_b, drawn = table.n_a, table.n_b, table.x_a + table.x_b
    if not n_a or not n_b or not 0 < drawn < n_a + n_b:
        return [0.0] * len(_WAGERS)
    gains = []
    for wager in _WAGERS:
        # At the wager's own mode no chance is too small for a float, whatever was seen.
        low, chances = hyper(n_a, n_b, drawn, wager)
        most = max(chances)
        mode = low + chances.index(most)
        gains.append(wager * (table.x_a - mode) + math.log(most) - _log_chance(n_a, n_b, drawn, mode))
    return gains


def _log_chance(n_a: int, n_b: int, drawn: int, x: int) -> float:
    return _log_ways(n_a, x) + _log_ways(n_b, drawn - x) - _log_ways(n_a + n_b, drawn)


def _log_ways(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _wealth(logs: Sequence[float]) -> float:
    return _mean([math.exp(min(_MOST, value)) for value in logs])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def first_of(records: Iterable[Any], *, actor: str = "actor", stratum: str = "rule") -> list[Any]:
    """Keep the first record of each actor under each rule, so that they may count as independent.

    Records without an actor (None) are all kept.

    Args:
        records: Mappings or values, in order of time.
        actor: Field with the actor.
        stratum: Field with the rule.
    """
    who, where = getter(actor, "actor"), getter(stratum, "stratum")
    seen = set()
    kept = []
    for record in records:
        key = (who(record), where(record))
        if key[0] is None or key not in seen:
            seen.add(key)
            kept.append(record)
    return kept
