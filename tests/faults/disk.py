"""Damage the files of a ledger in every way that a disk can, and see that it shows or does no harm.

``cuts``: the write-ahead log loses its tail, at boundaries and at random. ``torn``: a sector of 512
bytes of it was never written. ``flips``: one bit of the main file is another.
"""

import argparse
import collections
import pathlib
import random
import sqlite3
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from faults.attacks import draws
from faults.running import say
from platgov.errors import PlatgovError, StorageError, VerificationError
from platgov.ledger import Ledger

FRAME, WAL_HEADER, SECTOR = 4_096 + 24, 32, 512


def value(rng, number):
    return {"n": number, "text": "x" * rng.choice((0, 300, 6_000))}


class Damaged:
    """A ledger of which the last commits are in the log only, and a folder to put damaged copies in."""

    def __init__(self, folder, rng, count=40):
        self.copy = folder / "copy.db"
        path = folder / "whole.db"
        with Ledger.open(path, origin="example.org/disk", entropy=draws()) as ledger:
            for number in range(30):
                ledger.append(value(rng, number), key=f"k{number}", subject=f"u{number % 7}")
        with Ledger.open(path, entropy=draws(b"more")) as ledger:
            log = path.with_name("whole.db-wal")
            base = ledger.checkpoint()
            self.acknowledged = [(0, base)]
            for number in range(30, 30 + count):
                ledger.append(value(rng, number), key=f"k{number}", subject=f"u{number % 7}")
                self.acknowledged.append((log.stat().st_size, ledger.checkpoint()))
            self.main, self.log = path.read_bytes(), log.read_bytes()
        self.roots = {kept.size: kept for _, kept in self.acknowledged}
        if len(self.log) != self.acknowledged[-1][0]:
            raise AssertionError("the log was moved into the file while this was made")

    def wrong(self, log, *, whole_to):
        """Say what is wrong with a ledger whose log is whole up to an offset; None if nothing is."""
        self.copy.write_bytes(self.main)
        self.copy.with_name("copy.db-wal").write_bytes(log)
        self.copy.with_name("copy.db-shm").unlink(missing_ok=True)
        needed = max((kept for at, kept in self.acknowledged if at <= whole_to), key=lambda kept: kept.size)
        try:
            with Ledger.open(self.copy) as ledger:
                ledger.verify([needed])
                if ledger.checkpoint() != self.roots.get(ledger.size):
                    return f"{ledger.size} entries are there, but not the ones that were"
                ledger.append({}, key="new")
                ledger.verify([needed])
        except (PlatgovError, sqlite3.Error) as bad:
            return f"{type(bad).__name__}: {bad}"
        return None


def cuts(rng, trials):
    with tempfile.TemporaryDirectory() as folder:
        damaged = Damaged(pathlib.Path(folder), rng)
        length = len(damaged.log)
        ends = [at for at, _ in damaged.acknowledged]
        frames = [*range(WAL_HEADER, length + 1, FRAME)]
        boundaries = [*ends, *frames, *(at - 1 for at in ends if at), *(at + 24 for at in frames if at < length)]
        if trials < len(boundaries):
            boundaries = rng.sample(boundaries, trials // 2)
        offsets = {*boundaries, 0, length, *(rng.randrange(length) for _ in range(trials - len(boundaries)))}
        bad = [(at, what) for at in sorted(offsets) if (what := damaged.wrong(damaged.log[:at], whole_to=at))]
        # A log that ends one byte early has lost its last commit: whoever wants that one must be told.
        control = damaged.wrong(damaged.log[:-1], whole_to=length)
        return {"trials": len(offsets), "bad": bad[:3], "control": control}


def torn(rng, trials):
    with tempfile.TemporaryDirectory() as folder:
        damaged = Damaged(pathlib.Path(folder), rng)
        bad = []
        for _ in range(trials):
            at = rng.randrange(len(damaged.log) // SECTOR) * SECTOR
            sector = bytes(SECTOR) if rng.random() < 0.5 else rng.randbytes(SECTOR)
            log = damaged.log[:at] + sector + damaged.log[at + SECTOR :]
            if what := damaged.wrong(log, whole_to=at):
                bad.append((at, what))
        control = damaged.wrong(bytes(SECTOR) + damaged.log[SECTOR:], whole_to=len(damaged.log))
        return {"trials": trials, "bad": bad[:3], "control": control}


def answers(ledger, keys):
    """Give everything that a host can ask this ledger about its entries."""
    return (
        [ledger._row(seq) for seq in range(len(keys))],
        [entry.seq for entry in ledger.entries()],
        [[entry.seq for entry in ledger.entries(subject=f"u{n}")] for n in range(7)],
        [(entry := ledger.find(key)) and entry.seq for key in keys],
    )


def flips(rng, trials):
    found, silent, other = collections.Counter(), [], []
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "ledger.db"
        keys = [f"k{number}" for number in range(90)]
        with Ledger.open(path, origin="example.org/disk", entropy=draws()) as ledger:
            for number, key in enumerate(keys):
                ledger.append(value(rng, number), key=key, subject=f"u{number % 7}")
            kept, before = ledger.checkpoint(), answers(ledger, keys)
        data = path.read_bytes()
        for _ in range(trials):
            at, bit = rng.randrange(len(data)), 1 << rng.randrange(8)
            path.write_bytes(data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :])
            for side in ("-wal", "-shm"):
                path.with_name(f"ledger.db{side}").unlink(missing_ok=True)
            try:
                with Ledger.open(path) as ledger:
                    ledger.verify([kept])
                    now = answers(ledger, keys)
            except VerificationError:
                found["verify"] += 1
            except StorageError:
                found["sqlite"] += 1
            except Exception as bad:
                other.append((at, bit, f"{type(bad).__name__}: {bad}"))
            else:
                found["harmless" if now == before else "silent"] += 1
                if now != before:
                    silent.append((at, bit))
    return {"trials": trials, **found, "where": silent[:5], "other": other[:5], "bytes": len(data)}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("what", choices=("cuts", "torn", "flips"))
    options.add_argument("--trials", type=int, default=60)
    options.add_argument("--seed", type=int, default=3)
    given = options.parse_args()
    began = time.monotonic()
    found = {"cuts": cuts, "torn": torn, "flips": flips}[given.what](random.Random(given.seed), given.trials)
    say(**found, seconds=round(time.monotonic() - began, 1))


if __name__ == "__main__":
    main()
