"""What do people read? Texts by key and language: English and Chinese shipped, hosts add more.

>>> from platgov import messages
>>> messages.default().text("measure.suspend_feature", "zh-Hans-CN", target="发帖")
'停用账号的“发帖”功能'
>>> french = messages.Catalogue(language="fr", texts={"measure.remove": "retrait du contenu"})
>>> messages.default().with_catalogue(french).text("measure.remove", "fr-CA")
'retrait du contenu'

A text names what is put into it, and how it is written:

===================  ====================  =======================================================
placeholder          value                 written as
===================  ====================  =======================================================
``{who}``            text                  itself, on one line, without control characters
``{n:int}``          whole number          ``3``
``{n:unit.strike}``  whole number from 0   the text ``unit.strike``: ``# strike|# strikes``
``{s:duration}``     seconds from 0        ``3 days 12 hours``, ``3 天 12 小时``
``{t:instant}``      datetime or epoch     ``2026-11-24 15:00:00 UTC``
``{d:date}``         date                  ``2026-11-24``
``{xs:list}``        texts                 ``a, b``, ``a、b``
===================  ====================  =======================================================

``{{`` and ``}}`` are braces. Values are data: what looks like a placeholder in one stays as it is.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import tomllib
import unicodedata
import zoneinfo
from collections.abc import Callable, Mapping
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._canonical import shown
from platgov._time import to_epoch
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Catalogue", "Messages", "Written", "clean", "default", "one_or_other"]

_TAG: Final = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*", re.ASCII)
_KEY: Final = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*", re.ASCII)
_PART: Final = re.compile(r"(\{\{|\}\})|\{([a-z][a-z0-9_]*)(?::([a-z][a-z0-9_.]*))?\}", re.ASCII)
_FORMATS: Final = frozenset({"text", "int", "duration", "instant", "date", "list"})
_RESERVED: Final = frozenset({"key", "language", "fallback", "zone", "self"})
_UNITS: Final = (("unit.day", 86_400), ("unit.hour", 3_600), ("unit.minute", 60), ("unit.second", 1))
_NEEDS: Final = {"duration": tuple(name for name, _ in _UNITS), "list": ("list.separator",)}
_JOINERS: Final = "\u200c\u200d"
"""Invisible, but Persian, Indic scripts and emoji are spelled with them."""

_Part = str | tuple[str, str]


class Written(str):
    """Text that a catalogue wrote: it goes into another text as it is."""

    __slots__ = ()


def clean(text: str) -> str:
    r"""Make text from elsewhere safe to stand in a line: it can neither end the line nor reorder it.

    Line breaks and tabs become spaces; other control and format characters are spelled out
    (``\u202e``), so that nothing disappears; text that runs from right to left is isolated.
    """
    plain = "".join(map(_visible, text))
    if any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in plain):
        return f"\u2068{plain}\u2069"
    return plain


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    if char in "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85" or category in ("Zl", "Zp"):
        return " "
    if category in ("Cc", "Cs") or (category == "Cf" and char not in _JOINERS):
        return f"\\u{ord(char):04x}"
    return char


def one_or_other(count: int) -> int:
    """Give the place of a plural form where only 1 is special, as in English."""
    return 0 if count == 1 else 1


def _refuse(subject: str, message: str, path: str = "$", code: str = "message") -> InputError:
    return InputError(subject, (Problem(message, path, code),))


def _tag(value: Any) -> str:
    if type(value) is not str or not _TAG.fullmatch(value):
        raise _refuse("language", f"{shown(value)} is no language tag; give one such as 'en' or 'zh-Hans'", code="tag")
    return value.lower()


def _parsed(key: str, text: str) -> tuple[_Part, ...]:
    """Take a text apart into literal text and placeholders with their format."""
    parts: list[_Part] = []
    end = 0
    for found in _PART.finditer(text):
        parts += [_literal(text[end : found.start()])]
        end = found.end()
        brace, name, form = found.groups()
        if brace:
            parts.append(brace[0])
            continue
        if key.startswith(("unit.", "list.")):
            raise ValueError("takes no values; in a unit, '#' stands for the count")
        form = form or "text"
        if form not in _FORMATS and not form.startswith("unit."):
            raise ValueError(f"{form!r} is no format; accepted are {', '.join(sorted(_FORMATS))} and unit.…")
        if name in _RESERVED:
            raise ValueError(f"{name!r} cannot name a placeholder")
        parts.append((name, form))
    return tuple(part for part in (*parts, _literal(text[end:])) if part)


def _literal(text: str) -> str:
    if "{" in text or "}" in text:
        raise ValueError(f"a brace in {text!r} belongs to no placeholder; write {{{{ or }}}} for the sign itself")
    return text


def _texts(texts: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(texts, Mapping | tuple):
        raise _refuse("catalogue", f"texts is {shown(texts)}; give texts by key: {{'measure.remove': '…'}}")
    pairs = dict(texts)
    problems = tuple(
        Problem(
            f"{shown(key)} with {shown(text)} is no text; give a key such as 'measure.remove', and text", code="text"
        )
        for key, text in pairs.items()
        if type(key) is not str or not _KEY.fullmatch(key) or type(text) is not str or not text
    )
    if problems:
        raise InputError("catalogue", problems)
    return tuple(sorted(pairs.items()))


def _plural(_: Any, __: attrs.Attribute[Any], value: object) -> None:
    if not callable(value):
        raise _refuse("catalogue", f"plural is {shown(value)}; give a function from a count to the place of its form")


@attrs.frozen(kw_only=True)
class Catalogue:
    """The texts of one language.

    Attributes:
        language: BCP 47 tag, kept in lower case: ``fr``, ``zh-hant``.
        texts: Text by key; kept as sorted pairs. A catalogue need not have every key.
        plural: Which of the forms of a unit (separated by ``|``) goes with a count, from 0;
            past the last form it is the last one, so a language with one form needs nothing.
    """

    language: str = attrs.field(converter=_tag)
    texts: tuple[tuple[str, str], ...] = attrs.field(converter=_texts)
    plural: Callable[[int], int] = attrs.field(default=one_or_other, validator=_plural)
    _parts: dict[str, tuple[_Part, ...]] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        parts: dict[str, tuple[_Part, ...]] = {}
        problems = []
        for key, text in self.texts:
            try:
                parts[key] = _parsed(key, text)
            except ValueError as bad:
                problems.append(Problem(str(bad), f"$.{key}", "placeholder"))
        if problems:
            raise InputError(f"catalogue {self.language!r}", tuple(problems))
        object.__setattr__(self, "_parts", parts)

    def __contains__(self, key: object) -> bool:
        return key in self._parts

    @property
    def keys(self) -> frozenset[str]:
        """The keys that have a text."""
        return frozenset(self._parts)

    def placeholders(self, key: str) -> dict[str, str]:
        """Give the placeholders of a text, each with its format."""
        return {part[0]: part[1] for part in self._parts[key] if not isinstance(part, str)}

    def parts(self, key: str) -> tuple[str | tuple[str, str], ...]:
        """Give a text taken apart: literal text, and placeholders as name and format."""
        return self._parts[key]

    def needs(self) -> Iterator[tuple[str, str]]:
        """Give the keys that the formats of other texts need, each with who needs it."""
        for key, parts in self._parts.items():
            for part in parts:
                if not isinstance(part, str):
                    form = part[1]
                    wanted = (form,) if form.startswith("unit.") else _NEEDS.get(form, ())
                    yield from ((name, key) for name in wanted)


def _catalogues(catalogues: Iterable[Catalogue]) -> tuple[Catalogue, ...]:
    kept: dict[str, Catalogue] = {}
    for catalogue in catalogues:
        if not isinstance(catalogue, Catalogue):
            raise _refuse("messages", f"{shown(catalogue)} is no catalogue; give Catalogue(language=..., texts=...)")
        if catalogue.language in kept:
            raise _refuse("messages", f"two catalogues for {catalogue.language!r}; with_catalogue adds to one")
        kept[catalogue.language] = catalogue
    return tuple(kept[language] for language in sorted(kept))


@attrs.frozen(kw_only=True)
class Messages:
    """Catalogues that belong together: one key takes the same values in every language.

    Attributes:
        catalogues: One for each language, sorted by language.
    """

    catalogues: tuple[Catalogue, ...] = attrs.field(converter=_catalogues)

    def __attrs_post_init__(self) -> None:
        problems = tuple(self._problems())
        if problems:
            raise InputError("messages", problems)

    def _problems(self) -> Iterator[Problem]:
        wanted: dict[str, tuple[str, dict[str, str]]] = {}
        for catalogue in sorted(self.catalogues, key=lambda one: (one.language != "en", one.language)):
            for key in sorted(catalogue.keys):
                given = catalogue.placeholders(key)
                language, expected = wanted.setdefault(key, (catalogue.language, given))
                if given != expected:
                    message = f"takes {_signature(given)}, but in {language!r} it takes {_signature(expected)}"
                    yield Problem(message, f"$.{catalogue.language}.{key}", "placeholder")
            for name, key in catalogue.needs():
                if name not in catalogue:
                    message = f"is written with {name!r}, which the catalogue does not have; add it"
                    yield Problem(message, f"$.{catalogue.language}.{key}", "missing_key")

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that there are texts in."""
        return tuple(catalogue.language for catalogue in self.catalogues)

    def with_catalogue(self, catalogue: Catalogue) -> Messages:
        """Add a language, or texts to one: a text of ``catalogue`` replaces the one that is there.

        Raises:
            InputError: A text takes other values than the same text in another language.
        """
        others = {known.language: known for known in self.catalogues}
        before = others.get(getattr(catalogue, "language", ""))
        if before is not None:
            catalogue = attrs.evolve(catalogue, texts={**dict(before.texts), **dict(catalogue.texts)})
            del others[catalogue.language]
        return Messages(catalogues=(*others.values(), catalogue))

    def language(self, language: str) -> str:
        """Find the language that serves a tag: ``zh-Hans-CN`` is served by ``zh``.

        Raises:
            InputError: There is none. No other language is taken instead.

        Source: RFC 4647, section 3.4 (lookup).
        """
        return self._catalogue(language).language

    def missing(self, language: str) -> frozenset[str]:
        """Give the keys that other languages have and this one has not."""
        own = self._catalogue(language).keys
        return frozenset(key for catalogue in self.catalogues for key in catalogue.keys) - own

    def has(self, key: str, language: str) -> bool:
        """Tell whether there is a text in a language."""
        return key in self._catalogue(language)

    def placeholders(self, key: str, language: str) -> dict[str, str]:
        """Give the placeholders of a text, each with its format."""
        return self._with(key, language, None).placeholders(key)

    def text(self, key: str, language: str, *, fallback: str | None = None, zone: str = "UTC", **values: Any) -> str:
        """Write a text.

        Args:
            key: Which one.
            language: In which language, as a BCP 47 tag.
            fallback: Language to take where there is no such text in ``language``; by default
                that is an error.
            zone: Time zone that instants are written in; it is named with them.
            **values: What goes into it: exactly its placeholders.

        Raises:
            InputError: No such language or text, values that are missing, left over or of
                another type, or an unknown zone.
        """
        return str(self.phrase(key, language, fallback=fallback, zone=zone, **values))

    def phrase(
        self, key: str, language: str, *, fallback: str | None = None, zone: str = "UTC", **values: Any
    ) -> Written:
        """Write a text that is to go into another one; see `text`."""
        catalogue = self._with(key, language, fallback)
        expected = catalogue.placeholders(key)
        if values.keys() != expected.keys():
            raise _refuse(
                f"message {key!r}", f"takes {_signature(expected)}; given are {sorted(values)}", code="values"
            )
        return Written(
            "".join(
                part if isinstance(part, str) else _written(catalogue, key, part, values[part[0]], zone)
                for part in catalogue.parts(key)
            )
        )

    def _catalogue(self, language: str) -> Catalogue:
        parts = _tag(language).split("-")
        while parts:
            found = "-".join(parts)
            for catalogue in self.catalogues:
                if catalogue.language == found:
                    return catalogue
            parts.pop()
        known = ", ".join(self.languages)
        raise _refuse("messages", f"no texts in {language!r}; there are {known}; add a Catalogue", code="language")

    def _with(self, key: str, language: str, fallback: str | None) -> Catalogue:
        try:
            catalogue = self._catalogue(language)
            if key in catalogue:
                return catalogue
        except InputError as unknown:
            if fallback is None or unknown.problems[0].code != "language":
                raise
        if fallback is not None:
            return self._with(key, fallback, None)
        raise _refuse("messages", f"no text {shown(key)} in {language!r}; add it with a Catalogue", code="key")


