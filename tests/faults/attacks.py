"""What an insider might do to a ledger: each attack with what is expected to be seen of it.

An attack edits a copy of everything that is stored. The copy is written back to an SQLite file or
spelled as an export, so both are attacked in the same way. Run as a program, this prints the table
of the page on the guarantee, which a test compares with the page.
"""

import contextlib
import hashlib
import sqlite3

import attrs

from platgov._canonical import dumps
from platgov._ledger import entry as entries
from platgov._ledger import exporting
from platgov._ledger.merkle import Frontier, leaf_hash
from platgov._ledger.tables import COLUMNS, Row
from platgov.ledger import Checkpoint, Ledger, Record

ORIGIN = "example.org/decisions"
SIZE, EARLY, LATE = 60, 20, 40
ERASED, PROTECTED, OLD, NEW = 2, 5, 10, 45
"""Numbers of entries: an erased and a protected one, one that checkpoints cover, and one that none does."""


def draws(seed=b"attack"):
    """Give an entropy that draws the same bytes each time."""
    count = 0

    def entropy(size):
        nonlocal count
        count += 1
        return hashlib.sha256(seed + b"%d" % count).digest()[:size]

    return entropy


def record(number):
    """Give what entry ``number`` records; 18 subjects, so that one has few entries."""
    value = {"kind": "decision", "post": number, "outcome": "remove", "policy": "sha256:" + "0" * 64, "at": 1_000}
    subject = "gone" if number == ERASED else f"u{number % 17}"
    stream = ("main", "appeals")[number % 2]
    return Record(value=value, key=f"post-{number}", subject=subject, stream=stream, protected=number == PROTECTED)


def original(path, records=record):
    """Make the ledger that is attacked: 60 entries, number 19 an erasure; checkpoints at 20 and 40."""
    with Ledger.open(path, origin=ORIGIN, entropy=draws()) as ledger:
        ledger.append_many(records(number) for number in range(EARLY - 1))
        ledger.erase(subject="gone", by="dpo")
        kept = [ledger.checkpoint()]
        ledger.append_many(records(number) for number in range(EARLY, LATE))
        kept.append(ledger.checkpoint())
        ledger.append_many(records(number) for number in range(LATE, SIZE))
    return kept


