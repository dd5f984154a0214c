"""A ledger whose writers are killed, whose files are damaged, whose disk fails and whose server crashes.

Short here, and long with ``make soak``. The harnesses are programs in the folder ``faults``; each
first shows that it finds what is broken on purpose.
"""

import contextlib
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import types

import pytest

from faults import kills, pgcrash, running
from faults.attacks import draws
from platgov import errors
from platgov._ledger import reading
from platgov._stores.sqlite_session import SQLiteSession
from platgov.ledger import Checkpoint, Ledger, Record
from stores_support import place_of

FAULTS = pathlib.Path(running.__file__).parent


@pytest.fixture
def soak(pytestconfig):
    return running.is_soak(pytestconfig)


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    """Compile the library that makes syncs fail and clocks jump."""
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("failing syncs need Linux and a C compiler")
    library = tmp_path_factory.mktemp("shim") / "shim.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", library, FAULTS / "shim.c", "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"the C compiler does not build the shim: {done.stderr[:200]}")
    return str(library)


# -- writers that are killed ------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(kills.os, "fork"), reason="killing children needs fork")
def test_killed_writers_lose_nothing_acknowledged_and_leave_nothing_by_half(soak):
    found = running.run("kills", "--kills", 1_000 if soak else 60)
    assert found["caught"] is None
    assert found["kills"] == (1_000 if soak else 60)
    assert found["acknowledged"] > found["kills"]
    assert found["erased"] > 0
    assert found["unanswered_but_whole"] > 0  # some were killed between the commit and its answer


@pytest.mark.skipif(not hasattr(kills.os, "fork"), reason="killing children needs fork")
@pytest.mark.parametrize(
    ("control", "symptom"), [("no-transaction", "Verification"), ("ack-first", "an acknowledged entry is missing")]
)
def test_the_killing_finds_writers_that_are_broken_on_purpose(control, symptom):
    found = running.run("kills", "--kills", 50, "--control", control)
    assert symptom in str(found["caught"])


# -- files that are damaged -------------------------------------------------------------------


@pytest.mark.parametrize("what", ["cuts", "torn"])
def test_a_damaged_log_gives_a_whole_beginning_with_all_that_was_on_disk(what, soak):
    found = running.run("disk", what, "--trials", {"cuts": 1_500, "torn": 500}[what] if soak else 60)
    assert found["bad"] == []
    assert found["trials"] >= 60
    assert "truncated" in found["control"] or "a kept checkpoint covers" in found["control"]


def test_a_flipped_bit_is_found_or_does_no_harm(soak):
    found = running.run("disk", "flips", "--trials", 2_000 if soak else 150)
    assert found.get("silent", 0) == 0, found["where"]
    assert found["other"] == []
    assert found["verify"] > found["trials"] // 3
    assert found["harmless"] > 0


def small_file(tmp_path):
    """Make a ledger of 30 entries; give its path and a checkpoint."""
    path = tmp_path / "ledger.db"
    with Ledger.open(path, origin="example.org/disk", entropy=draws()) as ledger:
        ledger.append_many(Record(value={"n": n}, key=f"k{n}", subject=f"u{n % 3}") for n in range(30))
        return path, ledger.checkpoint()


