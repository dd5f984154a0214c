"""Usage in a database: no report is lost and no quota passed, however many devices report at once."""

import contextlib
import datetime as dt
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import settings

from platgov.errors import InputError, StorageError
from platgov.minors import Band, DobEvidence, Hours, Minor, Plan, Quota, Usage, UsageStore, Window, YouthPolicy
from stores_support import place_of

TZ = "Asia/Shanghai"
T0 = 1_780_315_200  # Monday 2026-06-01 20:00 in Shanghai
DAY = 86_400
KINDS = ["memory", "sqlite", "postgres"]
SOAK = settings().max_examples > 100
QUOTA = 1_000
PLAN = Plan.of(
    [
        YouthPolicy(
            id="app",
            layer="platform",
            bands=[Band(quotas=[Quota(seconds=QUOTA)], hours=[Hours(windows=[Window(start="06:00", end="22:00")])])],
        )
    ],
    tz=TZ,
    start=T0 - 2 * DAY,
    end=T0 + 2 * DAY,
)
MINOR = Minor(id="m1", evidence=DobEvidence.verified(dt.date(2014, 3, 1)), residency_tz=TZ)


@contextlib.contextmanager
def stores(kind, tmp_path, count=1, **more):
    with place_of(kind, tmp_path) as place, contextlib.ExitStack() as stack:
        opened = []
        for _ in range(count):
            opened.append(UsageStore.open(place.target, schema=place.schema, **more))
            stack.callback(opened[-1].close)
        yield opened


def event(number, start, end, device="tablet"):
    return lambda usage: usage.add(event_id=f"e{number}", start=start, end=end, device=device, scope="video")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_is_what_the_value_would_be(kind, tmp_path):
    with stores(kind, tmp_path) as (store,):
        steps = [
            event(1, T0, T0 + 60),
            event(1, T0, T0 + 60),
            lambda usage: usage.heartbeat(event_id="s", start=T0 + 50, at=T0 + 90, device="phone", scope="video"),
            lambda usage: usage.end(event_id="s", start=T0 + 50, at=T0 + 100, device="phone", scope="video"),
            lambda usage: usage.trust(T0 + 100),
            lambda usage: PLAN.fold(usage, at=T0 + DAY + 9 * 3600, keep_s=0),
        ]
        value = Usage()
        for step in steps:
            value = step(value)
            assert store.update("m1", step) == value
        other = Usage().add(event_id="x", start=T0 + 500, end=T0 + 600, device="tv", scope="video")
        assert store.merge("m1", other) == store.merge("m1", other) == value.merge(other) == store.usage("m1")
        assert store.usage("m2") == Usage()
        store.erase("m1")
        assert store.usage("m1") == Usage()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_report_in_the_hosts_transaction_stands_or_falls_with_it(kind, tmp_path):
    with place_of(kind, tmp_path) as place:
        store = UsageStore.open(place.target, schema=place.schema)
        with place.connection() as connection:
            for end, seconds in (("ROLLBACK", 0), ("COMMIT", 60)):
                connection.execute("BEGIN")
                store.update("m1", event(1, T0, T0 + 60), connection=connection)
                connection.execute(end)
                assert store.usage("m1").seconds(T0, T0 + DAY) == seconds
        store.close()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_refused_or_changes_nothing_writes_nothing(kind, tmp_path):
    with stores(kind, tmp_path) as (store,):
        store.update("m1", lambda usage: usage)
        for bad in (lambda usage: None, lambda usage: usage.add(event_id=7, start=T0, end=T0 + 1)):
            with pytest.raises(InputError):
                store.update("m1", bad)
        for bad in ("text", Usage(stale_s=5)):
            with pytest.raises(InputError):
                store.merge("m1", bad)
        for subject in ("", 7, None):
            with pytest.raises(InputError):
                store.usage(subject)
        with store._store.read() as session:
            assert session.row("SELECT count(*) FROM platgov_usage") == (0,)


def test_settings_of_the_host_are_what_a_child_begins_with(tmp_path):
    with stores("sqlite", tmp_path, empty=Usage(stale_s=600)) as (store,):
        assert store.update("m1", event(1, T0, T0 + 60)).stale_s == 600
        assert store.usage("m1").stale_s == 600
    with pytest.raises(InputError):
        UsageStore.open(":memory:", empty="none")
    with pytest.raises(InputError):
        UsageStore("usage.db")
    with pytest.raises(StorageError):
        UsageStore.open(tmp_path / "none.db", read_only=True)


def one_run(handles, seed):
    """Let four devices ask, use and report at once, tick by tick; give what was really used."""
    subject, really, lock = f"m{seed}", set(), threading.Lock()
    tick = threading.Barrier(4)

    def device(number):
        rng = random.Random(f"{seed}/{number}")
        handle = handles[number % len(handles)]
        for step in range(6):
            at = T0 + 200 * step
            verdict = PLAN.check(MINOR, handle.usage(subject), at=at, feature="video", active=True)
            tick.wait()  # all have asked before any reports: the worst that can happen
            if verdict.allowed and rng.random() < 0.8:
                end = min(at + rng.randrange(1, 201), verdict.next_change)
                for _ in range(rng.choice((1, 2))):
                    handle.update(subject, event(f"{number}.{step}", at, end, f"d{number}"))
                with lock:
                    really.update(range(at, end))
            tick.wait()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(device, range(4)))
    return really, handles[0].usage(subject)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_interleaved_devices_never_pass_a_quota_and_lose_no_report(kind, tmp_path):
    full = 0
    with stores(kind, tmp_path, count=2) as handles:
        for seed in range(1_000 if SOAK else 8):
            really, usage = one_run(handles, seed)
            assert usage.seconds(T0, T0 + DAY) == len(really) <= QUOTA
            full += len(really) > QUOTA - 200
    assert full  # the quota was nearly reached, or nothing was tested


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_many_devices_at_once_are_all_counted(kind, tmp_path):
    devices = 1_000 if SOAK else 60
    with stores(kind, tmp_path, count=4) as handles:

        def device(number):
            handles[number % 4].update("m1", event(number, T0 + number, T0 + number + 1, f"d{number % 5}"))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(device, range(devices)))
        usage = handles[0].usage("m1")
    assert usage.seconds(T0, T0 + DAY) == devices
    assert PLAN.check(MINOR, usage, at=T0 + devices, feature="video").remaining_s == QUOTA - devices


def test_to_read_first_and_write_later_loses_reports(tmp_path):
    """The control: two devices that write what they read."""
    both = threading.Barrier(2)
    with stores("sqlite", tmp_path, count=2) as handles:

        def device(number):
            seen = handles[number].usage("m1")
            both.wait()
            after = event(number, T0 + 100 * number, T0 + 100 * number + 100)(seen)
            handles[number].update("m1", lambda _: after)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(device, range(2)))
        assert handles[0].usage("m1").seconds(T0, T0 + DAY) == 100  # of 200