@attrs.define
class Log:
    """Everything that a ledger stores."""

    origin: str
    salt: bytes
    rows: list
    nodes: list
    heads: dict
    subjects: dict

    @classmethod
    def read(cls, path):
        with contextlib.closing(sqlite3.connect(path)) as connection:
            ((origin, salt),) = connection.execute("SELECT origin, salt FROM platgov_ledger")
            return cls(
                origin,
                salt,
                [Row(*row) for row in connection.execute(f"SELECT {COLUMNS} FROM platgov_entries ORDER BY seq")],
                connection.execute("SELECT level, idx, hash FROM platgov_nodes").fetchall(),
                {name: (n, f) for name, n, f in connection.execute("SELECT stream, n, frontier FROM platgov_heads")},
                {s: (secret, t) for s, secret, t in connection.execute("SELECT * FROM platgov_subjects")},
            )

    def write(self, path):
        """Write it over what an SQLite file holds."""
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            for table in ("entries", "nodes", "heads", "subjects"):
                connection.execute(f"DELETE FROM platgov_{table}")
            connection.executemany(f"INSERT INTO platgov_entries VALUES ({','.join('?' * 15)})", self.rows)
            connection.executemany("INSERT INTO platgov_nodes VALUES (?, ?, ?)", self.nodes)
            connection.executemany(
                "INSERT INTO platgov_heads VALUES (?, ?, ?)", [(name, n, f) for name, (n, f) in self.heads.items()]
            )
            connection.executemany(
                "INSERT INTO platgov_subjects VALUES (?, ?, ?)",
                [(name, secret, tag) for name, (secret, tag) in self.subjects.items()],
            )
            connection.execute("UPDATE platgov_ledger SET origin = ?, salt = ?", (self.origin, self.salt))
            connection.execute("COMMIT")

    def export(self, path):
        """Spell it as an export."""
        size, frontier = self.heads[""]
        checkpoint = Checkpoint(origin=self.origin, size=size, root=Frontier.from_bytes(size, frontier).root)
        head = {"export": "platgov.ledger", "schema": 1, "origin": self.origin, "size": size}
        lines = [exporting._line(self.origin, row) for row in self.rows]
        path.write_bytes(dumps(head) + b"\n" + b"".join(lines) + dumps({"checkpoint": checkpoint.text}) + b"\n")

    # -- what attacks are made of ------------------------------------------------------------

    def set(self, seq, **columns):
        self.rows[seq] = self.rows[seq]._replace(**columns)

    def recommit(self, seq):
        row = self.rows[seq]
        if row.nonce is not None:
            covered = entries.covered_by(row.key_text, row.subject_text, row.body)
            self.set(seq, commitment=entries.commitment_of(row.nonce, covered))

    def rebuild(self, *, recount=True):
        """Make everything fit again, as someone with every secret can; the numbers only if asked to."""
        identity, frontier, self.nodes = entries.Identity(self.origin, self.salt), Frontier(), []
        streams, counted = {}, {}
        for seq, row in enumerate(self.rows):
            tag = row.subject
            if row.subject_text is not None:
                secret, tag = self.subjects.setdefault(row.subject_text, (bytes(32), None))
                tag = tag or entries.subject_tag(secret, row.subject_text)
                self.subjects[row.subject_text] = secret, tag
            streams[row.stream] = streams.get(row.stream, 0) + 1
            counted[tag] = counted.get(tag, 0) + 1
            self.rows[seq] = row._replace(
                seq=seq,
                stream_n=streams[row.stream] if recount else row.stream_n,
                subject=tag,
                subject_n=row.subject_n if not recount else counted[tag] if tag else None,
                key=row.key if row.key_text is None else identity.key_tag(row.key_text),
            )
            self.recommit(seq)
            self.nodes += frontier.append(leaf_hash(entries.leaf_of(self.origin, *self.rows[seq][:11])))
        self.heads = {name: (n, None) for name, n in streams.items()}
        self.heads[""] = frontier.size, frontier.to_bytes()
        self.subjects = {name: kept for name, kept in self.subjects.items() if kept[1] in counted}


@attrs.frozen
class Attack:
    """One attack.

    Attributes:
        name: What is done.
        edit: Does it to a `Log`.
        alone: Whether verification sees it without any checkpoint from outside.
        covered: Whether it does with the two that are kept outside.
        where: What it can be done to: a file, an export, or both.
    """

    name: str
    edit: object
    alone: bool
    covered: bool
    where: tuple = ("file", "export")


def _set(seq, **columns):
    return lambda log: log.set(seq, **columns)


def _then_rebuild(edit):
    def attack(log):
        edit(log)
        log.rebuild()

    return attack


def _then_rehash(edit):
    def attack(log):
        edit(log)
        log.rebuild(recount=False)

    return attack


def _fake_body(log, seq):
    log.set(seq, body=b'{"outcome":"keep"}')


def _recommitted(log):
    _fake_body(log, OLD)
    log.recommit(OLD)


def _renumbered(log):
    log.rows = [row._replace(seq=seq) for seq, row in enumerate(log.rows)]


def _delete(seq):
    return lambda log: log.rows.pop(seq)


def _delete_renumbered(log):
    del log.rows[OLD]
    _renumbered(log)


def _swap(seq):
    def attack(log):
        log.rows[seq], log.rows[seq + 1] = log.rows[seq + 1], log.rows[seq]
        _renumbered(log)

    return attack


def _insert(seq):
    def attack(log):
        made = log.rows[OLD]._replace(
            key="f" * 32, key_text="made-up", nonce=bytes(32), subject=None, subject_n=None, subject_text=None
        )
        log.rows.insert(seq, made)
        _renumbered(log)

    return attack


def _truncate(size):
    def attack(log):
        del log.rows[size:]

    return attack


def _short_head(log):
    del log.rows[-1]
    frontier = Frontier()
    for row in log.rows:
        frontier.append(leaf_hash(entries.leaf_of(log.origin, *row[:11])))
    log.heads[""] = frontier.size, frontier.to_bytes()


def _empty(seq):
    return _set(seq, nonce=None, key_text=None, subject_text=None, body=None)


