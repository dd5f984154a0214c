"""Validators that several parts use for the fields of their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from platgov._canonical import shown
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    import attrs

__all__ = ["DAY", "flag", "refuse", "whole"]

DAY: Final = 86_400


def refuse(subject: str, message: str, *, path: str = "$", code: str = "value") -> InputError:
    """Build the error for one problem."""
    return InputError(subject, (Problem(message, path, code),))


def whole(low: int, high: int, *, optional: bool = False) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    """Give a validator for whole numbers from ``low`` to ``high``; a boolean is none."""

    def validate(instance: Any, attribute: attrs.Attribute[Any], value: object) -> None:
        if optional and value is None:
            return
        if type(value) is not int or not low <= value <= high:
            message = f"{attribute.name} is {shown(value)}; give a whole number from {low} to {high}"
            code = "range" if type(value) is int else "type"
            raise refuse(type(instance).__name__, message, path=f"$.{attribute.name}", code=code)

    return validate


def flag(instance: Any, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate a boolean."""
    if type(value) is not bool:
        message = f"{attribute.name} is {shown(value)}; give True or False"
        raise refuse(type(instance).__name__, message, path=f"$.{attribute.name}", code="type")
