"""Write src/platgov/_names/unidata.py from Unicode's confusables.txt and this Python's unicodedata.

Usage: python3.11 tools/build_unicode_tables.py FOLDER_WITH_CONFUSABLES_TXT

Runs on Python 3.11 only: its unicodedata is Unicode 14.0, the oldest that platgov runs on, and
what was assigned there is all that normalisation may touch (see platgov/_names/tables.py).
"""

import base64
import itertools
import json
import pathlib
import re
import sys
import textwrap
import unicodedata
import zlib
from collections.abc import Callable, Iterator

UNICODE = "14.0.0"
TARGET = pathlib.Path(__file__).parents[1] / "src" / "platgov" / "_names" / "unidata.py"

# Default_Ignorable_Code_Point (DerivedCoreProperties.txt; reserved ranges included, so it does not
# move when one of them is assigned). tests/test_names.py holds this list to ICU's.
IGNORABLE_RANGES = (
    "AD 34F 61C 115F-1160 17B4-17B5 180B-180F 200B-200F 202A-202E 2060-206F 3164 FE00-FE0F FEFF FFA0 "
    "FFF0-FFF8 1BCA0-1BCA3 1D173-1D17A E0000-E0FFF"
)
# Controls that separate text; the other controls show as nothing and only hide what they split.
KEPT_CONTROLS = frozenset("\t\n\v\f\r\x85")
# Inside any other script two letters that look alike are spelling, not disguise: Thai do and to.
SHARED = frozenset({"LATIN", "DIGIT", "COMBINING", "MODIFIER", ""})
HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\ua960-\ua97f\uac00-\ud7ff]")

Rows = dict[str, str]


def read_confusables(path: pathlib.Path) -> tuple[str, Rows]:
    """Read the version of the file and its rows, source character to prototype."""
    text = path.read_text(encoding="utf-8-sig")
    version = re.search(r"^# Version: (\S+)", text, re.MULTILINE)
    if version is None:
        raise SystemExit(f"{path} states no version")
    rows = {}
    for line in text.splitlines():
        fields = line.partition("#")[0].split(";")
        if len(fields) >= 2:
            source, prototype = ("".join(chr(int(code, 16)) for code in field.split()) for field in fields[:2])
            rows[source] = prototype
    return version[1], rows


def ignorables() -> frozenset[str]:
    ends = [[int(end, 16) for end in part.split("-")] for part in IGNORABLE_RANGES.split()]
    return frozenset(chr(code) for end in ends for code in range(end[0], end[-1] + 1))


def everything() -> Iterator[str]:
    return (chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF)


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def assigned(char: str) -> bool:
    return unicodedata.category(char) != "Cn"


def is_word(char: str) -> bool:
    return char == "_" or unicodedata.category(char)[0] in "LNM"


def script(char: str) -> str:
    """First word of the character's name, near enough to its script; unassigned ones have none."""
    return unicodedata.name(char, "").partition(" ")[0]


def is_hangul_syllable(char: str) -> bool:
    return "\uac00" <= char <= "\ud7a3"


def boundaries(holds: Callable[[str], bool]) -> str:
    """First and last character of each run of characters that ``holds`` accepts, one after the other."""
    ends: list[str] = []
    for char in everything():
        if holds(char):
            if ends and ord(char) == ord(ends[-1]) + 1:
                ends[-1] = char
            else:
                ends += [char, char]
    return "".join(ends)


def seconds() -> frozenset[str]:
    """Characters that composition can join to the one before them."""
    found = {chr(code) for code in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))}
    for char in everything():
        parts = unicodedata.decomposition(char).split()
        if len(parts) == 2 and not parts[0].startswith("<") and nfc(nfd(char)) == char:
            found.add(chr(int(parts[1], 16)))
    return frozenset(found)


def skeleton_rows(confusables: Rows) -> Rows:
    """UTS #39 on one character at a time, decomposition included."""
    gone = ignorables()
    rows = {}
    for char in {*everything()} - {c for c in everything() if is_hangul_syllable(c)}:
        mapped = nfd("".join(confusables.get(part, part) for part in nfd(char) if part not in gone))
        if mapped != char:
            rows[char] = mapped
    return rows


