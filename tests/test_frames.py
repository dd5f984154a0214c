"""Scores in columns: equal to the engine wherever they are told, and silent nowhere else."""

import random
import sys

import attrs
import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings

from accounts_strategies import DAY, RULES, T0, asked, event_lists, policies, policy_from, score
from platgov import frames
from platgov._time import LAST
from platgov.accounts import CreditHistory, CreditPolicy, Drain, Escalation, Event, EventKind, Fade, RecoveryTask
from platgov.errors import InputError

BACKENDS = ("polars", "polars lazy", "pandas", "pandas of floats", "pyarrow", "duckdb")
ACCOUNTS = 600 * settings.default.max_examples // 100
"""For each of the policies below; the soak profile takes twenty times as many."""
NOW = T0 + 12 * DAY


def native(backend, rows, schema=None):
    """A table of one kind, from rows with equal keys."""
    table = pl.DataFrame(rows, schema=schema, infer_schema_length=None)
    if backend == "polars":
        return table
    if backend == "polars lazy":
        return table.lazy()
    if backend == "pandas":
        return table.to_pandas(use_pyarrow_extension_array=True)
    if backend == "pandas of floats":
        return table.to_pandas()
    if backend == "pyarrow":
        return table.to_arrow()
    database = duckdb.connect()
    database.register("arrow", table.to_arrow())
    database.execute("create table events as select * from arrow")
    return database.table("events")


def listed(table):
    """The rows of any table by account, as plain Python values."""
    frame = nw.from_native(table)
    frame = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    columns = frame.to_dict(as_series=False)
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    assert all(value is None or type(value) in (int, str, bool) for row in rows for value in row.values()), rows[0]
    by_account = {row["account"]: row for row in rows}
    assert len(by_account) == len(rows)
    return by_account


def policy(**fields):
    made = {
        "context": "comments", "start": 120, "floor": 0, "ceiling": 120, "weights": {"ads": 5, "harass": 20, "spam": 0},
        "recovery": Drain(points=1, per_days=7), "max_lifetime_days": 730, "max_single": 15,
    }  # fmt: skip
    return CreditPolicy(**{**made, **fields})


def random_rows(seed, accounts, tasks=(), text=False):
    """Some events of each account, in no order, with ties, ends of lifetimes, appeals and holds."""
    rng = random.Random(seed)
    rows = []
    for account in range(accounts):
        for _ in range(rng.randint(1, 6)):
            at = T0 + rng.randrange(-4, 14) * DAY + rng.choice([0, 0, 0, -1, 1, 40_000])
            task = tasks and rng.random() < 0.1
            held = None if task or rng.random() < 0.8 else at + rng.randrange(0, 9) * DAY
            rows.append(
                {
                    "account": f"user {account}" if text else account * 7 - 40,
                    "at": at,
                    "rule": rng.choice(tasks) if task else rng.choice(RULES),
                    "overturned_at": at + rng.randrange(0, 12) * DAY if rng.random() < 0.1 else None,
                    "held_at": held,
                    "released_at": None if held is None or rng.random() < 0.5 else rng.randrange(at, held + 5 * DAY),
                    "id": f"e{len(rows)}",
                    **({"kind": "task" if task else "violation"} if tasks else {}),
                }
            )
    rng.shuffle(rows)
    return rows


def histories_of(rows):
    """The histories, built without the library's reader of tables."""
    events = {}
    for row in rows:
        found = events.setdefault(row["account"], [])
        kind = EventKind(row.get("kind", "violation"))
        found.append(Event(kind=kind, id=row["id"], at=row["at"], cites=row["rule"]))
        for name, mark in (("overturned_at", Event.overturn), ("held_at", Event.hold), ("released_at", Event.release)):
            if row[name] is not None:
                found.append(mark(row["id"], at=row[name]))
    return {account: CreditHistory.of(found) for account, found in events.items()}


def told(made, history, at):
    """What the engine says: value, and for a drain the next change."""
    state, _ = made.replay(history.effective(at=at))
    change = {"next_change": made.next_change(state, at)} if isinstance(made.recovery, Drain) else {}
    return {"value": made.value(state, at), **change}


