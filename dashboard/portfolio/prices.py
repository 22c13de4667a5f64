"""Prices and rates of a moment: of each instrument its primary source's, and nothing synthetic unless the portfolio is a demo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from dashboard.once import once
from dashboard.portfolio.frames import SYNTHETIC, UNLISTED, Listed, Past
from dashboard.portfolio.routes import route
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
    event_time: datetime
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
    columns = (board[name] for name in ("SYMBOL", "SOURCE", "FEED", "PRICE", "CHANGE", "EVENT_TIME", "RECEIVED_AT"))
    for symbol, *ticked_of in zip(*columns, strict=True):
        found[symbol].append(Ticked(*ticked_of))
    return found


@dataclass(frozen=True)
class Market:
    """All that is known of prices at the time `at`: ticks by symbol, closes of the past, the instrument list, and splits by symbol, as days
    with ratios: a price from before one is divided by its ratio."""

    ticks: Mapping[str, list[Ticked]]
    pasts: Mapping[str, Past]
    listed: Mapping[str, Listed]
    splits: Mapping[str, Sequence[tuple[date, Decimal]]]
    demo: bool
    at: datetime
    _days: dict[str, tuple[date, date]] = field(default_factory=dict, repr=False, compare=False)

    def price(self, symbol: str) -> Priced:
        """The newest price of `symbol`: a tick, or else the last close, which also stands for a tick of a day before it.

        The close before is that of the day before; without it, what the board's change is against. It is not known while the last
        close is all there is.
        """
        listed = self.listed.get(symbol, UNLISTED)
        day, before = self._trading(listed.calendar)
        past = self._past(symbol)
        last = Closes(past).last(day)
        ticks = [each for each in self.ticks.get(symbol, []) if listed.source in ("", each.source)]
        allowed = [each for each in ticks if each.price > 0 and (self.demo or each.feed != "synthetic")]
        if len(allowed) > 1:
            return Priced(SEVERAL)
        if allowed and (ticked_on := trading_day(listed.calendar, allowed[0].event_time)) >= (last or date.min):
            tick = allowed[0]
            base = past.get(before) or (_decimal(tick.price - tick.change) if tick.price > tick.change else None)
            return Priced(Quote(self._since(symbol, _decimal(tick.price), ticked_on), base), Told(tick.source, tick.feed, tick.received_at))
        if last:
            told = Told(self.pasts[symbol].source, "eod", None, last)
            return Priced(Quote(self._since(symbol, past[last], last), past.get(before) if last > before else None), told)
        return Priced(MADE_UP if ticks or symbol in self.pasts else NO_PRICE)

    def rate(self, currency: str, base: str) -> Priced:
        """What one unit of `currency` is in `base`, by the instruments that tell it, and who told the one that is longest ago.

        Where the rate before is not known, it is the rate of now.
        """
        if currency == base:
            return Priced(UNIT)
        found = route(currency, base, self._quoted)
        if found is None:
            return Priced(Missing(f"no rate of {currency} in {base}"))
        legs = list(zip(found.pairs, found.known, strict=True))
        now = found.rate(quote.price for _, (quote, _) in legs)
        before = found.rate(quote.before or self._close_before(pair.symbol) or quote.price for pair, (quote, _) in legs)
        told = sorted((told for _, (_, told) in legs if told), key=_told_at)
        return Priced(Quote(now, before), told[0] if told else None)

    def day(self, symbol: str) -> date:
        """The trading day that it is for `symbol`."""
        return self._trading(self.listed.get(symbol, UNLISTED).calendar)[0]

    def sector(self, symbol: str) -> str:
        """The sector on the instrument list; empty when it says none."""
        return self.listed.get(symbol, UNLISTED).sector

    def currency(self, symbol: str) -> str:
        """What it trades in, by the instrument list; empty when it says nothing."""
        return self.listed.get(symbol, UNLISTED).currency

    def _trading(self, calendar: str) -> tuple[date, date]:
        """The trading day that it is by a calendar, and the one before."""
        if calendar not in self._days:
            day = trading_day(calendar, self.at)
            self._days[calendar] = day, day_before(calendar, day)
        return self._days[calendar]

    def _since(self, symbol: str, price: Decimal, day: date) -> Decimal:
        """A price of `day` as shares trade today."""
        for ex_date, ratio in self.splits.get(symbol, ()):
            if day < ex_date:
                price /= ratio
        return price

    def _close_before(self, symbol: str) -> Decimal | None:
        return Closes(self._past(symbol)).on(self.day(symbol) - timedelta(days=1))

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


def _told_at(told: Told) -> datetime:
    """When a price was told; a close, at the end of its day."""
    if told.received_at is not None:
        return told.received_at
    return datetime.combine(told.closed_on or date.min, time.max, UTC)


def _decimal(value: float) -> Decimal:
    """A price as it was before it became a float."""
    return round(Decimal(repr(float(value))), 8)
