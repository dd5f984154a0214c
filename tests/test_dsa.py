"""The schema of the DSA Transparency Database: what it takes, what it refuses, and on which field."""

import copy
import datetime as dt
import json
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platgov._enforcement import dsa
from platgov._enforcement.dsa import validate_dsa, validate_dsa_batch
from platgov._enforcement.statement import StatementOfReasons

DATA = pathlib.Path(__file__).parents[2] / "shared" / "data" / "dsa"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the shared DSA data is not on this machine")

# Classes of input and what the database says to them: after the feature tests of its own
# single and multiple endpoint (commit 69e80a0), written anew.
ILLEGAL = {
    "decision_visibility": ["DECISION_VISIBILITY_CONTENT_DISABLED", "DECISION_VISIBILITY_CONTENT_AGE_RESTRICTED"],
    "decision_monetary": None,
    "decision_provision": None,
    "decision_account": None,
    "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
    "illegal_content_legal_ground": "Section 1",
    "illegal_content_explanation": "It sells what may not be sold.",
    "category": "STATEMENT_CATEGORY_ANIMAL_WELFARE",
    "puid": "sor-1",
    "territorial_scope": ["BE", "DE", "FR"],
    "source_type": "SOURCE_ARTICLE_16",
    "decision_facts": "What happened.",
    "content_type": ["CONTENT_TYPE_SYNTHETIC_MEDIA"],
    "automated_detection": "No",
    "automated_decision": "AUTOMATED_DECISION_PARTIALLY",
    "application_date": "2023-05-18",
    "content_date": "2023-05-18",
}
INCOMPATIBLE = {key: value for key, value in ILLEGAL.items() if not key.startswith("illegal_content")} | {
    "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
    "incompatible_content_ground": "Clause 4.2",
    "incompatible_content_explanation": "At most three links.",
}


def codes(payload, **named):
    return sorted({(one.field, one.code) for one in validate_dsa(payload, **named)})


def but(*, base=ILLEGAL, **changes):
    return {key: value for key, value in {**base, **changes}.items() if value != "<out>"}


# -- the values --------------------------------------------------------------------------------


@needs_data
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (dsa.VISIBILITY, "DECISION_VISIBILITIES"), (dsa.MONETARY, "DECISION_MONETARIES"),
        (dsa.PROVISION, "DECISION_PROVISIONS"), (dsa.ACCOUNT, "DECISION_ACCOUNTS"), (dsa.KEYWORDS, "KEYWORDS"),
        (dsa.ACCOUNT_TYPES, "ACCOUNT_TYPES"), (dsa.GROUNDS, "DECISION_GROUNDS"), (dsa.SOURCES, "SOURCE_TYPES"),
        (dsa.CONTENT_TYPES, "CONTENT_TYPES"), (dsa.AUTOMATED, "AUTOMATED_DECISIONS"),
        (dsa.CATEGORIES, "STATEMENT_CATEGORIES"),
    ],
)  # fmt: skip
def test_every_enumeration_is_that_of_the_database(ours, theirs):
    assert list(ours) == json.loads((DATA / "enums.json").read_text())[theirs]


def test_countries_are_the_thirty_of_the_economic_area_and_languages_two_capital_letters():
    assert len(dsa.EEA) == len(set(dsa.EEA)) == 30
    assert {"IS", "LI", "NO", "GR"} <= set(dsa.EEA)
    assert not {"CH", "GB", "EL"} & set(dsa.EEA)
    assert len(dsa.LANGUAGES) == len(set(dsa.LANGUAGES)) == 184
    assert all(len(code) == 2 and code.isupper() for code in (*dsa.LANGUAGES, *dsa.EEA))


@needs_data
def test_the_example_statement_is_taken_and_its_extra_fields_are_those_of_an_answer():
    example = json.loads((DATA / "example_statement.json").read_text())
    assert validate_dsa(example) == ()
    extra = [("permalink", "unknown_field"), ("platform_name", "unknown_field")]
    assert codes(example, strict=True) == extra


