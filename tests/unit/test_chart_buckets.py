"""Bars of bars against a brute-force oracle, the limit of marks for any range, and trading days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.chart.buckets import COLUMNS, ORIGINS, fitted, rebucketed, spliced
from dashboard.chart.days import dated, open_time
from dashboard.chart.rungs import BASE, CHOICES, LADDER, Rung, coarser_table, most_bars, wanted
from ticklake.calendars import calendar

EPOCH = datetime(2013, 6, 3, tzinfo=UTC)

cents = st.integers(1, 100_000).map(lambda value: value / 100)
parts = st.tuples(
    st.integers(1, 60 * 24 * 400),
    st.sampled_from(ORIGINS),
    st.tuples(cents, cents, cents, cents),
    st.one_of(st.none(), st.integers(0, 2**40)),
    st.one_of(st.none(), st.integers(0, 1000)),
    st.booleans(),
)


@st.composite
def bars(draw: st.DrawFn) -> pd.DataFrame:
    """Minute bars with holes, of all origins, some without volume, trades or VWAP."""
    at, rows = EPOCH, []
    for minutes, origin, prices, volume, trades, has_vwap in draw(st.lists(parts, min_size=1, max_size=40)):
        at += timedelta(minutes=minutes)
        low, opened, closed, high = sorted(prices)
        rows.append((at, origin, opened, high, low, closed, volume, trades, (low + high) / 2 if has_vwap and volume else None))
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame["BAR_START"] = pd.DatetimeIndex(frame["BAR_START"]).as_unit("us")
    return frame.astype(dict.fromkeys(("VOLUME", "TRADES", "VWAP"), float))


def bucket(at: datetime, rung: Rung) -> Any:
    """Where a bar of `rung` begins, by plain arithmetic with dates."""
    midnight = at.replace(hour=0, minute=0)
    if rung.rule in ("M", "Q", "Y"):
        return midnight.replace(day=1, month={"M": at.month, "Q": (at.month - 1) // 3 * 3 + 1, "Y": 1}[rung.rule])
    if rung.rule == "W-SUN":
        return midnight - timedelta(days=at.weekday())
    if not rung.intraday:
        return midnight
    return midnight + (at - midnight) // timedelta(minutes=rung.length) * timedelta(minutes=rung.length)


@given(bars(), st.sampled_from(LADDER))
def test_bars_of_bars_are_those_of_an_oracle(minutes: pd.DataFrame, rung: Rung) -> None:
    made = rebucketed(minutes, rung)
    grouped: dict[Any, list[Any]] = {}
    for row in minutes.itertuples():
        grouped.setdefault(bucket(row.BAR_START.to_pydatetime(), rung), []).append(row)  # type: ignore[attr-defined]
    assert [at.to_pydatetime() for at in made["BAR_START"]] == list(grouped)
    for bar, rows in zip(made.itertuples(), grouped.values(), strict=True):
        got: Any = bar
        assert (got.OPEN, got.CLOSE) == (rows[0].OPEN, rows[-1].CLOSE)
        assert (max(row.HIGH for row in rows), min(row.LOW for row in rows)) == (got.HIGH, got.LOW)
        assert max((row.ORIGIN for row in rows), key=ORIGINS.index) == got.ORIGIN
        volumes = [row.VOLUME for row in rows if row.VOLUME == row.VOLUME]
        assert sum(volumes) == got.VOLUME if volumes else np.isnan(got.VOLUME)
        trades = [row.TRADES for row in rows]
        assert np.isnan(got.TRADES) if any(np.isnan(each) for each in trades) else sum(trades) == got.TRADES
        weighed = [(Fraction(row.VWAP), Fraction(row.VOLUME)) for row in rows if row.VWAP == row.VWAP and row.VOLUME == row.VOLUME]
        total = sum(weight for _, weight in weighed)
        assert pytest.approx(float(sum(price * weight for price, weight in weighed) / total)) == got.VWAP if total else np.isnan(got.VWAP)


@given(bars(), st.sampled_from([(LADDER[1], LADDER[2]), (LADDER[3], LADDER[4]), (LADDER[5], LADDER[7]), (LADDER[7], LADDER[9])]))
def test_bars_made_in_two_steps_are_those_made_in_one(minutes: pd.DataFrame, steps: tuple[Rung, Rung]) -> None:
    once, twice = rebucketed(minutes, steps[1]), rebucketed(rebucketed(minutes, steps[0]), steps[1])
    pd.testing.assert_frame_equal(once.drop(columns="VWAP"), twice.drop(columns="VWAP"))  # a bar's VWAP weighs minutes without one, too


@given(bars(), st.integers(0, 60))
def test_bars_are_spliced_without_gap_or_double(minutes: pd.DataFrame, cut: int) -> None:
    rung = LADDER[1]
    whole = rebucketed(minutes, rung)
    seen = rebucketed(minutes.head(max(cut, 1)), rung)  # as of an earlier time: its newest bar may lack minutes
    edge = seen["BAR_START"].iloc[-1]
    newer = minutes[minutes["BAR_START"] >= edge].reset_index(drop=True)
    pd.testing.assert_frame_equal(spliced(seen, rebucketed(newer, rung), edge), whole)


@given(st.integers(1, 5_000), st.integers(1, 60 * 24 * 30), st.integers(0, 7), st.sampled_from(CHOICES))
def test_no_range_has_more_bars_than_fit(count: int, step: int, lines: int, finest: Rung) -> None:
    times = pd.date_range(EPOCH, periods=count, freq=pd.Timedelta(minutes=step)).as_unit("us")
    minutes = pd.DataFrame({"BAR_START": times, "ORIGIN": "trades", **dict.fromkeys(COLUMNS[2:], 1.0)})
    most, last = most_bars(lines), times[-1].to_pydatetime()
    rung = wanted(*open_time(None, EPOCH, last), most, finest)
    while (fit := fitted(rebucketed(minutes, BASE[rung.table]), rung, EPOCH, most)) is None:
        rung = coarser_table(rung)
    assert len(fit[0]) <= most
    assert fit[0]["VOLUME"].sum() == count or fit[1] is LADDER[-1]


def test_a_trading_day_is_the_exchanges_own() -> None:
    times = pd.DatetimeIndex(
        [
            "2026-11-20T13:00Z",  # Friday before the open
            "2026-11-21T01:30Z",  # Friday evening in New York
            "2026-11-21T12:00Z",  # Saturday
            "2026-11-23T03:00Z",  # Monday, 11 h 30 before the open
            "2026-11-27T18:00Z",  # Friday, the early close at 13:00
            "2026-11-28T01:59Z",  # within eight hours of it? no: 18:00 + 8 h = 02:00
            "2026-11-28T02:01Z",
        ]
    ).as_unit("us")
    dates = [f"{at:%m-%d}" for at in dated(times, calendar("XNYS"))]
    assert dates == ["11-20", "11-20", "11-21", "11-23", "11-27", "11-27", "11-28"]
    assert list(dated(times, None)) == list(times.floor("1D"))


def test_open_time_counts_sessions_and_early_closes() -> None:
    nyse = calendar("XNYS")
    assert open_time(nyse, datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 28, tzinfo=UTC)) == (3 * 390 + 210, 4)
    assert open_time(nyse, datetime(2026, 11, 23, 15, 30, tzinfo=UTC), datetime(2026, 11, 23, 16, 30, tzinfo=UTC)) == (60, 1)
    assert open_time(None, EPOCH, EPOCH + timedelta(days=2)) == (2880, 2)
