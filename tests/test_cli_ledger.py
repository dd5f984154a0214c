"""The command line and the ledger: what is recorded, checked, proven, overturned and erased, and what is refused."""

import contextlib
import io
import itertools
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from platgov._cli import recording
from platgov._cli.recording import named
from platgov._cli.report import Progress
from platgov._rules.files import loads
from platgov.cli import main
from platgov.enforcement import Actor, Appeal, AppealOutcome, History, Ladder, StatementOfReasons, Step
from platgov.errors import StorageError
from platgov.ledger import Checkpoint, InclusionProof, Ledger, leaf_hash
from platgov.measures import SuspendFeature
from stores_support import POSTGRES, fresh_schema

RULES = """
id = "community"
version = "2026.1"
[facts]
links = { type = "int", ge = 0 }
by = { type = "struct", fields = { name = { type = "text", role = "identity" }, age = "int" } }
[[rules]]
id = "spam.links"
clause = "4.2"
category = "scams_and_fraud"
when = "links > 3"
measures = ["remove"]
says = "Few links."
"""
AT = 1_770_000_000
AT_TEXT, LATER = "2026-02-02T02:40:00Z", "2026-02-03T00:00:00Z"
SOURCE = pathlib.Path(__file__).parents[1] / "src"
ONE, OTHER = ["overturn", "--by", "moderator:1"], ["--reason", "A mistake.", "--at", LATER]


def event(name, links=5, by="u1"):
    return {"id": name, "links": links, "by": {"name": by}}