@needs_data
def test_the_example_batch_is_taken():
    batch = json.loads((DATA / "example_multi_statements.json").read_text())
    assert validate_dsa_batch(batch) == ()
    assert {one.code for one in validate_dsa_batch(batch, strict=True)} == {"unknown_field"}
    assert all(validate_dsa(statement) == () for statement in batch["statements"])


# -- what the database's own tests say ---------------------------------------------------------

TAKEN = {
    "illegal content": ILLEGAL,
    "content against the terms": INCOMPATIBLE,
    "a language": but(content_language="EN", account_type="ACCOUNT_TYPE_BUSINESS"),
    "a language from outside Europe": but(content_language="VI"),
    "a business account": but(account_type="ACCOUNT_TYPE_BUSINESS"),
    "an end date": but(end_date_monetary_restriction="2023-05-25"),
    "four end dates": but(
        end_date_visibility_restriction="2023-08-10", end_date_monetary_restriction="2023-08-11",
        end_date_service_restriction="2023-08-12", end_date_account_restriction="2023-08-13",
    ),
    "end dates of null": but(end_date_visibility_restriction=None, end_date_account_restriction=None),
    "a good url": but(decision_ground_reference_url="https://www.goodurl.com"),
    "the other ground as well": but(incompatible_content_ground="x", incompatible_content_explanation="y"),
    "the other ground the other way": {
        **ILLEGAL, **INCOMPATIBLE, "incompatible_content_illegal": "No",
    },
    "another content type, named": but(
        content_type=["CONTENT_TYPE_APP", "CONTENT_TYPE_OTHER"], content_type_other="a map"
    ),
    "a content type named without need": but(content_type=["CONTENT_TYPE_AUDIO"], content_type_other="a map"),
    "a source named": but(source_type="SOURCE_TYPE_OTHER_NOTIFICATION", source_identity="an office"),
    "a source named without need": but(source_type="SOURCE_VOLUNTARY", source_identity="an office"),
    "keywords with another one": but(
        category_specification=["KEYWORD_ADULT_SEXUAL_MATERIAL", "KEYWORD_DESIGN_INFRINGEMENT", "KEYWORD_OTHER"],
        category_specification_other="a new one",
    ),
    "the category again": but(category_addition=["STATEMENT_CATEGORY_SELF_HARM", "STATEMENT_CATEGORY_ANIMAL_WELFARE"]),
    "no further category": but(category_addition=[]),
    "an account suspended and nothing else": but(
        decision_visibility=None, decision_account="DECISION_ACCOUNT_SUSPENDED"
    ),
    "an unknown field": but(decisions=None),
    "an article number, its check digit unchecked": but(content_id={"EAN-13": "1234567890123"}),
    "visibility other, named": but(
        decision_visibility=["DECISION_VISIBILITY_OTHER"], decision_visibility_other="blurred"
    ),
    "visibility named without need": but(
        decision_visibility=["DECISION_VISIBILITY_CONTENT_LABELLED"], decision_visibility_other=None
    ),
    "territories twice": but(territorial_scope=["BE", "BE", "FR"]),
    "money, other, named": but(decision_monetary="DECISION_MONETARY_OTHER", decision_monetary_other="a fee"),
    "only what is required": but(
        decision_monetary="<out>", decision_provision="<out>", decision_account="<out>", territorial_scope="<out>"
    ),
}  # fmt: skip

