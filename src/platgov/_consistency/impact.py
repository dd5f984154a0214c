"""What would a new edition have changed? Everything recorded is decided again, for everybody."""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._canonical import shown
from platgov._consistency.gather import label
from platgov._consistency.numbers import plain, refused, text, whole
from platgov._consistency.parity import Parity, parity
from platgov._consistency.records import decided, entries_of
from platgov._facts.reading import revive
from platgov._time import from_iso
from platgov.measures import Measure, join
from platgov.rules import Decision, Outcome, RuleSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from platgov.ledger import Entry

__all__ = ["CHANGES", "Changed", "Impact", "impact"]

CHANGES: Final = ("newly_hit", "newly_spared", "harsher", "milder", "otherwise", "newly_open", "newly_settled")
"""How a decision may change: in measures; or in whether people have to look at it at all."""
_KEPT: Final = 5_000


@attrs.frozen(kw_only=True)
class Changed:
    """One recorded event that the new edition decides otherwise.

    Attributes:
        seq: Its entry.
        change: How: one of `CHANGES`.
        old: Measures under the old edition.
        new: Measures under the new one.
        rules_gone: Rules that applied and do not any more.
        rules_come: Rules that apply now.
        lacking: Facts that the new edition reads and the record does not have.
    """

    seq: int
    change: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    rules_gone: tuple[str, ...]
    rules_come: tuple[str, ...]
    lacking: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return dict(plain(self))


@attrs.frozen(kw_only=True)
class Impact:
    """What a new edition would have changed.

    Attributes:
        old: Digest of the old edition.
        new: Digest of the new one.
        decided: Recorded decisions that were decided again under both.
        other: Decisions of other rule sets, erased or protected ones: not looked at.
        same: Decisions that both editions decide alike.
        counts: How many there are of each change.
        people: Different subjects behind each change.
        by_rule: For each rule, (events it no longer applies to, events it applies to anew).
        changes_by_rule: For each rule behind a change, how many there are of each change: those
            that apply under one edition only, or under both with other measures or facts.
        by_group: For each group, (decided, then how many there are of each change).
        parity: Whether newly being hit falls to groups alike, among those not hit before, each
            subject counted once; None without groups. For information: rules may well hit groups
            differently.
        lacking: Facts that the new edition reads and the records do not have.
        samples: For each change and each rule behind it, up to as many events as asked for.
        seed: What they were chosen with.
    """

    old: str
    new: str
    decided: int
    other: int
    same: int
    counts: tuple[tuple[str, int], ...]
    people: tuple[tuple[str, int], ...]
    by_rule: tuple[tuple[str, int, int], ...]
    changes_by_rule: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
    by_group: tuple[tuple[str, int, tuple[tuple[str, int], ...]], ...]
    parity: Parity | None
    lacking: tuple[str, ...]
    samples: tuple[Changed, ...]
    seed: str

    def count(self, change: str) -> int:
        """Give how many decisions change in one way."""
        return dict(self.counts)[change]

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            **plain(self),
            "counts": dict(self.counts),
            "people": dict(self.people),
            "by_rule": {rule: {"gone": gone, "come": come} for rule, gone, come in self.by_rule},
            "changes_by_rule": {rule: dict(counts) for rule, counts in self.changes_by_rule},
            "by_group": {name: {"decided": n, **dict(counts)} for name, n, counts in self.by_group},
            "parity": None if self.parity is None else self.parity.to_dict(),
        }


def impact(
    old: RuleSet,
    new: RuleSet,
    ledger: Any,
    *,
    sample: int = 20,
    seed: str = "impact",
    group: Callable[[Entry], Any] | None = None,
) -> Impact:
    """Decide everything again that was decided under an old edition, under it and a new one.

    Both decide on the recorded facts, without holds. A fact that only the new edition reads is
    in no record: what depends on it is ``newly_open``, and the fact is named.

    Args:
        old: The edition in use; decisions of its digest are looked at.
        new: The edition to come.
        ledger: A ledger, or a list of its entries.
        sample: Most events to keep for each kind of change and rule, for people to look at.
        seed: They are the same ones for the same seed.
        group: Tells the group of an entry, from its subject, say; None leaves it out.

    Raises:
        InputError: An argument is of the wrong kind.
    """
    for rule_set, name in ((old, "old"), (new, "new")):
        if not isinstance(rule_set, RuleSet):
            raise refused(f"{name} is {shown(rule_set)}; give a RuleSet", f"$.{name}")
    whole(sample, "sample")
    text(seed, "seed")
    tally = _Tally(old, new, sample, seed, group)
    for entry in entries_of(ledger, "decision"):
        tally.add(entry)
    return tally.result()


