"""What tampering is found, what an export proves, what erasure removes, and the ledger for asyncio."""

import asyncio
import contextlib
import io
import itertools
import json
import pathlib
import re
import sqlite3
import threading

import attrs
import pytest

import platgov.ledger
from platgov import errors
from platgov._ledger import entry as entries
from platgov._ledger.merkle import Frontier, leaf_hash
from platgov._ledger.tables import COLUMNS, Row
from platgov.ledger import AsyncLedger, FileWitness, Ledger, Record, verify_export
from stores_support import counted, draw


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


def filled(path, count=50):
    """Make a ledger; give a checkpoint at 20 entries and one at the end."""
    with Ledger.open(path, origin="example.org/log", entropy=counted()) as ledger:
        ledger.append_many(
            Record(value={"n": n}, key=f"k{n}", subject=f"u{n % 5}" if n != 9 else None, stream=("main", "side")[n % 2])
            for n in range(20)
        )
        early = ledger.checkpoint()
        ledger.append_many(Record(value={"n": n}, key=f"k{n}", subject=f"u{n % 5}") for n in range(20, count))
        return early, ledger.checkpoint()


def change(path, *statements):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(*statement if type(statement) is tuple else (statement,))


def found(path, checkpoints=()):
    """Give the code of what a full verification says; None if it passes."""
    try:
        with Ledger.open(path) as ledger:
            ledger.verify(checkpoints)
    except errors.VerificationError as bad:
        return bad.code
    return None


# -- tampering -------------------------------------------------------------------------------

