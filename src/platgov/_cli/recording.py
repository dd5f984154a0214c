"""Records decisions in a ledger, some hundreds at a time, each exactly once."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from platgov._facts.schema import Role
from platgov.errors import ConflictError, InputError
from platgov.ledger import Ledger, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from platgov._cli.events import Line
    from platgov._facts.schema import FactType
    from platgov._rules.decision import Decision
    from platgov._rules.ruleset import RuleSet

__all__ = ["BATCH", "Book", "Noted", "event_id", "named"]

BATCH: Final = 500
"""Decisions in one transaction: enough that the disk is not what takes the time."""
_PARTS: Final = 8  # halves find one conflict sooner, but many, as where --at was forgotten, three times later
_PASSWORD: Final = re.compile(r"(://[^:/@?]*):[^@/?]*@|([?&]password=)[^&]*")
_LONGEST_ID: Final = 160  # bytes; with the digest of the rule set it fits into a key


class Noted(NamedTuple):
    """What became of one decision: its entry, or why it has none.

    Attributes:
        seq: Number of the entry; -1 for none.
        problem: Why it was not recorded; None if it was.
    """

    seq: int
    problem: str | None = None


class Book:
    """A ledger, and which events of one rule set go into it under which keys.

    A key names the event and the rule set, so that a run over the same events with the same
    ``--at`` records nothing twice, and one with another finds the keys taken.
    """

    def __init__(self, ledger: Ledger, name: str, rule_set: RuleSet, subject: str | None) -> None:
        self.ledger, self.name, self.policy = ledger, name, rule_set.digest
        self.subject = None if subject is None else tuple(subject.split("."))
        self.recorded = self.repeated = self.conflicts = self.refused = self.nobody = self.nameless = 0

    @classmethod
    def open(cls, target: str, rule_set: RuleSet, *, schema: str, origin: str | None, subject: str | None) -> Self:
        """Open the ledger, or create it.

        Args:
            target: Path or address.
            rule_set: The rules that decide.
            schema: Where in a PostgreSQL database it is.
            origin: What it is called, where it is created.
            subject: Dotted name of what tells whom an event is about; None for the one fact of
                the role identity, if there is exactly one.
        """
        if subject is None:
            found = list(_identities(rule_set.schema.type, ""))
            subject = found[0] if len(found) == 1 else None
        return cls(Ledger.open(target, schema=schema, origin=origin), named(target), rule_set, subject)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ledger.close()

    @property
    def failed(self) -> int:
        """How many decisions are not in the ledger as they were made."""
        return self.conflicts + self.refused

    def note(self, decisions: Sequence[tuple[Line, Decision]]) -> list[Noted]:
        """Record decisions; once this returns they are on disk.

        Raises:
            StorageError: Nothing of this batch may count as recorded; trying again is safe.
        """
        records = [
            Record(value=decision, key=self._key(line), subject=self._subject(line)) for line, decision in decisions
        ]
        noted = self._note(records)
        for record, (line, _), one in zip(records, decisions, noted, strict=True):
            if one.problem is None:  # not counted before: a batch that failed is given again
                self.nobody += record.subject is None
                self.nameless += event_id(line) is None
        return noted

    def _note(self, records: list[Record]) -> list[Noted]:
        """Record all in one transaction; if one of them cannot be, look for it by parts of parts."""
        try:
            receipts = self.ledger.append_many(records)
        except (ConflictError, InputError) as error:
            if len(records) > 1:
                size = -(-len(records) // _PARTS)
                parts = (records[start : start + size] for start in range(0, len(records), size))
                return [one for part in parts for one in self._note(part)]
            if isinstance(error, ConflictError):
                self.conflicts += 1
                return [Noted(-1, str(error))]
            self.refused += 1
            return [Noted(-1, "; ".join(problem.message for problem in error.problems))]
        for receipt in receipts:
            self.repeated += receipt.repeated
            self.recorded += not receipt.repeated
        return [Noted(receipt.seq) for receipt in receipts]

    def _key(self, line: Line) -> str:
        name = event_id(line)
        if name is None:
            # The place tells apart events that say the same; the content, files of equal length.
            content = hashlib.sha256(json.dumps(line.event, sort_keys=True).encode()).hexdigest()
            return f"{self.policy}/line/{line.number}/{content}"
        if len(name.encode()) <= _LONGEST_ID and name.isprintable():
            return f"{self.policy}/id/{name}"
        return f"{self.policy}/long-id/{hashlib.sha256(name.encode()).hexdigest()}"

    def _subject(self, line: Line) -> Any:
        value: Any = line.event if self.subject else None
        for step in self.subject or ():
            value = value.get(step) if type(value) is dict else None
        return str(value) if type(value) is int else value  # what is no text, the ledger refuses

    def summary(self) -> str:
        """Say in one line what was recorded."""
        parts = [f"{self.recorded:,} recorded", f"{self.repeated:,} already recorded"]
        if self.conflicts:
            parts.append(f"{self.conflicts:,} in conflict with what is recorded (is --at the same?)")
        if self.refused:
            parts.append(f"{self.refused:,} that cannot be recorded")
        said = f"{self.name}: {', '.join(parts)}"
        if self.nobody:
            said += f"; {self.nobody:,} without a subject"
        if self.nameless:
            said += f"; {self.nameless:,} without an id, known by line and content"
        return said


def event_id(line: Line) -> str | None:
    """Give the ``id`` of an event as text; None if it has none."""
    found = None if line.event is None else line.event.get("id")
    if isinstance(found, str | int) and not isinstance(found, bool):
        # A CSV cell may hold bytes that are no text; they are shown as the character for that.
        return str(found).encode(errors="replace").decode()
    return None


def named(target: str) -> str:
    """Name a ledger for people: an address without its password."""
    return _PASSWORD.sub(lambda found: f"{found[1]}:...@" if found[1] else f"{found[2]}...", target)


def _identities(inside: FactType, place: str) -> Iterator[str]:
    for field in inside.fields:
        name = f"{place}.{field.name}" if place else field.name
        if field.role is Role.IDENTITY:
            yield name
        else:
            yield from _identities(field.type, name)