LONG = {"max_lifetime_days": 400}
RISING = Escalation(window_days=3, factors=[2, 3])
POLICIES = {
    "drain": attrs.evolve(policy_from(3, kinds=["drain"], escalate=False), **LONG),
    "drain that expiry cuts": attrs.evolve(policy_from(5, kinds=["drain"], escalate=False), max_lifetime_days=6),
    "drain below nothing": policy(floor=-50, start=-10, ceiling=0, recovery=Drain(points=1, per_days=2)),
    "drain, fast": policy(recovery=Drain(points=10, per_days=1)),
    "drain with escalation": attrs.evolve(policy_from(8, kinds=["drain"]), escalation=RISING, **LONG),
    "linear": policy_from(1, kinds=["linear"], escalate=False),
    "step": policy_from(2, kinds=["step"], escalate=False),
    "fade with escalation": attrs.evolve(policy_from(4, kinds=["linear"]), escalation=RISING),
    "many rules": policy(weights={**{f"r{number}": number for number in range(12)}, "ads": 5, "harass": 20, "spam": 3}),
}  # fmt: skip


# -- equal to the engine -----------------------------------------------------------------------


@pytest.mark.parametrize("name", POLICIES)
def test_every_backend_tells_what_the_engine_tells_or_says_that_it_does_not(name):
    made = POLICIES[name]
    tasks = tuple(made.tasks) if "escalation" not in name else ()
    rows = random_rows(name, ACCOUNTS, tasks, text=name in ("drain, fast", "step"))
    engine = {account: told(made, history, NOW) for account, history in histories_of(rows).items()}
    marks = []
    for backend in BACKENDS:
        table = native(backend, rows)
        found = listed(frames.scores(table, made, at=NOW))
        assert found.keys() == engine.keys()
        for account, row in found.items():
            assert row["at"] == NOW
            if row["exact"]:
                assert {key: row[key] for key in engine[account]} == engine[account], (backend, row)
            else:
                assert (row["value"], row["debt"], row.get("next_change")) == (None, None, None)
        marks.append({account for account, row in found.items() if not row["exact"]})
    assert all(marked == marks[0] for marked in marks)
    assert len(marks[0]) < len(engine)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ["drain that expiry cuts", "drain with escalation", "fade with escalation", "linear"])
def test_the_engine_completes_what_columns_cannot_tell(name, backend):
    made = POLICIES[name]
    rows = random_rows(name, 120, tuple(made.tasks))
    table = native(backend, rows)
    first = frames.scores(table, made, at=NOW)
    asked_for = []

    def load(marked):
        asked_for.extend(marked)
        return frames.histories(table, marked)

    found = listed(frames.complete(first, made, load, at=NOW))
    missing = {account for account, row in listed(first).items() if not row["exact"]}
    assert sorted(asked_for) == sorted(missing)
    assert missing
    for account, history in histories_of(rows).items():
        row = found[account]
        assert row["exact"] is True
        wanted = told(made, history, NOW)
        assert {key: row[key] for key in wanted} == wanted


def test_a_completed_table_is_of_the_kind_it_was():
    made, rows = POLICIES["drain that expiry cuts"], random_rows(1, 40)
    kinds = {}
    for backend in BACKENDS:
        table = native(backend, rows)
        first = frames.scores(table, made, at=NOW)
        last = frames.complete(first, made, lambda marked, table=table: frames.histories(table, marked), at=NOW)
        kinds[backend] = (type(first), type(last))
    assert kinds == {
        "polars": (pl.DataFrame, pl.DataFrame),
        "polars lazy": (pl.LazyFrame, pl.LazyFrame),
        "pandas": (pd.DataFrame, pd.DataFrame),
        "pandas of floats": (pd.DataFrame, pd.DataFrame),
        "pyarrow": (pa.Table, pa.Table),
        "duckdb": (duckdb.DuckDBPyRelation, pa.Table),
    }


@given(policies, event_lists(), asked)
def test_an_independent_reading_agrees(made, events, at):
    rows = rows_of(events)
    if not rows:
        return
    table = native("polars", rows)
    found = listed(frames.scores(table, made, at=at))[1]
    complete = frames.complete(
        frames.scores(table, made, at=at), made, lambda marked: frames.histories(table, marked), at=at
    )
    expected = score(made, as_told(events), at)
    assert found["value"] == (expected if found["exact"] else None)
    assert listed(complete)[1]["value"] == expected


