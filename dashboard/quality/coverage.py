"""Which minutes of a session have bars: buckets so wide that a chart can hold them, and the share of each that is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from math import ceil
from typing import NamedTuple

import numpy as np
import pandas as pd

from ticklake.instruments import ALWAYS_OPEN

MOST_CELLS = 2_000
"""Most marks of a chart."""

MOST_SYMBOLS = 100
"""Most rows of the map; the least covered symbols are shown."""

WIDTHS = (1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 240, 480, 1440)
"""Minutes that a bucket may be wide."""

DATA = ["SYMBOL", "STARTS", "SHARE", "HAS", "OF"]


class Span(NamedTuple):
    """A session to look at: its date at the exchange, its open and its close (UTC)."""

    day: str
    opens_at: datetime
    closes_at: datetime

    @property
    def minutes(self) -> int:
        """Minutes between open and close."""
        return int((self.closes_at - self.opens_at) // timedelta(minutes=1))


def spans(calendar: str, sessions: pd.DataFrame, until: datetime) -> list[Span]:
    """The sessions of quality_sessions.sql, newest first; of what trades around the clock the ten UTC days that end with that of `until`."""
    if calendar == ALWAYS_OPEN:
        today = until.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        begins = [today - timedelta(days=back) for back in range(10)]
        return [Span(f"{begin:%Y-%m-%d}", begin, begin + timedelta(days=1)) for begin in begins]
    times = zip(sessions["SESSION_DATE"], sessions["OPENS_AT"], sessions["CLOSES_AT"], strict=True)
    return [Span(str(day), _utc(opens), _utc(closes)) for day, opens, closes in times]


def width(symbols: int, minutes: int) -> int:
    """Minutes of a bucket, as few as `MOST_CELLS` allow for so many symbols and minutes of a session."""
    shown = max(1, min(symbols, MOST_SYMBOLS))
    return next((each for each in WIDTHS if shown * ceil(minutes / each) <= MOST_CELLS), WIDTHS[-1])


def passed(span: Span, at: datetime) -> int:
    """Whole minutes of the session that are over at `at`."""
    return max(0, min(span.minutes, int((at - span.opens_at) // timedelta(minutes=1))))


def totals(symbols: pd.DataFrame, over: int) -> pd.DataFrame:
    """Rows of quality_coverage_symbols.sql with MISSING and PERCENT of the `over` minutes that are over, the least covered first."""
    has = symbols["MINUTES"].astype(float).clip(upper=over)
    percent = 100 * has / over if over else has * np.nan
    return symbols.assign(MISSING=over - has, PERCENT=percent).sort_values(["PERCENT", "SYMBOL"], ignore_index=True)


def cells(symbols: list[str], counted: pd.DataFrame, span: Span, wide: int, over: int, zone: tzinfo) -> pd.DataFrame:
    """`DATA` of the map: for each symbol and bucket of `wide` minutes that has begun, the share of its minutes (of those that are over) with a bar.

    `counted` are the rows of quality_coverage.sql; STARTS is the bucket's start in `zone`, as text. A bucket that has not begun
    stands there once, unknown, so that the map is as long as the session.
    """
    buckets = np.arange(ceil(over / wide))
    of = np.minimum(wide, over - buckets * wide)
    grid = pd.MultiIndex.from_product([symbols, buckets], names=["SYMBOL", "BUCKET"]).to_frame(index=False)
    has = counted.assign(BUCKET=counted["BUCKET"].astype(int))[["SYMBOL", "BUCKET", "MINUTES"]]
    grid = grid.merge(has, on=["SYMBOL", "BUCKET"], how="left")
    grid["OF"] = of[grid["BUCKET"].to_numpy(dtype=int)].astype(float)
    grid["HAS"] = np.minimum(grid["MINUTES"].astype(float).fillna(0.0), grid["OF"])
    grid["SHARE"] = grid["HAS"] / grid["OF"]
    starts = [f"{(span.opens_at + timedelta(minutes=begin)).astimezone(zone):%Y-%m-%d %H:%M %Z}" for begin in range(0, span.minutes, wide)]
    grid["STARTS"] = [starts[bucket] for bucket in grid["BUCKET"]]
    ahead = pd.DataFrame({"SYMBOL": symbols[0], "STARTS": starts[len(buckets) :]}) if symbols else pd.DataFrame()
    return pd.concat([grid[DATA], ahead.reindex(columns=DATA)], ignore_index=True)


def _utc(time: datetime) -> datetime:
    return pd.Timestamp(time).tz_localize(UTC).to_pydatetime()
