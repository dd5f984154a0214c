"""Facts: what may be declared, what an event tells, and when two events tell the same."""

import collections
import copy
import datetime as dt
import enum
import json
import math
import pickle
import random
import types
import typing

import attrs
import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov.conditions import UNKNOWN, Duration, Timestamp, UInt
from platgov.errors import InputError
from platgov.facts import FactType, Field, Role, Schema, State, fact, facts, observe, read
from strategies import World, worlds


class Surface(enum.Enum):
    POST = "post"
    VIDEO = "video"


@facts
class Author:
    """Who wrote it."""

    age_days: int = fact(ge=0)
    name: str | None = fact(role=Role.IDENTITY, says="the name as shown")


@facts
class Post:
    """A post."""

    text: str
    links: int = fact(ge=0, le=1000, trend="aggravating")
    score: float | None = fact(role=Role.OPAQUE, source="spam-model@7", ge=0, le=1)
    ok: bool = False
    surface: Surface = fact(role=Role.CONTEXT, default=Surface.POST)
    kind: typing.Literal["a", "b"] = "a"
    at: dt.datetime | None
    seen_at: pendulum.DateTime | None
    quiet: dt.timedelta | None
    rest: pendulum.Duration | None
    tags: tuple[str, ...] = ()
    counts: list[int] | None
    labels: frozenset[str] = frozenset()
    author: Author | None
    others: tuple[Author, ...] = ()


TABLE = {
    "at": {"type": "timestamp", "role": "conduct", "optional": True},
    "author": {
        "type": "struct",
        "fields": {
            "age_days": {"type": "int", "role": "conduct", "ge": 0},
            "name": {"type": "text", "role": "identity", "optional": True, "says": "the name as shown"},
        },
        "role": "conduct",
        "optional": True,
    },
    "counts": {"type": "list", "items": {"type": "int"}, "role": "conduct", "optional": True},
    "kind": {"type": "enum", "values": ["a", "b"], "role": "conduct", "optional": True},
    "labels": {"type": "list", "distinct": True, "items": {"type": "text"}, "role": "conduct", "optional": True},
    "links": {"type": "int", "role": "conduct", "ge": 0, "le": 1000, "trend": "aggravating"},
    "ok": {"type": "bool", "role": "conduct", "optional": True},
    "others": {
        "type": "list",
        "items": {
            "type": "struct",
            "fields": {
                "age_days": {"type": "int", "role": "conduct", "ge": 0},
                "name": {"type": "text", "role": "identity", "optional": True, "says": "the name as shown"},
            },
        },
        "role": "conduct",
        "optional": True,
    },
    "quiet": {"type": "duration", "role": "conduct", "optional": True},
    "rest": {"type": "duration", "role": "conduct", "optional": True},
    "score": {"type": "float", "role": "opaque", "ge": 0, "le": 1, "source": "spam-model@7", "optional": True},
    "seen_at": {"type": "timestamp", "role": "conduct", "optional": True},
    "surface": {"type": "enum", "values": ["post", "video"], "role": "context", "optional": True},
    "tags": {"type": "list", "items": {"type": "text"}, "role": "conduct", "optional": True},
    "text": {"type": "text", "role": "conduct"},
}

SCHEMA = Schema.from_class(Post)
MINIMAL = {"text": "hello", "links": 3}
PATHS = [(field.name,) for field in SCHEMA.fields] + [("author", "age_days"), ("author", "name")]


def fingerprint(event, paths=PATHS, schema=SCHEMA):
    return observe(schema, event).fingerprint(paths)


def codes(event, schema=SCHEMA):
    return {path: state.code for path, state in observe(schema, event).states.items() if state.code != "absent"}


def problems(refused):
    return {found.path: found.code for found in refused.value.problems}


# -- laws of declarations ----------------------------------------------------------------------


def test_a_class_and_a_table_declare_the_same_schema_with_the_same_digest():
    assert SCHEMA.to_dict() == TABLE
    assert Schema.from_dict(TABLE) == SCHEMA
    assert Schema.from_dict(TABLE).digest == SCHEMA.digest


@given(worlds(shrinkable=False))
def test_any_schema_reads_back_from_its_own_table(drawn):
    schema = drawn[0].schema
    again = Schema.from_dict(json.loads(json.dumps(schema.to_dict())))
    assert again == schema
    assert again.digest == schema.digest
    assert again.to_dict() == schema.to_dict()


