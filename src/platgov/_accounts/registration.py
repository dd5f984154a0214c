"""May this account be registered, or changed, as asked? One set of checks for both."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from platgov._accounts.checks import DAY, checked_name, instance, name, optional_instant, refuse, texts, whole
from platgov._accounts.kinds import AccountKind
from platgov._accounts.plain import (
    SCHEMA,
    Plain,
    Reason,
    appeal_until,
    checked,
    each,
    first_change,
    in_order,
    in_tuple,
    member,
    plain,
    redress,
)
from platgov._accounts.score import iso
from platgov._canonical import digest, shown
from platgov._limits import DEFAULT
from platgov._time import to_epoch
from platgov.measures import Procedure
from platgov.names import NamePolicy
from platgov.verdict import Verdict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

__all__ = [
    "Application",
    "Attestation",
    "CheckResult",
    "IdentityLevel",
    "Occasion",
    "RefusedSignUp",
    "RegistrationOutcome",
    "RegistrationPolicy",
    "RegistrationVerdict",
    "run_checks",
]

_MOST = 10**6


class IdentityLevel(enum.Enum):
    """How well it is known who stands behind an account. Each includes those before it."""

    NONE = "none"
    CONTACT = "contact"
    """A mail address or telephone number answered."""
    IDENTITY = "identity"
    """A provider compared an official identity; the document stays with them."""
    PRESENCE = "presence"
    """The same, and the person was there."""

    @property
    def rank(self) -> int:
        """Place, 0 for none."""
        return list(IdentityLevel).index(self)


class Occasion(enum.Enum):
    """What is asked for."""

    REGISTRATION = "registration"
    CHANGE = "change"


class RegistrationOutcome(enum.Enum):
    """What follows."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    UNDETERMINED = "undetermined"
    """Something that must be known is not; people look at it."""


def _level(value: Any) -> IdentityLevel:
    return member(IdentityLevel, value)


def _occasion(value: Any) -> Occasion:
    return member(Occasion, value)


@attrs.frozen(kw_only=True)
class Attestation:
    """What a provider of identity checks said. Never a document, a number, or a picture.

    Attributes:
        level: What it reached.
        provider: Who checked.
        checked_at: When, in UTC epoch seconds.
        expires_at: Until when it may be relied on, not included; None for no end.
    """

    level: IdentityLevel = attrs.field(converter=_level)
    provider: str = attrs.field(validator=name)
    checked_at: int = attrs.field(converter=to_epoch)
    expires_at: int | None = attrs.field(default=None, converter=optional_instant)

    def __attrs_post_init__(self) -> None:
        in_order("Attestation", ("checked_at", self.checked_at), ("expires_at", self.expires_at))


@attrs.frozen(kw_only=True)
class CheckResult:
    """What a check of the host found about one part of the profile.

    Attributes:
        item: The part: ``avatar``, ``cover``, ``bio``.
        source: What checked, with its version: ``qr-finder@3``.
        passed: Whether it is in order; None if the check could not tell.
        rule: The published rule it is held against.
        evidence: What was seen, for people.
    """

    item: str = attrs.field(validator=name)
    source: str = attrs.field(validator=name)
    passed: bool | None = attrs.field(default=None)
    rule: str = attrs.field(default="profile", validator=name)
    evidence: tuple[str, ...] = attrs.field(default=(), converter=in_tuple, validator=each(str))

    def __attrs_post_init__(self) -> None:
        if self.passed is not None and type(self.passed) is not bool:
            raise refuse("CheckResult", f"passed is {shown(self.passed)}; give True, False or None", path="$.passed")


def _profile(value: Any) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or len(value) > DEFAULT.keys:
        raise refuse("Application", f"profile is {shown(value)}; give texts by name", path="$.profile", code="type")
    for item, text in value.items():
        checked_name(item, "Application", "profile")
        if type(text) is not str:
            raise refuse("Application", f"{item} is {shown(text)}; give text", path=f"$.profile.{item}", code="type")
        try:
            text.encode()
        except UnicodeEncodeError:
            message = f"{item} holds half of a surrogate pair, which is no character; decode it as UTF-8 or UTF-16"
            raise refuse("Application", message, path=f"$.profile.{item}", code="surrogate") from None
    return MappingProxyType({item: value[item] for item in sorted(value)})


