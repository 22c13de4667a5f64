"""A ledger at the prices of a moment: exchanges that are on different days, prices that stood still, returns too young to be one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from dashboard.portfolio.desk import Desk
from dashboard.portfolio.live import Live
from dashboard.shared import Reading
from tests.fakes.market_data import FakeMarketData, latest_frame, snapshot
from tests.fakes.portfolios import Memory, closes, instruments
from ticklake.portfolio.model import Kind, Portfolio, Transaction

D = Decimal
THURSDAY, FRIDAY, SATURDAY = date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 21)
SATURDAY_NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FRIDAY_CLOSE = datetime(2026, 11, 20, 21, tzinfo=UTC)
MONDAY_MORNING = datetime(2026, 11, 23, 9, tzinfo=UTC)


def line(kind: Kind, day: date, **fields: Any) -> Transaction:
    usual = {"id": f"{kind}{day}{fields}", "import_id": "i", "traded_on": day, "kind": kind, "currency": "USD", "entered_at": FRIDAY_CLOSE}
    return Transaction(**(usual | fields))


def tick(symbol: str, price: float, at: datetime) -> dict[str, object]:
    return {"SYMBOL": symbol, "SOURCE": "feed", "FEED": "realtime", "PRICE": price, "PREV_CLOSE": price, "EVENT_TIME": at}


def live(portfolio: Portfolio, held: list[Transaction], past: dict[str, dict[date, str]], ticks: list[dict[str, object]], now: datetime) -> Live:
    memory = Memory()
    memory.keep(portfolio, *held)
    memory.tables.put(
        "portfolio_instruments", instruments(("IBM", "USD", "", "XNYS", "feed"), ("SPY", "USD", "", "XNYS", "feed"), ("BTC", "USD", "", "24/7", "feed"))
    )
    memory.tables.put("portfolio_closes", closes("feed", past))
    desk = Desk(memory, FakeMarketData(Reading(snapshot(latest_frame(*ticks)))))
    ledger = desk.ledger(portfolio, now).value
    assert ledger is not None
    found = desk.live(ledger, now).value
    assert found is not None
    return found


def test_on_a_saturday_fridays_purchase_of_shares_is_in_the_value_before_once() -> None:
    """To a coin it is Saturday, to the shares still Friday: what they cost was cash at their close before."""
    held = [
        line(Kind.DEPOSIT, THURSDAY, amount=D(2000)),
        line(Kind.BUY, THURSDAY, symbol="BTC", quantity=D(1), price=D(500)),
        line(Kind.BUY, FRIDAY, symbol="IBM", quantity=D(10), price=D(100)),
    ]
    past = {"BTC": {THURSDAY: "500", FRIDAY: "520"}, "IBM": {THURSDAY: "99"}}
    ticks = [tick("BTC", 530.0, SATURDAY_NOON), tick("IBM", 104.0, FRIDAY_CLOSE)]
    found = live(Portfolio("own", "Both", "USD"), held, past, ticks, SATURDAY_NOON)
    # A coin at 520 and 1,500 in cash, of which 1,000 became shares since; they made 40 and the coin 10.
    assert found.valuation.before == D(2020)
    assert found.valuation.day.amount == D(50)
    assert found.valuation.value.amount == D(530 + 1040 + 500)


@pytest.mark.parametrize(("close", "price"), [({THURSDAY: "100"}, D(103)), ({THURSDAY: "100", FRIDAY: "107"}, D(103)), ({SATURDAY: "111"}, D(111))])
def test_a_close_of_a_later_day_stands_for_a_feed_that_stood_still(close: dict[date, str], price: Decimal) -> None:
    held = [line(Kind.BUY, THURSDAY, symbol="BTC", quantity=D(1), price=D(100))]
    found = live(Portfolio("own", "Coin", "USD", keeps_cash=False), held, {"BTC": close}, [tick("BTC", 103.0, FRIDAY_CLOSE)], MONDAY_MORNING)
    assert found.valuation.lines[0].price == price
    told = found.priced["BTC"].told
    assert told is not None
    assert told.closed_on == (SATURDAY if SATURDAY in close else None)


def test_a_portfolio_of_today_has_no_return_yet() -> None:
    held = [line(Kind.BUY, SATURDAY, symbol="BTC", quantity=D(1), price=D(100))]
    found = live(Portfolio("own", "Coin", "USD", "SPY", keeps_cash=False), held, {}, [tick("BTC", 103.0, SATURDAY_NOON)], SATURDAY_NOON)
    assert (found.time_weighted, found.no_growth) == (None, "it begins at the first close after the first transaction")
    assert (found.benchmark_return, found.no_benchmark) == (None, "the portfolio has no return to hold it against")


def test_a_benchmark_that_stood_still_has_no_return() -> None:
    held = [line(Kind.BUY, THURSDAY, symbol="BTC", quantity=D(1), price=D(100))]
    past = {"BTC": {THURSDAY: "100", FRIDAY: "102"}, "SPY": {THURSDAY: "600"}}
    found = live(Portfolio("own", "Coin", "USD", "SPY", keeps_cash=False), held, past, [tick("BTC", 103.0, SATURDAY_NOON)], SATURDAY_NOON)
    assert found.time_weighted == pytest.approx(0.03)
    assert (found.benchmark_return, found.no_benchmark) == (None, "no price of SPY since 2026-11-19")
