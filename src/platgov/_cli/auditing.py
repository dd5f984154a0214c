"""The command that audits a ledger."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from platgov._canonical import dumps
from platgov._cli.given import checkpoint_of, instant_of, told
from platgov._cli.recording import named
from platgov._cli.report import RefusedError
from platgov._cli.rule_files import RuleFile
from platgov._report.audit import Options, audit
from platgov._report.groups import Groups
from platgov._report.queries import Source
from platgov._report.text import text
from platgov.errors import InputError, PlatgovError
from platgov.ledger import Ledger
from platgov.messages import clean

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from platgov._report.audit import Audit

__all__ = ["COMMANDS"]

OK, BAD, FOUND, OPEN, INTERRUPTED = 0, 1, 4, 5, 130


def run(arguments: argparse.Namespace) -> int:
    """Audit a ledger: print the report, and write it as a page."""
    name = named(arguments.ledger)
    try:
        return _audited(arguments, name)
    except BrokenPipeError:
        raise  # the reader has seen enough; `main` ends quietly
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return INTERRUPTED
    except RefusedError as refusal:
        sys.stderr.write(f"{refusal}\n")
    except (PlatgovError, OSError) as error:
        sys.stderr.write(f"{name}: {told(error)}\n")
    return BAD


def _audited(arguments: argparse.Namespace, name: str) -> int:
    files = [RuleFile.read(path) for path in arguments.rules]
    refused = [file for file in files if file.rule_set is None]
    for file in refused:
        file.tell()
    if refused:
        return BAD
    page = None if arguments.html is None else _page()
    until = None if arguments.enforced_until is None else instant_of(arguments.enforced_until, "--enforced-until")
    options = Options(
        outcomes=tuple(dict.fromkeys(arguments.outcome or Options().outcomes)),
        strata=tuple(dict.fromkeys(arguments.stratum or Options().strata)),
        alpha=arguments.alpha,
        floor=arguments.floor,
        enforced_until=until,
    )
    with Ledger.open(arguments.ledger, schema=arguments.schema, read_only=True) as ledger:
        groups = _groups(arguments, ledger)
        found = audit(
            ledger,
            [file.rule_set for file in files if file.rule_set is not None],
            groups=groups,
            options=options,
            checkpoints=[checkpoint_of(path) for path in arguments.checkpoint],
        )
    source = Source(
        ledger=name,
        schema=arguments.schema,
        rules=tuple(arguments.rules),
        checkpoints=tuple(arguments.checkpoint),
        groups=groups,
        options=options,
    )
    if page is not None:
        _write(arguments.html, page(found, source))
    if arguments.json:
        sys.stdout.buffer.write(dumps(found.to_dict()) + b"\n")
    else:
        # What others recorded must not be able to move the cursor.
        sys.stdout.write("\n".join(map(clean, text(found, source).split("\n"))))
    return FOUND if found.alarms else OPEN if found.open else OK


def _groups(arguments: argparse.Namespace, ledger: Ledger) -> Groups | None:
    if arguments.group is None:
        if arguments.groups is not None:
            raise RefusedError(f"{arguments.groups}: which of its columns? give --group FIELD as well")
        return None
    try:
        if arguments.groups is None:
            return Groups.from_facts(ledger, arguments.group)
        return Groups.from_csv(arguments.groups, arguments.group)
    except InputError as error:
        raise RefusedError(f"{arguments.groups or '--group'}: {told(error)}") from None
    except OSError as error:
        raise RefusedError(f"{arguments.groups}: {told(error)}") from None


def _page() -> Callable[[Audit, Source], str]:
    """Give what writes the page, before the work begins: without the extra there is none."""
    try:
        from platgov._report.page import page  # noqa: PLC0415 - the extra is optional
    except ImportError as error:
        if (error.name or "").split(".")[0] != "matplotlib":
            raise
        raise RefusedError("--html: needs the extra `report`: pip install 'platgov[report]'") from None
    return page


def _write(path: str, page: str) -> None:
    try:
        Path(path).write_text(page, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise RefusedError(f"{path}: {told(error)}") from None


COMMANDS: Final[dict[str, Callable[[Any], int]]] = {"audit": run}
