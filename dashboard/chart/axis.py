"""The time axis of a chart on which every bar takes the same room: which bars bear a label, and when a bar is, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.chart.rungs import Rung

MAX_LABELS = 10

_TIMES = ("1min", "5min", "10min", "15min", "30min", "1h", "2h", "3h", "6h", "12h")
_DATES = ("D", "W-SUN", "M", "Q", "Y")
_YEARS = (2, 5, 10, 20, 50, 100)


def wall_times(times: pd.DatetimeIndex, rung: Rung, zone: tzinfo) -> pd.DatetimeIndex:
    """Where clocks of `zone` stand at `times` (n, UTC), without zone; bars of days and more have dates, which are the same everywhere."""
    return (times.tz_convert(zone) if rung.intraday else times).tz_localize(None)


def labels(times: pd.DatetimeIndex, rung: Rung, zone: tzinfo) -> list[str]:
    """A label for each of `times` (n, UTC, ascending), empty for all but `MAX_LABELS` at most: the first bar of an hour, a day, a month …"""
    wall = wall_times(times, rung, zone)
    texts = [""] * len(wall)
    for begins, shown in _units(wall, rung.intraday):
        places = np.flatnonzero(begins)
        if len(places) <= MAX_LABELS:
            for place in places:
                texts[place] = _written(wall, int(place), shown)
            break
    return texts


def moments(times: pd.DatetimeIndex, rung: Rung, zone: tzinfo) -> list[str]:
    """When each bar starts, for the tooltip and the table: Mon 2026-11-23 10:05 EST; a date alone from a day on."""
    if rung.intraday:
        return [f"{at:%a %Y-%m-%d %H:%M %Z}" for at in times.tz_convert(zone)]
    return [f"{at:%a %Y-%m-%d}" for at in times]


def _units(wall: pd.DatetimeIndex, intraday: bool) -> Iterator[tuple[NDArray[np.bool_], str]]:
    """From short to long: where a unit of time begins (n), and how such a place is written."""
    for step in _TIMES if intraday else ():
        yield _begins(wall.floor(step).asi8), "%H:%M"
    for period in _DATES:
        yield _begins(wall.to_period(period).asi8), "%Y" if period == "Y" else "%b %-d" if period in ("D", "W-SUN") else "%b"
    for years in _YEARS:
        yield _begins(wall.year.to_numpy() // years), "%Y"


def _begins(units: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.append(False, units[1:] != units[:-1])


def _written(wall: pd.DatetimeIndex, place: int, shown: str) -> str:
    """A place as `shown`, or as the larger thing that begins there: a year among months, a day among hours."""
    at, before = wall[place], wall[place - 1]
    if shown != "%Y" and at.year != before.year:
        shown = "%b %Y" if shown == "%b" else "%b %-d, %Y"
    elif shown == "%H:%M" and at.date() != before.date():
        shown = "%b %-d"
    return at.strftime(shown)
