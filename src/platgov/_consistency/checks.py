"""Everything that is worth knowing about a rule set before it is published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from platgov._consistency.answers import Answer, Report, Severity, Status
from platgov._consistency.holes import holes
from platgov._consistency.inquiry import Inquiry
from platgov._consistency.model import touches
from platgov._consistency.questions import BUDGET, all_of, checked, covered, independent, rising
from platgov._consistency.rule_checks import RuleChecks
from platgov._rules.rule import condition_of
from platgov._time import to_epoch, to_iso

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from platgov._rules.ruleset import RuleSet

__all__ = ["analyse"]


def analyse(
    rule_set: RuleSet,
    budget: int = BUDGET,
    *,
    must_cover: Iterable[Any] | Any = (),
    at: int | dt.datetime | None = None,
) -> Report:
    """Look for everything in a rule set that is surely or probably not meant.

    Reported are: rules that never or always fire, that say the same as another or add nothing
    to it, or that never make a difference among all the others; parts of conditions that could
    be left out; measures that tie; identity and protected facts that decide something, and
    grants that are not needed; declared trends that are broken; one value left out between two
    rules; facts that no rule reads; grants that have ended; and what must be covered but is not.

    Args:
        rule_set: The rules.
        budget: Steps for each single question. What is not settled within it is reported as
            unknown, never as proved.
        must_cover: Conditions under which some measure must follow.
        at: The instant for which grants are looked at; None leaves them out.

    Returns:
        The findings, the worst first. Equal rule sets give equal reports.

    Raises:
        InputError: No rule set, no budget, no instant, or a condition that does not fit.
    """
    schema = checked(rule_set, budget).schema
    covers = [condition_of(cover) for cover in all_of(must_cover)]
    for cover in covers:
        cover.check(schema)
    instant = None if at is None else to_epoch(at)
    inquiry = Inquiry(rule_set, budget=budget, covers=covers)
    findings = [*RuleChecks(inquiry).all(), *holes(inquiry), *_facts(inquiry)]
    findings += [
        _defect(answer, "gap")
        for number, cover in enumerate(covers)
        if (answer := covered(inquiry, cover.text, number)).status is not Status.PROVED
    ]
    findings += [] if instant is None else _ended(rule_set, instant)
    return Report(rule_set_id=rule_set.id, version=rule_set.version, policy=rule_set.digest, findings=tuple(findings))


def _defect(answer: Answer, kind: str) -> Answer:
    """Say of a question that was refuted that the defect is there."""
    return attrs.evolve(answer, kind=kind, status=Status.PROVED if answer.status is Status.REFUTED else answer.status)


# -- facts and grants --------------------------------------------------------------------------


def _facts(inquiry: Inquiry) -> Iterator[Answer]:
    rule_set = inquiry.sets[0]
    read = {name.split(".")[0] for name in rule_set.reads}
    for field in rule_set.schema.fields:
        if field.name not in read:
            yield Answer(
                kind="unused_fact",
                severity=Severity.INFO,
                status=Status.PROVED,
                facts=(field.name,),
                says=f"no rule reads {field.name}",
                repair=f"take {field.name} out of the facts: what is not needed should not be collected",
            )
    for name in sorted(rule_set.reads):
        path = tuple(name.split("."))
        declared = rule_set.schema.at(path)
        if declared is not None and declared.trend is not None:
            answer = rising(inquiry, name, "up" if declared.trend == "aggravating" else "down")
            if answer.status is not Status.PROVED:
                yield _defect(answer, "non_monotone")
    for grant in rule_set.grants:
        answer = independent(inquiry, grant.fact)
        if answer.status is Status.PROVED:
            yield attrs.evolve(
                answer, kind="needless_grant", severity=Severity.WARNING, repair=f"withdraw the grant for {grant.fact}"
            )
        else:
            yield _defect(answer, "depends_on_identity")


def _ended(rule_set: RuleSet, instant: int) -> Iterator[Answer]:
    for grant in rule_set.grants:
        if grant.expires_at <= instant:
            rules = tuple(
                rule.id for rule in rule_set.rules if any(touches(tuple(grant.fact.split(".")), n) for n in rule.reads)
            )
            yield Answer(
                kind="expired_grant",
                severity=Severity.ERROR,
                status=Status.PROVED,
                rules=rules,
                facts=(grant.fact,),
                says=f"the grant for {grant.fact} ended at {to_iso(grant.expires_at)}; the rules that need it are held",
                repair="renew the grant with a reason, or take the fact out of the rules",
            )
