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

import contextlib
import datetime as dt
import difflib
import enum
import functools
import itertools
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Annotated, Any, Generic, Literal, Protocol, TypeVar

import attrs
from cattrs import AttributeValidationNote, ClassValidationError, Converter, ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, override

from platgov._canonical import MAX_INT, dumps, loads, refusal, shown, step, under
from platgov._limits import DEFAULT
from platgov._time import date_from_iso, instant_from_iso, instant_to_iso, whole_seconds
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
    return tuple(sorted(dict(classes).items()))


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
            if not _is_attrs(cls) or self.tag in {field.name for field in attrs.fields(typing.cast("Any", cls))}:
                message = f"{_name(cls)} must be an attrs class, itself decorated, without a field {self.tag!r}"
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
    """How one annotation is read and written.

    Attributes:
        wants: What it accepts, in words.
        takes: The plain types it reads.
        holds: The types it writes.
    """

    wants: str
    takes: frozenset[type]
    holds: frozenset[type]
    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


@functools.lru_cache(maxsize=128)
def _shapes(kinds: tuple[Kinds[Any], ...]) -> _Shapes:
    return _Shapes(kinds)


class _Shapes:
    """Finds the shape of an annotation, once.

    cattrs builds the readers of classes (names, defaults, unknown keys). Its hooks for
    everything else convert without a word, so every field brings one of ours.
    """

    def __init__(self, kinds: tuple[Kinds[Any], ...]) -> None:
        self._converter = Converter()
        self._known: dict[Any, _Shape] = {**_SCALARS, **{kind.base: self._tagged(kind) for kind in kinds}}

    def of(self, annotation: Any) -> _Shape:
        if annotation not in self._known:
            self._known[annotation] = self._find(annotation)
        return self._known[annotation]

    def _find(self, annotation: Any) -> _Shape:
        origin, args = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is Annotated:
            return self._pairs(args[0]) if _AS_OBJECT in annotation.__metadata__ else self.of(args[0])
        if origin is Literal:
            table = {(type(value), value): value for value in args}  # typed keys: 1 == True, yet they differ
            return _chosen({type(value) for value in args}, table, lambda value: value)
        if origin is typing.Union or origin is types.UnionType:
            return self._union([self.of(arg) for arg in args])
        if origin is tuple and args[1:] != (...,):
            return self._fixed(args)
        if origin in _COLLECTIONS:
            make = _COLLECTIONS[origin]
            return self._set(args[0], make) if issubclass(make, AbstractSet) else self._sequence(args[0], make)
        if origin is dict or origin is Mapping:
            return self._mapping(*args)
        if isinstance(annotation, typing.NewType):
            return self.of(annotation.__supertype__)
        if isinstance(annotation, type):
            return self._class(annotation)
        raise _unsupported(annotation)

    def _class(self, cls: Any) -> _Shape:
        if hasattr(cls, "from_plain") and hasattr(cls, "to_plain"):
            return _form(f"a {cls.__name__}", _PLAIN, {cls}, _own_reader(cls), lambda value: value.to_plain())
        if issubclass(cls, enum.Enum) and not issubclass(cls, enum.Flag):
            return _chosen({cls}, {(type(m.value), m.value): m for m in cls}, lambda member: member.value)
        if issubclass(cls, dt.date | dt.timedelta):
            return _time_shape(cls)
        if _is_attrs(cls):
            return self._object(cls)
        raise _unsupported(cls)

    def _object(self, cls: Any) -> _Shape:
        @functools.cache  # on first use, not here: a class may have itself among its fields
        def parts() -> tuple[dict[str, _Shape], Callable[[Any, Any], Any]]:
            fields = [field.name for field in attrs.fields(cls) if field.init]
            shapes = dict(zip(fields, _all(_annotations(cls, fields, self.of)), strict=True))
            hooks: Any = {name: override(struct_hook=_dropping_type(shape.read)) for name, shape in shapes.items()}
            build = make_dict_structure_fn(cls, self._converter, _cattrs_forbid_extra_keys=True, **hooks)
            return shapes, build

        def read(data: Any) -> Any:
            shapes, build = parts()
            _check_keys(data)
            try:
                return build(data, cls)
            except ClassValidationError as group:
                raise InputError("value", tuple(_class_problems(cls, shapes, data, group))) from None

        def write(value: Any) -> dict[str, Any]:
            shapes, _ = parts()
            plain = _all((name, shape.write, getattr(value, name)) for name, shape in shapes.items())
            return dict(zip(shapes, plain, strict=True))

        return _form(f"an object ({cls.__name__})", {dict}, {cls}, read, write)

    def _tagged(self, kinds: Kinds[Any]) -> _Shape:
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

        return _form(f"an object with a {kinds.tag} of {known}", {dict}, set(names), read, write)

    def _union(self, members: list[_Shape]) -> _Shape:
        readers, writers = _by_type(members, "takes"), _by_type(members, "holds")
        return _form(
            " or ".join(member.wants for member in members),
            set(readers),
            set(writers),
            lambda data: readers[type(data)].read(data),
            lambda value: writers[type(value)].write(value),
        )

    def _sequence(self, item: Any, make: Any) -> _Shape:
        shape = self.of(item)

        def read(data: Any) -> Any:
            _check_length(data)
            return make(_all((index, shape.read, part) for index, part in enumerate(data)))

        def write(value: Any) -> list[Any]:
            return _all((index, shape.write, part) for index, part in enumerate(value))

        return _form("a list", {list, tuple}, {make}, read, write)

    def _fixed(self, items: tuple[Any, ...]) -> _Shape:
        shapes = [self.of(item) for item in items]
        wants = f"a list of {len(items)}"

        def converted(values: Any, hooks: Iterable[Callable[[Any], Any]]) -> list[Any]:
            if len(values) != len(shapes):
                raise _expected(wants, values)
            return _all(zip(itertools.count(), hooks, values, strict=False))

        def read(data: Any) -> tuple[Any, ...]:
            return tuple(converted(data, (shape.read for shape in shapes)))

        def write(value: Any) -> list[Any]:
            return converted(value, (shape.write for shape in shapes))

        return _form(wants, {list, tuple}, {tuple}, read, write)

    def _set(self, item: Any, make: Any) -> _Shape:
        shape = self.of(item)

        def read(data: Any) -> Any:
            _check_length(data)
            first: dict[Any, int] = {}
            problems: list[Problem] = []
            for index, member in enumerate(_all((index, shape.read, part) for index, part in enumerate(data))):
                if not _is_hashable(member):
                    raise refusal("unsupported", f"{shape.wants} cannot be a member of a set; use a tuple")
                if first.setdefault(member, index) != index:
                    problems.append(Problem(f"repeats item {first[member]}; give it once", f"$[{index}]", "duplicate"))
            if problems:
                raise InputError("value", tuple(problems))
            return make(first)

        def write(value: Any) -> list[Any]:
            # Sorted: a set has another order in every process, and digests must agree.
            return sorted(_all(("member", shape.write, member) for member in value), key=dumps)

        return _form("a list without repeats", {list, tuple}, {make}, read, write)

    def _mapping(self, key: Any, item: Any) -> _Shape:
        names, shape = self.of(key), self.of(item)
        if names.takes != {str}:
            raise refusal("unsupported", f"a key that is {names.wants} has no JSON form; use keys that are text")

        def read(data: Any) -> dict[Any, Any]:
            _check_keys(data)
            keys = _all((key, names.read, key) for key in data)
            return dict(zip(keys, _all((key, shape.read, part) for key, part in data.items()), strict=True))

        def write(value: Any) -> dict[str, Any]:
            keys = _all((key, names.write, key) for key in value)
            return dict(zip(keys, _all((key, shape.write, value[key]) for key in value), strict=True))

        return _form("an object", {dict}, {dict, types.MappingProxyType}, read, write)

    def _pairs(self, pairs: Any) -> _Shape:
        pair = typing.get_args(pairs)[0]
        whole, listed = self._mapping(*typing.get_args(pair)), self._sequence(pair, tuple)

        def read(data: Any) -> tuple[tuple[str, Any], ...]:
            return tuple(sorted(whole.read(data).items()))

        def write(value: Any) -> Any:
            entries = dict(listed.write(value))
            if list(entries) != sorted(entries) or len(entries) < len(value):
                raise refusal("value", "pairs are kept sorted by key, no key twice")
            return entries

        return _form(whole.wants, {dict}, {tuple}, read, write)