def rows_of(events):
    rows = []
    for event in events:
        if event.kind in (EventKind.VIOLATION, EventKind.TASK):
            marks = {
                kind: [other.at for other in events if (other.id, other.kind) == (event.id, kind)] for kind in EventKind
            }
            rows.append(
                {
                    "account": 1, "at": event.at, "rule": event.cites, "id": event.id, "kind": event.kind.value,
                    "overturned_at": min(marks[EventKind.OVERTURN], default=None),
                    "held_at": max(marks[EventKind.HOLD], default=None),
                    "released_at": max(marks[EventKind.RELEASE], default=None),
                }
            )  # fmt: skip
    return rows


def as_told(events):
    """The events that a row can say: of several holds, only the last one."""
    last = {}
    for event in events:
        if event.kind is EventKind.HOLD:
            last[event.id] = max(event.at, last.get(event.id, event.at))
    return [event for event in events if event.kind is not EventKind.HOLD or event.at == last[event.id]]


def test_rows_of_any_order_give_the_same_scores():
    made, rows = POLICIES["drain"], random_rows(2, 50)
    assert listed(frames.scores(native("polars", rows), made, at=NOW)) == listed(
        frames.scores(native("polars", rows[::-1]), made, at=NOW)
    )


def test_an_account_whose_rows_do_not_count_yet_or_any_more_has_the_score_it_starts_with():
    rows = [
        {"account": "later", "at": NOW + 1, "overturned_at": None},
        {"account": "overturned", "at": NOW - DAY, "overturned_at": NOW},
        {"account": "counts", "at": NOW, "overturned_at": NOW + 1},
    ]
    for backend in BACKENDS:
        table = native(backend, [{**row, "rule": "ads"} for row in rows])
        found = listed(frames.scores(table, policy(), at=NOW))
        values = {account: (row["value"], row["next_change"]) for account, row in found.items()}
        assert values == {"later": (120, None), "overturned": (120, None), "counts": (115, NOW + 7 * DAY)}


@pytest.mark.parametrize("backend", ["polars", "pandas", "pyarrow", "duckdb"])
@pytest.mark.parametrize("text", [False, True])
def test_accounts_that_fit_64_bits_one_by_one_need_not_fit_together(backend, text):
    most = 10**6
    recovery = Drain(points=999_983, per_days=3649)  # a prime: nothing cancels, and a point is 3 * 10**8 units
    limits = {"max_single": most, "start": most, "ceiling": most, "max_lifetime_days": 3650}
    made = policy(weights={"ads": most}, recovery=recovery, **limits)
    names = [f"u{number}" if text else number for number in range(30_000)]
    rows = [{"account": name, "at": T0 + 9000 * number, "rule": "ads"} for number, name in enumerate(names)]
    at = T0 + 3500 * DAY
    found = listed(frames.scores(native(backend, rows), made, at=at))
    for number in range(0, 30_000, 1000):
        history = CreditHistory().violation("one", rule="ads", at=T0 + 9000 * number)
        wanted = told(made, history, at)
        row = found[names[number]]
        assert row["exact"]
        assert {key: row[key] for key in wanted} == wanted
        assert 0 < row["value"] < most


def test_together_or_apart_the_scores_are_the_same_where_64_bits_overflow():
    made = policy(
        weights={"ads": 300_000, "spam": 400_000}, max_single=10**6, start=10**6, ceiling=10**6,
        recovery=Drain(points=999_983, per_days=3649), max_lifetime_days=3650,
    )  # fmt: skip
    numbers = [number for number in range(30_000) for _ in range(3)]
    table = pl.DataFrame(
        {
            "account": numbers,
            "at": [T0 + 900 * DAY + place for place in range(len(numbers))],  # 2**63 falls inside one account
            "rule": ["ads", "spam", "ads"] * 30_000,
        }
    )
    at = T0 + 1000 * DAY
    together = frames.scores(table, made, at=at).sort("account")
    parts = [frames.scores(table[first : first + 15_000], made, at=at) for first in range(0, len(table), 15_000)]
    assert together.equals(pl.concat(parts).sort("account"))
    assert together["exact"].all()


