"""How long does it take to say whether a child may use something?

::

    python benchmarks/minors.py            # a minute
    python benchmarks/minors.py --quick
    python benchmarks/minors.py --json times.json

One policy, open from 06:00 to 22:00 and one hour a day, half of it used on the first day. ``platgov``
gives the whole verdict: allowed or not, every reason with its citation, what remains, and when that
changes. ``pendulum`` and ``stdlib`` are the usual few lines with local times, which give four plain
values; ``opening-hours-py`` (Rust) tells whether it is open and when that changes, and knows no
quota. With ``int`` they start from what ``platgov`` is given there, otherwise from instants of their
own kind, made beforehand. Before anything is timed the answers are compared at every instant. Times
are CPU time, medians over rounds in which all take turns; see `_timing`.

Instants come in three ways: ``at random`` over 380 days, which no service does and which finds nothing
in the caches of the processor; ``in order``, as they come in; and ``that day``, in order on the day of
the use, so that seconds have to be counted. Answers are thrown away, as a service does.

Many at one instant: ``first`` are children and usages that no plan has seen, as they come from a
database, ``again`` the same ones a second later.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.util
import json
import platform
import random
import statistics
import sys
import zoneinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pendulum
from _timing import Bar, WrongAnswerError, cpu_seconds

from platgov.minors import Band, DobEvidence, Hours, Minor, Plan, Quota, Usage, Window, YouthPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

DAY: Final = 86_400
TZ: Final = "Europe/London"
START: Final = 1_767_225_600  # 2026-01-01T00:00Z
LIMIT: Final = 3600
USED: Final = 1800
MANY: Final = 200_000


def policy() -> YouthPolicy:
    """Give the policy that is timed."""
    hours = Hours(windows=[Window(start="06:00", end="22:00")])
    return YouthPolicy(
        id="law",
        layer="legal",
        citation="Law 1",
        bands=[Band(max_age=18, hours=[hours], quotas=[Quota(seconds=LIMIT)])],
    )


def compiled(made: YouthPolicy) -> Plan:
    """Compile 400 days."""
    return made.compile(tz=TZ, start=START - DAY, end=START + 399 * DAY)


class Engine(NamedTuple):
    """Something that tells what holds at an instant.

    Attributes:
        kind: The kind of instant it takes.
        ask: Gives the answer.
        spend: Asks about every instant and keeps no answer, as its users would write the call.
    """

    kind: str
    ask: Callable[[Any], Any]
    spend: Callable[[list[Any]], None]


def looped(kind: str, ask: Callable[[Any], Any]) -> Engine:
    """Give an engine that is a function of its users."""

    def spend(values: list[Any]) -> None:
        for value in values:
            ask(value)

    return Engine(kind, ask, spend)


def engines(plan: Plan, minor: Minor, usage: Usage) -> dict[str, Engine]:
    """Give what is compared."""
    local = pendulum.timezone(TZ)
    zone = zoneinfo.ZoneInfo(TZ)
    first = dt.datetime.fromtimestamp(START + 9 * 3600, zone).date()
    check = plan.check

    def ours(values: list[Any]) -> None:
        for at in values:
            check(minor, usage, at=at, active=True)

    def naive(here: Any) -> Any:
        opens, closes = here.at(6, 0, 0), here.at(22, 0, 0)
        is_open = opens <= here < closes
        left = LIMIT - (USED if here.date() == first else 0)
        if is_open:
            change = min(closes, here.add(seconds=left))
        else:
            change = opens if here < opens else here.add(days=1).at(6, 0, 0)
        return is_open, () if is_open else ("hours_closed",), left, change

    def stdlib(at: Any) -> Any:
        here = at.astimezone(zone)
        opens = here.replace(hour=6, minute=0, second=0, microsecond=0)
        closes = here.replace(hour=22, minute=0, second=0, microsecond=0)
        is_open = opens <= here < closes
        left = LIMIT - (USED if here.date() == first else 0)
        if is_open:
            change = min(closes.timestamp(), here.timestamp() + left)
        else:
            change = (opens if here < opens else opens + dt.timedelta(days=1)).timestamp()
        return is_open, () if is_open else ("hours_closed",), left, change

    found = {
        f"platgov, {kind}": Engine(kind, lambda at: check(minor, usage, at=at, active=True), ours)
        for kind in ("int", "pendulum")
    }
    found["pendulum, int"] = looped("int", lambda at: naive(pendulum.from_timestamp(at, tz=local)))
    found["pendulum"] = looped("pendulum", lambda at: naive(at.in_timezone(local)))
    found["stdlib"] = looped("datetime", stdlib)
    if importlib.util.find_spec("opening_hours"):
        import opening_hours

        book = opening_hours.OpeningHours("Mo-Su 06:00-22:00", timezone=zone)
        asked, changing, from_int = book.is_open, book.next_change, dt.datetime.fromtimestamp

        def opening(values: list[Any]) -> None:
            for at in values:
                asked(at)
                changing(at)

        def opening_int(values: list[Any]) -> None:
            for number in values:
                at = from_int(number, zone)
                asked(at)
                changing(at)

        def both(at: Any) -> Any:
            return asked(at), changing(at)

        found["opening-hours-py, int"] = Engine("int", lambda at: both(from_int(at, zone)), opening_int)
        found["opening-hours-py"] = Engine("datetime", both, opening)
    return found


def compare(name: str, at: int, answer: Any, right: Any) -> None:
    """Check an answer against ours.

    Raises:
        WrongAnswerError: They differ.
    """
    right = right[:4]
    if name.startswith("opening-hours-py"):
        given, wanted = answer[0], right[0]
    else:
        change = answer[3]
        given = (
            answer[0],
            len(answer[1]),
            answer[2],
            int(change.timestamp() if hasattr(change, "timestamp") else change),
        )
        wanted = (right[0], len(right[1]), right[2], right[3])
    if given != wanted:
        raise WrongAnswerError(f"{name} at {at}: {given} instead of {wanted}")


def instants_of(way: str, number: int) -> list[int]:
    """Give the instants to ask about; see the top."""
    dice = random.Random(1)
    if way == "that day":
        return sorted(START + 9 * 3600 + dice.randrange(13 * 3600) for _ in range(number))
    times = [START + 9 * 3600 + dice.randrange(380 * DAY) for _ in range(number)]
    return times if way == "at random" else sorted(times)


def one_by_one(rounds: int, times: list[int]) -> dict[str, list[float]]:
    """Time single checks; CPU microseconds by engine and round."""
    plan = compiled(policy())
    minor = Minor(id="m", evidence=DobEvidence.verified(dt.date(2014, 5, 5)), residency_tz=TZ)
    usage = Usage()
    for number in range(6):
        at = START + 7 * 3600 + number * 600
        usage = usage.add(event_id=str(number), start=at, end=at + 300, scope="video", device="pad")
    given = {
        "int": times,
        "pendulum": [pendulum.from_timestamp(at, tz=TZ) for at in times],
        "datetime": [dt.datetime.fromtimestamp(at, zoneinfo.ZoneInfo(TZ)) for at in times],
    }
    compared = engines(plan, minor, usage)
    ours = compared["platgov, int"].ask
    for name, engine in compared.items():
        for at, value in zip(times, given[engine.kind], strict=True):
            compare(name, at, engine.ask(value), ours(at))
    taken: dict[str, list[float]] = {name: [] for name in compared}
    names = list(compared)
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            engine = compared[name]
            values = given[engine.kind]
            seconds, _ = cpu_seconds(lambda engine=engine, values=values: engine.spend(values))
            taken[name].append(seconds / len(values) * 1e6)
    return taken


def compiling(rounds: int) -> float:
    """Give the median milliseconds from a policy to the first verdict, 400 days."""
    minor = Minor(id="m", evidence=DobEvidence.verified(dt.date(2014, 5, 5)), residency_tz=TZ)
    taken = []
    for turn in range(rounds):
        shift = turn % 7  # other windows each time: no memory of the round before helps
        made = policy()
        hours = Hours(windows=[Window(start=360 + shift, end=1320 + shift)])
        made = YouthPolicy(id="law", layer="legal", bands=[Band(hours=[hours], quotas=made.bands[0].quotas)])
        seconds, _ = cpu_seconds(lambda made=made: compiled(made).check(minor, Usage(), at=START))
        taken.append(seconds * 1e3)
    return statistics.median(taken)


def people(size: int, at: int, seed: int) -> list[tuple[Minor, Usage]]:
    """Give children of all ages with something used, as values that nobody has looked at."""
    dice = random.Random(seed)
    pairs = []
    for number in range(size):
        born = dt.date(2009, 1, 1) + dt.timedelta(dice.randrange(4000))
        start = at - dice.randrange(3600, 20_000)
        usage = Usage().add(event_id="e", start=start, end=min(at, start + dice.randrange(1, 4000)), scope="video")
        pairs.append((Minor(id=f"m{number}", evidence=DobEvidence.verified(born), residency_tz=TZ), usage))
    return pairs


def many(rounds: int, size: int) -> tuple[float, float]:
    """Give users per second of `Plan.check_many`: seen for the first time, and again; medians."""
    first, again = [], []
    at = START + 100 * DAY + 16 * 3600
    for turn in range(rounds):
        plan = compiled(policy())
        pairs = people(size, at, turn)
        seconds, _ = cpu_seconds(lambda plan=plan, pairs=pairs: plan.check_many(pairs, at=at))
        first.append(size / seconds)
        seconds, found = cpu_seconds(lambda plan=plan, pairs=pairs: plan.check_many(pairs, at=at + 1))
        again.append(size / seconds)
        alone = compiled(policy())
        for place in range(0, size, max(1, size // 500)):
            if alone.check(*pairs[place], at=at + 1) != found[place]:
                raise WrongAnswerError(f"check_many differs from check: {pairs[place]}")
    return statistics.median(first), statistics.median(again)


def main() -> int:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rounds, instants, size = (5, 1000, MANY // 5) if options.quick else (15, 4000, MANY)
    print(f"Python {platform.python_version()}, {platform.machine()}; CPU time, medians of {rounds} rounds\n")
    ways = ("at random", "in order", "that day")
    taken = {way: one_by_one(rounds, instants_of(way, instants)) for way in ways}
    print(f"{'':24}" + "".join(f"{way:>12}" for way in ways))
    for name in taken["at random"]:
        print(f"{name:24}" + "".join(f"{statistics.median(taken[way][name]):9.2f} µs" for way in ways))

    def ratio(way: str, name: str, to: str) -> float:
        return statistics.median(one / other for one, other in zip(taken[way][name], taken[way][to], strict=True))

    bars = []
    for way in ways:
        for peer, limit in (("pendulum", 40), ("opening-hours-py", 10)):
            for name in (f"{peer}, int", peer):
                if name in taken[way]:
                    found = ratio(way, name, "platgov, int")
                    bars.append(Bar("check", f"x {name}: int, {way}", found, limit, at_least=True))
    found = ratio("at random", "pendulum", "platgov, pendulum")
    bars.append(Bar("check", "x naive pendulum, pendulum instants", found, 4, at_least=True))
    bars.append(Bar("compile", "ms for 400 days, first verdict included", compiling(rounds), 10))
    first, again = many(3 if options.quick else 5, size)
    bars.append(Bar("many", "M users/s at one instant, first seen", first / 1e6, 0.8, at_least=True))
    bars.append(Bar("many", "M users/s at one instant, again", again / 1e6, 0.8, at_least=True))
    print()
    for bar in bars:
        print(bar)
    if options.json:
        written = {"microseconds": taken, "bars": [bar._asdict() for bar in bars]}
        options.json.write_text(json.dumps(written, indent=1))
    return 0 if all(bar.met for bar in bars) else 1


if __name__ == "__main__":
    sys.exit(main())
