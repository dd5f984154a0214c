"""What does it cost to record a verdict so that nobody can change it unseen, and to check all of them?

::

    python benchmarks/ledger.py            # everything, some minutes
    python benchmarks/ledger.py --quick    # about one minute
    python benchmarks/ledger.py --json times.json

What is measured takes turns in one run, and ratios are taken within rounds. Appends wait for the
disk, so they are in wall time, beside a bare ``fdatasync``: how fast that is decides most of their
ratios. Verification and proofs are in CPU time as well. Every ledger and pymerkle's tree get the
same entries, and their roots must be equal; the plain table gets the very rows that the ledger
writes, ready-made, with the same keys and settings, and must have as many.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import itertools
import json
import math
import multiprocessing
import os
import platform
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from _timing import Bar, Times, WrongAnswerError

from platgov.ledger import Ledger, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

BATCHES: Final = (1, 16, 128)
ORIGIN: Final = "bench.example/ledger"
OURS, PLAIN, PEER, PEER_WAL, SYNC = "platgov", "plain insert", "pymerkle", "pymerkle, WAL", "fdatasync"
OURS_PG, PLAIN_PG = "platgov, PostgreSQL", "plain insert, PostgreSQL"
ROW: Final = (
    "seq, at, kind, stream, stream_n, key, subject, subject_n, policy, protected, commitment, nonce, key_text, "
    "subject_text, body"
)


def record(number: int, subject: str | None = None) -> Record:
    """Make one entry: a small verdict, about 200 bytes of JSON."""
    value = {
        "kind": "decision",
        "at": 1_790_000_000 + number,
        "facts": hashlib.sha256(b"%d" % number).hexdigest(),
        "findings": [{"rule": f"R-{number % 97}", "severity": "low"}],
        "outcome": "warn",
        "policy": "comments/12",
    }
    return Record(value=value, key=f"post-{number}", subject=subject)


def repeatable() -> Callable[[int], bytes]:
    """Give an entropy that every ledger draws the same bytes from."""
    numbers = itertools.count()
    return lambda size: hashlib.sha256(b"%d" % next(numbers)).digest()[:size]


# -- who appends -------------------------------------------------------------------------------


class Rows:
    """The rows and leaves that a ledger makes of records, taken from one in memory."""

    def __init__(self) -> None:
        self.ledger = Ledger.open(":memory:", origin=ORIGIN, entropy=repeatable())

    def of(self, records: list[Record]) -> tuple[list[tuple[Any, ...]], list[str]]:
        start = self.ledger.size
        self.ledger.append_many(records)
        entries = list(self.ledger.entries(start=start))
        with self.ledger._store.read() as session:
            rows = session.rows(f"SELECT {ROW} FROM platgov_entries WHERE seq >= ? ORDER BY seq", (start,))
        return rows, [entry.leaf.hex() for entry in entries]


class OurLedger:
    """A ledger that appends records in transactions of a size."""

    def __init__(self, target: str, **options: Any) -> None:
        self.ledger = Ledger.open(target, origin=ORIGIN, entropy=repeatable(), **options)

    def append(self, records: list[Record], batch: int) -> float:
        started = time.perf_counter()
        if batch == 1:
            for each in records:
                self.ledger.append(each.value, key=each.key, subject=each.subject)
        else:
            for at in range(0, len(records), batch):
                self.ledger.append_many(records[at : at + batch])
        return time.perf_counter() - started

    def state(self) -> tuple[int, str]:
        head = self.ledger.checkpoint()
        return head.size, head.root.hex()


class PlainSQLite:
    """The same rows in a table with the same unique key, under the same settings, and nothing else."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "checkpoint_fullfsync = ON",
            "secure_delete = ON",
            "cache_size = -32768",
        ):
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.execute(
            "CREATE TABLE entries (seq INTEGER PRIMARY KEY, at INTEGER, kind TEXT NOT NULL, stream TEXT NOT NULL, "
            "stream_n INTEGER NOT NULL, key TEXT NOT NULL UNIQUE, subject TEXT, subject_n INTEGER, policy TEXT, "
            "protected INTEGER NOT NULL, commitment TEXT NOT NULL, nonce BLOB, key_text TEXT, subject_text TEXT, "
            "body BLOB) STRICT"
        )

    def append(self, rows: list[tuple[Any, ...]], batch: int) -> float:
        connection, sql = self.connection, f"INSERT INTO entries ({ROW}) VALUES ({', '.join('?' * 15)})"
        started = time.perf_counter()
        for at in range(0, len(rows), batch):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(sql, rows[at : at + batch])
            connection.execute("COMMIT")
        return time.perf_counter() - started

    def count(self) -> int:
        return self.connection.execute("SELECT count(*) FROM entries").fetchone()[0]


