"""Whatever a host gives a value of an account, or a question about one: an answer, or one clear refusal."""

import datetime as dt
import decimal

import attrs
import pytest

from platgov._accounts.credit import CreditPolicy
from platgov._accounts.watch import WatchList, WatchPolicy
from platgov.accounts import (
    Account,
    AccountKind,
    AccountPolicies,
    Activity,
    Application,
    Attestation,
    Avatar,
    AvatarIndex,
    CheckResult,
    Clearing,
    ClusterPolicy,
    Credential,
    CredentialNotice,
    CredentialPolicy,
    CredentialRequirement,
    CreditHistory,
    DormancyPolicy,
    Drain,
    EntityWords,
    Escalation,
    Event,
    EventKind,
    ExemptFor,
    Exemption,
    Fade,
    GradePolicy,
    Group,
    GroupPolicy,
    KindPolicy,
    LabelledRow,
    Lock,
    Observation,
    PointsOf,
    RecoveryTask,
    RegistrationPolicy,
    Renewal,
    Responsible,
    Rung,
    Scorecard,
    SizeStep,
    Snapshot,
    WatchEntry,
    entity_match,
    fit_scorecard,
    group_loads,
    registration_clusters,
    run_checks,
    uscc_check_digit,
    uscc_problems,
)
from platgov.errors import DueProcessError, InputError, PlatgovError
from platgov.names import NamePolicy
from platgov.verdict import Verdict

T0 = 1_700_000_000
CREDIT = CreditPolicy(
    context="c", start=10, ceiling=10, weights={"a": 1}, recovery=Drain(points=1, per_days=1), max_lifetime_days=9,
    max_single=3,
)  # fmt: skip
GRADES = GradePolicy(rungs=[Rung(name="a")])
KIND = AccountKind(name="a")

