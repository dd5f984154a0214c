"""Presets: every number has a source, a date and a status, and nothing doubtful is enabled by itself."""

import datetime as dt
import importlib.util
import json
import pathlib

import attrs
import pytest

from platgov._minors import presets
from platgov._minors.age import AgeRule, attained_at
from platgov._minors.policy import YouthPolicy
from platgov._minors.spending import Spending
from platgov.errors import InputError
from platgov.schedules import Schedule, State, Window, china_calendar

ROOT = pathlib.Path(__file__).parents[1]
FILES = ROOT / "src" / "platgov" / "_minors" / "preset_data"
RESEARCH = ROOT.parent / "shared" / "data" / "minors-presets.json"
FACTS = [(preset, fact) for preset in map(presets.read, presets.list_ids()) for fact in preset.facts]
IDS = [f"{preset.id}/{fact.id}" for preset, fact in FACTS]
DAY_OF = {2018: dt.date(2018, 6, 1), 2020: dt.date(2020, 6, 1), 2022: dt.date(2022, 6, 1), 2025: dt.date(2025, 6, 1)}


def numbers(value):
    if isinstance(value, dict):
        return [number for inner in value.values() for number in numbers(inner)]
    if isinstance(value, list):
        return [number for inner in value for number in numbers(inner)]
    return (
        [value] if type(value) in (int, float) or (type(value) is str and ":" in value and value[0].isdigit()) else []
    )


# -- lint ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("preset", "fact"), FACTS, ids=IDS)
def test_every_fact_says_where_it_was_read_whom_it_binds_since_when_and_who_may_loosen_it(preset, fact):
    assert fact.sources
    assert all(source.startswith(("https://", "http://")) for source in fact.sources)
    assert preset.jurisdiction
    assert preset.title
    assert preset.status == preset.status.lower()
    assert preset.layer in ("legal", "platform")
    assert fact.evidence in ("seen", "memory")
    assert fact.starts is not None or preset.status == "proposed"
    assert fact.ends is None or fact.starts < fact.ends
    assert set(fact.loosenable_by) <= {"guardian", "self"}
    assert 0 <= fact.ages[0] < fact.ages[1] <= 21


@pytest.mark.parametrize(("preset", "fact"), FACTS, ids=IDS)
def test_no_number_from_memory_litigated_or_proposed_is_enabled(preset, fact):
    doubtful = fact.evidence != "seen" or preset.status not in ("in_force", "practice", "repealed")
    if numbers(fact.plain) or doubtful:
        assert bool(fact.disabled) >= doubtful
    loaded = presets.load(preset.id, as_of=fact.starts)
    ids = {limit.id for band in loaded.bands for limit in (*band.limits, *band.spend)}
    if loaded.enabled and fact.disabled:
        assert fact.id not in ids
    if not loaded.enabled:
        assert all(other.disabled for _, other in FACTS if _ is preset and other.holds(fact.starts))


def test_what_is_ours_and_not_the_sources_is_marked():
    ours = {(preset.id, fact.id): fact.assumed for preset, fact in FACTS if fact.assumed}
    for preset, fact in FACTS:
        open_ended = fact.part == "hours" and any(window["end"] == "24:00" for window in fact.plain["windows"])
        assert not open_ended or "end" in fact.assumed
        assert "rest_s" not in fact.plain or "rest_s" in fact.assumed
    assert set(ours.values()) == {("end",), ("rest_s",)}


@pytest.mark.parametrize("path", sorted(FILES.glob("*.json")), ids=lambda path: path.stem)
def test_a_file_has_the_known_keys_and_its_own_name(path):
    data = json.loads(path.read_text(encoding="utf-8"))
    needed = {
        "schema",
        "id",
        "title",
        "jurisdiction",
        "kind",
        "layer",
        "status",
        "from",
        "until",
        "sources",
        "note",
        "facts",
    }
    assert needed <= data.keys() <= needed | {"evidence", "unknown_age", "evidence_level", "age_rule"}
    assert (data["schema"], data["id"]) == (1, path.stem)
    for fact in data["facts"]:
        known = {"id", "part", "ages", "limit", "evidence", "loosenable_by"}
        assert known <= fact.keys() <= known | {"from", "until", "disabled", "assumed", "sources"}
    assert len({fact["id"] for fact in data["facts"]}) == len(data["facts"])


# -- against the collection they were made from --------------------------------------------------

