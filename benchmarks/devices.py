"""How many reports of use a second many devices get in, of one child and of many, and that none is lost.

Usage: python benchmarks/devices.py [--devices N] [--handles N] [--postgres ADDRESS] [--json FILE]

Every device reports one second of its own of one evening, through one of a few handles (one database
connection each), and asks for the verdict. Afterwards the quota has to have counted exactly as many
seconds as there are devices: a fast wrong answer is an error. See `_devices` for what is timed.
"""

from __future__ import annotations

import datetime as dt
import sys

from _devices import arguments, handles, places, race, tell

from platgov.minors import Band, DobEvidence, Minor, Plan, Quota, UsageStore, YouthPolicy

TZ = "Asia/Shanghai"
AT = 1_780_315_200  # 2026-06-01 20:00 in Shanghai
CHILD = Minor(id="m", evidence=DobEvidence.verified(dt.date(2014, 3, 1)), residency_tz=TZ)
QUOTA = 36_000
EVENING = 4 * 3_600


def reported(place, *, devices, count, minors):
    """Let all devices report at once; give reports per second and latencies, if every second was counted."""
    policy = YouthPolicy(id="app", layer="platform", bands=[Band(quotas=[Quota(seconds=QUOTA)])])
    plan = Plan.of([policy], tz=TZ, start=AT - 86_400, end=AT + 86_400)

    def report(handle, device):
        when = AT + device
        event = {"event_id": f"e{device}", "start": when, "end": when + 1, "device": f"d{device % 5}"}
        usage = handle.update(f"m{device % minors}", lambda usage: usage.add(**event))
        plan.check(CHILD, usage, at=when + 1)

    with handles(UsageStore, place, count) as opened:
        _, row = race(opened, devices, report)
        kept = [opened[0].usage(f"m{minor}") for minor in range(minors)]
    counted = sum(QUOTA - plan.check(CHILD, usage, at=AT + devices).remaining_s for usage in kept)
    if counted != devices:
        sys.exit(f"wrong: {counted} seconds counted of {devices}")
    return {**row, "counted": counted}


def main():
    given, found = arguments(__doc__), {}
    if given.devices > EVENING:
        sys.exit(f"at most {EVENING} devices: each has a second of its own, and at midnight the quota begins anew")
    with places(given.postgres) as databases:
        for name, fresh in databases.items():
            for label, minors in (("one child", 1), ("each its own", given.devices)):
                shape = {"devices": given.devices, "count": given.handles, "minors": minors}
                found[f"{name}, {label}"] = reported(fresh(), **shape)
    tell(found, given.json)


if __name__ == "__main__":
    main()
