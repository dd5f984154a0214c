"""How well and how fast bulk registrations are found, on made-up sign-ups whose truth is known.

Usage: python benchmarks/bulk.py [--quick] [--seeds N] [--json FILE]

No public data set of registration bursts is known, so the sign-ups are generated: a week of
them over nets of very unequal size, one of them a carrier's gateway with hundreds of people
behind it, and campaigns of several makes and sizes, one in five of which is spread so thin that
no method on these five columns could see it. The policy was tuned on even seeds; odd seeds are
only reported. All of this is synthetic: it shows what the method does, not what a host will see.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from _timing import Bar, cpu_seconds

from platgov._accounts.clusters import ClusterPolicy, Registration, registration_clusters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DAY = 86_400
START = 1_790_000_000 // DAY * DAY
TUNED, UNTUNED = (0, 2, 4, 6, 8), (1, 3, 5, 7, 9)

GIVEN = """
anna maria john mike lucy wei li sara omar ivan olga jose juan carlos pedro luis ana laura marta peter paul
tom max felix lena lea nina emma mia noah liam ben jan piotr kasia yuki hana kenji sora jin min ji ahmed
fatima ali hassan leila amir priya ravi anil sunita chen wang zhang liu yang huang mei xiao jing fang david
daniel chris alex sam kim jo pat robin
""".split()  # noqa: SIM905 - a wall of quotes reads worse
FAMILY = """
smith jones brown miller davis garcia lopez perez gomez silva santos costa rossi russo bianchi mueller schmidt
weber wagner becker novak kowalski nowak ivanov petrov popov sato suzuki tanaka kim lee park choi nguyen tran
pham khan singh kumar sharma patel chen wang zhang liu hussain ali ahmed cohen levy doe white green black king
wright hill moore clark
""".split()  # noqa: SIM905 - a wall of quotes reads worse
SYLLABLES = """
ba be bo bu ka ke ko ku da de do du fa fi fo ga go gu ha hi ho ja jo ka ki la le li lo lu ma me mi mo mu na ne
ni no pa pi po ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo wa wi xa ya yo za ze zo sh st tr kr pl
gr th ch
""".split()  # noqa: SIM905 - a wall of quotes reads worse
BIG = ("gmail.com", "qq.com", "163.com", "outlook.com", "yahoo.com", "icloud.com")
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


class World(NamedTuple):
    """Sign-ups, and which of them belong to a campaign."""

    rows: list[Registration]
    bulk: frozenset[str]
    classes: frozenset[str]


def _word(rng: random.Random) -> str:
    return "".join(rng.choices(SYLLABLES, k=rng.randint(2, 5)))


def _handle(rng: random.Random) -> str:
    given, family = rng.choice(GIVEN), rng.choice(FAMILY)
    name = rng.choice(
        (
            given + family,
            f"{given}.{family}",
            f"{given}_{family}",
            _word(rng),
            _word(rng).title(),
            f"{_word(rng)}_{_word(rng)}",
            given + _word(rng),
            given[0] + family,
        )
    )
    return name + (
        str(rng.randrange(100)) if rng.random() < 0.3 else str(rng.randint(1960, 2012)) * (rng.random() < 0.1)
    )


def _mail(rng: random.Random, small: list[str]) -> str:
    return rng.choices(BIG, (40, 15, 10, 10, 5, 5))[0] if rng.random() < 0.9 else rng.choice(small)


def world(seed: int, *, people: int = 50_000, campaigns: int = 120, classes: int = 0) -> World:
    """Make a week of sign-ups.

    Args:
        seed: Equal seeds, equal sign-ups.
        people: Those who come one by one.
        campaigns: Those who come in bulk: 5 to 100 accounts each.
        classes: School classes: 10 to 25 people with one net, one hour and one mail domain.
    """
    rng = random.Random(seed)
    nets = [f"n{number}" for number in range(4000)]
    weights = [1 / (place + 1) ** 0.7 for place in range(4000)]
    small = [f"{_word(rng)}.{rng.choice(('org', 'net', 'de', 'fr', 'edu'))}" for _ in range(400)]
    chosen = rng.choices(nets, weights, k=people)
    rows = []
    for number in range(people):
        # One in a hundred comes through the gateway of one carrier.
        net = "nat" if number % 100 == 0 else chosen[number]
        rows.append((START + rng.randrange(7 * DAY), net, _handle(rng), _mail(rng, small), ""))
    for number in range(campaigns):
        size = rng.choice((5, 10, 20, 50, 100))
        begin, span = START + rng.randrange(6 * DAY), rng.choice((600, 3600, 6 * 3600, DAY))
        own = [f"c{rng.getrandbits(24)}" for _ in range(rng.choice((1, 1, 3, size)))]
        if rng.random() < 0.3:  # some hide behind the gateway or in a large net
            own = [rng.choice(("nat", *nets[:50])) for _ in own]
        make, stem = rng.choice(("word", "random", "people")), _handle(rng).lower()[:6]
        for _ in range(size):
            if make == "word":
                name = stem + str(rng.randrange(1000, 9999))
            elif make == "random":
                name = "".join(rng.choices(LETTERS, k=10))
            else:
                name = rng.choice(GIVEN[:6]) + rng.choice(FAMILY[:4]) + str(rng.randrange(10, 99))
            mail = f"mail{number % 7}.xyz" if rng.random() < 0.6 else "gmail.com"
            rows.append((begin + rng.randrange(span), rng.choice(own), name, mail, "bulk"))
    for number in range(classes):
        begin, net = START + rng.randrange(6 * DAY), rng.choice(nets)
        for _ in range(rng.randint(10, 25)):
            name = f"{rng.choice(GIVEN)}.{rng.choice(FAMILY)}"
            rows.append((begin + rng.randrange(3600), net, name, f"school{number}.edu", "class"))
    rows.sort()  # as a table has them: ids grow with time
    made = [Registration(f"a{place:07}", at, net, name, mail) for place, (at, net, name, mail, _) in enumerate(rows)]
    return World(
        made,
        frozenset(f"a{place:07}" for place, row in enumerate(rows) if row[4] == "bulk"),
        frozenset(f"a{place:07}" for place, row in enumerate(rows) if row[4] == "class"),
    )


class Quality(NamedTuple):
    """How well a set of accounts covers the campaigns, in shares of 1."""

    precision: float
    recall: float
    false_positives: float


def quality(found: Iterable[str], sample: World) -> Quality:
    """Compare what was found with the truth."""
    flagged = set(found)
    hits = len(flagged & sample.bulk)
    return Quality(
        hits / max(len(flagged), 1),
        hits / len(sample.bulk),
        (len(flagged) - hits) / (len(sample.rows) - len(sample.bulk)),
    )


def by_net(rows: list[Registration], most: int = 3) -> list[str]:
    """Find what a limit of accounts per net finds."""
    counts: dict[str | None, int] = {}
    for row in rows:
        counts[row.net] = counts.get(row.net, 0) + 1
    return [row.id for row in rows if counts[row.net] > most]


def by_net_hour(rows: list[Registration], most: int = 3) -> list[str]:
    """Find what a limit of accounts per net and hour finds."""
    counts: dict[tuple[str | None, int], int] = {}
    for row in rows:
        key = (row.net, int(row.at) // 3600)
        counts[key] = counts.get(key, 0) + 1
    return [row.id for row in rows if counts[row.net, int(row.at) // 3600] > most]


def members(rows: list[Registration], policy: ClusterPolicy) -> list[str]:
    """Find what the clusters hold."""
    return [member for cluster in registration_clusters(rows, policy).clusters for member in cluster.members]


def measure(
    seeds: Iterable[int], people: int, find: Callable[[list[Registration]], list[str]]
) -> tuple[Quality, float]:
    """Give the mean quality over worlds, and accounts per CPU second in the median one."""
    found, speeds = [], []
    for seed in seeds:
        sample = world(seed, people=people, campaigns=round(120 * people / 50_000))
        seconds, flagged = cpu_seconds(lambda sample=sample: find(sample.rows))
        found.append(quality(flagged, sample))
        speeds.append(len(sample.rows) / seconds)
    return Quality(*(statistics.mean(column) for column in zip(*found, strict=True))), statistics.median(speeds)


def main() -> int:
    """Print the figures; exit with 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one seed of each half")
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds of each half")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    given = parser.parse_args()
    count = 1 if given.quick else given.seeds
    policy = ClusterPolicy()
    report: dict[str, Any] = {"policy": policy.to_dict()}
    bars: list[Bar] = []
    for half, seeds in (("tuned", TUNED[:count]), ("untuned", UNTUNED[:count])):
        methods = {"limit per net": by_net, "limit per net-hour": by_net_hour}
        for name, find in {**methods, "clusters": lambda rows: members(rows, policy)}.items():
            figures, speed = measure(seeds, 50_000, find)
            report[f"{half}: {name}"] = {**figures._asdict(), "accounts_per_second": speed}
            print(
                f"  {half:8}{name:20} precision {figures.precision:.3f}  recall {figures.recall:.3f}"
                f"  false positives {figures.false_positives:.4f}  {speed / 1e6:.2f} M accounts/s"
            )
        bars += [
            Bar("bulk", f"{half}: precision", figures.precision, 0.95, at_least=True),
            Bar("bulk", f"{half}: recall", figures.recall, 0.70, at_least=True),
            Bar("bulk", f"{half}: false positives", figures.false_positives, 0.003),
            Bar("bulk", f"{half}: M accounts per CPU second", speed / 1e6, 0.3, at_least=True),
        ]
    sample = world(1, classes=20)
    seen = set(members(sample.rows, policy)) & sample.classes
    report["school classes taken for campaigns"] = len(seen) / len(sample.classes)
    print(f"  of people in school classes, {len(seen) / len(sample.classes):.2f} are in a cluster: look before you act")
    for size in () if given.quick else (50_000, 200_000):
        figures, speed = measure((1,), size, lambda rows: members(rows, policy))
        print(f"  {size:8} people: {speed / 1e6:.2f} M accounts/s, {figures}")
    for bar in bars:
        print(bar)
    if given.json:
        given.json.write_text(json.dumps(report, indent=1))
    return 0 if all(bar.met for bar in bars) else 1


if __name__ == "__main__":
    sys.exit(main())
