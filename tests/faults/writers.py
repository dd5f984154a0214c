"""Many processes on one file: who gets to write how often, and the same things submitted many times over.

``fair``: writers append for some seconds, as fast as they can. ``twice``: all of them submit the
same keys, each in an order of its own, and are killed and replaced now and then.
"""

import argparse
import contextlib
import multiprocessing
import os
import pathlib
import random
import signal
import sqlite3
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from faults.running import say
from platgov.ledger import Ledger

FORK = multiprocessing.get_context("fork")


def append_for(number, path, seconds, start, answers):
    with Ledger.open(path, timeout_s=60) as ledger:
        start.wait()
        until, n, waits = time.monotonic() + seconds, 0, []
        while (began := time.monotonic()) < until:
            ledger.append({"n": n, "text": "x" * 200}, key=f"{number}-{n}", subject=f"u{n % 5}")
            waits.append(time.monotonic() - began)
            n += 1
    answers.put((n, max(waits, default=0), sorted(waits)[len(waits) // 2] if waits else 0))


def fair(path, processes, seconds):
    start, answers = FORK.Event(), FORK.Queue()
    children = [FORK.Process(target=append_for, args=(n, path, seconds, start, answers)) for n in range(processes)]
    for each in children:
        each.start()
    time.sleep(0.5)
    start.set()
    heard = [answers.get(timeout=seconds + 120) for _ in children]
    for each in children:
        each.join(30)
    counts = sorted(n for n, _, _ in heard)
    with Ledger.open(path) as ledger:
        ledger.verify([ledger.checkpoint()])
        size = ledger.size
    return {
        "counts": counts,
        "lost": sum(counts) - size,
        "fairness": round(counts[0] / counts[-1], 3),
        "longest_wait_ms": round(max(wait for _, wait, _ in heard) * 1000),
        "median_wait_ms": round(sorted(middle for _, _, middle in heard)[len(heard) // 2] * 1000, 1),
    }


def submit(path, keys, seed):
    """Submit every key once, half of them in a host's transaction that counts an effect if it is new."""
    rng = random.Random(seed)
    order = list(range(keys))
    rng.shuffle(order)
    with Ledger.open(path, timeout_s=60) as ledger, contextlib.closing(sqlite3.connect(path, timeout=60)) as host:
        host.isolation_level = None
        host.execute("PRAGMA synchronous = FULL")
        for n in order:
            if n % 2:
                ledger.append({"n": n}, key=f"k{n}", subject=f"u{n % 5}")
                continue
            host.execute("BEGIN IMMEDIATE")
            receipt = ledger.append_in(host, {"n": n}, key=f"k{n}", subject=f"u{n % 5}")
            if not receipt.repeated:
                host.execute("INSERT INTO effects VALUES (?)", (receipt.key,))
            host.execute("COMMIT")


def start(path, keys, seed):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            submit(path, keys, seed)
            code = 0
        finally:
            os._exit(code)
    return child


def twice(path, processes, keys, kills, rng):
    with Ledger.open(path):
        pass
    with contextlib.closing(sqlite3.connect(path)) as host:
        host.execute("CREATE TABLE effects (key TEXT)")
    running = {start(path, keys, rng.random()) for _ in range(processes)}
    killed = 0
    for _ in range(kills):
        time.sleep(rng.uniform(0.002, 0.05))
        victim = rng.choice(sorted(running))
        if os.waitpid(victim, os.WNOHANG) == (0, 0):
            os.kill(victim, signal.SIGKILL)
            os.waitpid(victim, 0)
            killed += 1
        running.remove(victim)
        running.add(start(path, keys, rng.random()))
    failed = sum(os.waitpid(child, 0)[1] != 0 for child in sorted(running))
    with Ledger.open(path) as ledger, contextlib.closing(sqlite3.connect(path)) as host:
        ledger.verify([ledger.checkpoint()])
        effects = [key for (key,) in host.execute("SELECT key FROM effects")]
        entries = [entry.key for entry in ledger.entries()]
    return {
        "submissions_at_least": processes * keys,
        "killed": killed,
        "failed": failed,
        "keys": keys,
        "entries": len(entries),
        "distinct_entries": len(set(entries)),
        "effects": len(effects),
        "distinct_effects": len(set(effects)),
    }


def main():
    options = argparse.ArgumentParser()
    options.add_argument("what", choices=("fair", "twice"))
    options.add_argument("--processes", type=int, default=8)
    options.add_argument("--seconds", type=float, default=3)
    options.add_argument("--keys", type=int, default=100)
    options.add_argument("--kills", type=int, default=10)
    options.add_argument("--seed", type=int, default=5)
    given = options.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder) / "ledger.db")
        if given.what == "fair":
            Ledger.open(path).close()
            found = fair(path, given.processes, given.seconds)
        else:
            found = twice(path, given.processes, given.keys, given.kills, random.Random(given.seed))
    say(**found, seconds=round(time.monotonic() - began, 1))


if __name__ == "__main__":
    main()
