"""Statements of reasons: valid for the database, plain for the person, and silent about who anybody is."""

# ruff: noqa: E501 - lines of a notice are as long as they are, and Chinese is counted twice

import ast
import datetime as dt
import json
import pathlib
import re
import unicodedata
from typing import Literal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import platgov
from platgov import measures, messages
from platgov._enforcement import dsa
from platgov._enforcement.exports import cut
from platgov._enforcement.notice import notice_of_ruling
from platgov._enforcement.statement import LegalGround, Source, StatementOfReasons
from platgov.enforcement import (
    Actor,
    Appeal,
    AppealOutcome,
    AppealPolicy,
    Deviation,
    DeviationCode,
    History,
    Ladder,
    Sanction,
    Step,
    Strike,
)
from platgov.errors import DueProcessError, InputError
from platgov.facts import Role, fact, facts
from platgov.measures import (
    Authority,
    Demonetise,
    Kind,
    Label,
    LimitVisibility,
    Measure,
    Remove,
    SuspendAccount,
    SuspendFeature,
    Terminate,
    Warn,
)
from platgov.messages import Catalogue
from platgov.rules import ConditionRule, Finding, Grant, Rule, RuleSet
from rule_strategies import AT, DAY, OWN, examples, measure_lists

SENIOR = Actor(id="MARK-senior", authority=Authority.SENIOR)
validate = StatementOfReasons.validate_dsa


# -- a small world in which every private fact carries a mark ------------------------------------


@facts
class Author:
    age_days: int = fact(ge=0)
    name: str | None = fact(role=Role.IDENTITY)


@facts
class Post:
    text: str
    links: int = fact(ge=0)
    ratio: float | None
    edited: bool | None
    form: Literal["post", "reply"] | None = fact()
    tags: tuple[str, ...] | None
    posted_at: dt.datetime | None
    surface: str | None = fact(role=Role.CONTEXT)
    score: float | None = fact(role=Role.OPAQUE, source="spam-model@7")
    author: Author | None
    account_id: str | None = fact(role=Role.IDENTITY)
    account_number: int | None = fact(role=Role.IDENTITY)
    reporter_id: str | None = fact(role=Role.IDENTITY)
    region: str | None = fact(role=Role.PROTECTED)
    is_minor: bool | None = fact(role=Role.PROTECTED)


EVENT = {
    "text": "buy MARK-text now",
    "links": 5,
    "ratio": 0.25,
    "edited": True,
    "form": "reply",
    "tags": ["MARK-tag"],
    "posted_at": "2026-01-31T23:59:59Z",
    "surface": "MARK-surface",
    "score": 0.987_654_3,
    "author": {"age_days": 3, "name": "MARK-name"},
    "account_id": "MARK-account",
    "account_number": 8_412_377,
    "reporter_id": "MARK-reporter",
    "region": "MARK-region",
    "is_minor": True,
}
GRANTS = [
    Grant(fact=name, reason="needed", approved_by="board", expires_at=AT + 365 * DAY)
    for name in ("account_id", "account_number", "reporter_id", "region", "is_minor", "author.name")
]
WHEN = [
    "links > 3",
    "author.age_days < 7 && links > 3",
    "edited && ratio < 0.5",
    "form == 'reply'",
    "text.contains('MARK')",
    "tags.exists(t, t == 'MARK-tag')",
    "surface == 'MARK-surface'",
    "score > 0.9",
    "size(account_id) > 3 && links > 3",
    "account_number > links",
    "reporter_id != account_id",
    "size(region) > 3 && is_minor",
    "size(author.name) > 3",
    "posted_at < timestamp('2026-02-01T00:00:00Z')",
]
TOLD = {"links": 5, "author.age_days": 3, "edited": True, "ratio": 0.25, "form": "reply"}


@attrs.frozen(kw_only=True)
class Quoting(Rule[Post]):
    """A host rule that quotes what it read."""

    kind = "quoting"
    reads = frozenset({"reporter_id", "text"})

    def match(self, post):
        return Finding(evidence=(f"{post.reporter_id} reported {post.text}",))


@attrs.frozen(kw_only=True)
class ReadOnly(Measure):
    name, kind, level = "read_only", Kind.ACCOUNT, 1


@attrs.frozen(kw_only=True)
class Erase(Measure):
    name, kind, level, has_length = "erase", Kind.ACCOUNT, 3, False


@attrs.frozen(kw_only=True)
class Fee(Measure):
    name, kind, level = "late_fee", Kind.MONETARY, 1


@attrs.frozen(kw_only=True)
class Hint(Measure):
    name, kind, level = "hint", Kind.NOTICE, 1


@attrs.frozen(kw_only=True)
class SoftRemove(Remove):
    name, level = "soft_remove", 3


EVERY = (*measures.SHIPPED, *OWN, ReadOnly, Erase, Fee, Hint, SoftRemove)


def rule(rule_id="spam.links", when="links > 3", **given_):
    return ConditionRule(id=rule_id, when=when, **given_)


def rules_of(*rules, **given_):
    return RuleSet(
        **{"id": "community", "version": "2026.2", "facts": Post, "rules": rules, "grants": GRANTS, **given_}
    )


SPAM = rules_of(
    rule(
        clause="4.2",
        category="scams_and_fraud",
        says="New accounts may post at most three links.",
        measures=[LimitVisibility(days=3)],
    )
)
LADDER = Ladder(
    id="default",
    version="1",
    steps=[
        Step(min_strikes=2, measure=SuspendFeature(feature="posting", days=7)),
        Step(min_strikes=4, measures=[SuspendFeature(feature="posting", days=7), SuspendAccount(days=30)]),
    ],
)
BARE = Ladder(id="bare", version="1", steps=[], four_eyes=None)


def case_of(*imposed, rules=None, ladder=BARE, history=None, by=SENIOR, case="post-991", deviation=None, at=AT):
    rules = rules_of(rule(measures=imposed)) if rules is None else rules
    decision = rules.decide(EVENT, at=AT)
    history = History(subject="MARK-subject") if history is None else history
    return decision, ladder.apply(decision, history, at=at, by=by, case=case, deviation=deviation)


def stated(*imposed, rules=None, ladder=BARE, by=SENIOR, **given_):
    return StatementOfReasons.of(*case_of(*imposed, rules=rules, ladder=ladder, by=by), **given_)


def code_of(call, *arguments, **named):
    with pytest.raises(InputError) as caught:
        call(*arguments, **named)
    return caught.value.problems[0].code


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
long_words = st.builds(lambda word, times: word * times, words, st.sampled_from([1, 1, 20, 700]))
categories = st.sampled_from(["", "scams_and_fraud", "self_harm", "of_the_host", "violence", "Violence", "é"])


@st.composite
def stories(draw):
    """Give a decision with random rules, what a random ladder makes of it, and random details."""
    whens = draw(st.lists(st.sampled_from(WHEN), min_size=1, max_size=4, unique=True))
    rules = [
        rule(
            f"r{number}",
            when,
            version=draw(st.integers(1, 3)),
            clause=draw(st.sampled_from(["", "4.2", "10"])),
            category=draw(categories),
            says=draw(long_words),
            measures=draw(measure_lists(3, EVERY)),
        )
        for number, when in enumerate(whens)
    ]
    if draw(st.booleans()):
        rules.append(Quoting(measures=draw(measure_lists(2, EVERY)), says=draw(words)))
    first = measures.join(draw(measure_lists(2, EVERY)))
    ladder = Ladder(
        id="random",
        version="1",
        steps=[
            Step(min_strikes=1, measures=first),
            Step(min_strikes=2, measures=measures.join([*first, *draw(measure_lists(2, EVERY))])),
        ],
        four_eyes=draw(st.sampled_from([None, Authority.SENIOR, Authority.REVIEWER])),
        appeal=AppealPolicy(days=draw(st.sampled_from([None, 0, 14])), suspensive=draw(st.booleans())),
    )
    by = draw(
        st.sampled_from([None, "MARK-reviewer", SENIOR, Actor(id="MARK-chief", authority=Authority.EDITOR_IN_CHIEF)])
    )
    decision, sanction = case_of(
        rules=rules_of(*rules), ladder=ladder, by=by, case=draw(st.sampled_from([None, "MARK-case"]))
    )
    return decision, sanction


