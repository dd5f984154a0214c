"""How policies and facts of accounts become plain values, and what their verdicts share."""

from __future__ import annotations

import enum
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypeVar

import attrs

from platgov._accounts.checks import DAY, checked_name, read_fields, refuse
from platgov._canonical import digest, shown
from platgov._limits import DEFAULT
from platgov._time import LAST, from_iso, to_iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from platgov.measures import Procedure

__all__ = [
    "Plain",
    "Reason",
    "appeal_until",
    "checked",
    "each",
    "first_change",
    "free_text",
    "in_order",
    "in_tuple",
    "member",
    "plain",
    "redress",
    "sorted_by",
]

SCHEMA: Final = 1
"""Version of the plain forms and of what they mean; part of every digest."""

E = TypeVar("E", bound=enum.Enum)


def member(kind: type[E], value: Any) -> E:
    """Give a member of an enum for itself or for its stored value."""
    if isinstance(value, kind):
        return value
    known = {each.value: each for each in kind}
    if type(value) is not str or value not in known:
        raise refuse(kind.__name__, f"{shown(value)} is none of them; give one of {', '.join(known)}")
    return known[value]


def in_tuple(values: Any) -> Any:
    """Keep a list as a tuple; all else is left to the validator."""
    return tuple(values) if isinstance(values, list) else values


def sorted_by(values: Any, kind: type, key: Callable[[Any], Any]) -> Any:
    """Keep a list of values of a class in order; all else is left to the validator.

    The order in which a host's database lists them must not change what follows.
    """
    fits = isinstance(values, list | tuple) and all(type(value) is kind for value in values)
    return tuple(sorted(values, key=key)) if fits else in_tuple(values)


def each(*kinds: type, least: int = 0, most: int = DEFAULT.items) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    """Give a validator for a tuple of values of some classes; texts in it are names."""

    def validate(instance: Any, attribute: attrs.Attribute[Any], values: Any) -> None:
        subject, field = type(instance).__name__, attribute.name
        if type(values) is not tuple or not all(type(value) in kinds for value in values):
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise refuse(
                subject, f"{field} is {shown(values)}; give a list of {wanted}", path=f"$.{field}", code="type"
            )
        if not least <= len(values) <= most:
            message = f"{field} holds {len(values)}; give {least} to {most}"
            raise refuse(subject, message, path=f"$.{field}", code="range")
        for value in values:
            if type(value) is str:
                checked_name(value, subject, field)

    return validate


def free_text(most: int = 1000) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    """Give a validator for a sentence that people read: something to be seen, no control characters."""

    def validate(instance: Any, attribute: attrs.Attribute[Any], value: object) -> None:
        if type(value) is not str or not value.strip() or not value.isprintable() or len(value) > most:
            message = f"{attribute.name} is {shown(value)}; give 1 to {most} printable characters"
            raise refuse(type(instance).__name__, message, path=f"$.{attribute.name}")

    return validate


def redress(instance: Any, attribute: attrs.Attribute[Any], value: Procedure) -> None:
    """Validate what is owed to the person: an appeal there must be."""
    if value.appeal_days < 1 or not value.notice:
        message = "gives no notice or no appeal; who is refused something is told why and can contest it"
        raise refuse(type(instance).__name__, message, path=f"$.{attribute.name}", code="redress")


def appeal_until(at: int, procedure: Procedure) -> int:
    """Give the last second for an appeal against what happened at an instant."""
    return min(LAST, at + procedure.appeal_days * DAY)


def _is_instant(name: str) -> bool:
    return name in {"at", "next_change"} or name.endswith(("_at", "_until"))


def plain(value: Any, *, instant: bool = False) -> Any:
    """Write a value as plain values: instants as text, enums as their stored text."""
    if instant and type(value) is int:
        return to_iso(value)
    if isinstance(value, enum.Enum):
        return value.value
    if attrs.has(type(value)):
        return {
            field.name: plain(getattr(value, field.name), instant=_is_instant(field.name))
            for field in attrs.fields(type(value))
            if field.init
        }
    if isinstance(value, tuple):
        return [plain(item, instant=instant) for item in value]
    if isinstance(value, Mapping):
        return {key: plain(value[key]) for key in sorted(value)}
    return value


