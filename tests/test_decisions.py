"""What a rule set decides: everything is evaluated, everything is accounted for, nothing is guessed."""

import collections
import contextlib
import datetime as dt
import enum
import itertools
import types

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._canonical import dumps
from platgov._facts.reading import revive
from platgov.conditions import UNKNOWN
from platgov.errors import InputError, RuleSetError
from platgov.facts import Role, fact, facts, read
from platgov.measures import Authority, Label, LimitVisibility, Remove, SuspendAccount, Warn, join
from platgov.rules import ConditionRule, Finding, Grant, Outcome, Rule, RuleSet
from platgov.verdict import Verdict
from rule_strategies import (
    AT,
    DAY,
    POST,
    Author,
    Echo,
    LinkLimit,
    Post,
    answers,
    examples,
    measure_lists,
    rule_of,
    rule_sets,
    schema_of,
    set_of,
    settled,
    short,
    some_measures,
    unusable,
    without_time,
)

NAIVE = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - without a zone it is no instant


def events(world, rng, count=5):
    return [world.event(rng, faults=rng.choice((0, 0.1, 0.3, 0.6))) for _ in range(count)]


def ids(items):
    return [item.rule_id for item in items]


# -- laws: all rules, all accounted for --------------------------------------------------------


@examples(50)
@given(rule_sets(hosts=False))
def test_every_rule_is_evaluated_and_ends_in_exactly_one_place(made):
    rule_set, world, rng = made
    for event in events(world, rng):
        own = answers(rule_set, event)
        stands = settled(own, rule_set.defeats)
        decision = rule_set.decide(event, at=AT)
        note = short(event)
        assert ids(decision.findings) == sorted(name for name, answer in stands.items() if answer is True), note
        assert ids(decision.undetermined) == sorted(name for name, answer in stands.items() if answer is UNKNOWN), note
        set_aside = [name for name, answer in own.items() if answer is True and stands[name] is False]
        assert ids(decision.defeated) == sorted(set_aside), note
        exceptions = dict(rule_set.defeats)
        for item in decision.defeated:
            assert item.by
            for other in item.by:
                assert item.rule_id in exceptions[other]
                assert other in ids(decision.findings)


@examples(50)
@given(rule_sets(), st.data())
def test_every_measure_that_is_provided_for_is_applied_absorbed_by_a_stronger_one_or_held(made, data):
    rule_set, world, rng = made
    chosen = data.draw(st.sets(st.sampled_from([rule.id for rule in rule_set.rules])))
    for event in events(world, rng):
        decision = rule_set.decide(event, at=AT, holds=dict.fromkeys(chosen, "under review"))
        free = [finding for finding in decision.findings if finding.rule_id not in chosen]
        assert [rule_id for rule_id, _ in decision.held] == [name for name in ids(decision.findings) if name in chosen]
        provided = collections.Counter((finding.rule_id, measure) for finding in free for measure in finding.measures)
        absorbed = collections.Counter((item.rule_id, item.measure) for item in decision.absorbed)
        applied = collections.Counter(pair for pair in provided.elements() if pair[1] in decision.measures)
        assert provided == applied + absorbed
        assert set(decision.measures) == set(join(measure for finding in free for measure in finding.measures))
        for item in decision.absorbed:
            assert item.by in decision.measures
            assert item.by != item.measure
            assert (item.by.kind, item.by.target) == (item.measure.kind, item.measure.target)
            assert item.by.severity >= item.measure.severity


@examples(50)
@given(rule_sets(most=5, hosts=False, defeats=False))
def test_a_decision_is_certain_exactly_if_what_follows_is_the_same_however_the_open_rules_turn_out(made):
    rule_set, world, rng = made
    for event in events(world, rng):
        decision = rule_set.decide(event, at=AT)
        own = answers(rule_set, event)
        open_rules = [name for name, answer in own.items() if answer is UNKNOWN]
        sure = [name for name, answer in own.items() if answer is True]
        worlds_of = {
            join(measure for name in (*sure, *also) for measure in rule_set.rule(name).measures)
            for size in range(len(open_rules) + 1)
            for also in itertools.combinations(open_rules, size)
        }
        if len(worlds_of) > 1:
            assert decision.outcome is Outcome.UNDETERMINED
        else:
            assert {decision.measures} == worlds_of
            assert decision.outcome is (Outcome.MEASURES if decision.measures else Outcome.NONE)
        assert ids(decision.undetermined) == sorted(open_rules)


@examples(50)
@given(rule_sets(most=5, hosts=False))
def test_a_certain_decision_stays_the_same_whichever_way_the_open_facts_turn_out(made):
    rule_set, world, rng = made
    for event in events(world, rng):
        decision = rule_set.decide(event, at=AT)
        if decision.outcome is Outcome.UNDETERMINED:
            continue
        own = answers(rule_set, event)
        names = [name for name, answer in own.items() if answer is UNKNOWN]
        for turns in itertools.islice(itertools.product((True, False), repeat=len(names)), 32):
            stands = settled({**own, **dict(zip(names, turns, strict=True))}, rule_set.defeats)
            follows = join(m for name, answer in stands.items() if answer is True for m in rule_set.rule(name).measures)
            assert follows == decision.measures


# -- laws: same facts, same outcome ------------------------------------------------------------


