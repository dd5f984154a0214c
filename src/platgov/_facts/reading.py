"""Reads events into the values that conditions compute with.

Nothing in an event can make this raise. A fact that is absent, null or unusable is recorded
as such; what needs it is undecided, and the record says why.
"""

from __future__ import annotations

import calendar
import datetime as dt
import enum
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import attrs

from platgov._canonical import digest
from platgov._conditions.instants import duration_text, read_duration, read_timestamp, timestamp_text
from platgov._conditions.values import (
    INT_MAX,
    INT_MIN,
    UNKNOWN,
    Duration,
    Timestamp,
    Unknown,
    make_duration,
    make_timestamp,
)
from platgov._limits import DEFAULT, Limits
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from platgov._facts.schema import FactType, Field, Schema

__all__ = ["Observed", "Reader", "State", "as_dict", "instant", "observe", "observe_paths", "revive", "shown", "span"]

_EXACT: Final = 2**53 - 1
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)


class State(NamedTuple):
    """Why a fact has no usable value.

    Attributes:
        code: ``absent``, ``null``, ``mistyped``, ``out_of_range``, ``undeclared`` (an enum
            value), ``not_finite``, ``too_long`` or ``not_unicode``.
        message: The same for people.
    """

    code: str
    message: str


_ABSENT: Final = State("absent", "was not given")
_NULL: Final = State("null", "is null")


@attrs.frozen(eq=False)
class Observed:
    """One event as the rules see it.

    Attributes:
        schema: What was declared.
        values: Usable values by fact name; structs are dicts. None stands for absent or
            null, `UNKNOWN` for a value that cannot be used.
        states: Path of each fact without a usable value, and why: ``author.age_days``,
            ``tags[3]``.
        undeclared: Dotted names in the event that the schema does not know, sorted.
    """

    schema: Schema
    values: dict[str, Any]
    states: dict[str, State]
    undeclared: tuple[str, ...] = ()

    def get(self, path: tuple[str, ...]) -> Any:
        """Give the value at a path."""
        value: Any = self.values
        for name in path:
            if type(value) is not dict:
                return value  # None or UNKNOWN: the fact around it is missing or unusable
            value = value.get(name)
        return value

    def record(self, paths: Iterable[tuple[str, ...]]) -> dict[str, Any]:
        """Write the facts at some paths as JSON-able values; absent ones are left out."""
        result: dict[str, Any] = {}
        for path in paths:
            name = ".".join(path)
            value = self.get(path)
            state = self._state(path) if value is None else None
            if state is not None and state.code == "absent":
                continue
            result[name] = self._plain(value, name)
        return result

    def _state(self, path: tuple[str, ...]) -> State | None:
        """Give the state of a path, or of the fact around it that is missing whole."""
        for length in range(len(path), 0, -1):
            state = self.states.get(".".join(path[:length]))
            if state is not None:
                return _ABSENT if length < len(path) else state
        return None

    def _plain(self, value: Any, path: str) -> Any:
        kind = type(value)
        if kind is str or kind is bool or value is None:
            return value
        if kind is float:
            return value if -_EXACT <= value <= _EXACT else {"$float": repr(value)}  # JSON would write whole digits
        if kind is int:
            return value if -_EXACT <= value <= _EXACT else {"$int": str(value)}
        if kind is tuple:
            return [self._plain(item, f"{path}[{place}]") for place, item in enumerate(value)]
        if kind is dict:
            inner = {name: self._plain(item, f"{path}.{name}") for name, item in value.items()}
            return {
                name: item
                for name, item in inner.items()
                if item is not None or self.states.get(f"{path}.{name}", _NULL).code != "absent"
            }
        if kind is Timestamp:
            return timestamp_text(value)
        if kind is Duration:
            return duration_text(value)
        return {"$unusable": self._reason(path)}

    def _reason(self, path: str) -> str:
        while path not in self.states and "." in path:
            path = path.rpartition(".")[0]  # the fact around it is the unusable one
        return self.states[path].code

    def fingerprint(self, paths: Iterable[tuple[str, ...]]) -> str:
        """Give the digest of the facts at some paths: equal facts, equal fingerprint."""
        return digest(self.record(paths))


