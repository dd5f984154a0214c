"""Canonical JSON: one spelling out, strict reading in."""

import enum
import hashlib
import itertools
import json
import math
import pathlib
import pickle
import re
import struct
import typing
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._canonical import MAX_INT, digest, digest_bytes, dumps, loads, refusal, shown, step, under
from platgov.errors import InputError, Problem

VECTORS = pathlib.Path(__file__).parents[2] / "shared" / "data" / "jcs"

finite = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
# Whole floats past 2**53 are spelled like whole numbers: see the test of that name.
readable = finite.filter(lambda number: not 2**53 <= abs(number) < 1e21)
scalars = st.none() | st.booleans() | st.integers(-MAX_INT, MAX_INT) | readable | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=20
)


def refused(call, *args, **kwargs):
    with pytest.raises(InputError) as caught:
        call(*args, **kwargs)
    return [(problem.code, problem.path) for problem in caught.value.problems]


def nested(depth, innermost="1"):
    return "[" * depth + innermost + "]" * depth


# Laws


@given(values)
def test_what_is_written_reads_back_equal(value):
    assert loads(dumps(value)) == value


@given(values)
def test_writing_twice_gives_the_same_bytes(value):
    once = dumps(value)
    assert dumps(loads(once)) == once


@given(st.dictionaries(texts, scalars, max_size=8), st.randoms())
def test_the_order_of_keys_never_changes_the_bytes(value, rng):
    items = list(value.items())
    rng.shuffle(items)
    assert dumps(dict(items)) == dumps(value)
    assert digest(dict(items)) == digest(value)


@given(st.dictionaries(texts, st.just(0)))
def test_keys_stand_in_the_order_of_their_utf_16_code_units(value):
    keys = list(json.loads(dumps(value)))
    assert keys == sorted(keys, key=lambda key: list(struct.iter_unpack(">H", key.encode("utf-16-be"))))


@given(values)
def test_it_is_the_json_that_the_standard_library_reads(value):
    assert json.loads(dumps(value)) == value


@given(finite)
def test_a_float_has_the_shortest_digits_and_the_layout_of_ecmascript(number):
    text = dumps(number).decode()
    assert float(text) == number
    size = abs(number)
    assert ("e" in text) == (size != 0 and not 1e-6 <= size < 1e21)
    assert re.fullmatch(r"-?(0|[1-9]\d*)(\.\d*[1-9])?(e[+-][1-9]\d*)?", text)

    def significant(spelling):
        return "".join(map(str, Decimal(spelling).normalize().as_tuple().digits))

    assert significant(text) == significant(repr(number))


@given(values)
def test_a_list_and_a_tuple_are_one_value(value):
    assert dumps([value, value]) == dumps((value, value))


@given(st.text() | st.binary())
def test_reading_anything_gives_a_value_or_an_input_error(data):
    try:
        loads(data)
    except InputError as bad:
        assert bad.problems


@given(st.text(alphabet='[]{}",:\\u d8eE+-.0123456789truefalsnN', max_size=40))
def test_reading_near_json_agrees_with_the_standard_library_or_refuses(data):
    try:
        value = loads(data)
    except InputError:
        return
    assert value == json.loads(data)


# Worked examples


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_the_published_vectors_pass_byte_for_byte(name):
    if not VECTORS.is_dir():
        pytest.skip("the shared RFC 8785 vectors are not beside this checkout")
    source = (VECTORS / "input" / f"{name}.json").read_bytes()
    assert dumps(loads(source)) == (VECTORS / "output" / f"{name}.json").read_bytes()


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("ffefffffffffffff", "-1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("c340000000000000", "-9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555557", "333333333.33333343"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_floats_are_spelled_as_rfc_8785_appendix_b_lists_them(bits, text):
    assert dumps(struct.unpack(">d", bytes.fromhex(bits))[0]) == text.encode()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (-1.5, "-1.5"),
        (9007199254740993.0, "9007199254740992"),
        (1e-7, "1e-7"),
        (1.5e-7, "1.5e-7"),
        (0.00001, "0.00001"),
        (1e16, "10000000000000000"),
        (1e20, "100000000000000000000"),
        (1.5e20, "150000000000000000000"),
        (1e21, "1e+21"),
        (-1e21, "-1e+21"),
        (-0.0, "0"),
    ],
)
def test_floats_at_the_edges_of_each_layout(number, text):
    assert dumps(number) == text.encode()