class PlainPostgres:
    """The same in PostgreSQL."""

    def __init__(self, address: str, schema: str) -> None:
        import psycopg

        self.connection = psycopg.connect(address, autocommit=True)
        self.schema = schema
        self.connection.execute(f"CREATE SCHEMA {schema}")
        self.connection.execute(
            f"CREATE TABLE {schema}.entries (seq BIGINT PRIMARY KEY, at BIGINT, kind TEXT NOT NULL, "
            "stream TEXT NOT NULL, stream_n BIGINT NOT NULL, key TEXT NOT NULL UNIQUE, subject TEXT, "
            "subject_n BIGINT, policy TEXT, protected INTEGER NOT NULL, commitment TEXT NOT NULL, nonce BYTEA, "
            "key_text TEXT, subject_text TEXT, body BYTEA)"
        )

    def append(self, rows: list[tuple[Any, ...]], batch: int) -> float:
        sql = f"INSERT INTO {self.schema}.entries ({ROW}) VALUES ({', '.join(['%s'] * 15)})"
        cursor = self.connection.cursor()
        started = time.perf_counter()
        for at in range(0, len(rows), batch):
            cursor.execute("BEGIN")
            if batch == 1:
                cursor.execute(sql, rows[at])
            else:
                cursor.executemany(sql, rows[at : at + batch])
            cursor.execute("COMMIT")
        return time.perf_counter() - started

    def count(self) -> int:
        return self.connection.execute(f"SELECT count(*) FROM {self.schema}.entries").fetchone()[0]


class Peer:
    """pymerkle, in a process of its own environment."""

    def __init__(self, python: Path, directory: Path) -> None:
        command = [str(python), str(Path(__file__).with_name("ledger_peer.py")), str(directory)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **order: Any) -> dict[str, Any]:
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise WrongAnswerError("pymerkle ended")
        return json.loads(line)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def synced(path: Path, times: int) -> float:
    """Write 512 bytes and wait for the disk, so many times."""
    number = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    started = time.perf_counter()
    for _ in range(times):
        os.write(number, b"x" * 512)
        os.fdatasync(number)
    taken = time.perf_counter() - started
    os.close(number)
    return taken


def appends(  # noqa: PLR0917 - what is measured, and where
    batch: int, rounds: int, transactions: int, directory: Path, peer: Peer | None, postgres: str | None, schema: str
) -> Times:
    """Time appends in transactions of one size; then hold the roots and row counts against each other."""
    times, rows = Times(), Rows()
    ours = {OURS: OurLedger(str(directory / f"ours-{batch}.db"))}
    plain: dict[str, PlainSQLite | PlainPostgres] = {PLAIN: PlainSQLite(directory / f"plain-{batch}.db")}
    if postgres is not None:
        ours[OURS_PG] = OurLedger(postgres, schema=f"{schema}_{batch}")
        plain[PLAIN_PG] = PlainPostgres(postgres, f"{schema}_plain_{batch}")
    trees = {PEER: "default", PEER_WAL: "wal"} if peer is not None else {}
    names = [*ours, *plain, *trees, SYNC]
    number = 0
    for turn in range(-1, rounds):  # the first warms up
        records = [record(number + at) for at in range(batch * transactions)]
        number += len(records)
        ready, leaves = rows.of(records)
        taken = {}
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            if name in ours:
                seconds = ours[name].append(records, batch)
            elif name in plain:
                seconds = plain[name].append(ready, batch)
            elif name in trees:
                seconds = peer.ask(tree=trees[name], batch=batch, leaves=leaves)["seconds"]
            else:
                seconds = synced(directory / "synced", transactions)
            taken[name] = seconds / transactions
        if turn >= 0:
            times.rounds.append(taken)
    head = rows.ledger.checkpoint()
    states = {name: ledger.state() for name, ledger in ours.items()}
    for name, tree in trees.items():
        answer = peer.ask(tree=tree, batch=batch)
        states[name] = answer["size"], answer["root"]
    states |= {name: (table.count(), head.root.hex()) for name, table in plain.items()}
    for name, state in states.items():
        if state != (head.size, head.root.hex()):
            raise WrongAnswerError(f"{name} has {state}, not {head.size} entries with root {head.root.hex()}")
    return times


