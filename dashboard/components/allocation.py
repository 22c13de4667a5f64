"""Where the value of a portfolio is: bars of weights by position or by sector, one specification a theme."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from dashboard.components.palette import Palette
from dashboard.components.specification import specification

MOST = 15
"""Bars drawn; what is beyond them is one more."""

ROW, AXIS = 22, 32
"""Pixels of a bar, and of the axis below: Streamlit fits both into the height of a chart, so that two bars would lie in what the axis leaves."""

_SHARES = alt.NamedData("shares")


def shares(weights: Iterable[tuple[str, float]]) -> pd.DataFrame:
    """NAME and WEIGHT in per cent, largest first; weights of the same name are added, and small ones beyond `MOST` joined."""
    summed: defaultdict[str, float] = defaultdict(float)
    for name, weight in weights:
        summed[name] += weight * 100
    ordered = sorted(summed.items(), key=lambda item: -abs(item[1]))
    rest = ordered[MOST:]
    if rest:
        ordered = [*ordered[:MOST], (f"{len(rest)} others", sum(weight for _, weight in rest))]
    frame = pd.DataFrame(ordered, columns=["NAME", "WEIGHT"])
    return frame.assign(WEIGHT=frame["WEIGHT"].astype(float).round(2))


def describe(what: str, data: pd.DataFrame, largest: int = 5) -> str:
    """The chart in a sentence."""
    if data.empty:
        return "No weights: nothing has a value."
    parts = ", ".join(f"{name} {weight:.2f} %" for name, weight in data.head(largest).itertuples(index=False))
    return f"Bars of weights by {what}, largest first: {parts}. The positions' table has them all."


@cache
def spec(palette: Palette, bars: int) -> dict[str, Any]:
    """Bars without data; those below 0, which are short, have the colour of what falls and point left."""
    base = alt.Chart(_SHARES).encode(
        y=alt.Y("NAME:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=150, labelOverlap=False)),
        x=alt.X("WEIGHT:Q", title=None, axis=alt.Axis(format=".0f", gridColor=palette.grid, domain=False, ticks=False, labelExpr="datum.label + ' %'")),
        tooltip=[alt.Tooltip("NAME:N", title=" "), alt.Tooltip("WEIGHT:Q", title="weight in %", format=".2f")],
    )
    marks = base.mark_bar().encode(color=alt.condition("datum.WEIGHT >= 0", alt.value(palette.up), alt.value(palette.down)))
    return specification(marks.properties(height=bars * ROW + AXIS))


def sectors(rows: Sequence[tuple[str, float]]) -> pd.DataFrame:
    """`shares` by sector; an empty name is a sector that nobody told."""
    return shares((name or "no sector known", weight) for name, weight in rows)
