"""Bad input to a ledger: one clear error of ours, quickly, and no entry. Rows 95-118 of the fault catalogue.

The rows about proofs and checkpoints as such are tested with those.
"""

import collections
import datetime as dt
import io
import json
import math
import time
import tracemalloc

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov import errors
from platgov._canonical import dumps
from platgov._ledger.entry import MAX_BODY, MAX_PLAIN
from platgov.ledger import Checkpoint, Ledger, Record, verify_export
from platgov.verdict import Verdict


@pytest.fixture
def ledger():
    with Ledger.open(":memory:", origin="example.org/log") as found:
        yield found


def refuses(ledger, path="$", **given_):
    """Append what must be refused: by one of our errors, in little time and memory, without an entry."""
    options = {"value": {}, "key": "k", **given_}
    value = options.pop("value")
    size = ledger.size
    tracemalloc.start()
    began = time.perf_counter()
    try:
        with pytest.raises(errors.InputError) as raised:
            ledger.append(value, **options)
        took, (_, peak) = time.perf_counter() - began, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert took < 2, took  # 50 ms on a quiet machine without tracing
    assert peak < 16 * 2**20
    assert all(problem.path.startswith(path) for problem in raised.value.problems), raised.value
    assert len(str(raised.value)) < 2_000
    assert ledger.size == size
    return {problem.code for problem in raised.value.problems}


NAIVE = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - bad input


class Text(str):
    __slots__ = ()


NO_TEXT = [
    ("", "size"), ("x" * 257, "size"), ("é" * 129, "size"), ("x" * 10_000, "size"), ("x" * 10**7, "size"),
    ("a\0b", "control"), ("a\nb", "control"), ("\x1b[31m", "control"), ("\x7f", "control"), ("a\ud800", "surrogate"),
    (b"bytes", "type"), (7, "type"), (7.0, "type"), (True, "type"), (["k"], "type"), ({}, "type"), (object(), "type"),
    (Text("k"), "type"), (10**5_000, "type"), (float("nan"), "type"),
]  # fmt: skip


def names(values):
    return [f"{number}" for number, _ in enumerate(values)]


@pytest.mark.parametrize(("key", "code"), [*NO_TEXT, (None, "type")], ids=names([*NO_TEXT, None]))
def test_row_101_a_key_that_is_none(ledger, key, code):
    assert refuses(ledger, "$.key", key=key) == {code}


@pytest.mark.parametrize(("subject", "code"), NO_TEXT, ids=names(NO_TEXT))
def test_a_subject_that_is_none(ledger, subject, code):
    assert refuses(ledger, "$.subject", subject=subject) == {code}
    with pytest.raises(errors.InputError):
        ledger.erase(subject=subject)


def test_erasing_needs_a_subject(ledger):
    with pytest.raises(errors.InputError):
        ledger.erase(subject=7)
    for wrong in ({"by": 7}, {"reason": ""}, {"at": "now"}, {"at": NAIVE}):
        with pytest.raises(errors.InputError):
            ledger.erase(subject="u", **wrong)
    assert ledger.size == 0


@pytest.mark.parametrize(
    "stream",
    ["", "Main", "a b", "a\n", "ä", ".a", "-a", "x" * 65, 'a"b', "a\\b", "a/b", None, 7, b"main", True, Text("main")],
    ids=repr,
)
def test_a_stream_that_is_none(ledger, stream):
    assert refuses(ledger, "$.stream", stream=stream) == {"name"}


@pytest.mark.parametrize("name", ["erasure", "access"])
def test_streams_and_kinds_of_the_ledger_itself(ledger, name):
    assert refuses(ledger, "$.stream", stream=name) == {"reserved"}
    assert refuses(ledger, "$.value.kind", value={"kind": name}) == {"reserved"}


@pytest.mark.parametrize("protected", [None, 0, 1, "yes", "", [], object()], ids=[*"1234567"])
def test_a_protection_that_is_none(ledger, protected):
    assert refuses(ledger, "$.protected", protected=protected) == {"type"}


