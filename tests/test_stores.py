"""Transactions, migrations and handles of the stores, and what they do with files that are not theirs."""

import contextlib
import fcntl
import multiprocessing
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov import errors
from platgov._stores import sqlite_session
from platgov._stores.gate import Gate
from platgov._stores.sqlite import APPLICATION_ID, LAYOUT
from platgov._stores.sqlite_session import reset_bug
from platgov.ledger import Ledger
from platgov.stores import Domain, Migration, open_store
from stores_support import POSTGRES, failing, fresh_schema, place_of, postgres_or_skip

FORK = multiprocessing.get_context("fork")


def step(*statements):
    return Migration(sqlite=statements, postgres=statements)


NOTES = Domain(name="notes", migrations=(step("CREATE TABLE platgov_notes (n INTEGER PRIMARY KEY, text TEXT)"),))
LATER = Domain(
    name="notes",
    migrations=(
        *NOTES.migrations,
        step("ALTER TABLE platgov_notes ADD COLUMN mark INTEGER", "UPDATE platgov_notes SET mark = 2 * n"),
        step("ALTER TABLE platgov_notes ADD COLUMN more INTEGER", "UPDATE platgov_notes SET more = mark + 1"),
    ),
)
INSERT = "INSERT INTO platgov_notes (n, text) VALUES (?, ?)"
SELECT = "SELECT n, text FROM platgov_notes ORDER BY n"


def nothing(session):
    pass


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def opened(request, tmp_path):
    """Give a function that opens a store on one place; in memory each one is new."""
    with place_of(request.param, tmp_path) as place, contextlib.ExitStack() as stack:

        def open_one(**options):
            store = open_store(place.target, **{"schema": place.schema, "timeout_s": 5, **options})
            stack.callback(store.close)
            return store

        open_one.kind = request.param
        yield open_one


@pytest.fixture
def store(opened):
    found = opened()
    found.prepare(NOTES, nothing)
    return found


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.db"


# -- transactions ----------------------------------------------------------------------------


def test_what_was_written_is_read_again(store):
    with store.write() as session:
        assert session.run(INSERT, (1, "one")) == 1
        session.many(INSERT, [(n, f"text {n}") for n in range(2, 3_000)])
    with store.read() as session:
        assert session.row(SELECT) == (1, "one")
        assert len(session.rows(SELECT)) == 2_999
        assert session.row("SELECT n FROM platgov_notes WHERE n = ?", (-1,)) is None
    with store.snapshot() as session:
        batches = list(session.stream(SELECT))
    assert [row[0] for batch in batches for row in batch] == list(range(1, 3_000))
    assert max(map(len, batches)) <= 1_024


def test_an_error_undoes_the_whole_transaction(store):
    for error in (RuntimeError, KeyboardInterrupt, errors.ConflictError("k", 1, "m"), errors.StorageError("x", "y")):
        with pytest.raises(type(error) if isinstance(error, Exception) else error), store.write() as session:
            session.run(INSERT, (1, "one"))
            raise error
    with store.read() as session:
        assert session.rows(SELECT) == []
    with store.write() as session:
        session.run(INSERT, (1, "one"))


def test_a_reader_sees_no_half_of_a_transaction(opened):
    store = opened()
    store.prepare(NOTES, nothing)
    if opened.kind == "memory":
        pytest.skip("in memory readers wait for the writer")
    with store.snapshot() as before:
        assert before.rows(SELECT) == []
        with store.write() as session:
            session.run(INSERT, (1, "one"))
            with store.read() as reader:
                assert reader.rows(SELECT) == []
        assert before.rows(SELECT) == []
    with store.read() as reader:
        assert reader.rows(SELECT) == [(1, "one")]


def test_a_constraint_that_is_broken_is_a_storage_error(store):
    with store.write() as session:
        session.run(INSERT, (1, "one"))
    with pytest.raises(errors.StorageError) as raised, store.write() as session:
        session.run(INSERT, (1, "again"))
    assert raised.value.code == "integrity"
    with store.read() as session:
        assert session.rows(SELECT) == [(1, "one")]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50))
def test_any_text_is_data_and_never_a_statement(text):
    store = open_store(":memory:")
    store.prepare(NOTES, nothing)
    for number, given_ in enumerate((text, f"'; DROP TABLE platgov_notes;--{text}", f"%_?{text}")):
        with store.write() as session:
            session.run(INSERT, (number, given_))
        with store.read() as session:
            assert session.row("SELECT text FROM platgov_notes WHERE n = ?", (number,)) == (given_,)
    store.close()


def test_other_threads_of_the_process_wait_and_then_give_up(opened):
    store = opened(timeout_s=0.1)
    store.prepare(NOTES, nothing)
    with store.write():
        failures = []

        def work():
            try:
                with store.write():
                    pass
            except errors.BusyError as busy:
                failures.append(busy.code)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert failures == ["busy"]