@examples(50)
@given(rule_sets())
def test_facts_that_no_rule_reads_change_nothing(made):
    rule_set, world, rng = made
    tops = {name.partition(".")[0] for name in rule_set.reads}
    for event in events(world, rng, 4):
        decision = rule_set.decide(event, at=AT)
        other = {**{name: value for name, value in event.items() if name in tops}, "undeclared": object()}
        for field in world.schema.fields:
            if field.name not in tops and rng.random() < 0.7:
                other[field.name] = rng.choice((None, 3, "x", [], {}, object()))
        assert rule_set.decide(other, at=AT).to_bytes() == decision.to_bytes()


def test_facts_inside_a_nested_fact_that_no_rule_reads_change_nothing():
    rules = set_of(rule_of(when="author.age_days < 7", measures=[Warn()]))
    for other in ("Mira", None, 3, object()):
        decision = rules.decide({"author": {"age_days": 3, "name": other, "more": other}}, at=AT)
        assert decision.to_bytes() == rules.decide({"author": {"age_days": 3}}, at=AT).to_bytes()


@examples(50)
@given(rule_sets())
def test_equal_fingerprints_give_equal_bytes(made):
    rule_set, world, rng = made
    seen = {}
    for event in events(world, rng, 12):
        for changed in (event, {**event, **events(world, rng, 1)[0]}):
            decision = rule_set.decide(changed, at=AT)
            assert seen.setdefault(decision.fingerprint, decision.to_bytes()) == decision.to_bytes(), short(changed)


@examples(50)
@given(rule_sets())
def test_a_mapping_of_any_kind_and_order_is_the_same_event(made):
    class Sub(dict):
        pass

    rule_set, world, rng = made
    for event in events(world, rng, 4):
        wanted = rule_set.decide(event, at=AT).to_bytes()
        for other in (
            dict(reversed(event.items())),
            Sub(event),
            types.MappingProxyType(event),
            collections.OrderedDict(event),
            collections.UserDict(event),
        ):
            assert rule_set.decide(other, at=AT).to_bytes() == wanted


@examples(50)
@given(rule_sets())
def test_an_instance_of_the_facts_class_is_the_same_event_as_its_plain_values(made):
    rule_set, world, rng = made
    event = world.event(rng, faults=0)
    event.pop("undeclared", None)
    try:
        instance = read(world.cls, event)
    except InputError as error:  # an element of a list may lack a fact, or be out of its range
        assert {problem.code for problem in error.problems} <= {"absent", "out_of_range"}
        return
    held = {field.name: getattr(instance, field.name) for field in attrs.fields(world.cls)}
    given_facts = {name: value for name, value in held.items() if value is not None}  # None: not given
    assert rule_set.decide(instance, at=AT).to_bytes() == rule_set.decide(given_facts, at=AT).to_bytes()


@examples(50)
@given(rule_sets())
def test_deciding_on_many_events_is_deciding_on_each(made):
    rule_set, world, rng = made
    many = events(world, rng)
    one_by_one = [rule_set.decide(event, at=AT).to_bytes() for event in many]
    assert [decision.to_bytes() for decision in rule_set.decide_many(iter(many), at=AT)] == one_by_one
    assert [decision.to_bytes() for decision in rule_set.decide_many(many[::-1], at=AT)] == one_by_one[::-1]


@examples(50)
@given(rule_sets())
def test_the_record_of_a_decision_can_be_decided_on_again(made):
    rule_set, world, rng = made
    for event in events(world, rng):
        decision = rule_set.decide(event, at=AT)
        again = rule_set.decide(revive(decision.facts), at=AT)
        assert again.to_bytes() == decision.to_bytes(), short(event)
        for given_as in (decision, decision.to_dict(), decision.to_bytes()):
            assert rule_set.replay(given_as).to_bytes() == decision.to_bytes()


@examples(50)
@given(rule_sets(), st.integers(0, 10**9))
def test_the_instant_is_recorded_and_changes_nothing_else(made, later):
    rule_set, world, rng = made
    event = world.event(rng)
    one, other = rule_set.decide(event, at=AT), rule_set.decide(event, at=AT + later)
    assert without_time(one) == without_time(other)
    assert (one.at, other.at) == (AT, AT + later)
    assert one.fingerprint == other.fingerprint


# -- laws: nothing raises ----------------------------------------------------------------------


class Hostile:
    """A value that fights back."""

    __hash__ = None

    def __eq__(self, other):
        raise ValueError

    def __bool__(self):
        raise ValueError

    def __len__(self):
        raise ValueError

    def __iter__(self):
        raise ValueError

    def __repr__(self):
        raise ValueError

    def __getattr__(self, name):
        raise ValueError(name)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
objects = st.sampled_from((
    Hostile(), object(), type, len, 3j, b"x", bytearray(b"x"), range(3), {1, 2}, frozenset(), dt.date(2026, 1, 1),
    dt.UTC,
    NAIVE, Role.IDENTITY, Author(age_days=3), float("nan"), float("-inf"), 10**5000, "\ud800",
    NotImplemented, ..., (1,), [[[[[1]]]]], Author, "x" * 70_000, ["x"] * 10_001, dt.timedelta.max,
))  # fmt: skip
STRICT = set_of(
    rule_of("a", "links > 3 && words < 7", measures=[Remove()]),
    rule_of("b", "text.folded().contains('spam') || tags.exists(t, t == 'ad')", measures=[Warn()]),
    rule_of("c", "!has(surface) || surface.startsWith('x')"),
    rule_of("d", "author.age_days < 7 && links / words > 2", measures=[SuspendAccount(days=1)]),
    rule_of("e", "text.matches('a+b') && size(tags) > 1"),
    LinkLimit(id="f", measures=(Remove(),)),
)


