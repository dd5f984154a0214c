"""Bilibili's old "integrity" points: at most 70 by healing alone, one point a day, tables of deductions.

Levels above 70 were gifts that a score of conduct has no room for: good deeds are not stored
up here. So the scale starts at 70. Under 60 comments, live comments and messages were lost,
under 30 half of the account.

Source: secondary, xldzh.cn/94813; the scheme is no longer in use.
"""

from __future__ import annotations

from platgov.accounts import CreditPolicy, Drain, GradePolicy, Rung

CREDIT = CreditPolicy(
    context="community",
    version="old",
    start=70,
    floor=0,
    ceiling=70,
    weights={"duplicate": 2, "advertising": 10, "flame": 10, "pornography": 20, "attack": 20, "spoiler": 20},
    recovery=Drain(points=1, per_days=1),
    max_lifetime_days=365,
    max_single=20,
)

GRADES = GradePolicy(
    context="community",
    version="old",
    rungs=[
        Rung(name="half_suspended", suspends=True, needs_human=True),
        Rung(name="silent", promote_at=30, demote_below=30, warns=True, grace_days=1),
        Rung(
            name="full",
            promote_at=60,
            demote_below=60,
            grants=("community.comment", "community.live_comment", "community.message"),
        ),
    ],
)
