"""The command line: check, decide, explain, publish, on files and pipes of any size and any quality."""

import csv
import io
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._cli.events import csv_events, json_events
from platgov._cli.report import Progress, Tally, table
from platgov._rules.files import loads
from platgov.cli import main
from platgov.facts import Schema
from platgov.rules import RuleSet
from rule_strategies import AT, examples

RULES = """
id = "community"
version = "2026.1"
[facts]
text = "text"
links = { type = "int", ge = 0 }
score = "float"
ok = "bool"
tags = { type = "list", items = "text" }
author = { type = "struct", fields = { age = "int", name = "text" } }
[[rules]]
id = "spam.links"
clause = "4.2"
when = "links > 3"
measures = ["remove", { measure = "suspend_feature", feature = "links", days = 2, hours = 1 }]
says = "Few links."
[[rules]]
id = "spam.words"
when = "text.contains('buy')"
measures = [{ measure = "limit_visibility", hours = 5 }]
[[rules]]
id = "young"
when = "author.age < 7 && score > 0.5 && ok && tags.exists(t, t == 'ad')"
[[rules]]
id = "quote"
when = "text.startsWith('>')"
[defeats]
quote = ["spam.words"]
"""
AT_TEXT = "2026-02-02T02:40:00Z"
SOURCE = pathlib.Path(__file__).parents[1] / "src"


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(RULES, encoding="utf-8")
    return path


@pytest.fixture
def run(rules, capfd):
    """Run a command in this process; give its exit code, its lines and what it said."""

    def command(*arguments):
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, out.splitlines(), err

    return command


@pytest.fixture
def decide(run, rules, tmp_path):
    """Decide on the contents of a file; give the exit code, the records and what was said."""

    def on(data, name="events.jsonl", *more):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        code, lines, err = run("decide", rules, path, "--at", AT_TEXT, *more)
        return code, [json.loads(line) for line in lines], err

    return on


