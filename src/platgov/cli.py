"""The command line: rule files, decisions on events, and the ledger that they are recorded in."""

from __future__ import annotations

import argparse
import io
import os
import sys
from typing import TYPE_CHECKING, Any

from platgov import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="platgov", description=__doc__)
    parser.add_argument("--version", action="version", version=f"platgov {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    _add_analysing(commands)
    decide = commands.add_parser(
        "decide",
        help="decide on events",
        description="Decide on every event: one JSON object a line, or CSV with a header of fact names. "
        "A line that is no event becomes a rejected record, and the run goes on.",
        epilog="Exit codes: 0 all decided, 1 nothing could be done or the ledger failed, "
        "3 some lines were rejected or some decisions not recorded, 130 interrupted.",
    )
    decide.add_argument("rules", metavar="RULES", help="rule file (TOML)")
    decide.add_argument("events", metavar="EVENTS", help="events; - reads standard input")
    decide.add_argument("-o", "--output", default="-", metavar="OUT", help="where to write; - is standard output")
    decide.add_argument("--format", choices=("jsonl", "csv"), help="how events are written; default: by the file name")
    decide.add_argument("--at", metavar="INSTANT", help="instant to record, such as 2026-02-01T00:00:00Z; default: now")
    decide.add_argument("--no-reasons", action="store_true", help="leave the reasons out of the output")

    decide.add_argument("--ledger", metavar="LEDGER", help="record every decision, before it is written out")
    _add_schema(decide)
    decide.add_argument("--origin", metavar="NAME", help="what a ledger that is created is called")
    decide.add_argument(
        "--subject", metavar="FIELD", help="what tells whom an event is about; default: the one identity fact"
    )

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
    _add_reading(commands)
    _add_audit(commands)
    _add_writing(commands)
    _add_presets(commands)
    return parser


def _add_analysing(commands: Any) -> None:
    check = commands.add_parser(
        "check",
        help="check rule files",
        description="Check rule files: whether they can be read, and what in them is surely or probably not meant.",
        epilog="Exit code 1 if a file is refused, or if there is an error, or a finding that --fail-on names.",
    )
    check.add_argument("rules", nargs="+", metavar="RULES", help="rule file (TOML)")
    check.add_argument("--no-analysis", action="store_true", help="only whether the files can be read")
    check.add_argument(
        "--must-cover", action="append", default=[], metavar="CONDITION", help="where some measure must follow"
    )
    check.add_argument("--at", metavar="INSTANT", help="instant for which grants are looked at; default: now")
    check.add_argument(
        "--fail-on",
        action="append",
        default=[],
        choices=("warning", "info", "unknown"),
        help="what else than errors gives exit code 1; may be repeated",
    )
    diff = commands.add_parser(
        "diff",
        help="compare two editions of rules",
        description="Compare two editions by what they decide: whom the new one newly hits, newly spares, "
        "treats more harshly or more mildly, each with an event that shows it.",
        epilog="Exit codes: 0 both decide every event alike, 1 a file was refused, 4 they differ, "
        "5 no difference was found but not every one is excluded.",
    )
    diff.add_argument("old", metavar="OLD", help="rule file of the edition in use")
    diff.add_argument("new", metavar="NEW", help="rule file of the edition to come")
    for parser in (check, diff):
        parser.add_argument(
            "--budget", type=_budget, default=200_000, metavar="N", help="steps for each question; default: 200000"
        )
        parser.add_argument("--json", action="store_true", help="write one JSON object")
        parser.add_argument("--sarif", metavar="FILE", help="write SARIF 2.1.0 to a file as well")


def _command(commands: Any, name: str, summary: str, more: str = "") -> argparse.ArgumentParser:
    description = f"{summary[:1].upper()}{summary[1:]}. {more}".strip()
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=description)
    parser.add_argument("ledger", metavar="LEDGER", help="SQLite file, or postgresql:// address")
    _add_schema(parser)
    return parser


def _add_schema(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--schema", default="platgov", metavar="NAME", help="PostgreSQL schema of the ledger; default: platgov"
    )


def _add_reading(commands: Any) -> None:
    verify = _command(commands, "verify", "check a ledger, or an export of one", "Exit code 1 at the first fault.")
    _add_checks(verify)

    checkpoint = _command(commands, "checkpoint", "print what is to be kept elsewhere")
    export = _command(commands, "export", "write a ledger as lines of JSON", "Checked by `verify` without the ledger.")
    prove = _command(commands, "prove", "print a proof that an entry is in a ledger")
    prove.add_argument("seq", type=_whole, metavar="SEQ", help="number of the entry")
    prove.add_argument("--checkpoint", metavar="FILE", help="the checkpoint that the proof is for; default: one of now")
    for parser in (checkpoint, export, prove):
        parser.add_argument("--key-file", metavar="FILE", help="private key that signs the checkpoint")
        parser.add_argument(
            "-o", "--output", required=parser is export, metavar="FILE", help="new file; - is standard output"
        )

    proof = commands.add_parser(
        "verify-proof", help="check a proof without the ledger", description="Check what `prove` printed."
    )
    proof.add_argument("proof", metavar="PROOF", help="the proof; - reads standard input")
    _add_checks(proof)

    log = _command(commands, "log", "list entries")
    for name, what in (
        ("subject", "about this subject"),
        ("rule", "decisions with a finding by this rule"),
        ("kind", "of this kind, such as decision"),
        ("stream", "of this stream"),
    ):
        log.add_argument(f"--{name}", metavar=name.upper(), help=f"only those {what}")
    log.add_argument("--since", metavar="INSTANT", help="only those for this instant or later")
    log.add_argument("--until", metavar="INSTANT", help="only those for an earlier instant")
    log.add_argument("--limit", type=_whole, metavar="N", help="only the last N of them")
    log.add_argument("--json", action="store_true", help="one JSON object a line, with everything")

    statement = _command(commands, "statement", "write the reasons for a sanction")
    statement.add_argument("id", metavar="ID", help="number of the entry, or the beginning of the id of the sanction")
    statement.add_argument("--rules", required=True, metavar="RULES", help="rule file that decided")
    statement.add_argument("--format", choices=("notice", "dsa"), default="notice", help="for whom; default: notice")
    statement.add_argument("--language", default="en", metavar="TAG", help="en, zh; default: en")


