"""What an insider can do to a ledger, and what is seen of it: in the file, in an export, and by whoever holds receipts.

The attacks are the ones that the page on the guarantee lists; what cannot be seen is asserted, too.
"""

import pathlib
import shutil

import pytest

from faults import attacks
from faults.attacks import ATTACKS, LATE, LINES, ORIGIN, SIZE, Log
from platgov import errors
from platgov.ledger import FileWitness, Ledger, verify_export

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "explanation" / "guarantee.md"
WHOLE = [attack for attack in ATTACKS if "export" in attack.where]


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """A ledger with two kept checkpoints; copied for each attack."""
    path = tmp_path_factory.mktemp("untouched") / "ledger.db"
    return path, attacks.original(path)


def caught(verify, *arguments):
    try:
        verify(*arguments)
    except errors.PlatgovError as bad:
        return bad
    return None


def verify_file(path, checkpoints=()):
    with Ledger.open(path) as ledger:
        ledger.verify(checkpoints)


def attacked_file(untouched, attack, tmp_path):
    path = tmp_path / "ledger.db"
    shutil.copy(untouched[0], path)
    log = Log.read(path)
    attack.edit(log)
    log.write(path)
    return path


def attacked_export(untouched, attack, tmp_path):
    path = tmp_path / "export.jsonl"
    log = Log.read(untouched[0])
    attack.edit(log)
    log.export(path)
    return path


def name(attack):
    return attack.name


@pytest.mark.parametrize("attack", ATTACKS, ids=name)
def test_an_attack_on_the_file_is_seen_as_the_page_says(untouched, attack, tmp_path):
    path = attacked_file(untouched, attack, tmp_path)
    assert (caught(verify_file, path) is not None) == attack.alone
    assert (caught(verify_file, path, untouched[1]) is not None) == attack.covered


@pytest.mark.parametrize("attack", WHOLE, ids=name)
def test_an_attack_on_an_export_is_seen_as_the_page_says(untouched, attack, tmp_path):
    path = attacked_export(untouched, attack, tmp_path)
    assert (caught(verify_export, path) is not None) == attack.alone
    assert (caught(verify_export, path, untouched[1]) is not None) == attack.covered


@pytest.mark.parametrize("attack", ATTACKS, ids=name)
def test_what_is_caught_is_said_by_an_error_of_ours(untouched, attack, tmp_path):
    bad = caught(verify_file, attacked_file(untouched, attack, tmp_path), untouched[1])
    assert bad is None or isinstance(bad, errors.VerificationError)


@pytest.mark.parametrize(("what", "edit"), LINES, ids=[what for what, _ in LINES])
def test_lines_of_an_export_cannot_be_changed(untouched, what, edit, tmp_path):
    path = tmp_path / "export.jsonl"
    Log.read(untouched[0]).export(path)
    path.write_bytes(b"".join(edit(path.read_bytes().splitlines(keepends=True))))
    assert isinstance(caught(verify_export, path), errors.VerificationError | errors.InputError)


def test_what_is_read_and_written_back_unchanged_passes(untouched, tmp_path):
    path = tmp_path / "ledger.db"
    shutil.copy(untouched[0], path)
    Log.read(path).write(path)
    assert caught(verify_file, path, untouched[1]) is None
    log = Log.read(path)
    log.rebuild()  # by someone who changes nothing: the same tree
    assert log == Log.read(path)
    with Ledger.open(path) as ledger:
        ledger.export(tmp_path / "one.jsonl")
    log.export(tmp_path / "other.jsonl")
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "other.jsonl").read_bytes()


def test_every_attack_changes_something_but_the_one_that_leaves_something_out(untouched):
    before = Log.read(untouched[0])
    unchanged = []
    for attack in ATTACKS:
        log = Log.read(untouched[0])
        attack.edit(log)
        if log == before:
            unchanged.append(attack.name)
    assert unchanged == ["never record a decision"]
    assert sum(attack.covered for attack in ATTACKS) >= 20
    assert len(before.rows) == SIZE


def test_a_checkpoint_at_the_end_leaves_only_what_no_checkpoint_can_see(untouched, tmp_path):
    with Ledger.open(untouched[0]) as ledger:
        last = ledger.checkpoint()
    passing = []
    for number, attack in enumerate(ATTACKS):
        (tmp_path / str(number)).mkdir()
        if caught(verify_file, attacked_file(untouched, attack, tmp_path / str(number)), [last]) is None:
            passing.append(attack.name)
    assert passing == [
        "record something untrue",
        "never record a decision",
        "erase a subject, and say so in the ledger",
    ]


@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if not attack.covered], ids=name)
def test_whoever_holds_a_receipt_sees_what_no_checkpoint_covers(untouched, attack, tmp_path):
    with Ledger.open(untouched[0]) as ledger:
        receipts = [ledger.append(attacks.record(n).value, **_rest(attacks.record(n))) for n in range(LATE, SIZE)]
    assert all(receipt.repeated for receipt in receipts)
    with Ledger.open(attacked_file(untouched, attack, tmp_path)) as ledger:
        missing = [r for r in receipts if (e := ledger.find(r.key)) is None or e.leaf_hash != r.leaf_hash]
    seen_by_receipts = "newer" in attack.name or "insert" in attack.name
    assert bool(missing) == seen_by_receipts


def _rest(record):
    return {"key": record.key, "subject": record.subject, "stream": record.stream, "protected": record.protected}


@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if not attack.alone], ids=name)
def test_a_witness_refuses_every_rewrite_of_what_it_has_seen(untouched, attack, tmp_path):
    with Ledger.open(untouched[0]) as ledger:
        last, witness = ledger.checkpoint(), FileWitness(tmp_path / "seen.json")
        witness.observe(last)
    with Ledger.open(attacked_file(untouched, attack, tmp_path)) as ledger:
        now = ledger.checkpoint()
        if now.origin != ORIGIN:
            assert witness.last(now.origin) is None  # a ledger that the witness has never heard of
            return
        try:
            proof = ledger.prove_consistency(last, now)
        except errors.PlatgovError:
            proof = None  # the ledger itself cannot prove that one continues the other
        refused = caught(lambda: witness.observe(now, proof))
    covered_now = attack.covered or "newer" in attack.name or "insert" in attack.name
    assert (refused is not None) == covered_now
    assert witness.last(ORIGIN).size >= SIZE


def test_the_page_on_the_guarantee_lists_the_attacks_of_these_tests():
    assert attacks.table() in PAGE.read_text(encoding="utf-8")


def test_the_page_names_everything_that_is_not_seen():
    unseen = [attack.name for attack in ATTACKS if not attack.covered]
    assert len(unseen) == 7
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"- **{attack[0].upper()}{attack[1:]}.**" in text for attack in unseen)
