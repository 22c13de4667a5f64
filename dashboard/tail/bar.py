"""A minute of trades, and how the two sides of the seam become one minute."""

from __future__ import annotations

import math
from typing import NamedTuple

MINUTE_US = 60_000_000

Moment = tuple[int, int]
"""Event time in microseconds since 1970, and sequence: the order of a symbol's trades, but for coordinates."""

TRADES = "trades"


class Bar(NamedTuple):
    """Trades of one symbol and source in one minute. `first` and `last` are when the trades were that gave open and close.

    `volume`, `trades` and `turnover` (prices times sizes) are NaN where they are not known.
    """

    open: float
    high: float
    low: float
    close: float
    volume: float
    trades: float
    turnover: float
    first: Moment
    last: Moment
    origin: str = TRADES

    @property
    def vwap(self) -> float:
        """Mean price by size; NaN when nothing of known size was traded."""
        return self.turnover / self.volume if self.volume else math.nan


def join(before: Bar | None, after: Bar) -> Bar:
    """The bar of the trades of both; those of `after` have the greater coordinates, so they come last where moments are equal.

    Trades replace a bar that was made of anything else, as they do in the warehouse.
    """
    if before is None or before.origin != TRADES:
        return after
    return Bar(
        open=before.open if before.first <= after.first else after.open,
        high=max(before.high, after.high),
        low=min(before.low, after.low),
        close=after.close if after.last >= before.last else before.close,
        volume=plus(before.volume, after.volume),
        trades=plus(before.trades, after.trades),
        turnover=plus(before.turnover, after.turnover),
        first=min(before.first, after.first),
        last=max(before.last, after.last),
    )


def plus(one: float, other: float) -> float:
    """As SQL sums up: what is not known, NaN, adds nothing."""
    if math.isnan(one):
        return other
    return one if math.isnan(other) else one + other