@st.composite
def details(draw):
    def maybe(name, values):
        if draw(st.booleans()):
            given_[name] = draw(values)

    given_ = {
        "source": draw(st.sampled_from([*Source, "voluntary", "SOURCE_ARTICLE_16"])),
        "language": draw(st.sampled_from(["en", "zh", "zh-Hans-CN", "en-GB"])),
    }
    maybe("content_types", st.sets(st.sampled_from(["text", "image", "CONTENT_TYPE_VIDEO"]), min_size=1))
    maybe("content_date", st.dates(dt.date(2000, 1, 1), dt.date(2038, 1, 1)))
    maybe("application_date", st.dates(dt.date(2020, 1, 1), dt.date(2038, 1, 1)))
    maybe("automated_detection", st.booleans())
    maybe("automated_decision", st.sampled_from(["fully", "AUTOMATED_DECISION_NOT_AUTOMATED"]))
    maybe("territorial_scope", st.sets(st.sampled_from(dsa.EEA)))
    maybe("content_language", st.sampled_from(["EN", "zh", None]))
    texts = words.filter(str.strip)
    maybe("ground", st.none() | st.builds(LegalGround, law=texts, explanation=texts.map(lambda text: text * 100)))
    maybe("also_illegal", st.none() | st.booleans())
    maybe("category", st.sampled_from(["self_harm", "STATEMENT_CATEGORY_VIOLENCE"]))
    maybe("category_addition", st.sets(st.sampled_from(dsa.CATEGORIES)))
    maybe("keywords", st.sets(st.sampled_from(["nudity", "KEYWORD_PHISHING"])))
    maybe("account_type", st.sampled_from(["business", "private", None]))
    maybe("ean13", st.sampled_from(["4006381333931", None]))
    maybe("reference_url", st.sampled_from(["https://example.com/rules#4.2", None]))
    maybe("reported_as", st.just({"hint": None, "read_only": "DECISION_PROVISION_TOTAL_SUSPENSION"}))
    return given_


# -- the database ------------------------------------------------------------------------------


@examples(40)
@given(stories(), details())
def test_every_statement_is_valid_for_the_database_or_there_is_nothing_to_state(story, given_):
    statement = StatementOfReasons.of(*story, **given_)
    if not statement.required:
        with pytest.raises(DueProcessError) as caught:
            statement.to_dsa()
        assert caught.value.code == "nothing_restricted"
        return
    payload = statement.to_dsa()
    assert validate(payload, strict=True) == ()
    assert validate(json.loads(json.dumps(payload))) == ()
    assert StatementOfReasons.of(*story, **given_).to_dsa() == payload
    assert "source_identity" not in payload


@examples(40)
@given(stories(), details())
def test_no_export_for_the_public_tells_a_text_fact_or_who_anybody_is(story, given_):
    statement = StatementOfReasons.of(*story, **given_)
    exports = [
        statement.to_labels(src="did:plc:abc", uri="at://did:plc:xyz/app.bsky.feed.post/1", values=LABELS),
        statement.to_labels(src="did:plc:abc", uri="did:plc:xyz", values=LABELS, overturned_at=AT),
        statement.to_flag(actor="https://a.example/actor", objects=["https://b.example/u/1"]),
    ]
    if statement.required:
        exports.append(statement.to_dsa())
    public = json.dumps(exports, ensure_ascii=False)
    assert "MARK" not in public
    assert "8412377" not in public
    assert "0.987" not in public
    assert "is_minor" not in public
    assert statement.sanction.id not in public
    assert statement.decision.fingerprint not in public
    assert dict(statement.public_facts()).items() <= TOLD.items()


def test_of_all_facts_the_public_is_told_numbers_enums_and_yes_or_no_about_conduct():
    rules = rules_of(*(rule(f"r{place}", when, measures=[Remove()]) for place, when in enumerate(WHEN)), Quoting())
    statement = stated(rules=rules)
    assert len(statement.decision.findings) == len(WHEN) + 1
    assert dict(statement.public_facts()) == TOLD
    told = statement.to_dsa()["decision_facts"].splitlines()[0]
    assert told == "Facts: author.age_days = 3, edited = true, form = reply, links = 5, ratio = 0.25."
    for hidden in ("MARK", "score", "is_minor", "account", "region", "posted_at", "surface", "name ="):
        assert hidden not in told


@examples(40)
@given(stories(), details(), st.sampled_from(["en", "zh"]))
def test_a_notice_never_tells_who_reported_who_decided_or_whose_name_a_fact_holds(story, given_, language):
    statement = StatementOfReasons.of(*story, **given_)
    notice = statement.to_notice(language, zone="Asia/Shanghai")
    for hidden in (
        "MARK-reporter",
        "MARK-reviewer",
        "MARK-senior",
        "MARK-chief",
        "MARK-name",
        "MARK-region",
        "8412377",
    ):
        assert hidden not in notice
    for reason in statement.reasons():
        assert reason.rule_id in notice
    assert statement.decision.rule_set in notice
    for line in notice.split("\n"):
        assert not {char for char in line if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")}
        assert line.count("\u2068") == line.count("\u2069")


LABELS = {"asks for likes": "asks-for-likes"}
SPELT = {
    "warn": ({}, None),
    "label": ({"label": "spam"}, {"decision_visibility": ["DECISION_VISIBILITY_CONTENT_LABELLED"]}),
    "limit_visibility": ({}, {"decision_visibility": ["DECISION_VISIBILITY_CONTENT_DEMOTED"]}),
    "remove": ({}, {"decision_visibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"]}),
    "soft_remove": ({}, {"decision_visibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"]}),
    "suspend_feature": ({"feature": "chat"}, {"decision_provision": "DECISION_PROVISION_PARTIAL_SUSPENSION"}),
    "mute": ({"feature": "chat"}, {"decision_provision": "DECISION_PROVISION_PARTIAL_SUSPENSION"}),
    "suspend_account": ({}, {"decision_account": "DECISION_ACCOUNT_SUSPENDED"}),
    "terminate": ({}, {"decision_account": "DECISION_ACCOUNT_TERMINATED"}),
    "demonetise": ({}, {"decision_monetary": "DECISION_MONETARY_SUSPENSION"}),
    "blur": (
        {},
        {"decision_visibility": ["DECISION_VISIBILITY_OTHER"], "decision_visibility_other": "the measure “blur”"},
    ),
    "interstitial": (
        {},
        {
            "decision_visibility": ["DECISION_VISIBILITY_OTHER"],
            "decision_visibility_other": "the measure “interstitial”",
        },
    ),
    "read_only": ({}, {"decision_account": "DECISION_ACCOUNT_SUSPENDED"}),
    "erase": ({}, {"decision_account": "DECISION_ACCOUNT_TERMINATED"}),
    "late_fee": (
        {},
        {"decision_monetary": "DECISION_MONETARY_OTHER", "decision_monetary_other": "the measure “late fee”"},
    ),
    "hint": (
        {},
        {"decision_visibility": ["DECISION_VISIBILITY_OTHER"], "decision_visibility_other": "the measure “hint”"},
    ),
}


@pytest.mark.parametrize("cls", EVERY, ids=lambda cls: cls.name)
def test_each_measure_is_reported_as_what_it_is(cls):
    given_, expected = SPELT[cls.name]
    statement = stated(cls(**given_))
    if expected is None:
        assert not statement.required
        return
    payload = statement.to_dsa()
    found = {key: value for key, value in payload.items() if key.startswith("decision_")}
    assert {key: found.get(key) for key in expected} == expected
    assert len(
        [key for key in found if key.split("_")[1] in ("visibility", "monetary", "provision", "account")]
    ) == len(expected)


