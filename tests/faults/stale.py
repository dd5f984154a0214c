"""A host closes a file twice over and keeps the number: its log lines then land in files of the ledger.

The number of a descriptor that the host has closed is handed to whatever is opened next. Here that
is a file of the ledger, for each of the first numbers in turn, and the host writes its line there.
"""

import argparse
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from faults.attacks import draws
from faults.running import say
from platgov.errors import PlatgovError
from platgov.ledger import Ledger

LINE = b"2026-01-01T00:00:00Z INFO a line of the host that was meant for its own log\n"


def filled(path):
    with Ledger.open(path, origin="example.org/stale", entropy=draws()) as ledger:
        for number in range(30):
            ledger.append({"n": number}, key=f"k{number}", subject=f"u{number % 3}")
        return ledger.checkpoint()


def told(work):
    try:
        return work(), None
    except PlatgovError as bad:
        return None, f"{type(bad).__name__} {getattr(bad, 'code', '')}"


def main():
    options = argparse.ArgumentParser()
    options.add_argument("path", type=pathlib.Path)
    options.add_argument("--number", type=int, default=0, help="which of the freed descriptors the host goes on using")
    options.add_argument("--crash", action="store_true", help="end without closing the ledger")
    given = options.parse_args()
    kept = filled(given.path)
    freed = [os.open(os.devnull, os.O_WRONLY) for _ in range(12)]
    for number in freed:
        os.close(number)
    stale = freed[given.number]
    ledger = Ledger.open(given.path, entropy=draws(b"more"))
    acknowledged = [ledger.append({"n": n}, key=f"k{n}", subject="u1") for n in range(30, 34)]
    kept = ledger.checkpoint()
    try:
        hit = os.readlink(f"/proc/self/fd/{stale}")
        os.pwrite(stale, LINE, 0)
    except OSError:
        say(hit=None)
        return
    at_once = told(lambda: ledger.verify([kept]).size)
    if given.crash:  # nothing is moved out of the log: what is on disk is all there is
        os.write(1, (json.dumps({"hit": hit.removeprefix(str(given.path)), "checkpoint": kept.text}) + "\n").encode())
        os._exit(0)
    told(ledger.close)

    def reopened():
        with Ledger.open(given.path) as again:
            again.verify([kept])
            return all(again.find(each.key).leaf_hash == each.leaf_hash for each in acknowledged)

    later = told(reopened)
    say(hit=hit.removeprefix(str(given.path)), at_once=at_once, later=later)


if __name__ == "__main__":
    main()
