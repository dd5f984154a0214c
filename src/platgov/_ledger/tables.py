"""The tables of the ledger, and every statement that touches them, written once.

All of it is constant: what is put together here is put together from other constants, and what
callers give only ever reaches a statement as a parameter.
"""
# ruff: noqa: S608 - constants only, see above

from __future__ import annotations

from typing import Final, NamedTuple

from platgov.stores import Domain, Migration

__all__ = ["COLUMNS", "LEDGER", "Row"]

COLUMNS: Final = (
    "seq, at, kind, stream, stream_n, key, subject, subject_n, policy, protected, commitment, "
    "nonce, key_text, subject_text, body"
)
"""The columns of an entry: first what its leaf is made of, then the four that erasure takes away."""


class Row(NamedTuple):
    """One entry as it is stored; see `platgov._ledger.entry.Entry` for what the columns mean."""

    seq: int
    at: int | None
    kind: str
    stream: str
    stream_n: int
    key: str
    subject: str | None
    subject_n: int | None
    policy: str | None
    protected: int
    commitment: str
    nonce: bytes | None
    key_text: str | None
    subject_text: str | None
    body: bytes | None


LEDGER: Final = Domain(
    name="ledger",
    migrations=(
        Migration(
            sqlite=(
                # The erasable part is in the same row: one page less to write for each commit.
                """CREATE TABLE platgov_entries (
                    seq INTEGER PRIMARY KEY, at INTEGER, kind TEXT NOT NULL, stream TEXT NOT NULL,
                    stream_n INTEGER NOT NULL, key TEXT NOT NULL UNIQUE, subject TEXT, subject_n INTEGER,
                    policy TEXT, protected INTEGER NOT NULL, commitment TEXT NOT NULL,
                    nonce BLOB, key_text TEXT, subject_text TEXT, body BLOB
                ) STRICT""",
                """CREATE UNIQUE INDEX ix_platgov_entries_subject ON platgov_entries (subject, subject_n)
                    WHERE subject IS NOT NULL""",
                """CREATE TABLE platgov_subjects (
                    subject TEXT PRIMARY KEY NOT NULL, secret BLOB NOT NULL, tag TEXT NOT NULL UNIQUE
                ) STRICT""",
                # One page for all that every commit changes: the whole ledger is the stream without a name.
                """CREATE TABLE platgov_heads (
                    stream TEXT PRIMARY KEY NOT NULL, n INTEGER NOT NULL, frontier BLOB
                ) STRICT, WITHOUT ROWID""",
                """CREATE TABLE platgov_nodes (
                    level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, idx)
                ) STRICT, WITHOUT ROWID""",
                """CREATE TABLE platgov_ledger (
                    id INTEGER PRIMARY KEY CHECK (id = 1), origin TEXT NOT NULL, salt BLOB NOT NULL
                ) STRICT""",
            ),
            postgres=(
                """CREATE TABLE platgov_entries (
                    seq BIGINT PRIMARY KEY, at BIGINT, kind TEXT NOT NULL, stream TEXT NOT NULL,
                    stream_n BIGINT NOT NULL, key TEXT COLLATE "C" NOT NULL UNIQUE, subject TEXT COLLATE "C",
                    subject_n BIGINT, policy TEXT, protected INTEGER NOT NULL, commitment TEXT NOT NULL,
                    nonce BYTEA, key_text TEXT, subject_text TEXT, body BYTEA
                )""",
                """CREATE UNIQUE INDEX ix_platgov_entries_subject ON platgov_entries (subject, subject_n)
                    WHERE subject IS NOT NULL""",
                """CREATE TABLE platgov_subjects (
                    subject TEXT COLLATE "C" PRIMARY KEY, secret BYTEA NOT NULL, tag TEXT COLLATE "C" NOT NULL UNIQUE
                )""",
                """CREATE TABLE platgov_heads (
                    stream TEXT COLLATE "C" PRIMARY KEY, n BIGINT NOT NULL, frontier BYTEA
                )""",
                """CREATE TABLE platgov_nodes (
                    level INTEGER NOT NULL, idx BIGINT NOT NULL, hash BYTEA NOT NULL, PRIMARY KEY (level, idx)
                )""",
                """CREATE TABLE platgov_ledger (
                    id INTEGER PRIMARY KEY CHECK (id = 1), origin TEXT NOT NULL, salt BYTEA NOT NULL
                )""",
            ),
        ),
    ),
)

