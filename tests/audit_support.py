"""A ledger with something of everything that an audit looks at."""

import csv
import random

from platgov.consistency import FourEyes
from platgov.enforcement import Actor, Appeal, AppealOutcome, Deviation, DeviationCode, History, Ladder
from platgov.ledger import Ledger, Record
from platgov.measures import Authority
from platgov.rules import RuleSet

T0, DAY = 1_770_000_000, 86_400
RULES = """id = "community"
version = "2026.1"
[facts]
links = { type = "int", ge = 0 }
rude = "bool"
score = { type = "int", ge = 0, le = 100 }
[[rules]]
id = "spam.links"
clause = "4.2"
when = "links > 3"
measures = [{ measure = "limit_visibility", days = 3 }]
[[rules]]
id = "abuse.insult"
clause = "5"
when = "rude"
measures = [{ measure = "suspend_account", days = 2 }]
[[rules]]
id = "spam.score"
clause = "4.1"
when = "score >= 80"
measures = ["remove"]
"""


def build(folder, size, *, favour, seed=7, lose=()):
    """Write rules.toml, groups.csv and book.db: decisions, sanctions, departures, readings, appeals.

    Args:
        folder: Where.
        size: How many decisions.
        favour: How much likelier a departure is for the group ``south``.
        seed: Of the lots.
        lose: Cases of which no sanction is recorded.
    """
    (folder / "rules.toml").write_text(RULES, encoding="utf-8")
    rules, ladder = RuleSet.load(folder / "rules.toml"), Ladder(id="plain", version="1", steps=[])
    lots, records, groups = random.Random(seed), [], {}
    for number in range(size):
        subject = f"u{lots.randrange(size // 3 + 1)}"
        group = groups.setdefault(subject, "south" if lots.random() < 0.25 else "north")
        event = {"links": lots.randrange(6), "rude": lots.random() < 0.2, "score": lots.randrange(101)}
        at = T0 + number * 1800
        decision = rules.decide(event, at=at)
        records.append(Record(value=decision, key=f"d{number}", subject=subject))
        case, by, departs = f"c{number}", f"mod:{lots.randrange(6)}", lots.random() < 0.04 + favour * (group == "south")
        waited, is_read, truth = int(lots.expovariate(1 / 7200)), lots.random() < 0.2, lots.random() < 0.6
        appeals, upholds = lots.random() < 0.1, lots.random() < 0.2
        if not decision.measures or case in lose:
            continue
        deviation = Deviation(by=by, code=DeviationCode.HARDSHIP, text="A hard case.", expires_at=at + 30 * DAY)
        sanction = ladder.apply(
            decision, History(subject), at=at + 60 + waited, by=by, deviation=deviation if departs else None, case=case
        )
        records.append(Record(value=sanction, key=f"s{number}", subject=subject))
        if is_read:
            records.append(Record(value=read(case, truth, lots, at), key=f"f{number}"))
        if appeals and not departs:
            history = History(subject).add(sanction)
            appeal = Appeal.file(history, sanction.id, at=sanction.at + DAY, by=subject, text="No.")
            outcome = AppealOutcome.OVERTURNED if upholds else AppealOutcome.UPHELD
            senior = Actor(id="senior:1", authority=Authority.SENIOR)
            ruling = appeal.decide(
                history.add(appeal), outcome, by=senior, at=sanction.at + 3 * DAY, reason="Looked again."
            )
            records.append(Record(value=appeal.to_dict(), key=f"a{number}", subject=subject))
            records.append(Record(value=ruling.to_dict(), key=f"r{number}", subject=subject))
    with Ledger.open(folder / "book.db", origin="example.org/test") as ledger:
        for start in range(0, len(records), 1000):
            ledger.append_many(records[start : start + 1000])
    with (folder / "groups.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("subject", "region"))
        writer.writerows(sorted(groups.items()))


def read(case, truth, lots, at):
    """Let two people read a case, and a third where they differ."""
    answers = [truth if lots.random() < 0.93 else not truth for _ in range(3)]
    eyes = FourEyes(case=case)
    for place, answer in enumerate(answers):
        if eyes.needs:
            eyes = eyes.read(by=f"reader:{place}", answer="remove" if answer else "keep", at=at)
    return eyes.to_dict()
