"""Append while the disk fails: syncs that give EIO, files that may not grow, a full file system.

Each append that fails is tried again with the same key, as a host would. In the end every key has
one entry, and nothing acknowledged is missing. The failing syncs and jumping clocks come from
``shim.c``, preloaded by whoever runs this.
"""

import argparse
import collections
import pathlib
import random
import resource
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from faults.attacks import draws
from faults.running import say
from platgov.errors import StorageError
from platgov.ledger import Ledger, Record

TRIES = 3


class Host:
    """Appends, erases, and keeps account of what was acknowledged and which errors came."""

    def __init__(self, path):
        self.path, self.ledger = path, None
        self.acknowledged, self.failed, self.errors = {}, set(), collections.Counter()

    def tried(self, work):
        try:
            if self.ledger is None:
                self.ledger = Ledger.open(self.path, origin="example.org/disk", entropy=draws())
            return work(self.ledger)
        except StorageError as bad:
            self.errors[f"{type(bad).__name__} {bad.code}"] += 1
            return None

    def append(self, number, text="", tries=TRIES):
        keys = [f"k{number}"] if number % 5 else [f"k{number}", f"k{number}b"]
        records = [Record(value={"n": number, "text": text}, key=key, subject=f"u{number % 9}") for key in keys]
        for _ in range(tries):
            receipts = self.tried(lambda ledger: ledger.append_many(records))
            if receipts is not None:
                self.acknowledged.update((receipt.key, receipt.leaf_hash) for receipt in receipts)
                self.failed -= set(keys)
                return True
        self.failed |= set(keys)
        return False

    def account(self):
        """Close, open again, and count what is there."""
        if self.ledger is not None:
            self.ledger.close()
        with Ledger.open(self.path, origin="example.org/disk", entropy=draws(b"again")) as ledger:
            verified = ledger.verify()
            found = {entry.key: entry.leaf_hash for entry in ledger.entries()}
        lost = [key for key, leaf in self.acknowledged.items() if found.get(key) != leaf]
        return {
            "acknowledged": len(self.acknowledged),
            "lost": len(lost),
            "twice": verified.size - len(found),
            "there_although_it_failed": len(self.failed & found.keys()),
            "errors": dict(self.errors),
        }


def sync(path, appends):
    host = Host(path)
    for number in range(appends):
        host.append(number)
        if number % 25 == 24:
            host.tried(lambda ledger: ledger.checkpoint())
    return host


def limit(path, size):
    """The file may not grow past a size; then it may again."""
    host = Host(path)
    host.append(1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    number = 2
    while host.append(number, "z" * 3_000, tries=2):
        number += 1
    readable = host.tried(lambda ledger: ledger.verify().size)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return host, {"readable": readable is not None, "goes_on": host.append(number, "z" * 3_000)}


def full(path):
    """The file system, a small one of this process alone, is full; then it is larger."""
    folder = path.parent
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "none", folder], check=True)
    host = Host(path)
    host.append(1)
    number = 2
    while host.append(number, "z" * 3_000, tries=2):
        number += 1
    readable = host.tried(lambda ledger: ledger.verify().size)
    subprocess.run(["mount", "-o", "remount,size=4m", "none", folder], check=True)
    return host, {"readable": readable is not None, "goes_on": host.append(number, "z" * 3_000)}


def clock(path):
    """Append the same things, whatever the clock says; tell the times that were seen."""
    times = [int(time.time()) for _ in range(12)]
    with Ledger.open(path, origin="example.org/clock", entropy=draws()) as ledger:
        for number in range(20):
            ledger.append(
                {"n": number}, key=f"k{number}", subject=f"u{number % 3}", at=random.Random(number).randrange(2**31)
            )
        ledger.erase(subject="u1", by="dpo", at=5)
        ledger.verify([ledger.checkpoint()])
        return {"root": ledger.checkpoint().root.hex(), "spread_s": max(times) - min(times)}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("what", choices=("sync", "limit", "full", "clock"))
    options.add_argument("path", type=pathlib.Path)
    options.add_argument("--appends", type=int, default=60)
    options.add_argument("--size", type=int, default=200_000)
    given = options.parse_args()
    more = {}
    if given.what == "clock":
        say(**clock(given.path))
        return
    if given.what == "sync":
        host = sync(given.path, given.appends)
    elif given.what == "limit":
        host, more = limit(given.path, given.size)
    else:
        host, more = full(given.path)
    if given.what == "sync":  # the disk still fails: the caller counts, with one that works
        acknowledged = {key: leaf.hex() for key, leaf in host.acknowledged.items()}
        say(acknowledged=acknowledged, failed=sorted(host.failed), errors=dict(host.errors))
    else:
        say(**host.account(), **more)


if __name__ == "__main__":
    main()
