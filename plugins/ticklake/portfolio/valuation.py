"""What a book is worth at given prices and rates. What has none is named, and left out of the total that says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import NamedTuple

from ticklake.portfolio.book import Book, Position
from ticklake.portfolio.exact import EXACT, ZERO


class Quote(NamedTuple):
    """A price, or a rate in the portfolio's currency, and what it was at the close before; None when that is not known."""

    price: Decimal
    before: Decimal | None = None


class Missing(NamedTuple):
    """Why there is no quote."""

    reason: str


Quotes = Mapping[str, Quote | Missing]

UNIT = Quote(Decimal(1), Decimal(1))
"""The portfolio's own currency."""


class Total(NamedTuple):
    """A sum in the portfolio's currency, and the symbols that are not in it."""

    amount: Decimal
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A position at a price, in the portfolio's currency. None is what is not known, and `missing` says why.

    `opened` is what was held at the close before, at its price and rate; `day` what was made since, trades, dividends and fees included.
    Shares that came in kind since then count from their arrival.
    """

    position: Position
    price: Decimal | None
    rate: Decimal | None
    value: Decimal | None
    opened: Decimal | None
    day: Decimal | None
    missing: str | None

    @property
    def unrealised(self) -> Decimal | None:
        """What those made that are held; the change of the rate since their purchase included."""
        return None if self.value is None else self.value - self.position.base


@dataclass(frozen=True)
class Valuation:
    """Lines by symbol, closed positions included, and cash. The sums are of the lines, unrounded; value includes cash, day does not."""

    lines: tuple[Line, ...]
    cash: Decimal
    cash_before: Decimal
    value: Total
    unrealised: Total
    day: Total
    realised: Decimal
    income: Decimal
    fees: Decimal

    @property
    def before(self) -> Decimal | None:
        """Value at the close before; None when a part of it is not known, or it is not above 0."""
        opened = [line.opened for line in self.lines]
        known = [each for each in opened if each is not None]
        total = sum(known, self.cash_before)
        return total if len(known) == len(opened) and total > 0 else None

    def weight(self, line: Line) -> Decimal | None:
        """Share of the value that there is; None when that is not above 0."""
        return line.value / self.value.amount if line.value is not None and self.value.amount > 0 else None

    def contribution(self, line: Line) -> Decimal | None:
        """The part of today's return, on the value at the close before, that this position made."""
        return line.day / self.before if line.day is not None and self.before else None


def value(book: Book, before: Book, earlier: Mapping[str, Position], prices: Quotes, rates: Quotes) -> Valuation:
    """The valuation of `book`.

    `before` is the book at the close before, `earlier` the positions at each one's own close before (exchanges differ: what a position
    moved between the two is taken off the cash before, as it is among today's), `prices` are by symbol in its position's currency,
    `rates` by currency. Raises `KeyError` for a symbol or currency that neither has.
    """
    with localcontext(EXACT):
        lines = tuple(_line(each, earlier.get(symbol, Position(symbol, each.currency)), prices, rates) for symbol, each in sorted(book.positions.items()))
        values, unrealised, gains = (_total((line.position.symbol, get(line)) for line in lines) for get in (_value, _unrealised, _day))
        return Valuation(
            lines,
            book.cash,
            before.cash - _between(earlier, before) if book.portfolio.keeps_cash else ZERO,
            values._replace(amount=values.amount + book.cash),
            unrealised,
            gains,
            sum((line.position.realised for line in lines), ZERO),
            sum((line.position.income for line in lines), ZERO),
            sum((line.position.fees for line in lines), book.fees),
        )


def _between(earlier: Mapping[str, Position], later: Book) -> Decimal:
    """What positions brought in cash from `earlier` to `later`, or the other way round where a close was after that book."""
    brought = (each.cash for each in later.positions.values())
    return sum(brought, ZERO) - sum((each.cash for each in earlier.values()), ZERO)


def _line(position: Position, earlier: Position, prices: Quotes, rates: Quotes) -> Line:
    made, came = position.cash - earlier.cash, position.moved - earlier.moved
    if not position.lots and not earlier.lots and not came:
        return Line(position, None, None, ZERO, ZERO, made, None)
    price, rate = prices[position.symbol], rates[position.currency]
    if isinstance(price, Missing) or isinstance(rate, Missing):
        missing = price.reason if isinstance(price, Missing) else rate.reason if isinstance(rate, Missing) else ""
        return Line(position, None, None, None if position.lots else ZERO, None if earlier.lots else ZERO, None, missing)
    worth = position.quantity * price.price * rate.price
    if earlier.lots and (price.before is None or rate.before is None):
        return Line(position, price.price, rate.price, worth, None, None, "no price at the close before")
    opened = earlier.quantity * (price.before or ZERO) * (rate.before or ZERO)
    arrived = came * price.price * rate.price
    return Line(position, price.price, rate.price, worth, opened, worth - opened + made - arrived, None)


def _value(line: Line) -> Decimal | None:
    return line.value


def _unrealised(line: Line) -> Decimal | None:
    return line.unrealised


def _day(line: Line) -> Decimal | None:
    return line.day


def _total(amounts: Iterable[tuple[str, Decimal | None]]) -> Total:
    known, without = ZERO, []
    for symbol, amount in amounts:
        if amount is None:
            without.append(symbol)
        else:
            known += amount
    return Total(known, tuple(without))
