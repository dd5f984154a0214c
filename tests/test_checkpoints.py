"""Checkpoints, signed notes, keys and proofs: the public logs' own text, and what must be refused."""

import base64
import builtins
import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._ledger.checkpoint import Checkpoint
from platgov._ledger.lines import decode64, encode64
from platgov._ledger.merkle import (
    EMPTY_ROOT,
    MAX_SIZE,
    consistency_plan,
    inclusion_plan,
    leaf_hash,
    range_hash,
    root_of,
    subtree_root,
)
from platgov._ledger.notes import (
    MAX_SIGNATURES,
    CosignatureSigner,
    CosignatureVerifier,
    Ed25519Signer,
    Ed25519Verifier,
    Signature,
    Signer,
    Verifier,
    check_signatures,
    sign,
    split_note,
)
from platgov._ledger.proofs import ConsistencyProof, InclusionProof
from platgov.errors import InputError, VerificationError

# golang/mod, sumdb/note: the documentation's key and note (figures).
PETER_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER_BODY = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_KEY = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)

# sum.golang.org: two signed tree heads years apart, and the key that `go` ships with (figures).
SUM_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
SUM_HEADS = [
    (
        "go.sum database tree\n6476701\nmb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=\n\n"
        "— sum.golang.org Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3G"
        "eoWwOoAw=\n"
    ),
    (
        "go.sum database tree\n65209736\n5+uGFjx6xBZG8ip1+wi77v+grwbhhukIrxEUS8PXvRo=\n\n"
        "— sum.golang.org Az3grnbssgK7ubgFX36gVETtNv0U23qxyAhAMai2QUfeGa3nB/akvkMdlUErfcZz7l/R3cVtYspg3dxXABk"
        "GZZKdsQ8=\n"
    ),
]

# A static certificate log of 2026: its own RFC 6962 and Ed25519 signatures, and four witnesses (figures).
CT_HEAD = (
    "arche2025h1.staging.ct.transparency.dev\n1432088532\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n\n"
    "— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3ur"
    "bllzalApkptQIg"
    "IpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=\n"
    "— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75M"
    "dhL1bfTW9g8Ei5"
    "9RA23oHP7Ry1k3ZFWwQ=\n"
    "— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoX"
    "HAwVkjZr4AscylP3"
    "v7sEodkRAErumC2q44vdgJY096st5BQ==\n"
    "— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5h"
    "NI7TOQtmJbqmNWV"
    "uE0tgh0XwzdZsDsUAQ==\n"
    "— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5Xe"
    "U/zZ0WBxtqB0DrAWf"
    "Bw==\n"
    "— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFu"
    "cgKi7lI7cUiOvKFYe/"
    "TmN9DAg==\n"
)
CT_KEY = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
REMORA_KEY = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"

# Sigstore's Rekor: an origin with spaces, an extension line, an ECDSA signature (figures).
REKOR_HEAD = (
    "rekor.sigstore.dev - 2605736670972794746\n21428036\nrxnoKyFZlJ7/R6bMh/d3lcqwKqAy5CL1LcNBJP17kgQ=\n"
    "Timestamp: 1688058656037355364\n\n"
    "— rekor.sigstore.dev wNI9ajBFAiEAuDk7uu5Ae8Own/MjhSZNuVzbLuYH2jBMxbSA0WaNDNACIDV4reKpYiOpkwtvazCClnp"
    "UuduF2o/th2xR3gRZ"
    "AUU4\n"
)

# C2SP tlog-cosignature: the example (figures; its keys are not published).
C2SP_HEAD = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGk"
    "u9nTo+zyWE+xeMcTOA"
    "YQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nP"
    "Zqhf5nNo0xUe+mbIUB"
    "kBIfZ+qnA==\n"
)

