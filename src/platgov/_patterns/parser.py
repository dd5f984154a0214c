"""Reads a pattern in RE2's syntax into a tree.

Left out on purpose, each refused with its reason: back-references and look-around (nothing
bounds their time), single bytes, and spellings that other engines read otherwise (octal
codes without a leading zero, ``{,5}``, ``[:alpha:]`` outside a class).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from platgov._limits import DEFAULT
from platgov._patterns import casing, sets, tree
from platgov._patterns.classes import ESCAPED_CLASSES, NAMED_CLASSES
from platgov._patterns.refusal import refuse
from platgov._patterns.tree import Assertion, Chars, Node, Place

if TYPE_CHECKING:
    from platgov._patterns.sets import Ranges
    from platgov.errors import PatternError

__all__ = ["parse"]

_SOURCE_MAX: Final = 20_000
_COUNT_MAX: Final = 1_000

_COUNT: Final = re.compile(r"\{(0|[1-9][0-9]*)(,(0|[1-9][0-9]*)?)?\}")
_ALMOST_COUNT: Final = re.compile(r"\{(?=[ ,]*[0-9])[ 0-9]*,?[ 0-9]*\}")
_GROUP_NAME: Final = re.compile(r"\?P?<([A-Za-z0-9_]+)>")
_FLAGS: Final = re.compile(r"\?([imsU]*)(-[imsU]+)?([:)])")
_HEX: Final = re.compile(r"\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2})")
_OCTAL: Final = re.compile(r"[0-7]{1,3}")
_PROPERTY: Final = re.compile(r"\{(\^?)([A-Za-z_]+)\}|([A-Z])")
_POSIX: Final = re.compile(r"\[:(\^?)([^\[\]:]{0,40}):\]")

_CONTROLS: Final = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ASSERTIONS: Final = {"A": Place.TEXT_START, "z": Place.TEXT_END, "b": Place.BOUNDARY, "B": Place.NOT_BOUNDARY}

_UNSUPPORTED_GROUPS: Final = {
    "?=": "look-ahead is not supported; it cannot be bounded",
    "?!": "look-ahead is not supported; it cannot be bounded",
    "?<=": "look-behind is not supported; it cannot be bounded",
    "?<!": "look-behind is not supported; it cannot be bounded",
    "?P=": "a back-reference is not supported; it cannot be bounded",
    "?P>": "a call of a group is not supported; spell the group out again",
    "?&": "a call of a group is not supported; spell the group out again",
    "?R": "recursion is not supported",
    "?(": "a conditional group is not supported",
    "?|": "a branch-reset group is not supported; write (?:...)",
    "?>": "an atomic group is not supported; write (?:...)",
    "?#": "a comment inside a pattern is not supported",
}
_HINTS: Final = {
    "Z": "; write \\z for the end of the text",
    "u": "; write \\x{...} with the code point",
    "U": "; write \\x{...} with the code point",
    "x": "; write \\x and two hexadecimal digits, or \\x{...} up to 10FFFF",
    "C": "; a pattern reads characters, not bytes",
    "b": "; inside brackets there are no word boundaries",
    "E": "; no \\Q stands before it",
}


def parse(source: str) -> Node:
    """Read a pattern.

    Raises:
        PatternError: The pattern is malformed or uses what is left out; ``position`` says where.
    """
    if len(source) > _SOURCE_MAX:
        raise refuse(source, f"the pattern is too long; at most {_SOURCE_MAX:,} characters", 0, code="too_large")
    return _Parser(source).whole()


class _Parser:
    """Recursive descent, one method per level; nesting is capped, so the stack is too."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._depth = 0
        self._flags = frozenset[str]()
        self._names: set[str] = set()
        # The most copies that counts inside counts make of the node just read; RE2's own limit.
        self._copies = 1

    def whole(self) -> Node:
        node = self._alternatives()
        if self._at < len(self._source):
            raise self._refuse("unbalanced ): no group is open", self._at)
        return node

    def _alternatives(self) -> Node:
        branches = [self._sequence()]
        copies = self._copies
        while self._ahead("|"):
            self._at += 1
            branches.append(self._sequence())
            copies = max(copies, self._copies)
        self._copies = copies
        return tree.alternation(branches)

    def _sequence(self) -> Node:
        items: list[Node] = []
        copies = 1
        while self._at < len(self._source) and self._source[self._at] not in "|)":
            self._copies = 1
            atoms = self._atom()
            last = self._quantified(atoms.pop() if atoms else None)
            items += [*atoms, last]
            copies = max(copies, self._copies)
        self._copies = copies
        return tree.concat(items)

    # -- quantifiers -------------------------------------------------------------------------------

    def _quantified(self, item: Node | None) -> Node:
        start = self._at
        bounds = self._quantifier()
        if bounds is None:
            return tree.EMPTY if item is None else item
        if item is None:
            raise self._refuse("nothing to repeat", start)
        if self._ahead("?"):  # a lazy quantifier: it moves a match, but never makes or breaks one
            self._at += 1
        following = self._at
        if self._quantifier() is not None:
            doubled = self._source[start : self._at]
            hint = "a possessive quantifier" if self._source[following] == "+" else "a quantifier after a quantifier"
            raise self._refuse(f"{hint} ({doubled}) is not supported; use one, or a group", following)
        low, high = bounds
        if low >= 2 or (high or 0) >= 2:
            self._copies *= max(1, low if high is None else high)
            if self._copies > _COUNT_MAX:
                most = f"at most {_COUNT_MAX:,} copies, counts inside counts multiplied"
                raise self._refuse(f"the repeat is too large; {most}", start, code="too_large")
        return tree.repeat(item, low, high)

    def _quantifier(self) -> tuple[int, int | None] | None:
        """Read one quantifier, without what makes it lazy; None when there is none."""
        for char, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._ahead(char):
                self._at += 1
                return bounds
        found = _COUNT.match(self._source, self._at)
        if found is None:
            return None
        for number in found.group(1, 3):
            # The length is looked at first: int() itself refuses very long numbers.
            if number and (len(number) > 4 or int(number) > _COUNT_MAX):
                raise self._refuse(f"a repeat counts to {_COUNT_MAX:,} at most", found.start(), code="too_large")
        low = int(found[1])
        high = low if found[2] is None else int(found[3]) if found[3] else None
        if high is not None and high < low:
            raise self._refuse(f"the counts {found[0]} are in the wrong order", found.start())
        self._at = found.end()
        return low, high

    # -- atoms -------------------------------------------------------------------------------------

    def _atom(self) -> list[Node]:
        """Read up to where a quantifier may stand: it is for the last in the list, and wrong if that is empty."""
        char = self._source[self._at]
        if char == "(":
            return self._group()
        if char == "[":
            return [Chars(self._class())]
        if char == "\\":
            return self._escape()
        if char in "*+?" or (char == "{" and _COUNT.match(self._source, self._at)):
            raise self._refuse("nothing to repeat", self._at)
        if char == "{" and _ALMOST_COUNT.match(self._source, self._at):
            raise self._refuse("a count is written {2}, {2,} or {2,5}; for a plain brace write \\{", self._at)
        self._at += 1
        if char == ".":
            return [Chars(sets.ANY if "s" in self._flags else sets.NOT_NEWLINE)]
        if char == "^":
            return [Assertion(Place.LINE_START if "m" in self._flags else Place.TEXT_START)]
        if char == "$":
            return [Assertion(Place.LINE_END if "m" in self._flags else Place.TEXT_END)]
        return [Chars(self._cased(((ord(char), ord(char)),)))]

    def _group(self) -> list[Node]:
        start = self._at
        outer = self._flags
        self._at += 1
        if self._ahead("?") and not self._open(start):
            return []
        self._depth += 1
        if self._depth > DEFAULT.nesting:
            raise self._refuse(f"groups are nested more than {DEFAULT.nesting} deep", start, code="too_large")
        node = self._alternatives()
        if not self._ahead(")"):
            raise self._refuse("unbalanced (: the group is never closed", start)
        self._at += 1
        self._depth -= 1
        self._flags = outer
        return [node]

    def _open(self, start: int) -> bool:
        """Read what follows (? at the start of a group; False when it was only (?flags)."""
        named = _GROUP_NAME.match(self._source, self._at)
        if named:
            if named[1] in self._names:
                raise self._refuse(f"two groups are named {named[1]}", start)
            self._names.add(named[1])
            self._at = named.end()
            return True
        flagged = _FLAGS.match(self._source, self._at)
        if flagged is None:
            for opening, reason in _UNSUPPORTED_GROUPS.items():
                if self._ahead(opening):
                    raise self._refuse(reason, start, code="unsupported")
            known = "(?:...), (?P<name>...) and the flags i, m, s, U"
            raise self._refuse(f"this kind of group is unknown; there are {known}", start)
        self._at = flagged.end()
        self._flags = (self._flags | set(flagged[1])) - set(flagged[2] or "")
        return flagged[3] == ":"

    # -- escapes -----------------------------------------------------------------------------------

    def _escape(self) -> list[Node]:
        start = self._at
        char = self._source[start + 1 : start + 2]
        if char == "Q":
            end = self._source.find("\\E", start + 2)
            stop = len(self._source) if end < 0 else end
            self._at = min(stop + 2, len(self._source))
            quoted = self._source[start + 2 : stop]
            return [Chars(self._cased(((ord(other), ord(other)),))) for other in quoted]
        if char in _ASSERTIONS:
            self._at += 2
            return [Assertion(_ASSERTIONS[char])]
        ranges = self._escaped_class()
        if ranges is None:
            code = self._escaped_code()
            ranges = self._cased(((code, code),))
        return [Chars(ranges)]

    def _escaped_class(self) -> Ranges | None:
        r"""Read ``\d`` and its like or ``\p{...}``; None when something else stands here."""
        start = self._at
        char = self._source[start + 1 : start + 2]
        if char.lower() in ESCAPED_CLASSES:
            self._at += 2
            ranges = self._cased(ESCAPED_CLASSES[char.lower()])
            return sets.invert(ranges) if char.isupper() else ranges
        if char.lower() != "p":
            return None
        found = _PROPERTY.match(self._source, start + 2)
        name = (found[2] or found[3]) if found else ""
        if found is None or name not in casing.PROPERTY_NAMES:
            known = ", ".join(casing.PROPERTY_NAMES)
            raise self._refuse(f"\\{char} names no known property; there are {known}", start, code="unsupported")
        self._at = found.end()
        ranges = self._cased(casing.property_named(name))
        return sets.invert(ranges) if (char == "P") != bool(found[1]) else ranges

    def _escaped_code(self) -> int:
        """Read an escape for one character and give its code point."""
        start = self._at
        char = self._source[start + 1 : start + 2]
        if not char:
            raise self._refuse("bad escape: nothing follows the last \\", start)
        self._at += 2
        if char in _CONTROLS:
            return ord(_CONTROLS[char])
        if char == "x" and (found := _HEX.match(self._source, self._at)):
            digits = (found[1] or found[2]).lstrip("0")
            if len(digits) <= 6 and int(digits or "0", 16) <= 0x10FFFF:
                self._at = found.end()
                return int(digits or "0", 16)
        if char == "0" and (found := _OCTAL.match(self._source, start + 1)):
            self._at = found.end()
            return int(found[0], 8)
        if char in "123456789":
            reason = "a back-reference is not supported; it cannot be bounded"
            raise self._refuse(f"{reason} (for a character code write \\x{{...}})", start, code="unsupported")
        if char.isascii() and not char.isalnum():
            return ord(char)
        raise self._refuse(f"bad escape \\{char}{_HINTS.get(char, '')}", start)

    # -- classes -----------------------------------------------------------------------------------

    def _class(self) -> Ranges:
        start = self._at
        lone = _POSIX.match(self._source, start)
        if lone and lone[2] in NAMED_CLASSES:
            raise self._refuse(f"a named class stands inside a class: [{lone[0]}]", start)
        self._at += 1
        negated = self._ahead("^")
        self._at += negated
        found: list[Ranges] = []
        first = self._at
        while self._at == first or not self._ahead("]"):
            if self._at >= len(self._source):
                raise self._refuse("unbalanced [: the class is never closed", start)
            found.append(self._named_class() or self._class_item())
        self._at += 1
        ranges = sets.merge(*found)
        return sets.invert(ranges) if negated else ranges

    def _named_class(self) -> Ranges | None:
        """Read ``[:alpha:]`` and its like inside a class; None when something else stands here."""
        found = _POSIX.match(self._source, self._at)
        if found is None:
            return None
        if found[2] not in NAMED_CLASSES:
            raise self._refuse(f"there is no class {found[0]}; there are {', '.join(NAMED_CLASSES)}", self._at)
        self._at = found.end()
        ranges = self._cased(NAMED_CLASSES[found[2]])
        return sets.invert(ranges) if found[1] else ranges

    def _class_item(self) -> Ranges:
        if self._ahead("\\") and (ranges := self._escaped_class()) is not None:
            return ranges
        start = self._at
        low = high = self._class_code()
        if self._ahead("-") and not self._source.startswith("]", self._at + 1) and self._at + 1 < len(self._source):
            self._at += 1
            high = self._class_code()
            if high < low:
                raise self._refuse(f"the range {self._source[start : self._at]} is in the wrong order", start)
        return self._cased(((low, high),))

    def _class_code(self) -> int:
        if self._ahead("\\"):
            return self._escaped_code()
        self._at += 1
        return ord(self._source[self._at - 1])

    # -- helpers -----------------------------------------------------------------------------------

    def _ahead(self, expected: str) -> bool:
        return self._source.startswith(expected, self._at)

    def _cased(self, ranges: Ranges) -> Ranges:
        return casing.any_case(ranges) if "i" in self._flags else ranges

    def _refuse(self, message: str, at: int, *, code: str = "syntax") -> PatternError:
        return refuse(self._source, message, at, code=code)
