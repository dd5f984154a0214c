"""A table of events and what follows from them, for people who read no code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._rules.ruleset import RuleSet
from platgov._testing.outcomes import AT, Caller, refusal
from platgov.consistency import Case, witness_suite
from platgov.errors import PlatgovError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["GoldenError", "GoldenRow", "GoldenTable", "Mismatch", "check"]

_HEAD: Final = re.compile(r"# (?P<id>.+) (?P<version>\S+)\Z")
_ROW: Final = re.compile(
    r"\| (?P<applies>yes|no) \| (?P<fact>[^|]*) \| `(?P<record>\{[^`|]*\})` \| (?P<follows>[^|]*) \|\Z"
)
_COLUMNS: Final = "| applies | at the border of | facts | what follows |\n|---|---|---|---|"


@attrs.frozen(kw_only=True)
class GoldenRow:
    """One event of the table.

    Attributes:
        rule: The rule that it is about.
        applies: Whether that rule applies.
        fact: The fact whose border it lies at; empty for an event that shows the rule at work.
        record: The event as JSON text.
        follows: What follows from all rules together, in words.
    """

    rule: str
    applies: bool
    fact: str
    record: str
    follows: str

    @property
    def event(self) -> dict[str, Any]:
        """The event."""
        event: dict[str, Any] = json.loads(self.record)
        return event


@attrs.frozen(kw_only=True)
class Mismatch:
    """A row that is decided otherwise now."""

    row: GoldenRow
    now: str

    def __str__(self) -> str:
        return f"{self.row.rule}: {self.row.record} was {self.row.follows!r}, is {self.now!r}"


@attrs.frozen(kw_only=True)
class GoldenTable:
    """Events with what follows, as agreed with whoever answers for the rules.

    Attributes:
        rule_set_id: The rule set.
        version: Its edition when the table was made.
        rows: The events, by rule.
    """

    rule_set_id: str
    version: str
    rows: tuple[GoldenRow, ...]

    @staticmethod
    def of(rule_set: RuleSet, suite: Iterable[Case] | None = None) -> GoldenTable:
        """Make the table of a rule set, from its witness suite unless another one is given.

        Raises:
            InputError: No rule set.
        """
        if not isinstance(rule_set, RuleSet):
            raise refusal(f"{rule_set!r} is no rule set; give a RuleSet")
        caller = Caller(rule_set.decide)
        rows = [
            GoldenRow(
                rule=case.rule,
                applies=case.applies,
                fact=case.fact,
                record=_written(case.example.event),
                follows=_cell(caller(case.example.event).says),
            )
            for case in (witness_suite(rule_set) if suite is None else suite)
        ]
        return GoldenTable(rule_set_id=rule_set.id, version=rule_set.version, rows=tuple(rows))

    def differences(self, decide: RuleSet | Callable[..., Any], *, at: int = AT) -> tuple[Mismatch, ...]:
        """Decide every row again, and give those that are decided otherwise.

        Args:
            decide: A rule set, or a function from an event to a `Decision` or to measures; it
                gets ``at=`` if it takes it.
            at: The instant of the decisions.
        """
        caller = Caller(decide.decide if isinstance(decide, RuleSet) else decide, at=at)
        found = ((row, _cell(caller(row.event).says)) for row in self.rows)
        return tuple(Mismatch(row=row, now=now) for row, now in found if now != row.follows)

    def text(self, rule_set: RuleSet | None = None) -> str:
        """Write the table as Markdown.

        Args:
            rule_set: Puts what each rule says to the people it applies to over its rows.
        """
        lines = [f"# {self.rule_set_id} {self.version}"]
        for rule_id in dict.fromkeys(row.rule for row in self.rows):
            lines += ["", f"## {rule_id}", ""]
            rule = None if rule_set is None else rule_set.rule(rule_id)
            if rule is not None and (rule.clause or rule.says):
                lines += [" ".join(part for part in (rule.clause, rule.says) if part), ""]
            lines.append(_COLUMNS)
            lines += [
                f"| {'yes' if row.applies else 'no'} | {row.fact} | `{row.record}` | {row.follows} |"
                for row in self.rows
                if row.rule == rule_id
            ]
        return "\n".join(lines) + "\n"

    def write(self, path: str | Path, rule_set: RuleSet | None = None) -> None:
        """Write the table to a file.

        Raises:
            OSError: The file cannot be written.
        """
        Path(path).write_text(self.text(rule_set), encoding="utf-8")

    @staticmethod
    def read(path: str | Path) -> GoldenTable:
        """Read a table that `write` wrote; rows may have been taken out, added or changed by hand.

        Raises:
            InputError: The file is no such table; names the line.
            OSError: The file cannot be read.
        """
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        head = _HEAD.match(lines[0]) if lines else None
        if head is None:
            raise refusal("the first line is no heading such as '# community 2026.1'", "line 1")
        rows, rule = [], ""
        for number, line in enumerate(lines[1:], 2):
            if line.startswith("## "):
                rule = line[3:].strip()
            elif line.startswith("|") and line not in _COLUMNS.split("\n"):
                rows.append(_read_row(line, rule, number))
        return GoldenTable(rule_set_id=head["id"], version=head["version"], rows=tuple(rows))


def _read_row(line: str, rule: str, number: int) -> GoldenRow:
    match = _ROW.match(line)
    if match is None or not rule:
        raise refusal("is no row; write | yes or no | fact or nothing | `{...}` | what follows |", f"line {number}")
    try:
        event = json.loads(match["record"])
    except ValueError:
        raise refusal(f"{match['record']} is no JSON", f"line {number}") from None
    return GoldenRow(
        rule=rule,
        applies=match["applies"] == "yes",
        fact=match["fact"].strip(),
        record=_written(event),
        follows=match["follows"].strip(),
    )


def _written(event: dict[str, Any]) -> str:
    """Write an event as JSON that can stand in a cell of a table."""
    text = json.dumps(event, sort_keys=True, ensure_ascii=False)
    return text.replace("|", "\\u007c").replace("`", "\\u0060")


def _cell(words: str) -> str:
    return " ".join(words.replace("|", "/").split())


def check(rule_set: RuleSet, path: str | Path, *, write: bool = False) -> None:
    """Compare a rule set with its table, or write the table.

    Raises:
        GoldenError: Rows are decided otherwise, or there is no table yet.
    """
    if write:
        GoldenTable.of(rule_set).write(path, rule_set)
        return
    if not Path(path).exists():
        raise GoldenError(str(path), ())
    found = GoldenTable.read(path).differences(rule_set)
    if found:
        raise GoldenError(str(path), found)


class GoldenError(PlatgovError, AssertionError):
    """Events are decided otherwise than was agreed.

    Attributes:
        path: The table.
        mismatches: The rows concerned; empty if there is no table.
    """

    def __init__(self, path: str, mismatches: tuple[Mismatch, ...]) -> None:
        super().__init__(path, mismatches)
        self.path, self.mismatches = path, mismatches

    def __str__(self) -> str:
        advice = "write it with --platgov-write-golden, and let those read it who answer for the rules"
        if not self.mismatches:
            return f"there is no table {self.path}; {advice}"
        lines = [f"{len(self.mismatches)} rows of {self.path} are decided otherwise now:"]
        lines += [f"  {mismatch}" for mismatch in self.mismatches[:20]]
        return "\n".join([*lines, f"if that is meant, {advice}"])