def test_a_host_can_say_what_its_measure_is_in_the_schema():
    reported = {
        "read_only": "DECISION_PROVISION_TOTAL_SUSPENSION",
        "hint": None,
        "remove": "VISIBILITY_CONTENT_DISABLED",
    }
    payload = stated(ReadOnly(days=2), Hint(), Remove(), reported_as=reported).to_dsa()
    assert payload["decision_provision"] == "DECISION_PROVISION_TOTAL_SUSPENSION"
    assert payload["end_date_service_restriction"] == "2026-02-04"
    assert payload["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_DISABLED"]
    assert "decision_account" not in payload
    assert not stated(Hint(), reported_as={"hint": None}).required
    assert code_of(stated, Hint(), reported_as={"hint": "DECISION_X"}) == "type"
    assert code_of(stated, Hint(), reported_as="hint") == "type"


def test_where_one_value_stands_for_several_measures_it_is_the_gravest():
    payload = stated(
        SuspendFeature(feature="chat", days=1),
        OWN[2](feature="post", days=5),
        reported_as={"mute": "DECISION_PROVISION_TOTAL_TERMINATION"},
    ).to_dsa()
    assert payload["decision_provision"] == "DECISION_PROVISION_TOTAL_TERMINATION"
    assert payload["end_date_service_restriction"] == "2026-02-07"


def test_a_warning_restricts_nothing_so_no_statement_is_due_but_the_person_is_told():
    statement = stated(Warn())
    assert not statement.required
    with pytest.raises(DueProcessError) as caught:
        statement.to_dsa()
    assert caught.value.code == "nothing_restricted"
    assert "- a warning.\n" in statement.to_notice()
    beside = stated(Warn(), Remove())
    assert beside.required
    assert beside.to_dsa()["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_REMOVED"]
    assert "a warning" in beside.to_dsa()["decision_facts"]


START = dt.datetime(2026, 2, 2, 2, 40, tzinfo=dt.UTC)  # AT


@pytest.mark.parametrize(
    ("length", "last"),
    [
        ({"hours": 1}, "2026-02-02"),
        ({"hours": 21}, "2026-02-02"),
        ({"hours": 22}, "2026-02-03"),
        ({"days": 1}, "2026-02-03"),
        ({"days": 365}, "2027-02-02"),
        ({"days": 10**6}, "2038-01-01"),
        ({}, None),
    ],
)
def test_the_end_date_is_the_last_utc_day_on_which_it_is_in_force(length, last):
    assert stated(LimitVisibility(**length)).to_dsa()["end_date_visibility_restriction"] == last


def test_an_end_at_midnight_is_that_of_the_day_before():
    midnight = AT - AT % DAY + DAY
    decision = SPAM.decide(EVENT, at=AT)
    sanction = BARE.apply(decision, History(subject="u"), at=midnight)
    payload = StatementOfReasons.of(decision, sanction).to_dsa()
    assert payload["application_date"] == "2026-02-03"
    assert payload["end_date_visibility_restriction"] == "2026-02-05"
    assert payload["content_date"] == "2026-02-02"


def test_of_several_measures_of_one_field_the_last_end_counts_and_none_is_none():
    both = stated(SuspendFeature(feature="a", days=2), SuspendFeature(feature="b", days=9)).to_dsa()
    assert both["end_date_service_restriction"] == "2026-02-11"
    assert stated(SuspendFeature(feature="a"), SuspendFeature(feature="b", days=9)).to_dsa()[
        "end_date_service_restriction"
    ] is None  # fmt: skip


def test_an_end_past_the_last_day_of_the_database_is_told_in_the_text():
    payload = stated(LimitVisibility(days=9000)).to_dsa()
    assert payload["end_date_visibility_restriction"] == "2038-01-01"
    assert "until 2050-09-24 02:40:00 UTC" in payload["decision_facts"]


@pytest.mark.parametrize(
    ("name", "day"),
    [("content_date", dt.date(1999, 12, 31)), ("application_date", dt.date(2038, 1, 2)), ("content_date", 0)],
)
def test_a_date_the_database_does_not_take_is_an_error_with_its_field(name, day):
    statement = stated(Remove(), **{name: day})
    with pytest.raises(InputError) as caught:
        statement.to_dsa()
    assert [(problem.path, problem.code) for problem in caught.value.problems] == [(f"$.{name}", "date_range")]
    assert statement.to_notice()


def test_dates_are_days_in_utc():
    late = dt.datetime(2026, 2, 3, 1, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    statement = stated(Remove(), content_date=late, application_date=dt.date(2026, 3, 1))
    assert statement.to_dsa()["content_date"] == "2026-02-02"
    assert statement.to_dsa()["application_date"] == "2026-03-01"


def test_the_whole_payload_for_one_case():
    payload = stated(
        rules=SPAM,
        by=None,
        source="SOURCE_TRUSTED_FLAGGER",
        content_types=["image", "text"],
        territorial_scope=["FR", "DE", "FR"],
        content_language="en",
        account_type="business",
        ean13="4006381333931",
        reference_url="https://example.com/rules",
        keywords=["phishing", "other"],
        keywords_other="link farm",
        also_illegal=False,
        automated_detection=False,
    ).to_dsa()
    assert payload == {
        "puid": payload["puid"],
        "decision_visibility": ["DECISION_VISIBILITY_CONTENT_DEMOTED"],
        "end_date_visibility_restriction": "2026-02-05",
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": "Clause 4.2 (rule spam.links, version 1) of community, edition 2026.2",
        "incompatible_content_explanation": (
            "Clause 4.2 (rule spam.links, version 1): New accounts may post at most three links."
        ),
        "incompatible_content_illegal": "No",
        "content_type": ["CONTENT_TYPE_IMAGE", "CONTENT_TYPE_TEXT"],
        "category": "STATEMENT_CATEGORY_SCAMS_AND_FRAUD",
        "content_date": "2026-02-02",
        "application_date": "2026-02-02",
        "decision_facts": (
            "Facts: links = 5.\nMeasures: limited visibility of the content until 2026-02-05 02:40:00 UTC.\n"
            f"Rules: community, edition 2026.2, digest {SPAM.digest}."
        ),
        "source_type": "SOURCE_TRUSTED_FLAGGER",
        "automated_detection": "No",
        "automated_decision": "AUTOMATED_DECISION_FULLY",
        "account_type": "ACCOUNT_TYPE_BUSINESS",
        "category_specification": ["KEYWORD_OTHER", "KEYWORD_PHISHING"],
        "category_specification_other": "link farm",
        "content_language": "EN",
        "decision_ground_reference_url": "https://example.com/rules",
        "content_id": {"EAN-13": "4006381333931"},
        "territorial_scope": ["DE", "FR"],
    }
    assert validate(payload, strict=True) == ()


def test_illegal_content_states_the_law_and_not_the_rules():
    ground = LegalGround(law="Section 1", explanation="It sells what may not be sold.")
    payload = stated(Remove(), ground=ground, content_types=["other"], content_type_other="a map").to_dsa()
    assert payload["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"
    assert payload["illegal_content_legal_ground"] == "Section 1"
    assert payload["illegal_content_explanation"] == "It sells what may not be sold."
    assert payload["content_type_other"] == "a map"
    assert not [key for key in payload if key.startswith("incompatible")]


@pytest.mark.parametrize(
    ("found", "main", "addition"),
    [
        (["scams_and_fraud"], "SCAMS_AND_FRAUD", None),
        (["of_the_host"], "OTHER_VIOLATION_TC", None),
        ([""], "OTHER_VIOLATION_TC", None),
        (["of_the_host", "violence", "self_harm", "violence"], "VIOLENCE", ["SELF_HARM"]),
    ],
)
def test_the_category_is_that_of_the_findings_where_the_schema_knows_it(found, main, addition):
    rules = rules_of(*(rule(f"r{place}", category=name, measures=[Remove()]) for place, name in enumerate(found)))
    payload = stated(rules=rules).to_dsa()
    assert payload["category"] == f"STATEMENT_CATEGORY_{main}"
    assert payload.get("category_addition") == (addition and [f"STATEMENT_CATEGORY_{name}" for name in addition])
    assert "category_addition" not in stated(rules=rules, category="self_harm").to_dsa()


@pytest.mark.parametrize(
    ("by", "said"), [(None, "FULLY"), (SENIOR, "PARTIALLY"), ("someone", "PARTIALLY")]
)  # fmt: skip
def test_who_applied_it_says_how_far_it_was_automated(by, said):
    assert stated(rules=SPAM, by=by).to_dsa()["automated_decision"] == f"AUTOMATED_DECISION_{said}"
    assert stated(rules=SPAM, by=by, automated_decision="not_automated").automated_decision.endswith("NOT_AUTOMATED")


def test_the_id_is_the_same_for_every_retry_and_another_for_every_other_case():
    first, again = stated(rules=SPAM), stated(rules=SPAM)
    assert first.puid == again.puid
    assert first == again
    other = StatementOfReasons.of(*case_of(rules=SPAM, case="post-992"))
    moved = StatementOfReasons.of(*case_of(rules=SPAM, history=History(subject="someone else")))
    assert len({first.puid, other.puid, moved.puid}) == 3
    assert re.fullmatch(r"sor-[0-9a-f]{32}", first.puid)
    assert stated(rules=SPAM, puid="own_id-1").to_dsa()["puid"] == "own_id-1"


# -- texts that are too long -------------------------------------------------------------------


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), st.integers(10, 50))
def test_cutting_never_passes_the_limit_and_keeps_the_beginning(text, most):
    short = cut(text, most)
    assert len(short) <= most
    if len(text) <= most:
        assert short == text
    else:
        assert short.endswith(" […]")
        assert text.startswith(short.removesuffix(" […]"))