# transparency-dev/formats v0.1.1 with fixed seeds, as carried by another project's tests (figures).
VECTOR_BODY = "example.com/vector-log\n1234\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n"
VECTOR_LOG_KEY = "example.com/vector-log+4516a1da+ARGkVJ4QEa2MOOLGBO6i7NVSJ1FQ97tIX+w+Ku0RZ6Em"
VECTOR_LOG_LINE = (
    "— example.com/vector-log RRah2qlLrSlk6J8DA1HmNewppUM15Quhs5cAIb1KjBsV3otVirJTW8AFVsQt"
    "JkTW1Zny7GuoAxZpI6bUPcpM68QOIgE=\n"
)
VECTOR_SECRET = "PRIVATE+KEY+witness.example.com/vector+416f103d+BJEX3xv88eoQIKT4E+GkxZcXaJCYlQfi/GJ3NDFmZIW8"
VECTOR_WITNESS_KEY = "witness.example.com/vector+416f103d+BK/QmJFVP3SKJOqAMhFxBQPtylo3sjwWibyFDAlZKK8B"
VECTOR_WITNESS_LINE = (
    "— witness.example.com/vector QW8QPQAAAABqwLUbDdj7sDNRIVjmjYgqFI6y4UJhPg/UAA8J8wAdqSd3q4PedRhkgXA4xFN"
    "/Jg5uWn7ZkBA+H/UHQ"
    "s5d9hITdXmQAA==\n"
)
VECTOR_TIME = 1791014171

LOG = Ed25519Signer(name="example.com/log", seed=b"L" * 32)
OTHER = Ed25519Signer(name="example.com/log", seed=b"O" * 32)
WITNESS = CosignatureSigner(name="w.example/1", seed=b"W" * 32)
LEAVES = [leaf_hash(bytes([number])) for number in range(200)]


def state(size, origin="example.com/log", **more):
    return Checkpoint(origin=origin, size=size, root=root_of(LEAVES[:size]), **more)


def by_ranges(level, index):
    return subtree_root(LEAVES[index << level : (index + 1) << level])


def inclusion(index, size):
    hashes = [range_hash(*part, by_ranges) for part in inclusion_plan(index, size)]
    return InclusionProof(index=index, size=size, hashes=hashes)


def consistency(old, new):
    hashes = [range_hash(*part, by_ranges) for part in consistency_plan(old, new)]
    return ConsistencyProof(old_size=old, new_size=new, hashes=hashes)


def refused(call, *args, **more):
    with pytest.raises(InputError) as caught:
        call(*args, **more)
    return caught.value.problems[0].code


def fails(call, *args, **more):
    with pytest.raises(VerificationError) as caught:
        call(*args, **more)
    return caught.value.code


# ---- laws

lines = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=[chr(c) for c in range(32)]), min_size=1
).filter(lambda line: not line.startswith("— "))
names = lines.map(lambda line: re.sub(r"[\s+]", "", line)).filter(bool)
signatures = st.builds(Signature, name=names, key_id=st.binary(min_size=4, max_size=4), blob=st.binary(min_size=1))
checkpoints = st.builds(
    Checkpoint,
    origin=lines,
    size=st.integers(0, MAX_SIZE),
    root=st.binary(min_size=32, max_size=32),
    extensions=st.lists(lines, max_size=3),
    signatures=st.lists(signatures, max_size=MAX_SIGNATURES, unique=True),
)


@given(checkpoints)
def test_a_checkpoint_reads_back_from_its_own_text(checkpoint):
    assert Checkpoint.parse(checkpoint.text) == checkpoint
    assert Checkpoint.parse(checkpoint.text.encode()) == checkpoint


@given(checkpoints)
def test_signing_adds_one_signature_that_verifies_and_signing_again_changes_nothing(checkpoint):
    if len(checkpoint.signatures) == MAX_SIGNATURES:
        assert refused(checkpoint.signed, LOG) == "size"
        return
    signed = checkpoint.signed(LOG)
    assert signed.body == checkpoint.body
    assert signed.signatures[:-1] == checkpoint.signatures
    assert signed.verified_by([LOG.verifier]) == signed.signatures[-1:]
    assert signed.signed(LOG) == signed


@given(st.data())
def test_no_edit_of_a_signed_text_makes_the_key_say_something_else(data):
    text = state(7).signed(LOG).signed(WITNESS.at(1_700_000_000)).text
    at = data.draw(st.integers(0, len(text) - 1))
    much = data.draw(st.integers(0, 3))
    edited = text[:at] + data.draw(st.text(st.sampled_from("01\n\r\t +=/A—é\0\u2028"), max_size=3)) + text[at + much :]
    try:
        read = Checkpoint.parse(edited, [LOG.verifier])
    except (InputError, VerificationError):
        return
    assert read.body == state(7).body


