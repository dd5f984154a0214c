"""Before a new edition applies to anyone: what it would change, in the open, and never for some people only."""

import inspect
import pathlib
import random
from collections import Counter

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._canonical import dumps
from platgov._consistency import impact as module
from platgov._consistency.duties import FourEyes, Parties, conflicts, recusal
from platgov._consistency.impact import CHANGES, impact
from platgov._consistency.precedents import Precedent, atoms_of, nearest, rule_on
from platgov._consistency.replaying import replay
from platgov._consistency.rollout import Emergency, Stages, announced, shadow
from platgov.errors import DueProcessError, InputError
from platgov.facts import fact, facts
from platgov.ledger import Ledger, Record
from platgov.measures import LimitVisibility, Remove, Terminate, Warn
from platgov.rules import ConditionRule, Outcome, Rulebook, RuleSet

T0, DAY = 1_770_000_000, 86_400


@facts
class Post:
    """A post."""

    links: int = fact(ge=0)
    rude: bool
    age: int = fact(ge=0)


MEASURES = ([], [Warn()], [Remove(days=1)], [Remove(days=9)], [LimitVisibility(days=3), Warn()], [Terminate()])


def edition(version="1", links=3, rude=(Remove(days=3),), **given):
    rules = [
        ConditionRule(id="links", when=f"links > {links}", measures=[Warn()]),
        ConditionRule(id="rude", when="rude", measures=list(rude)),
    ]
    return RuleSet(**{"id": "posts", "version": version, "facts": Post, "rules": rules, **given})


OLD = edition()


def ledger_of(posts, rules=OLD, people=7):
    ledger = Ledger.open(":memory:", origin="example.org/test")
    ledger.append_many(
        [
            Record(value=rules.decide(post, at=T0 + n), key=f"k{n}", subject=f"u{n % people}")
            for n, post in enumerate(posts)
        ]
    )
    return ledger


posts = st.fixed_dictionaries({
    "links": st.integers(0, 6), "rude": st.booleans() | st.none(), "age": st.integers(0, 9),
})  # fmt: skip


# -- impact ------------------------------------------------------------------------------------


@given(
    st.lists(posts, min_size=1, max_size=12),
    st.integers(1, 5),
    st.sampled_from(MEASURES),
    st.sampled_from(MEASURES),
    st.integers(1, 3),
)
def test_the_impact_is_what_deciding_everything_twice_would_show(events, links, before, after, sample):
    old, new = edition(rude=before), edition("2", links=links, rude=after)
    found = impact(old, new, ledger_of(events, old), sample=sample, group=lambda entry: entry.subject)
    expected, gone, come = Counter(), Counter(), Counter()
    for event in events:
        one, other = old.decide(event, at=T0), new.decide(event, at=T0)
        settled = {Outcome.NONE, Outcome.MEASURES}
        if one.outcome in settled and other.outcome in settled:
            if set(one.measures) == set(other.measures):
                change = "same"
            elif not one.measures:
                change = "newly_hit"
            elif not other.measures:
                change = "newly_spared"
            else:
                change = sizes(one.measures, other.measures)
        elif one.outcome in settled:
            change = "newly_open"
        else:
            change = "newly_settled" if other.outcome in settled else "same"
        expected[change] += 1
        if change != "same":
            was, now = ({f.rule_id for f in d.findings} for d in (one, other))
            gone.update(was - now)
            come.update(now - was)
    assert found.decided == len(events) and found.other == 0
    assert found.same == expected["same"]
    assert {name: found.count(name) for name in CHANGES} == {name: expected[name] for name in CHANGES}
    assert {rule: (g, c) for rule, g, c in found.by_rule} == {r: (gone[r], come[r]) for r in {*gone, *come}}
    behind = {rule: dict(counts) for rule, counts in found.changes_by_rule}
    for rule in ("links", "rude"):
        alone = edition("2", links=links) if rule == "links" else edition("2", rude=after)
        if alone.rule(rule) == old.rule(rule):
            assert rule not in behind
    for name in CHANGES:
        assert max((counts[name] for counts in behind.values()), default=0) <= expected[name]
        assert sum(counts[name] for counts in behind.values()) >= expected[name]
    assert sum(n for _, n, _ in found.by_group) == len(events)
    assert {one.change for one in found.samples} == {name for name in CHANGES if expected[name]}
    assert dumps(found.to_dict())