def test_a_text_is_cut_at_a_word_and_marked():
    assert cut("one two three four", 14) == "one two […]"
    assert cut("one two three four", 17) == "one two three […]"
    assert cut("字" * 20, 10) == "字" * 6 + " […]"
    assert cut("e\u0301" * 10, 10) == "e\u0301e\u0301e\u0301 […]"
    assert cut("e\u0301" * 10, 11) == "e\u0301e\u0301e\u0301 […]"
    assert cut("short", 5) == "short"


def test_what_the_schema_has_no_room_for_is_whole_in_the_notice():
    says = "word " * 1_000 + "the end"
    ground = LegalGround(law="law " * 400 + "last article", explanation="because " * 900 + "of this")
    rules = rules_of(*(rule(f"rule.number.{place}", says=says, measures=[Remove()]) for place in range(12)))
    payload = stated(rules=rules).to_dsa()
    assert len(payload["incompatible_content_ground"]) <= 500
    assert len(payload["incompatible_content_explanation"]) <= 2000
    assert payload["incompatible_content_ground"].endswith(" […]")
    assert payload["incompatible_content_explanation"].endswith("word […]")
    assert stated(rules=rules).to_notice().count("the end") == 12
    illegal = stated(Remove(), ground=ground)
    assert illegal.to_dsa()["illegal_content_legal_ground"].endswith("law […]")
    assert illegal.to_dsa()["illegal_content_explanation"].endswith("because […]")
    assert "last article" in illegal.to_notice()
    assert "of this" in illegal.to_notice()


# -- what is asked for has to be right ---------------------------------------------------------


@pytest.mark.parametrize(
    "given_",
    [
        {"source": "reporter-7"}, {"source": None}, {"content_types": []}, {"content_types": "text"}, {"content_types": ["x"]},
        {"content_types": ["other"]}, {"content_type_other": "x"}, {"content_types": ["other"], "content_type_other": " "},
        {"content_types": ["other"], "content_type_other": "x" * 501}, {"content_types": ["other"], "content_type_other": 3},
        {"content_date": "2026-01-01"}, {"content_date": None}, {"application_date": dt.datetime(2026, 1, 1)},  # noqa: DTZ001
        {"automated_detection": "Yes"}, {"automated_decision": "robot"}, {"automated_decision": None},
        {"territorial_scope": ["CH"]}, {"territorial_scope": "DE"}, {"content_language": "xx"}, {"content_language": "eng"},
        {"ground": "Section 1"}, {"also_illegal": "No"}, {"category": "spam"}, {"category_addition": ["x"]},
        {"keywords": ["x"]}, {"keywords_other": "x"}, {"account_type": "bot"}, {"ean13": "4006381333932"},
        {"ean13": 4006381333931}, {"ean13": "123"}, {"ean13": "４００６３８１３３３９３１"}, {"reference_url": "example.com"},
        {"reference_url": "https://e.com/" + "x" * 500}, {"reference_url": 3}, {"puid": "a b"}, {"puid": ""}, {"puid": "x" * 501},
        {"puid": None}, {"language": "fr"}, {"language": ""}, {"source_identity": "x"}, {"decision_facts": "x"},
        {"restrictions": ()}, {"at": AT - 1}, {"at": "now"}, {"content_types": {"text": 1}},
    ],
    ids=lambda given_: ",".join(f"{key}={str(value)[:20]}" for key, value in given_.items()),
)  # fmt: skip
def test_a_wrong_detail_is_refused(given_):
    with pytest.raises(InputError):
        stated(Remove(), **given_)


@pytest.mark.parametrize(
    "given_", [{"law": ""}, {"law": " "}, {"law": None}, {"law": "x" * 70_000}, {"explanation": "\ud800"}]
)
def test_a_legal_ground_is_two_texts(given_):
    with pytest.raises(InputError):
        LegalGround(**{"law": "x", "explanation": "y", **given_})


def test_a_statement_is_of_a_sanction_and_the_decision_it_follows_from():
    decision, sanction = case_of(Remove())
    other = SPAM.decide(EVENT, at=AT)
    assert code_of(StatementOfReasons.of, other, sanction) == "other_decision"
    assert code_of(StatementOfReasons.of, sanction, sanction) == "type"
    assert code_of(StatementOfReasons.of, decision, decision) == "type"


# -- decisions that were read back -------------------------------------------------------------


def test_without_its_rules_a_decision_is_stated_by_its_findings_alone():
    decision, sanction = case_of(rules=SPAM)
    bare = attrs.evolve(decision, rules=None)
    statement = StatementOfReasons.of(bare, sanction)
    payload = statement.to_dsa()
    assert validate(payload, strict=True) == ()
    assert "Facts" not in payload["decision_facts"]
    explanation = payload["incompatible_content_explanation"]
    assert explanation == "The rule spam.links of the published rules applies."
    assert "ask for them when you appeal" in statement.to_notice()
    again = StatementOfReasons.of(bare, sanction, rules=SPAM)
    assert again.to_dsa() == StatementOfReasons.of(decision, sanction).to_dsa()
    assert again.to_notice() == StatementOfReasons.of(decision, sanction).to_notice()


def test_a_sanction_read_back_gives_the_same_statement():
    decision, sanction = case_of(rules=SPAM, ladder=LADDER)
    read = Sanction.from_dict(json.loads(json.dumps(sanction.to_dict())))
    before, after = StatementOfReasons.of(decision, sanction), StatementOfReasons.of(decision, read)
    assert after.to_dsa() == before.to_dsa()
    assert after.to_notice("zh") == before.to_notice("zh")


# -- the notice --------------------------------------------------------------------------------


def golden(**given_):
    history = History(subject="u1")
    for number in range(3):
        old = SPAM.decide({**EVENT, "text": f"old {number}"}, at=AT - (number + 1) * DAY)
        history = history.add(LADDER.apply(old, history, at=AT - (number + 1) * DAY, case=f"old-{number}"))
    decision, sanction = case_of(rules=SPAM, ladder=LADDER, history=history, by=SENIOR)
    return StatementOfReasons.of(decision, sanction, source="article_16", **given_)


