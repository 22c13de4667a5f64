"""Prices and rates of a moment: of each instrument its primary source's, and nothing synthetic unless the portfolio is a demo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from dashboard.once import once
from dashboard.portfolio.frames import SYNTHETIC, UNLISTED, Listed, Past
from ticklake.portfolio.fx import find
from ticklake.portfolio.history import Closes
from ticklake.portfolio.trading_day import day_before, trading_day
from ticklake.portfolio.valuation import UNIT, Missing, Quote

NO_PRICE = Missing("no price has arrived")
MADE_UP = Missing("only synthetic prices, and this portfolio is no demo")
SEVERAL = Missing("several sources and none is primary: name it in ticklake.yaml")


class Ticked(NamedTuple):
    """A row of the board."""

    source: str
    feed: str
    price: float
    change: float
    received_at: datetime


class Told(NamedTuple):
    """Who told a price: source and feed, and when it was received; `closed_on` is set of a daily close, which stands in for a tick."""

    source: str
    feed: str
    received_at: datetime | None
    closed_on: date | None = None


class Priced(NamedTuple):
    """A price with its close before, and who told it; or why there is none."""

    quote: Quote | Missing
    told: Told | None = None


@once(kept=2)
def ticked(board: pd.DataFrame) -> Mapping[str, list[Ticked]]:
    """The rows of a board by symbol."""
    found: defaultdict[str, list[Ticked]] = defaultdict(list)
    columns = (board[name] for name in ("SYMBOL", "SOURCE", "FEED", "PRICE", "CHANGE", "RECEIVED_AT"))
    for symbol, *ticked_of in zip(*columns, strict=True):
        found[symbol].append(Ticked(*ticked_of))
    return found


@dataclass(frozen=True)
class Market:
    """All that is known of prices at the time `at`: ticks by symbol, closes of the past, the instrument list."""

    ticks: Mapping[str, list[Ticked]]
    pasts: Mapping[str, Past]
    listed: Mapping[str, Listed]
    demo: bool
    at: datetime

    def price(self, symbol: str) -> Priced:
        """The newest price of `symbol`: a tick, or else the last close.

        The close before is that of the day before; without it, what the board's change is against. It is not known while the last
        close is all there is.
        """
        listed = self.listed.get(symbol, UNLISTED)
        day = trading_day(listed.calendar, self.at)
        before = day_before(listed.calendar, day)
        past = self._past(symbol)
        ticks = [each for each in self.ticks.get(symbol, []) if listed.source in ("", each.source)]
        allowed = [each for each in ticks if each.price > 0 and (self.demo or each.feed != "synthetic")]
        if len(allowed) > 1:
            return Priced(SEVERAL)
        if allowed:
            tick = allowed[0]
            base = past.get(before) or (_decimal(tick.price - tick.change) if tick.price > tick.change else None)
            return Priced(Quote(_decimal(tick.price), base), Told(tick.source, tick.feed, tick.received_at))
        last = Closes(past).last(day)
        if last:
            told = Told(self.pasts[symbol].source, "eod", None, last)
            return Priced(Quote(past[last], past.get(before) if last > before else None), told)
        return Priced(MADE_UP if ticks or symbol in self.pasts else NO_PRICE)

    def rate(self, currency: str, base: str) -> Priced:
        """What one unit of `currency` is in `base`, by the instrument that tells it; as before, where the rate before is not known."""
        if currency == base:
            return Priced(UNIT)
        found = find(currency, base, self._quoted)
        if found is None:
            return Priced(Missing(f"no rate of {currency} in {base}"))
        pair, (quote, told) = found
        earlier = quote.before or Closes(self._past(pair.symbol)).on(self.day(pair.symbol) - timedelta(days=1)) or quote.price
        return Priced(Quote(pair.rate(quote.price), pair.rate(earlier)), told)

    def day(self, symbol: str) -> date:
        """The trading day that it is for `symbol`."""
        return trading_day(self.listed.get(symbol, UNLISTED).calendar, self.at)

    def sector(self, symbol: str) -> str:
        """The sector on the instrument list; empty when it says none."""
        return self.listed.get(symbol, UNLISTED).sector

    def currency(self, symbol: str) -> str:
        """What it trades in, by the instrument list; empty when it says nothing."""
        return self.listed.get(symbol, UNLISTED).currency

    def _quoted(self, symbol: str) -> tuple[Quote, Told | None] | None:
        found = self.price(symbol)
        return (found.quote, found.told) if isinstance(found.quote, Quote) else None

    def _past(self, symbol: str) -> Mapping[date, Decimal]:
        return allowed_closes(self.pasts.get(symbol), self.demo)


def allowed_closes(past: Past | None, demo: bool) -> Mapping[date, Decimal]:
    """The closes that a portfolio may be valued by."""
    return past.closes if past and (demo or past.source not in SYNTHETIC) else {}


def feeds(told: Iterable[Told | None]) -> list[str]:
    """The feeds of prices, each once."""
    return sorted({each.feed for each in told if each})


def _decimal(value: float) -> Decimal:
    """A price as it was before it became a float."""
    return round(Decimal(repr(float(value))), 8)
