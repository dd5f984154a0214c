"""Candidates compared and scored one by one, nothing shared between them: slow, and plain to read.

What the library works out once for many bans has to come to the same.
"""

from hmac import compare_digest

import attrs

from platgov._blacklist.canonical import KINDS, Form
from platgov._blacklist.comparing import Agreement
from platgov._blacklist.evidence import _fingerprint, _limits, _name, _order, _seen
from platgov._blacklist.exempting import is_cleared
from platgov._blacklist.fuzzy import may_be_cut_from, may_be_near, similarity, within_one
from platgov._blacklist.match import Band, Evidence, Match, Scored
from platgov._blacklist.pdq import PDQ_DISTANCE
from platgov._blacklist.rarity import UNIT
from platgov._blacklist.signals import SIGNALS
from platgov._blacklist.strangers import Rarity
from platgov._blacklist.tags import SKETCH_ROW, avatar_distance, split
from platgov._blacklist.weights import DAY, spelt

_CLOSE = frozenset({"core", "words", "turned", "untagged", "local", "net"})
_NAMES = ("handle", "display_name")
_PLACE = ("ip", "device", "payment")


def near_names(query, nonce, sketches):
    """Give pairs of names, of the newcomer and of the ban; whether they may be near; how alike; and whether cut."""
    for code, version, covered in SKETCH_ROW.iter_unpack(sketches):
        held = query.sketches.get(version)
        if held:
            against = SIGNALS[code]
            plain = int.from_bytes(query.tagger.cover(covered, nonce, against, version))
            for signal, sketched in held:
                near = "edit" if within_one(sketched, plain) else "edits" if may_be_near(sketched, plain) else ""
                yield signal, against, near, similarity(sketched, plain), may_be_cut_from(sketched, plain)


def compare(query, record):
    """Say of each signal how a newcomer agrees with a ban, from tags alone; one row per signal."""
    held = {}
    for code, version, tag in split(record.tags):
        if version in query.tags:
            signal, kind = KINDS[code]
            held.setdefault(signal, {}).setdefault(f"{version}.{kind}", []).append(tag)
    heavy = [form for form in query.forms if not form.weightless]
    mine = {}
    for version, tags in query.tags.items():
        for (_, tag), form in zip(tags, heavy, strict=True):
            mine.setdefault(form.signal, {}).setdefault(f"{version}.{form.kind}", []).append((tag, form))
    why = {form.signal: form.weightless for form in query.forms}
    near = list(near_names(query, record.nonce, record.sketches))
    inside = _inside(query, record)
    rows = []
    for signal in SIGNALS:
        if signal == "avatar":
            rows.append(_avatar(query, record, why))
        elif signal not in mine:
            rows.append(Agreement(signal=signal, level="missing", detail=why.get(signal, "")))
        elif signal in _NAMES:
            rows.append(_first(_names(signal, mine[signal], held, near, inside)))
        else:
            rows.append(_first(_plain(signal, mine[signal], held)))
    return tuple(rows)


def _first(ways):
    """Give the best of several ways to agree, with the others."""
    best, *others = ways
    return attrs.evolve(best, also=tuple(others)) if others else best


def _shared(mine, theirs, kind="", other=""):
    """Give the forms of each kind that are in both; every pair is looked at, in constant time."""
    found = {}
    for key, tags in mine.items():
        version, _, name = key.partition(".")
        if name != kind if kind else name == "name":
            continue
        against = theirs.get(f"{version}.{other or name}", ())
        forms = [form for tag, form in tags if sum(compare_digest(tag, one) for one in against)]
        if len(forms) > len(found.get(name, ())):
            found[name] = forms
    return found


