"""Random ladders and histories, and a second, deliberately plain reading of what they amount to.

Everything happens on whole days, so that looking at every day misses nothing.
"""

import functools

import attrs
from hypothesis import strategies as st

from platgov.enforcement import (
    Actor,
    Appeal,
    AppealOutcome,
    AppealPolicy,
    Deviation,
    DeviationCode,
    History,
    Ladder,
    Modification,
    Overturn,
    Ruling,
    Signature,
    Step,
    Strike,
)
from platgov.errors import DueProcessError
from platgov.facts import facts
from platgov.measures import (
    Authority,
    Label,
    LimitVisibility,
    Measure,
    Remove,
    SuspendAccount,
    SuspendFeature,
    Terminate,
    Warn,
    join,
)
from platgov.rules import ConditionRule, RuleSet

DAY = 86_400
T0 = 1_770_000_000
HORIZON = 24


@facts
class Conduct:
    """Which rules are broken."""

    links: int = 0
    rude: bool = False
    fraud: bool = False
    slight: bool = False
    grave: bool = False


RULES = RuleSet(
    id="community",
    version="2026.1",
    facts=Conduct,
    rules=[
        ConditionRule(
            id="spam", clause="4.2", category="scams", when="links > 3", measures=[LimitVisibility(days=3), Warn()]
        ),
        ConditionRule(id="rude", clause="5", category="harassment", when="rude", measures=[SuspendAccount(days=2)]),
        ConditionRule(
            id="fraud",
            clause="6",
            category="scams",
            when="fraud",
            measures=[Remove(), SuspendAccount(days=5, authority=Authority.REVIEWER)],
        ),
        ConditionRule(
            id="slight", clause="1", category="form", when="slight", measures=[Label(label="untidy", days=4)]
        ),
        ConditionRule(id="grave", clause="9", category="safety", when="grave", measures=[Terminate()]),
        ConditionRule(id="noted", clause="0", category="form", when="links == 2", measures=[]),
    ],
)

OFFENCES = ("links", "rude", "fraud", "slight", "grave")


@functools.cache
def decided(*offences, day=0):
    """Give the decision on some offences."""
    conduct = {name: name in offences for name in OFFENCES} | {"links": 5 * ("links" in offences)}
    return RULES.decide(conduct, at=T0 + day * DAY)


def simple(*measures_by_strikes, **given):
    """Give a ladder from pairs of strikes and measures."""
    steps = [Step(min_strikes=strikes, measures=measures) for strikes, measures in measures_by_strikes]
    return Ladder(id="test", version="1", steps=steps, **given)


PLAIN = simple(
    (1, [Warn()]),
    (2, [Warn(), SuspendAccount(days=7)]),
    (3, [Warn(), SuspendAccount(days=30), SuspendFeature(feature="chat", days=30)]),
)

# -- people and measures -----------------------------------------------------------------------

authorities = st.sampled_from(list(Authority)[1:])
people = st.builds(Actor, id=st.sampled_from(["anna", "ben", "cho", "dora"]), authority=authorities)
offences = st.sets(st.sampled_from(OFFENCES), min_size=1).map(lambda names: tuple(sorted(names)))
days = st.integers(0, HORIZON - 4)
any_authority = st.sampled_from(list(Authority))
measures = st.one_of(
    st.just(Warn()),
    st.builds(Label, label=st.sampled_from(["a", "b"]), days=st.integers(1, 5)),
    st.builds(LimitVisibility, days=st.integers(1, 6), authority=any_authority),
    st.builds(Remove, authority=any_authority),
    st.builds(SuspendFeature, feature=st.sampled_from(["chat", "live"]), days=st.integers(1, 6)),
    st.builds(SuspendAccount, days=st.integers(1, 9), authority=any_authority),
    st.builds(SuspendAccount),
    st.just(Terminate()),
)
some_measures = st.lists(measures, max_size=3)
strikes = st.builds(Strike, weight=st.integers(0, 3), days=st.integers(1, 9))


@st.composite
def ladders(draw):
    """Give a ladder; each step holds what the one before it does."""
    steps, held, least = [], (), 0
    for _ in range(draw(st.integers(0, 4))):
        least += draw(st.integers(1, 2))
        held = join((*held, *draw(some_measures)))
        steps.append(Step(min_strikes=least, measures=held))
    return Ladder(
        id="drawn",
        version="1",
        steps=steps,
        strikes=draw(st.dictionaries(st.sampled_from(["spam", "rude", "fraud", "scams", "form", "safety"]), strikes)),
        strike_days=draw(st.integers(1, 9)),
        four_eyes=draw(st.sampled_from([None, Authority.AUTOMATIC, Authority.REVIEWER, Authority.SENIOR])),
        review_days=draw(st.integers(1, 5)),
        appeal=AppealPolicy(days=draw(st.sampled_from([None, 2, 0])), suspensive=draw(st.booleans())),
    )


