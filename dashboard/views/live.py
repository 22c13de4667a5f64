"""Live: the board of every symbol and source, the candles of one, and how old both are.

Only the fragment moves: it reruns at the interval the reader chose, with the same elements in the same places, so that
scroll, sort and selection stay.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import board, figures
from dashboard.components import board_table, candles, headline
from dashboard.components.palette import Palette
from dashboard.frame.controls import choose
from dashboard.freshness import Targets
from dashboard.look import Key, Look
from dashboard.market_data import Candles, MarketData, Snapshot
from dashboard.shared import Reading

Now = Callable[[], datetime]

CHOSEN = "chosen_on_board"
"""State that says that the picker above has to follow a click on the board."""

BOARD_HEIGHT = 762
"""Pixels: with the lines above it fills a screen of 1440 x 900."""

EMPTY = "No ticks yet. The first load takes about a minute after make up."


def render(look: Look, data: MarketData, now: Now, targets: Targets) -> None:
    """The whole page. `now` gives the time, with zone, at each refresh."""
    st.fragment(_live, run_every=look.every_s)(look, data, now, targets)


def _live(look: Look, data: MarketData, now: Now, targets: Targets) -> None:
    max_age_s = look.every_s or 1.0
    at, snapshot = now(), data.snapshot(max_age_s).value
    rows = board_table.table(snapshot.board, at) if snapshot else None
    left, right = st.columns([55, 45], gap="medium")
    with left:
        _board(rows, look.palette, targets.warehouse_s)
    with right:
        _chart(look, data, snapshot, at, max_age_s)
    if st.session_state.pop(CHOSEN, False):
        st.rerun()


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
        choose(keys[cells[0][0]])
        st.session_state[CHOSEN] = True


def _chart(look: Look, data: MarketData, snapshot: Snapshot | None, at: datetime, max_age_s: float) -> None:
    known = snapshot.board.set_index(board.KEY, drop=False) if snapshot else pd.DataFrame()
    key = look.key
    if key is None or key not in known.index:
        st.html(headline.note("Choose a symbol above." if len(known) else "Candles appear here once there are ticks."))
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
    spec = candles.candle_spec(look.palette, figures.decimals(row["PRICE"]))
    st.vega_lite_chart(candles.candle_data(bars), spec, width="stretch", key="candles", alt=candles.describe(key[0], bars))
    with st.expander("The same bars as a table"):
        st.dataframe(bars.iloc[::-1], hide_index=True, height=300, row_height=board_table.ROW_HEIGHT, key="bars")


def _missing(reading: Reading[Candles]) -> str:
    if reading.problem:
        return f"The candles could not be read: {reading.problem[:160]}"
    return "No minute bars yet: the first follows the next load." if reading.value else "Reading the candles."