def process(*arguments, stdout=subprocess.PIPE):
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONWARNINGS": "error"}
    return subprocess.Popen(
        [sys.executable, "-m", "platgov", *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.PIPE, env=environment,
        # A suite that runs in the background of a shell hands on that interrupts are ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


# -- check -------------------------------------------------------------------------------------


def test_check_says_ok_with_the_digest(run, rules):
    code, (line,), err = run("check", rules)
    assert (code, err) == (0, "")
    assert line == f"{rules}: ok, 4 rules over 6 facts, {RuleSet.load(rules).digest}"


def test_check_prints_every_problem_with_file_and_line_and_exits_with_1(run, rules, tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text(RULES.replace("links > 3", "linkz > 3").replace("version", "verzion"))
    code, lines, err = run("check", rules, bad, tmp_path / "nothing.toml")
    assert code == 1
    assert lines[0].startswith(f"{rules}: ok")
    assert lines[1].startswith(f"{bad}: $.version: version is ''")
    assert lines[2].startswith(f"{bad}:3: $.verzion: unknown key 'verzion'")
    assert lines[3].startswith(
        f"{bad}:14: rule 'spam.links', $.when, character 1: unknown fact 'linkz'; did you mean 'links'?"
    )
    assert err.splitlines() == [f"{bad}: 3 problems", f"{tmp_path}/nothing.toml: No such file or directory"]


def test_check_counts_one_problem_as_one(run, tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text("id = ")
    code, (line,), err = run("check", bad)
    assert code == 1
    assert line.startswith(f"{bad}:1: $: is no TOML")
    assert err == f"{bad}: 1 problem\n"


def test_check_of_a_folder_is_said_to_be_one(run, tmp_path):
    code, lines, err = run("check", tmp_path)
    assert (code, lines, err) == (1, [], f"{tmp_path}: Is a directory\n")


# -- decide ------------------------------------------------------------------------------------

EVENT = {"text": "buy now", "links": 5}


def test_decide_writes_one_record_a_line_with_reasons_and_a_summary(decide, rules):
    code, records, err = decide(
        json.dumps({"id": 7, **EVENT}) + "\n\n" + json.dumps({"id": "b", "links": 0, "text": "x"})
    )
    assert code == 0
    assert [record["line"] for record in records] == [1, 3]
    assert [record["id"] for record in records] == ["7", "b"]
    assert [reason["rule"] for reason in records[0]["reasons"]] == ["spam.links", "spam.words"]
    assert "reasons" not in records[1]
    rule_set = RuleSet.load(rules)
    assert records[0]["decision"] == rule_set.decide(EVENT, at=AT).to_dict()
    assert "2 events: measures 1, none 1; 0 lines rejected" in err
    assert re.search(
        r"^spam\.links +1 +0 +suspend feature \(links\) for 2 days 1 hour, remove$|^spam\.links +1 +0 ", err, re.M
    )
    assert re.search(r"^young +0 +2 +-$", err, re.M)
    assert "not declared as facts, and so not looked at: id (2)" in err


def test_the_bytes_of_a_decision_are_canonical(run, rules, tmp_path):
    (tmp_path / "e.jsonl").write_text(json.dumps(EVENT))
    _, (line,), _ = run("decide", rules, tmp_path / "e.jsonl", "--at", AT_TEXT)
    assert line.encode().startswith(b'{"decision":' + RuleSet.load(rules).decide(EVENT, at=AT).to_bytes())


def test_reasons_can_be_left_out(decide):
    _, (record,), _ = decide(json.dumps(EVENT), "e.jsonl", "--no-reasons")
    assert set(record) == {"decision", "line"}


def test_without_an_instant_it_is_now(run, rules, tmp_path):
    (tmp_path / "e.jsonl").write_text(json.dumps(EVENT))
    before = int(time.time())
    _, (line,), _ = run("decide", rules, tmp_path / "e.jsonl")
    from platgov._time import from_iso

    assert before <= from_iso(json.loads(line)["decision"]["at"]) <= time.time()


@pytest.mark.parametrize("at", ["now", "2026-02-02", "2026-02-02T00:00:00", ""])
def test_an_instant_that_cannot_be_read_is_refused(run, rules, tmp_path, at):
    (tmp_path / "e.jsonl").write_text("")
    code, lines, err = run("decide", rules, tmp_path / "e.jsonl", "--at", at)
    assert (code, lines) == (1, [])
    assert err.startswith("--at: expected an instant")


def test_lines_that_are_no_events_become_rejected_records_and_the_run_goes_on(decide):
    bad = [
        (b"{", "not JSON"), (b"[]", "expected an object, got list"), (b"3", "expected an object, got int"),
        (b'{"a": 1, "a": 2}', "given twice"), (b'{"a": NaN}', "NaN"), (b'{"a": 1e999}', "past the largest float"),
        (b'{"a": 99999999999999999999}', "64 bits"), (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b"\xef\xbb\xbf{}", "byte order mark"), (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "nested"),
        (b"null", "got NoneType"),
    ]  # fmt: skip
    good = json.dumps(EVENT).encode()
    code, records, err = decide(b"\n".join(part for line, _ in bad for part in (line, good)))
    assert code == 3
    assert [record["line"] for record in records] == list(range(1, len(bad) * 2 + 1))
    for (_, said), record in zip(bad, records[::2], strict=True):
        assert set(record) == {"line", "rejected"}
        assert said in record["rejected"], record
    assert all("decision" in record for record in records[1::2])
    assert f"{len(bad)} events: measures {len(bad)}; {len(bad)} lines rejected" in err


@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line and b"\r" not in line), max_size=8))
def test_any_bytes_give_one_event_or_one_rejection_a_line(lines):
    data = b"\n".join(lines)
    found = list(json_events(io.BytesIO(data)))
    assert [line.number for line in found] == [number for number, line in enumerate(lines, 1) if line.strip()]
    assert all((line.event is None) == bool(line.reason) for line in found)
    schema = Schema.from_dict({"a": "int", "b": {"type": "struct", "fields": {"c": "text"}}})
    assert all((line.event is None) == bool(line.reason) for line in csv_events(io.BytesIO(data), schema))


def test_a_line_that_is_too_long_is_rejected_without_being_read_whole(decide):
    long = b'{"text": "' + b"x" * (1 << 20) + b'"}'
    code, records, _ = decide(long + b"\n" + json.dumps(EVENT).encode() + b"\n" + b" " * (1 << 21) + b"\n" + long)
    assert code == 3
    assert [("rejected" in record, record["line"]) for record in records] == [(True, 1), (False, 2), (True, 4)]
    assert records[0]["rejected"] == f"the line has {len(long) + 1} bytes; at most 1048576 are accepted"


def test_a_line_of_just_the_largest_size_is_read(decide):
    event = b'{"text": "' + b"x" * 65_536 + b'", "links": 5, "more": "'
    event += b"y" * ((1 << 20) - len(event) - 2) + b'"}'
    assert len(event) == 1 << 20
    for end in (b"", b"\n"):
        code, (record,), _ = decide(event + end)
        assert code == 0
        assert record["decision"]["findings"][0]["rule"] == "spam.links"
    assert decide(event[:-2] + b'y"}')[0] == 3


def test_no_events_are_no_failure(decide):
    for data, name in (("", "e.jsonl"), ("\n\n", "e.jsonl"), ("", "e.csv"), ("text,links\n", "e.csv")):
        code, records, err = decide(data, name)
        assert (code, records) == (0, [])
        assert "0 events: none; 0 lines rejected" in err


def test_missing_and_unusable_facts_are_recorded_not_rejected(decide):
    code, (one, two), _ = decide('{"links": "5"}\n{}')
    assert code == 0
    assert one["decision"]["outcome"] == two["decision"]["outcome"] == "undetermined"
    assert one["decision"]["facts"]["links"] == {"$unusable": "mistyped"}


def test_only_an_id_that_is_text_or_a_number_is_repeated(decide):
    _, records, _ = decide('{"id": true}\n{"id": null}\n{"id": [1]}\n{"id": -5}\n{"id": ""}\n{"id": 1.5}')
    assert [record.get("id") for record in records] == [None, None, None, "-5", "", None]


# -- CSV ---------------------------------------------------------------------------------------


def facts_of(records):
    return [record["decision"]["facts"] if "decision" in record else record["rejected"] for record in records]


def test_csv_cells_are_read_by_their_declared_type(decide):
    data = (
        "links,score,ok,tags,author.age,author.name,text,other\n"
        '5,0.75,TRUE,"[""ad""]",3,mira,"buy, ""now""\nplease",7\n'
        " 5 ,+1e2, false ,[],-3,,x,\n"
        "5.0,abc,yes,ad,3.5,,,\n"
        "1e3,nan,1,{,99999999999999999999999999999,,,\n"
        ",,,,,,,\n"
        "007,5,,,,,,\n"
    )
    code, records, err = decide(data, "e.CSV")
    assert code == 0
    one, two, three, four, five, six = facts_of(records)
    assert one == {
        "links": 5, "score": 0.75, "ok": True, "tags": ["ad"], "author.age": 3, "text": 'buy, "now"\nplease',
    }  # fmt: skip
    assert {reason["rule"] for reason in records[0]["reasons"]} == {"spam.links", "spam.words", "young"}
    assert (two["links"], two["score"], two["ok"], two["tags"]) == (5, 100, False, [])
    assert {three[name]["$unusable"] for name in ("links", "score", "ok", "tags", "author.age")} == {"mistyped"}
    assert {four[name]["$unusable"] for name in ("links", "score", "ok", "tags", "author.age")} == {"mistyped"}
    assert five == {}
    assert (six["links"], six["score"]) == (7, 5)
    assert [record["line"] for record in records] == [2, 4, 5, 6, 7, 8]
    assert "other (1)" in err


def test_csv_rows_that_are_ragged_or_broken_are_rejected_with_their_line(decide):
    data = 'text,links\na,1\nb\nc,1,2\n\n"d"x,1\ne,5\n"' + "f" * 140_000 + '",1\ng,5\n"h,1\n'
    code, records, _ = decide(data, "e.csv")
    assert code == 3
    assert [(record["line"], "rejected" in record) for record in records] == [
        (2, False), (3, True), (4, True), (6, True), (7, False), (8, True), (9, False), (10, True),
    ]  # fmt: skip
    assert records[1]["rejected"] == "has 1 cells; the header has 2"
    assert records[3]["rejected"].startswith("is no CSV")


def test_a_csv_line_that_is_too_long_is_rejected(decide):
    columns = 900
    header = ",".join(f"c{number}" for number in range(columns))
    wide = ",".join(["x" * 2000] * columns)
    code, records, _ = decide(f"{header}\n{wide}\n{','.join(['x'] * columns)}\n", "e.csv")
    assert code == 3
    assert [("rejected" in record, record["line"]) for record in records] == [(True, 2), (False, 3)]
    assert "at most 1048576 are accepted" in records[0]["rejected"]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("links,links", "'links' and 'links' tell the same fact"),
        ("author,author.age", "'author.age' and 'author' tell the same fact"),
        ("author.age,author", "'author' and 'author.age' tell the same fact"),
        ("links, links ", "tell the same fact"),
        ('"links', "the header is no CSV"),
        (",".join(f"c{number}" for number in range(1001)), "has 1001 columns; at most 1000"),
        (".".join("a" * 40), "nested more than 32 levels deep"),
        (",".join(["x" * 1500] * 900), "it has 1350900 bytes; at most 1048576 are accepted"),
        ("x" * (1 << 21), "the header is no CSV: field larger"),
    ],
)
def test_a_csv_header_that_is_unclear_is_rejected(decide, header, said):
    code, records, _ = decide(f"{header}\n1,2\n", "e.csv")
    assert code == 3
    assert (len(records), records[0]["line"]) == (1, 1)
    assert said in records[0]["rejected"]


