"""PostgreSQL: many machines, one schema; its own row locks already queue writers fairly."""

from __future__ import annotations

import itertools
import os
import re
import threading
from contextlib import contextmanager, nullcontext, suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Literal

from platgov._canonical import shown
from platgov._stores.base import (
    BATCH,
    SET_VERSION,
    VERSION_OF,
    Domain,
    Session,
    Store,
    pending,
    refused,
    taken,
)
from platgov.errors import BusyError, HandleError, PlatgovError, SchemaError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    import psycopg

__all__ = ["PostgresStore"]

_SCHEMA: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}", re.ASCII)
_NAME: Final = re.compile(r"platgov_[a-z_]+", re.ASCII)
_TABLE: Final = re.compile(r'(?<![\w."])platgov_')
_VERSIONS: Final = "CREATE TABLE IF NOT EXISTS platgov_schema (domain TEXT PRIMARY KEY, version INTEGER NOT NULL)"
_IS_THERE: Final = "SELECT nspname FROM pg_namespace WHERE nspname = ?"
_TABLES: Final = "SELECT tablename FROM pg_tables WHERE schemaname = ? AND tablename LIKE 'platgov%%'"
_WHICH: Final = (
    "SELECT system_identifier::text || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())::text "
    "FROM pg_control_system()"
)
# Only ever made stronger: a host that wants replicas to confirm keeps that.
_DURABLE: Final = "SELECT set_config('synchronous_commit', 'on', ?) WHERE current_setting('synchronous_commit') = 'off'"


class PostgresSession(Session):
    """A transaction on one connection, the store's own or a host's."""

    dialect: Literal["postgres"] = "postgres"

    def __init__(self, connection: psycopg.Connection[Any], translate: Callable[[str], str]) -> None:
        self._connection = connection
        self._translate = translate
        self._names = itertools.count()

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._cursor() as cursor:
            return cursor.execute(self._translate(sql), params).fetchall()

    def run(self, sql: str, params: Sequence[Any] = ()) -> int:
        with self._cursor() as cursor:
            return cursor.execute(self._translate(sql), params).rowcount

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        with self._cursor() as cursor:
            cursor.executemany(self._translate(sql), rows)

    def stream(self, sql: str, params: Sequence[Any] = ()) -> Iterator[list[tuple[Any, ...]]]:
        import psycopg  # noqa: PLC0415 - an extra

        name = f"platgov_{next(self._names)}"
        with psycopg.ServerCursor(self._connection, name, row_factory=psycopg.rows.tuple_row) as cursor:
            cursor.execute(self._translate(sql), params)
            while rows := cursor.fetchmany(BATCH):
                yield rows

    def listed(self, values: Sequence[str]) -> list[str]:
        return list(values)

    def read_all(self, queries: Sequence[tuple[str, Sequence[Any]]]) -> list[list[tuple[Any, ...]]]:
        with self._together():
            asked = [self._cursor().execute(self._translate(sql), params) for sql, params in queries]
            return [cursor.fetchall() for cursor in asked]

    def write_all(self, statements: Sequence[tuple[str, Sequence[Sequence[Any]]]]) -> None:
        with self._together():
            super().write_all(statements)

    def _together(self) -> AbstractContextManager[object]:
        """Send statements without waiting for the answer to each."""
        import psycopg  # noqa: PLC0415 - an extra

        return self._connection.pipeline() if psycopg.Pipeline.is_supported() else nullcontext()

    def _cursor(self) -> psycopg.Cursor[tuple[Any, ...]]:
        import psycopg  # noqa: PLC0415 - an extra

        # Not connection.cursor(): a host may have put its own row factory or cursor class there.
        return psycopg.Cursor(self._connection, row_factory=psycopg.rows.tuple_row)