@attrs.frozen(kw_only=True)
class Application(Plain):
    """The facts of one sign-up or change: the whole profile as it would be.

    Attributes:
        account_kind: The type of account.
        profile: Texts by part: ``name``, ``bio``, ``signature``.
        attestations: What is known of who stands behind it.
        checks: What the host's checks found.
        others: How many other accounts the same subject has, counted by the host under a
            keyed tag of it; None if unknown.
        holder: The entity that bears it, for names it has protected; None for a private person.
        occasion: Registration or change. It is recorded; nothing depends on it.
    """

    kind = "application"
    account_kind: str = attrs.field(default=AccountKind.PERSONAL.name, validator=name)
    profile: Mapping[str, str] = attrs.field(converter=_profile)
    attestations: tuple[Attestation, ...] = attrs.field(
        default=(), converter=in_tuple, validator=each(Attestation), metadata={"of": Attestation}
    )
    checks: tuple[CheckResult, ...] = attrs.field(
        default=(), converter=in_tuple, validator=each(CheckResult), metadata={"of": CheckResult}
    )
    others: int | None = attrs.field(default=None, validator=whole(0, _MOST, optional=True))
    holder: str | None = None
    occasion: Occasion = attrs.field(default=Occasion.REGISTRATION, converter=_occasion)

    def __attrs_post_init__(self) -> None:
        if self.holder is not None:
            checked_name(self.holder, "Application", "holder")

    def __reduce__(self) -> tuple[Any, ...]:
        return (Application.from_dict, (self.to_dict(),))  # read-only tables do not pickle


def run_checks(
    profile: Mapping[str, str],
    checks: Mapping[str, Callable[[str], Any]],
    *,
    source: str,
    rule: str = "profile",
) -> tuple[CheckResult, ...]:
    """Run a host's own checks and keep what they say as facts.

    A check that raises, or gives something else than a truth value, is recorded as one that
    could not tell: the policy then leaves it to people. This runs before the decision, not in it.

    Args:
        profile: Texts by part.
        checks: By part: takes the text, tells whether it is in order. A part that is not
            there is not checked.
        source: What checks, with its version.
        rule: The published rule it is held against.
    """
    tables: tuple[tuple[Any, str], ...] = ((profile, "profile"), (checks, "checks"))
    for table, field in tables:
        if not isinstance(table, Mapping) or not all(type(item) is str for item in table):
            message = f"{field} is {shown(table)}; give them by part of the profile"
            raise refuse("run_checks", message, path=f"$.{field}", code="type")
    found = []
    for item in sorted(checks):
        if item not in profile:
            continue
        passed, evidence = None, ""
        try:
            given = checks[item](profile[item])
        except Exception as problem:  # noqa: BLE001 - whatever a host's check raises is a fact about it
            evidence = f"raised {type(problem).__name__}"
        else:
            passed = given if type(given) is bool else None
            evidence = "" if given is None or type(given) is bool else f"gave {shown(given)}"
        seen = (evidence,) if evidence else ()
        found.append(CheckResult(item=item, source=source, passed=passed, rule=rule, evidence=seen))
    return tuple(found)


@attrs.frozen(kw_only=True)
class RefusedSignUp:
    """What is kept of a refused sign-up: nothing that leads back to a person.

    No name, no tag, no fingerprint of the facts (names can be guessed), and the day only, so
    that it cannot be matched with other logs by the second.

    Attributes:
        day_at: The UTC day, by its first second.
        occasion: Registration or change.
        account_kind: The type of account.
        codes: Why, as codes, sorted.
        policy: Digest of the policy.
    """

    day_at: int
    occasion: Occasion
    account_kind: str
    codes: tuple[str, ...]
    policy: str

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {"kind": "refused_sign_up", "schema": SCHEMA, **plain(self)}


@attrs.frozen(kw_only=True)
class RegistrationVerdict(Verdict):
    """Whether an account may be registered or changed as asked.

    Attributes:
        outcome: What follows.
        occasion: Registration or change.
        account_kind: The type of account.
        refusals: Why it is refused; each is enough.
        open_points: What is not known and must be.
        notes: What is worth a look, and no reason to refuse.
        appeal_until: Last second to contest; None unless refused.
        next_change: First later second with another answer if nothing else happens; None for never.
    """

    kind = "registration"
    outcome: RegistrationOutcome
    occasion: Occasion
    account_kind: str
    refusals: tuple[Reason, ...]
    open_points: tuple[Reason, ...]
    notes: tuple[Reason, ...]
    appeal_until: int | None
    next_change: int | None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """All reasons, refusals first."""
        return (*self.refusals, *self.open_points, *self.notes)

    def record(self) -> RefusedSignUp | None:
        """Give what may be kept of a refusal; None if it was not refused."""
        if self.outcome is not RegistrationOutcome.REFUSED:
            return None
        return RefusedSignUp(
            day_at=self.at // DAY * DAY,
            occasion=self.occasion,
            account_kind=self.account_kind,
            codes=tuple(sorted({reason.code for reason in self.refusals})),
            policy=self.policy,
        )

    def body(self) -> dict[str, Any]:
        """Give what is particular to a registration, as plain values."""
        return {
            "outcome": self.outcome.value,
            "occasion": self.occasion.value,
            "account_kind": self.account_kind,
            "refusals": [plain(reason) for reason in self.refusals],
            "open_points": [plain(reason) for reason in self.open_points],
            "notes": [plain(reason) for reason in self.notes],
            "appeal_until": iso(self.appeal_until),
            "next_change": iso(self.next_change),
        }


