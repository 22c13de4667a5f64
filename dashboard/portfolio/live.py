"""A ledger at the prices of a moment: the valuation, who told each price, and the return up to now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from dashboard.portfolio.frames import SYNTHETIC
from dashboard.portfolio.ledger import Ledger
from dashboard.portfolio.prices import Market, Priced
from dashboard.portfolio.routes import unit_in_doubt
from ticklake.portfolio.book import Position
from ticklake.portfolio.history import Day, rebased, time_weighted
from ticklake.portfolio.valuation import Missing, Quote, Valuation, value

Growth = list[tuple[date, float]]
"""Of one unit, by day."""


@dataclass(frozen=True)
class Live:
    """`priced` are the prices by symbol; `growth` is the portfolio's, its last day being `today`, and `benchmark` the benchmark's over the
    same days. Either is empty where `no_growth` or `no_benchmark` says why."""

    ledger: Ledger
    valuation: Valuation
    priced: Mapping[str, Priced]
    sectors: Mapping[str, str]
    today: date
    growth: Growth
    no_growth: str | None
    benchmark: Growth
    no_benchmark: str | None

    @property
    def time_weighted(self) -> float | None:
        """The return of the time that `growth` covers."""
        return self.growth[-1][1] - 1 if self.growth else None

    @property
    def benchmark_return(self) -> float | None:
        """The benchmark's over the same time."""
        return self.benchmark[-1][1] - 1 if self.benchmark else None


def live(ledger: Ledger, market: Market) -> Live:
    """The ledger at the prices of `market`."""
    book = ledger.book
    priced = {symbol: _priced(position, market) for symbol, position in book.positions.items()}
    rates = {currency: market.rate(currency, ledger.portfolio.currency).quote for currency in {each.currency for each in book.positions.values()}}
    days = {symbol: market.day(symbol) for symbol in book.positions}
    today = max((day for symbol, day in days.items() if book.positions[symbol].lots), default=market.at.date())
    earlier = {symbol: position for symbol, day in days.items() if (position := ledger.before(day).positions.get(symbol))}
    found = value(book, ledger.before(today), earlier, {symbol: each.quote for symbol, each in priced.items()}, rates)
    growth, no_growth = _growth(ledger, found, priced, rates, today)
    benchmark, no_benchmark = _benchmark(ledger, market, growth, today)
    sectors = {symbol: market.sector(symbol) for symbol in book.positions}
    return Live(ledger, found, priced, sectors, today, growth, no_growth, benchmark, no_benchmark)


def _priced(position: Position, market: Market) -> Priced:
    currency = market.currency(position.symbol)
    doubt = unit_in_doubt(position.currency) if currency == "" else None
    if doubt:
        return Priced(Missing(f"its prices may be in {doubt}, a hundredth of {position.currency}: give its currency in ticklake.yaml"))
    if currency in ("", position.currency):
        return market.price(position.symbol)
    return Priced(Missing(f"it trades in {currency} and is booked in {position.currency}"))


def _growth(ledger: Ledger, valuation: Valuation, priced: Mapping[str, Priced], rates: Mapping[str, Quote | Missing], today: date) -> tuple[Growth, str | None]:
    """Days up to the close before, then today at the prices of now; why there are none."""
    if not ledger.books:
        return [], "no transaction yet"
    if valuation.value.without:
        return [], f"without a price of {', '.join(valuation.value.without)}"
    past = ledger.history(today)
    done = len(_flows(ledger, past[-1].day)) if past else 0
    flow = Decimal(0)
    for each in ledger.book.flows[done:]:
        quote, rate = (priced[each.symbol].quote, rates[ledger.book.positions[each.symbol].currency]) if each.symbol else (None, None)
        at_market = each.quantity * quote.price * rate.price if isinstance(quote, Quote) and isinstance(rate, Quote) else each.amount
        flow += at_market
    found = time_weighted([*past, Day(today, valuation.value.amount, flow)])
    return (found, None) if len(found) > 1 else ([], "it begins at the first close after the first transaction")


def _flows(ledger: Ledger, day: date) -> tuple[object, ...]:
    """The flows up to the end of `day`."""
    return ledger.before(day + timedelta(days=1)).flows


def _benchmark(ledger: Ledger, market: Market, growth: Growth, today: date) -> tuple[Growth, str | None]:
    symbol = ledger.portfolio.benchmark
    if symbol is None:
        return [], "this portfolio has none"
    if not growth:
        return [], "the portfolio has no return to hold it against"
    past = ledger.pasts.get(symbol)
    if past is None:
        return [], f"no daily closes of {symbol}"
    if past.source in SYNTHETIC and not ledger.portfolio.demo:
        return [], f"{symbol} has only synthetic prices, and this portfolio is no demo"
    closes = [(day, close) for day, close in sorted(past.adjusted.items()) if day < today]
    now, told = market.price(symbol)
    if isinstance(now, Quote) and told and told.closed_on in (None, today):  # an older close is among them
        closes.append((today, now.price))
    found = rebased(closes, growth[0][0])
    if not found:
        return [], f"no close of {symbol} as old as the portfolio"
    return (found, None) if len(found) > 1 else ([], f"no price of {symbol} since {growth[0][0]}")
