"""The portfolios as the Risk page sees them: what each holds at present prices, and what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

from dashboard.look import Key
from dashboard.portfolio.desk import Desk
from dashboard.portfolio.frames import SYNTHETIC, Past
from dashboard.portfolio.live import Live
from dashboard.portfolio.prices import Priced
from dashboard.portfolio.routes import route
from dashboard.shared import Reading
from ticklake.portfolio.model import Portfolio
from ticklake.portfolio.valuation import Line
from ticklake.risk.holdings import Holding


class Rate(NamedTuple):
    """The instrument that tells an exchange rate; `inverse` when it says what the portfolio's currency costs in the other."""

    key: Key
    inverse: bool


class Book(NamedTuple):
    """What a portfolio holds and its cash; `benchmark` and `rates` (by currency, one for each step to the portfolio's; none where the
    rate never moves) are those that have daily closes which it may be held against."""

    name: str
    currency: str
    holdings: Sequence[Holding]
    cash: Decimal = Decimal(0)
    benchmark: Key | None = None
    rates: Mapping[str, tuple[Rate, ...]] = {}


class Books(Protocol):
    """Where portfolios are kept. Calls never raise for a warehouse in trouble."""

    def portfolios(self) -> Reading[Mapping[str, Portfolio]]:
        """All portfolios by id."""
        ...

    def book(self, portfolio: Portfolio, at: datetime) -> Reading[Book]:
        """What a portfolio holds, at the prices of the time `at`."""
        ...


class Position(NamedTuple):
    """A position at a price, in the words of risk."""

    symbol: str
    source: str
    quantity: Decimal
    price: Decimal | None
    rate: Decimal | None
    currency: str | None
    sector: str | None


class DeskBooks:
    """The books of the Portfolio page: the same positions, prices and rates."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def portfolios(self) -> Reading[Mapping[str, Portfolio]]:
        return self._desk.portfolios()

    def book(self, portfolio: Portfolio, at: datetime) -> Reading[Book]:
        ledger = self._desk.ledger(portfolio, at)
        if ledger.value is None:
            return Reading(None, ledger.problem)
        live = self._desk.live(ledger.value, at)
        return Reading(None if live.value is None else book_of(live.value), ledger.problem or live.problem)


def book_of(live: Live) -> Book:
    """What a valued ledger holds."""
    portfolio, pasts = live.ledger.portfolio, live.ledger.pasts

    def known(symbol: str | None) -> Key | None:
        past = pasts.get(symbol or "")
        return (symbol or "", past.source) if past and (portfolio.demo or past.source not in SYNTHETIC) else None

    currencies = {line.position.currency for line in live.valuation.lines} - {portfolio.currency}
    routes = {currency: found for currency in currencies if (found := route(currency, portfolio.currency, known))}
    return Book(
        portfolio.name,
        portfolio.currency,
        [_position(line, live.priced[line.position.symbol], pasts.get(line.position.symbol), live.sectors) for line in live.valuation.lines],
        live.valuation.cash,
        known(portfolio.benchmark),
        {currency: tuple(Rate(key, pair.inverse) for pair, key in zip(way.pairs, way.known, strict=True)) for currency, way in routes.items()},
    )


def _position(line: Line, priced: Priced, past: Past | None, sectors: Mapping[str, str]) -> Position:
    symbol = line.position.symbol
    source = priced.told.source if priced.told else past.source if past else ""
    return Position(symbol, source, line.position.quantity, line.price, line.rate, line.position.currency, sectors.get(symbol))
