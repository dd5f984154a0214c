"""Ages: when one is attained, what claims together say, and what app stores tell."""

import bisect
import datetime as dt
import itertools
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._minors.age import (
    OLDEST,
    YOUNGEST,
    AgeRule,
    Born,
    DobEvidence,
    Level,
    age_at,
    attained_at,
    attained_on,
    band_edges,
    born,
)
from platgov._minors.payloads import from_apple, from_play
from platgov.errors import InputError

DAY = dt.timedelta(days=1)
AGES = (8, 12, 14, 16, 18)
T0 = 1_760_000_000  # 2025-10-09


def utc(day):
    return int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp())


# -- when an age is attained ---------------------------------------------------------------------

ALL_DAYS = [dt.date(2008, 1, 1) + DAY * n for n in range(366 * 26)]
BY_YEAR = {year: list(days) for year, days in itertools.groupby(ALL_DAYS, lambda day: day.year)}


def by_the_table(birth, years, rule):
    """Find the date in lists of days of the year, by comparing (month, day): no birthday is computed."""
    days = BY_YEAR[birth.year + years]
    keys = [(day.month, day.day) for day in days]
    birthday = days[bisect.bisect_left(keys, (birth.month, birth.day))]
    place = ALL_DAYS.index(birthday, (birth.year + years - 2008) * 365)
    return {
        "anniversary": birthday,
        "anniversary_feb28": days[bisect.bisect_right(keys, (birth.month, birth.day)) - 1],
        "day_after": ALL_DAYS[place + 1],
        "day_before": ALL_DAYS[place - 1],
        "jan1": days[0],
    }[rule.value]


@pytest.mark.parametrize("rule", AgeRule)
def test_every_birth_date_of_a_leap_cycle_attains_every_age_as_an_independent_table_says(rule):
    births = [day for day in ALL_DAYS if dt.date(2008, 3, 1) <= day < dt.date(2012, 3, 1)]
    assert len(births) == 1461
    wrong = [
        (birth, years)
        for birth in births
        for years in AGES
        if attained_on(birth, years, rule) != by_the_table(birth, years, rule)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("rule", "on"),
    [
        ("anniversary", "2026-03-01"),
        ("anniversary_feb28", "2026-02-28"),
        ("day_after", "2026-03-02"),
        ("day_before", "2026-02-28"),
        ("jan1", "2026-01-01"),
    ],
)
def test_a_child_born_on_29_february_2008_is_eighteen_on_the_day_the_rule_says(rule, on):
    assert attained_on(dt.date(2008, 2, 29), 18, AgeRule(rule)).isoformat() == on
    assert attained_on(dt.date(2008, 2, 29), 16, AgeRule.ANNIVERSARY) == dt.date(2024, 2, 29)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Asia/Shanghai", "2026-03-01"),
        ("America/Havana", "2025-11-02"),  # the clock goes back over midnight
        ("America/St_Johns", "2010-11-07"),  # and over the date
        ("Pacific/Apia", "2011-12-30"),  # a date that no clock there ever showed
        ("America/Santiago", "2025-09-07"),  # midnight is skipped
    ],
)
def test_an_age_is_attained_at_the_first_instant_that_a_clock_shows_the_date(zone, day):
    wanted = dt.date.fromisoformat(day)
    birth = wanted.replace(year=wanted.year - 16)
    at = attained_at(birth, 16, AgeRule.ANNIVERSARY, zone)

    def shows(instant):
        return dt.datetime.fromtimestamp(instant, zoneinfo.ZoneInfo(zone)).date()

    assert shows(at) >= wanted
    assert all(shows(before) < wanted for before in range(at - 3 * 86_400, at, 60))
    assert age_at(birth, at=at, rule=AgeRule.ANNIVERSARY, tz=zone) == 16
    assert age_at(birth, at=at - 1, rule=AgeRule.ANNIVERSARY, tz=zone) == 15