def test_who_was_charged_much_long_ago_and_has_healed_is_exact():
    made = policy(weights={"ads": 15}, max_lifetime_days=70)  # 10 points heal in a lifetime
    table = pl.DataFrame({"account": [1, 1], "at": [T0, T0 + 200 * DAY], "rule": ["ads", "ads"]})
    at = T0 + 500 * DAY
    assert listed(frames.scores(table, made, at=at)) == {
        1: {"account": 1, "at": at, "debt": 0, "value": 120, "next_change": None, "exact": True}
    }


def test_a_release_in_the_second_of_the_hold_wins():
    table = pl.DataFrame({"account": [1], "at": [T0], "rule": ["ads"], "held_at": [T0], "released_at": [T0]})
    assert listed(frames.scores(table, policy(), at=T0))[1]["value"] == 115


def test_a_change_past_the_last_year_is_never():
    table = pl.DataFrame({"account": [1, 2], "at": [LAST - 7 * DAY, LAST - 7 * DAY + 1], "rule": ["ads", "ads"]})
    found = listed(frames.scores(table, policy(), at=LAST - 1))
    assert (found[1]["next_change"], found[2]["next_change"]) == (LAST, None)


# -- from a state table ------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ["drain", "drain that expiry cuts", "drain with escalation", "drain below nothing"])
def test_a_state_tells_later_what_the_engine_tells_then(name, backend):
    made = POLICIES[name]
    rows = [{**row, "overturned_at": None, "held_at": None, "released_at": None} for row in random_rows(name, 150)]
    rows = [row for row in rows if row["at"] <= NOW]
    table = native("polars", rows, schema={**dict.fromkeys(rows[0], pl.Int64), "rule": pl.String, "id": pl.String})
    first = frames.scores(table, made, at=NOW)
    full = frames.complete(first, made, lambda marked: frames.histories(table, marked), at=NOW)
    state = native(backend, full.select("account", "at", "debt").with_columns(badge=pl.lit("x")).to_dicts())
    if backend == "pandas of floats" and full["debt"].null_count():
        state["debt"] = state["debt"].astype("Int64")
    count = 0
    for later in (NOW, NOW + 1, NOW + 5 * DAY, NOW + 100 * DAY):
        found = listed(frames.current(state, made, at=later))
        for account, history in histories_of(rows).items():
            row = found[account]
            assert row["badge"] == "x"
            if row["exact"]:
                wanted = told(made, history, later)
                assert {key: row[key] for key in wanted} == wanted
                count += 1
            else:
                assert (row["value"], row["next_change"]) == (None, None)
    assert count > 100


def test_a_debt_that_expiry_will_cut_is_no_state_to_go_on_from():
    made = policy(weights={"ads": 15}, max_lifetime_days=70)  # 10 points heal in a lifetime
    table = native(
        "polars", [{"account": 1, "at": NOW, "rule": "ads"}, {"account": 2, "at": NOW - 60 * DAY, "rule": "ads"}]
    )
    later = NOW + 8 * DAY
    full = frames.complete(
        frames.scores(table, made, at=NOW), made, lambda marked: frames.histories(table, marked), at=NOW
    )
    assert {account: (row["value"], row["debt"]) for account, row in listed(full).items()} == {
        1: (105, None),
        2: (113, None),
    }
    assert {row["exact"] for row in listed(frames.current(full, made, at=later)).values()} == {False}
    past = frames.complete(
        frames.scores(table, made, at=NOW + 11 * DAY),
        made,
        lambda marked: frames.histories(table, marked),
        at=NOW + 11 * DAY,
    )
    assert listed(past)[2] == {
        "account": 2,
        "at": NOW + 11 * DAY,
        "debt": 0,
        "value": 120,
        "next_change": None,
        "exact": True,
    }


def test_a_state_keeps_that_it_was_not_exact():
    state = pl.DataFrame({"account": [1, 2], "at": [T0, T0], "debt": [604_800, 604_800], "exact": [False, True]})
    found = listed(frames.current(state, policy(), at=T0))
    assert (found[1]["value"], found[2]["value"]) == (None, 119)
    state = state.with_columns(debt=pl.lit(604_800 * 105))  # more than heals in 730 days
    assert {row["exact"] for row in listed(frames.current(state, policy(), at=T0)).values()} == {False}


