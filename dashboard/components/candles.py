"""The small candle chart of the live page: one Vega-Lite specification a theme, made once; only the data changes."""

from __future__ import annotations

from datetime import UTC, tzinfo
from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from dashboard.components.palette import Palette

MAX_BARS = 400
"""Most bars drawn; a bar is four marks, and a chart stays below 2,000."""

FIELDS = ["BAR_START", "OPEN", "HIGH", "LOW", "CLOSE", "VOLUME"]

HEIGHT = 280
"""Pixels."""

_BARS = alt.NamedData("bars")
_RISES = "datum.CLOSE >= datum.OPEN"
_VOLUME_PART = 0.2
"""Share of the height that the highest volume takes; prices keep above it."""


def candle_data(bars: pd.DataFrame, zone: tzinfo = UTC) -> pd.DataFrame:
    """The newest `MAX_BARS` of `bars` (n, oldest first) as the chart reads them: times are text in `zone`, for nights take no room on its axis."""
    data = bars[FIELDS].tail(MAX_BARS).reset_index(drop=True)
    data["BAR_START"] = data["BAR_START"].dt.tz_convert(zone).dt.strftime("%Y-%m-%d %H:%M")
    return data


def describe(symbol: str, bars: pd.DataFrame, zone: tzinfo = UTC) -> str:
    """The chart in a sentence, for who cannot see it; times in `zone`."""
    if bars.empty:
        return f"No minute bars of {symbol}."
    first, last = (bars["BAR_START"].iloc[end].astimezone(zone) for end in (0, -1))
    return (
        f"Minute candles with volume of {symbol}, {len(bars)} bars from {first:%Y-%m-%d %H:%M} to {last:%H:%M %Z}: "
        f"low {bars['LOW'].min():g}, high {bars['HIGH'].max():g}, last close {bars['CLOSE'].iloc[-1]:g}. The same bars follow as a table."
    )


@cache
def candle_spec(palette: Palette, places: int) -> dict[str, Any]:
    """Candles over volume, without data; prices with `places` decimals. Rising bars are hollow and blue, falling ones filled and orange."""
    x = alt.X(
        "BAR_START:O",
        title=None,
        scale=alt.Scale(paddingInner=0.25),
        axis=alt.Axis(labelExpr="slice(datum.label, 11)", labelAngle=0, labelOverlap="greedy", labelSeparation=24, ticks=False, domainColor=palette.grid),
    )
    price = alt.Axis(title=None, orient="right", gridColor=palette.grid, domain=False, ticks=False, format=f",.{places}f", tickCount=8)
    tooltip = [
        alt.Tooltip("BAR_START:N", title="minute"),
        *(alt.Tooltip(f"{name}:Q", title=name.lower(), format=f",.{places}f") for name in ("OPEN", "HIGH", "LOW", "CLOSE")),
        alt.Tooltip("VOLUME:Q", title="volume", format=",.0f"),
    ]
    colour = alt.condition(_RISES, alt.value(palette.up), alt.value(palette.down))
    scale = alt.Scale(zero=False, nice=False)
    base = alt.Chart(_BARS).encode(x=x, tooltip=tooltip)
    upper = base.transform_calculate(BODY_TOP="max(datum.OPEN, datum.CLOSE)").mark_rule()
    lower = base.transform_calculate(BODY_LOW="min(datum.OPEN, datum.CLOSE)").mark_rule()
    bodies = base.mark_bar(strokeWidth=1).encode(
        y=alt.Y("OPEN:Q", scale=scale, axis=price),
        y2="CLOSE:Q",
        color=colour,
        stroke=colour,
        fillOpacity=alt.condition(_RISES, alt.value(0), alt.value(1)),
    )
    prices = alt.layer(
        upper.encode(y=alt.Y("HIGH:Q", scale=scale, axis=price), y2="BODY_TOP:Q", color=colour),
        lower.encode(y=alt.Y("LOW:Q", scale=scale, axis=price), y2="BODY_LOW:Q", color=colour),
        bodies,
        _floor(price, scale),
    )
    chart = alt.layer(_volume(base, palette), prices).resolve_scale(y="independent").properties(height=HEIGHT)
    spec: dict[str, Any] = chart.configure_view(strokeWidth=0).to_dict()
    del spec["data"]  # Streamlit hands over the data and names it itself
    return spec


def _volume(base: alt.Chart, palette: Palette) -> alt.Chart:
    """Volume as a share of the highest bar, in the lowest part of the chart; the figure is in the tooltip."""
    volume: alt.Chart = (
        base.transform_joinaggregate(TOP="max(VOLUME)")
        .transform_calculate(SHARE="datum.TOP > 0 ? datum.VOLUME / datum.TOP : 0")
        .mark_bar(color=palette.volume)
        .encode(y=alt.Y("SHARE:Q", axis=None, scale=alt.Scale(domain=[0, 1 / _VOLUME_PART])))
    )
    return volume


def _floor(axis: alt.Axis, scale: alt.Scale) -> alt.Chart:
    """One mark that nobody sees, so far below the lowest price that candles keep clear of the volume."""
    floor: alt.Chart = (
        alt.Chart(_BARS)
        .transform_aggregate(FLOOR="min(LOW)", CEILING="max(HIGH)")
        .transform_calculate(FOOT=f"datum.FLOOR - (datum.CEILING - datum.FLOOR) * {_VOLUME_PART / (1 - _VOLUME_PART)}")
        .mark_point(opacity=0)
        .encode(y=alt.Y("FOOT:Q", scale=scale, axis=axis))
    )
    return floor