@given(st.text() | st.binary())
def test_whatever_is_read_the_answer_is_a_checkpoint_or_one_of_our_errors(text):
    try:
        assert Checkpoint.parse(text).text in (text, text.decode() if isinstance(text, bytes) else text)
    except InputError:
        pass


# ---- the public logs


@pytest.mark.parametrize("text", SUM_HEADS)
def test_the_go_checksum_database_verifies(text):
    checkpoint = Checkpoint.parse(text, [Ed25519Verifier.from_text(SUM_KEY)], origin="go.sum database tree")
    assert checkpoint.text == text
    other = SUM_HEADS[text == SUM_HEADS[0]]
    mixed = text.split("\n\n")[0] + "\n\n" + other.split("\n\n")[1]
    assert fails(Checkpoint.parse, mixed, [Ed25519Verifier.from_text(SUM_KEY)]) == "signature"


def test_a_certificate_log_with_witnesses_verifies():
    log, witness = Ed25519Verifier.from_text(CT_KEY), CosignatureVerifier.from_text(REMORA_KEY)
    checkpoint = Checkpoint.parse(CT_HEAD, [log, witness])
    assert checkpoint.text == CT_HEAD
    assert (checkpoint.size, len(checkpoint.signatures)) == (1_432_088_532, 6)
    by_log, by_witness = checkpoint.verified_by([witness, log])
    assert (by_log.name, by_witness.name) == (checkpoint.origin, "remora.n621.de")
    assert witness.time_of(by_witness.blob) == 1779573024
    later = CT_HEAD.replace("AAAABqEiEgPlfF", "AAAABqEiEhPlfF")
    assert fails(Checkpoint.parse, later, [witness]) == "signature"


def test_rekor_is_read_and_ignored_by_keys_that_are_not_its_own():
    checkpoint = Checkpoint.parse(REKOR_HEAD)
    assert checkpoint.extensions == ("Timestamp: 1688058656037355364",)
    assert checkpoint.text == REKOR_HEAD
    assert checkpoint.signatures[0].key_id.hex() == "c0d23d6a"
    assert fails(Checkpoint.parse, REKOR_HEAD, [Ed25519Verifier.from_text(SUM_KEY)]) == "unsigned"


def test_the_example_of_the_standard_is_read():
    checkpoint = Checkpoint.parse(C2SP_HEAD)
    assert checkpoint.text == C2SP_HEAD
    assert CosignatureVerifier.time_of(checkpoint.signatures[1].blob) == 1679315147


def test_cosignatures_equal_those_of_another_implementation():
    text = f"{VECTOR_BODY}\n{VECTOR_LOG_LINE}{VECTOR_WITNESS_LINE}"
    log, witness = Ed25519Verifier.from_text(VECTOR_LOG_KEY), CosignatureVerifier.from_text(VECTOR_WITNESS_KEY)
    checkpoint = Checkpoint.parse(text, [log, witness])
    key = CosignatureSigner.from_text(VECTOR_SECRET)
    assert key.to_text() == VECTOR_SECRET
    assert key.verifier == witness
    assert witness.to_text() == VECTOR_WITNESS_KEY
    assert checkpoint.signed(key.at(VECTOR_TIME)) == checkpoint
    when = dt.datetime.fromtimestamp(VECTOR_TIME, dt.timezone(dt.timedelta(hours=8)))
    assert f"{sign(VECTOR_BODY, key.at(when)).line}\n" == VECTOR_WITNESS_LINE
    later = checkpoint.signed(key.at(VECTOR_TIME + 1))
    assert len(later.signatures) == 2  # the older one by this key gave way
    assert witness.time_of(later.verified_by([witness])[0].blob) == VECTOR_TIME + 1


def test_signatures_equal_those_of_the_reference_implementation():
    key = Ed25519Signer.from_text(PETER_SECRET)
    assert (key.to_text(), key.verifier.to_text()) == (PETER_SECRET, PETER_KEY)
    assert f"{sign(PETER_BODY, key).line}\n" == PETER_LINE


# ---- notes


def opened(text, *keys):
    return check_signatures(*split_note(text), [Ed25519Verifier.from_text(key) for key in keys])


