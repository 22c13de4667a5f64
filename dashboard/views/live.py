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
from urllib.parse import urlencode

import pandas as pd
import pyarrow as pa
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import figures, meter
from dashboard.board import by_key
from dashboard.candle_frames import Candles
from dashboard.chart.rungs import LADDER, most_bars
from dashboard.chart.stage import drawn
from dashboard.components import candles, headline, heatmap, movers, quote
from dashboard.components.export_button import export
from dashboard.components.watchlist import watchlist
from dashboard.exports.desk import Exports, Extract
from dashboard.frame.bar import slowly
from dashboard.frame.controls import choose
from dashboard.frame.market import exchange_zone
from dashboard.freshness import Targets
from dashboard.look import Key, Look
from dashboard.market_data import MarketData, Snapshot
from dashboard.once import once
from dashboard.shared import Reading
from ticklake.roles import User

Now = Callable[[], datetime]

HEIGHT = 640
"""Pixels of the watchlist: with what is above it, a screen of 1440 x 900."""

MINUTE = LADDER[0]

EMPTY = "No ticks yet. The first load takes about a minute after make up."


def render(look: Look, data: MarketData, now: Now, targets: Targets, exports: Exports, user: User, chart: st.Page | None = None) -> None:
    """The whole page. `now` gives the time, with zone, at each refresh; `chart` is the page that has more of a chart."""
    strip = st.empty()
    left, right = st.columns([57, 43], gap="small")
    with left:
        meter.fragment(_prices, run_every=look.every_s)(look, data, now, targets, strip)
    with right:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.html(_heading(look.key))
            if chart:
                st.page_link(chart, label="Open chart", width="content")
            export(exports, user, lambda: extract(data), "live-export")
        meter.fragment(_charts, run_every=meter.beside(slowly(look.every_s), 2))(look, data)


def extract(data: MarketData) -> Extract | None:
    """The watchlist as a table to take away, as it is now; None when there is none."""
    snapshot = data.board().value
    if snapshot is None or snapshot.board.empty:
        return None
    shown = snapshot.board.drop(columns="TREND")
    sources, feeds = (tuple(sorted(shown[name].unique())) for name in ("SOURCE", "FEED"))
    return Extract(shown, "watchlist", "live", f"/?{urlencode(st.query_params.to_dict())}", snapshot.at, sources, feeds)


def _heading(key: Key | None) -> str:
    return f'<b>{escape(key[0])}</b> <span class="tl-muted">minute candles, {escape(key[1])}</span>' if key else "Minute candles"


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


def _charts(look: Look, data: MarketData) -> None:
    snapshot = data.board().value
    row = _row(snapshot, look.key)
    if snapshot is None or row is None:
        st.html(headline.note("Candles and sectors appear here for the symbol that is chosen."))
        return
    _candles(look, data.candles(row["SYMBOL"], row["SOURCE"]), row)
    st.html(f'<ul class="tl-map" tabindex="0" aria-label="Changes by sector">{heatmap.heatmaps(snapshot.board)[row["SOURCE"]]}</ul>')


def _candles(look: Look, reading: Reading[Candles], row: Mapping[Any, Any]) -> None:
    bars = reading.value.bars if reading.value else None
    if bars is None or bars.empty:
        st.html(headline.note(_missing(reading)))
        return
    data, told = _drawn(bars)(row["SYMBOL"], look.tz(exchange_zone(row["CALENDAR"])))
    shape = candles.Shape(look.palette, figures.decimals(row["PRICE"]), height=candles.SMALL_HEIGHT)
    st.vega_lite_chart(data, candles.price_spec(shape), width="stretch", key="candles", alt=told)
    table = st.expander("The same bars as a table (UTC)", key="bars_open", on_change="rerun")
    if table.open:
        table.dataframe(bars.iloc[::-1], hide_index=True, height=300, key="bars")


def _missing(reading: Reading[Candles]) -> str:
    if reading.problem:
        return f"The candles could not be read: {reading.problem}"
    return "No minute bars yet: the first follows the next load." if reading.value else "Reading the candles."


def _row(snapshot: Snapshot | None, key: Key | None) -> Mapping[Any, Any] | None:
    return by_key(snapshot.board).get(key) if snapshot and key else None


@once(kept=64)
def _drawn(bars: pd.DataFrame) -> Callable[[str, tzinfo], tuple[pa.Table, str]]:
    """The chart's data, as it travels, and its sentence, by zone."""

    def make(symbol: str, zone: tzinfo) -> tuple[pa.Table, str]:
        made = drawn(candles.pane_data(bars.tail(most_bars(0)), MINUTE, zone=zone))
        return made.table, candles.describe(symbol, made.data, MINUTE)

    return cache(make)
