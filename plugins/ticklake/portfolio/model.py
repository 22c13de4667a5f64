"""A portfolio and its transactions, as their owner says them, and what a transaction of each kind must have."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    """What happened. A short sale or a sale beyond the position opens a short; a reversal takes back the transaction it names."""

    BUY = "buy"
    SELL = "sell"
    SHORT = "short"
    COVER = "cover"
    DIVIDEND = "dividend"
    SPLIT = "split"
    FEE = "fee"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER_IN = "transfer in"
    TRANSFER_OUT = "transfer out"
    REVERSAL = "reversal"


TRADES = frozenset({Kind.BUY, Kind.SELL, Kind.SHORT, Kind.COVER})

MARKET = "market data"
"""Who has entered a split or a dividend that the batch feed told."""

_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Portfolio:
    """`currency` is what all sums are in. `shorts`: may hold less than nothing. `keeps_cash`: deposits are booked, purchases draw on
    them; without, each purchase brings its money along and each sale takes it out. `demo`: may be valued on synthetic prices."""

    id: str
    name: str
    currency: str
    benchmark: str | None = None
    demo: bool = False
    shorts: bool = False
    keeps_cash: bool = True


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """One line. `price`, `amount` and `fee` are in `currency`; `rate` is what one unit of it is in the portfolio's currency.

    `amount` is the cash of a dividend (negative: paid on a short), a fee, a deposit or a withdrawal; a dividend with `price`
    instead is so much for each share held. `ratio` is new shares for an old one. `quantity` is above 0 whatever the direction.
    `line` is its place in what was entered at once, below 0 in a file that runs from new to old.
    """

    id: str
    traded_on: date
    kind: Kind
    currency: str
    symbol: str | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    amount: Decimal | None = None
    ratio: Decimal | None = None
    fee: Decimal = Decimal(0)
    rate: Decimal = Decimal(1)
    reverses: str | None = None
    import_id: str = ""
    note: str = ""
    entered_by: str = ""
    entered_at: datetime = _BEGINNING
    line: int = 0

    @property
    def order(self) -> tuple[date, datetime, int]:
        """By day; within a day as entered, what the market does before what the owner does."""
        return self.traded_on, self.entered_at, self.line

    @property
    def by_market(self) -> bool:
        """Whether the batch feed told it, and no owner."""
        return self.entered_by == MARKET


_NEEDS: dict[Kind, tuple[frozenset[str], frozenset[str]]] = {
    **dict.fromkeys(TRADES, (frozenset({"symbol", "quantity", "price"}), frozenset({"fee"}))),
    Kind.DIVIDEND: (frozenset({"symbol"}), frozenset({"amount", "price", "fee"})),
    Kind.SPLIT: (frozenset({"symbol", "ratio"}), frozenset()),
    Kind.FEE: (frozenset({"amount"}), frozenset({"symbol"})),
    Kind.DEPOSIT: (frozenset({"amount"}), frozenset()),
    Kind.WITHDRAWAL: (frozenset({"amount"}), frozenset()),
    Kind.TRANSFER_IN: (frozenset({"symbol", "quantity", "price"}), frozenset()),
    Kind.TRANSFER_OUT: (frozenset({"symbol", "quantity"}), frozenset()),
    Kind.REVERSAL: (frozenset({"reverses"}), frozenset()),
}
"""What a kind must have, and what it may have besides."""

_FIELDS = ("symbol", "quantity", "price", "amount", "ratio", "fee", "reverses")


def check(transaction: Transaction) -> None:
    """Raises `ValueError` that says what a transaction of this kind lacks, or has and must not have."""
    must, may = _NEEDS[transaction.kind]
    has = {name for name in _FIELDS if getattr(transaction, name)}
    if missing := sorted(must - has):
        raise ValueError(f"a {transaction.kind} needs {' and '.join(missing)}")
    if odd := sorted(has - must - may):
        raise ValueError(f"a {transaction.kind} has no {' and no '.join(odd)}")
    if transaction.kind is Kind.DIVIDEND and (transaction.amount is None) == (transaction.price is None):
        raise ValueError("a dividend needs amount, or price for each share held, and not both")
    for name in ("quantity", "price", "ratio", "fee", *(() if transaction.kind is Kind.DIVIDEND else ("amount",))):
        if (getattr(transaction, name) or 0) < 0:
            raise ValueError(f"{name} is below 0; the kind says the direction")


def effective(transactions: Iterable[Transaction]) -> list[Transaction]:
    """In order, without reversals and what they take back."""
    known = list(transactions)
    gone = {each.reverses for each in known if each.kind is Kind.REVERSAL}
    return sorted((each for each in known if each.kind is not Kind.REVERSAL and each.id not in gone), key=lambda each: each.order)


def transaction_id(portfolio_id: str, import_id: str) -> str:
    """The same line of the same portfolio always gets the same id, so that it is stored once."""
    return hashlib.sha256(f"{portfolio_id}\n{import_id}".encode()).hexdigest()[:32]
