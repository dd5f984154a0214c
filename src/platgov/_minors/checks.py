"""How the values of youth mode refuse what they cannot hold."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final, TypeVar

from platgov._canonical import shown
from platgov._checks import DAY, flag, refuse, whole
from platgov._limits import DEFAULT
from platgov.schedules import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import attrs

__all__ = [
    "DAY",
    "LONGEST",
    "checked_name",
    "choice",
    "flag",
    "is_name",
    "items_of",
    "name",
    "names",
    "optional_windows",
    "refuse",
    "text",
    "whole",
    "windows",
]

LONGEST: Final = 400 * DAY
"""Longest span, and largest number of seconds of a quota."""

C = TypeVar("C", bound=enum.Enum)
T = TypeVar("T")


def is_name(value: object) -> bool:
    """Whether a value is printable text of 1 to 256 bytes: it goes into logs, notices and canonical bytes."""
    return type(value) is str and 0 < len(value) <= DEFAULT.name_bytes and value.isprintable() and _fits(value)


def _fits(text: str) -> bool:
    return text.isascii() or len(text.encode()) <= DEFAULT.name_bytes


def checked_name(value: object, subject: str, field: str) -> str:
    """Give a name back.

    Raises:
        InputError: It is none.
    """
    if not is_name(value):
        wanted = f"give 1 to {DEFAULT.name_bytes} bytes of printable text"
        raise refuse(subject, f"{field} is {shown(value)}; {wanted}", path=f"$.{field}", code="name")
    return str(value)


def name(instance: Any, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate an id or a name."""
    checked_name(value, type(instance).__name__, attribute.name)


def text(instance: Any, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate printable text that may be empty."""
    if type(value) is not str or len(value) > DEFAULT.items or not value.isprintable():
        message = f"{attribute.name} is {shown(value)}; give printable text on one line"
        raise refuse(type(instance).__name__, message, path=f"$.{attribute.name}", code="text")


def choice(kind: type[C]) -> Callable[[Any], C]:
    """Give a converter for one of a few choices, given as itself or as the text it is stored as."""
    known = {member.value: member for member in kind}

    def convert(value: Any) -> C:
        if isinstance(value, kind):
            return value
        if type(value) is str and value in known:
            return known[value]
        raise refuse(kind.__name__, f"{shown(value)} is none of {', '.join(sorted(known))}", code="choice")

    return convert


def names(value: Iterable[str]) -> frozenset[str]:
    """Keep a collection of names; one text is no collection."""
    if isinstance(value, frozenset | set | list | tuple) and len(value) <= DEFAULT.keys and all(map(is_name, value)):
        return frozenset(value)
    raise refuse("names", f"{shown(value)} is no list of names; give texts in a list", code="names")


def items_of(kind: type[T], subject: str, field: str) -> Callable[[Iterable[T]], tuple[T, ...]]:
    """Give a converter for a list of values of one class; the order is kept."""

    def convert(value: Iterable[T]) -> tuple[T, ...]:
        if (
            not isinstance(value, list | tuple)
            or len(value) > DEFAULT.keys
            or not all(isinstance(item, kind) for item in value)
        ):
            message = f"{field} is {shown(value)}; give a list of {kind.__name__}, at most {DEFAULT.keys}"
            raise refuse(subject, message, path=f"$.{field}", code="type")
        return tuple(value)

    return convert


def windows(value: Iterable[Window]) -> tuple[Window, ...]:
    """Keep windows; see `items_of`."""
    return items_of(Window, "Hours", "windows")(value)


def optional_windows(value: Iterable[Window] | None) -> tuple[Window, ...] | None:
    """Keep windows, and None as None."""
    return None if value is None else windows(value)
