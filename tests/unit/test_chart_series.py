"""Which bars a chart is made of: over minutes alone, with tables that lag, over history of days, and without a warehouse."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard import seam
from dashboard.candle_frames import frame
from dashboard.chart.buckets import COLUMNS, grouped, rebucketed
from dashboard.chart.days import dated
from dashboard.chart.indicators import computed
from dashboard.chart.reader import BarReader
from dashboard.chart.rungs import BASE, CHOICES, LADDER, most_bars
from dashboard.chart.series import Asked, Charts
from dashboard.chart.span import PRESETS, Span, preset
from dashboard.tail.bar import Bar
from tests.fakes.market_history import MarketHistory, walk
from ticklake.calendars import Calendar, calendar

NYSE = calendar("XNYS")
KEY = ("IBM", "simulator")
NEWEST = datetime(2026, 11, 23, 15, 0, 30, tzinfo=UTC)
ALWAYS = walk(pd.date_range(end="2026-11-23 15:00", periods=60 * 24 * 9, freq="min", tz="UTC"))


def sessions(first: str, last: str) -> pd.DatetimeIndex:
    """Every regular minute of these days in New York."""
    days = NYSE.sessions(datetime.fromisoformat(first).date(), datetime.fromisoformat(last).date())
    return pd.DatetimeIndex([at for day in days for at in pd.date_range(day.opens_at, day.closes_at, freq="min", inclusive="left")])


REGULAR = walk(sessions("2026-10-01", "2026-11-20"))


def asked(span: Span, most: int = 425, known: Calendar | None = None, newest: datetime = NEWEST) -> Asked:
    return Asked(KEY, known, newest, span, most)


def charts(history: MarketHistory) -> Charts:
    return Charts(BarReader(history, history))


def test_the_newest_bar_is_made_of_minutes_that_no_table_has_yet() -> None:
    history = MarketHistory(ALWAYS, stored_until=datetime(2026, 11, 23, 14, 47, tzinfo=UTC))
    series = charts(history).series(asked(Span(NEWEST - timedelta(hours=24))))
    assert series.rung.name == "5 m"
    whole = rebucketed(ALWAYS, LADDER[1])
    expected = whole[whole["BAR_START"] >= pd.Timestamp("2026-11-22 15:00", tz="UTC")].reset_index(drop=True)
    pd.testing.assert_frame_equal(series.bars[COLUMNS], expected, check_dtype=False)
    assert series.problem is None


@pytest.mark.parametrize("hours", [3, 30])
def test_tables_that_lag_behind_the_market_datas_two_hours_leave_no_hole(hours: int) -> None:
    history = MarketHistory(ALWAYS, stored_until=NEWEST - timedelta(hours=hours))
    series = charts(history).series(asked(Span(NEWEST - timedelta(hours=48))))
    assert series.rung.name == "15 m"
    assert series.bars["VOLUME"].sum() == ALWAYS["VOLUME"].tail(48 * 60 + 1).sum()


def test_a_warehouse_that_has_only_minutes_is_drawn_from_these() -> None:
    history = MarketHistory(ALWAYS.tail(400).reset_index(drop=True), stored_until=datetime(2020, 1, 1, tzinfo=UTC))
    for name in PRESETS:
        series = charts(history).series(asked(preset(name, NEWEST, None)))
        assert len(series.bars) > 10, name
        assert series.bars["CLOSE"].iloc[-1] == ALWAYS["CLOSE"].iloc[-1]


def test_a_young_history_is_drawn_finely_whatever_range_is_asked() -> None:
    series = charts(MarketHistory(ALWAYS.tail(300).reset_index(drop=True))).series(asked(Span(None)))
    assert (series.rung.name, len(series.bars)) == ("1 m", 300)


def test_todays_daily_bar_is_the_trading_days() -> None:
    minutes = REGULAR[REGULAR["BAR_START"] < pd.Timestamp("2026-11-20 18:00", tz="UTC")].reset_index(drop=True)
    newest = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
    history = MarketHistory(minutes, NYSE, stored_until=datetime(2026, 11, 20, 15, 0, tzinfo=UTC))
    series = charts(history).series(replace(asked(Span(None), known=NYSE, newest=newest), finest=BASE["1D"]))
    assert series.rung.name == "1 d"
    expected = grouped(minutes, dated(pd.DatetimeIndex(minutes["BAR_START"]), NYSE))
    pd.testing.assert_frame_equal(series.bars[COLUMNS], expected, check_dtype=False)


def test_indicators_reach_back_before_the_range() -> None:
    series = charts(MarketHistory(ALWAYS, stored_until=NEWEST - timedelta(minutes=20))).series(asked(Span(NEWEST - timedelta(hours=20))))
    bars = rebucketed(ALWAYS, series.rung)
    whole = computed(bars, dated(pd.DatetimeIndex(bars["BAR_START"]), None)).tail(len(series.bars)).reset_index(drop=True)
    for name in ("SMA_20", "EMA_26", "RSI_14", "SESSION_VWAP"):
        pd.testing.assert_series_equal(series.bars[name], whole[name], rtol=1e-9)


def minute_of(trades: list[tuple[float, float]], start: int) -> Bar:
    """The bar of these trades, prices and sizes, one a second from `start` (microseconds since 1970) on."""
    prices, sizes = zip(*trades, strict=True)
    turnover = float(np.dot(prices, sizes))
    first, last = (start, 0), (start + 1_000_000 * (len(trades) - 1), 0)
    return Bar(prices[0], max(prices), min(prices), prices[-1], float(sum(sizes)), float(len(trades)), turnover, first, last)


@pytest.mark.parametrize("hour", [3, 15, 23])
@pytest.mark.parametrize("known", [None, NYSE])
@pytest.mark.parametrize("loaded", range(4))
def test_the_running_minute_has_the_sessions_vwap_whichever_side_of_the_seam_its_trades_are_on(loaded: int, known: Calendar | None, hour: int) -> None:
    """No indicator is stored yet, the day has begun at midnight, or twelve hours before the open, and its last minute is still running."""
    at = pd.Timestamp("2026-11-23", tz="UTC") + pd.Timedelta(hours=hour)
    before = ALWAYS.assign(BAR_START=ALWAYS["BAR_START"] + (at - ALWAYS["BAR_START"].iloc[-1]) - pd.Timedelta(minutes=1))
    trades, start = [(100.0, 300.0), (101.0, 200.0), (99.5, 1_000.0)], at.value // 1_000
    warehouse = {start: minute_of(trades[:loaded], start)} if loaded else {}
    tail = {start: minute_of(trades[loaded:], start + 1_000_000 * loaded)} if loaded < 3 else {}
    minutes = pd.concat([before, frame(seam.bars(warehouse, tail))], ignore_index=True)
    history = MarketHistory(minutes, known, indicators_until=datetime(2020, 1, 1, tzinfo=UTC))
    newest = at.to_pydatetime() + timedelta(seconds=30)
    series = charts(history).series(asked(Span(newest - timedelta(hours=2)), known=known, newest=newest))
    dates = dated(pd.DatetimeIndex(minutes["BAR_START"]), known)
    today = before[dates[:-1] == dates[-1]]
    turnover = (today["VWAP"] * today["VOLUME"]).sum() + 100 * 300 + 101 * 200 + 99.5 * 1_000
    assert series.rung.name == "1 m"
    assert series.bars["SESSION_VWAP"].iloc[-1] == pytest.approx(turnover / (today["VOLUME"].sum() + 1_500), rel=1e-12)
    assert series.bars["SESSION_VWAP"].notna().all()


def test_a_minute_without_trades_keeps_the_sessions_vwap() -> None:
    quoted = ALWAYS.tail(1).assign(BAR_START=ALWAYS["BAR_START"].iloc[-1] + pd.Timedelta(minutes=1), ORIGIN="quotes", VOLUME=np.nan, TRADES=np.nan, VWAP=np.nan)
    history = MarketHistory(pd.concat([ALWAYS, quoted], ignore_index=True), indicators_until=NEWEST - timedelta(hours=3))
    vwap = charts(history).series(asked(Span(NEWEST - timedelta(hours=2)), newest=NEWEST + timedelta(minutes=1))).bars["SESSION_VWAP"]
    assert vwap.iloc[-1] == vwap.iloc[-2]


def test_a_session_of_which_the_beginning_cannot_be_read_has_no_vwap() -> None:
    history = MarketHistory(ALWAYS)
    history.trouble = "The warehouse does not answer."
    assert charts(history).series(asked(Span(NEWEST - timedelta(hours=1)))).bars["SESSION_VWAP"].isna().all()


def test_one_session_is_drawn_by_the_minute_and_five_by_more() -> None:
    newest = datetime(2026, 11, 20, 20, 59, 30, tzinfo=UTC)
    history = MarketHistory(REGULAR, NYSE)
    day = charts(history).series(asked(preset("1 d", newest, NYSE), known=NYSE, newest=newest))
    assert (day.rung.name, len(day.bars)) == ("1 m", 390)
    week = charts(history).series(asked(preset("5 d", newest, NYSE), known=NYSE, newest=newest))
    assert (week.rung.name, len(week.bars)) == ("5 m", 5 * 78)


def test_a_closed_range_asks_for_no_minutes_and_reads_what_it_needs() -> None:
    history = MarketHistory(ALWAYS)
    span = Span(datetime(2026, 11, 18, 10, 2, tzinfo=UTC), datetime(2026, 11, 18, 13, 0, tzinfo=UTC))
    series = charts(history).series(asked(span))
    assert (series.rung.name, len(series.bars)) == ("1 m", 178)
    assert {params["bar_interval"] for name, params in history.asked if name == "chart_bars"} == {"1D", "1M"}


def daily(first: str, last: str) -> pd.DataFrame:
    days = [pd.Timestamp(each.day) for each in NYSE.sessions(datetime.fromisoformat(first).date(), datetime.fromisoformat(last).date())]
    prices = {name: [200.0 + place for place in range(len(days))] for name in ("OPEN", "HIGH", "LOW", "CLOSE")}
    halved = {f"ADJ_{name}": [value / 2 for value in values] for name, values in prices.items()}
    return pd.DataFrame({"BAR_START": days, "ADJUSTED_BY": "actions", **prices, "VOLUME": 10.0, **halved, "ADJ_VOLUME": 20.0})


@pytest.mark.parametrize(("adjusted", "factor", "origin"), [(True, 0.5, "actions"), (False, 1.0, "raw")])
def test_days_are_the_batch_feeds_and_what_it_lacks_is_made_of_ticks(adjusted: bool, factor: float, origin: str) -> None:
    history = MarketHistory(REGULAR, NYSE, daily=daily("2024-01-02", "2026-11-18"))
    newest = datetime(2026, 11, 20, 20, 59, tzinfo=UTC)
    series = charts(history).series(replace(asked(preset("1 y", newest, NYSE), known=NYSE, newest=newest), adjusted=adjusted))
    assert (series.rung.name, series.days, series.young) == ("1 d", origin, True)
    fed = series.bars[series.bars["BAR_START"] <= pd.Timestamp("2026-11-18", tz="UTC")]
    assert set(fed["ORIGIN"]) == {"vendor"}
    assert fed["CLOSE"].iloc[-1] == pytest.approx(factor * (200.0 + len(history.daily) - 1))
    assert [f"{at:%m-%d}" for at in series.bars["BAR_START"].iloc[-2:]] == ["11-19", "11-20"]
    assert series.bars["CLOSE"].iloc[-1] == REGULAR["CLOSE"].iloc[-1]


@pytest.mark.parametrize("known", [None, NYSE])
def test_a_day_of_the_batch_feed_stays_when_only_its_last_ticks_are_there(known: Calendar | None) -> None:
    late = REGULAR[REGULAR["BAR_START"] >= pd.Timestamp("2026-11-20 20:30", tz="UTC")].reset_index(drop=True)
    following = walk(sessions("2026-11-23", "2026-11-23"))
    history = MarketHistory(late, known, daily=daily("2024-01-02", "2026-11-20"))
    on = replace(asked(preset("1 y", NEWEST, NYSE), known=known), finest=BASE["1D"])
    bars = charts(history).series(replace(on, newest=datetime(2026, 11, 20, 20, 59, 30, tzinfo=UTC))).bars
    assert (bars["BAR_START"].iloc[-1], bars["ORIGIN"].iloc[-1]) == (pd.Timestamp("2026-11-20", tz="UTC"), "vendor")
    assert bars["OPEN"].iloc[-1] == 0.5 * (200.0 + len(history.daily) - 1)
    history = MarketHistory(pd.concat([late, following], ignore_index=True), known, daily=history.daily, stored_until=NEWEST - timedelta(days=1))
    bars = charts(history).series(replace(on, newest=datetime(2026, 11, 23, 20, 59, 30, tzinfo=UTC))).bars
    assert [f"{at:%m-%d}" for at in bars["BAR_START"].iloc[-2:]] == ["11-20", "11-23"]
    assert list(bars["ORIGIN"].iloc[-2:]) == ["vendor", "trades"]
    assert bars["OPEN"].iloc[-1] == following["OPEN"].iloc[0]


@settings(max_examples=60)
@given(
    st.sampled_from([*PRESETS, None]),
    st.integers(0, 8 * 1440),
    st.integers(1, 8 * 1440),
    st.integers(0, 7),
    st.sampled_from(CHOICES),
    st.booleans(),
)
def test_no_range_draws_more_bars_than_fit(name: str | None, start: int, length: int, lines: int, finest: object, exchange: bool) -> None:
    """Any range, preset or brushed, over years of days and days of minutes."""
    known, minutes = (NYSE, REGULAR) if exchange else (None, ALWAYS)
    newest = minutes["BAR_START"].iloc[-1].to_pydatetime()
    since = newest - timedelta(minutes=start + length)
    span = preset(name, newest, known) if name else Span(since, since + timedelta(minutes=length))
    wanted = replace(asked(span, most_bars(lines), known, newest), finest=finest)  # type: ignore[arg-type]
    history = HISTORIES[exchange]
    series = charts(history).series(wanted)
    assert len(series.bars) <= wanted.most
    assert series.bars["BAR_START"].is_monotonic_increasing
    assert series.bars["BAR_START"].is_unique
    assert LADDER.index(series.rung) >= LADDER.index(wanted.finest)


HISTORIES = {
    True: MarketHistory(REGULAR, NYSE, daily=daily("1995-01-03", "2026-11-18")),
    False: MarketHistory(ALWAYS),
}


def test_together_all_are_of_one_interval() -> None:
    history = MarketHistory(REGULAR, NYSE)
    newest = datetime(2026, 11, 20, 20, 59, tzinfo=UTC)
    nyse, always = (
        replace(asked(preset("5 d", newest, NYSE), most_bars(2, candles=False) // 2, known, newest), key=(name, "x"))
        for name, known in (("A", NYSE), ("B", None))
    )
    made = charts(history).together([nyse, always])
    assert made[0].rung is made[1].rung
    assert all(0 < len(series.bars) <= nyse.most for series in made)


def test_the_same_is_made_once_and_again_when_something_has_changed() -> None:
    history = MarketHistory(ALWAYS)
    shared = charts(history)
    first, second = (shared.series(asked(Span(NEWEST - timedelta(hours=2)))) for _ in range(2))
    assert first.bars is second.bars
    changed = charts(MarketHistory(ALWAYS.assign(CLOSE=1.0)))
    assert changed.series(asked(Span(NEWEST - timedelta(hours=2)))).bars["CLOSE"].eq(1.0).all()


def test_a_warehouse_in_trouble_is_said_and_nothing_is_drawn() -> None:
    history = MarketHistory(ALWAYS)
    history.trouble = "The warehouse does not answer."
    series = charts(history).series(asked(Span(NEWEST - timedelta(hours=1))))
    assert series.problem == "The warehouse does not answer."
    assert len(series.bars) == 61  # of the market data, which has them
