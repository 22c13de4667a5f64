"""Several instruments in one chart, each 100 at the left edge: lines that differ by colour and dash."""

from __future__ import annotations

from datetime import UTC, tzinfo
from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from dashboard.chart import axis
from dashboard.chart.rungs import Rung
from dashboard.components.candles import AXIS, HEIGHT
from dashboard.components.palette import LIGHT, Palette
from dashboard.components.specification import specification

_LINES = alt.NamedData("bars")
_COLOURS = {
    True: ["#0b5cad", "#b34700", "#00725c", "#a3195b", "#6a3fb5", "#5f6b7a"],
    False: ["#6cb2ff", "#ffa24d", "#4fd1b3", "#ff8fc0", "#b79bf0", "#9aa7b6"],
}
_DASHES = [[1, 0], [8, 3], [2, 2], [8, 3, 2, 3], [12, 4], [4, 4]]

MOST = len(_DASHES)
"""Most instruments that one can tell apart."""


def comparison_data(rebased: pd.DataFrame, rung: Rung, zone: tzinfo = UTC) -> pd.DataFrame:
    """Rows of `dashboard.chart.rebase.rebased` as the chart reads them, with AT and, at the first row of a few places, LABEL."""
    times = pd.DatetimeIndex(rebased.drop_duplicates("X").sort_values("X")["BAR_START"])
    at, labels = pd.Series(axis.moments(times, rung, zone)), pd.Series(axis.labels(times, rung, zone))
    places = rebased["X"].astype(int)
    first = ~rebased["X"].duplicated()
    data = rebased.assign(AT=places.map(at), LABEL=places.map(labels).where(first, ""), NEWEST=~rebased["NAME"].duplicated(keep="last"))
    return data[["X", "AT", "LABEL", "NAME", "CLOSE", "REBASED", "NEWEST"]]


def describe(data: pd.DataFrame, rung: Rung) -> str:
    """The chart in a sentence, for who cannot see it."""
    ends = data[data["NEWEST"]]
    stand = ", ".join(f"{row.NAME} at {row.REBASED:.2f}" for row in ends.itertuples())
    return f"{len(ends)} instruments by bars of {rung.name}, each 100 at the left edge {data['AT'].iloc[0]}: {stand}. Turn on Table for the figures."


@cache
def comparison_spec(palette: Palette) -> dict[str, Any]:
    """The chart without data, for up to `MOST` names."""
    side = alt.Axis(title=None, orient="right", gridColor=palette.grid, domain=False, ticks=False, format=",.1f", tickCount=8, minExtent=AXIS, maxExtent=AXIS)
    x = alt.X("X:Q", axis=None, scale=alt.Scale(zero=False, nice=False, padding=4))
    y = alt.Y("REBASED:Q", scale=alt.Scale(zero=False, nice=False), axis=side)
    legend = alt.Legend(title=None, orient="top", symbolType="stroke", symbolSize=500, symbolStrokeWidth=2)
    colour = alt.Color("NAME:N", sort=None, scale=alt.Scale(range=_COLOURS[palette == LIGHT]), legend=legend)
    dash = alt.StrokeDash("NAME:N", sort=None, scale=alt.Scale(range=_DASHES), legend=legend)
    tooltip = [
        alt.Tooltip("NAME:N", title="instrument"),
        alt.Tooltip("AT:N", title="bar"),
        alt.Tooltip("REBASED:Q", title="of 100", format=",.2f"),
        alt.Tooltip("CLOSE:Q", title="close", format=",.8~f"),
    ]
    base = alt.Chart(_LINES)
    lines = base.mark_line(strokeWidth=1.75).encode(x=x, y=y, color=colour, strokeDash=dash)
    points = base.mark_circle(size=40, opacity=0).encode(x=x, y=y, tooltip=tooltip)
    level = base.transform_filter("datum.X == 0").mark_rule(strokeDash=[2, 3], color=palette.muted).encode(y=alt.datum(100))
    labels = base.transform_filter("datum.LABEL != ''")
    texts = labels.mark_text(color=palette.muted, align="left", baseline="top", dy=5).encode(x=x, y=alt.value("height"), text="LABEL:N")
    return specification(alt.layer(level, lines, points, texts).properties(height=HEIGHT))
