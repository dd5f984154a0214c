"""How an edition comes into force: announced in time, step by step, and in each step for everybody at once.

There is no rollout to a share of people anywhere here. An edition is recorded as a `Shadow`
first, which has no effect on anyone; `Stages` bring it in by time and by measure; an
`Emergency` takes effect at once and ends by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

import attrs

from platgov._canonical import shown
from platgov._consistency.numbers import refused, text, whole
from platgov._time import to_epoch, to_iso
from platgov.errors import DueProcessError
from platgov.measures import Measure, Warn, join
from platgov.rules import Decision, Rulebook, RuleSet
from platgov.verdict import Verdict

if TYPE_CHECKING:
    import datetime as dt

    from platgov.rules import Rule

__all__ = ["Emergency", "Shadow", "Stages", "announced", "shadow"]

_LONGEST_DAYS: Final = 14
_DAY: Final = 86_400


def _edition(value: Any, name: str = "edition") -> RuleSet:
    if not isinstance(value, RuleSet):
        raise refused(f"{name} is {shown(value)}; give a RuleSet", f"$.{name}")
    return value


def _instant(value: int | dt.datetime) -> int:
    return to_epoch(value)


@attrs.frozen(kw_only=True)
class Shadow(Verdict):
    """What an edition that is not in force would have decided. Nothing follows from it.

    It has a kind of its own in the ledger, so nothing that acts on decisions can act on it.

    Attributes:
        decision: What it would have been.
    """

    kind: ClassVar[str] = "shadow"
    decision: Decision

    def body(self) -> dict[str, Any]:
        """Give what is particular to a shadow, as plain values."""
        return {"effect": False, "decision": self.decision.to_dict()}


def shadow(edition: RuleSet, facts: Any, *, at: int | dt.datetime) -> Shadow:
    """Decide by an edition that is not in force, for the ledger alone.

    Every event, or none: an edition that is shadowed for some people only would say nothing
    about the others.

    Args:
        edition: The edition to come.
        facts: The event, as for `RuleSet.decide`; the whole of it, with the facts that only the
            new edition reads.
        at: The instant.
    """
    decision = edition.decide(facts, at=at)
    return Shadow(at=decision.at, policy=decision.policy, fingerprint=decision.fingerprint, decision=decision)


def announced(edition: RuleSet, *, days: int) -> RuleSet:
    """Give an edition back if it was announced so long before it takes effect.

    Args:
        edition: An edition with both dates.
        days: The period of announcement, in days of 24 hours.

    Raises:
        DueProcessError: It takes effect too soon after it was announced (``announced_too_late``).
        InputError: It is no edition, or a draft.
    """
    whole(days, "days")
    start = _edition(edition).effective_at
    if start is None or edition.announced_at is None:
        raise refused("the edition is a draft; give it `announced_at` and `effective_at`", "$.edition", "draft")
    if start < edition.announced_at + days * _DAY:
        first = to_iso(edition.announced_at + days * _DAY)
        message = f"edition {edition.version!r} was announced at {to_iso(edition.announced_at)}"
        raise DueProcessError("announced_too_late", f"{message}; after {days} days it may take effect from {first}")
    return edition


def _dates(value: int | dt.datetime | None) -> int | None:
    return None if value is None else to_epoch(value)


def _lighter(values: Any) -> tuple[tuple[str, tuple[Measure, ...]], ...]:
    if not isinstance(values, Mapping):
        raise refused(f"mild is {shown(values)}; give measures for each rule", "$.mild")
    kept = []
    for rule, given in values.items():
        measures = tuple(given) if isinstance(given, Iterable) else (given,)
        for measure in measures:
            if not isinstance(measure, Measure):
                raise refused(f"mild gives {shown(measure)} for a rule; give measures", "$.mild")
        kept.append((text(rule, "mild"), measures))
    return tuple(sorted(kept, key=lambda pair: pair[0]))


@attrs.frozen(kw_only=True)
class Stages:
    """An edition that comes into force by steps: in shadow, as a notice, mildly, in full.

    Every step is for everybody who falls under the rules at that instant; there is no step for
    some people only. A step without a date is left out. Each one with an effect is an edition
    of its own, with a version and a digest of its own, so that every decision says which it was.

    Attributes:
        edition: The edition in full, with the dates on which it is announced and takes effect.
        days: The period of announcement before the first step with an effect.
        shadow_from: When it is first recorded in shadow; None for no shadow.
        notice_from: When rules begin to give a notice, and nothing else.
        mild_from: When rules begin to give the measures in ``mild``.
        mild: Measures for each rule in the mild step; rules without any give a notice. None may
            be more severe than what the rule gives in full.
        steps: The steps with an effect, by name, each with its edition.
    """

    edition: RuleSet
    days: int
    shadow_from: int | None = attrs.field(default=None, converter=_dates)
    notice_from: int | None = attrs.field(default=None, converter=_dates)
    mild_from: int | None = attrs.field(default=None, converter=_dates)
    mild: tuple[tuple[str, tuple[Measure, ...]], ...] = attrs.field(factory=dict, converter=_lighter)
    steps: tuple[tuple[str, RuleSet], ...] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        full = _edition(self.edition)
        for rule_id, measures in self.mild:
            provided = full.rule(rule_id).measures
            if join((*measures, *provided)) != join(provided):
                raise refused(f"rule {rule_id!r} is more severe in the mild step than in full", "$.mild", "harsher")
        if self.mild_from is None and self.mild:
            raise refused("mild has measures, and the mild step has no date; give `mild_from`", "$.mild_from", "draft")
        lighter = dict(self.mild)
        steps = [("full", full)]
        for name, start in (("mild", self.mild_from), ("notice", self.notice_from)):
            if start is not None:
                given = lighter if name == "mild" else {}
                rules = [_with_less(rule, given.get(rule.id, (Warn(),))) for rule in full.rules]
                less = attrs.evolve(full, version=f"{full.version}+{name}", rules=rules, effective_at=start)
                steps.insert(0, (name, less))
        dates = [] if self.shadow_from is None else [self.shadow_from]
        dates += [one.effective_at or 0 for _, one in steps]
        if sorted(set(dates)) != dates:
            raise refused("the steps do not follow each other: shadow, notice, mild, full", "$", "order")
        announced(steps[0][1], days=self.days)
        object.__setattr__(self, "steps", tuple(steps))

    @property
    def editions(self) -> tuple[RuleSet, ...]:
        """What `Rulebook` takes: the steps with an effect, the edition in full last."""
        return tuple(one for _, one in self.steps)

    def at(self, instant: int | dt.datetime) -> str:
        """Say which step it is: ``none``, ``shadow``, ``notice``, ``mild`` or ``full``; the same for everybody."""
        now = to_epoch(instant)
        found = "none" if self.shadow_from is None or now < self.shadow_from else "shadow"
        for name, one in self.steps:
            if (one.effective_at or 0) <= now:
                found = name
        return found

    def shadow(self, facts: Any, *, at: int | dt.datetime) -> Shadow | None:
        """Give what the edition in full would decide, for the ledger; None before the shadow, and once it is in force.

        Call it for every event.
        """
        return None if self.at(at) in ("none", "full") else shadow(self.edition, facts, at=at)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values: what is to be announced."""
        steps: list[dict[str, Any]] = [
            {"step": name, "from": to_iso(one.effective_at or 0), "version": one.version, "policy": one.digest}
            for name, one in self.steps
        ]
        if self.shadow_from is not None:
            steps.insert(0, {"step": "shadow", "from": to_iso(self.shadow_from)})
        return {"kind": "stages", "schema": 1, "announced_at": to_iso(self.edition.announced_at or 0), "steps": steps}


