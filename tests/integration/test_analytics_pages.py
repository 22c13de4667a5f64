"""What the Risk page reads of a real warehouse, and what it writes into it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from dashboard.news import News
from dashboard.risk import pairs, stored
from dashboard.risk.limit_book import LimitBook
from dashboard.tables import Param, WarehouseTables
from tests.fixtures.analytics_market import Day, Market
from tests.fixtures.load_platform import load_platform
from ticklake.changes import Subject
from ticklake.errors import NotAllowed
from ticklake.risk.limits import HOUSE_LIMITS, Limit, Metric
from ticklake.risk.measures import Method, tail
from ticklake.roles import Role, User

LAST = date(2013, 10, 8)
NOW = datetime(2013, 10, 9, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    with load_platform(tmp_path_factory.mktemp("pages")) as ready:
        filled = Market(ready)
        filled.empty(A="XNYS", B="XNYS", SPY="XNYS")
        filled.put_days([day for seed, symbol in enumerate(("A", "B", "SPY", "'; --")) for day in walk(symbol, 120, seed)] + walk("YOUNG", 5, 9))
        filled.refresh()
        yield filled


def walk(symbol: str, count: int, seed: int) -> list[Day]:
    prices = 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, count)))
    return [
        Day(symbol, "test", LAST - timedelta(days=count - 1 - at), *(Decimal(f"{price * by:.4f}") for by in (1.01, 0.99, 1))) for at, price in enumerate(prices)
    ]


@pytest.fixture
def tables(market: Market) -> Iterator[WarehouseTables]:
    with ThreadPoolExecutor(1) as worker:
        yield WarehouseTables(market.warehouse, worker, News(30), market.clock)


def frame(tables: WarehouseTables, name: str, subject: Subject = Subject.ANALYTICS, **params: Param) -> pd.DataFrame:
    reading = tables.read(name, subject, **params)
    assert reading.problem is None
    assert reading.value is not None
    return reading.value


def figures(tables: WarehouseTables, symbol: str) -> Mapping[str, object]:
    row = stored.row_of(frame(tables, "risk_figures", keys=stored.keys_json([(symbol, "test")])), (symbol, "test"))
    assert row is not None
    return row


@pytest.mark.parametrize("symbol", ["A", "'; --"])
def test_stored_figures_are_those_of_the_closes_that_are_read(tables: WarehouseTables, symbol: str) -> None:
    key = (symbol, "test")
    series = stored.series(frame(tables, "risk_closes", keys=stored.keys_json([key])))[key]
    assert (len(series.closes.days), series.closes.days[-1].astype(object)) == (120, LAST)
    returns = series.closes.prices[1:] / series.closes.prices[:-1] - 1
    row = figures(tables, symbol)
    for level, method in stored.levels():
        expected = tail(returns, level, method)
        found = stored.tail(row, "VAR", level, method, NOW)
        assert (found.value, found.observations) == (pytest.approx(expected.value_at_risk, rel=1e-9), 119)
        assert stored.tail(row, "ES", level, method, NOW).value == pytest.approx(expected.shortfall, rel=1e-9)
    assert stored.beta(row, NOW).observations == 119


def test_a_young_symbol_says_how_many_observations_it_has(tables: WarehouseTables) -> None:
    row = figures(tables, "YOUNG")
    assert stored.tail(row, "VAR", 95, Method.HISTORICAL, NOW).why == "insufficient: 4 of 60 observations"
    assert stored.deepest(row, NOW).why == "insufficient: 4 of 60 observations"
    rows = frame(tables, "risk_volatility", symbol="YOUNG", source="test").to_dict("records")
    assert {stored.volatility(row, NOW).why for row in rows if row["METHOD"] == "close"} == {
        f"insufficient: 4 of {least} observations" for least in (15, 45, 189)
    }


def test_what_is_old_is_stale_even_when_no_refresh_has_said_so(tables: WarehouseTables) -> None:
    row = figures(tables, "A")
    friday = datetime(2013, 10, 15, 12, tzinfo=UTC)
    assert stored.deepest(row, friday).value is not None
    assert stored.deepest(row, friday + timedelta(days=1)).why == "stale since 2013-10-08"


def test_the_map_has_every_pair_on_both_sides(tables: WarehouseTables) -> None:
    found = pairs.read(frame(tables, "risk_pairs", source="test", bar_interval="1D", window_days=60, most=44))
    assert (len(found.ordered), found.symbols, len(found.cells)) == (5, 5, 25)
    cells = found.cells.set_index(["A", "B"])
    assert cells.loc[("A", "B"), "CORRELATION"] == cells.loc[("B", "A"), "CORRELATION"]
    assert cells.loc[("A", "YOUNG"), "WHY"] == "insufficient: 4 of 45 observations"
    assert math.isnan(cells.loc[("A", "YOUNG"), "CORRELATION"])
    two = pairs.read(frame(tables, "risk_pairs", source="test", bar_interval="1D", window_days=60, most=2))
    assert (len(two.ordered), two.symbols) == (2, 5)


def test_the_worst_days_and_what_each_did_on_one(tables: WarehouseTables) -> None:
    worst = frame(tables, "risk_worst_days", symbol="SPY", source="test")
    closes = stored.series(frame(tables, "risk_closes", keys=stored.keys_json([("SPY", "test")])))["SPY", "test"].closes
    moves = closes.prices[1:] / closes.prices[:-1] - 1
    assert worst["MOVE"].to_numpy() == pytest.approx(np.sort(moves)[:20])
    day = pd.Timestamp(worst["BAR_DATE"].iloc[0])
    rows = frame(tables, "risk_day", day=f"{day:%Y-%m-%d}", keys=json.dumps([["SPY", "test"], ["A", "test"], ["NOPE", "test"]]))
    assert list(rows["SYMBOL"]) == ["A", "SPY"]
    assert rows["MOVE"].iloc[1] == pytest.approx(moves.min())


def test_limits_are_kept_with_who_set_them_and_the_newest_counts(market: Market, tables: WarehouseTables) -> None:
    book = LimitBook(tables, market.warehouse, market.clock, lambda: tables.changed(Subject.APP))
    admin = User("ada", Role.ADMIN)
    assert [each.limit for each in book.in_force("p1").value or []] == sorted(HOUSE_LIMITS, key=lambda limit: list(Metric).index(limit.metric))
    book.set("p1", [Limit(Metric.POSITION, 0.2, 0.3), Limit(Metric.BETA, math.nan, math.nan), Limit(Metric.VAR_99, 0.05, 0.06)], admin)
    market.clock.advance(1)
    book.set("p1", [Limit(Metric.POSITION, 0.2, 0.25)], admin)
    found = {each.limit.metric: each for each in book.in_force("p1").value or []}
    assert found[Metric.POSITION].limit == Limit(Metric.POSITION, 0.2, 0.25)
    assert (found[Metric.POSITION].set_by, found[Metric.POSITION].set_at) == ("ada", market.clock.now())
    assert found[Metric.VAR_99].limit.red == 0.06
    assert Metric.BETA not in found
    assert found[Metric.SECTOR].set_by is None
    assert len(market.rows("SELECT * FROM APP.LIMITS")) == 4
    assert len(book.in_force("another").value or []) == len(HOUSE_LIMITS)
    with pytest.raises(NotAllowed):
        book.set("p1", [Limit(Metric.POSITION, 1, 1)], User("vic", Role.VIEWER))
    assert len(market.rows("SELECT * FROM APP.LIMITS")) == 4
