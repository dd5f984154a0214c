"""What goes into a ledger, what is kept of it, and the bytes that are hashed for it."""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import attrs

from platgov._canonical import dumps, loads, shown
from platgov._ledger.merkle import leaf_hash
from platgov._limits import DEFAULT
from platgov._time import FIRST, LAST, from_iso, to_epoch
from platgov.errors import InputError, Problem
from platgov.verdict import Verdict

if TYPE_CHECKING:
    import datetime as dt

    from platgov._ledger.tables import Row

__all__ = ["MAX_BODY", "Entry", "Identity", "Prepared", "Receipt", "Record", "commitment_of", "leaf_of", "prepared"]

MAX_BODY: Final = DEFAULT.file_bytes
"""Longest verdict, in bytes of canonical JSON: a decision holds the texts it was made on."""
MAX_PLAIN: Final = DEFAULT.text_bytes
"""Longest plain dict, in bytes of canonical JSON."""
READ_NESTING: Final = 300  # canonical JSON is written up to 280 levels deep
RESERVED: Final = frozenset({"erasure", "access"})
"""Kinds and streams that only the ledger itself writes."""

Bytes: TypeAlias = bytes  # the type, where an attribute has its name

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_ORIGIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,127}", re.ASCII)
_POLICY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,127}", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_MANY_DIGITS: Final = re.compile(rb"\d{16}")
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
_PAD: Final = bytes(32)


@attrs.frozen(kw_only=True)
class Record:
    """One thing to append; the same arguments as `Ledger.append`."""

    value: Verdict | dict[str, Any]
    key: str
    subject: str | None = None
    stream: str = "main"
    at: int | dt.datetime | None = None
    protected: bool = False


@attrs.frozen(kw_only=True)
class Receipt:
    """What the ledger acknowledges: where a thing is recorded, and the hash that proofs are about.

    Attributes:
        seq: Number of the entry, from 0, without gaps.
        origin: The ledger.
        leaf_hash: Hash of the leaf of the entry.
        key: The key that was given.
        subject: Tag of the subject, which is not its name; None without one.
        subject_n: The how-many-th entry of that subject it is, from 1: a missing number is a missing entry.
        stream: Name of the stream.
        stream_n: The how-many-th entry of the stream it is, from 1.
        repeated: The key was recorded before, with the same content; nothing was written now.
    """

    seq: int
    origin: str
    leaf_hash: bytes
    key: str
    subject: str | None
    subject_n: int | None
    stream: str
    stream_n: int
    repeated: bool

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {**attrs.asdict(self), "leaf_hash": self.leaf_hash.hex()}


@attrs.frozen(kw_only=True)
class Entry:
    """One entry of a ledger.

    Attributes:
        seq: Its number, from 0.
        ledger: Origin of the ledger.
        at: The instant that the recorded value is for, in UTC epoch seconds: a claim of
            whoever recorded it. When it was recorded is bounded by checkpoints alone.
        kind: What was recorded: kind of the verdict.
        stream: Name of the stream.
        stream_n: Its number in the stream, from 1.
        key_tag: Stands for the key in the leaf.
        subject_tag: Stands for the subject in the leaf.
        subject_n: Its number among the entries of the subject, from 1.
        policy: Digest of the policy that the verdict follows from.
        protected: Read only through `Ledger.reveal`.
        commitment: Binds the leaf to key, subject and body without giving them away.
        erased: Key, subject and body are gone for good.
        key: The key; None if erased.
        subject: The subject; None if erased, or without one.
        bytes: The body in canonical JSON; None if erased, or if protected and not revealed.
    """

    seq: int
    ledger: str
    at: int | None
    kind: str
    stream: str
    stream_n: int
    key_tag: str
    subject_tag: str | None
    subject_n: int | None
    policy: str | None
    protected: bool
    commitment: str
    erased: bool
    key: str | None
    subject: str | None
    bytes: Bytes | None = attrs.field(repr=False)

    @classmethod
    def of(cls, origin: str, row: Row, *, revealed: bool = False) -> Entry:
        """Read a stored row."""
        return cls(
            seq=row.seq,
            ledger=origin,
            at=row.at,
            kind=row.kind,
            stream=row.stream,
            stream_n=row.stream_n,
            key_tag=row.key,
            subject_tag=row.subject,
            subject_n=row.subject_n,
            policy=row.policy,
            protected=bool(row.protected),
            commitment=row.commitment,
            erased=row.nonce is None,
            key=row.key_text,
            subject=row.subject_text,
            bytes=row.body if revealed or not row.protected else None,
        )

    @property
    def body(self) -> dict[str, Any] | None:
        """What was recorded, as plain values, read anew each time."""
        return None if self.bytes is None else read_body(self.bytes)

    @property
    def leaf(self) -> Bytes:
        """The bytes that are hashed: canonical JSON of every column that stays."""
        return leaf_of(
            self.ledger,
            self.seq,
            self.at,
            self.kind,
            self.stream,
            self.stream_n,
            self.key_tag,
            self.subject_tag,
            self.subject_n,
            self.policy,
            self.protected,
            self.commitment,
        )

    @property
    def leaf_hash(self) -> Bytes:
        """Hash of the leaf: what a proof of inclusion is about."""
        return leaf_hash(self.leaf)


