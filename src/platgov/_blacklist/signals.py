"""What a host knows of an account that could show who is behind it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._blacklist.checks import optional_epoch, optional_flag, refuse, text_of
from platgov._limits import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MOST_DEVICES", "MOST_TOKENS", "SIGNALS", "Signals"]

SIGNALS: Final = (
    "handle",
    "display_name",
    "email",
    "phone",
    "device",
    "ip",
    "payment",
    "avatar",
    "identity",
    "behaviour",
)
"""Names of signals as they are stored and reported; the place in this list is stored too. Only ever append."""

MOST_DEVICES: Final = 32
MOST_TOKENS: Final = 64

_DIGEST: Final = re.compile(r"[0-9a-f]{32,128}", re.ASCII)
_PDQ: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CARD: Final = re.compile(r"[0-9][0-9 -]{11,22}[0-9]", re.ASCII)


def _handle(value: Any) -> str | None:
    return None if value is None else text_of(value, "Signals", "handle", DEFAULT.name_bytes)


def _display_name(value: Any) -> str | None:
    return None if value is None else text_of(value, "Signals", "display_name", DEFAULT.name_bytes)


def _email(value: Any) -> str | None:
    return None if value is None else text_of(value, "Signals", "email")


def _phone(value: Any) -> str | None:
    return None if value is None else text_of(value, "Signals", "phone")


def _ip(value: Any) -> str | None:
    return None if value is None else text_of(value, "Signals", "ip")


def _payment(value: Any) -> str | None:
    if value is None:
        return None
    text = text_of(value, "Signals", "payment")
    if _CARD.fullmatch(text.strip()) and _is_card(text):
        message = "looks like a card number; give the fingerprint that the payment service made of it"
        raise refuse("Signals", "payment", message, "raw")
    return text


def _identity(value: Any) -> str | None:
    if value is None:
        return None
    text = text_of(value, "Signals", "identity_tag")
    if not _DIGEST.fullmatch(text) or len(text) % 2:
        message = "is no digest; give 32 to 128 lower-case hex digits that the host made with a key of its own"
        raise refuse("Signals", "identity_tag", message, "digest")
    return text


def _pdq(value: Any) -> str | None:
    if value is None:
        return None
    text = text_of(value, "Signals", "avatar_pdq").lower()
    if not _PDQ.fullmatch(text):
        raise refuse("Signals", "avatar_pdq", "is no PDQ hash; give its 256 bits as 64 hex digits", "pdq")
    return text


def _devices(values: Any) -> tuple[str, ...]:
    return _texts(values, "devices", MOST_DEVICES)


def _tokens(values: Any) -> tuple[str, ...]:
    return _texts(values, "behaviour", MOST_TOKENS)


def _texts(values: Any, field: str, most: int) -> tuple[str, ...]:
    if not isinstance(values, tuple | list | frozenset | set):
        message = f"is a {type(values).__name__}; give a list of texts, empty where nothing is known"
        raise refuse("Signals", field, message, "type")
    if len(values) > most:
        raise refuse("Signals", field, f"has {len(values)} values; give at most {most}", "too_many")
    # Sorted, without doubles: order and repeats carry no meaning.
    return tuple(sorted({text_of(value, "Signals", field) for value in values}))


@attrs.frozen(kw_only=True, repr=False)
class Signals:
    """What is known of one account. None means not known, which is never equal to anything.

    None of it is ever stored as it is, and none of it shows in ``repr`` or in an error.

    Attributes:
        handle: Name that the account is addressed by.
        display_name: Name that it shows.
        email: E-mail address.
        phone: Phone number, in any common spelling.
        devices: Device ids, 32 at most.
        ip: Address it came from; ``203.0.113.0/24`` stands for the whole network.
        payment: Fingerprint of a means of payment, from the payment service; no card number.
        avatar_pdq: PDQ hash of the avatar, 64 hex digits.
        identity_tag: Keyed digest of an identity document that the host made; lower-case hex.
        behaviour: Fingerprints of conduct that the host computed, 64 at most.
        verified: Whether the host has verified who this is.
        created_at: When the account was made.
    """

    handle: str | None = attrs.field(default=None, converter=_handle)
    display_name: str | None = attrs.field(default=None, converter=_display_name)
    email: str | None = attrs.field(default=None, converter=_email)
    phone: str | None = attrs.field(default=None, converter=_phone)
    devices: tuple[str, ...] = attrs.field(default=(), converter=_devices)
    ip: str | None = attrs.field(default=None, converter=_ip)
    payment: str | None = attrs.field(default=None, converter=_payment)
    avatar_pdq: str | None = attrs.field(default=None, converter=_pdq)
    identity_tag: str | None = attrs.field(default=None, converter=_identity)
    behaviour: tuple[str, ...] = attrs.field(default=(), converter=_tokens)
    verified: bool | None = attrs.field(default=None, validator=optional_flag)
    created_at: int | None = attrs.field(default=None, converter=optional_epoch)

    def __attrs_post_init__(self) -> None:
        if not any(True for _ in self.given()):
            raise refuse(
                "Signals", "", "nothing is given, which would match everyone; give one signal at least", "empty"
            )

    def given(self) -> Iterable[tuple[str, str]]:
        """Give each signal that is known, by its name in ``SIGNALS``."""
        values = (
            (self.handle,),
            (self.display_name,),
            (self.email,),
            (self.phone,),
            self.devices,
            (self.ip,),
            (self.payment,),
            (self.avatar_pdq,),
            (self.identity_tag,),
            self.behaviour,
        )
        for signal, held in zip(SIGNALS, values, strict=True):
            for value in held:
                if value is not None:
                    yield signal, value

    def __repr__(self) -> str:
        names = dict.fromkeys(signal for signal, _ in self.given())
        return f"Signals({', '.join(names)})"


def _is_card(text: str) -> bool:
    """Whether 13 to 19 digits satisfy the check digit of payment cards (ISO/IEC 7812, Luhn)."""
    digits = [int(char) for char in text if char.isdigit()]
    if not 13 <= len(digits) <= 19:
        return False
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
