"""Value and flows of a portfolio by day, and its time-weighted return."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import NamedTuple

from ticklake.portfolio.book import Book, Flow
from ticklake.portfolio.exact import EXACT, ZERO

CARRIED = timedelta(days=7)
"""How old a close may be that stands in where an exchange had a holiday."""


class Day(NamedTuple):
    """A day's value at the close, and what the owner brought in since the day before, at that close; `without` has no price."""

    day: date
    value: Decimal
    flow: Decimal
    without: tuple[str, ...] = ()


class Closes:
    """Closes of one symbol as traded, by date."""

    def __init__(self, closes: Mapping[date, Decimal], splits: Sequence[tuple[date, Decimal]] = ()) -> None:
        """`splits` are ex-dates with ratios: a close that is carried over one is divided by it."""
        self._days = sorted(closes)
        self._closes, self._splits = closes, splits

    @property
    def days(self) -> Sequence[date]:
        """Days that have a close of their own, oldest first."""
        return self._days

    def on(self, day: date) -> Decimal | None:
        """The close of `day`, or the last one before it, comparable with prices of `day`; None when that is more than `CARRIED` ago."""
        found = self.last(day)
        if found is None or day - found > CARRIED:
            return None
        close = self._closes[found]
        for ex_date, ratio in self._splits:
            if found < ex_date <= day:
                close /= ratio
        return close

    def last(self, day: date) -> date | None:
        """The newest day with a close, up to `day`."""
        index = bisect_right(self._days, day)
        return self._days[index - 1] if index else None


def by_day(
    books: Sequence[tuple[date, Book]], valued_on: Sequence[date], close: Callable[[str, date], Decimal | None], rate: Callable[[str, date], Decimal | None]
) -> list[Day]:
    """The portfolio on each of `valued_on` (oldest first, from the first book on), from its `books` at the end of the days of transactions.

    What happened on a day without a close belongs to the next that has one. Shares in kind flow at the close.
    """
    found: list[Day] = []
    dates = [day for day, _ in books]
    flowed = 0
    with localcontext(EXACT):
        for day in valued_on:
            index = bisect_right(dates, day)
            if index == 0:
                continue
            book = books[index - 1][1]
            worth: dict[str, Decimal | None] = {symbol: _price(book, symbol, day, close, rate) for symbol, each in book.positions.items() if each.lots}
            total = sum((book.positions[symbol].quantity * price for symbol, price in worth.items() if price is not None), book.cash)
            flows = book.flows[flowed:]
            flowed = len(book.flows)
            flow = sum((_flow(book, each, day, close, rate) for each in flows), ZERO)
            found.append(Day(day, total, flow, tuple(symbol for symbol, price in worth.items() if price is None)))
    return found


def complete(days: Sequence[Day]) -> Sequence[Day]:
    """The newest days without a gap: those after the last on which something had no price."""
    last = max((index for index, each in enumerate(days) if each.without), default=-1)
    return days[last + 1 :]


def time_weighted(days: Sequence[Day]) -> list[tuple[date, float]]:
    """Growth of one unit, from 1 on the first day with a value: the product of (value - flow) / value of the day before.

    Flows count at the close of their day (the Modified Dietz method with weight 0; CFA Institute, Global Investment Performance
    Standards, "Guidance Statement on Calculation Methodology": with daily valuation the return is truly time-weighted). A day
    that begins with nothing, or less, has no return; the chain goes on from it.
    """
    growth: list[tuple[date, float]] = []
    reached, before = 1.0, ZERO
    for each in days:
        if before > 0:
            reached *= float((each.value - each.flow) / before)
        if growth or each.value > 0:
            growth.append((each.day, reached))
        before = each.value
    return growth


def rebased(closes: Sequence[tuple[date, Decimal]], first: date) -> list[tuple[date, float]]:
    """A benchmark as growth of one unit from its close on or last before `first`; empty when there is none."""
    begin = bisect_right([day for day, _ in closes], first) - 1
    if begin < 0:
        return []
    base = closes[begin][1]
    return [(max(day, first), float(close / base)) for day, close in closes[begin:]]


def _price(book: Book, symbol: str, day: date, close: Callable[[str, date], Decimal | None], rate: Callable[[str, date], Decimal | None]) -> Decimal | None:
    price, unit = close(symbol, day), rate(book.positions[symbol].currency, day)
    return None if price is None or unit is None else price * unit


def _flow(book: Book, flow: Flow, day: date, close: Callable[[str, date], Decimal | None], rate: Callable[[str, date], Decimal | None]) -> Decimal:
    if flow.symbol is None:
        return flow.amount
    price = _price(book, flow.symbol, day, close, rate)
    return flow.amount if price is None else flow.quantity * price
