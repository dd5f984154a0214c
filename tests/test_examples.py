"""The examples that the first command of the README runs."""

import json
import os
import pathlib
import subprocess
import sys
import tomllib

import pytest

from platgov.enforcement import StatementOfReasons
from platgov.rules import RuleSet

ROOT = pathlib.Path(__file__).parents[1]
COMMENTS = ROOT / "examples" / "comments"
GOVERNANCE = ROOT / "examples" / "governance"
REAL = pathlib.Path(__file__).parents[2] / "shared" / "data" / "youtube-spam" / "comments.jsonl"
HELD_OUT = "04-Eminem"

# A process that reaches for the network, or for what only an extra or a test needs, fails at once.
OFFLINE = """
import runpy, socket, sys
for name in ("cryptography", "psycopg", "rich", "re2", "ahocorasick_rs", "hypothesis", "pytest"):
    sys.modules[name] = None
def refuse(*arguments, **named):
    raise OSError("the demo works without a network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def run(demo, folder, **more):
    """Run a demo in a folder, and give what it prints; it leaves nothing behind and says nothing else."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8", **more}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", OFFLINE, str(demo)],
        cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert list(folder.iterdir()) == []
    return done.stdout


@pytest.fixture(scope="module")
def adapter():
    sys.path.insert(0, str(COMMENTS))
    try:
        import adapter

        return adapter
    finally:
        sys.path.remove(str(COMMENTS))
        sys.modules.pop("adapter", None)


@pytest.fixture(scope="module")
def rules():
    return RuleSet.load(COMMENTS / "rules.toml")


@pytest.fixture(scope="module")
def sample():
    return [json.loads(line) for line in (COMMENTS / "sample.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_demo_runs_offline_from_anywhere_and_shows_every_decision_with_its_reasons(
    tmp_path, rules, sample, adapter
):
    out = run(COMMENTS / "demo.py", tmp_path)
    assert rules.digest in out
    parts = dict(zip([comment["id"] for comment in sample], out.split("\n\n")[1:], strict=False))
    for comment in sample:
        decision = rules.decide(adapter.facts_of(comment), at=1_770_000_000)
        part = parts[comment["id"]]
        assert part.startswith(comment["id"])
        assert f"     {decision.outcome.value}: " in part
        for said in (*decision.explain(), *decision.counterfactual()):
            assert said.text in part
        for measure in decision.measures:
            assert str(measure) in part
        for item in decision.defeated:
            assert f"{item.rule_id} is set aside by {', '.join(item.by)}" in part
        for item in decision.undetermined:
            assert all(f"{name} is {why}" in part for name, why in item.facts)


def test_the_sample_meets_every_kind_of_outcome_and_most_rules(rules, sample, adapter):
    decisions = [rules.decide(adapter.facts_of(comment), at=0) for comment in sample]
    assert {decision.outcome.value for decision in decisions} == {"none", "measures", "undetermined"}
    assert any(decision.defeated for decision in decisions)
    found = {finding.rule_id for decision in decisions for finding in decision.findings}
    assert len(found) >= len(rules.rules) / 2


def test_the_example_rules_name_no_one_and_cite_a_clause_each(rules):
    assert rules.grants == ()
    assert "author_name" not in rules.reads
    assert all(rule.clause and rule.says for rule in rules.rules)
    assert rules.schema.at(("author_name",)).role.value == "identity"


def test_the_example_rules_survive_being_written_and_read(rules, tmp_path):
    path = tmp_path / "again.toml"
    path.write_text(rules.dump(), encoding="utf-8")
    assert RuleSet.load(path).digest == rules.digest
    assert tomllib.loads((COMMENTS / "rules.toml").read_text(encoding="utf-8"))["lists"]
    assert "# Community rules" in rules.publish()


@pytest.mark.parametrize(
    "comment", [{}, {"text": None}, {"text": 3}, {"author": "x"}, {"text": "\x00" * 10}, {"text": ""}]
)
def test_a_comment_of_any_shape_is_decided_on(rules, adapter, comment):
    decision = rules.decide(adapter.facts_of(comment), at=0)
    assert decision.to_bytes() == rules.replay(decision).to_bytes()


def test_the_rules_find_spam_on_a_video_they_were_not_written_for(rules, adapter):
    if not REAL.exists():
        pytest.skip("the labelled collection of real comments is not here")
    hits = []
    for line in REAL.read_text(encoding="utf-8").splitlines():
        comment = json.loads(line)
        if comment["video"] == HELD_OUT:
            decision = rules.decide(adapter.facts_of(comment), at=0)
            hits.append((bool(decision.measures), comment["spam"]))
    true = sum(hit and spam for hit, spam in hits)
    assert len(hits) > 400
    assert true / sum(hit for hit, _ in hits) >= 0.9
    assert true / sum(spam for _, spam in hits) >= 0.7


# -- one account and its record ----------------------------------------------------------------


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return run(GOVERNANCE / "demo.py", tmp_path_factory.mktemp("demo"))


def test_the_governance_demo_prints_the_same_every_time(told, tmp_path):
    assert run(GOVERNANCE / "demo.py", tmp_path, PYTHONHASHSEED="7", TZ="Asia/Shanghai") == told


def test_the_governance_demo_climbs_the_ladder_and_comes_back_down(told):
    assert [told.count(f"Strikes standing, this one included: {number}.") for number in (1, 2, 3)] == [1, 1, 1]
    assert "        suspend account for 30 days, suspend feature (comments) for 7 days, warn, remove\n" in told
    assert "overturned by moderator:1: " in told
    assert "m2 was suspend feature (comments) for 7 days, warn, remove; it is now nothing (overturned)" in told
    assert "it is now suspend feature (comments) for 7 days, warn, remove (measured_again)" in told
    assert "the same, on every day from then on, as had it never been decided: yes" in told
    assert "strikes: 3 before the ruling, 2 after" in told


def test_the_governance_demo_states_reasons_to_the_public_and_in_two_languages(told):
    payload = json.loads(told[told.index("\n{\n") : told.index("\n}\n") + 3])
    assert StatementOfReasons.validate_dsa(payload) == ()
    assert "account:kim" not in json.dumps(payload)
    assert "violations of its schema: 0" in told
    assert "    Notice of a decision\n" in told
    assert "    处理决定通知\n" in told


def test_the_governance_demo_verifies_its_ledger_and_catches_both_forgeries(told):
    assert told[told.index("The ledger:") :].splitlines() == [
        "The ledger:",
        "  8 entries; against the checkpoint: all is as it was",
        "  the history read back from it is the same: yes",
        "  a copy with one word changed: caught: entry 2: key, subject or body is not what was committed to",
        "  all of it written anew, one decision another: 8 entries that fit together;",
        "    against the checkpoint: caught: the first 8 entries are not those of a kept checkpoint",
    ]


def test_the_first_command_runs_both_demos():
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ndemo:")[2].partition("\n\n")[0]
    assert [line.split()[-1] for line in lines.splitlines()[1:]][:2] == [
        "examples/comments/demo.py",
        "examples/governance/demo.py",
    ]
