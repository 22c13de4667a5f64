"""The board as a styled table: numbers keep their type for sorting, the style writes and colours them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import figures
from dashboard.components.palette import Palette

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

ROW_HEIGHT = 26
"""Pixels."""

SHOWN = ["SYMBOL", "NAME", "SOURCE", "PRICE", "CHANGE", "PERCENT", "VOLUME", "TREND", "AGE", "EVENT_TIME"]


def table(board: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """`SHOWN` of a board (`dashboard.board.COLUMNS`), with AGE in seconds since the tick was received."""
    shown = board.assign(AGE=(now - board["RECEIVED_AT"]).dt.total_seconds().clip(lower=0.0))
    return shown[SHOWN]


def styled(rows: pd.DataFrame, palette: Palette, stale_s: float) -> Styler:
    """The table with its figures written out: rising blue, falling orange, unchanged and older than `stale_s` seconds grey."""
    colours = [_colour(percent, age > stale_s, palette) for percent, age in zip(rows["PERCENT"], rows["AGE"], strict=True)]
    style = pd.DataFrame("", rows.index, rows.columns)
    style[["CHANGE", "PERCENT"]] = pd.DataFrame({"CHANGE": colours, "PERCENT": colours}, rows.index)
    style[["NAME", "SOURCE", "EVENT_TIME"]] = f"color: {palette.muted}"
    old = rows["AGE"] > stale_s
    style["SYMBOL"] = f"color: {palette.text}"
    style.loc[old, ["SYMBOL", "PRICE", "VOLUME", "AGE"]] = f"color: {palette.muted}"
    written: dict[Any, Any] = {
        "PRICE": figures.price,
        "CHANGE": figures.change,
        "PERCENT": figures.percent,
        "VOLUME": figures.count,
        "AGE": figures.duration,
        "EVENT_TIME": "{:%Y-%m-%d %H:%M:%S}",
    }
    return rows.style.apply(lambda _: style, axis=None).format(written)


def columns() -> dict[str, Any]:
    """How the columns of `table` are headed and how wide they are."""
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "SYMBOL": text("Symbol", width=66),
        "NAME": text("Name", width=118),
        "SOURCE": text("Source", width=76),
        "PRICE": number("Last", width=78, alignment="right", help="Price of the newest tick"),
        "CHANGE": number("Chg", width=66, alignment="right", help="Against the previous close, or the day's first open when the feed sends none"),
        "PERCENT": number("Chg %", width=84, alignment="right", help="Change in per cent of the same base"),
        "VOLUME": number("Volume", width=80, alignment="right", help="Sum of the minute bars of the newest UTC day"),
        "TREND": st.column_config.LineChartColumn("Last 60 bars", width=92, help="Closes of the newest 60 minute bars"),
        "AGE": number("Age", width=64, alignment="right", help="Since the tick was received; grey when past the warehouse's target"),
        "EVENT_TIME": text("Event (UTC)", width=140, help="When it happened, at the provider"),
    }


def _colour(percent: float, stale: bool, palette: Palette) -> str:
    if stale or not abs(round(percent, 2)) > 0:
        return f"color: {palette.muted}"
    return f"color: {palette.up if percent > 0 else palette.down}"
