"""How the values of accounts refuse what they cannot hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._canonical import shown
from platgov._checks import DAY, flag, refuse, whole
from platgov._limits import DEFAULT
from platgov._time import to_epoch
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

__all__ = [
    "DAY",
    "MOST",
    "all_of",
    "checked_name",
    "flag",
    "instance",
    "name",
    "optional_instant",
    "pairs",
    "read_fields",
    "refuse",
    "same_version",
    "texts",
    "whole",
]

MOST: Final = 10**6
"""Largest number of points. With it, scaled whole numbers of a whole policy stay exact in JSON."""


def checked_name(value: object, subject: str, field: str) -> str:
    """Give an id back if it is printable text of 1 to 256 bytes.

    Printable leaves out control characters, line breaks, bidirectional overrides and lone
    surrogates: an id goes into logs, notices and canonical bytes.
    """
    if type(value) is not str:
        raise refuse(subject, f"{field} is {shown(value)}; give text", path=f"$.{field}", code="type")
    if not value or not value.isprintable() or len(value) > DEFAULT.name_bytes:
        wanted = f"give 1 to {DEFAULT.name_bytes} bytes of printable text"
        raise refuse(subject, f"{field} is {shown(value)}; {wanted}", path=f"$.{field}")
    if not value.isascii() and len(value.encode()) > DEFAULT.name_bytes:
        raise refuse(subject, f"{field} has more than {DEFAULT.name_bytes} bytes", path=f"$.{field}")
    return value


def name(instance: Any, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate an id or a name."""
    checked_name(value, type(instance).__name__, attribute.name)


def instance(*kinds: type, optional: bool = False) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    """Give a validator for values of some classes."""

    def validate(instance: Any, attribute: attrs.Attribute[Any], value: object) -> None:
        if not (isinstance(value, kinds) or (optional and value is None)):
            wanted = " or ".join(kind.__name__ for kind in kinds)
            message = f"{attribute.name} is {shown(value)}; give a {wanted}"
            raise refuse(type(instance).__name__, message, path=f"$.{attribute.name}", code="type")

    return validate


def optional_instant(value: int | dt.datetime | None) -> int | None:
    """Keep an instant as UTC epoch seconds, and None as None."""
    return None if value is None else to_epoch(value)


def texts(value: Any) -> tuple[str, ...]:
    """Keep names as a sorted tuple without repeats."""
    if not isinstance(value, list | tuple | set | frozenset) or not all(type(item) is str for item in value):
        raise refuse("names", f"{shown(value)} is no list of names; give texts in a list", code="type")
    for item in value:
        checked_name(item, "names", "name")
    return tuple(sorted(set(value)))


def all_of(kind: type, values: Any, subject: str, field: str) -> tuple[Any, ...]:
    """Keep values of one class as a tuple, in the order given."""
    if not isinstance(values, list | tuple) or not all(isinstance(value, kind) for value in values):
        message = f"{field} is {shown(values)}; give a list of {kind.__name__}"
        raise refuse(subject, message, path=f"$.{field}", code="type")
    return tuple(values)


def pairs(values: Any, subject: str, wanted: str) -> Iterator[tuple[Any, Any]]:
    """Give pairs one by one, and refuse what is none, or no list of them."""
    if not hasattr(values, "__iter__"):
        raise refuse(subject, f"{shown(values)} is no list; give pairs of {wanted}", code="type")
    for pair in values:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise refuse(subject, f"{shown(pair)} is no pair; give {wanted}", code="type")
        yield pair[0], pair[1]


def same_version(given: object, known: int) -> bool:
    """Tell whether a version is the one this code knows; ``True`` is not 1."""
    return type(given) is int and given == known


def read_fields(cls: type, data: object, subject: str) -> dict[str, Any]:
    """Take the fields of a class from plain values: no key more, no required one less.

    Types are the business of the class, which validates what it is given.

    Raises:
        InputError: Lists every unknown and every missing key.
    """
    if type(data) is not dict:
        raise refuse(subject, f"expected an object, got {shown(data)}", code="type")
    fields = {field.name: field for field in attrs.fields(cls) if field.init}
    problems = [
        Problem(f"unknown key {shown(key)}; accepted are {', '.join(sorted(fields))}", code="unknown_field")
        for key in data
        if type(key) is not str or key not in fields
    ]
    problems += [
        Problem("is missing", f"$.{key}", "missing")
        for key, field in fields.items()
        if field.default is attrs.NOTHING and key not in data
    ]
    if problems:
        raise InputError(subject, tuple(problems))
    return dict(data)
