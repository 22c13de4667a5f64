"""Market data without a warehouse: what it is given is what the pages see."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pandas as pd

from dashboard import board
from dashboard.market_data import Arrivals, Candles, Snapshot
from dashboard.shared import Reading

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
"""A Monday, half an hour after New York has opened."""


def latest_frame(*rows: Mapping[str, object]) -> pd.DataFrame:
    """The answer of latest.sql; what a row does not say is a simulator's IBM at 100, two seconds ago."""
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
        "PRICE": 100.0,
        "PREV_CLOSE": None,
    }
    return pd.DataFrame([usual | row for row in rows], columns=list(usual))


def days_frame(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    """The answer of days.sql: symbol, source, volume, first open; the range is two about the open."""
    days = pd.DataFrame(rows, columns=["SYMBOL", "SOURCE", "VOLUME", "DAY_OPEN"])
    return days.assign(DAY_LOW=days["DAY_OPEN"] - 1, DAY_HIGH=days["DAY_OPEN"] + 1)


def trends_frame(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """The answer of trends.sql: symbol, source, close; oldest first."""
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


def snapshot(latest: pd.DataFrame, days: pd.DataFrame | None = None, trends: pd.DataFrame | None = None, read_at: datetime = NOW) -> Snapshot:
    """A board of these frames, with arrivals that agree with them and one object in the ledger."""
    rows = board.rows(latest, days_frame() if days is None else days, trends_frame() if trends is None else trends)
    arrivals = Arrivals()
    if len(rows):
        received, event = rows["RECEIVED_AT"].max().to_pydatetime(), rows["EVENT_TIME"].max().to_pydatetime()
        arrivals = Arrivals(received, event, received + timedelta(seconds=1), received - timedelta(seconds=4))
    return Snapshot(rows, arrivals, read_at, read_at)


class FakeMarketData:
    """Readings that a test sets; `asked` says for which candles the page has asked."""

    def __init__(self, reading: Reading[Snapshot], bars: pd.DataFrame | None = None) -> None:
        self.reading = reading
        self.bars = minute_bars(0) if bars is None else bars
        self.asked: list[tuple[str, str]] = []

    def snapshot(self, max_age_s: float) -> Reading[Snapshot]:
        return self.reading

    def candles(self, symbol: str, source: str, max_age_s: float) -> Reading[Candles]:
        self.asked.append((symbol, source))
        return Reading(Candles(self.bars, NOW))
