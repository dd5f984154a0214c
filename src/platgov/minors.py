"""May this child use this now, why not, until when, and what next?

A `YouthPolicy` is data: bands by age, each with hours, quotas, breaks, features and spending
caps. Policies of the law, the platform and the guardian are compiled together to a `Plan`; the
strictest limit wins, and a `Grant` loosens one only where the limit itself allows it.
`Plan.check` never raises, and what it cannot know ends in no. `ContentPlan` asks the same about
pieces of content: ratings, pools, and what rules found.
"""

from platgov._minors import presets
from platgov._minors.age import AgeRule, Born, DobEvidence, Level, age_at, attained_at, attained_on, band_edges, born
from platgov._minors.charging import BindingCap, Charge, ChargeState, Refund, SpendCap, Use
from platgov._minors.content import UNRATED, ContentPlan, ContentVerdict, Seen
from platgov._minors.grants import Grant, Minor, Move, Refusal, Request
from platgov._minors.items import Decided, Examined, Found, Item, RatingSystem, RulePack, about, age_pools, outside
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
from platgov._minors.purse import explain_spending, spend_reason
from platgov._minors.spend_store import SpendStore
from platgov._minors.spending import Spending, SpendVerdict
from platgov._minors.timeline import Notice, Stretch
from platgov._minors.usage import Cell, Flag, Lane, Session, Usage
from platgov._minors.usage_store import UsageStore
from platgov._minors.verdict import Advice, Reason, Verdict
from platgov.schedules import Window

__all__ = [
    "EMERGENCY",
    "UNRATED",
    "Access",
    "Advice",
    "AgeRule",
    "Band",
    "BindingCap",
    "Born",
    "BreakRule",
    "Cell",
    "Charge",
    "ChargeState",
    "ContentPlan",
    "ContentVerdict",
    "Counting",
    "Decided",
    "DobEvidence",
    "Examined",
    "Feature",
    "Flag",
    "Found",
    "Grant",
    "Hours",
    "Item",
    "Lane",
    "Layer",
    "Level",
    "Minor",
    "Move",
    "Notice",
    "Per",
    "Plan",
    "Quota",
    "RatingSystem",
    "Reading",
    "Reason",
    "Refund",
    "Refusal",
    "Request",
    "RulePack",
    "Seen",
    "Session",
    "SpendCap",
    "SpendStore",
    "SpendVerdict",
    "Spending",
    "Stretch",
    "UnknownAge",
    "Usage",
    "UsageStore",
    "Use",
    "Verdict",
    "Window",
    "YouthPolicy",
    "about",
    "age_at",
    "age_pools",
    "attained_at",
    "attained_on",
    "band_edges",
    "born",
    "explain_spending",
    "from_apple",
    "from_play",
    "outside",
    "presets",
    "spend_reason",
    "week_svg",
    "week_text",
]