def sizes(old, new):
    """Compare measures place by place, without the join that the library uses."""
    one = {(m.kind, m.target): m for m in old}
    other = {(m.kind, m.target): m for m in new}
    up = any(place not in one or one[place].severity < m.severity for place, m in other.items())
    down = any(place not in other or other[place].severity < m.severity for place, m in one.items())
    return "otherwise" if up and down else "harsher" if up else "milder"


def test_samples_are_few_and_the_same_for_the_same_seed():
    events = [{"links": n % 6, "rude": n % 5 == 0, "age": 1} for n in range(300)]
    ledger = ledger_of(events)
    new = edition("2", links=1)
    one = impact(OLD, new, ledger, sample=4, seed="a")
    assert one == impact(OLD, new, list(reversed(list(ledger.entries()))), sample=4, seed="a")
    assert one.samples != impact(OLD, new, ledger, sample=4, seed="b").samples
    cells = Counter((item.change, rule) for item in one.samples for rule in (*item.rules_gone, *item.rules_come))
    assert set(cells.values()) == {4}
    # A rule that gives something else is behind the change, though it applies to the same events.
    milder = impact(OLD, edition("2", rude=[Remove(days=1)]), ledger, sample=2)
    assert dict(dict(milder.changes_by_rule)["rude"])["milder"] == milder.count("milder") == 60
    assert milder.by_rule == () and len(milder.samples) == 2
    assert impact(OLD, new, ledger, sample=0).samples == ()
    assert dict(one.people)["newly_hit"] == 7


def test_a_fact_that_no_record_has_leaves_the_decision_open_and_is_named():
    rules = [*OLD.rules, ConditionRule(id="young", when="age < 3", measures=[Remove()])]
    new = edition("2", rules=rules)
    found = impact(OLD, new, ledger_of([{"links": 0, "rude": False, "age": 1}]))
    assert found.count("newly_open") == 1 and found.lacking == ("age",)
    assert found.samples[0].lacking == ("age",) and found.samples[0].to_dict()["change"] == "newly_open"


def test_a_change_that_falls_on_one_group_shows():
    events = [{"links": 3 if n % 7 < 2 else 0, "rude": False, "age": 1} for n in range(3000)]

    def group(entry):
        return "ab"[int(entry.subject[1:]) % 7 < 2]

    found = impact(OLD, edition("2", links=2), ledger_of(events, people=700), group=group)
    assert found.parity.status.value == "disparity" and (found.parity.total, found.parity.actors) == (3000, 700)
    # Seven people with many posts each are seven people.
    few = impact(OLD, edition("2", links=2), ledger_of(events), group=group)
    assert few.parity.status.value == "insufficient_data" and few.parity.by_group[0].score_p < 1e-9
    assert {name: dict(counts)["newly_hit"] for name, _, counts in found.by_group} == {"a": 0, "b": 858}
    assert impact(OLD, edition("2"), ledger_of(events[:9])).parity is None
    # Who was hit before cannot be hit newly, and is not compared.
    hit = [{**event, "rude": n < 5} for n, event in enumerate(events[:20])]
    assert impact(OLD, edition("2"), ledger_of(hit), group=lambda entry: entry.subject).parity.total == 15


def test_decisions_of_other_rules_and_grants_are_handled():
    ledger = ledger_of([{"links": 5, "rude": False, "age": 1}])
    assert impact(edition("9"), OLD, ledger).other == 1
    assert impact(OLD, OLD, ledger, group=lambda entry: None).by_group == ()
    for bad in ({"old": 1}, {"new": "x"}, {"sample": -1}, {"seed": ""}, {"ledger": "x"}):
        with pytest.raises(InputError):
            impact(**{"old": OLD, "new": OLD, "ledger": ledger, **bad})


def test_no_part_of_the_interface_lets_a_share_of_people_be_chosen():
    source = pathlib.Path(module.__file__).parent
    words = ("percent", "cohort", "bucket_of", "fraction", "treatment")
    for path in source.glob("*.py"):
        found = __import__(f"platgov._consistency.{path.stem}", fromlist=["*"])
        for name in getattr(found, "__all__", ()):
            value = getattr(found, name)
            if callable(value):
                try:
                    names = inspect.signature(value).parameters
                except ValueError:
                    continue
                assert not {word for word in words for given in names if word in given}, (name, names)


# -- shadow and emergency ----------------------------------------------------------------------