def test_a_second_handle_waits_and_then_gives_up(opened):
    if opened.kind == "memory":
        pytest.skip("each handle in memory is a store of its own")
    first, second = opened(), opened(timeout_s=0.2)
    first.prepare(NOTES, nothing)
    second.prepare(NOTES, nothing)
    lock = "SELECT version FROM platgov_schema WHERE domain = 'notes'" + (
        " FOR UPDATE" if opened.kind == "postgres" else ""
    )
    with first.write() as session:
        session.rows(lock)
        with pytest.raises(errors.BusyError), second.write() as other:
            other.rows(lock)
    with second.write() as other:
        other.run(INSERT, (1, "one"))


@pytest.mark.parametrize("wrong", [-1, 86_401, "5", None, True, float("nan"), float("inf")])
def test_a_timeout_that_is_none_is_refused(wrong):
    with pytest.raises(errors.InputError, match="timeout_s"):
        open_store(":memory:", timeout_s=wrong)


@pytest.mark.parametrize("target", ["", "a\0b", b"bytes", None, 7, True, ["x"]])
def test_a_target_that_is_none_is_refused(target):
    with pytest.raises(errors.InputError):
        open_store(target)
    with pytest.raises(errors.InputError):
        open_store(":memory:", read_only="yes")


def test_a_path_object_and_odd_names_work(tmp_path, monkeypatch):
    for name in ("plain.db", "with space.db", "per%cent?&#.db", "ünï.db", "file:x.db"):
        store = open_store(tmp_path / name)
        store.prepare(NOTES, nothing)
        store.close()
        assert (tmp_path / name).stat().st_size > 0, name
    monkeypatch.chdir(tmp_path)
    store = open_store("relative.db")
    store.prepare(NOTES, nothing)
    monkeypatch.chdir("/")
    with store.write() as session:
        session.run(INSERT, (1, "one"))
    store.close()


# -- migrations ------------------------------------------------------------------------------


def test_tables_are_made_once_and_the_creator_is_told(opened):
    told = []
    store = opened()
    for _ in range(2):
        store.prepare(NOTES, lambda session: told.append(session.rows(SELECT)))
    assert told == [[]]


@pytest.mark.parametrize("version", [0, 1, 2])
def test_every_older_version_is_brought_up_with_its_rows(opened, version):
    store = opened()
    if version:
        store.prepare(Domain(name="notes", migrations=LATER.migrations[:version]), nothing)
        with store.write() as session:
            session.run(INSERT, (5, "five"))
            if version > 1:
                session.run("UPDATE platgov_notes SET mark = 10")
    store.prepare(LATER, nothing)
    with store.read() as session:
        assert session.row("SELECT version FROM platgov_schema WHERE domain = ?", ("notes",)) == (3,)
        expected = [(5, "five", 10, 11)] if version else []
        assert session.rows("SELECT n, text, mark, more FROM platgov_notes") == expected


def test_domains_have_versions_of_their_own(opened):
    store = opened()
    other = Domain(name="other", migrations=(step("CREATE TABLE platgov_other (n INTEGER)"),))
    store.prepare(LATER, nothing)
    store.prepare(other, nothing)
    with store.read() as session:
        found = session.rows("SELECT domain, version FROM platgov_schema ORDER BY domain")
    assert found == [("notes", 3), ("other", 1)]


def test_a_migration_that_fails_leaves_the_older_version(opened):
    store = opened()
    store.prepare(NOTES, nothing)
    with store.write() as session:
        session.run(INSERT, (5, "five"))
    broken = Domain(name="notes", migrations=(*LATER.migrations[:2], step("UPDATE platgov_missing SET n = 1")))
    with pytest.raises(errors.StorageError):
        store.prepare(broken, nothing)
    with pytest.raises(RuntimeError, match="in the middle"):
        opened().prepare(Domain(name="third", migrations=(step("SELECT 1"),)), _raise)
    with store.read() as session:
        assert session.rows("SELECT domain, version FROM platgov_schema") == [("notes", 1)]
        assert session.rows("SELECT * FROM platgov_notes") == [(5, "five")]
    store.prepare(LATER, nothing)


def _raise(session):
    raise RuntimeError("in the middle")


def _die_in_the_middle(path, statement):
    """Child: bring the tables up, and be killed just before a statement."""

    class Dying(sqlite3.Connection):
        def execute(self, sql, *params):
            if statement in sql:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().execute(sql, *params)

    class DyingCursor(sqlite3.Cursor):
        def execute(self, sql, *params):
            if statement in sql:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().execute(sql, *params)

    original = sqlite3.connect
    sqlite3.connect = lambda *a, **k: original(*a, **{"factory": Dying, **k})
    sqlite_session.sqlite3.Cursor = DyingCursor
    open_store(path).prepare(LATER, nothing)


