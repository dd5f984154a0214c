"""Everything an audit of a ledger shows: exact checks first, then statistics on what people decided."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._report.findings import Finding, findings_of
from platgov.consistency import (
    Agreement,
    Completeness,
    Dealt,
    Monitor,
    Pair,
    Parity,
    Quality,
    Replay,
    Reviewers,
    WaitParity,
    agreement,
    completeness,
    first_of,
    matched_pairs,
    parity,
    quality,
    records,
    replay,
    reviewers,
    wait_parity,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from platgov._report.groups import Groups
    from platgov.ledger import Checkpoint, Ledger
    from platgov.rules import RuleSet

__all__ = ["OUTCOMES", "Audit", "Compared", "Hits", "Options", "Read", "Watched", "audit"]

BLOCKS: Final = 20
"""Into how many blocks of equally many decisions the evidence over time is cut."""


def _overturned(row: Dealt) -> bool | None:
    return row.overturned if row.appealed else None


OUTCOMES: Final[dict[str, tuple[str, Callable[[Dealt], bool | None], str]]] = {
    "deviated": ("row.deviated", lambda row: row.deviated, "a person departed from what the rule provides for"),
    "overturned": ("row.overturned if row.appealed else None", _overturned, "an appeal was upheld, of those made"),
    "appealed": ("row.appealed", lambda row: row.appealed, "somebody appealed"),
    "absorbed": ("row.absorbed", lambda row: row.absorbed, "a stronger measure covered all of it"),
}
"""What may be compared between groups: the expression, the same as a function, and what it means."""


@attrs.frozen(kw_only=True)
class Options:
    """What an audit is asked for.

    Attributes:
        outcomes: What is compared between groups; see `OUTCOMES`.
        strata: What a stratum is made of.
        alpha: Chance of any false alarm among all comparisons between groups together.
        floor: Risk difference that has to be detectable.
        enforced_until: Up to when measures should have been carried out; None leaves it open.
    """

    outcomes: tuple[str, ...] = ("deviated", "overturned")
    strata: tuple[str, ...] = ("rule",)
    alpha: float = 0.01
    floor: float = 0.03
    enforced_until: int | None = None


@attrs.frozen(kw_only=True)
class Hits:
    """How many decisions of a group a rule applied to. For information: rules may well hit groups differently."""

    rule: str
    group: str
    hits: int
    decisions: int


@attrs.frozen(kw_only=True)
class Compared:
    """One outcome between groups."""

    outcome: str
    parity: Parity


@attrs.frozen(kw_only=True)
class Watched:
    """The evidence about one group and outcome, block by block.

    Attributes:
        outcome: Which outcome.
        group: The group.
        alpha: Chance that the evidence ever passes one over this without cause.
        points: After each block: decisions so far, and the evidence.
        monitor: As it stands at the end.
    """

    outcome: str
    group: str
    alpha: float
    points: tuple[tuple[int, float], ...]
    monitor: Monitor


@attrs.frozen(kw_only=True)
class Read:
    """How far people agreed who read the same cases, under one rule or all together."""

    rule: str
    agreement: Agreement


@attrs.frozen(kw_only=True)
class Audit:
    """What an audit shows.

    Attributes:
        entries: Entries of each kind.
        replay: Every decision and sanction, decided again.
        pairs: Equal cases with different outcomes.
        completeness: What became of every match.
        records_sanctions: Whether the ledger records what was done at all.
        rows: How many (decision, rule) rows there are.
        level: Chance of a false alarm in each comparison between groups.
        group: What groups are of; empty without.
        sizes: Decisions of each group, and of none (under the empty name).
        hits: How often each rule applied, by group.
        compared: Outcomes between groups.
        watched: The same over time.
        waits: How long groups waited for measures; None without any.
        reviewers: Reviewers compared with each other; None if nobody is named.
        read: Agreement of independent readings, all together first.
        qualities: How often each rule was overturned.
    """

    entries: tuple[tuple[str, int], ...]
    replay: Replay
    pairs: tuple[Pair, ...]
    completeness: Completeness
    records_sanctions: bool
    rows: int
    level: float
    group: str
    sizes: tuple[tuple[str, int], ...]
    hits: tuple[Hits, ...]
    compared: tuple[Compared, ...]
    watched: tuple[Watched, ...]
    waits: WaitParity | None
    reviewers: Reviewers | None
    read: tuple[Read, ...]
    qualities: tuple[Quality, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything found, and everything that could not be looked at."""
        return tuple(findings_of(self))

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """What was found."""
        return tuple(finding for finding in self.findings if finding.is_alarm)

    @property
    def open(self) -> tuple[Finding, ...]:
        """What could not be checked."""
        return tuple(finding for finding in self.findings if not finding.is_alarm)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "entries": dict(self.entries),
            "alarms": [finding.says for finding in self.alarms],
            "open": [finding.says for finding in self.open],
            "replay": self.replay.to_dict(),
            "pairs": [pair.to_dict() for pair in self.pairs],
            "completeness": self.completeness.to_dict(),
            "rows": self.rows,
            "level": self.level,
            "group": self.group,
            "groups": dict(self.sizes),
            "hits": [attrs.asdict(row) for row in self.hits],
            "compared": {one.outcome: one.parity.to_dict() for one in self.compared},
            "watched": [
                {
                    "outcome": one.outcome,
                    "group": one.group,
                    "alpha": one.alpha,
                    "points": [list(point) for point in one.points],
                    "alarmed_after": one.monitor.alarmed_after,
                }
                for one in self.watched
            ],
            "waits": None if self.waits is None else self.waits.to_dict(),
            "reviewers": None if self.reviewers is None else self.reviewers.to_dict(),
            "agreement": {one.rule: one.agreement.to_dict() for one in self.read},
            "quality": [one.to_dict() for one in self.qualities],
        }


