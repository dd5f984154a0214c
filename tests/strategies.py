"""Random schemas, well-typed conditions over them, and events that suit or offend them.

Everything is drawn from one `random.Random`-like source, so the same code serves hypothesis
(which can shrink it) and long seeded runs (which are fast). A `World` is one schema with the
values its conditions and events gather around: without common values, hardly any comparison
would ever be true.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import math
import types
import typing

from hypothesis import strategies as st

from platgov._conditions import tree
from platgov._conditions.values import NULL
from platgov.conditions import Condition, UInt
from platgov.facts import Schema, fact, facts
from reference import PATTERNS

WORDS = (
    "spam",
    "SPAM",
    "eggs",
    "buy now",
    "aab",
    "bad",
    "bid",
    "me@home",
    "paypal",
    "x",
    "1",
    "007",
    "\u00e9t\u00e9",
    "stra\u00dfe",
    "\u0440\u0430\u0443pal",
    "\uff53\uff50\uff41\uff4d",
    "sp\u200bam",
    "\u65e5\u672c",
    "e\u0301",
    "\u0e44\u0e17\u0e22",
    "\U0001f600",
    "_",
    "it's",
    "two\nlines",
)
SURFACES = ("post", "comment", "profile", "video")
MOMENTS = (
    "2026-01-31T08:00:00Z",
    "2026-01-31T08:00:00.000001Z",
    "2024-02-29T23:59:59+02:00",
    "1969-12-31T23:59:59.999Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
)
SPANS = ("90s", "1h30m", "-1.5h", "0s", "2562047h47m16.854775807s", "1us")
WHOLE = (0, 1, 2, 3, 5, 7, 10, 100, -1, -2, 2**53, 2**53 + 1, 2**63 - 1, -(2**63))
REAL = (0.0, 0.5, 1.0, 1.5, -0.5, 2.0, 1e300, -1e-300, 9007199254740993.0, 9.3e18)
NAMES = (
    "links",
    "age",
    "score",
    "text",
    "title",
    "ok",
    "seen",
    "surface",
    "posted",
    "quiet",
    "tags",
    "counts",
    "author",
)
KINDS = ("int", "int", "float", "bool", "text", "text", "enum", "timestamp", "duration", "list", "list", "struct")
RANGES = ((None, None), (None, None), (0, None), (0, 10), (-5, 5), (None, 100))


class Surface(enum.Enum):
    POST = "post"
    COMMENT = "comment"
    VIDEO = "video"


# -- schemas -----------------------------------------------------------------------------------


def facts_class(rng, name="Event", depth=0):
    """Make a facts class of a few random facts."""
    annotations, body = {}, {}
    for field in rng.sample(NAMES, rng.randint(2, 4) if depth else rng.randint(3, 9)):
        hint, about = _hint(rng, rng.choice(KINDS), depth)
        optional = rng.random() < 0.5
        annotations[field] = hint | None if optional else hint
        body[field] = fact(**about)
    made = types.new_class(name, (), {}, lambda space: space.update(body, __annotations__=annotations))
    return facts(made)


def _hint(rng, kind, depth):
    if kind in ("int", "float"):
        low, high = rng.choice(RANGES)
        return {"int": int, "float": float}[kind], {"ge": low, "le": high}
    if kind == "enum":
        return rng.choice((typing.Literal[SURFACES[: rng.randint(1, 4)]], Surface)), {}
    if kind == "struct" and depth < 2:
        return facts_class(rng, "Nested", depth + 1), {}
    if kind == "list" and depth < 2:
        item = rng.choice(("text", "text", "int", "float", "bool", "enum", "timestamp", "struct"))
        if item == "text" and rng.random() < 0.2:
            return frozenset[str], {}
        return tuple[_hint(rng, item, depth + 1)[0], ...], {}
    plain = {"bool": bool, "text": str, "timestamp": dt.datetime, "duration": dt.timedelta}
    return plain.get(kind, str), {}


class World:
    """A schema, and what its conditions and events are made from."""

    def __init__(self, rng):
        self.cls = facts_class(rng)
        self.schema = Schema.from_class(self.cls)
        self.words = rng.sample(WORDS, 6)
        self.whole = [rng.choice(WHOLE[:7]), rng.choice(WHOLE[:7]), rng.choice(WHOLE)]
        self.real = [rng.choice(REAL[:4]), rng.choice(REAL)]
        self.moments = rng.sample(MOMENTS, 2)
        self.spans = rng.sample(SPANS, 2)

    def condition(self, rng, depth=3):
        return Condition(_Maker(self, rng).truth(depth))

    def conditions(self, rng, most):
        return [self.condition(rng, rng.choice((0, 1, 1, 2, 3))) for _ in range(rng.randint(1, most))]

    def event(self, rng, faults=0.18):
        """Make an event; about ``faults`` of its facts are missing or unusable."""
        event = _Events(self, rng, faults).fields(self.schema.fields)
        if rng.random() < 0.1:
            event["undeclared"] = rng.choice(_STRANGE)
        return event


# -- conditions --------------------------------------------------------------------------------


def lit(value):
    """Give a literal as every way of writing gives it: a negative number is its own literal."""
    if type(value) in (int, float) and value < 0:
        return tree.negative(tree.Literal(-value))
    return tree.Literal(value)


def call(function, *arguments):
    return tree.Call(function, None, arguments)


def method(target, function, *arguments):
    return tree.Call(function, target, arguments)


class _Maker:
    """Makes trees whose parts have the types they need."""

    def __init__(self, world, rng):
        self.world, self.rng = world, rng
        self.scope: list[tuple[tree.Node, object, object]] = []  # what may be read: node, type, declared range
        for field in world.schema.fields:
            self.offer(tree.Name(field.name), field.type, field)
        self.variables = 0

    def offer(self, node, kind, field=None):
        self.scope.append((node, kind, field))
        for inner in kind.fields:
            self.offer(tree.Select(node, inner.name), inner.type, inner)

    def having(self, *kinds):
        return [entry for entry in self.scope if entry[1].kind in kinds]

    def chance(self, share):
        return self.rng.random() < share

    # -- truth values --------------------------------------------------------------------------

    def truth(self, depth):
        draw = self.rng.random()
        if depth <= 0 or draw < 0.3:
            return self.test(depth)
        if draw < 0.75:
            operands = [self.truth(depth - 1) for _ in range(self.rng.choice((2, 2, 2, 3, 4)))]
            return tree.combine(self.rng.choice(("&&", "||")), *operands)
        if draw < 0.9:
            return tree.Unary("!", self.truth(depth - 1))
        return tree.Choice(*(self.truth(depth - 1) for _ in range(3)))

    def test(self, depth):
        makers = (
            self.compare_numbers,
            self.compare_numbers,
            self.compare_numbers,
            self.number_in,
            self.compare_texts,
            self.text_test,
            self.text_test,
            self.text_test,
            self.text_test,
            self.choose_enum,
            self.plain_truth,
            self.presence,
            self.compare_times,
            self.compare_spans,
            self.in_list_fact,
            self.compare_lists,
            self.macro,
            self.macro,
        )
        for _ in range(8):
            node = self.rng.choice(makers)(depth)
            if node is not None:
                return node
        return self.presence(depth)

    def compare(self, left, right, *ops):
        return tree.Binary(self.rng.choice(ops or ("==", "!=", "<", "<=", ">", ">=")), *self.either_way(left, right))

    def either_way(self, left, right):
        return (left, right) if self.chance(0.6) else (right, left)

    def compare_numbers(self, depth):
        left, kind = self.number(depth)
        if self.chance(0.7):
            return self.compare(left, self.number_literal(kind))
        return self.compare(left, self.number(depth)[0])

    def number_in(self, depth):
        left, kind = self.number(0)
        return tree.Binary("in", left, self.listed(lambda: self.number_literal(kind)))

    def listed(self, make):
        return tree.ListOf(tuple(make() for _ in range(self.rng.randint(1, 4))))

    def compare_texts(self, depth):
        left = self.text(depth)
        if left is None:
            return None
        if self.chance(0.3):
            return tree.Binary("in", left, self.listed(self.word))
        right = self.word() if self.chance(0.6) else self.text(depth) or self.word()
        return self.compare(left, right, "==", "==", "!=", "<", "<=", ">", ">=")

    def text_test(self, depth):
        target = self.text(depth)
        if target is None:
            return None
        name = self.rng.choice(
            ("contains", "contains", "startsWith", "endsWith", "containsAny", "containsWord", "matches")
        )
        if name == "matches":
            if _is_folded(target):
                target = target.target
            return method(target, "matches", lit(self.rng.choice(list(PATTERNS))))
        if name in ("containsAny", "containsWord") and self.chance(0.6):
            return method(target, name, self.listed(self.word))
        if self.chance(0.15):
            return method(target, name, self.text(0) or self.word())
        return method(target, name, self.word())

    def choose_enum(self, _):
        found = self.having("enum")
        if not found:
            return None
        node, kind, _ = self.rng.choice(found)
        others = [other for other, other_kind, _ in found if other_kind == kind]
        draw = self.rng.random()
        if draw < 0.5:
            return self.compare(node, lit(self.rng.choice(kind.values)), "==", "!=")
        if draw < 0.8:
            return tree.Binary("in", node, self.listed(lambda: lit(self.rng.choice(kind.values))))
        return self.compare(node, self.rng.choice(others), "==", "!=")

    def plain_truth(self, _):
        found = self.having("bool")
        if not found:
            return lit(self.chance(0.5)) if self.chance(0.2) else None
        node = self.rng.choice(found)[0]
        if self.chance(0.6):
            return node
        other = lit(self.chance(0.5)) if self.chance(0.6) else self.rng.choice(found)[0]
        return self.compare(node, other)

    def presence(self, _):
        node = self.rng.choice(self.scope)[0]
        if self.having("list") and self.chance(0.1):
            node = tree.Index(self.rng.choice(self.having("list"))[0], lit(self.rng.randint(0, 2)))
        if self.chance(0.5):
            return call("has", node)
        return tree.Binary(self.rng.choice(("==", "!=")), *self.either_way(node, tree.Literal(NULL)))

    def compare_times(self, depth):
        return self.compare(self.moment(depth), self.moment(0)) if self.having("timestamp") else None

    def compare_spans(self, depth):
        if not self.having("duration", "timestamp"):
            return None
        return self.compare(self.span(depth), self.span(0))

    def in_list_fact(self, depth):
        found = [entry for entry in self.having("list") if entry[1].item.kind in ("text", "int", "float", "enum")]
        if not found:
            return None
        node, kind, _ = self.rng.choice(found)
        match kind.item.kind:
            case "text":
                item = self.word() if self.chance(0.7) else self.text(0) or self.word()
            case "enum":
                item = lit(self.rng.choice(kind.item.values))
            case _:
                item = self.number(0)[0] if self.chance(0.3) else self.number_literal(kind.item.kind)
        return tree.Binary("in", item, node)

    def compare_lists(self, _):
        found = [entry for entry in self.having("list") if entry[1].item.kind in ("text", "int")]
        if not found:
            return None
        node, kind, _ = self.rng.choice(found)
        make = self.word if kind.item.kind == "text" else lambda: self.number_literal("int")
        other = self.listed(make) if self.chance(0.5) else self.rng.choice(found)[0]
        if other is not node and not isinstance(other, tree.ListOf):
            other = node
        return self.compare(node, other, "==", "!=")

    def macro(self, depth):
        found = self.having("list")
        if not found or self.variables >= 2:
            return None
        node, kind, _ = self.rng.choice(found)
        variable = f"v{self.variables}"
        name = self.rng.choice(("exists", "exists", "all", "all", "exists_one", "map", "filter", "map_if"))
        scope = list(self.scope)
        self.variables += 1
        for _ in range(1 + (kind.item.kind == "struct")):  # offered more than once: a body should read its variable
            self.offer(tree.Name(variable), kind.item)
        self.scope += [entry for entry in self.scope if entry not in scope] * 3
        body, test = self.truth(min(depth - 1, 1)), None
        if name.startswith("map"):
            test = body if name == "map_if" else None
            body = self.number(1)[0] if self.chance(0.7) else self.text(0) or self.truth(0)
        self.scope, self.variables = scope, self.variables - 1
        each = tree.Each(name.removesuffix("_if"), node, variable, body, test)
        if name in ("exists", "all", "exists_one"):
            return each
        if self.chance(0.3) and name == "filter" and kind.item.kind == "int":
            return tree.Binary("in", self.number_literal("int"), each)
        return self.compare(call("size", each), lit(self.rng.randint(0, 3)))

    # -- numbers, texts, times -----------------------------------------------------------------

    def number_literal(self, kind):
        draw = self.rng.random()
        if kind == "float" and draw < 0.7:
            return lit(self.rng.choice(self.world.real))
        if draw < 0.75:
            return lit(self.rng.choice(self.world.whole))
        if draw < 0.8:
            return tree.Literal(UInt(self.rng.choice((0, 1, 3, 2**63, 2**64 - 1))))
        return lit(self.rng.choice(WHOLE if draw < 0.95 else REAL))

    def number(self, depth):
        """Give a number and its kind; ``%`` and list places need whole ones."""
        draw = self.rng.random()
        facts_of = self.having("int", "float")
        if depth <= 0 or draw < 0.5:
            if facts_of and self.chance(0.95):
                node, kind, _ = self.rng.choice(facts_of)
                return node, kind.kind
            return lit(self.rng.choice(self.world.whole)), "int"
        if draw < 0.75:
            (left, one), (right, two) = self.number(depth - 1), self.number(depth - 1)
            whole = one == two == "int"
            node = tree.Binary(self.rng.choice("+-*/%" if whole else "+-*/"), *self.either_way(left, right))
            return node, "int" if whole else "float"
        if draw < 0.8:
            node, kind = self.number(depth - 1)
            return tree.negative(node), kind
        if draw < 0.84:
            (left, one), (right, two) = self.number(0), self.number(0)
            if one == two:
                return tree.Choice(self.truth(0), left, right), one
        if draw < 0.88:
            node, kind = self.number(0)
            return (call("int", node), "int") if self.chance(0.5) else (call("double", node), "float")
        if draw < 0.92:
            found = [entry for entry in self.having("list") if entry[1].item.kind in ("int", "float")]
            if found:
                node, kind, _ = self.rng.choice(found)
                places = self.having("int") if self.chance(0.2) else []
                place = self.rng.choice(places)[0] if places else None
                return tree.Index(node, place or lit(self.rng.randint(0, 3))), kind.item.kind
        if draw < 0.96 and self.having("timestamp", "duration"):
            return self.part_of_time(depth), "int"
        sized = self.having("text", "list")
        if sized:
            node = self.rng.choice(sized)[0]
            return (call("size", node) if self.chance(0.7) else method(node, "size")), "int"
        return lit(self.rng.choice(self.world.whole)), "int"

    def part_of_time(self, depth):
        if self.having("timestamp") and self.chance(0.7):
            name = self.rng.choice(("getFullYear", "getMonth", "getDayOfWeek", "getHours", "getMinutes", "getSeconds"))
            zone = (lit(self.rng.choice(("+02:00", "-11:00"))),) if self.chance(0.3) else ()
            return method(self.moment(depth - 1), name, *zone)
        return method(self.span(depth - 1), self.rng.choice(("getHours", "getMinutes", "getSeconds")))

    def word(self):
        words = self.world.words if self.chance(0.8) else WORDS
        return lit(self.rng.choice(words))

    def text(self, depth):
        found = self.having("text")
        draw = self.rng.random()
        if not found:
            return call("string", self.number_fact()) if draw < 0.1 and self.having("int") else None
        node = self.rng.choice(found)[0]
        if draw < 0.3:
            return method(node, "folded")
        if depth <= 0 or draw < 0.85:
            return node
        if draw < 0.9:
            return tree.Binary("+", *self.either_way(node, self.word()))
        if draw < 0.95:
            return tree.Choice(self.truth(0), node, self.rng.choice(found)[0])
        lists = [entry for entry in self.having("list") if entry[1].item.kind == "text"]
        if lists:
            return tree.Index(self.rng.choice(lists)[0], lit(self.rng.randint(0, 2)))
        return node

    def number_fact(self):
        return self.rng.choice(self.having("int"))[0]

    def moment(self, depth):
        found = self.having("timestamp")
        if depth > 0 and self.chance(0.3):
            return tree.Binary(self.rng.choice("+-"), self.moment(0), self.span(0))
        if found and self.chance(0.6):
            return self.rng.choice(found)[0]
        written = self.having("text")
        if written and self.chance(0.1):
            return call("timestamp", self.rng.choice(written)[0])
        return call("timestamp", lit(self.rng.choice(self.world.moments)))

    def span(self, depth):
        found = self.having("duration")
        if depth > 0 and self.chance(0.5):
            if self.having("timestamp") and self.chance(0.6):
                return tree.Binary("-", self.moment(0), self.moment(0))
            return tree.Binary(self.rng.choice("+-"), self.span(0), self.span(0))
        if found and self.chance(0.7):
            return self.rng.choice(found)[0]
        return call("duration", lit(self.rng.choice(self.world.spans)))


def _is_folded(node):
    return isinstance(node, tree.Call) and node.function == "folded"


# -- events ------------------------------------------------------------------------------------


class Text(str):
    """Text by inheritance only: a host's own class may compare as it likes, so it is no text here."""

    __slots__ = ()


