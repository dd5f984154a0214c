"""Where a list of others is from."""

from __future__ import annotations

from typing import Any

import attrs

from platgov._blacklist.checks import identifier, refuse
from platgov._time import from_iso, to_epoch, to_iso

__all__ = ["ListSource"]


@attrs.frozen(kw_only=True)
class ListSource:
    """Where a list of others is from, and how far it may be used.

    Attributes:
        name: Who publishes it.
        edition: Which edition, such as its date.
        licence: Under which terms.
        dated_at: As of when it is.
        expires_at: Until when entries count; nothing from elsewhere counts for ever.
    """

    name: str = attrs.field()
    edition: str = attrs.field()
    licence: str = attrs.field()
    dated_at: int = attrs.field(converter=to_epoch)
    expires_at: int = attrs.field(converter=to_epoch)

    def __attrs_post_init__(self) -> None:
        for name in ("name", "edition", "licence"):
            text = identifier(getattr(self, name), "ListSource", name)
            if len(text.encode()) > 120:
                raise refuse("ListSource", name, "has more than 120 bytes", "too_long")
        if self.expires_at <= self.dated_at:
            raise refuse(
                "ListSource", "expires_at", "a list counts until after its date; give a later instant", "range"
            )

    @property
    def key(self) -> str:
        """Name and edition."""
        return f"{self.name} / {self.edition}"

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "name": self.name,
            "edition": self.edition,
            "licence": self.licence,
            "dated_at": to_iso(self.dated_at),
            "expires_at": to_iso(self.expires_at),
        }

    @classmethod
    def from_dict(cls, plain: Any) -> ListSource:
        """Read what `to_dict` wrote."""
        names = {field.name for field in attrs.fields(cls)}
        if type(plain) is not dict or plain.keys() != names:
            raise refuse("ListSource", "", f"give an object with exactly {', '.join(sorted(names))}", "type")
        return cls(**{**plain, "dated_at": from_iso(plain["dated_at"]), "expires_at": from_iso(plain["expires_at"])})
