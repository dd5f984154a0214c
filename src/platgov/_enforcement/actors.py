"""Who acts, and how every value of enforcement is checked when it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._canonical import digest, dumps, shown
from platgov._time import LAST, from_iso, to_epoch
from platgov.errors import DueProcessError, InputError, Problem
from platgov.measures import SHIPPED, Authority, Measure
from platgov.measures import from_dict as read_measure

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Actor"]

DAY: Final = 86_400
_LONGEST_ID: Final = 256
_LONGEST_TEXT: Final = 65_536
_MOST: Final = 10**6


def refuse(message: str, *, code: str = "type", path: str = "$", subject: str = "enforcement") -> InputError:
    """Build the error for one bad value."""
    return InputError(subject, (Problem(message, path, code),))


def _text(value: Any, name: str, longest: int, *, empty: bool) -> str:
    if type(value) is not str or (not value and not empty):
        raise refuse(f"{name} is {shown(value)}; give some text", path=f"$.{name}")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise refuse(f"{name} holds a lone surrogate, which is no character", code="surrogate") from None
    if size > longest:
        raise refuse(f"{name} is {size} bytes long; give at most {longest}", code="size", path=f"$.{name}")
    return value


def identifier(value: Any, name: str, *, empty: bool = False) -> str:
    """Check the id of a person, account, case or record: up to 256 bytes."""
    return _text(value, name, _LONGEST_ID, empty=empty)


def words(value: Any, name: str, *, empty: bool = False) -> str:
    """Check what a person wrote: up to 64 KiB."""
    return _text(value, name, _LONGEST_TEXT, empty=empty)


def whole(value: Any, name: str, *, least: int = 0) -> int:
    """Check a count or a number of days."""
    if type(value) is not int or not least <= value <= _MOST:
        raise refuse(f"{name} is {shown(value)}; give a whole number from {least} to {_MOST}", path=f"$.{name}")
    return value


def flag(value: Any, name: str) -> bool:
    """Check a yes or no."""
    if type(value) is not bool:
        raise refuse(f"{name} is {shown(value)}; give True or False", path=f"$.{name}")
    return value


def member(value: Any, cls: type[Any], name: str) -> Any:
    """Check a value that has to be of one class."""
    if not isinstance(value, cls):
        raise refuse(f"{name} is {shown(value)}; give a value of {cls.__name__}", path=f"$.{name}")
    return value


def listed(value: Any, cls: type[Any], name: str) -> tuple[Any, ...]:
    """Check a list of values of one class, and keep it as a tuple in the order given."""
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise refuse(f"{name} is {shown(value)}; give a list of {cls.__name__}", path=f"$.{name}")
    kept = tuple(value)
    for number, item in enumerate(kept):
        member(item, cls, f"{name}[{number}]")
    return kept


def after(at: int, days: int) -> int:
    """Give the instant some days later; the last second of the year 9999 stands for any later one."""
    return min(at + days * DAY, LAST)


def ends(start: int, length_s: int | None) -> int | None:
    """Give when something that starts and lasts ends; None for never."""
    return None if length_s is None else min(start + length_s, LAST)


def _interests(value: Any) -> frozenset[str]:
    return frozenset(identifier(item, "interests") for item in listed(value, str, "interests"))


@attrs.frozen(kw_only=True)
class Actor:
    """Who acts.

    Attributes:
        id: The person, or the engine: ``reviewer:7``.
        authority: What they may impose. AUTOMATIC is an engine and no person.
        interests: Accounts and cases in which they have an interest of their own; they may
            not rule on these.
    """

    id: str
    authority: Authority = Authority.REVIEWER
    interests: frozenset[str] = attrs.field(default=frozenset(), converter=_interests)

    def __attrs_post_init__(self) -> None:
        identifier(self.id, "id")
        member(self.authority, Authority, "authority")

    @property
    def is_person(self) -> bool:
        """Whether this is a person and not an engine."""
        return self.authority is not Authority.AUTOMATIC

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {"id": self.id, "authority": self.authority.value, "interests": sorted(self.interests)}


def actor(by: Any) -> Actor:
    """Take a plain id as a reviewer, and an `Actor` as it is."""
    if isinstance(by, Actor):
        return by
    if type(by) is not str or not by:
        raise refuse(f"by is {shown(by)}; give the id of a person, or an Actor", path="$.by")
    return Actor(id=by)


def person(by: Any, what: str) -> Actor:
    """Take who acts, where only a person may.

    Raises:
        DueProcessError: It is an engine.
    """
    who = actor(by)
    if not who.is_person:
        raise DueProcessError("not_a_person", f"{who.id!r} has automatic authority; {what} takes a person")
    return who


def conflict(who: Actor, subject: str, case: str, what: str) -> None:
    """Refuse who would act on their own account, or on one in which they have an interest."""
    if who.id == subject:
        raise DueProcessError("subject", f"{who.id!r} is the account concerned and may not {what}")
    if subject in who.interests or (case and case in who.interests):
        raise DueProcessError("interest", f"{who.id!r} has an interest of their own in this and may not {what}")


def address(prefix: str, value: object) -> str:
    """Make an id of a value: a letter for what it is, and 32 hex digits of its digest."""
    return f"{prefix}-{digest(value).removeprefix('sha256:')[:32]}"


# -- reading what was written ------------------------------------------------------------------


class Fields:
    """Reads the plain form of one record; whatever is missing or of another form is refused with its place."""

    def __init__(self, data: Any, subject: str, path: str = "$") -> None:
        if type(data) is not dict:
            raise refuse(f"expected an object, got {shown(data)}", path=path, subject=subject)
        self.data, self.subject, self.path = data, subject, path

    def take(self, key: str, kind: type | None = None, *, optional: bool = False) -> Any:
        """Give a value that is there and of one plain type."""
        if key not in self.data:
            raise refuse(f"{key} is missing", code="missing", path=self.path, subject=self.subject)
        value = self.data[key]
        if (optional and value is None) or kind is None or type(value) is kind:
            return value
        raise refuse(
            f"{key} is {shown(value)}; expected {kind.__name__}", path=f"{self.path}.{key}", subject=self.subject
        )

    def instant(self, key: str, *, optional: bool = False) -> Any:
        """Give an instant."""
        return self.read(key, from_iso) if not optional or self.take(key) is not None else None

    def read(self, key: str, reader: Callable[[Any], Any]) -> Any:
        """Give a value that a function reads; its complaints are told with the place."""
        value = self.take(key)
        try:
            return reader(value)
        except InputError as bad:
            place = f"{self.path}.{key}"
            moved = tuple(problem._replace(path=place + problem.path[1:]) for problem in bad.problems)
            raise InputError(self.subject, moved) from None
        except (ValueError, TypeError, KeyError):
            raise refuse(f"{key} is {shown(value)}", path=f"{self.path}.{key}", subject=self.subject) from None

    def each(self, key: str, reader: Callable[[Any], Any]) -> tuple[Any, ...]:
        """Give a list, each element read by a function."""
        return tuple(Fields({key: item}, self.subject, self.path).read(key, reader) for item in self.take(key, list))


def same(value: Any, data: Any, subject: str) -> None:
    """Refuse data that is not exactly what the value read from it is written as."""
    if dumps(value.to_dict()) != dumps(data, subject=subject):
        raise refuse(
            "is not what it reads as: a key too many, an id or a derived value that does not fit the rest",
            code="altered",
            subject=subject,
        )


def read_actor(data: Any) -> Actor:
    """Read what `Actor.to_dict` wrote."""
    fields = Fields(data, "actor")
    return Actor(
        id=fields.take("id", str),
        authority=fields.read("authority", Authority),
        interests=frozenset(fields.take("interests", list)),
    )


def measure_reader(accepted: Iterable[type[Measure]] = SHIPPED) -> Callable[[Any], Measure]:
    """Give a function that reads one measure of the accepted classes."""
    classes = tuple(accepted)
    return lambda data: read_measure(data, classes)


def instant(value: Any) -> int:
    """Convert an instant: aware datetime or epoch seconds."""
    return to_epoch(value)
