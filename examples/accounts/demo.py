"""One account loses a grade and regains it, twice, with dates: by time alone, and by an appeal.

The rules are Weibo's published ones; the instants are arguments, so the demo prints the same every day.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import weibo

from platgov.accounts import CreditHistory

DAY = 86_400
START = 1_770_000_000  # 2026-02-02


def date(at: int | None) -> str:
    """Write an instant as a date."""
    return "never" if at is None else dt.datetime.fromtimestamp(at, dt.UTC).date().isoformat()


def look(history: CreditHistory, day: int) -> None:
    """Print what the holder of the account would be told on a day."""
    at = START + day * DAY
    score = weibo.CREDIT.score(history, at=at)
    grade = weibo.GRADES.grade(history, weibo.CREDIT, at=at)
    then = "" if grade.next_change is None else f"; {grade.next_name} again on {date(grade.next_change)}"
    print(f"{date(at)}  {score.value} points, {grade.name}{then}")
    for row in score.contributions:
        print(
            f"            {row.id}, {row.rule}: {float(row.remaining):.2f} of {row.points}, healed {date(row.heals_at)}"
        )


def changes(history: CreditHistory, day: int) -> None:
    """Print every change of grade up to a day."""
    transitions = weibo.GRADES.grade(history, weibo.CREDIT, at=START + day * DAY).transitions
    if not transitions:
        print("            none: the grade was never lost")
    for change in transitions:
        causes = f" ({', '.join(change.events)})" if change.events else ""
        print(f"            {date(change.at)}: {change.before} -> {change.after}, {change.cause.value}{causes}")


def main() -> None:
    """Record three decisions and tell their story as it goes on without an appeal and with one."""
    history = CreditHistory()
    for number, (day, rule) in enumerate([(0, "false_information"), (1, "personal_attack"), (2, "spam")], 1):
        history = history.violation(f"d-{number}", rule=rule, at=START + day * DAY)

    print("Nobody appeals: time alone gives the grade back")
    for day in (0, 2, 49, 120):
        look(history, day)
    print("  changes of grade")
    changes(history, 120)

    print("\nd-1 is appealed, and overturned after ten days: it never happened")
    history = history.hold("d-1", at=START + 5 * DAY).overturn("d-1", at=START + 10 * DAY)
    for day in (2, 5, 10):
        look(history, day)
    print("  changes of grade, as told on day 10")
    changes(history, 10)


if __name__ == "__main__":
    main()
