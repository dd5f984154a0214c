"""Finds the JSON form of any annotation; the only place where cattrs builds readers."""

from __future__ import annotations

import datetime as dt
import enum
import functools
import itertools
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Annotated, Any, Literal

import attrs
from cattrs import ClassValidationError, Converter
from cattrs.gen import make_dict_structure_fn, override

from platgov._canonical import dumps, refusal, shown, step
from platgov._codec.forms import (
    COLLECTIONS,
    PLAIN,
    SCALARS,
    Part,
    Shape,
    by_type,
    check_keys,
    check_length,
    chosen,
    convert_all,
    expected,
    form,
    own_reader,
    time_shape,
    unsupported,
)
from platgov._codec.kinds import AS_OBJECT, Kinds, is_attrs
from platgov._codec.problems import class_problems
from platgov.errors import InputError, Problem

__all__ = ["shapes_for"]


@functools.lru_cache(maxsize=128)
def shapes_for(kinds: tuple[Kinds[Any], ...]) -> Shapes:
    return Shapes(kinds)


class Shapes:
    """Finds the shape of an annotation, once.

    cattrs builds the readers of classes (names, defaults, unknown keys). Its hooks for
    everything else convert without a word, so every field brings one of ours.
    """

    def __init__(self, kinds: tuple[Kinds[Any], ...]) -> None:
        self._converter = Converter()
        self._known: dict[Any, Shape] = {**SCALARS, **{kind.base: self._tagged(kind) for kind in kinds}}

    def of(self, annotation: Any) -> Shape:
        if annotation not in self._known:
            self._known[annotation] = self._find(annotation)
        return self._known[annotation]

    def _find(self, annotation: Any) -> Shape:
        origin, args = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is Annotated:
            return self._pairs(args[0]) if AS_OBJECT in annotation.__metadata__ else self.of(args[0])
        if origin is Literal:
            table = {(type(value), value): value for value in args}  # typed keys: 1 == True, yet they differ
            return chosen({type(value) for value in args}, table, lambda value: value)
        if origin is typing.Union or origin is types.UnionType:
            return self._union([self.of(arg) for arg in args])
        if origin is tuple and args[1:] != (...,):
            return self._fixed(args)
        if origin in COLLECTIONS:
            make = COLLECTIONS[origin]
            return self._set(args[0], make) if issubclass(make, AbstractSet) else self._sequence(args[0], make)
        if origin is dict or origin is Mapping:
            return self._mapping(*args)
        if isinstance(annotation, typing.NewType):
            return self.of(annotation.__supertype__)
        if isinstance(annotation, type):
            return self._class(annotation)
        raise unsupported(annotation)

    def _class(self, cls: Any) -> Shape:
        if hasattr(cls, "from_plain") and hasattr(cls, "to_plain"):
            return form(f"a {cls.__name__}", PLAIN, {cls}, own_reader(cls), lambda value: value.to_plain())
        if issubclass(cls, enum.Enum) and not issubclass(cls, enum.Flag):
            return chosen({cls}, {(type(m.value), m.value): m for m in cls}, lambda member: member.value)
        if issubclass(cls, dt.date | dt.timedelta):
            return time_shape(cls)
        if is_attrs(cls):
            return self._object(cls)
        raise unsupported(cls)

    def _object(self, cls: Any) -> Shape:
        @functools.cache  # on first use, not here: a class may have itself among its fields
        def parts() -> tuple[dict[str, Shape], Callable[[Any, Any], Any]]:
            fields = [field.name for field in attrs.fields(cls) if field.init]
            shapes = dict(zip(fields, convert_all(annotated_parts(cls, fields, self.of)), strict=True))
            hooks: Any = {name: override(struct_hook=dropping_type(shape.read)) for name, shape in shapes.items()}
            build = make_dict_structure_fn(cls, self._converter, _cattrs_forbid_extra_keys=True, **hooks)
            return shapes, build

        def read(data: Any) -> Any:
            shapes, build = parts()
            check_keys(data)
            try:
                return build(data, cls)
            except ClassValidationError as group:
                raise InputError("value", tuple(class_problems(cls, shapes, data, group))) from None

        def write(value: Any) -> dict[str, Any]:
            shapes, _ = parts()
            plain = convert_all((name, shape.write, getattr(value, name)) for name, shape in shapes.items())
            return dict(zip(shapes, plain, strict=True))

        return form(f"an object ({cls.__name__})", {dict}, {cls}, read, write)

    def _tagged(self, kinds: Kinds[Any]) -> Shape:
        names = {cls: kind for kind, cls in kinds.classes}
        shapes = {kind: self._object(cls) for kind, cls in kinds.classes}
        known = ", ".join(map(repr, shapes))

        def read(data: Any) -> Any:
            kind = data.get(kinds.tag)
            if type(kind) is not str or kind not in shapes:
                code = "value" if kinds.tag in data else "missing"
                problem = Problem(f"expected one of {known}; got {shown(kind)}", f"${step(kinds.tag)}", code)
                raise InputError("value", (problem,))
            return shapes[kind].read({key: part for key, part in data.items() if key != kinds.tag})

        def write(value: Any) -> dict[str, Any]:
            kind = names[type(value)]
            return {kinds.tag: kind, **shapes[kind].write(value)}

        return form(f"an object with a {kinds.tag} of {known}", {dict}, set(names), read, write)

    def _union(self, members: list[Shape]) -> Shape:
        readers, writers = by_type(members, "takes"), by_type(members, "holds")
        return form(
            " or ".join(member.wants for member in members),
            set(readers),
            set(writers),
            lambda data: readers[type(data)].read(data),
            lambda value: writers[type(value)].write(value),
        )

    def _sequence(self, item: Any, make: Any) -> Shape:
        shape = self.of(item)

        def read(data: Any) -> Any:
            check_length(data)
            return make(convert_all((index, shape.read, part) for index, part in enumerate(data)))

        def write(value: Any) -> list[Any]:
            return convert_all((index, shape.write, part) for index, part in enumerate(value))

        return form("a list", {list, tuple}, {make}, read, write)

    def _fixed(self, items: tuple[Any, ...]) -> Shape:
        shapes = [self.of(item) for item in items]
        wants = f"a list of {len(items)}"

        def converted(values: Any, hooks: Iterable[Callable[[Any], Any]]) -> list[Any]:
            if len(values) != len(shapes):
                raise expected(wants, values)
            return convert_all(zip(itertools.count(), hooks, values, strict=False))

        def read(data: Any) -> tuple[Any, ...]:
            return tuple(converted(data, (shape.read for shape in shapes)))

        def write(value: Any) -> list[Any]:
            return converted(value, (shape.write for shape in shapes))

        return form(wants, {list, tuple}, {tuple}, read, write)

    def _set(self, item: Any, make: Any) -> Shape:
        shape = self.of(item)

        def read(data: Any) -> Any:
            check_length(data)
            first: dict[Any, int] = {}
            problems: list[Problem] = []
            for index, member in enumerate(convert_all((index, shape.read, part) for index, part in enumerate(data))):
                if not is_hashable(member):
                    raise refusal("unsupported", f"{shape.wants} cannot be a member of a set; use a tuple")
                if first.setdefault(member, index) != index:
                    problems.append(Problem(f"repeats item {first[member]}; give it once", f"$[{index}]", "duplicate"))
            if problems:
                raise InputError("value", tuple(problems))
            return make(first)

        def write(value: Any) -> list[Any]:
            # Sorted: a set has another order in every process, and digests must agree.
            return sorted(convert_all(("member", shape.write, member) for member in value), key=dumps)

        return form("a list without repeats", {list, tuple}, {make}, read, write)

    def _mapping(self, key: Any, item: Any) -> Shape:
        names, shape = self.of(key), self.of(item)
        if names.takes != {str}:
            raise refusal("unsupported", f"a key that is {names.wants} has no JSON form; use keys that are text")

        def read(data: Any) -> dict[Any, Any]:
            check_keys(data)
            keys = convert_all((key, names.read, key) for key in data)
            return dict(zip(keys, convert_all((key, shape.read, part) for key, part in data.items()), strict=True))

        def write(value: Any) -> dict[str, Any]:
            keys = convert_all((key, names.write, key) for key in value)
            return dict(zip(keys, convert_all((key, shape.write, value[key]) for key in value), strict=True))

        return form("an object", {dict}, {dict, types.MappingProxyType}, read, write)

    def _pairs(self, pairs: Any) -> Shape:
        pair = typing.get_args(pairs)[0]
        whole, listed = self._mapping(*typing.get_args(pair)), self._sequence(pair, tuple)

        def read(data: Any) -> tuple[tuple[str, Any], ...]:
            return tuple(sorted(whole.read(data).items()))

        def write(value: Any) -> Any:
            entries = dict(listed.write(value))
            if list(entries) != sorted(entries) or len(entries) < len(value):
                raise refusal("value", "pairs are kept sorted by key, no key twice")
            return entries

        return form(whole.wants, {dict}, {tuple}, read, write)


def annotated_parts(cls: Any, fields: list[str], shape_of: Callable[[Any], Any]) -> Iterator[Part]:
    try:
        hints = typing.get_type_hints(cls, include_extras=True)
    except NameError as bad:
        raise refusal("unsupported", f"{bad} when {cls.__name__} is read; import it outside TYPE_CHECKING") from None
    return ((name, shape_of, hints.get(name)) for name in fields)


def dropping_type(hook: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda data, _: hook(data)


def is_hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True
