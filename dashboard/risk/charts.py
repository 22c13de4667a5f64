"""Charts of one series of days: built once for each palette, only the data changes."""

from __future__ import annotations

from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from dashboard.components.palette import Palette
from dashboard.components.specification import specification
from ticklake.risk.history import Closes
from ticklake.risk.measures import drawdowns

HEIGHT = 220
"""Pixels."""

_DAYS = alt.NamedData("days")


def drawdown_data(closes: Closes) -> pd.DataFrame:
    """DAY and DRAWDOWN (0 or below, as a share of the highest close so far) of each close."""
    return pd.DataFrame({"DAY": closes.days.astype(str), "DRAWDOWN": -drawdowns(closes.prices)})


@cache
def drawdown_spec(palette: Palette) -> dict[str, Any]:
    """How far below its highest close a series was."""
    chart = _over_days(palette, "DRAWDOWN", "drawdown", "%").mark_area(line={"color": palette.down}, color=palette.down, opacity=0.3)
    return specification(chart.properties(height=HEIGHT))


@cache
def rolling_spec(palette: Palette) -> dict[str, Any]:
    """A rolling correlation between -1 and 1, with a rule at 0."""
    line = _over_days(palette, "CORRELATION", "correlation", ".2f", domain=(-1, 1)).mark_line(
        color=palette.up, strokeWidth=2, invalid="break-paths-show-domains"
    )
    zero = alt.Chart(_DAYS).transform_aggregate(N="count()").transform_calculate(ZERO="0").mark_rule(color=palette.muted).encode(y="ZERO:Q")
    return specification(alt.layer(line, zero).properties(height=HEIGHT))


@cache
def parts_spec(palette: Palette) -> dict[str, Any]:
    """Bars of what each holding adds to a portfolio's value at risk; those that lower it point left."""
    chart = (
        alt.Chart(_DAYS)
        .mark_bar()
        .encode(
            x=alt.X("SHARE:Q", title=None, axis=alt.Axis(format="%", gridColor=palette.grid, domain=False)),
            y=alt.Y("HOLDING:N", title=None, sort=None, axis=alt.Axis(labelLimit=160, labelOverlap=False, ticks=False, domain=False)),
            color=alt.condition("datum.SHARE < 0", alt.value(palette.down), alt.value(palette.up)),
            tooltip=[alt.Tooltip("HOLDING:N", title="holding"), alt.Tooltip("SHARE:Q", title="of value at risk", format="+.1%")],
        )
        .properties(height=alt.Step(18))
    )
    return specification(chart)


def rolling_data(days: np.ndarray[Any, Any], correlations: list[float | None], window: int) -> pd.DataFrame:
    """DAY and CORRELATION: of the `window` returns that end on that day (n returns' days)."""
    return pd.DataFrame({"DAY": days[window - 1 :].astype(str), "CORRELATION": pd.array(correlations, dtype="Float64")})


def _over_days(palette: Palette, field: str, title: str, written: str, domain: tuple[float, float] | None = None) -> alt.Chart:
    scale = alt.Scale(domain=list(domain)) if domain else alt.Scale(zero=True)
    chart: alt.Chart = alt.Chart(_DAYS).encode(
        x=alt.X("DAY:T", title=None, axis=alt.Axis(format="%Y-%m-%d", labelOverlap="greedy", grid=False, domainColor=palette.grid)),
        y=alt.Y(f"{field}:Q", title=None, scale=scale, axis=alt.Axis(format=written, gridColor=palette.grid, domain=False)),
        tooltip=[alt.Tooltip("DAY:T", title="day", format="%Y-%m-%d"), alt.Tooltip(f"{field}:Q", title=title, format=".2%" if written == "%" else written)],
    )
    return chart