def test_an_age_once_attained_stays_when_the_clock_goes_back_over_midnight():
    at = attained_at(dt.date(2007, 11, 2), 18, AgeRule.ANNIVERSARY, "America/Havana")
    back = at + 3600 + 60  # the hour from midnight begins a second time
    assert {
        age_at(dt.date(2007, 11, 2), at=at + s, rule=AgeRule.ANNIVERSARY, tz="America/Havana") for s in (0, 3599)
    } == {18}
    assert age_at(dt.date(2007, 11, 2), at=back, rule=AgeRule.ANNIVERSARY, tz="America/Havana") == 18
    first = attained_at(dt.date(1994, 11, 7), 16, AgeRule.ANNIVERSARY, "America/St_Johns")
    ages = [
        age_at(dt.date(1994, 11, 7), at=first + s, rule=AgeRule.ANNIVERSARY, tz="America/St_Johns")
        for s in range(0, 7200, 30)
    ]
    assert set(ages) == {16}  # though the date there was 6 November again for 59 minutes


@given(
    birth=st.dates(dt.date(1990, 1, 1), dt.date(2020, 12, 31)),
    at=st.integers(utc(dt.date(1995, 1, 1)), utc(dt.date(2040, 1, 1))),
    rule=st.sampled_from(AgeRule),
    zone=st.sampled_from(("UTC", "Asia/Shanghai", "America/St_Johns", "Pacific/Apia")),
)
def test_an_age_in_years_is_the_number_of_ages_attained(birth, at, rule, zone):
    attained = [years for years in range(1, 60) if attained_at(birth, years, rule, zone) <= at]
    assert attained == list(range(1, len(attained) + 1))
    assert age_at(birth, at=at, rule=rule, tz=zone) == len(attained)


@given(
    one=st.dates(OLDEST, YOUNGEST),
    other=st.dates(OLDEST, YOUNGEST),
    years=st.integers(0, 150),
    rule=st.sampled_from(AgeRule),
)
def test_who_is_born_earlier_never_attains_an_age_later(one, other, years, rule):
    first, last = sorted((one, other))
    assert attained_at(first, years, rule, "Asia/Tokyo") <= attained_at(last, years, rule, "Asia/Tokyo")


def test_dates_past_the_years_that_zones_are_known_for_stand_for_their_ends():
    assert attained_at(YOUNGEST, 150, AgeRule.DAY_AFTER, "UTC") == utc(dt.date(2199, 12, 28))
    assert attained_at(OLDEST, 0, AgeRule.DAY_BEFORE, "UTC") == utc(dt.date(1900, 1, 4))


# -- what claims together say --------------------------------------------------------------------

SPAN = [dt.date(2008, 1, 1) + DAY * n for n in range(12)]


@st.composite
def claims(draw):
    first, last = sorted(draw(st.tuples(st.sampled_from(SPAN), st.sampled_from(SPAN))))
    return DobEvidence.between(
        first,
        last,
        level=draw(st.sampled_from(Level)),
        observed_at=draw(st.none() | st.integers(T0 - 5 * 86_400, T0 + 5 * 86_400)),
        expires_on=draw(st.none() | st.dates(dt.date(2025, 10, 4), dt.date(2025, 10, 14))),
    )


def live(evidence, at, zone):
    wall = dt.datetime.fromtimestamp(at, zoneinfo.ZoneInfo(zone)).date()
    return [
        claim
        for claim in evidence
        if claim.level is not Level.NONE
        and (claim.observed_at is None or claim.observed_at <= at)
        and (claim.expires_on is None or wall < claim.expires_on)
    ]


