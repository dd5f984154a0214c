"""Reading plain JSON into attrs classes without guessing, and writing it back canonically."""

from __future__ import annotations

import collections
import datetime as dt
import enum
import json
import math
import pathlib
import pickle
import subprocess
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import attrs
import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov import codec
from platgov._canonical import MAX_INT, dumps
from platgov._time import to_datetime, to_epoch
from platgov.codec import Kinds, Pairs
from platgov.errors import InputError, Problem

if typing.TYPE_CHECKING:
    import decimal


class Surface(enum.StrEnum):
    POST = "post"
    COMMENT = "comment"


class Gravity(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Access(enum.Flag):
    READ = 1
    WRITE = 2


UserId = typing.NewType("UserId", str)
ge0 = attrs.validators.ge(0)


def utc(at: dt.datetime) -> pendulum.DateTime:
    return to_datetime(to_epoch(at))


@attrs.frozen(kw_only=True)
class Link:
    url: str = attrs.field(validator=attrs.validators.min_len(1))
    clicks: int = attrs.field(default=0, validator=ge0)


@attrs.frozen(kw_only=True)
class Post:
    author: UserId
    text: str
    links: tuple[Link, ...] = ()
    score: float | None = None
    adult: bool = False
    surface: Surface = Surface.POST
    gravity: Gravity | None = None
    mode: typing.Literal["on", "off", 1, True] | None = "on"
    tags: frozenset[str] = frozenset()
    levels: AbstractSet[Gravity] = frozenset()
    weights: Pairs[int] = ()
    point: tuple[int, str] | None = None
    seen_at: pendulum.DateTime | None = None
    known_on: dt.date | None = None
    rest: pendulum.Duration | None = None
    either: int | float | str | tuple[str, ...] | None = None


@attrs.frozen(kw_only=True)
class Loose:
    by_name: Mapping[str, float] = attrs.Factory(dict)
    by_surface: dict[Surface, tuple[Link, ...]] = attrs.Factory(dict)
    numbers: list[int] = attrs.Factory(list)
    names: Sequence[str] = ()
    unique: set[int] = attrs.Factory(set)
    kept_at: dt.datetime | None = None
    born_on: pendulum.Date | None = None
    wait: dt.timedelta | None = None
    noted: typing.Annotated[str, "a note"] = ""
    empty: tuple[()] = ()
    derived: int = attrs.field(init=False, default=7)


@attrs.frozen(kw_only=True)
class Node:
    name: str
    parts: tuple[Node, ...] = ()


class Shape:
    """A base that carries no field."""


@attrs.frozen(kw_only=True)
class Circle(Shape):
    radius: int = attrs.field(validator=ge0)


@attrs.frozen(kw_only=True)
class Group(Shape):
    members: tuple[Shape, ...]
    lead: Shape | None = None


@attrs.frozen(kw_only=True)
class Drawing:
    shapes: tuple[Shape, ...]
    one: Circle | None = None


SHAPES = Kinds(base=Shape, classes={"group": Group, "circle": Circle})


@attrs.frozen
class Range:
    """Reads and writes itself as text such as ``1-5``."""

    low: int
    high: int

    @classmethod
    def from_plain(cls, plain):
        if plain == "boom":
            raise InputError("range", (Problem("holds a bomb", "$.inner", "bomb"),))
        low, high = plain.split("-")
        return cls(int(low), int(high))

    def to_plain(self):
        return f"{self.low}-{self.high}"


@attrs.frozen(kw_only=True)
class Span:
    range: Range | None
    others: tuple[Range, ...] = ()


def even(instance, attribute, value):
    if value % 2:
        raise InputError("even", (Problem("is odd; give an even number", "$", "odd"),))


def halved(value):
    if value > 100:
        raise ValueError
    return value // 2


def shifted(value, instance, field):
    return value + {0: 1, 1: 2}[value]


@attrs.frozen(kw_only=True)
class Checked:
    low: int = attrs.field(validator=ge0)
    kind: int = attrs.field(validator=[attrs.validators.instance_of(int), even])
    half: int = attrs.field(default=0, converter=halved)
    step: int = attrs.field(default=0, converter=attrs.Converter(shifted, takes_self=True, takes_field=True))
    _private: int = attrs.field(default=0, validator=ge0)
    at: pendulum.DateTime = attrs.field(default=to_datetime(0), converter=utc)

    def __attrs_post_init__(self):
        if self.low > 10:
            raise KeyError("low is past ten")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
numbers = st.integers(-MAX_INT, MAX_INT)
reals = st.floats(-MAX_INT, MAX_INT).map(lambda number: number + 0.0)
instants = st.datetimes(timezones=st.just(pendulum.UTC)).map(pendulum.instance)
spans = st.integers(-(10**10), 10**10)


def maybe(strategy):
    return st.none() | strategy


@st.composite
def links(draw):
    return Link(url=draw(texts.filter(bool)), clicks=draw(st.integers(0, MAX_INT)))


@st.composite
def posts(draw):
    return Post(
        author=UserId(draw(texts)),
        text=draw(texts),
        links=tuple(draw(st.lists(links(), max_size=3))),
        score=draw(maybe(reals)),
        adult=draw(st.booleans()),
        surface=draw(st.sampled_from(Surface)),
        gravity=draw(maybe(st.sampled_from(Gravity))),
        mode=draw(st.sampled_from(["on", "off", 1, True, None])),
        tags=draw(st.frozensets(texts, max_size=4)),
        levels=draw(st.frozensets(st.sampled_from(Gravity))),
        weights=tuple(sorted(draw(st.dictionaries(texts, numbers, max_size=4)).items())),
        point=draw(maybe(st.tuples(numbers, texts))),
        seen_at=draw(maybe(instants)),
        known_on=draw(maybe(st.dates())),
        rest=draw(maybe(spans.map(lambda seconds: pendulum.duration(seconds=seconds)))),
        either=draw(st.none() | numbers | reals | texts | st.lists(texts, max_size=2).map(tuple)),
    )


@st.composite
def loose(draw):
    return Loose(
        by_name=draw(st.dictionaries(texts, reals, max_size=3)),
        by_surface=draw(st.dictionaries(st.sampled_from(Surface), st.just(()) | st.tuples(links()))),
        numbers=draw(st.lists(numbers, max_size=3)),
        names=tuple(draw(st.lists(texts, max_size=3))),
        unique=draw(st.sets(numbers, max_size=3)),
        kept_at=draw(maybe(instants)),
        born_on=draw(maybe(st.dates().map(lambda day: pendulum.Date(day.year, day.month, day.day)))),
        wait=draw(maybe(spans.map(lambda seconds: dt.timedelta(seconds=seconds)))),
        noted=draw(texts),
    )


nodes = st.recursive(
    texts.map(lambda name: Node(name=name)),
    lambda inner: st.builds(lambda parts: Node(name="n", parts=tuple(parts)), st.lists(inner, max_size=3)),
    max_leaves=6,
)
circles = st.integers(0, 9).map(lambda radius: Circle(radius=radius))
shapes = st.recursive(
    circles,
    lambda inner: st.builds(
        lambda members, lead: Group(members=tuple(members), lead=lead), st.lists(inner, max_size=3), maybe(inner)
    ),
    max_leaves=5,
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [*(field.name for cls in (Post, Loose, Checked, Link) for field in attrs.fields(cls)), "kind"]
            )
            | st.text(max_size=3),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


def problems(call, *args, **kwargs):
    with pytest.raises(InputError) as caught:
        call(*args, **kwargs)
    return [(problem.code, problem.path) for problem in caught.value.problems]


def messages(call, *args, **kwargs):
    with pytest.raises(InputError) as caught:
        call(*args, **kwargs)
    return [f"{problem.path}: {problem.message}" for problem in caught.value.problems]


# Laws


@given(posts() | loose() | nodes | links())
def test_what_is_written_reads_back_equal(value):
    cls = type(value)
    assert codec.read(cls, codec.write(value)) == value
    assert codec.from_json(cls, codec.to_json(value)) == value


@given(posts() | loose() | nodes)
def test_what_is_written_is_plain_json(value):
    written = codec.write(value)
    assert json.loads(json.dumps(written)) == written
    assert codec.to_json(value) == dumps(written)


@given(posts())
def test_equal_values_have_equal_bytes(value):
    twin = attrs.evolve(value, tags=frozenset(sorted(value.tags, reverse=True)))
    assert codec.to_json(twin) == codec.to_json(value)


@given(shapes)
def test_a_tagged_value_reads_back_equal(value):
    written = codec.write_tagged(SHAPES, value)
    assert written["kind"] in {"circle", "group"}
    assert codec.read_tagged(SHAPES, written) == value
    drawing = Drawing(shapes=(value,), one=Circle(radius=1))
    again = codec.from_json(Drawing, codec.to_json(drawing, kinds=(SHAPES,)), kinds=(SHAPES,))
    assert again == drawing


@pytest.mark.parametrize(
    "cls",
    [Post, Loose, Checked, Node, Link, Drawing, Span, tuple[Post, ...], frozenset[str], Pairs[Link], dict[str, Post]],
)
@given(data=plain)
def test_any_json_gives_a_value_or_an_input_error(cls, data):
    try:
        codec.read(cls, data, kinds=(SHAPES,))
    except InputError as bad:
        assert bad.problems
        assert all(problem.path.startswith("$") for problem in bad.problems)
        assert str(bad)


@given(st.text() | st.binary(), st.sampled_from([Post, Loose]))
def test_any_text_gives_a_value_or_an_input_error(text, cls):
    try:
        codec.from_json(cls, text)
    except InputError as bad:
        assert bad.subject == cls.__name__


@given(posts(), st.data())
def test_one_spoiled_field_is_the_only_problem(value, data):
    written = codec.write(value)
    name = data.draw(st.sampled_from(sorted(written)))
    written[name] = object()
    assert problems(codec.read, Post, written) == [("type", f"$.{name}")]


def test_three_processes_with_other_hash_seeds_write_the_same_bytes():
    source = (
        "import attrs, platgov.codec as codec\n"
        "@attrs.frozen\n"
        "class A:\n"
        "    tags: frozenset[str]\n"
        "    pairs: frozenset[tuple[str, int]]\n"
        "a = A(frozenset(map(chr, range(97, 123))), frozenset((c, ord(c)) for c in 'zyx'))\n"
        "print(codec.to_json(a).decode())\n"
    )
    path = str(pathlib.Path(codec.__file__).parents[1])
    outputs = {
        subprocess.run(
            [sys.executable, "-c", source],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": path},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(outputs) == 1
    assert b'"pairs":[["x",120],["y",121],["z",122]]' in outputs.pop()


# Worked examples


def test_a_post_is_written_as_people_would_expect():
    post = Post(
        author=UserId("u1"),
        text="hi",
        tags=frozenset({"b", "a"}),
        levels=frozenset(Gravity),
        weights=(("x", 1), ("y", 2)),
        seen_at=to_datetime(1_795_532_400),
        known_on=dt.date(2026, 11, 24),
        rest=pendulum.duration(minutes=5),
        score=1.0,
    )
    assert codec.to_json(post) == (
        b'{"adult":false,"author":"u1","either":null,"gravity":null,"known_on":"2026-11-24","levels":[1,2],'
        b'"links":[],"mode":"on","point":null,"rest":300,"score":1,"seen_at":"2026-11-24T15:00:00Z",'
        b'"surface":"post","tags":["a","b"],"text":"hi","weights":{"x":1,"y":2}}'
    )


def test_fields_with_a_default_may_be_left_out():
    assert codec.read(Post, {"author": "u", "text": ""}) == Post(author=UserId("u"), text="")


def test_a_whole_number_stands_for_a_float_and_minus_zero_for_zero():
    post = codec.read(Post, {"author": "u", "text": "", "score": 3})
    assert type(post.score) is float
    assert math.copysign(1, codec.read(float, -0.0)) == 1


def test_a_whole_number_stays_whole_where_both_are_allowed():
    assert [type(codec.read(int | float, data)) for data in (1, 1.5)] == [int, float]
    assert [type(codec.read(float | int, data)) for data in (1, 1.5)] == [int, float]
    assert codec.write(1, int | float) == 1


def test_an_instant_with_any_offset_comes_out_in_utc():
    at = codec.read(pendulum.DateTime, "2026-11-24T23:00:00.5+08:00")
    assert (type(at), at.isoformat()) == (pendulum.DateTime, "2026-11-24T15:00:00.500000+00:00")
    assert type(codec.read(dt.datetime, "2026-11-24T15:00:00Z")) is pendulum.DateTime


def test_what_toml_readers_give_is_read_too():
    at = dt.datetime(2026, 11, 24, 23, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    assert codec.read(pendulum.DateTime, at) == to_datetime(1_795_532_400)
    assert codec.read(pendulum.Date, dt.date(2026, 11, 24)) == pendulum.Date(2026, 11, 24)


def test_the_repeated_hour_is_written_as_the_instant_it_is():
    second = pendulum.datetime(2021, 11, 7, 1, 30, tz="America/New_York", fold=1)
    assert codec.write(second) == "2021-11-07T06:30:00Z"


def test_values_that_are_not_classes_are_written_as_annotated():
    assert codec.write((1, 2), tuple[int, ...]) == [1, 2]
    assert codec.to_json(types.MappingProxyType({"b": 1, "a": 2}), Mapping[str, int]) == b'{"a":2,"b":1}'
    assert codec.write(Surface.POST) == "post"
    assert codec.write(None) is None
    assert codec.write(5, int | None) == 5


def test_a_kind_may_be_the_base_itself_and_the_tag_another_key():
    links = Kinds(base=Link, classes={"plain": Link}, tag="type")
    written = codec.write_tagged(links, Link(url="u"))
    assert written == {"type": "plain", "url": "u", "clicks": 0}
    assert codec.read_tagged(links, written) == Link(url="u")


def test_kinds_are_values_and_can_stand_for_a_union():
    union = Kinds(base=Circle | Link, classes={"c": Circle, "l": Link})
    assert union == Kinds(base=Circle | Link, classes={"l": Link, "c": Circle})
    assert attrs.evolve(union) == union
    assert codec.read_tagged(union, {"kind": "c", "radius": 2}) == Circle(radius=2)
    assert codec.read_tagged(SHAPES, {"kind": "group", "members": []}, others=(union,)) == Group(members=())


def test_a_class_may_have_a_plain_form_of_its_own():
    span = Span(range=Range(1, 5), others=(Range(2, 3),))
    assert codec.write(span) == {"range": "1-5", "others": ["2-3"]}
    assert codec.read(Span, codec.write(span)) == span


def test_a_member_of_a_kind_has_no_tag_where_it_is_annotated_itself():
    drawing = Drawing(shapes=(), one=Circle(radius=1))
    assert codec.write(drawing, kinds=(SHAPES,)) == {"shapes": [], "one": {"radius": 1}}


def test_private_fields_and_converters_are_the_business_of_the_class():
    value = codec.read(
        Checked, {"low": 1, "kind": 2, "half": 8, "step": 1, "_private": 3, "at": "2026-11-24T15:00:00.5Z"}
    )
    assert (value.half, value.step, value._private) == (4, 3, 3)
    assert value.at == to_datetime(1_795_532_400)


# Bad input


@pytest.mark.parametrize(
    ("cls", "data", "problem"),
    [
        (int, -18.9, "$: expected a whole number, got number -18.9"),
        (int, 18.0, "$: expected a whole number, got number 18.0"),
        (int, "18", "$: expected a whole number, got text '18'"),
        (int, "１２", "$: expected a whole number, got text '１２'"),
        (int, True, "$: expected a whole number, got true"),
        (int, Gravity.LOW, "$: expected a whole number, got a Gravity"),
        (int, None, "$: expected a whole number, got nothing (null)"),
        (bool, "false", "$: expected true or false, got text 'false'"),
        (bool, 1, "$: expected true or false, got number 1"),
        (bool, 0, "$: expected true or false, got number 0"),
        (bool, None, "$: expected true or false, got nothing (null)"),
        (str, None, "$: expected text, got nothing (null)"),
        (str, 7, "$: expected text, got number 7"),
        (str, Surface.POST, "$: expected text, got a Surface"),
        (str, b"a", "$: expected text, got a bytes"),
        (float, "1", "$: expected a number, got text '1'"),
        (float, True, "$: expected a number, got true"),
        (float, math.nan, f"$: expected a finite number within ±{MAX_INT}, got number nan"),
        (float, math.inf, f"$: expected a finite number within ±{MAX_INT}, got number inf"),
        (type(None), 0, "$: expected null, got number 0"),
        (list[str], "abc", "$: expected a list, got text 'abc'"),
        (tuple[str, ...], "abc", "$: expected a list, got text 'abc'"),
        (set[str], "abc", "$: expected a list without repeats, got text 'abc'"),
        (frozenset[str], "abc", "$: expected a list without repeats, got text 'abc'"),
        (frozenset[str], {"a": 1}, "$: expected a list without repeats, got an object with 1 keys"),
        (tuple[str, ...], {"a": 1}, "$: expected a list, got an object with 1 keys"),
        (tuple[int, str], [1], "$: expected a list of 2, got a list of 1"),
        (tuple[int, str], ["a", "b"], "$[0]: expected a whole number, got text 'a'"),
        (dict[str, int], [["a", 1]], "$: expected an object, got a list of 1"),
        (dict[str, int], {1: 1}, "$: a key is number 1; keys are text"),
        (dict[str, int], collections.OrderedDict(), "$: expected an object, got an object with 0 keys"),
        (Surface, "POST", "$: expected one of 'post', 'comment', got text 'POST'"),
        (Surface, 1, "$: expected one of 'post', 'comment', got number 1"),
        (Gravity, 1.0, "$: expected one of 1, 2, got number 1.0"),
        (Gravity, True, "$: expected one of 1, 2, got true"),
        (Gravity, [1], "$: expected one of 1, 2, got a list of 1"),
        (typing.Literal["a", 1], True, "$: expected one of 'a', 1, got true"),
        (int | None, "1", "$: expected a whole number or null, got text '1'"),
        (Link, [], "$: expected an object (Link), got a list of 0"),
        (Link, "abc", "$: expected an object (Link), got text 'abc'"),
        (Link, {"url": "u", 5: 1}, "$: a key is number 5; keys are text"),
        (dt.datetime, 5, "$: expected an instant such as 2026-11-24T15:00:00Z, got number 5"),
        (dt.datetime, dt.date(2026, 1, 1), "$: expected an instant such as 2026-11-24T15:00:00Z, got a date"),
        (dt.date, "2026-1-1", "$: expected a date such as 2026-11-24, got '2026-1-1'"),
        (dt.date, to_datetime(0), "$: expected a date such as 2026-11-24, got a DateTime"),
        (dt.timedelta, 1.5, "$: expected whole seconds, got number 1.5"),
        (dt.timedelta, "PT1S", "$: expected whole seconds, got text 'PT1S'"),
        (dt.timedelta, 10**12, "$: number 1000000000000 is more seconds than 10,000 years have"),
        (Range, None, "$: expected a Range, got nothing (null)"),
        (Range, "boom", "$.inner: holds a bomb"),
        (Range, 5, "$: 'int' object has no attribute 'split'"),
    ],
    ids=range(51),
)
def test_nothing_is_converted_without_a_word(cls, data, problem):
    assert messages(codec.read, cls, data) == [problem]


@pytest.mark.parametrize(
    ("cls", "data", "problem"),
    [
        (int, 2**53, ("range", "$")),
        (int, -(10**5000), ("range", "$")),
        (float, 2**53, ("range", "$")),
        (float, 1e300, ("range", "$")),
        (str, "\ud800", ("surrogate", "$")),
        (dict[str, int], {"\ud800": 1}, ("surrogate", "$['\\ud800']")),
        (dict[Surface, int], {"other": 1}, ("value", "$.other")),
        (pendulum.DateTime, "2026-11-24T15:00:00", ("instant", "$")),
        (pendulum.DateTime, "2026-11-24", ("instant", "$")),
        (pendulum.DateTime, "12:00", ("instant", "$")),
        (pendulum.DateTime, pendulum.naive(2026, 11, 24), ("naive", "$")),
        (frozenset[int], [1, 2, 1], ("duplicate", "$[2]")),
        (frozenset[float], [1, 1.0], ("duplicate", "$[1]")),
        (tuple[int, ...], [0] * 10_001, ("size", "$")),
        (frozenset[int], list(range(10_001)), ("size", "$")),
        (dict[str, int], dict.fromkeys(map(str, range(1001)), 0), ("size", "$")),
        (Link, dict.fromkeys(map(str, range(1001)), 0), ("size", "$")),
    ],
    ids=range(17),
)
def test_values_outside_their_range_are_refused(cls, data, problem):
    assert problems(codec.read, cls, data) == [problem]


def test_all_problems_are_told_at_once_in_reading_order():
    data = {
        "text": None,
        "links": [{"url": "", "clicks": -1}, {"url": "u", "clicks": "many", "extra": 1}, 5],
        "adult": "false",
        "tags": ["a", 1, "a"],
        "weights": {"a": 1, "b c": 1.5},
        "surfaces": "post",
        "zzz": 1,
    }
    assert messages(codec.read, Post, data) == [
        "$.author: expected text, got nothing",
        "$.text: expected text, got nothing (null)",
        "$.links[0].url: Length of 'url' must be >= 1: 0",
        "$.links[0].clicks: 'clicks' must be >= 0: -1",
        "$.links[1].clicks: expected a whole number, got text 'many'",
        "$.links[1].extra: Link has no such field; remove it",
        "$.links[2]: expected an object (Link), got number 5",
        "$.adult: expected true or false, got text 'false'",
        "$.tags[1]: expected text, got number 1",
        "$.weights['b c']: expected a whole number, got number 1.5",
        "$.surfaces: Post has no such field; did you mean 'surface'?",
        "$.zzz: Post has no such field; remove it",
    ]


def test_many_unknown_fields_are_told_without_guessing_what_was_meant():
    data = {"url": "u", **dict.fromkeys(["urla", "urlb", "urlc", "urld"], 1)}
    assert messages(codec.read, Link, data)[0] == "$.urla: Link has no such field; remove it"


def test_validators_and_converters_keep_their_reasons():
    data = {"low": -1, "kind": 3, "half": 1, "step": 0, "_private": -5}
    with pytest.raises(InputError) as caught:
        codec.read(Checked, data)
    assert caught.value.problems == (
        Problem("'low' must be >= 0: -1", "$.low"),
        Problem("is odd; give an even number", "$.kind", "odd"),
        Problem("'_private' must be >= 0: -5", "$._private"),
    )
    assert messages(codec.read, Checked, {"low": 1, "kind": 2, "half": 200, "step": 7}) == [
        "$.half: ValueError",
        "$.step: 7",
    ]
    assert messages(codec.read, Checked, {"low": 11, "kind": 2}) == ["$: 'low is past ten'"]


def test_an_error_names_the_class_and_pickles():
    with pytest.raises(InputError, match=r"^Link: \$: expected an object \(Link\), got a list of 0$") as caught:
        codec.from_json(Link, b"[]")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.subject, again.problems) == ("Link", caught.value.problems)


def test_a_key_given_twice_is_refused():
    assert problems(codec.from_json, Link, '{"url":"a","url":"b"}') == [("duplicate_key", "$.url")]


def test_the_size_of_a_document_is_bounded():
    assert problems(codec.from_json, Link, '{"url":"aaaa"}', max_bytes=10) == [("size", "$")]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"radius": 1}, ("missing", "$.kind")),
        ({"kind": "square"}, ("value", "$.kind")),
        ({"kind": None}, ("value", "$.kind")),
        ({"kind": ["circle"]}, ("value", "$.kind")),
        ({"kind": "Circle", "radius": 1}, ("value", "$.kind")),
        ({"kind": "circle", "radius": 1, "colour": 2}, ("unknown_field", "$.colour")),
        ({"kind": "circle"}, ("missing", "$.radius")),
        ({"kind": "circle", "radius": -1}, ("invalid", "$.radius")),
        ({"kind": "group", "members": [{"kind": "circle"}]}, ("missing", "$.members[0].radius")),
        ([], ("type", "$")),
        (None, ("type", "$")),
    ],
    ids=range(11),
)
def test_a_tagged_value_is_read_as_strictly(data, problem):
    assert problems(codec.read_tagged, SHAPES, data) == [problem]