_Part = tuple[object, Callable[[Any], Any], Any]
"""Where a part stands, how to convert it, and the part."""

_TOO_DEEP = Problem(f"nested more than {DEFAULT.nesting} levels deep", code="nesting")
_LONGEST = 10_000 * 366 * 86_400  # seconds
_PLAIN = {str, int, float, bool, list, dict}
_COLLECTIONS: dict[Any, Any] = {
    tuple: tuple,
    Sequence: tuple,
    list: list,
    frozenset: frozenset,
    AbstractSet: frozenset,
    set: set,
}


def _form(
    wants: str,
    takes: AbstractSet[type],
    holds: AbstractSet[type],
    read: Callable[[Any], Any],
    write: Callable[[Any], Any],
) -> _Shape:
    """Make a shape whose functions see only the types they are for."""

    def read_form(data: Any) -> Any:
        if type(data) not in takes:
            raise _expected(wants, data)
        return read(data)

    def write_form(value: Any) -> Any:
        if type(value) not in holds:
            raise _expected(wants, value)
        return write(value)

    return _Shape(wants, frozenset(takes), frozenset(holds), read_form, write_form)


def _all(parts: Iterable[_Part]) -> list[Any]:
    """Convert every part and only then fail, with the problems of all of them."""
    done: list[Any] = []
    problems: list[Problem] = []
    for place, convert, part in parts:
        try:
            done.append(convert(part))
        except InputError as bad:
            problems.extend(under(step(place), bad.problems))
    if problems:
        raise InputError("value", tuple(problems))
    return done


