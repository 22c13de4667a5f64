from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from dashboard.market_data import CANDLES_KEPT, QUERIES, Arrivals, WarehouseMarketData
from tests.fakes.clock import ManualClock
from tests.fakes.market_data import days_frame, latest_frame, minute_bars, trends_frame
from ticklake.errors import WarehouseUnavailable
from ticklake_io.sql import Statements

NAMES = {Statements(QUERIES)[path.stem]: path.stem for path in QUERIES.glob("*.sql")}


class CountingWarehouse:
    """Answers the dashboard's statements by the names of their files, and counts them."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.received_at: datetime | None = datetime(2026, 11, 23, 14, 29, 50)  # noqa: DTZ001 - as the warehouse gives it
        self.down = False

    def rows(self, sql: str, params: Any = None) -> list[dict[str, Any]]:
        self._count(sql)
        if self.received_at is None:
            return []
        at = self.received_at
        return [{"RECEIVED_AT": at, "EVENT_TIME": at, "LANDED_AT": at, "FIRST_KAFKA_TIME": at, "UNMERGED": 1}]

    def frame(self, sql: str, params: Any = None) -> pd.DataFrame:
        name = self._count(sql)
        candles = minute_bars(3).iloc[::-1]
        candles["BAR_START"] = candles["BAR_START"].dt.tz_localize(None)
        return {"latest": latest_frame({}), "days": days_frame(), "trends": trends_frame(), "candles": candles}[name]

    def transaction(self) -> AbstractContextManager[None]:
        return nullcontext()

    def _count(self, sql: str) -> str:
        if self.down:
            raise WarehouseUnavailable("the warehouse does not answer: refused")
        self.asked[NAMES[sql]] += 1
        return NAMES[sql]


def open_data() -> tuple[CountingWarehouse, ManualClock, WarehouseMarketData]:
    warehouse, clock = CountingWarehouse(), ManualClock()
    return warehouse, clock, WarehouseMarketData(warehouse, ThreadPoolExecutor(1), clock)


def settled(data: WarehouseMarketData) -> None:
    """Let the reader finish what it has begun."""
    data._worker.submit(int).result()


def test_the_board_is_read_when_ticks_have_moved_and_not_before() -> None:
    warehouse, clock, data = open_data()
    for _ in range(10):
        data.snapshot(2.0)
        settled(data)
        clock.advance(2.0)
    assert (warehouse.asked["arrivals"], warehouse.asked["latest"]) == (10, 1)
    assert warehouse.received_at
    warehouse.received_at += timedelta(seconds=6)
    data.snapshot(2.0)
    settled(data)
    assert warehouse.asked["latest"] == 2


def test_a_board_is_not_believed_for_ever() -> None:
    warehouse, clock, data = open_data()
    data.snapshot(2.0)
    clock.advance(61)
    data.snapshot(2.0)
    settled(data)
    assert warehouse.asked["latest"] == 2


def test_a_snapshot_says_when_it_was_read_and_what_it_knows() -> None:
    warehouse, clock, data = open_data()
    snapshot = data.snapshot(2.0).value
    assert snapshot
    assert snapshot.read_at == clock.now()
    assert warehouse.received_at
    at = warehouse.received_at.replace(tzinfo=UTC)
    assert snapshot.arrivals == Arrivals(at, at, at, at, 1)


def test_an_empty_warehouse_has_no_arrivals() -> None:
    warehouse, _, data = open_data()
    warehouse.received_at = None
    snapshot = data.snapshot(2.0).value
    assert snapshot
    assert snapshot.arrivals == Arrivals()


def test_candles_are_shared_and_read_with_the_board() -> None:
    warehouse, clock, data = open_data()
    data.snapshot(2.0)
    for _ in range(5):
        candles = data.candles("IBM", "simulator", 2.0).value
        settled(data)
        clock.advance(2.0)
    assert warehouse.asked["candles"] == 1
    assert candles
    assert candles.bars["BAR_START"].is_monotonic_increasing
    assert str(candles.bars["BAR_START"].dt.tz) == "UTC"


def test_candles_of_only_so_many_symbols_are_kept() -> None:
    _, _, data = open_data()
    data.snapshot(2.0)
    for number in range(CANDLES_KEPT + 5):
        data.candles(f"S{number}", "simulator", 2.0)
    assert len(data._candles) == CANDLES_KEPT


def test_a_warehouse_that_goes_away_leaves_the_last_good_board() -> None:
    warehouse, clock, data = open_data()
    data.snapshot(2.0)
    warehouse.down = True
    clock.advance(2.0)
    data.snapshot(2.0)
    settled(data)
    reading = data.snapshot(2.0)
    assert reading.problem == "the warehouse does not answer: refused"
    assert reading.value
    assert reading.value.read_at == clock.now() - timedelta(seconds=2)