# Every value that a host writes, with all of its fields.
VALUES = {
    Event: {"kind": EventKind.VIOLATION, "id": "a", "at": T0, "cites": "r"},
    CreditHistory: {"events": ()},
    Drain: {"points": 1, "per_days": 1},
    Fade: {"shape": "linear", "lifetime_days": 3},
    Escalation: {"window_days": 3, "factors": (1, 2)},
    RecoveryTask: {"points": 1, "max_points": 1, "per_days": 1},
    CreditPolicy: {
        "context": "c", "version": "1", "start": 10, "floor": 0, "ceiling": 10, "weights": {"a": 1},
        "recovery": Drain(points=1, per_days=1), "max_lifetime_days": 9, "max_single": 3, "escalation": None,
        "tasks": {}, "human_below": None, "procedure": CREDIT.procedure,
    },
    Rung: {
        "name": "a", "promote_at": 3, "demote_below": 2, "dwell_days": 1, "grace_days": 1, "requires": None,
        "mode": Rung(name="a").mode, "warns": False, "suspends": False, "needs_human": False, "grants": (),
    },
    Observation: {"at": T0, "facts": {}},
    Lock: {
        "grade": "a", "kind": Lock(grade="a", at=T0, expires_at=T0 + 1, by="b", reason="r").kind, "at": T0,
        "expires_at": T0 + 1, "by": "b", "reason": "r",
    },
    GradePolicy: {
        "rungs": [Rung(name="a")], "entry": None, "context": None, "version": "1", "dwell_from": GRADES.dwell_from,
        "facts": None, "procedure": CREDIT.procedure,
    },
    AccountKind: {"name": "a"},
    Account: {"id": "a", "kind": KIND, "registered_at": None},
    KindPolicy: {"credit": CREDIT, "grades": GRADES},
    AccountPolicies: {"policies": {KIND: KindPolicy(credit=CREDIT, grades=GRADES)}},
    Attestation: {"level": "identity", "provider": "p", "checked_at": T0, "expires_at": None},
    CheckResult: {"item": "a", "source": "s", "passed": None, "rule": "r", "evidence": ()},
    Application: {
        "account_kind": "p", "profile": {"name": "x"}, "attestations": (), "checks": (), "others": None,
        "holder": None, "occasion": "change",
    },
    RegistrationPolicy: {
        "version": "1", "level": "none", "providers": (), "names": {"name": NamePolicy()}, "required": (),
        "checks": (), "max_accounts": None, "procedure": CREDIT.procedure,
    },
    Exemption: {"code": "a", "says": "x"},
    ExemptFor: {"code": "a", "from_at": T0, "ends_at": None},
    Clearing: {"acted_at": T0, "restored_at": None},
    Activity: {
        "registered_at": T0, "last_active_at": None, "known": True, "notices_at": (), "clearings": (),
        "exemptions": (),
    },
    DormancyPolicy: {
        "version": "1", "dormant_days": 1, "never_used_days": None, "grace_days": 1, "restore_days": 1,
        "action": "freeze", "exemptions": (), "procedure": CREDIT.procedure,
    },
    Renewal: {"by": "a", "at": T0, "reason": "r", "evidence": ["e"], "review_at": T0 + 1},
    WatchEntry: {
        "id": "a", "subject": "s", "reason": "r", "evidence": ["e"], "opened_by": "o", "opened_at": T0,
        "review_at": T0 + 1, "renewals": (), "closed_at": T0 + 2, "closed_by": "b", "outcome": "x",
    },
    WatchPolicy: {"version": "1", "review_days": 3, "grace_days": 1, "max_renewals": 1},
    WatchList: {"policy": WatchPolicy(), "entries": ()},
    SizeStep: {"members": 0, "responsible": 1},
    Responsible: {"person": "p", "duties": (), "groups": 1},
    Group: {"id": "g", "members": 1, "responsible": (), "deficient_at": None, "told_at": None},
    GroupPolicy: {
        "version": "1", "sizes": [SizeStep(members=0, responsible=1)], "max_groups": 1, "duties": (),
        "repair_days": 1, "procedure": CREDIT.procedure,
    },
    Credential: {
        "kind": "k", "issuer": "i", "subject": "s", "valid_from_at": T0, "valid_until_at": None, "verified_at": T0,
        "revoked_at": None,
    },
    CredentialNotice: {"requirement": "r", "sent_at": T0},
    CredentialRequirement: {"id": "r", "kinds": ["k"], "categories": (), "issuers": (), "recheck_days": None},
    CredentialPolicy: {
        "version": "1", "requirements": [CredentialRequirement(id="r", kinds=["k"])], "notice_days": 1,
        "grace_days": 0, "procedure": CREDIT.procedure,
    },
    LabelledRow: {"values": {"a": 1}, "shell": True},
    PointsOf: {"feature": "a", "direction": "more", "cuts": (1,), "points": (0, 1)},
    Scorecard: {
        "version": "1", "features": [PointsOf(feature="a", direction="more", cuts=(1,), points=(0, 1))],
    },
    EntityWords: {"forms": ("a",), "generic": (), "claims": (), "places": (), "short": ()},
    Avatar: {"id": "a", "hash": "0" * 64, "owner": None},
    ClusterPolicy: {
        "version": "1", "window_hours": 1, "min_size": 3, "stem_chars": 3, "excess_percent": 1, "chance_milli": 0,
        "total_milli": 0,
    },
}  # fmt: skip


# Those that hold a table.
UNHASHABLE = {Application}


class Uncomparable:
    """A value that answers no question about itself."""

    __hash__ = None

    def __eq__(self, other):
        raise RuntimeError


class Text(str):
    __slots__ = ()


class Whole(int):
    pass


