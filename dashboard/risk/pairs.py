"""Correlations of a source's symbols: a clustered map, one pair of it, and how that pair's correlation has moved."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import pandas as pd
import streamlit as st

from dashboard.components import addressed, correlation, headline
from dashboard.exports.desk import Extract
from dashboard.look import Key, Look
from dashboard.once import once
from dashboard.risk import charts, stored
from dashboard.risk.extracts import extract
from dashboard.risk.grid import grid
from dashboard.tables import Tables
from ticklake.changes import Subject
from ticklake.risk.history import Closes, aligned
from ticklake.risk.measures import rolling_correlation
from ticklake.risk.portfolio import WINDOW
from ticklake.risk.sufficiency import LEAST_CORRELATION, few, stale

WINDOWS = {"60 days": ("1D", 60), "252 days": ("1D", 252), "5 days of 5 minutes": ("5M", 5)}
"""Bar interval and days, by their name on screen and in the address."""

ROLLING = 60
"""Returns in a rolling correlation."""

MAP, ONE, OTHER = "risk_map", "pair_a", "pair_b"


class Map(NamedTuple):
    """Symbols in clustered order, the cells between them, and how many symbols the source has."""

    ordered: list[str]
    cells: pd.DataFrame
    symbols: int


def draw(look: Look, key: Key, tables: Tables, at: datetime) -> Extract | None:
    """The panel of the source of `key`, and what it shows."""
    name = st.segmented_control("Window", list(WINDOWS), default="60 days", required=True, key="window", bind="query-params")
    interval, days = WINDOWS[name or "60 days"]
    reading = tables.read("risk_pairs", Subject.ANALYTICS, source=key[1], bar_interval=interval, window_days=days, most=correlation.MOST)
    if reading.problem:
        st.html(headline.problem(reading.problem))
    if reading.value is None:
        return None
    found = read(reading.value)
    if not found.ordered:
        st.html(headline.note(f"No two symbols of {key[1]} have returns in common over {name}: they appear after a few bars of two symbols."))
        return None
    left, right = st.columns([58, 42], gap="medium")
    with left:
        _map(look, key, found, name or "")
    with right:
        _pair(look, key, found, tables)
    shown = found.cells[found.cells["A"] < found.cells["B"]]
    address = {"show": "Correlation", "window": name or ""}
    return extract(shown, f"correlation_{key[1]}_{interval}_{days}", address, [key], at)


@once(stored.ANSWERS)
def read(pairs: pd.DataFrame) -> Map:
    """The rows of risk_pairs.sql as a map; WHY says what a pair without a number lacks."""
    if pairs.empty:
        return Map([], pairs, 0)
    least = LEAST_CORRELATION[pairs["BAR_INTERVAL"].iloc[0], int(pairs["WINDOW_DAYS"].iloc[0])]
    why = [_why(reason, n, at, least) if reason else "" for reason, n, at in zip(pairs["WHY_NULL"], pairs["N_COMMON"], pairs["AS_OF"], strict=True)]
    ordered, cells = correlation.matrix(pairs.assign(WHY=why, CORRELATION=pairs["CORRELATION"].astype(float)))
    return Map(ordered, cells, int(pairs["SYMBOLS"].iloc[0]))


def _why(reason: str, common: int, at: object, least: int) -> str:
    if reason == "few":
        return few(int(common), least)
    return stale(pd.Timestamp(str(at)).date()) if reason == "stale" else "flat: one of them did not move"


def _map(look: Look, key: Key, found: Map, window: str) -> None:
    count = len(found.ordered)
    most = f"the {count} of {found.symbols} symbols of {key[1]} with the most turnover" if found.symbols > count else f"{count} symbols of {key[1]}"
    st.caption(f"Correlation of logarithmic returns over {window}: {most}, clustered; an empty cell has too few returns in common. Click a cell for its pair.")
    st.vega_lite_chart(
        found.cells,
        correlation.spec(look.palette, found.ordered),
        width="content",
        key=MAP,
        on_select=_choose,
        selection_mode=correlation.PAIR,
        alt=correlation.describe(found.ordered, found.cells, window),
    )
    with st.expander("The same correlations as a table"):
        grid(correlation.table(found.ordered, found.cells).round(2), "risk_map_table", "Correlation of each two symbols", is_long=True, index=True)


def _choose() -> None:
    chosen = st.session_state[MAP]["selection"].get(correlation.PAIR)
    if chosen:
        st.session_state[ONE], st.session_state[OTHER] = chosen[0]["A"], chosen[0]["B"]


def _pair(look: Look, key: Key, found: Map, tables: Tables) -> None:
    """The pair that the pickers name, which a click on the map sets."""
    names = sorted(found.ordered)
    one, other = (_pick(label, state, names, first) for label, state, first in (("Pair", ONE, key[0]), ("with", OTHER, _nearest(found, key[0]))))
    if one == other:
        st.html(headline.note("Choose two different symbols."))
        return
    cell = found.cells[(found.cells["A"] == one) & (found.cells["B"] == other)]
    st.html(headline.note(_told(one, other, cell)))
    keys = [(one, key[1]), (other, key[1])]
    reading = tables.read("risk_closes", Subject.ANALYTICS, keys=stored.keys_json(keys))
    if reading.value is None:
        st.html(headline.note(reading.problem or "Reading the daily closes."))
        return
    series = stored.series(reading.value)
    _rolling(look, one, other, [series[each].closes for each in keys if each in series])


def _pick(label: str, state: str, names: list[str], first: str) -> str:
    addressed.begin(state, names, first if first in names else names[0])
    chosen: str = st.selectbox(label, names, key=state)
    addressed.tell(state, chosen)
    return chosen


def _nearest(found: Map, symbol: str) -> str:
    """What `symbol` moves with most."""
    cells = found.cells[(found.cells["A"] == symbol) & (found.cells["B"] != symbol)].dropna(subset="CORRELATION")
    return str(cells["B"].iloc[cells["CORRELATION"].argmax()]) if len(cells) else found.ordered[-1]


def _told(one: str, other: str, cell: pd.DataFrame) -> str:
    if cell.empty:
        return f"{one} and {other} have no returns in common."
    row = cell.iloc[0]
    figure = f"{row['CORRELATION']:+.2f}" if pd.notna(row["CORRELATION"]) else row["WHY"]
    return f"{one} and {other}: {figure}, {row['N_COMMON']} returns in common."


def _rolling(look: Look, one: str, other: str, closes: list[Closes]) -> None:
    history = aligned(closes, WINDOW)
    st.caption(f"Rolling correlation of {one} and {other}: simple daily returns, {ROLLING} in each window, {history.observations} in common")
    if len(closes) < 2 or history.observations < ROLLING:
        st.html(headline.note(f"Rolling correlation: {few(history.observations if len(closes) == 2 else 0, ROLLING)}."))
        return
    data = charts.rolling_data(history.days[1:], rolling_correlation(history.returns[:, 0], history.returns[:, 1], ROLLING), ROLLING)
    newest = data["CORRELATION"].iloc[-1]
    alt = (
        f"Rolling correlation of {one} and {other}, {len(data)} windows of {ROLLING} days, newest {newest:+.2f}."
        if pd.notna(newest)
        else f"{one} or {other} did not move."
    )
    st.vega_lite_chart(data, charts.rolling_spec(look.palette), width="stretch", key="risk_rolling", alt=alt)
    with st.expander("The same windows as a table"):
        shown = data.iloc[::-1].rename(columns={"DAY": "Last day", "CORRELATION": "Correlation"}).round(3)
        grid(shown, "risk_rolling_table", f"Rolling correlation of {one} and {other} by last day", is_long=True)
