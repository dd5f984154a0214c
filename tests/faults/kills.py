"""Kill a writer again and again, at any moment, and look at what it left.

A child appends one, many, in a host's transaction, and erases; it says what it is about to do and
what was acknowledged through a pipe. Its parent kills it, and then wants everything acknowledged to
be there, everything else to be there as a whole or not at all, and the ledger to fit its checkpoints.

``--control no-transaction`` and ``--control ack-first`` break the writer on purpose: a harness that
does not catch them could not catch anything.
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from faults.running import say
from platgov._ledger import tables
from platgov._ledger.entry import leaf_of
from platgov.errors import PlatgovError
from platgov.ledger import Ledger, Record, leaf_hash

FRESH_EVERY = 25
TEXTS = re.compile(rb"erased-\d{7}-|body-\d{7}-")
HOST = "CREATE TABLE IF NOT EXISTS host (key TEXT PRIMARY KEY)"


class LossError(Exception):
    """Something acknowledged is lost, or something is there by half."""


class NoTransaction(sqlite3.Connection):
    """A connection on which every statement is a transaction of its own."""

    def execute(self, sql, *params):
        left_out = sql in ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK") and not self.in_transaction
        return super().execute("SELECT 1" if left_out else sql, *params)


def body(rng, number):
    return {"n": number, "text": f"body-{number:07}-" + "x" * rng.choice((0, 200, 5_000))}


# -- the writer that is killed -----------------------------------------------------------------


def write_until_killed(path, out, seed, start, control):
    rng = random.Random(seed)
    if control == "no-transaction":
        original = sqlite3.connect
        sqlite3.connect = lambda *a, **k: original(*a, **{**k, "factory": NoTransaction})
    ledger = Ledger.open(path)
    host = sqlite3.connect(path, isolation_level=None, timeout=30)
    host.execute("PRAGMA synchronous = FULL")
    tell = _teller(out)
    number = start
    while True:
        what = rng.choice(("one", "one", "many") if control else ("one", "one", "many", "host", "erase"))
        count = rng.randint(2, 20) if what == "many" else 2 if what == "erase" else 1
        subject = f"person-{start}-{rng.randrange(5)}" if what != "erase" else f"erased-{number:07}-"
        records = [
            Record(value=body(rng, n), key=f"key-{n}", subject=subject, stream="host" if what == "host" else "main")
            for n in range(number, number + count)
        ]
        number += count
        keys = [record.key for record in records]
        tell("S", what=what, keys=keys, subject=subject)
        if control == "ack-first":
            tell("A", keys=keys)
        receipts = _do(ledger, host, what, records)
        tell("A", keys=keys, leaves=[receipt.leaf_hash.hex() for receipt in receipts])
        if what == "erase":
            tell("E", subject=subject)
            ledger.erase(subject=subject)
            tell("F", subject=subject)


def _do(ledger, host, what, records):
    if what != "host":
        return ledger.append_many(records)
    (record,) = records
    host.execute("BEGIN IMMEDIATE")
    host.execute("INSERT INTO host VALUES (?)", (record.key,))
    receipt = ledger.append_in(host, record.value, key=record.key, subject=record.subject, stream="host")
    host.execute("COMMIT")
    return (receipt,)


def _teller(out):
    def tell(kind, **what):
        os.write(out, f"{json.dumps({'kind': kind, **what})}\n".encode())

    return tell


# -- the parent ---------------------------------------------------------------------------------


class Story:
    """What the children of one file said, and whether the file bears it out."""

    def __init__(self, path, control):
        self.path, self.control = path, control
        self.number = 0
        self.acknowledged, self.erased, self.kept = {}, set(), []
        self.tails = self.retried = 0
        with Ledger.open(path):
            pass
        with contextlib.closing(sqlite3.connect(path)) as host:
            host.execute(HOST)

    def round(self, rng):
        heard = self._killed(rng)
        pending, erasing = self._read(heard)
        self._look(pending, erasing)

    def _killed(self, rng):
        get, put = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.close(get)
                os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
                write_until_killed(self.path, put, rng.random(), self.number, self.control)
            finally:
                os._exit(1)
        os.close(put)
        heard = os.read(get, 1)  # it has opened the ledger
        time.sleep(rng.choice((rng.uniform(0, 0.02), rng.uniform(0, 0.1), rng.uniform(0, 0.3))))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        while more := os.read(get, 1 << 16):
            heard += more
        os.close(get)
        if os.WTERMSIG(status) != signal.SIGKILL:
            raise LossError(f"the writer ended by itself: {status}")
        return heard

    def _read(self, heard):
        pending, erasing = None, None
        for line in heard[: heard.rfind(b"\n") + 1].splitlines():
            said = json.loads(line)
            match said["kind"]:
                case "S":
                    pending = said
                    self.number = max(self.number, int(said["keys"][-1].removeprefix("key-")) + 1)
                case "A":
                    self.acknowledged.update(zip(said["keys"], said.get("leaves") or [None] * 99, strict=False))
                    pending = None
                case "E":
                    erasing = said["subject"]
                case _:
                    self.erased.add(said["subject"])
                    erasing = None
        self.number += 100  # past whatever was said in a last line that the kill cut off
        return pending, erasing

    def _look(self, pending, erasing):
        with Ledger.open(self.path) as ledger:
            ledger.verify(self.kept)
            with contextlib.closing(sqlite3.connect(self.path)) as connection:
                if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                    raise LossError("integrity_check")
                rows = connection.execute("SELECT key_text, subject_text, seq, stream FROM platgov_entries").fetchall()
                host = {key for (key,) in connection.execute("SELECT key FROM host")}
                leaves = {row[5]: row for row in connection.execute(tables.LEAF_RANGE, (0, ledger.size))}
            there = {key: seq for key, _, seq, _ in rows if key is not None}
            for key, leaf in self.acknowledged.items():
                row = leaves.get(ledger._identity.key_tag(key))  # an erased entry has lost its key, and kept this
                if row is None:
                    raise LossError(f"an acknowledged entry is missing: {key}")
                if leaf is not None and leaf_hash(leaf_of(ledger.origin, *row)).hex() != leaf:
                    raise LossError(f"{key} is not what was acknowledged")
            if host != {key for key, _, _, stream in rows if stream == "host"}:
                raise LossError("an entry and its host's row are not there together")
            if pending is not None:
                found = [key for key in pending["keys"] if key in there]
                if len(found) not in (0, len(pending["keys"])):
                    raise LossError("half a batch is there")
                self.tails += bool(found)
            if erasing is not None:
                self._erase_again(ledger, erasing, rows)
            remaining = {subject for _, subject, _, _ in rows} & self.erased
            if remaining - ({erasing} if erasing else set()):
                raise LossError("an acknowledged erasure is undone")
            self._unknown(ledger, pending, there)
            self.kept = [*self.kept[-3:], ledger.checkpoint()]
            ledger.verify(self.kept)
        data = b"".join(file.read_bytes() for file in pathlib.Path(self.path).parent.iterdir())
        texts = {match.decode() for match in TEXTS.findall(data)}
        for subject in self.erased:
            number = int(subject.split("-")[1])
            if texts & {subject, f"body-{number:07}-", f"body-{number + 1:07}-"}:
                raise LossError(f"what was erased of {subject} is still in the files")

    def _erase_again(self, ledger, subject, rows):
        whole = [key for key, name, _, _ in rows if name == subject]
        if len(whole) not in (0, 2):
            raise LossError("half an erasure is there")
        ledger.erase(subject=subject)
        self.erased.add(subject)
        self.retried += 1

    def _unknown(self, ledger, pending, there):
        """Whatever was not acknowledged can be asked for again: the keys of one batch, one at a time."""
        for key in pending["keys"] if pending is not None else ():
            entry = ledger.find(key)
            value = entry.body if entry is not None else {"again": key}
            subject = entry.subject if entry is not None else "again"
            stream = entry.stream if entry is not None else "main"
            receipt = ledger.append(value, key=key, subject=subject, stream=stream)
            if receipt.repeated != (key in there):
                raise LossError(f"{key} was recorded twice")
            self.acknowledged[key] = receipt.leaf_hash.hex()


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--kills", type=int, default=60)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--control", choices=("no-transaction", "ack-first"))
    given = options.parse_args()
    rng = random.Random(given.seed)
    began, caught, done, acknowledged, tails, retried, erased = time.monotonic(), None, 0, 0, 0, 0, 0
    while done < given.kills and caught is None:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="kills"))
        story = Story(str(folder / "ledger.db"), given.control)
        for _ in range(min(FRESH_EVERY, given.kills - done)):
            done += 1
            try:
                story.round(rng)
            except (LossError, PlatgovError, sqlite3.Error) as bad:
                caught = f"{type(bad).__name__}: {bad}"
                break
        acknowledged += len(story.acknowledged)
        tails, retried, erased = tails + story.tails, retried + story.retried, erased + len(story.erased)
        shutil.rmtree(folder)
    say(
        kills=done,
        caught=caught,
        acknowledged=acknowledged,
        unanswered_but_whole=tails,
        erased=erased,
        erasures_cut_off=retried,
        seconds=round(time.monotonic() - began, 1),
    )


if __name__ == "__main__":
    main()
