"""Whom limits are for, and what has been granted to them: requests, grants, moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._canonical import shown
from platgov._minors.age import DobEvidence
from platgov._minors.checks import DAY, LONGEST, choice, items_of, name, optional_windows, refuse, text, whole
from platgov._minors.limits import ANY, Access
from platgov._schedules.zones import zone
from platgov._time import to_epoch
from platgov.errors import DueProcessError
from platgov.schedules import Window  # noqa: TC001 - the codec reads annotations when it runs

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

__all__ = ["Grant", "Minor", "Move", "Refusal", "Request"]

COOLDOWN_S: Final = 7 * DAY


def _instant(value: Any) -> int:
    return to_epoch(value)


def _optional_instant(value: Any) -> int | None:
    return None if value is None else to_epoch(value)


def _access(value: Access | str | None) -> Access | None:
    return None if value is None else choice(Access)(value)


def _zone(_: Any, __: attrs.Attribute[Any], value: object) -> None:
    zone(value)


@attrs.frozen(kw_only=True)
class Grant:
    """Somebody asks, with a reason, that limits be less strict for a while.

    It counts for a limit only if ``by`` is among those who may loosen it; what goes beyond the
    bound of the limit is cut to it. It never makes anything stricter.

    Attributes:
        id: Which grant.
        by: The role: ``guardian``, ``self``, or one of the host's.
        grantor: Who, by the host's id.
        reason: Why.
        starts_at: First instant.
        expires_at: First instant at which it no longer counts; None for a standing setting.
        policy: Only limits of this policy; ``*`` for any.
        limit: Only the limit of this id; ``*`` for any.
        feature: Only where this feature or label is asked about; ``*`` for any.
        add_s: Seconds more, for quotas and for the time before a break. Grants add up.
        set_s: Seconds in place of what the limit says.
        windows: Hours that are open too; an empty list opens all hours.
        access: What a feature may be instead.
        request: The request it answers, if any.
    """

    id: str = attrs.field(validator=name)
    by: str = attrs.field(validator=name)
    grantor: str = attrs.field(validator=name)
    reason: str = attrs.field(validator=name)
    starts_at: int = attrs.field(converter=_instant)
    expires_at: int | None = attrs.field(default=None, converter=_optional_instant)
    policy: str = attrs.field(default=ANY, validator=name)
    limit: str = attrs.field(default=ANY, validator=name)
    feature: str = attrs.field(default=ANY, validator=name)
    add_s: int = attrs.field(default=0, validator=whole(0, LONGEST))
    set_s: int | None = attrs.field(default=None, validator=whole(0, LONGEST, optional=True))
    windows: tuple[Window, ...] | None = attrs.field(default=None, converter=optional_windows)
    access: Access | None = attrs.field(default=None, converter=_access)
    request: str | None = attrs.field(default=None, validator=attrs.validators.optional(name))

    def __attrs_post_init__(self) -> None:
        if self.expires_at is not None and self.expires_at <= self.starts_at:
            message = f"the grant expires at {self.expires_at}, not after it starts at {self.starts_at}"
            raise refuse("Grant", message, path="$.expires_at", code="empty")
        if not self.add_s and self.set_s is None and self.windows is None and self.access is None:
            raise refuse("Grant", "grants nothing; give add_s, set_s, windows or access", code="empty")

    def live(self, at: int) -> bool:
        """Whether it counts at an instant."""
        return self.starts_at <= at and (self.expires_at is None or at < self.expires_at)


@attrs.frozen(kw_only=True)
class Refusal:
    """The answer no to a request, with its reason."""

    request: str = attrs.field(validator=name)
    by: str = attrs.field(validator=name)
    grantor: str = attrs.field(validator=name)
    reason: str = attrs.field(validator=name)
    at: int = attrs.field(converter=_instant)


@attrs.frozen(kw_only=True)
class Request:
    """A child asks: may I have fifteen minutes more, may I use this?

    Attributes:
        id: Which request.
        minor: Who asks, by id.
        made_at: When.
        lapses_at: When it is too late for an answer.
        feature: For which feature or label; ``*`` for any.
        seconds: How many seconds more; 0 where it is not about time.
        says: What the child says.
    """

    id: str = attrs.field(validator=name)
    minor: str = attrs.field(validator=name)
    made_at: int = attrs.field(converter=_instant)
    lapses_at: int = attrs.field(converter=_instant)
    feature: str = attrs.field(default=ANY, validator=name)
    seconds: int = attrs.field(default=0, validator=whole(0, LONGEST))
    says: str = attrs.field(default="", validator=text)

    def __attrs_post_init__(self) -> None:
        if self.lapses_at <= self.made_at:
            raise refuse("Request", "lapses before it can be answered", path="$.lapses_at", code="empty")
        if self.feature == ANY and not self.seconds:
            raise refuse("Request", "asks for nothing; give a feature, or seconds", path="$.feature", code="empty")

    def grant(
        self,
        *,
        by: str,
        grantor: str,
        reason: str,
        at: int | dt.datetime,
        expires_at: int | dt.datetime,
        seconds: int | None = None,
    ) -> Grant:
        """Say yes: to so many seconds as were asked for or fewer, or to the use of the feature.

        Args:
            by: Role of who answers.
            grantor: Who answers.
            reason: Why.
            at: When; the grant starts then.
            expires_at: When the grant ends. A bonus without an end would be a new limit.
            seconds: How many of the seconds; by default all.

        Raises:
            DueProcessError: The request has lapsed, the child answers itself as somebody else,
                or more is granted than was asked for.
        """
        instant = self._answered(by, grantor, at)
        given = self.seconds if seconds is None else seconds
        if type(given) is int and given > self.seconds:
            message = f"{given} seconds are more than the {self.seconds} that were asked for; grant those or fewer"
            raise DueProcessError("beyond_request", message)
        ends: Any = expires_at  # the converters take datetimes, the fields are ints
        return Grant(
            id=f"grant-{self.id}",
            by=by,
            grantor=grantor,
            reason=reason,
            starts_at=instant,
            expires_at=to_epoch(ends),
            feature=self.feature,
            add_s=given,
            access=None if self.seconds else Access.ALLOW,
            request=self.id,
        )

    def refuse(self, *, by: str, grantor: str, reason: str, at: int | dt.datetime) -> Refusal:
        """Say no, and why.

        Raises:
            DueProcessError: The request has lapsed, or the child answers itself as somebody else.
        """
        return Refusal(request=self.id, by=by, grantor=grantor, reason=reason, at=self._answered(by, grantor, at))

    def _answered(self, by: str, grantor: str, at: int | dt.datetime) -> int:
        instant = to_epoch(at)
        if not self.made_at <= instant < self.lapses_at:
            message = f"request {self.id} can be answered from {self.made_at} until before {self.lapses_at}"
            raise DueProcessError("lapsed", message)
        if grantor == self.minor and by != "self":
            raise DueProcessError("same_person", f"{shown(grantor)} asks, and cannot answer as {shown(by)}")
        return instant


@attrs.frozen(kw_only=True)
class Move:
    """A change of residence: until ``at``, the zone was ``from_tz``."""

    at: int = attrs.field(converter=_instant)
    from_tz: str = attrs.field(validator=_zone)


def _evidence(value: DobEvidence | Iterable[DobEvidence]) -> tuple[DobEvidence, ...]:
    if isinstance(value, DobEvidence):
        return (value,)
    return items_of(DobEvidence, "Minor", "evidence")(value)


def _grants(value: Iterable[Grant]) -> tuple[Grant, ...]:
    found: dict[str, Grant] = {}
    for grant in items_of(Grant, "Minor", "grants")(value):
        if found.setdefault(grant.id, grant) != grant:
            message = f"{shown(grant.id)} is the id of two grants; an id stands for one"
            raise refuse("Minor", message, path="$.grants", code="conflict")
    return tuple(found.values())


def _moves(value: Iterable[Move]) -> tuple[Move, ...]:
    return tuple(sorted(items_of(Move, "Minor", "moves")(value), key=lambda move: (move.at, move.from_tz)))


@attrs.frozen(kw_only=True)
class Minor:
    """Somebody whom policies may protect: also one whose age nobody knows yet.

    Attributes:
        id: The host's id.
        evidence: Claims about the birth date, none if nothing is known.
        residency_tz: IANA name of the zone of residence; limits follow its wall clock, wherever
            the child or the device happens to be.
        grants: What has been granted, live or not.
        moves: Earlier zones of residence; usage follows the child, so a move gives no second quota.
    """

    id: str = attrs.field(validator=name)
    evidence: tuple[DobEvidence, ...] = attrs.field(default=(), converter=_evidence)
    residency_tz: str = attrs.field(validator=_zone)
    grants: tuple[Grant, ...] = attrs.field(default=(), converter=_grants)
    moves: tuple[Move, ...] = attrs.field(default=(), converter=_moves)
    # What the last plan worked out about this value: it follows from the value, and saves the work.
    _memo: Any = attrs.field(init=False, default=None, eq=False, repr=False)
    # What distinguishes it from others for a plan, as one number; None where that is more than one timeless claim.
    _key: int | None = attrs.field(init=False, default=None, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if len(self.evidence) == 1 and not self.grants and not self.moves and type(self) is Minor:
            object.__setattr__(self, "_key", self.evidence[0].key)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what was kept for speed."""
        return {field.name: getattr(self, field.name) for field in attrs.fields(Minor) if field.init}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Build what was left out anew."""
        self.__init__(**state)  # type: ignore[misc] # a frozen value is made once, here

    def with_grant(self, grant: Grant) -> Minor:
        """Add a grant; one with the same id is replaced."""
        items_of(Grant, "Minor", "grants")((grant,))
        return attrs.evolve(self, grants=(*(known for known in self.grants if known.id != grant.id), grant))

    def moved(self, *, to: str, at: int | dt.datetime, cooldown_s: int = COOLDOWN_S) -> Minor:
        """Take note of a change of residence, for which the host has evidence.

        Raises:
            DueProcessError: The last move is less than ``cooldown_s`` ago.
        """
        instant = to_epoch(at)
        if self.moves and instant < self.moves[-1].at + cooldown_s:
            message = f"the last move was at {self.moves[-1].at}; the next can be noted {cooldown_s} seconds later"
            raise DueProcessError("cooldown", message)
        move = Move(at=instant, from_tz=self.residency_tz)
        return attrs.evolve(self, residency_tz=to, moves=(*self.moves, move))