@pytest.mark.parametrize("statement", ["ADD COLUMN mark", "SET mark", "ADD COLUMN more", "INSERT INTO main", "COMMIT"])
def test_a_migration_killed_in_the_middle_is_done_again(path, statement):
    store = open_store(path)
    store.prepare(NOTES, nothing)
    with store.write() as session:
        session.run(INSERT, (5, "five"))
    store.close()
    child = FORK.Process(target=_die_in_the_middle, args=(str(path), statement))
    child.start()
    child.join(20)
    assert child.exitcode == -signal.SIGKILL
    store = open_store(path)
    with store.read() as session:
        assert session.rows("SELECT version FROM platgov_schema") == [(1,)]
        assert session.rows("SELECT * FROM platgov_notes") == [(5, "five")]
    store.prepare(LATER, nothing)
    with store.read() as session:
        assert session.rows("SELECT * FROM platgov_notes") == [(5, "five", 10, 11)]
    store.close()


@pytest.mark.parametrize(("version", "code"), [(4, "newer"), (2**40, "newer"), (0, "damaged"), (-1, "damaged")])
def test_a_version_that_is_not_known_is_refused(opened, version, code):
    store = opened()
    store.prepare(LATER, nothing)
    if opened.kind == "postgres" and version == 2**40:
        pytest.skip("does not fit the column")
    with store.write() as session:
        session.run("UPDATE platgov_schema SET version = ?", (version,))
    with pytest.raises(errors.SchemaError) as raised:
        store.prepare(LATER, nothing)
    assert raised.value.code == code


def test_tables_without_their_version_are_refused(opened):
    if opened.kind == "memory":
        pytest.skip("nobody else writes to memory")
    store = opened()
    store.prepare(NOTES, nothing)
    with store.write() as session:
        session.run("DROP TABLE platgov_schema")
    with pytest.raises(errors.SchemaError) as raised:
        opened().prepare(NOTES, nothing)
    assert raised.value.code == "damaged"


def test_read_only_refuses_to_make_tables(opened):
    if opened.kind == "sqlite":
        with pytest.raises(errors.StorageError, match="does not exist"):
            opened(read_only=True)
        opened().prepare(NOTES, nothing)
        opened(read_only=True).prepare(NOTES, nothing)
    store = opened(read_only=True)
    with pytest.raises(errors.SchemaError) as raised:
        store.prepare(LATER, nothing)
    assert raised.value.code == "missing"
    with pytest.raises(errors.StorageError), store.write():
        pass


def test_two_processes_that_create_at_once_create_once(path):
    def work():
        Ledger.open(path).close()

    children = [FORK.Process(target=work) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(30)
    assert [child.exitcode for child in children] == [0] * 4
    with Ledger.open(path) as ledger:
        ledger.append({}, key="k")
        ledger.verify()


# -- files that are not ours -----------------------------------------------------------------


def refused(path, kind=errors.SchemaError, **options):
    """Open a ledger that must be refused, and see that the file was not touched."""
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(kind) as raised:
        Ledger.open(path, **options)
    assert before is None or path.read_bytes() == before
    return raised.value.code


def host_file(path, *statements):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in ("CREATE TABLE host (n INTEGER)", *statements):
            connection.execute(statement)


def ledger_file(path, count=3):
    with Ledger.open(path) as ledger:
        for n in range(count):
            ledger.append({"n": n, "text": "x" * 500}, key=f"k{n}", subject="u")
        return ledger.checkpoint()


def test_the_file_of_another_application_is_refused(path):
    host_file(path, "PRAGMA application_id = 1234")
    assert refused(path) == "foreign"


def test_what_is_no_database_is_refused(path):
    path.write_bytes(b"These are only words. " * 500)
    assert refused(path) == "not_a_database"


def test_a_newer_layout_is_refused(path):
    ledger_file(path)
    host_file(path, f"PRAGMA user_version = {LAYOUT + 1}")
    assert refused(path) == "newer"


def test_a_newer_schema_is_refused_before_any_write(path):
    ledger_file(path)
    host_file(path, "UPDATE platgov_schema SET version = 99", "PRAGMA journal_mode = DELETE")
    assert refused(path) == "newer"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_truncated_file_is_refused(path):
    ledger_file(path, 50)
    whole = path.read_bytes()
    for size in (100, 1_000, 4_096, len(whole) // 2, len(whole) - 4_096, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises((errors.StorageError, errors.VerificationError)):
            with Ledger.open(path) as ledger:
                ledger.verify()


def test_a_head_that_does_not_fit_the_entries_is_refused(path):
    ledger_file(path, 5)
    for tamper in (
        "UPDATE platgov_heads SET n = n + 1 WHERE stream = ''",
        "DELETE FROM platgov_entries WHERE seq = 4",
        "INSERT INTO platgov_entries VALUES (5, 1, 'x', 'x', 1, 'x', NULL, NULL, NULL, 0, 'x', NULL, NULL, NULL, NULL)",
        "UPDATE platgov_entries SET kind = 'other' WHERE seq = 4",
        "UPDATE platgov_heads SET frontier = zeroblob(64) WHERE stream = ''",
        "UPDATE platgov_heads SET frontier = zeroblob(63) WHERE stream = ''",
        "DELETE FROM platgov_heads",
        "DELETE FROM platgov_ledger",
        "UPDATE platgov_ledger SET salt = zeroblob(31)",
    ):
        copy = path.with_suffix(".copy")
        copy.write_bytes(path.read_bytes())
        with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as connection:
            connection.execute(tamper)
        with pytest.raises(errors.VerificationError) as raised:
            Ledger.open(copy)
        assert raised.value.code == "head", tamper


def test_a_directory_a_missing_directory_and_a_file_that_cannot_be_read_are_refused(path, tmp_path):
    assert refused(tmp_path, errors.StorageError) == "directory"
    assert refused(tmp_path / "none" / "x.db", errors.StorageError) == "cannot_open"
    assert refused(tmp_path / "none.db", errors.StorageError, read_only=True) == "missing"
    assert not (tmp_path / "none.db").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_cannot_be_written_is_refused(path):  # pragma: no cover - not as root
    ledger_file(path)
    path.chmod(0o444)
    with pytest.raises(errors.StorageError):
        Ledger.open(path)


def test_a_file_of_the_host_keeps_its_marks_and_gets_our_tables(path):
    host_file(path, "PRAGMA user_version = 77")
    with Ledger.open(path) as ledger:
        ledger.append({}, key="k")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (77,)
        assert connection.execute("PRAGMA application_id").fetchone() == (0,)
    ledger_file(path.with_suffix(".own"))
    with contextlib.closing(sqlite3.connect(path.with_suffix(".own"))) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)


def test_our_connections_write_durably_and_overwrite_what_they_free(path):
    store = open_store(path)
    store.prepare(NOTES, nothing)
    with store.write() as session:
        settings_ = {
            name: session.row(f"PRAGMA {name}")[0]
            for name in ("journal_mode", "synchronous", "secure_delete", "wal_autocheckpoint", "checkpoint_fullfsync")
        }
    assert settings_ == {
        "journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "wal_autocheckpoint": 0, "checkpoint_fullfsync": 1,
    }  # fmt: skip
    store.close()


def test_a_database_that_cannot_have_a_log_is_refused(path, monkeypatch):
    class NoLog(sqlite3.Connection):
        def execute(self, sql, *params):
            return super().execute("SELECT 'delete'" if "journal_mode = WAL" in sql else sql, *params)

    original = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: original(*a, factory=NoLog, **k))
    assert refused(path, errors.StorageError) == "journal"


