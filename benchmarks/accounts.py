"""How long does it take to score conduct?

::

    python benchmarks/accounts.py             # a minute
    python benchmarks/accounts.py --quick
    python benchmarks/accounts.py --json times.json

Scores histories with the engine, with its snapshot (one event after the other), and with a
bare integer loop that keeps one number (drain) or a list (fade) and knows nothing of expiry,
reasons, holds or overturns: the least that any implementation must do. Before anything is
timed, engine and snapshot are compared, and on histories in which nothing expires also with
the loop. Times are CPU time, medians over rounds in which all take turns; see `_timing`.

``healthy`` accounts heal faster than they break rules, as nearly all do. ``saturated`` ones are
kept at the floor for years by a thousand violations, hundreds of them live at once.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from _timing import Bar, WrongAnswerError, cpu_seconds

from platgov.accounts import CreditHistory, CreditPolicy, Drain, Escalation, Event, Fade, GradePolicy, Rung

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


def main() -> int:
    """Measure, print, and return how many bars were missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--json", type=Path, help="write all times there as well")
    asked = parser.parse_args()
    missed, report = 0, {}
    for name in WORKLOADS:
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
    print(f"\nCPython {platform.python_version()}, {missed} bars short")
    if asked.json is not None:
        asked.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return missed


if __name__ == "__main__":
    sys.exit(main())