def chain(depth):
    data = {"name": "n"}
    for _ in range(depth):
        data = {"name": "n", "parts": [data]}
    return data


def test_nesting_is_bounded_both_ways():
    deepest = codec.read(Node, chain(15))
    assert codec.from_json(Node, codec.to_json(deepest)) == deepest
    assert problems(codec.read, Node, chain(17)) == [("nesting", "$")]
    assert problems(codec.read, Node, chain(100_000)) == [("nesting", "$")]
    for depth in (17, 5_000):
        node = Node(name="n")
        for _ in range(depth):
            node = Node(name="n", parts=(node,))
        assert problems(codec.write, node) == [("nesting", "$")]


def test_data_inside_itself_or_shared_without_end_is_refused_quickly():
    loop = {"name": "n"}
    loop["parts"] = [loop]
    assert problems(codec.read, Node, loop) == [("nesting", "$")]
    shared = []
    for _ in range(200):
        shared = [shared, shared]
    assert problems(codec.read, tuple[str, ...], shared) == [("nesting", "$")]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (Post(author="a", text=5), ("type", "$.text")),
        (Link(url="u", clicks=True), ("type", "$.clicks")),
        (Post(author="a", text="", score=math.nan), ("range", "$.score")),
        (Post(author="a", text="", tags=["a"]), ("type", "$.tags")),
        (Post(author="a", text="", tags=frozenset({1})), ("type", "$.tags.member")),
        (Post(author="a", text="", surface="post"), ("type", "$.surface")),
        (Post(author="a", text="", mode=1.0), ("type", "$.mode")),
        (Post(author="a", text="", mode="of"), ("value", "$.mode")),
        (Post(author="a", text="", links=[Link(url="u")]), ("type", "$.links")),
        (Post(author="a", text="", links=(Link(url="u"), "u")), ("type", "$.links[1]")),
        (Post(author="a", text="", weights=(("b", 1), ("a", 1))), ("value", "$.weights")),
        (Post(author="a", text="", weights=(("a", 1), ("a", 2))), ("value", "$.weights")),
        (Post(author="a", text="", weights=(("a", 1.5),)), ("type", "$.weights[0][1]")),
        (Post(author="a", text="", weights=("abc",)), ("type", "$.weights[0]")),
        (Post(author="a", text="", weights=((1, 1),)), ("type", "$.weights[0][0]")),
        (Post(author="a", text="", point=(1,)), ("type", "$.point")),
        (Post(author="a", text="", seen_at=pendulum.naive(2026, 1, 1)), ("naive", "$.seen_at")),
        (Post(author="a", text="", rest=pendulum.duration(months=1)), ("value", "$.rest")),
        (Post(author="a", text="", rest=to_datetime(9) - to_datetime(0)), ("type", "$.rest")),
        (Post(author="a", text="", either=b""), ("type", "$.either")),
        (Loose(by_name=[]), ("type", "$.by_name")),
        (Drawing(shapes=(Circle(radius=1),)), ("unsupported", "$.shapes")),
        ((1, 2), ("unsupported", "$")),
    ],
    ids=range(23),
)
def test_a_value_that_would_not_read_back_is_not_written(value, problem):
    assert problems(codec.write, value) == [problem]