def test_known_keys_must_verify_and_unknown_ones_are_ignored():
    text = f"{PETER_BODY}\n{PETER_LINE}{ENOCH_LINE}"
    peter, enoch = split_note(text)[1]
    assert opened(text, PETER_KEY) == (peter,)
    assert opened(text, ENOCH_KEY, PETER_KEY, PETER_KEY) == (peter, enoch)
    assert fails(opened, text) == "unsigned"
    assert fails(opened, text, SUM_KEY) == "unsigned"
    wrong = text.replace("x08go/ZJkuBS", "x08go/ZJkuBT")
    assert fails(opened, wrong, PETER_KEY) == "signature"
    assert fails(opened, wrong, PETER_KEY, ENOCH_KEY) == "signature"
    assert opened(wrong, ENOCH_KEY) == (enoch,)


def test_a_key_that_shares_only_a_name_or_only_an_id_is_unknown():
    twin = Ed25519Signer(name=LOG.name, seed=b"2" * 32)
    assert fails(state(3).signed(twin).verified_by, [LOG.verifier]) == "unsigned"

    class Lookalike:
        name, key_id = "example.com/other", LOG.key_id

        def verify(self, message, blob):
            return pytest.fail("asked")

    assert fails(state(3).signed(LOG).verified_by, [Lookalike()]) == "unsigned"


def test_a_note_may_hold_blank_lines_and_ends_at_the_last():
    body = "one\n\n\ntwo\n"
    signed = f"{body}\n{sign(body, LOG).line}\n"
    assert split_note(signed)[0] == body
    assert check_signatures(*split_note(signed), [LOG.verifier])
    assert refused(Checkpoint.parse, signed) == "number"


GOOD = f"{PETER_BODY}\n{PETER_LINE}"
MALFORMED_NOTES = {
    "no signature": PETER_BODY,
    "no signature after the blank line": f"{PETER_BODY}\n",
    "no text": f"\n{PETER_LINE}",
    "no text but a newline": f"\n\n{PETER_LINE}",
    "no blank line": f"{PETER_BODY}{PETER_LINE}",
    "no final newline": GOOD[:-1],
    "another sign for the final newline": f"{GOOD[:-1]}x",
    "a blank line after the signatures": f"{GOOD}\n",
    "a line that is no signature": f"{GOOD}Unexpected line.\n",
    "a control character": f"\x01{GOOD}",
    "a tab": f"a\tb{GOOD}",
    "carriage returns": GOOD.replace("\n", "\r\n"),
    "bytes that are no UTF-8": b"\xff" + GOOD.encode(),
    "UTF-16": GOOD.encode("utf-16-le"),
    "a lone surrogate": f"\ud800{GOOD}",
    "a name with a space": GOOD.replace("PeterNeumann", "Peter Neumann"),
    "a name with another space": GOOD.replace("PeterNeumann", "Peter\u00a0Neumann"),
    "a name with a line separator": GOOD.replace("PeterNeumann", "Peter\u2028Neumann"),
    "a name with a plus": GOOD.replace("PeterNeumann", "Peter+Neumann"),
    "an empty name": GOOD.replace("PeterNeumann", ""),
    "a hyphen for the dash": GOOD.replace("—", "-"),
    "an en dash": GOOD.replace("—", "–"),
    "no dash": GOOD.replace("— ", ""),
    "two spaces": GOOD.replace("— Peter", "—  Peter"),
    "a space at the end": f"{GOOD[:-1]} \n",
    "no base64": GOOD.replace("x08go/", "!08go/"),
    "url-safe base64": GOOD.replace("x08go/", "x08go_"),
    "padding left out": GOOD.replace("=\n", "\n"),
    "padding doubled": GOOD.replace("=\n", "==\n"),
    "stray bits": GOOD.replace("nAM=\n", "nAN=\n"),
    "an empty signature": re.sub(r"x08go.*", "", GOOD),
    "a key id alone": re.sub(r"x08go.*", "x08gow==", GOOD),
    "less than a key id": re.sub(r"x08go.*", "x08g", GOOD),
    "a name of digits that are not ASCII for base64": re.sub(r"x08go.*", "١٢٣٤", GOOD),
    "the same line twice": f"{GOOD}{PETER_LINE}",
    "too many signatures": GOOD + "".join(f"— n{n} AAAAAAA=\n" for n in range(MAX_SIGNATURES)),
    "more than a megabyte": "é" * 600_000 + GOOD,
    "much more than a megabyte": "x" * 2_000_000 + GOOD,
    "no text at all": "",
    "nothing": None,
    "a number": 7,
}