def _refill(log):
    log.set(ERASED, nonce=bytes(32), key_text="post-2", subject_text="gone", body=b'{"outcome":"keep"}')
    log.subjects["gone"] = (bytes(32), log.rows[ERASED].subject)


def _refilled_quietly(log):
    _refill(log)
    log.subjects["gone"] = (bytes(32), None)
    erasure = next(row.seq for row in log.rows if row.kind == "erasure")
    log.set(erasure, kind="decision", body=b'{"outcome":"keep"}', key_text="post-19")


def _everything(log):
    for seq, row in enumerate(log.rows):
        if row.kind == "decision" and row.body is not None:
            _fake_body(log, seq)


def _all_keys(log):
    for seq, row in enumerate(log.rows):
        if row.key_text is not None:
            log.set(seq, key_text=f"x-{row.key_text}")


def _continued(log):
    """Roll back to 30 entries, and go on with others up to more than there were."""
    rows = log.rows[:30]
    made = [row._replace(key_text=f"other-{row.seq}", body=b'{"outcome":"keep"}') for row in log.rows[30:]]
    more = [row._replace(key_text=f"more-{row.seq}") for row in log.rows[50:]]
    log.rows = rows + made + more
    log.rebuild()


def _erase_announced(log):
    """Empty what is about one subject, and announce it properly in a new entry at the end."""
    tag = log.subjects.pop("u3")[1]
    hit = [row.seq for row in log.rows if row.subject == tag]
    for seq in hit:
        _empty(seq)(log)
    value = {"kind": "erasure", "subject": tag, "count": len(hit), "first": hit[0], "last": hit[-1]}
    last = log.rows[-1]
    log.rows.append(
        last._replace(
            seq=len(log.rows), at=None, kind="erasure", stream="erasure", subject=None, subject_n=None, policy=None,
            nonce=bytes(32), key_text=f"erasure/{tag}", subject_text=None, body=dumps(value),
        )
    )  # fmt: skip


def _add_lie(log):
    log.rows.append(log.rows[-1]._replace(key_text="post-lie", body=b'{"outcome":"remove"}', nonce=bytes(32)))


def _rename_ledger(log):
    log.origin = "example.org/other"


def _nothing(log):
    """Nothing is changed: the decision was never given to the ledger."""


def _head_only(log):
    size, frontier = log.heads[""]
    log.heads[""] = size, bytes(len(frontier))


def _salt_only(log):
    log.salt = bytes(32)


def _secret_only(log):
    log.subjects["u3"] = bytes(32), log.subjects["u3"][1]


def _counter_only(log):
    log.heads["appeals"] = log.heads["appeals"][0] + 1, None


def _blame(seq):
    return _then_rebuild(_set(seq, subject_text="u4"))