@given(st.dictionaries(st.sampled_from([*POST, "surface", "more"]), json_values | objects))
def test_nothing_inside_an_event_raises_or_makes_a_rule_apply_by_mistake(event):
    decision = STRICT.decide(event, at=AT)
    assert STRICT.decide(event, at=AT).to_bytes() == decision.to_bytes()
    decision.explain()
    decision.counterfactual()
    for name, paths in (("a", ("links", "words")), ("b", ("text",)), ("d", ("author", "words")), ("f", ("links",))):
        unsound = all(type(event.get(path)) not in (str, int, list, dict, tuple, Author) for path in paths)
        assert not (unsound and name in ids(decision.findings) and "tags" not in event)


@given(json_values | objects)
def test_what_is_no_event_at_all_is_refused(value):
    if isinstance(value, dict | Author):
        return
    with pytest.raises(InputError) as caught:
        STRICT.decide(value, at=AT)
    assert caught.value.problems[0].code == "type"
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("key", [3, None, ("a",), b"links", 2.5, object()])
def test_keys_that_are_no_names_are_passed_over(key):
    event = {**POST, key: 1}
    assert STRICT.decide(event, at=AT).to_bytes() == STRICT.decide(POST, at=AT).to_bytes()


def test_a_host_mapping_is_read_once_so_that_record_and_decision_agree():
    class Wavering(collections.abc.Mapping):
        def __init__(self):
            self.value = 0

        def __getitem__(self, name):
            self.value += 3
            return self.value

        def __iter__(self):
            return iter(["links"])

        def __len__(self):
            return 1

    rules = set_of(rule_of(), LinkLimit())
    decision = rules.decide(Wavering(), at=AT)
    assert decision.facts == {"links": 3}
    assert decision.to_bytes() == rules.decide({"links": 3}, at=AT).to_bytes()


