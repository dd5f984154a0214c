"""What may follow from a finding, how severe it is, and how measures add up.

Inside one kind the most severe measure wins, kinds add up. The join is commutative,
associative and idempotent, so neither the order of rules nor a rule met twice can change
what follows.
"""

from __future__ import annotations

import enum
import json
from typing import TYPE_CHECKING, Any, ClassVar, Final

import attrs

from platgov.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "SHIPPED",
    "Authority",
    "Demonetise",
    "Kind",
    "Label",
    "LimitVisibility",
    "Measure",
    "Procedure",
    "Remove",
    "SuspendAccount",
    "SuspendFeature",
    "Terminate",
    "Warn",
    "from_dict",
    "join",
]


class Kind(enum.Enum):
    """What a measure touches. Measures of different kinds stand beside each other."""

    NOTICE = "notice"
    VISIBILITY = "visibility"
    FEATURE = "feature"
    ACCOUNT = "account"
    MONETARY = "monetary"


class Authority(enum.Enum):
    """Who may impose a measure, from least to most."""

    AUTOMATIC = "automatic"
    REVIEWER = "reviewer"
    SENIOR = "senior"
    EDITOR_IN_CHIEF = "editor_in_chief"

    @property
    def rank(self) -> int:
        """Position in the order: 0 for automatic."""
        return _RANKS[self]


_MOST: Final = 10**6
_RANKS: Final = {authority: rank for rank, authority in enumerate(Authority)}


def _refuse(message: str, path: str = "$") -> InputError:
    return InputError("measure", (Problem(message, path, "measure"),))


def _whole(instance: Any, attribute: attrs.Attribute[Any], value: object) -> None:
    if type(value) is not int or not 0 <= value <= _MOST:
        message = f"{attribute.name} is {value!r}; give a whole number from 0 to {_MOST}"
        raise _refuse(f"{type(instance).__name__}: {message}")


