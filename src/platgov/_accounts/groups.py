"""Has a group enough people who answer for it, and what is due if it has not?"""

from __future__ import annotations

import enum
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from platgov._accounts.checks import DAY, checked_name, instance, name, optional_instant, pairs, refuse, texts, whole
from platgov._accounts.plain import Plain, Reason, appeal_until, checked, each, in_tuple, plain, redress, sorted_by
from platgov._accounts.score import iso
from platgov._canonical import shown
from platgov._time import LAST, to_epoch
from platgov.measures import Procedure
from platgov.verdict import Verdict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

__all__ = ["Group", "GroupPolicy", "GroupStage", "GroupVerdict", "Responsible", "SizeStep", "group_loads"]

_MOST = 10**9


class GroupStage(enum.Enum):
    """Where a group stands."""

    IN_ORDER = "in_order"
    NOTICE_DUE = "notice_due"
    """Something is missing; those responsible have to be told before anything else."""
    REPAIR = "repair"
    """They were told and have time to repair it."""
    ACTION_DUE = "action_due"
    """The time is over: the host may limit the group until it is repaired."""
    UNDETERMINED = "undetermined"
    """A load is not known: nothing follows from that."""


@attrs.frozen(kw_only=True)
class SizeStep:
    """From how many members on how many responsible people are wanted.

    Attributes:
        members: From this many.
        responsible: At least this many.
    """

    members: int = attrs.field(validator=whole(0, _MOST))
    responsible: int = attrs.field(validator=whole(1, 1000))


@attrs.frozen(kw_only=True)
class Responsible:
    """A person who answers for a group.

    Attributes:
        person: Their account.
        duties: What they have taken on.
        groups: How many groups they answer for, this one included; None if unknown.
    """

    person: str = attrs.field(validator=name)
    duties: tuple[str, ...] = attrs.field(default=(), converter=texts)
    groups: int | None = attrs.field(default=None, validator=whole(1, _MOST, optional=True))


def _by_person(values: Any) -> Any:
    return sorted_by(values, Responsible, lambda one: one.person)


@attrs.frozen(kw_only=True)
class Group(Plain):
    """A group, as far as its policy reads it.

    Attributes:
        id: Its id.
        members: How many there are.
        responsible: Those who answer for it.
        deficient_at: Since when something has been missing, as the host recorded; None if nothing was.
        told_at: When those responsible were told of it; None if they were not.
    """

    kind = "group"
    id: str = attrs.field(validator=name)
    members: int = attrs.field(validator=whole(0, _MOST))
    responsible: tuple[Responsible, ...] = attrs.field(
        default=(),
        converter=_by_person,
        validator=each(Responsible),
        metadata={"of": Responsible},
    )
    deficient_at: int | None = attrs.field(default=None, converter=optional_instant)
    told_at: int | None = attrs.field(default=None, converter=optional_instant)

    def __attrs_post_init__(self) -> None:
        people = [one.person for one in self.responsible]
        if len(set(people)) != len(people):
            raise refuse("Group", "somebody stands twice", path="$.responsible", code="duplicate")


@attrs.frozen(kw_only=True)
class GroupVerdict(Verdict):
    """Where a group stands, what it lacks, and when that changes.

    Attributes:
        group: Its id.
        stage: Where it stands.
        reasons: What it lacks; empty if it is in order.
        repair_until: Last second to repair it; None if nothing runs.
        appeal_until: Last second to contest; None if nothing may be done.
        next_change: First later second with another stage if nothing else happens; None for never.
    """

    kind = "group"
    group: str
    stage: GroupStage
    reasons: tuple[Reason, ...]
    repair_until: int | None
    appeal_until: int | None
    next_change: int | None

    def body(self) -> dict[str, Any]:
        """Give what is particular to a group, as plain values."""
        return {
            "group": self.group,
            "stage": self.stage.value,
            "reasons": [plain(reason) for reason in self.reasons],
            "repair_until": iso(self.repair_until),
            "appeal_until": iso(self.appeal_until),
            "next_change": iso(self.next_change),
        }