NO_INSTANT = [True, 1.0, "2026-11-24", "now", b"", 10**12, -(10**12), 10**30, dt.date(2026, 1, 1), object()]


@pytest.mark.parametrize("at", [*NO_INSTANT, NAIVE, float("nan")], ids=names([*NO_INSTANT, 1, 2]))
def test_an_instant_that_is_none(ledger, at):
    refuses(ledger, "$.at", at=at)


def test_all_that_is_wrong_is_said_at_once(ledger):
    found = refuses(ledger, key="", subject="\0", stream="A B", at="now", protected=7)
    assert found == {"size", "control", "name", "type"}


NO_VALUE = [
    None, 7, 1.5, "text", b"bytes", [], [("a", 1)], object(), type, collections.OrderedDict(a=1),
    collections.ChainMap({}), Record(value={}, key="k"), {1: 2}, {None: 1}, {b"a": 1}, {Text("a"): 1}, {("a",): 1},
    {"a": object()}, {"a": {1, 2}}, {"a": b"x"}, {"a": 1j}, {"a": NAIVE}, {"a": Text("x")},
    {"a": float("nan")}, {"a": math.inf}, {"a": -math.inf}, {"a": collections.OrderedDict()},
]  # fmt: skip


@pytest.mark.parametrize("value", NO_VALUE, ids=names(NO_VALUE))
def test_row_74_and_96_a_value_without_one_spelling(ledger, value):
    refuses(ledger, "$.value", value=value)


@pytest.mark.parametrize(
    "number",
    [2**53, -(2**53), 10**30, 2.0**53, 1e17, 123456789012345678.0, -9007199254740993.0, 1e20, 1e300 * 1e10],
    ids=repr,
)
def test_row_98_a_number_that_readers_would_change(ledger, number):
    refuses(ledger, "$.value", value={"a": [number]})


@pytest.mark.parametrize("number", [0, 1.0, -0.0, 0.1, 2**53 - 1, 1e21, 1e300, 5e-324, 1.5])
def test_numbers_that_all_readers_keep_are_recorded(ledger, number):
    entry = ledger.entry(ledger.append({"a": number}, key="k").seq)
    assert entry.body == {"a": number}
    assert dumps(entry.body) == entry.bytes


def test_row_95_a_body_that_is_too_long(ledger):
    assert refuses(ledger, "$.value", value={"text": "x" * (MAX_PLAIN - 10)}) == {"size"}
    assert ledger.append({"text": "x" * (MAX_PLAIN - 11)}, key="k").seq == 0
    assert len(ledger.entry(0).bytes) == MAX_PLAIN


def test_row_95_a_verdict_may_be_longer_since_it_holds_the_texts_it_was_made_on(ledger):
    fits = Odd(at=0, policy="sha256:0", fingerprint="sha256:1", given="")
    room = MAX_BODY - len(fits.to_bytes())
    assert refuses(ledger, "$.value", value=attrs.evolve(fits, given="x" * (room + 1))) == {"size"}
    assert ledger.append(attrs.evolve(fits, given="x" * room), key="k").seq == 0
    assert len(ledger.entry(0).bytes) == MAX_BODY
    ledger.verify()
    file = io.BytesIO()
    ledger.export(file)


def test_a_value_nested_too_deep_or_inside_itself(ledger):
    deep = value = {}
    for _ in range(5_000):
        deep["a"] = deep = {}
    refuses(ledger, "$.value", value=value)
    value = {}
    value["a"] = [value]
    refuses(ledger, "$.value", value=value)
    value = {}
    for _ in range(100):
        value = {"a": [value]}
    assert ledger.entry(ledger.append(value, key="k").seq).body == value
    ledger.verify()


def test_a_lone_surrogate_anywhere(ledger):
    for value in ({"a": "\ud800"}, {"\udfff": 1}, {"a": [{"b": "x\ud834"}]}):
        assert refuses(ledger, "$.value", value=value) == {"surrogate"}