def test_a_class_outside_the_kinds_is_not_written():
    class Square(Shape):
        pass

    assert problems(codec.write_tagged, SHAPES, Square()) == [("type", "$")]


@attrs.frozen
class Vague:
    a: typing.Any
    b: complex
    c: tuple
    d: Access
    e: dict[int, str]
    f: int | bool | Gravity
    g: dt.time
    h: typing.Literal[b"x"]
    i: type[int]
    j: Undecorated


@attrs.frozen
class Untyped:
    a = attrs.field(default=1)


class Undecorated(Link):
    extra: int


class Stamp(dt.datetime):
    pass


@attrs.frozen
class Hidden:
    price: decimal.Decimal


def test_annotations_without_one_json_form_are_refused_by_name():
    names = "abcdefghij"
    assert problems(codec.read, Vague, {}) == [("unsupported", f"$.{name}") for name in names]
    assert problems(codec.read, Untyped, {}) == [("unsupported", "$.a")]
    assert problems(codec.read, Stamp, "2026-11-24T15:00:00Z") == [("unsupported", "$")]
    assert problems(codec.read, frozenset[list[int]], [[1]]) == [("unsupported", "$")]
    with pytest.raises(InputError, match=r"name 'decimal' is not defined.*import it outside TYPE_CHECKING"):
        codec.read(Hidden, {"price": 1})


@pytest.mark.parametrize(
    "classes",
    [{"a": Link, "b": Link}, {"a": int}, {"a": Undecorated}, {"a": None}],
    ids=["twice", "not attrs", "undecorated", "no class"],
)
def test_kinds_that_cannot_be_told_apart_or_read_are_refused(classes):
    assert problems(Kinds, base=Link, classes=classes)


def test_a_class_with_a_field_named_like_the_tag_is_refused():
    assert problems(Kinds, base=Link, classes={"l": Link}, tag="url") == [("invalid", "$.classes.l")]
