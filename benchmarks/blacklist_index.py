"""Measures the index of the blacklist: size, exact and fuzzy look-ups, against a scan by rapidfuzz.

Run as ``python benchmarks/blacklist_index.py [bans]``, 100,000 by default. The bans are made up:
names of syllables, popular ones more often, as names of people are. Times of look-ups are CPU
time; a look-up and a scan take turns. Every near name that the scan finds has to be found.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from array import array
from pathlib import Path

from _timing import Bar
from rapidfuzz import process
from rapidfuzz.distance import OSA

from platgov._blacklist import schema
from platgov._blacklist.blocks import entry
from platgov._blacklist.canonical import Form
from platgov._blacklist.fuzzy import allowed, pieces_of_query, sketch
from platgov._blacklist.keys import KeyRing
from platgov._blacklist.signals import Signals
from platgov._blacklist.store import TagStore
from platgov._blacklist.tags import Prepared, in_index, pack, split

BATCH = 20_000
SIGNALS_USED = (("email", "address"), ("phone", "number"), ("device", "id"), ("payment", "id"))
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def names(count, seed=7):
    """Make different names of two words, about 13 letters, the popular words more often."""
    rng = random.Random(seed)
    parts = [a + b for a in "bcdfghjklmnprstvwz" for b in ("a", "e", "i", "o", "u", "an", "er", "in", "on", "ar")]
    words = list(dict.fromkeys("".join(rng.choices(parts, k=rng.choice((2, 3, 3)))) for _ in range(20_000)))
    found = {}
    while len(found) < count:
        name = words[int(len(words) * rng.random() ** 2.2)] + words[int(len(words) * rng.random() ** 2.2)]
        if rng.random() < 0.3:
            name += rng.choice(LETTERS) + rng.choice(LETTERS)
        found[name] = None
    return list(found)


def edited(name, rng):
    """Make one or two edits."""
    for _ in range(rng.choice((1, 2))):
        place, kind = rng.randrange(len(name)), rng.randrange(4)
        if kind == 0:
            name = name[:place] + rng.choice(LETTERS) + name[place + 1 :]
        elif kind == 1:
            name = name[:place] + rng.choice(LETTERS) + name[place:]
        elif kind == 2:
            name = name[:place] + name[place + 1 :]
        else:
            name = name[:place] + name[place : place + 2][::-1] + name[place + 2 :]
    return name


def prepared(tagger, name, number):
    """Give a ban of five signals, brought into forms already: the index is measured, not the reading."""
    forms = [Form(signal="handle", kind="squashed", value=name)]
    if number is not None:
        forms += [Form(signal=s, kind=k, value=f"{s}-{number:08d}") for s, k in SIGNALS_USED]
    return Prepared(
        forms=tuple(forms),
        tags={1: tuple(tagger._tag(form, 1) for form in forms)},
        sketches={1: (("handle", sketch(name, tagger._bit_of(1))),)},
        verified=None,
        created_at=None,
        tagger=tagger,
    )


def fill(store, held):
    """Store every name as a ban; give the seconds for bans and exact tags, and those for the array."""
    tagger = store.tagger
    pieces = array("Q")
    start = time.perf_counter()
    for first in range(0, len(held), BATCH):
        rows, tags = [], []
        for number, name in enumerate(held[first : first + BATCH], first + 1):
            query = prepared(tagger, name, number)
            nonce = number.to_bytes(8)
            packed, sketches, avatar = pack(query, 1, nonce)
            rows.append((number, 1, f"b{number}", 0, None, None, None, None, b"", nonce, packed, sketches, avatar))
            tags += [(in_index(tag), number) for _, _, tag in split(packed)]
            pieces.extend([entry(piece, number) for piece in tagger.filed(query, 1)])
        with store._store.write() as session:
            session.run(schema.NEXT, (len(rows),))
            session.many(schema.INSERT, rows)
            session.many(schema.ADD_TAG, sorted(tags))
    middle = time.perf_counter()
    with store._store.write() as session:
        count = store._pieces.merge(session, pieces)
    return middle - start, time.perf_counter() - middle, count


def table_bytes(path):
    """Give the bytes of each table of the file, free pages left out."""
    import sqlite3

    connection = sqlite3.connect(path)
    try:
        return dict(connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))
    except sqlite3.OperationalError:
        return {}
    finally:
        connection.close()


def percentile(times, share):
    return sorted(times)[min(int(len(times) * share), len(times) - 1)]


def timed(run):
    start = time.process_time()
    result = run()
    return time.process_time() - start, result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bans", nargs="?", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--scans", type=int, default=20)
    options = parser.parse_args()
    held = names(options.bans)
    keys = KeyRing.single(bytes(range(32)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bans.db"
        store = TagStore.open(path, keys=keys, list_id="bench")
        exact_s, array_s, count = fill(store, held)
        print(f"{len(held):,} bans, {count:,} pieces; built in {exact_s:.0f} s (bans, tags) + {array_s:.0f} s (array)")
        store.close()
        start = time.perf_counter()
        store = TagStore.open(path, keys=keys, list_id="bench")
        store.candidates(Signals(handle="nobody in here"), at=1)
        reopened = time.perf_counter() - start
        sizes = table_bytes(path)
        print({name: f"{size / len(held):.1f} B/ban" for name, size in sorted(sizes.items())}, path.stat().st_size)
        report(store, held, options, reopened, sizes)
        store.close()


def report(store, held, options, reopened, sizes):
    tagger = store.tagger
    rng = random.Random(3)
    exact, fuzzy, whole, scans = [], [], [], []
    missed = near = truncated = looked = 0
    for number in rng.sample(range(len(held)), min(options.queries, len(held))):
        query = prepared(tagger, held[number], number + 1)

        def look(query=query):
            with store._store.read() as session:
                return store.lookups.exact(session, query)

        seconds, (found, _) = timed(look)
        exact.append(seconds)
        assert number + 1 in found
    for place in range(options.queries):
        number = rng.randrange(len(held))
        name = edited(held[number], rng) if place % 4 else edited(edited(edited(held[number], rng), rng), rng)
        query = prepared(tagger, name, None)

        def search(query=query):
            with store._store.read() as session:
                return store.lookups.near(session, query, 1)

        seconds, (found, cut) = timed(search)
        fuzzy.append(seconds)
        answer = store.candidates(query, at=1)
        truncated += cut
        looked += len(answer.found)
        assert found <= {candidate.record.number for candidate in answer.found}
        expected = [number]
        if place < options.scans:
            seconds, hits = timed(
                lambda name=name: process.extract(name, held, scorer=OSA.distance, score_cutoff=2, limit=None)
            )
            scans.append(seconds)
            expected = [index for _, _, index in hits]
        for index in expected:
            if OSA.distance(name, held[index]) <= allowed(len(name), len(held[index])):
                near += 1
                missed += index + 1 not in found
        spoken = Signals(handle=name, email=f"{name}@example.org", phone="+8613800138000", devices=[name])
        seconds, _ = timed(lambda spoken=spoken: store.candidates(spoken, at=1))
        whole.append(seconds)
    adding(store)
    probes = statistics.mean(len(pieces_of_query(name)) for name in held[:1_000])
    print(f"{near} near pairs, {missed} missed, {truncated} of {options.queries} truncated, ", end="")
    print(f"{looked / options.queries:.2f} found per query, {probes:.0f} probes per name")
    for what, times in (("exact", exact), ("fuzzy", fuzzy), ("read, exact, fuzzy, compare", whole), ("scan", scans)):
        p50, p95, p99 = (percentile(times, share) * 1e3 for share in (0.5, 0.95, 0.99))
        print(f"{what:28} p50 {p50:8.3f} ms   p95 {p95:8.3f} ms   p99 {p99:8.3f} ms")
    bars = [
        Bar("blacklist", "exact look-up of 5 signals, p50 µs", percentile(exact, 0.5) * 1e6, 60),
        Bar("blacklist", "exact look-up of 5 signals, p99 µs", percentile(exact, 0.99) * 1e6, 250),
        Bar("blacklist", "fuzzy look-up, p50 ms", percentile(fuzzy, 0.5) * 1e3, 2),
        Bar("blacklist", "fuzzy look-up, p99 ms", percentile(fuzzy, 0.99) * 1e3, 30),
        Bar(
            "blacklist",
            "scan by rapidfuzz / fuzzy look-up",
            percentile(scans, 0.5) / percentile(fuzzy, 0.5),
            100,
            at_least=True,
        ),
        Bar("blacklist", "near pairs missed", missed, 0),
        Bar("blacklist", "reopen and first look-up, ms", reopened * 1e3, 50),
    ]
    if sizes:
        blocks = sizes["platgov_ban_blocks"] / len(held)
        tags = sizes["platgov_ban_tags"] / len(held) / 5
        bars.append(Bar("blacklist", "array and sketch, bytes per ban", blocks + 19, 160))
        bars.append(Bar("blacklist", "exact tag, index and record, bytes", tags + 11, 30))
    for bar in bars:
        print(bar)


def adding(store):
    from platgov._blacklist.store import NewBan

    times = []
    for place in range(200):
        ban = NewBan(
            ban_id=f"new{place}",
            signals=Signals(handle=f"someone new {place}", email=f"n{place}@example.org"),
            starts_at=0,
        )
        start = time.perf_counter()
        store.add(ban)
        times.append(time.perf_counter() - start)
    p50, p99 = (percentile(times, share) * 1e3 for share in (0.5, 0.99))
    print(f"{'add, wall time':28} p50 {p50:8.3f} ms   p99 {p99:8.3f} ms")


if __name__ == "__main__":
    main()
