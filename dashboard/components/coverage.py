"""The coverage heat map: symbols by time of a session, as dark as their minutes are covered; nothing at all is orange."""

from __future__ import annotations

from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from dashboard.components.palette import Palette
from dashboard.components.specification import specification

_ROW = 16
"""Pixels of a symbol."""


def describe(source: str, day: str, totals: pd.DataFrame, wide: int, over: int) -> str:
    """The map in a sentence, for who cannot see it."""
    if totals.empty or not over:
        return f"No minute of the session of {day} has passed for {source}."
    whole = int((totals["MISSING"] == 0).sum())
    worst = totals.iloc[0]
    return (
        f"Minutes with a bar by symbol and {wide}-minute bucket, {source}, session of {day}: {whole} of {len(totals)} symbols have all of {over} minutes; "
        f"the least covered is {worst['SYMBOL']} with {worst['PERCENT']:.1f} %. The same figures follow as a table."
    )


@cache
def coverage_spec(palette: Palette) -> dict[str, Any]:
    """The map without data; rows in the order of the data (`dashboard.quality.coverage.DATA`)."""
    scale = alt.Scale(domain=[0, 1], range=[palette.grid, palette.up])
    share = alt.Color("SHARE:Q", scale=scale, legend=alt.Legend(title="covered", format=".0%"))
    chart = (
        alt.Chart(alt.NamedData("cells"))
        .mark_rect(invalid=None)  # what has not begun keeps its place on the axis
        .encode(
            x=alt.X(
                "STARTS:O",
                title=None,
                axis=alt.Axis(labelExpr="slice(datum.label, 11, 16)", labelAngle=0, labelOverlap="greedy", labelSeparation=24, ticks=False),
            ),
            y=alt.Y("SYMBOL:N", title=None, sort=None, axis=alt.Axis(ticks=False, labelLimit=120, labelOverlap=False, labelFlush=False)),
            color=alt.condition(alt.datum.SHARE == 0, alt.value(palette.down), share),
            opacity=alt.condition("isValid(datum.SHARE)", alt.value(1), alt.value(0)),
            tooltip=[
                alt.Tooltip("SYMBOL:N", title="symbol"),
                alt.Tooltip("STARTS:N", title="from"),
                alt.Tooltip("HAS:Q", title="minutes with a bar", format=".0f"),
                alt.Tooltip("OF:Q", title="minutes", format=".0f"),
            ],
        )
        .properties(height=alt.Step(_ROW))
    )
    return specification(chart)