MINOR_UNITS = {"per_tx_cny": 100, "per_month_cny": 100, "per_month_jpy": 1}


def claimed(record):
    """Give (ages, number) for every time, span and amount that the collection states."""
    for band in record["bands"]:
        ages = tuple(band.get("ages", band.get("age", ())))
        for key, value in band.items():
            if key == "spend" and value.get("allowed") is False:
                yield ages, 0
            elif key == "spend":
                for unit, amount in value.items():
                    if unit in MINOR_UNITS:
                        yield ages, amount * MINOR_UNITS[unit]
            elif key.endswith("_s") and not key.startswith("extension"):
                for number in value.values() if isinstance(value, dict) else [value]:
                    yield ages, number
            elif key.endswith("local") or key == "notifications_deny":
                for text in value if isinstance(value, list) else [value]:
                    start, _, end = (text["local"] if isinstance(text, dict) else text).partition("-")
                    yield ages, start
                    if end:
                        yield ages, end


@pytest.mark.skipif(not RESEARCH.exists(), reason="the collection that presets were made from is not here")
def test_every_record_of_the_collection_is_a_preset_with_its_numbers():
    records = {record["id"]: record for record in json.loads(RESEARCH.read_text(encoding="utf-8"))}
    assert tuple(sorted(records)) == presets.list_ids()
    count = 0
    for name, record in records.items():
        preset = presets.read(name)
        assert preset.jurisdiction == record["jurisdiction"]
        assert set(record["sources"]) <= set(preset.sources)
        here = [(fact.ages, numbers(fact.plain)) for fact in preset.facts]
        for ages, number in claimed(record):
            count += 1
            covering = [found for band, found in here if band[0] >= ages[0] and band[1] <= ages[1]]
            assert any(number in found for found in covering), (name, ages, number)
    assert count > 50


@pytest.mark.skipif(not RESEARCH.exists(), reason="the collection that presets were made from is not here")
def test_what_the_collection_has_from_memory_is_disabled_or_was_read_since():
    off = {f"{preset.id}/{fact.id}" for preset, fact in FACTS if fact.evidence == "memory"}
    assert off == {
        "cn-minor-mode-2024/hours.night",
        "cn-minor-mode-2024/break",
        "cn-live-2022/live_host",
        "cn-minors-online-2024/duties",
        "kr-choice/spend.month",
        "uk-aadc/bands",
    }
    records = json.loads(RESEARCH.read_text(encoding="utf-8"))
    litigated = {record["id"] for record in records if record["status"] == "litigated"}
    assert litigated
    assert not any(presets.load(name).enabled for name in litigated)


# -- loading -------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", presets.list_ids())
def test_every_preset_is_a_sound_policy_with_and_without_its_disabled_facts(id):  # noqa: A002 - the word of the field
    day = presets.read(id).facts[0].starts
    for responsible in (None, "legal, ticket 7"):
        policy = presets.load(id, as_of=day, responsible=responsible)
        assert YouthPolicy.from_dict(policy.to_dict()) == policy
        assert policy.note.endswith("Not legal advice.")
        assert policy.sources
        assert policy.enabled or responsible is None


def test_a_litigated_law_loads_disabled_and_only_somebody_by_name_enables_it():
    off = presets.load("us-va-sb854")
    assert not off.enabled
    assert off.bands[0].quotas[0].seconds == 3600
    assert off.note.startswith("Whether it is enjoined has to be checked. Disabled: day.service (litigated).")
    on = presets.load("us-va-sb854", responsible="counsel, 2026-11-01")
    assert on.enabled
    assert "Enabled on the responsibility of counsel, 2026-11-01: day.service." in on.note
    for nobody in ("", True, 7, "a\nb"):
        with pytest.raises(InputError):
            presets.load("us-va-sb854", responsible=nobody)


def test_what_is_from_memory_is_left_out_of_a_policy_that_is_otherwise_in_force():
    policy = presets.load("cn-minor-mode-2024")
    assert policy.enabled
    assert [band.quotas[0].seconds for band in policy.bands] == [3600, 7200]
    assert not any(band.hours or band.breaks for band in policy.bands)
    assert "hours.night (from memory, not read in a source)" in policy.note
    assert all(quota.loosenable_by == {"guardian"} for band in policy.bands for quota in band.quotas)
    full = presets.load("cn-minor-mode-2024", responsible="legal")
    assert any(band.hours for band in full.bands)
    assert any(band.breaks for band in full.bands)
    assert full.digest != policy.digest


