"""One function under test: asked under set surroundings, and what breaks a property cut down to what matters."""

from __future__ import annotations

import inspect
import json
import os
import pathlib
import random
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from platgov._testing.domains import ABSENT, value_at, with_value
from platgov._testing.findings import PROPERTIES, Counterexample, Held, Property, Shown
from platgov._testing.surroundings import Dials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from platgov._testing.constants import Path
    from platgov._testing.outcomes import Caller, Told
    from platgov._testing.sampling import Sampler
    from platgov._testing.surroundings import Surroundings

__all__ = ["Heard", "Trial"]

_SHRINKS: Final = 400
_OTHERS: Final = 6


class Heard(NamedTuple):
    """One side of a comparison: what was different about it, the event, and the outcome."""

    label: str
    event: dict[str, Any]
    told: Told


class Trial:
    """A function, the events it is tried on, and what was found.

    Attributes:
        answers: What it told about each event when asked first.
        stable: Whether it told the same when asked again; if not, little else can be asked.
        blamed: Facts that decide although they must not: what follows from that is not told again.
    """

    def __init__(self, caller: Caller, around: Surroundings, sampler: Sampler, *, seed: int, samples: int) -> None:
        self.caller, self.around, self.sampler, self.seed = caller, around, sampler, seed
        self.rng = random.Random(seed)  # noqa: S311 - a draw of cases
        self.events = sampler.events(self.rng, samples)
        self.answers: list[Told] = []
        self.stable = True
        self.properties: list[Property] = []
        self.counterexamples: list[Counterexample] = []
        self.blamed: set[Path] = set()

    def ask(
        self, event: dict[str, Any], dials: Dials | None = None, copied: Callable[[Any], Any] | None = None
    ) -> Told:
        told: Told = self.around.call(lambda: self.caller(event, copied), dials or Dials())
        return told

    def chosen(self, most: int) -> list[tuple[dict[str, Any], Told]]:
        """Give some events with their outcomes: those that something follows from first."""
        pairs = [pair for pair in zip(self.events, self.answers, strict=True) if not pair[1].raised]
        return (
            sorted(pairs, key=lambda pair: not pair[1].bites)[: most // 2]
            + [pair for pair in pairs if not pair[1].bites][: most - most // 2]
        )

    # -- saying what was found -----------------------------------------------------------------

    def holds(self, name: str, samples: int, detail: str = "") -> None:
        self.properties.append(Property(name=name, held=Held.SAMPLED, samples=samples, detail=detail))

    def unsettled(self, name: str, why: str) -> None:
        self.properties.append(Property(name=name, held=Held.UNKNOWN, detail=why))

    def broken(
        self,
        name: str,
        says: str,
        event: dict[str, Any],
        breaks: Callable[[dict[str, Any]], list[Heard] | None],
        *,
        keep: Iterable[Path] = (),
        cause: str = "",
        shrinks: bool = True,
    ) -> None:
        """Record what breaks a property, cut down; ``breaks`` gives the sides if an event still shows it."""
        event, sides = self.shrunk(event, breaks, frozenset(keep)) if shrinks else (event, breaks(event) or [])
        matters = self.matters(event, breaks, frozenset(keep)) if shrinks else tuple(_all_facts(event))
        counterexample = Counterexample(
            property=name,
            says=says,
            matters=tuple((".".join(path), _json(value_at(event, path))) for path in matters),
            sides=tuple(Shown(label=side.label, record=_json(side.event), outcome=side.told.says) for side in sides),
            cause=" ".join(part for part in (cause or self.differing(sides), self.where()) if part),
            repair=PROPERTIES[name].repair,
            replay=replay(self.seed),
        )
        self.properties.append(Property(name=name, held=Held.BROKEN, detail=says))
        self.counterexamples.append(counterexample)
        self.blamed.update(keep)

    def where(self) -> str:
        """Give the place of the function in its file."""
        decide = inspect.unwrap(getattr(self.caller.decide, "__func__", self.caller.decide))
        code = getattr(decide, "__code__", None)
        if code is None or getattr(decide, "__module__", "").startswith("platgov."):
            return ""
        return f"in {decide.__qualname__} ({pathlib.Path(code.co_filename).name}, line {code.co_firstlineno})"

    @staticmethod
    def differing(sides: list[Heard]) -> str:
        """Name the rules of a rule set that are applied on one side only."""
        named = []
        for side in sides:
            plain = json.loads(side.told.key)
            named.append(set(plain.get("rules", ())) | set(plain.get("open", ())) if type(plain) is dict else set())
        apart = sorted(set().union(*named) - set.intersection(*named)) if named else []
        return f"rule {', '.join(apart)}" if apart else ""

    # -- cutting down --------------------------------------------------------------------------

    def shrunk(
        self, event: dict[str, Any], breaks: Callable[[dict[str, Any]], list[Heard] | None], keep: frozenset[Path]
    ) -> tuple[dict[str, Any], list[Heard]]:
        """Leave out facts and simplify values as long as the event still shows it."""
        sides, left = breaks(event) or [], _SHRINKS

        def attempt(candidate: dict[str, Any]) -> bool:
            nonlocal event, sides, left
            left -= 1
            found = breaks(candidate) if left > 0 and candidate != event else None
            if found is None:
                return False
            event, sides = candidate, found
            return True

        changed = True
        while changed and left > 0:
            changed = False
            for path, field in self.sampler.leaves:
                if path in keep or value_at(event, path) is ABSENT:
                    continue
                if attempt(with_value(event, path, ABSENT)):
                    changed = True
                    continue
                simplest = self.sampler.domains.simplest(field.type, field)
                if value_at(event, path) != simplest and attempt(with_value(event, path, simplest)):
                    changed = True
                    continue
                changed |= self._smaller(path, lambda: event, attempt)
        return event, sides

    @staticmethod
    def _smaller(path: Path, event: Callable[[], dict[str, Any]], attempt: Callable[[dict[str, Any]], bool]) -> bool:
        """Bring a whole number nearer to zero, and a list to fewer elements."""
        value, any_change = value_at(event(), path), False
        if type(value) is int:
            low, high = 0, abs(value)
            sign = 1 if value > 0 else -1
            while high - low > 1:
                middle = (low + high) // 2
                if attempt(with_value(event(), path, sign * middle)):
                    high, any_change = middle, True
                else:
                    low = middle
        elif type(value) is list:
            for place in reversed(range(len(value))):
                less = [*value[:place], *value[place + 1 :]]
                if attempt(with_value(event(), path, less)):
                    value, any_change = less, True
        return any_change

    def matters(
        self, event: dict[str, Any], breaks: Callable[[dict[str, Any]], list[Heard] | None], keep: frozenset[Path]
    ) -> tuple[Path, ...]:
        """Give the facts of which another value would not show it."""
        found, rng = [], random.Random(self.seed)  # noqa: S311
        for path, _ in self.sampler.leaves:
            value = value_at(event, path)
            if path in keep or value is ABSENT:
                continue
            others = self.sampler.others(path, value, rng, _OTHERS)
            if any(breaks(with_value(event, path, other)) is None for other in others):
                found.append(path)
        return tuple(found)


def _all_facts(event: dict[str, Any]) -> list[Path]:
    return [(name,) for name in event]


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def replay(seed: int) -> str:
    """Say how to try the same cases again."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    return f"pytest --platgov-seed={seed} '{test}'" if test else f"pass seed={seed}"


def compared(one: Heard, other: Heard) -> list[Heard] | None:
    """Give both sides if they were told different things, neither of them an error."""
    if one.told.raised or other.told.raised or one.told.key == other.told.key:
        return None
    return [one, other]
