"""Market data without a warehouse: what it is given is what the pages see."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from dashboard import board
from dashboard.candle_frames import Candles
from dashboard.market_data import Snapshot
from dashboard.seam import DAY_US, Base, Day
from dashboard.shared import Reading
from dashboard.tail.bar import MINUTE_US, Bar
from dashboard.tail.follow import Stream
from dashboard.tail.tail import Latest

Key = tuple[str, str]

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
"""A Monday, half an hour after New York has opened."""


def latest_frame(*rows: Mapping[str, object]) -> pd.DataFrame:
    """Newest ticks; what a row does not say is a simulator's IBM at 100, two seconds ago."""
    usual = {
        "SYMBOL": "IBM",
        "SOURCE": "simulator",
        "FEED": "synthetic",
        "EVENT_TIME": (NOW - timedelta(seconds=3)).replace(tzinfo=None),
        "RECEIVED_AT": (NOW - timedelta(seconds=2)).replace(tzinfo=None),
        "NAME": "International Business Machines",
        "CURRENCY": "USD",
        "SECTOR": "Information Technology",
        "CALENDAR": "XNYS",
        "PRIMARY": True,
        "PRICE": 100.0,
        "BID": None,
        "ASK": None,
        "PREV_CLOSE": None,
    }
    return pd.DataFrame([usual | row for row in rows], columns=list(usual))


def days_frame(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    """Newest days: symbol, source, volume, first open; the range is two about the open."""
    days = pd.DataFrame(rows, columns=["SYMBOL", "SOURCE", "VOLUME", "DAY_OPEN"])
    return days.assign(DAY_LOW=days["DAY_OPEN"] - 1, DAY_HIGH=days["DAY_OPEN"] + 1)


def trends_frame(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Newest closes: symbol, source, close; oldest first."""
    return pd.DataFrame(rows, columns=["SYMBOL", "SOURCE", "CLOSE"])


def minute_bars(count: int, start: datetime = NOW - timedelta(hours=2)) -> pd.DataFrame:
    """`count` minute bars, rising and falling in turn."""
    opens = [100.0 + minute % 7 for minute in range(count)]
    closes = [each + (0.5 if minute % 2 else -0.5) for minute, each in enumerate(opens)]
    return pd.DataFrame(
        {
            "BAR_START": pd.DatetimeIndex([start + timedelta(minutes=minute) for minute in range(count)], tz=UTC),
            "ORIGIN": "trades",
            "OPEN": opens,
            "HIGH": [max(pair) + 0.25 for pair in zip(opens, closes, strict=True)],
            "LOW": [min(pair) - 0.25 for pair in zip(opens, closes, strict=True)],
            "CLOSE": closes,
            "VOLUME": [100.0 * (minute % 5) for minute in range(count)],
            "TRADES": 10.0,
        }
    )


def bases(latest: pd.DataFrame, days: pd.DataFrame, trends: pd.DataFrame) -> dict[Key, Base]:
    """What the warehouse has by symbol and source, of the frames above; a close is a minute, the last of them now."""
    closes, ranges = trends.groupby(["SYMBOL", "SOURCE"])["CLOSE"].agg(list), days.set_index(["SYMBOL", "SOURCE"])
    return {(row["SYMBOL"], row["SOURCE"]): _base(row, ranges, closes) for row in latest.to_dict("records")}


def _base(row: Mapping[Any, Any], days: pd.DataFrame, closes: pd.Series) -> Base:
    key, now_us = (row["SYMBOL"], row["SOURCE"]), round(NOW.timestamp() * 1e6)
    event_time, received_at = (row[name].replace(tzinfo=UTC) for name in ("EVENT_TIME", "RECEIVED_AT"))
    price, bid, ask, prev_close = (math.nan if row[name] is None else float(row[name]) for name in ("PRICE", "BID", "ASK", "PREV_CLOSE"))
    newest = Latest((round(event_time.timestamp() * 1e6), 0), row["FEED"], "trade", event_time, received_at, price, bid, ask, prev_close)
    day, start = None, now_us // DAY_US * DAY_US
    if key in days.index:
        shown = days.loc[key]
        day = Day(start, start, shown["DAY_OPEN"], shown["DAY_HIGH"], shown["DAY_LOW"], shown["VOLUME"])
    found = closes.get(key, [])
    minutes = [now_us - (len(found) - 1 - at) * MINUTE_US for at in range(len(found))]
    bars = {minute: Bar(each, each, each, each, 1.0, 1.0, each, (minute, 0), (minute, 0)) for minute, each in zip(minutes, found, strict=True)}
    name, currency, sector, calendar = (row[name] if isinstance(row[name], str) else None for name in ("NAME", "CURRENCY", "SECTOR", "CALENDAR"))
    return Base(newest, name or "", currency, sector, calendar, row["PRIMARY"], day, bars)


def snapshot(latest: pd.DataFrame, days: pd.DataFrame | None = None, trends: pd.DataFrame | None = None, read_at: datetime = NOW) -> Snapshot:
    """A board of these frames, with a stream that agrees with them, in which nothing waits; as of `read_at`."""
    known = bases(latest, days_frame() if days is None else days, trends_frame() if trends is None else trends)
    rows = [row for key, base in known.items() if (row := board.row(key, base, base.latest, base.bars, {}))]
    received = max((base.latest.received_at for base in known.values()), default=None)
    stream = Stream(read_at, caught_up=True, expected_since=NOW - timedelta(hours=1), received_at=received)
    return Snapshot(1, board.frame(rows), {key: base.bars for key, base in known.items()}, stream, read_at, read_at, received)


class FakeMarketData:
    """Readings that a test sets; `asked` says for which candles the page has asked."""

    def __init__(self, reading: Reading[Snapshot], bars: pd.DataFrame | None = None) -> None:
        self.reading = reading
        self.bars = minute_bars(0) if bars is None else bars
        self.asked: list[tuple[str, str]] = []

    def board(self) -> Reading[Snapshot]:
        return self.reading

    def candles(self, symbol: str, source: str) -> Reading[Candles]:
        self.asked.append((symbol, source))
        return Reading(Candles(self.bars))
