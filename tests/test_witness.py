"""A witness: it remembers, it never goes back, and it never holds two stories of one log."""

import errno
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._ledger import witness as module
from platgov._ledger.checkpoint import Checkpoint
from platgov._ledger.merkle import consistency_plan, leaf_hash, range_hash, root_of, subtree_root
from platgov._ledger.notes import CosignatureSigner, Ed25519Signer
from platgov._ledger.proofs import ConsistencyProof
from platgov._ledger.witness import FileWitness, check_growth
from platgov.errors import BusyError, InputError, SchemaError, StorageError, VerificationError

ORIGIN, SECOND = "example.com/log", "example.com/second"
LOG = Ed25519Signer(name=ORIGIN, seed=b"L" * 32)
SECOND_LOG = Ed25519Signer(name=SECOND, seed=b"S" * 32)
KEY = CosignatureSigner(name="w.example/1", seed=b"W" * 32)
HONEST = [leaf_hash(b"%d" % number) for number in range(80)]
FORKED = [*HONEST[:10], leaf_hash(b"another"), *HONEST[11:]]


def state(size, leaves=HONEST, origin=ORIGIN, **more):
    return Checkpoint(origin=origin, size=size, root=root_of(leaves[:size]), **more)


def grew(old, new, leaves=HONEST):
    def node(level, index):
        return subtree_root(leaves[index << level : (index + 1) << level])

    hashes = [range_hash(*part, node) for part in consistency_plan(old, new)]
    return ConsistencyProof(old_size=old, new_size=new, hashes=hashes)


def fails(call, *args, **more):
    with pytest.raises(VerificationError) as caught:
        call(*args, **more)
    return caught.value.code


def refused(call, *args, **more):
    with pytest.raises(InputError) as caught:
        call(*args, **more)
    return caught.value.problems[0].code


@pytest.fixture
def path(tmp_path):
    return tmp_path / "witness.json"


