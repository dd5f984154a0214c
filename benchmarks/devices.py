"""How many reports of use a second many devices get in, of one child and of many, and that none is lost.

Usage: python benchmarks/devices.py [--devices N] [--handles N] [--postgres ADDRESS] [--json FILE]

Every device reports one second of its own of one hour, through one of a few handles (one database
connection each), and asks for the verdict. Afterwards the quota has to have counted exactly as many
seconds as there are devices: a fast wrong answer is an error. Times are wall-clock time, because
what is waited for is the database; run it on a quiet machine. Both databases make every commit durable.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import pathlib
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from platgov.minors import Band, DobEvidence, Minor, Plan, Quota, UsageStore, YouthPolicy

TZ = "Asia/Shanghai"
AT = 1_780_315_200  # 2026-06-01 20:00 in Shanghai
CHILD = Minor(id="m", evidence=DobEvidence.verified(dt.date(2014, 3, 1)), residency_tz=TZ)


def race(target, schema, *, devices, handles, minors):
    """Let all devices report at once; give reports per second and latencies in milliseconds."""
    policy = YouthPolicy(id="app", layer="platform", bands=[Band(quotas=[Quota(seconds=36_000)])])
    plan = Plan.of([policy], tz=TZ, start=AT - 86_400, end=AT + 86_400)
    with ExitStack() as stack:
        opened = []
        for _ in range(handles):
            opened.append(UsageStore.open(target, schema=schema, timeout_s=300))
            stack.callback(opened[-1].close)
        start = threading.Barrier(handles)

        def worker(number):
            taken = []
            start.wait()
            for device in range(number, devices, handles):
                begun, when = time.perf_counter(), AT + device
                event = {"event_id": f"e{device}", "start": when, "end": when + 1, "device": f"d{device % 5}"}
                usage = opened[number].update(f"m{device % minors}", lambda usage, event=event: usage.add(**event))
                plan.check(CHILD, usage, at=when + 1)
                taken.append(time.perf_counter() - begun)
            return taken

        begun = time.perf_counter()
        with ThreadPoolExecutor(handles) as pool:
            taken = [second for times in pool.map(worker, range(handles)) for second in times]
        wall = time.perf_counter() - begun
        counted = sum(
            36_000 - plan.check(CHILD, opened[0].usage(f"m{minor}"), at=AT + devices).remaining_s
            for minor in range(minors)
        )
    if counted != devices:
        sys.exit(f"wrong: {counted} seconds counted of {devices}")
    times = sorted(1000 * second for second in taken)
    return {
        "devices": devices,
        "counted": counted,
        "per_second": round(devices / wall),
        "p50_ms": round(statistics.median(times), 2),
        "p99_ms": round(times[len(times) * 99 // 100], 2),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--devices", type=int, default=1_000)
    parser.add_argument("--handles", type=int, default=20)
    parser.add_argument("--postgres", default="postgresql://127.0.0.1:5432/test")
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    report, schemas = {}, []
    with tempfile.TemporaryDirectory() as folder:
        targets = [("sqlite", folder)]
        try:
            import psycopg

            psycopg.connect(given.postgres, connect_timeout=2).close()
            targets.append(("postgres", given.postgres))
        except ImportError as missing:
            print(f"PostgreSQL is left out: {missing}")
        except psycopg.Error as bad:
            print(f"PostgreSQL is left out: {bad}")
        try:
            for name, target in targets:
                for label, minors in (("one child", 1), ("each its own", given.devices)):
                    schema = f"platgov_bench_{time.time_ns()}" if name == "postgres" else "platgov"
                    schemas += [schema] if name == "postgres" else []
                    path = f"{target}/usage{minors}.db" if name == "sqlite" else target
                    report[f"{name}, {label}"] = race(
                        path, schema, devices=given.devices, handles=given.handles, minors=minors
                    )
        finally:
            if schemas:
                with psycopg.connect(given.postgres, autocommit=True) as connection:
                    for schema in schemas:
                        connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
    for name, row in report.items():
        print(f"{name:24}", ", ".join(f"{key} {value}" for key, value in row.items()))
    if given.json:
        given.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