REFUSED = {
    "an unknown language": (but(content_language="XX"), "content_language", "language"),
    "a language in small letters": (but(content_language="en"), "content_language", "language"),
    "an unknown account type": (but(account_type="ACCOUNT_TYPE_NOT_VALID"), "account_type", "enum"),
    "a date with an hour": (but(application_date="2023-12-20-05"), "application_date", "date_format"),
    "a date of another form": (but(application_date="2023-4-4-4"), "application_date", "date_format"),
    "no url": (but(decision_ground_reference_url="notvalidurl"), "decision_ground_reference_url", "url"),
    "unknown countries": (but(territorial_scope=["XY", "ZZ"]), "territorial_scope", "country"),
    "a bad id": (but(puid="very bad é + pu.id"), "puid", "pattern"),
    "an empty id": (but(puid=""), "puid", "required"),
    "no id": (but(puid=None), "puid", "required"),
    "twelve digits": (but(content_id={"EAN-13": "123456789012"}), "content_id.EAN-13", "pattern"),
    "letters in the number": (but(content_id={"EAN-13": "12345678901AB"}), "content_id.EAN-13", "pattern"),
    "visibility other, unnamed": (
        but(decision_visibility=["DECISION_VISIBILITY_OTHER"]), "decision_visibility_other", "required",
    ),
    "visibility other among others, null": (
        but(
            decision_visibility=["DECISION_VISIBILITY_CONTENT_DEMOTED", "DECISION_VISIBILITY_OTHER"],
            decision_visibility_other=None,
        ),
        "decision_visibility_other", "required",
    ),
    "content type other, unnamed": (
        but(content_type=["CONTENT_TYPE_IMAGE", "CONTENT_TYPE_OTHER"]), "content_type_other", "required",
    ),
    "one content type for a list": (but(content_type="CONTENT_TYPE_VIDEO"), "content_type", "type"),
    "one visibility for a list": (
        but(decision_visibility="DECISION_VISIBILITY_CONTENT_REMOVED"), "decision_visibility", "type",
    ),
}  # fmt: skip


@pytest.mark.parametrize("payload", TAKEN.values(), ids=TAKEN)
def test_what_the_database_takes_is_valid(payload):
    assert validate_dsa(payload) == ()


@pytest.mark.parametrize(("payload", "field", "code"), REFUSED.values(), ids=REFUSED)
def test_what_the_database_refuses_is_one_violation_on_the_same_field(payload, field, code):
    assert codes(payload) == [(field, code)]


def test_a_batch_tells_which_statement_is_wrong():
    batch = {"statements": [but(puid=f"p{place}") for place in range(5)]}
    batch["statements"][3]["content_language"] = "XX"
    assert [(one.field, one.code) for one in validate_dsa_batch(batch)] == [
        ("statements[3].content_language", "language")
    ]


def test_an_id_may_stand_once_in_a_batch():
    batch = {"statements": [but(puid="a"), but(puid="b"), but(puid=" a "), but(puid="a")]}
    found = [(one.field, one.code) for one in validate_dsa_batch(batch)]
    assert found == [("statements[2].puid", "duplicate"), ("statements[3].puid", "duplicate")]


@pytest.mark.parametrize(("count", "code"), [(0, "size"), (1, None), (100, None), (101, "size")])
def test_a_batch_has_one_to_a_hundred_statements(count, code):
    found = {one.code for one in validate_dsa_batch({"statements": [but(puid=f"p{place}") for place in range(count)]})}
    assert found == ({code} if code else set())


@pytest.mark.parametrize("payload", [None, [], {}, {"statements": None}, {"statements": {"0": ILLEGAL}}, "x", 3])
def test_what_is_no_batch_is_a_violation(payload):
    assert [(one.field, one.code) for one in validate_dsa_batch(payload)] == [("statements", "type")]


def test_what_is_no_statement_in_a_batch_is_a_violation():
    found = validate_dsa_batch({"statements": [ILLEGAL, None, [1]]})
    assert [(one.field, one.code) for one in found] == [("statements[1]", "type"), ("statements[2]", "type")]


# -- the rules one by one ----------------------------------------------------------------------

REQUIRED = [
    "decision_ground", "category", "content_type", "content_date", "application_date", "decision_facts", "source_type",
    "automated_detection", "automated_decision", "puid",
]  # fmt: skip


@pytest.mark.parametrize("field", [*REQUIRED, "illegal_content_legal_ground", "illegal_content_explanation"])
@pytest.mark.parametrize("value", ["<out>", None, "", " \t\u3000\u200b", [], {}])
def test_a_required_field_that_is_missing_or_empty_is_named(field, value):
    found = codes(but(**{field: value}))
    assert (field, "required") in found
    ground = {("illegal_content_legal_ground", "required"), ("illegal_content_explanation", "required")}
    assert set(found) <= {(field, "required")} | ground


