"""Histories and policies of accounts, and a deliberately simple second reading of what they mean.

The second reading uses fractions and walks from one rational instant to the next; it shares no
code and no formula with the library.
"""

from __future__ import annotations

import heapq
import random
from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st

from platgov.accounts import (
    CreditHistory,
    CreditPolicy,
    Drain,
    DwellFrom,
    Escalation,
    Event,
    EventKind,
    Fade,
    GradePolicy,
    RecoveryTask,
    Rung,
)

# For the laws that most examples keep whatever the code does.
MORE = settings(max_examples=4 * settings().max_examples)

DAY = 86_400
T0 = 1_700_000_000
RULES = ("ads", "harass", "spam")
CODES = ("course", "quiz")

# -- policies ----------------------------------------------------------------------------------

# A policy is made from one drawn number: drawing its dozen parts one by one took most of the time.
seeds = st.integers(0, 2**24)


def policy_from(seed, kinds=("drain", "linear", "step"), escalate=True):
    rng = random.Random(seed)
    kind = rng.choice(kinds)
    start = rng.randint(5, 40)
    return CreditPolicy(
        context="comments",
        start=start,
        floor=rng.randint(-5, 5),
        ceiling=start + rng.randint(0, 3),
        weights={rule: rng.choice([0, *range(3, 21)]) for rule in RULES},
        recovery=Drain(points=rng.randint(1, 5), per_days=rng.randint(2, 12)) if kind == "drain" else Fade(shape=kind),
        max_lifetime_days=rng.choice([2, 6, 10, 40]),
        max_single=rng.randint(5, 30),
        escalation=escalation_from(rng) if escalate and rng.random() < 0.5 else None,
        tasks={code: task_from(rng) for code in CODES},
    )


def task_from(rng):
    return RecoveryTask(points=rng.randint(1, 6), max_points=rng.randint(1, 9), per_days=rng.choice([1, 3, 7]))


def escalation_from(rng):
    factors = sorted(rng.randint(1, 4) for _ in range(rng.randint(1, 3)))
    return Escalation(window_days=rng.choice([1, 3, 10]), factors=factors)


policies = seeds.map(policy_from)
draining = seeds.map(lambda seed: policy_from(seed, kinds=["drain"]))
draining_evenly = seeds.map(lambda seed: policy_from(seed, kinds=["drain"], escalate=False))
fading = seeds.map(lambda seed: policy_from(seed, kinds=["linear", "step"]))


# -- histories ---------------------------------------------------------------------------------

# Coarse days make ties and exact ends of lifetimes and windows likely; single seconds their neighbours.
OFFSETS = (0, 0, 0, -1, 1, 40_000, 7)
DAYS = 14
instants = st.sampled_from([T0 + max(0, day * DAY + offset) for day in range(DAYS) for offset in OFFSETS])
made = st.integers(0, 2 * len(RULES) + len(CODES) - 1)
afterwards = st.sampled_from(["", "", "", "", "", "overturn", "hold", "hold release", "hold overturn", "hold hold"])


@st.composite
def event_lists(draw, max_size=7, task=True, later=True):
    """Events of one account, in no particular order."""
    events = []
    for number, (what, at, then) in enumerate(
        draw(st.lists(st.tuples(made, instants, afterwards), min_size=min(2, max_size), max_size=max_size))
    ):
        if task and what >= 2 * len(RULES):
            events.append(Event.task(f"t{number}", code=CODES[what - 2 * len(RULES)], at=at))
            continue
        events.append(Event.violation(f"d{number}", rule=RULES[what % len(RULES)], at=at))
        for kind in then.split() if later else []:
            events.append(getattr(Event, kind)(f"d{number}", at=max(at, draw(instants))))
    return events


# By way of a seed: drawn directly, most would lie at the ends, before everything or after all has healed.
asked = instants | seeds.map(lambda seed: T0 + random.Random(seed).randrange(20 * DAY))
waits = st.sampled_from([0, 1, DAY - 1]) | seeds.map(lambda seed: random.Random(seed).randrange(9 * DAY))
histories = event_lists().map(CreditHistory.of)


