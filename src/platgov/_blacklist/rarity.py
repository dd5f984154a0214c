"""How rare is a value? What nearly nobody has says a lot, what many have says little."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Self

import attrs

from platgov._blacklist.checks import refuse
from platgov._blacklist.manners import manner_of
from platgov._blacklist.nameforms import squashed, words_of
from platgov._canonical import digest, digest_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from platgov._blacklist.canonical import Form

__all__ = ["UNIT", "NameModel", "Population", "lg", "plain_surprisal", "share_ppb"]

UNIT: Final = 1_024
"""Units in one bit: all that decides is counted in whole units."""

_FRACTION: Final = 128
_END: Final = "\x03"
_START: Final = "\x02"
_ORDER: Final = 6
_OTHER: Final = "\x00"
_OPEN: Final = 3
"""Runs up to this long are kept however few names have them."""
_MANY: Final = 5
_LETTERS: Final = 50_000
_MOST_KEPT: Final = 200_000
_FEWEST: Final = 1_000
_ANOTHER_WORD: Final = UNIT // 2
"""What it costs to begin a word: that there is one more."""
_LONGEST_WORD: Final = 24
_USUAL_MANNER: Final = 3 * UNIT
_MOST_OF_MANNER: Final = 6 * UNIT
_PLAIN_LETTER: Final = 2_560
"""Units of one letter where no model was fitted: 2.5 bits, below what letters of names carry."""
_IDEOGRAPH: Final = 5_120
_SCALE: Final = 1 << 40


def lg(value: int) -> int:
    """Give the logarithm to base 2 of a whole number from 1, in whole units, rounded down.

    Whole-number arithmetic throughout, so it is the same on every machine.
    """
    exponent = value.bit_length() - 1
    # 1 <= mantissa < 2, with 128 binary places; each squaring yields one more binary place.
    mantissa = (value << _FRACTION) >> exponent
    result = exponent
    for _ in range(10):
        mantissa = mantissa * mantissa >> _FRACTION
        result <<= 1
        if mantissa >> (_FRACTION + 1):
            mantissa >>= 1
            result |= 1
    return result


def share_ppb(rarity: int) -> int:
    """Give the share that is as rare, in parts per billion, rounded; for people to read."""
    whole, part = divmod(rarity, UNIT)
    return int(1e9 * 2.0 ** -(whole + part / UNIT) + 0.5)


class _Runs:
    """How often letters follow each other: by it, each letter of a text has a cost."""

    def __init__(self, counts: tuple[tuple[str, int], ...]) -> None:
        self._known = dict(counts)
        after: dict[str, tuple[int, int]] = {}
        for run, count in counts:
            held, others = after.get(run[:-1], (0, 0))
            after[run[:-1]] = held + count, others + (count if run[-1] == _OTHER else 1)
        self._after = after
        self._costs: dict[str, int] = {}

    def cost(self, text: str) -> int:
        """Give how surprising the last letter of a text is after the others, in units."""
        run = text[-_ORDER:]
        cost = self._costs.get(run)
        if cost is None:
            cost = self._cost(run)
            if len(self._costs) < _MOST_KEPT:
                self._costs[run] = cost
        return cost

    def _cost(self, run: str) -> int:
        # The more different letters follow a run, the more is left to shorter runs (Witten and
        # Bell, 1991); all in 2**-40.
        share = alone = _SCALE // _LETTERS
        for start in reversed(range(len(run))):
            part = run[start:]
            seen, (held, others) = self._known.get(part, 0), self._after.get(part[:-1], (0, 0))
            if held:
                share = (seen * _SCALE + others * share) // (held + others)
            if start == len(run) - 1:
                alone = share
        # What was never seen after a long run is not as rare as the chain of runs would have it.
        share = max(share, alone >> 4)
        return lg(_SCALE) - lg(max(share, 1))


@attrs.frozen(kw_only=True, repr=False)
class NameModel:
    """How surprising a name is, its spelling and the manner of writing it, learned from the names of a host.

    Of spellings it counts how often letters follow each other, up to six at a time, in whole names
    and in the words they are made of: two common words side by side are no rare name, however few
    have this pair. Runs of four and more letters are kept only where five names have them, so it
    holds no name of anybody; so are manners. Without a model, every letter counts as 2.5 bits, an
    ideograph as 5, and all manners are alike.

    Attributes:
        counts: How often each run of one to six letters occurs in names, sorted.
        names: How many names it was learned from.
        words: How often each occurs in words of names, sorted; may be empty.
        manners: How many names are written in each manner that five have, sorted; may be empty.
    """

    counts: tuple[tuple[str, int], ...] = attrs.field()
    names: int
    words: tuple[tuple[str, int], ...] = attrs.field(default=())
    manners: tuple[tuple[str, int], ...] = attrs.field(default=())
    _whole: _Runs = attrs.field(init=False, eq=False)
    _parts: _Runs = attrs.field(init=False, eq=False)
    _tails: dict[str, int] = attrs.field(init=False, eq=False)
    digest: str = attrs.field(init=False, eq=False)
    """Content address."""

    def __attrs_post_init__(self) -> None:
        put = object.__setattr__  # the usual way to fill a frozen class
        put(self, "_whole", _Runs(self.counts))
        put(self, "_parts", _Runs(self.words))
        put(self, "_tails", _tails(self.manners, self.names))
        data = "\n".join(f"{run}\t{count}" for run, count in (*self.counts, *self.words, *self.manners))
        put(self, "digest", digest_bytes(f"{self.names}\n{data}".encode()))

    def __repr__(self) -> str:
        return f"NameModel({self.names} names, {self.digest[:15]})"

    @classmethod
    def fit(cls, names: Iterable[str]) -> Self:
        """Learn from names of accounts: a random sample, 1,000 at least, better 50,000.

        Raises:
            InputError: There are too few to learn from.
        """
        whole: Counter[str] = Counter()
        words: Counter[str] = Counter()
        manners: Counter[str] = Counter()
        for name in names:
            if letters := squashed(name, {}):
                whole[letters] += 1
                words.update(words_of(name))
                manners[manner_of(name)] += 1
        total = whole.total()
        if total < _FEWEST:
            raise refuse("NameModel", "names", f"has {total} names; give {_FEWEST} at least", "too_few")
        return cls(
            counts=_counted(whole),
            names=total,
            words=_counted(words),
            manners=tuple(sorted((manner, held) for manner, held in manners.items() if held >= _MANY)),
        )

    def surprisal(self, text: str, *, whole: bool = True) -> int:
        """Give how surprising a squashed name is, in units; ``whole=False`` for a part of one.

        That of the likelier way to come about: letter by letter, or word by word.
        """
        padded = f"{_START}{text}{_END}" if whole else text
        cost = self._whole.cost
        total = sum([cost(padded[: place + 1]) for place in range(int(whole), len(padded))])
        return self._in_words(text, total, whole=whole) if self.words else total

    def _in_words(self, text: str, most: int, *, whole: bool) -> int:
        """Give the surprisal of the likeliest words that a text can be cut into, or ``most`` if that is less."""
        cost, size = self._parts.cost, len(text)
        least = [0, *[most] * size]
        for start in range(size):
            held = least[start] + _ANOTHER_WORD
            # A part may begin inside a word, and end inside one.
            word = _START if whole or start else ""
            for end in range(start + 1, min(size, start + _LONGEST_WORD) + 1):
                if held >= most:
                    break
                word += text[end - 1]
                held += cost(word)
                ended = cost(word + _END) if whole or end < size else 0
                least[end] = min(least[end], held + ended)
        return least[size]

    def manner(self, manner: str) -> int:
        """Give what it adds to the rarity of a name that it is written in a manner (`manner_of`), in units.

        Nothing where one in eight names is written in it or in one no commoner; at most six bits,
        where one in 512 is. So a manner never decides: it adds to a spelling that agrees.
        """
        rare = lg(self.names + 1) - lg(self._tails.get(manner, self._tails[""]))
        return min(_MOST_OF_MANNER, max(0, rare - _USUAL_MANNER))


def _tails(manners: tuple[tuple[str, int], ...], names: int) -> dict[str, int]:
    """Give for each manner how many names are written in it or in one no commoner; for all others under ``""``."""
    found = {"": names - sum(count for _, count in manners) + 1}
    total, equal = found[""], 0
    ordered = sorted((count, manner) for manner, count in manners)
    for place, (count, manner) in enumerate(ordered):
        if place == equal:
            while equal < len(ordered) and ordered[equal][0] == count:
                total, equal = total + count, equal + 1
        found[manner] = total
    return found


def _counted(texts: Counter[str]) -> tuple[tuple[str, int], ...]:
    """Count the runs of texts; long ones only where enough texts have them."""
    counts: dict[str, int] = {}
    for letters, times in texts.items():
        text = f"{_START}{letters}{_END}"
        for place in range(1, len(text)):
            for start in range(max(0, place - _ORDER + 1), place + 1):
                run = text[start : place + 1]
                counts[run] = counts.get(run, 0) + times
    kept: dict[str, int] = {}
    for run, count in counts.items():
        # What is left out is added up, so that it is known how often something else follows.
        shown = run if len(run) <= _OPEN or count >= _MANY else run[:-1] + _OTHER
        kept[shown] = kept.get(shown, 0) + count
    # Where nothing but others follow, a shorter run says as much.
    whole = {run[:-1] for run in kept if run[-1] != _OTHER}
    return tuple(sorted((r, n) for r, n in kept.items() if r[:-1] in whole))


def plain_surprisal(text: str) -> int:
    """Give how surprising a spelling is where nothing was learned: a careful guess."""
    return sum(_PLAIN_LETTER if char < "\u2e80" else _IDEOGRAPH for char in text)


def _total(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise refuse("Population", "total", "give how many accounts there are, a whole number from 1", "range")
    return value


@attrs.frozen(kw_only=True)
class Population:
    """What a host knows of how common values are among its accounts.

    Attributes:
        total: How many accounts there are.
        holders: How many accounts hold a form, the newcomer left out; None where it cannot say.
            One of them may be the banned account, so one holder is nobody else.
        names: How surprising names are; by default a careful guess.
    """

    total: int = attrs.field(converter=_total)
    holders: Callable[[Form], int | None] | None = attrs.field(default=None, repr=False)
    names: NameModel | None = None

    @property
    def digest(self) -> str:
        """What it is known by in a match: how many accounts there are, and the model of names.

        The counts of holders are recorded with each match, as shares.
        """
        return digest({"total": self.total, "names": "" if self.names is None else self.names.digest})

    def rarity(self, form: Form) -> int | None:
        """Give how rare a form is among others, in units; None where the host cannot say."""
        held = self.holders(form) if self.holders is not None else None
        if held is None:
            return None
        if type(held) is not int or held < 0:
            raise refuse("Population", "holders", f"gave {held!r}; give a whole number from 0, or None", "type")
        return max(0, lg(self.total) - lg(held - 1)) if held > 1 else None