@pytest.mark.parametrize("field", ["incompatible_content_ground", "incompatible_content_explanation"])
def test_the_ground_needs_its_texts(field):
    assert codes(but(base=INCOMPATIBLE, **{field: None})) == [(field, "required")]


DECISIONS = {
    "decision_visibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"],
    "decision_monetary": "DECISION_MONETARY_SUSPENSION",
    "decision_provision": "DECISION_PROVISION_TOTAL_SUSPENSION",
    "decision_account": "DECISION_ACCOUNT_TERMINATED",
}


@pytest.mark.parametrize("nothing", [None, "<out>", ""])
def test_one_decision_suffices_and_none_is_told_on_all_four(nothing):
    empty = dict.fromkeys(DECISIONS, nothing)
    assert codes(but(**empty)) == [(field, "required_without_all") for field in sorted(DECISIONS)]
    for field, value in DECISIONS.items():
        assert validate_dsa(but(**{**empty, field: value})) == ()


def test_an_empty_list_is_no_decision():
    assert ("decision_visibility", "required_without_all") in codes(but(decision_visibility=[]))
    assert validate_dsa(but(decision_visibility=[], decision_account="DECISION_ACCOUNT_SUSPENDED")) == ()


OTHERS = {
    "decision_visibility_other": {"decision_visibility": ["DECISION_VISIBILITY_OTHER"]},
    "decision_monetary_other": {"decision_monetary": "DECISION_MONETARY_OTHER"},
    "content_type_other": {"content_type": ["CONTENT_TYPE_OTHER"]},
}


@pytest.mark.parametrize("field", OTHERS)
def test_other_needs_to_be_named(field):
    assert codes(but(**OTHERS[field])) == [(field, "required")]
    assert codes(but(**OTHERS[field], **{field: "x"})) == []
    assert codes(but(**{field: "x"}), strict=True) == [(field, "excluded")]


TEXTS = {
    "decision_visibility_other": (500, OTHERS["decision_visibility_other"]),
    "decision_monetary_other": (500, OTHERS["decision_monetary_other"]),
    "content_type_other": (500, OTHERS["content_type_other"]),
    "category_specification_other": (500, {"category_specification": ["KEYWORD_OTHER"]}),
    "illegal_content_legal_ground": (500, {}),
    "illegal_content_explanation": (2000, {}),
    "incompatible_content_ground": (500, INCOMPATIBLE),
    "incompatible_content_explanation": (2000, INCOMPATIBLE),
    "decision_facts": (5000, {}),
    "source_identity": (500, {}),
    "puid": (500, {}),
}


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize("char", ["x", "字", "😀"])
def test_a_text_is_as_long_as_the_schema_allows_in_characters(field, char):
    most, beside = TEXTS[field]
    char = "x" if field == "puid" else char
    assert codes(but(**{**beside, field: char * most})) == []
    assert codes(but(**{**beside, field: f"  {char * most}\n"})) == []
    assert codes(but(**{**beside, field: char * (most + 1)})) == [(field, "length")]


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize("value", [3, True, 1.5, ["x"], {"a": "x"}])
def test_a_text_is_text(field, value):
    assert codes(but(**{**TEXTS[field][1], field: value})) == [(field, "type")]


def test_half_a_character_is_no_text():
    assert codes(but(decision_facts="a\ud800")) == [("decision_facts", "type")]


def test_what_is_excluded_is_not_judged():
    odd = but(incompatible_content_ground=3, incompatible_content_illegal="perhaps", content_type_other=["x"])
    assert codes(odd) == []
    assert codes(but(source_type="SOURCE_VOLUNTARY", source_identity="x" * 501)) == []


