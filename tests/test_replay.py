"""Replaying a ledger: every silent favour is found, and nobody is accused without one."""

import json
import pathlib
import random
import sqlite3
from collections import Counter

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enforcement_strategies import PLAIN, RULES, T0
from platgov._canonical import dumps
from platgov._consistency.breaker import Breaker
from platgov._consistency.counting import completeness, control_sample
from platgov._consistency.pairs import matched_pairs
from platgov._consistency.parity import parity
from platgov._consistency.records import records
from platgov._consistency.replaying import ReplayStatus, replay
from platgov._consistency.rewriting import Rewriter
from platgov._consistency.waits import wait_parity
from platgov.enforcement import Deviation, DeviationCode, History
from platgov.errors import InputError
from platgov.facts import Role, fact, facts
from platgov.ledger import Ledger, Record
from platgov.measures import Remove, Warn
from platgov.rules import ConditionRule, Finding, Grant, Rule, RuleSet
from rule_strategies import Blur

SOAK = settings.default.max_examples > 100


@facts
class Post:
    """A short post."""

    links: int = fact(default=0)
    spam: float = fact(default=0.0)
    text: str = ""
    account: str = fact(default="", role=Role.IDENTITY)


def rule_set(**given):
    rules = [
        ConditionRule(id="links", when="links > 3", measures=[Warn()]),
        ConditionRule(id="spam", when="spam > 0.5 && links > 1", measures=[Remove(days=3)]),
        ConditionRule(id="term", when="text.contains('buy now')", measures=[Remove(days=1), Warn()]),
    ]
    return RuleSet(**{"id": "posts", "version": "1", "facts": Post, "rules": rules, **given})


POSTS = rule_set()


def event(lots):
    text = lots.choice(("hello", "buy now", "see you")) + str(lots.randrange(10**6))
    return {"links": lots.randrange(8), "spam": lots.random(), "text": text}


def post(**given):
    return {"links": 0, "spam": 0.0, "text": "hello", **given}


def conduct(**given):
    return {"links": 0, "rude": False, "fraud": False, "slight": False, "grave": False, **given}


def favoured(decision):
    """The same decision with its findings quietly left out, in order otherwise."""
    body = {**decision.to_dict(), "outcome": "none", "findings": [], "measures": [], "absorbed": []}
    return body


def written(*values, **given):
    """A ledger of values, each under a key and about a subject of its own unless they say so."""
    ledger = Ledger.open(":memory:", origin="example.org/test")
    rows = [value if isinstance(value, Record) else Record(value=value, key=f"k{n}") for n, value in enumerate(values)]
    for start in range(0, len(rows), 1000):
        ledger.append_many(rows[start : start + 1000])
    return ledger


def statuses(result):
    return {status.value: count for status, count in result.counts if count}


def told(result):
    return [(one.seq, one.status.value, one.code) for one in result.entries]


# -- the promise -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def twenty_thousand():
    lots = random.Random(7)
    decisions = [POSTS.decide(event(lots), at=T0 + number) for number in range(20_000)]
    place = next(n for n in range(11_003, 20_000) if len(decisions[n].findings) > 1)
    decisions[place] = favoured(decisions[place])
    return place, written(*decisions)


def test_one_silent_favour_among_twenty_thousand_decisions_is_found_and_nothing_else(twenty_thousand):
    place, ledger = twenty_thousand
    found = replay(ledger, [POSTS])
    assert statuses(found) == {"reproduced": 19_999, "unexplained": 1}
    assert told(found) == [(place, "unexplained", "other_outcome")]
    assert found.unexplained[0].rules and "outcome" in found.unexplained[0].says
    assert not found.is_clean and not found.fault and found.verified == 20_000