# -- many at once ------------------------------------------------------------------------------


def together(directory: Path, rounds: int, seconds: float, threads: int = 64) -> Times:
    """Time appends of one thread, each with a commit of its own, and of many, which share commits."""
    times = Times()
    with Ledger.open(directory / "together.db") as ledger:
        for turn in range(rounds):
            taken = {}
            for name, callers in (("one thread", 1), (f"{threads} threads", threads)):
                done = [0] * callers
                started = time.perf_counter()

                def go(
                    caller: int, name: str = name, turn: int = turn, started: float = started, done: list[int] = done
                ) -> None:
                    while time.perf_counter() - started < seconds:
                        each = record(done[caller])
                        ledger.append(each.value, key=f"{name}/{turn}/{caller}/{done[caller]}")
                        done[caller] += 1

                running = [threading.Thread(target=go, args=(caller,)) for caller in range(callers)]
                before = ledger.size
                for thread in running:
                    thread.start()
                for thread in running:
                    thread.join()
                taken[name] = (time.perf_counter() - started) / sum(done)
                if ledger.size - before != sum(done):
                    raise WrongAnswerError(f"{ledger.size - before} entries of {sum(done)} appends")
            times.rounds.append(taken)
        ledger.verify()
    return times


def writer(path: str, number: int, begins: float, seconds: float) -> list[float]:
    """Append for some seconds, from an instant on; give how long each append took."""
    waits = []
    with Ledger.open(path) as ledger:
        time.sleep(max(begins - time.time(), 0))
        ends = time.perf_counter() + seconds
        while (started := time.perf_counter()) < ends:
            each = record(len(waits))
            ledger.append(each.value, key=f"{number}/{each.key}")
            waits.append(time.perf_counter() - started)
    return waits


def writers(directory: Path, seconds: float, processes: int = 8) -> dict[str, float]:
    """Let processes append to one file at the same time."""
    path = str(directory / "writers.db")
    Ledger.open(path).close()
    begins = time.time() + 3
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        running = [pool.submit(writer, path, number, begins, seconds) for number in range(processes)]
        waits = [each.result() for each in running]
    with Ledger.open(path) as ledger:
        if ledger.verify().size != sum(map(len, waits)):
            raise WrongAnswerError("entries are missing")
    every = [wait for each in waits for wait in each]
    return {
        "appends": len(every),
        "fairness": min(map(len, waits)) / max(map(len, waits)),
        "p50_ms": statistics.median(every) * 1e3,
        "max_ms": max(every) * 1e3,
    }


# -- the whole ledger --------------------------------------------------------------------------


def build(path: str, entries: int, chunk: int = 50_000) -> dict[str, float]:
    """Make a large ledger."""
    started, cpu = time.perf_counter(), time.process_time()
    with Ledger.open(path, origin=ORIGIN) as ledger:
        for begin in range(0, entries, chunk):
            numbers = range(begin, min(begin + chunk, entries))
            ledger.append_many([record(number, f"user-{number % (entries // 20)}") for number in numbers])
    return {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - cpu}


def scan(path: str, limit: int) -> float:
    """Read every row, and do nothing with it; give CPU seconds."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        started, rows = time.process_time(), 0
        cursor = connection.execute(f"SELECT {ROW} FROM platgov_entries ORDER BY seq")
        while batch := cursor.fetchmany(1_024):
            rows += len(batch)
        taken = time.process_time() - started
    if rows != limit:
        raise WrongAnswerError(f"{rows} rows instead of {limit}")
    return taken


def peak_kib() -> int:
    """Give the most memory that this process has held."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def audit(path: str, entries: int, rounds: int) -> dict[str, Any]:
    """Verify a large ledger, and scan it, in turns."""
    times = Times()
    with Ledger.open(path) as ledger:
        scan(path, entries)  # into the cache of the system
        before = peak_kib()
        for _ in range(rounds):
            scanned = scan(path, entries)
            started = time.process_time()
            verified = ledger.verify([ledger.checkpoint()])
            times.rounds.append({"scan": scanned, "verify": time.process_time() - started})
            if verified.size != entries:
                raise WrongAnswerError(f"{verified.size} entries verified instead of {entries}")
        grown = peak_kib() - before
    return {"rounds": times.rounds, "grown_mib": grown / 1024}