# -- missing and unusable facts ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_facts", "code"),
    [
        ({}, "absent"), ({"links": None}, "null"), ({"links": "5"}, "mistyped"), ({"links": True}, "mistyped"),
        ({"links": 5.0}, "mistyped"), ({"links": float("nan")}, "mistyped"), ({"links": -1}, "out_of_range"),
        ({"links": 2**63}, "out_of_range"), ({"links": [5]}, "mistyped"), ({"links": object()}, "mistyped"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("rule", [rule_of("r", measures=[Remove()]), LinkLimit(id="r", measures=(Remove(),))])
def test_a_fact_that_is_missing_or_unusable_is_neither_a_pass_nor_a_penalty(given_facts, code, rule):
    decision = set_of(rule).decide(given_facts, at=AT)
    assert decision.outcome is Outcome.UNDETERMINED
    assert (decision.findings, decision.measures) == ((), ())
    (item,) = decision.undetermined
    assert (item.rule_id, item.code, item.facts) == ("r", "missing_facts", (("links", code),))


@pytest.mark.parametrize(
    ("value", "code"),
    [("a\ud800", "not_unicode"), ("x" * 65_537, "too_long"), (7, "mistyped"), (b"x", "mistyped")],
)
def test_a_text_that_cannot_be_read_leaves_its_rules_open(value, code):
    rules = set_of(rule_of("r", "text.contains('x')", measures=[Remove()]))
    (item,) = rules.decide({"text": value}, at=AT).undetermined
    assert item.facts == (("text", code),)


@pytest.mark.parametrize("author", [None, {}, {"age_days": None}, 5, {"age_days": "x"}, [], Post(text="", links=1)])
def test_events_with_one_fingerprint_lack_the_same_facts(author):
    by_condition = set_of(rule_of("r", "author.age_days < 7"))
    by_host = set_of(Echo(id="r", name="author.age_days"))
    for rules in (by_condition, by_host):
        decision = rules.decide({"author": author}, at=AT)
        again = rules.decide(revive(decision.facts), at=AT)
        assert decision.fingerprint == again.fingerprint
        assert decision.to_bytes() == again.to_bytes()
        assert [name for item in decision.undetermined for name, _ in item.facts] == ["author.age_days"]


def test_the_gaps_inside_lists_and_nested_facts_are_named():
    rules = set_of(rule_of("a", "tags.all(t, t == 'x')"), rule_of("b", "tags == ['x', 'y', 'z']"))
    decision = rules.decide({"tags": ["x", None, 5]}, at=AT)
    assert decision.undetermined[0].facts == (("tags[1]", "null"), ("tags[2]", "mistyped"))
    people = schema_of(people={"type": "list", "items": {"type": "struct", "fields": {"age": "int", "fans": "int"}}})
    rules = set_of(rule_of("a", "people.exists(p, p.age > p.fans)"), facts=people)
    (item,) = rules.decide({"people": [{"age": 3}, {"age": "x", "fans": 10**17}]}, at=AT).undetermined
    assert item.facts == (("people[0].fans", "absent"), ("people[1].age", "mistyped"))


def test_a_computation_without_result_is_no_value_and_says_so():
    decision = set_of(rule_of("r", "links / words > 2", measures=[Remove()])).decide({"links": 4, "words": 0}, at=AT)
    assert decision.undetermined[0].code == "no_value"
    assert decision.outcome is Outcome.UNDETERMINED


def test_an_open_rule_that_cannot_change_what_follows_is_listed_and_the_decision_is_certain():
    rules = set_of(
        rule_of("a", "links > 3", measures=[Remove()]),
        rule_of("b", "words < 7", measures=[LimitVisibility(days=3)]),
        rule_of("c", "words < 5"),
    )
    decision = rules.decide({"links": 5}, at=AT)
    assert decision.outcome is Outcome.MEASURES
    assert decision.measures == (Remove(),)
    assert ids(decision.undetermined) == ["b", "c"]
    assert rules.decide({"links": 1}, at=AT).outcome is Outcome.UNDETERMINED


def test_an_open_rule_that_would_only_ask_for_more_authority_leaves_the_decision_open():
    rules = set_of(
        rule_of("a", "links > 3", measures=[Remove()]),
        rule_of("b", "words < 7", measures=[Remove(authority=Authority.SENIOR)]),
    )
    assert rules.decide({"links": 5}, at=AT).outcome is Outcome.UNDETERMINED


# -- findings ----------------------------------------------------------------------------------


def test_equally_severe_rules_are_all_cited():
    rules = set_of(rule_of("a", "links > 3", measures=[Remove()]), rule_of("b", "links > 4", measures=[Remove()]))
    decision = rules.decide(POST, at=AT)
    assert ids(decision.findings) == ["a", "b"]
    assert decision.measures == (Remove(),)
    assert decision.absorbed == ()


def test_a_weaker_measure_is_absorbed_and_the_stronger_one_is_named():
    rules = set_of(
        rule_of("a", "links > 3", measures=[LimitVisibility(days=3), Warn()]),
        rule_of("b", "links > 4", measures=[Remove(days=1)]),
    )
    decision = rules.decide(POST, at=AT)
    assert decision.measures == (Warn(), Remove(days=1))
    (absorbed,) = decision.absorbed
    assert (absorbed.rule_id, absorbed.measure, absorbed.by) == ("a", LimitVisibility(days=3), Remove(days=1))
    assert decision.to_dict()["absorbed"][0]["by"]["measure"] == "remove"


def test_a_finding_carries_what_its_rule_says():
    rule = rule_of(version=3, clause="4.2", category="spam", measures=[Remove()], says="No.", why="Because.")
    (finding,) = set_of(rule).decide(POST, at=AT).findings
    assert finding == Finding(rule_id="spam.links", version=3, clause="4.2", category="spam", measures=(Remove(),))


def test_nothing_follows_where_no_rule_applies():
    decision = set_of(rule_of(measures=[Remove()])).decide({"links": 1}, at=AT)
    assert decision.outcome is Outcome.NONE
    assert (decision.findings, decision.measures, decision.undetermined) == ((), (), ())


def test_a_rule_without_measures_is_cited_though_nothing_follows():
    decision = set_of(rule_of()).decide(POST, at=AT)
    assert decision.outcome is Outcome.NONE
    assert ids(decision.findings) == ["spam.links"]


def test_a_decision_names_its_rules_its_facts_and_its_instant():
    rules = set_of(rule_of(measures=[Remove()]))
    decision = rules.decide(POST, at=dt.datetime.fromtimestamp(AT, dt.UTC))
    data = decision.to_dict()
    assert (data["kind"], data["schema"], data["at"]) == ("decision", 1, "2026-02-02T02:40:00Z")
    assert data["policy"] == decision.rule_set == rules.digest
    assert data["rule_set"] == {"id": "community", "version": "2026.1"}
    assert data["facts"] == decision.facts == {"links": 5}
    assert decision.digest.startswith("sha256:")
    assert decision.digest != rules.decide({"links": 6}, at=AT).digest
    assert rules.decide(POST, at=AT) == decision


def test_every_kind_of_verdict_has_canonical_bytes_and_a_digest():
    @attrs.frozen(kw_only=True)
    class Ruling(Verdict):
        kind = "ruling"
        said: str

        def body(self):
            return {"said": self.said}

    ruling = Ruling(at=AT, policy="p", fingerprint="f", said="no")
    assert ruling.to_bytes() == (
        b'{"at":"2026-02-02T02:40:00Z","fingerprint":"f","kind":"ruling","policy":"p","said":"no","schema":1}'
    )
    assert ruling.digest != attrs.evolve(ruling, said="yes").digest
    with pytest.raises(TypeError):
        Verdict(at=AT, policy="p", fingerprint="f")


def test_the_bytes_of_a_decision_are_the_canonical_form_of_its_plain_values():
    decision = STRICT.decide({**POST, "text": "\u65e5 \U0001f600 caf\u00e9", "links": 2**60}, at=AT)
    assert decision.to_bytes() == dumps(decision.to_dict())


@pytest.mark.parametrize("at", [None, "2026-02-02", 1.5, True, NAIVE, dt.date(2026, 1, 1)])
def test_a_decision_is_for_an_instant(at):
    rules = set_of(rule_of())
    with pytest.raises(InputError):
        rules.decide(POST, at=at)
    with pytest.raises(InputError):
        list(rules.decide_many([POST], at=at))


# -- exceptions --------------------------------------------------------------------------------


def exceptions(**given_rules):
    rules = [rule_of(name, when, measures=[Remove()] if name == "r" else []) for name, when in given_rules.items()]
    return lambda defeats: set_of(*rules, defeats=defeats)


def test_an_exception_sets_a_rule_aside_and_is_named():
    rules = exceptions(r="links > 3", quote="text.startsWith('>')")({"quote": ["r"]})
    decision = rules.decide({"links": 5, "text": "> spam"}, at=AT)
    assert decision.outcome is Outcome.NONE
    assert ids(decision.findings) == ["quote"]
    assert decision.to_dict()["defeated"] == [{"rule": "r", "by": ["quote"]}]
    decision = rules.decide({"links": 5, "text": "spam"}, at=AT)
    assert decision.measures == (Remove(),)
    assert decision.defeated == ()


def test_whether_an_exception_applies_may_be_open_and_then_the_rule_is():
    rules = exceptions(r="links > 3", quote="text.startsWith('>')")({"quote": ["r"]})
    decision = rules.decide({"links": 5}, at=AT)
    assert decision.outcome is Outcome.UNDETERMINED
    assert [(item.rule_id, item.code) for item in decision.undetermined] == [
        ("quote", "missing_facts"), ("r", "open_exception"),
    ]  # fmt: skip
    assert rules.decide({"links": 1}, at=AT).outcome is Outcome.NONE


def test_an_open_rule_is_settled_by_an_exception_that_applies():
    rules = exceptions(r="links > 3", quote="text.startsWith('>')")({"quote": ["r"]})
    decision = rules.decide({"text": "> x"}, at=AT)
    assert decision.outcome is Outcome.NONE
    assert (decision.undetermined, decision.defeated) == ((), ())


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        ({"links": 5, "words": 1, "text": "> !"}, Outcome.MEASURES),  # the exception is itself set aside
        ({"links": 5, "words": 1, "text": "> x"}, Outcome.NONE),
        ({"links": 5, "words": 9, "text": "x"}, Outcome.MEASURES),
        ({"links": 5, "words": 1}, Outcome.UNDETERMINED),
        ({"links": 5, "text": "> !"}, Outcome.MEASURES),
        ({"links": 5, "text": "x"}, Outcome.UNDETERMINED),
        ({"words": 1, "text": "> x"}, Outcome.NONE),
    ],
)
def test_an_exception_may_have_an_exception(event, outcome):
    rules = exceptions(r="links > 3", few="words < 5", shout="text.contains('!')")({"few": ["r"], "shout": ["few"]})
    assert rules.decide(event, at=AT).outcome is outcome