class Folding:
    """The closed mapping behind ``fold``: what each fully decomposed character ends as."""

    def __init__(self, confusables: Rows) -> None:
        self.gone = ignorables() | {c for c in everything() if unicodedata.category(c) == "Cc"} - KEPT_CONTROLS
        # A small letter whose prototype is its own capital would be sent there and back for ever.
        self.rows = {
            source: to
            for source, to in confusables.items()
            if self.keeps_words_whole(source, to) and "".join(map(self.plain, to)) != source
        }
        self.known: Rows = {}
        self.rows |= self.capital_rows(confusables)
        self.known = {}

    def keeps_words_whole(self, source: str, to: str) -> bool:
        """Whether a row may be used on running text, where words and scripts have to stay themselves."""
        if HANGUL.search(nfd(source + to)):
            return False  # would split syllables: one shape would be found inside another
        if is_word(source):
            # Also drops Hebrew yod, Vietnamese o with horn, Hindi visarga and e: they look like signs.
            apostrophe = unicodedata.category(source) == "Lm" and set(to) == {"'"}
            return apostrophe or (all(map(is_word, to)) and script(source) not in set(map(script, to)) - SHARED)
        if not any(map(is_word, to)) or not assigned(source):
            return True
        # A sign may stand for one letter, as the bar for l; a dash that became a letter would glue words.
        return unicodedata.category(source)[0] == "S" and to.isascii() and len(to) == 1

    def plain(self, char: str) -> str:
        """Compatibility decomposition, case folding, and what cannot be seen left out."""
        if not assigned(char):
            return "" if char in self.gone else char
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
        return "".join(part for part in text if part not in self.gone)

    def closed(self, char: str) -> str:
        """Follow ``plain`` and the confusable rows until nothing changes."""
        if char not in self.known:
            text = char
            for _ in range(16):
                before = text
                text = "".join(self.step(part) for part in text)
                if text == before:
                    break
            else:
                raise SystemExit(f"the mapping of U+{ord(char):04X} does not come to rest: {text!r}")
            self.known[char] = text
        return self.known[char]

    def step(self, char: str) -> str:
        text = self.plain(char)
        return text if text != char else nfd(self.rows.get(char, char))

    def capital_rows(self, confusables: Rows) -> Rows:
        """Rows for small letters that only their capital gives away.

        Cyrillic capital Ve looks like B and its small letter like nothing in ASCII. Folding case
        first would let the capital through, mapping it first would part it from its small letter;
        so both become b. Where the small letter looks like another ASCII letter, that one stays.
        """
        found: dict[str, set[str]] = {}
        for capital in everything():
            small = self.plain(capital)
            look = confusables.get(capital, "")
            if small == capital or len(small) != 1 or not is_word(small) or not look.isascii():
                continue
            target = "".join(map(self.closed, nfd(look)))
            shape = self.rows.get(small, small)
            if target.isalpha() and not shape.isascii():
                shared = len(shape) == 1 and is_word(shape) and self.plain(shape) == shape
                found.setdefault(shape if shared else small, set()).add(target)
        return {source: to.pop() for source, to in found.items() if len(to) == 1}

    def all_rows(self) -> Rows:
        rows = {}
        for char in everything():
            if not is_hangul_syllable(char):
                mapped = nfc("".join(map(self.closed, nfd(char))))
                if mapped != char:
                    rows[char] = mapped
        return rows


def build(folder: pathlib.Path) -> dict[str, object]:
    """Everything that unidata.py holds, under the names it has there."""
    if unicodedata.unidata_version != UNICODE:
        raise SystemExit(f"run this on Python 3.11 (Unicode {UNICODE}); this one has {unicodedata.unidata_version}")
    version, confusables = read_confusables(folder / "confusables.txt")
    joins, gone = seconds(), ignorables()
    tables: dict[str, object] = {
        # A composed sign such as U+0344 counts by the first character it decomposes to.
        "joining": boundaries(lambda c: nfd(c)[0] in joins),
        "marks": boundaries(lambda c: unicodedata.combining(nfd(c)[0]) != 0),
        "unassigned": boundaries(lambda c: not assigned(c)),
        "ignorable": boundaries(lambda c: c in gone),
        "skeleton": steps(skeleton_rows(confusables)),
        "fold": steps(Folding(confusables).all_rows()),
    }
    return {"CONFUSABLES": version, "UNICODE": UNICODE, "WORD": boundaries(is_word), "TABLES": tables}


def steps(rows: Rows) -> dict[str, object]:
    """Rows as distances from one source to the next, which pack ten times smaller than the sources."""
    gone = ignorables()
    ordered = sorted((ord(source), to) for source, to in rows.items() if source not in gone)
    codes = [code for code, _ in ordered]
    return {"steps": [b - a for a, b in itertools.pairwise([0, *codes])], "to": "\n".join(to for _, to in ordered)}


def packed(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    lines = textwrap.wrap(base64.b64encode(zlib.compress(text.encode(), 9)).decode(), 116)
    return "".join(f'\n    "{line}"' for line in lines)


def render(built: dict[str, object]) -> str:
    constants = "".join(
        f'\n{name} = "{built[name]}"\n' if len(str(built[name])) < 20 else f"\n{name} = ({packed(built[name])}\n)\n"
        for name in ("CONFUSABLES", "UNICODE", "WORD", "TABLES")
    )
    return (
        '"""Unicode data behind platgov.names. Written by tools/build_unicode_tables.py; do not edit.\n\n'
        "The two long ones are base64 of zlib of JSON. Derived from data files that are\n"
        "Copyright (c) 1991-2025 Unicode, Inc., under https://www.unicode.org/terms_of_use.html\n"
        '"""\n' + constants
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    TARGET.write_text(render(build(pathlib.Path(sys.argv[1]))), encoding="utf-8")
