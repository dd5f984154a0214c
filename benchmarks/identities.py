"""Are people found again by another of their names and addresses? On lists of real people, which are not ours.

::

    python benchmarks/identities.py --mailmaps A B      # two files .mailmap, such as those of sympy and numpy
    python benchmarks/identities.py --pairs cases.csv   # labelled pairs of names, such as nomenklatura's

The files hold names and addresses of people, so none comes with the project, and only counts are
printed. ``--mailmaps``: who has several entries in one file is banned by the first and comes back
by each of the others, among people who have one entry, six in ten of whom are banned as well;
what is known of how rare names are comes from the other file. Asked is whether the best candidate
is the right one, and how many are found where so many innocent people would be stopped, beside
the ratios that hosts use. Some of the innocent are known by another name only to the file: those
with an address of somebody banned are left out. ``--pairs``: names alone, best F1 of any line.
"""

from __future__ import annotations

import argparse
import csv
import random
import re
import statistics
import time
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler
from revival import KEYS, NOW, bar, best_f1, share

from platgov._blacklist.canonical import Canon
from platgov._blacklist.evidence import judge
from platgov._blacklist.fitting import observed
from platgov._blacklist.rarity import NameModel, Population
from platgov._blacklist.signals import Signals
from platgov._blacklist.store import NewBan, TagStore
from platgov._blacklist.weights import Weights

_ENTRY: Final = re.compile(r"([^<>]*)<([^<>]+)>")
_ADDRESS: Final = re.compile(r"[\w.+-]*\w@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}")
_NUMBER: Final = re.compile(r"^\d+\+")
_SHORTEST: Final = 4
_TOTAL: Final = 10_000_000


class Entry(NamedTuple):
    """A name and an address."""

    name: str
    address: str

    @property
    def local(self) -> str:
        """The address before the sign, without the number that a host of code puts before it."""
        return _NUMBER.sub("", self.address.partition("@")[0])

    def signals(self) -> Signals:
        """Give what a platform would know."""
        known = {"display_name": self.name}
        if _ADDRESS.fullmatch(self.address):
            known["email"] = self.address
        if len(self.local) >= _SHORTEST - 1:
            known["handle"] = self.local
        return Signals(**known)


class World(NamedTuple):
    """Who is banned, who comes back (and as whom), and who is somebody else."""

    banned: list[tuple[Entry, str]]
    back: list[tuple[Entry, str]]
    others: list[Entry]


def people(path: Path) -> dict[str, list[Entry]]:
    """Read a mailmap: person to different entries."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        entries = _ENTRY.findall(line.partition("#")[0])
        if not entries:
            continue
        person = entries[0][0].strip()
        for name, address in entries:
            entry = Entry(name.strip() or person, address.strip().lower())
            if entry not in found[person]:
                found[person].append(entry)
    return found


def world(known: dict[str, list[Entry]]) -> World:
    """Say who is who."""
    rng = random.Random(1)
    made = World([], [], [])
    for person, entries in known.items():
        if len(entries) > 1:
            made.banned.append((entries[0], person))
            made.back.extend((entry, person) for entry in entries[1:])
        elif rng.random() < 0.6:
            made.banned.append((entries[0], person))
        else:
            made.others.append(entries[0])
    addresses = {entry.address for entry, _ in made.banned}
    return made._replace(others=[entry for entry in made.others if entry.address not in addresses])


def bare(text: str) -> str:
    """Write in small letters without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


Look = Callable[[Entry], tuple[float, int | None]]


def ratios(banned: list[Entry]) -> dict[str, Look]:
    """Give what hosts use today: score and place of the best candidate."""
    names = [bare(entry.name) for entry in banned]
    locals_ = [re.sub(r"[^a-z]", "", bare(entry.local)) for entry in banned]
    places = {entry.address: place for place, entry in enumerate(banned)}

    def address(entry: Entry) -> tuple[float, int | None]:
        place = places.get(entry.address)
        return (100.0 if place is not None else 0.0, place)

    def name(entry: Entry) -> tuple[float, int | None]:
        hit = process.extractOne(bare(entry.name), names, scorer=fuzz.ratio)
        return hit[1], hit[2]

    def either(entry: Entry) -> tuple[float, int | None]:
        local = re.sub(r"[^a-z]", "", bare(entry.local))
        if len(local) < _SHORTEST:
            return name(entry)
        hit = process.extractOne(local, locals_, scorer=fuzz.ratio)
        return max(name(entry), (hit[1], hit[2]))

    return {"equal address": address, "ratio of names": name, "ratio of names or handles": either}


