"""Which holding a portfolio's risk comes from. The components of all holdings sum to the total, exactly.

Profit and loss of a day is value x return, of today's values: what today's portfolio would have made on the days that were.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ticklake.risk.history import Floats
from ticklake.risk.measures import Method, Tail, multipliers, worst_days


class Attribution(NamedTuple):
    """A portfolio's value at risk and expected shortfall in money, the part of each holding (m) in both, and `marginal` (m): by
    how much value at risk grows for each unit of money more in that holding."""

    total: Tail
    value_at_risk: Floats
    shortfall: Floats
    marginal: Floats


def attribution(values: Floats, returns: Floats, level: int, method: Method) -> Attribution:
    """Of holdings worth `values` (m, negative for shorts) with `returns` (n, m; two at least)."""
    at_risk, shortfall = _parametric(values, returns, level) if method is Method.PARAMETRIC else _historical(values, returns, level)
    return Attribution(Tail(float(values @ at_risk), float(values @ shortfall)), values * at_risk, values * shortfall, at_risk)


def _parametric(values: Floats, returns: Floats, level: int) -> tuple[Floats, Floats]:
    """Derivatives (m) of z s - m and of s phi(z) / tail - m by the value of each holding; Euler's theorem makes them sum up."""
    spread = returns - returns.mean(axis=0)
    of_portfolio = spread @ values
    deviation = float(np.sqrt(of_portfolio @ of_portfolio / (len(returns) - 1)))
    slope = spread.T @ of_portfolio / (len(returns) - 1) / deviation if deviation > 0 else np.zeros_like(values)
    z, mean_of_tail = multipliers(level)
    return z * slope - returns.mean(axis=0), mean_of_tail * slope - returns.mean(axis=0)


def _historical(values: Floats, returns: Floats, level: int) -> tuple[Floats, Floats]:
    """Losses (m) of a unit of each holding on the day, or between the two days, that the quantile is, and on the days of the tail."""
    order = np.argsort(returns @ values, kind="stable")
    position = (len(returns) - 1) * (100 - level) / 100
    below = int(position)
    part = position - below
    above = min(below + 1, len(returns) - 1)
    at_risk = -((1 - part) * returns[order[below]] + part * returns[order[above]])
    return at_risk, -returns[order[: worst_days(len(returns), level)]].mean(axis=0)
