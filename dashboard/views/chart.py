"""Chart: candles of one instrument over any range, with lines and corporate actions; or several instruments, each from 100.

The chart moves in a fragment of its own, with the same elements in the same places. The strip below it is of the whole range; a
brush over it chooses a part. Range, interval, lines and comparison are in the page's address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import pandas as pd
import streamlit as st

from dashboard import meter
from dashboard.chart import controls, panels
from dashboard.chart.rungs import most_bars
from dashboard.chart.series import Charts
from dashboard.chart.stage import Drawn, Row, Stage, drawn, shown
from dashboard.components import candles, export_button, headline, linked
from dashboard.exports.desk import Exports
from dashboard.look import Key, Look
from dashboard.market_data import Snapshot
from dashboard.once import once
from dashboard.shared import Reading
from ticklake.roles import User

Board = Callable[[], Reading[Snapshot]]

EMPTY = "Candles appear here once there are ticks."


def render(look: Look, charts: Charts, board: Board, exports: Exports, user: User, now: Callable[[], datetime]) -> None:
    """The whole page. `board` gives the newest board, `now` the time, with zone, at each refresh."""
    rows = _rows(board())
    row = rows.get(look.key) if look.key else None
    if look.key is None or row is None:
        st.html(headline.note("Choose a symbol above." if rows else EMPTY))
        return
    stage = Stage(look, charts, controls.pick(list(rows), look.key), now)
    meter.fragment(_chart, run_every=look.every_s)(stage, look.key, board)
    _strip(stage, row)
    with st.container(horizontal=True):
        export_button.export(exports, user, shown, "chart-export")
        if stage.wishes.part:
            st.button("Whole range", key="chart-whole", icon=":material/zoom_out_map:", on_click=controls.whole_range)


def _chart(stage: Stage, key: Key, board: Board) -> None:
    rows = _rows(board())
    chosen = [rows[each] for each in (key, *stage.wishes.others) if each in rows]
    if not chosen:
        st.html(headline.note(EMPTY))
    elif len(chosen) == 1:
        panels.instrument(stage, chosen[0])
    else:
        panels.compared(stage, chosen)


def _strip(stage: Stage, row: Row) -> None:
    """The whole range, outside of the fragment: it is drawn again when the page is, so that nothing disturbs a brush."""
    asked = stage.asked(row, most_bars(0), part=False)
    series, zone, part = stage.charts.series(asked), stage.zone(asked), stage.wishes.part or asked.span
    if series.bars.empty:
        return
    times = [at.to_pydatetime() for at in series.bars["BAR_START"]]

    def make() -> Drawn:
        return drawn(linked.strip_data(candles.pane_data(series.bars, series.rung, (), zone), times, part))

    data, table = stage.charts.memo.get(("strip", asked.key, str(zone), part, asked.span), (series.bars,), make)
    key = controls.strip_key(asked.key)
    st.vega_lite_chart(
        table,
        linked.strip_spec(stage.look.palette),
        width="stretch",
        key=key,
        on_select=lambda: controls.brush(key, times),
        alt=f"Closes of {row['SYMBOL']} over the whole range, from {data['AT'].iloc[0]} to {data['AT'].iloc[-1]}. Drag to choose a part.",
    )


def _rows(reading: Reading[Snapshot]) -> Mapping[Key, Row]:
    return _by_key(reading.value.board) if reading.value else {}


@once()
def _by_key(board: pd.DataFrame) -> Mapping[Key, Row]:
    return {(row["SYMBOL"], row["SOURCE"]): {str(name): value for name, value in row.items()} for row in board.to_dict("records")}
