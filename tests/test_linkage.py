"""Rows of two tables that are of one person."""

from __future__ import annotations

import math
import random

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platgov._blacklist.linkage import Linkage, LinkField, Links
from platgov.errors import InputError

GIVEN = ["anna", "bruno", "chiara", "daniel", "elif", "farid", "greta", "hiro", "ines", "jonas", "katya", "lam"]
FAMILY = ["abel", "brandt", "costa", "duarte", "eriksen", "fontaine", "greco", "haddad", "ito", "jansen", "kaya"]
TOWNS = ["arles", "bergen", "cadiz", "delft", "essen", "fano", "graz"]

LINKAGE = Linkage(
    fields=[
        LinkField(name="given", swapped_with="family"),
        LinkField(name="family"),
        LinkField(name="town"),
        LinkField(name="born", near=(700,)),
        LinkField(name="code", near=()),
    ],
    blocks=[("given", "family"), ("born",), ("family:3", "town"), ("given:3", "code")],
)


def table(seed: int, count: int) -> list[dict[str, str | None]]:
    rng = random.Random(seed)
    return [
        {
            "given": rng.choice(GIVEN),
            "family": rng.choice(FAMILY) + rng.choice(["", "son", "er", "i"]),
            "town": rng.choice(TOWNS),
            "born": f"{rng.randint(1950, 2005)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}",
            "code": str(rng.randint(100, 160)),
        }
        for _ in range(count)
    ]


def spoilt(rows: list[dict[str, str | None]], seed: int) -> list[dict[str, str | None]]:
    """Copy rows with mistakes, as somebody who signs up again makes them."""
    rng = random.Random(seed)
    copies = []
    for row in rows:
        copy = dict(row)
        for name in copy:
            value, chance = copy[name], rng.random()
            if chance < 0.12:
                place = rng.randrange(len(value) - 1)
                copy[name] = value[:place] + value[place + 1] + value[place] + value[place + 2 :]
            elif chance < 0.18:
                copy[name] = None
        if rng.random() < 0.05:
            copy["given"], copy["family"] = copy["family"], copy["given"]
        copies.append(copy)
    order = list(range(len(copies)))
    rng.shuffle(order)
    return [{**copies[place], "who": str(place)} for place in order]


LEFT = table(1, 600)
RIGHT = spoilt(LEFT, 2)


def right_ones(links: Links) -> tuple[float, float]:
    """Give precision and recall of what it finds likely."""
    likely = {(link.left, link.right) for link in links.likely()}
    hits = sum(RIGHT[j]["who"] == str(i) for i, j in likely)
    return hits / len(likely), hits / len(LEFT)


@pytest.mark.parametrize("key", [b"", b"k" * 32])
def test_finds_those_who_come_again(key):
    links = attrs.evolve(LINKAGE, key=key).link(LEFT, RIGHT)
    precision, recall = right_ones(links)
    assert precision > 0.98
    assert recall > 0.95
    assert links.estimate.converged
    assert not links.skipped


def test_a_key_costs_next_to_nothing():
    """Tags stand for values one to one; only the sketches collide elsewhere."""
    plain = LINKAGE.link(LEFT, RIGHT)
    keyed = attrs.evolve(LINKAGE, key=b"s" * 16).link(LEFT, RIGHT)
    pairs, others = ({(link.left, link.right) for link in links.pairs} for links in (plain, keyed))
    assert pairs == others
    likely, found = ({(link.left, link.right) for link in links.likely()} for links in (plain, keyed))
    assert len(likely ^ found) <= len(likely) // 100


def test_tables_can_be_encoded_apart_and_hold_no_value():
    linkage = attrs.evolve(LINKAGE, key=b"shared secret of two platforms")
    left, right = linkage.encode(LEFT), linkage.encode(RIGHT)
    assert linkage.link(left, right) == linkage.link(LEFT, RIGHT)
    held = repr((left.tags, left.blocks, left.sketches, left.linkage.key))
    for row in LEFT:
        for value in row.values():
            assert len(value) < 4 or value not in held
    assert linkage.key not in (left.linkage.key, right.linkage.key)
    other = attrs.evolve(LINKAGE, key=b"another secret, of others").encode(RIGHT)
    assert not set(left.tags[0]) & set(other.tags[0]) - {b""}
    for table_ in (other, LINKAGE.encode(RIGHT)):
        with pytest.raises(InputError, match="another key"):
            linkage.link(left, table_)