def _whole_or_none(instance: Any, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None:
        _whole(instance, attribute, value)


def _flag(instance: Any, attribute: attrs.Attribute[Any], value: object) -> None:
    if type(value) is not bool:
        raise _refuse(f"{type(instance).__name__}: {attribute.name} is {value!r}; give True or False")


def _text(instance: Any, attribute: attrs.Attribute[Any], value: object) -> None:
    if type(value) is not str or not value:
        raise _refuse(f"{type(instance).__name__}: {attribute.name} is {value!r}; give some text")


@attrs.frozen(kw_only=True)
class Procedure:
    """What the person concerned is owed when a measure is imposed.

    Attributes:
        notice: They are told, with the reason.
        right_of_reply: They are heard before it takes effect.
        appeal_days: Days in which they may appeal; 0 for none.

    Source: DSA Art. 17 (statement of reasons) and Art. 20 (six months to complain), as defaults.
    """

    notice: bool = attrs.field(default=True, validator=_flag)
    right_of_reply: bool = attrs.field(default=False, validator=_flag)
    appeal_days: int = attrs.field(default=183, validator=_whole)

    def __or__(self, other: Procedure) -> Procedure:
        """Give what both grant together."""
        return Procedure(
            notice=self.notice or other.notice,
            right_of_reply=self.right_of_reply or other.right_of_reply,
            appeal_days=max(self.appeal_days, other.appeal_days),
        )


@attrs.frozen(kw_only=True)
class Measure:
    """One measure. Hosts add their own by subclassing, with a literal ``name``.

    Attributes:
        name: How it is stored; a literal, never derived from the class.
        kind: What it touches.
        level: Severity inside the kind, from 1.
        days: Length in days; with ``hours`` both None for open-ended. 36 hours are one day and 12 hours.
        hours: Hours on top of the days.
        authority: Least authority that may impose it.
        procedure: What is owed to the person concerned.
    """

    name: ClassVar[str]
    kind: ClassVar[Kind]
    level: ClassVar[int]
    has_length: ClassVar[bool] = True

    days: int | None = attrs.field(default=None, validator=_whole_or_none)
    hours: int | None = attrs.field(default=None, validator=_whole_or_none)
    authority: Authority = Authority.AUTOMATIC
    procedure: Procedure = Procedure()

    def __attrs_post_init__(self) -> None:
        self._check_class()
        if not isinstance(self.authority, Authority):
            raise _refuse(f"{type(self).__name__}: authority is {self.authority!r}; give a member of Authority")
        if not isinstance(self.procedure, Procedure):
            raise _refuse(f"{type(self).__name__}: procedure is {self.procedure!r}; give a Procedure")
        if self.days is None and self.hours is None:
            return
        total = (self.days or 0) * 24 + (self.hours or 0)
        if not self.has_length:
            raise _refuse(f"{type(self).__name__} has no length; leave out days and hours")
        if total == 0:
            raise _refuse(f"{type(self).__name__} lasts no time; give at least one hour, or leave it open-ended")
        object.__setattr__(self, "days", total // 24)
        object.__setattr__(self, "hours", total % 24)

    def _check_class(self) -> None:
        cls = type(self)
        name, kind, level = (getattr(cls, key, None) for key in ("name", "kind", "level"))
        if type(name) is not str or not name or not isinstance(kind, Kind) or type(level) is not int or level < 1:
            given = f"name={name!r}, kind={kind!r}, level={level!r}"
            raise _refuse(f"{cls.__name__} has {given}; a measure sets a name, a Kind and a level from 1")

    @property
    def length_s(self) -> int | None:
        """Length in seconds; None for open-ended."""
        return None if self.days is None else (self.days * 24 + (self.hours or 0)) * 3600

    @property
    def target(self) -> str:
        """What exactly it touches inside its kind; measures with different targets add up."""
        return ""

    @property
    def severity(self) -> tuple[int, float]:
        """Place in the order inside its kind: the level, then the length; open-ended is longest."""
        length = self.length_s
        return (self.level, float("inf") if length is None else float(length))

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values; defaults are written out, so that a later default changes no history."""
        data: dict[str, Any] = {"measure": self.name}
        for field in attrs.fields(type(self)):
            value = getattr(self, field.name)
            if value is None:
                continue
            data[field.name] = (
                value.value
                if isinstance(value, Authority)
                else attrs.asdict(value)
                if isinstance(value, Procedure)
                else value
            )
        return data

    def __str__(self) -> str:
        words = self.name.replace("_", " ") + (f" ({self.target})" if self.target else "")
        if self.days is None:
            return words
        parts = [
            f"{count} {unit}{'s' * (count != 1)}" for count, unit in ((self.days, "day"), (self.hours, "hour")) if count
        ]
        return f"{words} for {' '.join(parts)}"


@attrs.frozen(kw_only=True)
class Warn(Measure):
    """Tell the person that a rule was broken."""

    name = "warn"
    kind = Kind.NOTICE
    level = 1
    has_length = False


@attrs.frozen(kw_only=True)
class Label(Measure):
    """Show a label with the content; different labels add up."""

    name = "label"
    kind = Kind.NOTICE
    level = 1
    label: str = attrs.field(validator=_text)

    @property
    def target(self) -> str:
        """The label."""
        return f"label:{self.label}"


@attrs.frozen(kw_only=True)
class LimitVisibility(Measure):
    """Show the content to fewer people: not recommended, not in search."""

    name = "limit_visibility"
    kind = Kind.VISIBILITY
    level = 1


@attrs.frozen(kw_only=True)
class Remove(Measure):
    """Take the content down."""

    name = "remove"
    kind = Kind.VISIBILITY
    level = 2


@attrs.frozen(kw_only=True)
class SuspendFeature(Measure):
    """Switch one feature off for the account; different features add up."""

    name = "suspend_feature"
    kind = Kind.FEATURE
    level = 1
    feature: str = attrs.field(validator=_text)

    @property
    def target(self) -> str:
        """The feature."""
        return self.feature


@attrs.frozen(kw_only=True)
class SuspendAccount(Measure):
    """Suspend the account."""

    name = "suspend_account"
    kind = Kind.ACCOUNT
    level = 1


@attrs.frozen(kw_only=True)
class Terminate(Measure):
    """Close the account for good; by default no less than a senior reviewer may."""

    name = "terminate"
    kind = Kind.ACCOUNT
    level = 2
    has_length = False
    authority: Authority = Authority.SENIOR


@attrs.frozen(kw_only=True)
class Demonetise(Measure):
    """Stop income from the content."""

    name = "demonetise"
    kind = Kind.MONETARY
    level = 1


SHIPPED: Final[tuple[type[Measure], ...]] = (
    Warn, Label, LimitVisibility, Remove, SuspendFeature, SuspendAccount, Terminate, Demonetise,
)  # fmt: skip


def join(measures: Iterable[Measure]) -> tuple[Measure, ...]:
    """Give what measures amount to together: per kind and target the most severe one.

    Of equally severe ones the result takes the highest authority and grants what any of them
    grants. The result is sorted; joining it again, or with anything it came from, gives
    itself.
    """
    strongest: dict[tuple[str, str], Measure] = {}
    for measure in measures:
        place = (measure.kind.value, measure.target)
        other = strongest.get(place)
        strongest[place] = measure if other is None else _stronger(measure, other)
    return tuple(strongest[place] for place in sorted(strongest))


def _stronger(one: Measure, other: Measure) -> Measure:
    if one.severity != other.severity:
        return max(one, other, key=lambda measure: measure.severity)
    # A tie: which class and which fields of a host come through must not depend on who came first.
    return attrs.evolve(
        max(one, other, key=_rest),
        authority=max(one.authority, other.authority, key=lambda authority: authority.rank),
        procedure=one.procedure | other.procedure,
    )


def _rest(measure: Measure) -> tuple[str, ...]:
    """Give an order among measures that are equally severe, by everything but authority and procedure."""
    rest = {key: value for key, value in measure.to_dict().items() if key not in ("authority", "procedure")}
    cls = type(measure)
    return (measure.name, json.dumps(rest, sort_keys=True, default=repr), cls.__module__, cls.__qualname__)


def from_dict(data: Any, accepted: Iterable[type[Measure]] = SHIPPED, path: str = "$") -> Measure:
    """Read a measure that `Measure.to_dict` wrote, or that a rule file states.

    Args:
        data: ``{"measure": "limit_visibility", "days": 3}``, or just ``"warn"``.
        accepted: Classes that may be named.
        path: Where the data stands, for errors.

    Raises:
        InputError: What is wrong, with the place.
    """
    known = {measure.name: measure for measure in accepted}
    body: dict[str, Any] = {"measure": data} if isinstance(data, str) else dict(data) if isinstance(data, dict) else {}
    name = body.pop("measure", None)
    if type(name) is not str or name not in known:
        raise _refuse(f"no measure {name!r}; accepted are {', '.join(sorted(known))}", path)
    fields = {field.name for field in attrs.fields(known[name])}
    strange = sorted(repr(key) for key in body.keys() - fields)
    if strange:
        raise _refuse(f"{name} has no {', '.join(strange)}; accepted are {', '.join(sorted(fields))}", path)
    try:
        if "authority" in body:
            body["authority"] = _authority(body["authority"], path)
        if "procedure" in body:
            body["procedure"] = _procedure(body["procedure"], path)
        return known[name](**body)
    except InputError as error:
        raise InputError("measure", tuple(problem._replace(path=path) for problem in error.problems)) from None
    except TypeError as error:
        raise _refuse(f"{name}: {error}", path) from None


def _authority(value: Any, path: str) -> Authority:
    known = {authority.value: authority for authority in Authority}
    if type(value) is not str or value not in known:
        raise _refuse(f"no authority {value!r}; accepted are {', '.join(known)}", path)
    return known[value]


def _procedure(value: Any, path: str) -> Procedure:
    kinds: Mapping[str, type] = {"notice": bool, "right_of_reply": bool, "appeal_days": int}
    if not isinstance(value, dict) or any(type(item) is not kinds.get(key) for key, item in value.items()):
        raise _refuse(f"procedure is {value!r}; accepted are notice, right_of_reply (true or false), appeal_days", path)
    return Procedure(**value)
