"""What a ledger promises wherever it is kept: one suite over memory, a SQLite file and PostgreSQL."""

import contextlib
import datetime as dt
import io
import json
import sqlite3
import threading

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platgov import errors
from platgov._canonical import dumps
from platgov.ledger import Ledger, Record, verify_export, verify_inclusion
from platgov.verdict import Verdict
from stores_support import counted, place_of

KINDS = ["memory", "sqlite", "postgres"]


@pytest.fixture(params=KINDS)
def place(request, tmp_path):
    with place_of(request.param, tmp_path) as found:
        yield found


@pytest.fixture(params=KINDS[1:])
def durable(request, tmp_path):
    """A place that outlives its handle, and that a host can connect to on its own."""
    with place_of(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def ledger(place):
    with place.open() as found:
        yield found


@attrs.frozen(kw_only=True)
class Ruling(Verdict):
    kind = "ruling"
    text: str

    def body(self):
        return {"text": self.text, "findings": [{"rule": "spam.links"}]}


def ruling(text="no", at=1_700_000_000):
    return Ruling(at=at, policy="sha256:" + "a" * 64, fingerprint="sha256:" + "b" * 64, text=text)


def fill(ledger, count=5, subject="u1", prefix="k"):
    return [ledger.append({"n": n}, key=f"{prefix}{n}", subject=subject) for n in range(count)]


# -- appending -------------------------------------------------------------------------------


def test_an_entry_gives_back_exactly_what_was_recorded(ledger):
    verdict = ruling("äöü 𝄞 \u2028 \x00")
    receipt = ledger.append(verdict, key="post-1", subject="u1")
    entry = ledger.entry(receipt.seq)
    assert entry.bytes == verdict.to_bytes()
    assert entry.body == verdict.to_dict()
    assert (entry.kind, entry.at, entry.policy) == ("ruling", verdict.at, verdict.policy)
    assert (entry.key, entry.subject, entry.stream, entry.erased) == ("post-1", "u1", "main", False)
    assert entry.leaf_hash == receipt.leaf_hash


def test_the_leaf_is_canonical_json_of_every_column_that_stays(ledger):
    for value, options in [
        (ruling(), {"subject": "u1"}),
        ({"kind": "note", "at": 5, "policy": "p1"}, {"protected": True, "stream": "other"}),
        ({}, {}),
    ]:
        receipt = ledger.append(value, key=f"k{ledger.size}", **options)
        entry = ledger.entry(receipt.seq)
        assert entry.leaf == dumps(
            {
                "ledger": ledger.origin, "schema": 1, "seq": entry.seq, "at": entry.at, "kind": entry.kind,
                "stream": entry.stream, "stream_n": entry.stream_n, "key": entry.key_tag, "subject": entry.subject_tag,
                "subject_n": entry.subject_n, "policy": entry.policy, "protected": entry.protected,
                "commitment": entry.commitment,
            }
        )  # fmt: skip


def test_no_leaf_holds_key_subject_or_body_in_the_open(ledger):
    receipt = ledger.append({"text": "very private"}, key="open-key", subject="open-subject")
    leaf = ledger.entry(receipt.seq).leaf
    assert not any(word in leaf for word in (b"very private", b"open-key", b"open-subject"))


def test_numbers_go_up_by_one_over_all_and_in_each_stream_and_for_each_subject(ledger):
    got = [ledger.append({"n": n}, key=f"k{n}", subject=f"u{n % 3}", stream=("main", "side")[n % 2]) for n in range(12)]
    assert [receipt.seq for receipt in got] == list(range(12))
    for stream in ("main", "side"):
        assert [receipt.stream_n for receipt in got if receipt.stream == stream] == list(range(1, 7))
    for tag in {receipt.subject for receipt in got}:
        assert [receipt.subject_n for receipt in got if receipt.subject == tag] == [1, 2, 3, 4]


def test_the_same_again_gives_the_same_receipt_and_writes_nothing(ledger):
    first = ledger.append({"n": 1}, key="k", subject="u", stream="s")
    again = ledger.append({"n": 1}, key="k", subject="u", stream="s", at=99)
    assert again == attrs.evolve(first, repeated=True)
    assert not first.repeated
    assert ledger.size == 1


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"value": {"n": 2}}, "body"),
        ({"subject": "v"}, "subject"),
        ({"subject": None}, "subject"),
        ({"stream": "t"}, "stream"),
        ({"protected": True}, "protected"),
    ],
)
def test_the_same_key_with_anything_else_is_a_conflict(ledger, change, word):
    given_ = {"value": {"n": 1}, "key": "k", "subject": "u", "stream": "s"}
    ledger.append(**given_)
    with pytest.raises(errors.ConflictError, match=word) as raised:
        ledger.append(**{**given_, **change})
    assert (raised.value.key, raised.value.seq) == ("k", 0)
    assert ledger.size == 1
    assert ledger.append({"n": 3}, key="next").seq == 1
    ledger.verify()


