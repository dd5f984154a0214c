"""The command line on rules alone: what `check` finds, what `diff` says, and both in SARIF."""

import json
import pathlib
import re

import pytest

from platgov._cli.rule_files import Places, RuleFile
from platgov._cli.sarif import _MEANINGS
from platgov.cli import main
from platgov.consistency import analyse, diff
from platgov.rules import RuleSet

FAULTY = """id = "community"
version = "1"

[facts]
links = { type = "int", ge = 0 }
rude = "bool"
country = "text"
partner = { type = "bool", role = "protected" }

[[rules]]
id = "never"
when = "links > 5 && links < 3"
measures = ["remove"]

[[rules]]
id = "wide"
when = "links > 2"
measures = ["remove"]

[[rules]]
id = "narrow"
when = "links > 4 && !rude"
measures = ["remove"]

[[rules]]
id = "own"
when = "partner && rude"
measures = ["warn"]

[[grants]]
fact = "partner"
reason = "test accounts"
approved_by = "lead:1"
expires_at = 2026-03-01T00:00:00Z
"""
CLEAN = """id = "community"
version = "1"
[facts]
links = { type = "int", ge = 0 }
[[rules]]
id = "links"
when = "links > 3"
measures = ["remove"]
"""
BEFORE = "2026-02-01T00:00:00Z"


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    """Run a command among some files; give its exit code, its lines and what it said."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("faulty", FAULTY), ("clean", CLEAN), ("newer", CLEAN.replace("links > 3", "links > 1"))):
        pathlib.Path(f"{name}.toml").write_text(text, encoding="utf-8")

    def command(*arguments):
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, out.splitlines(), err

    return command


def line_of(text, words):
    return text[: text.index(words)].count("\n") + 1


# -- check -------------------------------------------------------------------------------------


def test_a_clean_file_is_ok_and_nothing_is_said_about_it(run):
    code, lines, err = run("check", "clean.toml")
    assert (code, len(lines), err) == (0, 1, "")
    assert lines[0] == f"clean.toml: ok, 1 rules over 1 facts, {RuleSet.load('clean.toml').digest}"


def test_check_prints_every_finding_of_the_analysis_where_it_stands(run):
    code, lines, err = run("check", "faulty.toml", "--at", BEFORE)
    assert (code, err) == (1, "")
    assert lines[0].startswith("faulty.toml: 1 error, 4 rules over 4 facts, sha256:")
    report = analyse(RuleSet.load("faulty.toml"), at=1_769_904_000)
    assert {"never_fires", "subsumed", "unused_fact", "depends_on_identity"} <= {a.kind for a in report.findings}
    where = {
        "never": line_of(FAULTY, '[[rules]]\nid = "never"'), "narrow": line_of(FAULTY, '[[rules]]\nid = "narrow"'),
        "own": line_of(FAULTY, '[[rules]]\nid = "own"'), "country": line_of(FAULTY, "country ="),
    }  # fmt: skip
    text = "\n".join(lines)
    for answer in report.findings:
        head = f"{answer.severity.value}: {answer.kind} ({answer.status.value}): {answer.says}"
        place = where[answer.rules[0] if answer.rules else answer.facts[0]]
        assert f"faulty.toml:{place}: {head}" in lines
        assert not answer.repair or f"  repair: {answer.repair}" in lines
        for example in answer.examples:
            assert f"  for example {example.record} gives " in text


def test_a_witness_that_check_prints_really_is_decided_so(run):
    _, lines, _ = run("check", "faulty.toml", "--at", BEFORE)
    rules = RuleSet.load("faulty.toml")
    shown = [re.fullmatch(r"  for example (\{.*\}) gives (.*) \((\w+)\)", line) for line in lines if "example" in line]
    assert shown
    for event, follows, outcome in (one.groups() for one in shown):
        decision = rules.decide(json.loads(event), at=0)
        assert decision.outcome.value == outcome
        assert ", ".join(map(str, decision.measures)) == follows.replace("no measure", "")


def test_grants_are_looked_at_for_the_instant_that_is_given(run):
    kinds = {}
    for at in (BEFORE, "2026-03-01T00:00:00Z"):
        _, (found,), _ = run("check", "faulty.toml", "--at", at, "--json")
        kinds[at] = {one["kind"]: one for one in json.loads(found)["files"][0]["findings"]}
    assert "expired_grant" not in kinds[BEFORE]
    ended = kinds["2026-03-01T00:00:00Z"]["expired_grant"]
    assert (ended["severity"], ended["line"]) == ("error", line_of(FAULTY, "[[grants]]"))
    code, lines, err = run("check", "clean.toml", "--at", "tomorrow")
    assert (code, lines) == (1, [])
    assert err.startswith("--at: ")


@pytest.mark.parametrize(
    ("asked", "code"), [([], 0), (["warning"], 1), (["unknown"], 0), (["info"], 0), (["unknown", "warning"], 1)]
)
def test_what_fails_besides_errors_is_said(run, asked, code):
    pathlib.Path("w.toml").write_text(FAULTY.replace("links < 3", "links > 7").replace('country = "text"\n', ""))
    options = [part for name in asked for part in ("--fail-on", name)]
    found, (written,), _ = run("check", "w.toml", "--at", BEFORE, "--json", *options)
    severities = {one["severity"] for one in json.loads(written)["files"][0]["findings"]}
    assert severities == {"warning"} and found == code


def test_what_is_not_settled_is_unknown_and_fails_when_asked(run):
    pathlib.Path("hard.toml").write_text(CLEAN.replace("links > 3", "links * links + 3 > 2 * links"))
    assert run("check", "hard.toml")[0] == 0
    code, lines, _ = run("check", "hard.toml", "--fail-on", "unknown")
    assert code == 1
    assert any(" (unknown" in line and "whether" in line for line in lines)


def test_no_analysis_is_only_whether_files_can_be_read(run):
    code, lines, _ = run("check", "faulty.toml", "--no-analysis")
    assert (code, len(lines)) == (0, 1)
    assert lines[0].startswith("faulty.toml: ok, 4 rules")
    _, (written,), _ = run("check", "faulty.toml", "--no-analysis", "--json")
    assert sorted(json.loads(written)["files"][0]) == ["digest", "file"]


def test_what_must_be_covered_is_checked_too(run):
    assert run("check", "clean.toml", "--must-cover", "links > 9", "--fail-on", "warning")[0] == 0
    code, lines, _ = run("check", "clean.toml", "--must-cover", "links > 2", "--fail-on", "warning")
    assert code == 1
    assert "clean.toml: warning: gap (proved): no measure follows although links > 2" in lines
    code, lines, err = run("check", "clean.toml", "--must-cover", "nothing > 2")
    assert (code, lines) == (1, [])
    assert err.startswith("clean.toml: --must-cover: ")


def test_a_file_that_is_refused_is_told_in_every_form(run):
    pathlib.Path("bad.toml").write_text(CLEAN.replace("links > 3", "links >"))
    line = line_of(CLEAN, "when =")
    code, lines, err = run("check", "clean.toml", "bad.toml", "nothing.toml", "--sarif", "out.sarif")
    assert code == 1
    assert lines[1].startswith(f"bad.toml:{line}: rule 'links', $.rules[0].when")
    assert err == "bad.toml: 1 problem\nnothing.toml: No such file or directory\n"
    (one, other) = json.loads(pathlib.Path("out.sarif").read_text())["runs"][0]["results"]
    assert (one["ruleId"], one["level"]) == ("refused", "error")
    assert one["locations"][0]["physicalLocation"]["region"] == {"startLine": line}
    assert other["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": "nothing.toml"}}
    code, (written,), err = run("check", "bad.toml", "nothing.toml", "--json")
    (bad, nothing) = json.loads(written)["files"]
    assert (code, err) == (1, "")
    assert (bad["problems"][0]["line"], bad["problems"][0]["rule"]) == (line, "links")
    assert nothing["problems"][0]["code"] == "unopened"


def test_equal_files_give_equal_output(run):
    first = run("check", "faulty.toml", "--at", BEFORE, "--sarif", "one.sarif")
    again = run("check", "faulty.toml", "--at", BEFORE, "--sarif", "two.sarif")
    assert first == again
    assert pathlib.Path("one.sarif").read_bytes() == pathlib.Path("two.sarif").read_bytes()


def test_what_stands_in_a_file_cannot_move_the_cursor(run):
    # A name in quotes may hold anything that TOML allows.
    pathlib.Path("sly.toml").write_text(
        CLEAN + '[[rules]]\nid = "b"\nwhen = "links > 3 && text == \'\\u009b2J\\u202e\'"\nmeasures = ["remove"]\n'
    )
    pathlib.Path("sly.toml").write_text(
        pathlib.Path("sly.toml").read_text().replace("[facts]", '[facts]\ntext = "text"')
    )
    code, lines, _ = run("check", "sly.toml")
    assert code == 0 and any("subsumed" in line for line in lines)
    assert all(char.isprintable() for line in lines for char in line)


@pytest.mark.parametrize(
    "arguments", [["check"], ["diff", "a"], ["check", "a", "--budget", "0"], ["check", "a", "--fail-on", "error "]]
)
def test_what_is_not_understood_is_a_usage_error(arguments):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2


# -- diff --------------------------------------------------------------------------------------


def test_editions_that_decide_alike_are_said_to(run):
    pathlib.Path("same.toml").write_text(CLEAN.replace("links > 3", "!(links <= 3)").replace('"1"', '"2"'))
    code, lines, err = run("diff", "clean.toml", "same.toml")
    assert (code, lines, err) == (0, ["clean.toml -> same.toml: both decide every event alike"], "")


def test_diff_shows_whom_an_edition_newly_hits_with_what_both_decide(run):
    code, lines, err = run("diff", "clean.toml", "newer.toml")
    assert (code, err) == (4, "")
    assert lines[0] == "clean.toml -> newer.toml: they differ"
    assert lines[1:3] == ["", "newly hit:"]
    line = line_of(CLEAN, "[[rules]]")
    says = "links (newly_hit, proved): through links, events without a measure now have one"
    assert lines[3] == f"newer.toml:{line}: {says}"
    event = json.loads(lines[4].removeprefix("  for example "))
    old, new = (RuleSet.load(name).decide(event, at=0) for name in ("clean.toml", "newer.toml"))
    assert not old.measures and new.measures
    assert lines[5:] == [
        "    clean.toml gives no measure (none)", f"    newer.toml gives {new.measures[0]} (measures)",
    ]  # fmt: skip


def test_the_other_way_round_they_are_newly_spared(run):
    code, lines, _ = run("diff", "newer.toml", "clean.toml")
    assert code == 4 and "newly spared:" in lines and "newly hit:" not in lines


def test_harsher_and_milder_are_told_apart(run):
    for name, days in (("short", 1), ("long", 9)):
        measure = f'[{{ measure = "remove", days = {days} }}]'
        pathlib.Path(f"{name}.toml").write_text(CLEAN.replace('["remove"]', measure))
    assert "harsher:" in run("diff", "short.toml", "long.toml")[1]
    assert "milder:" in run("diff", "long.toml", "short.toml")[1]


def test_a_rule_that_is_gone_is_shown_where_it_was(run):
    text = CLEAN + '[[rules]]\nid = "gone"\nwhen = "links == 1"\nmeasures = ["warn"]\n'
    pathlib.Path("more.toml").write_text(text)
    _, lines, _ = run("diff", "more.toml", "clean.toml")
    assert lines[3].startswith(f"more.toml:{text[: text.index('gone')].count(chr(10))}: gone (newly_spared, proved)")


def test_what_is_not_excluded_is_left_open(run):
    for name, number in (("one", 3), ("other", 4)):
        text = CLEAN.replace("links > 3", f"links * links + {number} > 2 * links")
        pathlib.Path(f"{name}.toml").write_text(text)
    code, lines, _ = run("diff", "one.toml", "other.toml")
    assert code == 5
    assert lines[0] == "one.toml -> other.toml: no difference was found, and not every one is excluded"
    assert "unknown:" in lines


def test_diff_in_json_is_the_diff_with_lines(run):
    code, (written,), _ = run("diff", "clean.toml", "newer.toml", "--json")
    found = json.loads(written)
    plain = diff(RuleSet.load("clean.toml"), RuleSet.load("newer.toml")).to_dict()
    (hit,) = found["newly_hit"]
    assert (hit.pop("file"), hit.pop("line")) == ("newer.toml", line_of(CLEAN, "[[rules]]"))
    assert (found.pop("old_file"), found.pop("new_file"), code) == ("clean.toml", "newer.toml", 4)
    assert found == json.loads(json.dumps(plain))


def test_diff_of_what_cannot_be_read_does_nothing(run):
    pathlib.Path("bad.toml").write_text("id = ")
    code, lines, err = run("diff", "bad.toml", "nothing.toml", "--sarif", "out.sarif")
    assert code == 1
    assert lines[0].startswith("bad.toml:1: ")
    assert err == "bad.toml: 1 problem\nnothing.toml: No such file or directory\n"
    assert not pathlib.Path("out.sarif").exists()


# -- SARIF -------------------------------------------------------------------------------------


def sarif(path):
    """Read a SARIF file, and hold it against what the standard asks of the parts that are used."""
    log = json.loads(pathlib.Path(path).read_bytes())
    assert log["version"] == "2.1.0" and log["$schema"].endswith("/sarif-schema-2.1.0.json")
    (one,) = log["runs"]
    assert set(one) == {"tool", "columnKind", "results"} and one["columnKind"] == "unicodeCodePoints"
    rules = one["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in one["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note") and result["message"]["text"]
        assert result["message"]["text"] == result["message"]["text"].strip()
        (place,) = result["locations"]
        for where in (place, *result.get("relatedLocations", ())):
            physical = where["physicalLocation"]
            assert not re.search(r"[\\\s]", physical["artifactLocation"]["uri"])
            assert physical.get("region", {"startLine": 1})["startLine"] >= 1
        assert re.fullmatch("[0-9a-f]{64}", result["partialFingerprints"]["platgov/v1"])
        assert result["properties"]
    return one["results"]


def test_findings_in_sarif_stand_at_the_lines_of_their_rules(run):
    run("check", "faulty.toml", "clean.toml", "--at", BEFORE, "--sarif", "out.sarif")
    results = sarif("out.sarif")
    report = analyse(RuleSet.load("faulty.toml"), at=1_769_904_000)
    assert [one["ruleId"] for one in results] == [answer.kind for answer in report.findings]
    by_kind = {one["ruleId"]: one for one in results}
    place = by_kind["subsumed"]["locations"][0]
    assert place["physicalLocation"]["region"]["startLine"] == line_of(FAULTY, '[[rules]]\nid = "narrow"')
    assert place["logicalLocations"][0] == {"name": "narrow", "kind": "rule"}
    (related,) = by_kind["subsumed"]["relatedLocations"]
    assert related["physicalLocation"]["region"]["startLine"] == line_of(FAULTY, '[[rules]]\nid = "wide"')
    assert by_kind["never_fires"]["level"] == "error"


def test_a_finding_keeps_its_fingerprint_when_it_moves(run):
    run("check", "faulty.toml", "--at", BEFORE, "--sarif", "one.sarif")
    pathlib.Path("faulty.toml").write_text("# A comment.\n" * 7 + FAULTY)
    run("check", "faulty.toml", "--at", BEFORE, "--sarif", "two.sarif")
    one, two = sarif("one.sarif"), sarif("two.sarif")
    prints = [[result["partialFingerprints"] for result in results] for results in (one, two)]
    assert prints[0] == prints[1] and len({json.dumps(found) for found in prints[0]}) == len(one)
    lines = [[r["locations"][0]["physicalLocation"]["region"]["startLine"] for r in results] for results in (one, two)]
    assert [line + 7 for line in lines[0]] == lines[1]


def test_changes_in_sarif_stand_in_the_edition_that_has_them(run):
    run("diff", "clean.toml", "newer.toml", "--sarif", "out.sarif")
    (result,) = sarif("out.sarif")
    assert (result["ruleId"], result["level"]) == ("newly_hit", "note")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "newer.toml"


def test_paths_become_addresses(run, tmp_path):
    folder = tmp_path / "my rules \u00fc"
    folder.mkdir()
    (folder / "a.toml").write_text(FAULTY)
    run("check", folder / "a.toml", "my rules \u00fc/a.toml", "--sarif", "out.sarif")
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in sarif("out.sarif")}
    assert uris == {(folder / "a.toml").as_uri(), "my%20rules%20%C3%BC/a.toml"}


def test_sarif_that_cannot_be_written_is_said(run, tmp_path):
    code, _, err = run("check", "clean.toml", "--sarif", tmp_path / "no" / "out.sarif")
    assert code == 1
    assert err == f"{tmp_path / 'no' / 'out.sarif'}: No such file or directory\n"


def test_every_kind_of_finding_has_a_meaning_in_sarif():
    root = pathlib.Path(analyse.__code__.co_filename).parent
    source = "".join(path.read_text(encoding="utf-8") for path in root.glob("*.py"))
    kinds = set(re.findall(r'kind="(\w+)"', source)) | set(re.findall(r'_defect\(\w+(?:\([^)]*\))?, "(\w+)"\)', source))
    # These are answers to single questions; reports call what they refute by the name of the defect.
    assert kinds - {"covered", "independent", "monotone"} <= set(_MEANINGS)


def test_places_are_found_in_any_order_and_none_is_made_up(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text(FAULTY, encoding="utf-8")
    places = Places(RuleFile.read(str(path)))
    assert places.rule("own") == line_of(FAULTY, '[[rules]]\nid = "own"')
    assert places.fact("rude") == line_of(FAULTY, "rude =")
    assert places.rule("nobody") is None and places.of("gap", (), ()) is None
    assert places.of("needless_grant", ("own",), ("partner",)) == line_of(FAULTY, "[[grants]]")


def test_what_is_interrupted_says_so(run, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(RuleFile, "read", stopped)
    assert run("diff", "clean.toml", "newer.toml") == (130, [], "interrupted\n")


@pytest.mark.parametrize("files", [("clean.toml", "bad.toml"), ("bad.toml", "clean.toml")])
def test_diff_tells_only_of_the_file_that_cannot_be_read(run, files):
    pathlib.Path("bad.toml").write_text(CLEAN.replace("links > 3", "likns > 3"), encoding="utf-8")
    code, lines, err = run("diff", *files)
    assert code == 1
    told = "\n".join([*lines, err])
    assert "bad.toml" in told and "clean.toml" not in told
