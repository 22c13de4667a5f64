"""Ticks that tests make, the records and the bars that they are, and what the warehouse would answer of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import pandas as pd

from dashboard.seam import DAY_US
from dashboard.tail.bar import MINUTE_US, Bar
from ticklake.tick import Tick, encode
from ticklake_io.records import Records

START = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
START_MS = round(START.timestamp() * 1000)


@dataclass(frozen=True)
class Made:
    """A tick as a test makes it; `second` after the start, `number` its identity and its sequence."""

    number: int
    symbol: str = "A"
    second: int = 0
    quarters: int = 400
    size: int | None = 1
    is_trade: bool = True
    received_at: datetime | None = None

    @property
    def moment(self) -> tuple[int, int]:
        return round((START + timedelta(seconds=self.second)).timestamp() * 1e6), self.number

    @property
    def price(self) -> float:
        return self.quarters / 4

    @property
    def value(self) -> bytes:
        at = START + timedelta(seconds=self.second)
        kind: Literal["trade", "quote"] = "trade" if self.is_trade else "quote"
        received_at = self.received_at or at + timedelta(seconds=1)
        return encode(
            Tick(
                tick_id=f"x-{self.number}",
                symbol=self.symbol,
                kind=kind,
                event_time=at,
                received_at=received_at,
                price=str(self.price),
                source="x",
                feed="replay",
                sequence=self.number,
                size=self.size,
            )
        )


def records(log: Sequence[Made | None], first: int, end: int) -> Records:
    """Records of one partition from offset `first` to before `end`; None is poison."""
    found = Records()
    for offset in range(first, end):
        made = log[offset]
        key, value = (made.symbol.encode(), made.value) if made else (b"A", b"no tick")
        found.extend(Records([offset], [START_MS + offset], [key], [value]))
    return found


def bars_at_once(made: Iterable[Made]) -> dict[str, dict[int, Bar]]:
    """The oracle: bars of these ticks, each once."""
    minutes: dict[tuple[str, int], list[Made]] = {}
    for each in sorted({each.number: each for each in made if each.is_trade}.values(), key=lambda each: each.moment):
        minutes.setdefault((each.symbol, each.moment[0] // MINUTE_US * MINUTE_US), []).append(each)
    found: dict[str, dict[int, Bar]] = {}
    for (symbol, minute), trades in minutes.items():
        prices, sized = [each.price for each in trades], [each for each in trades if each.size is not None]
        found.setdefault(symbol, {})[minute] = Bar(
            prices[0],
            max(prices),
            min(prices),
            prices[-1],
            sum(each.size or 0 for each in sized) if sized else math.nan,
            len(trades),
            sum(each.price * (each.size or 0) for each in sized) if sized else math.nan,
            trades[0].moment,
            trades[-1].moment,
        )
    return found


def answer(made: Sequence[Made], marks: Mapping[int, int]) -> pd.DataFrame:
    """What board.sql answers when the warehouse has these ticks, of generation 1 below `marks`."""
    rows: list[dict[str, object]] = []
    for symbol in sorted({each.symbol for each in made}):
        newest = max((each for each in made if each.symbol == symbol), key=lambda each: each.moment)
        bars = bars_at_once(each for each in made if each.symbol == symbol).get(symbol, {})
        head = _head(newest, list(bars.items()), marks)
        rows += [
            _bar(minute, bar) | (head if place == 0 else {}) | {"SYMBOL": symbol, "SOURCE": "x"} for place, (minute, bar) in enumerate(reversed(bars.items()))
        ]
        rows += [] if bars else [head | {"SYMBOL": symbol, "SOURCE": "x"}]
    return pd.DataFrame(rows, columns=_COLUMNS)


_HEAD = ["FEED", "KIND", "EVENT_TIME", "RECEIVED_AT", "SEQUENCE", "PRICE", "BID", "ASK", "PREV_CLOSE"]
_INSTRUMENT = ["NAME", "CURRENCY", "SECTOR", "CALENDAR", "PRIMARY_SOURCE", "DAY_FIRST", "DAY_VOLUME", "DAY_OPEN", "DAY_LOW", "DAY_HIGH", "MARKS", "NEW_FIELDS"]
_FIGURES = ["BAR_START", "ORIGIN", "OPEN", "HIGH", "LOW", "CLOSE", "VOLUME", "TRADES", "VWAP", "FIRST_AT", "LAST_AT", "FIRST_SEQUENCE", "LAST_SEQUENCE"]
_COLUMNS = ["SYMBOL", "SOURCE", *_HEAD, *_INSTRUMENT, *_FIGURES]


def _head(newest: Made, bars: Sequence[tuple[int, Bar]], marks: Mapping[int, int]) -> dict[str, object]:
    day = bars[-1][0] // DAY_US * DAY_US if bars else 0
    today = [(minute, bar) for minute, bar in bars if minute >= day]
    return {
        "FEED": "replay",
        "KIND": "trade",
        "EVENT_TIME": _naive(newest.moment[0]),
        "RECEIVED_AT": (newest.received_at or START).replace(tzinfo=None),
        "SEQUENCE": newest.number,
        "PRICE": newest.price,
        "NAME": f"{newest.symbol} Inc",
        "CURRENCY": "USD",
        "SECTOR": "Energy",
        "CALENDAR": "XNYS",
        "PRIMARY_SOURCE": "x",
        "DAY_FIRST": _naive(today[0][0]) if today else None,
        "DAY_VOLUME": sum(bar.volume for _, bar in today) if today else math.nan,
        "DAY_OPEN": today[0][1].open if today else math.nan,
        "DAY_LOW": min((bar.low for _, bar in today), default=math.nan),
        "DAY_HIGH": max((bar.high for _, bar in today), default=math.nan),
        "MARKS": " ".join(f"1:{partition}:{mark}" for partition, mark in marks.items()),
    }


def _bar(minute: int, bar: Bar) -> dict[str, object]:
    figures = dict(zip(("OPEN", "HIGH", "LOW", "CLOSE", "VOLUME", "TRADES"), bar, strict=False))
    edges = {"FIRST_AT": _naive(bar.first[0]), "LAST_AT": _naive(bar.last[0]), "FIRST_SEQUENCE": bar.first[1], "LAST_SEQUENCE": bar.last[1]}
    return {"BAR_START": _naive(minute), "ORIGIN": bar.origin, "VWAP": bar.vwap} | figures | edges


def _naive(us: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(microseconds=us)  # noqa: DTZ001 - as the warehouse gives it
