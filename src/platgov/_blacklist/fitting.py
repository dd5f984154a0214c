"""Weights from pairs that a host has, and bands from what people said of them."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._blacklist.bans import Candidate, Candidates
from platgov._blacklist.canonical import Canon
from platgov._blacklist.checks import refuse
from platgov._blacklist.comparing import compare
from platgov._blacklist.estimate import MISSING, em, logistic, threshold
from platgov._blacklist.evidence import judge
from platgov._blacklist.keys import KeyRing
from platgov._blacklist.rarity import UNIT
from platgov._blacklist.signals import Signals
from platgov._blacklist.tags import Stored, Tagger, pack
from platgov._blacklist.weights import ORDERS, Level, Weights, level_name, spelt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from platgov._blacklist.match import Evidence, Scored
    from platgov._blacklist.rarity import Population

__all__ = ["calibrated", "fitted", "observed"]

_FEWEST_PAIRS: Final = 500
_FEWEST_LABELS: Final = 50
_NONCE: Final = b"\0" * 8
# Values of people go in and nothing comes out but numbers: this key protects nothing.
_KEYS: Final = KeyRing.single(b"only ever used in memory, for fitting")

# Each is one field of a pattern: its levels from the weakest on. Spellings are taken together, as
# how rare they are says more than how they agree.
_FIELDS: Final = {
    "names": (("name.end", "name.end_most", "name.ends", "name.edits", "name.edit", "name.cut"),
              ("name.inside", "name.words", "name.turned", "name.local", "name.core", "email.local", "email.name"),
              ("name.squashed", "name.folded")),
    "email": (("email.untagged",), ("email.address",)),
    "phone": (("phone.number",),),
    "device": (("device.id",),),
    "ip": (("ip.net",), ("ip.address",)),
    "payment": (("payment.id",),),
    "avatar": (("avatar.near",), ("avatar.same",)),
    "identity": (("identity.digest",),),
    "behaviour": (("behaviour.some",), ("behaviour.most",)),
}  # fmt: skip
_FIELD_OF: Final = {name: (field, place) for field, levels in _FIELDS.items() for place, names in enumerate(levels, 1)
                    for name in names}  # fmt: skip


def observed(
    pairs: Sequence[tuple[Signals, Signals]],
    *,
    canon: Canon | None = None,
    population: Population | None = None,
    weights: Weights,
) -> list[Scored]:
    """Score pairs of a banned account and a newcomer, without a store and as of the day of the ban."""
    tagger = Tagger(_KEYS, "fit", Canon() if canon is None else canon)
    found = []
    pair: Any
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2 or not all(isinstance(one, Signals) for one in pair):
            raise refuse("Weights", "pairs", "give pairs of Signals: of the ban, and of the newcomer", "type")
        banned, query = tagger.prepare(pair[0]), tagger.prepare(pair[1])
        tags, sketches, avatar = pack(banned, 1, _NONCE)
        record = Stored(
            ban_id="one", list_id="fit", number=1, starts_at=0, ends_at=None, lifted_at=None,
            account_created_at=None, verified=None, note=b"", nonce=_NONCE, tags=tags, sketches=sketches, avatar=avatar,
        )  # fmt: skip
        candidate = Candidate(record=record, agreements=compare(query, record))
        match = judge(
            query,
            Candidates(found=(candidate,), truncated=False, weightless=()),
            weights=weights,
            population=population,
            at=0,
        )
        if match.best is not None:
            found.append(match.best)
    return found


def fitted(
    pairs: Sequence[tuple[Signals, Signals]],
    labels: Sequence[bool] | None,
    *,
    canon: Canon | None,
    population: Population | None,
    base: Weights,
) -> Weights:
    """Learn weights; see `Weights.fit`."""
    if not isinstance(base, Weights):
        raise refuse("Weights", "base", f"is a {type(base).__name__}; give Weights", "type")
    if labels is not None:
        _labelled(pairs, labels)
    scored = observed(pairs, canon=canon, population=population, weights=base)
    return _by_em(scored, base) if labels is None else _by_labels(scored, labels, base)


def _labelled(rows: Sequence[Any], labels: Sequence[bool]) -> None:
    for field, given in (("scores", rows), ("labels", labels)):
        if not isinstance(given, list | tuple):
            raise refuse("Weights", field, f"is a {type(given).__name__}; give a list", "type")
    if len(rows) != len(labels) or any(type(label) is not bool for label in labels):
        raise refuse("Weights", "labels", "give True or False for each pair", "type")
    right = sum(labels)
    if min(right, len(labels) - right) < _FEWEST_LABELS:
        message = f"are {right} of one person and {len(labels) - right} of two; give {_FEWEST_LABELS} of each at least"
        raise refuse("Weights", "labels", message, "too_few")


# -- without labels ----------------------------------------------------------------------------


def _by_em(scored: Sequence[Scored], base: Weights) -> Weights:
    if len(scored) < _FEWEST_PAIRS:
        raise refuse("Weights", "pairs", f"are {len(scored)}; give {_FEWEST_PAIRS} at least", "too_few")
    patterns = Counter(_pattern(one.evidence) for one in scored)
    fields = [
        place for place, _ in enumerate(_FIELDS) if any(pattern[place] not in (MISSING, 0) for pattern in patterns)
    ]
    if len(fields) < 2:
        raise refuse("Weights", "pairs", "agree in one kind of signal at most: nothing can be told apart", "too_few")
    sizes = [len(tuple(_FIELDS.values())[place]) + 1 for place in fields]
    counts: Counter[tuple[int, ...]] = Counter()
    for pattern, count in patterns.items():
        counts[tuple(pattern[place] for place in fields)] += count
    estimate = em(counts, sizes, rounds=2_000)
    same = estimate.prevalence * len(scored)
    if not estimate.converged or same < _FEWEST_LABELS or len(scored) - same < _FEWEST_LABELS:
        message = "do not fall into those of one person and those of two; give more of them, or labels"
        raise refuse("Weights", "pairs", message, "too_few")
    shift: dict[str, int] = {}
    names = tuple(_FIELDS)
    for place, m in zip(fields, estimate.m, strict=True):
        before = _shares(names[place], base)
        for level, group in enumerate(_FIELDS[names[place]], 1):
            for name in group:
                # Chance stays what it was; only how often one person agrees so is learned.
                shift[name] = round(UNIT * (math.log2(m[level]) - before[level]))
    return attrs.evolve(base, levels=_repaired([_moved(level, shift) for level in base.levels]))


def _shares(field: str, base: Weights) -> dict[int, float]:
    """Give, for each level of a field, log2 of how often one person agrees so by ``base``."""
    found = {}
    for place, group in enumerate(_FIELDS[field], 1):
        levels = [base.level(name) for name in group]
        # The costs of spellings hold more than m; what is learned moves all of a group alike.
        found[place] = (
            math.log2(_PRIOR[place - 1])
            if field == "names"
            else sum(level.units - level.rarity for level in levels) / (UNIT * len(levels))
        )
    return found


_PRIOR: Final = (0.2, 0.2, 0.25)
"""How often names of one person agree in each of three groups, by the simulation of the defaults."""


def _moved(level: Level, shift: dict[str, int]) -> Level:
    return attrs.evolve(level, units=level.units + shift.get(level.name, 0))


def _pattern(rows: Sequence[Evidence]) -> tuple[int, ...]:
    found: dict[str, int] = {}
    for row in rows:
        name = level_name(row.signal, row.agreement, row.detail, row.permille)
        field, place = _FIELD_OF[name] if name else (_field(row.signal), 0 if row.agreement == "differs" else MISSING)
        found[field] = max(found.get(field, MISSING), place)
        if name and spelt(name) and row.signal == "email":
            found.setdefault("email", 0)
    return tuple(found.get(field, MISSING) for field in _FIELDS)


def _field(signal: str) -> str:
    return "names" if signal in ("handle", "display_name") else signal


def _repaired(levels: list[Level]) -> tuple[Level, ...]:
    """See that no weaker agreement adds more than a stronger one: it then adds as much."""
    by_name = {level.name: level for level in levels}
    for _ in range(len(levels)):
        changed = False
        for more, less in ORDERS:
            one, other = by_name[more], by_name[less]
            over = other.worth(other.rarity) - one.worth(one.rarity)
            if over > 0:
                changed = True
                by_name[less] = attrs.evolve(other, units=other.units - over)
        if not changed:
            break
    return tuple(by_name[level.name] for level in levels)


# -- with labels -------------------------------------------------------------------------------


def _by_labels(scored: Sequence[Scored], labels: Sequence[bool], base: Weights) -> Weights:
    fields = tuple(_FIELDS)
    rows = [_bits(one.evidence) for one in scored]
    _, *slopes = logistic(rows, labels)
    seen = [sum(1 for row in rows if row[place]) for place in range(len(fields))]
    known = [s for s, count in zip(slopes, seen, strict=True) if count >= _FEWEST_LABELS]
    if not known or max(known) <= 0:
        raise refuse("Weights", "labels", "have nothing to do with what agrees; look at what they mean", "labels")
    # A kind of signal that hardly occurs counts as the others do on average.
    usual = sum(known) / len(known)
    scale = {
        field: max(0, round(1_000 * (slope if count >= _FEWEST_LABELS else usual) / math.log(2)))
        for field, slope, count in zip(fields, slopes, seen, strict=True)
    }
    levels = tuple(
        attrs.evolve(level, permille=min(10_000, level.permille * scale[_FIELD_OF[level.name][0]] // 1_000))
        for level in base.levels
    )
    learned = attrs.evolve(base, levels=levels)
    again = [_rescored(one, learned) for one in scored]
    return calibrated(learned, again, labels, precision_permille=990, review_permille=900, assured=False)


def _bits(rows: Sequence[Evidence]) -> list[float]:
    found = dict.fromkeys(_FIELDS, 0.0)
    for row in rows:
        name = level_name(row.signal, row.agreement, row.detail, row.permille)
        if name:
            found[_FIELD_OF[name][0]] += row.bits
    return list(found.values())


def _rescored(one: Scored, weights: Weights) -> float:
    from platgov._blacklist.evidence import scored  # noqa: PLC0415 - one name for two things otherwise

    return scored(
        one.evidence, weights, ban_id=one.ban_id, age_s=one.age_s, holds=one.holds, guard=one.guard
    ).score_bits


# -- bands -------------------------------------------------------------------------------------


def calibrated(
    weights: Weights,
    scores: Sequence[float],
    labels: Sequence[bool],
    *,
    precision_permille: int,
    review_permille: int,
    innocents_per_pair: int = 1,
    assured: bool = True,
) -> Weights:
    """Set the bands; see `Weights.calibrated`."""
    _labelled(scores, labels)
    if any(type(score) not in (int, float) or not abs(score) < 1e6 or score * UNIT % 1 for score in scores):
        raise refuse("Weights", "scores", "give score_bits of matches", "type")
    units = [int(score * UNIT) for score in scores]
    lines = []
    for permille, sure in ((precision_permille, assured), (review_permille, False)):
        line = threshold(
            units, labels, precision_permille=permille, innocents_per_pair=innocents_per_pair, assured=sure
        ).threshold
        if line is None:
            message = f"no line has {permille} of 1000 right above it; give more pairs, or a lower precision"
            raise refuse("Weights", "labels", message, "no_line")
        lines.append(max(1, line))
    match, review = lines
    return attrs.evolve(weights, match=match, review=min(review, match))
