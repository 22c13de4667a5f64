"""Measurements over a day as lines, with the limit they should keep. Lines differ in their dashes, not only in colour."""

from __future__ import annotations

from datetime import UTC, tzinfo
from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from dashboard.components.palette import Palette
from dashboard.components.specification import specification

MOST_POINTS = 1_900
"""Points of all lines of a chart."""

DATA = ["AT", "CLOCK", "SERIES", "VALUE"]

HEIGHT = 150
"""Pixels."""


def thinned(series: pd.DataFrame) -> pd.DataFrame:
    """Rows (SERIES, MEASURED_AT, VALUE) of which each line keeps at most its share of `MOST_POINTS`: of neighbours that share a place, the highest."""
    most = max(1, MOST_POINTS // max(1, series["SERIES"].nunique()))
    if not series.groupby("SERIES").size().gt(most).any():
        return series
    nth = series.groupby("SERIES").cumcount()
    size = series.groupby("SERIES")["VALUE"].transform("size")
    place = nth * most // size.clip(lower=most)
    highest = series.groupby([series["SERIES"], place])["VALUE"].idxmax()
    return series.loc[highest.sort_values()]


def line_data(series: pd.DataFrame, zone: tzinfo) -> pd.DataFrame:
    """`DATA` of rows (SERIES, MEASURED_AT naive in UTC, VALUE), oldest first: AT is the clock's time in `zone` for a scale that knows no zones."""
    kept = thinned(series)
    local = pd.to_datetime(kept["MEASURED_AT"]).dt.tz_localize(UTC).dt.tz_convert(zone)
    return pd.DataFrame(
        {
            "AT": local.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "CLOCK": local.dt.strftime("%Y-%m-%d %H:%M %Z"),
            "SERIES": kept["SERIES"],
            "VALUE": kept["VALUE"].astype(float),
        }
    ).reset_index(drop=True)


def describe(title: str, unit: str, series: pd.DataFrame, limit: float | None) -> str:
    """The chart in a sentence, for who cannot see it."""
    if series.empty:
        return f"{title}: nothing measured."
    newest = series.drop_duplicates("SERIES", keep="last")
    last = "; ".join(f"{name} {value:g} {unit}".strip() for name, value in zip(newest["SERIES"], newest["VALUE"], strict=True))
    bound = f" The limit is {limit:g} {unit}".rstrip() + "." if limit is not None else ""
    return f"{title} over time, highest {series['VALUE'].max():g} {unit}, newest {last}.{bound} The same figures follow as a table."


@cache
def line_spec(palette: Palette, unit: str, limit: float | None) -> dict[str, Any]:
    """Lines by SERIES without data, and a rule at `limit`."""
    data = alt.NamedData("series")
    y = alt.Y(
        "VALUE:Q",
        title=unit or None,
        axis=alt.Axis(gridColor=palette.grid, domain=False, ticks=False, tickCount=4),
        scale=alt.Scale(zero=unit != "%", nice=True),
    )
    order = [palette.up, palette.down, palette.muted, palette.text, palette.volume]
    lines = (
        alt.Chart(data)
        .mark_line(strokeWidth=1.5, interpolate="linear")
        .encode(
            x=alt.X("AT:T", title=None, scale=alt.Scale(type="utc"), axis=alt.Axis(format="%H:%M", ticks=False, grid=False, tickCount=6)),
            y=y,
            color=alt.Color("SERIES:N", title=None, scale=alt.Scale(range=order), legend=alt.Legend(orient="top", symbolType="stroke", symbolStrokeWidth=2)),
            strokeDash=alt.StrokeDash("SERIES:N", title=None, legend=None),
            tooltip=[
                alt.Tooltip("CLOCK:N", title="at"),
                alt.Tooltip("SERIES:N", title="of"),
                alt.Tooltip("VALUE:Q", title=unit or "value", format=",.4~f"),
            ],
        )
    )
    layers = [lines]
    if limit is not None:
        # One mark, whatever the number of rows.
        bound = alt.Chart(data).transform_aggregate(N="count()").transform_calculate(LIMIT=str(limit)).mark_rule(color=palette.down, strokeDash=[2, 3])
        layers.append(bound.encode(y=alt.Y("LIMIT:Q")))
    return specification(alt.layer(*layers).properties(height=HEIGHT))