def test_a_shadow_is_recorded_and_nothing_can_take_it_for_a_decision():
    new = edition("2", links=1)
    verdict = shadow(new, {"links": 2, "rude": False, "age": 1}, at=T0)
    assert verdict.decision.outcome is Outcome.MEASURES and verdict.policy == new.digest
    with Ledger.open(":memory:", origin="example.org/test") as ledger:
        ledger.append(verdict, key="shadow/1")
        (entry,) = ledger.entries()
        assert entry.kind == "shadow" and entry.body["effect"] is False
        assert replay(ledger, [new]).counts == replay(iter(()), [new]).counts


def emergency(days=3, **given):
    urgent = edition("1e", links=0, announced_at=T0, effective_at=T0)
    return Emergency(**{"edition": urgent, "by": "chief:1", "reason": "a wave", "expires_at": T0 + days * DAY, **given})


def test_an_emergency_edition_ends_by_itself_for_everybody():
    book = Rulebook([edition("1", announced_at=T0 - 90 * DAY, effective_at=T0 - 30 * DAY)])
    post = {"links": 1, "rude": False, "age": 1}
    measures = {
        happened: emergency().decide(book, post, conduct_at=T0 + happened, at=T0 + 9 * DAY).measures
        for happened in (-1, 0, 3 * DAY - 1, 3 * DAY)
    }
    assert measures == {-1: (), 0: (Warn(),), 3 * DAY - 1: (Warn(),), 3 * DAY: ()}
    assert dumps(emergency().to_dict())
    with pytest.raises(InputError):
        emergency().decide(book, post, conduct_at=T0 + 5, at=T0)
    with pytest.raises(InputError):
        emergency().decide([], post, conduct_at=T0, at=T0)


def test_an_emergency_needs_a_name_a_reason_and_an_end_within_two_weeks():
    assert emergency(14).in_force(T0 + 14 * DAY - 1)
    for bad in ({"days": 15}, {"days": 0}, {"days": -1}):
        with pytest.raises(DueProcessError):
            emergency(**bad)
    for bad in ({"by": ""}, {"reason": " "}, {"edition": OLD}, {"edition": "x"}, {"expires_at": "soon"}):
        with pytest.raises(InputError):
            emergency(**bad)


# -- announcements and stages ------------------------------------------------------------------

FULL = edition("3", links=1, announced_at=T0, effective_at=T0 + 60 * DAY)


def staged(**given):
    steps = {"shadow_from": T0 + 1 * DAY, "notice_from": T0 + 20 * DAY, "mild_from": T0 + 40 * DAY}
    return Stages(**{"edition": FULL, "days": 14, "mild": {"rude": [Remove(days=1)]}, **steps, **given})


def test_an_edition_comes_in_by_time_and_measure_and_every_step_is_for_everybody():
    stages = staged()
    book = Rulebook([edition("2", links=9, announced_at=T0 - 9 * DAY, effective_at=T0 - DAY), *stages.editions])
    post = {"links": 2, "rude": True, "age": 1}
    seen = {}
    for day in (0, 1, 19, 20, 40, 60):
        at = T0 + day * DAY
        verdict = stages.shadow(post, at=at)
        seen[day] = (stages.at(at), book.decide(post, conduct_at=at, at=at).measures, verdict is not None)
        assert verdict is None or verdict.policy == FULL.digest
    assert seen == {
        0: ("none", (Remove(days=3),), False),
        1: ("shadow", (Remove(days=3),), True),
        19: ("shadow", (Remove(days=3),), True),
        20: ("notice", (Warn(),), True),
        40: ("mild", (Warn(), Remove(days=1)), True),
        60: ("full", (Warn(), Remove(days=3)), False),
    }
    assert [one.version for one in stages.editions] == ["3+notice", "3+mild", "3"]
    written = stages.to_dict()
    assert dumps(written) and [one["step"] for one in written["steps"]] == ["shadow", "notice", "mild", "full"]
    assert {one["policy"] for one in written["steps"][1:]} == {one.digest for one in stages.editions}
    # Steps may be left out, and rules without a measure stay without one.
    silent = edition("3", rude=[], announced_at=T0, effective_at=T0 + 60 * DAY)
    plain = Stages(edition=silent, days=60, shadow_from=None)
    assert plain.editions == (silent,) and (plain.at(T0), plain.shadow(post, at=T0)) == ("none", None)
    assert staged(edition=silent, mild={}).editions[0].rule("rude").measures == ()