def test_openness_runs_down_a_chain_of_exceptions():
    rules = set_of(
        rule_of("a", "words > 1"), rule_of("b", "links > 1"), rule_of("c", "links > 1"), rule_of("d", "links > 1"),
        defeats={"a": ["b"], "b": ["c"], "c": ["d"]},
    )  # fmt: skip
    decision = rules.decide({"links": 5}, at=AT)
    assert [(item.rule_id, item.code) for item in decision.undetermined] == [
        ("a", "missing_facts"), ("b", "open_exception"), ("c", "open_exception"), ("d", "open_exception"),
    ]  # fmt: skip
    decision = rules.decide({"links": 5, "words": 5}, at=AT)
    assert ids(decision.findings) == ["a", "c"]
    assert [(item.rule_id, item.by) for item in decision.defeated] == [("b", ("a",)), ("d", ("c",))]


def test_all_exceptions_that_apply_are_named():
    rules = exceptions(r="links > 3", q1="words < 5", q2="words < 6", q3="words < 1")(
        {"q1": ["r"], "q2": ["r"], "q3": ["r"]}
    )
    (item,) = rules.decide({"links": 5, "words": 2}, at=AT).defeated
    assert item.by == ("q1", "q2")


# -- rules held for review ---------------------------------------------------------------------


def test_a_held_rule_keeps_its_measures_back_for_all_equal_cases_and_says_why():
    rules = set_of(rule_of(measures=[Remove()]), rule_of("b", "links > 4", measures=[Warn()]))
    for _ in range(3):
        decision = rules.decide(POST, at=AT, holds={"spam.links": "precision fell"})
        assert decision.outcome is Outcome.HELD
        assert decision.measures == (Warn(),)
        assert ids(decision.findings) == ["b", "spam.links"]
        assert decision.held == (("spam.links", "precision fell"),)
        assert decision.to_dict()["held"] == {"spam.links": "precision fell"}
    (many,) = rules.decide_many([POST], at=AT, holds={"spam.links": "precision fell"})
    assert many == decision


def test_holding_a_rule_that_does_not_apply_changes_nothing():
    rules = set_of(rule_of(measures=[Remove()]))
    assert rules.decide({"links": 1}, at=AT, holds={"spam.links": "x"}) == rules.decide({"links": 1}, at=AT)


def test_a_held_rule_whose_facts_are_missing_is_undetermined():
    rules = set_of(rule_of(measures=[Remove()]))
    decision = rules.decide({}, at=AT, holds={"spam.links": "x"})
    assert (decision.outcome, decision.held) == (Outcome.UNDETERMINED, ())