@pytest.fixture
def no_sync(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


# ---- laws

attempts = st.tuples(
    st.sampled_from([ORIGIN, SECOND]),
    st.booleans(),  # honest or forked
    st.integers(0, 30),
    st.sampled_from(["none", "right", "from elsewhere", "of the other branch", "empty"]),
    st.booleans(),  # a fresh handle
)


@given(st.lists(attempts, max_size=25))
def test_a_witness_never_holds_two_stories_and_never_shrinks(steps):
    real, os.fsync = os.fsync, lambda descriptor: None
    try:
        with tempfile.TemporaryDirectory() as folder:
            run(steps, pathlib.Path(folder, "w"))
    finally:
        os.fsync = real


def run(steps, path):
    witness = FileWitness(path)
    accepted = {ORIGIN: [], SECOND: []}
    for origin, honest, size, proof_kind, fresh in steps:
        if fresh:
            witness = FileWitness(str(path))
        leaves = HONEST if honest else FORKED
        last = accepted[origin][-1] if accepted[origin] else []
        old = len(last)
        proof = {
            "none": None,
            "right": grew(old, size, leaves) if old <= size else None,
            "from elsewhere": grew(max(0, min(old, size) - 1), size, leaves),
            "of the other branch": grew(min(old, size), size, FORKED if honest else HONEST),
            "empty": ConsistencyProof(old_size=min(old, size), new_size=size, hashes=()),
        }[proof_kind]
        try:
            witness.observe(state(size, leaves, origin), proof)
        except VerificationError:
            # With the right proof, only a real rollback or fork is turned away.
            assert proof_kind != "right" or leaves[:size][:old] != last
        else:
            accepted[origin].append(leaves[:size])
        held = witness.last(origin)
        assert held == (state(len(accepted[origin][-1]), accepted[origin][-1], origin) if accepted[origin] else None)
    for stories in accepted.values():
        for earlier, later in itertools.pairwise(stories):
            assert later[: len(earlier)] == earlier


# ---- what is accepted and what is not


def test_the_first_sight_of_a_log_is_trusted_and_then_every_step_is_proven(path):
    witness = FileWitness(path)
    assert witness.last(ORIGIN) is None
    assert not path.exists()
    assert witness.observe(state(3)) == state(3) == witness.last(ORIGIN)
    assert witness.observe(state(3)) == state(3)
    assert witness.observe(state(12), grew(3, 12)) == state(12)
    assert FileWitness(path).last(ORIGIN) == state(12)
    assert fails(witness.observe, state(20)) == "proof"
    assert fails(witness.observe, state(11)) == "rollback"
    assert fails(witness.observe, state(11), grew(11, 11)) == "rollback"
    assert fails(witness.observe, state(0)) == "rollback"
    assert fails(witness.observe, state(12, FORKED)) == "fork"
    assert fails(witness.observe, state(12, FORKED), grew(12, 12)) == "fork"
    assert fails(witness.observe, state(20, FORKED), grew(12, 20, FORKED)) == "fork"
    assert fails(witness.observe, state(20), grew(12, 20, FORKED)) == "fork"
    assert fails(witness.observe, state(20), grew(11, 20)) == "stale"
    assert fails(witness.observe, state(20), grew(12, 21)) == "stale"
    assert witness.observe(state(12), grew(3, 12)) == state(12)  # once more, as after a lost answer
    short = ConsistencyProof(old_size=12, new_size=20, hashes=grew(12, 20).hashes[1:])
    assert fails(witness.observe, state(20), short) == "proof"
    assert witness.last(ORIGIN) == state(12)
    assert witness.observe(state(80), grew(12, 80)) == witness.last(ORIGIN) == state(80)


def test_a_log_may_start_empty(path):
    witness = FileWitness(path)
    wrong = Checkpoint(origin=ORIGIN, size=0, root=bytes(32))
    assert fails(witness.observe, wrong) == "root"
    assert witness.observe(state(0), grew(0, 0)) == state(0)
    assert fails(witness.observe, wrong) == "root"
    padded = ConsistencyProof(old_size=0, new_size=5, hashes=HONEST[:1])
    assert fails(witness.observe, state(5), padded) == "proof"
    assert witness.observe(state(5), grew(0, 5)) == state(5)


def test_a_proof_for_a_log_never_seen_means_that_something_was_forgotten(path):
    assert fails(FileWitness(path).observe, state(12), grew(3, 12)) == "stale"
    assert fails(check_growth, None, state(12), grew(3, 12)) == "stale"


def test_one_file_keeps_many_logs_apart(path):
    witness = FileWitness(path)
    witness.observe(state(20))
    witness.observe(state(4, FORKED, SECOND))
    assert fails(witness.observe, state(3, origin=SECOND)) == "rollback"
    witness.observe(state(30, FORKED, SECOND), grew(4, 30, FORKED))
    assert (witness.last(ORIGIN), witness.last(SECOND)) == (state(20), state(30, FORKED, SECOND))
    assert witness.last("example.com/third") is None


def test_only_a_logs_own_keys_speak_for_it(path):
    witness = FileWitness(path, [LOG.verifier, SECOND_LOG.verifier])
    assert witness.observe(state(3).signed(LOG))
    assert fails(witness.observe, state(3)) == "unsigned"
    assert fails(witness.observe, state(3).signed(SECOND_LOG)) == "unsigned"
    assert fails(witness.observe, state(3, origin=SECOND).signed(LOG)) == "unsigned"
    assert fails(witness.observe, state(3, origin="example.com/third").signed(LOG)) == "unknown_origin"
    forged = Checkpoint(origin=ORIGIN, size=4, root=root_of(HONEST[:4]), signatures=state(3).signed(LOG).signatures)
    assert fails(witness.observe, forged, grew(3, 4)) == "signature"
    assert witness.last(ORIGIN) == state(3).signed(LOG)
    assert witness.last(SECOND) is None


def test_a_log_whose_key_has_another_name_is_mapped_to_it(path):
    tree = state(3, origin="go.sum database tree").signed(LOG)
    assert fails(FileWitness(path, [LOG.verifier]).observe, tree) == "unknown_origin"
    assert FileWitness(path, {"go.sum database tree": [LOG.verifier]}).observe(tree) == tree
    assert fails(FileWitness(path, {}).observe, tree) == "unknown_origin"
    assert FileWitness(path).observe(tree) == tree  # without keys, whoever comes first is trusted


def test_a_witness_with_a_key_cosigns_what_it_accepts(path):
    witness = FileWitness(path, [LOG.verifier], KEY)
    seen = witness.observe(state(3).signed(LOG), at=1_700_000_000)
    (cosignature,) = seen.verified_by([KEY.verifier])
    assert KEY.verifier.time_of(cosignature.blob) == 1_700_000_000
    assert seen.verified_by([LOG.verifier, KEY.verifier]) == seen.signatures
    assert witness.last(ORIGIN) == seen
    later = witness.observe(seen, at=1_700_000_060)
    assert len(later.signatures) == 2
    assert KEY.verifier.time_of(later.verified_by([KEY.verifier])[0].blob) == 1_700_000_060
    assert refused(witness.observe, seen) == "time"
    assert refused(witness.observe, seen, at="now") == "type"


def test_nothing_is_cosigned_before_it_is_proven(path):
    class Watched:
        def at(self, at):
            return Signs()

    class Signs:
        name, key_id = "w", b"1234"

        def sign(self, message):
            return pytest.fail("signed")

    FileWitness(path).observe(state(12))
    witness = FileWitness(path, signer=Watched())
    assert fails(witness.observe, state(20, FORKED), grew(12, 20, FORKED), at=5) == "fork"
    assert fails(witness.observe, state(3), at=5) == "rollback"


# ---- crashes, full disks, foreign files


def test_a_crash_between_writing_and_renaming_leaves_the_old_state(path):
    FileWitness(path).observe(state(3))
    script = (
        "import os, sys; from platgov._ledger.witness import FileWitness; import test_witness as t;"
        "os.replace = lambda *_: os._exit(9); FileWitness(sys.argv[1]).observe(t.state(12), t.grew(3, 12))"
    )
    here = pathlib.Path(__file__).parent
    done = subprocess.run([sys.executable, "-c", script, str(path)], cwd=here, check=False)
    assert done.returncode == 9
    stray = path.with_name("witness.json.tmp")
    assert stray.exists()
    stray.write_bytes(b"half a fi")  # as if the machine had stopped, too
    witness = FileWitness(path)
    assert witness.last(ORIGIN) == state(3)
    assert witness.observe(state(12), grew(3, 12)) == witness.last(ORIGIN)
    assert sorted(file.name for file in path.parent.iterdir()) == ["witness.json", "witness.json.lock"]


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which file a descriptor is")
def test_the_file_reaches_the_disk_before_its_name_and_its_name_before_the_answer(path, monkeypatch):
    calls = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (calls.append(os.readlink(f"/proc/self/fd/{fd}")), fsync(fd)))
    monkeypatch.setattr(os, "replace", lambda one, two: (calls.append("replace"), replace(one, two)))
    witness = FileWitness(path)
    for _ in range(2):  # a repeated one as well: an earlier try may have stopped halfway
        witness.observe(state(3))
        assert calls == [f"{path}.tmp", "replace", str(path.parent)]
        calls.clear()