@given(st.permutations(list(TABLE)))
def test_the_order_of_declarations_has_no_meaning(order):
    assert Schema.from_dict({name: TABLE[name] for name in order}).digest == SCHEMA.digest


def test_everything_that_is_declared_is_part_of_the_digest():
    base = {"links": {"type": "int"}}
    others = [
        {"link": {"type": "int"}},
        {"links": {"type": "float"}},
        {"links": {"type": "int", "ge": 0}},
        {"links": {"type": "int", "le": 0}},
        {"links": {"type": "int", "trend": "mitigating"}},
        {"links": {"type": "int", "role": "context"}},
        {"links": {"type": "int", "optional": True}},
        {"links": {"type": "int", "says": "how many"}},
        {"links": {"type": "int", "source": "x@1"}},
        {"links": {"type": "int"}, "ok": {"type": "bool"}},
        {"links": {"type": "list", "items": "int"}},
        {"links": {"type": "struct", "fields": {"n": "int"}}},
        {"links": {"type": "enum", "values": ["1"]}},
        {"links": {"type": "enum", "values": ["2"]}},
    ]
    digests = {Schema.from_dict(data).digest for data in (base, *others)}
    assert len(digests) == len(others) + 1
    assert Schema.from_dict(base, name="Post").digest == Schema.from_dict(base).digest


def test_a_type_may_be_written_in_a_word():
    short = Schema.from_dict({"links": "int", "tags": {"type": "list", "items": "text"}})
    assert short == Schema.from_dict({"links": {"type": "int"}, "tags": {"type": "list", "items": {"type": "text"}}})


def test_every_type_of_fact_shows_itself_in_words():
    types_of = {field.name: str(field.type) for field in SCHEMA.fields}
    assert types_of["links"] == "int"
    assert types_of["tags"] == "list of text"
    assert types_of["surface"] == "one of post, video"
    assert types_of["author"] == "struct"


def test_a_path_leads_to_its_field_and_to_the_roles_it_touches():
    assert SCHEMA.at(("author", "age_days")).ge == 0
    assert SCHEMA.at(("author", "shoe_size")) is None
    assert SCHEMA.at(("links", "x")) is None
    assert SCHEMA.at(()) is None
    assert SCHEMA.roles(("links",)) == {("links", Role.CONDUCT)}
    assert SCHEMA.roles(("author", "name")) == {("author", Role.CONDUCT), ("author.name", Role.IDENTITY)}
    # Reading a nested fact whole reads what is inside it, also in a list.
    assert ("author.name", Role.IDENTITY) in SCHEMA.roles(("author",))
    assert ("others.name", Role.IDENTITY) in SCHEMA.roles(("others",))
    assert SCHEMA.roles(("nowhere",)) == set()


def test_a_schema_is_a_frozen_value():
    assert hash(SCHEMA) == hash(Schema.from_dict(TABLE))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        SCHEMA.fields = ()
    for again in (copy.deepcopy(SCHEMA), pickle.loads(pickle.dumps(Schema.from_dict(TABLE)))):
        assert again == SCHEMA
        assert again.digest == SCHEMA.digest


# -- bad declarations --------------------------------------------------------------------------

