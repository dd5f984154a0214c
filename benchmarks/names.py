"""How long a name takes to check, and what else checks of its kind take and find.

Usage: python benchmarks/names.py [--quick] [--rounds N] [--json FILE]

Every name is checked against 100,000 protected names: length, invisible characters, scripts,
contact details and doubles. Peers answer a part of that each, and are left out where they are
not installed; their times are for that part. The names are of many scripts, those of languages
in the Common Locale Data Repository (babel), a list of handles, and disguises; what is timed is
what is compared. Times are CPU time, engines take turns, ratios are taken within rounds.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import platform
import random
import statistics
import string
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _timing import Bar, cpu_seconds, resident_bytes

from platgov.names import NamePolicy, ProtectedNames, fold, skeleton

if TYPE_CHECKING:
    from collections.abc import Callable

PROTECTED = 100_000
WHOLE = "platgov: whole check"
FAMOUS = (
    "PayPal",
    "WeChat",
    "Google",
    "Amazon",
    "Microsoft",
    "Facebook",
    "Instagram",
    "Wikipedia",
    "Spotify",
    "Netflix",
)
PEOPLE = """
Maria Garcia|john_smith99|José Pérez|Anna-Lena Müller|DonnaT|coolguy1987
Bob|Nguyễn Văn An|Łukasz Żółć|Seán O'Connor|张伟|欧阳娜娜
王小明同学|田中太郎|さくら|トヨタマン|김철수|이순신 장군|محمد علي|فاطمة الزهراء
דוד לוי|राजेश कुमार|நிலா|สมชาย ใจดี|Анна Иванова|Дмитрий Шевченко
Γιώργος Παπαδόπουλος|Աննա|გიორგი|xX_gamer_Xx|the.real.bob|mike2001
Emma 😀|J.R.R. Tolkien
"""


def names(count: int, rounds: int) -> list[list[str]]:
    """Give names of people and languages of many scripts, and handles: others in each round."""
    rng = random.Random(11)
    people = PEOPLE.strip().replace("\n", "|").split("|")
    try:
        from babel import Locale, localedata
    except ImportError:
        print("  babel is not installed: the names are a few dozen, and the same ones again", file=sys.stderr)
        return [rng.choices(people, k=count) for _ in range(rounds)]
    codes = [code for code in localedata.locale_identifiers() if "_" not in code]
    listed = sorted({str(name) for code in codes for name in Locale.parse(code).languages.values()} - {*people})
    rng.shuffle(listed)
    size = count - len(people)
    found = []
    for turn in range(rounds):
        sample = [*people, *listed[turn * size : (turn + 1) * size]]
        rng.shuffle(sample)
        found.append(sample)
    return found


def protected() -> list[str]:
    """Give random names, some famous ones among them."""
    rng = random.Random(7)
    letters = string.ascii_lowercase
    made = ["".join(rng.choices(letters, k=rng.randint(6, 14))).title() for _ in range(PROTECTED - len(FAMOUS))]
    return [*FAMOUS, *made]


def disguises() -> list[tuple[str, str]]:
    """Give famous names in other spellings that readers take for them."""
    found = []
    for name in FAMOUS:
        found += [
            (name, name.replace("a", "\u0430")), (name, name.replace("o", "\u03bf")), (name, "\u200b".join(name)),
            (name, "".join(chr(ord(char) + 0xFEE0) for char in name)), (name, name.upper()), (name, ".".join(name)),
            (name, name.translate(str.maketrans("aeiost", "431057"))), (name, name[:2] + "\u0301" + name[2:]),
            (name, name.replace("l", "I")), (name, name.replace("m", "rn")), (name, f"{name} Support"),
            (name, "".join(map(chr, (ord(char) - ord("A") + 0x1F170 for char in name.upper())))),
        ]  # fmt: skip
    return [(name, disguise) for name, disguise in found if name != disguise]


def engines(policy: NamePolicy, index: ProtectedNames) -> dict[str, Callable[[str], Any]]:
    """Give what is timed, by name: ours, parts of it, and peers that are installed."""
    found: dict[str, Callable[[str], Any]] = {
        WHOLE: policy.check,
        "platgov: protected names": index.find,
        "platgov: fold": fold,
        "platgov: skeleton": skeleton,
    }
    homoglyphs = optional("confusable_homoglyphs.confusables")
    if homoglyphs is not None:
        found["confusable_homoglyphs.is_dangerous"] = homoglyphs.is_dangerous
    lookalikes = optional("confusables")
    if lookalikes is not None:
        found["confusables.normalize"] = lookalikes.normalize
    icu = optional("icu")
    if icu is not None:
        checker = icu.SpoofChecker()
        found["ICU: skeleton"] = lambda name: checker.getSkeleton(0, name)
        found["ICU: check"] = checker.check
    return found


def optional(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


def measure(found: dict[str, Callable[[str], Any]], samples: list[list[str]]) -> dict[str, list[float]]:
    """Give microseconds per name of each engine and round; engines take turns at going first.

    The first sample is for warming up. No name comes in two of them, so that nobody remembers one.
    """
    times: dict[str, list[float]] = {name: [] for name in found}
    order = list(found)
    for name in order:
        list(map(found[name], samples[0]))
    for turn, sample in enumerate(samples[1:]):
        start = turn % len(order)
        for name in order[start:] + order[:start]:
            check = found[name]
            # Copies, so that none finds hashes that another has left in a text.
            copies = ["".join(list(text)) for text in sample]
            seconds, _ = cpu_seconds(lambda check=check, copies=copies: [check(text) for text in copies])
            times[name].append(seconds / len(sample) * 1e6)
    return times


def main() -> int:
    """Measure, print, and return how many bars were missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer names and rounds")
    parser.add_argument("--rounds", type=int, help="at least 5 for numbers to be quoted")
    parser.add_argument("--json", type=Path, help="write all times there as well")
    asked = parser.parse_args()
    started = time.perf_counter()
    rounds = asked.rounds or (3 if asked.quick else 9)

    listed = protected()
    before = resident_bytes()
    entries, index = cpu_seconds(lambda: ProtectedNames(listed))
    built, _ = cpu_seconds(lambda: index.find("anna"))
    grown = resident_bytes() - before
    policy = NamePolicy(protected=index)
    samples = names(1_000 if asked.quick else 4_000, rounds + 1)
    gc.freeze()
    times = measure(engines(policy, index), samples)

    print(f"\n  {len(samples[0]):,} names a round, {PROTECTED:,} protected{'':2} µs/name   (range over rounds)")
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    for name, taken in times.items():
        print(f"    {name:38}{medians[name]:8.2f}     ({min(taken):.2f} to {max(taken):.2f})")
    cases = disguises()
    missed = [case for name, case in cases if name not in {hit.entry.name for hit in index.find(case)}]
    every = sorted({name for sample in samples for name in sample})
    false = [name for name in every if index.find(name)]
    costs = f"{entries / PROTECTED * 1e6:.1f} + {built / PROTECTED * 1e6:.1f} µs and {grown / PROTECTED:.0f} B"
    print(f"  index: {costs} per name")
    print(f"  {len(cases)} disguises, missed: {missed[:5]}; {len(every):,} names, false hits: {false[:5]}\n")

    bars = [
        Bar("names", "µs per whole check", medians[WHOLE], 15),
        Bar("names", "µs per protected name to build", built / PROTECTED * 1e6, 15),
        Bar("names", "recall of disguises", 1 - len(missed) / len(cases), 0.99, at_least=True),
        Bar("names", "false hits among names", len(false) / len(every), 0.001),
    ]
    for peer in (name for name in times if not name.startswith("platgov")):
        ratio = statistics.median(ours / theirs for ours, theirs in zip(times[WHOLE], times[peer], strict=True))
        print(f"  a whole check takes {ratio:.2f} times as long as {peer}")
    print(*bars, sep="\n  ")
    if asked.json is not None:
        asked.json.write_text(json.dumps({"times": times, "bars": [bar._asdict() for bar in bars]}, indent=1) + "\n")
    print(f"\nCPython {platform.python_version()}, {time.perf_counter() - started:.0f} s in all")
    return sum(not bar.met for bar in bars)


if __name__ == "__main__":
    sys.exit(main())