# -- writing ---------------------------------------------------------------------------------

CREATE_LEDGER: Final = "INSERT INTO platgov_ledger (id, origin, salt) VALUES (1, ?, ?)"
CREATE_HEAD: Final = "INSERT INTO platgov_heads (stream, n, frontier) VALUES ('', 0, ?)"
IDENTITY: Final = "SELECT origin, salt FROM platgov_ledger WHERE id = 1"
HEAD: Final = "SELECT n, frontier FROM platgov_heads WHERE stream = ''"

# Inside a host's transaction on SQLite, a host's converters may go by the declared type of a
# bare column; an expression has none: hence every +.
_PLUS: Final = ", ".join(f"+{column}" for column in COLUMNS.split(", "))
_SUBJECT_N: Final = "(SELECT max(e.subject_n) FROM platgov_entries e WHERE e.subject = s.tag)"
LOCKED_HEAD: Final = {  # on SQLite the transaction holds the only write lock already
    "sqlite": "SELECT +n, +frontier FROM platgov_heads WHERE stream = ''",
    "postgres": f"{HEAD} FOR UPDATE",
}
BY_KEY: Final = {
    "sqlite": f"SELECT {_PLUS} FROM platgov_entries WHERE key = ?",
    "postgres": f"SELECT {COLUMNS} FROM platgov_entries WHERE key = ?",
}
BY_KEYS: Final = {
    "sqlite": f"SELECT {_PLUS} FROM platgov_entries WHERE key IN (SELECT value FROM json_each(?))",
    "postgres": f"SELECT {COLUMNS} FROM platgov_entries WHERE key = ANY(?)",
}
SUBJECT: Final = {
    "sqlite": f"SELECT +subject, +secret, +tag, {_SUBJECT_N} FROM platgov_subjects s WHERE subject = ?",
    "postgres": f"SELECT subject, secret, tag, {_SUBJECT_N} FROM platgov_subjects s WHERE subject = ?",
}
SUBJECTS: Final = {
    "sqlite": (
        f"SELECT +subject, +secret, +tag, {_SUBJECT_N} FROM platgov_subjects s "
        "WHERE subject IN (SELECT value FROM json_each(?))"
    ),
    "postgres": f"SELECT subject, secret, tag, {_SUBJECT_N} FROM platgov_subjects s WHERE subject = ANY(?)",
}
STREAM: Final = {
    "sqlite": "SELECT +stream, +n FROM platgov_heads WHERE stream = ?",
    "postgres": "SELECT stream, n FROM platgov_heads WHERE stream = ?",
}
STREAMS: Final = {
    "sqlite": "SELECT +stream, +n FROM platgov_heads WHERE stream IN (SELECT value FROM json_each(?))",
    "postgres": "SELECT stream, n FROM platgov_heads WHERE stream = ANY(?)",
}
INSERT_ENTRY: Final = f"INSERT INTO platgov_entries ({COLUMNS}) VALUES ({', '.join('?' * 15)})"
INSERT_SUBJECT: Final = "INSERT INTO platgov_subjects (secret, tag, subject) VALUES (?, ?, ?)"
INSERT_NODE: Final = "INSERT INTO platgov_nodes (level, idx, hash) VALUES (?, ?, ?)"
SET_HEAD: Final = (
    "INSERT INTO platgov_heads (stream, n, frontier) VALUES (?, ?, ?) "
    "ON CONFLICT (stream) DO UPDATE SET n = excluded.n, frontier = excluded.frontier"
)

# -- reading ---------------------------------------------------------------------------------