BAD_FIELDS = [
    ({"1a": "int"}, "cannot name a fact"),
    ({"a b": "int"}, "cannot name a fact"),
    ({"a\n": "int"}, "cannot name a fact"),
    ({"\u00e9": "int"}, "cannot name a fact"),
    ({"": "int"}, "cannot name a fact"),
    ({"in": "int"}, "cannot name a fact"),
    ({"null": "int"}, "cannot name a fact"),
    ({"for": "int"}, "cannot name a fact"),
    ({"x": "integer"}, "unknown type 'integer'"),
    ({"x": "txt"}, "did you mean 'text'?"),
    ({"x": 3}, "expected a table such as"),
    ({"x": {}}, "unknown type None"),
    ({"x": {"type": ["int"]}}, "unknown type"),
    ({"x": {"type": "int", "rolle": "context"}}, "unknown key 'rolle'; did you mean 'role'?"),
    ({"x": {"type": "int", "role": "contekst"}}, "did you mean 'context'?"),
    ({"x": {"type": "int", "role": ["context"]}}, "unknown role"),
    ({"x": {"type": "int", "optional": "yes"}}, "expected true or false"),
    ({"x": {"type": "int", "says": 3}}, "expected text"),
    ({"x": {"type": "int", "source": 3}}, "expected text"),
    ({"x": {"type": "text", "ge": 0}}, "only numbers take ge and le"),
    ({"x": {"type": "list", "items": "int", "le": 0}}, "only numbers take ge and le"),
    ({"x": {"type": "int", "ge": 3, "le": 2}}, "nothing fits between"),
    ({"x": {"type": "int", "ge": "3"}}, "give a finite number"),
    ({"x": {"type": "int", "ge": True}}, "give a finite number"),
    ({"x": {"type": "float", "ge": math.nan}}, "give a finite number"),
    ({"x": {"type": "float", "le": math.inf}}, "give a finite number"),
    ({"x": {"type": "int", "le": 10**400}}, "give a finite number"),
    ({"x": {"type": "int", "trend": "up"}}, "accepted are 'aggravating' and 'mitigating'"),
    ({"x": {"type": "text", "trend": "aggravating"}}, "only what has an order can have a trend"),
    ({"x": {"type": "enum", "values": ["a"], "trend": "aggravating"}}, "only what has an order can have a trend"),
    ({"x": {"type": "float", "role": "opaque"}}, "name its provider and version"),
    ({"x": {"type": "float", "role": "opaque", "source": ""}}, "name its provider and version"),
    ({"x": {"type": "enum"}}, "list the texts"),
    ({"x": {"type": "enum", "values": []}}, "list the texts"),
    ({"x": {"type": "enum", "values": "ab"}}, "list the texts"),
    ({"x": {"type": "enum", "values": ["a", 3]}}, "list the texts"),
    ({"x": {"type": "enum", "values": ["a", "a"]}}, "lists something twice"),
    ({"x": {"type": "list"}}, "unknown type None"),
    ({"x": {"type": "list", "items": "txt"}}, "did you mean 'text'?"),
    ({"x": {"type": "int", "distinct": True}}, "only lists can be"),
    ({"x": {"type": "struct"}}, "expected a table of facts"),
    ({"x": {"type": "struct", "fields": {}}}, "expected a table of facts"),
    ({"x": {"type": "struct", "fields": {"y": {"type": "txt"}}}}, "did you mean 'text'?"),
    ({}, "expected a table of facts"),
    (None, "expected a table of facts"),
    ([], "expected a table of facts"),
]


@pytest.mark.parametrize(
    ("data", "part"), BAD_FIELDS, ids=[f"{number}-{row[0]!r:.50}" for number, row in enumerate(BAD_FIELDS)]
)
def test_a_declaration_that_cannot_be_right_is_refused(data, part):
    with pytest.raises(InputError) as refused:
        Schema.from_dict(data)
    assert part in str(refused.value)
    assert all(found.code == "schema" for found in refused.value.problems)


def test_all_bad_declarations_are_named_at_once_with_their_paths():
    bad = {
        "a": "integer",
        "b": {"type": "int", "ge": 2, "le": 1},
        "c": {"type": "struct", "fields": {"d": "txt", "e": "int", "f": {"type": "enum"}}},
        "g": "int",
    }
    with pytest.raises(InputError) as refused:
        Schema.from_dict(bad)
    assert set(problems(refused)) == {"$.facts.a", "$.facts.b", "$.facts.c.d", "$.facts.c.f"}


def test_a_class_with_bad_declarations_is_refused_with_all_of_them():
    with pytest.raises(InputError) as refused:

        @facts
        class Bad:
            a: int = fact(ge=3, le=2)
            b: complex
            c: str = fact(trend="aggravating")
            d: float = fact(role=Role.OPAQUE)
            e: dict[str, int]
            f: int | str
            g: tuple[int, str]
            fine: int

    assert set(problems(refused)) == {"$.a", "$.b", "$.c", "$.d", "$.e", "$.f", "$.g"}
    assert "is no type of fact" in str(refused.value)


def test_a_class_of_no_facts_is_refused():
    with pytest.raises(InputError, match="declare at least one"):

        @facts
        class Nothing:
            pass


def test_enums_and_literals_that_are_not_texts_are_refused():
    class Number(enum.Enum):
        ONE = 1

    for hint in (Number, typing.Literal[1, 2]):
        with pytest.raises(InputError, match="list the texts"):
            facts(types.new_class("Bad", (), {}, lambda space, hint=hint: space.update(__annotations__={"x": hint})))


def test_what_is_no_facts_class_has_no_schema():
    for thing in (dict, object, int, Post(**MINIMAL), None, "Post"):
        with pytest.raises(InputError, match="decorate it with @facts"):
            Schema.from_class(thing)