def test_an_old_sqlite_is_refused(path, monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    assert refused(path, errors.StorageError) == "sqlite"


# -- handles ---------------------------------------------------------------------------------


def test_a_file_that_was_replaced_or_deleted_is_noticed(path):
    ledger_file(path)
    with Ledger.open(path) as ledger:
        other = path.with_suffix(".other")
        ledger_file(other, 1)
        other.replace(path)
        for use in (lambda: ledger.append({}, key="n"), ledger.checkpoint, ledger.verify):
            with pytest.raises(errors.HandleError) as raised:
                use()
            assert raised.value.code == "replaced"
        path.unlink()
        with pytest.raises(errors.HandleError):
            ledger.append({}, key="n")
        assert not path.exists()


def test_a_child_must_open_its_own_and_the_parent_goes_on(path):
    with Ledger.open(path) as ledger:
        ledger.append({}, key="before")

        def child():
            for use in (lambda: ledger.append({}, key="child"), ledger.checkpoint, lambda: list(ledger.entries())):
                try:
                    use()
                except errors.HandleError as bad:
                    if bad.code != "fork":
                        os._exit(2)
                else:
                    os._exit(3)
            ledger.close()
            with Ledger.open(path) as own:
                own.append({}, key="child")
            os._exit(0)

        process = FORK.Process(target=child)
        process.start()
        ledger.append({}, key="meanwhile")
        process.join(20)
        assert process.exitcode == 0
        ledger.append({}, key="after")
        assert {entry.key for entry in ledger.entries()} == {"before", "meanwhile", "child", "after"}
        ledger.verify()


def test_the_handle_of_another_process_is_neither_used_nor_closed(opened):
    store = opened()
    store.prepare(NOTES, nothing)
    store._pid += 1  # as if this were the child
    for use in (store.read, store.write, store.snapshot, lambda: store.joined(None)):
        with pytest.raises(errors.HandleError) as raised, use():
            pass
        assert raised.value.code == "fork"
    connection = store._reader
    store.close()
    store._pid -= 1
    connection.execute("SELECT 1")


def test_who_creates_second_finds_what_the_first_created(path, monkeypatch):
    first, second = open_store(path), open_store(path)
    told = []
    with monkeypatch.context() as patched:
        patched.setattr(second, "_version", lambda domain: None)  # it looked before the first one created
        first.prepare(NOTES, told.append)
        second.prepare(NOTES, told.append)
    assert len(told) == 1
    first.close()
    second.close()


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CORRUPT])
@pytest.mark.parametrize("after", [False, True], ids=["not written", "written"])
@pytest.mark.parametrize("match", ["BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"])
def test_after_a_failure_of_the_disk_the_ledger_starts_over_and_goes_on(path, monkeypatch, code, after, match):
    ledger_file(path)
    with failing(monkeypatch, match, code, times=0, after=after) as plan, Ledger.open(path) as ledger:
        ledger.append({}, key="good")
        old = ledger._store._writer
        plan["times"] = 1
        if match == "ROLLBACK":
            with pytest.raises(errors.ConflictError):
                ledger.append({"x": 1}, key="good")
        else:
            with pytest.raises(errors.StorageError) as raised:
                ledger.append({}, key="bad", subject="u")
            assert raised.value.code in ("io", "full", "damaged")
            with pytest.raises(sqlite3.ProgrammingError):
                old.execute("SELECT 1")  # it was closed
        receipt = ledger.append({}, key="bad", subject="u")
        assert receipt.repeated == (after and match == "COMMIT")
        assert ledger.append({}, key="next").seq == receipt.seq + 1
        ledger.verify()