@pytest.mark.parametrize(
    ("where", "column"),
    [
        ("sqlite_autoindex_platgov_entries_1", "key FROM platgov_entries WHERE seq = 7"),
        ("sqlite_autoindex_platgov_subjects_1", "subject FROM platgov_subjects WHERE subject = 'u1'"),
        ("platgov_subjects", "tag FROM platgov_subjects WHERE subject = 'u1'"),
    ],
    ids=["key of an entry", "name of a subject", "tag of a subject"],
)
def test_an_index_that_does_not_fit_its_table_is_found(tmp_path, where, column):
    path, kept = small_file(tmp_path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        ((page,),) = connection.execute(query, (where,))
        ((text,),) = connection.execute(f"SELECT {column}")
    data = bytearray(path.read_bytes())
    at = data.index(text.encode(), (page - 1) * 4_096, page * 4_096)
    data[at] ^= 8
    path.write_bytes(data)
    with pytest.raises(errors.PlatgovError), Ledger.open(path) as ledger:
        ledger.verify([kept])


def test_a_damaged_schema_is_an_error_of_ours(tmp_path):
    path, _ = small_file(tmp_path)
    data = path.read_bytes()
    assert data.count(b"seq INTEGER PRIMARY KEY") == 1
    path.write_bytes(data.replace(b"seq INTEGER PRIMARY KEY", b"seq\xa0INTEGER PRIMARY KEY"))
    with pytest.raises(errors.PlatgovError):
        Ledger.open(path)


# -- disks that fail --------------------------------------------------------------------------

SYNCS = [
    {"FAULT_SYNC": "after:0"},
    {"FAULT_SYNC": "after:3"},
    {"FAULT_SYNC": "after:40"},
    {"FAULT_SYNC": "every:7"},
    {"FAULT_SYNC": "every:2"},
    {"FAULT_SYNC": "every:2", "FAULT_SKIP": "20"},
    {"FAULT_SYNC": "every:3", "FAULT_SKIP": "20"},
]


@pytest.mark.parametrize("plan", SYNCS, ids=lambda plan: " skip ".join(plan.values()))
def test_a_sync_that_fails_acknowledges_nothing_that_is_lost(plan, shim, soak, tmp_path):
    path, appends = tmp_path / "ledger.db", 300 if soak else 40
    found = running.run("failing", "sync", path, "--appends", appends, LD_PRELOAD=shim, **plan)
    assert all(error.startswith("StorageError io") for error in found["errors"])
    assert sum(found["errors"].values()) > 0
    with Ledger.open(path) as ledger:
        ledger.verify()
        there = {entry.key: entry.leaf_hash.hex() for entry in ledger.entries()}
        assert len(there) == ledger.size
        assert found["acknowledged"].items() <= there.items()
        for key in found["failed"]:  # whatever became of it: asked for again, it is there once
            entry = ledger.find(key)
            value = {"n": int(re.sub(r"\D", "", key)), "text": ""}
            receipt = ledger.append(value, key=key, subject=f"u{value['n'] % 9}")
            assert receipt.repeated == (entry is not None)
        ledger.verify()
        assert ledger.size == len(found["acknowledged"]) + len(found["failed"])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
@pytest.mark.parametrize("size", [60_000, 200_000, 400_000])
def test_a_file_that_may_not_grow_is_an_error_and_no_loss(size, tmp_path):
    found = running.run("failing", "limit", tmp_path / "ledger.db", "--size", size)
    assert (found["lost"], found["twice"], found["readable"], found["goes_on"]) == (0, 0, True, True)
    assert found["errors"]
    assert all(error in ("StorageError io", "StorageError full") for error in found["errors"])


def test_a_full_disk_is_an_error_and_no_loss(tmp_path):
    namespace = ["unshare", "--user", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*namespace, "true"], check=False).returncode != 0:
        pytest.skip("a small file system of one's own needs unshare and user namespaces")
    found = running.run("failing", "full", tmp_path / "ledger.db", before=namespace)
    assert (found["lost"], found["twice"], found["readable"], found["goes_on"]) == (0, 0, True, True)
    assert set(found["errors"]) == {"StorageError full"}


class Failing(sqlite3.Cursor):
    """A cursor whose statements are counted, and of which one fails, before or after it is carried out."""

    count, fails_at, after, code = 0, None, False, sqlite3.SQLITE_IOERR

    def execute(self, sql, *params):
        return self._counted(super().execute, sql, *params)

    def executemany(self, sql, *params):
        return self._counted(super().executemany, sql, *params)

    def _counted(self, run, sql, *params):
        Failing.count += 1
        fails = Failing.count == Failing.fails_at
        if not fails or Failing.after:
            answer = run(sql, *params)
        if fails:
            if Failing.after:
                self.fetchall()  # as SQLite does with a statement that fails: it lets go of it
            bad = sqlite3.OperationalError("disk I/O error")
            bad.sqlite_errorcode = Failing.code
            raise bad
        return answer


