"""Very many exact tags: each is found, and none that is not there. Ten million with ``make soak``."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

HOME = pathlib.Path(__file__).parent.parent


def test_each_of_very_many_exact_tags_is_found(pytestconfig):
    pytest.importorskip("rapidfuzz")  # the module that makes the bans compares with it
    count = 10_000_000 if pytestconfig.getoption("--hypothesis-profile") == "soak" else 20_000
    run = subprocess.run(
        [sys.executable, str(HOME / "benchmarks" / "blacklist_scale.py"), "--exact", str(count)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(HOME / "src")},
    )
    found = json.loads(run.stdout)
    assert found["tags"] == count
    assert found["right"] == found["looked_up"] == 1_000
