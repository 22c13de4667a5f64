"""Each rule fires for what it is about and for nothing else; the robust z is numpy's. On a real local warehouse."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import TypeAdapter

from tests.fakes.clock import ManualClock
from tests.fixtures.injected_day import INSTRUMENTS
from tests.fixtures.load_platform import LoadPlatform, load_platform
from ticklake.quality.kinds import Rule
from ticklake_airflow.defaults import SQL_FOLDER
from ticklake_airflow.quality.asking import Asking
from ticklake_airflow.quality.model import Answer
from ticklake_airflow.quality.scope import SLICE, Scope
from ticklake_io.reference import load_reference
from ticklake_io.sql import Statements

CLOCK = ManualClock()  # Monday 23 November 2026, 14:30 UTC: an exchange in New York opens
AT = datetime(2026, 11, 20, 15, 0)  # noqa: DTZ001 - as the warehouse stores times: a minute of Friday's session
MINUTE = timedelta(minutes=1)
TICK = {
    "SYMBOL": "S0", "SOURCE": "finnhub", "FEED": "realtime", "KIND": "trade", "EVENT_TIME": AT, "RECEIVED_AT": AT, "PRICE": "100",
    "SIZE": 1, "SEQUENCE": 0, "GENERATION": 1, "PARTITION_ID": 0,
}  # fmt: skip
BAR = {
    "SYMBOL": "S0",
    "SOURCE": "finnhub",
    "ORIGIN": "trades",
    "OPEN": "10",
    "HIGH": "11",
    "LOW": "9",
    "CLOSE": "10",
    "VOLUME": 5,
    "VWAP": None,
    "SESSION": "regular",
}
LATEST = {"SOURCE": "finnhub", "FEED": "realtime", "KIND": "trade", "TICK_ID": "t", "PRICE": "10", "SEQUENCE": 0}
WHAT = {"id": "it", "description": "d", "severity": "warn"}


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadPlatform]:
    with load_platform(tmp_path_factory.mktemp("rules")) as platform:
        load_reference(platform.warehouse, INSTRUMENTS, {}, CLOCK)
        yield platform


@pytest.fixture
def platform(ready: LoadPlatform) -> LoadPlatform:
    ready.empty()
    ready.warehouse.rows("DELETE FROM CURATED.DAILY_BARS")
    return ready


def put(platform: LoadPlatform, table: str, rows: Sequence[dict[str, Any]]) -> None:
    names = list(rows[0])
    values = ", ".join(f"EACH.VALUE:{name}::{'TIMESTAMP_NTZ(6)' if isinstance(rows[0][name], datetime) else 'VARCHAR'}" for name in names)
    sql = f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM TABLE(FLATTEN(INPUT => PARSE_JSON(:rows))) AS EACH"
    platform.warehouse.rows(sql, {"rows": json.dumps(rows, default=str)})


def put_ticks(platform: LoadPlatform, *ticks: dict[str, Any]) -> None:
    put(platform, "CURATED.TICKS", [{**TICK, "TICK_ID": f"t{n}", "OFFSET_ID": n, **each} for n, each in enumerate(ticks)])


def put_bars(platform: LoadPlatform, *bars: dict[str, Any]) -> None:
    put(platform, "CURATED.BARS_1M", [{**BAR, "BAR_START": AT + n * MINUTE, **each} for n, each in enumerate(bars)])


def ask(platform: LoadPlatform, slices: Sequence[datetime] = (AT,), **rule: Any) -> Answer:
    parsed: Rule = TypeAdapter[Rule](Rule).validate_python({**WHAT, **rule})
    now = CLOCK.now()
    [answer] = Asking(platform.warehouse, Statements(SQL_FOLDER / "data_quality")).ask([parsed], Scope("check", now, slices, (now, now)))
    return answer


def counts(answer: Answer) -> tuple[str, int, int]:
    return answer.status, answer.offending, answer.checked


def test_values_out_of_their_domain_and_bounds(platform: LoadPlatform) -> None:
    put_ticks(platform, {}, {"KIND": "gossip"}, {"PRICE": "0.5"}, {"EVENT_TIME": AT + SLICE, "KIND": "not looked at"})
    kinds = ask(platform, kind="domain", table="CURATED.TICKS", column="KIND", values=["trade", "quote"])
    assert counts(kinds) == ("broken", 1, 3)
    assert kinds.rows[0]["TICK_ID"] == "t1"
    assert counts(ask(platform, kind="domain", table="CURATED.TICKS", column="KIND", values=["trade", "gossip"])) == ("ok", 0, 3)
    assert counts(ask(platform, kind="range", table="CURATED.TICKS", column="PRICE", minimum=1)) == ("broken", 1, 3)
    assert counts(ask(platform, kind="range", table="CURATED.TICKS", column="PRICE", minimum=0.5, maximum=100)) == ("ok", 0, 3)


def test_missing_values(platform: LoadPlatform) -> None:
    put_ticks(platform, {}, {"SIZE": None}, {"SIZE": None})
    found = ask(platform, kind="not_null", table="CURATED.TICKS", columns=["PRICE", "SIZE"])
    assert counts(found) == ("broken", 2, 3)
    assert [row["MISSING_COLUMN"] for row in found.rows] == ["SIZE", "SIZE"]
    assert counts(ask(platform, kind="not_null", table="CURATED.TICKS", columns=["PRICE"])) == ("ok", 0, 3)
    assert counts(ask(platform, kind="not_null", table="CURATED.TICKS", columns=["SIZE"], at_most_share=0.7)) == ("ok", 2, 3)


def test_a_key_that_is_there_again(platform: LoadPlatform) -> None:
    put_ticks(platform, {}, {}, {"TICK_ID": "t0"}, {"TICK_ID": "t0"})
    assert counts(ask(platform, kind="uniqueness", table="CURATED.TICKS", key=["TICK_ID"])) == ("broken", 2, 4)
    assert counts(ask(platform, kind="uniqueness", table="CURATED.TICKS", key=["TICK_ID", "OFFSET_ID"])) == ("ok", 0, 4)


@pytest.mark.parametrize(
    ("bar", "sane"),
    [
        ({}, True), ({"VWAP": "9"}, True), ({"VOLUME": None}, True), ({"OPEN": "9", "CLOSE": "11"}, True),
        ({"LOW": "12"}, False), ({"OPEN": "8"}, False), ({"CLOSE": "12"}, False), ({"VWAP": "11.5"}, False), ({"VOLUME": -1}, False),
    ],
)  # fmt: skip
def test_a_bar_s_prices_are_in_order(platform: LoadPlatform, bar: dict[str, Any], sane: bool) -> None:
    put_bars(platform, {}, bar)
    assert counts(ask(platform, kind="ohlc_sanity", table="CURATED.BARS_1M")) == (("ok", 0, 2) if sane else ("broken", 1, 2))


def test_daily_bars_by_days_back(platform: LoadPlatform) -> None:
    day = {"SOURCE": "files", "OPEN": "10", "HIGH": "11", "LOW": "9", "CLOSE": "10", "VOLUME": 5, "ADJUSTED_BY": "vendor", "OBJECT_KEY": "k"}
    day |= {f"ADJ_{name}": day[name] for name in ("OPEN", "HIGH", "LOW", "CLOSE", "VOLUME")}
    dates = ["2026-11-09", "2026-11-10", "2026-11-12", "2026-11-13", "2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"]
    put(
        platform,
        "CURATED.DAILY_BARS",
        [{**day, "SYMBOL": "S0", "BAR_DATE": date} for date in dates] + [{**day, "SYMBOL": "S1", "BAR_DATE": "2026-11-20", "LOW": "12"}],
    )
    assert counts(ask(platform, kind="ohlc_sanity", table="CURATED.DAILY_BARS", last_days=10)) == ("broken", 1, 7)
    missing = ask(platform, kind="daily_completeness", last_days=20, grace_days=3)
    assert counts(missing) == ("broken", 1, 9)
    assert (missing.rows[0]["SYMBOL"], str(missing.rows[0]["SESSION_DATE"])[:10]) == ("S0", "2026-11-11")
    assert counts(ask(platform, kind="daily_completeness", last_days=10, grace_days=3)) == ("ok", 0, 5)


def test_ticks_that_came_late(platform: LoadPlatform) -> None:
    late = AT + timedelta(seconds=61)
    put_ticks(platform, {"RECEIVED_AT": AT + MINUTE}, {"RECEIVED_AT": late}, {"RECEIVED_AT": late, "FEED": "replay"})
    found = ask(platform, kind="late_data", seconds=60, feeds=["realtime"])
    assert counts(found) == ("broken", 1, 2)
    assert found.rows[0]["TICK_ID"] == "t1"
    assert counts(ask(platform, kind="late_data", seconds=61, feeds=["realtime"])) == ("ok", 0, 2)


@pytest.mark.parametrize(("silent_minutes", "at", "stale"), [(14, "19:00", 0), (16, "19:00", 1), (16, "21:30", 0), (16, "14:40", 0)])
def test_a_symbol_that_is_silent_while_others_tick(platform: LoadPlatform, silent_minutes: int, at: str, stale: int) -> None:
    newest = datetime.fromisoformat(f"2026-11-20T{at}:00")
    now = CLOCK.now().replace(tzinfo=None)
    pairs = [("S0", timedelta()), ("S1", silent_minutes * MINUTE), ("UNLISTED", timedelta(hours=5))]
    put(platform, "CURATED.LATEST", [{**LATEST, "SYMBOL": symbol, "EVENT_TIME": newest - ago, "RECEIVED_AT": now - ago} for symbol, ago in pairs])
    found = ask(platform, kind="stale_symbol", minutes=15)
    assert found.offending == stale
    assert [row["SYMBOL"] for row in found.rows] == ["S1"] * stale


def test_two_sources_that_say_different_prices(platform: LoadPlatform) -> None:
    other = [{"SOURCE": "coinbase", "BAR_START": AT + n * MINUTE, "CLOSE": close} for n, close in enumerate(["10.1"] * 4 + ["90"])]
    put_bars(platform, *[{}] * 5, *other, {"SOURCE": "simulator", "BAR_START": AT, "CLOSE": "50"})
    found = ask(platform, kind="source_drift", most_bp=99.0, least_minutes=5)
    assert counts(found) == ("broken", 1, 1)
    assert float(found.rows[0]["DRIFT_BP"]) == pytest.approx(0.1 / 10.05 * 10_000)
    assert counts(ask(platform, kind="source_drift", most_bp=100.0, least_minutes=5)) == ("ok", 0, 1)
    assert counts(ask(platform, kind="source_drift", most_bp=99.0, least_minutes=6)) == ("ok", 0, 0)


OPENS_AT = datetime(2026, 11, 20, 14, 30)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("gone", "expected"), [((), []), ((0,), [(0, 1)]), ((5, 6, 100), [(5, 7), (100, 101)]), (range(380, 390), [(380, 390)]), (range(0, 388, 2), [])]
)
def test_minutes_without_a_bar(platform: LoadPlatform, gone: Sequence[int], expected: list[tuple[int, int]]) -> None:
    kept = [minute for minute in range(-10, 400) if minute not in gone]
    put_bars(platform, *({"BAR_START": OPENS_AT + minute * MINUTE} for minute in kept))
    found = ask(platform, kind="completeness")
    runs = sorted((row["MISSING_FROM"], row["MISSING_TO"]) for row in found.rows)
    assert runs == [(OPENS_AT + first * MINUTE, OPENS_AT + end * MINUTE) for first, end in expected]
    assert found.offending == sum(end - first for first, end in expected)
    longest = ask(platform, kind="completeness", least_minutes=2)
    assert longest.offending == sum(end - first for first, end in expected if end - first > 1)


def test_a_source_that_still_sends_is_judged_up_to_what_it_has_sent(platform: LoadPlatform) -> None:
    now = CLOCK.now().replace(tzinfo=None)
    put_bars(platform, *({"BAR_START": OPENS_AT + minute * MINUTE} for minute in range(60)))
    put_bars(platform, *({"SYMBOL": "S1", "BAR_START": OPENS_AT + minute * MINUTE} for minute in range(40)))
    put(platform, "CURATED.LATEST", [{**LATEST, "SYMBOL": "S0", "EVENT_TIME": OPENS_AT, "RECEIVED_AT": now}])
    sending = ask(platform, kind="completeness", grace_minutes=10)
    assert [(row["SYMBOL"], row["MINUTES"]) for row in sending.rows] == [("S1", 9)]
    platform.warehouse.rows("DELETE FROM CURATED.LATEST")
    put(platform, "CURATED.LATEST", [{**LATEST, "SYMBOL": "S0", "EVENT_TIME": OPENS_AT, "RECEIVED_AT": now - 11 * MINUTE}])
    assert ask(platform, kind="completeness", grace_minutes=10).offending == 330 + 350


def robust_z(moves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Iglewicz and Hoaglin's modified z; by the mean absolute deviation where the median one is 0."""
    away = np.abs(moves - np.median(moves))
    spread = np.median(away) / 0.6745 or np.mean(away) * 1.253314
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((moves - np.median(moves)) / spread)