BLUNT = [
    ("UPDATE platgov_entries SET body = CAST('{\"n\":8}' AS BLOB) WHERE seq = 7", "commitment"),
    ("UPDATE platgov_entries SET key_text = 'other' WHERE seq = 7", "commitment"),
    ("UPDATE platgov_entries SET subject_text = 'other' WHERE seq = 7", "commitment"),
    ("UPDATE platgov_entries SET nonce = zeroblob(32) WHERE seq = 7", "commitment"),
    ("UPDATE platgov_entries SET commitment = 'a' WHERE seq = 7", "commitment"),
    ("UPDATE platgov_entries SET key = 'a' WHERE seq = 7", "key"),
    ("UPDATE platgov_entries SET subject = 'a' WHERE seq = 7", "subject"),
    ("UPDATE platgov_entries SET subject = NULL WHERE seq = 7", "erased"),
    ("UPDATE platgov_entries SET subject_n = 999 WHERE seq = 7", "node"),
    ("UPDATE platgov_entries SET subject_n = 7 WHERE seq = 9", "node"),
    ("UPDATE platgov_entries SET at = 5 WHERE seq = 7", "node"),
    ("UPDATE platgov_entries SET kind = 'x' WHERE seq = 7", "node"),
    ("UPDATE platgov_entries SET policy = 'x' WHERE seq = 7", "node"),
    ("UPDATE platgov_entries SET protected = 1 WHERE seq = 7", "node"),
    ("UPDATE platgov_entries SET stream = 'side' WHERE seq = 8", "stream_n"),
    ("UPDATE platgov_entries SET stream_n = 9 WHERE seq = 7", "stream_n"),
    ("UPDATE platgov_entries SET nonce = NULL WHERE seq = 7", "erased"),
    ("UPDATE platgov_entries SET body = NULL WHERE seq = 7", "erased"),
    ("UPDATE platgov_entries SET key_text = NULL WHERE seq = 7", "erased"),
    ("DELETE FROM platgov_entries WHERE seq = 7", "gap"),
    ("DELETE FROM platgov_entries WHERE seq = 0", "head"),
    ("UPDATE platgov_entries SET seq = -1 WHERE seq = 7", "head"),
    ("DELETE FROM platgov_nodes", "node"),
    ("UPDATE platgov_nodes SET hash = zeroblob(32)", "head"),
    ("INSERT INTO platgov_nodes VALUES (8, 7, zeroblob(32))", "node"),
    ("INSERT INTO platgov_nodes VALUES (16, 0, zeroblob(32))", "node"),
    ("DELETE FROM platgov_subjects WHERE subject = 'u1'", "subject"),
    ("UPDATE platgov_subjects SET secret = zeroblob(32) WHERE subject = 'u1'", "subject"),
    ("UPDATE platgov_subjects SET tag = 'zz' WHERE subject = 'u1'", "subject"),
    ("INSERT INTO platgov_subjects VALUES ('new', zeroblob(32), '0')", "subject"),
    ("INSERT INTO platgov_subjects VALUES ('new', zeroblob(32), 'zz')", "subject"),
    ("UPDATE platgov_heads SET n = n + 1 WHERE stream = 'side'", "stream_n"),
    ("INSERT INTO platgov_heads VALUES ('new', 1, NULL)", "stream_n"),
    ("DELETE FROM platgov_heads WHERE stream = 'side'", "stream_n"),
    ("UPDATE platgov_ledger SET origin = 'example.org/other'", None),
    ("UPDATE platgov_ledger SET salt = zeroblob(32)", "key"),
]


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A ledger of 300 entries, so that there is a stored node; copied for each attack."""
    path = tmp_path_factory.mktemp("original") / "ledger.db"
    kept = filled(path, 300)
    return path.read_bytes(), kept


@pytest.mark.parametrize(("statement", "code"), BLUNT, ids=[statement for statement, _ in BLUNT])
def test_whatever_is_changed_without_care_is_found_even_without_a_checkpoint(path, original, statement, code):
    path.write_bytes(original[0])
    change(path, statement)
    assert found(path) in ({code} if code else {"node", "head"})


def test_an_untouched_ledger_passes(path, original):
    path.write_bytes(original[0])
    assert found(path, original[1]) is None


def rebuild(path, edit):
    """Rewrite a whole ledger consistently, as an insider with every secret could.

    ``edit`` takes and gives the rows; numbers, commitments, tags, nodes and head are made anew.
    """
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        origin, salt = connection.execute("SELECT origin, salt FROM platgov_ledger").fetchone()
        rows = [Row(*row) for row in connection.execute(f"SELECT {COLUMNS} FROM platgov_entries ORDER BY seq")]
        tags = dict(connection.execute("SELECT subject, tag FROM platgov_subjects"))
        identity, frontier, nodes = entries.Identity(origin, salt), Frontier(), []
        streams, subjects, made = {}, {}, []
        for seq, row in enumerate(edit(rows)):
            streams[row.stream] = streams.get(row.stream, 0) + 1
            tag = tags.get(row.subject_text)
            subjects[tag] = subjects.get(tag, 0) + 1
            covered = entries.covered_by(row.key_text, row.subject_text, row.body)
            row = row._replace(
                seq=seq, stream_n=streams[row.stream], subject=tag, subject_n=subjects[tag] if tag else None,
                key=identity.key_tag(row.key_text), commitment=entries.commitment_of(row.nonce, covered),
            )  # fmt: skip
            nodes += frontier.append(leaf_hash(entries.leaf_of(origin, *row[:11])))
            made.append(row)
        connection.execute("BEGIN")
        for table in ("entries", "nodes", "heads"):
            connection.execute(f"DELETE FROM platgov_{table}")
        connection.executemany(f"INSERT INTO platgov_entries VALUES ({','.join('?' * 15)})", made)
        connection.executemany("INSERT INTO platgov_nodes VALUES (?, ?, ?)", nodes)
        connection.executemany("INSERT INTO platgov_heads VALUES (?, ?, NULL)", streams.items())
        connection.execute("INSERT INTO platgov_heads VALUES ('', ?, ?)", (frontier.size, frontier.to_bytes()))
        present = {row.subject for row in made}
        for subject, tag in tags.items():
            if tag not in present:
                connection.execute("DELETE FROM platgov_subjects WHERE subject = ?", (subject,))
        connection.execute("COMMIT")


def _edited(at):
    return lambda rows: [row._replace(body=b'{"n":-1}') if row.seq == at else row for row in rows]


ATTACKS = {
    "edit an old entry": (_edited(7), True),
    "delete an old entry": (lambda rows: rows[:7] + rows[8:], True),
    "truncate below the checkpoint": (lambda rows: rows[:30], True),
    "insert a back-dated entry": (lambda rows: [*rows[:7], rows[7]._replace(key_text="new"), *rows[7:]], True),
    "swap two entries": (lambda rows: [*rows[:7], rows[8], rows[7], *rows[9:]], True),
    "replace everything": (lambda rows: [row._replace(body=b"{}") for row in rows], True),
    "change one key": (lambda rows: [row._replace(key_text=f"x{row.key_text}") for row in rows], True),
    "edit after the checkpoint": (_edited(55), False),
    "truncate to the checkpoint": (lambda rows: rows[:50], False),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_consistent_rewrite_is_found_by_kept_checkpoints_alone(path, attack):
    edit, covered = ATTACKS[attack]
    kept = filled(path)
    with Ledger.open(path) as ledger:
        ledger.append_many(Record(value={"n": n}, key=f"k{n}", subject="u0") for n in range(50, 60))
    rebuild(path, lambda rows: rows)
    assert found(path, kept) is None  # the rewriting itself is sound
    rebuild(path, edit)
    assert found(path) is None  # the ledger alone cannot tell
    assert (found(path, kept) is not None) == covered


def test_columns_cannot_be_traded_for_others_under_one_leaf(path):
    filled(path)
    with Ledger.open(path) as ledger:
        row = ledger._row(7)
        leaves = {ledger.entry(n).leaf for n in range(50)}
    leaf = entries.leaf_of("example.org/log", *row[:11])
    assert leaf in leaves
    texts, numbers = ("x", "null", "", '8","kind":"b', 'x"', "7"), (0, 1, 99, -1)
    for place, name in enumerate(COLUMNS.split(", ")[:11]):
        values = texts if type(row[place]) is str or name == "policy" else numbers
        for value in (*values, None) if name in ("at", "subject", "subject_n", "policy") else values:
            if value != row[place] and (name != "protected" or value):
                changed = [*row[:place], value, *row[place + 1 : 11]]
                assert entries.leaf_of("example.org/log", *changed) != leaf, (name, value)


def test_emptied_entries_without_an_erasure_are_found(path):
    kept = filled(path)
    change(path, "UPDATE platgov_entries SET nonce=NULL, key_text=NULL, subject_text=NULL, body=NULL WHERE seq = 7")
    assert found(path, kept) == "erased"


def test_more_emptied_than_the_ledger_says_is_found(path):
    kept = filled(path)
    with Ledger.open(path) as ledger:
        ledger.erase(subject="u1")
        tag = ledger.append({}, key="later", subject="u2").subject
    assert found(path, kept) is None
    change(
        path,
        (
            "UPDATE platgov_entries SET nonce=NULL, key_text=NULL, subject_text=NULL, body=NULL WHERE subject = ?",
            (tag,),
        ),
    )
    assert found(path, kept) == "erased"


def test_an_entry_of_nobody_cannot_be_emptied(path):
    with Ledger.open(path) as ledger:
        ledger.append({}, key="k")
    change(path, "UPDATE platgov_entries SET nonce=NULL, key_text=NULL, body=NULL")
    assert found(path) == "erased"


def test_an_entry_that_is_missing_shows_in_the_numbers_of_whoever_it_is_about(path):
    filled(path)
    with Ledger.open(path) as ledger:
        receipts = [ledger.append({"n": n}, key=f"mine{n}", subject="me") for n in range(4)]
        numbers = [entry.subject_n for entry in ledger.entries(subject="me")]
    assert numbers == [receipt.subject_n for receipt in receipts] == [1, 2, 3, 4]
    change(path, "DELETE FROM platgov_entries WHERE subject_text = 'me' AND subject_n = 2")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        left = [row[0] for row in connection.execute("SELECT subject_n FROM platgov_entries WHERE subject_text = 'me'")]
    assert left == [1, 3, 4]
    assert found(path) in ("gap", "head")


def rehash(path, statement, *params):
    """Change entries, and make nodes and head fit again, as an insider could."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement, params)
        origin, _ = connection.execute("SELECT origin, salt FROM platgov_ledger").fetchone()
        frontier, nodes = Frontier(), []
        for row in connection.execute(f"SELECT {COLUMNS} FROM platgov_entries ORDER BY seq"):
            nodes += frontier.append(leaf_hash(entries.leaf_of(origin, *row[:11])))
        connection.execute("DELETE FROM platgov_nodes")
        connection.executemany("INSERT INTO platgov_nodes VALUES (?, ?, ?)", nodes)
        connection.execute("UPDATE platgov_heads SET frontier = ? WHERE stream = ''", (frontier.to_bytes(),))