JUNK = {
    "None": None, "True": True, "minus one": -1, "a long number": 10**30, "5,001 digits": 10**5000, "1.5": 1.5,
    "nan": float("nan"), "infinity": float("inf"), "minus zero": -0.0, "signaling": decimal.Decimal("sNaN"),
    "empty text": "", "a space": " ", "a letter": "x", "10 kB": "x" * 10_240, "half a pair": "\ud800",
    "null": "a\x00b", "override": "\u202e", "line break": "a\nb", "wide digits": "１２", "superscript": "²",
    "bytes": b"x",
    "empty list": [], "a list in a list": [[]], "a list of None": [None], "a list of half a pair": ["\ud800"],
    "a list of empty text": [""], "empty object": {}, "an object": {"a": 1}, "a number as key": {1: 2},
    "None as value": {"a": None}, "a set": {"x"}, "an object()": object(), "uncomparable": Uncomparable(),
    "a list of uncomparable": [Uncomparable()], "naive": dt.datetime.fromisoformat("2026-01-01T00:00:00"),
    "a day": dt.date(2026, 1, 1),
    "year 10000": dt.datetime.max.replace(tzinfo=dt.timezone(dt.timedelta(hours=-14))),
    "before year 1": dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=14))),
    "a class": int, "a subclass of text": Text("abc"), "a subclass of int": Whole(5), "a range": range(3),
}  # fmt: skip
# What nobody may give where an instant is wanted: rows 35 and 36 of the catalogue.
NO_INSTANTS = [
    253_402_300_800, -62_135_596_801, 10**18, 10**5000, float("nan"), 1e9, True, "2026-01-01", JUNK["a day"],
    JUNK["naive"], JUNK["year 10000"], JUNK["before year 1"],
]  # fmt: skip


def answered(act):
    """Give the answer, or the refusal once it is found to be a fit one."""
    try:
        return act()
    except (InputError, DueProcessError) as refusal:
        assert len(str(refusal)) < 2000
        return refusal


def fields_with(ending):
    return [
        pytest.param(cls, field, id=f"{cls.__name__}.{field}")
        for cls, good in VALUES.items()
        for field in good
        if field == "at" or field.endswith(ending)
    ]


def each_value():
    return pytest.mark.parametrize("cls", VALUES, ids=lambda cls: cls.__name__)


def test_every_value_that_a_host_writes_is_among_these():
    assert {cls: sorted(good) for cls, good in VALUES.items()} == {
        cls: sorted(field.name for field in attrs.fields(cls) if field.init) for cls in VALUES
    }


@each_value()
def test_any_junk_in_any_field_is_refused_at_once_or_is_as_good_as_any_other_value(cls):
    made = cls(**VALUES[cls])
    hashable = cls not in UNHASHABLE
    for field in VALUES[cls]:
        for junk in JUNK.values():
            value = answered(lambda field=field, junk=junk: cls(**{**VALUES[cls], field: junk}))
            if isinstance(value, PlatgovError):
                continue
            # What exists is complete: it has a hash, its bytes and its address can be told, and it reads back.
            if hashable:
                assert hash(value) == hash(value)
            if hasattr(made, "digest"):
                assert value.digest
            if hasattr(cls, "from_dict") and cls is not RegistrationPolicy:
                assert cls.from_dict(value.to_dict()) is not None


@pytest.mark.parametrize(
    "cls", [cls for cls in VALUES if hasattr(cls, "from_dict")], ids=lambda cls: cls.__name__
)  # fmt: skip
def test_rows_41_and_42_a_plain_form_has_no_key_more_and_no_required_one_less(cls):
    if cls is RegistrationPolicy:
        made = cls(**VALUES[cls])
        plain, names = made.to_dict(), {"names": made.names}

        def read(data):
            return cls.from_dict({**data, **names} if type(data) is dict and "names" in data else data)
    else:
        plain, read = cls(**VALUES[cls]).to_dict(), cls.from_dict
    assert read(plain) is not None
    for stray in ({**plain, "colour": 3}, {**plain, 7: 3}, None, [], "x", 7, [plain]):
        with pytest.raises(InputError):
            read(stray)
    required = {field.name for field in attrs.fields(cls) if field.default is attrs.NOTHING and field.init}
    for key in plain:
        for junk in JUNK.values():
            answered(lambda key=key, junk=junk: read({**plain, key: junk}))
        if key in required:
            with pytest.raises(InputError):
                read({name: value for name, value in plain.items() if name != key})
            with pytest.raises(InputError):
                cls(**{**VALUES[cls], key: None})


@pytest.mark.parametrize(("cls", "field"), fields_with("_at"))
def test_rows_35_and_36_an_instant_has_a_zone_and_lies_in_the_years_1_to_9999(cls, field):
    for bad in NO_INSTANTS:
        with pytest.raises(InputError) as refused:
            cls(**{**VALUES[cls], field: [bad] if field == "notices_at" else bad})
        assert refused.value.problems[0].code in ("range", "type", "naive")


