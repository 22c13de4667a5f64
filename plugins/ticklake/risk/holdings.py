"""What is held, as risk sees it: an amount of money in the portfolio's currency, and what a price of it follows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

Key = tuple[str, str]
"""A symbol and a source."""

UNKNOWN = "unknown"
"""Sector or currency of what the instrument list does not know."""


class Holding(Protocol):
    """A position of a portfolio. `quantity` is negative for a short; `price` is in `currency`, None while there is none;
    `rate` is what one unit of `currency` is worth in the portfolio's, None while nobody knows."""

    @property
    def symbol(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def price(self) -> Decimal | None: ...
    @property
    def rate(self) -> Decimal | None: ...
    @property
    def currency(self) -> str | None: ...
    @property
    def sector(self) -> str | None: ...


class Exposure(NamedTuple):
    """What a holding is worth in the portfolio's currency (negative for a short)."""

    key: Key
    value: float
    currency: str
    sector: str


class Exposures(NamedTuple):
    """All exposures that are known, the holdings that have no price or no exchange rate, and cash, which does not move."""

    known: tuple[Exposure, ...]
    unpriced: tuple[Key, ...] = ()
    cash: float = 0.0

    @property
    def gross(self) -> float:
        """Sum of the amounts, shorts counted as positive."""
        return sum(abs(each.value) for each in self.known)

    @property
    def net(self) -> float:
        """Sum of the amounts, and cash."""
        return sum(each.value for each in self.known) + self.cash


def exposures(holdings: Sequence[Holding], cash: Decimal = Decimal(0)) -> Exposures:
    """The exposures of `holdings`, with cash in the portfolio's currency; closed positions are none."""
    known, unpriced = [], []
    for each in holdings:
        key = each.symbol, each.source
        if not each.quantity:
            continue
        if each.price is None or each.rate is None:
            unpriced.append(key)
        else:
            known.append(Exposure(key, float(each.quantity * each.price * each.rate), each.currency or UNKNOWN, each.sector or UNKNOWN))
    return Exposures(tuple(known), tuple(unpriced), float(cash))
