"""How long does it take to score conduct?

::

    python benchmarks/accounts.py             # a minute
    python benchmarks/accounts.py --quick
    python benchmarks/accounts.py --rows 10000000   # rows of the batch part
    python benchmarks/accounts.py --json times.json

Scores histories with the engine, with its snapshot (one event after the other), and with a
bare integer loop that keeps one number (drain) or a list (fade) and knows nothing of expiry,
reasons, holds or overturns: the least that any implementation must do. Before anything is
timed, engine and snapshot are compared, and on histories in which nothing expires also with
the loop. Times are CPU time, medians over rounds in which all take turns; see `_timing`.

The batch part scores many accounts at once, from one table: `platgov.frames` over polars and over
DuckDB, beside polars and SQL written by hand for this one policy. The hand-written ones check
nothing, mark nothing, and give a value only; all values are compared first, and a sample of them
with the engine.

``healthy`` accounts heal faster than they break rules, as nearly all do. ``saturated`` ones are
kept at the floor for years by a thousand violations, hundreds of them live at once.
"""

from __future__ import annotations

import argparse
import functools
import json
import platform
import random
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from _timing import Bar, WrongAnswerError, cpu_seconds

from platgov import frames
from platgov.accounts import CreditHistory, CreditPolicy, Drain, Escalation, Event, Fade, GradePolicy, Rung, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

DAY: Final = 86_400
START: Final = 1_600_000_000
EVENTS: Final = 1_000
SPAN: Final = 1_000
NOW: Final = START + (SPAN + 1) * DAY
WEIGHTS: Final = {"minor": 1, "usual": 2, "grave": 5, "gravest": 10}


def policy(**fields: Any) -> CreditPolicy:
    made = {
        "context": "comments", "start": 120, "floor": 0, "ceiling": 120, "weights": WEIGHTS,
        "recovery": Drain(points=1, per_days=7), "max_lifetime_days": 730, "max_single": 40,
    }  # fmt: skip
    return CreditPolicy(**{**made, **fields})


WORKLOADS: Final = {
    "drain, healthy": policy(recovery=Drain(points=6, per_days=1)),
    "drain, saturated": policy(),
    "drain, escalating": policy(
        recovery=Drain(points=60, per_days=1), escalation=Escalation(window_days=30, factors=(1, 2, 3))
    ),
    "fade, linear": policy(recovery=Fade(lifetime_days=30)),
    "fade, step": policy(recovery=Fade(shape="step", lifetime_days=30)),
    "fade, saturated": policy(recovery=Fade()),
}

LADDER: Final = GradePolicy(
    rungs=[
        Rung(name="limited"),
        Rung(name="basic", promote_at=68, demote_below=60, dwell_days=14),
        Rung(name="normal", promote_at=94, demote_below=88, grace_days=3),
    ]
)


def events(seed: int) -> list[Event]:
    """Make a history in which no two events share a second."""
    rng = random.Random(seed)
    instants = sorted(rng.sample(range(SPAN * DAY), EVENTS))
    return [
        Event.violation(f"d{number}", rule=rng.choice(list(WEIGHTS)), at=START + at)
        for number, at in enumerate(instants)
    ]