# Least and most of every whole number that has a range of its own.
RANGES = {
    (Drain, "points"): (1, 10**6), (Drain, "per_days"): (1, 3650), (Fade, "lifetime_days"): (1, 3650),
    (Escalation, "window_days"): (1, 3650), (RecoveryTask, "points"): (1, 10**6),
    (RecoveryTask, "max_points"): (1, 10**6), (RecoveryTask, "per_days"): (1, 3650),
    (CreditPolicy, "max_lifetime_days"): (1, 3650), (CreditPolicy, "max_single"): (1, 10**6),
    (Rung, "dwell_days"): (0, 3650), (Rung, "grace_days"): (0, 3650), (Application, "others"): (0, 10**6),
    (RegistrationPolicy, "max_accounts"): (1, 10**6), (DormancyPolicy, "dormant_days"): (1, 36_500),
    (DormancyPolicy, "never_used_days"): (1, 36_500), (DormancyPolicy, "grace_days"): (1, 36_500),
    (DormancyPolicy, "restore_days"): (1, 36_500), (WatchPolicy, "review_days"): (1, 3650),
    (WatchPolicy, "grace_days"): (0, 365), (WatchPolicy, "max_renewals"): (0, 100), (SizeStep, "members"): (0, 10**9),
    (SizeStep, "responsible"): (1, 1000), (Responsible, "groups"): (1, 10**9), (Group, "members"): (0, 10**9),
    (GroupPolicy, "max_groups"): (1, 10**9), (GroupPolicy, "repair_days"): (1, 3650),
    (CredentialRequirement, "recheck_days"): (1, 36_500), (CredentialPolicy, "notice_days"): (1, 365),
    (CredentialPolicy, "grace_days"): (0, 365), (ClusterPolicy, "window_hours"): (1, 168),
    (ClusterPolicy, "min_size"): (3, 1000), (ClusterPolicy, "stem_chars"): (3, 32),
    (ClusterPolicy, "excess_percent"): (1, 99), (ClusterPolicy, "chance_milli"): (0, 100_000),
    (ClusterPolicy, "total_milli"): (0, 10**6),
}  # fmt: skip


@pytest.mark.parametrize(("cls", "field"), RANGES, ids=lambda part: getattr(part, "__name__", part))
def test_row_39_a_number_keeps_to_its_range_and_its_ends_belong_to_it(cls, field):
    least, most = RANGES[cls, field]
    for good in (least, most):
        assert getattr(cls(**{**VALUES[cls], field: good}), field) == good
    for bad in (least - 1, most + 1):
        with pytest.raises(InputError) as refused:
            cls(**{**VALUES[cls], field: bad})
        assert refused.value.problems[0].code == "range"


def test_what_a_host_leaves_out_is_what_the_documentation_says():
    made = ClusterPolicy()
    assert (made.window_hours, made.min_size, made.stem_chars) == (12, 4, 6)
    assert (made.excess_percent, made.chance_milli, made.total_milli) == (60, 0, 500)
    assert (WatchPolicy().review_days, WatchPolicy().grace_days, WatchPolicy().max_renewals) == (90, 14, 3)
    asked = CredentialPolicy(requirements=VALUES[CredentialPolicy]["requirements"])
    assert (asked.notice_days, asked.grace_days) == (30, 14)
    assert (AvatarIndex([]).bits, AvatarIndex([]).max_distance) == (256, 31)