def test_row_97_keys_are_in_the_order_of_utf_16(ledger):
    entry = ledger.entry(ledger.append({"\U0001f600": 1, "\ufb33": 2, "a": 3}, key="k").seq)
    assert list(json.loads(entry.bytes)) == ["a", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE platgov_entries;--",
        "%_",
        "\\",
        '"',
        "'",
        "?",
        ":a",
        "$1",
        "%s",
        "%(a)s",
        "{}",
        "$(x)",
        "\u202e",
        "ſ",
    ],
    ids=repr,
)
def test_row_102_texts_are_data(ledger, text):
    ledger.append({"text": text, text: 1}, key=text, subject=text)
    ledger.append({}, key="other", subject="other")
    assert ledger.find(text).subject == text
    assert [entry.key for entry in ledger.entries(subject=text)] == [text]
    assert list(ledger.entries(policy=text)) == list(ledger.entries(kind=text)) == list(ledger.entries(rule=text)) == []
    assert ledger.erase(subject=text, by=text, reason=text).count == 1
    assert ledger.size == 3
    ledger.verify()


@pytest.mark.parametrize("text", ["é", "e\u0301", "\u212b", "\u00c5", "A", "a", "a ", " a", "\u00a0a"])
def test_texts_that_look_alike_are_different(ledger, text):
    for other in ("é", "e\u0301", "\u212b", "\u00c5", "A", "a", "a ", " a", "\u00a0a"):
        assert not ledger.append({}, key=other, subject=other).repeated
    assert [entry.subject for entry in ledger.entries(subject=text)] == [text]
    assert ledger.size == 9


def test_rows_99_and_100_the_same_and_another_body_under_one_key(ledger):
    first = ledger.append({"a": 1, "b": 2.0}, key="k")
    assert ledger.append({"b": 2, "a": 1.0}, key="k") == attrs.evolve(first, repeated=True)
    with pytest.raises(errors.ConflictError):
        ledger.append({"a": 1}, key="k")
    assert ledger.size == 1


@attrs.frozen(kw_only=True)
class Odd(Verdict):
    kind = "odd"
    given: object = None

    def body(self):
        return {"given": self.given}


def test_row_118_one_key_under_two_policies_conflicts(ledger):
    ledger.append(Odd(at=1, policy="sha256:1", fingerprint="f"), key="k")
    with pytest.raises(errors.ConflictError):
        ledger.append(Odd(at=1, policy="sha256:2", fingerprint="f"), key="k")


@pytest.mark.parametrize("kind", ["", "Bad Kind", 7, None, 'a"b'], ids=repr)
def test_a_verdict_of_no_kind(ledger, kind):
    cls = attrs.frozen(kw_only=True)(type("Kind", (Odd,), {"kind": kind}))
    assert refuses(ledger, "$.value", value=cls(at=1, policy="p", fingerprint="f")) == {"name"}


def test_a_verdict_whose_parts_have_no_form(ledger):
    for odd in (Odd(at=1, policy="p", fingerprint="f", given=object()), Odd(at=10**15, policy="p", fingerprint="f")):
        with pytest.raises(errors.InputError):
            ledger.append(odd, key="k")
    odd = Odd(at=1, policy='not "a" digest', fingerprint="f")
    assert ledger.entry(ledger.append(odd, key="k").seq).policy is None
    assert ledger.size == 1
    ledger.verify()


def test_many_say_which_one_is_wrong(ledger):
    good = Record(value={}, key="a")
    for wrong in (None, {}, "x", {"value": {}, "key": "k"}, Record(value={}, key=""), Record(value=None, key="b")):
        with pytest.raises(errors.InputError) as raised:
            ledger.append_many([good, good, wrong])
        assert raised.value.problems[0].path.startswith("$[2]")
    assert ledger.size == 0


