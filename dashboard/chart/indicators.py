"""Indicators of a series of bars, as docs/analytics.md defines those of CURATED.INDICATORS: for bars that this table does not have (yet)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

REACH = 256
"""Bars that a value depends on, its own included."""

COLUMNS = ["SMA_20", "EMA_12", "EMA_26", "BOLLINGER_UPPER", "BOLLINGER_LOWER", "SESSION_VWAP", "RSI_14"]


def computed(bars: pd.DataFrame, dates: pd.DatetimeIndex, *, is_whole: bool = False) -> pd.DataFrame:
    """`COLUMNS` of each of `bars` (n, oldest first) with the trading days `dates` (n); NaN where there are too few bars before it.

    The session's VWAP is NaN in the first day of the series, unless that day `is_whole`: there from its beginning.
    """
    close = bars["CLOSE"].to_numpy(float)
    rolling = pd.Series(close).rolling(20)
    mean, spread = rolling.mean().to_numpy(), 2 * rolling.std(ddof=0).to_numpy()
    values = {
        "SMA_20": mean,
        "EMA_12": _ema(close, 12),
        "EMA_26": _ema(close, 26),
        "BOLLINGER_UPPER": mean + spread,
        "BOLLINGER_LOWER": mean - spread,
        "SESSION_VWAP": _session_vwap(bars, dates, is_whole),
        "RSI_14": _rsi(close),
    }
    return pd.DataFrame(values, index=bars.index)[COLUMNS]


def completed(stored: pd.DataFrame, bars: pd.DataFrame, dates: pd.DatetimeIndex, *, is_whole: bool = False) -> pd.DataFrame:
    """`COLUMNS` of each of `bars`: what the table has (`stored`, by BAR_START), else what is `computed` here."""
    known = stored.set_index("BAR_START")[COLUMNS].reindex(bars["BAR_START"]).to_numpy(float)
    made = computed(bars, dates, is_whole=is_whole)
    return pd.DataFrame(np.where(np.isnan(known), made.to_numpy(), known), bars.index, COLUMNS)


def _weighted(values: Floats, weight: float) -> Floats:
    """For each of `values` (n) the sum of it and those before it, each weighed less by the factor `weight` (n)."""
    sums: Floats = np.convolve(values, weight ** np.arange(REACH))[: len(values)]
    return sums


def _ema(close: Floats, bars: int) -> Floats:
    weight = 1 - 2 / (bars + 1)
    if not len(close):
        return close
    means = _weighted(close, weight) / _weighted(np.ones_like(close), weight)
    means[: bars - 1] = np.nan
    return means


def _rsi(close: Floats) -> Floats:
    if not len(close):
        return close
    changes = np.diff(close, prepend=close[:1])
    up, down = (_weighted(np.maximum(sign * changes, 0), 13 / 14) for sign in (1, -1))
    with np.errstate(invalid="ignore"):
        values = np.where(up + down > 0, 100 * up / (up + down), np.nan)
    values[:14] = np.nan
    return values


def _session_vwap(bars: pd.DataFrame, dates: pd.DatetimeIndex, is_whole: bool) -> Floats:
    turnover = bars["VWAP"].to_numpy(float) * bars["VOLUME"].to_numpy(float)
    traded = np.where(np.isnan(turnover), 0.0, bars["VOLUME"].to_numpy(float))
    parts = pd.DataFrame({"TURNOVER": np.nan_to_num(turnover), "TRADED": traded})
    sums = parts.groupby(dates.asi8, sort=False).cumsum()
    with np.errstate(invalid="ignore", divide="ignore"):
        means: Floats = np.where(sums["TRADED"] > 0, sums["TURNOVER"] / sums["TRADED"], np.nan)
    if not is_whole:
        means[: int((dates == dates[:1].max()).sum())] = np.nan
    return means