def test_a_lazy_state_stays_lazy():
    state = pl.LazyFrame({"account": [1], "at": [T0], "debt": [5]})
    assert isinstance(frames.current(state, policy(), at=T0), pl.LazyFrame)


# -- bad input ---------------------------------------------------------------------------------

GOOD = {"account": [1, 2], "at": [T0, T0], "rule": ["ads", "spam"]}
TASKS = {"quiz": RecoveryTask(points=1, max_points=1, per_days=1)}


@pytest.mark.parametrize(
    ("columns", "path", "says"),
    [
        ({"account": None}, "$.account", "has no column 'account'"),
        ({"overturned": [None, T0]}, "$.overturned", "unknown column 'overturned'; accepted are account, at"),
        ({"at": [1.5, 2.0]}, "$.at", "at is Float64; give whole numbers"),
        ({"at": ["2026", "2027"]}, "$.at", "at is String; give whole numbers"),
        ({"at": [T0 * 1000, T0]}, "$.at", "give seconds since 1970, not milliseconds"),
        ({"at": [-(10**12), T0]}, "$.at", "is outside the years 1 to 9999"),
        ({"at": pl.Series([2**64 - 1, T0], dtype=pl.UInt64)}, "$.at", "does not fit 64 bits"),
        ({"at": [None, T0]}, "$.at", "1 rows have no at, one of account 1"),
        ({"account": [None, 1]}, "$.account", "1 rows have no account"),
        ({"account": [0.5, 1.0]}, "$.account", "account is Float64; give whole numbers or text"),
        ({"rule": [1, 2]}, "$.rule", "rule is Int64; give text"),
        ({"rule": [None, "ads"]}, "$.rule", "1 rows have no rule, one of account 1"),
        ({"rule": ["ads", "adz"]}, "$.rule", "account 2 has 'adz'; this policy publishes ads, harass, quiz, spam"),
        ({"rule": ["ads", "quiz"]}, "$.rule", "account 2 has 'quiz'"),
        ({"kind": ["task", "task"]}, "$.rule", "account 1 has 'ads'"),
        ({"kind": ["violation", "foul"]}, "$.kind", "kind 'foul' of account 2 is neither violation nor task"),
        ({"kind": ["violation", None]}, "$.kind", "1 rows have no kind, one of account 2"),
        ({"overturned_at": [None, T0 - 1]}, "$.overturned_at", "of account 2 is before it happened"),
        ({"overturned_at": ["yes", None]}, "$.overturned_at", "overturned_at is String"),
        ({"held_at": [T0 - 1, None]}, "$.held_at", "of account 1 is before it happened"),
        ({"released_at": [T0, None]}, "$.released_at", "releases what was never held"),
        ({"held_at": [T0, None], "released_at": [T0 - 1, None]}, "$.released_at", "is before it happened"),
        ({"held_at": [T0, T0], "released_at": [None, None]}, None, None),
        ({"held_at": [None, T0], "released_at": [T0, None]}, "$.released_at", "releases what was never held"),
        ({"rule": ["ads", "quiz"], "kind": ["violation", "task"], "held_at": [None, T0]}, "$.held_at", "of a task"),
        ({"id": ["d1", "d1"]}, "$.id", "id 'd1' stands in 2 rows"),
        ({"id": [None, "d1"]}, "$.id", "1 rows have no id, one of account 1"),
        ({"id": [1, 2]}, "$.id", "id is Int64; give text"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(columns, path, says):
    data = {name: column for name, column in {**GOOD, **columns}.items() if column is not None}
    made = policy(tasks=TASKS)
    for table in (pl.DataFrame(data), pl.LazyFrame(data)):
        if path is None:
            assert len(listed(frames.scores(table, made, at=T0))) == 2
            continue
        with pytest.raises(InputError, match=says) as refused:
            frames.scores(table, made, at=T0)
        assert refused.value.problems[0].path == path
        assert refused.value.subject == "events"


@pytest.mark.parametrize("backend", ["pandas", "pyarrow", "duckdb"])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rule": "adz"}, "has 'adz'"),
        ({"at": T0 * 1000}, "not milliseconds"),
        ({"overturned_at": T0 - 1}, "before it happened"),
        ({"at": None}, "have no at, one of account 'u1'"),
        ({"id": "d0"}, "stands in 2 rows"),
    ],
)
def test_every_backend_refuses(backend, change, says):
    good = {"at": T0, "rule": "ads", "overturned_at": None}
    rows = [{"account": "u0", **good, "id": "d0"}, {"account": "u1", **good, "id": "d1", **change}]
    schema = {"account": pl.String, "at": pl.Int64, "rule": pl.String, "overturned_at": pl.Int64, "id": pl.String}
    with pytest.raises(InputError, match=says):
        frames.scores(native(backend, rows, schema), policy(), at=T0 + DAY)


def test_what_does_not_count_may_cite_a_rule_of_another_edition():
    table = pl.DataFrame({**GOOD, "rule": ["gone", "ads"], "overturned_at": [T0, None]})
    assert listed(frames.scores(table, policy(), at=T0))[1]["value"] == 120


def test_what_does_not_fit_64_bits_is_refused_with_the_account():
    made = policy(
        weights={"ads": 10**6}, max_single=10**6, recovery=Drain(points=7, per_days=3650), max_lifetime_days=3650
    )
    table = pl.DataFrame({"account": ["big"] * 31_000, "at": [T0] * 31_000, "rule": ["ads"] * 31_000})
    for kind in (table, table.lazy(), table.to_arrow()):
        with pytest.raises(InputError, match="account 'big' was charged 31000000000 points, over the"):
            frames.scores(kind, made, at=T0)


def test_accounts_may_be_any_whole_numbers():
    for kind, numbers in (
        (pl.Int64, [-(2**63), 2**63 - 1]), (pl.UInt64, [0, 2**64 - 1]), (pl.UInt64, [2**63 - 2, 2**63 - 1]),
        (pl.UInt64, [2**64 - 2, 2**64 - 1]),
        (pl.Int8, [-128, 127]), (pl.UInt32, [0, 2**32 - 1]),
    ):  # fmt: skip
        table = pl.DataFrame({**GOOD, "account": pl.Series(numbers, dtype=kind)})
        found = frames.scores(table.cast({"at": pl.UInt64}), policy(), at=T0)
        assert found.schema["account"] == kind
        assert {account: row["value"] for account, row in listed(found).items()} == {numbers[0]: 115, numbers[1]: 120}


def test_texts_may_be_categories_and_an_empty_column_have_no_type():
    table = pl.DataFrame({**GOOD, "overturned_at": [None, None]}).cast({"rule": pl.Categorical})
    assert listed(frames.scores(table, policy(), at=T0))[1]["value"] == 115
    with pytest.raises(InputError, match="overturned_at is Object"):
        frames.scores(pd.DataFrame({**GOOD, "overturned_at": [object(), None]}), policy(), at=T0)


def test_where_nothing_was_overturned_yet_a_column_of_none_says_so():
    marks = ("overturned_at", "held_at", "released_at")
    row = {"account": 1, "at": T0, "rule": "ads"}
    text = pd.DataFrame([{**row, **dict.fromkeys(marks)}]).astype(dict.fromkeys(marks, "string"))
    for table in (
        pd.DataFrame([{**row, mark: None} for mark in marks]),
        pd.DataFrame([{**row, **dict.fromkeys(marks)}] * 2),
        pd.DataFrame([{**row, **dict.fromkeys(marks, float("nan"))}]),
        text,
        pl.DataFrame([{**row, **dict.fromkeys(marks)}], schema_overrides=dict.fromkeys(marks, pl.String)),
    ):
        told = listed(frames.scores(table, policy(), at=T0))
        assert told[1]["value"] == 120 - 5 * len(table)
    for mark in marks:
        with pytest.raises(InputError, match=f"{mark} is String"):
            frames.scores(text.assign(**{mark: pd.array(["2026-01-01"], dtype="string")}), policy(), at=T0)


def test_an_empty_table_gives_an_empty_one():
    table = pl.DataFrame(GOOD).clear()
    for recovery in (Drain(points=1, per_days=7), Fade()):
        assert frames.scores(table, policy(recovery=recovery), at=T0).height == 0
    state = pl.DataFrame({"at": [], "debt": []}, schema={"at": pl.Int64, "debt": pl.Int64})
    assert frames.current(state, policy(), at=T0).height == 0


def test_a_float_that_has_lost_digits_is_refused():
    state = pd.DataFrame({"at": [T0, T0], "debt": [2.0**60, 5]})
    with pytest.raises(InputError, match="debt holds whole numbers as floats"):
        frames.current(state, policy(), at=T0)


@pytest.mark.parametrize(
    ("state", "made", "says"),
    [
        ({"at": [T0]}, policy(), "has no column 'debt'"),
        ({"debt": [5]}, policy(), "has no column 'at'"),
        ({"at": [T0], "debt": [5]}, policy(recovery=Fade()), "no single number"),
        ({"at": [T0], "debt": [0.5]}, policy(), "debt is Float64"),
        ({"at": [T0], "debt": [-1]}, policy(), "a debt is -1"),
        ({"at": [T0 + 1], "debt": [5]}, policy(), "a debt is of 2023-11-14T22:13:21Z, after 2023-11-14T22:13:20Z"),
        ({"at": [None], "debt": [5]}, policy(), "a debt and no instant"),
        ({"at": [-(10**15)], "debt": [5]}, policy(), "outside the years"),
        ({"at": [T0], "debt": [5], "exact": [1]}, policy(), "exact is Int64"),
    ],
)
def test_a_state_that_cannot_be_meant_is_refused(state, made, says):
    with pytest.raises(InputError, match=says):
        frames.current(pl.DataFrame(state, schema_overrides={"at": pl.Int64}), made, at=T0)


def test_what_is_no_frame_no_policy_and_no_result_is_refused():
    for thing in ([], {"account": [1]}, None):
        with pytest.raises(InputError, match="give a polars, pandas, PyArrow or DuckDB frame"):
            frames.scores(thing, policy(), at=T0)
    with pytest.raises(InputError, match="policy is a dict; give a CreditPolicy"):
        frames.scores(pl.DataFrame(GOOD), {}, at=T0)
    with pytest.raises(InputError):
        frames.scores(pl.DataFrame(GOOD), policy(), at="now")
    with pytest.raises(InputError, match="give what scores"):
        frames.complete(pl.DataFrame(GOOD), policy(), dict, at=T0)
    with pytest.raises(InputError, match=f"is of the instant {T0}, not {T0 + 1}"):
        frames.complete(frames.scores(pl.DataFrame(GOOD), policy(), at=T0), policy(), dict, at=T0 + 1)


def test_a_history_that_is_not_given_is_missed():
    made = policy(weights={"ads": 15, "spam": 1}, max_lifetime_days=70)
    first = frames.scores(pl.DataFrame(GOOD), made, at=T0)
    for given_ in ({}, {1: None}, {1: []}):
        with pytest.raises(InputError, match=r"account 1 has .*; give the CreditHistory"):
            frames.complete(first, made, lambda _, given_=given_: given_, at=T0)


def test_histories_need_the_type_of_the_accounts_and_ids_for_tasks():
    for accounts in (["1"], [True], [1.0]):
        with pytest.raises(InputError, match="is no int, as the accounts of the table are"):
            frames.histories(pl.DataFrame(GOOD), accounts)
    with pytest.raises(InputError, match="is no str"):
        frames.histories(pl.DataFrame({**GOOD, "account": ["a", "b"]}), [1])
    tasks = pl.DataFrame({**GOOD, "rule": ["ads", "quiz"], "kind": ["violation", "task"]})
    with pytest.raises(InputError, match="has tasks and no column 'id'"):
        frames.histories(tasks, [2])
    assert frames.histories(pl.DataFrame(GOOD), []) == {}
    found = frames.histories(pl.DataFrame(GOOD), [2, 5])
    assert [[event.cites for event in history.events] for history in found.values()] == [["spam"], []]


def test_without_the_extra_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "narwhals", None)
    for name in [name for name in sys.modules if name.startswith("platgov._frames.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ImportError, match=r"frames are read with narwhals: install platgov\[frames\]"):
        frames.histories(pl.DataFrame(GOOD), [])
    with pytest.raises(ModuleNotFoundError, match="nonexistent"):
        frames._part("nonexistent")
