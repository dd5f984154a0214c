"""An audit as text, for a terminal or a log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from platgov._report.words import COUNTS, REVIEWERS, STATUSES, duration, interval, number, share, signed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from platgov._report.audit import Audit
    from platgov._report.queries import Source

__all__ = ["text"]

_MOST: Final = 20


def text(audit: Audit, source: Source) -> str:
    """Write an audit as text; what was found comes first."""
    return "\n".join(_lines(audit, source)) + "\n"


def _lines(audit: Audit, source: Source) -> Iterator[str]:
    entries = ", ".join(f"{count:,} {kind}" for kind, count in audit.entries) or "nothing"
    yield f"audit of {source.ledger}: {entries}"
    alarms, left = audit.alarms, audit.open
    yield f"{len(alarms):,} found, {len(left):,} left open"
    yield from _listed([f"FOUND  {finding.says}" for finding in alarms])
    yield from _listed([f"OPEN   {finding.says}" for finding in left])

    yield "\nDecided again:"
    counts = ", ".join(f"{count:,} {status.value.replace('_', ' ')}" for status, count in audit.replay.counts)
    yield f"  {counts}"
    if audit.replay.verified is not None:
        kept = "" if source.checkpoints else "; without a kept checkpoint it could have been rewritten whole"
        yield f"  the ledger verifies, {audit.replay.verified:,} entries{kept}"
    explained = sum(bool(pair.explained_by) for pair in audit.pairs)
    unequal = f"{len(audit.pairs) - explained:,} without a reason on record, {explained:,} with one"
    yield f"  equal cases decided otherwise: {unequal}"
    found = audit.completeness
    parts = ", ".join(f"{getattr(found, name):,} {says}" for name, says in COUNTS)
    yield f"  of {found.matched:,} measures that rules provide for: {parts}"
    yield from _groups(audit)
    yield from _people(audit)


def _groups(audit: Audit) -> Iterator[str]:
    if not audit.group:
        yield "\nGroups: none were asked for (--group FIELD)"
        return
    sizes = ", ".join(f"{name or 'none'} {count:,}" for name, count in audit.sizes)
    yield f"\nGroups of {audit.group}, by decisions: {sizes}"
    yield f"  each comparison has a chance of {audit.level:.2g} of a false alarm"
    for one in audit.compared:
        yield f"\n{one.outcome.capitalize()}: {STATUSES[one.parity.status.value]}"
        rows = [
            (row.group, "all", f"{row.cases:,}", signed(row.difference), number(row.q), share(row.detectable))
            for row in one.parity.by_group
        ] + [
            (
                row.group,
                row.rule,
                f"{sum(table.n_a for _, table in row.tables):,}",
                signed(row.difference),
                number(row.q),
                share(row.detectable),
            )
            for row in one.parity.by_rule
        ]
        yield from _table(("group", "rule", "cases", "difference (95 %)", "q", "detectable"), rows)
        left = ", ".join(f"{count:,} without {why}" for why, count in one.parity.missing)
        if left:
            yield f"  left out: {left}"
        for seen in (seen for seen in audit.watched if seen.outcome == one.outcome):
            monitor = seen.monitor
            state = "has passed it" if monitor.alarmed else "has not passed it"
            yield (
                f"  evidence over time, group {seen.group}: {number(monitor.e)} now, {number(monitor.peak)} at most, "
                f"limit {1 / seen.alpha:,.0f}: {state}"
            )
    if audit.waits is not None:
        yield f"\nWaiting for measures: {STATUSES[audit.waits.status.value]}"
        waits = [
            (row.group, f"{row.cases:,}", duration(row.median_s), duration(row.others_median_s), number(row.q))
            for row in audit.waits.by_group
        ]
        yield from _table(("group", "cases", "median", "others", "q"), waits)
    if audit.hits:
        yield "\nHow often rules applied (for information; rules may well hit groups differently)"
        hits = [(row.rule, row.group, f"{row.hits:,}", share(row.hits / row.decisions)) for row in audit.hits]
        yield from _table(("rule", "group", "decisions", "share"), hits)


def _people(audit: Audit) -> Iterator[str]:
    if audit.reviewers is not None:
        yield f"\nReviewers: {REVIEWERS[audit.reviewers.status.value]}"
        rows = [
            (row.reviewer, f"{row.cases:,}", f"{row.outcomes:,}", f"{row.expected:.1f}", number(row.q))
            for row in audit.reviewers.reviewers
        ]
        yield from _table(("reviewer", "decisions", "departures", "expected", "q"), rows)
    if audit.read:
        yield "\nAgreement of independent readings (Krippendorff's alpha)"
        read = [
            (
                one.rule or "all",
                f"{one.agreement.cases:,}",
                interval(one.agreement.alpha, one.agreement.low, one.agreement.high),
                STATUSES[one.agreement.status.value],
            )
            for one in audit.read
        ]
        yield from _table(("rule", "cases", "alpha (95 %)", ""), read)
    if audit.qualities:
        yield "\nOverturned on appeal (the bound is one-sided, 95 %)"
        appeals = [
            (row.rule_id, f"{row.measures:,}", f"{row.appealed:,}", f"{row.overturned:,}", share(row.overturned_high))
            for row in audit.qualities
        ]
        yield from _table(("rule", "measures", "appealed", "overturned", "at most"), appeals)


def _listed(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:_MOST]
    if len(lines) > _MOST:
        yield f"       and {len(lines) - _MOST:,} more (--json has all of them)"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in (header, *rows):
        yield ("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
