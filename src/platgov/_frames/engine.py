"""Gives single accounts of a table to the scalar engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import narwhals as nw

from platgov._accounts.checks import DAY, refuse
from platgov._accounts.recovery import DrainFlow
from platgov._canonical import shown
from platgov._frames.columns import collected, event_frame, frame_of, refuse_rows, said
from platgov.accounts import CreditHistory, Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from platgov.accounts import CreditPolicy

__all__ = ["complete", "histories"]

NOTHING: Final = -1
"""No debt is negative."""


def complete(
    table: Any, policy: CreditPolicy, load: Callable[[list[Any]], Mapping[Any, CreditHistory]], instant: int
) -> Any:
    """See `platgov.frames.complete`."""
    given = frame_of(table, "scores")
    wanted = {"account", "at", "debt", "value", "exact", *(["next_change"] if _drains(policy) else [])}
    names = given.collect_schema().names()
    if set(names) != wanted:
        raise refuse("scores", f"has the columns {', '.join(names)}; give what scores() gave under this policy")
    frame = collected(given)
    stray = frame.filter(nw.col("at") != instant).head(1)["at"].to_list()
    if stray:
        raise refuse("scores", f"is of the instant {stray[0]}, not {instant}", path="$.at")
    left = frame.filter(~nw.col("exact"))
    accounts = left["account"].to_list()
    if accounts:
        found = load(accounts)
        rows = [_row(policy, account, found, instant) for account in accounts]
        schema = nw.Schema({name: frame.schema[name] for name in names})
        filled = nw.from_dict(
            {name: [row[name] for row in rows] for name in names}, schema, backend=frame.implementation
        )
        filled = frame_of(filled.to_native(), "scores").with_columns(*_nulls(names))
        frame = nw.concat([frame.filter(nw.col("exact")), filled])
    lazily = isinstance(given, nw.LazyFrame) and given.implementation.is_polars()
    return (frame.lazy() if lazily else frame).to_native()


def _drains(policy: CreditPolicy) -> bool:
    return isinstance(policy.recovery.flow(policy.max_lifetime_days * DAY), DrainFlow)


def _row(policy: CreditPolicy, account: Any, found: Mapping[Any, CreditHistory], instant: int) -> dict[str, Any]:
    history = found.get(account)
    if not isinstance(history, CreditHistory):
        message = f"account {said(account)} has {shown(history)}; give the CreditHistory of every account asked for"
        raise refuse("histories", message, code="missing")
    state, _ = policy.replay(history.effective(at=instant))
    change = policy.next_change(state, instant)
    flow = policy.recovery.flow(policy.max_lifetime_days * DAY)
    # A state is only what no later expiry can change; else the host would go on from a wrong one.
    final = not isinstance(flow, DrainFlow) or all(row[-1][0] <= instant for row in state[0][3])
    return {
        "account": account,
        "at": instant,
        "debt": flow.debt(state[0], instant) if final else NOTHING,
        "value": policy.value(state, instant),
        "next_change": instant if change is None else change,
        "exact": True,
    }


def _nulls(names: list[str]) -> list[Any]:
    """Put nulls in the place of what stands for them; a list with a None would become floats in pandas."""
    nulls = [nw.when(nw.col("debt") != NOTHING).then("debt")]
    if "next_change" in names:
        nulls.append(nw.when(nw.col("next_change") != nw.col("at")).then("next_change"))
    return nulls


def histories(events: Any, accounts: Iterable[Any]) -> dict[Any, CreditHistory]:
    """See `platgov.frames.histories`."""
    frame = event_frame(events)
    refuse_rows(frame)
    wanted, kind = list(accounts), int if frame.collect_schema()["account"].is_integer() else str
    for account in wanted:
        if type(account) is not kind:
            message = f"account {said(account)} is no {kind.__name__}, as the accounts of the table are"
            raise refuse("histories", message, path="$.account", code="type")
    columns = collected(frame.filter(nw.col("account").is_in(wanted))).to_dict(as_series=False) if wanted else {}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    found: dict[Any, list[Event]] = {account: [] for account in wanted}
    for place, row in enumerate(rows):
        found[row["account"]] += _events(row, place)
    return {account: CreditHistory.of(listed) for account, listed in found.items()}


def _events(row: dict[str, Any], place: int) -> list[Event]:
    at, rule = int(row["at"]), row["rule"]
    task = row.get("kind") == "task"
    if task and "id" not in row:
        raise refuse("events", "has tasks and no column 'id', which decides their order", path="$.id", code="missing")
    name = row.get("id", f"row {place}")
    events = [Event.task(name, code=rule, at=at) if task else Event.violation(name, rule=rule, at=at)]
    marks = {"overturned_at": Event.overturn, "held_at": Event.hold, "released_at": Event.release}
    for column, mark in marks.items():
        if row.get(column) is not None:
            events.append(mark(name, at=int(row[column])))
    return events
