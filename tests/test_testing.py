"""The testing kit: unfair rules are caught by name, fair ones pass, and what is proved is told from what is tried."""

import json
import pickle
import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_strategies import LARGE, SEVERITIES, narrow_spec
from analysis_strategies import set_of as large_set
from platgov.conditions import parse
from platgov.consistency import analyse
from platgov.errors import InputError
from platgov.facts import Role, fact, facts, observe
from platgov.measures import LimitVisibility, Warn
from platgov.rules import ConditionRule, Finding, Grant, Rule, RuleSet
from platgov.testing import (
    ConsistencyError,
    GoldenError,
    GoldenTable,
    Held,
    assert_consistent,
    check_rules,
    event_pairs,
    events,
    instances,
    mutation_score,
    strategies,
)

ELSEWHERE = ("hash_order", "process")


@facts
class Comment:
    text: str
    links: int = fact(ge=0, trend="aggravating")
    age_days: int = fact(ge=0)
    account_id: str = fact(role=Role.IDENTITY)
    is_partner: bool = fact(role=Role.IDENTITY)


def set_of(*conditions, **given):
    rules = [
        ConditionRule(id=f"r{n}", when=when, measures=[LimitVisibility(days=n + 1)])
        for n, when in enumerate(conditions)
    ]
    return RuleSet(**{"id": "community", "version": "1", "facts": Comment, "rules": rules, **given})


GOOD = set_of("links > 3 && age_days < 7", "text.contains('gift card')")


def broken(call, *args, **given):
    with pytest.raises(ConsistencyError) as caught:
        call(*args, seed=7, **given)
    return caught.value


# -- proofs ------------------------------------------------------------------------------------


def test_a_rule_set_of_conditions_is_proved_and_nothing_has_to_be_sampled():
    report = assert_consistent(GOOD)
    assert {"chance", "identity", "monotone", "defects", "batch"} <= report.proved
    assert report.sampled == report.unknown == report.broken == frozenset()


def test_a_leak_is_shown_with_both_sides_the_rule_and_the_smallest_repair():
    rules = set_of("links > 3 && age_days < 7")
    found = broken(assert_consistent, rules, identity=["age_days"]).report.counterexamples[0]
    assert found.property == "identity"
    assert [name for name, _ in found.matters] == ["links"]
    assert len({side.outcome for side in found.sides}) == 2
    assert "without `age_days < 7`" in found.repair
    for side in found.sides:
        assert str(rules.decide(side.event, at=0).outcome.value) in ("measures", "none")


def test_a_grant_with_a_reason_is_told_and_not_held_against_the_rules():
    grant = Grant(fact="is_partner", reason="checked by hand", approved_by="council", expires_at=2_000_000_000)
    report = assert_consistent(set_of("links > 3 && !is_partner", grants=[grant]))
    assert any("checked by hand" in note for note in report.notes)


@pytest.mark.parametrize(
    ("conditions", "given", "name"),
    [
        (("links > 3 && links < 90",), {}, "monotone"),
        (("links > 3 && links < 2",), {}, "defects"),
        (("links > 3",), {"must_cover": "age_days < 2"}, "covered"),
        (("links > 3", "links > 3 || links > 5"), {"strict": True}, "defects"),
    ],
    ids=["monotone", "never fires", "gap", "warning"],
)
def test_what_is_refuted_fails_by_name(conditions, given, name):
    assert broken(assert_consistent, set_of(*conditions), **given).report.broken == {name}


def test_what_is_not_settled_fails_unless_it_is_allowed():
    rules = set_of("(links > 3 || age_days > 3 || text == 'a') && (links < 9 || age_days < 2)")
    error = broken(assert_consistent, rules, monotone={"age_days": "up"}, budget=1, identity=["age_days"])
    assert error.report.unknown
    assert "allow_unknown=True" in str(error)
    if not error.report.broken:
        assert assert_consistent(rules, budget=1, allow_unknown=True, ignore=["monotone"]).unknown


# -- functions ---------------------------------------------------------------------------------


def own_backend(event, *, at):
    return GOOD.decide(event, at=at)


def lenient_backend(event, *, at):
    decision = GOOD.decide(event, at=at)
    return "none" if event.get("is_partner") and event.get("links") == 7 else decision


def forgetful_backend(event):
    return GOOD.decide({**event, "links": min(event.get("links") or 0, 3)}, at=0).measures


def test_a_function_is_compared_with_the_rules_and_with_itself():
    report = assert_consistent(GOOD, decide=own_backend, decide_many=GOOD.decide_many, samples=30, seed=3)
    assert {"agreement", "unread_fact", "batch", "hash_order", "process", "identity"} <= report.sampled
    assert "defects" in report.proved
    assert "chance" not in report.proved