@pytest.fixture
def run(capfd):
    """Run a command in this process; give its exit code, its output and what it said."""

    def command(*arguments):
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        return (code, *capfd.readouterr())

    return command


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Be in an empty folder with rules; give the path of a ledger to be."""
    monkeypatch.chdir(tmp_path)
    pathlib.Path("rules.toml").write_text(RULES)
    return pathlib.Path("book.db")


@pytest.fixture
def decide(run, book):
    """Decide on events with a ledger; give the exit code, the records and what was said."""

    def on(events, *more, at=AT_TEXT):
        lines = [one if isinstance(one, str) else json.dumps(one) for one in events]
        pathlib.Path("events.jsonl").write_text("\n".join(lines))
        code, out, err = run("decide", "rules.toml", "events.jsonl", "--ledger", book, "--at", at, *more)
        return code, [json.loads(line) for line in out.splitlines()], err

    return on


@pytest.fixture
def filled(decide, book):
    """Give a ledger of four decisions, about u1, u2, u1 and nobody."""
    assert decide([event("a"), event("b", 0, "u2"), event("c", 9), {"id": "d", "links": 1}])[0] == 0
    return book


def entries(book, **wanted):
    with Ledger.open(book, read_only=True) as ledger:
        return list(ledger.entries(**wanted))


LADDER = Ladder(
    id="l", version="1", steps=[Step(min_strikes=1, measure=SuspendFeature(feature="posting", days=7))], strike_days=30
)


@pytest.fixture
def sanctioned(filled):
    """Give a ledger with a sanction on the first decision, as entry 4, and the sanction."""
    decision = loads(RULES).replay(entries(filled)[0].bytes)
    sanction = LADDER.apply(decision, History("u1"), at=AT + 60)
    with Ledger.open(filled) as ledger:
        assert ledger.append(sanction, key="s", subject="u1").seq == 4
    return filled, sanction


# -- deciding with a ledger --------------------------------------------------------------------


def test_every_decision_is_recorded_as_its_own_bytes_under_a_key_of_event_and_rules(decide, book):
    code, records, err = decide([event("a"), event("b", 0, "u2"), event("c", 9)], "--origin", "example.org/d")
    assert code == 0
    found = entries(book)
    digest = loads(RULES).digest
    for number, (record, entry) in enumerate(zip(records, found, strict=True)):
        assert record["entry"] == entry.seq == number
        assert entry.body == record["decision"]
        assert (entry.at, entry.kind, entry.policy, entry.ledger) == (AT, "decision", digest, "example.org/d")
        assert entry.key == f"{digest}/id/{record['id']}"
    assert [entry.subject for entry in found] == ["u1", "u2", "u1"]
    assert err.splitlines()[-1] == "book.db: 3 recorded, 0 already recorded"


def test_a_second_run_records_nothing_and_gives_the_same_output(decide, book):
    events = [event("a"), {"links": 5}, {"links": 5}, event("x" * 300), event("\n"), event(7), "{"]
    code, records, _ = decide(events)
    before = [entry.leaf for entry in entries(book)]
    again, same, err = decide(events)
    assert code == again == 3  # for the line that is no event
    assert records == same
    assert [entry.leaf for entry in entries(book)] == before
    assert len(before) == 6
    assert "book.db: 0 recorded, 6 already recorded" in err


def test_a_run_goes_on_where_one_before_it_stopped(decide, book):
    decide([event(str(number)) for number in range(3)])
    _, records, err = decide([event(str(number)) for number in range(5)])
    assert "2 recorded, 3 already recorded" in err
    assert [record["entry"] for record in records] == [0, 1, 2, 3, 4]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(data=st.data())
def test_conflicts_are_counted_and_told_and_hide_no_other_decision(data, run, book, tmp_path):
    rules = loads(RULES)
    names = data.draw(st.lists(st.sampled_from("abcdefgh"), max_size=12), label="names")
    links = data.draw(st.lists(st.integers(0, 6), min_size=len(names), max_size=len(names)), label="links")
    with Ledger.open(":memory:") as ledger:
        shelf = recording.Book(ledger, "x", rules, "by.name")
        expected, first = [], {}
        lines = []
        for number, (name, count) in enumerate(zip(names, links, strict=True), 1):
            lines.append(recording_line(number, event(name, count)))
            expected.append(first.setdefault(name, count) == count)
        noted = shelf.note([(line, rules.decide(line.event, at=AT)) for line in lines])
        assert [one.problem is None for one in noted] == expected
        assert shelf.conflicts == expected.count(False)
        assert shelf.recorded == len(first) == ledger.size
        assert shelf.recorded + shelf.repeated + shelf.conflicts == len(names)
        for name, one in zip(names, noted, strict=True):
            if one.problem is None:
                assert ledger.entry(one.seq).body["facts"]["links"] == first[name]
            else:
                assert "is taken by entry" in one.problem


def recording_line(number, value):
    from platgov._cli.events import Line

    return Line(number, 1, value)


def test_conflicts_and_what_cannot_be_recorded_give_exit_code_3_and_stay_in_the_output(decide, book):
    decide([event("a")])
    code, records, err = decide([event("a", 6), event("b"), event("c", by=["u1"]), event("d", by=""), event("e", by=7)])
    assert code == 3
    assert records[0]["unrecorded"].endswith("is taken by entry 0: it has another body")
    assert records[0]["decision"]["facts"]["links"] == 6
    assert [record.get("entry") for record in records] == [None, 1, None, None, 2]
    assert records[2]["unrecorded"] == "subject is a list of 1; give text"
    assert records[3]["unrecorded"].startswith("subject has 0 characters")
    assert "2 recorded, 0 already recorded, 1 in conflict with what is recorded (is --at the same?), 2 that" in err
    assert [entry.subject for entry in entries(book)] == ["u1", "u1", "7"]


def test_another_instant_is_a_conflict_for_every_event(decide, filled):
    code, records, err = decide([event("a"), event("b", 0, "u2"), event("c", 9)], at=LATER)
    assert code == 3
    assert all("unrecorded" in record for record in records)
    assert "3 in conflict" in err
    assert len(entries(filled)) == 4


def test_other_rules_decide_on_the_same_events_anew(decide, book):
    decide([event("a")])
    pathlib.Path("rules.toml").write_text(RULES.replace("> 3", "> 4"))
    assert "1 recorded, 0 already" in decide([event("a")])[2]


def test_events_without_an_id_are_known_by_line_and_content(decide, book):
    code, _, err = decide([{"links": 5}, {"links": 5}, {"links": 5, "id": True}])
    assert code == 0
    assert err.splitlines()[-1].endswith("3 recorded, 0 already recorded; 3 without a subject; "
                                         "3 without an id, known by line and content")  # fmt: skip
    assert "2 recorded, 1 already" in decide([{"links": 5}, {"links": 6}, {"links": 5, "id": False}])[2]


def test_keys_of_odd_ids_differ_and_fit(decide, book):
    odd = ["x" * 160, "x" * 161, "x" * 10_000, "一" * 100, "a\nb", "\u202e", "", "line/1", "1", "2/../1"]
    code, _, err = decide([event(name) for name in odd])
    assert (code, len(odd)) == (0, len({entry.key for entry in entries(book)}))
    assert f"{len(odd)} recorded" in err


@pytest.mark.parametrize(
    ("facts", "more", "subject"),
    [
        ("", [], "u1"),
        ('other = { type = "text", role = "identity" }', [], None),
        ('other = { type = "text", role = "identity" }', ["--subject", "by.name"], "u1"),
        ("", ["--subject", "account"], "acc"),
        ("", ["--subject", "by.missing"], None),
        ("", ["--subject", "links.deeper"], None),
    ],
)
def test_the_subject_is_the_field_given_or_the_one_identity_fact(decide, book, facts, more, subject):
    pathlib.Path("rules.toml").write_text(RULES.replace("[facts]", f"[facts]\n{facts}"))
    code, _, err = decide([{**event("a"), "account": "acc"}], *more)
    assert code == 0
    assert entries(book)[0].subject == subject
    assert ("1 without a subject" in err) is (subject is None)


def test_csv_events_are_recorded_as_well_also_those_that_hold_no_text(run, book):
    pathlib.Path("e.csv").write_bytes(b"id,links,by.name\na,5,u1\n\xff,5,u2\n,5,\n,5,\xff\n")
    code, out, err = run("decide", "rules.toml", "e.csv", "--ledger", book, "--at", AT_TEXT)
    assert "3 recorded" in err
    assert code == 3  # a subject that is no text names nobody
    assert ["entry" in json.loads(line) for line in out.splitlines()] == [True, True, True, False]


def test_explain_tells_where_a_decision_is_recorded_or_why_not(run, decide, book):
    decide([event("a")])
    for records in (decide([event("a")])[1], decide([event("a", 6)])[1]):
        pathlib.Path("out").write_text("\n".join(map(json.dumps, records)))
        code, out, _ = run("explain", "out")
        assert code == 0
        said = f"not recorded: {records[0]['unrecorded']}" if "unrecorded" in records[0] else "recorded as entry 0"
        assert out.splitlines()[-1] == f"  {said}"


def test_nothing_is_put_out_before_it_is_recorded(book, monkeypatch, run):
    monkeypatch.setattr("platgov._cli.commands.BATCH", 3)
    pathlib.Path("e.jsonl").write_text("\n".join(json.dumps(event(str(number))) for number in range(8)))
    seen = []
    append = Ledger.append_many

    def watched(ledger, records):
        seen.append((pathlib.Path("out").stat().st_size, ledger.size))
        if len(seen) == 3:
            raise StorageError("full", "the disk is full")
        return append(ledger, records)

    monkeypatch.setattr("platgov._cli.commands._BUFFER", 0)
    monkeypatch.setattr(Ledger, "append_many", watched)
    code, _, err = run("decide", "rules.toml", "e.jsonl", "-o", "out", "--ledger", book, "--at", AT_TEXT)
    assert code == 1
    assert err == (
        "stopped: the disk is full\n"
        "book.db: 6 recorded, 0 already recorded; the same command with the same --at goes on from there\n"
    )
    lines = pathlib.Path("out").read_bytes().splitlines()
    assert [json.loads(line)["entry"] for line in lines] == list(range(6)) == [one.seq for one in entries(book)]
    assert [size for _, size in seen] == [0, 3, 6]
    assert seen[0][0] == 0 < seen[1][0] < seen[2][0] == pathlib.Path("out").stat().st_size


def test_long_events_do_not_pile_up(run, book, monkeypatch):
    monkeypatch.setattr("platgov._cli.commands._HELD", 100)
    batches = []
    note = recording.Book.note
    monkeypatch.setattr(recording.Book, "note", lambda book, given: batches.append(len(given)) or note(book, given))
    pathlib.Path("e.jsonl").write_text("\n".join(json.dumps(event(str(number) * 30)) for number in range(6)))
    assert run("decide", "rules.toml", "e.jsonl", "--ledger", book)[0] == 0
    assert batches == [2, 2, 2, 0]


def process(*arguments, **more):
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONWARNINGS": "error"}
    return subprocess.Popen(
        [sys.executable, "-m", "platgov", *map(str, arguments)],
        env=environment, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), **more,
    )  # fmt: skip


def test_an_interrupt_records_what_was_decided_and_the_next_run_goes_on(book, decide):
    out = pathlib.Path("out")
    with out.open("wb") as stdout:
        running = process(
            "decide", "rules.toml", "-", "--ledger", book, "--at", AT_TEXT, stdin=subprocess.PIPE, stdout=stdout
        )
    lines = [json.dumps(event(str(number))).encode() + b"\n" for number in range(700)]
    running.stdin.write(b"".join(lines))
    running.stdin.flush()
    until = time.monotonic() + 60
    while time.monotonic() < until:  # the pipe stays open: 200 decisions wait for more
        with contextlib.suppress(StorageError):
            if book.exists() and len(entries(book)) == 500:
                break
        time.sleep(0.1)
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert b"Traceback" not in err
    written = [json.loads(line)["entry"] for line in out.read_bytes().splitlines()]
    assert written == list(range(len(written))) == [entry.seq for entry in entries(book)]
    assert len(written) > 500
    assert decide([event(str(number)) for number in range(700)])[0] == 0
    assert [entry.seq for entry in entries(book)] == list(range(700))


def test_an_interrupt_in_this_process_records_what_waits(book, run, monkeypatch):
    def interrupted(stream):
        yield from (recording_line(number, event(str(number))) for number in range(3))
        raise KeyboardInterrupt

    monkeypatch.setattr("platgov._cli.commands.json_events", interrupted)
    pathlib.Path("e.jsonl").write_text("")
    code, out, err = run("decide", "rules.toml", "e.jsonl", "--ledger", book)
    assert code == 130
    assert [json.loads(line)["entry"] for line in out.splitlines()] == [one.seq for one in entries(book)] == [0, 1, 2]
    assert "interrupted after 3 events" in err
    assert "book.db: 3 recorded" in err


def test_a_line_that_was_put_out_is_recorded_even_if_the_process_is_killed(book, decide):
    running = process(
        "decide", "rules.toml", "-", "--ledger", book, "--at", AT_TEXT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    lines = [json.dumps(event(str(number))).encode() + b"\n" for number in range(1200)]
    running.stdin.write(b"".join(lines))
    running.stdin.flush()
    first = json.loads(running.stdout.readline())
    running.kill()
    running.stdin.close()
    seen = [first["entry"], *(json.loads(line)["entry"] for line in running.stdout if line.endswith(b"\n"))]
    running.stdout.close()
    running.stderr.close()
    running.wait(60)
    recorded = [entry.seq for entry in entries(book)]
    assert seen == list(range(len(seen)))
    assert recorded[: len(seen)] == seen
    assert decide([event(str(number)) for number in range(1200)])[0] == 0
    assert len({entry.key for entry in entries(book)}) == len(entries(book)) == 1200


def test_two_runs_at_once_record_every_event_once(book):
    pathlib.Path("e.jsonl").write_text("\n".join(json.dumps(event(str(number))) for number in range(1500)))
    given_ = ["decide", "rules.toml", "e.jsonl", "--ledger", book, "--at", AT_TEXT, "--no-reasons"]
    both = [process(*given_, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) for _ in range(2)]
    outs = [running.communicate(timeout=120) for running in both]
    assert [running.returncode for running in both] == [0, 0], outs
    assert outs[0][0] == outs[1][0]
    counts = [
        [int(part.split()[0].replace(",", "")) for part in err.decode().split("book.db: ")[1].split(", ")[:2]]
        for _, err in outs
    ]
    assert sum(recorded for recorded, _ in counts) == 1500
    assert all(recorded + repeated == 1500 for recorded, repeated in counts)
    assert [entry.seq for entry in entries(book)] == list(range(1500))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--origin", "x"], "--origin and --subject say how decisions are recorded; give --ledger FILE as well"),
        (["--subject", "x"], "--origin and --subject say how decisions are recorded; give --ledger FILE as well"),
        (["--ledger", "rules.toml"], "rules.toml: the file is no SQLite database"),
        (["--ledger", "."], ".: "),
        (["--ledger", "no/where.db"], "no/where.db: "),
        (["--ledger", "l.db", "--origin", "not one"], "l.db: ledger: $.origin: origin is text 'not one'"),
        (["--ledger", "other.db", "--origin", "b"], "other.db: this is the ledger 'a', not 'b'"),
        (["--ledger", "other.db", "-o", "other.db"], "other.db: is the ledger as well; write to another file"),
        (["--ledger", "postgresql://u:secret@127.0.0.1:1/x"], "postgresql://u:...@127.0.0.1:1/x: "),
    ],
)  # fmt: skip
def test_a_ledger_that_cannot_be_used_stops_the_run_before_anything_is_written(run, book, more, said):
    if any("postgresql" in one for one in more):
        pytest.importorskip("psycopg", reason="PostgreSQL needs psycopg")
    Ledger.open("other.db", origin="a").close()
    pathlib.Path("e.jsonl").write_text(json.dumps(event("a")))
    pathlib.Path("out").write_text("kept")
    output = [] if "-o" in more else ["-o", "out"]
    code, out, err = run("decide", "rules.toml", "e.jsonl", *output, *more)
    assert (code, out) == (1, "")
    assert err.startswith(said)
    assert "secret" not in err
    assert pathlib.Path("out").read_text() == "kept"
    assert entries("other.db") == []


# -- verifying ---------------------------------------------------------------------------------


def test_a_ledger_that_holds_is_said_to_with_what_that_means(run, filled):
    code, out, err = run("verify", filled)
    assert (code, err) == (0, "")
    with Ledger.open(filled) as ledger:
        head = ledger.checkpoint()
        origin = ledger.origin
    assert out.splitlines()[:2] == [f"book.db: ok, 4 entries of {origin}", f"root {head.text.splitlines()[2]}"]
    assert "no kept checkpoint was given: everything fits together, but whoever can write" in out


def test_kept_checkpoints_are_compared_and_what_they_cover_is_said(run, filled, decide):
    assert run("checkpoint", filled, "-o", "cp4") == (0, "", "")
    code, out, _ = run("checkpoint", filled)
    assert (code, out) == (0, pathlib.Path("cp4").read_text())
    assert "every entry is covered by a kept checkpoint" in run("verify", filled, "--checkpoint", "cp4")[1]
    decide([event("e")])
    run("checkpoint", filled, "-o", "cp5")
    out = run("verify", filled, "--checkpoint", "cp4")[1]
    assert "the first 4 entries are covered by a kept checkpoint, the 1 after them by none" in out
    assert run("export", filled, "-o", "x.jsonl")[0] == 0
    for target in (filled, "x.jsonl"):
        assert "every entry" in run("verify", target, "--checkpoint", "cp5", "--checkpoint", "cp4")[1]


TAMPERING = [
    ("UPDATE platgov_entries SET at = 0 WHERE seq = 1", "the hashes of the head are not those of the 4 entries (head)"),
    ("UPDATE platgov_entries SET body = CAST('{}' AS BLOB) WHERE seq = 1", "entry 1: "),
    ("UPDATE platgov_entries SET subject_text = 'u9' WHERE seq = 0", "entry 0: "),
    ("DELETE FROM platgov_entries WHERE seq = 3", "the head counts 4 entries, the last one is number 2 (head)"),
    (
        "UPDATE platgov_heads SET n = 9 WHERE stream = 'main'",
        "the counters of the streams are not those of the entries (stream_n)",
    ),
]


@pytest.mark.parametrize(("statement", "fault"), TAMPERING)
def test_a_changed_ledger_is_caught_with_the_first_fault(run, filled, statement, fault):
    run("checkpoint", filled, "-o", "cp")
    with contextlib.closing(sqlite3.connect(filled)) as connection, connection:
        connection.execute(statement)
    code, out, err = run("verify", filled, "--checkpoint", "cp")
    assert (code, out) == (1, "")
    assert err.startswith(f"book.db: does not hold: {fault}")
    assert err.count("\n") == 1


def test_a_ledger_written_anew_is_caught_by_the_checkpoint_alone(run, filled):
    run("checkpoint", filled, "-o", "cp")
    with Ledger.open(filled) as ledger, Ledger.open("anew.db", origin=ledger.origin) as anew:
        for entry in ledger.entries():
            anew.append(entry.body, key=entry.key)
    assert run("verify", "anew.db")[0] == 0
    assert run("export", "anew.db", "-o", "anew.jsonl")[0] == 0
    for target in ("anew.db", "anew.jsonl"):
        code, _, err = run("verify", target, "--checkpoint", "cp")
        assert (code, err) == (
            1, f"{target}: does not hold: the first 4 entries are not those of a kept checkpoint (root)\n"
        )  # fmt: skip


def test_a_changed_export_is_caught(run, filled):
    code, out, err = run("export", filled, "-o", "x.jsonl")
    assert (code, out) == (0, "")
    assert err.startswith("x.jsonl: 4 entries of platgov.ledger/")
    data = pathlib.Path("x.jsonl").read_bytes()
    assert run("verify", "x.jsonl")[0] == 0
    pathlib.Path("x.jsonl").write_bytes(data.replace(b'"links":9', b'"links":0'))
    code, _, err = run("verify", "x.jsonl")
    assert (code, err) == (
        1, "x.jsonl: does not hold: entry 2: key, subject or body is not what was committed to (commitment)\n"
    )  # fmt: skip
    pathlib.Path("x.jsonl").write_bytes(data[:-10])
    code, _, err = run("verify", "x.jsonl")
    assert (code, err) == (1, "x.jsonl: the line does not end, or is too long\n")


def test_signatures_of_checkpoints_are_checked_against_given_keys(run, filled):
    pytest.importorskip("cryptography", reason="signing needs the extra sign")
    from platgov.ledger import CosignatureSigner, Ed25519Signer

    own, witness = Ed25519Signer.generate("log"), CosignatureSigner.generate("witness")
    pathlib.Path("key").write_text(own.to_text() + "\n")
    assert run("checkpoint", filled, "--key-file", "key", "-o", "cp")[0] == 0
    signed = Checkpoint.parse(pathlib.Path("cp").read_text(), [own.verifier])
    pathlib.Path("both").write_text(signed.signed(witness.at(AT)).text)
    log, other = own.verifier.to_text(), Ed25519Signer.generate("log").verifier.to_text()
    assert run("verify", filled, "--checkpoint", "cp", "--key", log)[0] == 0
    assert run("verify", filled, "--checkpoint", "both", "--key", witness.verifier.to_text())[0] == 0
    code, _, err = run("verify", filled, "--checkpoint", "cp", "--key", other)
    assert (code, err[:4]) == (1, "cp: ")
    code, _, err = run("verify", filled, "--key", log)
    assert (code, err) == (1, "--key checks who signed checkpoints; give --checkpoint FILE as well\n")
    assert run("export", filled, "--key-file", "key", "-o", "x.jsonl")[0] == 0
    run("export", filled, "-o", "unsigned.jsonl")
    code, out, _ = run("verify", "x.jsonl", "--key", log)
    assert code == 0
    assert "the checkpoint at the end is signed by a given key" in out
    assert run("verify", "x.jsonl", "--key", other)[0] == 1
    assert run("verify", "unsigned.jsonl", "--key", log)[0] == 1
    assert run("verify", "unsigned.jsonl", "--checkpoint", "cp", "--key", log)[0] == 0
    assert run("prove", filled, 2, "--key-file", "key", "-o", "proof")[0] == 0
    code, out, _ = run("verify-proof", "proof", "--key", log)
    assert code == 0
    assert "worth no more" not in out
    assert run("verify-proof", "proof", "--key", other)[0] == 1
    assert run("prove", filled, 2, "--key-file", "key", "--checkpoint", "cp")[2].startswith("--key-file signs a")


def test_keys_that_are_none_are_refused_and_secrets_not_shown(run, filled):
    pathlib.Path("key").write_text("PRIVATE+KEY+log+00000000+c2VjcmV0")
    code, _, err = run("checkpoint", filled, "--key-file", "key")
    assert (code, err) == (1, "key: expected the algorithm byte 0x01 and 32 bytes of key\n")
    run("checkpoint", filled, "-o", "cp")
    code, _, err = run("verify", filled, "--checkpoint", "cp", "--key", "mine")
    assert (code, err) == (1, "--key 'mine': expected name+id+base64, the id in 8 lower-case hex digits\n")
    code, _, err = run("verify", filled, "--checkpoint", "cp", "--key", pathlib.Path("key").read_text())
    assert (code, err.startswith("--key 'PRIVATE': ")) == (1, True)
    assert "c2VjcmV0" not in err


def test_the_extra_that_signs_is_named_where_it_is_missing(run, filled, monkeypatch):
    pytest.importorskip("cryptography", reason="a key is made with the extra sign")
    from platgov.ledger import Ed25519Signer

    pathlib.Path("key").write_text(Ed25519Signer.generate("log").to_text())
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    code, _, err = run("checkpoint", filled, "--key-file", "key")
    assert (code, err) == (1, "key: Ed25519 needs the extra: pip install 'platgov[sign]'\n")


def test_an_export_goes_to_standard_output_and_never_over_a_file(run, filled):
    code, out, _ = run("export", filled, "-o", "-")
    assert code == 0
    pathlib.Path("x.jsonl").write_text(out)
    assert run("verify", "x.jsonl")[0] == 0
    assert run("export", filled, "-o", "x.jsonl") == (
        1,
        "",
        "x.jsonl: exists and is not overwritten; give another name\n",
    )
    assert pathlib.Path("x.jsonl").read_text() == out


def test_a_kept_checkpoint_is_never_written_over(run, filled, decide):
    run("checkpoint", filled, "-o", "cp")
    kept = pathlib.Path("cp").read_text()
    decide([event("e")])
    assert run("checkpoint", filled, "-o", "cp") == (1, "", "cp: exists and is not overwritten; give another name\n")
    assert pathlib.Path("cp").read_text() == kept


def test_half_an_export_is_not_left_behind(run, filled, monkeypatch):
    def fails(ledger, file, progress=None):
        file.write(b"{")
        raise StorageError("io", "the database went away")

    monkeypatch.setattr(Ledger, "export", fails)
    assert run("export", filled, "-o", "x.jsonl") == (1, "", "book.db: the database went away\n")
    assert not pathlib.Path("x.jsonl").exists()


def test_progress_of_a_verification_is_shown_on_a_terminal_and_cleared(filled, monkeypatch, capfd):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    clock = itertools.count()
    monkeypatch.setattr("platgov._cli.report.time.monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert main(["verify", str(filled)]) == 0
    assert "\r4 entries, 4 a second, 100%, 0:00 left\x1b[K" in sys.stderr.getvalue()
    assert sys.stderr.getvalue().endswith("\r\x1b[K")
    monkeypatch.setattr("platgov._cli.report.time.monotonic", lambda: 0.0)
    still = Progress(Terminal(), None)
    still.reach(1, 2)  # too soon to say anything
    assert still.stream.getvalue() == ""
    quiet = Progress(io.StringIO(), None)
    quiet.reach(1, 2)
    assert quiet.stream.getvalue() == ""
    capfd.readouterr()


# -- proofs ------------------------------------------------------------------------------------


def test_a_proof_holds_without_the_ledger_against_a_kept_checkpoint(run, filled, decide):
    run("checkpoint", filled, "-o", "cp")
    decide([event("e")])
    for seq in range(4):
        code, text, err = run("prove", filled, seq, "--checkpoint", "cp")
        assert (code, err) == (0, "")
        proof, stated, extra = InclusionProof.from_text(text)
        proof.verify(leaf_hash(extra), Checkpoint.parse(pathlib.Path("cp").read_text()))
        assert extra == entries(filled)[seq].leaf
        pathlib.Path("proof").write_text(text)
        filled.rename("away")
        code, out, _ = run("verify-proof", "proof", "--checkpoint", "cp")
        pathlib.Path("away").rename(filled)
        assert code == 0
        assert out.splitlines() == [f"proof: ok, entry {seq} of 4 of {stated.origin}", extra.decode()]
    assert "worth no more than who gave it" in run("verify-proof", "proof")[1]
    code, _, err = run("prove", filled, 4, "--checkpoint", "cp")
    assert (code, err.startswith("book.db: ")) == (1, True)
    run("prove", filled, 4, "-o", "new")
    code, _, err = run("verify-proof", "new", "--checkpoint", "cp")
    assert code == 1
    assert err.startswith("cp: covers 4 entries of platgov.ledger/")


def test_a_changed_proof_is_caught_wherever_it_was_changed(run, filled):
    run("prove", filled, 2, "-o", "proof")
    text = pathlib.Path("proof").read_text()
    lines = text.splitlines(keepends=True)
    changed = 0
    for number, line in enumerate(lines):
        if line == "\n":
            continue
        place = len(line) // 2
        other = line[:place] + ("A" if line[place] != "A" else "B") + line[place + 1 :]
        pathlib.Path("proof").write_text("".join([*lines[:number], other, *lines[number + 1 :]]))
        code, out, err = run("verify-proof", "proof")
        assert (code, out, err.startswith("proof: ") or "Traceback" in err) == (1, "", True), line
        changed += 1
    assert changed == 8
    for broken in ("", "x", text.replace("extra", "extrax"), "".join([lines[0], *lines[2:]])):
        pathlib.Path("proof").write_text(broken)
        code, _, err = run("verify-proof", "proof")
        assert code == 1
        assert err


def test_a_proof_for_another_ledger_of_that_name_and_size_is_caught(run, filled):
    run("checkpoint", filled, "-o", "cp")
    with Ledger.open(filled) as ledger, Ledger.open("anew.db", origin=ledger.origin) as anew:
        for entry in ledger.entries():
            anew.append(entry.body, key=entry.key)
    run("prove", "anew.db", 2, "-o", "proof")
    assert run("verify-proof", "proof")[0] == 0
    code, _, err = run("verify-proof", "proof", "--checkpoint", "cp")
    assert (code, err) == (1, "proof: does not hold: the proof is not for the ledger of cp (root)\n")


def test_a_leaf_of_another_place_is_caught_although_its_hash_fits(run, filled):
    with Ledger.open(filled) as ledger:
        kept = ledger.checkpoint()
        proof = ledger.prove_inclusion(2, kept)
        other = Checkpoint(origin="another", size=kept.size, root=kept.root)
        pathlib.Path("proof").write_text(proof.to_text(other, extra=ledger.entry(2).leaf))
    code, _, err = run("verify-proof", "proof")
    assert (code, err) == (1, "proof: does not hold: the entry is of another place than the proof (leaf)\n")


# -- the log -----------------------------------------------------------------------------------


def test_the_log_lists_entries_and_is_narrowed_down(run, filled):
    code, out, _ = run("log", filled)
    assert code == 0
    assert out.splitlines() == [
        f"0  {AT_TEXT}  decision  u1  measures  spam.links: remove",
        f"1  {AT_TEXT}  decision  u2  none",
        f"2  {AT_TEXT}  decision  u1  measures  spam.links: remove",
        f"3  {AT_TEXT}  decision  none",
    ]

    def numbers(*more):
        code, out, _ = run("log", filled, *more)
        assert code == 0
        return [int(line.split()[0]) for line in out.splitlines()]

    assert numbers("--subject", "u1") == numbers("--rule", "spam.links") == [0, 2]
    assert numbers("--subject", "nobody") == numbers("--kind", "sanction") == numbers("--stream", "x") == []
    assert numbers("--since", AT_TEXT, "--until", LATER) == numbers("--stream", "main") == [0, 1, 2, 3]
    assert numbers("--since", LATER) == numbers("--until", AT_TEXT) == numbers("--limit", "0") == []
    assert numbers("--limit", "2") == [2, 3]
    assert numbers("--limit", "1", "--subject", "u1") == [2]


def test_the_log_as_json_holds_everything(run, filled):
    code, out, _ = run("log", filled, "--json")
    assert code == 0
    for line, entry in zip(out.splitlines(), entries(filled), strict=True):
        data = json.loads(line)
        assert data["body"] == entry.body
        assert data["leaf_hash"] == entry.leaf_hash.hex()
        assert (data["seq"], data["subject"], data["key"]) == (entry.seq, entry.subject, entry.key)
        assert (data["overturned_by"], data["erased"], data["at"]) == (None, False, AT_TEXT)


def test_the_log_tells_every_kind_and_lets_nothing_forge_a_line(run, sanctioned):
    book, sanction = sanctioned
    history = History("u1").add(sanction)
    appeal = Appeal.file(history, sanction.id, at=AT + 120, by="u1", text="No.\n9  -  forged\x1b[2J")
    ruling = appeal.decide(
        history.add(appeal), AppealOutcome.OVERTURNED, by=Actor(id="r"), at=AT + 180, reason="Right."
    )
    with Ledger.open(book) as ledger:
        ledger.append(appeal.to_dict(), key="appeal", subject="u1")
        ledger.append(ruling.to_dict(), key="ruling", subject="u1")
        ledger.append({"kind": "sanction"}, key="odd")
        ledger.append({"kind": "decision", "outcome": 3}, key="odd 2")
        ledger.append({"kind": "overturn", "by": 3, "sanction": 9}, key="odd 3")
        ledger.append({"kind": "note", "secret": 1}, key="note", protected=True)
        ledger.append({"x": 1}, key="plain")
        ledger.reveal(10, by="dpo", reason="asked for")
    code, out, _ = run("log", book)
    assert code == 0
    lines = out.splitlines()
    assert len(lines) == 13
    assert lines[4].endswith(f"sanction  u1  imposed  {sanction.id}  suspend_feature, remove  overturned by 6")
    assert "\x1b" not in out
    assert lines[5].startswith("5  2026-02-02T02:42:00Z  appeal  u1  of s-")
    assert "forged" in lines[5]
    assert lines[6].endswith("overturned, by r: Right.")
    assert lines[7:] == [
        "7  -  sanction  ",
        "8  -  decision  ",
        "9  -  overturn  ",
        "10  -  note  protected",
        "11  -  record  ",
        "12  -  access  to entry 10  by dpo: asked for",
    ]


def test_instants_and_numbers_that_are_none_are_refused(run, filled, capfd):
    assert run("log", filled, "--since", "2026") == (
        1, "", "--since: expected an instant such as 2026-11-24T15:00:00Z or …+08:00, got '2026'\n"
    )  # fmt: skip
    for wrong in ("-1", "x", "9" * 30, "１"):
        with pytest.raises(SystemExit) as caught:
            main(["log", str(filled), "--limit", wrong])
        assert caught.value.code == 2
        assert "is no whole number" in capfd.readouterr().err


# -- overturning -------------------------------------------------------------------------------


def test_a_decision_is_overturned_exactly_once_and_the_log_shows_it(run, filled):
    code, out, err = run(*ONE, filled, 0, *OTHER)
    assert (code, out, err) == (0, "entry 0: decision overturned, by entry 4\n", "")
    (found,) = entries(filled, kind="overturn")
    assert found.body == {
        "kind": "overturn", "schema": 1, "entry": 0, "at": LATER, "reason": "A mistake.",
        "decision": loads(RULES).replay(entries(filled)[0].bytes).digest,
        "by": {"id": "moderator:1", "authority": "reviewer", "interests": []},
    }  # fmt: skip
    assert (found.subject, found.stream, found.key) == ("u1", "main", "overturn/0")
    for more in (OTHER, ["--reason", "Again.", "--at", LATER], [*OTHER, "--authority", "senior"]):
        assert run(*ONE, filled, 0, *more) == (1, "", "entry 0: is overturned already, by entry 4\n")
    assert len(entries(filled)) == 5
    out = run("log", filled, "--rule", "spam.links")[1]
    assert [line.endswith("overturned by 4") for line in out.splitlines()] == [True, False]
    assert json.loads(run("log", filled, "--json", "--limit", 5)[1].splitlines()[0])["overturned_by"] == 4
    assert run("verify", filled)[0] == 0


def test_who_is_quicker_overturns_and_the_other_is_told(run, filled, monkeypatch):
    monkeypatch.setattr("platgov._cli.overturning.overturned_by", lambda ledger, entry: None)
    assert run(*ONE, filled, 0, *OTHER)[0] == 0
    for reason in ("A mistake.", "Another."):  # the very same, and another one
        code, _, err = run(*ONE, filled, 0, "--reason", reason, "--at", LATER)
        assert (code, err) == (1, "entry 0: is overturned already, by entry 4\n")
    assert len(entries(filled)) == 5


def test_an_entry_is_found_by_digest_id_or_a_beginning_of_one(run, sanctioned):
    book, sanction = sanctioned
    digests = {loads(RULES).replay(entry.bytes).digest: entry.seq for entry in entries(book, kind="decision")}
    for digest, seq in digests.items():
        assert sum(other.startswith(digest[:20]) for other in digests) == 1
        code, out, _ = run(*ONE, book, digest[:20], *OTHER)
        assert (code, out.split(":")[0]) == (0, f"entry {seq}")
    code, _, err = run(*ONE, book, "sha256:", *OTHER)
    assert (code, "give the number of an entry" in err) == (1, True)
    code, out, _ = run(*ONE, book, sanction.id[:9], *OTHER)
    assert (code, out.split(":")[0]) == (0, "entry 4")


def test_ambiguous_and_unknown_names_are_refused_with_what_there_is(run, decide, book):
    decide([event(str(number)) for number in range(7)])  # equal facts: equal decisions
    digest = loads(RULES).replay(entries(book)[0].bytes).digest
    code, _, err = run(*ONE, book, digest, *OTHER)
    assert (code, err) == (
        1, f"{digest}: is the beginning of 7 ids, of entries 0, 1, 2, 3, 4, ...; give the number\n"
    )  # fmt: skip
    none = "sha256:" + "0" * 64
    assert run(*ONE, book, none, *OTHER)[2] == f"{none}: no decision in the ledger has an id that begins so\n"
    assert run(*ONE, book, "s-00", *OTHER)[2] == "s-00: no sanction in the ledger has an id that begins so\n"
    assert run(*ONE, book, 7, *OTHER)[2] == "7: there is no such entry\n"
    assert run(*ONE, book, 9 * 10**18 + 10**18 - 1, *OTHER)[2].endswith("there is no such entry\n")
    for wrong in ("zz", "", "sha256:XY", "s-", "-"):
        assert run(*ONE, book, wrong, *OTHER)[:2] == (1, "")
    assert len(entries(book)) == 7


def test_a_sanction_is_overturned_by_an_event_that_a_history_takes(run, sanctioned):
    book, sanction = sanctioned
    code, _, err = run(*ONE, book, 0, *OTHER)
    assert (code, err) == (
        0, "entry 4: a sanction that follows from it still stands; overturn it as well if it should not\n"
    )  # fmt: skip
    assert run(*ONE, book, sanction.id, *OTHER, "--authority", "senior")[0] == 0
    bodies = [entry.body for entry in entries(book, subject="u1") if entry.seq in (4, 6)]
    read = History.from_dict({"kind": "history", "schema": 1, "subject": "u1", "events": bodies}, ladders=[LADDER])
    assert read.state(at=AT + 10**6) == History("u1").state(at=AT + 10**6)
    assert read.events[-1].by == Actor(id="moderator:1", authority=read.events[-1].by.authority.SENIOR)
    assert run(*ONE, book, 4, *OTHER)[2] == "entry 4: is overturned already, by entry 6\n"
    assert run(*ONE, book, 2, *OTHER)[2] == ""  # nothing follows from that one


def test_only_sanctions_about_the_same_subject_follow_from_a_decision(run, sanctioned):
    book, sanction = sanctioned
    with Ledger.open(book) as ledger:  # the same facts, and so the same decision, about somebody else
        assert ledger.append(ledger.entry(0).body, key="twin", subject="u2", stream="of.u2").seq == 5
        assert sanction.decision_digest == loads(RULES).replay(ledger.entry(5).bytes).digest
    assert run(*ONE, book, 5, *OTHER)[2] == ""
    assert [entry.seq for entry in entries(book, stream="of.u2")] == [5, 6]  # it stands in the same series


@pytest.mark.parametrize("kind", ["overturn", "ruling", "upheld"])
def test_a_sanction_that_a_host_overturned_is_known_to_be(run, sanctioned, kind):
    book, sanction = sanctioned
    history = History("u1").add(sanction)
    with Ledger.open(book) as ledger:
        if kind == "overturn":
            event_ = history.overturn(sanction.id, by="r", at=AT + 99).events[-1]
        else:
            appeal = Appeal.file(history, sanction.id, at=AT + 98, by="u1", text="No.")
            outcome = AppealOutcome.UPHELD if kind == "upheld" else AppealOutcome.OVERTURNED
            event_ = appeal.decide(history.add(appeal), outcome, by="r", at=AT + 99, reason="So.")
        ledger.append(event_.to_dict(), key="by the host", subject="u1")
    code, _, err = run(*ONE, book, 4, *OTHER)
    assert (code, err) == ((0, "") if kind == "upheld" else (1, "entry 4: is overturned already, by entry 5\n"))
    assert run(*ONE, book, 0, *OTHER)[2] == ""  # the sanction does not stand any more


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["4", "--by", "m", "--reason", "x"], "entry 4: is of kind note; only decisions and sanctions are overturned"),
        (["5", "--by", "m", "--reason", "x"], "entry 5: is protected, and not read by this command"),
        (["6", "--by", "m", "--reason", "x"], "entry 6: is erased"),
        (["7", "--by", "m", "--reason", "x"], "entry 7: cannot be overturned: kind is missing"),
        (["0", "--by", "m", "--reason", "x", "--at", "2026-01-01T00:00:00Z"], f"entry 0: is of {AT_TEXT}; give"),
        (["0", "--by", "u1", "--reason", "x"], "entry 0: 'u1' is the one concerned and may not overturn it"),
        (["0", "--by", " ", "--reason", "x"], "--by: is blank"),
        (["0", "--by", "m", "--reason", ""], "--reason: is blank"),
        (["0", "--by", "m" * 300, "--reason", "x"], "book.db: id is 300 bytes long; give at most 256"),
        (["0", "--by", "m", "--reason", "x", "--at", "soon"], "--at: expected an instant such as"),
    ],
)  # fmt: skip
def test_what_may_not_be_overturned_is_not(run, filled, more, said):
    with Ledger.open(filled) as ledger:
        ledger.append({"kind": "note"}, key="4")
        ledger.append({"kind": "decision"}, key="5", protected=True)
        ledger.append({"kind": "decision"}, key="6", subject="gone")
        ledger.append({"kind": "sanction"}, key="7")
        ledger.erase(subject="gone")
    before = len(entries(filled))
    if said.startswith("entry 7"):
        said = "entry 7: cannot be overturned: "
    code, out, err = run("overturn", filled, *more)
    assert (code, out) == (1, "")
    assert err.startswith(said)
    assert len(entries(filled)) == before


def test_the_account_concerned_does_not_overturn_its_sanction_even_where_the_subject_is_not_recorded(run, sanctioned):
    book, sanction = sanctioned
    with Ledger.open(book) as ledger:
        ledger.append(sanction, key="again")
    code, _, err = run("overturn", book, 5, "--by", "u1", *OTHER)
    assert (code, err) == (1, "entry 5: 'u1' is the one concerned and may not overturn it\n")


# -- erasing -----------------------------------------------------------------------------------


def test_erasing_takes_everything_personal_and_leaves_every_proof(run, filled):
    run(*ONE, filled, 0, *OTHER)
    run("checkpoint", filled, "-o", "cp")
    code, out, err = run("erase", filled, "--subject", "u1", "--by", "dpo", "--reason", "asked to", "--at", LATER)
    assert (code, out) == (0, "3 entries erased, as entry 5 says\n")
    assert err == "copies made before, exports and backups are not reached\n"
    assert b"u1" not in filled.read_bytes()
    lines = run("log", filled)[1].splitlines()
    assert lines[0] == f"0  {AT_TEXT}  decision  erased  overturned by 4"  # known without what was erased
    assert lines[5] == f"5  {LATER}  erasure  of 3 entries  by dpo: asked to"
    assert run("verify", filled, "--checkpoint", "cp")[0] == 0
    assert "3 erased" in run("verify", filled)[1]
    assert run("erase", filled, "--subject", "u1", "--by", "dpo", "--reason", "x") == (
        1, "", "book.db: there is nothing about 'u1'\n"
    )  # fmt: skip


def test_what_is_erased_is_not_found_by_its_digest_any_more(run, filled):
    digest = loads(RULES).replay(entries(filled)[2].bytes).digest
    run("erase", filled, "--subject", "u1", "--by", "dpo", "--reason", "x")
    assert run(*ONE, filled, digest, *OTHER)[2] == f"{digest}: no decision in the ledger has an id that begins so\n"


def test_an_event_whose_record_was_erased_is_not_recorded_again(run, filled, decide):
    run("erase", filled, "--subject", "u1", "--by", "dpo", "--reason", "x")
    code, records, _ = decide([event("a"), event("b", 0, "u2")])
    assert code == 3
    assert "erased" in records[0]["unrecorded"]
    assert records[1]["entry"] == 1


# -- statements --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["4", "s-"])
def test_a_statement_is_written_for_the_person_and_for_the_register(run, sanctioned, name):
    book, sanction = sanctioned
    name = name if name == "4" else sanction.id
    decision = loads(RULES).replay(entries(book)[0].bytes)
    wanted = StatementOfReasons.of(decision, sanction)
    code, out, err = run("statement", book, name, "--rules", "rules.toml")
    assert (code, out, err) == (0, wanted.to_notice().rstrip() + "\n", "")
    code, out, _ = run("statement", book, name, "--rules", "rules.toml", "--language", "zh")
    assert (code, out) == (0, StatementOfReasons.of(decision, sanction, language="zh").to_notice().rstrip() + "\n")
    code, out, _ = run("statement", book, name, "--rules", "rules.toml", "--format", "dsa")
    assert json.loads(out) == wanted.to_dsa()
    run(*ONE, book, 4, *OTHER)
    code, _, err = run("statement", book, 4, "--rules", "rules.toml")
    assert (code, err) == (0, "entry 4: is overturned by entry 5; this says what was told at first\n")


def test_a_statement_that_cannot_be_made_says_why(run, sanctioned):
    book, sanction = sanctioned
    pathlib.Path("other.toml").write_text(RULES.replace("> 3", "> 4"))
    cases = [
        (["0", "--rules", "rules.toml"], "entry 0: is no sanction that can be read; it is of kind decision"),
        (["4", "--rules", "other.toml"], f"other.toml: are not the rules that decided; those are {sanction.rule_set}"),
        (["4", "--rules", "none.toml"], "none.toml: No such file or directory"),
        (["4", "--rules", "book.db"], "book.db: "),
        (["4", "--rules", "rules.toml", "--language", "tlh"], "book.db: "),
        (["9", "--rules", "rules.toml"], "9: there is no such entry"),
    ]
    for arguments, said in cases:
        code, out, err = run("statement", book, *arguments)
        assert (code, out) == (1, "")
        assert err.startswith(said), arguments
    with Ledger.open("alone.db") as ledger:
        ledger.append(sanction, key="s")
    code, _, err = run("statement", "alone.db", 0, "--rules", "rules.toml")
    assert (code, err) == (1, f"entry 0: its decision {sanction.decision_digest} is not in the ledger\n")


# -- what is no ledger -------------------------------------------------------------------------

REST = {
    "verify": [], "checkpoint": [], "log": [], "export": ["-o", "x"], "prove": ["0"],
    "overturn": ["0", "--by", "m", "--reason", "x"], "erase": ["--subject", "u", "--by", "m", "--reason", "x"],
    "statement": ["0", "--rules", "rules.toml"],
}  # fmt: skip


@pytest.mark.parametrize("command", REST)
def test_a_ledger_that_is_not_there_is_named_and_never_created(run, book, command):
    for name in ("none.db", "none/none.db", "rules.toml", "."):
        code, out, err = run(command, name, *REST[command])
        assert (code, out) == (1, "")
        assert err.startswith(f"{name}: ")
        assert err.count("\n") == 1
    assert sorted(os.listdir()) == ["rules.toml"]


@pytest.mark.parametrize("command", ["verify", "verify-proof"])
def test_files_that_are_no_checkpoint_or_no_text_are_named(run, filled, command):
    run("prove", filled, 0, "-o", "proof")
    target = filled if command == "verify" else "proof"
    pathlib.Path("binary").write_bytes(b"\xff\xfe")
    pathlib.Path("long").write_text("x" * (1 << 21))
    for wrong, said in [
        ("none", "none: No such file or directory"), (".", ".: Is a directory"), ("rules.toml", "rules.toml: "),
        ("binary", "binary: is no text in UTF-8"), ("long", "long: longer than 1048576 bytes"),
    ]:  # fmt: skip
        code, out, err = run(command, target, "--checkpoint", wrong)
        assert (code, out) == (1, "")
        assert err.startswith(said)


def test_a_proof_is_read_from_standard_input_and_its_file_named_if_missing(run, filled):
    out = run("prove", filled, 0, "-o", "-")[1]
    done = subprocess.run(
        [sys.executable, "-m", "platgov", "verify-proof", "-"],
        input=out.encode(), capture_output=True, env={**os.environ, "PYTHONPATH": str(SOURCE)}, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout[:14]) == (0, b"-: ok, entry 0")
    assert run("verify-proof", "none") == (1, "", "none: No such file or directory\n")


def test_a_pipe_that_breaks_in_this_process_ends_quietly(run, filled, monkeypatch):
    def broken(*_, **__):
        raise BrokenPipeError

    out = os.dup(1)
    try:
        monkeypatch.setattr(Ledger, "checkpoint", broken)
        assert main(["checkpoint", str(filled)]) == 0
    finally:
        os.dup2(out, 1)
        os.close(out)


def test_a_checkpoint_is_read_from_standard_input(run, filled, monkeypatch):
    text = run("checkpoint", filled)[1]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert "every entry is covered" in run("verify", filled, "--checkpoint", "-")[1]


def test_output_that_cannot_be_written_is_named(run, filled):
    for command in (["checkpoint", filled], ["export", filled], ["prove", filled, 0]):
        code, _, err = run(*command, "-o", "no/where")
        assert (code, err) == (1, "no/where: No such file or directory\n")


def test_an_interrupted_command_ends_without_a_traceback(run, filled, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Ledger, "verify", interrupted)
    assert run("verify", filled) == (130, "", "interrupted\n")


def test_a_reader_of_the_log_that_has_seen_enough_is_no_failure(filled):
    with Ledger.open(filled) as ledger:
        for number in range(4):
            ledger.append({"x": "y" * 60_000, "n": number}, key=str(number))
    running = process("log", filled, "--json", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert running.stdout.readline()
    running.stdout.close()
    assert running.stderr.read() == b""
    running.stderr.close()
    assert running.wait(60) == 0


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("book.db", "book.db"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
        ("postgresql://u:p@h/d", "postgresql://u:...@h/d"),
        ("postgresql://h/d?user=u&password=p&x=1", "postgresql://h/d?user=u&password=...&x=1"),
    ],
)
def test_passwords_are_not_shown(target, shown):
    assert named(target) == shown


def test_everything_works_on_postgresql_as_well(run, book):
    with fresh_schema() as schema:
        pathlib.Path("e.jsonl").write_text("\n".join(json.dumps(event(name)) for name in "ab"))
        where = [POSTGRES, "--schema", schema]
        code, _, err = run("verify", *where)
        assert (code, err.startswith(f"{POSTGRES}: ")) == (1, True)
        given_ = ["decide", "rules.toml", "e.jsonl", "--ledger", *where, "--at", AT_TEXT]
        assert "2 recorded" in run(*given_)[2]
        assert "2 already recorded" in run(*given_)[2]
        assert run("checkpoint", *where, "-o", "cp")[0] == 0
        assert run(*ONE, *where, 0, *OTHER)[0] == 0
        assert "overturned by 2" in run("log", *where)[1]
        assert "the first 2 entries are covered" in run("verify", *where, "--checkpoint", "cp")[1]
        run("prove", *where, 1, "--checkpoint", "cp", "-o", "proof")
        assert run("verify-proof", "proof", "--checkpoint", "cp")[0] == 0
        assert run("export", *where, "-o", "x.jsonl")[0] == 0
        assert run("verify", "x.jsonl", "--checkpoint", "cp")[0] == 0
        assert run("erase", *where, "--subject", "u1", "--by", "d", "--reason", "r")[0] == 0
        assert "3 erased" in run("verify", *where, "--checkpoint", "cp")[1]


def test_names_that_are_no_text_and_terminals_without_the_letters_are_no_failure(sanctioned):
    book, _ = sanctioned
    odd = os.fsdecode(b"\xff.db")
    os.rename(book, odd)
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONIOENCODING": "latin-1"}
    for arguments, said in (
        (["verify", odd], rb"\udcff.db: ok, 5 entries"),
        (["statement", odd, "4", "--rules", "rules.toml", "--language", "zh"], rb"\u5904"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "platgov", *arguments], capture_output=True, env=environment, check=False
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert said in done.stdout
