"""What a host rule sees of an event: the facts it declared, and nothing else."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING, Any, Self

from platgov._conditions.values import UNKNOWN, Duration, Timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from platgov._facts.schema import FactType, Field

__all__ = ["FactsView", "MissingFact", "UndeclaredRead"]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class UndeclaredRead(BaseException):
    """A rule reads a fact that it did not declare.

    Not an `Exception`, so that a rule's own error handling cannot swallow it.
    """


class MissingFact(BaseException):
    """A rule reads a fact that is missing or unusable; ``args[0]`` is its path."""


class FactsView:
    """One event (or a nested fact of it) as a rule may read it; attributes are facts.

    Enum facts come as the members of the host's enum where the schema has a class, instants
    as aware datetimes in UTC, spans as timedeltas, lists as tuples. An optional fact that was
    not given is None. Nothing can be set.

    Of a nested fact that is declared in part (``author.age_days``) only that part can be told:
    an author who is missing looks like one of whom nothing is known, as in the record.
    """

    __slots__ = ("_fields", "_hints", "_path", "_reads", "_values")

    def __init__(self, fields: dict[str, Field], values: Any, *, path: str, reads: frozenset[str], hints: Any) -> None:
        for name, value in zip(self.__slots__, (fields, hints, path, reads, values), strict=True):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"facts cannot be changed; {name} cannot be set")

    def __getattr__(self, name: str) -> Any:
        field = self._fields.get(name)
        if field is None:
            raise AttributeError(f"no fact {name!r}")
        path = f"{self._path}.{name}" if self._path else name
        whole = _covers(self._reads, path)
        if not whole and not any(read.startswith(path + ".") for read in self._reads):
            raise UndeclaredRead(path)
        value = self._values[name]
        if not whole and type(value) is not dict:
            value = dict.fromkeys(by_name(field.type), value)
        if value is None and field.optional:
            return None
        if value is None or value is UNKNOWN:
            raise MissingFact(path)
        if field.type.kind == "struct":
            inner = _inner_hints(self._hints, name)
            return FactsView(by_name(field.type), value, path=path, reads=self._reads, hints=inner)
        return self._native(field.type, value, path, (self._hints or {}).get(name))

    def _native(self, kind: FactType, value: Any, path: str, hint: Any) -> Any:
        if value is UNKNOWN or value is None:
            raise MissingFact(path)
        if type(value) is Timestamp:
            return _EPOCH + dt.timedelta(microseconds=value.ns // 1000)
        if type(value) is Duration:
            return dt.timedelta(microseconds=value.ns // 1000)
        if kind.kind == "list" and kind.item is not None:
            item = kind.item
            make = _InOrder if kind.distinct else tuple
            return make(self._native(item, element, f"{path}[{place}]", None) for place, element in enumerate(value))
        if kind.kind == "struct":
            # An element of a list, which is declared whole or not at all.
            return FactsView(by_name(kind), value, path=path, reads=frozenset({path}), hints=None)
        if kind.kind == "float":
            return float(value) + 0.0  # as in the record, 3 and 3.0 are one value, and so are 0.0 and -0.0
        return _member(hint, value) if kind.kind == "enum" else value


class _InOrder(frozenset[Any]):
    """A set that is walked in the order of the record: that of a plain one differs from process to process."""

    __slots__ = ("_items",)
    _items: tuple[Any, ...]

    def __new__(cls, items: Iterable[Any]) -> Self:
        kept = tuple(items)
        made = super().__new__(cls, kept)
        made._items = kept
        return made

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)


def _covers(reads: frozenset[str], path: str) -> bool:
    """Tell whether a path, or a fact around it, is declared."""
    while path not in reads:
        path, dot, _ = path.rpartition(".")
        if not dot:
            return False
    return True


def by_name(kind: FactType) -> dict[str, Field]:
    """Give the fields of a struct by name."""
    return {field.name: field for field in kind.fields}


def _inner_hints(hints: Any, name: str) -> Any:
    inner = _single((hints or {}).get(name))
    return getattr(inner, "__platgov_hints__", None)


def _single(hint: Any) -> Any:
    """Give the class behind ``X | None``."""
    options = [option for option in getattr(hint, "__args__", ()) if isinstance(option, type)]
    named = [option for option in options if option is not type(None)]
    return hint if isinstance(hint, type) or not named else named[0]


def _member(hint: Any, value: str) -> Any:
    inner = _single(hint)
    return inner(value) if isinstance(inner, type) and issubclass(inner, enum.Enum) else value
