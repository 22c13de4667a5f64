"""The Live page in its states, over market data that a test sets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import resources
from dashboard.freshness import Targets
from dashboard.market_data import Snapshot
from dashboard.shared import Reading
from tests.fakes.market_data import NOW, FakeMarketData, days_frame, latest_frame, minute_bars, snapshot, trends_frame

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

    targets = Targets(15, 60)
    live.render(frame.bar(data, lambda: now, targets), data, lambda: now, targets)


def shown(data: FakeMarketData, now: datetime = NOW, **address: str) -> AppTest:
    test = AppTest.from_function(page, kwargs={"data": data, "now": now}, default_timeout=30)
    for name, value in address.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception
    return test


def texts(test: AppTest) -> str:
    return "\n".join(element.proto.body for element in test.get("html"))


def test_a_full_page_has_board_chart_and_table() -> None:
    data = FakeMarketData(Reading(TWO_SOURCES), minute_bars(120))
    test = shown(data)
    board, bars = test.dataframe
    assert list(board.value["SOURCE"]) == ["replay", "simulator", "simulator"]
    assert len(bars.value) == 120
    (chart,) = test.get("vega_lite_chart")
    assert json.loads(chart.proto.spec)["layer"]
    assert "120 bars" in chart.proto.alt
    assert "REPLAY" in texts(test)
    assert "SYNTHETIC" in texts(test)
    assert "NYSE open, closes in 6 h 0 min" in texts(test)


def test_the_address_chooses_symbol_and_source_and_follows_the_picker() -> None:
    data = FakeMarketData(Reading(TWO_SOURCES), minute_bars(5))
    test = shown(data, symbol="ibm", source="simulator")
    assert data.asked == [("IBM", "simulator")]
    assert "▲ +1.00 %" in texts(test)
    test.selectbox(key="instrument").select(("SPY", "simulator")).run()
    assert data.asked[-1] == ("SPY", "simulator")
    assert test.query_params["symbol"] == "SPY"


def test_an_unknown_symbol_is_said_and_the_board_goes_on() -> None:
    data = FakeMarketData(Reading(TWO_SOURCES), minute_bars(5))
    test = shown(data, symbol="NOPE")
    assert "NOPE is not on the board" in texts(test)
    assert len(test.dataframe[0].value) == 3
    assert data.asked == []


def test_an_empty_warehouse_says_when_to_expect_ticks() -> None:
    test = shown(FakeMarketData(Reading(snapshot(latest_frame()))))
    assert "No ticks yet. The first load takes about a minute after make up." in texts(test)
    assert not test.dataframe


def test_the_first_symbol_is_chosen_when_the_first_ticks_come() -> None:
    data = FakeMarketData(Reading(snapshot(latest_frame())), minute_bars(5))
    test = shown(data)
    data.reading = Reading(TWO_SOURCES)
    test.run()
    assert data.asked == [("IBM", "replay")]


def test_a_symbol_without_bars_says_so() -> None:
    test = shown(FakeMarketData(Reading(TWO_SOURCES)))
    assert "No minute bars yet" in texts(test)


def test_stale_data_stays_and_is_named() -> None:
    later = NOW + timedelta(minutes=5)
    data = FakeMarketData(Reading(snapshot(latest_frame({}), read_at=later)), minute_bars(5))
    test = shown(data, later)
    assert "STALE 5 min: no newer tick loaded" in texts(test)
    assert test.dataframe[0].value["PRICE"].iloc[0] == 100.0


@pytest.mark.parametrize(("value", "kept"), [(TWO_SOURCES, "The last good data stays below."), (None, "Nothing has been read yet.")])
def test_a_warehouse_in_trouble_is_one_line(value: Snapshot | None, kept: str) -> None:
    data = FakeMarketData(Reading(value, "the warehouse does not answer: <refused>"), minute_bars(5))
    test = shown(data, NOW + timedelta(minutes=5))
    assert "The warehouse does not answer: &lt;refused&gt;." in texts(test)
    assert kept in texts(test)
    assert ("STALE 5 min: no answer" in texts(test)) == (value is not None)
    assert bool(test.dataframe) == (value is not None)


def test_a_paused_page_says_so() -> None:
    test = shown(FakeMarketData(Reading(TWO_SOURCES), minute_bars(5)))
    test.segmented_control(key="refresh").set_value("Pause").run()
    assert "paused at 15:00:00 UTC" in texts(test)


APP = Path(__file__).parents[2] / "dashboard" / "app.py"


@pytest.fixture
def own_resources() -> Iterator[None]:
    """What the process shares is shared with no other test."""
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.mark.usefixtures("own_resources")
def test_the_app_opens_on_the_live_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "market_data", lambda: FakeMarketData(Reading(TWO_SOURCES), minute_bars(5)))
    monkeypatch.setattr(resources, "targets", lambda: Targets(15, 60))
    monkeypatch.setattr(resources, "freeze", lambda: None)
    test = AppTest.from_file(APP, default_timeout=30).run()
    assert not test.exception
    assert len(test.dataframe[0].value) == 3


@pytest.mark.usefixtures("own_resources")
def test_a_missing_setting_names_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(resources, "freeze", lambda: None)
    test = AppTest.from_file(APP, default_timeout=30).run()
    assert not test.exception
    assert "TICKLAKE_WAREHOUSE_ACCOUNT" in test.error[0].value