def test_a_favour_for_one_kind_of_person_is_found():
    report = broken(assert_consistent, GOOD, decide=lenient_backend, processes=False).report
    assert {"exemption", "agreement"} <= report.broken


def test_a_function_that_decides_otherwise_is_found():
    assert "agreement" in broken(assert_consistent, GOOD, decide=forgetful_backend, processes=False).report.broken


def test_functions_without_a_name_elsewhere_are_left_open():
    report = broken(check_rules, lambda event: event["links"] > 3 or None, facts=Comment, ignore=["error_as_no_match"])
    assert report.report.unknown == set(ELSEWHERE)
    assert not report.report.counterexamples


class Strict(Rule):
    """A rule in Python."""

    kind = "strict"
    reads = frozenset({"links"})

    def match(self, post):
        return Finding() if post.links > 3 else None


class Nosy(Rule):
    """One that reads what it did not declare."""

    kind = "nosy"
    reads = frozenset({"links"})

    def match(self, post):
        return Finding() if post.age_days > 3 else None


class Clumsy(Rule):
    """One that fails."""

    kind = "clumsy"
    reads = frozenset({"links"})

    def match(self, post):
        return Finding() if 10 // post.links < 3 else None


def test_rules_in_python_are_tried_one_by_one():
    assert not check_rules(Strict(measures=[Warn()]), facts=Comment, seed=7, samples=60, processes=False).broken
    for rule, name in ((Nosy(measures=[Warn()]), "undeclared_fact"), (Clumsy(measures=[Warn()]), "raises")):
        assert broken(check_rules, [rule], facts=Comment, samples=60, processes=False).report.broken == {name}


# -- reports -----------------------------------------------------------------------------------


def test_a_failure_is_an_assertion_that_pickles_and_says_everything():
    error = broken(assert_consistent, set_of("links > 3 && links < 90"))
    assert isinstance(error, AssertionError)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert "replay:" in str(error)
    assert "monotone" in {item.name for item in error.report.properties if item.held is Held.BROKEN}


@pytest.mark.parametrize(
    ("call", "given", "says"),
    [
        (assert_consistent, {"rule_set": 3}, "no rule set"),
        (assert_consistent, {"rule_set": GOOD, "ignore": ["chanse"]}, "did you mean 'chance'"),
        (assert_consistent, {"rule_set": GOOD, "identity": ["acount_id"]}, "did you mean 'account_id'"),
        (assert_consistent, {"rule_set": GOOD, "monotone": {"links": "more"}}, "'up' and 'down'"),
        (assert_consistent, {"rule_set": GOOD, "seed": -1}, "whole number"),
        (check_rules, {"rules": 3, "facts": Comment}, "neither a function nor rules"),
        (check_rules, {"rules": len}, "facts are missing"),
        (check_rules, {"rules": len, "facts": Comment, "samples": 0}, "samples is 0"),
    ],
    ids=["no set", "name", "fact", "trend", "seed", "no rules", "no facts", "samples"],
)
def test_arguments_that_make_no_sense_are_refused(call, given, says):
    with pytest.raises(InputError, match=says):
        call(**given)


# -- strategies --------------------------------------------------------------------------------


@given(events(GOOD), instances(Comment), event_pairs(GOOD))
@settings(max_examples=50)
def test_events_fit_the_facts_and_pairs_differ_only_where_they_may(event, instance, pair):
    assert isinstance(instance, Comment)
    assert not {state.code for state in observe(GOOD.schema, event).states.values()} - {"absent", "null"}
    assert {name for name in pair[0] if pair[0].get(name) != pair[1].get(name)} <= {"account_id", "is_partner"}
    one, other = (GOOD.decide(event, at=0).to_bytes() for event in pair)
    assert one == other


@given(st.data())
@settings(max_examples=10)
@pytest.mark.parametrize("name", sorted(strategies.classes()))
def test_every_covered_class_has_a_strategy(name, data):
    cls = strategies.classes()[name]
    drawn = data.draw(strategies.value(cls))
    assert isinstance(drawn, cls)


@given(strategies.conditions())
@settings(max_examples=50)
def test_drawn_conditions_are_written_and_read(condition):
    assert parse(condition.text) == condition


# -- golden tables and mutants -----------------------------------------------------------------


