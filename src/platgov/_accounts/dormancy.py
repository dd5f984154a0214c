"""When is an account dormant, and what is due before anything may be done about it?"""

from __future__ import annotations

import enum
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from platgov._accounts.checks import DAY, checked_name, flag, instance, name, optional_instant, pairs, refuse, whole
from platgov._accounts.plain import (
    Plain,
    Reason,
    appeal_until,
    checked,
    each,
    first_change,
    free_text,
    in_order,
    in_tuple,
    member,
    plain,
    redress,
    sorted_by,
)
from platgov._accounts.score import iso
from platgov._canonical import digest, shown
from platgov._time import to_epoch, to_iso
from platgov.measures import Procedure
from platgov.verdict import Verdict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

__all__ = [
    "Activity",
    "Clearing",
    "DormancyAction",
    "DormancyPlan",
    "DormancyPolicy",
    "DormancyStage",
    "DormancyVerdict",
    "ExemptFor",
    "Exemption",
]

_LONGEST = 36_500


class DormancyStage(enum.Enum):
    """Where an account stands on the way from use to clearing and back."""

    ACTIVE = "active"
    NOTICE_DUE = "notice_due"
    """Dormant; its owner has to be told before anything else."""
    GRACE = "grace"
    """Told; time to come back."""
    ACTION_DUE = "action_due"
    """Told, and the time is over: the host may act."""
    RESTORABLE = "restorable"
    """Acted on; the owner gets everything back by asking."""
    CLEARED = "cleared"
    """The time to get it back is over."""
    RESTORE_DUE = "restore_due"
    """Acted on without the notice or before its time: the host has to give it back."""
    EXEMPT = "exempt"
    UNDETERMINED = "undetermined"
    """When it was last used is not known: nothing follows from that."""


class DormancyAction(enum.Enum):
    """What is done to a dormant account. What people wrote stays where it is under one."""

    FREEZE = "freeze"
    RELEASE_NAME = "release_name"
    CLOSE = "close"


@attrs.frozen(kw_only=True)
class Exemption:
    """A published reason why dormant accounts are left alone.

    Attributes:
        code: Such as ``memorial``, ``open_appeal``, ``balance``, ``legal_hold``.
        says: The reason in one sentence.
    """

    code: str = attrs.field(validator=name)
    says: str = attrs.field(validator=free_text())


@attrs.frozen(kw_only=True)
class ExemptFor:
    """An exemption that applies to one account.

    Attributes:
        code: One that the policy states.
        from_at: Since when, in UTC epoch seconds.
        ends_at: Until when, not included; None for no end.
    """

    code: str = attrs.field(validator=name)
    from_at: int = attrs.field(converter=to_epoch)
    ends_at: int | None = attrs.field(default=None, converter=optional_instant)

    def __attrs_post_init__(self) -> None:
        in_order("ExemptFor", ("from_at", self.from_at), ("ends_at", self.ends_at))

    def covers(self, at: int) -> bool:
        """Whether it applies at an instant."""
        return self.from_at <= at and (self.ends_at is None or at < self.ends_at)


@attrs.frozen(kw_only=True)
class Clearing:
    """What the host did: it acted on the account, and perhaps gave it back.

    Attributes:
        acted_at: When, in UTC epoch seconds.
        restored_at: When it was given back; None if it was not.
    """

    acted_at: int = attrs.field(converter=to_epoch)
    restored_at: int | None = attrs.field(default=None, converter=optional_instant)

    def __attrs_post_init__(self) -> None:
        in_order("Clearing", ("acted_at", self.acted_at), ("restored_at", self.restored_at))


def _action(value: Any) -> DormancyAction:
    return member(DormancyAction, value)


def _instants(values: Any) -> tuple[int, ...]:
    if not isinstance(values, list | tuple):
        raise refuse("Activity", f"notices_at is {shown(values)}; give a list of instants", path="$.notices_at")
    return tuple(sorted({to_epoch(value) for value in values}))


def _by_instant(values: Any) -> Any:
    return sorted_by(values, Clearing, lambda one: (one.acted_at, one.restored_at is None, one.restored_at or 0))


def _by_code(values: Any) -> Any:
    return sorted_by(values, ExemptFor, lambda one: (one.code, one.from_at, one.ends_at is None, one.ends_at or 0))


