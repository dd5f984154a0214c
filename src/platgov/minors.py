"""May this child use this now, why not, until when, and what next?

A `YouthPolicy` is data: bands by age, each with hours, quotas, breaks, features and spending
caps. Policies of the law, the platform and the guardian are compiled together to a `Plan`; the
strictest limit wins, and a `Grant` loosens one only where the limit itself allows it.
`Plan.check` never raises, and what it cannot know ends in no.
"""

from platgov._minors import presets
from platgov._minors.age import AgeRule, Born, DobEvidence, Level, age_at, attained_at, attained_on, band_edges, born
from platgov._minors.charging import SpendCap
from platgov._minors.grants import Grant, Minor, Move, Refusal, Request
from platgov._minors.payloads import Reading, from_apple, from_play
from platgov._minors.picture import week_svg, week_text
from platgov._minors.plan import Plan
from platgov._minors.policy import (
    EMERGENCY,
    Access,
    Band,
    BreakRule,
    Counting,
    Feature,
    Hours,
    Layer,
    Per,
    Quota,
    UnknownAge,
    YouthPolicy,
)
from platgov._minors.spend_store import SpendStore
from platgov._minors.spending import Spending, SpendVerdict
from platgov._minors.timeline import Notice, Stretch
from platgov._minors.usage import Cell, Flag, Lane, Session, Usage
from platgov._minors.verdict import Advice, Reason, Verdict
from platgov.schedules import Window

__all__ = [
    "EMERGENCY",
    "Access",
    "Advice",
    "AgeRule",
    "Band",
    "Born",
    "BreakRule",
    "Cell",
    "Counting",
    "DobEvidence",
    "Feature",
    "Flag",
    "Grant",
    "Hours",
    "Lane",
    "Layer",
    "Level",
    "Minor",
    "Move",
    "Notice",
    "Per",
    "Plan",
    "Quota",
    "Reading",
    "Reason",
    "Refusal",
    "Request",
    "Session",
    "SpendCap",
    "SpendStore",
    "SpendVerdict",
    "Spending",
    "Stretch",
    "UnknownAge",
    "Usage",
    "Verdict",
    "Window",
    "YouthPolicy",
    "age_at",
    "attained_at",
    "attained_on",
    "band_edges",
    "born",
    "from_apple",
    "from_play",
    "presets",
    "week_svg",
    "week_text",
]
