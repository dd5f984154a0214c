"""One account, three decisions, one mistake: what follows, how it is undone, and how anyone can check it.

Run it with ``make demo``, after the comments. It uses their rules, keeps its ledger in a
temporary folder, and prints the same every day: every instant is an argument.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from platgov.enforcement import Actor, Appeal, AppealOutcome, History, Ladder, Sanction, StatementOfReasons, Step
from platgov.errors import VerificationError
from platgov.ledger import Checkpoint, Ledger, Record
from platgov.measures import Authority, SuspendAccount, SuspendFeature, Warn
from platgov.rules import Decision, RuleSet

COMMENTS = Path(__file__).parents[1] / "comments"
sys.path.insert(0, str(COMMENTS))

from adapter import facts_of  # noqa: E402 - the adapter stands beside the comments

DAY = 86_400
START = 1_770_000_000  # 2026-02-02
ACCOUNT = "account:kim"
MODERATOR = Actor(id="moderator:3")
SENIOR = Actor(id="moderator:1", authority=Authority.SENIOR)

LADDER = Ladder(
    id="comments",
    version="2026.1",
    steps=[
        Step(min_strikes=1, measure=Warn()),
        Step(min_strikes=2, measure=SuspendFeature(feature="comments", days=7)),
        Step(min_strikes=3, measure=SuspendAccount(days=30, authority=Authority.REVIEWER)),
    ],
)

POSTED = [
    (0, "m1", "Free gift card codes here: http://gifts.example.com/a?r=17 click now"),
    (10, "m2", "All of it goes to her hospital. Please donate, I just did."),
    (20, "m3", "Make money from home, $900 per day, click my name"),
]


def main() -> None:
    """Tell the story, and check its record."""
    rules = RuleSet.load(COMMENTS / "rules.toml")
    print("One account and its record\n")
    decisions = {case: rules.decide(facts_of({"text": text}), at=START + day * DAY) for day, case, text in POSTED}
    history = climb(decisions)
    restored = appeal(history, decisions)
    state_reasons(restored, decisions["m3"])
    with tempfile.TemporaryDirectory() as folder:
        keep(Path(folder), records(restored, decisions), restored)
        forge(Path(folder), records(restored, {**decisions, "m1": rules.decide(facts_of({"text": "Hi"}), at=START)}))


def climb(decisions: dict[str, Decision]) -> History:
    """Apply the ladder to every decision in turn."""
    history = History(ACCOUNT)
    for day, case, text in POSTED:
        # The third step takes a person: without `by`, the engine may impose only what is automatic.
        sanction = LADDER.apply(decisions[case], history, at=START + day * DAY, by=MODERATOR, case=case)
        history = history.add(sanction)
        print(f"day {day:2}  {text!r}")
        print(f"        {', '.join(map(str, sanction.measures))}")
        for line in sanction.why.lines():
            print(f"        - {line}")
    print()
    return history


def appeal(history: History, decisions: dict[str, Decision]) -> History:
    """Appeal against the second sanction, which was a mistake, and see it undone with all that leaned on it."""
    filed_at, ruled_at = START + 21 * DAY, START + 22 * DAY
    mistake = next(one for one in history.events if isinstance(one, Sanction) and one.case == "m2")
    filed = Appeal.file(history, mistake.id, at=filed_at, by=ACCOUNT, text="That is a hospital, not an offer.")
    history = history.add(filed)
    ruling = filed.decide(
        history, AppealOutcome.OVERTURNED, by=SENIOR, at=ruled_at, reason="Asking for a charity is no offer of money."
    )
    restored = history.add(ruling)
    print(f"day 21  appeal against the second: {filed.text!r}")
    print(f"day 22  {ruling.outcome.value} by {ruling.by.id}: {ruling.reason}")
    for change in restored.changes(at=ruled_at):
        case = restored.sanction(change.sanction_id).case
        print(f"        {case} was {_words(change.told)}; it is now {_words(change.now)} ({change.why})")

    never = History(ACCOUNT)
    for day, case, _ in POSTED:
        if case != "m2":
            never = never.add(LADDER.apply(decisions[case], never, at=START + day * DAY, by=MODERATOR, case=case))
    same = all(restored.state(at=at) == never.state(at=at) for at in range(ruled_at, START + 200 * DAY, DAY))
    print(f"        the same, on every day from then on, as had it never been decided: {_yes(same)}")
    print(f"        strikes: {history.strikes(at=ruled_at)} before the ruling, {restored.strikes(at=ruled_at)} after\n")
    return restored


def state_reasons(history: History, decision: Decision) -> None:
    """Tell the person and the public register why."""
    sanction = next(one for one in history.events if isinstance(one, Sanction) and one.case == "m3")
    statement = StatementOfReasons.of(decision, sanction, history=history, at=START + 22 * DAY)
    payload = statement.to_dsa()
    print("For the public register (DSA Transparency Database):")
    print(json.dumps(payload, indent=2, ensure_ascii=False))
    print(f"violations of its schema: {len(StatementOfReasons.validate_dsa(payload))}\n")
    for language in ("en", "zh"):
        print(f"For the person, in {language}:\n")
        print("\n".join(f"    {line}".rstrip() for line in statement.to_notice(language).splitlines()) + "\n")


def keep(folder: Path, made: list[Record], history: History) -> None:
    """Record everything, and keep a checkpoint of it elsewhere."""
    print("The ledger:")
    with Ledger.open(folder / "governance.db", origin="example.org/comments") as ledger:
        ledger.append_many(made)
        (folder / "checkpoint").write_text(ledger.checkpoint().text, encoding="utf-8")
        events = [entry.body for entry in ledger.entries(subject=ACCOUNT) if entry.kind != "decision"]
    print(f"  {len(made)} entries; against the checkpoint: {check(folder, 'governance.db')}")
    written = {"kind": "history", "schema": 1, "subject": ACCOUNT, "events": events}
    print(
        f"  the history read back from it is the same: {_yes(History.from_dict(written, ladders=[LADDER]) == history)}"
    )


def forge(folder: Path, others: list[Record]) -> None:
    """Let somebody change what is recorded: clumsily, and then as well as it can be done."""
    shutil.copy(folder / "governance.db", folder / "edited.db")
    with closing(sqlite3.connect(folder / "edited.db")) as connection, connection:
        (body,) = connection.execute("SELECT body FROM platgov_entries WHERE seq = 2").fetchone()
        changed = body.replace(b"spam.money", b"spam.links")
        connection.execute("UPDATE platgov_entries SET body = ? WHERE seq = 2", (changed,))
    print(f"  a copy with one word changed: {check(folder, 'edited.db')}")
    with Ledger.open(folder / "anew.db", origin="example.org/comments") as ledger:
        ledger.append_many(others)
        print(f"  all of it written anew, one decision another: {ledger.verify().size} entries that fit together;")
    print(f"    against the checkpoint: {check(folder, 'anew.db')}")


def records(history: History, decisions: dict[str, Decision]) -> list[Record]:
    """Give what is recorded: decisions and what followed, each under a key of its own."""
    made = [Record(value=decision, key=f"decision/{case}", subject=ACCOUNT) for case, decision in decisions.items()]
    for event in history.events:
        if isinstance(event, Sanction):
            made.append(Record(value=event, key=f"sanction/{event.case}", subject=ACCOUNT))
        else:
            made.append(Record(value=event.to_dict(), key=f"{event.kind}/{event.id}", subject=ACCOUNT))
    return made


def check(folder: Path, name: str) -> str:
    """Verify a ledger against the kept checkpoint; say what is found."""
    kept = Checkpoint.parse((folder / "checkpoint").read_text(encoding="utf-8"))
    try:
        with Ledger.open(folder / name, read_only=True) as ledger:
            ledger.verify([kept])
    except VerificationError as fault:
        return f"caught: {fault}"
    return "all is as it was"


def _words(measures: tuple[object, ...]) -> str:
    return ", ".join(map(str, measures)) or "nothing"


def _yes(same: bool) -> str:  # noqa: FBT001 - a word for it
    return "yes" if same else "NO"


if __name__ == "__main__":
    main()
