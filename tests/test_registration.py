"""Registration: all reasons at once, the same at a change, unknown goes to people, no person in a refusal."""

import json
import pickle

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._accounts.plain import Reason
from platgov._accounts.registration import (
    Application,
    Attestation,
    CheckResult,
    IdentityLevel,
    Occasion,
    RefusedSignUp,
    RegistrationOutcome,
    RegistrationPolicy,
    run_checks,
)
from platgov.errors import InputError
from platgov.measures import Procedure
from platgov.names import NamePolicy, Protected

DAY = 86_400
T0 = 1_700_000_000
NAMES = {
    "name": NamePolicy(protected=[Protected(name="PayPal", owner="org:1")], reserved=["admin"], max_graphemes=30),
    "bio": NamePolicy(max_graphemes=200, max_bytes=800),
}
POLICY = RegistrationPolicy(
    level="identity", providers=["idp"], names=NAMES, checks=["avatar"], max_accounts=3, required=["name"]
)
O = RegistrationOutcome


def proof(level="identity", provider="idp", at=T0 - DAY, ends=None):
    return Attestation(level=level, provider=provider, checked_at=at, expires_at=ends)


def asked(profile=None, attestations=(proof(),), others=0, **more):
    return Application(profile=profile or {"name": "张伟"}, attestations=attestations, others=others, **more)


def codes(verdict):
    return [reason.code for reason in verdict.refusals], [reason.code for reason in verdict.open_points]


levels = st.sampled_from([level.value for level in IdentityLevel])
applications = st.builds(
    asked,
    st.dictionaries(
        st.sampled_from(["name", "bio", "avatar", "nmae"]),
        st.sampled_from(["Ana", "PayPa1", "admin", "", "mail me: a@b.example", "x" * 400, "hash:1"]),
    ),
    st.lists(
        st.builds(
            proof,
            levels,
            st.sampled_from(["idp", "other"]),
            st.integers(T0 - DAY, T0 + DAY),
            st.none() | st.integers(T0 + DAY, T0 + 9 * DAY),
        ),
        max_size=3,
    ),
    st.none() | st.integers(0, 5),
    checks=st.lists(
        st.builds(
            CheckResult,
            item=st.sampled_from(["avatar", "bio"]),
            source=st.just("m@1"),
            passed=st.sampled_from([True, False, None]),
        ),
        max_size=2,
    ),
    holder=st.sampled_from([None, "org:1"]),
)


@given(applications, st.integers(T0, T0 + 9 * DAY))
def test_a_change_is_checked_as_a_registration_is(application, at):
    sign_up, change = (
        POLICY.check(attrs.evolve(application, occasion=occasion), at=at) for occasion in ("registration", "change")
    )
    assert sign_up.fingerprint == change.fingerprint
    assert attrs.evolve(change, occasion=Occasion.REGISTRATION) == sign_up


@given(applications, st.integers(T0, T0 + 9 * DAY), st.integers(0, 20 * DAY))
def test_the_answer_holds_until_the_next_change_and_differs_at_it(application, at, later):
    known = attrs.evolve(application, attestations=[one for one in application.attestations if one.checked_at <= at])
    now = POLICY.check(application, at=at)

    def answer(then):
        return codes(POLICY.check(known, at=then))

    if now.next_change is None:
        assert answer(at + later) == codes(now)
    else:
        assert answer(now.next_change - 1) == codes(now)
        assert answer(min(now.next_change - 1, at + later)) == codes(now)
        assert answer(now.next_change) != codes(now)


@given(applications)
def test_more_proof_never_turns_an_admission_into_a_refusal(application):
    less = POLICY.check(application, at=T0)
    more = POLICY.check(attrs.evolve(application, attestations=(*application.attestations, proof())), at=T0)
    assert set(codes(more)[0]) == set(codes(less)[0]) - {"identity"}


@given(applications, st.randoms())
def test_the_order_of_what_is_known_changes_nothing(application, rng):
    first = POLICY.check(application, at=T0).to_bytes()
    mixed = {name: list(getattr(application, name)) for name in ("attestations", "checks")}
    for values in mixed.values():
        rng.shuffle(values)
    assert POLICY.check(attrs.evolve(application, **mixed), at=T0).to_bytes() == first


@given(applications)
def test_an_application_survives_its_plain_form_and_pickling(application):
    assert Application.from_dict(application.to_dict()) == application
    assert pickle.loads(pickle.dumps(application)) == application