@given(st.integers(0, 70), st.integers(0, 9), st.booleans())
def test_no_step_is_more_severe_than_the_edition_in_full(day, links, rude):
    at, post = T0 + day * DAY, {"links": links, "rude": rude, "age": 1}
    step = next((one for one in reversed(staged().editions) if one.effective_at <= at), None)
    if step is not None:
        found, full = step.decide(post, at=at).measures, FULL.decide(post, at=at).measures
        assert len(found) <= len(full)
        assert all(one.severity <= max(other.severity for other in full) for one in found)


def test_rules_are_announced_before_they_apply():
    assert announced(FULL, days=60) is FULL
    for refused, code in (
        (lambda: announced(FULL, days=61), "announced_too_late"),
        (lambda: staged(days=21), "announced_too_late"),
    ):
        with pytest.raises(DueProcessError) as told:
            refused()
        assert told.value.code == code and "days" in str(told.value)
    for bad in (
        lambda: announced(OLD, days=1),
        lambda: announced("x", days=1),
        lambda: announced(FULL, days=-1),
        lambda: staged(edition=OLD),
        lambda: staged(mild_from=T0 + 61 * DAY),
        lambda: staged(notice_from=T0 - DAY),
        lambda: staged(shadow_from=T0 + 21 * DAY),
        lambda: staged(mild_from=None),
        lambda: staged(mild={"rude": [Terminate()]}),
        lambda: staged(mild={"nothing": [Warn()]}),
        lambda: staged(mild=[Warn()]),
        lambda: staged(mild={"rude": "warn"}),
        lambda: staged(mild={"rude": 5}),
        lambda: edition("4", announced_at=T0, effective_at=T0 - 1),
    ):
        with pytest.raises(InputError):
            bad()


# -- precedents --------------------------------------------------------------------------------


def case(number, atoms="ab", outcome="upheld", at=T0, **given):
    return Precedent(
        **{"id": f"c{number}", "rule_id": "links", "atoms": list(atoms), "outcome": outcome, "at": at, **given}
    )


@given(st.lists(st.tuples(st.text("abcd", max_size=4), st.booleans(), st.integers(0, 3)), max_size=10), st.randoms())
def test_the_nearest_cases_are_those_that_differ_least_and_latest_first(rows, lots):
    pool = [case(n, atoms, "upheld" if up else "overturned", T0 + at) for n, (atoms, up, at) in enumerate(rows)]
    order = list(pool)
    lots.shuffle(order)
    found = nearest(order, rule_id="links", atoms="ab" and ["a", "b"], k=2)
    for outcome, shown in (("upheld", found.upheld), ("overturned", found.overturned)):
        mine = [one for one in pool if one.outcome == outcome]
        ranks = sorted(mine, key=lambda one: (len(one.atoms ^ {"a", "b"}), -one.at, one.id))
        assert list(shown) == ranks[:2]
    equal = [one.outcome for one in pool if one.atoms == {"a", "b"}]
    share = {name: equal.count(name) * 3 >= 2 * len(equal) for name in ("upheld", "overturned")}
    assert found.expected == (next((name for name, most in share.items() if most), None) if equal else None)
    assert dumps(found.to_dict())


def test_departing_from_equal_cases_takes_a_reason():
    pool = [case(1), case(2), case(3, outcome="overturned"), case(4, rule_id="rude", outcome="overturned")]
    follows = rule_on(pool, case(9), by="reviewer:1")
    assert not follows.departs and follows.expected == "upheld"
    with pytest.raises(DueProcessError) as refused:
        rule_on(pool, case(9, outcome="overturned"), by="reviewer:1", distinguish="  ")
    assert refused.value.code == "distinguish"
    ruled = rule_on(pool, case(9, outcome="overturned"), by="reviewer:1", distinguish="a quotation")
    assert ruled.departs and dumps(ruled.to_dict())
    # Divided cases bind nobody, and neither do later ones.
    assert rule_on(pool[1:], case(9, outcome="overturned"), by="r:1").expected is None
    assert rule_on(pool, case(9, at=T0 - 1, outcome="overturned"), by="r:1").expected is None


def test_weights_say_which_reasons_matter_and_reasons_give_the_atoms():
    pool = [case(1, "a"), case(2, "bc")]
    assert nearest(pool, rule_id="links", atoms=["b"], weights={"a": 1, "c": 9}).upheld[0].id == "c1"
    (reason,) = OLD.decide({"links": 5, "rude": False, "age": 1}, at=T0).explain()
    assert atoms_of(reason) == {"links > 3"}


