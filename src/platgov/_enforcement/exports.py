"""Statements for the public and for other services: DSA database, ATProto labels, ActivityStreams."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from platgov import measures
from platgov._canonical import shown
from platgov._enforcement import dsa
from platgov._enforcement.actors import refuse
from platgov._enforcement.notice import phrase, rule_named
from platgov._time import to_iso
from platgov.errors import DueProcessError, InputError, Problem
from platgov.measures import Kind, Measure
from platgov.messages import clean

if TYPE_CHECKING:
    from platgov._enforcement.sanction import Restriction
    from platgov._enforcement.statement import StatementOfReasons

__all__ = ["cut", "day_of", "reported", "to_dsa", "to_flag", "to_labels"]

_EPOCH: Final = dt.date(1970, 1, 1)
_CUT: Final = " […]"

_BY_CLASS: Final[tuple[tuple[type[Measure], str | None], ...]] = (
    (measures.Warn, None),
    (measures.Label, "DECISION_VISIBILITY_CONTENT_LABELLED"),
    (measures.LimitVisibility, "DECISION_VISIBILITY_CONTENT_DEMOTED"),
    (measures.Remove, "DECISION_VISIBILITY_CONTENT_REMOVED"),
    (measures.SuspendFeature, "DECISION_PROVISION_PARTIAL_SUSPENSION"),
    (measures.SuspendAccount, "DECISION_ACCOUNT_SUSPENDED"),
    (measures.Terminate, "DECISION_ACCOUNT_TERMINATED"),
    (measures.Demonetise, "DECISION_MONETARY_SUSPENSION"),
)
_BY_KIND: Final = {
    Kind.NOTICE: "DECISION_VISIBILITY_OTHER",
    Kind.VISIBILITY: "DECISION_VISIBILITY_OTHER",
    Kind.FEATURE: "DECISION_PROVISION_PARTIAL_SUSPENSION",
    Kind.MONETARY: "DECISION_MONETARY_OTHER",
}
# From what weighs least: where one value has to stand for several measures, the last one does.
_SINGLE: Final = {
    "decision_monetary": (
        "DECISION_MONETARY_OTHER", "DECISION_MONETARY_SUSPENSION", "DECISION_MONETARY_TERMINATION",
    ),
    "decision_provision": (
        "DECISION_PROVISION_PARTIAL_SUSPENSION", "DECISION_PROVISION_PARTIAL_TERMINATION",
        "DECISION_PROVISION_TOTAL_SUSPENSION", "DECISION_PROVISION_TOTAL_TERMINATION",
    ),
    "decision_account": ("DECISION_ACCOUNT_SUSPENDED", "DECISION_ACCOUNT_TERMINATED"),
}  # fmt: skip
_END_DATE: Final = {
    "decision_visibility": "end_date_visibility_restriction",
    "decision_monetary": "end_date_monetary_restriction",
    "decision_provision": "end_date_service_restriction",
    "decision_account": "end_date_account_restriction",
}


def day_of(epoch: int) -> dt.date:
    """Give the UTC date of an instant."""
    return _EPOCH + dt.timedelta(days=epoch // 86_400)


def cut(text: str, most: int) -> str:
    """Shorten a text to a number of characters: at a space where one is near, and marked."""
    if len(text) <= most:
        return text
    room = most - len(_CUT)
    space = text.rfind(" ", room // 2, room + 1)  # Chinese has none, and is cut between characters
    end = room if space < 0 else space
    while end and unicodedata.combining(text[end]):
        end -= 1
    return text[:end].rstrip() + _CUT


def _value(measure: Measure, reported_as: Mapping[str, str | None]) -> str | None:
    """Give what the schema calls a measure; None for what restricts nothing."""
    if measure.name in reported_as:
        return reported_as[measure.name]
    for cls, value in _BY_CLASS:
        if isinstance(measure, cls):
            return value
    if measure.kind is Kind.ACCOUNT:
        return "DECISION_ACCOUNT_SUSPENDED" if measure.has_length else "DECISION_ACCOUNT_TERMINATED"
    return _BY_KIND[measure.kind]


def reported(statement: StatementOfReasons) -> tuple[tuple[str, str, Restriction], ...]:
    """Give the restrictions that the schema has a place for, with field and value."""
    given = dict(statement.reported_as)
    found = ((_value(one.measure, given), one) for one in statement.restrictions)
    return tuple((_field(value), value, one) for value, one in found if value is not None)


def _field(value: str) -> str:
    return "_".join(value.lower().split("_", 2)[:2])


def to_dsa(statement: StatementOfReasons) -> dict[str, Any]:
    """Write the payload; see `StatementOfReasons.to_dsa`."""
    restricted = reported(statement)
    if not restricted:
        message = "nothing is restricted, so there is no statement to publish; the person is told by to_notice()"
        raise DueProcessError("nothing_restricted", message)
    optional = {
        "account_type": statement.account_type,
        "category_specification_other": _public(statement.keywords_other),
        "content_type_other": _public(statement.content_type_other),
        "content_language": statement.content_language,
        "decision_ground_reference_url": statement.reference_url,
        "content_id": None if statement.ean13 is None else {"EAN-13": statement.ean13},
        "territorial_scope": list(statement.territorial_scope) or None,
        "category_specification": list(statement.keywords) or None,
        "category_addition": [one for one in statement.category_addition if one != statement.category] or None,
    }
    payload = {
        "puid": statement.puid,
        **_decisions(statement, restricted),
        **_ground(statement),
        "content_type": list(statement.content_types),
        "category": statement.category,
        "content_date": statement.content_date.isoformat(),
        "application_date": statement.application_date.isoformat(),
        "decision_facts": cut(_facts(statement), dsa.FACTS),
        "source_type": statement.source.dsa,
        "automated_detection": "Yes" if statement.automated_detection else "No",
        "automated_decision": statement.automated_decision,
        **{field: value for field, value in optional.items() if value is not None},
    }
    problems = tuple(Problem(one.message, f"$.{one.field}", one.code) for one in dsa.validate_dsa(payload, strict=True))
    if problems:
        raise InputError("statement of reasons", problems)
    return payload


def _public(text: str | None) -> str | None:
    return None if text is None else cut(clean(text), dsa.SHORT)


def _decisions(statement: StatementOfReasons, restricted: Iterable[tuple[str, str, Restriction]]) -> dict[str, Any]:
    found: dict[str, dict[str, list[Restriction]]] = {}
    for field, value, one in restricted:
        found.setdefault(field, {}).setdefault(value, []).append(one)
    payload: dict[str, Any] = {}
    for field in sorted(found):
        named = found[field]
        if field in _SINGLE:
            payload[field] = max(named, key=_SINGLE[field].index)
        else:
            payload[field] = sorted(named)
        other = f"{field.upper()}_OTHER"
        if other in payload[field]:
            texts = sorted({phrase(statement.messages, statement.language, one.measure) for one in named[other]})
            payload[f"{field}_other"] = cut("; ".join(texts), dsa.SHORT)
        payload[_END_DATE[field]] = _last_day([one for ones in named.values() for one in ones])
    return payload


def _last_day(restrictions: Iterable[Restriction]) -> str | None:
    """Give the last UTC day on which one of them is in force; None if one has no end."""
    ends = [one.end for one in restrictions]
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return None
    return min(day_of(max(known) - 1), dsa.LAST_DAY).isoformat()


def _ground(statement: StatementOfReasons) -> dict[str, Any]:
    if statement.ground is not None:
        return {
            "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
            "illegal_content_legal_ground": cut(clean(statement.ground.law), dsa.SHORT),
            "illegal_content_explanation": cut(clean(statement.ground.explanation), dsa.EXPLANATION),
        }
    grounds, explanations = _rules(statement)
    illegal = statement.also_illegal
    return {
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": cut("; ".join(grounds), dsa.SHORT),
        "incompatible_content_explanation": cut(" ".join(explanations), dsa.EXPLANATION),
        **({} if illegal is None else {"incompatible_content_illegal": "Yes" if illegal else "No"}),
    }


def _rules(statement: StatementOfReasons) -> tuple[list[str], list[str]]:
    """Give the rules that apply, each as a ground and with its text."""
    texts, language, decision = statement.messages, statement.language, statement.decision
    grounds, explanations = [], []
    for reason in statement.reasons():
        rule = rule_named(texts, language, reason)
        grounds.append(
            texts.text(
                "dsa.ground",
                language,
                rule=rule,
                rule_set=decision.rule_set_id,
                edition=decision.rule_set_version,
            )
        )
        explanations.append(
            texts.text("dsa.explanation", language, rule=rule, text=reason.says)
            if reason.says.strip()
            else texts.text("dsa.no_text", language, rule=reason.rule_id)
        )
    return grounds, explanations


def _facts(statement: StatementOfReasons) -> str:
    """Write what led to it, for the public: facts of conduct, measures, the rules by digest."""
    texts, language, decision = statement.messages, statement.language, statement.decision
    lines = []
    facts = [
        texts.phrase("dsa.fact", language, name=name, value=_spoken(value)) for name, value in statement.public_facts()
    ]
    if facts:
        lines.append(texts.text("dsa.facts", language, facts=facts))
    measured = []
    for one in statement.restrictions:
        measure = phrase(texts, language, one.measure)
        if one.end is not None:
            measure = texts.phrase("dsa.until", language, measure=measure, end=one.end)
        elif one.measure.has_length:
            measure = texts.phrase("dsa.open", language, measure=measure)
        measured.append(measure)
    lines.append(texts.text("dsa.measures", language, measures=measured))
    edition = {"rule_set": decision.rule_set_id, "edition": decision.rule_set_version, "digest": decision.rule_set}
    lines.append(texts.text("dsa.edition", language, **edition))
    return "\n".join(lines)


def _spoken(value: Any) -> str:
    return str(value).lower() if type(value) is bool else str(value)


# -- ATProto -----------------------------------------------------------------------------------

_DID: Final = re.compile(r"did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]")
_URI: Final = re.compile(r"[a-z][a-z0-9+.-]*:[\x21-\x7e]+")
_LABEL: Final = re.compile(r"!?[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_URI: Final = 8_192
_LONGEST_LABEL: Final = 128
_LABELS: Final[tuple[tuple[type[Measure], str], ...]] = (
    (measures.Remove, "!hide"),
    (measures.SuspendAccount, "!hide"),
    (measures.Terminate, "!hide"),
    (measures.LimitVisibility, "!no-promote"),
)


def to_labels(
    statement: StatementOfReasons,
    src: str,
    uri: str,
    *,
    cid: str | None,
    values: Mapping[str, str],
    negated: int | None,
) -> tuple[dict[str, Any], ...]:
    """Write the labels; see `StatementOfReasons.to_labels`."""
    if type(src) is not str or not _DID.fullmatch(src) or len(src) > 2048:
        raise refuse(f"src is {shown(src)}; give the DID of the service, such as 'did:plc:abc'", path="$.src")
    if type(uri) is not str or not _URI.fullmatch(uri) or len(uri) > _LONGEST_URI:
        raise refuse(f"uri is {shown(uri)}; give an at:// address or a DID", path="$.uri")
    if cid is not None and (type(cid) is not str or not cid.isalnum() or not cid.isascii()):
        raise refuse(f"cid is {shown(cid)}; give the content id of a version", path="$.cid")
    if not isinstance(values, Mapping):
        raise refuse(f"values is {shown(values)}; give label values by name of measure", path="$.values")
    about = {"ver": 1, "src": src, "uri": uri} | ({} if cid is None else {"cid": cid})
    if negated is not None:
        # Of everything that may have been labelled: to negate what was not does no harm.
        imposed = (*statement.sanction.measures, *(one.measure for one in statement.restrictions))
        named = {_label(measure, values) for measure in imposed} - {None}
        return tuple({**about, "val": value, "neg": True, "cts": to_iso(negated)} for value in sorted(named, key=str))
    found: dict[str, Restriction] = {}
    for one in statement.restrictions:
        value = _label(one.measure, values)
        if value is not None and (value not in found or _later(one, found[value])):
            found[value] = one
    return tuple(
        {**about, "val": value, "cts": to_iso(one.start)} | ({} if one.end is None else {"exp": to_iso(one.end)})
        for value, one in sorted(found.items())
    )


def _later(one: Restriction, other: Restriction) -> bool:
    return other.end is not None and (one.end is None or one.end > other.end)


def _label(measure: Measure, values: Mapping[str, str]) -> str | None:
    usual = next((value for cls, value in _LABELS if isinstance(measure, cls)), None)
    if isinstance(measure, measures.Label):
        given = values.get(measure.label, re.sub(r"[\s_-]+", "-", measure.label.lower()).strip("-"))
    elif measure.name in values or usual is not None:
        given = values.get(measure.name, usual or "")
    else:
        return None
    if type(given) is not str or not _LABEL.fullmatch(given) or len(given) > _LONGEST_LABEL:
        what = f"{shown(given)} for {measure} is no label value"
        fix = f"give one in values, of a to z, digits and hyphens, up to {_LONGEST_LABEL}"
        raise refuse(f"{what}; {fix}", path="$.values")
    return given


# -- ActivityStreams ---------------------------------------------------------------------------


def to_flag(statement: StatementOfReasons, actor: str, objects: Iterable[str], id_: str | None) -> dict[str, Any]:
    """Write the activity; see `StatementOfReasons.to_flag`."""
    if isinstance(objects, str | Mapping) or not isinstance(objects, Iterable):
        raise refuse(f"objects is {shown(objects)}; give a list of ids", path="$.objects")
    flagged = list(objects)
    if not flagged:
        raise refuse("objects is empty; name the account, and then its posts", path="$.objects")
    for place, item in enumerate([actor, *flagged, *([] if id_ is None else [id_])]):
        if type(item) is not str or not dsa.URL.fullmatch(item):
            raise refuse(f"{shown(item)} is no URL of http or https", path="$.actor" if place == 0 else "$.objects")
    by = statement.sanction.by
    if actor in flagged or actor == statement.sanction.subject or (by is not None and actor == by.id):
        raise refuse("actor is a person of this case; give the actor of the instance", path="$.actor", code="actor")
    if statement.ground is None:
        _, content = _rules(statement)
    else:
        content = [statement.messages.text("dsa.illegal", statement.language), clean(statement.ground.explanation)]
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"{actor}#flags/{statement.puid}" if id_ is None else id_,
        "type": "Flag",
        "actor": actor,
        "object": list(dict.fromkeys(flagged)),
        "content": " ".join(content),
        "published": to_iso(statement.at),
    }
