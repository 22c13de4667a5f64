from __future__ import annotations

import math
from datetime import timedelta

import pytest

from dashboard import board
from dashboard.components import board_table
from dashboard.components.palette import LIGHT
from tests.fakes.market_data import NOW, days_frame, latest_frame, trends_frame


def test_a_row_is_a_symbol_and_a_source() -> None:
    latest = latest_frame({"SOURCE": "simulator", "PRICE": 250.0}, {"SOURCE": "replay", "PRICE": 180.0})
    rows = board.rows(latest, days_frame(("IBM", "replay", 500, 200.0)), trends_frame(("IBM", "simulator", 249.0), ("IBM", "simulator", 250.0)))
    assert list(zip(rows["SOURCE"], rows["PRICE"], strict=True)) == [("replay", 180.0), ("simulator", 250.0)]
    assert rows["CHANGE"].iloc[0] == pytest.approx(-20.0)
    assert rows["PERCENT"].iloc[0] == pytest.approx(-10.0)
    assert (rows["DAY_LOW"].iloc[0], rows["DAY_HIGH"].iloc[0]) == (199.0, 201.0)
    assert math.isnan(rows["CHANGE"].iloc[1])
    assert math.isnan(rows["DAY_LOW"].iloc[1])
    assert list(rows["TREND"]) == [[], [249.0, 250.0]]


def test_the_previous_close_goes_before_the_days_open() -> None:
    rows = board.rows(latest_frame({"PRICE": 110.0, "PREV_CLOSE": 100.0}), days_frame(("IBM", "simulator", 5, 220.0)), trends_frame())
    assert rows["PERCENT"].iloc[0] == pytest.approx(10.0)


def test_an_empty_warehouse_makes_an_empty_board() -> None:
    rows = board.rows(latest_frame(), days_frame(), trends_frame())
    assert rows.empty
    assert list(rows.columns) == board.COLUMNS


def test_what_is_unknown_is_written_so_and_what_is_old_is_grey() -> None:
    old = (NOW - timedelta(minutes=5)).replace(tzinfo=None)
    latest = latest_frame({"SYMBOL": "A", "PREV_CLOSE": 90.0}, {"SYMBOL": "B", "NAME": None}, {"SYMBOL": "C", "PREV_CLOSE": 90.0, "RECEIVED_AT": old})
    rows = board_table.table(board.rows(latest, days_frame(), trends_frame()), NOW)
    html = board_table.styled(rows, LIGHT, stale_s=60).hide(axis="index").to_html()
    assert "NaN" not in html
    assert html.count("n/a") == 2 + 3  # B has no base for its change; nobody has volume
    colours = board_table.styled(rows, LIGHT, stale_s=60)._compute().ctx
    percent, symbol = rows.columns.get_loc("PERCENT"), rows.columns.get_loc("SYMBOL")
    assert [colours[row, percent] for row in range(3)] == [[("color", LIGHT.up)], [("color", LIGHT.muted)], [("color", LIGHT.muted)]]
    assert colours[2, symbol] == [("color", LIGHT.muted)]
    assert list(rows["AGE"]) == [2.0, 2.0, 300.0]
