"""What an audit amounts to: each thing that was found, and each that could not be looked at."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import attrs

from platgov._report.words import interval
from platgov.consistency import AgreementStatus, ParityStatus, QualityStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from platgov._report.audit import Audit

__all__ = ["Finding", "findings_of"]

_VAGUE: Final = 2 / 3
"""Agreement that is surely below this says that the rule is too vague."""


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that an audit found, or could not look at.

    Attributes:
        is_alarm: Whether it was found; otherwise it is what could not be checked.
        says: What, in a sentence.
        query: Which query shows it.
    """

    is_alarm: bool
    says: str
    query: str


def findings_of(audit: Audit) -> Iterator[Finding]:
    """Give everything that an audit found, and then what it could not look at, part by part."""
    yield from _exact(audit)
    yield from _between_groups(audit)
    for reviewer in () if audit.reviewers is None else audit.reviewers.reviewers:
        if reviewer.status is ParityStatus.DISPARITY:
            says = f"{reviewer.reviewer} departs from the rules {_times(reviewer.shrunk_odds)} as often as the others"
            yield Finding(is_alarm=True, says=says, query="reviewers")
    for one in audit.read:
        if one.agreement.status is AgreementStatus.TOO_VAGUE:
            surely = one.agreement.high is not None and one.agreement.high < _VAGUE
            where = f"under {one.rule}" if one.rule else "over all cases"
            alpha = interval(one.agreement.alpha, one.agreement.low, one.agreement.high)
            says = (
                f"people who read the same cases {'' if surely else 'may '}disagree too often {where}: alpha is {alpha}"
            )
            yield Finding(is_alarm=surely, says=says, query="agreement")
    for row in audit.qualities:
        if row.status is QualityStatus.OVER_INCLUSIVE:
            says = f"{row.rule_id} is overturned in {row.overturned:,} of {row.measures:,} measures: it hits too much"
            yield Finding(is_alarm=True, says=says, query="quality")


def _exact(audit: Audit) -> Iterator[Finding]:
    if audit.replay.fault:
        yield Finding(is_alarm=True, says=f"the ledger does not verify: {audit.replay.fault}", query="replay")
    for entry in (*audit.replay.tampered, *audit.replay.unexplained):
        rules = f" ({', '.join(entry.rules)})" if entry.rules else ""
        says = f"entry {entry.seq} is {entry.status.value}: {entry.says}{rules}"
        yield Finding(is_alarm=True, says=says, query="replay")
    for pair in audit.pairs:
        if not pair.explained_by:
            says = f"entries {pair.one} and {pair.other} are equal cases: {pair.outcome_one}, {pair.outcome_other}"
            yield Finding(is_alarm=True, says=says, query="pairs")
    for code, count in sorted(Counter(entry.code for entry in audit.replay.unchecked).items()):
        says = f"{count:,} entries could not be replayed ({code.replace('_', ' ')})"
        yield Finding(is_alarm=False, says=says, query="replay")
    if audit.records_sanctions and audit.completeness.missing:
        says = f"{audit.completeness.missing:,} measures follow from decisions and are not carried out on record"
        yield Finding(is_alarm=False, says=says, query="completeness")


def _between_groups(audit: Audit) -> Iterator[Finding]:
    for one in audit.compared:
        for row in one.parity.disparities:
            where = f" under {row.rule}" if hasattr(row, "rule") else ""
            difference = _points(row.difference.value)
            says = f"{one.outcome}: group {row.group} differs from the others by {difference}{where} (q = {row.q:.2g})"
            yield Finding(is_alarm=True, says=says, query=f"parity-{one.outcome}")
        if one.parity.status is ParityStatus.INSUFFICIENT:
            says = f"{one.outcome}: too few cases to have seen a difference between groups that matters"
            yield Finding(is_alarm=False, says=says, query=f"parity-{one.outcome}")
    for seen in audit.watched:
        if seen.monitor.alarmed:
            after = f"{seen.monitor.alarmed_after:,} decisions"
            says = f"{seen.outcome}: evidence about group {seen.group} passed its limit after {after}"
            yield Finding(is_alarm=True, says=says, query=f"monitor-{seen.outcome}")
    for wait in () if audit.waits is None else audit.waits.by_group:
        if wait.status is ParityStatus.DISPARITY:
            longer = "longer" if (wait.longer or 0) > 0.5 else "shorter"
            says = f"group {wait.group} waits {longer} for measures than the others (q = {wait.q:.2g})"
            yield Finding(is_alarm=True, says=says, query="waits")
    if audit.waits is not None and audit.waits.status is ParityStatus.INSUFFICIENT:
        says = "waits: too few cases to have seen a difference between groups that matters"
        yield Finding(is_alarm=False, says=says, query="waits")
    if audit.group and not audit.compared:
        says = "nothing in the ledger says what people did after decisions, so groups cannot be compared"
        yield Finding(is_alarm=False, says=says, query="rows")


def _times(odds: float | None) -> str:
    return "otherwise" if odds is None else f"{odds:.2g} times"


def _points(value: float | None) -> str:
    return "an unknown amount" if value is None else f"{100 * value:+.1f} percentage points"