def _add_audit(commands: Any) -> None:
    audit = _command(commands, "audit", "show whether what a ledger records was the same for all")
    audit.epilog = (
        "Exit codes: 0 everything asked for was checked and nothing found, 1 nothing could be done, 4 something was "
        "found, 5 nothing was found but not everything could be checked."
    )
    audit.add_argument("rules", nargs="*", metavar="RULES", help="rule files that were in use")
    audit.add_argument("--group", metavar="FIELD", help="compare groups by this: a recorded fact, or a column")
    audit.add_argument("--groups", metavar="FILE", help="CSV with the column subject, and that column")
    audit.add_argument(
        "--outcome",
        action="append",
        choices=("deviated", "overturned", "appealed", "absorbed"),
        help="what is compared; may be repeated; default: deviated and overturned",
    )
    audit.add_argument(
        "--stratum",
        action="append",
        choices=("rule", "policy", "month", "by"),
        help="within what is compared; may be repeated; default: rule",
    )
    audit.add_argument(
        "--alpha",
        type=_share,
        default=0.01,
        metavar="P",
        help="chance of any false alarm between groups; default: 0.01",
    )
    audit.add_argument(
        "--floor", type=_share, default=0.03, metavar="D", help="difference of shares that matters; default: 0.03"
    )
    audit.add_argument(
        "--enforced-until", metavar="INSTANT", help="measures up to this instant should have been carried out"
    )
    audit.add_argument(
        "--checkpoint", action="append", default=[], metavar="FILE", help="a checkpoint kept elsewhere; may be repeated"
    )
    audit.add_argument("--json", action="store_true", help="write one JSON object")
    audit.add_argument("--html", metavar="FILE", help="write a page with plots as well; needs the extra `report`")


def _add_writing(commands: Any) -> None:
    overturn = _command(commands, "overturn", "record that a decision or sanction counts as never made")
    overturn.add_argument("id", metavar="ID", help="number of the entry, or the beginning of sha256:... or s-...")
    overturn.add_argument(
        "--authority",
        choices=("reviewer", "senior", "editor_in_chief"),
        default="reviewer",
        help="authority they act with; default: reviewer",
    )
    erase = _command(
        commands,
        "erase",
        "erase what a ledger holds about somebody",
        "For good. Places and hashes stay, and so proofs.",
    )
    erase.add_argument("--subject", required=True, metavar="SUBJECT", help="whom")
    for parser in (overturn, erase):
        parser.add_argument("--by", required=True, metavar="WHO", help="who decided so")
        parser.add_argument("--reason", required=True, metavar="TEXT", help="why")
        parser.add_argument("--at", metavar="INSTANT", help="when; default: now")


def _add_presets(commands: Any) -> None:
    presets = commands.add_parser(
        "presets",
        help="list policies for minors that come with the library",
        description="List what laws, guidelines and platforms say about minors, or show one with its sources. "
        "Not legal advice.",
    )
    presets.add_argument("preset", nargs="?", metavar="PRESET", help="show this one, with every fact")
    presets.add_argument("--as-of", metavar="DATE", help="only what held on this date, such as 2020-06-01")
    presets.add_argument("--jurisdiction", metavar="CODE", help="only those of CN, US-VA ...")
    presets.add_argument("--json", action="store_true", help="one JSON object a line, with every fact")


def _add_checks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint", action="append", default=[], metavar="FILE", help="a checkpoint kept elsewhere; may be repeated"
    )
    parser.add_argument(
        "--key", action="append", default=[], metavar="KEY", help="public key that must have signed; may be repeated"
    )


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number")
    return int(text)


def _budget(text: str) -> int:
    steps = _whole(text)
    if not steps:
        raise argparse.ArgumentTypeError("a budget is at least 1 step")
    return steps


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number between 0 and 1, such as 0.01")
    return value


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: Arguments without the program name; None takes those of the process.

    Returns:
        The exit code.
    """
    arguments = _parser().parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file name that is no text, or a notice in a language that the terminal lacks, is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    if arguments.command in ("decide", "explain", "publish"):
        from platgov._cli.commands import COMMANDS  # noqa: PLC0415 - `--help` and usage errors need no engine
    elif arguments.command in ("check", "diff"):
        from platgov._cli.analysing import COMMANDS  # noqa: PLC0415
    elif arguments.command == "audit":
        from platgov._cli.auditing import COMMANDS  # noqa: PLC0415
    elif arguments.command == "presets":
        from platgov._cli.presets import COMMANDS  # noqa: PLC0415
    else:
        from platgov._cli.ledgers import COMMANDS  # noqa: PLC0415

    try:
        code = COMMANDS[arguments.command](arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough. Point stdout at nothing, so that leaving does not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code