@pytest.mark.parametrize("what", MALFORMED_NOTES)
def test_a_malformed_note_is_refused_whatever_keys_are_known(what):
    assert split_note(GOOD)
    refused(split_note, MALFORMED_NOTES[what])
    if MALFORMED_NOTES[what] != PETER_BODY:
        refused(Checkpoint.parse, MALFORMED_NOTES[what])


def test_signature_lines_are_counted_before_they_are_read():
    assert refused(split_note, f"{PETER_BODY}\n" + "unreadable\n" * 17) == "size"
    assert refused(split_note, f"{PETER_BODY}\n" + "unreadable\n" * 16) == "signature"


def test_a_note_of_sixteen_signatures_is_read():
    text = state(3, signatures=[Signature(name=f"n{n}", key_id=b"1234", blob=b"x" * 5000) for n in range(16)]).text
    assert len(Checkpoint.parse(text).signatures) == 16


# ---- malformed checkpoints

ROOT = encode64(root_of(LEAVES[:5]))
MALFORMED_CHECKPOINTS = {
    f"size {size}": f"example.com/log\n{size}\n{ROOT}\n"
    for size in [
        "01",
        "00",
        "-1",
        "+1",
        "1e3",
        "1.0",
        "",
        " 1",
        "1 ",
        "1_0",
        "0x1",
        "١٢",
        "1٢",
        "１２",
        "²",
        str(2**63),
        "9" * 20,
        "9" * 9999,
    ]
} | {
    "no root": "example.com/log\n5\n",
    "a root of 31 bytes": f"example.com/log\n5\n{encode64(b'x' * 31)}\n",
    "a root of 33 bytes": f"example.com/log\n5\n{encode64(b'x' * 33)}\n",
    "an empty root": "example.com/log\n5\n\n",
    "a root in hex": f"example.com/log\n5\n{'ab' * 32}\n",
    "a root with a space": f"example.com/log\n5\n {ROOT}\n",
    "a root with stray bits": f"example.com/log\n5\n{encode64(bytes(32))[:-2]}B=\n",
    "an empty origin": f"\n5\n{ROOT}\n",
    "no final newline": f"example.com/log\n5\n{ROOT}",
    "no final newline after an extension": f"example.com/log\n5\n{ROOT}\nmore",
    "carriage returns": f"example.com/log\r\n5\r\n{ROOT}\r\n",
    "an escape character": f"example.com/\x1b[2J\n5\n{ROOT}\n",
    "a signature without a blank line before it": state(5).signed(LOG).text.replace("\n\n", "\n"),
    "an empty extension line": state(5, extensions=["a", "b"]).signed(LOG).text.replace("a\nb", "a\n\nb"),
    "a blank line and nothing": f"example.com/log\n5\n{ROOT}\n\n",
}


@pytest.mark.parametrize("what", MALFORMED_CHECKPOINTS)
def test_a_malformed_checkpoint_is_refused(what):
    refused(Checkpoint.parse, MALFORMED_CHECKPOINTS[what])


@pytest.mark.parametrize(
    "bad",
    [
        {"origin": ""},
        {"origin": "two\nlines"},
        {"origin": "a\0b"},
        {"origin": "\ud800"},
        {"origin": None},
        {"size": -1},
        {"size": True},
        {"size": 5.0},
        {"size": 2**63},
        {"size": "5"},
        {"root": b"short"},
        {"root": ROOT},
        {"root": bytearray(32)},
        {"extensions": "text"},
        {"extensions": [""]},
        {"extensions": ["a\nb"]},
        {"extensions": [7]},
        {"extensions": ["— a AAAA"]},
        {"extensions": ["x" * 1_048_576]},
        {"extensions": ["é" * 300_000] * 2},
        {"signatures": None},
        {"signatures": [b"x"]},
        {"signatures": [Signature(name="n", key_id=b"1234", blob=b"x")] * 2},
        {"signatures": [Signature(name=f"n{n}", key_id=b"1234", blob=b"x") for n in range(17)]},
    ],
    ids=lambda bad: repr(bad)[:50],
)
def test_a_checkpoint_is_valid_or_never_made(bad):
    refused(Checkpoint, **({"origin": "o", "size": 5, "root": b"x" * 32} | bad))