@attrs.frozen(kw_only=True)
class Activity(Plain):
    """What is known of the use of an account. What is dated after the question is not known yet.

    Attributes:
        registered_at: In UTC epoch seconds.
        last_active_at: Last authenticated act of its owner; None for never.
        known: Whether ``last_active_at`` can be trusted; False if logs are missing.
        notices_at: When notices of dormancy were sent, as the host recorded.
        clearings: What was done because of dormancy.
        exemptions: Exemptions that apply to it.
    """

    kind = "account_activity"
    registered_at: int = attrs.field(converter=to_epoch)
    last_active_at: int | None = attrs.field(default=None, converter=optional_instant)
    known: bool = attrs.field(default=True, validator=flag)
    notices_at: tuple[int, ...] = attrs.field(default=(), converter=_instants)
    clearings: tuple[Clearing, ...] = attrs.field(
        default=(),
        converter=_by_instant,
        validator=each(Clearing),
        metadata={"of": Clearing},
    )
    exemptions: tuple[ExemptFor, ...] = attrs.field(
        default=(),
        converter=_by_code,
        validator=each(ExemptFor),
        metadata={"of": ExemptFor},
    )

    def __attrs_post_init__(self) -> None:
        in_order("Activity", ("registered_at", self.registered_at), ("last_active_at", self.last_active_at))
        for one in self.clearings:
            in_order("Activity", ("registered_at", self.registered_at), ("acted_at", one.acted_at))

    def known_at(self, at: int) -> Activity:
        """Give what is known at an instant: nothing dated later."""
        last = self.last_active_at
        return attrs.evolve(
            self,
            # A later use hides when the one before was; it is not taken for none.
            known=self.known and (last is None or last <= at),
            last_active_at=last if last is not None and last <= at else None,
            notices_at=tuple(one for one in self.notices_at if one <= at),
            clearings=tuple(
                attrs.evolve(one, restored_at=one.restored_at if (one.restored_at or at + 1) <= at else None)
                for one in self.clearings
                if one.acted_at <= at
            ),
            exemptions=tuple(one for one in self.exemptions if one.from_at <= at),
        )


@attrs.frozen(kw_only=True)
class DormancyVerdict(Verdict):
    """Where an account stands, why, and when that changes.

    Attributes:
        stage: Where it stands.
        reasons: Why.
        action: What may be done now; None if nothing may.
        appeal_until: Last second to contest what was done; None if nothing was.
        next_change: First later second with another stage if nothing else happens; None for never.
    """

    kind = "dormancy"
    stage: DormancyStage
    reasons: tuple[Reason, ...]
    action: DormancyAction | None
    appeal_until: int | None
    next_change: int | None

    @property
    def notice_due(self) -> bool:
        """Whether the owner has to be told now."""
        return self.stage is DormancyStage.NOTICE_DUE

    def body(self) -> dict[str, Any]:
        """Give what is particular to a dormancy verdict, as plain values."""
        return {
            "stage": self.stage.value,
            "reasons": [plain(reason) for reason in self.reasons],
            "action": None if self.action is None else self.action.value,
            "appeal_until": iso(self.appeal_until),
            "next_change": iso(self.next_change),
        }


@attrs.frozen(kw_only=True)
class DormancyPlan(Verdict):
    """What would be due for many accounts: a dry run, which changes nothing.

    Attributes:
        counts: How many accounts stand at each stage; every stage is listed.
        exempt: How many each exemption leaves alone.
        notices: Accounts whose owners have to be told.
        actions: Accounts that may be acted on.
        restores: Accounts that have to be given back.
    """

    kind = "dormancy_plan"
    counts: tuple[tuple[str, int], ...]
    exempt: tuple[tuple[str, int], ...]
    notices: tuple[str, ...]
    actions: tuple[str, ...]
    restores: tuple[str, ...]

    def body(self) -> dict[str, Any]:
        """Give what is particular to a plan, as plain values."""
        return {
            "counts": dict(self.counts),
            "exempt": dict(self.exempt),
            "notices": list(self.notices),
            "actions": list(self.actions),
            "restores": list(self.restores),
        }