def read_body(data: bytes) -> Any:
    """Read a recorded body."""
    return loads(data, subject="entry", max_bytes=len(data), nesting=READ_NESTING)


class Identity:
    """What makes one ledger itself: its origin, and the salt under which keys become tags."""

    def __init__(self, origin: str, salt: bytes) -> None:
        self.origin = origin
        self.salt = salt
        padded = salt + _PAD
        self._inner = sha256(padded.translate(_INNER) + b"platgov key\0")
        self._outer = sha256(padded.translate(_OUTER))

    def key_tag(self, key: str) -> str:
        """Return the tag of a key: HMAC-SHA-256 under the salt, its first 16 bytes in hex."""
        # With both states kept this is three times as fast as `hmac`, and the same bytes.
        inner = self._inner.copy()
        inner.update(key.encode())
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()[:32]


def subject_tag(secret: bytes, subject: str) -> str:
    """Return the tag of a subject: HMAC-SHA-256 under its own secret, its first 16 bytes in hex."""
    return hmac.digest(secret, b"platgov subject\0" + subject.encode(), "sha256")[:16].hex()


def commitment_of(nonce: bytes, covered: bytes) -> str:
    """Return HMAC-SHA-256 under the nonce (32 bytes) in hex.

    By hand, because two plain hashes cost three quarters of one ``hmac.digest``, and a full
    verification makes one for each entry. Source: RFC 2104.
    """
    padded = nonce + _PAD
    return sha256(padded.translate(_OUTER) + sha256(padded.translate(_INNER) + covered).digest()).hexdigest()


def covered_by(key: str, subject: str | None, body: bytes) -> bytes:
    """Return the canonical bytes of ``[key, subject, body]``, which the commitment is over."""
    # Texts alone need no more than the encoder of `dumps` for texts, and a verification does this for each entry.
    return b"[%b,%b,%b]" % (
        encode_basestring(key).encode(),
        b"null" if subject is None else encode_basestring(subject).encode(),
        body,
    )


def leaf_of(  # noqa: PLR0917 - the columns of a row, in their order
    origin: str,
    seq: int,
    at: int | None,
    kind: str,
    stream: str,
    stream_n: int,
    key: str,
    subject: str | None,
    subject_n: int | None,
    policy: str | None,
    protected: int,
    commitment: str,
) -> bytes:
    """Return the leaf of an entry: one RFC 8785 object of everything that is never erased.

    A template, since no value here needs escaping (see `prepared`). It cannot be spelled by
    two different rows: that would take a value which contains a piece of the template.
    """
    policy = "null" if policy is None else f'"{policy}"'
    subject = "null" if subject is None else f'"{subject}"'
    return (
        f'{{"at":{"null" if at is None else at},"commitment":"{commitment}","key":"{key}","kind":"{kind}",'
        f'"ledger":"{origin}","policy":{policy},"protected":{"true" if protected else "false"},"schema":1,'
        f'"seq":{seq},"stream":"{stream}","stream_n":{stream_n},"subject":{subject},'
        f'"subject_n":{"null" if subject_n is None else subject_n}}}'
    ).encode()


class Prepared(NamedTuple):
    """A record that was checked and encoded, so that the writer has nothing left to refuse."""

    kind: str
    at: int | None
    policy: str | None
    key: str
    subject: str | None
    stream: str
    protected: int
    body: bytes
    covered: bytes


