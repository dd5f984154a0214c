"""Stores for tests: in memory, in a SQLite file, in a PostgreSQL schema of its own; and disks that fail."""

import contextlib
import hashlib
import itertools
import os
import sqlite3

import pytest

from platgov.ledger import Ledger

POSTGRES = "postgresql://127.0.0.1:5432/test"
_numbers = itertools.count()


def postgres_or_skip():
    """Give psycopg, or skip the test and say why."""
    psycopg = pytest.importorskip("psycopg", reason="PostgreSQL needs psycopg")
    try:
        psycopg.connect(POSTGRES, connect_timeout=2).close()
    except psycopg.Error as bad:
        pytest.skip(f"no PostgreSQL at {POSTGRES}: {str(bad).splitlines()[0]}")
    return psycopg


@contextlib.contextmanager
def fresh_schema():
    """Give the name of a schema that does not exist, and drop it afterwards."""
    psycopg = postgres_or_skip()
    name = f"platgov_test_{os.getpid()}_{next(_numbers)}"
    try:
        yield name
    finally:
        with psycopg.connect(POSTGRES, autocommit=True, options="-c client_min_messages=warning") as connection:
            connection.execute(psycopg.sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(psycopg.sql.Identifier(name)))


class Place:
    """Where a ledger of one kind is kept; `open` opens it, again and again unless it is in memory."""

    def __init__(self, kind, target, schema="platgov"):
        self.kind, self.target, self.schema = kind, target, schema

    def open(self, **options):
        return Ledger.open(self.target, **{"schema": self.schema, "timeout_s": 10, **options})

    @contextlib.contextmanager
    def connection(self):
        """Give a plain connection of the kind a host would have."""
        if self.kind == "sqlite":
            with contextlib.closing(sqlite3.connect(self.target, timeout=5, isolation_level=None)) as connection:
                yield connection
        else:
            psycopg = postgres_or_skip()
            with psycopg.connect(POSTGRES, autocommit=True) as connection:
                connection.execute(psycopg.sql.SQL("SET search_path TO {}").format(psycopg.sql.Identifier(self.schema)))
                yield connection


@contextlib.contextmanager
def place_of(kind, tmp_path):
    if kind == "memory":
        yield Place(kind, ":memory:")
    elif kind == "sqlite":
        yield Place(kind, str(tmp_path / f"ledger{next(_numbers)}.db"))
    else:
        with fresh_schema() as schema:
            yield Place(kind, POSTGRES, schema)


def counted():
    """Give an entropy that every run draws the same bytes from (up to 32 at a time), no two alike."""
    numbers = itertools.count(1)
    return lambda size: draw(next(numbers))[:size]


def draw(number):
    """Give the 32 bytes of one draw of `counted`."""
    return hashlib.sha256(b"test %d" % number).digest()


class FailingConnection(sqlite3.Connection):
    """A connection whose statements fail when a plan says so, as a disk would make them fail.

    ``plan`` is a dict with ``match`` (a piece of the statement), ``code`` (an SQLite result code)
    and ``times``; ``after`` makes the failure come once the statement was carried out.
    """

    plan = None

    def execute(self, sql, *params):
        plan = type(self).plan
        if plan is None or plan["times"] == 0 or plan["match"] not in sql:
            return super().execute(sql, *params)
        plan["times"] -= 1
        if plan.get("after"):
            super().execute(sql, *params)
        bad = sqlite3.OperationalError(plan.get("message", "disk I/O error"))
        bad.sqlite_errorcode = plan["code"]
        raise bad


@contextlib.contextmanager
def failing(monkeypatch, match, code=sqlite3.SQLITE_IOERR, times=1, **more):
    """Make new connections fail as planned; connections opened before are not concerned."""
    FailingConnection.plan = {"match": match, "code": code, "times": times, **more}
    original = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: original(*a, **{"factory": FailingConnection, **k}))
    try:
        yield FailingConnection.plan
    finally:
        FailingConnection.plan = None
        monkeypatch.setattr(sqlite3, "connect", original)