@given(applications)
def test_a_refusal_has_reasons_and_an_appeal_and_its_record_holds_no_personal_data(application):
    verdict = POLICY.check(application, at=T0 + 77)
    assert (verdict.outcome is O.REFUSED) == bool(verdict.refusals)
    assert (verdict.outcome is O.ADMITTED) == (not verdict.refusals and not verdict.open_points)
    record = verdict.record()
    assert (record is None) == (verdict.outcome is not O.REFUSED)
    if record is not None:
        assert verdict.appeal_until == T0 + 77 + 183 * DAY
        assert all(reason.code and reason.rule and reason.says for reason in verdict.reasons)
        assert {field.name for field in attrs.fields(RefusedSignUp)} == {
            "day_at", "occasion", "account_kind", "codes", "policy",
        }  # fmt: skip
        written = json.dumps(record.to_dict())
        assert verdict.fingerprint not in written
        assert record.day_at % DAY == 0
        assert not any(text and text in written.replace(record.policy, "") for text in application.profile.values())
        same = POLICY.check(attrs.evolve(application, others=5), at=T0 + 78).record()
        assert same.day_at == record.day_at


def test_who_is_known_well_enough_is_admitted():
    verdict = POLICY.check(asked(), at=T0)
    assert (verdict.outcome, verdict.reasons, verdict.appeal_until, verdict.record()) == (O.ADMITTED, (), None, None)
    assert POLICY.check(asked(attestations=[proof("presence")]), at=T0).outcome is O.ADMITTED


@pytest.mark.parametrize(
    ("attestations", "good"),
    [
        ([], False), ([proof("contact")], False), ([proof(provider="friend")], False), ([proof(at=T0 + 1)], False),
        ([proof(at=T0)], True), ([proof(ends=T0)], False), ([proof(ends=T0 + 1)], True),
        ([proof("none"), proof("identity")], True),
    ],
    ids=range(8),
)  # fmt: skip
def test_the_level_must_be_shown_by_an_accepted_provider_and_in_date(attestations, good):
    verdict = POLICY.check(asked(attestations=attestations), at=T0)
    assert (verdict.outcome is O.ADMITTED) is good
    assert (codes(verdict)[0] == ["identity"]) is not good


def test_an_attestation_has_no_room_for_a_document():
    assert {field.name for field in attrs.fields(Attestation)} == {"level", "provider", "checked_at", "expires_at"}
    with pytest.raises(InputError, match="document"):
        Application.from_dict({**asked().to_dict(), "attestations": [{"level": "identity", "document": "X1"}]})


def test_names_are_checked_with_span_and_evidence_and_their_owner_may_bear_them():
    refused = POLICY.check(asked({"name": "Р\u0430yPal"}), at=T0)
    assert codes(refused)[0] == ["lookalike"]
    assert "PayPal" in refused.refusals[0].evidence[1]
    assert refused.refusals[0].rule == "names.name"
    assert POLICY.check(asked({"name": "PayPal"}, holder="org:1"), at=T0).outcome is O.ADMITTED
    assert codes(POLICY.check(asked({"name": "PayPal"}, holder="org:2"), at=T0))[0] == ["protected"]


def test_what_is_worth_a_look_only_is_a_note():
    verdict = POLICY.check(asked({"name": "Ana  B"}), at=T0)
    assert (verdict.outcome, [reason.code for reason in verdict.notes]) == (O.ADMITTED, ["spacing"])


def test_all_reasons_are_given_at_once():
    verdict = POLICY.check(
        asked({"bio": "see www.example.com", "nmae": "x", "avatar": "h"}, (), 3, checks=[
            CheckResult(item="avatar", source="m@1", passed=False, rule="avatars.2", evidence=["a QR code"])
        ]), at=T0,
    )  # fmt: skip
    assert codes(verdict) == (["identity", "missing", "link", "unknown_part", "check_failed", "too_many_accounts"], [])
    assert verdict.refusals[4].rule == "avatars.2"
    assert verdict.refusals[4].evidence == ("part=avatar", "source=m@1", "a QR code")
    assert verdict.record().codes == tuple(sorted(codes(verdict)[0]))


@pytest.mark.parametrize(
    ("change", "open_points"),
    [
        ({"others": None}, ["accounts_unknown"]),
        ({"profile": {"name": "Ana", "avatar": "h"}}, ["unchecked"]),
        (
            {
                "profile": {"name": "Ana", "avatar": "h"},
                "checks": [CheckResult(item="avatar", source="m@1", passed=None)],
            },
            ["check_undetermined"],
        ),
    ],
    ids=["count", "unchecked", "could not tell"],
)
def test_what_is_not_known_is_neither_admitted_nor_refused(change, open_points):
    verdict = POLICY.check(asked(**change), at=T0)
    assert (verdict.outcome, codes(verdict), verdict.record()) == (O.UNDETERMINED, ([], open_points), None)


