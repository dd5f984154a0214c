"""Do the credentials of a public account still cover what it does, and what is due when they lapse?"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._accounts.checks import DAY, checked_name, instance, name, optional_instant, refuse, texts, whole
from platgov._accounts.plain import (
    Plain,
    Reason,
    appeal_until,
    checked,
    each,
    first_change,
    in_order,
    in_tuple,
    plain,
    redress,
)
from platgov._accounts.score import iso
from platgov._canonical import digest, shown
from platgov._time import LAST, to_epoch, to_iso
from platgov.measures import Procedure
from platgov.verdict import Verdict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

__all__ = [
    "Credential",
    "CredentialNotice",
    "CredentialPolicy",
    "CredentialRequirement",
    "CredentialStage",
    "CredentialState",
    "CredentialVerdict",
    "uscc_check_digit",
    "uscc_problems",
]


class CredentialStage(enum.Enum):
    """Where one requirement stands, from best to worst."""

    VALID = "valid"
    EXPIRING = "expiring"
    """Valid, and the notice of the coming lapse is due."""
    GRACE = "grace"
    """Lapsed; nothing is taken away yet."""
    DOWNGRADED = "downgraded"
    """Told, and the grace is over: what needs the credential is taken away."""
    MISSING = "missing"
    """It was never shown: what needs it is not given."""


_ORDER: Final = tuple(CredentialStage)


@attrs.frozen(kw_only=True)
class Credential:
    """A credential as the host checked it. The document and its number are not kept here.

    Attributes:
        kind: Such as ``business_licence``, ``news_permit``, ``medical_practice``.
        issuer: Who issued it.
        subject: The operating entity it was issued to, by the host's id or keyed tag.
        valid_from_at: Since when it is valid, in UTC epoch seconds.
        valid_until_at: Until when, not included; None if it does not end.
        verified_at: When the host last checked it against its source.
        revoked_at: When the issuer took it back, as far as known; None if it did not.
    """

    kind: str = attrs.field(validator=name)
    issuer: str = attrs.field(validator=name)
    subject: str = attrs.field(validator=name)
    valid_from_at: int = attrs.field(converter=to_epoch)
    valid_until_at: int | None = attrs.field(default=None, converter=optional_instant)
    verified_at: int = attrs.field(converter=to_epoch)
    revoked_at: int | None = attrs.field(default=None, converter=optional_instant)

    def __attrs_post_init__(self) -> None:
        in_order("Credential", ("valid_from_at", self.valid_from_at), ("valid_until_at", self.valid_until_at))


@attrs.frozen(kw_only=True)
class CredentialNotice:
    """The host told the operator that a credential lapses or has lapsed.

    Attributes:
        requirement: The id of the requirement.
        sent_at: When, in UTC epoch seconds.
    """

    requirement: str = attrs.field(validator=name)
    sent_at: int = attrs.field(converter=to_epoch)


@attrs.frozen(kw_only=True)
class CredentialRequirement:
    """What an account must be able to show for what it does.

    Attributes:
        id: Of the requirement.
        kinds: Kinds of credential of which one is enough.
        categories: Content for which it is asked; empty for all.
        issuers: Who must have issued it; empty for anybody.
        recheck_days: Days after which a check must be repeated; None for never.
    """

    id: str = attrs.field(validator=name)
    kinds: tuple[str, ...] = attrs.field(converter=texts, validator=each(str, least=1))
    categories: tuple[str, ...] = attrs.field(default=(), converter=texts)
    issuers: tuple[str, ...] = attrs.field(default=(), converter=texts)
    recheck_days: int | None = attrs.field(default=None, validator=whole(1, 36_500, optional=True))

    def fits(self, credential: Credential, subject: str) -> bool:
        """Whether a credential is of the right kind, issuer and holder."""
        right = credential.kind in self.kinds and credential.subject == subject
        return right and (not self.issuers or credential.issuer in self.issuers)

    def span(self, credential: Credential) -> tuple[int, int | None]:
        """Give from when until when a credential serves; None for no end."""
        begin = max(credential.valid_from_at, credential.verified_at)
        recheck = None if self.recheck_days is None else credential.verified_at + self.recheck_days * DAY
        ends = [end for end in (credential.valid_until_at, credential.revoked_at, recheck) if end is not None]
        end = min(ends, default=None)
        return begin, None if end is None or end > LAST else end


@attrs.frozen(kw_only=True)
class CredentialState:
    """Where one requirement stands.

    Attributes:
        requirement: Its id.
        stage: Where it stands.
        reason: Why.
        lapses_at: When the credentials lapse or lapsed; None for never or not known.
        downgrades_at: From when what needs it is taken away; None without a notice.
        notice_due: The operator has to be told now.
    """

    requirement: str
    stage: CredentialStage
    reason: Reason
    lapses_at: int | None
    downgrades_at: int | None
    notice_due: bool


@attrs.frozen(kw_only=True)
class CredentialVerdict(Verdict):
    """What the credentials of an account cover.

    Attributes:
        stage: The worst of all that apply.
        states: One per requirement that applies.
        categories: Declared content that is covered now, in grace included.
        appeal_until: Last second to contest a downgrade; None if there is none.
        next_change: First later second with another stage or another due notice if nothing
            else happens; None for never.
    """

    kind = "credentials"
    stage: CredentialStage
    states: tuple[CredentialState, ...]
    categories: tuple[str, ...]
    appeal_until: int | None
    next_change: int | None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why it is not simply valid."""
        return tuple(state.reason for state in self.states if state.stage is not CredentialStage.VALID)

    def body(self) -> dict[str, Any]:
        """Give what is particular to credentials, as plain values."""
        return {
            "stage": self.stage.value,
            "states": [plain(state) for state in self.states],
            "categories": list(self.categories),
            "appeal_until": iso(self.appeal_until),
            "next_change": iso(self.next_change),
        }


