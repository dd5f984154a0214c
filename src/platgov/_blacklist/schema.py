"""The tables of bans, and every statement that touches them, written once.

What callers give only ever reaches a statement as a parameter; what is put together here is put
together from constants.
"""
# ruff: noqa: S608 - constants only, see above

from __future__ import annotations

import functools
from typing import Final

from platgov.stores import Domain, Migration

__all__ = ["BANS", "COLUMNS", "exact_lookup"]

COLUMNS: Final = (
    "number, list, ban_id, starts_at, ends_at, lifted_at, account_created_at, verified, note, "
    "nonce, tags, sketches, avatar"
)

BANS: Final = Domain(
    name="blacklist",
    migrations=(
        Migration(
            sqlite=(
                """CREATE TABLE platgov_bans (
                    number INTEGER PRIMARY KEY, list INTEGER NOT NULL, ban_id TEXT NOT NULL,
                    starts_at INTEGER NOT NULL, ends_at INTEGER, lifted_at INTEGER, account_created_at INTEGER,
                    verified INTEGER, note BLOB NOT NULL, nonce BLOB NOT NULL, tags BLOB NOT NULL,
                    sketches BLOB NOT NULL, avatar BLOB NOT NULL, UNIQUE (list, ban_id)
                ) STRICT""",
                """CREATE TABLE platgov_ban_tags (
                    tag INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (tag, number)
                ) STRICT, WITHOUT ROWID""",
                # Pieces not yet merged into the sorted array, whose blocks are in the next table.
                """CREATE TABLE platgov_ban_pieces (
                    piece INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (piece, number)
                ) STRICT, WITHOUT ROWID""",
                "CREATE TABLE platgov_ban_blocks (block INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT",
                """CREATE TABLE platgov_ban_exempt (
                    number INTEGER NOT NULL, tags BLOB NOT NULL, note BLOB NOT NULL, PRIMARY KEY (number, tags)
                ) STRICT, WITHOUT ROWID""",
                "CREATE TABLE platgov_ban_lists (list INTEGER PRIMARY KEY, list_id TEXT NOT NULL UNIQUE) STRICT",
                """CREATE TABLE platgov_ban_keys (
                    list INTEGER NOT NULL, version INTEGER NOT NULL, mark BLOB NOT NULL, PRIMARY KEY (list, version)
                ) STRICT, WITHOUT ROWID""",
                """CREATE TABLE platgov_ban_state (
                    id INTEGER PRIMARY KEY CHECK (id = 1), next INTEGER NOT NULL, merges INTEGER NOT NULL,
                    first INTEGER NOT NULL, fences BLOB NOT NULL
                ) STRICT""",
            ),
            postgres=(
                """CREATE TABLE platgov_bans (
                    number BIGINT PRIMARY KEY, list INTEGER NOT NULL, ban_id TEXT COLLATE "C" NOT NULL,
                    starts_at BIGINT NOT NULL, ends_at BIGINT, lifted_at BIGINT, account_created_at BIGINT,
                    verified INTEGER, note BYTEA NOT NULL, nonce BYTEA NOT NULL, tags BYTEA NOT NULL,
                    sketches BYTEA NOT NULL, avatar BYTEA NOT NULL, UNIQUE (list, ban_id)
                )""",
                """CREATE TABLE platgov_ban_tags (
                    tag BIGINT NOT NULL, number BIGINT NOT NULL, PRIMARY KEY (tag, number)
                )""",
                """CREATE TABLE platgov_ban_pieces (
                    piece BIGINT NOT NULL, number BIGINT NOT NULL, PRIMARY KEY (piece, number)
                )""",
                "CREATE TABLE platgov_ban_blocks (block BIGINT PRIMARY KEY, data BYTEA NOT NULL)",
                """CREATE TABLE platgov_ban_exempt (
                    number BIGINT NOT NULL, tags BYTEA NOT NULL, note BYTEA NOT NULL, PRIMARY KEY (number, tags)
                )""",
                'CREATE TABLE platgov_ban_lists (list INTEGER PRIMARY KEY, list_id TEXT COLLATE "C" NOT NULL UNIQUE)',
                """CREATE TABLE platgov_ban_keys (
                    list INTEGER NOT NULL, version INTEGER NOT NULL, mark BYTEA NOT NULL, PRIMARY KEY (list, version)
                )""",
                """CREATE TABLE platgov_ban_state (
                    id INTEGER PRIMARY KEY CHECK (id = 1), next BIGINT NOT NULL, merges BIGINT NOT NULL,
                    first BIGINT NOT NULL, fences BYTEA NOT NULL
                )""",
            ),
        ),
    ),
)

# -- lists, keys, state ----------------------------------------------------------------------

CREATE_STATE: Final = "INSERT INTO platgov_ban_state (id, next, merges, first, fences) VALUES (1, 1, 0, 0, ?)"
NEXT: Final = "UPDATE platgov_ban_state SET next = next + ? WHERE id = 1"
READ_NEXT: Final = "SELECT next FROM platgov_ban_state WHERE id = 1"
MERGES: Final = (
    "SELECT merges, CASE WHEN EXISTS (SELECT 1 FROM platgov_ban_pieces) THEN 1 ELSE 0 END "
    "FROM platgov_ban_state WHERE id = 1"
)
FENCES: Final = "SELECT merges, first, fences FROM platgov_ban_state WHERE id = 1"
SET_FENCES: Final = "UPDATE platgov_ban_state SET merges = merges + 1, first = ?, fences = ? WHERE id = 1"
LIST: Final = "SELECT list FROM platgov_ban_lists WHERE list_id = ?"
NEW_LIST: Final = (
    "INSERT INTO platgov_ban_lists (list, list_id) SELECT coalesce(max(list), 0) + 1, CAST(? AS TEXT) "
    "FROM platgov_ban_lists"
)
KEYS: Final = "SELECT version, mark FROM platgov_ban_keys WHERE list = ?"
NEW_KEY: Final = "INSERT INTO platgov_ban_keys (list, version, mark) VALUES (?, ?, ?)"

