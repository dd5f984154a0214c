"""Takes a host's table in and looks at it: columns, types, and what no row may say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import narwhals as nw

from platgov._accounts.checks import refuse
from platgov._time import FIRST, LAST

if TYPE_CHECKING:
    from collections.abc import Iterable

    from platgov.errors import InputError

__all__ = [
    "LARGEST",
    "collected",
    "event_frame",
    "first_row",
    "frame_of",
    "in_years",
    "looked_at",
    "nullable",
    "refuse_rows",
    "said",
    "whole_numbers",
]

LARGEST: Final = 2**63 - 2**40
"""Largest sum in a column: what 64 bits hold, less what rounding may add."""

EXACT_FLOAT: Final = 2**53

INSTANTS: Final = ("overturned_at", "held_at", "released_at")
OPTIONAL: Final = ("id", "kind", *INSTANTS)
WIDE: Final = (nw.UInt64, nw.Int128, nw.UInt128)
REQUIRED: Final = ("account", "at", "rule")
NEVER_NULL: Final = (*REQUIRED, "kind", "id")

Frame = Any  # nw.DataFrame or nw.LazyFrame: what is done here, both can


def frame_of(native: Any, subject: str) -> Frame:
    """Wrap a native frame; whole numbers of pandas become nullable, since a float holds only 53 bits."""
    try:
        frame: Frame = nw.from_native(native)
    except TypeError:
        message = f"is a {type(native).__name__}; give a polars, pandas, PyArrow or DuckDB frame"
        raise refuse(subject, message, code="type") from None
    if not frame.implementation.is_pandas_like():
        return frame
    found = nullable(frame)
    for name, kind in frame.schema.items():
        if kind.is_float() and found.schema[name].is_integer() and (frame[name].abs() > EXACT_FLOAT).any():
            message = f"{name} holds whole numbers as floats, which are exact up to 2**53 only; use the dtype Int64"
            raise refuse(subject, message, path=f"$.{name}", code="type")
    return found


def nullable(frame: Frame) -> Frame:
    """Let columns of pandas hold nulls beside whole numbers of 64 bits; with others, they always can."""
    pandas = frame.implementation.is_pandas_like()
    return nw.from_native(frame.to_native().convert_dtypes()) if pandas else frame


def event_frame(native: Any) -> Frame:
    """Wrap an event table and settle its columns: instants are 64 bits, empty columns are left out.

    Raises:
        InputError: A column is missing, unknown, or of a type that cannot be read.
    """
    frame = frame_of(native, "events")
    types = dict(frame.collect_schema())
    for name in REQUIRED:
        if name not in types:
            raise refuse(
                "events", f"has no column {name!r}; it has {', '.join(types)}", path=f"$.{name}", code="missing"
            )
    for name in types:
        if name not in (*REQUIRED, *OPTIONAL):
            message = f"unknown column {name!r}; accepted are {', '.join((*REQUIRED, *OPTIONAL))}; select these first"
            raise refuse("events", message, path=f"$.{name}", code="unknown_field")
    # Where nothing was ever overturned, a column of nulls may have no type; pandas takes it for text.
    untyped = (nw.Unknown, nw.Object)
    empty = [
        name
        for name in OPTIONAL
        if name in types and (types[name] in untyped or (name in INSTANTS and types[name] == nw.String))
    ]
    if empty:
        counts = collected(frame.select(*[nw.col(name).count() for name in empty])).row(0)
        empty = [name for name, count in zip(empty, counts, strict=True) if not count]
        frame = frame.drop(*empty)
    if not types["account"].is_integer() and types["account"] != nw.String:
        raise _mistyped("events", "account", types["account"], "whole numbers or text")
    texts = [name for name in ("rule", "kind", "id") if name in types and name not in empty]
    for name in texts:
        if types[name] not in (nw.String, nw.Categorical, nw.Enum):
            raise _mistyped("events", name, types[name], "text")
    instants = [name for name in ("at", *INSTANTS) if name in types and name not in empty]
    whole_numbers(frame, "events", instants)
    casts = [(name, nw.Int64) for name in instants] + [(name, nw.String) for name in texts]
    needed = [nw.col(name).cast(kind) for name, kind in casts if types[name] != kind]
    return frame.with_columns(*needed) if needed else frame


def whole_numbers(frame: Frame, subject: str, names: Iterable[str]) -> None:
    """Refuse columns that are not of whole numbers, or of numbers too large for 64 bits."""
    types = frame.collect_schema()
    for name in names:
        if not types[name].is_integer():
            raise _mistyped(subject, name, types[name], "whole numbers, and epoch seconds for instants")
        if types[name] in WIDE:
            most = looked_at(frame, most=nw.col(name).max())["most"]
            if most > LARGEST:
                raise refuse(subject, f"{name} {most} does not fit 64 bits", path=f"$.{name}", code="range")


def _mistyped(subject: str, name: str, given: Any, wanted: str) -> InputError:
    return refuse(subject, f"{name} is {given}; give {wanted}", path=f"$.{name}", code="type")


def collected(frame: Frame) -> Any:
    """Give the frame in memory; one out of a database as a PyArrow table."""
    return frame.collect() if isinstance(frame, nw.LazyFrame) else frame


def looked_at(frame: Frame, **what: Any) -> dict[str, int]:
    """Compute several figures over all rows at once; zero where there is nothing."""
    row = collected(frame.select(**what)).rows(named=True)[0]
    return {name: 0 if value is None else int(value) for name, value in row.items()}


def said(value: Any) -> str:
    """Write an account, rule or instant of a table for a message."""
    return repr(value[:80]) if type(value) is str else str(value)


def first_row(frame: Frame, condition: Any) -> dict[str, Any]:
    """Give one row for which something holds, to be named in an error."""
    found: dict[str, Any] = collected(frame.filter(condition).head(1)).rows(named=True)[0]
    return found


def in_years(subject: str, figures: dict[str, int]) -> None:
    """Refuse instants that no datetime can name; ``first`` and ``last`` are the extremes."""
    for value in (figures["first"], figures["last"]):
        if not FIRST <= value <= LAST:
            message = f"at {value} is outside the years 1 to 9999; give seconds since 1970, not milliseconds"
            raise refuse(subject, message, path="$.at", code="range")


def refuse_rows(frame: Frame) -> None:
    """Refuse a table in which some row says what no row may say, whatever the policy."""
    names = frame.collect_schema().names()
    for name, count in looked_at(
        frame, **{name: nw.col(name).null_count() for name in NEVER_NULL if name in names}
    ).items():
        if count:
            row = first_row(frame, nw.col(name).is_null())
            whose = "" if name == "account" else f", one of account {said(row['account'])}"
            message = f"{count} rows have no {name}{whose}"
            raise refuse("events", message, path=f"$.{name}", code="missing")
    rules: list[tuple[str, Any, str]] = []
    if "kind" in names:
        rules.append(("kind", ~nw.col("kind").is_in(["violation", "task"]), "is neither violation nor task"))
    rules += [(name, nw.col(name) < nw.col("at"), "is before it happened") for name in INSTANTS if name in names]
    if "released_at" in names:
        unheld = nw.col("held_at").is_null() if "held_at" in names else nw.lit(value=True)
        rules.append(("released_at", ~nw.col("released_at").is_null() & unheld, "releases what was never held"))
    if "held_at" in names and "kind" in names:
        held = (nw.col("kind") == "task") & ~nw.col("held_at").is_null()
        rules.append(("held_at", held, "is of a task; only violations can be held"))
    counts = {str(place): rule.cast(nw.Int64).sum() for place, (_, rule, _) in enumerate(rules)}
    found = looked_at(frame, **counts, first=nw.col("at").min(), last=nw.col("at").max())
    for place, (name, rule, says) in enumerate(rules):
        if found[str(place)]:
            row = first_row(frame, rule)
            message = f"{name} {said(row[name])} of account {said(row['account'])} {says}"
            raise refuse("events", message, path=f"$.{name}")
    in_years("events", found)
    if "id" in names:
        twice = frame.group_by("id").agg(rows=nw.len()).filter(nw.col("rows") > 1)
        for row in collected(twice.head(1)).rows(named=True):
            message = f"id {said(row['id'])} stands in {row['rows']} rows; give each decision one row"
            raise refuse("events", message, path="$.id", code="duplicate")
