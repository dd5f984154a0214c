"""Does a rule apply to this event, and what follows? The same for everyone, with the reason.

A `RuleSet` holds rules over declared facts; `RuleSet.decide` evaluates all of them and gives
a `Decision`: a frozen value with canonical bytes, every finding, what follows, and what the
facts leave open.
"""

from platgov._conditions.reasons import Change
from platgov._rules.decision import Absorbed, Decision, Defeated, Outcome, Undetermined
from platgov._rules.explain import Counterfactual, Reason
from platgov._rules.rule import ConditionRule, Finding, Grant, Rule
from platgov._rules.rulebook import Rulebook
from platgov._rules.ruleset import SEMANTICS, RuleSet

__all__ = [
    "SEMANTICS",
    "Absorbed",
    "Change",
    "ConditionRule",
    "Counterfactual",
    "Decision",
    "Defeated",
    "Finding",
    "Grant",
    "Outcome",
    "Reason",
    "Rule",
    "RuleSet",
    "Rulebook",
    "Undetermined",
]
