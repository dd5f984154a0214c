"""Many devices that write to a store at once, on SQLite and PostgreSQL: what benchmarks of stores share.

Times are wall-clock time, because what is waited for is the database; run them on a quiet machine.
Both databases make every commit durable: SQLite with synchronous=FULL, PostgreSQL as by default.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class Place(NamedTuple):
    """An address, and the schema in it."""

    target: str
    schema: str


class Raced(NamedTuple):
    """What came of a race.

    Attributes:
        given: What each step gave.
        row: Devices, steps per second, latencies in milliseconds.
    """

    given: list[Any]
    row: dict[str, float]


def arguments(doc: str) -> argparse.Namespace:
    """Read the options that these benchmarks have."""
    parser = argparse.ArgumentParser(description=doc.partition("\n")[0])
    parser.add_argument("--devices", type=int, default=1_000)
    parser.add_argument("--handles", type=int, default=20)
    parser.add_argument("--postgres", default="postgresql://127.0.0.1:5432/test")
    parser.add_argument("--json", type=pathlib.Path)
    return parser.parse_args()


@contextmanager
def places(postgres: str) -> Iterator[dict[str, Callable[[], Place]]]:
    """Give, by name, what makes a fresh place in each database there is; all of them are removed afterwards."""
    numbers = iter(range(1_000_000))
    schemas: list[str] = []

    def schema() -> Place:
        schemas.append(f"platgov_bench_{time.time_ns()}_{next(numbers)}")
        return Place(postgres, schemas[-1])

    with tempfile.TemporaryDirectory() as folder:
        found: dict[str, Callable[[], Place]] = {
            "sqlite": lambda: Place(f"{folder}/{next(numbers)}.db", "platgov"),
        }
        try:
            import psycopg

            psycopg.connect(postgres, connect_timeout=2).close()
            found["postgres"] = schema
        except ImportError as missing:
            print(f"PostgreSQL is left out: {missing}")
        except psycopg.Error as bad:
            print(f"PostgreSQL is left out: {bad}")
        try:
            yield found
        finally:
            if schemas:
                with psycopg.connect(postgres, autocommit=True) as connection:
                    for name in schemas:
                        connection.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')


@contextmanager
def handles(kind: Any, place: Place, count: int) -> Iterator[list[Any]]:
    """Open a store so many times, each with a connection of its own."""
    with ExitStack() as stack:
        opened = []
        for _ in range(count):
            opened.append(kind.open(place.target, schema=place.schema, timeout_s=300))
            stack.callback(opened[-1].close)
        yield opened


def race(opened: Sequence[Any], devices: int, step: Callable[[Any, int], Any]) -> Raced:
    """Let all devices take their step at once, through one of a few handles each."""
    start = threading.Barrier(len(opened))

    def worker(number: int) -> list[tuple[Any, float]]:
        done = []
        start.wait()
        for device in range(number, devices, len(opened)):
            begun = time.perf_counter()
            done.append((step(opened[number], device), time.perf_counter() - begun))
        return done

    begun = time.perf_counter()
    with ThreadPoolExecutor(len(opened)) as pool:
        done = [one for part in pool.map(worker, range(len(opened))) for one in part]
    wall = time.perf_counter() - begun
    times = sorted(1000 * second for _, second in done)
    row = {
        "devices": devices,
        "per_second": round(devices / wall),
        "p50_ms": round(statistics.median(times), 2),
        "p99_ms": round(times[len(times) * 99 // 100], 2),
    }
    return Raced([given for given, _ in done], row)


def tell(report: dict[str, dict[str, float]], path: pathlib.Path | None) -> None:
    """Print the rows, and write them to a file if one is named."""
    for name, row in report.items():
        print(f"{name:24}", ", ".join(f"{key} {value}" for key, value in row.items()))
    if path:
        path.write_text(json.dumps(report, indent=1))