@given(st.data())
@settings(max_examples=settings.default.max_examples // 5)
def test_whatever_part_of_a_decision_is_changed_is_found(data):
    lots = random.Random(data.draw(st.integers(0, 10**6)))
    bodies = [POSTS.decide(event(lots), at=T0 + n).to_dict() for n in range(5)]
    place = data.draw(st.integers(0, 4))
    body = bodies[place]
    changes = {
        "outcome": "none" if body["outcome"] != "none" else "measures",
        "findings": body["findings"][1:] if body["findings"] else [{"rule": "links"}],
        "measures": body["measures"][1:] if body["measures"] else [Warn().to_dict()],
        "held": {"links": "for a friend"},
        "undetermined": [*body["undetermined"], {"rule": "links", "code": "raised", "facts": {}, "detail": ""}],
        "defeated": [{"rule": "links", "by": ["spam"]}],
        "facts": {**body["facts"], "links": body["facts"]["links"] + 1},
        "fingerprint": "sha256:" + "0" * 64,
        "rule_set": {"id": "posts", "version": "2"},
        "extra": 1,
    }
    name = data.draw(st.sampled_from(sorted(changes)))
    found = replay(written(*bodies[:place], {**body, name: changes[name]}, *bodies[place + 1 :]), [POSTS])
    assert [(one.seq, one.status) for one in found.entries] == [
        (place, ReplayStatus.TAMPERED if name in ("facts", "fingerprint") else ReplayStatus.UNEXPLAINED)
    ]


@given(st.lists(st.builds(dict, links=st.integers(-1, 9), text=st.text(max_size=5) | st.none()), max_size=12))
def test_untouched_decisions_are_always_reproduced(events):
    found = replay(written(*(POSTS.decide(one, at=T0) for one in events)), POSTS)
    assert found.is_clean and found.reproduced == len(events)


def test_the_quick_way_to_write_a_decision_gives_its_canonical_bytes():
    lots = random.Random(3)
    rewriter = Rewriter(POSTS)
    for n in range(300):
        given = event(lots) if n % 3 else {"links": 5}
        decision = POSTS.decide(given, at=T0, holds={"links": "tripped"} if n % 2 else None)
        assert rewriter.written(decision) == decision.to_bytes()


# -- what explains a difference ----------------------------------------------------------------


def departure(**given):
    return {"kind": "deviation", "by": "reviewer:7", "code": "hardship", "text": "a first post", **given}


def test_a_recorded_departure_explains_a_difference_and_an_empty_one_does_not():
    decision = POSTS.decide(post(links=5), at=T0)
    body = favoured(decision)
    name = "sha256:" + __import__("hashlib").sha256(dumps(body)).hexdigest()
    for naming in ({"decision": name}, {"entry": 0}):
        found = replay(written(body, departure(**naming)), [POSTS])
        assert told(found) == [(0, "deviation_recorded", "other_outcome")] and found.is_clean
        assert found.deviations[0].rules == ("links",)
    for empty in ({"text": " "}, {"by": {"id": "engine", "authority": "automatic"}}, {"code": None}, {"entry": None}):
        assert told(replay(written(body, departure(**{"entry": 0, **empty})), [POSTS]))[0][1] == "unexplained"
    assert told(replay(written(decision, departure(entry=0)), [POSTS])) == [(0, "deviation_recorded", "departure")]


def test_a_hold_needs_a_record_that_holds_the_rule_for_everybody():
    breaker = Breaker(rule_id="links", cap=0.01).observe(hits=30, of=100, at=T0)
    held = POSTS.decide(post(links=5), at=T0 + 5, holds=breaker.holds)
    free = POSTS.decide(post(links=5), at=T0 + 6)
    assert told(replay(written(held), [POSTS])) == [(0, "unexplained", "hold_without_record")]
    trip = breaker.record(by="ops:1")
    assert replay(written(trip, held), [POSTS]).entries == ()
    assert told(replay(written(trip, held, free), [POSTS])) == [(2, "unexplained", "hold_ignored")]
    _, reset = breaker.reset(by="ops:1", reason="was a spike", at=T0 + 6)
    assert replay(written(trip, held, free, reset), [POSTS]).is_clean
    # Within the second of the trip itself, a decision may have been made before or after it.
    for holds in ({}, breaker.holds):
        assert replay(written(trip, POSTS.decide(post(links=5), at=T0, holds=holds)), [POSTS]).is_clean
    late = POSTS.decide(post(links=5), at=T0 + 7, holds=breaker.holds)
    assert told(replay(written(trip, reset, late), [POSTS])) == [(2, "unexplained", "hold_without_record")]
    for broken in ({"by": ""}, {"at": "yesterday"}, {"held": 1}):
        assert told(replay(written({**trip, **broken}, held), [POSTS]))[0][2] == "hold_without_record"
    assert told(replay(written(held, departure(entry=0)), [POSTS])) == [
        (0, "deviation_recorded", "hold_without_record")
    ]


def test_a_grant_that_ended_holds_by_itself():
    grant = Grant(fact="account", reason="test accounts", approved_by="lead:1", expires_at=T0 + 10)
    rules = [ConditionRule(id="own", when="account == account && links > 3", measures=[Warn()])]
    granted = rule_set(rules=rules, grants=[grant])
    given = {"links": 5, "account": "u1"}
    ledger = written(*(granted.decide(given, at=T0 + second) for second in (5, 15)))
    assert replay(ledger, [granted]).is_clean
    assert [pair.explained_by for pair in matched_pairs(ledger)] == ["grant_ended"]


# -- sanctions ---------------------------------------------------------------------------------


def sanctioned(deviation=None, **given):
    decision = RULES.decide(conduct(links=5, **given), at=T0)
    sanction = PLAIN.apply(decision, History("u1"), at=T0 + 60, by="reviewer:7", deviation=deviation)
    return Record(value=decision, key="p1", subject="u1"), sanction


def test_a_sanction_is_held_against_its_decision():
    decision, sanction = sanctioned()
    assert replay(written(decision, Record(value=sanction, key="s1", subject="u1")), [RULES]).entries == ()
    body = sanction.to_dict()
    changes = {
        "other_measures": {"measures": body["measures"][1:]},
        "other_due": {"due": body["due"][1:]},
        "other_findings": {"findings": []},
        "other_outcome": {"status": "none"},
        "no_decision": {"fingerprint": "sha256:" + "1" * 64},
        "no_sanction": {"why": None},
        "unknown_measure": {"due": [{"measure": "exile"}]},
    }
    for code, change in changes.items():
        found = replay(written(decision, {**body, **change}), [RULES])
        assert told(found) == [(1, "unchecked" if code == "unknown_measure" else "unexplained", code)]


def test_a_departure_inside_a_sanction_is_recorded_and_without_a_reason_it_is_not():
    deviation = Deviation(
        by="reviewer:9", code=DeviationCode.REMEDIED, text="took it down at once", expires_at=T0 + 86_400
    )
    decision, sanction = sanctioned(deviation)
    found = replay(written(decision, sanction), [RULES])
    assert told(found) == [(1, "deviation_recorded", "departure")]
    assert found.deviations[0].says == "remedied: took it down at once"
    body = sanction.to_dict()
    bare = {**body, "deviation": {**body["deviation"], "text": ""}}
    assert told(replay(written(decision, bare), [RULES])) == [(1, "unexplained", "other_measures")]


def test_a_decision_that_nobody_carried_out_is_unexplained_once_it_should_have_been():
    decision, sanction = sanctioned()
    alone = written(decision)
    assert replay(alone, [RULES]).is_clean
    assert replay(alone, [RULES], enforced_until=T0 - 1).is_clean
    found = replay(alone, [RULES], enforced_until=T0)
    assert told(found) == [(0, "unexplained", "no_sanction")] and found.entries[0].rules == ("spam",)
    assert replay(written(decision, sanction), [RULES], enforced_until=T0).is_clean
    assert replay(written(decision, departure(entry=0)), [RULES], enforced_until=T0).is_clean
    # Somebody else's sanction for the very same decision carries out nothing.
    other = attrs.evolve(decision, key="p2", subject="u2")
    found = replay(written(decision, other, sanction), [RULES], enforced_until=T0)
    assert told(found) == [(1, "unexplained", "no_sanction")]


# -- what cannot be replayed -------------------------------------------------------------------


def test_what_cannot_be_checked_is_listed_and_never_counted_as_reproduced():
    one, other = POSTS.decide(post(links=5), at=T0), RULES.decide(conduct(links=5), at=T0)
    ledger = written(
        Record(value=one, key="a", subject="u1"),
        Record(value=one, key="b", subject="u2", protected=True),
        other,
        {"kind": "decision", "policy": POSTS.digest},
        {"kind": "decision"},
    )
    ledger.erase(subject="u1", by="dpo:1", reason="asked")
    found = replay(ledger, [POSTS])
    assert told(found) == [
        (0, "unchecked", "no_body"),
        (1, "unchecked", "no_body"),
        (2, "unchecked", "unknown_rules"),
        (3, "unexplained", "no_decision"),
        (4, "unexplained", "no_decision"),
    ]
    assert len(found.unchecked) == 3 and found.reproduced == 0
    decision, sanction = sanctioned()
    erased = written(decision, Record(value=sanction, key="s", subject="u2"))
    erased.erase(subject="u1", by="dpo:1", reason="asked")
    assert [one.code for one in replay(erased, [RULES]).entries] == ["no_body", "no_body"]


def test_a_row_changed_behind_the_ledgers_back_is_tampered(tmp_path):
    path = tmp_path / "ledger.db"
    with Ledger.open(path, origin="example.org/test") as ledger:
        for n in range(5):
            ledger.append(POSTS.decide(post(links=n + 3), at=T0 + n), key=f"k{n}")
    changed = POSTS.decide(post(links=0), at=T0 + 2).to_bytes()
    with sqlite3.connect(path) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        done = 0
        for table in tables:
            columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
            if {"seq", "body"} <= columns:
                done += connection.execute(f"UPDATE {table} SET body = ? WHERE seq = 2", (changed,)).rowcount
    connection.close()
    assert done == 1
    with Ledger.open(path, read_only=True) as ledger:
        found = replay(ledger, [POSTS])
        assert told(found) == [(2, "tampered", "ledger")]
        assert found.fault and found.verified is None and not found.is_clean
        # It reproduces by itself: only the ledger knows better.
        assert replay(ledger, [POSTS], verify=False).is_clean


def test_bytes_that_are_not_the_canonical_form_are_tampered():
    decision = POSTS.decide(post(links=5), at=T0)
    (entry,) = written(decision).entries()
    spaced = attrs.evolve(entry, bytes=json.dumps(decision.to_dict()).encode())
    moved = attrs.evolve(entry, policy=RULES.digest)
    for one, code in ((spaced, "not_canonical"), (moved, "columns")):
        assert told(replay([one], [POSTS])) == [(0, "tampered", code)]
    assert replay(iter([entry]), iter([POSTS])).is_clean
    assert told(replay([attrs.evolve(entry, bytes=b"[")], [POSTS])) == [(0, "unexplained", "no_decision")]


def test_a_decision_that_no_rule_set_can_read_is_unexplained():
    body = POSTS.decide(post(links=5), at=T0).to_dict()
    assert told(replay(written({**body, "at": "yesterday"}), [POSTS])) == [(0, "unexplained", "no_decision")]
    (entry,) = written(body).entries()
    huge = attrs.evolve(entry, bytes=json.dumps({**body, "extra": 2**60}, sort_keys=True).encode())
    assert told(replay([huge], [POSTS])) == [(0, "tampered", "not_canonical")]


def test_nothing_rests_on_the_quick_way(monkeypatch):
    monkeypatch.setattr(Rewriter, "gives", lambda *_: False)
    fair = [POSTS.decide(post(links=links), at=T0) for links in range(8)]
    assert replay(written(*fair), [POSTS]).reproduced == 8
    assert told(replay(written(*fair, favoured(fair[-1])), [POSTS])) == [(8, "unexplained", "other_outcome")]


def test_a_sanction_can_be_tampered_with_or_hidden_as_well(tmp_path):
    decision, sanction = sanctioned()
    entries = list(written(decision, Record(value=sanction, key="s1")).entries())
    spaced = attrs.evolve(entries[1], bytes=json.dumps(sanction.to_dict()).encode())
    assert told(replay([entries[0], spaced], [RULES])) == [(1, "tampered", "not_canonical")]
    assert replay([*entries, attrs.evolve(entries[1], bytes=b"[]")], [RULES]).is_clean
    hidden = written(decision, Record(value=sanction, key="s1", protected=True))
    assert replay(hidden, [RULES]).is_clean and completeness(hidden).unreadable == 1
    path = tmp_path / "ledger.db"
    with Ledger.open(path, origin="example.org/test") as ledger:
        ledger.append_many([decision, Record(value=sanction, key="s1")])
    with sqlite3.connect(path) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            if {"seq", "body"} <= {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}:
                milder = dumps({**sanction.to_dict(), "strikes": []})
                connection.execute(f"UPDATE {table} SET body = ? WHERE seq = 1", (milder,))
    connection.close()
    with Ledger.open(path, read_only=True) as ledger:
        assert told(replay(ledger, [RULES])) == [(1, "tampered", "ledger")]


def test_host_rules_are_replayed_as_well():
    @attrs.frozen(kw_only=True)
    class Shouts(Rule):
        kind = "shouts"
        reads = frozenset({"text"})
        measures = (Blur(strength=2),)

        def match(self, facts):
            return Finding(evidence=("shouts",)) if facts.text.isupper() else None

    own = rule_set(rules=[Shouts()])
    ledger = written(*(own.decide({"text": text}, at=T0) for text in ("HEY", "hey", None)))
    assert replay(ledger, [own]).is_clean


@pytest.mark.parametrize("ledger", ["x", b"y", 5, {"a": 1}, [1], None])
def test_what_is_no_ledger_is_refused(ledger):
    for ours in (lambda one: replay(one, [POSTS]), matched_pairs, completeness, lambda one: list(records(one))):
        with pytest.raises(InputError):
            ours(ledger)


@pytest.mark.parametrize("rule_sets", ["x", 5, [1], {POSTS.digest: POSTS}])
def test_what_are_no_rule_sets_is_refused(rule_sets):
    with pytest.raises(InputError):
        replay([], rule_sets)


def test_a_replay_can_be_written_down():
    found = replay(written(favoured(POSTS.decide(post(links=5), at=T0))), [POSTS])
    assert dumps(found.to_dict()) and found.to_dict()["counts"]["unexplained"] == 1


# -- pairs -------------------------------------------------------------------------------------


def test_equal_cases_with_different_outcomes_are_paired_and_explained_where_something_explains_them():
    posts = [POSTS.decide(post(links=5), at=T0 + n) for n in range(3)]
    ledger = written(*posts, favoured(POSTS.decide(post(links=5), at=T0 + 9)), POSTS.decide(post(links=1), at=T0))
    (pair,) = matched_pairs(ledger)
    assert (pair.one, pair.other, pair.outcome_one, pair.outcome_other) == (0, 3, "measures", "none")
    assert pair.explained_by == "" and pair.to_dict()["fingerprint"] == posts[0].fingerprint
    assert matched_pairs(written(*posts)) == ()
    (pair,) = matched_pairs(written(favoured(posts[0]), *posts, departure(entry=0)))
    assert (pair.one, pair.other, pair.explained_by) == (1, 0, "departure")
    assert matched_pairs(written({"kind": "decision"})) == ()


def test_a_hold_explains_a_pair_only_if_it_was_recorded():
    breaker = Breaker(rule_id="links", cap=0.01).observe(hits=30, of=100, at=T0)
    held, free = (
        POSTS.decide(post(links=5), at=T0 + 5, holds=breaker.holds),
        POSTS.decide(post(links=5), at=T0 - 5),
    )
    assert [pair.explained_by for pair in matched_pairs(written(held, free))] == [""]
    assert [pair.explained_by for pair in matched_pairs(written(breaker.record(by="ops:1"), held, free))] == ["hold"]


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=12))
def test_pairs_are_exactly_those_that_a_look_at_every_two_would_find(choices):
    bodies = []
    for number, (links, spared) in enumerate(choices):
        decision = POSTS.decide(post(links=links + 4), at=T0 + number)
        bodies.append(favoured(decision) if spared else decision)
    pairs = matched_pairs(written(*bodies))
    found = {frozenset((pair.one, pair.other)) for pair in pairs}
    for links in range(3):
        sides = [[n for n, c in enumerate(choices) if c == (links, spared)] for spared in (True, False)]
        few, many = sorted(sides, key=len)
        own = [pair for pair in found if pair & {*few, *many}]
        assert len(own) == (len(few) if few else 0)
        assert all(len(pair & set(few)) == 1 and len(pair & set(many)) == 1 for pair in own)


