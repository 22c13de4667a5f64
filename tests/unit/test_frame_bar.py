"""The bar above every page, in its states, over market data that a test sets."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.components.palette import LIGHT
from dashboard.frame.bar import slowly
from dashboard.look import Look, Zone
from dashboard.market_data import Snapshot
from dashboard.shared import Reading
from tests.fakes.market_data import NOW, FakeMarketData, latest_frame, snapshot
from tests.fakes.tables import FakeTables

HERE = ZoneInfo("UTC")
BOARD = snapshot(latest_frame({"SOURCE": "replay", "FEED": "replay"}, {}, {"SYMBOL": "NKE", "NAME": "Nike"}))


def page(data: object, tables: object, now: object) -> None:
    """Runs as a script of its own, which sees no name of this module."""
    import streamlit as st

    from dashboard import frame
    from dashboard.freshness import Targets
    from ticklake_io.producing import Producing

    st.session_state["look"] = frame.bar(data, tables, lambda: now, Targets(15, 60), Producing)


def opened(data: FakeMarketData, left: float = 5.0, **address: str) -> AppTest:
    """The bar over `data`; `left` calls of a provider's plan."""
    quotas = pd.DataFrame({"LABELS": ['{"source": "alphavantage"}'], "VALUE": [left], "MEASURED_AT": [NOW.replace(tzinfo=None)]})
    test = AppTest.from_function(page, kwargs={"data": data, "tables": FakeTables({"quotas": quotas}), "now": NOW}, default_timeout=30)
    for name, value in address.items():
        test.query_params[name] = value
    return ran(test)


def ran(test: AppTest) -> AppTest:
    test.run()
    assert not test.exception
    return test


def look(test: AppTest) -> Look:
    seen: Look = test.session_state["look"]
    return seen


def texts(test: AppTest) -> str:
    return "\n".join(element.proto.body for element in test.get("html"))


def chip(test: AppTest) -> str:
    (block,) = test.get("popover")
    label: Any = block.proto.popover.label
    return str(label)


def test_without_an_address_a_page_shows_the_first_instrument_by_exchange_time() -> None:
    test = opened(FakeMarketData(Reading(BOARD)))
    assert look(test) == Look(("IBM", "replay"), Zone.EXCHANGE, 2.0, LIGHT, NOW, HERE)
    assert test.query_params["symbol"] == "IBM"
    assert "NYSE open, closes in 6 h 0 min" in texts(test)
    assert chip(test) == "● fresh, newest tick 2 s old"


def test_an_address_that_was_sent_is_the_same_view() -> None:
    test = opened(FakeMarketData(Reading(BOARD)), symbol="nke", source="simulator", zone="UTC", refresh="30 s", motion="false")
    assert look(test) == Look(("NKE", "simulator"), Zone.UTC, 30.0, LIGHT, NOW, HERE, motion=False)


def test_what_a_reader_chooses_is_in_the_address() -> None:
    test = opened(FakeMarketData(Reading(BOARD)))
    test.selectbox(key="instrument").select(("NKE", "simulator"))
    test.segmented_control(key="zone").set_value(Zone.UTC)
    test.segmented_control(key="refresh").set_value("Pause")
    test.toggle(key="motion").set_value(False)
    ran(test)
    assert look(test) == Look(("NKE", "simulator"), Zone.UTC, None, LIGHT, NOW, HERE, motion=False)
    assert (test.query_params["symbol"], test.query_params["source"]) == ("NKE", "simulator")  # the browser writes the others
    assert "paused at 15:00:00 UTC" in chip(test)


def test_a_symbol_nobody_knows_is_said_and_the_nearest_are_named() -> None:
    test = opened(FakeMarketData(Reading(BOARD)), symbol="<b>NIKE", source="simulator")
    assert look(test).key is None
    assert "&lt;b&gt;NIKE from simulator is not on the board: no tick of it has arrived. Did you mean NKE?" in texts(test)
    assert "QQQQ is not on the board: no tick of it has arrived. Choose a symbol above." in texts(opened(FakeMarketData(Reading(BOARD)), symbol="QQQQ"))


def test_the_first_symbol_is_chosen_when_the_first_ticks_come() -> None:
    data = FakeMarketData(Reading(snapshot(latest_frame())))
    test = opened(data)
    assert look(test).key is None
    data.reading = Reading(BOARD)
    assert look(ran(test)).key == ("IBM", "replay")


def test_a_name_that_comes_later_is_in_the_picker() -> None:
    data = FakeMarketData(Reading(snapshot(latest_frame({"NAME": None, "CALENDAR": None}))))
    test = opened(data)
    assert test.selectbox(key="instrument").options == ["IBM · simulator"]
    assert "Trades around the clock" in texts(test)
    data.reading = Reading(snapshot(latest_frame({})))
    ran(test)
    assert test.selectbox(key="instrument").options == ["IBM · simulator · International Business Machines"]
    assert "NYSE open, closes in 6 h 0 min" in texts(test)


def test_a_choice_stays_when_the_board_is_another() -> None:
    data = FakeMarketData(Reading(BOARD))
    test = opened(data, symbol="NKE")
    data.reading = Reading(snapshot(latest_frame({"SYMBOL": "A"}, {"SYMBOL": "NKE"})))
    assert look(ran(test)).key == ("NKE", "simulator")


@pytest.mark.parametrize(("value", "kept"), [(BOARD, "The last good data stays below."), (None, "Nothing has been read yet.")])
def test_a_warehouse_in_trouble_is_one_line(value: Snapshot | None, kept: str) -> None:
    test = opened(FakeMarketData(Reading(value, "The <warehouse> does not answer. Run ticklake status.")))
    assert f"The &lt;warehouse&gt; does not answer. Run ticklake status. {kept}" in texts(test)
    assert (look(test).key is None) == (value is None)


def test_a_plan_without_calls_is_one_line() -> None:
    data = FakeMarketData(Reading(BOARD))
    assert "No call left of the plan of alphavantage (at 10:00 EST)" in texts(opened(data, left=0.0))
    assert "No call left" not in texts(opened(data))


def test_what_changes_slowly_is_looked_at_slowly() -> None:
    assert [slowly(every_s) for every_s in (None, 1.0, 5.0, 30.0)] == [None, 5.0, 5.0, 30.0]