# -- histories ---------------------------------------------------------------------------------


@st.composite
def deviations(draw, day):
    """Give a departure that nobody lacks the authority for."""
    return Deviation(
        by=Actor(id=draw(st.sampled_from(["anna", "ben"])), authority=Authority.EDITOR_IN_CHIEF),
        code=draw(st.sampled_from(DeviationCode)),
        text="because",
        measures=draw(some_measures),
        expires_at=T0 + (day + draw(st.integers(1, 5))) * DAY,
    )


@st.composite
def events(draw, ladder, count=6, engine_only=False):
    """Give the events of a history, as they come in: not in order of time, some of them out of turn."""
    history = History("u1")
    for number in range(draw(st.integers(0, count))):
        day = draw(days)
        by = None if engine_only else draw(st.none() | people)
        deviation = draw(st.none() | deviations(day)) if not engine_only and draw(st.integers(0, 3)) == 0 else None
        sanction = ladder.apply(
            decided(*draw(offences)), history, at=T0 + day * DAY, by=by, deviation=deviation, case=f"c{number}"
        )
        history = history.add(sanction)
    kept = list(history.events)
    targets = [event.id for event in kept] or ["s-nothing"]
    for _ in range(0 if engine_only else draw(st.integers(0, count))):
        kept.append(draw(later(st.sampled_from(targets), kept)))
    return kept


@st.composite
def later(draw, targets, so_far):
    """Give something that happens to a sanction, allowed or not."""
    given = {
        "subject": "u1",
        "sanction_id": draw(targets),
        "at": T0 + draw(days) * DAY,
        "by": draw(people),
    }
    kind = draw(st.sampled_from(["sign", "sign", "overturn", "modify", "appeal", "rule"]))
    if kind == "sign":
        return Signature(**given, measures=draw(st.lists(measures, min_size=1, max_size=4)))
    if kind == "overturn":
        return Overturn(**given)
    if kind == "modify":
        return Modification(**given, measures=draw(some_measures), weight=draw(st.none() | st.integers(0, 2)))
    appeals = [event for event in so_far if event.kind == "appeal"]
    if kind == "appeal" or not appeals:
        refusal = draw(st.sampled_from([None, None, "late"]))
        holds = draw(st.booleans())
        return Appeal(**given, text=f"no {refusal} {holds}", refusal=refusal, suspensive=holds)
    appeal = draw(st.sampled_from(appeals))
    outcome = draw(st.sampled_from(AppealOutcome))
    changed = outcome is AppealOutcome.MODIFIED
    given["sanction_id"] = appeal.sanction_id
    return Ruling(
        **given,
        appeal_id=appeal.id,
        outcome=outcome,
        reason="so",
        measures=draw(some_measures) if changed else None,
        weight=draw(st.none() | st.integers(0, 2)) if changed else None,
    )


@st.composite
def histories(draw, **given):
    """Give a ladder and a history under it."""
    ladder = draw(ladders())
    return ladder, History("u1", draw(events(ladder, **given)))


# -- the second reading ------------------------------------------------------------------------

_ORDER = ("sanction", "signature", "modification", "appeal", "ruling", "overturn")


def severer(one: Measure, other: Measure) -> bool:
    """Say whether one measure is at least as severe as another in the same place."""
    return (one.kind, one.target) == (other.kind, other.target) and one.severity >= other.severity


