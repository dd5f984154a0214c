"""What would a new edition have changed? Everything recorded is decided again, for everybody.

There is no rollout to a share of people anywhere here: an edition is recorded as a `Shadow`
first, which has no effect on anyone, and then applies to all from one instant on.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar, Final

import attrs

from platgov._canonical import shown
from platgov._consistency.gather import label
from platgov._consistency.numbers import plain, refused, text, whole
from platgov._consistency.parity import Parity, parity
from platgov._consistency.records import decided, entries_of
from platgov._facts.reading import revive
from platgov._time import from_iso, to_epoch, to_iso
from platgov.errors import DueProcessError
from platgov.measures import Measure, join
from platgov.rules import Decision, Outcome, Rulebook, RuleSet
from platgov.verdict import Verdict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from platgov.ledger import Entry

__all__ = ["CHANGES", "Changed", "Emergency", "Impact", "Shadow", "impact", "shadow"]

CHANGES: Final = ("newly_hit", "newly_spared", "harsher", "milder", "otherwise", "newly_open", "newly_settled")
"""How a decision may change: in measures; or in whether people have to look at it at all."""
_LONGEST_DAYS: Final = 14
_DAY: Final = 86_400
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
        by_group: For each group, (decided, then how many there are of each change).
        parity: Whether newly being hit falls to groups alike, among those not hit before; None
            without groups. For information: rules may well hit groups differently.
        lacking: Facts that the new edition reads and the records do not have.
        samples: For each change and new rule, up to as many events as asked for.
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
        self.rows: Counter[tuple[str, bool]] = Counter()
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
                self.rows[group, change == "newly_hit"] += 1
        if change == "same":
            return
        if entry.subject is not None:
            self.people[change].add(entry.subject)
        was = {finding.rule_id for finding in before.findings}
        now = {finding.rule_id for finding in after.findings}
        self.gone.update(was - now)
        self.come.update(now - was)
        lacking = {fact for rule in after.undetermined for fact, why in rule.facts if why == "absent"}
        self.lacking |= lacking - self.old.reads
        self.keep(entry.seq, change, was - now, now - was, lambda: (before, after, lacking - self.old.reads))

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

    def keep(
        self,
        seq: int,
        change: str,
        gone: set[str],
        come: set[str],
        seen: Callable[[], tuple[Decision, Decision, set[str]]],
    ) -> None:
        """Keep the events with the lowest hashes of each cell: whatever order they come in."""
        drawn = hashlib.sha256(f"{self.seed}\0{seq}".encode("utf-8", "surrogatepass")).digest()
        place = -int.from_bytes(drawn[:8])
        cells = [self.samples.setdefault((change, rule), []) for rule in gone | come or {""}]
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
            {"group": name, "outcome": hit} for (name, hit), count in self.rows.items() for _ in range(count)
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
            by_group=tuple(
                (name, counts["decided"], tuple((change, counts[change]) for change in CHANGES))
                for name, counts in sorted(self.groups.items())
            ),
            parity=None
            if self.group is None
            else parity(compared, group="group", outcome="outcome", strata=(), cluster=None),
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


# -- shadow and emergency editions -------------------------------------------------------------


def _instant(value: int | dt.datetime) -> int:
    return to_epoch(value)


@attrs.frozen(kw_only=True)
class Shadow(Verdict):
    """What an edition that is not in force would have decided. Nothing follows from it.

    It has a kind of its own in the ledger, so nothing that acts on decisions can act on it.

    Attributes:
        decision: What it would have been.
    """

    kind: ClassVar[str] = "shadow"
    decision: Decision

    def body(self) -> dict[str, Any]:
        """Give what is particular to a shadow, as plain values."""
        return {"effect": False, "decision": self.decision.to_dict()}


def shadow(edition: RuleSet, facts: Any, *, at: int | dt.datetime) -> Shadow:
    """Decide by an edition that is not in force, for the ledger alone.

    Every event, or none: an edition that is shadowed for some people only would say nothing
    about the others.

    Args:
        edition: The edition to come.
        facts: The event, as for `RuleSet.decide`; the whole of it, with the facts that only the
            new edition reads.
        at: The instant.
    """
    decision = edition.decide(facts, at=at)
    return Shadow(at=decision.at, policy=decision.policy, fingerprint=decision.fingerprint, decision=decision)


@attrs.frozen(kw_only=True)
class Emergency:
    """An edition that takes effect at once, by somebody who answers for it, and ends by itself.

    Attributes:
        edition: The rules; they need no period of notice, but a date of effect.
        by: Who ordered it.
        reason: Why it cannot wait.
        expires_at: When it ends, at most 14 days after it takes effect, in UTC epoch seconds.
    """

    edition: RuleSet
    by: str
    reason: str
    expires_at: int = attrs.field(converter=_instant)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.edition, RuleSet):
            raise refused(f"edition is {shown(self.edition)}; give a RuleSet", "$.edition")
        text(self.by, "by")
        text(self.reason, "reason")
        start = self.edition.effective_at
        if start is None:
            raise refused("the edition has no date of effect", "$.edition", "draft")
        if not start < self.expires_at <= start + _LONGEST_DAYS * _DAY:
            last = to_iso(start + _LONGEST_DAYS * _DAY)
            raise DueProcessError("emergency_too_long", f"an emergency edition ends after it begins, by {last}")

    def in_force(self, at: int | dt.datetime) -> bool:
        """Say whether it is in force at an instant."""
        return (self.edition.effective_at or 0) <= to_epoch(at) < self.expires_at

    def decide(
        self,
        book: Rulebook,
        facts: Any,
        *,
        conduct_at: int | dt.datetime,
        at: int | dt.datetime,
        holds: Mapping[str, str] | None = None,
    ) -> Decision:
        """Decide by this edition if it was in force when the conduct happened, else by the book.

        The same for everybody, and conduct before or after it is never judged by it.

        Raises:
            InputError: The conduct is later than the decision, or as `Rulebook.decide`.
        """
        if not isinstance(book, Rulebook):
            raise refused(f"book is {shown(book)}; give a Rulebook", "$.book")
        happened, now = to_epoch(conduct_at), to_epoch(at)
        if not self.in_force(happened):
            return book.decide(facts, conduct_at=happened, at=now, holds=holds)
        if happened > now:
            raise refused(f"the conduct at {to_iso(happened)} is later than the decision", "$.conduct_at", "time")
        return self.edition.decide(facts, at=now, holds=holds)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values, for the ledger: every use of it has to be reported."""
        return {
            "kind": "emergency",
            "schema": 1,
            "at": to_iso(self.edition.effective_at or 0),
            "policy": self.edition.digest,
            "by": self.by,
            "reason": self.reason,
            "expires_at": to_iso(self.expires_at),
        }
