"""Running a harness of this folder as a process of its own, short by default and long with ``make soak``."""

import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def is_soak(pytestconfig):
    """Tell whether this is the long run."""
    return pytestconfig.getoption("--hypothesis-profile") == "soak"


def run(harness, *options, timeout_s=3_600, before=(), **environment):
    """Run one harness, and give the JSON that it prints last."""
    done = subprocess.run(
        [*before, sys.executable, str(HERE / f"{harness}.py"), *map(str, options)],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.returncode == 0, f"{harness} failed ({done.returncode}):\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout.splitlines()[-1])


def say(**found):
    """Print what a harness found, as its last line."""
    print(json.dumps(found))
