"""What a plan says about one child, one feature and one instant."""

from __future__ import annotations

import abc
from typing import Any, NamedTuple

import attrs

from platgov import verdict as base
from platgov._canonical import digest, digest_bytes, dumps
from platgov._time import to_iso

__all__ = ["Advice", "Basis", "Reason", "Stated", "Verdict"]


class Reason(NamedTuple):
    """One limit that says no.

    Attributes:
        code: Stable kind: ``hours_closed``, ``quota_day``, ``quota_week``, ``quota_month``,
            ``quota_rolling``, ``quota_gap``, ``break_due``, ``feature_denied``, ``feature_ask``,
            ``rating_above``, ``age_unknown``, ``calendar_unconfirmed``; or why nothing could be
            decided: ``outside_plan``, ``zone_mismatch``, ``unknown_feature``, ``bad_minor``,
            ``bad_usage``, ``bad_instant``, ``bad_feature``, ``bad_rating``, ``bad_zone``,
            ``bad_option``.
        policy_id: The policy; empty where nothing could be decided.
        limit_id: The limit in it.
        layer: Whose policy it is.
        citation: Where it is written.
        until: When this limit, by itself, says yes again if nothing is used; None where that is
            not foreseen.
        remaining_s: Seconds that are left of it; None if it is about no time.
        appealable: Whether it hangs on an age that nobody has verified: whoever is taken for
            younger than they are can show it.
        loosenable_by: Roles that may grant more.
        limit_s: The seconds of a quota, as they are for this child now; None elsewhere.
    """

    code: str
    policy_id: str = ""
    limit_id: str = ""
    layer: str = ""
    citation: str = ""
    until: int | None = None
    remaining_s: int | None = None
    appealable: bool = False
    loosenable_by: tuple[str, ...] = ()
    limit_s: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {**self._asdict(), "until": _iso(self.until), "loosenable_by": list(self.loosenable_by)}


class Advice(NamedTuple):
    """Something to tell that denies nothing.

    Attributes:
        code: ``break_due``, ``soft_quota`` (a limit that only advises is reached),
            ``clock_rollback``, ``clock_unconfirmed``, ``age_conflict``, ``grant_cut`` or
            ``grant_refused``.
        policy_id: The policy; empty for clocks and ages.
        limit_id: The limit, or the grant.
        seconds: Seconds over the limit, or that a clock is off.
    """

    code: str
    policy_id: str = ""
    limit_id: str = ""
    seconds: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return self._asdict()


class Basis(abc.ABC):
    """What a verdict rests on: the plan, what was asked, the limits as they were for the child.

    Two are equal where all of that is, whether worked out or read back.

    Attributes:
        horizon: How far the plan looks.
        asked: The feature and labels, sorted.
        rating: The content rating that was asked about.
        max_rating: Highest content rating that is allowed; None for any.
        tz: Zone of the plan.
    """

    __slots__ = ()

    horizon: int
    asked: tuple[str, ...]
    rating: int | None
    max_rating: int | None
    tz: str

    @abc.abstractmethod
    def plan_digest(self) -> str:
        """Content address of the plan."""

    @abc.abstractmethod
    def facts(self) -> list[dict[str, Any]]:
        """Give the limits as they are for this child, as plain values."""

    def _stated(self) -> dict[str, Any]:
        return {
            "digest": self.plan_digest(),
            "horizon": self.horizon,
            "asked": self.asked,
            "rating": self.rating,
            "max_rating": self.max_rating,
            "tz": self.tz,
            "limits": tuple(tuple(fact.items()) for fact in self.facts()),
        }

    def __eq__(self, other: object) -> bool:
        """Whether both state the same."""
        if not isinstance(other, Basis):
            return NotImplemented
        return self is other or self._stated() == other._stated()

    def __hash__(self) -> int:
        """Agree for what is equal."""
        return hash((self.plan_digest(), self.asked, self.rating))

    def __reduce__(self) -> tuple[Any, ...]:
        """Take along what it states, and nothing of the plan it was worked out by."""
        return _read_back, (self._stated(),)


@attrs.frozen(kw_only=True, eq=False)
class Stated(Basis):
    """A basis as it was written down; without limits where nothing could be decided."""

    digest: str
    horizon: int
    asked: tuple[str, ...] = ()
    rating: int | None = None
    max_rating: int | None = None
    tz: str
    limits: tuple[tuple[tuple[str, Any], ...], ...] = ()

    def plan_digest(self) -> str:
        """Content address of the plan."""
        return self.digest

    def facts(self) -> list[dict[str, Any]]:
        """Give the limits as they were, as plain values."""
        return [dict(fact) for fact in self.limits]


