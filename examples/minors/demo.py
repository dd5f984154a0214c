"""Follows one child, fifteen years old, through a Friday evening, a make-up workday and a birthday.

The law limits games and spending, a guideline the time of the day, and the guardians the night.
Instants are arguments, so that the demo is the same every day.
"""

from __future__ import annotations

import datetime as dt
import sys
import zoneinfo
from pathlib import Path

from platgov.minors import (
    Band,
    BreakRule,
    ContentPlan,
    DobEvidence,
    Feature,
    Hours,
    Item,
    Minor,
    Plan,
    RatingSystem,
    Request,
    Spending,
    Usage,
    Window,
    YouthPolicy,
    age_pools,
    presets,
    week_svg,
    week_text,
)

TZ = "Asia/Shanghai"
HERE = zoneinfo.ZoneInfo(TZ)
NAMES = ("cn-game-2021", "cn-game-2019", "cn-minor-mode-2024")


def at(day: int, clock: str) -> int:
    """Give an instant of September 2026 by the wall clock of the child."""
    time = dt.time.fromisoformat(clock)
    return int(dt.datetime.combine(dt.date(2026, 9, day), time, HERE).timestamp())


def clock(instant: int) -> str:
    """Write an instant by the wall clock of the child."""
    return dt.datetime.fromtimestamp(instant, HERE).strftime("%a %d %b %H:%M")


LAW = [presets.load(name) for name in NAMES]
HOME = YouthPolicy(
    id="home",
    layer="guardian",
    bands=[
        Band(
            hours=[Hours(id="night", windows=[Window(start="22:00", end="06:00", deny=True)])],
            breaks=[BreakRule(after_s=30 * 60, rest_s=5 * 60)],
        )
    ],
)
CONTENT = YouthPolicy(
    id="shelf",
    layer="platform",
    citation="Content rules 3",
    bands=[
        *age_pools(presets.read("cn-minor-mode-2024").facts[-1].plain["age_bands"], loosenable_by=["guardian"]),
        Band(max_age=16, features=[Feature(id="ceiling", name="*", max_rating=12)]),
    ],
)


def recommend(lin: Minor) -> None:
    """Fill the pool of recommendations before and after the birthday."""
    shelf = ContentPlan(
        plan=Plan.of([CONTENT], tz=TZ, start=at(1, "00:00"), end=at(30, "00:00")),
        systems=[RatingSystem(id="house", ages={"all": 0, "12+": 12, "16+": 16})],
    )
    films = [
        Item(id="the crossing", ratings={"house": "12+"}, pools=["12-16", "16-18"]),
        Item(id="deep water", ratings={"house": "16+"}, pools=["16-18"]),
        Item(id="not looked at yet", pools=["12-16", "16-18"]),
    ]
    for day in (20, 21):
        may = ", ".join(film.id for film in shelf.pool(lin, films, at=at(day, "12:00")))
        print(f"  is recommended on {clock(at(day, '12:00'))}: {may}")
    no = shelf.check(lin, films[1], at=at(20, "12:00"))
    print(f"  {films[1].id}: {', '.join(reason.code for reason in no.reasons)} until {clock(no.next_change or 0)}")


def main() -> None:
    """Ask the plan what the child may do, and tell what it says."""
    plan = Plan.of([*LAW, HOME], tz=TZ, calendar=presets.calendar("cn"), start=at(1, "00:00"), end=at(30, "00:00"))
    lin = Minor(id="lin", evidence=DobEvidence.verified(dt.date(2010, 9, 21)), residency_tz=TZ)
    usage = Usage()

    def ask(day: int, time: str, feature: str) -> None:
        verdict = plan.check(lin, usage, at=at(day, time), feature=feature)
        left = "" if verdict.remaining_s is None else f", {verdict.remaining_s // 60} min left"
        change = "" if verdict.next_change is None else f", next change {clock(verdict.next_change)}"
        why = ", ".join(
            f"{one.code} ({one.policy_id}{'' if one.until is None else f' until {clock(one.until)}'})"
            for one in verdict.reasons
        )
        print(f"  {clock(at(day, time))} {feature}: {'yes' + left if verdict.allowed else 'no: ' + why}{change}")

    print("A Friday evening")
    ask(18, "19:59", "game")
    ask(18, "20:00", "game")
    usage = usage.add(event_id="e1", start=at(18, "20:00"), end=at(18, "20:30"), device="tablet", scope="game")
    usage = usage.add(event_id="e2", start=at(18, "20:10"), end=at(18, "20:40"), device="phone", scope="game")
    usage = usage.add(event_id="e2", start=at(18, "20:10"), end=at(18, "20:40"), device="phone", scope="game")
    print("  plays on the tablet from 20:00 to 20:30, on the phone from 20:10 to 20:40; the phone reports it twice")
    ask(18, "20:40", "game")
    for advice in plan.check(lin, usage, at=at(18, "20:40"), feature="game").advice:
        print(f"    advice: {advice.code} ({advice.policy_id})")
    ask(18, "21:00", "game")
    ask(18, "21:00", "video")
    usage = usage.add(event_id="e3", start=at(18, "21:00"), end=at(18, "21:20"), device="tablet", scope="video")
    ask(18, "21:20", "video")
    for line in plan.check(lin, usage, at=at(18, "21:20"), feature="video").explain("child"):
        print(f"    {line}")

    request = Request(
        id="r1",
        minor="lin",
        made_at=at(18, "21:21"),
        lapses_at=at(18, "22:00"),
        seconds=15 * 60,
        says="the film is nearly over",
    )
    grant = request.grant(
        by="guardian", grantor="wei", reason="it is", at=at(18, "21:25"), expires_at=at(19, "00:00"), seconds=10 * 60
    )
    lin = lin.with_grant(grant)
    print("  asks for 15 minutes more, and gets 10")
    ask(18, "21:25", "video")
    ask(18, "21:25", "game")

    spending = Spending()
    for number, yuan in enumerate((60, 50), 1):
        spending, bought = spending.authorise(
            id=f"buy-{number}",
            amount=yuan * 100,
            currency="CNY",
            entity="studio",
            caps=plan.caps(lin, at=at(18, "20:15")),
            at=at(18, "20:15"),
        )
        print(f"  buys for {yuan} yuan: {'yes' if bought.allowed else f'no: {bought.reason} of {bought.cap}'}")
    spending, _ = spending.commit(id="buy-2", at=at(18, "20:16"))

    print("A Sunday that is a workday")
    ask(20, "20:15", "game")
    ask(20, "20:15", "video")

    print("A birthday")
    ask(20, "23:59", "video")
    ask(21, "06:00", "video")
    for day in (20, 21):
        caps = plan.caps(lin, at=at(day, "12:00"))
        room = spending.room(currency="CNY", entity="studio", caps=caps, at=at(day, "12:00"))
        print(f"  may spend {room // 100 if room is not None else 'any'} yuan at once on {clock(at(day, '12:00'))}")
    recommend(lin)

    print("The week, as its guardians see it")
    print(week_text(plan, lin, usage, at=at(18, "00:00"), feature="video"), end="")
    if sys.argv[1:]:
        Path(sys.argv[1]).write_text(week_svg(plan, lin, usage, at=at(18, "00:00"), feature="video"), encoding="utf-8")


if __name__ == "__main__":
    main()
