"""Measures engines against each other in one run, so that their ratios can be trusted.

Times are CPU time: what else runs on the machine hardly counts. All engines see the events of
a round one after the other, and ratios are taken within rounds. Each engine gets its own fresh
copy of the events, so none finds hashes or encodings that another has left in a text, and no
event is ever seen twice. The answers that were timed are the answers that are compared.
"""

from __future__ import annotations

import gc
import json
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Engine(NamedTuple):
    """Something that answers events.

    Attributes:
        match: Called once per event.
        answer: Brings what ``match`` gave into the form that is compared, outside the time.
        wanted: Takes from the right answer what this engine is able to give.
    """

    match: Callable[[Any], Any]
    answer: Callable[[Any], Any]
    wanted: Callable[[Any], Any]


class WrongAnswerError(Exception):
    """An engine disagrees with the oracle: its time means nothing."""


def fresh(events: Sequence[Any]) -> list[Any]:
    """Copy events as if they had just come in: new dicts, new texts."""
    return json.loads(json.dumps(events))


def cpu_seconds(run: Callable[[], Any]) -> tuple[float, Any]:
    """Run once; give the CPU time it took and what it returned."""
    gc.collect()
    start = time.process_time()
    result = run()
    return time.process_time() - start, result


class Times:
    """CPU seconds per event, by engine and round."""

    def __init__(self) -> None:
        self.rounds: list[dict[str, float]] = []

    def add(self, engines: dict[str, Engine], events: Sequence[Any], right: Sequence[Any], *, warm: int) -> None:
        """Time one round.

        Args:
            engines: By name; they take turns at going first.
            events: Those of the round. The first ``warm`` only warm up.
            right: The oracle's answers to them.
            warm: How many events are not timed.

        Raises:
            WrongAnswerError: An answer differs from the oracle's.
        """
        names = list(engines)
        turn = len(self.rounds) % len(names)
        taken = {}
        gc.collect()
        gc.freeze()  # what one engine has built is not for the collector to walk in another's time
        for name in names[turn:] + names[:turn]:
            match, answer, wanted = engines[name]
            copies = fresh(events)
            given = [match(event) for event in copies[:warm]]
            timed = copies[warm:]
            seconds, more = cpu_seconds(lambda match=match, timed=timed: [match(event) for event in timed])
            for place, (event, got, expected) in enumerate(zip(events, given + more, right, strict=True)):
                if answer(got) != wanted(expected):
                    raise WrongAnswerError(
                        f"{name}, event {place}: {answer(got)} instead of {wanted(expected)}: {event}"
                    )
            taken[name] = seconds / len(timed)
        gc.unfreeze()
        self.rounds.append(taken)

    def microseconds(self, name: str) -> float:
        """Give the median over the rounds."""
        return statistics.median(taken[name] for taken in self.rounds) * 1e6

    def ratio(self, name: str, to: str) -> float:
        """Give the median of the ratios within the rounds."""
        return statistics.median(taken[name] / taken[to] for taken in self.rounds)

    def spread(self, name: str, to: str) -> tuple[float, float]:
        """Give the smallest and the largest of the ratios within the rounds."""
        ratios = [taken[name] / taken[to] for taken in self.rounds]
        return min(ratios), max(ratios)


class Bar(NamedTuple):
    """What was aimed for, and what was measured."""

    area: str
    what: str
    measured: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        verdict = "PASS" if self.met else "short"
        return f"{verdict:5}  {self.area:9}  {self.what:44}  {self.measured:9.3g}  (bar {sign} {self.limit:g})"


def resident_bytes() -> int:
    """Give the memory that the process holds; zero where the system does not say."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * 4096 if statm.exists() else 0
