"""Appeals: filed in time, decided once, by somebody else."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

import attrs

from platgov._canonical import shown
from platgov._enforcement.actors import actor, after, flag, identifier, instant, refuse, whole, words
from platgov._enforcement.events import Event, Modification, Signature, measures_of
from platgov._time import to_iso
from platgov.errors import DueProcessError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from platgov._enforcement.actors import Actor
    from platgov._enforcement.history import History
    from platgov.measures import Measure

__all__ = ["Appeal", "AppealOutcome", "Matter", "Ruling"]

_REFUSALS = ("late", "second", "nothing_to_appeal", "unknown")


class AppealOutcome(enum.Enum):
    """What an appeal leads to."""

    UPHELD = "upheld"
    """The sanction stands."""
    MODIFIED = "modified"
    """It stands with other values, from its own instant on."""
    OVERTURNED = "overturned"
    """It never happened."""


@attrs.frozen(kw_only=True)
class Appeal(Event):
    """An appeal against a sanction; one that is not admissible is recorded all the same.

    Attributes:
        text: What the appellant says.
        refusal: Why it is not admissible: ``late``, ``second``, ``nothing_to_appeal`` or
            ``unknown`` (no such sanction by then); None if it is.
        deadline: Until when it has to be decided; None if it is not admissible.
        suspensive: Whether it holds the measures up until the ruling.
    """

    kind = "appeal"
    prefix = "a"
    text: str
    refusal: str | None = None
    deadline: int | None = None
    suspensive: bool = False

    def _check(self) -> None:
        words(self.text, "text")
        if self.refusal is not None and self.refusal not in _REFUSALS:
            raise refuse(f"refusal is {self.refusal!r}; give one of {', '.join(_REFUSALS)}", path="$.refusal")
        if self.deadline is not None:
            instant(self.deadline)
        flag(self.suspensive, "suspensive")

    def _named(self) -> dict[str, Any]:
        # Not of the refusal: whether one came before depends on what else had arrived.
        return {**self._head(), "text": self.text}

    def body(self) -> dict[str, Any]:
        """Give what is particular to an appeal."""
        return {
            "text": self.text,
            "refusal": self.refusal,
            "deadline": None if self.deadline is None else to_iso(self.deadline),
            "suspensive": self.suspensive,
        }

    @property
    def admissible(self) -> bool:
        """Whether it has to be decided."""
        return self.refusal is None

    @staticmethod
    def file(history: History, sanction_id: str, *, at: int | dt.datetime, by: str | Actor, text: str) -> Appeal:
        """Give an appeal, admissible or not; add it to the history either way.

        Admissible up to and including the last second of the window, which runs from when
        the latest measure of the sanction took effect, and once per sanction.

        Args:
            history: What happened with the account.
            sanction_id: What it is against.
            at: When it was filed.
            by: Who files it.
            text: What they say.
        """
        now, who = instant(at), actor(by)
        identifier(sanction_id, "sanction_id")
        fold = history.fold(now)
        sanction = fold.sanctions.get(sanction_id)
        draft = Appeal(subject=history.subject, sanction_id=sanction_id, at=now, by=who, text=text)
        same = history.get(draft.id)
        if isinstance(same, Appeal):
            return same
        if sanction is None:
            return attrs.evolve(draft, refusal="unknown")
        until = history.appeal_until(sanction_id, at=now)
        if until is None or not (fold.effective(sanction) or fold.weight(sanction, now)):
            return attrs.evolve(draft, refusal="nothing_to_appeal")
        if any(appeal.admissible for appeal in fold.appeals.get(sanction_id, ())):
            return attrs.evolve(draft, refusal="second")
        if now > until:
            return attrs.evolve(draft, refusal="late")
        return attrs.evolve(draft, deadline=after(now, sanction.decide_within_days), suspensive=sanction.suspensive)

    def decide(
        self,
        history: History,
        outcome: AppealOutcome,
        *,
        by: str | Actor,
        at: int | dt.datetime,
        reason: str,
        measures: Iterable[Measure] | None = None,
        weight: int | None = None,
        feedback: str | None = None,
    ) -> Ruling:
        """Decide the appeal; add the ruling to the history.

        Args:
            history: What happened with the account.
            outcome: What it leads to.
            by: Who decides: none of those who applied, signed or changed the sanction, not
                the appellant or the account, nobody with an interest in it, and with the
                authority for its strongest measure.
            at: When, no earlier than it was filed.
            reason: Why, for the appellant.
            measures: With MODIFIED, what stands instead; nowhere harsher than before.
            weight: With MODIFIED, the most that the strikes weigh from now on.
            feedback: What those who decided first should learn from it; kept inside.

        Raises:
            DueProcessError: It is not for this person, not yet, or decided already.
            InputError: Something given is of the wrong kind, or the sanction is not in the history.
        """
        now, who = instant(at), actor(by)
        ruling = Ruling(
            subject=self.subject,
            sanction_id=self.sanction_id,
            at=now,
            by=who,
            appeal_id=self.id,
            outcome=outcome,
            reason=reason,
            measures=measures,
            weight=weight,
            feedback=feedback,
        )
        if history.get(ruling.id) is not None:
            return ruling
        if not self.admissible:
            raise DueProcessError(
                "inadmissible", f"the appeal is not admissible ({self.refusal}); there is nothing to decide"
            )
        if now < self.at:
            raise DueProcessError("before_filing", "an appeal cannot be decided before it is filed; give a later `at`")
        if any(isinstance(event, Ruling) and event.appeal_id == self.id for event in history.events):
            raise DueProcessError("already_decided", "the appeal is decided; a ruling is final")
        sanction = history.sanction(self.sanction_id)
        touched = [one for one in history.events if isinstance(one, Signature | Modification)]
        involved = {one.by.id for one in touched if one.sanction_id == sanction.id}
        acted = (sanction.by, None if sanction.deviation is None else sanction.deviation.by)
        involved |= {someone.id for someone in acted if someone is not None}
        if who.id == self.by.id:
            raise DueProcessError("appellant", f"{who.id!r} filed the appeal and may not decide it")
        if who.id in involved:
            raise DueProcessError(
                "same_person", f"{who.id!r} took part in the sanction; somebody else decides the appeal"
            )
        history.check_change(sanction.id, who, now, "decide the appeal", measures=ruling.measures, weight=weight)
        return ruling


def _outcome(value: Any) -> AppealOutcome:
    known = {outcome.value: outcome for outcome in AppealOutcome}
    if isinstance(value, AppealOutcome):
        return value
    if type(value) is not str or value not in known:
        raise refuse(f"outcome is {shown(value)}; give one of {', '.join(known)}", path="$.outcome")
    return known[value]


def _measures(value: Any) -> tuple[Measure, ...] | None:
    return None if value is None else measures_of(value)


@attrs.frozen(kw_only=True)
class Ruling(Event):
    """How an appeal was decided. Of several the first counts.

    Attributes:
        appeal_id: The appeal.
        outcome: What it leads to.
        reason: Why, for the appellant.
        measures: With MODIFIED, what stands instead.
        weight: With MODIFIED, the most that the strikes weigh from now on.
        feedback: For those who decided first.
    """

    kind = "ruling"
    prefix = "r"
    appeal_id: str
    outcome: AppealOutcome = attrs.field(converter=_outcome)
    reason: str
    measures: tuple[Measure, ...] | None = attrs.field(default=None, converter=_measures)
    weight: int | None = None
    feedback: str | None = None

    def _check(self) -> None:
        identifier(self.appeal_id, "appeal_id")
        if not words(self.reason, "reason").strip():
            raise refuse("reason is blank; say why, for the appellant", path="$.reason")
        modified = self.outcome is AppealOutcome.MODIFIED
        if (self.measures is not None) is not modified:
            raise refuse("measures go with MODIFIED, and only with it", code="measures", path="$.measures")
        if self.weight is not None:
            whole(self.weight, "weight")
            if not modified:
                raise refuse("weight goes with MODIFIED only", code="weight", path="$.weight")
        if self.feedback is not None:
            words(self.feedback, "feedback", empty=True)

    def body(self) -> dict[str, Any]:
        """Give what is particular to a ruling."""
        return {
            "appeal_id": self.appeal_id,
            "outcome": self.outcome.value,
            "reason": self.reason,
            "measures": None if self.measures is None else [measure.to_dict() for measure in self.measures],
            "weight": self.weight,
            "feedback": self.feedback,
        }


@attrs.frozen(kw_only=True)
class Matter:
    """An appeal and what became of it.

    Attributes:
        appeal: The appeal.
        ruling: The ruling; None for none yet.
        status: ``open``, ``decided``, ``moot`` (overturned in the meantime, without a ruling)
            or ``inadmissible``.
        overdue: Whether it is open past its deadline.
    """

    appeal: Appeal
    ruling: Ruling | None
    status: str
    overdue: bool
