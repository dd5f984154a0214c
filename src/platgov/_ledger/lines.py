"""What may stand in one line of a signed note: text, base64, plain numbers, key names."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from platgov._canonical import shown
from platgov._ledger.merkle import check_size
from platgov._limits import DEFAULT
from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    import attrs

__all__ = [
    "check_line",
    "check_text",
    "decode64",
    "encode64",
    "read_count",
    "refusal",
    "valid_bytes",
    "valid_name",
    "valid_size",
]

_CONTROL = re.compile("[\0-\x09\x0b-\x1f]")
_COUNT = re.compile("0|[1-9][0-9]{0,18}")  # 19 digits: as many as 2**63 - 1 has


def check_text(text: str | bytes, path: str = "$") -> str:
    """Return text if it is UTF-8, at most 1 MiB, and free of control characters other than newline."""
    if type(text) is not str and type(text) is not bytes:
        raise refusal("type", f"expected text, got {shown(text)}", path)
    if len(text) > DEFAULT.file_bytes:
        raise refusal("size", f"longer than {DEFAULT.file_bytes} bytes", path)
    try:
        data = text if isinstance(text, bytes) else text.encode()
        text = data.decode()
    except UnicodeError:
        raise refusal("encoding", "not UTF-8", path) from None
    if len(data) > DEFAULT.file_bytes:
        raise refusal("size", f"longer than {DEFAULT.file_bytes} bytes", path)
    if found := _CONTROL.search(text):
        raise refusal("control", f"holds the control character 0x{ord(found[0]):02x}", path)
    return text


def check_line(line: str, path: str) -> str:
    """Return text if it can be one line of a note: not empty, no newline."""
    if type(line) is not str or not check_text(line, path) or "\n" in line:
        raise refusal("line", f"expected one line of text, got {shown(line)}", path)
    return line


def read_count(text: str, path: str) -> int:
    """Read a size or index in plain ASCII digits: no sign, no leading zero, below 2**63."""
    if not _COUNT.fullmatch(text):
        raise refusal("number", f"expected a plain decimal number, got {shown(text)}", path)
    return check_size(int(text), path)


def encode64(data: bytes) -> str:
    """Write bytes as standard base64."""
    return base64.b64encode(data).decode()


def decode64(text: object, path: str = "$") -> bytes:
    """Read standard base64 in its one spelling: no spaces, no other alphabet, padded, no stray bits."""
    try:
        data = base64.b64decode(text, validate=True) if type(text) is str else None
    except ValueError:
        data = None
    if data is None or encode64(data) != text:
        raise refusal("base64", f"{shown(text)} is not standard base64", path)
    return data


def valid_name(_: Any, field: attrs.Attribute[Any], name: str) -> None:
    """Check a field that holds a key name."""
    check_line(name, f"$.{field.name}")
    if any(letter == "+" or letter.isspace() for letter in name):
        raise refusal("name", f"{shown(name)} is no key name: it has a space or a plus", f"$.{field.name}")


def valid_bytes(_: Any, field: attrs.Attribute[Any], value: object) -> None:
    """Check a field that holds bytes, as many as its metadata says (never shown: it may be a secret)."""
    size = field.metadata.get("size")
    if type(value) is not bytes or not value or len(value) != (size or len(value)):
        given = f"{len(value)} bytes" if type(value) is bytes else f"a {type(value).__name__}"
        raise refusal("bytes", f"expected {size or 'some'} bytes, got {given}", f"$.{field.name}")


def valid_size(_: Any, field: attrs.Attribute[Any], value: int) -> None:
    """Check a field that holds a size or an index."""
    check_size(value, f"$.{field.name}")


def refusal(code: str, message: str, path: str = "$") -> InputError:
    """Build the error for one malformed part of a note, key or checkpoint."""
    return InputError("signed note", (Problem(message, path, code),))