def test_a_subclass_is_a_facts_class_only_when_it_is_decorated_again():
    class Plain(Post):
        pass

    with pytest.raises(InputError, match="decorate it with @facts"):
        Schema.from_class(Plain)

    @facts
    class Video(Post):
        length: int

    assert Schema.from_class(Video).at(("length",)) is not None
    assert Schema.from_class(Video).at(("links",)) == SCHEMA.at(("links",))


def test_a_field_can_be_declared_by_hand():
    field = Field(name="links", type=FactType(kind="int"), ge=0)
    assert Schema(fields=(field,)).digest == Schema.from_dict({"links": {"type": "int", "ge": 0}}).digest
    with pytest.raises(InputError, match="cannot name a fact"):
        Field(name="a b", type=FactType(kind="int"))


# -- instances ---------------------------------------------------------------------------------


def test_an_instance_is_checked_when_it_is_made_and_all_problems_are_named():
    with pytest.raises(InputError) as refused:
        naive = dt.datetime(2026, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)
        Post(text=3, links=-1, score=math.nan, kind="c", at=naive, tags=("a", 3), author=5)
    assert problems(refused) == {
        "$.text": "mistyped",
        "$.links": "out_of_range",
        "$.score": "not_finite",
        "$.kind": "undeclared",
        "$.at": "mistyped",
        "$.tags[1]": "mistyped",
        "$.author": "mistyped",
    }


def test_an_instance_is_a_frozen_value_that_takes_keywords_only():
    post = Post(**MINIMAL)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        post.links = 4
    with pytest.raises(TypeError):
        Post("hello", 3)
    with pytest.raises(TypeError):
        Post(text="hello")
    assert post == Post(**MINIMAL)
    assert hash(post) == hash(Post(**MINIMAL))
    assert attrs.evolve(post, links=4).links == 4
    with pytest.raises(InputError):
        attrs.evolve(post, links=-4)


def test_lists_are_kept_as_tuples_so_that_an_instance_is_frozen_whole():
    post = Post(**MINIMAL, counts=[1, 2], tags=["a"])
    assert post.counts == (1, 2)
    assert post.tags == ("a",)
    hash(post)


def test_a_fact_that_may_be_none_may_be_left_out():
    post = Post(**MINIMAL)
    assert post.score is None
    assert post.author is None
    assert post.surface is Surface.POST


# -- strict reading ----------------------------------------------------------------------------


FULL = {
    "text": "hello",
    "links": 3,
    "score": 1,
    "ok": True,
    "surface": "video",
    "kind": "b",
    "at": "2026-01-31T08:00:00.5+01:00",
    "seen_at": 60,
    "quiet": "1h30m",
    "rest": 90,
    "tags": ["a"],
    "counts": [1, 2],
    "labels": ["x", "y"],
    "author": {"age_days": 3},
    "others": [{"age_days": 4}],
}


def test_plain_values_become_what_the_class_declares():
    post = read(Post, FULL)
    assert post.score == 1.0
    assert type(post.score) is float
    assert post.surface is Surface.VIDEO
    assert post.at == dt.datetime(2026, 1, 31, 7, 0, 0, 500_000, tzinfo=dt.UTC)
    assert type(post.seen_at) is pendulum.DateTime
    assert post.seen_at == pendulum.datetime(1970, 1, 1, 0, 1)
    assert post.quiet == dt.timedelta(minutes=90)
    assert post.rest == dt.timedelta(seconds=90)
    assert post.labels == frozenset({"x", "y"})
    assert post.author == Author(age_days=3)
    assert post.others == (Author(age_days=4),)


def test_what_was_read_is_observed_like_the_plain_values():
    assert fingerprint(read(Post, FULL)) == fingerprint(FULL)
    assert (
        observe(SCHEMA, read(Post, FULL)).values
        == observe(SCHEMA, {**FULL, "labels": frozenset(FULL["labels"])}).values
    )


def without_nulls(record):
    if isinstance(record, list):
        return [without_nulls(item) for item in record]
    if isinstance(record, dict):
        return {name: without_nulls(inner) for name, inner in record.items() if inner is not None}
    return record