HISTORY = CreditHistory().violation("d", rule="a", at=T0)
POLICIES = AccountPolicies(**VALUES[AccountPolicies])
WATCH = WatchList().open("w", subject="s", reason="r", evidence=["e"], by="o", at=T0, review_at=T0 + 9)
ROWS = [LabelledRow(values={"a": 1}, shell=True), LabelledRow(values={"a": 0}, shell=False)]
SIGN_UP = ("a", T0, "n", "x", "m.example")
# Every question, by what it asks: a function and its arguments.
QUESTIONS = {
    "grade": (GRADES.grade, {"history": HISTORY, "credit": CREDIT, "at": T0, "registered_at": T0, "facts": None,
                             "locks": ()}),
    "score": (CREDIT.score, {"history": HISTORY, "at": T0}),
    "reasons": (CREDIT.reasons, {"history": HISTORY, "at": T0}),
    "misuse": (CREDIT.misuse_facts, {"history": HISTORY, "window_days": 3, "at": T0, "items": 4, "intent": "x"}),
    "points": (CREDIT.points_of, {"rule": "a"}),
    "snapshot": (CREDIT.snapshot, {"history": HISTORY, "at": T0}),
    "snapshot add": (CREDIT.snapshot().add, {"event": Event.violation("b", rule="a", at=T0)}),
    "snapshot advance": (CREDIT.snapshot().advance, {"events": []}),
    "snapshot value": (CREDIT.snapshot().value, {"at": T0}),
    "snapshot read": (Snapshot.from_dict, {"data": CREDIT.snapshot(HISTORY, at=T0).to_dict(), "policy": CREDIT,
                                           "migrate": None}),
    "status": (HISTORY.status, {"id": "d", "at": T0}),
    "history of": (CreditHistory.of, {"events": []}),
    "history add": (HISTORY.add, {"event": Event.task("t", code="c", at=T0)}),
    "policies of": (POLICIES.of, {"kind": KIND}),
    "policies score": (POLICIES.score, {"account": Account(id="a", kind=KIND), "history": HISTORY, "at": T0}),
    "policies sort": (POLICIES.sort, {"accounts": [(Account(id="a", kind=KIND), HISTORY)], "at": T0}),
    "register": (RegistrationPolicy(**VALUES[RegistrationPolicy]).check,
                 {"application": Application(**VALUES[Application]), "at": T0}),
    "checks": (run_checks, {"profile": {"a": "x"}, "checks": {"a": bool}, "source": "s", "rule": "r"}),
    "dormant": (DormancyPolicy(**VALUES[DormancyPolicy]).look, {"activity": Activity(registered_at=T0), "at": T0}),
    "plan": (DormancyPolicy(**VALUES[DormancyPolicy]).plan, {"accounts": [("a", Activity(registered_at=T0))],
                                                             "at": T0}),
    "watch": (WATCH.open, {"id": "v", "subject": "s", "reason": "r", "evidence": ["e"], "by": "o", "at": T0,
                           "review_at": T0 + 9}),
    "renew": (WATCH.renew, {"id": "w", "by": "b", "reason": "r", "evidence": ["e"], "at": T0, "review_at": T0 + 9}),
    "close": (WATCH.close, {"id": "w", "by": "b", "at": T0, "outcome": "x"}),
    "look": (WATCH.look, {"subject": "s", "at": T0}),
    "group": (GroupPolicy(**VALUES[GroupPolicy]).check, {"group": Group(id="g", members=1), "at": T0}),
    "loads": (group_loads, {"groups": [("g", ["a"])]}),
    "loads of a group": (lambda people: group_loads([("g", people)]), {"people": ["a"]}),
    "loads by id": (lambda group: group_loads([(group, ["a"])]), {"group": "g"}),
    "credentials": (CredentialPolicy(**VALUES[CredentialPolicy]).check,
                    {"credentials": [], "subject": "s", "categories": (), "notices": (), "at": T0}),
    "code": (uscc_problems, {"code": "1"}),
    "check digit": (uscc_check_digit, {"first": "1" * 17}),
    "shell": (Scorecard(**VALUES[Scorecard]).score, {"values": {"a": 1}}),
    "shell points": (Scorecard(**VALUES[Scorecard]).points, {"values": {"a": 1}}),
    "shell value": (lambda value: Scorecard(**VALUES[Scorecard]).score({"a": value}), {"value": 1}),
    "fit": (fit_scorecard, {"data": {"a": ROWS, "b": ROWS}, "features": {"a": "more"}, "version": "1", "steps": 3,
                            "max_points": 10}),
    "fit rows": (lambda rows: fit_scorecard({"a": rows, "b": rows}, {"a": "more"}), {"rows": ROWS}),
    "fit direction": (lambda way: fit_scorecard({"a": ROWS, "b": ROWS}, {"a": way}), {"way": "more"}),
    "entity": (entity_match, {"display_name": "a", "legal_name": "b", "aliases": ["x"], "words": None}),
    "alias": (lambda alias: entity_match("a", "b", aliases=[alias]), {"alias": "x"}),
    "near": (AvatarIndex([]).near, {"hash": "0" * 64}),
    "index": (AvatarIndex, {"avatars": [], "max_distance": 3, "bits": 64}),
    "clusters": (registration_clusters, {"rows": [SIGN_UP], "policy": None}),
    **{f"sign-up {place}": (lambda value, place=place: registration_clusters(
        [(*SIGN_UP[:place], value, *SIGN_UP[place + 1 :])]), {"value": SIGN_UP[place]}) for place in range(5)},
}  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_any_junk_in_any_question_is_refused_or_answered(question):
    ask, good = QUESTIONS[question]
    assert not isinstance(answered(lambda: ask(**good)), PlatgovError)
    for argument in good:
        for junk in JUNK.values():
            answer = answered(lambda argument=argument, junk=junk: ask(**{**good, argument: junk}))
            if isinstance(answer, Verdict):
                assert answer.to_bytes()


