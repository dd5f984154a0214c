"""The rules as a page for the people they apply to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from platgov._facts.schema import Role
from platgov._time import to_iso
from platgov.measures import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator

    from platgov._rules.rule import Rule
    from platgov._rules.ruleset import RuleSet
    from platgov.measures import Measure

__all__ = ["publish"]

_WHO = {
    Authority.AUTOMATIC: "may be applied automatically",
    Authority.REVIEWER: "is decided by a reviewer",
    Authority.SENIOR: "is decided by a senior reviewer",
    Authority.EDITOR_IN_CHIEF: "is decided by the editor-in-chief",
}


def publish(rule_set: RuleSet, *, title: str) -> str:
    """Write the page in Markdown: each rule with what, why, what follows, who decides, how to appeal."""
    lines = [f"# {title}", "", f"Edition {rule_set.version} of {rule_set.id}."]
    if rule_set.announced_at is not None and rule_set.effective_at is not None:
        lines.append(f"Announced {to_iso(rule_set.announced_at)}, in force from {to_iso(rule_set.effective_at)}.")
    lines += ["", "Every rule applies to everyone alike. None looks at who you are, except as stated at the end."]
    defeated: dict[str, list[str]] = {}
    for exception, rules in rule_set.defeats:
        for rule_id in rules:
            defeated.setdefault(rule_id, []).append(exception)
    for rule in sorted(rule_set.rules, key=_clause_order):
        lines += ["", *_section(rule_set, rule, defeated)]
    lines += ["", *_facts(rule_set), "", *_grants(rule_set)]
    lines += ["", f"Digest of these rules: `{rule_set.digest}`."]
    lines.append("Decisions name this digest, so anyone can check which rules were applied.")
    return "\n".join(lines) + "\n"


def _clause_order(rule: Rule[object]) -> tuple[tuple[int, int | str], ...]:
    """Sort clause 10 after clause 9, rules without a clause last."""
    parts = rule.clause.split(".") if rule.clause else ["~"]
    return (*((0, int(part)) if _is_number(part) else (1, part) for part in parts), (1, rule.id))


def _is_number(part: str) -> bool:
    return part.isdecimal() and len(part) <= 9  # longer ones are no numbers anybody counts with


def _section(rule_set: RuleSet, rule: Rule[object], defeated: dict[str, list[str]]) -> Iterator[str]:
    yield f"## {rule.clause + ' ' if rule.clause else ''}{rule.says or rule.id}"
    yield ""
    if rule.why:
        yield f"Why: {rule.why}"
    for measure in rule.measures:
        yield f"- {_follows(measure)}"
    sets_aside = dict(rule_set.defeats).get(rule.id, ())
    if sets_aside:
        yield f"- This is an exception to {', '.join(sets_aside)}."
    elif not rule.measures:
        yield "- No measure follows."
    if rule.id in defeated:
        yield f"- Does not apply where {' or '.join(defeated[rule.id])} does."
    if rule.withhold:
        yield "- Exact limits are not published, lest they teach evasion; they are disclosed on appeal."
    yield f"- Rule `{rule.id}`, version {rule.version}" + (f", category {rule.category}." if rule.category else ".")


def _follows(measure: Measure) -> str:
    text = f"{str(measure).capitalize()}; {_WHO[measure.authority]}"
    procedure = measure.procedure
    text += ", and you are told why" if procedure.notice else ""
    text += ", after you have been heard" if procedure.right_of_reply else ""
    if procedure.appeal_days:
        return f"{text}. You can appeal within {procedure.appeal_days} days."
    return f"{text}."


def _facts(rule_set: RuleSet) -> Iterator[str]:
    yield "## What is looked at"
    yield ""
    fields = ((name, rule_set.schema.at(tuple(name.split(".")))) for name in sorted(rule_set.reads))
    for name, field in ((name, field) for name, field in fields if field is not None):
        source = f", computed by {field.source}" if field.role is Role.OPAQUE else ""
        yield f"- `{name}`" + (f": {field.says}" if field.says else "") + source


def _grants(rule_set: RuleSet) -> Iterator[str]:
    yield "## Facts about who you are"
    yield ""
    if not rule_set.grants:
        yield "None is looked at."
    for grant in rule_set.grants:
        ends = to_iso(grant.expires_at)
        yield f"- `{grant.fact}`: {grant.reason} Approved by {grant.approved_by}, until {ends}."