def test_the_limit_of_accounts_counts_this_one():
    assert POLICY.check(asked(others=2), at=T0).outcome is O.ADMITTED
    assert codes(POLICY.check(asked(others=3), at=T0))[0] == ["too_many_accounts"]
    assert attrs.evolve(POLICY, max_accounts=None).check(asked(others=None), at=T0).outcome is O.ADMITTED


def test_a_check_about_a_part_that_is_not_there_says_nothing():
    gone = CheckResult(item="cover", source="m@1", passed=False)
    assert POLICY.check(asked(checks=[gone]), at=T0).outcome is O.ADMITTED


def test_a_hosts_checks_become_facts_whatever_they_do():
    def broken(text):
        raise RuntimeError(text)

    found = run_checks(
        {"bio": "secret text", "avatar": "h", "cover": "c", "logo": "l", "name": "n"},
        {
            "bio": broken,
            "avatar": lambda text: text == "h",
            "cover": lambda _: None,
            "logo": lambda _: 1,
            "other": broken,
        },
        source="host@2",
        rule="5.1",
    )
    assert [(one.item, one.passed, one.evidence) for one in found] == [
        ("avatar", True, ()),
        ("bio", None, ("raised RuntimeError",)),
        ("cover", None, ()),
        ("logo", None, ("gave number 1",)),
    ]
    assert {(one.source, one.rule) for one in found} == {("host@2", "5.1")}
    for profile, checks in (({"a": "x"}, {1: bool, "a": bool}), ({1: "x"}, {"a": bool}), (["a"], {}), ({}, ["a"])):
        with pytest.raises(InputError):
            run_checks(profile, checks, source="host@2")


def test_a_policy_survives_its_plain_form_with_the_name_policies_it_names():
    again = RegistrationPolicy.read(POLICY.to_dict(), names=NAMES)
    assert (again, again.digest) == (POLICY, POLICY.digest)
    with pytest.raises(InputError, match="name policies"):
        RegistrationPolicy.read(POLICY.to_dict(), names={**NAMES, "bio": NamePolicy()})
    with pytest.raises(InputError):
        RegistrationPolicy.read(None, names=NAMES)
    digests = {POLICY.digest}
    for change in (
        {"level": "contact"}, {"providers": ()}, {"names": {"name": NAMES["name"]}}, {"required": ()}, {"checks": ()},
        {"max_accounts": 4}, {"procedure": Procedure(appeal_days=3)}, {"version": "2"},
    ):  # fmt: skip
        digests.add(attrs.evolve(POLICY, **change).digest)
    assert len(digests) == 9
    assert POLICY.to_dict()["required"] == ["name"]


def test_without_a_level_nobody_has_to_be_known():
    anyone = RegistrationPolicy(names=NAMES)
    assert anyone.check(asked(attestations=(), others=None), at=T0).outcome is O.ADMITTED
    assert [level.rank for level in IdentityLevel] == [0, 1, 2, 3]


def test_what_cannot_be_is_refused_with_one_clear_error():
    for wrong in (
        lambda: RegistrationPolicy(names={"name": "strict"}),
        lambda: RegistrationPolicy(names=None),
        lambda: RegistrationPolicy(names={3: NAMES["name"]}),
        lambda: RegistrationPolicy(names=NAMES, required=["nmae"]),
        lambda: RegistrationPolicy(names=NAMES, level="best"),
        lambda: RegistrationPolicy(names=NAMES, max_accounts=0),
        lambda: RegistrationPolicy(names=NAMES, procedure=Procedure(notice=False)),
        lambda: Application(profile="x"),
        lambda: Application(profile={"name": 3}),
        lambda: Application(profile={3: "x"}),
        lambda: asked(others=-1),
        lambda: asked(others=True),
        lambda: asked(attestations=["passport"]),
        lambda: asked(occasion="visit"),
        lambda: asked(holder=""),
        lambda: asked(account_kind=""),
        lambda: CheckResult(item="bio", source="m", passed=1),
        lambda: CheckResult(item="bio", source=""),
        lambda: proof(ends=T0 - 2 * DAY),
        lambda: proof(level=None),
        lambda: POLICY.check("x", at=T0),
        lambda: POLICY.check(asked(), at="x"),
        lambda: POLICY.check(asked({"name": "\ud800"}), at=T0),
        lambda: Reason(code="", rule="x", says="x"),
        lambda: Reason(code="x", rule="x", says="x", evidence="x"),
    ):
        with pytest.raises(InputError):
            wrong()


def test_a_reason_can_be_printed_and_stored_whatever_the_name_holds():
    verdict = POLICY.check(asked({"name": "a\u202eb\u0007"}), at=T0)
    assert verdict.outcome is O.REFUSED
    assert all(line.isprintable() for reason in verdict.reasons for line in reason.evidence)
    assert verdict.to_bytes()
