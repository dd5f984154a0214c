"""A second, slower evaluator of conditions, written from the documented meaning only.

It shares no code with the library's own: events are read here by the schema, and trees are
walked node by node. What is not decided is `UNKNOWN`; a fact that is absent or null is None.
The tests hold every fast path against it.
"""

from __future__ import annotations

import datetime as dt
import enum
import math
import re
import unicodedata
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

import attrs

from platgov import names
from platgov._conditions import tree
from platgov.conditions import UNKNOWN, UInt
from platgov.errors import PlatgovError

INT64 = range(-(2**63), 2**63)
UINT64 = range(2**64)
TEXT_BYTES = 65_536
LIST_ITEMS = 10_000
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

PATTERNS = {
    "a+b": r"a+b",
    "^spam": r"\Aspam",
    "[0-9]+": r"[0-9]+",
    "x$": r"x\Z",
    r"\w+@\w+": r"[0-9A-Za-z_]+@[0-9A-Za-z_]+",
    r"\bbuy\b": r"\bbuy\b",
    "(spam|eggs) now": r"(?:spam|eggs) now",
    "^$": r"\A\Z",
    "b.d": r"b[^\n]d",
}
"""Patterns of the language (RE2's) and the same for Python's ``re``, whose ``$`` and ``\\w`` differ."""


class Instant(NamedTuple):
    ns: int


class Span(NamedTuple):
    ns: int


def holds(node, schema, event):
    """True, False or UNKNOWN: the answer every path of the library must give."""
    answer = value_of(node, read_event(schema, event))
    return answer if answer is True or answer is False else UNKNOWN


# -- reading an event --------------------------------------------------------------------------


def read_event(schema, event):
    return _read_struct(schema.fields, _as_mapping(event))


def _as_mapping(value):
    if attrs.has(type(value)) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in attrs.fields(type(value))}
    return value if isinstance(value, Mapping) else None


def _read_struct(fields, mapping):
    return {field.name: _read_field(field, mapping.get(field.name)) for field in fields}


def _read_field(field, raw):
    value = _read(field.type, raw)
    if type(value) in (int, float) and not (
        (field.ge is None or value >= field.ge) and (field.le is None or value <= field.le)
    ):
        return UNKNOWN
    return value


def _read(kind, raw):
    if raw is None:
        return None
    return _READERS[kind.kind](kind, raw)


def _read_int(_, raw):
    return raw if type(raw) is int and raw in INT64 else UNKNOWN


def _read_float(_, raw):
    if type(raw) is int and raw in INT64:
        return float(raw)  # 1 and 1.0 are the same number, so the same fact
    return raw if type(raw) is float and math.isfinite(raw) else UNKNOWN


def _read_bool(_, raw):
    return raw if type(raw) is bool else UNKNOWN


def _read_text(_, raw):
    if type(raw) is not str:
        return UNKNOWN
    try:
        return raw if len(raw.encode("utf-8")) <= TEXT_BYTES else UNKNOWN
    except UnicodeEncodeError:
        return UNKNOWN


def _read_enum(kind, raw):
    raw = raw.value if isinstance(raw, enum.Enum) else raw
    return raw if type(raw) is str and raw in kind.values else UNKNOWN