def test_many_are_appended_all_or_none(ledger):
    ledger.append({"n": 0}, key="taken")
    records = [Record(value={"n": n}, key=f"k{n}", subject="u") for n in range(5)]
    with pytest.raises(errors.ConflictError):
        ledger.append_many([*records, Record(value={"other": 1}, key="taken")])
    assert ledger.size == 1
    assert [receipt.seq for receipt in ledger.append_many(records)] == [1, 2, 3, 4, 5]
    assert all(receipt.repeated for receipt in ledger.append_many(records))
    assert ledger.append_many([]) == ()
    ledger.verify()


def test_many_with_a_key_twice_repeat_it_or_conflict(ledger):
    same = Record(value={"n": 1}, key="k")
    first, second = ledger.append_many([same, same])
    assert (first.seq, second.seq, first.repeated, second.repeated) == (0, 0, False, True)
    with pytest.raises(errors.ConflictError, match="twice"):
        ledger.append_many([Record(value={"n": 1}, key="j"), Record(value={"n": 2}, key="j")])
    assert ledger.size == 1


def test_more_than_one_chunk_is_still_one_transaction(ledger):
    records = [Record(value={"n": n}, key=f"k{n}", subject=f"u{n % 7}") for n in range(2_300)]
    with pytest.raises(errors.ConflictError):
        ledger.append_many([*records, Record(value={"n": -1}, key="k3")])
    assert ledger.size == 0
    receipts = ledger.append_many(records)
    assert [receipt.seq for receipt in receipts] == list(range(2_300))
    assert receipts[-1].subject_n == 2_300 // 7 + (2_299 % 7 < 2_300 % 7)
    kept = ledger.checkpoint()
    assert ledger.verify([kept]).size == 2_300
    for seq in (0, 255, 256, 1_000, 2_299):
        ledger.prove_inclusion(seq, kept).verify(receipts[seq].leaf_hash, kept)