def audit(
    ledger: Ledger,
    rule_sets: Sequence[RuleSet],
    *,
    groups: Groups | None = None,
    options: Options | None = None,
    checkpoints: Iterable[Checkpoint] = (),
) -> Audit:
    """Look at everything that a ledger can show.

    Args:
        ledger: The ledger.
        rule_sets: The rules that were in use.
        groups: Tells the group of each decision; None compares none.
        options: What is asked for.
        checkpoints: Kept elsewhere.

    Raises:
        InputError: A sanction has a measure of an unknown class, or an argument is of the wrong kind.
    """
    asked = options or Options()
    again = replay(ledger, rule_sets, checkpoints=checkpoints, enforced_until=asked.enforced_until)
    rows = sorted(records(ledger), key=lambda row: (row.at, row.seq, row.rule))
    counted = completeness(ledger)
    outcomes = [name for name in asked.outcomes if any(OUTCOMES[name][1](row) is not None for row in rows)]
    waited = any(row.waited_s is not None for row in rows)
    # Every comparison between groups gets its share of the chance of a false alarm.
    level = asked.alpha / max(1, 2 * len(outcomes) + waited)
    compared: list[Compared] = []
    watched: list[Watched] = []
    for name in outcomes:
        if groups is None:
            break
        found = _parity(rows, groups, name, asked, level)
        compared.append(Compared(outcome=name, parity=found))
        watched += watch(rows, groups, name, [row.group for row in found.by_group], level)
    sizes, hits = _hits(ledger, groups)
    named = any(row.by is not None and row.deviated is not None for row in rows)
    return Audit(
        entries=tuple(sorted(Counter(entry.kind for entry in ledger.entries()).items())),
        replay=again,
        pairs=matched_pairs(ledger),
        completeness=counted,
        records_sanctions=any(row.sanctioned for row in rows) or bool(counted.applied or counted.deviated),
        rows=len(rows),
        level=level,
        group="" if groups is None else groups.field,
        sizes=sizes,
        hits=hits,
        compared=tuple(compared),
        watched=tuple(watched),
        waits=wait_parity(rows, group=groups.of, strata=asked.strata, alpha=level)
        if groups is not None and waited
        else None,
        reviewers=reviewers(rows, strata=asked.strata) if named else None,
        read=_read(ledger),
        qualities=_qualities(rows),
    )


def _parity(rows: list[Dealt], groups: Groups, outcome: str, asked: Options, level: float) -> Parity:
    return parity(
        rows, group=groups.of, outcome=OUTCOMES[outcome][1], strata=asked.strata, alpha=level, floor=asked.floor
    )


