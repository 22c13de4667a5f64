"""The correlation heat map: those that move together stand together, at most 2,000 cells."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from dashboard.components.palette import Palette
from dashboard.components.specification import specification
from ticklake.risk.clusters import cluster_order

MOST = 44
"""Symbols drawn at most: 44 x 44 cells stay below 2,000 marks."""

WRITTEN = 14
"""With so few symbols the figure is written into its cell."""

PAIR = "pair"
"""Name of the selection: a click on a cell chooses its two symbols."""

_CELLS = alt.NamedData("cells")
_CELL = 16
_WIDE_CELL = 34


def matrix(pairs: pd.DataFrame) -> tuple[list[str], pd.DataFrame]:
    """The symbols of `pairs` (SYMBOL_A, SYMBOL_B, CORRELATION, N_COMMON, WHY) in clustered order, and the cells of the map.

    A cell (A, B, CORRELATION, N_COMMON, WHY) stands on either side of the diagonal; CORRELATION is missing where WHY says why.
    """
    symbols = sorted({*pairs["SYMBOL_A"], *pairs["SYMBOL_B"]})
    place = {symbol: at for at, symbol in enumerate(symbols)}
    a, b = (pairs[name].map(place).to_numpy(int) for name in ("SYMBOL_A", "SYMBOL_B"))
    known = np.eye(len(symbols))
    known[known == 0] = np.nan
    known[a, b] = known[b, a] = pairs["CORRELATION"].to_numpy(float)
    ordered = [symbols[at] for at in cluster_order(known)]
    one = pairs.rename(columns={"SYMBOL_A": "A", "SYMBOL_B": "B"})[["A", "B", "CORRELATION", "N_COMMON", "WHY"]]
    diagonal = pd.DataFrame({"A": ordered, "B": ordered, "CORRELATION": 1.0, "N_COMMON": 0, "WHY": "itself"})
    return ordered, pd.concat([one, one.rename(columns={"A": "B", "B": "A"}), diagonal], ignore_index=True)[list(one.columns)]


def table(ordered: list[str], cells: pd.DataFrame) -> pd.DataFrame:
    """The same map as a table: a row and a column for each symbol, in the map's order."""
    return cells.pivot(index="A", columns="B", values="CORRELATION").reindex(index=ordered, columns=ordered).rename_axis(index=None, columns=None)


def describe(ordered: list[str], cells: pd.DataFrame, window: str) -> str:
    """The map in a sentence or two, for who cannot see it."""
    pairs = cells[(cells["A"] < cells["B"]) & cells["CORRELATION"].notna()].sort_values("CORRELATION")
    if pairs.empty:
        return f"Correlations of {len(ordered)} symbols, {window}: none has enough observations."
    low, high = (f"{row['A']} and {row['B']} {row['CORRELATION']:.2f}" for row in (pairs.iloc[0], pairs.iloc[-1]))
    return f"Correlations of {len(ordered)} symbols, {window}, clustered: lowest {low}, highest {high}. The same figures follow as a table."


def spec(palette: Palette, ordered: list[str]) -> dict[str, Any]:
    """The map of symbols in this order, without data."""
    return _spec(palette, tuple(ordered))


@lru_cache(64)
def _spec(palette: Palette, ordered: tuple[str, ...]) -> dict[str, Any]:
    is_written = len(ordered) <= WRITTEN
    size = _WIDE_CELL if is_written else _CELL
    axis = alt.Axis(labelAngle=-90, labelLimit=90, labelFontSize=10, labelOverlap=False, ticks=False, domain=False, orient="top")
    colour = alt.Color(
        "CORRELATION:Q",
        title=None,
        scale=alt.Scale(domain=[-1, 0, 1], range=[palette.down, palette.grid, palette.up], interpolate="lab"),
        legend=alt.Legend(orient="bottom", gradientLength=200, values=[-1, -0.5, 0, 0.5, 1], direction="horizontal"),
    )
    base = alt.Chart(_CELLS).encode(
        x=alt.X("B:N", title=None, sort=list(ordered), axis=axis, scale=alt.Scale(domain=list(ordered))),
        y=alt.Y(
            "A:N",
            title=None,
            sort=list(ordered),
            axis=alt.Axis(labelLimit=90, labelFontSize=10, labelOverlap=False, ticks=False, domain=False),
            scale=alt.Scale(domain=list(ordered)),
        ),
    )
    is_known = "isValid(datum.CORRELATION)"
    cells = base.mark_rect(stroke=palette.grid, strokeWidth=0.5).encode(
        color=alt.condition(is_known, colour, alt.value("transparent")),
        tooltip=[
            alt.Tooltip("A:N", title="symbol"),
            alt.Tooltip("B:N", title="with"),
            alt.Tooltip("CORRELATION:Q", title="correlation", format="+.2f"),
            alt.Tooltip("N_COMMON:Q", title="returns in common"),
            alt.Tooltip("WHY:N", title="note"),
        ],
    )
    cells = cells.add_params(alt.selection_point(name=PAIR, fields=["A", "B"], toggle=False))
    written = (
        base.transform_filter(is_known)
        .mark_text(fontSize=10)
        .encode(
            text=alt.Text("CORRELATION:Q", format=".2f"),
            color=alt.condition("abs(datum.CORRELATION) > 0.6", alt.value(palette.background), alt.value(palette.text)),
        )
    )
    chart = (alt.layer(cells, written) if is_written else cells).properties(width=alt.Step(size), height=alt.Step(size))
    return specification(chart)