def _text(data: str) -> str:
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
    # Past this bound canonical JSON spells a float as whole digits that are not quite its value.
    if -MAX_INT <= data <= MAX_INT:
        return data + 0.0  # a whole number becomes a float, minus zero becomes zero
    raise refusal("range", f"expected a finite number within ±{MAX_INT}, got {shown(data)}")


_SCALARS: dict[Any, _Shape] = {
    str: _form("text", {str}, {str}, _text, _text),
    int: _form("a whole number", {int}, {int}, _int, _int),
    float: _form("a number", {float, int}, {float, int}, _float, _float),
    bool: _form("true or false", {bool}, {bool}, bool, bool),
    types.NoneType: _form("null", {types.NoneType}, {types.NoneType}, lambda data: data, lambda value: value),
}


def _chosen(holds: AbstractSet[type], table: dict[tuple[type, Any], Any], plain: Callable[[Any], Any]) -> _Shape:
    """Make the shape of an enum or a literal from (type, plain value) to value."""
    takes = {kind for kind, _ in table}
    if not takes or not takes <= {str, int, bool, types.NoneType}:
        raise refusal("unsupported", "an enum or literal needs values, each of them text or a whole number")
    wants = f"one of {', '.join(repr(value) for _, value in itertools.islice(table, 12))}{', …' * (len(table) > 12)}"

    def read(data: Any) -> Any:
        if (type(data), data) not in table:
            raise refusal("value", f"expected {wants}, got {shown(data)}")
        return table[type(data), data]

    def write(value: Any) -> Any:
        read(plain(value))
        return plain(value)

    return _form(wants, takes, holds, read, write)


def _time_shape(cls: Any) -> _Shape:
    import pendulum  # noqa: PLC0415 - 30 ms; classes without times do not pay

    instants, days, spans = (
        {dt.datetime, pendulum.DateTime},
        {dt.date, pendulum.Date},
        {dt.timedelta, pendulum.Duration},
    )

    def read_instant(data: str | dt.datetime) -> pendulum.DateTime:
        return instant_from_iso(data if isinstance(data, str) else instant_to_iso(data))

    def read_day(data: str | dt.date) -> Any:
        day = date_from_iso(data) if isinstance(data, str) else data
        return cls(day.year, day.month, day.day)

    def read_span(data: int) -> Any:
        if abs(data) > _LONGEST:
            raise refusal("range", f"{shown(data)} is more seconds than 10,000 years have")
        return cls(seconds=data)

    if cls in instants:
        return _form(
            "an instant such as 2026-11-24T15:00:00Z", {str, *instants}, instants, read_instant, instant_to_iso
        )
    if cls in days:
        return _form("a date such as 2026-11-24", {str, *days}, days, read_day, dt.date.isoformat)
    if cls in spans:
        return _form("whole seconds", {int}, spans, read_span, whole_seconds)
    raise _unsupported(cls)


def _own_reader(cls: Any) -> Callable[[Any], Any]:
    def read(data: Any) -> Any:
        try:
            return cls.from_plain(data)
        except Exception as bad:  # noqa: BLE001 - a host's reader may fail in any way
            raise InputError("value", _reasons(bad)) from None

    return read


def _by_type(members: list[_Shape], side: Literal["takes", "holds"]) -> dict[type, _Shape]:
    table: dict[type, _Shape] = {}
    for member in members:
        for kind in getattr(member, side):
            other = table.setdefault(kind, member)
            if other is member:
                continue
            if {other, member} != {_SCALARS[int], _SCALARS[float]}:
                raise refusal("unsupported", f"{other.wants} and {member.wants} look alike; tell them apart with Kinds")
            table[kind] = _SCALARS[kind]  # a whole number stays whole
    return table


