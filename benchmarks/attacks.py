"""How many disguised names are found, by family of disguise and script, and how many innocent ones are.

Usage: python benchmarks/attacks.py [--seed N] [--each N] [--json FILE]

The disguises are made without anything that the matching is made of: look-alikes are those of
ICU's own data, styled and enclosed letters are whatever Unicode decomposes to a letter, gaps and
invisible characters are drawn from their general categories, affixes are ordinary words. What is
disguised are names of countries in many languages, as the Common Locale Data Repository has
them; innocent are its names of languages, in every locale, that hold none of those. With the
seed that is the default the rules were looked over; take another, such as ``--seed 7``, to judge
them. Needs babel and PyICU.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import icu
from _timing import Bar
from babel import Locale, localedata

from platgov.names import ProtectedNames, fold

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPTS = {
    "Latin": ("en", "es", "nl", "id", "it"),
    "accented Latin": ("fr", "vi", "tr", "cs", "is"),
    "Cyrillic and Greek": ("ru", "uk", "el"),
    "Chinese": ("zh", "zh_Hant"),
    "Japanese and Korean": ("ja", "ko"),
    "Arabic and Hebrew": ("ar", "fa", "ur", "he"),
    "Indic": ("hi", "bn", "ta", "te", "ml"),
    "Thai and Lao": ("th", "lo"),
}
LEAST = {"Chinese": 3, "Japanese and Korean": 4, "Thai and Lao": 5}
ASSIGNED = [chr(c) for c in range(0x80, 0x20000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")]
CHECKER = icu.SpoofChecker()


def by_category(*wanted: str) -> list[str]:
    return [char for char in ASSIGNED if unicodedata.category(char) in wanted]


def _alike() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for char in ASSIGNED:
        if unicodedata.category(char)[0] in "LN":
            found.setdefault(CHECKER.getSkeleton(0, char), []).append(char)
    return found


def _forms(*words: str) -> dict[str, list[str]]:
    """Give characters whose name holds one of the words, by the letter they decompose to."""
    found: dict[str, list[str]] = {}
    for char in ASSIGNED:
        name = unicodedata.name(char, "")
        plain = unicodedata.normalize("NFKD", char).strip("()").casefold()
        if not plain.isalpha() and any(word in name for word in words) and "LETTER " in name:
            plain = name.rpartition("LETTER ")[2].casefold()
        if len(plain) == 1 and any(word in name for word in words):
            found.setdefault(plain, []).append(char)
    return found


ALIKE = _alike()
STYLED = _forms("MATHEMATICAL", "DOUBLE-STRUCK", "SCRIPT", "BLACK-LETTER")
BOXED = _forms("CIRCLED", "SQUARED", "PARENTHESIZED", "REGIONAL INDICATOR")
WIDE = _forms("FULLWIDTH", "HALFWIDTH")
INVISIBLE = [*by_category("Cf"), "\u034f", "\u115f", "\u3164", "\ufe00", "\ufe0e", "\U000e0120"]
INVISIBLE = [
    char for char in INVISIBLE if CHECKER.getSkeleton(0, char) == "" or unicodedata.bidirectional(char) == "BN"
]
MARKS = [char for char in by_category("Mn", "Me") if "COMBINING" in unicodedata.name(char)]
GAPS = [
    *" ._-*~/,:;|",
    *by_category("Pd", "Zs", "Po")[:150],
    *"\u00b7\u2022\u2605\u2665\u266a\u27a4\U0001f525\U0001f308",
]
LEET = {"a": "4@", "e": "3", "i": "1!", "l": "1|", "o": "0", "s": "5$", "t": "7", "b": "8", "g": "9", "z": "2"}
WORDS = "news fans club office page group help team online support service chat official the my shop".split()  # noqa: SIM905 - quotes read worse
HAN_WORDS = ("官方", "客服", "中心", "服务", "认证")


def each(name: str, table: dict[str, list[str]], rng: random.Random, share: float) -> str:
    return "".join(
        rng.choice(table[c.casefold()]) if c.casefold() in table and rng.random() < share else c for c in name
    )


def look_alike(name: str, rng: random.Random) -> str:
    letters = list(name)
    places = [place for place, char in enumerate(name) if len(ALIKE.get(CHECKER.getSkeleton(0, char), ())) > 1]
    for place in rng.sample(places, min(len(places), rng.randint(1, 3))):
        same = ALIKE[CHECKER.getSkeleton(0, name[place])]
        letters[place] = rng.choice(same)
    return "".join(letters)


def inserted(name: str, what: list[str], rng: random.Random) -> str:
    letters = list(name)
    for _ in range(rng.randint(1, 3)):
        letters.insert(rng.randint(1, len(letters) - 1), rng.choice(what))
    return "".join(letters)


def twins(name: str, rng: random.Random) -> str:
    swaps = {"l": "I", "I": "l", "o": "0", "O": "0"}
    return "".join(swaps.get(c, rng.choice((c.lower(), c.upper()))) if rng.random() < 0.6 else c for c in name)


def affixed(name: str, rng: random.Random) -> str:
    word = rng.choice(HAN_WORDS if any("\u3400" < c < "\u9fff" for c in name) else WORDS)
    return rng.choice(
        (f"{name} {word}", f"{word} {name}", f"{name}_{word}", f"{name}{rng.randint(1, 2030)}", f"{word}.{name}")
    )


FAMILIES: dict[str, Callable[[str, random.Random], str]] = {
    "look-alikes": look_alike,
    "zero width": lambda name, rng: inserted(name, INVISIBLE, rng),
    "full width": lambda name, rng: each(name, WIDE, rng, 0.9),
    "styled letters": lambda name, rng: each(name, STYLED, rng, 0.9),
    "enclosed letters": lambda name, rng: each(name, BOXED, rng, 1.0),
    "case and twins": twins,
    "separators": lambda name, rng: rng.choice(GAPS).join(name) if rng.random() < 0.5 else inserted(name, GAPS, rng),
    "digits and signs": lambda name, rng: each(name, {k: list(v) for k, v in LEET.items()}, rng, 0.7),
    "combining marks": lambda name, rng: "".join(c + "".join(rng.choices(MARKS, k=rng.randint(0, 2))) for c in name),
    "rn and vv": lambda name, rng: name.replace("m", "rn").replace("w", "vv").replace("M", "rn").replace("W", "VV"),
    "stretched": lambda name, rng: (lambda p: name[:p] + name[p] * rng.randint(3, 5) + name[p + 1 :])(
        rng.randrange(len(name))
    ),
    "words around": affixed,
    "bidi": lambda name, rng: f"\u202e{name[::-1]}\u202c",
    "two of the ten": lambda name, rng: FAMILIES[rng.choice(TEN)](FAMILIES[rng.choice(TEN)](name, rng), rng),
}
TEN = tuple(FAMILIES)[:10]


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Give the 95 % interval of a share."""
    if not of:
        return 0.0, 1.0
    z, share = 1.96, hits / of
    middle, spread = share + z * z / (2 * of), z * (share * (1 - share) / of + z * z / (4 * of * of)) ** 0.5
    return max(0.0, (middle - spread) / (1 + z * z / of)), min(1.0, (middle + spread) / (1 + z * z / of))


