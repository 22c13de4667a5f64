"""Indicators that are computed on screen are those of CURATED.INDICATORS: held against the reference that its numbers are held against."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dashboard.chart import indicators
from dashboard.chart.days import dated
from tests.fakes.market_history import walk
from tests.fixtures.reference_analytics import indicators as reference
from ticklake.calendars import calendar

TIMES = pd.DatetimeIndex([at for day in ("2026-11-19", "2026-11-20", "2026-11-23") for at in pd.date_range(f"{day} 14:30", periods=130, freq="3min", tz="UTC")])
BARS = walk(TIMES, seed=7)
DATES = dated(pd.DatetimeIndex(BARS["BAR_START"]), calendar("XNYS"))


@pytest.mark.parametrize("column", indicators.COLUMNS)
def test_they_equal_the_reference(column: str) -> None:
    expected = pd.DataFrame(reference(BARS["CLOSE"].to_numpy(), BARS["VWAP"].fillna(0).to_numpy(), BARS["VOLUME"].to_numpy(), list(DATES)))[column].astype(
        float
    )
    got = indicators.computed(BARS, DATES)[column]
    if column == "SESSION_VWAP":
        first = DATES[0] == DATES
        assert got[first].isna().all()  # whose beginning may lie before the series
        np.testing.assert_allclose(indicators.computed(BARS, DATES, is_whole=True)[column], expected, rtol=1e-9)
        expected, got = expected[~first], got[~first]
    np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_what_is_stored_wins_and_the_rest_is_computed() -> None:
    stored = pd.DataFrame({"BAR_START": BARS["BAR_START"].iloc[:300], **dict.fromkeys(indicators.COLUMNS, 1.0)})
    stored.loc[5, "SMA_20"] = np.nan
    made = indicators.completed(stored, BARS, DATES)
    assert (made.iloc[6:300] == 1.0).all(axis=None)
    assert np.isnan(made["SMA_20"].iloc[5])
    pd.testing.assert_frame_equal(made.iloc[300:], indicators.computed(BARS, DATES).iloc[300:])


def test_nothing_comes_of_no_bars_and_nothing_moved_is_no_rsi() -> None:
    assert indicators.computed(BARS.head(0), DATES[:0]).empty
    assert indicators.computed(BARS.assign(CLOSE=5.0), DATES)["RSI_14"].isna().all()
