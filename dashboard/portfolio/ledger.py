"""What a portfolio's transactions come to: computed once for each version of them, whoever looks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from dashboard.portfolio.frames import Listed, Past
from dashboard.portfolio.prices import allowed_closes
from dashboard.portfolio.routes import route
from ticklake.portfolio.book import Book, Problem, build, days
from ticklake.portfolio.entry import Setting
from ticklake.portfolio.history import Closes, Day, by_day, complete
from ticklake.portfolio.model import Kind, Portfolio, Transaction


@dataclass(frozen=True)
class Ledger:
    """`entered` are all transactions as stored, `setting` what they are booked in, `pasts` the closes that there are."""

    setting: Setting
    entered: Sequence[Transaction]
    listed: Mapping[str, Listed]
    pasts: Mapping[str, Past]
    _histories: dict[date, Sequence[Day]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def portfolio(self) -> Portfolio:
        """Whose ledger it is."""
        return self.setting.portfolio

    @cached_property
    def effective(self) -> list[Transaction]:
        """What counts, the market's splits and dividends included, oldest first."""
        return sorted(self._transactions[0], key=lambda each: each.order)

    @cached_property
    def book(self) -> Book:
        """The book as it is now."""
        return build(self.portfolio, self.effective).book

    @cached_property
    def problems(self) -> list[str]:
        """What is not in the book, and why."""
        found = build(self.portfolio, self.effective).problems
        return [_told(each) for each in found] + self._transactions[1]

    @cached_property
    def books(self) -> list[tuple[date, Book]]:
        """The book at the end of each day on which something happened."""
        return days(self.portfolio, self.effective)

    def before(self, day: date) -> Book:
        """The book as `day` began."""
        index = bisect_left([each for each, _ in self.books], day)
        return self.books[index - 1][1] if index else Book(self.portfolio)

    def history(self, until: date) -> Sequence[Day]:
        """Value and flows on the days before `until` that have closes: the newest ones, since when everything had a price."""
        if until not in self._histories:
            self._histories[until] = complete(self._history(until))
        return self._histories[until]

    def splits(self, symbol: str) -> list[tuple[date, Decimal]]:
        """Days and ratios of the splits of `symbol`."""
        return [(each.traded_on, each.ratio) for each in self.effective if each.symbol == symbol and each.kind is Kind.SPLIT and each.ratio]

    def _history(self, until: date) -> list[Day]:
        closes = {symbol: Closes(allowed_closes(self.pasts.get(symbol), self.portfolio.demo), self.splits(symbol)) for symbol in self.book.positions}
        first = self.books[0][0] if self.books else until
        valued_on = sorted({day for each in closes.values() for day in each.days if first <= day < until})
        return by_day(self.books, valued_on, lambda symbol, day: closes[symbol].on(day), self.setting.rate_on)

    @cached_property
    def _transactions(self) -> tuple[list[Transaction], list[str]]:
        return self.setting.transactions(self.entered)


class Rates:
    """A `RateOn` of the closes that there are; None where no instruments tell the rate."""

    def __init__(self, pasts: Mapping[str, Past], portfolio: Portfolio) -> None:
        self._pasts, self._portfolio = pasts, portfolio
        self._closes: dict[str, Closes] = {}

    def __call__(self, currency: str, day: date) -> Decimal | None:
        if currency == self._portfolio.currency:
            return Decimal(1)
        found = route(currency, self._portfolio.currency, lambda symbol: self._of(symbol).on(day))
        return found.rate(found.known) if found else None

    def _of(self, symbol: str) -> Closes:
        if symbol not in self._closes:
            self._closes[symbol] = Closes(allowed_closes(self._pasts.get(symbol), self._portfolio.demo))
        return self._closes[symbol]


def _told(problem: Problem) -> str:
    each = problem.transaction
    return f"{each.traded_on} {each.kind} {each.symbol or ''}".rstrip() + f" is not booked: {problem.reason}"