@attrs.frozen(kw_only=True)
class CredentialPolicy(Plain):
    """Which credentials public accounts need, how often they are checked again, and what a lapse brings.

    A lapse takes nothing away before a notice was sent and recorded, and both the grace after
    the lapse and the time after the notice are over.

    Attributes:
        version: Which edition of the policy.
        requirements: What is asked, in any number.
        notice_days: Days before a lapse from which the operator is to be told, and days that
            must lie between the notice and a downgrade.
        grace_days: Days after a lapse in which nothing is taken away.
        procedure: What is owed to the operator; notice and appeal there must be.

    Source: CAC Order No. 10 (2022): credentials of public accounts; Regulation (EU) 2019/1150 Art. 4.
    """

    kind = "credential_policy"
    version: str = attrs.field(default="1", validator=name)
    requirements: tuple[CredentialRequirement, ...] = attrs.field(
        converter=in_tuple, validator=each(CredentialRequirement, least=1), metadata={"of": CredentialRequirement}
    )
    notice_days: int = attrs.field(default=30, validator=whole(1, 365))
    grace_days: int = attrs.field(default=14, validator=whole(0, 365))
    procedure: Procedure = attrs.field(
        factory=Procedure, validator=[instance(Procedure), redress], metadata={"of": Procedure, "many": False}
    )

    def __attrs_post_init__(self) -> None:
        ids = [one.id for one in self.requirements]
        if len(set(ids)) != len(ids):
            raise refuse("CredentialPolicy", "an id stands twice", path="$.requirements", code="duplicate")

    def check(
        self,
        credentials: Iterable[Credential],
        *,
        subject: str,
        categories: Iterable[str] = (),
        notices: Iterable[CredentialNotice] = (),
        at: int | dt.datetime,
    ) -> CredentialVerdict:
        """Tell what is covered at an instant.

        Args:
            credentials: All that the host has checked, also old ones; any order.
            subject: The operating entity of the account.
            categories: The content that the account declares.
            notices: What the operator was told.
            at: The instant; what was verified, revoked or sent later is not known yet.
        """
        instant = to_epoch(at)
        held = _all(Credential, credentials, "credentials")
        told = _all(CredentialNotice, notices, "notices")
        declared = texts(_tuple(categories))
        checked_name(subject, "CredentialPolicy", "subject")
        held = tuple(
            attrs.evolve(one, revoked_at=None) if (one.revoked_at or 0) > instant else one
            for one in held
            if one.verified_at <= instant
        )
        told = tuple(one for one in told if one.sent_at <= instant)
        asked = [one for one in self.requirements if not one.categories or set(one.categories) & set(declared)]

        def look(then: int) -> list[CredentialState]:
            return [self._state(one, held, told, subject=subject, at=then) for one in asked]

        states = look(instant)
        instants: list[int | None] = [one.downgrades_at for one in states]
        for one in asked:
            for credential in held:
                begin, end = one.span(credential)
                instants += [begin, end] + ([] if end is None else [end - self.notice_days * DAY])
        gone = (CredentialStage.MISSING, CredentialStage.DOWNGRADED)
        lost = {
            category
            for one, state in zip(asked, states, strict=True)
            if state.stage in gone
            for category in (one.categories or declared)
        }
        down = [one.downgrades_at for one in states if one.stage is CredentialStage.DOWNGRADED]
        facts = {
            "subject": subject,
            "categories": list(declared),
            "credentials": sorted((plain(one) for one in held), key=digest),
            "notices": sorted((plain(one) for one in told), key=digest),
        }
        return CredentialVerdict(
            at=instant,
            policy=self.digest,
            fingerprint=digest(facts),
            stage=max((one.stage for one in states), key=_ORDER.index, default=CredentialStage.VALID),
            states=tuple(states),
            categories=tuple(one for one in declared if one not in lost),
            appeal_until=appeal_until(max(one for one in down if one is not None), self.procedure) if down else None,
            next_change=first_change(lambda then: [(s.stage, s.notice_due) for s in look(then)], instant, instants),
        )

    def _state(
        self,
        asked: CredentialRequirement,
        held: tuple[Credential, ...],
        told: tuple[CredentialNotice, ...],
        *,
        subject: str,
        at: int,
    ) -> CredentialState:
        spans = [asked.span(one) for one in held if asked.fits(one, subject)]
        covered, lapse = _coverage(spans, at)
        stage = CredentialStage
        if not covered and lapse is None:
            kinds = f"wanted: {' or '.join(asked.kinds)}"
            return self._told(asked, stage.MISSING, "Nothing valid was shown.", kinds)
        if lapse is None:
            return self._told(asked, stage.VALID, "It is valid and does not end.")
        warn = lapse - self.notice_days * DAY
        sent = min((one.sent_at for one in told if one.requirement == asked.id and one.sent_at >= warn), default=None)
        down = None if sent is None else max(lapse + self.grace_days * DAY, sent + self.notice_days * DAY)
        due = sent is None
        if covered and at < warn:
            return self._told(asked, stage.VALID, "It is valid.", lapse=lapse)
        if covered:
            return self._told(asked, stage.EXPIRING, "It lapses soon; renew it.", lapse=lapse, down=down, due=due)
        if down is None or at < down:
            says = "It has lapsed; nothing is taken away yet."
            return self._told(asked, stage.GRACE, says, lapse=lapse, down=down, due=due)
        says = "It has lapsed, the operator was told, and the grace is over."
        return self._told(asked, stage.DOWNGRADED, says, lapse=lapse, down=down)

    def _told(
        self,
        asked: CredentialRequirement,
        stage: CredentialStage,
        says: str,
        *evidence: str,
        lapse: int | None = None,
        down: int | None = None,
        due: bool = False,
    ) -> CredentialState:
        seen = evidence if lapse is None else (*evidence, f"lapse: {to_iso(lapse)}")
        reason = Reason(code=stage.value, rule=asked.id, says=says, evidence=seen)
        return CredentialState(
            requirement=asked.id,
            stage=stage,
            reason=reason,
            lapses_at=lapse,
            downgrades_at=down if down is None or down <= LAST else None,
            notice_due=due,
        )