def when_known(events, at):
    """An instant at which one of the events at least is known: a law says little of an empty history."""
    return max([at, *(min(event.at for event in events) for _ in events[:1])])


# -- ladders -----------------------------------------------------------------------------------


def ladder_from(seed, credit, dwell_from=None, dwell=12, grace=6):
    """A ladder without requirements over the scores of a policy whose floor is at most 0."""
    rng = random.Random(seed)
    count = rng.randint(1, 3)
    down = sorted(rng.randint(0, credit.start) for _ in range(count))
    up = sorted(min(credit.start, mark + rng.randint(0, 4)) for mark in down)
    rungs = [Rung(name="r0")] + [
        Rung(
            name=f"r{place + 1}", promote_at=up[place], demote_below=down[place],
            dwell_days=rng.choice([0, rng.randint(0, dwell)]), grace_days=rng.choice([0, rng.randint(0, grace)]),
        )
        for place in range(count)
    ]  # fmt: skip
    return GradePolicy(
        rungs=rungs,
        entry=rng.choice(rungs).name,
        dwell_from=rng.choice(list(DwellFrom)) if dwell_from is None else dwell_from,
    )


# -- the second reading: credit ----------------------------------------------------------------


def effective(events, at):
    """Violations and tasks that count at an instant: (at, order, id, cites)."""
    counting = []
    for event in set(events):
        if event.at > at or event.kind not in (EventKind.VIOLATION, EventKind.TASK):
            continue
        about = [other for other in events if other.id == event.id and other.at <= at]
        if any(other.kind is EventKind.OVERTURN for other in about):
            continue
        marks = [(other.at, other.kind is EventKind.RELEASE) for other in about if other.kind in HOLDING]
        if marks and not max(marks)[1]:
            continue
        counting.append((event.at, event.kind is EventKind.TASK, event.id, event.cites))
    return sorted(counting)


HOLDING = (EventKind.HOLD, EventKind.RELEASE)


class Item:
    def __init__(self, event_id, rule, at, points):
        self.id, self.rule, self.at, self.points = event_id, rule, at, points
        self.drained = self.repaid = Fraction(0)
        self.expired = False


class Reading:
    """Walks one account through its effective events."""

    def __init__(self, policy):
        self.policy = policy
        self.now = None
        self.items = []
        self.repaid = []
        self.seen = []

    def left(self, item, at):
        recovery, life = self.policy.recovery, self.policy.max_lifetime_days * DAY
        if isinstance(recovery, Drain):
            return Fraction(0) if item.expired else item.points - item.drained - item.repaid
        age = at - item.at
        if age >= life:
            return Fraction(0)
        full = item.points if recovery.shape == "step" else item.points * Fraction(life - age, life)
        return max(Fraction(0), full - item.repaid)

    def move(self, at):
        if self.now is not None and isinstance(self.policy.recovery, Drain):
            self.drain(Fraction(self.now), Fraction(at))
        self.now = at

    def drain(self, now, until):
        rate = Fraction(self.policy.recovery.points, self.policy.recovery.per_days * DAY)
        life = self.policy.max_lifetime_days * DAY
        while True:
            for item in self.items:
                item.expired = item.expired or item.at + life <= now
            live = [item for item in self.items if self.left(item, now) > 0]
            if now == until or not live:
                break
            oldest = live[0]
            stop = min(until, now + self.left(oldest, now) / rate, min(item.at + life for item in live))
            oldest.drained += rate * (stop - now)
            now = stop
        for item in self.items:
            item.expired = item.expired or item.at + life <= until

    def take(self, at, is_task, event_id, cites):
        self.move(at)
        policy = self.policy
        if not is_task:
            points = policy.weights[cites]
            if policy.escalation is not None:
                window = policy.escalation.window_days * DAY
                earlier = len([other for other in self.seen if at - window < other < at])
                factors = policy.escalation.factors
                points *= factors[earlier] if earlier < len(factors) else factors[-1]
            self.seen.append(at)
            self.items.append(Item(event_id, cites, at, min(points, policy.max_single)))
            return
        task = policy.tasks[cites]
        used = sum(
            amount for moment, code, amount in self.repaid if code == cites and moment > at - task.per_days * DAY
        )
        room = min(Fraction(task.points), task.max_points - used)
        for item in self.items:
            part = min(room, self.left(item, at))
            item.repaid += part
            room -= part
            self.repaid.append((at, cites, part))

    def debt(self):
        return sum((self.left(item, self.now) for item in self.items), Fraction(0))


