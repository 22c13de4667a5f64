"""Newest prices and calendars by instrument, once for each board."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import pandas as pd

from dashboard.frame.market import exchange_zone
from dashboard.look import Key, Look
from dashboard.once import once

Prices = Callable[[], pd.DataFrame | None]
"""The newest board (`dashboard.board.COLUMNS`), None before there is one."""


class Known(NamedTuple):
    """What the board says, by symbol and source: price, and the zone of the exchange (None: around the clock)."""

    prices: dict[Key, float]
    zones: dict[Key, str | None]

    def price(self, key: Key) -> float:
        """The newest price; NaN when none is known."""
        return self.prices.get(key, math.nan)

    def moment(self, at: datetime, key: Key, look: Look) -> str:
        """2026-11-23 10:00:05 EST: when, in the zone that the reader chose."""
        return f"{at.astimezone(look.tz(self.zones.get(key))):%Y-%m-%d %H:%M:%S %Z}"


def read_prices(prices: Prices) -> Known:
    """What the newest board says; nothing before there is one."""
    board = prices()
    return Known({}, {}) if board is None else _known(board)


@once(kept=2)
def _known(board: pd.DataFrame) -> Known:
    keys = list(zip(board["SYMBOL"], board["SOURCE"], strict=True))
    calendars = [each if isinstance(each, str) else None for each in board["CALENDAR"]]
    return Known(dict(zip(keys, board["PRICE"], strict=True)), {key: exchange_zone(each) for key, each in zip(keys, calendars, strict=True)})
