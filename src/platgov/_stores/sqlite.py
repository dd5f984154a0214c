"""SQLite: one file, many processes, every commit on disk before it is acknowledged.

Two connections per handle. One writes, the other reads and runs the checkpoints that move the
write-ahead log back into the file, only ever while the first holds the write lock. That keeps the
WAL-reset bug of SQLite before 3.51.3 away (sqlite.org/wal.html#walresetbug), which needs one
connection to commit while another runs a checkpoint. Two gaps remain there: connections of a host
that the ledger never sees make checkpoints of their own, and emptying the log after an erasure
takes the write lock only if it can get it within the timeout.
"""

from __future__ import annotations

import os
import pathlib
import sqlite3
import threading
from contextlib import contextmanager, suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from platgov._canonical import shown
from platgov._stores.base import SET_VERSION, VERSION_OF, Domain, Session, Store, pending, refused, taken
from platgov._stores.gate import Gate
from platgov._stores.sqlite_session import (
    SQLiteSession,
    connect,
    plain_text,
    reset_bug,
    take_write_lock,
    translated,
)
from platgov.errors import BusyError, HandleError, SchemaError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["APPLICATION_ID", "LAYOUT", "SQLiteStore"]

APPLICATION_ID: Final = 0x706C6774
"""``plgt``, written into files that platgov creates; a host's own file keeps what it has."""
LAYOUT: Final = 1
"""``user_version`` of files that platgov creates: which side tables there are."""

_OLDEST: Final = (3, 37, 0)  # STRICT tables
_CHECKPOINT_PAGES: Final = 1_000  # as SQLite itself would
_VERSIONS: Final = (
    "CREATE TABLE IF NOT EXISTS main.platgov_schema "
    "(domain TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL) STRICT, WITHOUT ROWID"
)