def _annotations(cls: Any, fields: list[str], shape_of: Callable[[Any], Any]) -> Iterator[_Part]:
    try:
        hints = typing.get_type_hints(cls, include_extras=True)
    except NameError as bad:
        raise refusal("unsupported", f"{bad} when {cls.__name__} is read; import it outside TYPE_CHECKING") from None
    return ((name, shape_of, hints.get(name)) for name in fields)


def _dropping_type(hook: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda data, _: hook(data)


def _class_problems(cls: Any, shapes: dict[str, _Shape], data: dict[str, Any], group: Any) -> Iterator[Problem]:
    """Tell what cattrs gathered: per field with a note, for the whole object without one."""
    for bad in group.exceptions:
        notes = (note for note in getattr(bad, "__notes__", ()) if isinstance(note, AttributeValidationNote))
        name = next((note.name for note in notes), None)
        if isinstance(bad, ForbiddenExtraKeysError):
            for key in sorted(bad.extra_fields):
                close = difflib.get_close_matches(key[:64], shapes, 1) if len(bad.extra_fields) < 4 else []
                hint = f"did you mean {close[0]!r}?" if close else "remove it"
                yield Problem(f"{cls.__name__} has no such field; {hint}", f"${step(key)}", "unknown_field")
        elif name is None:
            yield from _constructor_problems(cls, {key: shapes[key].read(part) for key, part in data.items()}, bad)
        elif name in data:
            yield from under(step(name), _reasons(bad))
        else:
            yield Problem(f"expected {shapes[name].wants}, got nothing", f"${step(name)}", "missing")


def _constructor_problems(cls: Any, values: dict[str, Any], cause: Exception) -> tuple[Problem, ...]:
    """Ask each converter and validator, because the constructor stops at the first that refuses."""
    half = object.__new__(cls)
    fields = attrs.fields(cls)
    with contextlib.suppress(Exception):
        cls.__init__(half, **{field.alias: values[field.name] for field in fields if field.name in values})

    def ask(field: Any) -> None:
        if hasattr(half, field.name):  # set before any validator runs
            if field.validator is not None:
                field.validator(half, field, getattr(half, field.name))
        elif field.converter is not None and field.name in values:
            extra = (half, field) if isinstance(field.converter, attrs.Converter) else ()
            field.converter(values[field.name], *extra)

    problems: list[Problem] = []
    for field in fields:
        try:
            ask(field)
        except Exception as bad:  # noqa: BLE001 - a host's validator may fail in any way
            problems.extend(under(step(field.name), _reasons(bad)))
    return tuple(problems) or _reasons(cause)


def _reasons(bad: Exception) -> tuple[Problem, ...]:
    if isinstance(bad, InputError):
        return bad.problems
    # attrs puts the sentence first and the field, value and limits behind it.
    first = bad.args[0] if type(bad) in (ValueError, TypeError) and bad.args else bad
    return (Problem(str(first) or type(bad).__name__),)


def _check_keys(data: dict[Any, Any]) -> None:
    if len(data) > DEFAULT.keys:
        raise refusal("size", f"{len(data)} keys; at most {DEFAULT.keys} are read")
    for key in data:
        if type(key) is not str:
            raise refusal("type", f"a key is {shown(key)}; keys are text")


def _check_length(data: Any) -> None:
    if len(data) > DEFAULT.items:
        raise refusal("size", f"{len(data)} items; at most {DEFAULT.items} are read")


def _check_nesting(data: object) -> None:
    # Level by level, each container once: a value inside itself or shared a million times ends too.
    level = {id(data): data}
    for _ in range(DEFAULT.nesting + 1):
        level = {id(part): part for whole in level.values() for part in _containers(whole)}
        if not level:
            return
    raise InputError("value", (_TOO_DEEP,))


def _containers(whole: object) -> Iterator[object]:
    parts: Iterable[object] = ()
    if type(whole) is dict:
        parts = whole.values()
    elif type(whole) is list or type(whole) is tuple:
        parts = whole
    return (part for part in parts if type(part) in (dict, list, tuple))


def _is_attrs(cls: Any) -> bool:
    return "__attrs_attrs__" in getattr(cls, "__dict__", ())  # its own: an undecorated subclass loses fields


def _is_hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _expected(wants: str, value: object) -> InputError:
    return refusal("type", f"expected {wants}, got {shown(value)}")


def _unsupported(annotation: Any) -> InputError:
    return refusal("unsupported", f"no JSON form is known for {_name(annotation)}; see the table in platgov.codec")


def _name(cls: Any) -> str:
    return str(getattr(cls, "__name__", cls))