def expected_jumps(cents: Sequence[int], z: float, least_move: float) -> tuple[list[int], list[int]]:
    """Places of bad prints and of new levels, by plain computation over one slice."""
    starts = [at for at in range(len(cents)) if at == 0 or cents[at] != cents[at - 1]]
    prices = np.array([cents[at] for at in starts], dtype=float)
    moves = np.diff(np.log(prices))
    if len(moves) < 3:
        return [], []
    leaps = (np.abs(np.nan_to_num(robust_z(moves))) > z) & (np.abs(moves) > least_move)
    bad, levels = [], []
    for n in range(len(moves) - 1):
        single = starts[n + 2] - starts[n + 1] == 1
        back = single and abs(moves[n] + moves[n + 1]) <= 0.5 * abs(moves[n])
        if leaps[n] and back:
            bad.append(starts[n + 1])
        elif leaps[n] and not (n and bad and bad[-1] == starts[n]):
            levels.append(starts[n + 1])
    return bad, levels


steps = st.lists(st.sampled_from([-2, -1, 0, 0, 1, 2]), min_size=6, max_size=40)
shocks = st.lists(st.tuples(st.integers(1, 38), st.sampled_from([-900, 700, 40]), st.sampled_from([0.0, 0.4, 0.6, 1.0])), max_size=3)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(walk=steps, shocked=shocks)
@example(walk=[1, -1] * 12, shocked=[(9, 700, 0.4)])
@example(walk=[1, -1] * 12, shocked=[(9, 700, 0.6)])
def test_jumps_are_those_of_numpy(platform: LoadPlatform, walk: list[int], shocked: list[tuple[int, int, float]]) -> None:
    platform.empty()
    cents = (10_000 + np.cumsum(walk)).tolist()
    for at, shift, stays in shocked:
        if at < len(cents):
            cents[at:] = [cents[at] + shift, *(cent + round(shift * stays) for cent in cents[at + 1 :])]
    put_ticks(platform, *({"PRICE": str(cent / 100), "EVENT_TIME": AT + timedelta(seconds=n)} for n, cent in enumerate(cents)))
    put_bars(platform, {})
    bad, levels = expected_jumps(cents, 3.5, 0.005)
    for comes_back, expected in ((True, bad), (False, levels)):
        found = ask(platform, kind="price_jump", comes_back=comes_back, z=3.5, least_move_bp=50.0, least_moves=3)
        assert sorted(int(row["OFFSET_ID"]) for row in found.rows) == expected


