"""Live: the board of every symbol and source, the candles of one, and how old both are.

Only the fragment moves: it reruns at the interval the reader chose, with the same elements in the same places, so that
scroll, sort and selection stay. Symbol, source and interval are in the address of the page.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import board, figures
from dashboard.components import board_table, candles, headline
from dashboard.components.palette import DARK, LIGHT, Palette
from dashboard.freshness import Targets, hops, market_line
from dashboard.market_data import Candles, MarketData, Snapshot
from dashboard.shared import Reading

Now = Callable[[], datetime]

REFRESH = {"pause": None, "1": 1.0, "2": 2.0, "5": 5.0, "30": 30.0}
"""Refresh intervals in seconds, by their name in the address."""

STYLE = Path(__file__).parents[1] / "style.css"
BOARD_HEIGHT = 762
"""Pixels: with the lines above it fills a screen of 1440 x 900."""

EMPTY = "No ticks yet. The first load takes about a minute after make up."

Key = tuple[str, str]


def render(data: MarketData, now: Now, targets: Targets) -> None:
    """The whole page. `now` gives the time, with zone, at each refresh."""
    st.html(STYLE)
    title, control = st.columns([3, 2], vertical_alignment="center")
    title.html('<div class="tl-title">Ticklake · Live</div>')
    with control, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        chosen = st.segmented_control(
            "Refresh",
            list(REFRESH),
            default="2",
            required=True,
            key="refresh",
            bind="query-params",
            label_visibility="collapsed",
            format_func=lambda name: "Pause" if REFRESH[name] is None else f"{name} s",
        )
    every_s = REFRESH[chosen or "2"]
    st.fragment(_live, run_every=every_s)(data, now, targets, every_s)


def _live(data: MarketData, now: Now, targets: Targets, every_s: float | None) -> None:
    reading = data.snapshot(every_s or 1.0)
    at, snapshot = now(), reading.value
    rows = board_table.table(snapshot.board, at) if snapshot else None
    palette = DARK if st.context.theme.type == "dark" else LIGHT
    feeds = sorted(snapshot.board["FEED"].unique()) if snapshot else []
    st.html(headline.headline(feeds, market_line("XNYS", "NYSE", at), hops(snapshot, at, targets, every_s), _problem(reading)))
    left, right = st.columns([55, 45], gap="medium")
    with left:
        _board(rows, palette, targets.warehouse_s)
    with right:
        _chart(data, snapshot, at, palette, every_s or 1.0)


def _problem(reading: Reading[Snapshot]) -> str | None:
    if reading.problem is None:
        return None
    kept = "The last good data stays below." if reading.value else "Nothing has been read yet."
    cause = reading.problem[:160].rstrip(".")
    return f"{cause[:1].upper()}{cause[1:]}. {kept} Run ticklake status to see what is down; this page recovers by itself."


def _board(rows: pd.DataFrame | None, palette: Palette, stale_s: float) -> None:
    if rows is None or rows.empty:
        st.html(headline.note(EMPTY if rows is not None else "No data from the warehouse."))
        return
    keys = list(zip(rows["SYMBOL"], rows["SOURCE"], strict=True))
    st.dataframe(
        board_table.styled(rows, palette, stale_s),
        key="board",
        height=BOARD_HEIGHT,
        row_height=board_table.ROW_HEIGHT,
        hide_index=True,
        column_config=board_table.columns(),
        selection_mode="single-cell",
        on_select=lambda: _choose(keys),
        placeholder=figures.UNKNOWN,
        alt="Latest price, change, volume and age of every symbol and source",
    )


def _choose(keys: list[Key]) -> None:
    cells = st.session_state["board"]["selection"]["cells"]
    if cells:
        st.session_state["instrument"] = keys[cells[0][0]]


def _chart(data: MarketData, snapshot: Snapshot | None, at: datetime, palette: Palette, max_age_s: float) -> None:
    known = snapshot.board.set_index(board.KEY, drop=False) if snapshot else pd.DataFrame()
    key = _pick(list(known.index))
    if key is None:
        st.html(headline.note(_unknown_symbol() if len(known) else "Candles appear here once there are ticks."))
        return
    row: dict[Any, Any] = known.loc[[key]].to_dict("records")[0]
    reading = data.candles(*key, max_age_s)
    bars = reading.value.bars if reading.value else None
    st.html(
        headline.quote(
            row["SYMBOL"],
            row["NAME"],
            row["SOURCE"],
            f"{figures.price(row['PRICE'])} {row['CURRENCY'] if isinstance(row['CURRENCY'], str) else ''}".strip(),
            f"{figures.change(row['CHANGE'])}  {figures.percent(row['PERCENT'])}",
            f"event {figures.moment(row['EVENT_TIME'], at)} · received {figures.duration(figures.span(at, row['RECEIVED_AT']))} ago · one-minute candles, UTC",
        )
    )
    if bars is None or bars.empty:
        st.html(headline.note(_missing(reading)))
        return
    spec = candles.candle_spec(palette, figures.decimals(row["PRICE"]))
    st.vega_lite_chart(candles.candle_data(bars), spec, width="stretch", key="candles", alt=candles.describe(key[0], bars))
    with st.expander("The same bars as a table"):
        st.dataframe(bars.iloc[::-1], hide_index=True, height=300, row_height=board_table.ROW_HEIGHT, key="bars")


def _pick(keys: list[Key]) -> Key | None:
    """The symbol picker; what it shows is in the address, and what the address says is shown."""
    if st.session_state.get("instrument") is None:
        st.session_state["instrument"] = _addressed(keys)
    key: Key | None = st.selectbox(
        "Symbol",
        keys,
        key="instrument",
        format_func=lambda each: f"{each[0]} · {each[1]}",
        placeholder="Choose a symbol",
        label_visibility="collapsed",
    )
    if key is not None:
        st.query_params.update(symbol=key[0], source=key[1])
    return key


def _addressed(keys: list[Key]) -> Key | None:
    symbol, source = st.query_params.get("symbol"), st.query_params.get("source")
    if symbol is None:
        return keys[0] if keys else None
    return next((key for key in keys if key[0] == symbol.upper() and source in {key[1], None}), None)


def _unknown_symbol() -> str:
    symbol, source = st.query_params.get("symbol"), st.query_params.get("source")
    wanted = f"{symbol} from {source}" if source else symbol
    return f"{wanted} is not on the board: no tick of it has arrived. Choose a symbol above." if symbol else "Choose a symbol above."


def _missing(reading: Reading[Candles]) -> str:
    if reading.problem:
        return f"The candles could not be read: {reading.problem[:160]}"
    return "No minute bars yet: the first follows the next load." if reading.value else "Reading the candles."