def observe(schema: Schema, source: Any, limits: Limits = DEFAULT) -> Observed:
    """Read one event: a mapping of plain values, or an instance of the schema's class.

    Raises:
        InputError: The event is neither. Nothing *inside* an event raises.
    """
    inside = as_dict(source)
    if inside is None:
        problem = Problem(f"expected a mapping or an instance, got {shown(source)}", code="type")
        raise InputError(schema.name, (problem,))
    reader = Reader(limits)
    values = reader.struct(schema.fields, inside, "")
    return Observed(schema, values, reader.states, tuple(sorted(reader.undeclared)))


def observe_paths(
    schema: Schema, event: Mapping[str, Any], paths: Iterable[tuple[str, ...]], limits: Limits = DEFAULT
) -> Observed:
    """Read only the facts at some paths; what is said of them is the same as `observe` says."""
    reader = Reader(limits)
    values: dict[str, Any] = {}
    for path in paths:
        _read_path(reader, schema, event, path, values)
    return Observed(schema, values, reader.states)


def _read_path(
    reader: Reader, schema: Schema, event: Mapping[str, Any], path: tuple[str, ...], values: dict[str, Any]
) -> None:
    inside, kept, kind, walked = event, values, schema.type, ""
    for place, name in enumerate(path):
        field = kind.field(name)
        walked = f"{walked}.{name}" if walked else name
        if field is None:
            raise KeyError(path)
        given = inside.get(name)
        if place == len(path) - 1 or given is None or as_dict(given) is None:
            found = reader.struct((field,), inside, walked.rpartition(".")[0])
            if type(kept.get(name)) is not dict:  # a longer path may have been there before
                kept[name] = found[name]
            return
        inside = as_dict(given) or {}
        kind = field.type
        kept = kept.setdefault(name, {})