def test_a_golden_table_is_written_read_and_compared(tmp_path):
    table, path = GoldenTable.of(GOOD), tmp_path / "golden.md"
    table.write(path, GOOD)
    assert GoldenTable.read(path) == table
    assert table.differences(GOOD) == table.differences(own_backend) == ()
    stricter = set_of("links > 2 && age_days < 7", "text.contains('gift card')")
    assert {row.row.rule for row in table.differences(stricter)} == {"r0"}


@pytest.mark.parametrize(
    "text", ["", "# community", "# a 1\n| yes | | `{}` | x |", "# a 1\n## r\n| perhaps | | `{}` | x |", "# a 1\n## r\n| yes |  | `{x}` | y |"],  # noqa: E501
    ids=["empty", "no version", "no rule", "neither", "no json"],
)  # fmt: skip
def test_a_file_that_is_no_golden_table_is_refused(tmp_path, text):
    path = tmp_path / "golden.md"
    path.write_text(text)
    with pytest.raises(InputError):
        GoldenTable.read(path)


def test_texts_with_bars_and_quotes_survive_in_a_table(tmp_path):
    rules = set_of("text == 'a|b`c'")
    table = GoldenTable.of(rules)
    table.write(tmp_path / "golden.md")
    assert GoldenTable.read(tmp_path / "golden.md").rows == table.rows
    assert any(json.loads(row.record).get("text") == "a|b`c" for row in table.rows)


def clean_set(size, seed):
    """Give a random rule set of which the analysis finds nothing: no event shows a rule that never applies."""
    rng = random.Random(seed)
    rules = [(narrow_spec(rng, world=LARGE), rng.choice(SEVERITIES)) for _ in range(size * 8 // 5)]
    kinds = ("never_fires", "always_fires", "redundant_test", "dead", "subsumed", "duplicate", "always_set_aside")
    for _ in range(4):
        found = analyse(large_set(rules, world=LARGE)).findings
        bad = {answer.rules[0] for answer in found if answer.kind in kinds}
        rules = [rule for number, rule in enumerate(rules) if f"r{number:03}" not in bad]
    return large_set(rules[:size], world=LARGE)


def test_the_witness_suite_notices_nearly_every_change():
    soak = settings.default.max_examples > 1000
    sets = ((50, 1), (100, 2), (150, 4), (50, 3), (50, 5)) if soak else ((50, 1),)
    scores = [mutation_score(clean_set(*about), most=300 if soak else 100) for about in sets]
    print(*map(str, scores), sep="\n")
    assert sum(score.killed for score in scores) >= 0.98 * sum(score.mutants - score.equivalent for score in scores)


# -- the plugin --------------------------------------------------------------------------------

HOST = """
import pytest
from platgov.facts import Role, fact, facts
from platgov.measures import Remove
from platgov.rules import ConditionRule, RuleSet

@facts
class Post:
    links: int = fact(ge=0, trend="aggravating")
    account_id: str = fact(role=Role.IDENTITY)

RULES = RuleSet(id="c", version="1", facts=Post, rules=[ConditionRule(id="r", when="links > 3", measures=[Remove()])])

def decide(event, *, at):
    return RULES.decide(event, at=at)

@pytest.mark.platgov(samples=30)
def test_fair(consistent, platgov_seed):
    report = consistent(RULES, decide=decide)
    assert report.seed == platgov_seed == 11
    assert {"process", "hash_order"} <= report.sampled

def test_unfair(checked_rules):
    checked_rules(
        lambda event: "remove" if event["account_id"] == "u1" else "none", facts=Post, samples=40, processes=False
    )

def test_golden(golden):
    golden(RULES, "golden.md")
"""


def test_the_plugin_gives_hosts_a_seed_and_fixtures(tmp_path):
    from importlib.metadata import entry_points

    installed = any(point.name == "platgov" for point in entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "platgov._testing.plugin"]
    (tmp_path / "test_host.py").write_text(HOST)

    def run(*more):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin, "--platgov-seed=11", *more]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout

    out = run()
    assert "2 failed, 1 passed" in out
    assert "exemption: account_id alone changes what follows" in out
    assert "pytest --platgov-seed=11 'test_host.py::test_unfair'" in out
    assert "there is no table golden.md" in out
    assert "1 passed" in run("--platgov-write-golden", "-k", "golden")
    assert "1 passed" in run("-k", "golden")


def test_golden_failures_list_the_rows():
    (row,) = GoldenTable.of(set_of("links > 3")).differences(set_of("links > 3 && age_days > 100000"))[:1]
    assert "was" in str(GoldenError("golden.md", (row,)))


def test_nothing_but_the_kit_imports_hypothesis_and_pytest():
    code = "import sys, platgov, platgov.consistency; print([m for m in ('hypothesis', 'pytest') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
