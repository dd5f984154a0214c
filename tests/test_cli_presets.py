"""`platgov presets`: the list says what the files say, of any day, as a table, as JSON, and one at a time."""

import datetime as dt
import json
import os
import pathlib
import subprocess
import sys

import pytest

from platgov._minors import presets
from platgov.cli import main

SOURCE = pathlib.Path(__file__).parents[1] / "src"
IDS = presets.list_ids()


@pytest.fixture
def run(capfd):
    def command(*arguments):
        capfd.readouterr()
        code = main(["presets", *arguments])
        out, err = capfd.readouterr()
        return code, out.splitlines(), err

    return command


def test_the_table_has_a_row_for_each_preset_with_the_numbers_of_the_files(run):
    code, lines, err = run()
    assert code == 0
    assert "Not legal advice." in err
    rows = {cells[0]: cells for cells in map(str.split, lines[2:])}
    assert tuple(rows) == IDS
    for row in presets.rows():
        assert rows[row["id"]][1:6] == [row[key] for key in ("enabled", "disabled", "jurisdiction", "kind", "status")]
        assert (row["from"] or "a date not settled") in " ".join(rows[row["id"]])


def test_json_states_every_fact_with_dates_sources_and_whether_it_is_enabled(run):
    code, lines, err = run("--json")
    assert (code, err) == (0, "")
    records = [json.loads(line) for line in lines]
    assert tuple(record["id"] for record in records) == IDS
    for record in records:
        preset = presets.read(record["id"])
        assert (record["status"], record["jurisdiction"]) == (preset.status, preset.jurisdiction)
        assert record["sources"] == list(preset.sources)
        for said, fact in zip(record["facts"], preset.facts, strict=True):
            assert (said["limit"], said["sources"]) == (fact.plain, list(fact.sources))
            assert said["enabled"] is not bool(said["disabled"])
            assert said["disabled"] == fact.disabled
            assert said["from"] == (None if fact.starts is None else fact.starts.isoformat())


@pytest.mark.parametrize("day", ["2018-06-01", "2020-06-01", "2022-06-01", "2025-06-01"])
def test_the_list_as_of_a_date_is_the_regime_of_that_day(run, day):
    on = dt.date.fromisoformat(day)
    code, lines, _ = run("--as-of", day, "--json")
    assert code == 0
    records = [json.loads(line) for line in lines]
    held = {name for name in IDS if any(fact.holds(on) for fact in presets.read(name).facts)}
    assert {record["id"] for record in records} == held
    enabled = {record["id"] for record in records if any(fact["enabled"] for fact in record["facts"])}
    assert enabled == set(presets.in_force(on))


def test_games_in_china_had_other_hours_in_2020_than_in_2022(run):
    def hours(name, day):
        _, (line,), _ = run(name, "--as-of", day, "--json")
        facts = json.loads(line)["facts"]
        return [
            (window["start"], window["end"])
            for fact in facts
            if fact["part"] == "hours"
            for window in fact["limit"]["windows"]
        ]

    assert hours("cn-game-2019", "2020-06-01") == [("22:00", "08:00")]
    assert hours("cn-game-2019", "2022-06-01") == []
    assert hours("cn-game-2021", "2022-06-01") == [("20:00", "21:00")]


def test_one_preset_is_shown_with_every_fact_and_source(run):
    code, lines, err = run("cn-minor-mode-2024")
    assert (code, err) == (0, "")
    text = "\n".join(lines)
    preset = presets.read("cn-minor-mode-2024")
    assert lines[0] == f"{preset.id}: {preset.title}"
    assert all(f"  {source}" in lines for source in preset.sources)
    assert all(f"{fact.id}: ages" in text for fact in preset.facts)
    assert text.count("DISABLED: from memory") == 2
    assert "ours, not the source's: rest_s" in text
    assert "may be loosened by: guardian" in text
    assert lines[-1] == "Not legal advice."


@pytest.mark.parametrize("name", IDS)
def test_each_preset_is_shown_with_its_note_and_what_it_asks_of_ages(run, name):
    code, lines, _ = run(name)
    assert code == 0
    preset = presets.read(name)
    assert not preset.note or preset.note in lines
    assert all(f"{field}: {value}" in lines for field, value in preset.frame)
    assert sum(line.startswith("  may be loosened by: ") for line in lines) == len(preset.facts)


def test_only_those_of_a_jurisdiction(run):
    _, lines, _ = run("--jurisdiction", "VN")
    assert [line.split()[0] for line in lines[2:]] == ["vn-147-2024"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "presets: no preset is text 'nope'; there are au-smma"),
        (["--as-of", "yesterday"], "--as-of: 'yesterday' is no date; give one such as 2026-11-01"),
        (["--as-of", "2026-02-30"], "--as-of: '2026-02-30' is no date"),
        (["--as-of", "2026-W01-1"], "--as-of: '2026-W01-1' is no date"),
        (["--as-of", "1990-01-01"], "presets: there is none that held on 1990-01-01"),
        (["--jurisdiction", "XX"], "presets: there is none of jurisdiction 'XX'"),
        (["cn-game-2021", "--as-of", "2021-08-31"], "presets: cn-game-2021 did not hold on 2021-08-31; it holds from"),
        (["../../etc/passwd"], "presets: no preset is text '../../etc/passwd'"),
    ],
)
def test_what_cannot_be_listed_is_one_line_and_exit_code_1(run, arguments, said):
    code, lines, err = run(*arguments)
    assert (code, lines) == (1, [])
    assert err.startswith(said)
    assert err.count("\n") == 1


def test_an_unknown_option_is_a_usage_error(run):
    with pytest.raises(SystemExit) as caught:
        run("--asof", "2020-01-01")
    assert caught.value.code == 2


def test_a_reader_that_closes_early_is_no_failure():
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONWARNINGS": "error"}
    process = subprocess.Popen(
        [sys.executable, "-m", "platgov", "presets", "--json"], stdout=subprocess.PIPE, env=environment
    )
    assert process.stdout.read(1) == b"{"
    process.stdout.close()
    assert process.wait(timeout=60) == 0
