"""What is drawn beside the candles: hours outside of sessions as shades, splits and dividends as letters. Pure."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.chart.rungs import Rung
from ticklake.calendars import Calendar

MAX_SHADES = 100
MAX_ACTIONS = 60
"""Most of each on one chart; of actions the newest, and splits before dividends."""


def shades(times: pd.DatetimeIndex, calendar: Calendar | None, rung: Rung) -> NDArray[np.float64]:
    """For each bar (n) that begins a run of bars outside of sessions the place of the run's last bar; NaN for all others."""
    ends = np.full(len(times), np.nan)
    if calendar is None or not rung.intraday or times.empty:
        return ends
    closed = ~calendar.open_mask(times.as_unit("us").asi8)
    begins = np.flatnonzero(closed & ~np.append(False, closed[:-1]))
    lasts = np.flatnonzero(closed & ~np.append(closed[1:], False))
    if len(begins) <= MAX_SHADES:
        ends[begins] = lasts
    return ends


def actions(times: pd.DatetimeIndex, found: pd.DataFrame | None, rung: Rung) -> tuple[list[str | None], list[str | None]]:
    """For each bar (n) the letters of the corporate actions in it, and their words; None for a bar without one.

    An action stands at the first bar that starts on its ex-date or later, or at the longer bar that its ex-date is in.
    """
    letters: list[str | None] = [None] * len(times)
    words: list[str | None] = [None] * len(times)
    if found is None or found.empty or times.empty:
        return letters, words
    dates = pd.DatetimeIndex(found["BAR_START"])
    places = np.searchsorted(times.asi8, (dates if rung.intraday else rung.starts(dates)).as_unit(times.unit).asi8)
    here = found.assign(PLACE=places)[(dates >= times[0].floor("1D")) & (places < len(times))]
    for _, row in here.sort_values(["KIND", "BAR_START"], ascending=[True, True]).tail(MAX_ACTIONS).sort_values("BAR_START").iterrows():
        letter, text = _action(row)
        place = int(row["PLACE"])
        letters[place] = letter if letters[place] in (None, letter) else "*"
        words[place] = f"{words[place]}; {text}" if words[place] else text
    return letters, words


def _action(row: pd.Series) -> tuple[str, str]:
    date = f"{row['BAR_START']:%Y-%m-%d}"
    if row["KIND"] == "split":
        return "S", f"Split {row['RATIO']:g} for 1 on {date}"
    return "D", f"Dividend {row['AMOUNT']:g} on {date}"