def _names(value: Any) -> Mapping[str, NamePolicy]:
    if not isinstance(value, Mapping) or not all(isinstance(policy, NamePolicy) for policy in value.values()):
        message = f"names is {shown(value)}; give a NamePolicy for each part of the profile"
        raise refuse("RegistrationPolicy", message, path="$.names", code="type")
    for item in value:
        checked_name(item, "RegistrationPolicy", "names")
    return MappingProxyType({item: value[item] for item in sorted(value)})


def _rebuilt(fields: dict[str, Any]) -> RegistrationPolicy:
    return RegistrationPolicy(**fields)


@attrs.frozen(kw_only=True)
class RegistrationPolicy(Plain):
    """What an account must have to be registered, and to be changed.

    Attributes:
        version: Which edition of the policy.
        level: Who stands behind it must be known at least this well.
        providers: Providers whose word counts; empty for all.
        names: How each text of the profile is checked: ``{"name": NamePolicy(...)}``. A text
            for which there is no policy is refused: nothing goes unchecked by a spelling mistake.
        required: Parts that must be there.
        checks: Parts for which the result of a host's check must be known if they are there:
            ``avatar``, ``cover``.
        max_accounts: Most accounts of one subject, this one included; None for any number.
        procedure: What is owed to the person; notice and appeal there must be.

    Source: CAC Order No. 10 (2022): checks at registration and at every change; CAC Public
        Account Provisions (2021): a limit of accounts per subject.
    """

    kind = "registration_policy"
    version: str = attrs.field(default="1", validator=name)
    level: IdentityLevel = attrs.field(default=IdentityLevel.NONE, converter=_level)
    providers: tuple[str, ...] = attrs.field(default=(), converter=texts)
    names: Mapping[str, NamePolicy] = attrs.field(converter=_names, hash=False)
    required: tuple[str, ...] = attrs.field(default=("name",), converter=texts)
    checks: tuple[str, ...] = attrs.field(default=(), converter=texts)
    max_accounts: int | None = attrs.field(default=None, validator=whole(1, _MOST, optional=True))
    procedure: Procedure = attrs.field(
        factory=Procedure, validator=[instance(Procedure), redress], metadata={"of": Procedure, "many": False}
    )

    def __attrs_post_init__(self) -> None:
        known = {*self.names, *self.checks}
        for item in self.required:
            if item not in known:
                message = f"{shown(item)} is required, and neither names nor checks say how it is checked"
                raise refuse("RegistrationPolicy", message, path="$.required", code="unknown")

    def __reduce__(self) -> tuple[Any, ...]:
        own = {field.name: getattr(self, field.name) for field in attrs.fields(RegistrationPolicy) if field.init}
        return (_rebuilt, ({**own, "names": dict(self.names)},))  # read-only tables do not pickle

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values; name policies are named by their digests."""
        return {
            "kind": self.kind,
            "schema": SCHEMA,
            **plain(attrs.evolve(self, names={}, required=())),
            "required": list(self.required),
            "names": {item: policy.digest for item, policy in self.names.items()},
        }

    @classmethod
    def read(cls, data: object, *, names: Mapping[str, NamePolicy]) -> RegistrationPolicy:
        """Read what `to_dict` wrote, with the name policies it names.

        Raises:
            InputError: What is wrong; a name policy is another than the one that was named.
        """
        given = _names(names)
        if type(data) is not dict or data.get("names") != {item: policy.digest for item, policy in given.items()}:
            raise refuse("RegistrationPolicy", "the name policies are not those that were named", path="$.names")
        return cls.from_dict({**data, "names": given})

    def check(self, application: Application, *, at: int | dt.datetime) -> RegistrationVerdict:
        """Tell whether an account may be registered or changed as asked.

        All reasons are given at once. Equal facts give equal answers, at registration as at a change.

        Args:
            application: The facts.
            at: The instant; an attestation of later is not known yet.
        """
        instant = to_epoch(at)
        checked(Application, application, "RegistrationPolicy", "application")
        known = attrs.evolve(
            application,
            attestations=tuple(
                sorted((one for one in application.attestations if one.checked_at <= instant), key=_order)
            ),
            checks=tuple(sorted(application.checks, key=_order)),
        )
        refusals, open_points, notes = self._profile(known)
        if self._unidentified(known, instant):
            refusals.insert(0, self._identity(known))
        if self.max_accounts is not None:
            if known.others is None:
                says = "It is not known how many accounts the subject has."
                open_points.append(Reason(code="accounts_unknown", rule="max_accounts", says=says))
            elif known.others >= self.max_accounts:
                says = f"One subject may have {self.max_accounts} accounts."
                evidence = (f"others={known.others}",)
                refusals.append(Reason(code="too_many_accounts", rule="max_accounts", says=says, evidence=evidence))
        outcome = RegistrationOutcome.ADMITTED
        if refusals or open_points:
            outcome = RegistrationOutcome.REFUSED if refusals else RegistrationOutcome.UNDETERMINED
        ends = [one.expires_at for one in known.attestations]
        return RegistrationVerdict(
            at=instant,
            policy=self.digest,
            fingerprint=digest({**known.to_dict(), "occasion": None}),
            outcome=outcome,
            occasion=known.occasion,
            account_kind=known.account_kind,
            refusals=tuple(refusals),
            open_points=tuple(open_points),
            notes=tuple(notes),
            appeal_until=appeal_until(instant, self.procedure) if outcome is RegistrationOutcome.REFUSED else None,
            next_change=first_change(lambda then: self._unidentified(known, then), instant, ends),
        )

    def _unidentified(self, known: Application, at: int) -> bool:
        return self.level is not IdentityLevel.NONE and not any(
            one.level.rank >= self.level.rank
            and (not self.providers or one.provider in self.providers)
            and (one.expires_at is None or at < one.expires_at)
            for one in known.attestations
        )

    def _identity(self, known: Application) -> Reason:
        best = max((one.level for one in known.attestations), key=lambda level: level.rank, default=IdentityLevel.NONE)
        says = f"Who stands behind the account has to be known to the level {self.level.value!r}."
        evidence = (f"shown={best.value}, or expired, or by another provider",)
        return Reason(code="identity", rule="level", says=says, evidence=evidence)

    def _profile(self, known: Application) -> tuple[list[Reason], list[Reason], list[Reason]]:
        refusals: list[Reason] = []
        open_points: list[Reason] = []
        notes: list[Reason] = []
        results = {one.item for one in known.checks}
        for item in self.required:
            if item not in known.profile:
                says = "It has to be there."
                refusals.append(Reason(code="missing", rule="required", says=says, evidence=(f"part={item}",)))
        for item, text in known.profile.items():
            policy = self.names.get(item)
            if policy is None and item not in self.checks:
                says = "There is no such part of a profile."
                refusals.append(Reason(code="unknown_part", rule="names", says=says, evidence=(f"part={item}",)))
            for finding in policy.check(text, holder=known.holder) if policy is not None else ():
                evidence = tuple(_visible(line) for line in (f"part={item}", str(finding)))
                reason = Reason(
                    code=finding.code, rule=f"names.{item}", says="The text does not fit its policy.", evidence=evidence
                )
                (refusals if finding.blocks else notes).append(reason)
            if item in self.checks and item not in results:
                says = "It has not been checked."
                open_points.append(Reason(code="unchecked", rule="checks", says=says, evidence=(f"part={item}",)))
        for one in known.checks:
            if one.item not in known.profile or one.passed:
                continue
            evidence = (f"part={one.item}", f"source={one.source}", *one.evidence)
            if one.passed is None:
                says = "Its check could not tell."
                open_points.append(Reason(code="check_undetermined", rule=one.rule, says=says, evidence=evidence))
            else:
                says = "Its check found it out of order."
                refusals.append(Reason(code="check_failed", rule=one.rule, says=says, evidence=evidence))
        return refusals, open_points, notes


def _order(value: Attestation | CheckResult) -> str:
    return digest(plain(value))


def _visible(text: str) -> str:
    """Spell out what cannot be printed: a reason is read and stored."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
