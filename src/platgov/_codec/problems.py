"""Turns what attrs and cattrs say about a class into problems with paths."""

from __future__ import annotations

import contextlib
import difflib
from typing import TYPE_CHECKING, Any

import attrs
from cattrs import AttributeValidationNote, ForbiddenExtraKeysError

from platgov._canonical import step, under
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from platgov._codec.forms import Shape

__all__ = ["class_problems", "reasons"]


def class_problems(cls: Any, shapes: dict[str, Shape], data: dict[str, Any], group: Any) -> Iterator[Problem]:
    """Tell what cattrs gathered: per field with a note, for the whole object without one."""
    for bad in group.exceptions:
        notes = (note for note in getattr(bad, "__notes__", ()) if isinstance(note, AttributeValidationNote))
        name = next((note.name for note in notes), None)
        if isinstance(bad, ForbiddenExtraKeysError):
            for key in sorted(bad.extra_fields):
                close = difflib.get_close_matches(key[:64], shapes, 1) if len(bad.extra_fields) < 4 else []
                hint = f"did you mean {close[0]!r}?" if close else "remove it"
                yield Problem(f"{cls.__name__} has no such field; {hint}", f"${step(key)}", "unknown_field")
        elif name is None:
            yield from _constructor_problems(cls, {key: shapes[key].read(part) for key, part in data.items()}, bad)
        elif name in data:
            yield from under(step(name), reasons(bad))
        else:
            yield Problem(f"expected {shapes[name].wants}, got nothing", f"${step(name)}", "missing")


def _constructor_problems(cls: Any, values: dict[str, Any], cause: Exception) -> tuple[Problem, ...]:
    """Ask each converter and validator, because the constructor stops at the first that refuses."""
    half = object.__new__(cls)
    fields = attrs.fields(cls)
    with contextlib.suppress(Exception):
        cls.__init__(half, **{field.alias: values[field.name] for field in fields if field.name in values})

    def ask(field: Any) -> None:
        if hasattr(half, field.name):  # set before any validator runs
            if field.validator is not None:
                field.validator(half, field, getattr(half, field.name))
        elif field.converter is not None and field.name in values:
            extra = (half, field) if isinstance(field.converter, attrs.Converter) else ()
            field.converter(values[field.name], *extra)

    problems: list[Problem] = []
    for field in fields:
        try:
            ask(field)
        except Exception as bad:  # noqa: BLE001 - a host's validator may fail in any way
            problems.extend(under(step(field.name), reasons(bad)))
    return tuple(problems) or reasons(cause)


def reasons(bad: Exception) -> tuple[Problem, ...]:
    if isinstance(bad, InputError):
        return bad.problems
    # attrs puts the sentence first and the field, value and limits behind it.
    first = bad.args[0] if type(bad) in (ValueError, TypeError) and bad.args else bad
    return (Problem(str(first) or type(bad).__name__),)
