"""How long it takes to find pictures that look alike, and whether all are found.

::

    python benchmarks/avatars.py [--pictures 100000] [--queries 300]

Hashes are random, as those of different pictures are; half of the queries are known ones with up to
31 of 256 bits turned, the others are new. `AvatarIndex` holds the hashes in memory, the blacklist
holds keyed pieces of them in a file. The scan goes through all hashes in Python. Answers are compared
for every query; times are CPU time, and all three take turns.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _timing import Bar, WrongAnswerError

from platgov._blacklist.store import NewBan, TagStore
from platgov.accounts import Avatar, AvatarIndex
from platgov.blacklist import KeyRing, Signals

if TYPE_CHECKING:
    from collections.abc import Callable

BITS = 256
DISTANCE = 31
KEYS = KeyRing.single(bytes(range(32)))


def queries_of(known: list[int], count: int) -> list[int]:
    """Give hashes to ask for, every other one near a known one."""
    rng = random.Random(5)
    asked = []
    for number in range(count):
        value = rng.getrandbits(BITS)
        if number % 2:
            value = rng.choice(known)
            for bit in rng.sample(range(BITS), rng.randrange(DISTANCE + 1)):
                value ^= 1 << bit
        asked.append(value)
    return asked


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Give CPU milliseconds, and what came of it."""
    start = time.process_time()
    result = run()
    return (time.process_time() - start) * 1e3, result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=300)
    options = parser.parse_args()
    rng = random.Random(3)
    known = [rng.getrandbits(BITS) for _ in range(options.pictures)]
    listed = [f"{number:064x}" for number in known]
    index = AvatarIndex([Avatar(id=str(place), hash=text) for place, text in enumerate(listed)])
    taken: dict[str, list[float]] = {"scan": [], "index": [], "blacklist": []}
    with (
        tempfile.TemporaryDirectory() as folder,
        TagStore.open(Path(folder) / "bans.db", keys=KEYS, list_id="b") as store,
    ):
        for start in range(0, len(listed), 10_000):
            part = range(start, min(start + 10_000, len(listed)))
            store.add_many(
                NewBan(ban_id=str(place), signals=Signals(avatar_pdq=listed[place]), starts_at=0) for place in part
            )
        store.compact()
        for number in queries_of(known, options.queries):
            text = f"{number:064x}"

            def scan(number: int = number) -> set[str]:
                return {str(place) for place, other in enumerate(known) if (number ^ other).bit_count() <= DISTANCE}

            def indexed(text: str = text) -> set[str]:
                return {hit.id for hit in index.near(text)}

            def banned(text: str = text) -> set[str]:
                return {one.record.ban_id for one in store.candidates(Signals(avatar_pdq=text), at=1).found}

            found = {}
            for name, run in (("scan", scan), ("index", indexed), ("blacklist", banned)):
                spent, found[name] = timed(run)
                taken[name].append(spent)
            if len(set(map(frozenset, found.values()))) != 1:
                raise WrongAnswerError(f"they differ about a hash: { ({k: len(v) for k, v in found.items()}) }")
    for name, times in taken.items():
        p99 = sorted(times)[int(len(times) * 0.99)]
        print(f"  {name:10} p50 {statistics.median(times):7.3f} ms   p99 {p99:7.3f} ms")
    middle = {name: statistics.median(times) for name, times in taken.items()}
    print(Bar("avatars", "index, p50 ms", middle["index"], 0.5))
    print(Bar("avatars", "scan / index", middle["scan"] / middle["index"], 30, at_least=True))
    print(Bar("avatars", "scan / blacklist", middle["scan"] / middle["blacklist"], 1, at_least=True))


if __name__ == "__main__":
    main()