def _plain(signal, mine, held):
    theirs = held.get(signal)
    shared = _shared(mine, theirs) if theirs is not None else {}
    found = False
    # Exact before close; otherwise as in KINDS, the likeliest first.
    for kind in sorted(shared, key=_CLOSE.__contains__):
        forms, found = shared[kind], True
        if kind in _CLOSE:
            yield Agreement(signal=signal, level="close", detail=kind, permille=1_000, forms=tuple(forms))
        else:
            smaller = min(max(map(len, mine.values())), max(map(len, theirs.values())) if theirs else 1)
            permille = 1_000 * len(forms) // smaller
            yield Agreement(signal=signal, level="exact", detail=kind, permille=permille, forms=tuple(forms))
    if signal == "email":
        for name in _NAMES:
            for forms in _shared(mine, held.get(name, {}), "name", "squashed").values():
                found = True
                yield Agreement(
                    signal=signal, level="close", detail="name", permille=1_000, against=name, forms=tuple(forms)
                )
    if not found:
        yield Agreement(signal=signal, level="missing" if theirs is None else "differs")


def _names(signal, mine, held, near, inside):
    both = (signal, *(name for name in _NAMES if name != signal))
    shared = {name: _shared(mine, held[name]) for name in both if name in held}
    any_way = False
    for kinds in (("folded", "squashed"), ("core", "words", "turned")):
        for against, found in shared.items():
            for kind in kinds:
                if kind in found:
                    any_way = True
                    level = "close" if kind in _CLOSE else "exact"
                    other = "" if against == signal else against
                    yield Agreement(
                        signal=signal, level=level, detail=kind, permille=1_000, against=other, forms=tuple(found[kind])
                    )
    for forms in _shared(mine, held.get("email", {}), "squashed", "name").values():
        any_way = True
        yield Agreement(
            signal=signal, level="close", detail="local", permille=1_000, against="email", forms=tuple(forms)
        )
    plain = tuple(form for tags in mine.values() for _, form in tags if form.kind == "squashed")[:1]
    for against in both:
        if "squashed" in shared.get(against, {}):
            continue  # the whole is in common, which says more than its parts
        other = "" if against == signal else against
        found_near = ((how, p, c) for name, of, how, p, c in near if (name, of) == (signal, against))
        alike, permille, cut = next(found_near, ("", 0, False))
        if alike:
            any_way = True
            yield Agreement(signal=signal, level="close", detail=alike, permille=permille, against=other, forms=plain)
        parts = inside.get((signal, against), {})
        letters = plain[0].value if plain else ""
        begins = "head" in parts and letters.startswith(parts["head"].letters)
        if cut and (begins or ("tail" in parts and letters.endswith(parts["tail"].letters))):
            any_way = True
            yield Agreement(signal=signal, level="close", detail="cut", permille=permille, against=other, forms=plain)
        stretches = [_stretch(signal, parts[kind]) for kind in ("head", "tail") if kind in parts]
        found_parts = [("ends" if len(stretches) > 1 else "end", stretches)]
        if "core" in parts:
            found_parts.insert(0, ("inside", [_stretch(signal, parts["core"])]))
        for detail, held_parts in found_parts:
            if held_parts:
                any_way = True
                yield Agreement(
                    signal=signal,
                    level="close",
                    detail=detail,
                    permille=permille,
                    against=other,
                    forms=(*held_parts, *plain),
                )
    if any_way:
        return
    # Sounding alike brings a ban up for comparison, and is evidence for nothing.
    said = "reading" if any("reading" in found for found in shared.values()) else ""
    if signal in held:
        yield Agreement(signal=signal, level="differs", detail=said)
    else:
        yield Agreement(signal=signal, level="missing")


def _stretch(signal, part):
    return Form(signal=signal, kind=f"{part.kind}:{part.places}", value=part.letters)


def _inside(query, record):
    """Give, for each name of the newcomer and of the ban, the stretches of the one that are of the other."""
    found = {}
    for code, version, tag in split(record.tags):
        against, kind = KINDS[code]
        if against in _NAMES and kind in ("core", "head", "tail"):
            for part in query.parts.get(version, {}).get(tag, ()):
                found.setdefault((part.signal, against), {})[kind] = part
    return found


def _avatar(query, record, why):
    distance = avatar_distance(query, record.nonce, record.avatar)
    if distance is None:
        return Agreement(signal="avatar", level="missing", detail=why.get("avatar", ""))
    level = "exact" if distance == 0 else "close" if distance <= PDQ_DISTANCE else "differs"
    return Agreement(
        signal="avatar",
        level=level,
        detail=f"distance:{distance}",
        permille=1_000 - distance * 1_000 // 256,
        forms=tuple(form for form in query.forms if form.kind == "pdq"),
    )


