"""Read plain JSON values into attrs classes without guessing, and write them back canonically.

Every annotation has one JSON form, and nothing is converted on the way in: ``"18"`` is no
number, ``"false"`` no boolean, ``"abc"`` no list. All problems are reported at once.

=========================================== ==================================================
annotation                                  JSON form
=========================================== ==================================================
``str`` ``bool`` ``None``                   text (no lone surrogate), true or false, null
``int``                                     whole number up to 2**53 - 1 either way
``float``                                   number in the same range; ``3`` is read as ``3.0``, ``-0.0`` as ``0.0``
``Enum``, ``Literal``                       its value, of the same type
``datetime``, ``pendulum.DateTime``         ``2026-11-24T15:00:00Z``; any offset is read, and given as UTC
``date``, ``pendulum.Date``                 ``2026-11-24``
``timedelta``, ``pendulum.Duration``        whole seconds
``tuple``, ``Sequence``, ``list``           list
``frozenset``, ``Set``, ``set``             list without repeats, written in canonical order
``Mapping``, ``dict``; ``Pairs[T]``         object
attrs class                                 object with exactly its fields; defaults may be left out
``A | B``                                   whichever form fits; the forms must not overlap
one of several classes                      object with a ``kind``: see ``Kinds``
class with ``from_plain`` and ``to_plain``  whatever these two say
=========================================== ==================================================

Datetimes and dates are also read as objects, because TOML readers give them.
"""

from __future__ import annotations

import typing
from typing import Any, TypeVar

from platgov._canonical import dumps, loads
from platgov._codec.forms import TOO_DEEP, check_nesting
from platgov._codec.kinds import Kinds, Pairs, SelfCoded, name_of
from platgov._codec.shapes import shapes_for
from platgov._limits import DEFAULT
from platgov.errors import InputError

__all__ = ["Kinds", "Pairs", "SelfCoded", "from_json", "read", "read_tagged", "to_json", "write", "write_tagged"]

T = TypeVar("T")


def read(cls: type[T], data: object, *, kinds: tuple[Kinds[Any], ...] = ()) -> T:
    """Build a value from plain data (what ``json`` or ``tomllib`` give).

    Args:
        cls: An attrs class, or any annotation of the table above.
        data: Plain data; exact types, so no subclass can answer differently when asked twice.
        kinds: How to read the annotations that stand for several classes.

    Raises:
        InputError: Carries every problem with its path. What a validator or converter of
            the class says is kept as the message.
    """
    try:
        shape = shapes_for(kinds).of(cls)
        check_nesting(data)
        return typing.cast("T", shape.read(data))
    except InputError as bad:
        raise InputError(name_of(cls), bad.problems) from None


def write(value: object, cls: Any = None, *, kinds: tuple[Kinds[Any], ...] = ()) -> Any:
    """Return the plain form of a value: ``read`` of it gives an equal value.

    Args:
        value: An attrs value, or any value of an annotation in the table above.
        cls: The annotation to write it as, needed where the class does not say enough
            (``tuple[int, ...]``); by default the class of the value.
        kinds: How to write the annotations that stand for several classes.

    Raises:
        InputError: A field holds something else than it is annotated with.
    """
    annotation = type(value) if cls is None else cls
    try:
        plain = shapes_for(kinds).of(annotation).write(value)
        check_nesting(plain)
    except InputError as bad:
        raise InputError(name_of(annotation), bad.problems) from None
    except RecursionError:
        raise InputError(name_of(annotation), (TOO_DEEP,)) from None
    return plain


def read_tagged(kinds: Kinds[T], data: object, *, others: tuple[Kinds[Any], ...] = ()) -> T:
    """Read one value of ``kinds``; ``others`` are for annotations inside it."""
    return typing.cast("T", read(kinds.base, data, kinds=(kinds, *others)))


def write_tagged(kinds: Kinds[T], value: T, *, others: tuple[Kinds[Any], ...] = ()) -> Any:
    """Write one value of ``kinds`` with its tag."""
    return write(value, kinds.base, kinds=(kinds, *others))


def from_json(
    cls: type[T], text: bytes | str, *, kinds: tuple[Kinds[Any], ...] = (), max_bytes: int = DEFAULT.file_bytes
) -> T:
    """Read a value from JSON, as strictly as ``read`` and with no key given twice."""
    return read(cls, loads(text, subject=name_of(cls), max_bytes=max_bytes), kinds=kinds)


def to_json(value: object, cls: Any = None, *, kinds: tuple[Kinds[Any], ...] = ()) -> bytes:
    """Write a value as canonical JSON: equal values give equal bytes in every process."""
    return dumps(write(value, cls, kinds=kinds))
