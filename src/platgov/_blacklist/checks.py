"""How the values of the blacklist refuse what they cannot hold. Messages never repeat a signal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from platgov._limits import DEFAULT
from platgov._time import to_epoch
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    import datetime as dt

    import attrs

__all__ = ["each_of", "identifier", "optional_epoch", "optional_flag", "refuse", "text_of"]

_LONGEST: Final = 1_024
"""Bytes of one signal: longer than any e-mail address or device id."""


def refuse(subject: str, field: str, message: str, code: str = "value") -> InputError:
    """Build the error for one problem of one field."""
    return InputError(subject, (Problem(message, f"$.{field}", code),))


def text_of(value: object, subject: str, field: str, most: int = _LONGEST) -> str:
    """Give back one text that is not blank and has at most ``most`` bytes."""
    if type(value) is not str:
        raise refuse(subject, field, f"is a {type(value).__name__}; give text, or None where it is not known", "type")
    if len(value) > most:
        raise refuse(subject, field, f"has more than {most} bytes; nothing is cut", "too_long")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise refuse(
            subject, field, "holds half of a surrogate pair; decode the source as UTF-8", "surrogate"
        ) from None
    if size > most:
        raise refuse(subject, field, f"has more than {most} bytes; nothing is cut", "too_long")
    if not value.strip():
        raise refuse(subject, field, "is blank; give None where it is not known", "blank")
    return value


def identifier(value: object, subject: str, field: str) -> str:
    """Give back an id if it is printable text of 1 to 256 bytes."""
    text = text_of(value, subject, field, DEFAULT.name_bytes)
    if not text.isprintable():
        raise refuse(subject, field, "has characters that do not print; give printable text")
    return text


def each_of(values: Any, subject: str, field: str, wanted: str = "texts") -> tuple[Any, ...]:
    """Give back what a list holds; one text is no list of them."""
    if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
        raise refuse(subject, field, f"is a {type(values).__name__}; give a list of {wanted}", "type")
    return tuple(values)


def optional_flag(instance: Any, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate True, False or None."""
    if value is not None and type(value) is not bool:
        raise refuse(
            type(instance).__name__, attribute.name, f"is a {type(value).__name__}; give a bool or None", "type"
        )


def optional_epoch(at: int | dt.datetime | None) -> int | None:
    """Convert an instant, or None."""
    return None if at is None else to_epoch(at)