ENGLISH = f"""\
Notice of a decision
Reference: SANCTION
Case: post-991
Decided: 2026-02-02 02:40:00 UTC

What was decided
- suspension of the account, from 2026-02-02 02:40:00 UTC until 2026-03-04 02:40:00 UTC (30 days).
- suspension of the feature “posting”, from 2026-02-02 02:40:00 UTC until 2026-02-09 02:40:00 UTC (7 days).
- limited visibility of the content, from 2026-02-02 02:40:00 UTC until 2026-02-05 02:40:00 UTC (3 days).

Why
- Clause 4.2 (rule spam.links, version 1): New accounts may post at most three links.
- Rules: community, edition 2026.2, digest {SPAM.digest}

Facts that led to it
- links: 5
- Condition that was met: links > 3

How it was decided
- The platform looked into it after a notice of illegal content. Who gave notice is not told.
- Automated means were used to find it.
- The decision was taken by a person, with the help of automated means.

Strikes
- This decision counts as 1 strike until 2026-05-03 02:40:00 UTC.
- Standing when it was decided, this decision included: 4 strikes.
- From 4 strikes on, the rules provide for: suspension of the account, suspension of the feature “posting”.
- A milder step holds only below 4 strikes.
- There is no stronger step.

What you can do
- You may appeal up to and including 2026-08-04 02:40:00 UTC.
- A person who neither took nor signed this decision rules on the appeal, within 14 days.
- Until the ruling the measures stay in force.
- You may also turn to a certified body for out-of-court dispute settlement, or to a court.
"""

CHINESE = f"""\
处理决定通知
决定编号：SANCTION
事项：post-991
决定时间：2026-02-02 10:40:00 +08:00 (Asia/Shanghai)

决定内容
- 暂停使用账号，自 2026-02-02 10:40:00 +08:00 (Asia/Shanghai) 起至 2026-03-04 10:40:00 +08:00 (Asia/Shanghai) 止（共 30 天）。
- 停用账号的“posting”功能，自 2026-02-02 10:40:00 +08:00 (Asia/Shanghai) 起至 2026-02-09 10:40:00 +08:00 (Asia/Shanghai) 止（共 7 天）。
- 缩小内容展示范围，自 2026-02-02 10:40:00 +08:00 (Asia/Shanghai) 起至 2026-02-05 10:40:00 +08:00 (Asia/Shanghai) 止（共 3 天）。

决定理由
- 第 4.2 条（规则 spam.links，第 1 版）：New accounts may post at most three links.
- 适用规则：community，版本 2026.2，摘要值 {SPAM.digest}

据以作出决定的事实
- links：5
- 已满足的条件：links > 3

决定方式
- 平台在收到关于违法内容的通知后进行了审查。通知人的身份不予透露。
- 发现过程使用了自动化手段。
- 本决定由人工在自动化手段辅助下作出。

违规记录
- 本决定记 1 次违规，有效期至 2026-05-03 10:40:00 +08:00 (Asia/Shanghai)。
- 作出决定时，连同本次在内，有效记录共 4 次违规。
- 达到 4 次违规时，规则规定的措施为：暂停使用账号、停用账号的“posting”功能。
- 未达到 4 次违规时，才适用较轻一级的处理。
- 没有更重一级的处理。

您可以采取的救济途径
- 您可以在 2026-08-04 10:40:00 +08:00 (Asia/Shanghai) 之前（含该时刻）提出申诉。
- 申诉由未参与作出或签署本决定的人员在 14 天内作出裁定。
- 在作出裁定之前，上述措施继续有效。
- 您也可以向经认证的庭外争议解决机构申请解决，或者向法院提起诉讼。
"""


def test_the_notice_in_english():
    statement = golden()
    assert statement.to_notice() == ENGLISH.replace("SANCTION", statement.sanction.id)
    assert statement.to_notice("en-GB") == statement.to_notice()


def test_the_notice_in_chinese():
    statement = golden(language="zh-Hans")
    assert statement.to_notice(zone="Asia/Shanghai") == CHINESE.replace("SANCTION", statement.sanction.id)


def test_a_notice_in_another_language_needs_its_texts():
    statement = golden()
    assert code_of(statement.to_notice, "fr") == "language"
    half = messages.default().with_catalogue(Catalogue(language="fr", texts={"notice.title": "Avis"}))
    assert code_of(golden(messages=half).to_notice, "fr") == "key"
    assert code_of(statement.to_notice, zone="Nowhere") == "zone"


def test_a_host_measure_is_said_in_the_words_of_the_host():
    texts = {"measure.blur": "the picture is blurred", "measure.mute": "muted on “{target}”"}
    own = messages.default().with_catalogue(Catalogue(language="en", texts=texts))
    notice = stated(OWN[0](days=1), OWN[2](feature="chat"), messages=own).to_notice()
    assert "- the picture is blurred, from" in notice
    assert "- muted on “chat”, from" in notice
    plain = stated(OWN[0](days=1), OWN[2](feature="chat"), SoftRemove()).to_notice("zh")
    assert "- 停用账号的“chat”功能" in plain
    assert "- 删除内容" in plain
    assert "- the measure “blur”, from" in stated(OWN[0](days=1)).to_notice()


@attrs.frozen(kw_only=True)
class Throttle(Measure):
    name, kind, level = "throttle", Kind.FEATURE, 1

    @property
    def target(self):
        return "search"


def test_a_host_measure_with_a_target_names_it():
    assert "the measure “throttle” on “search”" in stated(Throttle()).to_notice()


def test_withheld_limits_stay_withheld():
    hidden = rules_of(rule(when="links > 3 && author.age_days < 7", withhold={"links"}, measures=[Remove()]))
    statement = stated(rules=hidden)
    notice = statement.to_notice()
    assert "- links: over a limit that is not told, so that nobody steers by it" in notice
    assert "links > 3" not in notice
    assert "links: 5" not in notice
    assert "- author.age_days: 3" in notice
    assert "links" not in statement.to_dsa()["decision_facts"]


def test_a_fact_about_who_somebody_is_is_named_but_not_repeated():
    statement = stated(
        Remove(), rules=rules_of(rule(when="reporter_id != account_id && links > 3", measures=[Remove()]))
    )
    notice = statement.to_notice()
    assert "- reporter_id: was taken into account; the value is not repeated here" in notice
    assert "- links: 5" in notice
    assert "MARK" not in notice
    assert "reporter_id" not in json.dumps(statement.to_dsa())


def test_what_a_host_rule_saw_is_kept_back_where_it_read_who_somebody_is():
    notice = stated(rules=rules_of(Quoting(measures=[Remove()]))).to_notice()
    assert "Seen" not in notice
    assert "MARK" not in notice
    assert "- reporter_id: was taken into account" in notice


def test_terms_found_and_what_a_host_rule_saw_are_told_to_the_person_alone():
    @attrs.frozen(kw_only=True)
    class Saw(Rule[Post]):
        kind, reads = "saw", frozenset({"text"})

        def match(self, post):
            return Finding(evidence=(f"saw {post.text}",))

    statement = stated(
        rules=rules_of(Saw(measures=[Remove()]), rule(when="text.contains('MARK-text')", measures=[Warn()]))
    )
    notice = statement.to_notice()
    assert "- Seen: saw buy MARK-text now" in notice
    assert "- Found in the text: MARK-text" in notice
    assert '- text: "buy MARK-text now"' in notice or "- text: 'buy MARK-text now'" in notice
    assert "MARK" not in json.dumps(statement.to_dsa())


def test_a_hostile_text_stays_on_its_line_in_the_notice():
    says = "x\n\nWhat you can do\n- Nothing.\u202e {0.__class__}"
    notice = stated(rules=rules_of(rule(says=says, measures=[Remove()]))).to_notice()
    assert notice.count("\nWhat you can do\n") == 1
    assert "x  What you can do - Nothing.\\u202e {0.__class__}" in notice