@given(
    evidence=st.lists(claims(), max_size=4),
    at=st.integers(T0 - 6 * 86_400, T0 + 6 * 86_400),
    least=st.none() | st.sampled_from(Level),
    zone=st.sampled_from(("UTC", "Asia/Shanghai", "America/New_York")),
)
def test_live_claims_are_intersected_and_a_conflict_covers_all_of_them(evidence, at, least, zone):
    known = born(evidence, at=at, least=least, tz=zone)
    standing = live(evidence, at, zone)
    sets = [{day for day in SPAN if claim.first <= day <= claim.last} for claim in standing]
    if not sets:
        wall = dt.datetime.fromtimestamp(at, zoneinfo.ZoneInfo(zone)).date()
        assert (known.first, known.last, known.level) == (OLDEST, wall, Level.NONE)
        assert known.unknown
        assert not known.conflict
        return
    common = set.intersection(*sets)
    assert known.conflict is (not common)
    days = common or set.union(*sets)
    assert (known.first, known.last) == (min(days), max(days))
    order = list(Level)
    assert order.index(known.level) == max(order.index(claim.level) for claim in standing)
    assert known.unknown is (least is not None and order.index(known.level) < order.index(least))
    assert known == born(evidence[::-1] + evidence, at=at, least=least, tz=zone)


@given(evidence=st.lists(claims(), max_size=4), zone=st.sampled_from(("UTC", "Asia/Shanghai")), data=st.data())
def test_nothing_changes_before_the_next_change_and_something_at_it(evidence, zone, data):
    def said(known):
        if known.level is Level.NONE:  # then the last day is today, whatever the day
            return known.unknown
        return known.first, known.last, known.level, known.conflict, known.unknown

    known = born(evidence, at=T0, least=Level.GUARDIAN, tz=zone)
    end = known.next_change
    if end is not None:
        assert said(born(evidence, at=end, least=Level.GUARDIAN, tz=zone)) != said(known)
    inside = data.draw(st.integers(T0, (end or T0 + 20 * 86_400) - 1))
    assert said(born(evidence, at=inside, least=Level.GUARDIAN, tz=zone)) == said(known)
    if end is not None:
        assert said(born(evidence, at=end - 1, least=Level.GUARDIAN, tz=zone)) == said(known)


def test_a_claim_expires_at_the_start_of_its_expiry_date_where_the_person_lives():
    claim = DobEvidence.declared(dt.date(2010, 5, 1), expires_on=dt.date(2025, 10, 10))
    midnight = utc(dt.date(2025, 10, 10)) - 8 * 3600
    known = born([claim], at=midnight - 1, tz="Asia/Shanghai")
    assert (known.first, known.next_change) == (dt.date(2010, 5, 1), midnight)
    assert born([claim], at=midnight, tz="Asia/Shanghai").unknown


def test_a_verified_date_and_a_declared_one_that_differ_are_a_conflict_and_the_youngest_counts():
    known = born([DobEvidence.verified(dt.date(2000, 1, 1)), DobEvidence.declared(dt.date(2012, 1, 1))], at=T0)
    assert known == Born(
        first=dt.date(2000, 1, 1), last=dt.date(2012, 1, 1), level=Level.VERIFIED, conflict=True, unknown=False
    )


@given(claims(), st.lists(st.integers(0, 20), max_size=5), st.sampled_from(AgeRule))
def test_between_two_edges_the_ages_that_a_range_touches_stay_the_same(claim, ages, rule):
    edges = band_edges(claim, ages, rule, "Asia/Shanghai")
    assert edges == tuple(sorted(set(edges)))

    def touched(at):
        ends = [age_at(birth, at=at, rule=rule, tz="Asia/Shanghai") for birth in (claim.last, claim.first)]
        return [[end >= age for age in ages if age] for end in ends]

    for start, end in itertools.pairwise(edges):
        assert touched(start) == touched(end - 1)


# -- what app stores tell ------------------------------------------------------------------------

BANDS = ((0, 12), (13, 15), (16, 17), (18, None))


def told_band(birth, day):
    age = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
    return next(band for band in BANDS if band[0] <= age and (band[1] is None or age <= band[1]))


