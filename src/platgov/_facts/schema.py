"""What facts a rule set may read: names, types, ranges, and the role of each."""

from __future__ import annotations

import difflib
import enum
import re
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import attrs

from platgov._canonical import digest
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["FactType", "Field", "Role", "Schema", "suggest"]


class Role(enum.Enum):
    """What a fact tells, and hence who may decide on it.

    Rules read conduct, context and opaque facts freely. An identity or protected fact is
    read only under a `Grant` with a reason, an approver and an end.
    """

    CONDUCT = "conduct"
    """What was done: the text, the number of links."""
    CONTEXT = "context"
    """Where and when it was done: the surface, the language of the page."""
    OPAQUE = "opaque"
    """Computed elsewhere, such as a model's score; names its provider and version."""
    IDENTITY = "identity"
    """Who did it: account ids, names, partner status."""
    PROTECTED = "protected"
    """What the person is: region, age group, anything the law protects."""


Kind = Literal["int", "float", "bool", "text", "enum", "timestamp", "duration", "list", "struct"]
KINDS: Final = frozenset({"int", "float", "bool", "text", "enum", "timestamp", "duration", "list", "struct"})
ORDERED: Final = frozenset({"int", "float", "timestamp", "duration"})
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# fmt: off
_RESERVED: Final = frozenset([
    "as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop",
    "namespace", "null", "package", "return", "true", "var", "void", "while",
])
# fmt: on


def suggest(word: str, known: Iterable[str]) -> str:
    """Give "; did you mean 'links'?" where a known word is close, else nothing."""
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


@attrs.frozen(kw_only=True)
class FactType:
    """The type of one fact.

    Attributes:
        kind: ``int`` and ``float`` are 64 bits; ``text`` is Unicode; ``timestamp`` is an
            instant, ``duration`` a span.
        item: Type of the elements of a list; None otherwise.
        distinct: Whether a list is a set: order and repeats carry no meaning.
        fields: Facts inside a struct, sorted by name; empty otherwise.
        values: The values an enum may take, sorted; empty otherwise.
    """

    kind: Kind
    item: FactType | None = None
    distinct: bool = False
    fields: tuple[Field, ...] = ()
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind == "list":
            return f"list of {self.item}"
        return f"one of {', '.join(self.values)}" if self.kind == "enum" else self.kind

    def field(self, name: str) -> Field | None:
        """Give the field of a struct by name; None if there is none."""
        return next((field for field in self.fields if field.name == name), None)

    def to_dict(self) -> dict[str, Any]:
        """Give the form that rule files use and that the digest is taken of."""
        data: dict[str, Any] = {"type": self.kind}
        if self.item is not None:
            data["items"] = self.item.to_dict()
        if self.distinct:
            data["distinct"] = True
        if self.kind == "enum":
            data["values"] = list(self.values)
        if self.kind == "struct":
            data["fields"] = {field.name: field.to_dict() for field in self.fields}
        return data


_LARGEST: Final = 1e308