def test_an_illegal_ground_is_told_with_the_rules():
    ground = LegalGround(law="Section 1", explanation="It sells.")
    notice = stated(rules=SPAM, ground=ground).to_notice()
    assert "- The content is held to be illegal under: Section 1\n- Explanation: It sells.\n- Clause 4.2" in notice


def test_open_ended_measures_say_when_they_are_looked_at_again():
    notice = stated(SuspendAccount()).to_notice()
    assert "without a set end. It is looked at again by 2026-08-04 02:40:00 UTC." in notice
    assert "- closure of the account for good, from 2026-02-02 02:40:00 UTC.\n" in stated(Terminate()).to_notice()


def test_a_decision_that_waits_for_people_says_so():
    held = SPAM.decide(EVENT, at=AT, holds={"spam.links": "breaker"})
    sanction = BARE.apply(held, History(subject="u"), at=AT)
    statement = StatementOfReasons.of(held, sanction)
    assert not statement.required
    notice = statement.to_notice()
    assert "Nothing is decided yet" in notice
    assert "You may appeal" not in notice
    assert "Strikes" not in notice


def test_a_decision_without_a_measure_says_so():
    decision = SPAM.decide({**EVENT, "links": 0}, at=AT)
    sanction = BARE.apply(decision, History(subject="u"), at=AT)
    notice = StatementOfReasons.of(decision, sanction).to_notice()
    assert "- No measure follows." in notice
    assert "Facts that led to it" not in notice


def test_a_departure_from_the_rules_is_told_by_its_kind_and_not_by_its_words():
    deviation = Deviation(
        by=SENIOR, code=DeviationCode.HARDSHIP, text="MARK: the reporter is a neighbour", expires_at=AT + DAY
    )
    statement = StatementOfReasons.of(*case_of(rules=SPAM, deviation=deviation))
    notice = statement.to_notice()
    assert "A person departed from what the rules provide for: particular hardship." in notice
    assert "MARK" not in notice
    assert not statement.required


@pytest.mark.parametrize("code", DeviationCode)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_of_departure_has_its_words(code, language):
    deviation = Deviation(by=SENIOR, code=code, text="x", measures=[Warn()], expires_at=AT + DAY)
    statement = StatementOfReasons.of(*case_of(rules=SPAM, deviation=deviation))
    assert messages.default().text(f"deviation.{code.value}", language) in statement.to_notice(language)


@pytest.mark.parametrize("source", Source)
@pytest.mark.parametrize("decided", dsa.AUTOMATED)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_source_and_degree_of_automation_has_its_words(source, decided, language):
    notice = stated(Remove(), source=source, automated_decision=decided, automated_detection=False).to_notice(language)
    default = messages.default()
    assert default.text(f"notice.source.{source.value}", language) in notice
    assert default.text(f"notice.how.{decided.removeprefix('AUTOMATED_').lower()}", language) in notice
    assert default.text("notice.how.detection_no", language) in notice
    assert Source(source.value).dsa in dsa.SOURCES


def test_strikes_that_fall_away_in_stages_are_told_in_stages():
    ladder = Ladder(
        id="l", version="1", steps=[Step(min_strikes=9, measures=[])],
        strikes={"grave": Strike(weight=3, days=30), "light": Strike(weight=1, days=90), "brief": Strike(weight=2, days=10)},
    )  # fmt: skip
    rules = rules_of(*(rule(name, measures=[Warn()]) for name in ("grave", "light", "brief")))
    notice = stated(rules=rules, ladder=ladder).to_notice()
    told = [line for line in notice.splitlines() if "counts as" in line]
    assert told == [
        "- This decision counts as 3 strikes until 2026-03-04 02:40:00 UTC.",
        "- This decision counts as 1 strike until 2026-05-03 02:40:00 UTC.",
    ]
    assert "- From 9 strikes on, a stronger step follows." in notice


def test_a_step_that_provides_for_nothing_and_a_decision_without_a_strike_are_told():
    empty = Ladder(id="l", version="1", steps=[Step(min_strikes=1, measures=[])])
    assert (
        "- From 1 strike on, the rules provide for no further measure." in stated(rules=SPAM, ladder=empty).to_notice()
    )
    free = Ladder(id="l", version="1", steps=[Step(min_strikes=1, measures=[])], weights={"spam.links": 0})
    assert "Strikes" not in stated(rules=SPAM, ladder=free).to_notice()


def test_where_there_is_no_appeal_the_notice_says_so():
    ladder = Ladder(id="l", version="1", steps=[], appeal=AppealPolicy(days=0))
    notice = stated(rules=SPAM, ladder=ladder).to_notice()
    assert "- The rules provide for no appeal within the platform." in notice
    assert "court" in notice
    pausing = Ladder(id="l", version="1", steps=[], appeal=AppealPolicy(suspensive=True))
    assert "- Until the ruling the measures are not in force." in stated(rules=SPAM, ladder=pausing).to_notice()


# -- what became of it later -------------------------------------------------------------------


def test_what_waits_for_a_signature_is_told_as_waiting_and_stated_once_it_is_signed():
    ladder = Ladder(id="l", version="1", steps=[])
    decision, sanction = case_of(Terminate(), ladder=ladder)
    waiting = StatementOfReasons.of(decision, sanction)
    assert not waiting.required
    assert "- closure of the account for good: not in force yet; it waits for a signature." in waiting.to_notice()
    history = History(subject="MARK-subject").add(sanction)
    assert StatementOfReasons.of(decision, sanction, history=history).to_notice().count("waits for a signature") == 1
    signed = history.sign(sanction.id, by=Actor(id="MARK-second", authority=Authority.SENIOR), at=AT + 3 * DAY)
    later = StatementOfReasons.of(decision, sanction, history=signed, at=AT + 3 * DAY)
    assert later.required
    assert later.to_dsa()["application_date"] == "2026-02-05"
    notice = later.to_notice()
    assert "- closure of the account for good, from 2026-02-05 02:40:00 UTC." in notice
    assert "up to and including 2026-08-07 02:40:00 UTC" in notice
    assert "MARK" not in notice
    assert later.puid == waiting.puid


def test_an_overturned_decision_states_nothing_and_says_so():
    decision, sanction = case_of(rules=SPAM)
    history = (
        History(subject="MARK-subject").add(sanction).overturn(sanction.id, by="MARK-x", at=AT + 60, reason="MARK")
    )
    statement = StatementOfReasons.of(decision, sanction, history=history, at=AT + 60)
    assert not statement.required
    notice = statement.to_notice()
    assert "overturned: it counts as never made. As of 2026-02-02 02:41:00 UTC nothing follows" in notice
    assert "- Standing at 2026-02-02 02:41:00 UTC: 0 strikes." in notice
    assert "counts as 1 strike" not in notice
    assert notice.endswith(
        "What you can do\n- You may also turn to a certified body for out-of-court dispute settlement, or to a court.\n"
    )
    assert "MARK" not in notice


def test_a_decision_that_leaned_on_an_overturned_one_is_told_as_measured_again():
    _, one = case_of(rules=SPAM, ladder=LADDER, case="one")
    history = History(subject="MARK-subject").add(one)
    second, two = case_of(rules=SPAM, ladder=LADDER, case="two", history=history, at=AT + 10)
    history = history.add(two)
    assert "posting" in StatementOfReasons.of(second, two, history=history, at=AT + 10).to_notice()
    history = history.overturn(one.id, by="other", at=AT + 20)
    statement = StatementOfReasons.of(second, two, history=history, at=AT + 20)
    assert "measured again" in statement.to_notice()
    assert "posting" not in statement.to_notice()
    assert "decision_provision" not in statement.to_dsa()
    assert "- Standing at 2026-02-02 02:40:20 UTC: 1 strike." in statement.to_notice()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_changed_decision_and_an_ended_departure_have_their_words(language):
    default = messages.default()
    when = default.text("notice.changed.modified", language, at=AT + 60)
    decision, sanction = case_of(rules=SPAM)
    history = History(subject="MARK-subject").add(sanction)
    changed = history.modify(sanction.id, measures=[Warn()], by="MARK-x", at=AT + 60, reason="milder")
    assert when in StatementOfReasons.of(decision, sanction, history=changed, at=AT + 60).to_notice(language)
    deviation = Deviation(by=SENIOR, code=DeviationCode.REMEDIED, text="x", expires_at=AT + DAY)
    decision, sanction = case_of(rules=SPAM, deviation=deviation)
    history = History(subject="MARK-subject").add(sanction)
    ended = StatementOfReasons.of(decision, sanction, history=history, at=AT + DAY)
    assert default.text("notice.changed.deviation_ended", language, at=AT + DAY) in ended.to_notice(language)
    assert ended.required


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_measure_that_has_run_out_is_not_told_as_if_there_had_been_none(language):
    decision, sanction = case_of(rules=SPAM)
    history = History(subject="MARK-subject").add(sanction)
    statement = StatementOfReasons.of(decision, sanction, history=history, at=AT + 3 * DAY)
    assert messages.default().text("notice.what.not_now", language, at=AT + 3 * DAY) in statement.to_notice(language)
    assert not statement.required