def test_a_flat_object_is_spelled_without_spaces():
    assert dumps({"b": None, "a": [True, False, "x\n\x0f\x7f\u2028"]}) == (
        '{"a":[true,false,"x\\n\\u000f\x7f\u2028"],"b":null}'.encode()
    )


def test_astral_keys_sort_before_the_top_of_the_basic_plane():
    assert dumps({"\ufb33": 1, "\U0001f602": 2}) == '{"\U0001f602":2,"\ufb33":1}'.encode()


def test_one_and_one_point_zero_have_one_digest():
    assert digest({"a": 1}) == digest({"a": 1.0})


def test_a_digest_names_its_hash():
    assert digest({}) == digest_bytes(b"{}") == "sha256:" + hashlib.sha256(b"{}").hexdigest()


def test_numbers_up_to_the_exact_range_are_written():
    assert dumps([MAX_INT, -MAX_INT]) == b"[9007199254740991,-9007199254740991]"


def test_sixty_four_levels_are_written():
    value = 0
    for _ in range(280):
        value = [value]
    assert dumps(value) == nested(280, "0").encode()


def test_a_float_past_the_exact_range_is_spelled_like_a_whole_number():
    assert loads(dumps(6.360620921722539e16)) == 63_606_209_217_225_390  # the float is …392
    assert float(loads(dumps(6.360620921722539e16))) == 6.360620921722539e16
    assert refused(loads, dumps(1e20)) == [("range", "$")]


def test_int64_is_read_whole():
    assert loads(f"[{2**63 - 1},{-(2**63)}]") == [2**63 - 1, -(2**63)]


def test_brackets_inside_text_are_not_nesting():
    assert loads(json.dumps(['"[[{' * 40])) == ['"[[{' * 40]


def test_many_shallow_lists_are_not_deep():
    assert loads("[" + "[{}]," * 100 + "[]]") == [[{}]] * 100 + [[]]


def test_thirty_two_levels_are_read():
    assert loads(nested(32)) is not None
    assert loads(nested(3), nesting=3) == [[[1]]]


def test_escaped_pairs_of_surrogates_are_one_character():
    assert loads(r'"\ud83d\ude02"') == "\U0001f602"


def test_the_size_limit_counts_bytes():
    assert loads('"é"', max_bytes=4) == "é"
    assert refused(loads, '"éé"', max_bytes=5) == [("size", "$")]


# Bad input


class Colour(enum.StrEnum):
    RED = "red"


class Level(enum.IntEnum):
    ONE = 1


class Pair(typing.NamedTuple):
    a: int


class Trick(dict):
    pass


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "code", "path"),
    [
        (math.nan, "number", "$"),
        ([math.inf], "number", "$[0]"),
        ({"a": -math.inf}, "number", "$.a"),
        ({"a": [0, {}, {"b": 2**53}]}, "range", "$.a[2].b"),
        (-(2**53), "range", "$"),
        (10**5000, "range", "$"),
        ({1: 2}, "type", "$"),
        ({"a": 1, None: 2}, "type", "$"),
        ({Text("a"): 2}, "type", "$"),
        ({"a": {1, 2}}, "type", "$.a"),
        (b"bytes", "type", "$"),
        (Decimal(1), "type", "$"),
        (Colour.RED, "type", "$"),
        (Level.ONE, "type", "$"),
        ({"odd key": Colour.RED}, "type", "$['odd key']"),
        (Pair(1), "type", "$"),
        (Trick(), "type", "$"),
        (object(), "type", "$"),
        (["\ud800"], "surrogate", "$[0]"),
        ({"a": ("x", {"b": "x\udfff"})}, "surrogate", "$.a[1].b"),
        ({"\ud800": 1}, "surrogate", "$['\\ud800']"),
        ({"é": 1, "\ud800": 1}, "surrogate", "$['\\ud800']"),
    ],
    ids=itertools.count(),
)
def test_a_value_without_one_spelling_is_refused_with_its_place(value, code, path):
    assert refused(dumps, value) == [(code, path)]