CHOICES = {
    "decision_monetary": dsa.MONETARY, "decision_provision": dsa.PROVISION, "decision_account": dsa.ACCOUNT,
    "account_type": dsa.ACCOUNT_TYPES, "category": dsa.CATEGORIES, "source_type": dsa.SOURCES,
    "automated_detection": ("Yes", "No"), "automated_decision": dsa.AUTOMATED, "content_language": dsa.LANGUAGES,
}  # fmt: skip
LISTS = {
    "decision_visibility": dsa.VISIBILITY, "category_addition": dsa.CATEGORIES, "category_specification": dsa.KEYWORDS,
    "content_type": dsa.CONTENT_TYPES, "territorial_scope": dsa.EEA,
}  # fmt: skip
NAMED = {"decision_visibility_other": "x", "decision_monetary_other": "x", "content_type_other": "x"}


@pytest.mark.parametrize("field", CHOICES)
def test_a_choice_is_one_of_its_values(field):
    code = "language" if field == "content_language" else "enum"
    for value in CHOICES[field]:
        assert codes(but(**NAMED, **{field: value})) == []
        assert codes(but(**NAMED, **{field: value.swapcase()})) == [(field, code)]
    for value in ("null", "NULL", "DECISION", "x" * 10_000):
        assert codes(but(**{field: value})) == [(field, code)]
    for value in (3, True, 0, ["x"], [CHOICES[field][0]], {"a": 1}):
        assert codes(but(**{field: value})) == [(field, "type")]


@pytest.mark.parametrize("field", LISTS)
def test_a_list_holds_only_its_values(field):
    code = "country" if field == "territorial_scope" else "enum"
    assert codes(but(**NAMED, **{field: list(LISTS[field])})) == []
    assert codes(but(**{field: [LISTS[field][0], "null", "x"]})) == [(field, code)]
    assert codes(but(**{field: [LISTS[field][0], 3]})) == [(field, "type")]
    assert codes(but(**{field: [LISTS[field][0], None]})) == [(field, "type")]
    for value in (LISTS[field][0], 3, {"0": LISTS[field][0]}):
        assert codes(but(**{field: value})) == [(field, "type")]


def test_each_bad_element_of_a_list_is_told():
    found = validate_dsa(but(territorial_scope=["XY", "DE", "ZZ"]))
    assert [one.message.split(":")[0] for one in found] == ["text 'XY'", "text 'ZZ'"]


def test_null_is_taken_only_where_the_database_calls_a_field_nullable():
    for field in ("account_type", "content_language", "territorial_scope", "category_specification", "content_id"):
        assert codes(but(**{field: None})) == []
    for field in ("content_id_ean", "decision_ground_reference_url", "source_identity", "category_specification_other"):
        assert codes(but(**{field: None})) == []
    assert codes(but(category_addition=None)) == [("category_addition", "type")]
    assert codes(but(content_id={"EAN-13": None})) == [("content_id.EAN-13", "type")]
    illegal = but(base=INCOMPATIBLE, incompatible_content_illegal=None)
    assert codes(illegal) == [("incompatible_content_illegal", "enum")]


def test_yes_and_no_are_spelled_so_in_payloads():
    for field in ("automated_detection",):
        assert codes(but(**{field: "AUTOMATED_DETECTION_YES"})) == [(field, "enum")]
    for value in ("Yes", "No"):
        assert codes(but(base=INCOMPATIBLE, incompatible_content_illegal=value)) == []
    bad = but(base=INCOMPATIBLE, incompatible_content_illegal="INCOMPATIBLE_CONTENT_ILLEGAL_NO")
    assert codes(bad) == [("incompatible_content_illegal", "enum")]


DATES = {
    "content_date": ("2000-01-01", "1999-12-31"),
    "application_date": ("2020-01-01", "2019-12-31"),
    **{
        f"end_date_{what}_restriction": ("0001-01-01", None)
        for what in ("visibility", "monetary", "service", "account")
    },
}