# -- counting ----------------------------------------------------------------------------------


def test_every_match_is_counted_once_whatever_became_of_it():
    spam = RULES.decide(conduct(links=5), at=T0)
    both = RULES.decide(conduct(links=5, fraud=True, rude=True), at=T0)
    open_one = RULES.decide(conduct(links=5, rude=None), at=T0)
    deviation = Deviation(by="reviewer:9", code=DeviationCode.HARDSHIP, text="ill", expires_at=T0 + 86_400)
    sanctions = [
        PLAIN.apply(spam, History("u1"), at=T0),
        PLAIN.apply(both, History("u2"), at=T0, by="reviewer:7", deviation=deviation),
    ]
    rows = [Record(value=one, key=f"d{n}", subject=f"u{n}") for n, one in enumerate((open_one, spam, both, spam))]
    ledger = written(*rows, *sanctions)
    found = completeness(ledger, seen={"main": 6, "feed": 2})
    parts = (found.applied, found.absorbed, found.deviated, found.waiting, found.missing)
    assert found.matched == sum(parts)
    assert found.applied == 2 and found.waiting == 2 and found.missing == 2 and found.missing_entries == (3,)
    assert found.absorbed == 2 and found.deviated == 3  # limited by removal, two days by five
    assert (found.seen, found.evaluated) == (8, 4)
    assert [(row.bucket, row.unjudged) for row in found.coverage] == [("feed", 2), ("main", 2)]
    assert dumps(found.to_dict())
    assert completeness(ledger, bucket=lambda entry: "all").coverage == ()
    departed = completeness(written(*rows[1:2], departure(entry=0), {"kind": "decision"}))
    assert (departed.deviated, departed.unreadable) == (2, 1)
    for bad in ({"seen": [1]}, {"seen": {"main": -1}}):
        with pytest.raises(InputError):
            completeness(ledger, **bad)


