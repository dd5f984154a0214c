"""How does an account stand, and why? Conduct scores and grades that heal, explain and undo exactly.

A score is computed from decisions about conduct in one context, and from nothing else::

    credit = CreditPolicy(context="comments", start=120, floor=0, ceiling=120, weights={"spam.repeat": 5},
                          recovery=Drain(points=1, per_days=7), max_lifetime_days=730, max_single=40)
    history = CreditHistory().violation("d-881", rule="spam.repeat", at=then)
    credit.score(history, at=now)
"""

from platgov._accounts.credit import CreditPolicy, Escalation, RecoveryTask
from platgov._accounts.due_process import MisuseFacts, ReasonsDraft
from platgov._accounts.grade import Grade, HaveNeed, Transition
from platgov._accounts.grades import DwellFrom, GradePolicy, Lock, LockKind, Mode, Observation, Rung
from platgov._accounts.history import CreditHistory, Event, EventKind, Status
from platgov._accounts.kinds import Account, AccountKind, AccountPolicies, KindPolicy, Standing
from platgov._accounts.recovery import Drain, Fade
from platgov._accounts.score import Contribution, Score
from platgov._accounts.snapshot import Snapshot
from platgov._accounts.timeline import Cause

__all__ = [
    "Account",
    "AccountKind",
    "AccountPolicies",
    "Cause",
    "Contribution",
    "CreditHistory",
    "CreditPolicy",
    "Drain",
    "DwellFrom",
    "Escalation",
    "Event",
    "EventKind",
    "Fade",
    "Grade",
    "GradePolicy",
    "HaveNeed",
    "KindPolicy",
    "Lock",
    "LockKind",
    "MisuseFacts",
    "Mode",
    "Observation",
    "ReasonsDraft",
    "RecoveryTask",
    "Rung",
    "Score",
    "Snapshot",
    "Standing",
    "Status",
    "Transition",
]
