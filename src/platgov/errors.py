"""What went wrong, said in one way everywhere.

::

    PlatgovError
    ├── InputError (ValueError)      data, text or values that cannot be read
    │   ├── PatternError             a text pattern that is malformed or cannot be bounded
    │   ├── ConditionError           a condition that does not parse or does not fit its facts
    │   └── RuleSetError             a rule set, rule or rule file that is refused
    ├── DueProcessError (ValueError) a step that the procedure does not allow to this person or at this time
    ├── ConflictError                one key, two different things to record under it
    ├── NeedsReplayError             an event that changes the past of a state kept without its history
    ├── VerificationError            a proof, checkpoint or record does not hold
    └── StorageError                 a store cannot be read or written
        ├── BusyError                others held the store for too long; try again
        ├── SchemaError              the file or schema is not ours, or newer than this version
        └── HandleError              a store that is closed, crossed a fork, or whose file was replaced

"No match", "not allowed" and "not enough evidence" are return values, never exceptions.
An error carries *all* problems that were found, each with its place and, where one is
known, the remedy.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "BusyError",
    "ConditionError",
    "ConflictError",
    "DueProcessError",
    "HandleError",
    "InputError",
    "NeedsReplayError",
    "PatternError",
    "PlatgovError",
    "Problem",
    "RuleSetError",
    "SchemaError",
    "StorageError",
    "VerificationError",
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


class DueProcessError(PlatgovError, ValueError):
    """A step that the procedure does not allow: to this person, at this time, or a second time.

    Attributes:
        code: Stable machine-readable kind, such as ``same_person`` or ``no_authority``.
        message: What was tried, what is allowed, and what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code, self.message = code, message

    def __str__(self) -> str:
        return self.message


class ConflictError(PlatgovError):
    """A key is taken by something else than what is to be recorded under it.

    Attributes:
        key: The key.
        seq: Where the ledger has the first entry of that key.
        message: How the two differ.
    """

    def __init__(self, key: str, seq: int, message: str) -> None:
        super().__init__(key, seq, message)
        self.key, self.seq, self.message = key, seq, message

    def __str__(self) -> str:
        return f"key {self.key!r} is taken by entry {self.seq}: {self.message}"


class NeedsReplayError(PlatgovError):
    """A state kept without its history cannot take this in; replay the history instead.

    Attributes:
        event_id: The event; empty where only an instant is too early.
        message: What changes the past, and how.
    """

    def __init__(self, event_id: str, message: str) -> None:
        super().__init__(event_id, message)
        self.event_id, self.message = event_id, message

    def __str__(self) -> str:
        return f"{self.message}; replay the history"


class VerificationError(PlatgovError):
    """A proof, a checkpoint, a signature or a record does not hold.

    Attributes:
        code: Stable machine-readable kind, such as ``root`` or ``signature``.
        message: What does not hold, and against what.
        seq: The entry concerned; None where it is not one entry.
    """

    def __init__(self, code: str, message: str, seq: int | None = None) -> None:
        super().__init__(code, message, seq)
        self.code, self.message, self.seq = code, message, seq

    def __str__(self) -> str:
        return self.message if self.seq is None else f"entry {self.seq}: {self.message}"


class StorageError(PlatgovError):
    """A store cannot be read or written; nothing was acknowledged.

    Attributes:
        code: Stable machine-readable kind, such as ``full`` or ``io``.
        message: What happened, and what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code, self.message = code, message

    def __str__(self) -> str:
        return self.message


class BusyError(StorageError):
    """Others held the store for longer than the timeout; trying again with the same key is safe."""


class SchemaError(StorageError):
    """A file or database schema is another application's, damaged, or newer than this version knows."""


class HandleError(StorageError):
    """A store that was closed, was carried over a fork, or whose file was replaced underneath it."""