def test_a_reopening_that_fails_too_is_said_and_tried_again(path, monkeypatch):
    ledger_file(path)
    with failing(monkeypatch, "COMMIT", times=0) as plan, Ledger.open(path) as ledger:
        plan["times"] = 1
        with pytest.raises(errors.StorageError):
            ledger.append({}, key="a")
        plan.update(match="wal_checkpoint", times=2)
        for _ in range(2):
            with pytest.raises(errors.StorageError):
                ledger.append({}, key="a")
        ledger.append({}, key="a")
        ledger.verify()


def test_a_tail_that_changed_during_a_failure_is_refused(path, monkeypatch):
    ledger_file(path)
    with failing(monkeypatch, "COMMIT", times=0) as plan, Ledger.open(path) as ledger:
        plan["times"] = 1
        with pytest.raises(errors.StorageError):
            ledger.append({}, key="a")
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("UPDATE platgov_entries SET kind = 'other' WHERE seq = 2")
        for _ in range(2):
            with pytest.raises(errors.VerificationError):
                ledger.append({}, key="a")


def test_a_full_disk_loses_nothing_that_was_acknowledged(path):
    code = """
import resource, sys
from platgov.errors import StorageError
from platgov.ledger import Ledger
ledger = Ledger.open(sys.argv[1])
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
done = 0
try:
    for n in range(1000):
        ledger.append({"text": "x" * 3000}, key=f"k{n}")
        done = n + 1
except StorageError as bad:
    print(done, bad.code, flush=True)
"""
    source = str(pathlib.Path(__file__).parents[1] / "src")
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, env={"PYTHONPATH": source}, check=False
    )
    count, reason = done.stdout.split()
    assert reason in ("io", "full")
    assert 0 < int(count) < 1_000
    with Ledger.open(path) as ledger:
        assert {f"k{n}" for n in range(int(count))} <= {entry.key for entry in ledger.entries()}
        ledger.append({}, key="after")
        ledger.verify()


def test_a_descriptor_that_another_part_of_the_process_writes_to_is_found_out(path):
    ledger_file(path, 40)
    with path.open("r+b") as stale:
        size = path.stat().st_size
        stale.seek(size - 3_000)
        stale.write(b"not meant for this file")
    with pytest.raises((errors.VerificationError, errors.StorageError)):
        with Ledger.open(path) as ledger:
            ledger.verify()


def test_a_closed_store_says_so(opened):
    store = opened()
    assert not store.closed
    store.close()
    assert store.closed
    for use in (store.read, store.write, store.snapshot, lambda: store.joined(None)):
        with pytest.raises(errors.HandleError), use():
            pass
    if opened.kind != "memory":
        with pytest.raises(errors.HandleError):
            store.wipe()


# -- the queue between processes -------------------------------------------------------------


def test_the_gate_lets_one_in_and_gives_up_after_the_deadline(path):
    gate, other = Gate(str(path)), Gate(str(path))
    with gate.held(time.monotonic() + 1):
        started = time.monotonic()
        with pytest.raises(errors.BusyError), other.held(started + 0.1):
            pass
        assert time.monotonic() - started >= 0.1
    with other.held(time.monotonic() + 5):
        pass
    with gate.held(time.monotonic()):
        pass
    gate.close()
    other.close()
    gate.close()


def test_a_waiter_is_let_in_when_the_holder_leaves(path):
    gate, other = Gate(str(path)), Gate(str(path))
    order = []

    def wait():
        with other.held(time.monotonic() + 5):
            order.append("second")

    with gate.held(time.monotonic() + 1):
        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.05)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]
    gate.close()
    other.close()


def test_whoever_gave_up_does_not_keep_the_lock_that_comes_later(path):
    with open(f"{path}-lock", "w") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        gate = Gate(str(path))
        with pytest.raises(errors.BusyError), gate.held(time.monotonic()):
            pass
    with gate.held(time.monotonic() + 5):
        pass
    gate.close()