def mailmaps(found: dict[str, Any], paths: list[Path]) -> None:
    """Look for people of each file, with what the other one says of names."""
    for path, other in (paths, paths[::-1]):
        made = world(people(path))
        spellings = [
            text for entries in people(other).values() for entry in entries for text in (entry.name, entry.local)
        ]
        population = Population(total=_TOTAL, names=NameModel.fit(spellings))
        systems = ratios([entry for entry, _ in made.banned])
        # Where the people of such files are known from: many have an address for it alone.
        canon = Canon(roles=[*Canon().roles, "github"])
        with TagStore.open(":memory:", keys=KEYS, list_id="people", canon=canon) as store:
            store.add_many(
                NewBan(ban_id=str(place), signals=entry.signals(), starts_at=NOW)
                for place, (entry, _) in enumerate(made.banned)
            )
            systems["platgov"] = searched(store, population)
            print(f"{path.name}: {len(made.banned)} banned, {len(made.back)} come back, {len(made.others)} others")
            recalls = {}
            for system, look in systems.items():
                start = time.process_time()
                lines = sorted((look(entry)[0] for entry in made.others), reverse=True)
                hits = [(look(entry), person) for entry, person in made.back]
                spent = (time.process_time() - start) / (len(lines) + len(hits)) * 1e3
                right = [
                    score for (score, place), person in hits if place is not None and made.banned[place][1] == person
                ]
                above = [sum(score > lines[int(len(lines) * part)] for score in right) for part in (0.05, 0.02, 0.01)]
                recalls[system] = above[-1] / len(hits), len(right) / len(hits)
                told = ", ".join(f"{count / len(hits):.3f}" for count in above)
                print(
                    f"  {system:26} first {share(len(right), len(hits))}; at 5, 2, 1 % innocent: {told}; {spent:.2f} ms"
                )
        best = recalls["ratio of names or handles"]
        bar(found, f"{path.name}: first, over the ratio's", recalls["platgov"][1] - best[1], 0, least=True)
        bar(found, f"{path.name}: recall at 1 %, over the ratio's", recalls["platgov"][0] - best[0], 0, least=True)


def searched(store: TagStore, population: Population) -> Look:
    """Give the look-up of platgov: score and place of the best candidate."""
    weights = Weights.default()

    def look(entry: Entry) -> tuple[float, int | None]:
        query = store.prepare(entry.signals())
        match = judge(query, store.candidates(query, at=NOW + 60), weights=weights, population=population, at=NOW + 60)
        return (match.best.score_bits, int(match.best.ban_id)) if match.best else (-1e9, None)

    return look


def pairs(path: Path) -> None:
    """Compare labelled pairs of names of persons."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["schema"] == "Person"]
    labels = [row["is_match"].lower() == "true" for row in rows]
    weights = Weights.default()

    def ours(one: str, other: str) -> float:
        found = observed([(Signals(display_name=one), Signals(display_name=other))], weights=weights)
        return found[0].score_bits if found else 0.0

    print(f"{path.name}: {len(rows)} pairs, {sum(labels)} of one person")
    for system, score in {
        "ratio": lambda one, other: fuzz.ratio(bare(one), bare(other)),
        "ratio of sorted words": lambda one, other: fuzz.token_sort_ratio(bare(one), bare(other)),
        "Jaro-Winkler": lambda one, other: JaroWinkler.similarity(bare(one), bare(other)),
        "platgov": ours,
    }.items():
        times = []
        for _ in range(3):
            start = time.process_time()
            scores = [score(row["name1"], row["name2"]) for row in rows]
            times.append((time.process_time() - start) / len(rows) * 1e6)
        f1, _ = best_f1(list(zip(scores, labels, strict=True)), sum(labels))
        print(f"  {system:26} F1 {f1:.3f}, {statistics.median(times):.0f} µs")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mailmaps", nargs=2, type=Path)
    parser.add_argument("--pairs", type=Path)
    options = parser.parse_args()
    found: dict[str, Any] = {}
    if options.mailmaps:
        mailmaps(found, options.mailmaps)
    if options.pairs:
        pairs(options.pairs)


if __name__ == "__main__":
    main()
