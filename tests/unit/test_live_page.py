"""The Live page in its states, over market data that a test sets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard import app as dashboard
from dashboard import resources
from dashboard.alerts.inbox import Inbox
from dashboard.chart.rungs import most_bars
from dashboard.freshness import Targets
from dashboard.shared import Reading
from dashboard.views import live
from tests.fakes.market_data import NOW, FakeMarketData, days_frame, latest_frame, minute_bars, snapshot, trends_frame
from tests.fakes.tables import FakeTables
from ticklake.roles import Role, User
from ticklake_io.producing import Producing

TWO_SOURCES = snapshot(
    latest_frame({"PRICE": 101.0, "PREV_CLOSE": 100.0}, {"SOURCE": "replay", "FEED": "replay", "PRICE": 180.0}, {"SYMBOL": "SPY", "NAME": None}),
    days_frame(("IBM", "replay", 1_000, 181.0)),
    trends_frame(("IBM", "simulator", 100.5), ("IBM", "simulator", 101.0)),
)


def page(data: object, now: object) -> None:
    """Runs as a script of its own, which sees no name of this module."""
    from dashboard import frame
    from dashboard.freshness import Targets
    from dashboard.views import live
    from tests.fakes.tables import FakeTables
    from ticklake.roles import Role, User
    from ticklake_io.producing import Producing

    targets = Targets(15, 60)
    user = User("ana", Role.ANALYST)
    live.render(frame.bar(data, FakeTables({"quotas": "not asked"}), lambda: now, targets, Producing), data, lambda: now, targets, None, user)


def shown(data: FakeMarketData, now: datetime = NOW, **address: str) -> AppTest:
    test = AppTest.from_function(page, kwargs={"data": data, "now": now}, default_timeout=30)
    for name, value in address.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception
    return test


def texts(test: AppTest) -> str:
    return "\n".join(element.proto.body for element in test.get("html"))


def watched(test: AppTest) -> dict[str, Any]:
    """What the watchlist was given."""
    (element,) = test.get("bidi_component")
    view: dict[str, Any] = json.loads(element.proto.bytes)
    return view


def test_a_full_page_has_figures_watchlist_chart_and_sectors() -> None:
    test = shown(FakeMarketData(Reading(TWO_SOURCES), minute_bars(120)), symbol="ibm", source="simulator")
    assert [row[:2] for row in watched(test)["rows"]] == [["IBM", "replay"], ["IBM", "simulator"], ["SPY", "simulator"]]
    assert watched(test)["chosen"] == ["IBM", "simulator"]
    (chart,) = test.get("vega_lite_chart")
    assert json.loads(chart.proto.spec)["layer"]
    assert "120 bars" in chart.proto.alt
    for text in ("REPLAY", "SYNTHETIC", "NYSE open, closes in 6 h 0 min", "+1.00 (▲ +1.00 %)", "Up most", "Information Technology"):
        assert text in texts(test)


def test_the_chart_stays_below_two_thousand_marks_whatever_the_tail_holds() -> None:
    (chart,) = shown(FakeMarketData(Reading(TWO_SOURCES), minute_bars(5_000))).get("vega_lite_chart")
    assert f", {most_bars(0)} bars from " in chart.proto.alt


def test_the_bars_of_the_chart_are_a_table_when_asked_for() -> None:
    test = shown(FakeMarketData(Reading(TWO_SOURCES), minute_bars(20)))
    assert not test.dataframe
    test.session_state["bars_open"] = True
    test.run()
    assert len(test.dataframe[0].value) == 20


def test_the_watchlist_can_be_taken_away() -> None:
    taken = live.extract(FakeMarketData(Reading(TWO_SOURCES)))
    assert taken
    assert (list(taken.frame["SYMBOL"]), taken.sources, taken.feeds) == (["IBM", "IBM", "SPY"], ("replay", "simulator"), ("replay", "synthetic"))
    assert (taken.as_of, taken.page) == (TWO_SOURCES.at, "live")
    assert live.extract(FakeMarketData(Reading())) is None


def test_a_click_on_the_watchlist_chooses_for_all_pages() -> None:
    data = FakeMarketData(Reading(TWO_SOURCES), minute_bars(5))
    test = shown(data, symbol="ibm", source="simulator")
    test.session_state["wanted_instrument"] = ("SPY", "simulator")
    test.run()
    assert data.asked[-1] == ("SPY", "simulator")
    assert test.selectbox(key="instrument").value == ("SPY", "simulator")
    assert test.query_params["symbol"] == "SPY"


def test_an_unknown_symbol_leaves_the_watchlist_standing() -> None:
    data = FakeMarketData(Reading(TWO_SOURCES), minute_bars(5))
    test = shown(data, symbol="NOPE")
    assert len(watched(test)["rows"]) == 3
    assert watched(test)["chosen"] is None
    assert data.asked == []
    assert "Choose a symbol above." in texts(test)


def test_an_empty_warehouse_says_when_to_expect_ticks() -> None:
    test = shown(FakeMarketData(Reading(snapshot(latest_frame()))))
    assert "No ticks yet. The first load takes about a minute after make up." in texts(test)
    assert not test.get("bidi_component")


def test_a_symbol_without_bars_says_so() -> None:
    assert "No minute bars yet" in texts(shown(FakeMarketData(Reading(TWO_SOURCES))))


def test_stale_data_stays_and_is_grey() -> None:
    later = NOW + timedelta(minutes=5)
    data = FakeMarketData(Reading(snapshot(latest_frame({}), read_at=later)), minute_bars(5))
    view = watched(shown(data, later))
    assert view["at"] - view["rows"][0][10] > view["stale_s"] * 1000
    assert view["rows"][0][4] == "100.00"


@pytest.mark.parametrize("symbol", ["BRK.B", "^GSPC", "BTC-USD", "005930.KS", "X" * 40, "<script>alert(1)</script>", 'it\'s "quoted"', "🚀", "*a*_b_`c`"])
def test_a_name_that_breaks_pages_does_not_break_this_one(symbol: str) -> None:
    latest = latest_frame({"SYMBOL": symbol, "NAME": symbol, "PRICE": 0.00000123, "PREV_CLOSE": 0.00000120})
    data = FakeMarketData(Reading(snapshot(latest)), minute_bars(5))
    test = shown(data, symbol=symbol)
    assert watched(test)["chosen"] == [symbol, "simulator"]
    assert data.asked == [(symbol, "simulator")]
    assert "0.00000123" in texts(test)
    assert "<script" not in texts(test)


APP = Path(__file__).parents[2] / "dashboard" / "app.py"


@pytest.fixture
def own_resources() -> Iterator[None]:
    """What the process shares is shared with no other test."""
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, own_resources: None) -> AppTest:
    """The whole app over a small board."""
    monkeypatch.setattr(resources, "market_data", lambda: FakeMarketData(Reading(TWO_SOURCES), minute_bars(5)))
    monkeypatch.setattr(resources, "tables", lambda: FakeTables({"quotas": "not asked"}))
    monkeypatch.setattr(resources, "targets", lambda: Targets(15, 60))
    monkeypatch.setattr(resources, "user", lambda: User("ana", Role.ANALYST))
    monkeypatch.setattr(resources, "producers", lambda: SimpleNamespace(get=lambda max_age_s: Reading(Producing())))
    monkeypatch.setattr(resources, "alerts", Inbox)
    monkeypatch.setattr(resources, "exports", lambda: None)
    monkeypatch.setattr(resources, "freeze", lambda: None)
    return AppTest.from_file(APP, default_timeout=30)


def test_the_app_opens_on_the_live_page(app: AppTest) -> None:
    app.run()
    assert not app.exception
    assert len(watched(app)["rows"]) == 3


def test_who_types_live_is_on_the_live_page_and_sees_what_the_address_says(app: AppTest) -> None:
    app._page_hash = calc_hash(dashboard.ALIAS)  # AppTest itself can only switch to pages that are files
    app.query_params["symbol"], app.query_params["source"] = "SPY", "simulator"
    app.run()
    assert not app.exception
    assert watched(app)["chosen"] == ["SPY", "simulator"]


@pytest.mark.usefixtures("own_resources")
def test_a_missing_setting_names_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(resources, "freeze", lambda: None)
    test = AppTest.from_file(APP, default_timeout=30).run()
    assert not test.exception
    assert "TICKLAKE_WAREHOUSE_ACCOUNT" in test.error[0].value
