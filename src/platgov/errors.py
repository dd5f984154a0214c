"""What went wrong, said in one way everywhere.

::

    PlatgovError
    └── InputError (ValueError)      data, text or values that cannot be read
        ├── PatternError             a text pattern that is malformed or cannot be bounded
        ├── ConditionError           a condition that does not parse or does not fit its facts
        └── RuleSetError             a rule set, rule or rule file that is refused

"No match", "not allowed" and "not enough evidence" are return values, never exceptions.
An error carries *all* problems that were found, each with its place and, where one is
known, the remedy.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "ConditionError",
    "InputError",
    "PatternError",
    "PlatgovError",
    "Problem",
    "RuleSetError",
]


class Problem(NamedTuple):
    """One thing that is wrong, and where.

    Attributes:
        message: What was given, what is accepted, and what to do about it.
        path: Where in the value: ``$.rules[2].when``; ``$`` is the whole.
        code: Stable machine-readable kind, such as ``type`` or ``unknown_field``.
        position: Offset in characters inside the text at ``path``; None if it has none.
        line: Line in the file, counted from 1; None outside files.
        rule: Id of the rule concerned; None outside rules.
    """

    message: str
    path: str = "$"
    code: str = "invalid"
    position: int | None = None
    line: int | None = None
    rule: str | None = None

    def __str__(self) -> str:
        place = self.path if self.position is None else f"{self.path}, character {self.position + 1}"
        if self.rule is not None:
            place = f"rule {self.rule!r}, {place}"
        if self.line is not None:
            place = f"line {self.line}, {place}"
        return f"{place}: {self.message}"


class PlatgovError(Exception):
    """Root of every error that platgov raises on purpose."""


class InputError(PlatgovError, ValueError):
    """Something given to platgov cannot be read; carries every problem found.

    Attributes:
        subject: What was being read, in a word or two (``Post``, ``rule file``).
        problems: At least one :class:`Problem`, in reading order.
    """

    def __init__(self, subject: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(subject, problems)  # args = parameters, so that it pickles
        self.subject, self.problems = subject, tuple(problems)

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return f"{self.subject}: {self.problems[0]}"
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        return f"{self.subject}: {len(self.problems)} problems\n{lines}"


class PatternError(InputError):
    """A text pattern is malformed, unsupported, or has no bound on its running time."""


class ConditionError(InputError):
    """A condition does not parse, or does not fit the facts it is meant for."""


class RuleSetError(InputError):
    """A rule set, a rule or a rule file is refused at load."""
