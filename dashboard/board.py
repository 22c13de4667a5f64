"""Rows of the live board. A row is a symbol *and* a source: a replay of 2013 never meets the simulator's prices."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from dashboard import seam
from dashboard.once import once
from dashboard.seam import Base
from dashboard.tail.bar import Bar
from dashboard.tail.tail import Latest

KEY = ["SYMBOL", "SOURCE"]

_INSTRUMENT = ["NAME", "CURRENCY", "SECTOR", "CALENDAR", "PRIMARY"]
_FIGURES = ["PRICE", "BID", "ASK", "CHANGE", "PERCENT", "VOLUME", "DAY_OPEN", "DAY_LOW", "DAY_HIGH"]
_TIMES = ["EVENT_TIME", "RECEIVED_AT"]

COLUMNS = [*KEY, *_INSTRUMENT, "FEED", *_FIGURES, "TREND", *_TIMES]

TREND_BARS = 60
"""Closes in TREND."""

Row = tuple[Any, ...]
"""Values of `COLUMNS`."""


def row(key: tuple[str, str], base: Base | None, newest: Latest | None, bars: Mapping[int, Bar], tail: Mapping[int, Bar]) -> Row | None:
    """The row of a symbol and source: `newest` tick and `bars` of both sides, `tail` bars of the tail alone. None before the first tick.

    CHANGE is the price less the previous close, or less the first open of the day shown when the feed sends none; PERCENT is
    CHANGE in per cent of the same base. VOLUME, DAY_OPEN, DAY_LOW and DAY_HIGH are of the newest UTC day with bars. TREND are
    the closes of the newest bars, the running minute last. PRIMARY: whether the source is the instrument's own; None for a
    symbol that is not on the list. What is unknown is NaN or None.
    """
    if newest is None:
        return None
    day = seam.day(base.day if base else None, base.bars if base else {}, tail)
    start = newest.prev_close if day is None or not math.isnan(newest.prev_close) else day.open
    change = round(newest.price - start, 8)
    closes = [bar.close for bar in islice(bars.values(), max(0, len(bars) - TREND_BARS), None)]
    instrument = (base.name, base.currency, base.sector, base.calendar, base.primary) if base else ("", None, None, None, None)
    known = (day.volume, day.open, day.low, day.high) if day else (math.nan,) * 4
    figures = (newest.price, newest.bid, newest.ask, change, round(change / start * 100, 4) if start else math.nan, *known)
    return (*key, *instrument, newest.feed, *figures, closes, newest.event_time, newest.received_at)


@once()
def by_key(board: pd.DataFrame) -> Mapping[tuple[str, str], Mapping[str, Any]]:
    """The rows of a board by symbol and source, in its order, each by column: plain values, made once for all who draw them."""
    columns = [str(name) for name in board.columns]
    rows = (dict(zip(columns, values, strict=True)) for values in zip(*(board[name].tolist() for name in columns), strict=True))
    return {(row["SYMBOL"], row["SOURCE"]): row for row in rows}


def by_source(board: pd.DataFrame) -> Mapping[str, list[Mapping[str, Any]]]:
    """The rows of each source of a board, by column."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for (_, source), row in by_key(board).items():
        found.setdefault(source, []).append(row)
    return found


def frame(rows: Iterable[Row]) -> pd.DataFrame:
    """The rows as a frame with `COLUMNS`, in the order of symbol and source."""
    ordered = sorted(rows, key=lambda each: each[:2])
    columns: dict[str, Any] = dict(zip(COLUMNS, zip(*ordered, strict=True) if ordered else ((),) * len(COLUMNS), strict=True))
    for name in _FIGURES:
        columns[name] = np.array(columns[name], dtype=float)
    for name in _TIMES:
        columns[name] = pd.DatetimeIndex(np.array([each.replace(tzinfo=None) for each in columns[name]], dtype="datetime64[us]")).tz_localize("UTC")
    for name in ("PRIMARY", "TREND"):
        values = np.empty(len(ordered), dtype=object)
        values[:] = columns[name]
        columns[name] = values
    return pd.DataFrame(columns, columns=COLUMNS)
