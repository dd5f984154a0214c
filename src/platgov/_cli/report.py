"""What the command line shows beside its results: progress, and a table at the end."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Final, TextIO

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from platgov._rules.decision import Decision
    from platgov._rules.ruleset import RuleSet

__all__ = ["Progress", "RefusedError", "Tally", "table"]


_MOST_NAMES: Final = 100


class RefusedError(Exception):
    """Something that the command line says no to; the text names the file or value."""


class Progress:
    """One line on a terminal: how many, how fast, how long still. Silent in a pipe."""

    def __init__(self, stream: TextIO, total_bytes: int | None, unit: str = "events") -> None:
        self.stream, self.total, self.unit = stream, total_bytes, unit
        self.shown = stream.isatty()
        self.count = self.bytes = 0
        self.started = self.last = time.monotonic()

    def step(self, size: int) -> None:
        """Count one event of some bytes."""
        self.count += 1
        self.bytes += size
        if self.shown and not self.count & 0xFF:
            now = time.monotonic()
            if now - self.last >= 0.2:
                self._show(now)

    def reach(self, count: int, total: int) -> None:
        """Be at a count of a total that is known, where the steps come in batches."""
        self.count = self.bytes = count
        self.total = total
        now = time.monotonic()
        if self.shown and now - self.last >= 0.2:
            self._show(now)

    def _show(self, now: float) -> None:
        self.last = now
        self.stream.write(f"\r{self.line(now)}\x1b[K")
        self.stream.flush()

    def line(self, now: float) -> str:
        """Give the line for an instant of the monotonic clock."""
        passed = max(now - self.started, 1e-6)
        text = f"{self.count:,} {self.unit}, {self.count / passed:,.0f} a second"
        if self.total and self.bytes:
            share = min(self.bytes / self.total, 1.0)
            text += f", {share:.0%}, {_span(passed / share - passed)} left"
        return text

    def done(self) -> None:
        """Clear the line."""
        if self.shown:
            self.stream.write("\r\x1b[K")
            self.stream.flush()


def _span(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@attrs.define
class Tally:
    """Counts over a run, by rule."""

    events: int = 0
    rejected: int = 0
    outcomes: dict[str, int] = attrs.field(factory=dict)
    matched: dict[str, int] = attrs.field(factory=dict)
    open: dict[str, int] = attrs.field(factory=dict)
    undeclared: dict[str, int] = attrs.field(factory=dict)

    def add(self, decision: Decision) -> None:
        """Count one decision."""
        self.events += 1
        _count(self.outcomes, decision.outcome.value)
        for finding in decision.findings:
            _count(self.matched, finding.rule_id)
        for rule in decision.undetermined:
            _count(self.open, rule.rule_id)

    def summary(self, rule_set: RuleSet, stream: TextIO) -> str:
        """Give the table of rules, and the totals."""
        rows = [
            (
                rule.id,
                f"{self.matched.get(rule.id, 0):,}",
                f"{self.open.get(rule.id, 0):,}",
                ", ".join(str(measure) for measure in rule.measures) or "-",
            )
            for rule in rule_set.rules
        ]
        outcomes = ", ".join(f"{name} {count:,}" for name, count in sorted(self.outcomes.items()))
        lines = [
            table(("rule", "matched", "undetermined", "measures"), rows, stream),
            f"{self.events:,} events: {outcomes or 'none'}; {self.rejected:,} lines rejected",
        ]
        if self.undeclared:
            names = ", ".join(f"{name} ({count:,})" for name, count in sorted(self.undeclared.items()))
            lines.append(f"not declared as facts, and so not looked at: {names}")
        return "\n".join(lines)

    def add_undeclared(self, name: str) -> None:
        """Count a name that is no fact; names that differ on every line must not fill the memory."""
        full = name not in self.undeclared and len(self.undeclared) >= _MOST_NAMES
        _count(self.undeclared, "others" if full else name)


def _count(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1


def table(header: Sequence[str], rows: Sequence[Sequence[str]], stream: TextIO) -> str:
    """Lay out a table as text; with the ``cli`` extra and a terminal, as a nicer one."""
    if stream.isatty():
        drawn = _rich_table(header, rows)
        if drawn is not None:
            return drawn
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [header, tuple("-" * width for width in widths), *rows]
    return "\n".join(
        "  ".join(
            _cell(cell, width, place) for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _cell(cell: str, width: int, place: int) -> str:
    return cell.rjust(width) if place in (1, 2) else cell.ljust(width)


def _rich_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str | None:
    try:
        from rich.console import Console  # noqa: PLC0415 - the extra is optional
        from rich.table import Table  # noqa: PLC0415
    except ImportError:
        return None
    drawn: Any = Table(show_edge=False)
    for place, name in enumerate(header):
        drawn.add_column(name, justify="right" if place in (1, 2) else "left")
    for row in rows:
        drawn.add_row(*row)
    console = Console(file=sys.stderr)
    with console.capture() as captured:
        console.print(drawn)
    return str(captured.get()).rstrip("\n")