def _finite(_: Any, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and not (type(value) in (int, float) and -_LARGEST <= cast("float", value) <= _LARGEST):
        raise _refuse(f"{attribute.name} is {value!r}; give a finite number")


def _refuse(message: str, path: str = "$") -> InputError:
    return InputError("facts", (Problem(message, path, "schema"),))


@attrs.frozen(kw_only=True)
class Field:
    """One declared fact.

    Attributes:
        name: How conditions call it.
        type: Its type.
        role: Who may decide on it.
        ge: Smallest value it may have, itself included; None for no bound.
        le: Largest value it may have, itself included; None for no bound.
        trend: ``aggravating`` if more of it may only make a decision harsher,
            ``mitigating`` if only milder, None if nothing is claimed.
        source: Provider and version of an opaque fact: ``spam-model@7``.
        optional: Whether hosts may leave it out; a rule that needs it is undecided then, too.
        says: What it means, for the published rules.
    """

    name: str
    type: FactType
    role: Role = Role.CONDUCT
    ge: float | None = attrs.field(default=None, validator=_finite)
    le: float | None = attrs.field(default=None, validator=_finite)
    trend: Literal["aggravating", "mitigating"] | None = None
    source: str | None = None
    optional: bool = False
    says: str = ""

    def __attrs_post_init__(self) -> None:
        if not _NAME.match(self.name) or self.name in _RESERVED:
            raise _refuse(f"{self.name!r} cannot name a fact; use letters, digits and _ and none of CEL's own words")
        bounded = self.ge is not None or self.le is not None
        if bounded and self.type.kind not in ("int", "float"):
            raise _refuse(f"{self.name} is {self.type}; only numbers take ge and le")
        if self.ge is not None and self.le is not None and self.ge > self.le:
            raise _refuse(f"{self.name} has ge={self.ge} above le={self.le}; nothing fits between")
        if self.trend not in (None, "aggravating", "mitigating"):
            raise _refuse(f"{self.name} has trend={self.trend!r}; accepted are 'aggravating' and 'mitigating'")
        if self.trend is not None and self.type.kind not in ORDERED and self.type.kind != "bool":
            raise _refuse(f"{self.name} is {self.type}; only what has an order can have a trend")
        if self.role is Role.OPAQUE and not self.source:
            raise _refuse(f"{self.name} is opaque; name its provider and version: source='spam-model@7'")

    def to_dict(self) -> dict[str, Any]:
        """Give the form that rule files use and that the digest is taken of."""
        data = self.type.to_dict()
        data["role"] = self.role.value
        for key, value in (("ge", self.ge), ("le", self.le), ("trend", self.trend), ("source", self.source)):
            if value is not None:
                data[key] = value
        if self.optional:
            data["optional"] = True
        if self.says:
            data["says"] = self.says
        return data


def _by_name(fields: Iterable[Field]) -> tuple[Field, ...]:
    return tuple(sorted(fields, key=lambda field: field.name))


@attrs.frozen(kw_only=True)
class Schema:
    """The declared facts of a rule set. Equal declarations have equal digests, however written.

    Attributes:
        name: What an event is called in messages (``Post``); no part of the digest.
        fields: The facts, sorted by name.
        source: The facts class it was made from; None for a schema from a rule file.
    """

    name: str = attrs.field(default="facts", eq=False)
    fields: tuple[Field, ...] = attrs.field(converter=_by_name)
    source: type | None = attrs.field(default=None, eq=False, repr=False)
    digest: str = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if not self.fields:
            raise _refuse("declares no fact; declare at least one")
        object.__setattr__(self, "digest", digest(self.to_dict()))

    @staticmethod
    def from_class(source: type) -> Schema:
        """Give the schema of a class decorated with `facts`.

        Raises:
            InputError: The class is not one of facts.
        """
        schema = getattr(source, "__dict__", {}).get("__platgov_facts__")
        if schema is None:
            raise _refuse(f"{source!r} is no facts class; decorate it with @facts")
        return cast("Schema", schema)

    @staticmethod
    def from_dict(data: Mapping[str, Any], *, name: str = "facts") -> Schema:
        """Read a schema from the ``[facts]`` table of a rule file.

        Raises:
            InputError: Names every fact that is declared wrongly.
        """
        problems: list[Problem] = []
        fields = tuple(_fields(data, "$.facts", problems))
        if problems:
            raise InputError("facts", tuple(problems))
        return Schema(name=name, fields=fields)

    def to_dict(self) -> dict[str, Any]:
        """Give the ``[facts]`` table that reads back to this schema."""
        return {field.name: field.to_dict() for field in self.fields}

    @property
    def type(self) -> FactType:
        """The whole event as a struct."""
        return FactType(kind="struct", fields=self.fields)

    def at(self, path: tuple[str, ...]) -> Field | None:
        """Give the field at a path; None if there is none."""
        inside, field = self.type, None
        for name in path:
            field = inside.field(name)
            if field is None:
                return None
            inside = field.type
        return field

    def within(self, place: str) -> Field | None:
        """Give the field at a place as `State`s name it, inside lists too: ``others[0].name``."""
        inside, field = self.type, None
        for name in re.sub(r"\[[0-9]+\]", "", place).split("."):
            while inside.item is not None:
                inside = inside.item
            field = inside.field(name)
            if field is None:
                return None
            inside = field.type
        return field

    def roles(self, path: tuple[str, ...]) -> frozenset[tuple[str, Role]]:
        """Give the roles that reading a path touches: of all facts on the way to it and inside it."""
        found: set[tuple[str, Role]] = set()
        inside, walked = self.type, ""
        for name in path:
            field = inside.field(name)
            if field is None:
                return frozenset(found)
            walked = f"{walked}.{name}" if walked else name
            found.add((walked, field.role))
            inside = field.type
        found.update(_below(inside, walked))
        return frozenset(found)


def _below(inside: FactType, walked: str) -> Iterator[tuple[str, Role]]:
    if inside.item is not None:
        yield from _below(inside.item, walked)
    for field in inside.fields:
        yield f"{walked}.{field.name}", field.role
        yield from _below(field.type, f"{walked}.{field.name}")


# -- reading a declaration ---------------------------------------------------------------------

_KEYS: Final = frozenset(
    {"type", "items", "distinct", "values", "fields", "role", "ge", "le", "trend", "source", "optional", "says"}
)


def _fields(data: Any, path: str, problems: list[Problem]) -> Iterator[Field]:
    if not isinstance(data, dict) or not data:
        problems.append(Problem("expected a table of facts, each with a type", path, "schema"))
        return
    for name, body in data.items():
        try:
            yield _field(name, {"type": body} if isinstance(body, str) else body, f"{path}.{name}", problems)
        except InputError as error:
            problems.extend(problem._replace(path=f"{path}.{name}") for problem in error.problems)


def _field(name: str, body: Any, path: str, problems: list[Problem]) -> Field:
    if not isinstance(body, dict):
        raise _refuse(f"expected a table such as {{ type = 'int' }}, got {body!r}")
    for key in body.keys() - _KEYS:
        raise _refuse(f"unknown key {key!r}{suggest(key, _KEYS)}; accepted are {', '.join(sorted(_KEYS))}")
    role = body.get("role", "conduct")
    roles = {member.value: member for member in Role}
    if not isinstance(role, str) or role not in roles:
        raise _refuse(f"unknown role {role!r}{suggest(str(role), roles)}; accepted are {', '.join(roles)}")
    for key, kind in (("optional", bool), ("distinct", bool), ("says", str), ("source", str)):
        if key in body and type(body[key]) is not kind:
            raise _refuse(f"{key} is {body[key]!r}; expected {'true or false' if kind is bool else 'text'}")
    return Field(
        name=name,
        type=_type(body, path, problems),
        role=roles[role],
        **{key: body[key] for key in ("ge", "le", "trend", "source", "optional", "says") if key in body},
    )


def _type(body: Any, path: str, problems: list[Problem]) -> FactType:
    if isinstance(body, str):
        body = {"type": body}
    kind: Any = body.get("type") if isinstance(body, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise _refuse(f"unknown type {kind!r}{suggest(str(kind), KINDS)}; accepted are {', '.join(sorted(KINDS))}")
    if kind == "list":
        return FactType(
            kind="list", item=_type(body.get("items"), path, problems), distinct=body.get("distinct") is True
        )
    if kind == "struct":
        return struct(tuple(_fields(body.get("fields"), path, problems)))
    if kind == "enum":
        return enumeration(body.get("values"))
    if body.get("distinct"):
        raise _refuse(f"is {kind} and distinct; only lists can be")
    return FactType(kind=cast("Kind", kind))


def struct(fields: tuple[Field, ...]) -> FactType:
    """Build the type of a nested fact."""
    return FactType(kind="struct", fields=tuple(sorted(fields, key=lambda field: field.name)))


def enumeration(values: Any) -> FactType:
    """Build the type of a fact with listed values.

    Raises:
        InputError: No values, one twice, or one that is no text.
    """
    if not isinstance(values, list | tuple) or not values or not all(isinstance(value, str) for value in values):
        raise _refuse(f"values is {values!r}; list the texts that the fact may be")
    if len(set(values)) != len(values):
        raise _refuse(f"values lists something twice: {', '.join(values)}")
    return FactType(kind="enum", values=tuple(sorted(values)))
