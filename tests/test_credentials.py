"""Credentials: valid while something covers, nothing taken away untold, codes checked, look-alikes all found."""

import random

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._accounts.avatars import Avatar, AvatarIndex
from platgov._accounts.credentials import (
    Credential,
    CredentialNotice,
    CredentialPolicy,
    CredentialRequirement,
    CredentialStage,
    uscc_check_digit,
    uscc_problems,
)
from platgov.errors import InputError
from platgov.measures import Procedure

DAY = 86_400
T0 = 1_700_000_000
S = CredentialStage
POLICY = CredentialPolicy(
    requirements=[
        CredentialRequirement(id="licence", kinds=["business_licence"], recheck_days=100),
        CredentialRequirement(id="health", kinds=["medical"], categories=["health"], issuers=["ministry"]),
    ],
    notice_days=10,
    grace_days=5,
)


def licence(begin=0, end=50, verified=None, **more):
    return Credential(
        **{
            "kind": "business_licence",
            "issuer": "register",
            "subject": "org:1",
            "valid_from_at": T0 + begin * DAY,
            "valid_until_at": None if end is None else T0 + end * DAY,
            "verified_at": T0 + (begin if verified is None else verified) * DAY,
            **more,
        }
    )


def told(day, requirement="licence"):
    return CredentialNotice(requirement=requirement, sent_at=T0 + day * DAY)


def check(credentials, day, notices=(), categories=(), policy=POLICY):
    return policy.check(credentials, subject="org:1", categories=categories, notices=notices, at=T0 + day * DAY)


@st.composite
def held(draw):
    found = []
    for _ in range(draw(st.integers(0, 4))):
        begin = draw(st.integers(0, 60))
        found.append(
            licence(
                begin,
                draw(st.none() | st.integers(begin, begin + 60)),
                draw(st.integers(0, 60)),
                revoked_at=draw(st.none() | st.integers(0, 90).map(lambda n: T0 + n * DAY)),
            )
        )
    return found


notices = st.lists(st.integers(0, 120).map(told), max_size=3)


def serves(one, day):
    """Whether one credential serves on a day: written again, day by day."""
    at = T0 + day * DAY
    begin = max(one.valid_from_at, one.verified_at)
    ends = [one.valid_until_at, one.revoked_at, one.verified_at + 100 * DAY]
    return begin <= at and all(end is None or at < end for end in ends)


@given(held(), notices, st.integers(0, 150))
def test_covered_is_what_any_one_credential_covers(credentials, sent, day):
    known = [
        attrs.evolve(one, revoked_at=None) if (one.revoked_at or 0) > T0 + day * DAY else one
        for one in credentials
        if one.verified_at <= T0 + day * DAY
    ]
    state = check(credentials, day, sent).states[0]
    assert (state.stage in (S.VALID, S.EXPIRING)) == any(serves(one, day) for one in known)
    ever = any(serves(one, past) for one in known for past in range(day + 1))
    assert (state.stage is S.MISSING) == (not ever)
    if state.stage in (S.VALID, S.EXPIRING) and state.lapses_at is not None:
        lapse = (state.lapses_at - T0) // DAY
        assert all(any(serves(one, then) for one in known) for then in range(day, lapse))
        assert not any(serves(one, lapse) for one in known)


@given(held(), notices, st.integers(0, 150))
def test_nothing_is_taken_away_before_a_notice_its_time_and_the_grace(credentials, sent, day):
    state = check(credentials, day, sent).states[0]
    if state.stage is S.DOWNGRADED:
        at = T0 + day * DAY
        assert at >= state.lapses_at + 5 * DAY
        assert any(state.lapses_at - 10 * DAY <= one.sent_at <= at - 10 * DAY for one in sent)
    assert check(credentials, day).states[0].stage is not S.DOWNGRADED


