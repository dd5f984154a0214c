"""The schema of the DSA Transparency Database: what a statement of reasons may hold there.

Written after the validation rules of the database itself, so that a payload can be checked
before it is sent.

Source: digital-services-act/transparency-database, commit 69e80a0, request validation of
``/api/v1/statement`` and ``/api/v1/statements``.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from platgov._canonical import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["EEA", "LANGUAGES", "MOST_IN_BATCH", "Violation", "validate_dsa", "validate_dsa_batch"]


class Violation(NamedTuple):
    """One way in which a payload breaks the schema.

    Attributes:
        field: The field: ``puid``, ``content_id.EAN-13``, ``statements[3].puid``; empty for the whole.
        code: ``required``, ``required_without_all``, ``type``, ``enum``, ``country``, ``language``,
            ``length``, ``pattern``, ``date_format``, ``date_range``, ``url``, ``size``, ``duplicate``,
            and when strict ``excluded`` and ``unknown_field``.
        message: What was given and what is accepted.
    """

    field: str
    code: str
    message: str


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _named(prefix: str, names: str) -> tuple[str, ...]:
    return tuple(f"{prefix}_{name}" for name in _words(names))


# fmt: off
VISIBILITY: Final = _named("DECISION_VISIBILITY", """CONTENT_REMOVED CONTENT_DISABLED CONTENT_DEMOTED
    CONTENT_AGE_RESTRICTED CONTENT_INTERACTION_RESTRICTED CONTENT_LABELLED OTHER""")
MONETARY: Final = _named("DECISION_MONETARY", "SUSPENSION TERMINATION OTHER")
PROVISION: Final = _named("DECISION_PROVISION",
    "PARTIAL_SUSPENSION TOTAL_SUSPENSION PARTIAL_TERMINATION TOTAL_TERMINATION")
ACCOUNT: Final = _named("DECISION_ACCOUNT", "SUSPENDED TERMINATED")
ACCOUNT_TYPES: Final = _named("ACCOUNT_TYPE", "BUSINESS PRIVATE")
GROUNDS: Final = _named("DECISION_GROUND", "ILLEGAL_CONTENT INCOMPATIBLE_CONTENT")
CONTENT_TYPES: Final = _named("CONTENT_TYPE", "APP AUDIO IMAGE PRODUCT SYNTHETIC_MEDIA TEXT VIDEO OTHER")
SOURCES: Final = ("SOURCE_ARTICLE_16", "SOURCE_TRUSTED_FLAGGER", "SOURCE_TYPE_OTHER_NOTIFICATION", "SOURCE_VOLUNTARY")
AUTOMATED: Final = _named("AUTOMATED_DECISION", "FULLY PARTIALLY NOT_AUTOMATED")
YES_NO: Final = ("Yes", "No")
CATEGORIES: Final = _named("STATEMENT_CATEGORY", """ANIMAL_WELFARE CONSUMER_INFORMATION CYBER_VIOLENCE
    CYBER_VIOLENCE_AGAINST_WOMEN DATA_PROTECTION_AND_PRIVACY_VIOLATIONS ILLEGAL_OR_HARMFUL_SPEECH
    INTELLECTUAL_PROPERTY_INFRINGEMENTS NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS NOT_SPECIFIED_NOTICE
    OTHER_VIOLATION_TC PROTECTION_OF_MINORS RISK_FOR_PUBLIC_SECURITY SCAMS_AND_FRAUD SELF_HARM
    UNSAFE_AND_PROHIBITED_PRODUCTS VIOLENCE""")
KEYWORDS: Final = _named("KEYWORD", """ADULT_SEXUAL_MATERIAL AGE_SPECIFIC_RESTRICTIONS
    AGE_SPECIFIC_RESTRICTIONS_MINORS ANIMAL_HARM BIOMETRIC_DATA_BREACH BULLYING_AGAINST_GIRLS
    CHILD_SEXUAL_ABUSE_MATERIAL CHILD_SEXUAL_ABUSE_MATERIAL_DEEPFAKE CONTENT_PROMOTING_EATING_DISORDERS
    COORDINATED_HARM COPYRIGHT_INFRINGEMENT CYBER_BULLYING_INTIMIDATION CYBER_HARASSMENT
    CYBER_HARASSMENT_AGAINST_WOMEN CYBER_INCITEMENT CYBER_STALKING CYBER_STALKING_AGAINST_WOMEN
    DATA_FALSIFICATION DEFAMATION DESIGN_INFRINGEMENT DISCRIMINATION FEMALE_GENDERED_DISINFORMATION
    GEOGRAPHIC_INDICATIONS_INFRINGEMENT GEOGRAPHICAL_REQUIREMENTS GOODS_SERVICES_NOT_PERMITTED
    GROOMING_SEXUAL_ENTICEMENT_MINORS HATE_SPEECH HIDDEN_ADVERTISEMENT HUMAN_EXPLOITATION HUMAN_TRAFFICKING
    ILLEGAL_ORGANIZATIONS IMPERSONATION_ACCOUNT_HIJACKING INAUTHENTIC_ACCOUNTS INAUTHENTIC_LISTINGS
    INAUTHENTIC_USER_REVIEWS INCITEMENT_AGAINST_WOMEN INCITEMENT_VIOLENCE_HATRED
    INSUFFICIENT_INFORMATION_ON_TRADERS LANGUAGE_REQUIREMENTS MISINFORMATION_DISINFORMATION
    MISLEADING_INFO_CONSUMER_RIGHTS MISLEADING_INFO_GOODS_SERVICES MISSING_PROCESSING_GROUND
    NON_CONSENSUAL_IMAGE_SHARING NON_CONSENSUAL_IMAGE_SHARING_AGAINST_WOMEN NON_CONSENSUAL_MATERIAL_DEEPFAKE
    NON_CONSENSUAL_MATERIAL_DEEPFAKE_AGAINST_WOMEN NONCOMPLIANCE_PRICING NUDITY PATENT_INFRINGEMENT PHISHING
    PROHIBITED_PRODUCTS PYRAMID_SCHEMES RIGHT_TO_BE_FORGOTTEN RISK_ENVIRONMENTAL_DAMAGE RISK_PUBLIC_HEALTH
    SELF_MUTILATION STALKING SUICIDE TERRORIST_CONTENT TRADE_SECRET_INFRINGEMENT TRADEMARK_INFRINGEMENT
    TRAFFICKING_WOMEN_GIRLS UNLAWFUL_SALE_ANIMALS UNSAFE_CHALLENGES UNSAFE_PRODUCTS VIOLATION_EU_LAW
    VIOLATION_NATIONAL_LAW OTHER""")
EEA: Final = _words("""
    AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK""")
"""Countries that ``territorial_scope`` may name."""
LANGUAGES: Final = _words("""AA AB AE AF AK AM AN AR AS AV AY AZ BA BE BG BH BI BM BN BO BR BS CA CE CH CO CR CS CU CV
    CY DA DE DV DZ EE EL EN EO ES ET EU FA FF FI FJ FO FR FY GA GD GL GN GU GV HA HE HI HO HR HT HU HY HZ IA ID IE IG
    II IK IO IS IT IU JA JV KA KG KI KJ KK KL KM KN KO KR KS KU KV KW KY LA LB LG LI LN LO LT LU LV MG MH MI MK ML MN
    MR MS MT MY NA NB ND NE NG NL NN NO NR NV NY OC OJ OM OR OS PA PI PL PS PT QU RM RN RO RU RW SA SC SD SE SG SI SK
    SL SM SN SO SQ SR SS ST SU SV SW TA TE TG TH TI TK TL TN TO TR TS TT TW TY UG UK UR UZ VE VI VO WA WO XH YI YO ZA
    ZH ZU""")
"""Languages that ``content_language`` may name."""
# fmt: on

SHORT: Final = 500
EXPLANATION: Final = 2_000
FACTS: Final = 5_000
FIRST_CONTENT: Final = dt.date(2000, 1, 1)
FIRST_APPLICATION: Final = dt.date(2020, 1, 1)
LAST_DAY: Final = dt.date(2038, 1, 1)
MOST_IN_BATCH: Final = 100
"""Statements that one call may carry."""

PUID: Final = re.compile(r"[a-zA-Z0-9_-]+")
_EAN: Final = re.compile(r"[0-9]{13}")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SPACE: Final = "".join(map(chr, (0, *range(9, 14), 32, 133, 160, 5760, *range(8192, 8204), 8206)))
_SPACE_TOO: Final = "\u2028\u2029\u202f\u205f\u3000\ufeff"
_SIGNS: Final = r"(?:[\w\-.~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
URL: Final = re.compile(
    rf"https?://[\w.-]+[^\W_]\.?(?::[0-9]{{1,5}})?(?:/{_SIGNS}*)*(?:\?(?:{_SIGNS}|[/?])*)?(?:#(?:{_SIGNS}|[/?])*)?",
    re.IGNORECASE,
)

_DECISIONS: Final = {
    "decision_visibility": VISIBILITY,
    "decision_monetary": MONETARY,
    "decision_provision": PROVISION,
    "decision_account": ACCOUNT,
}
_ILLEGAL: Final = {"illegal_content_legal_ground": SHORT, "illegal_content_explanation": EXPLANATION}
_INCOMPATIBLE: Final = {"incompatible_content_ground": SHORT, "incompatible_content_explanation": EXPLANATION}
_END_DATES: Final = tuple(f"end_date_{what}_restriction" for what in ("visibility", "monetary", "service", "account"))
FIELDS: Final = frozenset(
    (*_DECISIONS, *_ILLEGAL, *_INCOMPATIBLE, *_END_DATES, "decision_visibility_other", "decision_monetary_other")
) | frozenset(
    _words("""account_type decision_ground decision_ground_reference_url incompatible_content_illegal category
    category_addition category_specification category_specification_other content_type content_type_other content_date
    application_date territorial_scope content_language content_id content_id_ean decision_facts source_type
    source_identity automated_detection automated_decision puid""")
)


def validate_dsa(payload: object, *, strict: bool = False) -> tuple[Violation, ...]:
    """Check a payload for ``POST /api/v1/statement`` of the DSA Transparency Database.

    As the database does, it judges texts without the white space around them, takes an empty
    one for a missing one, and says nothing about fields that the database drops: those it does not know
    (``permalink`` and ``platform_name`` of its own answers), and those that do not go with
    the rest (the ground for illegal content where content is merely against the terms).
    Stricter than the database: texts are text and no numbers, lists are no objects, the text
    ``"null"`` is no value, and a URL is one of http or https.
    Not checked: whether the ``puid`` was used before.

    Args:
        payload: What is to be sent, as plain JSON values. Whatever it is, nothing is raised.
        strict: Also report what the database would silently drop: unknown fields, excluded
            ones, and repeats in lists.

    Returns:
        Every violation, with its field; empty if the database would take the payload.
    """
    if not isinstance(payload, dict):
        return (Violation("", "type", f"expected an object, got {shown(payload)}"),)
    given = {key: _trimmed(value) for key, value in payload.items()}
    found = tuple(_violations(given))
    return (*found, *_dropped(given)) if strict else found


def validate_dsa_batch(payload: object, *, strict: bool = False) -> tuple[Violation, ...]:
    """Check a payload for ``POST /api/v1/statements``: 1 to 100 statements, no ``puid`` twice.

    Args:
        payload: ``{"statements": [...]}``.
        strict: See `validate_dsa`.
    """
    statements = payload.get("statements") if isinstance(payload, dict) else None
    if not isinstance(statements, list):
        return (Violation("statements", "type", f"expected a list of statements, got {shown(statements)}"),)
    found = []
    if not 1 <= len(statements) <= MOST_IN_BATCH:
        found.append(Violation("statements", "size", f"has {len(statements)}; send 1 to {MOST_IN_BATCH} in one call"))
    seen: dict[str, int] = {}
    for place, statement in enumerate(statements):
        for one in validate_dsa(statement, strict=strict):
            field = f"statements[{place}].{one.field}" if one.field else f"statements[{place}]"
            found.append(one._replace(field=field))
        puid = _trimmed(statement.get("puid")) if isinstance(statement, dict) else None
        if isinstance(puid, str) and seen.setdefault(puid, place) != place:
            message = f"is that of statements[{seen[puid]}] as well; each statement has its own"
            found.append(Violation(f"statements[{place}].puid", "duplicate", message))
    return tuple(found)


def _trimmed(value: Any) -> Any:
    """Strip a text, and texts inside a list or object; an empty one is a missing one."""
    if isinstance(value, list):
        return [_stripped(item) for item in value]
    return {key: _stripped(item) for key, item in value.items()} if isinstance(value, dict) else _stripped(value)


def _stripped(value: Any) -> Any:
    return value.strip(_SPACE + _SPACE_TOO) or None if isinstance(value, str) else value


def _empty(value: Any) -> bool:
    return value is None or value in ([], {})


def _violations(given: Mapping[str, Any]) -> Iterator[Violation]:
    yield from _decision(given)
    yield from _ground(given)
    yield from _one(given, "account_type", ACCOUNT_TYPES)
    yield from _one(given, "category", CATEGORIES, required=True)
    yield from _several(given, "category_addition", CATEGORIES, nullable=False)
    yield from _several(given, "category_specification", KEYWORDS)
    yield from _text(given, "category_specification_other", SHORT)
    yield from _several(given, "content_type", CONTENT_TYPES, required=True)
    if _names(given, "content_type", "CONTENT_TYPE_OTHER"):
        yield from _text(given, "content_type_other", SHORT, required=True)
    yield from _several(given, "territorial_scope", EEA, code="country")
    yield from _one(given, "content_language", LANGUAGES, code="language")
    yield from _content_id(given)
    yield from _date(given, "content_date", FIRST_CONTENT, required=True)
    yield from _date(given, "application_date", FIRST_APPLICATION, required=True)
    for field in _END_DATES:
        yield from _date(given, field, dt.date.min)
    yield from _text(given, "decision_facts", FACTS, required=True)
    yield from _one(given, "source_type", SOURCES, required=True)
    if not _names(given, "source_type", "SOURCE_VOLUNTARY"):
        yield from _text(given, "source_identity", SHORT)
    yield from _one(given, "automated_detection", YES_NO, required=True)
    yield from _one(given, "automated_decision", AUTOMATED, required=True)
    yield from _text(given, "puid", SHORT, required=True)
    puid = given.get("puid")
    if isinstance(puid, str) and not PUID.fullmatch(puid):
        yield Violation("puid", "pattern", f"{shown(puid)}: use only the letters A to Z, digits, '-' and '_'")


def _decision(given: Mapping[str, Any]) -> Iterator[Violation]:
    if all(_empty(given.get(field)) for field in _DECISIONS):
        for field in _DECISIONS:
            others = ", ".join(other for other in _DECISIONS if other != field)
            yield Violation(field, "required_without_all", f"is missing, and so are {others}; state at least one")
    yield from _several(given, "decision_visibility", VISIBILITY)
    if _names(given, "decision_visibility", "DECISION_VISIBILITY_OTHER"):
        yield from _text(given, "decision_visibility_other", SHORT, required=True)
    for field in ("decision_monetary", "decision_provision", "decision_account"):
        yield from _one(given, field, _DECISIONS[field])
    if _names(given, "decision_monetary", "DECISION_MONETARY_OTHER"):
        yield from _text(given, "decision_monetary_other", SHORT, required=True)


def _ground(given: Mapping[str, Any]) -> Iterator[Violation]:
    yield from _one(given, "decision_ground", GROUNDS, required=True)
    if _names(given, "decision_ground", "DECISION_GROUND_ILLEGAL_CONTENT"):
        for field, most in _ILLEGAL.items():
            yield from _text(given, field, most, required=True)
    if _names(given, "decision_ground", "DECISION_GROUND_INCOMPATIBLE_CONTENT"):
        for field, most in _INCOMPATIBLE.items():
            yield from _text(given, field, most, required=True)
        # Left out is fine, an explicit null is not: the database does not call this one nullable.
        if "incompatible_content_illegal" in given:
            yield from _one(given, "incompatible_content_illegal", YES_NO, nullable=False)
    url = given.get("decision_ground_reference_url")
    yield from _text(given, "decision_ground_reference_url", SHORT)
    if isinstance(url, str) and not URL.fullmatch(url):
        yield Violation("decision_ground_reference_url", "url", f"{shown(url)} is no URL; give one of http or https")


def _content_id(given: Mapping[str, Any]) -> Iterator[Violation]:
    content_id = given.get("content_id")
    if content_id is not None and not isinstance(content_id, dict | list):
        yield Violation("content_id", "type", f"expected an object, got {shown(content_id)}")
    if isinstance(content_id, dict) and "EAN-13" in content_id:
        yield from _ean("content_id.EAN-13", content_id["EAN-13"])
    if given.get("content_id_ean") is not None:
        yield from _ean("content_id_ean", given["content_id_ean"])


def _ean(field: str, value: Any) -> Iterator[Violation]:
    if not isinstance(value, str):
        yield Violation(field, "type", f"expected text of 13 digits, got {shown(value)}")
    elif not _EAN.fullmatch(value):
        yield Violation(field, "pattern", f"{shown(value)}: give 13 digits")


def _one(
    given: Mapping[str, Any],
    field: str,
    values: tuple[str, ...],
    *,
    required: bool = False,
    nullable: bool = True,
    code: str = "enum",
) -> Iterator[Violation]:
    value = given.get(field)
    if required and _empty(value):
        yield Violation(field, "required", "is missing")
    elif value is None and nullable:
        return
    elif isinstance(value, str) or value is None:
        if value not in values:
            yield Violation(field, code, f"{shown(value)}: {_accepted(values)}")
    else:
        yield Violation(field, "type", f"expected one text, got {shown(value)}")


def _several(
    given: Mapping[str, Any],
    field: str,
    values: tuple[str, ...],
    *,
    required: bool = False,
    nullable: bool = True,
    code: str = "enum",
) -> Iterator[Violation]:
    value = given.get(field)
    if required and _empty(value):
        yield Violation(field, "required", "is missing; name at least one")
    elif value is None and (nullable or field not in given):
        return
    elif not isinstance(value, list):
        yield Violation(field, "type", f"expected a list, got {shown(value)}")
    else:
        for item in value:
            if not isinstance(item, str):
                yield Violation(field, "type", f"expected texts in the list, got {shown(item)}")
            elif item not in values:
                yield Violation(field, code, f"{shown(item)}: {_accepted(values)}")


def _text(given: Mapping[str, Any], field: str, most: int, *, required: bool = False) -> Iterator[Violation]:
    value = given.get(field)
    if value is None or (required and _empty(value)):
        if required:
            yield Violation(field, "required", "is missing")
    elif not isinstance(value, str):
        yield Violation(field, "type", f"expected text, got {shown(value)}")
    elif len(value) > most:
        yield Violation(field, "length", f"has {len(value)} characters; accepted are {most}")
    elif any("\ud800" <= char <= "\udfff" for char in value):
        yield Violation(field, "type", "holds half a character (a lone surrogate), which is no text")


def _date(given: Mapping[str, Any], field: str, first: dt.date, *, required: bool = False) -> Iterator[Violation]:
    value = given.get(field)
    if value is None or (required and _empty(value)):
        if required:
            yield Violation(field, "required", "is missing")
        return
    day = _day(value)
    if day is None:
        yield Violation(field, "date_format", f"{shown(value)} is no date; write it as YYYY-MM-DD")
    elif not first <= day <= LAST_DAY:
        bounds = f"up to {LAST_DAY}" if first == dt.date.min else f"from {first} to {LAST_DAY}"
        yield Violation(field, "date_range", f"{day} is outside; accepted are dates {bounds}")


def _day(value: Any) -> dt.date | None:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        return None


def _names(given: Mapping[str, Any], field: str, value: str) -> bool:
    named = given.get(field)
    return value in named if isinstance(named, list) else value == named


def _accepted(values: tuple[str, ...]) -> str:
    return f"accepted are {', '.join(values)}" if len(values) <= 16 else f"not one of the {len(values)} accepted values"


_GOES_WITH: Final = (
    ("decision_visibility_other", "decision_visibility", "DECISION_VISIBILITY_OTHER"),
    ("decision_monetary_other", "decision_monetary", "DECISION_MONETARY_OTHER"),
    ("content_type_other", "content_type", "CONTENT_TYPE_OTHER"),
    ("category_specification_other", "category_specification", "KEYWORD_OTHER"),
    *((field, "decision_ground", "DECISION_GROUND_ILLEGAL_CONTENT") for field in _ILLEGAL),
    *(
        (field, "decision_ground", "DECISION_GROUND_INCOMPATIBLE_CONTENT")
        for field in (*_INCOMPATIBLE, "incompatible_content_illegal")
    ),
)


def _dropped(given: Mapping[str, Any]) -> Iterator[Violation]:
    """Give what the database would take without keeping it."""
    for field, other, value in _GOES_WITH:
        if given.get(field) is not None and not _names(given, other, value):
            yield Violation(field, "excluded", f"is dropped unless {other} is {value}")
    if given.get("source_identity") is not None and _names(given, "source_type", "SOURCE_VOLUNTARY"):
        yield Violation("source_identity", "excluded", "is dropped where source_type is SOURCE_VOLUNTARY")
    for field in ("decision_visibility", "content_type", "category_specification", "category_addition"):
        yield from _repeats(field, given.get(field), given.get("category") if field == "category_addition" else None)
    yield from _repeats("territorial_scope", given.get("territorial_scope"), None)
    for field in given:
        if field not in FIELDS:
            yield Violation(str(field), "unknown_field", "is not in the schema and is dropped")


def _repeats(field: str, value: Any, before: Any) -> Iterator[Violation]:
    seen = {before} if isinstance(before, str) else set()
    for item in value if isinstance(value, list) else ():
        if isinstance(item, str):
            if item in seen:
                yield Violation(field, "duplicate", f"{shown(item)} is named already")
            seen.add(item)
