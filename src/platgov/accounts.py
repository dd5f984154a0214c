"""How does an account stand, and why? Scores, grades, registration, credentials, and accounts that need attention.

A score is computed from decisions about conduct in one context, and from nothing else::

    credit = CreditPolicy(context="comments", start=120, floor=0, ceiling=120, weights={"spam.repeat": 5},
                          recovery=Drain(points=1, per_days=7), max_lifetime_days=730, max_single=40)
    history = CreditHistory().violation("d-881", rule="spam.repeat", at=then)
    credit.score(history, at=now)
"""

from platgov._accounts.avatars import Avatar, AvatarHit, AvatarIndex
from platgov._accounts.clusters import (
    Cluster,
    ClusterEvidence,
    ClusterPolicy,
    ClusterReport,
    Registration,
    registration_clusters,
)
from platgov._accounts.credentials import (
    Credential,
    CredentialNotice,
    CredentialPolicy,
    CredentialRequirement,
    CredentialStage,
    CredentialState,
    CredentialVerdict,
    uscc_check_digit,
    uscc_problems,
)
from platgov._accounts.credit import CreditPolicy, Escalation, RecoveryTask
from platgov._accounts.dormancy import (
    Activity,
    Clearing,
    DormancyAction,
    DormancyPlan,
    DormancyPolicy,
    DormancyStage,
    DormancyVerdict,
    ExemptFor,
    Exemption,
)
from platgov._accounts.due_process import MisuseFacts, ReasonsDraft
from platgov._accounts.entity import EntityMatch, EntityOutcome, EntityToken, EntityWords, entity_match
from platgov._accounts.grade import Grade, HaveNeed, Transition
from platgov._accounts.grades import DwellFrom, GradePolicy, Lock, LockKind, Mode, Observation, Rung
from platgov._accounts.groups import Group, GroupPolicy, GroupStage, GroupVerdict, Responsible, SizeStep, group_loads
from platgov._accounts.history import CreditHistory, Event, EventKind, Status
from platgov._accounts.kinds import Account, AccountKind, AccountPolicies, KindPolicy, Standing
from platgov._accounts.recovery import Drain, Fade
from platgov._accounts.registration import (
    Application,
    Attestation,
    CheckResult,
    IdentityLevel,
    Occasion,
    RefusedSignUp,
    RegistrationOutcome,
    RegistrationPolicy,
    RegistrationVerdict,
    run_checks,
)
from platgov._accounts.score import Contribution, Score
from platgov._accounts.scorecard import (
    Direction,
    FitFigure,
    FittedScorecard,
    LabelledRow,
    PointsOf,
    Scorecard,
    ShellScore,
    fit_scorecard,
)
from platgov._accounts.snapshot import Snapshot
from platgov._accounts.timeline import Cause
from platgov._accounts.watch import Renewal, WatchEntry, WatchList, WatchPolicy, WatchState, WatchVerdict
from platgov._names.policy import NamePolicy
from platgov._names.protected import ProtectedNames

__all__ = [
    "Account",
    "AccountKind",
    "AccountPolicies",
    "Activity",
    "Application",
    "Attestation",
    "Avatar",
    "AvatarHit",
    "AvatarIndex",
    "Cause",
    "CheckResult",
    "Clearing",
    "Cluster",
    "ClusterEvidence",
    "ClusterPolicy",
    "ClusterReport",
    "Contribution",
    "Credential",
    "CredentialNotice",
    "CredentialPolicy",
    "CredentialRequirement",
    "CredentialStage",
    "CredentialState",
    "CredentialVerdict",
    "CreditHistory",
    "CreditPolicy",
    "Direction",
    "DormancyAction",
    "DormancyPlan",
    "DormancyPolicy",
    "DormancyStage",
    "DormancyVerdict",
    "Drain",
    "DwellFrom",
    "EntityMatch",
    "EntityOutcome",
    "EntityToken",
    "EntityWords",
    "Escalation",
    "Event",
    "EventKind",
    "ExemptFor",
    "Exemption",
    "Fade",
    "FitFigure",
    "FittedScorecard",
    "Grade",
    "GradePolicy",
    "Group",
    "GroupPolicy",
    "GroupStage",
    "GroupVerdict",
    "HaveNeed",
    "IdentityLevel",
    "KindPolicy",
    "LabelledRow",
    "Lock",
    "LockKind",
    "MisuseFacts",
    "Mode",
    "NamePolicy",
    "Observation",
    "Occasion",
    "PointsOf",
    "ProtectedNames",
    "ReasonsDraft",
    "RecoveryTask",
    "RefusedSignUp",
    "Registration",
    "RegistrationOutcome",
    "RegistrationPolicy",
    "RegistrationVerdict",
    "Renewal",
    "Responsible",
    "Rung",
    "Score",
    "Scorecard",
    "ShellScore",
    "SizeStep",
    "Snapshot",
    "Standing",
    "Status",
    "Transition",
    "WatchEntry",
    "WatchList",
    "WatchPolicy",
    "WatchState",
    "WatchVerdict",
    "entity_match",
    "fit_scorecard",
    "group_loads",
    "registration_clusters",
    "run_checks",
    "uscc_check_digit",
    "uscc_problems",
]