def test_csv_with_a_byte_order_mark_is_read(decide):
    code, (record,), _ = decide(b"\xef\xbb\xbflinks,text\r\n5,x\r\n", "e.csv")
    assert code == 0
    assert record["decision"]["facts"] == {"links": 5, "text": "x"}


def test_csv_bytes_that_are_no_text_make_that_cell_unusable_and_nothing_else(decide):
    code, (record,), _ = decide(b"id,links,text,\xfe\n\xff7,5,\xff\xfe,1\n", "e.csv")
    assert code == 0
    assert record["decision"]["facts"] == {"links": 5, "text": {"$unusable": "not_unicode"}}
    assert record["id"] == "?7"


def test_the_format_may_be_said(decide):
    assert decide("links\n5\n", "e.jsonl", "--format", "csv")[1][0]["decision"]["facts"] == {"links": 5}
    assert decide('{"links": 5}', "e.csv", "--format", "jsonl")[1][0]["decision"]["facts"] == {"links": 5}


plain_cells = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from('",\n'), min_size=1, max_size=10)


@examples(60)
@given(st.lists(st.tuples(plain_cells, st.integers(0, 9)), max_size=5))
def test_what_a_csv_writer_writes_is_read_back(rows):
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([("text", "links"), *rows])
    found = csv_events(io.BytesIO(buffer.getvalue().encode()), loads(RULES).schema)
    assert [line.event for line in found] == [{"text": text, "links": links} for text, links in rows]


