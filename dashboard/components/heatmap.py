"""The sector heat map: a tile for each instrument, in words and figures as much as in colour. It is its own table: a list of lists."""

from __future__ import annotations

import math
from html import escape

import pandas as pd

from dashboard import figures
from dashboard.once import once

STEPS = (0.25, 1.0, 2.0)
"""Changes in per cent, either way, from which a tile gets the next shade."""

OTHER = "Other"
"""Sector of what the instrument list does not place."""


@once()
def heatmaps(board: pd.DataFrame) -> dict[str, str]:
    """The heat map of each source of a board, as HTML: sources are never mixed."""
    sectors = board["SECTOR"].where(board["SECTOR"].astype(bool)).fillna(OTHER)
    return {str(source): _map(rows, sectors.loc[rows.index]) for source, rows in board.groupby("SOURCE", sort=False)}


def shade(percent: float) -> str:
    """The shade of a change: `up-0` to `up-3`, `down-0` to `down-3`, `none` when it is not known."""
    if math.isnan(percent):
        return "none"
    steps = sum(abs(percent) >= step for step in STEPS)
    return f"{'down' if percent < 0 else 'up'}-{steps}"


def _map(rows: pd.DataFrame, sectors: pd.Series[str]) -> str:
    return "".join(_sector(str(name), rows.loc[members.index]) for name, members in sectors.groupby(sectors))


def _sector(name: str, rows: pd.DataFrame) -> str:
    known = rows["PERCENT"].dropna()
    mean = figures.percent(float(known.mean())) if len(known) else figures.UNKNOWN
    tiles = "".join(
        f'<li class="tl-tile tl-{shade(percent)}" title="{escape(full)}"><b>{escape(symbol)}</b><span>{figures.percent(percent)}</span></li>'
        for symbol, full, percent in zip(rows["SYMBOL"], rows["NAME"], rows["PERCENT"].astype(float), strict=True)
    )
    label = f'<div class="tl-label"><b>{escape(name)}</b> <span title="Mean of the changes, each counted once">{mean}</span></div>'
    return f'<li class="tl-sector">{label}<ul>{tiles}</ul></li>'
