"""The values a condition computes with, and what its operators mean on them.

Every operator is total. Where an answer does not exist (an operand is missing, of the wrong
type, too large, or divides by zero) the answer is `UNKNOWN`, never an exception.

In this module ``None`` is a fact that is absent or null, `UNKNOWN` a value that exists but
cannot be used, `NULL` the word ``null`` as somebody wrote it in a condition.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any, Final, final

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "NULL",
    "UNKNOWN",
    "Duration",
    "Null",
    "Timestamp",
    "UInt",
    "Unknown",
    "add",
    "divide",
    "equal",
    "from_key",
    "is_number",
    "member",
    "multiply",
    "negate",
    "order",
    "remainder",
    "subtract",
    "to_key",
]

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
UINT_MAX: Final = 2**64 - 1
TEXT_MAX: Final = 65_536
"""A computed text or list longer than this is unknown: nothing may grow without bound."""


@final
class Unknown:
    """The third truth value: the facts at hand do not decide.

    It is neither true nor false, so using it in an ``if`` is an error: a missing fact must
    not quietly count as one or the other. Test with ``value is UNKNOWN``.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        raise TypeError("UNKNOWN is neither true nor false; test `value is UNKNOWN` first")

    def __reduce__(self) -> str:
        return "UNKNOWN"  # copies and pickles stay the one object


@final
class Null:
    """The word ``null`` written in a condition; facts that are null are ``None``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NULL"

    def __reduce__(self) -> str:
        return "NULL"


UNKNOWN: Final = Unknown()
NULL: Final = Null()


class UInt(int):
    """An unsigned 64-bit number (``5u``). It mixes with ``int`` in comparisons, not in arithmetic."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{int(self)}u"


@attrs.frozen(order=True)
class Timestamp:
    """An instant: nanoseconds since 1970-01-01T00:00:00Z, from year 1 to year 9999."""

    ns: int


@attrs.frozen(order=True)
class Duration:
    """A span of time in nanoseconds; fits 64 bits (about 292 years either way)."""

    ns: int


TIMESTAMP_MIN: Final = -62_135_596_800 * 10**9
TIMESTAMP_MAX: Final = 253_402_300_800 * 10**9 - 1


def make_timestamp(ns: int) -> Timestamp | Unknown:
    """Give the instant, or UNKNOWN outside years 1 to 9999."""
    return Timestamp(ns) if TIMESTAMP_MIN <= ns <= TIMESTAMP_MAX else UNKNOWN


def make_duration(ns: int) -> Duration | Unknown:
    """Give the span, or UNKNOWN past 64 bits of nanoseconds."""
    return Duration(ns) if INT_MIN <= ns <= INT_MAX else UNKNOWN


def make_float(value: float) -> float | Unknown:
    """Give the number, or UNKNOWN for NaN: nothing may be decided by "not a number"."""
    return value if value == value else UNKNOWN  # noqa: PLR0124 - the only value unequal to itself


def is_number(value: object) -> bool:
    """Tell whether the value takes part in arithmetic; a bool does not."""
    kind = type(value)
    return kind is int or kind is float or kind is UInt


# -- equality and order ----------------------------------------------------------------------


def equal(left: Any, right: Any) -> bool | Unknown:
    """Compare two values; numbers by value whatever their type, lists and maps element by element.

    Different kinds (text and a number, say) are not "unequal": the question makes no sense
    on these facts, and the answer is UNKNOWN.
    """
    kind, other = type(left), type(right)
    if kind is other and (kind is int or kind is str or kind is bool or kind is float):
        return bool(left == right)
    if left is NULL or right is NULL:
        return _equals_null(right if left is NULL else left)
    if is_number(left) and is_number(right):
        return _as_one_kind(operator.eq, left, right)
    if kind is not other or left is None or left is UNKNOWN:
        return UNKNOWN
    if kind is tuple:
        return False if len(left) != len(right) else _all(map(equal, left, right))
    if kind is dict:
        return False if left.keys() != right.keys() else _all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def _equals_null(value: object) -> bool | Unknown:
    if value is UNKNOWN:
        return UNKNOWN
    return value is None or value is NULL


def _all(answers: Iterable[bool | Unknown]) -> bool | Unknown:
    result: bool | Unknown = True
    for answer in answers:
        if answer is False:
            return False
        if answer is UNKNOWN:
            result = UNKNOWN
    return result


_ORDERED: Final = frozenset({str, bool, Timestamp, Duration})
_COMPARE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def order(symbol: str) -> Callable[[Any, Any], bool | Unknown]:
    """Give the function of ``<``, ``<=``, ``>`` or ``>=``; text is ordered by code point."""
    compare = _COMPARE[symbol]

    def ordered(left: Any, right: Any) -> bool | Unknown:
        kind, other = type(left), type(right)
        if kind is other and (kind is int or kind is float or kind in _ORDERED):
            return bool(compare(left, right))
        return _as_one_kind(compare, left, right) if is_number(left) and is_number(right) else UNKNOWN

    return ordered


