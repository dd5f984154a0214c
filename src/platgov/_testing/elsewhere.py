"""Asks the same in other processes: with another hash seed, and as if nothing had been asked before."""

from __future__ import annotations

import importlib
import importlib.util
import io
import json
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import types
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._rules.ruleset import RuleSet
from platgov._testing.outcomes import Caller
from platgov._testing.surroundings import Dials, Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NotSendableError", "answers_of", "keys_of", "package", "rebuilt"]

_SECONDS: Final = 120
_CHILD: Final = "PLATGOV_TESTS_ELSEWHERE"


class NotSendableError(Exception):
    """A function that another process cannot be given: it has no name there."""


def rebuilt(parts: dict[str, Any]) -> RuleSet:
    """Build a rule set from its parts."""
    return RuleSet(**parts)


def keys_of(decide: Any, make: Any, at: int, events: list[dict[str, Any]], nothing: Any) -> list[str]:
    """Give the keys of outcomes; run in another process."""
    caller = Caller(decide, at=at, make=make, nothing=nothing)
    with Surroundings() as around:
        return [around.call(partial(caller, event), Dials()).key for event in events]


class _Writer(pickle.Pickler):
    """Sends functions and classes by name, with the file they are in, and rule sets in parts."""

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream)
        self.files: dict[str, str] = {}

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, types.FunctionType | type):
            if thing.__module__ == "__main__":  # to import a script is to run it once more
                raise NotSendableError(f"{thing.__qualname__} is defined in a script")
            file = getattr(sys.modules.get(thing.__module__), "__file__", None)
            if file is not None:
                self.files[thing.__module__] = file
        if isinstance(thing, RuleSet):
            fields = [field for field in attrs.fields(RuleSet) if field.init]
            return rebuilt, ({field.name: getattr(thing, field.name) for field in fields},)
        return NotImplemented


class _Reader(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, files: dict[str, str]) -> None:
        super().__init__(stream)
        self.files = files

    def find_class(self, module: str, name: str) -> Any:
        inside: Any = _module(module, self.files.get(module))
        for step in name.split("."):
            inside = getattr(inside, step)
        return inside


def _module(name: str, file: str | None) -> types.ModuleType:
    """Import a module by name, or where that does not work (a test file), from its file."""
    if name in sys.modules:
        return sys.modules[name]
    try:
        return importlib.import_module(name)
    except ImportError:
        if file is None:
            raise
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def package(job: Any) -> bytes:
    """Write a job for another process.

    Raises:
        NotSendableError: Part of it has no name that another process could use.
    """
    if _CHILD in os.environ:  # a module that tests itself when it is imported
        raise NotSendableError("this is such a process already")
    stream = io.BytesIO()
    writer = _Writer(stream)
    try:
        writer.dump(job)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise NotSendableError(str(error)) from None
    blob = stream.getvalue()
    return pickle.dumps({"path": sys.path, "files": writer.files, "job": blob})


def answers_of(job: bytes, seeds: list[int], seconds: int = _SECONDS) -> list[list[str] | None]:
    """Give the keys of the outcomes that processes with these hash seeds find.

    No process outlives the call, and none outlives this process: each ends when the pipe that
    is its standard input closes, which the system does for a process that is killed, and after
    so many seconds in any case.

    Args:
        job: What to do; see `package`.
        seeds: A hash seed for each process.
        seconds: How long each may take, from 1.

    Returns:
        The keys that each found; None for one that failed.
    """
    running: list[subprocess.Popen[bytes]] = []
    read_end, write_end = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "job")
        file.write_bytes(job)
        try:
            for seed in seeds:  # all at once
                running.append(_started(file, seed, read_end, seconds))  # noqa: PERF401 - what was started is ended
            return [_answer(child, seconds) for child in running]
        finally:
            for end in (read_end, write_end):
                os.close(end)
            for child in running:
                _end(child)


def _started(job: pathlib.Path, seed: int, lifeline: int, seconds: int) -> subprocess.Popen[bytes]:
    source = pathlib.Path(__file__).parents[2]
    code = (
        f"import sys; sys.path.insert(0, {str(source)!r}); "
        f"from platgov._testing.elsewhere import serve; serve({str(job)!r}, {seconds})"
    )
    return subprocess.Popen(  # noqa: S603 - this interpreter, with code of our own
        [sys.executable, "-c", code],
        stdin=lifeline,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONHASHSEED": str(seed), _CHILD: "1"},
    )


def _answer(child: subprocess.Popen[bytes], seconds: int) -> list[str] | None:
    try:
        out, _ = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        return None
    if child.returncode != 0 or not out:
        return None
    answer: list[str] = json.loads(out)
    return answer


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a process that still runs, and wait for it."""
    child.kill()  # nothing happens if it has ended
    child.communicate()


# -- in the other process ----------------------------------------------------------------------


def serve(job: str, seconds: int) -> None:
    """Do the job in a file, and write the keys to the standard output."""
    _bound(seconds)
    out = os.dup(1)
    os.dup2(2, 1)  # what a host's code prints must not get between
    given = pickle.loads(pathlib.Path(job).read_bytes())  # noqa: S301 - from our own parent
    sys.path[:] = given["path"]
    work: Callable[[], list[str]] = _Reader(io.BytesIO(given["job"]), given["files"]).load()
    with os.fdopen(out, "w", encoding="utf-8") as stream:
        stream.write(json.dumps(work()))


def _bound(seconds: int) -> None:
    """End this process when its parent is gone, and after some seconds."""
    lifeline, nothing = os.dup(0), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # a host's code that reads the standard input finds its end
    os.close(nothing)
    threading.Thread(target=_watch, args=(lifeline, os.read, os._exit), daemon=True).start()
    if hasattr(signal, "alarm"):  # also ends what does not let the thread run
        signal.alarm(seconds)


def _watch(lifeline: int, read: Callable[[int, int], bytes], leave: Callable[[int], object]) -> None:
    # Nobody writes: this returns when the last process that could has gone.
    read(lifeline, 1)
    leave(1)
