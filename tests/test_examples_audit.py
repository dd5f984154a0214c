"""The demo of an audit: one silent favour among twenty thousand decisions, and the group alone."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
DEMO = ROOT / "examples" / "audit" / "demo.py"
# What is no runtime dependency is not there, and no network is.
ALONE = """
import runpy, socket, sys
for name in ("matplotlib", "cryptography", "psycopg", "rich", "re2", "ahocorasick_rs", "hypothesis", "pytest", "scipy"):
    sys.modules[name] = None
def refuse(*arguments, **named):
    raise OSError("the demo works without a network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def started(folder, **more):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8", **more}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", ALONE, str(DEMO)],
        cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What it prints on two machines that differ in hash seed and time zone."""
    folders = [tmp_path_factory.mktemp(name) for name in ("one", "other")]
    runs = [started(folders[0], PYTHONHASHSEED="0"), started(folders[1], PYTHONHASHSEED="7", TZ="Asia/Shanghai")]
    said = [run.communicate(timeout=500) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert [err for _, err in said] == ["", ""]
    assert [list(folder.iterdir()) for folder in folders] == [[], []]
    return [out for out, _ in said]


def test_it_prints_the_same_everywhere(told):
    assert told[0] == told[1]


def test_exactly_the_planted_favour_is_found(told):
    out = told[0]
    assert re.search(
        r"Decided again from the record alone: \d[\d,]* reproduced, \d+ deviation recorded, 1 unexplained\.", out
    )
    assert "tampered" not in out and "unchecked" not in out
    assert "exactly the one that was planted: yes" in out
    (entry,) = re.findall(r"  entry (\d+): rules and facts give measures, recorded is none", out)
    assert "Without the rules, equal cases decided otherwise: 1." in out
    assert f"  entry {entry}: none; entry " in out


def test_the_group_alone_changes_nothing_and_raises_no_alarm(told):
    out = told[0]
    assert "20,000 of 20,000 decisions are the same." in out
    assert "Departures on record, south against the others: insufficient data" in out
    assert out.endswith("  alarms: 0\n")
