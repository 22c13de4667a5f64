"""What is priced in pence, or in a currency that only the dollar leads to: valued by hand-worked rates, or named as left out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from dashboard.portfolio.desk import Desk
from dashboard.portfolio.live import Live
from dashboard.portfolio.routes import candidates, route, spelled
from dashboard.risk.books import Book, Rate, book_of
from dashboard.risk.holding import book_risk
from dashboard.shared import Reading
from tests.fakes.market_data import NOW, FakeMarketData, latest_frame, snapshot
from tests.fakes.portfolios import ANALYST, Memory, closes, instruments, weekdays
from tests.fakes.tables import FakeTables
from tests.unit.test_risk_page import closes as risk_closes
from ticklake.portfolio.lines import Reader
from ticklake.portfolio.model import Kind, Portfolio, Transaction

D = Decimal
BOUGHT = date(2026, 11, 16)
PRICES = {"VOD": 72.5, "TYO": 3125.0, "EURUSD": 1.25, "USDJPY": 156.25, "GBPUSD": 1.5}
"""Vodafone in pence; a share in Tokyo in yen; pairs that all have the dollar on one side."""


def valued(currency: str, held: Transaction, prices: dict[str, float], listed: tuple[str, str] | None = None) -> Live:
    """A position in a portfolio of `currency` at these prices; `listed` is its symbol and the currency that the list says."""
    memory, owner = Memory(), Portfolio("own", "Abroad", currency, keeps_cash=False)
    memory.keep(owner, held)
    rows = [(*listed, "", "24/7", "feed")] if listed else []
    memory.tables.put("portfolio_instruments", instruments(*rows, *((pair, "", "", "24/7", "feed") for pair in ("EURUSD", "USDJPY", "GBPUSD"))))
    memory.tables.put("portfolio_closes", closes("feed", {symbol: weekdays(BOUGHT, [str(price)] * 5) for symbol, price in prices.items()}))
    ticks = [{"SYMBOL": symbol, "SOURCE": "feed", "FEED": "realtime", "PRICE": price, "PREV_CLOSE": price} for symbol, price in prices.items()]
    desk = Desk(memory, FakeMarketData(Reading(snapshot(latest_frame(*ticks)))))
    ledger = desk.ledger(owner, NOW).value
    assert ledger is not None
    found = desk.live(ledger, NOW).value
    assert found is not None
    return found


def bought(symbol: str, quantity: str, price: str, currency: str, rate: str) -> Transaction:
    made = {"id": symbol, "import_id": symbol, "traded_on": BOUGHT, "kind": Kind.BUY, "entered_at": NOW}
    return Transaction(**made, symbol=symbol, quantity=D(quantity), price=D(price), currency=currency, rate=D(rate))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("base", "rate", "worth", "gain"),
    [
        ("GBP", "0.01", "725.00", "25.00"),  # 1,000 x 72.5 p = 725 pounds, bought at 70 p
        ("USD", "0.015", "1087.50", "37.50"),  # x 1.5
        ("EUR", "0.012", "870.00", "30.00"),  # x 1.5 / 1.25
        ("GBX", "1", "72500", "2500"),
    ],
)
def test_pence_are_hundredths_of_a_pound_whatever_the_portfolios_currency(base: str, rate: str, worth: str, gain: str) -> None:
    found = valued(base, bought("VOD", "1000", "70", "GBX", rate), PRICES, ("VOD", "GBX")).valuation
    assert (found.value.amount, found.unrealised.amount, found.value.without) == (D(worth), D(gain), ())
    assert found.day.amount == 0


@pytest.mark.parametrize(
    ("listed", "currency", "why"),
    [
        (("VOD", "GBX"), "GBP", "it trades in GBX and is booked in GBP"),
        (("VOD", "GBp"), "GBP", "it trades in GBX and is booked in GBP"),
        (None, "GBP", "its prices may be in GBX, a hundredth of GBP: give its currency in ticklake.yaml"),
    ],
)
def test_what_may_be_a_hundred_times_too_much_has_no_value(listed: tuple[str, str] | None, currency: str, why: str) -> None:
    found = valued("GBP", bought("VOD", "1000", "0.70", currency, "1"), PRICES, listed).valuation
    assert ([line.missing for line in found.lines], found.value) == ([why], (0, ("VOD",)))


def test_a_pound_that_the_list_knows_is_a_pound() -> None:
    found = valued("GBP", bought("SHEL", "10", "20", "GBP", "1"), {"SHEL": 27.0}, ("SHEL", "GBP")).valuation
    assert found.value == (D(270), ())


def test_a_rate_that_no_instrument_tells_goes_through_the_dollar() -> None:
    live = valued("EUR", bought("TYO", "100", "3000", "JPY", "0.005"), PRICES, ("TYO", "JPY"))
    (line,) = live.valuation.lines
    assert line.rate == D("0.00512")  # 1 / 156.25 dollars a yen, 1 / 1.25 euros a dollar
    assert live.valuation.value == (D("1600.00"), ())  # 100 x 3,125 yen
    assert live.valuation.unrealised.amount == D("100.00")  # bought for 100 x 3,000 x 0.005
    assert live.valuation.day.amount == 0
    assert book_of(live).rates == {"JPY": (Rate(("USDJPY", "feed"), True), Rate(("EURUSD", "feed"), True))}


def test_a_direct_rate_comes_before_the_dollar() -> None:
    live = valued("EUR", bought("TYO", "100", "3000", "JPY", "0.005"), PRICES | {"EURJPY": 200.0}, ("TYO", "JPY"))
    assert live.valuation.value.amount == D(1562.5)  # 312,500 / 200


def test_half_a_way_is_none() -> None:
    prices = {name: price for name, price in PRICES.items() if name != "EURUSD"}
    found = valued("EUR", bought("TYO", "100", "3000", "JPY", "0.005"), prices, ("TYO", "JPY")).valuation
    assert ([line.missing for line in found.lines], found.value) == (["no rate of JPY in EUR"], (0, ("TYO",)))
    assert route("JPY", "EUR", {"USDJPY": 1}.get) is None


def test_both_halves_of_a_way_are_asked_for() -> None:
    assert {"JPYEUR", "USDJPY", "EURUSD"} <= set(candidates("JPY", "EUR"))
    assert not any("GBX" in symbol for symbol in candidates("GBX", "EUR"))
    assert candidates("GBX", "GBP") == []


def test_a_line_in_pence_keeps_the_rate_of_its_day() -> None:
    memory, owner = Memory(), Portfolio("own", "Abroad", "EUR", keeps_cash=False)
    memory.keep(owner)
    memory.tables.put("portfolio_instruments", instruments(("VOD", "GBp", "", "XLON", "feed")))
    memory.tables.put("portfolio_closes", closes("feed", {"EURUSD": {BOUGHT: "1.25"}, "GBPUSD": {BOUGHT: "1.5"}}))
    reader: Reader = Desk(memory, FakeMarketData(Reading())).reader(owner, ANALYST, NOW)
    row = {"date": str(BOUGHT), "kind": "buy", "symbol": "VOD", "quantity": "10", "price": "70"}
    (line,), wrong = reader.read([(1, row)])
    assert (line.currency, line.rate, wrong) == ("GBX", D("0.012"), [])
    _, (error,) = reader.read([(1, row | {"currency": "GBP"})])
    assert error.reason == "VOD trades in GBX, not in GBP"
    assert spelled("GBp") == "GBX"


def test_risk_follows_every_step_to_the_portfolios_currency_and_a_hundredth_takes_none() -> None:
    held = book_of(valued("EUR", bought("TYO", "100", "3000", "JPY", "0.005"), PRICES, ("TYO", "JPY")))
    frame = risk_closes("TYO", "USDJPY", "EURUSD").assign(SOURCE="feed")
    found = book_risk(held, FakeTables({"risk_closes": frame}), NOW)
    tyo, yen, euro = (frame[frame["SYMBOL"] == symbol]["CLOSE"].to_numpy() for symbol in ("TYO", "USDJPY", "EURUSD"))
    assert found.one_sided == ()
    np.testing.assert_allclose(found.basis.history.closes[:, 0], (tyo / yen / euro)[-len(found.basis.history.closes) :])

    pence: Book = book_of(valued("GBP", bought("VOD", "1000", "70", "GBX", "0.01"), PRICES, ("VOD", "GBX")))
    assert pence.rates == {"GBX": ()}
    frame = risk_closes("VOD").assign(SOURCE="feed")
    assert book_risk(pence, FakeTables({"risk_closes": frame}), NOW).one_sided == ()
    assert book_risk(pence._replace(rates={}), FakeTables({"risk_closes": frame}), NOW).one_sided == (("VOD", "feed"),)


def test_the_return_counts_pence_as_pence() -> None:
    found = valued("GBP", bought("VOD", "1000", "70", "GBX", "0.01"), PRICES, ("VOD", "GBX"))
    assert found.growth[0][0] == BOUGHT
    assert next(day.value for day in found.ledger.history(found.today)) == D("725.00")