def bare(name: str) -> str:
    """Write a name without accents: the same word with others, as in another language, is no false hit."""
    parts = unicodedata.normalize("NFD", fold(name))
    return "".join(char for char in parts if unicodedata.category(char)[0] != "M")


def protected(rng: random.Random) -> dict[str, list[str]]:
    """Give names to protect by script, those long enough to be protected inside of others."""
    found = {}
    for script, codes in SCRIPTS.items():
        names = {str(name) for code in codes for name in Locale.parse(code).territories.values()}
        least = LEAST.get(script, 6)
        fit = sorted(name for name in names if least <= len(name) <= 20 and not any(c in "()[].-–'’& " for c in name))
        found[script] = rng.sample(fit, min(len(fit), 160))
    return found


def main() -> int:
    """Measure, print, and return how many bars were missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=20_261)
    parser.add_argument("--each", type=int, default=300, help="disguises for each family and script")
    parser.add_argument("--json", type=Path, help="write all figures there as well")
    parser.add_argument("--missed", action="store_true", help="show some that were missed")
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    names = protected(rng)
    held_out = {script: listed[1::2] for script, listed in names.items()}
    index = ProtectedNames([name for listed in names.values() for name in listed])
    print(f"{len(index)} protected names, {sum(map(len, held_out.values()))} of them disguised here")
    report: dict[str, Any] = {}
    totals: dict[str, list[int]] = {}
    for family, disguise in FAMILIES.items():
        row = []
        for script, listed in held_out.items():
            cases = [(name, disguise(name, rng)) for name in rng.choices(listed, k=asked.each)]
            cases = [(name, case) for name, case in cases if case != name and len(case.encode()) <= 4096]
            missed = [(name, case) for name, case in cases if name not in {hit.entry.name for hit in index.find(case)}]
            hits = len(cases) - len(missed)
            total = totals.setdefault(family, [0, 0])
            total[0], total[1] = total[0] + hits, total[1] + len(cases)
            report[f"{family}: {script}"] = [hits, len(cases)]
            row.append(f"{hits / len(cases):6.3f}" if len(cases) >= 30 else "     -")
            if asked.missed and missed:
                print(f"    {script}: {[case for _, case in missed[:6]]} of {[name for name, _ in missed[:6]]}")
        low, high = wilson(*totals[family])
        print(
            f"  {family:18}{' '.join(row)}   all {totals[family][0] / max(1, totals[family][1]):.4f}"
            f" ({low:.4f} to {high:.4f})",
            flush=True,
        )
    print(f"  {'':18}" + " ".join(f"{script[:6]:>6}" for script in SCRIPTS))

    known = {bare(name) for listed in names.values() for name in listed}
    innocent = sorted(
        {
            str(name)
            for code in localedata.locale_identifiers()
            if "_" not in code
            for name in Locale.parse(code).languages.values()
        }
    )
    false = [name for name in innocent if index.find(name)]
    false = [name for name in false if not any(word in bare(name) for word in known)]
    low, high = wilson(len(false), len(innocent))
    print(
        f"  innocent: {len(false)} of {len(innocent)} found, {len(false) / len(innocent):.5f} ({low:.5f} to {high:.5f})"
    )
    print(f"    {[(name, [hit.entry.name for hit in index.find(name)]) for name in false[:12]]}")
    report["innocent"] = [len(false), len(innocent)]
    bars = [
        Bar("names", f"recall, {family}", totals[family][0] / totals[family][1], 0.99, at_least=True) for family in TEN
    ]
    bars.append(Bar("names", "false hits among names", len(false) / len(innocent), 0.001))
    print(*bars, sep="\n")
    if asked.json is not None:
        asked.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return sum(not bar.met for bar in bars)


if __name__ == "__main__":
    sys.exit(main())
