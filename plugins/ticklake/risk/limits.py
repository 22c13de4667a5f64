"""Limits of a portfolio and whether it keeps them: red, amber or green, and what breaches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from ticklake.risk.concentration import Concentration
from ticklake.risk.measures import Method
from ticklake.risk.portfolio import PortfolioRisk
from ticklake.risk.sufficiency import Figure

ROUNDING = 1e-9
"""What a sum of floats may be beyond a bound that it meets exactly."""


class Status(StrEnum):
    """What to make of a limit; the icons differ in shape, not only in colour."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"
    UNKNOWN = "unknown"

    @property
    def icon(self) -> str:
        return {"red": "✖", "amber": "▲", "green": "●", "unknown": "○"}[self]

    @property
    def word(self) -> str:
        return {"red": "BREACH", "amber": "NEAR", "green": "within", "unknown": "not known"}[self]


class Metric(StrEnum):
    """What is limited; all but the Herfindahl index and beta are shares, where 0.2 is 20 %."""

    POSITION = "position"
    TOP_FIVE = "top_five"
    HERFINDAHL = "herfindahl"
    SECTOR = "sector"
    CURRENCY = "currency"
    VAR_95 = "var_95"
    VAR_99 = "var_99"
    SHORTFALL_95 = "shortfall_95"
    VOLATILITY = "volatility"
    DRAWDOWN = "drawdown"
    BETA = "beta"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Metric.POSITION: "Largest position, share of gross",
    Metric.TOP_FIVE: "Five largest positions, share of gross",
    Metric.HERFINDAHL: "Herfindahl index (HHI) of positions",
    Metric.SECTOR: "Largest sector, share of gross",
    Metric.CURRENCY: "Largest currency, share of gross",
    Metric.VAR_95: "VaR 95 % one day, historical, share of net",
    Metric.VAR_99: "VaR 99 % one day, historical, share of net",
    Metric.SHORTFALL_95: "Expected shortfall 95 % one day, historical, share of net",
    Metric.VOLATILITY: "Volatility a year, share of net",
    Metric.DRAWDOWN: "Drawdown now, share of the peak",
    Metric.BETA: "Beta, size",
}


class Limit(NamedTuple):
    """Up to `amber` is within, up to `red` is near, beyond is a breach."""

    metric: Metric
    amber: float
    red: float


class Observed(NamedTuple):
    """A limited figure: `parts` are those that it may be breached by, by name (empty where there is only the figure itself)."""

    value: float | None
    parts: Mapping[str, float] = {}
    why: str | None = None


class Check(NamedTuple):
    """A limit, what was found, and which parts are beyond amber (or red), largest first."""

    limit: Limit
    status: Status
    value: float | None
    offenders: tuple[tuple[str, float], ...]
    why: str | None


HOUSE_LIMITS = (
    Limit(Metric.POSITION, 0.10, 0.15),
    Limit(Metric.TOP_FIVE, 0.40, 0.60),
    Limit(Metric.HERFINDAHL, 0.10, 0.18),
    Limit(Metric.SECTOR, 0.30, 0.40),
    Limit(Metric.VAR_95, 0.02, 0.03),
    Limit(Metric.SHORTFALL_95, 0.03, 0.045),
    Limit(Metric.DRAWDOWN, 0.10, 0.20),
    Limit(Metric.BETA, 1.2, 1.5),
)
"""In force until somebody sets others for a portfolio."""


def observed(found: Concentration | None, risk: PortfolioRisk | None, net: float) -> dict[Metric, Observed]:
    """What a portfolio of that net value has of each metric."""
    nothing = "nothing is held"
    made = {metric: Observed(None, {}, nothing) for metric in Metric}
    if found:
        grouped = {Metric.POSITION: found.positions, Metric.SECTOR: found.sectors, Metric.CURRENCY: found.currencies}
        made |= {metric: Observed(max(parts.values()), parts) for metric, parts in grouped.items()}
        made |= {Metric.TOP_FIVE: Observed(found.top_five), Metric.HERFINDAHL: Observed(found.herfindahl)}
    if risk:
        tails = {level: risk.tails[level, Method.HISTORICAL] for level in (95, 99)}
        made |= {
            Metric.VAR_95: _share(tails[95].value_at_risk, net),
            Metric.VAR_99: _share(tails[99].value_at_risk, net),
            Metric.SHORTFALL_95: _share(tails[95].shortfall, net),
            Metric.VOLATILITY: _of(risk.volatility),
            Metric.DRAWDOWN: _of(risk.drawdown),
            Metric.BETA: Observed(None if risk.beta.value is None else abs(risk.beta.value), {}, risk.beta.why),
        }
    return made


def check(limits: Iterable[Limit], found: Mapping[Metric, Observed]) -> list[Check]:
    """Each limit against what was found, breaches first; a figure that is not known neither keeps nor breaches its limit."""
    return sorted((_check(limit, found[limit.metric]) for limit in limits), key=lambda each: list(Status).index(each.status))


def _check(limit: Limit, found: Observed) -> Check:
    if found.value is None:
        return Check(limit, Status.UNKNOWN, None, (), found.why)
    status = Status.RED if _is_beyond(found.value, limit.red) else Status.AMBER if _is_beyond(found.value, limit.amber) else Status.GREEN
    bound = limit.red if status is Status.RED else limit.amber
    return Check(limit, status, found.value, tuple((name, value) for name, value in found.parts.items() if _is_beyond(value, bound)), None)


def _is_beyond(value: float, bound: float) -> bool:
    return value - bound > ROUNDING


def _share(amount: Figure, net: float) -> Observed:
    if amount.value is None:
        return _of(amount)
    return Observed(amount.value / net) if net > 0 else Observed(None, {}, "n/a: the net value is not above zero")


def _of(figure: Figure) -> Observed:
    return Observed(figure.value, {}, figure.why)
