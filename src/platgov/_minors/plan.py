"""Policies of several layers, made ready for one zone and a range of time, and asked about somebody."""

from __future__ import annotations

import datetime as dt
import math
import zoneinfo
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._canonical import digest, shown
from platgov._minors.answers import closed, decide
from platgov._minors.checks import DAY, is_name, refuse
from platgov._minors.compiled import calendar_as_plain, policies_of, rules_of
from platgov._minors.folding import fold
from platgov._minors.grants import Minor
from platgov._minors.layers import view_of
from platgov._minors.many import check_many
from platgov._minors.memory import Memory
from platgov._minors.policy import EMERGENCY, SEMANTICS, YouthPolicy
from platgov._minors.purse import caps_of
from platgov._minors.recorded import devices_in, labels
from platgov._minors.usage import Usage
from platgov._minors.verdict import Verdict
from platgov._schedules.zones import bounded, dates_reached, zone
from platgov._time import to_epoch
from platgov.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from platgov._minors.charging import SpendCap
    from platgov._minors.eras import View
    from platgov._minors.meters import Rule
    from platgov._minors.timeline import Notice, Stretch
    from platgov._minors.verdict import Reason
    from platgov.schedules import Calendar

__all__ = ["Plan"]

_NO_LABELS: Final[tuple[str, ...]] = ()
_make = tuple.__new__  # a verdict is a tuple; its own constructor takes several times as long


def _optional_names(value: Iterable[str] | None) -> frozenset[str] | None:
    if value is None:
        return None
    if isinstance(value, list | tuple | set | frozenset) and all(map(is_name, value)):
        return frozenset(value)
    raise refuse("Plan", f"features is {shown(value)}; give a list of names, or None", path="$.features", code="type")


