"""The watch list: nothing without a reason and an end, nobody alone, and no outcome changes by it."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._accounts import credit, grades, history, recovery
from platgov._accounts.watch import Renewal, WatchEntry, WatchList, WatchPolicy, WatchState
from platgov.enforcement import History, Ladder, Step
from platgov.errors import DueProcessError, InputError
from platgov.facts import Schema
from platgov.measures import SuspendAccount, Warn
from platgov.rules import ConditionRule, RuleSet

DAY = 86_400
T0 = 1_700_000_000
POLICY = WatchPolicy(review_days=30, grace_days=7, max_renewals=2)
OPEN = {"subject": "u1", "reason": "Two takeovers were reported.", "evidence": ["case-7"], "by": "ann", "at": T0}
S = WatchState


def opened(**change):
    return WatchList(policy=POLICY).open("w1", **{**OPEN, "review_at": T0 + 20 * DAY, **change})


def renewed(watch, *, by="bob", at=T0 + 19 * DAY, days=20):
    return watch.renew("w1", by=by, at=at, reason="It goes on.", evidence=["case-9"], review_at=at + days * DAY)


# -- an entry changes no outcome ------------------------------------------------------------------

RULES = RuleSet(
    id="community",
    version="1",
    facts=Schema.from_dict({"links": "int"}),
    rules=[ConditionRule(id="spam", clause="4", when="links > 3", measures=[Warn()])],
)
LADDER = Ladder(
    id="main",
    version="1",
    strike_days=90,
    steps=[Step(min_strikes=1, measure=Warn()), Step(min_strikes=2, measure=SuspendAccount(days=3))],
)
CREDIT = credit.CreditPolicy(
    context="comments",
    start=120,
    floor=0,
    ceiling=120,
    weights={"spam": 30},
    recovery=recovery.Drain(points=1, per_days=7),
    max_lifetime_days=730,
    max_single=40,
)
GRADES = grades.GradePolicy(
    rungs=[grades.Rung(name="limited"), grades.Rung(name="normal", promote_at=100, demote_below=90)]
)


def outcomes(subject, links, count, at):
    """Everything the library decides about an account."""
    decision = RULES.decide({"links": links}, at=at)
    conduct = history.CreditHistory()
    record = History(subject)
    for number in range(count):
        conduct = conduct.violation(f"d{number}", rule="spam", at=at - number * DAY)
    sanction = LADDER.apply(decision, record, at=at, case="p1") if links > 3 else None
    score, grade = CREDIT.score(conduct, at=at), GRADES.grade(conduct, CREDIT, at=at)
    return (
        decision.to_bytes(),
        sanction and attrs.evolve(sanction).to_dict(),
        score.to_bytes(),
        grade.to_bytes(),
    )


@given(st.integers(0, 6), st.integers(0, 4), st.integers(0, 80))
def test_rules_ladders_scores_and_grades_are_the_same_with_and_without_an_entry(links, count, days):
    at = T0 + days * DAY
    without = outcomes("u1", links, count, at)
    watch = opened()
    assert watch.look("u1", at=at).entries == (("w1",) if days < 27 else ())
    assert outcomes("u1", links, count, at) == without
    assert outcomes("u1", links, count, at) == without  # and after the list was read


def test_no_policy_takes_a_watch_list_as_a_fact():
    watch = opened()
    with pytest.raises(InputError):
        RULES.decide(watch, at=T0)
    with pytest.raises(InputError):
        GRADES.grade(watch, CREDIT, at=T0)
    seen = GRADES.grade(history.CreditHistory(), CREDIT, at=T0, facts={"watched": True})
    assert seen.name == GRADES.grade(history.CreditHistory(), CREDIT, at=T0).name


# -- reason, end, second person -------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"reason": ""}, {"reason": "  "}, {"reason": None}, {"reason": "a\nb"}, {"reason": "x" * 1001},
        {"evidence": []}, {"evidence": "case-7"}, {"evidence": [3]}, {"evidence": [""]}, {"evidence": None},
        {"by": ""}, {"by": None},
        {"subject": ""}, {"at": None}, {"review_at": None}, {"review_at": T0}, {"review_at": T0 - 1}, {"at": 1.0},
    ],
)  # fmt: skip
def test_an_entry_without_reason_evidence_opener_or_review_date_is_refused(change):
    with pytest.raises(InputError):
        opened(**change)


def test_a_review_too_far_off_and_an_entry_about_oneself_are_refused():
    assert opened(review_at=T0 + 30 * DAY).entries
    with pytest.raises(DueProcessError, match="30 days"):
        opened(review_at=T0 + 30 * DAY + 1)
    with pytest.raises(DueProcessError, match="themselves"):
        opened(by="u1")


def test_the_one_who_looked_last_cannot_renew_and_neither_can_the_account():
    watch = opened()
    for who in ("ann", "u1"):
        with pytest.raises(DueProcessError, match="somebody else"):
            renewed(watch, by=who)
    second = renewed(watch)
    with pytest.raises(DueProcessError, match="somebody else"):
        renewed(second, at=T0 + 30 * DAY)
    third = renewed(second, by="ann", at=T0 + 30 * DAY)
    with pytest.raises(DueProcessError, match="new evidence"):
        renewed(third, by="bob", at=T0 + 45 * DAY)


def test_a_renewal_comes_before_the_entry_expires_and_never_before_it_was_opened():
    watch = opened()
    assert renewed(watch, at=T0 + 27 * DAY - 1).look("u1", at=T0 + 30 * DAY).entries == ("w1",)
    with pytest.raises(DueProcessError, match="expired"):
        renewed(watch, at=T0 + 27 * DAY)
    with pytest.raises(InputError, match="before"):
        renewed(watch, at=T0 - 1)
    with pytest.raises(DueProcessError, match="30 days"):
        renewed(watch, days=31)
    with pytest.raises(InputError):
        renewed(watch, days=0)


def test_an_entry_is_open_then_overdue_then_expired_and_stays_listed_until_closed():
    watch = opened()
    for at, live, overdue, change in (
        (T0 - 1, 0, 0, None),
        (T0, 1, 0, T0 + 20 * DAY),
        (T0 + 20 * DAY - 1, 1, 0, T0 + 20 * DAY),
        (T0 + 20 * DAY, 1, 1, T0 + 27 * DAY),
        (T0 + 27 * DAY - 1, 1, 1, T0 + 27 * DAY),
        (T0 + 27 * DAY, 0, 1, None),
        (T0 + 900 * DAY, 0, 1, None),
    ):
        verdict = watch.look("u1", at=at)
        assert (len(watch.live(at=at)), len(watch.overdue(at=at)), verdict.next_change) == (live, overdue, change)
        assert (len(verdict.entries), len(verdict.overdue)) == (live, overdue)
    closed = watch.close("w1", by="bob", at=T0 + 28 * DAY, outcome="nothing_found")
    assert closed.overdue(at=T0 + 28 * DAY) == ()
    assert len(closed.overdue(at=T0 + 28 * DAY - 1)) == 1
    assert closed.entries[0].outcome == "nothing_found"
    for step in (lambda: renewed(closed), lambda: closed.close("w1", by="bob", at=T0 + 29 * DAY, outcome="x")):
        with pytest.raises(DueProcessError, match="closed"):
            step()


@given(st.integers(0, 60), st.integers(0, 60))
def test_what_is_known_later_changes_nothing_earlier(renew_day, ask_day):
    watch, at = opened(), T0 + ask_day * DAY
    if renew_day < 27 and renew_day > ask_day:
        later = renewed(watch, at=T0 + renew_day * DAY)
        assert later.look("u1", at=at).to_bytes() == watch.look("u1", at=at).to_bytes()
    if renew_day > ask_day:
        later = watch.close("w1", by="bob", at=T0 + renew_day * DAY, outcome="x")
        assert later.look("u1", at=at).to_bytes() == watch.look("u1", at=at).to_bytes()


@given(st.integers(-5 * DAY, 60 * DAY), st.booleans())
def test_the_answer_holds_until_the_next_change(offset, again):
    watch = renewed(opened()) if again else opened()
    at = T0 + offset
    known = attrs.evolve(watch, entries=[one for each in watch.entries if (one := each.known_at(at)) is not None])
    now = watch.look("u1", at=at)

    def answer(then):
        verdict = known.look("u1", at=then)
        return verdict.entries, verdict.overdue

    if now.next_change is not None:
        assert answer(now.next_change - 1) == (now.entries, now.overdue)
        assert answer(now.next_change) != (now.entries, now.overdue)
    else:
        assert answer(at + 900 * DAY) == (now.entries, now.overdue)


def test_a_look_gives_the_reason_of_the_last_review_and_knows_only_its_account():
    watch = renewed(opened()).open("w0", **{**OPEN, "subject": "u2", "review_at": T0 + DAY})
    verdict = watch.look("u1", at=T0 + 25 * DAY)
    assert [(r.code, r.rule, r.says, r.evidence) for r in verdict.reasons] == [
        ("watched", "w1", "It goes on.", ("case-9",))
    ]
    assert watch.look("u1", at=T0 + 19 * DAY).reasons == verdict.reasons  # in the second of the renewal already
    assert watch.look("u1", at=T0 + 19 * DAY - 1).reasons[0].says == OPEN["reason"]
    assert watch.look("u3", at=T0).entries == ()
    assert verdict.to_dict()["entries"] == ["w1"]
    assert watch.entries[0].id == "w0"


def test_a_list_survives_its_plain_form():
    watch = renewed(opened()).close("w1", by="eve", at=T0 + 30 * DAY, outcome="kept")
    again = WatchList.from_dict(watch.to_dict())
    assert (again, again.digest) == (watch, watch.digest)
    assert WatchPolicy.from_dict(POLICY.to_dict()) == POLICY
    assert WatchEntry.from_dict(watch.entries[0].to_dict()) == watch.entries[0]
    assert len({POLICY.digest, WatchPolicy().digest, attrs.evolve(POLICY, grace_days=8).digest}) == 3


ENTRY = opened().entries[0]


WRONG = [
        lambda: WatchList(policy=3), lambda: WatchList(entries="x"), lambda: WatchList(entries=[3]),
        lambda: WatchList(entries=[ENTRY, ENTRY]),
        lambda: opened().renew("w9", by="b", at=T0, reason="x", evidence=["e"], review_at=T0 + 1),
        lambda: opened().close(None, by="b", at=T0, outcome="x"), lambda: opened().look("", at=T0),
        lambda: opened().look("u1", at="x"), lambda: attrs.evolve(ENTRY, closed_at=T0 + 1),
        lambda: attrs.evolve(ENTRY, closed_by="b"), lambda: opened().close("w1", by="b", at=T0 - 1, outcome="x"),
        lambda: opened().close("w1", by="b", at=T0, outcome=3), lambda: opened().close("w1", by=3, at=T0, outcome="x"),
        lambda: WatchPolicy(review_days=0), lambda: WatchPolicy(max_renewals=-1), lambda: WatchPolicy(grace_days=True),
        lambda: Renewal(by="b", at=T0, reason="x", evidence=["e"], review_at=None),
        lambda: opened().open("w1", **OPEN, review_at=T0 + DAY),
        lambda: WatchList.from_dict({**opened().to_dict(), "policy": 3}),
        lambda: WatchEntry.from_dict({"id": "w1", "kind": "watch_entry"}),
]  # fmt: skip


def test_what_is_no_list_or_no_step_is_refused_with_one_clear_error():
    for make in WRONG:
        with pytest.raises(InputError):
            make()
