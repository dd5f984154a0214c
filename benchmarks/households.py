"""People who share flats, devices and networks, some of whom were banned and come back.

The question is how many of those who come back are found without stopping their family. Everything
is made from a seed; addresses are from the ranges for documentation and for testing, or made up.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from typing import Any, Final, NamedTuple

import attrs
from evasion import handles

from platgov._blacklist.signals import Signals

__all__ = ["Manner", "Person", "Town", "built"]


@attrs.frozen(kw_only=True)
class Manner:
    """How people live and how those who come back hide; shares in permille.

    Attributes:
        sizes: Weights of households of one, two, ... persons.
        pooled: Households behind an address that many share.
        pools: How many such addresses there are.
        tablet: Households of several with a device that all of them use.
        card: Households of several with a means of payment that most of them use.
        stock: Persons whose avatar is one of the stock ones.
        common: Persons whose handle many would choose.
        new_mail: Of those who come back, who uses another address.
        new_phone: And so on.
        new_device: And so on.
        new_net: And so on.
        no_avatar: And so on.
        new_name: And so on.
    """

    sizes: tuple[int, ...] = (30, 30, 18, 15, 7)
    pooled: int = 250
    pools: int = 300
    tablet: int = 450
    card: int = 350
    stock: int = 150
    common: int = 300
    new_mail: int = 750
    new_phone: int = 750
    new_device: int = 350
    new_net: int = 400
    no_avatar: int = 550
    new_name: int = 500


class Person(NamedTuple):
    """One person, and what they could show."""

    number: int
    household: int
    handle: str
    email: str
    phone: str
    devices: tuple[str, ...]
    ip: str
    payment: str
    avatar: str


class Town(NamedTuple):
    """Who is there, and who comes in.

    Attributes:
        accounts: One account of every person, for counting who holds what.
        banned: Accounts that were banned.
        back: For each of them, the account with which they come back.
        family: Accounts of those who live with somebody who was banned.
        strangers: Accounts of others.
    """

    accounts: list[Signals]
    banned: list[Signals]
    back: list[Signals]
    family: list[Signals]
    strangers: list[Signals]


_STOCK: Final = [hashlib.sha256(f"stock {n}".encode()).hexdigest() for n in range(60)]


def _address(number: int) -> str:
    """Give an address that is not reserved, one for each number; 200 share a network of /24."""
    net, host = divmod(number, 200)
    return f"{20 + net // 65_536}.{net // 256 % 256}.{net % 256}.{host + 1}"


def _people(rng: random.Random, households: int, manner: Manner, seed: int) -> list[Person]:
    names = iter(handles(households * 4, seed=seed))
    common = handles(4_000, seed=seed + 1)
    people: list[Person] = []
    for household in range(households):
        pooled = rng.random() * 1_000 < manner.pooled
        ip = _address(9_000_000 + rng.randrange(manner.pools) if pooled else household)
        count = rng.choices(range(1, len(manner.sizes) + 1), manner.sizes)[0]
        tablet = count > 1 and rng.random() * 1_000 < manner.tablet
        card = count > 1 and rng.random() * 1_000 < manner.card
        for _ in range(count):
            number = len(people)
            handle = rng.choice(common) if rng.random() * 1_000 < manner.common else next(names)
            own = f"{rng.getrandbits(64):016x}"
            people.append(
                Person(
                    number=number,
                    household=household,
                    handle=handle,
                    email=f"{next(names) if rng.random() < 0.5 else handle}{number}@mail{number % 7}.example",
                    phone=f"+4915{200_000_000 + number:09}",
                    devices=(own, f"{household:08x}feedc0de") if tablet else (own,),
                    ip=ip,
                    payment=f"card-h{household}" if card and rng.random() < 0.7 else f"card-{number}",
                    avatar=rng.choice(_STOCK)
                    if rng.random() * 1_000 < manner.stock
                    else hashlib.sha256(f"avatar {seed} {number}".encode()).hexdigest(),
                )
            )
    return people


def _account(rng: random.Random, person: Person) -> dict[str, Any]:
    """Give what one account of a person shows: not everything, and not every device."""
    return {
        "handle": person.handle,
        "email": person.email,
        "phone": person.phone if rng.random() < 0.7 else None,
        "devices": rng.sample(person.devices, min(len(person.devices), rng.choice((1, 1, 2)))),
        "ip": person.ip,
        "payment": person.payment if rng.random() < 0.3 else None,
        "avatar_pdq": person.avatar if rng.random() < 0.6 else None,
    }


def _returned(rng: random.Random, person: Person, manner: Manner, fresh: Any) -> dict[str, Any]:
    """Give the account with which a banned person comes back, hidden as people do."""
    account = _account(rng, person)

    def happens(permille: int) -> bool:
        return rng.random() * 1_000 < permille

    if happens(manner.new_mail):
        account["email"] = f"{next(fresh)}@mail{rng.randrange(7)}.example"
    elif rng.random() < 0.5:
        local, _, domain = account["email"].partition("@")
        account["email"] = f"{local}+{rng.randrange(99)}@{domain}"
    if happens(manner.new_phone):
        account["phone"] = f"+4916{rng.randrange(10**8):09}" if rng.random() < 0.6 else None
    if happens(manner.new_device):
        account["devices"] = [f"{rng.getrandbits(64):016x}"]
    if happens(manner.new_net):
        account["ip"] = _address(12_000_000 + rng.randrange(3_000))
    if happens(manner.no_avatar):
        account["avatar_pdq"] = None
    if happens(manner.new_name):
        account["handle"] = next(fresh)
    return account


def built(*, households: int, banned: int, strangers: int, seed: int, manner: Manner | None = None) -> Town:
    """Build a town."""
    manner = Manner() if manner is None else manner
    rng = random.Random(seed)
    people = _people(rng, households, manner, seed)
    fresh = iter(handles(banned * 3, seed=seed + 2))
    chosen = rng.sample(people, banned)
    numbers = {person.number for person in chosen}
    homes = Counter(person.household for person in chosen)
    others = [person for person in people if person.number not in numbers]
    return Town(
        accounts=[Signals(**_account(rng, person)) for person in people],
        banned=[Signals(**_account(rng, person)) for person in chosen],
        back=[Signals(**_returned(rng, person, manner, fresh)) for person in chosen],
        family=[Signals(**_account(rng, person)) for person in others if person.household in homes],
        strangers=[Signals(**_account(rng, person)) for person in rng.sample(others, strangers)],
    )
