"""How many purchases a second many devices of one minor, and of many, get through a shared cap.

Usage: python benchmarks/spending.py [--devices N] [--handles N] [--postgres ADDRESS] [--json FILE]

Every device asks once, at the same time as the others, through one of a few handles (one database
connection each). What was granted is checked to be exactly what fits: a fast wrong answer is an
error. See `_devices` for what is timed.
"""

from __future__ import annotations

import sys
import time

from _devices import arguments, handles, places, race, tell

from platgov.minors import SpendCap, Spending, SpendStore

AT = 1_790_000_000
PRICE = 100


def asked(number, cap):
    return {"id": f"c{number}", "amount": PRICE, "currency": "CNY", "entity": "acme", "caps": (cap,), "at": AT}


def capped(fits):
    return SpendCap(currency="CNY", tz="Asia/Shanghai", per_day=fits * PRICE)


def bought(place, *, devices, count, minors, fits):
    """Let all devices ask at once; give purchases per second and latencies, if exactly what fits was granted."""
    cap = capped(fits)

    def ask(handle, device):
        return handle.authorise(f"m{device % minors}", **asked(device, cap)).allowed

    with handles(SpendStore, place, count) as opened:
        given, row = race(opened, devices, ask)
        stored = sum(len(opened[0].spending(f"m{minor}").charges) for minor in range(minors))
    wanted = sum(min(fits, len(range(minor, devices, minors))) for minor in range(minors))
    if not sum(given) == stored == wanted:
        sys.exit(f"wrong: {sum(given)} granted, {stored} stored, {wanted} fit")
    return {**row, "granted": sum(given)}


def fold(devices, fits):
    """Ask the same of the value in memory; give the CPU microseconds of a step."""
    cap = capped(fits)
    spending, begun = Spending(), time.process_time()
    for number in range(devices):
        spending, _ = spending.authorise(**asked(number, cap))
    return {"us_per_step": round(1e6 * (time.process_time() - begun) / devices, 1)}


def main():
    given = arguments(__doc__)
    found = {"fold, 50 charges": fold(50, 50)}
    with places(given.postgres) as databases:
        for name, fresh in databases.items():
            for label, minors in (("one minor", 1), ("each its own", given.devices)):
                fits = given.devices * 37 // 100 if minors == 1 else 1
                shape = {"devices": given.devices, "count": given.handles, "minors": minors, "fits": fits}
                found[f"{name}, {label}"] = bought(fresh(), **shape)
    tell(found, given.json)


if __name__ == "__main__":
    main()
