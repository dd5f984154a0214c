"""Random worlds of decisions, fair or with a planted favour, for the statistics to be tried on."""

import math

BASES = (0.005, 0.01, 0.01, 0.02, 0.02, 0.03, 0.03, 0.04, 0.05, 0.06, 0.08, 0.10)
"""How often people depart from each rule: few do so alike for all rules."""
_SIZES = [1 / (number + 1) ** 0.7 for number in range(len(BASES))]
SIZES = tuple(size / sum(_SIZES) for size in _SIZES)


def binomial(lots, n, p):
    """Draw a binomial count, in time of its mean."""
    if p > 0.5:
        return n - binomial(lots, n, 1 - p)
    if n <= 0 or p <= 0:
        return 0
    count, place, scale = 0, 0, math.log1p(-p)
    while True:
        place += int(math.log(1 - lots.random()) / scale) + 1
        if place > n:
            return count
        count += 1


def shares(group_share, confounded):
    """How large the group is under each rule; where confounded, larger where departures are common."""
    if not confounded:
        return [group_share] * len(BASES)
    slopes = [0.3 + 2.7 * number / (len(BASES) - 1) for number in range(len(BASES))]
    mean = sum(size * slope for size, slope in zip(SIZES, slopes, strict=True))
    return [min(0.95, group_share * slope / mean) for slope in slopes]


def world(lots, *, decisions=20_000, group_share=0.2, rise=0.0, where="all", confounded=True, bases=BASES):
    """Give a table for each rule: outcomes and cases of the group and of the others."""
    result = {}
    for number, (base, size, share) in enumerate(zip(bases, SIZES, shares(group_share, confounded), strict=True)):
        n = round(decisions * size)
        n_a = binomial(lots, n, share)
        more = rise if where == "all" or number == 3 else 0.0
        x_a = binomial(lots, n_a, min(1.0, base + more * (1 - base)))
        result[f"r{number}"] = (x_a, n_a, binomial(lots, n - n_a, base), n - n_a)
    return result


def blocks_of(lots, *, blocks=20, decisions=20_000, **given):
    """Give a world block by block."""
    for _ in range(blocks):
        yield world(lots, decisions=decisions // 20, **given)


def rows(tables, actor=True):
    """Give a world decision by decision, each by an actor of its own."""
    number = 0
    for rule, (x_a, n_a, x_b, n_b) in tables.items():
        for group, x, n in (("a", x_a, n_a), ("b", x_b, n_b)):
            for place in range(n):
                number += 1
                yield {"rule": rule, "group": group, "deviated": place < x, "actor": number if actor else None}


def clustered_rows(lots, *, decisions=20_000, per_actor=20, group_share=0.2, spread=1.5, rise=0.0):
    """Give decisions on actors that have many each, and differ in how people take to them."""
    for actor in range(decisions // per_actor):
        group = "a" if lots.random() < group_share else "b"
        liking = math.exp(lots.gauss(-spread * spread / 2, spread))
        for _ in range(per_actor):
            (number,) = lots.choices(range(len(BASES)), SIZES)
            risk = min(1.0, BASES[number] * liking)
            risk += rise * (1 - risk) if group == "a" else 0.0
            yield {"rule": f"r{number}", "group": group, "deviated": lots.random() < risk, "actor": actor}