@attrs.frozen
class Plain:
    """What a list of events amounts to on one day; every question is answered from scratch."""

    events: list
    now: int

    def known(self, *kinds):
        found = [event for event in self.events if event.at <= self.now and event.kind in kinds]
        return sorted(found, key=lambda event: (event.at, _ORDER.index(event.kind), event.id))

    def rulings(self):
        first = {}
        for ruling in self.known("ruling"):
            first.setdefault(ruling.appeal_id, ruling)
        return first

    def overturned(self, sanction):
        if any(event.sanction_id == sanction.id for event in self.known("overturn")):
            return True
        ends = AppealOutcome.OVERTURNED
        return any(one.outcome is ends and one.sanction_id == sanction.id for one in self.rulings().values())

    def change(self, sanction):
        rulings = [one for one in self.rulings().values() if one.outcome is AppealOutcome.MODIFIED]
        found = [one for one in [*self.known("modification"), *rulings] if one.sanction_id == sanction.id]
        return max(found, key=lambda event: (event.at, _ORDER.index(event.kind), event.id), default=None)

    def weight(self, sanction, at):
        if self.overturned(sanction):
            return 0
        change = self.change(sanction)
        most = 99 if change is None or change.weight is None else change.weight
        return max([0, *(min(s.weight, most) for s in sanction.strikes if sanction.at <= at < s.expires_at)])

    def strikes(self, at):
        return sum(self.weight(sanction, at) for sanction in self.known("sanction"))

    def steps(self, sanction):
        """Give the measures of every step up to the one reached, a sanction without a strike reaching none."""
        standing = self.strikes(sanction.at) if sanction.strikes else 0
        return [step.measures for step in sanction.ladder.steps if step.min_strikes <= standing]

    def due(self, sanction):
        if self.overturned(sanction):
            return ()
        change = self.change(sanction)
        if change is not None:
            return change.measures
        own = [measure for finding in sanction.findings for measure in finding.measures]
        return join([*own, *[measure for step in self.steps(sanction) for measure in step]])

    def effective(self, sanction):
        departs = sanction.deviation is not None and self.now < sanction.deviation.expires_at
        if departs and not self.overturned(sanction) and self.change(sanction) is None:
            return sanction.deviation.measures
        return self.due(sanction)

    def start(self, sanction, measure):
        """Give when enough people stand for a measure."""
        level, needs = sanction.ladder.four_eyes, 1
        least = measure.authority.rank
        if level is not None and least >= level.rank:
            needs, least = 2, level.rank
        elif least == 0:
            return sanction.at
        told = (*sanction.due, *sanction.measures)
        signed = [(sanction.at, sanction.by, told)]
        if sanction.deviation is not None:
            signed.append((sanction.at, sanction.deviation.by, told))
        if (change := self.change(sanction)) is not None:
            signed.append((sanction.at, change.by, change.measures))
        signed += [(s.at, s.by, s.measures) for s in self.known("signature") if s.sanction_id == sanction.id]
        for day in sorted({at for at, _, _ in signed if at >= sanction.at}):
            by_then = [
                by
                for at, by, measures in signed
                if sanction.at <= at <= day
                and by is not None
                and by.authority.rank >= max(least, 1)
                and any(severer(one, measure) for one in measures)
            ]
            enough = len({by.id for by in by_then}) >= needs
            if enough and any(by.authority.rank >= measure.authority.rank for by in by_then):
                return day
        return None

    def candidates(self, sanction):
        change, deviation = self.change(sanction), sanction.deviation
        if change is not None:
            return list(change.measures)
        if deviation is not None and self.now < deviation.expires_at:
            return list(deviation.measures)
        own = [measure for finding in sanction.findings for measure in finding.measures]
        steps = [measure for step in self.steps(sanction) for measure in step]
        return [*own, *steps, *join([*own, *steps])]

    def paused(self, sanction):
        for appeal in self.known("appeal"):
            if appeal.sanction_id == sanction.id and appeal.suspensive and appeal.refusal is None:
                ruling = self.rulings().get(appeal.id)
                if appeal.at <= self.now and (ruling is None or self.now < ruling.at):
                    return True
        return False

    def in_force(self):
        """Give what is in force now: sanction id, kind, target and severity of each measure."""
        found = set()
        for sanction in self.known("sanction"):
            if self.overturned(sanction) or self.paused(sanction):
                continue
            candidates = self.candidates(sanction)
            for place in {(measure.kind, measure.target) for measure in candidates}:
                begun = []
                for measure in candidates:
                    start = self.start(sanction, measure)
                    if (measure.kind, measure.target) == place and start is not None and start <= self.now:
                        begun.append((measure.severity, measure.authority.rank, -start))
                if begun:
                    severity, rank, start = max(begun)
                    if self.now < -start + severity[1] * 1.0:
                        found.add((sanction.id, *place, severity, rank))
        return found


def shown(restrictions):
    """Give restrictions as `Plain.in_force` does."""
    return {
        (one.sanction_id, one.measure.kind, one.measure.target, one.measure.severity, one.measure.authority.rank)
        for one in restrictions
    }


def covers(more, less):
    """Say whether for each of some measures there is one at least as severe in the same place."""
    return all(any(severer(one, other) for one in more) for other in less)


def without(events, sanction_id):
    """Give the events that have nothing to do with a sanction."""
    return [event for event in events if sanction_id not in (event.id, getattr(event, "sanction_id", None))]


def allowed(act, history):
    """Do something, or give the history as it is where the procedure does not allow it."""
    try:
        return act()
    except DueProcessError:
        return history