def _append(ledger, host):
    return ledger.append_many(
        [Record(value={"n": n}, key=f"new{n}", subject=f"u{n}", stream=f"s{n % 2}") for n in range(3)]
    )


def _append_in(ledger, host):
    host.execute("BEGIN IMMEDIATE")
    try:
        host.execute("INSERT OR REPLACE INTO host VALUES ('new0')")
        receipt = ledger.append_in(host, {"n": 0}, key="new0", subject="u0")
    except BaseException:
        host.execute("ROLLBACK")
        raise
    host.execute("COMMIT")
    return receipt


@pytest.mark.parametrize("fails_at", range(1, 30))
def test_a_host_that_goes_on_after_a_failure_keeps_its_own_row_and_no_half_entry(tmp_path, monkeypatch, fails_at):
    monkeypatch.setattr(SQLiteSession, "_cursor", lambda session: Failing(session._connection))
    path, kept = small_file(tmp_path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as host, Ledger.open(path) as ledger:
        host.execute("CREATE TABLE host (key TEXT)")
        monkeypatch.setattr(Failing, "count", 0)
        monkeypatch.setattr(Failing, "fails_at", fails_at)
        host.execute("BEGIN IMMEDIATE")
        host.execute("INSERT INTO host VALUES ('new')")
        try:
            ledger.append_in(host, {"n": 0}, key="new", subject="new")
        except sqlite3.OperationalError as bad:
            pytest.fail(f"an error of SQLite came through: {bad}")
        except errors.StorageError:
            done = False
        else:
            done = True
        monkeypatch.setattr(Failing, "fails_at", None)
        host.execute("COMMIT")
        assert ledger.verify([kept]).size == 30 + done
        assert host.execute("SELECT count(*) FROM host").fetchone() == (1,)
        assert done == (ledger.find("new") is not None)


def _erase(ledger, host):
    return ledger.erase(subject="u2", by="dpo")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL], ids=["io", "full"])
@pytest.mark.parametrize("operation", [_append, _append_in, _erase])
def test_whichever_statement_fails_nothing_is_there_and_trying_again_works(
    tmp_path, monkeypatch, operation, code, after
):
    monkeypatch.setattr(SQLiteSession, "_cursor", lambda session: Failing(session._connection))
    monkeypatch.setattr(Failing, "after", after)
    monkeypatch.setattr(Failing, "code", code)
    original, kept = small_file(tmp_path)
    with contextlib.closing(sqlite3.connect(original)) as connection:
        connection.execute("CREATE TABLE host (key TEXT PRIMARY KEY)")
        connection.commit()
    for fails_at in range(1, 40):
        path = tmp_path / f"{fails_at}.db"
        shutil.copy(original, path)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as host, Ledger.open(path) as ledger:
            monkeypatch.setattr(Failing, "count", 0)
            monkeypatch.setattr(Failing, "fails_at", fails_at)
            try:
                operation(ledger, host)
            except errors.StorageError:
                monkeypatch.setattr(Failing, "fails_at", None)
                assert ledger.checkpoint() == kept
                assert ledger.verify([kept]).erased == 0
                assert host.execute("SELECT count(*) FROM host").fetchone() == (0,)
                operation(ledger, host)
            else:
                assert Failing.count < fails_at  # every statement failed once
                break
            assert ledger.verify([kept]).size == 30 + (3 if operation is _append else 1)
            assert host.execute("SELECT count(*) FROM host").fetchone() == (operation is _append_in,)
    else:
        pytest.fail("there were more statements than were made to fail")
    assert fails_at > 4


# -- servers that crash -----------------------------------------------------------------------


