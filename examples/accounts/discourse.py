"""The trust levels of Discourse, levels 0 to 3, as a ladder whose requirements read what members did.

Figures are the defaults of Discourse's site settings. Its daily job and its manual clearing of
penalties are not needed here: crossings are computed, and an overturned penalty never happened.

Source: discourse/discourse, `config/site_settings.yml` and `trust_level3_requirements.rb`.
"""

from __future__ import annotations

from platgov.accounts import CreditPolicy, Fade, GradePolicy, Mode, Rung

PENALTIES = CreditPolicy(
    context="forum",
    version="discourse-defaults",
    start=1,
    floor=0,
    ceiling=1,
    weights={"silenced": 1, "suspended": 1},
    recovery=Fade(shape="step"),
    max_lifetime_days=183,
    max_single=1,
)
"""Level 3 allows no silence and no suspension: the one point is lost. For half a year, in this example."""

LEVEL_1 = "topics_entered >= 5 && posts_read >= 30 && minutes_read >= 10"
LEVEL_2 = (
    "topics_entered >= 20 && posts_read >= 100 && minutes_read >= 60 && days_visited >= 15 "
    "&& likes_given >= 1 && likes_received >= 1 && topics_replied_to >= 3"
)
# Levels 1 and 2 are never lost. Level 3 is kept down to 90 % of what varies, for two weeks at least.
# Reaching it asks for the whole. What does not vary (flags, all-time figures) has no such band.
LEVEL_3_KEPT = (
    "period.days_visited >= 45 && period.topics_replied_to >= 9 && period.topics_viewed_percent >= 22.5 "
    "&& period.posts_read_percent >= 22.5 && all_time.topics_viewed >= 200 && all_time.posts_read >= 500 "
    "&& period.flagged_posts <= 5 && period.flagged_by_users <= 5 && period.likes_given >= 27 "
    "&& period.likes_received >= 18 && period.likes_received_users >= 5 && period.likes_received_days >= 7"
)
LEVEL_3 = (
    "period.days_visited >= 50 && period.topics_replied_to >= 10 && period.topics_viewed_percent >= 25 "
    "&& period.posts_read_percent >= 25 && all_time.topics_viewed >= 200 && all_time.posts_read >= 500 "
    "&& period.flagged_posts <= 5 && period.flagged_by_users <= 5 && period.likes_given >= 30 "
    "&& period.likes_received >= 20 && period.likes_received_users >= 5 && period.likes_received_days >= 7"
)

TRUST = GradePolicy(
    version="discourse-defaults",
    context="forum",
    rungs=[
        Rung(name="tl0"),
        Rung(name="tl1", requires=LEVEL_1, mode=Mode.ONCE, grants=("forum.message", "forum.image")),
        Rung(name="tl2", requires=LEVEL_2, mode=Mode.ONCE, grants=("forum.invite", "forum.group_message")),
        Rung(
            name="tl3",
            promote_at=1,
            demote_below=1,
            requires=f"{LEVEL_3} || (holds_tl3 && {LEVEL_3_KEPT})",
            grace_days=14,
            grants=("forum.recategorise", "forum.rename"),
        ),
    ],
)
"""`holds_tl3` is a fact of the host: whether the member holds level 3 at the observation."""
