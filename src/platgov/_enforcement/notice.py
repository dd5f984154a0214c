"""Notices for the person concerned: what was decided, why, for how long, and what they can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from platgov import messages as catalogues
from platgov._conditions.reasons import spoken
from platgov._enforcement.actors import member, refuse
from platgov._enforcement.appeals import Appeal, AppealOutcome, Ruling
from platgov._enforcement.sanction import Sanction
from platgov.measures import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from platgov._enforcement.history import History
    from platgov._enforcement.sanction import Restriction
    from platgov._enforcement.statement import StatementOfReasons
    from platgov._rules.explain import Reason
    from platgov.measures import Measure
    from platgov.messages import Messages, Written

__all__ = ["notice_of_ruling", "of_statement", "phrase", "rule_named"]


def phrase(messages: Messages, language: str, measure: Measure) -> Written:
    """Say a measure; the catalogue may have a text ``measure.<name>`` for a host's own one."""
    names = [measure.name, *(cls.__dict__.get("name") for cls in type(measure).__mro__)]
    for name in names:
        key = f"measure.{name}"
        if name and messages.has(key, language):
            takes_target = "target" in messages.placeholders(key, language)
            return messages.phrase(key, language, **({"target": _target(measure)} if takes_target else {}))
    named = measure.name.replace("_", " ")
    if measure.target:
        return messages.phrase("measure.other_target", language, name=named, target=measure.target)
    return messages.phrase("measure.other", language, name=named)


def _target(measure: Measure) -> str:
    return str(getattr(measure, "label", measure.target))


def rule_named(messages: Messages, language: str, reason: Reason) -> Written:
    """Name a rule by clause, id and version."""
    if reason.clause:
        about: dict[str, Any] = {"clause": reason.clause, "rule": reason.rule_id, "version": reason.version}
        return messages.phrase("rule.clause", language, **about)
    return messages.phrase("rule.plain", language, rule=reason.rule_id, version=reason.version)


class Page:
    """Collects the sections of one notice in one language and zone."""

    def __init__(self, messages: Messages, language: str, zone: str) -> None:
        self.messages, self.language, self.zone = messages, language, zone
        self.blocks: list[str] = []

    def say(self, key: str, **values: Any) -> Written:
        """Write one text."""
        return self.messages.phrase(key, self.language, zone=self.zone, **values)

    def head(self, lines: Iterable[str]) -> None:
        """Add lines that stand for themselves."""
        self.blocks.append("\n".join(lines))

    def section(self, key: str, lines: Iterable[str]) -> None:
        """Add a section with a title."""
        kept = list(lines)
        if kept:
            self.blocks.append("\n".join([self.say(key), *(f"- {line}" for line in kept)]))

    def text(self) -> str:
        """Give the whole notice."""
        return "\n\n".join(self.blocks) + "\n"


def of_statement(statement: StatementOfReasons, language: str, zone: str) -> str:
    """Write the notice of a sanction; see `StatementOfReasons.to_notice`."""
    page, sanction = Page(statement.messages, language, zone), statement.sanction
    head = [page.say("notice.title"), page.say("notice.reference", id=sanction.id)]
    if sanction.case:
        head.append(page.say("notice.case", case=sanction.case))
    page.head([*head, page.say("notice.decided", at=sanction.at)])
    page.section("notice.what.title", _what(page, statement))
    page.section("notice.why.title", _why(page, statement))
    page.section("notice.facts.title", _facts(page, statement))
    page.section("notice.how.title", _how(page, statement))
    page.section("notice.strikes.title", _strikes(page, statement))
    page.section("notice.appeal.title", _appeal(page, statement))
    return page.text()


def _what(page: Page, statement: StatementOfReasons) -> Iterator[str]:
    sanction = statement.sanction
    if sanction.status == "for_review":
        yield page.say("notice.what.for_review")
        return
    if statement.changed is not None:
        yield page.say(f"notice.changed.{statement.changed}", at=statement.at)
    yield from measures_told(page, statement.restrictions)
    for measure in statement.waiting:
        yield page.say("notice.what.waiting", measure=phrase(page.messages, page.language, measure))
    if not statement.restrictions and not statement.waiting and statement.changed != "overturned":
        if sanction.measures:
            yield page.say("notice.what.not_now", at=statement.at)
        else:
            yield page.say("notice.what.none")
    if sanction.deviation is not None:
        reason = page.say(f"deviation.{sanction.deviation.code.value}")
        yield page.say("notice.what.deviation", reason=reason, until=sanction.deviation.expires_at)