class PostgresStore(Store):
    """A store in one schema of a PostgreSQL database."""

    def __init__(
        self, address: str, *, timeout_s: float = 30, read_only: bool = False, schema: str = "platgov"
    ) -> None:
        super().__init__(timeout_s=timeout_s, read_only=read_only)
        if type(schema) is not str or not _SCHEMA.fullmatch(schema) or schema.startswith("pg_"):
            message = f"schema is {shown(schema)}; give 1 to 63 of a-z, 0-9 and '_', not beginning with pg_ or a digit"
            raise refused("schema", message)
        try:
            import psycopg  # noqa: PLC0415 - an extra
        except ImportError:
            raise StorageError("extra", "PostgreSQL needs psycopg: install platgov[postgres]") from None
        if "\0" in address:
            raise refused("address", "the address holds a NUL character")
        try:
            psycopg.conninfo.conninfo_to_dict(address)
        except psycopg.Error:  # its message may quote a password
            raise refused("address", "the address is no valid postgresql:// address") from None
        self._address = address
        self.schema = schema
        self._translated: dict[str, str] = {}
        self._writing, self._reading = threading.Lock(), threading.Lock()
        self._writer: psycopg.Connection[Any] | None = None
        self._reader: psycopg.Connection[Any] | None = None
        self._recheck_due = False
        self._which = ""
        try:
            with self.read() as session:
                _check_encoding(session)
                self._which = (session.row(_WHICH) or ("",))[0]
        except BaseException:
            self.close()
            raise

    @contextmanager
    def write(self) -> Iterator[Session]:
        self.check()
        self.check_writable()
        with taken(self._writing, monotonic() + self.timeout_s):
            self.check()
            connection = self._writer = self._alive(self._writer)
            try:
                with _translated(connection):
                    # The isolation is stated: a stricter default would read the head as of before the lock.
                    connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
                    session = PostgresSession(connection, self._sql)
                    if self._recheck_due and self.recheck is not None:
                        self.recheck(session)
                        self._recheck_due = False
                    yield session
                with _translated(connection, "unknown"):
                    connection.execute("COMMIT")
            except BaseException:
                self._roll_back(connection)
                raise

    @contextmanager
    def read(self) -> Iterator[Session]:
        self.check()
        with taken(self._reading, monotonic() + self.timeout_s):
            self.check()
            connection = self._reader = self._alive(self._reader)
            with self._seen(connection) as session:
                yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        self.check()
        connection = self._connected()
        try:
            with self._seen(connection) as session:
                yield session
        finally:
            connection.close()

    @contextmanager
    def joined(self, connection: Any) -> Iterator[Session]:
        import psycopg  # noqa: PLC0415 - an extra

        self.check()
        self.check_writable()
        if not isinstance(connection, psycopg.Connection):
            raise HandleError("connection", f"a {type(connection).__name__} is no psycopg.Connection")
        status = connection.info.transaction_status
        began = status == psycopg.pq.TransactionStatus.IDLE
        if not began and status != psycopg.pq.TransactionStatus.INTRANS:
            raise HandleError("connection", f"the connection cannot be used: its transaction is {status.name}")
        session = PostgresSession(connection, self._sql)
        with _translated(connection):
            try:
                if began and connection.autocommit:
                    session.run("BEGIN")
                self._check_same(session)
                session.rows(_DURABLE, (True,))
                session.run("SAVEPOINT platgov")
                try:
                    yield session
                    session.run("RELEASE SAVEPOINT platgov")
                except BaseException:
                    with suppress(psycopg.Error):
                        session.run("ROLLBACK TO SAVEPOINT platgov")
                        session.run("RELEASE SAVEPOINT platgov")
                    raise
            except BaseException:
                if began:
                    with suppress(psycopg.Error):
                        session.run("ROLLBACK")
                raise

    def prepare(self, domain: Domain, created: Callable[[Session], None]) -> None:
        with self.read() as session:
            steps = pending(domain, self._version(session, domain))
        if not steps:
            return
        if self.read_only:
            raise SchemaError("missing", f"there are no tables of {domain.name!r} at version {domain.version} here")
        with self.write() as session:
            # Two processes that both create must not meet in the middle.
            session.rows("SELECT pg_advisory_xact_lock(hashtextextended('platgov/' || ?, 0))", (self.schema,))
            if session.row(_IS_THERE, (self.schema,)) is None:
                session.run(f'CREATE SCHEMA "{self.schema}"')
            session.run(_VERSIONS)
            version = self._version(session, domain)
            for step in pending(domain, version):
                for statement in step.postgres:
                    session.run(statement)
            session.run(SET_VERSION, (domain.name, domain.version))
            if version is None:
                created(session)

    def wipe(self) -> None:
        self.check()
        with taken(self._writing, monotonic() + self.timeout_s):
            connection = self._writer = self._alive(self._writer)
            with _translated(connection):
                session = PostgresSession(connection, self._sql)
                for (name,) in session.rows(_TABLES, (self.schema,)):
                    if _NAME.fullmatch(name):
                        session.run(f"VACUUM {name}")

    def close(self) -> None:
        self._closed = True
        if self._pid != os.getpid():
            return  # a child must not say goodbye on its parent's connections
        for connection in (self._writer, self._reader):
            if connection is not None:
                connection.close()
        self._writer = self._reader = None

    def _check_same(self, session: Session) -> None:
        if session.row(_WHICH) != (self._which,):
            raise HandleError("other_database", "the connection is to another database than the ledger")

    def _version(self, session: Session, domain: Domain) -> int | None:
        names = session.rows(_TABLES, (self.schema,))
        if ("platgov_schema",) not in names:
            if names:
                raise SchemaError(
                    "damaged", f"schema {self.schema!r} has tables of platgov, but not which version they are"
                )
            return None
        found = session.row(VERSION_OF, (domain.name,))
        return None if found is None else found[0]

    def _connected(self) -> psycopg.Connection[Any]:
        import psycopg  # noqa: PLC0415 - an extra

        with _translated(None):
            connection = psycopg.connect(
                self._address, autocommit=True, connect_timeout=max(2, min(int(self.timeout_s), 3600))
            )
            try:
                session = PostgresSession(connection, self._sql)
                session.run("SET client_encoding TO 'UTF8'")
                session.rows(_DURABLE, (False,))
                session.rows(
                    "SELECT set_config('lock_timeout', ?, false)", (f"{max(int(self.timeout_s * 1000), 1)}ms",)
                )
            except BaseException:
                connection.close()
                raise
        return connection

    def _alive(self, connection: psycopg.Connection[Any] | None) -> psycopg.Connection[Any]:
        return self._connected() if connection is None or connection.closed else connection

    @contextmanager
    def _seen(self, connection: psycopg.Connection[Any]) -> Iterator[Session]:
        with _translated(connection):
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                yield PostgresSession(connection, self._sql)
            finally:
                self._roll_back(connection)

    def _roll_back(self, connection: psycopg.Connection[Any]) -> None:
        import psycopg  # noqa: PLC0415 - an extra

        try:
            if not connection.closed:
                connection.execute("ROLLBACK")
        except psycopg.Error:
            connection.close()
        if connection.closed:
            self._recheck_due = True

    def _sql(self, sql: str) -> str:
        found = self._translated.get(sql)
        if found is None:
            # The name of the schema was checked to be a plain identifier.
            found = _TABLE.sub(f'"{self.schema}".platgov_', sql).replace("?", "%s")
            self._translated[sql] = found
        return found