@attrs.frozen(kw_only=True)
class Plain:
    """A value with one plain form and a content address.

    A field that holds other such values names their class in its metadata, under ``of``.
    """

    kind: ClassVar[str]

    def to_dict(self) -> dict[str, Any]:
        """Write everything that can change an outcome, as plain values; the digest is taken of this."""
        return {"kind": self.kind, "schema": SCHEMA, **plain(self)}

    @functools.cached_property
    def digest(self) -> str:
        """Content address: equal values, equal digests, on any machine."""
        return digest(self.to_dict())

    @classmethod
    def from_dict(cls, data: object) -> Self:
        """Read what `to_dict` wrote, as strictly as the constructor and with no key more.

        Raises:
            InputError: What is wrong.
        """
        subject = cls.__name__
        if type(data) is not dict:
            raise refuse(subject, f"expected an object, got {shown(data)}", code="type")
        kind, schema = data.get("kind", cls.kind), data.get("schema", SCHEMA)
        if type(kind) is not str or kind != cls.kind or type(schema) is not int or schema != SCHEMA:
            wanted = f"give {cls.kind!r} of schema {SCHEMA}"
            raise refuse(subject, f"is {shown(kind)} of schema {shown(schema)}; {wanted}", code="kind")
        return cls(**_read(cls, {key: data[key] for key in data if key not in ("kind", "schema")}))


def _read(cls: type, data: object) -> dict[str, Any]:
    found = read_fields(cls, data, cls.__name__)
    for field in attrs.fields(cls):
        value = found.get(field.name)
        of = field.metadata.get("of")
        if value is None:
            continue
        if of is not None:
            many = field.metadata.get("many", True)
            found[field.name] = _nested(of, value, f"{cls.__name__}.{field.name}", many=many)
        elif _is_instant(field.name):
            found[field.name] = [from_iso(item) for item in value] if type(value) is list else from_iso(value)
    return found


def _nested(of: type, value: object, subject: str, *, many: bool) -> Any:
    if not many:
        return of(**_read(of, value))
    if type(value) is not list:
        raise refuse(subject, f"is {shown(value)}; give a list", code="type")
    return tuple(of(**_read(of, item)) for item in value)


def _evidence(values: Any) -> tuple[str, ...]:
    if isinstance(values, list | tuple) and all(type(item) is str for item in values):
        return tuple(values)
    raise refuse("Reason", f"evidence is {shown(values)}; give texts in a list", path="$.evidence", code="type")


@attrs.frozen(kw_only=True)
class Reason:
    """One reason of a verdict.

    Attributes:
        code: Stable machine-readable kind; a stored literal.
        rule: What asks for it: a field of the policy, or an id that the host published.
        says: One sentence for people.
        evidence: What was seen.
    """

    code: str
    rule: str
    says: str
    evidence: tuple[str, ...] = attrs.field(default=(), converter=_evidence)

    def __attrs_post_init__(self) -> None:
        for field in ("code", "rule"):
            checked_name(getattr(self, field), "Reason", field)


def first_change(look: Callable[[int], Any], at: int, instants: Iterable[int | None]) -> int | None:
    """Give the first later instant at which a look differs from the look at ``at``; None for never.

    Args:
        look: What is told at an instant, by what is known now.
        at: Now.
        instants: All those at which it can differ, in any order; what has no date is left out.
    """
    now = look(at)
    for instant in sorted({each for each in instants if each is not None and at < each <= LAST}):
        if look(instant) != now:
            return instant
    return None


def checked(kind: type, value: object, subject: str, field: str) -> None:
    """Refuse a value that is not of a class."""
    if not isinstance(value, kind):
        raise refuse(subject, f"{field} is {shown(value)}; give a {kind.__name__}", path=f"$.{field}", code="type")


def in_order(subject: str, earlier: tuple[str, int | None], later: tuple[str, int | None]) -> None:
    """Refuse two instants of which the second comes first.

    Raises:
        InputError: They do not stand in order; either may be None for unknown.
    """
    (one, first), (other, second) = earlier, later
    if first is not None and second is not None and second < first:
        message = f"{other} is {to_iso(second)}, before {one}, {to_iso(first)}"
        raise refuse(subject, message, path=f"$.{other}", code="range")