@attrs.frozen(kw_only=True)
class GroupPolicy(Plain):
    """How many people answer for a group, for how many groups at once, and with which duties.

    Attributes:
        version: Which edition of the policy.
        sizes: Steps by size, both numbers rising; the first is for groups of any size, from 0.
        max_groups: Most groups that one person answers for.
        duties: What somebody in each group must have taken on, such as ``rules``, ``reports``.
        repair_days: Days after the notice in which what is missing can be repaired.
        procedure: What is owed to those responsible; notice and appeal there must be.

    Source: CAC Opinions (2021), III(3): management of groups and those who run them.
    """

    kind = "group_policy"
    version: str = attrs.field(default="1", validator=name)
    sizes: tuple[SizeStep, ...] = attrs.field(
        converter=in_tuple, validator=each(SizeStep, least=1, most=100), metadata={"of": SizeStep}
    )
    max_groups: int = attrs.field(validator=whole(1, _MOST))
    duties: tuple[str, ...] = attrs.field(default=(), converter=texts)
    repair_days: int = attrs.field(validator=whole(1, 3650))
    procedure: Procedure = attrs.field(
        factory=Procedure, validator=[instance(Procedure), redress], metadata={"of": Procedure, "many": False}
    )

    def __attrs_post_init__(self) -> None:
        members = [step.members for step in self.sizes]
        wanted = [step.responsible for step in self.sizes]
        if members[0] != 0 or sorted(set(members)) != members or sorted(wanted) != wanted:
            message = "starts at 0 members, members rise, and responsible never falls; put the steps in that order"
            raise refuse("GroupPolicy", message, path="$.sizes", code="range")

    def wanted(self, members: int) -> int:
        """Give how many responsible people a group of a size needs.

        Raises:
            InputError: It is no number of members.
        """
        if type(members) is not int or not 0 <= members <= _MOST:
            message = f"members is {shown(members)}; give a whole number from 0 to {_MOST}"
            raise refuse("GroupPolicy", message, path="$.members", code="range" if type(members) is int else "type")
        return max(step.responsible for step in self.sizes if step.members <= members)

    def check(self, group: Group, *, at: int | dt.datetime) -> GroupVerdict:
        """Tell where a group stands.

        A person over the load still counts for the group; that they carry too much is a reason
        of its own. What the host recorded later than ``at`` is not known yet.
        """
        instant = to_epoch(at)
        checked(Group, group, "GroupPolicy", "group")
        since = group.deficient_at if group.deficient_at is not None and group.deficient_at <= instant else None
        told = group.told_at if group.told_at is not None and group.told_at <= instant else None
        known = attrs.evolve(group, deficient_at=since, told_at=told)
        reasons = self._lacks(group)
        unknown = tuple(one.person for one in group.responsible if one.groups is None)
        # A notice from before is about something else, long repaired.
        fresh = told is not None and since is not None and told >= since
        end = told + self.repair_days * DAY if fresh and told is not None else None
        if not reasons and unknown:
            stage = GroupStage.UNDETERMINED
            says = "It is not known for how many groups somebody answers."
            reasons = (Reason(code="load_unknown", rule="max_groups", says=says, evidence=unknown),)
        elif not reasons:
            stage = GroupStage.IN_ORDER
        elif end is None:
            stage = GroupStage.NOTICE_DUE
        else:
            stage = GroupStage.REPAIR if instant < end else GroupStage.ACTION_DUE
        running = stage is GroupStage.REPAIR and end is not None
        return GroupVerdict(
            at=instant,
            policy=self.digest,
            fingerprint=known.digest,
            group=group.id,
            stage=stage,
            reasons=reasons,
            repair_until=min(end - 1, LAST) if running and end is not None else None,
            appeal_until=appeal_until(instant, self.procedure) if stage is GroupStage.ACTION_DUE else None,
            next_change=end if running and end is not None and end <= LAST else None,
        )

    def _lacks(self, group: Group) -> tuple[Reason, ...]:
        found = []
        wanted, have = self.wanted(group.members), len(group.responsible)
        if have < wanted:
            evidence = (f"members={group.members}", f"responsible={have} wanted={wanted}")
            says = f"{wanted} people must answer for a group of this size; there are {have}."
            found.append(Reason(code="too_few", rule="sizes", says=says, evidence=evidence))
        for one in group.responsible:
            if one.groups is not None and one.groups > self.max_groups:
                says = f"One person answers for at most {self.max_groups} groups."
                evidence = (f"person={one.person}", f"groups={one.groups}")
                found.append(Reason(code="load", rule="max_groups", says=says, evidence=evidence))
        taken = {duty for one in group.responsible for duty in one.duties}
        for duty in self.duties:
            if duty not in taken:
                says = "Nobody has taken on one of the duties."
                found.append(Reason(code="duty", rule="duties", says=says, evidence=(f"duty={duty}",)))
        return tuple(found)


def group_loads(groups: Iterable[tuple[str, Iterable[str]]]) -> dict[str, int]:
    """Count for how many groups each person answers, from groups with their responsible people.

    Raises:
        InputError: A group stands twice, or something is no list of ids.
    """
    seen: dict[str, tuple[str, ...]] = {}
    for id_, people in pairs(groups, "group_loads", "a group and its people"):
        checked_name(id_, "group_loads", "id")
        if id_ in seen:
            raise refuse("group_loads", f"{shown(id_)} stands twice", code="duplicate")
        seen[id_] = texts(list(people) if hasattr(people, "__iter__") and not isinstance(people, str) else people)
    counts = Counter(person for people in seen.values() for person in people)
    return {person: counts[person] for person in sorted(counts)}