@given(
    age_days=st.integers(0, 30 * 365),
    at=st.integers(utc(dt.date(2025, 1, 1)), utc(dt.date(2029, 1, 1))),
    stale=st.integers(0, 56),
    shift=st.sampled_from((-12, 0, 14)),
)
def test_a_band_from_play_however_stale_it_may_be_fits_the_true_birth_date(age_days, at, stale, shift):
    there = (dt.datetime.fromtimestamp(at, dt.UTC) + dt.timedelta(hours=shift)).date()
    birth = there - DAY * age_days
    lower, upper = told_band(birth, max(there - DAY * stale, birth))
    reading = from_play(
        {"ageSignalsStatus": "SHARED", "ageRangeSource": "TIER_B", "ageLower": lower, "ageUpper": upper}, at=at
    )
    assert reading.code == "range"
    assert reading.evidence.first <= birth <= reading.evidence.last
    assert reading.evidence.level is Level.GUARDIAN


@pytest.mark.parametrize("days", [0, 1, 14, 55])
def test_a_stale_band_after_the_eighteenth_birthday_is_a_range_and_never_an_adult(days):
    birth = dt.date(2007, 10, 9) - DAY * days  # eighteen for so many days at T0
    reading = from_play({"userStatus": "SUPERVISED", "ageLower": 16, "ageUpper": 17}, at=T0)
    assert reading.evidence.first <= birth
    alone = born([reading.evidence], at=T0)
    assert age_at(alone.last, at=T0, rule=AgeRule.ANNIVERSARY, tz="UTC") < 18
    both = born([reading.evidence, DobEvidence.verified(birth)], at=T0)
    assert (both.first, both.last, both.conflict) == (birth, birth, False)


def test_a_band_that_is_more_than_eight_weeks_wrong_is_a_conflict():
    reading = from_play({"userStatus": "SUPERVISED", "ageLower": 16, "ageUpper": 17}, at=T0)
    assert born([reading.evidence, DobEvidence.verified(dt.date(2007, 8, 1))], at=T0).conflict


@pytest.mark.parametrize("reader", [from_apple, from_play])
@given(
    payload=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    )
    | st.fixed_dictionaries(
        {},
        optional={
            "lowerBound": st.none() | st.integers(-3, 200) | st.sampled_from((True, "18", 18.0, 10**30)),
            "upperBound": st.none() | st.integers(-3, 200) | st.just([18]),
            "ageLower": st.none() | st.integers(-3, 200) | st.sampled_from((True, "18", 18.0, 10**30)),
            "ageUpper": st.none() | st.integers(-3, 200) | st.just({}),
            "ageRangeDeclaration": st.sampled_from(("selfDeclared", "confirmed", "robot", 3, None, [])),
            "userStatus": st.sampled_from(("VERIFIED", "SUPERVISED", "UNKNOWN", "ADULT", 0, 4, 9, True, None, [])),
            "ageSignalsStatus": st.sampled_from(("SHARED", "NOT_SHARED", "LATER", 1, None)),
            "ageRangeSource": st.sampled_from(("TIER_A", "TIER_E", None, {})),
            "declinedSharing": st.sampled_from((True, False, "yes")),
        },
    )
)
def test_no_payload_raises_and_what_is_no_sound_adult_is_never_one(reader, payload):
    reading = reader(payload, at=T0)
    assert (reading.evidence is None) is (reading.code != "range")
    if reading.evidence is None:
        return
    adult = age_at(reading.evidence.last, at=T0 + 2 * 86_400, rule=AgeRule.ANNIVERSARY, tz="UTC") >= 18
    told = payload.get("lowerBound") if reader is from_apple else payload.get("ageLower")
    implied = reader is from_play and payload.get("userStatus") in ("VERIFIED", 0) and told is None
    assert not adult or implied or (type(told) is int and told >= 18)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (None, "payload"),
        ("{}", "payload"),
        ({}, "declaration"),
        ({"declinedSharing": True, "lowerBound": 18, "ageRangeDeclaration": "selfDeclared"}, "declined"),
        ({"lowerBound": 18}, "declaration"),
        ({"lowerBound": 18, "ageRangeDeclaration": "somethingNew"}, "declaration"),
        ({"ageRangeDeclaration": "selfDeclared"}, "no_range"),
        ({"lowerBound": True, "ageRangeDeclaration": "selfDeclared"}, "bounds"),
        ({"lowerBound": 18.0, "ageRangeDeclaration": "selfDeclared"}, "bounds"),
        ({"lowerBound": 121, "ageRangeDeclaration": "selfDeclared"}, "bounds"),
        ({"lowerBound": 18, "upperBound": 16, "ageRangeDeclaration": "selfDeclared"}, "bounds"),
        ({"lowerBound": 13, "upperBound": 16, "ageRangeDeclaration": "guardianDeclared"}, "range"),
    ],
)
def test_apple_payloads_are_read_or_named_for_what_is_wrong(payload, code):
    assert from_apple(payload, at=T0).code == code