def measures_told(page: Page, restrictions: Iterable[Restriction]) -> Iterator[str]:
    """Say restrictions, each with its time."""
    for one in restrictions:
        measure = phrase(page.messages, page.language, one.measure)
        if one.measure.kind is Kind.NOTICE and not one.measure.has_length:
            yield page.say("notice.what.once", measure=measure)
        elif one.end is not None:
            times = {"start": one.start, "end": one.end, "length": one.end - one.start}
            yield page.say("notice.what.until", measure=measure, **times)
        elif one.review_at is not None and one.measure.has_length:
            yield page.say("notice.what.open", measure=measure, start=one.start, review=one.review_at)
        else:
            yield page.say("notice.what.lasting", measure=measure, start=one.start)


def _why(page: Page, statement: StatementOfReasons) -> Iterator[str]:
    if statement.ground is not None:
        yield page.say("notice.why.law", law=statement.ground.law)
        yield page.say("notice.why.law_says", text=statement.ground.explanation)
    for reason in statement.reasons():
        rule = rule_named(page.messages, page.language, reason)
        yield page.say("rule.says", rule=rule, text=reason.says) if reason.says.strip() else rule
    decision = statement.decision
    about = {"rule_set": decision.rule_set_id, "edition": decision.rule_set_version, "digest": decision.rule_set}
    yield page.say("rule.edition", **about)


def _facts(page: Page, statement: StatementOfReasons) -> Iterator[str]:
    reasons = statement.reasons()
    lines = [line for reason in reasons for line in _facts_of(page, statement, reason)]
    if reasons and not lines:
        lines.append(page.say("notice.facts.none"))
    yield from dict.fromkeys(lines)


def _facts_of(page: Page, statement: StatementOfReasons, reason: Reason) -> Iterator[str]:
    # Whose identity a fact tells is not declared: it may be that of who reported. So none is repeated.
    personal = statement.personal(reason)
    for name, value in reason.facts:
        if not any(f"{name}.".startswith(f"{hidden}.") or hidden.startswith(f"{name}.") for hidden in personal):
            yield page.say("notice.facts.fact", name=name, value=spoken(value))
    for name in sorted(personal):
        yield page.say("notice.facts.personal", name=name)
    if not personal:
        for test in reason.tests:
            yield page.say("notice.facts.test", test=test)
        if reason.found:
            yield page.say("notice.facts.found", terms=reason.found)
        for seen in reason.evidence:
            yield page.say("notice.facts.evidence", text=seen)
    for name in reason.withheld:
        yield page.say("notice.facts.withheld", name=name)


def _how(page: Page, statement: StatementOfReasons) -> Iterator[str]:
    yield page.say(f"notice.source.{statement.source.value}")
    yield page.say(f"notice.how.detection_{'yes' if statement.automated_detection else 'no'}")
    yield page.say(f"notice.how.{statement.automated_decision.removeprefix('AUTOMATED_').lower()}")


def _strikes(page: Page, statement: StatementOfReasons) -> Iterator[str]:
    sanction, changed = statement.sanction, statement.changed is not None
    if not changed:
        yield from _strikes_told(page, sanction)
    if statement.strikes is not None and (changed or sanction.strikes):
        yield page.say("notice.strikes.now", at=statement.at, strikes=statement.strikes)


def _strikes_told(page: Page, sanction: Sanction) -> Iterator[str]:
    for strike in sanction.strikes:  # the heaviest first; each counts when those before it have expired
        yield page.say("notice.strikes.counts", weight=strike.weight, until=strike.expires_at)
    why = sanction.why
    if not sanction.strikes and why.step is None:
        return
    yield page.say("notice.strikes.total", strikes=why.strikes)
    if why.step is not None:
        named = [phrase(page.messages, page.language, measure) for measure in why.measures]
        if named:
            yield page.say("notice.strikes.step", step=why.step, measures=named)
        else:
            yield page.say("notice.strikes.step_empty", step=why.step)
        if why.not_less is not None:
            yield page.say("notice.strikes.not_less", step=why.step)
    if why.not_more is not None:
        yield page.say("notice.strikes.next", next=why.not_more)
    elif why.step is not None:
        yield page.say("notice.strikes.last")


