"""What a host may say about its classes: which share a place, and which code themselves."""

from __future__ import annotations

import typing
from typing import Annotated, Any, Generic, Protocol, TypeVar

import attrs

from platgov._canonical import step
from platgov.errors import InputError, Problem

if typing.TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AS_OBJECT", "Kinds", "Pairs", "SelfCoded", "is_attrs", "name_of"]

T = TypeVar("T")

AS_OBJECT = "platgov: write these pairs as an object"

Pairs = Annotated[tuple[tuple[str, T], ...], AS_OBJECT]
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
            if not is_attrs(cls) or self.tag in {field.name for field in attrs.fields(typing.cast("Any", cls))}:
                message = f"{name_of(cls)} must be an attrs class, itself decorated, without a field {self.tag!r}"
                raise InputError("Kinds", (Problem(message, f"$.classes{step(kind)}"),))


def is_attrs(cls: Any) -> bool:
    return "__attrs_attrs__" in getattr(cls, "__dict__", ())  # its own: an undecorated subclass loses fields


def name_of(cls: Any) -> str:
    return str(getattr(cls, "__name__", cls))
