"""JSON with one spelling: RFC 8785 bytes out, digests of them, strict reading in."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from json.encoder import encode_basestring
from math import isfinite
from typing import TYPE_CHECKING, Any

from platgov._limits import DEFAULT
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_INT", "digest", "digest_bytes", "dumps", "loads", "refusal", "shown", "step", "under"]

MAX_INT = 2**53 - 1
"""Largest whole number that every JSON reader keeps exact (RFC 8785, section 3.2.2.3)."""

_WRITE_NESTING = 280  # a condition may be 128 levels deep, of two levels of JSON each
_INT64 = 2**63
_TEXT_ONLY = {str}


def dumps(value: object, *, subject: str = "value") -> bytes:
    """Write a value as canonical JSON, the same bytes for equal values everywhere.

    Accepted are exactly ``dict`` with text keys, ``list``, ``tuple``, ``str``, ``bool``,
    ``None``, ``int`` up to ``MAX_INT`` either way, and finite ``float``. Subclasses are
    refused, text enums and named tuples included: their JSON form is a decision that the
    caller makes (``.value``, ``._asdict()``), not one to guess here.
    Keys are sorted by UTF-16 code units; ``1.0`` and ``1`` are one number, ``-0.0`` is ``0``.
    A float from 2**53 up to 1e21 is spelled in whole digits, as the RFC wants: it reads back
    as an ``int`` that is merely near it, or not at all past 64 bits.

    Raises:
        InputError: The value holds something else, a lone surrogate, or more than
            280 levels (a value inside itself never ends). The problem names the place.

    Source: RFC 8785, JSON Canonicalization Scheme.
    """
    try:
        return _written(value, _WRITE_NESTING).encode()
    except UnicodeEncodeError:
        raise InputError(subject, tuple(_lone_surrogates(value, "$"))) from None
    except InputError as bad:
        raise InputError(subject, bad.problems) from None


def digest(value: object) -> str:
    """Address a value by its content: ``sha256:`` and the hash of its canonical bytes."""
    return digest_bytes(dumps(value))


def digest_bytes(data: bytes) -> str:
    """Address bytes by their content: ``sha256:`` and 64 lower-case hex digits."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def loads(
    text: str | bytes, *, subject: str = "JSON", max_bytes: int = DEFAULT.file_bytes, nesting: int = DEFAULT.nesting
) -> Any:
    """Read JSON strictly, so that no two readers can understand it differently.

    Refused, besides what is not JSON: a key given twice, ``NaN`` and ``Infinity``, numbers
    past float or int64, lone surrogates, a byte order mark, other encodings than UTF-8.

    Args:
        text: One whole document; bytes must be UTF-8.
        subject: What is being read, for the error.
        max_bytes: Longest document in UTF-8 bytes.
        nesting: Most brackets inside each other.

    Raises:
        InputError: Carries every refused value with its path; a syntax error stops at the first.
    """
    try:
        return _read(_decoded(text, max_bytes), nesting)
    except json.JSONDecodeError as bad:
        message = f"not JSON at line {bad.lineno}, column {bad.colno}: {bad.msg[:1].lower()}{bad.msg[1:]}"
        raise InputError(subject, (Problem(message, code="json", position=bad.pos),)) from None
    except InputError as bad:
        raise InputError(subject, bad.problems) from None


def refusal(code: str, message: str, *, position: int | None = None) -> InputError:
    """Build the error for one bad value; whoever knows the path and subject adds them."""
    return InputError("value", (Problem(message, code=code, position=position),))


