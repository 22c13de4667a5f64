"""The watchlist: a table in the page that a keyboard and a screen reader can walk, which keeps scroll, order, filter and focus from one refresh to the next.

Its rows are one text of JSON for each version of the board, made once for all sessions; a session adds its own view to it.
Nothing in it is HTML: the script beside this file writes text only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pandas as pd
import streamlit as st

from dashboard import board as boards
from dashboard import figures
from dashboard.look import Key, Look
from dashboard.once import once

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_HERE = Path(__file__).parent

TOP = 100
"""Height of a sparkline in its own units."""


class Row(msgspec.Struct, array_like=True, frozen=True):
    """An instrument as the script gets it: what is written, then what columns are sorted by, None where nothing is known."""

    symbol: str
    source: str
    name: str
    feed: str
    last: str
    change: str
    percent: str
    volume: str
    side: int
    spark: list[int]
    received_ms: float
    sort: tuple[float | None, ...]


@once()
def rows_json(board: pd.DataFrame) -> bytes:
    """The rows of a board (`dashboard.board.COLUMNS`) as JSON, in its order."""
    return msgspec.json.encode([_row(each) for each in boards.by_key(board).values()])


def payload(look: Look, board: pd.DataFrame, at: datetime, stale_s: float) -> bytes:
    """What one session's table shows at `at`; ticks received more than `stale_s` seconds ago are grey."""
    view = {"at": at.timestamp() * 1000, "stale_s": stale_s, "motion": look.motion, "chosen": look.key, "rows": msgspec.Raw(rows_json(board))}
    return msgspec.json.encode(view)


def watchlist(look: Look, board: pd.DataFrame, at: datetime, stale_s: float, height: int) -> Key | None:
    """Draw the table, `height` pixels high; the instrument that the reader has just chosen in it, if any."""
    result = _component()(key="watchlist", data=payload(look, board, at, stale_s), height=height, on_chosen_change=_noted)
    match result.get("chosen"):
        case [str(symbol), str(source)]:
            return symbol, source
        case _:
            return None


@cache
def _component() -> ComponentRenderer:
    html, css, js = ((_HERE / f"watchlist.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component("ticklake_watchlist", html=html, css=css, js=js)


def _noted() -> None:
    """A trigger reaches the page only when something listens to it."""


def _row(row: Mapping[str, Any]) -> Row:
    percent = float(row["PERCENT"])
    return Row(
        row["SYMBOL"],
        row["SOURCE"],
        row["NAME"],
        row["FEED"],
        figures.price(row["PRICE"]),
        figures.change(row["CHANGE"]),
        figures.percent(percent),
        figures.count(row["VOLUME"]),
        0 if math.isnan(percent) else int(np.sign(round(percent, 2))),
        sparkline(row["TREND"]),
        row["RECEIVED_AT"].timestamp() * 1000,
        tuple(None if math.isnan(value) else value for value in (float(row[name]) for name in ("PRICE", "CHANGE", "PERCENT", "VOLUME"))),
    )


def sparkline(closes: list[float]) -> list[int]:
    """Heights 0 (lowest) to `TOP` (highest) of a line through `closes`; a flat one lies in the middle."""
    if len(closes) < 2:
        return []
    line = np.asarray(closes, dtype=float)
    low, high = line.min(), line.max()
    if not high > low:
        return [TOP // 2] * len(line)
    heights: list[int] = np.rint((line - low) / (high - low) * TOP).astype(int).tolist()
    return heights