@pytest.mark.parametrize(
    "holds",
    [
        {"spam.link": "x"},
        {"spam.links": ""},
        {"spam.links": " "},
        {"spam.links": None},
        ["spam.links"],
        {3: "x"},
        "spam",
    ],
)
def test_a_hold_names_a_rule_that_exists_and_a_reason(holds):
    with pytest.raises(RuleSetError):
        set_of(rule_of()).decide(POST, at=AT, holds=holds)


def test_a_replay_repeats_the_holds_that_applied_and_the_instant():
    rules = set_of(rule_of(measures=[Remove()]))
    decision = rules.decide(POST, at=AT + 7, holds={"spam.links": "precision fell"})
    assert rules.replay(decision.to_bytes()).to_bytes() == decision.to_bytes()
    other = set_of(rule_of("spam.other", measures=[Remove()]))
    assert other.replay(decision).outcome is Outcome.MEASURES


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"facts": {}},
        {"facts": {}, "at": "2026-02-02T00:00:00Z"},
        {"facts": 3, "at": "2026-02-02T00:00:00Z", "held": {}},
        {"facts": {}, "at": 3, "held": {}},
        {"facts": {}, "at": "2026-02-02T00:00:00Z", "held": 3},
        [],
        3,
        None,
        b"x",
        b"[]",
    ],
)
def test_what_is_no_decision_cannot_be_replayed(data):
    with pytest.raises(InputError):
        set_of(rule_of()).replay(data)


# -- grants ------------------------------------------------------------------------------------


def granted(expires_at):
    grant = Grant(fact="region", reason="The law there differs.", approved_by="legal", expires_at=expires_at)
    return set_of(
        rule_of("a", "region == 'XY' && links > 3", measures=[Remove()]),
        rule_of("b", "links > 4", measures=[Warn()]),
        grants=[grant],
    )


def test_when_a_grant_ends_the_rules_that_need_it_wait_for_people():
    rules, event = granted(AT + DAY), {"links": 5, "region": "XY"}
    assert rules.decide(event, at=AT + DAY - 1).outcome is Outcome.MEASURES
    decision = rules.decide(event, at=AT + DAY)
    assert decision.outcome is Outcome.HELD
    assert decision.measures == (Warn(),)
    assert decision.held == (("a", "the grant for region ended at 2026-02-03T02:40:00Z"),)
    assert rules.decide({**event, "region": "ZZ"}, at=AT + DAY).outcome is Outcome.MEASURES


def test_a_hold_of_the_host_says_its_own_reason_even_where_a_grant_has_ended():
    decision = granted(AT).decide({"links": 5, "region": "XY"}, at=AT, holds={"a": "in court"})
    assert decision.held == (("a", "in court"),)


# -- rules of the host -------------------------------------------------------------------------


def host(body, reads=("links",), **given_fields):
    """Make a host rule from a function of a post."""

    def match(self, post):
        return body(post)

    cls = type("HostRule", (Rule,), {"kind": "host", "reads": frozenset(reads), "match": match})
    return cls(**{"id": "host", "measures": (Remove(),), **given_fields})


def asked(body, event=None, reads=("links",)):
    """Ask a host rule beside two others, which must go on whatever it does."""
    rules = set_of(
        host(body, reads), rule_of("other", "links > 3", measures=[Warn()]), LinkLimit(id="limit", measures=(Warn(),))
    )
    decision = rules.decide(POST if event is None else event, at=AT)
    if event is None:
        assert {"other", "limit"} <= set(ids(decision.findings))
    assert decision == rules.decide(revive(decision.facts), at=AT)
    return decision


def left_open(decision):
    assert "host" not in ids(decision.findings)
    assert decision.outcome is Outcome.UNDETERMINED
    (item,) = (item for item in decision.undetermined if item.rule_id == "host")
    return item.code, item.detail


class TroubleError(Exception):
    pass


def _raise(error):
    raise error


def _recurse(post):
    return _recurse(post)


def _try(post):
    try:
        return post.account_id
    except Exception:
        return None


def _suppress(post):
    with contextlib.suppress(Exception):
        return Finding(evidence=(str(post.account_id),))