def test_a_wait_that_cannot_begin_or_is_interrupted_leaves_the_gate_usable(path, monkeypatch):
    gate, other = Gate(str(path)), Gate(str(path))

    def no_more(self):
        raise RuntimeError("can't start new thread")

    with gate.held(time.monotonic() + 1):
        monkeypatch.setattr(threading.Thread, "start", no_more)
        with pytest.raises(errors.BusyError, match="thread"), other.held(time.monotonic() + 1):
            pass
        monkeypatch.undo()

        def interrupted(self, timeout=None):
            raise KeyboardInterrupt

        wait = threading.Event.wait
        monkeypatch.setattr("platgov._stores.gate._Waiter.start", lambda self: None)
        monkeypatch.setattr(threading.Event, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt), other.held(time.monotonic() + 1):
            pass
        # The lock comes at the very moment of the interruption, or of the deadline.
        monkeypatch.setattr("platgov._stores.gate._Waiter.start", lambda self: self._done.set())
        with pytest.raises(KeyboardInterrupt), other.held(time.monotonic() + 1):
            pass
        monkeypatch.setattr(threading.Event, "wait", lambda self, timeout=None: False)
    with other.held(time.monotonic() + 1):
        pass
    with gate.held(time.monotonic() + 1):
        monkeypatch.setattr(threading.Event, "wait", wait)
    monkeypatch.undo()
    gate.close()
    other.close()


def test_lock_files_that_cannot_be_made_are_said(path):
    for name in ("-turn", "-lock"):
        blocked = path.with_name(f"{path.name}{name}")
        blocked.mkdir()
        assert refused(path, errors.StorageError) == "lock_file"
        blocked.rmdir()


# -- the WAL-reset bug -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "has_it"),
    [
        ((3, 6, 23), False), ((3, 7, 0), True), ((3, 40, 1), True), ((3, 44, 5), True), ((3, 44, 6), False),
        ((3, 45, 0), True), ((3, 50, 6), True), ((3, 50, 7), False), ((3, 51, 2), True), ((3, 51, 3), False),
        ((3, 52, 0), False), ((3, 53, 1), False),
    ],
)  # fmt: skip
def test_versions_with_the_wal_reset_bug_are_known(version, has_it):
    assert reset_bug(version) == has_it


def _wal_pages(path):
    return pathlib.Path(f"{path}-wal").stat().st_size // 4_120


@pytest.fixture
def watched(path, monkeypatch):
    """Give a list that says, for each checkpoint, whether anyone else could have committed meanwhile."""
    seen = []
    original = sqlite3.connect

    class Watching(sqlite3.Connection):
        def execute(self, sql, *params):
            if "wal_checkpoint(PASSIVE)" in sql:
                with contextlib.closing(original(path, timeout=0)) as other:
                    try:
                        other.execute("BEGIN IMMEDIATE")
                    except sqlite3.OperationalError:
                        seen.append("locked")
                    else:
                        seen.append("free")
            return super().execute(sql, *params)

    def connect(*args, **options):
        return original(*args, **({"factory": Watching} if options.get("uri") else {}), **options)

    monkeypatch.setattr(sqlite3, "connect", connect)
    return seen


def test_checkpoints_run_only_while_the_write_lock_is_held(path, watched):
    with Ledger.open(path) as ledger:
        for n in range(40):
            ledger._store._pages += 100
            ledger.append({"n": n, "text": "x" * 20_000}, key=f"k{n}")
        assert _wal_pages(path) < 200  # of about 400 that were written
        ledger.verify()
    assert set(watched) == {"locked"}
    assert len(watched) >= 3


@pytest.mark.parametrize("begins", ["the host", "we"])
def test_what_hosts_write_is_moved_out_of_the_log_too(path, watched, monkeypatch, begins):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 40, 1))
    with Ledger.open(path) as ledger, contextlib.closing(sqlite3.connect(path, isolation_level=None)) as host:
        for n in range(40):
            ledger._store._pages += 100
            if begins == "the host":
                host.execute("BEGIN IMMEDIATE")
            ledger.append_in(host, {"n": n, "text": "x" * 20_000}, key=f"k{n}")
            if n == 20:
                ledger._store._pages += 10_000
                ledger.checkpoint()  # cannot, and does not wait for it either
            host.execute("COMMIT")
            if begins == "the host" and n % 10 == 0:
                ledger.checkpoint()
        assert host.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)
        assert _wal_pages(path) < 200
        ledger.verify()
    assert set(watched) == {"locked"}
    assert len(watched) >= 3


def test_a_host_connection_keeps_its_checkpoints_where_the_bug_is_mended(path, monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 3))
    with Ledger.open(path) as ledger, contextlib.closing(sqlite3.connect(path, isolation_level=None)) as host:
        ledger.append_in(host, {}, key="k")
        host.execute("COMMIT")
        assert host.execute("PRAGMA wal_autocheckpoint").fetchone() == (1_000,)