def _with_less(rule: Rule[Any], measures: tuple[Measure, ...]) -> Rule[Any]:
    return attrs.evolve(rule, measures=measures) if rule.measures else rule


@attrs.frozen(kw_only=True)
class Emergency:
    """An edition that takes effect at once, by somebody who answers for it, and ends by itself.

    Attributes:
        edition: The rules; they need no period of notice, but a date of effect.
        by: Who ordered it.
        reason: Why it cannot wait.
        expires_at: When it ends, at most 14 days after it takes effect, in UTC epoch seconds.
    """

    edition: RuleSet
    by: str
    reason: str
    expires_at: int = attrs.field(converter=_instant)

    def __attrs_post_init__(self) -> None:
        _edition(self.edition)
        text(self.by, "by")
        text(self.reason, "reason")
        start = self.edition.effective_at
        if start is None:
            raise refused("the edition has no date of effect", "$.edition", "draft")
        if not start < self.expires_at <= start + _LONGEST_DAYS * _DAY:
            last = to_iso(start + _LONGEST_DAYS * _DAY)
            raise DueProcessError("emergency_too_long", f"an emergency edition ends after it begins, by {last}")

    def in_force(self, at: int | dt.datetime) -> bool:
        """Say whether it is in force at an instant."""
        return (self.edition.effective_at or 0) <= to_epoch(at) < self.expires_at

    def decide(
        self,
        book: Rulebook,
        facts: Any,
        *,
        conduct_at: int | dt.datetime,
        at: int | dt.datetime,
        holds: Mapping[str, str] | None = None,
    ) -> Decision:
        """Decide by this edition if it was in force when the conduct happened, else by the book.

        The same for everybody, and conduct before or after it is never judged by it.

        Raises:
            InputError: The conduct is later than the decision, or as `Rulebook.decide`.
        """
        if not isinstance(book, Rulebook):
            raise refused(f"book is {shown(book)}; give a Rulebook", "$.book")
        happened, now = to_epoch(conduct_at), to_epoch(at)
        if not self.in_force(happened):
            return book.decide(facts, conduct_at=happened, at=now, holds=holds)
        if happened > now:
            raise refused(f"the conduct at {to_iso(happened)} is later than the decision", "$.conduct_at", "time")
        return self.edition.decide(facts, at=now, holds=holds)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values, for the ledger: every use of it has to be reported."""
        return {
            "kind": "emergency",
            "schema": 1,
            "at": to_iso(self.edition.effective_at or 0),
            "policy": self.edition.digest,
            "by": self.by,
            "reason": self.reason,
            "expires_at": to_iso(self.expires_at),
        }