NO_DATES = [
    "2023-02-29", "2024-2-9", "24-02-09", "2024-02-09T00:00:00Z", "2024/02/09", "x", "２０２４-02-09", 20240209,
    "0000-01-01", "2024-02-30", "10000-01-01", ["2024-02-09"], True,
]  # fmt: skip


@pytest.mark.parametrize("field", DATES)
def test_a_date_is_within_its_bounds(field):
    first, before = DATES[field]
    for day in (first, "2024-02-29", "2038-01-01", " 2024-02-29 "):
        assert codes(but(**{field: day})) == []
    for day in (before, "2038-01-02", "9999-12-31"):
        if day is not None:
            assert codes(but(**{field: day})) == [(field, "date_range")]
    for day in NO_DATES:
        assert codes(but(**{field: day})) == [(field, "date_format")]


@given(st.dates())
def test_every_date_is_judged_by_its_bounds_alone(day):
    found = codes(but(content_date=day.isoformat(), application_date=day.isoformat()))
    low, high = dt.date(2000, 1, 1), dt.date(2038, 1, 1)
    expected = [] if dt.date(2020, 1, 1) <= day <= high else [("application_date", "date_range")]
    assert found == expected + ([] if low <= day <= high else [("content_date", "date_range")])


GOOD_URLS = [
    "https://example.com", "http://example.com/", "https://example.com:8080/a/b?c=d&e=%20f#g", "HTTPS://EXAMPLE.COM",
    "https://münchen.example/straße", "https://xn--mnchen-3ya.example", "https://a.b-c.example/~x/(y)", "https://10.0.0.1/x",
    "https://example.com//x?y=/z?",
]  # fmt: skip
BAD_URLS = [
    "example.com", "www.example.com", "https://", "https:///x", "ftp://example.com", "javascript:alert(1)",
    "https//x.y", "https://exa mple.com", "https://example.com/a b", "https://example.com/%zz", "https://example.com/<x>",
    "https://-", "https://example.com\nhttps://example.org", "https://user:secret@example.com", "mailto:a@example.com",
    "https://é",
]  # fmt: skip


@pytest.mark.parametrize("url", GOOD_URLS)
def test_a_url_of_http_is_taken(url):
    assert codes(but(decision_ground_reference_url=url)) == []


@pytest.mark.parametrize("url", BAD_URLS)
def test_what_is_no_url_of_http_is_refused(url):
    assert codes(but(decision_ground_reference_url=url)) == [("decision_ground_reference_url", "url")]


def test_a_url_has_a_length():
    url = "https://example.com/".ljust(500, "x")
    assert codes(but(decision_ground_reference_url=url)) == []
    assert codes(but(decision_ground_reference_url=f"{url}x")) == [("decision_ground_reference_url", "length")]
    assert codes(but(decision_ground_reference_url="https://" + "a" * 100_000 + "-")) != []
    assert codes(but(decision_ground_reference_url=3)) == [("decision_ground_reference_url", "type")]


@pytest.mark.parametrize("field", ["content_id.EAN-13", "content_id_ean"])
def test_an_article_number_is_thirteen_digits(field):
    def with_number(value):
        return but(content_id={"EAN-13": value}) if "." in field else but(content_id_ean=value)

    assert codes(with_number("4006381333931")) == []
    assert codes(with_number(" 4006381333931\n")) == []
    for value in ("400638133393", "40063813339311", "400638133393X", "４００６３８１３３３９３１", "4006381 33931"):
        assert codes(with_number(value)) == [(field, "pattern")]
    for value in (4006381333931, ["4006381333931"], True):
        assert codes(with_number(value)) == [(field, "type")]


def test_a_content_id_is_an_object():
    for value in ({}, [], None, {"other": 3}):
        assert codes(but(content_id=value)) == []
    assert codes(but(content_id="4006381333931")) == [("content_id", "type")]


@pytest.mark.parametrize("puid", ["a", "A-Z_0", "-", "8ca7c7ed-d9bc-4509"])
def test_an_id_of_letters_digits_hyphen_and_underscore_is_taken(puid):
    assert codes(but(puid=puid)) == []


