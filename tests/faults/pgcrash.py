"""Crash a PostgreSQL server under writers, again and again, and look at what it left.

The server is started here, in a folder of its own, on a port of its own, as a user who is not
root; it is stopped with ``-m immediate``, which is what it does when it crashes. Writers try each
key until it is acknowledged.
"""

import argparse
import collections
import contextlib
import os
import pathlib
import pwd
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from faults.running import say
from platgov.errors import PlatgovError, StorageError, VerificationError
from platgov.ledger import Ledger, Record

WRITERS = 4
USER = "postgres"


def programs():
    """Give the folder of ``initdb`` and ``pg_ctl``; None where there is none."""
    found = shutil.which("initdb")
    folders = [pathlib.Path(found).parent] if found else []
    folders += sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def why_not():
    """Say why a server cannot be started here; None if it can."""
    if programs() is None:
        return "no initdb of PostgreSQL is installed"
    if os.name != "posix" or os.getuid() != 0:
        return None
    if shutil.which("runuser") is None:
        return "PostgreSQL does not run as root, and there is no runuser to become another user"
    try:
        pwd.getpwnam(USER)
    except KeyError:
        return f"PostgreSQL does not run as root, and there is no user {USER}"
    return None


class Server:
    """A server of our own."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pgcrash"))
        self.as_user = []
        if os.getuid() == 0:
            shutil.chown(self.folder, USER)
            self.as_user = ["runuser", "-u", USER, "--"]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"postgresql://{USER}@127.0.0.1:{self.port}/postgres?connect_timeout=5"
        self.data = self.folder / "data"
        self._run("initdb", "-D", self.data, "-A", "trust", "-U", USER, "--no-sync", "-E", "UTF8", "--locale=C")

    def start(self):
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.data} -c fsync=on"
        self._run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-l", self.data / "log", "-o", options, "start")

    def crash(self):
        self._run("pg_ctl", "-D", self.data, "-w", "-m", "immediate", "stop")

    def remove(self):
        with contextlib.suppress(subprocess.CalledProcessError):
            self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program, *arguments):
        command = [*self.as_user, programs() / program, *arguments]
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)


def write(number, address, stop, answers):
    """Append until told to stop, each key until it is acknowledged; tell what was."""
    acknowledged, repeated, errors, n, ledger = {}, 0, collections.Counter(), 0, None
    while not stop.is_set():
        records = [
            Record(value={"n": n, "text": "x" * 100}, key=f"{number}-{n}-{m}", subject=f"u{n % 5}")
            for m in range(3 if n % 10 == 0 else 1)
        ]
        try:
            if ledger is None:
                ledger = Ledger.open(address, timeout_s=20)
            receipts = ledger.append_many(records)
        except (StorageError, VerificationError) as bad:
            errors[f"{type(bad).__name__} {bad.code}"] += 1
            time.sleep(0.05)
            continue
        acknowledged.update((receipt.key, receipt.leaf_hash.hex()) for receipt in receipts)
        repeated += sum(receipt.repeated for receipt in receipts)
        n += 1
    answers.put((acknowledged, repeated, dict(errors)))


def run(crashes, rng):
    import multiprocessing

    forks = multiprocessing.get_context("fork")
    server = Server()
    stop, answers, writers = forks.Event(), forks.Queue(), []
    try:
        server.start()
        with Ledger.open(server.address) as ledger:
            kept = [ledger.checkpoint()]
        writers = [forks.Process(target=write, args=(n, server.address, stop, answers)) for n in range(WRITERS)]
        for each in writers:
            each.start()
        for _ in range(crashes):
            time.sleep(rng.uniform(0.2, 0.6))
            server.crash()
            server.start()
            with Ledger.open(server.address, timeout_s=20) as ledger:
                ledger.verify(kept)
                kept = [*kept[-3:], ledger.checkpoint()]
        time.sleep(0.5)
        stop.set()
        heard = [answers.get(timeout=60) for _ in writers]
        with Ledger.open(server.address) as ledger:
            verified = ledger.verify(kept)
            found = {entry.key: entry.leaf_hash.hex() for entry in ledger.entries()}
    finally:
        stop.set()
        for each in writers:
            each.join(30)
            if each.is_alive():
                each.kill()
        server.remove()
    acknowledged, errors = {}, collections.Counter()
    for those, _, bad in heard:
        acknowledged |= those
        errors.update(bad)
    return {
        "crashes": crashes,
        "acknowledged": len(acknowledged),
        "lost": sum(found.get(key) != leaf for key, leaf in acknowledged.items()),
        "twice": verified.size - len(found),
        "never_asked_for": sum(key not in acknowledged for key in found),
        "false_alarms": sum(count for error, count in errors.items() if error.startswith("VerificationError")),
        "resolved_by_key": sum(repeated for _, repeated, _ in heard),
        "errors": dict(errors),
    }


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--crashes", type=int, default=2)
    options.add_argument("--seed", type=int, default=2)
    given = options.parse_args()
    began = time.monotonic()
    try:
        found = run(given.crashes, random.Random(given.seed))
    except PlatgovError as bad:
        found = {"bad": f"{type(bad).__name__}: {bad}"}
    say(**found, seconds=round(time.monotonic() - began, 1))


if __name__ == "__main__":
    main()