def test_what_the_engine_applied_and_a_person_signed_is_not_fully_automated():
    ladder = Ladder(id="l", version="1", steps=[], four_eyes=None)
    decision, sanction = case_of(Terminate(), ladder=ladder, by=None)
    history = History(subject="MARK-subject").add(sanction)
    assert StatementOfReasons.of(decision, sanction, history=history).automated_decision == "AUTOMATED_DECISION_FULLY"
    signed = history.sign(sanction.id, by=SENIOR, at=AT + 60)
    early = StatementOfReasons.of(decision, sanction, history=signed)
    later = StatementOfReasons.of(decision, sanction, history=signed, at=AT + 60)
    assert early.automated_decision == "AUTOMATED_DECISION_FULLY"
    assert later.automated_decision == "AUTOMATED_DECISION_PARTIALLY"


def test_only_what_belongs_to_the_sanction_is_stated_from_a_history():
    _, one = case_of(Remove(), case="one")
    decision, two = case_of(rules=SPAM, case="two")
    history = History(subject="MARK-subject").add(one).add(two)
    payload = StatementOfReasons.of(decision, two, history=history).to_dsa()
    assert payload["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_DEMOTED"]
    with pytest.raises(InputError):
        StatementOfReasons.of(decision, two, history=History(subject="MARK-subject").add(one))


@pytest.mark.parametrize("given_", [{"history": 3}, {"rules": 3}, {"messages": "en"}])
def test_history_rules_and_messages_are_what_they_are_called(given_):
    assert code_of(StatementOfReasons.of, *case_of(Remove()), **given_) == "type"


def test_the_rules_are_those_of_the_decision():
    assert code_of(StatementOfReasons.of, *case_of(Remove()), rules=SPAM) == "other_rules"


# -- rulings -----------------------------------------------------------------------------------


def appealed(outcome, **given_):
    _, sanction = case_of(rules=SPAM)
    history = History(subject="MARK-subject").add(sanction)
    appeal = Appeal.file(history, sanction.id, at=AT + 60, by="MARK-subject", text="MARK-appeal")
    history = history.add(appeal)
    ruling = appeal.decide(
        history,
        outcome,
        by="MARK-judge",
        at=AT + 120,
        reason="The links are the author's own.",
        feedback="MARK-feedback",
        **given_,
    )
    return appeal, ruling, sanction, history.add(ruling)


def test_the_notice_of_a_ruling_that_overturns():
    appeal, ruling, sanction, _ = appealed(AppealOutcome.OVERTURNED)
    assert (
        notice_of_ruling(appeal, ruling, sanction)
        == f"""\
Ruling on your appeal
Reference: {sanction.id}
Appeal filed: 2026-02-02 02:41:00 UTC
Ruled: 2026-02-02 02:42:00 UTC

Result
- The decision is overturned. It counts as never made: its measures end and its strikes are struck.

Reason
- The links are the author's own.
- The ruling was made by a person who neither took nor signed the decision.

What you can still do
- You may also turn to a certified body for out-of-court dispute settlement, or to a court.
"""
    )


def test_the_notice_of_a_ruling_in_chinese():
    appeal, ruling, sanction, _ = appealed(AppealOutcome.MODIFIED, measures=[LimitVisibility(days=1)], weight=0)
    assert (
        notice_of_ruling(appeal, ruling, sanction, language="zh-Hans", zone="Asia/Shanghai")
        == f"""\
申诉裁定通知
决定编号：{sanction.id}
申诉时间：2026-02-02 10:41:00 +08:00 (Asia/Shanghai)
裁定时间：2026-02-02 10:42:00 +08:00 (Asia/Shanghai)

裁定结果
- 变更原决定，改为：
- 缩小内容展示范围，为期 1 天
- 不再计入违规记录。

裁定理由
- The links are the author's own.
- 本裁定由未参与作出或签署原决定的人员作出。

后续救济途径
- 您也可以向经认证的庭外争议解决机构申请解决，或者向法院提起诉讼。
"""
    )


def test_a_modified_decision_is_told_with_what_holds_now():
    appeal, ruling, sanction, history = appealed(AppealOutcome.MODIFIED, measures=[LimitVisibility(days=1)], weight=1)
    notice = notice_of_ruling(appeal, ruling, sanction, history=history)
    assert (
        "- limited visibility of the content, from 2026-02-02 02:40:00 UTC until 2026-02-03 02:40:00 UTC (1 day)."
        in notice
    )
    assert "- Its strikes count as no more than 1 strike." in notice
    appeal, ruling, sanction, history = appealed(AppealOutcome.MODIFIED, measures=[])
    assert "No measure follows from it any more." in notice_of_ruling(appeal, ruling, sanction, history=history)
    appeal, ruling, sanction, _ = appealed(AppealOutcome.MODIFIED, measures=[Warn()])
    assert "- a warning\n" in notice_of_ruling(appeal, ruling, sanction)


@pytest.mark.parametrize("outcome", AppealOutcome)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_ruling_never_tells_who_ruled_or_what_stays_inside(outcome, language):
    more = {"measures": [Warn()]} if outcome is AppealOutcome.MODIFIED else {}
    appeal, ruling, sanction, history = appealed(outcome, **more)
    assert "MARK" not in notice_of_ruling(appeal, ruling, sanction, language=language, history=history)


def test_a_decision_that_stands_says_so():
    appeal, ruling, sanction, _ = appealed(AppealOutcome.UPHELD)
    assert "- The decision stands.\n" in notice_of_ruling(appeal, ruling, sanction)