@pytest.mark.parametrize("puid", ["a.b", "a b", "é", "a/b", "a\nb", "😀"])
def test_any_other_id_is_refused(puid):
    assert codes(but(puid=puid)) == [("puid", "pattern")]


def test_an_id_that_is_long_and_odd_is_told_so_twice():
    assert codes(but(puid="." * 501)) == [("puid", "length"), ("puid", "pattern")]


def test_strict_names_everything_that_the_database_would_silently_drop():
    payload = but(
        extra=1, incompatible_content_illegal="Yes", source_type="SOURCE_VOLUNTARY", source_identity="x",
        territorial_scope=["DE", "DE"], category_addition=["STATEMENT_CATEGORY_ANIMAL_WELFARE"],
        content_type=["CONTENT_TYPE_APP", "CONTENT_TYPE_APP"], category_specification_other="x",
        decision_monetary_other="x",
        category_specification=["KEYWORD_NUDITY", "KEYWORD_NUDITY"],
    )  # fmt: skip
    assert codes(payload) == []
    assert codes(payload, strict=True) == [
        ("category_addition", "duplicate"),
        ("category_specification", "duplicate"),
        ("category_specification_other", "excluded"),
        ("content_type", "duplicate"),
        ("decision_monetary_other", "excluded"),
        ("extra", "unknown_field"),
        ("incompatible_content_illegal", "excluded"),
        ("source_identity", "excluded"),
        ("territorial_scope", "duplicate"),
    ]
    assert codes(ILLEGAL, strict=True) == codes(INCOMPATIBLE, strict=True) == []


def test_every_violation_is_told_at_once():
    found = validate_dsa({})
    assert {one.field for one in found} == {*REQUIRED, *DECISIONS}
    assert len(found) == len(REQUIRED) + len(DECISIONS)
    broken = but(puid="é", category="x", content_date="x", territorial_scope="DE", decision_facts="x" * 5001)
    assert [code for _, code in codes(broken)] == ["enum", "date_format", "length", "pattern", "type"]


def test_a_violation_says_what_was_given_and_what_is_accepted():
    (found,) = validate_dsa(but(account_type="ACCOUNT_TYPE_X"))
    assert found.message == "text 'ACCOUNT_TYPE_X': accepted are ACCOUNT_TYPE_BUSINESS, ACCOUNT_TYPE_PRIVATE"
    assert "184 accepted" in validate_dsa(but(content_language="XX"))[0].message


def test_the_check_is_within_reach_of_the_public_class():
    assert StatementOfReasons.validate_dsa is validate_dsa


# -- laws --------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[]), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
spiced = json_values | st.sampled_from([
    *dsa.VISIBILITY, *dsa.MONETARY, *dsa.GROUNDS, *dsa.SOURCES, *dsa.CONTENT_TYPES, "Yes", "2024-01-01", "DE",
    10**5000, [[]], [{}], {"EAN-13": []}, ["DECISION_VISIBILITY_OTHER"], [["DECISION_VISIBILITY_OTHER"]],
])  # fmt: skip


@given(json_values)
def test_nothing_that_json_can_say_raises(value):
    for strict in (False, True):
        assert isinstance(validate_dsa(value, strict=strict), tuple)
        assert isinstance(validate_dsa_batch(value, strict=strict), tuple)
        assert isinstance(validate_dsa_batch({"statements": value}, strict=strict), tuple)


@given(st.dictionaries(st.sampled_from(sorted(dsa.FIELDS)), spiced), st.booleans())
def test_no_field_raises_whatever_it_holds(changes, strict):
    before = copy.deepcopy(changes)
    for base in (ILLEGAL, INCOMPATIBLE, {}):
        for one in validate_dsa({**base, **changes}, strict=strict):
            assert one.field.split(".")[0] in dsa.FIELDS
            assert one.message
            assert one.message.isprintable()
            assert len(one.message) < 1000
    assert changes == before