def revive(record: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the record of an event back into an event that is read to the same values and states."""
    event: dict[str, Any] = {}
    for name, value in record.items():
        *around, last = name.split(".")
        inside = event
        for step in around:
            inside = inside.setdefault(step, {})
            if type(inside) is not dict:
                break
        else:
            inside[last] = _revived(value)
    return event


def _revived(value: Any) -> Any:
    if type(value) is list:
        return [_revived(item) for item in value]
    if type(value) is not dict:
        return value
    if "$int" in value:
        return int(value["$int"])
    if "$float" in value:
        return float(value["$float"])
    if "$unusable" in value:
        return Unusable(value["$unusable"])
    return {name: _revived(item) for name, item in value.items()}


@attrs.frozen
class Unusable:
    """Stands, in a revived event, for a fact that was unusable; ``code`` is that of its `State`."""

    code: str


def as_dict(source: Any) -> dict[str, Any] | None:
    """Give a mapping or an instance of a facts class as a dict; None for anything else."""
    if type(source) is dict:
        return cast("dict[str, Any]", source)
    try:
        if "__platgov_facts__" in type(source).__dict__:
            given = ((field.name, getattr(source, field.name)) for field in attrs.fields(type(source)))
            return {name: value for name, value in given if value is not None}  # None in an instance: not given
        return dict(source) if isinstance(source, Mapping) else None
    except Exception:  # noqa: BLE001 - an object of any behaviour; what cannot be read is recorded as such
        return None


class Reader:
    """Reads one event, collecting the states of what cannot be used."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.states: dict[str, State] = {}
        self.undeclared: list[str] = []

    def struct(self, fields: tuple[Field, ...], source: Mapping[str, Any], path: str) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for field in fields:
            here = f"{path}.{field.name}" if path else field.name
            if field.name not in source:
                values[field.name] = self.note(here, _ABSENT, None)
                continue
            value = self.value(field.type, source[field.name], here)
            values[field.name] = self.in_range(field, value, here)
        if len(source) > len(fields) or not source.keys() <= values.keys():
            names = [name if type(name) is str else f"({type(name).__name__})" for name in source if name not in values]
            self.undeclared += [f"{path}.{name}" if path else name for name in names]
        return values

    def note(self, path: str, state: State, value: Any = UNKNOWN) -> Any:
        self.states[path] = state
        return value

    def in_range(self, field: Field, value: Any, path: str) -> Any:
        if value is None or value is UNKNOWN:
            return value
        low, high = field.ge, field.le
        if (low is not None and value < low) or (high is not None and value > high):
            return self.note(path, State("out_of_range", f"is {value}; accepted is {_range(low, high)}"))
        return value

    def value(self, kind: FactType, value: Any, path: str) -> Any:
        if value is None:
            return self.note(path, _NULL, None)
        if type(value) is Unusable:
            return self.note(path, State(value.code, "was unusable when it was recorded"))
        match kind.kind:
            case "text":
                return self.text(value, path)
            case "int":
                return self.whole(value, path)
            case "float":
                return self.number(value, path)
            case "bool":
                return value if type(value) is bool else self.mistyped(path, "true or false", value)
            case "enum":
                return self.enumeration(kind, value, path)
            case "timestamp":
                return self.instant(value, path)
            case "duration":
                return self.span(value, path)
            case "list":
                return self.items(kind, value, path)
            case "struct":
                inside = as_dict(value)
                if inside is None:
                    return self.mistyped(path, "an object", value)
                return self.struct(kind.fields, inside, path)

    def mistyped(self, path: str, wanted: str, value: Any) -> Any:
        return self.note(path, State("mistyped", f"is {shown(value)}; expected {wanted}"))

    def text(self, value: Any, path: str) -> Any:
        if type(value) is not str:
            return self.mistyped(path, "text", value)
        limit = self.limits.text_bytes
        if not value.isascii():
            if _SURROGATE.search(value):
                return self.note(path, State("not_unicode", "holds a lone surrogate, which is no character"))
            size = len(value.encode()) if len(value) * 4 > limit else 0
        else:
            size = len(value)
        if size > limit:
            return self.note(path, State("too_long", f"has more than {limit} bytes"))
        return value

    def whole(self, value: Any, path: str) -> Any:
        if type(value) is not int:
            return self.mistyped(path, "a whole number", value)
        if not INT_MIN <= value <= INT_MAX:
            return self.note(path, State("out_of_range", "does not fit 64 bits"))
        return value

    def number(self, value: Any, path: str) -> Any:
        if type(value) is float:
            if value - value != 0:
                return self.note(path, State("not_finite", f"is {value}; expected a finite number"))
            return value
        number = self.whole(value, path) if type(value) is int else self.mistyped(path, "a number", value)
        # One kind of number for one kind of fact: 7 and 7.0 are the same fact, and must compute alike.
        return float(number) if type(number) is int else number

    def enumeration(self, kind: FactType, value: Any, path: str) -> Any:
        if isinstance(value, enum.Enum):
            value = value.value
        if type(value) is not str:
            return self.mistyped(path, str(kind), value)
        if value not in kind.values:
            return self.note(path, State("undeclared", f"is {shown(value)}; expected {kind}"))
        return value

    def instant(self, value: Any, path: str) -> Any:
        if isinstance(value, dt.datetime):
            result: Any = _moment(value)
        elif type(value) is str:
            result = read_timestamp(value)
        elif type(value) is int:
            result = make_timestamp(value * 10**9) if INT_MIN <= value <= INT_MAX else UNKNOWN
        else:
            result = UNKNOWN
        if result is UNKNOWN:
            return self.mistyped(path, "RFC 3339 text with an offset, or whole seconds since 1970", value)
        return result

    def span(self, value: Any, path: str) -> Any:
        if isinstance(value, dt.timedelta):
            result: Any = _length(value)
        elif type(value) is str and len(value) <= 1000:
            result = read_duration(value)
        elif type(value) is int:
            result = make_duration(value * 10**9) if INT_MIN <= value <= INT_MAX else UNKNOWN
        else:
            result = UNKNOWN
        return self.mistyped(path, "a span such as '90s', or whole seconds", value) if result is UNKNOWN else result

    def items(self, kind: FactType, value: Any, path: str) -> Any:
        unordered = isinstance(value, frozenset | set)
        if unordered:
            value = list(value)
        if type(value) is not list and type(value) is not tuple:
            return self.mistyped(path, "a list", value)
        if len(value) > self.limits.items:
            return self.note(path, State("too_long", f"has more than {self.limits.items} elements"))
        item = kind.item
        if item is None:
            raise TypeError("a list type has no item type")  # pragma: no cover - schemas always give one
        if (unordered or kind.distinct) and item.kind not in ("struct", "list"):
            return self.members(item, value, path)
        if unordered:
            return self.mistyped(path, "a list: these members have no order", value)
        return tuple([self.value(item, element, f"{path}[{place}]") for place, element in enumerate(value)])

    def members(self, item: FactType, values: Iterable[Any], path: str) -> Any:
        """Read a set: each member once, in an order of their own, those of no use last."""
        usable: set[Any] = set()
        gaps: list[tuple[State, Any]] = []
        for value in values:
            reader = Reader(self.limits)
            member = reader.value(item, value, "")
            if member is None or member is UNKNOWN:
                gaps.append((reader.states[""], member))
            else:
                usable.add(member)
        gaps.sort(key=lambda gap: gap[0].code)  # what is recorded of them, so that a record reads back alike
        for place, (state, _) in enumerate(gaps, len(usable)):
            self.note(f"{path}[{place}]", state)
        return (*sorted(usable), *(member for _, member in gaps))


def _moment(value: dt.datetime) -> Timestamp | Unknown:
    """Give an aware datetime of any class as an instant; UNKNOWN for a naive one."""
    try:
        # Not by subtraction: subclasses give intervals of their own.
        parts = None if value.utcoffset() is None else value.utctimetuple()
    except Exception:  # noqa: BLE001 - a zone of any behaviour; what gives no instant is recorded as such
        return UNKNOWN
    if parts is None:
        return UNKNOWN
    return make_timestamp((calendar.timegm(parts) * 10**6 + value.microsecond) * 1000)


def _length(value: dt.timedelta) -> Duration | Unknown:
    """Give a timedelta of any class as a span; UNKNOWN where it counts months, which have no length."""
    counts_months = getattr(value, "months", 0) or getattr(value, "years", 0)
    if type(value) is not dt.timedelta and counts_months and not hasattr(value, "start"):  # an interval has its ends
        return UNKNOWN
    # By the fields of the base class: subclasses give others of the same names.
    days, seconds, micros = (getattr(dt.timedelta, name).__get__(value) for name in ("days", "seconds", "microseconds"))
    return make_duration(((days * 86_400 + seconds) * 10**6 + micros) * 1000)


def _fits(ns: int, what: str, path: str) -> None:
    if ns % 1000:
        message = f"{what} is finer than a microsecond, which Python's own types cannot hold"
        raise InputError("facts", (Problem(message, path, "precision"),))


def instant(value: Any, kind: type[dt.datetime], path: str) -> Any:
    """Give an instant as an aware datetime in UTC (pendulum's where the class asks for it)."""
    if isinstance(value, dt.datetime):
        return value
    at: Any = Reader(DEFAULT).instant(value, "$")
    _fits(at.ns, str(value), path)
    moment = _EPOCH + dt.timedelta(microseconds=at.ns // 1000)
    if kind is dt.datetime:
        return moment
    import pendulum  # noqa: PLC0415 - only for hosts that declare pendulum facts

    return pendulum.instance(moment)


def span(value: Any, path: str) -> dt.timedelta:
    """Give a span as a timedelta."""
    if isinstance(value, dt.timedelta):
        return value
    length: Any = Reader(DEFAULT).span(value, "$")
    _fits(length.ns, str(value), path)
    return dt.timedelta(microseconds=length.ns // 1000)


def shown(value: Any) -> str:
    """Describe a value in an error without ever printing much of it, or trusting its repr."""
    names = {str: "text", int: "the number", float: "the number", bool: "the answer", dict: "an object", list: "a list"}
    kind = type(value)
    if kind is str:
        return f"the text {value[:40]!r}{'…' if len(value) > 40 else ''}"
    if kind is int and abs(value) >= 10**25:
        return "a very large number"
    if kind in (int, float, bool):
        return f"{names[kind]} {value}"
    return names.get(kind, f"a {kind.__name__}")


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high}"
    return f"at least {low}" if high is None else f"{low} to {high}"
