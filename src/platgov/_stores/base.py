"""What every store is: transactions, migrations, and a handle that knows when it must not be used."""

from __future__ import annotations

import abc
import os
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from platgov._canonical import shown
from platgov.errors import BusyError, HandleError, InputError, Problem, SchemaError, StorageError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

__all__ = ["BATCH", "MAX_TIMEOUT_S", "Domain", "Migration", "Session", "Store", "pending", "refused", "taken"]

BATCH: Final = 1_024
"""Rows that a streaming read holds at a time."""
MAX_TIMEOUT_S: Final = 86_400
"""Longest timeout, one day: past it, timers of the platform overflow."""

VERSION_OF: Final = "SELECT version FROM platgov_schema WHERE domain = ?"
SET_VERSION: Final = (
    "INSERT INTO platgov_schema (domain, version) VALUES (?, ?) "
    "ON CONFLICT (domain) DO UPDATE SET version = excluded.version"
)


@attrs.frozen(kw_only=True)
class Migration:
    """One step from a schema version to the next, the same step in each dialect.

    Attributes:
        sqlite: Statements for SQLite, run in order.
        postgres: The same for PostgreSQL; a table name that begins with ``platgov_`` is put
            into the schema of the store.
    """

    sqlite: tuple[str, ...]
    postgres: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Domain:
    """The tables of one part of platgov, as numbered steps that only go forward.

    Attributes:
        name: Stored beside the version; never changes.
        migrations: Step ``n`` (from 1) leads from version ``n - 1`` to version ``n``. A step
            that was released is never edited.
    """

    name: str
    migrations: tuple[Migration, ...] = attrs.field(validator=attrs.validators.min_len(1))

    @property
    def version(self) -> int:
        """The version that this code reads and writes."""
        return len(self.migrations)


class Session(abc.ABC):
    """One open transaction. SQL is written once, with ``?``; each dialect translates it."""

    dialect: Literal["sqlite", "postgres"]

    @abc.abstractmethod
    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return every row."""

    @abc.abstractmethod
    def run(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Run one statement; return how many rows it touched."""

    @abc.abstractmethod
    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each row of parameters."""

    @abc.abstractmethod
    def stream(self, sql: str, params: Sequence[Any] = ()) -> Iterator[list[tuple[Any, ...]]]:
        """Give the rows in lists of at most ``BATCH``, never all in memory."""

    @abc.abstractmethod
    def listed(self, values: Sequence[str]) -> Any:
        """Give the one parameter that stands for a list of texts (``IN_LIST`` of the dialect)."""

    def read_all(self, queries: Sequence[tuple[str, Sequence[Any]]]) -> list[list[tuple[Any, ...]]]:
        """Return the rows of each of several queries; one round trip, where there is a network."""
        return [self.rows(sql, params) for sql, params in queries]

    def write_all(self, statements: Sequence[tuple[str, Sequence[Sequence[Any]]]]) -> None:
        """Run each statement for each of its rows of parameters; one round trip, where there is a network."""
        for sql, rows in statements:
            if len(rows) == 1:
                self.run(sql, rows[0])
            elif rows:
                self.many(sql, rows)

    def row(self, sql: str, params: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """Return the first row, if there is one."""
        found = self.rows(sql, params)
        return found[0] if found else None


class Store(abc.ABC):
    """Where tables are kept. Any thread may use it; one process does.

    Attributes:
        timeout_s: Seconds to wait for others before `BusyError`.
        read_only: Nothing is ever written through it.
        recheck: Called with the first transaction after a failure, before anything is written.
    """

    def __init__(self, *, timeout_s: float, read_only: bool) -> None:
        if type(timeout_s) not in (int, float) or not 0 <= timeout_s <= MAX_TIMEOUT_S:
            raise refused("timeout", f"timeout_s is {shown(timeout_s)}; give seconds from 0 to {MAX_TIMEOUT_S}")
        if type(read_only) is not bool:
            raise refused("type", f"read_only is {shown(read_only)}; give True or False")
        self.recheck: Callable[[Session], object] | None = None
        self.timeout_s = timeout_s
        self.read_only = read_only
        self._pid = os.getpid()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    @abc.abstractmethod
    def write(self) -> AbstractContextManager[Session]:
        """Open a transaction that alone may write; it commits at the end, or undoes everything on an error.

        Raises:
            BusyError: Others held the store for longer than the timeout.
            StorageError: Read-only, or the disk or server failed; nothing is acknowledged.
        """

    @abc.abstractmethod
    def read(self) -> AbstractContextManager[Session]:
        """Open a short transaction that sees one committed state."""

    @abc.abstractmethod
    def snapshot(self) -> AbstractContextManager[Session]:
        """Open a long transaction that sees one committed state and keeps nobody else waiting."""

    @abc.abstractmethod
    def joined(self, connection: Any) -> AbstractContextManager[Session]:
        """Write inside the transaction of a connection of the host, which commits it or not.

        If none is open, one is opened. On an error, what was written here is undone, and the
        rest of the transaction stays as it was.

        Raises:
            HandleError: The connection is of another kind, or to another database.
            BusyError: Its transaction cannot write any more.
        """

    @abc.abstractmethod
    def prepare(self, domain: Domain, created: Callable[[Session], None]) -> None:
        """Bring the tables of a domain to its version, in one transaction.

        Args:
            domain: Whose tables.
            created: Called in that transaction if they are made now.

        Raises:
            SchemaError: The tables are newer than this code, damaged, or missing in a store
                that is read-only. Nothing was written.
        """

    @abc.abstractmethod
    def wipe(self) -> None:
        """Remove deleted content from the storage itself, as far as it can be reached."""

    @abc.abstractmethod
    def close(self) -> None:
        """Let go of every connection. Closing twice is fine."""

    def check(self) -> None:
        """Refuse to go on with a handle that is closed or belongs to another process.

        Raises:
            HandleError: It does not belong here.
        """
        if self._closed:
            raise HandleError("closed", "this handle was closed; open a new one")
        if self._pid != os.getpid():
            raise HandleError(
                "fork", f"this handle was opened by process {self._pid} and crossed a fork; open one after forking"
            )

    def check_writable(self) -> None:
        """Refuse to write through a read-only handle."""
        if self.read_only:
            raise StorageError("read_only", "this handle was opened with read_only=True")


def pending(domain: Domain, version: int | None) -> tuple[Migration, ...]:
    """Return the steps from a stored version (None: no tables yet) to that of the domain.

    Raises:
        SchemaError: The stored version is none that this code knows.
    """
    if version is None:
        return domain.migrations
    if type(version) is not int or version < 1:
        raise SchemaError(
            "damaged", f"the tables of {domain.name!r} have version {shown(version)}, which never was one"
        )
    if version > domain.version:
        raise SchemaError(
            "newer",
            f"the tables of {domain.name!r} have version {version}; upgrade platgov, which here knows {domain.version}",
        )
    return domain.migrations[version:]


@contextmanager
def taken(lock: threading.Lock, deadline: float) -> Iterator[None]:
    """Hold a lock of this process; wait for it until ``deadline`` (of ``time.monotonic``)."""
    if not lock.acquire(timeout=max(deadline - monotonic(), 0)):
        raise BusyError("busy", "another thread held this handle for too long; try again with the same key")
    try:
        yield
    finally:
        lock.release()


def refused(code: str, message: str, path: str = "$") -> InputError:
    """Build the error for one bad argument of a store."""
    return InputError("store", (Problem(message, path, code),))
