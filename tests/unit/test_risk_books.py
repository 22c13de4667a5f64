"""What the Risk page makes of the Portfolio page's books: the same positions at the same prices."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from dashboard.portfolio.desk import Desk
from dashboard.risk.books import Book, DeskBooks, Rate
from dashboard.shared import Reading
from tests.fakes.market_data import NOW, FakeMarketData, latest_frame, snapshot
from tests.fakes.portfolios import Memory, closes, instruments, weekdays
from ticklake.portfolio.model import Kind, Portfolio, Transaction
from ticklake.risk.holdings import exposures

D = Decimal
OWN = Portfolio("own", "Growth", "USD", "SPY", shorts=True, keeps_cash=False)
BOUGHT = date(2026, 11, 16)


def trade(symbol: str, quantity: str, kind: Kind = Kind.BUY, currency: str = "USD", rate: str = "1") -> Transaction:
    made = {"id": symbol, "import_id": symbol, "traded_on": BOUGHT, "kind": kind, "currency": currency, "entered_at": NOW}
    return Transaction(**made, symbol=symbol, quantity=D(quantity), price=D(90), rate=D(rate))  # type: ignore[arg-type]


@pytest.fixture
def memory() -> Memory:
    """A long, a short, a share in euros and one that nobody quotes; closes of the benchmark and of the euro."""
    memory = Memory()
    memory.keep(OWN, trade("IBM", "10"), trade("XOM", "4", Kind.SHORT), trade("SAP", "2", currency="EUR", rate="1.1"), trade("GONE", "5"))
    listed = [
        ("IBM", "USD", "Technology", "XNYS", "feed"),
        ("XOM", "USD", "", "XNYS", "feed"),
        ("SAP", "EUR", "", "XETR", "feed"),
        ("SPY", "USD", "", "XNYS", "feed"),
    ]
    memory.tables.put("portfolio_instruments", instruments(*listed, ("EURUSD", "USD", "", "24/7", "fx")))
    days = {"IBM": ["90", "91", "92", "93", "95"], "SPY": ["600", "601", "602", "603", "606"], "EURUSD": ["1.1", "1.1", "1.1", "1.1", "1.2"]}
    memory.tables.put("portfolio_closes", closes("feed", {symbol: weekdays(BOUGHT, prices) for symbol, prices in days.items()}))
    return memory


def book(memory: Memory) -> Book:
    rows = [{"SYMBOL": symbol, "SOURCE": "feed", "FEED": "realtime", "PRICE": 100.0} for symbol in ("IBM", "XOM", "SAP")]
    market = FakeMarketData(Reading(snapshot(latest_frame(*rows))))
    books = DeskBooks(Desk(memory, market))
    (portfolio,) = (books.portfolios().value or {}).values()
    found = books.book(portfolio, NOW).value
    assert found is not None
    return found


def test_positions_come_with_price_rate_and_sector(memory: Memory) -> None:
    found = {each.symbol: each for each in book(memory).holdings}
    assert (found["IBM"].quantity, found["IBM"].price, found["IBM"].source, found["IBM"].sector) == (D(10), D(100), "feed", "Technology")
    assert found["XOM"].quantity == D(-4)
    assert (found["SAP"].currency, found["SAP"].rate) == ("EUR", D("1.2"))
    assert found["GONE"].price is None
    held = exposures(book(memory).holdings)
    assert (held.net, held.gross) == pytest.approx((840, 1640))
    assert [symbol for symbol, _ in held.unpriced] == ["GONE"]


def test_benchmark_and_exchange_rates_are_those_with_closes(memory: Memory) -> None:
    found = book(memory)
    assert found.benchmark == ("SPY", "feed")
    assert found.rates == {"EUR": (Rate(("EURUSD", "feed"), False),)}


def test_closes_that_are_made_up_are_for_demos_only(memory: Memory) -> None:
    memory.tables.put("portfolio_closes", closes("simulator", {"SPY": weekdays(BOUGHT, ["600"] * 5)}))
    assert book(memory).benchmark is None


def test_a_warehouse_in_trouble_is_a_problem_and_no_book(memory: Memory) -> None:
    memory.tables.put("portfolio_transactions", "the warehouse does not answer", portfolio="own")
    books = DeskBooks(Desk(memory, FakeMarketData(Reading(None))))
    assert books.book(OWN, NOW) == Reading(None, "the warehouse does not answer")