def test_a_hole_or_the_night_is_no_jump(platform: LoadPlatform) -> None:
    before = [{"PRICE": str(100 + n % 2), "EVENT_TIME": AT + timedelta(seconds=n)} for n in range(30)]
    after = [{"PRICE": str(150 + n % 2), "EVENT_TIME": AT + 3 * SLICE + timedelta(seconds=n)} for n in range(30)]
    put_ticks(platform, *before, *after)
    put_bars(platform, {}, {"BAR_START": AT + 3 * SLICE})
    rule: dict[str, Any] = {"kind": "price_jump", "comes_back": False, "z": 3.5}
    assert ask(platform, [AT, AT + 3 * SLICE], **rule).offending == 0
    near = [{"PRICE": str(50 + n % 2), "EVENT_TIME": AT + timedelta(seconds=60 + n), "TICK_ID": f"n{n}"} for n in range(30)]
    put_ticks(platform, *near)
    put_bars(platform, {"BAR_START": AT + MINUTE})
    assert ask(platform, [AT, AT + 3 * SLICE], **rule).offending == 1


def test_a_rule_that_cannot_be_asked_is_unknown(platform: LoadPlatform) -> None:
    gone = ask(platform, kind="not_null", table="CURATED.TICKS", columns=["NOWHERE"])
    assert counts(gone) == ("unknown", 0, 0)
    assert "NOWHERE" in gone.rows[0]["ERROR"].upper()
    lacking = ask(platform, kind="custom", table="RAW.TICKS", sql="no_such_statement")
    assert lacking.status == "unknown"