def read(policy, events, at, known_at=None):
    """Walk to an instant, by what is known at another (by default the same)."""
    reading = Reading(policy)
    for event in effective(events, at if known_at is None else known_at):
        if event[0] <= at:
            reading.take(*event)
    reading.move(at)
    return reading


def score_of(policy, debt):
    unclamped = policy.start - -(-debt.numerator // debt.denominator)
    return sorted((policy.floor, unclamped, policy.ceiling))[1]


def score(policy, events, at, known_at=None):
    return score_of(policy, read(policy, events, at, known_at).debt())


# -- the second reading: grades ----------------------------------------------------------------


def score_path(policy, events, until, known_at):
    """The score as steps: (instant, score from then on), by halving the gaps between events."""
    moments = sorted({event[0] for event in effective(events, known_at) if event[0] <= until} | {until})
    steps = []
    for place, moment in enumerate(moments):
        end = moments[place + 1] - 1 if place + 1 < len(moments) else moment
        now, value = moment, score(policy, events, moment, known_at)
        steps.append((now, value))
        last = score(policy, events, end, known_at)
        while value != last:
            low, high = now, end  # the score never falls in between
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if score(policy, events, middle, known_at) == value else (low, middle)
            now, value = high, score(policy, events, high, known_at)
            steps.append((now, value))
    return steps


def grade_path(ladder, credit, events, until, registered_at):
    """Every (instant, grade) up to ``until``, visiting each instant at which anything could be due."""
    rungs = ladder.rungs
    steps = dict(score_path(credit, events, until, until))
    place = [rung.name for rung in rungs].index(ladder.entry)
    first = registered_at if registered_at is not None else min(steps)
    steps.setdefault(first, credit.start)
    below = [None] * len(rungs)  # since when the score has been below what keeps the rung
    above = [None] * len(rungs)  # since when it has been at what leads up to the rung
    since = registered_at
    value = credit.start
    by_change = ladder.dwell_from is DwellFrom.CHANGE
    if registered_at is None:
        above = [float("-inf")] * len(rungs)
        place = len(rungs) - 1  # a full score for ever: every threshold is at most the start
    told = [(first, rungs[place].name)]
    waiting = [moment for moment in steps if moment >= first]
    heapq.heapify(waiting)
    now = None
    while waiting:
        last, now = now, heapq.heappop(waiting)
        if now > until:
            break
        if now == last:
            continue
        value = steps.get(now, value)
        for number, rung in enumerate(rungs[1:], 1):
            if value >= rung.demote_below:
                below[number] = None
            elif below[number] is None:
                below[number] = now
                heapq.heappush(waiting, now + rung.grace_days * DAY)
            if value < rung.promote_at:
                above[number] = None
            elif above[number] is None:
                above[number] = now
                heapq.heappush(waiting, now + rung.dwell_days * DAY)
        old = place
        while place and below[place] is not None and now - below[place] >= rungs[place].grace_days * DAY:
            place -= 1
        if place == old:
            for number in range(old + 1, len(rungs)):
                mark = since if by_change else above[number]
                if value < rungs[number].promote_at or (
                    mark is not None and now - mark < rungs[number].dwell_days * DAY
                ):
                    break
                place = number
        if place != old:
            since = now
            told.append((now, rungs[place].name))
            for rung in rungs:
                heapq.heappush(waiting, now + rung.dwell_days * DAY)
        if now == registered_at:
            for rung in rungs:
                heapq.heappush(waiting, now + rung.dwell_days * DAY)
    return told