def test_a_checkpoint_of_another_log_is_refused():
    text = state(5).signed(LOG).text
    assert Checkpoint.parse(text, [LOG.verifier], origin="example.com/log") == state(5).signed(LOG)
    assert fails(Checkpoint.parse, text, origin="example.com/lo") == "origin"


# ---- keys


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Ed25519Verifier, PETER_KEY),
        (Ed25519Signer, PETER_SECRET),
        (CosignatureVerifier, VECTOR_WITNESS_KEY),
        (CosignatureSigner, VECTOR_SECRET),
    ],
    ids=["log", "log secret", "witness", "witness secret"],
)
def test_no_mangled_key_is_read(kind, text):
    assert kind.from_text(text).to_text() == text
    parts = {text[i:j] for i in range(len(text)) for j in range(i + 1, len(text) + 1)} - {text}
    others = {f"{text[:i]}{chr(ord(sign) + 1)}{text[i + 1 :]}" for i, sign in enumerate(text)}
    for mangled in parts | others | {f"{text}=", f"{text} ", f" {text}", f"{text}\n", text.upper(), text + text}:
        with pytest.raises(InputError) as caught:
            kind.from_text(mangled)
        if kind in (Ed25519Signer, CosignatureSigner):
            assert text[-30:-4] not in str(caught.value)


@pytest.mark.parametrize(
    "bad",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        PETER_KEY.replace("c74f20a3", "C74F20A3"),
        "a+b+c",
        "",
        None,
        7,
        b"x",
    ],
)
def test_keys_of_a_wrong_length_algorithm_or_type_are_refused(bad):
    for kind in (Ed25519Verifier, CosignatureVerifier, Ed25519Signer, CosignatureSigner):
        refused(kind.from_text, bad)


def test_a_key_of_one_kind_is_not_read_as_the_other():
    refused(CosignatureVerifier.from_text, PETER_KEY)
    refused(Ed25519Verifier.from_text, VECTOR_WITNESS_KEY)
    refused(CosignatureSigner.from_text, PETER_SECRET)
    refused(Ed25519Signer.from_text, VECTOR_SECRET)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u3000b", "a\nb", "a\tb", "\ud800", None, 7, b"x"])
def test_a_key_name_is_one_word_without_a_plus(name):
    for kind, field in [(Ed25519Verifier, "public_key"), (Ed25519Signer, "seed"), (CosignatureSigner, "seed")]:
        refused(kind, name=name, **{field: b"x" * 32})
    refused(Signature, name=name, key_id=b"1234", blob=b"x")


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_has_32_bytes(size):
    refused(Ed25519Verifier, name="n", public_key=b"x" * size)
    refused(Ed25519Signer, name="n", seed=b"x" * size)
    refused(Signature, name="n", key_id=b"x" * size, blob=b"x")


def test_a_new_key_is_as_random_as_its_entropy_and_never_shown():
    one = Ed25519Signer.generate("n")
    assert one != Ed25519Signer.generate("n")
    assert Ed25519Signer.generate("n", entropy=lambda size: b"7" * size) == Ed25519Signer(name="n", seed=b"7" * 32)
    assert Ed25519Signer.from_text(one.to_text()) == one
    assert repr(one) == "Ed25519Signer(name='n')"
    assert encode64(one.seed) not in repr(one)
    assert isinstance(one, Signer)
    assert isinstance(one.verifier, Verifier)
    refused(Ed25519Signer.generate, "n", entropy=lambda size: b"short")


def test_what_is_no_signature_does_not_verify():
    message = b"hi"
    blob, timed = LOG.sign(message), WITNESS.at(5).sign(message)
    assert LOG.verifier.verify(message, blob)
    assert WITNESS.verifier.verify(message, timed)
    for bad in (b"", blob[:-1], blob + b"x", bytes(64), timed):
        assert not LOG.verifier.verify(message, bad)
    late = (2**63).to_bytes(8)
    beyond = late + LOG.sign(b"cosignature/v1\ntime %d\n" % 2**63 + message)
    for bad in (b"", blob, timed[:-1], timed + b"x", bytes(72), timed[8:], late + timed[8:]):
        assert not WITNESS.verifier.verify(message, bad)
    assert not CosignatureVerifier(name="n", public_key=LOG.verifier.public_key).verify(message, beyond)
    no_point = Ed25519Verifier(name="n", public_key=b"\xff" * 32)
    assert not no_point.verify(message, blob)