ENTRY: Final = f"SELECT {COLUMNS} FROM platgov_entries WHERE seq = ?"
RANGE: Final = f"SELECT {COLUMNS} FROM platgov_entries WHERE seq >= ? AND seq < ? ORDER BY seq"
LEAF_RANGE: Final = (
    "SELECT seq, at, kind, stream, stream_n, key, subject, subject_n, policy, protected, commitment "
    "FROM platgov_entries WHERE seq >= ? AND seq < ? ORDER BY seq"
)
LAST_SEQ: Final = "SELECT max(seq) FROM platgov_entries"
NODES: Final = "SELECT hash FROM platgov_nodes WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx"
ENDS: Final = "SELECT min(seq), max(seq) FROM platgov_entries"
COUNT_NODES: Final = "SELECT count(*) FROM platgov_nodes"
# CAST: PostgreSQL wants to know the type of a parameter that may be NULL.
_FITS: Final = (
    "(CAST(? AS TEXT) IS NULL OR stream = CAST(? AS TEXT)) AND (CAST(? AS TEXT) IS NULL OR kind = CAST(? AS TEXT)) "
    "AND (CAST(? AS TEXT) IS NULL OR policy = CAST(? AS TEXT)) "
    "AND (CAST(? AS BIGINT) IS NULL OR at >= CAST(? AS BIGINT)) "
    "AND (CAST(? AS BIGINT) IS NULL OR at < CAST(? AS BIGINT))"
)
PAGE: Final = f"SELECT {COLUMNS} FROM platgov_entries WHERE seq >= ? AND seq < ? AND {_FITS} ORDER BY seq LIMIT ?"
PAGE_OF_SUBJECT: Final = (
    f"SELECT {COLUMNS} FROM platgov_entries "
    f"WHERE subject = ? AND subject_n > ? AND seq >= ? AND seq < ? AND {_FITS} ORDER BY subject_n LIMIT ?"
)
TAG_OF: Final = "SELECT tag FROM platgov_subjects WHERE subject = ?"
COUNTED: Final = (
    "SELECT subject, subject_n, seq FROM platgov_entries WHERE subject IS NOT NULL ORDER BY subject, subject_n"
)
ALL_TAGS: Final = "SELECT tag FROM platgov_subjects ORDER BY tag"
ALL_STREAMS: Final = "SELECT stream, n FROM platgov_heads WHERE stream <> ''"
# Looks at indexes beside tables: one that lacks an entry would hide it from whoever asks by key or subject.
KEYS: Final = {
    "sqlite": "SELECT key, seq FROM platgov_entries INDEXED BY sqlite_autoindex_platgov_entries_1 ORDER BY key",
    "postgres": "SELECT key, seq FROM platgov_entries ORDER BY key",
}
SUBJECT_ROWS: Final = {
    "sqlite": "SELECT subject, tag FROM platgov_subjects NOT INDEXED",
    "postgres": "SELECT subject, tag FROM platgov_subjects",
}
NAMES: Final = {
    "sqlite": "SELECT subject, tag FROM platgov_subjects INDEXED BY sqlite_autoindex_platgov_subjects_1 "
    "ORDER BY subject",
    "postgres": "SELECT subject, tag FROM platgov_subjects ORDER BY subject",
}
TAGS: Final = {
    "sqlite": "SELECT tag, subject FROM platgov_subjects INDEXED BY sqlite_autoindex_platgov_subjects_2 ORDER BY tag",
    "postgres": "SELECT tag, subject FROM platgov_subjects ORDER BY tag",
}
BY_TAGS: Final = {
    "sqlite": "SELECT tag, subject, secret FROM platgov_subjects WHERE tag IN (SELECT value FROM json_each(?))",
    "postgres": "SELECT tag, subject, secret FROM platgov_subjects WHERE tag = ANY(?)",
}

# -- erasing ---------------------------------------------------------------------------------

SPAN_OF_SUBJECT: Final = "SELECT count(*), min(seq), max(seq) FROM platgov_entries WHERE subject = ?"
ERASE_ENTRIES: Final = (
    "UPDATE platgov_entries SET nonce = NULL, key_text = NULL, subject_text = NULL, body = NULL WHERE subject = ?"
)
ERASE_SUBJECT: Final = "DELETE FROM platgov_subjects WHERE subject = ?"
