"""How a source's whole board moves: how many rise and fall, and which the most. Figures in, HTML out, every value escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest, nsmallest
from html import escape
from typing import Any, NamedTuple

import pandas as pd

from dashboard import board as boards
from dashboard import figures
from dashboard.once import once

MOST = 5
"""Movers shown each way."""


Row = Mapping[str, Any]
"""A row of a board, by column."""


class Breadth(NamedTuple):
    """How many instruments rose, fell, and did not move; and of how many the change is not known."""

    rising: int
    falling: int
    level: int
    unknown: int


def breadth(percents: Iterable[float]) -> Breadth:
    """Breadth of changes in per cent, as they are written: what rounds to 0.00 has not moved."""
    rounded = [round(percent, 2) for percent in percents]
    return Breadth(sum(each > 0 for each in rounded), sum(each < 0 for each in rounded), rounded.count(0), sum(map(math.isnan, rounded)))


def movers(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The `MOST` rows of a board that rose and that fell the most, the greatest first; fewer when fewer moved."""
    rising = nlargest(MOST, (row for row in rows if round(row["PERCENT"], 2) > 0), key=_percent)
    return rising, nsmallest(MOST, (row for row in rows if round(row["PERCENT"], 2) < 0), key=_percent)


@once()
def strips(board: pd.DataFrame) -> dict[str, str]:
    """Breadth and movers of each source of a board, as HTML: sources are never mixed."""
    return {source: _strip(rows) for source, rows in boards.by_source(board).items()}


def _strip(rows: Sequence[Row]) -> str:
    return f'<div class="tl-kpi">{_breadth(breadth(map(_percent, rows)))}</div><div class="tl-kpi tl-movers">{_movers(rows)}</div>'


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


def _percent(row: Row) -> float:
    return float(row["PERCENT"])


def _movers(rows: Sequence[Row]) -> str:
    rising, falling = movers(rows)
    return _line("Up most", rising, "up") + _line("Down most", falling, "down")


def _line(label: str, rows: Sequence[Row], side: str) -> str:
    each = (
        f'<li title="{escape(row["NAME"])}"><b>{escape(row["SYMBOL"])}</b> <span class="tl-{side}">{figures.percent(row["PERCENT"])}</span></li>'
        for row in rows
    )
    return f'<div class="tl-label">{label}</div><ul>{"".join(each) or "<li>none</li>"}</ul>'