FILE = ("file",)
ATTACKS = (
    # Careless: something does not fit any more.
    Attack("change the body of an entry", _set(OLD, body=b'{"outcome":"keep"}'), True, True),
    Attack("change body and commitment", _recommitted, True, True),
    Attack("change the instant of an entry", _set(OLD, at=999), True, True),
    Attack("change the key of an entry", _set(OLD, key_text="post-99"), True, True),
    Attack("change the tag of a key", _set(OLD, key="f" * 32), True, True),
    Attack("name another subject", _set(OLD, subject_text="u4"), True, True),
    Attack("change the tag of a subject", _set(OLD, subject="f" * 32, subject_n=1), True, True),
    Attack("change the kind", _set(OLD, kind="record"), True, True),
    Attack("move an entry to another stream", _set(OLD, stream="appeals"), True, True),
    Attack("name another policy", _set(OLD, policy="sha256:" + "1" * 64), True, True),
    Attack("take the protection off an entry", _set(PROTECTED, protected=0), True, True),
    Attack("delete an entry", _delete(OLD), True, True),
    Attack("delete an entry and renumber", _delete_renumbered, True, True),
    Attack("delete the last entry", _delete(-1), True, True),
    Attack("delete the last entry and set the head back", _short_head, True, True, FILE),
    Attack("swap two entries", _swap(OLD), True, True),
    Attack("insert an entry", _insert(OLD), True, True),
    Attack("empty an entry as if it had been erased", _empty(OLD), True, True),
    Attack("fill an erased entry", _refill, True, True),
    Attack("change the hashes of the head", _head_only, True, True),
    Attack("change the salt of the keys", _salt_only, True, True, FILE),
    Attack("change the secret of a subject", _secret_only, True, True, FILE),
    Attack("change the counter of a stream", _counter_only, True, True, FILE),
    Attack("hash anew over a number of a stream", _then_rehash(_set(OLD, stream_n=99)), True, True),
    Attack("hash anew over a number of a subject", _then_rehash(_set(OLD, subject_n=99)), True, True),
    # With every secret and all the care there is: everything fits, but is not what it was.
    Attack("rewrite an old entry", _then_rebuild(lambda log: _fake_body(log, OLD)), False, True),
    Attack("back-date an old entry", _then_rebuild(_set(OLD, at=999)), False, True),
    Attack("put an old entry on another subject", _blame(OLD), False, True),
    Attack("put an old entry under another policy", _then_rebuild(_set(OLD, policy="sha256:" + "1" * 64)), False, True),
    Attack("remove an old entry", _then_rebuild(_delete(OLD)), False, True),
    Attack("insert a back-dated entry", _then_rebuild(_insert(OLD)), False, True),
    Attack("exchange two old entries", _then_rebuild(_swap(OLD)), False, True),
    Attack("cut the ledger off below a checkpoint", _then_rebuild(_truncate(30)), False, True),
    Attack("empty the ledger", _then_rebuild(_truncate(0)), False, True),
    Attack("roll back and go on differently", _continued, False, True),
    Attack("rewrite every entry", _then_rebuild(_everything), False, True),
    Attack("rename every key", _then_rebuild(_all_keys), False, True),
    Attack("unmake an erasure with a made-up body", _then_rebuild(_refilled_quietly), False, True),
    Attack("rename the ledger", _then_rebuild(_rename_ledger), False, True),
    # What no checkpoint reaches.
    Attack(
        "rewrite an entry newer than the last checkpoint", _then_rebuild(lambda log: _fake_body(log, NEW)), False, False
    ),
    Attack("remove an entry newer than the last checkpoint", _then_rebuild(_delete(NEW)), False, False),
    Attack("insert an entry after the last checkpoint", _then_rebuild(_insert(NEW)), False, False),
    Attack("cut off what is newer than the last checkpoint", _then_rebuild(_truncate(LATE)), False, False),
    Attack("record something untrue", _then_rebuild(_add_lie), False, False),
    Attack("never record a decision", _nothing, False, False),
    Attack("erase a subject, and say so in the ledger", _then_rebuild(_erase_announced), False, False),
)


# -- attacks on the text of an export alone ---------------------------------------------------


def _without_line(lines):
    return lines[: OLD + 1] + lines[OLD + 2 :]


def _twice(lines):
    return lines[: OLD + 2] + lines[OLD + 1 :]


def _withhold(lines):
    leaf = lines[OLD + 1].split(b',"state"')[0]
    lines[OLD + 1] = leaf + b',"state":"withheld","nonce":null,"key":null,"subject":null,"body":null}\n'
    return lines


def _spell(lines):
    lines[OLD + 1] = lines[OLD + 1].replace(b'{"at":1000', b'{"at": 1000')
    return lines


def _smaller(lines):
    lines[0] = lines[0].replace(b'"size":60', b'"size":59')
    return [*lines[:60], lines[-1]]


LINES = (
    ("drop a line", _without_line),
    ("repeat a line", _twice),
    ("withhold an entry that is not protected", _withhold),
    ("spell a leaf differently", _spell),
    ("say that there are fewer entries, and drop the last", _smaller),
    ("drop the checkpoint", lambda lines: lines[:-1]),
    ("go on after the checkpoint", lambda lines: [*lines, lines[-1]]),
    ("cut the file in the middle of a line", lambda lines: [*lines[:30], lines[30][:40]]),
)


def table():
    """Give the table of the page on the guarantee."""
    answers = {True: "caught", False: "**not seen**"}
    rows = [f"| {attack.name} | {answers[attack.alone]} | {answers[attack.covered]} |" for attack in ATTACKS]
    return "\n".join(["| what is done | alone | with checkpoints kept outside |", "|---|---|---|", *rows])


if __name__ == "__main__":
    print(table())
