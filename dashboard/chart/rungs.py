"""The ladder of intervals that a range is drawn with: the finest whose bars stay below the limit of marks.

Tables hold bars of a minute, five minutes, an hour and a day; the rungs between and above are made of the next finer table's.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

MAX_MARKS = 2_000
"""Most marks of a chart: what a browser draws in a tenth of a second."""

FIXED_MARKS = 300
"""Marks that do not grow with the bars: labels, shading, corporate actions. What is drawn of each is limited, so that this holds."""

CANDLE_MARKS = 3
"""Wick, body and volume of a bar."""

DAY = "1D"
"""The table whose bars start at midnight UTC of their date, wherever they traded; those of all others start at a time."""


@dataclass(frozen=True)
class Rung:
    """An interval: its name on screen, the table (`BAR_INTERVAL`) that it is made of, and its length in open minutes or, from a day on, in sessions.

    `rule` says where its bars begin: a length from the UTC clock's midnight, or a period of the calendar.
    """

    name: str
    table: str
    length: int
    rule: str

    @property
    def intraday(self) -> bool:
        """Whether its bars start at a time, not at a date."""
        return self.table != DAY

    def starts(self, times: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """For each of `times` (n, UTC) the start of its bar (n, UTC)."""
        if self.rule.endswith(("min", "h", "D")):
            return times.floor(self.rule)
        return pd.DatetimeIndex(times.tz_localize(None).to_period(self.rule).start_time).as_unit(times.unit).tz_localize("UTC")


LADDER = (
    Rung("1 m", "1M", 1, "1min"),
    Rung("5 m", "5M", 5, "5min"),
    Rung("15 m", "5M", 15, "15min"),
    Rung("1 h", "1H", 60, "1h"),
    Rung("4 h", "1H", 240, "4h"),
    Rung("1 d", "1D", 1, "1D"),
    Rung("1 week", "1D", 5, "W-SUN"),
    Rung("1 month", "1D", 21, "M"),
    Rung("1 quarter", "1D", 63, "Q"),
    Rung("1 year", "1D", 252, "Y"),
)

BASE = {rung.table: rung for rung in reversed(LADDER)}
"""The rung of each table's own bars."""

CHOICES = tuple(reversed(BASE.values()))
"""The intervals that a reader may ask for, finest first."""


def most_bars(lines: int, candles: bool = True) -> int:
    """Most bars that fit, each with a point of `lines` lines."""
    return (MAX_MARKS - FIXED_MARKS) // (lines + CANDLE_MARKS * candles)


def wanted(minutes: float, sessions: int, most: int, finest: Rung) -> Rung:
    """The finest rung, not finer than `finest`, that draws so many open minutes in so many sessions with at most `most` bars, as far as one can know."""
    for rung in LADDER[LADDER.index(finest) :]:
        if (minutes if rung.intraday else sessions) / rung.length <= most:
            return rung
    return LADDER[-1]


def coarser_table(rung: Rung) -> Rung:
    """The finest rung of the next coarser table."""
    return next(each for each in LADDER[LADDER.index(rung) :] if each.table != rung.table)
