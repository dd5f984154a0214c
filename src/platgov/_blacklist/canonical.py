"""The forms of a signal that two spellings of one thing share."""

from __future__ import annotations

import functools
import ipaddress
import re
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._blacklist.checks import each_of, refuse, text_of
from platgov._blacklist.nameforms import name_forms, squashed
from platgov._blacklist.pdq import PDQ_DISTANCE, number_of
from platgov._blacklist.phones import e164
from platgov._blacklist.signals import SIGNALS, Signals
from platgov._blacklist.tables import AFFIXES, BLANK_IDS, PLANS, PROVIDERS, RESERVED, ROLES, NumberPlan, Provider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = ["FORM_VERSION", "KINDS", "Canon", "Form", "Weightless"]

FORM_VERSION: Final = 2
"""Goes into every tag: forms of another version never meet."""

_NAME_KINDS = ("folded", "squashed", "core", "words", "reading")
KINDS: Final = (
    *(("handle", kind) for kind in _NAME_KINDS),
    *(("display_name", kind) for kind in _NAME_KINDS),
    ("email", "address"),
    ("email", "untagged"),
    ("email", "local"),
    ("phone", "number"),
    ("device", "id"),
    ("ip", "address"),
    ("ip", "net"),
    ("payment", "id"),
    ("identity", "digest"),
    ("behaviour", "token"),
    ("avatar", "pdq"),
    ("email", "name"),
    ("handle", "head"),
    ("handle", "tail"),
    ("display_name", "head"),
    ("display_name", "tail"),
    ("handle", "turned"),
    ("display_name", "turned"),
)
"""Every kind of form; the place in this list is stored. Only ever append."""

_HEX_ID: Final = re.compile(r"\{?[0-9a-f]{2,8}(?:[-:]?[0-9a-f]{2,})+\}?", re.ASCII | re.IGNORECASE)
_V4_IN_V6: Final = ipaddress.ip_network("64:ff9b::/96")
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@attrs.frozen(kw_only=True, repr=False)
class Form:
    """One way to read a signal, in which equal things are spelt equally.

    Attributes:
        signal: Name in ``SIGNALS``.
        kind: What was done to it, such as ``squashed``.
        value: The form; never shown in ``repr``, never stored.
        weightless: Why it says nothing of who this is, such as ``listed``; empty where it does.
    """

    signal: str
    kind: str
    value: str
    weightless: str = ""

    def __repr__(self) -> str:
        return f"Form({self.signal}.{self.kind}{' ' + self.weightless if self.weightless else ''})"


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2


