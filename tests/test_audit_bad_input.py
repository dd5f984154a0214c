"""Whatever is given to the statistics: an answer that can be written down, or one clear error of ours."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._canonical import dumps
from platgov.consistency import (
    Breaker,
    Monitor,
    Precedent,
    agreement,
    cohen,
    completeness,
    control_sample,
    fleiss,
    krippendorff,
    matched_pairs,
    minimum_detectable,
    nearest,
    parity,
    quality,
    records,
    replay,
    reviewers,
    wait_parity,
)
from platgov.errors import InputError, PlatgovError
from platgov.ledger import Ledger
from rule_strategies import examples

FLOATS = st.floats() | st.sampled_from([1e-320, 1e-290, 1e-17, 0.5, 1 - 1e-16, 0.9999999999999999, 1.0, 0.0, -1.0])
LABELS = st.sampled_from(
    ["a", "b", "", "\ud800", "\0", "a\nb", "\u00e9" * 40, "x" * 5000, None, True, 1, 0, 1.5, (), []]
)
ROWS = [
    {"rule": "r", "group": "ab"[n % 2], "by": f"p{n % 7}", "deviated": n % 3 == 0, "actor": f"u{n % 11}", "waited_s": n}
    for n in range(60)
]


def answered(ask):
    """Ask; an answer has to be writable and read back the same."""
    try:
        found = ask()
    except PlatgovError as error:
        assert str(error)
        return None
    if found is not None and not isinstance(found, float):
        written = dumps(found.to_dict())
        assert json.loads(written) == json.loads(dumps(json.loads(written)))
    return found


@given(FLOATS)
@examples(20)
def test_every_level_is_answered_or_refused(value):
    for ask in (
        lambda: parity(ROWS, group="group", alpha=value),
        lambda: parity(ROWS, group="group", floor=value),
        lambda: wait_parity(ROWS, group="group", alpha=value),
        lambda: wait_parity(ROWS, group="group", floor=value),
        lambda: reviewers(ROWS, alpha=value),
        lambda: reviewers(ROWS, margin=value),
        lambda: agreement([["a", "b"], *[["a", "a"]] * 12], confidence=value),
        lambda: agreement([[value, 1.0], [2.0, 1.0], [1.0, value]] * 5, level="interval"),
        lambda: quality("r", sampled=10, right=5, confidence=value),
        lambda: quality("r", sampled=10, right=5, measures=9, floor=value, cap=value),
        lambda: Monitor(strata=["a"], alpha=value).update({"a": (1, 2, 3, 4)}),
        lambda: Breaker(rule_id="r", cap=value).observe(hits=5, of=10**9, at=1),
        lambda: Breaker(rule_id="r", cap=value).observe(hits=10**9, of=10**9, at=1),
        lambda: Breaker(rule_id="r", cap=0.1, alpha=value).observe(hits=10**9, of=10**9, at=1),
        lambda: minimum_detectable([(1, 20, 3, 40)], alpha=value),
        lambda: minimum_detectable([(1, 20, 3, 40)], alpha=0.01, power=value),
        lambda: minimum_detectable([(1, 20, 3, 40)], alpha=0.01, inflation=value),
        lambda: wait_parity([{**row, "waited_s": value} for row in ROWS], group="group"),
    ):
        answered(ask)


@given(st.lists(st.tuples(LABELS, LABELS, LABELS), max_size=8))
@examples(20)
def test_every_label_is_answered_or_refused(labels):
    rows = [{**ROWS[n], "group": a, "rule": b, "by": c, "actor": c} for n, (a, b, c) in enumerate(labels)]
    for ask in (
        lambda: parity(rows, group="group"),
        lambda: wait_parity(rows, group="group"),
        lambda: reviewers(rows),
        lambda: agreement(labels),
        lambda: Monitor(strata=[a for a, _, _ in labels]),
        lambda: control_sample([a for a, _, _ in labels], size=2, seed="s"),
        lambda: nearest(
            [Precedent(id=a, rule_id=b, atoms=[c], outcome="upheld", at=1) for a, b, c in labels], rule_id="r", atoms=[]
        ),
    ):
        answered(ask)


def test_half_a_character_is_no_label():
    for ask in (
        lambda: parity([{**ROWS[0], "group": "\ud800"}], group="group"),
        lambda: wait_parity([{**ROWS[0], "rule": "\ud800"}], group="group"),
        lambda: agreement([["\ud800", "a"]]),
        lambda: Monitor(strata=["\ud800"]),
        lambda: quality("\ud800", sampled=1, right=1),
    ):
        with pytest.raises(InputError, match="half a character"):
            ask()
    for far in (math.inf, -math.inf, 10**101, math.nan):
        with pytest.raises(InputError, match="no judgement"):
            krippendorff([[far, 1], [1, 1]], level="interval")


def test_evidence_past_what_readers_of_json_can_hold_is_written_as_text():
    monitor = Monitor(strata=["r"]).update({"r": (4_000, 4_000, 0, 40_000)})
    written = json.loads(dumps(monitor.to_dict()))
    assert monitor.e > 1e200 and float(written["e"]) == monitor.e and type(written["e"]) is str


def test_nothing_says_nothing():
    empty = Ledger.open(":memory:", origin="example.org/test")
    for source in (empty, [], ()):
        assert sum(count for _, count in replay(source, []).counts) == 0
        assert (matched_pairs(source), list(records(source))) == ((), [])
        assert completeness(source).matched == 0
        assert control_sample(source, size=1, seed="s").picked == ()
    assert {found.status.value for found in (parity([], group="g"), wait_parity([], group="g"), reviewers([]))} == {
        "insufficient_data"
    }
    assert agreement([]).status.value == "insufficient_data" and krippendorff([]) is None
    for ask in (lambda: cohen([]), lambda: fleiss([])):
        with pytest.raises(InputError):
            ask()


def test_one_actor_alone_and_many_groups_are_no_evidence():
    alone = [{**row, "actor": "u1"} for row in ROWS]
    report = parity(alone * 20, group="group")
    assert report.actors == 1 and report.status.value == "insufficient_data" and report.by_group[0].robust_p == 1.0
    assert wait_parity(alone * 20, group="group").by_group[0].robust_rank_p == 1.0
    many = [{**ROWS[0], "group": f"g{n}", "actor": n, "deviated": n % 2 == 0} for n in range(150)]
    report = parity(many, group="group")
    assert len(report.by_group) == 150 and report.status.value == "insufficient_data"


def test_many_cases_under_one_rule_are_counted_exactly():
    found = parity(
        ({"rule": "r", "group": "a" if n % 4 else "b", "deviated": n % 20 < 2, "actor": n} for n in range(60_000)),
        group="group",
        cluster=None,
    )
    assert found.total == 60_000 and found.by_rule[0].tables[0][1] == (3_000, 15_000, 3_000, 45_000)
    assert found.status.value == "disparity"
