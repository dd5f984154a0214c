"""The command line: check rule files, decide on events, explain decisions, publish rules."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from platgov import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="platgov", description=__doc__)
    parser.add_argument("--version", action="version", version=f"platgov {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    check = commands.add_parser(
        "check", help="check rule files", description="Check rule files. Exit code 1 if anything is wrong."
    )
    check.add_argument("rules", nargs="+", metavar="RULES", help="rule file (TOML)")

    decide = commands.add_parser(
        "decide",
        help="decide on events",
        description="Decide on every event: one JSON object a line, or CSV with a header of fact names. "
        "A line that is no event becomes a rejected record, and the run goes on.",
        epilog="Exit codes: 0 all decided, 1 nothing could be done, 3 some lines were rejected, 130 interrupted.",
    )
    decide.add_argument("rules", metavar="RULES", help="rule file (TOML)")
    decide.add_argument("events", metavar="EVENTS", help="events; - reads standard input")
    decide.add_argument("-o", "--output", default="-", metavar="OUT", help="where to write; - is standard output")
    decide.add_argument("--format", choices=("jsonl", "csv"), help="how events are written; default: by the file name")
    decide.add_argument("--at", metavar="INSTANT", help="instant to record, such as 2026-02-01T00:00:00Z; default: now")
    decide.add_argument("--no-reasons", action="store_true", help="leave the reasons out of the output")

    explain = commands.add_parser(
        "explain", help="explain decisions", description="Say in words what decisions mean and rest on."
    )
    explain.add_argument("decision", metavar="DECISION", help="output of decide; - reads standard input")
    explain.add_argument("--line", type=int, metavar="N", help="only this line of the file")

    publish = commands.add_parser(
        "publish", help="print rules as a page", description="Print rules as a page for the people they apply to."
    )
    publish.add_argument("rules", metavar="RULES", help="rule file (TOML)")
    publish.add_argument("--title", default="Community rules", help="heading of the page")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: Arguments without the program name; None takes those of the process.

    Returns:
        The exit code.
    """
    arguments = _parser().parse_args(argv)
    from platgov._cli.commands import COMMANDS  # noqa: PLC0415 - `--help` and usage errors need no engine

    try:
        code = COMMANDS[arguments.command](arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough. Point stdout at nothing, so that leaving does not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code