@given(held(), notices, st.integers(0, 150), st.integers(0, 400))
def test_the_answer_holds_until_the_next_change_and_differs_at_it(credentials, sent, day, later):
    at = T0 + day * DAY
    known = [
        attrs.evolve(one, revoked_at=None) if (one.revoked_at or 0) > at else one
        for one in credentials
        if one.verified_at <= at
    ]
    told_by_then = [one for one in sent if one.sent_at <= at]

    def answer(then):
        states = POLICY.check(known, subject="org:1", notices=told_by_then, at=then).states
        return [(one.stage, one.notice_due) for one in states]

    now = check(credentials, day, sent)
    if now.next_change is None:
        assert answer(at + later * DAY) == answer(at)
    else:
        assert answer(now.next_change - 1) == answer(at)
        assert answer(min(now.next_change - 1, at + later * DAY)) == answer(at)
        assert answer(now.next_change) != answer(at)


@given(held(), notices, st.integers(0, 150), st.randoms())
def test_the_order_of_what_is_known_changes_nothing(credentials, sent, day, rng):
    first = check(credentials, day, sent).to_bytes()
    rng.shuffle(credentials)
    rng.shuffle(sent)
    assert check(credentials, day, sent).to_bytes() == first


def test_the_whole_way_step_by_step():
    one = [licence()]
    assert (check(one, 0).stage, check(one, 0).next_change) == (S.VALID, T0 + 40 * DAY)
    soon = check(one, 40).states[0]
    assert (soon.stage, soon.notice_due, soon.lapses_at) == (S.EXPIRING, True, T0 + 50 * DAY)
    informed = check(one, 41, [told(41)])
    assert (informed.states[0].notice_due, informed.states[0].downgrades_at) == (False, T0 + 55 * DAY)
    assert check(one, 50, [told(41)]).stage is S.GRACE
    assert check(one, 54, [told(41)]).next_change == T0 + 55 * DAY
    down = check(one, 55, [told(41)])
    assert (down.stage, down.appeal_until) == (S.DOWNGRADED, T0 + (55 + 183) * DAY)
    assert [reason.code for reason in down.reasons] == ["downgraded"]
    late = check(one, 70, [told(65)])
    assert (late.stage, late.next_change) == (S.GRACE, T0 + 75 * DAY)
    assert check(one, 900).stage is S.GRACE
    assert check([*one, licence(60, 90)], 61).stage is S.VALID
    next_one = licence(50, 90, verified=1)
    assert check([*one, next_one], 45).states[0].lapses_at == T0 + 90 * DAY


@pytest.mark.parametrize(
    "other", [told(39), told(39, "licence"), told(45, "health")], ids=["early", "early again", "about another"]
)
def test_a_notice_too_early_or_about_something_else_does_not_count(other):
    assert check([licence()], 90, [other]).stage is S.GRACE


def test_a_check_must_be_repeated_and_a_recall_ends_it():
    assert check([licence(end=None)], 100).states[0].lapses_at == T0 + 100 * DAY
    assert check([licence(end=None)], 100).stage is S.GRACE
    assert check([licence(end=None), licence(end=None, verified=99)], 150).stage is S.VALID
    assert check([licence(end=None), licence(end=None, verified=99)], 150).reasons == ()
    assert [reason.code for reason in check([licence(end=None)], 100).reasons] == ["grace"]
    recalled = [licence(revoked_at=T0 + 20 * DAY)]
    assert check(recalled, 19).states[0].lapses_at == T0 + 50 * DAY
    assert check(recalled, 20).stage is S.GRACE


def test_of_two_downgrades_the_later_opens_the_time_to_contest():
    medical = licence(kind="medical", issuer="ministry", end=60)
    both = check([licence(), medical], 100, [told(45), told(55, "health")], ["health"])
    assert [state.downgrades_at for state in both.states] == [T0 + 55 * DAY, T0 + 65 * DAY]
    assert (both.stage, both.appeal_until) == (S.DOWNGRADED, T0 + (65 + 183) * DAY)


def test_a_lapse_past_the_last_instant_is_none():
    last = 253_402_300_799
    shown = licence(valid_from_at=last - 9, valid_until_at=None, verified_at=last - 9)
    verdict = POLICY.check([shown], subject="org:1", at=last - 5)
    assert (verdict.stage, verdict.states[0].lapses_at, verdict.next_change) == (S.VALID, None, None)
    assert verdict.to_bytes()