def test_a_counter_out_of_turn_is_found_even_in_a_consistent_tree(path, tmp_path):
    filled(path)
    rehash(path, "UPDATE platgov_entries SET subject_n = 77 WHERE seq = 7")
    assert found(path) == "subject_n"
    with Ledger.open(path) as ledger:
        ledger.export(tmp_path / "export.jsonl")
    with pytest.raises(errors.VerificationError) as raised:
        verify_export(tmp_path / "export.jsonl")
    assert raised.value.code == "subject_n"


def test_an_erasure_that_does_not_say_what_was_erased_is_found(path):
    for body in ({}, {"subject": 7, "count": 1}, {"subject": "s", "count": "1"}):
        path.unlink(missing_ok=True)
        with Ledger.open(path) as ledger:
            item = entries.prepared({"kind": "erasure", **body}, "erasure/x", stream="erasure", own=True)
            ledger.queue.append((item,))
            with pytest.raises(errors.VerificationError) as raised:
                ledger.verify()
            assert raised.value.code == "erased"


def test_a_head_that_is_changed_while_the_ledger_is_open_is_found(path):
    filled(path)
    with Ledger.open(path) as ledger:
        change(path, "UPDATE platgov_heads SET frontier = zeroblob(96) WHERE stream = ''")
        with pytest.raises(errors.VerificationError) as raised:
            ledger.verify()
        assert raised.value.code == "head"