@pytest.mark.parametrize("refusal", ["late", "second", "nothing_to_appeal", "unknown"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_appeal_that_is_not_admissible_is_answered_with_the_reason(refusal, language):
    appeal, _, sanction, _ = appealed(AppealOutcome.UPHELD)
    refused = attrs.evolve(appeal, refusal=refusal, deadline=None)
    notice = notice_of_ruling(refused, None, sanction, language=language)
    assert messages.default().text("ruling.refused", language) in notice
    assert messages.default().text(f"ruling.refusal.{refusal}", language) in notice


def test_appeal_ruling_and_sanction_have_to_belong_together():
    appeal, ruling, sanction, _ = appealed(AppealOutcome.UPHELD)
    _, other = case_of(rules=SPAM, case="another")
    assert code_of(notice_of_ruling, appeal, ruling, other) == "other_sanction"
    assert code_of(notice_of_ruling, appeal, attrs.evolve(ruling, appeal_id="a-x"), sanction) == "other_appeal"
    assert code_of(notice_of_ruling, appeal, None, sanction) == "no_ruling"
    for wrong in ((ruling, ruling, sanction), (appeal, appeal, sanction), (appeal, ruling, appeal)):
        assert code_of(notice_of_ruling, *wrong) == "type"


# -- ATProto labels ----------------------------------------------------------------------------

SRC, URI = "did:plc:z72i7hdynmk6r22z27h6tvur", "at://did:plc:xyz/app.bsky.feed.post/3k"


def test_a_label_has_the_fields_of_the_lexicon():
    labels = stated(LimitVisibility(days=3), Label(label="Asks for likes"), Warn()).to_labels(
        src=SRC, uri=URI, cid="bafy1"
    )
    about = {"ver": 1, "src": SRC, "uri": URI, "cid": "bafy1", "cts": "2026-02-02T02:40:00Z"}
    assert labels == (
        {**about, "val": "!no-promote", "exp": "2026-02-05T02:40:00Z"},
        {**about, "val": "asks-for-likes"},
    )


def test_only_what_a_label_can_express_becomes_one():
    assert stated(Warn(), SuspendFeature(feature="x"), Demonetise()).to_labels(src=SRC, uri=URI) == ()
    both = stated(Remove(days=2), SuspendAccount(days=5)).to_labels(src=SRC, uri="did:plc:xyz")
    assert [(one["val"], one["exp"]) for one in both] == [("!hide", "2026-02-07T02:40:00Z")]
    forever = stated(Remove(days=2), Terminate()).to_labels(src=SRC, uri="did:plc:xyz")
    assert [(one["val"], "exp" in one) for one in forever] == [("!hide", False)]
    own = stated(OWN[0](), Remove()).to_labels(src=SRC, uri=URI, values={"blur": "blurred", "remove": "!takedown"})
    assert [one["val"] for one in own] == ["!takedown"]


def test_an_overturned_sanction_is_negated_from_its_instant():
    decision, sanction = case_of(Remove(days=2), Label(label="spam"))
    history = History(subject="MARK-subject").add(sanction).overturn(sanction.id, by="x", at=AT + 60)
    after = StatementOfReasons.of(decision, sanction, history=history, at=AT + 60)
    assert after.to_labels(src=SRC, uri=URI) == ()
    negated = after.to_labels(src=SRC, uri=URI, overturned_at=AT + 60)
    before = StatementOfReasons.of(decision, sanction).to_labels(src=SRC, uri=URI)
    assert [one["val"] for one in negated] == [one["val"] for one in before] == ["!hide", "spam"]
    for old, new in zip(before, negated, strict=True):
        assert new["neg"] is True
        assert "exp" not in new
        assert (new["src"], new["uri"], new["ver"]) == (old["src"], old["uri"], 1)
        assert new["cts"] == "2026-02-02T02:41:00Z" > old["cts"]


LEXICON = {"ver": int, "src": str, "uri": str, "cid": str, "val": str, "neg": bool, "cts": str, "exp": str}


@examples(40)
@given(stories())
def test_every_label_fits_the_lexicon(story):
    for instant in (None, AT):
        labels = StatementOfReasons.of(*story).to_labels(src=SRC, uri=URI, values=LABELS, overturned_at=instant)
        assert len({one["val"] for one in labels}) == len(labels)
        for one in labels:
            assert {"ver", "src", "uri", "val", "cts"} <= one.keys() <= LEXICON.keys()
            assert all(type(value) is LEXICON[key] for key, value in one.items())
            assert re.fullmatch(r"!?[a-z0-9-]{1,127}", one["val"])
            assert dt.datetime.fromisoformat(one["cts"]).tzinfo
            assert "exp" not in one or one["exp"] > one["cts"]
            assert json.loads(json.dumps(one)) == one


@pytest.mark.parametrize(
    "given_",
    [
        {"src": "plc:abc"}, {"src": "did:PLC:abc"}, {"src": None}, {"src": "did:plc:" + "x" * 2048}, {"src": "did:plc:a b"},
        {"uri": "no uri"}, {"uri": "at://a b"}, {"uri": 3}, {"uri": "at://" + "x" * 9000}, {"cid": "a b"}, {"cid": 3}, {"cid": ""},
        {"values": "x"}, {"values": {"remove": "Has Space"}}, {"values": {"remove": "x" * 129}}, {"values": {"remove": ""}},
        {"values": {"remove": None}}, {"values": {"remove": "é"}}, {"overturned_at": "now"},
    ],
    ids=str,
)  # fmt: skip
def test_a_malformed_label_is_refused(given_):
    with pytest.raises(InputError):
        stated(Remove()).to_labels(**{"src": SRC, "uri": URI, **given_})


def test_a_label_in_chinese_needs_a_value():
    statement = stated(Label(label="垃圾信息"))
    with pytest.raises(InputError, match="values"):
        statement.to_labels(src=SRC, uri=URI)
    assert statement.to_labels(src=SRC, uri=URI, values={"垃圾信息": "spam"})[0]["val"] == "spam"


# -- ActivityStreams ---------------------------------------------------------------------------


def test_a_flag_has_the_fields_of_activitystreams():
    objects = ["https://b.example/users/1", "https://b.example/posts/2", "https://b.example/users/1"]
    flag = stated(rules=SPAM).to_flag(actor="https://a.example/actor", objects=objects)
    assert flag == {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"https://a.example/actor#flags/{stated(rules=SPAM).puid}",
        "type": "Flag",
        "actor": "https://a.example/actor",
        "object": objects[:2],
        "content": "Clause 4.2 (rule spam.links, version 1): New accounts may post at most three links.",
        "published": "2026-02-02T02:40:00Z",
    }
    assert json.loads(json.dumps(flag)) == flag


def test_a_flag_of_illegal_content_says_why():
    ground = LegalGround(law="Section 1", explanation="It sells.")
    flag = stated(Remove(), ground=ground).to_flag(
        actor="https://a.example/actor", objects=["https://b.example/u"], id="https://a.example/flags/1"
    )
    assert flag["content"] == "The content is held to be illegal. It sells."
    assert flag["id"] == "https://a.example/flags/1"


@pytest.mark.parametrize(
    "given_",
    [
        {"actor": "instance"}, {"actor": None}, {"actor": "https://b.example/u"}, {"objects": []}, {"objects": [[]]},
        {"objects": "https://b.example/u"}, {"objects": None}, {"objects": ["x"]}, {"objects": {"https://b.example/u": 1}},
        {"id": "x"}, {"id": 3},
    ],
    ids=str,
)  # fmt: skip
def test_a_malformed_flag_is_refused(given_):
    with pytest.raises(InputError):
        stated(Remove()).to_flag(**{"actor": "https://a.example/actor", "objects": ["https://b.example/u"], **given_})


def test_a_flag_never_comes_from_a_person_of_the_case():
    person = Actor(id="https://a.example/users/mod", authority=Authority.SENIOR)
    decision, sanction = case_of(Remove(), by=person, history=History(subject="https://b.example/u"))
    statement = StatementOfReasons.of(decision, sanction)
    for actor in (person.id, "https://b.example/u", "https://b.example/post"):
        assert code_of(statement.to_flag, actor=actor, objects=["https://b.example/post"]) == "actor"
    assert statement.to_flag(actor="https://a.example/actor", objects=["https://b.example/u"])


# -- texts and code ----------------------------------------------------------------------------


def test_every_text_that_the_code_names_is_there_and_every_text_that_is_there_is_named():
    source = pathlib.Path(platgov.__file__).parent / "_enforcement"
    named = set()
    for path in source.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named.add(node.value)
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                named.add(f"{node.values[0].value}*")
    topic = pathlib.Path(platgov.__file__).parent / "_messages" / "en" / "enforcement.toml"
    section, keys = "", set()
    for line in topic.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif " = " in line:
            keys.add(f"{section}.{line.split(' = ')[0]}")
    assert keys < messages.default().catalogues[0].keys
    for key in keys:
        heads = {f"{key[:end]}*" for end in range(4, len(key))}
        assert key in named or heads & named, f"{key} is never used"
    topics = ("notice.", "rule.", "ruling.", "dsa.", "measure.", "deviation.")
    for name in named:
        if name.startswith(topics) and re.fullmatch(r"[a-z_.]+", name):
            assert name in keys or any(key.startswith(name) for key in keys), name
