"""From agreements to a score: how many bits speak for it that a newcomer is a banned person.

What is seen of a newcomer and a ban is taken down first (`_seen`), with how rare it is; what
follows from that under some weights is worked out from these rows alone (`scored`), so a match can
be worked out again from what it recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from platgov._blacklist.canonical import KINDS
from platgov._blacklist.checks import refuse
from platgov._blacklist.exempting import is_cleared
from platgov._blacklist.match import Band, Evidence, Match, Scored
from platgov._blacklist.rarity import UNIT
from platgov._blacklist.signals import SIGNALS
from platgov._blacklist.strangers import Rarity
from platgov._blacklist.tags import kinds_of
from platgov._blacklist.weights import DAY, Weights, level_name, spelt
from platgov._canonical import digest, loads
from platgov._time import to_epoch
from platgov.errors import InputError, VerificationError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from platgov._blacklist.bans import Candidate, Candidates
    from platgov._blacklist.comparing import Agreement
    from platgov._blacklist.rarity import Population
    from platgov._blacklist.tags import Prepared

__all__ = ["judge", "replay", "scored"]

_PLACE: Final = ("ip", "device", "payment")
_OWN: Final = ("email.address", "email.untagged", "phone.number", "identity.digest")
"""Levels that show a person, not a place or a name."""
_WHOLE_NAMES: Final = ("name.folded", "name.squashed", "name.core", "name.words", "name.local")


def judge(
    query: Prepared,
    candidates: Candidates,
    *,
    weights: Weights,
    population: Population | None = None,
    at: int | dt.datetime,
) -> Match:
    """Say how much speaks for a newcomer being one of the bans that were found.

    Args:
        query: The newcomer, as it was looked up.
        candidates: What the look-up found.
        weights: What each agreement says.
        population: What the host knows of how common values are.
        at: The instant; bans that are not in force then do not count.
    """
    now = to_epoch(at)
    rarity = Rarity(population, weights, query)
    sums = _Sums(query, weights, rarity)
    found: list[Scored] = []
    # Of bans below review only the best is shown: the others are added up, and nothing is made of them.
    below: tuple[int, str, Candidate] | None = None
    exempted: list[str] = []
    for candidate in candidates.found:
        if not candidate.record.in_force(now):
            continue
        if is_cleared(query, candidate.record):
            exempted.append(candidate.record.ban_id)
            continue
        adding = sums.of(candidate)
        added = adding.added(_age(candidate, now))
        score = sum(added[0])
        if score >= weights.review:
            found.append(adding.scored(candidate.record.ban_id, _age(candidate, now), added))
        elif below is None or (-score, candidate.record.ban_id) < below[:2]:
            below = -score, candidate.record.ban_id, candidate
    found.sort(key=_order)
    if not found and below is not None:
        found.append(sums.of(below[2]).scored(below[1], _age(below[2], now)))
    return Match(
        at=now,
        policy=weights.digest,
        fingerprint=_fingerprint(query),
        list_id=query.tagger.list_id,
        best=found[0] if found else None,
        candidates=tuple(one for one in found if one.band is not Band.NONE),
        exempted=tuple(sorted(exempted)),
        truncated=candidates.truncated,
        weightless=tuple(sorted({(form.signal, form.kind, form.weightless) for form in candidates.weightless})),
        population="" if population is None else population.digest,
    )


def replay(record: bytes | str | Mapping[str, Any], weights: Weights) -> Match:
    """Work a match out again from what it recorded.

    Raises:
        InputError: It is no record of a match.
        VerificationError: It was made with other weights, or does not follow from them.
    """
    data = loads(record, subject="match") if isinstance(record, bytes | str) else record
    try:
        if data["policy"] != weights.digest:
            raise VerificationError("weights", "this match was made with other weights; give those")
        found = [_again(one, weights) for one in data["candidates"]]
        best = found[0] if found else None if data["best"] is None else _again(data["best"], weights)
        match = Match(
            at=to_epoch(_instant(data["at"])),
            policy=data["policy"],
            fingerprint=data["fingerprint"],
            list_id=data["list_id"],
            best=best,
            candidates=tuple(found),
            exempted=tuple(data["exempted"]),
            truncated=data["truncated"],
            weightless=tuple((signal, kind, why) for signal, kind, why in data["weightless"]),
            population=data["population"],
        )
        same = match.to_dict() == data
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as bad:
        if isinstance(bad, InputError):
            raise
        raise refuse("match", "", "is no record of a match", "match") from None
    if not same:
        raise VerificationError("match", "what this match records does not follow from its evidence")
    return match


def _instant(text: str) -> dt.datetime:
    import datetime as dt  # noqa: PLC0415 - only a replay reads an instant

    return dt.datetime.fromisoformat(text)


def _again(data: Mapping[str, Any], weights: Weights) -> Scored:
    rows = [
        Evidence(**{key: row[key] for key in ("signal", "agreement", "detail", "permille", "against", "rarity")})
        for row in data["evidence"]
    ]
    holds = data["holds"]
    if not (all(map(_can_be, rows)) and set(holds) <= set(SIGNALS) and sorted(set(holds)) == holds):
        raise VerificationError("match", "what this match records is nothing that a comparison can give")
    return scored(
        rows,
        weights,
        ban_id=data["ban_id"],
        age_s=data["age_s"],
        holds=tuple(holds),
        guard=data["guard"],
    )


def _can_be(row: Evidence) -> bool:
    """Whether a comparison can give a row: what does not count must not be made up either."""
    return (
        row.signal in SIGNALS
        and row.agreement in ("exact", "close", "differs", "missing")
        and type(row.permille) is int
        and 0 <= row.permille <= 1_000
        and (not row.against or row.against in SIGNALS)
    )


def _order(one: Scored) -> tuple[int, int, str]:
    return -one.band.rank, -one.score_units, one.ban_id


def _fingerprint(query: Prepared) -> str:
    version = next(iter(query.tags))
    tags = sorted(tag.hex() for _, tag in query.tags[version])
    return digest({"tags": tags, "verified": query.verified, "created_at": query.created_at})


class _Sums:
    """What each set of agreements adds, worked out once for all bans that agree in the same way."""

    def __init__(self, query: Prepared, weights: Weights, rarity: Rarity) -> None:
        self._query, self._weights, self._rarity = query, weights, rarity
        self._holds: dict[tuple[bytes, bool], tuple[str, ...]] = {}
        # By identity: the look-up gives bans that agree in the same way the same agreements, and
        # keeps them for longer than this lives. Equality would not do: it leaves out the forms.
        self._seen: dict[int, Evidence] = {}
        self._sums: dict[tuple[int, tuple[str, ...], str], _Sum] = {}

    def of(self, candidate: Candidate) -> _Sum:
        """Give the sum of a candidate."""
        query, record = self._query, candidate.record
        older = (
            query.created_at is not None
            and record.account_created_at is not None
            and query.created_at < record.account_created_at
        )
        guard = "verified" if query.verified else "older_account" if older else ""
        kinds = kinds_of(record.tags), bool(record.avatar)
        holds = self._holds.get(kinds)
        if holds is None:
            held = {KINDS[code][0] for code in kinds[0]} | ({"avatar"} if record.avatar else set())
            holds = self._holds[kinds] = tuple(sorted(held))
        key = id(candidate.agreements), holds, guard
        found = self._sums.get(key)
        if found is None:
            rows = [self._row(agreement) for agreement in candidate.agreements]
            found = self._sums[key] = _Sum(rows, self._weights, holds, guard)
        return found

    def _row(self, agreement: Agreement) -> Evidence:
        row = self._seen.get(id(agreement))
        if row is None:
            row = self._seen[id(agreement)] = _seen(agreement, self._weights, self._rarity)
        return row


def _age(candidate: Candidate, now: int) -> int:
    return max(0, now - candidate.record.starts_at)


def _seen(agreement: Agreement, weights: Weights, rarity: Rarity) -> Evidence:
    """Take down the way to agree that says most."""
    best, most = None, -1
    for way in (agreement, *agreement.also):
        name = level_name(way.signal, way.level, way.detail, way.permille)
        if name is None:
            continue
        level = weights.level(name)
        rare = rarity.together(way, level)
        units = level.worth(rare)
        if units > most:
            most = units
            best = Evidence(
                signal=way.signal,
                agreement=way.level,
                detail=way.detail,
                permille=way.permille,
                against=way.against,
                rarity=rare,
            )
    if best is None:
        return Evidence(
            signal=agreement.signal, agreement=agreement.level, detail=agreement.detail, permille=agreement.permille
        )
    return best


def scored(
    rows: Iterable[Evidence], weights: Weights, *, ban_id: str, age_s: int, holds: tuple[str, ...], guard: str
) -> Scored:
    """Work out score and band from what was seen of a newcomer and one ban.

    Args:
        rows: What was seen of each signal; units and caps are worked out here.
        weights: What each agreement says.
        ban_id: The ban.
        age_s: Seconds since it began.
        holds: Signals that are known of the banned account.
        guard: Why names and avatar do not count, or empty.
    """
    return _Sum(list(rows), weights, holds, guard).scored(ban_id, age_s)


class _Sum:
    """What some evidence adds up to, for bans of any age."""

    def __init__(self, rows: list[Evidence], weights: Weights, holds: tuple[str, ...], guard: str) -> None:
        self._rows, self._weights, self._holds, self._guard = rows, weights, holds, guard
        names = [_name(row) for row in rows]
        counted = [self._alone(row, name) for row, name in zip(rows, names, strict=True)]
        self._of_units = [of_units for of_units, _, _ in counted]
        self._units = [units for _, units, _ in counted]
        self._caps = [cap for _, _, cap in counted]
        half_lives = [
            weights.of_signal(row.signal)[1] * DAY if name else 0 for row, name in zip(rows, names, strict=True)
        ]
        self._ages = [
            (place, half_lives[place], row.signal == "phone")
            for place, row in enumerate(rows)
            if names[place] and (half_lives[place] or row.signal == "phone")
        ]
        self._groups = (
            ("place", weights.place_permille, [place for place, row in enumerate(rows) if row.signal in _PLACE]),
            ("names", weights.names_permille, [place for place, name in enumerate(names) if spelt(name)]),
        )
        self._made: dict[tuple[int, int, str], Evidence] = {}

    def added(self, age_s: int) -> tuple[list[int], list[str], list[int]]:
        """Give the units of each row, what caps them, and the units before those of a group were capped."""
        units, caps = self._units.copy(), self._caps.copy()
        for place, half_life, is_phone in self._ages:
            worn = age_s * UNIT // half_life if half_life else 0
            if units[place] and worn:
                units[place] = max(0, units[place] - worn)
                caps[place] = _also(caps[place], "age")
            if is_phone and age_s >= self._weights.recycled_days * DAY and units[place] > self._weights.recycled:
                units[place] = self._weights.recycled
                caps[place] = _also(caps[place], "recycled")
        before = units.copy()
        for why, permille, members in self._groups:
            # The largest of a group counts whole, and a share of the others.
            places = [place for place in members if units[place] > 0]
            if len(places) > 1:
                largest = max(places, key=units.__getitem__)  # the first of several
                for place in places:
                    if place != largest:
                        units[place] = units[place] * permille // 1_000
                        caps[place] = _also(caps[place], why)
        return units, caps, before

    def scored(self, ban_id: str, age_s: int, added: tuple[list[int], list[str], list[int]] | None = None) -> Scored:
        """Give score and band of one ban, with the evidence; ``added`` where that is known already."""
        units, caps, alone = self.added(age_s) if added is None else added
        rows = [self._with(place, units[place], cap) for place, cap in enumerate(caps)]
        weights, score = self._weights, sum(units)
        band = Band.MATCH if score >= weights.match else Band.REVIEW if score >= weights.review else Band.NONE
        limits: tuple[str, ...] = ()
        if band is Band.MATCH:
            before = {row.signal: held for row, held in zip(rows, alone, strict=True)}
            limits = tuple(_limits(rows, before, weights, self._holds))
        return Scored(
            ban_id=ban_id,
            band=Band.REVIEW if limits else band,
            score_units=score,
            evidence=tuple(rows),
            age_s=age_s,
            holds=self._holds,
            guard=self._guard,
            limits=limits,
        )

    def _alone(self, row: Evidence, name: str) -> tuple[int, int, str]:
        """Give what a signal adds by itself: units without and with caps, and the cap."""
        if not name:
            differs, _ = self._weights.of_signal(row.signal)
            # A value that says nothing is no better than another value: a flag never raises a score.
            known = row.agreement == "differs" or (bool(row.detail) and row.signal in self._holds)
            units = differs if known else 0
            return units, units, row.detail if row.agreement == "missing" else ""
        level = self._weights.level(name)
        worth = level.worth(level.rarity if row.rarity is None else row.rarity)
        if self._guard and (spelt(name) or row.signal == "avatar"):
            return worth, 0, self._guard
        return worth, worth, ""

    def _with(self, place: int, units: int, cap: str) -> Evidence:
        made = self._made.get((place, units, cap))
        if made is None:
            row = self._rows[place]
            made = self._made[place, units, cap] = Evidence(
                signal=row.signal,
                agreement=row.agreement,
                detail=row.detail,
                permille=row.permille,
                against=row.against,
                rarity=row.rarity,
                of_units=self._of_units[place],
                units=units,
                cap=cap,
            )
        return made


def _name(row: Evidence) -> str:
    return level_name(row.signal, row.agreement, row.detail, row.permille) or ""


def _also(cap: str, why: str) -> str:
    return f"{cap}+{why}" if cap else why


def _limits(rows: list[Evidence], before: dict[str, int], weights: Weights, holds: tuple[str, ...]) -> Iterable[str]:
    """Say what keeps strong evidence from being a match."""
    personal = False
    beside_names = 0
    for row in rows:
        name = _name(row)
        if not name:
            continue
        alone = before[row.signal]
        if not spelt(name) and row.signal != "avatar":
            beside_names += row.units
        if name in _OWN or row.signal in ("avatar", "behaviour"):
            personal |= alone >= weights.support and "recycled" not in row.cap
        elif name in _WHOLE_NAMES:
            personal |= alone >= weights.rare
    if not personal:
        yield "place_only"
    if beside_names < weights.support:
        yield "names_only"
    identity = next((row for row in rows if row.signal == "identity"), None)
    if identity is not None and "identity" in holds:
        given = identity.agreement != "missing" or bool(identity.detail)
        if given and identity.agreement != "exact":
            yield "other_identity"
