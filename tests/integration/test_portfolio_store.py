"""The store's statements and the page's, on a real local warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from dashboard.news import News
from dashboard.portfolio import frames
from dashboard.portfolio.desk import Desk
from dashboard.portfolio.store import PortfolioStore
from dashboard.shared import Reading
from dashboard.tables import WarehouseTables
from tests.fakes.clock import ManualClock
from tests.fakes.market_data import FakeMarketData, latest_frame, snapshot
from tests.fakes.portfolios import ANALYST, VIEWER
from tests.fixtures.warehouse import free_instance, warehouse
from ticklake.changes import Subject
from ticklake.daily import Action
from ticklake.errors import NotAllowed
from ticklake.portfolio.model import Kind, Portfolio, Transaction
from ticklake_io.migrations import migrate
from ticklake_io.warehouse import SnowflakeWarehouse, open_warehouse

D = Decimal
OWN = Portfolio("own", "Gr\"owth' <b>", "USD", "SPY", shorts=True)
AT = datetime(2026, 11, 23, 15, 0, 0, 123456, tzinfo=UTC)
LINES = [
    Transaction(
        id="a", import_id="1", traded_on=date(2026, 11, 16), kind=Kind.DEPOSIT, currency="USD", amount=D("999999999999.12345678"), entered_at=AT, line=-3
    ),
    Transaction(
        id="b",
        import_id="2",
        traded_on=date(2026, 11, 16),
        kind=Kind.BUY,
        currency="EUR",
        symbol="'; DROP",
        quantity=D("0.00000001"),
        price=D("0.00000123"),
        fee=D("1.5"),
        rate=D("0.000063218745"),
        note="it's \U0001f680",
        entered_at=AT,
        line=-2,
    ),
    Transaction(
        id="c", import_id="3", traded_on=date(2026, 11, 17), kind=Kind.REVERSAL, currency="EUR", reverses="b", entered_at=AT + timedelta(microseconds=1)
    ),
]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SnowflakeWarehouse]:
    instance = free_instance(tmp_path_factory.mktemp("instance") / "home")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in instance.environment().items():
            patch.setenv(name, value)
        with warehouse(instance) as local, closing(open_warehouse(local.arguments(), "test")) as opened:
            migrate(opened, ManualClock(), "ticklake")
            yield opened


@pytest.fixture(scope="module")
def desk(session: SnowflakeWarehouse) -> Iterator[Desk]:
    with ThreadPoolExecutor(1) as worker:
        tables = WarehouseTables(session, worker, News(30.0), ManualClock())
        store = PortfolioStore(session, lambda: tables.changed(Subject.APP), ManualClock(AT))
        store.create(OWN, ANALYST)
        store.create(OWN, ANALYST)
        store.add(OWN, LINES, ANALYST)
        store.add(OWN, LINES, ANALYST)
        yield Desk(tables, FakeMarketData(Reading(snapshot(latest_frame({"SOURCE": "directory", "FEED": "eod", "PRICE": 50.0})))))


def test_what_is_stored_is_read_to_the_last_digit_and_once(desk: Desk) -> None:
    known = desk.portfolios().value
    assert known == {"own": OWN}
    found = desk.ledger(OWN, AT)
    assert found.problem is None
    assert found.value is not None
    assert found.value.entered == [replace(each, entered_by="ana") for each in LINES]


def test_who_may_not_write_writes_nothing(session: SnowflakeWarehouse) -> None:
    with pytest.raises(NotAllowed):
        PortfolioStore(session, lambda: None, ManualClock()).add(OWN, LINES, VIEWER)


def test_closes_and_actions_come_from_the_primary_source(session: SnowflakeWarehouse) -> None:
    session.rows("DELETE FROM CURATED.INSTRUMENTS WHERE SYMBOL = 'IBM'")
    session.rows("INSERT INTO CURATED.INSTRUMENTS (SYMBOL, NAME, CURRENCY, CALENDAR, PRIMARY_SOURCE) VALUES ('IBM', 'IBM', 'USD', 'XNYS', 'directory')")
    for source, close in (("directory", "100.5"), ("simulator", "7")):
        session.rows(
            "INSERT INTO CURATED.DAILY_BARS (SYMBOL, SOURCE, BAR_DATE, OPEN, HIGH, LOW, CLOSE, VOLUME, ADJ_OPEN, ADJ_HIGH, ADJ_LOW, ADJ_CLOSE, ADJ_VOLUME,"
            " ADJUSTED_BY, OBJECT_KEY) VALUES ('IBM', :source, '2026-11-20', 1, 200, 1, :close, 1, 1, 200, 1, 50.25, 1, 'actions', 'k')",
            {"source": source, "close": close},
        )
        session.rows(
            "INSERT INTO CURATED.BARS_1D (SYMBOL, SOURCE, BAR_START, ORIGIN, OPEN, HIGH, LOW, CLOSE) VALUES"
            " ('IBM', :source, '2026-11-20', 'trades', 1, 1, 1, 1), ('IBM', :source, '2026-11-23', 'trades', 1, 51, 1, 51)",
            {"source": source},
        )
        session.rows(
            "INSERT INTO CURATED.CORPORATE_ACTIONS (SYMBOL, SOURCE, EX_DATE, KIND, RATIO, AMOUNT, OBJECT_KEY) VALUES"
            " ('IBM', :source, '2026-11-23', 'split', 2, NULL, 'k'), ('IBM', :source, '2026-11-23', 'dividend', NULL, 0.75, 'k')",
            {"source": source},
        )
    with ThreadPoolExecutor(1) as worker:
        tables = WarehouseTables(session, worker, News(30.0), ManualClock())
        market = FakeMarketData(Reading(snapshot(latest_frame({"SOURCE": "directory", "FEED": "eod", "PRICE": 50.0}))))
        other = Portfolio("other", "Other", "USD", "IBM", keeps_cash=False)
        store = PortfolioStore(session, lambda: tables.changed(Subject.APP), ManualClock(AT))
        store.create(other, ANALYST)
        buy = Transaction(id="ibm", traded_on=date(2026, 11, 20), kind=Kind.BUY, currency="USD", symbol="IBM", quantity=D(10), price=D(100), entered_at=AT)
        store.add(other, [buy], ANALYST)
        desk = Desk(tables, market)
        ledger = desk.ledger(other, AT).value
        assert ledger is not None
        assert ledger.pasts["IBM"] == frames.Past("directory", {date(2026, 11, 20): D("100.5"), date(2026, 11, 23): D(51)}, ledger.pasts["IBM"].adjusted)
        assert ledger.pasts["IBM"].adjusted == {date(2026, 11, 20): D("50.25"), date(2026, 11, 23): D(51)}
        assert set(ledger.setting.told["IBM"]) == {Action(date(2026, 11, 23), "split", D(2)), Action(date(2026, 11, 23), "dividend", D("0.75"))}
        live = desk.live(ledger, AT).value
        assert live is not None
        # Twenty shares at 50 after the split, with 15 of dividends, from ten at 100.50.
        assert live.valuation.day.amount == D(1000) + D(15) - D(1005)
        assert live.benchmark_return == pytest.approx(50 / 50.25 - 1)
