"""The commands: each takes parsed arguments and gives an exit code."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from platgov._canonical import dumps, loads
from platgov._cli.events import csv_events, json_events
from platgov._cli.recording import BATCH, Book, event_id, named
from platgov._cli.report import Progress, Tally
from platgov._cli.rule_files import RuleFile
from platgov._time import from_iso, to_epoch
from platgov.errors import InputError, PlatgovError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from platgov._cli.events import Line
    from platgov._cli.recording import Noted
    from platgov._rules.decision import Decision
    from platgov._rules.ruleset import RuleSet

__all__ = ["decide", "explain", "publish"]

OK, BAD, SOME_REJECTED, INTERRUPTED = 0, 1, 3, 130
_BUFFER: Final = 1 << 16
_HELD: Final = 1 << 22
"""Most bytes of input that wait to be recorded together."""


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def _load(path: str) -> RuleSet | None:
    """Read a rule file; if it is refused, print every problem as ``file:line: ...``."""
    file = RuleFile.read(path)
    if file.rule_set is None:
        file.tell()
    return file.rule_set


def publish(arguments: argparse.Namespace) -> int:
    """Print the rules as a page."""
    rule_set = _load(arguments.rules)
    if rule_set is None:
        return BAD
    sys.stdout.write(rule_set.publish(title=arguments.title))
    return OK


# -- decide ------------------------------------------------------------------------------------


def decide(arguments: argparse.Namespace) -> int:
    """Decide on every event of a file or pipe."""
    rule_set = _load(arguments.rules)
    if rule_set is None:
        return BAD
    try:
        at = to_epoch(dt.datetime.now(dt.UTC)) if arguments.at is None else from_iso(arguments.at)
    except InputError as error:
        _say(f"--at: {error.problems[0].message}")
        return BAD
    if arguments.ledger is None and (arguments.origin or arguments.subject):
        _say("--origin and --subject say how decisions are recorded; give --ledger FILE as well")
        return BAD
    inputs = [(arguments.events, "the input"), (arguments.rules, "the rule file"), (arguments.ledger, "the ledger")]
    for given, what in inputs[: 2 if arguments.ledger is None else 3]:
        if "-" not in (arguments.output, given) and _same_file(given, arguments.output):
            _say(f"{arguments.output}: is {what} as well; write to another file")
            return BAD
    with contextlib.ExitStack() as stack:
        try:
            source = _source(arguments.events, stack)
            book = _book(arguments, rule_set, stack)  # before the output is emptied
            target = _target(arguments.output, stack)
        except PlatgovError as error:
            _say(f"{named(arguments.ledger)}: {error}")
            return BAD
        except OSError as error:
            _say(f"{error.filename}: {error.strerror or error}")
            return BAD
        events = csv_events(source, rule_set.schema) if _is_csv(arguments) else json_events(source)
        run = _Run(rule_set, at, target, _size(arguments.events), reasons=not arguments.no_reasons, book=book)
        return run.over(events)


def _book(arguments: argparse.Namespace, rule_set: RuleSet, stack: contextlib.ExitStack) -> Book | None:
    if arguments.ledger is None:
        return None
    book = Book.open(
        arguments.ledger, rule_set, schema=arguments.schema, origin=arguments.origin, subject=arguments.subject
    )
    return stack.enter_context(book)


def _is_csv(arguments: argparse.Namespace) -> bool:
    if arguments.format is not None:
        return bool(arguments.format == "csv")
    return str(arguments.events).lower().endswith(".csv")


def _same_file(one: str, other: str) -> bool:
    with contextlib.suppress(OSError):
        return Path(one).samefile(other)
    return False


def _source(path: str, stack: contextlib.ExitStack) -> BinaryIO:
    return sys.stdin.buffer if path == "-" else stack.enter_context(Path(path).open("rb"))


def _target(path: str, stack: contextlib.ExitStack) -> BinaryIO:
    if path == "-":
        return sys.stdout.buffer
    file = Path(path).open("wb", buffering=_BUFFER)  # noqa: SIM115 - the stack closes it
    stack.callback(_close, file)
    return file


def _close(file: BinaryIO) -> None:
    with contextlib.suppress(OSError):  # the run flushed, and said what could not be written
        file.close()


def _size(path: str) -> int | None:
    with contextlib.suppress(OSError):
        return Path(path).stat().st_size or None
    return None


class _Run:
    """One pass over the events: decisions out, counts kept, nothing else in memory.

    With a ledger, decisions wait until some hundreds are recorded in one transaction, and are
    put out only then: whoever reads one may rely on its being on disk.
    """

    def __init__(
        self, rule_set: RuleSet, at: int, target: BinaryIO, size: int | None, *, reasons: bool, book: Book | None
    ) -> None:
        self.rule_set, self.at, self.target, self.reasons, self.book = rule_set, at, target, reasons, book
        self.tally = Tally()
        self.progress = Progress(sys.stderr, size)
        self.known = {field.name for field in rule_set.schema.fields}
        self.waiting: list[tuple[Line, Decision | None]] = []
        self.held = 0

    def over(self, events: Iterator[Line]) -> int:
        code = OK
        try:
            for line in events:
                self.waiting.append((line, self.decided(line)))
                self.held += line.size
                if self.book is None or len(self.waiting) >= BATCH or self.held >= _HELD:
                    self.put()
                self.progress.step(line.size)
            self.put()
            self.target.flush()
        except KeyboardInterrupt:
            # Everything decided so far is complete lines; put them out before leaving.
            code = INTERRUPTED
            with contextlib.suppress(OSError, PlatgovError):
                self.put()
                self.target.flush()
        except BrokenPipeError:
            raise  # the reader has seen enough; `main` ends quietly
        except (OSError, PlatgovError) as error:
            _say(f"stopped: {getattr(error, 'strerror', None) or error}")
            if self.book is not None:
                _say(f"{self.book.summary()}; the same command with the same --at goes on from there")
            return BAD
        self.progress.done()
        if code == INTERRUPTED:
            _say(f"interrupted after {self.tally.events:,} events; what was decided is written")
        _say(self.tally.summary(self.rule_set, sys.stderr))
        if self.book is not None:
            _say(self.book.summary())
        failed = self.tally.rejected or (self.book is not None and self.book.failed)
        return code or (SOME_REJECTED if failed else OK)

    def decided(self, line: Line) -> Decision | None:
        """Decide on an input line and count it; None for a line that is no event."""
        if line.event is None:
            self.tally.rejected += 1
            return None
        decision = self.rule_set.decide(line.event, at=self.at)
        self.tally.add(decision)
        for name in line.event.keys() - self.known:
            self.tally.add_undeclared(name)
        return decision

    def put(self) -> None:
        """Record what waits, if there is a ledger, and write it out."""
        decisions = [(line, decision) for line, decision in self.waiting if decision is not None]
        noted = iter([None] * len(decisions) if self.book is None else self.book.note(decisions))
        lines = [
            dumps({"line": line.number, "rejected": line.reason}) + b"\n"
            if decision is None
            else _line(decision, line, next(noted), reasons=self.reasons)
            for line, decision in self.waiting
        ]
        self.waiting.clear()
        self.held = 0
        self.target.write(b"".join(lines))


def _line(decision: Decision, line: Line, noted: Noted | None, *, reasons: bool) -> bytes:
    """Write a decision with its line, the event's id if it has one, its reasons, and where it is recorded."""
    more: dict[str, Any] = {"line": line.number}
    name = event_id(line)
    if name is not None:
        more["id"] = name
    if noted is not None:
        more["entry" if noted.problem is None else "unrecorded"] = noted.seq if noted.problem is None else noted.problem
    if reasons and decision.findings:
        more["reasons"] = [reason.to_dict() for reason in decision.explain()]
    # The decision is put in as the bytes that it has, not written a second time.
    return b'{"decision":' + decision.to_bytes() + b"," + dumps(more)[1:] + b"\n"


