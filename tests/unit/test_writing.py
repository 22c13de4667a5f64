"""What users write while others write: tried again, and told truly when it stays unwritten."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import pandas as pd
import pytest

from dashboard import writing
from dashboard.alerts.desk import Desk
from dashboard.exports.desk import Exports, Extract
from dashboard.portfolio.store import PortfolioStore
from dashboard.risk.limit_book import LimitBook
from tests.fakes.clock import ManualClock
from tests.fakes.market_data import NOW, minute_bars
from tests.fakes.tables import FakeTables
from ticklake.alerts.draft import Draft
from ticklake.alerts.rule import Kind
from ticklake.errors import WarehouseBusy, WarehouseUnavailable
from ticklake.exporting import Format
from ticklake.portfolio.model import Portfolio
from ticklake.risk.limits import Limit, Metric
from ticklake.roles import Role, User
from ticklake_io.sql import Params
from ticklake_io.warehouse import Row

ADA = User("ada", Role.ADMIN)


class BusyWarehouse:
    """Held by another writer for so many attempts."""

    def __init__(self, busy: int) -> None:
        self.busy, self.asked = busy, 0

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        self.asked += 1
        if self.asked <= self.busy:
            raise WarehouseBusy("others write")
        return [{"VERSION": 1, "CHANGED_BY": "ada"}]

    def frame(self, sql: str, params: Params | None = None) -> pd.DataFrame:
        raise NotImplementedError

    def transaction(self) -> AbstractContextManager[None]:
        return nullcontext()


def told() -> None:
    """Nobody listens."""


def limits(warehouse: BusyWarehouse) -> None:
    LimitBook(FakeTables(), warehouse, ManualClock(NOW), told).set("p1", [Limit(Metric.POSITION, 0.1, 0.2)], ADA)


def portfolio(warehouse: BusyWarehouse) -> None:
    PortfolioStore(warehouse, told, ManualClock(NOW)).create(Portfolio("p1", "Own", "USD"), ADA)


def rule(warehouse: BusyWarehouse) -> str | None:
    return Desk(warehouse, ManualClock(NOW), told).create(Draft(("IBM", "simulator"), Kind.CROSS_UP, level="101.5"), ADA)


def export(warehouse: BusyWarehouse) -> str | None:
    extract = Extract(minute_bars(1), "IBM", "chart", "/chart", NOW)
    return Exports(warehouse, FakeTables(), ManualClock(NOW), told).make(extract, Format.CSV, ADA).problem


@pytest.mark.parametrize("write", [limits, portfolio, rule, export])
def test_every_write_waits_for_another_writer(write: Callable[[BusyWarehouse], str | None]) -> None:
    warehouse = BusyWarehouse(busy=writing.ATTEMPTS - 1)
    assert write(warehouse) is None
    assert warehouse.asked >= writing.ATTEMPTS


@pytest.mark.parametrize("write", [limits, portfolio])
def test_a_write_that_stays_undone_raises(write: Callable[[BusyWarehouse], None]) -> None:
    warehouse = BusyWarehouse(busy=99)
    with pytest.raises(WarehouseBusy):
        write(warehouse)
    assert warehouse.asked == writing.ATTEMPTS


@pytest.mark.parametrize("write", [rule, export])
def test_who_wrote_in_vain_is_told_to_do_it_again(write: Callable[[BusyWarehouse], str | None]) -> None:
    problem = write(BusyWarehouse(busy=99))
    assert problem is not None
    assert problem.endswith("Another writer holds these rows, so this was not written. Do it again in a moment.")


def test_a_warehouse_that_is_away_is_named() -> None:
    assert writing.unwritten(WarehouseUnavailable("gone")).startswith("The warehouse does not answer.")
