"""A ledger against a list: any order of appends, conflicts, erasures, checkpoints, proofs and reopenings.

Two handles on one file. What must hold throughout: the log is the list (I1), the root at a size
never changes once it was seen (I2), every two checkpoints are consistent (I3), what was
acknowledged is included (I4), what was erased is gone and every proof holds (I8).
"""

import contextlib
import pathlib
import shutil
import sqlite3
import tempfile

import attrs
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from platgov import errors
from platgov.ledger import Ledger, Record, verify_export
from stores_support import counted

KEYS = st.sampled_from([f"k{n}" for n in range(30)])
SUBJECTS = st.none() | st.sampled_from(["u1", "u2", "u3"])
STREAMS = st.sampled_from(["main", "side"])
VALUES = st.fixed_dictionaries({"n": st.integers(0, 3)}, optional={"kind": st.just("note"), "at": st.integers(-5, 5)})


@attrs.define
class Item:
    """What the model knows of one entry."""

    key: str | None
    value: dict
    subject: str | None
    stream: str
    protected: bool
    receipt: object
    erased: bool = False


class Machine(RuleBasedStateMachine):
    tamper = False

    @initialize()
    def begin(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="platgov"))
        self.path = self.folder / "ledger.db"
        self.entropy = counted()
        self.handles = [self.opened(), self.opened()]
        self.log = []
        self.taken = {}
        self.kept = {0: self.handles[0].checkpoint()}

    def opened(self):
        return Ledger.open(self.path, origin="example.org/log", entropy=self.entropy)

    def teardown(self):
        for handle in getattr(self, "handles", []):
            handle.close()
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    def added(self, item):
        self.log.append(item)
        self.taken[item.key] = len(self.log) - 1

    def expected(self, key, value, subject, stream, protected):
        """Tell what an append must do: give the entry it repeats, "conflict", or None for a new one."""
        if key not in self.taken:
            return None
        item = self.log[self.taken[key]]
        same = (item.value, item.subject, item.stream, item.protected) == (value, subject, stream, protected)
        return item if same and not item.erased else "conflict"

    @rule(which=st.integers(0, 1), key=KEYS, value=VALUES, subject=SUBJECTS, stream=STREAMS, protected=st.booleans())
    def append(self, which, **given):
        expected = self.expected(**given)
        options = {name: given[name] for name in ("key", "subject", "stream", "protected")}
        if expected == "conflict":
            with pytest.raises(errors.ConflictError) as raised:
                self.handles[which].append(given["value"], **options)
            assert raised.value.seq == self.taken[given["key"]]
            return
        receipt = self.handles[which].append(given["value"], **options)
        if expected is not None:
            assert receipt == attrs.evolve(expected.receipt, repeated=True)
        else:
            assert (receipt.seq, receipt.repeated) == (len(self.log), False)
            self.added(Item(receipt=receipt, **given))

    @rule(which=st.integers(0, 1), keys=st.lists(KEYS, min_size=1, max_size=5, unique=True), subject=SUBJECTS)
    def append_several(self, which, keys, subject):
        given = [{"key": k, "value": {"n": 9}, "subject": subject, "stream": "main", "protected": False} for k in keys]
        expected = [self.expected(**one) for one in given]
        records = [Record(**one) for one in given]
        if "conflict" in expected:
            with pytest.raises(errors.ConflictError):
                self.handles[which].append_many(records)
            return
        receipts = self.handles[which].append_many(records)
        for one, before, receipt in zip(given, expected, receipts, strict=True):
            assert receipt.repeated == (before is not None)
            if before is None:
                self.added(Item(receipt=receipt, **one))

    @rule(which=st.integers(0, 1), key=KEYS, commits=st.booleans())
    def append_in_a_transaction_of_the_host(self, which, key, commits):
        given = {"key": key, "value": {"n": 8}, "subject": None, "stream": "main", "protected": False}
        expected = self.expected(**given)
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as host:
            host.execute("BEGIN IMMEDIATE")
            try:
                receipt = self.handles[which].append_in(host, {"n": 8}, key=key)
            except errors.ConflictError:
                assert expected == "conflict"
                receipt = None
            host.execute("COMMIT" if commits else "ROLLBACK")
        if commits and receipt is not None and expected is None:
            self.added(Item(receipt=receipt, **given))

    @rule(which=st.integers(0, 1), subject=st.sampled_from(["u1", "u2", "u3", "nobody"]))
    def erase(self, which, subject):
        theirs = [item for item in self.log if item.subject == subject and not item.erased]
        done = self.handles[which].erase(subject=subject)
        assert done.count == len(theirs)
        for item in theirs:
            item.erased = True
        if theirs:
            value = self.handles[which].entry(done.receipt.seq).body
            self.added(Item(f"erasure/{done.receipt.seq}", value, None, "erasure", False, done.receipt))

    @rule(which=st.integers(0, 1))
    def checkpoint(self, which):
        kept = self.handles[which].checkpoint()
        assert kept.size == len(self.log)
        assert self.kept.setdefault(kept.size, kept) == kept

    @precondition(lambda self: self.log)
    @rule(which=st.integers(0, 1), data=st.data())
    def prove(self, which, data):
        item = data.draw(st.sampled_from(self.log))
        for kept in self.kept.values():
            if kept.size > item.receipt.seq:
                proof = self.handles[which].prove_inclusion(item.receipt.seq, kept)
                proof.verify(item.receipt.leaf_hash, kept)
        sizes = sorted(self.kept)
        old, new = sorted(data.draw(st.tuples(st.sampled_from(sizes), st.sampled_from(sizes))))
        self.handles[which].prove_consistency(self.kept[old], self.kept[new]).verify(self.kept[old], self.kept[new])

    @rule(which=st.integers(0, 1))
    def reopen(self, which):
        self.handles[which].close()
        self.handles[which] = self.opened()

    @rule()
    def reopen_both(self):
        for which in (0, 1):
            self.handles[which].close()
        self.handles = [self.opened(), self.opened()]

    @rule(which=st.integers(0, 1))
    def verify(self, which):
        checked = self.handles[which].verify(self.kept.values())
        assert (checked.size, checked.erased) == (len(self.log), sum(item.erased for item in self.log))

    @rule(which=st.integers(0, 1))
    def export(self, which):
        target = self.folder / "export.jsonl"
        self.handles[which].export(target)
        assert verify_export(target, self.kept.values()).size == len(self.log)
        target.unlink()

    @rule(which=st.integers(0, 1), subject=st.sampled_from(["u1", "u2"]))
    def of_subject(self, which, subject):
        theirs = [item.receipt.seq for item in self.log if item.subject == subject and not item.erased]
        found = list(self.handles[which].entries(subject=subject))
        assert [entry.seq for entry in found] == theirs
        assert [entry.subject_n for entry in found] == list(range(1, len(theirs) + 1))

    @precondition(lambda self: type(self).tamper and len(self.log) > 2)
    @rule()
    def secretly_change(self):
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute("UPDATE platgov_entries SET at = 77 WHERE seq = 1")

    @invariant()
    def the_log_is_the_list(self):
        if not hasattr(self, "handles"):
            return
        found = list(self.handles[0].entries())
        assert len(found) == len(self.log)
        for entry, item in zip(found, self.log, strict=True):
            assert entry.leaf_hash == item.receipt.leaf_hash
            assert entry.erased == item.erased
            assert entry.body == (None if item.erased or item.protected else item.value)
            assert entry.subject == (None if item.erased else item.subject)


def budget(examples, steps):
    profile = settings.get_profile("ci") if settings.default.derandomize else settings.default
    many = examples if settings.default.derandomize else examples * 20
    return settings(profile, max_examples=many, stateful_step_count=steps)


def test_a_ledger_behaves_like_a_list_that_only_grows():
    run_state_machine_as_test(Machine, settings=budget(12, 20))


def test_the_machine_would_notice_a_change_behind_the_ledgers_back():
    class Tampered(Machine):
        tamper = True

        @invariant()
        def the_log_is_the_list(self):
            """Left out, so that only the ledger itself can notice."""

    with pytest.raises((errors.VerificationError, AssertionError)):
        run_state_machine_as_test(Tampered, settings=settings(budget(60, 25), phases=[Phase.generate]))
