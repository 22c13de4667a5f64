"""Bars made of finer bars. Pure; a frame of bars has BAR_START (UTC, ascending), ORIGIN, OPEN, HIGH, LOW, CLOSE, VOLUME, TRADES and VWAP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.chart.rungs import BASE, LADDER, Rung

COLUMNS = ["BAR_START", "ORIGIN", "OPEN", "HIGH", "LOW", "CLOSE", "VOLUME", "TRADES", "VWAP"]

ORIGINS = ("trades", "quotes", "vendor")
"""From best to worst; a bar is of the worst origin of its parts."""


def rebucketed(bars: pd.DataFrame, rung: Rung) -> pd.DataFrame:
    """The bars of `rung` that these finer bars make, with `COLUMNS`. What each column is stands in docs/analytics.md, section "Bars"."""
    return grouped(bars, rung.starts(pd.DatetimeIndex(bars["BAR_START"])))


def grouped(bars: pd.DataFrame, starts: pd.DatetimeIndex) -> pd.DataFrame:
    """One bar for each run of equal `starts` (n, UTC, ascending)."""
    bars = bars.reindex(columns=COLUMNS)
    if bars.empty:
        return bars
    first = np.flatnonzero(np.append(True, starts[1:] != starts[:-1]))
    last = np.append(first[1:], len(bars)) - 1
    volume, trades, vwap = (bars[name].to_numpy(float) for name in ("VOLUME", "TRADES", "VWAP"))
    known = ~np.isnan(volume)
    weight = np.where(np.isnan(vwap) | ~known, 0.0, volume)
    rank = bars["ORIGIN"].map(ORIGINS.index).to_numpy(int)

    def total(values: NDArray[Any]) -> NDArray[Any]:
        return np.add.reduceat(values, first)

    weights = total(weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(weights > 0, total(np.nan_to_num(vwap) * weight) / weights, np.nan)
    return pd.DataFrame(
        {
            "BAR_START": starts[first],
            "ORIGIN": np.array(ORIGINS, dtype=object)[np.maximum.reduceat(rank, first)],
            "OPEN": bars["OPEN"].to_numpy()[first],
            "HIGH": np.maximum.reduceat(bars["HIGH"].to_numpy(float), first),
            "LOW": np.minimum.reduceat(bars["LOW"].to_numpy(float), first),
            "CLOSE": bars["CLOSE"].to_numpy()[last],
            "VOLUME": np.where(total(known.astype(int)) > 0, total(np.nan_to_num(volume)), np.nan),
            "TRADES": total(trades),
            "VWAP": mean,
        }
    )


def fitted(bars: pd.DataFrame, rung: Rung, since: datetime, most: int) -> tuple[pd.DataFrame, Rung] | None:
    """`bars` of the table of `rung` as bars of that rung, or of the finest coarser rung of the same table that has at most `most` of them from `since` on.

    None when only another table's are coarse enough; the coarsest rung of all is cut to its newest `most` instead. Bars before
    `since` are kept, for what is computed from them.
    """
    for each in LADDER[LADDER.index(rung) :]:
        if each.table != rung.table:
            return None
        made = bars.reindex(columns=COLUMNS) if each is BASE[each.table] else rebucketed(bars, each)
        if int((made["BAR_START"] >= each.starts(pd.DatetimeIndex([since]))[0]).sum()) <= most:
            return made, each
    return made.tail(most).reset_index(drop=True), each


def spliced(coarse: pd.DataFrame, fine: pd.DataFrame, covered_from: pd.Timestamp) -> pd.DataFrame:
    """`coarse`, whose bars from `covered_from` on are those of `fine`: newer, of the same interval, and whole."""
    old, new = coarse[coarse["BAR_START"] < covered_from], fine[fine["BAR_START"] >= covered_from]
    if new.empty:
        return coarse
    return new if old.empty else pd.concat([old, new], ignore_index=True)
