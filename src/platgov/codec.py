"""Read plain JSON values into attrs classes without guessing, and write them back canonically.

Every annotation has one JSON form, and nothing is converted on the way in: ``"18"`` is no
number, ``"false"`` no boolean, ``"abc"`` no list. All problems are reported at once.

=========================================== ==================================================
annotation                                  JSON form
=========================================== ==================================================
``str`` ``bool`` ``None``                   text (no lone surrogate), true or false, null
``int``                                     whole number up to 2**53 - 1 either way
``float``                                   finite number; ``3`` is read as ``3.0``, ``-0.0`` as ``0.0``
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

import datetime as dt
import difflib
import enum
import functools
import itertools
import types
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Annotated, Any, Generic, Literal, Protocol, TypeVar

import attrs
from cattrs import ClassValidationError, Converter, ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, override

from platgov._canonical import MAX_INT, dumps, loads, refusal, shown, step, under
from platgov._limits import DEFAULT
from platgov._time import date_from_iso, instant_from_iso, instant_to_iso, seconds_from_timedelta, timedelta_from_seconds
from platgov.errors import InputError, Problem

__all__ = ["Kinds", "Pairs", "SelfCoded", "from_json", "read", "read_tagged", "to_json", "write", "write_tagged"]

T = TypeVar("T")

_AS_OBJECT = "platgov: write these pairs as an object"

Pairs = Annotated[tuple[tuple[str, T], ...], _AS_OBJECT]
"""A mapping that a frozen class can hold: pairs sorted by key, no key twice. ``Pairs[int]``."""


class SelfCoded(Protocol):
    """A class that has a plain form of its own, such as text with a grammar."""

    @classmethod
    def from_plain(cls, plain: Any) -> Any:
        """Build the value, or raise ``ValueError`` with the reason."""

    def to_plain(self) -> Any:
        """Return text, numbers, lists and objects that ``from_plain`` reads back."""


def _sorted_pairs(classes: Mapping[str, type[T]]) -> tuple[tuple[str, type[T]], ...]:
    return tuple(sorted(classes.items()))


@attrs.frozen(kw_only=True)
class Kinds(Generic[T]):
    """The classes that may stand where ``base`` is annotated, told apart by a tag.

    The tags are literals that the host picks, never class names: renaming a class must
    not change what was stored.

    Attributes:
        base: The annotation that stands for any of them: their base class, or a union.
        classes: Tag to attrs class; kept as sorted pairs.
        tag: The key that holds the tag.
    """

    base: Any
    classes: tuple[tuple[str, type[T]], ...] = attrs.field(converter=_sorted_pairs)
    tag: str = "kind"

    def __attrs_post_init__(self) -> None:
        if len({cls for _, cls in self.classes}) < len(self.classes):
            raise InputError("Kinds", (Problem("a class has two tags; keep one"),))
        for kind, cls in self.classes:
            if not attrs.has(cls) or any(field.name == self.tag for field in attrs.fields(cls)):
                message = f"{cls.__qualname__} must be an attrs class without a field {self.tag!r}"
                raise InputError("Kinds", (Problem(message, f"$.classes{step(kind)}"),))


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
        shape = _shapes(kinds).of(cls)
        _check_nesting(data)
        return typing.cast("T", shape.read(data))
    except InputError as bad:
        raise InputError(_name(cls), bad.problems) from None


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
        plain = _shapes(kinds).of(annotation).write(value)
        _check_nesting(plain)
    except InputError as bad:
        raise InputError(_name(annotation), bad.problems) from None
    except RecursionError:
        raise InputError(_name(annotation), (_TOO_DEEP,)) from None
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
    return read(cls, loads(text, subject=_name(cls), max_bytes=max_bytes), kinds=kinds)


def to_json(value: object, cls: Any = None, *, kinds: tuple[Kinds[Any], ...] = ()) -> bytes:
    """Write a value as canonical JSON: equal values give equal bytes in every process."""
    return dumps(write(value, cls, kinds=kinds))


@attrs.frozen(eq=False)
class _Shape:
    """How one annotation is read and written; ``takes`` are the plain types it can accept."""

    wants: str
    takes: frozenset[type]
    read: Callable[[Any], Any]
    write: Callable[[Any], Any]

    def refuse(self, value: object) -> InputError:
        return refusal("type", f"expected {self.wants}, got {shown(value)}")


@functools.lru_cache(maxsize=128)
def _shapes(kinds: tuple[Kinds[Any], ...]) -> _Shapes:
    return _Shapes(kinds)


class _Shapes:
    """Finds the shape of an annotation, once.

    cattrs builds the readers of classes (names, defaults, unknown keys). Its own hooks for
    everything else convert without a word, so none of them is used.
    """

    def __init__(self, kinds: tuple[Kinds[Any], ...]) -> None:
        self._known: dict[Any, _Shape] = {kind.base: self._tagged(kind) for kind in kinds}
        self._converter = Converter()

    def of(self, annotation: Any) -> _Shape:
        try:
            known = self._known.get(annotation)
        except TypeError:  # metadata that cannot be hashed
            return self._find(annotation)
        if known is None:
            known = self._known[annotation] = self._find(annotation)
        return known

    def _find(self, annotation: Any) -> _Shape:
        origin, args = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is Annotated:
            return self._pairs(args[0]) if _AS_OBJECT in annotation.__metadata__ else self.of(args[0])
        if origin is Literal:
            return _chosen(args, {(type(value), value): value for value in args})
        if origin is typing.Union or origin is types.UnionType:
            return self._union([self.of(arg) for arg in args])
        if origin is tuple:
            return self._sequence(args[0], tuple) if args[1:] == (...,) else self._fixed(args)
        if origin is list or origin is Sequence:
            return self._sequence(args[0], list if origin is list else tuple)
        if origin in (frozenset, set, AbstractSet):
            return self._set(args[0], set if origin is set else frozenset)
        if origin is dict or origin is Mapping:
            return self._mapping(*args)
        if isinstance(annotation, typing.NewType):
            return self.of(annotation.__supertype__)
        if isinstance(annotation, type):
            return self._class(annotation)
        raise _unsupported(annotation)

    def _class(self, cls: type) -> _Shape:
        if cls in _SCALARS:
            return _SCALARS[cls]
        if hasattr(cls, "from_plain") and hasattr(cls, "to_plain"):
            return _self_coded(cls)
        if issubclass(cls, enum.Enum) and not issubclass(cls, enum.Flag):
            return _chosen([member.value for member in cls], {(type(m.value), m.value): m for m in cls})
        if issubclass(cls, dt.date | dt.timedelta):
            return _time_shape(cls)
        if "__attrs_attrs__" in vars(cls):
            return self._object(cls)
        raise _unsupported(cls)

    def _object(self, cls: type) -> _Shape:
        @functools.cache  # on first use, not here: a class may have itself among its fields
        def parts() -> tuple[dict[str, _Shape], Callable[[Any, Any], Any]]:
            shapes = dict(zip((field.name for field in _fields(cls)), _all(self._annotations(cls)), strict=True))
            hooks = {name: override(struct_hook=_ignoring_type(shape.read)) for name, shape in shapes.items()}
            build = make_dict_structure_fn(
                cls,
                self._converter,
                _cattrs_forbid_extra_keys=True,
                _cattrs_detailed_validation=True,
                **hooks,  # type: ignore[arg-type]
            )
            return shapes, build

        def read_object(data: Any) -> Any:
            shapes, build = parts()
            _check_object(shape, data)
            try:
                return build(data, cls)
            except ClassValidationError as group:
                raise InputError("value", tuple(_class_problems(cls, shapes, data, group))) from None

        def write_object(value: Any) -> Any:
            if type(value) is not cls:
                raise shape.refuse(value)
            shapes, _ = parts()
            return dict(zip(shapes, _all((name, s.write, getattr(value, name)) for name, s in shapes.items()), strict=True))

        shape = _Shape(f"an object ({cls.__name__})", _DICT, read_object, write_object)
        return shape

    def _annotations(self, cls: type) -> Iterator[_Part]:
        try:
            hints = typing.get_type_hints(cls, include_extras=True)
        except NameError as bad:
            message = f"{cls.__name__}: {bad}; import it where it exists at run time, not under TYPE_CHECKING"
            raise refusal("unsupported", message) from None
        return ((field.name, self.of, hints.get(field.name, field.type)) for field in _fields(cls))

    def _tagged(self, kinds: Kinds[Any]) -> _Shape:
        names = {cls: kind for kind, cls in kinds.classes}
        classes = dict(kinds.classes)

        def read_tagged(data: Any) -> Any:
            _check_object(shape, data)
            kind = data.get(kinds.tag)
            if type(kind) is not str or kind not in classes:
                known = ", ".join(map(repr, classes))
                code, got = ("value", shown(kind)) if kinds.tag in data else ("missing", "nothing")
                problem = Problem(f"expected one of {known}; got {got}", f"${step(kinds.tag)}", code)
                raise InputError("value", (problem,))
            return self.of(classes[kind]).read({key: item for key, item in data.items() if key != kinds.tag})

        def write_tagged(value: Any) -> Any:
            if type(value) not in names:
                raise shape.refuse(value)
            return {kinds.tag: names[type(value)], **self.of(type(value)).write(value)}

        shape = _Shape(f"an object with a {kinds.tag!r} ({', '.join(classes)})", _DICT, read_tagged, write_tagged)
        return shape

    def _union(self, members: list[_Shape]) -> _Shape:
        table: dict[type, _Shape] = {}
        for member in members:
            for kind in member.takes:
                if kind in table and {member, table[kind]} != {_SCALARS[int], _SCALARS[float]}:
                    both = f"{table[kind].wants} and {member.wants}"
                    raise refusal("unsupported", f"a union of {both} is read as either; use Kinds or one of them")
                if kind not in table or member is _SCALARS[int]:
                    table[kind] = member

        def pick(data: Any) -> Any:
            if type(data) in table:
                return table[type(data)].read(data)
            raise shape.refuse(data)

        def put(value: Any) -> Any:
            if value is None and type(None) in table:
                return None
            others = [member for member in members if member is not _SCALARS[type(None)]]
            if len(others) == 1:
                return others[0].write(value)
            for member in others:
                try:
                    return member.write(value)
                except InputError:
                    continue
            raise shape.refuse(value)

        shape = _Shape(" or ".join(member.wants for member in members), frozenset(table), pick, put)
        return shape

    def _sequence(self, item: Any, make: Callable[[list[Any]], Any]) -> _Shape:
        shape = self.of(item)
        return _list_shape(
            "a list",
            lambda data: make(_all((index, shape.read, part) for index, part in enumerate(data))),
            lambda value: _all((index, shape.write, part) for index, part in enumerate(value)),
        )

    def _fixed(self, items: tuple[Any, ...]) -> _Shape:
        shapes = [self.of(item) for item in items]

        def parts(values: Any, hooks: list[Callable[[Any], Any]]) -> list[Any]:
            if len(values) != len(hooks):
                raise refusal("type", f"expected a list of {len(hooks)}, got {shown(values)}")
            return _all(zip(itertools.count(), hooks, values, strict=False))

        return _list_shape(
            f"a list of {len(items)}",
            lambda data: tuple(parts(data, [shape.read for shape in shapes])),
            lambda value: parts(value, [shape.write for shape in shapes]),
        )

    def _set(self, item: Any, make: Callable[[list[Any]], Any]) -> _Shape:
        shape = self.of(item)

        def read_set(data: Any) -> Any:
            items = _all((index, shape.read, part) for index, part in enumerate(data))
            seen: dict[Any, int] = {}
            again = [(index, seen[part]) for index, part in enumerate(items) if seen.setdefault(part, index) != index]
            if again:
                problems = (Problem(f"repeats item {first}", f"$[{index}]", "duplicate") for index, first in again)
                raise InputError("value", tuple(problems))
            return make(items)

        def write_set(value: Any) -> list[Any]:
            # Sorted: a set has another order in every process, and digests must agree.
            return sorted((shape.write(part) for part in value), key=dumps)

        return _list_shape("a list without repeats", read_set, write_set, holds=AbstractSet)

    def _mapping(self, key: Any, item: Any) -> _Shape:
        names, shape = self.of(key), self.of(item)
        if names.takes != {str}:
            raise refusal("unsupported", f"keys that are {names.wants} have no JSON form; use text keys")

        def both(entries: Mapping[Any, Any], name: Callable[[Any], Any], item: Callable[[Any], Any]) -> dict[Any, Any]:
            keys = _all((key, name, key) for key in entries)
            return dict(zip(keys, _all((key, item, part) for key, part in entries.items()), strict=True))

        def read_mapping(data: Any) -> dict[Any, Any]:
            _check_object(whole, data)
            return both(data, names.read, shape.read)

        def write_mapping(value: Any) -> dict[str, Any]:
            if not isinstance(value, Mapping):
                raise whole.refuse(value)
            return both(value, names.write, shape.write)

        whole = _Shape("an object", _DICT, read_mapping, write_mapping)
        return whole

    def _pairs(self, pairs: Any) -> _Shape:
        whole = self._mapping(*typing.get_args(typing.get_args(pairs)[0]))

        def write_pairs(value: Any) -> Any:
            entries = dict(value)
            if tuple(sorted(entries.items())) != value:
                raise refusal("value", "pairs must be a tuple sorted by key, no key twice")
            return whole.write(entries)

        return _Shape(whole.wants, whole.takes, lambda data: tuple(sorted(whole.read(data).items())), write_pairs)


_Part = tuple[object, Callable[[Any], Any], Any]
"""Where a part stands, how it is converted, and the part."""

_DICT = frozenset({dict})
_LIST = frozenset({list, tuple})
_TOO_DEEP = Problem(f"nested more than {DEFAULT.nesting} levels deep", code="nesting")


def _all(parts: Iterable[_Part]) -> list[Any]:
    """Convert every part, and only then fail: with the problems of all of them."""
    done, problems = [], []
    for place, convert, part in parts:
        try:
            done.append(convert(part))
        except InputError as bad:
            problems.extend(under(step(place), bad.problems))
    if problems:
        raise InputError("value", tuple(problems))
    return done


def _same(wants: str, takes: set[type], check: Callable[[Any], Any]) -> _Shape:
    """Make the shape of a plain type: reading and writing are one check."""

    def read_plain(data: Any) -> Any:
        if type(data) not in takes:
            raise shape.refuse(data)
        return check(data)

    shape = _Shape(wants, frozenset(takes), read_plain, read_plain)
    return shape


def _text(data: str) -> str:
    if not data.isascii():
        try:
            data.encode()
        except UnicodeEncodeError as bad:
            raise refusal("surrogate", "holds a lone surrogate, which is no character", position=bad.start) from None
    return data


def _int(data: int) -> int:
    if -MAX_INT <= data <= MAX_INT:
        return data
    raise refusal("range", f"{shown(data)} is past ±{MAX_INT}, where readers differ; carry it as text")


def _float(data: float) -> float:
    number = float(_int(data) if isinstance(data, int) else data)
    if not isfinite(number):
        raise refusal("number", f"expected a finite number, got {shown(data)}")
    return number + 0.0  # minus zero becomes zero


_SCALARS: dict[Any, _Shape] = {
    str: _same("text", {str}, _text),
    int: _same("a whole number", {int}, _int),
    float: _same("a number", {float, int}, _float),
    bool: _same("true or false", {bool}, bool),
    type(None): _same("null", {type(None)}, lambda data: data),
}


def _literal(args: tuple[Any, ...]) -> _Shape:
    table = {(type(value), value): value for value in args}  # 1 and True are equal, and not the same
    return _chosen(table, lambda value: value)


def _enum(cls: type[enum.Enum]) -> _Shape:
    def plain(member: Any) -> Any:
        return member.value if type(member) is cls else member

    return _chosen({(type(member.value), member.value): member for member in cls}, plain)


def _chosen(table: dict[tuple[type, Any], Any], plain: Callable[[Any], Any]) -> _Shape:
    takes = {kind for kind, _ in table}
    if not takes or not takes <= {str, int, bool, type(None)}:
        raise refusal("unsupported", "an enum or literal needs values, all of them text or whole numbers")
    names = ", ".join(repr(value) for _, value in itertools.islice(table, 12))

    def read_chosen(data: Any) -> Any:
        key = type(data), data
        if key[0] not in takes or key not in table:
            raise shape.refuse(data)
        return table[key]

    def write_chosen(value: Any) -> Any:
        data = plain(value)
        if read_chosen(data) is not value: 
            raise shape.refuse(value)
        return data

    shape = _Shape(f"one of {names}{', …' if len(table) > 12 else ''}", frozenset(takes), read_chosen, write_chosen)
    return shape


def _time_shape(cls: Any) -> _Shape:
    import pendulum  # noqa: PLC0415 - 30 ms; classes without times do not pay

    dates, instants, spans = {dt.date, pendulum.Date}, {dt.datetime, pendulum.DateTime}, {dt.timedelta, pendulum.Duration}
    if cls in instants:
        read_instant = lambda data: instant_from_iso(data if type(data) is str else instant_to_iso(data))
    ...