def _read_back(stated: dict[str, Any]) -> Stated:
    return Stated(**stated)


class Verdict(NamedTuple):
    """Whether something may be used now, why not, and until when that holds.

    It holds no birth date and no id of the child: what it records are the limits that bound,
    and the seconds that counted.

    Attributes:
        allowed: Whether it may be used.
        reasons: Every limit that says no; empty if and only if allowed.
        remaining_s: Seconds of use that are left until the first quota is reached, never
            negative; None where no quota binds. Hours that close do not count: see ``next_change``.
        next_change: First instant at which other limits say no, if things go on as now: who is
            allowed and active goes on, who is denied stops. None if there is none up to ``horizon``.
        next_if_idle: The same if nothing is used from now on.
        advice: What to tell.
        at: The instant that was asked about.
        used: Seconds that each quota had counted, in the order of ``basis``.
        basis: The limits that bound, and what was asked; or why nothing could be decided.
    """

    allowed: bool
    reasons: tuple[Reason, ...]
    remaining_s: int | None
    next_change: int | None
    next_if_idle: int | None
    advice: tuple[Advice, ...]
    at: int
    used: tuple[int, ...]
    basis: Basis

    @property
    def horizon(self) -> int:
        """How far the plan looks."""
        return self.basis.horizon

    @property
    def asked(self) -> tuple[str, ...]:
        """The feature and labels, sorted."""
        return self.basis.asked

    @property
    def rating(self) -> int | None:
        """The content rating that was asked about."""
        return self.basis.rating

    @property
    def max_rating(self) -> int | None:
        """Highest content rating that is allowed; None for any."""
        return self.basis.max_rating

    @property
    def kind(self) -> str:
        """What kind of verdict it is; a stored literal."""
        return "minor_verdict"

    @property
    def policy(self) -> str:
        """Digest of the plan."""
        return self.basis.plan_digest()

    @property
    def fingerprint(self) -> str:
        """Digest of what the plan read: limits by age and grants, seconds used, what was asked."""
        return digest(self._facts())

    def _facts(self) -> dict[str, Any]:
        return {
            "asked": list(self.asked),
            "rating": self.rating,
            "limits": self.basis.facts(),
            "used": list(self.used),
        }

    def head(self) -> dict[str, Any]:
        """Give what every verdict states, as plain values."""
        return {
            "kind": self.kind,
            "schema": 1,
            "at": to_iso(self.at),
            "policy": self.policy,
            "fingerprint": self.fingerprint,
        }

    def body(self) -> dict[str, Any]:
        """Give what is particular to this kind of verdict, as plain values."""
        return {
            "allowed": self.allowed,
            "reasons": [reason.to_dict() for reason in self.reasons],
            "remaining_s": self.remaining_s,
            "next_change": _iso(self.next_change),
            "next_if_idle": _iso(self.next_if_idle),
            "horizon": _iso(self.horizon),
            "advice": [item.to_dict() for item in self.advice],
            "max_rating": self.max_rating,
            "facts": self._facts(),
        }

    def to_dict(self) -> dict[str, Any]:
        """Give the whole verdict as plain values."""
        return {**self.head(), **self.body()}

    def to_bytes(self) -> bytes:
        """Give the canonical bytes (RFC 8785): equal verdicts, equal bytes, on any machine."""
        return dumps(self.to_dict())

    @property
    def digest(self) -> str:
        """Content address of the canonical bytes."""
        return digest_bytes(self.to_bytes())

    def explain(self, audience: str = "guardian", *, language: str = "en", zone: str | None = None) -> tuple[str, ...]:
        """Say it in words.

        Args:
            audience: ``child``: what and until when; ``guardian``: also who may change it and how
                to object; ``auditor``: also policies, limits, citations and digests.
            language: ``en``, ``zh``, or another one that hosts have texts in.
            zone: Zone to write instants in; by default that of the plan.

        Raises:
            InputError: There is no such audience, language or zone.
        """
        from platgov._minors.explain import explain  # noqa: PLC0415 - texts are read when somebody asks

        return explain(self, audience, language=language, zone=zone)


base.Verdict.register(Verdict)


def _iso(at: int | None) -> str | None:
    return None if at is None else to_iso(at)
