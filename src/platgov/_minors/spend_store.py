"""Spending kept in a database: the same judgements, atomic for any number of devices at once.

Every step is one transaction. It first takes the lock of the minor (in SQLite, the only write
lock), so that what it reads about earlier charges is still true when it writes its own.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._canonical import shown
from platgov._minors.charging import (
    HOLD_S,
    Ask,
    Charge,
    ChargeState,
    Refund,
    SpendVerdict,
    again,
    checked_instant,
    checked_refund,
    committing,
    judged,
    refunding,
    step_verdict,
    use_of,
    voiding,
)
from platgov._minors.checks import checked_name, refuse
from platgov._minors.spending import Spending
from platgov._schedules.zones import EARLIEST
from platgov.errors import StorageError
from platgov.stores import Domain, Migration, Store, open_store

if TYPE_CHECKING:
    import datetime as dt
    import os
    from collections.abc import Callable, Iterable, Iterator

    from platgov._minors.charging import SpendCap
    from platgov._minors.verdict import Reason
    from platgov.schedules import Period
    from platgov.stores import Session

__all__ = ["SPENDING", "SpendStore"]

_CHARGES: Final = """(
    subject TEXT{c} NOT NULL, id TEXT{c} NOT NULL, n {i} NOT NULL, entity TEXT{c} NOT NULL, currency TEXT NOT NULL,
    amount {i} NOT NULL CHECK (amount >= 0), at {i} NOT NULL, expires_at {i} NOT NULL, asked TEXT NOT NULL,
    policy TEXT NOT NULL, state TEXT NOT NULL, refunded {i} NOT NULL CHECK (refunded BETWEEN 0 AND amount),
    PRIMARY KEY (subject, id)
)"""
_REFUNDS: Final = """(
    subject TEXT{c} NOT NULL, id TEXT{c} NOT NULL, n {i} NOT NULL, charge TEXT{c} NOT NULL, amount {i} NOT NULL,
    at {i} NOT NULL, PRIMARY KEY (subject, id)
)"""
_SPENDERS: Final = "(subject TEXT{c} PRIMARY KEY NOT NULL, n {i} NOT NULL, seen_at {i} NOT NULL)"
_INDEX: Final = "CREATE INDEX ix_platgov_charges_at ON platgov_charges (subject, entity, currency, at)"


def _tables(collation: str, whole: str, tail: str) -> tuple[str, ...]:
    named = (("charges", _CHARGES), ("refunds", _REFUNDS), ("spenders", _SPENDERS))
    made = (f"CREATE TABLE platgov_{name} {columns.format(c=collation, i=whole)}{tail}" for name, columns in named)
    return (*made, _INDEX)


SPENDING: Final = Domain(
    name="spending",
    migrations=(Migration(sqlite=_tables("", "INTEGER", " STRICT"), postgres=_tables(' COLLATE "C"', "BIGINT", "")),),
)

# Nothing is written for it, so a denial costs no commit on disk. Two minors with one hash only wait
# for each other. A host's transaction that reads as of before the lock (REPEATABLE READ) fails at
# the row that every charge writes.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('platgov/spending/' || CAST(? AS TEXT), 0))"
_SPENDER: Final = "SELECT n, seen_at FROM platgov_spenders WHERE subject = ?"
_SET_SPENDER: Final = (
    "INSERT INTO platgov_spenders (n, seen_at, subject) VALUES (?, ?, ?) "
    "ON CONFLICT (subject) DO UPDATE SET n = excluded.n, seen_at = excluded.seen_at"
)
_COLUMNS: Final = "id, n, entity, currency, amount, at, expires_at, asked, policy, state, refunded"
_CHARGE: Final = f"SELECT {_COLUMNS} FROM platgov_charges WHERE subject = ? AND id = ?"  # noqa: S608 - constants only
_ALL_CHARGES: Final = f"SELECT {_COLUMNS} FROM platgov_charges WHERE subject = ? ORDER BY n"  # noqa: S608 - constants only
_INSERT: Final = f"INSERT INTO platgov_charges (subject, {_COLUMNS}) VALUES ({', '.join('?' * 12)})"  # noqa: S608 - constants only
# The condition repeats what was judged: a row that changed meanwhile is not overwritten.
_UPDATE: Final = (
    "UPDATE platgov_charges SET state = ?, refunded = ? WHERE subject = ? AND id = ? AND state = ? AND refunded = ?"
)
_USED: Final = (
    "SELECT CAST(COALESCE(SUM(amount - refunded), 0) AS BIGINT) FROM platgov_charges "
    "WHERE subject = ? AND entity = ? AND currency = ? AND at >= ? AND at < ? "
    "AND (state = 'committed' OR (state = 'held' AND expires_at > ?))"
)
_REFUND: Final = "SELECT id, charge, amount, at FROM platgov_refunds WHERE subject = ? AND id = ?"
_ALL_REFUNDS: Final = "SELECT id, charge, amount, at FROM platgov_refunds WHERE subject = ? ORDER BY n"
_COUNT_REFUNDS: Final = "SELECT COUNT(*) FROM platgov_refunds WHERE subject = ?"
_INSERT_REFUND: Final = "INSERT INTO platgov_refunds (subject, id, n, charge, amount, at) VALUES (?, ?, ?, ?, ?, ?)"
_ERASE: Final = tuple(
    f"DELETE FROM platgov_{table} WHERE subject = ?"  # noqa: S608 - constants only
    for table in ("charges", "refunds", "spenders")
)


class SpendStore:
    """Spending of all minors of a platform. Any thread may use a handle; each process opens its own.

    Each step means what the step of the same name means for `Spending`, with one more argument:
    ``subject`` is the minor. A step that is refused writes nothing.
    """

    def __init__(self, store: Store) -> None:
        if not isinstance(store, Store):
            raise refuse("SpendStore", f"{shown(store)} is no Store; see SpendStore.open", code="type")
        self._store = store
        store.prepare(SPENDING, lambda _: None)

    @classmethod
    def open(
        cls,
        target: str | os.PathLike[str],
        *,
        timeout_s: float = 30,
        read_only: bool = False,
        schema: str = "platgov",
    ) -> SpendStore:
        """Open the store that an address names; see `platgov.stores.open_store`.

        Raises:
            InputError: An argument is not what it should be.
            StorageError: It cannot be opened, or is another application's.
        """
        store = open_store(target, timeout_s=timeout_s, read_only=read_only, schema=schema)
        try:
            return cls(store)
        except BaseException:
            store.close()
            raise

    def authorise(
        self,
        subject: str,
        *,
        id: str,  # noqa: A002 - the word of the field
        amount: int,
        currency: str,
        entity: str,
        caps: Iterable[SpendCap | Reason],
        at: int | dt.datetime,
        hold_s: int = HOLD_S,
        connection: Any = None,
    ) -> SpendVerdict:
        """Reserve an amount if every cap has room for it; see `Spending.authorise`.

        Args:
            subject: The minor.
            id: Which charge; unique for the minor.
            amount: Minor units, 0 to 10**12.
            currency: ISO 4217 code.
            entity: The enterprise that is paid.
            caps: All that bind the minor at this instant, as `Plan.caps` gives them.
            at: The instant.
            hold_s: Seconds after which the reservation is gone.
            connection: A connection of the host to write in; the host commits.

        Raises:
            InputError: An argument is not what it should be.
            ConflictError: The id is taken by another charge.
            BusyError: Others held the minor's row for longer than the timeout.
            StorageError: Nothing was acknowledged.
        """
        ask = Ask.of(id=id, amount=amount, currency=currency, entity=entity, caps=caps, at=at, hold_s=hold_s)
        with self._locked(subject, ask.at, connection) as (session, n, now):
            known = _charge(session, subject, ask.id)
            if known is not None:
                return again(ask, now, known)

            def used(period: Period) -> int:
                key = (subject, ask.entity, ask.currency)
                found = (session.row(_USED, (*key, start, end, now)) or (0,) for start, end in period.spans)
                return sum(row[0] for row in found)

            verdict = judged(ask, now, tuple(use_of(cap, now, used) for cap in ask.binding), n + 1)
            if verdict.charge is not None:
                plain = attrs.asdict(verdict.charge) | {"state": verdict.charge.state.value}
                session.run(_INSERT, (subject, *(plain[column] for column in _COLUMNS.split(", "))))
                session.run(_SET_SPENDER, (n + 1, now, subject))
            return verdict

    def commit(
        self,
        subject: str,
        *,
        id: str,  # noqa: A002 - the word of the field
        at: int | dt.datetime,
        connection: Any = None,
    ) -> SpendVerdict:
        """Charge what was reserved, unless the reservation is gone."""
        state = ChargeState.COMMITTED
        return self._step("commit", subject, id, at, connection=connection, judge=committing, state=state)

    def void(
        self,
        subject: str,
        *,
        id: str,  # noqa: A002 - the word of the field
        at: int | dt.datetime,
        connection: Any = None,
    ) -> SpendVerdict:
        """Let a reservation go."""
        state = ChargeState.VOIDED
        return self._step(
            "void", subject, id, at, connection=connection, judge=lambda one, _: voiding(one), state=state
        )

    def refund(
        self,
        subject: str,
        *,
        id: str,  # noqa: A002 - the word of the field
        of: str,
        amount: int,
        at: int | dt.datetime,
        connection: Any = None,
    ) -> SpendVerdict:
        """Give back part or all of a charge; room comes back in the day and month of the charge."""
        asked = checked_refund(id, of, amount, at)
        with self._locked(subject, asked.at, connection) as (session, n, now):
            charge = _charge(session, subject, of)
            found = session.row(_REFUND, (subject, id))
            reason, repeated = refunding(charge, asked, None if found is None else _refund(found))
            if charge is not None and reason == "ok" and not repeated:
                charge = _moved(session, subject, charge, charge.state, charge.refunded + amount)
                (count,) = session.row(_COUNT_REFUNDS, (subject,)) or (0,)
                session.run(_INSERT_REFUND, (subject, id, count + 1, of, amount, now))
                session.run(_SET_SPENDER, (n, now, subject))
            return step_verdict("refund", id, now, charge, reason, repeated=repeated, amount=amount)

    def spending(self, subject: str) -> Spending:
        """Give all that a minor spent, as a value; empty for someone who is not known."""
        checked_name(subject, "spending", "subject")
        with self._store.read() as session:
            spender = session.row(_SPENDER, (subject,))
            return Spending(
                charges=tuple(_read(row) for row in session.rows(_ALL_CHARGES, (subject,))),
                refunds=tuple(_refund(row) for row in session.rows(_ALL_REFUNDS, (subject,))),
                seen_at=EARLIEST if spender is None else spender[1],
            )

    def erase(self, subject: str) -> None:
        """Remove everything about a minor. Caps then begin anew: do so when they no longer matter."""
        checked_name(subject, "spending", "subject")
        with self._store.write() as session:
            for statement in _ERASE:
                session.run(statement, (subject,))

    def close(self) -> None:
        """Let go of every connection. Closing twice is fine."""
        self._store.close()

    def _step(
        self,
        step: str,
        subject: str,
        id: str,  # noqa: A002 - the word of the field
        at: int | dt.datetime,
        *,
        connection: Any,
        judge: Callable[[Charge | None, int], tuple[str, bool]],
        state: ChargeState,
    ) -> SpendVerdict:
        checked_name(id, "spending", "id")
        with self._locked(subject, checked_instant(at), connection) as (session, n, now):
            charge = _charge(session, subject, id)
            reason, repeated = judge(charge, now)
            if charge is not None and reason == "ok" and not repeated:
                charge = _moved(session, subject, charge, state, charge.refunded)
                session.run(_SET_SPENDER, (n, now, subject))
            return step_verdict(step, id, now, charge, reason, repeated=repeated)

    @contextmanager
    def _locked(self, subject: str, at: int, connection: Any) -> Iterator[tuple[Session, int, int]]:
        """Hold a minor's row; give the session, the number of charges, and the instant that counts."""
        checked_name(subject, "spending", "subject")
        opened = self._store.write() if connection is None else self._store.joined(connection)
        with opened as session:
            if session.dialect == "postgres":  # SQLite has one writer at a time
                session.rows(_LOCK, (subject,))
            n, seen_at = session.row(_SPENDER, (subject,)) or (0, EARLIEST)
            yield session, n, max(at, seen_at)


def _charge(session: Session, subject: str, id: str) -> Charge | None:  # noqa: A002 - the word of the field
    found = session.row(_CHARGE, (subject, id))
    return None if found is None else _read(found)


def _read(row: tuple[Any, ...]) -> Charge:
    plain = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return Charge(**plain | {"state": ChargeState(plain["state"])})


def _refund(row: tuple[Any, ...]) -> Refund:
    return Refund(id=row[0], of=row[1], amount=row[2], at=row[3])


def _moved(session: Session, subject: str, charge: Charge, state: ChargeState, refunded: int) -> Charge:
    before = (subject, charge.id, charge.state.value, charge.refunded)
    if session.run(_UPDATE, (state.value, refunded, *before)) != 1:  # pragma: no cover - the lock was not ours
        raise StorageError("integrity", f"charge {charge.id!r} changed under its lock; nothing was written")
    return attrs.evolve(charge, state=state, refunded=refunded)