@attrs.frozen(kw_only=True, eq=False)
class Plan:
    """Policies compiled for one zone and a range of time.

    It is compiled once for everyone in the zone; what it works out about somebody's ages and
    grants it keeps, as memory of its answers and nothing more.

    Attributes:
        policies: Strongest layer first. The strictest limit wins, whichever layer it is from.
        tz: IANA name of the zone of residence.
        start: First instant that can be asked about.
        end: First instant after them, the horizon.
        calendar: Who knows what kind of day a date is.
        features: The features there are; asking about another one is refused. None for any.
        max_offline_s: How far past `Usage.trusted_at` an instant may lie before it gives no new
            period of a quota. None where the host vouches for every instant it asks about.
    """

    policies: tuple[YouthPolicy, ...] = attrs.field(converter=policies_of)
    tz: str
    start: int = attrs.field(converter=to_epoch)
    end: int = attrs.field(converter=to_epoch)
    calendar: Calendar | None = attrs.field(default=None, repr=False)
    features: frozenset[str] | None = attrs.field(default=None, converter=_optional_names)
    max_offline_s: int | None = None
    _rules: tuple[Rule, ...] = attrs.field(init=False, repr=False)
    _dates: tuple[tuple[dt.date, ...], tuple[int, ...]] = attrs.field(init=False, repr=False)
    _memory: Memory = attrs.field(init=False, factory=Memory, repr=False)

    @classmethod
    def of(
        cls,
        policies: Iterable[YouthPolicy],
        *,
        tz: str,
        start: int | dt.datetime,
        end: int | dt.datetime,
        calendar: Calendar | None = None,
        features: Iterable[str] | None = None,
        max_offline_s: int | None = None,
    ) -> Plan:
        """Compile policies; some milliseconds for a year.

        Raises:
            InputError: No policy, one that is not enabled, an id twice, one that declares open
                what a stronger layer limits by name (``loosens``), no such zone, a range that is
                empty or too long, or a kind of day that the calendar does not know.
        """
        given: Any = (tuple(policies) if not isinstance(policies, YouthPolicy) else (policies,), start, end, features)
        return cls(
            policies=given[0],
            tz=tz,
            start=given[1],
            end=given[2],
            calendar=calendar,
            features=given[3],
            max_offline_s=max_offline_s,
        )

    def __attrs_post_init__(self) -> None:
        zone(self.tz)
        bounded(self.start, self.end, "Plan")
        if self.max_offline_s is not None and (type(self.max_offline_s) is not int or self.max_offline_s < 0):
            message = f"max_offline_s is {shown(self.max_offline_s)}; give whole seconds from 0, or None"
            raise refuse("Plan", message, path="$.max_offline_s", code="type")
        # From before the start: a clock that goes back there loses nobody a birthday.
        object.__setattr__(self, "_dates", dates_reached(self.tz, self.start - 3 * DAY, self.end))
        object.__setattr__(self, "_rules", rules_of(self))

    def with_policies(self, *more: YouthPolicy) -> Plan:
        """Give the plan with further layers, such as a guardian's.

        Limits only become stricter; a stronger layer may also keep features open, as `YouthPolicy.emergency` says.
        """
        return Plan.of(
            (*self.policies, *more),
            tz=self.tz,
            start=self.start,
            end=self.end,
            calendar=self.calendar,
            features=self.features,
            max_offline_s=self.max_offline_s,
        )

    @property
    def digest(self) -> str:
        """Content address of everything that answers follow from."""
        found: str | None = self._memory.get("digest")
        if found is None:
            found = digest(
                {
                    "semantics": SEMANTICS,
                    "policies": [policy.digest for policy in self.policies],
                    "tz": self.tz,
                    "range": [self.start, self.end],
                    "calendar": calendar_as_plain(self.calendar),
                    "features": None if self.features is None else sorted(self.features),
                    "max_offline_s": self.max_offline_s,
                }
            )
            self._memory.keep("digest", found)
        return found

    def own_digest(self) -> str:
        """Give `digest`; what verdicts keep, so that only who asks for it pays for it."""
        return self.digest

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The limits with what was compiled for them."""
        return self._rules

    def remembered(self, key: object) -> Any:
        """Give what was worked out before, None if nothing was."""
        return self._memory.get(key)

    def remember(self, key: object, value: object, weight: int = 1) -> None:
        """Keep what was worked out; see `Memory` for weights. Answers do not depend on it."""
        self._memory.keep(key, value, weight)

    def reached(self, day: dt.date) -> int:
        """Give the first instant at which a local date has been reached; the end where that is later, and
        an instant before the start where that is earlier.
        """
        dates, instants = self._dates
        place = bisect_left(dates, day)
        return instants[place] if place < len(dates) else self.end

    def latest_date(self, at: int) -> dt.date:
        """Give the latest local date that has been reached at an instant of the plan."""
        dates, instants = self._dates
        return dates[bisect_right(instants, at) - 1]

    def doubtful_from(self, usage: Usage) -> int | None:
        """Give from when on nobody vouches for the clock; None where the host always does."""
        if self.max_offline_s is None or usage.trusted_at is None:
            return None
        return usage.trusted_at + self.max_offline_s + 1

    def unconfirmed(self, usage: Usage, at: int) -> bool:
        """Whether an instant is one that nobody vouches for: then it brings no new period of a quota."""
        if self.max_offline_s is None:
            return False
        return usage.trusted_at is None or at > usage.trusted_at + self.max_offline_s

    def check(
        self,
        minor: Minor,
        usage: Usage,
        *,
        at: int | dt.datetime,
        feature: str = "access",
        scope: str | Iterable[str] = _NO_LABELS,
        device: str | None = None,
        rating: int | None = None,
        active: bool | None = None,
    ) -> Verdict:
        """Say whether somebody may use something at an instant, why not, and until when that holds.

        It never raises: what is missing or cannot be read ends in no, with a code that says so.

        Args:
            minor: Who.
            usage: What was used so far.
            at: The instant that the host takes it to be: int, or any aware datetime.
            feature: What is asked about.
            scope: More labels of it, such as ``service:acme``.
            device: On which device.
            rating: Its content rating, as an age; None where no piece of content is concerned.
                What nobody has rated the host gives as its own highest number.
            active: Whether it is in use from now on; by default what the sessions of ``usage`` say.
        """
        # The usual question, without a detour: `_check` gives the same answer, to every question.
        try:
            if type(at) is not int:
                at = _epoch(at)
            era = minor._memo  # noqa: SLF001 - written by `_check`, which knows what it may hold
            if (
                era.plan is self
                and (feature is era.feature or (type(feature) is str and feature == era.feature))
                and scope is _NO_LABELS
                and device is None
                and rating is None
            ):
                cell = era.table[at >> era.shift]
                while at >= cell.hi:
                    cell = cell.following
                if active is True and usage._last <= cell.unspent and usage._plain_from <= at:  # noqa: SLF001 - as there
                    # `Era.told` of most that is asked, without the call.
                    change = at + cell.least if at < cell.reached else cell.idle
                    regime, left, idle = era.regime, cell.left, cell.idle
                    told = (cell.allowed, cell.reasons, left, change, idle, regime.advice, at, cell.zeros, regime)
                    return _make(Verdict, told)
                found: Verdict | None = era.told(usage, at, active)
                if found is not None:
                    return found
        except (AttributeError, TypeError, KeyError, InputError):  # nothing known yet, or nothing that can be read
            pass
        return self._check(minor, usage, at, feature, scope, device, rating, active)

    def _check(  # noqa: PLR0917 - what `check` was given
        self, minor: Any, usage: Any, at: Any, feature: Any, scope: Any, device: Any, rating: Any, active: Any
    ) -> Verdict:
        if type(at) is not int:
            try:
                at = to_epoch(at)
            except InputError:
                return closed(self, "bad_instant", 0)
        if type(minor) is not Minor:
            return closed(self, "bad_minor", at)
        view = self._view(minor, feature, scope, device, rating)
        if isinstance(view, str):
            return closed(self, view, at)
        if type(usage) is not Usage:
            return closed(self, "bad_usage", at)
        if active is not None and type(active) is not bool:
            return closed(self, "bad_option", at)
        if self.start <= at < self.end:
            era = view.era_at(at)
            known = len(era.table)
            era.learn(at)
            if len(era.table) > known:
                self._memory.grew(len(era.table) - known)
            if rating is None and device is None and scope == _NO_LABELS:
                object.__setattr__(minor, "_memo", era)
            found = era.told(usage, at, active) if at >> era.shift in era.table else None
            if found is not None:
                return found
        going = usage.live(at) if active is not False else ()
        return decide(self, view, usage, at, (view.tags, *going) if active else going)

    def check_many(
        self,
        pairs: Iterable[tuple[Minor, Usage]],
        *,
        at: int | dt.datetime,
        feature: str = "access",
    ) -> list[Verdict]:
        """Ask the same about many at one instant; the answers are those of `check`, in order.

        Who is in the same situation gets the same verdict, the very object: a verdict names nobody.
        What is no pair is answered as `check` answers a minor that is none.

        Raises:
            InputError: ``pairs`` is no list, nor anything else to go through.
        """
        if not hasattr(pairs, "__iter__"):
            raise refuse("Plan", f"pairs is {shown(pairs)}; give pairs of a Minor and a Usage", code="type")
        try:
            instant = to_epoch(at)
        except InputError:
            return [closed(self, "bad_instant", 0) for _ in pairs]
        return check_many(self, pairs, instant, feature)

    def _view(self, minor: Minor, feature: Any, scope: Any, device: Any, rating: Any) -> View | str:
        """Give the view of somebody and something, or the code of why there is none."""
        if minor.residency_tz != self.tz:
            return "zone_mismatch"
        if rating is not None and (type(rating) is not int or rating < 0):
            return "bad_rating"
        tags = self._tags(feature, scope, device)
        if isinstance(tags, str):
            return tags
        who = minor._key if minor._key is not None else (minor.evidence, minor.grants, minor.moves)  # noqa: SLF001 - what the plan knows somebody by
        key = ("view", who, feature, tags, rating)
        view: View | None = self.remembered(key)
        if view is None:
            view = view_of(self, minor, feature, tags, rating)
            self.remember(key, view, 1 + len(view.eras))
        return view

    def _tags(self, feature: Any, scope: Any, device: Any) -> frozenset[str] | str:
        """Give the labels that are asked about, or the code of why they cannot be."""
        if type(feature) is not str:
            return "bad_feature"
        plain = (type(scope) is str or (type(scope) is tuple and not scope)) and (device is None or type(device) is str)
        key = ("tags", feature, scope, device)
        found: frozenset[str] | None = self.remembered(key) if plain else None
        if found is not None:
            return found
        try:
            tags = labels(feature, None) | labels(scope, device)
        except InputError:
            return "bad_feature"
        if self.features is not None and not tags <= self.features.union(EMERGENCY, devices_in(tags)):
            return "unknown_feature"
        if plain:
            self.remember(key, tags)
        return tags

    def timeline(
        self,
        start: int | dt.datetime,
        end: int | dt.datetime,
        *,
        minor: Minor | None = None,
        usage: Usage | None = None,
        feature: str = "access",
        scope: str | Iterable[str] = (),
    ) -> tuple[Stretch, ...]:
        """Give when something is allowed and when not, with the reasons; see `Stretch`.

        What ``usage`` records in the range counts as it was used; after it, nothing is used.
        Without a minor it is that of somebody of whom nothing is known.

        Raises:
            InputError: The range is empty or leaves the plan, or something else cannot be read.
        """
        from platgov._minors.timeline import timeline  # noqa: PLC0415 - it asks plans, and plans offer it

        return timeline(self, start, end, minor=minor, usage=usage, feature=feature, scope=scope)

    def warnings_between(
        self,
        start: int | dt.datetime,
        end: int | dt.datetime,
        *,
        minor: Minor,
        usage: Usage,
        feature: str = "access",
        scope: str | Iterable[str] = (),
        warn_s: Iterable[int] | None = None,
    ) -> tuple[Notice, ...]:
        """Give the warnings that came due in (start, end] while something was used; see `Notice`.

        Raises:
            InputError: The range is empty or leaves the plan, or something else cannot be read.
        """
        from platgov._minors.timeline import warnings_between  # noqa: PLC0415 - it asks plans, and plans offer it

        return warnings_between(self, start, end, minor=minor, usage=usage, feature=feature, scope=scope, warn_s=warn_s)

    def view(self, minor: Minor, feature: str = "access", scope: str | Iterable[str] = ()) -> View:
        """Give what is worked out about somebody and something.

        Raises:
            InputError: The minor or the feature cannot be read, or lives in another zone.
        """
        found = self._view(minor, feature, scope, None, None) if type(minor) is Minor else "bad_minor"
        if isinstance(found, str):
            raise refuse("Plan", f"cannot answer about {shown(minor)} and {shown(feature)}: {found}", code=found)
        return found

    def ask(self, view: View, usage: Usage, at: int, growing: tuple[frozenset[str], ...] = ()) -> Verdict:
        """Give the verdict of a view; what `check` does once it knows who and what."""
        return decide(self, view, usage, at, growing)

    def caps(self, minor: Minor, *, at: int | dt.datetime) -> tuple[SpendCap | Reason, ...]:
        """Give what binds somebody's spending at an instant, strongest layer first; the strictest wins.

        Each cap says which policy and layer it is from. A `Reason` among them refuses all
        spending: ``age_unknown`` where a policy wants an age and has none; ``outside_plan``,
        ``zone_mismatch`` or ``bad_minor`` where nothing could be decided.

        Raises:
            InputError: The instant cannot be read.
        """
        return caps_of(self, minor, to_epoch(at))

    def fold(self, usage: Usage, *, at: int | dt.datetime, keep_s: int = 35 * DAY) -> Usage:
        """Fold days that closed more than ``keep_s`` before an instant into totals for each quota of this plan.

        Quotas per day, week and month count as before; one that rolls over such a day counts all
        of it. Fold in one place, after the devices have reported: what comes later about those
        days is only flagged.
        """
        return fold(self, usage, to_epoch(at) - max(keep_s, usage.late_s))


def _epoch(at: Any) -> int:
    """Give what `to_epoch` gives, in half the time for the usual zones; these always know their offset.

    Exact where it matters: up to the year 2200 a float tells microseconds apart.
    """
    if isinstance(at, dt.datetime) and isinstance(at.tzinfo, zoneinfo.ZoneInfo | dt.timezone):
        return math.floor(dt.datetime.timestamp(at))
    return to_epoch(at)
