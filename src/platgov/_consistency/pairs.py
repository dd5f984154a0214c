"""Were equal cases decided equally? The same rules and the same facts, with two outcomes.

Needs no rules and no statistics: each pair that nothing explains is an alarm.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from platgov._canonical import digest, digest_bytes
from platgov._consistency.numbers import plain
from platgov._consistency.records import Dossier, decided, entries_of, kept_entries

__all__ = ["Pair", "matched_pairs"]


@attrs.frozen(kw_only=True)
class Pair:
    """Two decisions under the same rules on the same facts, with different outcomes.

    Attributes:
        policy: Digest of the rules.
        fingerprint: Digest of the facts.
        one: Entry of the first decision with the commoner outcome.
        other: Entry of the decision that differs from it.
        outcome_one: What was decided there.
        outcome_other: What was decided here.
        explained_by: ``departure``, ``hold`` or ``grant_ended``; empty for nothing, which is an alarm.
    """

    policy: str
    fingerprint: str
    one: int
    other: int
    outcome_one: str
    outcome_other: str
    explained_by: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return dict(plain(self))


_ASIDE: Final = ("at", "facts", "fingerprint", "policy", "kind", "schema", "rule_set")


def matched_pairs(ledger: Any) -> tuple[Pair, ...]:
    """Give every decision that differs from the others under the same rules on the same facts.

    Needs no rules. Each is held against the first of the commoner outcome; of equally common
    ones, against the earliest.

    Args:
        ledger: A ledger, or a list of its entries.

    Raises:
        InputError: ``ledger`` is neither.
    """
    source = kept_entries(ledger)
    groups: dict[tuple[str, str], dict[str, list[tuple[int, int, str]]]] = {}
    held: dict[int, dict[str, str]] = {}
    for entry in entries_of(source, "decision"):
        body = decided(entry)
        if body is None:
            continue
        variant = digest({name: value for name, value in body.items() if name not in _ASIDE})
        variants = groups.setdefault((body["policy"], body["fingerprint"]), {})
        variants.setdefault(variant, []).append((entry.seq, entry.at or 0, digest_bytes(entry.bytes or b"")))
        if body["held"]:
            held[entry.seq] = body["held"]
    split = {key: variants for key, variants in groups.items() if len(variants) > 1}
    if not split:
        return ()
    dossier = Dossier(source)
    wanted = {item[0] for variants in split.values() for items in variants.values() for item in items[:1]}
    outcomes = {
        entry.seq: (decided(entry) or {}).get("outcome", "")
        for entry in entries_of(source, "decision")
        if entry.seq in wanted
    }
    pairs = []
    for (policy, fingerprint), variants in split.items():
        order = sorted(variants.values(), key=lambda items: (-len(items), items[0][0]))
        one = order[0][0]
        pairs += [
            Pair(
                policy=policy,
                fingerprint=fingerprint,
                one=one[0],
                other=item[0],
                outcome_one=outcomes[one[0]],
                outcome_other=outcomes[items[0][0]],
                explained_by=_explained(one, item, held, dossier),
            )
            for items in order[1:]
            for item in items
        ]
    return tuple(sorted(pairs, key=lambda pair: pair.other))


def _explained(
    one: tuple[int, int, str], other: tuple[int, int, str], held: dict[int, dict[str, str]], dossier: Dossier
) -> str:
    for seq, _, name in (one, other):
        if {seq, name} & dossier.departures:
            return "departure"
    holds = [(seq, at, held.get(seq, {})) for seq, at, _ in (one, other)]
    if holds[0][2] == holds[1][2]:
        return ""
    differing = {rule for rule in {*holds[0][2], *holds[1][2]} if holds[0][2].get(rule) != holds[1][2].get(rule)}
    by_record = grants = 0
    for rule in differing:
        for _, at, reasons in holds:
            may, must = dossier.held_at(rule, at)
            if rule in reasons and reasons[rule].startswith("the grant for "):
                grants += 1
            elif (rule in reasons and not may) or (rule not in reasons and must):
                return ""
            elif rule in reasons:
                by_record += 1
    return "grant_ended" if grants and not by_record else "hold"