@given(worlds(shrinkable=False))
def test_reading_agrees_with_observing_on_every_event(drawn):
    """An event reads exactly when observing it finds nothing missing that is required and nothing unusable."""
    world, rng = drawn
    for faults in (0, 0.02, 0.2):
        event = world.event(rng, faults)
        event.pop("undeclared", None)
        seen = observe(world.schema, event)
        usable = all(
            state.code in ("absent", "null") and not path.endswith("]") and world.schema.within(path).optional
            for path, state in seen.states.items()
        )
        try:
            instance = read(world.cls, event)
        except InputError as error:
            assert not usable or {found.code for found in error.problems} <= {"precision", "unknown_field"}
            unusable = {found.path for found in error.problems if found.code != "unknown_field"}
            assert usable or unusable <= {f"$.{path}" for path in seen.states}
        else:
            assert usable
            paths = [(field.name,) for field in world.schema.fields]
            # In an instance None stands for "not given", too; nothing else may differ.
            assert observe(world.schema, instance).record(paths) == without_nulls(seen.record(paths))


def test_a_name_that_is_no_text_is_undeclared_whatever_it_is():
    seen = observe(SCHEMA, {**MINIMAL, 10**5000: 1, (1, 2): 3, None: 4})
    assert seen.undeclared == ("(NoneType)", "(int)", "(tuple)")


COERCIONS = [
    ("links", 3.0, "mistyped"),
    ("links", "3", "mistyped"),
    ("links", True, "mistyped"),
    ("links", UInt(3), "mistyped"),
    ("links", -1, "out_of_range"),
    ("links", 1001, "out_of_range"),
    ("links", 2**63, "out_of_range"),
    ("links", None, "null"),
    ("score", "0.5", "mistyped"),
    ("score", True, "mistyped"),
    ("score", math.inf, "not_finite"),
    ("score", 1.5, "out_of_range"),
    ("ok", 1, "mistyped"),
    ("ok", "true", "mistyped"),
    ("ok", 0.0, "mistyped"),
    ("text", 3, "mistyped"),
    ("text", b"x", "mistyped"),
    ("text", None, "null"),
    ("text", "\ud800", "not_unicode"),
    ("text", "a" * 65_537, "too_long"),
    ("text", ["a"], "mistyped"),
    ("surface", "Video", "undeclared"),
    ("surface", "VIDEO", "undeclared"),
    ("surface", "", "undeclared"),
    ("surface", 0, "mistyped"),
    ("kind", "c", "undeclared"),
    ("at", "2026-01-31", "mistyped"),
    ("at", "2026-01-31T08:00:00", "mistyped"),
    ("at", "2026-01-31 08:00:00Z", "mistyped"),
    ("at", "2026-02-30T08:00:00Z", "mistyped"),
    ("at", "2026-01-31T24:00:00Z", "mistyped"),
    ("at", "2026-01-31T08:00:60Z", "mistyped"),
    ("at", "2026-01-31T08:00:00+24:00", "mistyped"),
    ("at", "2026-01-31T08:00:00+01:60", "mistyped"),
    ("at", "\u0662026-01-31T08:00:00Z", "mistyped"),
    ("at", " 2026-01-31T08:00:00Z", "mistyped"),
    ("at", "2026-01-31T08:00:00Z\n", "mistyped"),
    ("at", 1.5, "mistyped"),
    ("at", True, "mistyped"),
    ("at", 10**15, "mistyped"),
    ("at", 10**30, "mistyped"),
    ("at", "0001-01-01T00:00:00+01:00", "mistyped"),
    ("quiet", "90", "mistyped"),
    ("quiet", "1 hour", "mistyped"),
    ("quiet", "", "mistyped"),
    ("quiet", "PT1H", "mistyped"),
    ("quiet", 1.5, "mistyped"),
    ("quiet", "1d", "mistyped"),
    ("quiet", 10**30, "mistyped"),
    ("quiet", "9" * 2000 + "s", "mistyped"),
    ("tags", "abc", "mistyped"),
    ("tags", {"a": 1}, "mistyped"),
    ("tags", ["a"] * 10_001, "too_long"),
    ("author", 3, "mistyped"),
    ("author", [["age_days", 3]], "mistyped"),
]


@pytest.mark.parametrize(
    ("name", "value", "code"),
    COERCIONS,
    ids=[f"{number}-{row[0]}={row[1]!r:.30}" for number, row in enumerate(COERCIONS)],
)
def test_no_value_is_quietly_turned_into_another(name, value, code):
    with pytest.raises(InputError) as refused:
        read(Post, {**MINIMAL, name: value})
    assert problems(refused) == {f"$.{name}": code}
    seen = observe(SCHEMA, {**MINIMAL, name: value})
    assert seen.values[name] is (None if code == "null" else UNKNOWN)
    assert isinstance(seen.states[name], State)
    assert len(seen.states[name].message) < 200
    seen.states[name].message.encode("utf-8")