def _signature(placeholders: Mapping[str, str]) -> str:
    return " ".join(f"{{{name}:{form}}}" for name, form in sorted(placeholders.items())) or "no values"


def _written(catalogue: Catalogue, key: str, part: tuple[str, str], value: Any, zone: str) -> str:
    name, form = part
    if form == "text" and isinstance(value, str):
        return _line(value)
    if form == "list" and isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return _fixed(catalogue, "list.separator").join(map(_line, value))
    if form == "int" and type(value) is int:
        return str(value) if value.bit_length() < 256 else shown(value)
    if form == "instant":
        return _instant(value, zone)
    if form == "date" and isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    if type(value) is int and 0 <= value <= 2**53:
        if form == "duration":
            return _duration(catalogue, value)
        if form.startswith("unit."):
            return _counted(catalogue, form, value)
    raise _refuse(f"message {key!r}", f"{shown(value)} does not fit {{{name}:{form}}}", f"$.{name}", "type")


def _line(value: str) -> str:
    return value if type(value) is Written else clean(value)


def _fixed(catalogue: Catalogue, key: str) -> str:
    return "".join(part for part in catalogue.parts(key) if isinstance(part, str))


def _counted(catalogue: Catalogue, key: str, count: int) -> str:
    forms = _fixed(catalogue, key).split("|")
    place = catalogue.plural(count)
    if type(place) is not int:
        raise _refuse("catalogue", f"plural({count}) is {shown(place)}; it gives the place of a form, from 0")
    return forms[min(max(place, 0), len(forms) - 1)].replace("#", str(count))