WRONGS = {
    "raises an error of its own": (lambda post: _raise(TroubleError("secret")), "raised", "TroubleError"),
    "raises an error class": (lambda post: _raise(ValueError), "raised", "ValueError"),
    "divides by zero": (lambda post: 1 / 0, "raised", "ZeroDivisionError"),
    "runs out of memory": (lambda post: _raise(MemoryError), "raised", "MemoryError"),
    "runs out of values": (lambda post: _raise(StopIteration), "raised", "StopIteration"),
    "never comes back": (_recurse, "raised", "RecursionError"),
    "reads who it was": (lambda post: post.account_id, "undeclared_read", "account_id"),
    "reads a fact too many": (lambda post: post.words, "undeclared_read", "words"),
    "reads a nested fact too many": (lambda post: post.author, "undeclared_read", "author"),
    "reads with a default": (lambda post: getattr(post, "account_id", None), "undeclared_read", "account_id"),
    "asks whether it is there": (lambda post: hasattr(post, "region"), "undeclared_read", "region"),
    "reads inside try": (_try, "undeclared_read", "account_id"),
    "reads inside suppress": (_suppress, "undeclared_read", "account_id"),
    "reads through vars": (lambda post: vars(post)["account_id"], "raised", "TypeError"),
    "reads through __dict__": (lambda post: post.__dict__["account_id"], "raised", "AttributeError"),
    "reads through the insides": (lambda post: post._values["account_id"], "raised", "KeyError"),
    "reads what nobody declared": (lambda post: post.nonsense, "raised", "AttributeError"),
    "reads by key": (lambda post: post["links"], "raised", "TypeError"),
    "changes a fact": (lambda post: setattr(post, "links", 0), "raised", "AttributeError"),
    "takes a fact away": (lambda post: delattr(post, "links"), "raised", "AttributeError"),
    "makes another event": (lambda post: attrs.evolve(post, links=0), "raised", "NotAnAttrsClassError"),
    "answers True": (lambda post: True, "bad_answer", "bool"),
    "answers False": (lambda post: False, "bad_answer", "bool"),
    "answers with a dict": (lambda post: {"rule": "x"}, "bad_answer", "dict"),
    "answers with text": (lambda post: "links", "bad_answer", "str"),
    "answers with the class": (lambda post: Finding, "bad_answer", "type"),
    "answers for another rule": (lambda post: Finding(rule_id="other"), "bad_answer", "Finding"),
    "gives one text as evidence": (lambda post: Finding(evidence="5 links"), "bad_answer", "Finding"),
    "gives numbers as evidence": (lambda post: Finding(evidence=(5,)), "bad_answer", "Finding"),
    "gives no list of evidence": (lambda post: Finding(evidence=None), "bad_answer", "Finding"),
    "gives evidence that is no text": (lambda post: Finding(evidence=("\ud800",)), "bad_answer", "Finding"),
}


@pytest.mark.parametrize("name", WRONGS)
def test_whatever_goes_wrong_in_a_host_rule_leaves_that_rule_open_and_the_others_go_on(name):
    body, code, detail = WRONGS[name]
    decision = asked(body)
    assert left_open(decision) == (code, detail)
    assert b"secret" not in decision.to_bytes()


def test_a_host_rule_that_fails_cannot_change_what_follows_anyway_is_listed_beside_a_certain_outcome():
    rules = set_of(host(lambda post: 1 / 0, measures=(Warn(),)), rule_of(measures=[Warn()]))
    decision = rules.decide(POST, at=AT)
    assert decision.outcome is Outcome.MEASURES
    assert ids(decision.undetermined) == ["host"]


def test_a_host_rule_may_say_no():
    assert asked(lambda post: None).undetermined == ()


def test_a_host_rule_gives_only_its_evidence_and_the_rule_set_adds_the_rest():
    def body(post):
        return Finding(evidence=[f"{post.links} links"], rule_id="host", measures=(SuspendAccount(),), clause="9")

    (finding,) = (item for item in asked(body).findings if item.rule_id == "host")
    assert finding == Finding(rule_id="host", version=1, evidence=("5 links",), measures=(Remove(),))


def test_a_keyboard_interrupt_in_a_host_rule_is_no_business_of_the_rule_set():
    with pytest.raises(KeyboardInterrupt):
        asked(lambda post: _raise(KeyboardInterrupt()))


def test_an_optional_fact_that_was_not_given_is_none_to_a_host_rule():
    seen = []
    asked(lambda post: seen.append((post.words, post.score)), {"links": 1, "words": None}, ("words", "score"))
    assert seen[0] == (None, None)


@pytest.mark.parametrize(
    ("event", "code"), [({}, "absent"), ({"links": None}, "null"), ({"links": -1}, "out_of_range")]
)
def test_a_host_rule_that_asks_for_a_fact_which_is_missing_is_left_open(event, code):
    for body in (lambda post: post.links, lambda post: getattr(post, "links", 0), lambda post: hasattr(post, "links")):
        rules = set_of(host(body))
        (item,) = rules.decide(event, at=AT).undetermined
        assert (item.code, item.facts) == ("missing_facts", (("links", code),))


def test_a_host_rule_that_does_not_ask_for_the_missing_fact_goes_on():
    decision = set_of(host(lambda post: Finding(), ("links", "words"))).decide({}, at=AT)
    assert ids(decision.findings) == ["host"]


def test_an_unusable_optional_fact_is_not_none():
    rules = set_of(host(lambda post: None if post.words is None else Finding(), ("words",)))
    (item,) = rules.decide({"words": "many"}, at=AT).undetermined
    assert item.facts == (("words", "mistyped"),)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@facts
class Inner:
    size: float
    colour: Colour
    note: str | None


@facts
class Rich:
    colour: Colour | None
    posted_at: dt.datetime
    quiet: dt.timedelta
    inner: Inner
    maybe: Inner | None
    items: tuple[Inner, ...]
    words: frozenset[str]


RICH = {
    "colour": "red", "posted_at": "2026-02-02T00:00:00+02:00", "quiet": "90s", "inner": {"size": 3, "colour": "blue"},
    "items": [{"size": 0.5, "colour": "red"}], "words": ["b", "a"],
}  # fmt: skip


def looked(event, *reads):
    seen = []
    rules = RuleSet(id="x", version="1", facts=Rich, rules=[host(seen.append, reads)])
    decision = rules.decide(event, at=AT)
    return seen[0], decision


