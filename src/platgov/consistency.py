"""Are rules what they seem: does each one matter, does nobody's identity, and what does an edit change?

`analyse` looks for defects, `diff` compares two editions by what they decide, `independent_of`,
`monotone` and `gap` answer one question each, and `witness_suite` gives the events that pin a
rule set down. No solver is needed: conditions compare facts with constants, so finitely many
kinds of events can be told apart, and a search over these is exact.

An answer is ``proved`` for every event there can be: facts may be missing, null or of the wrong
type, and measures, exceptions and undetermined outcomes count as `platgov.rules` defines them.
What is shown by an example was decided by the rule set itself.

What it cannot do:

- Patterns, arithmetic on facts, comparisons of two facts, macros over lists, parts of dates and
  rules in Python are not seen into. What follows whatever they say is still proved; what
  depends on them is proved only if a real event shows it, and ``unknown`` otherwise. So a rule
  whose arithmetic can never work out is not found.
- Of terms looked for in one text, only simple relations are known (one inside another, one
  beginning against another). Facts that exclude each other in your data, such as a reply
  without a thread, do not exclude each other here.
- The question is hard in general. Each one has a budget; past it the answer is ``unknown``,
  never ``proved``.
- It says nothing about whether a rule is right, or whom it hits in practice.

"""

from platgov._consistency.agreement import Agreement, AgreementStatus, agreement, cohen, fleiss, krippendorff
from platgov._consistency.answers import Answer, Diff, Example, Report, Severity, Status
from platgov._consistency.breaker import Breaker, holds
from platgov._consistency.checks import analyse
from platgov._consistency.compare import diff
from platgov._consistency.counting import Completeness, ControlSample, Coverage, completeness, control_sample
from platgov._consistency.duties import FourEyes, Parties, Reading, conflicts, recusal
from platgov._consistency.impact import Changed, Impact, impact
from platgov._consistency.monitor import Monitor, first_of
from platgov._consistency.pairs import Pair, matched_pairs
from platgov._consistency.parity import GroupParity, Parity, ParityStatus, RuleParity, parity
from platgov._consistency.power import minimum_detectable
from platgov._consistency.precedents import Guidance, Precedent, Ruled, atoms_of, nearest, rule_on
from platgov._consistency.quality import Quality, QualityStatus, quality
from platgov._consistency.questions import gap, independent_of, monotone
from platgov._consistency.records import Dealt, records
from platgov._consistency.replaying import Replay, Replayed, ReplayStatus, replay
from platgov._consistency.reviewers import Reviewer, Reviewers, reviewers
from platgov._consistency.rollout import Emergency, Shadow, Stages, announced, shadow
from platgov._consistency.suite import Case, witness_suite
from platgov._consistency.waits import GroupWait, WaitParity, wait_parity

__all__ = [
    "Agreement",
    "AgreementStatus",
    "Answer",
    "Breaker",
    "Case",
    "Changed",
    "Completeness",
    "ControlSample",
    "Coverage",
    "Dealt",
    "Diff",
    "Emergency",
    "Example",
    "FourEyes",
    "GroupParity",
    "GroupWait",
    "Guidance",
    "Impact",
    "Monitor",
    "Pair",
    "Parity",
    "ParityStatus",
    "Parties",
    "Precedent",
    "Quality",
    "QualityStatus",
    "Reading",
    "Replay",
    "ReplayStatus",
    "Replayed",
    "Report",
    "Reviewer",
    "Reviewers",
    "RuleParity",
    "Ruled",
    "Severity",
    "Shadow",
    "Stages",
    "Status",
    "WaitParity",
    "agreement",
    "analyse",
    "announced",
    "atoms_of",
    "cohen",
    "completeness",
    "conflicts",
    "control_sample",
    "diff",
    "first_of",
    "fleiss",
    "gap",
    "holds",
    "impact",
    "independent_of",
    "krippendorff",
    "matched_pairs",
    "minimum_detectable",
    "monotone",
    "nearest",
    "parity",
    "quality",
    "records",
    "recusal",
    "replay",
    "reviewers",
    "rule_on",
    "shadow",
    "wait_parity",
    "witness_suite",
]
