"""Measures how look-ups in the blacklist grow with the list, and draws it.

::

    python benchmarks/blacklist_scale.py --sizes 10000 100000 1000000 --svg growth.svg
    python benchmarks/blacklist_scale.py --exact 10000000      # exact tags alone, one per ban

Bans are those of `blacklist_index`. Times of look-ups are CPU time. With ``--exact`` each ban has
one tag: so many are written, and then sought among as many that are not there.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from pathlib import Path

import blacklist_index as index

from platgov._blacklist import schema
from platgov._blacklist.canonical import Form
from platgov._blacklist.keys import KeyRing
from platgov._blacklist.store import TagStore
from platgov._blacklist.tags import Prepared, in_index, pack, split

KEYS = KeyRing.single(bytes(range(32)))
BATCH = 50_000


def growth(count, queries):
    """Build a list of ``count`` bans; give medians and percentiles in ms, and bytes for each ban."""
    held = index.names(count)
    rng = random.Random(3)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bans.db"
        with TagStore.open(path, keys=KEYS, list_id="bench") as store:
            exact_s, array_s, _ = index.fill(store, held)
            exact, fuzzy, whole = [], [], []
            for number in rng.sample(range(count), queries):
                query = index.prepared(store.tagger, held[number], number + 1)
                near = index.prepared(store.tagger, index.edited(held[number], rng), None)
                for times, run, wanted in (
                    (exact, lambda session, query=query: store.lookups.exact(session, query)[0], True),
                    (fuzzy, lambda session, near=near: store.lookups.near(session, near, 1)[0], False),
                ):
                    with store._store.read() as session:
                        seconds, found = index.timed(lambda run=run, session=session: run(session))
                    assert not wanted or number + 1 in found
                    times.append(seconds)
                seconds, _ = index.timed(lambda near=near: store.candidates(near, at=1))
                whole.append(seconds)
        row = {"bans": count, "build_s": exact_s + array_s, "bytes": path.stat().st_size / count}
        for name, times in (("exact", exact), ("fuzzy", fuzzy), ("whole", whole)):
            row[name] = [index.percentile(times, share) * 1e3 for share in (0.5, 0.99)]
    return row


def one_tag(tagger, number):
    """Give a newcomer of whom one thing is known."""
    form = Form(signal="email", kind="address", value=f"person{number}@example.org")
    return Prepared(
        forms=(form,), tags={1: (tagger._tag(form, 1),)}, sketches={1: ()},
        verified=None, created_at=None, tagger=tagger,
    )  # fmt: skip


def exact_only(count, queries):
    """Write ``count`` bans of one tag each, and look some up."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bans.db"
        with TagStore.open(path, keys=KEYS, list_id="bench") as store:
            start = time.perf_counter()
            for first in range(1, count + 1, BATCH):
                rows, tags = [], []
                for number in range(first, min(first + BATCH, count + 1)):
                    packed, sketches, avatar = pack(one_tag(store.tagger, number), 1, number.to_bytes(8))
                    rows.append((number, 1, f"b{number}", 0, None, None, None, None, b"", number.to_bytes(8), packed, sketches, avatar))  # fmt: skip  # noqa: E501 - one row of the table
                    tags += [(in_index(tag), number) for _, _, tag in split(packed)]
                with store._store.write() as session:
                    session.run(schema.NEXT, (len(rows),))
                    session.many(schema.INSERT, rows)
                    session.many(schema.ADD_TAG, sorted(tags))
            built = time.perf_counter() - start
            rng = random.Random(5)
            times, right = [], 0
            for number in rng.sample(range(1, count + 1), queries) + [count + place for place in range(1, queries + 1)]:
                query = one_tag(store.tagger, number)
                with store._store.read() as session:
                    seconds, (found, _) = index.timed(
                        lambda session=session, query=query: store.lookups.exact(session, query)
                    )
                times.append(seconds)
                right += found == ({number} if number <= count else set())
        return {
            "tags": count,
            "build_s": built,
            "bytes": path.stat().st_size / count,
            "looked_up": 2 * queries,
            "right": right,
            "exact": [index.percentile(times, share) * 1e3 for share in (0.5, 0.99)],
        }


def drawn(rows, path):
    """Draw the growth, in colours that read on light and on dark pages."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "platgov"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
    grey = "#808080"
    for name, label, colour in (
        ("exact", "exact, 5 signals", "#1b9e77"),
        ("fuzzy", "near names", "#d95f02"),
        ("whole", "all of it, with the comparison", "#7570b3"),
    ):
        for place, style in ((0, "o-"), (1, "x:")):
            values = [row[name][place] for row in rows]
            axes.plot([row["bans"] for row in rows], values, style, color=colour, label=None if place else label)
    axes.set(xscale="log", yscale="log", xlabel="bans", ylabel="CPU ms (line: median, dots: 99 %)")
    axes.tick_params(colors=grey, which="both")
    for part in (axes.xaxis.label, axes.yaxis.label):
        part.set_color(grey)
    for spine in axes.spines.values():
        spine.set_color(grey)
    axes.grid(color=grey, alpha=0.25)
    axes.legend(frameon=False, labelcolor=grey)
    figure.savefig(path, transparent=True, metadata={"Date": None, "Creator": None})


def main():
    """Measure, print, and draw if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", type=int, default=[10_000, 100_000])
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--exact", type=int)
    parser.add_argument("--svg", type=Path)
    options = parser.parse_args()
    if options.exact:
        print(json.dumps(exact_only(options.exact, options.queries)))
        return
    rows = []
    for size in options.sizes:
        rows.append(growth(size, options.queries))
        print(json.dumps(rows[-1]), flush=True)
    if options.svg:
        drawn(rows, options.svg)


if __name__ == "__main__":
    main()