def test_a_value_inside_itself_is_refused():
    loop, ring = [], {}
    loop.append(loop)
    ring["again"] = [ring]
    assert refused(dumps, loop) == [("nesting", "$" + "[0]" * 280)]
    assert refused(dumps, ring)[0][0] == "nesting"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ('{"outcome":"allow","outcome":"ban"}', [("duplicate_key", "$.outcome")]),
        ('{"a":[{"b":1,"b":2,"c":0,"b":3}]}', [("duplicate_key", "$.a[0].b")]),
        (r'{"a":1,"\u0061":2}', [("duplicate_key", "$.a")]),
        ('[NaN,1,Infinity,{"x":-Infinity}]', [("number", "$[0]"), ("number", "$[2]"), ("number", "$[3].x")]),
        ("[1e999,-1e999,0.1]", [("range", "$[0]"), ("range", "$[1]")]),
        (str(2**63), [("range", "$")]),
        (f'{{"n":{-(2**63) - 1}}}', [("range", "$.n")]),
        ("9" * 5000, [("range", "$")]),
        ("-" + "9" * 500_000, [("range", "$")]),
        (r'{"a":"\ud800"}', [("surrogate", "$.a")]),
        (r'["\ude02\ud83d", {"\udfff": 1}]', [("surrogate", "$[0]"), ("surrogate", "$[1]['\\udfff']")]),
        ('"\ud800"', [("surrogate", "$")]),
        ("\ufeff{}", [("encoding", "$")]),
        (b"\xef\xbb\xbf{}", [("encoding", "$")]),
        ("{}".encode("utf-16"), [("encoding", "$")]),
        ("{}".encode("utf-16-le"), [("encoding", "$")]),
        ("{}".encode("utf-32-be"), [("encoding", "$")]),
        ('"é"'.encode("latin-1"), [("encoding", "$")]),
        (nested(33), [("nesting", "$")]),
        ("[" * 100_000, [("nesting", "$")]),
        ('{"a":' * 100_000, [("nesting", "$")]),
        ("[" + "[]," * 50 + '"', [("json", "$")]),
        ('{"a":1,"a":2,}', [("json", "$")]),
        ("", [("json", "$")]),
        ("[1,]", [("json", "$")]),
        ("01", [("json", "$")]),
        ("{'a': 1}", [("json", "$")]),
        ("[1] 2", [("json", "$")]),
        ('"a\nb"', [("json", "$")]),
        ('"' + '\\"' * 1000, [("json", "$")]),
        (" " * 2_000_000, [("size", "$")]),
        (bytearray(b"{}"), [("type", "$")]),
        (None, [("type", "$")]),
        (Text("{}"), [("type", "$")]),
    ],
    ids=itertools.count(),
)
def test_text_that_two_readers_could_understand_differently_is_refused(text, problems):
    assert refused(loads, text) == problems


def test_an_error_names_what_was_read_and_pickles():
    with pytest.raises(InputError, match=r"^event: \$, character 5: not JSON at line 1, column 5: ") as caught:
        loads('{"a"}', subject="event")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.subject, again.problems) == ("event", caught.value.problems)
    with pytest.raises(InputError, match=r"^post: \$: nan is not a number in JSON"):
        dumps(math.nan, subject="post")


def test_the_place_of_a_bad_byte_is_counted_in_characters():
    with pytest.raises(InputError) as caught:
        loads('"éé'.encode() + b"\xff")
    assert caught.value.problems[0].position == 3


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing (null)"),
        (True, "true"),
        (False, "false"),
        (18, "number 18"),
        (10**5000, "a whole number of 16610 bits"),
        (1.5, "number 1.5"),
        ("18", "text '18'"),
        ("a" * 41, "text '" + "a" * 40 + "…'"),
        ("\x1b[2J\u202e", r"text '\x1b[2J\u202e'"),
        ([1], "a list of 1"),
        ((), "a list of 0"),
        ({}, "an object with 0 keys"),
        (Colour.RED, "a Colour"),
        (Level.ONE, "a Level"),
        (b"", "a bytes"),
    ],
    ids=itertools.count(),
)
def test_any_value_can_be_named_in_a_message(value, words):
    assert shown(value) == words


def test_paths_are_spelled_so_that_each_step_can_be_told():
    assert [step(2), step("a_b"), step("a.b"), step("é"), step("k" * 65)] == [
        "[2]",
        ".a_b",
        "['a.b']",
        "['é']",
        f"['{'k' * 40}…']",
    ]
    assert under(".a", (Problem("x", "$[1]"),)) == (Problem("x", "$.a[1]"),)
    assert refusal("type", "m").problems == (Problem("m", "$", "type"),)