def test_a_cosignature_states_a_time_from_1970_on():
    assert refused(sign, "body\n", WITNESS) == "type"
    assert refused(WITNESS.at, -1) == "range"
    for bad in (None, 1.5, True, dt.datetime.fromisoformat("2026-01-01T00:00:00"), "now"):
        refused(WITNESS.at, bad)
    assert CosignatureVerifier.time_of(WITNESS.at(0).sign(b"")) == 0


def test_a_signer_or_verifier_is_one():
    for bad in (None, "key", LOG.verifier):
        assert refused(sign, "body\n", bad) == "type"
    for bad in (7, None, [None], "text", [LOG]):
        assert refused(state(3).signed(LOG).verified_by, bad) == "type"


def test_a_signer_of_the_hosts_own_is_held_to_the_form():
    class Remote:
        name, key_id = "kms.example", b"1234"

        def __init__(self, answer):
            self.answer = answer

        def sign(self, message):
            return self.answer

    assert state(3).signed(Remote(b"sig")).signatures[0].blob == b"sig"
    for bad in (b"", "text", None):
        assert refused(state(3).signed, Remote(bad)) == "bytes"


def test_only_a_plain_yes_is_a_yes():
    class Evasive:
        name, key_id = LOG.name, LOG.key_id

        def __init__(self, answer):
            self.answer = answer

        def verify(self, message, blob):
            return self.answer

    signed = state(3).signed(LOG)
    assert signed.verified_by([Evasive(True)])
    for answer in (1, "yes", object(), None, False):
        assert fails(signed.verified_by, [Evasive(answer)]) == "signature"
    assert refused(signed.verified_by, [Evasive(True), LOG.verifier]) == "ambiguous"


def test_without_the_extra_the_error_names_it(monkeypatch):
    real = builtins.__import__

    def without(name, *args):
        if name.startswith("cryptography"):
            raise ImportError(name)
        return real(name, *args)

    signed = state(3).signed(LOG)
    monkeypatch.setattr(builtins, "__import__", without)
    assert refused(state(3).signed, LOG) == "extra"
    with pytest.raises(InputError, match=r"platgov\[sign\]"):
        LOG.sign(b"x")
    assert Checkpoint.parse(signed.text) == signed  # reading needs no extra


# ---- proofs


@given(st.integers(1, 200), st.data())
def test_proofs_hold_for_the_checkpoints_they_were_made_for(size, data):
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    included, grew = inclusion(index, size), consistency(old, size)
    included.verify(LEAVES[index], state(size))
    grew.verify(state(old), state(size))
    assert InclusionProof.from_dict(included.to_dict()) == included
    assert ConsistencyProof.from_dict(grew.to_dict()) == grew
    other = data.draw(st.integers(0, 199))
    if other != index:
        with pytest.raises(VerificationError):
            included.verify(LEAVES[other], state(size))


def test_a_proof_is_only_for_its_own_sizes_and_log():
    included, grew = inclusion(3, 8), consistency(3, 8)
    assert fails(included.verify, LEAVES[3], state(7)) == "size"
    assert fails(included.verify, LEAVES[4], state(8)) == "root"
    assert fails(grew.verify, state(2), state(8)) == "size"
    assert fails(grew.verify, state(3), state(9)) == "size"
    assert fails(grew.verify, state(8), state(3)) == "size"
    assert fails(grew.verify, state(3), state(8, origin="example.com/other")) == "origin"
    fork = Checkpoint(origin="example.com/log", size=8, root=LEAVES[0])
    assert fails(grew.verify, state(3), fork) == "root"
    for bad in (None, "text", state(8).text):
        assert refused(included.verify, LEAVES[3], bad) == "type"
        assert refused(grew.verify, bad, state(8)) == "type"
        assert refused(grew.verify, state(3), bad) == "type"
    assert refused(included.verify, b"short", state(8)) == "hash"