def test_doubles_within_one_table():
    rows = LEFT[:200] + spoilt(LEFT[:50], 9)
    links = LINKAGE.link(rows)
    assert all(link.left < link.right for link in links.pairs)
    hits = sum(link.left < 200 and rows[link.right].get("who") == str(link.left) for link in links.likely())
    assert hits >= 45


def test_rare_values_weigh_more():
    linkage = Linkage(fields=[LinkField(name="a"), LinkField(name="b", near=())], blocks=["a"])
    left = [{"a": "smith", "b": str(i % 7)} for i in range(40)] + [{"a": "zwolinski", "b": "1"}]
    links = linkage.link(left, [{"a": "smith", "b": "1"}, {"a": "zwolinski", "b": "1"}])
    bits = {(link.left, link.right): link.bits for link in links.pairs}
    assert bits[40, 1] - bits[1, 0] == pytest.approx(math.log2(41 / 2), abs=0.01)


def test_swapped_columns_are_near():
    linkage = Linkage(
        fields=[LinkField(name="given", swapped_with="family"), LinkField(name="family"), LinkField(name="town")],
        blocks=[("given", "family"), ("town",)],
    )
    rows = [*LEFT[:100], {"given": "maria", "family": "silveira", "town": "porto"}]
    again = [*LEFT[:100], {"given": "silveira", "family": "maria", "town": "porto"}]
    (pair,) = (link for link in linkage.link(rows, again).pairs if (link.left, link.right) == (100, 100))
    apart = attrs.evolve(linkage, fields=[attrs.evolve(linkage.fields[0], swapped_with=None), *linkage.fields[1:]])
    (other,) = (link for link in apart.link(rows, again).pairs if (link.left, link.right) == (100, 100))
    assert pair.bits > 0 > other.bits


@settings(max_examples=25)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rng):
    left, right = LEFT[:80], RIGHT[:80]
    one, two = list(range(80)), list(range(80))
    rng.shuffle(one)
    rng.shuffle(two)
    plain = {(link.left, link.right): link.bits for link in LINKAGE.link(left, right).pairs}
    mixed = LINKAGE.link([left[i] for i in one], [right[j] for j in two])
    assert {(one[link.left], two[link.right]): link.bits for link in mixed.pairs} == plain
    assert list(mixed.pairs) == sorted(mixed.pairs, key=lambda link: (-link.bits, link.left, link.right))


def test_missing_is_never_equal():
    linkage = Linkage(fields=[LinkField(name="a"), LinkField(name="b")], blocks=["a", "b"])
    blank = [{"a": "x1", "b": None}, {"a": " ", "b": "y1"}, {"b": "y2"}, {"a": "x1", "b": "y1"}]
    pairs = {(link.left, link.right) for link in linkage.link(blank, blank).pairs}
    assert pairs == {(0, 0), (0, 3), (3, 0), (1, 1), (1, 3), (3, 1), (2, 2), (3, 3)}


def test_blocks_that_are_too_large_are_skipped_and_said_to_be():
    linkage = attrs.evolve(LINKAGE, blocks=[("town",), ("born",)], most=50)
    links = linkage.link(LEFT, RIGHT)
    assert links.skipped == (("town", len(TOWNS)),)
    with pytest.raises(InputError, match="no two rows"):
        attrs.evolve(linkage, blocks=[("town",)]).link(LEFT, RIGHT)


def test_scores_are_whole_multiples():
    for link in LINKAGE.link(LEFT[:50], RIGHT[:50]).pairs:
        assert (link.bits * 1_024).is_integer()


@pytest.mark.parametrize(
    "change",
    [
        {"fields": []},
        {"fields": ["given"]},
        {"fields": [LinkField(name="a"), LinkField(name="a")]},
        {"fields": [LinkField(name="a", swapped_with="b")], "blocks": ["a"]},
        {"blocks": []},
        {"blocks": [()]},
        {"blocks": ["nobody"]},
        {"blocks": ["given:0"]},
        {"blocks": ["given:x"]},
        {"blocks": ["given:"]},
        {"key": b"short"},
        {"key": "text"},
        {"most": 0},
    ],
)
def test_what_cannot_link_is_refused(change):
    with pytest.raises(InputError):
        attrs.evolve(LINKAGE, **change)


@pytest.mark.parametrize("near", [(0,), (1_001,), (400, 600), (500, 500), (0.5,)])
def test_levels_fall(near):
    with pytest.raises(InputError):
        LinkField(name="a", near=near)


def test_bad_values_are_refused():
    with pytest.raises(InputError, match="give text"):
        LINKAGE.link([{"given": 5}], RIGHT)
    with pytest.raises(InputError, match="no two rows"):
        LINKAGE.link([], [])
