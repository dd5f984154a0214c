"""How do very many accounts stand? Scores in columns, where the data is, equal to the scalar engine bit for bit.

Polars frames (eager and lazy), pandas and PyArrow tables and DuckDB relations go in, and the
same kind comes out (extra ``frames``)::

    table = frames.scores(events, credit, at=now)
    table = frames.complete(table, credit, lambda marked: frames.histories(events, marked), at=now)

A column formula exists for most accounts, not for all. Where it would be wrong, the row says
``exact = False`` and has no value; `complete` gives these accounts to the engine.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from platgov._accounts.checks import refuse
from platgov._time import to_epoch
from platgov.accounts import CreditPolicy

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping

    from platgov.accounts import CreditHistory

__all__ = ["complete", "current", "histories", "scores"]


def scores(events: Any, policy: CreditPolicy, *, at: int | dt.datetime) -> Any:
    """Score every account of an event table.

    One row is one decision; a decision that stands in two rows counts twice. Columns:

    - ``account``: whole number or text;
    - ``at``: when, in whole UTC epoch seconds; rows after ``at`` are not known yet;
    - ``rule``: the rule that is cited, or the code of a task;
    - ``overturned_at``, ``held_at``, ``released_at``, each optional: when, or null. Of several
      holds the last one is given;
    - ``kind``, optional: ``violation`` (which all are without it) or ``task``;
    - ``id``, optional: the decision; if it is there, no id may come twice.

    Args:
        events: The table, in any order. One that is lazy is read, to be checked.
        policy: The policy of the score.
        at: The instant the scores are for.

    Returns:
        A frame of the same kind with one row for each account, in no particular order. Its columns
        are ``account``; ``at``; ``debt`` in units of which ``policy.recovery`` makes a point (see
        `current`); ``value``; for a `Drain` also ``next_change``, null for never; ``exact``. Where
        ``exact`` is false, ``debt``, ``value`` and ``next_change`` are null. That happens where

        - a `Drain` may have been cut by the expiry of a violation: more points were ever charged
          than heal in one lifetime, and some of them still count;
        - violations at several instants meet a policy with escalation;
        - a task was done.

    Raises:
        InputError: A column is missing, unknown or of the wrong type; a row has no account or
            instant, cites what the policy does not publish, or was overturned before it
            happened; or a sum does not fit 64 bits. Names the account and what to do.
    """
    return _part("credit").scores(events, _policy(policy), to_epoch(at))


def current(state: Any, policy: CreditPolicy, *, at: int | dt.datetime) -> Any:
    """Score accounts from a state table, without their events. Only for a `Drain`.

    Args:
        state: Has ``at``, the instant of the state, in epoch seconds, and ``debt``, the units owed
            then: rows that `scores` or `complete` gave, for accounts to which nothing
            happened since. Null: not known. All other columns are kept.
        policy: The policy under which the debts were computed.
        at: The instant the scores are for, not before any state.

    Returns:
        The frame with the columns ``value``, ``next_change`` and ``exact``, as `scores` gives
        them. ``exact`` is false where ``debt`` is null, where it is more than heals in one
        lifetime, and where ``exact`` was false before. A lazy frame stays lazy; it is read once
        to be checked.

    Raises:
        InputError: The policy is no `Drain`; a column is missing or of the wrong type; a state is
            later than ``at``, or a debt negative.
    """
    return _part("credit").current(state, _policy(policy), to_epoch(at))


def complete(
    table: Any,
    policy: CreditPolicy,
    load: Callable[[list[Any]], Mapping[Any, CreditHistory]],
    *,
    at: int | dt.datetime,
) -> Any:
    """Fill in the rows of `scores` that are not exact, with the engine.

    Args:
        table: What `scores` gave. One that is lazy is read.
        policy: The same policy.
        load: Gives the histories of a list of accounts; called once, and not for an empty list.
        at: The same instant.

    Returns:
        The frame with ``exact`` true everywhere: as a PyArrow table if it came from a database.
        ``debt`` stays null where an expiry may still cut it, so that it is no state to go on from.

    Raises:
        InputError: A history is missing, or not in the policy's terms.
    """
    return _part("engine").complete(table, _policy(policy), load, to_epoch(at))


def histories(events: Any, accounts: Iterable[Any]) -> dict[Any, CreditHistory]:
    """Give the histories of some accounts of an event table.

    Args:
        events: As for `scores`. With tasks, the column ``id`` is needed: ids decide which of two
            events of one second comes first.
        accounts: Which ones; those that are not in the table have an empty history.

    Raises:
        InputError: As for `scores` and for an `Event`.
    """
    found: dict[Any, CreditHistory] = _part("engine").histories(events, accounts)
    return found


def _policy(policy: object) -> CreditPolicy:
    if not isinstance(policy, CreditPolicy):
        raise refuse("frames", f"policy is a {type(policy).__name__}; give a CreditPolicy", code="type")
    return policy


def _part(name: str) -> Any:
    try:
        return importlib.import_module(f"platgov._frames.{name}")
    except ModuleNotFoundError as missing:
        if missing.name != "narwhals":
            raise
        raise ImportError("frames are read with narwhals: install platgov[frames]") from missing