@pytest.mark.parametrize("call", ["open", "fdopen", "fsync", "replace"])
@pytest.mark.parametrize(("number", "code"), [(errno.EIO, "io"), (errno.ENOSPC, "full"), (errno.EDQUOT, "full")])
def test_a_failing_disk_gives_one_error_and_the_old_state(path, monkeypatch, call, number, code):
    witness = FileWitness(path)
    witness.observe(state(3))

    def broken(*args, **more):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, broken)
        with pytest.raises(StorageError) as caught:
            witness.observe(state(12), grew(3, 12))
        assert caught.value.code == code
    assert witness.last(ORIGIN) == state(3)
    assert witness.observe(state(12), grew(3, 12)) == witness.last(ORIGIN)


def good(**changes):
    content = {"format": "platgov witness", "schema": 1, "checkpoints": [state(3).text]} | changes
    return json.dumps({key: value for key, value in content.items() if value is not None})


FOREIGN = {
    "empty": "",
    "truncated": good()[:-9],
    "another program's": '{"format": "other", "schema": 1, "checkpoints": []}',
    "a list": "[]",
    "a database": b"SQLite format 3\0",
    "no UTF-8": b"\xff\xfe",
    "a later schema": good(schema=2),
    "no schema": good(schema=None),
    "a schema that is not a number": good(schema=True),
    "a field more": good(more=1),
    "no checkpoints": good(checkpoints=None),
    "checkpoints that are no list": good(checkpoints=7),
    "checkpoints that are no text": good(checkpoints=[7]),
    "a broken checkpoint": good(checkpoints=["example.com/log\n03\n"]),
    "one log twice": good(checkpoints=[state(3).text, state(4).text]),
    "a key twice": good()[:-1] + ', "schema": 1}',
    "deep nesting": "[" * 100_000,
    "huge": " " * (16 * 1_048_576 + 1),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_a_foreign_or_damaged_file_is_refused_and_left_as_it_was(path, what):
    path.write_text(good())
    assert FileWitness(path).last(ORIGIN) == state(3)
    content = FOREIGN[what] if isinstance(FOREIGN[what], bytes) else FOREIGN[what].encode()
    path.write_bytes(content)
    witness = FileWitness(path)
    for call in (lambda: witness.last(ORIGIN), lambda: witness.observe(state(3))):
        with pytest.raises(SchemaError):
            call()
    assert path.read_bytes() == content


def test_a_place_that_cannot_hold_a_file_is_a_storage_error(tmp_path):
    for place in (tmp_path, tmp_path / "missing" / "file"):
        witness = FileWitness(place)
        with pytest.raises(StorageError):
            witness.observe(state(3))
    with pytest.raises(StorageError):
        FileWitness(tmp_path).last(ORIGIN)


def test_a_file_has_a_bound_and_the_last_state_stays(path, monkeypatch):
    witness = FileWitness(path)
    witness.observe(state(3))
    monkeypatch.setattr(module, "_MAX_BYTES", 300)
    with pytest.raises(StorageError) as caught:
        witness.observe(state(3, origin="x" * 300))
    assert caught.value.code == "full"
    assert witness.last(ORIGIN) == state(3)


def test_an_answer_lost_after_the_file_was_replaced_can_be_had_again(path, monkeypatch):
    witness = FileWitness(path)
    witness.observe(state(3))

    def broken(folder):
        raise OSError(errno.EIO, "the folder")

    with monkeypatch.context() as patch:
        patch.setattr(module, "_sync_directory", broken)
        with pytest.raises(StorageError):
            witness.observe(state(12), grew(3, 12))
    assert witness.observe(state(12), grew(3, 12)) == witness.last(ORIGIN)


def test_a_lock_that_cannot_be_had_is_a_storage_error(path, monkeypatch):
    def broken(descriptor):
        raise OSError(errno.ENOLCK, "no locks here")

    monkeypatch.setattr(module, "_try_lock", broken)
    with pytest.raises(StorageError):
        FileWitness(path).observe(state(3))
    assert not path.exists()


def test_a_private_file_stays_private(path):
    witness = FileWitness(path)
    witness.observe(state(3))
    path.chmod(0o600)
    witness.observe(state(12), grew(3, 12))
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_planted_link_is_not_followed(path):
    victim = path.with_name("victim")
    victim.write_text("precious")
    path.with_name("witness.json.tmp").symlink_to(victim)
    with pytest.raises(StorageError):
        FileWitness(path).observe(state(3))
    assert victim.read_text() == "precious"


def test_a_link_to_the_file_is_the_same_witness(path, no_sync):
    FileWitness(path).observe(state(3))
    link = path.with_name("link")
    link.symlink_to(path)
    FileWitness(link).observe(state(12), grew(3, 12))
    assert link.is_symlink()
    assert FileWitness(path).last(ORIGIN) == state(12)


@pytest.mark.parametrize("bad", ["", "a\0b", b"bytes", None, 7, True])
def test_a_path_is_one(bad):
    assert refused(FileWitness, bad) == "path"


def test_arguments_of_another_kind_are_refused(path):
    assert refused(FileWitness, path, signer=LOG) == "type"
    assert refused(FileWitness, path, 7) == "type"
    assert refused(FileWitness, path, ["key"]) == "type"
    assert refused(FileWitness, path, {ORIGIN: LOG.verifier}) == "type"
    for bad in (-1, None, "30", True, float("nan")):
        assert refused(FileWitness, path, timeout_s=bad) == "range"
    witness = FileWitness(path)
    for bad in (None, "", [], 7):
        assert refused(witness.last, bad) == "line"
    for bad in (None, state(3).text, b"x"):
        assert refused(witness.observe, bad) == "type"
    for bad in ([], grew(0, 3).to_dict(), HONEST):
        assert refused(witness.observe, state(3), bad) == "type"
    assert not path.exists()


# ---- several at once


def test_whoever_waits_too_long_is_told_so(path):
    import fcntl

    FileWitness(path).observe(state(3))
    with open(f"{path}.lock", "rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        for timeout in (0, 0.02):
            with pytest.raises(BusyError):
                FileWitness(path, timeout_s=timeout).observe(state(12), grew(3, 12))
        assert FileWitness(path).last(ORIGIN) == state(3)  # reading waits for nobody
    assert FileWitness(path, timeout_s=0).observe(state(12), grew(3, 12))


def test_a_check_and_the_write_after_it_are_one_step(path, monkeypatch, no_sync):
    checked, go_on = threading.Event(), threading.Event()
    real = module.check_growth

    def slow(last, new, proof):
        real(last, new, proof)
        if new.size == 12:
            checked.set()
            assert go_on.wait(10)

    FileWitness(path).observe(state(3))
    monkeypatch.setattr(module, "check_growth", slow)
    first = threading.Thread(target=lambda: FileWitness(path).observe(state(12), grew(3, 12)))
    first.start()
    assert checked.wait(10)
    outcome = []

    def second():
        try:
            outcome.append(FileWitness(path).observe(state(40), grew(3, 40)))
        except VerificationError as bad:
            outcome.append(bad.code)

    other = threading.Thread(target=second)
    other.start()
    other.join(0.05)
    assert other.is_alive()
    go_on.set()
    first.join(10)
    other.join(10)
    assert outcome == ["stale"]
    assert FileWitness(path).last(ORIGIN) == state(12)


CLIMB = """
import sys, test_witness as t
witness = t.FileWitness(sys.argv[1])
for size in range(int(sys.argv[2]), 80, 3):
    while True:
        last = witness.last(t.ORIGIN)
        old = last.size if last else 0
        if old >= size:
            break
        try:
            witness.observe(t.state(size), t.grew(old, size))
            print(old, size)
            break
        except t.VerificationError as bad:
            assert bad.code in ("stale", "rollback"), bad
"""


def test_processes_that_climb_together_make_one_chain(path):
    here = pathlib.Path(__file__).parent
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", CLIMB, str(path), str(start)], cwd=here, stdout=subprocess.PIPE, text=True
        )
        for start in (1, 2, 3)
    ]
    steps = sorted(
        tuple(map(int, line.split())) for run in runs for line in run.communicate(timeout=60)[0].splitlines()
    )
    assert all(run.returncode == 0 for run in runs)
    # Every accepted step begins where another ended: nothing was accepted past another's back.
    assert [old for old, _ in steps] == [0, *(new for _, new in steps[:-1])]
    assert FileWitness(path).last(ORIGIN) == state(steps[-1][1])
    assert steps[-1][1] == 79
