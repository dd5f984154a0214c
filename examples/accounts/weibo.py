"""Weibo's published credit score: it starts at 120, and heals one point in seven days, in a queue.

Weibo only counts days with a public post towards healing. That rule is not copied: it pushes
people to post in order to heal. Points of the single rules are an example of a host's own
table; start, thresholds, healing and the weekly cap on rewards are published.

Source: kefu.weibo.com, "credit score" help page of 2024-11-05.
"""

from __future__ import annotations

from platgov.accounts import CreditPolicy, Drain, GradePolicy, RecoveryTask, Rung

CREDIT = CreditPolicy(
    context="posts",
    version="2024-11-05",
    start=120,
    floor=0,
    ceiling=120,
    weights={"false_information": 10, "personal_attack": 5, "spam": 2},
    recovery=Drain(points=1, per_days=7),
    max_lifetime_days=3 * 365,
    max_single=40,
    tasks={"quiz": RecoveryTask(points=2, max_points=2, per_days=7)},
)

GRADES = GradePolicy(
    context="posts",
    version="2024-11-05",
    rungs=[
        Rung(name="muted", suspends=True, needs_human=True),
        # Published thresholds: 60, 70, 80, 90 and 110. The warning of a day before silence is ours.
        Rung(name="low", promote_at=1, demote_below=1, warns=True, grace_days=1),
        Rung(name="below_70", promote_at=60, demote_below=60),
        Rung(name="below_80", promote_at=70, demote_below=70),
        Rung(name="below_90", promote_at=80, demote_below=80),
        Rung(name="below_110", promote_at=90, demote_below=90),
        Rung(name="full", promote_at=110, demote_below=110, grants=("posts.recommended",)),
    ],
)