def test_a_host_rule_sees_enums_instants_spans_and_nested_facts_in_their_native_form():
    view, _ = looked(RICH, "colour", "posted_at", "quiet", "inner", "items", "words", "maybe")
    assert view.colour is Colour.RED
    assert view.posted_at == dt.datetime(2026, 2, 1, 22, tzinfo=dt.UTC)
    assert view.quiet == dt.timedelta(seconds=90)
    assert (view.inner.size, type(view.inner.size)) == (3.0, float)
    assert view.inner.colour is Colour.BLUE
    assert view.inner.note is None
    assert view.maybe is None
    assert [item.size for item in view.items] == [0.5]
    assert view.items[0].colour == "red"
    assert view.words == frozenset({"b", "a"})


def test_a_set_is_walked_in_one_order_in_every_process():
    words = [f"word {number}" for number in range(50)]
    view, _ = looked({**RICH, "words": set(words)}, "words")
    assert list(view.words) == sorted(words)
    assert ", ".join(view.words) == ", ".join(sorted(words))
    assert view.words & {"word 7", "x"} == {"word 7"}


def test_a_nested_fact_may_be_declared_in_part():
    view, _ = looked(RICH, "inner.size")
    assert view.inner.size == 3.0
    with pytest.raises(BaseException, match=r"inner\.colour") as caught:
        _ = view.inner.colour
    assert type(caught.value).__name__ == "UndeclaredRead"


@pytest.mark.parametrize("maybe", [None, {}, {"note": None}])
def test_a_nested_fact_declared_in_part_looks_the_same_whether_it_is_missing_or_empty(maybe):
    view, _ = looked({"maybe": maybe}, "maybe.note", "maybe.size")
    assert view.maybe is not None
    assert view.maybe.note is None
    with pytest.raises(BaseException, match=r"maybe\.size") as caught:
        _ = view.maybe.size
    assert type(caught.value).__name__ == "MissingFact"


def test_an_unusable_element_of_a_list_is_missing_not_dropped():
    rules = set_of(host(lambda post: post.tags, ("tags",)))
    (item,) = rules.decide({"tags": ["a", 5]}, at=AT).undetermined
    assert item.facts == (("tags[1]", "mistyped"),)


@pytest.mark.parametrize("pair", [(3, 3.0), (0.0, -0.0)])
def test_numbers_that_are_one_fact_give_one_evidence(pair):
    rules = set_of(host(lambda post: Finding(evidence=(repr(post.score),)), ("score",)))
    one, other = (rules.decide({"score": score}, at=AT).to_bytes() for score in pair)
    assert one == other


def test_a_view_says_no_more_than_what_was_declared():
    view, _ = looked(RICH, "colour")
    assert set(view._values) == {"colour"}
    with pytest.raises(AttributeError, match="facts cannot be changed"):
        view.colour = Colour.BLUE


@pytest.mark.parametrize("pair", [(3, 3.0), (0.0, -0.0), (10**18, 1e18)])
@pytest.mark.parametrize(
    "when", ["score / 2 > 1.0", "string(score) == '-0'", "score == 3.0", "score / 10 * 10 == score"]
)
def test_numbers_that_are_one_fact_give_one_decision(pair, when):
    one, other = (set_of(rule_of(when=when)).decide({"score": score}, at=AT).to_bytes() for score in pair)
    assert one == other


@pytest.mark.parametrize("score", [1e19, 2.0**63, -1e20, 1e300, 5e-324, 2.0**53 + 2])
def test_a_number_of_any_size_is_recorded_so_that_it_can_be_read_again(score):
    rules = set_of(rule_of(when="score > 1.0", measures=[Remove()]))
    decision = rules.decide({"score": score}, at=AT)
    assert rules.replay(decision).to_bytes() == decision.to_bytes()
    assert len(decision.explain()) == len(decision.findings)
    assert all(reason.tests for reason in decision.explain())


@facts
class Tie:
    links: int
    own: int = fact(default=0)


def test_a_fact_with_a_default_is_not_made_up_for_an_event_that_lacks_it():
    rules = RuleSet(id="x", version="1", facts=Tie, rules=[rule_of("r", "own < 3", measures=[Remove()])])
    assert rules.decide({"links": 1}, at=AT).outcome is Outcome.UNDETERMINED
    assert rules.decide(Tie(links=1), at=AT).outcome is Outcome.MEASURES


def test_an_event_of_another_facts_class_is_read_by_its_names():
    rules = set_of(rule_of(measures=[Remove()]))
    assert rules.decide(Tie(links=5), at=AT).to_bytes() == rules.decide({"links": 5}, at=AT).to_bytes()


@given(measure_lists(3), some_measures())
def test_a_label_or_any_other_measure_of_another_rule_never_lowers_what_follows(base, more):
    one = set_of(rule_of("a", "links > 3", measures=base)).decide(POST, at=AT)
    two = set_of(rule_of("a", "links > 3", measures=base), rule_of("b", "links > 3", measures=[more])).decide(
        POST, at=AT
    )
    assert join([*one.measures, *two.measures]) == two.measures
    assert Label(label="x") not in one.measures


def test_unusable_is_told_apart_from_absent():
    schema = set_of(rule_of()).schema
    assert unusable(schema, {"links": "x"})
    assert not unusable(schema, {})
    assert isinstance(ConditionRule(id="r", when="links > 1").reads, frozenset)
