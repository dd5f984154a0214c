"""When does a rule apply? One condition, three ways to write it, one meaning.

Python (``F.links > 3``), CEL text (``links > 3``) and JSON give the same immutable tree, with
the same digest. Evaluation is three-valued: what the facts do not decide is `UNKNOWN`.
"""

from platgov._conditions.build import F, Facts, Term
from platgov._conditions.condition import Condition, parse
from platgov._conditions.engine import ConditionSet
from platgov._conditions.values import UNKNOWN, Duration, Timestamp, UInt, Unknown

__all__ = [
    "UNKNOWN",
    "Condition",
    "ConditionSet",
    "Duration",
    "F",
    "Facts",
    "Term",
    "Timestamp",
    "UInt",
    "Unknown",
    "parse",
]
