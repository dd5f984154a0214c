"""Phone numbers in E.164, whatever way they were typed."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from platgov._blacklist.checks import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from platgov._blacklist.tables import NumberPlan

__all__ = ["e164"]

_EXTENSION: Final = re.compile(r"(?:;ext=|[,#x]|ext\.?)\s*\d{1,6}\s*$", re.ASCII | re.IGNORECASE)
_SEPARATORS: Final = frozenset("-./()[]~\u00b7\u2010\u2011\u2012\u2013\u2014\u2212\u30fc\u3000")
_SHORTEST, _LONGEST = 7, 15
# +351 (0) 912…: a zero that callers from abroad leave out, but in Italy and what shares its numbering.
_LEFT_OUT: Final = re.compile(r"^\s*(?:tel:)?\s*(?:[+\uff0b]|00).*?\(\s*0\s*\)", re.IGNORECASE)
_ZERO_BELONGS: Final = frozenset({"39", "378", "379"})


def e164(text: str, *, region: str | None, plans: Mapping[str, NumberPlan]) -> str:
    """Write a number as ``+`` and up to 15 digits.

    Digits of every script count, invisible characters and separators do not, an extension is
    cut off. Without a country code it is read as a number of ``region``.

    Raises:
        InputError: It is no number, its country code is not known, or it has none and there is
            no region.
    """
    digits, abroad = _digits(text)
    plan = plans[region] if region is not None else None
    if not abroad:
        exits = plan.exits if plan is not None else ("00",)
        for prefix in sorted(exits, key=len, reverse=True):
            if digits.startswith(prefix):
                digits, abroad = digits[len(prefix) :], True
                break
    if not abroad:
        if plan is None:
            message = "has no country code; give it as +…, or name the region of such numbers in the Canon"
            raise refuse("Signals", "phone", message, "region")
        digits = plan.code + digits.removeprefix(plan.trunk)
    code, trunks = _country(digits, _codes(tuple(sorted(plans.items()))))
    rest = digits[len(code) :]
    # +44 (0)20…: the trunk prefix does not belong after a country code. Where some region of a
    # code has none, as Italy, a zero belongs to the number.
    if trunks == {"0"} or (abroad and code not in _ZERO_BELONGS and _LEFT_OUT.match(text)):
        rest = rest.removeprefix("0")
    if not _SHORTEST <= len(code + rest) <= _LONGEST:
        raise refuse(
            "Signals", "phone", f"has {len(code + rest)} digits; a number has {_SHORTEST} to {_LONGEST}", "phone"
        )
    return f"+{code}{rest}"


def _digits(text: str) -> tuple[str, bool]:
    text = text.strip()
    if text[:4].lower() == "tel:":
        text = text[4:]
    text = _EXTENSION.sub("", text)
    out: list[str] = []
    abroad = False
    for char in text:
        number = unicodedata.decimal(char, None)
        if number is not None:
            out.append(str(number))
        elif char in "+\uff0b" and not out and not abroad:
            abroad = True
        elif not (char in _SEPARATORS or char.isspace() or unicodedata.category(char) == "Cf"):
            message = "is no phone number: it has other characters than digits and separators"
            raise refuse("Signals", "phone", message, "phone")
    return "".join(out), abroad


@functools.lru_cache(maxsize=8)
def _codes(plans: tuple[tuple[str, NumberPlan], ...]) -> dict[str, set[str]]:
    """Give the trunk prefixes in use, by country code."""
    codes: dict[str, set[str]] = {}
    for _, plan in plans:
        codes.setdefault(plan.code, set()).add(plan.trunk)
    return codes


def _country(digits: str, codes: dict[str, set[str]]) -> tuple[str, set[str]]:
    # No country code is the start of another, so at most one fits.
    for length in (1, 2, 3):
        if digits[:length] in codes:
            return digits[:length], codes[digits[:length]]
    raise refuse(
        "Signals", "phone", "has a country code that is not known; check it, or give its plan in the Canon", "code"
    )