def _coverage(spans: list[tuple[int, int | None]], at: int) -> tuple[bool, int | None]:
    """Give whether an instant is covered, and when the cover ends or ended; None for never."""
    ended: int | None = None
    for start, stop in sorted((span for span in spans if span[1] is None or span[1] > span[0]), key=_start):
        joined = ended is not None and start <= ended  # takes over without a gap
        if not joined and start > at:
            break
        if stop is None:
            return True, None
        ended = max(ended, stop) if joined and ended is not None else stop
    return (ended is not None and at < ended), ended


def _start(span: tuple[int, int | None]) -> int:
    return span[0]


def _tuple(values: Any) -> Any:
    return tuple(values) if hasattr(values, "__iter__") and not isinstance(values, str) else values


def _all(kind: type, values: Any, field: str) -> tuple[Any, ...]:
    found = _tuple(values)
    if not isinstance(found, tuple):
        raise refuse("CredentialPolicy", f"{field} is {shown(values)}; give a list of {kind.__name__}", code="type")
    for one in found:
        checked(kind, one, "CredentialPolicy", field)
    return found


# -- unified social credit codes -----------------------------------------------------------------

_USCC: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)


def uscc_check_digit(first: str) -> str:
    """Give the last character of a unified social credit code from its first 17.

    Source: GB 32100-2015: modulus 31, weights 3^(i-1).

    Raises:
        InputError: It is no text of 17 characters of the code.
    """
    if type(first) is not str or len(first) != 17 or not set(first) <= set(_USCC):
        raise refuse("uscc", f"{shown(first)} is no start of a code; give 17 characters of {_USCC}")
    total = sum(_USCC.index(char) * weight for char, weight in zip(first, _USCC_WEIGHTS, strict=True))
    return _USCC[-total % 31]


def uscc_problems(code: str) -> tuple[str, ...]:
    """Tell what is wrong with a unified social credit code; empty if nothing is.

    ``length``, ``character`` (the letters I, O, S, V, Z and lower case are not used),
    ``check_digit`` (the last character), ``organisation_check_digit`` (the ninth of the
    organisation code inside, GB 11714). A code without problems is well formed: whether it was
    ever issued only the register knows.

    Raises:
        InputError: It is no text.
    """
    if type(code) is not str:
        raise refuse("uscc", f"{shown(code)} is no code; give text", code="type")
    if len(code) != 18:
        return ("length",)
    if not set(code) <= set(_USCC) or not code[2:8].isdigit():
        return ("character",)
    found = []
    if uscc_check_digit(code[:17]) != code[17]:
        found.append("check_digit")
    body = zip(code[8:16], _ORGANISATION_WEIGHTS, strict=True)
    total = sum(_ORGANISATION.index(char) * weight for char, weight in body)
    if "0123456789X"[-total % 11] != code[16]:
        found.append("organisation_check_digit")
    return tuple(found)