# -- bans ------------------------------------------------------------------------------------

INSERT: Final = f"INSERT INTO platgov_bans ({COLUMNS}) VALUES ({', '.join('?' * 13)})"
BY_ID: Final = f"SELECT {COLUMNS} FROM platgov_bans WHERE list = ? AND ban_id = ?"
PAGE: Final = f"SELECT {COLUMNS} FROM platgov_bans WHERE list = ? AND ban_id > ? ORDER BY ban_id LIMIT ?"
CHANGE: Final = "UPDATE platgov_bans SET ends_at = ?, lifted_at = ?, note = ? WHERE number = ?"
RETAG: Final = "UPDATE platgov_bans SET tags = ?, sketches = ?, avatar = ? WHERE number = ?"
DELETE: Final = "DELETE FROM platgov_bans WHERE number = ?"
ALIVE: Final = "SELECT number FROM platgov_bans"
STORED_TAGS: Final = "SELECT tags FROM platgov_bans WHERE list = ?"
ADD_TAG: Final = "INSERT INTO platgov_ban_tags (tag, number) VALUES (?, ?) ON CONFLICT DO NOTHING"
DROP_TAG: Final = "DELETE FROM platgov_ban_tags WHERE tag = ? AND number = ?"
EXEMPT: Final = "INSERT INTO platgov_ban_exempt (number, tags, note) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
DROP_EXEMPT: Final = "DELETE FROM platgov_ban_exempt WHERE number = ?"
_IN: Final = {
    "sqlite": "IN (SELECT CAST(value AS INTEGER) FROM json_each(?))",
    "postgres": "= ANY(CAST(CAST(? AS TEXT[]) AS BIGINT[]))",
}
BY_NUMBERS: Final = {d: f"SELECT {COLUMNS} FROM platgov_bans WHERE number {i}" for d, i in _IN.items()}
# list + 0: the numbers are few, and no index on the list is wanted.
NEAR: Final = {
    d: (
        f"SELECT number, nonce, sketches, avatar FROM platgov_bans WHERE number {i} AND list + 0 = ? "
        "AND starts_at <= ? AND (ends_at IS NULL OR ends_at > ?) AND (lifted_at IS NULL OR lifted_at > ?)"
    )
    for d, i in _IN.items()
}
EXEMPT_OF: Final = {
    d: f"SELECT number, tags, note FROM platgov_ban_exempt WHERE number {i} ORDER BY number, tags"
    for d, i in _IN.items()
}

# Many tags at once, few of which are there: for each its newest bans, one row each.
SOME_TAGS: Final = {
    "sqlite": (
        "SELECT value, number FROM json_each(?) AS j JOIN platgov_ban_tags AS t ON t.tag = CAST(j.value AS INTEGER) "
        "AND t.number >= coalesce((SELECT number FROM platgov_ban_tags WHERE tag = CAST(j.value AS INTEGER) "
        "ORDER BY number DESC LIMIT 1 OFFSET ?), 0)"
    ),
    "postgres": (
        "SELECT j.tag, t.number FROM unnest(CAST(CAST(? AS TEXT[]) AS BIGINT[])) AS j(tag) "
        "CROSS JOIN LATERAL (SELECT number FROM platgov_ban_tags WHERE tag = j.tag "
        "ORDER BY number DESC LIMIT CAST(? AS BIGINT) + 1) AS t"
    ),
}

# -- pieces ----------------------------------------------------------------------------------

ADD_PIECE: Final = "INSERT INTO platgov_ban_pieces (piece, number) VALUES (?, ?) ON CONFLICT DO NOTHING"
PIECES: Final = {
    d: f"SELECT piece, number FROM platgov_ban_pieces WHERE piece {i} ORDER BY piece, number DESC LIMIT ?"
    for d, i in _IN.items()
}
ALL_PIECES: Final = "SELECT piece, number FROM platgov_ban_pieces ORDER BY piece, number"
COUNT_PIECES: Final = "SELECT count(*) FROM platgov_ban_pieces"
DROP_PIECES: Final = "DELETE FROM platgov_ban_pieces"
ADD_BLOCK: Final = "INSERT INTO platgov_ban_blocks (block, data) VALUES (?, ?)"
DROP_BLOCKS: Final = "DELETE FROM platgov_ban_blocks WHERE block < ?"
SOME_BLOCKS: Final = "SELECT block, data FROM platgov_ban_blocks WHERE block >= ? AND block < ? ORDER BY block"
BLOCKS: Final = {d: f"SELECT block, data FROM platgov_ban_blocks WHERE block {i}" for d, i in _IN.items()}


@functools.cache
def exact_lookup(tags: int) -> str:
    """Give the statement that looks up so many tags: at most so many bans of each, the newest first.

    The parameters are tag and limit, again and again.
    """
    one = (
        "SELECT * FROM (SELECT tag, number FROM platgov_ban_tags WHERE tag = CAST(? AS BIGINT) "
        "ORDER BY number DESC LIMIT ?) AS t{}"
    )
    return " UNION ALL ".join(one.format(place) for place in range(tags))
