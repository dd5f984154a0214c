"""The ladder of grades that conduct leads up and down, and the rules for moving on it."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._accounts.checks import MOST, all_of, flag, instance, name, read_fields, refuse, same_version, texts, whole
from platgov._accounts.recovery import LONGEST_DAYS
from platgov._canonical import digest, dumps, loads, shown
from platgov._time import to_epoch, to_iso
from platgov.conditions import Condition, parse
from platgov.errors import InputError, Problem
from platgov.facts import Role, Schema
from platgov.measures import Procedure

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from platgov._accounts.credit import CreditPolicy
    from platgov._accounts.grade import Grade
    from platgov._accounts.history import CreditHistory

__all__ = ["DwellFrom", "GradePolicy", "Lock", "LockKind", "Mode", "Observation", "Rung"]

SEMANTICS: Final = 1
"""Version of what a ladder means; part of every digest."""


def _plain(facts: Any) -> Mapping[str, Any]:
    if not isinstance(facts, Mapping):
        raise refuse("Observation", f"facts is {shown(facts)}; give values by name", path="$.facts", code="type")
    kept = {}
    for key in facts:
        if type(key) is not str:
            raise refuse("Observation", f"a fact is named {shown(key)}; give text", path="$.facts", code="type")
        try:
            kept[key] = loads(dumps(facts[key]), subject="Observation")
        except InputError:
            kept[key] = None
    return MappingProxyType(kept)


def _condition(value: Any) -> Condition | None:
    return parse(value) if isinstance(value, str) else value


def _schema(value: Any) -> Schema | None:
    return Schema.from_class(value) if isinstance(value, type) else value


class Mode(enum.Enum):
    """When the requirement of a rung is looked at."""

    IMPLICIT = "implicit"
    """All the time: who no longer meets it loses the rung, after its grace."""
    ONCE = "once"
    """When the rung is reached, never again."""


class DwellFrom(enum.Enum):
    """What has to last before a promotion."""

    CHANGE = "change"
    """The time since the last change of grade, or since registration."""
    RECOVERY = "recovery"
    """The unbroken time in which everything the rung asks was met. Under this one, and only
    under this one, a further violation can never bring an earlier promotion."""


class LockKind(enum.Enum):
    """What a lock holds."""

    EXACT = "exact"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


@attrs.frozen(kw_only=True)
class Rung:
    """One grade of a ladder.

    Attributes:
        name: The grade.
        promote_at: Score that leads up to it; None if the score alone never does.
        demote_below: Score under which it is lost; no greater than ``promote_at``, and wanted
            with it: the gap between the two keeps a grade from flapping.
        dwell_days: How long one must have stood lower before it is reached; see `DwellFrom`.
        grace_days: How long the score must stay under ``demote_below``, unbroken, before it is lost.
        requires: A condition over what the host observed, as text or `Condition`.
        mode: When ``requires`` is looked at.
        warns: Falling to this grade is the warning that must come before a suspension.
        suspends: This grade takes the service away. It is only reached after at least the
            grace of the warning grade above, counted from the warning.
        needs_human: A fall to this grade must be confirmed by a person before it takes effect.
        grants: Features that this grade adds; all inside the context of the policy.
    """

    name: str = attrs.field(validator=name)
    promote_at: int | None = attrs.field(default=None, validator=whole(-MOST, MOST, optional=True))
    demote_below: int | None = attrs.field(default=None, validator=whole(-MOST, MOST, optional=True))
    dwell_days: int = attrs.field(default=0, validator=whole(0, LONGEST_DAYS))
    grace_days: int = attrs.field(default=0, validator=whole(0, LONGEST_DAYS))
    requires: Condition | None = attrs.field(
        default=None,
        converter=_condition,
        validator=instance(Condition, optional=True),
    )
    mode: Mode = attrs.field(default=Mode.IMPLICIT, validator=instance(Mode))
    warns: bool = attrs.field(default=False, validator=flag)
    suspends: bool = attrs.field(default=False, validator=flag)
    needs_human: bool = attrs.field(default=False, validator=flag)
    grants: tuple[str, ...] = attrs.field(default=(), converter=texts)

    def __attrs_post_init__(self) -> None:
        up, down = self.promote_at, self.demote_below
        if up is not None and down is None:
            message = f"{self.name!r} is reached at {up} but has no score under which it is lost; give demote_below"
            raise refuse("Rung", message, path="$.demote_below", code="missing")
        if up is not None and down is not None and down > up:
            message = f"{self.name!r} is lost under {down} but reached at {up} already: it would flap"
            raise refuse("Rung", message, path="$.demote_below", code="range")

    @property
    def up(self) -> int | None:
        """Score without which it is not reached; None for any score."""
        return self.demote_below if self.promote_at is None else self.promote_at

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "name": self.name,
            "promote_at": self.promote_at,
            "demote_below": self.demote_below,
            "dwell_days": self.dwell_days,
            "grace_days": self.grace_days,
            "requires": None if self.requires is None else self.requires.text,
            "mode": self.mode.value,
            "warns": self.warns,
            "suspends": self.suspends,
            "needs_human": self.needs_human,
            "grants": list(self.grants),
        }


@attrs.frozen(kw_only=True)
class Observation:
    """What the host knew from an instant on, until the next observation.

    Attributes:
        at: Since when, in UTC epoch seconds.
        facts: Plain values by name. What is no plain JSON value is kept as null: unknown.
    """

    at: int = attrs.field(converter=to_epoch)
    facts: Mapping[str, Any] = attrs.field(converter=_plain, hash=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_observed, (self.at, dict(self.facts)))  # read-only tables do not pickle


def _observed(at: int, facts: Mapping[str, Any]) -> Observation:
    return Observation(at=at, facts=facts)


@attrs.frozen(kw_only=True)
class Lock:
    """A person holds the grade of an account for a time. Conduct goes on underneath.

    Attributes:
        grade: The rung.
        kind: Whether exactly, at least, or at most.
        at: From when, in UTC epoch seconds.
        expires_at: Until when, not included. Every lock ends.
        by: The person who decided it.
        reason: Why, for the person concerned.
    """

    grade: str = attrs.field(validator=name)
    kind: LockKind = attrs.field(default=LockKind.EXACT, validator=instance(LockKind))
    at: int = attrs.field(converter=to_epoch)
    expires_at: int = attrs.field(converter=to_epoch)
    by: str = attrs.field(validator=name)
    reason: str = attrs.field(validator=name)

    def __attrs_post_init__(self) -> None:
        if self.expires_at <= self.at:
            message = f"ends at {to_iso(self.expires_at)}, not after it begins at {to_iso(self.at)}"
            raise refuse("Lock", message, path="$.expires_at", code="range")

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {
            "grade": self.grade,
            "kind": self.kind.value,
            "at": to_iso(self.at),
            "expires_at": to_iso(self.expires_at),
            "by": self.by,
            "reason": self.reason,
        }


def _rungs(value: Any) -> tuple[Rung, ...]:
    return all_of(Rung, value, "GradePolicy", "rungs")


@attrs.frozen(kw_only=True, eq=False)
class GradePolicy:
    """A ladder of grades over one score. Crossings are computed; no job has to run.

    Attributes:
        rungs: From the lowest grade up. The lowest has no thresholds.
        entry: The grade one starts on. None: the highest below which nothing is required.
        context: The context of the score; needed if any rung grants features.
        version: Which edition of the policy.
        dwell_from: What ``dwell_days`` are counted from.
        facts: Declares the facts that requirements read; those that tell who a person is are
            refused. None: the names alone are looked at.
        procedure: What is owed to the person; an appeal there must be.
        digest: Content address of all of this.
    """

    rungs: tuple[Rung, ...] = attrs.field(converter=_rungs)
    entry: str | None = None
    context: str | None = attrs.field(default=None, validator=attrs.validators.optional(name))
    version: str = attrs.field(default="1", validator=name)
    dwell_from: DwellFrom = attrs.field(default=DwellFrom.CHANGE, validator=instance(DwellFrom))
    facts: Schema | None = attrs.field(
        default=None,
        converter=_schema,
        validator=instance(Schema, optional=True),
    )
    procedure: Procedure = attrs.field(factory=Procedure, validator=instance(Procedure))
    digest: str = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        problems = tuple(_unfit(self))
        if problems:
            raise InputError("GradePolicy", problems)
        object.__setattr__(self, "digest", digest(self.to_dict()))

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, GradePolicy) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def names(self) -> tuple[str, ...]:
        """The grades, from the lowest up."""
        return tuple(rung.name for rung in self.rungs)

    @property
    def entry_place(self) -> int:
        """Place of the grade one starts on."""
        if self.entry is not None:
            return self.names.index(self.entry)
        required = [place for place, rung in enumerate(self.rungs) if rung.requires is not None]
        return max(0, required[0] - 1) if required else len(self.rungs) - 1

    @property
    def reads(self) -> frozenset[str]:
        """The facts that requirements read, as dotted names."""
        return frozenset(name for rung in self.rungs if rung.requires is not None for name in rung.requires.reads)

    def grade(
        self,
        history: CreditHistory,
        credit: CreditPolicy,
        *,
        at: int | dt.datetime,
        registered_at: int | dt.datetime | None = None,
        facts: Mapping[str, Any] | Sequence[Observation] | None = None,
        locks: Sequence[Lock] = (),
    ) -> Grade:
        """Grade an account from its conduct.

        The whole timeline is told as it is known at ``at``: what has been overturned by then
        never happened. When and how often one asks changes nothing.

        Args:
            history: What happened.
            credit: The policy of the score.
            at: The instant the grade is for.
            registered_at: Since when the account exists; None if long enough for every dwell.
            facts: What the host observed, for requirements: observations, each good until the
                next, or just the facts as observed at ``at``. What is unknown neither
                promotes nor demotes.
            locks: Grades held by people; those that begin after ``at`` are not known yet.

        Raises:
            InputError: The policies do not fit each other, or ``registered_at`` lies after
                ``at`` or after the first event.
        """
        from platgov._accounts.grade import told  # noqa: PLC0415 - verdicts are a layer on top

        instant = to_epoch(at)
        since = None if registered_at is None else to_epoch(registered_at)
        return told(self, credit, history, at=instant, registered_at=since, facts=facts, locks=locks)

    def to_dict(self) -> dict[str, Any]:
        """Write everything that can change an outcome, as plain values; the digest is taken of this."""
        return {
            "semantics": SEMANTICS,
            "rungs": [rung.to_dict() for rung in self.rungs],
            "entry": self.entry,
            "context": self.context,
            "version": self.version,
            "dwell_from": self.dwell_from.value,
            "facts": None if self.facts is None else self.facts.to_dict(),
            "procedure": attrs.asdict(self.procedure),
        }

    @staticmethod
    def from_dict(data: object) -> GradePolicy:
        """Read what `to_dict` wrote, as strictly as the constructor and with no key more.

        Raises:
            InputError: What is wrong.
        """
        if type(data) is not dict or not same_version(data.get("semantics", SEMANTICS), SEMANTICS):
            raise refuse("GradePolicy", f"expected an object of semantics {SEMANTICS}, got {shown(data)}")
        found = read_fields(GradePolicy, {key: data[key] for key in data if key != "semantics"}, "GradePolicy")
        if type(found["rungs"]) is not list:
            raise refuse("GradePolicy", f"rungs is {shown(found['rungs'])}; give a list", path="$.rungs", code="type")
        found["rungs"] = [_rung(rung) for rung in found["rungs"]]
        if "dwell_from" in found:
            found["dwell_from"] = _member(DwellFrom, found["dwell_from"], "dwell_from")
        if found.get("facts") is not None:
            found["facts"] = Schema.from_dict(found["facts"])
        if "procedure" in found:
            found["procedure"] = Procedure(**read_fields(Procedure, found["procedure"], "Procedure"))
        return GradePolicy(**found)


def _rung(data: object) -> Rung:
    found = read_fields(Rung, data, "Rung")
    if "mode" in found:
        found["mode"] = _member(Mode, found["mode"], "mode")
    return Rung(**found)


def _member(kind: type[enum.Enum], value: object, field: str) -> Any:
    known = {member.value: member for member in kind}
    if type(value) is not str or value not in known:
        message = f"{field} is {shown(value)}; accepted are {', '.join(known)}"
        raise refuse(kind.__name__, message, path=f"$.{field}")
    return known[value]


# -- what a ladder must be ---------------------------------------------------------------------

# A grade is about conduct in one place: not about who somebody is, nor whom they know.
# Source: AI Act Art. 5(1)(c); GDPR Art. 9(1); Charter of Fundamental Rights Art. 21.
PROTECTED: Final = frozenset((
        "belief", "birth", "birthday", "caste", "citizenship", "colour", "disability", "disabled", "ethnic",
        "ethnicity", "faith", "gender", "genetic", "health", "marital", "nationality", "orientation", "party",
        "political", "politics", "pregnancy", "pregnant", "race", "racial", "religion", "religious", "sex",
        "sexual", "skin", "union",
        "buddhist", "christian", "church", "country", "hindu", "hiv", "hometown", "income", "jewish", "medical",
        "mosque", "muslim", "postcode", "salary", "synagogue", "tribe", "veteran", "zipcode",
))  # fmt: skip
ASSOCIATES: Final = frozenset((
        "acquaintances", "associate", "associates", "contact", "contacts", "family", "followees", "follower",
        "followers", "following", "friend", "friends", "relative", "relatives",
))  # fmt: skip

# Evidence for people to look at: nothing follows from it by itself.
SUSPICIONS: Final = frozenset(("bot", "shell", "suspected", "suspicion", "watched", "watchlist"))


def _words(fact: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", fact)}


def _unfit(policy: GradePolicy) -> Iterable[Problem]:
    rungs, names = policy.rungs, policy.names
    if not rungs:
        yield Problem("has no rungs; give at least one", "$.rungs", "missing")
        return
    for place in range(1, len(names)):
        if names[place] in names[:place]:
            yield Problem(f"{names[place]!r} stands twice", f"$.rungs[{place}].name", "duplicate")
    if policy.entry is not None and (type(policy.entry) is not str or policy.entry not in names):
        yield Problem(f"there is no rung {shown(policy.entry)}; give one of {', '.join(names)}", "$.entry", "unknown")
        return
    lowest = rungs[0]
    if lowest.promote_at is not None or lowest.demote_below is not None or lowest.requires is not None:
        yield Problem(
            "the lowest rung can be neither reached nor lost; leave its thresholds out", "$.rungs[0]", "range"
        )
    for field in ("up", "demote_below"):
        marks = [mark for rung in rungs if (mark := getattr(rung, field)) is not None]
        if marks != sorted(marks):
            yield Problem(f"a higher rung has a lower threshold: {marks}", "$.rungs", "range")
    if policy.procedure.appeal_days < 1:
        yield Problem("gives no appeal; a fall needs a way to contest it", "$.procedure", "redress")
    yield from _unwarned(policy)
    yield from _unlawful(policy)


def _unwarned(policy: GradePolicy) -> Iterable[Problem]:
    """Find suspensions without a warning before them (DSA Art. 23(1): "after having issued a prior warning")."""
    for place, rung in enumerate(policy.rungs):
        if not rung.suspends:
            continue
        path = f"$.rungs[{place}]"
        if place == policy.entry_place:
            yield Problem("nobody starts suspended", path, "warning")
        if place and not policy.rungs[place - 1].suspends:
            yield Problem("a grade below a suspension suspends as well; say so", f"$.rungs[{place - 1}]", "warning")
        above = policy.rungs[place + 1] if place + 1 < len(policy.rungs) else None
        if above is None or not (above.suspends or (above.warns and above.grace_days > 0)):
            message = "suspends without a warning; the rung above must warn and have a grace of at least a day"
            yield Problem(message, path, "warning")


def _unlawful(policy: GradePolicy) -> Iterable[Problem]:
    for place, rung in enumerate(policy.rungs):
        path = f"$.rungs[{place}]"
        for feature in rung.grants:
            if policy.context is None or not feature.startswith(f"{policy.context}."):
                message = f"grants {feature!r} outside the context {policy.context!r}; start it with the context"
                yield Problem(message, f"{path}.grants", "context")
        if rung.requires is None:
            continue
        for fact in sorted(rung.requires.reads):
            for words, what in (
                (PROTECTED, "who a person is"),
                (ASSOCIATES, "whom a person knows"),
                (SUSPICIONS, "what is suspected"),
            ):
                if words & _words(fact):
                    yield Problem(f"reads {fact!r}, which tells {what}", f"{path}.requires", "protected")
        if policy.facts is not None:
            yield from _undeclared(policy.facts, rung.requires, f"{path}.requires")


def _undeclared(schema: Schema, condition: Condition, path: str) -> Iterable[Problem]:
    try:
        kind = condition.check(schema)
    except InputError as bad:
        yield from [problem._replace(path=path) for problem in bad.problems]
        return
    if kind.kind != "bool":
        yield Problem(f"gives {kind.kind}, not true or false", path, "type")
    personal = {field.name for field in schema.fields if field.role in (Role.IDENTITY, Role.PROTECTED)}
    for fact in sorted(condition.reads):
        if fact.split(".")[0] in personal:
            yield Problem(f"reads {fact!r}, declared as identity or protected", path, "protected")
