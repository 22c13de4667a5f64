"""What a chart is made of, as frames with times in UTC, the same objects until something has changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import pandas as pd

from dashboard.candle_frames import Candles
from dashboard.chart.buckets import COLUMNS, spliced
from dashboard.chart.memo import Memo
from dashboard.look import Key
from dashboard.shared import Reading
from dashboard.tables import Tables
from ticklake.changes import Subject

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(2200, 1, 1, tzinfo=UTC)

_PRICES = ["OPEN", "HIGH", "LOW", "CLOSE", "VOLUME"]


class Minutes(Protocol):
    """What the chart needs of the market data."""

    def candles(self, symbol: str, source: str) -> Reading[Candles]:
        """The newest two hours of minute bars of a symbol and source, the running minute included."""
        ...


class Days(NamedTuple):
    """Daily bars, and what they are: "actions" or "vendor" adjusted those of the batch feed, "raw" is as traded; None: made of ticks.

    `fed_until` is the newest day of the batch feed.
    """

    bars: pd.DataFrame
    origin: str | None
    fed_until: pd.Timestamp | None = None


class BarReader:
    """Reads for all sessions. Frames have `buckets.COLUMNS`, oldest first; `problem` says why one is missing or old."""

    def __init__(self, minutes: Minutes, tables: Tables) -> None:
        self._minutes, self._tables = minutes, tables
        self._memo = Memo()

    def bars(self, key: Key, table: str, since: datetime, until: datetime) -> Reading[pd.DataFrame]:
        """Bars of a table from `since` up to `until`, excluded."""
        subject = Subject.TICKS if table == "1M" else Subject.ANALYTICS
        return self._read("chart_bars", subject, key, bar_interval=table, since=since, until=until)

    def indicators(self, key: Key, table: str, since: datetime, until: datetime) -> Reading[pd.DataFrame]:
        """Rows of CURATED.INDICATORS for these bars."""
        return self._read("chart_indicators", Subject.ANALYTICS, key, bar_interval=table, since=since, until=until)

    def days(self, key: Key, adjusted: bool) -> Reading[Days]:
        """Every day that is known: of the batch feed where it has one, else made of ticks."""
        batch, ticks = self._read("chart_daily", Subject.DAILY, key), self.bars(key, "1D", FIRST, LAST)
        made = self._memo.get(("days", key, adjusted), (batch.value, ticks.value), lambda: _days(batch.value, ticks.value, adjusted))
        return Reading(made, batch.problem or ticks.problem)

    def actions(self, key: Key) -> Reading[pd.DataFrame]:
        """Splits and dividends: BAR_START (midnight UTC of the ex-date), KIND, RATIO, AMOUNT; oldest first."""
        return self._read("chart_actions", Subject.DAILY, key)

    def minutes(self, key: Key, since: datetime) -> Reading[pd.DataFrame]:
        """Minute bars from `since` on, the running one included."""
        newest = self._minutes.candles(*key)
        recent = newest.value.bars if newest.value else None
        if recent is not None and len(recent) and recent["BAR_START"].iloc[0] <= since:
            return Reading(recent, newest.problem)
        before = self.bars(key, "1M", since.replace(minute=0, second=0, microsecond=0), LAST)
        made = self._memo.get(("minutes", key, since), (before.value, recent), lambda: _joined(before.value, recent))
        return Reading(made, newest.problem or before.problem)

    def _read(self, name: str, subject: Subject, key: Key, **params: str | datetime) -> Reading[pd.DataFrame]:
        reading = self._tables.read(name, subject, symbol=key[0], source=key[1], **params)
        return Reading(self._memo.get((name, key, *params.values()), (reading.value,), lambda: _in_utc(reading.value)), reading.problem)


def _in_utc(frame: pd.DataFrame | None) -> pd.DataFrame | None:
    return None if frame is None else frame.assign(BAR_START=pd.to_datetime(frame["BAR_START"]).dt.as_unit("us").dt.tz_localize("UTC"))


def _joined(before: pd.DataFrame | None, recent: pd.DataFrame | None) -> pd.DataFrame | None:
    if before is None or recent is None or recent.empty:
        return before if recent is None or recent.empty else recent
    return spliced(before, recent.reindex(columns=COLUMNS), recent["BAR_START"].iloc[0])


def _days(batch: pd.DataFrame | None, ticks: pd.DataFrame | None, adjusted: bool) -> Days:
    ticks = pd.DataFrame(columns=COLUMNS) if ticks is None else ticks
    if batch is None or batch.empty:
        return Days(ticks, None)
    prices = {name: batch[f"ADJ_{name}" if adjusted else name] for name in _PRICES}
    fed = pd.DataFrame({"BAR_START": batch["BAR_START"], "ORIGIN": "vendor", **prices}).reindex(columns=COLUMNS)
    other = ticks[~ticks["BAR_START"].isin(fed["BAR_START"])]
    bars = pd.concat([fed, other], ignore_index=True).sort_values("BAR_START", ignore_index=True) if len(other) else fed
    return Days(bars, str(batch["ADJUSTED_BY"].iloc[-1]) if adjusted else "raw", fed["BAR_START"].iloc[-1])
