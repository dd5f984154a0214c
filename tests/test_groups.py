"""Groups: enough people by size, no more load than one can carry, every duty taken, time to repair."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._accounts.groups import Group, GroupPolicy, GroupStage, Responsible, SizeStep, group_loads
from platgov.errors import InputError
from platgov.measures import Procedure

DAY = 86_400
T0 = 1_700_000_000
SIZES = [
    SizeStep(members=0, responsible=1),
    SizeStep(members=100, responsible=2),
    SizeStep(members=1000, responsible=4),
]
POLICY = GroupPolicy(sizes=SIZES, max_groups=3, duties=["reports", "rules"], repair_days=7)
S = GroupStage


def group(people=1, members=10, duties=("rules", "reports"), loads=1, **more):
    responsible = [Responsible(person=f"p{n}", duties=duties, groups=loads) for n in range(people)]
    return Group(id="g1", members=members, responsible=responsible, **more)


def check(facts, at=T0, policy=POLICY):
    return policy.check(facts, at=at)


@given(st.integers(0, 2000), st.integers(0, 6))
def test_the_number_of_responsible_people_follows_the_size(members, people):
    wanted = 1 if members < 100 else 2 if members < 1000 else 4
    assert POLICY.wanted(members) == wanted
    codes = {reason.code for reason in check(group(people, members)).reasons}
    assert ("too_few" in codes) == (people < wanted)


@given(st.integers(0, 2000), st.integers(0, 2000), st.integers(0, 6))
def test_a_larger_group_never_needs_fewer_people(members, more, people):
    assert POLICY.wanted(members) <= POLICY.wanted(members + more)
    small, large = (check(group(people, n)) for n in (members, members + more))
    assert not (small.reasons and not large.reasons)


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        (group(), []),
        (group(loads=3), []),
        (group(loads=4), ["load"]),
        (group(people=2, loads=4), ["load", "load"]),
        (group(duties=["rules"]), ["duty"]),
        (group(people=0), ["too_few", "duty", "duty"]),
        (group(members=100), ["too_few"]),
    ],
    ids=range(7),
)
def test_each_lack_is_a_reason_of_its_own(facts, codes):
    assert [reason.code for reason in check(facts).reasons] == codes


def test_nothing_may_be_done_before_a_notice_and_the_time_to_repair():
    lacking = group(people=0)
    assert check(lacking, T0 + 900 * DAY).stage is S.NOTICE_DUE
    since = attrs.evolve(lacking, deficient_at=T0)
    assert check(since, T0 + 900 * DAY).stage is S.NOTICE_DUE
    told = attrs.evolve(since, told_at=T0 + DAY)
    repair = check(told, T0 + DAY)
    assert (repair.stage, repair.next_change, repair.repair_until) == (S.REPAIR, T0 + 8 * DAY, T0 + 8 * DAY - 1)
    assert check(told, T0 + 8 * DAY - 1).stage is S.REPAIR
    over = check(told, T0 + 8 * DAY)
    assert (over.stage, over.next_change, over.appeal_until) == (S.ACTION_DUE, None, T0 + 191 * DAY)
    assert check(told, T0 + DAY - 1).stage is S.NOTICE_DUE
    repaired = attrs.evolve(told, responsible=group().responsible)
    assert (check(repaired, T0 + 99 * DAY).stage, check(repaired).reasons) == (S.IN_ORDER, ())


def test_a_notice_about_an_earlier_lack_does_not_count():
    again = group(people=0, deficient_at=T0 + 50 * DAY, told_at=T0 + DAY)
    assert check(again, T0 + 99 * DAY).stage is S.NOTICE_DUE


@given(st.integers(-5, 30), st.integers(-5, 30), st.integers(0, 40), st.integers(0, 2))
def test_the_stage_holds_until_the_next_change_and_differs_at_it(since, told, day, people):
    facts = group(people, 150, deficient_at=T0 + since * DAY, told_at=T0 + told * DAY)
    now = check(facts, T0 + day * DAY)
    known = attrs.evolve(
        facts,
        deficient_at=facts.deficient_at if since <= day else None,
        told_at=facts.told_at if told <= day else None,
    )
    if now.next_change is None:
        assert check(known, T0 + 90 * DAY).stage is now.stage
    else:
        assert check(known, now.next_change - 1).stage is now.stage
        assert check(known, now.next_change).stage is not now.stage


def test_what_was_recorded_later_is_not_known_yet():
    plain = check(group(people=0), T0 + DAY)
    for later in ({"deficient_at": T0 + DAY + 1}, {"told_at": T0 + DAY + 1}):
        assert check(group(people=0, **later), T0 + DAY).to_bytes() == plain.to_bytes()
    at_once = group(people=0, deficient_at=T0 + DAY, told_at=T0 + DAY)
    assert check(at_once, T0 + DAY).stage is S.REPAIR


def test_time_to_repair_ends_with_the_last_year():
    last = 253_402_300_799
    for left, until in ((0, last), (DAY, last), (7 * DAY - 1, last), (7 * DAY, last - 1), (8 * DAY, last - DAY - 1)):
        at = last - left
        verdict = check(group(people=0, deficient_at=at, told_at=at), at)
        assert (verdict.stage, verdict.repair_until) == (S.REPAIR, until)
        assert verdict.next_change == (until + 1 if until < last else None)
        assert verdict.to_bytes()


def test_a_size_is_a_whole_number_of_members():
    assert (POLICY.wanted(0), POLICY.wanted(10**9)) == (1, 4)
    for bad, code in (
        (-5, "range"),
        (10**9 + 1, "range"),
        ("x", "type"),
        (None, "type"),
        (True, "type"),
        (1.5, "type"),
    ):
        with pytest.raises(InputError, match="members") as refused:
            POLICY.wanted(bad)
        assert refused.value.problems[0].code == code


def test_an_unknown_load_is_no_lack_and_no_clean_bill():
    unknown = check(group(loads=None))
    assert (unknown.stage, [r.code for r in unknown.reasons]) == (S.UNDETERMINED, ["load_unknown"])
    assert check(group(people=1, members=100, loads=None)).stage is S.NOTICE_DUE


def test_loads_are_counted_over_groups_once_each():
    assert group_loads([("g1", ["a", "b", "a"]), ("g2", ["a"]), ("g3", [])]) == {"a": 2, "b": 1}
    assert list(group_loads([("g2", ["c", "b"]), ("g1", ["a"])])) == ["a", "b", "c"]
    with pytest.raises(InputError):
        group_loads([("g1", ["a"]), ("g1", ["b"])])
    with pytest.raises(InputError):
        group_loads([("g1", [3])])


def test_plain_forms_and_digests():
    facts = group(people=2, deficient_at=T0, told_at=T0)
    assert (Group.from_dict(facts.to_dict()), GroupPolicy.from_dict(POLICY.to_dict())) == (facts, POLICY)
    digests = {POLICY.digest}
    for change in ({"sizes": SIZES[:2]}, {"max_groups": 4}, {"duties": ()}, {"repair_days": 8}, {"version": "2"}):
        digests.add(attrs.evolve(POLICY, **change).digest)
    assert len(digests) == 6
    verdict = check(facts)
    assert (verdict.to_bytes(), verdict.to_dict()["stage"]) == (check(attrs.evolve(facts)).to_bytes(), "in_order")


def test_what_cannot_be_is_refused():
    good = {"sizes": SIZES, "max_groups": 3, "repair_days": 7}
    for bad in (
        {"sizes": []}, {"sizes": SIZES[1:]}, {"sizes": SIZES[::-1]}, {"sizes": [SIZES[0], SIZES[0]]}, {"sizes": [1]},
        {"sizes": [SizeStep(members=0, responsible=2), SizeStep(members=5, responsible=1)]}, {"max_groups": 0},
        {"sizes": [SizeStep(members=n, responsible=1) for n in range(101)]},
        {"duties": "rules"}, {"duties": [3]}, {"repair_days": 0}, {"procedure": Procedure(appeal_days=0)},
    ):  # fmt: skip
        with pytest.raises(InputError):
            GroupPolicy(**{**good, **bad})
    for wrong in (
        lambda: Group(id="", members=1),
        lambda: Group(id="g", members=-1),
        lambda: Group(id="g", members=True),
        lambda: Group(id="g", members=1, responsible=["p"]),
        lambda: Group(id="g", members=1, responsible=[Responsible(person="p"), Responsible(person="p")]),
        lambda: Responsible(person="p", groups=0),
        lambda: Group(id="g", members=1, told_at=1.5),
        lambda: check("g"),
        lambda: check(group(), "now"),
    ):
        with pytest.raises(InputError):
            wrong()
