"""Daily closes of several series side by side, and the returns between them.

Only days on which all series have a close count, so that every return spans the same time for each: beside shares, what
trades around the clock has one return from Friday to Monday.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]


class Closes(NamedTuple):
    """Adjusted daily closes of one series: days (n, ascending, no day twice) and prices (n)."""

    days: Days
    prices: Floats


class History(NamedTuple):
    """Common days (n) and the closes of m series on them (n, m)."""

    days: Days
    closes: Floats

    @property
    def returns(self) -> Floats:
        """Simple returns (n - 1, m): close / close before - 1."""
        return self.closes[1:] / self.closes[:-1] - 1

    @property
    def observations(self) -> int:
        """How many returns there are."""
        return max(0, len(self.days) - 1)


def aligned(series: Sequence[Closes], window: int) -> History:
    """The newest `window` returns that all of `series` have in common, or as many as there are."""
    if not series:
        return History(np.empty(0, "datetime64[D]"), np.empty((0, 0)))
    common = reduce(np.intersect1d, (each.days for each in series))[-window - 1 :]
    return History(common, np.column_stack([each.prices[np.searchsorted(each.days, common)] for each in series]))


def converted(closes: Closes, rate: Closes) -> Closes:
    """`closes` times the exchange rate of the same day, on the days that have both."""
    common = np.intersect1d(closes.days, rate.days)
    prices, rates = (each.prices[np.searchsorted(each.days, common)] for each in (closes, rate))
    return Closes(common, prices * rates)


def inverted(rate: Closes) -> Closes:
    """The exchange rate in the other direction."""
    return Closes(rate.days, 1 / rate.prices)