@st.composite
def valid_payloads(draw):
    """Build a payload by the rules of the schema, field by field."""

    def maybe(field, values):
        if draw(st.booleans()):
            payload[field] = draw(values)

    def listed(values, least=1):
        return st.lists(st.sampled_from(values), min_size=least, max_size=4, unique=True)

    def text(most):
        return st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20).map(
            lambda word: (word * most)[:most]
        )

    payload = {
        "puid": draw(st.text("abcXYZ019-_", min_size=1, max_size=500)),
        "category": draw(st.sampled_from(dsa.CATEGORIES)),
        "content_type": draw(listed(dsa.CONTENT_TYPES)),
        "content_date": draw(st.dates(dt.date(2000, 1, 1), dt.date(2038, 1, 1))).isoformat(),
        "application_date": draw(st.dates(dt.date(2020, 1, 1), dt.date(2038, 1, 1))).isoformat(),
        "decision_facts": draw(text(5000)),
        "source_type": draw(st.sampled_from(dsa.SOURCES)),
        "automated_detection": draw(st.sampled_from(["Yes", "No"])),
        "automated_decision": draw(st.sampled_from(dsa.AUTOMATED)),
        "decision_ground": draw(st.sampled_from(dsa.GROUNDS)),
    }
    kind = "illegal" if payload["decision_ground"].endswith("ILLEGAL_CONTENT") else "incompatible"
    payload["illegal_content_legal_ground" if kind == "illegal" else "incompatible_content_ground"] = draw(text(500))
    payload[f"{kind}_content_explanation"] = draw(text(2000))
    if kind == "incompatible":
        maybe("incompatible_content_illegal", st.sampled_from(["Yes", "No"]))
    which = draw(st.sets(st.sampled_from(sorted(DECISIONS)), min_size=1))
    values = {"decision_monetary": dsa.MONETARY, "decision_provision": dsa.PROVISION, "decision_account": dsa.ACCOUNT}
    for field in sorted(which):
        if field == "decision_visibility":
            payload[field] = draw(listed(dsa.VISIBILITY))
        else:
            payload[field] = draw(st.sampled_from(values[field]))
    if "DECISION_VISIBILITY_OTHER" in payload.get("decision_visibility", ()):
        payload["decision_visibility_other"] = draw(text(500))
    if payload.get("decision_monetary") == "DECISION_MONETARY_OTHER":
        payload["decision_monetary_other"] = draw(text(500))
    if "CONTENT_TYPE_OTHER" in payload["content_type"]:
        payload["content_type_other"] = draw(text(500))
    maybe("account_type", st.sampled_from(dsa.ACCOUNT_TYPES))
    maybe("territorial_scope", listed(dsa.EEA))
    maybe("content_language", st.sampled_from(dsa.LANGUAGES))
    maybe("category_specification", listed(dsa.KEYWORDS))
    maybe("end_date_account_restriction", st.none() | st.dates(max_value=dt.date(2038, 1, 1)).map(dt.date.isoformat))
    maybe("content_id", st.text("0123456789", min_size=13, max_size=13).map(lambda number: {"EAN-13": number}))
    if payload["source_type"] != "SOURCE_VOLUNTARY":
        maybe("source_identity", text(500))
    return payload


@given(valid_payloads())
def test_what_is_built_by_the_rules_is_valid(payload):
    assert validate_dsa(payload, strict=True) == ()


@given(valid_payloads(), st.data())
def test_breaking_one_field_is_told_on_that_field_and_no_other(payload, data):
    field = data.draw(st.sampled_from(sorted(set(payload) - {"decision_ground", "content_id"})))
    broken = {**payload, field: 3}
    assert {one.field for one in validate_dsa(broken)} <= {field, "source_identity"} | _beside(field)
    assert field in {one.field for one in validate_dsa(broken)}


def _beside(field):
    # Without "other" its name is no longer wanted; without the list nothing is.
    return {f"{field}_other"}


@given(valid_payloads(), st.sampled_from(REQUIRED))
def test_leaving_out_a_required_field_is_always_told(payload, field):
    del payload[field]
    assert (field, "required") in codes(payload)
