"""A synthetic market: prices of all symbols at any time, past or to come, as a pure function of the seed.

A symbol's log price is its base plus its volatility times a mixture of three paths: the market's, its sector's and its
own. The shares of the mixture set the correlations (0.28 to 0.45 across sectors, 0.38 to 0.67 within one), all drawn
from the symbol's own hash, so that adding a symbol changes no other one. What tracks the market has the market's path
alone, so that a share's beta against it is its own volatility times the root of its market share, over the market's volatility.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from ticklake.simulated.bridge import keys_of, paths, uniform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ticklake.instruments import Instrument
    from ticklake.simulated.bridge import Floats, Times

    Cents = NDArray[np.int64]

MODEL_VERSION = 1
"""Changes with every change of the numbers below: ticks of two models must not share an id."""

_BASE_PRICE = (30.0, 600.0)
_VOLATILITY = (0.16, 0.42)
_MARKET_VOLATILITY = 0.16
_MARKET_SHARE = (0.28, 0.45)
_SECTOR_SHARE = (0.10, 0.22)
_SPREAD = 0.0002
_MEAN_SHARES = 120.0
_TRADES_A_MINUTE = 60.0
_QUIET = 0.25
_DAY_US = 86_400_000_000
_OPEN_US, _SESSION_US = 34_200_000_000, 23_400_000_000  # 09:30 to 16:00 in New York
_NEW_YORK = ZoneInfo("America/New_York")


class Trades(NamedTuple):
    """Columns of trades (n each): prices in cents with bid <= price <= ask and bid < ask, sizes in shares."""

    price: Cents
    bid: Cents
    ask: Cents
    size: NDArray[np.int64]


class Market:
    """The synthetic market of `instruments`, in their order."""

    def __init__(self, seed: int, instruments: Sequence[Instrument]) -> None:
        sectors = sorted({str(each.sector) for each in instruments})
        self._symbols = keys_of((seed, MODEL_VERSION), [f"symbol {each.symbol}" for each in instruments])
        shared = keys_of((seed, MODEL_VERSION), ["market", *(f"sector {name}" for name in sectors)])
        self._keys = np.concatenate([shared, self._symbols])
        self._sector = np.array([1 + sectors.index(str(each.sector)) for each in instruments], np.int64)
        self._own = np.arange(len(instruments)) + len(shared)
        self._base = np.exp(self._trait(0, (float(np.log(_BASE_PRICE[0])), float(np.log(_BASE_PRICE[1])))))
        tracks = np.array([each.tracks_market for each in instruments])
        market, sector = np.where(tracks, 1.0, self._trait(1, _MARKET_SHARE)), np.where(tracks, 0.0, self._trait(2, _SECTOR_SHARE))
        volatility = np.where(tracks, _MARKET_VOLATILITY, self._trait(3, _VOLATILITY))
        self._weights = volatility * np.sqrt(np.stack([market, sector, 1.0 - market - sector]))

    def prices(self, times: Times) -> Cents:
        """Prices of all symbols (s) at `times` (n, microseconds since 1970), in cents: an array (s, n)."""
        path = paths(self._keys, times)
        parts = path[:1], path[self._sector], path[self._own]
        return _cents(self._base[:, None] * np.exp(sum(weight[:, None] * part for weight, part in zip(self._weights, parts, strict=True))))

    def trades(self, symbols: NDArray[np.int64], times: Times) -> Trades:
        """One trade of each of `symbols` (n, places in the list) at each of `times` (n)."""
        middle = self._middle(symbols, times)
        keys = self._symbols[symbols]
        spread = 1 + (middle * _SPREAD * -np.log(uniform(keys, times, 2))).astype(np.int64)
        bid = np.maximum(_cents(middle / 100.0) - spread // 2, 1)
        price = bid + (uniform(keys, times, 3) * (spread + 1)).astype(np.int64)
        size = 1 + (_MEAN_SHARES * activity(times) * -np.log(uniform(keys, times, 4))).astype(np.int64)
        return Trades(price, bid, bid + spread, size)

    def shares(self, starts: Times) -> NDArray[np.int64]:
        """Shares of all symbols (s) traded in the minutes that begin at `starts` (n, microseconds since 1970): an array (s, n)."""
        column = self._symbols[:, None]
        mean = _TRADES_A_MINUTE * _MEAN_SHARES * activity(starts)
        return 1 + (mean * -np.log(uniform(column, starts, 5) * uniform(column, starts, 6)) / 2.0).astype(np.int64)

    def _middle(self, symbols: NDArray[np.int64], times: Times) -> Floats:
        """The price between bid and ask, in cents, not rounded."""
        path = paths(self._keys, times)
        column = np.arange(len(times))
        parts = path[0], path[self._sector[symbols], column], path[self._own[symbols], column]
        log_return: Floats = sum((weight[symbols] * part for weight, part in zip(self._weights, parts, strict=True)), np.zeros(len(times)))
        return 100.0 * self._base[symbols] * np.exp(log_return)

    def _trait(self, number: int, bounds: tuple[float, float]) -> Floats:
        """A property of each symbol that never changes, evenly spread between `bounds`."""
        return bounds[0] + (bounds[1] - bounds[0]) * uniform(self._symbols, np.zeros(len(self._symbols), np.int64), 10 + number)


def activity(times: Times) -> Floats:
    """How busy the market is at `times` (n, microseconds since 1970): U-shaped between New York's open and close, quiet outside."""
    days, at = np.unique(times // _DAY_US, return_inverse=True)
    # New York's session lies within one UTC day and its clocks change outside it, so a day has one offset.
    offsets = np.array([_offset_us(int(day)) for day in days], np.int64)
    part = ((times + offsets[at]) % _DAY_US - _OPEN_US) / _SESSION_US
    return np.where((part >= 0.0) & (part < 1.0), 0.55 + 1.8 * (2.0 * part - 1.0) ** 2, _QUIET)


def _offset_us(day: int) -> int:
    noon = datetime.fromtimestamp(day * 86_400 + 61_200, UTC).astimezone(_NEW_YORK)
    offset = noon.utcoffset()
    return int(offset.total_seconds()) * 1_000_000 if offset else 0


def _cents(dollars: Floats) -> Cents:
    return np.rint(dollars * 100.0).astype(np.int64)
