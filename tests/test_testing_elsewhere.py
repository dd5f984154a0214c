"""Other processes that the kit asks: they answer, and none outlives who asked."""

import os
import pathlib
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

from platgov._testing import elsewhere
from platgov._testing.elsewhere import NotSendableError, answers_of, keys_of, package

EVENTS = [{"links": 1}, {"links": 9}]
HERE = pathlib.Path(__file__)
PARENT = """
import sys
from functools import partial
from platgov._testing.elsewhere import answers_of, keys_of, package
from test_testing_elsewhere import spins
answers_of(package(partial(keys_of, spins, None, 0, [{"file": sys.argv[1]}], None)), [1, 2])
"""


def several(event):
    return "many" if event["links"] > 3 else "few"


def spins(event):
    with pathlib.Path(event["file"]).open("a", encoding="utf-8") as stream:
        stream.write(f"{os.getpid()}\n")
    while True:
        pass


def reads_input(event):
    return sys.stdin.read() + "nothing more"


def asks_on(event):
    try:
        package(several)
    except NotSendableError as error:
        return str(error)
    return "it may"


def fails(event):
    raise SystemExit(3)


def job(decide, events=EVENTS):
    return package(partial(keys_of, decide, None, 0, events, None))


def lines(path, number):
    """Wait until a file has so many lines, and give them."""
    for _ in range(600):
        found = path.read_text(encoding="utf-8").split() if path.exists() else []
        if len(found) == number:
            return list(map(int, found))
        time.sleep(0.1)
    raise AssertionError(f"{path.name} has {found}")


def has_gone(pid):
    """Tell whether a process ends soon; one that has ended may wait for whoever collects it."""
    for _ in range(600):
        try:
            state = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state in "ZX":
            return True
        time.sleep(0.1)
    return False


needs_proc = pytest.mark.skipif(not pathlib.Path("/proc/self/stat").exists(), reason="needs /proc to look at processes")


def test_each_process_tells_every_key():
    one, other = answers_of(job(several), [0, 1])
    assert one == other
    assert ["few" in key for key in one] == [True, False]


def test_a_process_that_ends_early_gives_none():
    assert answers_of(job(fails), [0]) == [None]


def test_the_standard_input_of_a_function_is_empty():
    (keys,) = answers_of(job(reads_input, EVENTS[:1]), [0])
    assert "nothing more" in keys[0]


def test_such_a_process_starts_none_of_its_own():
    (keys,) = answers_of(job(asks_on, EVENTS[:1]), [0])
    assert "this is such a process already" in keys[0]


@needs_proc
def test_what_takes_too_long_is_ended(tmp_path):
    assert answers_of(job(spins, [{"file": str(tmp_path / "pids")}]), [0], seconds=5) == [None]
    assert all(map(has_gone, lines(tmp_path / "pids", 1)))


@needs_proc
def test_no_process_outlives_a_parent_that_is_killed(tmp_path):
    path = os.pathsep.join([str(HERE.parent), str(HERE.parents[1] / "src")])
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "pids")], env={**os.environ, "PYTHONPATH": path}
    )
    try:
        children = lines(tmp_path / "pids", 2)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert all(map(has_gone, children))


@needs_proc
@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, ValueError])
def test_no_process_outlives_an_interrupted_call(tmp_path, monkeypatch, stop):
    def interrupted(child, seconds):
        lines(tmp_path / "pids", 2)
        raise stop

    monkeypatch.setattr(elsewhere, "_answer", interrupted)
    with pytest.raises(stop):
        answers_of(job(spins, [{"file": str(tmp_path / "pids")}]), [0, 1])
    assert all(not pathlib.Path(f"/proc/{pid}").exists() for pid in lines(tmp_path / "pids", 2))


def test_a_process_that_cannot_be_started_leaves_none_behind(monkeypatch):
    started = []

    def second_fails(*about):
        if started:
            raise OSError("no more processes")
        started.append(real(*about))
        return started[0]

    real = elsewhere._started
    monkeypatch.setattr(elsewhere, "_started", second_fails)
    with pytest.raises(OSError, match="no more processes"):
        answers_of(job(several), [0, 1])
    assert started[0].returncode is not None


@pytest.mark.parametrize("thing", [lambda event: None, (pathlib, "text")], ids=["lambda", "module"])
def test_what_has_no_name_elsewhere_cannot_be_sent(thing):
    with pytest.raises(NotSendableError):
        package(thing)


def test_the_watch_leaves_once_nobody_could_write():
    read_end, write_end = os.pipe()
    os.close(write_end)
    left = []
    elsewhere._watch(read_end, os.read, left.append)
    os.close(read_end)
    assert left == [1]


def test_another_process_tells_what_this_one_does():
    assert answers_of(job(several), [0]) == [keys_of(several, None, 0, EVENTS, None)]
