"""Which facts do rules read, and what does each of them tell?

>>> from platgov.facts import Role, fact, facts
>>> @facts
... class Post:
...     text: str
...     links: int = fact(ge=0)
...     account_id: str = fact(role=Role.IDENTITY)
>>> Post(text="hello", links=0, account_id="u1").links
0

The decorator makes a frozen value class and checks the declaration; an instance is checked
when it is made. Events that are plain mappings (from JSON, say) need no instance: rule sets
read them by the same schema, and record a fact that is missing or unusable instead of
raising.
"""

from __future__ import annotations

import datetime as dt
import enum
import sys
import types
import typing
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, cast, dataclass_transform, get_args, get_origin

import attrs

from platgov._facts.reading import Observed, State, instant, observe, span
from platgov._facts.schema import FactType, Field, Role, Schema, enumeration, struct, suggest
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["FactType", "Field", "Observed", "Role", "Schema", "State", "fact", "facts", "observe", "read"]

T = TypeVar("T")
_KEY = "platgov.fact"


def fact(
    *,
    ge: float | None = None,
    le: float | None = None,
    role: Role = Role.CONDUCT,
    trend: Literal["aggravating", "mitigating"] | None = None,
    source: str | None = None,
    says: str = "",
    default: Any = attrs.NOTHING,
) -> Any:
    """Declare more about one fact than its type; the arguments are those of `Field`."""
    about = {"ge": ge, "le": le, "role": role, "trend": trend, "source": source, "says": says}
    return attrs.field(default=default, metadata={_KEY: about})


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(fact,))
def facts(cls: type[T]) -> type[T]:
    """Make a class of facts: frozen, keyword-only, with a checked `Schema`.

    Types: ``int``, ``float``, ``bool``, ``str``, an enum of texts or ``Literal`` texts, aware
    datetimes, timedeltas, another facts class, ``tuple``/``list``/``frozenset`` of these, and
    ``... | None`` for a fact that may be left out.

    Raises:
        InputError: A declaration that cannot be right; on instances, values that do not fit,
            all of them at once.
    """
    frame = sys._getframe(1)  # noqa: SLF001 - where annotations written as text are looked up
    hints = typing.get_type_hints(cls, localns={**frame.f_locals, cls.__name__: cls})
    problems: list[Problem] = []

    def prepare(_: type, attributes: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
        return [_prepared(attribute, hints[attribute.name]) for attribute in attributes]

    fields = []
    cls.__attrs_post_init__ = _check_instance  # type: ignore[attr-defined]
    made = attrs.define(cls, frozen=True, kw_only=True, field_transformer=prepare, eq=True)
    for attribute in attrs.fields(cast("type[attrs.AttrsInstance]", made)):
        try:
            fields.append(_field(attribute, hints[attribute.name]))
        except InputError as error:
            problems.extend(problem._replace(path=f"$.{attribute.name}") for problem in error.problems)
    if problems:
        raise InputError(cls.__name__, tuple(problems))
    made.__platgov_hints__ = hints  # type: ignore[attr-defined]
    made.__platgov_facts__ = Schema(name=cls.__name__, fields=tuple(fields), source=made)  # type: ignore[attr-defined]
    return made


def _prepared(attribute: attrs.Attribute[Any], hint: Any) -> attrs.Attribute[Any]:
    """Let a fact that may be None be left out, and keep lists as tuples: a value is frozen whole."""
    inner, optional = _unwrap(hint)
    if optional and attribute.default is attrs.NOTHING:
        attribute = attribute.evolve(default=None)
    if get_origin(inner) in (list, tuple):
        attribute = attribute.evolve(converter=_frozen)
    return attribute


def _frozen(value: Any) -> Any:
    return tuple(value) if type(value) is list else value


def _unwrap(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in (Union, types.UnionType):
        inner = [part for part in get_args(hint) if part is not types.NoneType]
        if len(inner) == 1:
            return inner[0], True
    return hint, False


def _field(attribute: attrs.Attribute[Any], hint: Any) -> Field:
    inner, optional = _unwrap(hint)
    about = attribute.metadata.get(_KEY, {})
    may_be_left_out = optional or attribute.default is not attrs.NOTHING
    return Field(name=attribute.name, type=_type(inner), optional=may_be_left_out, **about)


_PLAIN: dict[Any, Literal["int", "float", "bool", "text"]] = {int: "int", float: "float", bool: "bool", str: "text"}


def _type(hint: Any) -> FactType:
    if hint in _PLAIN:
        return FactType(kind=_PLAIN[hint])
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return enumeration(arguments)
    if origin in (list, frozenset) or (origin is tuple and arguments[1:] == (...,)):
        return FactType(kind="list", item=_type(arguments[0]), distinct=origin is frozenset)
    if isinstance(hint, type):
        if issubclass(hint, enum.Enum):
            return enumeration([member.value for member in hint])
        if issubclass(hint, dt.datetime):
            return FactType(kind="timestamp")
        if issubclass(hint, dt.timedelta):
            return FactType(kind="duration")
        if "__platgov_facts__" in hint.__dict__:
            return struct(Schema.from_class(hint).fields)
    raise InputError(
        "facts",
        (
            Problem(
                f"{hint!r} is no type of fact; accepted are int, float, bool, str, enums, aware datetimes, timedeltas, "
                "facts classes, and tuples of these (tuple[str, ...])",
                code="schema",
            ),
        ),
    )


def _check_instance(self: Any) -> None:
    schema = Schema.from_class(type(self))
    problems = tuple(_problems(schema, observe(schema, self)))
    if problems:
        raise InputError(schema.name, problems)


def _problems(schema: Schema, seen: Observed) -> Iterator[Problem]:
    """Give what keeps an event from being complete and usable; optional facts may be missing."""
    for path, state in seen.states.items():
        field = None if path.endswith("]") else schema.within(path)  # an element of a list is never optional
        if not (field is not None and field.optional and state.code in ("absent", "null")):
            yield Problem(f"{path} {state.message}", f"$.{path}", state.code)


def read(cls: type[T], data: Mapping[str, Any]) -> T:
    """Read an instance of a facts class from plain values, strictly.

    Args:
        cls: A class decorated with `facts`.
        data: What ``json.loads`` gives: no other types, no undeclared names.

    Raises:
        InputError: All problems at once, each with its path.
    """
    schema = Schema.from_class(cls)
    if type(data) is not dict:
        raise InputError(schema.name, (Problem(f"expected an object, got {type(data).__name__}", code="type"),))
    seen = observe(schema, data)
    unknown = tuple(
        Problem(f"unknown fact {name!r}{_meant(schema, name)}", f"$.{name}", "unknown_field")
        for name in seen.undeclared
    )
    problems = (*_problems(schema, seen), *unknown)
    if problems:
        raise InputError(schema.name, problems)
    return cast("T", _build(cls, data, "$"))


def _meant(schema: Schema, name: str) -> str:
    around, _, last = name.rpartition(".")
    inside = schema.within(around).type if around else schema.type  # type: ignore[union-attr]
    while inside.item is not None:
        inside = inside.item
    return suggest(last, [field.name for field in inside.fields])


def _build(cls: Any, data: Mapping[str, Any], path: str) -> Any:
    hints = cls.__platgov_hints__
    return cls(**{name: _native(hints[name], value, f"{path}.{name}") for name, value in data.items()})


def _native(hint: Any, value: Any, path: str) -> Any:
    """Turn a plain value, already found usable, into what the class declares."""
    inner, _ = _unwrap(hint)
    if value is None:
        return None
    if get_origin(inner) in (list, tuple, frozenset):
        make = frozenset if get_origin(inner) is frozenset else tuple
        return make(_native(get_args(inner)[0], item, f"{path}[{place}]") for place, item in enumerate(value))
    if inner is float:
        return float(value)
    if not isinstance(inner, type):
        return value
    if issubclass(inner, enum.Enum):
        return inner(value)
    if issubclass(inner, dt.datetime):
        return instant(value, inner, path)
    if issubclass(inner, dt.timedelta):
        return span(value, path)
    return _build(inner, value, path) if "__platgov_facts__" in inner.__dict__ else value