def test_all_problems_are_named_at_once_with_their_paths():
    bad = {
        "links": "3",
        "score": 2,
        "tags": ["a", 3, None],
        "author": {"age_days": -1, "nam": "x"},
        "others": [{}, 5, {"age_days": "x"}],
        "linkz": 1,
    }
    with pytest.raises(InputError) as refused:
        read(Post, bad)
    found = problems(refused)
    assert (
        found.items()
        >= {
            "$.text": "absent",
            "$.links": "mistyped",
            "$.score": "out_of_range",
            "$.tags[1]": "mistyped",
            "$.tags[2]": "null",
            "$.author.age_days": "out_of_range",
            "$.others[0].age_days": "absent",
            "$.others[1]": "mistyped",
            "$.others[2].age_days": "mistyped",
            "$.linkz": "unknown_field",
        }.items()
    )
    assert "did you mean 'links'?" in str(refused.value)


def test_an_undeclared_name_inside_a_nested_fact_is_refused_too():
    with pytest.raises(InputError) as refused:
        read(Post, {**MINIMAL, "author": {"age_days": 3, "nam": "x"}})
    assert problems(refused) == {"$.author.nam": "unknown_field"}


def test_an_optional_fact_inside_a_list_may_be_left_out():
    assert read(Post, {**MINIMAL, "others": [{"age_days": 4}]}).others == (Author(age_days=4),)


def test_no_digit_of_an_instant_or_span_is_quietly_dropped():
    """A Python datetime ends at microseconds: finer values are kept exactly by mappings, and refused here."""
    for name, value in (("at", "2026-01-31T08:00:00.123456789Z"), ("quiet", "1ns")):
        event = {**MINIMAL, name: value}
        try:
            instance = read(Post, event)
        except InputError:
            continue
        assert fingerprint(instance) == fingerprint(event)


def test_only_an_object_can_be_read():
    for thing in (
        None,
        3,
        "text",
        [],
        Post(**MINIMAL),
        types.MappingProxyType(MINIMAL),
        collections.OrderedDict(MINIMAL),
    ):
        with pytest.raises(InputError, match="expected an object"):
            read(Post, thing)
    with pytest.raises(InputError, match="decorate it with @facts"):
        read(dict, MINIMAL)


# -- observing ---------------------------------------------------------------------------------


def test_an_event_is_read_into_usable_values_and_reasons():
    seen = observe(
        SCHEMA, {"text": "a", "links": "3", "tags": ["a", 3], "author": {"age_days": -1}, "extra": 1, "more": 2}
    )
    assert seen.values["text"] == "a"
    assert seen.values["links"] is UNKNOWN
    assert seen.values["score"] is None
    assert seen.values["tags"] == ("a", UNKNOWN)
    assert seen.values["author"] == {"age_days": UNKNOWN, "name": None}
    assert seen.states["links"] == State("mistyped", "is the text '3'; expected a whole number")
    assert seen.states["score"].code == "absent"
    assert seen.states["tags[1]"].message == "is the number 3; expected text"
    assert seen.states["author.age_days"] == State("out_of_range", "is -1; accepted is at least 0")
    assert seen.states["author.name"].message == "was not given"
    assert seen.undeclared == ("extra", "more")
    assert seen.get(("author", "age_days")) is UNKNOWN
    assert seen.get(("author",)) == {"age_days": UNKNOWN, "name": None}
    assert seen.get(("score",)) is None


