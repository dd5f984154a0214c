"""Three people sign up after a spammer was banned: the spammer, a sibling on the same tablet, and a namesake."""

from __future__ import annotations

from platgov.blacklist import (
    Band,
    BanOutcome,
    Blacklist,
    Canon,
    Form,
    KeyRing,
    Match,
    Population,
    ProbeGuard,
    ProbePolicy,
    Signals,
    public_text,
)

DAY = 86_400
START = 1_770_000_000  # 2026-02-02; an instant is an argument, so that the demo is the same every day
FIRST_KEY, NEXT_KEY = bytes(range(32)), bytes(range(1, 33))  # of a demo; a real one is random and from a key service

SPAMMER = Signals(
    handle="maria_silva",
    email="maria.silva.7c+1@gmail.com",
    phone="+351 912 345 678",
    devices=["tablet-7c1f-20aa"],
    ip="85.240.11.7",
)
SIGN_UPS = {
    "the spammer, again": Signals(
        handle="Mar1a.Silva",
        email="mariasilva7c@googlemail.com",
        phone="00351912345678",
        devices=["tablet-7c1f-20aa"],
        ip="85.240.11.7",
    ),
    "a sibling on the same tablet": Signals(
        handle="tomas_plays_chess",
        email="tomas.chess@example.org",
        phone="+351 933 222 111",
        devices=["tablet-7c1f-20aa"],
        ip="85.240.11.7",
    ),
    "a namesake elsewhere": Signals(
        handle="MariaSilva",
        email="silva.dentist@example.net",
        devices=["phone-55e0-91bd"],
        ip="91.12.200.3",
    ),
}
COMMON = Canon().forms(Signals(handle="maria_silva"))
FOLLOWS = {
    Band.MATCH: "held until a person has looked",
    Band.REVIEW: "opened, and a person looks at it",
    Band.NONE: "opened",
}


def holders(form: Form) -> int | None:
    """Say how many accounts have a form; a host counts them in its own table. Here one name is common."""
    return 6_000 if form in COMMON else None


def show(name: str, match: Match) -> None:
    """Print what staff see of a sign-up."""
    print(f"{name}: {match.band.value.upper()}, {match.score_bits:.1f} bits -> {FOLLOWS[match.band]}")
    for row in match.evidence:
        if row.agreement in ("missing", "differs") and not row.units:
            continue
        capped = f"  (of {row.of_units / 1024:.1f}: {row.cap})" if row.cap else ""
        print(f"    {row.signal:<8} {row.agreement:<8} {row.detail:<9} {row.bits:+7.1f}{capped}")
    if match.best is not None and match.best.limits:
        print(f"    why not more: {', '.join(match.best.limits)}")


def main() -> None:
    """Ban one account, look at three newcomers, clear one of them, change the key, and grant an appeal."""
    later = START + 30 * DAY
    population = Population(total=2_000_000, holders=holders)
    bans = Blacklist.open(":memory:", keys=KeyRing.single(FIRST_KEY), list_id="accounts", population=population)
    ban = bans.add(
        SPAMMER, reason="spam.repeat", decision="d-881", by="moderator:3", starts_at=START, review_by=START + 180 * DAY
    )
    print(f"banned for {ban.reason} by decision {ban.decision}; kept as keyed tags: {', '.join(ban.kinds)}\n")

    matches = {name: bans.match(signals, at=later) for name, signals in SIGN_UPS.items()}
    for name, match in matches.items():
        show(name, match)
    print(f"\nwhat each of them is told: {public_text()}")

    name = "a sibling on the same tablet"
    bans.exonerate(ban.id, SIGN_UPS[name], by="reviewer:7", reason="another person", at=later)
    cleared, again = bans.match(SIGN_UPS[name], at=later), bans.match(SPAMMER, at=later)
    print(f"\nafter a person cleared the sibling: {cleared.band.value}; the spammer: {again.band.value}")

    guard = ProbeGuard(bans, ProbePolicy(steps=(3, 6)))
    levels = []
    for number in range(7):
        probe = Signals(handle=f"new_name_{number}", phone="+351912345678", devices=["emulator-0001"])
        levels.append(guard.saw(probe, bans.match(probe, at=later), at=later).level)
    print(f"seven near misses from one device raise friction: {levels}")

    ring = KeyRing.of({1: FIRST_KEY, 2: NEXT_KEY})
    with Blacklist(bans.store, keys=ring, list_id="accounts", population=population) as rotated:
        found = rotated.match(SPAMMER, at=later).band.value
        left = rotated.rotation().bans
        moved = rotated.rewrap(ban.id, SPAMMER)
        print(f"with a new key: {found}; {left} ban under the old one; {moved} tags moved", end="")
        print(f"; {rotated.rotation().bans} left; {rotated.match(SPAMMER, at=later).band.value}")

        appeal = rotated.appeal(ban.id, at=later)
        print(f"appeal filed, to be decided within {(appeal.due or later) // DAY - later // DAY} days", end="")
        rotated.decide(ban.id, BanOutcome.OVERTURNED, by="reviewer:9", at=later + DAY, reason="account was taken over")
        print(f"; overturned by somebody else: {rotated.match(SPAMMER, at=later + DAY).band.value}")


if __name__ == "__main__":
    main()
