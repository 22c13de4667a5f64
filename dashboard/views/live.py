"""Live: the instrument that was chosen in figures, the watchlist, its candles, and the sectors.

Two fragments move: figures and watchlist at the interval the reader chose, candles and sectors at five seconds or more. Each
keeps the same elements in the same places, so that scroll, order and selection stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from functools import cache
from html import escape
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import figures, meter
from dashboard.components import candles, headline, heatmap, movers, quote
from dashboard.components.watchlist import watchlist
from dashboard.frame.bar import slowly
from dashboard.frame.controls import choose
from dashboard.frame.market import exchange_zone
from dashboard.freshness import Targets
from dashboard.look import Key, Look
from dashboard.market_data import Candles, MarketData, Snapshot
from dashboard.once import once
from dashboard.shared import Reading

Now = Callable[[], datetime]

HEIGHT = 640
"""Pixels of the watchlist: with what is above it, a screen of 1440 x 900."""

SECTORS_HEIGHT = 250

EMPTY = "No ticks yet. The first load takes about a minute after make up."


def render(look: Look, data: MarketData, now: Now, targets: Targets, chart: st.Page | None = None) -> None:
    """The whole page. `now` gives the time, with zone, at each refresh; `chart` is the page that has more of a chart."""
    strip = st.empty()
    left, right = st.columns([57, 43], gap="small")
    with left:
        meter.fragment(_prices, run_every=look.every_s)(look, data, now, targets, strip)
    with right:
        meter.fragment(_charts, run_every=slowly(look.every_s))(look, data, chart)


def _prices(look: Look, data: MarketData, now: Now, targets: Targets, strip: DeltaGenerator) -> None:
    snapshot, at = data.board().value, now()
    strip.html(_strip(look, snapshot, at))
    if snapshot is None or snapshot.board.empty:
        st.html(headline.note(EMPTY if snapshot else "No data from the warehouse."))
        return
    chosen = watchlist(look, snapshot.board, at, targets.warehouse_s, HEIGHT)
    if chosen and chosen != look.key:
        choose(chosen)


def _strip(look: Look, snapshot: Snapshot | None, at: datetime) -> str:
    row = _row(snapshot, look.key)
    if snapshot is None or row is None:
        return headline.note("Choose a symbol above." if snapshot and len(snapshot.board) else "Key figures appear here once there are ticks.")
    zone = look.tz(exchange_zone(row["CALENDAR"]))
    return f'<div class="tl-strip">{quote.quote(row, at, zone)}{movers.strips(snapshot.board)[row["SOURCE"]]}</div>'


def _charts(look: Look, data: MarketData, chart: st.Page | None) -> None:
    snapshot = data.board().value
    row = _row(snapshot, look.key)
    if snapshot is None or row is None:
        st.html(headline.note("Candles and sectors appear here for the symbol that is chosen."))
        return
    symbol, source = row["SYMBOL"], row["SOURCE"]
    with st.container(horizontal=True, vertical_alignment="center"):
        zone = look.tz(exchange_zone(row["CALENDAR"]))
        st.html(f'<span><b>{escape(symbol)}</b> <span class="tl-muted">minute candles, {escape(source)}, {row["EVENT_TIME"].astimezone(zone):%Z}</span></span>')
        if chart:
            st.page_link(chart, label="Open chart", width="content")
    _candles(look, data.candles(symbol, source), row, zone)
    with st.container(height=SECTORS_HEIGHT, border=False):
        st.html(f'<ul class="tl-map" aria-label="Changes by sector">{heatmap.heatmaps(snapshot.board)[source]}</ul>')


def _candles(look: Look, reading: Reading[Candles], row: Mapping[Any, Any], zone: tzinfo) -> None:
    bars = reading.value.bars if reading.value else None
    if bars is None or bars.empty:
        st.html(headline.note(_missing(reading)))
        return
    data, told = _drawn(bars)(row["SYMBOL"], zone)
    st.vega_lite_chart(data, candles.candle_spec(look.palette, figures.decimals(row["PRICE"])), width="stretch", key="candles", alt=told)
    table = st.expander("The same bars as a table", key="bars_open", on_change="rerun")
    if table.open:
        table.dataframe(bars.iloc[::-1], hide_index=True, height=300, key="bars")


def _missing(reading: Reading[Candles]) -> str:
    if reading.problem:
        return f"The candles could not be read: {reading.problem}"
    return "No minute bars yet: the first follows the next load." if reading.value else "Reading the candles."


def _row(snapshot: Snapshot | None, key: Key | None) -> Mapping[Any, Any] | None:
    return _rows(snapshot.board).get(key) if snapshot and key else None


@once()
def _rows(board: pd.DataFrame) -> dict[Key, Mapping[Any, Any]]:
    return {(row["SYMBOL"], row["SOURCE"]): row for row in board.to_dict("records")}


@once(kept=64)
def _drawn(bars: pd.DataFrame) -> Callable[[str, tzinfo], tuple[pd.DataFrame, str]]:
    """The chart's data and its sentence, by zone."""
    return cache(lambda symbol, zone: (candles.candle_data(bars, zone), candles.describe(symbol, bars, zone)))