def test_the_regime_of_a_day_is_replayed():
    def chinese_games(year):
        found = presets.in_force(DAY_OF[year], jurisdiction="CN")
        return [name for name in found if name.startswith("cn-game")]

    assert [chinese_games(year) for year in DAY_OF] == [
        [],
        ["cn-game-2019"],
        ["cn-game-2019", "cn-game-2021"],
        ["cn-game-2019", "cn-game-2021"],
    ]
    quotas = {
        year: sorted(
            quota.seconds
            for name in chinese_games(year)
            for band in presets.load(name, as_of=DAY_OF[year]).bands
            for quota in band.quotas
        )
        for year in DAY_OF
    }
    assert quotas == {2018: [], 2020: [5_400, 10_800], 2022: [3_600], 2025: [3_600]}
    assert presets.load("cn-game-2019", as_of=dt.date(2021, 8, 31)).valid_until == dt.date(2021, 9, 1)
    assert presets.load("cn-game-2019").valid_until is None
    assert "cn-minor-mode-draft-2023" not in presets.in_force(dt.date(2024, 6, 1))  # a draft was never in force
    assert "kr-shutdown-2011" in presets.in_force(dt.date(2021, 12, 31))
    assert "kr-shutdown-2011" not in presets.in_force(dt.date(2022, 1, 1))
    assert "in-dpdp" not in presets.in_force(dt.date(2026, 12, 1))


def test_what_has_ended_is_loaded_only_for_a_day_on_which_it_held():
    with pytest.raises(InputError, match="ended on 2022-01-01; to replay a day before, give it as as_of"):
        presets.load("kr-shutdown-2011")
    with pytest.raises(InputError, match="did not hold on 2022-01-01, but from 2011-11-20 until 2022-01-01"):
        presets.load("kr-shutdown-2011", as_of=dt.date(2022, 1, 1))
    with pytest.raises(InputError, match="did not hold on 2021-08-31"):
        presets.load("cn-game-2021", as_of=dt.date(2021, 8, 31))
    with pytest.raises(InputError, match="us-ny-safe did not hold on 2026-11-01, when it begins is not settled"):
        presets.load("us-ny-safe", as_of=dt.date(2026, 11, 1))
    assert not presets.load("us-ny-safe").enabled
    assert presets.load("kr-shutdown-2011", as_of=dt.date(2021, 12, 31)).enabled


def test_a_policy_ends_with_the_first_of_its_facts_and_begins_with_the_last():
    preset = presets.read("cn-game-2021")
    days = [(dt.date(2021, 9, 1), dt.date(2030, 1, 1)), (dt.date(2022, 9, 1), dt.date(2026, 1, 1))]
    facts = tuple(attrs.evolve(fact, starts=a, ends=b) for fact, (a, b) in zip(preset.facts, days, strict=True))
    policy = attrs.evolve(preset, facts=facts).policy(as_of=dt.date(2023, 1, 1))
    assert (policy.valid_from, policy.valid_until) == (dt.date(2022, 9, 1), dt.date(2026, 1, 1))


@pytest.mark.parametrize("bad", ["cn-game", "../cn-game-2021", "", None, 7, []], ids=repr)
def test_what_is_no_preset_or_calendar_is_refused(bad):
    with pytest.raises(InputError):
        presets.load(bad)
    with pytest.raises(InputError):
        presets.calendar(bad)
    with pytest.raises(InputError):
        presets.in_force(bad)
    if bad is not None:
        with pytest.raises(InputError):
            presets.load("cn-game-2021", as_of=bad)


# -- what they mean ------------------------------------------------------------------------------


def test_games_are_open_for_an_hour_on_days_off_and_closed_on_make_up_workdays():
    hours = presets.load("cn-game-2021").bands[0].hours[0]
    start, end = (int(dt.datetime(2026, month, 1, tzinfo=dt.UTC).timestamp()) for month in (9, 11))
    schedule = Schedule(
        windows=hours.windows, tz="Asia/Shanghai", calendar=presets.calendar("cn"), start=start, end=end
    )

    def state(day, hour, minute=0):
        return schedule.state(int(dt.datetime(2026, *day, hour - 8, minute, tzinfo=dt.UTC).timestamp()))

    assert state((10, 5), 20) is State.OPEN  # a Monday of the holiday
    assert state((10, 5), 21) is State.CLOSED
    assert state((10, 10), 20, 30) is State.CLOSED  # a Saturday on which people work
    assert state((10, 16), 20, 30) is State.OPEN  # a Friday
    assert state((10, 15), 20, 30) is State.CLOSED


