"""The sector heat map: a tile for each instrument, in words and figures as much as in colour. It is its own table: a list of lists."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from statistics import fmean
from typing import Any

import pandas as pd

from dashboard import board as boards
from dashboard import figures
from dashboard.once import once

STEPS = (0.25, 1.0, 2.0)
"""Changes in per cent, either way, from which a tile gets the next shade."""

OTHER = "Other"
"""Sector of what the instrument list does not place."""


@once()
def heatmaps(board: pd.DataFrame) -> dict[str, str]:
    """The heat map of each source of a board, as HTML: sources are never mixed."""
    return {source: _map(rows) for source, rows in boards.by_source(board).items()}


def shade(percent: float) -> str:
    """The shade of a change: `up-0` to `up-3`, `down-0` to `down-3`, `none` when it is not known."""
    if math.isnan(percent):
        return "none"
    steps = sum(abs(percent) >= step for step in STEPS)
    return f"{'down' if percent < 0 else 'up'}-{steps}"


def _map(rows: Sequence[Mapping[str, Any]]) -> str:
    sectors: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        sector = row["SECTOR"]
        sectors.setdefault(sector if isinstance(sector, str) and sector else OTHER, []).append(row)
    return "".join(_sector(name, sectors[name]) for name in sorted(sectors))


def _sector(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    known = [row["PERCENT"] for row in rows if not math.isnan(row["PERCENT"])]
    mean = figures.percent(fmean(known)) if known else figures.UNKNOWN
    tiles = "".join(
        f'<li class="tl-tile tl-{shade(row["PERCENT"])}" title="{escape(row["NAME"])}"><b>{escape(row["SYMBOL"])}</b>'
        f"<span>{figures.percent(row['PERCENT'])}</span></li>"
        for row in rows
    )
    label = f'<div class="tl-label"><b>{escape(name)}</b> <span title="Mean of the changes, each counted once">{mean}</span></div>'
    return f'<li class="tl-sector">{label}<ul>{tiles}</ul></li>'