@pytest.mark.parametrize(
    ("declaration", "level"),
    [
        ("selfDeclared", "declared"),
        ("guardianDeclared", "guardian"),
        ("paymentChecked", "estimated"),
        ("governmentIDChecked", "verified"),
        ("guardianGovernmentIDChecked", "guardian"),
        ("confirmed", "estimated"),
    ],
)
def test_apple_declarations_have_the_level_of_the_weakest_method_they_may_mean(declaration, level):
    reading = from_apple({"lowerBound": None, "upperBound": 13, "ageRangeDeclaration": declaration}, at=T0)
    assert reading.evidence.level.value == level
    assert reading.evidence.last == dt.date(2025, 10, 10)  # below thirteen may be anyone through a newborn


@pytest.mark.parametrize(
    ("payload", "code", "approval"),
    [
        ([], "payload", None),
        ({}, "status", None),
        ({"userStatus": "UNKNOWN"}, "unknown", None),
        ({"userStatus": 4}, "unknown", None),
        ({"userStatus": 7}, "status", None),
        ({"userStatus": "VERIFIED"}, "range", None),
        ({"userStatus": 0}, "range", None),
        ({"userStatus": "VERIFIED", "ageLower": 13}, "bounds", None),
        ({"userStatus": "VERIFIED", "ageUpper": 20}, "bounds", None),
        ({"userStatus": "SUPERVISED"}, "no_range", None),
        ({"userStatus": "SUPERVISED", "ageLower": 13, "ageUpper": 12}, "bounds", None),
        ({"userStatus": "SUPERVISED_APPROVAL_DENIED", "ageLower": 13, "ageUpper": 15}, "range", "denied"),
        ({"userStatus": 2, "ageLower": 13, "ageUpper": 15}, "range", "pending"),
        ({"ageSignalsStatus": "NOT_SHARED"}, "not_shared", None),
        ({"ageSignalsStatus": "NOT_SHARED", "userStatus": "VERIFIED"}, "not_shared", None),
        ({"ageSignalsStatus": "VERIFICATION_REQUIRED"}, "verification_required", None),
        ({"ageSignalsStatus": "MAYBE", "ageRangeSource": "TIER_D", "ageLower": 18}, "status", None),
        ({"ageSignalsStatus": "SHARED", "ageLower": 18}, "status", None),
        ({"ageRangeSource": "TIER_D", "ageLower": 18, "significantChangeStatus": "APPROVED"}, "range", "approved"),
    ],
)
def test_play_payloads_are_read_or_named_for_what_is_wrong(payload, code, approval):
    reading = from_play(payload, at=T0)
    assert (reading.code, reading.approval) == (code, approval)


@pytest.mark.parametrize(
    ("source", "level"),
    [("TIER_A", "declared"), ("TIER_B", "guardian"), ("TIER_C", "estimated"), ("TIER_D", "verified")],
)
def test_play_tiers_have_their_level(source, level):
    assert from_play({"ageRangeSource": source, "ageLower": 18}, at=T0).evidence.level.value == level


