"""Reads events from JSON lines or CSV, one at a time, whatever the size of the file."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

from platgov._canonical import loads
from platgov._limits import DEFAULT
from platgov.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from platgov._facts.schema import FactType, Schema

__all__ = ["Line", "csv_events", "json_events"]

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,25}\Z")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_BOOLS: Final = {"true": True, "false": False}
_CHUNK: Final = 65_536


class Line(NamedTuple):
    """One line of input: an event, or the reason why it is none.

    Attributes:
        number: Its line in the file, counted from 1.
        size: Its bytes, for progress.
        event: Plain values by fact name; None if the line was rejected.
        reason: Why it was rejected; empty otherwise.
    """

    number: int
    size: int
    event: dict[str, Any] | None
    reason: str = ""


def _bounded_lines(stream: BinaryIO, limit: int) -> Iterator[tuple[bytes, int]]:
    """Give lines and their sizes; of a line past the limit only its beginning is kept in memory."""
    while True:
        line = stream.readline(limit + 2)
        if not line:
            return
        size = len(line)
        while not line.endswith(b"\n") and size > limit:
            more = stream.readline(_CHUNK)
            size += len(more)
            if not more or more.endswith(b"\n"):
                break
        yield line, size


def json_events(stream: BinaryIO) -> Iterator[Line]:
    """Read one JSON object a line; empty lines are passed over."""
    limit = DEFAULT.file_bytes
    for number, (line, size) in enumerate(_bounded_lines(stream, limit), 1):
        text = line.strip()
        if not text:
            continue
        if size > limit + 1:
            yield Line(number, size, None, f"the line has {size} bytes; at most {limit} are accepted")
            continue
        try:
            event = loads(text, subject="event", max_bytes=limit)
        except InputError as error:
            yield Line(number, size, None, "; ".join(problem.message for problem in error.problems))
            continue
        if type(event) is not dict:
            yield Line(number, size, None, f"expected an object, got {type(event).__name__}")
            continue
        yield Line(number, size, event)


def csv_events(stream: BinaryIO, schema: Schema) -> Iterator[Line]:
    """Read CSV with a header of fact names (``author.age_days`` for nested ones).

    Cells are read by the declared type; an empty cell is a fact that was not given, one that
    does not read as its type stays text and is recorded as mistyped.
    """
    limit, read, longest = DEFAULT.file_bytes, 0, 0

    def lines() -> Iterator[str]:
        nonlocal read, longest
        for line, size in _bounded_lines(stream, limit):
            read, longest = read + size, max(longest, size)
            yield line.decode("utf-8", "surrogateescape")

    rows = csv.reader(lines(), strict=True)
    try:
        header = [name.strip() for name in next(rows, [])]
    except csv.Error as error:
        yield Line(1, read, None, f"the header is no CSV: {error}")
        return
    header[:1] = [name.removeprefix("\ufeff") for name in header[:1]]
    clash = f"it has {longest} bytes; at most {limit} are accepted" if longest > limit + 1 else _clash(header)
    if clash:
        yield Line(1, read, None, f"the header is unclear: {clash}")
        return
    readers = [_cell_reader(schema, name) for name in header]
    while True:
        before, longest, start = read, 0, rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield Line(start, read - before, None, f"is no CSV: {error}")
            continue
        if row is None:
            return
        if not row:
            continue
        size = read - before
        if longest > limit + 1:
            yield Line(start, size, None, f"the line has {longest} bytes; at most {limit} are accepted")
            continue
        if len(row) != len(readers):
            yield Line(start, size, None, f"has {len(row)} cells; the header has {len(readers)}")
            continue
        event: dict[str, Any] = {}
        for cell, put in zip(row, readers, strict=True):
            if cell:
                put(event, cell)
        yield Line(start, size, event)


def _clash(header: list[str]) -> str:
    """Say why a header cannot be read; empty if it can."""
    if len(header) > DEFAULT.keys:
        return f"it has {len(header)} columns; at most {DEFAULT.keys} are accepted"
    taken: dict[str, str] = {}  # a fact, or one around it, and the column that tells it
    for name in header:
        steps = name.split(".")
        if len(steps) > DEFAULT.nesting:
            return f"a column is nested more than {DEFAULT.nesting} levels deep"
        around = [".".join(steps[:length]) for length in range(1, len(steps))]
        other = taken.get(name) or next((outer for outer in around if taken.get(outer) == outer), None)
        if other is not None:
            return f"{name!r} and {other!r} tell the same fact"
        taken.update(dict.fromkeys(around, name))
        taken[name] = name
    return ""


def _cell_reader(schema: Schema, name: str) -> Callable[[dict[str, Any], str], None]:
    """Give what puts a cell of one column into an event."""
    *around, last = name.split(".")
    field = schema.at((*around, last))
    read = _text if field is None else _READERS.get(field.type.kind, _text)
    kind = None if field is None else field.type

    def put(event: dict[str, Any], cell: str) -> None:
        inside = event
        for step in around:
            inside = inside.setdefault(step, {})
        inside[last] = read(cell, kind)

    return put


def _text(cell: str, _: FactType | None) -> Any:
    return cell


def _whole(cell: str, _: FactType | None) -> Any:
    return int(cell) if _WHOLE.match(cell.strip()) else cell


def _number(cell: str, _: FactType | None) -> Any:
    text = cell.strip()
    if _WHOLE.match(text):
        return int(text)
    return float(text) if _NUMBER.match(text) else cell


def _bool(cell: str, _: FactType | None) -> Any:
    return _BOOLS.get(cell.strip().lower(), cell)


def _json(cell: str, _: FactType | None) -> Any:
    try:
        return loads(cell, subject="cell")
    except InputError:
        return cell


_READERS: Final[dict[str, Callable[[str, FactType | None], Any]]] = {
    "int": _whole,
    "float": _number,
    "bool": _bool,
    "list": _json,
    "struct": _json,
}