def _as_one_kind(compare: Callable[[Any, Any], Any], left: Any, right: Any) -> bool:
    """Compare numbers of two kinds; beside a float, a whole number counts as the nearest float, as in CEL."""
    if type(left) is float or type(right) is float:
        return bool(compare(float(left), float(right)))
    return bool(compare(int(left), int(right)))


# -- maps and membership ---------------------------------------------------------------------


@attrs.frozen
class BoolKey:
    """A true or false map key: in Python ``True == 1``, in a condition they are two keys."""

    value: bool


def to_key(value: Any) -> Any:
    """Give the form in which a value serves as a map key, or UNKNOWN if it cannot."""
    kind = type(value)
    if kind is str or kind is int:
        return value
    if kind is UInt:
        return int(value)
    if kind is float:
        return int(value) if value.is_integer() else value
    return BoolKey(value) if kind is bool else UNKNOWN


def from_key(key: Any) -> Any:
    """Give back the value that `to_key` was given (an unsigned or whole number as ``int``)."""
    return key.value if type(key) is BoolKey else key


def member(item: Any, container: Any) -> bool | Unknown:
    """Tell whether ``item in container``: an element of a list, or a key of a map."""
    if item is None or item is UNKNOWN:
        return False if container in ((), {}) else UNKNOWN
    if type(container) is tuple:
        result: bool | Unknown = False
        for element in container:
            answer = equal(item, element)
            if answer is True:
                return True
            if answer is UNKNOWN:
                result = UNKNOWN
        return result
    if type(container) is dict:
        key = to_key(item)
        return UNKNOWN if key is UNKNOWN else key in container
    return UNKNOWN


# -- arithmetic ------------------------------------------------------------------------------


def _number(value: Any, kind: type) -> Any:
    """Wrap a result of whole-number arithmetic, or UNKNOWN past 64 bits."""
    if kind is UInt:
        return UInt(value) if 0 <= value <= UINT_MAX else UNKNOWN
    return value if INT_MIN <= value <= INT_MAX else UNKNOWN


def _arithmetic(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Lift a Python operator to numbers of the language; None where the operands are no numbers."""

    def apply(left: Any, right: Any) -> Any:
        kind, other = type(left), type(right)
        if kind is other and (kind is int or kind is UInt):
            return _number(function(int(left), int(right)), kind)
        if (kind is float and (other is float or other is int)) or (kind is int and other is float):
            try:
                return make_float(function(float(left), float(right)))
            except OverflowError:
                return UNKNOWN
        return None

    return apply


_add, _subtract, _multiply = map(_arithmetic, (operator.add, operator.sub, operator.mul))


def add(left: Any, right: Any) -> Any:
    """Compute ``left + right``: numbers, text, lists, spans, an instant and a span."""
    result = _add(left, right)
    if result is not None:
        return result
    kind, other = type(left), type(right)
    if kind is other and (kind is str or kind is tuple):
        return left + right if len(left) + len(right) <= TEXT_MAX else UNKNOWN
    if kind is Duration and other is Duration:
        return make_duration(left.ns + right.ns)
    if {kind, other} == {Timestamp, Duration}:
        return make_timestamp(left.ns + right.ns)
    return UNKNOWN


def subtract(left: Any, right: Any) -> Any:
    """Compute ``left - right``: numbers, spans, two instants, an instant less a span."""
    result = _subtract(left, right)
    if result is not None:
        return result
    kind, other = type(left), type(right)
    if kind is other and (kind is Timestamp or kind is Duration):
        return make_duration(left.ns - right.ns)
    if kind is Timestamp and other is Duration:
        return make_timestamp(left.ns - right.ns)
    return UNKNOWN


def multiply(left: Any, right: Any) -> Any:
    """Compute ``left * right`` on numbers."""
    result = _multiply(left, right)
    return UNKNOWN if result is None else result


def divide(left: Any, right: Any) -> Any:
    """Compute ``left / right``; whole numbers round toward zero; by zero is UNKNOWN."""
    if not is_number(right) or right == 0:
        return UNKNOWN
    result = _divide(left, right)
    return UNKNOWN if result is None else result


def remainder(left: Any, right: Any) -> Any:
    """Compute ``left % right`` on whole numbers; the sign is that of ``left``."""
    if not is_number(right) or right == 0 or type(right) is float or type(left) is float:
        return UNKNOWN
    result = _remainder(left, right)
    return UNKNOWN if result is None else result


def _quotient(left: Any, right: Any) -> Any:
    if type(left) is float:
        return left / right
    whole = abs(left) // abs(right)
    return whole if (left < 0) == (right < 0) else -whole


_divide = _arithmetic(_quotient)
_remainder = _arithmetic(lambda left, right: int(math.copysign(1, left)) * (abs(left) % abs(right)))


def negate(value: Any) -> Any:
    """Compute ``-value`` on signed numbers."""
    kind = type(value)
    if kind is int:
        return _number(-value, int)
    return -value if kind is float else UNKNOWN