def test_a_credential_counts_for_its_own_entity_issuer_and_content_only():
    medical = licence(kind="medical", issuer="ministry", end=None)
    assert [one.requirement for one in check([licence()], 1, categories=["news"]).states] == ["licence"]
    good = check([licence(), medical], 1, categories=["health", "news"])
    assert (good.stage, good.categories) == (S.VALID, ("health", "news"))
    for wrong in ({"issuer": "friend"}, {"subject": "org:2"}, {"kind": "business_licence"}):
        bad = check([licence(), attrs.evolve(medical, **wrong)], 1, categories=["health", "news"])
        assert (bad.stage, bad.categories, bad.states[1].stage) == (S.MISSING, ("news",), S.MISSING)
    assert check([], 1, categories=["health", "news"]).categories == ()
    assert POLICY.check([licence()], subject="org:1", at=T0).next_change == T0 + 40 * DAY
    assert check([licence()], 1).to_dict()["stage"] == "valid"


def test_without_any_requirement_in_question_all_is_valid():
    policy = CredentialPolicy(requirements=[POLICY.requirements[1]])
    verdict = check([], 1, categories=["news"], policy=policy)
    assert (verdict.stage, verdict.categories, verdict.next_change) == (S.VALID, ("news",), None)
    endless = licence(kind="medical", issuer="ministry", end=None)
    verdict = check([endless], 1, categories=["health"], policy=policy)
    assert (verdict.stage, verdict.next_change, verdict.states[0].lapses_at) == (S.VALID, None, None)


def test_plain_forms_digests_and_what_is_refused():
    assert CredentialPolicy.from_dict(POLICY.to_dict()) == POLICY
    digests = {POLICY.digest}
    for change in ({"notice_days": 11}, {"grace_days": 6}, {"version": "2"}, {"requirements": POLICY.requirements[:1]}):
        digests.add(attrs.evolve(POLICY, **change).digest)
    assert len(digests) == 5
    one = POLICY.requirements[0]
    for wrong in (
        lambda: CredentialPolicy(requirements=[]),
        lambda: CredentialPolicy(requirements=[one, one]),
        lambda: attrs.evolve(POLICY, notice_days=0),
        lambda: attrs.evolve(POLICY, procedure=Procedure(appeal_days=0)),
        lambda: CredentialRequirement(id="x", kinds=[]),
        lambda: CredentialRequirement(id="x", kinds="medical"),
        lambda: CredentialRequirement(id="x", kinds=["a"], recheck_days=0),
        lambda: licence(10, 5),
        lambda: licence(kind=""),
        lambda: CredentialNotice(requirement="licence", sent_at=None),
        lambda: check("x", 1),
        lambda: check(3, 1),
        lambda: check([3], 1),
        lambda: check([], 1, [3]),
        lambda: check([], 1, categories="news"),
        lambda: check([], 1, categories=3),
        lambda: POLICY.check([], subject="", at=T0),
        lambda: POLICY.check([], subject="org:1", at="x"),
    ):
        with pytest.raises(InputError):
            wrong()


# -- unified social credit codes -----------------------------------------------------------------

# Codes of companies as they stand in public registers.
PUBLISHED = [
    "91110000802100433B", "9144030071526726XG", "914403001922038216", "91330100799655058B", "91110108551385082Q",
    "91440300708461136T", "91350100M000100Y43",
]  # fmt: skip
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.mark.parametrize("code", PUBLISHED)
def test_published_codes_hold(code):
    assert uscc_problems(code) == ()
    assert uscc_check_digit(code[:17]) == code[17]


@pytest.mark.parametrize("code", PUBLISHED)
def test_no_wrong_character_and_no_swap_of_neighbours_goes_unseen(code):
    for place in range(18):
        for char in ALPHABET:
            if char != code[place]:
                assert uscc_problems(code[:place] + char + code[place + 1 :])
        if place and code[place] != code[place - 1]:
            assert uscc_problems(code[: place - 1] + code[place] + code[place - 1] + code[place + 1 :])