_STRANGE = (
    object(),
    b"bytes",
    decimal.Decimal(3),
    3 + 0j,
    Text("spam"),
    UInt(3),
    {},
    [],
    (),
    "3",
    "",
    "true",
    3,
    0,
    -1,
    3.0,
    0.5,
    True,
    False,
    math.nan,
    math.inf,
    -math.inf,
    2**63,
    -(2**63) - 1,
    2**64,
    10**400,
    "\ud800",
    ["spam", None],
    {"x": 1},
    {"age": 3},
    dt.datetime(2026, 1, 1),  # noqa: DTZ001 - naive, hence unusable
    dt.date(2026, 1, 1),
    "2026-01-31",
    "2026-02-30T00:00:00Z",
    "1 hour",
    "spam",
    Surface.POST,
    "elsewhere",
    frozenset({"spam"}),
    range(3),
    dt.timedelta(days=2),
    "\u00e9" * 40_000,
    "a" * 65_537,
)


class _Events:
    def __init__(self, world, rng, faults):
        self.world, self.rng, self.faults = world, rng, faults

    def fields(self, fields):
        event = {}
        for field in fields:
            draw = self.rng.random()
            if draw < self.faults * 0.35 or (self.faults == 0 and field.optional and draw < 0.15):
                continue
            if draw < self.faults * 0.6:
                event[field.name] = None
            elif draw < self.faults:
                event[field.name] = self.offence(field)
            else:
                event[field.name] = self.value(field.type, field)
        return event

    def offence(self, field):
        if field.ge is not None and self.rng.random() < 0.4:
            return field.ge - 1
        if field.le is not None and self.rng.random() < 0.4:
            return field.le + 1
        if field.type.kind == "list" and self.rng.random() < 0.05:
            return ["spam"] * 10_001
        if field.type.kind == "list" and self.rng.random() < 0.3:
            return [None] * self.rng.randint(1, 2)
        return self.rng.choice(_STRANGE)

    def value(self, kind, field=None):
        return getattr(self, f"some_{kind.kind}")(kind, field)

    def between(self, field, value):
        if field is None or (self.faults and self.rng.random() < 0.05):
            return value
        low, high = field.ge, field.le
        value = value if low is None or value >= low else low
        return value if high is None or value <= high else high

    def some_int(self, _, field):
        draw = self.rng.random()
        near = self.rng.choice(self.world.whole if draw < 0.8 else WHOLE) + self.rng.choice((-1, 0, 0, 0, 1))
        return self.between(field, max(-(2**63), min(near, 2**63 - 1)))

    def some_float(self, kind, field):
        draw = self.rng.random()
        if draw < 0.3:
            return self.some_int(kind, field)
        near = self.rng.choice(self.world.real if draw < 0.9 else REAL)
        value = self.rng.choice((near, near, near, math.nextafter(near, math.inf), -near))
        return self.between(field, value)

    def some_bool(self, *_):
        return self.rng.random() < 0.5

    def some_text(self, _, field):
        draw = self.rng.random()
        words = self.world.words if draw < 0.9 else WORDS
        if draw < 0.25:
            return self.rng.choice(words)
        if self.faults and field is not None and draw > 0.995:  # not in lists: macros have a budget
            return self.rng.choice(("a", "ab ", "spam")) * self.rng.choice((15_000, 16_384))
        return self.rng.choice(("", " ", "-", "\u65e5")).join(
            self.rng.choice(words) for _ in range(self.rng.randint(0, 5))
        )

    def some_enum(self, kind, _):
        return self.rng.choice(kind.values)

    def some_timestamp(self, *_):
        text = self.rng.choice(self.world.moments if self.rng.random() < 0.8 else MOMENTS)
        if self.faults and self.rng.random() < 0.2:
            zone = dt.timezone(dt.timedelta(hours=self.rng.randint(-12, 12)))
            return self.rng.choice((0, 1_769_846_400, -62_135_596_800, dt.datetime(2026, 1, 31, 10, tzinfo=zone)))
        return text

    def some_duration(self, *_):
        if self.faults and self.rng.random() < 0.2:
            return self.rng.choice((0, 90, 5400, -5400, dt.timedelta(hours=-1.5), dt.timedelta(microseconds=1)))
        # A class instance keeps microseconds; the one span below that is for mappings only.
        spans = [span for span in self.world.spans if self.faults or "." not in span or span == "-1.5h"] or ["90s"]
        return self.rng.choice(spans)

    def some_list(self, kind, _):
        items = [self.value(kind.item) for _ in range(self.rng.choice((0, 1, 1, 2, 3)))]
        if self.faults and items and self.rng.random() < self.faults * 1.5:
            items[self.rng.randrange(len(items))] = self.rng.choice((None, None, *_STRANGE[:-2]))
        return tuple(items) if self.faults and self.rng.random() < 0.2 else items

    def some_struct(self, kind, _):
        return self.fields(kind.fields)


