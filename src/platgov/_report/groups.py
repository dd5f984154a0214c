"""Which group somebody belongs to: told for an audit alone, from a file or from recorded facts."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._checks import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from platgov.consistency import Dealt
    from platgov.ledger import Entry, Ledger

__all__ = ["Groups"]

_SUBJECT: Final = "subject"
_LONGEST: Final = 100


@attrs.frozen(kw_only=True)
class Groups:
    """The labels of groups, by subject or by entry.

    Attributes:
        field: What the labels are of.
        path: The file that they came from; empty for recorded facts.
        labels: By subject if they came from a file, else by the number of the entry.
    """

    field: str
    path: str = ""
    labels: Mapping[Any, str] = attrs.field(repr=False)

    @classmethod
    def from_csv(cls, path: str, field: str) -> Groups:
        """Read a CSV file with the columns ``subject`` and ``field``; an empty label is none.

        Raises:
            InputError: A column is missing, or a subject has two labels.
            OSError: It cannot be read.
        """
        labels: dict[str, str] = {}
        try:
            with Path(path).open(encoding="utf-8", newline="") as file:
                rows = csv.DictReader(file)
                missing = sorted({_SUBJECT, field} - set(rows.fieldnames or ()))
                if missing:
                    raise refuse("groups", f"has no column {missing[0]!r}; the first line names the columns")
                for row in rows:
                    subject, found = row[_SUBJECT], row[field]
                    if found and labels.setdefault(subject, found) != found:
                        raise refuse("groups", f"gives {subject[:_LONGEST]!r} two groups, on line {rows.line_num}")
        except (UnicodeDecodeError, csv.Error) as error:
            raise refuse("groups", f"is no CSV in UTF-8: {error}") from None
        return cls(field=field, path=path, labels=labels)

    @classmethod
    def from_facts(cls, ledger: Ledger, field: str) -> Groups:
        """Take a fact that decisions recorded; what is neither text, whole number nor boolean is no label.

        Raises:
            InputError: No decision recorded it.
        """
        labels: dict[int, str] = {}
        seen: set[str] = set()
        for entry in ledger.entries(kind="decision"):
            facts = (entry.body or {}).get("facts")
            if type(facts) is dict:
                seen.update(facts)
                value = facts.get(field)
                if type(value) in (str, int, bool):
                    labels[entry.seq] = str(value).lower() if type(value) is bool else str(value)
        if not labels:
            there = ", ".join(sorted(seen)[:20]) or "none"
            message = f"no decision recorded {field!r} as a label (recorded facts: {there}); give a file of groups"
            raise refuse("groups", message)
        return cls(field=field, labels=labels)

    def of(self, row: Dealt) -> str | None:
        """Give the group of a row; None if it has none."""
        return self.labels.get(row.actor if self.path else row.seq)

    def of_entry(self, entry: Entry) -> str | None:
        """Give the group of a decision."""
        return self.labels.get(entry.subject if self.path else entry.seq)
