"""How much each kind of agreement says, and where the bands begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

import attrs

from platgov._blacklist.checks import each_of, refuse
from platgov._blacklist.rarity import UNIT, lg
from platgov._blacklist.signals import SIGNALS
from platgov._canonical import digest
from platgov._checks import whole
from platgov.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from platgov._blacklist.canonical import Canon
    from platgov._blacklist.rarity import Population
    from platgov._blacklist.signals import Signals

__all__ = ["DAY", "LEVELS", "ORDERS", "Level", "Weights", "level_name", "spelt"]

DAY: Final = 86_400
_MOST: Final = 1_000 * UNIT
_PPT: Final = 10**12
_MOST_SHARED: Final = 800

# In how many of a million pairs of one person it agrees so (m), and in how many of 10**12 pairs
# of two persons (u). Chosen with care rather than measured: u is what people of one household, and
# values that are given to somebody else, make of it in a population of ten million.
_VALUES: Final = {
    "email.address": (250_000, 100),
    "email.untagged": (200_000, 150),
    "phone.number": (300_000, 200),
    "device.id": (400_000, 100_000),
    "ip.address": (300_000, 10_000_000),
    "ip.net": (350_000, 100_000_000),
    "payment.id": (300_000, 100_000),
    "avatar.same": (200_000, 20_000),
    "avatar.near": (150_000, 50_000),
    "identity.digest": (500_000, 10),
    "behaviour.most": (300_000, 1_000_000),
    "behaviour.some": (200_000, 4_000_000),
}
# What is taken off from the rarity of a spelling, in units: m, and in how many ways chance could
# have brought it about. Set on simulated evasions (`benchmarks/evasion.py`, the open half).
_SPELLINGS: Final = {
    "name.folded": 1_000,
    "name.squashed": 1_500,
    "name.core": 2_000,
    "name.turned": 2_500,
    "name.words": 5_000,
    "name.local": 4_100,
    "name.inside": 4_500,
    "name.edit": 6_000,
    "name.cut": 11_000,
    "name.ends": 16_500,
    "name.edits": 14_000,
    "name.end_most": 25_600,
    "name.end": 26_500,
    "email.local": 4_100,
    "email.name": 4_100,
}
LEVELS: Final = (*_VALUES, *_SPELLINGS)
"""Every way to agree."""
_RARE: Final = 40 * UNIT


# Of two ways for one signal to agree, the first says no less than the second.
ORDERS: Final = (
    ("email.address", "email.untagged"),
    ("ip.address", "ip.net"),
    ("avatar.same", "avatar.near"),
    ("behaviour.most", "behaviour.some"),
    ("name.folded", "name.squashed"),
    ("name.squashed", "name.core"),
    ("name.core", "name.inside"),
    ("name.edit", "name.edits"),
    ("name.ends", "name.end"),
    ("name.squashed", "name.turned"),
    ("name.squashed", "name.cut"),
    ("name.cut", "name.end"),
    ("name.end_most", "name.end"),
)


@attrs.frozen(kw_only=True)
class Level:
    """What one way to agree says.

    Attributes:
        name: In ``LEVELS``.
        units: Units of 1/1024 bit it adds where the value is as rare as ``rarity``.
        rarity: In units. A value that is less rare adds less by the difference; a name that
            is rarer adds more.
        permille: What all of it is scaled by, which labels of a host can teach.
    """

    name: str = attrs.field(validator=attrs.validators.in_(LEVELS))
    units: int = attrs.field(validator=whole(-_MOST, _MOST))
    rarity: int = attrs.field(validator=whole(0, _MOST))
    permille: int = attrs.field(default=1_000, validator=whole(0, 10_000))

    def worth(self, rarity: int) -> int:
        """Give what it adds for a value that is so rare: never less than nothing."""
        return max(0, self.units + rarity - self.rarity) * self.permille // 1_000


def _by_signal(value: Any) -> tuple[tuple[str, int], ...]:
    try:
        given = dict(value)
    except (TypeError, ValueError):
        raise refuse("Weights", "", "give a number for each signal", "type") from None
    if set(given) != set(SIGNALS):
        raise refuse("Weights", "", f"give a number for each of {', '.join(SIGNALS)}", "missing")
    return tuple((signal, given[signal]) for signal in SIGNALS)


def _ordered(value: Any) -> tuple[Level, ...]:
    levels = tuple(value)
    if any(not isinstance(level, Level) for level in levels):
        raise refuse("Weights", "levels", "give a Level for each of LEVELS", "type")
    by_name = {level.name: level for level in levels}
    if len(by_name) != len(levels) or set(by_name) != set(LEVELS):
        raise refuse("Weights", "levels", "give each of LEVELS once", "missing")
    for more, less in ORDERS:
        one, other = by_name[more], by_name[less]
        if one.worth(one.rarity) < other.worth(other.rarity):
            raise refuse("Weights", f"levels.{more}", f"adds less than {less}, which is the weaker agreement", "order")
    return tuple(by_name[name] for name in LEVELS)


@attrs.frozen(kw_only=True)
class Weights:
    """What each agreement says, what wears off, and where the bands begin.

    Attributes:
        levels: One for each of ``LEVELS``.
        differs: By signal, what a difference adds: zero, or less.
        half_lives: By signal, after how many days what it says is worth a bit less; 0 for never.
        place_permille: How much of all but the best of network, device and payment counts.
        names_permille: How much of all but the best of the names counts.
        most_rare: No name is taken as rarer, in units.
        rare: From how many units on a name is a personal signal.
        support: How many units beside names and avatar a match needs.
        recycled_days: After so many days a phone number may have been given to somebody else.
        recycled: How many units it then adds at most.
        review: From how many units on people look.
        match: From how many on the newcomer is held until they have looked.
    """

    levels: tuple[Level, ...] = attrs.field(converter=_ordered)
    differs: tuple[tuple[str, int], ...] = attrs.field(
        default=tuple((signal, 0) for signal in SIGNALS), converter=_by_signal
    )
    half_lives: tuple[tuple[str, int], ...] = attrs.field(converter=_by_signal)
    place_permille: int = attrs.field(default=250, validator=whole(0, 1_000))
    names_permille: int = attrs.field(default=250, validator=whole(0, 1_000))
    most_rare: int = attrs.field(default=80 * UNIT, validator=whole(0, _MOST))
    rare: int = attrs.field(default=20 * UNIT, validator=whole(0, _MOST))
    support: int = attrs.field(default=8 * UNIT, validator=whole(1, _MOST))
    recycled_days: int = attrs.field(default=365, validator=whole(1, 36_500))
    recycled: int = attrs.field(default=8 * UNIT, validator=whole(0, _MOST))
    review: int = attrs.field(default=20 * UNIT, validator=whole(1, _MOST))
    match: int = attrs.field(default=30 * UNIT, validator=whole(1, _MOST))
    _by_name: dict[str, Level] = attrs.field(init=False, eq=False, repr=False)
    _of_signal: dict[str, tuple[int, int]] = attrs.field(init=False, eq=False, repr=False)
    digest: str = attrs.field(init=False, eq=False, repr=False)
    """Content address."""

    @differs.validator
    def _lower(self, _: Any, value: tuple[tuple[str, int], ...]) -> None:
        if any(type(units) is not int or not -_MOST <= units <= 0 for _, units in value):
            raise refuse("Weights", "differs", "a difference adds nothing or less: give whole numbers up to 0", "range")

    @half_lives.validator
    def _days(self, _: Any, value: tuple[tuple[str, int], ...]) -> None:
        if any(type(days) is not int or not 0 <= days <= 36_500 for _, days in value):
            raise refuse("Weights", "half_lives", "give whole days from 0 to 36500", "range")

    def __attrs_post_init__(self) -> None:
        if self.review > self.match:
            raise refuse("Weights", "review", "begins above match; give a lower number", "order")
        put = object.__setattr__  # the usual way to fill a frozen class
        put(self, "_by_name", {level.name: level for level in self.levels})
        half_lives = dict(self.half_lives)
        put(self, "_of_signal", {signal: (units, half_lives[signal]) for signal, units in self.differs})
        put(self, "digest", digest(self.to_dict()))

    @classmethod
    def default(cls) -> Self:
        """Give the weights that come with platgov: careful ones, for a list of about 100,000 bans.

        Chance brings up more with more bans: for each doubling of the list, ``review`` and
        ``match`` should be a bit higher. Labels of the host are better than either.
        """
        levels = [
            Level(name=name, units=lg(m * 10**6) - lg(u), rarity=lg(_PPT) - lg(u)) for name, (m, u) in _VALUES.items()
        ]
        levels += [Level(name=name, units=_RARE - off, rarity=_RARE) for name, off in _SPELLINGS.items()]
        return cls(levels=tuple(levels), half_lives=_HALF_LIVES)

    @classmethod
    def fit(
        cls,
        pairs: Iterable[tuple[Signals, Signals]],
        labels: Sequence[bool] | None = None,
        *,
        canon: Canon | None = None,
        population: Population | None = None,
        base: Weights | None = None,
    ) -> Weights:
        """Learn from pairs of a banned account and a newcomer.

        Without labels, how often each signal agrees among pairs of one person is learned by
        expectation maximisation (Fellegi and Sunter, 1969); how often it agrees by chance stays
        as it is in ``base``, as pairs that were brought up by a look-up cannot show it. With
        labels, how much each kind of signal counts is learned by logistic regression, and the
        bands are set to nine in ten (review) and 99 in 100 (match) of the pairs being right.

        Args:
            pairs: Signals of a ban and of a newcomer, such as those that people looked at.
            labels: Whether the two are one person.
            canon: How signals are read.
            population: What is known of how common values are.
            base: Where to begin, by default ``Weights.default()``.

        Raises:
            InputError: That is too little to learn from.
        """
        from platgov._blacklist.fitting import fitted  # noqa: PLC0415 - needed only here

        return fitted(
            list(each_of(pairs, "Weights", "pairs", "pairs of Signals")),
            labels,
            canon=canon,
            population=population,
            base=cls.default() if base is None else base,
        )

    def calibrated(
        self,
        scores: Sequence[float],
        labels: Sequence[bool],
        *,
        precision_permille: int = 990,
        review_permille: int = 500,
        innocents_per_pair: int = 1,
    ) -> Weights:
        """Set the bands so that of those above them enough are right.

        Match begins where the lower end of the 95 % interval (Wilson, 1927) reaches its target,
        review where the share itself does.

        Args:
            scores: ``score_bits`` of matches that people looked at, or of simulated ones.
            labels: Whether each was the banned person.
            precision_permille: How many of a thousand at match have to be.
            review_permille: How many of a thousand at review or above.
            innocents_per_pair: How many innocents each innocent of the sample stands for.

        Raises:
            InputError: There are too few to tell, or no line is good enough.
        """
        from platgov._blacklist.fitting import calibrated  # noqa: PLC0415 - needed only here

        return calibrated(
            self,
            scores,
            labels,
            precision_permille=precision_permille,
            review_permille=review_permille,
            innocents_per_pair=innocents_per_pair,
        )

    def level(self, name: str) -> Level:
        """Give one level."""
        return self._by_name[name]

    def of_signal(self, signal: str) -> tuple[int, int]:
        """Give what a difference adds, and after how many days agreement is worth a bit less."""
        return self._of_signal[signal]

    def to_dict(self) -> dict[str, Any]:
        """Give them as plain values."""
        plain = {field.name: getattr(self, field.name) for field in attrs.fields(Weights) if field.init}
        return {
            "schema": 1,
            **plain,
            "levels": [attrs.asdict(level) for level in self.levels],
            "differs": dict(self.differs),
            "half_lives": dict(self.half_lives),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Weights:
        """Read what `to_dict` gave.

        Raises:
            InputError: It is something else.
        """
        try:
            given = dict(data)
            if given.pop("schema", None) != 1:
                raise refuse("Weights", "schema", "is not 1, the only one there is", "schema")
            levels = tuple(Level(**level) for level in given.pop("levels"))
            return cls(levels=levels, **given)
        except (TypeError, KeyError, ValueError) as bad:
            if isinstance(bad, InputError):
                raise
            raise refuse("Weights", "", "is not what Weights.to_dict() gives", "type") from None


_HALF_LIVES: Final = {
    "handle": 0,
    "display_name": 0,
    "email": 0,
    "phone": 0,
    "device": 365,
    "ip": 30,
    "payment": 365,
    "avatar": 180,
    "identity": 0,
    "behaviour": 180,
}


def spelt(name: str) -> bool:
    """Whether what agrees at a level is a spelling, whose rarity follows from its letters."""
    return name.startswith("name.") or name in ("email.local", "email.name")


def level_name(signal: str, agreement: str, detail: str, permille: int) -> str | None:
    """Give the name of the level of an agreement; None where nothing agrees."""
    if agreement not in ("exact", "close"):
        return None
    if signal in ("handle", "display_name"):
        return "name.end_most" if detail == "end" and permille >= _MOST_SHARED else f"name.{detail}"
    if signal == "avatar":
        return "avatar.same" if agreement == "exact" else "avatar.near"
    if signal == "behaviour":
        return "behaviour.most" if permille >= 500 else "behaviour.some"
    return f"{signal}.{detail}"
