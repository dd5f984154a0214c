"""The functions and methods of the condition language, each total on any values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from platgov import names
from platgov._conditions.instants import duration_text, read_duration, read_timestamp, timestamp_text
from platgov._conditions.values import (
    INT_MAX,
    INT_MIN,
    UINT_MAX,
    UNKNOWN,
    Duration,
    Timestamp,
    UInt,
    make_float,
    make_timestamp,
)
from platgov.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FUNCTIONS", "TEXT_TESTS", "fold", "has_word"]


def fold(text: Any) -> Any:
    """Fold text for matching; UNKNOWN for anything that is no text or folds past its cap."""
    if type(text) is not str:
        return UNKNOWN
    try:
        return names.fold(text)
    except InputError:
        return UNKNOWN


# -- words -------------------------------------------------------------------------------------

# Scripts written without spaces: there, a neighbouring letter says nothing about word ends.
_SPACELESS: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)


def _joins(char: str) -> bool:
    """Tell whether a letter beside this one would belong to the same word."""
    return names.is_word(char) and not _SPACELESS.match(char)


def has_word(text: str, term: str) -> bool:
    """Tell whether the term stands in the text as a word of its own."""
    at = text.find(term)
    if at < 0:
        return False
    before, after, size = _joins(term[0]), _joins(term[-1]), len(term)
    while at >= 0:
        stop = at + size
        if not (before and at and _joins(text[at - 1])) and not (after and stop < len(text) and _joins(text[stop])):
            return True
        at = text.find(term, at + 1)
    return False


def _on_texts(test: Callable[[str, str], bool]) -> Callable[[Any, Any], Any]:
    def apply(text: Any, other: Any) -> Any:
        return test(text, other) if type(text) is str and type(other) is str else UNKNOWN

    return apply


def _on_terms(test: Callable[[str, str], bool]) -> Callable[[Any, Any], Any]:
    """Lift a test on one term to one on any of a list of terms; a lone term is a list of one."""

    def apply(text: Any, terms: Any) -> Any:
        if type(text) is not str:
            return UNKNOWN
        result: Any = False
        for term in (terms,) if type(terms) is str else terms if type(terms) is tuple else (UNKNOWN,):
            if type(term) is not str or not term:
                result = UNKNOWN
            elif test(text, term):
                return True
        return result

    return apply


TEXT_TESTS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "contains": _on_texts(lambda text, other: other in text),
    "startsWith": _on_texts(lambda text, other: text.startswith(other)),
    "endsWith": _on_texts(lambda text, other: text.endswith(other)),
    "containsAny": _on_terms(lambda text, term: term in text),
    "containsWord": _on_terms(has_word),
}
"""Methods that compare a text with one other value."""


# -- conversions -------------------------------------------------------------------------------

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,20}")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?Infinity|[+-]?inf")
_TRUE: Final = frozenset(("1", "t", "T", "true", "TRUE", "True"))
_FALSE: Final = frozenset(("0", "f", "F", "false", "FALSE", "False"))


def _to_whole(value: Any, low: int, high: int) -> int | None:
    kind = type(value)
    readable = (
        kind is int
        or kind is UInt
        or (kind is float and float(low) <= value < float(high + 1) and (low == 0 or value != float(low)))
        or (kind is str and len(value) <= 1000 and _WHOLE.fullmatch(value) is not None)
    )
    number = int(value) if readable else None
    return number if number is not None and low <= number <= high else None


def _to_int(value: Any) -> Any:
    if type(value) is Timestamp:
        return value.ns // 10**9
    number = _to_whole(value, INT_MIN, INT_MAX)
    return UNKNOWN if number is None else number


def _to_uint(value: Any) -> Any:
    number = _to_whole(value, 0, UINT_MAX)
    return UNKNOWN if number is None else UInt(number)


def _to_double(value: Any) -> Any:
    kind = type(value)
    if kind is float or kind is int or kind is UInt:
        return float(value)
    if kind is str and len(value) <= 1000 and _DECIMAL.fullmatch(value):
        return make_float(float(value))
    return UNKNOWN


def _to_string(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return value
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is UInt:
        return str(int(value))
    if kind is float:
        return repr(value + 0.0).removesuffix(".0")  # minus zero is zero
    if kind is Timestamp:
        return timestamp_text(value)
    return duration_text(value) if kind is Duration else UNKNOWN


def _to_bool(value: Any) -> Any:
    if type(value) is bool:
        return value
    if type(value) is str:
        return True if value in _TRUE else False if value in _FALSE else UNKNOWN
    return UNKNOWN


def _to_timestamp(value: Any) -> Any:
    kind = type(value)
    if kind is Timestamp:
        return value
    if kind is int:
        return make_timestamp(value * 10**9)
    return read_timestamp(value) if kind is str else UNKNOWN


def _to_duration(value: Any) -> Any:
    if type(value) is Duration:
        return value
    return read_duration(value) if type(value) is str and len(value) <= 1000 else UNKNOWN


def size(value: Any) -> Any:
    """Count the characters (code points) of a text, the elements of a list or the keys of a map."""
    return len(value) if type(value) in (str, tuple, dict) else UNKNOWN


FUNCTIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "size": size,
    "int": _to_int,
    "uint": _to_uint,
    "double": _to_double,
    "string": _to_string,
    "bool": _to_bool,
    "timestamp": _to_timestamp,
    "duration": _to_duration,
}
"""Functions of one argument."""