@pytest.mark.parametrize(
    ("code", "problems"),
    [
        ("", ("length",)), ("91110000802100433", ("length",)), ("91110000802100433b", ("character",)),
        ("9111000080210043I3", ("character",)), ("91A10000802100433B", ("character",)),
        ("91110000802100433C", ("check_digit",)), ("911100008021004340", ("check_digit", "organisation_check_digit")),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(code, problems):
    assert uscc_problems(code) == problems


def test_what_is_no_code_is_refused():
    for wrong in (lambda: uscc_problems(3), lambda: uscc_check_digit("1"), lambda: uscc_check_digit("I" * 17)):
        with pytest.raises(InputError):
            wrong()


# -- avatars -------------------------------------------------------------------------------------


def flipped(number, bits):
    for bit in bits:
        number ^= 1 << bit
    return number


@given(
    st.lists(st.integers(0, 2**256 - 1), min_size=1, max_size=12, unique=True),
    st.sets(st.integers(0, 255), max_size=40),
    st.sampled_from([0, 15, 16, 31, 47]),
)
def test_the_index_finds_exactly_what_a_scan_finds(numbers, bits, most):
    index = AvatarIndex([Avatar(id=f"a{n}", hash=f"{each:064x}") for n, each in enumerate(numbers)], max_distance=most)
    asked = flipped(numbers[0], bits)
    scan = sorted(
        (distance, f"a{n}") for n, each in enumerate(numbers) if (distance := (each ^ asked).bit_count()) <= most
    )
    assert [(hit.distance, hit.id) for hit in index.near(f"{asked:064x}")] == scan
    assert (len(bits) <= most) == any(
        hit.distance == len(bits) and hit.id == "a0" for hit in index.near(f"{asked:064x}")
    )


@pytest.mark.parametrize(("bits", "most"), [(64, 10), (64, 11), (256, 31)])
def test_a_thousand_pictures_and_their_near_copies_are_found_as_by_a_scan(bits, most):
    rng = random.Random(5)
    numbers = [rng.getrandbits(bits) for _ in range(1000)]
    index = AvatarIndex(
        [Avatar(id=f"a{n:04}", hash=f"{each:0{bits // 4}x}") for n, each in enumerate(numbers)],
        max_distance=most, bits=bits,
    )  # fmt: skip
    for n in range(0, 1000, 40):
        asked = flipped(numbers[n], rng.sample(range(bits), rng.randrange(most + 3)))
        scan = sorted((d, f"a{m:04}") for m, each in enumerate(numbers) if (d := (each ^ asked).bit_count()) <= most)
        assert [(hit.distance, hit.id) for hit in index.near(f"{asked:0{bits // 4}X}")] == scan
    assert len(index) == 1000


def test_pictures_of_ones_own_are_left_out_and_the_list_has_a_digest():
    avatars = [Avatar(id="a", hash="0" * 64, owner="org:1"), Avatar(id="b", hash="0" * 63 + "1")]
    index = AvatarIndex(avatars)
    assert [hit.id for hit in index.near("0" * 64)] == ["a", "b"]
    assert [hit.id for hit in index.near("0" * 64, holder="org:1")] == ["b"]
    assert [hit.id for hit in index.near("0" * 64, holder="org:2")] == ["a", "b"]
    assert index.digest == AvatarIndex(avatars[::-1]).digest
    assert index.digest != AvatarIndex(avatars, max_distance=30).digest


def test_what_is_no_hash_and_no_index_is_refused():
    for wrong in (
        lambda: AvatarIndex([Avatar(id="a", hash="x" * 64)]),
        lambda: AvatarIndex([Avatar(id="a", hash="0" * 63)]),
        lambda: AvatarIndex([Avatar(id="a", hash=3)]),
        lambda: AvatarIndex([Avatar(id="a", hash="0" * 64)] * 2),
        lambda: AvatarIndex("abc"),
        lambda: AvatarIndex([3]),
        lambda: AvatarIndex(3),
        lambda: AvatarIndex([], bits=60),
        lambda: AvatarIndex([], bits=True),
        lambda: AvatarIndex([], max_distance=48),
        lambda: AvatarIndex([], max_distance=-1),
        lambda: AvatarIndex([]).near("+" + "0" * 63),
        lambda: AvatarIndex([]).near(None),
        lambda: Avatar(id="", hash="0" * 64),
    ):
        with pytest.raises(InputError):
            wrong()
