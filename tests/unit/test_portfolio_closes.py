"""Where a portfolio's closes come from: the batch feed, else trading days, each read again with what changes it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from dashboard.portfolio.desk import Desk
from dashboard.portfolio.ledger import Ledger
from dashboard.shared import Reading
from tests.fakes.market_data import NOW, FakeMarketData, latest_frame, snapshot
from tests.fakes.portfolios import Memory, closes, instruments
from ticklake.changes import Subject
from ticklake.portfolio.model import Kind, Portfolio, Transaction

D = Decimal
OWNER = Portfolio("own", "Coins", "USD", keeps_cash=False)
FIRST, BEFORE, TODAY = date(2026, 11, 20), date(2026, 11, 22), date(2026, 11, 23)


@pytest.fixture
def memory() -> Memory:
    """Ten coins; the batch feed has the first day alone."""
    memory = Memory()
    held = Transaction(id="1", traded_on=FIRST, kind=Kind.BUY, symbol="BTC", quantity=D(10), price=D(90), currency="USD", rate=D(1), entered_at=NOW)
    memory.keep(OWNER, held)
    memory.tables.put("portfolio_instruments", instruments(("BTC", "USD", "", "24/7", "feed")))
    memory.tables.put("portfolio_closes", closes("feed", {"BTC": {FIRST: "90"}}))
    memory.tables.put("portfolio_traded", closes("feed", {"BTC": {FIRST: "1", BEFORE: "95", TODAY: "99"}}))
    return memory


@pytest.fixture
def desk(memory: Memory) -> Desk:
    price = {"SYMBOL": "BTC", "SOURCE": "feed", "FEED": "realtime", "PRICE": 100.0, "PREV_CLOSE": 50.0}
    return Desk(memory, FakeMarketData(Reading(snapshot(latest_frame(price)))))


def ledger(desk: Desk) -> Ledger:
    found = desk.ledger(OWNER, NOW).value
    assert found is not None
    return found


def test_days_of_the_batch_feed_win_and_trading_days_fill_the_rest(desk: Desk) -> None:
    assert ledger(desk).pasts["BTC"].closes == {FIRST: D(90), BEFORE: D(95), TODAY: D(99)}
    assert desk.closes(["BTC"])["BTC"].closes == {FIRST: D(90), BEFORE: D(95), TODAY: D(99)}


def test_the_close_before_follows_the_refresh_of_trading_days(memory: Memory, desk: Desk) -> None:
    first = ledger(desk)
    assert {(name, subject) for name, subject, _ in memory.tables.asked if name in ("portfolio_closes", "portfolio_traded")} == {
        ("portfolio_closes", Subject.DAILY),
        ("portfolio_traded", Subject.ANALYTICS),
    }
    memory.tables.put("portfolio_traded", closes("feed", {"BTC": {FIRST: "1", BEFORE: "97", TODAY: "99"}}))
    second = ledger(desk)
    assert second is not first
    value = desk.live(second, NOW).value
    assert value is not None
    assert value.valuation.day.amount == D(30)  # 10 x (100 - 97)


def test_a_running_day_makes_no_ledger_anew(memory: Memory, desk: Desk) -> None:
    first = ledger(desk)
    memory.tables.put("portfolio_traded", closes("feed", {"BTC": {FIRST: "1", BEFORE: "95", TODAY: "98"}}))
    assert ledger(desk) is first


def test_without_trading_days_the_batch_feeds_closes_stay(memory: Memory, desk: Desk) -> None:
    memory.tables.put("portfolio_traded", "The warehouse does not answer.")
    reading = desk.ledger(OWNER, NOW)
    assert reading.problem == "The warehouse does not answer."
    assert reading.value is not None
    assert reading.value.pasts["BTC"].closes == {FIRST: D(90)}
