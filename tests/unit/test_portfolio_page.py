"""The Portfolio page in its states, over tables and prices that a test sets."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.components.palette import LIGHT
from dashboard.exports.desk import Exports
from dashboard.look import Look, Zone
from dashboard.portfolio.desk import Desk
from dashboard.shared import Reading
from tests.fakes.clock import ManualClock
from tests.fakes.market_data import NOW, FakeMarketData, latest_frame, snapshot
from tests.fakes.portfolios import ANALYST, VIEWER, Memory, closes, instruments, weekdays
from ticklake.errors import WarehouseUnavailable
from ticklake.portfolio.model import Kind, Portfolio, Transaction
from ticklake.roles import User

D = Decimal
OWN = Portfolio("own", "Growth", "USD", "SPY", keeps_cash=False)
LOOK = Look(None, Zone.UTC, None, LIGHT, NOW)
BOUGHT = date(2026, 11, 16)


def buy(symbol: str, quantity: str, price: str, **fields: Any) -> Transaction:
    usual = {"id": f"{symbol}-{quantity}", "traded_on": BOUGHT, "kind": Kind.BUY, "currency": "USD", "entered_at": NOW, "import_id": f"i-{symbol}"}
    return Transaction(**(usual | {"symbol": symbol, "quantity": D(quantity), "price": D(price)} | fields))


def market(*rows: dict[str, object]) -> FakeMarketData:
    return FakeMarketData(Reading(snapshot(latest_frame(*({"SOURCE": "finnhub", "FEED": "realtime"} | row for row in rows)))))


@pytest.fixture
def memory() -> Memory:
    """A portfolio of two symbols and closes of both and of the benchmark, from a Monday to the Friday before now."""
    memory = Memory()
    memory.keep(OWN, buy("IBM", "10", "90"), buy("BRK.B", "2", "400", line=1))
    memory.tables.put(
        "portfolio_instruments",
        instruments(
            ("IBM", "USD", "Information Technology", "XNYS", "finnhub"),
            ("BRK.B", "USD", "Financials", "XNYS", "finnhub"),
            ("SPY", "USD", "", "XNYS", "finnhub"),
        ),
    )
    days = {"IBM": ["90", "91", "92", "93", "95"], "BRK.B": ["400", "402", "404", "406", "408"], "SPY": ["600", "601", "602", "603", "606"]}
    memory.tables.put("portfolio_closes", closes("finnhub", {symbol: weekdays(BOUGHT, prices) for symbol, prices in days.items()}))
    return memory


PRICES = market({"PRICE": 100.0}, {"SYMBOL": "BRK.B", "PRICE": 410.0}, {"SYMBOL": "SPY", "PRICE": 612.0})


def page(look: object, desk: object, store: object, exports: object, user: object, now: object) -> None:
    """Runs as a script of its own, which sees no name of this module."""
    from dashboard.views import portfolio

    portfolio.render(look, desk, store, exports, user, lambda: now)


def shown(memory: Memory, prices: FakeMarketData = PRICES, user: User = ANALYST, **address: str) -> AppTest:
    exports = Exports(memory, memory, ManualClock(NOW), lambda: None)
    arguments = {"look": LOOK, "desk": Desk(memory, prices), "store": memory.store, "exports": exports, "user": user, "now": NOW}
    test = AppTest.from_function(page, kwargs=arguments, default_timeout=30)
    for name, value in address.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception
    return test


def texts(test: AppTest) -> str:
    return "\n".join(element.proto.body for element in test.get("html"))


def test_a_portfolio_is_valued_at_the_board_s_prices(memory: Memory) -> None:
    text = texts(shown(memory))
    # 10 x 100 + 2 x 410 = 1,820; cost 1,700; since Friday's closes 10 x 5 + 2 x 2 = 54 on 1,766.
    assert "1,820.00" in text
    assert "▲ +54.00" in text
    assert "▲ +3.06 %" in text
    assert "▲ +120.00" in text
    # Bought at the close of the first day: (1,820 / 1,700) - 1; SPY from 600 to 612.
    assert "▲ +7.06 %" in text
    assert "SPY ▲ +2.00 %" in text
    assert "2 s · live" in text


def test_charts_say_what_they_show_and_have_a_table(memory: Memory) -> None:
    test = shown(memory)
    allocation, growth = test.get("vega_lite_chart")
    assert "Information Technology 54.95 %, Financials 45.05 %" in allocation.proto.alt
    assert "portfolio +7.06 %, SPY +2.00 %" in growth.proto.alt
    assert json.loads(growth.proto.spec)["encoding"]["strokeDash"]
    assert any(list(frame.value.columns) == ["DAY", "Portfolio", "SPY"] for frame in test.dataframe)


def test_a_missing_price_is_named_and_not_a_zero(memory: Memory) -> None:
    memory.keep(OWN, buy("GONE", "5", "10"))
    text = texts(shown(memory))
    assert "Without GONE: no price has arrived" in text
    assert "without GONE" in text
    assert "1,820.00" in text
    assert "n/a" in text


def test_synthetic_prices_value_a_demo_only(memory: Memory) -> None:
    listed = instruments(("IBM", "USD", "", "XNYS", "simulator"), ("BRK.B", "USD", "", "XNYS", "simulator"))
    memory.tables.put("portfolio_instruments", listed)
    memory.tables.put("portfolio_closes", closes("simulator", {"IBM": weekdays(BOUGHT, ["99"] * 5)}))
    made_up = FakeMarketData(Reading(snapshot(latest_frame({"PRICE": 100.0}, {"SYMBOL": "BRK.B", "PRICE": 410.0}))))
    refused = texts(shown(memory, made_up))
    assert "only synthetic prices, and this portfolio is no demo" in refused
    assert "1,820.00" not in refused
    memory.keep(replace(OWN, id="demo", demo=True, name="Try"), buy("IBM", "10", "90", id="d"))
    allowed = texts(shown(memory, made_up, portfolio="demo"))
    assert "2 s · synthetic" in allowed
    assert "1,000.00" in allowed


def test_another_currency_needs_a_rate_and_takes_it_in_either_direction(memory: Memory) -> None:
    memory.tables.put("portfolio_instruments", instruments(("SAP", "EUR", "", "XETR", "finnhub"), ("USDEUR", "", "", "24/7", "finnhub")))
    fx = Portfolio("fx", "Abroad", "USD", keeps_cash=False)
    memory.keep(fx, buy("SAP", "10", "100", currency="EUR", rate=D("1.10"), id="sap"))
    sap = {"SYMBOL": "SAP", "PRICE": 120.0, "CURRENCY": "EUR"}
    without = texts(shown(memory, market(sap), portfolio="fx"))
    assert "Without SAP: no rate of EUR in USD" in without
    converted = texts(shown(memory, market(sap, {"SYMBOL": "USDEUR", "PRICE": 0.8}), portfolio="fx"))
    assert "1,500.00" in converted  # 10 x 120 / 0.8
    assert "▲ +400.00" in converted  # bought for 10 x 100 x 1.10


def test_privacy_hides_amounts_and_says_so_in_the_address(memory: Memory) -> None:
    text = texts(shown(memory, private="true"))
    assert "1,820.00" not in text
    assert "•••" in text
    assert "▲ +7.06 %" in text


def test_lots_of_a_position_sum_to_it(memory: Memory) -> None:
    memory.keep(OWN, buy("IBM", "3", "97.333"))
    test = shown(memory)
    test.selectbox(key="lots").select("IBM").run()
    lots = test.table[0].value
    assert list(lots["Quantity"]) == ["10", "3"]
    assert sum(D(value.replace(",", "")) for value in lots["Value, USD"]) == D("1300.00")


def test_without_a_portfolio_one_is_offered_and_none_is_made() -> None:
    memory = Memory()
    memory.tables.put("portfolio_instruments", instruments(("IBM", "USD", "IT", "XNYS", "simulator"), ("KO", "USD", "Food", "XNYS", "simulator")))
    days = {symbol: weekdays(date(2026, 9, 1), [str(100 + number) for number in range(40)]) for symbol in ("IBM", "KO")}
    memory.tables.put("portfolio_closes", closes("simulator", days))
    test = shown(memory, FakeMarketData(Reading(snapshot(latest_frame({"PRICE": 100.0}, {"SYMBOL": "KO", "PRICE": 50.0})))))
    assert "There is no portfolio yet" in texts(test)
    assert memory.portfolios == {}
    test.button(key="create-demo").click().run()
    assert not test.exception
    assert memory.portfolios["demo"]["demo"] is True
    assert "Demo" not in texts(test) or test.query_params["portfolio"] == ["demo"]
    assert "Value in USD" in texts(test)


def test_a_file_is_shown_before_it_is_stored_and_a_second_time_adds_nothing(memory: Memory) -> None:
    before = len(memory.transactions)
    content = b"date,kind,symbol,quantity,price,id\n2026-11-17,buy,IBM,1,91,a\n2026-11-18,sell,IBM,99,91,b\n2026-11-18,buy,KO,1,50,c\n"
    test = shown(memory)
    test.file_uploader(key="transactions-file-0").set_value(("t.csv", content, "text/csv")).run()
    assert not test.exception
    assert "2 new, 0 stored already, 1 with errors." in texts(test)
    assert any("sells 99 of IBM, 11 are held" in str(frame.value) for frame in test.dataframe if "Line" in frame.value)
    assert len(memory.transactions) == before
    test.button(key="import-lines").click().run()
    assert not test.exception
    assert len(memory.transactions) == before + 2
    test.file_uploader(key="transactions-file-1").set_value(("t.csv", content, "text/csv")).run()
    assert "0 new, 2 stored already, 1 with errors." in texts(test)


def test_a_line_by_hand_is_judged_and_stored(memory: Memory) -> None:
    test = shown(memory)
    token = test.session_state["portfolio-line"]
    test.selectbox(key=f"line-kind-{token}").select("sell")
    test.text_input(key=f"line-quantity-{token}").input("11")
    test.text_input(key=f"line-price-{token}").input("100")
    test.text_input(key=f"line-symbol-{token}").input("ibm")
    enter = next(button for button in test.button if button.label == "Enter")
    enter.click().run()
    assert "sells 11 of IBM, 10 are held" in texts(test)
    test.text_input(key=f"line-quantity-{token}").input("4")
    next(button for button in test.button if button.label == "Enter").click().run()
    assert not test.exception
    stored = list(memory.transactions.values())[-1]
    assert (stored["kind"], stored["quantity"], stored["entered_by"]) == ("sell", "4", "ana")


def panel(ledger: object, named: object, store: object, user: object, now: object) -> None:
    """Runs as a script of its own, for a test cannot select a row."""
    from dashboard.portfolio import transactions_panel

    transactions_panel._reverse(ledger, named, store, user, now)


def test_a_reversal_names_what_it_takes_back_who_and_why(memory: Memory) -> None:
    ledger = Desk(memory, PRICES).ledger(OWN, NOW).value
    assert ledger is not None
    arguments = {"ledger": ledger, "named": ledger.entered[0], "store": memory.store, "user": ANALYST, "now": NOW}
    test = AppTest.from_function(panel, kwargs=arguments, default_timeout=30).run()
    test.text_input[0].input("typed twice")
    test.button[0].click().run()
    assert not test.exception
    back = list(memory.transactions.values())[-1]
    assert (back["kind"], back["reverses"], back["note"], back["entered_by"]) == ("reversal", "IBM-10", "typed twice", "ana")
    after = shown(memory)
    assert "820.00" in texts(after)
    assert "1,820.00" not in texts(after)
    listed = next(frame.value for frame in after.dataframe if "State" in frame.value)
    assert sorted(listed["State"]) == ["", "reversed", "takes back IBM-10"]


def test_the_filter_finds_by_every_word(memory: Memory) -> None:
    test = shown(memory)
    test.text_input(key="transactions-filter").input("buy brk").run()
    (listed,) = [frame.value for frame in test.dataframe if "State" in frame.value]
    assert list(listed["Symbol"]) == ["BRK.B"]
    test.text_input(key="transactions-filter").input("nothing").run()
    assert "None matches the filter" in texts(test)


def test_a_viewer_sees_and_cannot_write(memory: Memory) -> None:
    test = shown(memory, user=VIEWER)
    assert "1,820.00" in texts(test)
    assert [tab.label for tab in test.tabs] == ["Performance", "Transactions"]
    assert not test.get("file_uploader")


def test_a_warehouse_in_trouble_leaves_one_line_and_the_rest(memory: Memory) -> None:
    memory.tables.put("portfolio_closes", "the warehouse does not answer; wait")
    text = texts(shown(memory))
    assert "the warehouse does not answer; wait" in text
    assert "1,820.00" in text
    memory.tables.put("portfolios", "the warehouse does not answer; wait")
    assert "The portfolios are being read." in texts(shown(memory))


def test_a_write_that_fails_says_so_and_stores_nothing(memory: Memory) -> None:
    test = shown(memory)
    memory.refuses = WarehouseUnavailable("the warehouse does not answer: <refused>")
    test.file_uploader(key="transactions-file-0").set_value(("t.csv", b"date,kind,symbol,quantity,price\n2026-11-17,buy,IBM,1,91\n", "text/csv")).run()
    test.button(key="import-lines").click().run()
    assert not test.exception
    assert "doing it again does no harm" in texts(test)


@pytest.mark.parametrize("symbol", ["BRK.B", "^GSPC", "BTC-USD", "005930.KS", "X" * 40, "<script>alert(1)</script>", "'\"; DROP", "🚀"])
def test_names_that_break_pages(symbol: str) -> None:
    memory = Memory()
    memory.tables.put("portfolio_instruments", instruments())
    memory.keep(OWN, buy(symbol, "1000000000", "0.00000123"))
    test = shown(memory, market({"SYMBOL": symbol, "PRICE": 620000.0, "CURRENCY": "USD", "NAME": None}))
    assert "<script>" not in texts(test)
    assert "620,000,000,000,000.00" in texts(test)
    assert isinstance(test.get("vega_lite_chart")[0].proto.alt, str)


def test_a_split_that_was_told_counts_from_its_day_and_mends_prices_from_before(memory: Memory) -> None:
    """Told ahead, it changes nothing; on its day a price of the day before is that of an old share."""
    rows = [("IBM", "split", "2026-11-23", "2"), ("IBM", "split", "2026-12-01", "10")]
    memory.tables.put("portfolio_actions", pd.DataFrame(rows, columns=["SYMBOL", "KIND", "EX_DATE", "AMOUNT"]))
    friday = {"EVENT_TIME": datetime(2026, 11, 20, 20, 59), "PRICE": 96.0}  # noqa: DTZ001
    desk = Desk(memory, market(friday, {"SYMBOL": "BRK.B", "PRICE": 408.0}))
    ledger = desk.ledger(OWN, NOW).value
    assert ledger is not None
    assert ledger.book.positions["IBM"].quantity == 20
    live = desk.live(ledger, NOW).value
    assert live is not None
    assert live.valuation.value.amount == 20 * 48 + 2 * 408
    assert live.valuation.day.amount == 20 * 48 - 10 * 95


def test_positions_are_computed_once_for_all_sessions(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    from dashboard.portfolio import ledger

    built: list[int] = []
    original = ledger.build
    monkeypatch.setattr(ledger, "build", lambda *args: built.append(1) or original(*args))
    desk = Desk(memory, PRICES)
    for _ in range(20):
        found = desk.ledger(OWN, NOW).value
        assert found is not None
        assert desk.live(found, NOW).value is desk.live(found, NOW).value
    assert len(built) <= 1


def test_the_export_has_what_is_on_screen(memory: Memory) -> None:
    from dashboard.views.portfolio import _extract

    extract = _extract(Desk(memory, PRICES), OWN, NOW)
    assert extract is not None
    assert isinstance(extract.frame, pd.DataFrame)
    assert list(extract.frame["POSITION"]) == ["IBM", "BRK.B", "Total"]
    assert extract.frame["VALUE"].iloc[:-1].sum() == extract.frame["VALUE"].iloc[-1] == D("1820.00")
    assert (extract.sources, extract.feeds) == (("finnhub",), ("realtime",))