def _duration(catalogue: Catalogue, seconds: int) -> str:
    parts = []
    for key, length in _UNITS:
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(_counted(catalogue, key, count))
    return " ".join(parts) or _counted(catalogue, "unit.second", 0)


def _instant(value: Any, zone: str) -> str:
    epoch = to_epoch(value)
    try:
        local = dt.datetime.fromtimestamp(epoch, zoneinfo.ZoneInfo(zone))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError, OverflowError):
        known = "give an IANA name such as 'Europe/Berlin'"
        raise _refuse("message", f"cannot write an instant in zone {shown(zone)}; {known}", code="zone") from None
    written = local.isoformat(sep=" ")
    wall, offset = written[:19], written[19:]
    return f"{wall} UTC" if zone == "UTC" else f"{wall} {offset} ({zone})"


@functools.cache
def default() -> Messages:
    """Give the texts that come with platgov; they are read from the package once, when first asked for."""
    root = resources.files("platgov") / "_messages"
    languages = sorted(folder.name for folder in root.iterdir() if folder.is_dir() and _TAG.fullmatch(folder.name))
    return Messages(catalogues=[_shipped(root, language) for language in languages])


def _shipped(root: Any, language: str) -> Catalogue:
    texts: dict[str, str] = {}
    for file in (root / language).iterdir():  # one for each topic; keys differ, so their order is of no matter
        texts.update(_flat(tomllib.loads(file.read_text(encoding="utf-8")), ""))
    return Catalogue(language=language, texts=texts)


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