def test_every_log_begins_empty():
    consistency(0, 8).verify(state(0), state(8))
    consistency(0, 0).verify(state(0), state(0))
    assert state(0).root == EMPTY_ROOT
    wrong = Checkpoint(origin="example.com/log", size=0, root=bytes(32))
    assert fails(consistency(0, 8).verify, wrong, state(8)) == "root"
    assert fails(consistency(0, 0).verify, state(0), wrong) == "root"
    padded = ConsistencyProof(old_size=0, new_size=8, hashes=LEAVES[:1])
    assert fails(padded.verify, state(0), state(8)) == "length"


@pytest.mark.parametrize(
    "bad",
    [
        None,
        [],
        {},
        {"index": 3, "size": 8},
        {"index": 3, "size": 8, "hashes": [], "more": 1},
        {"index": "3", "size": 8, "hashes": []},
        {"index": True, "size": 8, "hashes": []},
        {"index": -1, "size": 8, "hashes": []},
        {"index": 8, "size": 8, "hashes": []},
        {"index": 0, "size": 0, "hashes": []},
        {"index": 3, "size": 2**63, "hashes": []},
        {"index": 3, "size": 8, "hashes": None},
        {"index": 3, "size": 8, "hashes": "AAAA"},
        {"index": 3, "size": 8, "hashes": ["AAAA"]},
        {"index": 3, "size": 8, "hashes": [ROOT + " "]},
        {"index": 3, "size": 8, "hashes": [ROOT.replace("=", "")]},
        {"index": 3, "size": 8, "hashes": [7]},
        {"index": 3, "size": 8, "hashes": [None] * 65},
    ],
    ids=lambda bad: repr(bad)[:110],
)
def test_a_malformed_proof_is_refused(bad):
    refused(InclusionProof.from_dict, bad)
    if isinstance(bad, dict) and "index" in bad:
        grown = {**bad, "old_size": bad["index"], "new_size": bad["size"]}
        del grown["index"], grown["size"]
        if bad["index"] != bad["size"] and bad["size"] != 0:
            refused(ConsistencyProof.from_dict, grown)


def test_a_proof_is_bounded_before_it_is_read():
    assert refused(InclusionProof.from_dict, {"index": 3, "size": 8, "hashes": [object()] * 10**6}) == "size"
    assert refused(InclusionProof, index=3, size=8, hashes=[object()] * 65) == "size"
    assert refused(ConsistencyProof, old_size=9, new_size=8, hashes=[]) == "range"


def test_a_proof_and_its_checkpoint_fit_one_text():
    checkpoint = state(150).signed(LOG).signed(WITNESS.at(9))
    for extra in (b"", b"any bytes \xff"):
        text = inclusion(77, 150).to_text(checkpoint, extra=extra)
        proof, read, also = InclusionProof.from_text(text, [LOG.verifier])
        assert (proof, read, also) == (inclusion(77, 150), checkpoint, extra)
        proof.verify(LEAVES[77], read)
        assert fails(InclusionProof.from_text, text, [OTHER.verifier]) == "unsigned"
    assert text.startswith(f"c2sp.org/tlog-proof@v1\nextra {encode64(b'any bytes ' + bytes([255]))}\nindex 77\n")
    single = inclusion(0, 1).to_text(state(1))
    assert InclusionProof.from_text(single)[0] == inclusion(0, 1)
    assert fails(inclusion(77, 150).to_text, state(151)) == "size"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tlog-proof@v1", "tlog-proof@v2"),
        ("index 3", "index 03"),
        ("index 3", "index -3"),
        ("index 3", "Index 3"),
        ("index 3", "index 8"),
        ("index 3\n", ""),
        ("index 3\n", "extra !\nindex 3\n"),
        ("index 3\n", "index 3\nAAAA\n"),
        ("index 3\n", "index 3\n!\n"),
        ("index 3\n", "index 3\n" + f"{ROOT}\n" * 65),
        ("\n\n", "\n"),
        ("\n", "\r\n"),
    ],
)
def test_a_malformed_proof_text_is_refused(old, new):
    text = inclusion(3, 8).to_text(state(8))
    assert InclusionProof.from_text(text)
    refused(InclusionProof.from_text, text.replace(old, new))


@given(st.binary())
def test_base64_has_one_spelling(data):
    assert decode64(encode64(data)) == data == base64.b64decode(encode64(data))
