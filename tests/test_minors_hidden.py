"""What looks harmless and would open something: weak claims, doubled grants, empty requests, odd clocks."""

import datetime as dt

import pytest

from platgov._minors.age import binding
from platgov.errors import InputError
from platgov.minors import (
    Band,
    DobEvidence,
    Feature,
    Grant,
    Hours,
    Level,
    Minor,
    Move,
    Plan,
    Quota,
    Request,
    Usage,
    Window,
    YouthPolicy,
    born,
)

DAY = 86_400
AT = 1_780_315_200  # Monday 2026-06-01 20:00 in Shanghai
TZ = "Asia/Shanghai"
CHILD = DobEvidence.verified(dt.date(2014, 5, 5))


def plan_for(*bands, **more):
    policy = YouthPolicy(id="law", layer="legal", bands=bands, **more)
    return Plan.of([policy], tz=TZ, start=AT - 30 * DAY, end=AT + 30 * DAY)


def child(*evidence, **more):
    return Minor(id="m", evidence=evidence or (CHILD,), residency_tz=TZ, **more)


def test_what_somebody_says_of_themselves_narrows_nothing_that_has_to_be_shown():
    wide = DobEvidence.between(dt.date(1950, 1, 1), dt.date(2016, 1, 1), level=Level.VERIFIED)
    said = DobEvidence.declared(dt.date(1990, 1, 1))
    known = binding([wide, said], at=AT, least=Level.VERIFIED, tz=TZ)
    assert (known.first, known.last, known.level) == (wide.first, wide.last, Level.VERIFIED)
    assert not known.unknown
    assert not known.conflict
    # Where any claim will do, both count.
    assert binding([wide, said], at=AT, least=None, tz=TZ).first == dt.date(1990, 1, 1)
    # What is known of somebody is what all claims leave open, whoever needs what.
    assert born([wide, said], at=AT, least=Level.VERIFIED).first == dt.date(1990, 1, 1)
    # A claim that contradicts makes it wider, never narrower.
    younger = binding([wide, DobEvidence.declared(dt.date(2018, 1, 1))], at=AT, least=Level.VERIFIED, tz=TZ)
    assert (younger.first, younger.last, younger.conflict) == (wide.first, dt.date(2018, 1, 1), True)
    band = Band(max_age=18, hours=[Hours(windows=[Window(start="06:00", end="22:00")])])
    plan = plan_for(band, evidence_level="verified", unknown_age="deny")
    night = AT + 7 * 3600
    for evidence in ((wide,), (wide, said), (said, wide)):
        assert not plan.check(child(*evidence), Usage(), at=night).allowed
        assert not plan.check_many([(child(*evidence), Usage())], at=night)[0].allowed


def test_a_grant_that_is_listed_twice_counts_once():
    plan = plan_for(Band(max_age=18, quotas=[Quota(seconds=3600, loosenable_by=["guardian"])]))
    more = Grant(id="g", by="guardian", grantor="p", reason="r", starts_at=AT - 9, expires_at=AT + DAY, add_s=60)
    left = [plan.check(child(grants=[more] * copies), Usage(), at=AT).remaining_s for copies in (1, 2, 3)]
    assert left == [3660, 3660, 3660]
    other = Grant(id="g", by="guardian", grantor="p", reason="r", starts_at=AT - 9, expires_at=AT + DAY, add_s=90)
    with pytest.raises(InputError):
        child(grants=[more, other])


def test_a_request_for_nothing_is_none():
    with pytest.raises(InputError):
        Request(id="r", minor="m", made_at=AT, lapses_at=AT + 60)
    assert Request(id="r", minor="m", made_at=AT, lapses_at=AT + 60, feature="chat").seconds == 0


def test_moves_of_one_instant_are_equal_in_any_order():
    moves = [Move(at=AT, from_tz="Europe/London"), Move(at=AT, from_tz="Asia/Tokyo")]
    assert child(moves=moves) == child(moves=moves[::-1])


class Broken(dt.tzinfo):
    """Tells no offset."""

    def utcoffset(self, _):
        raise ValueError("out of order")


class TooFar(dt.tzinfo):
    """Is further from UTC than a zone can be."""

    def utcoffset(self, _):
        return dt.timedelta(hours=25)


@pytest.mark.parametrize("zone", [Broken(), TooFar()], ids=["broken", "too far"])
def test_a_clock_without_an_offset_ends_in_no(zone):
    plan = plan_for(Band(max_age=18, features=[Feature(name="chat", access="allow")]))
    at = dt.datetime(2026, 6, 1, 20, tzinfo=zone)
    for verdict in (plan.check(child(), Usage(), at=at), *plan.check_many([(child(), Usage())], at=at)):
        assert [reason.code for reason in verdict.reasons] == ["bad_instant"]


def test_one_bad_element_costs_the_others_no_answer():
    plan = plan_for(Band(max_age=18, hours=[Hours(windows=[Window(start="06:00", end="22:00")])]))
    good = (child(), Usage())
    bad = [None, (child(),), (*good, 1), 5, (None, None), "xy", (child(), None)]
    found = plan.check_many([good, *bad, good], at=AT)
    assert [verdict.allowed for verdict in found] == [True, *[False] * len(bad), True]
    assert {reason.code for verdict in found[1:-1] for reason in verdict.reasons} == {"bad_minor", "bad_usage"}
    for nothing in (None, 5):
        with pytest.raises(InputError):
            plan.check_many(nothing, at=AT)