@pytest.mark.parametrize("seed", range(200 if SOAK else 5))
def test_no_match_is_lost_whatever_goes_missing_on_the_way(seed):
    lots = random.Random(seed)
    rows = []
    for n in range(30):
        given = {"links": 5 * lots.randrange(2), "rude": lots.choice((True, False, None)), "fraud": lots.random() < 0.2}
        decision = RULES.decide(conduct(**given), at=T0 + n)
        rows.append(Record(value=decision, key=f"d{n}", subject=f"u{n}"))
        if lots.random() < 0.8:
            sanction = PLAIN.apply(decision, History(f"u{n}"), at=T0 + n)
            rows.append(Record(value=sanction, key=f"s{n}", subject=f"u{n}"))
    lots.shuffle(rows)
    found = completeness(written(*rows[: lots.randrange(61)]))
    assert found.matched == found.applied + found.absorbed + found.deviated + found.waiting + found.missing


def test_rows_for_statistics_say_what_became_of_each_rule():
    decision, sanction = sanctioned(rude=True)
    ledger = written(decision, sanction, {"kind": "appeal", "sanction": sanction.id, "by": "u1"})
    ledger.append(
        {"kind": "ruling", "sanction": sanction.id, "outcome": "overturned", "by": {"id": "x"}, "reason": "r"}, key="r"
    )
    rows = {row.rule: row for row in records(ledger)}
    assert set(rows) == {"rude", "spam"}
    row = rows["spam"]
    assert (row.actor, row.by, row.waited_s, row.month) == ("u1", "reviewer:7", 60, "2026-02")
    assert (row.deviated, row.absorbed, row.overturned, row.appealed) == (False, False, True, True)
    assert dumps(row.to_dict())
    ledger.append({"kind": "overturn", "decision": "sha256:0", "reason": "r"}, key="o")
    ledger.append({"kind": "ruling", "sanction": "s-other", "outcome": "upheld"}, key="r2")
    assert len(list(records(ledger))) == 2
    (alone, _) = records(written(decision))
    assert (alone.deviated, alone.overturned, alone.waited_s, alone.sanctioned) == (None, None, None, False)
    (departed, _) = records(written(decision, departure(entry=0)))
    assert departed.deviated is True
    with pytest.raises(InputError):
        list(records(written(decision, {**sanction.to_dict(), "due": None})))