class SQLiteStore(Store):
    """A store in one SQLite file, or in memory with ``:memory:``.

    A file in another journal mode is switched to WAL. Two empty files ``-turn`` and ``-lock``
    beside it queue the writers of all processes (see `Gate`). Network file systems are not for
    SQLite.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout_s: float = 30, read_only: bool = False) -> None:
        super().__init__(timeout_s=timeout_s, read_only=read_only)
        if sqlite3.sqlite_version_info < _OLDEST:
            raise StorageError("sqlite", f"SQLite {sqlite3.sqlite_version} is too old; 3.37 or newer is needed")
        self._memory = path == ":memory:"
        self.path = ":memory:" if self._memory else _checked_path(path)
        self._translated: dict[str, str] = {}
        self._writing = threading.Lock()
        # In memory there is one connection, so readers and the writer take turns.
        self._reading = self._writing if self._memory else threading.Lock()
        self._gate = None if self._memory or read_only else Gate(self.path)
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._poisoned = False
        self._pages = 0
        if self._memory:
            self._writer = self._reader = self._connected("memory")
        else:
            self._look(create=not read_only)

    @contextmanager
    def write(self) -> Iterator[SQLiteSession]:
        self.check()
        self.check_writable()
        deadline = monotonic() + self.timeout_s
        with taken(self._writing, deadline), self._in_line(deadline):
            self.check()
            connection = self._own_writer()
            try:
                with translated():
                    if self._poisoned:
                        # What the failed commit left in the log is either made durable now, or not there.
                        connection.execute("PRAGMA main.wal_checkpoint(TRUNCATE)")
                    elif self._log_is_long():
                        self._move_log(connection)
                    connection.execute("BEGIN IMMEDIATE")
                    session = SQLiteSession(connection, self._translated)
                    if self._poisoned:
                        if self.recheck is not None:
                            self.recheck(session)
                        self._poisoned = False
                    yield session
                    connection.execute("COMMIT")
                    self._pages += session.pages + 2
            except BaseException as bad:
                self._undo(connection, bad)
                raise

    @contextmanager
    def read(self) -> Iterator[Session]:
        self.check()
        self._move_log_if_free()
        with taken(self._reading, monotonic() + self.timeout_s):
            self.check()
            connection = self._own_reader()
            with self._seen(connection) as session:
                yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        if self._memory:
            with self.read() as session:
                yield session
            return
        self.check()
        self._check_file()
        connection = self._connected("ro" if self.read_only else "rw")
        try:
            connection.execute("PRAGMA query_only = ON")
            with self._seen(connection) as session:
                yield session
        finally:
            connection.close()

    @contextmanager
    def joined(self, connection: Any) -> Iterator[Session]:
        self.check()
        self.check_writable()
        if not isinstance(connection, sqlite3.Connection):
            raise HandleError("connection", f"a {type(connection).__name__} is no connection to this SQLite database")
        with translated(), plain_text(connection):
            self._check_same(connection)
            session = SQLiteSession(connection, self._translated)
            cursor = sqlite3.Cursor(connection)
            began = not connection.in_transaction
            if reset_bug(sqlite3.sqlite_version_info[:3]):
                # Its own checkpoints could run beside a commit of ours. Ours replace them.
                cursor.execute("PRAGMA main.wal_autocheckpoint = 0")
                if began:
                    self._move_log_if_free()
            take_write_lock(connection)
            cursor.execute("SAVEPOINT platgov")
            try:
                yield session
                cursor.execute("RELEASE platgov")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk may have undone the whole transaction already
                    cursor.execute("ROLLBACK TO platgov")
                    cursor.execute("RELEASE platgov")
                    if began:
                        cursor.execute("ROLLBACK")
                raise
            self._pages += session.pages + 2  # not exact, and a lock here could wait for this very transaction

    def prepare(self, domain: Domain, created: Callable[[Session], None]) -> None:
        version = self._version(domain)
        steps = pending(domain, version)
        if self.read_only:
            if steps:
                raise SchemaError("missing", f"there are no tables of {domain.name!r} at version {domain.version} here")
            return
        if not self._memory:
            self._use_wal()
        if not steps:
            return
        with self.write() as session:
            self._migrate(session, domain, created)

    def wipe(self) -> None:
        if self._memory:
            return
        self.check()
        deadline = monotonic() + self.timeout_s
        with taken(self._writing, deadline), self._in_line(deadline):
            connection = self._own_writer()
            try:
                with translated():
                    (busy, _, _) = connection.execute("PRAGMA main.wal_checkpoint(TRUNCATE)").fetchone()
            except StorageError as bad:
                self._undo(connection, bad)
                raise
            if busy:
                raise BusyError(
                    "busy", "a reader held the write-ahead log, which still has what was deleted; try again"
                )
            self._pages = 0

    def close(self) -> None:
        self._closed = True
        if self._pid != os.getpid():
            return  # a child must not close what belongs to its parent: SQLite would drop the locks
        with self._writing:
            self._drop()
            if self._gate is not None:
                self._gate.close()

    # -- opening -----------------------------------------------------------------------------

    def _look(self, *, create: bool) -> None:
        """Read who owns the file, before anything is written to it."""
        path = pathlib.Path(self.path)
        if path.is_dir():
            raise StorageError("directory", f"{self.path} is a directory; give the path of a file")
        if not path.exists() and not create:
            raise StorageError("missing", f"{self.path} does not exist")
        connection = self._connected("rwc" if create else "ro")
        try:
            with translated():
                (application,) = connection.execute("PRAGMA main.application_id").fetchone()
                (layout,) = connection.execute("PRAGMA main.user_version").fetchone()
                tables = connection.execute("SELECT count(*) FROM main.sqlite_schema").fetchone()[0]
        finally:
            connection.close()
        if application not in (0, APPLICATION_ID):
            raise SchemaError("foreign", f"{self.path} belongs to another application (application_id {application})")
        if application == APPLICATION_ID and layout > LAYOUT:
            raise SchemaError(
                "newer", f"{self.path} has layout {layout}; this platgov knows up to {LAYOUT}: upgrade it"
            )
        self._fresh = tables == 0
        self._identity = _identity(self.path)

    def _version(self, domain: Domain) -> int | None:
        with self.read() as session:
            names = session.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'platgov%'")
            if ("platgov_schema",) not in names:
                if names and not self._memory:
                    raise SchemaError("damaged", f"{self.path} has tables of platgov, but not which version they are")
                return None
            found = session.row(VERSION_OF, (domain.name,))
            return None if found is None else found[0]

    def _use_wal(self) -> None:
        deadline = monotonic() + self.timeout_s
        with taken(self._writing, deadline), self._in_line(deadline), translated():
            (mode,) = self._own_writer().execute("PRAGMA main.journal_mode = WAL").fetchone()
        if mode != "wal":
            raise StorageError("journal", f"SQLite cannot use a write-ahead log here (journal mode stays {mode})")

    def _migrate(self, session: SQLiteSession, domain: Domain, created: Callable[[Session], None]) -> None:
        # Read again under the lock: another process may have been here first.
        session.run(_VERSIONS)
        found = session.row(VERSION_OF, (domain.name,))
        version = None if found is None else found[0]
        steps = pending(domain, version)
        if not steps:
            return
        if not self._memory and self._fresh:
            session.run(f"PRAGMA main.application_id = {APPLICATION_ID}")
            session.run(f"PRAGMA main.user_version = {LAYOUT}")
        for step in steps:
            for statement in step.sqlite:
                session.define(statement)
        session.run(SET_VERSION, (domain.name, domain.version))
        if version is None:
            created(session)

    def _connected(self, mode: str) -> sqlite3.Connection:
        # As an address: a plain path would create a file that was deleted meanwhile.
        address = ":memory:" if self._memory else f"{pathlib.Path(self.path).as_uri()}?mode={mode}"
        return connect(address, self.timeout_s)

    # -- handles -----------------------------------------------------------------------------

    def _own_writer(self) -> sqlite3.Connection:
        self._check_file()
        if self._writer is None:
            self._writer = self._connected("rw")
            # Keys are random, so a large batch touches all of their index: 32 MiB of it stay at hand.
            self._writer.execute("PRAGMA cache_size = -32768")
        return self._writer

    def _own_reader(self) -> sqlite3.Connection:
        self._check_file()
        if self._reader is None:
            self._reader = self._connected("ro" if self.read_only else "rw")
            self._reader.execute("PRAGMA query_only = ON")
        return self._reader

    @contextmanager
    def _seen(self, connection: sqlite3.Connection) -> Iterator[Session]:
        with translated():
            connection.execute("BEGIN")
            try:
                yield SQLiteSession(connection, self._translated)
            finally:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")

    def _check_file(self) -> None:
        if self._memory:
            return
        try:
            identity = _identity(self.path)
        except OSError as bad:
            raise HandleError("replaced", f"{self.path} is gone since it was opened: {bad.strerror}") from None
        if identity != self._identity:
            raise HandleError("replaced", f"{self.path} is another file than the one that was opened")

    def _check_same(self, connection: sqlite3.Connection) -> None:
        path = next(
            (row[2] for row in sqlite3.Cursor(connection).execute("PRAGMA database_list") if row[1] == "main"), ""
        )
        self._check_file()
        with suppress(OSError):
            if path and not self._memory and _identity(path) == self._identity:
                return
        raise HandleError(
            "other_database", f"the connection is to {path or 'a database in memory'}, not to {self.path}"
        )

    def _undo(self, connection: sqlite3.Connection, bad: BaseException) -> None:
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        if isinstance(bad, StorageError) and not isinstance(bad, BusyError | HandleError) and not self._memory:
            # After a failed write nobody knows what SQLite still holds in memory: start over.
            self._drop()
            self._poisoned = True

    def _drop(self) -> None:
        """Close both connections; the lock for writing is held."""
        if self._writer is not None:
            with suppress(sqlite3.Error):
                self._writer.close()
        if self._memory:
            self._writer = self._reader = None
            return
        with self._reading:
            if self._reader is not None:
                with suppress(sqlite3.Error):
                    self._reader.close()
            self._writer = self._reader = None

    @contextmanager
    def _in_line(self, deadline: float) -> Iterator[None]:
        if self._gate is None:
            yield
        else:
            with self._gate.held(deadline):
                yield

    # -- checkpoints -------------------------------------------------------------------------

    def _log_is_long(self) -> bool:
        return self._pages >= _CHECKPOINT_PAGES and not self._memory

    def _move_log(self, writer: sqlite3.Connection) -> None:
        """Move the log back into the file.

        A transaction that writes nothing holds the write lock meanwhile, so nobody commits. It
        ends before the next one begins, which then finds nothing left in the log and starts it anew.
        """
        writer.execute("BEGIN IMMEDIATE")
        try:
            with self._reading:
                self._own_reader().execute("PRAGMA main.wal_checkpoint(PASSIVE)").fetchone()
            self._pages = 0
        finally:
            writer.execute("ROLLBACK")

    def _move_log_if_free(self) -> None:
        """Do so if it is due and nobody writes just now: what hosts write themselves also has to be moved."""
        if self.read_only or not self._log_is_long() or not self._writing.acquire(blocking=False):
            return
        try:
            writer = self._own_writer()
            with translated():
                writer.execute("PRAGMA busy_timeout = 0")
                try:
                    with suppress(BusyError), translated():
                        self._move_log(writer)
                finally:
                    writer.execute(f"PRAGMA busy_timeout = {int(self.timeout_s * 1000)}")
        finally:
            self._writing.release()


def _checked_path(path: object) -> str:
    given = os.fspath(path) if isinstance(path, os.PathLike) else path
    if type(given) is not str or not given or "\0" in given:
        raise refused("path", f"expected the path of a file, got {shown(given)}")
    return os.path.abspath(given)  # noqa: PTH100 - as text; not resolved, so that a replaced link shows


def _identity(path: str) -> tuple[int, int]:
    """Tell which file it is. Never by opening it: to close it would drop the locks of the whole process."""
    stat = os.stat(path)  # noqa: PTH116 - for each commit; a Path costs more than the call
    return stat.st_dev, stat.st_ino
