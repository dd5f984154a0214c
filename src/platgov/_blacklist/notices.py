"""What people are told: one text for everybody who signs up, and one for who was stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from platgov import messages as catalogues
from platgov._blacklist.checks import refuse
from platgov._blacklist.match import Match
from platgov._blacklist.records import Ban, BanOutcome, BanProcedure, BanStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from platgov.messages import Messages

__all__ = ["kinds_told", "notice_of", "public_text"]

_TOLD: Final = {
    "handle": "names",
    "display_name": "names",
    "email": "contact",
    "phone": "contact",
    "device": "device",
    "ip": "network",
    "payment": "payment",
    "avatar": "picture",
    "identity": "identity",
    "behaviour": "conduct",
}


def public_text(language: str = "en", *, messages: Messages | None = None) -> str:
    """Give the text that answers every sign-up. It takes no match, so it cannot depend on one.

    Args:
        language: As a BCP 47 tag.
        messages: Catalogues; by default those that come with platgov.
    """
    return (messages or catalogues.default()).text("blacklist.public", language)


def kinds_told(signals: Iterable[str], language: str, messages: Messages) -> list[str]:
    """Name kinds of details, coarsely: an e-mail address and a phone number are both contact details."""
    kinds = dict.fromkeys(_TOLD[signal] for signal in signals)
    return [messages.text(f"blacklist.kind.{kind}", language) for kind in kinds]


def notice_of(
    ban: Ban,
    procedure: BanProcedure,
    at: int,
    *,
    language: str,
    zone: str,
    messages: Messages | None,
    match: Match | None,
) -> str:
    """Write the notice; see `Blacklist.notice`."""
    texts = messages or catalogues.default()
    linked: tuple[str, ...] = ()
    if match is not None:
        if not isinstance(match, Match):
            raise refuse("Blacklist", "match", f"is a {type(match).__name__}; give a Match", "type")
        scored = next((one for one in match.candidates if one.ban_id == ban.id), None)
        if scored is None:
            raise refuse("Blacklist", "match", "does not name this ban", "other_ban")
        linked = tuple(row.signal for row in scored.evidence if row.units > 0)

    def say(key: str, **values: Any) -> str:
        return texts.text(f"blacklist.notice.{key}", language, zone=zone, **values)

    def lines() -> Iterator[str]:
        yield say("title")
        yield say("reference", id=ban.id)
        yield ""
        yield say("about", at=ban.starts_at)
        yield say("reason", reason=ban.reason, decision=ban.decision)
        yield from _standing(ban, at, say)
        if linked:
            yield say("linked", kinds=kinds_told(linked, language, texts))
            yield say("decided")
        if ban.kinds:
            yield say("held", kinds=kinds_told(ban.kinds, language, texts))
        else:
            yield say("nothing_held")
        yield ""
        yield from _appeal(ban, procedure, at, say)

    return "\n".join(lines()) + "\n"


def _standing(ban: Ban, at: int, say: Callable[..., str]) -> Iterator[str]:
    status = ban.status(at)
    if status is BanStatus.OVERTURNED:
        yield say("overturned")
    elif status is BanStatus.LIFTED:
        yield say("ended", at=ban.lifted_at)
    elif status is BanStatus.EXPIRED:
        yield say("ended", at=ban.ends_at)
    else:
        yield say("open") if ban.ends_at is None else say("until", until=ban.ends_at)
        yield say("review", review=ban.review_by)


def _appeal(ban: Ban, procedure: BanProcedure, at: int, say: Callable[..., str]) -> Iterator[str]:
    appeal = next((one for one in ban.appeals if one.admissible), None)
    if appeal is None:
        until = ban.appeal_until(procedure)
        yield say("appeal" if at <= until else "appeal_over", until=until)
    elif appeal.outcome is None:
        yield say("appeal_open", at=appeal.filed_at, due=appeal.due)
    else:
        key = {
            BanOutcome.UPHELD: "appeal_upheld",
            BanOutcome.MODIFIED: "appeal_modified",
            BanOutcome.OVERTURNED: "appeal_overturned",
        }[appeal.outcome]
        yield say(key, at=appeal.decided_at, reason=appeal.reason)
