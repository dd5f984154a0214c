"""Policies of several layers, made ready for one zone and a range of time, and asked about somebody."""

from __future__ import annotations

import datetime as dt
import math
import zoneinfo
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov import codec
from platgov._canonical import digest, shown
from platgov._minors.charging import SpendCap
from platgov._minors.checks import DAY, is_name, items_of, refuse
from platgov._minors.grants import Minor
from platgov._minors.layers import View, bands_of, stretches, validity, view_of
from platgov._minors.policy import EMERGENCY, SEMANTICS, Hours, Quota, YouthPolicy
from platgov._minors.projection import Projection
from platgov._minors.regime import CALENDAR, Rule, counter_keys
from platgov._minors.usage import DEVICE, Cell, Usage, labels
from platgov._minors.verdict import Advice, Reason, Undecided, Verdict
from platgov._schedules.zones import bounded, zone
from platgov._time import FIRST, LAST, to_epoch
from platgov.errors import InputError, Problem
from platgov.schedules import DayCalendar, Periods, Schedule, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from platgov._minors.timeline import Notice, Stretch
    from platgov.schedules import Calendar

__all__ = ["Plan"]

ROLLBACK_TOLERANCE_S: Final = 120
_MOST_REMEMBERED: Final = 20_000
_NO_LABELS: Final[tuple[str, ...]] = ()
_make = tuple.__new__  # a verdict is a tuple; its own constructor takes several times as long