def watch(rows: list[Dealt], groups: Groups, outcome: str, names: list[str], level: float) -> Iterator[Watched]:
    """Follow the evidence about each group, the first decision of each actor under each rule alone.

    Args:
        rows: Rows in order of time.
        groups: Tells the group of a row.
        outcome: What is watched.
        names: The groups.
        level: Chance of a false alarm over all of them.
    """
    of = OUTCOMES[outcome][1]
    kept = [row for row in first_of(rows) if of(row) is not None and groups.of(row) is not None]
    strata = tuple(sorted({row.rule for row in kept}))
    # Blocks of equally many decisions: when one ends must not depend on what was decided.
    size = max(1, -(-len(kept) // BLOCKS))
    for name in names:
        monitor = Monitor(strata=strata, alpha=level / len(names))
        points = []
        for start in range(0, len(kept), size):
            block: dict[str, list[int]] = {}
            for row in kept[start : start + size]:
                table = block.setdefault(row.rule, [0, 0, 0, 0])
                place = 0 if groups.of(row) == name else 2
                table[place] += of(row) is True
                table[place + 1] += 1
            monitor = monitor.update({rule: tuple(table) for rule, table in block.items()})
            points.append((monitor.decisions, monitor.e))
        yield Watched(outcome=outcome, group=name, alpha=monitor.alpha, points=tuple(points), monitor=monitor)


def _hits(ledger: Ledger, groups: Groups | None) -> tuple[tuple[tuple[str, int], ...], tuple[Hits, ...]]:
    if groups is None:
        return (), ()
    sizes: Counter[str] = Counter()
    hits: Counter[tuple[str, str]] = Counter()
    for entry in ledger.entries(kind="decision"):
        body = entry.body
        if body is None or type(body.get("findings")) is not list:
            continue
        group = groups.of_entry(entry) or ""
        sizes[group] += 1
        hits.update({(str(finding.get("rule")), group) for finding in body["findings"] if type(finding) is dict})
    rules = sorted({rule for rule, _ in hits})
    rows = [
        Hits(rule=rule, group=group, hits=hits[rule, group], decisions=sizes[group])
        for rule in rules
        for group in sorted(sizes)
        if group
    ]
    return tuple(sorted(sizes.items())), tuple(rows)


def _read(ledger: Ledger) -> tuple[Read, ...]:
    """Gather what two people answered independently of each other, all together and by rule."""
    cases: list[tuple[str, list[str]]] = []
    for entry in ledger.entries(kind="four_eyes"):
        body = entry.body or {}
        readings = body.get("readings")
        if type(readings) is list and all(type(one) is dict and type(one.get("answer")) is str for one in readings):
            # A third person was asked only where the first two differed.
            cases.append((str(body.get("case")), [one["answer"] for one in readings[:2]]))
    if not cases:
        return ()
    about = dict(_cases(ledger))
    by_rule: dict[str, list[list[str]]] = {}
    for case, answers in cases:
        for rule in about.get(case, ()):
            by_rule.setdefault(rule, []).append(answers)
    return (
        Read(rule="", agreement=agreement([answers for _, answers in cases])),
        *(Read(rule=rule, agreement=agreement(by_rule[rule])) for rule in sorted(by_rule)),
    )


def _cases(ledger: Ledger) -> Iterator[tuple[str, list[str]]]:
    """Give the rules that each case was sanctioned under."""
    for entry in ledger.entries(kind="sanction"):
        body = entry.body or {}
        why = body.get("why")
        if type(body.get("case")) is str and type(why) is dict and type(why.get("rules")) is list:
            yield body["case"], why["rules"]


def _qualities(rows: list[Dealt]) -> tuple[Quality, ...]:
    done = [row for row in rows if row.sanctioned]
    result = []
    for rule in sorted({row.rule for row in done}):
        own = [row for row in done if row.rule == rule]
        appealed = [row for row in own if row.appealed]
        overturned = sum(row.overturned is True for row in appealed)
        result.append(
            quality(rule, sampled=0, right=0, measures=len(own), appealed=len(appealed), overturned=overturned)
        )
    return tuple(result)
