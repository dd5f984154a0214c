"""What must not change an outcome although it is no fact: chance, clock, machine, and what was asked before."""

from __future__ import annotations

import itertools
import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from platgov._testing.elsewhere import NotSendableError, answers_of, keys_of, package
from platgov._testing.outcomes import Caller, Told, fresh, interned, shown
from platgov._testing.surroundings import NOW, ZONES, Dials, OutOfReachError
from platgov._testing.trial import Heard, compared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from platgov._testing.trial import Trial

__all__ = ["elsewhere", "in_a_batch", "left_alone", "looked_at", "stability", "surroundings", "told_again"]

_REPEATS: Final = 64
_FIRST: Final = 10
_FEW: Final = 24
_DAY: Final = 86_400
_HASHES: Final = 4
"""Hash seeds besides 0: a choice between two that hangs on the seed alone escapes them all once in 16."""
_KINDS: Final = {"network": "it uses the network", "file": "it reads a file", "program": "it runs another program"}
_WIDELY: Final = ("1", "0", "true", "false", "on", "yes", "production", "test", "")


# -- the same again ----------------------------------------------------------------------------


def stability(trial: Trial) -> None:
    """Ask the same again and again, with nothing changed: now repeatedly, then in another order."""
    for event in trial.events[:_FIRST]:
        told = [trial.ask(event) for _ in range(_REPEATS)]
        if len({item.key for item in told}) > 1:
            _unstable(trial, event, told)
            return
    trial.answers = [trial.ask(event) for event in trial.events]
    for place, event in reversed(list(enumerate(trial.events))):
        again = trial.ask(event)
        if again.key != trial.answers[place].key:
            told = [trial.answers[place], again, *(trial.ask(event) for _ in range(_REPEATS))]
            _unstable(trial, event, told)
            return
    asked = len(trial.events) * 2 + _FIRST * _REPEATS
    for name in ("counter", "quota"):
        trial.holds(name, asked)


def _unstable(trial: Trial, event: dict[str, Any], told: list[Told]) -> None:
    trial.stable = False
    keys = [item.key for item in told]
    switch = next(place for place, key in enumerate(keys) if key != keys[0])
    other = told[switch]
    measured = sorted(what for kind, what in trial.around.noted if kind == "clock")
    if measured:
        name, says = "clock", f"the same event is decided otherwise as time goes by; it reads {', '.join(measured)}"
    elif len(set(keys[switch:])) == 1 and len(keys) - switch > 8:
        name, says = "quota", f"after {switch} equal case{'s' * (switch != 1)} the next one is decided otherwise"
    elif _period(keys):
        name, says = "counter", f"every {_period(keys)} calls the same event is decided otherwise"
    else:
        name, says = "chance", f"the same event is decided otherwise in {_share(keys)} of calls"

    def sides(_: dict[str, Any]) -> list[Heard]:
        return [Heard("call 1", event, told[0]), Heard(f"call {switch + 1}", event, other)]

    trial.broken(name, says, event, sides, shrinks=False)