def _check_encoding(session: Session) -> None:
    (encoding,) = session.row("SHOW server_encoding") or ("",)
    if encoding != "UTF8":
        raise SchemaError("encoding", f"the database has the encoding {encoding}; create one with UTF8")


@contextmanager
def _translated(connection: psycopg.Connection[Any] | None, lost: str = "connection") -> Iterator[None]:
    import psycopg  # noqa: PLC0415 - an extra

    try:
        yield
    except psycopg.Error as bad:
        raise _ours(bad, lost if connection is None or connection.closed else "") from bad


def _ours(bad: Any, lost: str) -> PlatgovError:
    from psycopg import errors  # noqa: PLC0415 - an extra

    reason = str(bad).strip().partition("\n")[0]
    if lost == "unknown":
        return StorageError(
            "unknown", f"the connection broke during the commit, so whether it happened is not known: {reason}"
        )
    if lost:
        return StorageError("connection", f"the database cannot be reached, nothing was acknowledged: {reason}")
    if isinstance(bad, errors.LockNotAvailable):
        return BusyError("busy", "others held the ledger for too long; try again with the same key")
    if isinstance(bad, errors.SerializationFailure | errors.DeadlockDetected):
        return BusyError("busy", f"the transaction has to be run again from its start: {reason}")
    if isinstance(bad, errors.UndefinedTable | errors.UndefinedColumn):
        return SchemaError("damaged", f"the tables are not those that the schema version says: {reason}")
    for kind, code in (
        (errors.DiskFull, "full"),
        (errors.IoError, "io"),
        (errors.ReadOnlySqlTransaction, "read_only"),
        (errors.InsufficientPrivilege, "permission"),
        (errors.IntegrityError, "integrity"),
    ):
        if isinstance(bad, kind):
            return StorageError(code, f"PostgreSQL refused, nothing was acknowledged: {reason}")
    return StorageError("postgres", f"PostgreSQL failed, nothing was acknowledged: {reason}")