def test_instants_and_spans_are_read_to_the_nanosecond():
    seen = observe(SCHEMA, {"at": "1970-01-01T00:00:01.000000001Z", "quiet": "-1.5us"})
    assert seen.values["at"] == Timestamp(1_000_000_001)
    assert seen.values["quiet"] == Duration(-1500)
    aware = dt.datetime(1970, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    for same in ("1970-01-01T00:00:00Z", "1970-01-01t01:00:00+01:00", 0, aware, pendulum.datetime(1970, 1, 1)):
        assert observe(SCHEMA, {"at": same}).values["at"] == Timestamp(0)
    for same in ("90s", "1m30s", "1.5m", 90, dt.timedelta(seconds=90), pendulum.duration(seconds=90)):
        assert observe(SCHEMA, {"quiet": same}).values["quiet"] == Duration(90 * 10**9)


@pytest.mark.parametrize(
    ("limits", "value", "message"),
    [
        ({"ge": 1}, 0, "is 0; accepted is at least 1"),
        ({"le": 1}, 2, "is 2; accepted is at most 1"),
        ({"ge": 1, "le": 2}, 3, "is 3; accepted is 1 to 2"),
    ],
)
def test_a_value_outside_its_range_is_told_the_range(limits, value, message):
    schema = Schema.from_dict({"x": {"type": "int", **limits}})
    assert observe(schema, {"x": value}).states["x"].message == message
    assert observe(schema, {"x": value}).values["x"] is UNKNOWN


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("a" * 100, f"is the text {'a' * 40!r}\u2026; expected a whole number"),
        (3.5, "is the number 3.5; expected a whole number"),
        (True, "is the answer True; expected a whole number"),
        ({}, "is an object; expected a whole number"),
        ([], "is a list; expected a whole number"),
        (b"x", "is a bytes; expected a whole number"),
        (10**400, "does not fit 64 bits"),
    ],
)
def test_a_mistyped_value_is_described_without_printing_much_of_it(value, message):
    assert observe(SCHEMA, {"links": value}).states["links"].message == message


def test_a_very_large_number_is_not_printed():
    assert observe(SCHEMA, {"text": 10**5000}).states["text"].message == "is a very large number; expected text"


def test_a_lone_surrogate_never_gets_into_a_message():
    for name in ("links", "surface", "at", "quiet", "tags", "author", "ok"):
        seen = observe(SCHEMA, {name: "\ud800"})
        assert seen.states[name].message.encode("utf-8")


@given(worlds(shrinkable=False))
def test_every_fact_without_a_usable_value_has_a_state_and_no_other_has(drawn):
    world, rng = drawn
    seen = observe(world.schema, world.event(rng, 0.3))

    def walk(value, path):
        if type(value) is dict:
            for name, inner in value.items():
                walk(inner, f"{path}.{name}" if path else name)
        elif type(value) is tuple:
            for place, inner in enumerate(value):
                walk(inner, f"{path}[{place}]")
        assert (value is None or value is UNKNOWN) is (path in seen.states), path
        if value is None:
            assert seen.states[path].code in ("absent", "null")

    for name, value in seen.values.items():
        walk(value, name)


@given(
    st.dictionaries(
        st.text(max_size=5) | st.sampled_from(list(TABLE)),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text()
            | st.binary()
            | st.datetimes()
            | st.builds(object),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
            max_leaves=8,
        ),
    )
)
def test_nothing_inside_an_event_makes_observing_raise(event):
    seen = observe(SCHEMA, event)
    record = seen.record(PATHS)
    json.dumps(record)
    assert seen.fingerprint(PATHS) == fingerprint(event)


@pytest.mark.parametrize("thing", [None, 3, "text", [], [("text", "a")], object(), Post, {1}])
def test_an_event_that_is_no_mapping_and_no_instance_is_refused(thing):
    with pytest.raises(InputError, match="expected a mapping or an instance"):
        observe(SCHEMA, thing)


# -- fingerprints ------------------------------------------------------------------------------


@given(worlds(shrinkable=False))
def test_equal_facts_have_equal_fingerprints_in_any_order_and_copy(drawn):
    world, rng = drawn
    event = {name: value for name, value in world.event(rng, 0.1).items() if type(value) is not object}
    paths = [(field.name,) for field in world.schema.fields]
    shuffled = dict(rng.sample(list(event.items()), len(event)))
    want = observe(world.schema, event).fingerprint(paths)
    assert observe(world.schema, shuffled).fingerprint(paths) == want
    assert observe(world.schema, event).fingerprint(reversed(paths)) == want
    assert observe(world.schema, {**event, "nobody_declared": rng.random()}).fingerprint(paths) == want


def test_events_of_one_fingerprint_get_one_answer_from_every_condition():
    seen = {}
    for seed in range(200):
        rng = random.Random(seed % 10)
        world = World(rng)
        condition = world.condition(rng)
        rng = random.Random(seed)
        event = world.event(rng)
        print_ = observe(world.schema, event).fingerprint(condition.paths)
        answer = condition.evaluate(event, world.schema)
        assert seen.setdefault((seed % 10, print_), answer) is answer