def _read_timestamp(_, raw):
    if isinstance(raw, dt.datetime):
        if raw.utcoffset() is None:
            return UNKNOWN
        since = raw - EPOCH
        return _instant((since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000)
    if type(raw) is int:
        return _instant(raw * 10**9)
    return parse_instant(raw) if type(raw) is str else UNKNOWN


def _read_duration(_, raw):
    if isinstance(raw, dt.timedelta):
        return _span((raw.days * 86_400 + raw.seconds) * 10**9 + raw.microseconds * 1000)
    if type(raw) is int:
        return _span(raw * 10**9)
    return parse_span(raw) if type(raw) is str else UNKNOWN


def _read_list(kind, raw):
    if type(raw) in (set, frozenset) or (kind.distinct and type(raw) in (list, tuple)):
        raw = _in_order(raw)
    if type(raw) not in (list, tuple) or len(raw) > LIST_ITEMS:
        return UNKNOWN
    return tuple(_read(kind.item, element) for element in raw)


def _in_order(elements):
    """Give the elements of a set once each, by kind and value; what has no order of its own comes last."""
    plain, others = {}, []
    for element in elements:
        value = element.value if isinstance(element, enum.Enum) else element
        if type(value) in (str, int, bool) or (type(value) is float and not math.isnan(value)):
            plain[type(value).__name__, value] = element
        else:
            others.append(element)
    return [plain[key] for key in sorted(plain)] + others


def _read_nested(kind, raw):
    mapping = _as_mapping(raw)
    return UNKNOWN if mapping is None else _read_struct(kind.fields, mapping)


_READERS = {
    "int": _read_int,
    "float": _read_float,
    "bool": _read_bool,
    "text": _read_text,
    "enum": _read_enum,
    "timestamp": _read_timestamp,
    "duration": _read_duration,
    "list": _read_list,
    "struct": _read_nested,
}


def _instant(ns):
    first = dt.date.min.toordinal() - EPOCH.toordinal()
    last = dt.date.max.toordinal() + 1 - EPOCH.toordinal()
    return Instant(ns) if first * 86_400 * 10**9 <= ns < last * 86_400 * 10**9 else UNKNOWN


def _span(ns):
    return Span(ns) if ns in INT64 else UNKNOWN


def parse_instant(text):
    """Read RFC 3339 text, which always has an offset."""
    parts = re.fullmatch(r"([0-9-]{10})[Tt]([0-9:]{8})(\.[0-9]{1,9})?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))", text)
    if not parts:
        return UNKNOWN
    try:
        base = dt.datetime.strptime(f"{parts[1]} {parts[2]} +0000", "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return UNKNOWN
    if int(parts[5] or 0) > 23 or int(parts[6] or 0) > 59 or parts[2][-2:] > "59":
        return UNKNOWN
    since = base - EPOCH
    offset = (int(parts[5] or 0) * 60 + int(parts[6] or 0)) * 60 * (-1 if parts[4] == "-" else 1)
    seconds = since.days * 86_400 + since.seconds - offset
    return _instant(seconds * 10**9 + int(Fraction("0" + (parts[3] or ".0")) * 10**9))


def parse_span(text):
    """Read a span as Go and CEL write it: ``1h30m``, ``-1.5s``."""
    units = {"h": 3600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "µs": 10**3, "ns": 1}
    number = r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
    part = rf"({number})(h|ms|m|s|us|µs|ns)"
    if not re.fullmatch(rf"[+-]?(?:{part})+", text):
        return UNKNOWN
    total = sum(
        int(Fraction("0" + amount if amount[0] == "." else amount) * units[unit])
        for amount, unit in re.findall(part, text)
    )
    return _span(-total if text[0] == "-" else total)


# -- walking a tree ----------------------------------------------------------------------------


def value_of(node, facts):
    """Give the value of a node; ``facts`` holds the facts and the variables of macros around it."""
    return _VALUES[type(node)](node, facts)


def _literal(node, _):
    return node.value


def _name(node, facts):
    return facts[node.name]


def _select(node, facts):
    inside = value_of(node.operand, facts)
    return inside.get(node.field) if isinstance(inside, dict) else inside


def _index(node, facts):
    container, place = value_of(node.operand, facts), value_of(node.index, facts)
    if type(container) is not tuple:
        return container if container is None else UNKNOWN
    if type(place) is float and place.is_integer():
        place = int(place)
    if type(place) in (int, UInt):
        return container[place] if 0 <= place < len(container) else None  # a place past the end is absent
    return UNKNOWN


def _unary(node, facts):
    value = value_of(node.operand, facts)
    if node.op == "!":
        return (not value) if type(value) is bool else UNKNOWN
    if type(value) is int:
        return _whole(-value)
    return -value if type(value) is float else UNKNOWN


def _logic(node, facts):
    values = [value_of(operand, facts) for operand in node.operands]
    return any_of(values) if node.op == "||" else all_of(values)


def any_of(values):
    values = list(values)
    if any(value is True for value in values):
        return True
    return False if all(value is False for value in values) else UNKNOWN


def all_of(values):
    values = list(values)
    if any(value is False for value in values):
        return False
    return True if all(value is True for value in values) else UNKNOWN


def _choice(node, facts):
    condition = value_of(node.condition, facts)
    if type(condition) is not bool:
        return UNKNOWN
    return value_of(node.then if condition else node.otherwise, facts)


def _list(node, facts):
    return tuple(value_of(item, facts) for item in node.items)


def _is_null(node):
    return isinstance(node, tree.Literal) and type(node.value).__name__ == "Null"


def _binary(node, facts):
    if _is_null(node.left) or _is_null(node.right):
        other = value_of(node.right if _is_null(node.left) else node.left, facts)
        return (other is None) == (node.op == "==")
    left, right = value_of(node.left, facts), value_of(node.right, facts)
    if node.op in ("==", "!=", "in") and _is_folded(node.left) != _is_folded(node.right):
        left, right = _folded(left), _folded(right)
    match node.op:
        case "==":
            return equal(left, right)
        case "!=":
            answer = equal(left, right)
            return answer if answer is UNKNOWN else not answer
        case "in":
            return any_of(equal(left, element) for element in right) if type(right) is tuple else UNKNOWN
        case "<" | "<=" | ">" | ">=":
            return _ordered(node.op, left, right)
    return _arithmetic(node.op, left, right)


_NUMBERS = (int, float, UInt)


def equal(left, right):
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        return _aligned(left, right)[0] == _aligned(left, right)[1]
    if type(left) is not type(right) or left is None or left is UNKNOWN:
        return UNKNOWN
    if type(left) is tuple:
        return all_of(map(equal, left, right)) if len(left) == len(right) else False
    if type(left) is dict:
        return all_of(equal(left[key], right[key]) for key in left) if left.keys() == right.keys() else False
    return left == right


def _aligned(left, right):
    """Bring two numbers to one kind: beside a float, a whole number is the float nearest to it."""
    return (float(left), float(right)) if float in (type(left), type(right)) else (int(left), int(right))


def _ordered(op, left, right):
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        left, right = _aligned(left, right)
    elif type(left) is not type(right) or type(left) not in (str, bool, Instant, Span):
        return UNKNOWN
    elif type(left) is str:
        left, right = [ord(char) for char in left], [ord(char) for char in right]
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[op]


def _whole(value):
    return value if value in INT64 else UNKNOWN


def _arithmetic(op, left, right):
    kinds = (type(left), type(right))
    if kinds in ((int, int), (UInt, UInt)):
        if op in "/%" and right == 0:
            return UNKNOWN
        result = _on_whole(op, int(left), int(right))
        if kinds[0] is UInt:
            return UInt(result) if result in UINT64 else UNKNOWN
        return _whole(result)
    if kinds in ((float, float), (int, float), (float, int)):
        return _on_floats(op, float(left), float(right))
    if op == "+" and kinds in ((str, str), (tuple, tuple)):
        return left + right if len(left) + len(right) <= TEXT_BYTES else UNKNOWN
    if op == "+" and kinds == (Span, Span):
        return _span(left.ns + right.ns)
    if op == "+" and kinds in ((Instant, Span), (Span, Instant)):
        return _instant(left.ns + right.ns)
    if op == "-" and kinds in ((Instant, Instant), (Span, Span)):
        return _span(left.ns - right.ns)
    if op == "-" and kinds == (Instant, Span):
        return _instant(left.ns - right.ns)
    return UNKNOWN


def _on_whole(op, left, right):
    match op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return math.trunc(Fraction(left, right))
    return left - right * math.trunc(Fraction(left, right))


def _on_floats(op, left, right):
    if op == "%" or (op == "/" and right == 0):
        return UNKNOWN
    result = {"+": left + right, "-": left - right, "*": left * right, "/": left / (right or 1.0)}[op]
    return UNKNOWN if math.isnan(result) else result


# -- calls -------------------------------------------------------------------------------------


def _is_folded(node):
    return isinstance(node, tree.Call) and node.function == "folded"


def _folded(value):
    if type(value) is tuple:
        return tuple(_folded(item) for item in value)
    if type(value) is not str:
        return UNKNOWN
    try:
        return names.fold(value)
    except PlatgovError:
        return UNKNOWN


def _call(node, facts):
    if node.target is None:
        (argument,) = node.arguments
        value = value_of(argument, facts)
        return value is not None if node.function == "has" else _FUNCTIONS[node.function](value)
    target = value_of(node.target, facts)
    if node.function == "folded":
        return _folded(target) if type(target) is str else UNKNOWN
    if node.function == "size":
        return _size(target)
    if node.function in _PARTS:
        return _part_of_time(node, target)
    (argument,) = node.arguments
    if node.function == "matches":
        found = re.search(PATTERNS[argument.value], target, re.ASCII) if type(target) is str else None
        return UNKNOWN if type(target) is not str else found is not None
    other = value_of(argument, facts)
    if _is_folded(node.target) and not _is_folded(argument):
        other = _folded(other)
    return _text_test(node.function, target, other)


def _text_test(method, text, other):
    if type(text) is not str:
        return UNKNOWN
    if method in ("containsAny", "containsWord"):
        terms = other if type(other) is tuple else (other,)
        test = has_word if method == "containsWord" else lambda inside, term: term in inside
        return any_of(test(text, term) if type(term) is str and term else UNKNOWN for term in terms)
    if type(other) is not str:
        return UNKNOWN
    return {"contains": other in text, "startsWith": text.startswith(other), "endsWith": text.endswith(other)}[method]


_SPACELESS = ("THAI ", "LAO ", "MYANMAR ", "KHMER ", "HIRAGANA ", "KATAKANA ", "CJK UNIFIED", "IDEOGRAPHIC ITERATION")


def _glues(char):
    """Whether a letter beside this one belongs to the same word: not so in scripts written without spaces."""
    return names.is_word(char) and not unicodedata.name(char, "").startswith(_SPACELESS)


def has_word(text, term):
    for start in range(len(text) - len(term) + 1):
        if text[start : start + len(term)] == term:
            around = text[start - 1 : start] if start else "", text[start + len(term) : start + len(term) + 1]
            edges = term[0], term[-1]
            if not any(char and _glues(char) and _glues(edge) for char, edge in zip(around, edges, strict=True)):
                return True
    return False


def _size(value):
    return len(value) if type(value) in (str, tuple, dict) else UNKNOWN


def _to_int(value):
    if type(value) is float:
        return _whole(math.trunc(value)) if math.isfinite(value) and -(2.0**63) < value < 2.0**63 else UNKNOWN
    return value if type(value) is int else UNKNOWN


def _to_double(value):
    return float(value) if type(value) in _NUMBERS else UNKNOWN


def _to_string(value):
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int:
        return f"{value:d}"
    return value if type(value) is str else UNKNOWN


def _to_instant(value):
    if type(value) is int:
        return _instant(value * 10**9)
    if type(value) is str:
        return parse_instant(value)
    return value if type(value) is Instant else UNKNOWN


def _to_span(value):
    return parse_span(value) if type(value) is str else value if type(value) is Span else UNKNOWN


_FUNCTIONS = {
    "size": _size,
    "int": _to_int,
    "double": _to_double,
    "string": _to_string,
    "timestamp": _to_instant,
    "duration": _to_span,
}

_PARTS = {
    "getFullYear": lambda at: at.year,
    "getMonth": lambda at: at.month - 1,
    "getDayOfWeek": lambda at: (at.weekday() + 1) % 7,
    "getHours": lambda at: at.hour,
    "getMinutes": lambda at: at.minute,
    "getSeconds": lambda at: at.second,
}
_UNITS = {"getHours": 3600 * 10**9, "getMinutes": 60 * 10**9, "getSeconds": 10**9}


def _part_of_time(node, value):
    if type(value) is Span and node.function in _UNITS:
        return math.trunc(Fraction(value.ns, _UNITS[node.function]))
    if type(value) is not Instant:
        return UNKNOWN
    hours = int(node.arguments[0].value[:3]) if node.arguments else 0
    try:
        shifted = EPOCH + dt.timedelta(hours=hours, seconds=value.ns // 10**9)
    except OverflowError:
        return UNKNOWN
    return _PARTS[node.function](shifted)


# -- macros ------------------------------------------------------------------------------------


def _each(node, facts):
    elements = value_of(node.over, facts)
    if type(elements) is not tuple:
        return UNKNOWN
    if node.test is not None:  # map with a test: only elements that pass it
        wanted = [value_of(node.test, {**facts, node.variable: element}) for element in elements]
        if not all(type(answer) is bool for answer in wanted):
            return UNKNOWN
        elements = [element for element, answer in zip(elements, wanted, strict=True) if answer]
    answers = [value_of(node.body, {**facts, node.variable: element}) for element in elements]
    match node.macro:
        case "exists":
            return any_of(answers)
        case "all":
            return all_of(answers)
        case "map":
            failed = any(answer is None or answer is UNKNOWN for answer in answers)
            return UNKNOWN if failed else tuple(answers)
    if not all(type(answer) is bool for answer in answers):
        return UNKNOWN  # as in CEL, where one failing element fails exists_one and filter
    if node.macro == "exists_one":
        return sum(answers) == 1
    return tuple(element for element, answer in zip(elements, answers, strict=True) if answer)


_VALUES = {
    tree.Literal: _literal,
    tree.Name: _name,
    tree.Select: _select,
    tree.Index: _index,
    tree.Unary: _unary,
    tree.Binary: _binary,
    tree.Logic: _logic,
    tree.Choice: _choice,
    tree.Call: _call,
    tree.ListOf: _list,
    tree.Each: _each,
}
