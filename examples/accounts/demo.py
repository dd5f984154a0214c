"""Follows one account through Weibo's published credit rules and prints what its holder would be told."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import weibo

from platgov.accounts import CreditHistory

DAY = 86_400
START = 1_770_000_000  # 2026-02-02; an instant is an argument, so that the demo is the same every day


def main() -> None:
    """Record three decisions, an appeal that succeeds and a quiz, and look at the account in between."""
    history = CreditHistory()
    for number, (day, rule) in enumerate([(0, "false_information"), (1, "personal_attack"), (2, "spam")], 1):
        history = history.violation(f"d-{number}", rule=rule, at=START + day * DAY)
    history = history.task("quiz-1", code="quiz", at=START + 3 * DAY)
    history = history.overturn("d-1", at=START + 10 * DAY)
    for day in (0, 2, 3, 9, 10, 60):
        at = START + day * DAY
        score = weibo.CREDIT.score(history, at=at)
        grade = weibo.GRADES.grade(history, weibo.CREDIT, at=at)
        print(f"day {day:2}: {score.value} points, {grade.name}")
        for row in score.contributions:
            heals = "" if row.heals_at is None else f", healed on day {(row.heals_at - START) / DAY:.1f}"
            print(f"        {row.id} ({row.rule}): {float(row.remaining):.2f} of {row.points} points left{heals}")


if __name__ == "__main__":
    main()
