"""Where tables are kept: SQLite on one machine, PostgreSQL for many, memory for tests.

A part of platgov that keeps state brings its own tables as a `Domain`; the store brings
transactions, locks and migrations. All of them share one file or one database schema.
"""

from __future__ import annotations

import os

from platgov._stores.base import Domain, Migration, Session, Store, refused
from platgov._stores.sqlite import SQLiteStore

__all__ = ["Domain", "Migration", "SQLiteStore", "Session", "Store", "open_store"]


def open_store(
    target: str | os.PathLike[str], *, timeout_s: float = 30, read_only: bool = False, schema: str = "platgov"
) -> Store:
    """Open the store that an address names.

    Args:
        target: Path of an SQLite file, ``:memory:``, or ``postgresql://…`` (extra ``postgres``).
        timeout_s: Seconds to wait for others.
        read_only: Refuse every write.
        schema: PostgreSQL schema that holds the tables; not used otherwise.

    Raises:
        InputError: An argument is not what it should be.
        StorageError: It cannot be opened, or is another application's.
    """
    if isinstance(target, str) and target.startswith(("postgresql://", "postgres://")):
        from platgov._stores.postgres import PostgresStore  # noqa: PLC0415 - its driver is an extra

        return PostgresStore(target, timeout_s=timeout_s, read_only=read_only, schema=schema)
    if not isinstance(target, str | os.PathLike):
        raise refused("type", f"expected a path or an address, got a {type(target).__name__}")
    return SQLiteStore(target, timeout_s=timeout_s, read_only=read_only)
