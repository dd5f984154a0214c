"""Counts records by stratum, group and actor, in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from platgov._canonical import shown
from platgov._consistency.numbers import refused, written
from platgov._consistency.tests_exact import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Counts", "Tally", "counted", "getter", "label"]

_ONE: Final = 1 << 32
_MISSING: Final = object()


def getter(source: Any, name: str) -> Callable[[Any], Any]:
    """Give what reads one thing from a record: a field, a key, or a callable of the host.

    Raises:
        InputError: ``source`` is neither text nor callable.
    """
    if callable(source):
        found: Callable[[Any], Any] = source
        return found
    if type(source) is not str or not source:
        raise refused(f"{name} is {shown(source)}; give the name of a field, or a function of a record", f"$.{name}")
    field = attrgetter(source)

    def read(record: Any) -> Any:
        if isinstance(record, Mapping):
            value = record.get(source, _MISSING)
            if value is not _MISSING:
                return value
        else:
            try:
                return field(record)
            except AttributeError:
                pass
        raise refused(f"a record has no {source!r}", f"$.{name}", "unknown_field")

    return read


def label(value: Any) -> str:
    """Write the label of a group or stratum as text."""
    if type(value) is str:
        return written(value, "label")
    if type(value) in (int, bool):
        return str(value).lower()
    raise refused(f"{shown(value)} is no label; give text or a whole number", code="label")


class Counts:
    """Outcomes and cases of each stratum and group; each with the actors behind them, where asked for.

    Attributes:
        strata: Each stratum as its parts, the rule first where it is one, sorted.
        groups: The groups, sorted.
        cases: Cases by (stratum, group).
        outcomes: Outcomes by (stratum, group).
        missing: Records left out, by why: ``outcome``, ``group`` or ``stratum``.
        actors: Number of actors; 0 if they were not asked for.
        is_clustered: Whether an actor stands behind several records.
    """

    def __init__(self) -> None:
        self.cells: dict[tuple[tuple[str, ...], str], int] = {}
        self.packed: list[int] = []
        self.by_actor: dict[int, int] = {}
        self.missing: Counter[str] = Counter()
        self.actors = 0
        self.repeated = 0

    def finish(self) -> Counts:
        """Sort what was counted."""
        self.order = sorted(self.cells, key=lambda cell: self.cells[cell])
        self.strata = sorted({stratum for stratum, _ in self.cells})
        self.groups = sorted({group for _, group in self.cells})
        self.cases = {cell: self.packed[place] % _ONE for cell, place in self.cells.items()}
        self.outcomes = {cell: self.packed[place] // _ONE for cell, place in self.cells.items()}
        self.is_clustered = self.repeated > 0
        return self

    @property
    def total(self) -> int:
        """All cases."""
        return sum(self.cases.values())

    def table(self, stratum: tuple[str, ...], group: str) -> Table:
        """Give a group against all others in a stratum."""
        x_a, n_a = self.outcomes.get((stratum, group), 0), self.cases.get((stratum, group), 0)
        x = sum(self.outcomes.get((stratum, other), 0) for other in self.groups)
        n = sum(self.cases.get((stratum, other), 0) for other in self.groups)
        return Table(x_a, n_a, x - x_a, n - n_a)

    def tables(self, group: str) -> dict[tuple[str, ...], Table]:
        """Give a group against all others, stratum by stratum."""
        return {stratum: self.table(stratum, group) for stratum in self.strata}

    def spread(self, group: str, tables: dict[tuple[str, ...], Table]) -> dict[str, Tally]:
        """Give what each actor adds to the score of a group, overall and by first part of the stratum.

        The score is the sum over records of (member - share of members) x (outcome - share of
        outcomes), shares taken in the stratum.
        """
        rates = []
        for stratum, member in self.order:
            x_a, n_a, x_b, n_b = tables[stratum]
            n = n_a + n_b
            weight = (1 if member == group else 0) - n_a / n
            rates.append((weight, (x_a + x_b) / n, stratum[0]))
        overall: dict[int, float] = {}
        local: dict[tuple[int, str], float] = {}
        for key, packed in self.by_actor.items():
            actor, cell = divmod(key, _ONE)
            weight, rate, first = rates[cell]
            part = weight * (packed // _ONE - packed % _ONE * rate)
            overall[actor] = overall.get(actor, 0.0) + part
            local[actor, first] = local.get((actor, first), 0.0) + part
        result = {"": Tally(overall.values())}
        sums: dict[str, list[float]] = {}
        for (_, first), part in local.items():
            sums.setdefault(first, []).append(part)
        result.update({f"={first}": Tally(parts) for first, parts in sums.items()})
        return result


class Tally:
    """Sums of what actors add to a score.

    Attributes:
        actors: How many.
        variance: Estimated variance of the score, whatever the actors' records have in common.
        effective: Number of equal actors that would vary as much: small where few dominate.
    """

    def __init__(self, parts: Iterable[float]) -> None:
        squares = [part * part for part in parts]
        self.actors = len(squares)
        second, fourth = sum(squares), sum(square * square for square in squares)
        self.variance = second * self.actors / (self.actors - 1) if self.actors > 1 else 0.0
        self.effective = second * second / fourth if fourth else 0.0


def counted(records: Any, group: Any, outcome: Any, strata: Any, cluster: Any) -> Counts:
    """Count records.

    A record without an outcome, a group or a part of its stratum (None) is left out and
    counted. One without an actor stands for an actor of its own.

    Raises:
        InputError: A record lacks a field, an outcome is not True, False or None, or a label
            is no text and no whole number.
    """
    if isinstance(records, str | bytes | Mapping) or not isinstance(records, Iterable):
        raise refused(f"{shown(records)} is no list of records", "$.records")
    if isinstance(strata, str) or not isinstance(strata, Iterable):
        raise refused(f"strata is {shown(strata)}; give a list of fields, such as ('rule',)", "$.strata")
    of_group, of_outcome = getter(group, "group"), getter(outcome, "outcome")
    parts: Sequence[Callable[[Any], Any]] = [getter(part, "strata") for part in strata]
    of_actor = None if cluster is None else getter(cluster, "cluster")
    counts = Counts()
    cells, packed, by_actor, missing = counts.cells, counts.packed, counts.by_actor, counts.missing
    known: dict[Any, int] = {}
    for record in records:
        found, member = of_outcome(record), of_group(record)
        values = [part(record) for part in parts]
        if found is None or member is None or any(value is None for value in values):
            missing["outcome" if found is None else "group" if member is None else "stratum"] += 1
            continue
        if found is not True and found is not False:
            raise refused(f"an outcome is {shown(found)}; give True, False or None", "$.outcome")
        # As text at once: True and 1 are equal keys of a dictionary, and no equal labels.
        member = member if type(member) is str else label(member)
        labels = tuple([value if type(value) is str else label(value) for value in values])
        cell = cells.get((labels or ("",), member))
        if cell is None:
            cell = cells[tuple(map(label, labels)) or ("",), label(member)] = len(cells)
            packed.append(0)
        add = _ONE + 1 if found else 1
        packed[cell] += add
        if of_actor is not None:
            actor = of_actor(record)
            try:
                number = counts.actors if actor is None else known.setdefault(actor, counts.actors)
            except TypeError:
                raise refused(f"{shown(actor)} is no actor", "$.cluster", "label") from None
            if number == counts.actors:
                counts.actors += 1
            else:
                counts.repeated += 1
            key = number * _ONE + cell
            by_actor[key] = by_actor.get(key, 0) + add
    return counts.finish()
