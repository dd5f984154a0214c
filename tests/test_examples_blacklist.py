"""The example of the blacklist: three people, three answers, the same every day."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
DEMO = ROOT / "examples" / "blacklist" / "demo.py"


def run(*more, seed="0"):
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8", "PYTHONHASHSEED": seed,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-W", "error", *more, str(DEMO)],
        cwd="/", env=environment, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_demo_gives_three_people_three_answers_with_evidence():
    text = run()
    assert "the spammer, again: MATCH" in text
    assert "a sibling on the same tablet: REVIEW" in text
    assert "a namesake elsewhere: NONE" in text
    spammer, sibling, namesake = text.split("-> ")[1:]
    assert all(signal in spammer for signal in ("handle", "email", "phone", "device", "ip", "place"))
    assert "email" not in sibling.split("a namesake")[0] and "device" in sibling
    assert "handle" in namesake
    assert "after a person cleared the sibling: none; the spammer: match" in text
    assert "0 left; match" in text
    assert "overturned by somebody else: none" in text


def test_the_demo_says_the_same_every_day_and_in_every_process():
    assert run(seed="1") == run(seed="2")


def test_the_demo_needs_only_what_the_library_needs():
    blocked = ["rapidfuzz", "psycopg", "narwhals", "cryptography", "hypothesis", "re2", "ahocorasick_rs", "rich"]
    code = (
        f"import runpy, sys; sys.modules.update(dict.fromkeys({blocked})); "
        f"runpy.run_path({str(DEMO)!r}, run_name='__main__')"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert done.stdout == run()
