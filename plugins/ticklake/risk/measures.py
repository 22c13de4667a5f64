"""Figures of one series of returns (n, oldest first), as CURATED.RISK and CURATED.VOLATILITY have them.

Losses are positive. Each function takes as many observations as it gets: whether these are enough is `sufficiency`'s.
"""

from __future__ import annotations

from enum import StrEnum
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from ticklake.risk.history import Floats

DECAY = 0.94
"""Weight of a day against the one after it (RiskMetrics)."""

FLAT = 1e-12
"""A variance below this part of the mean square is what rounding leaves of a series that does not move."""


class Method(StrEnum):
    """How a loss is estimated: from the days that were, or from a normal distribution with their mean and deviation."""

    HISTORICAL = "historical"
    PARAMETRIC = "parametric"


class Tail(NamedTuple):
    """Value at risk and expected shortfall over one day."""

    value_at_risk: float
    shortfall: float


def tail(returns: Floats, level: int, method: Method) -> Tail:
    """What is lost at most on `level` (95, 99) of a hundred days, and on average on the others.

    Historical: the quantile between neighbours (position (n - 1) x tail), and the mean of the worst n x tail returns,
    rounded up to whole ones. Parametric: z s - m and s phi(z) / tail - m.
    """
    if method is Method.HISTORICAL:
        worst = np.sort(returns)[: worst_days(len(returns), level)]
        return Tail(float(-np.quantile(returns, (100 - level) / 100)), float(-worst.mean()))
    mean, deviation = float(returns.mean()), float(returns.std(ddof=1))
    at_risk, shortfall = multipliers(level)
    return Tail(at_risk * deviation - mean, shortfall * deviation - mean)


def multipliers(level: int) -> tuple[float, float]:
    """Deviations of a normal distribution that value at risk and expected shortfall at `level` lie below its mean."""
    normal = NormalDist()
    z = normal.inv_cdf(level / 100)
    return z, normal.pdf(z) / (1 - level / 100)


def worst_days(observations: int, level: int) -> int:
    """How many of so many days are the tail."""
    return -(-observations * (100 - level) // 100)


def volatility(returns: Floats, annualisation: float) -> float:
    """Yearly deviation of `returns` around their mean; `annualisation` is periods a year."""
    return float(np.sqrt(returns.var(ddof=1) * annualisation))


def ewma_volatility(returns: Floats, annualisation: float) -> float:
    """Yearly deviation with weights that fall by `DECAY` a day, around zero."""
    weights = DECAY ** np.arange(len(returns))[::-1]
    return float(np.sqrt(np.average(returns**2, weights=weights) * annualisation))


def drawdowns(values: Floats) -> Floats:
    """By how much each of `values` (n, above 0) is below the highest so far (n, as a share of it)."""
    return 1 - values / np.maximum.accumulate(values)


def beta(returns: Floats, market: Floats) -> float | None:
    """Covariance with the market's returns (n) over their variance; None when the market does not move."""
    spread = market - market.mean()
    variance = float(spread @ spread)
    if variance <= FLAT * float(market @ market):
        return None
    return float((returns - returns.mean()) @ spread) / variance


def correlation(one: Floats, other: Floats) -> float | None:
    """Pearson's, of two series of the same days (n); None when one of them does not move."""
    a, b = one - one.mean(), other - other.mean()
    if a @ a <= FLAT * (one @ one) or b @ b <= FLAT * (other @ other):
        return None
    return float(np.clip((a @ b) / np.sqrt((a @ a) * (b @ b)), -1, 1))


def rolling_correlation(one: Floats, other: Floats, window: int) -> list[float | None]:
    """The correlation of each `window` neighbouring days of two series (n): n - window + 1 figures, none when there are fewer days."""
    return [correlation(one[at : at + window], other[at : at + window]) for at in range(len(one) - window + 1)]