def test_the_instant_is_that_of_the_value_before_that_of_the_call(ledger):
    moment = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
    for key, value, at, expected in [
        ("a", ruling(at=7), 9, 7),
        ("b", {"at": "1970-01-01T00:00:08Z"}, 9, 8),
        ("c", {"at": 6}, 9, 6),
        ("d", {"at": "some day"}, 9, 9),
        ("e", {}, moment, int(moment.timestamp())),
        ("f", {"at": True}, None, None),
        ("g", {}, None, None),
        ("h", {"at": 10**30 // 10**20}, 1, 10**10),
    ]:
        assert ledger.entry(ledger.append(value, key=key, at=at).seq).at == expected, key


def test_order_is_that_of_numbers_whatever_the_clock_says(ledger):
    for at in (100, 50, 10**10, 50, -1):
        ledger.append({"at": at}, key=f"k{ledger.size}")
    assert [entry.at for entry in ledger.entries()] == [100, 50, 10**10, 50, -1]


def test_a_kind_that_fits_no_name_is_recorded_as_a_record(ledger):
    for n, (kind, expected) in enumerate([("note", "note"), ("No Good", "record"), (7, "record"), (None, "record")]):
        assert ledger.entry(ledger.append({"kind": kind}, key=f"k{n}").seq).kind == expected


# -- proofs ----------------------------------------------------------------------------------


def test_every_entry_is_proved_at_every_later_size(ledger):
    receipts, kept = [], []
    for n in range(9):
        receipts.append(ledger.append({"n": n}, key=f"k{n}"))
        kept.append(ledger.checkpoint())
    for checkpoint in kept:
        for receipt in receipts[: checkpoint.size]:
            proof = ledger.prove_inclusion(receipt.seq, checkpoint)
            proof.verify(receipt.leaf_hash, checkpoint)
            verify_inclusion(receipt.seq, checkpoint.size, receipt.leaf_hash, proof.hashes, checkpoint.root)
    for old in kept:
        for new in kept[old.size - 1 :]:
            ledger.prove_consistency(old, new).verify(old, new)


def test_an_empty_ledger_has_a_checkpoint_and_passes(ledger):
    kept = ledger.checkpoint()
    assert kept.size == 0
    assert ledger.verify([kept]).size == 0
    fill(ledger, 2)
    ledger.prove_consistency(kept, ledger.checkpoint())
    ledger.verify([kept])


def test_proofs_are_refused_for_what_a_checkpoint_does_not_cover(ledger):
    fill(ledger, 3)
    kept = ledger.checkpoint()
    fill(ledger, 2, prefix="x")
    with pytest.raises(errors.InputError):
        ledger.prove_inclusion(3, kept)
    with pytest.raises(errors.InputError):
        ledger.prove_consistency(ledger.checkpoint(), kept)
    for wrong, code in [
        (attrs.evolve(kept, origin="other.org/log"), "origin"),
        (attrs.evolve(kept, size=99), "truncated"),
        (attrs.evolve(kept, root=bytes(32)), "root"),
    ]:
        with pytest.raises(errors.VerificationError) as raised:
            ledger.prove_inclusion(1, wrong)
        assert raised.value.code == code
        with pytest.raises(errors.VerificationError) as raised:
            ledger.verify([kept, wrong])
        assert raised.value.code == code


def test_a_checkpoint_is_signed_if_there_is_a_signer(place):
    pytest.importorskip("cryptography", reason="signing needs cryptography")
    from platgov.ledger import Checkpoint, Ed25519Signer

    signer = Ed25519Signer.generate("example.org/log", entropy=counted())
    with place.open(signer=signer, origin="example.org/log") as ledger:
        fill(ledger)
        kept = Checkpoint.parse(ledger.checkpoint().text, [signer.verifier])
        ledger.verify([kept])
        file = io.BytesIO()
        assert ledger.export(file).verified_by([signer.verifier])


def test_progress_is_told_and_ends_at_the_size(ledger):
    ledger.append_many(Record(value={}, key=f"k{n}") for n in range(1_500))
    told = []
    ledger.verify(progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (1_500, 1_500)
    assert told == sorted(told)
    told.clear()
    ledger.export(io.BytesIO(), progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (1_500, 1_500)


# -- reading ---------------------------------------------------------------------------------


def test_entries_are_found_by_any_mix_of_conditions(ledger):
    many = []
    for n in range(300):
        value = ruling(f"t{n}", at=1_000 + n) if n % 3 else {"kind": "note", "at": 1_000 + n, "policy": "p1"}
        subject = f"u{n % 4}" if n % 5 else None
        many.append(Record(value=value, key=f"k{n}", subject=subject, stream=("main", "side")[n % 2]))
    ledger.append_many(many)
    everything = list(ledger.entries())
    assert [entry.seq for entry in everything] == list(range(300))
    conditions = {
        "subject": ("u1", lambda e: e.subject == "u1"),
        "stream": ("side", lambda e: e.stream == "side"),
        "kind": ("ruling", lambda e: e.kind == "ruling"),
        "rule": ("spam.links", lambda e: e.kind == "ruling"),
        "policy": ("p1", lambda e: e.policy == "p1"),
        "since": (1_100, lambda e: e.at >= 1_100),
        "until": (1_250, lambda e: e.at < 1_250),
        "start": (20, lambda e: e.seq >= 20),
        "stop": (280, lambda e: e.seq < 280),
    }
    names = list(conditions)
    for mask in range(1 << len(names)):
        if mask.bit_count() not in (1, 2, len(names)):
            continue
        chosen = [name for bit, name in enumerate(names) if mask >> bit & 1]
        found = list(ledger.entries(**{name: conditions[name][0] for name in chosen}))
        assert found == [e for e in everything if all(conditions[name][1](e) for name in chosen)], chosen
    assert list(ledger.entries(subject="nobody")) == []
    assert list(ledger.entries(start=500)) == []
    assert list(ledger.entries(rule="other")) == []


def test_reading_holds_no_lock_and_ends_where_it_began(ledger):
    ledger.append_many(Record(value={}, key=f"k{n}") for n in range(200))
    seen = []
    for entry in ledger.entries():
        seen.append(entry.seq)
        if entry.seq % 20 == 0:
            ledger.append({}, key=f"while{entry.seq}")
    assert seen == list(range(200))
    assert ledger.size == 210


def test_a_key_is_found_and_others_are_not(ledger):
    fill(ledger, 3)
    assert ledger.find("k1") == ledger.entry(1)
    assert ledger.find("K1") is None
    assert ledger.find("") is None
    assert ledger.find("\ud800") is None


def test_there_is_no_entry_past_the_end(ledger):
    for seq in (0, 5, 2**62):
        with pytest.raises(errors.InputError, match=r"\$\.seq"):
            ledger.entry(seq)


# -- protected entries -----------------------------------------------------------------------


def test_a_protected_body_is_only_given_with_a_trace(ledger):
    ledger.append({"who": "reporter"}, key="k", subject="u", protected=True)
    assert ledger.entry(0).body is None
    assert ledger.entry(0).bytes is None
    assert next(ledger.entries()).body is None
    assert ledger.find("k").body is None
    assert list(ledger.entries(rule="x")) == []
    revealed = ledger.reveal(0, by="auditor:1", reason="appeal 7", at=1_000)
    assert revealed.body == {"who": "reporter"}
    (trace,) = ledger.entries(stream="access")
    assert trace.body == {
        "kind": "access", "seq": 0, "by": "auditor:1", "reason": "appeal 7", "at": "1970-01-01T00:16:40Z"
    }  # fmt: skip
    assert trace.at == 1_000
    ledger.reveal(0, by="auditor:1", reason="appeal 7", at=1_000)
    assert len(list(ledger.entries(kind="access"))) == 2
    ledger.verify()


@pytest.mark.parametrize("wrong", [{"by": ""}, {"by": None}, {"reason": ""}, {"reason": 7}, {"by": "x" * 5_000}])
def test_nothing_is_revealed_without_who_and_why(ledger, wrong):
    ledger.append({"who": "reporter"}, key="k", protected=True)
    with pytest.raises(errors.InputError):
        ledger.reveal(0, **{"by": "a", "reason": "b", **wrong})
    assert ledger.size == 1


# -- erasure ---------------------------------------------------------------------------------


def test_erasure_takes_the_person_out_and_leaves_every_proof(ledger):
    for n in range(6):
        ledger.append({"n": n}, key=f"k{n}", subject=("u1", "u2")[n % 2])
    kept = ledger.checkpoint()
    proofs = [(ledger.entry(n).leaf_hash, ledger.prove_inclusion(n, kept)) for n in range(6)]
    done = ledger.erase(subject="u1", by="officer", reason="request 12", at=50)
    assert done.count == 3
    for n in range(6):
        entry = ledger.entry(n)
        assert entry.erased == (n % 2 == 0)
        if entry.erased:
            assert (entry.key, entry.subject, entry.bytes, entry.body) == (None, None, None, None)
        assert entry.leaf_hash == proofs[n][0]
        assert ledger.prove_inclusion(n, kept) == proofs[n][1]
    assert ledger.verify([kept]).erased == 3
    assert list(ledger.entries(subject="u1")) == []
    said = ledger.entry(done.receipt.seq)
    assert (said.kind, said.stream, said.subject) == ("erasure", "erasure", None)
    assert said.body == {
        "kind": "erasure", "subject": ledger.entry(0).subject_tag, "count": 3, "first": 0, "last": 4,
        "by": "officer", "reason": "request 12", "at": "1970-01-01T00:00:50Z",
    }  # fmt: skip


def test_who_was_erased_cannot_be_told_from_who_comes_back(ledger):
    before = ledger.append({}, key="a", subject="u")
    ledger.erase(subject="u")
    after = ledger.append({}, key="b", subject="u")
    assert (before.subject_n, after.subject_n) == (1, 1)
    assert before.subject != after.subject
    assert [entry.key for entry in ledger.entries(subject="u")] == ["b"]
    assert ledger.erase(subject="u").count == 1
    assert ledger.verify().erased == 2


def test_erasing_nobody_records_nothing(ledger):
    fill(ledger, 1)
    assert ledger.erase(subject="nobody") == ledger.erase(subject="nobody")
    assert ledger.erase(subject="nobody").receipt is None
    assert ledger.size == 1


def test_the_key_of_an_erased_entry_stays_taken(ledger):
    ledger.append({}, key="k", subject="u")
    ledger.erase(subject="u")
    with pytest.raises(errors.ConflictError, match="erased"):
        ledger.append({}, key="k", subject="u")
    assert ledger.find("k").erased


# -- export ----------------------------------------------------------------------------------


def test_an_export_is_checked_without_the_ledger(ledger, tmp_path):
    for n in range(40):
        ledger.append(
            {"n": n, "text": 'quote " brace } body":'}, key=f'k"{n}', subject=f"ü{n % 3}" if n % 4 else None,
            protected=n % 10 == 0,
        )  # fmt: skip
    early = ledger.checkpoint()
    ledger.erase(subject="ü1")
    ledger.reveal(0, by="a", reason="b")
    path = tmp_path / "export.jsonl"
    end = ledger.export(path)
    checked = verify_export(path, [early, end])
    inside = ledger.verify([early, end])
    assert checked == inside
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0] == {"export": "platgov.ledger", "origin": ledger.origin, "schema": 1, "size": ledger.size}
    assert {line["state"] for line in lines[1:-1]} == {"whole", "erased", "withheld"}
    for entry, line in zip(ledger.entries(), lines[1:-1], strict=True):
        assert line["body"] == entry.body
    assert all(line["nonce"] is None for line in lines[1:-1] if line["leaf"]["protected"])


# -- sameness over stores --------------------------------------------------------------------

records = st.builds(
    Record,
    value=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
        st.integers(-100, 100) | st.text("aé𝄞", max_size=3),
    ),
    key=st.sampled_from([f"k{n}" for n in range(12)]),
    subject=st.none() | st.sampled_from(["u1", "u2", "ü3"]),
    stream=st.sampled_from(["main", "side"]),
    protected=st.booleans(),
)


def play(ledger, steps):
    """Carry out steps; give everything that can be seen of it."""
    seen = []
    for step in steps:
        try:
            if type(step) is str:
                seen.append(ledger.erase(subject=step))
            else:
                seen.append(ledger.append_many(step))
        except errors.ConflictError as conflict:
            seen.append(str(conflict))
        seen.append(ledger.checkpoint().text)
    seen.append(list(ledger.entries()))
    seen.append(ledger.verify())
    return seen


steps = st.lists(st.lists(records, min_size=1, max_size=4) | st.sampled_from(["u1", "u2"]), max_size=8)


@settings(max_examples=20)
@given(steps)
def test_equal_appends_and_equal_entropy_give_equal_ledgers_in_memory_and_in_a_file(tmp_path_factory, steps):
    seen = []
    for kind in ("memory", "sqlite"):
        with place_of(kind, tmp_path_factory.mktemp("same")) as place:
            with place.open(origin="example.org/log", entropy=counted()) as ledger:
                seen.append(play(ledger, steps))
    assert seen[0] == seen[1]


@settings(max_examples=5)
@given(steps)
def test_equal_appends_and_equal_entropy_give_equal_ledgers_in_memory_and_on_postgresql(tmp_path_factory, steps):
    seen = []
    for kind in ("memory", "postgres"):
        with place_of(kind, tmp_path_factory.mktemp("same")) as place:
            with place.open(origin="example.org/log", entropy=counted()) as ledger:
                seen.append(play(ledger, steps))
    assert seen[0] == seen[1]


def test_three_thousand_entries_have_one_root_in_every_store(tmp_path):
    many = [Record(value={"n": n, "text": "é" * (n % 50)}, key=f"k{n}", subject=f"u{n % 97}") for n in range(3_000)]
    roots = set()
    for kind in KINDS:
        with place_of(kind, tmp_path) as place, place.open(origin="example.org/log", entropy=counted()) as ledger:
            ledger.append_many(many)
            roots.add((ledger.checkpoint().text, ledger.verify().root))
    assert len(roots) == 1


# -- handles ---------------------------------------------------------------------------------


def test_a_closed_handle_says_so_and_closing_twice_is_fine(ledger):
    reading = ledger.entries()
    ledger.close()
    ledger.close()
    for use in (
        lambda: ledger.append({}, key="k"),
        ledger.checkpoint,
        ledger.verify,
        lambda: next(reading),
        lambda: ledger.export(io.BytesIO()),
        lambda: ledger.erase(subject="u"),
        lambda: ledger.append_in(None, {}, key="k"),
        lambda: ledger.size,
    ):
        with pytest.raises(errors.HandleError, match="closed"):
            use()


def test_threads_share_a_handle(ledger):
    failures = []

    def work(number):
        try:
            for n in range(10):
                ledger.append({"n": n}, key=f"{number}-{n}", subject=f"u{number}")
                ledger.append({"n": n}, key=f"shared-{n}")
                list(ledger.entries(subject=f"u{number}"))
                ledger.checkpoint()
        except Exception as bad:
            failures.append(bad)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert ledger.size == 90
    ledger.verify()


def test_a_ledger_is_the_same_after_it_was_closed(durable):
    place = durable
    with place.open() as ledger:
        receipts = list(ledger.append_many(Record(value={"n": n}, key=f"k{n}", subject="u1") for n in range(300)))
        kept, origin = ledger.checkpoint(), ledger.origin
    with place.open(origin=origin) as ledger:
        assert ledger.checkpoint() == kept
        assert fill(ledger, 9) == [attrs.evolve(receipt, repeated=True) for receipt in receipts[:9]]
        fill(ledger, 3, prefix="more")
        ledger.verify([kept])
    with pytest.raises(errors.SchemaError) as raised:
        place.open(origin="other.org/log")
    assert raised.value.code == "origin"


def test_a_read_only_handle_reads_and_writes_nothing(durable):
    place = durable
    with pytest.raises(errors.StorageError):
        place.open(read_only=True)
    with place.open() as ledger:
        fill(ledger)
        kept = ledger.checkpoint()
    with place.open(read_only=True) as ledger:
        ledger.verify([kept])
        ledger.prove_inclusion(1, kept)
        assert len(list(ledger.entries(subject="u1"))) == 5
        for write in (
            lambda: ledger.append({}, key="n"),
            lambda: ledger.erase(subject="u1"),
            lambda: ledger.reveal(0, by="a", reason="b"),
            lambda: ledger.append_in(None, {}, key="n"),
        ):
            with pytest.raises(errors.StorageError) as raised:
                write()
            assert raised.value.code == "read_only"


def test_the_handle_shows_no_secret(ledger):
    assert repr(ledger) == f"<Ledger {ledger.origin}>"


# -- in the transaction of the host ----------------------------------------------------------


@pytest.fixture
def shared(durable):
    """A ledger, and a connection of the host to the same database, with a table of its own."""
    place = durable
    with place.open(timeout_s=1) as ledger, place.connection() as connection:
        connection.execute("CREATE TABLE actions (id INTEGER)")
        yield ledger, connection


def test_action_and_entry_are_committed_together(shared):
    ledger, connection = shared
    connection.execute("BEGIN")
    connection.execute("INSERT INTO actions VALUES (1)")
    receipt = ledger.append_in(connection, ruling(), key="k", subject="u")
    connection.execute("COMMIT")
    assert ledger.entry(receipt.seq).bytes == ruling().to_bytes()
    assert ledger.append(ruling(), key="k", subject="u").repeated
    ledger.verify()


def test_action_and_entry_are_undone_together(shared):
    ledger, connection = shared
    before = ledger.checkpoint()
    connection.execute("BEGIN")
    connection.execute("INSERT INTO actions VALUES (1)")
    ledger.append_in(connection, ruling(), key="k", subject="u")
    connection.execute("ROLLBACK")
    assert ledger.checkpoint() == before
    assert connection.execute("SELECT count(*) FROM actions").fetchone() == (0,)
    assert list(ledger.entries(subject="u")) == []
    assert ledger.append(ruling("other"), key="k", subject="v").seq == 0
    ledger.verify()


def test_a_transaction_is_opened_for_the_host_to_commit(shared):
    ledger, connection = shared
    ledger.append_in(connection, {}, key="k")
    assert ledger.size == 0
    connection.execute("COMMIT")
    assert ledger.size == 1


def test_a_conflict_leaves_the_transaction_of_the_host_as_it_was(shared):
    ledger, connection = shared
    ledger.append({"n": 1}, key="taken")
    connection.execute("BEGIN")
    connection.execute("INSERT INTO actions VALUES (1)")
    ledger.append_in(connection, {}, key="a")
    with pytest.raises(errors.ConflictError):
        ledger.append_in(connection, {"n": 2}, key="taken")
    ledger.append_in(connection, {}, key="b")
    connection.execute("COMMIT")
    assert connection.execute("SELECT count(*) FROM actions").fetchone() == (1,)
    assert [entry.key for entry in ledger.entries()] == ["taken", "a", "b"]
    ledger.verify()


def test_a_conflict_in_a_transaction_opened_here_leaves_none_open(shared):
    ledger, connection = shared
    ledger.append({"n": 1}, key="taken")
    with pytest.raises(errors.ConflictError):
        ledger.append_in(connection, {"n": 2}, key="taken")
    ledger.append({}, key="free")  # the lock is free again
    assert ledger.size == 2


def test_several_entries_go_into_one_transaction(shared):
    ledger, connection = shared
    connection.execute("BEGIN")
    receipts = [ledger.append_in(connection, {"n": n}, key=f"k{n}", subject="u") for n in range(300)]
    assert ledger.append_in(connection, {"n": 0}, key="k0", subject="u").repeated
    connection.execute("COMMIT")
    assert [receipt.subject_n for receipt in receipts] == list(range(1, 301))
    kept = ledger.checkpoint()
    ledger.prove_inclusion(270, kept).verify(receipts[270].leaf_hash, kept)
    ledger.verify([kept])


def test_others_wait_while_the_host_holds_the_ledger(shared):
    ledger, connection = shared
    connection.execute("BEGIN")
    ledger.append_in(connection, {}, key="k")
    with pytest.raises(errors.BusyError):
        ledger.append({}, key="other")
    connection.execute("COMMIT")
    assert ledger.append({}, key="other").seq == 1


def test_a_connection_to_something_else_is_refused(shared, tmp_path):
    ledger, _ = shared
    path = tmp_path / "elsewhere.db"
    for address in (path, ":memory:"):
        with contextlib.closing(sqlite3.connect(address)) as connection, pytest.raises(errors.HandleError):
            ledger.append_in(connection, {}, key="k")
    for wrong in (None, "connection", object(), ledger):
        with pytest.raises(errors.HandleError):
            ledger.append_in(wrong, {}, key="k")
    assert ledger.size == 0


def test_the_ledger_of_another_thread_is_not_held_up_by_reading(ledger):
    fill(ledger, 50)
    reading = ledger.entries()
    next(reading)
    done = []
    thread = threading.Thread(target=lambda: done.append(ledger.append({}, key="x")))
    thread.start()
    thread.join(5)
    assert len(done) == 1
    assert isinstance(ledger, Ledger)
