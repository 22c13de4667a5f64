"""The book of a portfolio: what its transactions leave, in lots, cash and flows.

Fees of a trade are part of its cost or taken off its proceeds; withheld tax is taken off a dividend; other fees stand alone.
Whatever the transactions, value - flows = realised + unrealised + income - fees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, localcontext
from itertools import groupby
from typing import NamedTuple

from ticklake.portfolio.exact import EXACT, ZERO, portions, ratio
from ticklake.portfolio.lots import Lot, Slice, close, held, split, take
from ticklake.portfolio.model import TRADES, Kind, Portfolio, Transaction, check


class Flow(NamedTuple):
    """What the owner brought in (or took out, below 0) on a day, in the portfolio's currency; of shares that came or went in kind
    also which and how many, and `amount` is their cost."""

    on: date
    amount: Decimal
    symbol: str | None = None
    quantity: Decimal = ZERO


@dataclass(frozen=True)
class Position:
    """All that happened with one symbol. `cash` is what it has brought less what was paid for it, `income` its dividends, `fees` those
    that name it, all in the portfolio's currency; `moved` shares came in kind, less those that went, at the cost `moved_base`."""

    symbol: str
    currency: str
    lots: tuple[Lot, ...] = ()
    slices: tuple[Slice, ...] = ()
    cash: Decimal = ZERO
    income: Decimal = ZERO
    fees: Decimal = ZERO
    moved: Decimal = ZERO
    moved_base: Decimal = ZERO

    @property
    def quantity(self) -> Decimal:
        """Shares, below 0 for a short."""
        return held(self.lots)

    @property
    def cost(self) -> Decimal:
        """Of what is held, in the symbol's currency."""
        return sum((lot.cost for lot in self.lots), ZERO)

    @property
    def base(self) -> Decimal:
        """Of what is held, in the portfolio's currency, each lot at the rate of its day."""
        return sum((lot.base for lot in self.lots), ZERO)

    @property
    def realised(self) -> Decimal:
        """Made by what was closed."""
        return sum((each.realised for each in self.slices), ZERO)


@dataclass(frozen=True)
class Book:
    """Positions by symbol, closed ones included; cash; flows in order; `fees` that name no symbol."""

    portfolio: Portfolio
    positions: Mapping[str, Position] = field(default_factory=dict)
    cash: Decimal = ZERO
    flows: tuple[Flow, ...] = ()
    fees: Decimal = ZERO

    def put(self, position: Position, cash: Decimal = ZERO, on: date | None = None) -> Book:
        """With this position, and `cash` more; the owner brings or takes it on that day when the portfolio keeps none."""
        book = replace(self, positions={**self.positions, position.symbol: position})
        return book.pay(cash, on) if on else book

    def pay(self, cash: Decimal, on: date) -> Book:
        """With `cash` more."""
        if self.portfolio.keeps_cash:
            return replace(self, cash=self.cash + cash)
        return replace(self, flows=(*self.flows, Flow(on, -cash)))


class Problem(NamedTuple):
    """A transaction that is not in the book, and why."""

    transaction: Transaction
    reason: str


class Built(NamedTuple):
    """The book, and what could not be booked."""

    book: Book
    problems: tuple[Problem, ...]


def build(portfolio: Portfolio, transactions: Iterable[Transaction], until: date | None = None) -> Built:
    """The book after `transactions` (effective ones, in any order), or after those up to `until`, that day included."""
    book, problems = Book(portfolio), []
    with localcontext(EXACT):
        for each in sorted(transactions, key=lambda each: each.order):
            if until is not None and each.traded_on > until:
                break
            try:
                book = apply(book, each)
            except ValueError as error:
                problems.append(Problem(each, str(error)))
    return Built(book, tuple(problems))


def days(portfolio: Portfolio, transactions: Iterable[Transaction]) -> list[tuple[date, Book]]:
    """The book at the end of each day on which something happened, oldest first."""
    book, found = Book(portfolio), []
    with localcontext(EXACT):
        for day, group in groupby(sorted(transactions, key=lambda each: each.order), key=lambda each: each.traded_on):
            for each in group:
                try:
                    book = apply(book, each)
                except ValueError:
                    continue  # `build` names it
            found.append((day, book))
    return found


