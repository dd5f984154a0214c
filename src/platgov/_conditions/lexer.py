"""Cuts the text of a condition into tokens, each with its offset."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from platgov._conditions.values import INT_MAX, UINT_MAX, UInt
from platgov.errors import ConditionError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["END", "RESERVED", "Token", "refuse", "tokens"]

# fmt: off
RESERVED: Final = frozenset([
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "namespace",
    "package", "return", "var", "void", "while",
])
# fmt: on
"""Words that CEL keeps for itself. They cannot name a fact, but may name a field or a method."""

END: Final = "end"


class Token(NamedTuple):
    """One token: ``kind`` is 'word', 'quoted word', 'literal', 'end' or the symbol itself."""

    kind: str
    value: Any
    at: int


def refuse(text: str, message: str, at: int, *, code: str = "syntax") -> ConditionError:
    """Build the error for one problem at an offset, showing the line it is on."""
    start = text.rfind("\n", 0, at) + 1
    stop = text.find("\n", at)
    line = text[start : len(text) if stop < 0 else stop]
    if len(line) > 120:
        begin = max(0, at - start - 60)
        line = f"{'...' if begin else ''}{line[begin : begin + 114]}..."
    shown = f"{message}, in: {line}".encode("utf-8", "backslashreplace").decode("utf-8")  # printable anywhere
    return ConditionError("condition", (Problem(shown, code=code, position=at),))


_SPACE: Final = re.compile(r"(?:[ \t\n\f\r]+|//[^\n]*)+")
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUOTED_WORD: Final = re.compile(r"`([A-Za-z0-9_.\-/ ]+)`")
_NUMBER: Final = re.compile(
    r"(?P<hex>0[xX][0-9A-Fa-f]+)(?P<hexu>[uU]?)"
    r"|(?P<float>[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)"
    r"|(?P<int>[0-9]+)(?P<intu>[uU]?)"
)
_STRING: Final = re.compile(r"([rRbB]{0,2})(\"\"\"|'''|\"|')")
_SYMBOL: Final = re.compile(r"&&|\|\||[<>=!]=|[-+*/%<>!?:.,()\[\]{}]")
_ESCAPE: Final = re.compile(
    r"\\(?:[xX]([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-3][0-7]{2})|(.))", re.DOTALL
)
_SIMPLE: Final = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "?": "?", '"': '"', "'": "'", "`": "`",
}  # fmt: skip
_CONSTANTS: Final = {"true": True, "false": False}


def tokens(text: str) -> Iterator[Token]:
    """Give the tokens of a condition, ending with one of kind 'end'.

    Raises:
        ConditionError: A character, number or string that is no token.
    """
    at, previous = 0, ""
    while True:
        space = _SPACE.match(text, at)
        at = space.end() if space else at
        if at == len(text):
            yield Token(END, None, at)
            return
        token, at = _next(text, at, after_dot=previous == ".")
        previous = token.kind
        yield token


def _next(text: str, at: int, *, after_dot: bool) -> tuple[Token, int]:
    found = _STRING.match(text, at)
    if found:
        return _string(text, at, found)
    found = _WORD.match(text, at)
    if found:
        word = found[0]
        if word in _CONSTANTS and not after_dot:
            return Token("literal", _CONSTANTS[word], at), found.end()
        return Token("word", word, at), found.end()
    found = _QUOTED_WORD.match(text, at)
    if found:
        return Token("quoted word", found[1], at), found.end()
    found = None if after_dot else _NUMBER.match(text, at)
    if found:
        return _number(text, at, found), found.end()
    found = _SYMBOL.match(text, at)
    if found:
        return Token(found[0], found[0], at), found.end()
    raise refuse(text, f"unexpected character {text[at]!r}{_meant(text, at)}", at)


def _meant(text: str, at: int) -> str:
    hints = {"&": "; 'and' is written &&", "|": "; 'or' is written ||", "=": "; equality is written =="}
    return hints.get(text[at], "")


def _number(text: str, at: int, found: re.Match[str]) -> Token:
    if re.match(r"[A-Za-z0-9_]", text[found.end() : found.end() + 1]):
        raise refuse(text, f"{text[at : found.end() + 1]!r} is no number", at)
    if found["float"] is not None:
        number = float(found["float"])
        if number == float("inf"):
            raise refuse(text, f"{found[0]} is too large; the largest number is about 1.8e308", at)
        return Token("literal", number, at)
    digits, unsigned = (found["hex"], found["hexu"]) if found["hex"] else (found["int"], found["intu"])
    # The minus sign is another token, so one more than the largest int is let through here;
    # the parser refuses it where no minus precedes.
    largest = UINT_MAX if unsigned else INT_MAX + 1
    number = int(digits, 16 if found["hex"] else 10) if len(digits) <= 24 else largest + 1
    if number > largest:
        raise refuse(text, f"{digits[:30]} is too large; the largest is {largest - (not unsigned)}", at)
    return Token("literal", UInt(number) if unsigned else number, at)


def _string(text: str, at: int, found: re.Match[str]) -> tuple[Token, int]:
    prefix, quote = found[1].lower(), found[2]
    if prefix in ("rr", "bb"):
        raise refuse(text, f"unknown string prefix {found[1]!r}", at)
    if "b" in prefix:
        raise refuse(text, "byte strings are not part of the language; write text", at, code="unsupported")
    raw, pieces, here = "r" in prefix, [], found.end()
    while True:
        stop = _stop(text, here, quote, raw=raw)
        if stop < 0 or (len(quote) == 1 and _breaks(text, here, stop)):
            raise refuse(text, f"the string that starts here has no closing {quote}", at)
        pieces.append(text[here:stop])
        if text.startswith(quote, stop):
            break
        piece, here = _escape(text, stop)
        pieces.append(piece)
    value = "".join(pieces)
    return Token("literal", value, at), stop + len(quote)


def _breaks(text: str, start: int, stop: int) -> bool:
    """Tell whether a line ends between two offsets; only triple quotes may run over lines."""
    return text.find("\n", start, stop) >= 0 or text.find("\r", start, stop) >= 0


def _stop(text: str, at: int, quote: str, *, raw: bool) -> int:
    """Find the closing quote or the next backslash that means something; -1 if there is none."""
    closing = text.find(quote, at)
    escape = -1 if raw else text.find("\\", at, closing if closing >= 0 else len(text))
    return closing if escape < 0 else escape


def _escape(text: str, at: int) -> tuple[str, int]:
    found = _ESCAPE.match(text, at)
    if not found:
        raise refuse(text, "a backslash at the end of the text", at)
    hexadecimal = found[1] or found[2] or found[3]
    if hexadecimal or found[4]:
        code = int(hexadecimal, 16) if hexadecimal else int(found[4], 8)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise refuse(text, f"{found[0]} is no Unicode character", at)
        return chr(code), found.end()
    if found[5] not in _SIMPLE:
        raise refuse(text, f"unknown escape {found[0]!r}; a backslash itself is written \\\\", at)
    return _SIMPLE[found[5]], found.end()