@pytest.mark.parametrize("name", [name for name, (_, good) in QUESTIONS.items() if "at" in good])
def test_rows_35_and_36_a_question_names_an_instant_there_is(name):
    ask, good = QUESTIONS[name]
    for bad in [*NO_INSTANTS, *([] if name == "snapshot" else [None])]:
        with pytest.raises(InputError):
            ask(**{**good, "at": bad})


def test_row_34_what_is_dated_later_is_refused_or_not_known_yet():
    later = T0 + 1
    with pytest.raises(InputError):
        GRADES.grade(CreditHistory(), CREDIT, at=T0, registered_at=later)
    with pytest.raises(InputError):
        QUESTIONS["dormant"][0](Activity(registered_at=later), at=T0)
    assert CREDIT.score(CreditHistory().violation("d", rule="a", at=later), at=T0).value == 10
    assert WATCH.look("s", at=T0 - 1).entries == ()


def test_row_40_nobody_is_on_the_list_by_their_own_hand_nor_kept_there_by_it():
    with pytest.raises(DueProcessError) as refused:
        WATCH.open("v", subject="o", reason="r", evidence=["e"], by="o", at=T0, review_at=T0 + 9)
    assert refused.value.code == "same_person"
    for who in ("s", "o"):
        with pytest.raises(DueProcessError):
            WATCH.renew("w", by=who, at=T0 + 1, reason="r", evidence=["e"], review_at=T0 + 9)


def test_a_refusal_changes_nothing():
    for act in (
        lambda: HISTORY.add(Event.task("d", code="c", at=T0)),
        lambda: WATCH.open("w", subject="s", reason="r", evidence=["e"], by="o", at=T0, review_at=T0 + 9),
        lambda: WATCH.close("w", by="b", at=T0 - 1, outcome="x"),
    ):
        before = HISTORY.to_dict(), WATCH.digest
        with pytest.raises(InputError):
            act()
        assert (HISTORY.to_dict(), WATCH.digest) == before


def test_half_a_surrogate_pair_in_a_profile_is_refused_with_its_part():
    with pytest.raises(InputError) as refused:
        Application(profile={"name": "Ana", "bio": "a\ud800"})
    assert [(problem.code, problem.path) for problem in refused.value.problems] == [("surrogate", "$.profile.bio")]


@pytest.mark.parametrize("bad", [3, [], True, "", " \n", b"c"], ids=repr)
def test_the_context_of_grades_is_a_name(bad):
    with pytest.raises(InputError, match="context"):
        GradePolicy(rungs=[Rung(name="a")], context=bad)
    with pytest.raises(InputError, match="context"):
        GradePolicy.from_dict({**GRADES.to_dict(), "context": bad})


@pytest.mark.parametrize("bad", ["x", None, True, 1.5, [], b"1"], ids=repr)
def test_points_are_of_whole_numbers(bad):
    points = PointsOf(**VALUES[PointsOf])
    assert points.of(-5) == points.points[0]
    with pytest.raises(InputError, match="whole number"):
        points.of(bad)