def test_a_crashing_server_loses_nothing_and_records_nothing_twice(soak):
    pytest.importorskip("psycopg", reason="PostgreSQL needs psycopg")
    reason = pgcrash.why_not()
    if reason is not None:
        pytest.skip(reason)
    found = running.run("pgcrash", "--crashes", 20 if soak else 2)
    assert "bad" not in found, found
    assert (found["lost"], found["twice"]) == (0, 0)
    assert found["acknowledged"] > 0
    # What a writer was never told of is at most what each was about to write when it was stopped.
    assert found["false_alarms"] == 0
    assert found["never_asked_for"] <= 3 * pgcrash.WRITERS


def test_after_a_failure_other_writers_are_no_cause_for_alarm(tmp_path, monkeypatch):
    with place_of("postgres", tmp_path) as place, place.open() as ledger, place.open(timeout_s=1) as other:
        ledger.append({}, key="first")
        ledger._store._recheck_due = True
        head_of = reading.head_of

        def then_another(session):
            head = head_of(session)
            monkeypatch.setattr(reading, "head_of", head_of)
            with contextlib.suppress(errors.BusyError):  # kept out, which is as good
                other.append({}, key="between")
            return head

        monkeypatch.setattr(reading, "head_of", then_another)
        assert not ledger.append({}, key="second").repeated


# -- many processes ---------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(kills.os, "fork"), reason="the harness forks its writers")
def test_eight_writers_get_their_turns(soak):
    found = running.run("writers", "fair", "--seconds", 20 if soak else 2)
    assert found["lost"] == 0
    assert len(found["counts"]) == 8
    assert found["fairness"] >= (0.8 if soak else 0.5)


@pytest.mark.skipif(not hasattr(kills.os, "fork"), reason="the harness forks its writers")
def test_whatever_is_submitted_many_times_has_one_effect(soak):
    keys, crashes = (10_000, 200) if soak else (100, 20)
    found = running.run("writers", "twice", "--keys", keys, "--kills", crashes)
    assert found["failed"] == 0
    assert found["killed"] > 0
    assert found["submissions_at_least"] == 8 * keys
    assert found["entries"] == found["distinct_entries"] == keys
    assert found["effects"] == found["distinct_effects"] == keys // 2


# -- clocks that jump -------------------------------------------------------------------------


def test_clocks_that_jump_change_no_byte(shim, tmp_path):
    steady = running.run("failing", "clock", tmp_path / "steady.db")
    jumping = running.run("failing", "clock", tmp_path / "jumping.db", LD_PRELOAD=shim, FAULT_CLOCK="jump")
    assert steady["spread_s"] < 60
    assert jumping["spread_s"] > 300_000_000
    assert jumping["root"] == steady["root"]


def test_the_ledger_asks_for_no_time_of_day(tmp_path):
    asked = set()

    def watch(frame, event, called):
        if event == "c_call":
            module = getattr(called, "__module__", None) or getattr(called.__self__, "__module__", "")
            if module in ("time", "datetime") or isinstance(getattr(called, "__self__", None), type):
                asked.add(called.__name__)

    sys.setprofile(watch)
    try:
        with Ledger.open(tmp_path / "ledger.db") as ledger:
            ledger.append({"at": "2026-01-01T00:00:00Z"}, key="a", subject="u")
            ledger.append_many([Record(value={}, key="b", at=7, protected=True)])
            ledger.reveal(1, by="me", reason="test")
            ledger.erase(subject="u")
            ledger.verify([ledger.checkpoint()])
            ledger.export(tmp_path / "export.jsonl")
        watched = set(asked)
        __import__("time").time()
    finally:
        sys.setprofile(None)
    assert "time" in asked - watched  # the watching works
    assert watched & {"time", "time_ns", "now", "utcnow", "today", "localtime", "gmtime", "clock_gettime"} == set()
    assert "monotonic" in watched  # only to give up waiting


# -- erasure ----------------------------------------------------------------------------------


