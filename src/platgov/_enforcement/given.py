"""What a host gives for a statement of reasons, and how it is read."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import attrs

from platgov._canonical import shown
from platgov._enforcement import dsa
from platgov._enforcement.actors import instant, refuse, words
from platgov._enforcement.exports import day_of

__all__ = ["READERS", "LegalGround", "Source"]


class Source(enum.Enum):
    """What made the platform look. Never who: no statement has a place for that."""

    VOLUNTARY = "voluntary"
    """Its own initiative."""
    ARTICLE_16 = "article_16"
    """A notice of illegal content."""
    TRUSTED_FLAGGER = "trusted_flagger"
    """A notice by a trusted flagger."""
    OTHER_NOTIFICATION = "other_notification"
    """Any other report."""

    @property
    def dsa(self) -> str:
        """How the DSA Transparency Database calls it."""
        return "SOURCE_TYPE_OTHER_NOTIFICATION" if self is Source.OTHER_NOTIFICATION else f"SOURCE_{self.name}"


def _text(_: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not words(value, attribute.name).strip():
        raise refuse(f"{attribute.name} is blank; give some text", path=f"$.{attribute.name}")


@attrs.frozen(kw_only=True)
class LegalGround:
    """The law that content is held to break.

    Attributes:
        law: The provision: ``Section 130 of the Criminal Code``.
        explanation: Why the content breaks it. Published: no personal data.
    """

    law: str = attrs.field(validator=_text)
    explanation: str = attrs.field(validator=_text)


def _source(value: Any) -> Source:
    known = {name: source for source in Source for name in (source.value, source.dsa)}
    if isinstance(value, Source):
        return value
    if type(value) is not str or value not in known:
        raise refuse(f"source is {shown(value)}; give one of {', '.join(s.value for s in Source)}", path="$.source")
    return known[value]


def _choice(name: str, prefix: str, values: tuple[str, ...]) -> Callable[[Any], str]:
    """Take a value of the schema, in full or without its prefix: ``text`` for ``CONTENT_TYPE_TEXT``."""

    def chosen(value: Any) -> str:
        if type(value) is str:
            for spelt in (value, f"{prefix}{value.upper()}", value.upper()):
                if spelt in values:
                    return spelt
        short = ", ".join(known.removeprefix(prefix).lower() for known in values[:16])
        more = "" if len(values) <= 16 else f" or another of {len(values)}"
        raise refuse(f"{name} is {shown(value)}; give one of {short}{more}", path=f"$.{name}")

    return chosen


def _choices(name: str, prefix: str, values: tuple[str, ...]) -> Callable[[Any], tuple[str, ...]]:
    one = _choice(name, prefix, values)

    def chosen(value: Any) -> tuple[str, ...]:
        if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
            raise refuse(f"{name} is {shown(value)}; give a list", path=f"$.{name}")
        return tuple(sorted({one(item) for item in value}))

    return chosen


def _day(name: str) -> Callable[[Any], dt.date]:
    def day(value: Any) -> dt.date:
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            return dt.date(value.year, value.month, value.day)
        try:
            return day_of(instant(value))
        except ValueError:
            message = f"{name} is {shown(value)}; give a date, an aware datetime, or epoch seconds"
            raise refuse(message, path=f"$.{name}") from None

    return day


def _ean13(value: Any) -> str:
    digits = value if type(value) is str and len(value) == 13 and value.isascii() and value.isdigit() else None
    if digits is None:
        raise refuse(f"ean13 is {shown(value)}; give text of 13 digits", path="$.ean13")
    if sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(digits)) % 10:
        raise refuse(f"ean13 is {digits!r}, whose check digit does not fit; look it up again", path="$.ean13")
    return digits


def _url(value: Any) -> str:
    if type(value) is not str or len(value) > dsa.SHORT or not dsa.URL.fullmatch(value):
        message = f"give a URL of http or https, up to {dsa.SHORT} characters"
        raise refuse(f"reference_url is {shown(value)}; {message}", path="$.reference_url")
    return value


_ANY_DECISION: Final = (*dsa.VISIBILITY, *dsa.MONETARY, *dsa.PROVISION, *dsa.ACCOUNT)


def _reported_as(value: Any) -> tuple[tuple[str, str | None], ...]:
    if not isinstance(value, Mapping | tuple):
        raise refuse(f"reported_as is {shown(value)}; give {{'blur': 'DECISION_VISIBILITY_OTHER'}}")
    one = _choice("reported_as", "DECISION_", _ANY_DECISION)
    return tuple(sorted((str(name), None if kept is None else one(kept)) for name, kept in dict(value).items()))


def _kept_text(value: Any) -> str | None:
    return None if value is None else words(value, "text")


def _maybe(reader: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else reader(value)


READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "source": _source,
    "content_types": _choices("content_types", "CONTENT_TYPE_", dsa.CONTENT_TYPES),
    "content_type_other": _kept_text,
    "content_date": _day("content_date"),
    "application_date": _day("application_date"),
    "automated_decision": _choice("automated_decision", "AUTOMATED_DECISION_", dsa.AUTOMATED),
    "territorial_scope": _choices("territorial_scope", "", dsa.EEA),
    "content_language": _maybe(_choice("content_language", "", dsa.LANGUAGES)),
    "category": _choice("category", "STATEMENT_CATEGORY_", dsa.CATEGORIES),
    "category_addition": _choices("category_addition", "STATEMENT_CATEGORY_", dsa.CATEGORIES),
    "keywords": _choices("keywords", "KEYWORD_", dsa.KEYWORDS),
    "keywords_other": _kept_text,
    "account_type": _maybe(_choice("account_type", "ACCOUNT_TYPE_", dsa.ACCOUNT_TYPES)),
    "ean13": _maybe(_ean13),
    "reference_url": _maybe(_url),
    "reported_as": _reported_as,
}
"""How each attribute of a statement is read; those not named are taken as they are."""