@pytest.mark.parametrize(
    "bad",
    [
        lambda: case(1, outcome="maybe"),
        lambda: case(1, id=""),
        lambda: case(1, rule_id=5),
        lambda: case(1, because=None),
        lambda: attrs.evolve(case(1), atoms="ab"),
        lambda: attrs.evolve(case(1), atoms=[1]),
        lambda: nearest("x", rule_id="links", atoms=[]),
        lambda: nearest([1], rule_id="links", atoms=[]),
        lambda: nearest([case(1), case(1, "c")], rule_id="links", atoms=[]),
        lambda: nearest([], rule_id="links", atoms=[], k=0),
        lambda: nearest([], rule_id="links", atoms=[], weights={"a": -1}),
        lambda: rule_on([], "case", by="r:1"),
        lambda: rule_on([], case(1), by=""),
        lambda: rule_on([], case(1), by="r:1", distinguish=None),
        lambda: conflicts("p", "parties"),
        lambda: conflicts("", Parties()),
        lambda: Parties(concerned="u1"),
        lambda: recusal("", "u1", Parties(concerned=["u1"]), at=T0),
        lambda: recusal("c", "u1", Parties(), at="now"),
        lambda: FourEyes(case=""),
        lambda: FourEyes(case="c", parties=None),
        lambda: FourEyes(case="c").read(by="p", answer="", at=T0),
    ],
    ids=lambda bad: f"line {bad.__code__.co_firstlineno}",
)
def test_bad_values_are_refused(bad):
    with pytest.raises(InputError):
        bad()


# -- who may look, and how ---------------------------------------------------------------------


def test_whoever_has_a_part_in_a_case_may_not_look_at_it():
    parties = Parties(concerned=["u1"], reporters=["u2"], deciders=["p1"], teams=["red"])
    assert conflicts("u1", parties) == ("concerned",)
    assert conflicts("u2", parties) == ("reporter",)
    assert conflicts("p1", parties, teams=["red"]) == ("earlier_decider", "same_team")
    assert conflicts("p2", parties, teams=["blue"], interests=["u2"]) == ("interest",)
    assert conflicts("p2", parties, teams=["blue"], interests=["u9"]) == ()
    written = recusal("c1", "p1", parties, at=T0, teams=["red"])
    assert written["because"] == ["earlier_decider", "same_team"] and dumps(written)
    assert recusal("c1", "p2", parties, at=T0) is None


def test_two_people_read_blind_and_a_third_where_they_differ():
    one = FourEyes(case="c1").read(by="p1", answer="uphold", at=T0)
    agreed = one.read(by="p2", answer="uphold", at=T0 + 1)
    assert (agreed.answer, agreed.needs, agreed.judgements) == ("uphold", 0, ("uphold", "uphold"))
    split = one.read(by="p2", answer="overturn", at=T0 + 1)
    assert (split.answer, split.needs, split.is_open) == (None, 1, False)
    # What a reader sees is the same whatever was answered, and whether they are second or third.
    assert FourEyes(case="c1").for_reader() == one.for_reader() == split.for_reader() == {"case": "c1", "due": True}
    third = split.read(by="p3", answer="overturn", at=T0 + 2)
    assert (third.answer, third.judgements) == ("overturn", ("uphold", "overturn"))
    lost = split.read(by="p3", answer="escalate", at=T0 + 2)
    assert lost.is_open and lost.needs == 0 and dumps(lost.to_dict())
    parties = FourEyes(case="c2", parties=Parties(concerned=["p1"]))
    for code, step in (
        ("same_person", lambda: one.read(by="p1", answer="uphold", at=T0)),
        ("settled", lambda: agreed.read(by="p3", answer="uphold", at=T0)),
        ("settled", lambda: lost.read(by="p4", answer="uphold", at=T0)),
        ("conflict", lambda: parties.read(by="p1", answer="uphold", at=T0)),
    ):
        with pytest.raises(DueProcessError) as refused:
            step()
        assert refused.value.code == code


def test_random_events_do_not_depend_on_the_order_in_which_they_are_looked_at():
    lots = random.Random(1)
    events = [{"links": lots.randrange(7), "rude": lots.random() < 0.3, "age": 1} for _ in range(60)]
    entries = list(ledger_of(events).entries())
    lots.shuffle(entries)
    new = edition("2", links=1, rude=[])
    assert impact(OLD, new, entries) == impact(OLD, new, sorted(entries, key=lambda entry: entry.seq))
