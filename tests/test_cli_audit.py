"""The command that audits a ledger: what it finds, what it leaves open, and what each number comes from."""

import argparse
import json
import pathlib
import random
import subprocess
import sys

import pytest

from audit_support import RULES, T0, build
from platgov._cli import auditing
from platgov._report.audit import OUTCOMES, Options, audit
from platgov._report.groups import Groups
from platgov._report.queries import Source, queries
from platgov._report.text import text
from platgov.cli import main
from platgov.consistency import ParityStatus, parity, records
from platgov.errors import InputError
from platgov.ledger import Ledger, Record
from platgov.rules import RuleSet

SOURCE = pathlib.Path(__file__).parents[1] / "src"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A ledger in which people depart from the rules far more often for the south."""
    folder = tmp_path_factory.mktemp("world")
    build(folder, 900, favour=0.5)
    return folder


@pytest.fixture(scope="module")
def fair(tmp_path_factory):
    """A ledger in which nobody is favoured."""
    folder = tmp_path_factory.mktemp("fair")
    build(folder, 900, favour=0.0)
    return folder


@pytest.fixture
def run(monkeypatch, capfd):
    """Run the audit in a folder; give its exit code, what it prints and what it says."""

    def command(folder, *arguments):
        monkeypatch.chdir(folder)
        capfd.readouterr()
        code = main(["audit", *map(str, arguments)])
        return (code, *capfd.readouterr())

    return command


ALL = ("book.db", "rules.toml", "--group", "region", "--groups", "groups.csv")


# -- what is printed ---------------------------------------------------------------------------


def test_a_favoured_group_is_found_and_said_first(world, run):
    code, out, err = run(world, *ALL)
    assert (code, err) == (4, "")
    lines = out.splitlines()
    assert lines[0].startswith("audit of book.db: ") and " 900 decision, " in lines[0]
    assert any(line.startswith("FOUND  deviated: group south differs from the others by +") for line in lines[:8])
    assert any(line.startswith("FOUND  deviated: evidence about group south passed its limit") for line in lines[:8])
    for title in (
        "Decided again:", "Groups of region, by decisions: north ", "Deviated: a difference was found",
        "Waiting for measures: ", "Reviewers: ", "Agreement of independent readings", "Overturned on appeal",
        "How often rules applied (for information",
    ):  # fmt: skip
        assert f"\n{title}" in out


def test_where_nobody_is_favoured_nothing_is_found_and_what_could_not_be_seen_is_said(fair, run):
    code, out, err = run(fair, *ALL)
    assert (code, err) == (5, "")
    assert "FOUND" not in out
    assert "OPEN   overturned: too few cases to have seen a difference between groups that matters" in out


def test_everything_checked_and_nothing_found_is_the_only_zero(tmp_path, run):
    build(tmp_path, 60, favour=0.0)
    assert run(tmp_path, "book.db", "rules.toml")[0] == 0
    code, out, _ = run(tmp_path, "book.db")
    assert code == 5
    assert "entries could not be replayed (unknown rules)" in out


def test_one_silent_favour_is_an_alarm_with_its_entry(tmp_path, run):
    (tmp_path / "rules.toml").write_text(RULES)
    rules = RuleSet.load(tmp_path / "rules.toml")
    with Ledger.open(tmp_path / "book.db", origin="example.org/test") as ledger:
        for number in range(30):
            body = rules.decide({"links": number % 6, "rude": False, "score": 0}, at=T0 + number).to_dict()
            if number == 23:
                assert body["outcome"] == "measures"
                body |= {"outcome": "none", "findings": [], "measures": []}
            ledger.append_many([Record(value=body, key=f"k{number}", subject=f"u{number}")])
    code, out, _ = run(tmp_path, "book.db", "rules.toml")
    assert code == 4
    found = [line for line in out.splitlines() if line.startswith("FOUND")]
    assert [line.split(":")[0] for line in found] == [
        "FOUND  entry 23 is unexplained", "FOUND  entries 5 and 23 are equal cases",
    ]  # fmt: skip
    assert "(spam.links)" in found[0]


def test_a_ledger_that_was_changed_is_an_alarm(world, tmp_path, run):
    import shutil
    import sqlite3

    for name in ("book.db", "rules.toml"):
        shutil.copy(world / name, tmp_path / name)
    connection = sqlite3.connect(tmp_path / "book.db")
    with connection:
        (body,) = connection.execute("SELECT body FROM platgov_entries WHERE seq = 0").fetchone()
        changed = body.replace(b'"score":', b'"score":1')
        connection.execute("UPDATE platgov_entries SET body = ? WHERE seq = 0", (changed,))
    connection.close()
    code, out, _ = run(tmp_path, "book.db", "rules.toml")
    assert code == 4
    assert "FOUND  the ledger does not verify: " in out


def test_measures_that_nobody_carried_out_are_open_and_unexplained_once_they_should_have_been(tmp_path, run):
    build(tmp_path, 60, favour=0.0, lose=("c7", "c11"))
    code, out, _ = run(tmp_path, "book.db", "rules.toml")
    assert code == 5
    assert "measures follow from decisions and are not carried out on record" in out
    code, out, _ = run(tmp_path, "book.db", "rules.toml", "--enforced-until", "2027-01-01T00:00:00Z")
    assert code == 4
    assert sum("measures follow, and no sanction is recorded" in line for line in out.splitlines()) == 2
    assert run(tmp_path, "book.db", "rules.toml", "--enforced-until", "2020-01-01T00:00:00Z")[0] == 5


def test_groups_can_be_told_by_a_recorded_fact(world, run):
    code, out, _ = run(world, "book.db", "rules.toml", "--group", "rude")
    assert code in (4, 5)
    assert "\nGroups of rude, by decisions: false " in out
    code, out, err = run(world, "book.db", "rules.toml", "--group", "region")
    assert (code, out) == (1, "")
    assert err.startswith("--group: no decision recorded 'region' as a label (recorded facts: links, rude, score)")


def test_a_kept_checkpoint_is_checked(world, run, tmp_path):
    with Ledger.open(world / "book.db", read_only=True) as ledger:
        kept = ledger.checkpoint().text
    (tmp_path / "kept").write_text(kept)
    _, out, _ = run(world, "book.db", "rules.toml", "--checkpoint", tmp_path / "kept")
    assert "without a kept checkpoint" not in out
    lines = kept.split("\n")
    (tmp_path / "other").write_text("\n".join([lines[0], lines[1], "A" * 43 + "=", *lines[3:]]))
    code, out, _ = run(world, "book.db", "rules.toml", "--checkpoint", tmp_path / "other")
    assert code == 4
    assert "FOUND  the ledger does not verify: " in out


def test_json_has_everything_and_is_the_same_each_time(world, run):
    code, out, err = run(world, *ALL, "--json")
    again = run(world, *ALL, "--json")
    assert (code, out, err) == again
    found = json.loads(out)
    assert found["groups"]["north"] + found["groups"]["south"] == 900
    assert found["replay"]["counts"]["unexplained"] == 0
    assert set(found["compared"]) == {"deviated", "overturned"}
    assert found["alarms"] and all(type(says) is str for says in found["open"])


# -- what is refused ---------------------------------------------------------------------------


def test_what_cannot_be_read_is_said_in_a_line(world, run, tmp_path):
    (tmp_path / "bad.toml").write_text("id = ")
    (tmp_path / "twice.csv").write_text("subject,region\nu1,north\nu1,south\n")
    (tmp_path / "bytes.csv").write_bytes(b"subject,region\nu1,\xff\n")
    (tmp_path / "none.csv").write_text("")
    cases = [
        (("nothing.db",), "nothing.db: "),
        (("book.db", "nothing.toml"), "nothing.toml: No such file or directory"),
        (("book.db", "--groups", "groups.csv"), "groups.csv: which of its columns? give --group FIELD as well"),
        (("book.db", "--group", "x", "--groups", "groups.csv"), "groups.csv: has no column 'x'"),
        (("book.db", "--group", "x", "--groups", "nothing.csv"), "nothing.csv: No such file or directory"),
        (
            ("book.db", "--group", "region", "--groups", tmp_path / "twice.csv"),
            f"{tmp_path / 'twice.csv'}: gives 'u1' two",
        ),
        (
            ("book.db", "--group", "region", "--groups", tmp_path / "bytes.csv"),
            f"{tmp_path / 'bytes.csv'}: is no CSV in",
        ),
        (
            ("book.db", "--group", "region", "--groups", tmp_path / "none.csv"),
            f"{tmp_path / 'none.csv'}: has no column",
        ),
        (("book.db", "--enforced-until", "soon"), "--enforced-until: "),
        (("book.db", "--checkpoint", "rules.toml"), "rules.toml: "),
        (
            ("book.db", "rules.toml", "--html", tmp_path / "no" / "page.html"),
            f"{tmp_path / 'no' / 'page.html'}: No such",
        ),
    ]
    for arguments, wanted in cases:
        code, out, err = run(world, *arguments)
        assert (code, out, err.startswith(wanted), err.count("\n")) == (1, "", True, 1), (arguments, err)
    code, out, err = run(world, "book.db", tmp_path / "bad.toml")
    assert code == 1 and out.startswith(f"{tmp_path / 'bad.toml'}:1: ") and err.endswith("bad.toml: 1 problem\n")


@pytest.mark.parametrize("value", ["0", "1", "-1", "nan", "x", "", "inf"])
def test_a_chance_is_between_nought_and_one(value):
    for option in ("--alpha", "--floor"):
        with pytest.raises(SystemExit) as stopped:
            main(["audit", "book.db", option, value])
        assert stopped.value.code == 2


def test_without_the_extra_the_text_is_still_there_and_the_page_says_what_is_missing(world):
    code = "import sys; sys.modules['matplotlib'] = None; from platgov.cli import main; sys.exit(main(sys.argv[1:]))"
    for more, wanted in ((("--html", "page.html"), 1), ((), 4)):
        done = subprocess.run(
            [sys.executable, "-c", code, "audit", *ALL, *more], cwd=world, capture_output=True, text=True, check=False,
            env={"PYTHONPATH": str(SOURCE)},
        )  # fmt: skip
        assert done.returncode == wanted
        assert (done.stderr == "--html: needs the extra `report`: pip install 'platgov[report]'\n") is bool(more)
        assert done.stdout.startswith("audit of book.db") is not bool(more)
    assert not (world / "page.html").exists()


@pytest.mark.parametrize("missing", ["matplotlib", "attrs"])
def test_only_a_missing_extra_is_said_to_be_one(world, run, monkeypatch, missing):
    gone = "matplotlib" if missing == "matplotlib" else "platgov._report"
    for name in [name for name in sys.modules if name.startswith((gone, "platgov._report"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    if missing == "attrs":  # a broken installation is no missing extra
        with pytest.raises(ImportError, match="attrs"):
            run(world, "book.db", "--html", "page.html")
    else:
        code, out, err = run(world, "book.db", "--html", "page.html")
        assert (code, out) == (1, "")
        assert err == "--html: needs the extra `report`: pip install 'platgov[report]'\n"


@pytest.mark.parametrize(("stop", "code"), [(KeyboardInterrupt, 130), (BrokenPipeError, None)])
def test_an_audit_that_is_stopped_says_so_unless_nobody_reads(world, run, monkeypatch, stop, code):
    def stopped(*_, **__):
        raise stop

    monkeypatch.setattr(auditing, "_audited", stopped)
    if code is None:
        with pytest.raises(stop):
            auditing.run(argparse.Namespace(ledger=str(world / "book.db"), rules=[], html=None))
    else:
        assert run(world, "book.db") == (code, "", "interrupted\n")


def test_what_others_recorded_cannot_move_the_cursor(tmp_path, run):
    (tmp_path / "rules.toml").write_text(RULES)
    rules = RuleSet.load(tmp_path / "rules.toml")
    with Ledger.open(tmp_path / "book.db", origin="example.org/test") as ledger:
        decision = rules.decide({"links": 9, "rude": False, "score": 0}, at=T0)
        body = {**decision.to_dict(), "outcome": "\x1b[2J\u202enone"}
        ledger.append_many([Record(value=body, key="k", subject="u")])
    code, out, _ = run(tmp_path, "book.db", "rules.toml")
    assert code == 4
    assert all(char.isprintable() for line in out.splitlines() for char in line)


# -- what each number comes from ---------------------------------------------------------------


def made(folder, **options):
    rules = RuleSet.load(folder / "rules.toml")
    groups = Groups.from_csv(str(folder / "groups.csv"), "region")
    asked = Options(**options)
    with Ledger.open(folder / "book.db", read_only=True) as ledger:
        found = audit(ledger, [rules], groups=groups, options=asked)
    source = Source(ledger=str(folder / "book.db"), rules=(str(folder / "rules.toml"),), groups=groups, options=asked)
    return found, source


def answers(found, source):
    """Run every query as it is printed; give what each one gives."""
    given, namespace = {}, {}
    for query in queries(source, found):
        *before, last = query.code.split("\n")
        if query.id == "start":
            exec(query.code, namespace)
            continue
        # The last line, with the lines of it that are indented, is what the query gives.
        while last.startswith((" ", ")")):
            last = f"{before.pop()}\n{last}"
        exec("\n".join(before), namespace)
        given[query.id] = eval(last, namespace)
    namespace["ledger"].close()
    return given


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("by", ["file", "fact"])
def test_every_query_runs_and_gives_the_numbers_of_the_audit(world, by):
    if by == "file":
        found, source = made(
            world, outcomes=("deviated", "overturned", "appealed", "absorbed"), strata=("rule", "month")
        )
    else:
        rules = RuleSet.load(world / "rules.toml")
        with Ledger.open(world / "book.db", read_only=True) as ledger:
            groups = Groups.from_facts(ledger, "rude")
            found = audit(ledger, [rules], groups=groups)
        source = Source(
            ledger=str(world / "book.db"), rules=(str(world / "rules.toml"),), groups=groups, options=Options()
        )
    given = answers(found, source)
    assert given.pop("rows") == found.rows
    assert given.pop("replay").to_dict() == found.replay.to_dict()
    assert given.pop("pairs") == found.pairs
    assert given.pop("completeness") == found.completeness
    decisions, hits = given.pop("hits")
    assert [(row.rule, row.group, hits[row.rule, row.group], decisions[row.group]) for row in found.hits] == [
        (row.rule, row.group, row.hits, row.decisions) for row in found.hits
    ]
    for one in found.compared:
        assert given.pop(f"parity-{one.outcome}") == one.parity
        seen = {row.group: list(row.points) for row in found.watched if row.outcome == one.outcome}
        assert given.pop(f"monitor-{one.outcome}") == seen
    assert given.pop("waits") == found.waits
    assert given.pop("reviewers") == found.reviewers
    assert given.pop("agreement") == {one.rule: one.agreement for one in found.read}
    assert given.pop("quality") == {one.rule_id: one for one in found.qualities}
    assert given == {}


def test_every_finding_and_outcome_names_a_query_that_is_there(world):
    found, source = made(world)
    there = {query.id for query in queries(source, found)}
    assert {finding.query for finding in found.findings} <= there


def test_the_command_of_a_source_gives_the_same_text_again(world, run, monkeypatch):
    import shlex

    monkeypatch.chdir(world)
    found, _ = made(world, alpha=0.02, floor=0.1, strata=("rule", "month"), enforced_until=T0)
    source = Source(
        ledger="book.db", rules=("rules.toml",), groups=Groups.from_csv("groups.csv", "region"),
        options=Options(alpha=0.02, floor=0.1, strata=("rule", "month"), enforced_until=T0),
    )  # fmt: skip
    program, command, *arguments = shlex.split(source.command)
    assert (program, command) == ("platgov", "audit")
    _, out, _ = run(world, *arguments)
    assert out == text(found, source)


def test_the_chance_of_a_false_alarm_is_shared_out_between_all_comparisons(world):
    found, _ = made(world, alpha=0.05)
    comparisons = len(found.compared) + len({row.outcome for row in found.watched}) + (found.waits is not None)
    assert comparisons == 5
    assert found.level == pytest.approx(0.05 / comparisons)
    assert {one.parity.alpha for one in found.compared} == {found.level} == {found.waits.alpha}
    for outcome in ("deviated", "overturned"):
        rows = [row for row in found.watched if row.outcome == outcome]
        assert sum(row.alpha for row in rows) == pytest.approx(found.level)


def test_labels_dealt_out_by_lot_raise_no_alarm(fair):
    """The group alone: whatever people are called, nothing follows from it."""
    rules = RuleSet.load(fair / "rules.toml")
    lots = random.Random(5)
    with Ledger.open(fair / "book.db", read_only=True) as ledger:
        actors = sorted({entry.subject for entry in ledger.entries(kind="decision")})
        rows = list(records(ledger))
        for _ in range(20):
            labels = {actor: lots.choice(("a", "b", "c")) for actor in actors}
            groups = Groups(field="lot", path="lot.csv", labels=labels)
            found = parity(rows, group=groups.of, outcome=OUTCOMES["deviated"][1], alpha=0.0005)
            assert found.status is not ParityStatus.DISPARITY
        whole = audit(ledger, [rules], groups=groups)
    assert [finding for finding in whole.alarms if "group" in finding.says] == []


def test_groups_come_from_labels_alone(tmp_path):
    path = tmp_path / "g.csv"
    path.write_text("region,subject,age\nnorth,u1,1\n,u2,2\nsouth,u3,3\nnorth,u1,9\n", encoding="utf-8")
    assert Groups.from_csv(str(path), "region").labels == {"u1": "north", "u3": "south"}
    with pytest.raises(InputError, match="two groups, on line 5"):
        Groups.from_csv(str(path), "age")


def test_an_empty_ledger_is_audited(tmp_path, run):
    Ledger.open(tmp_path / "book.db", origin="example.org/test").close()
    (tmp_path / "rules.toml").write_text(RULES)
    (tmp_path / "groups.csv").write_text("subject,region\n")
    code, out, _ = run(tmp_path, *ALL)
    assert code == 5
    assert "so groups cannot be compared" in out
    assert out.startswith("audit of book.db: nothing\n0 found, 1 left open\n")
    assert run(tmp_path, "book.db")[0] == 0