def _policies(value: Iterable[YouthPolicy]) -> tuple[YouthPolicy, ...]:
    found = items_of(YouthPolicy, "Plan", "policies")(value)
    problems = []
    if not found:
        problems.append(Problem("there is no policy; give at least one", "$.policies", "empty"))
    ids = [policy.id for policy in found]
    for place, policy in enumerate(found):
        if policy.id in ids[:place]:
            problems.append(Problem(f"the id {policy.id!r} is taken", f"$.policies[{place}]", "conflict"))
        if not policy.enabled:
            message = f"{policy.id} is not enabled (status: {policy.status}); whoever is responsible has to enable it"
            problems.append(Problem(message, f"$.policies[{place}]", "disabled"))
    if problems:
        raise InputError("Plan", tuple(problems))
    return tuple(sorted(found, key=lambda policy: (policy.layer.rank, policy.id)))


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

    policies: tuple[YouthPolicy, ...] = attrs.field(converter=_policies)
    tz: str
    start: int = attrs.field(converter=to_epoch)
    end: int = attrs.field(converter=to_epoch)
    calendar: Calendar | None = attrs.field(default=None, repr=False)
    features: frozenset[str] | None = attrs.field(default=None, converter=_optional_names)
    max_offline_s: int | None = None
    _rules: tuple[Rule, ...] = attrs.field(init=False, repr=False)
    _memory: dict[Any, Any] = attrs.field(init=False, factory=dict, repr=False)

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
            InputError: No policy, one that is not enabled, an id twice, no such zone, a range
                that is empty or too long, or a kind of day that the calendar does not know.
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
        object.__setattr__(self, "_rules", tuple(self._compiled()))

    def _compiled(self) -> Iterable[Rule]:
        made: dict[Any, Any] = {}
        for policy in self.policies:
            shift = policy.day_starts_at
            if shift not in made:
                made[shift] = Periods(tz=self.tz, start=self.start, end=self.end, day_starts_at=shift)
            for band, content in enumerate(policy.bands):
                for limit in content.limits:
                    windows: tuple[Window, ...] | None = None
                    bound = None
                    if isinstance(limit, Hours):
                        windows, bound = limit.windows, limit.bound
                    elif isinstance(limit, Quota) and "every_day" not in limit.days:
                        windows = (Window(start=shift, end=shift + 1440, days=limit.days),)
                    yield Rule(
                        len(made.setdefault("rules", [])),
                        policy,
                        band,
                        limit,
                        self._scheduled(windows, made),
                        self._scheduled(bound, made),
                        made[shift],
                    )
                    made["rules"].append(limit)

    def _scheduled(self, windows: tuple[Window, ...] | None, made: dict[Any, Any]) -> Schedule | None:
        if windows is None:
            return None
        if windows not in made:
            made[windows] = Schedule(
                windows=windows, tz=self.tz, start=self.start, end=self.end, calendar=self.calendar
            )
        found: Schedule = made[windows]
        return found

    def with_policies(self, *more: YouthPolicy) -> Plan:
        """Give the plan with further layers, such as a guardian's; the limits only become stricter."""
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
            found = self._memory["digest"] = digest(
                {
                    "semantics": SEMANTICS,
                    "policies": [policy.digest for policy in self.policies],
                    "tz": self.tz,
                    "range": [self.start, self.end],
                    "calendar": _calendar_plain(self.calendar),
                    "features": None if self.features is None else sorted(self.features),
                    "max_offline_s": self.max_offline_s,
                }
            )
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

    def remember(self, key: object, value: object) -> None:
        """Keep what was worked out. Answers do not depend on it."""
        if len(self._memory) > _MOST_REMEMBERED:
            self._memory.clear()
        self._memory[key] = value

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
        # The usual question, without a detour: `_decide` gives the same answer, to every question.
        try:
            if type(at) is not int:
                at = _epoch(at)
            view = minor._memo  # noqa: SLF001 - written by `_view`, which knows what it may hold
            if (
                view.plan is self
                and view.feature == feature
                and view.lo <= at
                and usage._plain_from <= at  # noqa: SLF001 - worked out once for the value
                and scope is _NO_LABELS
                and device is None
                and rating is None
            ):
                quick = view.quick[bisect_right(view.edges, at) - 1]
                if quick is not None:
                    hi, idle, allowed, reasons, limit_s, key, start, advice, basis = quick
                    if idle < view.hi:
                        counter = usage._recent if usage._recent_key is key else usage.counter(key)  # noqa: SLF001 - as before
                        spent = 0 if counter.last <= start else counter.used(start, at)
                        left = limit_s - spent
                        if left > 0:
                            change = idle
                            if active is True and allowed:
                                if at + left < hi:
                                    change = at + left
                                elif idle != hi:
                                    change = None
                            elif active is not None and active is not False and active is not True:
                                change = None
                            if change is not None:
                                return _make(
                                    Verdict, (allowed, reasons, left, change, idle, advice, at, (spent,), basis)
                                )
        except (AttributeError, TypeError, IndexError, InputError):  # no memory yet, or something that cannot be read
            pass
        return self._check(minor, usage, at, feature, scope, device, rating, active)

    def _check(  # noqa: PLR0917 - what `check` was given
        self, minor: Any, usage: Any, at: Any, feature: Any, scope: Any, device: Any, rating: Any, active: Any
    ) -> Verdict:
        if type(at) is not int:
            try:
                at = to_epoch(at)
            except InputError:
                return self._closed("bad_instant", 0)
        if type(minor) is not Minor:
            return self._closed("bad_minor", at)
        view: Any = minor._memo  # noqa: SLF001 - as in `check`
        if (
            view is None
            or view.plan is not self
            or view.feature != feature
            or rating is not None
            or device is not None
            or scope != ()
        ):
            view = self._view(minor, feature, scope, device, rating)
            if isinstance(view, str):
                return self._closed(view, at)
        if type(usage) is not Usage:
            return self._closed("bad_usage", at)
        if active is False or (active is None and not usage.sessions):
            return self._decide(view, usage, at, ())
        if active is not None and active is not True:
            return self._closed("bad_option", at)
        own = (view.tags,) if active else ()
        return self._decide(view, usage, at, (*own, *usage.live(at)) if usage.sessions else own)

    def check_many(
        self,
        pairs: Iterable[tuple[Minor, Usage]],
        *,
        at: int | dt.datetime,
        feature: str = "access",
    ) -> list[Verdict]:
        """Ask the same about many at one instant; the answers are those of `check`, in order.

        Who is in the same situation gets the same verdict, the very object: a verdict names nobody.
        """
        try:
            instant = to_epoch(at)
        except InputError:
            return [self._closed("bad_instant", 0) for _ in pairs]
        verdicts: dict[Any, dict[int, Verdict]] = {}
        lots: dict[View, Any] = {}
        found: list[Verdict] = []
        append = found.append
        lot_of = lots.get
        view: Any = None
        for minor, usage in pairs:
            try:
                view = minor._memo  # noqa: SLF001 - as in `check`
                usual = view.plan is self and view.feature == feature and usage._plain_from <= instant  # noqa: SLF001 - as in `check`
            except AttributeError:  # no memory yet, or no minor or usage at all
                usual = False
            if usual:
                lot = lot_of(view)
                if lot is None:
                    lot = lots[view] = self._lot(view, instant, verdicts)
                if lot:
                    key, start, known = lot
                    counter = usage._recent if usage._recent_key is key else usage.counter(key)  # noqa: SLF001 - as in `check`
                    if counter.last <= start:
                        spent = 0
                    elif start <= counter.first and counter.last <= instant:
                        spent = counter.total
                    else:
                        spent = counter.used(start, instant)
                    verdict = known.get(spent)
                    if verdict is not None and verdict[4] < view.hi:
                        append(verdict)
                        continue
                    verdict = self._decide(view, usage, instant, ())
                    if verdict.next_if_idle is not None and verdict.next_if_idle < view.hi:
                        known[spent] = verdict  # no edge of an era had a part in it
                    append(verdict)
                    continue
            append(self.check(minor, usage, at=instant, feature=feature))
        return found

    def _lot(self, view: View, at: int, verdicts: dict[Any, dict[int, Verdict]]) -> Any:
        """Give what distinguishes those of a view at an instant, if that is one count."""
        if not (view.simple and view.lo <= at < view.hi):
            return ()
        cell = view.regime.cell_at(at)
        if not cell.quick:
            return ()
        one = cell.metered[0]
        return one.meter.key, one.start, verdicts.setdefault(id(view.regime), {})

    def _decide(self, view: View, usage: Usage, at: int, growing: tuple[frozenset[str], ...]) -> Verdict:
        trusted = usage.trusted_at
        now = at if trusted is None or trusted <= at else trusted
        if view.lo <= now < view.hi:
            regime, era_hi = view.regime, view.hi
        elif self.start <= now < self.end:
            era = view.era_at(now)
            regime, era_hi = era.regime, era.hi
        else:
            return self._closed("outside_plan", at, view)
        cell = regime.cell_at(now)
        reasons = cell.reasons
        simple = view.simple
        remaining: int | None = None
        least = -1  # seconds until the first quota or break is reached by use
        used: tuple[int, ...] = ()
        if cell.metered:
            for one in cell.metered:
                meter = one.meter
                if simple and meter.kind == CALENDAR and len(one.spans) == 1:
                    counter = usage._counters.get(meter.key) or usage.counter(meter.key)  # noqa: SLF001 - a look at its memory first
                    spent = 0 if counter.last <= one.start else counter.used(one.start, now)
                else:
                    spent = Projection(self, view, usage, now).spent(one, now)
                used = (*used, spent)
                over = meter.limit_s - spent
                if over <= 0:
                    over = 0
                    reasons = (*reasons, Projection(self, view, usage, now).reached(one))
                if not meter.is_break and (remaining is None or over < remaining):
                    remaining = over
                if least < 0 or over < least:
                    least = over
        allowed = not reasons
        # Nothing reached and nothing used: the next change is one of the hours, unless an era ends before.
        idle: int | None = 0
        if simple and len(reasons) == len(cell.reasons):
            idle = cell.idle if cell.idle >= 0 else regime.idle(cell)
            if idle >= era_hi:
                idle = 0
        if idle == 0:
            names = cell.names.union((one.code, one.policy_id, one.limit_id) for one in reasons)
            idle = Projection(self, view, usage, now).next_change(names)
        change = idle
        if allowed and growing and regime.meters:
            reached = now + least if least >= 0 else self.end
            if simple and growing == (view.tags,) and reached < cell.hi and not cell.rolling:
                change = reached
            elif not (simple and reached >= cell.hi == idle):
                change = Projection(self, view, usage, now, growing).next_change(cell.names)
        advice = regime.advice
        if cell.advising or now != at or self.max_offline_s is not None:
            advice = (*advice, *self._advice(view, usage, at, now))
        return _make(
            Verdict,
            (allowed, reasons, remaining, change, idle, advice, at, used, regime),
        )

    def _advice(self, view: View, usage: Usage, at: int, now: int) -> Iterator[Advice]:
        if now - at > ROLLBACK_TOLERANCE_S:
            yield Advice("clock_rollback", seconds=now - at)
        if self.unconfirmed(usage, now):
            yield Advice("clock_unconfirmed", seconds=0 if usage.trusted_at is None else now - usage.trusted_at)
        projection = Projection(self, view, usage, now)
        for one in view.era_at(now).regime.cell_at(now).advising:
            over = projection.spent(one, now) - one.meter.limit_s
            if over >= 0:
                code = "break_due" if one.meter.is_break else "soft_quota"
                yield Advice(code, one.reason.policy_id, one.reason.limit_id, over)

    def _view(self, minor: Minor, feature: str, scope: Any, device: Any, rating: Any) -> View | str:
        """Give the view of somebody and something, or the code of why there is none."""
        if minor.residency_tz != self.tz:
            return "zone_mismatch"
        if rating is not None and (type(rating) is not int or rating < 0):
            return "bad_rating"
        try:
            tags = labels(feature, None) | labels(scope, device)
        except InputError:
            return "bad_feature"
        if type(feature) is not str:
            return "bad_feature"
        if self.features is not None and not tags <= self.features | EMERGENCY | _devices(tags):
            return "unknown_feature"
        key = ("view", minor.evidence, minor.grants, minor.moves, feature, tags, rating)
        view: View | None = self.remembered(key)
        if view is None:
            view = view_of(self, minor, feature, tags, rating)
            self.remember(key, view)
        if rating is None and device is None and scope == ():
            object.__setattr__(minor, "_memo", view)
        return view

    def _closed(self, code: str, at: int, view: View | None = None) -> Verdict:
        asked = () if view is None else view.asked
        if not FIRST <= at <= LAST:
            code, at = "bad_instant", 0
        return Verdict(
            allowed=False,
            reasons=(Reason(code),),
            remaining_s=None,
            next_change=None,
            next_if_idle=None,
            advice=(),
            at=at,
            used=(),
            basis=Undecided(horizon=self.end, asked=asked, digest=self.digest, tz=self.tz),
        )

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
        return self._decide(view, usage, at, growing)

    def caps(self, minor: Minor, *, at: int | dt.datetime) -> tuple[SpendCap, ...]:
        """Give the spending caps that bind somebody at an instant. All of them hold: the strictest wins.

        Where a policy wants an age and has none, one of them allows nothing in any currency.
        """
        instant = to_epoch(at)
        found: dict[SpendCap, None] = {}
        outside = not self.start <= instant < self.end
        for policy in self.policies:
            start, end = validity(policy, self)
            if not start <= instant < end and not outside:
                continue
            bands: frozenset[int] | None = None
            for lo, hi, state in () if outside else stretches(self, minor, policy.evidence_level):
                if lo <= instant < hi:
                    bands = bands_of(policy, state, instant, self.tz)
            if bands is None:
                # XXX is "no currency" in ISO 4217; a cap in another currency denies, so this one always does.
                found[SpendCap(id="age_unknown", currency="XXX", tz=self.tz, per_transaction=0)] = None
            else:
                found.update(dict.fromkeys(cap for band in sorted(bands) for cap in policy.bands[band].spend))
        return tuple(found)

    def fold(self, usage: Usage, *, at: int | dt.datetime, keep_s: int = 35 * DAY) -> Usage:
        """Fold days that closed more than ``keep_s`` before an instant into totals for each quota of this plan.

        Quotas per day, week and month count as before; one that rolls over such a day counts all
        of it. Fold in one place, after the devices have reported: what comes later about those
        days is only flagged.
        """
        edge = to_epoch(at) - max(keep_s, usage.late_s)
        if not self.start <= edge < self.end:
            return usage
        days = {policy.day_starts_at: rule.periods for policy, rule in ((rule.policy, rule) for rule in self.rules)}
        if not days:
            return usage
        until = min(periods.period("day", edge).start for periods in days.values())
        cells: dict[Cell, None] = {}
        for rule in self.rules:
            keys = counter_keys(rule.limit, (tag for lane in usage.lanes for tag in lane.tags))
            for key in keys:
                counter = usage.counter(key)
                starts = [start for start in counter.edges() if start < until]
                day = max(min(starts, default=until), self.start)
                while day < until:  # by stretches: a date that comes twice has two
                    spans = rule.periods.period("day", day).spans
                    start, end = next(span for span in spans if span[0] <= day < span[1])
                    end = min(end, until)
                    seconds = counter.used(max(start, usage.folded_until or start), end)
                    if seconds:
                        cell = Cell(
                            scope=key.scope,
                            except_for=key.except_for,
                            by_device=key.by_device,
                            start=start,
                            end=end,
                            seconds=seconds,
                        )
                        cells[cell] = None
                    day = end
        return usage.without_before(until, tuple(cells))


def _epoch(at: Any) -> int:
    """Give what `to_epoch` gives, in half the time for the usual zones; these always know their offset.

    Exact where it matters: up to the year 2200 a float tells microseconds apart.
    """
    if isinstance(at, dt.datetime) and isinstance(at.tzinfo, zoneinfo.ZoneInfo | dt.timezone):
        return math.floor(dt.datetime.timestamp(at))
    return to_epoch(at)


def _devices(tags: frozenset[str]) -> frozenset[str]:
    return frozenset(tag for tag in tags if tag.startswith(DEVICE))


def _calendar_plain(calendar: Calendar | None) -> Any:
    if calendar is None:
        return None
    if isinstance(calendar, DayCalendar):
        return codec.write(calendar)
    known = [None if day is None else day.isoformat() for day in (calendar.known_from, calendar.known_through)]
    return {"id": calendar.id, "names": sorted(calendar.names), "weekend": sorted(calendar.weekend), "known": known}
