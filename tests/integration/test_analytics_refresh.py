"""A refresh does what is new, all of it and once, and gives what a recomputation gives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from tests.fakes.clock import ManualClock
from tests.fixtures.analytics_market import MINUTE, Day, Market, random_minutes
from tests.fixtures.load_platform import LoadPlatform, load_platform
from tests.fixtures.reference_analytics import Minute
from ticklake.errors import WarehouseBusy
from ticklake_airflow.analytics.refresh import MOST_TRIES

OPEN = datetime(2013, 10, 8, 13, 30)  # noqa: DTZ001 - as the warehouse stores them
NOW = datetime(2013, 10, 9, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadPlatform]:
    with load_platform(tmp_path_factory.mktemp("refresh")) as ready:
        yield ready


@pytest.fixture
def market(platform: LoadPlatform) -> Market:
    market = Market(platform)
    market.empty(A="XNYS", B="XNYS", C="24/7")
    return market


def minutes_of(symbol: str, count: int, start: datetime = OPEN, seed: int = 1) -> list[Minute]:
    return random_minutes(np.random.default_rng([seed, *symbol.encode()]), symbol, [start + MINUTE * at for at in range(count)])


def days_of(symbol: str, count: int, last: date = date(2013, 10, 8), seed: int = 1) -> list[Day]:
    close = 100 * np.exp(np.cumsum(np.random.default_rng([seed, *symbol.encode()]).normal(0, 0.01, count)))
    dates = [last - timedelta(days=count - 1 - at) for at in range(count)]
    return [
        Day(symbol, "test", day, Decimal(f"{price * 1.01:.4f}"), Decimal(f"{price * 0.99:.4f}"), Decimal(f"{price:.4f}"))
        for day, price in zip(dates, close, strict=True)
    ]


@pytest.mark.parametrize("seed", range(2))
def test_bit_by_bit_gives_what_a_recomputation_gives(market: Market, seed: int) -> None:
    random = np.random.default_rng(seed)
    starts = [OPEN - timedelta(days=7) + MINUTE * at for at in range(390)] + [OPEN + MINUTE * at for at in range(390)]
    every = [minute for symbol in "ABC" for minute in random_minutes(random, symbol, starts)]
    days = [day for symbol in ("A", "B", "SPY") for day in days_of(symbol, 260, seed=seed)]
    order = random.permutation(len(every))
    for part in np.array_split(order, 3):
        market.put([every[at] for at in sorted(part)])
        market.put_days([day for day in days if random.random() < 0.3])
        days = [day for day in days if not market.rows(f"SELECT 1 FROM CURATED.DAILY_BARS WHERE SYMBOL = '{day.symbol}' AND BAR_DATE = '{day.day}'")]
        market.refresh()
    changed = [every[at] for at in random.choice(len(every), 40, replace=False)]
    market.put([minute._replace(close=minute.low, volume=7) for minute in changed[:20]])
    market.remove(changed[20:])
    market.refresh()
    bit_by_bit = market.tables()
    assert all(bit_by_bit.values())
    market.refresh(full=True)
    assert market.tables() == bit_by_bit


def test_a_minute_long_ago_reaches_as_many_bars_as_a_value_is_made_of(market: Market) -> None:
    minutes = minutes_of("A", 390, OPEN - timedelta(days=1)) + minutes_of("A", 390)
    market.put(minutes)
    market.refresh()
    before = market.rows("SELECT BAR_START, RSI_14 FROM CURATED.INDICATORS WHERE BAR_INTERVAL = '1M' ORDER BY BAR_START")
    market.put([minutes[100]._replace(close=minutes[100].close * 2, high=minutes[100].high * 2)])
    market.refresh()
    after = market.rows("SELECT BAR_START, RSI_14 FROM CURATED.INDICATORS WHERE BAR_INTERVAL = '1M' ORDER BY BAR_START")
    differ = [at for at, (one, other) in enumerate(zip(before, after, strict=True)) if one != other]
    assert differ == list(range(100, 100 + 257))


def test_what_is_announced_is_taken_once_and_leaves_nothing_behind(market: Market) -> None:
    market.put(minutes_of("A", 10))
    market.put(minutes_of("B", 5))
    assert market.refresh().minutes == 15
    assert market.refresh().minutes == 0
    for table in ("OPS.BAR_CHANGES", "OPS.WORK_BARS", "OPS.WORK_ROLLED", "OPS.WORK_RETURNS"):
        assert market.rows(f"SELECT COUNT(*) AS N FROM {table}") == [{"N": 0}]
    assert len(market.rows("SELECT * FROM OPS.REFRESHES")) == 1


def test_an_early_refresh_leaves_its_changes_to_the_next(market: Market) -> None:
    market.put(minutes_of("A", 10))
    assert not market.refresh(gap_s=60).is_early
    market.put(minutes_of("B", 10))
    market.clock.advance(59)
    assert market.refresh(gap_s=60).is_early
    assert market.refresh(gap_s=60, full=True).minutes == 30
    market.put(minutes_of("C", 10))
    market.clock.advance(61)
    assert market.refresh(gap_s=60).minutes == 10


def test_a_failure_changes_nothing_and_another_writer_is_waited_for(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    market.put(minutes_of("A", 30))
    rows, failures = market.warehouse.rows, [WarehouseBusy("another")] * MOST_TRIES

    def busy(sql: str, params: object = None) -> object:
        if "INSERT INTO CURATED.INDICATORS" in sql and failures:
            raise failures.pop()
        return rows(sql, params)  # type: ignore[arg-type]

    monkeypatch.setattr(market.warehouse, "rows", busy)
    with pytest.raises(WarehouseBusy):
        market.refresh()
    assert market.rows("SELECT * FROM CURATED.BARS_5M") == []
    failures[:] = [WarehouseBusy("another")]
    assert market.refresh().minutes == 30
    assert len(market.rows("SELECT * FROM CURATED.BARS_5M")) == 6


def test_few_observations_give_no_number(market: Market) -> None:
    market.put(minutes_of("A", 20) + minutes_of("B", 20))
    market.put_days(days_of("A", 12) + days_of("B", 50) + days_of("C", 100))
    market.refresh()
    assert {(row["VOLATILITY"], row["WHY_NULL"]) for row in market.rows("SELECT * FROM CURATED.VOLATILITY WHERE BAR_INTERVAL <> '1D'")} == {(None, "few")}
    (pair,) = market.rows("SELECT * FROM CURATED.CORRELATION WHERE BAR_INTERVAL = '5M'")
    assert (pair["CORRELATION"], pair["N_COMMON"], pair["WHY_NULL"]) == (None, 3, "few")
    windows = market.rows("SELECT WINDOW_DAYS, WHY_NULL FROM CURATED.VOLATILITY WHERE SYMBOL = 'B' AND METHOD = 'close' AND BAR_INTERVAL = '1D'")
    assert {row["WINDOW_DAYS"]: row["WHY_NULL"] for row in windows} == {20: None, 60: None, 252: "few"}
    risk = {row["SYMBOL"]: row for row in market.rows("SELECT * FROM CURATED.RISK")}
    assert {symbol: row["WHY_NULL"] for symbol, row in risk.items()} == {"A": "few", "B": "few", "C": None}
    assert risk["B"]["MAX_DRAWDOWN"] is None
    assert (risk["C"]["HISTORICAL_VAR_95"] is None, risk["C"]["HISTORICAL_VAR_99"]) == (False, None)
    assert (risk["C"]["BETA"], risk["C"]["BETA_OBSERVATIONS"], risk["C"]["BENCHMARK"]) == (None, 0, "SPY")


def test_what_does_not_move_is_correlated_with_nothing(market: Market) -> None:
    doubling = [day._replace(close=Decimal(2**at), low=Decimal(2**at), high=Decimal(2**at)) for at, day in enumerate(days_of("B", 36, date(2013, 10, 8)))]
    still = [day._replace(close=Decimal(5), low=Decimal(5), high=Decimal(5)) for day in days_of("C", 61)]
    market.put_days(days_of("A", 61) + still + doubling)
    market.refresh()
    pairs = {(row["SYMBOL_A"], row["SYMBOL_B"]): row for row in market.rows("SELECT * FROM CURATED.CORRELATION WHERE WINDOW_DAYS = 60")}
    assert (pairs["A", "C"]["CORRELATION"], pairs["A", "C"]["WHY_NULL"]) == (None, "flat")
    assert pairs["A", "B"]["WHY_NULL"] == "few"
    (close,) = market.rows("SELECT * FROM CURATED.VOLATILITY WHERE SYMBOL = 'C' AND WINDOW_DAYS = 60 AND METHOD = 'close'")
    assert close["VOLATILITY"] == 0


def test_what_is_stale_becomes_null_though_nothing_changed(market: Market) -> None:
    market.put(minutes_of("A", 390) + minutes_of("B", 390))
    market.put_days([day for symbol in ("A", "B", "SPY") for day in days_of(symbol, 253)])
    market.refresh()
    figures = {"VOLATILITY": "VOLATILITY", "CORRELATION": "CORRELATION", "RISK": "HISTORICAL_VAR_95"}
    alive = {table: len(market.rows(f"SELECT * FROM CURATED.{table} WHERE {figure} IS NOT NULL")) for table, figure in figures.items()}
    assert all(alive.values())
    # The fifth session after that of 8 October closed on the 15th; the 14th is a holiday of bonds only.
    market.clock = ManualClock(datetime(2013, 10, 14, 23, tzinfo=UTC))
    market.refresh()
    for table in figures:  # SPY has no calendar here: days count
        symbol = "SYMBOL_B" if table == "CORRELATION" else "SYMBOL"
        assert market.rows(f"SELECT * FROM CURATED.{table} WHERE WHY_NULL = 'stale' AND {symbol} <> 'SPY'") == []
    market.clock = ManualClock(datetime(2013, 10, 15, 23, tzinfo=UTC))
    market.refresh()
    for table, figure in figures.items():
        assert market.rows(f"SELECT * FROM CURATED.{table} WHERE WHY_NULL IS NULL OR {figure} IS NOT NULL") == []
    stale = market.tables()
    market.refresh(full=True)
    assert market.tables() == stale
    market.clock = ManualClock(NOW)


def test_daily_figures_follow_their_own_bars_and_their_benchmarks(market: Market) -> None:
    market.put_days(days_of("A", 100) + days_of("B", 100) + days_of("SPY", 100))
    assert market.refresh().daily_symbols == 3
    assert market.refresh().daily_symbols == 0
    market.rows("UPDATE CURATED.DAILY_BARS SET ADJ_CLOSE = ADJ_LOW WHERE SYMBOL = 'A' AND BAR_DATE = '2013-09-02'")
    assert market.refresh().daily_symbols == 1
    market.rows("DELETE FROM CURATED.DAILY_BARS WHERE SYMBOL = 'SPY' AND BAR_DATE = '2013-09-02'")
    assert market.refresh().daily_symbols == 3
    market.rows("DELETE FROM CURATED.DAILY_BARS WHERE SYMBOL = 'B'")
    assert market.refresh().daily_symbols == 1
    assert {row["SYMBOL"] for row in market.rows("SELECT SYMBOL FROM CURATED.RISK")} == {"A", "SPY"}
    assert market.refresh(benchmark="A").daily_symbols == 2
    assert market.rows("SELECT BETA FROM CURATED.RISK WHERE SYMBOL = 'A'") == [{"BETA": 1.0}]


def test_days_of_ticks_stand_in_where_there_are_no_daily_bars(market: Market) -> None:
    starts = [OPEN - timedelta(days=7 - day) + MINUTE * at for day in range(8) for at in range(5)]  # Tuesday to Tuesday, the weekend included
    minutes = [minute for symbol in "AC" for minute in random_minutes(np.random.default_rng([1, *symbol.encode()]), symbol, starts)]
    market.put(minutes)
    market.put_days(days_of("B", 100))
    market.refresh()
    days = market.rows("SELECT BAR_DATE, CLOSE, MADE_OF FROM CURATED.DAILY_CLOSES WHERE SYMBOL = 'C' ORDER BY BAR_DATE")
    last = {each.start.date(): each.close for each in minutes if each.symbol == "C"}
    assert [(row["BAR_DATE"], row["CLOSE"], row["MADE_OF"]) for row in days] == [(day, last[day], "ticks") for day in sorted(last)[:-1]]
    assert {row["MADE_OF"] for row in market.rows("SELECT MADE_OF FROM CURATED.DAILY_CLOSES WHERE SYMBOL = 'B'")} == {"daily bars"}
    risk = {row["SYMBOL"]: row for row in market.rows("SELECT * FROM CURATED.RISK")}
    assert (risk["C"]["OBSERVATIONS"], risk["C"]["WHY_NULL"], risk["C"]["AS_OF"]) == (6, "few", datetime(2013, 10, 7))  # noqa: DTZ001
    before = market.rows("SELECT * FROM CURATED.RISK WHERE SYMBOL = 'C'")
    market.put([minutes[-1]._replace(close=minutes[-1].low)])
    assert market.refresh().daily_symbols == 0  # the newest day may not have ended
    assert market.rows("SELECT * FROM CURATED.RISK WHERE SYMBOL = 'C'") == before
    market.put_days(days_of("C", 70))
    assert market.refresh().daily_symbols == 1
    assert market.rows("SELECT OBSERVATIONS FROM CURATED.RISK WHERE SYMBOL = 'C'") == [{"OBSERVATIONS": 69}]
