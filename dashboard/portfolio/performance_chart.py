"""The portfolio's growth beside its benchmark's, both from 0 % on the first day."""

from __future__ import annotations

from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from dashboard.components.palette import Palette
from dashboard.components.specification import specification
from dashboard.portfolio.live import Growth

MOST_POINTS = 900
"""Of one line; two lines stay below 2,000 marks."""

HEIGHT = 260
"""Pixels."""

_LINES = alt.NamedData("lines")


def data(portfolio: Growth, benchmark: Growth, name: str) -> pd.DataFrame:
    """DAY (text), WHO and PERCENT since the first day, thinned evenly; the last day is always there."""
    lines = [(who, _thinned(growth)) for who, growth in (("Portfolio", portfolio), (name, benchmark)) if growth]
    rows = [(day.isoformat(), who, round((reached - 1) * 100, 4)) for who, growth in lines for day, reached in growth]
    return pd.DataFrame(rows, columns=["DAY", "WHO", "PERCENT"])


def describe(portfolio: Growth, benchmark: Growth, name: str) -> str:
    """The chart in a sentence."""
    if not portfolio:
        return "No return yet."
    against = f", {name} {(benchmark[-1][1] - 1) * 100:+.2f} %" if benchmark else ""
    return (
        f"Lines of time-weighted growth from {portfolio[0][0]} to {portfolio[-1][0]}: portfolio {(portfolio[-1][1] - 1) * 100:+.2f} %{against}. "
        "The same days follow as a table."
    )


@cache
def spec(palette: Palette) -> dict[str, Any]:
    """Two lines without data: the portfolio solid, the benchmark dashed."""
    who = alt.Scale(range=[palette.up, palette.muted])
    chart: alt.Chart = (
        alt.Chart(_LINES)
        .mark_line(strokeWidth=1.8)
        .encode(
            x=alt.X("DAY:T", title=None, axis=alt.Axis(grid=False, domainColor=palette.grid, ticks=False)),
            y=alt.Y("PERCENT:Q", title=None, axis=alt.Axis(orient="right", gridColor=palette.grid, domain=False, ticks=False, labelExpr="datum.label + ' %'")),
            color=alt.Color("WHO:N", sort=None, scale=who, legend=alt.Legend(title=None, orient="top-left")),
            strokeDash=alt.StrokeDash("WHO:N", sort=None, scale=alt.Scale(range=[[1, 0], [5, 3]]), legend=None),
            tooltip=[alt.Tooltip("DAY:T", title="day"), alt.Tooltip("WHO:N", title="who"), alt.Tooltip("PERCENT:Q", title="%", format="+.2f")],
        )
        .properties(height=HEIGHT)
    )
    return specification(chart)


def _thinned(growth: Growth) -> Growth:
    step = -(-len(growth) // MOST_POINTS)
    return growth[::-1][::step][::-1]
