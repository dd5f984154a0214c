"""Runs what the documentation shows: Python, console sessions and the output beside them.

Each page is one story, in a folder of its own that starts empty. In Markdown:

- a ``python`` block is run, or compared where it starts with ``>>>``;
- an ``output`` block is what the ``python`` block before it prints;
- a ``{code-block}`` with a file name as its caption is written to that file;
- a ``console`` block runs ``$ platgov ...`` and compares what it prints; ``...`` stands for anything.

Docstrings of the library are compared where they start with ``>>>``.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Any

import pytest
from sybil import Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.integration.pytest import SybilItem
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser
from sybil.parsers.myst.lexers import DirectiveLexer
from sybil.parsers.rest import DocTestParser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sybil import Document, Example, Region

OPTIONS = doctest.ELLIPSIS
del SybilItem._traceback_filter  # noqa: SLF001 - it fails on an error with a cause, and hides what went wrong
PRINTED, LEAVE, EXIT_CODE = "_printed", "_leave", "_exit_code"


class Printing(PythonEvaluator):
    """Runs a Python block and keeps what it prints."""

    def __call__(self, example: Example) -> None:
        """Run one block."""
        with contextlib.redirect_stdout(io.StringIO()) as stream:
            super().__call__(example)
        example.namespace[PRINTED] = stream.getvalue()


class PythonBlocks(PythonCodeBlockParser):
    """Python blocks, plain or as a session."""

    def __init__(self) -> None:
        super().__init__(doctest_optionflags=OPTIONS)
        self.codeblock_parser = self.codeblock_parser_class("python", Printing())


def differs(wanted: str, got: str) -> str | None:
    """Say how an output differs from what the page shows; None if it does not."""
    wanted, got = f"{wanted.rstrip()}\n", f"{got.rstrip()}\n"
    checker = doctest.OutputChecker()
    if checker.check_output(wanted, got, OPTIONS):
        return None
    return checker.output_difference(doctest.Example("", wanted), got, OPTIONS)


def output(example: Example) -> str | None:
    """Compare with what the last Python block printed."""
    return differs(example.parsed, example.namespace.pop(PRINTED))


def files(document: Document) -> Iterator[Region]:
    """Find the blocks with a file name as their caption."""
    for region in DirectiveLexer(directive="code-block")(document):
        if "caption" in region.lexemes["options"]:
            region.parsed = (region.lexemes["options"]["caption"], region.lexemes["source"])
            region.evaluator = write
            yield region


def write(example: Example) -> None:
    """Write a file that the page shows."""
    name, text = example.parsed
    pathlib.Path(name).write_text(text, encoding="utf-8")


def console(example: Example) -> str | None:
    """Run the commands of a console block, each up to the next prompt."""
    for step in f"\n{example.parsed}".split("\n$ ")[1:]:
        command, _, wanted = step.partition("\n")
        if command == "echo $?":
            got = str(example.namespace[EXIT_CODE])
        else:
            got, example.namespace[EXIT_CODE] = run(command)
        problem = differs(wanted, got)
        if problem is not None:
            return f"$ {command}\n{problem}"
    return None


def run(command: str) -> tuple[str, int]:
    """Run ``platgov ...``, perhaps with ``< file``, and give what it prints with its exit code."""
    program, *arguments = shlex.split(command)
    if program != "platgov":
        raise ValueError(f"a console block runs platgov, not {program}; mark other commands as sh")
    source = arguments[arguments.index("<") + 1] if "<" in arguments else os.devnull
    arguments = arguments[: arguments.index("<")] if "<" in arguments else arguments
    with pathlib.Path(source).open("rb") as stream:
        done = subprocess.run(  # noqa: S603 - our own command line, with arguments from our own pages
            [sys.executable, "-m", "platgov", *arguments],
            stdin=stream,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", "COLUMNS": "100"},
            check=False,
        )
    return done.stdout.decode(), done.returncode


def enter(namespace: dict[str, Any]) -> None:
    """Start a page in an empty folder."""
    stack = contextlib.ExitStack()
    stack.enter_context(contextlib.chdir(stack.enter_context(tempfile.TemporaryDirectory())))
    namespace[LEAVE] = stack
    namespace["__name__"] = "__main__"


def leave(namespace: dict[str, Any]) -> None:
    """Remove the folder of a page."""
    namespace[LEAVE].close()


pytest_collect_file = (
    Sybil(
        parsers=[
            PythonBlocks(),
            CodeBlockParser("output", output),
            CodeBlockParser("console", console),
            files,
        ],
        patterns=["README.md", "docs/*.md", "docs/**/*.md"],
        excludes=["docs/_build/**"],
        setup=enter,
        teardown=leave,
    )
    + Sybil(parsers=[DocTestParser(optionflags=OPTIONS)], patterns=["src/platgov/*.py", "src/platgov/**/*.py"])
).pytest()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep each file on one worker: the examples of a page build on each other."""
    from xdist.scheduler import LoadFileScheduling  # noqa: PLC0415 - only where xdist is in use

    return LoadFileScheduling(config, log)
