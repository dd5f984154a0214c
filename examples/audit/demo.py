"""Twenty thousand decisions, one silent favour: found, and nothing else is.

Run it with ``make demo``, after the others. It makes up its posts, keeps its ledger in a temporary
folder, needs no network, and prints the same every day.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

from platgov.consistency import Dealt, matched_pairs, parity, records, replay
from platgov.enforcement import Deviation, DeviationCode, History, Ladder
from platgov.facts import Role, fact, facts
from platgov.ledger import Ledger, Record
from platgov.measures import LimitVisibility, Remove, SuspendFeature
from platgov.rules import ConditionRule, Decision, RuleSet

POSTS = 20_000
FAVOURED = 13_577
START = 1_770_000_000  # 2026-02-02
REGIONS = ("north", "south")


@facts
class Post:
    """What the rules may look at; who wrote it, and from where, they may not."""

    links: int = fact(ge=0)
    reports: int = fact(ge=0)
    insult: bool
    account: str = fact(role=Role.IDENTITY)
    region: str = fact(role=Role.PROTECTED)


RULES = RuleSet(
    id="community",
    version="2026.1",
    facts=Post,
    rules=[
        ConditionRule(id="spam.links", when="links > 6", measures=[LimitVisibility(days=3)]),
        ConditionRule(
            id="abuse.insult", when="insult && reports >= 2", measures=[SuspendFeature(feature="posts", days=2)]
        ),
        ConditionRule(id="abuse.brigade", when="reports > 8", measures=[Remove()]),
    ],
)
LADDER = Ladder(id="community", version="2026.1", steps=[])


def main() -> None:
    """Record everything, hide one favour in it, and look for it."""
    print(f"{POSTS:,} decisions and one silent favour\n")
    posts = [post(number) for number in range(POSTS)]
    decisions = [RULES.decide(one, at=START + 60 * number) for number, one in enumerate(posts)]
    hidden: dict[str, Any] = favour(decisions[FAVOURED])
    print(f"Post {FAVOURED:,} broke {', '.join(f.rule_id for f in decisions[FAVOURED].findings)}.")
    print(f"Somebody had it recorded as if it had not: {hidden['outcome']}.\n")
    with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder) / "book.db", origin="example.org") as ledger:
        entries = recorded(ledger, posts, decisions, hidden)
        look(ledger, entries[FAVOURED])
        groups(ledger, posts, decisions)


def look(ledger: Ledger, planted: int) -> None:
    """Decide again on everything that is recorded."""
    again = replay(ledger, RULES)
    counts = ", ".join(f"{count:,} {status.value.replace('_', ' ')}" for status, count in again.counts if count)
    print(f"Decided again from the record alone: {counts}.")
    for entry in again.unexplained:
        print(f"  entry {entry.seq}: {entry.says} ({', '.join(entry.rules)})")
    found = [entry.seq for entry in again.unexplained]
    print(f"  exactly the one that was planted: {_yes(found == [planted])}")
    pairs = [pair for pair in matched_pairs(ledger) if not pair.explained_by]
    print(f"Without the rules, equal cases decided otherwise: {len(pairs)}.")
    for pair in pairs:
        print(f"  entry {pair.other}: {pair.outcome_other}; entry {pair.one}, the same facts: {pair.outcome_one}")
    print()


def groups(ledger: Ledger, posts: list[dict[str, Any]], decisions: list[Decision]) -> None:
    """Show that the group alone changes nothing, and that looking for it raises no alarm."""
    moved = ({**one, "region": REGIONS[one["region"] == REGIONS[0]], "account": "account:x"} for one in posts)
    same = sum(RULES.decide(one, at=decision.at) == decision for one, decision in zip(moved, decisions, strict=True))
    print(f"From the other region, by another account: {same:,} of {POSTS:,} decisions are the same.")

    region = {one["account"]: one["region"] for one in posts}
    rows = list(records(ledger))

    def group(row: Dealt) -> str | None:
        return None if row.actor is None else region[row.actor]

    found = parity(rows, group=group, outcome="deviated")
    (compared,) = found.by_group
    print(f"Departures on record, {compared.group} against the others: {found.status.value.replace('_', ' ')}")
    print(
        f"  {compared.outcomes} of {compared.cases} cases, q = {compared.q:.2f}, "
        f"detectable from {100 * (compared.detectable or 1):.1f} percentage points"
    )
    print(f"  alarms: {len(found.disparities)}")


def post(number: int) -> dict[str, Any]:
    """Make up a post: the same one for the same number."""
    lots = hashlib.sha256(f"post {number}".encode()).digest()
    account = int.from_bytes(lots[:2]) % 4_000
    return {
        "links": lots[2] % 8 if lots[3] < 64 else 0,
        "reports": lots[4] % 10 if lots[5] < 48 else 0,
        "insult": lots[6] < 60,
        "account": f"account:{account}",
        "region": REGIONS[account % 5 == 0],
    }


def favour(decision: Decision) -> dict[str, Any]:
    """Leave out what was found, and keep everything else in order."""
    return {**decision.to_dict(), "outcome": "none", "findings": [], "measures": [], "absorbed": []}


def recorded(
    ledger: Ledger, posts: list[dict[str, Any]], decisions: list[Decision], hidden: dict[str, Any]
) -> dict[int, int]:
    """Record decisions and what followed; one case in twenty-five is departed from, with a reason.

    Returns:
        The entry of each decision.
    """
    values: list[tuple[int, Record]] = []
    for number, (one, decision) in enumerate(zip(posts, decisions, strict=True)):
        name, is_hidden = one["account"], number == FAVOURED
        value = hidden if is_hidden else decision
        values.append((number, Record(value=value, key=f"decision/{number}", subject=name)))
        if decision.measures and not is_hidden:
            values.append(
                (-1, Record(value=carried_out(decision, number, name), key=f"sanction/{number}", subject=name))
            )
    entries = {}
    for start in range(0, len(values), 1_000):
        part = values[start : start + 1_000]
        receipts = ledger.append_many([record for _, record in part])
        entries.update({number: receipt.seq for (number, _), receipt in zip(part, receipts, strict=True)})
    return entries


def carried_out(decision: Decision, number: int, name: str) -> Any:
    """Impose what follows, or depart from it on record."""
    lots = hashlib.sha256(f"reviewer {number}".encode()).digest()
    by, at = f"reviewer:{lots[0] % 6}", decision.at + 600 + int.from_bytes(lots[1:3])
    departure = Deviation(by=by, code=DeviationCode.REMEDIED, text="Taken down at once.", expires_at=at + 30 * 86_400)
    deviation = departure if lots[3] % 25 == 0 else None
    return LADDER.apply(decision, History(name), at=at, by=by, case=f"post:{number}", deviation=deviation)


def _yes(same: bool) -> str:  # noqa: FBT001 - a word for it
    return "yes" if same else "NO"


if __name__ == "__main__":
    main()