def test_a_reader_that_keeps_the_log_from_being_emptied_is_said(path):
    ledger_file(path)
    with Ledger.open(path, timeout_s=0.2) as ledger, contextlib.closing(sqlite3.connect(path)) as reader:
        ledger.append({}, key="one", subject="gone")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM platgov_entries").fetchall()
        ledger.append({}, key="more")
        with pytest.raises(errors.BusyError, match="log"):
            ledger.erase(subject="gone")
        reader.execute("ROLLBACK")
        assert ledger.erase(subject="gone").count == 0
        assert ledger.verify().erased == 1


def test_a_wipe_that_fails_starts_over(path, monkeypatch):
    ledger_file(path)
    with failing(monkeypatch, "wal_checkpoint(TRUNCATE)", times=0) as plan, Ledger.open(path) as ledger:
        plan["times"] = 1
        with pytest.raises(errors.StorageError):
            ledger.erase(subject="u")
        assert ledger.erase(subject="u").count == 0
        assert ledger.verify().erased == 3


def test_a_host_that_takes_our_tables_away_is_told(path):
    with Ledger.open(path) as ledger, contextlib.closing(sqlite3.connect(path, isolation_level=None)) as host:
        host.execute("BEGIN")
        host.execute("DROP TABLE platgov_schema")
        with pytest.raises(errors.StorageError) as raised:
            ledger.append_in(host, {}, key="k")
        assert raised.value.code == "sqlite"
        host.execute("ROLLBACK")
        ledger.append({}, key="k")


# -- PostgreSQL ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "schema", ["", "Upper", "a-b", 'a"b', "a.b", "1a", "x" * 64, "a b", "pg_x", "ä", None, 7, "a;drop", "a\0"]
)
def test_a_schema_that_is_no_plain_name_is_refused(schema):
    with pytest.raises(errors.InputError, match="schema"):
        open_store(POSTGRES, schema=schema)


def test_an_address_that_cannot_be_used_is_refused_without_its_password():
    pytest.importorskip("psycopg", reason="PostgreSQL needs psycopg")
    for address, kind in [
        ("postgresql://u:hunter2@127.0.0.1:1/x", errors.StorageError),
        ("postgresql://u:hunter2@127.0.0.1:5432/x?nonsense=1", errors.InputError),
        ("postgresql://u:hunter2@\0", errors.InputError),
    ]:
        with pytest.raises(kind) as raised:
            open_store(address, timeout_s=2)
        assert "hunter2" not in str(raised.value)


def test_a_database_of_another_encoding_is_refused():
    from platgov._stores.postgres import _check_encoding

    class Session:
        def row(self, sql):
            return ("SQL_ASCII",)

    with pytest.raises(errors.SchemaError, match="UTF8"):
        _check_encoding(Session())


def test_without_the_driver_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(errors.StorageError, match=r"platgov\[postgres\]"):
        open_store(POSTGRES)


@pytest.fixture
def server():
    """An administrator's connection, a schema, and a ledger in it."""
    psycopg = postgres_or_skip()
    with fresh_schema() as schema, psycopg.connect(POSTGRES, autocommit=True) as admin:
        with Ledger.open(POSTGRES, schema=schema, timeout_s=5) as ledger:
            yield admin, schema, ledger


def _end_sessions(admin, ledger):
    for connection in (ledger._store._writer, ledger._store._reader):
        if connection is not None:
            admin.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))


def test_a_connection_that_breaks_in_the_middle_is_let_go_of(server, monkeypatch):
    psycopg = postgres_or_skip()
    admin, _, ledger = server
    store = ledger._store
    with pytest.raises(RuntimeError, match="other"), store.write() as session:
        session.rows("SELECT 1")
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (store._writer.info.backend_pid,))
        raise RuntimeError("other")
    assert store._writer.closed
    ledger.append({}, key="k")

    def broken(self, sql, params=()):
        raise psycopg.OperationalError("just now")

    store._writer.close()
    monkeypatch.setattr("platgov._stores.postgres.PostgresSession.run", broken)
    with pytest.raises(errors.StorageError, match="just now"):
        ledger.append({}, key="l")
    monkeypatch.undo()
    ledger.append({}, key="l")
    assert ledger.size == 2


def test_a_lost_connection_is_said_and_the_next_call_opens_another(server):
    admin, _, ledger = server
    ledger.append({}, key="a")
    for n in range(3):
        _end_sessions(admin, ledger)
        with pytest.raises(errors.StorageError) as raised:
            ledger.append({}, key=f"k{n}")
        assert raised.value.code == "connection"
        with pytest.raises(errors.StorageError):
            ledger.checkpoint()
        assert not ledger.append({}, key=f"k{n}").repeated
        assert ledger.size == n + 2
    ledger.verify()


