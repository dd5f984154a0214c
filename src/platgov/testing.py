"""Do rules treat everyone alike? Proof where there is one, trial by many events where there is none.

`assert_consistent` is for rule sets, and for the function that a host decides with by them;
`check_rules` for functions and rules in Python that cannot be seen into. Both say of each
property whether it was proved, sampled or left open, and fail with a `ConsistencyError` that
shows the smallest event that breaks it. `events`, `event_pairs` and `strategies` are for
property tests of one's own, `GoldenTable` for people who read no code, `mutation_score` for
how much a suite of events would notice.

Needs the extra ``testing`` (``pip install platgov[testing]``); nothing else imports it. The
package also brings a pytest plugin with the fixtures ``consistent``, ``checked_rules`` and
``golden``.

What it cannot do:

- What was sampled may still be broken by an event that was not tried.
- A rule that reads a clock, a random source or the network in a library written in C, past
  Python's own functions, is noticed only if its answers differ.
- It does not say whether a rule is right, only whether it is the same for everybody.
"""

try:
    import hypothesis  # noqa: F401 - asked for here, so that the error says what to install
    import pytest  # noqa: F401
except ImportError as error:
    raise ImportError(f"platgov.testing needs {error.name}; install it with: pip install 'platgov[testing]'") from error

from platgov._testing import strategies
from platgov._testing.findings import (
    PROPERTIES,
    About,
    ConsistencyError,
    ConsistencyReport,
    Counterexample,
    Held,
    Property,
    Shown,
)
from platgov._testing.generating import event_pairs, events, instances
from platgov._testing.golden import GoldenError, GoldenRow, GoldenTable, Mismatch
from platgov._testing.kit import assert_consistent, check_rules
from platgov._testing.mutants import Mutant, MutationScore, mutants, mutation_score
from platgov.consistency import witness_suite

__all__ = [
    "PROPERTIES",
    "About",
    "ConsistencyError",
    "ConsistencyReport",
    "Counterexample",
    "GoldenError",
    "GoldenRow",
    "GoldenTable",
    "Held",
    "Mismatch",
    "Mutant",
    "MutationScore",
    "Property",
    "Shown",
    "assert_consistent",
    "check_rules",
    "event_pairs",
    "events",
    "instances",
    "mutants",
    "mutation_score",
    "strategies",
    "witness_suite",
]
