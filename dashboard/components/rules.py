"""How the rules fared: a strip of days for all, a line of checks for one. A day that is not well has a sign of its own in its cell."""

from __future__ import annotations

from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from dashboard.components.palette import Palette
from dashboard.components.specification import specification
from dashboard.quality.results import BROKEN, HOLDS, UNASKED

MOST_RULES = 60
"""Rules of the strip: with a sign in each of 14 days they stay below 2,000 marks."""

_ROW = 18
"""Pixels of a rule."""


def describe(trend: pd.DataFrame) -> str:
    """The strip in a sentence, for who cannot see it."""
    if trend.empty:
        return "No rule was checked in these days."
    bad = trend[trend["STATE"] != HOLDS]
    span = f"from {trend['CHECKED_ON'].min()} to {trend['CHECKED_ON'].max()}"
    rules = trend["RULE"].nunique()
    if bad.empty:
        return f"Results of {rules} rules by day {span}: all held in every check. The same figures follow as a table."
    return f"Results of {rules} rules by day {span}: {bad['RULE'].nunique()} did not hold on {len(bad)} days in all. The same figures follow as a table."


def strip_data(trend: pd.DataFrame) -> pd.DataFrame:
    """What the strip draws of days with their STATE: those of the `MOST_RULES` rules that were broken most often, in the order of their names."""
    often = trend.assign(BAD=trend["STATE"] != HOLDS).groupby("RULE")["BAD"].sum().sort_values(ascending=False, kind="stable")
    return trend[trend["RULE"].isin(often.index[:MOST_RULES])].sort_values(["RULE", "CHECKED_ON"], ignore_index=True)


@cache
def strip_spec(palette: Palette) -> dict[str, Any]:
    """Rules by day without data."""
    states = [HOLDS, BROKEN, UNASKED]
    colour = alt.Color(
        "STATE:N", title=None, scale=alt.Scale(domain=states, range=[palette.grid, palette.down, palette.muted]), legend=alt.Legend(orient="top")
    )
    base = alt.Chart(alt.NamedData("days")).encode(
        x=alt.X("CHECKED_ON:O", title=None, axis=alt.Axis(labelExpr="slice(datum.label, 5)", labelAngle=0, ticks=False, domain=False)),
        y=alt.Y("RULE:N", title=None, sort=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=220, labelOverlap=False, labelFlush=False)),
        tooltip=[
            alt.Tooltip("RULE:N", title="rule"),
            alt.Tooltip("CHECKED_ON:N", title="day (UTC)"),
            alt.Tooltip("STATE:N", title="worst check"),
            alt.Tooltip("BROKEN:Q", title="broken in"),
            alt.Tooltip("CHECKS:Q", title="of checks"),
            alt.Tooltip("MOST_OFFENDING:Q", title="most that offended", format=",.0f"),
        ],
    )
    signs = (
        base.transform_filter(alt.datum.STATE != HOLDS)
        .transform_calculate(SIGN=f"datum.STATE == '{BROKEN}' ? '▲' : '○'")
        .mark_text(fontSize=10, color=palette.background)
        .encode(text="SIGN:N")
    )
    chart = alt.layer(base.mark_rect(stroke=palette.background, strokeWidth=2).encode(color=colour), signs)
    return specification(chart.properties(height=alt.Step(_ROW)))