class _Tally:
    def __init__(
        self, old: RuleSet, new: RuleSet, sample: int, seed: str, group: Callable[[Entry], Any] | None
    ) -> None:
        self.old, self.new, self.sample, self.seed, self.group = old, new, sample, seed, group
        self.counts: Counter[str] = Counter()
        self.people: dict[str, set[str]] = {change: set() for change in CHANGES}
        self.gone: Counter[str] = Counter()
        self.come: Counter[str] = Counter()
        self.groups: dict[str, Counter[str]] = {}
        self.by_rule: dict[str, Counter[str]] = {}
        self.rows: Counter[tuple[str, str | None, bool]] = Counter()
        self.lacking: set[str] = set()
        self.samples: dict[tuple[str, str], list[tuple[int, int, Changed]]] = {}
        self.known: dict[str, tuple[str, Decision, Decision]] = {}

    def add(self, entry: Entry) -> None:
        body = decided(entry) if entry.policy == self.old.digest else None
        if body is None:
            self.counts["other"] += 1
            return
        change, before, after = self.decided(body)
        self.counts["decided"] += 1
        self.counts[change] += 1
        name = None if self.group is None else self.group(entry)
        if name is not None:
            group = label(name)
            counts = self.groups.setdefault(group, Counter())
            counts["decided"] += 1
            counts[change] += 1
            if before.outcome is Outcome.NONE:
                self.rows[group, entry.subject, change == "newly_hit"] += 1
        if change == "same":
            return
        if entry.subject is not None:
            self.people[change].add(entry.subject)
        was, now = ({finding.rule_id for finding in made.findings} for made in (before, after))
        self.gone.update(was - now)
        self.come.update(now - was)
        behind = self.behind(before, after)
        for rule in behind:
            self.by_rule.setdefault(rule, Counter())[change] += 1
        lacking = {fact for rule in after.undetermined for fact, why in rule.facts if why == "absent"}
        self.lacking |= lacking - self.old.reads
        self.keep(entry.seq, change, (was - now, now - was, behind), lambda: (before, after, lacking - self.old.reads))

    def decided(self, body: dict[str, Any]) -> tuple[str, Decision, Decision]:
        """Decide under both editions; equal facts once, unless a grant may have ended in between."""
        timeless = not self.old.grants and not self.new.grants
        found = self.known.get(body["fingerprint"]) if timeless else None
        if found is None:
            facts, at = revive(body["facts"]), from_iso(body["at"])
            before, after = self.old.decide(facts, at=at), self.new.decide(facts, at=at)
            found = (change_of(before, after), before, after)
            if timeless and len(self.known) < _KEPT:
                self.known[body["fingerprint"]] = found
        return found

    def behind(self, before: Decision, after: Decision) -> set[str]:
        """Give the rules because of which two decisions differ: those that do not say the same in both."""
        said = [
            {
                *((finding.rule_id, finding.measures) for finding in made.findings),
                *((item.rule_id, (None, *rules.rule(item.rule_id).measures)) for item in made.undetermined),
            }
            for made, rules in ((before, self.old), (after, self.new))
        ]
        return {rule for rule, _ in said[0] ^ said[1]}

    def keep(
        self,
        seq: int,
        change: str,
        rules: tuple[set[str], set[str], set[str]],
        seen: Callable[[], tuple[Decision, Decision, set[str]]],
    ) -> None:
        """Keep the events with the lowest hashes of each cell: whatever order they come in."""
        drawn = hashlib.sha256(f"{self.seed}\0{seq}".encode("utf-8", "surrogatepass")).digest()
        place = -int.from_bytes(drawn[:8])
        gone, come, behind = rules
        cells = [self.samples.setdefault((change, rule), []) for rule in behind]
        wanted = [cell for cell in cells if len(cell) < self.sample or (cell and cell[0][0] < place)]
        if not wanted:
            return
        before, after, lacking = seen()
        changed = Changed(
            seq=seq,
            change=change,
            old=tuple(map(str, before.measures)),
            new=tuple(map(str, after.measures)),
            rules_gone=tuple(sorted(gone)),
            rules_come=tuple(sorted(come)),
            lacking=tuple(sorted(lacking)),
        )
        for cell in wanted:
            heapq.heappush(cell, (place, seq, changed))
            if len(cell) > self.sample:
                heapq.heappop(cell)

    def result(self) -> Impact:
        sampled = {changed.seq: changed for cell in self.samples.values() for _, _, changed in cell}
        compared = (
            {"group": name, "actor": subject, "outcome": hit}
            for (name, subject, hit), count in self.rows.items()
            for _ in range(count)
        )  # fmt: skip
        return Impact(
            old=self.old.digest,
            new=self.new.digest,
            decided=self.counts["decided"],
            other=self.counts["other"],
            same=self.counts["same"],
            counts=tuple((change, self.counts[change]) for change in CHANGES),
            people=tuple((change, len(self.people[change])) for change in CHANGES),
            by_rule=tuple((rule, self.gone[rule], self.come[rule]) for rule in sorted({*self.gone, *self.come})),
            changes_by_rule=tuple(
                (rule, tuple((change, counts[change]) for change in CHANGES))
                for rule, counts in sorted(self.by_rule.items())
            ),
            by_group=tuple(
                (name, counts["decided"], tuple((change, counts[change]) for change in CHANGES))
                for name, counts in sorted(self.groups.items())
            ),
            parity=None if self.group is None else parity(compared, group="group", outcome="outcome", strata=()),
            lacking=tuple(sorted(self.lacking)),
            samples=tuple(sampled[seq] for seq in sorted(sampled)),
            seed=self.seed,
        )


def change_of(before: Decision, after: Decision) -> str:
    """Say how one decision differs from another: one of `CHANGES`, or ``same``."""
    settled = (Outcome.NONE, Outcome.MEASURES)
    was_open, is_open = before.outcome not in settled, after.outcome not in settled
    if was_open or is_open:
        return "same" if was_open and is_open else "newly_open" if is_open else "newly_settled"
    return _moved(before.measures, after.measures)


def _moved(old: tuple[Measure, ...], new: tuple[Measure, ...]) -> str:
    if old == new:
        return "same"
    if not old or not new:
        return "newly_spared" if old else "newly_hit"
    both = join((*old, *new))
    return "harsher" if both == new else "milder" if both == old else "otherwise"