def prepared(
    value: object,
    key: object,
    subject: object = None,
    *,
    stream: object = "main",
    at: object = None,
    protected: object = False,
    own: bool = False,
) -> Prepared:
    """Check and encode one record.

    Raises:
        InputError: Carries every problem found in key, subject, stream, at and protected, or
            those of the value.
    """
    problems: list[Problem] = []
    check_text(key, "$.key", problems)
    if subject is not None:
        check_text(subject, "$.subject", problems)
    if type(stream) is not str or not _NAME.fullmatch(stream):
        message = f"stream is {shown(stream)}; give 1 to 64 of a-z, 0-9, '.', '_' and '-', the first a letter or digit"
        problems.append(Problem(message, "$.stream", "name"))
    elif stream in RESERVED and not own:
        problems.append(Problem(f"only the ledger itself writes to the stream {stream!r}", "$.stream", "reserved"))
    if type(protected) is not bool:
        problems.append(Problem(f"protected is {shown(protected)}; give True or False", "$.protected", "type"))
    fallback = None
    if at is not None:
        try:
            fallback = to_epoch(at)  # type: ignore[arg-type]
        except InputError as bad:
            problems.extend(problem._replace(path="$.at") for problem in bad.problems)
    if problems:
        raise InputError("record", tuple(problems))
    body, kind, instant, policy = _encoded(value)
    if kind in RESERVED and not own:
        raise _refused("reserved", f"only the ledger itself records the kind {kind!r}", "$.value.kind")
    most = MAX_BODY if isinstance(value, Verdict) else MAX_PLAIN
    if len(body) > most:
        raise _refused("size", f"the value has {len(body)} bytes of canonical JSON; at most {most} are recorded")
    return Prepared(
        kind,
        fallback if instant is None else instant,
        policy,
        key,  # type: ignore[arg-type]
        subject,  # type: ignore[arg-type]
        stream,  # type: ignore[arg-type]
        int(protected),  # type: ignore[call-overload]
        body,
        covered_by(key, subject, body),  # type: ignore[arg-type]
    )


def prepared_record(record: object) -> Prepared:
    """Check and encode a `Record`."""
    if not isinstance(record, Record):
        raise _refused("type", f"expected a Record, got {shown(record)}", "$")
    return prepared(
        record.value,
        record.key,
        record.subject,
        stream=record.stream,
        at=record.at,
        protected=record.protected,
    )


def checked_origin(origin: object) -> str:
    """Return an origin if it is one."""
    if type(origin) is not str or not _ORIGIN.fullmatch(origin):
        message = (
            f"origin is {shown(origin)}; give 1 to 128 of A-Z, a-z, 0-9 and '._/:-', such as example.org/decisions"
        )
        raise InputError("ledger", (Problem(message, "$.origin", "origin"),))
    return origin


def _encoded(value: object) -> tuple[bytes, str, int | None, str | None]:
    if isinstance(value, Verdict):
        return value.to_bytes(), _checked_kind(value.kind), to_epoch(value.at), _policy(value.policy)
    if type(value) is not dict:
        raise _refused("type", f"expected a verdict or a plain dict, got {shown(value)}")
    try:
        body = dumps(value, subject="record")
        if _MANY_DIGITS.search(body):  # a float from 2**53 on is spelled as a whole number that does not read back
            dumps(read_body(body))
    except InputError as bad:
        places = (problem._replace(path=f"$.value{problem.path[1:]}") for problem in bad.problems)
        raise InputError("record", tuple(places)) from None
    kind = value.get("kind")
    if type(kind) is not str or not _NAME.fullmatch(kind):
        kind = "record"
    return body, kind, _instant(value.get("at")), _policy(value.get("policy"))


def _checked_kind(kind: object) -> str:
    if type(kind) is not str or not _NAME.fullmatch(kind):
        raise _refused(
            "name", f"the kind of the verdict is {shown(kind)}; a kind is 1 to 64 of a-z, 0-9, '.', '_', '-'"
        )
    return kind


def _instant(at: object) -> int | None:
    if type(at) is int and FIRST <= at <= LAST:
        return at
    if type(at) is str:
        try:
            return from_iso(at)
        except InputError:
            return None  # a text of the host's own, which stays in the body
    return None


def _policy(policy: object) -> str | None:
    return policy if type(policy) is str and _POLICY.fullmatch(policy) else None


def check_text(value: object, path: str, problems: list[Problem]) -> None:
    """Add what is wrong with a key, subject or other short text to ``problems``."""
    name = path[2:]
    if type(value) is not str:
        problems.append(Problem(f"{name} is {shown(value)}; give text", path, "type"))
        return
    if not value or len(value) > DEFAULT.name_bytes:
        problems.append(
            Problem(f"{name} has {len(value)} characters; give 1 to {DEFAULT.name_bytes} bytes", path, "size")
        )
        return
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        problems.append(Problem(f"{name} holds a lone surrogate, which is no character", path, "surrogate"))
        return
    if size > DEFAULT.name_bytes:
        problems.append(Problem(f"{name} has {size} bytes; give 1 to {DEFAULT.name_bytes}", path, "size"))
    elif _CONTROL.search(value):
        problems.append(Problem(f"{name} holds a control character", path, "control"))


def _refused(code: str, message: str, path: str = "$.value") -> InputError:
    return InputError("record", (Problem(message, path, code),))