def test_one_and_one_point_nought_are_the_same_float_fact():
    whole, real = {"score": 1}, {"score": 1.0}
    assert fingerprint(whole) == fingerprint(real)
    assert observe(SCHEMA, whole).values["score"] == observe(SCHEMA, real).values["score"]
    assert type(observe(SCHEMA, whole).values["score"]) is float
    exact = Schema.from_dict({"x": "float"})
    assert fingerprint({"x": 2**60}, [("x",)], exact) == fingerprint({"x": 2.0**60}, [("x",)], exact)
    assert fingerprint({"x": 0.0}, [("x",)], exact) == fingerprint({"x": -0.0}, [("x",)], exact)


def test_an_instant_is_the_same_fact_however_it_is_written():
    assert (
        len(
            {
                fingerprint({"at": at})
                for at in ("1970-01-01T00:00:00Z", "1970-01-01T01:00:00.000+01:00", 0, pendulum.datetime(1970, 1, 1))
            }
        )
        == 1
    )
    assert len({fingerprint({"quiet": span}) for span in ("90s", "1m30s", 90, dt.timedelta(seconds=90))}) == 1
    assert fingerprint({"surface": Surface.POST}) == fingerprint({"surface": "post"})
    assert fingerprint({"tags": ("a", "b")}) == fingerprint({"tags": ["a", "b"]})


def test_events_that_tell_different_things_have_different_fingerprints():
    events = [
        {},
        {"links": None},
        {"links": 0},
        {"links": 1},
        {"links": "1"},
        {"links": -1},
        {"score": 0.5},
        {"score": math.nan},
        {"text": ""},
        {"text": "links"},
        {"text": "a" * 65_537},
        {"text": "\ud800"},
        {"surface": "post"},
        {"surface": "elsewhere"},
        {"tags": []},
        {"tags": ["a"]},
        {"tags": ["a", None]},
        {"tags": ["a", 3]},
        {"tags": ["a", "a"]},
        {"tags": "a"},
        {"author": {}},
        {"author": {"age_days": 3}},
        {"author": {"age_days": "x"}},
        {"author": {"name": "x"}},
        {"author": 3},
        {"ok": False},
        {"ok": True},
        {"at": 0},
        {"at": "1970-01-01T00:00:00.000000001Z"},
        {"quiet": 0},
        {"quiet": "1ns"},
        {"others": [{"age_days": 1}]},
        {"others": [{}]},
        {"others": [{"age_days": None}]},
    ]
    assert len({fingerprint(event) for event in events}) == len(events)


def test_a_text_that_looks_like_another_fact_is_not_that_fact():
    schema = Schema.from_dict({"a": "text", "b": "int"})
    big = {"b": 2**60}
    assert observe(schema, big).record([("b",)]) == {"b": {"$int": str(2**60)}}
    assert fingerprint({"a": "x"}, [("a",)], schema) != fingerprint({"a": "y"}, [("a",)], schema)
    prints = {
        fingerprint(event, [("a",), ("b",)], schema)
        for event in ({"a": "1"}, {"b": 1}, {"a": "mistyped"}, {"b": "mistyped"}, {"a": 3})
    }
    assert len(prints) == 5


def test_only_the_facts_asked_for_matter():
    some = [("links",), ("author", "name")]
    assert fingerprint({"links": 1, "text": "a"}, some) == fingerprint({"links": 1, "text": "b", "unknown": 5}, some)
    assert fingerprint({"links": 1, "author": {"name": "x", "age_days": 3}}, some) == fingerprint(
        {"links": 1, "author": {"name": "x"}}, some
    )


def test_a_record_leaves_out_what_was_not_given_and_names_what_cannot_be_used():
    seen = observe(
        SCHEMA,
        {
            "links": 2**70,
            "tags": ["a", None, 3],
            "author": {"age_days": "x"},
            "score": None,
            "at": 0,
            "quiet": "90s",
            "others": 5,
        },
    )
    assert seen.record(PATHS) == {
        "links": {"$unusable": "out_of_range"},
        "tags": ["a", None, {"$unusable": "mistyped"}],
        "author": {"age_days": {"$unusable": "mistyped"}},
        "author.age_days": {"$unusable": "mistyped"},
        "score": None,
        "at": "1970-01-01T00:00:00Z",
        "quiet": "90s",
        "others": {"$unusable": "mistyped"},
    }
    assert observe(SCHEMA, {"author": 5}).record([("author", "name")]) == {"author.name": {"$unusable": "mistyped"}}
    assert observe(SCHEMA, {"author": None}).record([("author", "name")]) == {}
