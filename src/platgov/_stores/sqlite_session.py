"""One SQLite connection as platgov uses it: its settings, a transaction on it, what its errors mean."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal

from platgov._stores.base import BATCH, Session
from platgov.errors import BusyError, HandleError, SchemaError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["SQLiteSession", "connect", "plain_text", "reset_bug", "take_write_lock", "translated"]

_JOURNAL_BYTES: Final = 64 * 2**20  # what an unusually large transaction leaves of the WAL file
_TABLE: Final = re.compile(r'(?<![\w."])platgov_')
# Touches no row, yet SQLite takes the write lock for it.
_TAKE_LOCK: Final = "UPDATE main.platgov_schema SET version = version WHERE domain = ''"
_PRAGMAS: Final = (
    "PRAGMA synchronous = FULL",
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA wal_autocheckpoint = 0",
    f"PRAGMA journal_size_limit = {_JOURNAL_BYTES}",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA mmap_size = 0",
)


def reset_bug(version: tuple[int, int, int]) -> bool:
    """Tell whether a version of SQLite has the WAL-reset bug (3.44.6 and 3.50.7 have the fix backported)."""
    fixed = {(3, 44): (3, 44, 6), (3, 50): (3, 50, 7)}.get(version[:2], (3, 51, 3))
    return (3, 7, 0) <= version < fixed


class SQLiteSession(Session):
    """A transaction on one SQLite connection, its own or a host's."""

    dialect: Literal["sqlite"] = "sqlite"

    def __init__(self, connection: sqlite3.Connection, translated: dict[str, str]) -> None:
        self._connection = connection
        self._translated = translated
        self._kept = self._cursor()
        self.pages = 0

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._executed(sql, params).fetchall()

    def run(self, sql: str, params: Sequence[Any] = ()) -> int:
        self.pages += 1
        return self._executed(sql, params).rowcount

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self.pages += len(rows)
        self._kept.executemany(self._sql(sql), rows)

    def stream(self, sql: str, params: Sequence[Any] = ()) -> Iterator[list[tuple[Any, ...]]]:
        cursor = self._cursor().execute(self._sql(sql), params)
        while rows := cursor.fetchmany(BATCH):
            yield rows

    def listed(self, values: Sequence[str]) -> str:
        return json.dumps(values)

    def define(self, statement: str) -> None:
        """Run a statement of a migration, as it stands."""
        self._cursor().execute(statement)

    def _executed(self, sql: str, params: Sequence[Any]) -> sqlite3.Cursor:
        return self._kept.execute(self._sql(sql), params)

    def _cursor(self) -> sqlite3.Cursor:
        # Not connection.cursor(): a host may have put its own row factory or cursor class there.
        return sqlite3.Cursor(self._connection)

    def _sql(self, sql: str) -> str:
        # main. - a temporary table or an attached database cannot stand in for ours.
        found = self._translated.get(sql)
        if found is None:
            found = self._translated[sql] = _TABLE.sub("main.platgov_", sql)
        return found


def connect(address: str, timeout_s: float) -> sqlite3.Connection:
    """Open a connection that any thread may use, one at a time, and that begins no transaction by itself."""
    with translated():
        connection = sqlite3.connect(
            address, uri=True, timeout=timeout_s, isolation_level=None, check_same_thread=False
        )
        try:
            for pragma in _PRAGMAS:
                connection.execute(pragma)
        except BaseException:
            connection.close()
            raise
    return connection


def take_write_lock(connection: sqlite3.Connection) -> None:
    cursor = sqlite3.Cursor(connection)
    try:
        cursor.execute(_TAKE_LOCK if connection.in_transaction else "BEGIN IMMEDIATE")
    except sqlite3.OperationalError as bad:
        if _primary(bad) == sqlite3.SQLITE_BUSY:
            raise BusyError(
                "busy",
                "the transaction of this connection cannot write: another connection does, or wrote since it began; "
                "roll it back, and begin it with BEGIN IMMEDIATE",
            ) from None
        raise


@contextmanager
def plain_text(connection: sqlite3.Connection) -> Iterator[None]:
    factory = connection.text_factory
    connection.text_factory = str
    try:
        yield
    finally:
        connection.text_factory = factory


def _primary(bad: sqlite3.Error) -> int:
    return getattr(bad, "sqlite_errorcode", 0) & 0xFF


@contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as bad:
        raise _ours(bad) from bad
    except UnicodeDecodeError as bad:  # SQLite quotes a damaged schema in its message
        raise SchemaError("damaged", f"SQLite cannot read its file: {bad}") from bad


def _ours(bad: sqlite3.Error) -> StorageError:
    code = _primary(bad)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return BusyError("busy", "another connection held the database for too long; try again with the same key")
    if code == sqlite3.SQLITE_NOTADB:
        return SchemaError("not_a_database", "the file is no SQLite database")
    if code == sqlite3.SQLITE_CORRUPT:
        return SchemaError("damaged", f"SQLite cannot read its file: {bad}")
    if isinstance(bad, sqlite3.ProgrammingError):
        return HandleError("connection", f"the connection cannot be used: {bad}")
    name = _CODES.get(code, "sqlite")
    return StorageError(name, f"SQLite failed, nothing was acknowledged: {bad}")


_CODES: Final = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_IOERR: "io",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_CANTOPEN: "cannot_open",
    sqlite3.SQLITE_CONSTRAINT: "integrity",
    sqlite3.SQLITE_NOMEM: "memory",
}