def under(place: str, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Move problems found in a part to their path in the whole (``place`` as of ``step``)."""
    return tuple(problem._replace(path=f"${place}{problem.path[1:]}") for problem in problems)


def step(key: object) -> str:
    """Spell one step of a path: ``.name``, ``['odd key']`` or ``[2]``."""
    if isinstance(key, int):
        return f"[{key}]"
    name = str(key)
    return f".{name}" if name.isascii() and name.isidentifier() and len(name) <= 64 else f"[{_clipped(name)}]"


def shown(value: object) -> str:
    """Name a value for people, short and safe to print whatever it holds."""
    match value:
        case None:
            return "nothing (null)"
        case bool():
            return "true" if value else "false"
        case int() if value.bit_length() > 256:  # str() of a long one is slow, past 4,300 digits an error
            return f"a whole number of {value.bit_length()} bits"
        case int() | float() if type(value) in (int, float):
            return f"number {value!r}"
        case str() if type(value) is str:
            return f"text {_clipped(value)}"
        case list() | tuple():
            return f"a list of {len(value)}"
        case dict():
            return f"an object with {len(value)} keys"
        case _:
            return f"a {type(value).__name__}"


def _written(value: Any, room: int) -> str:
    # The stdlib encoder cannot be told to write ECMAScript numbers, and a check before it
    # costs as much as writing: this plain loop is as fast as json.dumps(sort_keys=True).
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is int:
        if -MAX_INT <= value <= MAX_INT:
            return str(value)
        raise refusal("range", f"{shown(value)} is past ±{MAX_INT}, where readers differ; carry it as text")
    if kind is bool:
        return "true" if value else "false"
    if value is None:
        return "null"
    if kind is float:
        return _number(value)
    if kind is dict:
        return _object(value, room - 1)
    if kind is list or kind is tuple:
        return _array(value, room - 1)
    raise refusal("type", f"{shown(value)} has no JSON form; give text, numbers, booleans, null, lists or objects")


def _object(value: dict[str, Any], room: int) -> str:
    _check_room(room)
    if not _TEXT_ONLY.issuperset(map(type, value)):
        odd = next(key for key in value if type(key) is not str)
        raise refusal("type", f"a key is {shown(odd)}; keys are text")
    # UTF-16 order differs from code point order only past the ASCII range.
    keys = sorted(value) if "".join(value).isascii() else sorted(value, key=_utf16)
    parts = []
    key = ""
    try:
        for key in keys:
            parts.append(f"{encode_basestring(key)}:{_written(value[key], room)}")
    except InputError as bad:
        raise InputError(bad.subject, under(step(key), bad.problems)) from None
    return f"{{{','.join(parts)}}}"


def _array(value: list[Any] | tuple[Any, ...], room: int) -> str:
    _check_room(room)
    parts: list[str] = []
    try:
        for item in value:
            parts.append(_written(item, room))  # noqa: PERF401 - its length is the index of a failure
    except InputError as bad:
        raise InputError(bad.subject, under(step(len(parts)), bad.problems)) from None
    return f"[{','.join(parts)}]"


def _number(value: float) -> str:
    """Spell a float as ECMAScript's Number::toString does.

    Both it and ``repr`` give the shortest digits that read back; only the layout differs.
    """
    if not isfinite(value):
        raise refusal("number", f"{value!r} is not a number in JSON; leave the value out or give null")
    text = repr(value)
    if "e" not in text:
        whole = text.removesuffix(".0")
        return "0" if whole == "-0" else whole
    mantissa, _, exponent = text.partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    digits = mantissa.lstrip("-").replace(".", "")
    point = int(exponent) + 1  # the value is 0.digits x 10**point
    if len(digits) <= point <= 21:
        return f"{sign}{digits}{'0' * (point - len(digits))}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{point - 1:+d}"


def _check_room(room: int) -> None:
    if room < 0:
        raise refusal("nesting", f"nested more than {_WRITE_NESTING} levels deep, or a value inside itself")


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _read(document: str, nesting: int) -> Any:
    _check_nesting(document, nesting)
    try:
        value = _READER.decode(document)
    except InputError:  # read again, keeping going, to say where each bad value is
        raise InputError("JSON", tuple(_marked(_MARKING_READER.decode(document), "$"))) from None
    if _ESCAPED_SURROGATE.search(document) and (found := tuple(_lone_surrogates(value, "$"))):
        raise InputError("JSON", found)
    return value


def _decoded(text: str | bytes, max_bytes: int) -> str:
    if type(text) is not str and type(text) is not bytes:
        raise refusal("type", f"expected text or UTF-8 bytes, got {shown(text)}")
    if len(text) > max_bytes:
        raise refusal("size", f"{len(text)} long; at most {max_bytes} bytes are read")
    if isinstance(text, bytes):
        if text.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in text[:4]:
            raise refusal("encoding", "starts with a byte order mark or is UTF-16 or UTF-32; save it as plain UTF-8")
        try:
            return text.decode()
        except UnicodeDecodeError as bad:
            before = len(text[: bad.start].decode())
            raise refusal("encoding", f"byte 0x{text[bad.start]:02x} is not UTF-8", position=before) from None
    if text.startswith("\ufeff"):
        raise refusal("encoding", "starts with a byte order mark; remove it")
    if not text.isascii():
        try:
            size = len(text.encode())
        except UnicodeEncodeError as bad:
            raise refusal("surrogate", "holds a lone surrogate, which is no character", position=bad.start) from None
        if size > max_bytes:
            raise refusal("size", f"{size} bytes; at most {max_bytes} are read")
    return text


def _check_nesting(text: str, limit: int) -> None:
    # Before parsing: the parser recurses, and where it gives up depends on the stack left.
    if text.count("[") + text.count("{") <= limit:
        return
    brackets = _NO_BRACKET.sub("", _STRING.sub("", text)).translate(_ONE_KIND)
    depth = 0
    while depth <= limit and "[]" in brackets:  # each round takes the innermost level away
        brackets = brackets.replace("[]", "")
        depth += 1
    if depth + brackets.count("[") > limit:
        raise refusal("nesting", f"nested more than {limit} levels deep")


_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)  # possessive: linear, unclosed or not
_NO_BRACKET = re.compile(r"[^\[\]{}]++")
_ONE_KIND = str.maketrans("{}", "[]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def _whole(digits: str) -> int:
    if len(digits) <= 20 and -_INT64 <= (number := int(digits)) < _INT64:  # length first: int() of many is slow
        return number
    raise refusal("range", f"{_clipped(digits)} does not fit in 64 bits; carry it as text")


def _real(digits: str) -> float:
    if isfinite(number := float(digits)):
        return number
    raise refusal("range", f"{_clipped(digits)} is past the largest float, about 1.8e308")


def _constant(name: str) -> None:
    raise refusal("number", f"{name} is not JSON; leave the value out or give null")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    seen: set[str] = set()
    twice = {key: None for key, _ in pairs if key in seen or seen.add(key)}  # type: ignore[func-returns-value]
    problems = (Problem("this key is given twice; keep one", f"${step(key)}", "duplicate_key") for key in twice)
    raise InputError("value", tuple(problems))


def _marking(hook: Any) -> Any:
    """Leave the error in the tree in place of the bad value, so that its path can be told."""

    def mark(given: Any) -> Any:
        try:
            return hook(given)
        except InputError as bad:
            return bad

    return mark


_READER = json.JSONDecoder(parse_int=_whole, parse_float=_real, parse_constant=_constant, object_pairs_hook=_pairs)
_MARKING_READER = json.JSONDecoder(
    parse_int=_marking(_whole),
    parse_float=_marking(_real),
    parse_constant=_marking(_constant),
    object_pairs_hook=_marking(_pairs),
)


def _marked(value: Any, path: str) -> Iterator[Problem]:
    if isinstance(value, InputError):
        for problem in value.problems:
            yield problem._replace(path=f"{path}{problem.path[1:]}")
    else:
        for key, item in _parts(value):
            yield from _marked(item, f"{path}{step(key)}")


def _lone_surrogates(value: Any, path: str) -> Iterator[Problem]:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as bad:
            message = "holds a lone surrogate, which is no character"
            yield Problem(message, path, "surrogate", position=bad.start)
    else:
        for key, item in _parts(value):
            if isinstance(key, str):
                yield from _lone_surrogates(key, f"{path}{step(key)}")
            yield from _lone_surrogates(item, f"{path}{step(key)}")


def _parts(value: Any) -> Iterator[tuple[object, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list | tuple):
        yield from enumerate(value)


def _clipped(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
