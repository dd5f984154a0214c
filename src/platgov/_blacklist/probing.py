"""Who tries out how far they get? Near misses counted by device and net; no answer ever changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

import attrs

from platgov._blacklist import lifetables as tables
from platgov._blacklist import schema
from platgov._blacklist.banlist import BanList
from platgov._blacklist.canonical import KINDS
from platgov._blacklist.checks import refuse
from platgov._blacklist.match import Band, Match
from platgov._blacklist.rarity import UNIT
from platgov._time import to_epoch

if TYPE_CHECKING:
    import datetime as dt

    from platgov._blacklist.signals import Signals
    from platgov._blacklist.tags import Prepared

__all__ = ["Friction", "ProbeGuard", "ProbePolicy", "Tally"]

_PURPOSE: Final = "probe"
_PARTS: Final = 12
"""Buckets of one window: what happened leaves the window one twelfth at a time."""
_SOURCES: Final = frozenset({("device", "id"), ("ip", "net")})


def _steps(value: Any) -> tuple[int, ...]:
    if not isinstance(value, tuple | list) or not value or any(type(step) is not int or step < 1 for step in value):
        raise refuse("ProbePolicy", "steps", "give numbers of near misses, whole and from 1", "type")
    found = tuple(value)
    if list(found) != sorted(set(found)):
        raise refuse("ProbePolicy", "steps", "give numbers that rise", "order")
    return found


def _whole(_: Any, attribute: attrs.Attribute[Any], value: object) -> None:
    low, high = {"window_s": (_PARTS, 366 * 86_400), "near_bits": (0, 64), "most_rows": (16, 10_000_000)}[
        attribute.name
    ]
    if type(value) is not int or not low <= value <= high:
        raise refuse("ProbePolicy", attribute.name, f"give a whole number from {low} to {high}", "range")


@attrs.frozen(kw_only=True)
class ProbePolicy:
    """From how many near misses on a sign-up is made harder, whatever its answer is.

    Attributes:
        window_s: Seconds that are looked back.
        steps: Near misses at which friction rises by one level.
        near_bits: From how many bits on a sign-up without consequence is a near miss.
        most_rows: How many rows are kept; past it those with the fewest misses go first.
    """

    window_s: int = attrs.field(default=86_400, validator=_whole)
    steps: tuple[int, ...] = attrs.field(default=(5, 20, 100), converter=_steps)
    near_bits: int = attrs.field(default=8, validator=_whole)
    most_rows: int = attrs.field(default=100_000, validator=_whole)

    @property
    def bucket_s(self) -> int:
        """Seconds of one bucket."""
        return self.window_s // _PARTS

    def is_near(self, match: Match) -> bool:
        """Whether a sign-up came near a ban."""
        if not isinstance(match, Match):
            raise refuse("ProbeGuard", "match", f"is a {type(match).__name__}; give a Match", "type")
        near = match.best is not None and match.best.score_units >= self.near_bits * UNIT
        return match.band is not Band.NONE or near


@attrs.frozen(kw_only=True)
class Friction:
    """How much harder a sign-up is to be made: a captcha, a wait, a proof of the phone.

    Attributes:
        level: 0 for not at all; one more for each step that was reached.
        misses: Near misses of the device or net with the most of them.
        until: From when the level is lower if nothing else happens; None at level 0.
    """

    level: int
    misses: int
    until: int | None = None


@attrs.frozen(kw_only=True)
class Tally:
    """Near misses of one source, as buckets of time.

    Attributes:
        buckets: Number of a bucket and how many fell into it, in order.
    """

    buckets: tuple[tuple[int, int], ...] = ()

    def add(self, policy: ProbePolicy, at: int, times: int = 1) -> Self:
        """Count near misses; what left the window is dropped."""
        now = at // policy.bucket_s
        counts = dict(self.buckets)
        counts[now] = counts.get(now, 0) + times
        kept = sorted((bucket, count) for bucket, count in counts.items() if bucket > now - _PARTS)
        return attrs.evolve(self, buckets=tuple(kept))

    def __add__(self, other: Tally) -> Tally:
        counts = dict(self.buckets)
        for bucket, count in other.buckets:
            counts[bucket] = counts.get(bucket, 0) + count
        return Tally(buckets=tuple(sorted(counts.items())))

    def friction(self, policy: ProbePolicy, at: int) -> Friction:
        """Give the friction at an instant."""
        now = at // policy.bucket_s
        live = [(bucket, count) for bucket, count in self.buckets if now - _PARTS < bucket <= now]
        misses = sum(count for _, count in live)
        level = sum(misses >= step for step in policy.steps)
        left = misses
        for bucket, count in live:
            left -= count
            if level and left < policy.steps[level - 1]:
                return Friction(level=level, misses=misses, until=(bucket + _PARTS) * policy.bucket_s)
        return Friction(level=0, misses=misses)


class ProbeGuard:
    """Counts near misses beside a list, as keyed tags of devices and nets that tags of bans never meet.

    It is told of a match and gives none: answers are the same with and without it.
    """

    def __init__(self, bans: BanList, policy: ProbePolicy | None = None) -> None:
        """Count in the store of a list."""
        if not isinstance(bans, BanList):
            raise refuse("ProbeGuard", "bans", f"is a {type(bans).__name__}; give a Blacklist", "type")
        self.policy = ProbePolicy() if policy is None else policy
        if not isinstance(self.policy, ProbePolicy):
            raise refuse("ProbeGuard", "policy", f"is a {type(policy).__name__}; give a ProbePolicy", "type")
        self._life = bans._life  # noqa: SLF001 - of one family

    def friction(self, signals: Signals, *, at: int | dt.datetime) -> Friction:
        """Give the friction for a sign-up, before or after it was matched."""
        return self._read(self._life.prepare(signals), to_epoch(at))

    def saw(self, signals: Signals, match: Match, *, at: int | dt.datetime) -> Friction:
        """Count a sign-up if it came near a ban; give the friction from now on.

        Args:
            signals: Of the sign-up. Only keyed tags of devices and nets that have weight are kept.
            match: What `Blacklist.match` said.
            at: When.
        """
        now = to_epoch(at)
        query = self._life.prepare(signals)
        if self.policy.is_near(match):
            self._count(query, now)
        return self._read(query, now)

    def forget(self, *, at: int | dt.datetime) -> int:
        """Drop what left the window; say how many rows."""
        first = to_epoch(at) // self.policy.bucket_s - _PARTS + 1
        with self._life.changing() as session:
            return session.run(tables.FORGET_PROBES, (self._life.number, first))

    def _count(self, query: Prepared, now: int) -> None:
        number, bucket = self._life.number, now // self.policy.bucket_s
        sources = self._sources(query, self._life.keys.current)
        if not sources:
            return
        with self._life.changing() as session:
            session.run(schema.NEXT, (0,))
            session.run(tables.FORGET_PROBES, (number, bucket - _PARTS + 1))
            for source in sources:
                session.run(tables.COUNT_PROBE, (number, source, bucket))
            (held,) = session.rows(tables.HOW_MANY_PROBES, (number,))[0]
            if held > self.policy.most_rows:
                # An eighth at once, so that it is not done for each row that comes.
                most = held - self.policy.most_rows + self.policy.most_rows // 8
                gone = session.rows(tables.LEAST_PROBES, (number, most))
                session.many(tables.DROP_PROBE, [(number, bytes(source), place) for source, place in gone])

    def _read(self, query: Prepared, now: int) -> Friction:
        by_version = [self._sources(query, version) for version in query.tags]
        best = Friction(level=0, misses=0)
        with self._life.store.read() as session:
            # One source has a tag under each version of the key, in the same place.
            for tags in zip(*by_version, strict=True):
                tally = Tally()
                for tag in tags:
                    rows = session.rows(tables.PROBES, (self._life.number, tag))
                    tally += Tally(buckets=tuple((bucket, count) for bucket, count in rows))
                found = tally.friction(self.policy, now)
                best = max(best, found, key=lambda one: (one.level, one.misses, one.until or 0))
        return best

    def _sources(self, query: Prepared, version: int) -> list[bytes]:
        kept = [tag for tag in query.tags[version] if KINDS[tag[0]] in _SOURCES]
        return [self._life.trace(tag, _PURPOSE, version) for _, tag in kept]