# -- for hypothesis ----------------------------------------------------------------------------


@st.composite
def worlds(draw, *, shrinkable=True):
    """Give a world and the source its conditions and events are drawn from."""
    rng = draw(st.randoms(use_true_random=not shrinkable))
    return World(rng), rng


_WORDS = ("links", "text", "_x", "b1", "Author", "inside", "truest")
_FIELDS = (*_WORDS, "size", "true", "in", "for", "a-b", "1a", "x.y", "a/b c")
_literals = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.integers(0, 2**64 - 1).map(UInt),
    st.just(NULL),
).map(lit)


def _bigger(inner):
    many = st.lists(inner, max_size=3).map(tuple)
    some = st.lists(inner, min_size=1, max_size=2).map(tuple)
    words, fields = st.sampled_from(_WORDS), st.sampled_from(_FIELDS)
    return st.one_of(
        st.builds(tree.Select, inner, fields),
        st.builds(tree.Index, inner, inner),
        st.builds(tree.Unary, st.just("!"), inner),
        inner.map(tree.negative),
        st.builds(tree.Binary, st.sampled_from(sorted(tree.COMPARISONS | tree.ARITHMETIC)), inner, inner),
        st.builds(
            lambda op, operands: tree.combine(op, *operands),
            st.sampled_from(("&&", "||")),
            st.lists(inner, min_size=2, max_size=3),
        ),
        st.builds(tree.Choice, inner, inner, inner),
        st.builds(tree.Call, st.sampled_from(("size", "int", "frobnicate")), st.none(), many),
        st.builds(tree.Call, st.sampled_from(("contains", "folded", "size", "frobnicate")), inner, many),
        st.builds(tree.ListOf, many),
        st.builds(tree.MapOf, st.lists(st.tuples(inner, inner), max_size=2).map(tuple)),
        st.builds(tree.Each, st.sampled_from(sorted(tree.MACROS)), inner, words, inner),
        st.builds(tree.Each, st.just("map"), inner, words, inner, some.map(lambda nodes: nodes[0])),
    )


def trees():
    """Give trees of every shape the language can write, whether they make sense or not."""
    return st.recursive(_literals | st.sampled_from(_WORDS).map(tree.Name), _bigger, max_leaves=15)
