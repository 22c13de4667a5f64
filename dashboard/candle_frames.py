"""Minute bars as frames, each made once for all sessions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard.tail.bar import Bar

KEPT = 128
"""Frames in memory; the one that nobody has asked for longest goes first."""

_FIGURES = ["OPEN", "HIGH", "LOW", "CLOSE", "VOLUME", "TRADES"]

COLUMNS = ["BAR_START", "ORIGIN", *_FIGURES, "VWAP"]


@dataclass(frozen=True)
class Candles:
    """Bars of one symbol and source, oldest first: BAR_START (UTC), ORIGIN, OPEN, HIGH, LOW, CLOSE, VOLUME, TRADES, VWAP."""

    bars: pd.DataFrame


def frame(bars: Mapping[int, Bar]) -> pd.DataFrame:
    """Bars by minute (microseconds since 1970), oldest first, as a frame of `COLUMNS`; what is unknown is NaN."""
    starts = np.fromiter(bars, dtype=np.int64, count=len(bars)).astype("datetime64[us]")
    figures = np.array([bar[:6] for bar in bars.values()], dtype=float).reshape(len(bars), len(_FIGURES))
    columns = {"BAR_START": pd.DatetimeIndex(starts).tz_localize("UTC"), "ORIGIN": [bar.origin for bar in bars.values()]}
    columns |= {name: figures[:, place] for place, name in enumerate(_FIGURES)}
    return pd.DataFrame(columns | {"VWAP": [bar.vwap for bar in bars.values()]}, columns=COLUMNS)


class CandleFrames:
    """Frames of bars that nobody changes, told apart by identity. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: OrderedDict[tuple[str, str], tuple[Mapping[int, Bar], Candles]] = OrderedDict()

    def candles(self, key: tuple[str, str], bars: Mapping[int, Bar]) -> Candles:
        """The candles of `key`, whose bars are `bars`."""
        with self._lock:
            known = self._made.get(key)
            if known is None or known[0] is not bars:
                known = self._made[key] = bars, Candles(frame(bars))
                if len(self._made) > KEPT:
                    self._made.popitem(last=False)
            self._made.move_to_end(key)
            return known[1]