def test_ordinary_days_are_the_days_that_are_no_statutory_days_off():
    ours, china = presets.calendar("cn"), china_calendar()
    assert ours is presets.calendar("cn")
    first = dt.date(2010, 1, 1)
    for number in range((dt.date(2026, 12, 31) - first).days + 1):
        day = first + dt.timedelta(number)
        assert ours.classes(day) - {presets.ORDINARY} == china.classes(day)
        assert (presets.ORDINARY in ours.classes(day)) is ("holiday" not in china.classes(day))
    assert ours.classes(dt.date(2027, 1, 1)) is None


@pytest.mark.parametrize(
    ("preset", "on", "once", "month"),
    [
        ("cn-game-2019", -1, 0, None),  # seven years and 364 days
        ("cn-game-2019", 8, 5_000, 20_000),
        ("cn-game-2019", 16, 10_000, 40_000),
        ("cn-game-2019", 18, None, None),
        ("cn-tencent-2021", 8, 0, None),
        ("cn-tencent-2021", 12, 5_000, 20_000),
    ],
)
def test_what_may_be_spent_changes_on_the_birthday(preset, on, once, month):
    birth, tz = dt.date(2010, 3, 1), "Asia/Shanghai"
    at = (
        attained_at(birth, 8, AgeRule.ANNIVERSARY, tz) - 1
        if on < 0
        else attained_at(birth, on, AgeRule.ANNIVERSARY, tz)
    )
    caps = [
        cap
        for band in presets.load(preset).bands
        if attained_at(birth, band.min_age, AgeRule.ANNIVERSARY, tz)
        <= at
        < attained_at(birth, band.max_age, AgeRule.ANNIVERSARY, tz)
        for cap in band.spend
    ]
    spending = Spending()
    assert spending.room(currency="CNY", entity="acme", caps=caps, at=at) == once
    if month is not None:
        for number in range(month // once):
            spending, verdict = spending.authorise(
                id=str(number), amount=once, currency="CNY", entity="acme", caps=caps, at=at
            )
            assert verdict.allowed
        assert spending.room(currency="CNY", entity="acme", caps=caps, at=at) == 0
        assert spending.room(currency="CNY", entity="another", caps=caps, at=at) == once


def test_loosening_is_declared_as_the_sources_say():
    def roles(id):  # noqa: A002 - the word of the field
        return {fact.ages: set(fact.loosenable_by) for fact in presets.read(id).facts}

    assert set().union(*roles("cn-game-2021").values(), *roles("cn-game-2019").values()) == set()
    assert roles("us-va-sb854") == {(0, 16): {"guardian"}}
    assert roles("us-ca-sb976") == {(0, 18): {"guardian"}}
    assert roles("instagram-teen") == {(0, 16): {"guardian"}, (16, 18): {"self"}}


def test_windows_of_every_preset_are_windows():
    windows = [window for _, fact in FACTS if fact.part == "hours" for window in fact.plain["windows"]]
    assert len(windows) > 15
    assert all(isinstance(Window.from_plain(window), Window) for window in windows)


# -- pages ---------------------------------------------------------------------------------------


def test_rows_are_text_for_tables():
    rows = presets.rows()
    assert [row["id"] for row in rows] == list(presets.list_ids())
    assert all(type(value) is str for row in rows for value in row.values())
    assert len({tuple(row) for row in rows}) == 1
    chinese = next(row for row in rows if row["id"] == "cn-minor-mode-2024")
    assert (chinese["from"], chinese["until"], chinese["enabled"], chinese["disabled"]) == ("2024-11-15", "", "3", "2")
    assert chinese["loosenable_by"] == "guardian"
    ended = next(row for row in rows if row["id"] == "kr-shutdown-2011")
    assert ended["until"] == "2022-01-01"
    assert next(row for row in rows if row["id"] == "us-ny-safe")["from"] == ""


TOOL = ROOT / "tools" / "build_presets_page.py"


@pytest.mark.skipif(not TOOL.exists(), reason="the tool that writes the page is only in the repository")
def test_the_reference_page_says_what_the_files_say():
    spec = importlib.util.spec_from_file_location("build_presets_page", TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(), "run: python tools/build_presets_page.py"