def _appeal(page: Page, statement: StatementOfReasons) -> Iterator[str]:
    sanction, until = statement.sanction, statement.appeal_until
    if sanction.status in ("imposed", "waiting") and statement.changed != "overturned":
        if until is None:
            yield page.say("notice.appeal.none")
        else:
            yield page.say("notice.appeal.until", until=until)
            yield page.say("notice.appeal.who", days=sanction.decide_within_days)
            yield page.say(f"notice.appeal.{'suspensive' if sanction.suspensive else 'not_suspensive'}")
    yield page.say("notice.appeal.redress")


def notice_of_ruling(
    appeal: Appeal,
    ruling: Ruling | None,
    sanction: Sanction,
    *,
    language: str = "en",
    zone: str = "UTC",
    history: History | None = None,
    messages: Messages | None = None,
) -> str:
    """Write the notice of what became of an appeal, for who filed it.

    It tells the reason that the ruling gives, and neither who ruled nor the feedback.

    Args:
        appeal: The appeal.
        ruling: How it was decided; None for an appeal that is not admissible.
        sanction: What it was against.
        language: Language of the texts, as a BCP 47 tag.
        zone: Time zone that instants are written in.
        history: With the ruling in it: what holds now is told with its times.
        messages: The texts, by default those that come with platgov.

    Raises:
        InputError: These three do not belong together, or an admissible appeal has no ruling.
    """
    member(appeal, Appeal, "appeal")
    member(sanction, Sanction, "sanction")
    if appeal.sanction_id != sanction.id:
        raise refuse(f"the appeal is against {appeal.sanction_id}, not {sanction.id}", code="other_sanction")
    page = Page(catalogues.default() if messages is None else messages, language, zone)
    head = [page.say("ruling.title"), page.say("notice.reference", id=sanction.id)]
    head.append(page.say("ruling.filed", at=appeal.at))
    if ruling is None:
        if appeal.refusal is None:
            raise refuse("the appeal is admissible and not decided; give the ruling", code="no_ruling")
        page.head(head)
        why = page.say(f"ruling.refusal.{appeal.refusal}")
        page.section("ruling.result", [page.say("ruling.refused"), why])
    else:
        member(ruling, Ruling, "ruling")
        if ruling.appeal_id != appeal.id:
            raise refuse(f"the ruling is on {ruling.appeal_id}, not {appeal.id}", code="other_appeal")
        page.head([*head, page.say("ruling.ruled", at=ruling.at)])
        page.section("ruling.result", _result(page, ruling, history))
        page.section("ruling.reason", [page.say("ruling.text", text=ruling.reason), page.say("ruling.who")])
    page.section("ruling.more", [page.say("notice.appeal.redress")])
    return page.text()


def _result(page: Page, ruling: Ruling, history: History | None) -> Iterator[str]:
    measures = ruling.measures or ()
    if ruling.outcome is not AppealOutcome.MODIFIED:
        yield page.say(f"ruling.{ruling.outcome.value}")
    elif not measures:
        yield page.say("ruling.modified_none")
    else:
        yield page.say("ruling.modified")
        if history is None:
            yield from (_lasting(page, measure) for measure in measures)
        else:
            live = history.in_force(at=ruling.at)
            yield from measures_told(page, [one for one in live if one.sanction_id == ruling.sanction_id])
    if ruling.weight == 0:
        yield page.say("ruling.no_strikes")
    elif ruling.weight is not None:
        yield page.say("ruling.weight", weight=ruling.weight)


def _lasting(page: Page, measure: Measure) -> str:
    said = phrase(page.messages, page.language, measure)
    return said if measure.length_s is None else page.say("ruling.lasting", measure=said, length=measure.length_s)
