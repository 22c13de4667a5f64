"""The strip of a whole range below a chart of a part of it: a brush over it says which part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from dashboard.chart.span import Span
from dashboard.components.candles import AXIS
from dashboard.components.palette import Palette
from dashboard.components.specification import specification

HEIGHT = 56
"""Pixels."""

BRUSH = "brush"

_BARS = alt.NamedData("bars")


def strip_data(data: pd.DataFrame, times: Sequence[datetime], span: Span) -> pd.DataFrame:
    """The bars of `candles.pane_data` (n) that start at `times` (n); the first row has the places that `span` reaches from and to."""
    shown = [place for place, at in enumerate(times) if (span.since is None or at >= span.since) and (span.until is None or at < span.until)]
    strip = data[["X", "AT", "LABEL", "CLOSE"]].assign(PART_FROM=float("nan"), PART_TO=float("nan"))
    if 0 < len(shown) < len(times):
        strip.loc[strip.index[0], ["PART_FROM", "PART_TO"]] = (shown[0], shown[-1])
    return strip


@cache
def strip_spec(palette: Palette) -> dict[str, Any]:
    """Closes as a line, the part that the chart shows shaded, and the brush."""
    x = alt.X("X:Q", axis=None, scale=alt.Scale(zero=False, nice=False, padding=4))
    side = alt.Axis(title=None, orient="right", labels=False, ticks=False, domain=False, grid=False, minExtent=AXIS, maxExtent=AXIS)
    brush = alt.selection_interval(name=BRUSH, encodings=["x"])
    base = alt.Chart(_BARS)
    closes = base.mark_line(color=palette.muted, strokeWidth=1.25).encode(x=x, y=alt.Y("CLOSE:Q", scale=alt.Scale(zero=False), axis=side))
    part = (
        base.transform_filter("isValid(datum.PART_FROM)")
        .mark_rect(color=palette.up, opacity=0.18)
        .encode(x=alt.X("PART_FROM:Q", axis=None), x2="PART_TO:Q", y=alt.value(0), y2=alt.value("height"))
    )
    labels = (
        base.transform_filter("datum.LABEL != ''")
        .mark_text(color=palette.muted, align="left", baseline="top", dy=5)
        .encode(x=x, y=alt.value("height"), text="LABEL:N")
    )
    return specification(alt.layer(closes.add_params(brush), part, labels).properties(height=HEIGHT))


def brushed(state: Mapping[str, Any], times: Sequence[datetime]) -> Span | None:
    """The range that the brush says over a strip whose bars start at `times` (n), open where it reaches the newest; None when it says none."""
    places = state.get("selection", {}).get(BRUSH, {}).get("X")
    if not places or not times:
        return None
    first, last = (min(max(round(float(place)), 0), len(times) - 1) for place in sorted(places))
    return Span(times[first], times[last + 1] if last + 1 < len(times) else None) if first < last else None