def test_appeals_and_waits_are_compared_by_group_as_well():
    values = []
    for n in range(6):
        decision = RULES.decide(conduct(links=5 + n, rude=True), at=T0 + n)
        sanction = PLAIN.apply(decision, History("u1"), at=T0 + n + 60, by="reviewer:7")
        values += [Record(value=decision, key=f"d{n}", subject="u1"), Record(value=sanction, key=f"s{n}", subject="u1")]
        if n % 2:
            values.append(Record(value={"kind": "appeal", "sanction": sanction.id, "by": "u1"}, key=f"a{n}"))
    rows = list(records(written(*values)))
    halves = {seq: "ab"[place % 2] for place, seq in enumerate(sorted({row.seq for row in rows}))}
    for outcome in ("appealed", "overturned", "deviated"):
        report = parity(rows, group=lambda row: halves[row.seq], outcome=outcome)
        assert report.total == len(rows) and report.status.value == "insufficient_data"
        assert sum(row.cases for row in report.by_group) > 0
    waits = wait_parity(rows, group=lambda row: halves[row.seq])
    assert waits.missing == 0 and waits.by_group[0].median_s == 60


# -- samples -----------------------------------------------------------------------------------


def test_a_control_sample_can_be_drawn_again_and_favours_nobody(twenty_thousand):
    _, ledger = twenty_thousand
    one = control_sample(ledger, size=50, seed="2026-02-02")
    assert one == control_sample(ledger, size=50, seed="2026-02-02")
    assert one.picked != control_sample(ledger, size=50, seed="2026-02-03").picked
    assert len(set(one.picked)) == 50 and one.population > 4000
    assert all(not json.loads(ledger.entry(seq).bytes)["findings"] for seq in one.picked)
    assert dumps(one.to_dict())
    keys = [f"post-{n}" for n in range(100)]
    drawn = Counter(key for n in range(300) for key in control_sample(keys, size=20, seed=f"s{n}").picked)
    assert len(drawn) == 100 and max(drawn.values()) < 2 * min(drawn.values()) + 40
    assert control_sample(reversed(keys), size=20, seed="a").picked == control_sample(keys, size=20, seed="a").picked
    assert control_sample(keys, size=500, seed="a").population == len(control_sample(keys, size=500, seed="a").picked)
    # Hits of one rule, for people to say whether it was right.
    hits = control_sample(ledger, size=50, seed="a", rule="spam")
    assert len(set(hits.picked)) == 50 and hits.population == sum(
        any(finding["rule"] == "spam" for finding in json.loads(entry.bytes)["findings"]) for entry in ledger.entries()
    )
    for seq in hits.picked:
        assert "spam" in {finding["rule"] for finding in json.loads(ledger.entry(seq).bytes)["findings"]}
    assert control_sample(ledger, size=5, seed="a", rule="nothing").population == 0
    assert control_sample(written({"kind": "decision"}), size=5, seed="a").population == 0
    for bad in ({"size": 0}, {"seed": ""}, {"seed": 1}, {"rule": ""}, {"seed": "\ud800"}):
        with pytest.raises(InputError):
            control_sample(keys, **{"size": 1, "seed": "a", **bad})


def test_a_sample_may_go_to_people_and_has_no_way_into_a_decision():
    source = pathlib.Path(__file__).parents[1] / "src" / "platgov"
    for path in [*source.glob("_rules/*.py"), *source.glob("_enforcement/*.py")]:
        assert "control_sample" not in path.read_text()