# -- what is refused -----------------------------------------------------------------------------


BAD = [
    (lambda: DobEvidence.verified("2012-03-01"), "$.first"),
    (lambda: DobEvidence.verified(dt.datetime(2012, 3, 1, tzinfo=dt.UTC)), "$.first"),
    (lambda: DobEvidence.declared(dt.date(1899, 12, 31)), "$.first"),
    (lambda: DobEvidence.between(dt.date(2012, 3, 2), dt.date(2012, 3, 1), level=Level.NONE), "$.first"),
    (lambda: DobEvidence.between(dt.date(2012, 3, 1), dt.date(2012, 3, 1), level="verified"), "$.level"),
    (lambda: DobEvidence.verified(dt.date(2012, 3, 1), expires_on=5), "$.expires_on"),
    (lambda: DobEvidence.of_age(True, None, at=T0, level=Level.DECLARED), "$.least"),
    (lambda: DobEvidence.of_age(16, 15, at=T0, level=Level.DECLARED), "$.most"),
    (lambda: DobEvidence.of_age(16, 17, at=T0, level=Level.DECLARED, stale_days=-1), "$.stale_days"),
    (lambda: born([dt.date(2012, 3, 1)], at=T0), "$.evidence"),
    (lambda: born(7, at=T0), "$.evidence"),
    (lambda: born([], at=T0, least="verified"), "$.least"),
    (lambda: attained_on("2012-03-01", 8, AgeRule.JAN1), "$.birth"),
    (lambda: attained_on(dt.date(2012, 3, 1), 151, AgeRule.JAN1), "$.years"),
    (lambda: attained_on(dt.date(2012, 3, 1), 8.0, AgeRule.JAN1), "$.years"),
    (lambda: attained_on(dt.date(2012, 3, 1), 8, "jan1"), "$.rule"),
    (lambda: attained_at(dt.date(2012, 3, 1), 8, AgeRule.JAN1, "Mars/Base"), "$"),
    (lambda: attained_at(YOUNGEST, 150, AgeRule.JAN1, "Mars/Base"), "$"),
    (lambda: born([], at=dt.datetime(2025, 1, 1)), "$"),  # noqa: DTZ001 - naive on purpose
]


@pytest.mark.parametrize(("make", "path"), BAD, ids=range(len(BAD)))
def test_bad_values_are_refused_with_the_field_they_are_in(make, path):
    with pytest.raises(InputError) as caught:
        make()
    assert caught.value.problems[0].path == path


def test_one_piece_of_evidence_is_a_list_of_one():
    claim = DobEvidence.verified(dt.date(2012, 3, 1), observed_at=dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
    assert born(claim, at=T0) == born([claim], at=T0)
    assert claim.observed_at == utc(dt.date(2025, 1, 1))
    assert [level.rank for level in Level] == [0, 1, 2, 3, 4]


def test_very_old_people_are_of_an_age_too():
    claim = DobEvidence.of_age(130, 140, at=T0, level=Level.DECLARED)
    assert (claim.first, claim.last) == (OLDEST, OLDEST)
    leap = utc(dt.date(2024, 2, 28))
    assert DobEvidence.of_age(18, 20, at=leap, level=Level.DECLARED).last == dt.date(2006, 2, 28)
    assert DobEvidence.of_age(19, 20, at=utc(dt.date(2027, 2, 27)), level=Level.DECLARED).last == dt.date(2008, 2, 29)
    assert DobEvidence.of_age(8, 8, at=utc(dt.date(2028, 3, 1)), level=Level.DECLARED).first == dt.date(2019, 3, 1)
    # Under the later rule, who was born on 29 February 2008 is still eighteen on 28 February 2027.
    assert DobEvidence.of_age(16, 18, at=utc(dt.date(2027, 3, 1)), level=Level.DECLARED).first == dt.date(2008, 2, 29)