@pytest.mark.parametrize("happened", [True, False])
def test_a_commit_without_an_answer_is_resolved_by_looking(server, monkeypatch, happened):
    admin, _, ledger = server
    ledger.append({}, key="a")
    connection = ledger._store._writer
    execute = connection.execute

    def lose(sql, *params):
        if sql == "COMMIT":
            if happened:
                execute(sql)
            admin.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
            monkeypatch.undo()
        return execute(sql, *params)

    monkeypatch.setattr(connection, "execute", lose)
    if happened:
        receipt = ledger.append({"n": 1}, key="b", subject="u")
        assert (receipt.seq, receipt.repeated) == (1, False)
    else:
        with pytest.raises(errors.StorageError) as raised:
            ledger.append({"n": 1}, key="b", subject="u")
        assert raised.value.code == "unknown"
    assert ledger.append({"n": 1}, key="b", subject="u").repeated == happened
    assert ledger.size == 2
    ledger.verify()


def test_our_sessions_wait_for_the_disk_whatever_the_role_says(server):
    _, schema, _ = server
    store = open_store(POSTGRES + "?options=-csynchronous_commit%3Doff", schema=schema)
    with store.write() as session:
        assert session.row("SHOW synchronous_commit") == ("on",)
        assert session.row("SHOW transaction_isolation") == ("read committed",)
    store.close()
    store = open_store(POSTGRES + "?options=-csynchronous_commit%3Dremote_apply", schema=schema)
    with store.write() as session:
        assert session.row("SHOW synchronous_commit") == ("remote_apply",)
    store.close()


def test_a_host_transaction_is_made_durable_and_its_modes_do_not_matter(server):
    psycopg = postgres_or_skip()
    _, _, ledger = server
    number = 0
    for autocommit in (True, False):
        for factory in (psycopg.rows.tuple_row, psycopg.rows.dict_row):
            for isolation in (None, psycopg.IsolationLevel.SERIALIZABLE):
                with psycopg.connect(POSTGRES, autocommit=autocommit, row_factory=factory) as host:
                    host.isolation_level = isolation
                    host.execute("SET synchronous_commit = off")
                    host.commit()
                    ledger.append_in(host, {}, key=f"k{number}", subject="u")
                    shown = host.execute("SHOW synchronous_commit").fetchone()
                    assert list(shown.values() if isinstance(shown, dict) else shown) == ["on"]
                    host.commit()
                    number += 1
    assert ledger.size == number
    ledger.verify()


def test_a_host_transaction_that_saw_an_older_head_has_to_be_run_again(server):
    psycopg = postgres_or_skip()
    _, _, ledger = server
    with psycopg.connect(POSTGRES) as host:
        host.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        host.execute("SELECT 1 FROM pg_class").fetchone()
        ledger.append({}, key="first")
        with pytest.raises(errors.BusyError, match="again"):
            ledger.append_in(host, {}, key="second")
        host.rollback()
        ledger.append_in(host, {}, key="second")
    assert ledger.size == 2
    ledger.verify()


def test_a_host_transaction_that_failed_before_is_refused(server):
    psycopg = postgres_or_skip()
    _, _, ledger = server
    with psycopg.connect(POSTGRES) as host:
        with pytest.raises(psycopg.Error):
            host.execute("SELECT 1/0")
        with pytest.raises(errors.HandleError, match="INERROR"):
            ledger.append_in(host, {}, key="k")
        host.rollback()
        with pytest.raises(errors.HandleError, match="database"):
            with psycopg.connect(POSTGRES.replace("/test", "/postgres")) as other:
                ledger.append_in(other, {}, key="k")


def test_what_the_server_refuses_is_named(server):
    admin, schema, ledger = server
    psycopg = postgres_or_skip()
    names = psycopg.sql.SQL("{}.platgov_entries").format(psycopg.sql.Identifier(schema))
    admin.execute(psycopg.sql.SQL("ALTER TABLE {} RENAME TO platgov_gone").format(names))
    with pytest.raises(errors.SchemaError) as raised:
        ledger.append({}, key="k")
    assert raised.value.code == "damaged"
    names = psycopg.sql.SQL("{}.platgov_gone").format(psycopg.sql.Identifier(schema))
    admin.execute(psycopg.sql.SQL("ALTER TABLE {} RENAME TO platgov_entries").format(names))
    ledger.append({}, key="k")
    with pytest.raises(errors.StorageError) as raised, ledger._store.write() as session:
        session.run("SELECT nonsense(1)")
    assert raised.value.code == "postgres"


def test_a_child_leaves_the_connections_of_its_parent_alone(server):
    _, _, ledger = server
    ledger.append({}, key="before")

    def child():
        try:
            ledger.append({}, key="child")
        except errors.HandleError:
            ledger.close()
            os._exit(0)
        os._exit(1)

    process = FORK.Process(target=child)
    process.start()
    process.join(20)
    assert process.exitcode == 0
    ledger.append({}, key="after")
    assert ledger.size == 2
