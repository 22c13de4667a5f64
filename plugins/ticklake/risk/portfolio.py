"""A portfolio's figures of risk: today's positions over the days that were."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import NamedTuple

import numpy as np

from ticklake.instruments import ALWAYS_OPEN
from ticklake.risk.attribution import Attribution, attribution
from ticklake.risk.history import Closes, Floats, History, aligned
from ticklake.risk.holdings import Exposure, Exposures, Key
from ticklake.risk.measures import Method, beta, drawdowns, ewma_volatility, volatility
from ticklake.risk.sufficiency import LEAST_RISK, Figure, figure, fresh_from, least_tail

WINDOW = 252
"""Returns that are looked at, as many as CURATED.RISK has."""

LEVELS = (95, 99)

YEAR_EXCHANGE, YEAR_ALWAYS = 252.0, 365.0
"""Days a year: as soon as one holding trades at an exchange, the common days are its sessions."""

NO_SHARE = "n/a: the net value is not above zero"


class Series(NamedTuple):
    """Daily closes of a holding in the portfolio's currency, and its exchange calendar (None: unknown)."""

    closes: Closes
    calendar: str | None


class Basis(NamedTuple):
    """What a portfolio is measured by: the holdings that have daily closes, and the days that these have in common.

    `missing` have no closes and are left out; `shortest` has the fewest closes, `oldest` the oldest newest close; a common day
    before `fresh_from` is stale.
    """

    covered: tuple[Exposure, ...]
    missing: tuple[Key, ...]
    history: History
    annualisation: float
    fresh_from: date
    shortest: Key | None
    oldest: Key | None
    cash: float = 0.0

    @property
    def values(self) -> Floats:
        """Amounts of `covered` (m)."""
        return np.array([each.value for each in self.covered])

    @property
    def net(self) -> float:
        """Sum of `values`, and cash."""
        return float(self.values.sum()) + self.cash


class Tails(NamedTuple):
    """Value at risk and expected shortfall of one level and method, amounts of money, and where they come from (None without a number)."""

    value_at_risk: Figure
    shortfall: Figure
    parts: Attribution | None


class PortfolioRisk(NamedTuple):
    """Figures of a portfolio: volatilities and drawdowns are shares of its net value, `tails` by level and method are amounts."""

    volatility: Figure
    ewma: Figure
    drawdown: Figure
    deepest: Figure
    beta: Figure
    tails: Mapping[tuple[int, Method], Tails]


def basis(exposures: Exposures, series: Mapping[Key, Series], now: datetime) -> Basis:
    """The common days of what is held at `now`."""
    covered = tuple(each for each in exposures.known if each.key in series and len(series[each.key].closes.days))
    closes = {each.key: series[each.key].closes for each in covered}
    calendars = {name for each in covered if (name := series[each.key].calendar) and name != ALWAYS_OPEN}
    return Basis(
        covered,
        tuple(each.key for each in exposures.known if each.key not in closes),
        aligned(list(closes.values()), WINDOW),
        YEAR_EXCHANGE if calendars else YEAR_ALWAYS,
        min((fresh_from(name, now) for name in calendars), default=fresh_from(None, now)),
        min(closes, key=lambda key: len(closes[key].days), default=None),
        min(closes, key=lambda key: closes[key].days[-1], default=None),
        exposures.cash,
    )


def portfolio_risk(of: Basis, series: Mapping[Key, Series], benchmark: Closes | None) -> PortfolioRisk:
    """All figures of a basis made of `series`; without closes of a benchmark there is no beta."""

    def share(value: Callable[[], float]) -> Figure:
        return _figure(of, of.history, LEAST_RISK, lambda: value() if of.net > 0 else None, NO_SHARE)

    beside = _beside(of, series, benchmark)
    return PortfolioRisk(
        share(lambda: volatility(_returns(of, of.history), of.annualisation)),
        share(lambda: ewma_volatility(_returns(of, of.history), of.annualisation)),
        share(lambda: float(drawdowns(_path(of))[-1])),
        share(lambda: float(drawdowns(_path(of)).max())),
        _figure(of, beside, LEAST_RISK, lambda: beta(_returns(of, beside), beside.returns[:, -1]) if of.net > 0 else None, NO_SHARE),
        {(level, method): _tails(of, level, method) for level in LEVELS for method in Method},
    )


def _tails(of: Basis, level: int, method: Method) -> Tails:
    least = least_tail(level, method)
    parts = attribution(of.values, of.history.returns, level, method) if of.history.observations >= least else None
    total = parts.total if parts else None
    at_risk = _figure(of, of.history, least, lambda: total.value_at_risk if total else None)
    shortfall = _figure(of, of.history, least, lambda: total.shortfall if total else None)
    return Tails(at_risk, shortfall, parts if at_risk.why is None else None)


def _figure(of: Basis, days: History, least: int, value: Callable[[], float | None], nothing: str = "") -> Figure:
    as_of = days.days[-1].astype(object) if len(days.days) else None
    return figure(value, days.observations, least, as_of, of.fresh_from, nothing)


def _returns(of: Basis, days: History) -> Floats:
    """What each day would have changed the net value by, as a share of it (n)."""
    held: Floats = days.returns[:, : len(of.covered)] @ of.values / of.net
    return held


def _path(of: Basis) -> Floats:
    """The value of today's quantities and cash at each day's closes (n + 1)."""
    held: Floats = of.history.closes / of.history.closes[-1] @ of.values + of.cash
    return held


def _beside(of: Basis, series: Mapping[Key, Series], benchmark: Closes | None) -> History:
    """The days that the holdings and their benchmark, which comes last, have in common."""
    return aligned([*(series[each.key].closes for each in of.covered), benchmark], WINDOW) if benchmark and of.covered else aligned([], WINDOW)