def test_many_chunks_are_staged_without_keeping_all_in_memory(path):
    with Ledger.open(path) as ledger:
        many = [Record(value={"n": n}, key=f"k{n}", subject=f"u{n % 9}") for n in range(5_200)]
        again = [Record(value={"n": n}, key=f"k{n}", subject=f"u{n % 9}") for n in range(10)]
        receipts = ledger.append_many([*many, *again])
        assert [receipt.seq for receipt in receipts[-10:]] == list(range(10))
        assert all(receipt.repeated for receipt in receipts[-10:])
        ledger.verify([ledger.checkpoint()])


def test_every_flipped_bit_of_an_entry_is_found_or_harmless(path, original):
    path.write_bytes(original[0])
    with Ledger.open(path) as ledger:
        expected = [attrs.astuple(entry) for entry in ledger.entries()]
    data = original[0]
    silent = 0
    for at in range(0, len(data) * 8, len(data) * 8 // 150):
        flipped = bytearray(data)
        flipped[at // 8] ^= 1 << at % 8
        path.write_bytes(flipped)
        for name in ("-wal", "-shm"):
            pathlib.Path(f"{path}{name}").unlink(missing_ok=True)
        try:
            with Ledger.open(path) as ledger:
                ledger.verify(original[1])
                silent += [attrs.astuple(entry) for entry in ledger.entries()] != expected
        except errors.PlatgovError:
            pass
    assert silent == 0


def test_a_witness_keeps_what_a_rewrite_would_need_to_change(path, tmp_path):
    witness = FileWitness(tmp_path / "witness")
    filled(path)
    with Ledger.open(path) as ledger:
        first = ledger.checkpoint()
        witness.observe(first, None)
        ledger.append({}, key="more")
        second = ledger.checkpoint()
        witness.observe(second, ledger.prove_consistency(first, second))
    rebuild_path = path.with_suffix(".rewritten")
    rebuild_path.write_bytes(path.read_bytes())
    with Ledger.open(path) as ledger:
        ledger.verify([witness.last(ledger.origin)])


# -- export ----------------------------------------------------------------------------------


@pytest.fixture
def exported(tmp_path):
    """An export with each kind of entry, and its checkpoints."""
    with Ledger.open(":memory:", origin="example.org/log", entropy=counted()) as ledger:
        for n in range(12):
            ledger.append({"n": n}, key=f"k{n}", subject=f"u{n % 3}" if n % 4 else None, protected=n == 5)
        early = ledger.checkpoint()
        ledger.erase(subject="u1", reason="asked")
        end = ledger.export(tmp_path / "export.jsonl")
    return tmp_path / "export.jsonl", [early, end]


def _lines(change):
    return lambda data: b"".join(change(data.splitlines(keepends=True)))


def _swap(old, new, count=1):
    def edit(data):
        assert old in data
        return data.replace(old, new, count)

    return edit


def _emptied(line, state):
    rest = b'"state":"%b","nonce":null,"key":null,"subject":null,"body":null}\n' % state
    return line[: line.index(b'"state"')] + rest


EDITS = {
    "nothing at all": lambda data: b"",
    "cut in the middle": lambda data: data[: len(data) // 2],
    "cut before the checkpoint": _lines(lambda lines: lines[:-1]),
    "without its last newline": lambda data: data[:-1],
    "with a line more": lambda data: data + b"{}\n",
    "an entry less": _lines(lambda lines: lines[:4] + lines[5:]),
    "an entry twice": _lines(lambda lines: lines[:4] + lines[3:4] + lines[4:]),
    "two swapped": _lines(lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]]),
    "another body": _swap(b'"body":{"n":2}', b'"body":{"n":3}'),
    "another key": _swap(b'"key":"k2"', b'"key":"k3"', 2),
    "another subject": _swap(b'"subject":"u2"', b'"subject":"u3"'),
    "another nonce": _swap(b'"nonce":"', b'"nonce":"0'),
    "no nonce": _lines(lambda lines: [*lines[:3], re.sub(rb'"nonce":"\w+"', b'"nonce":null', lines[3]), *lines[4:]]),
    "a size more": _swap(b'"size":13', b'"size":14'),
    "a size less": _swap(b'"size":13', b'"size":12'),
    "no size": _swap(b'"size":13', b'"size":"13"'),
    "another origin": _swap(b"example.org/log", b"example.org/lag"),
    "another origin everywhere": _swap(b"example.org/log", b"example.org/lag", 99),
    "another schema": _swap(b'"schema":1', b'"schema":2'),
    "another head": _swap(b'"export"', b'"import"'),
    "no object": _lines(lambda lines: [b"[]\n", *lines[1:]]),
    "another last line": _lines(lambda lines: [*lines[:-1], b'{"point":1}\n']),
    "no checkpoint": _lines(lambda lines: [*lines[:-1], b'{"checkpoint":1}\n']),
    "another instant": _swap(b'"at":null', b'"at":1'),
    "a space": _swap(b'"at":null', b'"at": null'),
    "no such state": _swap(b'"state":"whole"', b'"state":"fine"'),
    "withheld without protection": _lines(lambda lines: [*lines[:3], _emptied(lines[3], b"withheld"), *lines[4:]]),
    "erased without an erasure": _lines(lambda lines: [*lines[:3], _emptied(lines[3], b"erased"), *lines[4:]]),
    "erased with a body": _swap(b'"subject":null,"body":null', b'"subject":null,"body":{}'),
    "a flag that is none": _swap(b'"protected":false', b'"protected":0'),
    "a number that is none": _swap(b'"seq":0', b'"seq":true'),
    "not UTF-8": _swap(b'"key":"k2"', b'"key":"\xff"'),
    "a long line": lambda data: b"x" * 2_000_000,
    "a leaf that is no leaf": _swap(b'{"leaf":{', b'{"leaf":{"more":1,'),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_an_export_that_was_changed_is_refused(exported, edit):
    path, _ = exported
    verify_export(path)
    path.write_bytes(EDITS[edit](path.read_bytes()))
    with pytest.raises((errors.VerificationError, errors.InputError)):
        verify_export(path)


def test_an_export_made_up_as_a_whole_is_found_by_a_kept_checkpoint(exported, tmp_path):
    _, kept = exported
    with Ledger.open(":memory:", origin="example.org/log") as ledger:
        ledger.append_many(Record(value={"n": -1}, key=f"k{n}") for n in range(20))
        ledger.export(tmp_path / "false.jsonl")
    verify_export(tmp_path / "false.jsonl")
    for checkpoint in kept:
        with pytest.raises(errors.VerificationError):
            verify_export(tmp_path / "false.jsonl", [checkpoint])
    with pytest.raises(errors.VerificationError, match="covers"):
        verify_export(tmp_path / "false.jsonl", [attrs.evolve(kept[0], size=99)])


def test_an_export_is_signed_by_whom_it_should_be(exported, tmp_path):
    pytest.importorskip("cryptography", reason="signing needs cryptography")
    signer = platgov.ledger.Ed25519Signer.generate("example.org/log", entropy=counted())
    with Ledger.open(":memory:", origin="example.org/log", signer=signer) as ledger:
        ledger.append({}, key="k")
        ledger.export(tmp_path / "signed.jsonl")
    verify_export(tmp_path / "signed.jsonl", verifiers=[signer.verifier])
    with pytest.raises(errors.VerificationError):
        verify_export(exported[0], verifiers=[signer.verifier])


def test_an_export_never_overwrites_and_says_what_it_cannot_do(tmp_path):
    with Ledger.open(":memory:") as ledger:
        target = tmp_path / "there"
        target.write_text("mine")
        for wrong, code in [
            (target, "exists"),
            (tmp_path / "no" / "where", "io"),
            (io.StringIO(), "io"),
            (tmp_path, "exists"),
        ]:
            with pytest.raises(errors.StorageError) as raised:
                ledger.export(wrong)
            assert raised.value.code == code
        for wrong in (None, 7, b"bytes", "a\0"):
            with pytest.raises(errors.InputError):
                ledger.export(wrong)
        assert target.read_text() == "mine"
    for wrong, kind in [
        (tmp_path / "none", errors.StorageError), (tmp_path, errors.StorageError), ("a\0", errors.InputError),
        (7, errors.InputError), (None, errors.InputError),
    ]:  # fmt: skip
        with pytest.raises(kind):
            verify_export(wrong)


def test_progress_of_an_export_is_told(exported):
    told = []
    verify_export(exported[0], exported[1], progress=lambda done, total: told.append((done, total)))
    assert told == [(13, 13)]


# -- erasure ---------------------------------------------------------------------------------


def bytes_of(path):
    return b"".join(file.read_bytes() for file in path.parent.iterdir() if file.name.startswith(path.name))


def test_what_was_erased_is_in_no_byte_of_the_files(path):
    with Ledger.open(path, entropy=counted()) as ledger:
        records = []
        for n in range(600):
            text = f"secret-body-{n:04}-" * (1 if n % 7 else 400)  # some are larger than a page
            records.append(
                Record(value={"text": text}, key=f"secret-key-{n:04}", subject=f"secret-person-{n % 150:04}")
            )
        ledger.append_many(records)
        kept = ledger.checkpoint()
        secrets = {}
        for number in range(0, 150, 3):
            with contextlib.closing(sqlite3.connect(path)) as connection:
                subject = f"secret-person-{number:04}"
                query = "SELECT secret FROM platgov_subjects WHERE subject = ?"
                secrets[number] = connection.execute(query, (subject,)).fetchone()[0]
                query = "SELECT nonce FROM platgov_entries WHERE subject_text = ?"
                nonces = [row[0] for row in connection.execute(query, (subject,))]
            assert ledger.erase(subject=subject).count == 4
            secrets[number] = [secrets[number], *nonces]
        ledger.verify([kept])
        for here in (bytes_of(path), None):
            if here is None:
                ledger.close()
                here = bytes_of(path)
            for number in range(150):
                gone = number % 3 == 0
                assert (f"secret-person-{number:04}".encode() in here) != gone
                for n in range(number, 600, 150):
                    assert (f"secret-body-{n:04}-".encode() in here) != gone
                    assert (f"secret-key-{n:04}".encode() in here) != gone
            assert not any(secret in here for some in secrets.values() for secret in some)
    with Ledger.open(path) as ledger:
        assert ledger.verify([kept]).erased == 200


# -- the host's own connection ---------------------------------------------------------------


def _connections(path):
    class Odd(sqlite3.Connection):
        def cursor(self, *args, **kwargs):
            raise AssertionError("the host's own")

        def execute(self, sql, *args):
            return super().execute(sql, *args)

    yield "plain", sqlite3.connect(path)
    for level in (None, "", "DEFERRED", "IMMEDIATE", "EXCLUSIVE"):
        yield f"isolation {level}", sqlite3.connect(path, isolation_level=level)
    connection = sqlite3.connect(path)
    connection.row_factory = lambda cursor, row: {"never": "a row"}
    yield "row factory", connection
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    yield "sqlite3.Row", connection
    for factory in (bytes, lambda data: data[::-1]):
        connection = sqlite3.connect(path)
        connection.text_factory = factory
        yield "text factory", connection
    yield "declared types", sqlite3.connect(path, detect_types=sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES)
    if hasattr(sqlite3, "LEGACY_TRANSACTION_CONTROL"):
        yield "autocommit on", sqlite3.connect(path, autocommit=True)
        yield "autocommit off", sqlite3.connect(path, autocommit=False)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TEMP TABLE platgov_entries (x)")
    connection.execute("CREATE TEMP TABLE platgov_heads (x)")
    yield "temporary tables of our names", connection


def test_however_the_host_set_its_connection_the_entry_is_right(path):
    converters = dict(sqlite3.converters)
    for name in ("TEXT", "INTEGER", "BLOB"):
        sqlite3.register_converter(name, lambda data: "converted")
    try:
        with Ledger.open(path) as ledger:
            for number, (name, host) in enumerate(_connections(path)):
                factory = host.text_factory
                for again in range(2):
                    receipt = ledger.append_in(host, {"n": number}, key=f"k{number}", subject="u", stream="s")
                    assert (receipt.repeated, receipt.seq, receipt.stream_n) == (bool(again), number, number + 1), name
                assert host.text_factory is factory
                # With autocommit=True (3.12 on), commit() does nothing: a statement began the transaction.
                plain = host.isolation_level is None or getattr(host, "autocommit", None) is True
                host.execute("COMMIT") if plain else host.commit()
                host.close()
                assert ledger.entry(number).body == {"n": number}
                assert ledger.entry(number).subject_n == number + 1
            ledger.verify()
    finally:
        sqlite3.converters.clear()
        sqlite3.converters.update(converters)


def test_a_host_transaction_that_read_before_others_wrote_is_told_what_to_do(path):
    with Ledger.open(path) as ledger, contextlib.closing(sqlite3.connect(path, isolation_level=None)) as host:
        host.execute("BEGIN")
        host.execute("SELECT count(*) FROM platgov_entries").fetchone()
        ledger.append({}, key="other")
        with pytest.raises(errors.BusyError, match="BEGIN IMMEDIATE"):
            ledger.append_in(host, {}, key="k")
        assert host.in_transaction
        host.execute("ROLLBACK")
        host.execute("BEGIN IMMEDIATE")
        ledger.append_in(host, {}, key="k")
        host.execute("COMMIT")
        assert ledger.size == 2


def test_a_host_transaction_that_only_read_so_far_can_still_write(path):
    with Ledger.open(path) as ledger, contextlib.closing(sqlite3.connect(path, isolation_level=None)) as host:
        host.execute("BEGIN")
        host.execute("SELECT count(*) FROM platgov_entries").fetchone()
        ledger.append_in(host, {}, key="k")
        host.execute("COMMIT")
        ledger.verify()


def test_a_failure_in_the_middle_leaves_no_half_entry_in_the_hosts_transaction(path, monkeypatch):
    with Ledger.open(path) as ledger, contextlib.closing(sqlite3.connect(path, isolation_level=None)) as host:
        ledger.append({}, key="before")
        host.execute("CREATE TABLE actions (n INTEGER)")
        host.execute("BEGIN IMMEDIATE")
        host.execute("INSERT INTO actions VALUES (1)")
        host.execute("CREATE TRIGGER stop BEFORE UPDATE ON platgov_heads BEGIN SELECT RAISE(ABORT, 'no'); END")
        with pytest.raises(errors.StorageError) as raised:
            ledger.append_in(host, {}, key="k")
        assert raised.value.code == "integrity"
        host.execute("DROP TRIGGER stop")
        host.execute("COMMIT")
        assert host.execute("SELECT * FROM actions").fetchall() == [(1,)]
        assert ledger.size == 1
        ledger.verify()


def test_a_closed_connection_or_one_of_another_thread_is_refused(path):
    with Ledger.open(path) as ledger:
        host = sqlite3.connect(path)
        refusals = []

        def other():
            try:
                ledger.append_in(host, {}, key="k")
            except errors.HandleError as bad:
                refusals.append(bad.code)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        host.close()
        with pytest.raises(errors.HandleError):
            ledger.append_in(host, {}, key="k")
        assert refusals == ["connection"]
    with Ledger.open(":memory:") as ledger, contextlib.closing(sqlite3.connect(":memory:")) as host:
        with pytest.raises(errors.HandleError):
            ledger.append_in(host, {}, key="k")


# -- asyncio ---------------------------------------------------------------------------------


def test_the_ledger_for_asyncio_does_what_the_other_does(path, tmp_path):
    async def main():
        async with await AsyncLedger.open(path, origin="example.org/log") as ledger:
            assert (ledger.origin, repr(ledger)) == ("example.org/log", "<AsyncLedger example.org/log>")
            first = await ledger.append({"n": 0}, key="k0", subject="u")
            got = await asyncio.gather(*(ledger.append({"n": n}, key=f"k{n}", subject="u") for n in range(200)))
            assert got[0] == attrs.evolve(first, repeated=True)
            assert sorted(receipt.seq for receipt in got) == list(range(200))
            assert await ledger.size() == 200
            kept = await ledger.checkpoint()
            (await ledger.prove_inclusion(7, kept)).verify(got[7].leaf_hash, kept)
            await ledger.append_many([Record(value={"m": 1}, key="m", protected=True)])
            new = await ledger.checkpoint()
            (await ledger.prove_consistency(kept, new)).verify(kept, new)
            assert [entry.seq async for entry in ledger.entries(subject="u")] == list(range(200))
            assert (await ledger.entry(3)).body == {"n": 3}
            assert (await ledger.find("k9")).seq == 9
            assert (await ledger.reveal(200, by="a", reason="b")).body == {"m": 1}
            assert (await ledger.erase(subject="u")).count == 200
            await ledger.export(tmp_path / "export.jsonl")
            assert (await ledger.verify([kept, new])).erased == 200
            with pytest.raises(errors.ConflictError):
                await ledger.append({"n": -1}, key="m")
            with pytest.raises(errors.InputError):
                await ledger.append({"n": -1}, key="")
        await ledger.close()
        for use in (ledger.append({}, key="late"), ledger.checkpoint(), ledger.size()):
            with pytest.raises(errors.HandleError):
                await use

    asyncio.run(main())
    verify_export(tmp_path / "export.jsonl")


def test_one_conflict_does_not_hurt_those_who_are_committed_with_it(path):
    async def main():
        async with await AsyncLedger.open(path) as ledger:
            await ledger.append({"n": 0}, key="k0")
            calls = [ledger.append({"n": n}, key=f"k{n % 10}") for n in range(20)]
            got = await asyncio.gather(*calls, return_exceptions=True)
            assert [type(result).__name__ for result in got] == ["Receipt"] * 10 + ["ConflictError"] * 10
            assert await ledger.size() == 10

    asyncio.run(main())


def test_a_call_that_is_cancelled_leaves_the_others_alone(path):
    async def main():
        async with await AsyncLedger.open(path) as ledger:
            tasks = [asyncio.create_task(ledger.append({"n": n}, key=f"k{n}")) for n in range(30)]
            await asyncio.sleep(0)
            for task in tasks[::3]:
                task.cancel()
            got = await asyncio.gather(*tasks, return_exceptions=True)
            done = [n for n, result in enumerate(got) if not isinstance(result, BaseException)]
            assert done == [n for n in range(30) if n % 3]
            have = {entry.key async for entry in ledger.entries()}
            assert {f"k{n}" for n in done} <= have
            await ledger.verify()

    asyncio.run(main())


def test_opening_for_asyncio_says_what_is_wrong(tmp_path):
    async def main():
        with pytest.raises(errors.StorageError):
            await AsyncLedger.open(tmp_path)
        with pytest.raises(errors.InputError):
            await AsyncLedger.open(":memory:", origin="not an origin")

    asyncio.run(main())


def test_the_loop_is_not_held_up_by_the_disk(path):
    async def main():
        ticks = itertools.count()
        async with await AsyncLedger.open(path) as ledger:

            async def tick():
                while True:
                    next(ticks)
                    await asyncio.sleep(0)

            ticking = asyncio.create_task(tick())
            await ledger.append_many([Record(value={"n": n}, key=f"k{n}") for n in range(2_000)])
            ticking.cancel()
        assert next(ticks) > 20

    asyncio.run(main())


# -- the rest --------------------------------------------------------------------------------


def test_a_receipt_can_be_written_as_json():
    with Ledger.open(":memory:", entropy=counted(), origin="example.org/log") as ledger:
        receipt = ledger.append({}, key="k", subject="u")
    written = json.loads(json.dumps(receipt.to_dict()))
    assert written["leaf_hash"] == receipt.leaf_hash.hex()
    assert set(written) == {
        "seq", "origin", "leaf_hash", "key", "subject", "subject_n", "stream", "stream_n", "repeated",
    }  # fmt: skip


def test_tags_and_commitments_are_plain_hmac():
    import hmac

    with Ledger.open(":memory:", entropy=counted(), origin="example.org/log") as ledger:
        ledger.append({"n": 1}, key="ключ", subject="ü")
        entry = ledger.entry(0)
        salt, secret, nonce = (draw(number) for number in (1, 2, 3))
    assert entry.key_tag == hmac.new(salt, b"platgov key\0" + "ключ".encode(), "sha256").hexdigest()[:32]
    assert entry.subject_tag == hmac.new(secret, b"platgov subject\0" + "ü".encode(), "sha256").hexdigest()[:32]
    assert entry.commitment == hmac.new(nonce, '["ключ","ü",{"n":1}]'.encode(), "sha256").hexdigest()


@pytest.mark.parametrize(
    "entropy", [lambda size: b"short", lambda size: "x" * size, lambda size: None], ids=["short", "text", "none"]
)
def test_entropy_that_gives_too_little_is_refused(entropy):
    with pytest.raises(errors.HandleError, match="entropy"):
        Ledger.open(":memory:", entropy=entropy)


def test_the_default_origin_is_random_and_kept(path):
    with Ledger.open(path) as ledger:
        origin = ledger.origin
        assert origin.startswith("platgov.ledger/")
    with Ledger.open(path) as ledger:
        assert ledger.origin == origin
    with Ledger.open(":memory:") as ledger:
        assert ledger.origin != origin


def test_an_entry_shows_no_body_in_its_repr():
    with Ledger.open(":memory:") as ledger:
        ledger.append({"text": "very private"}, key="k")
        assert "very private" not in repr(ledger.entry(0))


def test_leaf_of_is_quick_to_see_as_one_line():
    assert entries.leaf_of("o", 0, None, "k", "main", 1, "t", None, None, None, 0, "c") == (
        b'{"at":null,"commitment":"c","key":"t","kind":"k","ledger":"o","policy":null,"protected":false,"schema":1,'
        b'"seq":0,"stream":"main","stream_n":1,"subject":null,"subject_n":null}'
    )


def test_what_verification_remembers_of_subjects_has_a_bound(path, monkeypatch):
    from platgov._ledger import verifying

    monkeypatch.setattr(verifying, "_REMEMBERED", 3)
    kept = filled(path)
    assert found(path, kept) is None