# -- where output goes -------------------------------------------------------------------------


def test_output_goes_to_a_file_if_it_is_named(run, rules, tmp_path):
    events, out = tmp_path / "e.jsonl", tmp_path / "out.jsonl"
    events.write_text(json.dumps(EVENT))
    code, lines, _ = run("decide", rules, events, "-o", out, "--at", AT_TEXT)
    assert (code, lines) == (0, [])
    assert json.loads(out.read_text())["line"] == 1


def test_the_input_and_the_rules_are_never_overwritten(run, rules, tmp_path):
    events, link = tmp_path / "e.jsonl", tmp_path / "link.jsonl"
    events.write_text(json.dumps(EVENT))
    link.symlink_to(events)
    for out, said in (
        (events, "is the input as well"),
        (link, "is the input as well"),
        (rules, "is the rule file as well"),
    ):
        before = out.read_bytes()
        code, lines, err = run("decide", rules, events, "-o", out)
        assert (code, lines) == (1, [])
        assert said in err
        assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{rules}", "{folder}/nothing.jsonl"], "{folder}/nothing.jsonl: No such file or directory"),
        (["{folder}/nothing.toml", "-"], "{folder}/nothing.toml: No such file or directory"),
        (["{rules}", "{folder}/e.jsonl", "-o", "{folder}/no/out"], "{folder}/no/out: No such file or directory"),
        (["{rules}", "{folder}"], "Is a directory"),
        (["{rules}", "{folder}/e.jsonl", "-o", "{folder}"], "Is a directory"),
    ],
)
def test_files_that_cannot_be_opened_are_named(run, rules, tmp_path, arguments, said):
    (tmp_path / "e.jsonl").write_text("{}")
    names = {"rules": rules, "folder": tmp_path}
    code, lines, err = run("decide", *(argument.format(**names) for argument in arguments))
    assert (code, lines) == (1, [])
    assert said.format(**names) in err