def _period(keys: list[str]) -> int | None:
    for period in range(2, len(keys) // 3 + 1):
        if all(one == other for one, other in zip(keys, keys[period:], strict=False)):
            return period
    return None


def _share(keys: list[str]) -> str:
    return f"{sum(key != keys[0] for key in keys)} of {len(keys)}"


# -- one dial at a time ------------------------------------------------------------------------


def surroundings(trial: Trial) -> None:
    """Move one thing around the function while everything else stays."""
    seen = trial.around.noted.copy()
    few = trial.chosen(_FEW)
    number = itertools.count(1)
    chances = [[Dials(chance=trial.seed % 10**6 + next(number)) for _ in range(6)] for _ in trial.events]
    every = list(zip(trial.events, trial.answers, strict=True))
    _moved(trial, "chance", "chance decides it", zip(every, chances, strict=True))
    if trial.around.moves:
        _moved(trial, "clock", "the clock decides it", ((pair, _instants(trial)) for pair in few))
    else:
        trial.unsettled("clock", "the clock of this interpreter cannot be moved")
    zones = [Dials(zone=zone) for zone in ZONES]
    _moved(trial, "time_zone", "the time zone of the server decides it", ((pair, zones) for pair in every))
    names = sorted({what for kind, what in seen if kind == "environment" and not what.startswith("PYTHON")})
    _environment(trial, names, few)
    _moved(trial, "locale", "the locale of the server decides it", ((pair, [Dials(german=True)]) for pair in every))


def _instants(trial: Trial) -> list[Dials]:
    """Give instants in every hour of the day and on every day of the week, far ones, and those that rules mention."""
    week = [NOW + hours * 3600 for hours in range(1, 7 * 24, 7)]
    far = [NOW + days * _DAY + 1_234 for days in (-20_000, -400, -31, 31, 91, 182, 365, 1_500, 9_000)]
    named = [
        int(value) + step
        for value in trial.sampler.domains.constants.anywhere
        if isinstance(value, int | float) and 10**8 < value < 10**10
        for step in (-1, 1)
    ]
    return [Dials(now=now) for now in (*week, *far, *named)]


def _environment(trial: Trial, names: list[str], few: list[tuple[dict[str, Any], Told]]) -> None:
    """Set every variable that was read, first all alike, and then the one that matters."""
    values = (None, *_WIDELY, *trial.sampler.domains.constants.texts[:60])
    for event, told in few if names else ():
        for value in values:
            if trial.ask(event, Dials(environment=tuple((name, value) for name in names))).key != told.key:
                settings = [Dials(environment=((name, value),)) for name in names]
                settings.append(Dials(environment=tuple((name, value) for name in names)))
                _moved(trial, "environment", "an environment variable decides it", [((event, told), settings)])
                return
    trial.holds("environment", len(few) * (len(values) if names else 1))


def _moved(
    trial: Trial, name: str, says: str, cases: Iterable[tuple[tuple[dict[str, Any], Told], Iterable[Dials]]]
) -> None:
    tried = 0
    for (event, told), settings in cases:
        for dials in settings:
            tried += 1
            if trial.ask(event, dials).key == told.key:
                continue

            def breaks(candidate: dict[str, Any], dials: Dials = dials) -> list[Heard] | None:
                before, after = trial.ask(candidate), trial.ask(candidate, dials)
                return compared(Heard("as before", candidate, before), Heard(str(dials), candidate, after))

            if breaks(event) is not None:
                trial.around.noted.clear()
                trial.ask(event, dials)
                read = sorted(what for kind, what in trial.around.noted if kind in (name, "clock", "environment"))
                trial.broken(name, says, event, breaks, cause=f"it reads {', '.join(read)}" if read else "")
                return
    trial.holds(name, tried)


def looked_at(trial: Trial) -> None:
    """Report what was used although it is out of bounds, whether or not it made a difference."""
    for kind, says in _KINDS.items():

        def breaks(event: dict[str, Any], kind: str = kind) -> list[Heard] | None:
            trial.around.noted.clear()
            told = trial.ask(event)
            used = sorted(what for noted, what in trial.around.noted if noted == kind)
            return (
                [Heard(f"used {used[0]}", event, told)]
                if used and told.raised in ("", OutOfReachError.__name__)
                else None
            )

        first = next((event for event in trial.events if breaks(event)), None)
        if first is not None:
            trial.broken(kind, says, first, breaks)
        else:
            trial.holds(kind, len(trial.events))


# -- the event as it is given ------------------------------------------------------------------


def left_alone(trial: Trial) -> None:
    """Tell whether an event was changed."""
    if trial.caller.changed is None:
        trial.holds("mutation", trial.caller.calls)
        return

    def breaks(event: dict[str, Any]) -> list[Heard] | None:
        trial.caller.changed = None
        told = trial.ask(event)
        changed: Any = trial.caller.changed
        return None if changed is None else [Heard(f"left as {json.dumps(changed[1], default=str)}", event, told)]

    trial.broken("mutation", "it changes the event", trial.caller.changed[0], breaks)


def told_again(trial: Trial) -> None:
    """Give equal events that are written otherwise: keys in another order, texts that are other objects."""

    def turned(value: Any) -> Any:
        return {key: turned(item) for key, item in reversed(value.items())} if type(value) is dict else fresh(value)

    for name, copied, label, says in (
        ("key_order", turned, "keys in reverse", "the order in which facts are given decides it"),
        ("object_identity", interned, "texts as in the code", "whether equal texts are one object decides it"),
    ):

        def breaks(
            event: dict[str, Any], copied: Callable[[Any], Any] = copied, label: str = label
        ) -> list[Heard] | None:
            return compared(
                Heard("as before", event, trial.ask(event)), Heard(label, event, trial.ask(event, copied=copied))
            )

        first = next((event for event in trial.events if breaks(event)), None)
        if first is None:
            trial.holds(name, len(trial.events))
        else:
            trial.broken(name, says, first, breaks)


def in_a_batch(trial: Trial, decide_many: Callable[..., Any]) -> None:
    """Compare a batch with one call for each event."""
    many = Caller(decide_many, at=trial.caller.at)
    given = [fresh(event) for event in trial.events]
    if trial.caller.make is not None:
        given = [trial.caller.make(event) for event in given]

    def run() -> list[Told]:
        results = decide_many(given, at=trial.caller.at) if many.takes_at else decide_many(given)
        return [trial.caller.told(value) for value in results]

    told = trial.around.call(run, Dials())
    if len(told) != len(given):
        says = f"a batch of {len(given)} events gives {len(told)} outcomes"
        trial.broken("batch", says, trial.events[0], lambda _: [], shrinks=False)
        return
    for event, alone, together in zip(trial.events, trial.answers, told, strict=True):
        sides = compared(Heard("alone", event, alone), Heard("in a batch", event, together))
        if sides is not None:
            found = sides
            trial.broken("batch", "a batch decides it otherwise", event, lambda _, found=found: found, shrinks=False)  # type: ignore[misc]
            return
    trial.holds("batch", len(told))


# -- other processes ---------------------------------------------------------------------------


def elsewhere(trial: Trial) -> None:
    """Ask in new processes: twice with one hash seed, then with others."""
    caller = trial.caller
    simple = None if callable(caller.nothing) else caller.nothing
    try:
        job = package(partial(keys_of, caller.decide, caller.make, caller.at, trial.events, simple))
    except NotSendableError as error:
        for name in ("hash_order", "process"):
            trial.unsettled(name, f"another process cannot be given this function: {error}; define it in a module")
        return
    one = [trial.rng.randrange(1, 2**32) for _ in range(_HASHES)]
    first, *rest = answers_of(job, [0, 0, *one])
    here = [told.key for told in trial.answers]
    known = [keys for keys in (first, *rest) if keys is not None]
    if first is None or len(known) <= len(one):
        for name in ("hash_order", "process"):
            trial.unsettled(name, "another process could not import or run it")
        return
    place = next((n for n in range(len(here)) if any(keys[n] != first[n] for keys in (*known, here))), None)
    if place is None:
        trial.holds("process", 2 * len(here))
        trial.holds("hash_order", len(one) * len(here))
        return
    # Two processes that differ have different hash seeds, too. Only more of each tell which of both it is.
    only = partial(keys_of, caller.decide, caller.make, caller.at, [trial.events[place]], simple)
    more = [trial.rng.randrange(1, 2**32) for _ in range(2)]
    once = [trial.rng.randrange(1, 2**32) for _ in range(_HASHES)]
    asked = [0, 0, 0, *(seed for seed in more for _ in "xx"), *once]
    again = [keys and keys[0] for keys in answers_of(package(only), asked)]
    groups = [[first[place], rest[0] and rest[0][place], *again[:3]], again[3:5], again[5:7]]
    steady = all(len(set(group)) == 1 for group in groups)
    others = {group[0] for group in groups} | {keys[place] for keys in known} | {key for key in again[7:] if key}
    event, ours = trial.events[place], trial.answers[place]
    if steady and len(others) > 1:
        name, says, label = "hash_order", "the order of a set or a hash decides it", "another PYTHONHASHSEED"
    else:
        name, says, label = "process", "another process decides it otherwise", "another process"
    keys: list[Any] = [*others, *itertools.chain(*groups)]
    other = next((key for key in keys if key is not None and key != ours.key), ours.key)
    sides = [Heard("as before", event, ours), Heard(label, event, _told(trial, other))]
    trial.broken(name, says, event, lambda _: sides, shrinks=False)


def _told(trial: Trial, key: str) -> Told:
    known = next((item for item in trial.answers if item.key == key), None)
    return known or Told(key=key, says=shown(json.loads(key)), nothing=False)