def bare_drain(made: CreditPolicy, rows: list[tuple[int, int]]) -> int:
    rate, scale = made.recovery.points, made.recovery.per_days * DAY
    debt = last = 0
    for at, points in rows:
        debt -= rate * (at - last)
        debt = points * scale if debt < 0 else debt + points * scale
        last = at
    debt -= rate * (NOW - last)
    return min(made.ceiling, max(made.floor, made.start - -(-max(0, debt) // scale)))


def check(made: CreditPolicy, history: CreditHistory) -> None:
    """Raise unless engine, snapshot and, where it applies, the bare loop agree."""
    score = made.score(history, at=NOW)
    snapshot = made.snapshot().advance(history.events)
    owed = sum(row.remaining for row in score.contributions)
    if snapshot.value(at=NOW) != score.value or score.start - owed - score.rounding + score.clamping != score.value:
        raise WrongAnswerError(f"snapshot {snapshot.value(at=NOW)}, score {score.value}, {owed} owed")
    if isinstance(made.recovery, Drain) and made.escalation is None and not snapshot.state[0][3]:
        bare = bare_drain(made, [(event.at, WEIGHTS[event.cites]) for event in history.events])
        if bare != score.value:
            raise WrongAnswerError(f"bare loop {bare}, score {score.value}")


def contestants(made: CreditPolicy, history: CreditHistory) -> dict[str, Callable[[], Any]]:
    """Give what is timed; each does the whole history once."""
    found = history.events
    rows = [(event.at, WEIGHTS[event.cites]) for event in found]
    plain = [(event.kind.value, event.id, event.at, event.cites) for event in found]
    timed: dict[str, Callable[[], Any]] = {
        "step": lambda: made.snapshot().advance(found),
        "step, a value for each": lambda: functools.reduce(Snapshot.add, found, made.snapshot()),
        "replay": lambda: made.value(made.replay(history.effective(at=NOW))[0], NOW),
        "score": lambda: made.score(history, at=NOW),
        "grade": lambda: LADDER.grade(history, made, at=NOW),
        "building the history": lambda: CreditHistory.of(
            [Event.violation(event_id, rule=rule, at=at) for _, event_id, at, rule in plain]
        ),
    }
    if isinstance(made.recovery, Drain):
        timed["bare loop"] = lambda: bare_drain(made, rows)
    return timed


def measure(name: str, rounds: int) -> dict[str, list[float]]:
    """Give CPU seconds of one history by contestant, one for each round."""
    made = WORKLOADS[name]
    taken: dict[str, list[float]] = {}
    for turn in range(rounds):
        history = CreditHistory.of(events(turn))
        check(made, history)
        timed = list(contestants(made, history).items())
        for what, run in timed[turn % len(timed) :] + timed[: turn % len(timed)]:
            seconds, _ = cpu_seconds(lambda run=run: [run() for _ in range(3)])
            taken.setdefault(what, []).append(seconds / 3)
    return taken


def bars(name: str, taken: dict[str, float]) -> list[Bar]:
    found = [
        Bar(name, "step, µs for one event", taken["step"] / EVENTS * 1e6, 1.5),
        Bar(name, "replay of 1,000 events, ms", taken["replay"] * 1e3, 2),
    ]
    if name in ("drain, healthy", "fade, linear"):
        found.append(Bar(name, "score of 1,000 events with reasons, ms", taken["score"] * 1e3, 2))
    return found


# -- many accounts at once ---------------------------------------------------------------------

BATCH: Final = {"batch, drain": policy(), "batch, fade": policy(recovery=Fade(), max_lifetime_days=365)}
OVERTURNED: Final = 0.03
SAMPLE: Final = 100_000


def table(rows: int, seed: int = 0) -> Any:
    """Make an event table, ten events to an account, in no order."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(seed)
    at = START + rng.integers(0, SPAN * DAY, rows)
    return pl.DataFrame(
        {
            "account": rng.integers(0, max(1, rows // 10), rows),
            "at": at,
            "rule": np.array(list(WEIGHTS))[rng.integers(0, len(WEIGHTS), rows)],
            "overturned_at": np.where(rng.random(rows) < OVERTURNED, at + rng.integers(0, 30 * DAY, rows), 0),
        }
    ).with_columns(pl.col("overturned_at").replace(0, None))


def by_hand(made: CreditPolicy, found: Any) -> dict[str, Callable[[], Any]]:
    """Give what somebody writes for one policy: polars twice, and SQL."""
    import duckdb
    import polars as pl

    drains = isinstance(made.recovery, Drain)
    life = made.max_lifetime_days * DAY
    scale = made.recovery.per_days * DAY if drains else life
    counts = (pl.col("at") <= NOW) & (pl.col("overturned_at").is_null() | (pl.col("overturned_at") > NOW))
    points = pl.col("rule").replace_strict(WEIGHTS, return_dtype=pl.Int64)

    def valued(rows: Any, debt: Any) -> Any:
        value = (made.start - (debt.clip(0) + scale - 1) // scale).clip(made.floor, made.ceiling)
        return rows.select("account", value=value).collect()

    def packed() -> Any:
        span = 1 << 32
        rows = found.lazy().filter(counts).select(p=points, key=pl.col("account") * span + (pl.col("at") - START))
        rows = rows.sort("key").select(
            "p", account=pl.col("key") // span, age=NOW - START - pl.col("key") % span, c=pl.col("p").cum_sum()
        )
        rows = rows.select("account", "c", k=(pl.col("c") - pl.col("p")) * scale + pl.col("age"))
        return valued(
            rows.group_by("account").agg(pl.col("c").max(), pl.col("k").min()), pl.col("c") * scale - pl.col("k")
        )

    def plain() -> Any:
        rows = found.lazy().filter(counts).select("account", "at", p=points * scale).sort("account", "at")
        least = (pl.col("p").cum_sum() - pl.col("p") + NOW - pl.col("at")).min()
        return valued(rows.group_by("account").agg(c=pl.col("p").sum(), k=least), pl.col("c") - pl.col("k"))

    def fading() -> Any:
        units = points * (life - (NOW - pl.col("at"))).clip(0)
        rows = found.lazy().filter(counts).select("account", u=units)
        return valued(rows.group_by("account").agg(pl.col("u").sum()), pl.col("u"))

    database = duckdb.connect()
    database.execute("set threads = 2")
    database.register("arrow", found.to_arrow())
    database.execute("create table events as select * from arrow")
    cases = " ".join(f"when '{rule}' then {weight}" for rule, weight in WEIGHTS.items())
    known = f'"at" <= {NOW} and coalesce(overturned_at > {NOW}, true)'
    rows = f'select account, "at" t, case rule {cases} end p from events where {known}'
    if drains:
        running = "sum(p) over (partition by account order by t rows unbounded preceding)"
        debt = f"greatest(0, sum(p) * {scale} - min((c - p) * {scale} + {NOW} - t))"
        rows = f"select *, {running} c from ({rows})"
    else:
        debt = f"sum(p * greatest(0, {life} - ({NOW} - t)))"
    clamped = f"greatest({made.floor}, least({made.ceiling}, {made.start} - ({debt} + {scale - 1}) // {scale}))"
    query = f"select account, cast({clamped} as bigint) as value from ({rows}) group by account"
    timed = {"polars by hand": packed, "polars by hand, plain sort": plain} if drains else {"polars by hand": fading}
    return timed | {
        "SQL by hand": lambda: pl.from_arrow(database.sql(query).to_arrow_table()),
        "frames over polars": lambda: frames.scores(found, made, at=NOW),
        "frames over DuckDB": lambda: pl.from_arrow(
            frames.scores(database.table("events"), made, at=NOW).to_arrow_table()
        ),
    }


def check_batch(made: CreditPolicy, found: Any, timed: dict[str, Callable[[], Any]]) -> None:
    """Raise unless all agree, and a sample with the engine."""
    import polars as pl

    full = timed["frames over polars"]()
    right = full.filter("exact").select("account", "value")
    for what, run in timed.items():
        other = run().select("account", pl.col("value").alias("other"))
        differ = right.join(other, on="account", how="left").filter(
            pl.col("other").fill_null(made.start) != pl.col("value")
        )
        if len(differ):
            raise WrongAnswerError(f"{what}: {differ.row(0)}")
    sample = full["account"].sort().sample(min(SAMPLE, len(full)), seed=7).to_list()
    told = dict(
        zip(
            *frames.complete(
                full.filter(pl.col("account").is_in(sample)),
                made,
                lambda marked: frames.histories(found, marked),
                at=NOW,
            ).select("account", "value"),
            strict=True,
        )
    )
    for account, history in frames.histories(found, sample).items():
        if told[account] != made.score(history, at=NOW).value:
            raise WrongAnswerError(f"account {account}: {told[account]}")


def batch(name: str, rows: int, rounds: int) -> dict[str, list[float]]:
    """Give CPU seconds of one pass over the table by contestant, one for each round."""
    found = table(rows)
    contest = by_hand(BATCH[name], found)
    check_batch(BATCH[name], found, contest)
    taken: dict[str, list[float]] = {}
    timed = list(contest.items())
    for turn in range(rounds):
        for what, run in timed[turn % len(timed) :] + timed[: turn % len(timed)]:
            taken.setdefault(what, []).append(cpu_seconds(run)[0])
    return taken


def batch_bars(name: str, rounds: dict[str, list[float]]) -> list[Bar]:
    def ratio(one: str, other: str) -> float:
        return statistics.median(a / b for a, b in zip(rounds[one], rounds[other], strict=True))

    return [
        Bar(name, "over polars, to polars by hand", ratio("frames over polars", "polars by hand"), 1.10),
        Bar(name, "over polars, to SQL by hand", ratio("frames over polars", "SQL by hand"), 1.0),
    ]


def main() -> int:
    """Measure, print, and return how many bars were missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--json", type=Path, help="write all times there as well")
    parser.add_argument("--rows", type=int, default=2_000_000, help="rows of the batch part (2 million)")
    parser.add_argument("--only", help="only workloads whose name has this in it", default="")
    asked = parser.parse_args()
    missed, report = 0, {}
    for name in [name for name in WORKLOADS if asked.only in name]:
        rounds = measure(name, 7 if asked.quick else 21)
        taken = {what: statistics.median(times) for what, times in rounds.items()}
        print(f"\n{name}")
        for what, seconds in taken.items():
            beside = f"{seconds / taken['bare loop']:8.1f} x bare loop" if "bare loop" in taken else ""
            print(f"    {what:24}{seconds / EVENTS * 1e6:10.2f} µs an event{seconds * 1e3:10.2f} ms{beside}")
        held = bars(name, taken)
        missed += sum(not bar.met for bar in held)
        print(*(f"  {bar}" for bar in held), sep="\n", flush=True)
        report[name] = {"rounds": rounds, "bars": [bar._asdict() | {"met": bar.met} for bar in held]}
    for name in [name for name in BATCH if asked.only in name]:
        rounds = batch(name, asked.rows, 5 if asked.quick else 15)
        print(f"\n{name}, {asked.rows} rows")
        for what, times in rounds.items():
            seconds = statistics.median(times)
            print(f"    {what:28}{seconds:8.3f} s{asked.rows / seconds / 1e6:8.1f} M rows a CPU second")
        held = batch_bars(name, rounds)
        missed += sum(not bar.met for bar in held)
        print(*(f"  {bar}" for bar in held), sep="\n", flush=True)
        report[name] = {"rounds": rounds, "bars": [bar._asdict() | {"met": bar.met} for bar in held]}
    print(f"\nCPython {platform.python_version()}, {missed} bars short")
    if asked.json is not None:
        asked.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return missed


if __name__ == "__main__":
    sys.exit(main())
