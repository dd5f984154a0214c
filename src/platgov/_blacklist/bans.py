"""What goes into the store of bans, and what comes out."""

from __future__ import annotations

from typing import Final

import attrs

from platgov._blacklist.canonical import Form  # noqa: TC001 - fields are read at run time
from platgov._blacklist.checks import identifier, refuse
from platgov._blacklist.comparing import Agreement  # noqa: TC001 - as above
from platgov._blacklist.signals import Signals
from platgov._blacklist.tags import Stored  # noqa: TC001 - as above
from platgov._time import to_epoch

__all__ = ["Candidate", "Candidates", "NewBan", "check_note", "check_span"]

_MOST_NOTE: Final = 65_536


@attrs.frozen(kw_only=True)
class NewBan:
    """What is to be stored of one ban.

    Attributes:
        ban_id: Its id; the same id with the same content is stored once.
        signals: What is known of the banned account. Only tags of it are stored.
        starts_at: From when it holds.
        ends_at: Until when, that second not included; None if open-ended.
        note: Bytes that the host keeps with it, 64 KiB at most. They are stored as they are:
            what is personal in them has to be sealed before.
    """

    ban_id: str = attrs.field()
    signals: Signals = attrs.field()
    starts_at: int = attrs.field(converter=to_epoch)
    ends_at: int | None = attrs.field(default=None, converter=attrs.converters.optional(to_epoch))
    note: bytes = attrs.field(default=b"", repr=False)

    def __attrs_post_init__(self) -> None:
        identifier(self.ban_id, "NewBan", "ban_id")
        if not isinstance(self.signals, Signals):
            raise refuse("NewBan", "signals", f"is a {type(self.signals).__name__}; give Signals", "type")
        check_span(self.starts_at, self.ends_at)
        check_note(self.note)


@attrs.frozen(kw_only=True)
class Candidate:
    """A ban that could be meant, and how each signal agrees with it."""

    record: Stored
    agreements: tuple[Agreement, ...]


@attrs.frozen(kw_only=True)
class Candidates:
    """What a look-up found.

    Attributes:
        found: Bans in force, by id.
        truncated: More bans share a value than were looked at: the newest were. Or a part of a
            name is in more names of bans than were looked at: those with most in common were,
            and none for a part that more than 64 share. What was not looked at may be no ban in
            force, so this says that there may be more, never that there are.
        weightless: Forms of the newcomer that were not looked up, and why.
    """

    found: tuple[Candidate, ...]
    truncated: bool
    weightless: tuple[Form, ...]


def check_span(starts_at: int, ends_at: int | None) -> None:
    """Refuse a ban that ends before it begins to hold."""
    if ends_at is not None and ends_at <= starts_at:
        raise refuse("NewBan", "ends_at", "a ban ends after it starts; give a later instant, or None", "range")


def check_note(note: object) -> bytes:
    """Give a note back, if it is one."""
    if type(note) is not bytes or len(note) > _MOST_NOTE:
        raise refuse("NewBan", "note", f"give at most {_MOST_NOTE} bytes", "note")
    return note