def judge(query, candidates, *, weights, population=None, at):
    """Say how much speaks for a newcomer being one of the bans that were found."""
    now = at
    rarity = Rarity(population, weights, query)
    found = []
    exempted = []
    for candidate in candidates.found:
        if not candidate.record.in_force(now):
            continue
        if is_cleared(query, candidate.record):
            exempted.append(candidate.record.ban_id)
        else:
            found.append(_one(query, candidate, weights, rarity, now))
    found.sort(key=_order)
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


def _one(query, candidate, weights, rarity, now):
    record = candidate.record
    older = (
        query.created_at is not None
        and record.account_created_at is not None
        and query.created_at < record.account_created_at
    )
    held = {KINDS[code][0] for code, _, _ in split(record.tags)}
    if record.avatar:
        held.add("avatar")
    return scored(
        [_seen(agreement, weights, rarity) for agreement in compare(query, record)],
        weights,
        ban_id=record.ban_id,
        age_s=max(0, now - record.starts_at),
        holds=tuple(sorted(held)),
        guard="verified" if query.verified else "older_account" if older else "",
    )


def scored(rows, weights, *, ban_id, age_s, holds, guard):
    """Work out score and band from what was seen of a newcomer and one ban."""
    counted = [_counted(row, weights, age_s, holds, guard) for row in rows]
    before = {row.signal: row.units for row in counted}
    counted = _grouped(counted, lambda row: row.signal in _PLACE, weights.place_permille, "place")
    counted = _grouped(counted, lambda row: spelt(_name(row)), weights.names_permille, "names")
    score = sum(row.units for row in counted)
    band = Band.MATCH if score >= weights.match else Band.REVIEW if score >= weights.review else Band.NONE
    limits = tuple(_limits(counted, before, weights, holds)) if band is Band.MATCH else ()
    return Scored(
        ban_id=ban_id,
        band=Band.REVIEW if limits else band,
        score_units=score,
        evidence=tuple(counted),
        age_s=age_s,
        holds=holds,
        guard=guard,
        limits=limits,
    )


def _counted(row, weights, age_s, holds, guard):
    """Work out what a signal adds by itself."""
    name = _name(row)
    if not name:
        differs, _ = weights.of_signal(row.signal)
        # A value that says nothing is no better than another value: a flag never raises a score.
        known = row.agreement == "differs" or (bool(row.detail) and row.signal in holds)
        units = differs if known else 0
        cap = row.detail if row.agreement == "missing" else ""
        return _with(row, units, units, cap)
    level = weights.level(name)
    worth = units = level.worth(level.rarity if row.rarity is None else row.rarity)
    caps = []
    if guard and (spelt(name) or row.signal == "avatar"):
        units = 0
        caps.append(guard)
    _, half_life = weights.of_signal(row.signal)
    worn = age_s * UNIT // (half_life * DAY) if half_life else 0
    if units and worn:
        units = max(0, units - worn)
        caps.append("age")
    if row.signal == "phone" and age_s >= weights.recycled_days * DAY and units > weights.recycled:
        units = weights.recycled
        caps.append("recycled")
    return _with(row, worth, units, "+".join(caps))


def _with(row, of_units, units, cap):
    return Evidence(
        signal=row.signal,
        agreement=row.agreement,
        detail=row.detail,
        permille=row.permille,
        against=row.against,
        rarity=row.rarity,
        of_units=of_units,
        units=units,
        cap=cap,
    )


def _grouped(rows, inside, permille, why):
    """Count the largest of a group whole, and a share of the others."""
    places = [place for place, row in enumerate(rows) if row.units > 0 and inside(row)]
    if len(places) < 2:
        return rows
    largest = max(places, key=lambda place: (rows[place].units, -place))
    changed = list(rows)
    for place in places:
        if place != largest:
            row = rows[place]
            cap = f"{row.cap}+{why}" if row.cap else why
            changed[place] = _with(row, row.of_units, row.units * permille // 1_000, cap)
    return changed
