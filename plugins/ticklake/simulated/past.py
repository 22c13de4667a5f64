"""The synthetic market's past in bars: the path on which the simulator trades, looked at every ten seconds or quarter of an hour.

Highs and lows are those of what was looked at, so that a year of days is cheap; a trade between may lie a little outside. Volumes
are those of a trade of each symbol a second. Like the path, all is a pure function of the seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ticklake.daily import DailyBar, Prices
from ticklake.simulated.market import Market

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ticklake.calendars import Session
    from ticklake.instruments import Instrument
    from ticklake.simulated.bridge import Times
    from ticklake.simulated.market import Cents

MINUTE_US = 60_000_000
_LOOKS_US = np.arange(0, MINUTE_US + 1, 10_000_000)
_STEP_US = 15 * MINUTE_US
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CENT = Decimal("0.01")


class Minutes(NamedTuple):
    """Bars of s symbols and n minutes, arrays (s, n): prices in cents, volume in shares."""

    open: Cents
    high: Cents
    low: Cents
    close: Cents
    volume: NDArray[np.int64]


def minutes(seed: int, instruments: Sequence[Instrument], starts: Times) -> Minutes:
    """The minutes that begin at `starts` (n, microseconds since 1970), of all `instruments`."""
    market = Market(seed, instruments)
    looks = (starts[:, None] + _LOOKS_US).ravel()
    prices = market.prices(looks).reshape(len(instruments), len(starts), len(_LOOKS_US))
    return Minutes(prices[..., 0], prices.max(axis=-1), prices.min(axis=-1), prices[..., -1], market.shares(starts))


def days(seed: int, instrument: Instrument, sessions: Sequence[Session]) -> list[DailyBar]:
    """The bar of each of `sessions`, from its open to its close."""
    if not sessions:
        return []
    market = Market(seed, [instrument])
    looks = [np.append(np.arange(_us(each.opens_at), _us(each.closes_at), _STEP_US), _us(each.closes_at)) for each in sessions]
    begins = np.cumsum([0, *(len(each) for each in looks[:-1])])
    times = np.concatenate(looks)
    prices = market.prices(times)[0]
    # The look at the close begins no further minutes.
    shares = np.where(np.isin(np.arange(len(times)), begins - 1) | (np.arange(len(times)) == len(times) - 1), 0, market.shares(times)[0])
    ends = np.append(begins[1:], len(times)) - 1
    columns = prices[begins], np.maximum.reduceat(prices, begins), np.minimum.reduceat(prices, begins), prices[ends]
    volumes = np.add.reduceat(shares, begins) * (_STEP_US // MINUTE_US)
    return [
        DailyBar(session.day, Prices(*(int(cents) * _CENT for cents in row)), int(volume))
        for session, *row, volume in zip(sessions, *columns, volumes, strict=True)
    ]


def _us(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
