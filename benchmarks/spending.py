"""How many purchases a second many devices of one minor, and of many, get through a shared cap.

Usage: python benchmarks/spending.py [--devices N] [--handles N] [--postgres ADDRESS] [--json FILE]

Every device asks once, at the same time as the others, through one of a few handles (one database
connection each). What was granted is checked to be exactly what fits: a fast wrong answer is an
error. Times are wall-clock time, because what is waited for is the database; run it on a quiet
machine. SQLite makes every commit durable (synchronous=FULL), as PostgreSQL does by default.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from platgov._minors.spend_store import SpendStore
from platgov._minors.spending import SpendCap, Spending

AT = 1_790_000_000
PRICE = 100


def asked(number, cap):
    return {"id": f"c{number}", "amount": PRICE, "currency": "CNY", "entity": "acme", "caps": (cap,), "at": AT}


def race(target, schema, *, devices, handles, minors, fits):
    """Let all devices ask at once; give purchases per second and latencies in milliseconds."""
    cap = SpendCap(currency="CNY", tz="Asia/Shanghai", per_day=fits * PRICE)
    with ExitStack() as stack:
        opened = []
        for _ in range(handles):
            opened.append(SpendStore.open(target, schema=schema, timeout_s=120))
            stack.callback(opened[-1].close)
        start = threading.Barrier(handles)

        def worker(number):
            granted, taken = 0, []
            start.wait()
            for device in range(number, devices, handles):
                begun = time.perf_counter()
                verdict = opened[number].authorise(f"m{device % minors}", **asked(device, cap))
                taken.append(time.perf_counter() - begun)
                granted += verdict.allowed
            return granted, taken

        begun = time.perf_counter()
        with ThreadPoolExecutor(handles) as pool:
            done = list(pool.map(worker, range(handles)))
        wall = time.perf_counter() - begun
        stored = sum(len(opened[0].spending(f"m{minor}").charges) for minor in range(minors))
    granted = sum(count for count, _ in done)
    wanted = sum(min(fits, len(range(minor, devices, minors))) for minor in range(minors))
    if not granted == stored == wanted:
        sys.exit(f"wrong: {granted} granted, {stored} stored, {wanted} fit")
    times = sorted(1000 * second for _, taken in done for second in taken)
    return {
        "devices": devices,
        "granted": granted,
        "per_second": round(devices / wall),
        "p50_ms": round(statistics.median(times), 2),
        "p99_ms": round(times[len(times) * 99 // 100], 2),
    }


def fold(devices, fits):
    """Ask the same of the value in memory; give the CPU microseconds of a step."""
    cap = SpendCap(currency="CNY", tz="Asia/Shanghai", per_day=fits * PRICE)
    spending, begun = Spending(), time.process_time()
    for number in range(devices):
        spending, _ = spending.authorise(**asked(number, cap))
    return {"us_per_step": round(1e6 * (time.process_time() - begun) / devices, 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--devices", type=int, default=1_000)
    parser.add_argument("--handles", type=int, default=20)
    parser.add_argument("--postgres", default="postgresql://127.0.0.1:5432/test")
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    fits, report = given.devices * 37 // 100, {}
    report["fold, 50 charges"] = fold(50, 50)
    with tempfile.TemporaryDirectory() as folder:
        targets = {"sqlite": (f"{folder}/spending.db", "platgov")}
        try:
            import psycopg

            psycopg.connect(given.postgres, connect_timeout=2).close()
            targets["postgres"] = (given.postgres, f"platgov_bench_{time.time_ns()}")
        except ImportError as missing:
            print(f"PostgreSQL is left out: {missing}")
        except psycopg.Error as bad:
            print(f"PostgreSQL is left out: {bad}")
        try:
            for name, (target, schema) in targets.items():
                for label, minors in (("one minor", 1), ("each its own", given.devices)):
                    path = f"{target}{minors}" if name == "sqlite" else target
                    own = f"{schema}_{minors}" if name == "postgres" else schema
                    shape = {"devices": given.devices, "handles": given.handles, "minors": minors}
                    report[f"{name}, {label}"] = race(path, own, **shape, fits=fits if minors == 1 else 1)
        finally:
            if "postgres" in targets:
                schema = targets["postgres"][1]
                with psycopg.connect(given.postgres, autocommit=True) as connection:
                    for minors in (1, given.devices):
                        connection.execute(f'DROP SCHEMA IF EXISTS "{schema}_{minors}" CASCADE')
    for name, row in report.items():
        print(f"{name:24}", ", ".join(f"{key} {value}" for key, value in row.items()))
    if given.json:
        given.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