# -- explain -----------------------------------------------------------------------------------


def explain(arguments: argparse.Namespace) -> int:
    """Explain decisions that ``decide`` wrote, in words."""
    try:
        with contextlib.ExitStack() as stack:
            source = _source(arguments.decision, stack)
            found = arguments.line is None
            for number, line in enumerate(source, 1):
                if line.strip() and arguments.line in (None, number):
                    found = True
                    sys.stdout.write(_explained(loads(line, subject=f"line {number}", max_bytes=1 << 24)) + "\n")
    except BrokenPipeError:
        raise
    except OSError as error:
        _say(f"{arguments.decision}: {error.strerror or error}")
        return BAD
    except (PlatgovError, KeyError, TypeError, AttributeError) as error:
        _say(f"{arguments.decision}: is no decision that platgov wrote ({error})")
        return BAD
    if not found:
        _say(f"{arguments.decision}: has no line {arguments.line}")
        return BAD
    return OK


def _explained(data: Any) -> str:
    if "rejected" in data:
        return f"line {data['line']}: rejected, {data['rejected']}"
    decision = data.get("decision", data)
    about = decision["rule_set"]
    name = f"event {data['id']}" if "id" in data else f"line {data['line']}" if "line" in data else "decision"
    lines = [f"{name}: {decision['outcome']}, by {about['id']} {about['version']} at {decision['at']}"]
    reasons = {reason["rule"]: reason for reason in data.get("reasons", ())}
    lines += [f"  {_finding(finding, reasons.get(finding['rule']))}" for finding in decision["findings"]]
    lines += [f"  follows: {_words(measure)}" for measure in decision["measures"]]
    lines += [
        f"  covered: {_words(item['measure'])} of {item['rule']}, by {_words(item['by'])}"
        for item in decision["absorbed"]
    ]
    lines += [f"  set aside: {item['rule']}, by {', '.join(item['by'])}" for item in decision["defeated"]]
    lines += [f"  held for review: {rule}, {reason}" for rule, reason in decision["held"].items()]
    for item in decision["undetermined"]:
        facts = ", ".join(f"{fact} is {why}" for fact, why in item["facts"].items())
        lines.append(f"  open: {item['rule']} ({item['code']}{': ' + facts if facts else ''})")
    lines.append(f"  rules {decision['policy']}, facts {decision['fingerprint']}")
    if "entry" in data:
        lines.append(f"  recorded as entry {data['entry']}")
    if "unrecorded" in data:
        lines.append(f"  not recorded: {data['unrecorded']}")
    return "\n".join(lines)


def _finding(finding: dict[str, Any], reason: dict[str, Any] | None) -> str:
    head = f"{finding['rule']} v{finding['version']}" + (f", clause {finding['clause']}" if finding["clause"] else "")
    if reason is None:
        return head + "".join(f"; {item}" for item in finding["evidence"])
    because = [*reason["evidence"], *reason["tests"]]
    because += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in reason["facts"].items()]
    because += [f"found {json.dumps(term, ensure_ascii=False)}" for term in reason["found"]]
    because += [f"{name} over a limit that is not told" for name in reason["withheld"]]
    says = f": {reason['says']}" if reason["says"] else ""
    return f"{head}{says} Because {'; '.join(because)}." if because else head + says


def _words(measure: dict[str, Any]) -> str:
    target = measure.get("label") or measure.get("feature")
    words = measure["measure"].replace("_", " ") + (f" ({target})" if target else "")
    parts = [f"{measure[unit]} {unit}" for unit in ("days", "hours") if measure.get(unit)]
    return f"{words} for {' '.join(parts)}" if parts else words


COMMANDS: Final[dict[str, Callable[[Any], int]]] = {
    "decide": decide,
    "explain": explain,
    "publish": publish,
}