def _listed(values: Mapping[str, Iterable[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if isinstance(values, tuple) and all(map(_is_pair, values)):
        values = dict(values)
    if not hasattr(values, "items"):
        raise refuse("Weightless", "listed", f"is a {type(values).__name__}; give values by signal", "type")
    for signal, given in values.items():
        if signal not in SIGNALS:
            raise refuse(
                "Weightless", "listed", f"there is no such signal; the signals are {', '.join(SIGNALS)}", "unknown"
            )
        each_of(given, "Weightless", f"listed.{signal}")
    return tuple(sorted((s, tuple(sorted({text_of(v, "Weightless", s) for v in held}))) for s, held in values.items()))


@attrs.frozen(kw_only=True)
class Weightless:
    """Values that say nothing of who somebody is, because many hold them.

    Attributes:
        listed: By signal, values that the host knows to be shared: VPN exits, networks of
            schools (as ``198.51.100.0/22``), stock avatars, phones of call shops.
        holders: How many accounts of the host have a form; None where it cannot say.
        most_holders: A form that more accounts hold is weightless.
    """

    listed: tuple[tuple[str, tuple[str, ...]], ...] = attrs.field(default=(), converter=_listed, repr=False)
    holders: Callable[[Form], int | None] | None = None
    most_holders: int = attrs.field(default=1_000)

    @most_holders.validator
    def _whole(self, _: Any, value: object) -> None:
        if type(value) is not int or value < 1:
            raise refuse("Weightless", "most_holders", "give a whole number from 1", "range")


def _simplified(value: Mapping[str, str] | tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    given: Any = value
    whole = isinstance(given, dict) or (isinstance(given, tuple) and all(map(_is_pair, given)))
    pairs = dict(given).items() if whole else None
    if pairs is None or not all(
        type(one) is str and type(two) is str and len(one) == len(two) == 1 for one, two in pairs
    ):
        raise refuse("Canon", "simplified", "give a dict of single characters to single characters", "type")
    return tuple(sorted(pairs))


def _roles(value: Iterable[str]) -> frozenset[str]:
    return frozenset([_narrow(text_of(one, "Canon", "roles")) for one in each_of(value, "Canon", "roles")])


def _affixes(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(text_of(one, "Canon", "affixes") for one in each_of(value, "Canon", "affixes"))


def _providers(value: Iterable[Provider]) -> tuple[Provider, ...]:
    found = each_of(value, "Canon", "providers", "Provider")
    if not all(isinstance(one, Provider) for one in found):
        raise refuse("Canon", "providers", "give Provider values", "type")
    return found


def _region(value: str | None) -> str | None:
    return None if value is None else text_of(value, "Canon", "region", 2)


@attrs.frozen(kw_only=True)
class Canon:
    """How signals are brought into forms. Bans and sign-ups must be read by the same one.

    Attributes:
        region: ISO 3166-1 code of the country whose numbers are given without a country code.
        plans: Numbering of each region; by default the table that comes with platgov.
        providers: Rules of mail providers. Of other domains nothing is assumed.
        affixes: Words that are put around a name to make a free one.
        roles: Local parts of addresses that say nothing of who holds them. Add the name of the
            platform: many give each service an address of its own.
        readings: Gives ways to say a name, such as its pinyin. They only nominate.
        simplified: What each traditional Chinese character is written as, of the host; none
            come with platgov.
        weightless: What says nothing.
    """

    region: str | None = attrs.field(default=None, converter=_region)
    plans: tuple[tuple[str, NumberPlan], ...] = attrs.field(default=tuple(PLANS.items()), repr=False)
    providers: tuple[Provider, ...] = attrs.field(default=PROVIDERS, converter=_providers, repr=False)
    affixes: tuple[str, ...] = attrs.field(default=AFFIXES, converter=_affixes, repr=False)
    roles: frozenset[str] = attrs.field(default=ROLES, converter=_roles, repr=False)
    readings: Callable[[str], Iterable[str]] | None = None
    simplified: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_simplified, repr=False)
    weightless: Weightless = attrs.field(factory=Weightless, validator=attrs.validators.instance_of(Weightless))
    _plans: dict[str, NumberPlan] = attrs.field(init=False, eq=False, repr=False)
    _providers: dict[str, Provider] = attrs.field(init=False, eq=False, repr=False)
    _affixes: frozenset[str] = attrs.field(init=False, eq=False, repr=False)
    _letters: dict[int, str] = attrs.field(init=False, eq=False, repr=False)
    _shared: frozenset[tuple[str, str, str]] = attrs.field(init=False, eq=False, repr=False)
    _networks: tuple[_Network, ...] = attrs.field(init=False, eq=False, repr=False)
    _stock: tuple[int, ...] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        plans = dict(self.plans)
        if self.region is not None and self.region not in plans:
            raise refuse("Canon", "region", "there is no plan of it; give an ISO 3166-1 code such as CN", "unknown")
        put = object.__setattr__  # the usual way to fill a frozen class
        put(self, "_plans", plans)
        put(self, "_providers", {domain: p for p in self.providers for domain in p.domains})
        put(self, "_letters", {ord(one): other for one, other in self.simplified})
        put(self, "_affixes", frozenset(squashed(affix, self._letters) for affix in self.affixes))
        listed = dict(self.weightless.listed)
        put(self, "_networks", tuple(_network(text) for text in listed.get("ip", ())))
        put(self, "_stock", tuple(number_of(text) for text in listed.get("avatar", ())))
        # Forms that identify: those that are less exact would make innocent neighbours weightless.
        shared: set[tuple[str, str, str]] = set()
        for signal, values in listed.items():
            for value in values:
                if signal not in ("ip", "avatar"):
                    forms = list(self._read(signal, value))
                    shared.update(
                        (form.signal, form.kind, form.value) for form in forms if form.kind not in ("local", "name")
                    )
        put(self, "_shared", frozenset(shared))

    def forms(self, signals: Signals) -> tuple[Form, ...]:
        """Give every form of every signal, in the order of ``SIGNALS``; none has an empty value.

        Raises:
            InputError: A signal cannot be read as what it should be.
        """
        if not isinstance(signals, Signals):
            raise refuse("Signals", "", f"is a {type(signals).__name__}; give Signals", "type")
        found = [self._weighed(form) for signal, value in signals.given() for form in self._read(signal, value)]
        return tuple(dict.fromkeys(found))

    def _read(self, signal: str, value: str) -> Iterator[Form]:
        if signal in ("handle", "display_name"):
            for kind, text in name_forms(
                value, affixes=self._affixes, readings=self.readings, simplified=self._letters
            ):
                yield Form(signal=signal, kind=kind, value=text)
        elif signal == "email":
            yield from self._email(value)
        elif signal == "phone":
            number = e164(value, region=self.region, plans=self._plans)
            blank = len(set(number[-7:])) == 1
            yield Form(signal=signal, kind="number", value=number, weightless="blank" if blank else "")
        elif signal == "device":
            yield _device(value)
        elif signal == "ip":
            yield from self._ip(value)
        elif signal == "avatar":
            flat = number_of(value) in (0, 2**256 - 1)
            yield Form(signal=signal, kind="pdq", value=value, weightless="blank" if flat else "")
        else:
            kind = {"payment": "id", "identity": "digest", "behaviour": "token"}[signal]
            yield Form(signal=signal, kind=kind, value=value.strip())

    def _weighed(self, form: Form) -> Form:
        if form.weightless:
            return form
        if (form.signal, form.kind, form.value) in self._shared:
            return attrs.evolve(form, weightless="listed")
        if form.signal == "avatar" and self._stock:
            number = number_of(form.value)
            if any((number ^ stock).bit_count() <= PDQ_DISTANCE for stock in self._stock):
                return attrs.evolve(form, weightless="listed")
        if self.weightless.holders is not None:
            holders = self.weightless.holders(form)
            if holders is not None and type(holders) is not int:
                raise refuse("Weightless", "holders", f"gave a {type(holders).__name__}; give a number or None", "type")
            if holders is not None and holders > self.weightless.most_holders:
                return attrs.evolve(form, weightless="many_holders")
        return form

    def _email(self, text: str) -> Iterator[Form]:
        local, domain = _split(text)
        provider = self._providers.get(domain)
        if provider is not None:
            domain = provider.domains[0]
            if provider.tag:
                local = local.partition(provider.tag)[0] or local
            if provider.ignored:
                local = "".join(char for char in local if char not in provider.ignored) or local
        yield Form(signal="email", kind="address", value=f"{local}@{domain}")
        # What an unknown provider makes of a tag is not known: close, but not the same.
        untagged = local if provider is not None else local.partition("+")[0] or local
        yield Form(signal="email", kind="untagged", value=f"{untagged}@{domain}")
        role = untagged in self.roles or len(untagged) < 4
        yield Form(signal="email", kind="local", value=untagged, weightless="role" if role else "")
        # Tagged like a name, so that it meets the handle of whoever uses one word for both.
        if letters := squashed(untagged, self._letters):
            yield Form(signal="email", kind="name", value=letters, weightless="role" if role else "")

    def _ip(self, text: str) -> Iterator[Form]:
        network = _network(text)
        shared = any(_inside(network, other) for other in _reserved())
        why = "reserved" if shared else "listed" if any(_inside(network, n) for n in self._networks) else ""
        one, wide = (32, 24) if network.version == 4 else (64, 48)
        if network.prefixlen < wide:
            message = f"is a network of /{network.prefixlen}; at widest give /{wide}, or nothing is told apart"
            raise refuse("Signals", "ip", message, "too_wide")
        if network.prefixlen >= one:
            value = str(network.supernet(new_prefix=one).network_address)
            yield Form(signal="ip", kind="address", value=value, weightless=why)
        yield Form(
            signal="ip", kind="net", value=str(network.supernet(new_prefix=wide).network_address), weightless=why
        )


def _split(text: str) -> tuple[str, str]:
    local, at, domain = _narrow(text).strip().rpartition("@")
    domain = domain.rstrip(".")
    # The stdlib's IDNA is that of 2003, which is the same on every Python.
    try:
        domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        domain = ""
    if not at or not local or "." not in domain or any(c.isspace() for c in local) or not local.isprintable():
        raise refuse("Signals", "email", "is no e-mail address; give one such as name@example.org", "email")
    return local, domain


def _narrow(text: str) -> str:
    """Write full width and other compatibility forms plainly, in lower case, without what cannot be seen."""
    import unicodedata  # noqa: PLC0415 - next to its one use

    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in unicodedata.normalize("NFKC", plain) if unicodedata.category(char) != "Cf")


def _device(text: str) -> Form:
    value = text.strip()
    if _HEX_ID.fullmatch(value):
        value = value.strip("{}").replace("-", "").replace(":", "").lower()
    bare = re.sub(r"[\W_]", "", value).lower()
    blank = value.lower() in BLANK_IDS or bare in BLANK_IDS or len(set(bare)) <= 1
    return Form(signal="device", kind="id", value=value, weightless="blank" if blank else "")


def _network(text: str) -> _Network:
    plain = _narrow(text.strip())
    address, slash, length = plain.partition("/")
    address = address.strip("[]").partition("%")[0]  # the zone of a link is of no use to others
    try:
        network = ipaddress.ip_network(f"{address}{slash}{length}", strict=False)
    except ValueError:
        raise refuse("Signals", "ip", "is no IP address; give one such as 203.0.113.7 or 2001:db8::1", "ip") from None
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        if mapped is None and network.network_address in _V4_IN_V6:
            mapped = ipaddress.IPv4Address(int(network.network_address) & 0xFFFFFFFF)
        if mapped is not None:
            return ipaddress.IPv4Network((mapped, network.prefixlen - 96))
    return network


def _inside(network: _Network, other: _Network) -> bool:
    if isinstance(network, ipaddress.IPv4Network):
        return isinstance(other, ipaddress.IPv4Network) and network.subnet_of(other)
    return isinstance(other, ipaddress.IPv6Network) and network.subnet_of(other)


@functools.cache
def _reserved() -> tuple[_Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in RESERVED)