def apply(book: Book, each: Transaction) -> Book:
    """The book after one transaction more, in the context `EXACT`. Raises `ValueError` that says why there can be none."""
    check(each)
    if each.symbol is None:
        return _cash(book, each)
    position = book.positions.get(each.symbol) or Position(each.symbol, each.currency)
    if each.kind in TRADES or each.kind is Kind.TRANSFER_IN:
        if position.lots and position.currency != each.currency:
            raise ValueError(f"{each.symbol} is held in {position.currency}, not in {each.currency}")
        position = replace(position, currency=each.currency)
    if each.kind in TRADES:
        return _trade(book, position, each)
    if each.kind in (Kind.TRANSFER_IN, Kind.TRANSFER_OUT):
        return _transfer(book, position, each)
    if each.symbol not in book.positions:
        if each.by_market:
            return book
        raise ValueError(f"{each.symbol} was never held")
    return _event(book, position, each)


def _cash(book: Book, each: Transaction) -> Book:
    amount = _of(each.amount) * each.rate
    if each.kind is Kind.FEE:
        return replace(book, fees=book.fees + amount).pay(-amount, each.traded_on)
    if not book.portfolio.keeps_cash:
        raise ValueError(f"this portfolio keeps no cash, so there is no {each.kind}")
    signed = amount if each.kind is Kind.DEPOSIT else -amount
    return replace(book, cash=book.cash + signed, flows=(*book.flows, Flow(each.traded_on, signed)))


def _trade(book: Book, position: Position, each: Transaction) -> Book:
    buys = each.kind in (Kind.BUY, Kind.COVER)
    quantity, now = _of(each.quantity), position.quantity
    _allowed(book.portfolio, each, quantity, now)
    closing = min(quantity, -now if buys else now) if (now < 0) == buys and now else ZERO
    fees = portions(each.fee, [closing, quantity - closing])
    price = -_of(each.price) if buys else _of(each.price)
    lots, slices, cash = position.lots, position.slices, ZERO
    if closing:
        taken, lots = take(lots, -closing if buys else closing)
        cash = (closing * price - fees[0]) * each.rate
        slices = (*slices, *close(taken, cash, each.traded_on, each.id))
    if opening := quantity - closing:
        cost = fees[1] - opening * price
        lots = (*lots, Lot(each.traded_on, each.id, opening if buys else -opening, cost, cost * each.rate))
        cash -= cost * each.rate
    return book.put(replace(position, lots=lots, slices=slices, cash=position.cash + cash), cash, each.traded_on)


def _allowed(portfolio: Portfolio, each: Transaction, quantity: Decimal, now: Decimal) -> None:
    if each.kind is Kind.COVER and quantity > max(-now, ZERO):
        raise ValueError(f"covers {quantity:f} of {each.symbol}, {max(-now, ZERO).normalize():f} are short")
    if each.kind is Kind.SHORT and now > 0:
        raise ValueError(f"{now.normalize():f} of {each.symbol} are held; sell them first")
    if each.kind in (Kind.SELL, Kind.SHORT) and quantity > max(now, ZERO) and not portfolio.shorts:
        raise ValueError(f"{each.kind}s {quantity:f} of {each.symbol}, {now.normalize():f} are held and the portfolio allows no shorts")


def _transfer(book: Book, position: Position, each: Transaction) -> Book:
    quantity, now = _of(each.quantity), position.quantity
    if each.kind is Kind.TRANSFER_IN:
        if now < 0:
            raise ValueError(f"{-now.normalize():f} of {each.symbol} are short; cover them first")
        cost = quantity * _of(each.price)
        lots: tuple[Lot, ...] = (*position.lots, Lot(each.traded_on, each.id, quantity, cost, cost * each.rate))
        signed, base = quantity, cost * each.rate
    else:
        if quantity > now:
            raise ValueError(f"{quantity:f} of {each.symbol} cannot go, {max(now, ZERO).normalize():f} are held")
        taken, lots = take(position.lots, quantity)
        signed, base = -quantity, -sum((lot.base for lot in taken), ZERO)
    position = replace(position, lots=lots, moved=position.moved + signed, moved_base=position.moved_base + base)
    return replace(book.put(position), flows=(*book.flows, Flow(each.traded_on, base, position.symbol, signed)))


def _event(book: Book, position: Position, each: Transaction) -> Book:
    if each.kind is Kind.SPLIT:
        if not position.lots and not each.by_market:
            raise ValueError(f"{each.symbol} is not held")
        return book.put(replace(position, lots=split(position.lots, ratio(_of(each.ratio)))))
    if each.kind is Kind.FEE:
        fee = _of(each.amount) * each.rate
        return book.put(replace(position, fees=position.fees + fee, cash=position.cash - fee), -fee, each.traded_on)
    amount = each.amount if each.amount is not None else _of(each.price) * position.quantity
    income = (amount - each.fee) * each.rate
    return book.put(replace(position, income=position.income + income, cash=position.cash + income), income, each.traded_on)


def _of(value: Decimal | None) -> Decimal:
    return value if value is not None else ZERO
