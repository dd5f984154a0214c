"""What may happen to a sanction after it was applied, besides appeals."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from platgov._canonical import digest_bytes, dumps, shown
from platgov._enforcement.actors import (
    Actor,
    Fields,
    actor,
    address,
    identifier,
    instant,
    listed,
    read_actor,
    refuse,
    same,
    whole,
    words,
)
from platgov._time import to_iso
from platgov.errors import DueProcessError
from platgov.measures import Measure, join

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Modification", "Overturn", "Signature"]


def measures_of(value: Any) -> tuple[Measure, ...]:
    """Keep measures joined."""
    return join(listed(value, Measure, "measures"))


@attrs.frozen(kw_only=True)
class Event(abc.ABC):
    """Something that a person did about a sanction.

    Attributes:
        kind: What it is; a stored literal.
        id: Made of everything else, so that one act told twice is one event.
        subject: The account.
        sanction_id: The sanction.
        at: When, in UTC epoch seconds.
        by: Who.
    """

    kind: ClassVar[str]
    prefix: ClassVar[str]
    id: str = attrs.field(init=False)
    subject: str
    sanction_id: str
    at: int = attrs.field(converter=instant)
    by: Actor = attrs.field(converter=actor)

    def __attrs_post_init__(self) -> None:
        identifier(self.subject, "subject", empty=True)
        identifier(self.sanction_id, "sanction_id")
        if not self.by.is_person:
            raise DueProcessError("not_a_person", f"{self.by.id!r} has automatic authority; this takes a person")
        self._check()
        object.__setattr__(self, "id", address(self.prefix, self._named()))

    @abc.abstractmethod
    def _check(self) -> None:
        """Check what is particular to this kind."""

    @abc.abstractmethod
    def body(self) -> dict[str, Any]:
        """Give what is particular to this kind, as plain values."""

    def _named(self) -> dict[str, Any]:
        """Give what makes the id."""
        return {**self._head(), **self.body()}

    def _head(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "schema": 1,
            "subject": self.subject,
            "sanction": self.sanction_id,
            "at": to_iso(self.at),
            "by": self.by.to_dict(),
        }

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {**self._head(), "id": self.id, **self.body()}

    def to_bytes(self) -> bytes:
        """Give the canonical bytes."""
        return dumps(self.to_dict())

    @property
    def digest(self) -> str:
        """Content address of the canonical bytes."""
        return digest_bytes(self.to_bytes())


@attrs.frozen(kw_only=True)
class Signature(Event):
    """That a person stands for measures of a sanction, or has looked at them again.

    Attributes:
        measures: What was signed. It covers these and milder ones of the same kind; what
            becomes harsher takes a new signature.
    """

    kind = "signature"
    prefix = "g"
    measures: tuple[Measure, ...] = attrs.field(converter=measures_of)

    def _check(self) -> None:
        pass

    def body(self) -> dict[str, Any]:
        """Give what is particular to a signature."""
        return {"measures": [measure.to_dict() for measure in self.measures]}


@attrs.frozen(kw_only=True)
class Overturn(Event):
    """That a sanction never happened.

    Attributes:
        reason: Why, in words.
    """

    kind = "overturn"
    prefix = "o"
    reason: str = ""

    def _check(self) -> None:
        words(self.reason, "reason", empty=True)

    def body(self) -> dict[str, Any]:
        """Give what is particular to an overturning."""
        return {"reason": self.reason}


@attrs.frozen(kw_only=True)
class Modification(Event):
    """That a sanction has other values, from its own instant on.

    Attributes:
        measures: What stands instead of what the rules and the ladder called for.
        weight: Most that its strikes weigh from now on; None leaves them.
        reason: Why, in words.
    """

    kind = "modification"
    prefix = "m"
    measures: tuple[Measure, ...] = attrs.field(converter=measures_of)
    weight: int | None = None
    reason: str = ""

    def _check(self) -> None:
        if self.weight is not None:
            whole(self.weight, "weight")
        words(self.reason, "reason", empty=True)

    def body(self) -> dict[str, Any]:
        """Give what is particular to a modification."""
        return {
            "measures": [measure.to_dict() for measure in self.measures],
            "weight": self.weight,
            "reason": self.reason,
        }


def read_event(data: Any, cls: type[Any], measure: Callable[[Any], Measure]) -> Any:
    """Read what `Event.to_dict` wrote of one kind."""
    fields = Fields(data, cls.kind)
    given: dict[str, Any] = {
        "subject": fields.take("subject", str),
        "sanction_id": fields.take("sanction", str),
        "at": fields.instant("at"),
        "by": fields.read("by", read_actor),
    }
    own = [field.name for field in attrs.fields(cls) if field.init and field.name not in given]
    for name in own:
        given[name] = _own(fields, name, measure)
    event = cls(**given)
    same(event, data, cls.kind)
    return event


def _own(fields: Fields, name: str, measure: Callable[[Any], Measure]) -> Any:
    if name == "measures" and fields.take(name) is not None:
        return fields.each(name, measure)
    return fields.instant(name, optional=True) if name == "deadline" else fields.take(name)


def kind_of(data: Any, known: dict[str, Any]) -> Any:
    """Give the class for the kind of a record."""
    kind = Fields(data, "event").take("kind", str)
    if kind not in known:
        raise refuse(f"kind is {shown(kind)}; expected one of {', '.join(known)}", code="kind", subject="event")
    return known[kind]