def test_what_is_asked_for_is_checked(ledger):
    ledger.append({}, key="k")
    for wrong in (
        {"subject": 7}, {"subject": ""}, {"stream": b"x"}, {"kind": 1}, {"rule": []}, {"policy": 1}, {"since": "now"},
        {"until": 1.5}, {"start": -1}, {"start": "0"}, {"start": True}, {"start": None}, {"stop": -1}, {"stop": 1.0},
        {"start": 2**64}, {"subject": "a\0"}, {"kind": "\ud800"},
    ):  # fmt: skip
        with pytest.raises(errors.InputError):
            ledger.entries(**wrong)
    for wrong in (-1, 1.0, "0", None, True, 2**64, b""):
        for use in (ledger.entry, lambda seq: ledger.reveal(seq, by="a", reason="b")):
            with pytest.raises(errors.InputError):
                use(wrong)
    for wrong in (None, 7, b"k", ["k"]):
        with pytest.raises(errors.InputError):
            ledger.find(wrong)
    assert ledger.size == 1


def test_row_112_checkpoints_that_are_none_or_of_another_log(ledger):
    ledger.append({}, key="k")
    kept = ledger.checkpoint()
    for wrong in (None, kept.text, 7, (kept,), {}):
        for use in (
            lambda: ledger.prove_inclusion(0, wrong),
            lambda: ledger.prove_consistency(kept, wrong),
            lambda: ledger.prove_consistency(wrong, kept),
            lambda: ledger.verify([wrong]),
        ):
            with pytest.raises(errors.InputError):
                use()
    other = Checkpoint(origin="example.org/other", size=1, root=kept.root)
    for use in (
        lambda: ledger.prove_inclusion(0, other),
        lambda: ledger.prove_consistency(kept, other),
        lambda: ledger.verify([other]),
    ):
        with pytest.raises(errors.VerificationError):
            use()


@pytest.mark.parametrize("seq", [-1, 1, 10**6, 2**63, 2**64, True, None, "0", 0.0])
def test_row_103_proofs_about_entries_that_do_not_exist(ledger, seq):
    ledger.append({}, key="k")
    with pytest.raises(errors.InputError):
        ledger.prove_inclusion(seq, ledger.checkpoint())
    with pytest.raises(errors.InputError):
        ledger.prove_inclusion(0, Checkpoint(origin=ledger.origin, size=0, root=bytes(32)))


@pytest.mark.parametrize(
    "origin",
    ["", "a b", "a\n", "ä.org", "a+b", 'a"b', "/a", "x" * 129, 7, b"a", True, "a\0"],
    ids=repr,
)
def test_an_origin_that_is_none(origin):
    with pytest.raises(errors.InputError, match="origin"):
        Ledger.open(":memory:", origin=origin)


@pytest.mark.parametrize("entropy", [None, 7, b"bytes"], ids=repr)
def test_an_entropy_that_is_none(entropy):
    with pytest.raises(errors.InputError, match="entropy"):
        Ledger.open(":memory:", entropy=entropy)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.integers(), inner, max_size=4),
    max_leaves=12,
)


@given(json_values, json_values, json_values, st.tuples(json_values, json_values, json_values))
def test_whatever_is_given_is_recorded_as_it_is_or_refused_by_us(value, key, subject, rest):
    stream, at, protected = rest
    with Ledger.open(":memory:") as ledger:
        for given_ in (
            {"value": value, "key": "k"},
            {"value": {"a": value}, "key": "k2"},
            {"value": {}, "key": key},
            {"value": {}, "key": "k3", "subject": subject},
            {"value": {}, "key": "k4", "stream": stream},
            {"value": {}, "key": "k5", "at": at},
            {"value": {}, "key": "k6", "protected": protected},
            {"value": value, "key": key, "subject": subject, "stream": stream, "at": at, "protected": protected},
        ):
            size = ledger.size
            options = dict(given_)
            recorded = options.pop("value")
            try:
                receipt = ledger.append(recorded, **options)
            except (errors.InputError, errors.ConflictError):
                assert ledger.size == size
            else:
                entry = ledger.find(options["key"])
                assert entry.seq == receipt.seq
                if not entry.protected:
                    assert entry.bytes == dumps(recorded)
        ledger.verify()


@given(st.binary(max_size=400))
def test_no_bytes_pass_as_an_export(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("export") / "x.jsonl"
    path.write_bytes(data)
    with pytest.raises((errors.InputError, errors.VerificationError)):
        verify_export(path)