def test_what_is_erased_is_in_no_byte_of_any_file_and_every_proof_holds(tmp_path, soak):
    subjects = 1_000 if soak else 50
    path = tmp_path / "ledger.db"
    with Ledger.open(path, entropy=draws(b"erase")) as ledger:
        ledger.append_many(
            Record(
                value={"text": f"secret-body-{n:06}-" * (1, 9, 700)[n % 3], "n": n},
                key=f"secret-key-{n:06}",
                subject=f"secret-who-{n % (2 * subjects):06}",
            )
            for n in range(6 * subjects)
        )
        kept = ledger.checkpoint()
        leaves = [ledger.entry(n).leaf_hash for n in range(6 * subjects)]
        hidden = _hidden(path, [f"secret-who-{n:06}" for n in range(0, 2 * subjects, 2)][:50])
        for n in range(0, 2 * subjects, 2):
            ledger.append({"text": "later"}, key=f"secret-key-9{n:05}", subject=f"secret-who-{n:06}")
            assert ledger.erase(subject=f"secret-who-{n:06}", by="dpo").count == 4
        _only_odd(tmp_path, subjects, hidden)
        assert ledger.verify([kept]).erased == 4 * subjects
        for n, leaf in enumerate(leaves):
            assert ledger.entry(n).leaf_hash == leaf
            ledger.prove_inclusion(n, kept).verify(leaf, kept)
        ledger.prove_consistency(kept, ledger.checkpoint()).verify(kept, ledger.checkpoint())
    _only_odd(tmp_path, subjects, hidden)


def _hidden(path, subjects):
    """Give the secrets and nonces from which what is erased could be guessed."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        found = []
        for subject in subjects:
            for table, column in (("subjects WHERE subject", "secret"), ("entries WHERE subject_text", "nonce")):
                query = f"SELECT {column} FROM platgov_{table} = ?"
                found += [value for (value,) in connection.execute(query, (subject,))]
    return found


def _only_odd(folder, subjects, hidden):
    data = b"\n".join(file.read_bytes() for file in folder.iterdir())
    texts = {match.decode() for match in re.findall(rb"secret-[a-z]+-\d{6}", data)}
    odd = {f"secret-who-{n:06}" for n in range(1, 2 * subjects, 2)}
    odd |= {f"secret-{what}-{n:06}" for what in ("body", "key") for n in range(1, 6 * subjects, 2)}
    assert texts == odd
    assert not any(secret in data for secret in hidden)
    assert len(hidden) == min(50, subjects) * 4


# -- a host that writes into our files --------------------------------------------------------


@pytest.mark.skipif(not pathlib.Path("/proc/self/fd").exists(), reason="looking at descriptors needs /proc")
@pytest.mark.parametrize("number", range(8))
def test_a_stale_descriptor_of_the_host_is_found_or_does_no_harm(tmp_path, number):
    found = running.run("stale", tmp_path / "ledger.db", "--number", number)
    if found["hit"] is None:
        assert number > 4  # so many files the ledger does have
        return
    for answer, bad in (found["at_once"], found["later"]):
        assert bad is not None or answer in (34, True)
    if found["hit"] == "":
        assert found["at_once"] == found["later"] == [None, "SchemaError not_a_database"]


@pytest.mark.skipif(not pathlib.Path("/proc/self/fd").exists(), reason="looking at descriptors needs /proc")
@pytest.mark.parametrize("number", range(5))
def test_a_stale_descriptor_before_a_crash_is_found_by_a_kept_checkpoint(tmp_path, number):
    path = tmp_path / "ledger.db"
    found = running.run("stale", path, "--number", number, "--crash")
    kept = Checkpoint.parse(found["checkpoint"])
    lost = found["hit"] in ("", "-wal")
    try:
        with Ledger.open(path) as ledger:
            ledger.verify([kept])
    except (errors.VerificationError, errors.SchemaError) as bad:
        assert lost
        assert getattr(bad, "code", "") in ("not_a_database", "truncated", "head")
    else:
        assert not lost


def test_the_harness_is_a_module_of_its_own():
    assert isinstance(kills, types.ModuleType)
    assert not [file for file in FAULTS.iterdir() if file.name.startswith("test_")]