def proofs(path: str, count: int) -> dict[str, float]:
    """Build and check proofs of random entries and between random sizes."""
    chosen = random.Random(1)
    built, built_cpu, checked, hashes, growth = [], [], [], 0, []
    with Ledger.open(path) as ledger:
        kept = ledger.checkpoint()
        for _ in range(count):
            seq = chosen.randrange(kept.size)
            leaf = ledger.entry(seq).leaf_hash
            started, cpu = time.perf_counter(), time.process_time()
            proof = ledger.prove_inclusion(seq, kept)
            built_cpu.append(time.process_time() - cpu)
            built.append(time.perf_counter() - started)
            started = time.perf_counter()
            proof.verify(leaf, kept)
            checked.append(time.perf_counter() - started)
            hashes = max(hashes, len(proof.hashes))
        for _ in range(count // 10):
            # An older checkpoint is what a consistency proof starts from; its root is that of the ledger then.
            older = root_at(ledger, chosen.randrange(1, kept.size), kept)
            started = time.perf_counter()
            ledger.prove_consistency(older, kept)
            growth.append(time.perf_counter() - started)
    return {
        "bytes": 32 * hashes,
        "bound": 32 * math.ceil(math.log2(kept.size)),
        "build_p50_ms": statistics.median(built) * 1e3,
        "build_p99_ms": p99(built) * 1e3,
        "build_cpu_p50_ms": statistics.median(built_cpu) * 1e3,
        "build_cpu_p99_ms": p99(built_cpu) * 1e3,
        "check_p99_ms": p99(checked) * 1e3,
        "consistency_p99_ms": p99(growth) * 1e3,
    }


def root_at(ledger: Ledger, size: int, kept: Any) -> Any:
    """Give the checkpoint that the ledger had at a size."""
    from platgov._ledger.merkle import range_hash
    from platgov._ledger.reading import node_reader

    with ledger._store.read() as session:
        root = range_hash(0, size, node_reader(session, ledger.origin))
    return type(kept)(origin=kept.origin, size=size, root=root)


def p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


def apart(run: Callable[..., Any], *given: Any) -> Any:
    """Run in a new process, for memory and CPU time of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(run, *given).result()


# -- bars and report ---------------------------------------------------------------------------


def append_bars(batch: int, times: Times) -> Iterator[Bar]:
    if batch == 1:
        yield Bar("append", "plain insert / platgov", times.ratio(PLAIN, OURS), 0.9, at_least=True)
        if PEER in times.rounds[0]:
            yield Bar("append", "pymerkle as it comes / platgov", times.ratio(PEER, OURS), 4, at_least=True)


def large_bars(report: dict[str, Any]) -> Iterator[Bar]:
    audited, proven = report["audit"], report["proofs"]
    ratios = [taken["verify"] / taken["scan"] for taken in audited["rounds"]]
    yield Bar("verify", "verify / plain scan, CPU", statistics.median(ratios), 8)
    yield Bar("verify", "memory, MiB more", audited["grown_mib"], 64)
    yield Bar("proof", "bytes, at most", proven["bytes"], proven["bound"])
    yield Bar("proof", "building, p99, ms", proven["build_p99_ms"], 5)
    yield Bar("proof", "checking, p99, ms", proven["check_p99_ms"], 0.1)


def show(batch: int, times: Times) -> None:
    print(f"\n  {batch} entries a commit{'':13} µs/commit   x plain insert (range over rounds)")
    for name in times.rounds[0]:
        low, high = times.spread(name, PLAIN)
        micros, ratio = times.microseconds(name), times.ratio(name, PLAIN)
        print(f"    {name:27}{micros:10.0f}{ratio:12.2f}     ({low:.2f} to {high:.2f})")


def usable(address: str) -> str | None:
    """Give the address if there is a server, and say so if there is none."""
    try:
        import psycopg

        psycopg.connect(address, connect_timeout=2).close()
    except (ImportError, OSError) as bad:
        print(f"without PostgreSQL: {bad}")
        return None
    except psycopg.Error as bad:
        print(f"without PostgreSQL: {str(bad).splitlines()[0]}")
        return None
    return address


def dropped(address: str, schemas: Iterable[str]) -> None:
    import psycopg

    with psycopg.connect(address, autocommit=True, options="-c client_min_messages=warning") as connection:
        for schema in schemas:
            connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, a tenth of the entries")
    parser.add_argument("--entries", type=int, help="of the large ledger; 1,000,000")
    parser.add_argument("--parts", nargs="+", choices=("append", "together", "writers", "large"), help="only these")
    parser.add_argument("--dir", type=Path, default=Path("build"), help="on the disk to measure; /tmp may be memory")
    parser.add_argument("--pymerkle", type=Path, default=Path(".venv-pymerkle/bin/python"), help="Python that has it")
    parser.add_argument("--postgres", default="postgresql://127.0.0.1:5432/test", help="address of a test database")
    parser.add_argument("--json", type=Path, help="write all times there as well")
    return parser.parse_args()


def measure_appends(directory: Path, asked: argparse.Namespace, bars: list[Bar]) -> dict[str, Any]:
    postgres = usable(asked.postgres)
    peer = Peer(asked.pymerkle, directory) if asked.pymerkle.exists() else None
    if peer is None:
        print(f"without pymerkle: no {asked.pymerkle}")
    schema, report = f"platgov_bench_{os.getpid()}", {}
    try:
        for batch in BATCHES:
            rounds, transactions = (5, 100 if batch == 1 else 15) if asked.quick else (11, 150 if batch == 1 else 20)
            times = appends(batch, rounds, transactions, directory, peer, postgres, schema)
            show(batch, times)
            bars += append_bars(batch, times)
            report[str(batch)] = times.rounds
            sys.stdout.flush()
    finally:
        if peer is not None:
            peer.close()
        if postgres is not None:
            dropped(postgres, [f"{schema}_{kind}{batch}" for kind in ("", "plain_") for batch in BATCHES])
    return report


def measure_large(directory: Path, entries: int, rounds: int, bars: list[Bar]) -> dict[str, Any]:
    path = str(directory / "large.db")
    report: dict[str, Any] = {"entries": entries, "build": apart(build, path, entries)}
    report["audit"] = apart(audit, path, entries, rounds)
    report["proofs"] = apart(proofs, path, 1_000)
    found = list(large_bars(report))
    built, proven = report["build"], report["proofs"]
    verify = statistics.median(taken["verify"] for taken in report["audit"]["rounds"])
    print(
        f"\n  {entries:,} entries: appended in {built['seconds']:.0f} s ({built['cpu_seconds']:.0f} s CPU), "
        f"verified in {verify:.1f} s CPU"
        f"\n  proof of inclusion: {proven['build_p50_ms']:.2f} ms (CPU {proven['build_cpu_p50_ms']:.2f}, "
        f"p99 {proven['build_cpu_p99_ms']:.2f}); of consistency: p99 {proven['consistency_p99_ms']:.2f} ms"
    )
    bars += found
    return report


def main() -> int:
    """Measure, print, and return how many bars were missed."""
    asked = arguments()
    parts = asked.parts or ("append", "together", "writers", "large")
    started, bars, report = time.perf_counter(), [], {}
    asked.dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=asked.dir, prefix="ledger-") as name:
        directory = Path(name)
        if "append" in parts:
            report["append"] = measure_appends(directory, asked, bars)
        if "together" in parts:
            times = together(directory, 3 if asked.quick else 7, 1)
            one, many = times.rounds[0]
            print(f"\n  {one}: {times.microseconds(one):.0f} µs an append; {many}: {times.microseconds(many):.0f} µs")
            bars.append(Bar("together", f"{one} / {many}", times.ratio(one, many), 15, at_least=True))
            report["together"] = times.rounds
        if "writers" in parts:
            found = report["writers"] = writers(directory, 3 if asked.quick else 10)
            p50, longest = found["p50_ms"], found["max_ms"]
            print(f"\n  8 processes: {found['appends']} appends, p50 {p50:.1f} ms, longest {longest:.0f} ms")
            bars.append(Bar("writers", "8 processes: fewest / most appends", found["fairness"], 0.8, at_least=True))
            bars.append(Bar("writers", "8 processes: longest wait / median", longest / p50, 20))
        if "large" in parts:
            entries = asked.entries or (100_000 if asked.quick else 1_000_000)
            report["large"] = measure_large(directory, entries, 3, bars)
    missed = sum(not bar.met for bar in bars)
    print("", *bars, sep="\n  ")
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(
        f"\nCPython {platform.python_version()}, SQLite {sqlite3.sqlite_version}{load}, "
        f"{time.perf_counter() - started:.0f} s in all, {missed} bars short"
    )
    if asked.json is not None:
        report["bars"] = [bar._asdict() | {"met": bar.met} for bar in bars]
        asked.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return missed


if __name__ == "__main__":
    main()
