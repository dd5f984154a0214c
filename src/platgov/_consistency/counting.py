"""What became of every match, how much was never judged, and what people should look at by chance.

`completeness` counts; `control_sample` picks unflagged events for review. What no ledger can show
is what was never given to it: compare ``seen`` with the host's own counts.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from platgov._canonical import digest_bytes, shown
from platgov._consistency.gather import label
from platgov._consistency.numbers import plain, refused, text, whole, written
from platgov._consistency.records import Dossier, decided, entries_of, fates, kept_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from platgov.ledger import Entry
    from platgov.measures import Measure

__all__ = ["Completeness", "ControlSample", "Coverage", "completeness", "control_sample"]


@attrs.frozen(kw_only=True)
class Coverage:
    """How many events of one kind were seen, and how many of them a rule set judged.

    Attributes:
        bucket: Which: a surface and an hour, say.
        seen: What the host counted.
        evaluated: Decisions in the ledger.
    """

    bucket: str
    seen: int
    evaluated: int

    @property
    def unjudged(self) -> int:
        """Events that no decision is recorded for; below zero, more were recorded than counted."""
        return self.seen - self.evaluated

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {**plain(self), "unjudged": self.unjudged}


@attrs.frozen(kw_only=True)
class Completeness:
    """What became of every measure that a rule provides for.

    ``matched`` is the sum of ``applied``, ``absorbed``, ``deviated``, ``waiting`` and ``missing``.

    Attributes:
        seen: Events that the host counted; None if not given.
        evaluated: Decisions recorded.
        unreadable: Decisions and others whose body is erased, protected or none.
        matched: Measures that findings provide for.
        applied: Imposed.
        absorbed: Covered by a stronger one.
        deviated: A person departed from it, by a record.
        waiting: The decision is held or undetermined: a person has to look.
        missing: Measures follow, and nothing is recorded that carries them out.
        missing_entries: The decisions of these.
        coverage: Seen against evaluated, by bucket.
    """

    seen: int | None
    evaluated: int
    unreadable: int
    matched: int
    applied: int
    absorbed: int
    deviated: int
    waiting: int
    missing: int
    missing_entries: tuple[int, ...]
    coverage: tuple[Coverage, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {**plain(self), "coverage": [row.to_dict() for row in self.coverage]}


def completeness(
    ledger: Any,
    *,
    seen: Mapping[str, int] | None = None,
    bucket: Callable[[Entry], str] | None = None,
    measures: Iterable[type[Measure]] = (),
) -> Completeness:
    """Count what became of every match.

    Args:
        ledger: A ledger, or a list of its entries.
        seen: How many events the host counted, by bucket.
        bucket: Tells the bucket of a decision; by default its stream.
        measures: The host's own classes of measures.

    Raises:
        InputError: An argument is of the wrong kind, or a sanction has a measure of an unknown class.
    """
    if seen is not None and not isinstance(seen, Mapping):
        raise refused(f"seen is {shown(seen)}; give a count for each bucket", "$.seen")
    source = kept_entries(ledger)
    dossier = Dossier(source, measures)
    totals: Counter[str] = Counter(unreadable=dossier.closed)
    judged: Counter[str] = Counter()
    missing = []
    for entry in entries_of(source, "decision"):
        totals["evaluated"] += 1
        judged[entry.stream if bucket is None else label(bucket(entry))] += 1
        body = decided(entry)
        if body is None:
            totals["unreadable"] += 1
            continue
        became = _became(entry, body, dossier)
        totals["matched"] += len(became)
        totals.update(became)
        if "missing" in became:
            missing.append(entry.seq)
    return Completeness(
        seen=None if seen is None else sum(whole(count, "seen") for count in seen.values()),
        evaluated=totals["evaluated"],
        unreadable=totals["unreadable"],
        matched=totals["matched"],
        applied=totals["applied"],
        absorbed=totals["absorbed"],
        deviated=totals["deviated"],
        waiting=totals["waiting"],
        missing=totals["missing"],
        missing_entries=tuple(missing),
        coverage=tuple(
            Coverage(bucket=name, seen=seen.get(name, 0), evaluated=judged[name]) for name in sorted({*seen, *judged})
        )
        if seen is not None
        else (),
    )


def _became(entry: Entry, body: dict[str, Any], dossier: Dossier) -> list[str]:
    count = sum(len(finding["measures"]) for finding in body["findings"])
    name = digest_bytes(entry.bytes or b"")
    if dossier.departs(entry):
        return ["deviated"] * count
    if body["outcome"] in ("held", "undetermined"):
        return ["waiting"] * count
    pairs = dossier.sanctions_of(name, entry.subject)
    if not pairs:
        return ["missing"] * count
    became = [fate for _, fate in fates(dossier, pairs[-1][1])]
    return became if len(became) == count else ["missing"] * count


# -- samples for review ------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class ControlSample:
    """Events for people to look at, picked by chance. For review alone: nothing may follow from being picked.

    Attributes:
        seed: What the choice was made with.
        population: How many there were to choose from.
        picked: Entries, or the keys that were given, in the order of the choice.
    """

    seed: str
    population: int
    picked: tuple[int | str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values, ready to be recorded: whoever has the seed can choose again."""
        return {"kind": "control_sample", "schema": 1, **plain(self)}


def control_sample(source: Any, *, size: int, seed: str, rule: str | None = None) -> ControlSample:
    """Pick events that no rule flagged, or that one rule did, the same ones for the same seed.

    People judge what is picked: of unflagged events, whether a rule should have applied; of a
    rule's own, whether it was right to, from which `quality` tells its precision.

    Choose the seed after the events are recorded, and record it: who knows it before can see to
    it that an event is not picked.

    Args:
        source: A ledger or its entries, of which decisions without a finding count; or the
            keys of events that were never judged.
        size: How many to pick.
        seed: Any text.
        rule: Pick among the decisions in which this rule applied; None for those without a finding.

    Raises:
        InputError: An argument is of the wrong kind.
    """
    text(seed, "seed")
    whole(size, "size", least=1)
    if rule is not None:
        text(rule, "rule")
    kept = kept_entries(source)
    if isinstance(kept, tuple) and kept and all(type(item) is str for item in kept):
        named: Iterator[tuple[str, int | str]] = (
            (item, item) for item in sorted({written(key, "key") for key in kept})
        )
    else:
        named = ((entry.key_tag, entry.seq) for entry in entries_of(kept, "decision") if _is_wanted(entry, rule))
    population = 0

    def ranked() -> Iterator[tuple[bytes, int | str]]:
        nonlocal population
        for name, item in named:
            population += 1
            yield hashlib.sha256(f"{seed}\0{name}".encode("utf-8", "surrogatepass")).digest(), item

    lowest = heapq.nsmallest(size, ranked(), key=lambda pair: pair[0])
    return ControlSample(seed=seed, population=population, picked=tuple(item for _, item in lowest))


def _is_wanted(entry: Entry, rule: str | None) -> bool:
    body = decided(entry)
    if body is None:
        return False
    if rule is None:
        return not body["findings"] and not body["undetermined"]
    return any(type(finding) is dict and finding.get("rule") == rule for finding in body["findings"])
