"""Tables and market data of a chart, made of minute bars alone: what a warehouse with all of its analytics up to date would answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from dashboard.candle_frames import Candles
from dashboard.chart.buckets import COLUMNS, grouped
from dashboard.chart.days import dated
from dashboard.chart.indicators import COLUMNS as INDICATORS
from dashboard.chart.indicators import computed
from dashboard.chart.rungs import BASE, DAY
from dashboard.shared import Reading
from dashboard.tables import Param
from tests.fakes.market_data import NOW
from ticklake.calendars import Calendar
from ticklake.changes import Subject

NO_DAYS = pd.DataFrame(columns=["BAR_START", "ADJUSTED_BY", *(f"{part}{name}" for part in ("", "ADJ_") for name in ("OPEN", "HIGH", "LOW", "CLOSE", "VOLUME"))])
NO_ACTIONS = pd.DataFrame(columns=["BAR_START", "KIND", "RATIO", "AMOUNT"])


def walk(times: pd.DatetimeIndex, seed: int = 1, start: float = 100.0) -> pd.DataFrame:
    """A minute bar at each of `times` (n, UTC), of a random walk in cents."""
    chance = np.random.default_rng(seed)
    closes = np.round(start + np.cumsum(chance.integers(-5, 6, len(times))) / 100, 2)
    opens = np.append(start, closes[:-1])[: len(closes)]
    spread = chance.integers(0, 10, (2, len(times))) / 100
    low, high = np.minimum(opens, closes) - spread[0], np.maximum(opens, closes) + spread[1]
    volume = chance.integers(0, 1_000, len(times)).astype(float)
    vwap = np.where(volume > 0, (low + high) / 2, np.nan)
    prices = {"OPEN": opens, "HIGH": high, "LOW": low, "CLOSE": closes, "VOLUME": volume, "TRADES": 3.0, "VWAP": vwap}
    return pd.DataFrame({"BAR_START": times.as_unit("us"), "ORIGIN": "trades", **prices})


class MarketHistory:
    """Both Protocols of a chart over the minutes of one instrument. `asked` are the questions to the tables; `trouble` is why there is no answer."""

    def __init__(
        self,
        minutes: pd.DataFrame,
        calendar: Calendar | None = None,
        *,
        daily: pd.DataFrame = NO_DAYS,
        actions: pd.DataFrame = NO_ACTIONS,
        stored_until: datetime | None = None,
        indicators_until: datetime | None = None,
    ) -> None:
        """The tables of longer bars end before `stored_until`, indicators before `indicators_until` too; minutes and the market data do not."""
        self.minutes, self.calendar, self.daily, self.actions_found = minutes, calendar, daily, actions
        self.stored_until = pd.Timestamp(stored_until) if stored_until else None
        self.indicators_until = pd.Timestamp(indicators_until) if indicators_until else None
        self.trouble: str | None = None
        self.asked: list[tuple[str, dict[str, Param]]] = []
        self._answers: dict[Any, pd.DataFrame] = {}

    def candles(self, symbol: str, source: str) -> Reading[Candles]:
        recent = self._once("recent", lambda: self.minutes.tail(120).reset_index(drop=True))
        return Reading(Candles(recent), self.trouble)

    def read(self, name: str, subject: Subject, **params: Param) -> Reading[pd.DataFrame]:
        self.asked.append((name, params))
        if self.trouble:
            return Reading(None, self.trouble)
        return Reading(self._once((name, *sorted(params.items())), lambda: self._answer(name, params)), None, NOW)

    def changed(self, subject: Subject) -> None:
        raise NotImplementedError

    def bars(self, table: str) -> pd.DataFrame:
        """The bars of a table, as far as it is stored."""
        known = self.minutes
        if table != "1M" and self.stored_until is not None:
            known = known[known["BAR_START"] < self.stored_until]
        times = pd.DatetimeIndex(known["BAR_START"])
        return grouped(known, dated(times, self.calendar) if table == DAY else BASE[table].starts(times))

    def _once(self, key: Any, make: Any) -> pd.DataFrame:
        if key not in self._answers:
            self._answers[key] = make()
        return self._answers[key]

    def _answer(self, name: str, params: dict[str, Param]) -> pd.DataFrame:
        if name == "chart_daily":
            return self.daily
        if name == "chart_actions":
            return self.actions_found
        bars = self.bars(str(params["bar_interval"]))
        if name == "chart_indicators":
            times = pd.DatetimeIndex(bars["BAR_START"])
            bars = pd.concat([bars[["BAR_START"]], computed(bars, dated(times, self.calendar))], axis=1)[["BAR_START", *INDICATORS]]
            bars = bars if self.indicators_until is None else bars[bars["BAR_START"] < self.indicators_until]
        chosen = bars[(bars["BAR_START"] >= params["since"]) & (bars["BAR_START"] < params["until"])].reset_index(drop=True)
        return chosen.assign(BAR_START=chosen["BAR_START"].dt.tz_localize(None))[list(chosen.columns) if name == "chart_indicators" else COLUMNS]
