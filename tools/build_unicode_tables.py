"""Write the tables in src/platgov/_names from Unicode's data files and this Python's unicodedata.

Usage: python3.11 tools/build_unicode_tables.py SECURITY_FOLDER [UCD_FOLDER]

SECURITY_FOLDER has confusables.txt and IdentifierStatus.txt; from the first comes unidata.py.
UCD_FOLDER has UnicodeData.txt, Scripts.txt and the others named in UCD_FILES, of the same
version, in any layout (flat as in ucd.zip, or as in Debian's unicode-data); from it comes
properties.py, which is left as it is where no such folder is given.

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
TABLES = pathlib.Path(__file__).parents[1] / "src" / "platgov" / "_names"
UCD_FILES = (
    "UnicodeData.txt",
    "Scripts.txt",
    "ScriptExtensions.txt",
    "PropertyValueAliases.txt",
    "GraphemeBreakProperty.txt",
    "DerivedCoreProperties.txt",
    "emoji-data.txt",
)

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
# Digits that stand for letters in chat spelling; 0 and 1 are look-alikes as well.
DIGIT_LETTERS = dict(zip("0123456789", "olzeasgtbg", strict=True))
# Shapes that readers take for a letter and that Unicode's confusables do not list as one; the second
# part are alphabets that "text style" generators put together from other scripts.
SHAPES = {
    "@": "a", "$": "s", "!": "l", "|": "l", "+": "t", "\u00a3": "l", "\u20ac": "e", "\u00a5": "y", "\u00a7": "s",
    "\u00a2": "c", "\u00a9": "c", "\u00ae": "r", "\u039b": "a", "\u03bb": "a", "\u2227": "a", "\u028c": "a",
    "\u0394": "a", "\u2206": "a", "\u03a3": "e", "\u039e": "e", "\u0418": "n", "\u0438": "n", "\u042f": "r",
    "\u044f": "r", "\u0428": "w", "\u0448": "w", "\u0426": "u", "\u0446": "u", "\u041f": "n", "\u043f": "n",
    "\u15e9": "a", "\u15b4": "f", "\u15f0": "m", "\u144e": "n", "\u1515": "s", "\u15ef": "w", "\u1614": "z",
    "\u146b": "q", "\u1455": "c", "\u5342": "a", "\u4e43": "b", "\u531a": "c", "\u4e47": "e", "\u5343": "f",
    "\u5344": "h", "\u4e28": "l", "\u3125": "l", "\u722a": "m", "\u51e0": "n", "\u3116": "o", "\u5369": "p",
    "\u5c3a": "r", "\u4e02": "s", "\u3112": "t", "\u3129": "u", "\u5c71": "w", "\u4e42": "x", "\u311a": "y",
    "\u4e59": "z",
}  # fmt: skip
# A letter named after one Latin letter (U+1D18 small capital P, U+1F17F negative squared P) is read as it.
LETTER_NAME = re.compile("(?:LATIN|INDICATOR|SQUARED|CIRCLED).*LETTER (?:[A-Z]{2,} )*([A-Z])(?: WITH .*)?$")
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


class Database:
    """The UCD files of one folder, read."""

    def __init__(self, security: pathlib.Path, ucd: pathlib.Path) -> None:
        self.paths = {name: next(ucd.rglob(name), None) for name in UCD_FILES}
        missing = [name for name, path in self.paths.items() if path is None]
        if missing:
            raise SystemExit(f"{ucd} lacks {', '.join(missing)}")
        first = self.paths["Scripts.txt"].read_text(encoding="utf-8").partition("\n")[0]
        self.version = first.removeprefix("# Scripts-").removesuffix(".txt")
        self.category, self.names, self.ranks, self.digits = {}, {}, {}, {}
        opened = None
        for line in self.paths["UnicodeData.txt"].read_text(encoding="utf-8").splitlines():
            fields = line.split(";")
            code = int(fields[0], 16)
            first_code = opened if opened is not None else code
            opened = code if fields[1].endswith(", First>") else None
            for each in range(first_code, code + 1):
                char = chr(each)
                self.category[char], self.names[char], self.ranks[char] = fields[2], fields[1], int(fields[3])
                if fields[7]:
                    self.digits[char] = (int(fields[7]), fields[2] == "Nd")
        short = {}
        for fields, _ in self.lines("PropertyValueAliases.txt"):
            if fields[0] == "sc":
                short[fields[2]] = fields[1]
        self.scripts = {char: short[fields[1]] for fields, chars in self.rows("Scripts.txt") for char in chars}
        extended = {c: " ".join(sorted(f[1].split())) for f, chars in self.rows("ScriptExtensions.txt") for c in chars}
        self.scripts |= extended
        self.breaks = {char: fields[1] for fields, chars in self.rows("GraphemeBreakProperty.txt") for char in chars}
        derived = list(self.rows("DerivedCoreProperties.txt"))
        self.conjuncts = {c: fields[2] for fields, chars in derived if fields[1] == "InCB" for c in chars}
        emoji = list(self.rows("emoji-data.txt"))
        self.pictographs = {char for fields, chars in emoji if fields[1] == "Extended_Pictographic" for char in chars}
        status = read_ranges(security / "IdentifierStatus.txt")
        self.allowed = {char for fields, chars in status if fields[1] == "Allowed" for char in chars}

    def lines(self, name: str) -> Iterator[tuple[list[str], str]]:
        for line in self.paths[name].read_text(encoding="utf-8").splitlines():
            data, _, comment = line.partition("#")
            if data.strip():
                yield [field.strip() for field in data.split(";")], comment

    def rows(self, name: str) -> Iterator[tuple[list[str], list[str]]]:
        return read_ranges(self.paths[name])

    def kind(self, char: str) -> tuple[str, ...]:
        """Everything that checks ask about one character; Hangul syllables are told apart by counting."""
        value, decimal = self.digits.get(char, (0, False))
        return (
            self.category.get(char, "Cn"),
            self.scripts.get(char, "Zzzz"),
            "Hangul" if is_hangul_syllable(char) else self.breaks.get(char, ""),
            self.conjuncts.get(char, ""),
            ("P" if char in self.pictographs else "") + ("A" if char in self.allowed else ""),
            f"{ord(char) - value:X}" if decimal else "",
        )


def read_ranges(path: pathlib.Path) -> Iterator[tuple[list[str], list[str]]]:
    """Fields of each line, and the characters that its first field spans."""
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        fields = [field.strip() for field in line.partition("#")[0].split(";")]
        if len(fields) >= 2:
            ends = [int(end, 16) for end in fields[0].split("..")]
            yield fields, [chr(code) for code in range(ends[0], ends[-1] + 1)]


class Readings:
    """Which letters a character can be read as, beyond what folding makes of it."""

    def __init__(self, confusables: Rows, data: Database) -> None:
        self.folding, self.data = Folding(confusables), data
        self.confusables = confusables

    def is_light(self, char: str) -> bool:
        """Whether a mark decorates the letter under it, and is not a vowel or part of the letter.

        By canonical class: 0, 7, 8, 9 and those of Indic, Thai and Tibetan vowels spell; what is
        attached, above, below or across, and Hebrew and Arabic points, decorate. So do enclosures.
        """
        rank = self.data.ranks.get(char, 0)
        return rank == 1 or 10 <= rank <= 36 or 200 <= rank <= 240 or self.data.category.get(char) == "Me"

    def bare(self, text: str) -> str:
        letters = "".join(DIGIT_LETTERS.get(part, part) for part in nfd(text) if not self.is_light(part))
        return letters.replace("rn", "m").replace("vv", "w").replace("i", "l")

    def folded(self, text: str) -> str:
        return self.bare("".join(self.folding.closed(part) for part in nfd(text)))

    def skeleton(self, char: str) -> str:
        return nfd("".join(self.confusables.get(part, part) for part in nfd(char)))

    def rows(self) -> dict[str, list[str]]:
        """Readings in the order in which they are tried; characters that folding already settles are left out."""
        chars = [
            char
            for char in everything()
            if self.data.category.get(char, "Cn")[0] in "LNS" or char in SHAPES
            if not is_hangul_syllable(char) and char not in self.folding.gone
        ]
        main = {char: self.folded(char) for char in chars}
        classes: dict[str, set[str]] = {}
        for char in chars:
            classes.setdefault(self.skeleton(char), set()).add(main[char])
        found = {}
        for char in chars:
            if char.isascii() and char.isalnum():
                continue
            shape = self.skeleton(char)
            others = {self.bare("".join(self.folding.plain(part) for part in shape))}
            if not self.bare(shape).isascii():
                others |= classes[shape]
            named = LETTER_NAME.search(self.data.names[char])
            if named is not None:
                others.add(self.bare(named[1].lower()))
            if char in self.data.digits:
                others.add(DIGIT_LETTERS[str(self.data.digits[char][0])])
            if char in SHAPES:
                others.add(SHAPES[char])
            others = {other for other in others if other.isascii() and other.isalnum()}
            if others - {main[char]}:
                settled = [main[char]] if main[char].isascii() and main[char].isalnum() else []
                found[char] = [*settled, *sorted(others - {main[char]})][:3]
        return found


def properties(security: pathlib.Path, ucd: pathlib.Path) -> dict[str, object]:
    """Everything that properties.py holds, under the names it has there."""
    version, confusables = read_confusables(security / "confusables.txt")
    data = Database(security, ucd)
    if data.version != version:
        raise SystemExit(f"the UCD is {data.version} and the confusables are {version}; give one version")
    kinds: dict[tuple[str, ...], int] = {}
    lengths: list[int] = []
    numbers: list[int] = []
    for code in range(0x110000):
        surrogate = 0xD800 <= code <= 0xDFFF
        kind = ("Cs", "Zzzz", "Control", "", "", "") if surrogate else data.kind(chr(code))
        number = kinds.setdefault(kind, len(kinds))
        if numbers and numbers[-1] == number:
            lengths[-1] += 1
        else:
            numbers.append(number)
            lengths.append(1)
    readings = Readings(confusables, data)
    return {
        "UNICODE": version,
        "KINDS": {"kinds": list(map(list, kinds)), "lengths": lengths, "numbers": numbers},
        "READINGS": {"light": boundaries(readings.is_light), "rows": readings.rows()},
    }


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


def render(built: dict[str, object], subject: str) -> str:
    constants = "".join(
        f'\n{name} = "{value}"\n' if len(str(value)) < 20 else f"\n{name} = ({packed(value)}\n)\n"
        for name, value in built.items()
    )
    return (
        f'"""{subject} Written by tools/build_unicode_tables.py; do not edit.\n\n'
        "The long ones are base64 of zlib of JSON. Derived from data files that are\n"
        "Copyright (c) 1991-2025 Unicode, Inc., under https://www.unicode.org/terms_of_use.html\n"
        '"""\n' + constants
    )


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    folders = list(map(pathlib.Path, sys.argv[1:]))
    folding = render(build(folders[0]), "Unicode data behind platgov.names.")
    (TABLES / "unidata.py").write_text(folding, encoding="utf-8")
    if len(folders) == 2:
        checks = render(properties(*folders), "What name checks ask about each character.")
        (TABLES / "properties.py").write_text(checks, encoding="utf-8")
