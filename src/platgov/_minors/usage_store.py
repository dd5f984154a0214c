"""Usage kept in a database: what many devices report at once, and none of it lost.

A report is read, changed and written in one transaction under the lock of the minor. What two
devices report at the same moment is joined; to read, change and write without it drops one of the
two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from platgov._canonical import dumps, loads, shown
from platgov._minors.checks import checked_name, refuse
from platgov._minors.usage import Usage
from platgov.stores import Domain, Migration, Store, open_store

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from platgov.stores import Session

__all__ = ["USAGE", "UsageStore"]

_TABLE: Final = "CREATE TABLE platgov_usage (subject TEXT{c} PRIMARY KEY NOT NULL, usage TEXT NOT NULL){tail}"
USAGE: Final = Domain(
    name="usage",
    migrations=(
        Migration(sqlite=(_TABLE.format(c="", tail=" STRICT"),), postgres=(_TABLE.format(c=' COLLATE "C"', tail=""),)),
    ),
)

# Taken before the row is read: there may be none yet, and two first reports must not meet.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('platgov/usage/' || CAST(? AS TEXT), 0))"
_READ: Final = "SELECT usage FROM platgov_usage WHERE subject = ?"
_WRITE: Final = (
    "INSERT INTO platgov_usage (subject, usage) VALUES (?, ?) "
    "ON CONFLICT (subject) DO UPDATE SET usage = excluded.usage"
)
_ERASE: Final = "DELETE FROM platgov_usage WHERE subject = ?"


class UsageStore:
    """Usage of all minors of a platform. Any thread may use a handle; each process opens its own."""

    def __init__(self, store: Store, *, empty: Usage | None = None) -> None:
        if not isinstance(store, Store):
            raise refuse("UsageStore", f"{shown(store)} is no Store; see UsageStore.open", code="type")
        if empty is not None and type(empty) is not Usage:
            raise refuse("UsageStore", f"empty is {shown(empty)}; give a Usage", path="$.empty", code="type")
        self._store = store
        self._empty = Usage() if empty is None else empty
        store.prepare(USAGE, lambda _: None)

    @classmethod
    def open(
        cls,
        target: str | os.PathLike[str],
        *,
        empty: Usage | None = None,
        timeout_s: float = 30,
        read_only: bool = False,
        schema: str = "platgov",
    ) -> UsageStore:
        """Open the store that an address names; see `platgov.stores.open_store`.

        Args:
            target: A file, ``:memory:``, or a ``postgresql://`` address.
            empty: What a child begins with: other settings than those of ``Usage()``.
            timeout_s: How long others are waited for.
            read_only: Whether nothing is to be written.
            schema: Schema in PostgreSQL.

        Raises:
            InputError: An argument is not what it should be.
            StorageError: It cannot be opened, or is another application's.
        """
        store = open_store(target, timeout_s=timeout_s, read_only=read_only, schema=schema)
        try:
            return cls(store, empty=empty)
        except BaseException:
            store.close()
            raise

    def usage(self, subject: str) -> Usage:
        """Give what a minor used; nothing for somebody who is not known."""
        checked_name(subject, "UsageStore", "subject")
        with self._store.read() as session:
            return self._read(session, subject)

    def update(self, subject: str, change: Callable[[Usage], Usage], *, connection: Any = None) -> Usage:
        """Change what is kept about a minor, at once and whole, and give what is kept now.

        Args:
            subject: The minor.
            change: From what was known to what is known: ``lambda usage: usage.add(...)``, also
                `Usage.heartbeat`, `Usage.end`, `Usage.trust` and `Plan.fold`. If it raises,
                nothing is written.
            connection: A connection of the host to write in; the host commits.

        Raises:
            InputError: An argument is not what it should be.
            BusyError: Others held the minor for longer than the timeout.
            StorageError: Nothing was acknowledged.
        """
        checked_name(subject, "UsageStore", "subject")
        opened = self._store.write() if connection is None else self._store.joined(connection)
        with opened as session:
            if session.dialect == "postgres":  # SQLite has one writer at a time
                session.rows(_LOCK, (subject,))
            before = self._read(session, subject)
            after = change(before)
            if type(after) is not Usage:
                raise refuse("UsageStore", f"change gave {shown(after)}; give a Usage", path="$.change", code="type")
            if after != before:
                session.run(_WRITE, (subject, dumps(after.to_dict()).decode()))
            return after

    def merge(self, subject: str, usage: Usage, *, connection: Any = None) -> Usage:
        """Join what a device or shard knows; order and repeats make no difference.

        Raises:
            InputError: It has other settings, or is no usage.
            BusyError: Others held the minor for longer than the timeout.
            StorageError: Nothing was acknowledged.
        """
        return self.update(subject, lambda known: known.merge(usage), connection=connection)

    def erase(self, subject: str) -> None:
        """Remove everything about a minor. Quotas then begin anew: do so when they no longer matter."""
        checked_name(subject, "UsageStore", "subject")
        with self._store.write() as session:
            session.run(_ERASE, (subject,))

    def close(self) -> None:
        """Let go of every connection. Closing twice is fine."""
        self._store.close()

    def _read(self, session: Session, subject: str) -> Usage:
        found = session.row(_READ, (subject,))
        return self._empty if found is None else Usage.from_dict(loads(found[0]))