def test_a_full_disk_is_said_and_not_survived(run, rules, tmp_path):
    events = tmp_path / "e.jsonl"
    events.write_text(json.dumps(EVENT) * 1)
    code, _, err = run("decide", rules, events, "-o", "/dev/full")
    assert code == 1
    assert "No space left on device" in err


@pytest.mark.parametrize("arguments", [[], ["judge"], ["decide"], ["check"], ["decide", "a", "b", "--format", "xml"]])
def test_a_command_that_cannot_be_understood_prints_usage(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: platgov" in capsys.readouterr().err


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert re.fullmatch(r"platgov \d+\.\d+\.\d+\n", capsys.readouterr().out)


# -- explain and publish -----------------------------------------------------------------------


@pytest.fixture
def decisions(run, rules, tmp_path):
    events = [
        {"id": "a", **EVENT, "author": {"age": 3}, "score": 1, "ok": True, "tags": ["ad"]},
        {"text": "> buy", "links": 0}, {"id": 3, "links": 1}, {"text": "buy"},
    ]  # fmt: skip
    path, out = tmp_path / "e.jsonl", tmp_path / "decisions.jsonl"
    path.write_text("\n".join([*map(json.dumps, events), "{"]))
    assert run("decide", rules, path, "-o", out, "--at", AT_TEXT)[0] == 3
    return out


def test_explain_says_in_words_what_decisions_mean(run, decisions):
    code, lines, err = run("explain", decisions)
    assert (code, err) == (0, "")
    text = "\n".join(lines)
    assert f"event a: measures, by community 2026.1 at {AT_TEXT}\n" in text
    assert "  spam.links v1, clause 4.2: Few links. Because links > 3; links = 5.\n" in text
    assert '  spam.words v1 Because text.contains(\'buy\'); text = "buy now"; found "buy".\n' in text
    assert "  follows: remove\n" in text
    assert "  follows: suspend feature (links) for 2 days 1 hours\n" in text
    assert "  covered: limit visibility for 5 hours of spam.words, by remove\n" in text
    assert "line 2: none" in text or "line 2: undetermined" in text
    assert "  set aside: spam.words, by quote\n" in text
    assert (
        "  open: young (missing_facts: author.age is absent, ok is absent, score is absent, tags is absent)\n" in text
    )
    assert re.search(r"  rules sha256:[0-9a-f]{64}, facts sha256:[0-9a-f]{64}\n", text)
    assert lines[-1].startswith("line 5: rejected, not JSON")


def test_explain_one_line(run, decisions):
    code, lines, _ = run("explain", decisions, "--line", 3)
    assert code == 0
    assert lines[0].startswith("event 3: undetermined")
    code, lines, err = run("explain", decisions, "--line", 99)
    assert (code, lines, err) == (1, [], f"{decisions}: has no line 99\n")


def test_explain_a_bare_decision_with_holds_and_evidence(run, tmp_path):
    rule_set = loads(RULES)
    data = rule_set.decide(EVENT, at=AT, holds={"spam.links": "precision fell"}).to_dict()
    data["findings"][0]["evidence"] = ["5 links"]
    path = tmp_path / "d.json"
    path.write_text(json.dumps(data))
    code, lines, _ = run("explain", path)
    assert code == 0
    assert lines[0].startswith("decision: ")
    assert "  spam.links v1, clause 4.2; 5 links" in lines
    assert "  held for review: spam.links, precision fell" in lines


@pytest.mark.parametrize(
    "data",
    [
        "{",
        "3",
        "[]",
        "{}",
        '{"decision": 3}',
        '{"decision": {}}',
        '"rejected"',
        '{"rejected": 1}',
        '{"rule_set": []}',
        "null",
    ],
)
def test_what_is_no_decision_is_not_explained(run, tmp_path, data):
    path = tmp_path / "d.json"
    path.write_text(data)
    code, _, err = run("explain", path)
    assert code == 1
    assert err.startswith(f"{path}: is no decision that platgov wrote (")


def test_explain_names_a_file_that_is_not_there(run, tmp_path):
    code, _, err = run("explain", tmp_path / "nothing")
    assert (code, err) == (1, f"{tmp_path}/nothing: No such file or directory\n")


def test_a_withheld_limit_stays_withheld_in_words(run, tmp_path):
    rules, events, out = tmp_path / "r.toml", tmp_path / "e.jsonl", tmp_path / "o.jsonl"
    rules.write_text(
        RULES.replace('clause = "4.2"', 'clause = "4.2"\nwithhold = ["links"]').replace("links > 3", "links > 41")
    )
    events.write_text('{"links": 4242, "text": "x"}')
    run("decide", rules, events, "-o", out)
    _, lines, _ = run("explain", out)
    assert "  spam.links v1, clause 4.2: Few links. Because links over a limit that is not told." in lines
    assert not any("4242" in line or "41" in line for line in lines if "sha256" not in line)


def test_publish_prints_the_page(run, rules):
    code, lines, _ = run("publish", rules, "--title", "House rules")
    assert code == 0
    assert lines[0] == "# House rules"
    assert "\n".join(lines) + "\n" == RuleSet.load(rules).publish(title="House rules")
    assert run("publish", rules)[1][0] == "# Community rules"


def test_a_bad_rule_file_stops_every_command(run, tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text("id = 3")
    for arguments in (["check", bad], ["publish", bad], ["decide", bad, "-"]):
        assert run(*arguments)[0] == 1


# -- processes and pipes -----------------------------------------------------------------------


def test_events_are_read_from_a_pipe_and_decisions_written_to_one(rules):
    running = process("decide", rules, "-", "--at", AT_TEXT)
    out, err = running.communicate(json.dumps(EVENT).encode() + b"\n{\n", timeout=60)
    assert running.returncode == 3
    records = [json.loads(line) for line in out.splitlines()]
    assert ["decision" in record for record in records] == [True, False]
    assert b"1 events: measures 1; 1 lines rejected" in err
    explained = process("explain", "-")
    words, err = explained.communicate(out, timeout=60)
    assert (explained.returncode, err) == (0, b"")
    assert b"line 1: measures" in words
    running = process("decide", rules, "-", "--format", "csv")
    out, _ = running.communicate(b"links\n5\n", timeout=60)
    assert json.loads(out)["decision"]["facts"] == {"links": 5}


def test_the_program_loads_without_the_engine_for_help():
    running = process("--help")
    out, _ = running.communicate(timeout=60)
    assert running.returncode == 0
    assert b"explain decisions" in out


def _settled(path):
    """Wait until a file has something in it and has stopped growing."""
    sizes = [0]
    while not sizes[-1] or len(set(sizes[-15:])) > 1 or len(sizes) < 16:
        time.sleep(0.1)
        sizes.append(path.stat().st_size)


def test_an_interrupt_keeps_complete_lines_and_says_how_far_it_got(rules, tmp_path):
    out = tmp_path / "out"
    with out.open("wb") as stdout:
        running = process("decide", rules, "-", stdout=stdout)
    running.stdin.write((json.dumps(EVENT).encode() + b"\n") * 200)
    running.stdin.flush()
    _settled(out)  # the pipe stays open: the program waits for more, with lines that it has not put out yet
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    lines = out.read_bytes().splitlines()
    assert [json.loads(line)["line"] for line in lines] == list(range(1, 201))
    assert b"interrupted after 200 events; what was decided is written" in err
    assert b"Traceback" not in err


@pytest.mark.parametrize("command", ["decide", "explain", "publish", "check"])
def test_a_reader_that_has_seen_enough_is_no_failure(rules, tmp_path, command):
    events, decided = tmp_path / "e.jsonl", tmp_path / "d.jsonl"
    events.write_text((json.dumps(EVENT) + "\n") * 3000)
    assert main(["decide", str(rules), str(events), "-o", str(decided)]) == 0
    arguments = {
        "decide": ["decide", rules, events], "explain": ["explain", decided],
        "publish": ["publish", rules, "--title", "x" * 100_000], "check": ["check", *[rules] * 1000],
    }[command]  # fmt: skip
    running = process(*arguments)
    running.stdin.close()
    assert running.stdout.readline() or command == "publish"
    running.stdout.close()
    err = running.stderr.read()
    running.stderr.close()
    assert running.wait(60) == 0
    assert err == b""


STREAM = """
import json, resource, sys
from platgov.cli import main
sys.stdout = open("/dev/null", "w")
rules, count = sys.argv[1], int(sys.argv[2])
code = main(["decide", rules, "-", "--no-reasons"] + sys.argv[3:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, code, file=sys.stderr)
"""


@pytest.mark.parametrize(("form", "most"), [("jsonl", 200_000), ("csv", 50_000)])
def test_memory_does_not_grow_with_the_number_of_events(tmp_path, form, most):
    rules = tmp_path / "small.toml"
    rules.write_text('id = "a"\nversion = "1"\n[facts]\nlinks = "int"\n[[rules]]\nid = "r"\nwhen = "links > 7"\n')
    peaks = []
    for count in (1_000, most):
        with subprocess.Popen(
            [sys.executable, "-c", STREAM, str(rules), str(count), "--format", form],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(SOURCE)},
        ) as running:  # fmt: skip
            if form == "csv":
                running.stdin.write(b"links,id\n")
            for start in range(0, count, 1_000):
                numbers = range(start, start + 1_000)
                line = "{1},e{0}\n" if form == "csv" else '{{"links": {1}, "k{0}": 1}}\n'
                running.stdin.write("".join(line.format(number, number % 9) for number in numbers).encode())
            running.stdin.close()
            err = running.stderr.read().decode()
        peak, code = err.splitlines()[-1].split()
        assert code == "0", err
        peaks.append(int(peak))
    assert peaks[1] - peaks[0] < 30_000, peaks


# -- what is shown beside ----------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_shown_on_a_terminal_only(monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        progress = Progress(stream, 256 * 40)
        for _ in range(512):
            progress.step(10)
        progress.done()
    assert pipe.getvalue() == ""
    shown = terminal.getvalue()
    assert "256 events, 256 a second, 25%, 0:03 left" in shown
    assert "512 events, 256 a second, 50%, 0:02 left" in shown
    assert shown.endswith("\r\x1b[K")


def test_progress_says_hours_and_does_without_a_size(monkeypatch):
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    progress = Progress(Terminal(), None)
    for _ in range(256):
        progress.step(10)
    assert progress.stream.getvalue() == ""  # too soon to say anything
    assert progress.line(2.0) == "256 events, 128 a second"
    progress.total = 2560 * 1802
    assert progress.line(2.0).endswith("1:00:02 left")


def test_a_table_is_plain_text_in_a_pipe():
    lines = table(("rule", "matched"), [("a", "1"), ("long name", "12")], io.StringIO()).splitlines()
    assert lines == ["rule       matched", "---------  -------", "a                1", "long name       12"]


def test_a_table_is_drawn_by_rich_on_a_terminal_if_it_is_installed():
    pytest.importorskip("rich", reason="rich comes with the cli extra")
    drawn = table(("rule", "matched"), [("a", "1")], Terminal())
    assert "rule" in drawn
    assert "---" not in drawn


def test_a_table_is_plain_text_on_a_terminal_without_rich(monkeypatch):
    monkeypatch.setitem(sys.modules, "rich.console", None)
    assert table(("rule", "matched"), [("a", "1")], Terminal()).splitlines()[1] == "----  -------"


def test_names_that_differ_on_every_line_are_counted_together():
    tally = Tally()
    for number in range(500):
        tally.add_undeclared(f"k{number}")
        tally.add_undeclared("k0")
    assert len(tally.undeclared) == 101
    assert tally.undeclared["k0"] == 501
    assert tally.undeclared["others"] == 400


def test_the_run_shows_its_progress_when_a_person_looks_on(rules, tmp_path, monkeypatch, capfd):
    (tmp_path / "e.jsonl").write_text((json.dumps(EVENT) + "\n") * 600)
    clock = iter(range(10**6))
    monkeypatch.setattr("platgov._cli.report.time.monotonic", lambda: float(next(clock)))
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main(["decide", str(rules), str(tmp_path / "e.jsonl"), "-o", str(tmp_path / "out")]) == 0
    assert "256 events" in terminal.getvalue()
    assert "600 events: measures 600; 0 lines rejected" in terminal.getvalue()
    capfd.readouterr()


def test_an_interrupt_in_this_process_is_handled_as_well(rules, tmp_path, monkeypatch, capfd):
    def interrupted(stream):
        yield from json_events(io.BytesIO(json.dumps(EVENT).encode()))
        raise KeyboardInterrupt

    monkeypatch.setattr("platgov._cli.commands.json_events", interrupted)
    (tmp_path / "e.jsonl").write_text("")
    assert main(["decide", str(rules), str(tmp_path / "e.jsonl")]) == 130
    out, err = capfd.readouterr()
    assert len(out.splitlines()) == 1
    assert "interrupted after 1 events" in err


def test_a_broken_pipe_in_this_process_ends_quietly(rules, monkeypatch, capfd):
    class Broken(io.RawIOBase):
        def writable(self):
            return True

        armed = True

        def write(self, data):
            if self.armed:
                raise BrokenPipeError
            return len(data)

        def fileno(self):
            return os.dup(1)

    for arguments in (["publish", str(rules)], ["explain", "-"], ["decide", str(rules), "-"]):
        broken = Broken()
        stream = io.TextIOWrapper(io.BufferedWriter(broken), write_through=True)
        monkeypatch.setattr(sys, "stdout", stream)
        given_lines = [json.dumps({"line": 1, "rejected": "x" * 100_000, **EVENT}).encode()] * 9
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\n".join(given_lines))))
        assert main(arguments) == 0
        monkeypatch.undo()
        broken.armed = False  # so that it can be closed
        stream.close()
    assert capfd.readouterr().err == ""


def test_the_package_runs_as_a_program(rules):
    # In a process of its own: pytest loads the package in its own way, as the package brings a plugin.
    run = subprocess.run([sys.executable, "-m", "platgov", "check", str(rules)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert ": ok, 4 rules" in run.stdout
