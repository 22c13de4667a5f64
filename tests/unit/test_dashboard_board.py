from __future__ import annotations

import math

import pandas as pd
import pytest

from dashboard import board
from dashboard.tail.bar import Bar, join
from tests.fakes.market_data import bases, days_frame, latest_frame, snapshot, trends_frame


def made(latest: pd.DataFrame, days: pd.DataFrame, trends: pd.DataFrame) -> pd.DataFrame:
    return snapshot(latest, days, trends).board


def test_a_row_is_a_symbol_and_a_source() -> None:
    latest = latest_frame({"SOURCE": "simulator", "PRICE": 250.0}, {"SOURCE": "replay", "PRICE": 180.0})
    rows = made(latest, days_frame(("IBM", "replay", 500, 200.0)), trends_frame(("IBM", "simulator", 249.0), ("IBM", "simulator", 250.0)))
    assert list(zip(rows["SOURCE"], rows["PRICE"], strict=True)) == [("replay", 180.0), ("simulator", 250.0)]
    assert rows["CHANGE"].iloc[0] == pytest.approx(-20.0)
    assert rows["PERCENT"].iloc[0] == pytest.approx(-10.0)
    assert (rows["DAY_LOW"].iloc[0], rows["DAY_HIGH"].iloc[0]) == (199.0, 201.0)
    assert math.isnan(rows["CHANGE"].iloc[1])
    assert math.isnan(rows["DAY_LOW"].iloc[1])
    assert list(rows["TREND"]) == [[], [249.0, 250.0]]


def test_the_previous_close_goes_before_the_days_open() -> None:
    rows = made(latest_frame({"PRICE": 110.0, "PREV_CLOSE": 100.0}), days_frame(("IBM", "simulator", 5, 220.0)), trends_frame())
    assert rows["PERCENT"].iloc[0] == pytest.approx(10.0)


def test_an_empty_warehouse_makes_an_empty_board() -> None:
    rows = snapshot(latest_frame()).board
    assert rows.empty
    assert list(rows.columns) == board.COLUMNS


def test_the_tail_moves_price_range_volume_and_closes() -> None:
    base = bases(latest_frame({"PREV_CLOSE": 80.0}), days_frame(("IBM", "simulator", 5, 100.0)), trends_frame(("IBM", "simulator", 99.0)))["IBM", "simulator"]
    ((minute, known),) = base.bars.items()
    bar = Bar(99.0, 120.0, 90.0, 110.0, 7.0, 3.0, 700.0, (minute, 5), (minute, 9))
    newest = base.latest._replace(price=110.0, bid=109.0, ask=111.0)
    row = dict(zip(board.COLUMNS, board.row(("IBM", "simulator"), base, newest, {minute: join(known, bar)}, {minute: bar}) or (), strict=True))
    assert (row["PRICE"], row["CHANGE"], row["PERCENT"]) == (110.0, 30.0, 37.5)
    assert (row["DAY_LOW"], row["DAY_HIGH"], row["VOLUME"], row["TREND"]) == (90.0, 120.0, 12.0, [110.0])
    assert (row["BID"], row["ASK"], row["PRIMARY"]) == (109.0, 111.0, True)


def test_a_symbol_that_only_the_tail_has_is_on_the_board() -> None:
    newest = bases(latest_frame({}), days_frame(), trends_frame())["IBM", "simulator"].latest
    (row,) = board.frame([board.row(("NEW", "x"), None, newest, {}, {}) or ()]).to_dict("records")
    assert (row["NAME"], row["CALENDAR"], row["PRIMARY"], row["PRICE"]) == ("", None, None, 100.0)
    assert board.row(("NEW", "x"), None, None, {}, {}) is None


def test_a_trend_has_the_newest_closes_only() -> None:
    minutes = {minute: Bar(1.0, 1.0, 1.0, float(minute), 1.0, 1.0, 1.0, (minute, 0), (minute, 0)) for minute in range(100)}
    newest = bases(latest_frame({}), days_frame(), trends_frame())["IBM", "simulator"].latest
    row = board.row(("IBM", "x"), None, newest, minutes, {})
    assert row is not None
    assert row[board.COLUMNS.index("TREND")] == [float(minute) for minute in range(40, 100)]
