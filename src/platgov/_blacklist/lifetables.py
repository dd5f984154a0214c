"""The tables beside the tags: records of bans, searches of staff, imports, near misses, proposals.

What callers give only ever reaches a statement as a parameter.
"""

from __future__ import annotations

from typing import Final

from platgov.stores import Domain, Migration

__all__ = ["LIFE"]


def _made(text: str, blob: str, whole: str, keyed: str) -> tuple[str, ...]:
    return (
        f"""CREATE TABLE platgov_ban_records (
            list INTEGER NOT NULL, ban_id {text} NOT NULL, review_by {whole}, appeal_due {whole},
            data {blob} NOT NULL, PRIMARY KEY (list, ban_id)
        ){keyed}""",
        "CREATE INDEX ix_platgov_ban_records_review ON platgov_ban_records (list, review_by)",
        f"""CREATE TABLE platgov_ban_searches (
            list INTEGER NOT NULL, number {whole} NOT NULL, at {whole} NOT NULL, by_whom {text} NOT NULL,
            case_id {text} NOT NULL, tags {blob} NOT NULL, found {whole} NOT NULL, PRIMARY KEY (list, number)
        ){keyed}""",
        f"""CREATE TABLE platgov_ban_sources (
            list INTEGER NOT NULL, source {text} NOT NULL, data {blob} NOT NULL, PRIMARY KEY (list, source)
        ){keyed}""",
        f"""CREATE TABLE platgov_ban_probes (
            list INTEGER NOT NULL, source {blob} NOT NULL, bucket {whole} NOT NULL, count {whole} NOT NULL,
            PRIMARY KEY (list, source, bucket)
        ){keyed}""",
        "CREATE INDEX ix_platgov_ban_probes_bucket ON platgov_ban_probes (list, bucket, count)",
        f"""CREATE TABLE platgov_ban_proposals (
            list INTEGER NOT NULL, ban_id {text} NOT NULL, kind {text} NOT NULL, data {blob} NOT NULL,
            PRIMARY KEY (list, ban_id, kind)
        ){keyed}""",
        f"""CREATE TABLE platgov_ban_erasures (
            list INTEGER NOT NULL, number {whole} NOT NULL, data {blob} NOT NULL, PRIMARY KEY (list, number)
        ){keyed}""",
    )


LIFE: Final = Domain(
    name="blacklist_life",
    migrations=(
        Migration(
            sqlite=_made("TEXT", "BLOB", "INTEGER", " STRICT, WITHOUT ROWID"),
            postgres=_made('TEXT COLLATE "C"', "BYTEA", "BIGINT", ""),
        ),
    ),
)

# -- records ---------------------------------------------------------------------------------

# Touches nothing, but holds the row until the transaction ends: two processes never overwrite each other.
HOLD: Final = "UPDATE platgov_ban_records SET data = data WHERE list = ? AND ban_id = ?"
RECORD: Final = "SELECT data FROM platgov_ban_records WHERE list = ? AND ban_id = ?"
PUT_RECORD: Final = (
    "INSERT INTO platgov_ban_records (list, ban_id, review_by, appeal_due, data) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (list, ban_id) DO UPDATE SET review_by = excluded.review_by, "
    "appeal_due = excluded.appeal_due, data = excluded.data"
)
DROP_RECORD: Final = "DELETE FROM platgov_ban_records WHERE list = ? AND ban_id = ?"
REVIEWS: Final = (
    "SELECT ban_id FROM platgov_ban_records WHERE list = ? AND review_by IS NOT NULL AND review_by < ? ORDER BY ban_id"
)
APPEALS: Final = (
    "SELECT ban_id FROM platgov_ban_records WHERE list = ? AND appeal_due IS NOT NULL ORDER BY appeal_due, ban_id"
)
EXEMPT_ON: Final = (
    "SELECT b.ban_id, e.tags, e.note FROM platgov_ban_exempt AS e JOIN platgov_bans AS b ON b.number = e.number "
    "WHERE b.list = ? ORDER BY b.ban_id, e.tags"
)
DROP_EXEMPT: Final = "DELETE FROM platgov_ban_exempt WHERE number = ? AND tags = ?"
HELD: Final = "SELECT tags, sketches, avatar FROM platgov_bans WHERE list = ?"

# -- searches --------------------------------------------------------------------------------

NEXT_SEARCH: Final = "SELECT coalesce(max(number), 0) + 1 FROM platgov_ban_searches WHERE list = ?"
ADD_SEARCH: Final = (
    "INSERT INTO platgov_ban_searches (list, number, at, by_whom, case_id, tags, found) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
SEARCHES: Final = (
    "SELECT number, at, by_whom, case_id, tags, found FROM platgov_ban_searches "
    "WHERE list = ? AND number > ? ORDER BY number LIMIT ?"
)

# -- imports ---------------------------------------------------------------------------------

SOURCES: Final = "SELECT source, data FROM platgov_ban_sources WHERE list = ? ORDER BY source"
PUT_SOURCE: Final = (
    "INSERT INTO platgov_ban_sources (list, source, data) VALUES (?, ?, ?) "
    "ON CONFLICT (list, source) DO UPDATE SET data = excluded.data"
)

# -- near misses -----------------------------------------------------------------------------

COUNT_PROBE: Final = (
    "INSERT INTO platgov_ban_probes (list, source, bucket, count) VALUES (?, ?, ?, 1) "
    "ON CONFLICT (list, source, bucket) DO UPDATE SET count = platgov_ban_probes.count + 1"
)
PROBES: Final = "SELECT bucket, count FROM platgov_ban_probes WHERE list = ? AND source = ? ORDER BY bucket"
FORGET_PROBES: Final = "DELETE FROM platgov_ban_probes WHERE list = ? AND bucket < ?"
HOW_MANY_PROBES: Final = "SELECT count(*) FROM platgov_ban_probes WHERE list = ?"
LEAST_PROBES: Final = (
    "SELECT source, bucket FROM platgov_ban_probes WHERE list = ? ORDER BY count, bucket, source LIMIT ?"
)
DROP_PROBE: Final = "DELETE FROM platgov_ban_probes WHERE list = ? AND source = ? AND bucket = ?"

# -- proposals of two persons ----------------------------------------------------------------

PROPOSAL: Final = "SELECT data FROM platgov_ban_proposals WHERE list = ? AND ban_id = ? AND kind = ?"
PUT_PROPOSAL: Final = (
    "INSERT INTO platgov_ban_proposals (list, ban_id, kind, data) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
DROP_PROPOSAL: Final = "DELETE FROM platgov_ban_proposals WHERE list = ? AND ban_id = ? AND kind = ?"
PROPOSALS: Final = "SELECT ban_id, kind, data FROM platgov_ban_proposals WHERE list = ? ORDER BY ban_id, kind"

# -- erasures --------------------------------------------------------------------------------

NEXT_ERASURE: Final = "SELECT coalesce(max(number), 0) + 1 FROM platgov_ban_erasures WHERE list = ?"
ADD_ERASURE: Final = "INSERT INTO platgov_ban_erasures (list, number, data) VALUES (?, ?, ?)"
ERASURES: Final = "SELECT data FROM platgov_ban_erasures WHERE list = ? ORDER BY number"
