"""How a source's whole board moves: how many rise and fall, and which the most. Figures in, HTML out, every value escaped."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

import pandas as pd

from dashboard import figures
from dashboard.once import once

MOST = 5
"""Movers shown each way."""


class Breadth(NamedTuple):
    """How many instruments rose, fell, and did not move; and of how many the change is not known."""

    rising: int
    falling: int
    level: int
    unknown: int


def breadth(percents: pd.Series[float]) -> Breadth:
    """Breadth of changes in per cent, as they are written: what rounds to 0.00 has not moved."""
    rounded = percents.round(2)
    return Breadth(int((rounded > 0).sum()), int((rounded < 0).sum()), int((rounded == 0).sum()), int(rounded.isna().sum()))


def movers(board: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The `MOST` rows of a board that rose and that fell the most, the greatest first; fewer when fewer moved."""
    rounded = board["PERCENT"].round(2)
    rising = board[rounded > 0].nlargest(MOST, "PERCENT")
    return rising, board[rounded < 0].nsmallest(MOST, "PERCENT")


@once()
def strips(board: pd.DataFrame) -> dict[str, str]:
    """Breadth and movers of each source of a board, as HTML: sources are never mixed."""
    return {str(source): _strip(rows) for source, rows in board.groupby("SOURCE", sort=False)}


def _strip(rows: pd.DataFrame) -> str:
    return f'<div class="tl-kpi">{_breadth(breadth(rows["PERCENT"]))}</div><div class="tl-kpi tl-movers">{_movers(rows)}</div>'


def _breadth(counts: Breadth) -> str:
    unknown = f' <span class="tl-muted" title="No previous close and no bar of the day">· {counts.unknown} {figures.UNKNOWN}</span>' if counts.unknown else ""
    bar = "".join(
        f'<span class="tl-part-{name}" style="flex-grow:{number}"></span>' for name, number in zip(("up", "level", "down"), _parts(counts), strict=True)
    )
    return (
        '<div class="tl-label" title="Instruments of this source that rose, fell and did not move">Breadth</div>'
        f'<div><span class="tl-up">{figures.UP} {counts.rising}</span> <span class="tl-down">{figures.DOWN} {counts.falling}</span> '
        f'<span class="tl-level">{figures.LEVEL} {counts.level}</span>{unknown}</div><div class="tl-parts" aria-hidden="true">{bar}</div>'
    )


def _parts(counts: Breadth) -> tuple[int, int, int]:
    return counts.rising, counts.level, counts.falling


def _movers(rows: pd.DataFrame) -> str:
    rising, falling = movers(rows)
    return _line("Up most", rising, "up") + _line("Down most", falling, "down")


def _line(label: str, rows: pd.DataFrame, side: str) -> str:
    each = (
        f'<li title="{escape(name)}"><b>{escape(symbol)}</b> <span class="tl-{side}">{figures.percent(percent)}</span></li>'
        for symbol, name, percent in zip(rows["SYMBOL"], rows["NAME"], rows["PERCENT"], strict=True)
    )
    return f'<div class="tl-label">{label}</div><ul>{"".join(each) or "<li>none</li>"}</ul>'