@attrs.frozen(kw_only=True)
class DormancyPolicy(Plain):
    """Clears dormant accounts in steps that can be taken back: notice, grace, action, restore window.

    Nothing is ever due without a notice that the host has sent and recorded after the account
    became dormant. The stage depends on what is known and the instant alone; no job has to run.

    Attributes:
        version: Which edition of the policy.
        dormant_days: Days without use after which an account is dormant.
        never_used_days: The same for accounts that were never used; None for ``dormant_days``.
        grace_days: Days after the notice before anything may be done.
        restore_days: Days after the action in which all is given back on request.
        action: What is done.
        exemptions: Why some are left alone; each is published with its reason.
        procedure: What is owed to the owner; notice and appeal there must be.

    Source: CAC Opinions (2021), III(3): clearing of zombie accounts.
    """

    kind = "dormancy_policy"
    version: str = attrs.field(default="1", validator=name)
    dormant_days: int = attrs.field(validator=whole(1, _LONGEST))
    never_used_days: int | None = attrs.field(default=None, validator=whole(1, _LONGEST, optional=True))
    grace_days: int = attrs.field(validator=whole(1, _LONGEST))
    restore_days: int = attrs.field(validator=whole(1, _LONGEST))
    action: DormancyAction = attrs.field(default=DormancyAction.FREEZE, converter=_action)
    exemptions: tuple[Exemption, ...] = attrs.field(
        default=(), converter=in_tuple, validator=each(Exemption), metadata={"of": Exemption}
    )
    procedure: Procedure = attrs.field(
        factory=Procedure, validator=[instance(Procedure), redress], metadata={"of": Procedure, "many": False}
    )

    def __attrs_post_init__(self) -> None:
        codes = [one.code for one in self.exemptions]
        if len(set(codes)) != len(codes):
            raise refuse("DormancyPolicy", "an exemption stands twice", path="$.exemptions", code="duplicate")

    def look(self, activity: Activity, *, at: int | dt.datetime) -> DormancyVerdict:
        """Tell where an account stands.

        Args:
            activity: What is known of its use.
            at: The instant; what is dated later is not known yet.

        Raises:
            InputError: The account was not yet registered, or has an exemption that the policy does not state.
        """
        instant = to_epoch(at)
        checked(Activity, activity, "DormancyPolicy", "activity")
        in_order("DormancyPolicy", ("registered_at", activity.registered_at), ("at", instant))
        stated = {one.code for one in self.exemptions}
        for one in activity.exemptions:
            if one.code not in stated:
                wanted = f"there are {', '.join(sorted(stated)) or 'none'}"
                raise refuse("DormancyPolicy", f"the policy states no exemption {shown(one.code)}; {wanted}")
        known = activity.known_at(instant)
        stage, reason, instants = self._stage(known, instant)
        changes = [*instants, *(one.ends_at for one in known.exemptions)]
        done = [one for one in known.clearings if one.restored_at is None]
        return DormancyVerdict(
            at=instant,
            policy=self.digest,
            fingerprint=known.digest,
            stage=stage,
            reasons=(reason,),
            action=self.action if stage is DormancyStage.ACTION_DUE else None,
            appeal_until=appeal_until(max(one.acted_at for one in done), self.procedure) if done else None,
            next_change=first_change(lambda then: self._stage(known, then)[0], instant, changes),
        )

    def plan(self, accounts: Iterable[tuple[str, Activity]], *, at: int | dt.datetime) -> DormancyPlan:
        """Count what would be due, and for whom. A dry run: nothing is sent, nothing is done.

        Raises:
            InputError: As for `look`; or an id stands twice.
        """
        instant = to_epoch(at)
        looks: dict[str, DormancyVerdict] = {}
        for id_, activity in pairs(accounts, "DormancyPolicy", "an id and an Activity"):
            checked_name(id_, "DormancyPolicy", "id")
            if id_ in looks:
                raise refuse("DormancyPolicy", f"{shown(id_)} stands twice", code="duplicate")
            looks[id_] = self.look(activity, at=instant)
        stages = Counter(look.stage for look in looks.values())
        exempt = Counter(look.reasons[0].rule for look in looks.values() if look.stage is DormancyStage.EXEMPT)
        ids = {stage: tuple(sorted(i for i, look in looks.items() if look.stage is stage)) for stage in DormancyStage}
        return DormancyPlan(
            at=instant,
            policy=self.digest,
            fingerprint=_together(looks),
            counts=tuple((stage.value, stages[stage]) for stage in DormancyStage),
            exempt=tuple((one.code, exempt[one.code]) for one in self.exemptions),
            notices=ids[DormancyStage.NOTICE_DUE],
            actions=ids[DormancyStage.ACTION_DUE],
            restores=ids[DormancyStage.RESTORE_DUE],
        )

    def _days(self, used: bool) -> int:  # noqa: FBT001 - one private switch
        return self.dormant_days if used or self.never_used_days is None else self.never_used_days

    def _stage(self, known: Activity, at: int) -> tuple[DormancyStage, Reason, list[int]]:
        """Give the stage at an instant, why, and the instants at which what is known makes it another."""
        stage = DormancyStage
        acted = max((one for one in known.clearings if one.restored_at is None), key=_acted, default=None)
        back = [one.restored_at for one in known.clearings if one.restored_at is not None]
        used = [one for one in (known.last_active_at, *back) if one is not None]
        since = max([known.registered_at, *used])
        due = since + self._days(bool(used)) * DAY
        lifted = [one.ends_at for one in known.exemptions if one.ends_at is not None and one.ends_at <= at]
        # A notice counts if it was about this dormancy and nothing stood in the way of acting on it.
        counts_from = max([due, *lifted])
        if not known.known:
            return stage.UNDETERMINED, self._why("activity_unknown", "known", "When it was last used is not known."), []
        if acted is not None:
            return self._acted(known, acted, at)
        for one in known.exemptions:
            if one.covers(at):
                says = next(exemption.says for exemption in self.exemptions if exemption.code == one.code)
                return stage.EXEMPT, self._why("exempt", one.code, says), []
        if at < due:
            return stage.ACTIVE, self._why("in_use", "dormant_days", "It is in use.", since), [due]
        notice = next((one for one in known.notices_at if one >= counts_from), None)
        if notice is None:
            says = "It is dormant, and its owner has not been told."
            return stage.NOTICE_DUE, self._why("dormant", "dormant_days", says, since), [due]
        over = notice + self.grace_days * DAY
        if at < over:
            return stage.GRACE, self._why("told", "grace_days", "Its owner was told and may come back.", notice), [over]
        return stage.ACTION_DUE, self._why("grace_over", "grace_days", "The time to come back is over.", notice), []

    def _acted(self, known: Activity, acted: Clearing, at: int) -> tuple[DormancyStage, Reason, list[int]]:
        """Give the stage of an account that was acted on and not given back."""
        stage, when, last = DormancyStage, acted.acted_at, known.last_active_at
        back = [one.restored_at for one in known.clearings if one.restored_at is not None and one.restored_at <= when]
        came = last is not None and last > when
        used = [*back, *([last] if last is not None and not came else [])]
        # Who came back since has hidden when the use before was: the notice alone is judged then.
        due = max([known.registered_at, *used]) + (0 if came else self._days(bool(used)) * DAY)
        ended = [one.ends_at for one in known.exemptions if one.ends_at is not None and one.ends_at <= when]
        notice = next((one for one in known.notices_at if one >= max([due, *ended])), None)
        over = None if notice is None else notice + self.grace_days * DAY
        exempt = any(one.covers(when) for one in known.exemptions)
        if over is None or when < over or exempt:
            code = "exempt" if exempt else "no_notice" if over is None else "within_grace"
            says = "It was acted on although it was exempt, without a notice, or before its time: give it back."
            return stage.RESTORE_DUE, self._why(code, "grace_days", says, when), []
        end = when + self.restore_days * DAY
        if came and last is not None and last < end:
            says = "Its owner came back in time: give it back."
            return stage.RESTORE_DUE, self._why("came_back", "restore_days", says, last), []
        if at < end:
            says = "It was acted on and is given back on request."
            return stage.RESTORABLE, self._why("acted", "restore_days", says, when), [end]
        return stage.CLEARED, self._why("restore_over", "restore_days", "The time to get it back is over.", when), []

    def _why(self, code: str, rule: str, says: str, since: int | None = None) -> Reason:
        return Reason(code=code, rule=rule, says=says, evidence=() if since is None else (f"since {to_iso(since)}",))


def _acted(clearing: Clearing) -> int:
    return clearing.acted_at


def _together(looks: dict[str, DormancyVerdict]) -> str:
    return digest([[id_, looks[id_].fingerprint] for id_ in sorted(looks)])
