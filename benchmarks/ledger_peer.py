"""Appends to pymerkle's tree in SQLite, for `ledger`, in an environment of its own (it is under the GPL).

Reads one order a line from standard input, as JSON, and answers each with one line: ``append``
leaves (in hex) to a tree in transactions of ``batch``, giving the seconds taken; or ``root``, giving
size and root. The tree ``wal`` has a write-ahead log, like ours; ``default`` is as it comes.
"""

import json
import pathlib
import sys
import time

import pymerkle


def main() -> None:
    """Carry out orders until there are no more."""
    directory = pathlib.Path(sys.argv[1])
    trees = {}
    for line in sys.stdin:
        order = json.loads(line)
        name = f"{order['tree']}-{order['batch']}"
        if name not in trees:
            trees[name] = pymerkle.SqliteTree(str(directory / f"pymerkle-{name}.db"))
            if order["tree"] == "wal":
                trees[name].con.execute("PRAGMA journal_mode = WAL").fetchall()
        tree, answer = trees[name], {}
        if "leaves" in order:
            leaves = [bytes.fromhex(leaf) for leaf in order["leaves"]]
            started = time.perf_counter()
            if order["batch"] == 1:
                for leaf in leaves:
                    tree.append_entry(leaf)
            else:
                for at in range(0, len(leaves), order["batch"]):
                    tree.append_entries(leaves[at : at + order["batch"]])
            answer["seconds"] = time.perf_counter() - started
        else:
            answer = {"size": tree.get_size(), "root": tree.get_root().hex()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
